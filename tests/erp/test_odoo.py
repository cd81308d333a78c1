"""Odoo 17 in PostgreSQL: every figure equals what Odoo's own code computed, in both states of the database."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres, altered
from tests.erp.truth import Row, cents, core_rows, number, total, true_rows

STATES = (pytest.param("odoo", marks=pytest.mark.slow), "odoo_later")  # the later one holds the other
CUSTOMERS = ("out_invoice", "out_refund")


@pytest.fixture(scope="module", params=STATES)
def books(request: pytest.FixtureRequest) -> tuple[Erp, str]:
    """The ERP in one of its two states, and the name under which the truth keeps it."""
    return Erp(connector="odoo", url=request.getfixturevalue(request.param)), request.param


def in_euro(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_orders(books: tuple[Erp, str]) -> None:
    """Orders have their states, days, countries, currencies and amounts; total = goods - discount + shipping."""
    source, name = books
    partners = {row["id"]: row["commercial_partner_id"] for row in true_rows(f"{name}_customers")}
    orders = core_rows(source, "orders")
    ours = {
        row["order_id"]: (
            row["reference"], row["customer_id"], row["source_status"], row["is_sale"], str(row["order_date"]),
            row["ordered_at"].strftime("%Y-%m-%dT%H:%M:%SZ"), row["country"], row["currency"],
            cents(row["total_net"]), cents(row["total_tax"]), cents(row["total_gross"]), cents(row["shipping_net"]),
            in_euro(row["total_net"], row["fx_rate"]),
        )
        for row in orders
    }  # fmt: skip
    true = {
        row["id"]: (
            row["name"], partners[row["partner_id"]], row["state"], row["is_sale"] == "true", row["order_date_paris"],
            row["date_order_utc"], row["ship_country"], row["currency"],
            cents(row["untaxed"]), cents(row["tax"]), cents(row["total"]), cents(row["delivery_untaxed"]),
            cents(row["untaxed_eur"]),
        )
        for row in true_rows(f"{name}_orders")
    }  # fmt: skip
    assert ours == true
    for row in orders:
        parts = row["goods_net"] - row["discount_net"] + row["shipping_net"] + row["rounding_net"]
        assert row["total_net"] == parts
        assert row["rounding_net"] == 0


def test_order_lines(books: tuple[Erp, str]) -> None:
    """Lines of goods and services come out to the cent and to the piece; sections, notes and delivery are none."""
    source, name = books
    ours = {
        row["line_id"]: (
            row["order_id"], row["variant_id"], row["sku"], number(row["quantity"]), cents(row["amount_net"]),
            cents(row["amount_tax"]), cents(row["unit_price_net"]), number(row["delivered_quantity"]),
            cents(row["discount_net"]),
        )
        for row in core_rows(source, "order_lines")
    }  # fmt: skip
    true = {
        row["line_id"]: (
            row["order_id"], row["product_id"], row["default_code"], number(row["quantity"]), cents(row["subtotal"]),
            cents(row["tax"]), cents(row["price_unit"]), number(row["qty_delivered"]), discount_of(row),
        )
        for row in true_rows(f"{name}_order_lines", lambda row: row["display_type"] is None)
        if row["is_delivery"] != "true"
    }  # fmt: skip
    assert ours == true


def discount_of(row: Row) -> Decimal:
    listed = cents(Decimal(row["quantity"]) * Decimal(row["price_unit"]))
    return listed - cents(row["subtotal"]) if Decimal(row["discount"]) else Decimal("0.00")


def test_lines_and_shipping_add_up_to_their_order(books: tuple[Erp, str]) -> None:
    """Per order, the lines with its shipping and rounding are its total exactly."""
    source, _ = books
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "order_lines"):
        lines[row["order_id"]] += row["amount_net"]
    for order in core_rows(source, "orders"):
        assert lines[order["order_id"]] + order["shipping_net"] + order["rounding_net"] == order["total_net"]


def test_customers(books: tuple[Erp, str]) -> None:
    """Customers are the commercial partners that have documents; contacts and delivery addresses are none."""
    source, name = books
    partners = {row["id"]: row for row in true_rows(f"{name}_customers")}
    documents = [
        *(row["partner_id"] for row in true_rows(f"{name}_orders")),
        *(row["partner_id"] for row in true_rows(f"{name}_invoices", lambda row: row["move_type"] in CUSTOMERS)),
    ]
    wanted = {partners[partner]["commercial_partner_id"] for partner in documents}
    wanted |= {partner for partner, row in partners.items() if int(row["customer_rank"]) > 0}
    true = {
        partner: (
            "b2b" if partners[partner]["is_company"] == "true" else "b2c", partners[partner]["country"],
            partners[partner]["email"], partners[partner]["vat"] is not None, partners[partner]["active"] == "true",
        )
        for partner in wanted
    }  # fmt: skip
    ours = {
        row["customer_id"]: (row["kind"], row["country"], row["email"], row["has_vat_number"], row["active"])
        for row in core_rows(source, "customers")
    }
    assert ours == true


def test_products(books: tuple[Erp, str]) -> None:
    """Each variant has its template, code, price and today's cost without binary noise; no cost is NULL, not 0."""
    source, name = books
    french = Erp(connector="odoo", url=source.url, parameters={"language": "fr_FR"})
    names = {row["variant_id"]: row["name"] for row in core_rows(french, "products")}
    ours = {
        row["variant_id"]: (
            row["product_id"], row["sku"], row["name"], names[row["variant_id"]], row["ean"], row["category_path"],
            row["active"], number(row["unit_price_net"]), number(row["unit_cost"]),
        )
        for row in core_rows(source, "products")
    }  # fmt: skip
    true = {
        row["id"]: (
            row["template_id"], row["default_code"], row["name"], row["name_fr"], row["barcode"], row["category"],
            row["active"] == "true", number(row["list_price"]),
            number(row["standard_price"]) if Decimal(row["standard_price"]) else None,
        )
        for row in true_rows(f"{name}_products")
    }  # fmt: skip
    assert ours == true


