-- Can the figures be trusted?
-- Grain: check, source and date. Each check fills its own columns, 0 stands in the others:
-- orders_complete, visits_complete: days_expected (weekdays that had rows in most of the last 8 weeks; the last 400 days, not
-- today) and days_complete. web_match: matchable baskets and those that GA4's transaction ids match. order_match: web
-- orders of a source that the company's rules (matches) look for in another one, and those that were found there. totals: documents of the day,
-- their own totals (source_total_base, without tax), the marts' (mart_total_base), and differing_documents: whose lines and
-- shipping leave more than a cent of the total unexplained (a yen, a thousandth of a dinar). rates: rows_without_rate, in no total. set_aside: rows that could
-- not be represented, on the day they were found. templates: `source` is a report; its template_fields, those that are
-- missing or of another type (template_problems), the tables of it that are empty, and a note that names what was found.
WITH digits AS (
  SELECT d.n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d(n)
),

days AS (
  SELECT CAST(:today AS DATE) - CAST(a.n + 10 * b.n + 100 * c.n AS INTEGER) AS date
  FROM digits AS a
  CROSS JOIN digits AS b
  CROSS JOIN digits AS c
  WHERE a.n + 10 * b.n + 100 * c.n BETWEEN 1 AND 456
),

seen AS (
  SELECT 'orders_complete' AS check_id, source, date FROM core.order_sums GROUP BY source, date
  UNION ALL
  SELECT 'visits_complete', source, date FROM core.traffic WHERE _deleted_at IS NULL GROUP BY source, date
),

begun AS (
  SELECT check_id, source, min(date) AS first_day FROM seen GROUP BY check_id, source
),

calendar AS (
  SELECT
    b.check_id, b.source, d.date, CASE WHEN s.date IS NULL THEN 0 ELSE 1 END AS is_there,
    date_diff('day', d.date, CAST(:today AS DATE)) % 7 AS weekday
  FROM begun AS b
  JOIN days AS d ON d.date >= b.first_day
  LEFT JOIN seen AS s ON s.check_id = b.check_id AND s.source = b.source AND s.date = d.date
),

usual AS (
  SELECT
    check_id, source, date, is_there,
    coalesce(sum(is_there) OVER (
      PARTITION BY check_id, source, weekday ORDER BY date ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING
    ), 0) AS times,
    count(*) OVER (
      PARTITION BY check_id, source, weekday ORDER BY date ROWS BETWEEN 8 PRECEDING AND 1 PRECEDING
    ) AS weeks
  FROM calendar
),

-- Documents whose lines and shipping leave more than a cent of their total; where there are none, more than a whole unit.
differing AS (
  SELECT source, date, order_id
  FROM mart.sales
  WHERE kind = 'rounding'
  GROUP BY source, date, order_id
  HAVING abs(sum(net)) > CASE
    WHEN max(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF')
      THEN CAST(1 AS DECIMAL(18, 6))
    WHEN max(currency) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN CAST(0.001 AS DECIMAL(18, 6))
    ELSE CAST(0.01 AS DECIMAL(18, 6))
  END
),

parts AS (
  SELECT
    check_id, source, date,
    is_there AS days_complete, CASE WHEN is_there = 1 OR 2 * times > weeks THEN 1 ELSE 0 END AS days_expected,
    0 AS matchable, 0 AS matched, 0 AS documents, 0 AS differing_documents,
    CAST(0 AS DECIMAL(18, 6)) AS source_total_base, CAST(0 AS DECIMAL(18, 6)) AS mart_total_base,
    0 AS rows_without_rate, 0 AS rows_set_aside
  FROM usual
  WHERE date >= CAST(:today AS DATE) - 400
  UNION ALL
  -- A basket counts once.
  SELECT 'web_match', source, date, 0, 0, matchable_orders, matched_orders, 0, 0, 0, 0, 0, 0
  FROM core.order_sums WHERE matchable_orders > 0
  UNION ALL
  SELECT
    'web_match', source, date, 0, 0, 1 - count(*), CASE WHEN bool_or(is_matched) THEN 1 - count(*) ELSE 0 END, 0, 0, 0, 0, 0, 0
  FROM core.split_orders WHERE is_matchable GROUP BY source, date, basket
  UNION ALL
  SELECT
    'order_match', source, order_date, 0, 0, count(*), count(duplicate_of_order_id), 0, 0, 0, 0, 0, 0
  FROM core.orders
  WHERE _deleted_at IS NULL AND is_sale AND :matching LIKE '%,' || source || ',%'
    AND (duplicate_of_order_id IS NOT NULL OR channel IN ('b2c_web', 'b2b_web'))
  GROUP BY source, order_date
  UNION ALL
  SELECT
    'totals', source, date, 0, 0, 0, 0, orders, 0, source_total_base, net_base + shipping_base, 0, 0
  FROM core.order_sums
  UNION ALL
  SELECT 'totals', source, date, 0, 0, 0, 0, 0, count(*), 0, 0, 0, 0 FROM differing GROUP BY source, date
  UNION ALL
  SELECT 'rates', source, date, 0, 0, 0, 0, 0, 0, 0, 0, count(*), 0
  FROM mart.sales WHERE net IS NOT NULL AND net_base IS NULL GROUP BY source, date
  UNION ALL
  SELECT
    'set_aside', split_part(stream, '__', 1), CAST(timezone(:time_zone, found_at) AS DATE), 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*)
  FROM echannel.set_aside GROUP BY split_part(stream, '__', 1), CAST(timezone(:time_zone, found_at) AS DATE)
  UNION ALL
  SELECT 'templates', template, CAST(:today AS DATE), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM echannel.templates
),

added_up AS (
  SELECT
    check_id, source, date, sum(days_complete) AS days_complete, sum(days_expected) AS days_expected,
    sum(matchable) AS matchable, sum(matched) AS matched, sum(documents) AS documents,
    sum(differing_documents) AS differing_documents, sum(source_total_base) AS source_total_base,
    sum(mart_total_base) AS mart_total_base, sum(rows_without_rate) AS rows_without_rate, sum(rows_set_aside) AS rows_set_aside
  FROM parts
  GROUP BY check_id, source, date
)

SELECT
  p.check_id, p.source, p.date,
  CAST(p.days_complete AS BIGINT) AS days_complete, CAST(p.days_expected AS BIGINT) AS days_expected,
  CAST(p.matchable AS BIGINT) AS matchable, CAST(p.matched AS BIGINT) AS matched,
  CAST(p.documents AS BIGINT) AS documents, CAST(p.differing_documents AS BIGINT) AS differing_documents,
  CAST(coalesce(p.source_total_base, 0) AS DECIMAL(18, 6)) AS source_total_base,
  CAST(coalesce(p.mart_total_base, 0) AS DECIMAL(18, 6)) AS mart_total_base,
  CAST(p.rows_without_rate AS BIGINT) AS rows_without_rate, CAST(p.rows_set_aside AS BIGINT) AS rows_set_aside,
  CAST(coalesce(t.fields, 0) AS BIGINT) AS template_fields, CAST(coalesce(t.problems, 0) AS BIGINT) AS template_problems,
  CAST(coalesce(t.empty_tables, 0) AS BIGINT) AS template_empty_tables, t.note
FROM added_up AS p
LEFT JOIN echannel.templates AS t ON p.check_id = 'templates' AND t.template = p.source
WHERE p.check_id = 'templates'
  OR p.days_expected + p.days_complete + p.matchable + p.documents + p.rows_without_rate + p.rows_set_aside > 0
