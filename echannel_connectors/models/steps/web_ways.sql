-- Does a shop tell GA4 the ids or the references of its orders?
-- Grain: a pair of GA4 and a shop. told: whichever of the two matches more; place: of the shop among those of the same GA4, by
-- how many transactions match.
SELECT
  web_source, source, told,
  row_number() OVER (PARTITION BY web_source ORDER BY transactions DESC, source) AS place
FROM (
  SELECT web_source, source, told, transactions
  FROM core.web_counts
  QUALIFY row_number() OVER (PARTITION BY web_source, source ORDER BY transactions DESC, told) = 1
) AS w
