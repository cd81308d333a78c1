"""One item ahead: the next one is received while the caller works on this one; from several places at once as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterator[T], give_up: Callable[[], object]) -> Iterator[T]:
    """The same items, each asked for in a thread of its own while the one before is worked on: a server that nobody
    listens to stops. `give_up` wakes that thread where the iteration is left early or fails."""
    return side_by_side([items], give_up)


def side_by_side(sources: Sequence[Iterator[T]], give_up: Callable[[], object]) -> Iterator[T]:
    """The items of all sources as they come, those of one source in their order; each source has a thread, and is one
    item ahead. The first error of any of them is raised; `give_up` wakes the threads of all."""
    with ThreadPoolExecutor(len(sources)) as threads:
        try:
            coming: dict[Future[T | None], Iterator[T]] = {threads.submit(next, one, None): one for one in sources}
            while coming:
                for done in wait(coming, return_when=FIRST_COMPLETED).done:
                    source, item = coming.pop(done), done.result()
                    if item is not None:
                        coming[threads.submit(next, source, None)] = source
                        yield item
        except BaseException:
            with suppress(OSError):
                give_up()
            raise
