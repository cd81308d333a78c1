-- What did entering a market cost, what does it bring, and since when does it pay?
-- Grain: market and month, every one from the first sale or cost until now (market '' for what has none).
-- contribution_base (3, after all): margin_base (of sales) + refunds_margin_base + shipping_base (charged) - shipping_cost_base -
-- fees_base - packaging_base (cost_rules) - marketing_cost_base (advertising) - entered_costs_base (the company's costs file).
-- investment_base: costs entered for months up to that of the entry (entered_on, else the first sale; all of them while there is
-- neither); they are no entered_costs.
-- months_to_break_even: whole months from the entry to the month since which cumulative_contribution_base has not been below
-- cumulative_investment_base, on every row of the market; NULL while it is not reached. *_to_date_base: until the current month,
-- on every row of the market too: what a table without months can show. target_*: the targets file; gap: reached
-- less target, of months that are over. acquisition: marketing_cost_base / new_customers. lifetime_value_base: contribution until now of the customers
-- won in that month, by customer (marketing not taken off).
WITH documents AS (
  -- A sale's rows are of its order's market and day.
  SELECT
    coalesce(market, '') AS market, date_trunc('month', date) AS month, sum(orders) AS orders, sum(net_base) AS net_base,
    0 AS refunds_base, sum(margin_base) AS margin_base, sum(cost_known_net_base) AS cost_known_net_base,
    0 AS refunds_margin_base, sum(shipping_base) AS shipping_base, sum(fees_base) AS fees_base,
    sum(shipping_cost_base) AS shipping_cost_base, sum(packaging_base) AS packaging_base
  FROM core.order_sums
  GROUP BY coalesce(market, ''), date_trunc('month', date)
  UNION ALL
  SELECT
    coalesce(market, ''), date_trunc('month', date), 0, 0, sum(net_base), 0, 0,
    sum(CASE WHEN product_id IS NULL THEN net_base ELSE margin_base END), 0, 0, 0, 0
  FROM mart.sales
  WHERE kind = 'refund'
  GROUP BY coalesce(market, ''), date_trunc('month', date)
),

sold AS (
  SELECT
    market, month, sum(orders) AS orders, sum(net_base) AS net_base, sum(refunds_base) AS refunds_base,
    sum(margin_base) AS margin_base, sum(cost_known_net_base) AS cost_known_net_base,
    sum(refunds_margin_base) AS refunds_margin_base, sum(shipping_base) AS shipping_base, sum(fees_base) AS fees_base,
    sum(shipping_cost_base) AS shipping_cost_base, sum(packaging_base) AS packaging_base
  FROM documents
  GROUP BY market, month
),

-- Of a basket that was split, all orders of a market and month but one are taken off.
split AS (
  SELECT market, month, sum(orders - 1) AS orders
  FROM (
    SELECT coalesce(market, '') AS market, date_trunc('month', date) AS month, count(*) AS orders
    FROM core.split_orders
    GROUP BY coalesce(market, ''), date_trunc('month', date), source, basket
  ) AS b
  GROUP BY market, month
),

won AS (
  SELECT
    coalesce(first_market, '') AS market, cohort_month AS month, count(*) AS new_customers,
    sum(contribution_base) AS cohort_contribution_base
  FROM mart.customers
  GROUP BY coalesce(first_market, ''), cohort_month
),

advertised AS (
  SELECT coalesce(market, '') AS market, date_trunc('month', date) AS month, sum(ad_cost_base) AS marketing_cost_base
  FROM mart.marketing_daily
  GROUP BY coalesce(market, ''), date_trunc('month', date)
  HAVING sum(ad_cost_base) <> 0
),

spent AS (
  SELECT
    c.market, date_trunc('month', c.month) AS month,
    sum(CAST(round(
      CAST(c.amount AS DECIMAL(38, 6)) * CASE WHEN c.currency = :currency THEN 1 ELSE r.rate END, 6
    ) AS DECIMAL(18, 6))) AS amount_base
  FROM core.costs AS c
  LEFT JOIN mart.rates AS r
    ON r.currency = c.currency AND r.date = least(CAST(c.month AS DATE), CAST(:today AS DATE))
  WHERE c._deleted_at IS NULL
  GROUP BY c.market, date_trunc('month', c.month)
),

aimed AS (
  SELECT
    market, date_trunc('month', month) AS month,
    sum(value) FILTER (WHERE metric = 'net_sales') AS target_net_base,
    sum(value) FILTER (WHERE metric = 'contribution') AS target_contribution_base,
    sum(value) FILTER (WHERE metric = 'orders') AS target_orders,
    sum(value) FILTER (WHERE metric = 'new_customers') AS target_new_customers
  FROM core.targets
  WHERE _deleted_at IS NULL
  GROUP BY market, date_trunc('month', month)
),

entries AS (
  SELECT m.market, coalesce(max(e.entered_on), min(m.first_sale)) AS entered_on, min(m.first_month) AS first_month
  FROM (
    SELECT market, min(month) AS first_month, min(month) AS first_sale FROM sold GROUP BY market
    UNION ALL
    SELECT market, min(month), NULL FROM advertised GROUP BY market
    UNION ALL
    SELECT market, min(month), NULL FROM spent GROUP BY market
    UNION ALL
    SELECT market, min(month), NULL FROM aimed GROUP BY market
  ) AS m
  LEFT JOIN core.markets AS e ON e.market = m.market AND e._deleted_at IS NULL
  GROUP BY m.market
),

digits AS (
  SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d(n)
),

-- Months that have begun, and those ahead of which something is known, such as a target.
months AS (
  SELECT e.market, e.entered_on, e.first_month + INTERVAL (a.n + 10 * b.n + 100 * c.n) MONTH AS month
  FROM entries AS e
  CROSS JOIN digits AS a
  CROSS JOIN digits AS b
  CROSS JOIN digits AS c
),

facts AS (
  SELECT
    m.market, CAST(m.month AS DATE) AS month, m.entered_on, coalesce(s.orders, 0) AS orders,
    coalesce(s.orders, 0) - coalesce(b.orders, 0) AS baskets,
    coalesce(s.net_base, 0) AS net_base, coalesce(s.refunds_base, 0) AS refunds_base,
    coalesce(s.margin_base, 0) AS margin_base, coalesce(s.cost_known_net_base, 0) AS cost_known_net_base,
    coalesce(s.refunds_margin_base, 0) AS refunds_margin_base, coalesce(s.shipping_base, 0) AS shipping_base,
    coalesce(s.shipping_cost_base, 0) AS shipping_cost_base, coalesce(s.fees_base, 0) AS fees_base,
    coalesce(s.packaging_base, 0) AS packaging_base, coalesce(a.marketing_cost_base, 0) AS marketing_cost_base,
    CASE WHEN date_trunc('month', m.month) > date_trunc('month', m.entered_on) THEN coalesce(c.amount_base, 0) ELSE 0 END
      AS entered_costs_base,
    CASE WHEN date_trunc('month', m.month) > date_trunc('month', m.entered_on) THEN 0 ELSE coalesce(c.amount_base, 0) END
      AS investment_base,
    coalesce(w.new_customers, 0) AS new_customers, w.cohort_contribution_base,
    t.target_net_base, t.target_contribution_base, t.target_orders, t.target_new_customers
  FROM months AS m
  LEFT JOIN sold AS s ON s.market = m.market AND s.month = m.month
  LEFT JOIN split AS b ON b.market = m.market AND b.month = m.month
  LEFT JOIN won AS w ON w.market = m.market AND w.month = m.month
  LEFT JOIN advertised AS a ON a.market = m.market AND a.month = m.month
  LEFT JOIN spent AS c ON c.market = m.market AND c.month = m.month
  LEFT JOIN aimed AS t ON t.market = m.market AND t.month = m.month
  WHERE m.month <= CAST(:today AS DATE)
    OR s.market IS NOT NULL OR t.market IS NOT NULL OR c.market IS NOT NULL
),

contributed AS (
  SELECT
    *,
    margin_base + refunds_margin_base + shipping_base - shipping_cost_base - fees_base - packaging_base
      - marketing_cost_base - entered_costs_base AS contribution_base
  FROM facts
),

added_up AS (
  SELECT
    *,
    sum(contribution_base) OVER (
      PARTITION BY market ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS cumulative_contribution_base,
    sum(investment_base) OVER (
      PARTITION BY market ORDER BY month ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS cumulative_investment_base
  FROM contributed
),

-- Since the month after the last one that was below; never, where that is the current one.
paid_back AS (
  SELECT
    market,
    min(month) FILTER (WHERE month > last_below) AS month,
    sum(contribution_base) AS contribution_to_date_base, sum(investment_base) AS investment_to_date_base
  FROM (
    SELECT
      market, month, contribution_base, investment_base,
      coalesce(
        max(CASE WHEN cumulative_contribution_base < cumulative_investment_base THEN month END) OVER (PARTITION BY market),
        DATE '0001-01-01'
      ) AS last_below
    FROM added_up
    WHERE month <= CAST(:today AS DATE)
  ) AS m
  GROUP BY market
)

SELECT
  a.market, a.month, CAST(a.entered_on AS DATE) AS entered_on,
  CAST(a.orders AS BIGINT) AS orders, CAST(a.baskets AS BIGINT) AS baskets,
  CAST(a.net_base AS DECIMAL(18, 6)) AS net_base, CAST(a.refunds_base AS DECIMAL(18, 6)) AS refunds_base,
  CAST(a.margin_base AS DECIMAL(18, 6)) AS margin_base,
  CAST(a.cost_known_net_base AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(a.refunds_margin_base AS DECIMAL(18, 6)) AS refunds_margin_base,
  CAST(a.shipping_base AS DECIMAL(18, 6)) AS shipping_base,
  CAST(a.shipping_cost_base AS DECIMAL(18, 6)) AS shipping_cost_base, CAST(a.fees_base AS DECIMAL(18, 6)) AS fees_base,
  CAST(a.packaging_base AS DECIMAL(18, 6)) AS packaging_base,
  CAST(a.marketing_cost_base AS DECIMAL(18, 6)) AS marketing_cost_base,
  CAST(a.entered_costs_base AS DECIMAL(18, 6)) AS entered_costs_base,
  CAST(a.contribution_base AS DECIMAL(18, 6)) AS contribution_base,
  CAST(a.cumulative_contribution_base AS DECIMAL(18, 6)) AS cumulative_contribution_base,
  CAST(a.investment_base AS DECIMAL(18, 6)) AS investment_base,
  CAST(a.cumulative_investment_base AS DECIMAL(18, 6)) AS cumulative_investment_base,
  -- Of NULL and 0 the greatest is 0: while it is not reached, that would say that it was at once.
  CASE WHEN p.month IS NOT NULL AND a.entered_on IS NOT NULL THEN
    CAST(greatest(date_diff('month', date_trunc('month', a.entered_on), p.month), 0) AS BIGINT)
  END AS months_to_break_even,
  CAST(p.contribution_to_date_base AS DECIMAL(18, 6)) AS contribution_to_date_base,
  CAST(p.investment_to_date_base AS DECIMAL(18, 6)) AS investment_to_date_base,
  CAST(a.target_net_base AS DECIMAL(18, 6)) AS target_net_base,
  -- A part of a month against the aim of a whole one would look like a fall.
  CASE WHEN a.month < date_trunc('month', CAST(:today AS DATE))
    THEN CAST(a.net_base + a.refunds_base - a.target_net_base AS DECIMAL(18, 6))
  END AS target_gap_base,
  CAST(a.target_contribution_base AS DECIMAL(18, 6)) AS target_contribution_base,
  CAST(a.target_orders AS DECIMAL(18, 6)) AS target_orders,
  CAST(a.target_new_customers AS DECIMAL(18, 6)) AS target_new_customers,
  CAST(a.new_customers AS BIGINT) AS new_customers,
  CASE WHEN a.new_customers > 0 THEN CAST(CAST(
    CAST(a.marketing_cost_base * 1000000 AS HUGEINT) // a.new_customers AS DECIMAL(38, 0)
  ) * 0.000001 AS DECIMAL(18, 6)) END AS acquisition_cost_base,
  CAST(coalesce(a.cohort_contribution_base, 0) AS DECIMAL(18, 6)) AS cohort_contribution_base,
  CASE WHEN a.new_customers > 0 THEN CAST(CAST(
    CAST(a.cohort_contribution_base * 1000000 AS HUGEINT) // a.new_customers AS DECIMAL(38, 0)
  ) * 0.000001 AS DECIMAL(18, 6)) END AS lifetime_value_base
FROM added_up AS a
LEFT JOIN paid_back AS p ON p.market = a.market
