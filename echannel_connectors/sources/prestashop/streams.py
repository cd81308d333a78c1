"""How each resource is read: in id slices at first, then by what marks a change, with a full compare running along.

- **dated** resources: a first load by id slices, side by side; afterwards everything with a date since the position,
  less a look-back. The position is the shop's own local time.
- **children** have no date of their own that can be trusted: their rows are read again with each parent that changed
  or is recent.
- **whole** resources are small and say nothing about changes: read entirely, compared by the merge.
- the **compare** reads a share of the ids of every dated resource and child at each sync, because some edits leave no
  trace at all: within seven daily syncs everything has been read again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from echannel_connectors.arrow import joined, to_batch
from echannel_connectors.sources.prestashop.client import any_of, of_group
from echannel_connectors.sources.prestashop.listing import FAR, Listing, Page, plain
from echannel_connectors.sources.prestashop.rules import Rule
from echannel_connectors.streams import Batch, JsonValue, Position, Progress, Shape, Slice

EPOCH = "1970-01-01 00:00:00"
CHANGES, COMPARE = "changes", "compare"
STORE = "store "
SLICE_IDS = 2_000
PARENTS_A_REQUEST = 100
MOST_HELD = 16 * 1024 * 1024  # bytes of children that wait for the last of them
RECENT = timedelta(days=3)  # children of orders so young are read again at every sync, hourly at most
COMPARE_LAP = timedelta(days=5)  # seven daily syncs get round even if each comes a little early
HOUR = timedelta(hours=1)
ABOUT_A_DAY = timedelta(hours=20)  # a daily sync may come a little early
MOMENT = "%Y-%m-%d %H:%M:%S"
EASTERNMOST = timedelta(hours=14)  # no shop's clock is further ahead of UTC


Changed = list[tuple[int, str]]  # ids and dates of parents


class Parents:
    """The orders that changed or are recent, asked once for all of their children as long as they fit a page."""

    def __init__(self, listing: Listing, date: str) -> None:
        self.listing = listing
        self.date = date
        self._lock = threading.Lock()
        self._changed: dict[tuple[str, str], Changed] = {}
        self._recent: dict[str, int] = {}

    def of(self, group: str) -> Listing:
        return in_group(self.listing, group)

    def changed(self, group: str, since: str) -> Iterator[Changed]:
        """Pages of (id, date) of those that changed since then, in that order."""
        with self._lock:
            known = self._changed.get((group, since))
            if known is None:
                pages = (_pairs(page, self.date) for page in self._dated(group).by_date(self.date, since))
                first, second = next(pages, []), next(pages, None)
                if second is None:
                    self._changed[group, since] = known = first
        if known is not None:
            yield known
            return
        yield first
        yield second or []
        yield from pages

    def first_recent(self, group: str, now: datetime) -> int:
        """The first one that is young; 0 when there is none."""
        with self._lock:
            if group not in self._recent:
                young = (now - RECENT).strftime(MOMENT)
                first = self.of(group).within({"filter[date_add]": f"[{young},{FAR}]"}).edge("id", "ASC")
                self._recent[group] = int(first["id"]) if first else 0
            return self._recent[group]

    def _dated(self, group: str) -> Listing:
        return self.of(group).of("id", self.date)


@dataclass(frozen=True, slots=True)
class ResourceStream:
    """One resource of one shop as a stream. `groups` are the groups or stores of a multistore, asked one by one."""

    listing: Listing
    rule: Rule
    parents: Parents | None = None
    groups: tuple[str, ...] = ("",)
    look_back: timedelta = timedelta(days=1)
    start: str = ""  # a day: older orders are not read
    every: timedelta | None = None  # in --watch

    @property
    def shape(self) -> Shape:
        deletes = "unseen" if self.rule.is_whole else "sweep" if self.rule.swept else "none"
        name, date = self.listing.resource, self.rule.date or None
        group, follows = self.rule.link or None, self.rule.parent or None
        return Shape(name, self.listing.columns, ("id",), date, deletes, group, follows)  # type: ignore[arg-type]  # the literals above

    # -- what to read -------------------------------------------------------------------------------------------

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        """The first load, what changes from its start on, and the compare; new ones for a group that is new."""
        if self.rule.is_whole:
            return [Slice()]
        places = {*self.groups, *self._own_groups}  # a group that is gone would be an error in the shop
        parts = [progress.part for progress in planned.values() if "until" not in progress.part.bounds]
        kept = [part for part in parts if part.bounds.get("group", "") in places]
        known = {part.name for part in kept}
        # Children of a group that is new to a shop which was read before: no first load will bring them.
        is_late = self.parents is not None and COMPARE in known
        new: list[Slice] = []
        for group in self.groups:
            if (name := _named(CHANGES, group)) not in known:
                newest = None if is_late else self._dated(group).edge(self._date, "DESC")
                since = str(newest[self._date]) if newest else f"{self.start} 00:00:00" if self.start else EPOCH
                new.append(Slice(name, {"group": group, "since": since}))
        for group in self._own_groups:
            if (name := _named(COMPARE, group)) not in known:
                new += self._first_load(group)
                new.append(Slice(name, {"group": group, "compare": True}))
        return [*kept, *new]

    def _first_load(self, group: str) -> Iterator[Slice]:
        listing = self._in(group)
        top, first = listing.edge("id", "DESC"), listing.within(self._from_start(group)).edge("id", "ASC")
        if not top or not first:
            return
        for low in range(int(first["id"]), int(top["id"]) + 1, SLICE_IDS):
            bounds: dict[str, JsonValue] = {"group": group, "low": low, "high": low + SLICE_IDS - 1}
            yield Slice(_named(f"ids {low}-{bounds['high']}", group), bounds, once=True)

    def _from_start(self, group: str) -> Mapping[str, str]:
        """The filter that leaves out what is older than `start`."""
        younger = {"filter[date_add]": f"[{self.start} 00:00:00,{FAR}]"}
        if self.start and self.rule.from_start:
            return younger
        if self.start and self.parents is not None:
            first = self.parents.of(group).within(younger).edge("id", "ASC")
            return {f"filter[{self.rule.link}]": f">[{int(first['id']) - 1}]"} if first else {}
        return {}

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        if self.rule.is_whole:
            return ()
        span: dict[str, JsonValue] = {
            "since": f"{since or EPOCH[:10]} 00:00:00",
            "until": f"{until or FAR[:10]} 23:59:59",
        }
        name = f"{since or 'start'} to {until or 'now'}"
        return [Slice(_named(name, group), {"group": group, **span}) for group in self.groups]

    def keys(self) -> Iterator[pa.RecordBatch]:
        for group in self._own_groups:
            yield from self._in(group).ids()

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        bounds, group = part.bounds, str(part.bounds.get("group", ""))
        own = self._in(group)
        if "low" in bounds:
            last = _number(after, "id") if after else _number(bounds, "low") - 1
            return self._first(own, last, _number(bounds, "high"))
        if "compare" in bounds:
            return self._compared(own, after)
        if "until" in bounds:
            return self._range(group, str(bounds["since"]), str(bounds["until"]))
        if "since" not in bounds:
            return self._whole()
        position = after or {"date": bounds["since"]}
        since = _earlier(str(position["date"]), self.look_back)
        if self.parents is not None:
            return self._of_changed_parents(self.parents, group, since, position)
        if self.rule.is_dated_by_hand:
            return self._added(own, since, position)
        return (self._batch(page, _position(page)) for page in own.by_date(self.rule.date, since))

    def _added(self, listing: Listing, since: str, before: Position) -> Iterator[Batch]:
        """What has a new id, whatever its date, and what is dated since then."""
        newest = listing.edge("id", "DESC")
        top = int(newest["id"]) if newest else 0
        if "top" in before and top > _number(before, "top"):
            for page in listing.by_id(_number(before, "top"), top):
                yield self._batch(page, before)
        for page in listing.by_date(self.rule.date, since):
            yield self._batch(page, {**_position(page), "top": top})

    def _whole(self) -> Iterator[Batch]:
        """All records; of one that several stores have, what the first of them says."""
        seen: set[int] = set()
        for group in self.groups:
            for page in self._in(group).by_id(trusts_empty=True):
                batch = self._batch(page, {"id": page.last[0]})
                if group:
                    ids = batch.rows.column("id").to_pylist()
                    batch = replace(batch, rows=batch.rows.filter(pa.array([n not in seen for n in ids], pa.bool_())))
                    seen.update(ids)
                yield batch

    def _first(self, listing: Listing, last: int, high: int) -> Iterator[Batch]:
        for page in listing.by_id(last, high):
            yield self._batch(page, {"id": page.last[0], "done": True} if page.is_last else {"id": page.last[0]})

    def _range(self, group: str, since: str, until: str) -> Iterator[Batch]:
        """Rows of those days again: by the day on which they, or their parents, were made."""
        dated = self._dated(group)
        date = "date_add" if "date_add" in dated.shop.fields(dated.resource).words else self._date
        if self.parents is None:
            for page in dated.by_date(date, since, until):
                yield self._batch(page, _position(page))
            return
        for page in dated.of("id", date).by_date(date, since, until):
            yield from self._children(_pairs(page, date), {}, {})

    def _of_changed_parents(self, parents: Parents, group: str, since: str, before: Position) -> Iterator[Batch]:
        """The children of each parent that is recent or changed; the position is that of the parents."""
        now = _now()
        recently = before.get("recent_at")
        is_due = not recently or _apart(now, str(recently)) >= HOUR
        recent = parents.first_recent(group, now) if is_due else 0
        if recent:
            of_these = self.listing.within({f"filter[{self.rule.link}]": f">[{recent - 1}]"})
            yield from self._whole_of(of_these.by_id(trusts_empty=True), before, before)
        noted = {"recent_at": now.isoformat() if is_due else recently}
        for changed in parents.changed(group, since):
            older = [pair for pair in changed if not recent or pair[0] < recent]
            yield from self._children(older, before, noted)
            if changed:
                before = {**_capped(*changed[-1]), **noted}
                yield self._nothing(before)

    def _children(self, parents: Changed, before: Position, noted: Position) -> Iterator[Batch]:
        """All children of these parents; the position moves when those of some parents are complete."""
        for at in range(0, len(parents), PARENTS_A_REQUEST):
            some = parents[at : at + PARENTS_A_REQUEST]
            of_these = self.listing.within({f"filter[{self.rule.link}]": any_of(number for number, _ in some)})
            done = {**_capped(*some[-1]), **noted}
            yield from self._whole_of(of_these.by_id(), before, done)
            before = done

    def _whole_of(self, pages: Iterator[Page], before: Position, done: Position) -> Iterator[Batch]:
        """All children of some parents as one batch, so that it shows which are gone; as several, which do not show it,
        where they are many or one does not fit."""
        batches = (self._batch(page, done if page.is_last else before) for page in pages)
        held: list[Batch] = []
        size = 0
        for batch in batches:
            held.append(batch)
            size += batch.rows.nbytes
            if size > MOST_HELD:
                yield from held
                yield from batches
                return
        if any(batch.set_aside for batch in held):
            yield from held
        elif held:
            one = joined(held, self.listing.columns)
            # A parent without any is not believed: a shop that fails may say that there is nothing.
            yield replace(one, whole=tuple(pc.unique(one.rows.column(self.rule.link)).drop_null().to_pylist()))

    def _compared(self, listing: Listing, after: Position | None) -> Iterator[Batch]:
        """A share of all ids, as large as the time since the last share; a lap ends at the top and begins anew."""
        now = _now()
        if after is None:  # the first load is about to read everything
            yield self._nothing({"id": 0, "at": now.isoformat()})
            return
        elapsed = _apart(now, str(after["at"]))
        part = min(1.0, elapsed / COMPARE_LAP)
        if elapsed < ABOUT_A_DAY and part * _number({"top": 0, **after}, "top") < listing.page:
            return  # not worth a request yet
        top = listing.edge("id", "DESC")
        if top is None:
            return
        last, highest = _number(after, "id"), int(top["id"])
        until = last + max(math.ceil(highest * part), listing.page)
        for page in listing.by_id(last, until):
            position: dict[str, JsonValue] = {"id": page.last[0], "at": after["at"], "top": highest}
            if page.is_last:
                position = {"id": until if until < highest else 0, "at": now.isoformat(), "top": highest}
            yield self._batch(page, position)

    def _batch(self, page: Page, position: Position) -> Batch:
        if not page.columns:
            return replace(self._nothing(position), set_aside=page.set_aside)
        batch, set_aside = to_batch(page.columns, self.listing.columns, ("id",))
        return Batch(batch, position, page.set_aside + set_aside)

    def _nothing(self, position: Position) -> Batch:
        return Batch(pa.RecordBatch.from_pylist([], schema=self.listing.columns), position)

    # -- which --------------------------------------------------------------------------------------------------

    @property
    def _date(self) -> str:
        return self.parents.date if self.parents else self.rule.date

    def _dated(self, group: str) -> Listing:
        """Where the dates are: the resource itself, or its parent's."""
        return self.parents.of(group) if self.parents else self._in(group)

    def _in(self, group: str) -> Listing:
        """The resource as one group or store answers it; where records have a home, each in its own store only, and in
        the first one those that are at home in a store that is switched off."""
        found = in_group(self.listing, group)
        if not (self.rule.home and group.startswith(STORE)):
            return found
        first, *others = (one.removeprefix(STORE) for one in self.groups)
        number = group.removeprefix(STORE)
        at_home = f"![{'|'.join(others)}]" if number == first and others else f"[{number}]"
        return found.within({f"filter[{self.rule.home}]": at_home})

    @property
    def _own_groups(self) -> tuple[str, ...]:
        """Lines and the like always answer for all stores."""
        return ("",) if self.parents else self.groups


