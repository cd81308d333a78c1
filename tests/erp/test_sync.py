"""From the ERP's database to the marts, and from one week's state to the next by reading what changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import DuckDB, Erp, sync
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.pipeline import Choice, SyncResult
from tests.erp.truth import cents, true_rows

SALES = """SELECT strftime(date, '%Y-%m') AS month, currency, sum(net) AS net, count(DISTINCT order_id) AS orders
    FROM mart.sales WHERE kind <> 'refund' GROUP BY ALL"""
REFUNDS = """SELECT strftime(date, '%Y-%m') AS month, currency, -sum(net) AS net, NULL
    FROM mart.sales WHERE kind = 'refund' GROUP BY ALL"""


@contextmanager
def warehouse(file: Path) -> Iterator[DuckDB]:
    into = DuckDB(file)
    try:
        yield into
    finally:
        into.close()


def read_into(into: DuckDB, connector: str, url: str, **choice: Any) -> SyncResult:
    source = Erp(connector=connector, url=url).for_company("EUR", "Europe/Paris")
    try:
        return sync(source, into=into, company=Company(email_salt="salt"), choice=Choice(**choice))
    finally:
        source.close()


def figures(into: DuckDB, sql: str) -> dict[tuple[str, str], tuple[Decimal, int | None]]:
    rows = into.query(sql).read_all().to_pylist()
    return {(row["month"], row["currency"]): (cents(row["net"]), list(row.values())[3]) for row in rows}


def core(into: DuckDB, table: str, *without: str) -> list[dict[str, Any]]:
    """The live rows of a core table, in the order of their key."""
    columns = ", ".join(("_deleted_at", *without))
    sql = f"SELECT * EXCLUDE ({columns}) FROM core.{table} WHERE _deleted_at IS NULL"
    key = TABLES[table].key
    return sorted(into.query(sql).read_all().to_pylist(), key=lambda row: [str(row[name]) for name in key])


def test_odoo_sales_and_refunds_by_month(odoo: str, tmp_path: Path) -> None:
    """mart.sales adds up to what Odoo says was sold and credited, per month and currency, shipping included."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "odoo", odoo)
        true = {
            (row["month"], row["currency"]): (cents(row["untaxed"]), int(row["documents"]))
            for row in true_rows("odoo_totals", lambda row: row["document"] == "sale")
        }
        assert figures(into, SALES) == true
        credited = {
            (row["month"], row["currency"]): (cents(row["untaxed"]), None)
            for row in true_rows("odoo_totals", lambda row: row["document"] == "out_refund")
        }
        assert figures(into, REFUNDS) == credited


@pytest.mark.parametrize(
    ("connector", "before", "after"),
    [
        ("odoo", "odoo", "odoo_later"),
        pytest.param("dolibarr", "dolibarr_mariadb", "dolibarr_mariadb_later", marks=pytest.mark.apt),
    ],
)
def test_a_week_later(request: pytest.FixtureRequest, tmp_path: Path, connector: str, before: str, after: str) -> None:
    """An incremental sync of the later state gives what a first sync of it gives, deleted rows included."""
    first, later = request.getfixturevalue(before), request.getfixturevalue(after)
    with warehouse(tmp_path / "both.duckdb") as both, warehouse(tmp_path / "fresh.duckdb") as fresh:
        read_into(both, connector, first)
        incremental = read_into(both, connector, later, accept_deletes=True)
        whole = read_into(fresh, connector, later)
        for table in TABLES:
            # Odoo knows today's cost only: a line keeps the cost of the day on which it was read.
            without = ("unit_cost",) if table == "order_lines" else ()
            assert core(both, table, *without) == core(fresh, table, *without), table
        read = {stream.stream: stream.rows for stream in incremental.streams}
        for stream in whole.streams:
            assert read[stream.stream] <= stream.rows
        assert incremental.total("deleted") > 0
        assert read["orders"] < next(stream.rows for stream in whole.streams if stream.stream == "orders") // 2


def test_reading_again_changes_nothing(odoo: str, tmp_path: Path) -> None:
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "odoo", odoo)
        again = read_into(into, "odoo", odoo)
        assert again.total("changed") == 0


def test_a_range_of_days_is_read_again(odoo: str, tmp_path: Path) -> None:
    """`--since` and `--until` read the documents of those business days and nothing else."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "odoo", odoo)
        again = read_into(into, "odoo", odoo, since="2026-01-01", until="2026-01-31")
        read = {stream.stream: stream.rows for stream in again.streams}
        january = [row for row in true_rows("odoo_orders") if row["order_date_paris"].startswith("2026-01")]
        assert read["orders"] == len(january)
        assert read["customers"] == 0
        assert again.total("changed") == again.total("deleted") == 0


def test_no_e_mail_reaches_the_warehouse(odoo: str, tmp_path: Path) -> None:
    """Addresses leave the reader only as keyed hashes."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "odoo", odoo)
        rows = core(into, "customers")
        assert all(len(row["email_hash"]) == 64 for row in rows if row["email_hash"])
        assert sum(row["email_hash"] is not None for row in rows) > 30
        columns = into.query("SELECT * FROM raw.books__customers").read_all()
        assert not any("@" in str(value) for row in columns.to_pylist() for value in row.values())
