"""The command line. Results go to stdout, talk to stderr; the exit code says who has to act (errors.py)."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run a command; every expected error is one sentence, a hint and an exit code, never a traceback."""
    from echannel_connectors.errors import BUG, INTERRUPTED, EChannelError

    try:
        from echannel_connectors.cli.app import app

        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except EChannelError as error:
        _say(f"{type(error).__name__}: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("interrupted; what was committed stays, the next run goes on from there")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `… | head` has what it wanted
    except Exception as error:  # noqa: BLE001 - the last line of defence: it is told and becomes an exit code
        _say_usage_or_bug(error)
        sys.exit(getattr(error, "exit_code", BUG))


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _say_usage_or_bug(error: Exception) -> None:
    """A wrong option is the user's to mend; anything else is a bug of ours, and then the traceback helps."""
    show = getattr(error, "show", None)
    if show:
        show()
    elif type(error).__name__ != "Abort":
        import traceback

        traceback.print_exc()
        _say("This is a bug in echannel-connectors; please report it with the lines above.")
