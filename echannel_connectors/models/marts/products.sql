-- What sells where, with which margin, and how evenly?
-- Grain: product, variant and market; totals of all time, *_12m: of the last 12 months until today. views: GA4's, of the last
-- 12 months, in a row without a market, as GA4 does not tell whose they were. net_base, margin_base: sale rows; refunds_base
-- (<= 0) and units_refunded: refund rows; orders: those with a sale row of it.
-- abc_class: of the product in all markets, by net_base_12m: A up to 80 % of it, B to 95 %, C the rest (one that crosses a
-- limit belongs to the higher class), no_sales. xyz_class: by how much its weekly units of 52 weeks vary (standard deviation
-- over mean): X up to 0.5, Y to 1, Z above; whole weeks since its first sale, NULL under 12 of them.
WITH recent AS (
  SELECT
    source, product_id, variant_id, market, kind, sum(quantity) AS quantity, sum(net_base) AS net_base,
    sum(margin_base) AS margin_base
  FROM mart.sales
  WHERE product_id IS NOT NULL AND kind IN ('sale', 'refund')
    AND date > CAST(:today AS DATE) - INTERVAL 12 MONTH AND date <= CAST(:today AS DATE)
  GROUP BY source, product_id, variant_id, market, kind
),

-- An order counts once for a product, however many of its lines name it: those that are one too many are taken off.
repeated AS (
  SELECT source, product_id, variant_id, market, sum(lines) AS lines
  FROM core.repeated_lines
  GROUP BY source, product_id, variant_id, market
),

sold AS (
  SELECT
    source, product_id, variant_id, market, max(sku) AS sku, sum(lines) FILTER (WHERE kind = 'sale') AS lines,
    sum(quantity) FILTER (WHERE kind = 'sale') AS units,
    -sum(quantity) FILTER (WHERE kind = 'refund') AS units_refunded,
    sum(net_base) FILTER (WHERE kind = 'sale') AS net_base,
    sum(net_base) FILTER (WHERE kind = 'refund') AS refunds_base,
    sum(discount_base) FILTER (WHERE kind = 'sale') AS discount_base,
    sum(margin_base) FILTER (WHERE kind = 'sale') AS margin_base,
    sum(cost_known_net_base) FILTER (WHERE kind = 'sale') AS cost_known_net_base,
    min(first_day) FILTER (WHERE kind = 'sale') AS first_sold, max(last_day) FILTER (WHERE kind = 'sale') AS last_sold
  FROM core.product_sales
  GROUP BY source, product_id, variant_id, market
),

