"""One item ahead, from one place or several: everything comes once, and an end or an error ends all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from echannel_connectors.sources.erp.ahead import one_ahead, side_by_side


def test_all_items_come_and_those_of_a_source_in_their_order() -> None:
    sources = [iter(range(part, 3000, 3)) for part in range(3)]
    found = list(side_by_side(sources, pytest.fail))
    assert sorted(found) == list(range(3000))
    for part in range(3):
        assert [one for one in found if one % 3 == part] == list(range(part, 3000, 3))


def test_each_source_is_one_item_ahead_and_no_more() -> None:
    """A server that nobody listens to stops."""
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    coming = one_ahead(items(), lambda: None)
    assert [next(coming), next(coming)] == [0, 1]
    time.sleep(0.1)
    assert len(asked) == 3
    coming.close()  # type: ignore[attr-defined]  # it is a generator


def test_an_error_wakes_those_who_wait() -> None:
    """The one that waits for something that never comes does not hold up the error of the other; told once."""
    never, given_up = threading.Event(), []

    def waiting() -> Iterator[int]:
        assert never.wait(30), "nobody woke it"
        raise OSError("woken")
        yield 0

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("first")

    def give_up() -> None:
        given_up.append(True)
        never.set()

    with pytest.raises(ValueError, match="first"):
        list(side_by_side([waiting(), failing()], give_up))
    assert given_up == [True]


def test_whoever_leaves_early_wakes_them_too() -> None:
    never = threading.Event()

    def waiting() -> Iterator[int]:
        assert never.wait(30), "nobody woke it"
        yield 0

    coming = side_by_side([iter(range(5)), waiting()], never.set)
    assert next(coming) == 0
    coming.close()  # type: ignore[attr-defined]  # it is a generator
    assert never.is_set()
