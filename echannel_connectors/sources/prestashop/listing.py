"""A resource in pages, by id or by date: nothing lost and nothing twice, whatever happens in the shop meanwhile.

Pages go on from the last key, never by offset, so a shop that sells while it is read shifts nothing. A page that the
shop cannot deliver is asked for by halves; a single record that still fails is set aside, and the rest goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from echannel_connectors.arrow import Nested
from echannel_connectors.errors import Unavailable
from echannel_connectors.sources.prestashop.client import Undelivered, Webservice
from echannel_connectors.sources.prestashop.decode import Columns, Row
from echannel_connectors.streams import SetAside
from echannel_connectors.texts import say

FAR = "9999-12-31 23:59:59"
KEYS_A_PAGE = 5_000
BAD_RECORDS = 20  # one after the other: then it is not the records that are bad
ID = pa.schema([("id", pa.int64())])
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Records that follow those of the page before (no columns where there are none); `last` is the last (id, date)."""

    columns: Columns
    last: tuple[int, str]
    is_last: bool
    set_aside: tuple[SetAside, ...] = ()


class Order(Protocol):
    """An order of reading: what to ask for next, and what is new in the answer."""

    def query(self) -> Query: ...

    def advance(self, found: Columns, *, is_full: bool) -> tuple[Columns, bool]:
        """The records not seen before, and whether they are the last."""

    def pass_over(self, record: Row) -> None: ...

    @property
    def last(self) -> tuple[int, str]: ...

    @property
    def names(self) -> tuple[str, ...]:
        """What tells where a record stands in this order."""

    @property
    def trusts_empty(self) -> bool:
        """Whether an empty answer is believed as it is."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A resource as it is asked for: which fields, as which types, with which filters, so many a page."""

    shop: Webservice
    resource: str
    columns: pa.Schema
    display: str
    page: int
    filters: Query = field(default_factory=dict)

    def within(self, filters: Query) -> Listing:
        return replace(self, filters={**self.filters, **filters})

    def of(self, *names: str) -> Listing:
        """Only these plain fields."""
        return replace(self, columns=pa.schema([(name, pa.string()) for name in names]), display=_display(names))

    def by_id(self, after: int = 0, until: int | None = None, *, trusts_empty: bool = False) -> Iterator[Page]:
        """Records with after < id <= until."""
        return self._pages(ById(after, until, trusts_empty))

    def by_date(self, date: str, since: str, until: str = FAR) -> Iterator[Page]:
        """Records in (date, id) order from `since` on."""
        return self._pages(ByDate(date, (-1, since), until))

    def ids(self) -> Iterator[pa.RecordBatch]:
        """The ids alone of all records."""
        for page in replace(self.of("id"), page=KEYS_A_PAGE).by_id():
            if page.columns:
                ids = [int(number) for number in plain(page.columns["id"])]
                yield pa.RecordBatch.from_arrays([pa.array(ids, pa.int64())], schema=ID)

    def edge(self, by: str, way: str) -> Row | None:
        """The first record by a field, ascending (ASC) or descending (DESC)."""
        names = dict.fromkeys(("id", by))
        sort = "[" + ",".join(f"{name}_{way}" for name in dict.fromkeys((by, "id"))) + "]"
        rows = self.shop.records(self.resource, names, 1, {**self.filters, "sort": sort})
        return rows[0] if rows else None

    # -- how ------------------------------------------------------------------------------------------------------

    def _pages(self, order: Order) -> Iterator[Page]:
        size = most = self.page
        bad = 0
        while True:
            try:
                found = self._asked(order, size)
            except Undelivered as error:
                if size > 1:
                    size = most = size // 2
                    continue
                bad += 1
                yield self._passed_over(order, error, bad)
                size = most = self.page
                continue
            height = len(found["id"])
            fresh, is_last = order.advance(found, is_full=height == size)
            if height:
                bad = 0
            if is_last or len(fresh["id"]):
                yield Page(fresh if len(fresh["id"]) else {}, order.last, is_last)
            if is_last:
                return
            size = min(size * 2, most)

    def _asked(self, order: Order, size: int) -> Columns:
        """One page. A shop answers 200 and nothing to its own database errors: nothing is asked for once more."""
        query = {**self.filters, **order.query()}
        for attempt in range(3):
            found: Columns = self.shop.page(self.resource, self.columns, self.display, size, query)
            if len(found["id"]) or order.trusts_empty or not self._anything(query):
                return found
            time.sleep(self.shop.http.pause * 2**attempt)
        raise Unavailable(
            say("{host} answers nothing for {resource!r}, where it has records", host=self.shop.http.host,
                resource=self.resource),
            hint=say("its database may be in trouble; run again later: what was read is kept"),
        )  # fmt: skip

    def _anything(self, query: Query) -> bool:
        """Whether there is a record, asked in other words."""
        return bool(self.shop.records(self.resource, ("id",), 1, {**query, "sort": "[id_DESC]"}))

    def _passed_over(self, order: Order, error: Undelivered, bad: int) -> Page:
        """Go on after the record that fails by itself; too many in a row, and it is not the records."""
        query = {**self.filters, **order.query()}
        rows = self.shop.records(self.resource, order.names, 1, query) if bad <= BAD_RECORDS else []
        if not rows:
            raise error
        order.pass_over(rows[0])
        aside = SetAside(f"id={rows[0]['id']}", "", "", error.reason)
        return Page({}, order.last, is_last=False, set_aside=(aside,))


