"""`echannel demo`: the main job on Atelier Breton, a made-up company that lives on between two runs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from echannel_connectors.cli import show
from echannel_connectors.cli.words import say
from echannel_connectors.demo.company import Company
from echannel_connectors.pipeline import sync
from echannel_connectors.project import FILE, load

ZONE = ZoneInfo("Europe/Paris")
PROJECT = """\
# Atelier Breton, the sample company of `echannel demo`. Its shop is served only while the demo runs.
version: 1
company: {{name: Atelier Breton, currency: EUR, time_zone: Europe/Paris, language: {language}, email_salt: "${{SALT}}"}}
sources:
  shop: {{connector: prestashop, url: "${{SHOP_URL}}", key: "${{SHOP_KEY}}"}}
  books: {{connector: dolibarr, url: "sqlite:///erp.sqlite"}}
destination: duckdb:///echannel.duckdb
matches: {{books: {{order: {{web_reference: shop.reference}}}}}}
"""


def run(folder: Path, language: str) -> int:
    """Sync the company into `folder`/echannel.duckdb and draw its dashboard; the exit code."""
    from echannel_connectors.looker.preview import write_static

    folder.mkdir(parents=True, exist_ok=True)
    show.talk(say("demo_start", language))
    with served(folder, language):
        project = load(folder)
        warehouse = project.warehouse()
        with show.progress(folder / ".echannel" / "runs" / f"{datetime.now(ZONE):%Y-%m-%dT%H-%M-%S}.jsonl") as on_event:
            result = sync(
                *project.sources(), into=warehouse, company=project.company, project=folder, on_event=on_event
            )
    show.sync_result(result, str(folder / "echannel.duckdb"), language)
    page = folder / "dashboard.html"
    company = {"name": project.company.name, "currency": project.company.currency, "language": language}
    write_static(
        lambda sql, values: warehouse.query(sql, values).read_all(), page, template="b2c-shop", company=company
    )
    if not sys.stdout.isatty():
        print(show.as_json({"page": str(page), "warehouse": str(folder / "echannel.duckdb")}))
    show.talk("")
    show.talk(say("page", language, path=page))
    show.talk(say("live", language, command=f"{_program()} preview --project {folder}"))
    show.talk(say("own", language))
    return result.exit_code


@contextmanager
def served(folder: Path, language: str) -> Iterator[Company]:
    """The company as it stands now, its shop over HTTP on this machine, its ERP and its echannel.yaml in the folder."""
    company = _company(folder / "company.json")
    erp = folder / "erp.sqlite"
    erp.unlink(missing_ok=True)
    company.write_erp(erp)
    (folder / FILE).write_text(PROJECT.format(language=language), encoding="utf-8")
    with company.shop.serve() as url:
        secrets = f"SHOP_URL={url}\nSHOP_KEY={company.shop.key}\nSALT=atelier-breton\n"
        (folder / ".env").write_text(secrets, encoding="utf-8")
        yield company


def _company(file: Path) -> Company:
    """The company as at the first run, and then the days between the runs since, lived again one by one."""
    now = datetime.now(ZONE).replace(tzinfo=None, microsecond=0)
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        kept["looks"].append(now.isoformat())
    else:
        kept = {"today": now.date().isoformat(), "looks": []}
    company = Company(date.fromisoformat(kept["today"]))
    for look in kept["looks"]:
        company.advance(datetime.fromisoformat(look))
    file.write_text(json.dumps(kept), encoding="utf-8")
    return company


def _program() -> str:
    """How this was called, so that the line can be copied: in a checkout `echannel` is in .venv."""
    called = Path(sys.argv[0])
    return str(called) if called.parent.name == "bin" and called.parent.parent.name == ".venv" else "echannel"
