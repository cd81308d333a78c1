"""The page in a real browser: it draws, it answers its controls, it complains of nothing and talks to nobody else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from echannel_connectors.looker.preview import serve_preview, write_static
from tests.looker.browser import Watched, chromium, watched
from tests.looker.marts import COMPANY, add_order, make_marts, query_of

pytestmark = pytest.mark.apt
TODAY = datetime.now(UTC).date()
PAGES = ("overview", "products", "stock")


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("marts") / "shop.duckdb", today=TODAY, days=800, orders_per_day=4)


@pytest.fixture(scope="module")
def address(shop_file: Path) -> Iterator[str]:
    with serve_preview(query_of(shop_file), company={**COMPANY, "time_zone": "UTC"}) as url:
        yield url


@pytest.fixture(scope="module")
def offline(shop_file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("page") / "rapport été.html"
    return write_static(query_of(shop_file), place, company={**COMPANY, "time_zone": "UTC"}).as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


def show(seen: Watched, address: str, choice: str) -> None:
    """Open the page anew with this choice in its address."""
    seen.page.goto("about:blank")
    seen.page.goto(f"{address}#{choice}")
    seen.ready()


def shown(seen: Watched) -> Any:
    """Everything that a person reads: figures, tables, and what the charts say to a screen reader."""
    return seen.page.evaluate(
        """() => ({
            figures: [...document.querySelectorAll('.figure')].map((one) => [one.dataset.metric, one.textContent]),
            versus: [...document.querySelectorAll('.versus')].map((one) => one.textContent),
            compared: document.getElementById('compared').textContent.replace(/ (This file holds|Ce fichier contient).*/, ''),
            charts: [...document.querySelectorAll('.chart')].map((one) => one.getAttribute('aria-label')),
            tables: [...document.querySelectorAll('table')].map((one) => one.innerText),
        })"""
    )


@pytest.mark.parametrize("width", [1280, 768, 390])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_draws_and_fits(browser: Any, address: str, width: int, language: str) -> None:
    with watched(browser, width=width) as seen:
        for page in PAGES:
            show(seen, address, f"page={page}&lang={language}")
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            assert seen.page.evaluate("document.documentElement.lang") == language
            assert seen.page.evaluate(
                "[...document.querySelectorAll('.figure')].every((o) => o.scrollWidth <= o.clientWidth)"
            )
            drawn = seen.page.evaluate(
                "[...document.querySelectorAll('.chart svg')].map((o) => o.getBoundingClientRect().width)"
            )
            assert drawn
            assert all(100 < one <= width for one in drawn)
            # Totals stand under their columns, also where a narrow page leaves columns out.
            assert seen.page.evaluate(
                "[...document.querySelectorAll('tfoot tr')].every((row) => [...row.cells].every((cell, n) => "
                "Math.abs(cell.getBoundingClientRect().right "
                "- row.closest('table').rows[0].cells[n].getBoundingClientRect().right) < 1))"
            )
            text = seen.page.inner_text("body")
            for word in ("undefined", "NaN", "null", "[object", "Infinity"):
                assert word not in text
        assert seen.complaints == []
        assert seen.foreign_requests() == []


def test_figures_equal_sql(browser: Any, address: str, shop_file: Path) -> None:
    first = TODAY - timedelta(days=27)
    with duckdb.connect(str(shop_file), read_only=True) as connection:
        net, orders, average, rate = connection.execute(
            """SELECT (sum(net_base) + sum(refunds_base))::DOUBLE, sum(orders)::DOUBLE, sum(net_base)::DOUBLE / sum(baskets),
               sum(margin_base)::DOUBLE / sum(cost_known_net_base)::DOUBLE
               FROM mart.sales_daily WHERE date BETWEEN ? AND ? AND market = 'DE'""",
            [first, TODAY],
        ).fetchone()  # type: ignore[misc]  # an aggregate has one row
    with watched(browser) as seen:
        show(seen, address, "page=overview&only.market=DE&lang=fr")
        assert seen.figure("net_sales") == pytest.approx(net, abs=1e-6)
        assert seen.figure("orders") == orders
        assert seen.figure("average_order") == pytest.approx(average)
        assert seen.figure("margin_rate") == pytest.approx(rate)
        text = seen.page.locator("[data-metric=net_sales]").inner_text().replace("\u202f", " ").replace("\u00a0", " ")
        assert text == f"{net:,.2f}".replace(",", " ").replace(".", ",") + " €"
        show(seen, address, "page=overview&only.market=DE&lang=en")
        assert seen.page.locator("[data-metric=net_sales]").inner_text() == f"€{net:,.2f}"


@pytest.mark.parametrize(("language", "separator", "point"), [("en", ",", "."), ("fr", ";", ",")])
def test_a_charts_figures_can_be_saved(browser: Any, address: str, language: str, separator: str, point: str) -> None:
    """All rows of a table, not those shown alone, as spreadsheets of that language open them; no formula comes alive."""
    with watched(browser) as seen:
        show(seen, address, f"page=products&lang={language}")
        shown = seen.page.locator("#product_table tbody tr").count()
        seen.page.locator("#product_table").hover()
        with seen.page.expect_download() as saved:
            seen.page.locator("#product_table .export").click()
        text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
        head, *rows = csv.reader(io.StringIO(text), delimiter=separator)
        assert head[1] == {"en": "SKU", "fr": "Réf."}[language]
        assert len(rows) >= shown > 3
        sums = [float(row[2].replace(point, ".")) for row in rows]
        assert sums == sorted(sums, reverse=True)
        made = seen.page.evaluate(
            """() => Export.csv({fields: {sku: {type: 'text', name: {en: 'S', fr: 'S'}, values: {}, aggregation: 'none'},
                  n: {type: 'integer', name: {en: 'N', fr: 'N'}, aggregation: 'sum'}}, calculated: {}},
                {id: 'x', type: 'table', dimensions: ['sku'], metrics: ['n']},
                {columns: ['sku', 'n', '#'], rows: [['=HYPERLINK("x")', 1.5, 1], ['a;b,"c"', -2, 1], ['', null, 1]]})"""
        )
        lines = list(csv.reader(io.StringIO(made.removeprefix("\ufeff")), delimiter=separator))
        assert lines[1:3] == [['\'=HYPERLINK("x")', f"1{point}5"], ['a;b,"c"', "-2"]]
        assert lines[3][1] == ""
        assert seen.complaints == []


def trend_of_months(seen: Watched, current: list[str], last_year: list[str], figures: dict[str, Any]) -> list[Any]:
    """By what a trend of monthly figures is told in these periods, and the cells of its marks."""
    found: list[Any] = seen.page.evaluate(
        """async ([current, last_year, figures]) => {
            const field = {type: 'money', aggregation: 'sum', better: 'up', name: {en: 'Left', fr: 'Reste'}};
            const source = {date: 'month', is_monthly: true, fields: {left: field}, calculated: {}};
            const chart = {id: 'x', type: 'trend', metric: 'left', title: {en: 'T', fr: 'T'}};
            const period = {current, last_year};
            const holder = document.createElement('div');
            document.body.append(holder);
            await Charts.trend(holder, source, chart, {columns: ['day', 'left'], ...figures}, period, 'last_year', () => {});
            return [Charts.kind(source, period), ...Charts.table(holder).rows.map((row) => row.cells.slice(1))];
        }""",
        [current, last_year, figures],
    )
    return found


def test_months_are_told_by_the_month(browser: Any, address: str) -> None:
    """Of 20 October to 10 November the figure of November is there, and that of October is not: it is not 0."""
    with watched(browser) as seen:
        show(seen, address, "page=overview&lang=en")
        figures = {"rows": [["2026-10-01", 90], ["2026-11-01", 40]]}
        found = trend_of_months(seen, ["2026-10-20", "2026-11-10"], ["2025-10-20", "2025-11-10"], figures)
        assert found == ["month", ["–", "–"], ["€40.00", "–"]]


def test_a_running_month_stands_beside_no_whole_one(browser: Any, address: str) -> None:
    """October 2026 sold 90 and that of 2025 sold 80; November has come to 40 by the 10th, and that of 2025 is told as a
    whole, 100."""
    with watched(browser) as seen:
        show(seen, address, "page=overview&lang=en")
        rows = [["2025-10-01", 80], ["2025-11-01", 100], ["2026-10-01", 90], ["2026-11-01", 40]]
        figures = {"rows": rows, "since": "2025-01-01"}
        found = trend_of_months(seen, ["2026-10-01", "2026-11-10"], ["2025-10-01", "2025-11-10"], figures)
        assert found == ["month", ["€90.00", "€80.00"], ["€40.00", "–"]]


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "Lines received: only 7"), ("fr", "Lignes reçues : 7 seulement")]
)
def test_few_things_are_called_what_they_are(browser: Any, address: str, language: str, sentence: str) -> None:
    """Seven lines of a supplier are no orders of the shop."""
    with watched(browser) as seen:
        show(seen, address, f"page=overview&lang={language}")
        said = seen.page.evaluate(
            """() => {
                const name = (en, fr) => ({type: 'quantity', better: 'neither', name: {en, fr}});
                const source = {mart: 'purchases', fields: {days: name('Days', 'Jours'), lines: name('Lines received', 'Lignes reçues')},
                    calculated: {wait: {...name('Wait', 'Attente'), numerator: ['days'], denominator: ['lines'], sample: 'lines'}}};
                const body = document.createElement('div');
                Parts.scorecards(body, source, {metrics: ['wait']}, {columns: ['days', 'lines', '#'], rows: [[21, 7, 7]]});
                return body.querySelector('.sample').textContent;
            }"""
        )
        assert said == sentence


def test_a_trends_file_is_of_the_period(browser: Any, address: str) -> None:
    """The days of the period alone: with those that it is compared with, a column's sum would be of no period at all."""
    with watched(browser) as seen:
        show(seen, address, "page=overview&lang=en&period=last_28_days")
        seen.page.locator("#trend").hover()
        with seen.page.expect_download() as saved:
            seen.page.locator("#trend .export").click()
        _, *rows = csv.reader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8-sig")))
        assert {date for date, _ in rows} <= {str(TODAY - timedelta(days=n)) for n in range(28)}
        assert sum(float(value) for _, value in rows) == pytest.approx(seen.figure("net_sales"), abs=1e-6)


