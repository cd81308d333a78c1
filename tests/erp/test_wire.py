"""PostgreSQL's messages from the socket: every way to cut the bytes gives the same lines, and nothing else is one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echannel_connectors.errors import Unavailable
from echannel_connectors.sources.erp import wire
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns
from tests.erp.conftest import Postgres

NOTICE = b"N\0\0\0\x0aSNOTE\0"
ENDING = b"c\0\0\0\x04C\0\0\0\x09COPY\0Z\0\0\0\x05I"
# 681,984 bytes: the length itself, 00 0a 64 00, holds what a line's end and a header look like. 25,600: "d" and zero.
LOOK_ALIKES = (0x0A6400, 0x6400, 0x0A64, 0x0A0A)


def message(line: bytes) -> bytes:
    return b"d" + (len(line) + 4).to_bytes(4, "big") + line


def in_pieces(data: bytes, sizes: Callable[[], int]) -> wire.Receive:
    """A socket that gives at most so many bytes at a time."""
    at = 0

    def receive(room: memoryview, seconds: float | None) -> int:
        nonlocal at
        size = min(sizes(), len(room), len(data) - at)
        assert size or seconds, "waits for ever for more than the server sent"
        room[:size] = data[at : at + size]
        at += size
        return size

    return receive


def lines(data: bytes, sizes: Callable[[], int], most: int) -> list[bytes]:
    """What Inbox makes of the bytes up to ReadyForQuery, each line without what its header became."""
    inbox = wire.Inbox(in_pieces(data, sizes))
    found: list[bytes] = []
    while (letter := inbox.letter()) != wire.READY:
        if letter == wire.ROW:
            block = inbox.lines(most).tobytes()
            assert block.count(b"\n") >= 1
            found.append(block)
        else:
            assert letter in wire.SILENT
            inbox.message()
    return found


LINE = st.binary(max_size=40).map(lambda text: b"," + text.translate(None, b"\0\n") + b"\n")
QUOTED = st.sampled_from([b',"a\nd","b"\n', b',"\nd"\n', b",dd\n", b",\n", b',"\nd\nd\nd"\n'])
STEPS = st.lists(st.one_of(LINE, QUOTED, st.just(NOTICE)), max_size=60)


@given(steps=STEPS, most=st.sampled_from([1, 2, 7, 1000]), seed=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_however_the_bytes_are_cut(steps: list[bytes], most: int, seed: int) -> None:
    rows = [step for step in steps if step is not NOTICE]
    data = b"".join(step if step is NOTICE else message(step) for step in steps) + ENDING
    dice = random.Random(seed)
    found = lines(data, lambda: dice.choice((1, 3, 5, 64, 4096)), most)
    assert b"".join(found) == b"".join(b"xxxxx" + row for row in rows)
    ends = np.cumsum([0, *map(len, rows)])
    at = 0
    for block in found:  # each block is made of whole rows, no more than were asked for
        count = 0
        while block:
            assert block.startswith(b"xxxxx" + rows[at])
            block = block[5 + len(rows[at]) :]
            at, count = at + 1, count + 1
        assert 1 <= count <= most
    assert at == len(rows) == len(ends) - 1


def test_something_said_after_the_end() -> None:
    """A notice that comes with the last bytes of a result keeps nobody waiting."""
    data = message(b",1\n") + ENDING + NOTICE
    assert lines(data, lambda: 4096, 10) == [b"xxxxx,1\n"]


@pytest.mark.parametrize("length", LOOK_ALIKES)
def test_a_length_that_looks_like_a_header(length: int) -> None:
    """One in the middle of others, and several that follow each other."""
    long = b"," + b"v" * (length - 4 - 2) + b"\n"
    assert message(long)[1:5] == length.to_bytes(4, "big")
    rows = [b",1\n", long, b",2\n", long, long, b",3\n"]
    data = b"".join(map(message, rows)) + ENDING
    for most in (1, 4, 100):
        assert b"".join(lines(data, lambda: 100_000, most)) == b"".join(b"xxxxx" + row for row in rows)


@pytest.mark.slow  # 70 MiB twice
def test_a_row_of_more_than_sixteen_mebibytes() -> None:
    huge = b"," + b"h" * (35 * 2**20) + b"\n"
    rows = [b",1\n", huge, b",2\n"]
    found = b"".join(lines(b"".join(map(message, rows)) + ENDING, lambda: 2**20, 1000))
    assert found == b"".join(b"xxxxx" + row for row in rows)


def test_blocks_that_were_given_away_stay_as_they_are(postgres: Postgres) -> None:
    """The next block is received while the caller still works on this one."""
    import psycopg

    with psycopg.connect(postgres.url("postgres")) as connection:
        sql = "COPY (SELECT NULL, g FROM generate_series(1, 300000) AS g) TO STDOUT (FORMAT csv)"
        count = 0
        for block in wire.copied_lines(connection, sql, 100_000):
            kept = block.tobytes()
            time.sleep(0.3)  # the next one has come by now
            assert block.tobytes() == kept
            count += 1
        assert count == 3
        assert connection.execute("SELECT 7").fetchall() == [(7,)], "libpq goes on as if nothing had been"


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    opened = Database(Address.of(postgres.url("postgres")))
    yield opened
    opened.close()


def test_a_server_that_dies_in_the_middle(postgres: Postgres, database: Database) -> None:
    """The session is ended by an administrator while its rows are read: one sentence, and the next SELECT works."""
    columns = Columns("things", pa.schema([("n", pa.int64())]))
    many = iter(database.select("SELECT g AS n FROM generate_series(1, 30000000) AS g", columns))
    next(many)
    other = Database(Address.of(postgres.url("postgres")))
    other.values(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND pid <> pg_backend_pid()"
    )
    with pytest.raises(Unavailable):
        for _ in many:
            pass
    found = database.select("SELECT 5 AS n", columns)
    assert [row for batch in found for row in batch.to_pylist()] == [{"n": 5}]
