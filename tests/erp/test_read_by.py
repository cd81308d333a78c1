"""Rows that were read by another SELECT, of another spec or for another currency, are read again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from echannel_connectors import Company, DuckDB, Erp, sync
from echannel_connectors.planning import foresee
from echannel_connectors.specs import Spec

SPEC = """
connector: till
title: {en: Till, fr: Caisse}
dialect: sqlite
parameters: {clock: {default: Europe/Zurich, help: {en: Its clock, fr: Son horloge}}}
tables:
  orders:
    from: slip AS s JOIN rate AS r ON r.held = s.currency AND r.wanted = :currency
    cursor: s.changed_at
    columns:
      order_id: s.id
      is_sale: s.id > 0
      ordered_at: {sql: s.made_at, zone: ":clock"}
      order_date: date(s.made_at)
      currency: s.currency
      fx_rate: {sql: r.rate, scale: 8}
      total_net: {sql: s.net, scale: 2}
"""


@pytest.fixture
def till(tmp_path: Path) -> str:
    """Two slips of January, untouched since, and one of March."""
    with closing(sqlite3.connect(tmp_path / "till.db")) as made:
        made.executescript("""
            CREATE TABLE slip (id INT, currency TEXT, made_at TEXT, changed_at TEXT, net TEXT);
            INSERT INTO slip VALUES
              (1, 'CHF', '2026-01-05 10:00:00', '2026-01-05 10:00:00', '110'),
              (2, 'EUR', '2026-01-06 10:00:00', '2026-01-06 10:00:00', '40'),
              (3, 'CHF', '2026-03-06 10:00:00', '2026-03-06 10:00:00', '20');
            CREATE TABLE rate (held TEXT, wanted TEXT, rate TEXT);
            INSERT INTO rate VALUES
              ('CHF', 'CHF', '1'), ('EUR', 'CHF', '0.95'), ('CHF', 'EUR', '1.05'), ('EUR', 'EUR', '1');""")
    return f"sqlite:///{tmp_path / 'till.db'}"


def source_of(url: str, spec: str = SPEC, currency: str = "CHF", **parameters: str) -> Erp:
    described = Spec.model_validate(yaml.safe_load(spec))
    source = Erp(connector="till", url=url, spec=described, parameters=parameters)
    return source.for_company(currency, "Europe/Zurich")


def read(
    into: DuckDB, url: str, spec: str = SPEC, currency: str = "CHF", **parameters: str
) -> tuple[int, list[tuple[Any, ...]]]:
    """How many rows a sync reads, and then each order's rate, amount and moment."""
    company = Company(currency=currency, time_zone="Europe/Zurich")
    done = sync(source_of(url, spec, currency, **parameters), into=into, company=company)
    rows = into.query(
        "SELECT fx_rate, total_net, hour(ordered_at) AS hour FROM core.orders ORDER BY order_id"
    ).read_all()
    return done.total("rows"), [tuple(row.values()) for row in rows.to_pylist()]


def test_another_currency_of_the_company(till: str, tmp_path: Path) -> None:
    """An order of January has its rate to the new currency too: 110 francs were 110 euros."""
    into = DuckDB(tmp_path / "books.duckdb")
    assert [rate for rate, *_ in read(into, till)[1]] == [Decimal(1), Decimal("0.95"), Decimal(1)]
    assert read(into, till)[0] == 1  # the look-back alone
    told = [str(one.how) for one in foresee(source_of(till, currency="EUR"), into=into)]
    assert told == ["all of it again: it is read in another way than before"]
    count, rows = read(into, till, currency="EUR")
    assert (count, [rate for rate, *_ in rows]) == (3, [Decimal("1.05"), Decimal(1), Decimal("1.05")])
    assert read(into, till, currency="EUR")[0] == 1


def test_the_company_of_a_sync_is_that_of_its_sources(till: str, tmp_path: Path) -> None:
    """Without `for_company`, which no caller has to know of: francs have their rate to the euro, euros to the franc."""
    described = Spec.model_validate(yaml.safe_load(SPEC))
    for currency, rates in (("EUR", ["1.05", "1", "1.05"]), ("CHF", ["1", "0.95", "1"])):
        into = DuckDB(tmp_path / f"{currency}.duckdb")
        source = Erp(connector="till", url=till, spec=described)
        sync(source, into=into, company=Company(currency=currency, time_zone="Europe/Zurich"))
        found = into.query("SELECT fx_rate FROM core.orders ORDER BY order_id").read_all()["fx_rate"].to_pylist()
        assert found == [Decimal(rate) for rate in rates]


def test_another_expression_scale_or_zone(till: str, tmp_path: Path) -> None:
    """A spec that was mended, by an upgrade too, and a parameter that was wrong."""
    into = DuckDB(tmp_path / "books.duckdb")
    assert read(into, till)[1][0] == (Decimal(1), Decimal(110), 9)
    mended = SPEC.replace("sql: s.net", "sql: s.net + 1")
    assert read(into, till, mended)[1][0] == (Decimal(1), Decimal(111), 9)
    assert read(into, till, mended, clock="UTC") == (3, [
        (Decimal(1), Decimal(111), 10), (Decimal("0.95"), Decimal(41), 10), (Decimal(1), Decimal(21), 10)
    ])  # fmt: skip
    assert read(into, till, mended.replace("title: {en: Till", "title: {en: Cash"), clock="UTC")[0] == 1


def test_a_position_from_before_it_was_noted(till: str, tmp_path: Path) -> None:
    """Nobody knows by what its rows were read."""
    into = DuckDB(tmp_path / "books.duckdb")
    read(into, till)
    into.execute(r"UPDATE echannel.slices SET position = regexp_replace(position, ', \"read_by\": \"\w+\"', '')")
    assert [read(into, till)[0] for _ in range(2)] == [3, 1]
