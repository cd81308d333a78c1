"""The SQL of a check: single expressions over one mart, without a float, each mistake with its place in the text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from echannel_connectors.errors import did_you_mean
from echannel_connectors.review.check import Check, CheckError
from echannel_connectors.texts import say

OPENING = "SELECT "  # what stands before an expression, so that it can be parsed
FLOATS = (
    exp.Div,
    exp.Avg,
    exp.Stddev,
    exp.StddevPop,
    exp.StddevSamp,
    exp.Variance,
    exp.Median,
    exp.PercentileCont,
    exp.Quantile,
)
FLOAT_TYPES = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}
TODAY = "today"  # :today is the company's business day


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with an expression, and at which of its characters."""

    sentence: str
    hint: str = ""
    at: int = 0


def refuse_mistakes(check: Check) -> None:
    """Raise the first mistake in a check's SQL, as file:line:column; the mart itself is not looked at."""
    for key, text in check.sql.items():
        for mistake in _mistakes(text, is_condition=key == "where", names=[*check.thresholds, TODAY]):
            raise _error(check, key, mistake)


def refuse_unknown_columns(check: Check, columns: Mapping[str, str]) -> None:
    """Raise for a column that the check's mart does not have, with the nearest one that it has, and for a float."""
    for key, name in (("date", check.date), ("breakdown", "market" if check.breakdown != "none" else None)):
        if name is not None and name not in columns:
            sentence = say("mart.{mart} has no column {name!r}", mart=check.mart, name=name)
            raise CheckError(sentence, hint=did_you_mean(name, columns), place=check.place_of(key, at=0))
    for key, text in check.sql.items():
        for column in parsed(text).find_all(exp.Column):
            if column.name not in columns:
                sentence = say("mart.{mart} has no column {name!r}", mart=check.mart, name=column.name)
                raise _error(check, key, Mistake(sentence, did_you_mean(column.name, columns), _start(column)))
            if columns[column.name].startswith(("DOUBLE", "FLOAT", "REAL")):
                sentence = say("{name} is a floating-point number, and a figure is exact", name=column.name)
                raise _error(check, key, Mistake(sentence, say("make it DECIMAL in your mart"), _start(column)))


def columns_of(check: Check) -> set[str]:
    """The mart's columns that a check reads."""
    found = {column.name for text in check.sql.values() for column in parsed(text).find_all(exp.Column)}
    return found | ({check.date} if check.date else set()) | ({"market"} if check.breakdown != "none" else set())


def adds_up(text: str) -> bool:
    """Whether an expression is of sums and counts alone, which are 0 where there is no row."""
    return all(isinstance(found, exp.Sum | exp.Count) for found in parsed(text).find_all(exp.AggFunc))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The expression with its `:name`s replaced by literals, in DuckDB's dialect."""
    tree = parsed(text).copy()
    for placeholder in list(tree.find_all(exp.Placeholder)):
        placeholder.replace(sqlglot.parse_one(values[placeholder.name], read="duckdb"))
    return tree.sql("duckdb")


@lru_cache(maxsize=512)
def parsed(text: str) -> exp.Expr:
    """The one expression that the text is. Raises ParseError, or ValueError where it is something else."""
    statements = sqlglot.parse(OPENING + text, read="duckdb")
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise ValueError(text)
    select = statements[0]
    clauses = [name for name, value in select.args.items() if value and name not in ("expressions", "kind")]
    if clauses or len(select.expressions) != 1 or isinstance(select.expressions[0], exp.Alias):
        raise ValueError(text)
    found: exp.Expr = select.expressions[0]
    return found


def _mistakes(text: str, *, is_condition: bool, names: Collection[str]) -> Iterator[Mistake]:
    try:
        tree = parsed(text)
    except sqlglot.errors.SqlglotError as error:
        yield _unreadable(error)
        return
    except ValueError:
        yield Mistake(say("it must be a single expression, such as sum(net_base)"))
        return
    yield from _forbidden(tree)
    for placeholder in tree.find_all(exp.Placeholder):
        if placeholder.name not in names:
            sentence = say("the check has no threshold {name!r}", name=placeholder.name)
            at = text.find(f":{placeholder.name}")
            yield Mistake(sentence, did_you_mean(placeholder.name, names), max(at, 0))
    if not is_condition:
        yield from _loose(tree)


def _forbidden(tree: exp.Expr) -> Iterator[Mistake]:
    """What an expression may not hold: another query, a float, a function that no other warehouse would know."""
    for node in tree.walk():
        if isinstance(node, exp.Query | exp.Window):
            yield Mistake(say("it must be a single expression: no other query and no window stands in it"))
        elif isinstance(node, FLOATS):
            sentence = say(
                "{sql} makes a float of money: give what is divided as 'denominator'", sql=node.sql("duckdb")
            )
            yield Mistake(sentence, at=_first(node))
        elif isinstance(node, exp.Cast) and node.to.this in FLOAT_TYPES:
            yield Mistake(say("{sql} is a float: money stays DECIMAL", sql=node.sql("duckdb")), at=_first(node))
        elif isinstance(node, exp.Anonymous):
            sentence = say("the function {name} is not one that every warehouse has", name=node.name)
            yield Mistake(sentence, say("use sum, count, min, max, coalesce, CASE and FILTER (WHERE …)"), _first(node))


def _loose(tree: exp.Expr) -> Iterator[Mistake]:
    """A figure adds rows up: each column stands inside sum(…), count(…), min(…) or max(…)."""
    for column in tree.find_all(exp.Column):
        if column.find_ancestor(exp.AggFunc, exp.Filter) is None:
            sentence = say("{name} is not added up: write sum({name}), or count, min or max", name=column.name)
            yield Mistake(sentence, at=_start(column))
    if not tree.find(exp.AggFunc):
        yield Mistake(say("it must add rows up, such as sum(net_base) or count(*)"))


def _unreadable(error: Exception) -> Mistake:
    """What the parser says, where it gave up."""
    found = (getattr(error, "errors", None) or [{}])[0]
    problem = found.get("description") or str(error).splitlines()[0]
    at = 0
    if found.get("line") == 1:
        at = max(int(found["col"]) - len(found.get("highlight") or "") - len(OPENING), 0)
    return Mistake(say("it is not valid SQL: {problem}", problem=problem.rstrip(".")), at=at)


def _start(column: exp.Column) -> int:
    return max(int(column.this.meta.get("start", len(OPENING))) - len(OPENING), 0)


def _first(node: exp.Expr) -> int:
    """Where the first name inside a node stands: operators do not say where they are."""
    starts = [int(found.meta["start"]) for found in node.walk() if "start" in found.meta]
    return max(min(starts, default=len(OPENING)) - len(OPENING), 0)


def _error(check: Check, key: str, mistake: Mistake) -> CheckError:
    sentence = say("{check}: {key}: {problem}", check=check.id, key=key, problem=mistake.sentence)
    return CheckError(sentence, hint=mistake.hint, place=check.place_of(key, at=mistake.at))
