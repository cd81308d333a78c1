-- Which visit, as GA4 saw it, led to which basket?
-- Grain: a basket that a transaction id of GA4 matches: the first of its visits.
-- A transaction is one basket's: of the shop that GA4 matches most.
WITH transactions AS (
  SELECT m.web_source, m.transaction_id, m.date, m.source, m.basket
  FROM core.web_matches AS m
  JOIN core.web_ways AS w ON w.web_source = m.web_source AND w.source = m.source AND w.told = m.told
  QUALIFY row_number() OVER (PARTITION BY m.web_source, m.transaction_id, m.date ORDER BY w.place, m.basket) = 1
),

-- One basket, one visit, the first: orders split from it share it.
first_ones AS (
  SELECT web_source, transaction_id, date, source, basket
  FROM transactions
  QUALIFY row_number() OVER (PARTITION BY source, basket ORDER BY date, web_source, transaction_id) = 1
)

SELECT f.source, f.basket, f.transaction_id, t.channel_group, t.source_medium, t.campaign
FROM first_ones AS f
JOIN core.web_orders AS t ON t.source = f.web_source AND t.transaction_id = f.transaction_id AND t.date = f.date
