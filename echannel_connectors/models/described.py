"""What the marts' tables and columns mean, in English and French, from marts.yaml: for warehouses, docs and people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from echannel_connectors.destinations.commit import literal, quoted
from echannel_connectors.specs.places import FASTEST

LAST_YEAR = "_last_year"


@dataclass(frozen=True, slots=True)
class Described:
    """One mart in one language: what it answers, and what each of its columns holds."""

    table: str
    columns: Mapping[str, str]


def describe(mart: str, columns: Iterable[str], language: str) -> Described:
    """A mart (without its schema) and these columns of it. Raises KeyError for what nobody described."""
    found = _file()
    own = found["marts"][mart]["columns"]

    def said(column: str) -> str:
        if column.endswith(LAST_YEAR):
            return str(found["last_year"][language]).format(column=column.removesuffix(LAST_YEAR))
        return str((own.get(column) or found["columns"][column])[language])

    return Described(found["marts"][mart]["table"][language], {column: said(column) for column in columns})


def comments(columns: Mapping[str, Iterable[str]], language: str) -> Iterator[str]:
    """COMMENT ON statements for the marts that are described, given the columns of each by its name (mart.sales)."""
    for table, names in columns.items():
        if (mart := table.removeprefix("mart.")) in _file()["marts"]:
            one = describe(mart, names, language)
            yield f"COMMENT ON TABLE {table} IS {literal(one.table)}"
            for name, text in one.columns.items():
                yield f"COMMENT ON COLUMN {table}.{quoted(name)} IS {literal(text)}"


@cache
def _file() -> dict[str, Any]:
    text = (resources.files("echannel_connectors") / "models" / "marts.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, FASTEST)  # noqa: S506 - a safe loader
    return found
