"""A shop whose money has no cents, or thousandths: amounts of documents fall on what can be paid, nothing on cents."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors.models.company import DECIMALS, Company
from tests.sources.made_up import Row, line, made_up, order, rows_of, slip

CODES = {places: ", ".join(f"'{code}'" for code, n in DECIMALS.items() if n == places) for places in (0, 3)}
PACKAGE = Path(__file__).parents[2]


def sold(folder: Path, currency: str, sql: str, **tables: list[Row]) -> list[tuple[Any, ...]]:
    currencies = [{"id": 1, "iso_code": currency, "conversion_rate": 1}]
    file = made_up(folder, {"currencies": currencies, **tables}, Company(currency=currency, time_zone="Asia/Tokyo"))
    return [tuple(row.values()) for row in rows_of(file, sql)]


@pytest.mark.parametrize(
    ("currency", "discount", "parts"),
    [
        ("JPY", 10, [4, 3, 3]),
        ("KWD", "0.010", [D("0.004"), D("0.003"), D("0.003")]),
        ("EUR", "0.10", [D("0.04"), D("0.03"), D("0.03")]),
    ],
)
def test_a_voucher_is_spread_in_coins(currency: str, discount: Any, parts: list[Any], tmp_path: Path) -> None:
    found = sold(
        tmp_path, currency, "SELECT discount_net FROM core.order_lines ORDER BY line_id",
        orders=[order(1, total_products=300, total_discounts_tax_excl=discount, total_discounts_tax_incl=discount,
                      total_paid_tax_excl=300 - D(discount), total_paid_tax_incl=360 - D(discount))],
        order_details=[line(number, 1) for number in (1, 2, 3)],
    )  # fmt: skip
    assert found == [(part,) for part in parts]


@pytest.mark.parametrize(
    ("currency", "chosen", "net", "tax"),
    [("KWD", "12.345", "-10.288", "-2.057"), ("JPY", "70", "-58", "-12"), ("EUR", "12.34", "-10.28", "-2.06")],
)
def test_an_amount_chosen_by_hand_in_coins(currency: str, chosen: str, net: str, tax: str, tmp_path: Path) -> None:
    found = sold(
        tmp_path, currency, "SELECT net, tax FROM mart.sales WHERE kind = 'refund'",
        groups=[{"id": 1, "price_display_method": "0"}], customers=[{"id": 1, "id_default_group": 1}],
        orders=[order(1, id_customer=1)], order_details=[line(1, 1)],
        order_slip=[slip(1, 1, [(1, 100, 120)], order_slip_type=2, total_products_tax_excl=100,
                         total_products_tax_incl=120, amount=chosen)],
    )  # fmt: skip
    assert found == [(D(net), D(tax))]


def test_lines_of_a_slip_that_are_rounded_to_yen_hold_no_voucher(tmp_path: Path) -> None:
    """The total is not rounded, its lines are: up to half a yen each, which is not what a voucher took off."""
    found = sold(
        tmp_path, "JPY", "SELECT sum(net), sum(tax) FROM mart.sales WHERE kind = 'refund'",
        orders=[order(1, total_products=182, total_discounts_tax_excl=20, total_discounts_tax_incl=22,
                      total_paid_tax_excl=162, total_paid_tax_incl=178)],
        order_details=[line(1, 1, 91, 100), line(2, 1, 91, 100)],
        order_slip=[slip(1, 1, [(1, 91, 100), (2, 91, 100)], order_slip_type=1, amount=200,
                         total_products_tax_excl="181.636364", total_products_tax_incl=200)],
    )  # fmt: skip
    assert found == [(D("-181.636364"), D("-18.363636"))]


@pytest.mark.parametrize(
    ("currency", "rate", "shipping", "tax", "is_told"),
    [
        ("JPY", "0.1", 455, 45, True),
        ("KWD", "0.2", "0.020", "0.010", False),
        ("KWD", "0.2", "0.100", "0.020", True),
    ],
)
def test_the_rate_of_shipping_to_two_coins(
    currency: str, rate: str, shipping: Any, tax: Any, is_told: bool, tmp_path: Path
) -> None:
    """Tax of whole yen says its rate; ten thousandths of a dinar are not as good as nothing."""
    taxed = 100 + 100 * D(rate)
    found = sold(
        tmp_path, currency, "SELECT tax_rate FROM mart.sales WHERE kind = 'shipping'",
        taxes=[{"id": 1, "rate": D(rate) * 100}],
        orders=[order(1, total_shipping_tax_excl=shipping, total_shipping_tax_incl=D(shipping) + D(tax),
                      total_paid_tax_excl=100 + D(shipping), total_paid_tax_incl=taxed + D(shipping) + D(tax))],
        order_details=[line(1, 1, 100, taxed, taxes=[{"id": "1"}])],
    )  # fmt: skip
    assert found == [(D(rate) if is_told else None,)]


@pytest.mark.parametrize(
    ("currency", "left", "differing"), [("JPY", "0.4", 0), ("JPY", "2", 1), ("KWD", "0.004", 1), ("EUR", "0.01", 0)]
)
def test_a_total_is_explained_to_the_coin(currency: str, left: str, differing: int, tmp_path: Path) -> None:
    found = sold(
        tmp_path, currency, "SELECT sum(differing_documents) FROM mart.data_quality WHERE check_id = 'totals'",
        orders=[order(1, total_paid_tax_excl=100 + D(left), total_paid_tax_incl=120 + D(left))],
        order_details=[line(1, 1)],
    )  # fmt: skip
    assert found == [(differing,)]


@pytest.mark.parametrize(
    "file",
    [
        "connector_specs/prestashop.yaml",
        "echannel_connectors/models/marts/sales.sql",
        "echannel_connectors/models/marts/data_quality.sql",
    ],
)
def test_the_sql_knows_the_same_currencies(file: str) -> None:
    text = (PACKAGE / file).read_text(encoding="utf-8")
    assert f"IN ({CODES[0]})" in text
    assert f"IN ({CODES[3]})" in text


def test_a_voucher_took_what_the_order_says_to_the_thousandth(tmp_path: Path) -> None:
    found = sold(
        tmp_path, "KWD", "SELECT amount_net FROM core.order_discounts",
        orders=[order(1, total_discounts_tax_excl="0.505", total_discounts_tax_incl="0.505",
                      total_paid_tax_excl="99.495", total_paid_tax_incl="119.495")],
        order_details=[line(1, 1)],
        order_discounts=[{"id": 1, "id_order": 1, "id_cart_rule": 0, "name": "Ten", "value": "0.510", "value_tax_excl": "0.510"}],
    )  # fmt: skip
    assert found == [(D("0.505"),)]
