"""How long a reader waits: each page of b2c-shop over a large company, with one filter after the other."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks import report
from benchmarks.marts.world import make
from echannel_connectors import DuckDB
from echannel_connectors.looker.preview import serve_preview
from echannel_connectors.looker.template import find_template
from echannel_connectors.models.company import Company
from echannel_connectors.models.mart_sql import mart_selects, read_by

TEMPLATE = "b2c-shop"
WANTED = 0.5  # seconds at the median
BUILDING_MIB = 4096
PERIODS = ("last_28_days", "last_90_days", "this_year", "last_12_months")
FILTERS = {"market": ("FR", "GB", "DE", "BE"), "channel": ("b2c_web", "b2b_web", "marketplace"),
           "category": ("Rayon 1", "Rayon 2", "Rayon 3")}  # fmt: skip


def run(*, full: bool) -> None:
    orders = 2_000_000 if full else 200_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "company.duckdb"
        report.say(f"Making the marts of {orders:,} orders …")
        _marts(file, orders)
        warehouse = DuckDB(file)  # as `echannel preview` opens it
        lines = warehouse.query("SELECT count(*) AS n FROM mart.sales").read_all()["n"][0].as_py()
        company = {"name": "Bench", "currency": "EUR", "language": "en", "time_zone": "UTC"}
        with serve_preview(
            lambda sql, values: warehouse.query(sql, values).read_all(),
            template=TEMPLATE,
            company=company,
            reading=warehouse.reading,
        ) as address:
            found = [(page.id, *_waits(address, page.id)) for page in find_template(TEMPLATE).pages]
    rows = [(name, len(waits), statistics.median(waits), max(waits)) for name, waits in found]
    report.rows(f"{TEMPLATE} over {lines:,} rows of mart.sales", ("page", "questions", "median s", "longest s"), rows)
    slowest = max(median for _, _, median, _ in rows)
    report.verdict(f"a filter is answered within {WANTED} s at the median", f"{slowest:.2f} s", met=slowest <= WANTED)


def _marts(file: Path, orders: int) -> None:
    """The template's marts and those that they are made of."""
    make(file, orders)
    selects = mart_selects(Company())
    wanted = {f"mart.{source.mart}" for source in find_template(TEMPLATE).sources.values()}
    for name in reversed(selects):  # each after those it reads: backwards, who needs it is known before it comes
        if name in wanted:
            wanted |= read_by(selects[name]) & set(selects)
    into = DuckDB(file, memory_mib=BUILDING_MIB)
    into.execute(*(f"CREATE OR REPLACE TABLE {name} AS {select}" for name, select in selects.items() if name in wanted))


def _waits(address: str, page: str) -> tuple[list[float]]:
    """Seconds of each question, the first one left out: it opens the file."""
    seconds = [_asked(address, question) for question in _questions(page)]
    return (seconds[1:],)


def _questions(page: str) -> Iterator[dict[str, str]]:
    template = find_template(TEMPLATE)
    fields = [
        control.field for name in template.page(page).controls if (control := template.controls[name]).type == "list"
    ]
    yield {"page": page}
    for period in PERIODS:
        for name in fields:
            for value in FILTERS[name]:
                yield {"page": page, "period": period, f"only.{name}": value}


def _asked(address: str, question: dict[str, str]) -> float:
    parts = urlsplit(address)
    began = time.monotonic()
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    connection.request("GET", f"{parts.path}data?{urlencode(question)}")
    reply = connection.getresponse()
    body = json.loads(reply.read())
    took = time.monotonic() - began
    connection.close()
    if reply.status != 200:
        raise RuntimeError(body.get("problem"))
    return took
