"""Killed at any moment, run again: the same tables as one undisturbed run (promise 1)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from echannel_connectors.testing.shop import FakeShop

CHILD = """
import sys
from echannel_connectors import DuckDB, PrestaShop, sync
url, key, file = sys.argv[1:]
sync(PrestaShop(url=url, key=key, pause=0.01, page=50), into=DuckDB(file))
"""
TABLES = ("raw.shop__orders", "raw.shop__order_details", "raw.shop__customers", "mart.sales", "mart.sales_daily",
          "mart.orders", "core.refunds")  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_killed_at_twenty_random_moments(shop_a: FakeShop, tmp_path: Path) -> None:
    """SIGKILL at twenty moments spread over the whole run; the run after them ends with the same tables."""
    moments = random.Random(7)
    with shop_a.serve() as url:
        clock = time.monotonic()
        run(url, shop_a.key, tmp_path / "calm.duckdb").wait()
        whole = time.monotonic() - clock
        killed = 0
        for _ in range(20):
            child = run(url, shop_a.key, tmp_path / "killed.duckdb")
            time.sleep(moments.uniform(0.25, 1.0) * whole)
            is_running = child.poll() is None
            killed += is_running
            whole *= 1 if is_running else 0.8  # a machine that has less to do now, or a run that had less left
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert run(url, shop_a.key, tmp_path / "killed.duckdb").wait() == 0
    assert killed >= 10
    for table in TABLES:
        assert rows(tmp_path / "killed.duckdb", table) == rows(tmp_path / "calm.duckdb", table), table


def run(url: str, key: str, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CHILD, url, key, str(file)])


def rows(file: Path, table: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file)) as connection:
        made = "* EXCLUDE (_changed_at)" if table.startswith("raw.") else "*"
        found = connection.sql(f"SELECT {made} FROM {table} ORDER BY ALL").to_arrow_table()
    return [tuple(row.values()) for row in found.to_pylist()]


@pytest.mark.slow
def test_killed_while_an_old_warehouse_is_brought_up_to_date(shop_a: FakeShop, tmp_path: Path) -> None:
    """Kills during incremental runs neither lose nor repeat what was there before."""
    moments = random.Random(11)
    with shop_a.serve() as url:
        file = tmp_path / "shop.duckdb"
        assert run(url, shop_a.key, file).wait() == 0
        before = rows(file, "mart.sales")
        for _ in range(5):
            child = run(url, shop_a.key, file)
            time.sleep(moments.uniform(0.3, 2.0))
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert run(url, shop_a.key, file).wait() == 0
    assert rows(file, "mart.sales") == before
