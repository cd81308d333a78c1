"""Many slices read at once, a bounded number of bytes held: the only file that knows threads.

Readers put coalesced batches into a short queue; whoever iterates takes them out one by one. When the iteration ends
early, for whatever reason, the readers stop at their next batch.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from echannel_connectors.arrow import joined
from echannel_connectors.errors import EChannelError
from echannel_connectors.shapes import fitting
from echannel_connectors.streams import Batch, Progress, Stream
from echannel_connectors.texts import say

T = TypeVar("T")
Item = tuple[int, int, Batch | None]


class Stopped(Exception):
    """Nobody takes the batches any more."""


class ReadFailed(Exception):
    """Reading the slice with this index failed; `cause` is why."""

    def __init__(self, index: int, cause: BaseException) -> None:
        super().__init__(index, cause)
        self.index = index
        self.cause = cause


class Slices:
    """Slices of streams that are read side by side, once: (index of the slice in `work`, number of the commit, batch).

    Each slice is read on from where it stands. Batches of a slice come in order and are joined until they hold
    `at_least` bytes; after the last one comes None. At most `readers` slices are read at once and at most that many
    batches wait. The first error of any reader is raised by the iteration, as ReadFailed.
    """

    def __init__(
        self, work: Sequence[tuple[Stream, Progress]], *, readers: int = 2, at_least: int = 2 * 1024 * 1024
    ) -> None:
        self._work = work
        self._readers = readers
        self._at_least = at_least
        self._ready: queue.Queue[Item | ReadFailed | None] = queue.Queue(maxsize=readers)
        self._awaited: list[Item | ReadFailed | None] = []  # one at most: what came while somebody waited for it

    def comes_within(self, seconds: float) -> bool:
        """Whether the next batch is there, or comes within so many seconds."""
        if not self._awaited:
            with suppress(queue.Empty):
                self._awaited.append(self._ready.get(timeout=seconds))
        return bool(self._awaited)

    def __iter__(self) -> Iterator[Item]:
        todo: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(self._work)):
            todo.put(index)
        stop = threading.Event()
        threads = [
            threading.Thread(target=_reader, args=(self._work, todo, self._ready, stop, self._at_least), daemon=True)
            for _ in range(min(self._readers, len(self._work)))
        ]
        for thread in threads:
            thread.start()
        try:
            running = len(threads)
            while running:
                item = self._awaited.pop() if self._awaited else self._ready.get()
                if item is None:
                    running -= 1
                elif isinstance(item, ReadFailed):
                    raise item
                else:
                    yield item
        finally:
            stop.set()
            while any(thread.is_alive() for thread in threads):
                _drain(self._ready)
                for thread in threads:
                    thread.join(timeout=0.05)


def side_by_side(calls: Sequence[Callable[[], T]], readers: int) -> list[Callable[[], T]]:
    """Make these calls, so many at once; each comes back as a function that gives its result, or raises its error."""
    with ThreadPoolExecutor(max_workers=readers) as pool:
        made = [pool.submit(call) for call in calls]
    return [one.result for one in made]


def _reader(
    work: Sequence[tuple[Stream, Progress]],
    todo: queue.SimpleQueue[int],
    ready: queue.Queue[Item | ReadFailed | None],
    stop: threading.Event,
    at_least: int,
) -> None:
    index = 0
    try:
        for index in _taken(todo):
            stream, progress = work[index]
            number = progress.commits
            for number, batch in enumerate(_joined(stream, progress, stop, at_least), progress.commits + 1):
                _put(ready, (index, number, batch), stop)
            _put(ready, (index, number, None), stop)
        _put(ready, None, stop)
    except Stopped:
        return
    except BaseException as error:  # noqa: BLE001 - whatever it is, the caller must see it: it is raised there
        if isinstance(error, EChannelError):
            stream, progress = work[index]
            where = {"stream": stream.shape.name, "part": progress.part.name}
            error.add_note(say("while reading {stream}, slice {part}", **where))
        try:
            _put(ready, ReadFailed(index, error), stop)
        except Stopped:
            return


def _taken(todo: queue.SimpleQueue[int]) -> Iterator[int]:
    with suppress(queue.Empty):
        while True:
            yield todo.get_nowait()


def _joined(stream: Stream, progress: Progress, stop: threading.Event, at_least: int) -> Iterator[Batch]:
    waiting: list[Batch] = []
    held = 0
    shape = stream.shape
    for batch in stream.read(progress.part, progress.position):
        if stop.is_set():
            raise Stopped
        waiting.append(fitting(batch, shape))
        held += batch.rows.nbytes
        if held >= at_least:
            yield joined(waiting, shape.columns)
            waiting, held = [], 0
    if waiting:
        yield joined(waiting, shape.columns)


def _put(ready: queue.Queue[Item | ReadFailed | None], item: Item | ReadFailed | None, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            ready.put(item, timeout=0.1)
            return
        except queue.Full:
            continue
    raise Stopped


def _drain(ready: queue.Queue[Item | ReadFailed | None]) -> None:
    with suppress(queue.Empty):
        while True:
            ready.get_nowait()
