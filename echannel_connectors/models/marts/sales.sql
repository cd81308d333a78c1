-- What was sold, to whom, where and with what margin?
-- Grain: an order line (kind sale), an order's shipping or rounding, a refunded line or a refund's shipping (kind refund).
-- net: without tax, after discounts, in the document's currency; refunds negative. tax: that row's tax; *_base: in the
-- reporting currency. cost_base, margin_base: NULL where the cost is unknown; cost_known_net_base: the net of the rows whose
-- cost is known. customer_source, customer_id: one for all records of a person. channel_group, source_medium, campaign: where
-- GA4 saw that basket come from (session, last click), by its transaction_id.
WITH line_totals AS (
  SELECT
    source, order_id, sum(amount_net) AS net, sum(amount_tax) AS tax, max(tax_rate) AS tax_rate,
    count(*) = count(amount_tax) AS has_taxes
  FROM core.order_lines
  WHERE _deleted_at IS NULL
  GROUP BY source, order_id
),

-- What is left of an order's totals beside its lines.
rest AS (
  SELECT
    o.source, o.order_id, coalesce(o.shipping_net, 0) AS shipping_net,
    o.total_net - coalesce(o.shipping_net, 0) - coalesce(l.net, 0) AS left_net,
    CASE WHEN l.order_id IS NULL OR l.has_taxes THEN o.total_tax - coalesce(l.tax, 0) END AS left_tax,
    l.tax_rate, l.order_id IS NULL AS has_no_lines,
    -- The smallest that can be paid: a cent, where there is none a whole unit, or a thousandth of a dinar.
    CASE
      WHEN o.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
        THEN CAST(1 AS DECIMAL(18, 6))
      WHEN o.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(18, 6))
      ELSE CAST(0.01 AS DECIMAL(18, 6))
    END AS coin
  FROM core.sold_orders AS o
  LEFT JOIN line_totals AS l ON l.source = o.source AND l.order_id = o.order_id
),

refunded AS (
  SELECT source, order_id FROM core.refunds WHERE _deleted_at IS NULL GROUP BY source, order_id
),

-- What came back costs what it did when it was sold: by the line where the source tells it, otherwise by the product.
refunded_products AS (
  SELECT
    l.source, l.order_id, l.product_id, l.variant_id, max(l.sku) AS sku, max(l.name) AS name, max(l.tax_rate) AS tax_rate,
    arg_max(l.unit_cost, l.line_id) AS unit_cost, arg_max(l.unit_cost_fx_rate, l.line_id) AS unit_cost_fx_rate,
    arg_max(l.unit_cost_currency, l.line_id) AS unit_cost_currency
  FROM core.order_lines AS l
  JOIN refunded AS r ON r.source = l.source AND r.order_id = l.order_id
  GROUP BY l.source, l.order_id, l.product_id, l.variant_id
),

