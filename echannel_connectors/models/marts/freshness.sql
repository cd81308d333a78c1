-- How old are the figures?
-- Grain: source and stream. lag_hours: hours since the stream was last read without an error.
SELECT
  s.source, s.stream, s.last_success,
  CAST(coalesce(r.rows, 0) AS BIGINT) AS rows,
  CAST(date_diff('minute', s.last_success, now()) AS DECIMAL(18, 6)) * CAST(0.016667 AS DECIMAL(18, 6)) AS lag_hours,
  n.newest_record, s.failures, s.note
FROM echannel.streams AS s
LEFT JOIN (
  SELECT replace(stream, '__', '.') AS stream, max(committed_at) AS committed_at, sum(commits) AS rows
  FROM echannel.slices GROUP BY stream
) AS r ON r.stream = s.source || '.' || s.stream
LEFT JOIN (
  SELECT source, 'orders' AS stream, max(ordered_at) AS newest_record FROM core.orders GROUP BY source
) AS n ON n.source = s.source AND n.stream = s.stream
