"""Sage 100 from public facts: orders that outlive their rows, signs, filters, sentinel days, padded values."""

from __future__ import annotations

from decimal import Decimal

import pytest

from echannel_connectors import Erp
from tests.erp.public.books import books, table, total
from tests.erp.truth import core_rows


@pytest.fixture(scope="module")
def sage(tmp_path_factory: pytest.TempPathFactory) -> Erp:
    return books("sage100", tmp_path_factory.mktemp("sage100"))


def test_an_order_outlives_its_rows(sage: Erp) -> None:
    """Open, posted, delivered in part, delivered short, in preparation: each order once, under its number, as ordered."""
    columns = ("order_id", "status", "source_status", "is_sale", "order_date", "total_net", "total_tax", "total_gross")
    assert table(sage, "orders", *columns) == [
        ("0/BC1", "quote", "0", False, "2026-01-15", 12, 2.4, 14.4),  # the quote that bears the number of an order
        ("BC1", "confirmed", "1", True, "2026-01-05", 165, 33, 198),
        ("BC2", "completed", "7", True, "2026-01-10", 60, 12, 72),  # only the posted invoice FA1 is left of it
        ("BC3", "confirmed", "1-3", True, "2026-01-11", 120, 24, 144),  # DL_QteBC is the whole on each part
        ("BC4", "confirmed", "1-6", True, "2026-01-12", 120, 24, 144),  # DL_QteBC is the part on each part
        ("BC5", "shipped", "3", True, "2026-01-13", 120, 24, 144),  # 9 of 10 came, no backorder
        ("BC6", "confirmed", "2", True, "2026-01-14", 24, 4.8, 28.8),
    ]


def test_order_lines_are_what_was_ordered(sage: Erp) -> None:
    columns = ("order_id", "line_id", "variant_id", "quantity", "delivered_quantity", "discount_net", "amount_net")
    assert table(sage, "order_lines", *columns) == [
        ("0/BC1", "10", "", 1, 0, 0, 12),
        ("BC1", "1", "", 10, 0, 0, 120),
        ("BC1", "2", "3-0", 1, 0, 5, 45),  # 50 less 10 %
        ("BC2", "3", "", 5, 5, 0, 60),
        ("BC3", "4", "", 6, 0, 0, 72),
        ("BC3", "5", "", 4, 4, 0, 48),
        ("BC4", "6", "", 7, 0, 0, 84),
        ("BC4", "7", "", 3, 3, 0, 36),
        ("BC5", "8", "", 10, 9, 0, 120),
        ("BC6", "9", "", 2, 0, 0, 24),
    ]


def test_what_an_order_says(sage: Erp) -> None:
    columns = (
        "order_id",
        "reference",
        "web_reference",
        "customer_id",
        "channel",
        "sales_rep",
        "country",
        "promised_at",
        "shipped_at",
    )
    found = table(sage, "orders", *columns)
    assert found[1] == ("BC1", "BC1", "WEB-1", "C1", "sales_rep", "4", "FR", "2026-01-19 23:00:00", None)
    assert found[2] == ("BC2", "BC2", None, "C1", "other", None, "FR", None, "2026-01-14 23:00:00")


def test_turnover_is_types_6_and_7(sage: Erp) -> None:
    """65 + 36 + 19 - 24 - 30: a return note is not counted beside its invoice, nor a delivery beside its own."""
    invoices = core_rows(sage, "invoices")
    assert total(invoices, "amount_net") == Decimal(66)
    columns = (
        "number",
        "kind",
        "customer_id",
        "order_id",
        "invoice_date",
        "due_date",
        "amount_net",
        "amount_gross",
        "amount_open",
        "status",
        "paid_at",
    )
    assert table(sage, "invoices", *columns) == [
        ("FA1", "invoice", "C1", "BC2", "2026-01-20", "2026-03-19", 65, 78, 0, "paid", "2026-02-09 23:00:00"),
        ("FA2", "invoice", "C1", "BC4", "2026-01-22", None, 36, 43.2, 43.2, "open", None),
        ("FA3", "invoice", "C2", None, "2026-02-02", None, 19, 22.8, 12.8, "open", None),  # its DR_Date is 1753-01-01
        ("FR1", "credit_note", "C1", "BC2", "2026-02-03", None, -24, -28.8, 0, "paid", None),  # kept negative
        ("FV1", "credit_note", "C1", None, "2026-02-04", None, -30, -36, -36, "open", None),  # kept positive
    ]


