-- Who buys, how often, for how much, and who is about to leave?
-- Grain: one customer (one row for all records of a person), named by its oldest record's source and customer_id.
-- net_base, margin_base: sale rows; refunds_base (<= 0): refund rows; margin_base of the rows whose cost is known.
-- contribution_base: margin_base less what refunds took back, with shipping charged; after cost_rules: payment fees, shipping
-- paid, packaging. days_between_orders: mean of whole days, NULL under two baskets. Scores 1 to 5, 5 best, companies and
-- consumers apart: recency and monetary (after refunds) cut in five equal groups, equals in one; frequency by baskets: 1, 2,
-- 3-4, 5-9, 10 and more. segment: by the days since the last order against a limit: twice the customer's own gap (60 to 365
-- days) from three baskets on, else 365. Up to half of it: new (one basket) or loyal; then at_risk; beyond it dormant; beyond
-- twice the limit lost.
WITH recency AS (
  -- How many are better, by days and by amounts (of which there are fewer than customers); companies and consumers apart.
  SELECT
    ranked_among, last_order_date,
    sum(customers) OVER (
      PARTITION BY ranked_among ORDER BY last_order_date DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - customers AS better
  FROM (
    SELECT coalesce(kind, '') AS ranked_among, last_order_date, count(*) AS customers
    FROM core.buyers
    GROUP BY coalesce(kind, ''), last_order_date
  ) AS d
),

amounts AS (
  SELECT
    ranked_among, monetary,
    sum(customers) OVER (
      PARTITION BY ranked_among ORDER BY monetary DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - customers AS better
  FROM (
    SELECT
      coalesce(kind, '') AS ranked_among, coalesce(net_base, 0) + coalesce(refunds_base, 0) AS monetary, count(*) AS customers
    FROM core.buyers
    GROUP BY coalesce(kind, ''), coalesce(net_base, 0) + coalesce(refunds_base, 0)
  ) AS a
),

sizes AS (
  SELECT coalesce(kind, '') AS ranked_among, count(*) AS customers FROM core.buyers GROUP BY coalesce(kind, '')
),

timed AS (
  SELECT
    *, coalesce(kind, '') AS ranked_among, coalesce(net_base, 0) + coalesce(refunds_base, 0) AS monetary,
    CASE WHEN baskets > 1 THEN date_diff('day', first_order_date, last_order_date) // (baskets - 1) END AS days_between_orders,
    date_diff('day', last_order_date, CAST(:today AS DATE)) AS days_since_last_order
  FROM core.buyers
),

limited AS (
  SELECT
    t.*, 5 - CAST(5 * r.better AS BIGINT) // n.customers AS recency_score,
    5 - CAST(5 * a.better AS BIGINT) // n.customers AS monetary_score,
    CASE WHEN t.baskets >= 3 THEN least(greatest(2 * t.days_between_orders, 60), 365) ELSE 365 END AS day_limit
  FROM timed AS t
  -- Each finds its row: LEFT keeps a planner from joining days with amounts first.
  LEFT JOIN sizes AS n ON n.ranked_among = t.ranked_among
  LEFT JOIN recency AS r ON r.ranked_among = t.ranked_among AND r.last_order_date = t.last_order_date
  LEFT JOIN amounts AS a ON a.ranked_among = t.ranked_among AND a.monetary = t.monetary
)

SELECT
  customer_source AS source, customer_id, kind, CASE WHEN kind = 'b2b' THEN company END AS company, customer_group, market,
  first_market, first_channel_group, first_order_date, last_order_date, previous_order_date,
  CAST(date_trunc('month', first_order_date) AS DATE) AS cohort_month,
  CAST(orders AS BIGINT) AS orders, CAST(baskets AS BIGINT) AS baskets,
  CAST(coalesce(units, 0) AS DECIMAL(18, 6)) AS units,
  CAST(coalesce(net_base, 0) AS DECIMAL(18, 6)) AS net_base, CAST(refunds_base AS DECIMAL(18, 6)) AS refunds_base,
  CAST(shipping_base AS DECIMAL(18, 6)) AS shipping_base,
  CAST(coalesce(margin_base, 0) AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(cost_known_net_base, 0) AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(coalesce(margin_base, 0) + refunds_margin_base + shipping_base - order_costs_base AS DECIMAL(18, 6)) AS contribution_base,
  CAST(days_between_orders AS BIGINT) AS days_between_orders,
  CAST(days_since_last_order AS BIGINT) AS days_since_last_order,
  CAST(recency_score AS BIGINT) AS recency_score,
  CAST(CASE
    WHEN baskets >= 10 THEN 5 WHEN baskets >= 5 THEN 4 WHEN baskets >= 3 THEN 3 WHEN baskets = 2 THEN 2 ELSE 1
  END AS BIGINT) AS frequency_score,
  CAST(monetary_score AS BIGINT) AS monetary_score,
  CASE
    WHEN days_since_last_order > 2 * day_limit THEN 'lost'
    WHEN days_since_last_order > day_limit THEN 'dormant'
    WHEN 2 * days_since_last_order > day_limit THEN 'at_risk'
    WHEN baskets > 1 THEN 'loyal'
    ELSE 'new'
  END AS segment
FROM limited
