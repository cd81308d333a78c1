"""Batches on their way into the warehouse: which is there, which comes at once, and how long the warehouse stays open."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from echannel_connectors import runs
from echannel_connectors.arrow import memory_used_again
from echannel_connectors.batches import ReadFailed, Slices
from echannel_connectors.runs import Pending
from echannel_connectors.streams import Batch, Position, Progress, Shape, Slice

COLUMNS = pa.schema([("id", pa.int64())])
THINGS = Shape("things", COLUMNS, ("id",))


@dataclass(frozen=True)
class Gated:
    """A stream that gives each row when it is let, and fails at the end if it is to."""

    gates: Sequence[threading.Event]
    fails: bool = False
    shape: Shape = THINGS

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        return [Slice()]

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        for number, gate in enumerate(self.gates):
            assert gate.wait(20)
            yield Batch(pa.RecordBatch.from_pydict({"id": [number]}, COLUMNS), {"id": number})
        if self.fails:
            raise ValueError("the third one")

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        return ()

    def keys(self) -> Iterator[pa.RecordBatch]:
        return iter(())


def gated(count: int, **said: Any) -> Gated:
    return Gated([threading.Event() for _ in range(count)], **said)


def test_whoever_looks_whether_a_batch_comes_takes_none_away() -> None:
    """Asked however often, before and after it has come; at the end there is none."""
    stream = gated(3)
    slices = Slices([(stream, Progress(Slice()))], at_least=0)
    stream.gates[0].set()
    found = []
    for _, _, batch in slices:
        if batch is None:
            break
        found += batch.rows["id"].to_pylist()
        following = len(found)
        if following < 3:
            assert not slices.comes_within(0.02)
            stream.gates[following].set()
        assert slices.comes_within(20)
        assert slices.comes_within(0)
    assert found == [0, 1, 2]


def test_an_error_that_was_waited_for_is_raised() -> None:
    stream = gated(2, fails=True)
    for gate in stream.gates:
        gate.set()
    slices = Slices([(stream, Progress(Slice()))], at_least=0)
    coming = iter(slices)
    for number in range(2):
        batch = next(coming)[2]
        assert batch is not None
        assert batch.rows["id"].to_pylist() == [number]
        assert slices.comes_within(20)
    with pytest.raises(ReadFailed) as failed:
        next(coming)
    assert isinstance(failed.value.cause, ValueError)


@dataclass
class Doors:
    """Of a warehouse, what is done to it: ( opened, ) closed, and each work by its letter."""

    done: str = ""

    @contextmanager
    def hold(self) -> Iterator[None]:
        self.done += "("
        yield
        self.done += ")"

    def work(self, letter: str) -> None:
        self.done += letter


@pytest.mark.parametrize(("longest", "done"), [(60.0, "(ab)(c)"), (0.0, "(a)(b)(c)")])
def test_the_warehouse_stays_open_for_what_comes_at_once_and_not_for_long(
    longest: float, done: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LONGEST_HOLD", longest)
    doors = Doors()
    pending = Pending(doors, most_bytes=10)  # type: ignore[arg-type]
    for letter, more in (("a", True), ("b", False), ("c", False)):
        pending.add(lambda letter=letter: doors.work(letter), 10)
        pending.store_if_due(lambda more=more: more)
    assert doors.done == done


def test_what_waits_to_be_stored_keeps_no_warehouse_open() -> None:
    """Too little for a transaction: the warehouse is let go where nothing comes, and nobody waits where it is shut."""
    doors = Doors()
    pending = Pending(doors, most_bytes=10)  # type: ignore[arg-type]
    pending.add(lambda: doors.work("a"), 9)
    pending.store_if_due(lambda: pytest.fail("asked for what comes, with nothing open"))
    pending.add(lambda: doors.work("b"), 1)
    pending.store_if_due(lambda: True)
    pending.add(lambda: doors.work("c"), 1)
    assert doors.done == "(ab"
    pending.store_if_due(lambda: False)
    assert doors.done == "(ab)"
    pending.store()
    assert doors.done == "(ab)(c)"


def used_while_reading() -> str:
    """What allocates during a sync, seen while another one begins and ends beside it."""
    with memory_used_again():
        with memory_used_again():
            kept = pa.array(range(1000))
        found: str = pa.default_memory_pool().backend_name
    assert kept.to_pylist() == list(range(1000))
    return found


@pytest.mark.parametrize("chosen", ["mimalloc", "system", "jemalloc"])
def test_arrows_memory_is_used_again_while_a_sync_reads(chosen: str) -> None:
    """Unless a program has said where Arrow's memory comes from; afterwards, and after an error, it is as it was."""
    if not {chosen, "jemalloc"} <= set(pa.supported_memory_backends()):
        pytest.skip("this Arrow was built without it")
    before, pools = pa.default_memory_pool(), {"mimalloc": pa.mimalloc_memory_pool, "system": pa.system_memory_pool}
    pa.set_memory_pool(pools.get(chosen, pa.jemalloc_memory_pool)())
    try:
        assert used_while_reading() == ("system" if chosen == "system" else "jemalloc")
        assert pa.default_memory_pool().backend_name == chosen
        with pytest.raises(ValueError, match="invalid literal"), memory_used_again():
            int("lost")
        assert pa.default_memory_pool().backend_name == chosen
    finally:
        pa.set_memory_pool(before)
