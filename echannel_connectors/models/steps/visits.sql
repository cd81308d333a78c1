-- Which visit, as GA4 saw it, led to which basket?
-- Grain: a basket that a transaction id of GA4 matches: the first of its visits.
-- A purchase as GA4 saw it, once a day, however often its page was loaded again.
WITH transactions AS (
  SELECT source AS web_source, transaction_id, date, channel_group, source_medium, campaign
  FROM core.web_orders
  WHERE _deleted_at IS NULL AND channel_group IS NOT NULL
  QUALIFY row_number() OVER (
    PARTITION BY source, transaction_id, date ORDER BY channel_group, source_medium, campaign
  ) = 1
),

bought AS (
  SELECT source, order_id, reference, coalesce(basket, order_id) AS basket, order_date
  FROM core.orders
  WHERE is_sale AND _deleted_at IS NULL AND duplicate_of_order_id IS NULL AND channel IN ('b2c_web', 'b2b_web')
),

-- A shop sends its order's id or its reference as transaction id. The same number in another shop, or of another year, is
-- another order: the purchase lies within a week of it.
candidates AS (
  SELECT 'id' AS told, t.web_source, t.transaction_id, t.date, o.source, o.basket
  FROM transactions AS t
  JOIN bought AS o ON o.order_id = t.transaction_id AND t.date BETWEEN o.order_date - 7 AND o.order_date + 7
  UNION ALL
  SELECT 'reference', t.web_source, t.transaction_id, t.date, o.source, o.basket
  FROM transactions AS t
  JOIN bought AS o ON o.reference = t.transaction_id AND t.date BETWEEN o.order_date - 7 AND o.order_date + 7
),

-- Whichever of the two matches more, for each pair of sources.
ways AS (
  SELECT web_source, source, told, count(DISTINCT transaction_id) AS matches
  FROM candidates
  GROUP BY web_source, source, told
  QUALIFY row_number() OVER (PARTITION BY web_source, source ORDER BY count(DISTINCT transaction_id) DESC, told) = 1
),

transaction_baskets AS (
  SELECT c.web_source, c.transaction_id, c.date, c.source, c.basket
  FROM candidates AS c
  JOIN ways AS w ON w.web_source = c.web_source AND w.source = c.source AND w.told = c.told
  QUALIFY row_number() OVER (
    PARTITION BY c.web_source, c.transaction_id, c.date ORDER BY w.matches DESC, c.source, c.basket
  ) = 1
)

-- One basket, one visit, the first: orders split from it share it.
SELECT b.source, b.basket, t.transaction_id, t.channel_group, t.source_medium, t.campaign
FROM transaction_baskets AS b
JOIN transactions AS t
  ON t.web_source = b.web_source AND t.transaction_id = b.transaction_id AND t.date = b.date
QUALIFY row_number() OVER (PARTITION BY b.source, b.basket ORDER BY t.date, b.web_source, t.transaction_id) = 1
