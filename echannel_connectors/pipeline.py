"""sync(): the whole path on one page — read, commit, sweep, build, report."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from echannel_connectors import events
from echannel_connectors.arrow import hash_private, without_secrets
from echannel_connectors.batches import read_slices
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.models.build import build
from echannel_connectors.models.company import Company
from echannel_connectors.streams import Batch, Progress, Shape, Slice, Source, Stream

SWEEP_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StreamResult:
    """What one stream brought: rows read, rows that were new or different, rows marked as deleted."""

    source: str
    stream: str
    rows: int
    changed: int
    deleted: int
    set_aside: int
    seconds: float


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
    run, result = _Run(into, company, choice, on_event), SyncResult()
    started, clock = datetime.now(UTC), time.monotonic()
    error: BaseException | None = None
    try:
        _known(choice.only, sources)
        for source in sources:
            run.source(source, result)
        result.tables = build(into, sources, company, project, on_event)
    except BaseException as caught:
        error = caught
        raise
    finally:
        result.seconds = time.monotonic() - clock
        for source in sources:
            for name, value in source.receipt().items():
                result.receipt[name] = result.receipt.get(name, 0) + value
        run.remember(started, result, error)
    return result


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
        ready: list[tuple[str, Stream, Shape, Mapping[str, Progress], bool]] = []
        chosen = {name: stream for name, stream in source.streams().items() if self.choice.takes(source.name, name)}
        with self.into.hold():
            for name, stream in chosen.items():
                stored = _stored(source, name, stream)
                if self.choice.full and not self.choice.is_range:
                    self.into.forget(stored)
                known = self.into.prepare(stored)
                ready.append((name, stream, stored, known, self._sweep_is_due(source.name, name)))
        result.first = result.first or any(not known for _, _, _, known, _ in ready)
        for item in ready:
            result.streams.append(self._stream(source, *item, result))

    def _stream(
        self,
        source: Source,
        name: str,
        stream: Stream,
        stored: Shape,
        known: Mapping[str, Progress],
        sweep_is_due: bool,
        result: SyncResult,
    ) -> StreamResult:
        clock = time.monotonic()
        parts = self._parts(stream, stored, known)
        self.on_event(events.StreamStarted(source.name, name, len(parts)))
        rows = changed = set_aside = 0
        with ExitStack() as stack:
            seen = stack.enter_context(KeySpool(stored)) if stored.deletes == "unseen" else None
            with_readers = getattr(source, "readers", 2)
            for part, number, batch in read_slices(stream, parts, readers=with_readers):
                stored_batch = Batch(hash_private(batch.rows, self.company.salt), batch.position, batch.set_aside)
                new = self.into.commit(stored, part, stored_batch, number)
                rows, changed = rows + batch.rows.num_rows, changed + (new or 0)
                set_aside += len(batch.set_aside)
                if seen:
                    seen.add(stored_batch.rows)
                self.on_event(events.Committed(source.name, name, part.name, batch.rows.num_rows, new or 0))
            looks = stored.deletes == "unseen" or (stored.deletes == "sweep" and sweep_is_due)
            if looks and not set_aside and not self.choice.is_range:
                keys = seen or self._keys(stream, stored, stack)
                with self.into.hold():
                    deleted = self._sweep(source.name, name, stored, keys, result)
                    self._succeeded(source.name, name, swept=deleted is not None)
            else:
                deleted = None
                self._succeeded(source.name, name, swept=False)
        done = StreamResult(
            source.name, name, rows, changed, deleted or 0, set_aside, round(time.monotonic() - clock, 3)
        )
        self.on_event(events.StreamFinished(source.name, name, rows, changed, done.deleted, done.seconds))
        return done

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

    def _keys(self, stream: Stream, stored: Shape, stack: ExitStack) -> KeySpool:
        keys = stack.enter_context(KeySpool(stored))
        for batch in stream.keys():
            keys.add(batch)
        return keys

    def _sweep(self, source: str, name: str, stored: Shape, keys: KeySpool, result: SyncResult) -> int | None:
        """Mark what is gone; None when so much is gone that a person has to say yes first."""
        swept = self.into.sweep(stored, keys.read(), accept=self.choice.accept_deletes)
        if swept.missing == swept.deleted:
            return swept.deleted
        sentence = (
            f"{swept.missing} of {swept.live} rows of {source}.{name} are no longer in the source; that is more "
            "than a tenth, so they were kept: run with --accept-deletes if it is right"
        )
        result.warnings.append(sentence)
        self.on_event(events.Warned(source, sentence))
        return None

    def _sweep_is_due(self, source: str, name: str) -> bool:
        if self.choice.full or self.choice.accept_deletes:
            return True
        sql = "SELECT max(swept_at) FROM echannel.streams WHERE source = $source AND stream = $stream"
        last = self.into.query(sql, {"source": source, "stream": name}).read_all().column(0)[0].as_py()
        return last is None or datetime.now(UTC) - last >= SWEEP_EVERY

    def _succeeded(self, source: str, name: str, *, swept: bool) -> None:
        values = {"source": source, "stream": name}
        self.into.execute(
            (
                "INSERT INTO echannel.streams SELECT $source, $stream, NULL, NULL, 0, NULL WHERE NOT EXISTS "
                "(SELECT 1 FROM echannel.streams WHERE source = $source AND stream = $stream)",
                values,
            ),
            (
                "UPDATE echannel.streams SET last_success = now(), failures = 0, "
                f"swept_at = {'now()' if swept else 'swept_at'} WHERE source = $source AND stream = $stream",
                values,
            ),
        )

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
            "error": str(error).splitlines()[0][:500] if error and str(error) else None,
            "library_version": __version__,
        }
        try:
            self.into.execute((commit.FINISHED_RUN, row))
        except Exception:
            if error is None:
                raise


class KeySpool:
    """Keys on their way to a sweep, in a temporary file: memory does not depend on how many there are."""

    def __init__(self, shape: Shape) -> None:
        self.schema = pa.schema([shape.columns.field(name) for name in shape.key])
        self._file = tempfile.TemporaryFile()
        self._writer = pa.ipc.new_stream(self._file, self.schema)

    def __enter__(self) -> KeySpool:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def add(self, rows: pa.RecordBatch) -> None:
        self._writer.write_batch(rows.select(self.schema.names).cast(self.schema))

    def read(self) -> pa.RecordBatchReader:
        self._writer.close()
        self._file.seek(0)
        return pa.ipc.open_stream(self._file)


def _stored(source: Source, name: str, stream: Stream) -> Shape:
    """The stream's shape as the warehouse holds it: under the source's name, private columns hashed."""
    shape = stream.shape
    return replace(shape, name=f"{source.name}__{name}", columns=without_secrets(shape.columns))


def _known(only: Sequence[str], sources: Iterable[Source]) -> None:
    """`--only` names sources or source.stream; a wrong source name is told before anything is read."""
    names = {source.name for source in sources}
    for word in only:
        if word.partition(".")[0] not in names:
            raise SettingsError(f"there is no source {word.partition('.')[0]!r}", hint=did_you_mean(word, names))


def rows_of(result: SyncResult) -> Iterator[tuple[str, int, int, int, float]]:
    for stream in result.streams:
        yield f"{stream.source}.{stream.stream}", stream.rows, stream.changed, stream.deleted, stream.seconds
