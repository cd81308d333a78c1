"""The whole table of order lines into a DuckDB file: PostgreSQL and MariaDB, beside the wire alone and the peers."""

from __future__ import annotations

from benchmarks import report
from benchmarks.environments import NotHere
from benchmarks.erp.running import against, side_by_side, table
from benchmarks.erp.world import mariadb, postgres


def run_postgres(*, full: bool) -> None:
    lines = 2_000_000 if full else 200_000
    with postgres(lines) as books:
        found = side_by_side(books, ("ours", "unparsed", "wire", "duckdb_postgres", "adbc", "dlt"))
    table(f"PostgreSQL → DuckDB file, {lines:,} order lines × 16 columns, whole processes", found)
    against(found, "wire", 1.4, "at most 1.4 times the wire alone (COPY binary, thrown away)")
    against(found, "duckdb_postgres", 1.0, "not slower than DuckDB's own postgres extension (duckdb 1.5.5)")
    against(found, "adbc", 1 / 1.8, "at least 1.8 times as fast as ADBC → DuckDB, with exact decimals")
    against(found, "dlt", 1 / 6, "at least 6 times as fast as dlt sql_table, pyarrow backend")
    if "dlt" in found and "ours" in found:
        figure = f"{found['ours'].peak:.0f} and {found['dlt'].peak:.0f} MiB"
        report.verdict("at most dlt's memory", figure, met=found["ours"].peak <= found["dlt"].peak)


def run_mariadb(*, full: bool) -> None:
    lines = 2_000_000 if full else 200_000
    try:
        with mariadb(lines) as books:
            found = side_by_side(books, ("ours", "wire", "connectorx", "duckdb_mysql"))
    except NotHere as why:
        report.say(f"MariaDB: {why}")
        return
    table(f"MariaDB → DuckDB file, {lines:,} order lines × 16 columns, whole processes", found)
    against(found, "wire", 1.5, "at most 1.5 times the wire alone (the client's text, thrown away)")
    against(found, "connectorx", 1.0, "not slower than ConnectorX's stream, with the declared decimals")
    against(found, "duckdb_mysql", 1 / 1.8, "at least 1.8 times as fast as DuckDB's mysql extension")
