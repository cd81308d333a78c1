-- Which products of several sources are the same article?
-- Grain: a product or variant of a source. article: what all of them share: the SKU, where a source has it once.
SELECT
  source, product_id, variant_id, active,
  CASE WHEN sku <> '' AND count(*) OVER (PARTITION BY source, sku) = 1 THEN sku
    ELSE source || '/' || product_id || '/' || variant_id
  END AS article
FROM core.products
WHERE _deleted_at IS NULL
