"""Dolibarr 14 to 24 in MariaDB, PostgreSQL and SQLite: one small company, whose figures were worked out by hand."""

from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import MariaDb, Postgres
from tests.erp.dolibarr_company import company
from tests.erp.test_sync import core, read_into, warehouse
from tests.erp.truth import Row, core_rows, number

VERSIONS = (14, 20, 22, 24)


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module", params=["sqlite", "postgres", pytest.param("mariadb", marks=pytest.mark.apt)])
def books(request: pytest.FixtureRequest, version: int, tmp_path_factory: pytest.TempPathFactory) -> Erp:
    makers = {"sqlite": in_sqlite, "postgres": in_postgres, "mariadb": in_mariadb}
    return Erp(connector="dolibarr", url=makers[request.param](request, version, tmp_path_factory))


def in_sqlite(_: pytest.FixtureRequest, version: int, folders: pytest.TempPathFactory) -> str:
    file = folders.mktemp("company") / "dolibarr.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(company(version))
    return f"sqlite:///{file}"


def in_postgres(request: pytest.FixtureRequest, version: int, _: pytest.TempPathFactory) -> str:
    server: Postgres = request.getfixturevalue("postgres")
    server.run("postgres", f"CREATE DATABASE company{version}")
    server.run(
        f"company{version}", company(version, "postgres") + "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"
    )
    return server.url(f"company{version}", "reader", "let-me-read")


def in_mariadb(request: pytest.FixtureRequest, version: int, _: pytest.TempPathFactory) -> str:
    server: MariaDb = request.getfixturevalue("mariadb")
    name = f"company{version}"
    script = f"CREATE DATABASE {name} CHARACTER SET utf8mb3 COLLATE utf8mb3_unicode_ci; USE {name}; {company(version)}"
    script += f"GRANT SELECT ON {name}.* TO reader@'127.0.0.1' IDENTIFIED BY 'let-me-read'"
    subprocess.run(server.client, input=script.encode(), check=True, capture_output=True)
    return f"mysql://reader:let-me-read@127.0.0.1:{server.port}/{name}"


def test_the_hour_that_comes_twice(tmp_path: Path) -> None:
    """PostgreSQL keeps tms in its server's zone: what is cancelled an hour later may look as if it were done before."""
    file = tmp_path / "dolibarr.db"
    with warehouse(tmp_path / "books.duckdb") as into, closing(sqlite3.connect(file)) as connection:
        with connection:
            connection.executescript(company(20))
            connection.execute("UPDATE llx_commande SET fk_statut = 3, tms = '2026-10-25 02:50:00'")
        read_into(into, "dolibarr", f"sqlite:///{file}")
        with connection:
            connection.execute("UPDATE llx_commande SET fk_statut = -1, tms = '2026-10-25 02:05:00'")
        read_into(into, "dolibarr", f"sqlite:///{file}")
        assert {row["order_id"]: row["status"] for row in core(into, "orders")}["1"] == "cancelled"


def told(source: Erp, table: str, key: str, *columns: str) -> dict[str, tuple[object, ...]]:
    return {row[key]: tuple(plain(row, name) for name in columns) for row in core_rows(source, table)}


def plain(row: Row, column: str) -> object:
    """A number without its zeros, so that 2.5 is 2.500000."""
    value = row[column]
    return float(value) if isinstance(value, Decimal) else value


def test_every_table_and_column_is_there(books: Erp) -> None:
    assert {finding.level for finding in books.check()} == {"ok"}
    assert not books.left_out


def test_orders_and_what_was_sent(books: Erp) -> None:
    """Which is not known of an order that was closed without a shipment."""
    amounts = ("goods_net", "discount_net", "total_net", "total_tax", "total_gross")
    orders = told(books, "orders", "order_id", "is_sale", *amounts)
    assert orders == {
        "1": (True, 175.0, 33.25, 141.75, 28.35, 170.1), "2": (True, 10.0, 0.0, 10.0, 2.0, 12.0), "pos-2": (True, 20.0, 0.0, 20.0, 4.0, 24.0),
        "pos-4": (True, 5.0, 0.0, 5.0, 1.0, 6.0),
    }  # fmt: skip
    lines = told(books, "order_lines", "line_id", "quantity", "discount_net", "amount_net", "delivered_quantity")
    assert lines == {
        "1": (3.0, 0.0, 30.0, 2.0), "2": (1.33, 33.25, 99.75, 1.33), "3": (1.0, 0.0, 12.0, 0.0),
        "4": (1.0, 0.0, 10.0, None), "pos-3": (2.0, 0.0, 20.0, 2.0),
        "pos-6": (1.0, 0.0, 5.0, 1.0),
    }  # fmt: skip


def test_who_has_no_country_or_no_name(books: Erp) -> None:
    """A recipient without a country lives where the customer does; at the counter no one is known."""
    orders = told(books, "orders", "order_id", "customer_id", "country", "channel")
    assert orders == {
        "1": ("1", "DE", "other"), "2": ("1", "DE", "other"), "pos-2": (None, "FR", "shop"), "pos-4": ("1", "FR", "shop"),
    }  # fmt: skip
    assert told(books, "customers", "customer_id", "country") == {"1": ("DE",), "3": (None,)}
    assert told(books, "suppliers", "supplier_id", "country") == {"2": (None,)}
    assert told(books, "warehouses", "warehouse_id", "country") == {"1": (None,)}


def test_invoices_and_what_came_back(books: Erp) -> None:
    """What is linked on the order's card belongs to it; a ticket below zero gives two cups back, and sells some tea."""
    assert told(books, "invoices", "invoice_id", "kind", "order_id", "amount_gross", "amount_open") == {
        "1": ("invoice", "1", 155.7, 55.7), "2": ("invoice", "pos-2", 24.0, 0.0),
        "3": ("credit_note", None, -19.2, 0.0), "4": ("invoice", "pos-4", 6.0, 0.0),
    }  # fmt: skip
    lines = told(books, "invoice_lines", "line_id", "order_id", "quantity", "amount_net")
    assert lines == {
        "1": ("1", 3.0, 30.0), "2": ("1", 1.33, 99.75), "3": ("pos-2", 2.0, 20.0), "4": (None, -2.0, -20.0),
        "5": (None, 1.0, 4.0), "6": ("pos-4", 1.0, 5.0),
    }  # fmt: skip
    refunds = told(books, "refunds", "line_id", "order_id", "quantity", "amount_net", "amount_tax")
    assert refunds == {"4": ("pos-2", 2.0, 20.0, 4.0), "5": ("pos-2", -1.0, -4.0, -0.8)}
    payments = told(books, "payments", "payment_id", "invoice_id", "order_id", "amount", "method")
    assert payments == {
        "1": ("1", None, 100.0, "LIQ"), "2": ("2", "pos-2", 24.0, "LIQ"), "3": ("3", None, -19.2, "LIQ"),
    }  # fmt: skip


def test_stock_and_purchases(books: Erp) -> None:
    """To the last digit: the quantities of a Dolibarr on PostgreSQL have four bytes."""
    levels = {row["product_id"]: number(row["on_hand"]) for row in core_rows(books, "stock_levels")}
    moves = {row["product_id"]: number(row["quantity"]) for row in core_rows(books, "stock_moves")}
    assert levels == moves == {"1": number("1234567"), "2": number("1234.567")}
    assert told(books, "purchase_lines", "line_id", "quantity", "received_quantity", "unit_cost", "status") == {
        "1": (1234.1, 1234.1, 6.667, "received"), "2": (1.0, None, 20.0, "received"), "3": (7.0, None, 4.0, "received"),
    }  # fmt: skip
