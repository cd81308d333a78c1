"""What SQL Server would say of a statement, as far as can be known without one.

A grammar that others wrote (ANTLR's T-SQL, in pytsql) reads the text; what a grammar cannot know is looked for in
sqlglot's tree: columns of a derived table that have no name or the same name twice, a NULL that would give a UNION its
type, types and functions that SQL Server does not have.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from antlr4 import InputStream
from pytsql.grammar import SA_ErrorListener, parse
from sqlglot import exp

# What the specs may call; SQL Server 2012 and later have all of it.
FUNCTIONS = (
    exp.Abs, exp.Case, exp.Cast, exp.Coalesce, exp.Concat, exp.Count, exp.Exists, exp.If, exp.Length, exp.Max, exp.Min, exp.Nullif,
    exp.Round, exp.Sum, exp.Trim, exp.Upper, exp.And, exp.Or, exp.DateAdd, exp.TimestampAdd,
)  # fmt: skip
TYPES = {"VARCHAR", "DECIMAL", "BIGINT", "INT", "INTEGER", "NVARCHAR", "DATE", "DATETIME2"}


class Errors(SA_ErrorListener):  # type: ignore[misc]  # no type hints of its own
    def __init__(self) -> None:
        self.found: list[str] = []

    def syntaxError(self, stream, symbol, index, line, column, message) -> None:  # type: ignore[no-untyped-def]
        self.found.append(f"{line}:{column} {message[:200]}")


def complaints(sql: str) -> list[str]:
    """Why this is no statement for SQL Server; empty where nothing speaks against it."""
    errors = Errors()
    parse(InputStream(sql), "tsql_file", errors)
    return errors.found or list(_unknown(sqlglot.parse_one(sql, read="tsql")))


def _unknown(tree: exp.Expression) -> Iterator[str]:
    yield from (
        f"{node.sql('tsql')} is no function here" for node in tree.find_all(exp.Func) if not isinstance(node, FUNCTIONS)
    )
    yield from (f"{node.sql('tsql')}: || joins no text" for node in tree.find_all(exp.DPipe))
    for cast in tree.find_all(exp.Cast):
        text = cast.to.sql("tsql")
        name, _, size = text.partition("(")
        if name not in TYPES | {"NUMERIC"} or (size and name in ("DATE", "BIGINT", "INT")):
            yield f"{text} is no type here"
    for union in tree.find_all(exp.Union):
        first = union
        while isinstance(first, exp.Union):
            first = first.this
        for one in first.selects:
            if isinstance(one, exp.Alias) and isinstance(one.this, exp.Null):
                yield f"{one.sql('tsql')} begins a UNION without a type"
    for inner in tree.find_all(exp.Subquery):
        if isinstance(inner.parent, exp.From | exp.Join) and isinstance(inner.this, exp.Query):
            names = list(columns(inner.this))
            twice = sorted({name for name in names if names.count(name.lower()) > 1})
            if twice or "" in names:
                yield f"the derived table {inner.alias} has columns without a name or twice the same: {twice}"


def columns(query: exp.Query) -> Iterator[str]:
    """The names of a query's columns, `x.*` of a derived table included, in lower case."""
    for one in query.selects:
        if isinstance(one, exp.Column) and isinstance(one.this, exp.Star):
            source = next((t for t in _sources(query) if t.alias_or_name == one.table), None)
            if not isinstance(source, exp.Subquery):
                yield ""  # a table's own columns: which ones is not known
            else:
                yield from columns(source.this)
        else:
            yield one.alias_or_name.lower()


def _sources(query: exp.Query) -> Iterator[exp.Expression]:
    if isinstance(query, exp.Select):
        found = query.args.get("from_") or query.args["from"]
        yield found.this
        yield from (join.this for join in query.args.get("joins") or [])
