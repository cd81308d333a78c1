-- What was sold and refunded of each product until now?
-- Grain: product, variant, market, SKU and kind (sale or refund): sums of the rows of mart.sales, of all time. All lines are only
-- added up here; a SKU is cheaper as a key than as a maximum.
SELECT
  source, product_id, variant_id, market, sku, kind, count(*) AS lines, coalesce(sum(quantity), 0) AS quantity,
  coalesce(sum(net_base), 0) AS net_base, coalesce(sum(discount_base), 0) AS discount_base,
  coalesce(sum(margin_base), 0) AS margin_base, coalesce(sum(cost_known_net_base), 0) AS cost_known_net_base,
  min(date) AS first_day, max(date) AS last_day
FROM mart.sales
WHERE product_id IS NOT NULL AND kind IN ('sale', 'refund')
GROUP BY source, product_id, variant_id, market, sku, kind
