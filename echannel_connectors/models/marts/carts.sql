-- Which carts became orders, and which were left behind?
-- Grain: one cart. status: ordered; open (touched today or yesterday); abandoned. age_days: whole days since it was made.
-- value: goods without tax in the cart's currency, value_base in the reporting one; NULL where the shop does not tell it (a
-- PrestaShop webservice tells it of ordered carts alone). market: of the order, else the customer's country. customer_status:
-- new or returning at that moment; NULL for a visitor who is not known.
WITH carts AS (
  SELECT
    source, cart_id, customer_id, order_id, value_net, currency, created_at, updated_at,
    CAST(timezone(:time_zone, created_at) AS DATE) AS date,
    CAST(timezone(:time_zone, coalesce(updated_at, created_at)) AS DATE) AS last_touched
  FROM core.carts
  WHERE _deleted_at IS NULL
),

-- Whose carts they are: a guest is known again by his other records.
owners AS (
  SELECT k.source, k.customer_id, coalesce(p.person, k.source || '/' || k.customer_id) AS person
  FROM (SELECT source, customer_id FROM carts WHERE customer_id IS NOT NULL GROUP BY source, customer_id) AS k
  LEFT JOIN core.people AS p ON p.source = k.source AND p.customer_id = k.customer_id
),

records AS (
  SELECT source, customer_id, person FROM owners
  UNION
  SELECT p.source, p.customer_id, p.person FROM core.people AS p JOIN owners AS w ON w.person = p.person
),

first_orders AS (
  SELECT r.person, min(o.order_date) AS date
  FROM core.orders AS o
  JOIN records AS r ON r.source = o.source AND r.customer_id = o.customer_id
  WHERE o.is_sale AND o._deleted_at IS NULL
  GROUP BY r.person
)

SELECT
  k.date, k.source, k.cart_id, k.last_touched,
  CASE
    WHEN k.order_id IS NOT NULL THEN 'ordered'
    WHEN k.last_touched >= CAST(:today AS DATE) - 1 THEN 'open'
    ELSE 'abandoned'
  END AS status,
  CAST(date_diff('day', k.date, CAST(:today AS DATE)) AS BIGINT) AS age_days,
  coalesce(o.market, c.country) AS market, k.currency, k.order_id,
  CAST(k.value_net AS DECIMAL(18, 6)) AS value_net,
  CAST(round(
    CAST(k.value_net AS DECIMAL(38, 6)) * CASE WHEN k.currency = :currency THEN 1 ELSE coalesce(o.fx_rate, r.rate) END, 6
  ) AS DECIMAL(18, 6)) AS value_base,
  c.kind AS customer_kind, c.customer_group,
  CASE
    WHEN o.customer_status IS NOT NULL THEN o.customer_status
    WHEN k.customer_id IS NULL THEN NULL
    WHEN f.date < k.date THEN 'returning'
    ELSE 'new'
  END AS customer_status
FROM carts AS k
LEFT JOIN mart.orders AS o ON o.source = k.source AND o.order_id = k.order_id
LEFT JOIN core.customers AS c ON c.source = k.source AND c.customer_id = k.customer_id
LEFT JOIN owners AS w ON w.source = k.source AND w.customer_id = k.customer_id
LEFT JOIN first_orders AS f ON f.person = w.person
LEFT JOIN mart.rates AS r ON r.currency = k.currency AND r.date = k.date
