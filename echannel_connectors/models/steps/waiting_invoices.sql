-- Which invoices wait for their money, or did after their day?
-- Grain: one invoice or credit note that is open or was paid later than on its day; the same order's invoices in a second source
-- are left out. paid_on: NULL while anything of it is open. due_date_is_assumed: the document has none, so the customer's days
-- of payment count, else 30 for companies and none for others. fx_rate: reporting currency for one unit of its own.
WITH invoiced_elsewhere AS (
  SELECT o.source, o.order_id
  FROM core.orders AS o
  JOIN core.invoices AS i ON i.source = o.duplicate_of_source AND i.order_id = o.duplicate_of_order_id
  WHERE o.duplicate_of_order_id IS NOT NULL AND i._deleted_at IS NULL AND i.kind = 'invoice' AND i.status IN ('open', 'paid')
  GROUP BY o.source, o.order_id
),

-- Few of a shop's invoices: these alone are looked up.
waiting AS (
  SELECT
    source, invoice_id, number, kind, order_id, customer_id, invoice_date, due_date, currency, fx_rate, amount_gross,
    amount_open,
    CASE WHEN amount_open = 0 THEN coalesce(CAST(timezone(:time_zone, paid_at) AS DATE), invoice_date) END AS paid_on
  FROM core.invoices
  WHERE _deleted_at IS NULL AND status IN ('open', 'paid')
    AND (amount_open <> 0 OR amount_open IS NULL OR CAST(timezone(:time_zone, paid_at) AS DATE) > invoice_date)
)

SELECT
  i.source, i.invoice_id, i.number, i.kind, i.order_id, i.customer_id, c.kind AS customer_kind, c.company,
  coalesce(o.country, c.country) AS market, i.invoice_date, i.paid_on,
  coalesce(i.due_date, i.invoice_date + CAST(
    coalesce(c.payment_days, CASE WHEN c.kind = 'b2b' THEN 30 ELSE 0 END) AS INTEGER
  )) AS due_date,
  i.due_date IS NULL AS due_date_is_assumed, i.currency,
  CASE WHEN i.currency = :currency THEN coalesce(i.fx_rate, 1) ELSE coalesce(i.fx_rate, r.rate) END AS fx_rate,
  i.amount_gross, i.amount_open
FROM waiting AS i
LEFT JOIN core.customers AS c ON c.source = i.source AND c.customer_id = i.customer_id
LEFT JOIN core.orders AS o ON o.source = i.source AND o.order_id = i.order_id
LEFT JOIN invoiced_elsewhere AS n ON n.source = i.source AND n.order_id = i.order_id
LEFT JOIN mart.rates AS r ON r.currency = i.currency AND r.date = i.invoice_date
WHERE n.order_id IS NULL
