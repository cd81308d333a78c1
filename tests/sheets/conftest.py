"""A spreadsheet on this machine, and tables to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from echannel_connectors import DuckDB, Sheets
from echannel_connectors.models.company import Company
from echannel_connectors.testing.sheets import Book, FakeSheets, Grid

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz"


@pytest.fixture
def google() -> FakeSheets:
    service = FakeSheets()
    service.add(Book(ID))
    return service


@pytest.fixture
def sheets(google: FakeSheets) -> Iterator[Sheets]:
    with google.serving() as endpoint:
        made = Sheets(ID, warehouse=DuckDB(":memory:"), endpoint=endpoint, company=Company(language="fr"))
        made.api.sleep = lambda _: None
        yield made


def orders(*amounts: str, **more: list[Any]) -> pa.RecordBatchReader:
    """A table of orders, one for each amount."""
    columns: dict[str, Any] = {
        "order_id": [f"{n:04}" for n in range(1, len(amounts) + 1)],
        "net": pa.array([Decimal(one) for one in amounts], pa.decimal128(18, 6)),
        **more,
    }
    return pa.table(columns).to_reader()


def tab(google: FakeSheets, title: str = "orders") -> Grid:
    return google.books[ID].tab(title)
