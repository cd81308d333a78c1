"""Everything a small company reads is there in English and in French."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import echannel_connectors
from echannel_connectors.cli.app import app
from echannel_connectors.cli.help import EXAMPLE, paragraphs
from echannel_connectors.french import FRENCH

PACKAGE = Path(echannel_connectors.__file__).parent


def sentences(file: Path) -> Iterator[tuple[str, str | None]]:
    """Where `say` is called (or a `partial` of it made), and the literal it is given; None for anything else."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        given = node.args
        if name == "partial" and given and isinstance(given[0], ast.Name) and given[0].id == "say":
            given = given[1:]
        elif name != "say":
            continue
        literal = given[0].value if len(given) == 1 and isinstance(given[0], ast.Constant) else None
        yield f"{file.relative_to(PACKAGE)}:{node.lineno}", literal if isinstance(literal, str) else None


SAID = [found for file in sorted(PACKAGE.rglob("*.py")) for found in sentences(file)]


def command_tree(command: Any) -> Iterator[Any]:
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from command_tree(inner)


def help_texts() -> set[str]:
    """The texts of the commands and their options, as `--help` shows them."""
    found = {"Show this message and exit."}
    for command in command_tree(typer.main.get_command(app)):
        found |= {text for text in paragraphs(command.help) if not text.startswith(EXAMPLE)}
        for param in command.params:
            found.add(param.help)
            if isinstance(getattr(param, "show_default", None), str):
                found.add(param.show_default)
    return found


HELP = help_texts()


def holes(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_say_is_given_a_literal() -> None:
    """A sentence that is put together first could not be looked up in the catalogue."""
    assert [place for place, template in SAID if template is None] == []


def test_every_sentence_has_its_french() -> None:
    missing = {template: place for place, template in SAID if template is not None and template not in FRENCH}
    missing |= {text: "--help" for text in HELP if text not in FRENCH}
    assert missing == {}


def test_the_french_holds_the_same_values() -> None:
    said = {template for _, template in SAID if template in FRENCH}
    assert {english: FRENCH[english] for english in said if holes(english) != holes(FRENCH[english])} == {}


def test_no_french_is_left_over() -> None:
    assert set(FRENCH) - {template for _, template in SAID} - HELP == set()
