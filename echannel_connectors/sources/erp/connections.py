"""Connections, one class for each way that rows come: what Database needs of one, and the two that are short.

A connection that was left in the middle of a result is closed when it can be of no more use.
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

import pyarrow as pa

from echannel_connectors.sources.erp.kinds import Address, Way
from echannel_connectors.sources.erp.rows import GROUP, Columns

Chunk = Mapping[str, pa.Array | Sequence[Any]]
PLACES: Mapping[Way, tuple[str, str]] = {
    "copy": ("copying", "Postgres"),
    "packets": ("packets", "MySql"),
    "odbc": ("odbc", "Odbc"),
    "duckdb": ("connections", "DuckDbFile"),
    "sqlalchemy": ("connections", "SqlAlchemy"),
}


class Connection(Protocol):
    """A connection; `opening` are the statements that begin its one state of the database (none: no transaction).

    `at_once` is how many rows suit its way of reading where nobody says it otherwise.
    """

    closed: bool
    at_once: ClassVar[int]

    def __init__(self, address: Address, opening: Sequence[str]) -> None: ...

    @staticmethod
    def refusals() -> tuple[type[Exception], ...]:
        """What its driver raises."""

    def rows(self, sql: str, columns: Columns, at_once: int) -> Generator[Chunk]:
        """The rows of a SELECT, a bounded number at a time."""

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        """The few rows of a question, as they are."""

    def close(self) -> None: ...


class Shared(Connection, Protocol):
    """A connection whose state of the database others can see (`kind.sharing`), each read in a thread of its own."""

    def hang_up(self) -> None:
        """Wake whoever waits for rows of it in another thread; it is of no more use then."""


def connection_class(way: Way) -> type[Connection]:
    module, name = PLACES[way]
    found: type[Connection] = getattr(importlib.import_module(f"echannel_connectors.sources.erp.{module}"), name)
    return found


class DuckDbFile:
    """A DuckDB file, read by DuckDB itself."""

    closed = False
    at_once = GROUP

    def __init__(self, address: Address, opening: Sequence[str]) -> None:
        import duckdb

        # Nothing but this file: a SELECT could otherwise read any file of this machine. Moments are compared in UTC.
        config = {"enable_external_access": "false"}
        self._connection = duckdb.connect(address.path, read_only=True, config=config)
        for statement in ("SET TimeZone = 'UTC'", *opening):
            self._connection.execute(statement)

    @staticmethod
    def refusals() -> tuple[type[Exception], ...]:
        import duckdb

        return (duckdb.Error,)

    def rows(self, sql: str, _: Columns, at_once: int) -> Generator[Chunk]:
        for batch in self._connection.sql(sql).to_arrow_reader(at_once):
            yield dict(zip(batch.schema.names, batch.columns, strict=True))

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.execute(sql).fetchall()]

    def close(self) -> None:
        self.closed = True
        self._connection.close()


class SqlAlchemy:
    """Whatever SQLAlchemy has a driver for, with a server-side cursor."""

    closed = False
    at_once = 20_000  # Python objects, one for each value

    def __init__(self, address: Address, opening: Sequence[str]) -> None:
        from sqlalchemy import URL, create_engine
        from sqlalchemy.pool import NullPool

        kind = address.kind
        self._clean = _without_padding if kind.is_padded else tuple
        if kind.in_file:
            engine = create_engine("sqlite://", poolclass=NullPool, creator=lambda: _sqlite(address.path))
        else:
            name = address.database or None
            who = (address.user or None, address.secret or None, address.server or None, address.port)
            engine = create_engine(URL.create(kind.driver, *who, name, address.query), poolclass=NullPool)
        self._connection = engine.connect()
        try:
            if opening and kind.isolation:
                self._connection = self._connection.execution_options(isolation_level=kind.isolation)
            for statement in opening:
                self._connection.exec_driver_sql(statement)
        except BaseException:
            self._connection.close()
            raise

    @staticmethod
    def refusals() -> tuple[type[Exception], ...]:
        from sqlalchemy.exc import SQLAlchemyError

        return (SQLAlchemyError,)

    def rows(self, sql: str, _: Columns, at_once: int) -> Generator[Chunk]:
        streaming = self._connection.execution_options(no_parameters=True, stream_results=True, yield_per=at_once)
        with closing(streaming.exec_driver_sql(sql)) as result:
            names = list(result.keys())
            for rows in result.partitions(at_once):
                yield dict(zip(names, map(self._clean, zip(*rows, strict=True)), strict=True))

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        plain = self._connection.execution_options(no_parameters=True)  # a % is a %, not a driver's placeholder
        return [tuple(row) for row in plain.exec_driver_sql(sql)]

    def close(self) -> None:
        self.closed = True
        self._connection.close()


def _sqlite(path: str) -> Any:
    import sqlite3

    # Threads take turns, never at once; batches.py reads one slice in one thread, the next in another.
    return sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)


def _without_padding(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.rstrip(" ") if type(value) is str else value for value in values)
