"""SAP Business One from public facts: cancellations, two currencies, discounts of the whole, chains of documents."""

from __future__ import annotations

import pytest

from echannel_connectors import Erp
from tests.erp.public.books import books, table


@pytest.fixture(scope="module")
def sap(tmp_path_factory: pytest.TempPathFactory) -> Erp:
    return books("sap_b1", tmp_path_factory.mktemp("sap_b1"))


def test_orders(sap: Erp) -> None:
    """The cancelled order stays without being a sale, what cancels it is not there; a quote has its own kind of id."""
    columns = (
        "order_id",
        "reference",
        "status",
        "is_sale",
        "order_date",
        "currency",
        "fx_rate",
        "total_net",
        "total_tax",
        "total_gross",
    )
    assert table(sap, "orders", *columns) == [
        ("17-1", "1001", "confirmed", True, "2026-01-05", "EUR", 1, 72, 14.4, 86.4),
        ("17-2", "1002", "confirmed", True, "2026-01-10", "USD", 0.9, 100, 20, 120),
        ("17-3", "1003", "cancelled", False, "2026-01-11", "EUR", 1, 50, 10, 60),
        ("17-5", "1005", "confirmed", True, "2026-01-12", "EUR", 1, 200, 40, 240),
        ("23-1", "501", "quote", False, "2026-01-03", "EUR", 1, 10, 2, 12),
    ]


def test_what_a_total_consists_of(sap: Erp) -> None:
    """3 × 10 + 66.66; half of 66.66 and then 10 % of 63.33 off; 15 of freight."""
    columns = ("order_id", "goods_net", "discount_net", "shipping_net", "rounding_net")
    assert table(sap, "orders", *columns)[0] == ("17-1", 96.66, 39.66, 15, 0)
    columns = (
        "order_id",
        "line_id",
        "quantity",
        "unit_price_net",
        "discount_net",
        "amount_net",
        "amount_tax",
        "delivered_quantity",
    )
    assert table(sap, "order_lines", *columns) == [
        ("17-1", "0", 3, 10, 3, 27, 5.4, 3),  # invoiced without a delivery
        ("17-1", "1", 1, 66.66, 36.66, 30, 6, 0),
        ("17-2", "0", 10, 10, 0, 100, 20, 4),  # the delivery of the other 6 was cancelled
        ("17-3", "0", 5, 10, 0, 50, 10, 0),
        ("17-5", "0", 0, 0, 0, 200, 40, None),  # a service, which nothing delivers
        ("23-1", "0", 1, 10, 0, 10, 2, None),
    ]


def test_a_day_and_an_integer_are_a_moment(sap: Erp) -> None:
    """93005 is 09:30:05, 5 is 00:00:05; a document that never changed has the moment at which it was made."""
    assert table(sap, "orders", "order_id", "ordered_at", "updated_at") == [
        ("17-1", "2026-01-05 07:00:00", "2026-02-01 08:30:05"),
        ("17-2", "2026-01-05 07:00:00", "2026-01-31 23:00:05"),
        ("17-3", "2026-01-05 07:00:00", "2026-01-12 08:30:05"),
        ("17-5", "2026-01-05 07:00:00", "2026-02-01 08:30:05"),
        ("23-1", "2026-01-05 07:00:00", "2026-01-05 07:00:00"),
    ]


def test_what_an_order_says(sap: Erp) -> None:
    columns = ("order_id", "web_reference", "customer_id", "channel", "sales_rep", "country", "promised_at")
    assert table(sap, "orders", *columns)[:2] == [
        ("17-1", "WEB-1", "C1", "sales_rep", "4", "FR", "2026-01-19 23:00:00"),
        ("17-2", None, "C2", "other", None, "CA", None),  # shipped to Canada for a customer in the United States
    ]


