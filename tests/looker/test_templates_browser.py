"""Each page of each template, on the demo company, in a real browser: live and offline tell the same, nothing is cut."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.looker.live import check_live
from echannel_connectors.looker.preview import serve_preview, write_static
from echannel_connectors.looker.template import Scorecards, find_template, template_names
from tests.looker.browser import Watched, chromium, watched
from tests.looker.marts import query_of

pytestmark = [pytest.mark.apt, pytest.mark.slow]
TODAY = datetime.now(UTC).date()
COMPANY = {"name": "Atelier Breton", "currency": "EUR", "language": "en", "time_zone": "Europe/Paris"}
# Of every card: its place; and each text that is wider than its room, but for the meanings that nobody has opened.
CARDS = """[...document.querySelectorAll('.card')].map((card) => {
    const {left, top, right, bottom} = card.getBoundingClientRect();
    return {id: card.id, box: [left, top, right, bottom], empty: !card.querySelector('.body').textContent.trim()};
})"""
CUT = """[...document.querySelectorAll('h1, h2, h3, .figure, .versus, .tabs button, .label')]
    .filter((one) => !one.closest('.bubble') && one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"""


@pytest.fixture(scope="module")
def warehouse(company: Path) -> Path:
    return company


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


@pytest.fixture(scope="module", params=template_names())
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def live(warehouse: Path, template: str) -> Iterator[str]:
    with serve_preview(query_of(warehouse), template=template, company=COMPANY) as address:
        yield address


@pytest.fixture(scope="module")
def offline(warehouse: Path, template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("page") / f"{template}.html"
    return write_static(query_of(warehouse), place, template=template, company=COMPANY).as_uri()


def show(seen: Watched, address: str, choice: str) -> None:
    seen.page.goto("about:blank")
    seen.page.goto(f"{address}#{choice}")
    seen.ready()


def told(seen: Watched) -> Any:
    return seen.page.evaluate(
        """() => ({
            figures: [...document.querySelectorAll('.figure')].map((one) => [one.dataset.metric, one.textContent]),
            charts: [...document.querySelectorAll('.chart')].map((one) => one.getAttribute('aria-label')),
            tables: [...document.querySelectorAll('table')].map((one) => one.innerText),
        })"""
    )


def test_the_demo_company_fills_every_field(warehouse: Path, template: str) -> None:
    found = list(check_live(find_template(template), DuckDB(warehouse)))
    assert [str(one.sentence) for one in found if one.level == "error"] == []
    assert [str(one.sentence) for one in found if "is empty" in str(one.sentence)] == []


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_page_draws_and_fits(browser: Any, live: str, template: str, width: int, language: str) -> None:
    with watched(browser, width=width) as seen:
        for page in find_template(template).pages:
            show(seen, live, f"page={page.id}&lang={language}")
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            cards = seen.page.evaluate(CARDS)
            assert {one["id"] for one in cards} == {chart.id for chart in page.charts}
            assert [one["id"] for one in cards if one["empty"]] == []
            assert [pair for pair in _pairs(cards) if _overlap(*pair)] == []
            assert seen.page.evaluate(CUT) == [], page.id
            text = seen.page.inner_text("body")
            for word in ("undefined", "NaN", "null", "[object", "Infinity", "Invalid"):
                assert word not in text
        assert seen.complaints == []
        assert seen.foreign_requests() == []


def _pairs(cards: list[dict[str, Any]]) -> Iterator[tuple[Any, Any]]:
    return ((one, other) for n, one in enumerate(cards) for other in cards[n + 1 :])


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    (left, top, right, bottom), (x, y, x_end, y_end) = one["box"], other["box"]
    return bool(left < x_end - 1 and x < right - 1 and top < y_end - 1 and y < bottom - 1)


def test_the_offline_file_tells_the_same(browser: Any, live: str, offline: str, template: str) -> None:
    with watched(browser) as one, watched(browser) as other:
        for page in find_template(template).pages:
            show(one, live, f"page={page.id}&lang=en")
            show(other, offline, f"page={page.id}&lang=en")
            assert told(one) == told(other), page.id
        assert one.complaints + other.complaints == []


def test_a_page_of_months_says_what_a_part_of_one_is(browser: Any, live: str, template: str) -> None:
    """The running month counts as far as it has come, and is compared with no whole one: the reader is told. Of whole months
    there is no need."""
    is_monthly = template == "market-entry"
    sentence = "document.getElementById('compared').textContent.includes('Figures here are by the month')"
    compared = "document.getElementById('compared').textContent.includes('compared with')"
    with watched(browser) as seen:
        show(seen, live, "lang=en&period=custom&first=2026-01-01&last=2026-03-15")
        assert seen.page.evaluate(sentence) == is_monthly
        assert not (is_monthly and seen.page.evaluate(compared))
        show(seen, live, "lang=en&period=custom&first=2026-01-01&last=2026-03-31")
        assert not seen.page.evaluate(sentence)
        assert seen.page.evaluate(compared) or not is_monthly


def test_figures_equal_sql(browser: Any, live: str, warehouse: Path, template: str) -> None:
    """Every scorecard that is a sum or a count, over three months of the past, against an aggregate written here."""
    found = find_template(template)
    first, last = TODAY - timedelta(days=120), TODAY - timedelta(days=30)
    checked = 0
    with watched(browser) as seen:
        for page in found.pages:
            show(seen, live, f"page={page.id}&lang=en&period=custom&first={first}&last={last}")
            for chart in (one for one in page.charts if isinstance(one, Scorecards)):
                source = found.sources[chart.source]
                for metric in chart.metrics:
                    if metric not in source.fields or source.fields[metric].aggregation not in ("sum", "count"):
                        continue
                    field = source.fields[metric]
                    kept = {**chart.filters, **field.only}
                    where = [f'"{_column(source, name)}" IN ({_listed(values)})' for name, values in kept.items()]
                    if source.date:
                        where.append(f"\"{_column(source, source.date)}\" BETWEEN DATE '{first}' AND DATE '{last}'")
                    sql = f'SELECT {field.aggregation}("{field.column or metric}")::DOUBLE AS n FROM mart.{source.mart}'
                    rows = DuckDB(warehouse).query(f"{sql} WHERE {' AND '.join(where) or 'TRUE'}").read_all()
                    shown = seen.page.locator(f"#{chart.id} [data-metric={metric}]").get_attribute("data-value")
                    assert float(shown or 0) == pytest.approx(rows["n"][0].as_py() or 0, abs=1e-6), (page.id, metric)
                    checked += 1
    assert checked >= 3


def _column(source: Any, name: str) -> str:
    return str(source.fields[name].column or name)


def _listed(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)
