"""ERPNext from its own source, in DuckDB and in MariaDB: states, units, shipping among the taxes, returns, currencies."""

from __future__ import annotations

import hashlib
import subprocess

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import MariaDb
from tests.erp.public.books import HERE, PARAMETERS, books, table

PERSON = hashlib.md5(b"Client 017", usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def erpnext_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Erp:
    return books("erpnext", tmp_path_factory.mktemp("erpnext"))


@pytest.fixture(scope="module")
def erpnext_mariadb(mariadb: MariaDb) -> Erp:
    begin = "CREATE DATABASE erpnext CHARACTER SET utf8mb4; USE erpnext; SET sql_mode = 'ANSI_QUOTES';\n"
    script = begin + (HERE / "erpnext.sql").read_text(encoding="utf-8")
    grant = "GRANT SELECT ON erpnext.* TO reader@'127.0.0.1' IDENTIFIED BY 'let-me-read'"
    for sql in (script, grant):
        subprocess.run(mariadb.client, input=sql.encode(), check=True, capture_output=True)
    url = f"mysql://reader:let-me-read@127.0.0.1:{mariadb.port}/erpnext"
    return Erp(connector="erpnext", url=url, parameters=PARAMETERS["erpnext"])


@pytest.fixture(params=["erpnext_duckdb", pytest.param("erpnext_mariadb", marks=pytest.mark.apt)])
def erpnext(request: pytest.FixtureRequest) -> Erp:
    found: Erp = request.getfixturevalue(request.param)
    return found


def test_orders(erpnext: Erp) -> None:
    """Another company's order is not there; what was amended is cancelled, and a new order."""
    columns = (
        "order_id",
        "customer_id",
        "channel",
        "status",
        "source_status",
        "is_sale",
        "order_date",
        "currency",
        "fx_rate",
        "total_net",
        "total_tax",
        "total_gross",
    )
    assert table(erpnext, "orders", *columns) == [
        ("SO-1", "Café Démo", "other", "confirmed", "To Deliver and Bill", True, "2026-01-05", "EUR", 1, 255, 51, 306),
        ("SO-2", PERSON, "b2c_web", "completed", "Completed", True, "2026-01-08", "USD", 0.8, 100, 20, 120),
        ("SO-3", "Café Démo", "other", "draft", "Draft", False, "2026-01-09", "EUR", 1, 12, 2.4, 14.4),
        ("SO-4", "Café Démo", "other", "cancelled", "Cancelled", False, "2026-01-10", "EUR", 1, 24, 4.8, 28.8),
        ("SO-4-1", "Café Démo", "other", "completed", "Closed", True, "2026-01-10", "EUR", 1, 12, 2.4, 14.4),
    ]


def test_what_an_order_says(erpnext: Erp) -> None:
    """Shipping is not tax; a tenth off 216 is 21.60; the delivery country goes before the billing one."""
    columns = (
        "goods_net",
        "discount_net",
        "shipping_net",
        "rounding_net",
        "country",
        "web_reference",
        "promised_at",
        "updated_at",
    )
    assert table(erpnext, "orders", "order_id", *columns)[:2] == [
        ("SO-1", 261.6, 21.6, 15, 0, "BE", "WEB-1", "2026-01-19 23:00:00", "2026-01-07 09:00:00"),
        ("SO-2", 100, 0, 0, 0, "FR", None, None, "2026-01-09 09:00:00"),
    ]


def test_order_lines_are_in_stock_units(erpnext: Erp) -> None:
    """Three boxes of six at 64.80 are 18 at 10.80."""
    columns = (
        "order_id",
        "line_id",
        "product_id",
        "variant_id",
        "quantity",
        "unit_price_net",
        "discount_net",
        "amount_net",
        "unit_cost",
        "cost_kind",
        "delivered_quantity",
    )
    assert table(erpnext, "order_lines", *columns) == [
        ("SO-1", "so1a", "A", "", 18, 10.8, 21.6, 194.4, 6, "of_the_day", 12),
        ("SO-1", "so1b", "B", "B-ROUGE", 1, 45.6, 0, 45.6, 25, "today", 0),
        ("SO-2", "so2a", "A", "", 5, 20, 0, 100, 6, "of_the_day", 5),
        ("SO-3", "so3a", "A", "", 1, 12, 0, 12, 6, "of_the_day", 0),
        ("SO-4", "so4a", "A", "", 2, 12, 0, 24, 6, "of_the_day", 0),
        ("SO-4-1", "so4b", "A", "", 1, 12, 0, 12, 6, "of_the_day", 1),
    ]


def test_invoices(erpnext: Erp) -> None:
    """What a customer owes in euro for an invoice in dollars is told in dollars: 56 / 0.8."""
    columns = (
        "invoice_id",
        "kind",
        "order_id",
        "due_date",
        "currency",
        "amount_net",
        "amount_tax",
        "amount_gross",
        "amount_open",
        "status",
        "paid_at",
    )
    assert table(erpnext, "invoices", *columns) == [
        ("SI-1", "invoice", "SO-1", "2026-02-14", "EUR", 64.8, 15.96, 80.76, 0, "paid", "2026-02-04 23:00:00"),
        ("SI-2", "invoice", "SO-2", "2026-02-15", "USD", 100, 20, 120, 70, "open", None),
        ("SI-3", "invoice", None, "2026-02-16", "EUR", 12, 2.4, 14.4, 0, "draft", None),
        ("SI-4", "invoice", None, "2026-02-17", "EUR", 12, 2.4, 14.4, 0, "cancelled", None),
        ("SI-R", "credit_note", "SO-2", "2026-01-25", "USD", -25, -4, -29, -29, "open", None),
    ]
    columns = ("invoice_id", "line_id", "product_id", "quantity", "amount_net", "order_id", "order_line_id")
    assert table(erpnext, "invoice_lines", *columns) == [
        ("SI-1", "si1a", "A", 6, 64.8, "SO-1", "so1a"),
        ("SI-2", "si2a", "A", 5, 100, "SO-2", "so2a"),
        ("SI-3", "si3a", "A", 1, 12, None, None),
        ("SI-4", "si4a", None, 1, 12, None, None),
        ("SI-R", "sira", "A", -1, -20, "SO-2", "so2a"),
    ]


def test_refunds_and_payments(erpnext: Erp) -> None:
    columns = (
        "refund_id",
        "line_id",
        "order_id",
        "product_id",
        "quantity",
        "back_to_stock",
        "refund_date",
        "amount_net",
        "shipping_net",
        "fx_rate",
    )
    assert table(erpnext, "refunds", *columns) == [
        ("SI-R", "shipping", "SO-2", None, 0, None, "2026-01-25", 0, 5, 0.8),
        ("SI-R", "sira", "SO-2", "A", 1, True, "2026-01-25", 20, 0, 0.8),
    ]
    assert table(
        erpnext, "payments", "payment_id", "order_id", "invoice_id", "paid_at", "amount", "currency", "method"
    ) == [
        ("pe1a", None, "SI-1", "2026-02-04 23:00:00", 80.76, "EUR", "Virement"),
        ("pe1b", None, "SI-2", "2026-02-04 23:00:00", 40, "EUR", "Virement"),
        ("pe3a", "SO-1", None, "2026-02-05 23:00:00", 50, "EUR", None),
    ]


def test_customers_products_and_stock(erpnext: Erp) -> None:
    """Templates are not sold; stock of another company and what was cancelled do not count."""
    assert table(
        erpnext,
        "customers",
        "customer_id",
        "kind",
        "company",
        "country",
        "created_at",
        "email",
        "has_vat_number",
        "active",
    ) == [
        ("Café Démo", "b2b", "Café Démo SARL", "FR", "2024-05-03 07:00:00", "achat@example.com", True, True),
        (PERSON, "b2c", None, None, "2024-05-04 07:00:00", None, False, False),
    ]
    assert table(
        erpnext,
        "products",
        "product_id",
        "variant_id",
        "ean",
        "category_path",
        "brand",
        "supplier_id",
        "unit_cost",
        "active",
    ) == [
        ("A", "", "3760000000017", "Épicerie / Thés", "Lac", "Poterie", 6.5, True),
        ("B", "B-ROUGE", None, "Épicerie", None, None, 25, False),
    ]
    assert table(
        erpnext,
        "stock_levels",
        "product_id",
        "variant_id",
        "warehouse_id",
        "on_hand",
        "reserved",
        "available",
        "incoming",
    ) == [
        ("A", "", "Stock - D", 40, 6, 34, 20),
        ("B", "B-ROUGE", "Stock - D", 3, 0, 3, 0),
    ]
    assert table(erpnext, "stock_moves", "move_id", "moved_at", "quantity", "reason") == [
        ("SLE-1", "2026-01-02 08:30:00", 40, "purchase"),
        ("SLE-2", "2026-01-12 09:00:00", -5, "sale"),
        ("SLE-3", "2026-01-25 09:00:00", 1, "customer_return"),
        ("SLE-4", "2026-01-26 09:00:00", -1, "correction"),
        ("SLE-6", "2026-01-27 09:00:00", 2, "transfer"),
        ("SLE-7", "2026-01-28 09:00:00", 1, "production"),
    ]
    assert table(erpnext, "warehouses", "warehouse_id", "name") == [("Stock - D", "Stock")]
    assert table(erpnext, "suppliers", "supplier_id", "name", "country") == [("Poterie", "Poterie du Lac", "IT")]
    assert table(erpnext, "fx_rates", "date", "currency", "rate") == [
        ("2026-01-01", "USD", 0.8),
        ("2026-01-02", "USD", 0.79),
    ]


def test_purchases(erpnext: Erp) -> None:
    """Two boxes of ten at 60; a receipt that was cancelled is none, nor is what goes back."""
    columns = (
        "purchase_id",
        "line_id",
        "supplier_id",
        "expected_at",
        "received_at",
        "quantity",
        "received_quantity",
        "unit_cost",
        "status",
    )
    assert table(erpnext, "purchase_lines", *columns) == [
        ("PO-1", "po1a", "Poterie", "2026-01-29 23:00:00", "2026-01-08 23:00:00", 20, 12, 6, "ordered"),
        ("PO-2", "po2a", "Poterie", None, None, 8, 0, 6, "cancelled"),
    ]


def test_without_a_company_all_are_read(erpnext_duckdb: Erp) -> None:
    every = Erp(connector="erpnext", url=erpnext_duckdb.url.get_secret_value())
    assert ("SO-9",) in table(every, "orders", "order_id")
