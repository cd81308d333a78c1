"""Rules about money that hold for any shop: shown on made-up ones, in every version and with odd settings."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors.models.company import Company
from tests.sources.made_up import (
    CANCELLED,
    DOLLAR,
    EURO,
    PAID,
    POUND,
    REFUNDED,
    Row,
    line,
    made_up,
    order,
    rows_of,
    settings,
    slip,
)

D = Decimal
CENT = D("0.01")


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def random_shop(seed: int) -> dict[str, list[Row]]:
    """Orders as PrestaShop computes them: all three rounding types, gifts, ecotax in the price, vouchers, wrapping."""
    draw = random.Random(seed)
    orders, lines, vouchers, slips, states = [], [], [], [], []
    for number in range(1, 121):
        kind, made = draw.choice((1, 2, 3)), []
        for _ in range(draw.choice((0, 1, 1, 2, 3, 7))):
            unit = D(draw.choice((0, 0, draw.randrange(1, 9_999_999_999)))) / 1_000_000  # with ecotax, or a gift
            quantity, tax = draw.randrange(1, 6), D(draw.choice(("0", "0.055", "0.2", "0.21")))
            net = rounded(unit) * quantity if kind == 1 else rounded(unit * quantity) if kind == 2 else unit * quantity
            made.append(
                line(len(lines) + len(made) + 1, number, net, rounded(net * (1 + tax)), product_quantity=quantity,
                     unit_price_tax_excl=unit.quantize(D("1E-6")))
            )  # fmt: skip
        goods = sum((row["total_price_tax_excl"] for row in made), D(0))
        goods = rounded(goods) if kind == 3 else goods
        shipping, wrapping = D(draw.choice((0, 590, 1450))) / 100, D(draw.choice((0, 0, 350))) / 100
        discount = min(D(draw.choice((0, 0, 500, 1333, 99_999))) / 100, goods + shipping)
        for what in draw.sample(("plain", "free", "credit"), 2) if discount else ():
            share = rounded(discount * D(draw.choice(("0.3", "0.5"))))
            vouchers.append({
                "id": len(vouchers) + 1, "id_order": number, "id_cart_rule": 0, "value": share, "value_tax_excl": share,
                "name": f"V{number}C1O1" if what == "credit" else what, "free_shipping": what == "free",
            })  # fmt: skip
        total = goods + shipping + wrapping - discount + D(draw.choice((0, 0, 0, 1, -1))) / 100
        state = draw.choice((PAID, PAID, PAID, CANCELLED, REFUNDED))
        states.append({"id": number, "id_order": number, "id_order_state": PAID, "date_add": "2026-03-10 12:00:00"})
        orders.append(
            order(number, current_state=state, total_products=goods, total_paid_tax_excl=total,
                  total_paid_tax_incl=rounded(total * D("1.2")), total_discounts_tax_excl=discount,
                  total_discounts_tax_incl=rounded(discount * D("1.2")), total_shipping_tax_excl=shipping,
                  total_shipping_tax_incl=rounded(shipping * D("1.2")), total_wrapping_tax_excl=wrapping,
                  total_wrapping_tax_incl=rounded(wrapping * D("1.2")))
        )  # fmt: skip
        lines += made
        if made and draw.random() < 0.4:
            back = [(row["id"], rounded(row["total_price_tax_excl"]), row["total_price_tax_incl"]) for row in made]
            exact = (
                sum((row["total_price_tax_excl"] for row in made), D(0)) + D(draw.randrange(-9000, 9000)) / 1_000_000
            )
            slips.append(
                slip(len(slips) + 1, number, back, total_products_tax_excl=exact.quantize(D("1E-6")),
                     total_products_tax_incl=sum(row[2] for row in back), total_shipping_tax_excl=shipping,
                     total_shipping_tax_incl=rounded(shipping * D("1.2")))
            )  # fmt: skip
        elif draw.random() < 0.1:  # an amount without lines
            slips.append(slip(len(slips) + 1, number, total_products_tax_excl=5, total_products_tax_incl=6))
    return {
        "orders": orders, "order_details": lines, "order_discounts": vouchers, "order_slip": slips,
        "order_histories": states,
    }  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_every_order_and_every_slip_adds_up(seed: int, tmp_path: Path) -> None:
    """Lines, shipping and rounding are the order's total; discounts and slips are spread exactly: to the millionth."""
    tables = random_shop(seed)
    file = made_up(tmp_path, tables)
    orders = {row["order_id"]: row for row in rows_of(file, "SELECT * FROM core.orders")}
    lines = rows_of(
        file, "SELECT order_id, sum(amount_net) AS net, sum(amount_tax) AS tax FROM core.order_lines GROUP BY ALL"
    )
    sums = {row["order_id"]: (row["net"], row["tax"]) for row in lines}
    assert len(orders) == 120
    for raw in tables["orders"]:
        row, (net, _) = orders[str(raw["id"])], sums.get(str(raw["id"]), (None, None))
        assert row["total_net"] == row["goods_net"] - row["discount_net"] + row["shipping_net"] + row["rounding_net"]
        assert row["total_net"] == raw["total_paid_tax_excl"] + row["store_credit_net"]
        if net is not None:
            assert net == row["goods_net"] - row["discount_net"]
    marts = rows_of(file, "SELECT order_id, sum(net) AS net FROM mart.sales WHERE kind <> 'refund' GROUP BY order_id")
    sales = {number: row["total_net"] for number, row in orders.items() if row["is_sale"]}
    assert {row["order_id"]: row["net"] for row in marts} == sales  # those without lines, too
    refunds = rows_of(
        file,
        "SELECT refund_id, sum(amount_net) AS net, sum(shipping_net) AS shipping, sum(amount_tax) AS tax "
        "FROM core.refunds GROUP BY refund_id",
    )
    found = {
        row["refund_id"]: (row["net"], row["shipping"], row["net"] + row["shipping"] + row["tax"]) for row in refunds
    }
    for raw in tables["order_slip"]:
        gross = D(raw["total_products_tax_incl"]) + D(raw["total_shipping_tax_incl"])
        expected = (raw["total_products_tax_excl"], raw["total_shipping_tax_excl"], gross)
        assert found.get(str(raw["id"]), (0, 0, 0)) == expected


