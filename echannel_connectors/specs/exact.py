"""Is a number exact by what its SQL says, whatever the database's columns are?"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

Kind = exp.DataType.Type
EXACT = {*exp.DataType.INTEGER_TYPES, Kind.DECIMAL, Kind.MONEY, Kind.SMALLMONEY, Kind.BOOLEAN}
FLOATS = {Kind.FLOAT, Kind.DOUBLE}

# What these give is as exact as these parts of them; a division is not, whatever it divides.
AS_ITS_PARTS: dict[type[exp.Expr], tuple[str, ...]] = {
    **dict.fromkeys((exp.Paren, exp.Neg, exp.Abs, exp.Round, exp.Nullif), ("this",)),
    **dict.fromkeys((exp.Sum, exp.Min, exp.Max, exp.Filter), ("this",)),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), ("this", "expression")),
    **dict.fromkeys((exp.Coalesce, exp.Greatest, exp.Least), ("this", "expressions")),
}


def exact(node: exp.Expr) -> bool | None:
    """True or False where the SQL says so, None where it depends on the type of a column or on the database."""
    if isinstance(node, exp.Null | exp.Count | exp.Boolean):
        return True
    if isinstance(node, exp.Literal):
        return None if node.is_string else "e" not in node.name.lower()
    if isinstance(node, exp.Cast):
        return True if node.to.this in EXACT else False if node.to.this in FLOATS else None
    if isinstance(node, exp.Subquery | exp.Select):
        only = node.this if isinstance(node, exp.Subquery) else node.selects[0].unalias()
        return exact(only)
    found = [exact(part) for part in _parts(node)]
    return False if False in found else True if found and all(found) else None


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    if isinstance(node, exp.Case | exp.If):
        yield from results(node)
    for name in AS_ITS_PARTS.get(type(node), ()):
        part = node.args.get(name)
        yield from part if isinstance(part, list) else [part] if part is not None else []


def results(node: exp.Expr) -> Iterator[exp.Expr]:
    """What a CASE may come to."""
    branches = node.args["ifs"] if isinstance(node, exp.Case) else [node]
    for branch in branches:
        yield branch.args["true"]
    otherwise = node.args.get("default") or node.args.get("false")
    if otherwise is not None:
        yield otherwise
