-- Which tax was charged in which country, at which rate?
-- Grain: month, country of delivery, tax rate, source and document currency: for the accountant. taxable_net, tax: of what was
-- sold (shipping included) in the document's currency; refunds_*: of what was refunded in that month (<= 0); *_base: in the
-- reporting currency, by each document's rate. tax_rate: NULL where the source tells none. difference_tax: what the documents'
-- own totals hold in tax beyond their rows (roundings per document); it stands in the row without a rate, 0 elsewhere.
WITH parts AS (
  SELECT
    month, market AS country, tax_rate, source, currency,
    CASE WHEN is_refund THEN 0 ELSE net END AS taxable_net, CASE WHEN is_refund THEN 0 ELSE tax END AS tax,
    CASE WHEN is_refund THEN net ELSE 0 END AS refunds_net, CASE WHEN is_refund THEN tax ELSE 0 END AS refunds_tax,
    CASE WHEN is_refund THEN 0 ELSE net_base END AS taxable_base,
    CASE WHEN is_refund THEN 0 ELSE tax_base END AS tax_base,
    CASE WHEN is_refund THEN net_base ELSE 0 END AS refunds_base,
    CASE WHEN is_refund THEN tax_base ELSE 0 END AS refunds_tax_base, 0 AS difference_tax
  FROM core.tax_sums
  UNION ALL
  SELECT
    CAST(date_trunc('month', date) AS DATE), market, NULL, source, currency, 0, 0, 0, 0, 0, 0, 0, 0, sum(total_tax - coalesce(tax, 0))
  FROM mart.orders
  WHERE total_tax <> tax OR tax IS NULL
  GROUP BY CAST(date_trunc('month', date) AS DATE), market, source, currency
)

SELECT
  month, country, tax_rate, source, currency,
  CAST(coalesce(sum(taxable_net), 0) AS DECIMAL(18, 6)) AS taxable_net,
  CAST(coalesce(sum(tax), 0) AS DECIMAL(18, 6)) AS tax,
  CAST(coalesce(sum(refunds_net), 0) AS DECIMAL(18, 6)) AS refunds_net,
  CAST(coalesce(sum(refunds_tax), 0) AS DECIMAL(18, 6)) AS refunds_tax,
  CAST(coalesce(sum(taxable_base), 0) AS DECIMAL(18, 6)) AS taxable_base,
  CAST(coalesce(sum(tax_base), 0) AS DECIMAL(18, 6)) AS tax_base,
  CAST(coalesce(sum(refunds_base), 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(sum(refunds_tax_base), 0) AS DECIMAL(18, 6)) AS refunds_tax_base,
  CAST(coalesce(sum(difference_tax), 0) AS DECIMAL(18, 6)) AS difference_tax
FROM parts
GROUP BY month, country, tax_rate, source, currency
