"""Connections to a database, and the one state of it that they see: one connection, or several side by side."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from echannel_connectors.errors import EChannelError, SettingsError
from echannel_connectors.sources.erp.connections import Connection, Shared, connection_class
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.refusals import URL, WRONG_URL, understood, without
from echannel_connectors.texts import say

LEFT_ALONE: list[State] = []  # drivers close what nobody holds any more, and some fall over it after a fork


def opened(address: Address, statements: Sequence[str] = ()) -> Connection:
    """A connection on which these statements were run. Raises SettingsError, or what the server's refusal means."""
    kind = address.kind
    if importlib.util.find_spec(kind.module) is None:
        sentence = say("reading {host} needs the driver {driver}", host=address.host, driver=kind.module)
        raise SettingsError(sentence, hint=f"pip install 'echannel-connectors[{kind.extra}]'")
    if kind.in_file and not Path(address.path).is_file():
        raise SettingsError(say("there is no database file {path!r}", path=address.path), hint=URL)
    way = connection_class(kind.way)
    try:
        return way(address, statements)
    except way.refusals() as error:
        raise understood(error, address.host, address.secret, connecting=True) from error
    except (AttributeError, TypeError, ValueError) as error:  # a driver, of what it is not made for
        options = f"?{'=…&'.join(address.query)}=…: " if address.query else ""
        problem = options + without(address.secret, str(error))
        raise SettingsError(WRONG_URL(host=address.host, name=problem), hint=URL) from error


def asked(address: Address, connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    """A few rows as they are. Raises what the server's refusal means."""
    try:
        return connection.values(sql)
    except connection.refusals() as error:
        raise understood(error, address.host, address.secret) from error


class State:
    """What a database was when the first connection looked. `refusal` says why no further connection can see it.

    A server that has `kind.sharing` names the snapshot of a transaction, and others that begin with the name see the
    same (PostgreSQL's documentation, "Snapshot Synchronization Functions"). `seconds` are those that a statement may
    take.
    """

    def __init__(self, address: Address, seconds: int, *, is_shared: bool) -> None:
        self.refusal: EChannelError | None = None
        self.connections: list[Connection] = []
        self._address = address
        self._seconds = seconds
        self._name = ""  # of the snapshot
        self._process = os.getpid()
        self._open(*address.kind.opening)
        if is_shared:
            try:
                self._name = str(asked(address, self.first, address.kind.sharing)[0][0])
            except EChannelError as error:  # which ends the transaction, before anything was read in it
                self.refusal = error
                self.close()
                self._open(*address.kind.opening)

    @property
    def first(self) -> Connection:
        return self.connections[0]

    @property
    def is_over(self) -> bool:
        """A state is gone with the connection that saw it first, and of little use without one of the others; nor can
        a process that was forked off read it: two would take each other's rows."""
        return self._is_elsewhere or not self.connections or any(one.closed for one in self.connections)

    def readers(self, wanted: int) -> Sequence[Shared]:
        """So many connections, or those that the server lets in."""
        begin, *settings = self._address.kind.opening
        while self._name and self.refusal is None and len(self.connections) < wanted:
            try:
                self._open(begin, *self._address.kind.joining, *settings)
            except EChannelError as error:
                self.refusal = error
        return cast("Sequence[Shared]", self.connections[:wanted])  # where nothing is shared, one that nobody wakes

    def close(self) -> None:
        """Whoever waits for rows of it has to be woken before. What another process opened is its own to close."""
        if self._is_elsewhere:
            LEFT_ALONE.append(self)
            return
        for one in self.connections:
            with suppress(Exception):  # the server may be gone already: there is nothing left to close
                one.close()
        self.connections.clear()

    @property
    def _is_elsewhere(self) -> bool:
        return self._process != os.getpid()

    def _open(self, *statements: str) -> None:
        said = {"seconds": self._seconds, "milliseconds": self._seconds * 1000, "snapshot": self._name}
        self.connections.append(opened(self._address, [statement.format(**said) for statement in statements]))
