"""What the tests of the PrestaShop source share: moved clocks, silent edits, and what a warehouse holds of a shop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import time_machine

from echannel_connectors import DuckDB
from echannel_connectors.testing.shop import FakeShop

RECORDED_UNTIL = datetime(2026, 11, 1, 18, tzinfo=UTC)  # shop A was recorded before that evening


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """The time of this program; it goes on from there."""
    with time_machine.travel(moment, tick=True):
        yield


def live(warehouse: DuckDB, stream: str) -> list[tuple[object, ...]]:
    """The rows of a raw table that are not marked as deleted, in the order of their ids."""
    sql = f'SELECT * EXCLUDE (_changed_at, _deleted_at) FROM raw."shop__{stream}" WHERE _deleted_at IS NULL ORDER BY id'
    return [tuple(row.values()) for row in warehouse.query(sql).read_all().to_pylist()]


def streams(warehouse: DuckDB) -> list[str]:
    """The streams of the shop that the warehouse has tables of."""
    sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw' ORDER BY table_name"
    return [name.removeprefix("shop__") for name in warehouse.query(sql).read_all().column(0).to_pylist()]


def requests_of(shop: FakeShop, since: int, word: str = "") -> list[str]:
    """The targets asked for after the first so many requests, of lists of a resource."""
    return [target for _, target in shop.requests[since:] if f"/api/{word}" in target]
