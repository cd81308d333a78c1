"""One database, read-only: a connection that sees one state of it, and rows as they come.

SQLAlchemy with a server-side cursor reads everything that has a driver; DuckDB files are read by DuckDB itself.
"""

from __future__ import annotations

import difflib
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from echannel_connectors.errors import EChannelError
from echannel_connectors.sources.erp.ahead import side_by_side
from echannel_connectors.sources.erp.connections import Connection, Shared, connection_class
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.refusals import understood
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.sources.erp.state import State, asked, opened
from echannel_connectors.streams import Receipt
from echannel_connectors.texts import Text, say


@dataclass(frozen=True, slots=True)
class Manners:
    """How a database is treated: the longest time for one statement (the server ends it then; 0: as long as it takes),
    the most rows a second that are read of it (0: as fast as they come), and by how many connections at most."""

    statement_seconds: int = 0
    rows_per_second: int = 0
    connections: int = 1


@dataclass(frozen=True, slots=True)
class Names:
    """The names of tables, which are the same in capitals and small letters where the database thinks so."""

    listed: frozenset[str]
    folded: frozenset[str] = frozenset()  # the same in small letters, where any case of a name is the same name

    def __contains__(self, name: object) -> bool:
        return name in self.listed or str(name).casefold() in self.folded

    def __iter__(self) -> Iterator[str]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)

    def nearest(self, name: str) -> str | None:
        """The table that was meant, perhaps: in another schema, in other letters, or misspelt."""
        folded = {one.casefold(): one for one in sorted(self.listed)}
        bare = name.casefold().rpartition(".")[2]
        elsewhere = [one for one in folded if one.rpartition(".")[2] == bare]
        near = elsewhere or difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.7)
        return folded[near[0]] if near else None


class Database:
    """A read-only view of one database. The first SELECT opens a snapshot that lasts until `close()`.

    `rows` are read at once: as many as suit the database's way of reading where nothing is said. `warn` is told what a
    person should know.
    """

    def __init__(self, address: Address, *, rows: int | None = None, manners: Manners | None = None) -> None:
        self.address = address
        self.manners = manners or Manners()
        self.rows = rows
        self.receipt = Receipt()
        self.warn: Callable[[Text], object] = lambda _: None
        self._has_warned = False
        self._lock = threading.RLock()
        self._state: State | None = None
        self._finalizer: weakref.finalize[[], Database] | None = None

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
        return self.selects([sql], columns)

    def selects(self, selects: Sequence[str], columns: Columns) -> Iterator[pa.RecordBatch]:
        """The rows of SELECTs of one state, each read by whichever of the `readers` is free, in no order."""
        began = clock = time.monotonic()
        read_rows = 0
        self.receipt.requests += len(selects)
        try:
            with closing(self._batches(selects, columns)) as batches:
                for batch in batches:
                    self.receipt.seconds += time.monotonic() - clock
                    self.receipt.bytes += batch.nbytes
                    yield batch
                    clock = time.monotonic()
                    read_rows += batch.num_rows
                    self._wait(read_rows, began)
        except EChannelError:
            raise
        except self._way.refusals() as error:
            raise understood(error, self.address.host, self.address.secret) from error

    def _batches(self, selects: Sequence[str], columns: Columns) -> Generator[pa.RecordBatch]:
        state, todo = self._snapshot(), iter(selects)  # a list's iterator gives each one once, whichever thread asks
        if len(selects) == 1:
            yield from _typed(state.first, todo, columns, self.at_once)
            return
        readers = state.readers(min(len(selects), self.manners.connections))
        at_once = -(-self.at_once // len(readers))
        parts = [_typed(one, todo, columns, at_once) for one in readers]
        is_whole = False
        try:
            yield from side_by_side(parts, partial(_hang_up, readers))
            is_whole = True
        finally:
            for part in parts:
                part.close()
            if not is_whole:
                state.close()

    def _wait(self, rows: int, began: float) -> None:
        """Until so many rows may have been read."""
        if self.manners.rows_per_second:
            time.sleep(max(0.0, began + rows / self.manners.rows_per_second - time.monotonic()))

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        """A few rows as they are, from a connection of its own: what is asked may fail without ending the snapshot."""
        self.receipt.requests += 1
        with closing(opened(self.address)) as connection:
            return asked(self.address, connection, sql)

    def values_of_state(self, sql: str) -> list[tuple[Any, ...]]:
        """A few rows as they are, of the snapshot, which ends where this fails."""
        self.receipt.requests += 1
        state = self._snapshot()
        try:
            return asked(self.address, state.first, sql)
        except EChannelError:
            state.close()
            raise

    def readers(self) -> int:
        """How many connections can read one state side by side: as many as are wanted, or as the server lets in."""
        shortage = self.shortage()
        if shortage is not None and not self._has_warned:
            self._has_warned = True
            self.warn(shortage)
        return len(self._snapshot().readers(self.manners.connections))

    def shortage(self) -> Text | None:
        """Why there are fewer of them than wanted."""
        state, wanted = self._snapshot(), self.manners.connections
        there = len(state.readers(wanted))
        if state.refusal is None:
            return None
        said = {"n": there, "wanted": wanted, "problem": state.refusal.sentence}
        return say("large tables are read by {n} of the {wanted} connections: {problem}", **said)

    def tables(self) -> Names:
        """What the database lists: each table and view as `schema.table`, and as `table` where that is enough."""
        rows = self.values(self.address.kind.tables)
        bare = {str(name) for _, name, is_enough, _ in rows if is_enough}
        full = {f"{schema}.{name}" for schema, name, _, _ in rows if schema is not None}
        any_case = any(same for *_, same in rows)
        return Names(frozenset(bare | full), frozenset(one.casefold() for one in bare | full if any_case))

    def close(self) -> None:
        """End the snapshot; the next SELECT opens another one."""
        with self._lock:
            self._leave()
            self._has_warned = False

    # -- the connections ----------------------------------------------------------------------------------------

    @property
    def _way(self) -> type[Connection]:
        return connection_class(self.address.kind.way)

    def _leave(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._state = self._finalizer = None

    def _snapshot(self) -> State:
        with self._lock:
            if self._state is None or self._state.is_over:
                self._leave()
                is_shared = self.manners.connections > 1
                self._state = State(self.address, self.manners.statement_seconds, is_shared=is_shared)
                # Whoever forgets close() leaves no transaction open in somebody's production database.
                self._finalizer = weakref.finalize(self, self._state.close)
            return self._state


def _reopened(address: Address, rows: int | None, manners: Manners) -> Database:
    return Database(address, rows=rows, manners=manners)


def _hang_up(readers: Iterable[Shared]) -> None:
    for one in readers:
        one.hang_up()


def _typed(connection: Connection, selects: Iterator[str], columns: Columns, at_once: int) -> Generator[pa.RecordBatch]:
    for sql in selects:
        with closing(connection.rows(sql, columns, at_once)) as chunks:
            for chunk in chunks:
                yield columns.typed(chunk)
