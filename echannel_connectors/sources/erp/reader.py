"""One database, read-only: a connection that sees one state of it, and rows as they come.

SQLAlchemy with a server-side cursor reads everything that has a driver; DuckDB files are read by DuckDB itself.
"""

from __future__ import annotations

import importlib.util
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from echannel_connectors.errors import EChannelError, SettingsError
from echannel_connectors.sources.erp.connections import Connection, connection_class
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.refusals import URL, understood
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.streams import Receipt
from echannel_connectors.texts import say


@dataclass(frozen=True, slots=True)
class Manners:
    """How a database is treated: the longest time for one statement (the server ends it then; 0: as long as it takes),
    and the most rows a second that are read of it (0: as fast as they come)."""

    statement_seconds: int = 0
    rows_per_second: int = 0


class Database:
    """A read-only view of one database. The first SELECT opens a snapshot that lasts until `close()`.

    `rows` are read at once: as many as suit the database's way of reading where nothing is said.
    """

    def __init__(self, address: Address, *, rows: int | None = None, manners: Manners | None = None) -> None:
        self.address = address
        self.manners = manners or Manners()
        self.rows = rows
        self.receipt = Receipt()
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._finalizer: weakref.finalize[[Callable[[], None]], Database] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy in another process has a connection of its own."""
        return (_reopened, (self.address, self.rows, self.manners))

    @property
    def dialect(self) -> str:
        return self.address.kind.dialect

    @property
    def at_once(self) -> int:
        """How many rows are read at a time, a second's worth at most where their rate is bounded."""
        rows = self.rows or self._way.at_once
        return min(rows, self.manners.rows_per_second or rows)

    def select(self, sql: str, columns: Columns) -> Iterator[pa.RecordBatch]:
        """The rows of a SELECT, typed, a bounded number at a time."""
        began = clock = time.monotonic()
        read_rows = 0
        self.receipt.requests += 1
        try:
            with closing(self._snapshot().rows(sql, columns, self.at_once)) as chunks:
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
        except self._way.refusals() as error:
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
            return connection.values(sql)
        except self._way.refusals() as error:
            raise self._understood(error) from error
        finally:
            connection.close()

    def tables(self) -> frozenset[str]:
        """What the database lists: each table and view as `table` and as `schema.table`."""
        rows = self.values(self.address.kind.tables)
        names = frozenset(str(name) for _, name in rows) | frozenset(f"{schema}.{name}" for schema, name in rows)
        if self.dialect not in ("oracle", "firebird", "tsql"):
            return names
        return names | {name.lower() for name in names} | {name.upper() for name in names}  # any case is the same name

    def close(self) -> None:
        """End the snapshot; the next SELECT opens another one."""
        with self._lock:
            if self._finalizer is not None:
                self._finalizer()
            self._connection = self._finalizer = None

    # -- the connection -----------------------------------------------------------------------------------------

    @property
    def _way(self) -> type[Connection]:
        return connection_class(self.address.kind.way)

    def _snapshot(self) -> Connection:
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = self._opened(snapshot=True)
                # Whoever forgets close() leaves no transaction open in somebody's production database.
                self._finalizer = weakref.finalize(self, _closed, self._connection.close)
            return self._connection

    def _opened(self, *, snapshot: bool) -> Connection:
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
            return self._way(self.address, opening)
        except self._way.refusals() as error:
            raise self._understood(error, connecting=True) from error

    def _understood(self, error: Exception, *, connecting: bool = False) -> EChannelError:
        return understood(error, self.address.host, self.address.secret, connecting=connecting)


def _reopened(address: Address, rows: int | None, manners: Manners) -> Database:
    return Database(address, rows=rows, manners=manners)


def _closed(close: Callable[[], None]) -> None:
    with suppress(Exception):  # the server may be gone already: there is nothing left to close
        close()
