"""Values as a database gives them → Arrow columns in core's types, exactly. A float never becomes money here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.errors import SpecError, UnexpectedData
from echannel_connectors.texts import say

GROUP = 122_880  # one of DuckDB's row groups: commits of whole groups take half the time of others
WIDE = 38  # the digits of the decimals on their way
MACHINE = 18  # the digits that a machine's numbers surely hold
ZERO = "0000-00-00"  # MySQL's day that is none
# What programs write where there is no day: the first one of SQL Server, of .NET, and the day 0 of OLE. At midnight.
NO_DAYS = tuple((date.fromisoformat(day) - date(1970, 1, 1)).days for day in ("0001-01-01", "1753-01-01", "1899-12-30"))
USUAL = 2**26  # most programs count their rows from one on: the keys below are ticked off, in 64 MiB at most
DAY = 24 * 60 * 60 * 1_000_000
MISFITS = (pa.ArrowException, ValueError, TypeError, OverflowError)  # what Arrow says of a value that does not fit


@dataclass(frozen=True, slots=True)
class Columns:
    """What a SELECT's columns become: the schema, declared decimals, and the zones of moments in local time."""

    name: str  # the table, for errors
    schema: pa.Schema
    scales: Mapping[str, int] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    key: Sequence[str] = ()  # columns that a row is named by in errors

    def typed(self, found: Mapping[str, pa.Array | Sequence[Any]]) -> pa.RecordBatch:
        """One batch of the schema. Raises SpecError for money that arrives as a float, UnexpectedData for misfits."""
        arrays = []
        for one in self.schema:
            try:
                arrays.append(self._column(one, found[one.name]))
            except MISFITS as error:
                raise self.misfit(one.name, error, found) from error
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _column(self, one: pa.Field, values: pa.Array | Sequence[Any]) -> pa.Array:
        array = values if isinstance(values, pa.Array) else self._array(one, values)
        if pa.types.is_decimal(one.type):
            return self._exact(one, array)
        if pa.types.is_timestamp(one.type):
            return self._moment(one, array)
        return _day(one, array) if pa.types.is_date(one.type) else array.cast(one.type)

    def misfit(self, column: str, error: Exception, found: Mapping[str, pa.Array | Sequence[Any]]) -> UnexpectedData:
        """A value that does not fit the type of its column, in one sentence: which one, and in which row."""
        row = next((n for n, value in enumerate(found[column]) if not self._fits(column, value)), None)
        problem: object = str(error)[:160]
        if row is not None:
            value = _plain(found[column][row])
            problem = repr(f"{value:f}" if isinstance(value, Decimal) else value)[:80]
            key = ", ".join(f"{name} {_plain(found[name][row])}" for name in self.key if name in found)
            problem = f"{problem} ({key})" if key else problem
        sentence = say(
            "{table}.{column} does not fit its type {kind}: {problem}",
            table=self.name,
            column=column,
            kind=self.schema.field(column).type,
            problem=problem,
        )
        return UnexpectedData(sentence, hint=say("look at this column's expression in the spec"))

    def _fits(self, column: str, value: Any) -> bool:
        value = _plain(value)
        if value is None or isinstance(value, bytes):
            return value is None
        try:
            self._column(self.schema.field(column), [value])
        except MISFITS:
            return False
        return True

    def _array(self, one: pa.Field, values: Sequence[Any]) -> pa.Array:
        """Python values of a driver as an Arrow array of about the right type."""
        sample = next((value for value in values if value is not None), None)
        if pa.types.is_string(one.type):
            return pa.array([None if value is None else str(value) for value in values], pa.string())
        if pa.types.is_decimal(one.type):
            if any(type(value) is float for value in values):
                raise self._float(one)
            if not isinstance(sample, str):
                return pa.array(values, self.decimal(one))
        if pa.types.is_temporal(one.type) and any(isinstance(value, str) for value in values):
            return pa.array([_said(value) for value in values], pa.string())
        return pa.array(values)

    def _exact(self, one: pa.Field, array: pa.Array) -> pa.Array:
        if pa.types.is_floating(array.type):
            raise self._float(one)
        if pa.types.is_integer(array.type):  # Arrow wants room for every integer's digits
            return array.cast(pa.decimal128(WIDE, 0)).cast(one.type)
        if one.name in self.scales and not pa.types.is_null(array.type):
            # More decimals than core keeps were declared: rounded here, once, half away from zero as databases do.
            wide = array.cast(pa.decimal128(WIDE, self.scales[one.name]))
            return pc.round(wide, one.type.scale, "half_towards_infinity").cast(one.type)
        array.validate(full=True)  # Arrow's CSV counts digits before it adds decimals: what is too long would pass
        if array.type != one.type and _is_shorter(array.type, one.type):
            return _lengthened(array, one.type)
        return array.cast(one.type)

    def decimal(self, one: pa.Field, scale: int | None = None) -> pa.Decimal128Type:
        """The type that a decimal column is read as: core's own, one with room for all decimals declared, or one with
        those of the server's `scale`, which is parsed in three quarters of the time that core's takes."""
        if one.name in self.scales:
            return pa.decimal128(WIDE, max(int(one.type.scale), self.scales[one.name]))
        return one.type if scale is None else _with_scale(one.type, scale)

    def _moment(self, one: pa.Field, array: pa.Array) -> pa.Array:
        """Local moments in their zone, others as UTC; the repeated hour in autumn counts as its first one."""
        if not pa.types.is_timestamp(array.type) or not array.type.tz:
            array = _real(_dated(array).cast(pa.timestamp("us")), DAY)
            if zone := self.zones.get(one.name):
                array = pc.assume_timezone(array, zone, ambiguous="earliest", nonexistent="latest")
            return array.cast(one.type)
        return _real(array.cast(one.type), DAY)

    def _float(self, one: pa.Field) -> SpecError:
        return SpecError(
            f"{self.name}.{one.name} arrives as a floating-point number, which money must never be",
            hint=f"declare its decimals in the spec: {one.name}: {{sql: …, scale: 6}}",
        )


