"""With `sync --watch 30`, how long until an order inserted in the ERP is in mart.sales and in an open preview."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import report
from benchmarks.environments import NotHere
from benchmarks.erp.ours import SPEC
from benchmarks.erp.world import SERVERS
from benchmarks.watching import watch
from echannel_connectors import DuckDB

PROJECT = """version: 1
company: {{name: Exeter Teas, currency: EUR, time_zone: Europe/Paris}}
sources: {{books: {{connector: shop, url: "{url}"}}}}
destination: duckdb:///books.duckdb
"""
ORDER = 900_000_001
PLACE = """
INSERT INTO orders VALUES ({order}, 'NEW', 7, 'completed', '{now}', 'EUR', 100, 20, '{now}');
INSERT INTO order_lines VALUES
  ({order}, {order}, 7, '', 'SKU-7', 'Sencha', 2, 50, 0, 100, 20, 0.2, 20, 'EUR', 0, '{now}');
"""


def run(*, full: bool) -> None:
    lines = 200_000 if full else 4_000
    for kind, serving in SERVERS.items():
        try:
            with serving(lines) as books, tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / "echannel.yaml").write_text(PROJECT.format(url=books.url), encoding="utf-8")
                (folder / "connector_specs").mkdir()
                shutil.copy(SPEC, folder / "connector_specs")

                def place(_: datetime, run=books.run) -> str:  # type: ignore[no-untyped-def]  # bound here
                    run(PLACE.format(order=ORDER, now=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"))
                    return str(ORDER)

                watch(folder, DuckDB(folder / "books.duckdb"), place, f"{kind}, {lines:,} order lines", full=full)
        except NotHere as why:
            report.say(f"{kind}: {why}")
