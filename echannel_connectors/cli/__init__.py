"""The command line. Results go to stdout, talk to stderr; the exit code says who has to act (errors.py)."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from echannel_connectors.errors import EChannelError

TERMINATED = 128 + signal.SIGTERM


def main() -> None:
    """Run a command; every expected error is one sentence, a hint and an exit code, never a traceback."""
    _speak_utf8()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with nothing_to_tidy():
            from echannel_connectors.cli.app import app
            from echannel_connectors.cli.help import commands
            from echannel_connectors.errors import INTERRUPTED

        code = commands(app)(prog_name="echannel", standalone_mode=False)
        if code == INTERRUPTED:  # typer has made that of Ctrl+C
            raise KeyboardInterrupt
        sys.exit(code if isinstance(code, int) else 0)
    except _Terminated:
        _interrupted()
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGTERM)  # so that whoever asked for it sees that it is done
        sys.exit(TERMINATED)  # the first process of a container, to which that means nothing
    except KeyboardInterrupt:
        sys.exit(_interrupted())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `… | head` has what it wanted
    except Exception as error:  # noqa: BLE001 - the last line of defence: it is told and becomes an exit code
        sys.exit(_told(error))


class _Terminated(BaseException):
    """Schedulers and containers end a program by SIGTERM: the run is closed as it is by Ctrl+C."""


def _terminate(number: int, frame: object) -> None:  # noqa: ARG001 - what a handler is given
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends at once
    raise _Terminated


@contextmanager
def nothing_to_tidy() -> Iterator[None]:
    """Modules are loaded once and stay to the end: they are not looked through for garbage, now or at any later time.
    And numpy starts no threads for products of matrices, which no command forms."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _speak_utf8() -> None:
    """In a file or a pipe every word is UTF-8, as Windows' own code pages lack many; a terminal shows what it can."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _interrupted() -> int:
    from echannel_connectors.cli import show
    from echannel_connectors.errors import INTERRUPTED
    from echannel_connectors.texts import say

    show.talk(say("interrupted; what was committed stays, the next run goes on from there"))
    return INTERRUPTED


def _told(error: Exception) -> int:
    """Tell the error and give its exit code; a bug of ours comes with its traceback, which helps to mend it."""
    from echannel_connectors.cli import show
    from echannel_connectors.errors import BUG, INTERRUPTED, SETTINGS
    from echannel_connectors.texts import say

    kind = type(error).__name__
    if known := _known(error):
        show.problem(known)
        return known.exit_code
    if kind == "Abort":  # Ctrl+C at a question of `init`, which writes after the last one
        show.talk(say("interrupted; nothing was written"))
        return INTERRUPTED
    if kind == "NoArgsIsHelpError":
        show.talk(str(error.args[0]))
        return SETTINGS
    import traceback

    traceback.print_exc()
    show.talk(say("This is a bug in echannel-connectors; please report it with the lines above."))
    return BUG


def _known(error: Exception) -> EChannelError | None:
    """The error as one of ours, where somebody outside can do something about it."""
    from echannel_connectors.cli.help import usage_error
    from echannel_connectors.errors import EChannelError, refused_by_system

    if isinstance(error, EChannelError):
        return error
    if refused := refused_by_system(error):
        return refused
    if hasattr(error, "format_message") and type(error).__name__ != "NoArgsIsHelpError":
        return usage_error(error)
    return None
