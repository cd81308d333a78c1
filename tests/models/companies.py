"""A company made of a few core rows, and the marts over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import Any, Self

import duckdb

from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.destinations.commit import BOOKS
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.mart_sql import mart_selects, read_by

Row = dict[str, Any]
TODAY = date(2026, 11, 24)


def order(number: object, net: object = 100, **fields: Any) -> Row:
    """A paid order of one line (see `line`), in euro, of 10 March, with what is said otherwise."""
    plain = {
        "source": "shop", "order_id": str(number), "reference": f"R{number}", "basket": f"R{number}", "store": "",
        "customer_id": "1", "channel": "b2c_web", "status": "completed", "is_sale": True,
        "ordered_at": "2026-03-10 12:00:00+00", "order_date": "2026-03-10", "country": "FR", "currency": "EUR",
        "fx_rate": 1, "goods_net": net, "discount_net": 0, "shipping_net": 0, "rounding_net": 0, "total_net": net,
        "total_tax": Decimal(str(net)) / 5, "total_gross": Decimal(str(net)) * 6 / 5, "store_credit_net": 0,
        "store_credit_gross": 0,
    }  # fmt: skip
    return {**plain, **fields}


def line(order_id: object, net: object = 100, **fields: Any) -> Row:
    """One piece of product 1 at 20 % tax and a cost of 40 euro."""
    plain = {
        "source": "shop", "order_id": str(order_id), "line_id": "1", "product_id": "1", "variant_id": "", "sku": "SHIRT",
        "name": "Shirt", "quantity": 1, "unit_price_net": net, "discount_net": 0, "amount_net": net,
        "amount_tax": Decimal(str(net)) / 5, "tax_rate": Decimal("0.2"), "unit_cost": 40, "unit_cost_currency": "EUR",
        "unit_cost_fx_rate": 1, "cost_kind": "of_the_day", "delivered_quantity": 1,
    }  # fmt: skip
    return {**plain, **fields}


def refund(number: object, order_id: object, net: object = 100, **fields: Any) -> Row:
    """A credit note of 1 April over one piece of the order's line."""
    plain = {
        "source": "shop", "refund_id": str(number), "line_id": "1", "order_id": str(order_id), "product_id": "1",
        "variant_id": "", "quantity": 1, "refunded_at": "2026-04-01 12:00:00+00", "refund_date": "2026-04-01",
        "amount_net": net, "amount_tax": Decimal(str(net)) / 5, "shipping_net": 0, "currency": "EUR", "fx_rate": 1,
    }  # fmt: skip
    return {**plain, **fields}


def customer(number: object, **fields: Any) -> Row:
    plain = {"source": "shop", "customer_id": str(number), "kind": "b2c", "country": "FR", "created_at": "2026-01-01"}
    return {**plain, **fields}


def product(number: object, **fields: Any) -> Row:
    plain = {
        "source": "shop", "product_id": str(number), "variant_id": "", "sku": f"SKU{number}", "name": f"Thing {number}",
        "unit_cost": 40, "currency": "EUR", "created_at": "2020-01-01",
    }  # fmt: skip
    return {**plain, **fields}


class Marts:
    """The marts over these core tables (none is needed), each made when it is first asked; `today` is when that is."""

    def __init__(
        self,
        tables: Mapping[str, Iterable[Row]] | None = None,
        *,
        company: Company | None = None,
        today: date = TODAY,
        snapshots: Iterable[Row] = (),
    ) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("SET TimeZone = 'UTC'")
        for statement in BOOKS:
            self.connection.execute(statement)
        for name, table in TABLES.items():
            types = {"source": "VARCHAR", **{column: SQL_TYPES[word] for column, word in table.types.items()}}
            types["_deleted_at"] = "TIMESTAMP WITH TIME ZONE"
            columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
            self.connection.execute(f"CREATE TABLE core.{name} ({columns})")
            self._insert(f"core.{name}", (tables or {}).get(name, ()))
        self._insert("echannel.stock_snapshots", snapshots)
        self.selects = mart_selects(company or Company(), today)
        self.built: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def _build(self, sql: str) -> None:
        for name in sorted(read_by(sql) & self.selects.keys()):
            if name not in self.built:
                self.built.add(name)
                self._build(self.selects[name])
                self.connection.execute(f"CREATE TABLE {name} AS {self.selects[name]}")

    def ask(self, sql: str) -> list[Row]:
        self._build(sql)
        with closing(self.connection.cursor()) as cursor:
            return list(cursor.sql(sql).to_arrow_table().to_pylist())

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row."""
        (row,) = self.ask(sql)
        return tuple(row.values())

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            self.connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