def test_stock_levels(books: tuple[Erp, str]) -> None:
    """On hand, available and incoming per variant and warehouse; several quants are one row."""
    source, name = books
    ours = {
        (row["variant_id"], row["warehouse_id"]): tuple(number(row[c]) for c in ("on_hand", "available", "incoming"))
        for row in core_rows(source, "stock_levels")
    }
    true = {
        (row["product_id"], row["warehouse_id"]): tuple(
            number(row[c]) for c in ("qty_available", "free_qty", "incoming_qty")
        )
        for row in true_rows(f"{name}_stock")
    }
    nothing = tuple(number("0") for _ in range(3))
    assert {key: row for key, row in ours.items() if row != nothing} == {
        key: row for key, row in true.items() if row != nothing
    }


def test_stock_moves_add_up_to_the_stock(books: tuple[Erp, str]) -> None:
    """The signed moves of a variant in a warehouse are what lies there."""
    source, _ = books
    moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "stock_moves"):
        moved[row["variant_id"], row["warehouse_id"]] += row["quantity"]
    stock = {(row["variant_id"], row["warehouse_id"]): row["on_hand"] for row in core_rows(source, "stock_levels")}
    assert {key: value for key, value in moved.items() if value} == {
        key: value for key, value in stock.items() if value
    }


def test_refunds(books: tuple[Erp, str]) -> None:
    """Posted credit notes are refunds, positive, on their day, of the order that they were invoiced from."""
    source, name = books
    moves = {
        row["id"]: row
        for row in true_rows(f"{name}_invoices")
        if row["move_type"] == "out_refund" and row["state"] == "posted"
    }
    orders = {row["line_id"]: row["order_id"] for row in true_rows(f"{name}_order_lines")}
    true = {
        row["line_id"]: (
            row["invoice_id"], moves[row["invoice_id"]]["invoice_date"], moves[row["invoice_id"]]["currency"],
            row["product_id"], number(row["quantity"]), cents(row["subtotal"]),
            cents(Decimal(row["total"]) - Decimal(row["subtotal"])), orders.get(row["sale_line_ids"]),
        )
        for row in true_rows(f"{name}_invoice_lines")
        if row["invoice_id"] in moves and row["display_type"] == "product"
    }  # fmt: skip
    ours = {
        row["line_id"]: (
            row["refund_id"], str(row["refund_date"]), row["currency"], row["variant_id"], number(row["quantity"]),
            cents(row["amount_net"] + row["shipping_net"]), cents(row["amount_tax"]), row["order_id"],
        )
        for row in core_rows(source, "refunds")
    }  # fmt: skip
    assert ours == true


