"""Everybody can use the page: axe-core finds no fault in it, by day and by night, and the keyboard reaches everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors.looker.preview import serve_preview
from echannel_connectors.looker.template import find_template, template_names
from tests.looker.browser import Watched, chromium, watched
from tests.looker.marts import COMPANY, make_marts, query_of

pytestmark = pytest.mark.apt
TODAY = datetime.now(UTC).date()
# Impact, rule, and the elements of each fault; the moderate ones are advice that changes from version to version.
FAULTS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => [one.impact, one.id, one.nodes.map((node) => node.html.slice(0, 200))])"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = make_marts(tmp_path_factory.mktemp("marts") / "shop.duckdb", today=TODAY, days=400, orders_per_day=4)
    with serve_preview(query_of(file), company={**COMPANY, "language": "en", "time_zone": "UTC"}) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


def show(seen: Watched, address: str, choice: str, scheme: str = "light") -> None:
    seen.page.emulate_media(color_scheme=scheme)
    seen.page.goto("about:blank")
    seen.page.goto(f"{address}#{choice}")
    seen.ready()


def faults(seen: Watched) -> Any:
    package = pytest.importorskip("axe_playwright_python", reason="pip install axe-playwright-python")
    seen.page.evaluate((resources.files(package) / "axe.min.js").read_text(encoding="utf-8"))
    return seen.page.evaluate(FAULTS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(browser: Any, address: str, scheme: str) -> None:
    """Also where things are unfolded: a chart's figures, what a figure is, and the rows behind a mark."""
    with watched(browser) as seen:
        for page in ("overview", "products"):
            show(seen, address, f"page={page}", scheme)
            seen.page.evaluate("document.querySelectorAll('.figures').forEach((one) => { one.open = true; })")
            assert faults(seen) == [], page
        seen.page.locator("[data-focus='what.product_table']").click()
        assert faults(seen) == []
        seen.page.keyboard.press("Escape")
        seen.page.locator("[data-focus='product_table.row.0']").click()
        seen.until("document.querySelector('.panel .about') !== null")
        assert faults(seen) == []


def test_axe_would_find_a_fault(browser: Any, address: str) -> None:
    """The proof that the tests here can fail: grey on white, and a button without a name."""
    with watched(browser) as seen:
        show(seen, address, "page=overview")
        seen.page.evaluate("document.getElementById('compared').style.color = '#c0c0c0'")
        seen.page.evaluate("document.getElementById('tabs').append(document.createElement('button'))")
        assert {rule for _, rule, _ in faults(seen)} == {"button-name", "color-contrast"}


@pytest.mark.slow
@pytest.mark.parametrize("template", template_names())
def test_axe_finds_no_fault_in_any_template(browser: Any, company: Path, template: str) -> None:
    with serve_preview(query_of(company), template=template, company=COMPANY) as url, watched(browser) as seen:
        for page in find_template(template).pages:
            for language in ("en", "fr"):
                for scheme in ("light", "dark"):
                    show(seen, url, f"page={page.id}&lang={language}", scheme)
                    assert faults(seen) == [], (page.id, language, scheme)


def test_where_the_keyboard_is_can_be_seen(browser: Any, address: str) -> None:
    """Once around the page: every control is reached, and the one that has the focus shows it."""
    with watched(browser) as seen:
        show(seen, address, "page=products")
        controls = seen.page.evaluate(
            "[...document.querySelectorAll('button:not(:disabled), select, input, summary')]"
            ".filter((one) => one.checkVisibility()).length"
        )
        reached = 0
        for _ in range(controls + 40):  # a date is reached part by part
            seen.page.keyboard.press("Tab")
            here = seen.page.evaluate(
                "(() => { const one = document.activeElement; if (one === document.body || one.dataset.reached) return null;"
                "one.dataset.reached = 'yes'; const {outlineStyle, outlineWidth} = getComputedStyle(one);"
                "return [one.matches('button, select, input, summary'), outlineStyle, outlineWidth, one.outerHTML.slice(0, 90)]; })()"
            )
            if here:
                is_control, style, width, which = here
                assert (style, width) == ("solid", "3px"), which
                reached += is_control
        assert reached == controls


def test_the_keyboard_opens_the_rows_behind_a_mark(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        show(seen, address, "page=overview")
        seen.page.locator("[data-focus='markets.figures']").focus()
        seen.page.keyboard.press("Enter")
        seen.page.keyboard.press("Tab")  # the table itself, which can be scrolled
        seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        seen.until("document.querySelector('.panel[open] .about') !== null")
        assert seen.page.evaluate("document.querySelector('.panel').contains(document.activeElement)")
        seen.page.keyboard.press("Escape")
        seen.until("document.querySelector('.panel[open]') === null")
        assert seen.page.evaluate("document.activeElement.dataset.focus") == "markets.mark.0"


def test_a_chart_is_told_as_a_sentence_and_as_a_table(browser: Any, address: str) -> None:
    with watched(browser) as seen:
        show(seen, address, "page=overview")
        charts = seen.page.evaluate(
            "[...document.querySelectorAll('.chart')].map((one) => [one.getAttribute('role'), one.getAttribute('aria-label'),"
            "one.closest('.body').querySelectorAll('.figures tbody tr').length])"
        )
        assert len(charts) == 3
        for role, sentence, lines in charts:
            assert role == "graphics-document"
            assert sentence.startswith("Net sales")
            assert lines >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_somebody_chooses(browser: Any, address: str, scheme: str) -> None:
    other = {"light": "dark", "dark": "light"}[scheme]
    with watched(browser) as seen:
        show(seen, address, "page=overview", scheme)
        assert tone(seen) == scheme
        seen.page.locator("#theme").click()
        assert tone(seen) == other
        seen.page.reload()
        seen.ready()
        assert tone(seen) == other  # remembered
        seen.page.emulate_media(media="print")
        assert tone(seen) == "light"  # paper is light
        seen.page.emulate_media(media="screen")
        seen.page.evaluate("localStorage.clear()")
        assert seen.complaints == []


def tone(seen: Watched) -> str:
    """Whether the cards and the charts' own words are dark or light; both must agree."""
    ground, word = seen.page.evaluate(
        "[getComputedStyle(document.querySelector('.card:not(.scores)')).backgroundColor,"
        "getComputedStyle(document.querySelector('#markets .mark-text text')).fill]"
    )
    bright = [sum(map(int, text.strip("rgb()").split(","))) > 380 for text in (ground, word)]
    assert bright[0] != bright[1]
    return "light" if bright[0] else "dark"
