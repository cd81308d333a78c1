"""Every error a user can see, sorted by who can act on it.

EChannelError                     a sentence, a hint, a place
├── SettingsError           (2)   the user's own file or argument is wrong
│   └── SpecError           (2)   a connector spec is wrong
├── Unavailable             (3)   a source or destination is down: run again
│   └── Conflict            (3)   somebody else holds or writes the same thing
├── Refused                 (4)   a key, a permission or a budget says no
├── UnexpectedData          (5)   a source answered with something that does not fit
└── DestinationError        (6)   a destination is full or damaged

The number is the exit code of the command line.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable

from echannel_connectors.texts import Text, in_language, say

DONE, BUG, SETTINGS, UNAVAILABLE, REFUSED, SET_ASIDE, DESTINATION, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class EChannelError(Exception):
    """What happened (the sentence), what to do (`hint`) and where (`place`)."""

    exit_code = BUG
    title = say("Error")

    def __init__(self, sentence: str, *, hint: str = "", place: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """The sentence, the hint, the place and the notes, a line each, in "en" or "fr"."""
        lines = [self.sentence]
        if self.hint:
            lines.append(say("hint: {hint}", hint=self.hint))
        if self.place:
            lines.append(say("at {place}", place=self.place))
        lines += getattr(self, "__notes__", ())
        return "\n  ".join(in_language(line, language) for line in lines)


class SettingsError(EChannelError):
    """The user's own file, argument or command is wrong; nothing was started."""

    exit_code = SETTINGS
    title = say("Settings")


class SpecError(SettingsError):
    """A connector spec is wrong; `place` is file:line where it is known."""

    title = say("Connector spec")


class Unavailable(EChannelError):
    """Asked several times and still down; running again later may work."""

    exit_code = UNAVAILABLE
    title = say("Unavailable")


class Conflict(Unavailable):
    """Another process holds the warehouse or wrote the same slice meanwhile; nothing is lost."""

    title = say("In use")


class Refused(EChannelError):
    """The other side understood and said no: a key, a permission, a budget, a safety limit."""

    exit_code = REFUSED
    title = say("Refused")


class UnexpectedData(EChannelError):
    """A source answered with something that its own description does not allow."""

    exit_code = SET_ASIDE
    title = say("Unexpected data")


class DestinationError(EChannelError):
    """The destination is full, damaged or of a newer version; what it already holds is untouched."""

    exit_code = DESTINATION
    title = say("Destination")


# What a system says of a file or a port, in words; what is not here stays as the system says it.
BECAUSE = {
    errno.ENOENT: say("it is not there"),
    errno.EACCES: say("this account may not"),
    errno.EPERM: say("this account may not"),
    errno.EISDIR: say("it is a folder"),
    errno.ENOTDIR: say("a part of its path is no folder"),
    errno.EROFS: say("its disk can only be read"),
    errno.EADDRINUSE: say("another program uses it"),
    errno.ENAMETOOLONG: say("its name is too long"),
    errno.ETIMEDOUT: say("it did not answer in time"),
    **dict.fromkeys(
        (errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE), say("the connection was refused or broke off")
    ),
    **dict.fromkeys(FULL, say("the disk is full")),
}


def because(error: OSError) -> str:
    """Why the system refused, for the end of a sentence."""
    return BECAUSE.get(error.errno or 0) or error.strerror or str(error)


def full_disk(error: Exception) -> DestinationError | None:
    """The system's refusal to write more, as one of ours; None for any other error."""
    if not isinstance(error, OSError) or error.errno not in FULL:
        return None
    path = error.filename
    sentence = say("the disk that holds {path} is full", path=path) if path else say("the disk is full")
    return DestinationError(sentence, hint=say("free some space and run again; what was loaded is safe"))


def did_you_mean(word: str, known: Iterable[str]) -> Text:
    """A hint that names the nearest right word, or lists the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return say("did you mean {name!r}?", name=near[0]) if near else say("known: {names}", names=", ".join(names))
