"""What is a sale and what it is worth: small companies, counted by hand."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from echannel_connectors.models.company import Company
from echannel_connectors.models.mart_sql import mart_selects
from echannel_connectors.pipeline import UNVALUED
from tests.models.companies import Marts, customer, line, order, product, refund

GBP: dict[str, Any] = {"currency": "GBP", "country": "GB", "fx_rate": D("1.17")}


def test_a_company_without_anything_has_empty_marts() -> None:
    """No source fills a table: every mart is there, and empty."""
    with Marts() as marts:
        for name in mart_selects(Company()):
            assert marts.ask(f"SELECT * FROM {name}") == [], name


def test_an_order_in_pounds_by_hand() -> None:
    """3 pieces for 90 GBP less 9, shipping 5, cost 12 EUR each, at 1.17 EUR: every figure in both currencies."""
    tables = {
        "orders": [
            order(
                1,
                81,
                **GBP,
                goods_net=90,
                discount_net=9,
                shipping_net=5,
                total_net=86,
                total_tax=D("17.2"),
                total_gross=D("103.2"),
            )
        ],
        "order_lines": [line(1, 81, quantity=3, discount_net=9, amount_tax=D("16.2"), unit_cost=12)],
    }
    with Marts(tables) as marts:
        sales = marts.ask(
            "SELECT kind, quantity, net, tax, tax_rate, net_base, tax_base, discount_base, cost_base, margin_base FROM mart.sales ORDER BY kind"
        )
        assert [tuple(row.values()) for row in sales] == [
            # 81 × 1.17, 16.2 × 1.17, 9 × 1.17, 3 × 12, 94.77 − 36
            ("sale", 3, 81, D("16.2"), D("0.2"), D("94.77"), D("18.954"), D("10.53"), 36, D("58.77")),
            (
                "shipping",
                0,
                5,
                1,
                D("0.2"),
                D("5.85"),
                D("1.17"),
                0,
                None,
                None,
            ),  # tax: what is left of the order's, 20 % of 5
        ]
        assert marts.one("SELECT units, net, net_base, shipping_base, margin_base, total_gross FROM mart.orders") == (
            3, 81, D("94.77"), D("5.85"), D("58.77"), D("103.2"),
        )  # fmt: skip
        assert marts.one("SELECT orders, units, net_base, shipping_base, discount_base FROM mart.sales_daily WHERE orders > 0") == (
            1, 3, D("94.77"), D("5.85"), D("10.53"),
        )  # fmt: skip


def test_a_document_without_a_rate_takes_the_tables() -> None:
    """The document's own rate, else the company's file from its first line on, else the last one told, else none."""
    rates = [
        {"source": "shop", "date": "2026-03-01", "currency": "GBP", "rate": D("1.15")},
        {"source": "shop", "date": "2026-03-11", "currency": "GBP", "rate": D("1.10")},
        {"source": "company", "date": "2026-03-11", "currency": "GBP", "rate": D("1.20")},
    ]
    days = {1: "2026-02-28", 2: "2026-03-01", 3: "2026-03-10", 4: "2026-03-11", 5: "2026-03-12"}
    orders = [order(n, currency="GBP", fx_rate=None, order_date=day, basket=str(n)) for n, day in days.items()]
    orders[4] |= {"fx_rate": D("1.3")}
    tables = {"fx_rates": rates, "orders": orders, "order_lines": [line(n) for n in days]}
    with Marts(tables) as marts:
        found = marts.ask("SELECT order_id, net_base FROM mart.sales ORDER BY order_id")
        assert [row["net_base"] for row in found] == [None, 115, 115, 120, 130]
        quality = "SELECT date::VARCHAR, rows_without_rate FROM mart.data_quality WHERE check_id = 'rates'"
        assert marts.one(quality) == ("2026-02-28", 1)


def test_orders_split_from_one_basket() -> None:
    """Two orders, one basket: counted as two orders, one basket and one new customer; both are the customer's first."""
    tables = {
        "orders": [
            order(1, basket="B"),
            order(2, basket="B"),
            order(3, basket="C", order_date="2026-03-12", ordered_at="2026-03-12"),
        ],
        "order_lines": [line(1), line(2), line(3)],
        "customers": [customer(1)],
    }
    with Marts(tables) as marts:
        daily = marts.ask("SELECT orders, baskets, new_customers FROM mart.sales_daily WHERE orders > 0 ORDER BY date")
        assert [tuple(row.values()) for row in daily] == [(2, 1, 1), (1, 1, 0)]
        assert [
            row["order_sequence"] for row in marts.ask("SELECT order_sequence FROM mart.orders ORDER BY order_id")
        ] == [1, 1, 2]
        assert marts.one("SELECT orders, baskets, days_between_orders FROM mart.customers") == (3, 2, 2)


