"""Readers as whole processes: started, watched, and what they stored held against the database's own figures."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import report
from benchmarks.environments import ROOT, NotHere, environment, home
from benchmarks.erp.world import Books
from benchmarks.measure import peak_mib

DUCKDB = ("duckdb==1.5.5", "duckdb-extensions==1.5.5")
PACKAGES = {
    "wire": (),  # ours
    "duckdb_postgres": ("duckdb", *DUCKDB, "duckdb-extension-postgres-scanner==1.5.5",
                        "duckdb-extension-mysql-scanner==1.5.5"),
    "duckdb_mysql": ("duckdb", *DUCKDB, "duckdb-extension-postgres-scanner==1.5.5",
                     "duckdb-extension-mysql-scanner==1.5.5"),
    "adbc": ("adbc", "adbc-driver-postgresql==1.13.0", "adbc-driver-manager==1.13.0", "pyarrow", "duckdb==2.0.1"),
    "connectorx": ("connectorx", "connectorx==0.4.6", "pyarrow", "duckdb==2.0.1"),
    "dlt": ("dlt", "dlt[duckdb,sql_database]==1.31.0", "sqlalchemy", "psycopg[binary]", "pyarrow", "numpy"),
}  # fmt: skip
TABLES = {"ours": ('raw."books__order_lines"', "amount_net")}
NOTHING_STORED = ("wire", "unparsed")  # or nothing that is true


@dataclass(slots=True)
class Ran:
    """What the runs of one reader took, as whole processes from start to end."""

    name: str
    seconds: list[float]
    peaks: list[float]
    stored: str = ""

    @property
    def time(self) -> float:
        return statistics.median(self.seconds)

    @property
    def peak(self) -> float:
        return statistics.median(self.peaks)

    @property
    def is_exact(self) -> bool:
        return self.stored.startswith("exact")


def watched(command: Sequence[str], **given: Any) -> tuple[float, float]:
    """Seconds and peak MiB of a process, from outside."""
    peak = 0.0
    with tempfile.TemporaryFile("w+") as said:
        started = time.monotonic()
        process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=said, **given)
        ended = threading.Event()

        def look() -> None:
            nonlocal peak
            while not ended.wait(0.02):
                peak = max(peak, peak_mib(str(process.pid)))

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        code = process.wait()
        seconds = time.monotonic() - started
        ended.set()
        thread.join()
        if code:
            said.seek(0)
            raise NotHere(f"{' '.join(command[:5])} ended with {code}: {said.read().strip()[-300:]}")
    return seconds, peak


def command(name: str, books: Books, file: Path) -> list[str]:
    if name in ("ours", "unparsed"):
        return [sys.executable, "-m", f"benchmarks.erp.{name}", "raw", books.url, str(file), "--only", "order_lines"]
    packages = PACKAGES[name]
    python = str(home(*packages) / "python") if packages else sys.executable
    return [python, "-m", "benchmarks.erp.readers", name, books.url, str(file)]


def once(name: str, books: Books, ran: Ran, *options: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.duckdb"
        if name == "wire" and books.kind == "mariadb":
            with tempfile.TemporaryFile() as script:
                script.write(b"SELECT * FROM order_lines")
                script.seek(0)
                seconds, peak = watched(books.client, stdin=script, stdout=subprocess.DEVNULL)
        else:
            seconds, peak = watched([*command(name, books, file), *options], stdout=subprocess.DEVNULL)
        ran.seconds.append(seconds)
        ran.peaks.append(peak)
        if name not in NOTHING_STORED and not ran.stored:
            ran.stored = stored(name, file, books)


def stored(name: str, file: Path, books: Books) -> str:
    """Whether all rows are there, their net amounts are decimals, and add up to what the database says."""
    table, column = TABLES.get(name, ("lines", "net"))
    truth = books.run("SELECT COUNT(*), SUM(net) FROM order_lines;").split()[-2:]
    if books.kind == "postgres":
        truth = truth[-1].split("|")
    with duckdb.connect(str(file), read_only=True) as connection:
        count, total, kind = connection.execute(
            f"SELECT count(*), CAST(sum(CAST({column} AS DECIMAL(38, 4))) AS VARCHAR), any_value(typeof({column})) "
            f"FROM {table}"
        ).fetchall()[0]
    if [str(count), total] != truth:
        return f"WRONG: {count} rows, {total} instead of {' rows, '.join(truth)}"
    return f"exact, {kind}" if kind.startswith("DECIMAL") else f"no: {kind}"


def side_by_side(books: Books, names: Sequence[str], rounds: int = 3) -> dict[str, Ran]:
    """Each reader in turn, so many times; those that cannot be run are named and left out."""
    found = {name: Ran(name, [], []) for name in names}
    for _ in range(rounds):
        for name in list(found):
            try:
                once(name, books, found[name])
            except NotHere as why:
                report.say(f"{name} cannot be run: {why}")
                del found[name]
    return found


def table(title: str, found: dict[str, Ran]) -> None:
    report.rows(
        title,
        ("reader", "s, median", "s, all", "peak MiB", "stored"),
        [
            (ran.name, ran.time, " ".join(f"{one:.2f}" for one in ran.seconds), f"{ran.peak:.0f}", ran.stored)
            for ran in found.values()
        ],
    )


def against(found: dict[str, Ran], peer: str, goal: float, claim: str) -> None:
    """A verdict on our time as a multiple of the peer's: at most `goal`."""
    if peer not in found or "ours" not in found:
        report.say(f"no verdict against {peer}: it was not run")
        return
    ours, other = found["ours"], found[peer]
    times = ours.time / other.time
    figure = (
        f"{ours.time:.2f} s against {other.time:.2f} s: {times:.2f} times"
        if times >= 1 or goal >= 1
        else (f"{ours.time:.2f} s against {other.time:.2f} s: {1 / times:.1f} times as fast")
    )
    report.verdict(claim, f"{figure}; {ours.stored}", met=times <= goal and ours.is_exact)
