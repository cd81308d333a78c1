"""The assistant as a shop's owner meets it: in a browser, from an empty folder to the first chart. Needs Chromium."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import Company, DuckDB
from echannel_connectors.demo.serve import Demo, serve_demo
from echannel_connectors.start.assistant import Assistant
from echannel_connectors.start.server import serve_start
from echannel_connectors.testing.sheets import Book, FakeSheets, Trouble
from echannel_connectors.testing.shop import FakeShop, Fault, html_page
from tests.command import environment
from tests.looker.browser import Watched, chromium, watched
from tests.review.test_report_browser import FAINT
from tests.start.test_assistant import KEY_FILE, SHEET
from tests.start.test_schedule import CRONTAB

pytestmark = [pytest.mark.apt, pytest.mark.slow]
LANGS = {"en": "en_GB.UTF-8", "fr": "fr_FR.UTF-8"}
# Boxes that stand beside or below each other, never on each other; and texts that do not fit where they stand.
BOXES = """[...document.querySelectorAll('h1, .lead, .field, .choice, .block, .score, .found, .help, .actions button, .tools button, '
    + '.languages, .pages li > *, #steps button, .reading li, pre')].filter((one) => one.checkVisibility())
  .map((one) => ({one, box: one.getBoundingClientRect()})).flatMap((a, n, all) => all.slice(n + 1)
    .filter((b) => !a.one.contains(b.one) && !b.one.contains(a.one) && !a.one.closest('.side') === !b.one.closest('.side')
      && a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 && a.box.top < b.box.bottom - 1 && b.box.top < a.box.bottom - 1)
    .map((b) => a.one.className + a.one.tagName + ' × ' + b.one.className + b.one.tagName))"""
CUT = """[...document.querySelectorAll('h1, h2, p, button, a, strong, label, summary, code, pre, li span')]
  .filter((one) => one.checkVisibility() && !one.closest('.unseen') && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .map((one) => one.textContent.slice(0, 40))"""
UNLABELLED = """[...document.querySelectorAll('input, select, button, a')].filter((one) => one.checkVisibility()
  && !one.labels?.length && !one.textContent.trim() && !one.getAttribute('aria-label')).map((one) => one.outerHTML)"""

FAULTS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter((one) => ['serious', 'critical'].includes(one.impact))
  .map((one) => [one.impact, one.id, one.nodes.map((node) => node.html.slice(0, 200))])"""


@pytest.fixture(autouse=True)
def _nowhere_in_googles_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client looks for a machine of Google's, which would be a request into the network."""
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as context:
        yield context


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serve_demo(tmp_path_factory.mktemp("demo")) as served:
        yield served


@pytest.fixture(scope="module")
def complete(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a shop and an ERP that was read once."""
    folder = tmp_path_factory.mktemp("project") / "Atelier Breton"
    found = Assistant(folder)
    found.act("company", {"name": "Atelier Breton", "currency": "EUR", "time_zone": "Europe/Paris"})
    found.act("shop", {"url": demo.url, "key": demo.key})
    found.act("erp", {"connector": "dolibarr", "kind": "sqlite", "file": demo.erp_url.removeprefix("sqlite:///")})
    found.act("none", {"kind": "web"})
    found.act("destination", {"kind": "duckdb"})
    found.act("sync", {})
    found.syncing.wait(120)
    assert found.syncing.progress.state == "done"
    found.close()
    return folder


@contextmanager
def echannel_start(folder: Path, language: str, path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The program as somebody starts it; the address that it prints, and its process."""
    surroundings = {
        **environment(lang=LANGS[language]),
        "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
        "TZ": "Europe/Paris",
    }
    command = [sys.executable, "-m", "echannel_connectors", "start", "--no-open"]
    with subprocess.Popen(
        command, cwd=folder, env={name: value for name, value in surroundings.items() if name != "SHOP_KEY"},
        stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        try:
            line = child.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", line)
            assert found, line
            yield found[0], child
        finally:
            child.kill()


def press(seen: Watched, kind: str = "first") -> None:
    seen.page.locator(f"main .actions button.{kind}").click()


def at_step(seen: Watched, step: str) -> None:
    seen.until(f"document.querySelector('main').dataset.step === '{step}' && document.querySelector('main h1')")


def looks_well(seen: Watched, width: int) -> None:
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.page.evaluate(BOXES) == []
    assert seen.page.evaluate(CUT) == []
    assert seen.page.evaluate(UNLABELLED) == []
    assert seen.page.evaluate(FAINT) == []
    text = seen.page.inner_text("body")
    for word in ("undefined", "NaN", "null", "[object", "Infinity", "{"):
        assert word not in text, text


# -- from an empty folder to the first chart --------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_from_an_empty_folder_to_the_first_chart(browser: Any, demo: Demo, language: str, tmp_path: Path) -> None:
    """With every mistake on the way, a reload, and the program killed in the middle; nothing has to be said twice."""
    folder, programs = tmp_path / "Atelier Breton", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    (programs / "crontab").write_text(CRONTAB, encoding="utf-8")
    (programs / "systemctl").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    for program in programs.iterdir():
        program.chmod(0o755)
    with watched(browser, width=1280) as seen:
        with echannel_start(folder, language, programs) as (url, child):
            seen.page.goto(url)
            at_step(seen, "company")
            assert seen.page.evaluate("document.documentElement.lang") == language
            press(seen)
            _answer_shop(seen, demo, language)
            child.send_signal(signal.SIGKILL)
            child.wait()
        before = (folder / "echannel.yaml").read_text(encoding="utf-8")
        with echannel_start(folder, language, programs) as (url, _):
            seen.page.goto(url)
            at_step(seen, "erp")
            assert (folder / "echannel.yaml").read_text(encoding="utf-8") == before
            _answer_rest(seen, demo)
            seen.page.reload()
            at_step(seen, "sync")
            press(seen)
            seen.until("document.querySelector('#progress .going')")
            seen.page.reload()
            seen.until("document.querySelector('#progress .going')")
            seen.until("document.querySelector('#progress .found.ok')", seconds=120)
            press(seen)
            at_step(seen, "figures")
            _look_at_figures(seen, folder)
            _count_once(seen, folder)
            _schedule(seen, programs, language)
        assert seen.complaints == []
        assert seen.foreign_requests() == []
        assert not any(demo.key in url for url in seen.requests)
    text = (folder / "echannel.yaml").read_text(encoding="utf-8")
    assert f"language: {language}" in text
    assert demo.key not in text


def _answer_shop(seen: Watched, demo: Demo, language: str) -> None:
    at_step(seen, "shop")
    page = seen.page
    for url, key in (("no shop", demo.key), ("http://127.0.0.1:9", demo.key), (demo.url, "A" * 32)):
        page.locator("[name=url]").fill(url)
        page.locator("[name=key]").fill(key)
        press(seen)
        seen.until("!document.querySelector('form[aria-busy]') && document.querySelector('.found.error')", seconds=40)
        assert page.locator("[name=url]").input_value() == url
        assert demo.key not in page.locator(".found").all_inner_texts()
    refused = {"en": "does not accept this key", "fr": "n'accepte pas cette clé"}[language]
    assert refused in page.locator(".found.error .said").inner_text()
    page.locator("[name=key]").fill(demo.key)
    press(seen)
    seen.until("document.querySelector('.sources')")
    assert demo.key not in page.content()


def _answer_rest(seen: Watched, demo: Demo) -> None:
    page = seen.page
    page.locator("[name=connector]").select_option("dolibarr")
    page.locator("[name=kind]").select_option("sqlite")
    page.locator("[name=file]").fill("/nowhere.sqlite")
    press(seen)
    seen.until("document.querySelector('.findings .error')")
    page.locator("[name=file]").fill(demo.erp_url.removeprefix("sqlite:///"))
    press(seen)
    seen.until("document.querySelector('.sources')")
    press(seen)
    at_step(seen, "web")
    press(seen, "plain")
    at_step(seen, "destination")
    press(seen)
    at_step(seen, "sync")


def _look_at_figures(seen: Watched, folder: Path) -> None:
    """The figures are those of SQL; a click opens the page with the first chart."""
    seen.until("document.querySelector('.scores')")
    sql = f"SELECT sum(orders) AS n FROM mart.sales_daily WHERE date > DATE '{Company().today()}' - INTERVAL 12 MONTH"
    orders = DuckDB(folder / "echannel.duckdb").query(sql).read_all()["n"][0].as_py()
    assert orders > 0
    assert seen.figure("orders") == orders
    with seen.page.expect_popup() as opened:
        seen.page.locator("a[href='preview/b2c-shop']").click()
    chart = Watched(opened.value)
    chart.page.set_default_timeout(20_000)
    chart.ready()
    assert chart.page.locator(".chart svg").count() > 0
    chart.page.close()
    with seen.page.expect_popup() as opened:
        seen.page.locator("a[href='review']").click()
    opened.value.wait_for_load_state()
    assert opened.value.locator("article.point, .empty").count() > 0
    opened.value.close()


def _count_once(seen: Watched, folder: Path) -> None:
    """A third of the shop's orders is entered in the ERP, too: a click, and they count once."""
    before = seen.figure("orders")
    seen.page.locator(".found.warning button").click()
    seen.until("document.querySelector('#progress .going')")
    seen.until("document.querySelector('#progress .found.ok')", seconds=120)
    press(seen)
    seen.until("document.querySelector('.scores')")
    assert 0 < seen.figure("orders") < before
    assert seen.page.locator(".found.warning button").count() == 0
    assert "web_reference: shop.reference" in (folder / "echannel.yaml").read_text(encoding="utf-8")


def _schedule(seen: Watched, programs: Path, language: str) -> None:
    """What is shown is what is installed, on a click and not before."""
    tab = programs / "tab"
    tab.write_text("MAILTO=me\n", encoding="utf-8")
    seen.page.evaluate("location.hash = 'schedule'")
    seen.until("document.querySelector('pre')")
    shown = seen.page.locator("pre").inner_text()
    assert tab.read_text(encoding="utf-8") == "MAILTO=me\n"
    press(seen)
    seen.until("document.querySelector('.actions .second')")
    assert tab.read_text(encoding="utf-8") == f"MAILTO=me\n{shown}\n"
    assert {"en": "every day at 06:00", "fr": "chaque jour à 06:00"}[language] in seen.page.inner_text("main")
    press(seen, "second")
    seen.until("!document.querySelector('.actions .second')")
    assert tab.read_text(encoding="utf-8") == "MAILTO=me\n"


def _linked(seen: Watched) -> int:
    """How many reports the page of links copies onto the spreadsheet."""
    with seen.page.expect_popup() as opened:
        seen.page.locator("a[href='links']").click()
    opened.value.wait_for_load_state()
    found = int(opened.value.locator(f"a.open[href*='{SHEET}']").count())
    opened.value.close()
    return found


# -- how it looks -----------------------------------------------------------------------------------------------------

SCREENS = ("company", "shop", "erp", "web", "destination", "sync", "figures", "schedule")


@pytest.mark.parametrize("width", [1440, 768, 390])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_screen_fits(browser: Any, complete: Path, width: int, language: str) -> None:
    """With all its help open and its fields shown."""
    with serve_start(complete) as url, watched(browser, width=width) as seen:
        seen.page.goto(url)
        at_step(seen, "figures")
        seen.page.locator(f".languages [lang={language}]").click()
        seen.until(f"document.documentElement.lang === '{language}'")
        for step in SCREENS:
            seen.page.evaluate(f"location.hash = '{step}'")
            at_step(seen, step)
            seen.until("!document.querySelector('main .busy')")
            looks_well(seen, width)
            more = "main .tools button:first-child, main .choice:not(:has([name=language]))"
            for n in range(seen.page.locator(more).count()):
                seen.page.locator(more).nth(n).click()
                seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
                seen.until("!document.querySelector('main .busy')")
                looks_well(seen, width)
                if step in ("shop", "erp"):
                    break  # its list has given way to the fields of one
        if width < 900:
            seen.page.locator(".far button").click()
            looks_well(seen, width)
            seen.page.locator("#steps button").nth(1).click()
            at_step(seen, "shop")
        assert seen.complaints == []
        assert seen.foreign_requests() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(browser: Any, complete: Path, scheme: str) -> None:
    """axe-core finds no serious fault on any screen, and every text can be read, by day and by night."""
    package = pytest.importorskip("axe_playwright_python", reason="pip install axe-playwright-python")
    axe = (resources.files(package) / "axe.min.js").read_text(encoding="utf-8")
    with serve_start(complete) as url, watched(browser) as seen:
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.goto(url)
        at_step(seen, "figures")
        for step in SCREENS:
            seen.page.evaluate(f"location.hash = '{step}'")
            at_step(seen, step)
            seen.until("!document.querySelector('main .busy')")
            if step in ("shop", "erp"):
                seen.page.locator("main .tools button").first.click()
            seen.page.evaluate(axe)
            assert seen.page.evaluate(FAULTS) == [], step
            assert seen.page.evaluate(FAINT) == [], step
        assert seen.complaints == []


def test_by_keyboard_alone(browser: Any, demo: Demo, tmp_path: Path) -> None:
    """The first field is a few steps away, Enter sends, and each new question has the focus."""
    with serve_start(tmp_path / "Shop") as url, watched(browser) as seen:
        page = seen.page
        page.goto(url)
        at_step(seen, "company")
        for _ in range(20):
            if page.evaluate("document.activeElement.name") == "name":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        at_step(seen, "shop")
        assert page.evaluate("document.activeElement.tagName") == "H1"
        page.keyboard.press("Tab")
        page.keyboard.type(demo.url)
        page.keyboard.press("Tab")
        page.keyboard.type(demo.key)
        page.keyboard.press("Enter")
        seen.until("document.querySelector('.sources')")
        assert page.evaluate("document.activeElement.tagName") == "H1"
        assert seen.complaints == []


def test_a_month_that_refunded_more_hangs_below(browser: Any, tmp_path: Path) -> None:
    """100 sold, nothing, and 40 more refunded than sold: 140 in all over the 140 points of the drawing. A year before that was
    not above nothing gives no share, and one that is not there no comparison."""
    Assistant(tmp_path).act("company", {"name": "Léa", "currency": "EUR", "time_zone": "Europe/Paris"})
    with serve_start(tmp_path) as url, watched(browser) as seen:
        seen.page.goto(url)
        seen.until("typeof monthsOf === 'function' && document.querySelector('main h1')")
        bars = seen.page.evaluate(
            """() => [...monthsOf([100, 0, -40].map((net_sales, n) => ({ month: `2026-0${n + 1}-01`, net_sales }))).querySelectorAll('rect')]
              .map((one) => [Number(one.getAttribute('y')), Number(one.getAttribute('height'))])"""
        )
        assert bars == [[10, 100], [109, 1], [110, 40]]
        told = "(before) => scoresOf({ values: { orders: [50, before] } }).querySelector('.versus').textContent"
        shares = [seen.page.evaluate(told, before) for before in (40, 0, -40, None)]
        assert shares == ["+25% on the year before", *["no figure for the year before"] * 3]
        lead = "(before) => leadOf({ until: '2026-11-27', values: { orders: [50, before] } })"
        assert "compared with the twelve months before" in seen.page.evaluate(lead, 0)
        assert seen.page.evaluate(lead, None) == "Twelve months up to 27 November 2026."


def test_names_with_html_stay_text(browser: Any, shop_a: FakeShop, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)></script>"
    found = Assistant(tmp_path)
    found.act("company", {"name": name, "currency": "EUR", "time_zone": "Europe/Paris"})
    with serve_start(tmp_path) as url, shop_a.serve() as shop, watched(browser) as seen:
        seen.page.goto(url)
        at_step(seen, "shop")
        assert seen.page.locator("#company").inner_text() == name
        shop_a.faults = [html_page()]
        seen.page.locator("[name=url]").fill(shop)
        seen.page.locator("[name=key]").fill(shop_a.key)
        press(seen)
        seen.until("document.querySelector('.findings .error')")
        assert "there is no PrestaShop webservice" in seen.page.locator(".found.error").inner_text().replace(
            "There", "there"
        )
        assert seen.complaints == []


def test_a_sync_that_fails_is_told_stopped_and_gone_on_with(browser: Any, shop_a: FakeShop, tmp_path: Path) -> None:
    found = Assistant(tmp_path)
    found.act("company", {"name": "Essai", "currency": "EUR", "time_zone": "Europe/Paris"})
    with shop_a.serve() as shop, serve_start(tmp_path) as url, watched(browser) as seen:
        found.act("shop", {"url": shop, "key": shop_a.key})
        for kind in ("erp", "web"):
            found.act("none", {"kind": kind})
        found.act("destination", {"kind": "duckdb"})
        shop_a.keys[shop_a.key].pop("order_slip")
        seen.page.goto(url)
        at_step(seen, "sync")
        press(seen)
        seen.until("document.querySelector('#progress .found.error')", seconds=60)
        assert "'order_slip'" in seen.page.locator("#progress .found.error").inner_text()
        assert seen.page.locator("main .actions button.first").inner_text() == "Try again"
        shop_a.keys[shop_a.key]["order_slip"] = {"GET"}
        shop_a.faults = [Fault(delay_seconds=0.1)]
        press(seen)
        seen.until("document.querySelector('#progress .going')")
        press(seen, "second")
        seen.until("document.querySelector('#progress .found.warning')", seconds=60)
        assert seen.page.locator("main .actions button.first").inner_text() == "Go on"
        shop_a.faults = []
        press(seen)
        seen.until("document.querySelector('#progress .found.ok')", seconds=60)
        assert seen.complaints == []


# -- a spreadsheet ------------------------------------------------------------------------------------------------------


def test_into_a_spreadsheet(browser: Any, demo: Demo, tmp_path: Path) -> None:
    """The key file is chosen, the e-mail to share with is told, the right to write is tried; the tabs are filled."""
    google = FakeSheets()
    google.add(Book(SHEET))
    key = tmp_path / "downloaded.json"
    key.write_text(json.dumps(KEY_FILE), encoding="utf-8")
    folder = tmp_path / "project"
    with google.serving() as endpoint, serve_start(folder, google=endpoint) as url, watched(browser) as seen:
        found = Assistant(folder, google=endpoint)
        found.act("company", {"name": "Atelier", "currency": "EUR", "time_zone": "Europe/Paris"})
        found.act("shop", {"url": demo.url, "key": demo.key})
        for kind in ("erp", "web"):
            found.act("none", {"kind": kind})
        seen.page.goto(url)
        at_step(seen, "destination")
        seen.page.locator("[name=kind][value=sheets]").check()
        seen.page.locator("[name=spreadsheet]").fill(f"https://docs.google.com/spreadsheets/d/{SHEET}/edit#gid=0")
        seen.page.locator("input[type=file]").set_input_files(key)
        seen.until("document.querySelector('.email code')")
        assert seen.page.locator(".email code").inner_text() == KEY_FILE["client_email"]
        looks_well(seen, 1280)
        google.trouble.append(Trouble(":batchUpdate", 403, "The caller does not have permission"))
        press(seen)
        seen.until("document.querySelector('.findings .error')")
        assert "may not write" in seen.page.locator(".findings .error").inner_text()
        press(seen)
        at_step(seen, "sync")
        press(seen)
        seen.until("document.querySelector('#progress .found.ok')", seconds=120)
        assert {"sales", "orders", "sales_daily"} <= {grid.title for grid in google.books[SHEET].grids.values()}
        press(seen)
        seen.until("document.querySelector('.scores')")
        looks_well(seen, 1280)
        for pages in (5, 6):  # that of reviews has a table once there was one
            assert _linked(seen) == pages
            with seen.page.expect_popup() as opened:
                seen.page.locator("a[href='review']").click()
            opened.value.wait_for_load_state()
            opened.value.close()
        assert seen.complaints == []