@dataclass(slots=True)
class ById:
    """Ascending ids. The interval's ends are included, `>` is strict (FACTS.md)."""

    after: int
    until: int | None
    trusts_empty: bool = False
    names: tuple[str, ...] = ("id",)

    def query(self) -> Query:
        within = f">[{self.after}]" if self.until is None else f"[{self.after + 1},{self.until}]"
        return {"sort": "[id_ASC]", "filter[id]": within}

    def advance(self, found: Columns, *, is_full: bool) -> tuple[Columns, bool]:
        if ids := plain(found["id"]):
            self.after = int(ids[-1])
            self.trusts_empty = False  # there were records: that there are no more has to be sure
        return found, not is_full or self.after == self.until

    def pass_over(self, record: Row) -> None:
        self.after = int(record["id"])

    @property
    def last(self) -> tuple[int, str]:
        return self.after, ""


@dataclass(slots=True)
class ByDate:
    """Ascending (date, id). The webservice cannot ask for "after both": a page begins at the last date again, and what
    was seen is left out; when a whole page was seen, the rest of that date is read by id."""

    date: str
    seen: tuple[int, str]
    until: str
    is_tie: bool = False
    trusts_empty: bool = True  # the position moves by records only: what was hidden comes with the next sync

    @property
    def names(self) -> tuple[str, ...]:
        return ("id", self.date)

    def query(self) -> Query:
        number, moment = self.seen
        if self.is_tie:
            return {f"filter[{self.date}]": f"[{moment},{moment}]", "sort": "[id_ASC]", "filter[id]": f">[{number}]"}
        return {"sort": f"[{self.date}_ASC,id_ASC]", f"filter[{self.date}]": f"[{moment},{self.until}]"}

    def advance(self, found: Columns, *, is_full: bool) -> tuple[Columns, bool]:
        pairs = list(zip(map(int, plain(found["id"])), map(str, plain(found[self.date])), strict=True))
        old = sum(1 for number, moment in pairs if (moment, number) <= (self.seen[1], self.seen[0]))
        if len(pairs) > old:
            self.seen = pairs[-1]
        if is_full:
            self.is_tie = self.is_tie or old == len(pairs)
            return _after(found, old), False
        if self.is_tie:  # that date is done; dates are whole seconds
            following = _a_second_later(self.seen[1])
            self.is_tie, self.seen = False, (-1, following)
            return _after(found, old), following > self.until
        return _after(found, old), True

    def pass_over(self, record: Row) -> None:
        self.seen = (int(record["id"]), str(record[self.date]))

    @property
    def last(self) -> tuple[int, str]:
        return self.seen


def plain(column: Sequence[Any] | Nested) -> Sequence[Any]:
    """A column that is known to hold plain values."""
    assert not isinstance(column, Nested)
    return column


def _after(columns: Columns, rows: int) -> Columns:
    if not rows:
        return columns
    return {name: one.after(rows) if isinstance(one, Nested) else one[rows:] for name, one in columns.items()}


def _a_second_later(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")


def _display(names: tuple[str, ...]) -> str:
    return f"[{','.join(names)}]"