-- What each row has of its own; day, currency and rate are its order's unless it tells them.
told AS (
  SELECT
    'sale' AS kind, source, order_id, CAST(NULL AS DATE) AS date, CAST(NULL AS VARCHAR) AS currency,
    CAST(NULL AS DECIMAL(18, 8)) AS fx_rate, product_id, variant_id, sku, name AS product_name, quantity, delivered_quantity,
    amount_net AS net, amount_tax AS tax, tax_rate, discount_net AS discount, unit_cost, unit_cost_currency, unit_cost_fx_rate,
    line_id
  FROM core.order_lines
  WHERE _deleted_at IS NULL
  UNION ALL
  SELECT
    'shipping', source, order_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, shipping_net,
    CASE WHEN has_no_lines THEN 0 ELSE left_tax END,
    -- The rate of its lines, where its tax says so to two coins.
    CASE WHEN abs(CAST(round(CAST(shipping_net AS DECIMAL(38, 6)) * tax_rate, 6) AS DECIMAL(18, 6)) - left_tax) <= 2 * coin
      THEN tax_rate
    END,
    0, NULL, NULL, NULL, 'shipping'
  FROM rest WHERE shipping_net <> 0
  UNION ALL
  -- What is left of the order's total: cents of rounding, or all of it where an order shows no lines (its discount has no
  -- line to lie on). So every sale has a row, and its rows are its total.
  SELECT
    'rounding', source, order_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, left_net,
    CASE WHEN has_no_lines OR shipping_net = 0 THEN left_tax ELSE 0 END, NULL, 0, NULL, NULL, NULL, 'rounding'
  FROM rest WHERE left_net <> 0 OR has_no_lines
  UNION ALL
  SELECT
    'refund', r.source, r.order_id, r.refund_date, r.currency,
    CASE WHEN r.currency = :currency THEN coalesce(r.fx_rate, 1) ELSE coalesce(r.fx_rate, f.rate) END,
    r.product_id, r.variant_id, l.sku, l.name, -r.quantity, NULL, -(r.amount_net + coalesce(r.shipping_net, 0)),
    -r.amount_tax, CASE WHEN x.line_id IS NULL THEN l.tax_rate ELSE x.tax_rate END, 0,
    -- Goods that do not go back into stock give no cost back; what was sold at an unknown cost is in no margin to take from.
    CASE
      WHEN r.back_to_stock IS FALSE
        AND (l.order_id IS NULL OR CASE WHEN x.line_id IS NULL THEN l.unit_cost ELSE x.unit_cost END IS NOT NULL) THEN 0
      WHEN x.line_id IS NULL THEN l.unit_cost
      ELSE x.unit_cost
    END,
    CASE WHEN x.line_id IS NULL THEN l.unit_cost_currency ELSE x.unit_cost_currency END,
    CASE WHEN r.back_to_stock IS FALSE THEN 1 WHEN x.line_id IS NULL THEN l.unit_cost_fx_rate ELSE x.unit_cost_fx_rate END,
    r.refund_id || '/' || r.line_id
  FROM core.refunds AS r
  -- By the line where the source tells it: what is unknown of that is unknown, whatever another line of the product says.
  LEFT JOIN core.order_lines AS x
    ON x.source = r.source AND x.order_id = r.order_id AND x.line_id = r.line_id
    AND x.product_id = r.product_id AND x.variant_id = r.variant_id
  LEFT JOIN refunded_products AS l
    ON l.source = r.source AND l.order_id = r.order_id AND l.product_id = r.product_id AND l.variant_id = r.variant_id
  LEFT JOIN mart.rates AS f ON f.currency = r.currency AND f.date = r.refund_date
  WHERE r._deleted_at IS NULL
),

-- With what each shares with its order. A refund of an order that does not count would take away what was never added.
documents AS (
  SELECT
    t.kind, t.source, t.order_id, CASE WHEN t.kind = 'refund' THEN t.date ELSE o.order_date END AS date,
    CASE WHEN t.kind = 'refund' THEN t.currency ELSE o.currency END AS currency,
    CASE WHEN t.kind = 'refund' THEN t.fx_rate ELSE o.fx_rate END AS fx_rate,
    t.product_id, t.variant_id, t.sku, t.product_name, t.quantity, t.delivered_quantity, t.net, t.tax, t.tax_rate, t.discount,
    t.unit_cost, t.unit_cost_currency, t.unit_cost_fx_rate, t.line_id,
    coalesce(o.store, '') AS store, o.channel, o.market, o.order_reference, o.basket, o.customer_source, o.customer_id,
    o.customer_kind, o.customer_status, o.customer_group, o.company, o.sales_rep, o.transaction_id, o.channel_group,
    o.source_medium, o.campaign, o.order_sequence
  FROM told AS t
  LEFT JOIN core.sold_orders AS o ON o.source = t.source AND o.order_id = t.order_id
  WHERE o.order_id IS NOT NULL OR (t.kind = 'refund' AND t.order_id IS NULL)
),