def store(number: str) -> str:
    """One store of a multistore where its group will not do."""
    return STORE + number


def in_group(listing: Listing, group: str) -> Listing:
    """The listing as one group or store answers it."""
    if group.startswith(STORE):
        return listing.within({"id_shop": group.removeprefix(STORE)})
    return listing.within(of_group(group))


def _named(name: str, group: str) -> str:
    return f"{name} of {group if group.startswith(STORE) else f'group {group}'}" if group else name


def _pairs(page: Page, date: str) -> Changed:
    if not page.columns:
        return []
    pairs = zip(plain(page.columns["id"]), plain(page.columns[date]), strict=True)
    return [(int(number), str(moment)) for number, moment in pairs]


def _position(page: Page) -> dict[str, JsonValue]:
    return _capped(*page.last)


def _capped(number: int, date: str) -> dict[str, JsonValue]:
    """A row dated in the future, by a wrong clock, must not hide what comes before that date."""
    latest = (_now() + EASTERNMOST).strftime(MOMENT)
    return {"date": min(date, latest), "id": number}


def _number(values: Mapping[str, JsonValue], name: str) -> int:
    return int(values[name])  # type: ignore[arg-type]  # a JSON number


def _apart(now: datetime, noted: str) -> timedelta:
    """How long ago it was noted. A moment to come is one of a clock that was wrong: as far away, it must not put off
    until then what is due."""
    return abs(now - datetime.fromisoformat(noted))


def _now() -> datetime:
    return datetime.now(UTC)


def _earlier(moment: str, by: timedelta) -> str:
    """A local time some while before; the webservice's own text form."""
    return (datetime.fromisoformat(moment) - by if moment > EPOCH else datetime.fromisoformat(EPOCH)).strftime(MOMENT)
