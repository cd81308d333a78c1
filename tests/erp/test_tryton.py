"""Tryton 7.8 in PostgreSQL: every figure equals what Tryton's own code computed, in both states of the database."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from echannel_connectors import Erp
from echannel_connectors.models.core import TABLES
from tests.erp.conftest import Postgres
from tests.erp.test_sync import core, read_into, warehouse
from tests.erp.truth import Row, cents, core_rows, number, total, true_rows

STATES = (pytest.param("tryton", marks=pytest.mark.slow), "tryton_later")  # the later one holds the other
LANGUAGES = ("en", "fr")
IN_KILOGRAMS = {"u": Decimal(1), "kg": Decimal(1), "g": Decimal("0.001")}  # the products' own units: u and kg
COUNTS = ("posted", "paid")


@pytest.fixture(scope="module", params=STATES)
def books(request: pytest.FixtureRequest) -> tuple[Erp, str]:
    """The ERP in one of its two states, and the name under which the truth keeps it."""
    return Erp(connector="tryton", url=request.getfixturevalue(request.param)), request.param


def in_euro(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def paris_day(moment: object) -> str | None:
    if moment is None:
        return None
    assert isinstance(moment, datetime)
    return moment.astimezone(ZoneInfo("Europe/Paris")).date().isoformat()


def day(value: object) -> str | None:
    return None if value is None else str(value)


def test_orders(books: tuple[Erp, str]) -> None:
    """Sales, quotations, drafts, returns and cancelled ones: states, days, countries, currencies and amounts."""
    source, name = books
    orders = core_rows(source, "orders")
    ours = {
        row["order_id"]: (
            row["reference"], row["web_reference"], row["customer_id"], row["source_status"], row["is_sale"],
            day(row["order_date"]), row["country"], row["currency"], cents(row["total_net"]), cents(row["total_tax"]),
            cents(row["total_gross"]), cents(row["shipping_net"]), in_euro(row["total_net"], row["fx_rate"]),
        )
        for row in orders
    }  # fmt: skip
    true = {
        row["id"]: (
            row["number"], row["reference"], row["party_id"], row["state"], row["is_sale"] == "true",
            row["sale_date"], row["ship_country"], row["currency"], cents(row["untaxed"]), cents(row["tax"]),
            cents(row["total"]), cents(row["shipping_untaxed"]), cents(row["untaxed_eur"]),
        )
        for row in true_rows(f"{name}_orders")
    }  # fmt: skip
    assert ours == true
    for row in orders:
        parts = row["goods_net"] - row["discount_net"] + row["shipping_net"] + row["rounding_net"]
        assert row["total_net"] == parts
        assert row["rounding_net"] == 0
        if row["order_date"]:
            assert paris_day(row["ordered_at"]) == str(row["order_date"])


def test_statuses(books: tuple[Erp, str]) -> None:
    """The words of the model for Tryton's state and that of its shipments."""
    source, name = books
    plain = {"draft": "draft", "quotation": "quote", "cancelled": "cancelled", "done": "completed"}
    true = {
        row["id"]: plain.get(row["state"], "shipped" if row["shipment_state"] == "sent" else "confirmed")
        for row in true_rows(f"{name}_orders")
    }
    assert {row["order_id"]: row["status"] for row in core_rows(source, "orders")} == true


def test_order_lines(books: tuple[Erp, str]) -> None:
    """Lines come out to the cent and to the piece, in the product's unit; comments, subtotals and shipping are none."""
    source, name = books
    currencies = {row["id"]: row["currency"] for row in true_rows(f"{name}_orders")}
    ours = {
        row["line_id"]: (
            row["order_id"], row["variant_id"] or None, row["sku"], number(row["quantity"]),
            number(row["unit_price_net"]), cents(row["amount_net"]), number(row["delivered_quantity"]),
            cents(row["discount_net"]),
        )
        for row in core_rows(source, "order_lines")
    }  # fmt: skip
    true = {}
    for row in true_rows(f"{name}_order_lines", lambda row: row["type"] == "line" and row["is_shipping"] != "true"):
        unit = IN_KILOGRAMS[row["unit"]]
        delivered = None if row["delivered_quantity"] is None else Decimal(row["delivered_quantity"]) * unit
        true[row["line_id"]] = (
            row["sale_id"], row["product_id"], row["product_code"], number(Decimal(row["quantity"]) * unit),
            number(Decimal(row["unit_price"]) / unit), cents(row["amount"]), number(delivered),
            discount_of(row, currencies[row["sale_id"]]),
        )  # fmt: skip
    assert ours == true


