-- Who owes what, and since when?
-- Grain: one invoice or credit note that is open; the same order's invoices in a second source are left out. open_base: what is
-- open of it, with tax (negative: a credit not yet used); days_overdue: days after due_date, negative before it. bucket:
-- not_due, 1_30, 31_60, 61_90, over_90; a credit note stands in that of its order's invoice. due_date_is_assumed: the document
-- has none, so the customer's days of payment count, else 30 for companies and none for others.
WITH unpaid AS (
  SELECT
    source, invoice_id, number, kind, customer_id, order_id, invoice_date, due_date, due_date_is_assumed, currency,
    amount_gross, amount_open, fx_rate, customer_kind, company, market
  FROM core.waiting_invoices
  WHERE amount_open <> 0
),

invoices_due AS (
  SELECT source, order_id, min(due_date) AS due_date
  FROM unpaid WHERE kind = 'invoice' AND order_id IS NOT NULL GROUP BY source, order_id
),

aged AS (
  SELECT
    d.source, d.invoice_id, d.number, d.kind, d.customer_id, d.order_id, d.invoice_date, d.currency, d.amount_gross,
    d.amount_open, d.fx_rate, d.customer_kind, d.company, d.market, d.due_date_is_assumed,
    CASE WHEN d.kind = 'credit_note' THEN coalesce(v.due_date, d.due_date) ELSE d.due_date END AS due_date
  FROM unpaid AS d
  LEFT JOIN invoices_due AS v ON v.source = d.source AND v.order_id = d.order_id
),

late AS (
  SELECT *, CAST(date_diff('day', due_date, CAST(:today AS DATE)) AS BIGINT) AS days_overdue FROM aged
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
FROM late
