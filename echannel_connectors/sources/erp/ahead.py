"""One block ahead: the next one is received while the caller works on this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterator[T], give_up: Callable[[], object]) -> Iterator[T]:
    """The same items, each asked for in a thread of its own while the one before is worked on: a server that nobody
    listens to stops. `give_up` wakes that thread where the iteration is left early or fails."""
    with ThreadPoolExecutor(1) as thread:
        try:
            coming = thread.submit(next, items, None)
            while (item := coming.result()) is not None:
                coming = thread.submit(next, items, None)
                yield item
        except BaseException:
            with suppress(OSError):
                give_up()
            raise