def discount_of(row: Row, currency: str) -> Decimal:
    """What the price before discount would have given more; in another currency than the company's it is none."""
    if row["base_price"] is None or currency != "EUR":
        return Decimal("0.00")
    listed = Decimal(row["quantity"]) * Decimal(row["base_price"])
    return listed.quantize(Decimal("0.01"), ROUND_HALF_EVEN) - Decimal(row["amount"])


def test_lines_and_shipping_add_up_to_their_order(books: tuple[Erp, str]) -> None:
    """Per order, the lines with its shipping and rounding are its total exactly; their taxes are the order's."""
    source, name = books
    lines: dict[str, Decimal] = defaultdict(Decimal)
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "order_lines"):
        lines[row["order_id"]] += row["amount_net"]
        taxes[row["order_id"]] += row["amount_tax"]
    shipped = {row["sale_id"] for row in true_rows(f"{name}_order_lines", lambda row: row["is_shipping"] == "true")}
    for order in core_rows(source, "orders"):
        assert lines[order["order_id"]] + order["shipping_net"] + order["rounding_net"] == order["total_net"]
        if order["order_id"] not in shipped:  # shipping bears a tax, which stands on no line
            assert taxes[order["order_id"]] == order["total_tax"]


def test_costs_are_those_of_the_goods_that_left(books: tuple[Erp, str]) -> None:
    """A delivered line has the cost of its day; a service and what waits have today's, a free line has none."""
    source, name = books
    today = {row["id"]: number(row["cost_price"]) for row in true_rows(f"{name}_products")}
    kinds = defaultdict(set)
    for row in core_rows(source, "order_lines"):
        kinds[row["cost_kind"]].add(bool(row["delivered_quantity"]))
        if row["cost_kind"] == "today":
            assert number(row["unit_cost"]) == today[row["variant_id"]]
        assert (row["unit_cost"] is None) == (row["cost_kind"] == "unknown") == (row["variant_id"] == "")
    assert kinds == {"of_the_day": {True}, "today": {False}, "unknown": {False}}


def test_customers(books: tuple[Erp, str]) -> None:
    """Customers are the parties that sales and customers' invoices name; suppliers and employees are none."""
    source, name = books
    used = {row["party_id"] for row in true_rows(f"{name}_orders")}
    used |= {row["party_id"] for row in true_rows(f"{name}_invoices", lambda row: row["type"] == "out")}
    true = {
        row["id"]: (
            "b2b" if row["vat"] else "b2c", row["name"] if row["vat"] else None, row["country"], row["email"],
            row["vat"] is not None, row["active"] == "true",
        )
        for row in true_rows(f"{name}_customers")
        if row["id"] in used
    }  # fmt: skip
    ours = {
        row["customer_id"]: (
            row["kind"], row["company"], row["country"], row["email"], row["has_vat_number"], row["active"],
        )
        for row in core_rows(source, "customers")
    }  # fmt: skip
    assert ours == true


@pytest.mark.parametrize("language", LANGUAGES)
def test_products(books: tuple[Erp, str], language: str) -> None:
    """Each variant has its template, code, name in the language asked for, price, cost, EAN and place in the catalogue."""
    source, name = books
    asked = Erp(connector="tryton", url=source.url, parameters={"language": language})
    names = {row["id"]: row["name_fr"] for row in true_rows(f"{name}_product_names_fr")}
    ours = {
        row["variant_id"]: (
            row["product_id"], row["sku"], row["name"], row["active"], number(row["unit_price_net"]),
            number(row["unit_cost"]), row["currency"], row["ean"], row["category_path"],
        )
        for row in core_rows(asked, "products")
    }  # fmt: skip
    true = {
        row["id"]: (
            row["template_id"], row["code"], names[row["id"]] if language == "fr" else row["name"],
            row["active"] == "true", number(row["list_price"]), number(row["cost_price"]), "EUR", row["ean"],
            row["categories"],
        )
        for row in true_rows(f"{name}_products")
    }  # fmt: skip
    assert ours == true


