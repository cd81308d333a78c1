"""How each resource is read: in id slices at first, then by what marks a change (FACTS.md has the table of what does).

- **dated** resources: a first load by id slices, side by side; afterwards everything with a date since the position,
  less a look-back. The position is the shop's own local time.
- **children** have no date of their own that can be trusted: their rows are read again with each parent that changed.
- **whole** resources are small and say nothing about changes: read entirely, compared by the merge.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from echannel_connectors.arrow import to_batch
from echannel_connectors.sources.prestashop.client import Webservice, any_of
from echannel_connectors.sources.prestashop.decode import Row
from echannel_connectors.streams import Batch, Position, Progress, Shape, Slice

FAR = "9999-12-31 23:59:59"
EPOCH = "1970-01-01 00:00:00"
CHANGES = "changes"
SLICE_IDS = 5_000
PARENTS_A_REQUEST = 100
KEYS_A_REQUEST = 5_000
OF_ONE_STORE = frozenset({"orders", "customers", "products"})  # answer for one store of several, unless told otherwise


@dataclass(frozen=True, slots=True)
class Rule:
    """How one resource is read; without `date` and `parent` it is read whole."""

    date: str = ""
    parent: str = ""  # the resource whose change means that these rows are read again
    link: str = ""  # the field that holds the parent's id
    filters: Mapping[str, str] = field(default_factory=dict)
    swept: bool = False


RULES: dict[str, Rule] = {
    "orders": Rule(date="date_upd", swept=True),
    "order_details": Rule(parent="orders", link="id_order", swept=True),
    "order_carriers": Rule(parent="orders", link="id_order", swept=True),
    "order_discounts": Rule(parent="orders", link="id_order", swept=True),
    "order_cart_rules": Rule(parent="orders", link="id_order", swept=True),
    "order_slip": Rule(date="date_upd", swept=True),
    "order_histories": Rule(date="date_add"),
    "order_payments": Rule(date="date_add"),
    "order_invoices": Rule(date="date_add"),
    "customers": Rule(date="date_upd", swept=True),
    "addresses": Rule(date="date_upd", swept=True),
    "products": Rule(date="date_upd", swept=True),
    "carts": Rule(date="date_upd", swept=True),
    "cart_rules": Rule(date="date_upd", swept=True),
    "stock_movements": Rule(date="date_add"),
    "configurations": Rule(
        filters={
            "filter[name]": "[PS_TIMEZONE|PS_LANG_DEFAULT|PS_CURRENCY_DEFAULT|PS_OS_CANCELED|PS_OS_REFUND"
            "|PS_OS_ERROR|PS_OS_DELIVERED|PS_ROUND_TYPE|PS_COUNTRY_DEFAULT"
            "|PS_STOCK_MVT_TRANSFER_TO|PS_STOCK_MVT_TRANSFER_FROM]"
        }
    ),
}


@dataclass(frozen=True, slots=True)
class ResourceStream:
    """One resource of one shop as a stream."""

    shop: Webservice
    resource: str
    columns: pa.Schema
    display: str
    rule: Rule
    stores: Mapping[str, str]  # how a multistore is asked for all of its stores
    page: int = 250
    look_back: timedelta = timedelta(days=1)
    start: str = ""  # a day: older orders are not read

    @property
    def shape(self) -> Shape:
        dated = bool(self.rule.date or self.rule.parent)
        deletes = ("sweep" if self.rule.swept else "none") if dated else "unseen"
        return Shape(self.resource, self.columns, ("id",), self.rule.date or None, deletes)  # type: ignore[arg-type]  # the literals above

    # -- what to read -------------------------------------------------------------------------------------------

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        if planned:
            return [progress.part for progress in planned.values()]
        if not (self.rule.date or self.rule.parent):
            return [Slice()]
        newest = self._edge(self.rule.parent or self.resource, self._date, "DESC")
        low = self._first_id()
        top = self._edge(self.resource, "id", "DESC")
        ids = range(low, int(top["id"]) + 1, SLICE_IDS) if top else range(0)
        since = str(newest[self._date]) if newest else EPOCH
        return [
            *(
                Slice(f"ids {at}-{at + SLICE_IDS - 1}", {"low": at, "high": at + SLICE_IDS - 1}, once=True)
                for at in ids
            ),
            Slice(CHANGES, {"since": since}),
        ]

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        if not (self.rule.date or self.rule.parent):
            return ()
        bounds: dict[str, Any] = {
            "since": f"{since or '1970-01-01'} 00:00:00",
            "until": f"{until or FAR[:10]} 23:59:59",
        }
        return [Slice(f"{since or 'start'} to {until or 'now'}", bounds)]

    def keys(self) -> Iterator[pa.RecordBatch]:
        low = 0
        schema = pa.schema([("id", pa.int64())])
        while rows := self._records("[id]", KEYS_A_REQUEST, {"sort": "[id_ASC]", "filter[id]": f">[{low}]"}):
            ids = [int(row["id"]) for row in rows]
            yield pa.RecordBatch.from_pydict({"id": ids}, schema)
            if len(ids) < KEYS_A_REQUEST:
                return
            low = ids[-1]

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        if "low" in part.bounds:
            last = int(after["id"]) if after and "id" in after else int(part.bounds["low"]) - 1  # type: ignore[arg-type]  # JSON numbers
            return self._by_id(last, int(part.bounds["high"]))  # type: ignore[arg-type]
        if "until" in part.bounds:
            return self._since(str(part.bounds["since"]), str(part.bounds["until"]))
        if "since" in part.bounds:
            position = str(after["date"]) if after else str(part.bounds["since"])
            return self._since(_earlier(position, self.look_back), FAR)
        return self._by_id(0, None)

    def _by_id(self, last: int, high: int | None) -> Iterator[Batch]:
        """Pages by key, so that a shop that sells while it is read repeats and loses nothing."""
        while True:
            within = f"[{last + 1},{high}]" if high else f">[{last}]"
            rows = self._page({"sort": "[id_ASC]", "filter[id]": within})
            last = int(rows[-1]["id"]) if rows else last
            done = len(rows) < self.page
            position: dict[str, Any] = {"id": last, "done": True} if done and high else {"id": last}
            yield self._batch(rows, position)
            if done:
                return

    def _since(self, since: str, until: str) -> Iterator[Batch]:
        if self.rule.parent:
            yield from self._of_parents(since, until)
            return
        for rows in self._dated(self.resource, self.display, since, until):
            yield self._batch(rows, _at(rows[-1], self.rule.date))

    def _of_parents(self, since: str, until: str) -> Iterator[Batch]:
        """The children of each parent that changed, whole; the position is the parent's."""
        date = RULES[self.rule.parent].date
        for parents in self._dated(self.rule.parent, f"[id,{date}]", since, until):
            for at in range(0, len(parents), PARENTS_A_REQUEST):
                some = parents[at : at + PARENTS_A_REQUEST]
                of_these = {f"filter[{self.rule.link}]": any_of(int(parent["id"]) for parent in some)}
                last, rows = 0, self._page({"sort": "[id_ASC]", **of_these})
                while len(rows) == self.page:
                    yield self._batch(rows, _at(parents[0], date))
                    last = int(rows[-1]["id"])
                    rows = self._page({"sort": "[id_ASC]", "filter[id]": f">[{last}]", **of_these})
                yield self._batch(rows, _at(some[-1], date))

    def _dated(self, resource: str, display: str, since: str, until: str) -> Iterator[list[Row]]:
        """Pages in (date, id) order. The webservice cannot ask for "after both", so a page begins at the last date
        again and the rows seen are left out; a date with more rows than a page is read on by id."""
        date = RULES[resource].date
        seen = (since, -1)
        while True:
            span = {
                "sort": f"[{date}_ASC,id_ASC]",
                f"filter[{date}]": f"[{seen[0]},{until}]",
                **self._from_start(resource),
            }
            page = self._records(display, self.page, span, resource)
            rows = [row for row in page if (str(row[date]), int(row["id"])) > seen]
            if page and not rows and len(page) == self.page:
                rows = yield from self._tied(resource, display, date, seen)
            if not rows:
                return
            yield rows
            seen = (str(rows[-1][date]), int(rows[-1]["id"]))
            if len(page) < self.page:
                return

    def _tied(
        self, resource: str, display: str, date: str, seen: tuple[str, int]
    ) -> Generator[list[Row], None, list[Row]]:
        """More rows of one date than fit a page: by id, and then on to the next date."""
        moment, last = seen
        while True:
            tie = {f"filter[{date}]": f"[{moment},{moment}]", "sort": "[id_ASC]", "filter[id]": f">[{last}]"}
            rows = self._records(display, self.page, tie, resource)
            if len(rows) < self.page:
                following = {"sort": f"[{date}_ASC,id_ASC]", f"filter[{date}]": f">[{moment}]"}
                return rows + self._records(display, self.page, following, resource)
            yield rows
            last = int(rows[-1]["id"])

    def _page(self, query: Mapping[str, str]) -> list[Row]:
        return self._records(self.display, self.page, query)

    def _records(self, display: str, limit: int, query: Mapping[str, str], resource: str = "") -> list[Row]:
        asked = resource or self.resource
        stores = self.stores if asked in OF_ONE_STORE else {}
        return self.shop.records(asked, display, limit, **{**stores, **self.rule.filters, **query})

    def _batch(self, rows: list[Row], position: Position) -> Batch:
        columns = {name: [row.get(name) for row in rows] for name in self.columns.names}
        batch, set_aside = to_batch(columns, self.columns, ("id",))
        return Batch(batch, position, set_aside)

    # -- edges --------------------------------------------------------------------------------------------------

    @property
    def _date(self) -> str:
        return RULES[self.rule.parent].date if self.rule.parent else self.rule.date

    def _edge(self, resource: str, by: str, way: str, **query: str) -> Row | None:
        display = f"[id,{by}]" if by != "id" else "[id]"
        order = f"[{by}_{way},id_{way}]" if by != "id" else f"[id_{way}]"
        rows = self._records(display, 1, {"sort": order, **query}, resource)
        return rows[0] if rows else None

    def _first_id(self) -> int:
        first = self._edge(self.resource, "id", "ASC", **self._from_start(self.resource))
        return int(first["id"]) if first else 1

    def _from_start(self, resource: str) -> dict[str, str]:
        return {"filter[date_add]": f"[{self.start} 00:00:00,{FAR}]"} if self.start and resource == "orders" else {}


def _at(row: Row, date: str) -> dict[str, Any]:
    return {"date": str(row[date]), "id": int(row["id"])}


def _earlier(moment: str, by: timedelta) -> str:
    """A local time some while before; the webservice's own text form."""
    earlier = datetime.fromisoformat(moment) - by if moment > EPOCH else datetime.fromisoformat(EPOCH)
    return earlier.strftime("%Y-%m-%d %H:%M:%S")
