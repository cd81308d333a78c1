"""As much of a wrong spec as can be understood, so that all its mistakes are told at once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from echannel_connectors.specs import Spec, sentence_of
from echannel_connectors.specs.places import Places
from echannel_connectors.streams import Finding

Path = tuple[str | int, ...]
ROUNDS = 100  # each takes at least one wrong node away
NAMELESS = "spec"


@dataclass(frozen=True, slots=True)
class Understood:
    """What a file's data comes to: the spec without its wrong parts, those parts' places, and what is wrong there."""

    spec: Spec | None
    wrong: tuple[Path, ...]
    findings: tuple[Finding, ...]

    def is_whole(self, *path: str) -> bool:
        """Whether nothing below these keys was taken away."""
        return not any(found[: len(path)] == path for found in self.wrong)


def understood(data: Any, places: Places) -> Understood:  # whatever the YAML holds
    """The spec without what is wrong in its structure, told once per node."""
    data = copy.deepcopy(data)
    wrong: list[Path] = []
    findings: list[Finding] = []
    for _ in range(ROUNDS):
        try:
            return Understood(Spec.model_validate(data), tuple(wrong), tuple(findings))
        except ValidationError as error:
            mistakes = sorted(error.errors(include_url=False, include_input=False), key=_misspelt_first)
        for mistake in mistakes:
            path = _existing(data, mistake["loc"])
            if any(found[: len(path)] == path or path[: len(found)] == found for found in wrong):
                continue  # it follows from what was told already
            findings.append(Finding("error", sentence_of(mistake, Spec), place=places.of(mistake["loc"])))
            wrong.append(path)
        for path in sorted({_existing(data, mistake["loc"]) for mistake in mistakes}, reverse=True, key=len):
            if not _take_away(data, path, mistakes):
                return Understood(None, tuple(wrong), tuple(findings))
    return Understood(None, tuple(wrong), tuple(findings))


def _misspelt_first(mistake: Any) -> bool:  # pydantic's error dict
    return bool(mistake["type"] != "extra_forbidden")


def _existing(data: Any, loc: Sequence[str | int]) -> Path:
    """The part of a place that the data has: pydantic adds the names of types, and a missing key is not there."""
    return tuple(step for step, _ in _steps(data, loc))


def _steps(data: Any, loc: Sequence[str | int]) -> Iterator[tuple[Any, Any]]:
    for step in loc:
        if isinstance(data, dict):
            key = next((key for key in data if str(key) == str(step)), None)
            if key is not None:
                data = data[key]
                yield key, data
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
            yield step, data


def _take_away(data: Any, path: Path, mistakes: Sequence[Any]) -> bool:
    """Remove a node; False where nothing useful would be left."""
    if isinstance(data, dict) and path in ((), ("connector",)):
        if any(mistake["loc"] != ("connector",) for mistake in mistakes if _existing(data, mistake["loc"]) == path):
            return False
        data["connector"] = NAMELESS
        return True
    if not path:
        return False
    for step in path[:-1]:
        data = data[step]
    if isinstance(data, dict):
        data.pop(path[-1], None)
        return True
    return False
