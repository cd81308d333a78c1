"""Where something stands in a YAML file, as file:line:column: a key, a value, or a place inside the SQL of a value."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from echannel_connectors.errors import SettingsError
from echannel_connectors.settings import text_of
from echannel_connectors.texts import say

FASTEST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times faster, where it was built in
BLOCKS = ("|", ">")  # the styles whose text begins on the line below


class LOADER(FASTEST):  # type: ignore[misc]  # one of two classes
    """A safe loader for which only true and false are truth values, as in YAML 1.2: NO is Norway."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as its base declares it
        first: [one for one in resolvers if one[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
        for first, resolvers in FASTEST.yaml_implicit_resolvers.items()
    }


def parsed(file: Path, kind: type[SettingsError] = SettingsError) -> tuple[Places, Any]:  # whatever the YAML holds
    """The file's text with its places, and what it holds. Raises `kind` for what is no YAML, with its place."""
    try:
        text = text_of(file)
        return Places(file, text), yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe loader
    except SettingsError as error:
        raise kind(error.sentence, hint=error.hint, place=error.place) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise kind(
            say("{file} is not valid YAML: {problem}", file=file.name, problem=getattr(error, "problem", error)),
            hint=say("put a text that holds a colon, a comma or a quote between quotes, or below a |"),
            place=f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file),
        ) from None


@dataclass(frozen=True)
class Places:
    """A YAML file's text, which can say where its parts stand."""

    file: Path
    text: str

    def of(self, path: Iterable[str | int], at: int | None = None) -> str:
        """file:line:column of the key at a path, or of its nearest parent; with `at`, of a character of its value."""
        line, column = self._found(tuple(path), at)
        return f"{self.file}:{line + 1}:{column + 1}"

    def check_repeated(self, kind: type[SettingsError] = SettingsError) -> None:
        """Raises `kind` where a key stands twice."""
        for key, place in self.repeated():
            raise kind(say("the key {key!r} stands here twice", key=key), place=place)

    def repeated(self) -> Iterator[tuple[str, str]]:
        """Keys that stand twice in one mapping, of which YAML would keep the last alone; each with its place."""
        nodes = [self._root]
        while nodes:
            node = nodes.pop()
            if isinstance(node, yaml.SequenceNode):
                nodes += node.value
            elif isinstance(node, yaml.MappingNode):
                nodes += [value for _, value in node.value]
                keys = [key.value for key, _ in node.value]
                for number, (key, _) in enumerate(node.value):
                    if key.value in keys[:number]:
                        line, column = _mark(key)
                        yield str(key.value), f"{self.file}:{line + 1}:{column + 1}"

    def _found(self, path: tuple[str | int, ...], at: int | None) -> tuple[int, int]:
        node, mark = self._root, (0, 0)
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
                if found is None:
                    continue  # pydantic adds steps of its own, such as the name of a union's member
                mark, node = _mark(found[0]), found[1]
            elif isinstance(node, yaml.SequenceNode) and str(step).isdigit() and int(step) < len(node.value):
                node = node.value[int(step)]
                mark = _mark(node)
        if at is None or not isinstance(node, yaml.ScalarNode):
            return mark
        return self._inside(node, at)

    def _inside(self, node: yaml.ScalarNode, at: int) -> tuple[int, int]:
        """Where a character of a value stands. Quotes, folding and indentation only add to what a value holds: its
        visible characters are met in the file one after the other."""
        begin, end = self._index(*_mark(node)), self._index(node.end_mark.line, node.end_mark.column)
        if node.style in BLOCKS:
            begin = self.text.index("\n", begin) + 1
        place = begin - 1
        for character in node.value[: at + 1]:
            if not character.isspace():
                found = self.text.find(character, place + 1, end)
                if found < 0:
                    break
                place = found
        if at >= len(node.value) or node.value[at].isspace():
            place += 1
        line = bisect_right(self._starts, max(place, begin)) - 1
        return line, max(place, begin) - self._starts[line]

    def _index(self, line: int, column: int) -> int:
        return self._starts[line] + column if line < len(self._starts) else len(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        """At which character each line begins."""
        return [0, *accumulate(len(line) + 1 for line in self.text.split("\n"))][:-1]

    @cached_property
    def _root(self) -> Any:  # PyYAML's nodes have no common type
        return yaml.compose(self.text, Loader=LOADER)


def _mark(node: Any) -> tuple[int, int]:  # PyYAML's nodes have no common type
    return node.start_mark.line, node.start_mark.column


def rank(place: str) -> tuple[str, int, int]:
    """A place in the order of its file."""
    file, line, column = place.rsplit(":", 2)
    return file, int(line), int(column)
