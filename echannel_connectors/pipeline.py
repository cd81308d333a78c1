"""sync(): the whole path on one page — read, commit, sweep, build, report."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from echannel_connectors import events
from echannel_connectors.arrow import hash_private, without_secrets
from echannel_connectors.batches import read_slices
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import Conflict, DestinationError, EChannelError, SettingsError, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.models.build import build, rebuild_freshness
from echannel_connectors.models.company import Company
from echannel_connectors.streams import Batch, Progress, Shape, Slice, Source, Stream
from echannel_connectors.texts import say

SWEEP_EVERY = timedelta(days=1)
SWEPT = "UPDATE echannel.streams SET swept_at = now() WHERE source = $source AND stream = $stream"
SUCCEEDED = """UPDATE echannel.streams SET last_success = now(), failures = 0,
    rows = (SELECT count(*) FROM {table} WHERE _deleted_at IS NULL) WHERE source = $source AND stream = $stream"""
WITHOUT_RATE = """SELECT source, currency, count(*) AS n FROM mart.sales
    WHERE net_base IS NULL GROUP BY ALL ORDER BY ALL"""
FAILED = "UPDATE echannel.streams SET failures = failures + 1 WHERE source = $source AND stream = $stream"
KNOWN_STREAM = """INSERT INTO echannel.streams SELECT $source, $stream, NULL, NULL, 0, 0, NULL
    WHERE NOT EXISTS (SELECT 1 FROM echannel.streams WHERE source = $source AND stream = $stream)"""


@dataclass(slots=True)
class StreamResult:
    """What one stream brought: rows read, rows that were new or different, rows marked as deleted."""

    source: str
    stream: str
    rows: int = 0
    changed: int = 0
    deleted: int = 0
    set_aside: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class SyncResult:
    """What a sync did; `exit_code` is 5 when rows were set aside."""

    streams: list[StreamResult] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    first: bool = False
    receipt: dict[str, float] = field(default_factory=dict)

    def total(self, what: str) -> int:
        return sum(getattr(stream, what) for stream in self.streams)

    @property
    def exit_code(self) -> int:
        return 5 if self.total("set_aside") else 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run is to read: everything new by default."""

    only: tuple[str, ...] = ()  # "shop" or "shop.orders"
    full: bool = False
    since: str | None = None  # a day: this range is read again, and nothing else moves
    until: str | None = None
    accept_deletes: bool = False

    def takes(self, source: str, stream: str) -> bool:
        return not self.only or source in self.only or f"{source}.{stream}" in self.only

    @property
    def is_range(self) -> bool:
        return self.since is not None or self.until is not None


def sync(
    *sources: Source,
    into: Warehouse,
    company: Company | None = None,
    choice: Choice | None = None,
    project: Path | None = None,
    on_event: OnEvent = events.ignore,
) -> SyncResult:
    """Read what is new in each source into the warehouse and rebuild core and marts. Can be repeated at any time.

    Raises the first error of a source or the warehouse; what was committed before it stays and is not read again.
    """
    company, choice = company or Company(), choice or Choice()
    check_names(choice.only, sources)
    run, result = _Run(into, company, choice, on_event), SyncResult()
    started, clock = datetime.now(UTC), time.monotonic()
    error: BaseException | None = None
    try:
        for source in sources:
            run.source(source, result)
        result.tables = build(into, sources, company, project, on_event)
        run.warn_of_rates(result)
    except BaseException as caught:
        error = caught
        raise
    finally:
        result.seconds = time.monotonic() - clock
        for source in sources:
            for name, value in source.receipt().items():
                result.receipt[name] = result.receipt.get(name, 0) + value
            source.close()
        run.remember(started, result, error)
    return result


@dataclass(frozen=True, slots=True)
class _Planned:
    """A stream about to be read: how it is stored, how far it has come, whether a key sweep is due."""

    source: Source
    name: str
    stream: Stream
    stored: Shape
    known: Mapping[str, Progress]
    sweep_is_due: bool