def test_what_is_no_sale() -> None:
    """Quotes, orders cancelled after payment, deleted ones and those that count elsewhere: in no mart, nor are their refunds.
    An order that was refunded whole stays a sale, and its refund is another row."""
    tables = {
        "orders": [
            order(1, is_sale=False, status="quote"), order(2, is_sale=False, status="cancelled", paid_at="2026-03-10"),
            order(3, _deleted_at="2026-03-11"), order(4, duplicate_of_source="web", duplicate_of_order_id="9"),
            order(5, status="returned"),
        ],
        "order_lines": [line(n) for n in range(1, 6)],
        "refunds": [refund(n, n) for n in range(1, 6)],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("SELECT order_id, kind, net FROM mart.sales ORDER BY kind")
        assert [tuple(row.values()) for row in found] == [("5", "refund", -100), ("5", "sale", 100)]


def test_partial_refunds_and_one_above_what_was_paid() -> None:
    """Each on its own day, at its own rate: March does not change; a refund may be more than the order was."""
    tables = {
        "orders": [order(1, 100, **GBP)],
        "order_lines": [line(1, 100, quantity=2)],
        "refunds": [
            refund(1, 1, 30, currency="GBP", fx_rate=D("1.2")),
            refund(2, 1, 90, currency="GBP", fx_rate=D("1.1"), refund_date="2026-05-02", quantity=1, shipping_net=0),
        ],
    }
    with Marts(tables) as marts:
        daily = marts.ask("SELECT date::VARCHAR AS day, net_base, refunds_base FROM mart.sales_daily ORDER BY date")
        assert [tuple(row.values()) for row in daily if row["net_base"] or row["refunds_base"]] == [
            ("2026-03-10", 117, 0), ("2026-04-01", 0, -36), ("2026-05-02", 0, -99),
        ]  # fmt: skip
        assert marts.one("SELECT net_base, refunds_base FROM mart.orders") == (117, -135)


@pytest.mark.parametrize(("back", "cost", "margin"), [(True, -40, -60), (None, -40, -60), (False, 0, -100)])
def test_goods_that_do_not_come_back_give_no_cost_back(back: bool | None, cost: int, margin: int) -> None:
    tables = {"orders": [order(1)], "order_lines": [line(1)], "refunds": [refund(1, 1, back_to_stock=back)]}
    with Marts(tables) as marts:
        assert marts.one("SELECT cost_base, margin_base FROM mart.sales WHERE kind = 'refund'") == (cost, margin)


@pytest.mark.parametrize("back", [True, None, False])
def test_a_refund_takes_no_margin_back_that_was_never_counted(back: bool | None) -> None:
    """The cost of what was sold is not known: the line is in no margin, and whatever comes of its goods, its refund neither."""
    tables = {
        "orders": [order(1)],
        "order_lines": [line(1, unit_cost=None)],
        "refunds": [refund(1, 1, back_to_stock=back)],
    }
    with Marts(tables) as marts:
        assert marts.one("SELECT refunds_base, refunds_margin_base FROM mart.orders") == (-100, 0)
        assert marts.one("SELECT margin_base, contribution_base FROM mart.customers") == (0, 0)
        assert marts.one("SELECT sum(cost_known_net_base) FROM mart.sales") == (0,)


def test_store_credit_is_a_means_of_payment() -> None:
    """100 sold, refunded by voucher, and spent: net 100, of which 100 were paid with credit."""
    tables = {
        "orders": [
            order(1),
            order(2, basket="R2", order_date="2026-04-02", store_credit_net=100, store_credit_gross=120),
        ],
        "order_lines": [line(1), line(2)],
        "refunds": [refund(1, 1)],
        "cost_rules": [
            {"kind": "payment_fee", "applies_to": "", "valid_from": "2020-01-01", "fixed_amount": 0, "rate": D("0.02")}
        ],
    }
    with Marts(tables) as marts:
        assert marts.one("SELECT sum(net_base + refunds_base), sum(store_credit_base) FROM mart.sales_daily") == (
            100,
            100,
        )
        fees = marts.ask("SELECT fees_base FROM mart.orders ORDER BY order_id")
        assert [row["fees_base"] for row in fees] == [D("2.4"), 0]  # 2 % of 120; what credit pays costs no fee


def test_an_order_edited_later_is_what_it_is_now() -> None:
    """A line that was taken off is gone; rounding is what the total has beyond lines and shipping."""
    tables = {
        "orders": [order(1, 150, total_net=D("150.01"))],
        "order_lines": [line(1, 100), line(1, 70, line_id="2", _deleted_at="2026-03-11"), line(1, 50, line_id="3")],
    }
    with Marts(tables) as marts:
        assert marts.one("SELECT sum(net), count(*), sum(net) FILTER (WHERE kind = 'rounding') FROM mart.sales") == (
            D("150.01"), 3, D("0.01"),
        )  # fmt: skip


def test_days_to_ship_and_to_pay_are_those_of_the_company() -> None:
    """Half past midnight in Paris is the day before in London: what is shipped in the afternoon is shipped that day."""
    moments = {
        "ordered_at": "2026-03-09 23:30:00+00", "shipped_at": "2026-03-10 15:00:00+00",
        "paid_at": "2026-03-10 23:30:00+00",
    }  # fmt: skip
    with Marts({"orders": [order(1, **moments)], "order_lines": [line(1)]}) as marts:
        assert marts.one("SELECT days_to_ship, days_to_pay FROM mart.orders") == (0, 1)


def test_what_is_still_to_be_delivered_of_a_line_is_the_rest_of_its_pieces() -> None:
    """Three of ten pieces went out: 70 of 100 wait, and of 10 for three pieces two thirds; what has no delivery does not."""
    lines = [
        line(1, 100, quantity=10, delivered_quantity=3), line(1, 10, line_id="2", quantity=3, delivered_quantity=1),
        line(1, 5, line_id="3", delivered_quantity=0), line(1, 7, line_id="4", quantity=2, delivered_quantity=2),
        line(1, 9, line_id="5", delivered_quantity=None), line(2, 50, quantity=2, delivered_quantity=1),
    ]  # fmt: skip
    orders = [order(1, 131, status="confirmed", currency="GBP", fx_rate=2), order(2, 50, status="shipped")]
    with Marts({"orders": orders, "order_lines": lines}) as marts:
        found = marts.ask("SELECT is_open, open_value_base, in_full FROM mart.orders ORDER BY order_id")
        assert [tuple(row.values()) for row in found] == [
            (True, 2 * (70 + 5) + D("13.333333"), False), (False, 0, False),
        ]  # fmt: skip


def test_a_person_in_two_sources_is_one_customer() -> None:
    """By e-mail hash, or by an explicit link; named by the oldest record."""
    tables = {
        "customers": [
            customer(1, email_hash="a"), customer(7, source="books", email_hash="a", created_at="2025-01-01"),
            customer(8, source="books", created_at="2026-02-02", same_as_source="shop", same_as_customer_id="2"), customer(2),
        ],
        "orders": [
            order(1), order(2, source="books", customer_id="7", basket="x", ordered_at="2026-03-11"),
            order(3, customer_id="2", basket="y"), order(4, source="books", customer_id="8", basket="z", ordered_at="2026-03-12"),
        ],
        "order_lines": [line(1), line(2, source="books"), line(3), line(4, source="books")],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("SELECT source, customer_id, orders FROM mart.customers ORDER BY customer_id")
        assert [tuple(row.values()) for row in found] == [("shop", "2", 2), ("books", "7", 2)]
        assert marts.one("SELECT sum(new_customers) FROM mart.sales_daily") == (2,)


def test_cost_rules_from_their_day_and_the_most_telling_first() -> None:
    """Fees by payment method, shipping by carrier, else by market, else for all; each in its currency, from its day on."""
    rules = [
        ("payment_fee", "card", "2026-01-01", D("0.25"), D("0.014"), "EUR"),
        ("payment_fee", "", "2026-01-01", 0, D("0.03"), "EUR"),
        ("shipping", "", "2026-01-01", 4, 0, "EUR"),
        ("shipping", "GB", "2026-01-01", 10, 0, "GBP"),
        ("shipping", "Colissimo", "2026-01-01", 5, 0, "EUR"),
        ("shipping", "Colissimo", "2026-03-10", 6, 0, "EUR"),
        ("packaging", "", "2026-03-11", 9, 0, "EUR"),
        ("packaging", "phone", "2026-01-01", 0, D("0.02"), "USD"),  # a share needs no rate
    ]
    names = ("kind", "applies_to", "valid_from", "fixed_amount", "rate", "currency")
    tables = {
        "cost_rules": [dict(zip(names, rule, strict=True)) for rule in rules],
        "fx_rates": [{"source": "company", "date": "2026-01-01", "currency": "GBP", "rate": D("1.2")}],
        "orders": [
            order(1, payment_method="card", carrier="Colissimo"), order(2, payment_method="cheque", carrier="Chronopost"),
            order(3, country="GB", basket="3"), order(4, payment_method="card", carrier="Colissimo", order_date="2026-03-09", channel="phone"),
        ],
        "order_lines": [line(n) for n in range(1, 5)],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("SELECT fees_base, shipping_cost_base, packaging_base FROM mart.orders ORDER BY order_id")
        # 0.25 + 1.4 % of 120; 3 % of 120
        assert [tuple(row.values()) for row in found] == [
            (D("1.93"), 6, 0),
            (D("3.6"), 4, 0),
            (D("3.6"), 12, 0),
            (D("1.93"), 5, 2),
        ]


def test_a_cost_rule_of_days_before_its_first_rate_is_told() -> None:
    """It costs nothing in the figures then. One whose rates cover all days with orders is not told, nor one ahead of them."""
    names = ("kind", "applies_to", "valid_from", "fixed_amount", "rate", "currency")
    rules = [
        ("shipping", "GB", "2026-01-01", 10, 0, "GBP"),
        ("shipping", "FR", "2026-02-01", 4, 0, "EUR"),
        ("packaging", "", "2026-01-01", 2, 0, "USD"),
        ("packaging", "GB", "2026-04-01", 2, 0, "GBP"),
    ]
    rates = [
        {"source": "company", "date": day, "currency": currency, "rate": D("1.2")}
        for currency, day in (("GBP", "2026-03-02"), ("USD", "2026-03-01"))
    ]
    days = ("2026-03-01", "2026-03-05", "2026-05-01")
    tables = {
        "cost_rules": [{"source": "company", **dict(zip(names, rule, strict=True))} for rule in rules],
        "fx_rates": rates,
        "orders": [order(n, country="GB", order_date=day, basket=str(n)) for n, day in enumerate(days)],
        "order_lines": [line(n) for n in range(len(days))],
    }
    with Marts(tables) as marts:
        assert marts.ask(UNVALUED["core.cost_rules"].replace("$base", "'EUR'")) == [
            {"source": "company", "currency": "GBP", "n": 1}
        ]
        found = marts.ask("SELECT shipping_cost_base, packaging_base FROM mart.orders ORDER BY date")
        assert [tuple(row.values()) for row in found] == [(0, D("2.4")), (12, D("2.4")), (12, D("2.4"))]


def test_the_same_day_a_year_before() -> None:
    """29 February is compared with the 28th of the year after."""
    days = ("2024-02-28", "2024-02-29", "2025-02-28")
    tables = {
        "orders": [order(n, 100 + n, order_date=day, basket=str(n), customer_id=str(n)) for n, day in enumerate(days)],
        "order_lines": [line(n, 100 + n) for n in range(3)],
    }
    with Marts(tables) as marts:
        sql = """SELECT sum(net_base), sum(net_base_last_year), sum(orders_last_year), sum(margin_base_last_year),
            sum(new_customers_last_year) FROM mart.sales_daily WHERE date = '2025-02-28'"""
        assert marts.one(sql) == (102, 201, 2, 121, 2)


def test_a_product_keeps_its_name_and_views_where_markets_are_not_told() -> None:
    """Views stand in a row without a market; sums over the rows are those of the product."""
    tables = {
        "products": [product(1, sku="A"), product(2, sku="B")],
        "orders": [order(1, country="FR"), order(2, country="GB", basket="2")],
        "order_lines": [line(1), line(2, quantity=2)],
        "web_items": [
            {"date": "2026-11-01", "item_id": "A", "views": 7},
            {"date": "2026-11-01", "item_id": "2", "views": 3},
        ],
    }
    with Marts(tables) as marts:
        found = marts.ask(
            "SELECT product_id, market, units, views FROM mart.products ORDER BY product_id, market NULLS LAST"
        )
        assert [tuple(row.values()) for row in found] == [
            ("1", "FR", 1, None),
            ("1", "GB", 2, None),
            ("1", None, 0, 7),
            ("2", None, 0, 3),
        ]
