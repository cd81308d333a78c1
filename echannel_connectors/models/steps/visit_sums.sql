-- What did the visits of each channel bring on each day?
-- Grain: date, market, channel_group, source_medium, campaign: sums of the orders of mart.orders that GA4 may know; those that it
-- does not know stand in a row without a channel and count as matchable_orders only.
SELECT
  date, market, channel_group, source_medium, campaign, count(*) AS matchable_orders,
  count(*) FILTER (WHERE is_matched) AS orders, count(*) FILTER (WHERE is_matched AND order_sequence = 1) AS first_orders,
  coalesce(sum(net_base) FILTER (WHERE is_matched), 0) AS net_base,
  coalesce(sum(refunds_base) FILTER (WHERE is_matched), 0) AS refunds_base,
  coalesce(sum(margin_base) FILTER (WHERE is_matched), 0) AS margin_base,
  coalesce(sum(cost_known_net_base) FILTER (WHERE is_matched), 0) AS cost_known_net_base,
  coalesce(
    sum(coalesce(margin_base, 0) + refunds_margin_base + shipping_base - fees_base - shipping_cost_base - packaging_base)
      FILTER (WHERE is_matched), 0
  ) AS contribution_base
FROM mart.orders
WHERE is_matchable
GROUP BY date, market, channel_group, source_medium, campaign
