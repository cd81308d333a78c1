"""Views that several tables of a build need are made once, as temporary tables of its script.

A spec's tables share views, which the library writes into each statement as WITH parts. DuckDB sees to it that each is
computed once; BigQuery computes a part anew wherever it is named, and bills every table that it reads for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from sqlglot import exp


def shared(statements: Iterable[exp.Expr]) -> list[exp.Expr]:
    """The statements, which this changes, each after those that make what it shares; none has a WITH any more."""
    trees = list(statements)
    parts: dict[str, exp.Expr] = {}  # by a name that tells what is in them
    for tree in trees:
        for with_ in list(tree.find_all(exp.With)):
            _named_by_content(with_)
            parts.update((part.alias, part.this) for part in with_.expressions)
            with_.pop()
    used = Counter(name for tree in (*trees, *parts.values()) for name in _named(tree, parts))
    made = [name for name, query in parts.items() if used[name] > 1 and not _only_reads_a_table(query)]
    inside = {name: query for name, query in parts.items() if name not in made}
    left = {name: _creation(name, parts[name], inside) for name in made}
    found: list[exp.Expr] = []
    for tree in trees:
        _put_inside(tree, inside)
        found += [*_needed(tree, left), tree]
    return found


def _named_by_content(with_: exp.With) -> None:
    """Each part of a WITH under a name that two parts share only when they are the same, all the way down."""
    names: dict[str, str] = {}
    for part in with_.expressions:
        _rename(part.this, names)
        digest = hashlib.sha256(part.this.sql("duckdb").encode()).hexdigest()[:10]
        names[part.alias] = f"{part.alias}_{digest}"
        part.set("alias", exp.TableAlias(this=exp.to_identifier(names[part.alias])))
    holder = with_.parent
    if holder is not None:
        _rename(holder, names, but=with_)


def _rename(tree: exp.Expr, names: dict[str, str], but: exp.Expr | None = None) -> None:
    for table in tree.find_all(exp.Table):
        if table.db or table.name not in names or (but is not None and _is_inside(table, but)):
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(names[table.name]))


def _is_inside(node: exp.Expr, outer: exp.Expr) -> bool:
    while node.parent is not None:
        node = node.parent
        if node is outer:
            return True
    return False


def _named(tree: exp.Expr, parts: dict[str, exp.Expr]) -> Iterator[str]:
    return (table.name for table in tree.find_all(exp.Table) if not table.db and table.name in parts)


def _only_reads_a_table(query: exp.Expr) -> bool:
    """A raw table with its columns chosen: making a copy of it would cost more than reading it again."""
    return (
        isinstance(query, exp.Select)
        and not any(query.args.get(part) for part in ("joins", "group", "qualify", "distinct"))
        and len(list(query.find_all(exp.Select))) == 1
        and all(table.db for table in query.find_all(exp.Table))
    )


def _put_inside(tree: exp.Expr, inside: dict[str, exp.Expr]) -> None:
    """Each of these parts as a subquery where it is named."""
    for table in list(tree.find_all(exp.Table)):
        if not table.db and table.name in inside:
            query = inside[table.name].copy()
            _put_inside(query, inside)
            table.replace(exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(table.alias_or_name))))


def _needed(tree: exp.Expr, left: dict[str, exp.Expr]) -> Iterator[exp.Expr]:
    """What a statement names of those that are not made yet, each after what it names itself."""
    for name in list(dict.fromkeys(_named(tree, left))):
        if name in left:
            creation = left.pop(name)
            yield from _needed(creation.expression, left)
            yield creation


def _creation(name: str, query: exp.Expr, inside: dict[str, exp.Expr]) -> exp.Expr:
    made = exp.Create(
        this=exp.Table(this=exp.to_identifier(name)), kind="TABLE", replace=True, expression=query.copy(),
        properties=exp.Properties(expressions=[exp.TemporaryProperty()]),
    )  # fmt: skip
    _put_inside(made, inside)
    return made
