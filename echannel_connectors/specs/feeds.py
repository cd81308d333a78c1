"""Which marts a connector can fill: derived from the marts' own SQL, column by column.

A mart needs the core columns that its SELECT reads, through the marts below it. Where a table is missing that its rows
come from, it stays empty; where another is missing, or a column, some of its columns do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.mart_sql import mart_selects
from echannel_connectors.specs import Spec
from echannel_connectors.specs.columns import expressions
from echannel_connectors.specs.compile import PERSONAL, Reader
from echannel_connectors.specs.pieces import pieces
from echannel_connectors.specs.rows import is_empty

OWN = frozenset(
    {"source", "_deleted_at", "duplicate_of_source", "duplicate_of_order_id", "same_as_source", "same_as_customer_id"}
)  # the library fills these
ENTERED = frozenset({"markets", "costs", "cost_rules", "targets", "fx_rates"})  # the company's own files can give them
WEB = frozenset({"traffic", "traffic_users", "ad_costs", "web_orders", "web_items"})  # what web analytics give
MADE = "mart_"  # before the name of a mart or a step where another one reads it
Columns = Mapping[str, frozenset[str]]  # core table → columns


@dataclass(frozen=True, slots=True)
class Feed:
    """How far a connector fills a mart or a template: what is missing, and what leaves it without any row."""

    name: str
    missing_tables: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()  # table.column, of tables that are there
    needs: tuple[str, ...] = ()

    @property
    def state(self) -> Literal["fed", "partly", "not"]:
        if self.needs:
            return "not"
        return "partly" if self.missing_tables or self.missing_columns else "fed"


def provided(spec: Spec) -> dict[str, frozenset[str]]:
    """The core columns that a spec fills: those that it writes, and not as a mere NULL."""
    reader = Reader(spec, {}, spec.dialect, {})
    found = {}
    for name, table in spec.tables.items():
        trees = {piece.path[2:]: (piece, reader.parsed(piece)) for piece in pieces(spec.connector, name, table)}
        written = {column for column, (_, nodes) in expressions(table, trees).items() if not all(map(_is_null, nodes))}
        if PERSONAL in written:
            written.add(f"{PERSONAL}_hash")
        found[name] = frozenset({*written, *table.maps, *TABLES[name].key, *OWN})
    return found


def marts() -> tuple[str, ...]:
    """The marts' names, each after those that it reads."""
    return tuple(name.removeprefix("mart.") for name in mart_selects(Company()) if name.startswith("mart."))


def read_columns(mart: str, wanted: Iterable[str] | None = None) -> dict[str, set[str]]:
    """The core columns that a mart (or those of its columns that are wanted) reads in the end, by table."""
    found: dict[str, set[str]] = {}
    asked = {mart: set(_qualified(mart).named_selects if wanted is None else wanted)}
    for table in reversed(_made()):
        if table in asked:
            for source, columns in _reads(table, frozenset(asked[table])).items():
                below = asked if source.startswith(MADE) else found
                below.setdefault(source.removeprefix(MADE), set()).update(columns)
    return found


def used_columns() -> dict[str, set[str]]:
    """The core columns that any mart reads, by table."""
    found: dict[str, set[str]] = {}
    for table in _made():
        for source, columns in _sources(_qualified(table)).items():
            if not source.startswith(MADE):
                found.setdefault(source, set()).update(columns)
    return found


def mart_feed(mart: str, columns: Columns) -> Feed:
    """How far these core columns fill a mart."""
    return _feed(mart, read_columns(mart), columns)


def template_feed(name: str, reads: Mapping[str, Iterable[str]], columns: Columns) -> Feed:
    """How far they fill a template, given the columns that it reads of each mart."""
    known = marts()
    unknown = tuple(f"mart.{mart}" for mart in reads if mart not in known)
    feeds = [_feed(mart, read_columns(mart, wanted), columns) for mart, wanted in reads.items() if mart in known]
    needs = tuple(dict.fromkeys(need for feed in feeds for need in feed.needs))
    is_empty_throughout = all(feed.needs for feed in feeds)
    return Feed(
        name,
        tuple(dict.fromkeys([*unknown, *(table for feed in feeds for table in feed.missing_tables)])),
        tuple(dict.fromkeys(column for feed in feeds for column in feed.missing_columns)),
        needs if is_empty_throughout else (),
    )


