-- How old are the figures?
-- Grain: source and stream. rows: those that the source has now; lag_hours: hours since the stream was last read without an error.
SELECT
  s.source, s.stream, s.last_success,
  s.rows,
  CAST(CAST(date_diff('minute', s.last_success, now()) AS DECIMAL(18, 6)) * CAST(0.016667 AS DECIMAL(18, 6)) AS DECIMAL(18, 6)) AS lag_hours,
  n.newest_record, s.failures, s.note
FROM echannel.streams AS s
LEFT JOIN (
  SELECT source, 'orders' AS stream, max(ordered_at) AS newest_record FROM core.orders GROUP BY source
) AS n ON n.source = s.source AND n.stream = s.stream
