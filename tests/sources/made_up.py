"""A PrestaShop made of a few rows: its raw tables as a sync would leave them, and core and marts built from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb

from echannel_connectors import DuckDB, specs
from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.events import ignore
from echannel_connectors.models.build import build
from echannel_connectors.models.company import Company

Row = dict[str, Any]
SETTINGS = {
    "PS_TIMEZONE": "Europe/Paris", "PS_CURRENCY_DEFAULT": "1", "PS_LANG_DEFAULT": "1", "PS_OS_REFUND": "7",
    "PS_OS_CANCELED": "6", "PS_OS_ERROR": "8", "PS_OS_DELIVERED": "5",
}  # fmt: skip
EURO, POUND = (
    {"id": 1, "iso_code": "EUR", "conversion_rate": 1},
    {"id": 2, "iso_code": "GBP", "conversion_rate": "0.86"},
)
DOLLAR = {"id": 3, "iso_code": "USD", "conversion_rate": "1.09"}
AWAITING, PAID, SHIPPED, DELIVERED, CANCELLED, REFUNDED = 1, 2, 4, 5, 6, 7
STATES = [
    {"id": AWAITING, "name": "Awaiting"},
    {"id": PAID, "name": "Paid", "logable": True, "paid": True},
    {"id": SHIPPED, "name": "Shipped", "logable": True, "paid": True, "shipped": True, "delivery": True},
    {"id": DELIVERED, "name": "Delivered", "logable": True, "paid": True, "shipped": True, "delivery": True},
    {"id": CANCELLED, "name": "Cancelled"},
    {"id": REFUNDED, "name": "Refunded"},
]


def settings(**other: str) -> list[Row]:
    return [{"id": n, "name": name, "value": value} for n, (name, value) in enumerate({**SETTINGS, **other}.items(), 1)]


def order(number: int, **fields: Any) -> Row:
    """An order of 100 net and 120 gross that is paid, with what is said otherwise."""
    plain = {
        "id": number, "reference": f"R{number:08}", "id_cart": number, "id_shop": 1, "id_customer": 0, "id_currency": 1,
        "current_state": PAID, "conversion_rate": 1, "total_products": 100,
        "total_paid_tax_excl": 100, "total_paid_tax_incl": 120, "total_discounts_tax_excl": 0,
        "total_discounts_tax_incl": 0, "total_shipping_tax_excl": 0, "total_shipping_tax_incl": 0,
        "total_wrapping_tax_excl": 0, "total_wrapping_tax_incl": 0, "total_paid_real": 0,
        "date_add": "2026-03-10 12:00:00", "date_upd": "2026-03-10 12:00:00",
    }  # fmt: skip
    return {**plain, **fields}


def line(number: int, id_order: int, net: Any = 100, gross: Any = 120, **fields: Any) -> Row:
    plain = {
        "id": number, "id_order": id_order, "product_id": 1, "product_attribute_id": 0, "product_name": "Shirt",
        "product_quantity": 1, "product_price": net, "unit_price_tax_excl": net, "total_price_tax_excl": net,
        "total_price_tax_incl": gross, "original_wholesale_price": 40, "purchase_supplier_price": 0,
    }  # fmt: skip
    return {**plain, **fields}


def slip(number: int, id_order: int, lines: Iterable[tuple[int, Any, Any]] = (), **fields: Any) -> Row:
    """A credit slip; its lines are (order line, net, gross), one piece each."""
    parts = [
        {
            "id_order_detail": str(at),
            "product_quantity": "1",
            "amount_tax_excl": str(net),
            "amount_tax_incl": str(gross),
        }
        for at, net, gross in lines
    ]
    plain = {
        "id": number, "id_order": id_order, "conversion_rate": 1, "total_products_tax_excl": 0,
        "total_products_tax_incl": 0, "total_shipping_tax_excl": 0, "total_shipping_tax_incl": 0,
        "date_add": "2026-04-01 12:00:00", "date_upd": "2026-04-01 12:00:00", "order_slip_details": parts,
    }  # fmt: skip
    return {**plain, **fields}


def made_up(
    folder: Path, tables: Mapping[str, list[Row]], company: Company | None = None, without: Iterable[str] = ()
) -> Path:
    """Core and marts over these rows; what is not given is a shop just installed. `without`: columns its version lacks."""
    file = folder / "shop.duckdb"
    states = [{**row, "name": [{"language": 1, "text": row["name"]}]} for row in STATES]
    all_tables = {
        "configurations": settings(), "currencies": [EURO, POUND, DOLLAR], "order_states": states,
        "languages": [{"id": 1, "iso_code": "en"}], "shops": [{"id": 1, "id_shop_group": 1, "name": "Shop"}], **tables,
    }  # fmt: skip
    with closing(DuckDB(file)) as warehouse:
        for name, rows in all_tables.items():
            warehouse.execute(*written(name, rows, frozenset(without)))
        source = SimpleNamespace(name="shop", connector="prestashop", maps_in_warehouse=True)
        build(warehouse, [source], company or Company(), None, ignore)  # type: ignore[list-item]  # what build needs of one
    return file


def written(name: str, rows: list[Row], without: frozenset[str]) -> Iterator[str | tuple[str, Row]]:
    """The statements that make one raw table."""
    types: dict[str, str] = {"_deleted_at": "TIMESTAMP WITH TIME ZONE"}
    for column, word in specs.find("prestashop").reads[name].columns.items():
        if f"{name}.{column}" in without:
            continue
        if isinstance(word, list):
            leaves = [leaf for leaf in word if f"{name}.{column}.{leaf}" not in without]
            types[column] = f"STRUCT({', '.join(f'{leaf} VARCHAR' for leaf in leaves)})[]"
        else:
            types[f"{column}_hash" if word == "email" else column] = SQL_TYPES["text" if word == "email" else word]
    unknown = {column for row in rows for column in row} - set(types)
    assert not unknown, f"{name} has no {unknown}"
    columns = ", ".join(f"{column} {kind}" for column, kind in types.items())
    yield f"CREATE TABLE raw.shop__{name} ({columns})"
    for row in rows:
        marks = ", ".join(f"${column}" for column in row)
        yield f"INSERT INTO raw.shop__{name} ({', '.join(row)}) VALUES ({marks})", row


def rows_of(file: Path, sql: str) -> list[Row]:
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return list(connection.sql(sql).to_arrow_table().to_pylist())
