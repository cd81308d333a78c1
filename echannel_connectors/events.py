"""What a run tells its caller, as frozen dataclasses. The library never prints: it calls `on_event`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Base of all events; `as_json()` is what a JSON-lines log holds."""

    def as_json(self) -> dict[str, Any]:  # values are whatever the fields hold: text and numbers
        return {"event": type(self).__name__, **dataclasses.asdict(self)}


@dataclasses.dataclass(frozen=True, slots=True)
class StreamStarted(Event):
    source: str
    stream: str
    slices: int


@dataclasses.dataclass(frozen=True, slots=True)
class Committed(Event):
    source: str
    stream: str
    slice: str
    rows: int
    changed: int


@dataclasses.dataclass(frozen=True, slots=True)
class StreamFinished(Event):
    source: str
    stream: str
    rows: int
    changed: int
    deleted: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Retrying(Event):
    what: str
    attempt: int
    after_seconds: float
    because: str


@dataclasses.dataclass(frozen=True, slots=True)
class Warned(Event):
    source: str
    sentence: str


@dataclasses.dataclass(frozen=True, slots=True)
class Built(Event):
    table: str
    rows: int
    seconds: float


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The default listener."""
