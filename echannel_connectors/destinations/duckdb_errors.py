"""What DuckDB says of its file, as one sentence each: who holds it, what is full, what may not be written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from echannel_connectors.errors import Conflict, DestinationError, EChannelError, SettingsError
from echannel_connectors.texts import say

FOLDER = say("does its folder exist?")
FULL = re.compile(r"No space left|not enough space|Disk quota exceeded|File too large", re.IGNORECASE)
HELD = re.compile(r"Conflicting lock is held in (?P<program>.*?)\s*\(PID (?P<pid>\d+)\)")


class OutOfMemory(DestinationError):
    """DuckDB found no room for what it was doing, in memory or beside the file."""


def refuse_unwritable(file: Path) -> None:
    """Raise what the first write would meet; DuckDB writes a second file beside the first."""
    if not file.parent.is_dir():
        raise DestinationError(say("{path} cannot be opened", path=file), hint=FOLDER)
    if not os.access(file.parent, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        raise _denied(str(file))


@contextmanager
def clear_errors(path: str) -> Iterator[None]:
    """DuckDB's errors about the file, in one sentence each."""
    try:
        yield
    except EChannelError:
        raise
    except (duckdb.IOException, duckdb.SerializationException, duckdb.InvalidInputException) as error:
        raise _in_one_sentence(path, str(error)) from error
    except duckdb.OutOfMemoryException as error:
        hint = say("give it more (duckdb:///…?memory_mib=1024), or free some disk for temporary files")
        raise OutOfMemory(say("DuckDB ran out of memory on {path}", path=path), hint=hint) from error
    except duckdb.InternalException as error:
        raise _damaged(path) from error
    except duckdb.Error as error:
        # A COMMIT that finds no room is a TransactionException, what follows a FatalException.
        if FULL.search(str(error)):
            raise _full(path) from error
        if "Unique file handle conflict" not in str(error):
            raise
        hint = say("close the other connection, or read its query to the end, first")
        raise Conflict(say("{path} is in use by this program itself", path=path), hint=hint) from error


def _in_one_sentence(path: str, said: str) -> EChannelError:
    if held := HELD.search(said):
        return Conflict(
            say(
                "{path} is in use by {program} (process {pid})",
                path=path,
                program=Path(held["program"]).name,
                pid=held["pid"],
            ),
            hint=say("wait until it has finished, or close it, and run again"),
        )
    if "lock" in said.lower():
        return Conflict(say("{path} is in use by another program", path=path), hint=say("close it and run again"))
    if FULL.search(said):
        return _full(path)
    if "version number" in said or "newer version" in said:
        return DestinationError(
            say("{path} was written by another version of DuckDB", path=path), hint="pip install --upgrade duckdb"
        )
    if "not a valid DuckDB" in said or "checksum" in said.lower() or "corrupt" in said.lower():
        return _damaged(path)
    if "attached in read-only mode" in said:
        return SettingsError(say("a query only reads the warehouse"), hint=say("give it one SELECT"))
    if "Permission denied" in said or "read-only" in said.lower():
        return _denied(path)
    if "No such file" in said or "Cannot open file" in said:
        return DestinationError(say("{path} cannot be opened", path=path), hint=FOLDER)
    return DestinationError(say("DuckDB could not use {path}: {problem}", path=path, problem=said.splitlines()[0]))


def _full(path: str) -> DestinationError:
    return DestinationError(
        say("the disk that holds {path} is full", path=path),
        hint=say("free some space and run again; what was loaded is safe"),
    )


def _denied(path: str) -> DestinationError:
    return DestinationError(
        say("{path} cannot be written: permission denied", path=path), hint=say("check who owns the file")
    )


def _damaged(path: str) -> DestinationError:
    return DestinationError(
        say("{path} is damaged or is not a DuckDB file; it was left as it is", path=path),
        hint=say("move it away and run `echannel sync`: everything is read again from the sources"),
    )