def test_refunds_of_orders_that_do_not_count(tmp_path: Path) -> None:
    """A slip of a cancelled order is kept in core and takes nothing away in the marts."""
    tables = {
        "orders": [order(1), order(2, current_state=CANCELLED)],
        "order_details": [line(1, 1), line(2, 2)],
        "order_slip": [
            slip(n, n, [(n, 100, 120)], total_products_tax_excl=100, total_products_tax_incl=120) for n in (1, 2)
        ],
    }
    file = made_up(tmp_path, tables)
    assert len(rows_of(file, "SELECT * FROM core.refunds")) == 2
    assert [row["order_id"] for row in rows_of(file, "SELECT * FROM mart.sales WHERE kind = 'refund'")] == ["1"]


def test_a_refund_costs_what_its_line_did(tmp_path: Path) -> None:
    """The same product twice in an order, bought at two prices: each refund takes back the cost of its own line."""
    tables = {
        "orders": [order(1)],
        "order_details": [line(9, 1, original_wholesale_price=40), line(10, 1, original_wholesale_price=10)],
        "order_slip": [slip(n, 1, [(of, 50, 60)], total_products_tax_excl=50) for n, of in ((1, 9), (2, 10))],
    }
    sql = "SELECT line_id, cost_base FROM mart.sales WHERE kind = 'refund' ORDER BY line_id"
    assert [tuple(row.values()) for row in rows_of(made_up(tmp_path, tables), sql)] == [("1/9", -40), ("2/10", -10)]


