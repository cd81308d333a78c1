"""From the ERP's database to the marts, and from one week's state to the next by reading what changed."""

from __future__ import annotations

from collections import defaultdict
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

BASE = """SELECT strftime(date, '%Y-%m') AS month, sum(net_base) AS net
    FROM mart.sales WHERE kind <> 'refund' GROUP BY ALL"""


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


def in_base(into: DuckDB, sql: str) -> dict[str, Decimal]:
    return {row["month"]: cents(row["net"]) for row in into.query(sql).read_all().to_pylist()}


def core(into: DuckDB, table: str, *without: str) -> list[dict[str, Any]]:
    """The live rows of a core table, in the order of their key."""
    columns = ", ".join(("_deleted_at", *without))
    sql = f"SELECT * EXCLUDE ({columns}) FROM core.{table} WHERE _deleted_at IS NULL"
    key = TABLES[table].key
    return sorted(into.query(sql).read_all().to_pylist(), key=lambda row: [str(row[name]) for name in key])


@pytest.mark.parametrize("state", ["odoo", "odoo_later"])
@pytest.mark.slow
def test_odoo_sales_and_refunds_by_month(request: pytest.FixtureRequest, state: str, tmp_path: Path) -> None:
    """mart.sales adds up to what Odoo says was sold and credited, per month and currency, shipping included."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "odoo", request.getfixturevalue(state))
        true = {
            (row["month"], row["currency"]): (cents(row["untaxed"]), int(row["documents"]))
            for row in true_rows(f"{state}_totals", lambda row: row["document"] == "sale")
        }
        assert figures(into, SALES) == true
        credited = {
            (row["month"], row["currency"]): (cents(row["untaxed"]), None)
            for row in true_rows(f"{state}_totals", lambda row: row["document"] == "out_refund")
        }
        assert figures(into, REFUNDS) == credited


@pytest.mark.parametrize("state", ["tryton", "tryton_later"])
@pytest.mark.slow
def test_tryton_sales_and_refunds_by_month(request: pytest.FixtureRequest, state: str, tmp_path: Path) -> None:
    """mart.sales adds up to Tryton's own totals per month and currency, returns included, and in euro per month; its
    refunds are the credits of invoices, each once."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "tryton", request.getfixturevalue(state))
        sold = true_rows(f"{state}_totals", lambda row: row["document"] == "sale")
        assert figures(into, SALES) == {
            (row["month"], row["currency"]): (cents(row["untaxed"]), int(row["documents"])) for row in sold
        }
        euro: dict[str, Decimal] = defaultdict(Decimal)
        for row in sold:
            euro[row["month"]] += cents(row["untaxed_eur"])
        found = in_base(into, BASE)
        # Tryton rounds each document to the cent, a mart each row to the millionth.
        assert found.keys() == euro.keys()
        assert all(abs(found[month] - amount) <= Decimal("0.02") for month, amount in euro.items())
        credited: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        lines = true_rows(f"{state}_invoice_lines", lambda row: row["origin_model"] == "account.invoice.line")
        invoices = {row["id"]: row for row in true_rows(f"{state}_invoices")}
        for row in lines:
            invoice = invoices[row["invoice_id"]]
            if invoice["type"] == "out" and invoice["state"] in ("posted", "paid"):
                credited[invoice["invoice_date"][:7], invoice["currency"]] -= cents(row["amount"])
        assert figures(into, REFUNDS) == {key: (amount, None) for key, amount in credited.items()}


def test_a_service_is_not_missing_from_a_delivery(tryton: str, tmp_path: Path) -> None:
    """An order is delivered in full when its goods are, whatever services and free lines it holds."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "tryton", tryton)
        true: dict[str, bool] = defaultdict(lambda: True)
        for row in true_rows("tryton_order_lines", lambda row: row["delivered_quantity"] is not None):
            true[row["sale_id"]] &= Decimal(row["delivered_quantity"]) >= Decimal(row["quantity"])
        found = into.query("SELECT order_id, in_full FROM mart.orders WHERE in_full IS NOT NULL").read_all().to_pylist()
        assert len(found) > 150
        assert all(row["in_full"] == true[row["order_id"]] for row in found)


@pytest.mark.apt
@pytest.mark.parametrize("state", ["dolibarr", "dolibarr_later"])
def test_dolibarr_sales_and_refunds_by_month(request: pytest.FixtureRequest, state: str, tmp_path: Path) -> None:
    """mart.sales adds up to Dolibarr's orders and credit notes per month and currency, and in euro to its totals."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "dolibarr", request.getfixturevalue(state.replace("dolibarr", "dolibarr_mariadb")))
        sold: dict[tuple[str, str], tuple[Decimal, int | None]] = {}
        foreign: dict[str, int] = defaultdict(int)
        for row in true_rows(f"{state}_orders", lambda row: row["is_sale"] == "true"):
            key = (row["date"][:7], row["currency"])
            net, orders = sold.get(key, (Decimal(0), 0))
            sold[key] = (net + cents(row["multicurrency_total_ht"]), (orders or 0) + 1)
            foreign[key[0]] += row["currency"] != "EUR"
        assert figures(into, SALES) == sold
        euro = {
            row["month"]: cents(row["total_ht"])
            for row in true_rows(f"{state}_totals", lambda row: row["document"] == "order")
        }
        found = in_base(into, BASE)
        assert found.keys() == euro.keys()
        for month, amount in euro.items():
            # Dolibarr rounds each amount of a document in both currencies; in euro alone there is nothing to round.
            assert abs(found[month] - amount) <= foreign[month] * Decimal("0.02"), month
        credited: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in true_rows(f"{state}_invoices", lambda row: row["type"] == "2" and row["statut"] in ("1", "2")):
            credited[row["date"][:7], row["currency"]] -= cents(row["multicurrency_total_ht"])
        assert figures(into, REFUNDS) == {key: (amount, None) for key, amount in credited.items()}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("connector", "before", "after"),
    [
        ("odoo", "odoo", "odoo_later"),
        ("tryton", "tryton", "tryton_later"),
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
            # Odoo knows today's cost only, as does Tryton before goods leave: a line keeps the cost of the day on which it was read.
            without = ("unit_cost",) if table == "order_lines" else ()
            assert core(both, table, *without) == core(fresh, table, *without), table
        read = {stream.stream: stream.rows for stream in incremental.streams}
        for stream in whole.streams:
            assert read[stream.stream] <= stream.rows
        assert incremental.total("deleted") > 0
        assert read["orders"] < next(stream.rows for stream in whole.streams if stream.stream == "orders") // 2


@pytest.mark.parametrize("connector", [pytest.param("odoo", marks=pytest.mark.slow), "tryton"])
def test_reading_again_changes_nothing(request: pytest.FixtureRequest, connector: str, tmp_path: Path) -> None:
    url = request.getfixturevalue(connector)
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, connector, url)
        again = read_into(into, connector, url)
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
