"""Dynamics NAV from public facts: orders that are deleted when posted, names with the company in them, rowversions."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors import Erp
from tests.erp.public.books import PARAMETERS, books, table


@pytest.fixture(scope="module")
def nav(tmp_path_factory: pytest.TempPathFactory) -> Erp:
    return books("dynamics_nav", tmp_path_factory.mktemp("dynamics_nav"))


def test_orders_before_and_after_they_are_posted(nav: Erp) -> None:
    """An open order counts with its own lines, whatever is invoiced; one that is gone with those of its invoices."""
    columns = (
        "order_id",
        "reference",
        "status",
        "source_status",
        "is_sale",
        "order_date",
        "currency",
        "fx_rate",
        "total_net",
        "total_tax",
    )
    assert table(nav, "orders", *columns) == [
        (
            "0-SO1",
            "SO1",
            "quote",
            "open",
            False,
            "2026-01-04",
            "EUR",
            1,
            12,
            2.4,
        ),  # the quote that is named like an order
        ("SO1", "SO1", "confirmed", "open", True, "2026-01-05", "EUR", 1, 243, 48.6),  # 120 + 108 + 15, SI2 not again
        ("SO2", "SO2", "completed", "posted", True, "2026-01-08", "USD", 0.8, 100, 20),  # SI1 names it; 1 / 1.25
        ("SO3", "SO3", "completed", "posted", True, "2026-01-17", "EUR", 1, 24, 4.8),  # SI3 invoices its shipment
        ("SO4", "SO4", "confirmed", "open", True, "2026-01-06", "EUR", 1, 50, 10),  # not released: Line Amount
        ("SO5", "SO5", "confirmed", "open", True, "2026-01-07", "EUR", 1, 0, 0),  # not released, tax in its prices
        ("SO6", "SO6", "confirmed", "open", True, "2026-01-09", "EUR", 1, 24, 4.8),
    ]


def test_what_an_order_says(nav: Erp) -> None:
    columns = (
        "order_id",
        "web_reference",
        "customer_id",
        "channel",
        "sales_rep",
        "country",
        "promised_at",
        "shipped_at",
    )
    found = table(nav, "orders", *columns)
    assert found[1] == ("SO1", "WEB-1", "C1", "sales_rep", "MJ", "FR", "2026-01-19 23:00:00", None)
    assert found[2] == ("SO2", None, "C2", "other", None, "CA", None, "2026-01-11 23:00:00")


def test_order_lines_are_in_base_units(nav: Erp) -> None:
    """Two boxes of six at 60 are twelve at 10; comments are left out; what is no item has no product."""
    columns = (
        "order_id",
        "line_id",
        "product_id",
        "variant_id",
        "quantity",
        "unit_price_net",
        "unit_cost",
        "discount_net",
        "amount_net",
        "delivered_quantity",
    )
    assert table(nav, "order_lines", *columns) == [
        ("0-SO1", "10000", "A", "", 1, 12, 6, 0, 12, 0),
        ("SO1", "10000", "A", "", 10, 12, 6, 0, 120, 4),
        ("SO1", "30000", "B", "ROUGE", 12, 10, 5, 12, 108, 12),
        ("SO1", "40000", None, "", 1, 15, None, 0, 15, None),
        ("SO2", "SI1/10000", "A", "", 5, 20, 6, 0, 100, 5),
        ("SO3", "SI3/10000", "A", "", 2, 12, 6, 0, 24, 2),
        ("SO4", "10000", "A", "", 5, 12, 6, 0, 50, 0),
        ("SO5", "10000", "A", "", 5, 12, 6, 0, 0, 0),
        ("SO6", "10000", "A", "", 2, 12, 6, 0, 24, 0),
    ]


def test_invoices_and_what_is_open(nav: Erp) -> None:
    """120 less 50 paid; 28.80 less a credit of 14.40; a payment that was taken back changes nothing."""
    columns = (
        "invoice_id",
        "kind",
        "customer_id",
        "order_id",
        "due_date",
        "currency",
        "amount_net",
        "amount_gross",
        "amount_open",
        "status",
        "paid_at",
    )
    assert table(nav, "invoices", *columns) == [
        ("SC1", "credit_note", "C1", None, None, "USD", -20, -24, -24, "open", None),
        ("SC2", "credit_note", "C1", None, None, "EUR", -12, -14.4, 0, "paid", "2026-01-26 23:00:00"),
        ("SI1", "invoice", "C1", "SO2", "2026-02-14", "USD", 100, 120, 70, "open", None),
        ("SI2", "invoice", "C1", "SO1", "2026-02-15", "EUR", 48, 57.6, 0, "paid", "2026-02-04 23:00:00"),
        ("SI3", "invoice", "C1", "SO3", None, "EUR", 24, 28.8, 14.4, "open", None),
        ("SI5", "invoice", "C1", "SO6", None, "EUR", 12, 14.4, 14.4, "open", None),
    ]
    assert table(nav, "invoice_lines", "invoice_id", "line_id", "quantity", "amount_net", "amount_tax", "order_id") == [
        ("SC1", "10000", -1, -20, -4, None),
        ("SC2", "10000", -1, -12, -2.4, None),
        ("SI1", "10000", 5, 100, 20, "SO2"),
        ("SI2", "10000", 4, 48, 9.6, "SO1"),
        ("SI3", "10000", 2, 24, 4.8, "SO3"),
        ("SI5", "10000", 1, 12, 2.4, "SO6"),
    ]
    assert table(nav, "payments", "payment_id", "invoice_id", "paid_at", "amount", "currency") == [
        ("2", "SI1", "2026-02-03 23:00:00", 50, "USD"),
        ("6", "SI2", "2026-02-04 23:00:00", 57.6, "EUR"),
    ]


def test_refunds(nav: Erp) -> None:
    columns = (
        "refund_id",
        "order_id",
        "product_id",
        "quantity",
        "refund_date",
        "amount_net",
        "amount_tax",
        "currency",
        "fx_rate",
    )
    assert table(nav, "refunds", *columns) == [
        ("SC1", "SO2", "A", 1, "2026-01-25", 20, 4, "USD", 0.8),
        ("SC2", None, "A", 1, "2026-01-26", 12, 2.4, "EUR", 1),
    ]


def test_customers_products_and_stock(nav: Erp) -> None:
    assert table(nav, "customers", "customer_id", "kind", "company", "country", "email", "active") == [
        ("C1", "b2b", "Café Démo SARL", "FR", "achat@example.com", True),
        ("C2", None, None, "US", None, False),
    ]
    assert table(
        nav, "products", "product_id", "variant_id", "name", "category", "supplier_id", "unit_cost", "active"
    ) == [
        ("A", "", "Théière", "Thés", "V1", 6, True),
        ("B", "", "Bouilloire", None, None, None, False),
        ("B", "ROUGE", "Bouilloire rouge", None, None, None, False),
    ]
    assert table(
        nav, "stock_levels", "product_id", "variant_id", "warehouse_id", "on_hand", "reserved", "available", "incoming"
    ) == [
        ("A", "", "BLEU", 34, 6, 28, 8),
        ("B", "ROUGE", "BLEU", 7, 0, 7, 0),
    ]
    assert table(nav, "stock_moves", "move_id", "moved_at", "quantity", "reason") == [
        ("1", "2026-01-01 23:00:00", 40, "purchase"),
        ("2", "2026-01-11 23:00:00", -5, "sale"),
        ("3", "2026-01-25 23:00:00", 1, "customer_return"),
        ("4", "2026-01-26 23:00:00", -2, "correction"),
        ("5", "2026-01-27 23:00:00", 7, "transfer"),
    ]
    assert table(nav, "warehouses", "warehouse_id", "name", "country") == [("BLEU", "Entrepôt bleu", "FR")]
    assert table(nav, "suppliers", "supplier_id", "name", "country") == [("V1", "Poterie du Lac", "IT")]
    assert table(nav, "fx_rates", "date", "currency", "rate") == [("2026-01-01", "USD", 0.8)]


def test_purchases(nav: Erp) -> None:
    """A box of ten at 60 is 6 a piece; the receipt of an order that is gone is what is left of it."""
    columns = (
        "purchase_id",
        "line_id",
        "expected_at",
        "received_at",
        "quantity",
        "received_quantity",
        "unit_cost",
        "status",
    )
    assert table(nav, "purchase_lines", *columns) == [
        ("PO1", "10000", "2026-01-29 23:00:00", None, 20, 12, 6, "ordered"),
        ("PO2", "PR2/10000", None, "2026-01-09 23:00:00", 8, 8, 6.5, "received"),
    ]


def test_every_table_is_the_company_s(nav: Erp) -> None:
    """The company before each name, the application's id after it, in brackets."""
    company, application = PARAMETERS["dynamics_nav"]["prefix"], PARAMETERS["dynamics_nav"]["suffix"]
    for select in nav.selects.values():
        assert all(name.startswith(f"dbo.{company}") and name.endswith(str(application)) for name in select.reads())