ranked AS (
  SELECT
    source, product_id, variant_id, net,
    sum(net) OVER (ORDER BY net DESC, source, product_id, variant_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - net AS before,
    sum(net) OVER () AS total
  FROM (
    SELECT source, product_id, variant_id, sum(net_base) AS net
    FROM recent WHERE kind = 'sale' GROUP BY source, product_id, variant_id
  ) AS p
  WHERE net > 0
),

-- Whole weeks before today, counted backwards; hundredths of units, so that their squares are whole numbers.
weeks AS (
  SELECT
    source, product_id, variant_id, (date_diff('day', date, CAST(:today AS DATE)) - 1) // 7 AS week,
    CAST(round(sum(quantity) * 100) AS BIGINT) AS units
  FROM mart.sales
  WHERE product_id IS NOT NULL AND kind = 'sale' AND date < CAST(:today AS DATE) AND date >= CAST(:today AS DATE) - 364
  GROUP BY source, product_id, variant_id, week
),

varied AS (
  SELECT
    w.source, w.product_id, w.variant_id, CAST(sum(w.units) AS HUGEINT) AS units,
    sum(CAST(w.units AS HUGEINT) * w.units) AS squares, max(f.weeks) AS weeks
  FROM weeks AS w
  JOIN (
    SELECT
      source, product_id, variant_id, least(date_diff('day', min(first_sold), CAST(:today AS DATE)) // 7, 52) AS weeks
    FROM sold GROUP BY source, product_id, variant_id
  ) AS f ON f.source = w.source AND f.product_id = w.product_id AND f.variant_id = w.variant_id
  WHERE w.week < f.weeks -- of the week of the first sale only some days are told
  GROUP BY w.source, w.product_id, w.variant_id
),

-- A shop sends its SKU or the product's id as item id; a product's views are not told by variant then.
web_shops AS (
  SELECT source FROM mart.orders WHERE channel IN ('b2c_web', 'b2b_web') GROUP BY source
),

items AS (
  SELECT n.item_id, n.source, n.product_id, n.variant_id
  FROM (
    SELECT sku AS item_id, source, product_id, variant_id, 1 AS place
    FROM core.products WHERE _deleted_at IS NULL AND sku <> ''
    UNION ALL
    SELECT product_id, source, product_id, '', 2 FROM core.products WHERE _deleted_at IS NULL GROUP BY source, product_id
  ) AS n
  JOIN web_shops AS w ON w.source = n.source
  QUALIFY row_number() OVER (PARTITION BY n.item_id ORDER BY n.place, n.source, n.product_id, n.variant_id) = 1
),

views AS (
  SELECT i.source, i.product_id, i.variant_id, sum(v.views) AS views
  FROM core.web_items AS v
  JOIN items AS i ON i.item_id = v.item_id
  WHERE v._deleted_at IS NULL AND v.date > CAST(:today AS DATE) - INTERVAL 12 MONTH
  GROUP BY i.source, i.product_id, i.variant_id
),

names AS (
  SELECT
    source, product_id, max(name) AS product_name, max(category) AS category, max(brand) AS brand
  FROM core.products
  WHERE _deleted_at IS NULL
  GROUP BY source, product_id
),

-- A product that core does not know, or not by name, is called as its lines call it.
nameless AS (
  SELECT s.source, s.product_id
  FROM sold AS s
  LEFT JOIN core.products AS p ON p.source = s.source AND p.product_id = s.product_id AND p.variant_id = s.variant_id
  WHERE p.name IS NULL
  GROUP BY s.source, s.product_id
),

told AS (
  SELECT
    s.source, s.product_id, s.variant_id, s.market, s.sku, p.name AS product_name, p.category, p.brand, s.lines AS orders,
    s.units, s.units_refunded, s.net_base, s.refunds_base, s.discount_base, s.margin_base, s.cost_known_net_base,
    0 AS units_12m, 0 AS net_base_12m, 0 AS refunds_base_12m, 0 AS margin_base_12m, s.first_sold, s.last_sold, NULL AS views
  FROM sold AS s
  LEFT JOIN core.products AS p ON p.source = s.source AND p.product_id = s.product_id AND p.variant_id = s.variant_id
  UNION ALL
  SELECT
    source, product_id, variant_id, market, NULL, NULL, NULL, NULL, 0,
    0, 0, 0, 0, 0, 0, 0, CASE WHEN kind = 'sale' THEN quantity ELSE 0 END,
    CASE WHEN kind = 'sale' THEN net_base ELSE 0 END, CASE WHEN kind = 'refund' THEN net_base ELSE 0 END,
    CASE WHEN kind = 'sale' THEN margin_base ELSE 0 END, NULL, NULL, NULL
  FROM recent
  UNION ALL
  SELECT
    s.source, s.product_id, s.variant_id, s.market, NULL, max(s.product_name), NULL, NULL, 0,
    0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, NULL, NULL, NULL
  FROM mart.sales AS s
  JOIN nameless AS n ON n.source = s.source AND n.product_id = s.product_id
  WHERE s.kind IN ('sale', 'refund')
  GROUP BY s.source, s.product_id, s.variant_id, s.market
  UNION ALL
  SELECT
    source, product_id, variant_id, market, NULL, NULL, NULL, NULL, -lines,
    0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, NULL, NULL, NULL
  FROM repeated
  UNION ALL
  SELECT
    v.source, v.product_id, v.variant_id, NULL, p.sku, n.product_name, n.category, n.brand, 0,
    0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, NULL, NULL, v.views
  FROM views AS v
  JOIN names AS n ON n.source = v.source AND n.product_id = v.product_id
  LEFT JOIN core.products AS p
    ON p.source = v.source AND p.product_id = v.product_id AND p.variant_id = v.variant_id AND p._deleted_at IS NULL
),

-- A market that is not known and the row of the views are one.
merged AS (
  SELECT
    source, product_id, variant_id, market,
    max(sku) AS sku, max(product_name) AS product_name, max(category) AS category, max(brand) AS brand,
    sum(orders) AS orders, sum(units) AS units, sum(units_refunded) AS units_refunded, sum(net_base) AS net_base,
    sum(refunds_base) AS refunds_base, sum(discount_base) AS discount_base, sum(margin_base) AS margin_base,
    sum(cost_known_net_base) AS cost_known_net_base, sum(units_12m) AS units_12m, sum(net_base_12m) AS net_base_12m,
    sum(refunds_base_12m) AS refunds_base_12m, sum(margin_base_12m) AS margin_base_12m,
    min(first_sold) AS first_sold, max(last_sold) AS last_sold, sum(views) AS views
  FROM told
  GROUP BY source, product_id, variant_id, market
)

SELECT
  m.source, m.product_id, m.variant_id, m.market, m.sku, m.product_name, m.category, m.brand,
  CAST(coalesce(m.orders, 0) AS BIGINT) AS orders,
  CAST(coalesce(m.units, 0) AS DECIMAL(18, 6)) AS units,
  CAST(coalesce(m.units_refunded, 0) AS DECIMAL(18, 6)) AS units_refunded,
  CAST(coalesce(m.net_base, 0) AS DECIMAL(18, 6)) AS net_base,
  CAST(coalesce(m.refunds_base, 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(m.discount_base, 0) AS DECIMAL(18, 6)) AS discount_base,
  CAST(coalesce(m.margin_base, 0) AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(m.cost_known_net_base, 0) AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(coalesce(m.units_12m, 0) AS DECIMAL(18, 6)) AS units_12m,
  CAST(coalesce(m.net_base_12m, 0) AS DECIMAL(18, 6)) AS net_base_12m,
  CAST(coalesce(m.refunds_base_12m, 0) AS DECIMAL(18, 6)) AS refunds_base_12m,
  CAST(coalesce(m.margin_base_12m, 0) AS DECIMAL(18, 6)) AS margin_base_12m,
  CAST(m.views AS BIGINT) AS views, m.first_sold, m.last_sold,
  CASE
    WHEN r.net IS NULL THEN 'no_sales'
    WHEN 100 * r.before < 80 * r.total THEN 'A'
    WHEN 100 * r.before < 95 * r.total THEN 'B'
    ELSE 'C'
  END AS abc_class,
  -- (deviation / mean)^2 = (weeks * squares - units^2) / units^2, compared without dividing.
  CASE
    WHEN v.weeks < 12 OR v.weeks IS NULL OR v.units <= 0 THEN NULL
    WHEN 4 * (v.weeks * v.squares - v.units * v.units) <= v.units * v.units THEN 'X'
    WHEN v.weeks * v.squares - v.units * v.units <= v.units * v.units THEN 'Y'
    ELSE 'Z'
  END AS xyz_class
FROM merged AS m
LEFT JOIN ranked AS r ON r.source = m.source AND r.product_id = m.product_id AND r.variant_id = m.variant_id
LEFT JOIN varied AS v ON v.source = m.source AND v.product_id = m.product_id AND v.variant_id = m.variant_id
