"""The report as a person sees it: in a window, on a telephone, on paper. Needs Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import Company
from echannel_connectors.days import Span
from echannel_connectors.review import Review, review
from echannel_connectors.review.asking import Figure
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.readiness import Readiness
from echannel_connectors.review.report import page
from echannel_connectors.review.report.readiness import readiness_page
from tests.looker.browser import chromium, watched
from tests.review.marts import TODAY, empty_marts

pytestmark = [pytest.mark.slow, pytest.mark.apt]
MARKETS = ("", "GB", "DE", "ES")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


def full(language: str) -> Review:
    """As much as a review can hold: every check of four markets, a third of them bad, each with its history."""
    found = review(empty_marts(), Company(name="Maison Léa", language=language), today=TODAY, keep=False)
    return replace(found, answers=tuple(_answers()))


def _answers() -> Iterator[Answer]:
    weeks = tuple((TODAY - timedelta(weeks=13 - n), Decimal(n % 5 + 1)) for n in range(13))
    for market in MARKETS:
        for number, check in enumerate(catalogue()):
            if market and check.breakdown == "none":
                continue
            status = ("act", "ok", "watch", "ok", "no_data", "ok")[number % 6]
            yield Answer(check, market, Span(date(2026, 10, 1), date(2026, 10, 31)), TODAY, status, Figure(Decimal(2)),  # type: ignore[arg-type]
                         Decimal(2), Decimal(3), Decimal("0.5") if check.is_change else None, history=weeks)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_full_report_is_printed_on_three_pages(browser: Any, language: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(full(language)), encoding="utf-8")
    with watched(browser) as seen:
        seen.page.goto(file.as_uri())
        printed = seen.page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 3
        assert seen.complaints == []
        assert seen.foreign_requests() == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(browser: Any, width: int, scheme: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(full("fr"), since_last=True), encoding="utf-8")
    with watched(browser, width=width) as seen:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.goto(file.as_uri())
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        assert seen.page.locator("article.point").count() == 12
        assert seen.page.locator("article.point svg").count() == 12


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [1440, 1280, 1024, 390])
def test_a_topic_s_name_fits_its_tile(browser: Any, width: int, language: str, tmp_path: Path) -> None:
    file = tmp_path / "readiness.html"
    of = Company(language=language)  # type: ignore[arg-type]
    file.write_text(readiness_page(Readiness("BE", TODAY, {}), of, TODAY), encoding="utf-8")
    with watched(browser, width=width) as seen:
        seen.page.goto(file.as_uri())
        cut = "[...document.querySelectorAll('.tile p')].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
        assert seen.page.evaluate(cut) == []


def test_what_is_written_can_be_read(browser: Any, tmp_path: Path) -> None:
    """The contrast of every text with what lies behind it is that of WCAG AA, by day and by night."""
    file = tmp_path / "report.html"
    file.write_text(page(full("en")), encoding="utf-8")
    for scheme in ("light", "dark"):
        with watched(browser) as seen:
            seen.page.emulate_media(color_scheme=scheme)
            seen.page.goto(file.as_uri())
            assert seen.page.evaluate(FAINT) == []


FAINT = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node) => { for (; node; node = node.parentElement) {
    const found = parts(getComputedStyle(node).backgroundColor); if (found.length < 4 || found[3] > 0) return found; } return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter((node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim()))
    .filter((node) => { const a = light(parts(getComputedStyle(node).color)), b = light(behind(node));
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5; }).map((node) => node.className + ': ' + node.textContent.slice(0, 30));
})()"""
