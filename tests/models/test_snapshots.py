"""Stock of each day, of every source that was read on it, however the day's runs are spread."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from echannel_connectors import DuckDB, Erp, sync
from echannel_connectors.events import Built, Event

SPEC = """connector: tiny
dialect: sqlite
tables:
  stock_levels:
    from: stock
    key: [product, "''", "''"]
    columns: {on_hand: {sql: pieces, scale: 6}}
"""


@pytest.fixture
def books(tmp_path: Path) -> dict[str, Erp]:
    file = tmp_path / "books.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript("CREATE TABLE stock (product TEXT, pieces INTEGER); INSERT INTO stock VALUES ('T', 7)")
    (tmp_path / "tiny.yaml").write_text(SPEC, encoding="utf-8")
    return {name: Erp.from_yaml(tmp_path / "tiny.yaml", url=f"sqlite:///{file}", name=name) for name in ("one", "two")}


def test_a_source_that_is_read_later_the_same_day_has_its_stock_kept(books: dict[str, Erp]) -> None:
    into, events = DuckDB(":memory:"), list[Event]()
    for hour, names in ((6, ["one"]), (12, ["two"]), (18, ["one", "two"])):
        with time_machine.travel(datetime(2026, 11, 25, hour, tzinfo=UTC), tick=False):
            events.clear()
            sync(*(books[name] for name in names), into=into, on_event=events.append)
    # The third run has nothing new.
    assert not any(isinstance(event, Built) for event in events)
    for hour, name in ((6, "one"), (12, "two")):  # the next day, without any change
        with time_machine.travel(datetime(2026, 11, 26, hour, tzinfo=UTC), tick=False):
            sync(books[name], into=into)
    kept: list[dict[str, Any]] = (
        into.query("SELECT date::VARCHAR AS day, source, on_hand FROM echannel.stock_snapshots ORDER BY ALL")
        .read_all()
        .to_pylist()
    )
    assert [(row["day"], row["source"], int(row["on_hand"])) for row in kept] == [
        ("2026-11-25", "one", 7), ("2026-11-25", "two", 7), ("2026-11-26", "one", 7), ("2026-11-26", "two", 7),
    ]  # fmt: skip
    days = "SELECT count(DISTINCT date || source) AS n FROM mart.inventory_daily"
    assert into.query(days).read_all()["n"].to_pylist() == [4]
