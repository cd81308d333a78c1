"""PostgreSQL's COPY as it comes from the socket: whole lines of CSV, and no Python object for a row.

The server sends a message per row: the letter d, four bytes of length, and the line with its end. The headers are found
all at once and covered up where they lie, so that each becomes the value of a first column that nobody reads. A text of
PostgreSQL never holds a zero byte, and lengths begin with one: so a d after a line's end and before a zero byte is a
header, or looks like one by chance inside another; that each row ends where the next one begins settles it.
(Messages: PostgreSQL's documentation, "Message Formats" and "COPY Operations".)
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from echannel_connectors.sources.erp.ahead import one_ahead

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Receive = Callable[
    [memoryview, float | None], int
]  # bytes received within so many seconds; None: however long it takes

ROW, READY, REFUSED = b"d", b"Z", b"E"
SILENT = (b"H", b"c", b"C", b"N", b"S", b"A")  # begin and end of the copy, notices, settings: nothing to do
HEADER = 5
D, LINE_END, COVER = 0x64, 0x0A, 0x78
END = b"Z\0\0\0\x05"  # of a result, before one byte for the transaction's state
GATHER = 0.0005  # seconds: the server sends 8 KiB at a time, and being woken for each costs more than reading it
AT_REST = 0.05  # seconds without a byte after which what is there is worked on
STEP = 512 * 1024  # headers are looked for in what the processor's cache still holds
ROOM = 8 * 1024 * 1024  # holds a quarter of a group of DuckDB's rows up to 270 bytes each


def copied_lines(connection: Any, copy: str, most: int) -> Iterator[Bytes]:
    """The lines of a COPY … TO STDOUT (FORMAT csv) on a psycopg connection without TLS, at most `most` at a time.

    libpq sees nothing of it: its own loop makes several Python calls and objects for every row. Left early, the
    connection is of no more use. Raises psycopg's errors.
    """
    with socket.socket(fileno=socket.dup(connection.pgconn.socket)) as wire:
        yield from one_ahead(_blocks(wire, copy, most), partial(wire.shutdown, socket.SHUT_RDWR))


def _blocks(wire: socket.socket, copy: str, most: int) -> Iterator[Bytes]:
    from psycopg import OperationalError

    with selectors.DefaultSelector() as readable:
        readable.register(wire, selectors.EVENT_READ)
        wire.sendall(_question(copy))
        inbox = Inbox(lambda room, seconds: _received(wire, readable, room, seconds))
        refusal: bytes | None = None
        while (letter := inbox.letter()) != READY:
            if letter == ROW:
                yield inbox.lines(most)
                continue
            message = inbox.message()
            if letter == REFUSED:
                refusal = message
            elif letter not in SILENT:
                raise OperationalError(f"a message of PostgreSQL that a COPY does not have: {letter!r}")
        inbox.message()
    if refusal is not None:
        raise _refusal(refusal)


def _question(sql: str) -> bytes:
    text = sql.encode() + b"\0"
    return b"Q" + (len(text) + 4).to_bytes(4, "big") + text


def _received(wire: socket.socket, readable: selectors.BaseSelector, room: memoryview, seconds: float | None) -> int:
    """What is there, nothing after so many seconds; libpq has made the socket one that does not wait."""
    from psycopg import OperationalError

    while True:
        try:
            size = wire.recv_into(room)
        except BlockingIOError:
            if not readable.select(seconds):
                return 0
            time.sleep(GATHER)
            continue
        except OSError as error:
            raise OperationalError(f"server closed the connection: {error}") from error
        if not size:
            raise OperationalError("server closed the connection unexpectedly")
        return size


class Inbox:
    """The bytes that have come and were not taken yet, and what they mean."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._data: Bytes = np.empty(2 * STEP, np.uint8)
        self._spare: Bytes = self._data[:0]
        self._begin = self._end = 0

    def letter(self) -> bytes:
        """The kind of the message at the front."""
        self._fill(HEADER)
        return bytes(self._data[self._begin : self._begin + 1])

    def message(self) -> bytes:
        """The message at the front, without its header."""
        self._fill(HEADER)
        self._fill(1 + self._size(self._begin))
        start, self._begin = self._begin + HEADER, self._begin + 1 + self._size(self._begin)
        return self._data[start : self._begin].tobytes()

    def lines(self, most: int) -> Bytes:
        """Whole rows from the front, each header covered up: at least one, up to `most`, or until something else comes
        or the room is full. They stay as they are until the next but one are asked for: new room is given to a process
        page by page, which costs as much as receiving what it is for."""
        given = self._data
        self._move(self._spare if len(self._spare) >= len(given) else np.empty(len(given), np.uint8))
        self._spare = given
        length = count = 0  # of what is whole
        while count < most and length < ROOM:
            at = self._begin + length
            if at < self._end and self._data[at] != D:
                break
            starts, ends = row_places(self._data[at : self._end])
            if not len(starts):
                self._fill(self._end - self._begin + 1)
                continue
            starts, ends = starts[: most - count], ends[: most - count]
            for byte in range(HEADER):
                self._data[at + starts + byte] = COVER
            length, count = length + int(ends[-1]), count + len(starts)
        found = self._data[self._begin : self._begin + length]
        self._begin += length
        return found

    def _size(self, at: int) -> int:
        return int.from_bytes(self._data[at + 1 : at + HEADER].tobytes(), "big")

    def _fill(self, size: int) -> None:
        """Wait until so many bytes are there; more are taken while they come, up to a step or the result's end."""
        missing = size - (self._end - self._begin)
        if missing <= 0:
            return
        self._make_room(max(size, self._end - self._begin + STEP))
        enough = self._begin + size
        step = max(enough, self._end + STEP)
        view = memoryview(self._data)  # type: ignore[arg-type]  # numpy's types do not say that it is a buffer
        while self._end < step:
            has_enough = self._end >= enough
            if has_enough and self._data[self._end - 6 : self._end - 1].tobytes() == END:
                break
            received = self._receive(view[self._end : step], AT_REST if has_enough else None)
            if not received:
                break
            self._end += received

    def _make_room(self, size: int) -> None:
        if self._begin + size > len(self._data):
            self._move(np.empty(max(size, 2 * len(self._data)), np.uint8))

    def _move(self, room: Bytes) -> None:
        """To the front of another place: lines that were given away stay as they are."""
        held = self._data[self._begin : self._end]
        room[: len(held)] = held
        self._data, self._begin, self._end = room, 0, len(held)


