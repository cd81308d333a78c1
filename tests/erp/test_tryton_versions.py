"""Trytons of other versions, really run: two companies' documents, with the figures that their own code gave for them.

tryton_books.py wrote them, with the modules for advances, kits, promotions, gift cards, lots, payments and drop shipments.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres
from tests.erp.truth import Row, cents, core_rows, number, total, true_rows

VERSIONS = (*(pytest.param(name, marks=pytest.mark.slow) for name in ("tryton60", "tryton70")), "tryton82")
UNITS = {"u": Decimal(1), "kg": Decimal(1), "g": Decimal("0.001"), None: Decimal(1)}  # in the products' own: u and kg
WORDS = {"draft": "draft", "validated": "draft", "posted": "open", "paid": "paid", "cancelled": "cancelled"}
GOODS = ("goods", "kit")


class Books:
    """A company's figures as we read them, and as its Tryton told them."""

    def __init__(self, url: str, name: str, company: int) -> None:
        self.name, self.company, self.erp = name, company, _erp(url, company)

    def ours(self, table: str) -> list[Row]:
        return core_rows(self.erp, table)

    def true(self, table: str) -> list[Row]:
        return true_rows(f"{self.name}_{table}", lambda row: row["company"] == str(self.company))


@cache
def _erp(url: str, company: int) -> Erp:
    """One for all tests: to compile its spec takes longer than to read these companies."""
    return Erp(connector="tryton", url=url, parameters={"company": company})


@pytest.fixture(scope="session", params=VERSIONS)
def loaded(request: pytest.FixtureRequest, postgres: Postgres) -> tuple[str, str]:
    return postgres.load(request.param), request.param


@pytest.fixture(params=[1, 2], ids=["Harbour", "Atelier"])
def books(request: pytest.FixtureRequest, loaded: tuple[str, str]) -> Books:
    return Books(*loaded, request.param)


@pytest.fixture
def atelier(loaded: tuple[str, str]) -> Books:
    return Books(*loaded, 2)


def test_every_table_is_there(loaded: tuple[str, str]) -> None:
    assert [str(found.level) for found in Erp(connector="tryton", url=loaded[0]).check()] == ["ok", "ok"]


def test_orders(books: Books) -> None:
    ours = {
        row["order_id"]: (
            row["reference"], row["source_status"], str(row["order_date"]), row["currency"], cents(row["total_net"]),
            cents(row["total_tax"]), cents(row["total_gross"]),
        )
        for row in books.ours("orders")
    }  # fmt: skip
    true = {
        row["id"]: (
            row["number"], row["state"], row["date"], row["currency"], cents(row["untaxed"]), cents(row["tax"]),
            cents(row["total"]),
        )
        for row in books.true("orders")
    }  # fmt: skip
    assert ours == true


def test_order_lines(books: Books) -> None:
    """To the cent and to the piece; a kit has been delivered as far as the least of its parts."""
    kinds = {row["id"]: row["type"] for row in books.true("products")}
    true = {}
    for row in books.true("order_lines"):
        quantity = Decimal(row["quantity"]) * UNITS[row["unit"]]
        moved = quantity * Decimal(row["moved"]) if kinds.get(row["product"]) in GOODS else None
        if row["is_shipping"] == "False":
            true[row["id"]] = (
                row["order"], row["product"] or "", number(quantity), cents(row["amount"]), number(moved)
            )  # fmt: skip
    ours = {
        row["line_id"]: (
            row["order_id"], row["variant_id"], number(row["quantity"]), cents(row["amount_net"]),
            number(row["delivered_quantity"]),
        )
        for row in books.ours("order_lines")
    }  # fmt: skip
    assert ours == true


def test_invoices_and_what_is_open_of_them(books: Books) -> None:
    """Also where a direct debit is under way, which Tryton takes off, or has failed, which it does not."""
    ours = {
        row["invoice_id"]: (
            row["number"], row["status"], row["currency"], cents(row["amount_net"]), cents(row["amount_tax"]),
            cents(row["amount_gross"]), cents(row["amount_open"]),
        )
        for row in books.ours("invoices")
    }  # fmt: skip
    true = {
        row["id"]: (
            row["number"], WORDS[row["state"]], row["currency"], cents(row["untaxed"]), cents(row["tax"]),
            cents(row["total"]), cents(row["to_pay"]),
        )
        for row in books.true("invoices")
    }  # fmt: skip
    assert ours == true
    lines = {row["line_id"]: cents(row["amount_net"]) for row in books.ours("invoice_lines")}
    assert lines == {row["id"]: cents(row["amount"]) for row in books.true("invoice_lines")}


def test_payments(books: Books) -> None:
    ours = {
        row["payment_id"]: (row["invoice_id"], row["currency"], cents(row["amount"])) for row in books.ours("payments")
    }
    assert ours == {
        row["id"]: (row["invoice"], row["currency"], cents(row["amount"])) for row in books.true("payments")
    }


