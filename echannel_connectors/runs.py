"""One run: each source's streams read side by side, committed, swept for what is gone, and written into the books."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Self

import pyarrow as pa

from echannel_connectors import events, moved, shapes
from echannel_connectors.arrow import hash_private, memory_used_again, without_secrets
from echannel_connectors.batches import ReadFailed, Slices, side_by_side
from echannel_connectors.destinations import Bill, Warehouse, commit
from echannel_connectors.errors import Conflict, DestinationError, SettingsError, Unavailable, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.models.company import Company
from echannel_connectors.streams import Batch, Day, Progress, Shape, Slice, Source, Stream, days_of
from echannel_connectors.texts import say

SWEEP_EVERY = timedelta(hours=23)  # once a day, also when a daily sync comes a little earlier than the day before
LONGEST_HOLD = 1.0  # seconds
OPENING = 0.05  # seconds that it takes to open a warehouse and close it: worth waiting for what comes next
SWEPT = "UPDATE echannel.streams SET swept_at = $now WHERE source = $source AND stream = $stream"
SUCCEEDED = """UPDATE echannel.streams SET last_success = $now, failures = 0, note = NULLIF($note, ''),
    rows = (SELECT count(*) FROM {table} WHERE _deleted_at IS NULL) WHERE source = $source AND stream = $stream"""
FAILED = "UPDATE echannel.streams SET failures = failures + 1 WHERE source = $source AND stream = $stream"
KNOWN_STREAM = """INSERT INTO echannel.streams
    SELECT $source, $stream, CAST(NULL AS TIMESTAMP WITH TIME ZONE), CAST(NULL AS TIMESTAMP WITH TIME ZONE), 0, 0,
      CAST(NULL AS VARCHAR)
    WHERE NOT EXISTS (SELECT 1 FROM echannel.streams WHERE source = $source AND stream = $stream)"""
# Moments as text: Arrow would load pandas to make them Python's.
STREAM_BOOKS = """SELECT CAST(swept_at AS VARCHAR) AS swept_at, CAST(last_success AS VARCHAR) AS last_success
    FROM echannel.streams WHERE source = $source AND stream = $stream"""
NOTES = "SELECT notes FROM echannel.notes WHERE source = $source"
FORGET_NOTES = "DELETE FROM echannel.notes WHERE source = $source"
NOTE = "INSERT INTO echannel.notes VALUES ($source, $notes)"


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
    bill: Bill | None = None  # where the warehouse sends one

    def total(self, what: str) -> int:
        return sum(getattr(stream, what) for stream in self.streams)

    @property
    def exit_code(self) -> int:
        return 5 if self.total("set_aside") else 0

    def as_json(self) -> dict[str, Any]:
        """Plain text and numbers, for a log or for a scheduler that hands them on to the next task."""
        return {
            "streams": [asdict(stream) for stream in self.streams],
            "tables": dict(self.tables),
            "warnings": [str(warning) for warning in self.warnings],
            "seconds": round(self.seconds, 3),
            "receipt": dict(self.receipt),
            **({"bill": asdict(self.bill)} if self.bill else {}),
            "first": self.first,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """What a run is to read: everything new by default."""

    only: tuple[str, ...] = ()  # "shop" or "shop.orders"
    full: bool = False
    since: Day | None = None  # this range of days is read again, and nothing else moves
    until: Day | None = None
    accept_deletes: bool = False

    is_watch: bool = False  # one round of many: what can only be read whole follows its own cadence

    def __post_init__(self) -> None:
        if isinstance(self.only, str):  # each of its letters would be taken for a source
            raise SettingsError(say("only={only!r} is one text", only=self.only), hint=f"only=({self.only!r},)")
        for name, day in zip(("since", "until"), days_of(self.since, self.until), strict=True):
            object.__setattr__(self, name, day)  # as text from here on

    def takes(self, source: Source, stream: str) -> bool:
        """What is named, or of a source all that it brings by default."""
        if f"{source.name}.{stream}" in self.only:
            return True
        by_default = getattr(source, "by_default", None)
        return (not self.only or source.name in self.only) and (by_default is None or by_default(stream))

    def check(self, source: Source, streams: Collection[str]) -> None:
        """Raises SettingsError for a stream that the source does not have: a misspelt one would be read never, and
        nobody be told."""
        for word in self.only:
            name = word.removeprefix(f"{source.name}.")
            if name != word and name not in streams:
                sentence = say("{source} has no stream {name!r}", source=source.name, name=name)
                raise SettingsError(sentence, hint=did_you_mean(name, streams))

    @property
    def is_range(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def days(self) -> tuple[str | None, str | None]:
        return days_of(self.since, self.until)


@dataclass(slots=True)
class _Reading:
    """A stream that is being read: how it is stored, how far it has come, what it has brought so far."""

    source: Source
    name: str
    stream: Stream
    stored: Shape
    known: Mapping[str, Progress]
    sweep_is_due: bool
    is_new: bool  # never read to its end before
    done: StreamResult
    keys: KeySpool | None = None
    left: int = 0  # slices that are not at their end
    started: float = 0.0

    @property
    def is_first(self) -> bool:
        """Read from its very beginning now, and never before."""
        return self.is_new and not self.known

    @property
    def books(self) -> dict[str, str]:
        return {"source": self.source.name, "stream": self.name}


@dataclass(frozen=True, slots=True)
class Run:
    """Brings sources into a warehouse; `result` fills while it does."""

    into: Warehouse
    company: Company
    choice: Choice
    on_event: OnEvent
    result: SyncResult

    def read(self, source: Source) -> None:
        """All chosen streams of a source. What others brought is kept when one fails."""
        listen = getattr(source, "listen", None)
        if listen:
            listen(self.hear)
        noted = self._recalled(source)
        pending = Pending(self.into)
        with memory_used_again(), ExitStack() as spools:
            try:
                for wave in _waves(self._readings(source)):
                    self._wave(wave, pending, spools)
            finally:
                pending.store()
                self._note(source, noted)

    def warn(self, source: str, sentence: str) -> None:
        self.result.warnings.append(sentence)
        self.on_event(events.Warned(source, sentence))

    def hear(self, event: events.Event) -> None:
        """What others have to tell; their warnings stand in the result, too."""
        if isinstance(event, events.Warned):
            self.result.warnings.append(event.sentence)
        self.on_event(event)

    # -- before reading ---------------------------------------------------------------------------------------------

    def _readings(self, source: Source) -> list[_Reading]:
        streams = source.streams()
        self.choice.check(source, streams)
        names = [name for name in streams if self.choice.takes(source, name)]
        made = side_by_side([partial(streams.__getitem__, name) for name in names], _readers(source))
        with self.into.hold():
            found = [self._prepared(source, name, stream()) for name, stream in zip(names, made, strict=True)]
        readings = [reading for reading in found if reading is not None]
        is_new = (self.result.first or not self.result.streams) and not any(reading.known for reading in readings)
        self.result.first = is_new
        return readings

    def _prepared(self, source: Source, name: str, stream: Stream) -> _Reading | None:
        """Room for the stream, and what the books say; None where its own cadence says later."""
        shape = stream.shape
        shapes.agree(source, name, shape)
        # As the warehouse holds it: under the source's name, private columns hashed.
        stored = replace(shape, name=f"{source.name}__{name}", columns=without_secrets(shape.columns))
        if self.choice.full and not self.choice.is_range:
            self.into.forget(stored)
        books = {"source": source.name, "stream": name}
        self.into.execute((KNOWN_STREAM, books))
        row = self.into.query(STREAM_BOOKS, books).read_all().to_pylist()[0]
        every = getattr(stream, "every", None)
        if self.choice.is_watch and every and _is_younger(row["last_success"], every):
            return None
        always = self.choice.full or self.choice.accept_deletes
        is_due = always or not _is_younger(row["swept_at"], SWEEP_EVERY)
        done = StreamResult(source.name, name)
        is_new = row["last_success"] is None
        return _Reading(source, name, stream, stored, self.into.prepare(stored), is_due, is_new, done)

    def _planned(self, reading: _Reading) -> Sequence[Slice]:
        """The slices of a stream, or those of a range of days by itself."""
        if not self.choice.is_range:
            return reading.stream.slices(reading.known)
        found = reading.stream.between(*self.choice.days)
        return [Slice(f"{part.name} {uuid.uuid4().hex[:8]}", part.bounds) for part in found]

    def _parts(self, reading: _Reading, planned: Sequence[Slice]) -> list[Progress]:
        """Those that are not done, remembered before they are read: a run that dies is resumed with the same ones."""
        known = reading.known
        self.into.plan(reading.stored, [part for part in planned if part.name not in known])
        progress = [known.get(part.name, Progress(part)) for part in planned]
        return [item for item in progress if not item.done]

    # -- reading ----------------------------------------------------------------------------------------------------

    def _wave(self, readings: list[_Reading], pending: Pending, spools: ExitStack) -> None:
        """Streams that need not wait for each other, all their slices side by side."""
        readers = _readers(readings[0].source)
        plans = side_by_side([partial(self._planned, reading) for reading in readings], readers)
        owners: list[_Reading] = []
        work: list[tuple[Stream, Progress]] = []
        with self.into.hold():
            for reading, planned in zip(readings, plans, strict=True):
                with self._blaming(reading, pending):
                    parts = self._parts(reading, planned())
                self._begun(reading, len(parts), spools)
                owners += [reading] * len(parts)
                work += [(reading.stream, part) for part in parts]
        ended = [reading for reading in readings if not reading.left]
        at_least = max(_commit_bytes(readings[0].source), getattr(self.into, "commit_bytes", 0))
        slices = Slices(work, readers=readers, at_least=at_least)
        try:
            for index, number, batch in slices:
                reading = owners[index]
                if batch is not None:
                    self._take(reading, work[index][1].part, number, batch, pending)
                    pending.store_if_due(partial(slices.comes_within, OPENING))
                    continue
                reading.left -= 1
                if not reading.left:
                    ended.append(reading)
        except ReadFailed as failed:
            for reading in ended:
                pending.add(partial(self._succeeded, reading))
            with self._blaming(owners[failed.index], pending):
                raise failed.cause from None
        self._ended(ended, readers, pending, spools)

    @contextmanager
    def _blaming(self, reading: _Reading, pending: Pending) -> Iterator[None]:
        """A failure counts against the stream, unless it is the destination's."""
        try:
            yield
        except Exception as error:
            if not isinstance(error, DestinationError | Conflict):
                pending.add(partial(self.into.execute, (FAILED, reading.books)))
            raise

    def _begun(self, reading: _Reading, parts: int, spools: ExitStack) -> None:
        reading.left, reading.started = parts, time.monotonic()
        if reading.stored.deletes == "unseen":
            reading.keys = spools.enter_context(KeySpool(reading.stored))
        self.result.streams.append(reading.done)
        self.on_event(events.StreamStarted(reading.source.name, reading.name, parts))

    def _take(self, reading: _Reading, part: Slice, number: int, batch: Batch, pending: Pending) -> None:
        rows = hash_private(batch.rows, self.company.salt)
        reading.done.rows += rows.num_rows
        reading.done.set_aside += len(batch.set_aside)
        if reading.keys:
            reading.keys.add(rows)
        hashed = replace(batch, rows=rows)
        if stage := getattr(self.into, "stage", None):
            stage(reading.stored, part, hashed, number)
        pending.add(partial(self._commit, reading, part, hashed, number), rows.nbytes)

    def _ended(self, readings: list[_Reading], readers: int, pending: Pending, spools: ExitStack) -> None:
        """All slices have been read: look for what is gone. A source lists its keys while it reads nothing else."""
        asked: dict[str, Callable[[], None]] = {}
        for reading in readings if not self.choice.is_range else ():
            if reading.stored.deletes == "sweep" and reading.sweep_is_due and not reading.is_first:
                reading.keys = spools.enter_context(KeySpool(reading.stored))
                asked[reading.name] = partial(_fill, reading.keys, reading.stream)
            elif reading.stored.deletes == "unseen" and not reading.done.rows and self.into.stored(reading.stored).rows:
                asked[reading.name] = partial(_confirm_nothing, reading)
        answers = dict(zip(asked, side_by_side(list(asked.values()), readers), strict=True))
        for reading in readings:
            with self._blaming(reading, pending):
                answers.get(reading.name, _nothing)()
            if looks := self._looks_for_deletes(reading):
                pending.add(looks)
            pending.add(partial(self._succeeded, reading))

    def _looks_for_deletes(self, reading: _Reading) -> Callable[[], None] | None:
        deletes = reading.stored.deletes
        if self.choice.is_range or (deletes == "unseen" and reading.done.set_aside):
            return None
        if reading.keys is not None:
            return partial(self._sweep, reading, reading.keys)
        # After a first load all that there is was just read.
        return partial(self._swept, reading) if deletes == "sweep" and reading.is_first else None

    # -- what is done to the warehouse, in the order in which it was read ---------------------------------------------

    def _commit(self, reading: _Reading, part: Slice, batch: Batch, number: int) -> None:
        changed = self.into.commit(reading.stored, part, batch, number) or 0
        reading.done.changed += changed
        self.on_event(events.Committed(reading.source.name, reading.name, part.name, batch.rows.num_rows, changed))

    def _sweep(self, reading: _Reading, keys: KeySpool) -> None:
        swept = self.into.sweep(reading.stored, keys.read(), accept=self.choice.accept_deletes)
        reading.done.deleted = swept.deleted
        if swept.missing == swept.deleted:
            self._swept(reading)
            return
        sentence = say(
            "{missing:,} of {live:,} rows of {stream} are no longer in the source; that is more than a tenth, so they "
            "were kept: run with --accept-deletes if it is right",
            missing=swept.missing,
            live=swept.live,
            stream=f"{reading.source.name}.{reading.name}",
        )
        self.warn(reading.source.name, sentence)

    def _swept(self, reading: _Reading) -> None:
        self.into.execute((SWEPT, {**reading.books, "now": datetime.now(UTC)}))

    def _succeeded(self, reading: _Reading) -> None:
        done = reading.done
        succeeded = SUCCEEDED.format(table=commit.raw_table(reading.stored.name))
        note = getattr(reading.stream, "note", None) or ""
        self.into.execute((succeeded, {**reading.books, "now": datetime.now(UTC), "note": str(note)}))
        done.seconds = round(time.monotonic() - reading.started, 3)
        self.on_event(
            events.StreamFinished(done.source, done.stream, done.rows, done.changed, done.deleted, done.seconds)
        )

    # -- what a source has learned about itself -----------------------------------------------------------------------

    def _recalled(self, source: Source) -> str:
        """Give a source back what it noted at its last run; the text of it. Where it stands elsewhere now, it has to be
        the same one."""
        recall = getattr(source, "recall", None)
        if not recall and not hasattr(source, "address"):
            return ""
        with self.into.hold():
            self.into.execute()  # makes the books where there are none
            rows = self.into.query(NOTES, {"source": source.name}).read_all().to_pylist()
        noted = str(rows[0]["notes"]) if rows else ""
        if noted and recall:
            recall(json.loads(noted))
        moved.refuse_another(self.into, source, json.loads(noted or "{}").get("address"))
        return noted

    def _note(self, source: Source, before: str) -> None:
        notes = getattr(source, "notes", dict)
        address = getattr(source, "address", None)
        now = json.dumps({**notes(), **({"address": address} if address else {})}, sort_keys=True)
        if now != (before or "{}"):
            values = {"source": source.name}
            self.into.execute((FORGET_NOTES, values), (NOTE, {**values, "notes": now}))


