"""The language the command line speaks: echannel.yaml's once that is loaded, the terminal's before."""

from __future__ import annotations

import locale
import os
from contextvars import ContextVar

from echannel_connectors.texts import in_language

_SPOKEN: ContextVar[str] = ContextVar("spoken")


def system_language() -> str:
    """The language of the terminal."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return "fr" if (said or locale.getlocale()[0] or "").lower().startswith("fr") else "en"


def speak(language: str) -> None:
    """Speak this language from now on."""
    _SPOKEN.set(language)


def spoken() -> str:
    return _SPOKEN.get(None) or system_language()


def told(text: str) -> str:
    """The text in the language that is spoken."""
    return in_language(text, spoken())
