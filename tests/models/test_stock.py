"""What lies in stock, how long it lasts and what lies there for too long, counted by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from tests.models.companies import TODAY, Marts, Row, line, order, product


def rows(found: list[Row]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in found]


def ordered(number: int, days_ago: int, customer_id: str, **fields: Any) -> Row:
    day = (TODAY - timedelta(days=days_ago)).isoformat()
    return order(number, order_date=day, ordered_at=day, customer_id=customer_id, basket=str(number), **fields)


def level(number: object, on_hand: Any, **fields: Any) -> Row:
    return {
        "source": "shop",
        "product_id": str(number),
        "variant_id": "",
        "warehouse_id": "",
        "on_hand": on_hand,
        **fields,
    }


def test_reorder_point_of_the_text_book() -> None:
    """30 a day, deviation 5, ten days, 95 %: 326.1 (Russell and Taylor's example), so 327 pieces."""
    orders = [ordered(n, n, "a") for n in range(1, 91)]
    tables = {
        "orders": orders,
        "order_lines": [line(n, quantity=25 if n % 2 else 35) for n in range(1, 91)],
        "products": [product(1, sku="SHIRT", supplier_id="s")],
        "suppliers": [{"source": "shop", "supplier_id": "s", "lead_time_days": 10}],
        "stock_levels": [level(1, 300, available=280, incoming=10)],
    }
    with Marts(tables) as marts:
        found = marts.one("""SELECT daily_demand_28, daily_demand_90, safety_stock, reorder_point, inventory_position, suggested_order,
            days_of_cover, status FROM mart.inventory""")
    # 1.65 × 5 × √10 = 26.09, so 27; 30 × 10 + 27; 280 + 10; 30 × 17 + 27 − 290; 280 ÷ 30
    assert found == (30, 30, 27, 327, 290, 247, D("9.3"), "below_reorder_point")


def test_days_without_stock_are_no_days_of_demand() -> None:
    """14 sold in 28 days, of which it lay there for 14 alone: one a day. The value of less than nothing is nothing."""
    gone = [
        {"source": "shop", "product_id": "1", "variant_id": "", "warehouse_id": "", "date": (TODAY - timedelta(days=ago)).isoformat(),
         "on_hand": 0 if ago <= 14 else 5, "unit_cost": 40, "unit_cost_currency": "EUR"}
        for ago in range(1, 29)
    ]  # fmt: skip
    orders = [ordered(n, 14 + n, "a") for n in range(1, 15)]
    tables = {
        "orders": orders, "order_lines": [line(n) for n in range(1, 15)], "products": [product(1), product(2)],
        "stock_levels": [level(1, 7), level(2, -3)],
    }  # fmt: skip
    with Marts(tables, snapshots=gone) as marts:
        found = marts.ask(
            "SELECT daily_demand_28, days_in_stock_28, days_of_cover, stock_value_base, status FROM mart.inventory ORDER BY product_id"
        )
        assert rows(found) == [(1, 14, 7, 280, "below_reorder_point"), (0, 28, None, 0, "out_of_stock")]
        daily = marts.one(
            "SELECT count(*), count(*) FILTER (WHERE out_of_stock), sum(stock_value_base) FROM mart.inventory_daily"
        )
        assert daily == (28, 14, 14 * 200)


def test_stock_of_past_days_from_moves() -> None:
    """Counted back from today; a snapshot says more than moves; moves that lead below zero tell nothing."""

    def moved(n: int, product_id: int, day: str, quantity: int) -> Row:
        return {"source": "shop", "move_id": str(n), "product_id": str(product_id), "variant_id": "", "warehouse_id": "",
                "moved_at": f"{day} 10:00:00+00", "quantity": quantity}  # fmt: skip

    tables = {
        "products": [product(1, unit_cost=2), product(2)],
        "stock_levels": [level(1, 6), level(2, 1)],
        "stock_moves": [
            moved(1, 1, "2026-11-18", 10), moved(2, 1, "2026-11-20", -5), moved(3, 1, "2026-11-22", 1),
            moved(4, 2, "2026-11-20", 9),  # one now, nine came: there would have been eight less than nothing
            moved(5, 2, "2026-11-21", -1),
        ],
    }  # fmt: skip
    kept = {"source": "shop", "product_id": "1", "variant_id": "", "warehouse_id": "", "date": "2026-11-23", "on_hand": 7,
            "unit_cost": 3, "unit_cost_currency": "EUR"}  # fmt: skip
    with Marts(tables, snapshots=[kept]) as marts:
        found = marts.ask(
            "SELECT product_id, date::VARCHAR, on_hand, stock_value_base, is_rebuilt FROM mart.inventory_daily ORDER BY product_id, date"
        )
    assert [row for row in rows(found) if row[0] == "1"] == [
        ("1", "2026-11-18", 10, 20, True), ("1", "2026-11-19", 10, 20, True), ("1", "2026-11-20", 5, 10, True),
        ("1", "2026-11-21", 5, 10, True), ("1", "2026-11-22", 6, 12, True), ("1", "2026-11-23", 7, 21, False),
    ]  # fmt: skip
    assert [row[2] for row in rows(found) if row[0] == "2"] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("created", "sold", "kept", "status"),
    [
        (None, 181, None, "dead"), (None, None, 181, "dead"), (None, 181, 5, "dead"), (None, None, 180, "healthy"),
        (None, None, None, "healthy"), ("2026-11-01", None, 200, "healthy"), ("2026-05-27", None, None, "dead"),
        ("2026-05-28", None, 200, "healthy"), (None, 20, 200, "overstock"),
    ],
)  # fmt: skip
def test_stock_is_dead_where_no_source_says_since_when(
    created: str | None, sold: int | None, kept: int | None, status: str
) -> None:
    """Half a year of 180 days since its first sale or its first day in stock, where the product's own day is not told."""
    tables = {
        "products": [product(1, created_at=created)], "stock_levels": [level(1, 9)],
        "orders": [ordered(1, sold, "a")] if sold else [], "order_lines": [line(1)] if sold else [],
    }  # fmt: skip
    day = (TODAY - timedelta(days=kept or 0)).isoformat()
    shot = {"source": "shop", "product_id": "1", "variant_id": "", "warehouse_id": "", "date": day, "on_hand": 9}
    with Marts(tables, snapshots=[shot] if kept else []) as marts:
        assert marts.one("SELECT status FROM mart.inventory") == (status,)


