-- What was sold on each day, against the same day a year before?
-- Grain: date, source, store, channel, market, currency, customer kind. Headline net sales = net_base + refunds_base.
-- orders, baskets: counted on the day they were placed; new_customers: first orders ever. *_last_year: one year earlier.
WITH per_order AS (
  SELECT
    date, source, store, channel, market, currency, customer_kind, basket, store_credit_base,
    order_sequence = 1 AND row_number() OVER (PARTITION BY source, basket ORDER BY order_id) = 1 AS is_first
  FROM mart.orders
),

days AS (
  SELECT
    date, source, store, channel, market, currency, customer_kind,
    count(*) AS orders, count(DISTINCT basket) AS baskets, sum(store_credit_base) AS store_credit_base,
    count(*) FILTER (WHERE is_first) AS new_customers,
    0 AS units, 0 AS net_base, 0 AS refunds_base, 0 AS discount_base, 0 AS shipping_base, 0 AS margin_base,
    0 AS cost_known_net_base
  FROM per_order
  GROUP BY date, source, store, channel, market, currency, customer_kind
  UNION ALL
  SELECT
    date, source, store, channel, market, currency, customer_kind, 0, 0, 0, 0,
    coalesce(sum(quantity) FILTER (WHERE kind = 'sale'), 0),
    coalesce(sum(net_base) FILTER (WHERE kind = 'sale'), 0),
    coalesce(sum(net_base) FILTER (WHERE kind = 'refund'), 0),
    coalesce(sum(discount_base) FILTER (WHERE kind = 'sale'), 0),
    coalesce(sum(net_base) FILTER (WHERE kind IN ('shipping', 'rounding')), 0),
    coalesce(sum(margin_base) FILTER (WHERE kind = 'sale'), 0),
    coalesce(sum(cost_known_net_base) FILTER (WHERE kind = 'sale'), 0)
  FROM mart.sales
  GROUP BY date, source, store, channel, market, currency, customer_kind
),

this_and_last_year AS (
  SELECT *, 0 AS orders_last_year, 0 AS baskets_last_year, 0 AS units_last_year, 0 AS net_base_last_year,
    0 AS refunds_base_last_year
  FROM days
  UNION ALL
  SELECT
    -- 29 February has no day a year later: it counts with the 28th, as the calendar's own rule does.
    CAST(date + INTERVAL 1 YEAR AS DATE), source, store, channel, market, currency, customer_kind,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, orders, baskets, units, net_base, refunds_base
  FROM days
  WHERE CAST(date + INTERVAL 1 YEAR AS DATE) <= CAST(:today AS DATE)
)

SELECT
  date, source, store, channel, market, currency, customer_kind,
  CAST(sum(orders) AS BIGINT) AS orders, CAST(sum(baskets) AS BIGINT) AS baskets,
  CAST(sum(units) AS DECIMAL(18, 6)) AS units,
  CAST(sum(net_base) AS DECIMAL(18, 6)) AS net_base,
  CAST(sum(refunds_base) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(sum(discount_base) AS DECIMAL(18, 6)) AS discount_base,
  CAST(sum(shipping_base) AS DECIMAL(18, 6)) AS shipping_base,
  CAST(sum(store_credit_base) AS DECIMAL(18, 6)) AS store_credit_base,
  CAST(sum(margin_base) AS DECIMAL(18, 6)) AS margin_base,
  CAST(sum(cost_known_net_base) AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(sum(new_customers) AS BIGINT) AS new_customers,
  CAST(sum(orders_last_year) AS BIGINT) AS orders_last_year,
  CAST(sum(baskets_last_year) AS BIGINT) AS baskets_last_year,
  CAST(sum(units_last_year) AS DECIMAL(18, 6)) AS units_last_year,
  CAST(sum(net_base_last_year) AS DECIMAL(18, 6)) AS net_base_last_year,
  CAST(sum(refunds_base_last_year) AS DECIMAL(18, 6)) AS refunds_base_last_year
FROM this_and_last_year
GROUP BY date, source, store, channel, market, currency, customer_kind
