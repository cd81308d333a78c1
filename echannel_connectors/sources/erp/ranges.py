"""A large table of PostgreSQL in ranges that are read side by side, each row in exactly one of them.

A row of a SELECT comes from exactly one row of the table that its FROM begins with, unless something around that table
aggregates, drops what is double, or keeps rows for which a join found no partner (RIGHT, FULL). That row lies in one
place (`ctid`: page and number), which does not change within a snapshot. Each row is in the first range whose end it
lies before; the last one has no end, so that a row is in one wherever it was written. From version 14 on the server
reads a range of pages alone ("Tid Range Scan").

Elsewhere the ranges are those of an indexed key, between values that the statistics hold; a NULL is in the last one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sqlglot import exp

from echannel_connectors.sources.erp.indexes import indexed_column
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.specs.compile import Select

LEAST_PAGES = 1280  # 10 MiB: what is smaller is there before the other connections have begun
# In pages (16 MiB): what is stored together should lie together, where DuckDB looks for a key between the smallest and
# the largest. Four million lines by four connections took 17.5 s; in four ranges alone 23 s.
AT_ONCE = 2048
MOST = 256
MOST_WORK = 2.0  # times the work of the whole that the ranges may be: what is joined may be read for each of them
TID_RANGES = 140_000  # PostgreSQL 14
PLAIN = {"expressions", "from_", "joins", "laterals", "where"}  # each row of it comes from one row of its FROM
NAMED = {"this", "db", "catalog", "alias"}  # no sample of it, nothing joined in brackets

# What each connection answers for itself; a range must not have another day than the one before.
CLOCKS = (
    exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp,
    exp.Rand, exp.Uuid,
)  # fmt: skip
CLOCKS_BY_NAME = {"transaction_timestamp", "statement_timestamp", "clock_timestamp", "timeofday", "age"}

# The pages of a table, or of each of its partitions and heirs; whether they are pages; the server's version.
PAGES = """WITH RECURSIVE held AS (
  SELECT CAST(to_regclass({table}) AS oid) AS oid
  UNION ALL SELECT i.inhrelid FROM held AS h JOIN pg_inherits AS i ON i.inhparent = h.oid)
SELECT pg_relation_size(c.oid) / CAST(current_setting('block_size') AS integer), c.relkind = 'p' OR a.amname = 'heap',
  CAST(current_setting('server_version_num') AS integer)
FROM held AS h JOIN pg_class AS c ON c.oid = h.oid LEFT JOIN pg_am AS a ON a.oid = c.relam"""
BOUNDS = """SELECT CAST(CAST(s.histogram_bounds AS text) AS text[])
FROM pg_stats AS s JOIN pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_class AS c ON c.relname = s.tablename AND c.relnamespace = n.oid
WHERE c.oid = to_regclass({table}) AND s.attname = {column} AND s.histogram_bounds IS NOT NULL
ORDER BY s.inherited DESC LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What tells the ranges of a relation apart, and where so many of them meet, as the server writes it."""

    relation: exp.Select
    value: exp.Expr
    is_key: bool  # which may be NULL, and whose statistics may be in another order than the server's of today
    pages: int
    meet: Callable[[int], Sequence[str]]

    def of(self, select: Select, many: int) -> list[Select]:
        """The SELECT's rows in so many ranges, in fewer where fewer values are known."""
        ends = list(dict.fromkeys(self.meet(many)))
        return [replace(select, relation=self.relation.where(self._range(ends, at))) for at in range(len(ends) + 1)]

    def _range(self, ends: Sequence[str], at: int) -> exp.Expr:
        """What lies before its end and not before an earlier one."""
        limits = [self._compared(exp.GTE, end) for end in (ends[:at] if self.is_key else ends[:at][-1:])]
        if at < len(ends):
            return exp.and_(*limits, self._compared(exp.LT, ends[at]))
        if self.is_key:
            return exp.or_(exp.and_(*limits), exp.Is(this=self.value.copy(), expression=exp.null()))
        return exp.and_(*limits)

    def _compared(self, compare: type[exp.Binary], end: str) -> exp.Expr:
        return compare(this=self.value.copy(), expression=exp.Literal.string(end))


