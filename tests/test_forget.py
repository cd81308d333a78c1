"""A source that a company has no more is told as long as it counts, and can be taken out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors import DuckDB, sync
from echannel_connectors.project import load
from tests.command import echannel

SPEC = """
connector: till
title: {en: Till, fr: Caisse}
dialect: sqlite
tables:
  orders:
    from: slip AS s
    columns:
      order_id: s.id
      basket: s.id
      is_sale: s.id > 0
      order_date: s.day
      currency: "'EUR'"
      total_net: {sql: s.net, scale: 2}
      goods_net: {sql: s.net, scale: 2}
  stock_levels:
    from: slip AS s
    columns: {product_id: s.id, variant_id: "''", warehouse_id: "''", on_hand: {sql: s.id, scale: 0}}
"""
LEFT = "old is no source of this project any more, and its figures still count: `echannel forget old`"


def make_till(folder: Path) -> None:
    (folder / "connector_specs").mkdir()
    (folder / "connector_specs" / "till.yaml").write_text(SPEC, encoding="utf-8")
    with closing(sqlite3.connect(folder / "till.db")) as made:
        made.executescript(
            "CREATE TABLE slip (id INT, day TEXT, net TEXT);"
            "INSERT INTO slip VALUES (1, '2026-01-05', '40'), (2, '2026-01-06', '2.50');"
        )


def name_sources(folder: Path, *names: str) -> None:
    lines = "".join(f"  {name}: {{connector: till, url: 'sqlite:///till.db'}}\n" for name in names)
    (folder / "echannel.yaml").write_text(f"sources:\n{lines}", encoding="utf-8")


def counted(folder: Path) -> dict[str, Decimal]:
    """Net sales by source."""
    into = DuckDB(folder / "echannel.duckdb")
    rows = into.query("SELECT source, sum(net) AS net FROM mart.sales GROUP BY source ORDER BY source").read_all()
    return {row["source"]: row["net"] for row in rows.to_pylist()}


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """A project of two slips, 40 and 2.50, whose one source has another name now."""
    make_till(tmp_path)
    name_sources(tmp_path, "old")
    first = echannel(tmp_path, "sync")
    assert (first.returncode, LEFT in first.stderr + first.stdout) == (0, False)
    name_sources(tmp_path, "new")
    return tmp_path


def test_a_source_that_was_renamed_counts_twice_and_is_told(renamed: Path) -> None:
    done = echannel(renamed, "sync")
    assert LEFT in done.stdout + done.stderr
    assert counted(renamed) == {"new": Decimal("42.5"), "old": Decimal("42.5")}


def test_whoever_syncs_one_source_after_the_other_is_not_told(renamed: Path) -> None:
    """What counts is the project's file, not what one sync happened to bring."""
    name_sources(renamed, "old", "new")
    into = DuckDB(renamed / "echannel.duckdb")
    for source in load(renamed).sources():
        assert sync(source, into=into, project=renamed).warnings == []


def test_what_is_forgotten_is_gone_from_every_table(renamed: Path) -> None:
    echannel(renamed, "sync")
    done = echannel(renamed, "forget", "old")
    assert (done.returncode, "4 rows of old are gone" in done.stderr) == (0, True), done
    done = echannel(renamed, "sync")
    assert LEFT not in done.stdout + done.stderr
    assert counted(renamed) == {"new": Decimal("42.5")}
    into = DuckDB(renamed / "echannel.duckdb")
    columns = "SELECT table_schema AS s, table_name AS t, column_name AS c FROM information_schema.columns"
    for row in into.query(f"{columns} WHERE column_name IN ('source', 'stream')").read_all().to_pylist():
        about = f"{row['c']} = 'old' OR {row['c']} LIKE 'old\\_\\_%' ESCAPE '\\'"
        said = f"SELECT count(*) AS n FROM {row['s']}.{row['t']} WHERE {about}"
        assert into.query(said).read_all()["n"].to_pylist() == [0], row
    assert not any(row["t"].startswith("old__") for row in into.query(columns).read_all().to_pylist())


def test_what_is_there_and_what_was_never_are_not_forgotten(renamed: Path) -> None:
    done = echannel(renamed, "forget", "new")
    assert (done.returncode, "new is a source of echannel.yaml" in done.stderr) == (2, True)
    done = echannel(renamed, "forget", "odl")
    assert (done.returncode, "did you mean 'old'?" in done.stderr) == (2, True)
