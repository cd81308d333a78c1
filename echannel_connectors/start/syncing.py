"""A sync that somebody watches on a page: it runs in a thread, tells how far it is, and can be stopped.

Stopping is what Ctrl+C is in a terminal: what was committed stays, and the next sync goes on from there.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from echannel_connectors import events
from echannel_connectors.errors import EChannelError, full_disk
from echannel_connectors.pipeline import Choice, SyncResult, sync
from echannel_connectors.project import Project
from echannel_connectors.texts import Text, say

State = Literal["idle", "running", "stopping", "stopped", "failed", "done"]
MOST_NOTES = 20


@dataclass(slots=True)
class Reading:
    """What has come of one source: rows, and of its streams those that were begun and those that have ended."""

    rows: int = 0
    begun: int = 0
    ended: int = 0


@dataclass(slots=True)
class Progress:
    """How far a sync is; `notes` are the last warnings and waits."""

    state: State = "idle"
    phase: Literal["reading", "building", "publishing"] = "reading"
    sources: dict[str, Reading] = field(default_factory=dict)
    tables: int = 0
    published: int = 0
    notes: deque[Text | str] = field(default_factory=lambda: deque(maxlen=MOST_NOTES))
    started: float = 0.0
    seconds: float = 0.0
    problem: EChannelError | None = None
    result: SyncResult | None = None


class Syncing:
    """The one sync of an assistant: another one begins only when it has ended. `progress` changes under `lock`."""

    def __init__(self) -> None:
        self.progress = Progress()
        self.lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    @property
    def is_running(self) -> bool:
        return self.progress.state in ("running", "stopping")

    def start(self, found: Project, choice: Choice, when_done: Callable[[], None]) -> None:
        """Begin, unless one runs already; `when_done` is called after a sync that came to its end."""
        with self.lock:
            if self.is_running:
                return
            names = {name: Reading() for name in found.file.sources}
            self.progress = Progress("running", sources=names, started=time.monotonic())
            self._is_stopped = False
            self._thread = threading.Thread(target=self._run, args=(found, choice, when_done), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        with self.lock:
            if self.progress.state == "running":
                self.progress.state = "stopping"
                self._is_stopped = True

    def wait(self, seconds: float) -> None:
        """Until it has ended, this long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, found: Project, choice: Choice, when_done: Callable[[], None]) -> None:
        own, progress = threading.get_ident(), self.progress
        try:
            with events.Log.of_run(found.folder) as log:

                def listen(event: events.Event) -> None:
                    log(event)
                    with self.lock:
                        _count(progress, event)
                    if self._is_stopped and threading.get_ident() == own:
                        raise KeyboardInterrupt

                progress.result = sync(
                    *found.sources(),
                    into=found.destination(),
                    company=found.company,
                    choice=choice,
                    project=found.folder,
                    on_event=listen,
                )
            when_done()
            self._end("done")
        except KeyboardInterrupt:
            self._end("stopped")
        except Exception as error:  # noqa: BLE001 - a thread has no caller: whatever it was is told on the page
            progress.problem = _understood(error)
            # What was asked to stop has stopped, whatever the reason was in the end.
            self._end("stopped" if self._is_stopped else "failed")

    def _end(self, state: State) -> None:
        with self.lock:
            self.progress.seconds = time.monotonic() - self.progress.started
            self.progress.state = state


def _count(progress: Progress, event: events.Event) -> None:
    match event:
        case events.StreamStarted():
            progress.sources.setdefault(event.source, Reading()).begun += 1
        case events.Committed():
            progress.sources[event.source].rows += event.rows
        case events.StreamFinished():
            progress.sources[event.source].ended += 1
        case events.Building():
            progress.phase, progress.tables = "building", event.tables
        case events.Publishing():
            progress.phase = "publishing"
        case events.Published():
            progress.published += 1
        case events.Retrying():
            progress.notes.append(
                say(
                    "{what}: {because}; again in {seconds:.1f} s",
                    what=event.what,
                    because=event.because,
                    seconds=event.after_seconds,
                )
            )
        case events.Warned():
            progress.notes.append(event.sentence)


def _understood(error: Exception) -> EChannelError:
    """The error as one of ours; a bug says what it was."""
    if isinstance(error, EChannelError):
        return error
    if full := full_disk(error):
        return full
    return EChannelError(
        say("something went wrong that should not: {problem}", problem=f"{type(error).__name__}: {error}"[:300]),
        hint=say("this is a bug in echannel-connectors: please report it; nothing that was read is lost"),
    )
