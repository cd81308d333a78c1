"""A company's own marts: SQL files in its project's folder `marts/`, built after the library's from core and marts.

A mistake in one is told and leaves everything else as it is: the figures that others look at do not wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from echannel_connectors.destinations import Warehouse
from echannel_connectors.errors import EChannelError, SettingsError, did_you_mean
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.selects import filled
from echannel_connectors.settings import text_of
from echannel_connectors.texts import Text, say

FOLDER = "marts"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class OwnMart:
    """One file: the table that it makes and its SELECT, checked and in its final words."""

    table: str  # mart.name
    file: Path
    select: str
    reads: frozenset[str]  # the tables that it reads, as `schema.name`


def own_marts(project: Path | None, values: Mapping[str, str], marts: Iterable[str]) -> list[OwnMart]:
    """The marts of a project's folder, each after those it reads; `values` fill `:currency` and the like.

    Raises SettingsError with the file, and the line where one is known, for what is no single SELECT over core and
    marts, or takes a name that the library's marts have.
    """
    folder = project / FOLDER if project else None
    files = sorted(folder.glob("*.sql")) if folder and folder.is_dir() else []
    taken = set(marts)
    for file in files:
        if not NAME.fullmatch(file.stem):
            raise _mistake(file, say("{name!r} is no name for a table: small letters, digits and _", name=file.stem))
        if f"mart.{file.stem}" in taken:
            raise _mistake(
                file, say("the library has a mart {name} already", name=file.stem), say("choose another name")
            )
    queries = {f"mart.{file.stem}": _query(file, values) for file in files}
    places = {f"mart.{file.stem}": file for file in files}
    reads = {name: frozenset(_tables(places[name], query, {*taken, *queries})) for name, query in queries.items()}
    below = {name: sorted(found & queries.keys()) for name, found in reads.items()}
    try:
        order = list(TopologicalSorter(below).static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise _mistake(places[error.args[1][0]], say("marts that read each other: {circle}", circle=circle)) from None
    return [OwnMart(name, places[name], queries[name].sql("duckdb"), reads[name]) for name in order]


def build_own(into: Warehouse, marts: Iterable[OwnMart]) -> Iterator[tuple[OwnMart, Text | None]]:
    """Build each one by itself; with it why it could not be built."""
    for one in marts:
        problem: Text | None = None
        try:
            into.execute(f"CREATE OR REPLACE TABLE {one.table} AS {one.select}")
        except EChannelError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the warehouse has to say about somebody's SQL
            said = " ".join(str(error).split("\n\n")[0].split())
            problem = say("{file} could not be built: {problem}", file=f"{FOLDER}/{one.file.name}", problem=said)
        yield one, problem


def _query(file: Path, values: Mapping[str, str]) -> exp.Query:
    text = _filled(file, values)
    try:
        statements = sqlglot.parse(text, read="duckdb")
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        place = ":".join(str(first[part]) for part in ("line", "col") if first.get(part))
        raise _mistake(
            file, say("this is not valid SQL: {problem}", problem=first.get("description", error)), at=place
        ) from None
    query = statements[0] if len(statements) == 1 else None
    if not isinstance(query, exp.Query):
        raise _mistake(file, say("a mart is one SELECT"))
    return query


def _filled(file: Path, values: Mapping[str, str]) -> str:
    """The file's SQL with each `:name` outside of strings and comments as a literal."""
    try:
        return filled(text_of(file), values)
    except KeyError as unknown:
        name = unknown.args[0]
        raise _mistake(file, say("nothing is known as :{name}", name=name), did_you_mean(name, values)) from None


def _tables(file: Path, query: exp.Query, marts: set[str]) -> Iterator[str]:
    """The tables that are read; personal data stays in raw, which a mart cannot see."""
    known = {*marts, *(f"core.{name}" for name in TABLES)}
    inner = {cte.alias for cte in query.find_all(exp.CTE)}
    for found in query.find_all(exp.Table):
        if isinstance(found.this, exp.Anonymous | exp.Func):
            raise _mistake(file, say("a mart reads tables of core and mart, not {name}", name=found.sql("duckdb")))
        name = f"{found.db}.{found.name}" if found.db else found.name
        if not found.db and name in inner:
            continue
        if name not in known:
            hint = did_you_mean(name, known) if found.db in ("core", "mart") else ""
            raise _mistake(file, say("a mart reads tables of core and mart, not {name}", name=name), hint)
        yield name


def _mistake(file: Path, sentence: Text, hint: Text | str = "", at: str = "") -> SettingsError:
    return SettingsError(sentence, hint=hint, place=f"{file}:{at}" if at else str(file))
