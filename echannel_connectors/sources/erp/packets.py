"""MariaDB and MySQL by the text they send: packets become CSV where they lie, and Arrow's C++ parses it.

The server sends a packet per row: four bytes of header, then each value as text after a byte that holds its length. A
block of packets is turned into lines of CSV in place, all rows of a column at once: a header becomes a line end and a
column that nobody reads, each length a separator. No Python object is made per value. What such a line cannot hold (a
separator or a line end inside a text, a text of more than 250 bytes) is covered up, and put in afterwards.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from struct import Struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.csv as pc

from echannel_connectors.errors import UnexpectedData
from echannel_connectors.sources.erp.ahead import one_ahead
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.rows import GROUP, ZERO, Columns
from echannel_connectors.texts import say

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

BLOCK = 2 * 1024 * 1024
HEADER = 4
RUN = 1024  # rows that are looked for in one way before the other is tried
LARGEST = 0xFFFFFF  # a packet of this size goes on in the next one
NULL, TWO_MORE, THREE_MORE, EIGHT_MORE = 251, 252, 253, 254  # instead of a length
END, ERROR = 0xFE, 0xFF  # instead of the first length
SEPARATOR, LINE_END, RETURN, COVER, BLANK = 0x1F, 0x0A, 0x0D, 0x78, 0x20
STEPS = np.array([1 + size if size < NULL else 1 for size in range(256)], np.int64)  # from one length to the next
NOTHING = ["", ZERO, f"{ZERO} 00:00:00", *(f"{ZERO} 00:00:00.{'0' * digits}" for digits in range(1, 7))]
UNREAD = ""  # the column that the headers become
TEXTS = (pa.string(), pa.binary())

# Types by their numbers in the protocol, and the flag of numbers without a sign.
INTEGERS, FLOATS, DECIMALS = (1, 2, 3, 8, 9, 13), (4, 5), (0, 246)
DATE, MOMENTS, BIT = (10, 14), (7, 12), 16
UNSIGNED = 32


class MySql:
    """A PyMySQL connection. A result cannot be left half-way: whoever does so closes it."""

    closed = False
    at_once = GROUP

    def __init__(self, address: Address, opening: Sequence[str]) -> None:
        import pymysql

        said = {
            "host": address.server, "port": address.port, "user": address.user, "password": address.secret,
            "database": address.database, **address.query,
        }  # fmt: skip
        wanted: dict[str, Any] = {
            name: int(value) if name.endswith("_timeout") else value for name, value in said.items() if value
        }
        self._connection = pymysql.connect(**{"charset": "utf8mb4", **wanted})
        for statement in opening:
            self._connection.query(statement)

    @staticmethod
    def refusals() -> tuple[type[Exception], ...]:
        import pymysql

        return (pymysql.Error, OSError)

    def rows(self, sql: str, columns: Columns, _: int) -> Generator[Mapping[str, pa.Array]]:
        is_whole = False
        try:
            yield from fetched(self._connection, sql, columns)
            is_whole = True
        finally:
            if not is_whole:
                self.close()

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def close(self) -> None:
        self.closed = True
        if self._connection.open:
            self._connection.close()


def fetched(connection: Any, sql: str, columns: Columns) -> Generator[Mapping[str, pa.Array]]:
    """The rows of a SELECT on a PyMySQL connection, in blocks. Left early, the connection is of no more use."""
    connection.query(sql, unbuffered=True)
    fields = connection._result.fields
    connection._result.unbuffered_active = False  # from here on the rows are read here, and not by the driver
    names = [field.name for field in fields]
    wanted = {one.name: fields[names.index(one.name)] for one in columns.schema}
    kinds = {name: _parsed_as(columns.schema.field(name), field, columns) for name, field in wanted.items()}
    blocks = _blocks(connection._rfile, len(fields))
    for block in one_ahead(blocks, lambda: connection._sock.shutdown(socket.SHUT_RDWR)):
        found = _parsed(block, names, kinds, columns)
        for name, field in wanted.items():
            if field.type_code == BIT:
                found[name] = _bits(found[name])
        yield found


def _parsed_as(one: pa.Field, field: Any, columns: Columns) -> pa.DataType:
    """Text stays as the server prints it; a number is parsed as what it is in the server, so that none is rounded."""
    kind = field.type_code
    if kind == BIT:
        return pa.binary()
    if pa.types.is_string(one.type):
        return pa.string()
    if kind in INTEGERS:
        return pa.uint64() if field.flags & UNSIGNED else pa.int64()
    if kind in FLOATS:
        return pa.float64()
    if kind in DECIMALS:
        return columns.decimal(one, field.scale) if pa.types.is_decimal(one.type) else pa.decimal128(38, field.scale)
    if kind in MOMENTS and pa.types.is_timestamp(one.type):
        return pa.timestamp("us")
    return pa.date32() if kind in DATE and pa.types.is_date(one.type) else pa.string()


# -- packets ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole rows: their bytes, where each value's length stands (column by column), and which values are NULL."""

    data: Bytes
    at: list[Places]
    nulls: list[npt.NDArray[np.bool_]]
    odd: dict[int, dict[int, bytes]]  # column → row → what a line of CSV cannot hold


