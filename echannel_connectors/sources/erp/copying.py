"""PostgreSQL by COPY: the server prints text, and Arrow's C++ parses it with the types that the server declares.

No Python object is made per value: five to ten times as fast as rows fetched by the driver, and just as exact.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc

from echannel_connectors.sources.erp.rows import Columns

# Types by their OIDs in pg_type.dat, which never change.
BOOL, FLOATS, INTEGERS, NUMERIC = 16, (700, 701), (20, 21, 23, 26), 1700
DATE, TIMESTAMP, TIMESTAMP_TZ = 1082, 1114, 1184
ARROW: Mapping[int, pa.DataType] = {
    BOOL: pa.bool_(),
    DATE: pa.date32(),
    TIMESTAMP: pa.timestamp("us"),
    TIMESTAMP_TZ: pa.timestamp("us", "UTC"),
    **dict.fromkeys(FLOATS, pa.float64()),
    **dict.fromkeys(INTEGERS, pa.int64()),
}
BLOCK = 256 * 1024  # what stays in the processor's cache: larger blocks take a fifth longer


def copied(connection: Any, sql: str, columns: Columns) -> Generator[Mapping[str, pa.Array]]:
    """The rows of a SELECT on a psycopg connection, in blocks. Left early, the connection is of no more use."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({sql}) AS asked LIMIT 0")
        kinds = {column.name: column.type_code for column in cursor.description}
    wanted = {one.name: _parsed_as(one, kinds[one.name], columns) for one in columns.schema}
    printed = _Copy(connection, sql)
    if printed.is_empty():
        return
    try:
        for batch in pc.open_csv(
            pa.PythonFile(printed, mode="r"),
            pc.ReadOptions(column_names=list(kinds), block_size=BLOCK, use_threads=False),
            pc.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),  # an empty line is a single NULL
            pc.ConvertOptions(
                column_types=wanted, include_columns=list(wanted), null_values=[""], strings_can_be_null=True,
                quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"],
            ),
        ):  # fmt: skip
            yield dict(zip(batch.schema.names, batch.columns, strict=True))
    except pa.ArrowInvalid as error:
        place = re.search(r"CSV column #(\d+)", str(error))
        if place is None:
            raise
        raise columns.misfit(list(kinds)[int(place[1])], error) from error


def _parsed_as(one: pa.Field, kind: int, columns: Columns) -> pa.DataType:
    """Text stays as the server prints it; a number is parsed as what it is in the server, so that none is rounded."""
    if pa.types.is_string(one.type):
        return pa.string()
    if kind == NUMERIC:
        return columns.decimal(one) if pa.types.is_decimal(one.type) else pa.string()
    return ARROW.get(kind, pa.string())


class _Copy:
    """COPY's rows as a file that Arrow reads from."""

    closed = False

    def __init__(self, connection: Any, sql: str) -> None:
        self._rows = self._printed(connection, sql)
        self._left = b""

    def is_empty(self) -> bool:
        """Whether there is no row at all, which Arrow takes for an error."""
        self._left = next(self._rows, b"")
        return not self._left

    def read(self, size: int) -> bytes:
        """Whole rows, as many as `size` bytes hold; of a row that is larger, a part; nothing at the end."""
        row: bytes | None = self._left
        parts, held = [], 0
        while row and held + len(row) <= size:
            parts.append(row)
            held += len(row)
            row = next(self._rows, None)
        self._left = row or b""
        if not held:
            parts, self._left = [self._left[:size]], self._left[size:] or next(self._rows, b"")
        return b"".join(parts)

    def close(self) -> None:
        """The connection belongs to somebody else."""

    def _printed(self, connection: Any, sql: str) -> Iterator[bytes]:
        """libpq's own loop: psycopg's costs several times as much per row."""
        from psycopg import errors, pq

        wire = connection.pgconn
        result = wire.exec_(f"COPY ({sql}) TO STDOUT (FORMAT csv)".encode())
        while result is not None and result.status == pq.ExecStatus.COPY_OUT:
            size, row = wire.get_copy_data(0)
            if size <= 0:
                result = wire.get_result()
                break
            yield bytes(row)
        while result is not None:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                raise errors.error_from_result(result)
            result = wire.get_result()
