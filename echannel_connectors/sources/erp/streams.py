"""One core table of an ERP as a stream: read by its cursor with a look-back, or whole where it has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.arrow import ARROW_TYPES, e_mail, one_batch
from echannel_connectors.errors import SpecError
from echannel_connectors.sources.erp.ranges import divided
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import GROUP, Columns, Keys
from echannel_connectors.specs.compile import CURSOR, PERSONAL, Select
from echannel_connectors.streams import Batch, Position, Progress, Shape, Slice
from echannel_connectors.texts import say

GROUP_BYTES = 64 * 1024 * 1024
READ_BY = "read_by"  # in a position: the sign of the SELECT that the rows before it were read by


@dataclass(frozen=True)
class ErpStream:
    """A core table of the ERP, in core's own columns and types."""

    database: Database
    select: Select

    @cached_property
    def sign(self) -> str:
        return self.select.sign()

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
        """What changed since the position less the look-back, with what is always read again, by (cursor, key).

        Without a position all rows are read, in whatever order costs the database least, a large table by several
        connections where they are wanted: only the last batch has a position to read on from. So they are where a
        position is of another SELECT: the spec, its parameters or the company's currency were others then, and rows
        that have not changed since would keep what these made of them.
        """
        select, shape = self.select, self.shape
        position: dict[str, Any] = {} if self.begins_anew(after or {}) else dict(after or {})
        since = earlier(str(position["cursor"]), select.look_back) if position.get("cursor") else None
        days = (_day(part, "since"), _day(part, "until")) if part.bounds else None
        in_order = since is not None or days is not None
        if in_order:
            sql = [select.rows(since=None if days else since, days=days)]
        else:
            sql = [part.rows() for part in divided(select, self.database)]
        blocks = self.database.selects(sql, self._columns(shape.columns))
        newest = position.get("cursor")
        keys = Keys(select.table.name, shape.key, in_order=in_order)
        for found, is_last in in_groups(blocks):
            rows = found.select(shape.columns.names)
            apart = keys.check(rows)
            last: list[Any] = [str(value) for value in keys.last or ()]
            if shape.cursor:
                newest = _newest(newest, found.column(CURSOR))
            if newest != position.get("cursor") and (in_order or is_last):
                position = {"cursor": newest, "key": last, READ_BY: self.sign}
            yield Batch(rows, dict(position) or {"key": last}, distinct=not in_order, apart=apart)

    def begins_anew(self, after: Position) -> bool:
        """Whether rows up to there were read by another SELECT than this one, or by one that nobody noted."""
        return "cursor" in after and after.get(READ_BY) != self.sign

    def keys(self) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([self.shape.columns.field(name) for name in self.shape.key])
        sql = [part.keys() for part in divided(self.select, self.database)]
        yield from self.database.selects(sql, Columns(self.select.table.name, schema, key=schema.names))

    def of_keys(self, names: Sequence[str], keys: Sequence[str]) -> pa.RecordBatch:
        """Some columns of the rows with these values of the first of them."""
        schema = pa.schema([self.shape.columns.field(name) for name in names])
        select = self.select
        columns = Columns(select.table.name, schema, select.scales, select.zones, self.shape.key)
        return one_batch(list(self.database.select(select.of_keys(names, names[0], keys), columns)), schema)

    def _columns(self, schema: pa.Schema) -> Columns:
        if self.select.cursor is not None:
            schema = schema.append(pa.field(CURSOR, pa.string()))
        return Columns(self.select.table.name, schema, self.select.scales, self.select.zones, self.shape.key)


def in_groups(blocks: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, bool]]:
    """The same rows in batches of GROUP rows (fewer where they are wide), none of them empty; with each, whether it is
    the last one."""
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for block in blocks:
        while block.num_rows:
            if rows == GROUP or size >= GROUP_BYTES:
                yield one_batch(held, held[0].schema), False
                held, rows, size = [], 0, 0
            part = block.slice(0, GROUP - rows)
            block = block.slice(part.num_rows)  # noqa: PLW2901 - what is left of it
            held.append(part)
            rows, size = rows + part.num_rows, size + part.nbytes
    if held:
        yield one_batch(held, held[0].schema), True


def _newest(known: str | None, cursor: pa.Array) -> str | None:
    """The largest cursor so far. It never goes back: the rows of the look-back, and old ones that are read again, come
    first, and what lies before the position has been read."""
    there = cursor.drop_null()
    if not len(there):
        return known
    if str(there[0]).lstrip("-").isdigit():  # one kind of value in a column: numbers, or moments
        with suppress(pa.ArrowInvalid):
            there = there.cast(pa.int64())
    found = str(pc.max(there).as_py())
    return found if known is None or _rank(found) > _rank(known) else known


def _rank(cursor: str) -> tuple[int, str]:
    """Cursors in their order: numbers by value, moments by their text, whose first 19 characters are aligned."""
    if cursor.lstrip("-").isdigit():
        return int(cursor), ""
    return 0, cursor.replace("T", " ")


def earlier(cursor: str, look_back: timedelta | int) -> str:
    """A moment less the look-back. A number counts changes, not time: it goes back by a number of them, or stays."""
    if cursor.lstrip("-").isdigit():
        return str(int(cursor) - look_back) if isinstance(look_back, int) else cursor
    if isinstance(look_back, int):
        raise SpecError(
            say("a look-back of changes needs a cursor that counts them, which {cursor!r} is not", cursor=cursor)
        )
    try:
        moment = datetime.fromisoformat(cursor) - look_back
    except ValueError:
        sentence = say("the cursor is neither a number nor a moment: {cursor!r}", cursor=cursor)
        raise SpecError(sentence, hint=say("without a cursor the table is read whole, which is exact")) from None
    return moment.isoformat(sep=" ")


def _day(part: Slice, name: str) -> str | None:
    value = part.bounds.get(name)
    return None if value is None else str(value)
