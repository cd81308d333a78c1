"""read(): a stream as the source has it, or a table of a warehouse, as Arrow, batches or pandas; changes(): what is new
in a stream since a position that the caller keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from echannel_connectors.batches import ReadFailed, Slices
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.streams import Batch, Day, Progress, SetAside, Slice, Source, Stream, days_of
from echannel_connectors.texts import say

if TYPE_CHECKING:
    import pandas as pd


class Rows:
    """Rows that are read when somebody asks for them; can be asked again, and then reads again. They travel to another
    process as the place where they are."""

    def __init__(self, schema: pa.Schema, batches: Callable[[], Iterator[Batch]]) -> None:
        self.schema = schema
        self.set_aside: tuple[SetAside, ...] = ()  # what did not fit in what was read last
        self._batches = batches

    def __repr__(self) -> str:
        return f"Rows({', '.join(self.schema.names)})"

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        self.set_aside = ()
        for batch in self._batches():
            self.set_aside += batch.set_aside
            if batch.rows.num_rows:
                yield batch.rows

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def to_reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, iter(self))

    def to_arrow(self) -> pa.Table:
        return self.to_reader().read_all()

    def to_pandas(self, *, floats: bool = False) -> pd.DataFrame:
        """A DataFrame whose columns stay Arrow's: exact decimals, real NULL, zoned moments.

        `floats=True` turns decimals into floats for plotting: 15 to 17 digits are kept, so sums of cents can drift.
        """
        import pandas as pd

        table = self.to_arrow()
        if floats:
            fields = [
                pa.field(field.name, pa.float64()) if pa.types.is_decimal(field.type) else field
                for field in table.schema
            ]
            table = table.cast(pa.schema(fields))
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame


class Changes(Rows):
    """What is new in a stream: each reading goes on where the last one ended, and `position` says where that is.

    The position is JSON, and true once the rows that were given are stored, together with it at best.
    """

    def __init__(self, source: Source, name: str, after: Mapping[str, Any] | None) -> None:
        self._source, self._name = source, name
        shape = _stream(source, name).shape
        self.key = shape.key
        self._columns = {field.name: str(field.type) for field in shape.columns}
        self._known = _known(after, self._columns)
        # No key is NULL; dlt wants to be told.
        fields = [field.with_nullable(field.name not in shape.key) for field in shape.columns]
        super().__init__(pa.schema(fields), self._read)

    @property
    def position(self) -> dict[str, Any]:
        parts = {
            name: {
                "bounds": dict(one.part.bounds),
                "once": one.part.once,
                "position": one.position and dict(one.position),
            }
            for name, one in self._known.items()
        }
        return {"columns": self._columns, "slices": parts}

    def _read(self) -> Iterator[Batch]:
        stream = _stream(self._source, self._name)  # made anew: it may remember what it was told the last time
        planned = stream.slices(self._known)
        self._known |= {part.name: Progress(part) for part in planned if part.name not in self._known}
        work = [self._known[part.name] for part in planned]
        for part, batch in _batches(self._source, stream, [one for one in work if not one.done]):
            self._known[part.name] = Progress(part, batch.position)
            yield replace(batch, rows=pa.RecordBatch.from_arrays(batch.rows.columns, schema=self.schema))


def changes(source: Source, name: str, *, after: Mapping[str, Any] | None = None) -> Changes:
    """The rows of a source's stream that are new or different since a reading's `position`; all of them without one.

    For whoever keeps the rows himself: some come again, and are to be merged by `key`; those that were deleted are not
    told. After an update that brings new columns all rows come again. Raises SettingsError for an unknown name.
    """
    return Changes(source, name, after)


def read(place: Source | Warehouse, name: str, *, since: Day | None = None, until: Day | None = None) -> Rows:
    """The rows of a source's stream (`"orders"`) or of a warehouse's table (`"mart.sales"`).

    `since` and `until` are days (dates, or texts as 2026-03-31) and choose a stream's rows by its own dates. Private
    columns (e-mails) are read as the source has them. Raises SettingsError for an unknown name.
    """
    days = days_of(since, until)
    if hasattr(place, "streams"):
        return _stream_rows(place, name, days)
    if not hasattr(place, "query"):
        hint = 'say DuckDB("shop.duckdb"), BigQuery(…) or a source, such as PrestaShop(url=…, key=…)'
        raise SettingsError(f"a {type(place).__name__} is neither a source nor a warehouse", hint=hint)
    if any(days):
        sentence = say("{name} is a table of the warehouse, which is read whole", name=name)
        raise SettingsError(sentence, hint=say("leave out the dates"))
    return _table_rows(place, name)


def _stream(source: Any, name: str) -> Stream:  # of a Source
    streams = source.streams()
    if name not in streams:
        sentence = say("{source} has no stream {name!r}", source=source.name, name=name)
        raise SettingsError(sentence, hint=did_you_mean(name, streams))
    found: Stream = streams[name]
    return found


def _stream_rows(source: Any, name: str, days: tuple[str | None, str | None]) -> Rows:  # of a Source
    stream = _stream(source, name)
    if any(days):
        parts = stream.between(*days)
        if not parts:
            sentence = say("{source}.{name} has no dates to choose by", source=source.name, name=name)
            raise SettingsError(sentence, hint=say("leave out the dates"))
    else:
        planned = stream.slices({})
        parts = [part for part in planned if part.once] or planned
    return Rows(stream.shape.columns, partial(_of_slices, source, name, tuple(parts)))


def _of_slices(source: Source, name: str, parts: Sequence[Slice]) -> Iterator[Batch]:
    for _, batch in _batches(source, _stream(source, name), [Progress(part) for part in parts]):
        yield batch


def _batches(source: Source, stream: Stream, todo: Sequence[Progress]) -> Iterator[tuple[Slice, Batch]]:
    """Each with its slice; the slices are read side by side."""
    try:
        for index, _, batch in Slices(
            [(stream, one) for one in todo], readers=getattr(source, "readers", 2), at_least=0
        ):
            if batch is not None:
                yield todo[index].part, batch
    except ReadFailed as failed:
        raise failed.cause from None


def _known(after: Mapping[str, Any] | None, columns: Mapping[str, str]) -> dict[str, Progress]:
    """How far each slice had come; nothing where the stream has columns now that the position knows nothing of."""
    if after is None:
        return {}
    try:
        had = after["columns"]
        found = {
            name: Progress(Slice(name, one["bounds"], one["once"]), one["position"])
            for name, one in after["slices"].items()
        }
    except (AttributeError, KeyError, TypeError):
        sentence = say("{text!r} is no position", text=str(after)[:80])
        raise SettingsError(sentence, hint=say("give what `position` was after the last reading, or nothing")) from None
    return found if all(had.get(name) == kind for name, kind in columns.items()) else {}


def _table_rows(warehouse: Any, name: str) -> Rows:  # a Warehouse
    tables = [
        f"{row['table_schema']}.{row['table_name']}"
        for row in warehouse.query(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN "
            "('raw', 'core', 'mart', 'echannel')"
        )
        .read_all()
        .to_pylist()
    ]
    if name not in tables:
        raise SettingsError(say("the warehouse has no table {name!r}", name=name), hint=did_you_mean(name, tables))
    schema, _, table = name.partition(".")
    sql = f"SELECT * FROM {commit.quoted(schema)}.{commit.quoted(table)}"
    return Rows(warehouse.query(f"{sql} LIMIT 0").read_all().schema, partial(_of_table, warehouse, sql))


def _of_table(warehouse: Warehouse, sql: str) -> Iterator[Batch]:
    yield from (Batch(rows, {}) for rows in warehouse.query(sql))
