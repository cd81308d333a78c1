"""One database, read-only: a connection that sees one state of it, and rows as they come.

SQLAlchemy with a server-side cursor reads everything that has a driver; DuckDB files are read by DuckDB itself.
"""

from __future__ import annotations

import importlib.util
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa

from echannel_connectors.errors import EChannelError, SettingsError
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.refusals import URL, understood
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.texts import say

Fast = Callable[[Any, str, Columns], Generator[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Manners:
    """How a database is treated: the longest time for one statement (the server ends it then; 0: as long as it takes),
    and the most rows a second that are read of it (0: as fast as they come)."""

    statement_seconds: int = 0
    rows_per_second: int = 0


@dataclass(slots=True)
class Receipt:
    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0


class Database:
    """A read-only view of one database. The first SELECT opens a snapshot that lasts until `close()`."""

    def __init__(self, address: Address, *, rows: int = 20_000, manners: Manners | None = None) -> None:
        self.address = address
        self.manners = manners or Manners()
        self.rows = min(rows, self.manners.rows_per_second or rows)
        self.receipt = Receipt()
        self._lock = threading.RLock()
        self._connection: Any = None  # SQLAlchemy's or DuckDB's
        self._finalizer: weakref.finalize[[Callable[[], None]], Database] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy in another process has a connection of its own."""
        return (_reopened, (self.address, self.rows, self.manners))

    @property
    def dialect(self) -> str:
        return self.address.kind.dialect

    def select(self, sql: str, columns: Columns) -> Iterator[pa.RecordBatch]:
        """The rows of a SELECT, typed, a bounded number at a time."""
        read = {"duckdb": self._arrow, "postgres": self._copied, "mysql": self._unpacked}.get(
            self.dialect, self._fetched
        )
        began = clock = time.monotonic()
        read_rows = 0
        self.receipt.requests += 1
        try:
            with closing(read(sql, columns)) as chunks:
                for chunk in chunks:
                    self.receipt.seconds += time.monotonic() - clock
                    batch = columns.typed(chunk)
                    self.receipt.bytes += batch.nbytes
                    yield batch
                    clock = time.monotonic()
                    read_rows += batch.num_rows
                    self._wait(read_rows, began)
        except EChannelError:
            raise
        except self._refusals() as error:
            raise self._understood(error) from error

    def _wait(self, rows: int, began: float) -> None:
        """Until so many rows may have been read."""
        if self.manners.rows_per_second:
            time.sleep(max(0.0, began + rows / self.manners.rows_per_second - time.monotonic()))

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        """A few rows as they are, from a connection of its own: what is asked may fail without ending the snapshot."""
        self.receipt.requests += 1
        connection = self._opened(snapshot=False)
        try:
            if self.dialect == "duckdb":
                return [tuple(row) for row in connection.execute(sql).fetchall()]
            plain = connection.execution_options(no_parameters=True)  # a % is a %, not a driver's placeholder
            return [tuple(row) for row in plain.exec_driver_sql(sql)]
        except self._refusals() as error:
            raise self._understood(error) from error
        finally:
            connection.close()

    def tables(self) -> frozenset[str]:
        """What the database lists: each table and view as `table` and as `schema.table`."""
        rows = self.values(self.address.kind.tables)
        return frozenset(str(name) for _, name in rows) | frozenset(f"{schema}.{name}" for schema, name in rows)

    def close(self) -> None:
        """End the snapshot; the next SELECT opens another one."""
        with self._lock:
            if self._finalizer is not None:
                self._finalizer()
            self._connection = self._finalizer = None

    # -- reading ------------------------------------------------------------------------------------------------

    def _fetched(self, sql: str, _: Columns) -> Generator[Mapping[str, Any]]:
        from sqlalchemy.engine import Connection

        connection: Connection = self._snapshot()
        streaming = connection.execution_options(no_parameters=True, stream_results=True, yield_per=self.rows)
        with closing(streaming.exec_driver_sql(sql)) as result:
            names = list(result.keys())
            for rows in result.partitions(self.rows):
                yield dict(zip(names, zip(*rows, strict=True), strict=True))

    def _copied(self, sql: str, columns: Columns) -> Generator[Mapping[str, Any]]:
        from echannel_connectors.sources.erp.copying import copied

        return self._whole(copied, sql, columns)

    def _unpacked(self, sql: str, columns: Columns) -> Generator[Mapping[str, Any]]:
        from echannel_connectors.sources.erp.packets import fetched

        return self._whole(fetched, sql, columns)

    def _whole(self, fast: Fast, sql: str, columns: Columns) -> Generator[Mapping[str, Any]]:
        """The rows by a reader that speaks to the driver itself."""
        connection = self._snapshot()
        is_whole = False
        try:
            yield from fast(connection.connection.dbapi_connection, sql, columns)
            is_whole = True
        finally:
            if not is_whole:  # what is left half-way cannot be used again: the next SELECT has its own connection
                connection.invalidate()
                self.close()

    def _arrow(self, sql: str, _: Columns) -> Generator[Mapping[str, Any]]:
        reader = self._snapshot().sql(sql).to_arrow_reader(self.rows)
        for batch in reader:
            yield dict(zip(batch.schema.names, batch.columns, strict=True))

    # -- the connection -----------------------------------------------------------------------------------------

    def _snapshot(self) -> Any:
        with self._lock:
            if self._connection is None:
                self._connection = self._opened(snapshot=True)
                # Whoever forgets close() leaves no transaction open in somebody's production database.
                self._finalizer = weakref.finalize(self, _closed, self._connection.close)
            return self._connection

    def _opened(self, *, snapshot: bool) -> Any:
        kind = self.address.kind
        if importlib.util.find_spec(kind.module) is None:
            sentence = say("reading {host} needs the driver {driver}", host=self.address.host, driver=kind.module)
            raise SettingsError(sentence, hint=f"pip install 'echannel-connectors[{kind.extra}]'")
        if kind.in_file and not Path(self.address.path).is_file():
            raise SettingsError(say("there is no database file {path!r}", path=self.address.path), hint=URL)
        seconds = self.manners.statement_seconds
        limits = {"seconds": seconds, "milliseconds": seconds * 1000}
        opening = tuple(statement.format(**limits) for statement in kind.opening) if snapshot else ()
        try:
            return self._duckdb(opening) if kind.dialect == "duckdb" else self._sqlalchemy(opening)
        except self._refusals() as error:
            raise self._understood(error, connecting=True) from error

    def _duckdb(self, opening: tuple[str, ...]) -> Any:
        import duckdb

        # Nothing but this file: a SELECT could otherwise read any file of this machine. Moments are compared in UTC.
        config = {"enable_external_access": "false"}
        connection = duckdb.connect(self.address.path, read_only=True, config=config)
        for statement in ("SET TimeZone = 'UTC'", *opening):
            connection.execute(statement)
        return connection

    def _sqlalchemy(self, opening: tuple[str, ...]) -> Any:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        kind = self.address.kind
        options: dict[str, Any] = {"poolclass": NullPool}
        if kind.in_file:
            options["creator"] = self._sqlite
        engine = create_engine(f"{kind.driver}://" if kind.in_file else self.address.url, **options)
        connection = engine.connect()
        try:
            if opening and kind.isolation:
                connection = connection.execution_options(isolation_level=kind.isolation)
            for statement in opening:
                connection.exec_driver_sql(statement)
        except BaseException:
            connection.close()
            raise
        return connection

    def _sqlite(self) -> Any:
        import sqlite3

        # Threads take turns, never at once; batches.py reads one slice in one thread, the next in another.
        name = f"file:{quote(self.address.path)}?mode=ro"
        return sqlite3.connect(name, uri=True, check_same_thread=False, isolation_level=None)

    def _refusals(self) -> tuple[type[Exception], ...]:
        import duckdb
        from sqlalchemy.exc import SQLAlchemyError

        if self.dialect == "duckdb":
            return (duckdb.Error,)
        if self.dialect == "postgres":
            import psycopg

            return (SQLAlchemyError, psycopg.Error)
        if self.dialect == "mysql":
            import pymysql

            return (SQLAlchemyError, pymysql.Error, OSError)
        return (SQLAlchemyError,)

    def _understood(self, error: Exception, *, connecting: bool = False) -> EChannelError:
        return understood(error, self.address.host, self.address.secret, connecting=connecting)


def _reopened(address: Address, rows: int, manners: Manners) -> Database:
    return Database(address, rows=rows, manners=manners)


def _closed(close: Callable[[], None]) -> None:
    with suppress(Exception):  # the server may be gone already: there is nothing left to close
        close()