def test_stock_levels(books: tuple[Erp, str]) -> None:
    """On hand and available (what is assigned taken off) per variant and warehouse, as Tryton adds up its moves."""
    source, name = books
    ours = {
        (row["variant_id"], row["warehouse_id"]): (number(row["on_hand"]), number(row["available"]))
        for row in core_rows(source, "stock_levels")
    }
    rows = true_rows(f"{name}_stock")
    last = max(row["at_date"] for row in rows)
    true = {
        (row["product_id"], row["warehouse_id"]): (number(row["quantity"]), number(row["quantity_after_assigned"]))
        for row in rows
        if row["at_date"] == last
    }
    nothing = (number("0"), number("0"))
    if name == "tryton_later":
        # Asked on the 18th (Europe/Paris) for the 17th, and what is assigned is taken as of today: nothing is taken.
        assert all(on_hand == after_assigned for on_hand, after_assigned in true.values())
        ours = {key: (on_hand, on_hand) for key, (on_hand, _) in ours.items()}
    assert {key: row for key, row in ours.items() if row != nothing} == {
        key: row for key, row in true.items() if row != nothing
    }
    total_of: dict[str, Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "stock_levels"):
        total_of[row["variant_id"]] += row["on_hand"]
    for row in true_rows(f"{name}_products"):
        assert number(total_of[row["id"]]) == number(row["quantity"])


def test_stock_moves_add_up_to_the_stock_of_each_day(books: tuple[Erp, str]) -> None:
    """The signed moves of a variant up to a day are what lay in the warehouse then."""
    source, name = books
    moves = core_rows(source, "stock_moves")
    for date in {row["at_date"] for row in true_rows(f"{name}_stock")}:
        moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in moves:
            if (paris_day(row["moved_at"]) or "") <= date:
                moved[row["variant_id"], row["warehouse_id"]] += row["quantity"]
        true = {
            (row["product_id"], row["warehouse_id"]): number(row["quantity"])
            for row in true_rows(f"{name}_stock", lambda row, date=date: row["at_date"] == date)
        }
        ours = {key: number(value) for key, value in moved.items() if value}
        assert ours == {key: value for key, value in true.items() if value}, date
    assert {row["reason"] for row in moves} == {"sale", "customer_return", "purchase", "correction"}


def test_invoices(books: tuple[Erp, str]) -> None:
    """Invoices and credit notes (negative) to customers, with what is still open of them in their own currency."""
    source, name = books
    invoices = core_rows(source, "invoices")
    ours = {
        row["invoice_id"]: (
            row["number"], row["kind"], row["customer_id"], row["currency"], day(row["invoice_date"]),
            cents(row["amount_net"]), cents(row["amount_tax"]), cents(row["amount_gross"]), cents(row["amount_open"]),
            row["status"], paris_day(row["paid_at"]),
        )
        for row in invoices
    }  # fmt: skip
    words = {"draft": "draft", "validated": "draft", "posted": "open", "paid": "paid", "cancelled": "cancelled"}
    true = {
        row["id"]: (
            row["number"], "credit_note" if row["is_credit_note"] == "true" else "invoice", row["party_id"],
            row["currency"], row["invoice_date"], cents(row["untaxed"]), cents(row["tax"]), cents(row["total"]),
            cents(row["amount_to_pay"]), words[row["state"]], row["reconciled"] if row["state"] == "paid" else None,
        )
        for row in true_rows(f"{name}_invoices", lambda row: row["type"] == "out")
    }  # fmt: skip
    assert ours == true
    assert all(row["due_date"] >= row["invoice_date"] for row in invoices if row["status"] in ("open", "paid"))