def test_lines_that_count(sage: Erp) -> None:
    """Components, undelivered lines, exceptional discounts and texts are left out; a discount at the foot has no quantity."""
    columns = (
        "invoice_id",
        "line_id",
        "product_id",
        "quantity",
        "amount_net",
        "amount_tax",
        "tax_rate",
        "order_line_id",
    )
    assert table(sage, "invoice_lines", *columns) == [
        ("FA1", "3", "A", 5, 60, 12, 0.2, "3"),
        ("FA2", "7", "A", 3, 36, 7.2, 0.2, "7"),
        ("FA3", "11", "A", 2, 24, 4.8, 0.2, None),
        ("FA3", "12", None, 0, -5, -1, 0.2, None),
        ("FR1", "17", "A", -2, -24, -4.8, 0.2, None),
        ("FV1", "18", "B", -0.6, -30, -6, 0.2, None),
    ]


def test_refunds_are_positive(sage: Erp) -> None:
    columns = (
        "refund_id",
        "line_id",
        "order_id",
        "quantity",
        "back_to_stock",
        "refund_date",
        "amount_net",
        "amount_tax",
    )
    assert table(sage, "refunds", *columns) == [
        ("FR1", "17", "BC2", 2, True, "2026-02-03", 24, 4.8),
        ("FV1", "18", None, 0.6, False, "2026-02-04", 30, 6),
    ]


def test_payments(sage: Erp) -> None:
    columns = ("payment_id", "order_id", "invoice_id", "paid_at", "amount", "method")
    assert table(sage, "payments", *columns) == [
        ("1", None, "FA1", "2026-02-09 23:00:00", 78, "Virement"),
        ("2", None, "FA3", "2026-02-10 23:00:00", 10, "Virement"),
        ("3", "BC1", None, "2026-01-05 23:00:00", 50, None),
    ]


def test_customers_products_and_stock(sage: Erp) -> None:
    """Trimmed, with days that are none left empty; a company's name only where a VAT number says that it is one."""
    assert table(sage, "customers", "customer_id", "kind", "company", "country", "created_at", "email", "active") == [
        ("C1", "b2b", "Café Démo SARL", "FR", "2024-05-02 22:00:00", "achat@example.com", True),
        ("C2", None, None, "BE", None, None, False),
    ]
    assert table(
        sage,
        "products",
        "product_id",
        "variant_id",
        "ean",
        "category",
        "supplier_id",
        "unit_cost",
        "unit_price_net",
        "active",
    ) == [
        ("A", "", "3760000000017", "Thés et théières", "F1", 6.5, 12, True),
        ("B", "", None, "Thés et théières", None, None, 50, False),
        ("B", "3-0", None, "Thés et théières", None, None, 50, False),
    ]
    assert table(
        sage, "stock_levels", "product_id", "warehouse_id", "on_hand", "reserved", "available", "incoming"
    ) == [("A", "1", 40, 10, 30, 25)]
    assert table(sage, "warehouses", "warehouse_id", "name") == [("1", "Dépôt principal")]
    assert table(sage, "suppliers", "supplier_id", "name", "country") == [("F1", "Poterie du Lac", "FR")]


def test_purchases(sage: Erp) -> None:
    columns = (
        "purchase_id",
        "line_id",
        "supplier_id",
        "ordered_at",
        "received_at",
        "quantity",
        "received_quantity",
        "unit_cost",
        "status",
    )
    assert table(sage, "purchase_lines", *columns) == [
        ("CF1", "30", "F1", "2026-01-01 23:00:00", None, 20, 0, 6.5, "ordered"),
        ("CF2", "31", "F1", "2026-01-02 23:00:00", None, 5, 0, 6.5, "ordered"),
        ("CF2", "32", "F1", "2026-01-02 23:00:00", "2026-01-08 23:00:00", 10, 10, 6.6, "received"),
        ("CF3", "33", "F1", "2026-01-03 23:00:00", "2026-01-11 23:00:00", 9, 8, 6.6, "received"),  # one of 9 is missing
    ]