def test_stock(books: Books) -> None:
    """Per warehouse, also after a move between two of them, an inventory, a drop shipment, and goods in lots."""
    ours = {
        (row["variant_id"], row["warehouse_id"]): (number(row["on_hand"]), number(row["available"]))
        for row in books.ours("stock_levels")
    }
    true = {
        (row["product"], row["warehouse"]): (number(row["quantity"]), number(row["free"]))
        for row in books.true("stock")
    }
    nothing = (number("0"), number("0"))
    assert {key: row for key, row in ours.items() if row != nothing} == {
        key: row for key, row in true.items() if row != nothing
    }


def test_products(books: Books) -> None:
    """A kit costs what its parts cost; a cost of 0 is an unknown one."""
    ours = {
        row["variant_id"]: (row["sku"], number(row["unit_price_net"]), number(row["unit_cost"] or 0))
        for row in books.ours("products")
    }
    true = {
        row["id"]: (row["code"], number(row["price"]), number(row["cost"] or "0")) for row in books.true("products")
    }
    assert ours == true


def test_purchase_lines(books: Books) -> None:
    ours = {
        row["line_id"]: (
            number(row["quantity"]), number(row["received_quantity"]), number(row["unit_cost"]), row["currency"]
        )
        for row in books.ours("purchase_lines")
    }  # fmt: skip
    true = {}
    for row in books.true("purchase_lines"):
        unit, quantity = UNITS[row["unit"]], Decimal(row["quantity"])
        true[row["id"]] = (
            number(quantity * unit), number(quantity * unit * Decimal(row["moved"])),
            number(Decimal(row["unit_price"]) / unit), row["currency"],
        )  # fmt: skip
    assert ours == true


def test_an_advance_or_a_deposit_is_no_refund(atelier: Books) -> None:
    """Neither when its goods' invoice recalls it, nor when it is given back; what credits goods is one.

    By hand: a piece for 3, an invoice of 19.99 that was credited at once, and a credit note of 15.01 with no sale.
    """
    marks = {row["id"]: row["account"] for row in atelier.true("invoice_lines")}
    assert sum(mark in ("unearned_revenue", "deposit") for mark in marks.values()) >= 7
    refunds = atelier.ours("refunds")
    assert {marks[row["line_id"]] for row in refunds} == {None}
    assert sorted(row["amount_net"] for row in refunds) == [Decimal(3), Decimal("15.01"), Decimal("19.99")]
    assert total(refunds, "shipping_net") == 0


def test_an_advance_belongs_to_its_sale(atelier: Books) -> None:
    """Both its invoice and what recalls it, so that the invoices of a sale add up to it: 50 for five cups."""
    lines = atelier.ours("invoice_lines")
    marks = {row["id"]: row["account"] for row in atelier.true("invoice_lines")}
    advances = [row for row in lines if marks[row["line_id"]] == "unearned_revenue"]
    assert all(row["order_id"] and not row["order_line_id"] for row in advances)
    recalled = {row["order_id"] for row in advances if row["amount_net"] < 0}
    sums = {order: total([row for row in lines if row["order_id"] == order], "amount_net") for order in recalled}
    assert Decimal(50) in sums.values()
    heads = {row["invoice_id"]: row["order_id"] for row in atelier.ours("invoices")}
    assert all(heads[row["invoice_id"]] == row["order_id"] for row in advances)


def test_kits(atelier: Books) -> None:
    """Two cups at 4, a quarter kilogram of tea at 12, and one book at 8 however many: two cost 30 and four cost 52.

    Of the four, four cups, half a kilogram and the book have left, which is two of them.
    """
    found = {
        (row["quantity"], row["cost_kind"]): row for row in atelier.ours("order_lines") if row["sku"] == "breakfast"
    }
    sold = {key: (row["delivered_quantity"], row["unit_cost"]) for key, row in found.items()}
    assert sold == {(2, "of_the_day"): (2, 15), (4, "of_the_day"): (2, 13), (2, "today"): (0, 15)}
    orders = {row["order_id"]: row for row in atelier.ours("orders")}
    shipped = {key: orders[row["order_id"]]["shipped_at"] is not None for key, row in found.items()}
    assert shipped == {(2, "of_the_day"): True, (4, "of_the_day"): False, (2, "today"): False}


def test_a_promotion_is_a_discount(atelier: Books) -> None:
    """Six books at 19.99, a tenth off: 119.94 less 107.95."""
    lines = [row for row in atelier.ours("order_lines") if row["sku"] == "book" and row["quantity"] == 6]
    assert [(row["amount_net"], row["discount_net"]) for row in lines] == [(Decimal("107.95"), Decimal("11.99"))]
