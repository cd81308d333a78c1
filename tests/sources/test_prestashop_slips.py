"""Credit slips as the back office's own code writes them, way by way (`OrderSlip::create`, `OrderSlipCreator`)."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests.sources.made_up import Row, line, made_up, order, rows_of, slip

VISITORS, TRADE = {"id": 1, "price_display_method": "0"}, {"id": 2, "price_display_method": "1"}
DISCOUNTED = {
    "total_discounts_tax_excl": 10, "total_discounts_tax_incl": 12, "total_paid_tax_excl": 90, "total_paid_tax_incl": 108,
}  # fmt: skip


def refunded(folder: Path, group: int, sold: list[tuple[int, Any, Any]], **fields: Any) -> list[tuple[Any, ...]]:
    """The refund rows of a slip of an order of 100 net with a voucher of 10; by whom it was bought."""
    tables: dict[str, list[Row]] = {
        "groups": [VISITORS, TRADE],
        "customers": [{"id": 1, "id_default_group": group}],
        "orders": [order(1, id_customer=1, **DISCOUNTED)],
        "order_details": [line(number, 1, net, gross) for number, net, gross in sold],
        "order_slip": [slip(1, 1, sold, **fields)],
    }
    sql = "SELECT line_id, net, tax FROM mart.sales WHERE kind = 'refund' ORDER BY line_id"
    return [tuple(row.values()) for row in rows_of(made_up(folder, tables), sql)]


@pytest.mark.parametrize(
    ("group", "totals"),
    [
        pytest.param(1, {"total_products_tax_incl": 120, "total_products_tax_excl": 88, "amount": 120}, id="with tax"),
        pytest.param(2, {"total_products_tax_excl": 100, "total_products_tax_incl": 110, "amount": 100}, id="without"),
        pytest.param(
            2, {"total_products_tax_excl": 100, "total_products_tax_incl": 108, "amount": 100}, id="8.2, without"
        ),
    ],
)
def test_a_slip_without_what_the_vouchers_took_off(group: int, totals: dict[str, int], tmp_path: Path) -> None:
    """PrestaShop takes the voucher off one of the two totals only; the whole order given back is what it was sold for."""
    sold = [(1, 70, 84), (2, 30, 36)]
    found = refunded(tmp_path, group, sold, order_slip_type=1, **totals)
    assert found == [("1/1", -63, D("-12.6")), ("1/2", -27, D("-5.4"))]  # 90 and 18


def test_a_slip_without_the_vouchers_and_with_the_shipping(tmp_path: Path) -> None:
    """Where shipping is given back as well, PrestaShop says type 2 whatever was chosen: the totals still show it."""
    found = refunded(
        tmp_path, 1, [(1, 100, 120)], order_slip_type=2, total_products_tax_incl=120, total_products_tax_excl=88,
        amount=120, total_shipping_tax_incl=12, total_shipping_tax_excl=10, shipping_cost_amount=12,
    )  # fmt: skip
    assert found == [("1/1", -90, -18), ("1/shipping", -10, -2)]


@pytest.mark.parametrize(
    ("group", "chosen", "expected"),
    [
        (1, "60", [(-35, -7), (-15, -3)]),  # 60 with tax: 50 and 10
        (2, "60", [(-42, D("-8.4")), (-18, D("-3.6"))]),  # 60 without: 72 with tax
        (1, "7.99", [(D("-4.66"), D("-0.93")), (D("-2.00"), D("-0.40"))]),  # 6.66 and 1.33
        (1, "150", [(D("-87.5"), D("-17.5")), (D("-37.5"), D("-7.5"))]),  # more than the goods, out of good will
    ],
)
def test_a_slip_of_an_amount_chosen_by_hand(group: int, chosen: str, expected: Any, tmp_path: Path) -> None:
    """The totals tell what the goods were, `amount` what is given back for them: without tax where the group buys so."""
    found = refunded(
        tmp_path, group, [(1, 70, 84), (2, 30, 36)], order_slip_type=2, total_products_tax_excl=100,
        total_products_tax_incl=120, amount=chosen,
    )  # fmt: skip
    assert [row[1:] for row in found] == expected


def test_slips_that_are_what_they_say(tmp_path: Path) -> None:
    """An amount that is one of the totals, but for its rounding, was not chosen; nor is type 2 with shipping by itself."""
    for number, fields in enumerate(
        (
            {"order_slip_type": 2, "amount": "100.00", "total_shipping_tax_excl": 0},
            {"order_slip_type": 2, "amount": "120.00", "total_shipping_tax_excl": 0},
            {"order_slip_type": 0, "amount": "60.00"},
            {"order_slip_type": None, "amount": None},
        )
    ):
        (folder := tmp_path / str(number)).mkdir()
        totals = {"total_products_tax_excl": "100.004", "total_products_tax_incl": "120.005"}
        assert refunded(folder, 1, [(1, 100, 120)], **totals, **fields) == [("1/1", D("-100.004"), D("-20.001"))]


@pytest.mark.parametrize("told", [0, None])
def test_the_shipping_on_a_slip_from_before_1_6_0_10(told: int | None, tmp_path: Path) -> None:
    """It told the shipping with tax only; its document took the tax off by the order's rate, to the cent."""
    tables = {
        "orders": [order(1, carrier_tax_rate="19.6"), order(2, carrier_tax_rate=0)],
        "order_details": [line(1, 1), line(2, 2)],
        "order_slip": [
            slip(n, n, [(n, 100, 120)], total_products_tax_excl=None, total_products_tax_incl=None,
                 total_shipping_tax_excl=told, total_shipping_tax_incl=told, shipping_cost_amount="7.50")
            for n in (1, 2)
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT net, tax FROM mart.sales WHERE kind = 'refund' ORDER BY line_id")
    assert [tuple(row.values()) for row in found] == [
        (-100, -20), (D("-6.27"), D("-1.23")), (-100, -20), (D("-7.5"), 0),
    ]  # fmt: skip


def test_what_was_sent_back_and_what_the_line_does_not_know_of_yet(tmp_path: Path) -> None:
    """A delivered piece that comes back is returned, not refunded; and a new slip leaves an old line unread for a while."""
    told = {  # refunded, returned, put into stock again
        1: (0, 2, 2), 2: (0, 2, 1), 3: (1, 0, 1), 4: (1, None, 1),
    }  # fmt: skip
    tables = {
        "orders": [order(n) for n in told],
        "order_details": [
            line(n, n, product_quantity=3, product_quantity_refunded=refunded, product_quantity_return=returned,
                 product_quantity_reinjected=back)
            for n, (refunded, returned, back) in told.items()
        ],
        "order_slip": [
            slip(n, of, [(of, 10, 12)], total_products_tax_excl=10) for n, of in enumerate((1, 1, 2, 2, 3, 3, 4), 1)
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT back_to_stock FROM core.refunds ORDER BY refund_id")
    assert [row["back_to_stock"] for row in found] == [True, True, None, None, None, None, True]
