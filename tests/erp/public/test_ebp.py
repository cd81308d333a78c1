"""EBP from public facts: kinds of document in one table, chains of lines, signs, lines with money, payments that bounce."""

from __future__ import annotations

import re
from typing import Any

import pytest

from echannel_connectors import Erp
from tests.erp.public.books import books, table


@pytest.fixture(scope="module")
def ebp(tmp_path_factory: pytest.TempPathFactory) -> Erp:
    return books("ebp", tmp_path_factory.mktemp("ebp"))


def short(source: Erp, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """A table with the last digits of its ids."""
    cut = re.compile(r"^[0-9]{8}-0000-0000-0000-0*(?=[1-9])")
    return [
        tuple(cut.sub("", value) if isinstance(value, str) else value for value in row)
        for row in table(source, name, *columns)
    ]


def test_orders(ebp: Erp) -> None:
    columns = (
        "order_id",
        "reference",
        "customer_id",
        "status",
        "is_sale",
        "order_date",
        "country",
        "goods_net",
        "discount_net",
        "shipping_net",
        "rounding_net",
        "total_net",
        "total_gross",
    )
    assert short(ebp, "orders", *columns) == [
        ("10", "CM001", "C1", "confirmed", True, "2026-01-05", "BE", 165, 12, 15, 0, 168, 201.6),
        ("20", "CM002", "C2", "shipped", True, "2026-01-08", "FR", 24, 0, 0, 0, 24, 28.8),
    ]
    columns = ("order_id", "web_reference", "channel", "sales_rep", "promised_at", "updated_at")
    assert short(ebp, "orders", *columns) == [
        ("10", "WEB-1", "sales_rep", "COM1", "2026-01-19 23:00:00", "2026-01-06 09:00:00"),
        ("20", None, "other", None, None, "2026-01-09 07:00:00"),  # its line changed after it
    ]


def test_lines_with_money(ebp: Erp) -> None:
    """A kit counts, its component and a text do not."""
    columns = (
        "order_id",
        "line_id",
        "product_id",
        "variant_id",
        "quantity",
        "discount_net",
        "amount_net",
        "amount_tax",
        "delivered_quantity",
    )
    assert short(ebp, "order_lines", *columns) == [
        ("10", "11", "A", "", 10, 12, 108, 21.6, 4),
        ("10", "12", "B", "B-ROUGE", 1, 0, 45, 9, 0),
        ("20", "21", "A", "", 2, 0, 24, 4.8, 2),
    ]


def test_invoices(ebp: Erp) -> None:
    """Over a delivery or directly, each finds its order; credit notes are negative whichever sign EBP keeps."""
    columns = (
        "invoice_id",
        "number",
        "kind",
        "order_id",
        "due_date",
        "amount_net",
        "amount_gross",
        "amount_open",
        "status",
        "paid_at",
    )
    assert short(ebp, "invoices", *columns) == [
        ("40", "FA001", "invoice", "10", "2026-03-14", 43.2, 51.84, 31.84, "open", None),
        ("50", "FA002", "invoice", "20", "2026-02-15", 24, 28.8, 0, "paid", "2026-02-05 23:00:00"),
        ("60", "FA003", "invoice", None, None, 12, 14.4, 0, "draft", None),  # linked to another company's line
        ("70", "AV001", "credit_note", None, None, -17, -20.4, -20.4, "open", None),
        ("80", "AV002", "credit_note", None, None, -12, -14.4, 0, "paid", None),
    ]
    columns = ("invoice_id", "line_id", "quantity", "amount_net", "amount_tax", "order_id", "order_line_id")
    assert short(ebp, "invoice_lines", *columns) == [
        ("40", "41", 4, 43.2, 8.64, "10", "11"),
        ("50", "51", 2, 24, 4.8, "20", "21"),
        ("60", "61", 1, 12, 2.4, None, None),
        ("70", "71", -1, -12, -2.4, None, None),
        ("80", "81", -1, -12, -2.4, None, None),
    ]


def test_refunds(ebp: Erp) -> None:
    """Positive; the order is found over the invoice that was credited; shipping is a row of its own, with the rest of the tax."""
    columns = ("refund_id", "line_id", "order_id", "product_id", "quantity", "amount_net", "amount_tax", "shipping_net")
    assert short(ebp, "refunds", *columns) == [
        ("70", "71", "20", "A", 1, 12, 2.4, 0),
        ("70", "shipping", "20", None, 0, 0, 1, 5),
        ("80", "81", None, "A", 1, 12, 2.4, 0),
    ]


def test_payments(ebp: Erp) -> None:
    """A cheque that came back unpaid is none."""
    assert short(ebp, "payments", "payment_id", "invoice_id", "paid_at", "amount", "method") == [
        ("911", "40", "2026-02-04 23:00:00", 20, "VIR"),
        ("912", "50", "2026-02-05 23:00:00", 28.8, "CHQ"),
    ]


def test_customers_products_and_stock(ebp: Erp) -> None:
    """A person has no company's name; a country of three letters is none of ours."""
    assert table(ebp, "customers", "customer_id", "kind", "company", "country", "created_at", "email") == [
        ("C1", "b2b", "Café Démo SARL", "FR", "2024-05-03 07:00:00", "achat@example.com"),
        ("C2", "b2c", None, None, "2024-05-04 07:00:00", None),
    ]
    assert table(
        ebp,
        "products",
        "product_id",
        "variant_id",
        "sku",
        "ean",
        "category",
        "supplier_id",
        "unit_cost",
        "unit_price_net",
    ) == [
        ("A", "", "A", "3760000000017", "Thés", "F1", 6.25, 12),
        ("B", "", "B", None, None, None, None, 50),
        ("B", "B-ROUGE", "B-ROUGE", None, None, None, 25, 50),
    ]
    assert short(
        ebp, "stock_levels", "product_id", "variant_id", "warehouse_id", "on_hand", "reserved", "available", "incoming"
    ) == [
        ("A", "", "1", 40, 7, 33, 25),
        ("B", "B-ROUGE", "1", 3, 0, 3, 0),
    ]
    assert short(ebp, "warehouses", "warehouse_id", "name") == [("1", "Dépôt")]
    assert table(ebp, "suppliers", "supplier_id", "name", "country") == [("F1", "Poterie du Lac", "IT")]


def test_purchases(ebp: Erp) -> None:
    columns = (
        "purchase_id",
        "line_id",
        "supplier_id",
        "warehouse_id",
        "expected_at",
        "quantity",
        "received_quantity",
        "unit_cost",
        "status",
    )
    assert short(ebp, "purchase_lines", *columns) == [
        ("1000", "1001", "F1", "1", "2026-01-29 23:00:00", 20, 12, 6, "ordered"),
        ("1000", "1002", "F1", "1", None, 5, 5, 6, "received"),
    ]


def test_codes_are_parameters(ebp: Erp) -> None:
    """Another installation's codes are set, not edited into the spec."""
    settings = {"connector": "ebp", "url": ebp.url.get_secret_value()}
    other = Erp(**settings, parameters={"order_type": 6, "quote_type": 8})
    assert short(other, "orders", "order_id", "status", "is_sale") == [
        ("10", "quote", False),
        ("20", "quote", False),
        ("30", "shipped", True),
    ]
