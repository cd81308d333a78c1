-- What was each currency worth on each day?
-- Grain: day and currency, the reporting currency left out; the last 10,000 days. rate: reporting currency for one unit of
-- currency; it holds from the day on which it was told (known_on) until another is. The company's own file comes before what
-- sources say, from its first day of that currency on.
-- A document has its own rate; this one values what has none: documents without, costs, stock, purchases, advertising.
WITH told AS (
  SELECT
    -- One from before the days that are shown holds on the first of them.
    greatest(date, CAST(:today AS DATE) - 9999) AS day, date AS known_on, currency, rate, source,
    min(CASE WHEN source = 'company' THEN date END) OVER (PARTITION BY currency) AS own_since
  FROM core.fx_rates
  WHERE _deleted_at IS NULL AND currency <> :currency AND rate > 0 AND date <= CAST(:today AS DATE)
),

known AS (
  SELECT day AS date, currency, rate, source, known_on
  FROM told
  WHERE source = 'company' OR own_since IS NULL OR known_on < own_since
  QUALIFY row_number() OVER (PARTITION BY day, currency ORDER BY known_on DESC, source) = 1
),

since AS (
  SELECT currency, min(date) AS first_day FROM known GROUP BY currency
),

digits AS (
  SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d(n)
),

days AS (
  SELECT CAST(:today AS DATE) - CAST(a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS INTEGER) AS date
  FROM digits AS a
  CROSS JOIN digits AS b
  CROSS JOIN digits AS c
  CROSS JOIN digits AS d
),
held AS (
  SELECT
    d.date, s.currency,
    max(CASE WHEN k.rate IS NOT NULL THEN d.date END) OVER (
      PARTITION BY s.currency ORDER BY d.date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS since
  FROM since AS s
  JOIN days AS d ON d.date >= s.first_day
  LEFT JOIN known AS k ON k.currency = s.currency AND k.date = d.date
)

SELECT h.date, h.currency, k.rate, k.known_on, k.source
FROM held AS h
JOIN known AS k ON k.currency = h.currency AND k.date = h.since
