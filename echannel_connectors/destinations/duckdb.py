"""DuckDB, the embedded warehouse: one file, opened only while a commit, a query or the marts need it.

DuckDB lets one process write a file, or many read it. Whoever finds it taken waits a moment and then says who holds it.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from echannel_connectors.destinations import Stored, Swept, commit
from echannel_connectors.destinations.disk import passing
from echannel_connectors.destinations.duckdb_errors import OutOfMemory, clear_errors, refuse_unwritable
from echannel_connectors.errors import Conflict, DestinationError, EChannelError, SettingsError
from echannel_connectors.streams import Batch, Finding, Progress, Shape, Slice
from echannel_connectors.texts import say

T = TypeVar("T")
COMMIT_MIB = 96  # holds the rows of a commit and what it looks up; more would only fill with pages that nobody needs
MIB_PER_THREAD = 95  # more threads than that find too little memory where two have enough
AS_OPENED = ""
FOR_TABLES = f"SET memory_limit = '192MiB'; SET threads TO {min(os.cpu_count() or 1, 2)}"
ONE_THREAD = "SET threads TO 1"  # needs about half of what two need
MORE_MEMORY = ("SET memory_limit = '512MiB'", "SET memory_limit = '50%'")  # half of what the machine has
# DICT_FSST, which files have had since DuckDB 1.3, does what these do: to try each on every text would be for nothing.
ONE_COMPRESSION = "SET disabled_compression_methods = 'dictionary,fsst'"
STORAGE = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'warehouse'"
WITHOUT_DICT_FSST = ("v0.", "v1.0.", "v1.1.", "v1.2.")
SAFE_SHARE = 10  # a sweep of more than one row in ten waits for a person


class DuckDB:
    """A warehouse in one DuckDB file, or in memory (`":memory:"`).

    `memory_mib` bounds DuckDB's own memory (the process takes some 250 MiB more). Where it is not given, DuckDB has
    96 MiB to load rows and 192 MiB to build tables, and more only for what finds no room in that. `wait_seconds` is how
    long to wait for a file that another process holds.
    """

    dialect = "duckdb"
    by_rows = True  # tables are brought up to date by what has changed, rather than made anew

    def __init__(
        self, path: str | os.PathLike[str], *, memory_mib: int | None = None, wait_seconds: float = 20.0
    ) -> None:
        self.path = os.fspath(path)
        self.memory_mib = memory_mib or COMMIT_MIB
        self._is_bounded = memory_mib is not None or self.path == ":memory:"
        self.wait_seconds = wait_seconds
        self._lock = threading.RLock()
        self._own = threading.local()  # a thread's connection while it reads
        self._memory = duckdb.connect(":memory:") if self.path == ":memory:" else None
        self._held: duckdb.DuckDBPyConnection | None = None
        self._has_books = False

    def __reduce__(self) -> tuple[Any, ...]:
        if self._memory is not None:  # only a place can travel to another process
            raise TypeError("a warehouse in memory cannot be pickled")
        asked = self.memory_mib if self._is_bounded else None
        return partial(DuckDB, memory_mib=asked, wait_seconds=self.wait_seconds), (self.path,)

    def __repr__(self) -> str:
        return f"DuckDB({self.path!r})"

    # -- reading and writing ------------------------------------------------------------------------------------

    @contextmanager
    def hold(self) -> Iterator[None]:
        with self._lock:
            if self._held is not None:
                yield
                return
            with self._open() as connection:
                self._held = connection
                try:
                    yield
                finally:
                    self._held = None

    def prepare(self, shape: Shape) -> Mapping[str, Progress]:
        with self._writing() as connection:
            existing = dict(connection.execute(commit.COLUMNS, {"table": shape.name}).fetchall())
            if not existing:
                connection.execute(commit.create(shape, with_zstd=self._memory is None and _is_newer(connection)))
            elif changes := commit.add_columns(shape, existing) + commit.retype_columns(shape, existing):
                for statement in changes:
                    connection.execute(statement)
                connection.execute(*commit.changed_wholly(f"raw.{shape.name}"))
                # The rows that are there do not have the new values yet: the stream is read again from its start.
                connection.execute(commit.FORGET, {"stream": shape.name})
            return _progress(connection, shape)

    def stored(self, shape: Shape) -> Stored:
        if self._memory is None and not Path(self.path).exists():
            return Stored({})
        with closing(self._to_read()) as connection, clear_errors(self.path):
            if not connection.execute(commit.COLUMNS, {"table": shape.name}).fetchall():
                return Stored({})
            return Stored(_progress(connection, shape), int(_first(connection, commit.live(shape))[0]))

    def check(self) -> Iterator[Finding]:
        if self._memory is not None:
            yield Finding("ok", say("the warehouse is in memory: it is gone when the program ends"))
            return
        file = Path(self.path)
        if reason := passing(file):
            yield Finding("warning", reason, say("keep it elsewhere, or run `echannel backup` into a place that lasts"))
        try:
            refuse_unwritable(file)
            if not file.exists():
                yield Finding("ok", say("{path} is not there yet: the first sync makes it", path=self.path))
                return
            with closing(self._attached(read_only=True)) as connection:
                self._refuse_newer(_version(connection))
        except Conflict as error:
            yield Finding("warning", error.sentence, say("a sync waits for it for {n:.0f} s", n=self.wait_seconds))
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)
            return
        size, free = file.stat().st_size, shutil.disk_usage(file.parent).free
        sizes = {"mib": size / 2**20, "gib": free / 2**30}
        yield Finding("ok", say("{path} holds {mib:,.1f} MiB; {gib:,.1f} GiB are free", path=self.path, **sizes))
        if free < size:
            sentence = say("the disk has less space left than the warehouse takes now")
            yield Finding("warning", sentence, say("free some space before the next large load"))

    def plan(self, shape: Shape, slices: Sequence[Slice]) -> None:
        if not slices:
            return
        with self._writing() as connection:
            known = {row[0] for row in connection.execute(commit.PROGRESS, {"stream": shape.name}).fetchall()}
            for part in slices:
                if part.name not in known:
                    bounds = json.dumps(dict(part.bounds))
                    values = {"stream": shape.name, "slice": part.name, "bounds": bounds, "once": part.once}
                    connection.execute(commit.PLANNED, values)

    def commit(self, shape: Shape, part: Slice, batch: Batch, number: int) -> int | None:
        position = json.dumps(dict(batch.position), sort_keys=True)
        values = {"stream": shape.name, "slice": part.name, "position": position, "number": number}

        def work(connection: duckdb.DuckDBPyConnection) -> int | None:
            if _first(connection, commit.MOVE, values)[0] == 0:
                self._is_repeat(connection, shape, part, number, position)
                return None
            changed = 0
            if batch.rows.num_rows:
                changed = _stored(connection, shape, batch)
            if changed:
                connection.execute(commit.CHANGED, {"name": f"raw.{shape.name}"})
            for bad in batch.set_aside:
                connection.execute(
                    "INSERT INTO echannel.set_aside VALUES (?, ?, ?, ?, ?, now())",
                    [shape.name, bad.key, bad.column, bad.value, bad.reason],
                )
            return changed

        return self._done(work)

    def sweep(self, shape: Shape, keys: pa.RecordBatchReader, *, accept: bool) -> Swept:
        present = keys.read_all()

        def work(connection: duckdb.DuckDBPyConnection) -> Swept:
            connection.register("present", present)
            live = int(_first(connection, commit.live(shape))[0])
            missing = int(_first(connection, commit.gone(shape))[0])
            safe = missing * SAFE_SHARE <= live or (missing == 1 and live > 1)
            deleted = missing if missing and (safe or accept) else 0
            if deleted:
                connection.execute(commit.mark_deleted(shape))
                connection.execute(commit.CHANGED, {"name": f"raw.{shape.name}"})
            connection.unregister("present")
            return Swept(live, missing, deleted)

        return self._done(work, AS_OPENED if self._is_bounded else FOR_TABLES)

    def forget(self, shape: Shape) -> None:
        self.execute((commit.FORGET, {"stream": shape.name}))

    def execute(self, *statements: str | tuple[str, Mapping[str, Any]]) -> None:
        """All or nothing."""

        def work(connection: duckdb.DuckDBPyConnection) -> None:
            for statement in statements:
                sql, values = (statement, {}) if isinstance(statement, str) else statement
                connection.execute(sql, dict(values) or None)

        self._done(work, AS_OPENED if self._is_bounded else FOR_TABLES)

    def _done(self, work: Callable[[duckdb.DuckDBPyConnection], T], room: str = AS_OPENED) -> T:
        """A transaction. What finds too little memory is done again by one thread, and then, unless the memory was
        given, with more of it."""
        steps = (room, ONE_THREAD, *(() if self._is_bounded else MORE_MEMORY))
        with self.hold():
            for step in steps:
                assert self._held is not None
                self._held.execute(step)
                try:
                    with self._writing() as connection:
                        return work(connection)
                except OutOfMemory:
                    if step == steps[-1]:
                        raise
        raise AssertionError("the last step returns or raises")

    def query(self, sql: str, parameters: Iterable[Any] | Mapping[str, Any] = ()) -> pa.RecordBatchReader:
        values = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        connection = self._to_read()
        try:
            with clear_errors(self.path):
                reader = connection.sql(sql, params=values or None).to_arrow_reader(100_000)
        except BaseException:
            connection.close()
            raise
        batches = pa.RecordBatchReader.from_batches(reader.schema, _closing(reader, connection))
        return pa.RecordBatchReader.from_stream(batches)  # whose close() lets go of them, and of the file, at once

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One connection for the questions of this thread in the block, with the room that building tables has; a sync
        of another process waits for its end."""
        if self._held is not None or self._memory is not None:
            yield
            return
        with closing(self._connect(read_only=True)) as connection:
            if not self._is_bounded:
                connection.execute(FOR_TABLES)
            self._own.connection = connection
            try:
                yield
            finally:
                self._own.connection = None

    def _to_read(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own for one result: it may be read in another thread, and as slowly as it likes."""
        open_already = self._held or self._memory or getattr(self._own, "connection", None)
        return self._ready(open_already.cursor()) if open_already else self._connect(read_only=True)

    def close(self) -> None:
        if self._memory is not None:
            self._memory.close()

    # -- the file -----------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """One transaction on a file that has its books; everything or nothing."""
        with self._open() as connection, clear_errors(self.path):
            if not self._has_books:
                self._keep_books(connection)
            connection.execute("BEGIN")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(duckdb.Error):
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _open(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            if self._held is not None:
                yield self._held
                return
            if self._memory is not None:
                yield self._ready(self._memory.cursor())
                return
            connection = self._connect(read_only=False)
            try:
                yield connection
            finally:
                with clear_errors(self.path):
                    connection.close()

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        if read_only and not Path(self.path).exists():
            raise SettingsError(
                say("there is no warehouse at {path} yet", path=self.path), hint=say("run `echannel sync` first")
            )
        patience = time.monotonic() + self.wait_seconds
        pause = 0.01
        while True:
            try:
                return self._attached(read_only=read_only)
            except Conflict:
                if time.monotonic() > patience:
                    raise
                time.sleep(pause)
                pause = min(pause * 1.5, 0.25)

    def _attached(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """The file under a name of our own: DuckDB would name it after itself, and a catalog echannel (from
        echannel.duckdb) beside a schema echannel makes every `echannel.runs` ambiguous."""
        limits = {
            "memory_limit": f"{self.memory_mib}MiB",
            "threads": max(1, min(os.cpu_count() or 1, self.memory_mib // MIB_PER_THREAD)),
            "temp_directory": f"{self.path}.tmp",  # what does not fit goes beside the file, not into the current folder
            "preserve_insertion_order": False,  # holds whole tables in memory otherwise
        }
        connection = duckdb.connect(":memory:", config=limits)
        try:
            with clear_errors(self.path):
                place = self.path.replace("'", "''")
                connection.execute(f"ATTACH '{place}' AS warehouse {'(READ_ONLY)' if read_only else ''}")
                if not read_only and _is_newer(connection):
                    connection.execute(ONE_COMPRESSION)
                return self._ready(connection)
        except BaseException:
            connection.close()
            raise

    def _ready(self, connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
        """Moments in UTC, and the file as the place that names without a catalog refer to."""
        connection.execute("SET TimeZone = 'UTC'")
        if self._memory is None:
            connection.execute("USE warehouse")
        return connection

    def _keep_books(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create the library's own tables, or bring older ones forward after copying the file."""
        version = _version(connection)
        self._refuse_newer(version)
        if version is not None and version < commit.SCHEMA_VERSION and self._memory is None:
            connection.execute("CHECKPOINT")
            shutil.copy2(self.path, f"{self.path}.schema{version}.bak")
        connection.execute("BEGIN")
        for statement in commit.BOOKS:
            connection.execute(statement)
        for step in range((version or commit.SCHEMA_VERSION) + 1, commit.SCHEMA_VERSION + 1):
            for statement in commit.MIGRATIONS[step]:
                connection.execute(statement)
        if version != commit.SCHEMA_VERSION:
            connection.execute("DELETE FROM echannel.meta WHERE name = 'schema_version'")
            connection.execute("INSERT INTO echannel.meta VALUES ('schema_version', ?)", [str(commit.SCHEMA_VERSION)])
        connection.execute("COMMIT")
        self._has_books = True

    def _refuse_newer(self, version: int | None) -> None:
        if version is not None and version > commit.SCHEMA_VERSION:
            raise DestinationError(
                say(
                    "{path} was written by a newer version of this library (schema {version})",
                    path=self.path,
                    version=version,
                ),
                hint="pip install --upgrade echannel-connectors",
            )

    def _is_repeat(
        self, connection: duckdb.DuckDBPyConnection, shape: Shape, part: Slice, number: int, position: str
    ) -> None:
        """A commit whose reply got lost has this number and this position; anything else is another run's."""
        sql = "SELECT commits, position FROM echannel.slices WHERE stream = ? AND slice = ?"
        if connection.execute(sql, [shape.name, part.name]).fetchall() != [(number, position)]:
            raise Conflict(
                say(
                    "another sync wrote to {stream} ({part}) while this one was reading",
                    stream=shape.name,
                    part=part.name,
                ),
                hint=say("nothing is lost; run again when the other one has ended"),
            )


def _stored(connection: duckdb.DuckDBPyConnection, shape: Shape, batch: Batch) -> int:
    """How many rows are new, different, or gone from their group. A batch without a row never empties one."""
    connection.register("incoming", batch.rows)
    if _is_new(connection, shape, batch):
        changed = _first(connection, commit.insert(shape))[0]
    else:
        connection.register("numbered", commit.numbered(batch.rows))
        changed = _first(connection, commit.merge(shape))[0]
        connection.unregister("numbered")
    if batch.whole:
        changed += _first(connection, commit.gone_of_groups(shape), {"whole": list(batch.whole)})[0]
    connection.unregister("incoming")
    return int(changed)


def _is_new(connection: duckdb.DuckDBPyConnection, shape: Shape, batch: Batch) -> bool:
    """Whether none of the batch's keys is in the table. All rows that this reading gave before are there: where there
    are as many, there are no others, and keys that are different from theirs need not be looked for."""
    if batch.apart is not None and _first(connection, commit.row_count(shape))[0] == batch.apart:
        return True
    return bool(_first(connection, commit.is_new(shape, distinct=batch.distinct))[0])


def _is_newer(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file may hold what DuckDB can compress by since 1.3."""
    return not str(_first(connection, STORAGE)[0]).startswith(WITHOUT_DICT_FSST)


def _version(connection: duckdb.DuckDBPyConnection) -> int | None:
    try:
        rows = connection.execute("SELECT value FROM echannel.meta WHERE name = 'schema_version'").fetchall()
    except duckdb.CatalogException:
        return None
    return int(rows[0][0]) if rows else None


def _progress(connection: duckdb.DuckDBPyConnection, shape: Shape) -> Mapping[str, Progress]:
    rows = connection.execute(commit.PROGRESS, {"stream": shape.name}).fetchall()
    return {
        name: Progress(Slice(name, json.loads(bounds), once), json.loads(position) if position else None, commits)
        for name, bounds, once, position, commits in rows
    }


def _first(connection: duckdb.DuckDBPyConnection, sql: str, values: Any = None) -> tuple[Any, ...]:
    """The one row of a statement; all of it is fetched, because an unfinished result blocks what comes next."""
    row: tuple[Any, ...] = connection.execute(sql, values).fetchall()[0]
    return row


def _closing(reader: pa.RecordBatchReader, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    finally:
        connection.close()
