"""The SELECTs that core and marts are made of: checked, and with their parameters filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect

from echannel_connectors.errors import SpecError, did_you_mean

DUCKDB = Dialect.get_or_raise("duckdb")
Values = tuple[tuple[str, str], ...]  # what each `:name` stands for


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT, checked and in its final words: its text, the tables it names without a schema, its columns."""

    sql: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]


def expression(sql: str, where: str, values: Values, dialect: str) -> str:
    """One expression over the columns of a table's query."""
    query, _ = _query(f"SELECT (\n{sql}\n) AS x", where)
    _fill(query, where, dict(values))
    return query.selects[0].unalias().sql(dialect)


@lru_cache(maxsize=512)
def select(sql: str, where: str, values: Values, dialect: str | None) -> Select:
    """One SELECT with its parameters filled in, and what is known of it. Without a dialect it is in DuckDB's own words
    already and stays as it was written, which saves half of the time."""
    query, tokens = _query(sql, where)
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    tables = [found.name for found in query.find_all(exp.Table) if not found.db and found.name not in own]
    parameters = _fill(query, where, dict(values))
    text = _as_written(sql, tokens, dict(values), parameters) if dialect is None else None
    return Select(text or query.sql(dialect or "duckdb"), tuple(dict.fromkeys(tables)), tuple(query.named_selects))


def _query(sql: str, where: str) -> tuple[exp.Query, list[Token]]:
    """One SELECT, and the words it is written in; anything else is refused."""
    try:
        tokens = DUCKDB.tokenize(sql)
        statements = DUCKDB.parser().parse(tokens, sql)
    except (sqlglot.ParseError, sqlglot.TokenError) as error:
        raise SpecError(f"{where} is not valid SQL: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SpecError(f"{where} must be a single SELECT")
    return statements[0], tokens


def _fill(query: exp.Query, where: str, known: Mapping[str, str]) -> int:
    """Put literals in the place of `:name` parameters; how many there were."""
    placeholders = list(query.find_all(exp.Placeholder))
    for placeholder in placeholders:
        if placeholder.name not in known:
            raise SpecError(f"{where} uses :{placeholder.name}", hint=did_you_mean(placeholder.name, known))
        placeholder.replace(exp.Literal.string(known[placeholder.name]))
    return len(placeholders)


def _as_written(sql: str, tokens: list[Token], known: Mapping[str, str], parameters: int) -> str | None:
    """The same text with literals in the place of its parameters; None where something else looks like one."""
    found = [
        (colon.start, name)
        for colon, name in pairwise(tokens)
        if colon.token_type == TokenType.COLON and name.text in known and colon.end + 1 == name.start
    ]
    if len(found) != parameters:
        return None
    # Whatever follows the last word, a comment for instance, would hide what a SELECT is put into.
    text = sql[: [token for token in tokens if token.token_type != TokenType.SEMICOLON][-1].end + 1]
    for start, name in reversed(found):
        text = text[:start] + exp.Literal.string(known[name.text]).sql("duckdb") + text[name.end + 1 :]
    return text
