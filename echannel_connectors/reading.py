"""read(): a stream as the source has it, or a table of a warehouse, as Arrow, batches or pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from echannel_connectors.batches import ReadFailed, Slices
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.streams import Progress, Source, Stream, check_days
from echannel_connectors.texts import say

if TYPE_CHECKING:
    import pandas as pd


class Rows:
    """Rows that are read when somebody asks for them; can be asked again, and then reads again."""

    def __init__(self, schema: pa.Schema, batches: Callable[[], Iterator[pa.RecordBatch]]) -> None:
        self.schema = schema
        self._batches = batches

    def __repr__(self) -> str:
        return f"Rows({', '.join(self.schema.names)})"

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self._batches()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def to_reader(self) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

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


def read(place: Source | Warehouse, name: str, *, since: str | None = None, until: str | None = None) -> Rows:
    """The rows of a source's stream (`"orders"`) or of a warehouse's table (`"mart.sales"`).

    `since` and `until` are days (YYYY-MM-DD) and choose a stream's rows by its own dates. Private columns (e-mails) are
    read as the source has them. Raises SettingsError for an unknown name.
    """
    check_days(since, until)
    if hasattr(place, "streams"):
        return _stream_rows(place, name, since, until)
    if since or until:
        sentence = say("{name} is a table of the warehouse, which is read whole", name=name)
        raise SettingsError(sentence, hint=say("leave out the dates"))
    return _table_rows(place, name)


def _stream_rows(source: Any, name: str, since: str | None, until: str | None) -> Rows:  # a Source
    streams = source.streams()
    if name not in streams:
        sentence = say("{source} has no stream {name!r}", source=source.name, name=name)
        raise SettingsError(sentence, hint=did_you_mean(name, streams))
    stream: Stream = streams[name]
    if since or until:
        parts = stream.between(since, until)
        if not parts:
            sentence = say("{source}.{name} has no dates to choose by", source=source.name, name=name)
            raise SettingsError(sentence, hint=say("leave out the dates"))
    else:
        planned = stream.slices({})
        parts = [part for part in planned if part.once] or planned

    def batches() -> Iterator[pa.RecordBatch]:
        work = [(stream, Progress(part)) for part in parts]
        try:
            for _, _, batch in Slices(work, readers=getattr(source, "readers", 2), at_least=0):
                if batch is not None:
                    yield batch.rows
        except ReadFailed as failed:
            raise failed.cause from None

    return Rows(stream.shape.columns, batches)


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
    return Rows(warehouse.query(f"{sql} LIMIT 0").read_all().schema, lambda: iter(warehouse.query(sql)))