def test_a_filter_changes_the_figures_and_can_be_taken_back(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        show(seen, address, "page=overview&lang=en")
        everything = shown(seen)
        before = seen.figure("net_sales")
        seen.page.locator("[data-focus=market]").click()
        seen.page.locator("input[value=DE]").check()
        seen.until(f"Number(document.querySelector('[data-metric=net_sales]').dataset.value) < {before}")
        seen.until("document.querySelector('#markets .chart').getAttribute('aria-label').split(';').length === 1")
        seen.page.keyboard.press("Escape")
        seen.page.locator("#period").select_option("last_7_days")
        seen.until("document.querySelector('#compared').textContent.length > 0")
        seen.page.locator(".reset").click()
        seen.until(f"Number(document.querySelector('[data-metric=net_sales]').dataset.value) === {before}")
        seen.page.wait_for_timeout(200)
        assert shown(seen) == everything
        assert seen.complaints == []


def test_a_day_is_compared_with_one_day(browser: Any, address: str, shop_file: Path) -> None:
    """April with March: beside the 30th stands the 30th, not the 31st as well. May with April: beside the 31st stands
    nothing, which is not a day without sales."""
    year = TODAY.year - 1

    def point(first: str, last: str, when: str) -> list[str]:
        show(seen, address, f"page=overview&lang=en&against=previous&period=custom&first={first}&last={last}")
        seen.page.locator("#trend .figures summary").click()
        row = seen.page.locator(f"#trend .figures tbody tr:has-text('{when}')")
        return [str(cell) for cell in row.locator("th, td").all_inner_texts()]

    with watched(browser) as seen, duckdb.connect(str(shop_file), read_only=True) as connection:
        sql = "SELECT coalesce(sum(net_base) + sum(refunds_base), 0) FROM mart.sales_daily WHERE date = ?"
        ((march,),) = connection.execute(sql, [f"{year}-03-30"]).fetchall()
        found = point(f"{year}-04-01", f"{year}-04-30", f"30 Apr {year}")
        assert found[0] == f"30 Apr {year}"
        assert found[2] == f"€{march:,.2f}"
        assert point(f"{year}-05-01", f"{year}-05-31", f"31 May {year}")[2] == "–"
        assert seen.complaints == []


def test_a_year_of_which_nothing_is_known_is_not_drawn_as_nothing(browser: Any, address: str) -> None:
    """The figures begin 800 days ago: a year before 600 days ago there are none, which is not a line of days without sales."""
    first, last = TODAY - timedelta(days=600), TODAY - timedelta(days=580)
    with watched(browser) as seen:
        show(seen, address, f"page=overview&lang=en&period=custom&first={first}&last={last}")
        seen.page.locator("#trend .figures summary").click()
        assert set(seen.page.locator("#trend .figures tbody td:last-child").all_inner_texts()) == {"–"}
        assert "–" in seen.page.locator("#headline .versus[data-versus=last_year]").first.inner_text()
        assert seen.complaints == []


def test_a_chosen_range_in_which_nothing_was_sold_says_so(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        show(seen, address, "page=overview&lang=en")
        seen.page.locator("#first").fill("2020-01-01")
        seen.page.locator("#last").fill("2020-01-31")
        seen.until("document.querySelector('#headline').textContent.includes('No sales in this period')")
        assert seen.complaints == []


def test_the_offline_file_tells_the_same(browser: Any, address: str, offline: str) -> None:
    """Two implementations, one in SQL and one in the page, for periods and for sums."""
    month = (TODAY.replace(day=1) - timedelta(days=40)).replace(day=1)
    choices = [
        *(f"page=overview&period={name}" for name in ("today", "last_28_days", "last_90_days", "this_month", "last_month", "this_year", "last_12_months")),
        "page=overview&only.market=DE&only.market=FR&only.channel=b2c_web&against=previous",
        f"page=overview&period=custom&first={month}&last={TODAY}&lang=en",
        f"page=overview&period=custom&first={month + timedelta(days=9)}&last={month + timedelta(days=33)}&only.market=",
        f"page=overview&period=custom&first={month}&last={TODAY + timedelta(days=20)}",
        "page=products&period=last_90_days&only.market=BE", "page=products&lang=en", "page=products&period=last_12_months",
        "page=stock", "page=stock&only.category=Textile&only.category=Maison",
    ]  # fmt: skip
    with watched(browser) as seen, watched(browser) as alone:
        for choice in choices:
            show(seen, address, choice)
            show(alone, offline, choice)
            assert shown(alone) == shown(seen), choice
        assert alone.complaints == []
        assert [url for url in alone.requests if not url.startswith(("file:", "about:", "data:"))] == []


def test_a_year_before_that_is_there_in_part_is_no_comparison(browser: Any, tmp_path: Path) -> None:
    """Neither live nor in the file; the month before is, and a trend draws the days that are there."""
    file = make_marts(tmp_path / "young.duckdb", today=TODAY, days=500, orders_per_day=2)
    company = {**COMPANY, "time_zone": "UTC"}
    alone = write_static(query_of(file), tmp_path / "young.html", company=company).as_uri()
    with serve_preview(query_of(file), company=company) as url, watched(browser) as live, watched(browser) as held:
        for period, is_compared in (("last_12_months", False), ("last_28_days", True)):
            for seen, address in ((live, url), (held, alone)):
                show(seen, address, f"page=overview&period={period}&lang=en")
            assert shown(live) == shown(held)
            told = [text for text in shown(live)["versus"] if "year" in text]
            assert any("%" in text for text in told) is is_compared, told
        assert live.complaints == held.complaints == []


def test_an_open_page_shows_a_new_order_by_itself(browser: Any, tmp_path: Path) -> None:
    file = make_marts(tmp_path / "shop.duckdb", today=TODAY, days=60, orders_per_day=3)
    with serve_preview(query_of(file), company=COMPANY) as url, watched(browser) as seen:
        show(seen, url, "page=overview&lang=en")
        orders = seen.figure("orders")
        seen.page.evaluate("document.querySelector('.card').dataset.mark = 'kept'")
        seen.page.locator("[data-focus='freshness.rows']").focus()
        add_order(file, TODAY, "99.90")
        seen.until(f"Number(document.querySelector('[data-metric=orders]').dataset.value) === {orders + 1}", seconds=25)
        # No flicker: the cards are the same elements, and the keyboard focus is where it was.
        assert seen.page.evaluate("document.querySelector('.card').dataset.mark") == "kept"
        assert seen.page.evaluate("document.activeElement.dataset.focus") == "freshness.rows"
        assert seen.complaints == []


def test_one_late_answer_does_not_put_the_page_to_sleep(browser: Any, address: str) -> None:
    """A minute that an answer waited (for a sync, say) is not what the page costs: it asks again as soon as before."""
    with watched(browser) as seen:
        seen.page.clock.install()
        show(seen, address, "page=overview&lang=en")
        held: list[Any] = []
        seen.page.route("**/data?*", lambda route: held.append(route))  # it looks at what it is given
        for seconds_to_wait in (60, 0):
            _pass_until(seen, held, most=120)
            seen.page.clock.run_for(seconds_to_wait * 1000)
            with seen.page.expect_response("**/data?*"):
                held.pop().continue_()


def _pass_until(seen: Watched, held: list[Any], most: int) -> None:
    """Let the page's seconds pass until it asks."""
    for _ in range(most):
        seen.page.clock.run_for(1000)
        seen.page.wait_for_timeout(50)
        if held:
            return
    raise AssertionError(f"not asked within {most} seconds")


def test_a_stopped_preview_says_so_and_keeps_its_figures(browser: Any, shop_file: Path) -> None:
    with watched(browser) as seen:
        with serve_preview(query_of(shop_file), company=COMPANY) as url:
            show(seen, url, "page=overview&lang=en")
        seen.page.locator("[data-focus='page.stock']").click()
        seen.until("!document.querySelector('#notice').hidden")
        assert "has been stopped" in seen.page.inner_text("#notice")


def test_product_names_stay_text(browser: Any, address: str) -> None:
    """One product of the made-up shop is called `Phare miniature <b>Ar-Men</b>`."""
    with watched(browser) as seen:
        show(seen, address, "page=products&period=last_12_months&lang=en")
        seen.page.locator("[data-focus='product_table.more']").click()
        assert "<b>Ar-Men</b>" in seen.page.inner_text("#product_table")
        assert seen.page.locator("#product_table b").count() == 0


def test_the_keyboard_reaches_everything(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        show(seen, address, "page=overview&lang=en")
        reached = set()
        for _ in range(40):
            seen.page.keyboard.press("Tab")
            reached.add(seen.page.evaluate("document.activeElement.dataset.focus || document.activeElement.id"))
        assert {
            "skip",
            "lang.fr",
            "page.products",
            "period",
            "first",
            "market",
            "channel",
            "net_sales",
            "against",
        } <= reached
        seen.page.locator("[data-focus='page.stock']").focus()
        seen.page.keyboard.press("Enter")
        seen.until("document.querySelector('#stock_status') !== null")
        assert seen.page.evaluate("document.activeElement.dataset.focus") == "page.stock"


def test_a_table_is_sorted_by_its_heads(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        show(seen, address, "page=products&lang=en")
        seen.page.locator("[data-focus='market_table.orders']").click()
        cells = seen.page.locator("#market_table tbody tr td:nth-child(4)").all_inner_texts()
        orders = [int(text.replace(",", "")) for text in cells]
        assert orders == sorted(orders, reverse=True)
        assert seen.page.locator("#market_table th[aria-sort=descending]").inner_text().startswith("Orders")
