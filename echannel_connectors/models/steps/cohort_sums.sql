-- What did each cohort order in each month?
-- Grain: cohort_month (month of a customer's first order), market (of that order), months since: sums of the orders of mart.orders
-- of known customers, and how many of them ordered in that month.
SELECT
  b.cohort_month, b.market, greatest(date_diff('month', b.cohort_month, o.date), 0) AS months_since, count(*) AS orders,
  count(DISTINCT o.customer_source || '/' || o.customer_id) AS customers, coalesce(sum(o.net_base), 0) AS net_base,
  coalesce(sum(o.margin_base), 0) AS margin_base,
  coalesce(sum(
    coalesce(o.margin_base, 0) + o.refunds_margin_base + o.shipping_base - o.fees_base - o.shipping_cost_base - o.packaging_base
  ), 0) AS contribution_base
FROM mart.orders AS o
JOIN (
  SELECT
    customer_source, customer_id, first_market AS market, CAST(date_trunc('month', first_order_date) AS DATE) AS cohort_month
  FROM core.buyers
) AS b ON b.customer_source = o.customer_source AND b.customer_id = o.customer_id
GROUP BY b.cohort_month, b.market, greatest(date_diff('month', b.cohort_month, o.date), 0)
