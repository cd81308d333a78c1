"""The words in which changes.py and changed_marts.py say which rows they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from echannel_connectors.destinations.commit import literal, quoted


def temp(name: str, select: str) -> str:
    return f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {select}"


def is_in(relation: str, key: Iterable[str], table: str = "t") -> str:
    """Whether a row of `table` has its key in the relation."""
    same = " AND ".join(f"{table}.{quoted(name)} IS NOT DISTINCT FROM k.{quoted(name)}" for name in key)
    return f"EXISTS (SELECT 1 FROM {quoted(relation)} AS k WHERE {same})"


def rows_in(table: str, *of: tuple[str, Sequence[str]], columns: Iterable[str] = ("*",), known: str = "") -> str:
    """A SELECT of the rows of a table whose key is in one of the relations (each with its key), and of those whose
    `row_id` is `known` in another. They are found by their key alone: so DuckDB reads the other columns of these rows
    only, in a third of the time."""
    found = [f"SELECT t.rowid FROM {table} AS t WHERE {is_in(relation, key)}" for relation, key in of]
    found += [f"SELECT row_id FROM {known}"] if known else []
    told = ", ".join(f"t.{name}" for name in columns)
    return f"SELECT {told} FROM {table} AS t WHERE t.rowid IN ({' UNION '.join(found)})"


def replaced(table: str, rows: str, keys: str, key: Sequence[str], columns: Sequence[str] = ()) -> Iterator[str]:
    """The rows of these keys go, and come again as they are now; the columns are the table's unless they are named."""
    named = f" ({', '.join(map(quoted, columns))})" if columns else ""
    told = ", ".join(f"t.{quoted(name)}" for name in columns) or "t.*"
    yield f"DELETE FROM {table} AS t WHERE {is_in(keys, key)}"
    yield f"INSERT INTO {table}{named} SELECT {told} FROM {quoted(rows)} AS t WHERE {is_in(keys, key)}"


def differing(now: str, before: str) -> str:
    """The rows that are in one of the two and not, or not as often, in the other."""
    both = f"SELECT *, 1 AS side FROM ({now}) UNION ALL SELECT *, -1 FROM ({before})"
    return f"SELECT * EXCLUDE (side) FROM ({both}) GROUP BY ALL HAVING sum(side) <> 0"


def recent(name: str, first: str) -> str:
    """Whether a raw row has changed since the last build; the first moment is what whole row groups are left out by."""
    moments = f"SELECT changed_at FROM echannel.changes WHERE name = {literal(name)}"
    return f"_changed_at >= TIMESTAMP WITH TIME ZONE '{first}' AND _changed_at IN ({moments})"


def over(select: str, tables: Mapping[str, str]) -> str:
    """The SELECT over other tables; it is one of ours, so a table's name stands nowhere else."""
    for table, name in tables.items():
        select = re.sub(rf"\b{re.escape(table)}\b", name, select)
    return select
