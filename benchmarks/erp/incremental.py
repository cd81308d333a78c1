"""A sync after 1,000 updates, 200 inserts and 50 deletes, beyond the time that the database's own answers take."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks import report
from benchmarks.environments import NotHere
from benchmarks.erp.ours import SPEC
from benchmarks.erp.running import watched
from benchmarks.erp.world import SERVERS, Books
from echannel_connectors import Erp

CHANGES = """
UPDATE order_lines SET quantity = quantity + 1, updated_at = {now} WHERE id % 199 = 7 AND id <= 199000;
INSERT INTO order_lines SELECT id + 100000000, order_id, product_id, variant, sku, name, quantity, unit_price, discount,
  net, tax, tax_rate, unit_cost, cost_currency, delivered, {now} FROM order_lines WHERE id % 400 = 9 AND id <= 80000;
DELETE FROM order_lines WHERE id % 1000 = 500 AND id <= 50000;
"""
GOAL = 2.0


def run(*, full: bool) -> None:
    lines = 2_000_000 if full else 200_000
    for kind, serving in SERVERS.items():
        try:
            with serving(lines) as books:
                _changes(kind, books)
        except NotHere as why:
            report.say(f"{kind}: {why}")


def _changes(kind: str, books: Books) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.duckdb"
        command = [sys.executable, "-m", "benchmarks.erp.ours", "raw", books.url, str(file), "--only", "order_lines"]
        watched(command, stdout=subprocess.DEVNULL)
        since = _cursor(file)
        books.run(CHANGES.format(now="now()" if kind == "postgres" else "utc_timestamp()"))
        with (Path(folder) / "said").open("w+") as said:
            seconds, _ = watched([*command, "--sweep"], stdout=said)
            said.seek(0)
            told = json.loads(said.readlines()[-1])
        own = _own_time(books, since)
    beyond = seconds - own
    figure = f"{seconds:.2f} s, of which the database's own answers {own:.2f} s: {beyond:.2f} s; {told['note']}"
    claim = f"{kind}: 1,000 updates, 200 inserts, 50 deletes in {books.lines:,}: under {GOAL:.0f} s beyond its own time"
    is_right = told["note"] == "1,200 changed, 50 deleted"
    report.verdict(claim, figure, met=beyond < GOAL and is_right)


def _cursor(file: Path) -> str:
    with duckdb.connect(str(file), read_only=True) as connection:
        row = connection.execute("SELECT position FROM echannel.slices WHERE stream = 'books__order_lines'").fetchone()
    assert row is not None
    return str(json.loads(row[0])["cursor"])


def _own_time(books: Books, since: str) -> float:
    """What the database's client takes for the same two answers: the changed rows, and the keys of all."""
    select = Erp.from_yaml(SPEC, url=books.url).selects["order_lines"]
    return books.drained(f"{select.rows(since=since)};") + books.drained(f"{select.keys()};")