@dataclass(frozen=True, slots=True)
class _Run:
    into: Warehouse
    company: Company
    choice: Choice
    on_event: OnEvent

    def source(self, source: Source, result: SyncResult) -> None:
        listen = getattr(source, "listen", None)
        if listen:
            listen(self.on_event)
        chosen = {name: stream for name, stream in source.streams().items() if self.choice.takes(source.name, name)}
        with self.into.hold():
            planned = [self._planned(source, name, stream) for name, stream in chosen.items()]
        result.first = result.first or any(not item.known for item in planned)
        with ExitStack() as stack:
            pending = Pending(self.into)
            try:
                for item in planned:
                    try:
                        self._stream(item, pending, stack, result)
                    except Exception as error:
                        if not isinstance(error, DestinationError | Conflict):  # those are not the stream's fault
                            pending.add(partial(self._failed, item))
                        raise
            finally:
                pending.store()  # what other streams brought is kept when one of them fails

    def _planned(self, source: Source, name: str, stream: Stream) -> _Planned:
        stored = replace(
            stream.shape, name=f"{source.name}__{name}", columns=without_secrets(stream.shape.columns)
        )  # as the warehouse holds it: under the source's name, private columns hashed
        if self.choice.full and not self.choice.is_range:
            self.into.forget(stored)
        self.into.execute((KNOWN_STREAM, {"source": source.name, "stream": name}))
        return _Planned(source, name, stream, stored, self.into.prepare(stored), self._sweep_is_due(source.name, name))

    def _stream(self, item: _Planned, pending: Pending, stack: ExitStack, result: SyncResult) -> None:
        clock = time.monotonic()
        done = StreamResult(item.source.name, item.name)
        result.streams.append(done)
        parts = self._parts(item.stream, item.stored, item.known)
        self.on_event(events.StreamStarted(item.source.name, item.name, len(parts)))
        keys = stack.enter_context(KeySpool(item.stored)) if item.stored.deletes == "unseen" else None
        for part, number, batch in read_slices(item.stream, parts, readers=getattr(item.source, "readers", 2)):
            rows = hash_private(batch.rows, self.company.salt)
            done.rows += rows.num_rows
            done.set_aside += len(batch.set_aside)
            if keys:
                keys.add(rows)
            hashed = Batch(rows, batch.position, batch.set_aside)
            pending.add(partial(self._commit, item, part, hashed, number, done), rows.nbytes)
        if self._looks_for_deletes(item, done):
            pending.add(partial(self._sweep, item, keys or self._keys(item, stack), done, result))
        pending.add(partial(self._succeeded, item, done, clock))

    def _looks_for_deletes(self, item: _Planned, done: StreamResult) -> bool:
        if self.choice.is_range or done.set_aside:
            return False
        return item.stored.deletes == "unseen" or (item.stored.deletes == "sweep" and item.sweep_is_due)

    def _keys(self, item: _Planned, stack: ExitStack) -> KeySpool:
        keys = stack.enter_context(KeySpool(item.stored))
        for batch in item.stream.keys():  # noqa: SIM118 - a stream, not a dict
            keys.add(batch)
        return keys

    # -- what is done to the warehouse, in the order in which it was read ------------------------------------------

    def _commit(self, item: _Planned, part: Slice, batch: Batch, number: int, done: StreamResult) -> None:
        changed = self.into.commit(item.stored, part, batch, number) or 0
        done.changed += changed
        self.on_event(events.Committed(item.source.name, item.name, part.name, batch.rows.num_rows, changed))

    def _sweep(self, item: _Planned, keys: KeySpool, done: StreamResult, result: SyncResult) -> None:
        swept = self.into.sweep(item.stored, keys.read(), accept=self.choice.accept_deletes)
        done.deleted = swept.deleted
        if swept.missing == swept.deleted:
            self.into.execute((SWEPT, {"source": item.source.name, "stream": item.name}))
            return
        sentence = say(
            "{missing:,} of {live:,} rows of {stream} are no longer in the source; that is more than a tenth, so they "
            "were kept: run with --accept-deletes if it is right",
            missing=swept.missing,
            live=swept.live,
            stream=f"{item.source.name}.{item.name}",
        )
        self._warn(result, item.source.name, sentence)

    def _succeeded(self, item: _Planned, done: StreamResult, clock: float) -> None:
        sql = SUCCEEDED.format(table=commit.raw_table(item.stored.name))
        self.into.execute((sql, {"source": item.source.name, "stream": item.name}))
        done.seconds = round(time.monotonic() - clock, 3)
        self.on_event(
            events.StreamFinished(done.source, done.stream, done.rows, done.changed, done.deleted, done.seconds)
        )

    def _failed(self, item: _Planned) -> None:
        self.into.execute((FAILED, {"source": item.source.name, "stream": item.name}))

    def warn_of_rates(self, result: SyncResult) -> None:
        for row in self.into.query(WITHOUT_RATE).read_all().to_pylist():
            sentence = say(
                "{n:,} rows of {table} are in {currency} and have no rate to {base}: their *_base figures are empty "
                "and in no total",
                n=row["n"],
                table="mart.sales",
                currency=row["currency"] or say("an unknown currency"),
                base=self.company.currency,
            )
            self._warn(result, row["source"], sentence)

    def _warn(self, result: SyncResult, source: str, sentence: str) -> None:
        result.warnings.append(sentence)
        self.on_event(events.Warned(source, sentence))

    def _parts(self, stream: Stream, stored: Shape, known: Mapping[str, Progress]) -> list[Progress]:
        """The slices to read now: planned ones that are not done, or a range of days by itself."""
        if self.choice.is_range:
            parts = [
                Slice(f"{part.name} {uuid.uuid4().hex[:8]}", part.bounds)
                for part in stream.between(self.choice.since, self.choice.until)
            ]
            self.into.plan(stored, parts)
            return [Progress(part) for part in parts]
        planned = stream.slices(known)
        self.into.plan(stored, [part for part in planned if part.name not in known])
        progress = [known.get(part.name, Progress(part)) for part in planned]
        return [item for item in progress if not item.done]

    def _sweep_is_due(self, source: str, name: str) -> bool:
        if self.choice.full or self.choice.accept_deletes:
            return True
        sql = "SELECT max(swept_at) FROM echannel.streams WHERE source = $source AND stream = $stream"
        last = self.into.query(sql, {"source": source, "stream": name}).read_all().column(0)[0].as_py()
        return last is None or datetime.now(UTC) - last >= SWEEP_EVERY

    def remember(self, started: datetime, result: SyncResult, error: BaseException | None) -> None:
        """A row in echannel.runs, for failures too; a warehouse that cannot take it keeps its own error."""
        from echannel_connectors import __version__

        cost = result.receipt
        row: dict[str, Any] = {
            "run_id": uuid.uuid4().hex,
            "started_at": started,
            "finished_at": datetime.now(UTC),
            "status": "failed" if error else "done",
            "rows_read": result.total("rows"),
            "rows_changed": result.total("changed"),
            "rows_deleted": result.total("deleted"),
            "set_aside": result.total("set_aside"),
            "seconds": round(result.seconds, 3),
            "requests": int(cost.get("requests", 0)),
            "source_seconds": round(cost.get("seconds", 0.0), 3),
            "bytes": int(cost.get("bytes", 0)),
            "error": _told(error, self.company.language) if error else None,
            "library_version": __version__,
        }
        try:
            self.into.execute((commit.FINISHED_RUN, row))
            if isinstance(error, Exception):
                rebuild_freshness(self.into, self.company)
        except Exception:
            if error is None:
                raise


