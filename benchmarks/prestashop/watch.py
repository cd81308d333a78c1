"""Claim 5: with `sync --watch 30`, how long until an order placed in the shop is in mart.sales and an open preview."""

from __future__ import annotations

import tempfile
import urllib.parse
from datetime import datetime
from pathlib import Path

from benchmarks.prestashop.server import serving
from benchmarks.watching import watch
from echannel_connectors import DuckDB

PROJECT = """version: 1
sources: {{shop: {{connector: prestashop, url: "{url}", key: "{key}"}}}}
destination: duckdb:///shop.duckdb
"""


def run(*, full: bool) -> None:
    orders = 100_000 if full else 2_000
    with serving(orders, 50) as served, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "echannel.yaml").write_text(PROJECT.format(url=served.url, key=served.key), encoding="utf-8")

        def place(now: datetime) -> str:
            return str(served.ask(f"place?{urllib.parse.urlencode({'at': f'{now:%Y-%m-%d %H:%M:%S}', 'lines': '7'})}"))

        what = f"{orders:,} orders, 50 ms a request"
        watch(folder, DuckDB(folder / "shop.duckdb"), place, what, full=full)
