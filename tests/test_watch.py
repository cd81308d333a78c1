"""The file is free while a source is read: people look at the figures while a sync runs again and again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.testing.shop import FakeShop

PROJECT = """
sources: {shop: {connector: prestashop, url: "%s", key: "%s"}}
destination: duckdb:///shop.duckdb
"""


@pytest.mark.slow
def test_two_hundred_queries_during_a_minute_of_watch(shop_a: FakeShop, tmp_path: Path) -> None:
    """`sync --watch 1` beside a preview that asks all the time: no query fails, and a new order appears."""
    with shop_a.serve() as url:
        (tmp_path / "echannel.yaml").write_text(PROJECT % (url, shop_a.key), encoding="utf-8")
        command = [sys.executable, "-m", "echannel_connectors", "sync", "--watch", "1"]
        environment = {**os.environ, "PYTHONUTF8": "1"}
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as watch:
            try:
                warehouse = DuckDB(tmp_path / "shop.duckdb")
                until = time.monotonic() + 60
                while not has_sales(warehouse):
                    assert time.monotonic() < until
                    time.sleep(0.2)
                number = place_order(shop_a)
                seen = [ask(warehouse, number) for _ in pace(200, 60)]
            finally:
                watch.kill()
    assert len(seen) == 200
    assert seen[-1] == 1


def has_sales(warehouse: DuckDB) -> bool:
    if not Path(warehouse.path).exists():
        return False
    found = warehouse.query("SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'mart'")
    return bool(found.read_all()["n"][0].as_py() >= 5)


def ask(warehouse: DuckDB, number: int) -> int:
    rows = warehouse.query("SELECT count(*) AS n FROM mart.orders WHERE order_id = ?", [str(number)]).read_all()
    count: int = rows["n"][0].as_py()
    return count


def place_order(shop: FakeShop) -> int:
    with shop.lock:
        order, line = shop.tables["orders"][385], shop.tables["order_details"][767]
        now = "2026-11-07 09:00:00"
        shop.tables["orders"][900] = dict(order, current_state="2", date_add=now, date_upd=now)
        shop.tables["order_details"][9000] = dict(line, id_order="900")
    return 900


def pace(times: int, seconds: float):  # type: ignore[no-untyped-def]  # a generator of nothing
    start = time.monotonic()
    for turn in range(times):
        time.sleep(max(0.0, start + turn * seconds / times - time.monotonic()))
        yield
