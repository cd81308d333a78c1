-- Do suppliers deliver what was ordered, when they said?
-- Grain: one line of a purchase order, drafts and cancelled ones left out. lead_time_days: from the order to the receipt, for an
-- open line to today (is_open says so). delay_days: receipt (today while it is open) after expected_on, negative when early;
-- is_due: was to be here by today; is_on_time: and was. filled_quantity of quantity: the fill rate; value_base: ordered.
WITH lines AS (
  SELECT
    l.source, l.purchase_id, l.line_id, l.supplier_id, u.name AS supplier, l.product_id, l.variant_id, p.sku,
    p.name AS product_name, p.category, p.brand, l.warehouse_id, l.status, l.quantity,
    coalesce(l.received_quantity, CASE WHEN l.status = 'received' THEN l.quantity ELSE 0 END) AS received_quantity,
    l.unit_cost, l.currency, u.lead_time_days AS promised_lead_time_days,
    CAST(timezone(:time_zone, l.ordered_at) AS DATE) AS ordered_on,
    CAST(timezone(:time_zone, l.expected_at) AS DATE) AS expected_on,
    CAST(timezone(:time_zone, l.received_at) AS DATE) AS received_on
  FROM core.purchase_lines AS l
  LEFT JOIN core.suppliers AS u ON u.source = l.source AND u.supplier_id = l.supplier_id
  LEFT JOIN core.products AS p ON p.source = l.source AND p.product_id = l.product_id AND p.variant_id = l.variant_id
  WHERE l._deleted_at IS NULL AND l.status IN ('ordered', 'received')
),

stated AS (
  SELECT
    *,
    status = 'ordered' AND received_quantity < quantity AS is_open,
    CASE WHEN status = 'ordered' AND received_quantity < quantity THEN CAST(:today AS DATE) ELSE received_on END AS until
  FROM lines
)

SELECT
  s.ordered_on AS date, s.source, s.purchase_id, s.line_id, s.supplier_id, s.supplier, s.product_id, s.variant_id, s.sku,
  s.product_name, s.category, s.brand, s.warehouse_id, s.status, s.is_open, s.expected_on, s.received_on,
  s.quantity, s.received_quantity, CAST(least(s.received_quantity, s.quantity) AS DECIMAL(18, 6)) AS filled_quantity,
  s.unit_cost, s.currency,
  CAST(round(
    CAST(round(CAST(s.quantity AS DECIMAL(38, 6)) * s.unit_cost, 6) AS DECIMAL(38, 6))
    * CASE WHEN s.currency = :currency THEN 1 ELSE r.rate END, 6
  ) AS DECIMAL(18, 6)) AS value_base,
  CAST(date_diff('day', s.ordered_on, s.until) AS BIGINT) AS lead_time_days,
  CAST(s.promised_lead_time_days AS BIGINT) AS promised_lead_time_days,
  CAST(date_diff('day', s.expected_on, s.until) AS BIGINT) AS delay_days,
  coalesce(s.expected_on <= CAST(:today AS DATE), FALSE) AS is_due,
  coalesce(s.expected_on <= CAST(:today AS DATE) AND NOT s.is_open AND s.received_on <= s.expected_on, FALSE) AS is_on_time
FROM stated AS s
LEFT JOIN mart.rates AS r ON r.currency = s.currency AND r.date = s.ordered_on
