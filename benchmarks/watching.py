"""With `sync --watch 30`: how long until an order placed in a source is in mart.sales and in an open preview.

The order is placed as soon as the sync before has ended and the preview is open: the worst moment, but for the seconds
that the preview took to open (with --full the order waits for the next sync to end). The open page is asked as its own
script asks: again after REFRESH, or after twenty times as long as the figures took (the shorter of two answers). So the
page may ask just before the order is there: the verdict counts that whole pause, whatever this run happened to see.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks import report
from benchmarks.environments import ROOT, environment
from echannel_connectors import DuckDB
from echannel_connectors.errors import EChannelError

GOAL = 40.0
PATIENCE = 600.0
SCRIPT = ROOT / "echannel_connectors" / "looker" / "preview" / "assets" / "page.js"
REFRESH = int(re.findall(r"REFRESH = (\d+)", SCRIPT.read_text(encoding="utf-8"))[0]) / 1000
COMMAND = [sys.executable, "-m", "echannel_connectors"]


@dataclass(slots=True)
class Seen:
    """Seconds after the order was placed."""

    in_mart: float = 0.0
    on_page: float = 0.0
    pause: float = 0.0
    """How long the open page waits before it asks again."""


def watch(folder: Path, warehouse: DuckDB, place: Callable[[datetime], str], what: str, *, full: bool) -> None:
    """Watch the project in `folder`, let `place` place an order (it gives its id), and say what became of it."""
    with (folder / "watch.log").open("w") as log:
        watching = subprocess.Popen(
            [*COMMAND, "sync", "--watch", "30"], cwd=folder, env=environment(), stdout=log, stderr=log
        )
        try:
            _until(lambda: _runs(warehouse) >= 1, watching, folder)
            seen = _one_order(place, warehouse, folder, watching, full=full)
        finally:
            watching.terminate()
            watching.wait()
    worst = seen.in_mart + seen.pause
    report.verdict(
        f"--watch 30 ({what}): a new order is there within {GOAL:.0f} s",
        f"{seen.in_mart:.1f} s until mart.sales, {seen.on_page:.1f} s until the open page showed it;\n"
        f"         the page asks every {seen.pause:.0f} s, so {worst:.1f} s at worst",
        met=worst <= GOAL,
    )


def _one_order(
    place: Callable[[datetime], str],
    warehouse: DuckDB,
    folder: Path,
    watching: subprocess.Popen[bytes],
    *,
    full: bool,
) -> Seen:
    with subprocess.Popen(
        [*COMMAND, "preview", "--port", "0"],
        cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as preview:  # fmt: skip
        try:
            assert preview.stderr is not None
            address = _address(preview)
            now = datetime.now(ZoneInfo("Europe/Paris"))
            page = OpenPage(f"{address}data?period=custom&first={now:%Y-%m-%d}&last={now:%Y-%m-%d}")
            before = page.look()
            if full:
                ended = _runs(warehouse)
                _until(lambda: _runs(warehouse) > ended, watching, folder)
            number = place(now)
            placed = time.monotonic()
            seen = Seen()

            def arrived() -> bool:
                if not seen.in_mart and _has(warehouse, number):
                    seen.in_mart = time.monotonic() - placed
                if not seen.on_page and page.is_due() and page.look() > before:
                    seen.on_page = time.monotonic() - placed
                seen.pause = page.pause
                return bool(seen.in_mart and seen.on_page)

            _until(arrived, watching, folder)
            return seen
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


class OpenPage:
    """A page that somebody has open: it asks for its figures in the rhythm of its script."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.pause = REFRESH
        self.asked = 0.0
        self.took = float("inf")

    def is_due(self) -> bool:
        return time.monotonic() - self.asked >= self.pause

    def look(self) -> float:
        """The number of orders that the page shows for today."""
        started = time.monotonic()
        with urllib.request.urlopen(self.address, timeout=60) as reply:
            shown = json.load(reply)["charts"]["headline"]
        self.asked = time.monotonic()
        before, self.took = self.took, self.asked - started
        self.pause = max(REFRESH, 20 * min(self.took, before))
        return float(shown["rows"][0][shown["columns"].index("orders")] or 0)  # none where there is no order yet


def _runs(warehouse: DuckDB) -> int:
    return _count(warehouse, "SELECT count(*) AS n FROM echannel.runs")


def _has(warehouse: DuckDB, order: str) -> bool:
    return _count(warehouse, f"SELECT count(*) AS n FROM mart.sales WHERE order_id = '{order}'") > 0


def _count(warehouse: DuckDB, sql: str) -> int:
    if not Path(warehouse.path).exists():
        return 0
    try:
        return int(warehouse.query(sql).read_all()["n"][0].as_py())
    except EChannelError:
        return 0  # the table is not there yet


def _until(true: Callable[[], bool], watching: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if watching.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"the watch came to nothing:\n{(folder / 'watch.log').read_text()[-2000:]}")
        time.sleep(0.3)
