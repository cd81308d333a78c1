-- Who owes what, and since when?
-- Grain: one invoice or credit note that is open; the same order's invoices in a second source are left out. open_base: what is
-- open of it, with tax (negative: a credit not yet used); days_overdue: days after due_date, negative before it. bucket:
-- not_due, 1_30, 31_60, 61_90, over_90; a credit note stands in that of its order's invoice. due_date_is_assumed: the document
-- has none, so the customer's days of payment count, else 30 for companies and none for others.
WITH invoiced_elsewhere AS (
  SELECT o.source, o.order_id
  FROM core.orders AS o
  JOIN core.invoices AS i ON i.source = o.duplicate_of_source AND i.order_id = o.duplicate_of_order_id
  WHERE o.duplicate_of_order_id IS NOT NULL AND i._deleted_at IS NULL AND i.kind = 'invoice'
  GROUP BY o.source, o.order_id
),

dated AS (
  SELECT
    i.source, i.invoice_id, i.number, i.kind, i.customer_id, i.order_id, i.invoice_date, i.currency, i.amount_gross,
    i.amount_open, i.fx_rate, c.kind AS customer_kind, c.company, coalesce(o.country, c.country) AS market,
    coalesce(i.due_date, i.invoice_date + CAST(
      coalesce(c.payment_days, CASE WHEN c.kind = 'b2b' THEN 30 ELSE 0 END) AS INTEGER
    )) AS due_date,
    i.due_date IS NULL AS due_date_is_assumed
  FROM core.invoices AS i
  LEFT JOIN core.customers AS c ON c.source = i.source AND c.customer_id = i.customer_id
  LEFT JOIN core.orders AS o ON o.source = i.source AND o.order_id = i.order_id
  LEFT JOIN invoiced_elsewhere AS n ON n.source = i.source AND n.order_id = i.order_id
  WHERE i._deleted_at IS NULL AND i.status IN ('open', 'paid') AND i.amount_open <> 0 AND n.order_id IS NULL
),

invoices_due AS (
  SELECT source, order_id, min(due_date) AS due_date
  FROM dated WHERE kind = 'invoice' AND order_id IS NOT NULL GROUP BY source, order_id
),

aged AS (
  SELECT
    d.source, d.invoice_id, d.number, d.kind, d.customer_id, d.order_id, d.invoice_date, d.currency, d.amount_gross,
    d.amount_open, d.fx_rate, d.customer_kind, d.company, d.market, d.due_date_is_assumed,
    CASE WHEN d.kind = 'credit_note' THEN coalesce(v.due_date, d.due_date) ELSE d.due_date END AS due_date
  FROM dated AS d
  LEFT JOIN invoices_due AS v ON v.source = d.source AND v.order_id = d.order_id
),

valued AS (
  SELECT
    a.source, a.invoice_id, a.number, a.kind, a.customer_id, a.order_id, a.invoice_date, a.due_date, a.due_date_is_assumed,
    a.currency, a.amount_gross, a.amount_open, a.customer_kind, a.company, a.market,
    CASE WHEN a.currency = :currency THEN coalesce(a.fx_rate, 1) ELSE coalesce(a.fx_rate, r.rate) END AS fx_rate,
    CAST(date_diff('day', a.due_date, CAST(:today AS DATE)) AS BIGINT) AS days_overdue
  FROM aged AS a
  LEFT JOIN mart.rates AS r ON r.currency = a.currency AND r.date = a.invoice_date
)

SELECT
  source, invoice_id, number, kind, invoice_date, due_date, due_date_is_assumed, order_id, customer_id,
  customer_kind, CASE WHEN customer_kind = 'b2b' THEN company END AS company, market, currency, amount_gross, amount_open,
  CAST(round(CAST(amount_gross AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6)) AS gross_base,
  CAST(round(CAST(amount_open AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6)) AS open_base,
  days_overdue,
  CASE
    WHEN days_overdue <= 0 THEN 'not_due'
    WHEN days_overdue <= 30 THEN '1_30'
    WHEN days_overdue <= 60 THEN '31_60'
    WHEN days_overdue <= 90 THEN '61_90'
    ELSE 'over_90'
  END AS bucket
FROM valued
