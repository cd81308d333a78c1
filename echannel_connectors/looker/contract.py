"""Template ↔ mart: what a template needs that the tables do not have, or have with another type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from echannel_connectors.errors import did_you_mean
from echannel_connectors.looker.template import Source, Template
from echannel_connectors.texts import say

# How pyarrow, DuckDB and BigQuery spell their types, by the first letters of the lower-case name; the first match
# counts, so "datetime" stands before "date". A dictionary holds text.
FAMILIES = {
    "text": ("string", "large_string", "utf8", "varchar", "text", "char", "uuid", "dictionary"),
    "moment": ("timestamp", "datetime"),
    "date": ("date",),
    "": ("interval",),  # before "int": a length of time is not a number
    "number": (
        *("int", "bigint", "smallint", "tinyint", "hugeint", "uint", "ubigint", "usmallint", "utinyint", "uhugeint"),
        *("decimal", "numeric", "bignumeric", "float", "double", "real", "half"),
    ),
    "boolean": ("bool",),
}
ACCEPTED = {
    "text": {"text"},
    "country": {"text"},
    "date": {"date"},
    "moment": {"moment"},
    "integer": {"number"},
    "quantity": {"number"},
    "money": {"number"},
    "percent": {"number"},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a template needs and the mart does not give; `column` is '' when the whole mart is missing."""

    kind: Literal["no mart", "no column", "other type"]
    source: str
    mart: str
    column: str
    sentence: str


def check_contract(template: Template, marts: Mapping[str, Mapping[str, object]]) -> list[Problem]:
    """What is missing or has another type, given each mart's columns and their types (pyarrow's, or a name)."""
    problems: list[Problem] = []
    for alias, source in template.sources.items():
        if source.mart not in marts:
            sentence = say("the table {name} is not there", name=f"mart.{source.mart}")
            problems.append(Problem("no mart", alias, source.mart, "", sentence))
        else:
            problems += _column_problems(alias, source, marts[source.mart])
    return problems


def _column_problems(alias: str, source: Source, columns: Mapping[str, object]) -> list[Problem]:
    problems: list[Problem] = []
    for name, field in source.fields.items():
        column = field.column or name
        place = f"mart.{source.mart}.{column}"
        if column not in columns:
            sentence = say("{name} is not there; {hint}", name=place, hint=did_you_mean(column, columns))
            problems.append(Problem("no column", alias, source.mart, column, sentence))
        elif field.aggregation not in ("count", "count_distinct"):  # anything can be counted
            family = type_family(columns[column])
            if family not in ACCEPTED[field.type]:
                found = columns[column]
                sentence = say("{name} is {found}, which is not {wanted}", name=place, found=found, wanted=field.type)
                problems.append(Problem("other type", alias, source.mart, column, sentence))
    return problems


def type_family(named: object) -> str:
    """Text, number, date, moment or boolean; '' for a type that no template reads."""
    text = str(named).lower()
    for family, starts in FAMILIES.items():
        if text.startswith(starts):
            return family
    return ""
