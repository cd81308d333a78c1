"""BigQuery as a warehouse: datasets `<dataset>_raw` (with the library's books), `<dataset>_core`, `<dataset>` (marts).

It is spoken to in DuckDB's words, as every warehouse is, and translates them itself (words.py). Rows come in by load
jobs and are merged in one transaction with their position; core and marts are made where the rows are.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
from pydantic import PrivateAttr, ValidationError

from echannel_connectors.destinations import Bill, Bound, Stored, Swept, commit
from echannel_connectors.destinations.bigquery import checking, committing, layout, statements
from echannel_connectors.destinations.bigquery.books import Books
from echannel_connectors.destinations.bigquery.cost import bill_of
from echannel_connectors.destinations.bigquery.loading import Loader, Staged, digest, words_of
from echannel_connectors.destinations.bigquery.refusals import Absent, Moved, clear_errors
from echannel_connectors.destinations.bigquery.service import Service
from echannel_connectors.destinations.bigquery.words import BOOKS, Names, translated
from echannel_connectors.destinations.duckdb import SAFE_SHARE
from echannel_connectors.errors import Conflict, DestinationError, EChannelError, SettingsError, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.google_login import bigquery_client
from echannel_connectors.settings import Connector, Endpoint
from echannel_connectors.streams import Batch, Finding, Progress, Shape, Slice
from echannel_connectors.texts import say

PLACE = say("write bigquery://project/dataset?location=EU")
NUMBERS = ("max_bytes", "expire_raw_days")
A_DAY = timedelta(days=1)


class BigQuery(Connector):
    """Three datasets of a Google Cloud project, made on first use in `location`.

    `credentials` is the key file of a service account (otherwise the application default credentials); `max_bytes`
    what a run may be billed at most; `expire_raw_days` after how many days without a sync the raw tables, which hold
    personal data, delete themselves. `endpoint` is a stand-in on this machine, for tests.
    """

    commit_bytes: ClassVar[int] = 32 * 2**20  # a load job takes seconds, whatever it holds
    by_months: ClassVar[bool] = True  # it bills the partitions that are read: only changed months are made anew

    project: str
    dataset: str
    location: str = "EU"
    credentials: str = ""
    endpoint: Endpoint = ""
    max_bytes: int | None = None
    expire_raw_days: int | None = None
    _lock: Any = PrivateAttr(default_factory=threading.RLock)
    _held: int = PrivateAttr(0)
    _ready: bool = PrivateAttr(False)
    _now: datetime = PrivateAttr(datetime.min.replace(tzinfo=UTC))

    @classmethod
    def of(cls, url: str, folder: Path = Path()) -> BigQuery:
        """`bigquery://project/dataset?location=EU&credentials=google.json`; files as seen from `folder`."""
        parts = urlsplit(url)
        words: dict[str, Any] = dict(parse_qsl(parts.query))
        dataset = unquote(parts.path).strip("/")
        known = [name for name in cls.model_fields if name not in ("project", "dataset")]
        if unknown := [name for name in words if name not in known]:
            raise SettingsError(
                say("a BigQuery destination has no setting {name!r}", name=unknown[0]),
                hint=did_you_mean(unknown[0], known),
            )
        if not parts.netloc or not dataset or "/" in dataset:
            raise SettingsError(say("{url!r} does not name a project and a dataset", url=url), hint=PLACE)
        for name in NUMBERS:
            if name in words and not words[name].isdigit():
                raise SettingsError(say("{name} is a number, not {value!r}", name=name, value=words[name]))
        if "credentials" in words:
            words["credentials"] = str(folder / words["credentials"])
        try:
            return cls(project=parts.netloc, dataset=dataset, **words)
        except ValidationError as error:
            raise SettingsError(str(error.errors()[0]["msg"])) from error

    def __repr__(self) -> str:
        return f"BigQuery({self.project!r}, {self.dataset!r})"

    @property
    def dialect(self) -> str:
        return "duckdb"  # what it is spoken to in

    @property
    def address(self) -> str:
        """Where a person looks at it."""
        return f"{self.project}.{self.dataset}"

    # -- what a warehouse does ----------------------------------------------------------------------------------

    @contextmanager
    def hold(self) -> Iterator[None]:
        with self._lock:
            self._held += 1
            try:
                yield
            except BaseException:
                if self._held == 1:
                    with suppress(EChannelError):  # the first error is the one to tell
                        self._send()
                raise
            else:
                if self._held == 1:
                    self._send()
            finally:
                self._held -= 1
                if not self._held:
                    self._books.forget()

    def listen(self, on_event: OnEvent) -> None:
        """Where waiting and asking again are told."""
        self._service.on_event = on_event

    def prepare(self, shape: Shape) -> Mapping[str, Progress]:
        with self.hold():
            self._make_ready()
            place = self._names.table_id("raw", shape.name)
            there = self._service.table(place)
            if there is None:
                made = layout.raw_table(place, shape)
                made.expires = self._expiry
                self._service.call("create_table", made, exists_ok=True)
                # What its slices say they have read went with the table: somebody removed it, or it has expired.
                self.forget(shape)
            else:
                if self._changed(there, shape):
                    self.forget(shape)
                    self.execute(commit.changed_wholly(f"raw.{shape.name}"))
                self._renew(there)
            return self._progress(shape)

    def stored(self, shape: Shape) -> Stored:
        with self.hold():
            there = self._service.table(self._names.table_id("raw", shape.name))
            if there is None:
                return Stored({})
            source, _, stream = shape.name.partition("__")
            sql = "SELECT rows FROM echannel.streams WHERE source = $source AND stream = $stream"
            known = self._books.query(sql, {"source": source, "stream": stream}).to_pylist()
            return Stored(self._progress(shape), int(known[0]["rows"] if known else there.num_rows or 0))

    def plan(self, shape: Shape, slices: Sequence[Slice]) -> None:
        with self.hold():
            known = self._progress(shape) if slices else {}
            for part in slices:
                if part.name not in known:
                    bounds = json.dumps(dict(part.bounds))
                    values = {"stream": shape.name, "slice": part.name, "bounds": bounds, "once": part.once}
                    self.execute((commit.PLANNED, values))

    def stage(self, shape: Shape, part: Slice, batch: Batch, number: int) -> None:
        """Start to load what will be committed, beside whatever else is loading."""
        if batch.rows.num_rows and not self._is_known(**_last_rows(shape, part, batch)):
            words = words_of(shape.name, part.name, number, _position(batch))
            self._loader.begin(words, _typed(shape, batch))

    def commit(self, shape: Shape, part: Slice, batch: Batch, number: int) -> int | None:
        position = _position(batch)
        values = {"stream": shape.name, "slice": part.name, "position": position, "number": number}
        same = _last_rows(shape, part, batch)
        with self.hold():
            self._make_ready()
            if self._is_repeat(shape, part, number, position):
                return None
            if not batch.set_aside and (not batch.rows.num_rows or self._is_known(**same)):
                self.execute((commit.MOVE, values))  # nothing to merge: it may wait
                return 0
            if any("echannel.slices" in one.books for one in self._books.waiting):
                self._send()
            given: dict[str, Any] = {**values, "now": self._moment(), **same, **committing.known_of(shape)}
            changed = self._committed(shape, part, batch, given)
            self._books.done(commit.MOVE, "echannel.slices", values)
            if batch.rows.num_rows:
                if changed:
                    self._note(shape, given["now"])
                self._books.done(committing.FORGET_ONE, "echannel.meta", {"name": same["name"]})
                self._books.done(committing.NOTE_ONE, "echannel.meta", same)
            return changed

    def _committed(self, shape: Shape, part: Slice, batch: Batch, values: dict[str, Any]) -> int:
        """The rows merged in one transaction with the position; how many of them changed something."""
        staged: Staged | None = None
        if batch.rows.num_rows:
            words = words_of(shape.name, part.name, values["number"], values["position"])
            staged = self._loader.load(words, _typed(shape, batch))
        given = {**values, **({"whole": list(batch.whole)} if batch.whole and staged else {})}
        script = committing.statements(self._names, shape, batch, staged.table_id if staged else None)
        script += committing.aside(self._names, batch, given)
        count = committing.changed(self._names, shape) if staged else ""
        try:
            done = self._service.transaction(script, given, after=count)
        except Moved as error:
            raise _conflict(shape, part) from error
        if staged is None:
            return 0
        self._loader.drop(staged)
        with clear_errors():
            return sum(int(row["changed"]) for row in done.result())

    def sweep(self, shape: Shape, keys: pa.RecordBatchReader, *, accept: bool) -> Swept:
        with self.hold():
            self._make_ready()
            present = keys.read_all()
            known = committing.known_of(shape)
            same = {"name": known["keys"], "digest": digest(present)}
            if self._is_known(**same):
                return Swept(present.num_rows, 0, 0)
            staged = self._loader.load(("sweep", shape.name), present.to_reader())
            count, mark = committing.gone(self._names, shape, staged.table_id)
            found = self._service.rows(count)[0]
            live, missing = int(found["live"]), int(found["missing"])
            safe = missing * SAFE_SHARE <= live or (missing == 1 and live > 1)
            deleted = missing if missing and (safe or accept) else 0
            if deleted:
                noted = [translated(one, self._names) for one in (committing.FORGET_KNOWN, committing.CHANGED)]
                now = self._moment()
                self._service.transaction([mark, *noted], {"now": now, **known})
                self._note(shape, now)
            if deleted == missing:
                self.execute((committing.FORGET_ONE, {"name": same["name"]}), (committing.NOTE_ONE, same))
            self._loader.drop(staged)
            return Swept(live, missing, deleted)

    def forget(self, shape: Shape) -> None:
        self.execute((commit.FORGET, {"stream": shape.name}), committing.forgetting(shape))

    def execute(self, *given: str | tuple[str, Mapping[str, Any]]) -> None:
        """Changes of the books wait until the warehouse is let go; anything else is done with what waits, at once."""
        with self.hold():
            self._make_ready()
            for one in given:
                self._books.write(*((one, {}) if isinstance(one, str) else one))
            if any(not one.waits for one in self._books.waiting):
                self._send()

    def query(self, sql: str, parameters: Iterable[Any] | Mapping[str, Any] = ()) -> pa.RecordBatchReader:
        values: Any = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        with self.hold():
            if self._books.answers(sql):
                self._refuse_absent()
                if self._books.is_behind(sql):
                    self._send()
                return self._books.query(sql, values).to_reader()
            self._send()
            text, found, renamed = statements.bound(sql, values, self._names)
            try:
                job = self._service.run(text, found)
            except Absent as error:
                self._refuse_absent()
                raise error from None
        return statements.reader(job, renamed)

    def check(self) -> Iterator[Finding]:
        try:
            yield from checking.findings(self._service, self._names, self.location)
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)

    def check_deeply(self) -> Iterator[Finding]:
        """What only a real project can show, tried in datasets that are removed again."""
        from echannel_connectors.destinations.bigquery import deep

        yield from deep.findings(self)

    def bound(self, tables: frozenset[str]) -> Bound:
        """The tables in the dataset of the marts."""
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart'"
        there = tables & set(self.query(sql).read_all()["table_name"].to_pylist())
        common = {"type": "TABLE", "projectId": self.project, "datasetId": self.dataset}
        return Bound("bigQuery", common, {table: {"tableId": table} for table in sorted(there)})

    def readers(self) -> list[str]:
        """Who may read the dataset of the marts, as Google lists them; nothing where this account may not see it."""
        try:
            entries = self._service.call("get_dataset", f"{self.project}.{self.dataset}").access_entries
        except EChannelError:
            return []
        return sorted({str(one.entity_id) for one in entries if one.entity_id and one.entity_type != "view"})

    def close(self) -> None:
        self._loader.close()
        self._service.close()

    # -- what it costs ------------------------------------------------------------------------------------------

    @property
    def billed(self) -> int:
        """Bytes that BigQuery has billed for what was run so far."""
        return self._service.cost.bytes

    def bill(self, billed: int) -> Bill:
        """What a month of runs that are billed as much would come to."""
        try:
            told = self.query("SELECT started_at FROM echannel.runs").read_all()["started_at"].to_pylist()
        except EChannelError:
            told = []
        return bill_of(billed, told, datetime.now(UTC))

    def foreseen(self, given: Iterable[str]) -> int:
        """What these statements would be billed, without running them."""
        return sum(self._service.foreseen(sql) for sql in statements.alone(given, self._names))

    # -- how ----------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """What waits, in one transaction; tables are made before and after it, as a transaction cannot."""
        changes = self._books.taken()
        if changes:
            statements.send(self._service, self._names, changes)

    def _note(self, shape: Shape, now: datetime) -> None:
        """What a transaction that changed rows has done to what is known of the stream."""
        forget, known = committing.forgetting(shape)
        self._books.done(forget, "echannel.meta", known)
        self._books.done(committing.CHANGED, "echannel.changes", {"table": f"raw.{shape.name}", "now": now})

    def _is_known(self, name: str, digest: str) -> bool:
        """Whether these very rows or keys were the last ones, and nothing was merged into the stream since."""
        if self._books.is_behind(committing.SAME):
            return False
        return bool(self._books.query(committing.SAME, {"name": name, "digest": digest}).num_rows)

    def _is_repeat(self, shape: Shape, part: Slice, number: int, position: str) -> bool:
        """A commit whose reply got lost has this number and this position; anything else is another run's."""
        sql = "SELECT commits, position FROM echannel.slices WHERE stream = $stream AND slice = $slice"
        rows = self._books.query(sql, {"stream": shape.name, "slice": part.name}).to_pylist()
        found = [(row["commits"], row["position"]) for row in rows]
        if found == [(number, position)]:
            return True
        if [row[0] for row in found] != [number - 1]:
            raise _conflict(shape, part)
        return False

    def _progress(self, shape: Shape) -> dict[str, Progress]:
        rows = self._books.query(commit.PROGRESS, {"stream": shape.name}).to_pylist()
        return {
            row["slice"]: Progress(
                Slice(row["slice"], json.loads(row["bounds"]), row["once"]),
                json.loads(row["position"]) if row["position"] else None,
                row["commits"],
            )
            for row in rows
        }

    def _changed(self, there: Any, shape: Shape) -> bool:  # a bigquery.Table
        """Columns that are new or of another type are made so; whether any was."""
        known = {field.name.lower(): field for field in there.schema}
        wanted = layout.fields([*shape.columns, *layout.STAMPS])
        new = [field for field in wanted if field.name.lower() not in known]
        other = {
            field.name: layout.recast(field, known[field.name.lower()])
            for field in wanted
            if field.name.lower() in known and layout.sql_type(field) != layout.sql_type(known[field.name.lower()])
        }
        if new:
            self._service.run(committing.widened(self._names, shape, new))
        if other:
            self._service.run(committing.retyped(self._names, shape, other))
        return bool(new or other)

    def _renew(self, there: Any) -> None:  # a bigquery.Table
        """Put off the day on which a raw table deletes itself; once a day is enough."""
        wanted = self._expiry
        if (wanted is None) != (there.expires is None) or (wanted and abs(wanted - there.expires) > A_DAY):
            there.expires = wanted
            self._service.call("update_table", there, ["expires"])

    @property
    def _expiry(self) -> datetime | None:
        return datetime.now(UTC) + self.expire_raw_days * A_DAY if self.expire_raw_days else None

    def _make_ready(self) -> None:
        """The datasets and the books, made where they are missing; books of an older version are brought forward."""
        if self._ready:
            return
        for name in self._names.datasets:
            self._make_dataset(name)
        listed = self._service.call("list_tables", f"{self.project}.{self._names.dataset_of('raw')}")
        there = frozenset(table.table_id for table in listed)
        version = self._version() if f"{BOOKS}meta" in there else None
        if version is not None and version > commit.SCHEMA_VERSION:
            raise DestinationError(
                say("{path} was written by a newer version of this library (schema {version})",
                    path=self.address, version=version),
                hint="pip install --upgrade echannel-connectors",
            )  # fmt: skip
        steps = range((version or commit.SCHEMA_VERSION) + 1, commit.SCHEMA_VERSION + 1)
        statements.make_books(self._service, self._names, there)
        for step in steps:
            statements.migrate(self._service, self._names, commit.MIGRATIONS[step])
        if version != commit.SCHEMA_VERSION:
            statements.note_version(self._service, self._names)
        self._ready = True

    def _version(self) -> int | None:
        rows = self._books.query("SELECT value FROM echannel.meta WHERE name = 'schema_version'", {}).to_pylist()
        self._books.forget()
        return int(rows[0]["value"]) if rows else None

    def _make_dataset(self, name: str) -> None:
        bigquery = bigquery_client()

        there = None
        with suppress(Absent):
            there = self._service.call("get_dataset", f"{self.project}.{name}")
        if there is None:
            made = bigquery.Dataset(f"{self.project}.{name}")
            made.location = self.location
            made.labels = layout.LABELS
            made.description = statements.DATASETS[name.rpartition("_")[2] if name != self.dataset else ""]
            self._service.call("create_dataset", made, exists_ok=True)
        else:
            self._refuse_elsewhere(name, there.location)

    def _refuse_elsewhere(self, name: str, location: str) -> None:
        if location.upper() != self.location.upper():
            raise SettingsError(
                say("the dataset {name} is in {there}, the destination says {here}",
                    name=name, there=location, here=self.location),
                hint=say("write the dataset's own location into the destination: bigquery://project/dataset?location=…"),
            )  # fmt: skip

    def _refuse_absent(self) -> None:
        if not self._ready and self._service.table(self._names.table_id("echannel", "meta")) is None:
            raise SettingsError(
                say("there is no warehouse at {path} yet", path=self.address), hint=say("run `echannel sync` first")
            )

    def _moment(self) -> datetime:
        """Now, and never the same one twice: rows are counted by it."""
        self._now = max(datetime.now(UTC), self._now + timedelta(microseconds=1))
        return self._now

    def _fetched(self, book: str) -> pa.Table | None:
        """All rows of a book, or the names of all tables; reading them so is free of charge."""
        if book.startswith("information_schema."):
            return statements.catalogue(self._service, self._names, columns=book.endswith(".columns"))
        place = self._names.table_id("echannel", book.removeprefix("echannel."))
        there = self._service.table(place)
        if there is None:
            return None
        with clear_errors():
            return self._service.client.list_rows(there).to_arrow(create_bqstorage_client=False)

    @cached_property
    def _names(self) -> Names:
        return Names(self.project, self.dataset)

    @cached_property
    def _service(self) -> Service:
        return Service(self.project, self.location, self.credentials, self.endpoint, self.max_bytes)

    @cached_property
    def _books(self) -> Books:
        return Books(self._fetched)

    @cached_property
    def _loader(self) -> Loader:
        return Loader(self._service, self._names)


def _last_rows(shape: Shape, part: Slice, batch: Batch) -> dict[str, str]:
    """A slice's last batch, by its name and its digest."""
    return {"name": f"{committing.known_of(shape)['rows']}{part.name}", "digest": digest(batch.rows)}


def _position(batch: Batch) -> str:
    return json.dumps(dict(batch.position), sort_keys=True)


def _typed(shape: Shape, batch: Batch) -> pa.RecordBatch:
    """The rows with their numbers, in the types that the stream declares."""
    rows = batch.rows
    known = pa.schema([shape.columns.field(name) for name in rows.schema.names])
    return commit.numbered(rows if rows.schema.equals(known) else rows.cast(known))


def _conflict(shape: Shape, part: Slice) -> Conflict:
    return Conflict(
        say("another sync wrote to {stream} ({part}) while this one was reading", stream=shape.name, part=part.name),
        hint=say("nothing is lost; run again when the other one has ended"),
    )
