"""Arrow tables as what a Sheet can hold: rows of JSON, a number format per column, and what does not fit told before.

A cell holds a double, a text or a boolean. Money goes as a number only where a double is exactly that amount; days and
moments are days since 1899-12-30 with a format; NULL and an empty text are both an empty cell.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.errors import DestinationError
from echannel_connectors.models.company import decimals
from echannel_connectors.texts import say

LONGEST = 50_000  # characters in a cell
CUT = " […]"
CHUNK = 1_900_000  # bytes of one request; 2 MB are recommended
SPOOL = 16 * 2**20  # bytes of a table that are kept in memory, the rest goes to a temporary file
DIGITS = 15  # that a double tells apart, whatever they are
EPOCH_DAY = 25_569  # 1970-01-01 in days since 1899-12-30

Format = dict[str, str]
TEXT: Format = {"type": "TEXT"}
DAY: Format = {"type": "DATE", "pattern": "yyyy-mm-dd"}
MOMENT: Format = {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm:ss"}
WHOLE: Format = {"type": "NUMBER", "pattern": "0"}
AMOUNT: Format = {"type": "NUMBER", "pattern": "#,##0.00####"}

# Kinds that only a company's own mart can have.
NO_CELL = (pa.types.is_nested, pa.types.is_binary, pa.types.is_interval, pa.types.is_duration)


def format_of(one: pa.Field, currency: str) -> Format | None:
    """The number format of a column, with the decimals of the reporting currency; None leaves it to the Sheet."""
    kind = one.type
    if pa.types.is_string(kind):
        return TEXT
    if pa.types.is_date(kind):
        return DAY
    if pa.types.is_timestamp(kind):
        return MOMENT
    if pa.types.is_integer(kind):
        return WHOLE
    if pa.types.is_decimal(kind) and re.search(r"_base(_|$)", one.name):
        places = decimals(currency)
        return {**AMOUNT, "pattern": f"#,##0.{'0' * places}{'#' * (6 - places)}" if places else "#,##0"}
    return AMOUNT if pa.types.is_decimal(kind) or pa.types.is_floating(kind) else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that go in one request: where they begin (0 is the header) and their bytes in the spool."""

    first: int
    rows: int
    start: int
    size: int


@dataclass(slots=True)
class Cells:
    """A whole table, encoded: what a Sheet is asked to hold, with the hash that tells whether it holds it already."""

    name: str
    schema: pa.Schema
    file: IO[bytes]  # what is encoded, until it has been sent
    formats: list[Format | None]  # of its columns
    rows: int = 0  # the header apart
    cut: int = 0  # texts that were longer than a cell
    chunks: list[Chunk] = field(default_factory=list)
    hash: str = ""

    @property
    def columns(self) -> int:
        return len(self.schema)

    @property
    def height(self) -> int:
        return self.rows + 1

    def values(self, chunk: Chunk) -> bytes:
        """The rows of a chunk as JSON arrays, with commas between them."""
        self.file.seek(chunk.start)
        return self.file.read(chunk.size)


@contextmanager
def encoded(name: str, reader: pa.RecordBatchReader, time_zone: str, currency: str = "EUR") -> Iterator[Cells]:
    """The table as a Sheet's cells. Raises DestinationError for what no cell holds as it is."""
    for one in reader.schema:
        if any(is_so(one.type) for is_so in NO_CELL):
            raise DestinationError(
                say("{table}.{column} is of a kind that a Sheet cannot hold", table=name, column=one.name),
                hint=say("make a text or a number of it in the mart's SELECT"),
            )
    with tempfile.SpooledTemporaryFile(SPOOL) as file:
        cells = Cells(name, reader.schema, file, [format_of(one, currency) for one in reader.schema])
        digest = hashlib.sha256(repr([*zip(reader.schema.names, cells.formats, strict=True)]).encode())
        for rows in _chunks(_lines(cells, reader, time_zone)):
            data = b",".join(rows)
            first = cells.chunks[-1].first + cells.chunks[-1].rows if cells.chunks else 0
            cells.chunks.append(Chunk(first, len(rows), file.tell(), len(data)))
            file.write(data)
            digest.update(data)
            cells.rows = first + len(rows) - 1
        cells.hash = digest.hexdigest()
        yield cells


def _lines(cells: Cells, reader: pa.RecordBatchReader, time_zone: str) -> Iterator[bytes]:
    yield orjson.dumps(reader.schema.names)
    for batch in reader:
        columns = [_column(cells, one, batch.column(n), time_zone) for n, one in enumerate(batch.schema)]
        for row in zip(*columns, strict=True):
            yield orjson.dumps(row)


def _chunks(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    rows: list[bytes] = []
    size = 0
    for line in lines:
        if rows and size + len(line) > CHUNK:
            yield rows
            rows, size = [], 0
        rows.append(line)
        size += len(line) + 1
    yield rows


def _column(cells: Cells, one: pa.Field, array: pa.Array, time_zone: str) -> Sequence[Any]:
    """A column's cells; "" empties a cell, where null would leave what stood there."""
    if pa.types.is_date(one.type):
        array = pc.add(array.cast(pa.int32()), EPOCH_DAY)
    elif pa.types.is_timestamp(one.type):
        array = _serials(array, time_zone)
    elif pa.types.is_decimal(one.type) or pa.types.is_integer(one.type):
        array = _doubles(cells.name, one, array)
    elif pa.types.is_string(one.type):
        too_long = pc.greater(pc.utf8_length(array), LONGEST)
        if count := pc.sum(too_long).as_py():
            cells.cut += count
            short = pc.binary_join_element_wise(pc.utf8_slice_codeunits(array, 0, LONGEST - len(CUT)), CUT, "")
            array = pc.if_else(too_long, short, array)
    return ["" if value is None else value for value in array.to_pylist()]


def _serials(array: pa.Array, time_zone: str) -> pa.Array:
    """Moments in the company's local time, as days since 1899-12-30 with a fraction, to the second."""
    local = pc.local_timestamp(array.cast(pa.timestamp("us", time_zone), safe=False)) if array.type.tz else array
    seconds = pc.floor(
        pc.divide(local.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(pa.float64()), 1_000_000)
    )
    return pc.add(pc.divide(seconds, 86_400.0), float(EPOCH_DAY))


def _doubles(table: str, one: pa.Field, array: pa.Array) -> pa.Array:
    """Numbers as doubles, every one of which reads back as exactly what it was."""
    # By way of text: Arrow's own cast is off by one bit for one amount in three (0.1 becomes 0.09999999999999999).
    doubles = array.cast(pa.string()).cast(pa.float64())
    sure = 10.0 ** (DIGITS - (one.type.scale if pa.types.is_decimal(one.type) else 0))
    for n in pc.indices_nonzero(pc.greater_equal(pc.abs(doubles), sure)).to_pylist():
        if Decimal(repr(doubles[n].as_py())) != Decimal(array[n].as_py()):
            raise DestinationError(
                say(
                    "{table}.{column} holds {value}, which a Sheet cannot hold exactly",
                    table=table,
                    column=one.name,
                    value=array[n].as_py(),
                ),
                hint=say(
                    "a Sheet keeps 15 digits of a number: use DuckDB or BigQuery for such amounts, "
                    "or round it in a mart of your own"
                ),
            )
    return array if pa.types.is_integer(one.type) else doubles
