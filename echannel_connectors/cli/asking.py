"""A question at the terminal, asked again until its answer is a good one."""

from __future__ import annotations

from collections.abc import Callable

import typer

from echannel_connectors.cli import show
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.errors import SettingsError
from echannel_connectors.texts import say

Check = Callable[[str], str]  # the answer as it is kept; a ValueError or SettingsError says what is wrong with it


def ask(question: str, default: str = "", check: Check = str, *, is_hidden: bool = False) -> str:
    """The answer, asked for again until it is a good one."""
    while True:
        answer: str = typer.prompt(
            told(question),
            default=default,
            show_default=bool(default),
            hide_input=is_hidden,
            prompt_suffix=told(say(": ")),
            err=True,
        )
        try:
            return check(answer.strip() or default)
        except SettingsError as error:
            show.talk("  " + error.in_language(spoken()))