def test_invoice_lines(books: tuple[Erp, str]) -> None:
    """A line has its sale's line, a credit's line that of the invoice which it credits; taxes add up to the invoice."""
    source, name = books
    kept = {row["id"]: row for row in true_rows(f"{name}_invoices", lambda row: row["type"] == "out")}
    rows = {row["line_id"]: row for row in true_rows(f"{name}_invoice_lines") if row["invoice_id"] in kept}
    sales = {row["line_id"]: row["sale_id"] for row in true_rows(f"{name}_order_lines")}
    true = {
        row["line_id"]: (
            row["invoice_id"], row["product_id"], number(Decimal(row["quantity"]) * IN_KILOGRAMS[row["unit"]]),
            cents(row["amount"]), sales.get(root_of(row, rows) or ""), root_of(row, rows),
        )
        for row in rows.values()
    }  # fmt: skip
    lines = core_rows(source, "invoice_lines")
    ours = {
        row["line_id"]: (
            row["invoice_id"], row["variant_id"] or None, number(row["quantity"]), cents(row["amount_net"]),
            row["order_id"], row["order_line_id"],
        )
        for row in lines
    }  # fmt: skip
    assert ours == true
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for row in lines:
        taxes[row["invoice_id"]] += row["amount_tax"]
    assert {key: cents(value) for key, value in taxes.items()} == {key: cents(row["tax"]) for key, row in kept.items()}


def root_of(row: Row, rows: dict[str, Row]) -> str | None:
    while row["origin_model"] == "account.invoice.line":
        row = rows[row["origin_id"]]
    return row["origin_id"] if row["origin_model"] == "sale.line" else None


def test_refunds(books: tuple[Erp, str]) -> None:
    """What credits an invoice is a refund of its sale, positive, on its day. What has a sale of its own is none: a
    return is a negative sale already, and a discount that was invoiced alone was taken off by its sale."""
    source, name = books
    notes = {row["id"]: row for row in true_rows(f"{name}_invoices") if row["type"] == "out" and row["state"] in COUNTS}
    rows = {row["line_id"]: row for row in true_rows(f"{name}_invoice_lines")}
    sales = {row["line_id"]: row for row in true_rows(f"{name}_order_lines")}
    true = {}
    for row in rows.values():
        if row["invoice_id"] in notes and row["origin_model"] == "account.invoice.line":
            sold = sales[root_of(row, rows) or ""]
            shipping = sold["is_shipping"] == "true"
            note = notes[row["invoice_id"]]
            true[row["line_id"]] = (
                row["invoice_id"], note["invoice_date"], note["currency"], None if shipping else row["product_id"],
                number(0 if shipping else -Decimal(row["quantity"]) * IN_KILOGRAMS[row["unit"]]),
                cents(0 if shipping else -Decimal(row["amount"])), cents(-Decimal(row["amount"]) if shipping else 0),
                sold["sale_id"],
            )  # fmt: skip
    refunds = core_rows(source, "refunds")
    ours = {
        row["line_id"]: (
            row["refund_id"], str(row["refund_date"]), row["currency"], row["variant_id"], number(row["quantity"]),
            cents(row["amount_net"]), cents(row["shipping_net"]), row["order_id"],
        )
        for row in refunds
    }  # fmt: skip
    assert ours == true
    for refund in {row["refund_id"] for row in refunds}:
        mine = [row for row in refunds if row["refund_id"] == refund]
        assert cents(total(mine, "amount_net") + total(mine, "shipping_net")) == -cents(notes[refund]["untaxed"])
        assert cents(total(mine, "amount_tax")) == -cents(notes[refund]["tax"])


def test_payments(books: tuple[Erp, str]) -> None:
    """What customers paid, one row per payment of an invoice, in the currency that it was paid in."""
    source, name = books
    kept = {row["id"] for row in true_rows(f"{name}_invoices", lambda row: row["type"] == "out")}
    true = {
        row["move_line_id"]: (
            row["invoice_id"], row["date"], row["second_currency"] or "EUR",
            cents(row["amount_eur"]) if row["second_currency"] is None else -cents(row["amount_second_currency"]),
        )
        for row in true_rows(f"{name}_payments")
        if row["invoice_id"] in kept
    }  # fmt: skip
    ours = {
        row["payment_id"]: (row["invoice_id"], paris_day(row["paid_at"]), row["currency"], cents(row["amount"]))
        for row in core_rows(source, "payments")
    }
    assert ours == true


