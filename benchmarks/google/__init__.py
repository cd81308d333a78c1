"""BigQuery: rows from an Arrow table into a table, beside pandas-gbq and dlt, on one emulator."""