def _waves(readings: list[_Reading]) -> Iterator[list[_Reading]]:
    """Streams that follow another one are read after it: the lines of an order after the order."""
    left = {reading.name: reading for reading in readings}
    while left:
        wave = [one for one in left.values() if one.stored.follows not in left] or list(left.values())
        yield wave
        left = {name: reading for name, reading in left.items() if reading not in wave}


def _fill(keys: KeySpool, stream: Stream) -> None:
    for batch in stream.keys():  # noqa: SIM118 - a stream, not a dict
        keys.add(batch)


def _confirm_nothing(reading: _Reading) -> None:
    """A whole stream that came empty is asked for its keys, before its rows are taken for deleted."""
    if sum(batch.num_rows for batch in reading.stream.keys()):  # noqa: SIM118 - a stream, not a dict
        raise Unavailable(
            say("{source} sent nothing for {stream!r}, and then said that it has some", **reading.books),
            hint=say("run again later; what was read is kept"),
        )


def _nothing() -> None:
    """Nothing had to be asked."""


def _readers(source: Source) -> int:
    return getattr(source, "readers", 2)


def _commit_bytes(source: Source) -> int:
    """How much a source likes to have committed at once; large commits suit what comes fast."""
    return getattr(source, "commit_bytes", 2 * 1024 * 1024)