def test_only_what_sells_can_be_missing() -> None:
    """Of all that does not lie there: the one that sold within 180 days, in whichever source, and is still sold; since it was."""
    things = {
        "sells": {}, "retired": {"active": False}, "gone": {"_deleted_at": "2026-11-01"}, "never sold": {}, "forgotten": {},
    }  # fmt: skip
    agos = {"sells": 9, "retired": 9, "gone": 9, "forgotten": 189}
    books = product("B", source="books", sku="SKUsells")
    orders = [ordered(n, ago, "a") for n, ago in enumerate(agos.values())]
    shots = [
        {"source": source, "product_id": name, "variant_id": "", "warehouse_id": "", "on_hand": 0,
         "date": (TODAY - timedelta(days=ago)).isoformat()}
        for source, name in [*(("shop", name) for name in things), ("books", "B"), ("books", "unknown")] for ago in (10, 9, 1)
    ]  # fmt: skip
    tables = {
        "products": [*(product(name, **fields) for name, fields in things.items()), books],
        "orders": orders, "order_lines": [line(n, product_id=name) for n, name in enumerate(agos)],
    }  # fmt: skip
    with Marts(tables, snapshots=shots) as marts:
        found = marts.ask("""SELECT product_id, sum(days_offered), sum(days_out), count(*) FILTER (WHERE out_of_stock)
            FROM mart.inventory_daily GROUP BY ALL ORDER BY ALL""")
    assert rows(found) == [
        ("B", 2, 2, 3), ("forgotten", 2, 2, 3), ("gone", 0, 0, 3), ("never sold", 0, 0, 3), ("retired", 0, 0, 3),
        ("sells", 2, 2, 3), ("unknown", 0, 0, 3),
    ]  # fmt: skip
