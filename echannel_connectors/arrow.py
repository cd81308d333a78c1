"""Field types (the model's words ↔ Arrow ↔ warehouse) and the one place where text becomes typed columns.

Sources hand over columns of text (or None, or the numbers a JSON parser made). Arrow's C++ casts a whole column at a
time; only when a column refuses is it looked at value by value, so that the rows that do not fit are set aside by name.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.errors import SettingsError, UnexpectedData
from echannel_connectors.streams import SetAside

MONEY = pa.decimal128(18, 6)
RATE = pa.decimal128(18, 8)

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


def sql_type(kind: pa.DataType) -> str:
    """The DuckDB type that holds this Arrow type exactly."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        fields = ", ".join(f'"{kind.field(n).name}" {sql_type(kind.field(n).type)}' for n in range(kind.num_fields))
        return f"STRUCT({fields})"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP WITH TIME ZONE" if kind.tz else "TIMESTAMP"
    for name, known in ARROW_TYPES.items():
        if kind == known:
            return SQL_TYPES[name]
    raise SettingsError(f"no warehouse type for the Arrow type {kind}")


def e_mail(name: str) -> pa.Field:
    """A text column whose values leave the source only as a keyed hash, under the name `<name>_hash`."""
    return pa.field(name, pa.string(), metadata={PRIVATE: b"email"})


def to_batch(
    columns: Mapping[str, Sequence[Any]], schema: pa.Schema, key: tuple[str, ...]
) -> tuple[pa.RecordBatch, tuple[SetAside, ...]]:
    """The columns as one typed batch of `schema`; rows that do not fit are left out and named.

    Values are text, None, or a JSON parser's numbers and booleans. Empty text and zero dates are NULL. A row whose
    value does not fit its column's type, or whose key is NULL, comes back as `SetAside` instead.
    """
    bad: dict[int, SetAside] = {}
    texts = {field.name: _texts(columns[field.name]) for field in schema if not pa.types.is_nested(field.type)}

    def reject(column: str, row: int, reason: str) -> None:
        key_text = ", ".join(f"{name}={texts[name][row]}" for name in key)
        bad.setdefault(row, SetAside(key_text, column, str(columns[column][row])[:200], reason))

    arrays = []
    for field in schema:
        if pa.types.is_nested(field.type):
            arrays.append(pa.array(columns[field.name], field.type))
            continue
        arrays.append(_typed(texts[field.name], field.type, partial(reject, field.name)))
    for name in key:
        array = arrays[schema.get_field_index(name)]
        if array.null_count:
            for row in pc.indices_nonzero(array.is_null()).to_pylist():
                reject(name, row, "the key is empty")
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    if bad:
        keep = pa.array([row not in bad for row in range(batch.num_rows)])
        batch = batch.filter(keep)
    return batch, tuple(bad[row] for row in sorted(bad))


def _texts(values: Sequence[Any]) -> list[str | None]:
    """The values as text; a JSON number keeps the digits that it was written with, as far as JSON's parser did."""
    return [
        value or None
        if type(value) is str
        else None
        if value is None
        else ("1" if value else "0")
        if type(value) is bool
        else str(value)
        for value in values
    ]


def _typed(texts: list[str | None], kind: pa.DataType, reject: Callable[[int, str], None]) -> pa.Array:
    if pa.types.is_string(kind):
        return pa.array(texts, kind)
    array = pa.array(texts, pa.string())
    if pa.types.is_temporal(kind):
        array = pc.if_else(pc.is_in(array, pa.array(ZERO_DATES)), None, array)
    try:
        return _cast(array, kind)
    except pa.ArrowInvalid:
        return pa.concat_arrays([_cast_one(array[row : row + 1], kind, row, reject) for row in range(len(array))])


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind):  # "2026-03-01" and "2026-03-01 00:00:00" are the same day
        return pc.utf8_slice_codeunits(array, 0, 10).cast(kind)
    return array.cast(kind)


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


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the schema's columns and types (missing ones NULL), for rows that are typed already."""
    arrays = []
    for field in schema:
        at = batch.schema.get_field_index(field.name)
        if at < 0:
            arrays.append(pa.nulls(batch.num_rows, field.type))
            continue
        try:
            arrays.append(batch.column(at).cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnexpectedData(f"column {field.name!r} does not fit {_said(field.type)}: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def one_batch(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """Several batches of one schema as a single one."""
    table = pa.Table.from_batches(list(batches), schema).combine_chunks()
    found = table.to_batches()
    return found[0] if found else pa.RecordBatch.from_pylist([], schema)