def _is_younger(moment: str | None, than: timedelta) -> bool:
    """Whether it is not as long ago; a moment to come, of a clock that was wrong, says nothing."""
    return moment is not None and timedelta() <= datetime.now(UTC) - datetime.fromisoformat(moment) < than


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
    """What was read and waits to be stored: small streams go into the warehouse together, in the order of reading.

    Where the next batch is there or comes at once, the warehouse stays open for it, for a second at most: others want
    it too.
    """

    def __init__(self, into: Warehouse, most_bytes: int = 8 * 1024 * 1024) -> None:
        self._into = into
        self._most_bytes = most_bytes
        self._works: list[Callable[[], None]] = []
        self._bytes = 0
        self._held = ExitStack()
        self._held_since: float | None = None

    def add(self, work: Callable[[], None], nbytes: int = 0) -> None:
        self._works.append(work)
        self._bytes += nbytes

    def store_if_due(self, more_comes: Callable[[], bool]) -> None:
        """Store what is enough for a transaction; the warehouse stays open where `more_comes` says so."""
        if self._bytes >= self._most_bytes:
            self.store(more_comes)
        elif self._held_since is not None and not more_comes():
            self._let_go()

    def store(self, more_comes: Callable[[], bool] = lambda: False) -> None:
        works, self._works, self._bytes = self._works, [], 0
        try:
            if works and self._held_since is None:
                self._held.enter_context(self._into.hold())
                self._held_since = time.monotonic()
            for work in works:
                work()
        except BaseException:
            self._let_go()
            raise
        if time.monotonic() - (self._held_since or 0) > LONGEST_HOLD or not more_comes():
            self._let_go()

    def _let_go(self) -> None:
        self._held_since = None
        self._held.close()