def _blocks(stream: Any, width: int) -> Iterator[_Block]:
    """The rows of a result, read from the connection's buffered file."""
    left = b""
    rooms = cycle([_Room(), _Room(), _Room()])  # of the block that is parsed, the one that waits, the one that is made
    while True:
        read = stream.read1(BLOCK)
        if not read:
            raise ConnectionResetError(2013, "the server closed the connection while it was sending")
        data = left + read if left else read
        starts, end = _rows(data)
        begin = int(starts[-1]) if len(starts) else end
        last = data[begin + HEADER] if len(starts) else 0
        is_over = last in (END, ERROR) and _is_last(data, begin, end)
        rows, size = (starts[:-1], begin) if is_over else (starts, end)
        if len(rows):
            yield _block(next(rooms), np.frombuffer(data, np.uint8, size), rows, width)
        if is_over:
            if last == ERROR:
                _refuse(data[begin + HEADER : end])
            return
        left = data[end:]


def _rows(data: bytes) -> tuple[Places, int]:
    """Where the whole packets of `data` begin, up to the last one of the result, and where they end."""
    starts: list[Places] = []
    at, is_over = 0, False
    while not is_over:
        found, at = _short_rows(data, at)
        starts.append(found)
        if len(found) < RUN:
            found, at, is_over = _any_rows(data, at)
            starts.append(found)
    return np.concatenate(starts), at


def _short_rows(data: bytes, at: int) -> tuple[Places, int]:
    """The same for rows that follow each other and have less than 256 bytes, as most have. Only the lowest byte of
    their lengths is looked at to find them; that the others are zero is seen to afterwards, for all of them at once."""
    places = [at]
    with suppress(IndexError):  # the end of the data
        for _ in range(RUN):
            at += HEADER + data[at]
            places.append(at)
    starts = np.array(places, np.int64)
    starts = starts[: np.searchsorted(starts, len(data), "right")]  # with the end of the last whole one
    buffer, begin = np.frombuffer(data, np.uint8), starts[:-1]
    is_other = (buffer[begin + 1] != 0) | (buffer[begin + 2] != 0) | (buffer.take(begin + HEADER, mode="clip") >= END)
    count = int(is_other.argmax()) if is_other.any() else len(begin)
    return begin[:count], places[count]


def _any_rows(data: bytes, at: int) -> tuple[Places, int, bool]:
    """The same, one by one, for a number of them; and whether there are no more."""
    places: list[int] = []
    is_over = False
    size_at = Struct("<I").unpack_from
    while len(places) < RUN and not is_over:
        size = size_at(data, at)[0] & LARGEST if at + HEADER < len(data) else LARGEST
        end = at + HEADER + size
        if end > len(data):
            is_over = True
        elif size == LARGEST:
            raise UnexpectedData(say("a row of the database has more than 16 MiB"))
        else:
            places.append(at)
            is_over = data[at + HEADER] >= END and _is_last(data, at, end)
            at = end
    return np.array(places, np.int64), at, is_over


def _is_last(data: bytes, start: int, end: int) -> bool:
    """An error, or the short packet that ends a result; a row that begins with a very long text is longer than it."""
    return data[start + HEADER] == ERROR or end - start - HEADER < 9


def _refuse(packet: bytes) -> None:
    from pymysql.err import raise_mysql_exception

    raise_mysql_exception(packet)


class _Room:
    """Memory for a block, used again and again: new memory is cleared by the system page by page."""

    def __init__(self) -> None:
        self._bytes: Bytes = np.empty(0, np.uint8)
        self._marks: npt.NDArray[np.bool_] = np.empty(0, np.bool_)

    def copied(self, data: Bytes) -> Bytes:
        if len(self._bytes) < len(data):
            self._bytes, self._marks = np.empty(len(data), np.uint8), np.empty(len(data), np.bool_)
        buffer = self._bytes[: len(data)]
        buffer[:] = data
        return buffer

    def control_characters(self, buffer: Bytes) -> int:
        """How many bytes of a copy could be separators or line ends: one look for all of them."""
        return int(np.count_nonzero(np.less(buffer, BLANK, out=self._marks[: len(buffer)])))


def _block(room: _Room, data: Bytes, begin: Places, width: int) -> _Block:
    """Packets as lines of CSV. Every place of a length is visited, all rows of a column at once."""
    buffer = room.copied(data)
    buffer[begin] = LINE_END
    for byte in range(1, HEADER):
        buffer[begin + byte] = COVER
    at, nulls, odd = [], [], {}
    place = begin + HEADER
    for column in range(width):
        size = buffer.take(place)
        buffer[place] = SEPARATOR
        at.append(place)
        nulls.append(size == NULL)
        step = STEPS.take(size)
        if size.max() > NULL:
            odd[column] = _long(buffer, place, size, step)
        place = place + step
    if room.control_characters(buffer) != len(begin) * (width + 1):  # else they are those that were put there
        _cover_odd(buffer, len(begin), at, place, odd)
    return _Block(buffer, at, nulls, odd)


