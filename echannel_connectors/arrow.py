"""Field types (the model's words ↔ Arrow ↔ warehouse) and the one place where text becomes typed columns.

Sources hand over columns of text (or None, or the numbers a JSON parser made). Arrow's C++ casts a whole column at a
time; only when a column refuses is it looked at value by value, so that the rows that do not fit are set aside by name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.errors import SettingsError
from echannel_connectors.streams import Batch, SetAside

MONEY = pa.decimal128(18, 6)
RATE = pa.decimal128(18, 8)
DIGITS = 38  # the most that a warehouse's decimals have

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "money": MONEY,
    "quantity": MONEY,
    "rate": RATE,
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "moment": pa.timestamp("us", "UTC"),
    "local_moment": pa.timestamp("us"),  # a source's own local time, before its zone is applied
    "translations": pa.list_(pa.struct([("language", pa.int64()), ("text", pa.string())])),
}

# What a warehouse calls them; BigQuery's names come from sqlglot's translation of these.
SQL_TYPES: dict[str, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "money": "DECIMAL(18, 6)",
    "quantity": "DECIMAL(18, 6)",
    "rate": "DECIMAL(18, 8)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "moment": "TIMESTAMP WITH TIME ZONE",
    "local_moment": "TIMESTAMP",
    "translations": "STRUCT(language BIGINT, text VARCHAR)[]",
}

PRIVATE = b"echannel.private"
ZERO_DATES = ("0000-00-00 00:00:00", "0000-00-00")
GAPS = ("", *ZERO_DATES)
UNCLEAN = r"[\x00-\x08\x0b-\x1f]"


def sql_type(kind: pa.DataType) -> str:
    """The DuckDB type that holds this Arrow type exactly. Raises SettingsError where none does."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        leaves = [kind.field(n) for n in range(kind.num_fields)]
        fields = ", ".join('"{}" {}'.format(leaf.name.replace('"', '""'), sql_type(leaf.type)) for leaf in leaves)
        return f"STRUCT({fields})"
    if pa.types.is_decimal(kind) and 0 <= kind.scale <= kind.precision <= DIGITS:
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind) and kind.unit != "ns":  # of which the last three digits would go
        return "TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP"
    for name, known in ARROW_TYPES.items():
        if kind == known:
            return SQL_TYPES[name]
    raise SettingsError(
        f"no warehouse type for the Arrow type {kind}",
        hint="cast it to string, int64, decimal128, bool, date32, timestamp('us') or a list or struct of these",
    )


def e_mail(name: str) -> pa.Field:
    """A text column whose values leave the source only as a keyed hash, under the name `<name>_hash`."""
    return pa.field(name, pa.string(), metadata={PRIVATE: b"email"})


@dataclass(frozen=True, slots=True)
class Nested:
    """A column of lists of records: how many each row has, and the leaves of all of them, end to end."""

    lengths: Sequence[int]
    leaves: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.lengths)

    def after(self, rows: int) -> Nested:
        """Without the first so many rows."""
        at = sum(self.lengths[:rows])
        return Nested(self.lengths[rows:], {name: leaves[at:] for name, leaves in self.leaves.items()})