def test_invoices(books: tuple[Erp, str]) -> None:
    """Invoices and credit notes (negative), with what is still open of them."""
    source, name = books
    ours = {
        row["invoice_id"]: (
            row["number"], row["kind"], row["currency"], _text(row["invoice_date"]), _text(row["due_date"]),
            cents(row["amount_net"]), cents(row["amount_tax"]), cents(row["amount_gross"]), cents(row["amount_open"]),
        )
        for row in core_rows(source, "invoices")
    }  # fmt: skip
    true = {}
    for row in true_rows(f"{name}_invoices", lambda row: row["move_type"] in CUSTOMERS):
        sign = -1 if row["move_type"] == "out_refund" else 1
        number_of = None if row["name"] in (None, "/") else row["name"]
        kind = "credit_note" if sign < 0 else "invoice"
        posted = row["state"] == "posted"
        amounts = [sign * cents(row[column]) for column in ("untaxed", "tax", "total")]
        rest = sign * cents(row["residual"]) if posted else cents("0")
        true[row["id"]] = (number_of, kind, row["currency"], row["invoice_date"], row["due_date"], *amounts, rest)
    assert ours == true


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def test_invoice_lines(books: tuple[Erp, str]) -> None:
    source, name = books
    kinds = {row["id"]: row["move_type"] for row in true_rows(f"{name}_invoices")}
    orders = {row["line_id"]: row["order_id"] for row in true_rows(f"{name}_order_lines")}
    true = {}
    for row in true_rows(f"{name}_invoice_lines"):
        if kinds[row["invoice_id"]] in CUSTOMERS and row["display_type"] == "product":
            sign = -1 if kinds[row["invoice_id"]] == "out_refund" else 1
            net, gross = cents(row["subtotal"]), cents(row["total"])
            quantity = number(sign * Decimal(row["quantity"]))
            link = (orders.get(row["sale_line_ids"]), row["sale_line_ids"])
            true[row["line_id"]] = (
                row["invoice_id"],
                row["product_id"],
                quantity,
                sign * net,
                sign * (gross - net),
                *link,
            )
    ours = {
        row["line_id"]: (
            row["invoice_id"], row["variant_id"] or None, number(row["quantity"]), cents(row["amount_net"]),
            cents(row["amount_tax"]), row["order_id"], row["order_line_id"],
        )
        for row in core_rows(source, "invoice_lines")
    }  # fmt: skip
    assert ours == true


def test_payments(books: tuple[Erp, str]) -> None:
    """What customers paid, with the invoice where it is one alone."""
    source, name = books
    kept = [
        row for row in true_rows(f"{name}_payments") if row["partner_type"] == "customer" and row["state"] == "posted"
    ]
    true = {
        row["id"]: (
            cents(row["amount"]) * (-1 if row["payment_type"] == "outbound" else 1), row["currency"], row["date"],
            row["reconciled_invoice_ids"] if row["reconciled_invoice_ids"] and "|" not in row["reconciled_invoice_ids"]
            else None,
        )
        for row in kept
    }  # fmt: skip
    ours = {
        row["payment_id"]: (
            cents(row["amount"]), row["currency"], _paris_day(row["paid_at"]), row["invoice_id"],
        )
        for row in core_rows(source, "payments")
    }  # fmt: skip
    assert ours == true


def _paris_day(moment: object) -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    assert isinstance(moment, datetime)
    return moment.astimezone(ZoneInfo("Europe/Paris")).date().isoformat()


