-- What did each voucher or promotion cost, and what came with it?
-- Grain: voucher or promotion (its code, else its name), month and market of the orders. uses: how often it was given;
-- discount_base: what it took off, without tax (free shipping included); orders, new_customers (first orders ever), net_base,
-- margin_base: of the orders that used it, whole. An order with two promotions counts in both: add up uses and discounts, not
-- orders. Store credit is a means of payment and not here; price cuts of a product itself are no promotion here either.
WITH used AS (
  SELECT
    d.source, coalesce(nullif(d.code, ''), d.name) AS promotion, d.order_id, max(d.name) AS name,
    bool_or(coalesce(d.is_free_shipping, FALSE)) AS is_free_shipping, count(*) AS uses, sum(d.amount_net) AS amount_net
  FROM core.order_discounts AS d
  WHERE d._deleted_at IS NULL AND NOT coalesce(d.is_store_credit, FALSE)
  GROUP BY d.source, promotion, d.order_id
)

SELECT
  u.source, u.promotion, max(u.name) AS promotion_name, CAST(date_trunc('month', o.date) AS DATE) AS month, o.market,
  bool_or(u.is_free_shipping) AS is_free_shipping,
  CAST(sum(u.uses) AS BIGINT) AS uses,
  CAST(sum(CAST(round(CAST(u.amount_net AS DECIMAL(38, 6)) * o.fx_rate, 6) AS DECIMAL(18, 6))) AS DECIMAL(18, 6)) AS discount_base,
  CAST(count(*) AS BIGINT) AS orders,
  CAST(count(DISTINCT o.basket) AS BIGINT) AS baskets,
  CAST(count(DISTINCT CASE WHEN o.order_sequence = 1 THEN o.customer_source || '/' || o.customer_id END) AS BIGINT) AS new_customers,
  CAST(coalesce(sum(o.net_base), 0) AS DECIMAL(18, 6)) AS net_base,
  CAST(coalesce(sum(o.refunds_base), 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(sum(o.margin_base), 0) AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(sum(o.cost_known_net_base), 0) AS DECIMAL(18, 6)) AS cost_known_net_base
FROM used AS u
JOIN mart.orders AS o ON o.source = u.source AND o.order_id = u.order_id
GROUP BY u.source, u.promotion, month, o.market