def test_purchase_lines(books: tuple[Erp, str]) -> None:
    source, name = books
    warehouses = {row["warehouse_code"]: row["warehouse_id"] for row in true_rows(f"{name}_stock")}
    true = {
        row["line_id"]: (
            row["purchase_id"], row["party_id"], row["product_id"], warehouses[row["warehouse"]],
            number(Decimal(row["quantity"]) * IN_KILOGRAMS[row["unit"]]),
            number(Decimal(row["received_quantity"]) * IN_KILOGRAMS[row["unit"]]),
            number(Decimal(row["unit_price"]) / IN_KILOGRAMS[row["unit"]]), row["currency"], row["purchase_date"],
            row["last_received"],
        )
        for row in true_rows(f"{name}_purchase_lines")
    }  # fmt: skip
    ours = {
        row["line_id"]: (
            row["purchase_id"], row["supplier_id"], row["variant_id"], row["warehouse_id"], number(row["quantity"]),
            number(row["received_quantity"]), number(row["unit_cost"]), row["currency"], paris_day(row["ordered_at"]),
            paris_day(row["received_at"]),
        )
        for row in core_rows(source, "purchase_lines")
    }  # fmt: skip
    assert ours == true


def test_suppliers_and_warehouses(books: tuple[Erp, str]) -> None:
    source, name = books
    parties = {row["id"]: row for row in true_rows(f"{name}_customers")}
    true = {
        (party, parties[party]["name"], parties[party]["country"])
        for party in {row["party_id"] for row in true_rows(f"{name}_purchase_lines")}
    }
    assert {(row["supplier_id"], row["name"], row["country"]) for row in core_rows(source, "suppliers")} == true
    lying = {row["warehouse_id"] for row in true_rows(f"{name}_stock")}
    assert {row["warehouse_id"] for row in core_rows(source, "warehouses")} == lying


def test_rates_are_those_that_tryton_converts_with(books: tuple[Erp, str]) -> None:
    """The last rate on or before the day of a sale turns its amount into Tryton's own amount in euro."""
    source, name = books
    rates = sorted((row["currency"], str(row["date"]), row["rate"]) for row in core_rows(source, "fx_rates"))
    foreign = true_rows(f"{name}_orders", lambda row: row["currency"] != "EUR" and row["sale_date"] is not None)
    assert foreign
    for row in foreign:
        rate = [rate for currency, day, rate in rates if currency == row["currency"] and day <= row["sale_date"]][-1]
        assert in_euro(cents(row["untaxed"]), rate) == cents(row["untaxed_eur"])


def test_totals_by_month(books: tuple[Erp, str]) -> None:
    """Sales, and invoices with credit notes, by month and currency: number, net, tax, gross, and net in euro."""
    source, name = books
    documents: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in core_rows(source, "orders"):
        if row["is_sale"]:
            row["euro"] = in_euro(row["total_net"], row["fx_rate"])
            documents["sale", str(row["order_date"])[:7], row["currency"]].append(row)
    for row in core_rows(source, "invoices"):
        if row["status"] in ("open", "paid"):
            amounts = {f"total_{part}": row[f"amount_{part}"] for part in ("net", "tax", "gross")}
            amounts["euro"] = in_euro(row["amount_net"], row["fx_rate"])
            documents["invoice out", str(row["invoice_date"])[:7], row["currency"]].append(amounts)
    ours = {
        key: (len(rows), *(cents(total(rows, part)) for part in ("total_net", "total_tax", "total_gross", "euro")))
        for key, rows in documents.items()
    }
    true = {
        (row["document"], row["month"], row["currency"]): (
            int(row["documents"]), cents(row["untaxed"]), cents(row["tax"]), cents(row["total"]),
            cents(row["untaxed_eur"]),
        )
        for row in true_rows(f"{name}_totals", lambda row: row["document"] in ("sale", "invoice out"))
    }  # fmt: skip
    assert ours == true


def test_check_finds_every_table_and_column(tryton: str) -> None:
    """Also where the spec says LIKE 'sale.line,%', which a driver might take for a placeholder."""
    assert [str(found.level) for found in Erp(connector="tryton", url=tryton).check()] == ["ok", "ok"]


