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
from collections.abc import Iterable

DONE, BUG, SETTINGS, UNAVAILABLE, REFUSED, SET_ASIDE, DESTINATION, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130


class EChannelError(Exception):
    """What happened (the sentence), what to do (`hint`) and where (`place`)."""

    exit_code = BUG

    def __init__(self, sentence: str, *, hint: str = "", place: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        lines = [self.sentence]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        if self.place:
            lines.append(f"  at {self.place}")
        lines += [f"  {note}" for note in getattr(self, "__notes__", ())]
        return "\n".join(lines)


class SettingsError(EChannelError):
    """The user's own file, argument or command is wrong; nothing was started."""

    exit_code = SETTINGS


class SpecError(SettingsError):
    """A connector spec is wrong; `place` is file:line where it is known."""


class Unavailable(EChannelError):
    """Asked several times and still down; running again later may work."""

    exit_code = UNAVAILABLE


class Conflict(Unavailable):
    """Another process holds the warehouse or wrote the same slice meanwhile; nothing is lost."""


class Refused(EChannelError):
    """The other side understood and said no: a key, a permission, a budget, a safety limit."""

    exit_code = REFUSED


class UnexpectedData(EChannelError):
    """A source answered with something that its own description does not allow."""

    exit_code = SET_ASIDE


class DestinationError(EChannelError):
    """The destination is full, damaged or of a newer version; what it already holds is untouched."""

    exit_code = DESTINATION


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest right word, or lists the known ones."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