def test_purchase_lines(books: tuple[Erp, str]) -> None:
    source, name = books
    true = {
        row["line_id"]: (
            row["order_id"], row["partner_id"], row["product_id"], number(row["quantity"]), number(row["qty_received"]),
            number(row["price_unit"]), row["currency"],
        )
        for row in true_rows(f"{name}_purchase_lines")
    }  # fmt: skip
    ours = {
        row["line_id"]: (
            row["purchase_id"], row["supplier_id"], row["variant_id"], number(row["quantity"]),
            number(row["received_quantity"]), number(row["unit_cost"]), row["currency"],
        )
        for row in core_rows(source, "purchase_lines")
    }  # fmt: skip
    assert ours == true


def test_totals_by_month(books: tuple[Erp, str]) -> None:
    """Sales, invoices and credit notes by month and currency: number, net, tax, gross."""
    source, name = books
    documents: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in core_rows(source, "orders"):
        if row["is_sale"]:
            documents["sale", str(row["order_date"])[:7], row["currency"]].append(row)
    for row in core_rows(source, "invoices"):
        if row["status"] in ("open", "paid"):
            kind = "out_refund" if row["kind"] == "credit_note" else "out_invoice"
            sign = -1 if kind == "out_refund" else 1
            amounts = {f"total_{part}": sign * row[f"amount_{part}"] for part in ("net", "tax", "gross")}
            documents[kind, str(row["invoice_date"])[:7], row["currency"]].append(amounts)
    ours = {
        key: (len(rows), *(cents(total(rows, f"total_{part}")) for part in ("net", "tax", "gross")))
        for key, rows in documents.items()
    }
    true = {
        (row["document"], row["month"], row["currency"]): (
            int(row["documents"]), cents(row["untaxed"]), cents(row["tax"]), cents(row["total"]),
        )
        for row in true_rows(f"{name}_totals", lambda row: row["document"] != "in_invoice")
    }  # fmt: skip
    assert ours == true


# Three pieces at 12.00 with 20 % tax inside: one line at 10 % off, one given away.
WITH_TAX_INSIDE = """
UPDATE account_tax SET price_include = TRUE WHERE id = 36;
UPDATE sale_order_line SET product_uom_qty = 3, price_unit = 12, discount = 10, price_subtotal = 27, price_total = 32.4,
    price_reduce_taxexcl = 9 WHERE id = 2;
UPDATE sale_order_line SET product_uom_qty = 3, price_unit = 12, discount = 100, price_subtotal = 0, price_total = 0,
    price_reduce_taxexcl = 0 WHERE id = 3;
"""


def test_prices_with_tax_inside_are_told_without_it(postgres: Postgres, odoo: str) -> None:
    """Before discount, and also where the discount takes everything: what was given away is worth 30.00 without tax."""
    assert odoo
    with altered(postgres, WITH_TAX_INSIDE) as source:
        lines = {row["line_id"]: row for row in core_rows(source, "order_lines")}
    names = ("unit_price_net", "discount_net", "amount_net")
    assert [int(lines["2"][name]) for name in names] == [10, 3, 27]
    assert [int(lines["3"][name]) for name in names] == [10, 30, 0]


# Money moved from the bank to the till is a payment of partner type customer in Odoo, too.
TRANSFER = "UPDATE account_payment SET is_internal_transfer = TRUE WHERE id = 130"


def test_money_moved_between_own_accounts_is_no_payment(postgres: Postgres, odoo: str) -> None:
    paid = {row["payment_id"] for row in core_rows(Erp(connector="odoo", url=odoo), "payments")}
    with altered(postgres, TRANSFER) as source:
        assert paid - {row["payment_id"] for row in core_rows(source, "payments")} == {"130"}


