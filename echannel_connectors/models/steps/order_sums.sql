-- What was ordered on each day?
-- Grain: date, source, store, channel, market, currency, customer kind: sums of the orders of mart.orders. first_orders: a
-- customer's first (all of his first basket); source_total_base: the documents' own totals, without tax.
SELECT
  date, source, store, channel, market, currency, customer_kind,
  count(*) AS orders, count(*) FILTER (WHERE order_sequence = 1) AS first_orders, coalesce(sum(units), 0) AS units,
  coalesce(sum(net_base), 0) AS net_base, coalesce(sum(discount_base), 0) AS discount_base,
  coalesce(sum(shipping_base), 0) AS shipping_base, coalesce(sum(store_credit_base), 0) AS store_credit_base,
  coalesce(sum(margin_base), 0) AS margin_base, coalesce(sum(cost_known_net_base), 0) AS cost_known_net_base,
  coalesce(sum(fees_base), 0) AS fees_base, coalesce(sum(shipping_cost_base), 0) AS shipping_cost_base,
  coalesce(sum(packaging_base), 0) AS packaging_base,
  coalesce(sum(CASE WHEN fx_rate = 1 THEN total_net
    ELSE CAST(round(CAST(total_net AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6))
  END), 0) AS source_total_base,
  count(*) FILTER (WHERE is_matchable) AS matchable_orders, count(*) FILTER (WHERE is_matched) AS matched_orders
FROM mart.orders
GROUP BY date, source, store, channel, market, currency, customer_kind
