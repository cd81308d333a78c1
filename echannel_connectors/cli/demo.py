"""`echannel demo`: the main job on Atelier Breton, a made-up company that lives on between two runs."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime
from pathlib import Path

from echannel_connectors.cli import show
from echannel_connectors.cli.language import spoken
from echannel_connectors.demo.serve import serve_demo
from echannel_connectors.pipeline import sync
from echannel_connectors.project import FILE, load
from echannel_connectors.texts import say


def run(folder: Path) -> int:
    """Sync the company into `folder`/echannel.duckdb and draw its dashboard; the exit code."""
    from echannel_connectors.looker.preview import write_static

    folder.mkdir(parents=True, exist_ok=True)
    show.talk(say("Atelier Breton, a made-up company: a PrestaShop shop served on this machine, and its ERP."))
    with serve_demo(folder) as demo:
        (folder / FILE).write_text(demo.project(spoken()), encoding="utf-8")
        project = load(folder)
        warehouse = project.warehouse()
        with show.progress(
            folder / ".echannel" / "runs" / f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S}.jsonl"
        ) as on_event:
            result = sync(
                *project.sources(), into=warehouse, company=project.company, project=folder, on_event=on_event
            )
    show.sync_result(result, str(folder / "echannel.duckdb"))
    page = folder / "dashboard.html"
    company = project.company.model_dump(include={"name", "currency", "language", "time_zone"})
    write_static(
        lambda sql, values: warehouse.query(sql, values).read_all(), page, template="b2c-shop", company=company
    )
    if not sys.stdout.isatty():
        print(show.as_json({"page": str(page), "warehouse": str(folder / "echannel.duckdb")}))
    show.talk("")
    show.talk(say("The dashboard: {path}", path=page))
    show.talk(
        say("Live, with fresh figures: {command}", command=f"{_program()} preview --project {shlex.quote(str(folder))}")
    )
    show.talk(say("With your own shop: echannel init, then echannel check and echannel sync."))
    return result.exit_code


def _program() -> str:
    """How this was called, so that the line can be copied: in a checkout `echannel` is in .venv."""
    called = Path(sys.argv[0])
    return str(called) if called.parent.name == "bin" and called.parent.parent.name == ".venv" else "echannel"
