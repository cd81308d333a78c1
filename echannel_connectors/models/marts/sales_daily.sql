-- What was sold on each day, against the same day a year before?
-- Grain: date, source, store, channel, market, currency, customer kind. Headline net sales = net_base + refunds_base.
-- orders, baskets: counted on the day they were placed; new_customers: first orders ever. *_last_year: one year earlier.
-- The place of an order among those of its basket: that of its row here, and that of its customer.
WITH places AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY date, source, store, channel, market, currency, customer_kind, basket ORDER BY order_id
    ) AS place,
    row_number() OVER (PARTITION BY source, basket, customer_source, customer_id ORDER BY order_id) AS customer_place
  FROM core.split_orders
),

days AS (
  -- A sale's rows are of its order's day, store, market and so on.
  SELECT
    date, source, store, channel, market, currency, customer_kind,
    orders, orders AS baskets, first_orders AS new_customers, units, net_base, 0 AS refunds_base, discount_base,
    shipping_base, store_credit_base, margin_base, cost_known_net_base
  FROM core.order_sums
  UNION ALL
  -- A basket counts once, and a customer is new with the first order of his first basket.
  SELECT
    date, source, store, channel, market, currency, customer_kind, 0, -count(*) FILTER (WHERE place > 1),
    -count(*) FILTER (WHERE order_sequence = 1 AND customer_place > 1), 0, 0, 0, 0, 0, 0, 0, 0
  FROM places
  GROUP BY date, source, store, channel, market, currency, customer_kind
  UNION ALL
  SELECT
    date, source, store, channel, market, currency, customer_kind, 0, 0, 0, 0, 0, coalesce(sum(net_base), 0), 0, 0, 0, 0, 0
  FROM mart.sales
  WHERE kind = 'refund'
  GROUP BY date, source, store, channel, market, currency, customer_kind
),

this_and_last_year AS (
  SELECT
    date, source, store, channel, market, currency, customer_kind, FALSE AS is_last_year,
    orders, baskets, units, net_base, refunds_base, discount_base,
    shipping_base, store_credit_base, margin_base, cost_known_net_base, new_customers
  FROM days
  UNION ALL
  SELECT
    -- 29 February has no day a year later: it counts with the 28th, as the calendar's own rule does.
    CAST(date + INTERVAL 1 YEAR AS DATE), source, store, channel, market, currency, customer_kind, TRUE,
    orders, baskets, units, net_base, refunds_base, discount_base,
    shipping_base, store_credit_base, margin_base, cost_known_net_base, new_customers
  FROM days
  WHERE CAST(date + INTERVAL 1 YEAR AS DATE) <= CAST(:today AS DATE)
)

SELECT
  date, source, store, channel, market, currency, customer_kind,
  CAST(coalesce(sum(orders) FILTER (WHERE NOT is_last_year), 0) AS BIGINT) AS orders,
  CAST(coalesce(sum(baskets) FILTER (WHERE NOT is_last_year), 0) AS BIGINT) AS baskets,
  CAST(coalesce(sum(units) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS units,
  CAST(coalesce(sum(net_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS net_base,
  CAST(coalesce(sum(refunds_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(sum(discount_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS discount_base,
  CAST(coalesce(sum(shipping_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS shipping_base,
  CAST(coalesce(sum(store_credit_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS store_credit_base,
  CAST(coalesce(sum(margin_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(sum(cost_known_net_base) FILTER (WHERE NOT is_last_year), 0) AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(coalesce(sum(new_customers) FILTER (WHERE NOT is_last_year), 0) AS BIGINT) AS new_customers,
  CAST(coalesce(sum(orders) FILTER (WHERE is_last_year), 0) AS BIGINT) AS orders_last_year,
  CAST(coalesce(sum(baskets) FILTER (WHERE is_last_year), 0) AS BIGINT) AS baskets_last_year,
  CAST(coalesce(sum(units) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS units_last_year,
  CAST(coalesce(sum(net_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS net_base_last_year,
  CAST(coalesce(sum(refunds_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS refunds_base_last_year,
  CAST(coalesce(sum(discount_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS discount_base_last_year,
  CAST(coalesce(sum(shipping_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS shipping_base_last_year,
  CAST(coalesce(sum(store_credit_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS store_credit_base_last_year,
  CAST(coalesce(sum(margin_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS margin_base_last_year,
  CAST(coalesce(sum(cost_known_net_base) FILTER (WHERE is_last_year), 0) AS DECIMAL(18, 6)) AS cost_known_net_base_last_year,
  CAST(coalesce(sum(new_customers) FILTER (WHERE is_last_year), 0) AS BIGINT) AS new_customers_last_year
FROM this_and_last_year
GROUP BY date, source, store, channel, market, currency, customer_kind
