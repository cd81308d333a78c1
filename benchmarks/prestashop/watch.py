"""Claim 5: with `sync --watch 30`, how long until an order placed in the shop is in mart.sales and in an open preview.

The order is placed as soon as the sync before has ended and the preview is open: the worst moment, but for the seconds
that the preview took to open (with --full the order waits for the next sync to end).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.prestashop import report
from benchmarks.prestashop.server import Served, environment, serving
from echannel_connectors import DuckDB
from echannel_connectors.errors import EChannelError

PROJECT = """version: 1
sources: {{shop: {{connector: prestashop, url: "{url}", key: "{key}"}}}}
destination: duckdb:///shop.duckdb
"""
GOAL = 40.0
PATIENCE = 600.0
COMMAND = [sys.executable, "-m", "echannel_connectors"]


def run(*, full: bool) -> None:
    orders = 100_000 if full else 2_000
    with serving(orders, 50) as served, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "echannel.yaml").write_text(PROJECT.format(url=served.url, key=served.key), encoding="utf-8")
        warehouse = DuckDB(folder / "shop.duckdb")
        with (folder / "watch.log").open("w") as log:
            watching = subprocess.Popen(
                [*COMMAND, "sync", "--watch", "30"], cwd=folder, env=environment(), stdout=log, stderr=log
            )
            try:
                _until(lambda: _runs(warehouse) >= 1, watching, folder)
                in_mart, in_preview = _one_order(served, warehouse, folder, watching, full=full)
            finally:
                watching.terminate()
                watching.wait()
    figure = (
        f"{in_mart:.1f} s until mart.sales, {in_preview:.1f} s until the preview ({orders:,} orders, 50 ms a request)"
    )
    report.verdict(
        f"--watch 30: a new order is there within {GOAL:.0f} s", figure, met=max(in_mart, in_preview) <= GOAL
    )


def _one_order(
    served: Served, warehouse: DuckDB, folder: Path, watching: subprocess.Popen[bytes], *, full: bool
) -> tuple[float, float]:
    with subprocess.Popen(
        [*COMMAND, "preview", "--port", "0"],
        cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as preview:  # fmt: skip
        try:
            assert preview.stderr is not None
            address = _address(preview)
            now = datetime.now(ZoneInfo("Europe/Paris"))
            page = f"{address}data?period=custom&first={now:%Y-%m-%d}&last={now:%Y-%m-%d}"
            before = _orders(page)
            if full:
                ended = _runs(warehouse)
                _until(lambda: _runs(warehouse) > ended, watching, folder)
            number = served.ask(f"place?{urllib.parse.urlencode({'at': f'{now:%Y-%m-%d %H:%M:%S}', 'lines': '7'})}")
            placed = time.monotonic()
            in_mart = in_preview = 0.0

            def arrived() -> bool:
                nonlocal in_mart, in_preview
                if not in_mart and _has(warehouse, number):
                    in_mart = time.monotonic() - placed
                if not in_preview and _orders(page) > before:
                    in_preview = time.monotonic() - placed
                return bool(in_mart and in_preview)

            _until(arrived, watching, folder)
            return in_mart, in_preview
        finally:
            preview.terminate()


def _address(preview: subprocess.Popen[str]) -> str:
    assert preview.stderr is not None
    said = ""
    for line in preview.stderr:
        said += line
        if match := re.search(r"http://\S+/", said):
            return match[0]
    raise SystemExit(f"the preview did not start:\n{said}")


def _orders(page: str) -> float:
    """The number of orders that the open page shows for today."""
    with urllib.request.urlopen(page, timeout=60) as reply:
        shown = json.load(reply)["charts"]["headline"]
    return float(shown["rows"][0][shown["columns"].index("orders")])


def _runs(warehouse: DuckDB) -> int:
    return _count(warehouse, "SELECT count(*) AS n FROM echannel.runs")


def _has(warehouse: DuckDB, order: int) -> bool:
    return _count(warehouse, f"SELECT count(*) AS n FROM mart.sales WHERE order_id = '{order}'") > 0


def _count(warehouse: DuckDB, sql: str) -> int:
    if not Path(warehouse.path).exists():
        return 0
    try:
        return int(warehouse.query(sql).read_all()["n"][0].as_py())
    except EChannelError:
        return 0  # the table is not there yet


def _until(true: object, watching: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not true():  # type: ignore[operator]
        if watching.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"the watch came to nothing:\n{(folder / 'watch.log').read_text()[-2000:]}")
        time.sleep(0.2)