def _feed(name: str, read: Mapping[str, set[str]], columns: Columns) -> Feed:
    # A shop or an ERP is not told that it lacks what other sources are there for, unless the mart is about that.
    others = ENTERED if "traffic" in read or "orders" not in columns else ENTERED | WEB
    gone = [table for table in read if table not in columns]
    lacking = [f"{table}.{column}" for table in read if table in columns for column in read[table] - columns[table]]
    needs: list[str] = []
    if _is_empty(name, {table: found for table, found in columns.items() if table in TABLES}):
        everything = {table: frozenset({*core.types, *OWN}) for table, core in TABLES.items()}
        needs = [one for one in sorted([*gone, *lacking]) if _is_empty(name, _without(everything, one))] or sorted(gone)
    # A table that is read for its key alone only joins others together.
    absent = [
        table for table in gone if table in needs or (table not in others and read[table] - OWN - {*TABLES[table].key})
    ]
    return Feed(name, tuple(sorted(absent)), tuple(sorted(lacking)), tuple(needs))


def _without(columns: Columns, one: str) -> Columns:
    table, _, column = one.partition(".")
    if not column:
        return {name: found for name, found in columns.items() if name != table}
    return {**columns, table: columns[table] - {column}}


def _is_empty(mart: str, columns: Columns) -> bool:
    """Whether a mart gives no row where core has nothing but these columns."""
    return is_empty(_qualified(mart), columns, {f"{MADE}{name}": _qualified(name) for name in _made()})


@cache
def _made() -> tuple[str, ...]:
    """The names of marts and of the steps on the way to them, each after those that it reads."""
    return tuple(name.partition(".")[2] for name in mart_selects(Company()))


@cache
def _reads(table: str, wanted: frozenset[str]) -> dict[str, set[str]]:
    """What its own SELECT reads for some of its columns: columns of core, and of what else is made here."""
    whole = _qualified(table)
    known = [exp.alias_(exp.column(name, "m"), name) for name in whole.named_selects if name in wanted]
    return _sources(
        _pruned(exp.select(*known or "1", copy=False).from_(whole.copy().subquery("m", copy=False), copy=False))
    )


def _sources(query: exp.Query) -> dict[str, set[str]]:
    """The columns that a SELECT reads of each table."""
    found: dict[str, set[str]] = {}
    for scope in traverse_scope(query):
        for name, source in scope.sources.items():
            if isinstance(source, exp.Table) and (source.db == "core" or source.name.startswith(MADE)):
                found.setdefault(source.name, set()).update(column.name for column in scope.source_columns(name))
    return found


def _pruned(query: exp.Query) -> exp.Query:
    """Without what nothing uses."""
    pruned = pushdown_projections(query)
    while _leaves_out_joins(pruned):
        pruned = pushdown_projections(pruned)
    return pruned


@cache
def _qualified(mart: str) -> exp.Query:
    """A mart's own SELECT, every column with its table, what is made here by a name without a schema: worked out once,
    however many marts and templates read it."""
    selects = mart_selects(Company())
    tree = sqlglot.parse_one(selects[f"mart.{mart}" if f"mart.{mart}" in selects else f"core.{mart}"], read="duckdb")
    schema: dict[str, Any] = {"core": {
        name: {**{column: SQL_TYPES[word] for column, word in table.types.items()}, **dict.fromkeys(OWN, "VARCHAR")}
        for name, table in TABLES.items()
    }}  # fmt: skip
    for call in list(tree.find_all(exp.Anonymous)):
        # A function that sqlglot does not know might give rows, and would not be left out: ours give values.
        call.replace(exp.Concat(expressions=call.expressions))
    for table in tree.find_all(exp.Table):
        if _is_made(table):
            schema.setdefault(table.db, {})[table.name] = dict.fromkeys(_qualified(table.name).named_selects, "VARCHAR")
    qualified = qualify(tree, dialect="duckdb", schema=schema, validate_qualify_columns=False)
    assert isinstance(qualified, exp.Query)  # `mart_selects` gives SELECTs
    for table in list(qualified.find_all(exp.Table)):
        if _is_made(table):
            name = table.alias or table.name
            table.replace(exp.alias_(exp.to_table(f"{MADE}{table.name}"), name, table=True))
    return qualified


def _is_made(table: exp.Table) -> bool:
    """Whether a SELECT reads a mart here, or a step on the way to one."""
    return table.db == "mart" or (table.db == "core" and table.name not in TABLES)


def _leaves_out_joins(query: exp.Query) -> bool:
    """Drop each LEFT JOIN of which nothing is shown: a mart joins by key, so its rows stay. Whether there was one."""
    dropped = False
    for scope in traverse_scope(query):
        joins = scope.expression.args.get("joins") or []
        for join in [one for one in joins if one.side == "LEFT"]:
            shown = (one for one in scope.columns if one.find_ancestor(exp.Join) is not join)
            if all(column.table != join.alias_or_name for column in shown):
                joins.remove(join)
                dropped = True
    return dropped


def _is_null(node: exp.Expr) -> bool:
    while isinstance(node, exp.Cast | exp.Paren):
        node = node.this
    return isinstance(node, exp.Null)
