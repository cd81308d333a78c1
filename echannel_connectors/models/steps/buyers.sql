-- Who has bought how much, and when?
-- Grain: one customer (one row for all records of a person) with an order that counts: what mart.customers shows of him but for
-- his place among the others and the days since then.
WITH summed AS (
  -- order_sequence numbers a customer's baskets from 1 without a gap: the last one is how many there are.
  SELECT
    customer_source, customer_id,
    max(customer_kind) AS kind, max(customer_group) AS customer_group, max(company) AS company,
    arg_max(market, order_sequence) AS market, max(market) FILTER (WHERE order_sequence = 1) AS first_market,
    max(channel_group) FILTER (WHERE order_sequence = 1) AS first_channel_group,
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
    customer_source, customer_id, max(date) AS last_order_date, arg_max(market, order_sequence) AS market
  FROM (
    SELECT o.customer_source, o.customer_id, o.order_sequence, min(o.date) AS date, max(o.market) AS market
    FROM mart.orders AS o
    JOIN summed AS s ON s.customer_source = o.customer_source AND s.customer_id = o.customer_id
    WHERE s.orders > s.baskets
    GROUP BY o.customer_source, o.customer_id, o.order_sequence
  ) AS b
  GROUP BY customer_source, customer_id
),

-- The basket before the last one; of two it is the first.
last_but_one AS (
  SELECT o.customer_source, o.customer_id, min(o.date) AS date
  FROM mart.orders AS o
  JOIN summed AS s ON s.customer_source = o.customer_source AND s.customer_id = o.customer_id
  WHERE s.baskets > 2 AND o.order_sequence = s.baskets - 1
  GROUP BY o.customer_source, o.customer_id
)

SELECT
  s.customer_source, s.customer_id, s.kind, s.customer_group, s.company, coalesce(p.market, s.market) AS market,
  s.first_market, s.first_channel_group, s.first_order_date,
  coalesce(p.last_order_date, s.last_order_date) AS last_order_date,
  CASE WHEN s.baskets = 2 THEN s.first_order_date ELSE b.date END AS previous_order_date, s.baskets, s.orders, s.units, s.net_base,
  s.refunds_base, s.shipping_base, s.margin_base, s.refunds_margin_base, s.cost_known_net_base, s.order_costs_base
FROM summed AS s
LEFT JOIN split AS p ON p.customer_source = s.customer_source AND p.customer_id = s.customer_id
LEFT JOIN last_but_one AS b ON b.customer_source = s.customer_source AND b.customer_id = s.customer_id
