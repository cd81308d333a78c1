"""The demo company on this machine: shop and web analytics over HTTP, an ERP as a file, and an echannel.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

from echannel_connectors.demo import entered, visits
from echannel_connectors.demo.company import NAME, Changes, Company
from echannel_connectors.demo.story import moment
from echannel_connectors.testing.ga4 import FakeGa4

STATE = "company.json"
ERP = "erp.sqlite"
LATEST = (23, 50)

PROJECT = """\
# {name} is an invented company: its shop and its ERP are played on this machine by `echannel demo`.
version: 1
company: {{name: {name}, currency: EUR, time_zone: Europe/Paris, language: {language}, email_salt: atelier-breton}}
sources:
  shop: {{connector: prestashop, url: {shop}, key: {key}, page: 500}}
  books: {{connector: dolibarr, url: {erp}, parameters: {{prefix: llx_, entity: 1}}}}
{web}destination: duckdb:///echannel.duckdb
# A third of the web orders is booked in the ERP too, under the shop's reference: they count once.
matches: {{books: {{order: {{web_reference: shop.reference}}}}}}
# What the company enters itself: change these files as you like, they are written once.
cost_rules: {cost_rules}
markets: {{GB: {{entered_on: {entry}, costs: {costs}, targets: {targets}}}}}
reviews: {{started_on: {started}}}
"""
WEB = "  web: {{connector: ga4, property: {number}, start: {start}, endpoint: {endpoint}}}\n"


@dataclass(frozen=True, slots=True)
class Demo:
    """The company while it is served."""

    company: Company
    url: str
    key: str
    erp_url: str
    web_url: str  # of its GA4; '' where Google's client is not installed
    run: int
    changes: Changes | None
    """What happened since the run before; None in the first run."""

    def project(self, language: str = "en") -> str:
        """The text of an echannel.yaml for this company."""
        story = self.company.story
        web = WEB.format(number=visits.PROPERTY, start=visits.connected_on(story), endpoint=json.dumps(self.web_url))
        return PROJECT.format(
            name=NAME, language=language, shop=json.dumps(self.url), key=json.dumps(self.key),
            erp=json.dumps(self.erp_url), entry=story.entry, started=story.start.replace(year=story.today.year),
            web=web if self.web_url else "",
            costs=entered.COSTS, targets=entered.TARGETS, cost_rules=entered.COST_RULES,
        )  # fmt: skip


@contextmanager
def serve_demo(folder: Path, today: date | None = None) -> Iterator[Demo]:
    """Serve the company that lives in this folder; it is a little older every time, and otherwise the same.

    `today` is for tests: by default the company begins on the day of the first run and lives on until now.
    """
    state = folder / STATE
    began, moments = _remembered(state)
    today = today or date.today()  # noqa: DTZ011 - the day on the wall of whoever looks
    company = Company(began or today)
    changes = None
    for at in moments:
        changes = company.advance(at)
    if began:
        moments.append(_next(company.now, today))
        changes = company.advance(moments[-1])
    _remember(state, company.story.today, moments)
    erp = (folder / ERP).resolve()
    company.write_erp(erp)
    for name, text in entered.files(company.story).items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
    with ExitStack() as stack:
        url, web = stack.enter_context(company.shop.serve()), ""
        if find_spec("googleapiclient"):
            found = FakeGa4({visits.PROPERTY: list(visits.visits(company))})
            web = stack.enter_context(found.serving())
        yield Demo(company, url, company.shop.key, f"sqlite:///{erp.as_posix()}", web, len(moments) + 1, changes)


def _next(now: datetime, today: date) -> datetime:
    """Noon of a new day, two hours later on the same one, minutes later when the day is nearly over."""
    if today > now.date():
        return moment(today, 12)
    later = min(now + timedelta(hours=2), moment(now.date(), *LATEST))
    return max(later, now + timedelta(minutes=2))


def _remembered(state: Path) -> tuple[date | None, list[datetime]]:
    if not state.is_file():
        return None, []
    known = json.loads(state.read_text(encoding="utf-8"))
    return date.fromisoformat(known["today"]), [datetime.fromisoformat(at) for at in known["runs"]]


def _remember(state: Path, began: date, moments: list[datetime]) -> None:
    """Before anything is served: a shop that has been read must not be younger the next time."""
    state.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"today": str(began), "runs": [str(at) for at in moments]})
    state.write_text(text + "\n", encoding="utf-8")