def to_batch(
    columns: Mapping[str, Sequence[Any] | Nested], schema: pa.Schema, key: tuple[str, ...]
) -> tuple[pa.RecordBatch, tuple[SetAside, ...]]:
    """The columns as one typed batch of `schema`; rows that do not fit are left out and named.

    Values are text, None, or a JSON parser's numbers and booleans. Empty text and zero dates are NULL; control
    characters are left out. A row whose
    value does not fit its column's type, or whose key is NULL, comes back as `SetAside` instead.
    """
    try:
        batch = pa.RecordBatch.from_arrays(_by_type(columns, schema), schema=schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return _row_by_row(columns, schema, key)
    if any(batch.column(name).null_count for name in key):
        return _row_by_row(columns, schema, key)
    return batch, ()


def _by_type(columns: Mapping[str, Sequence[Any] | Nested], schema: Iterable[pa.Field]) -> list[pa.Array]:
    """All columns of a type are cast as one array and cut apart again: what costs is the number of Arrow calls."""
    kinds: dict[pa.DataType, dict[str, pa.Array]] = {}
    done: dict[str, pa.Array] = {}
    for field in schema:
        column = columns[field.name]
        if isinstance(column, Nested):
            done[field.name] = _nested(column, field.type)
        elif (numbers := _integers(column, field.type)) is not None:
            done[field.name] = numbers
        else:
            kinds.setdefault(field.type, {})[field.name] = _texts(column)
    for kind, texts in kinds.items():
        array = _cast(pa.concat_arrays(list(texts.values())), kind)
        height = len(array) // len(texts)
        for n, name in enumerate(texts):
            done[name] = array.slice(n * height, height)
    return [done[field.name] for field in schema]


def _nested(column: Nested, kind: pa.DataType) -> pa.Array:
    fields = [kind.value_type.field(n) for n in range(kind.value_type.num_fields)]
    offsets = pa.array([0, *accumulate(column.lengths)], pa.int32())
    return pa.ListArray.from_arrays(
        offsets, pa.StructArray.from_arrays(_by_type(column.leaves, fields), fields=fields), type=kind
    )


def _row_by_row(
    columns: Mapping[str, Sequence[Any] | Nested], schema: pa.Schema, key: tuple[str, ...]
) -> tuple[pa.RecordBatch, tuple[SetAside, ...]]:
    """The slow way, for batches with values that do not fit: each row that holds one is set aside by name."""
    bad: dict[int, SetAside] = {}
    texts = {name: _texts(column) for name, column in columns.items() if not isinstance(column, Nested)}

    def reject(column: str, row: int, reason: str) -> None:
        key_text = ", ".join(f"{name}={texts[name][row]}" for name in key)
        bad.setdefault(row, SetAside(key_text, column, str(texts[column][row])[:200], reason))

    arrays = []
    for field in schema:
        column = columns[field.name]
        if isinstance(column, Nested):
            arrays.append(_nested(column, field.type))
        else:
            arrays.append(_typed(texts[field.name], field.type, partial(reject, field.name)))
    for name in key:
        for row in pc.indices_nonzero(arrays[schema.get_field_index(name)].is_null()).to_pylist():
            reject(name, row, "the key is empty")
    keep = pa.array([row not in bad for row in range(len(arrays[0]))], pa.bool_())
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema).filter(keep)
    return batch, tuple(bad[row] for row in sorted(bad))


def _texts(values: Sequence[Any]) -> pa.Array:
    """The values as text; a JSON number keeps the digits that it was written with, as far as JSON's parser did."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):  # PHP 8.1 and later send numbers
        return pa.array([_text(value) for value in values], pa.string())


def _integers(values: Sequence[Any], kind: pa.DataType) -> pa.Array | None:
    """A column of JSON's whole numbers as it is, without the way through text."""
    if not pa.types.is_integer(kind) or not values or type(values[0]) is not int:
        return None
    try:
        return pa.array(values, kind)
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return None


