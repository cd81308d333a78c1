"""A company's own columns in core tables: those that specs declare under `extra`, of all sources together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.errors import SettingsError
from echannel_connectors.models.core import TABLES, CoreTable
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Source
from echannel_connectors.texts import say

Types = Mapping[str, str]  # column → its type, in the warehouse's words

# What a raw table's own columns are called in the model's words. A warehouse that tells of a decimal no places
# (BigQuery) leaves open which of them it is.
WORDS = {kind.replace(" ", "").upper(): word for word, kind in reversed(SQL_TYPES.items())}
DECIMALS = frozenset({"money", "quantity", "rate"})
OPEN = "DECIMAL(38,9)"
BOOKS = frozenset({"_changed_at", "_deleted_at", "email_hash"})


def extended(sources: Collection[str], specs: Mapping[str, Spec], raw: Mapping[str, Types]) -> dict[str, CoreTable]:
    """Every core table with the columns that its sources add, by its name.

    A source whose spec is at hand adds what that declares; of another one, what its raw table holds beside the model's
    columns. Raises SettingsError where two sources give a column of one name different types.
    """
    found = {}
    for name, table in TABLES.items():
        types: dict[str, tuple[str, str]] = {}  # column → its word, and the source that said it
        for source in sources:
            for column, word in _of(source, table, specs.get(source), raw).items():
                types[column] = _agreed(name, column, (word, source), types.get(column))
        found[name] = table.with_extra({column: word or "money" for column, (word, _) in types.items()})
    return found


def agree(sources: Iterable[Source]) -> None:
    """Raises SettingsError where the specs of these sources give a column different types: before anything is read."""
    specs = {one.name: spec for one in sources if (spec := getattr(one, "spec", None)) is not None}
    extended(specs, specs, {})


def _of(source: str, table: CoreTable, spec: Spec | None, raw: Mapping[str, Types]) -> dict[str, str]:
    """The columns that a source adds to a table, with their words; "" for a decimal of unknown places."""
    if spec is not None:
        own = spec.tables[table.name].extra if table.name in spec.tables else {}
        return {column: one.type for column, one in own.items()}
    there = raw.get(f"{source}__{table.name}", {})
    kinds = {name: kind.replace(" ", "").upper() for name, kind in there.items()}
    return {
        name: "" if kind == OPEN else WORDS[kind]
        for name, kind in kinds.items()
        if name not in table.types and name not in BOOKS and (kind == OPEN or kind in WORDS)
    }


def _agreed(table: str, column: str, one: tuple[str, str], other: tuple[str, str] | None) -> tuple[str, str]:
    if other is None:
        return one
    kinds = {SQL_TYPES[word] for word, _ in (one, other) if word}
    is_open = not (one[0] and other[0])
    if len(kinds) > 1 or (is_open and not {one[0], other[0]} <= DECIMALS | {""}):
        before, now = other[0] or "money", one[0] or "money"
        sentence = say(
            "core.{table} has a column {column!r} that is {first} in {source} and {second} in {other}",
            table=table, column=column, first=before, source=other[1], second=now, other=one[1],
        )  # fmt: skip
        raise SettingsError(sentence, hint=say("give both the same 'type', or one of them another name"))
    return one if one[0] else other
