-- What is in stock, how long will it last, and what has to be ordered?
-- Grain: product, variant and warehouse. daily_demand_*: units sold per day in stock over the 28 or 90 days before today, days
-- without any stock (days_in_stock_* tells, as far as mart.inventory_daily goes back) left out; a share of it is not known per
-- warehouse: each shows the whole, of all sources with the same SKU. Planning takes that of 28 days, of 90 for what sells less than once a week.
-- days_of_cover: available / daily demand; NULL without demand. lead_time_days: mean of the supplier's last receipts (5 or more
-- in a year), else what the supplier says, else 14. safety_stock: 1.65 (95 %) x sqrt(lead time x variance of daily demand +
-- demand^2 x variance of lead time); at least 1 for slow sellers. reorder_point: demand of the lead time and the safety stock,
-- to compare with inventory_position = available + incoming; suggested_order: fills the inventory_position up for a week more. stock_value_base: at
-- today's unit cost; less than nothing counts as 0. status: out_of_stock; dead (no sale for 180 days, not new, by its first
-- sale or day in stock where no source says when it was created);
-- below_reorder_point; overstock (cover of more than 180 days); healthy.
-- The same SKU in two sources is the same article.
WITH daily AS (
  -- The days of the quarter that is looked at day by day; below, the half year as a whole.
  SELECT a.article, s.date, sum(s.quantity) AS units
  FROM mart.sales AS s
  JOIN core.articles AS a ON a.source = s.source AND a.product_id = s.product_id AND a.variant_id = s.variant_id
  WHERE s.kind = 'sale' AND s.date >= CAST(:today AS DATE) - 90 AND s.date < CAST(:today AS DATE)
  GROUP BY a.article, s.date
),

half_year AS (
  SELECT a.article, sum(s.units) AS units
  FROM (
    SELECT source, product_id, variant_id, sum(quantity) AS units
    FROM mart.sales
    WHERE kind = 'sale' AND date > CAST(:today AS DATE) - 180
    GROUP BY source, product_id, variant_id
  ) AS s
  JOIN core.articles AS a ON a.source = s.source AND a.product_id = s.product_id AND a.variant_id = s.variant_id
  GROUP BY a.article
),

sold AS (
  SELECT
    article, sum(units) FILTER (WHERE date >= CAST(:today AS DATE) - 28) AS units_28, sum(units) AS units_90,
    -- Whole numbers (hundredths of a unit), so that squares stay exact.
    sum(CAST(round(units * 100) AS HUGEINT) * CAST(round(units * 100) AS HUGEINT)) AS squares_90
  FROM daily
  GROUP BY article
),

last_days AS (
  SELECT a.article, min(m.first_sold) AS first_sold, max(m.last_sold) AS last_sold
  FROM mart.products AS m
  JOIN core.articles AS a ON a.source = m.source AND a.product_id = m.product_id AND a.variant_id = m.variant_id
  GROUP BY a.article
),

missing_days AS (
  SELECT a.article, d.date
  FROM mart.inventory_daily AS d
  JOIN core.articles AS a ON a.source = d.source AND a.product_id = d.product_id AND a.variant_id = d.variant_id
  WHERE d.date >= CAST(:today AS DATE) - 90 AND d.date < CAST(:today AS DATE)
  GROUP BY a.article, d.date
  HAVING bool_and(d.out_of_stock)
),

missing AS (
  SELECT article, count(*) AS days_90, count(*) FILTER (WHERE date >= CAST(:today AS DATE) - 28) AS days_28
  FROM missing_days
  GROUP BY article
),

-- Some ERPs do not tell since when there is a product: then it is at least as old as its first day in stock.
kept AS (
  SELECT source, product_id, variant_id, min(date) AS first_day
  FROM mart.inventory_daily
  GROUP BY source, product_id, variant_id
),

receipts AS (
  SELECT
    source, supplier_id, count(*) AS n, sum(CAST(lead_time_days AS HUGEINT)) AS days,
    sum(CAST(lead_time_days AS HUGEINT) * lead_time_days) AS squares
  FROM mart.purchases
  WHERE NOT is_open AND lead_time_days >= 0 AND received_on > CAST(:today AS DATE) - 365
  GROUP BY source, supplier_id
),