def _text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if type(value) is bool:
        return "1" if value else "0"
    return str(value)


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Text of many columns of one type, typed; raises ArrowInvalid when one value does not fit."""
    gaps = pc.is_in(array, _gaps())
    if gaps.true_count:
        array = pc.if_else(gaps, None, array)
    if pa.types.is_date(kind):  # "2026-03-01" and "2026-03-01 00:00:00" are the same day
        array = pc.utf8_slice_codeunits(array, 0, 10)
    return _clean(array) if pa.types.is_string(kind) else array.cast(kind)


@lru_cache
def _gaps() -> pa.Array:
    """Made when it is needed: the first array of Python values makes Arrow import pandas, which takes a while."""
    return pa.array(GAPS)


def _clean(array: pa.Array) -> pa.Array:
    """Text as XML could carry it, whatever form it came in: without control characters, lines ended by a line feed."""
    if pc.any(pc.match_substring_regex(array, UNCLEAN)).as_py():
        array = pc.replace_substring_regex(pc.replace_substring_regex(array, "\r\n?", "\n"), UNCLEAN, "")
    return array


def _typed(texts: pa.Array, kind: pa.DataType, reject: Callable[[int, str], None]) -> pa.Array:
    try:
        return _cast(texts, kind)
    except pa.ArrowInvalid:
        found = [_cast_one(texts[row : row + 1], kind, row, reject) for row in range(len(texts))]
        return pa.concat_arrays(found)


def _cast_one(value: pa.Array, kind: pa.DataType, row: int, reject: Callable[[int, str], None]) -> pa.Array:
    try:
        return _cast(value, kind)
    except pa.ArrowInvalid as error:
        reject(row, f"is not {_said(kind)}: {str(error)[:120]}")
        return pa.nulls(1, kind)


def _said(kind: pa.DataType) -> str:
    return next((name.replace("_", " ") for name, known in ARROW_TYPES.items() if known == kind), str(kind))


def without_secrets(schema: pa.Schema) -> pa.Schema:
    """The schema as a warehouse holds it: private columns appear as `<name>_hash`."""
    return pa.schema([_hashed_field(field) if _is_private(field) else field for field in schema])


def hash_private(batch: pa.RecordBatch, salt: str | None) -> pa.RecordBatch:
    """The batch with each private column replaced by its keyed hash (NULL when there is no salt).

    HMAC-SHA-256 of the trimmed lower-case address, as 64 hexadecimal digits: the same person is recognised across
    sources, and nobody without the salt can try addresses against it.
    """
    if not any(_is_private(field) for field in batch.schema):
        return batch
    arrays = [
        _hashed(array, salt) if _is_private(field) else array
        for field, array in zip(batch.schema, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=without_secrets(batch.schema))


def _is_private(field: pa.Field) -> bool:
    return bool(field.metadata and PRIVATE in field.metadata)


def _hashed_field(field: pa.Field) -> pa.Field:
    return pa.field(f"{field.name}_hash", pa.string())


def _hashed(array: pa.Array, salt: str | None) -> pa.Array:
    if not salt:
        return pa.nulls(len(array), pa.string())
    keyed = salt.encode()
    return pa.array(
        [
            hmac.new(keyed, text.strip().lower().encode(), hashlib.sha256).hexdigest() if text else None
            for text in array.to_pylist()
        ],
        pa.string(),
    )


@contextmanager
def memory_used_again() -> Iterator[None]:
    """For batches that come one after another: mimalloc, which Arrow takes where nobody says otherwise, gives their
    pages back to the system each time, which clears new ones for the next. jemalloc, where Arrow has it, keeps them; at
    the end they are given back."""
    before = pa.default_memory_pool()
    is_ours = before.backend_name == "mimalloc" and "jemalloc" in pa.supported_memory_backends()
    if is_ours:
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    try:
        yield
    finally:
        pa.default_memory_pool().release_unused()
        if is_ours:
            pa.set_memory_pool(before)


def one_batch(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """Several batches of one schema as a single one."""
    parts = list(batches)
    if len(parts) == 1:
        return parts[0]
    table = pa.Table.from_batches(parts, schema).combine_chunks()
    found = table.to_batches()
    return found[0] if found else pa.RecordBatch.from_pylist([], schema)


def joined(batches: Sequence[Batch], schema: pa.Schema) -> Batch:
    """Batches that follow each other as a single one, with the position of the last."""
    if len(batches) == 1:
        return batches[0]
    rows = one_batch([batch.rows for batch in batches], schema)
    set_aside = tuple(item for batch in batches for item in batch.set_aside)
    return Batch(rows, batches[-1].position, set_aside, tuple(value for batch in batches for value in batch.whole))
