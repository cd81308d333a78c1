"""What holds for every company: sums agree across marts, every line is there once, and the order of rows means nothing.

Some of its documents lie ahead of the day on which it is looked at, and some refunds before their order.
"""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.models.companies import Marts, Row, customer, line, order, product, refund

cents = st.integers(0, 99_999).map(lambda n: D(n) / 100)
rates = st.one_of(st.none(), st.integers(50_000_000, 150_000_000).map(lambda n: D(n) / 10**8))
days = st.integers(0, 700).map(lambda n: f"202{5 + n // 336}-{n % 336 // 28 + 1:02}-{n % 28 + 1:02}")
markets = st.sampled_from(["FR", "GB", None])


@st.composite
def companies(draw: st.DrawFn) -> dict[str, list[Row]]:
    """Two sources, split baskets, guests, refunds with and without an order, unknown costs and rates, rows that do not count."""
    people = [
        customer(
            n,
            source=draw(sources),
            kind=draw(st.sampled_from(["b2b", "b2c", None])),
            email_hash=draw(st.sampled_from([None, "a", "b"])),
        )
        for n in range(draw(st.integers(0, 4)))
    ]
    tables: dict[str, list[Row]] = {
        "customers": people,
        "products": [product(1), product(2, unit_cost=None)],
        "orders": [],
        "order_lines": [],
        "refunds": [],
    }
    for number in range(draw(st.integers(0, 9))):
        source, currency = draw(sources), draw(st.sampled_from(["EUR", "GBP"]))
        made = [_line(draw, number, n, source) for n in range(draw(st.integers(0, 3)))]
        shipping = draw(st.sampled_from([0, D("4.9")]))
        goods = sum((row["amount_net"] for row in made), D(0))
        total = goods + shipping + draw(st.sampled_from([D(0), D("0.01"), D("-0.02")]))
        day = draw(days)
        tables["orders"].append(
            order(number, source=source, basket=f"B{draw(st.integers(0, 9))}", customer_id=draw(st.sampled_from([None, "0", "1", "2", "9"])),
                  is_sale=draw(st.booleans()) or draw(st.booleans()), country=draw(markets), currency=currency,
                  fx_rate=1 if currency == "EUR" else draw(rates), order_date=day, ordered_at=f"{day} 10:00:00+00", total_net=total,
                  shipping_net=shipping, total_tax=draw(cents), channel=draw(st.sampled_from(["b2c_web", "phone"])),
                  duplicate_of_order_id=draw(st.sampled_from([None, None, None, "x"])))
        )  # fmt: skip
        tables["order_lines"] += made
        if draw(st.booleans()):
            tables["refunds"].append(
                refund(number, draw(st.sampled_from([str(number), None])), draw(cents), source=source, refund_date=draw(days), currency=currency,
                       fx_rate=1 if currency == "EUR" else draw(rates), product_id=draw(st.sampled_from(["1", "2", None])), variant_id="",
                       shipping_net=draw(st.sampled_from([0, D("4.9")])), back_to_stock=draw(st.sampled_from([None, True, False])))
            )  # fmt: skip
    return tables


sources = st.sampled_from(["shop", "books"])


def _line(draw: st.DrawFn, order_id: int, number: int, source: str) -> Row:
    return line(order_id, draw(cents), source=source, line_id=str(number), product_id=draw(st.sampled_from(["1", "2"])), quantity=draw(st.integers(1, 5)),
                unit_cost=draw(st.sampled_from([None, D("3.5")])), tax_rate=draw(st.sampled_from([D("0.2"), D("0.055"), None])),
                amount_tax=draw(st.one_of(st.none(), cents)))  # fmt: skip


def total(marts: Marts, sql: str) -> tuple[Any, ...]:
    return tuple(value or 0 for value in marts.one(sql))