# What Odoo's return wizard leaves of receipt 1, a copy of its move the other way round with the same purchase line; and
# goods that went to a subcontractor, an internal location of no warehouse.
AWAY = """
INSERT INTO stock_location (id, name, complete_name, usage, company_id, active)
VALUES (900, 'Subcontracting', 'Subcontracting', 'internal', 1, TRUE);
CREATE TABLE back AS SELECT * FROM stock_move WHERE id = 1;
UPDATE back SET id = 90001, location_id = location_dest_id, location_dest_id = location_id,
    date = date + INTERVAL '20 days', origin_returned_move_id = 1;
INSERT INTO stock_move SELECT * FROM back;
UPDATE back SET id = 90002, location_dest_id = 900, purchase_line_id = NULL;
INSERT INTO stock_move SELECT * FROM back;
"""


def test_what_goes_back_or_away_was_received_before(postgres: Postgres, odoo: str) -> None:
    """A return leaves the day of the receipt alone; what leaves all warehouses is one move, out of its own."""
    before = {
        row["line_id"]: row["received_at"] for row in core_rows(Erp(connector="odoo", url=odoo), "purchase_lines")
    }
    with altered(postgres, AWAY) as source:
        assert {row["line_id"]: row["received_at"] for row in core_rows(source, "purchase_lines")} == before
        moves = {row["move_id"]: row["warehouse_id"] for row in core_rows(source, "stock_moves")}
    assert {move: moves[move] for move in moves if move.startswith("9000")} == {"90001-out": "1", "90002-out": "1"}


# Company 2 is a branch of company 1, which keeps the rates and some products, and has written all documents.
BRANCH = """
CREATE TABLE branch AS SELECT * FROM res_company WHERE id = 1;
UPDATE branch SET id = 2, name = 'Branch', parent_id = 1, parent_path = '1/2/';
INSERT INTO res_company SELECT * FROM branch;
UPDATE product_template SET company_id = 1 WHERE id % 2 = 0;
UPDATE account_move SET company_id = 2;
UPDATE sale_order SET company_id = 2;
"""


@pytest.mark.slow
def test_a_branch_has_the_rates_and_products_of_its_company(postgres: Postgres, odoo: str) -> None:
    company = Erp(connector="odoo", url=odoo)
    with altered(postgres, BRANCH, company=2) as branch:
        for table, key in (("invoices", "invoice_id"), ("orders", "order_id"), ("fx_rates", "date")):
            ours, theirs = ({row[key]: row.get("fx_rate") for row in core_rows(e, table)} for e in (branch, company))
            assert ours == theirs, table
        products = [{row["variant_id"] for row in core_rows(e, "products")} for e in (branch, company)]
        assert products[0] == products[1]


# Company 2 has a customer, a supplier and a price list of its own; all documents stay with company 1.
OTHER = """
CREATE TABLE other AS SELECT * FROM res_company WHERE id = 1;
UPDATE other SET id = 2, name = 'Other', parent_path = '2/';
INSERT INTO res_company SELECT * FROM other;
INSERT INTO res_partner (id, name, complete_name, commercial_partner_id, company_id, customer_rank, supplier_rank,
    active, is_company)
VALUES (901, 'Theirs', 'Theirs', 901, 2, 1, 1, TRUE, TRUE), (902, 'Shared', 'Shared', 902, NULL, 1, 1, TRUE, TRUE);
INSERT INTO product_supplierinfo (id, partner_id, product_tmpl_id, company_id, currency_id, delay, min_qty, price,
    sequence)
SELECT 9000 + t.id, 901, t.id, 2, 126, 1, 0, 0, -1 FROM product_template AS t;
"""


def test_another_company_has_customers_and_suppliers_of_its_own(postgres: Postgres, odoo: str) -> None:
    company = Erp(connector="odoo", url=odoo)
    with altered(postgres, OTHER) as source:
        for table, key in (("customers", "customer_id"), ("suppliers", "supplier_id")):
            ours, theirs = ({row[key] for row in core_rows(e, table)} for e in (source, company))
            assert ours - theirs == {"902"}, table
            assert theirs <= ours, table
        suppliers = [
            {row["variant_id"]: row["supplier_id"] for row in core_rows(e, "products")} for e in (source, company)
        ]
        assert suppliers[0] == suppliers[1]
