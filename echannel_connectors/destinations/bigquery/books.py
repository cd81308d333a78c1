"""The library's own tables: kept in BigQuery, read at once, and answered from memory.

Whoever holds the warehouse asks the books many small questions. BigQuery bills ten MiB and takes a second for each, so
a book is fetched whole when it is first needed (which is free), questions are answered by an embedded DuckDB in the
words they are written in, and changes are made there and waited with, until they are sent together in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from echannel_connectors.destinations import commit

Values = Mapping[str, Any]
Fetch = Callable[[str], pa.Table | None]  # a book's rows; None where it is not there yet
# These grow with the company, and are never asked about alone: they stay where they are.
LARGE = frozenset({"echannel.stock_snapshots", "echannel.set_aside"})
CATALOGUE = ("information_schema.tables", "information_schema.columns")


@dataclass(slots=True)
class Change:
    """A statement that waits to be sent, and the books that it changes."""

    sql: str
    values: Values
    books: frozenset[str]

    @property
    def waits(self) -> bool:
        """Whether only the books are changed by it."""
        return bool(self.books)


@dataclass
class Books:
    """What is known of the books while the warehouse is held."""

    fetch: Fetch
    waiting: list[Change] = field(default_factory=list)
    _known: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)  # as BigQuery has them
    _unknown: set[str] = field(default_factory=set)  # changed by something that waits and was not done here
    _memory: duckdb.DuckDBPyConnection | None = None

    def answers(self, sql: str) -> bool:
        """Whether a SELECT reads nothing but the books, or which tables there are."""
        read, _ = touched(sql)
        return bool(read) and all(_is_book(name) or name in CATALOGUE for name in read)

    def query(self, sql: str, values: Any) -> pa.Table:
        read, _ = touched(sql)
        self._fetch(read)
        connection = self._connection
        words = sql.replace("information_schema.", "catalogue.")
        return connection.sql(words, params=values or None).to_arrow_table()

    def is_behind(self, sql: str) -> bool:
        """Whether an answer needs what waits to be sent first."""
        read, _ = touched(sql)
        return bool(read & self._unknown)

    def write(self, sql: str, values: Values) -> None:
        """Change the books here, and let the change wait; what needs more than the books is only known once sent."""
        read, changed = touched(sql)
        books = frozenset(filter(_is_book, changed))
        if books and not (read | changed) & self._unknown and all(map(_is_book, read)):
            self._fetch(read | changed)
            self._connection.execute(sql, dict(values) or None)
        else:
            self._unknown |= books
        self.waiting.append(Change(sql, values, books))

    def done(self, sql: str, book: str, values: Values) -> None:
        """What a transaction of its own has done to a book, in BigQuery already."""
        if book in self._known:
            self._connection.execute(sql, dict(values))
            self._known[book] = self._rows(book)

    def taken(self) -> list[Change]:
        """What waits and makes a difference, to be sent; nothing waits any more."""
        waiting, self.waiting = self.waiting, []
        now = {name: self._rows(name) for name in self._known if name not in CATALOGUE}
        same = {name for name, rows in now.items() if rows == self._known[name]} - self._unknown
        self._known.update(now)
        for name in self._unknown:
            self._known.pop(name, None)
        if any(not change.waits for change in waiting):
            for name in CATALOGUE:
                self._known.pop(name, None)
        self._unknown.clear()
        return [one for one in waiting if not one.books or one.books - same]

    def forget(self) -> None:
        """Others may change the books from here on."""
        self._known.clear()
        self._unknown.clear()
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._memory is None:
            self._memory = duckdb.connect(":memory:")
            self._memory.execute("SET TimeZone = 'UTC'; CREATE SCHEMA catalogue")
            for statement in commit.BOOKS:
                self._memory.execute(statement)
        return self._memory

    def _fetch(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self._known:
                continue
            rows = self.fetch(name)
            place = name.replace("information_schema.", "catalogue.")
            if rows is not None:
                self._connection.register("fetched", rows)
                if not _is_there(self._connection, place):
                    self._connection.execute(f"CREATE TABLE {place} AS SELECT * FROM fetched LIMIT 0")
                self._connection.execute(f"DELETE FROM {place}")
                self._connection.execute(f"INSERT INTO {place} BY NAME SELECT * FROM fetched")
                self._connection.unregister("fetched")
            self._known[name] = [] if name in CATALOGUE else self._rows(name)

    def _rows(self, name: str) -> list[tuple[Any, ...]]:
        if not _is_there(self._connection, name):
            return []
        rows: list[tuple[Any, ...]] = self._connection.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
        return rows


def _is_book(name: str) -> bool:
    return name.startswith("echannel.") and name not in LARGE


def _is_there(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    sql = "SELECT 1 FROM information_schema.tables WHERE table_schema || '.' || table_name = ?"
    return bool(connection.execute(sql, [name]).fetchall())


@lru_cache(maxsize=512)
def touched(sql: str) -> tuple[frozenset[str], frozenset[str]]:
    """The tables that a statement reads, and those that it changes, as `schema.name`."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    target = (
        tree.this
        if isinstance(tree, exp.Insert | exp.Update | exp.Delete | exp.Create | exp.Merge | exp.Drop)
        else None
    )
    if isinstance(target, exp.Schema):
        target = target.this
    changed = frozenset([_name(target)]) if isinstance(target, exp.Table) else frozenset()
    read = frozenset(_name(table) for table in tree.find_all(exp.Table) if table is not target and table.db)
    return read, changed


def _name(table: exp.Table) -> str:
    return f"{table.db}.{table.name}"
