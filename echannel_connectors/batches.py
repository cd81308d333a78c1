"""Many slices read at once, a bounded number of bytes held: the only file that knows threads.

Readers put coalesced batches into a short queue; whoever iterates takes them out one by one. When the iteration ends
early, for whatever reason, the readers stop at their next batch.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import pyarrow as pa

from echannel_connectors.arrow import one_batch
from echannel_connectors.errors import EChannelError
from echannel_connectors.streams import Batch, Progress, Slice, Stream

Item = tuple[Slice, int, Batch]


class Stopped(Exception):
    """Nobody takes the batches any more."""


def read_slices(
    stream: Stream, parts: Sequence[Progress], *, readers: int = 2, at_least: int = 8 * 1024 * 1024
) -> Iterator[Item]:
    """(slice, number of the commit, batch) of each slice, read on from where it stands.

    Batches of a slice come in order and are joined until they hold `at_least` bytes; at most `readers` slices are read
    at once and at most that many batches wait. The first error of any reader is raised here, with the slice's name.
    """
    todo: queue.SimpleQueue[Progress] = queue.SimpleQueue()
    for part in parts:
        todo.put(part)
    ready: queue.Queue[Item | BaseException | None] = queue.Queue(maxsize=readers)
    stop = threading.Event()
    workers = max(1, min(readers, len(parts)))
    threads = [
        threading.Thread(target=_reader, args=(stream, todo, ready, stop, at_least), daemon=True)
        for _ in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        running = workers
        while running:
            item = ready.get()
            if item is None:
                running -= 1
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item
    finally:
        stop.set()
        while any(thread.is_alive() for thread in threads):
            _drain(ready)
            for thread in threads:
                thread.join(timeout=0.05)


def _reader(
    stream: Stream,
    todo: queue.SimpleQueue[Progress],
    ready: queue.Queue[Item | BaseException | None],
    stop: threading.Event,
    at_least: int,
) -> None:
    try:
        while True:
            try:
                progress = todo.get_nowait()
            except queue.Empty:
                break
            for number, batch in enumerate(_joined(stream, progress, stop, at_least), progress.commits + 1):
                _put(ready, (progress.part, number, batch), stop)
        _put(ready, None, stop)
    except Stopped:
        return
    except BaseException as error:  # noqa: BLE001 - whatever it is, the caller must see it: it is raised there
        if isinstance(error, EChannelError):
            error.add_note(f"while reading {stream.shape.name}, slice {progress.part.name}")
        try:
            _put(ready, error, stop)
        except Stopped:
            return


def _joined(stream: Stream, progress: Progress, stop: threading.Event, at_least: int) -> Iterator[Batch]:
    waiting: list[Batch] = []
    held = 0
    for batch in stream.read(progress.part, progress.position):
        if stop.is_set():
            raise Stopped
        waiting.append(batch)
        held += batch.rows.nbytes
        if held >= at_least:
            yield _one(waiting, stream.shape.columns)
            waiting, held = [], 0
    if waiting:
        yield _one(waiting, stream.shape.columns)


def _one(batches: list[Batch], schema: pa.Schema) -> Batch:
    rows = one_batch([batch.rows for batch in batches], schema)
    set_aside = tuple(item for batch in batches for item in batch.set_aside)
    return Batch(rows, batches[-1].position, set_aside)


def _put(
    ready: queue.Queue[Item | BaseException | None], item: Item | BaseException | None, stop: threading.Event
) -> None:
    while not stop.is_set():
        try:
            ready.put(item, timeout=0.1)
            return
        except queue.Full:
            continue
    raise Stopped


def _drain(ready: queue.Queue[Item | BaseException | None]) -> None:
    try:
        while True:
            ready.get_nowait()
    except queue.Empty:
        return