def _with_scale(kind: pa.Decimal128Type, scale: int) -> pa.Decimal128Type:
    """The type with fewer decimals that holds what the other one does before its point; the same one where its numbers
    have more digits than a machine's."""
    if not 0 <= scale < kind.scale or kind.precision > MACHINE or kind.precision <= kind.scale - scale:
        return kind
    return pa.decimal128(kind.precision - (kind.scale - scale), scale)


def _is_shorter(kind: pa.DataType, than: pa.Decimal128Type) -> bool:
    return bool(pa.types.is_decimal128(kind) and kind == _with_scale(than, kind.scale))


def _lengthened(array: pa.Array, kind: pa.Decimal128Type) -> pa.Array:
    """The same numbers with more decimals, which machine numbers have room for. (Arrow's cast looks at each.)"""
    valid, values = array.buffers()
    lower = np.frombuffer(values, np.int64)[::2]
    room = pa.allocate_buffer(values.size)
    longer = np.frombuffer(room, np.int64).reshape(-1, 2)
    np.multiply(lower, 10 ** (kind.scale - array.type.scale), out=longer[:, 0])
    np.right_shift(longer[:, 0], 63, out=longer[:, 1])  # the sign
    return pa.Array.from_buffers(kind, len(array), [valid, room], array.null_count, array.offset)


def _day(one: pa.Field, array: pa.Array) -> pa.Array:
    array = _dated(array)
    if pa.types.is_string(array.type):
        array = pc.utf8_slice_codeunits(array, 0, 10)
    return _real(array.cast(one.type), 1)


def _dated(array: pa.Array) -> pa.Array:
    """Dates as text without those that are zero. A number (20260131, an epoch) is no date: the spec makes it one."""
    if not pa.types.is_string(array.type):
        if not pa.types.is_temporal(array.type) and not pa.types.is_null(array.type):
            raise pa.ArrowInvalid(f"{array.type} is no date")
        return array
    zero = pc.starts_with(array, ZERO)
    return pc.if_else(zero, None, array) if zero.true_count else array


