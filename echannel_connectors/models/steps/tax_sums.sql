-- Which tax do the rows of each month hold?
-- Grain: month, market, tax rate, source, document currency, and whether these are refunds: sums of the rows of mart.sales.
SELECT
  CAST(date_trunc('month', date) AS DATE) AS month, market, tax_rate, source, currency, kind = 'refund' AS is_refund,
  count(*) AS lines, coalesce(sum(net), 0) AS net, coalesce(sum(tax), 0) AS tax,
  coalesce(sum(net_base), 0) AS net_base, coalesce(sum(tax_base), 0) AS tax_base
FROM mart.sales
GROUP BY CAST(date_trunc('month', date) AS DATE), market, tax_rate, source, currency, kind = 'refund'