def test_a_refund_of_a_line_of_which_little_is_known(tmp_path: Path) -> None:
    """The same product stands twice, once without a cost and with a tax that is not known: its refund has neither."""
    tables = {
        "taxes": [{"id": 1, "rate": 20}],
        "orders": [order(1)],
        "order_details": [
            line(9, 1, taxes=[{"id": "1"}]), line(10, 1, 50, 55, original_wholesale_price=0, taxes=[{"id": "7"}]),
        ],
        "order_slip": [
            slip(1, 1, [(10, 50, 55)], total_products_tax_excl=50, total_products_tax_incl=55),
            slip(2, 1, [(9, 100, 120)], total_products_tax_excl=100, total_products_tax_incl=120),
        ],
    }  # fmt: skip
    sql = """SELECT net, tax_rate, cost_base, margin_base, cost_known_net_base FROM mart.sales
        WHERE kind = 'refund' ORDER BY line_id"""
    assert [tuple(row.values()) for row in rows_of(made_up(tmp_path, tables), sql)] == [
        (-50, None, None, None, 0), (-100, D("0.2"), -40, -60, -100),
    ]  # fmt: skip


def test_a_slip_that_does_not_tell_what_its_lines_are_worth(tmp_path: Path) -> None:
    """As an ERP may write one: its total counts, by the price of the pieces; where some lines tell it, by these alone."""
    slips = [
        slip(1, 1, [(1, "", ""), (2, "", "")], total_products_tax_excl=130, total_products_tax_incl=156),
        slip(2, 2, [(3, "", ""), (4, 30, 36)], total_products_tax_excl=30, total_products_tax_incl=36),
    ]
    tables = {
        "orders": [order(1), order(2)],
        "order_details": [line(1, 1), line(2, 1, 30, 36), line(3, 2), line(4, 2, 30, 36)],
        "order_slip": slips,
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT net, tax FROM mart.sales WHERE kind = 'refund' ORDER BY line_id")
    assert [tuple(row.values()) for row in found] == [(-100, -20), (-30, -6), (0, 0), (-30, -6)]


def test_what_went_back_into_stock(tmp_path: Path) -> None:
    """Known where all that came back of a line was put into stock again, otherwise not known."""
    reinjected = {1: 2, 2: 1, 3: 0}
    tables = {
        "orders": [order(n) for n in reinjected],
        "order_details": [
            line(n, n, product_quantity=3, product_quantity_refunded=2, product_quantity_reinjected=back)
            for n, back in reinjected.items()
        ],
        "order_slip": [slip(n, n, [(n, 10, 12)], total_products_tax_excl=10) for n in reinjected],
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT back_to_stock FROM core.refunds ORDER BY refund_id")
    assert [row["back_to_stock"] for row in found] == [True, None, None]


@pytest.mark.parametrize("resource", ["order_discounts", "order_cart_rules"])
def test_store_credit_by_code_or_by_name(resource: str, tmp_path: Path) -> None:
    """A slip's voucher is known by its code or by its name, whichever was not renamed, also what is left of one; 8 and
    later serve the vouchers under another name, with those that were taken off again."""
    vouchers: list[tuple[str, str | None, bool]] = [
        ("V4C7O4", None, True), ("Avoir", "V4C7O4", True), ("V4C7O4", "RENAMED", True), ("Avoir", "V4C7O4-2", True),
        ("Avoir", "V4C7O4-3-2", True), ("WELCOME10", "WELCOME10", False), ("V-DAY", "VALENTINE", False),
    ]  # fmt: skip
    deleted = {
        "id": 99,
        "id_order": 1,
        "id_cart_rule": 0,
        "name": "V4C7O4",
        "value": 12,
        "value_tax_excl": 10,
        "deleted": True,
    }
    tables = {
        "orders": [
            order(n, total_discounts_tax_excl=10, total_discounts_tax_incl=12, total_paid_tax_excl=90)
            for n in range(1, len(vouchers) + 1)
        ],
        "order_details": [line(n, n) for n in range(1, len(vouchers) + 1)],
        "cart_rules": [{"id": n, "code": code} for n, (_, code, _) in enumerate(vouchers, 1) if code],
        resource: [
            {"id": n, "id_order": n, "id_cart_rule": n, "name": name, "value": 12, "value_tax_excl": 10}
            for n, (name, _, _) in enumerate(vouchers, 1)
        ]
        + ([deleted] if resource == "order_cart_rules" else []),
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT * FROM core.orders ORDER BY CAST(order_id AS INT)")
    assert [row["store_credit_net"] for row in found] == [10 * is_credit for *_, is_credit in vouchers]
    assert [row["discount_net"] for row in found] == [10 * (not is_credit) for *_, is_credit in vouchers]
    assert {row["total_net"] for row in found} == {100, 90}


def test_vouchers_of_a_shop_that_was_upgraded(tmp_path: Path) -> None:
    """1.6 called them order_discounts, 8 calls the same rows order_cart_rules: each counts once, as the newer name has it."""

    def voucher(number: int, net: int, **fields: Any) -> Row:
        named = {"id": number, "id_order": number, "name": f"V{number}C1O1", "value": net, "value_tax_excl": net}
        return {**named, **fields}

    tables = {
        "orders": [order(n, total_discounts_tax_excl=10, total_discounts_tax_incl=10) for n in (1, 2, 3, 4)],
        "order_details": [line(n, n) for n in (1, 2, 3, 4)],
        "order_discounts": [voucher(1, 10), voucher(2, 8), voucher(3, 10)],
        "order_cart_rules": [voucher(2, 9), voucher(3, 10, deleted=True), voucher(4, 10)],
    }
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT store_credit_net FROM core.orders ORDER BY order_id")
    assert [row["store_credit_net"] for row in found] == [10, 9, 0, 10]
    kept = rows_of(file, "SELECT discount_id FROM core.order_discounts ORDER BY discount_id")
    assert [row["discount_id"] for row in kept] == ["1", "2", "4"]


def test_store_credit_is_at_most_what_the_order_took_of_it(tmp_path: Path) -> None:
    """In a split basket vouchers stand with more than fits in the order; others come first. Fractions are rounding."""
    tables = {
        "orders": [
            order(n, total_products=30, total_discounts_tax_excl=30, total_discounts_tax_incl=36,
                  total_paid_tax_excl=0, total_paid_tax_incl=0)
            for n in (1, 2, 3, 4)
        ],
        "order_details": [line(n, n, 30, 36) for n in (1, 2, 3, 4)],
        "order_discounts": [
            {"id": n, "id_order": of, "name": name, "value": gross, "value_tax_excl": net}
            for n, (of, name, net, gross) in enumerate(
                [(1, "V1C1O1", 50, 60), (2, "TWENTY", 20, 24), (2, "V1C1O1", 50, 60), (3, "ALL", 40, 48),
                 (3, "V1C1O1", 5, 6), (4, "THIRD", "20.003333", "24.004"), (4, "V1C1O1", 10, 12)]
            )
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT * FROM core.orders ORDER BY order_id")
    assert [(row["store_credit_net"], row["store_credit_gross"], row["discount_net"]) for row in found] == [
        (30, 36, 0), (10, 12, 20), (0, 0, 30), (10, 12, 20),
    ]  # fmt: skip
    assert [(row["total_net"], row["total_gross"], row["rounding_net"]) for row in found] == [
        (30, 36, 0), (10, 12, 0), (0, 0, 0), (10, 12, 0),
    ]  # fmt: skip


def test_what_a_voucher_of_more_than_its_order_took_off(tmp_path: Path) -> None:
    """50 off an order of 30 took 30: of a voucher without partial use, or in a basket that was split. The ones before take
    first, a store credit pays the rest."""
    fields = {"total_products": 30, "total_discounts_tax_excl": 30, "total_discounts_tax_incl": 36}
    vouchers = [(1, "FIFTY", 50), (2, "TEN", 10), (2, "FIFTY", 50), (3, "V1C1O1", 40), (3, "TEN", 10), (3, "FIVE", 5)]
    tables = {
        "orders": [order(n, **fields, total_paid_tax_excl=0, total_paid_tax_incl=0) for n in (1, 2, 3)],
        "order_details": [line(n, n, 30, 36) for n in (1, 2, 3)],
        "order_discounts": [
            {"id": n, "id_order": of, "name": name, "value": net * D("1.2"), "value_tax_excl": net}
            for n, (of, name, net) in enumerate(vouchers)
        ],
    }
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT amount_net, amount_gross FROM core.order_discounts ORDER BY discount_id")
    assert [tuple(row.values()) for row in found] == [(30, 36), (10, 12), (20, 24), (15, 18), (10, 12), (5, 6)]
    found = rows_of(file, "SELECT promotion, discount_base FROM mart.promotions ORDER BY promotion")
    assert [tuple(row.values()) for row in found] == [("FIFTY", 50), ("FIVE", 5), ("TEN", 20)]


def test_free_shipping_is_at_most_the_shipping(tmp_path: Path) -> None:
    """A voucher may give free shipping and a reduction at once; wrapping is not shipping."""
    tables = {
        "orders": [
            order(1, total_discounts_tax_excl=30, total_discounts_tax_incl=36, total_shipping_tax_excl=10,
                  total_shipping_tax_incl=12, total_wrapping_tax_excl=2, total_wrapping_tax_incl=3,
                  total_paid_tax_excl=82, total_paid_tax_incl=99)
        ],
        "order_details": [line(1, 1)],
        "order_discounts": [
            {"id": 1, "id_order": 1, "name": "x", "value": 36, "value_tax_excl": 30, "free_shipping": True}
        ],
    }  # fmt: skip
    (row,) = rows_of(made_up(tmp_path, tables), "SELECT * FROM core.orders")
    assert (row["discount_net"], row["shipping_net"], row["rounding_net"], row["total_net"]) == (20, 2, 0, 82)


# -- rates ------------------------------------------------------------------------------------------------------------

TIES = [
    "0.16384",
    "0.032768",
    "512",
    "0.065536",
    "1.024",
    "0.131072",
    "2.56",
    "3276.8",
]  # 1 / these ends in a 5 at the ninth place


def test_rates_are_exact(tmp_path: Path) -> None:
    """One by the shop's rate, half up at the eighth place, also where the ninth is a 5 and nothing follows."""
    draw = random.Random(3)
    rates = [*map(D, TIES), *(D(draw.randrange(1, 10 ** draw.randrange(4, 12))) / 1_000_000 for _ in range(500))]
    rates = [value for value in rates if 1 / value < D(10**9)]
    file = made_up(
        tmp_path, {"orders": [order(n, id_currency=2, conversion_rate=value) for n, value in enumerate(rates)]}
    )
    found = rows_of(file, "SELECT fx_rate FROM core.orders ORDER BY CAST(order_id AS INT)")
    assert [row["fx_rate"] for row in found] == [(1 / value).quantize(D("1E-8"), ROUND_HALF_UP) for value in rates]


def test_a_default_currency_that_is_not_the_euro(tmp_path: Path) -> None:
    """Rates are to the shop's default currency, whichever that is; costs are in it as well."""
    tables = {
        "configurations": settings(PS_CURRENCY_DEFAULT="3"),
        "orders": [order(1, id_currency=3), order(2, conversion_rate="0.917431")],
        "order_details": [line(1, 1), line(2, 2)],
    }
    file = made_up(tmp_path, tables, Company(currency="USD"))
    found = rows_of(file, "SELECT * FROM mart.sales ORDER BY order_id")
    assert [(row["currency"], row["net_base"], row["cost_base"]) for row in found] == [
        ("USD", D(100), D(40)),
        ("EUR", D("109.000023"), D(40)),
    ]


@pytest.mark.parametrize(("today", "last"), [("0.86", "0.86000000"), ("0.90", None)])
def test_reporting_in_another_currency_than_the_shops(today: str, last: str | None, tmp_path: Path) -> None:
    """The shop tells the pound's rate on its orders in pounds and in today's currencies. Between two that agree it was
    that; on the day of one it was that; otherwise nobody knows, and it stays empty."""
    on = {1: ("02-01", 1), 2: ("03-01", 2), 3: ("03-10", 1), 4: ("03-10", 3), 5: ("03-20", 2), 6: ("04-01", 1),
          7: ("05-01", 2), 8: ("05-01", 1), 9: ("06-01", 1)}  # fmt: skip
    rates = {2: "0.86", 4: "1.09", 5: "0.86", 7: "0.88" if last is None else "0.86"}
    tables = {
        "currencies": [EURO, {**POUND, "conversion_rate": today}, DOLLAR],
        "orders": [
            order(n, id_currency=currency, conversion_rate=rates.get(n, 1), date_add=f"2026-{date} 12:00:0{n}")
            for n, (date, currency) in on.items()
        ],
        "order_details": [line(n, n) for n in on],
    }
    file = made_up(tmp_path, tables, Company(currency="GBP"))
    found = {row["order_id"]: row["fx_rate"] for row in rows_of(file, "SELECT * FROM core.orders")}
    pound = D("0.86000000")
    before = pound if last else None  # 0.86 on 20 March, 0.88 on 1 May: some day in between it changed
    assert found == {
        "1": None, "2": 1, "3": pound, "4": D("0.78899083"), "5": 1, "6": before, "7": 1,
        "8": D("0.86") if last else D("0.88"), "9": D(last) if last else None,
    }  # fmt: skip
    lines = {row["order_id"]: row for row in rows_of(file, "SELECT * FROM core.order_lines")}
    assert (lines["2"]["unit_cost_currency"], lines["2"]["unit_cost_fx_rate"]) == ("EUR", pound)
    assert lines["4"]["unit_cost_fx_rate"] == pound
    now = "SELECT currency, rate FROM core.fx_rates ORDER BY date DESC, currency LIMIT 3"
    dollar = (D(today) / D("1.09")).quantize(D("1E-8"), ROUND_HALF_UP)
    assert [(row["currency"], row["rate"]) for row in rows_of(file, now)] == [
        ("EUR", D(today)), ("GBP", 1), ("USD", dollar),
    ]  # fmt: skip


def test_an_order_without_a_rate(tmp_path: Path) -> None:
    """A rate of 0 is none: the order stays, without a base figure."""
    file = made_up(tmp_path, {"orders": [order(1, id_currency=2, conversion_rate=0)], "order_details": [line(1, 1)]})
    assert rows_of(file, "SELECT net, net_base FROM mart.sales") == [{"net": 100, "net_base": None}]


# -- lines and invoices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_the_cost_of_a_line(version: str, tmp_path: Path) -> None:
    """The cost of the day, else the supplier's, else today's; a pack costs what its parts do if all are known."""
    parts = [
        {"id": "1", "id_product_attribute": "5", "quantity": "2"},
        {"id": "2", "id_product_attribute": "0", "quantity": "3"},
    ]
    unknown = [
        {"id": "1", "id_product_attribute": "0", "quantity": "1"},
        {"id": "9", "id_product_attribute": "0", "quantity": "1"},
    ]
    if version == "1.6":  # which does not tell the combination
        parts, unknown = (
            [{k: v for k, v in one.items() if k != "id_product_attribute"} for one in pack] for pack in (parts, unknown)
        )
    tables = {
        "products": [
            {"id": 1, "wholesale_price": 4, "price": 9}, {"id": 2, "wholesale_price": "1.5", "price": 9},
            {"id": 3, "price": 9, "product_bundle": parts}, {"id": 4, "price": 9, "product_bundle": unknown},
        ],
        "combinations": [{"id": 5, "id_product": 1, "wholesale_price": 5, "price": 1}],
        "orders": [order(1)],
        "order_details": [
            line(1, 1, original_wholesale_price=7, purchase_supplier_price=6),
            line(2, 1, original_wholesale_price=0, purchase_supplier_price=6),
            line(3, 1, original_wholesale_price=0, product_id=1, product_attribute_id=5),
            line(4, 1, original_wholesale_price=0, product_id=3), line(5, 1, original_wholesale_price=0, product_id=4),
        ],
    }  # fmt: skip
    without = ["products.product_bundle.id_product_attribute"] if version == "1.6" else []
    file = made_up(tmp_path, tables, without=without)
    found = rows_of(file, "SELECT unit_cost, cost_kind FROM core.order_lines ORDER BY line_id")
    pack = D("12.5") if version == "1.6" else D("14.5")
    assert [tuple(row.values()) for row in found] == [
        (7, "of_the_day"), (6, "supplier"), (5, "today"), (pack, "today"), (None, "unknown"),
    ]  # fmt: skip
    packs = rows_of(file, "SELECT product_id, variant_id FROM core.products WHERE is_pack ORDER BY ALL")
    assert [tuple(row.values()) for row in packs] == [("3", ""), ("4", "")]


def test_what_is_open_on_invoices(tmp_path: Path) -> None:
    """Paid is what was paid against the order, oldest invoice first; a split basket paid at once is paid; a cancelled
    order's invoice asks for nothing. Where an order was read before its payments were asked for, its state speaks."""
    tables = {
        "customers": [{"id": 1, "company": "Dupont SA", "max_payment_days": 30}],
        "orders": [
            order(1, id_customer=1, total_paid_tax_incl=120, total_paid_real=100),
            order(2, reference="SPLIT", total_paid_tax_incl=120, total_paid_real=0),
            order(3, reference="SPLIT", total_paid_tax_incl=60, total_paid_real=180),
            order(4, current_state=CANCELLED),
            order(5, total_paid_real=None),
            order(6, total_paid_real=None),
        ],
        "order_histories": [{"id": 1, "id_order": 6, "id_order_state": PAID, "date_add": "2026-03-12 08:00:00"}],
        "order_invoices": [
            {"id": n, "id_order": of, "number": n, "total_paid_tax_incl": gross, "total_paid_tax_excl": net,
             "date_add": f"2026-03-1{n} 23:30:00"}
            for n, of, net, gross in ((1, 1, 75, 90), (2, 1, 25, 30), (3, 2, 100, 120), (4, 3, 50, 60), (5, 4, 100, 120),
                                       (6, 5, 100, 120), (7, 6, 100, 120))
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT * FROM core.invoices ORDER BY invoice_id")
    assert [(row["status"], row["amount_open"], row["amount_tax"]) for row in found] == [
        ("paid", 0, 15), ("open", 20, 5), ("paid", 0, 20), ("paid", 0, 10), ("cancelled", 0, 20),
        ("open", 120, 20), ("paid", 0, 20),
    ]  # fmt: skip
    assert [str(row["due_date"]) for row in found] == ["2026-04-10", "2026-04-11", *["None"] * 5]


def test_when_an_order_is_paid(tmp_path: Path) -> None:
    """The payment that completes it; a deposit does not. In a split basket each order goes by its own state."""
    pay = [("A", 50, 1), ("A", 70, 2), ("B", 50, 1), ("SPLIT", 120, 1), ("C", 120, 1)]
    tables = {
        "orders": [
            order(1, reference="A"), order(2, reference="B"), order(3, reference="SPLIT"), order(4, reference="SPLIT"),
            order(5, reference="C", id_currency=2),
        ],
        "order_histories": [{"id": 1, "id_order": 3, "id_order_state": PAID, "date_add": "2026-03-12 08:00:00"}],
        "order_payments": [
            {"id": n, "order_reference": reference, "id_currency": 1, "amount": amount, "date_add": f"2026-03-1{day} 10:00:00"}
            for n, (reference, amount, day) in enumerate(pay, 1)
        ],
    }  # fmt: skip
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT strftime(paid_at, '%d %H') AS at FROM core.orders ORDER BY order_id")
    # The last was paid in another currency than it was placed in: whether that is all of it is not known.
    assert [row["at"] for row in found] == ["12 09", None, "12 07", None, None]
    assert [row["order_id"] for row in rows_of(file, "SELECT order_id FROM core.payments ORDER BY payment_id")] == [
        "1", "1", "2", None, "5",
    ]  # fmt: skip