def _real(array: pa.Array, unit: int) -> pa.Array:
    """Days or moments (so many units to a day) without those that stand for nothing."""
    kind = pa.int32() if unit == 1 else pa.int64()
    first = pc.min(array.view(kind)).as_py()
    if first is None or first > NO_DAYS[-1] * unit:
        return array
    nothing = pa.array([day * unit for day in NO_DAYS], kind).view(array.type)
    return pc.if_else(pc.is_in(array, nothing), None, array)


def _plain(value: Any) -> Any:
    """A value as Python has it; bytes as text if they are any."""
    value = value.as_py() if isinstance(value, pa.Scalar) else value
    with suppress(UnicodeDecodeError):
        return value.decode() if isinstance(value, bytes) else value
    return value


def _said(value: Any) -> str | None:
    return None if value is None else str(value)


class Keys:
    """The keys of one reading, batch by batch: none is NULL, none comes twice in a batch."""

    def __init__(self, table: str, key: Sequence[str], *, in_order: bool) -> None:
        self._table = table
        self._key = key
        self._in_order = in_order  # of (cursor, key): what is twice comes side by side
        self._rows = 0
        # Takes memory where one is ticked off.
        self._seen: npt.NDArray[np.bool_] | None = None if in_order else np.zeros(USUAL, np.bool_)
        self.last: tuple[Any, ...] | None = None

    def check(self, rows: pa.RecordBatch) -> int | None:
        """How many rows came before, if each of them and of these has a key of its own; None if that is not known.
        Raises SpecError where a key is NULL or comes twice."""
        columns = [rows.column(name) for name in self._key]
        for name, column in zip(self._key, columns, strict=True):
            if column.null_count:
                raise SpecError(f"{self._said} is not always there: {name} is NULL in some rows")
        numbers = None if self._in_order else _different_numbers(columns[-1])
        if numbers is None and not self._are_unique(columns):
            hint = "a join that finds several rows is the usual reason"
            raise SpecError(f"{self._said} is not unique in what the SELECT returns", hint=hint)
        before = self._rows
        self._rows += rows.num_rows
        self.last = tuple(column[rows.num_rows - 1].as_py() for column in columns)
        return before if self._are_others(numbers) else None

    def _are_others(self, numbers: npt.NDArray[np.int64] | None) -> bool:
        """Whether all rows so far have keys of their own: each number is ticked off in a list of the usual ones."""
        seen, self._seen = self._seen, None
        if seen is None or numbers is None or numbers[0] < 0 or numbers[-1] >= len(seen) or seen[numbers].any():
            return False
        seen[numbers] = True
        self._seen = seen
        return True

    @property
    def _said(self) -> str:
        return f"{self._table}: the key ({', '.join(self._key)})"

    def _are_unique(self, columns: Sequence[pa.Array]) -> bool:
        if not self._in_order:
            return _are_distinct(columns)
        first = tuple(column[0].as_py() for column in columns)
        return first != self.last and not reduce(pc.and_, (pc.equal(one[1:], one[:-1]) for one in columns)).true_count


def _different_numbers(column: pa.Array) -> npt.NDArray[np.int64] | None:
    """A column of numbers, most often written as text, from the smallest to the largest; None if it holds anything
    else, or a number twice. One column whose values are different is enough for a key."""
    if not pa.types.is_string(column.type) and not pa.types.is_integer(column.type):
        return None
    try:
        cast = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    numbers = np.frombuffer(cast.buffers()[1], np.int64)[cast.offset : cast.offset + len(cast)]
    if (numbers[1:] > numbers[:-1]).all():  # as most tables lie
        return numbers
    numbers = np.sort(numbers)
    return None if (numbers[1:] == numbers[:-1]).any() else numbers


def _are_distinct(columns: Sequence[pa.Array]) -> bool:
    """Whether no row comes twice; one column without a repeat is enough, and the last one is the likeliest to be that.
    (Arrow's group_by would tell as well, but imports pandas for it, as its to_numpy() does.)"""
    codes = np.zeros(len(columns[0]), np.int64)
    for column in reversed(columns):
        encoded = column.dictionary_encode()
        if len(encoded.dictionary) == len(codes):
            return True
        codes = codes * len(encoded.dictionary) + np.frombuffer(encoded.indices.buffers()[1], np.int32)[: len(codes)]
    codes.sort()
    return not (codes[1:] == codes[:-1]).any()