def divided(select: Select, database: Database) -> Sequence[Select]:
    """The same rows as SELECTs of ranges, for whichever connection is free to read the next one: many, or as many as
    connections are there; the SELECT alone where it cannot be divided, where it is small, or where even these would be
    too much work for the server."""
    values = [value for value in (*select.columns.values(), select.cursor) if value is not None]
    if database.manners.connections == 1 or not _is_row_by_row(values) or _asks_the_clock(select.relation, *values):
        return [select]
    whole = _cost(select, database)  # from here on the server lets nobody rewrite the tables, until the snapshot ends
    ranges = _by_place(select, database) or _by_key(select, database)
    if ranges is None or (readers := database.readers()) == 1:
        return [select]
    for many in dict.fromkeys((max(readers, min(MOST, ranges.pages // AT_ONCE)), readers)):
        parts = ranges.of(select, many)
        if len(parts) * _cost(parts[0], database) <= MOST_WORK * whole:
            return parts
    return [select]


def _cost(select: Select, database: Database) -> float:
    """What the server's planner thinks of it."""
    return float(database.values_of_state(f"EXPLAIN (FORMAT JSON) {select.rows()}")[0][0][0]["Plan"]["Total Cost"])


# -- by place ---------------------------------------------------------------------------------------------------------


def _by_place(select: Select, database: Database) -> Ranges | None:
    relation = select.relation.copy()
    value, tables = _place(relation) or (None, ())
    sizes: list[int] = []
    for table in tables:
        named = exp.Table(this=table.this.copy(), db=table.args.get("db")).sql("postgres", identify="safe")
        pages = _pages(named, database)
        if pages is None:
            return None
        sizes += pages
    if value is None or sum(sizes) < LEAST_PAGES:
        return None
    return Ranges(relation, value, False, sum(sizes), partial(_places, sizes))


def _place(select: exp.Select, depth: int = 0) -> tuple[exp.Expr, list[exp.Table]] | None:
    """Where a row lies in the table that a FROM begins with, and this table; subqueries are made to pass it on. A row
    of several SELECTs (UNION ALL) lies in the table of one of them."""
    if _is_empty(select):
        return exp.cast(exp.null(), exp.DataType.build("tid", dialect="postgres", udt=True)), []
    first = select.args["from_"].this if _filled(select) & {"from_"} else None
    named = first and (first.args.get("alias") or first)
    keeps_others = any(join.side in ("RIGHT", "FULL") for join in select.args.get("joins") or ())
    if keeps_others or named is None or not isinstance(named.this, exp.Identifier):
        return None
    if isinstance(first, exp.Table):
        is_plain = not _filled(first) - NAMED and not first.meta.get("is_cte")
        return (exp.column("ctid", table=named.this.copy()), [first]) if is_plain else None
    tables: list[exp.Table] = []
    passed = f"_place{depth}"
    for inner in _united(first.this) if isinstance(first, exp.Subquery) else [None]:
        if not isinstance(inner, exp.Select) or _filled(inner) - PLAIN or not _is_row_by_row(inner.expressions):
            return None
        if (found := _place(inner, depth + 1)) is None:
            return None
        inner.select(exp.alias_(found[0], passed), copy=False)
        tables += found[1]
    return exp.column(passed, table=named.this.copy()), tables


def _united(query: exp.Expr) -> list[exp.Expr]:
    """The SELECTs whose rows are all in it, none of them twice for one of theirs."""
    if isinstance(query, exp.Union) and not _filled(query) - {"this", "expression"}:
        return [*_united(query.this), *_united(query.expression)]
    return [query]


def _is_empty(select: exp.Select) -> bool:
    """A SELECT that stands for a table which is not there."""
    where = select.args.get("where")
    return not _filled(select) - {"expressions", "where"} and where is not None and where.this == exp.false()


def _filled(node: exp.Expr) -> set[str]:
    return {part for part, value in node.args.items() if value}


def _asks_the_clock(*pieces: exp.Expr) -> bool:
    return any(
        isinstance(node, CLOCKS) or (isinstance(node, exp.Anonymous) and node.name.lower() in CLOCKS_BY_NAME)
        for piece in pieces
        for node in piece.walk()
    )


def _is_row_by_row(values: Iterable[exp.Expr]) -> bool:
    """Whether each of them is computed from one row alone; a subquery may look at others."""
    nodes = (node for value in values for node in value.walk(prune=_is_query))
    return not any(isinstance(node, exp.AggFunc | exp.Window) for node in nodes)


def _is_query(node: exp.Expr) -> bool:
    return isinstance(node, exp.Query)


def _pages(table: str, database: Database, *, in_ranges: bool = True) -> list[int] | None:
    """The pages of a table and of its partitions; None where it cannot be read in ranges of pages."""
    found = database.values_of_state(PAGES.format(table=_literal(table)))
    if in_ranges and not all(is_heap and version >= TID_RANGES for _, is_heap, version in found):
        return None
    return [int(pages) for pages, _, _ in found]


def _places(sizes: Sequence[int], many: int) -> list[str]:
    return [f"({page},0)" for page in ends(sizes, many)]


def ends(sizes: Sequence[int], many: int) -> list[int]:
    """The pages before which each of so many ranges but the last one ends, so that all hold about as many pages."""
    return [
        bisect_left(range(max(sizes)), sum(sizes) * part // many, key=lambda page: sum(min(page, one) for one in sizes))
        for part in range(1, many)
    ]


# -- by key -----------------------------------------------------------------------------------------------------------


def _by_key(select: Select, database: Database) -> Ranges | None:
    for name in select.table.key:
        value = select.columns[name]
        found = indexed_column(database.values_of_state, database.dialect, value, select.relation)
        sizes = _pages(found[0], database, in_ranges=False) if found else None
        if found is None or sizes is None or sum(sizes) < LEAST_PAGES:
            continue
        known = database.values_of_state(BOUNDS.format(table=_literal(found[0]), column=_literal(found[1])))
        if known:
            return Ranges(select.relation, value, True, sum(sizes), partial(_spread, known[0][0]))
    return None


def _spread(values: Sequence[str], many: int) -> list[str]:
    return [values[len(values) * part // many] for part in range(1, many)]


def _literal(text: str) -> str:
    return exp.Literal.string(text).sql("postgres")