class KeySpool:
    """Keys on their way to a sweep, in a temporary file: memory does not depend on how many there are."""

    def __init__(self, shape: Shape) -> None:
        self.schema = pa.schema([shape.columns.field(name) for name in shape.key])
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._writer = pa.ipc.new_stream(self._file, self.schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def add(self, rows: pa.RecordBatch) -> None:
        self._writer.write_batch(rows.select(self.schema.names).cast(self.schema))

    def read(self) -> pa.RecordBatchReader:
        self._writer.close()
        self._file.seek(0)
        return pa.ipc.open_stream(self._file)


class Pending:
    """What was read and waits to be stored: small streams go into the warehouse together, in the order of reading."""

    def __init__(self, into: Warehouse, most_bytes: int = 8 * 1024 * 1024) -> None:
        self._into = into
        self._most_bytes = most_bytes
        self._works: list[Callable[[], None]] = []
        self._bytes = 0

    def add(self, work: Callable[[], None], nbytes: int = 0) -> None:
        self._works.append(work)
        self._bytes += nbytes
        if self._bytes >= self._most_bytes:
            self.store()

    def store(self) -> None:
        works, self._works, self._bytes = self._works, [], 0
        if works:
            with self._into.hold():
                for work in works:
                    work()


def _told(error: BaseException, language: str) -> str | None:
    """The error's first line as the company reads it."""
    lines = (error.in_language(language) if isinstance(error, EChannelError) else str(error)).splitlines()
    return lines[0][:500] if lines else None


def check_names(only: Sequence[str], sources: Iterable[Source]) -> None:
    """`--only` names sources or source.stream; a wrong source name is told before anything is read."""
    names = {source.name for source in sources}
    for word in only:
        source = word.partition(".")[0]
        if source not in names:
            raise SettingsError(say("there is no source {name!r}", name=source), hint=did_you_mean(source, names))
