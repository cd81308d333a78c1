"""A large table by one, two and four connections that see one snapshot: on this machine, and by a far, slow line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from benchmarks import report
from benchmarks.environments import ROOT, environment
from benchmarks.erp.running import Ran, once, table
from benchmarks.erp.world import Books, postgres

MANY = (1, 2, 4)
ROUND_TRIP_MS, WINDOW_KIB = 40, 512  # 12.5 MiB a second each


def run(*, full: bool) -> None:
    lines, rounds = (2_000_000, 3) if full else (200_000, 1)
    with postgres(lines) as books, far(books) as by_line:
        near = _side_by_side(books, rounds)
        slow = _side_by_side(by_line, rounds)
    title = f"PostgreSQL → DuckDB file, {lines:,} order lines by so many connections"
    table(f"{title}, on this machine", near)
    table(f"{title}, {WINDOW_KIB} KiB per {ROUND_TRIP_MS} ms each", slow)
    for many in MANY[1:]:
        here, there = (found["1"].time / found[str(many)].time for found in (near, slow))
        are_exact = all(ran.is_exact for found in (near, slow) for ran in found.values())
        report.verdict(
            f"{many} connections: faster than one by a slow line (on this machine nothing is promised)",
            f"{there:.2f} times as fast by the line, {here:.2f} times on this machine",
            met=there > 1 and are_exact,
        )


def _side_by_side(books: Books, rounds: int) -> dict[str, Ran]:
    found = {str(many): Ran(str(many), [], []) for many in MANY}
    for _ in range(rounds):
        for many, ran in found.items():
            once("ours", books, ran, "--connections", many)
    return found


@contextmanager
def far(books: Books) -> Iterator[Books]:
    """The same database at the other end of a slow line."""
    place = parse_qs(urlsplit(books.url).query)["host"][0]
    options = ("--round-trip-ms", str(ROUND_TRIP_MS), "--window-kib", str(WINDOW_KIB))
    command = [sys.executable, "-m", "benchmarks.erp.line", f"{place}/.s.PGSQL.5432", *options]
    line = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert line.stdout is not None
        yield replace(books, url=f"postgresql://postgres@127.0.0.1:{line.stdout.readline().strip()}/postgres")
    finally:
        line.terminate()
        line.wait()
