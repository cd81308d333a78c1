"""What a reader finds besides the figures: what each one is, the pages of a long table, and a sheet of paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from echannel_connectors.looker.preview import serve_preview
from echannel_connectors.looker.template import find_template
from tests.looker.browser import chromium, watched
from tests.looker.marts import COMPANY, make_marts, query_of

pytestmark = pytest.mark.apt


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = make_marts(
        tmp_path_factory.mktemp("marts") / "shop.duckdb", today=datetime.now(UTC).date(), days=120, orders_per_day=6
    )
    with serve_preview(query_of(file), company={**COMPANY, "language": "en"}) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


@pytest.mark.parametrize("width", [1280, 390])
def test_every_figure_says_what_it_is(browser: Any, address: str, width: int) -> None:
    """Its formula in words, the column behind each part with its own meaning, and its unit; within the page."""
    metrics = find_template("b2c-shop").pages[0].charts[0].metric_names
    with watched(browser, width=width) as seen:
        seen.page.goto(f"{address}#page=overview")
        seen.ready()
        for metric in metrics:
            seen.page.locator(f"[data-focus='{metric}']").click()
            bubble = seen.page.locator(f".score:has([data-metric={metric}]) .bubble")
            left, right = bubble.evaluate(
                "(one) => [one.getBoundingClientRect().left, one.getBoundingClientRect().right]"
            )
            assert 0 <= left < right <= width, metric
            assert "mart.sales_daily." in bubble.inner_text()
            if metric == "average_order":
                text = bubble.inner_text()
                assert "= Net sales before refunds ÷ Baskets" in text
                assert "sum of mart.sales_daily.baskets. Baskets: orders split from one count once" in text
                assert "In EUR." in text
            seen.page.keyboard.press("Escape")
        for chart in ("trend", "markets", "freshness"):
            assert seen.page.locator(f"[data-focus='what.{chart}']").count() == 1
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_long_table_is_turned_page_by_page(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        seen.page.goto(f"{address}#page=products&period=last_90_days")
        seen.ready()
        first = seen.page.locator("#product_table tbody").inner_text()
        assert seen.page.locator("#product_table tbody tr").count() == 12
        seen.page.locator("[data-focus='product_table.on']").click()
        second = seen.page.locator("#product_table tbody").inner_text()
        assert first != second
        assert seen.page.inner_text("#product_table .pager").replace("\n", " ").startswith("‹ 13–24 of ")
        assert seen.page.evaluate("document.activeElement.dataset.focus") == "product_table.on"
        seen.page.locator("[data-focus='product_table.back']").click()
        assert seen.page.locator("#product_table tbody").inner_text() == first
        seen.page.locator("[data-focus='product_table.more']").click()
        everything = seen.page.locator("#product_table tbody").inner_text()
        assert set(second.splitlines()) <= set(everything.splitlines())


def test_every_sheet_of_paper_says_what_its_figures_are_of(browser: Any, address: str) -> None:
    pypdf = pytest.importorskip("pypdf", reason="pip install pypdf")
    with watched(browser) as seen:
        seen.page.goto(f"{address}#page=products&period=last_90_days&only.market=DE&only.market=FR")
        seen.ready()
        seen.page.locator("[data-focus='product_table.more']").click()
        sheets = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(seen.page.pdf(format="A4"))).pages]
        assert len(sheets) > 1
        for text in sheets:
            assert "Atelier Breton – Online shop – Products & markets" in text
            assert "Market: Germany, France" in text
            assert "Data as of" in text
        assert "Reset filters" not in "".join(sheets)
