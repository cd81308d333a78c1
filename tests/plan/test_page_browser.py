"""The page as a person uses it: what it shows is what Python computes, to the last digit. Needs Chromium."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.plan import Plan, plan_market
from echannel_connectors.plan.inputs import INPUTS, Start, rounded, shown
from echannel_connectors.plan.model import CASES, PLACES, Forecast
from echannel_connectors.plan.page import COLUMNS, LEFT, plan_page
from echannel_connectors.plan.targets import as_csv, rows_of
from echannel_connectors.texts import say
from tests.looker.browser import Watched, chromium, watched
from tests.plan.company import TODAY, company, marts
from tests.review.test_report_browser import FAINT

pytestmark = [pytest.mark.slow, pytest.mark.apt]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


@pytest.fixture(scope="module")
def plans() -> Iterator[dict[str, Plan]]:
    warehouse: DuckDB = marts()
    yield {market: plan_market(warehouse, company(), market, today=TODAY) for market in ("GB", "IT")}
    warehouse.close()


def written(plan: Plan, folder: Path, language: str = "en") -> str:
    file = folder / "plan.html"
    file.write_text(plan_page(plan.speaking(language)), encoding="utf-8")
    return file.as_uri()


def thrown(seed: int) -> dict[str, Decimal]:
    """A value for every input, somewhere between its limits: what nobody would plan as well."""
    chance = random.Random(seed)
    found = {}
    for name, one in INPUTS.items():
        low, high = float(one.low), min(float(one.high), float(max(one.reach, 1)) * 3)
        number = Decimal(str(chance.uniform(low, high)))
        scale = 100 if one.unit == "percent" else 1
        found[name] = max(rounded(name, number / scale, {"money": "EUR", "market_money": "GBP"}), one.low / scale)
    return found


def moved(plan: Plan, values: Mapping[str, Decimal]) -> Plan:
    return replace(plan, starts={name: Start(value, "said", say("said by you")) for name, value in values.items()})


def type_in(seen: Watched, values: Mapping[str, Decimal]) -> None:
    for name, value in values.items():
        seen.page.evaluate(
            "([name, text]) => { const field = document.getElementById(name); field.value = text; "
            "field.dispatchEvent(new Event('input', { bubbles: true })); }",
            [name, shown(name, value)],
        )


def told(seen: Watched, selector: str) -> list[str]:
    found: list[str] = seen.page.locator(selector).evaluate_all("(all) => all.map((one) => one.dataset.value)")
    return found


def exact(value: Decimal | int | None) -> str:
    return "" if value is None else f"{value + 0:.12f}" if isinstance(value, Decimal) else str(value)


def expect_shown(seen: Watched, plan: Plan) -> None:
    """Every figure on the page, of all three cases and of every month of the middle one."""
    cases = plan.cases()
    for case, found in cases.items():
        for name in ("monthly_contribution", "break_even", "cash_needed", "return_on_investment"):
            assert told(seen, f".case.{case} [data-figure={name}]") == [exact(getattr(found, name))], (case, name)
        for name in LEFT:
            assert told(seen, f'[data-left="{case}.{name}"]') == [exact(getattr(found.per_order, name))], (case, name)
    expect_months(seen, cases["middle"])


def expect_months(seen: Watched, found: Forecast) -> None:
    for name in COLUMNS:
        if name != "month":
            assert told(seen, f"#months td.{name}") == [exact(getattr(one, name)) for one in found.months], name


@pytest.mark.parametrize("market", ["GB", "IT"])
def test_the_page_computes_what_python_does(browser: Any, plans: dict[str, Plan], market: str, tmp_path: Path) -> None:
    """At first, and after every field was moved anywhere, again and again; nothing is asked of a network."""
    plan = plans[market]
    with watched(browser, width=1440) as seen:
        seen.page.goto(written(plan, tmp_path))
        expect_shown(seen, plan)
        for seed in range(6):
            values = thrown(seed)
            type_in(seen, values)
            expect_shown(seen, moved(plan, values))
        assert seen.complaints == []
        assert seen.foreign_requests() == []


def test_the_download_is_what_save_writes(browser: Any, plans: dict[str, Plan], tmp_path: Path) -> None:
    """Once every assumption is confirmed; of the case that is chosen."""
    plan, values = plans["GB"], thrown(3)
    with watched(browser) as seen:
        seen.page.goto(written(plan, tmp_path))
        button = seen.page.locator("#download")
        assert button.is_disabled()
        assert f"Assumptions not confirmed yet: {len(plan.assumptions)}." in seen.page.locator(".open").inner_text()
        for tick in seen.page.locator(".confirm input").all():
            tick.check()
        assert seen.page.locator(".open").inner_text() == "Every assumption is confirmed."
        for case in CASES:
            seen.page.locator(f"input[name=case][value={case}]").check()
            assert downloaded(seen) == as_csv(
                rows_of(plan.forecast(case), plan.company.currency), plan.company.language
            )
        type_in(seen, values)
        assert downloaded(seen) == as_csv(rows_of(moved(plan, values).forecast("high"), "EUR"), plan.company.language)
        assert " --set price=" in seen.page.locator("#command").inner_text()
        seen.page.locator("button[type=reset]").click()
        seen.until("document.querySelector('#download').disabled")
        assert seen.complaints == []


def downloaded(seen: Watched) -> str:
    with seen.page.expect_download() as waiting:
        seen.page.locator("#download").click()
    assert waiting.value.suggested_filename == "gb-targets.csv"
    text: str = Path(waiting.value.path()).read_text(encoding="utf-8")
    return text


def test_a_slider_moves_its_field_and_what_cannot_be_is_marked(
    browser: Any, plans: dict[str, Plan], tmp_path: Path
) -> None:
    """The figures then stay those of the last value that can be, and cannot be kept."""
    plan = plans["IT"]
    with watched(browser) as seen:
        seen.page.goto(written(plan, tmp_path))
        slider = seen.page.locator("[data-name=price] input[type=range]")
        slider.evaluate("(one) => { one.value = 150; one.dispatchEvent(new Event('input', { bubbles: true })); }")
        assert seen.page.locator("#price").input_value() == "150"
        assert "said by you" in seen.page.locator("[data-name=price] .origin").inner_text()
        price = {**plan.values, "price": Decimal(150)}
        expect_shown(seen, moved(plan, price))
        for wrong in ("", "-1", "1e3"):
            seen.page.locator("#price").fill(wrong)
            assert seen.page.locator("[data-name=price].wrong").count() == 1, wrong
            assert seen.page.locator("#download").is_disabled()
            expect_shown(seen, moved(plan, price))
        seen.page.locator("#price").fill("10")
        assert seen.page.locator(".wrong").count() == 0
        assert seen.complaints == []


def test_amounts_in_the_markets_currency(browser: Any, plans: dict[str, Plan], tmp_path: Path) -> None:
    """Tiles tell both; chart and months follow the choice; the exact figures stay those of the company's currency."""
    plan = plans["GB"]
    with watched(browser) as seen:
        seen.page.goto(written(plan, tmp_path))
        seen.page.locator("input[name=currency][value=market_money]").check()
        cell = seen.page.locator("#months tbody tr").nth(1).locator("td.contribution").inner_text()
        assert cell.startswith("£")
        found = plan.forecast("middle")
        in_pounds = found.months[1].contribution / plan.values["rate"]
        assert Decimal(cell.removeprefix("£").replace(",", "")) == in_pounds.quantize(Decimal("0.01"))
        expect_months(seen, found)
        assert "£" in seen.page.locator(".case.middle").inner_text()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [1440, 1280, 1120, 768, 390])