# Nine lines with fractions of cents, two kinds of taxes on one line, both signs, grams, and the totals that Tryton 7.8's
# own code gave for them in a draft: in euro, and in francs that are rounded to 0.05.
DRAFT = """
UPDATE currency_currency SET rounding = 0.05 WHERE code = 'CHF';
INSERT INTO account_tax (id, active, name, description, type, amount, company, update_unit_price)
VALUES (900, TRUE, 'Eco', 'Eco', 'fixed', 0.013, 1, FALSE);
INSERT INTO sale_sale (id, company, party, currency, state, invoice_state, shipment_state, invoice_method,
    shipment_method, create_date)
SELECT s.id, 1, 28, k.id, 'draft', 'none', 'none', 'order', 'order', '2026-08-10 09:00:00'
FROM (VALUES (9001, 'EUR'), (9002, 'CHF')) AS s(id, code) JOIN currency_currency AS k ON k.code = s.code;
INSERT INTO sale_line (id, sale, type, product, quantity, unit, unit_price, create_date)
SELECT s.id * 10 + n.id, s.id, 'line', n.product, n.quantity, n.unit, n.price, '2026-08-10 09:00:00'
FROM sale_sale AS s CROSS JOIN (VALUES
    (1, 1, 3, 1, 1.2345), (2, 2, 7, 1, 0.0150), (3, 2, 1, 1, 0.3450), (4, 9, 845, 3, 0.0107), (5, 9, 0.29, 2, 10.5555),
    (6, 1, -2, 1, 3.3350), (7, NULL, 1, 1, -5.0), (8, 3, 1, 1, 0.1250), (9, 3, 5, 1, 0.1250)
) AS n(id, product, quantity, unit, price) WHERE s.id > 9000;
INSERT INTO "sale_line-account_tax" (line, tax, create_date)
SELECT s.id * 10 + x.line, x.tax, '2026-08-10 09:00:00' FROM sale_sale AS s CROSS JOIN (VALUES
    (1, 7), (2, 1), (2, 900), (3, 1), (3, 900), (4, 7), (5, 1), (6, 7), (7, 1), (9, 1), (9, 7), (9, 900)
) AS x(line, tax) WHERE s.id > 9000;
"""


def test_a_draft_is_computed_as_tryton_does(postgres: Postgres, tryton_lab: str) -> None:
    """Half to even, to the currency's own step; taxes that consist of others, per group of lines."""
    postgres.run(tryton_lab, DRAFT)
    source = Erp(connector="tryton", url=postgres.url(tryton_lab))
    orders = {row["order_id"]: row for row in core_rows(source, "orders")}
    assert (orders["9001"]["total_net"], orders["9001"]["total_tax"]) == (Decimal("5.31"), Decimal("0.35"))
    assert (orders["9002"]["total_net"], orders["9002"]["total_tax"]) == (Decimal("5.30"), Decimal("0.35"))
    lines = [row for row in core_rows(source, "order_lines") if row["order_id"] == "9002"]
    assert all(row["amount_net"] % Decimal("0.05") == 0 for row in lines)
    assert total(lines, "amount_tax") == Decimal("0.35")


# Every second document now belongs to a second company.
OTHER = """
SET session_replication_role = replica;
INSERT INTO company_company (id, party, currency) VALUES (2, 2, 1);
UPDATE sale_sale SET company = 2 WHERE id % 2 = 0;
UPDATE account_invoice SET company = 2 WHERE id % 2 = 0;
UPDATE purchase_purchase SET company = 2 WHERE id % 2 = 0;
UPDATE stock_move SET company = 2 WHERE id % 2 = 0;
"""
OWNED = {
    "orders": "order_id", "order_lines": "order_id", "invoices": "invoice_id", "invoice_lines": "invoice_id",
    "payments": "invoice_id", "refunds": "refund_id", "purchase_lines": "purchase_id",
}  # fmt: skip


@pytest.mark.slow
def test_each_company_has_its_own_documents(postgres: Postgres, tryton_lab: str, tryton: str) -> None:
    """What a company's documents say is read with that company's number, and nothing of it with another's."""
    all_of_it = Erp(connector="tryton", url=tryton)
    postgres.run(tryton_lab, OTHER)
    for company, rest in ((1, 1), (2, 0)):
        source = Erp(connector="tryton", url=postgres.url(tryton_lab), parameters={"company": company})
        for table, key in OWNED.items():
            true = {row[key] for row in core_rows(all_of_it, table) if int(row[key]) % 2 == rest}
            assert {row[key] for row in core_rows(source, table)} == true, table
        moves = {row["move_id"] for row in core_rows(all_of_it, "stock_moves")}
        true = {move for move in moves if int(move.split("-")[0]) % 2 == rest}
        assert {row["move_id"] for row in core_rows(source, "stock_moves")} == true


