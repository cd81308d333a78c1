"""All marts from scratch over a large company's core, beside the same SELECTs as models of dbt-duckdb."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks import report
from benchmarks.environments import ROOT, NotHere, environment, home
from benchmarks.erp.running import watched
from benchmarks.marts.world import make
from benchmarks.measure import Measure
from echannel_connectors import DuckDB
from echannel_connectors.destinations import commit
from echannel_connectors.events import ignore
from echannel_connectors.models.build import build
from echannel_connectors.models.company import Company
from echannel_connectors.models.made import tables
from echannel_connectors.models.mart_sql import COMMENT, mart_selects

MEMORY_MIB = 2048
DBT = ("dbt", "dbt-core>=1.10,<1.11", "dbt-duckdb>=1.10,<1.11", "duckdb==2.0.1")


def run(*, full: bool) -> None:
    orders = 2_000_000 if full else 20_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "company.duckdb"
        report.say(f"Making core tables of {orders:,} orders …")
        make(file, orders)
        found = [_ours(file), *_dbt(file, Path(folder))]
        report.measures(f"All marts from scratch, {orders:,} orders of five lines", found)
        reviews = _ours(file, "reviews")
        report.measures("Every check of the reviews over them", [reviews])
        later = _ours(file, str(orders))
        report.measures("Core and marts after a day's changes", [later])
        report.say("Making all of it anew, to compare …")
        same = _same(file)
    ours = found[0]
    report.verdict("under 40 s", f"{ours.seconds:.1f} s", met=ours.seconds < 40)
    report.verdict("under 2.5 GiB", f"{ours.peak_mib:.0f} MiB", met=ours.peak_mib < 2560)
    report.verdict("under 5 s after a day's changes", f"{later.seconds:.1f} s", met=later.seconds < 5)
    report.verdict("reviews under 3 s", f"{reviews.seconds:.1f} s, {reviews.records} answers", met=reviews.seconds < 3)
    report.verdict("the same rows as from scratch", ", ".join(same) or "all tables", met=not same)
    for peer in found[1:]:
        figure = f"{ours.seconds:.1f} and {peer.seconds:.1f} s"
        report.verdict(f"not slower than {peer.name}", figure, met=ours.seconds <= peer.seconds)


def _ours(file: Path, *orders: str) -> Measure:
    command = [sys.executable, "-m", "benchmarks.marts.ours", str(file), str(MEMORY_MIB), *orders]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return Measure(**json.loads(done.stdout.splitlines()[-1]))


def _same(file: Path) -> list[str]:
    """The tables that differ from those that are made anew of the same raw rows, by how many rows they have and the sum
    of these rows' hashes."""
    into = DuckDB(file, memory_mib=MEMORY_MIB)
    with into.hold():
        made = [one.name for one in tables(into, [], Company(), None) if not one.name.startswith("echannel.")]
        kept = {name: _fingerprint(into, name) for name in made}
        into.execute(commit.UNSIGNED)
        build(into, [], Company(), None, ignore)
        return [name for name in made if _fingerprint(into, name) != kept[name]]


def _fingerprint(into: DuckDB, table: str) -> dict[str, int]:
    sql = f"SELECT count(*) AS rows, sum(CAST(hash(t) AS HUGEINT))::VARCHAR AS hashes FROM {table} AS t"
    found: dict[str, int] = into.query(sql).read_all().to_pylist()[0]
    return found


def _dbt(file: Path, folder: Path) -> list[Measure]:
    """The same statements, ordered by dbt's own references, each a table, with the same memory and threads."""
    try:
        binaries = home(*DBT)
        project = folder / "dbt"
        _project(project, file)
        with duckdb.connect(str(file)) as connection:  # dbt makes them anew
            rows = connection.execute("SELECT count(*) FROM mart.sales").fetchall()[0][0]
        command = [str(binaries / "dbt"), "run", "--project-dir", str(project), "--profiles-dir", str(project)]
        seconds, peak = watched(command, stdout=subprocess.DEVNULL)
        with duckdb.connect(str(file), read_only=True) as connection:
            made = connection.execute("SELECT count(*) FROM dbt.sales").fetchall()[0][0]
    except NotHere as why:
        report.say(f"dbt-duckdb: {why}")
        return []
    note = "the same rows" if made == rows else f"WRONG: {made:,} rows of sales instead of {rows:,}"
    return [Measure("dbt-duckdb", made, round(seconds, 1), peak_mib=peak, note=note)]


def _project(project: Path, file: Path) -> None:
    (project / "models").mkdir(parents=True)
    selects = mart_selects(Company())
    for name, select in selects.items():
        text = COMMENT.sub("", select)  # dbt takes a table that a comment names for one that is read
        for other in selects:
            word = other.partition(".")[2]
            if other != name:
                text = _referring(text, other, word)
        (project / "models" / f"{name.partition('.')[2]}.sql").write_text(text, encoding="utf-8")
    config = {"name": "marts", "version": "1.0", "profile": "marts", "models": {"+materialized": "table"},
              "flags": {"send_anonymous_usage_stats": False}}  # fmt: skip
    settings = {"memory_limit": f"{MEMORY_MIB}MiB", "TimeZone": "UTC", "preserve_insertion_order": False}
    place = {"type": "duckdb", "path": str(file), "schema": "dbt", "threads": 2, "settings": settings}
    (project / "dbt_project.yml").write_text(json.dumps(config), encoding="utf-8")
    (project / "profiles.yml").write_text(
        json.dumps({"marts": {"target": "x", "outputs": {"x": place}}}), encoding="utf-8"
    )


def _referring(text: str, table: str, word: str) -> str:
    """`mart.sales` as a reference that dbt orders by; `mart.sales_daily` is another table."""
    return re.sub(rf"\b{re.escape(table)}\b(?!\w)", "{{ ref('" + word + "') }}", text)
