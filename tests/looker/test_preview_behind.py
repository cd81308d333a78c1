"""The rows behind a mark are those that its figure was added up from: no more, no less."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from echannel_connectors.days import Span
from echannel_connectors.errors import SettingsError
from echannel_connectors.looker.preview import serve_preview, write_static
from echannel_connectors.looker.preview.behind import MOST_ROWS, Mark, rows_behind
from echannel_connectors.looker.preview.figures import Choice, Report, page_figures
from echannel_connectors.looker.template import Trend, find_template, template_names
from tests.looker.browser import chromium, watched
from tests.looker.marts import COMPANY, make_marts, query_of

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("marts") / "shop.duckdb", today=TODAY, days=200, orders_per_day=4)


@pytest.fixture(scope="module")
def report(shop_file: Path) -> Iterator[Report]:
    with duckdb.connect(str(shop_file), read_only=True) as connection:  # hundreds of questions: one connection
        yield Report(
            lambda sql, values: connection.sql(sql, params=values).to_arrow_table(), find_template("b2c-shop"), COMPANY
        )


def records(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def differences(report: Report, choice: Choice, today: date, lines: int) -> tuple[int, list[Any]]:
    """How many figures were held against the rows behind them, and those that differ, over all charts of the report."""
    held, wrong = 0, []
    for page in report.template.pages:
        figures = page_figures(report, page, choice, today)["charts"]
        for chart in page.charts:
            source = report.template.sources[chart.source]
            if isinstance(chart, Trend):
                continue  # a day each: held by a test of its own
            for row in records(figures[chart.id])[:lines]:
                values = {name: "" if row[name] is None else str(row[name]) for name in chart.dimension_names}
                for metric in chart.metric_names:
                    found = rows_behind(report, page.id, choice, Mark(chart.id, metric, values), today)
                    (total,) = records(found["total"])
                    for part in source.components(metric):
                        is_sum = source.fields[part].aggregation in ("sum", "count")
                        shown = [one[part] for one in records(found) if one[part] is not None]
                        figure = row[part] or 0 if is_sum else row[part]
                        told = total[part] or 0 if is_sum else total[part]
                        whole = found["count"] > len(found["rows"]) or not is_sum
                        held += 1
                        if told != figure or not (whole or sum(shown) == pytest.approx(figure, abs=1e-6)):
                            wrong.append((page.id, chart.id, metric, part, figure, told, sum(shown)))
    return held, wrong


@pytest.mark.parametrize("choice", [Choice("last_28_days"), Choice("last_90_days", filters={"market": ("DE", "")})])
def test_the_rows_make_the_figure(report: Report, choice: Choice) -> None:
    held, wrong = differences(report, choice, TODAY, lines=1)
    assert held > 40
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("template", template_names())
def test_the_rows_make_the_figure_in_every_template(company: Path, template: str) -> None:
    with duckdb.connect(str(company), read_only=True) as connection:
        report = Report(
            lambda sql, values: connection.sql(sql, params=values).to_arrow_table(), find_template(template), COMPANY
        )
        held, wrong = differences(report, Choice("last_90_days"), report.today(), lines=3)
    assert held > 20
    assert wrong == []


def test_a_point_is_made_of_its_days(report: Report, shop_file: Path) -> None:
    """Behind a week of the trend stand the order lines of that week: not the days that the chart reads."""
    days = Span(TODAY - timedelta(days=6), TODAY)
    found = rows_behind(report, "overview", Choice("last_90_days"), Mark("trend", days=days), TODAY)
    with duckdb.connect(str(shop_file), read_only=True) as connection:
        sql = """SELECT count(*), sum(net_base) FROM mart.sales
            WHERE kind IN ('sale', 'refund') AND net_base <> 0 AND date BETWEEN ? AND ?"""
        count, net = connection.execute(sql, [days.first, days.last]).fetchone()  # type: ignore[misc]  # has one row
    (total,) = records(found["total"])
    assert found["source"] == "sales"
    assert found["count"] == count == total["#"]
    assert total["net_base"] + total["refunds_base"] == pytest.approx(float(net), abs=1e-6)


def test_the_largest_rows_come_first_and_no_more_than_a_person_reads(report: Report) -> None:
    found = rows_behind(report, "overview", Choice("this_year"), Mark("markets", values={"market": "FR"}), TODAY)
    amounts = [abs((row["net_base"] or 0) + (row["refunds_base"] or 0)) for row in records(found)]
    assert len(amounts) == MOST_ROWS < found["count"]
    assert amounts == sorted(amounts, reverse=True)
    whole = rows_behind(
        report, "overview", Choice("this_year"), Mark("markets", values={"market": "FR"}, is_whole=True), TODAY
    )
    assert len(whole["rows"]) == found["count"]


def test_a_figure_that_no_finer_table_holds_shows_the_rows_of_its_own(report: Report) -> None:
    """Margin of a day is that of its sales; the lines of refunds have one as well."""
    mark = Mark("market_table", "margin_rate", {"market": "FR"})
    assert rows_behind(report, "products", Choice("last_28_days"), mark, TODAY)["source"] == "sales_daily"
    mark = Mark("market_table", "net_sales", {"market": "FR"})
    assert rows_behind(report, "products", Choice("last_28_days"), mark, TODAY)["source"] == "sales"


@pytest.mark.parametrize(
    "mark",
    [Mark("nowhere"), Mark("markets", values={"channel": "x"}), Mark("markets", "units"), Mark("markets", 'x"; DROP')],
)
def test_a_mark_that_is_not_there_is_told(report: Report, mark: Mark) -> None:
    with pytest.raises(SettingsError):
        rows_behind(report, "overview", Choice(), mark, TODAY)


def test_a_value_is_bound_and_never_part_of_the_sql(report: Report) -> None:
    mark = Mark("markets", values={"market": "FR' OR 1=1 --"})
    assert rows_behind(report, "overview", Choice(), mark, TODAY)["count"] == 0


# ---- in the browser ----


@pytest.fixture(scope="module")
def recent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("marts") / "shop.duckdb"
    return make_marts(file, today=datetime.now(UTC).date(), days=100, orders_per_day=4)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


@pytest.mark.apt
def test_a_click_on_a_bar_shows_its_rows_and_saves_them(browser: Any, recent: Path) -> None:
    with (
        serve_preview(query_of(recent), company={**COMPANY, "language": "en"}) as url,
        watched(browser) as seen,
    ):
        seen.page.goto(f"{url}#page=overview")
        seen.ready()
        figure = seen.page.evaluate(
            "Number(document.querySelector('#markets .figures tbody td').textContent.replace(/[^0-9.]/g, ''))"
        )
        seen.page.locator("#markets .mark-rect path").first.click()
        seen.until("document.querySelector('.panel .about') !== null")
        about = seen.page.locator(".panel .about")
        assert float(about.get_attribute("data-total")) == pytest.approx(figure, abs=0.01)
        with seen.page.expect_download() as saved:
            seen.page.locator("[data-focus='panel.csv']").click()
        text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(text)))
        assert len(lines) == int(about.get_attribute("data-count"))
        names = ("Net sales before refunds", "Refunds")
        assert sum(float(line[name] or 0) for line in lines for name in names) == pytest.approx(figure, abs=0.01)
        # The same panel filters the page by the mark.
        seen.page.locator("[data-focus='panel.narrow']").click()
        seen.until("document.querySelectorAll('#markets .figures tbody tr').length === 1")
        assert "only.market=FR" in seen.page.evaluate("location.hash")
        assert seen.complaints == []


@pytest.mark.apt
def test_a_click_on_a_point_and_on_a_cell_show_their_rows(browser: Any, recent: Path) -> None:
    with serve_preview(query_of(recent), company={**COMPANY, "language": "en"}) as url, watched(browser) as seen:
        seen.page.goto(f"{url}#page=overview&period=last_90_days")
        seen.ready()
        box = seen.page.locator("#trend svg").bounding_box()
        seen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        seen.until("document.querySelector('.panel .about') !== null")
        assert " row" in seen.page.inner_text(".panel .about")
        seen.page.keyboard.press("Escape")
        seen.page.goto(f"{url}#page=products")
        seen.until("document.querySelector('#product_table tbody tr') !== null")
        units = seen.page.locator("#product_table tbody tr:first-child td:nth-child(5)")
        wanted = units.inner_text()
        units.click()
        seen.until("document.querySelector('.panel[open] .about') !== null")
        assert f"Units sold: {wanted}" in seen.page.inner_text(".panel .about")
        assert seen.complaints == []


@pytest.mark.apt
def test_a_file_says_that_it_has_no_rows(browser: Any, recent: Path, tmp_path: Path) -> None:
    page = write_static(query_of(recent), tmp_path / "page.html", company={**COMPANY, "language": "en"})
    with watched(browser) as seen:
        seen.page.goto(page.as_uri())
        seen.ready()
        seen.page.locator("#markets .mark-rect path").first.click()
        seen.until("document.querySelector('.panel[open] .empty') !== null")
        assert "holds sums" in seen.page.inner_text(".panel")
        assert seen.page.locator("[data-focus='panel.narrow']").count() == 1
        assert seen.complaints == []
