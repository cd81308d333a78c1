-- Which orders share a basket with another?
-- Grain: an order of a basket that was split into several. Marts that count baskets count all orders, and take these off again
-- but one for each basket: there are few, and to compare the baskets of all orders (DISTINCT) takes longer than their sums.
SELECT
  o.date, o.source, o.store, o.channel, o.market, o.currency, o.customer_kind, o.order_id, o.basket, o.customer_source,
  o.customer_id, o.order_sequence, o.channel_group, o.source_medium, o.campaign, o.is_matchable, o.is_matched
FROM mart.orders AS o
JOIN (
  SELECT source, basket FROM core.sold_orders WHERE NOT is_first_of_basket GROUP BY source, basket
) AS b ON b.source = o.source AND b.basket = o.basket
