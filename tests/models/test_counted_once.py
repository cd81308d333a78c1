"""What lies on several rows and counts once: an order that names a product twice, a basket of several orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.models.companies import TODAY, Marts, Row, line, order, product


def rows(found: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in found]


@pytest.mark.parametrize("other", ["63", "62", "3783", "-1", "01", "SHIRT", ""])
def test_an_order_counts_once_for_a_product(other: str) -> None:
    """However many of its lines name it, in whatever variant, and whatever the other lines' ids look like."""
    sold = {
        1: [("1", ""), (other, "")],
        2: [("1", ""), ("1", ""), (other, "")],
        3: [(other, "a"), (other, "b"), (other, "a")],
    }
    lines = [
        line(number, line_id=str(n), product_id=product_id, variant_id=variant_id)
        for number, things in sold.items()
        for n, (product_id, variant_id) in enumerate(things)
    ]
    with Marts({"orders": [order(number) for number in sold], "order_lines": lines}) as marts:
        found = marts.ask("SELECT product_id, variant_id, orders, units FROM mart.products")
    assert sorted(rows(found)) == sorted([("1", "", 2, 3), (other, "", 2, 2), (other, "a", 1, 2), (other, "b", 1, 1)])


def test_a_product_without_a_name_is_called_as_its_lines_call_it() -> None:
    """In each market by itself, by the last name in the alphabet; core's name goes first where there is one."""
    tables = {
        "products": [product(1), product(2, name=None)],
        "orders": [order(1), order(2, basket="2", country="GB")],
        "order_lines": [
            line(number, line_id=f"{product_id}{name}", product_id=product_id, name=name)
            for number, names in ((1, ("Old", "New")), (2, ("Gone",)))
            for product_id in ("1", "2", "3")
            for name in names
        ],
    }
    with Marts(tables) as marts:
        found = marts.ask("SELECT product_id, market, product_name FROM mart.products ORDER BY ALL")
    assert rows(found) == [
        ("1", "FR", "Thing 1"), ("1", "GB", "Thing 1"), ("2", "FR", "Old"), ("2", "GB", "Gone"), ("3", "FR", "Old"),
        ("3", "GB", "Gone"),
    ]  # fmt: skip


def test_the_week_of_the_first_sale_is_no_week_of_a_product() -> None:
    """Ten pieces in each of twelve weeks vary by nothing, whatever was sold on the days before the first whole week."""
    begun = [(85, 60), *((7 * week + 1, 10) for week in range(12))]
    days = {"even": begun, "once": [(85, 60)], "new": begun[1:-1]}
    sold = [(name, ago, pieces) for name, days_of in days.items() for ago, pieces in days_of]
    orders, lines = [], []
    for n, (name, ago, pieces) in enumerate(sold):
        orders.append(order(n, basket=str(n), order_date=(TODAY - timedelta(days=ago)).isoformat()))
        lines.append(line(n, product_id=name, quantity=pieces))
    with Marts({"orders": orders, "order_lines": lines}) as marts:
        found = marts.ask("SELECT product_id, xyz_class FROM mart.products ORDER BY product_id")
    # With the launch among the twelve, (12 x 4,800 - 180^2) / 180^2 = 0.78 would have made it a Y.
    assert rows(found) == [("even", "X"), ("new", None), ("once", None)]


def test_a_basket_that_was_split_is_one() -> None:
    """Of its first order's day, and of one market; the customer's others are what they are."""

    def ordered(number: int, days_ago: int, basket: str, country: str | None, customer_id: str) -> Row:
        day = (TODAY - timedelta(days=days_ago)).isoformat()
        return order(
            number,
            basket=basket,
            country=country,
            customer_id=customer_id,
            order_date=day,
            ordered_at=f"{day} 10:00+00",
        )

    orders = [
        ordered(1, 90, "1", "GB", "a"), ordered(2, 50, "2", "DE", "a"), ordered(3, 20, "2", "FR", "a"),
        ordered(4, 10, "4", None, "b"), ordered(5, 70, "5", "FR", "c"), ordered(6, 40, "6", "FR", "c"),
        ordered(7, 30, "6", "FR", "c"), ordered(8, 9, "8", "FR", "c"),
    ]  # fmt: skip
    with Marts({"orders": orders, "order_lines": [line(n) for n in range(1, 9)]}) as marts:
        found = marts.ask(
            f"""SELECT customer_id, baskets, orders, first_market, market, days_since_last_order, days_between_orders,
              DATE '{TODAY}' - previous_order_date FROM mart.customers ORDER BY customer_id"""
        )
    assert rows(found) == [
        ("a", 2, 3, "GB", "FR", 50, 40, 90), ("b", 1, 1, None, None, 10, None, None),
        ("c", 3, 4, "FR", "FR", 9, 30, 40),
    ]  # fmt: skip
