"""`make pictures`: what the docs show, over the demo company, in both languages.

The pages of the templates (tests/looker/pictures.py), the assistant, a plan and a review. Chromium must be there.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from echannel_connectors.demo.serve import Demo, serve_demo
from echannel_connectors.start.assistant import Assistant
from echannel_connectors.start.server import serve_start
from tests.command import echannel
from tests.looker import pictures as templates
from tests.looker.browser import Watched, chromium, watched
from tests.looker.pictures import HIGH, ROOT, WIDE, save, shot

LANGUAGES = ("en", "fr")
DOMAIN = "www.atelier-breton.example"
# The stand-in's address as it would be: in the fields and in what is said.
RENAMED = """(domain) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) { walker.currentNode.data = walker.currentNode.data.replace(/127\\.0\\.0\\.1(:[0-9]+)?/g, domain); }
  document.querySelectorAll('input').forEach((one) => { one.value = one.value.replace(/^http:.*/, `https://${domain}`); });
  document.activeElement.blur();
}"""


def picture(name: str, language: str) -> Path:
    return ROOT / "docs" / "images" / f"{name}.{language}.png"


def draw_report(context: Any, folder: Path, name: str, language: str, words: tuple[str, ...]) -> None:
    """A page that a command writes into a folder of its own."""
    done = echannel(folder, *words, "--report", f"{name}-{language}")
    if done.returncode:
        sys.exit(done.stderr)
    (page,) = (folder / f"{name}-{language}").glob("*.html")
    with watched(context, width=WIDE) as seen:
        seen.page.goto(page.as_uri())
        seen.page.wait_for_timeout(500)
        save(picture(name, language), shot(context, seen, WIDE))


def draw_reports(context: Any, company: Path) -> None:
    settings = company / "echannel.yaml"
    text = settings.read_text(encoding="utf-8")
    for language in LANGUAGES:
        settings.write_text(re.sub(r"language: \w+", f"language: {language}", text), encoding="utf-8")
        draw_report(context, company, "review", language, ("review",))
        draw_report(context, company, "plan", language, ("plan", "IT"))


# -- the assistant ----------------------------------------------------------------------------------------------------


@contextmanager
def at(context: Any, folder: Path, language: str, step: str) -> Iterator[Watched]:
    with serve_start(folder) as url, watched(context, width=WIDE, height=HIGH) as seen:
        seen.page.goto(url)
        seen.until("document.querySelector('main h1')")
        seen.page.locator(f".languages [lang={language}]").click()
        seen.until(f"document.documentElement.lang === '{language}'")
        seen.page.evaluate(f"location.hash = '{step}'")
        seen.until(f"document.querySelector('main').dataset.step === '{step}' && !document.querySelector('main .busy')")
        yield seen


def draw_assistant(context: Any, demo: Demo, folder: Path) -> None:
    """From a wrong key to the first figures; a sync that runs is drawn as the first one does."""
    with closing(Assistant(folder)) as found:
        found.act("company", {"name": "Atelier Breton", "currency": "EUR", "time_zone": "Europe/Paris"})
    for language in LANGUAGES:
        with at(context, folder, language, "shop") as seen:
            _refused(seen, demo)
            save(picture("start-shop", language), shot(context, seen, WIDE))
    with closing(Assistant(folder)) as found:
        found.act("shop", {"url": demo.url, "key": demo.key})
        found.act("erp", {"connector": "dolibarr", "kind": "sqlite", "file": demo.erp_url.removeprefix("sqlite:///")})
        found.act("none", {"kind": "web"})
        found.act("destination", {"kind": "duckdb"})
    for language in LANGUAGES:
        with at(context, folder, language, "sync") as seen:
            (folder / "echannel.duckdb").unlink(missing_ok=True)
            seen.page.locator("main .actions button.first").click()
            seen.until(
                "[...document.querySelectorAll('.reading li')].some((one) => /[1-9][0-9]*[^0-9]+29/.test(one.textContent))"
            )
            save(picture("start-reading", language), shot(context, seen, WIDE))
            seen.until("document.querySelector('#progress .found.ok')", seconds=120)
    with at(context, folder, "en", "figures") as seen:  # what is in both is counted once
        seen.page.locator(".found.warning button").click()
        seen.until("document.querySelector('#progress .found.ok')", seconds=120)
    for language in LANGUAGES:
        with at(context, folder, language, "figures") as seen:
            seen.until("document.querySelector('.scores')")
            save(picture("start-figures", language), shot(context, seen, WIDE))


def _refused(seen: Watched, demo: Demo) -> None:
    seen.page.locator("[name=url]").fill(demo.url)
    seen.page.locator("[name=key]").fill("A" * 32)
    seen.page.locator("main .actions button.first").click()
    seen.until("!document.querySelector('form[aria-busy]') && document.querySelector('.found.error')", seconds=40)
    seen.page.evaluate(RENAMED, DOMAIN)


def main() -> None:
    with tempfile.TemporaryDirectory() as place, serve_demo(Path(place) / "served") as demo:
        done = echannel(Path(place), "demo", "company")
        if done.returncode:
            sys.exit(done.stderr)
        company = Path(place) / "company"
        with chromium() as context:
            draw_reports(context, company)
            draw_assistant(context, demo, Path(place) / "Atelier Breton")
            templates.draw(context, company / "echannel.duckdb")


if __name__ == "__main__":
    main()