def _long(buffer: Bytes, place: Places, size: Bytes, step: Places) -> dict[int, bytes]:
    """Texts of more than 250 bytes, taken out; `step` is corrected to lead behind them."""
    found = {}
    for row in np.flatnonzero(size > NULL).tolist():
        begin = int(place[row]) + 1
        more = {TWO_MORE: 2, THREE_MORE: 3, EIGHT_MORE: 8}[int(size[row])]
        length = int.from_bytes(buffer[begin : begin + more].tobytes(), "little")
        found[row] = buffer[begin + more : begin + more + length].tobytes()
        buffer[begin : begin + more + length] = COVER
        step[row] = 1 + more + length
    return found


def _cover_odd(buffer: Bytes, rows: int, at: list[Places], ends: Places, odd: dict[int, dict[int, bytes]]) -> None:
    """Take out the texts that hold a separator or a line end."""
    is_odd = (buffer == SEPARATOR) | (buffer == LINE_END) | (buffer == RETURN)
    if np.count_nonzero(is_odd) == rows * (len(at) + 1):  # those that were put there
        return
    strange = np.flatnonzero(is_odd)
    places = np.array([*at, ends])  # column by column; a value ends where the next one begins
    by_place = places[:-1].ravel()
    order = np.argsort(by_place)
    strange = np.setdiff1d(strange, by_place, assume_unique=True)
    owner = order[np.searchsorted(by_place[order], strange, "right") - 1]
    columns, lines = np.divmod(owner, rows)
    inside = (strange > places[columns, lines]) & (strange < places[columns + 1, lines])  # not the ends of lines
    for column, row in sorted(set(zip(columns[inside].tolist(), lines[inside].tolist(), strict=True))):
        begin, end = int(places[column, row]) + 1, int(places[column + 1, row])
        odd.setdefault(column, {})[row] = buffer[begin:end].tobytes()
        buffer[begin:end] = COVER


# -- Arrow ------------------------------------------------------------------------------------------------------------


def _parsed(
    block: _Block, names: Sequence[str], kinds: Mapping[str, pa.DataType], columns: Columns
) -> dict[str, pa.Array]:
    """The columns that are wanted, typed. Raises UnexpectedData for what a type cannot hold."""
    try:
        found = _read(block, names, kinds)
    except pa.ArrowInvalid as error:
        place = re.search(r"CSV column #(\d+)", str(error))
        if place is None:
            raise
        texts = _read(block, names, dict.fromkeys(kinds, pa.binary()))
        raise columns.misfit(names[int(place[1]) - 1], error, texts) from error
    odd = next((name for name, kind in kinds.items() if kind not in TEXTS and names.index(name) in block.odd), None)
    if odd is not None:
        texts = _read(block, names, dict.fromkeys(kinds, pa.binary()))
        raise columns.misfit(odd, ValueError("a text of several lines"), texts)
    return found


def _read(block: _Block, names: Sequence[str], kinds: Mapping[str, pa.DataType]) -> dict[str, pa.Array]:
    """The same. Raises ArrowInvalid for what a type cannot hold."""
    table = pc.read_csv(
        pa.BufferReader(pa.py_buffer(block.data[1:])),
        pc.ReadOptions(column_names=[UNREAD, *names], block_size=2 * block.data.size, use_threads=False),
        pc.ParseOptions(delimiter=chr(SEPARATOR), quote_char=False, ignore_empty_lines=False),
        pc.ConvertOptions(
            column_types=dict(kinds), include_columns=list(kinds), null_values=NOTHING, strings_can_be_null=False
        ),
    ).combine_chunks()
    found = {}
    for name, kind in kinds.items():
        column = names.index(name)
        array = table[name].chunk(0)
        if kind in TEXTS:
            array = _with_nulls(_with_odd(array, block.odd.get(column)), block.nulls[column])
        found[name] = array
    return found


def _with_odd(array: pa.Array, odd: Mapping[int, bytes] | None) -> pa.Array:
    if not odd:
        return array
    rows = sorted(odd)
    mask = np.zeros(len(array), np.bool_)
    mask[rows] = True
    return compute.replace_with_mask(
        array, pa.array(mask), pa.array([odd[row] for row in rows], pa.binary()).cast(array.type)
    )


def _with_nulls(array: pa.Array, nulls: npt.NDArray[np.bool_]) -> pa.Array:
    """NULL is not an empty text."""
    if not nulls.any():
        return array
    valid = pa.py_buffer(np.packbits(~nulls, bitorder="little"))
    return pa.Array.from_buffers(array.type, len(array), [valid, *array.buffers()[1:]], offset=array.offset)


def _bits(array: pa.Array) -> pa.Array:
    """BIT comes as bytes, the largest first."""
    values = [None if value is None else int.from_bytes(value, "big") for value in array.to_pylist()]
    return pa.array(values, pa.uint64())
