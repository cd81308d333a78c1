-- What was sold, to whom, where and with what margin?
-- Grain: an order line (kind sale), an order's shipping or rounding, a refunded line or a refund's shipping (kind refund).
-- net: without tax, after discounts, in the document's currency; refunds negative. *_base: in the reporting currency.
-- cost_base, margin_base: NULL where the cost is unknown; cost_known_net_base: the net of the rows whose cost is known.
WITH sales AS (
  SELECT
    o.*,
    coalesce(c.email_hash, o.source || '/' || o.customer_id) AS person,
    c.kind AS customer_kind, c.customer_group, c.company,
    min(o.ordered_at) OVER (PARTITION BY o.source, o.basket) AS basket_at
  FROM core.orders AS o
  LEFT JOIN core.customers AS c ON c.source = o.source AND c.customer_id = o.customer_id
  WHERE o.is_sale AND o._deleted_at IS NULL AND o.duplicate_of_order_id IS NULL
),

numbered AS (
  SELECT
    *,
    CASE WHEN person IS NOT NULL
      THEN dense_rank() OVER (PARTITION BY person ORDER BY basket_at, source, basket)
    END AS order_sequence
  FROM sales
),

documents AS (
  SELECT
    'sale' AS kind, l.source, l.order_id, o.order_date AS date, o.currency, o.fx_rate,
    l.product_id, l.variant_id, l.sku, l.name AS product_name, l.quantity, l.amount_net AS net, l.amount_tax AS tax,
    l.discount_net AS discount, l.unit_cost, l.unit_cost_fx_rate, l.line_id
  FROM core.order_lines AS l
  JOIN numbered AS o ON o.source = l.source AND o.order_id = l.order_id
  WHERE l._deleted_at IS NULL
  UNION ALL
  SELECT
    'shipping', source, order_id, order_date, currency, fx_rate, NULL, NULL, NULL, NULL, 0, shipping_net,
    NULL, 0, NULL, NULL, 'shipping'
  FROM numbered WHERE shipping_net <> 0
  UNION ALL
  -- What is left of the order's total: cents of rounding, or all of it where an order shows no lines (its discount has no
  -- line to lie on). So every sale has a row, and its rows are its total.
  SELECT
    'rounding', o.source, o.order_id, o.order_date, o.currency, o.fx_rate, NULL, NULL, NULL, NULL, 0, o.left_net,
    NULL, 0, NULL, NULL, 'rounding'
  FROM (
    SELECT n.*, n.total_net - coalesce(n.shipping_net, 0) - coalesce(l.net, 0) AS left_net, l.net IS NULL AS has_no_lines
    FROM numbered AS n
    LEFT JOIN (
      SELECT source, order_id, sum(amount_net) AS net FROM core.order_lines WHERE _deleted_at IS NULL GROUP BY source, order_id
    ) AS l ON l.source = n.source AND l.order_id = n.order_id
  ) AS o
  WHERE o.left_net <> 0 OR o.has_no_lines
  UNION ALL
  -- A refund of an order that does not count would take away what was never added.
  SELECT
    'refund', r.source, r.order_id, r.refund_date, r.currency, r.fx_rate,
    r.product_id, r.variant_id, l.sku, l.name, -r.quantity, -(r.amount_net + coalesce(r.shipping_net, 0)), -r.amount_tax,
    0, CASE WHEN r.back_to_stock IS DISTINCT FROM FALSE THEN coalesce(x.unit_cost, l.unit_cost) END,
    coalesce(x.unit_cost_fx_rate, l.unit_cost_fx_rate),
    r.refund_id || '/' || r.line_id
  FROM core.refunds AS r
  LEFT JOIN core.orders AS o ON o.source = r.source AND o.order_id = r.order_id
  -- What came back costs what it did when it was sold: by the line where the source tells it, otherwise by the product.
  LEFT JOIN core.order_lines AS x
    ON x.source = r.source AND x.order_id = r.order_id AND x.line_id = r.line_id
    AND x.product_id = r.product_id AND x.variant_id = r.variant_id
  LEFT JOIN (
    SELECT
      source, order_id, product_id, variant_id, max(sku) AS sku, max(name) AS name,
      arg_max(unit_cost, line_id) AS unit_cost, arg_max(unit_cost_fx_rate, line_id) AS unit_cost_fx_rate
    FROM core.order_lines GROUP BY source, order_id, product_id, variant_id
  ) AS l ON l.source = r.source AND l.order_id = r.order_id AND l.product_id = r.product_id AND l.variant_id = r.variant_id
  WHERE r._deleted_at IS NULL
    AND (r.order_id IS NULL OR (o.is_sale AND o._deleted_at IS NULL AND o.duplicate_of_order_id IS NULL))
),

valued AS (
  SELECT
    *,
    CAST(round(CAST(net AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6)) AS net_base,
    CAST(round(CAST(tax AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6)) AS tax_base,
    CAST(round(CAST(discount AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6)) AS discount_base,
    CASE WHEN kind IN ('sale', 'refund') AND product_id IS NOT NULL THEN
      CAST(round(
        CAST(round(CAST(quantity AS DECIMAL(38, 6)) * unit_cost, 6) AS DECIMAL(38, 6)) * unit_cost_fx_rate, 6
      ) AS DECIMAL(18, 6))
    END AS cost_base
  FROM documents
)

SELECT
  v.date, v.kind, v.source, coalesce(o.store, '') AS store, o.channel, o.country AS market, v.currency,
  v.order_id, o.reference AS order_reference, o.basket, o.customer_kind,
  CASE WHEN o.order_sequence = 1 THEN 'new' WHEN o.order_sequence > 1 THEN 'returning' END AS customer_status,
  o.customer_group, o.company, v.product_id, v.variant_id, v.line_id,
  coalesce(v.sku, p.sku) AS sku, coalesce(p.name, v.product_name) AS product_name, p.category, p.brand, o.sales_rep,
  CAST(NULL AS VARCHAR) AS channel_group, CAST(NULL AS VARCHAR) AS source_medium, CAST(NULL AS VARCHAR) AS campaign,
  CAST(v.quantity AS DECIMAL(18, 6)) AS quantity, CAST(v.net AS DECIMAL(18, 6)) AS net,
  v.net_base, v.tax_base, v.discount_base, v.cost_base,
  CAST(v.net_base - v.cost_base AS DECIMAL(18, 6)) AS margin_base,
  CAST(CASE WHEN v.cost_base IS NOT NULL THEN v.net_base ELSE 0 END AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(o.order_sequence AS BIGINT) AS order_sequence
FROM valued AS v
LEFT JOIN numbered AS o ON o.source = v.source AND o.order_id = v.order_id
LEFT JOIN core.products AS p ON p.source = v.source AND p.product_id = v.product_id AND p.variant_id = v.variant_id
