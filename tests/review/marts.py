"""Marts with just the rows that a test names, in the columns and types that the library itself builds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from echannel_connectors import Company, DuckDB, events
from echannel_connectors.days import Span
from echannel_connectors.models.build import build
from echannel_connectors.review import periods
from echannel_connectors.review.check import Check

TODAY = date(2026, 11, 24)
LONG_AGO = date(2020, 1, 1)


def empty_marts() -> DuckDB:
    """A warehouse in memory in which every mart is there and empty."""
    warehouse = DuckDB(":memory:")
    build(warehouse, [], Company(), None, events.ignore)
    return warehouse


def emptied(warehouse: DuckDB) -> None:
    """Take away every row, and mart.review itself."""
    connection = warehouse._memory
    assert connection is not None
    connection.execute("DROP TABLE IF EXISTS mart.review")
    sql = "SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = 'mart'"
    for name, size in connection.execute(sql).fetchall():
        if size:
            connection.execute(f"DELETE FROM mart.{name}")


def insert(warehouse: DuckDB, mart: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a mart; a column that a row does not name is NULL."""
    connection = warehouse._memory
    assert connection is not None
    names = list(dict.fromkeys(name for row in rows for name in row))
    if names:
        connection.register("rows", pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows]))
        connection.execute(f"INSERT INTO mart.{mart} BY NAME SELECT * FROM rows")
        connection.unregister("rows")


def rows_of(check: Check, written: Sequence[Mapping[str, Any]], today: date = TODAY) -> Iterator[dict[str, Any]]:
    """The rows of a case in cases.yaml, each on a day of the period that it names."""
    home = {"market": "GB" if check.breakdown == "markets_only" else "FR"} if check.breakdown != "none" else {}
    over = periods.finished(check.cadence, today, check.settles)
    for row in written:
        values = {name: value for name, value in row.items() if name not in ("in", "times")}
        days = days_of(str(row.get("in", "")), check, over)
        for day in days:
            dated = {check.date: day} if check.date and day is not None else {}
            yield from [{**home, **dated, **values}] * row.get("times", 1)
    if check.date and written and check.compare != "usual_range":  # the table goes back far enough to compare
        yield {**home, check.date: LONG_AGO, **_neutral(written[0])}


def days_of(word: str, check: Check, over: Span) -> list[date | None]:
    before = periods.previous(check.cadence, over)
    named: dict[str, list[date | None]] = {
        "": [None],
        "over": [over.first],
        "before": [before.first],
        "year_before": [periods.year_before(check.cadence, over).first],
        "each": list(over),
        "each_before": list(before),
        "day_before": [over.first - timedelta(days=1)],
        "usual": [over.first - timedelta(days=n) for n in range(2, 200)],
    }
    return named[word]


def _neutral(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's words, with nothing in its numbers."""
    kept = {name: value for name, value in row.items() if name not in ("in", "times")}
    return {
        name: 0 if isinstance(value, int) and not isinstance(value, bool) else value for name, value in kept.items()
    }
