"""Any database that has an ODBC driver, by arrow-odbc: rows come as Arrow columns, decimals as the text they are."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from echannel_connectors.sources.erp.rows import Columns

# A driver that names no largest size gets this much room for a text; a longer one is an error, never cut.
LARGEST_TEXT = 64 * 1024
ROOM = 64 * 1024 * 1024


class Connection:
    """A connection whose statements see one transaction."""

    def __init__(self, text: str, opening: Sequence[str]) -> None:
        import arrow_odbc

        self._connection = arrow_odbc.connect(text, login_timeout_sec=30, autocommit=False)
        for statement in opening:
            self._connection.execute(statement)

    def rows(self, sql: str, batch_rows: int, columns: Columns | None = None) -> Generator[Mapping[str, pa.Array]]:
        """The rows of a SELECT, in blocks."""
        reader = self._connection.read_arrow_batches(
            sql,
            batch_size=batch_rows,
            max_bytes_per_batch=ROOM,
            max_text_size=LARGEST_TEXT,
            max_binary_size=LARGEST_TEXT,
            map_schema=lambda found: _fetched_as(found, columns),
            fetch_concurrently=False,
        )
        for batch in reader:
            yield dict(zip(batch.schema.names, batch.columns, strict=True))

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        blocks = self.rows(sql, 1000)
        return [row for block in blocks for row in zip(*(column.to_pylist() for column in block.values()), strict=True)]

    def close(self) -> None:
        self._connection.rollback()
        del self._connection


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
