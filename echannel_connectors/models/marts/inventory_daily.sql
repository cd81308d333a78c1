-- What lay in stock on each day, and what was missing?
-- Grain: day, product, variant and warehouse. on_hand: as the day's last sync found it; at the day's end where counted back. Kept from
-- snapshots, one a day from the first sync on (echannel.stock_snapshots); days before it, up to 400, are counted back from today
-- through the moves (is_rebuilt), where the source tells moves and they lead to no stock below zero, or explain all there is.
-- stock_value_base: at the unit cost of the snapshot's day, of today where rebuilt; less than nothing counts as 0. days_offered:
-- 1 for an active product from its first sale until 180 days after its last one (of all sources with the same SKU), else 0;
-- days_out: 1 where such a one was out of stock. What nobody asks for is not missing: stock-out rate = days_out / days_offered.
WITH moved AS (
  SELECT
    source, product_id, variant_id, warehouse_id, CAST(timezone(:time_zone, moved_at) AS DATE) AS date,
    sum(quantity) AS quantity
  FROM core.stock_moves
  WHERE _deleted_at IS NULL AND product_id IS NOT NULL
  GROUP BY source, product_id, variant_id, warehouse_id, CAST(timezone(:time_zone, moved_at) AS DATE)
),

items AS (
  SELECT
    m.source, m.product_id, m.variant_id, m.warehouse_id, max(s.on_hand) AS on_hand, sum(m.quantity) AS moved,
    min(m.date) AS first_day
  FROM moved AS m
  JOIN core.stock_levels AS s
    ON s.source = m.source AND s.product_id = m.product_id AND s.variant_id = m.variant_id
    AND s.warehouse_id = m.warehouse_id AND s._deleted_at IS NULL
  GROUP BY m.source, m.product_id, m.variant_id, m.warehouse_id
),

digits AS (
  SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d(n)
),

days AS (
  SELECT CAST(:today AS DATE) - CAST(a.n + 10 * b.n + 100 * c.n AS INTEGER) AS date
  FROM digits AS a
  CROSS JOIN digits AS b
  CROSS JOIN digits AS c
  WHERE a.n + 10 * b.n + 100 * c.n BETWEEN 1 AND 400
),

-- What there is now, less what moved after the day.
counted AS (
  SELECT
    i.source, i.product_id, i.variant_id, i.warehouse_id, d.date, i.moved = i.on_hand AS is_explained,
    i.on_hand - i.moved + coalesce(b.quantity, 0) + coalesce(sum(m.quantity) OVER (
      PARTITION BY i.source, i.product_id, i.variant_id, i.warehouse_id
      ORDER BY d.date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ), 0) AS on_hand
  FROM items AS i
  JOIN days AS d ON d.date >= i.first_day
  LEFT JOIN moved AS m
    ON m.source = i.source AND m.product_id = i.product_id AND m.variant_id = i.variant_id
    AND m.warehouse_id = i.warehouse_id AND m.date = d.date
  LEFT JOIN (
    SELECT source, product_id, variant_id, warehouse_id, sum(quantity) AS quantity
    FROM moved WHERE date < CAST(:today AS DATE) - 400
    GROUP BY source, product_id, variant_id, warehouse_id
  ) AS b
    ON b.source = i.source AND b.product_id = i.product_id AND b.variant_id = i.variant_id
    AND b.warehouse_id = i.warehouse_id
),

rebuilt AS (
  SELECT
    source, product_id, variant_id, warehouse_id, date, on_hand
  FROM counted
  QUALIFY is_explained OR min(on_hand) OVER (PARTITION BY source, product_id, variant_id, warehouse_id) >= 0
),

offered AS (
  SELECT a.source, a.product_id, a.variant_id, d.first_sold, d.last_sold + 180 AS last_day
  FROM core.articles AS a
  JOIN (
    SELECT n.article, min(s.first_day) AS first_sold, max(s.last_day) AS last_sold
    FROM core.product_sales AS s
    JOIN core.articles AS n ON n.source = s.source AND n.product_id = s.product_id AND n.variant_id = s.variant_id
    WHERE s.kind = 'sale'
    GROUP BY n.article
  ) AS d ON d.article = a.article
  WHERE coalesce(a.active, TRUE)
),

snapshots AS (
  SELECT date, source, product_id, variant_id, warehouse_id, on_hand, unit_cost, unit_cost_currency
  FROM echannel.stock_snapshots
  WHERE date <= CAST(:today AS DATE)
),

together AS (
  SELECT date, source, product_id, variant_id, warehouse_id, on_hand, unit_cost, unit_cost_currency, FALSE AS is_rebuilt
  FROM snapshots
  UNION ALL
  SELECT r.date, r.source, r.product_id, r.variant_id, r.warehouse_id, r.on_hand, p.unit_cost, p.currency, TRUE
  FROM rebuilt AS r
  LEFT JOIN core.products AS p ON p.source = r.source AND p.product_id = r.product_id AND p.variant_id = r.variant_id
  LEFT JOIN snapshots AS s
    ON s.date = r.date AND s.source = r.source AND s.product_id = r.product_id AND s.variant_id = r.variant_id
    AND s.warehouse_id = r.warehouse_id
  WHERE s.date IS NULL
)

SELECT
  t.date, t.source, t.product_id, t.variant_id, t.warehouse_id, p.sku, p.name AS product_name, p.category, p.brand,
  CAST(t.on_hand AS DECIMAL(18, 6)) AS on_hand,
  CAST(round(
    CAST(round(CAST(greatest(t.on_hand, 0) AS DECIMAL(38, 6)) * t.unit_cost, 6) AS DECIMAL(38, 6))
    * CASE WHEN t.unit_cost_currency = :currency THEN 1 ELSE r.rate END, 6
  ) AS DECIMAL(18, 6)) AS stock_value_base,
  t.on_hand <= 0 AS out_of_stock, CASE WHEN o.source IS NOT NULL THEN 1 ELSE 0 END AS days_offered,
  CASE WHEN o.source IS NOT NULL AND t.on_hand <= 0 THEN 1 ELSE 0 END AS days_out, t.is_rebuilt
FROM together AS t
LEFT JOIN offered AS o
  ON o.source = t.source AND o.product_id = t.product_id AND o.variant_id = t.variant_id
  AND t.date BETWEEN o.first_sold AND o.last_day
LEFT JOIN core.products AS p ON p.source = t.source AND p.product_id = t.product_id AND p.variant_id = t.variant_id
LEFT JOIN mart.rates AS r ON r.currency = t.unit_cost_currency AND r.date = t.date
