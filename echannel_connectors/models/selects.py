"""The SELECTs that core and marts are made of: checked, and with their parameters filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp

from echannel_connectors.destinations.commit import literal
from echannel_connectors.errors import SpecError, did_you_mean

# Strings, quoted names and comments are passed over; `::` is a cast.
PARAMETER = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|--[^\n]*|/\*.*?\*/|(?<![:\w]):(?P<name>[A-Za-z_]\w*)""", re.DOTALL)
Values = tuple[tuple[str, str], ...]  # what each `:name` stands for


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT, checked and in its final words: its text, the tables it names without a schema, its columns."""

    sql: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]


def expression(sql: str, where: str, values: Values, dialect: str) -> str:
    """One expression over the columns of a table's query."""
    return _query(f"SELECT (\n{sql}\n) AS x", where, values).selects[0].unalias().sql(dialect)


@lru_cache(maxsize=512)
def select(sql: str, where: str, values: Values, dialect: str) -> Select:
    """One SELECT with its parameters filled in, and what is known of it."""
    query = _query(sql, where, values)
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    tables = [found.name for found in query.find_all(exp.Table) if not found.db and found.name not in own]
    return Select(query.sql(dialect), tuple(dict.fromkeys(tables)), tuple(query.named_selects))


@lru_cache(maxsize=512)
def columns(sql: str, where: str, values: Values) -> tuple[str, ...]:
    """The columns of one SELECT."""
    return tuple(_query(sql, where, values).named_selects)


def filled(sql: str, values: Mapping[str, str]) -> str:
    """The same text with a literal for each `:name` outside of strings and comments. Raises KeyError for another."""

    def value(found: re.Match[str]) -> str:
        name = found["name"]
        return found[0] if name is None else literal(values[name])

    return PARAMETER.sub(value, sql)


def _query(sql: str, where: str, values: Values) -> exp.Query:
    """One SELECT with its `:name` parameters filled in as literals; anything else is refused."""
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except (sqlglot.ParseError, sqlglot.TokenError) as error:
        raise SpecError(f"{where} is not valid SQL: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SpecError(f"{where} must be a single SELECT")
    query = statements[0]
    known = dict(values)
    for placeholder in list(query.find_all(exp.Placeholder)):
        if placeholder.name not in known:
            raise SpecError(f"{where} uses :{placeholder.name}", hint=did_you_mean(placeholder.name, known))
        placeholder.replace(exp.Literal.string(known[placeholder.name]))
    return query
