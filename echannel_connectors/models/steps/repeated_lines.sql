-- Which orders name a product twice?
-- Grain: an order (date: its day) and a product, variant and market that several of its lines name; lines: those one too many.
-- Hardly any order does, and to compare all lines (DISTINCT) would take longer than to add them up. So each line sets a bit, by
-- a remainder of its product's id: an order with as many bits as lines names none twice. Only the others are compared (where ids
-- are no numbers, all orders of several lines).
WITH doubtful AS (
  SELECT source, order_id
  FROM (
    SELECT source, order_id, coalesce(TRY_CAST(product_id AS BIGINT), 0) AS number
    FROM mart.sales
    WHERE product_id IS NOT NULL AND kind = 'sale'
  ) AS l
  GROUP BY source, order_id
  HAVING count(*) > bit_count(bit_or(1 << abs(number % 62))) AND count(*) > bit_count(bit_or(1 << abs(number % 61)))
)

SELECT s.date, s.source, s.order_id, s.product_id, s.variant_id, s.market, count(*) - 1 AS lines
FROM mart.sales AS s
JOIN doubtful AS d ON d.source = s.source AND d.order_id = s.order_id
WHERE s.product_id IS NOT NULL AND s.kind = 'sale'
GROUP BY s.date, s.source, s.order_id, s.product_id, s.variant_id, s.market
HAVING count(*) > 1