-- Most rows are of one piece and in the reporting currency: they are worth what they are, without a multiplication.
costed AS (
  SELECT
    d.*,
    CASE WHEN d.kind IN ('sale', 'refund') AND d.product_id IS NOT NULL THEN
      CASE WHEN d.quantity = 1 THEN d.unit_cost ELSE round(CAST(d.quantity AS DECIMAL(38, 6)) * d.unit_cost, 6) END
    END AS cost,
    coalesce(d.unit_cost_fx_rate, CASE WHEN d.unit_cost_currency = :currency THEN 1 ELSE r.rate END) AS cost_rate
  FROM documents AS d
  LEFT JOIN mart.rates AS r ON r.currency = d.unit_cost_currency AND r.date = d.date
),

valued AS (
  SELECT
    d.kind, d.source, d.order_id, d.date, d.currency, d.product_id, d.variant_id, d.sku, d.product_name, d.quantity,
    d.delivered_quantity, d.net, d.tax, d.tax_rate, d.line_id,
    d.store, d.channel, d.market, d.order_reference, d.basket, d.customer_source, d.customer_id, d.customer_kind,
    d.customer_status, d.customer_group, d.company, d.sales_rep, d.transaction_id, d.channel_group,
    d.source_medium, d.campaign, d.order_sequence,
    CASE WHEN d.fx_rate = 1 THEN CAST(d.net AS DECIMAL(18, 6))
      ELSE CAST(round(CAST(d.net AS DECIMAL(38, 6)) * d.fx_rate, 6) AS DECIMAL(18, 6))
    END AS net_base,
    CASE WHEN d.fx_rate = 1 THEN CAST(d.tax AS DECIMAL(18, 6))
      ELSE CAST(round(CAST(d.tax AS DECIMAL(38, 6)) * d.fx_rate, 6) AS DECIMAL(18, 6))
    END AS tax_base,
    CASE WHEN d.discount = 0 THEN CAST(0 AS DECIMAL(18, 6))
      ELSE CAST(round(CAST(d.discount AS DECIMAL(38, 6)) * d.fx_rate, 6) AS DECIMAL(18, 6))
    END AS discount_base,
    CASE WHEN d.cost_rate = 1 THEN CAST(d.cost AS DECIMAL(18, 6))
      ELSE CAST(round(CAST(d.cost AS DECIMAL(38, 6)) * d.cost_rate, 6) AS DECIMAL(18, 6))
    END AS cost_base
  FROM costed AS d
)

SELECT
  v.date, v.kind, v.source, v.store, v.channel, v.market, v.currency,
  v.order_id, v.order_reference, v.basket, v.customer_source, v.customer_id, v.customer_kind, v.customer_status,
  v.customer_group, v.company, v.product_id, v.variant_id, v.line_id,
  coalesce(v.sku, p.sku) AS sku, coalesce(p.name, v.product_name) AS product_name, p.category, p.brand, v.sales_rep,
  v.transaction_id, v.channel_group, v.source_medium, v.campaign,
  CAST(v.quantity AS DECIMAL(18, 6)) AS quantity, CAST(v.delivered_quantity AS DECIMAL(18, 6)) AS delivered_quantity,
  CAST(v.net AS DECIMAL(18, 6)) AS net, CAST(v.tax AS DECIMAL(18, 6)) AS tax, v.tax_rate,
  v.net_base, v.tax_base, v.discount_base, v.cost_base,
  CAST(v.net_base - v.cost_base AS DECIMAL(18, 6)) AS margin_base,
  CAST(CASE WHEN v.cost_base IS NOT NULL THEN v.net_base ELSE 0 END AS DECIMAL(18, 6)) AS cost_known_net_base,
  CAST(v.order_sequence AS BIGINT) AS order_sequence
FROM valued AS v
LEFT JOIN core.products AS p ON p.source = v.source AND p.product_id = v.product_id AND p.variant_id = v.variant_id