def row_places(data: Bytes) -> tuple[Places, Places]:
    """Where the whole rows begin and end that follow each other from the first byte on, which is the d of one."""
    zeros = np.flatnonzero(data[1:] == 0)
    starts = zeros[(data[zeros] == D) & ((zeros == 0) | (data[zeros - 1] == LINE_END))]
    starts = starts[starts + HEADER <= len(data)]
    if not len(starts) or starts[0]:  # a row of more than 16 MiB, or less than a header
        starts = np.zeros(int(len(data) >= HEADER), np.int64)
    sizes = np.zeros(len(starts), np.int64)
    for byte in range(1, HEADER):
        sizes = (sizes << 8) | data[starts + byte]
    ends = starts + 1 + sizes
    broken = np.flatnonzero(ends[:-1] != starts[1:])
    unbroken = int(broken[0]) + 1 if len(broken) else len(starts)
    whole = int(np.searchsorted(ends[:unbroken], len(data), "right"))
    return starts[:whole], ends[:whole]


def _refusal(message: bytes) -> Exception:
    """An ErrorResponse as the exception that psycopg has for its SQLSTATE."""
    from psycopg import DatabaseError, errors

    fields = {part[:1]: part[1:].decode(errors="replace") for part in message.split(b"\0") if part}
    code, said = fields.get(b"C", ""), fields.get(b"M", "")
    try:
        return errors.lookup(code)(said)
    except KeyError:
        error = DatabaseError(said)
        error.sqlstate = code
        return error