# What Tryton's Invoice.credit(refund=True) leaves: a posted credit note with reconciled claims, its invoice cancelled.
CREDITED = """
SET session_replication_role = replica;
UPDATE account_invoice SET state = 'cancelled' WHERE id = 16;
INSERT INTO account_invoice (id, company, type, state, number, invoice_date, party, currency, account,
    invoice_address, journal, untaxed_amount_cache, tax_amount_cache, total_amount_cache, create_date)
SELECT 9001, company, type, 'posted', '9001', '2026-08-10', party, currency, account,
    invoice_address, journal, -untaxed_amount_cache, -tax_amount_cache, -total_amount_cache, '2026-08-10 09:00:00'
FROM account_invoice WHERE id = 16;
INSERT INTO account_invoice_line (id, invoice, company, currency, account, type, product, quantity, unit, unit_price,
    origin, create_date)
SELECT 90000 + id, 9001, company, currency, account, type, product, -quantity, unit, unit_price,
    'account.invoice.line,' || id, '2026-08-10 09:00:00'
FROM account_invoice_line WHERE invoice = 16;
"""


def test_an_invoice_that_was_credited_at_once(postgres: Postgres, tryton_lab: str) -> None:
    """A cancelled invoice is open no more; its credit note is a refund of the sale, which stays a sale."""
    postgres.run(tryton_lab, CREDITED)
    source = Erp(connector="tryton", url=postgres.url(tryton_lab))
    invoices = {row["invoice_id"]: row for row in core_rows(source, "invoices")}
    assert (invoices["16"]["status"], invoices["16"]["amount_open"]) == ("cancelled", 0)
    assert (invoices["9001"]["kind"], invoices["9001"]["amount_open"]) == ("credit_note", 0)
    refunds = [row for row in core_rows(source, "refunds") if row["refund_id"] == "9001"]
    assert total(refunds, "amount_net") + total(refunds, "shipping_net") == invoices["16"]["amount_net"]
    orders = {row["order_id"]: row["is_sale"] for row in core_rows(source, "orders")}
    assert {orders[row["order_id"]] for row in refunds} == {True}


def test_losses_lie_in_no_warehouse(postgres: Postgres, tryton_lab: str, tryton: str) -> None:
    """Not even where Lost and Found hangs below one in the tree of locations."""
    true = core_rows(Erp(connector="tryton", url=tryton), "stock_levels")
    postgres.run(tryton_lab, "UPDATE stock_location SET parent = 5 WHERE type = 'lost_found'")
    ours = core_rows(Erp(connector="tryton", url=postgres.url(tryton_lab)), "stock_levels")
    keys = ("variant_id", "warehouse_id", "on_hand")
    assert sorted([row[key] for key in keys] for row in ours) == sorted([row[key] for key in keys] for row in true)


# Tryton's wizard changes what points at a party by SQL alone: sales, invoices and purchases keep their write_date.
MERGED = """
UPDATE sale_sale SET party = 49 WHERE party = 16;
UPDATE account_invoice SET party = 49 WHERE party = 16;
UPDATE purchase_purchase SET party = 68 WHERE party = 65;
UPDATE party_party SET active = FALSE, replaced_by = CASE id WHEN 16 THEN 49 ELSE 68 END,
    write_date = '2026-08-11 08:00' WHERE id IN (16, 65);
"""


@pytest.mark.slow
def test_parties_that_were_merged(postgres: Postgres, tryton: str, tryton_lab: str, tmp_path: Path) -> None:
    """What one of two bought or delivered is the other's at the next sync, though nobody has touched it."""
    postgres.run(tryton_lab, MERGED)
    with warehouse(tmp_path / "both.duckdb") as both, warehouse(tmp_path / "fresh.duckdb") as fresh:
        read_into(both, "tryton", tryton)
        for into in (both, fresh):
            read_into(into, "tryton", postgres.url(tryton_lab), accept_deletes=True)
        for table in TABLES:
            assert core(both, table) == core(fresh, table), table
        assert all(row["customer_id"] != "16" for row in core(both, "orders"))
        assert all(row["supplier_id"] != "65" for row in core(both, "purchase_lines"))
