"""The project that a command works on: the option that names its folder, and what is opened there."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import Annotated

import typer

from echannel_connectors.cli.language import speak
from echannel_connectors.errors import SettingsError
from echannel_connectors.project import FILE, Project, load
from echannel_connectors.settings import text_of
from echannel_connectors.texts import say

Folder = Annotated[
    Path, typer.Option("--project", "-p", help="The folder that holds echannel.yaml.", show_default="this folder")
]
HERE = Path()
LANGUAGE = re.compile(r"\blanguage:\s*[\"']?(en|fr)\b")  # also of a file whose mistakes are to be told in it


def opened(folder: Path) -> Project:
    """The project, whose language is spoken from here on, also for what is wrong with its file."""
    if said := LANGUAGE.search(_text(folder)):
        speak(said[1])
    found = load(folder)
    speak(found.company.language)
    return found


def _text(folder: Path) -> str:
    try:
        return text_of(folder / FILE if folder.is_dir() else folder)
    except SettingsError:  # `load` tells it
        return ""


def folders_of(pattern: str) -> list[Path]:
    """The projects that a pattern such as 'clients/*' finds. Raises SettingsError where there is none."""
    names = sorted(glob.glob(pattern))  # noqa: PTH207 - a pattern may begin with / or ..
    if found := [Path(name) for name in names if (Path(name) / FILE).is_file()]:
        return found
    raise SettingsError(
        say("no folder of {pattern} holds an {file}", pattern=pattern, file=FILE),
        hint=say("put the pattern between quotes, such as 'clients/*'"),
    )
