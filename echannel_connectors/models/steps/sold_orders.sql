-- Who bought which order, as his how manieth, after which visit?
-- Grain: an order that counts as a sale: one of no other source's, not deleted. What each of its rows in the marts shares, how
-- it stands, its totals in its own currency, and fx_rate: reporting currency for one unit of it. order_sequence: orders split
-- from one basket are one. is_on_the_web: a web order of a day that GA4 tells of. is_first_of_basket: one order of each basket,
-- so that they add up.
WITH counted AS (
  SELECT
    o.source, o.order_id, o.reference, coalesce(o.basket, o.order_id) AS basket, o.store, o.channel, o.country,
    o.order_date, o.ordered_at, o.currency, o.sales_rep, o.shipping_net, o.total_net, o.total_tax,
    CASE WHEN o.currency = :currency THEN coalesce(o.fx_rate, 1) ELSE coalesce(o.fx_rate, r.rate) END AS fx_rate,
    o.total_gross, o.store_credit_net, o.store_credit_gross, o.status, o.source_status, o.payment_method, o.carrier,
    o.paid_at, o.shipped_at, o.delivered_at, o.promised_at, v.transaction_id, v.channel_group, v.source_medium, v.campaign,
    c.kind AS customer_kind, c.customer_group, c.company,
    coalesce(c.person, o.source || '/' || o.customer_id) AS person,
    coalesce(c.person_source, CASE WHEN o.customer_id IS NOT NULL THEN o.source END) AS customer_source,
    coalesce(c.person_id, o.customer_id) AS customer_id
  FROM core.orders AS o
  LEFT JOIN core.people AS c ON c.source = o.source AND c.customer_id = o.customer_id
  LEFT JOIN core.visits AS v ON v.source = o.source AND v.basket = coalesce(o.basket, o.order_id)
  LEFT JOIN mart.rates AS r ON r.currency = o.currency AND r.date = o.order_date
  WHERE o.is_sale AND o._deleted_at IS NULL AND o.duplicate_of_order_id IS NULL
),

baskets AS (
  SELECT source, basket, min(ordered_at) AS basket_at, min(order_id) AS first_order FROM counted GROUP BY source, basket
),

-- The place of each order by itself: to sort the orders with all their columns would take twice as long.
places AS (
  SELECT
    o.source, o.order_id, o.order_id = b.first_order AS is_first_of_basket,
    CASE WHEN o.person IS NOT NULL
      THEN dense_rank() OVER (PARTITION BY o.person ORDER BY b.basket_at, o.source, o.basket)
    END AS order_sequence
  FROM counted AS o
  JOIN baskets AS b ON b.source = o.source AND b.basket = o.basket
),

web_days AS (
  SELECT min(date) AS first_day, max(date) AS last_day FROM core.web_orders WHERE _deleted_at IS NULL
),

numbered AS (
  SELECT
    o.source, o.order_id, o.order_date, o.currency, o.fx_rate, o.shipping_net, o.total_net, o.total_tax, o.total_gross,
    o.store_credit_net, o.store_credit_gross, coalesce(o.store, '') AS store, o.channel, o.country AS market,
    o.reference AS order_reference, o.basket, o.status, o.source_status, o.payment_method, o.carrier, o.ordered_at,
    o.paid_at, o.shipped_at, o.delivered_at, o.promised_at, o.person, o.customer_source, o.customer_id, o.customer_kind,
    o.customer_group, o.company, o.sales_rep, o.transaction_id, o.channel_group, o.source_medium, o.campaign,
    p.order_sequence, p.is_first_of_basket,
    coalesce(o.channel IN ('b2c_web', 'b2b_web') AND o.order_date BETWEEN w.first_day AND w.last_day, FALSE) AS is_on_the_web
  FROM counted AS o
  JOIN places AS p ON p.source = o.source AND p.order_id = o.order_id
  CROSS JOIN web_days AS w
)

SELECT
  source, order_id, order_date, currency, fx_rate, shipping_net, total_net, total_tax, total_gross, store_credit_net,
  store_credit_gross, store, channel, market, order_reference, basket, status, source_status, payment_method, carrier,
  ordered_at, paid_at, shipped_at, delivered_at, promised_at, person, customer_source, customer_id, customer_kind,
  CASE WHEN order_sequence = 1 THEN 'new' WHEN order_sequence > 1 THEN 'returning' END AS customer_status,
  customer_group, company, sales_rep, transaction_id, channel_group, source_medium, campaign, order_sequence,
  is_on_the_web, is_first_of_basket
FROM numbered