def agree(tables: dict[str, list[Row]]) -> None:
    with Marts(tables) as marts:
        in_sales = """SELECT coalesce(sum(net_base) FILTER (WHERE kind = 'sale'), 0), coalesce(sum(net_base) FILTER (WHERE kind = 'refund'), 0)
            FROM mart.sales"""
        sold = total(marts, in_sales)
        assert total(marts, "SELECT sum(net_base), sum(refunds_base) FROM mart.sales_daily") == sold
        of_orders = total(marts, f"{in_sales} WHERE order_id IS NOT NULL")
        assert total(marts, "SELECT sum(net_base), sum(refunds_base) FROM mart.orders") == of_orders
        assert total(marts, "SELECT sum(net_base), sum(refunds_base) FROM mart.market_entry") == sold
        known = total(marts, f"{in_sales} WHERE customer_id IS NOT NULL")
        assert total(marts, "SELECT sum(net_base), sum(refunds_base) FROM mart.customers") == known
        assert total(marts, "SELECT sum(net_base), sum(refunds_base) FROM mart.cohorts") == known
        of_products = total(marts, f"{in_sales} WHERE product_id IS NOT NULL")
        assert total(marts, "SELECT sum(net_base), sum(refunds_base) FROM mart.products") == of_products
        rows = "SELECT sum(net_base) FILTER (WHERE kind <> 'refund'), sum(net_base) FILTER (WHERE kind = 'refund') FROM mart.sales"
        assert total(marts, "SELECT sum(taxable_base), sum(refunds_base) FROM mart.vat") == total(marts, rows)
        _orders_add_up(marts, tables)
        _currencies_convert(marts)


def _orders_add_up(marts: Marts, tables: dict[str, list[Row]]) -> None:
    """Every order that counts has rows that make its total, and each of its lines once; no other one has any."""
    counting = {
        (row["source"], row["order_id"]): row
        for row in tables["orders"]
        if row["is_sale"] and not row["duplicate_of_order_id"]
    }
    found = marts.ask("SELECT source, order_id, sum(net) AS net FROM mart.sales WHERE kind <> 'refund' GROUP BY ALL")
    assert {(row["source"], row["order_id"]): row["net"] for row in found} == {
        key: row["total_net"] for key, row in counting.items()
    }
    assert {(row["source"], row["order_id"]) for row in marts.ask("SELECT source, order_id FROM mart.orders")} == set(
        counting
    )
    lines = sorted(
        (row["source"], row["order_id"], row["line_id"])
        for row in tables["order_lines"]
        if (row["source"], row["order_id"]) in counting
    )
    sold = marts.ask("SELECT source, order_id, line_id FROM mart.sales WHERE kind = 'sale' ORDER BY ALL")
    assert [tuple(row.values()) for row in sold] == lines
    # The documents' taxes are those of their rows and the difference that stands beside them.
    said = sum((row["total_tax"] for row in counting.values()), D(0))
    assert total(marts, "SELECT sum(tax + difference_tax) FROM mart.vat") == (said,)
    # What GA4 could know counts a basket once, here and there.
    baskets = "count(DISTINCT source || '/' || basket) FILTER (WHERE {})"
    counted = f"SELECT {baskets.format('is_matchable')}, {baskets.format('is_matched')} FROM mart.orders"
    for mart in ("orders", "marketing_daily"):
        added = "SELECT coalesce(sum(matchable_orders), 0), coalesce(sum(matched_orders), 0) FROM mart."
        assert marts.one(added + mart) == marts.one(counted)
    people = marts.one("SELECT count(DISTINCT customer_source || '/' || customer_id) FROM mart.orders")
    assert (
        total(marts, "SELECT sum(new_customers) FROM mart.sales_daily")
        == people
        == marts.one("SELECT count(*) FROM mart.customers")
    )


def _currencies_convert(marts: Marts) -> None:
    """A row is worth its amount times the rate, or is among those that no rate values."""
    wrong = """SELECT count(*) FROM mart.sales AS s JOIN mart.orders AS o USING (source, order_id)
        WHERE s.kind <> 'refund' AND s.net_base IS DISTINCT FROM CAST(round(s.net * o.fx_rate, 6) AS DECIMAL(18, 6))"""
    assert marts.one(wrong) == (0,)
    without = marts.one("SELECT count(*) FROM mart.sales WHERE net_base IS NULL AND net IS NOT NULL")
    assert total(marts, "SELECT sum(rows_without_rate) FROM mart.data_quality") == without


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(companies())
def test_sums_agree(tables: dict[str, list[Row]]) -> None:
    agree(tables)


@pytest.mark.slow
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies())
def test_sums_agree_for_many(tables: dict[str, list[Row]]) -> None:
    agree(tables)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies(), st.randoms())
def test_the_order_of_rows_means_nothing(tables: dict[str, list[Row]], chance: Any) -> None:
    shuffled = {name: chance.sample(rows, len(rows)) for name, rows in tables.items()}
    with Marts(tables) as one, Marts(shuffled) as other:
        for name in one.selects:
            if name != "mart.freshness":  # it says how many hours ago
                assert one.ask(f"SELECT * FROM {name} ORDER BY ALL") == other.ask(
                    f"SELECT * FROM {name} ORDER BY ALL"
                ), name
