"""foresee(): what a sync would read, stream by stream, without reading or making anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from echannel_connectors.destinations import Warehouse
from echannel_connectors.errors import SettingsError
from echannel_connectors.models.build import what_builds
from echannel_connectors.models.company import Company
from echannel_connectors.pipeline import Choice, check_names
from echannel_connectors.streams import Position, Progress, Slice, Source, Stream
from echannel_connectors.texts import Text, say


@dataclass(frozen=True, slots=True)
class Foreseen:
    """How one stream would be read, the table that takes it, and the rows that this table holds now."""

    source: str
    stream: str
    how: Text
    table: str
    rows: int


def foresee(*sources: Source, into: Warehouse, choice: Choice | None = None) -> Iterator[Foreseen]:
    """What `sync` would do with the same arguments. Sources are asked what there is; nothing is written anywhere."""
    choice = choice or Choice()
    check_names(choice.only, sources)
    for source in sources:
        try:
            streams = source.streams()
            choice.check(source, streams)
            for name in streams:
                if choice.takes(source, name):
                    stream = streams[name]
                    table = f"{source.name}__{name}"
                    stored = into.stored(stream.shape.named(table))
                    how = _how(stream, stored.progress, choice)
                    yield Foreseen(source.name, name, how, f"raw.{table}", stored.rows)
        finally:
            source.close()


def foresee_cost(*sources: Source, into: Warehouse, company: Company, project: Path | None = None) -> int | None:
    """What building the tables would be billed, in bytes, at most: nothing is run for it. None where nothing is billed,
    or nothing is there yet."""
    foreseen = getattr(into, "foreseen", None)
    if foreseen is None:
        return None
    try:
        billed: int = foreseen(what_builds(into, sources, company, project))
    except SettingsError:
        return None
    return billed


def _how(stream: Stream, progress: Mapping[str, Progress], choice: Choice) -> Text:
    if choice.is_range:
        if not stream.between(*choice.days):
            return say("not at all: it has no dates to choose by")
        since, until = choice.since or say("the beginning"), choice.until or say("today")
        return say("again, from {since} to {until}", since=since, until=until)
    known = {} if choice.full else progress
    parts = stream.slices(known)
    if stream.shape.cursor is None and not any(part.bounds for part in parts):
        return say("whole, as at every sync")
    if not any(item.position for item in known.values()):
        return say("first load, in one go") if len(parts) == 1 else say("first load, in {n:,} slices", n=len(parts))
    once = [part for part in parts if part.once]
    left = [part for part in once if part.name not in known or not known[part.name].done]
    if left:
        return say("first load goes on: {left:,} of {n:,} slices are left", left=len(left), n=len(once))
    begins_anew = getattr(stream, "begins_anew", None)
    if begins_anew and any(begins_anew(item.position) for item in known.values() if item.position):
        return say("all of it again: it is read in another way than before")
    return say("changes since {position}", position=_since([part for part in parts if not part.once], known))


def _since(parts: list[Slice], known: Mapping[str, Progress]) -> str:
    """Where reading goes on, for people: the moment or number in the position."""
    for part in parts:
        position: Position = (known[part.name].position if part.name in known else None) or part.bounds
        for value in position.values():
            return str(value)
    return "–"
