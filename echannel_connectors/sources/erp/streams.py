"""One core table of an ERP as a stream: read by its cursor with a look-back, or whole where it has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from echannel_connectors.arrow import ARROW_TYPES, e_mail
from echannel_connectors.errors import SpecError
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns, check_keys, last_key
from echannel_connectors.specs.compile import CURSOR, PERSONAL, Select
from echannel_connectors.streams import Batch, Position, Progress, Shape, Slice
from echannel_connectors.texts import say


@dataclass(frozen=True, slots=True)
class ErpStream:
    """A core table of the ERP, in core's own columns and types."""

    database: Database
    select: Select

    @property
    def shape(self) -> Shape:
        core = self.select.table
        fields = [pa.field(name, ARROW_TYPES[word]) for name, word in core.types.items() if name in self.select.columns]
        if PERSONAL in self.select.columns:
            fields.append(e_mail(PERSONAL))
        cursor = CURSOR if self.select.cursor is not None else None
        # What is read whole every time shows by itself which keys are gone.
        deletes: Any = "none" if not self.select.deletes else "sweep" if cursor else "unseen"
        return Shape(core.name, pa.schema(fields), core.key, cursor, deletes)

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:  # noqa: ARG002 - the protocol's argument
        return [Slice()]

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        if self.select.day is None:
            return ()
        return [Slice(f"{since or 'start'} to {until or 'now'}", {"since": since, "until": until})]

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        """What changed since the position less the look-back, with what is always read again, by (cursor, key)."""
        select, shape = self.select, self.shape
        position: dict[str, Any] = dict(after or {})
        since = _earlier(str(position["cursor"]), select.look_back) if position.get("cursor") else None
        days = (_day(part, "since"), _day(part, "until")) if part.bounds else None
        sql = select.rows(since=None if days else since, days=days)
        last = None
        for found in self.database.select(sql, self._columns(shape.columns)):
            cursor = found.column(CURSOR) if shape.cursor else None
            rows = found.select(shape.columns.names)
            if not rows.num_rows:
                continue
            check_keys(select.table.name, shape.key, rows, last)
            last = last_key(shape.key, rows)
            yield Batch(rows, position := _moved(position, cursor, last))

    def keys(self) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([self.shape.columns.field(name) for name in self.shape.key])
        yield from self.database.select(self.select.keys(), Columns(self.select.table.name, schema))

    def _columns(self, schema: pa.Schema) -> Columns:
        if self.select.cursor is not None:
            schema = schema.append(pa.field(CURSOR, pa.string()))
        return Columns(self.select.table.name, schema, self.select.scales, self.select.zones)


def _moved(position: Mapping[str, Any], cursor: pa.Array | None, key: tuple[Any, ...]) -> dict[str, Any]:
    """The position after a batch. It never goes back: the rows of the look-back, and old ones that are read again,
    come first, and what lies before the position has been read."""
    said = [str(part) for part in key]
    if cursor is None:
        return {"key": said}
    last = next((value for value in reversed(cursor.to_pylist()) if value is not None), None)
    known = position.get("cursor")
    if last is None or (known is not None and _rank(last) <= _rank(str(known))):
        return dict(position) or {"key": said}
    return {"cursor": last, "key": said}


def _rank(cursor: str) -> tuple[int, str]:
    """Cursors in their order: numbers by value, moments by their text, whose first 19 characters are aligned."""
    if cursor.lstrip("-").isdigit():
        return int(cursor), ""
    return 0, cursor.replace("T", " ")


def _earlier(cursor: str, look_back: timedelta | int) -> str:
    """A moment less the look-back. A number counts changes, not time: it goes back by a number of them, or stays."""
    if cursor.lstrip("-").isdigit():
        return str(int(cursor) - look_back) if isinstance(look_back, int) else cursor
    if isinstance(look_back, int):
        raise SpecError(
            say("a look-back of changes needs a cursor that counts them, which {cursor!r} is not", cursor=cursor)
        )
    moment = datetime.fromisoformat(cursor) - look_back
    return moment.isoformat(sep=" ")


def _day(part: Slice, name: str) -> str | None:
    value = part.bounds.get(name)
    return None if value is None else str(value)