def test_a_prepayment_is_no_sale(tmp_path: Path) -> None:
    """An order is worth the same before and after it is posted: invoices alone hold what was prepaid, and its deduction."""
    prepaid = books("dynamics_nav", tmp_path, "dynamics_nav_prepaid")
    assert table(prepaid, "orders", "order_id", "total_net", "total_tax")[-1] == ("SO7", 100, 20)
    assert table(prepaid, "order_lines", "order_id", "line_id", "quantity")[-1] == ("SO7", "SI7/10000", 10)
    assert table(prepaid, "invoices", "invoice_id", "amount_net")[-2:] == [("SI6", 40), ("SI7", 60)]
    assert {row[0] for row in table(prepaid, "refunds", "refund_id")} == {"SC1", "SC2"}


def test_what_was_never_in_stock_is_on_its_way(tmp_path: Path) -> None:
    ordered = books("dynamics_nav", tmp_path, "dynamics_nav_ordered")
    columns = ("product_id", "variant_id", "warehouse_id", "on_hand", "available", "incoming")
    assert table(ordered, "stock_levels", *columns) == [
        ("A", "", "BLEU", 34, 28, 8),
        ("B", "", "BLEU", 0, 0, 5),
        ("B", "ROUGE", "BLEU", 7, 7, 0),
    ]
