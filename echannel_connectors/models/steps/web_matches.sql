-- Which basket may a purchase that GA4 saw be?
-- Grain: a transaction of GA4, an order of a web shop that it may be, and what it told of it (told): its id or its reference.
WITH bought AS (
  SELECT source, order_id, reference, coalesce(basket, order_id) AS basket, order_date
  FROM core.orders
  WHERE is_sale AND _deleted_at IS NULL AND duplicate_of_order_id IS NULL AND channel IN ('b2c_web', 'b2b_web')
)

-- A shop sends its order's id or its reference as transaction id. The same number in another shop, or of another year, is
-- another order: the purchase lies within a week of it.
SELECT 'id' AS told, t.source AS web_source, t.transaction_id, t.date, o.source, o.basket
FROM core.web_orders AS t
JOIN bought AS o ON o.order_id = t.transaction_id AND t.date BETWEEN o.order_date - 7 AND o.order_date + 7
WHERE t._deleted_at IS NULL AND t.channel_group IS NOT NULL
UNION ALL
SELECT 'reference', t.source, t.transaction_id, t.date, o.source, o.basket
FROM core.web_orders AS t
JOIN bought AS o ON o.reference = t.transaction_id AND t.date BETWEEN o.order_date - 7 AND o.order_date + 7
WHERE t._deleted_at IS NULL AND t.channel_group IS NOT NULL
