"""The file is free while a source is read: people look at the figures while a sync runs again and again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.testing.shop import FakeShop
from tests.watching import place_order, watching


@pytest.mark.slow
def test_two_hundred_queries_during_a_minute_of_watch(shop_a: FakeShop, tmp_path: Path) -> None:
    """`sync --watch 1` beside a preview that asks all the time: no query fails, and a new order appears."""
    with watching(shop_a, tmp_path) as warehouse:
        number = place_order(shop_a)
        seen = [ask(warehouse, number) for _ in pace(200, 60)]
    assert len(seen) == 200
    assert seen[-1] == 1


def ask(warehouse: DuckDB, number: int) -> int:
    rows = warehouse.query("SELECT count(*) AS n FROM mart.orders WHERE order_id = ?", [str(number)]).read_all()
    count: int = rows["n"][0].as_py()
    return count


def pace(times: int, seconds: float):  # type: ignore[no-untyped-def]  # a generator of nothing
    start = time.monotonic()
    for turn in range(times):
        time.sleep(max(0.0, start + turn * seconds / times - time.monotonic()))
        yield