@pytest.mark.parametrize("market", ["GB", "IT"])
def test_nothing_overlaps_or_is_cut(
    browser: Any, plans: dict[str, Plan], market: str, width: int, language: str, tmp_path: Path
) -> None:
    """With large figures too, and with everything unfolded. The window is high enough that the fields need not scroll."""
    with watched(browser, width=width, height=9000) as seen:
        seen.page.goto(written(plans[market], tmp_path, language))
        seen.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        for values in ({}, {"orders": Decimal(9000), "fixed": Decimal(99999), "investment": Decimal(1_000_000)}):
            type_in(seen, values)
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            assert seen.page.evaluate(CUT) == []
            assert seen.page.evaluate(OVERLAPPING) == []
            assert values or seen.page.evaluate(HIDDEN) <= 0
        assert seen.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_written_can_be_read(browser: Any, plans: dict[str, Plan], scheme: str, tmp_path: Path) -> None:
    """Its contrast is that of WCAG AA, by day and by night (a button that cannot be pressed yet is left out)."""
    with watched(browser) as seen:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.goto(written(plans["GB"], tmp_path))
        seen.page.locator("#download").evaluate("(one) => { one.disabled = false; }")
        assert seen.page.evaluate(FAINT) == []


def test_places_are_those_of_the_page() -> None:
    assert Decimal("0.000000000001") == PLACES


# Texts that are wider or higher than what they stand in, or leave the window.
CUT = """(() => [...document.querySelectorAll('body *')]
  .filter((one) => one.checkVisibility() && !(one instanceof SVGElement) && one.tagName !== 'INPUT')
  .filter((one) => [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .filter((one) => { const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    return box.left < -1 || box.right > innerWidth + 1 || (style.display !== 'inline' && (one.scrollWidth > one.clientWidth + 1)); })
  .map((one) => `${one.className} ${one.textContent.slice(0, 40)}`))()"""
# How much of the months' table has to be scrolled to.
HIDDEN = """(() => { const one = document.querySelector('#months').closest('.scroll');
  return one.scrollWidth - one.clientWidth; })()"""
# Pairs of texts (and fields) whose boxes lie over each other.
OVERLAPPING = """(() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) boxes.push({ box, text: node.data.trim().slice(0, 30) });
  }
  for (const field of document.querySelectorAll('input')) if (field.checkVisibility()) boxes.push({ box: field.getBoundingClientRect(), text: field.id || field.type });
  const found = [];
  for (let a = 0; a < boxes.length; a += 1) for (let b = a + 1; b < boxes.length; b += 1) {
    const [one, other] = [boxes[a].box, boxes[b].box];
    const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
    const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
    if (wide > 1 && high > 3) found.push(`${boxes[a].text} / ${boxes[b].text}`);
  }
  return found;
})()"""
