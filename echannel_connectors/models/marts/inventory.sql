-- What is in stock, how long will it last, and what has to be ordered?
-- Grain: product, variant and warehouse. daily_demand_*: units sold per day over the last 28 or 90 days (a share of a
-- product's demand is not known per warehouse: each warehouse shows the whole). days_of_cover: on hand / daily_demand_28.
-- reorder_point: demand of the supplier's lead time (14 days where unknown) and a week more; status by KPI facts.
WITH sold AS (
  SELECT
    source, product_id, variant_id,
    sum(quantity) FILTER (WHERE date > CAST(:today AS DATE) - INTERVAL 28 DAY) AS units_28,
    sum(quantity) FILTER (WHERE date > CAST(:today AS DATE) - INTERVAL 90 DAY) AS units_90,
    sum(quantity) FILTER (WHERE date > CAST(:today AS DATE) - INTERVAL 180 DAY) AS units_180,
    max(date) AS last_sold
  FROM mart.sales
  WHERE kind = 'sale'
  GROUP BY source, product_id, variant_id
),

stock AS (
  SELECT
    s.source, s.product_id, s.variant_id, s.warehouse_id, p.sku, p.name AS product_name, p.category, p.brand,
    s.on_hand, coalesce(s.available, s.on_hand) AS available, coalesce(s.incoming, 0) AS incoming,
    p.unit_cost, p.currency AS unit_cost_currency,
    CASE WHEN p.currency = :currency
      THEN CAST(round(CAST(s.on_hand AS DECIMAL(38, 6)) * p.unit_cost, 6) AS DECIMAL(18, 6))
    END AS stock_value_base,
    CAST(round(CAST(coalesce(d.units_28, 0) AS DECIMAL(38, 6)) * CAST(0.0357142857 AS DECIMAL(18, 10)), 6) AS DECIMAL(18, 6)) AS daily_demand_28,
    CAST(round(CAST(coalesce(d.units_90, 0) AS DECIMAL(38, 6)) * CAST(0.0111111111 AS DECIMAL(18, 10)), 6) AS DECIMAL(18, 6)) AS daily_demand_90,
    coalesce(u.lead_time_days, 14) + 7 AS cover_needed_days,
    coalesce(d.units_180, 0) AS units_180, d.last_sold,
    CAST(p.created_at AS DATE) < CAST(:today AS DATE) - INTERVAL 180 DAY AS is_old
  FROM core.stock_levels AS s
  JOIN core.products AS p
    ON p.source = s.source AND p.product_id = s.product_id AND p.variant_id = s.variant_id AND p._deleted_at IS NULL
  LEFT JOIN sold AS d ON d.source = s.source AND d.product_id = s.product_id AND d.variant_id = s.variant_id
  LEFT JOIN core.suppliers AS u ON u.source = p.source AND u.supplier_id = p.supplier_id
  WHERE s._deleted_at IS NULL
),

planned AS (
  SELECT
    *,
    CASE WHEN daily_demand_28 > 0 THEN CAST(round(CAST(on_hand AS DOUBLE) / CAST(daily_demand_28 AS DOUBLE), 1) AS DECIMAL(18, 1)) END AS days_of_cover,
    CAST(ceil(daily_demand_28 * cover_needed_days) AS DECIMAL(18, 6)) AS reorder_point
  FROM stock
)

SELECT
  source, product_id, variant_id, warehouse_id, sku, product_name, category, brand, on_hand, available, incoming,
  unit_cost, unit_cost_currency, stock_value_base, daily_demand_28, daily_demand_90, days_of_cover, reorder_point,
  CASE WHEN available + incoming < reorder_point
    THEN CAST(greatest(reorder_point * 2 - available - incoming, 0) AS DECIMAL(18, 6)) ELSE 0
  END AS suggested_order,
  last_sold,
  CASE
    WHEN on_hand <= 0 THEN 'out_of_stock'
    WHEN units_180 = 0 AND is_old THEN 'dead'
    WHEN available + incoming < reorder_point THEN 'below_reorder_point'
    WHEN days_of_cover > 180 THEN 'overstock'
    ELSE 'healthy'
  END AS status
FROM planned
