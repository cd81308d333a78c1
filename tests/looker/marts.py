"""A made-up company's marts in a small DuckDB file, with the columns and types that MODEL.md promises."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

COMPANY = {"name": "Atelier Breton", "currency": "EUR", "language": "fr", "time_zone": "Europe/Paris"}
SALES = """CREATE TABLE mart.sales (date DATE, kind VARCHAR, source VARCHAR, store VARCHAR, channel VARCHAR, market VARCHAR,
    currency VARCHAR, order_id VARCHAR, basket VARCHAR, customer_kind VARCHAR, customer_status VARCHAR, product_id VARCHAR,
    variant_id VARCHAR, sku VARCHAR, product_name VARCHAR, category VARCHAR, brand VARCHAR, quantity DECIMAL(18,6),
    net DECIMAL(18,6), net_base DECIMAL(18,6), discount_base DECIMAL(18,6), cost_base DECIMAL(18,6),
    margin_base DECIMAL(18,6), cost_known_net_base DECIMAL(18,6), order_sequence INTEGER)"""
DAILY = """CREATE TABLE mart.sales_daily AS SELECT date, source, store, channel, market, currency, customer_kind,
    count(DISTINCT order_id) FILTER (WHERE kind = 'sale') AS orders,
    count(DISTINCT basket) FILTER (WHERE kind = 'sale') AS baskets,
    sum(quantity) FILTER (WHERE kind = 'sale')::DECIMAL(18,6) AS units,
    coalesce(sum(net_base) FILTER (WHERE kind = 'sale'), 0)::DECIMAL(18,6) AS net_base,
    coalesce(sum(net_base) FILTER (WHERE kind = 'refund'), 0)::DECIMAL(18,6) AS refunds_base,
    sum(discount_base)::DECIMAL(18,6) AS discount_base,
    coalesce(sum(net_base) FILTER (WHERE kind = 'shipping'), 0)::DECIMAL(18,6) AS shipping_base,
    0::DECIMAL(18,6) AS store_credit_base, sum(margin_base)::DECIMAL(18,6) AS margin_base,
    sum(cost_known_net_base)::DECIMAL(18,6) AS cost_known_net_base,
    count(DISTINCT order_id) FILTER (WHERE kind = 'sale' AND order_sequence = 1) AS new_customers
    FROM mart.sales GROUP BY ALL"""
INVENTORY = """CREATE TABLE mart.inventory (source VARCHAR, product_id VARCHAR, variant_id VARCHAR, warehouse_id VARCHAR,
    sku VARCHAR, product_name VARCHAR, category VARCHAR, on_hand DECIMAL(18,6), available DECIMAL(18,6),
    incoming DECIMAL(18,6), unit_cost DECIMAL(18,6), stock_value_base DECIMAL(18,6), daily_demand_28 DECIMAL(18,6),
    daily_demand_90 DECIMAL(18,6), days_of_cover DECIMAL(18,6), reorder_point DECIMAL(18,6),
    suggested_order DECIMAL(18,6), last_sold DATE, status VARCHAR)"""
FRESHNESS = """CREATE TABLE mart.freshness (source VARCHAR, stream VARCHAR, last_success TIMESTAMP, "rows" BIGINT,
    lag_hours DECIMAL(18,6), newest_record TIMESTAMP, failures BIGINT, note VARCHAR)"""

THINGS = {
    "Vaisselle": ["Bol à prénom", "Assiette creuse Quimper", "Tasse faïence bleue", "Saladier fleuri", "Beurrier"],
    "Textile": ["Marinière coton bio", "Torchon rayé", "Nappe lin lavé", "Bonnet de marin", "Tote bag hermine"],
    "Épicerie": ["Caramels au beurre salé", "Galettes fines de Pont-Aven", "Cidre brut fermier", "Confiture de lait"],
    "Maison": ["Bougie embruns", "Phare miniature <b>Ar-Men</b>", "Coussin ancre", "Affiche vintage Belle-Île"],
    "Enfant": ["Ciré jaune enfant", "Doudou macareux", "Puzzle carte de Bretagne"],
}
MARKETS = {"FR": 10.0, "DE": 3.0, "BE": 2.0, "ES": 1.4, "IT": 1.1, "GB": 0.8, "": 0.1}
CHANNELS = {"b2c_web": 8.0, "marketplace": 2.0, "shop": 1.0}


def query_of(file: Path) -> Callable[[str, list[Any]], pa.Table]:
    """What the preview asks: the file is open for the time of one question."""

    def query(sql: str, parameters: list[Any]) -> pa.Table:
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.sql(sql, params=parameters).to_arrow_table()

    return query


def make_marts(file: Path, *, today: date, days: int = 800, orders_per_day: float = 9, seed: int = 7) -> Path:
    """All four marts, rich enough to look at: seasons, growth, refunds, unknown costs, an unknown market."""
    chance = random.Random(seed)
    products = list(_products(chance))
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA mart")
        for table in (SALES, INVENTORY, FRESHNESS):
            connection.execute(table)
        lines = [
            line for n in range(days) for line in _day(chance, today - timedelta(days=n), n, orders_per_day, products)
        ]
        _insert(connection, "sales", lines)
        connection.execute(DAILY)
        _insert(connection, "inventory", [_stock(chance, product, today) for product in products])
        _insert(connection, "freshness", list(_freshness(today)))
    return file


def add_order(file: Path, day: date, net: str, *, market: str = "FR") -> None:
    """One more order, as a sync would commit it."""
    line = _line(
        day, "sale", "new-order", market, "b2c_web", ("P1", "P1-R", "Bol à prénom", "Vaisselle"), 1, Decimal(net)
    )
    with duckdb.connect(str(file)) as connection:
        _insert(connection, "sales", [line])
        connection.execute("DROP TABLE mart.sales_daily")
        connection.execute(DAILY)


def _products(chance: random.Random) -> Any:
    for category, names in THINGS.items():
        for name in names:
            for variant in ("", " – petit", " – grand")[: chance.choice((1, 1, 2, 3))]:
                number = f"P{chance.randrange(10_000)}"
                yield (
                    number,
                    f"{category[:2].upper()}-{number[1:]}",
                    name + variant,
                    category,
                    round(chance.uniform(6, 60), 2),
                )


def _day(chance: random.Random, day: date, ago: int, busy: float, products: list[Any]) -> Any:
    season = (
        1.0 + (0.9 if day.month == 12 else 0.5 if day.month in (7, 8, 11) else 0) + (0.3 if day.weekday() > 4 else 0)
    )
    for n in range(int(chance.gauss(busy * season * (1 - ago / 2400), busy * 0.22)) if busy else 0):
        market = chance.choices(list(MARKETS), list(MARKETS.values()))[0]
        channel = chance.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        order = f"{day:%y%m%d}-{n}"
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3))):
            number, sku, name, category, price = chance.choices(products, range(len(products), 0, -1))[0]
            units = chance.choice((1, 1, 1, 2))
            net = Decimal(str(price)) * units
            known = chance.random() > 0.06
            yield _line(day, "sale", order, market, channel, (number, sku, name, category), units, net, known=known)
            if chance.random() < 0.05:
                yield _line(
                    day, "refund", order, market, channel, (number, sku, name, category), -units, -net, known=known
                )
        yield _line(day, "shipping", order, market, channel, (None, None, None, None), 0, Decimal("4.90"), known=False)


def _line(
    day: date,
    kind: str,
    order: str,
    market: str,
    channel: str,
    product: Any,
    units: int,
    net: Decimal,
    *,
    known: bool = True,
) -> dict[str, Any]:
    number, sku, name, category = product
    cost = (net * Decimal("0.56")).quantize(Decimal("0.000001")) if known else None
    goods = known and kind != "shipping"
    return {
        "date": day, "kind": kind, "source": "shop", "store": "", "channel": channel, "market": market or None,
        "currency": "EUR", "order_id": order, "basket": order, "customer_kind": "b2c", "customer_status": "new",
        "product_id": number, "variant_id": "", "sku": sku, "product_name": name, "category": category, "brand": None,
        "quantity": Decimal(units), "net": net, "net_base": net, "discount_base": Decimal(0), "cost_base": cost,
        "margin_base": net - cost if goods and cost is not None else None, "cost_known_net_base": net if goods else None,
        "order_sequence": 1 if sum(map(ord, order)) % 3 == 0 else 2,
    }  # fmt: skip


def _stock(chance: random.Random, product: Any, today: date) -> dict[str, Any]:
    number, sku, name, category, price = product
    status = chance.choices(["out_of_stock", "below_reorder_point", "healthy", "overstock", "dead"], [2, 4, 10, 3, 2])[
        0
    ]
    demand = Decimal(0) if status == "dead" else Decimal(chance.randrange(1, 40)) / 10
    cover = {"out_of_stock": 0, "below_reorder_point": 6, "healthy": 45, "overstock": 260, "dead": 0}[status]
    hand = Decimal(int(demand * cover)) if demand else Decimal(chance.randrange(5, 60))
    cost = (Decimal(str(price)) * Decimal("0.56")).quantize(Decimal("0.01"))
    urgent = status in ("out_of_stock", "below_reorder_point")
    return {
        "source": "shop", "product_id": number, "variant_id": "", "warehouse_id": "", "sku": sku, "product_name": name,
        "category": category, "on_hand": hand, "available": hand, "incoming": Decimal(chance.choice((0, 0, 24))),
        "unit_cost": cost, "stock_value_base": hand * cost, "daily_demand_28": demand, "daily_demand_90": demand,
        "days_of_cover": hand / demand if demand else None, "reorder_point": demand * 14,
        "suggested_order": Decimal(int(demand * 30)) if urgent else Decimal(0),
        "last_sold": None if status == "dead" and chance.random() < 0.4 else today - timedelta(days=chance.randrange(200)),
        "status": status,
    }  # fmt: skip


def _freshness(today: date) -> Any:
    read = datetime(today.year, today.month, today.day, 4, 10, tzinfo=UTC).replace(tzinfo=None)
    for stream, rows, lag, note in [
        ("orders", 18_204, "0.2", None), ("order_details", 41_877, "0.2", None), ("products", 214, "6.5", None),
        ("stock_availables", 388, "0.2", "Lu en entier : la boutique n'a pas de date de modification"),
    ]:  # fmt: skip
        yield {
            "source": "shop", "stream": stream, "last_success": read, "rows": rows, "lag_hours": Decimal(lag),
            "newest_record": read - timedelta(hours=float(lag)), "failures": 0, "note": note,
        }  # fmt: skip


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    names = list(rows[0])
    found = pa.table({name: _column(name, [row[name] for row in rows]) for name in names})
    listed = ", ".join(f'"{name}"' for name in names)
    connection.register("found", found)
    connection.execute(f"INSERT INTO mart.{table} ({listed}) SELECT {listed} FROM found")
    connection.unregister("found")


def _column(name: str, values: list[Any]) -> pa.Array:
    decimals = any(isinstance(value, Decimal) for value in values)
    if not decimals:
        return pa.array(values)
    return pa.array(
        [None if value is None else value.quantize(Decimal("0.000001")) for value in values], pa.decimal128(18, 6)
    )
