"""`echannel demo`: the main job on Atelier Breton, a made-up company that lives on between two runs."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from echannel_connectors.cli import show
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.demo.serve import Demo, serve_demo
from echannel_connectors.events import Log
from echannel_connectors.pipeline import sync
from echannel_connectors.project import FILE, Project, load
from echannel_connectors.review.of_project import reviewed
from echannel_connectors.texts import say

EARLIER_REVIEWS = (56, 28)  # days ago: its first run looks back, so that there is a history


def run(folder: Path) -> int:
    """Sync the company into `folder`/echannel.duckdb and draw its dashboard; the exit code."""
    from echannel_connectors.looker.preview import write_static

    folder.mkdir(parents=True, exist_ok=True)
    show.talk(say("Atelier Breton, a made-up company: a PrestaShop shop and an ERP on this machine."))
    with ExitStack() as stack:
        with show.busy(say("its years of trade are played …")):
            demo = stack.enter_context(serve_demo(folder))
        _tell_changes(demo)
        (folder / FILE).write_text(demo.project(spoken()), encoding="utf-8")
        project = load(folder)
        warehouse = project.warehouse()
        with show.progress(Log.of_run(folder)) as on_event:
            result = sync(
                *project.sources(), into=warehouse, company=project.company, project=folder, on_event=on_event
            )
    show.sync_result(result, str(folder / "echannel.duckdb"))
    with show.busy(say("its figures are reviewed …")):
        _review(project, demo.company.story.today, is_first=demo.changes is None)
    page = folder / "dashboard.html"
    company = project.company.model_dump(include={"name", "currency", "language", "time_zone"})
    with show.busy(say("drawing the dashboard …")):
        write_static(
            lambda sql, values: warehouse.query(sql, values).read_all(), page, template="b2c-shop", company=company
        )
    if not sys.stdout.isatty():
        print(show.as_json({"page": str(page), "warehouse": str(folder / "echannel.duckdb")}))
        show.summary(result, str(folder / "echannel.duckdb"))  # for who reads a log of it all
    _tell_next(folder, page)
    return result.exit_code


def _review(project: Project, today: date, *, is_first: bool) -> None:
    """Fill mart.review: every check as it is today and, the first time, as its earlier reviews found it."""
    for days in EARLIER_REVIEWS if is_first else ():
        reviewed(project, keep=True, then=today - timedelta(days=days))
    reviewed(project, keep=True)


def _tell_changes(demo: Demo) -> None:
    if demo.changes:
        sentence = say(
            "Since the last time: orders {orders}, changes of state {states}, refunds {refunds}, stock moves {moves}.",
            orders=demo.changes.orders,
            states=demo.changes.states,
            refunds=demo.changes.refunds,
            moves=demo.changes.stock_moves,
        )
        show.talk(sentence)


def _tell_next(folder: Path, page: Path) -> None:
    """The last lines: what there is now, and the commands to copy."""
    program, place = _program(), shlex.quote(str(folder))
    again = f"{program} demo" if folder == Path("demo") else f"{program} demo {place}"
    show.talk("")
    show.steps(
        say("Atelier Breton is ready:"),
        [
            (say("the dashboard"), str(page)),
            (say("the same, live"), f"{program} preview --project {place}"),
            (say("what is due now"), f"{program} review --project {place}"),
            (say("a table"), f"{program} read warehouse mart.sales --project {place}"),
            (say("only what is new"), again),
            (say("your own shop"), f"{program} init {told(say('my-shop'))}"),
        ],
    )


def _program() -> str:
    """How this was called, so that the line can be copied: in a checkout `echannel` is in .venv."""
    called = Path(sys.argv[0])
    return str(called) if called.parent.name == "bin" and called.parent.parent.name == ".venv" else "echannel"
