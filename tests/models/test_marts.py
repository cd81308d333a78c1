"""Each mart's own question, answered for small companies and counted by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from echannel_connectors.looker.template import find_template, looker_formula
from tests.models.companies import TODAY, Marts, Row, customer, line, order


def rows(found: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in found]


def ordered(number: int, days_ago: int, customer_id: str, **fields: Any) -> Row:
    day = (TODAY - timedelta(days=days_ago)).isoformat()
    return order(number, order_date=day, ordered_at=day, customer_id=customer_id, basket=str(number), **fields)


def test_customers_by_recency_and_their_own_gap() -> None:
    """Segments by the days since the last order: against twice the own gap from three orders on, else against a year."""
    plans = {
        "new": [100], "loyal": [300, 20], "at_risk": [200], "dormant": [400], "lost": [800],
        "gap of 50: at risk after 50": [160, 110, 60], "gap of 50: dormant after 100": [210, 160, 110],
    }  # fmt: skip
    orders = [
        ordered(100 * n + m, ago, name) for n, (name, agos) in enumerate(plans.items()) for m, ago in enumerate(agos)
    ]
    with Marts({"orders": orders, "order_lines": [line(row["order_id"]) for row in orders]}) as marts:
        found = {row["customer_id"]: row for row in marts.ask("SELECT * FROM mart.customers")}
    for name in ("new", "loyal", "at_risk", "dormant", "lost"):
        assert found[name]["segment"] == name
    assert found["gap of 50: at risk after 50"]["segment"] == "at_risk"
    assert found["gap of 50: dormant after 100"]["segment"] == "dormant"
    assert found["gap of 50: dormant after 100"]["days_between_orders"] == 50
    assert {name: row["frequency_score"] for name, row in found.items() if row["baskets"] > 1} == {
        "loyal": 2, "gap of 50: at risk after 50": 3, "gap of 50: dormant after 100": 3,
    }  # fmt: skip
    before_the_last = {name: row["previous_order_date"] for name, row in found.items() if row["previous_order_date"]}
    assert before_the_last == {
        "loyal": TODAY - timedelta(days=300), "gap of 50: at risk after 50": TODAY - timedelta(days=110),
        "gap of 50: dormant after 100": TODAY - timedelta(days=160),
    }  # fmt: skip


def test_scores_put_equals_into_one_group() -> None:
    """Ten customers, five equal groups; the five who ordered on the same day share one score. Companies apart."""
    orders = [ordered(n, 10 if n < 5 else n * 10, f"c{n}") for n in range(10)]
    people = [customer(f"c{n}") for n in range(10)]
    orders.append(ordered(99, 500, "firm"))
    people.append(customer("firm", kind="b2b", company="Ltd"))
    with Marts({"customers": people, "orders": orders, "order_lines": [line(o["order_id"]) for o in orders]}) as marts:
        found = marts.ask(
            "SELECT customer_id, recency_score FROM mart.customers ORDER BY days_since_last_order, customer_id"
        )
    assert [row["recency_score"] for row in found] == [5, 5, 5, 5, 5, 3, 2, 2, 1, 1, 5]


def test_cohorts_by_month_of_the_first_order() -> None:
    """Two customers of January; one is back in March; a refund in April is April's. Every month until now has a row."""
    tables = {
        "orders": [
            order(1, order_date="2026-01-05", ordered_at="2026-01-05", customer_id="a"),
            order(2, order_date="2026-01-20", ordered_at="2026-01-20", customer_id="b", basket="2"),
            order(3, order_date="2026-03-01", ordered_at="2026-03-01", customer_id="a", basket="3", country="GB"),
        ],
        "order_lines": [line(1), line(2), line(3, 50)],
        "refunds": [
            {"source": "shop", "refund_id": "1", "line_id": "1", "order_id": "2", "product_id": "1", "variant_id": "",
             "quantity": 1, "refund_date": "2026-04-09", "amount_net": 100, "amount_tax": 20, "currency": "EUR", "fx_rate": 1}
        ],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("SELECT * EXCLUDE (contribution_base, margin_base) FROM mart.cohorts ORDER BY months_since")
        assert len(found) == 11
        assert {(str(row["cohort_month"]), row["market"], row["customers"]) for row in found} == {
            ("2026-01-01", "FR", 2)
        }
        told = [(row["returning_customers"], row["orders"], row["net_base"], row["refunds_base"]) for row in found]
        assert told[:5] == [(2, 2, 200, 0), (0, 0, 0, 0), (1, 1, 50, 0), (0, 0, 0, -100), (0, 0, 0, 0)]
        assert [row["is_complete"] for row in found] == [True] * 10 + [False]


def test_abc_by_value_and_xyz_by_evenness() -> None:
    """80 and 95 % of 12 months' sales, the one that crosses in the higher class; weekly units of 52 weeks."""
    weekly = [ordered(week, 7 * week + 3, "a") for week in range(52)]
    lines = [line(row["order_id"], 1, product_id="even") for row in weekly]
    lines += [
        line(weekly[0]["order_id"], net, line_id=name, product_id=name)
        for name, net in (("a", 748), ("b", 140), ("c", 30), ("d", 30))
    ]
    lines.append(line(weekly[51]["order_id"], 1, line_id="old", product_id="d"))
    # 1,001 in all: a is 74.7 % and a part of A, b begins below 80 % and crosses it, `even` (5.2 %) begins at 88.7 %.
    with Marts({"orders": weekly, "order_lines": lines}) as marts:
        found = {row["product_id"]: row for row in marts.ask("SELECT * FROM mart.products")}
    assert {name: row["abc_class"] for name, row in found.items()} == {
        "a": "A",
        "b": "A",
        "even": "B",
        "d": "B",  # 31 of 1,001, begins at 93.9 %
        "c": "C",
    }
    assert {name: row["xyz_class"] for name, row in found.items()} == {
        "even": "X",
        "d": "Z",
        "a": None,
        "b": None,
        "c": None,
    }


def test_twelve_months_end_today() -> None:
    """A delivery that an ERP dates ahead is sold, but not yet in the last twelve months."""
    orders = [ordered(1, 3, "a"), ordered(2, -40, "b")]
    with Marts({"orders": orders, "order_lines": [line(1, 10, product_id="p"), line(2, 90, product_id="p")]}) as marts:
        assert marts.one("SELECT net_base, net_base_12m FROM mart.products WHERE product_id = 'p'") == (100, 10)


def test_promotions_by_month_and_market() -> None:
    """A code used twice in one order is one order; store credit is no promotion; amounts at the order's rate."""

    def given(n: int, order_id: int, code: str, net: int, **fields: Any) -> Row:
        return {
            "source": "shop",
            "discount_id": str(n),
            "order_id": str(order_id),
            "code": code,
            "name": code,
            "amount_net": net,
            **fields,
        }

    tables = {
        "orders": [order(1, currency="GBP", fx_rate=D("1.2"), country="GB"), order(2, basket="2", customer_id="2")],
        "order_lines": [line(1), line(2)],
        "order_discounts": [
            given(1, 1, "HELLO", 10), given(2, 1, "HELLO", 5), given(3, 2, "HELLO", 7, is_free_shipping=True),
            given(4, 2, "V1C2O3", 50, is_store_credit=True),
        ],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("""SELECT promotion, market, month::VARCHAR, uses, discount_base, orders, new_customers, net_base, is_free_shipping
            FROM mart.promotions ORDER BY market""")
    assert rows(found) == [
        ("HELLO", "FR", "2026-03-01", 1, 7, 1, 1, 100, True), ("HELLO", "GB", "2026-03-01", 2, 18, 1, 1, 120, False),
    ]  # fmt: skip


def test_carts_that_were_left() -> None:
    def cart(n: int, day: str, **fields: Any) -> Row:
        return {
            "source": "shop",
            "cart_id": str(n),
            "created_at": day,
            "updated_at": day,
            "currency": "EUR",
            "customer_id": "1",
            **fields,
        }

    tables = {
        "customers": [customer(1)], "orders": [order(1)], "order_lines": [line(1)],
        "carts": [
            cart(1, "2026-03-10", order_id="1", value_net=100), cart(2, "2026-11-23"), cart(3, "2026-11-20"),
            cart(4, "2026-03-01"), cart(5, "2026-11-20", customer_id=None),
        ],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask(
            "SELECT cart_id, status, age_days, value_base, customer_status FROM mart.carts ORDER BY cart_id"
        )
    assert rows(found) == [
        ("1", "ordered", 259, 100, "new"), ("2", "open", 1, None, "returning"), ("3", "abandoned", 4, None, "returning"),
        ("4", "abandoned", 268, None, "new"), ("5", "abandoned", 4, None, None),
    ]  # fmt: skip


def test_a_cart_is_of_a_customer_who_returns_whatever_record_he_had() -> None:
    """A guest has a record for each order: by his e-mail he is the one who bought before the second cart."""
    tables = {
        "customers": [customer(1, email_hash="a"), customer(2, email_hash="a"), customer(3, email_hash="b")],
        "orders": [order(1)], "order_lines": [line(1)],
        "carts": [
            {"source": "shop", "cart_id": str(n), "customer_id": str(n), "created_at": "2026-11-20", "currency": "EUR"}
            for n in (2, 3, 4)
        ],
    }  # fmt: skip
    with Marts(tables) as marts:
        assert rows(marts.ask("SELECT customer_status FROM mart.carts ORDER BY cart_id")) == [
            ("returning",), ("new",), ("new",),
        ]  # fmt: skip


def invoice(number: object, day: str, gross: Any, opened: Any, **fields: Any) -> Row:
    plain = {
        "source": "books", "invoice_id": str(number), "number": f"F{number}", "kind": "invoice", "customer_id": "1",
        "invoice_date": day, "currency": "EUR", "fx_rate": 1, "amount_gross": gross, "amount_open": opened,
        "status": "open" if opened else "paid",
    }  # fmt: skip
    return {**plain, **fields}


def test_receivables_by_age() -> None:
    """Days after the due date; a credit note stands with its order's invoice; a missing date is assumed and said so."""
    tables = {
        "customers": [customer(1, source="books", kind="b2b", company="Ltd", payment_days=None)],
        "invoices": [
            invoice(1, "2026-08-01", 120, 120, due_date="2026-08-25", order_id="7"),
            invoice(2, "2026-11-01", -20, -20, kind="credit_note", order_id="7"),
            invoice(3, "2026-11-01", 60, 30, currency="GBP", fx_rate=D("1.2")),  # due on 1 December: 30 days
            invoice(4, "2026-10-01", 60, 0, due_date="2026-10-31"),
            invoice(5, "2026-11-01", 60, 60, status="draft"),
            invoice(6, "2026-10-01", 10, 10, due_date="2026-11-23"),
        ],
    }
    with Marts(tables) as marts:
        found = marts.ask(
            "SELECT invoice_id, open_base, days_overdue, bucket, due_date_is_assumed FROM mart.receivables ORDER BY invoice_id"
        )
    assert rows(found) == [
        ("1", 120, 91, "over_90", False), ("2", -20, 91, "over_90", True), ("3", 36, -7, "not_due", True),
        ("6", 10, 1, "1_30", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "owed"), [("paid", []), ("open", []), ("draft", [("1", 120)]), ("cancelled", [("1", 120)])]
)
def test_an_invoice_that_was_never_sent_elsewhere_takes_no_other_ones_place(status: str, owed: list[Any]) -> None:
    """The shop's order is in the books as well: one of the two invoices counts, and a draft or a cancelled one does not."""
    tables = {
        "orders": [order(7, duplicate_of_source="books", duplicate_of_order_id="9"), order(9, source="books")],
        "invoices": [
            invoice(1, "2026-11-01", 120, 120, source="shop", order_id="7"),
            invoice(2, "2026-11-01", 120, 0, order_id="9", status=status),
        ],
    }
    with Marts(tables) as marts:
        assert rows(marts.ask("SELECT invoice_id, open_base FROM mart.receivables")) == owed


def test_days_sales_outstanding() -> None:
    """Open at the month's end × 90 ÷ what was invoiced on credit in the 90 days up to it."""
    tables = {
        "customers": [customer(1, source="books", kind="b2b")],
        "invoices": [
            invoice(1, "2026-08-15", 900, 0, due_date="2026-09-14", paid_at="2026-10-05 10:00:00+00"),
            invoice(2, "2026-09-20", 300, 300, due_date="2026-10-20"),
            invoice(3, "2026-09-21", 500, 0, paid_at="2026-09-21 10:00:00+00"),  # paid at once: not on credit
        ],
    }
    with Marts(tables) as marts:
        found = marts.ask(
            "SELECT month::VARCHAR, open_base, overdue_base, credit_sales_base, dso_days FROM mart.receivables_monthly ORDER BY month"
        )
    assert rows(found) == [
        ("2026-08-01", 900, 0, 900, 90),
        ("2026-09-01", 1200, 900, 1200, 90),
        ("2026-10-01", 300, 300, 1200, 22),  # 300 × 90 ÷ 1,200 = 22.5; both invoices lie within the 90 days
        ("2026-11-01", 300, 300, 300, 90),
    ]


def test_purchases_by_lead_time_and_promise() -> None:
    def bought(n: int, ordered: str, expected: str | None, received: str | None, got: int) -> Row:
        return {"source": "books", "purchase_id": str(n), "line_id": "1", "supplier_id": "s", "product_id": "1", "variant_id": "",
                "ordered_at": ordered, "expected_at": expected, "received_at": received, "quantity": 10, "received_quantity": got,
                "unit_cost": 3, "currency": "EUR", "status": "received" if received else "ordered"}  # fmt: skip

    lines = [
        bought(1, "2026-10-01", "2026-10-15", "2026-10-13", 10), bought(2, "2026-10-01", "2026-10-15", "2026-10-20", 8),
        bought(3, "2026-11-01", "2026-11-20", None, 4), bought(4, "2026-11-20", None, None, 0),
    ]  # fmt: skip
    with Marts({"purchase_lines": lines}) as marts:
        found = marts.ask("""SELECT lead_time_days, delay_days, is_open, is_due, is_on_time, filled_quantity, value_base
            FROM mart.purchases ORDER BY purchase_id""")
    assert rows(found) == [
        (12, -2, False, True, True, 10, 30), (19, 5, False, True, False, 8, 30),
        (23, 4, True, True, False, 4, 30), (4, None, True, False, False, 0, 30),
    ]  # fmt: skip


def test_vat_by_rate_and_what_no_row_explains() -> None:
    """Two rates, shipping at the rate that its tax says, a refund in its month, and a cent of the document's own rounding."""
    tables = {
        "orders": [
            order(1, 300, shipping_net=10, total_net=310, total_tax=D("53.00"), total_gross=363),
            order(2, 100, basket="2", total_tax=D("20.01"), total_gross=D("120.01")),
        ],
        "order_lines": [line(1, 200), line(1, 100, line_id="2", tax_rate=D("0.1"), amount_tax=10, product_id="2"), line(2)],
        "refunds": [
            {"source": "shop", "refund_id": "1", "line_id": "2", "order_id": "1", "product_id": "2", "variant_id": "", "quantity": 1,
             "refund_date": "2026-04-01", "amount_net": 50, "amount_tax": 5, "currency": "EUR", "fx_rate": 1}
        ],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("""SELECT month::VARCHAR, country, tax_rate, taxable_net, tax, refunds_net, refunds_tax, difference_tax
            FROM mart.vat ORDER BY month, tax_rate NULLS LAST""")
    assert rows(found) == [
        ("2026-03-01", "FR", D("0.1"), 100, 10, 0, 0, 0),
        # 200 and 100 at 20 %. The shipping's tax of 3 is not 20 % of 10 (two rates in one order): it has none.
        ("2026-03-01", "FR", D("0.2"), 300, 60, 0, 0, 0),
        ("2026-03-01", "FR", None, 10, 3, 0, 0, D("0.01")),
        ("2026-04-01", "FR", D("0.1"), 0, 0, -50, -5, 0),
    ]


# -- visits, markets, data --------------------------------------------------------------------------------------------


def visit(country: str, sessions: int, **fields: Any) -> Row:
    plain = {
        "source": "web", "date": "2026-03-10", "country": country, "channel_group": "Paid Search", "source_medium": "google / cpc",
        "campaign": "spring", "device": "mobile", "sessions": sessions, "engaged_sessions": 0, "item_views": 0, "add_to_carts": 0,
        "checkouts": 0, "purchases": 0, "revenue_gross": 0, "revenue_refunded": 0, "currency": "EUR", "is_estimated": False,
    }  # fmt: skip
    return {**plain, **fields}


def bought(transaction: str, **fields: Any) -> Row:
    plain = {"source": "web", "transaction_id": transaction, "date": "2026-03-10", "channel_group": "Paid Search",
             "source_medium": "google / cpc", "campaign": "spring", "country": "FR", "currency": "EUR"}  # fmt: skip
    return {**plain, **fields}


def test_advertising_is_allotted_to_the_last_millionth() -> None:
    """10 EUR over three markets of one session each; a campaign without visits stays without a market."""

    def cost(campaign: str, amount: int) -> Row:
        return {
            "source": "web",
            "date": "2026-03-10",
            "source_medium": "google / cpc",
            "campaign": campaign,
            "cost": amount,
            "currency": "EUR",
        }

    tables = {
        "traffic": [visit("FR", 1), visit("GB", 1), visit("DE", 1), visit("(not set)", 0)],
        "ad_costs": [cost("spring", 10), cost("quiet", 4)],
    }
    with Marts(tables) as marts:
        found = marts.ask(
            "SELECT market, campaign, ad_cost_base, cost_is_allotted FROM mart.marketing_daily WHERE ad_cost_base > 0 ORDER BY market"
        )
        assert rows(found) == [
            ("DE", "spring", D("3.333334"), True), ("FR", "spring", D("3.333333"), True), ("GB", "spring", D("3.333333"), True),
            (None, "quiet", 4, False),
        ]  # fmt: skip


def test_what_advertising_brought_is_of_lines_with_a_cost() -> None:
    """Two orders of 100, one by a campaign of 20 and one by an e-mail: 100 for 20 is a return of 5, and not of 10."""
    mail = {"channel_group": "Email", "source_medium": "news / email", "campaign": "news"}
    paid = {
        "source": "web",
        "date": "2026-03-10",
        "source_medium": "google / cpc",
        "campaign": "spring",
        "cost": 20,
        "currency": "EUR",
    }
    tables = {
        "orders": [order(11), order(12)], "order_lines": [line(11), line(12)], "traffic": [visit("FR", 5), visit("FR", 3, **mail)],
        "ad_costs": [paid], "web_orders": [bought("11"), bought("12", **mail)],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("""SELECT channel_group, orders, net_base, ad_orders, ad_net_base, ad_refunds_base, ad_cost_base
            FROM mart.marketing_daily ORDER BY channel_group DESC""")
    assert rows(found) == [("Paid Search", 1, 100, 1, 100, 0, 20), ("Email", 1, 100, 0, 0, 0, 0)]
    source = find_template("marketing-sources").sources["marketing"]
    assert looker_formula(source, "roas") == "(SUM(ad_net_base) + SUM(ad_refunds_base)) / NULLIF(SUM(ad_cost_base), 0)"
    assert looker_formula(source, "cost_per_order") == "(SUM(ad_cost_base)) / NULLIF(SUM(ad_orders), 0)"


@pytest.mark.parametrize("told", ["order_id", "reference"])
def test_real_orders_by_transaction_id(told: str) -> None:
    """Whichever of id and reference matches more; a basket counts once; what does not match is counted beside it."""
    orders = [order(n, reference=f"REF{n}", basket=f"REF{n}") for n in (11, 12, 13)]
    orders += [order(14, reference="REF13", basket="REF13"), order(15, reference="11", basket="x", channel="phone")]
    seen = [bought(str(orders[n][told])) for n in (0, 2)] + [
        bought("nobody"),
        bought(str(orders[0][told]), date="2024-03-10"),
    ]
    with Marts({"orders": orders, "order_lines": [line(n) for n in range(11, 16)], "web_orders": seen}) as marts:
        found = marts.ask("""SELECT channel_group, campaign, orders, baskets, net_base, matchable_orders, matched_orders
            FROM mart.marketing_daily ORDER BY channel_group NULLS LAST""")
        # A year-old page view of the same id is another order's; the earliest one that fits counts.
        matched = marts.ask("SELECT order_id, transaction_id FROM mart.orders WHERE is_matched ORDER BY order_id")
        assert marts.one("SELECT sum(matchable), sum(matched) FROM mart.data_quality WHERE check_id = 'web_match'") == (
            3,
            2,
        )
    assert rows(found) == [("Paid Search", "spring", 3, 2, 300, 2, 2), (None, None, 0, 0, 0, 1, 0)]
    assert [row["order_id"] for row in matched] == ["11", "13", "14"]


def test_the_first_channel_is_that_of_the_first_order_alone() -> None:
    """Nobody knows what brought the first order of customer a; that his second one came by e-mail says nothing of it."""
    orders = [
        order(n, basket=f"R{n}", customer_id=who, order_date=day, ordered_at=day)
        for n, who, day in (
            (1, "a", "2026-03-09"),
            (2, "a", "2026-03-10"),
            (3, "b", "2026-03-10"),
            (4, "b", "2026-03-11"),
        )
    ]
    seen = [
        bought("R2", channel_group="Email"),
        bought("R3", channel_group="Direct"),
        bought("R4", channel_group="Email"),
    ]
    with Marts({"orders": orders, "order_lines": [line(n) for n in (1, 2, 3, 4)], "web_orders": seen}) as marts:
        found = marts.ask("SELECT customer_id, first_channel_group FROM mart.customers ORDER BY customer_id")
        assert rows(found) == [("a", None), ("b", "Direct")]


def test_a_customer_was_won_where_his_first_order_went() -> None:
    """To no country that is known, if it tells none: he was in the cohort of the second one's, and new in no market at all."""
    first = order(1, order_date="2026-01-05", ordered_at="2026-01-05 10:00:00+00", country=None)
    with Marts({"orders": [first, order(2)], "order_lines": [line(1), line(2)], "customers": [customer(1)]}) as marts:
        assert marts.one("SELECT market, first_market FROM mart.customers") == ("FR", None)
        won = "SELECT market, month, new_customers FROM mart.market_entry WHERE new_customers > 0"
        assert marts.one(won) == ("", date(2026, 1, 1), 1)
        came = "SELECT DISTINCT market, customers FROM mart.cohorts"
        assert marts.one(came) == (None, 1)


def test_entering_a_market_pays_back() -> None:
    """600 invested up to February's entry, 60 a month left of each order after 100 of staff from April on."""
    months = [f"2026-{n:02}-10" for n in range(2, 12)]
    orders = [
        order(n, 300, order_date=day, ordered_at=day, basket=str(n), country="GB", customer_id=str(n % 3))
        for n, day in enumerate(months)
    ]
    costs = [("agency", "2026-01-01", 400), ("translation", "2026-02-01", 200), ("staff", "2026-04-01", 100)]
    tables = {
        "orders": orders,
        "order_lines": [line(n, 300, unit_cost=100) for n in range(10)],
        "markets": [{"source": "company", "market": "GB", "entered_on": "2026-02-03"}],
        "costs": [{"source": "company", "market": "GB", "cost_kind": kind, "month": month, "amount": amount, "currency": "EUR"} for kind, month, amount in costs],
        "targets": [{"source": "company", "market": "GB", "metric": "net_sales", "month": "2026-03-01", "value": 350}],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("""SELECT month::VARCHAR, investment_base, entered_costs_base, contribution_base,
            cumulative_contribution_base, months_to_break_even, target_gap_base FROM mart.market_entry ORDER BY month LIMIT 5""")
        assert rows(found) == [
            ("2026-01-01", 400, 0, 0, 0, 3, None),
            ("2026-02-01", 200, 0, 200, 200, 3, None),
            ("2026-03-01", 0, 0, 200, 400, 3, -50),
            ("2026-04-01", 0, 100, 100, 500, 3, None),
            ("2026-05-01", 0, 0, 200, 700, 3, None),  # 700 ≥ 600: three months after February
        ]
        assert marts.one(
            "SELECT sum(new_customers), sum(contribution_base) FROM mart.market_entry WHERE market = 'GB'"
        ) == (3, 1900)
        # Ten months of 200, 100 of them taken off in April; the same on every row, as the months to break-even are.
        until_now = "SELECT DISTINCT investment_to_date_base, contribution_to_date_base FROM mart.market_entry WHERE market = 'GB'"
        assert marts.one(until_now) == (600, 1900)
        won = marts.one(
            "SELECT new_customers, cohort_contribution_base, lifetime_value_base FROM mart.market_entry WHERE month = '2026-02-01'"
        )
        assert won == (1, 800, 800)  # customer 0 ordered in February, May, August and November


def test_a_month_is_held_against_its_target_when_it_is_over() -> None:
    """500 are aimed at in October and in November: of October 200 are missing, of November nothing is told on the 24th."""
    tables = {
        "orders": [order(1, 300, order_date="2026-10-10"), order(2, 300, order_date="2026-11-10", basket="2")],
        "order_lines": [line(1, 300), line(2, 300)],
        "targets": [
            {"source": "company", "market": "FR", "metric": "net_sales", "month": f"2026-{month}-01", "value": 500}
            for month in (10, 11, 12)
        ],
    }
    gaps = "SELECT month::VARCHAR, target_net_base, target_gap_base FROM mart.market_entry ORDER BY month"
    for today, november in ((TODAY, None), (date(2026, 11, 30), None), (date(2026, 12, 1), -200)):
        with Marts(tables, today=today) as marts:
            assert rows(marts.ask(gaps)) == [
                ("2026-10-01", 500, -200), ("2026-11-01", 500, november), ("2026-12-01", 500, None)
            ]  # fmt: skip


def test_a_market_that_has_not_paid_back_has_no_month_in_which_it_did() -> None:
    """Great Britain brought 60 of the 500 that it cost, France 60 in its first month, and Germany is below again since June."""
    day = {"FR": "2026-03-10", "GB": "2026-03-10", "DE": "2026-02-10"}
    costs = [("GB", "2026-02-01", 500), ("DE", "2026-01-01", 50), ("DE", "2026-06-01", 20)]
    tables = {
        "orders": [order(n, basket=str(n), country=market, order_date=at) for n, (market, at) in enumerate(day.items())],
        "order_lines": [line(n) for n in range(3)],
        "markets": [{"source": "company", "market": "DE", "entered_on": "2026-01-20"}],
        "costs": [{"source": "company", "market": market, "cost_kind": "agency", "month": month, "amount": amount, "currency": "EUR"}
                  for market, month, amount in costs],
    }  # fmt: skip
    with Marts(tables) as marts:
        found = marts.ask("SELECT DISTINCT market, months_to_break_even FROM mart.market_entry ORDER BY market")
        assert rows(found) == [("DE", None), ("FR", 0), ("GB", None)]


def test_what_is_spent_on_a_market_before_its_entry_is_its_investment() -> None:
    """Italy has no day of entry and has sold nothing: months after the first cost are no running costs of a market."""
    costs = [{"source": "company", "market": "IT", "cost_kind": "agency", "month": month, "amount": 100, "currency": "EUR"}
             for month in ("2026-02-01", "2026-03-01")]  # fmt: skip
    target = {"source": "company", "market": "ES", "metric": "orders", "month": "2026-10-01", "value": 5}
    entry = """SELECT DISTINCT entered_on, cumulative_investment_base, cumulative_contribution_base, months_to_break_even
        FROM mart.market_entry WHERE month = '2026-11-01' AND market = '{}'"""
    with Marts({"costs": costs, "targets": [target]}) as marts:
        assert marts.one(entry.format("IT")) == (None, 200, 0, None)
        assert marts.one(entry.format("ES")) == (None, 0, 0, None)
    first = order(1, order_date="2026-02-20", country="IT")
    with Marts({"costs": costs, "orders": [first], "order_lines": [line(1)]}) as marts:
        assert marts.one(entry.format("IT")) == (date(2026, 2, 1), 100, -40, None)  # 60 left of the order, less March


def test_days_without_orders_are_missing_where_they_are_unusual() -> None:
    """A shop that sells every day but Sundays: a silent Wednesday is missing, a Sunday is not."""
    days = [TODAY - timedelta(days=ago) for ago in range(1, 80)]
    silent = TODAY - timedelta(days=6)  # a Wednesday
    orders = [ordered(n, (TODAY - day).days, "a") for n, day in enumerate(days) if day.weekday() != 6 and day != silent]
    with Marts({"orders": orders, "order_lines": [line(row["order_id"]) for row in orders]}) as marts:
        missing = marts.ask(
            "SELECT date FROM mart.data_quality WHERE check_id = 'orders_complete' AND days_complete < days_expected"
        )
        assert [row["date"] for row in missing] == [silent]