def test_invoices(sap: Erp) -> None:
    """Credit notes are negative; a cancelled invoice has nothing open, and its counterpart is left out."""
    columns = (
        "invoice_id",
        "number",
        "kind",
        "order_id",
        "currency",
        "amount_net",
        "amount_gross",
        "amount_open",
        "status",
        "paid_at",
    )
    assert table(sap, "invoices", *columns) == [
        ("13-1", "2001", "invoice", "17-2", "USD", 40, 48, 38, "open", None),  # through its delivery
        ("13-2", "2002", "invoice", "17-1", "EUR", 30, 36, 0, "paid", "2026-02-09 23:00:00"),
        ("13-3", "2003", "invoice", None, "EUR", 20, 24, 0, "cancelled", None),
        ("13-5", "2005", "invoice", None, "EUR", 200, 240, 240, "open", None),
        ("14-1", "3001", "credit_note", None, "EUR", -15, -18, -18, "open", None),
        ("14-2", "3002", "credit_note", None, "EUR", -10, -12, 0, "paid", "2026-02-10 23:00:00"),
    ]
    columns = ("invoice_id", "line_id", "product_id", "quantity", "amount_net", "order_id", "order_line_id")
    assert table(sap, "invoice_lines", *columns) == [
        ("13-1", "0", "A", 4, 40, "17-2", "0"),
        ("13-2", "0", "A", 3, 30, "17-1", "0"),
        ("13-3", "0", "A", 2, 20, None, None),
        ("13-5", "0", None, 0, 200, None, None),  # a service
        ("14-1", "0", "A", -1, -10, None, None),
        ("14-2", "0", "A", -1, -10, None, None),
    ]


def test_refunds(sap: Erp) -> None:
    """Positive, with their freight and the rest of the tax apart; the order is found through the invoice that was credited."""
    columns = (
        "refund_id",
        "line_id",
        "order_id",
        "product_id",
        "quantity",
        "refund_date",
        "amount_net",
        "amount_tax",
        "shipping_net",
    )
    assert table(sap, "refunds", *columns) == [
        ("14-1", "0", "17-1", "A", 1, "2026-01-25", 10, 2, 0),
        ("14-1", "freight", "17-1", None, 0, "2026-01-25", 0, 1, 5),
        ("14-2", "0", None, "A", 1, "2026-01-26", 10, 2, 0),
    ]


def test_payments(sap: Erp) -> None:
    """In the currency of what they pay; a payment that was cancelled is none."""
    assert table(sap, "payments", "payment_id", "invoice_id", "paid_at", "amount", "currency", "method") == [
        ("1-13-2-1", "13-2", "2026-02-09 23:00:00", 36, "EUR", "transfer"),
        ("3-13-1-1", "13-1", "2026-02-10 23:00:00", 10, "USD", None),
        ("3-14-2-1", "14-2", "2026-02-10 23:00:00", -12, "EUR", None),
    ]


def test_customers_products_and_stock(sap: Erp) -> None:
    """Leads are no customers, a person's name is not a company's."""
    assert table(
        sap, "customers", "customer_id", "kind", "company", "country", "email", "has_vat_number", "active"
    ) == [
        ("C1", "b2b", "Café Démo SARL", "FR", "achat@example.com", True, True),
        ("C2", "b2c", None, "US", None, False, False),
    ]
    assert table(sap, "products", "product_id", "ean", "name", "category", "supplier_id", "unit_cost", "active") == [
        ("A", "3760000000017", "Théière", "Thés", "S1", 6, True),
        ("B", None, "Bouilloire", "Thés", None, None, False),
    ]
    assert table(sap, "stock_levels", "product_id", "warehouse_id", "on_hand", "reserved", "available", "incoming") == [
        ("A", "01", 40, 6, 34, 20)
    ]
    assert table(sap, "stock_moves", "move_id", "moved_at", "quantity", "reason") == [
        ("1", "2026-01-01 23:00:00", 44, "purchase"),
        ("2", "2026-01-11 23:00:00", -4, "sale"),
        ("3", "2026-01-12 23:00:00", 1, "correction"),
        ("4", "2026-01-12 23:00:00", -1, "correction"),  # 5 moved a value and no goods
    ]
    assert table(sap, "warehouses", "warehouse_id", "name") == [("01", "Entrepôt")]
    assert table(sap, "suppliers", "supplier_id", "name", "country") == [("S1", "Poterie du Lac", "IT")]
    assert table(sap, "fx_rates", "date", "currency", "rate") == [("2026-01-10", "USD", 0.9)]


def test_purchases(sap: Erp) -> None:
    """12 of 20 came; the receipt of the rest was cancelled."""
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
    assert table(sap, "purchase_lines", *columns) == [
        ("22-1", "0", "S1", "2026-01-29 23:00:00", "2026-01-08 23:00:00", 20, 12, 6, "ordered")
    ]
