"""What a user's own program looks like to a strict type checker: read by mypy (make lint), never run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from echannel_connectors import (
    BigQuery,
    Choice,
    Company,
    DuckDB,
    Erp,
    PrestaShop,
    Sheets,
    SyncResult,
    changes,
    events,
    read,
    sync,
)
from echannel_connectors.errors import EChannelError
from echannel_connectors.events import OnEvent, to_logging
from echannel_connectors.project import load

SHOP = PrestaShop(url="https://shop.example", key="a key, as plain text")
BOOKS = Erp(connector="dolibarr", url="mysql://reader:secret@erp.example/dolibarr", parameters={"prefix": "llx_"})
COMPANY = Company(name="Exeter Teas", currency="EUR", time_zone="Europe/London", email_salt="a long secret")


def synced(folder: Path, listen: OnEvent) -> SyncResult:
    warehouse = DuckDB(folder / "shop.duckdb", memory_mib=256)
    try:
        return sync(SHOP, BOOKS, into=warehouse, company=COMPANY, choice=Choice(only=("shop.orders",)), on_event=listen)
    except EChannelError as error:
        code: int = error.exit_code
        raise SystemExit(code) from error


def elsewhere(result: SyncResult) -> tuple[int, dict[str, int], list[str]]:
    sync(SHOP, into=BigQuery(project="project", dataset="echannel"), on_event=to_logging())
    sync(SHOP, into=Sheets(spreadsheet="id"), company=COMPANY)
    return result.total("rows"), result.tables, [stream.stream for stream in result.streams if stream.set_aside]


def kept(position: dict[str, Any] | None) -> dict[str, Any]:
    orders = changes(SHOP, "orders", after=position)
    print(orders.key, orders.to_arrow().num_rows, orders.set_aside)
    return orders.position


def rows(warehouse: DuckDB) -> Iterator[pa.RecordBatch]:
    yield from read(SHOP, "orders", since="2026-10-01", until="2026-10-31")
    yield from read(SHOP, "orders", since=date(2026, 10, 1))
    yield from read(warehouse, "mart.sales")
    yield from warehouse.query("SELECT date FROM mart.sales WHERE currency = ?", ["EUR"])


def listen(event: events.Event) -> None:
    match event:
        case events.Retrying():
            print(event.what, event.because, event.after_seconds)
        case events.StreamFinished():
            print(event.stream, event.rows, event.changed)
        case _:
            print(event.as_json())


def of_a_project(folder: Path) -> SyncResult:
    project = load(folder)
    return sync(*project.sources(), into=project.destination(), company=project.company, project=project.folder)
