"""What an ERP's own code says about its data, and what our stream of a core table says, in comparable form."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from echannel_connectors import Erp
from tests.places import erp

Row = dict[str, Any]
CENT = Decimal("0.01")


def true_rows(name: str, keep: Callable[[Row], bool] = lambda row: True) -> list[Row]:
    """The rows of a truth file, such as `odoo_orders`; empty is None."""
    with erp(f"truth/{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = [{column: value or None for column, value in row.items()} for row in csv.DictReader(file)]
    return [row for row in rows if keep(row)]


def core_rows(source: Erp, table: str) -> list[Row]:
    """All rows of a stream."""
    try:
        stream = source.streams()[table]
        return [
            row for part in stream.slices({}) for batch in stream.read(part, None) for row in batch.rows.to_pylist()
        ]
    finally:
        source.close()


def cents(value: str | Decimal | None) -> Decimal:
    """An amount to the cent: Odoo's own floats come with binary noise."""
    return Decimal(value or 0).quantize(CENT, ROUND_HALF_UP)


def number(value: str | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("0.000001")).normalize() + 0


def total(rows: Iterable[Row], column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in rows), Decimal(0))
