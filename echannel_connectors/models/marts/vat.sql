-- Which tax was charged in which country, at which rate?
-- Grain: month, country of delivery, tax rate, source and document currency: for the accountant. taxable_net, tax: of what was
-- sold (shipping included) in the document's currency; refunds_*: of what was refunded in that month (<= 0); *_base: in the
-- reporting currency, by each document's rate. tax_rate: NULL where the source tells none. difference_tax: what the documents'
-- own totals hold in tax beyond their rows (roundings per document); it stands in the row without a rate, 0 elsewhere.
WITH parts AS (
  SELECT
    date_trunc('month', date) AS month, market AS country, tax_rate, source, currency,
    sum(net) AS taxable_net, sum(tax) AS tax, 0 AS refunds_net, 0 AS refunds_tax,
    sum(net_base) AS taxable_base, sum(tax_base) AS tax_base, 0 AS refunds_base, 0 AS refunds_tax_base, 0 AS difference_tax
  FROM mart.sales
  WHERE kind <> 'refund'
  GROUP BY month, market, tax_rate, source, currency
  UNION ALL
  SELECT
    date_trunc('month', date) AS month, market, tax_rate, source, currency, 0, 0, sum(net), sum(tax),
    0, 0, sum(net_base), sum(tax_base), 0
  FROM mart.sales
  WHERE kind = 'refund'
  GROUP BY month, market, tax_rate, source, currency
  UNION ALL
  SELECT
    date_trunc('month', date), market, NULL, source, currency, 0, 0, 0, 0, 0, 0, 0, 0, sum(total_tax - coalesce(tax, 0))
  FROM mart.orders
  WHERE total_tax <> tax OR tax IS NULL
  GROUP BY date_trunc('month', date), market, source, currency
)

SELECT
  CAST(month AS DATE) AS month, country, tax_rate, source, currency,
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
