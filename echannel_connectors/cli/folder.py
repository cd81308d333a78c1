"""The project that a command works on: the option that names its folder, and what is opened there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from echannel_connectors.cli.language import speak
from echannel_connectors.project import Project, load

Folder = Annotated[
    Path, typer.Option("--project", "-p", help="The folder that holds echannel.yaml.", show_default="this folder")
]
HERE = Path()


def opened(folder: Path) -> Project:
    """The project, whose language is spoken from here on."""
    found = load(folder)
    speak(found.company.language)
    return found
