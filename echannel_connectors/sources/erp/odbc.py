"""Any database that has an ODBC driver, by arrow-odbc: rows come as Arrow columns, decimals as the text they are."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.rows import Columns

# A driver that names no largest size gets this much room for a text; a longer one is an error, never cut.
LARGEST_TEXT = 64 * 1024
ROOM = 64 * 1024 * 1024


class Odbc:
    """A connection whose statements see one transaction."""

    closed = False
    at_once = 20_000

    def __init__(self, address: Address, opening: Sequence[str]) -> None:
        import arrow_odbc

        self._connection = arrow_odbc.connect(connection_string(address), login_timeout_sec=30, autocommit=False)
        for statement in opening:
            self._connection.execute(statement)

    @staticmethod
    def refusals() -> tuple[type[Exception], ...]:
        import arrow_odbc

        return (arrow_odbc.Error,)

    def rows(self, sql: str, columns: Columns, at_once: int) -> Generator[Mapping[str, pa.Array]]:
        for block in self._blocks(sql, at_once, columns):
            # Fixed-width text comes with blanks at its end, and cannot be told from other text.
            yield {
                name: pc.utf8_rtrim(array, " ") if pa.types.is_string(array.type) else array
                for name, array in zip(block.schema.names, block.columns, strict=True)
            }

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for block in self._blocks(sql, 1000, None) for row in block.to_pylist()]

    def _blocks(self, sql: str, at_once: int, columns: Columns | None) -> Iterator[pa.RecordBatch]:
        return iter(
            self._connection.read_arrow_batches(
                sql,
                batch_size=at_once,
                max_bytes_per_batch=ROOM,
                max_text_size=LARGEST_TEXT,
                max_binary_size=LARGEST_TEXT,
                map_schema=lambda found: _fetched_as(found, columns),
                fetch_concurrently=False,
            )
        )

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._connection.rollback()
            del self._connection


def connection_string(address: Address) -> str:
    """The address as ODBC's drivers take it."""
    is_microsoft = address.kind.dialect == "tsql"
    port = str(address.port or "")
    found = {
        "Driver": address.query["driver"],
        "Server": f"{address.server},{port}" if port and is_microsoft else address.server,
        "Port": "" if is_microsoft else port,
        "Database": address.database,
        "UID": address.user,
        "PWD": address.secret,
        **{name: value for name, value in address.query.items() if name not in ("driver", "dialect")},
    }
    return "".join(f"{name}={_braced(value)};" for name, value in found.items() if value)


def _braced(value: str) -> str:
    """A value in braces where it holds what would end it."""
    return "{" + value.replace("}", "}}") + "}" if re.search(r"[;{}\[\]=\s]", value) else value


def _fetched_as(found: pa.Schema, columns: Columns | None) -> pa.Schema:
    """Decimals and whatever core wants as text are fetched as text: what a driver says of a number's digits may be
    less than it has. Moments are read to the microsecond."""
    return pa.schema([field.with_type(_kind(field, columns)) for field in found])


def _kind(field: pa.Field, columns: Columns | None) -> pa.DataType:
    wanted = columns.schema.field(field.name).type if columns and field.name in columns.schema.names else None
    if pa.types.is_decimal(field.type) or (wanted is not None and pa.types.is_string(wanted)):
        return pa.string()
    if pa.types.is_timestamp(field.type):
        return pa.timestamp("us")
    return field.type
