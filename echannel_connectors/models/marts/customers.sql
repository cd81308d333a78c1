-- Who buys, how often, for how much, and who is about to leave?
-- Grain: one customer (one row for all records of a person), named by its oldest record's source and customer_id.
-- net_base, margin_base: sale rows; refunds_base (<= 0): refund rows; margin_base of the rows whose cost is known.
-- contribution_base: margin_base less what refunds took back, with shipping charged; after cost_rules: payment fees, shipping
-- paid, packaging. days_between_orders: mean of whole days, NULL under two baskets. Scores 1 to 5, 5 best, companies and
-- consumers apart: recency and monetary (after refunds) cut in five equal groups, equals in one; frequency by baskets: 1, 2,
-- 3-4, 5-9, 10 and more. segment: by the days since the last order against a limit: twice the customer's own gap (60 to 365
-- days) from three baskets on, else 365. Up to half of it: new (one basket) or loyal; then at_risk; beyond it dormant; beyond
-- twice the limit lost.
WITH summed AS (
  -- order_sequence numbers a customer's baskets from 1 without a gap: the last one is how many there are.
  SELECT
    customer_source, customer_id,
    max(customer_kind) AS kind, max(customer_group) AS customer_group, max(company) AS company,
    arg_max(market, order_sequence) AS market, arg_min(market, order_sequence) AS first_market,
    arg_min(channel_group, order_sequence) AS first_channel_group,
    min(date) AS first_order_date, max(date) AS last_order_date, max(order_sequence) AS baskets, count(*) AS orders,
    sum(units) AS units, sum(net_base) AS net_base, sum(refunds_base) AS refunds_base, sum(shipping_base) AS shipping_base,
    sum(margin_base) AS margin_base, sum(refunds_margin_base) AS refunds_margin_base,
    sum(cost_known_net_base) AS cost_known_net_base, sum(fees_base + shipping_cost_base + packaging_base) AS order_costs_base
  FROM mart.orders
  WHERE customer_id IS NOT NULL
  GROUP BY customer_source, customer_id
),

-- Where a basket was split into several orders, it is of the first one's day and of one market (last in the alphabet).
split AS (
  SELECT
    customer_source, customer_id, max(date) AS last_order_date,
    arg_max(market, order_sequence) AS market, arg_min(market, order_sequence) AS first_market
  FROM (
    SELECT o.customer_source, o.customer_id, o.order_sequence, min(o.date) AS date, max(o.market) AS market
    FROM mart.orders AS o
    JOIN summed AS s ON s.customer_source = o.customer_source AND s.customer_id = o.customer_id
    WHERE s.orders > s.baskets
    GROUP BY o.customer_source, o.customer_id, o.order_sequence
  ) AS b
  GROUP BY customer_source, customer_id
),

of_customers AS (
  SELECT
    s.customer_source, s.customer_id, s.kind, s.customer_group, s.company, coalesce(p.market, s.market) AS market,
    coalesce(p.first_market, s.first_market) AS first_market, s.first_channel_group, s.first_order_date,
    coalesce(p.last_order_date, s.last_order_date) AS last_order_date, s.baskets, s.orders, s.units, s.net_base,
    s.refunds_base, s.shipping_base, s.margin_base, s.refunds_margin_base, s.cost_known_net_base, s.order_costs_base
  FROM summed AS s
  LEFT JOIN split AS p ON p.customer_source = s.customer_source AND p.customer_id = s.customer_id
),

timed AS (
  SELECT
    *,
    CASE WHEN baskets > 1 THEN date_diff('day', first_order_date, last_order_date) // (baskets - 1) END AS days_between_orders,
    date_diff('day', last_order_date, CAST(:today AS DATE)) AS days_since_last_order,
    rank() OVER (PARTITION BY kind ORDER BY last_order_date DESC) AS recency_rank,
    rank() OVER (PARTITION BY kind ORDER BY coalesce(net_base, 0) + coalesce(refunds_base, 0) DESC) AS monetary_rank,
    count(*) OVER (PARTITION BY kind) AS customers
  FROM of_customers
),

limited AS (
  SELECT
    *,
    CASE WHEN baskets >= 3 THEN least(greatest(2 * days_between_orders, 60), 365) ELSE 365 END AS day_limit
  FROM timed
)

SELECT
  customer_source AS source, customer_id, kind, CASE WHEN kind = 'b2b' THEN company END AS company, customer_group, market,
  first_market, first_channel_group, first_order_date, last_order_date,
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
  CAST(5 - (5 * (recency_rank - 1)) // customers AS BIGINT) AS recency_score,
  CAST(CASE
    WHEN baskets >= 10 THEN 5 WHEN baskets >= 5 THEN 4 WHEN baskets >= 3 THEN 3 WHEN baskets = 2 THEN 2 ELSE 1
  END AS BIGINT) AS frequency_score,
  CAST(5 - (5 * (monetary_rank - 1)) // customers AS BIGINT) AS monetary_score,
  CASE
    WHEN days_since_last_order > 2 * day_limit THEN 'lost'
    WHEN days_since_last_order > day_limit THEN 'dormant'
    WHEN 2 * days_since_last_order > day_limit THEN 'at_risk'
    WHEN baskets > 1 THEN 'loyal'
    ELSE 'new'
  END AS segment
FROM limited
