"""Names in a spec's SQL that nothing stands behind: `x.id` where no table is called x, a column that a view lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from echannel_connectors.errors import did_you_mean

Sources = dict[str, set[str] | None]  # what a SELECT reads, by its name there; its columns where they are known


def unknown_names(
    tree: exp.Expr, outer: exp.Expr | None, views: Mapping[str, exp.Expr]
) -> Iterator[tuple[int, str, str]]:
    """Where in its statement a qualified column begins that is not there, what is wrong, and the nearest right name.

    `outer` is the SELECT around a piece; `views` are those that a table's name may stand for.
    """
    around = _sources(outer, views) if isinstance(outer, exp.Select) else {}
    for column in tree.find_all(exp.Column):
        if not column.table or column.args.get("db") or column.find_ancestor(exp.Lambda):
            continue
        seen: Sources = {}
        for there in (*(_sources(select, views) for select in _selects_around(column)), around):  # from the inside out
            seen |= {name: columns for name, columns in there.items() if name not in seen}
        name, table = column.name, column.table
        start = int(column.args["table"].meta.get("start", 0))
        if table.lower() not in seen:
            if "" not in seen:  # something without a name is read, which may stand behind it
                yield start, f"no table is called {table!r} here", did_you_mean(table, seen)
            continue
        columns = seen[table.lower()]
        if columns is not None and not isinstance(column.this, exp.Star) and name.lower() not in columns:
            at = int(column.this.meta.get("start", start))
            yield at, f"{table!r} has no column {name!r}", did_you_mean(name, columns)


def _selects_around(node: exp.Expr) -> Iterator[exp.Select]:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, exp.Select):
            yield parent
        parent = parent.parent


def _sources(select: exp.Select, views: Mapping[str, exp.Expr]) -> Sources:
    begin = select.args.get("from_") or select.args.get("from")
    read = [begin.this] if begin is not None else []
    read += [join.this for join in select.args.get("joins") or ()]
    read += select.args.get("laterals") or ()
    found: Sources = {}
    for source in read:
        found[source.alias_or_name.lower()] = _columns(source, views)
        for join in source.args.get("joins") or ():  # a join in brackets
            found[join.this.alias_or_name.lower()] = _columns(join.this, views)
    return found


def _columns(source: exp.Expr, views: Mapping[str, exp.Expr]) -> set[str] | None:
    """The columns of what is read, where its own SQL tells them all."""
    if isinstance(source, exp.Lateral):
        source = source.this
    alias = source.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.columns:
        return {column.name.lower() for column in alias.columns}
    if isinstance(source, exp.Subquery) and isinstance(source.this, exp.Query):
        return _selected(source.this)
    is_plain = isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier) and not source.args.get("db")
    if is_plain and source.name in views and not is_cte(source):
        view = views[source.name]
        return _selected(view) if isinstance(view, exp.Query) else None
    return None


def _selected(query: exp.Query) -> set[str] | None:
    names = query.named_selects
    return None if query.is_star or not all(names) else {name.lower() for name in names}


def is_cte(table: exp.Expr) -> bool:
    return any(cte.alias == table.name for cte in table.root().find_all(exp.CTE))
