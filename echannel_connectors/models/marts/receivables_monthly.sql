-- How long do customers take to pay, month by month?
-- Grain: month (the last 36), source, market and customer kind. open_base: owed at the month's end (today in the current one),
-- with tax; overdue_base: what of it was due by then; credit_sales_base: invoiced in the 90 days up to then and not paid on the
-- day itself, credit notes taken off. dso_days = 90 x open_base / credit_sales_base, in whole days; NULL without credit sales: a
-- total over several rows divides their sums. An invoice that is paid in part counts with what is open of it today.
WITH digits AS (
  SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d(n)
),

months AS (
  SELECT
    CAST(date_trunc('month', CAST(:today AS DATE)) - INTERVAL (a.n + 10 * b.n) MONTH AS DATE) AS month,
    least(
      CAST(date_trunc('month', CAST(:today AS DATE)) - INTERVAL (a.n + 10 * b.n - 1) MONTH AS DATE) - 1,
      CAST(:today AS DATE)
    ) AS last_day
  FROM digits AS a
  CROSS JOIN digits AS b
  WHERE a.n + 10 * b.n < 36
),

credit AS (
  SELECT
    source, market, customer_kind, invoice_date, due_date, paid_on,
    CAST(round(CAST(amount_gross AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6)) AS gross_base,
    CAST(round(
      CAST(CASE WHEN amount_open = 0 THEN amount_gross ELSE amount_open END AS DECIMAL(38, 6)) * fx_rate, 6
    ) AS DECIMAL(18, 6)) AS open_base
  FROM core.waiting_invoices
),

days AS (
  SELECT source, market, customer_kind, invoice_date, sum(gross_base) AS gross_base
  FROM credit
  WHERE invoice_date > CAST(:today AS DATE) - INTERVAL 40 MONTH
  GROUP BY source, market, customer_kind, invoice_date
),

sums AS (
  SELECT
    m.month, c.source, c.market, c.customer_kind, sum(c.open_base) AS open_base,
    sum(CASE WHEN c.due_date <= m.last_day THEN c.open_base ELSE 0 END) AS overdue_base, 0 AS credit_sales_base
  FROM credit AS c
  JOIN months AS m ON m.last_day >= c.invoice_date AND (c.paid_on IS NULL OR c.paid_on > m.last_day)
  GROUP BY m.month, c.source, c.market, c.customer_kind
  UNION ALL
  SELECT m.month, d.source, d.market, d.customer_kind, 0, 0, sum(d.gross_base)
  FROM days AS d
  JOIN months AS m ON d.invoice_date <= m.last_day AND d.invoice_date > m.last_day - 90
  GROUP BY m.month, d.source, d.market, d.customer_kind
),

summed AS (
  SELECT
    month, source, market, customer_kind,
    sum(open_base) AS open_base, sum(overdue_base) AS overdue_base, sum(credit_sales_base) AS credit_sales_base
  FROM sums
  GROUP BY month, source, market, customer_kind
)

SELECT
  month, source, market, customer_kind, CAST(open_base AS DECIMAL(18, 6)) AS open_base,
  CAST(overdue_base AS DECIMAL(18, 6)) AS overdue_base, CAST(credit_sales_base AS DECIMAL(18, 6)) AS credit_sales_base,
  CASE WHEN credit_sales_base > 0 THEN CAST(
    CAST(open_base * 1000000 AS HUGEINT) * 90 // CAST(credit_sales_base * 1000000 AS HUGEINT) AS BIGINT
  ) END AS dso_days
FROM summed
