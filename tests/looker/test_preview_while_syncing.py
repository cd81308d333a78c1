"""The live page and a sync share one file: people click through it while the shop is read again and again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.looker.preview import serve_preview
from echannel_connectors.testing.shop import FakeShop
from tests.looker.browser import Watched, chromium, watched
from tests.test_watch import PROJECT, has_sales

pytestmark = [pytest.mark.apt, pytest.mark.slow]
COMPANY = {"name": "Essai", "currency": "EUR", "language": "en", "time_zone": "Europe/Paris"}
PAGES = ("overview", "products", "stock")


@pytest.fixture
def syncing(shop_a: FakeShop, tmp_path: Path) -> Iterator[DuckDB]:
    """A warehouse that `sync --watch 1` writes to all the time."""
    with shop_a.serve() as url:
        (tmp_path / "echannel.yaml").write_text(PROJECT % (url, shop_a.key), encoding="utf-8")
        command = [sys.executable, "-m", "echannel_connectors", "sync", "--watch", "1"]
        environment = {**os.environ, "PYTHONUTF8": "1"}
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=quiet, stderr=quiet) as watch:
            try:
                warehouse = DuckDB(tmp_path / "shop.duckdb")
                until = time.monotonic() + 60
                while not has_sales(warehouse):
                    assert time.monotonic() < until
                    time.sleep(0.2)
                yield warehouse
            finally:
                watch.kill()


def sell(shop: FakeShop) -> None:
    now = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
    with shop.lock:
        order, line = shop.tables["orders"][385], shop.tables["order_details"][767]
        number = max(shop.tables["orders"]) + 1
        made = dict(order, reference=f"NEW{number}", current_state="2", date_add=now, date_upd=now)
        shop.tables["orders"][number] = made
        shop.tables["order_details"][number * 10] = dict(line, id_order=str(number))


def test_the_page_is_used_while_a_sync_runs(syncing: DuckDB, shop_a: FakeShop) -> None:
    """Every page draws, new orders appear by themselves, nothing is complained of, nothing leaves the machine."""

    def query(sql: str, parameters: list[Any]) -> Any:
        return syncing.query(sql, parameters).read_all()

    with chromium() as browser, serve_preview(query, company=COMPANY) as url, watched(browser) as seen:
        seen.page.goto(f"{url}#page=overview&period=last_12_months&lang=en")
        seen.ready()
        orders = seen.figure("orders")
        for turn in range(6):
            sell(shop_a)
            click_through(seen)
            assert seen.figure("orders") >= orders, turn
        seen.until(f"Number(document.querySelector('[data-metric=orders]').dataset.value) === {orders + 6}", seconds=40)
        assert seen.complaints == []
        assert seen.foreign_requests() == []


def click_through(seen: Watched) -> None:
    for page in (*PAGES[1:], PAGES[0]):
        seen.page.locator(f"[data-focus='page.{page}']").click()
        seen.ready()
