"""What a run tells its caller, as frozen dataclasses. The library never prints: it calls `on_event`."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TextIO

KEPT_LOGS = 1000  # of a project's runs


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
class Building(Event):
    """All sources are read; this many tables are made of them now."""

    tables: int


@dataclasses.dataclass(frozen=True, slots=True)
class Built(Event):
    table: str
    rows: int
    seconds: float


@dataclasses.dataclass(frozen=True, slots=True)
class Publishing(Event):
    """A finished table is on its way into a publisher, such as a Sheet."""

    table: str


@dataclasses.dataclass(frozen=True, slots=True)
class Published(Event):
    """The publisher holds the table now; nothing was sent where it held it already."""

    table: str
    rows: int
    sent: bool
    requests: int


OnEvent = Callable[[Event], None]
# What happens all the time is DEBUG, what a stream or a table came to INFO, what somebody may have to look at WARNING.
LEVELS: dict[type[Event], int] = {
    StreamStarted: logging.DEBUG,
    Committed: logging.DEBUG,
    Building: logging.DEBUG,
    Publishing: logging.DEBUG,
    StreamFinished: logging.INFO,
    Built: logging.INFO,
    Published: logging.INFO,
    Retrying: logging.WARNING,
    Warned: logging.WARNING,
}


def level(event: Event) -> int:
    """The event's level, as Python's logging counts them."""
    return LEVELS.get(type(event), logging.INFO)


def ignore(event: Event) -> None:
    """The default listener."""


def to_logging(logger: logging.Logger | logging.LoggerAdapter[Any] | None = None) -> OnEvent:
    """A listener that hands each event to Python's logging: `sync(shop, into=warehouse, on_event=to_logging())`.

    The message is one line; the fields are in `record.event`. The logger is "echannel_connectors" by default.
    """
    log = logger or logging.getLogger("echannel_connectors")

    def listen(event: Event) -> None:
        said = event.as_json()
        words = " ".join(f"{name}={value}" for name, value in said.items() if name != "event")
        log.log(level(event), "%s %s", said["event"], words, extra={"event": said})

    return listen


class Log:
    """A listener that keeps all events in a file, a JSON line each.

    A log that cannot be written, as on a full disk, does not end the sync.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    @classmethod
    def of_run(cls, folder: Path) -> Self:
        """The log of a run that begins now in a project's folder. Of a thousand runs the logs are kept: whoever syncs
        every minute, for ever, would fill the disk with them."""
        runs = folder / ".echannel" / "runs"
        with suppress(OSError):
            for old in sorted(runs.glob("*.jsonl"))[: 1 - KEPT_LOGS]:
                old.unlink(missing_ok=True)
        return cls(runs / f"{datetime.now().astimezone():%Y-%m-%dT%H-%M-%S}.jsonl")

    def __enter__(self) -> Self:
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()

    def __call__(self, event: Event) -> None:
        if self._file:
            at = datetime.now().astimezone().isoformat(timespec="milliseconds")
            with suppress(OSError):
                line = json.dumps({"at": at, **event.as_json()}, default=repr, ensure_ascii=False)
                self._file.write(f"{line}\n")
                self._file.flush()
