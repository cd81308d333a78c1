"""Is there an index that serves a cursor? Asked of the database's own catalogue, where it has one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.specs.compile import Select

# The first column (or expression) of each index of a table; `{table}` and `{schema}` are its names as literals, the
# schema's NULL where none is named.
FIRST_OF_EACH: dict[str, str] = {
    "postgres": "SELECT pg_get_indexdef(indexrelid, 1, true) FROM pg_index WHERE indrelid = to_regclass({table})",
    "mysql": "SELECT column_name FROM information_schema.statistics "
    "WHERE table_schema = coalesce({schema}, DATABASE()) AND table_name = {table} AND seq_in_index = 1",
    "sqlite": "SELECT i.name FROM pragma_index_list({table}) AS l JOIN pragma_index_info(l.name) AS i"
    " WHERE i.seqno = 0",
}
# Whether it is a view of the database's, of which nobody here knows what it reads.
VIEWS: dict[str, str] = {
    "postgres": "SELECT 1 FROM pg_class WHERE oid = to_regclass({table}) AND relkind = 'v'",
    "mysql": "SELECT 1 FROM information_schema.views "
    "WHERE table_schema = coalesce({schema}, DATABASE()) AND table_name = {table}",
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = {table} AND type = 'view'",
}
Ask = Callable[[str], list[tuple[Any, ...]]]
COLUMN_STORES = ("duckdb", "bigquery")  # they scan one column of many rows faster than others follow an index


@dataclass(frozen=True, slots=True)
class Served:
    """What serves a cursor: `is_indexed` is None where nobody can tell; `columns` are table.column, for people."""

    is_indexed: bool | None
    is_expression: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is stored; `regclass` is the table as PostgreSQL's SQL writes it, with quotation marks if any."""

    schema: str
    table: str
    regclass: str
    column: str

    @property
    def said(self) -> str:
        return ".".join(part for part in (self.schema, self.table, self.column) if part)


def served(database: Database, select: Select) -> Served:
    """Whether an index serves the cursor of a table, which has one.

    A cursor that is an expression, such as coalesce(write_date, create_date), is served by an index of that very
    expression alone, and one over several tables by none.
    """
    assert select.cursor is not None
    cursor, inner = _traced(select.cursor, select.relation)
    found = list(_stored(cursor, inner))
    names = tuple(dict.fromkeys(place.said for place in found if place))
    is_expression = not isinstance(cursor, exp.Column)
    if database.dialect in COLUMN_STORES:
        return Served(True, is_expression, names)
    if database.dialect not in FIRST_OF_EACH or None in found or not found:
        return Served(None, is_expression, names)
    tables = {place.regclass: place for place in found if place}
    if len(tables) > 1:
        return Served(False, is_expression, names)
    (table,) = tables.values()
    if _bare(cursor) in set(_indexed(database.values, database.dialect, table)):
        return Served(True, is_expression, names)
    is_view = database.values(_about(VIEWS, database.dialect, table))
    return Served(None if is_view else False, is_expression, names)


def indexed_column(ask: Ask, dialect: str, value: exp.Expr, relation: exp.Select) -> tuple[str, str] | None:
    """The table and column that a value of a SELECT is, as it is stored, where an index begins with that column."""
    stored, inner = _traced(value, relation)
    found = next(_stored(stored, inner), None) if isinstance(stored, exp.Column) else None
    is_indexed = found and _bare(stored) in set(_indexed(ask, dialect, found))
    return (found.regclass, found.column) if found and is_indexed else None


def _about(asked: dict[str, str], dialect: str, place: Place) -> str:
    name = place.regclass if dialect == "postgres" else place.table
    schema = exp.Literal.string(place.schema) if place.schema else exp.null()
    return asked[dialect].format(table=exp.Literal.string(name).sql(dialect), schema=schema.sql(dialect))


def _indexed(ask: Ask, dialect: str, place: Place) -> Iterator[str]:
    for (first,) in ask(_about(FIRST_OF_EACH, dialect, place)):
        try:
            yield _bare(sqlglot.parse_one(str(first), read=dialect))
        except SqlglotError:
            continue


def _bare(node: exp.Expr) -> str:
    """An expression without the names of tables, as one text whoever wrote it."""
    copy = node.copy()
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    while isinstance(copy, exp.Paren):
        copy = copy.this
    return copy.sql(normalize=True, normalize_functions="lower", identify=False).replace('"', "").lower()


def _traced(node: exp.Expr, select: exp.Select) -> tuple[exp.Expr, exp.Select]:
    """What a name stands for, through the subqueries that pass it on, and the SELECT in which that is written."""
    while isinstance(node, exp.Column):
        source = _source(node, select)
        inner = source.this if isinstance(source, exp.Subquery) else None
        if not isinstance(inner, exp.Select):
            break
        only = next((one.unalias() for one in inner.selects if one.output_name == node.name), None)
        if only is None:
            only = _through_star(node.name, inner)
            if only is None:
                break
        node, select = only, inner
    return node, select


def _through_star(name: str, inner: exp.Select) -> exp.Column | None:
    """The column that `o.*`, or `*` over a single source, passes on."""
    stars = [one.table if isinstance(one, exp.Column) else "" for one in inner.selects if one.is_star]
    read = [one for one in _sources(inner) if stars and ("" in stars or one.alias_or_name in stars)]
    return exp.column(name, table=read[0].alias_or_name) if len(read) == 1 else None


def _stored(node: exp.Expr, select: exp.Select) -> Iterator[Place | None]:
    """The table and column of everything that an expression is made of; None for what cannot be followed."""
    for column in node.find_all(exp.Column):
        traced, inner = _traced(column, select)
        if not isinstance(traced, exp.Column):
            yield from _stored(traced, inner)
            continue
        source = _source(traced, inner)
        if isinstance(source, exp.Table) and not source.meta.get("is_cte"):
            named = exp.Table(this=source.this.copy(), db=source.args.get("db"))
            yield Place(source.db, source.name, named.sql("postgres"), traced.name)
        else:
            yield None


def _source(column: exp.Column, select: exp.Select) -> exp.Expr | None:
    named = [one for one in _sources(select) if not column.table or one.alias_or_name == column.table]
    return named[0] if len(named) == 1 else None


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    if begin := select.args.get("from_"):
        yield begin.this
    yield from (join.this for join in select.args.get("joins") or ())
