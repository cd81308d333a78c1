"""What a run tells its caller, and a caller's log."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from echannel_connectors import DuckDB, PrestaShop, sync, to_logging
from echannel_connectors.errors import Unavailable
from echannel_connectors.events import KEPT_LOGS, Log
from echannel_connectors.pipeline import Choice
from echannel_connectors.testing.shop import FakeShop, Fault


def test_events_go_to_python_s_logging(shop_a: FakeShop, caplog: pytest.LogCaptureFixture) -> None:
    """What somebody may have to look at is a warning, a finished stream is information, each commit is detail."""
    caplog.set_level(logging.DEBUG, logger="echannel_connectors")
    shop_a.faults.append(Fault(match="/api/orders", times=1, status=503, body=b"busy"))
    warehouse = DuckDB(":memory:")
    with shop_a.serve() as url:
        shop = PrestaShop(url=url, key=shop_a.key, pause=0)
        sync(shop, into=warehouse, on_event=to_logging())
        shop_a.tables["stock_availables"] = {}
        sync(shop, into=warehouse, on_event=to_logging())
    levels = {(record.event["event"], record.levelno) for record in caplog.records}  # type: ignore[attr-defined]  # set by the listener
    assert levels == {
        ("StreamStarted", logging.DEBUG),
        ("Committed", logging.DEBUG),
        ("Building", logging.DEBUG),
        ("StreamFinished", logging.INFO),
        ("Built", logging.INFO),
        ("Retrying", logging.WARNING),
        ("Warned", logging.WARNING),
    }
    orders = next(
        r.getMessage() for r in caplog.records if r.getMessage().startswith("StreamFinished source=shop stream=orders ")
    )
    assert "changed=385" in orders
    assert shop_a.key not in caplog.text


def test_a_logger_of_one_s_own(shop_a: FakeShop, caplog: pytest.LogCaptureFixture) -> None:
    with shop_a.serve() as url:
        source = PrestaShop(url=url, key=shop_a.key, pause=0)
        sync(source, into=DuckDB(":memory:"), on_event=to_logging(logging.getLogger("acme.nightly")))
    assert {record.name for record in caplog.records} <= {"acme.nightly"}


def failures(warehouse: DuckDB, table: str) -> dict[str, int]:
    rows = warehouse.query(f"SELECT stream, failures FROM {table} WHERE failures > 0").read_all().to_pylist()
    return {row["stream"]: row["failures"] for row in rows}


def test_a_stream_that_fails_is_counted(shop_a: FakeShop) -> None:
    """Up with each failed read, in the books and in mart.freshness; back to nothing when it is read again."""
    warehouse = DuckDB(":memory:")
    with shop_a.serve() as url:
        shop = PrestaShop(url=url, key=shop_a.key, pause=0, attempts=1)
        sync(shop, into=warehouse)
        assert failures(warehouse, "mart.freshness") == {}
        fault = Fault(match=r"/api/customers\?(?!schema)", status=503, body=b"busy")
        shop_a.faults.append(fault)
        for times in (1, 2):
            with pytest.raises(Unavailable):
                sync(shop, into=warehouse)
            assert failures(warehouse, "echannel.streams") == {"customers": times}
            assert failures(warehouse, "mart.freshness") == {"customers": times}
        shop_a.faults.remove(fault)
        sync(shop, into=warehouse)
        assert failures(warehouse, "mart.freshness") == {}


def test_a_first_load_that_fails_is_counted_before_there_is_a_mart(shop_a: FakeShop) -> None:
    warehouse = DuckDB(":memory:")
    shop_a.faults.append(Fault(match=r"/api/customers\?(?!schema)", status=503, body=b"busy"))
    with shop_a.serve() as url, pytest.raises(Unavailable):
        sync(PrestaShop(url=url, key=shop_a.key, pause=0, attempts=1), into=warehouse)
    assert failures(warehouse, "echannel.streams") == {"customers": 1}


def test_a_list_of_keys_that_fails_is_counted(shop_a: FakeShop) -> None:
    """Looking for deleted rows belongs to reading the stream."""
    warehouse = DuckDB(":memory:")
    with shop_a.serve() as url:
        shop = PrestaShop(url=url, key=shop_a.key, pause=0, attempts=1)
        sync(shop, into=warehouse)
        shop_a.faults.append(Fault(match=r"/api/customers\?display=%5Bid%5D&limit=5000", status=503, body=b"busy"))
        with pytest.raises(Unavailable):
            sync(shop, into=warehouse, choice=Choice(accept_deletes=True))
    assert failures(warehouse, "echannel.streams") == {"customers": 1}


def test_the_logs_of_a_thousand_runs_are_kept(tmp_path: Path) -> None:
    """`sync --watch 60` makes half a million in a year; the oldest go first, and nobody's other file does."""
    runs = tmp_path / ".echannel" / "runs"
    runs.mkdir(parents=True)
    names = [f"{datetime(2026, 1, 1) + timedelta(minutes=n):%Y-%m-%dT%H-%M-%S}.jsonl" for n in range(KEPT_LOGS + 5)]
    for name in (*names, "notes.txt"):
        (runs / name).touch()
    with Log.of_run(tmp_path) as log:
        assert log.path.exists()
    assert {one.name for one in runs.iterdir()} == {*names[6:], "notes.txt", log.path.name}
