"""The live page and a sync share one file: people click through it while the shop is read again and again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors.looker.preview import serve_preview
from echannel_connectors.testing.shop import FakeShop
from tests.looker.browser import Watched, chromium, watched
from tests.watching import place_order, watching

pytestmark = [pytest.mark.apt, pytest.mark.slow]
COMPANY = {"name": "Essai", "currency": "EUR", "language": "en", "time_zone": "Europe/Paris"}
PAGES = ("overview", "products", "stock")


def test_the_page_is_used_while_a_sync_runs(shop_a: FakeShop, tmp_path: Path) -> None:
    """Every page draws, new orders appear by themselves, nothing is complained of, nothing leaves the machine."""

    with watching(shop_a, tmp_path) as warehouse, chromium() as browser:

        def query(sql: str, parameters: list[Any]) -> Any:
            return warehouse.query(sql, parameters).read_all()

        with serve_preview(query, company=COMPANY) as url, watched(browser) as seen:
            seen.page.goto(f"{url}#page=overview&period=last_12_months&lang=en")
            seen.ready()
            orders = seen.figure("orders")
            for turn in range(6):
                place_order(shop_a, f"{datetime.now():%Y-%m-%d %H:%M:%S}")
                click_through(seen)
                assert seen.figure("orders") >= orders, turn
            all_six = f"Number(document.querySelector('[data-metric=orders]').dataset.value) === {orders + 6}"
            seen.until(all_six, seconds=40)
            assert seen.complaints == []
            assert seen.foreign_requests() == []


def click_through(seen: Watched) -> None:
    for page in (*PAGES[1:], PAGES[0]):
        seen.page.locator(f"[data-focus='page.{page}']").click()
        seen.ready()
