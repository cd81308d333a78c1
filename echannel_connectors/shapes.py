"""What a stream says of its rows, and whether they are so: a source of one's own is held to it before a row is stored.

These errors are for whoever writes a source, and are English, as those of specs are.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import get_args

from echannel_connectors.arrow import ARROW_TYPES, sql_type
from echannel_connectors.errors import SettingsError, UnexpectedData, did_you_mean
from echannel_connectors.models.core import TABLES, CoreTable
from echannel_connectors.streams import Batch, Deletes, Shape, Source

OWN = ("_changed_at", "_deleted_at", "_row")  # columns of the library's in raw tables and on the way there


def agree(source: Source, name: str, shape: Shape) -> None:
    """Raises SettingsError for a shape that no warehouse could hold, that nothing could be merged by, or that is named
    as a table of core's and is none."""
    place = f"the stream {source.name}.{name}"
    _can_be_held(place, shape)
    if name in TABLES and not getattr(source, "maps_in_warehouse", False):
        _is_of_core(place, shape, TABLES[name])


def _is_of_core(place: str, shape: Shape, table: CoreTable) -> None:
    """Its rows become core's as they are."""
    hint = "give it core's key and types (models/core.py has them), or another name"
    if set(shape.key) != set(table.key):
        said = f"its key is {', '.join(shape.key)} and not {', '.join(table.key)}"
        raise SettingsError(f"{place} is named as a table of core, but {said}", hint=hint)
    for field in shape.columns:
        word = table.types.get(field.name)
        if word is not None and field.type != ARROW_TYPES[word]:
            said = f"{field.name!r} is {field.type} and not {ARROW_TYPES[word]}"
            raise SettingsError(f"{place} is named as a table of core, but {said}", hint=hint)


def _can_be_held(place: str, shape: Shape) -> None:
    names = shape.columns.names
    if not shape.key:
        raise SettingsError(
            f"{place} has no key", hint="name the columns that tell its rows apart: Shape(…, key=('id',))"
        )
    for name in filter(None, (*shape.key, shape.group)):
        if name not in names:
            raise SettingsError(f"{place} has no column {name!r}, which it names", hint=did_you_mean(name, names))
    # DuckDB and BigQuery take Name and name for one column.
    for name, times in Counter(name.casefold() for name in (*names, *OWN)).items():
        if times > 1:
            said = "which is the library's own" if name in OWN else "more than once, be it in other capitals"
            raise SettingsError(f"{place} has the column {name!r}, {said}", hint="give it another name")
    for field in shape.columns:
        try:
            sql_type(field.type)
        except SettingsError as error:
            raise SettingsError(f"{place}: {field.name!r}: {error.sentence}", hint=error.hint) from None
    if shape.deletes not in get_args(Deletes):
        raise SettingsError(
            f"{place} finds what is gone by {shape.deletes!r}", hint=did_you_mean(shape.deletes, get_args(Deletes))
        )


def fitting(batch: Batch, shape: Shape) -> Batch:
    """The batch with its columns as the shape orders them. Raises UnexpectedData where they are others, or of other
    types (a warehouse would round and guess), and where the key is NULL (which no merge finds again)."""
    rows, names = batch.rows, shape.columns.names
    if rows.schema.names != names:
        if sorted(rows.schema.names) != sorted(names):
            odd = sorted({*rows.schema.names} ^ {*names})
            raise UnexpectedData(f"{shape.name}: its rows do not have the columns of its shape: {', '.join(odd)}")
        rows = rows.select(names)
        batch = replace(batch, rows=rows)
    for field, given in zip(shape.columns, rows.schema.types, strict=True):
        if given != field.type:
            sentence = f"{shape.name}: {field.name!r} is {given} in its rows and {field.type} in its shape"
            raise UnexpectedData(sentence, hint="cast it in the source, which knows what it means")
    for name in shape.key:
        if empty := rows.column(name).null_count:
            raise UnexpectedData(f"{shape.name}: {name!r} is of the key, and NULL in {empty:,} rows")
    return batch
