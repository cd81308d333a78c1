"""A shop that is synced all the time, for the tests that look at its figures meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echannel_connectors import DuckDB
from echannel_connectors.testing.shop import FakeShop

PROJECT = """
sources: {shop: {connector: prestashop, url: "%s", key: "%s"}}
destination: duckdb:///shop.duckdb
"""


@contextmanager
def watching(shop: FakeShop, folder: Path) -> Iterator[DuckDB]:
    """The warehouse that `sync --watch 1` writes to, in a process of its own, once it has its first figures."""
    with shop.serve() as url:
        (folder / "echannel.yaml").write_text(PROJECT % (url, shop.key), encoding="utf-8")
        command = [sys.executable, "-m", "echannel_connectors", "sync", "--watch", "1"]
        environment = {**os.environ, "PYTHONUTF8": "1"}
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet) as watch:
            try:
                warehouse = DuckDB(folder / "shop.duckdb")
                until = time.monotonic() + 60
                while not has_sales(warehouse):
                    assert time.monotonic() < until
                    time.sleep(0.2)
                yield warehouse
            finally:
                watch.kill()


def has_sales(warehouse: DuckDB) -> bool:
    if not Path(warehouse.path).exists():
        return False
    found = warehouse.query("SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'mart'")
    return bool(found.read_all()["n"][0].as_py() >= 5)


def place_order(shop: FakeShop, at: str = "2026-11-07 09:00:00") -> int:
    """A paid order of one line; its number."""
    with shop.lock:
        orders, lines = shop.tables["orders"], shop.tables["order_details"]
        number = max(900, *(one + 1 for one in orders))
        made = {"reference": f"NEW{number}", "current_state": "2", "date_add": at, "date_upd": at}
        orders[number] = {**orders[385], **made}
        lines[number * 10] = dict(lines[767], id_order=str(number))
    return number
