-- Do customers come back, and what have they brought by then?
-- Grain: cohort_month (month of a customer's first order), market (of that order), months since; every month until now has a
-- row. customers: the whole cohort, the same on each of its rows (do not add them up over months); returning_customers: those
-- of them who ordered in that month (month 0: all). net_base, margin_base, orders: of the orders of that month; refunds_base
-- (<= 0): refunded in that month; contribution_base as in mart.customers, by the month of the order. is_complete: that month
-- is over.
WITH sizes AS (
  SELECT cohort_month, first_market AS market, count(*) AS customers
  FROM mart.customers
  GROUP BY cohort_month, first_market
),

digits AS (
  SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d(n)
),

numbers AS (
  SELECT CAST(a.n + 10 * b.n + 100 * c.n AS BIGINT) AS n
  FROM digits AS a
  CROSS JOIN digits AS b
  CROSS JOIN digits AS c
),

happened AS (
  SELECT
    cohort_month, market, months_since, customers AS returning_customers, orders, net_base,
    CAST(0 AS DECIMAL(18, 6)) AS refunds_base, margin_base, contribution_base
  FROM core.cohort_sums
  UNION ALL
  SELECT
    c.cohort_month, c.first_market, greatest(date_diff('month', c.cohort_month, s.date), 0), 0, 0, 0, s.net_base, 0, 0
  FROM mart.sales AS s
  JOIN mart.customers AS c ON c.source = s.customer_source AND c.customer_id = s.customer_id
  WHERE s.kind = 'refund'
),

summed AS (
  SELECT
    cohort_month, market, months_since, sum(returning_customers) AS returning_customers, sum(orders) AS orders,
    sum(net_base) AS net_base, sum(refunds_base) AS refunds_base, sum(margin_base) AS margin_base,
    sum(contribution_base) AS contribution_base
  FROM happened
  GROUP BY cohort_month, market, months_since
)

SELECT
  s.cohort_month, s.market, n.n AS months_since,
  CAST(s.customers AS BIGINT) AS customers,
  CAST(coalesce(h.returning_customers, 0) AS BIGINT) AS returning_customers,
  CAST(coalesce(h.orders, 0) AS BIGINT) AS orders,
  CAST(coalesce(h.net_base, 0) AS DECIMAL(18, 6)) AS net_base,
  CAST(coalesce(h.refunds_base, 0) AS DECIMAL(18, 6)) AS refunds_base,
  CAST(coalesce(h.margin_base, 0) AS DECIMAL(18, 6)) AS margin_base,
  CAST(coalesce(h.contribution_base, 0) AS DECIMAL(18, 6)) AS contribution_base,
  n.n < date_diff('month', s.cohort_month, CAST(:today AS DATE)) AS is_complete
FROM sizes AS s
CROSS JOIN numbers AS n
LEFT JOIN summed AS h
  ON h.cohort_month = s.cohort_month AND coalesce(h.market, '') = coalesce(s.market, '') AND h.months_since = n.n
-- Documents with a day ahead are there, too.
WHERE n.n <= date_diff('month', s.cohort_month, CAST(:today AS DATE)) OR h.months_since IS NOT NULL
