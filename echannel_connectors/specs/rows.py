"""Can a SELECT over core give any row, when some tables are empty and some columns NULL?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

Columns = Mapping[str, frozenset[str]]  # core table → the columns that hold something
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Like)


def is_empty(query: exp.Expr, columns: Columns, below: Mapping[str, exp.Expr] | None = None) -> bool:
    """Whether no row can come out of a SELECT that may read those below, by name. Its columns have to be qualified."""
    return _Rows(columns, {**(below or {})}).are_none(query)


@dataclass(frozen=True, slots=True)
class _Rows:
    columns: Columns
    ctes: dict[str, exp.Expr] = field(default_factory=dict)
    known: dict[int, bool] = field(default_factory=dict)

    def are_none(self, node: exp.Expr) -> bool:
        if id(node) not in self.known:
            self.known[id(node)] = self._inside(node)._gives_none(node)
        return self.known[id(node)]

    def _inside(self, node: exp.Expr) -> _Rows:
        """The same with the SELECTs of its WITH."""
        own = {cte.alias: cte.this for cte in node.args["with_"].expressions} if node.args.get("with_") else {}
        return _Rows(self.columns, {**self.ctes, **own}, self.known) if own else self

    def _gives_none(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Subquery):
            return self.are_none(node.this)
        if isinstance(node, exp.Union):
            return self.are_none(node.left) and self.are_none(node.right)
        if isinstance(node, exp.SetOperation):
            return self.are_none(node.left)
        if isinstance(node, exp.Table):
            if node.db == "core":
                return node.name not in self.columns
            return node.name in self.ctes and self.are_none(self.ctes[node.name])
        return isinstance(node, exp.Select) and self._select_gives_none(node)

    def _select_gives_none(self, select: exp.Select) -> bool:
        begin = select.args.get("from_")
        if begin is None:
            return False
        if not select.args.get("group") and any(one.find(exp.AggFunc) for one in _plain(select)):
            return False  # a total over nothing is one row
        joins = [join for join in select.args.get("joins") or () if not join.side]
        if self.are_none(begin.this) or any(self.are_none(join.this) for join in joins):
            return True
        return any(self._is_null(condition, select) for condition in _conditions(select))

    def _is_null(self, node: exp.Expr, select: exp.Select) -> bool:
        """Whether a condition can never be true because a column in it holds nothing."""
        if isinstance(node, exp.Paren | exp.Not):
            return self._is_null(node.this, select)
        if isinstance(node, COMPARISONS):
            return any(isinstance(part, exp.Column) and self._is_null(part, select) for part in node.iter_expressions())
        return isinstance(node, exp.Column) and self._holds_nothing(node, select)

    def _holds_nothing(self, column: exp.Column, select: exp.Select) -> bool:
        source = next((one for one in _sources(select) if one.alias_or_name == column.table), None)
        if isinstance(source, exp.Table):
            if source.db == "core":
                return column.name not in self.columns.get(source.name, ())
            return source.name in self.ctes and self._selects_nothing(self.ctes[source.name], column.name)
        return isinstance(source, exp.Subquery) and self._selects_nothing(source.this, column.name)

    def _selects_nothing(self, query: exp.Expr, name: str) -> bool:
        if isinstance(query, exp.SetOperation):
            return self._selects_nothing(query.left, name) and self._selects_nothing(query.right, name)
        if not isinstance(query, exp.Select):
            return False
        only = next((one.unalias() for one in query.selects if one.output_name == name), None)
        return isinstance(only, exp.Column) and self._inside(query)._holds_nothing(only, query)


def _plain(select: exp.Select) -> Iterator[exp.Expr]:
    """What a SELECT shows, without window functions, which keep the rows."""
    for one in select.selects:
        if not one.find(exp.Window):
            yield one


def _conditions(select: exp.Select) -> Iterator[exp.Expr]:
    """What WHERE asks of every row."""
    if where := select.args.get("where"):
        yield from where.this.flatten() if isinstance(where.this, exp.And) else [where.this]


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    if begin := select.args.get("from_"):
        yield begin.this
    yield from (join.this for join in select.args.get("joins") or ())
