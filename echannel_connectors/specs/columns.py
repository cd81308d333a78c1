"""What the columns of a core table come from, as a spec writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from echannel_connectors.specs import Table
from echannel_connectors.specs.exact import results
from echannel_connectors.specs.pieces import Piece

Trees = Mapping[tuple[str, ...], tuple[Piece, exp.Expr]]  # the keys below a table → the piece there, parsed


def expressions(table: Table, trees: Trees) -> dict[str, tuple[Piece, list[exp.Expr]]]:
    """Each column's piece, and the expressions that it may come from: one, or one per part of a UNION."""
    found: dict[str, tuple[Piece, list[exp.Expr]]] = {}
    if table.query is not None and ("query",) in trees:
        piece, query = trees["query",]
        selects = list(_selects(query))
        for number, name in enumerate(selects[0].named_selects if selects else ()):
            found[name] = piece, [one.selects[number].unalias() for one in selects if number < len(one.selects)]
    for path, (piece, tree) in trees.items():
        if path[0] in ("columns", "extra") and isinstance(tree, exp.Select):
            found[path[1]] = piece, [tree.expressions[0].this]
    return found


def _selects(query: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from _selects(query.left)
        yield from _selects(query.right)
    elif isinstance(query, exp.Subquery):
        yield from _selects(query.this)
    elif isinstance(query, exp.Select):
        yield query


def said(node: exp.Expr) -> Iterator[str]:
    """The words that an expression writes itself."""
    if isinstance(node, exp.Literal) and node.is_string:
        yield node.name
    elif isinstance(node, exp.Paren | exp.Cast):
        yield from said(node.this)
    elif isinstance(node, exp.Case | exp.If):
        for result in results(node):
            yield from said(result)
    elif isinstance(node, exp.Coalesce):
        for part in (node.this, *node.expressions):
            yield from said(part)
