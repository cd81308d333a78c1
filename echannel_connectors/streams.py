"""The words every other file uses: Shape, Slice, Position, Batch, Stream, Source.

A **source** has **streams**; a stream has a **shape** (columns, key) and is read in **slices**, each of which can be
read alone. A slice gives **batches** of rows, each with the **position** that is true once its rows are committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import Literal, Protocol

import pyarrow as pa

from echannel_connectors.errors import SettingsError
from echannel_connectors.texts import say

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
Position = Mapping[str, JsonValue]

Deletes = Literal["none", "unseen", "sweep"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a stream look like. `key` names the columns that identify a row; none of them is NULL.

    `deletes` says how rows that are gone are found: `unseen` (each run reads the whole stream, so a key it did not see
    is gone), `sweep` (the stream can list its keys alone) or `none`. Where there is a `group`, a batch may hold all
    rows of some values of that column (the lines of an order, the figures of a day): what it lacks of them is gone.
    """

    name: str
    columns: pa.Schema
    key: tuple[str, ...]
    cursor: str | None = None
    deletes: Deletes = "none"
    group: str | None = None
    follows: str | None = None  # a stream of the same source that is read before this one: lines after their orders

    def named(self, name: str) -> Shape:
        return replace(self, name=name)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a stream that can be read alone, elsewhere, at the same time.

    A slice that is read `once` (a range of ids in a first load) is left alone after its position says `done`; the
    others are read on from their position at every run.
    """

    name: str = "all"
    bounds: Mapping[str, JsonValue] = field(default_factory=dict)
    once: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a slice has come: its last committed position and the number of its last commit."""

    part: Slice
    position: Position | None = None
    commits: int = 0

    @property
    def done(self) -> bool:
        return self.part.once and bool(self.position and self.position.get("done"))


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row that does not fit, kept with the reason instead of being dropped or guessed."""

    key: str
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one slice, and the position that is true once they are committed."""

    rows: pa.RecordBatch
    position: Position
    set_aside: tuple[SetAside, ...] = ()
    whole: tuple[date | int | str, ...] = ()  # the values of the shape's `group` of which these are all the rows
    distinct: bool = False  # the source has seen to it that no key comes twice
    apart: int | None = None  # so many rows came before in this reading, and all of these and them have different keys


class Stream(Protocol):
    """One table of a source. Reading is side-effect free and starts strictly after a position."""

    @property
    def shape(self) -> Shape: ...

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        """The slices to read, given those planned before and how far each has come (empty on the first run)."""

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        """The rows of the slice after the position, in its order."""

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        """Slices that read a range of days again; empty when the stream has no dates to choose by."""

    def keys(self) -> Iterator[pa.RecordBatch]:
        """The keys alone of all rows that exist now (columns of `shape.key`), for streams with `deletes="sweep"`."""


class Source(Protocol):
    """A place that data comes from: frozen settings and streams by name, in a good order to read them."""

    @property
    def name(self) -> str: ...

    @property
    def connector(self) -> str: ...

    def streams(self) -> Mapping[str, Stream]: ...

    def check(self) -> Iterable[Finding]: ...

    def receipt(self) -> Mapping[str, float]:
        """What reading has cost the source so far: requests, seconds of its own time, bytes."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Landmark:
    """By what a source is recognized at another `address` (what of it is no secret): a stream whose rows keep a moment
    for ever, its key and its column. `moments(keys)` of such a source gives a batch of both, for keys that it has."""

    stream: str
    key: str
    moment: str


@dataclass(slots=True)
class Receipt:
    """What the requests have cost the other side: their number, seconds of its own time, bytes."""

    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0

    def told(self) -> dict[str, float]:
        """As `Source.receipt()` gives it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `echannel check`: what was found, how bad it is, what to do about it, and where, if in a file.

    Sentence and hint are made by `say` (texts.py), so that a French company reads them in French.
    """

    level: Literal["ok", "warning", "error"]
    sentence: str
    hint: str = ""
    place: str = ""  # file:line:column


Day = str | date  # "2026-03-31", or a date as schedulers have it; a datetime is none: whose clock is it of?


def days_of(since: Day | None, until: Day | None) -> tuple[str | None, str | None]:
    """Both as texts. Raises SettingsError for what is no day, which a source would look for all the same, and for a
    range that ends before it begins."""
    first, last = _day_of(since), _day_of(until)
    if first and last and first > last:
        raise SettingsError(say("{since} is after {until}", since=first, until=last))
    return first, last


def _day_of(day: Day | None) -> str | None:
    if not day:
        return None
    if isinstance(day, date) and not isinstance(day, datetime):
        return day.isoformat()
    with suppress(TypeError, ValueError):
        if isinstance(day, str) and date.fromisoformat(day).isoformat() == day:
            return day
    raise SettingsError(say("{text!r} is not a day", text=day), hint=say("write it as 2026-03-31"))