stock AS (
  SELECT
    s.source, s.product_id, s.variant_id, s.warehouse_id, p.sku, p.name AS product_name, p.category, p.brand,
    p.supplier_id, u.name AS supplier,
    s.on_hand, coalesce(s.available, s.on_hand - coalesce(s.reserved, 0)) AS available, coalesce(s.incoming, 0) AS incoming,
    p.unit_cost, p.currency AS unit_cost_currency,
    CAST(round(
      CAST(round(CAST(greatest(s.on_hand, 0) AS DECIMAL(38, 6)) * p.unit_cost, 6) AS DECIMAL(38, 6))
      * CASE WHEN p.currency = :currency THEN 1 ELSE f.rate END, 6
    ) AS DECIMAL(18, 6)) AS stock_value_base,
    coalesce(d.units_28, 0) AS units_28, coalesce(d.units_90, 0) AS units_90, coalesce(d.squares_90, 0) AS squares_90,
    coalesce(h.units, 0) AS units_180, l.last_sold,
    -- What was sold while nothing lay there was sold all the same: at least one day counts.
    greatest(28 - coalesce(m.days_28, 0), 1) AS days_in_stock_28,
    greatest(90 - coalesce(m.days_90, 0), 1) AS days_in_stock_90,
    CASE WHEN r.n >= 5 THEN r.n END AS receipts, r.days AS receipt_days, r.squares AS receipt_squares,
    CASE WHEN r.n >= 5 THEN (r.days + r.n - 1) // r.n ELSE coalesce(u.lead_time_days, 14) END AS lead_time_days,
    CASE
      WHEN p.created_at IS NOT NULL THEN CAST(timezone(:time_zone, p.created_at) AS DATE) < CAST(:today AS DATE) - 180
      ELSE l.first_sold < CAST(:today AS DATE) - 180 OR k.first_day < CAST(:today AS DATE) - 180
    END AS is_old
  FROM core.stock_levels AS s
  JOIN core.products AS p
    ON p.source = s.source AND p.product_id = s.product_id AND p.variant_id = s.variant_id AND p._deleted_at IS NULL
  JOIN core.articles AS a ON a.source = s.source AND a.product_id = s.product_id AND a.variant_id = s.variant_id
  LEFT JOIN sold AS d ON d.article = a.article
  LEFT JOIN half_year AS h ON h.article = a.article
  LEFT JOIN last_days AS l ON l.article = a.article
  LEFT JOIN missing AS m ON m.article = a.article
  LEFT JOIN kept AS k ON k.source = s.source AND k.product_id = s.product_id AND k.variant_id = s.variant_id
  LEFT JOIN core.suppliers AS u ON u.source = p.source AND u.supplier_id = p.supplier_id
  LEFT JOIN receipts AS r ON r.source = p.source AND r.supplier_id = p.supplier_id
  LEFT JOIN mart.rates AS f ON f.currency = p.currency AND f.date = CAST(:today AS DATE)
  WHERE s._deleted_at IS NULL
),

-- Per day, at six places; in whole numbers, because a quotient would be a float.
demanded AS (
  SELECT
    *,
    CAST(CAST(CAST(units_28 * 1000000 AS HUGEINT) // days_in_stock_28 AS DECIMAL(18, 0)) * 0.000001 AS DECIMAL(18, 6)) AS daily_demand_28,
    CAST(CAST(CAST(units_90 * 1000000 AS HUGEINT) // days_in_stock_90 AS DECIMAL(18, 0)) * 0.000001 AS DECIMAL(18, 6)) AS daily_demand_90,
    units_90 < 13 AS is_slow,
    -- n^2 times the variances, of hundredths of units and of days.
    greatest(days_in_stock_90 * squares_90 - CAST(round(units_90 * 100) AS HUGEINT) * CAST(round(units_90 * 100) AS HUGEINT), 0)
      AS demand_variance,
    greatest(coalesce(receipts * receipt_squares - receipt_days * receipt_days, 0), 0) AS lead_time_variance
  FROM stock
),

covered AS (
  SELECT
    *,
    CASE WHEN is_slow THEN daily_demand_90 ELSE daily_demand_28 END AS daily_demand,
    CASE WHEN is_slow THEN 0 ELSE
      1.65 * sqrt(
        CAST(lead_time_days AS DOUBLE) * CAST(demand_variance AS DOUBLE) / (10000.0 * days_in_stock_90 * days_in_stock_90)
        + CAST(daily_demand_28 AS DOUBLE) * CAST(daily_demand_28 AS DOUBLE)
        * CAST(lead_time_variance AS DOUBLE) / (coalesce(receipts, 1) * coalesce(receipts, 1))
      )
    END AS safety
  FROM demanded
),

planned AS (
  SELECT
    *,
    available + incoming AS inventory_position,
    CAST(CASE WHEN units_90 > 0 AND is_slow THEN 1 ELSE ceil(safety) END AS DECIMAL(18, 6)) AS safety_stock,
    CASE WHEN daily_demand > 0 THEN
      CAST(round(CAST(available AS DOUBLE) / CAST(daily_demand AS DOUBLE), 1) AS DECIMAL(18, 1))
    END AS days_of_cover
  FROM covered
),

ordered AS (
  SELECT *, CAST(ceil(daily_demand * lead_time_days + safety_stock) AS DECIMAL(18, 6)) AS reorder_point FROM planned
)

SELECT
  source, product_id, variant_id, warehouse_id, sku, product_name, category, brand, supplier_id, supplier,
  on_hand, available, incoming, CAST(inventory_position AS DECIMAL(18, 6)) AS inventory_position,
  unit_cost, unit_cost_currency, stock_value_base, daily_demand_28, daily_demand_90,
  CAST(days_in_stock_28 AS BIGINT) AS days_in_stock_28, CAST(days_in_stock_90 AS BIGINT) AS days_in_stock_90,
  days_of_cover, CAST(lead_time_days AS BIGINT) AS lead_time_days, safety_stock, reorder_point,
  CAST(greatest(ceil(daily_demand * (lead_time_days + 7) + safety_stock - inventory_position), 0) AS DECIMAL(18, 6)) AS suggested_order,
  last_sold,
  CASE
    WHEN on_hand <= 0 THEN 'out_of_stock'
    WHEN units_180 = 0 AND is_old THEN 'dead'
    WHEN inventory_position < reorder_point THEN 'below_reorder_point'
    WHEN days_of_cover > 180 THEN 'overstock'
    ELSE 'healthy'
  END AS status
FROM ordered
