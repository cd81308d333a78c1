-- How does each order stand: its value, its refunds, how fast it was shipped and paid?
-- Grain: one order that counts as a sale. net_base: sale rows; shipping_base: shipping and rounding rows; refunds_base <= 0.
-- days_to_ship, days_to_pay: whole days since the order; open_value_base: the net of what is not delivered yet.
WITH money AS (
  SELECT
    source, order_id,
    sum(quantity) FILTER (WHERE kind = 'sale') AS units,
    sum(net) FILTER (WHERE kind = 'sale') AS net,
    sum(net_base) FILTER (WHERE kind = 'sale') AS net_base,
    sum(net_base) FILTER (WHERE kind = 'refund') AS refunds_base,
    sum(net_base) FILTER (WHERE kind IN ('shipping', 'rounding')) AS shipping_base,
    sum(tax_base) FILTER (WHERE kind = 'sale') AS tax_base,
    sum(discount_base) FILTER (WHERE kind = 'sale') AS discount_base,
    sum(cost_base) FILTER (WHERE kind = 'sale') AS cost_base,
    sum(margin_base) FILTER (WHERE kind = 'sale') AS margin_base,
    sum(cost_known_net_base) FILTER (WHERE kind = 'sale') AS cost_known_net_base,
    max(order_sequence) AS order_sequence, max(customer_status) AS customer_status,
    max(customer_kind) AS customer_kind, max(customer_group) AS customer_group, max(company) AS company
  FROM mart.sales
  WHERE order_id IS NOT NULL
  GROUP BY source, order_id
),

delivered AS (
  SELECT
    source, order_id,
    -- What nothing delivers (NULL: a service, a free line) is neither missing nor waited for.
    bool_and(delivered_quantity >= quantity) AS in_full,
    sum(CASE WHEN delivered_quantity = 0 THEN amount_net ELSE 0 END) AS open_net
  FROM core.order_lines
  WHERE _deleted_at IS NULL
  GROUP BY source, order_id
)

SELECT
  o.order_date AS date, o.source, o.store, o.channel, o.country AS market, o.currency, o.order_id,
  o.reference AS order_reference, o.basket, o.status, o.source_status, m.customer_kind, m.customer_status,
  m.customer_group, m.company, o.sales_rep, m.order_sequence,
  m.units, m.net, o.total_net, o.total_gross, m.net_base, coalesce(m.refunds_base, 0) AS refunds_base,
  coalesce(m.shipping_base, 0) AS shipping_base, m.tax_base, m.discount_base, m.cost_base, m.margin_base,
  m.cost_known_net_base,
  CAST(round(CAST(o.store_credit_net AS DECIMAL(38, 6)) * o.fx_rate, 6) AS DECIMAL(18, 6)) AS store_credit_base,
  date_diff('day', o.ordered_at, o.shipped_at) AS days_to_ship,
  date_diff('day', o.ordered_at, o.paid_at) AS days_to_pay,
  coalesce(o.delivered_at, o.shipped_at) <= o.promised_at AS on_time,
  d.in_full,
  o.status IN ('confirmed') AS is_open,
  CASE WHEN o.status = 'confirmed'
    THEN CAST(round(CAST(coalesce(d.open_net, 0) AS DECIMAL(38, 6)) * o.fx_rate, 6) AS DECIMAL(18, 6)) ELSE 0
  END AS open_value_base
FROM core.orders AS o
JOIN money AS m ON m.source = o.source AND m.order_id = o.order_id
LEFT JOIN delivered AS d ON d.source = o.source AND d.order_id = o.order_id
WHERE o.is_sale AND o._deleted_at IS NULL AND o.duplicate_of_order_id IS NULL
