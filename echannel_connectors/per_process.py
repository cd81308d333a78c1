"""What each process opens for itself: a fork shares its parent's sockets, and two would take each other's answers."""

from __future__ import annotations

import os
import threading
import weakref
from functools import cached_property
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")


class per_process(cached_property[T]):  # noqa: N801 - it stands where cached_property would
    """What is made when it is first asked for, once for all threads, and made again in a process that is forked off."""

    def __get__(self, owner: Any, kind: type | None = None) -> Any:  # type: ignore[override]  # a T, or this of a class
        if owner is None:
            return self
        with _Made.lock:  # since Python 3.12 cached_property has none
            _Made.owners[id(owner)] = owner
            return super().__get__(owner, kind)


class _Made:
    """Who has made something here. Each for itself: two that are equal have two connections."""

    lock = threading.RLock()
    owners: ClassVar[weakref.WeakValueDictionary[int, Any]] = weakref.WeakValueDictionary()


def _forget() -> None:
    _Made.lock = threading.RLock()  # a thread that is not here may have held it
    for owner in _Made.owners.values():
        for kind in type(owner).__mro__:
            for name, its in vars(kind).items():
                if isinstance(its, per_process):
                    owner.__dict__.pop(name, None)


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)
