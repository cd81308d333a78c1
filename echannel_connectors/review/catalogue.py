"""All checks of a company: the library's, its own in the project's `checks/`, its own limits over both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from echannel_connectors.errors import did_you_mean
from echannel_connectors.review.check import AREAS, SHIPPED, Check, CheckError, CheckFile, limit_problems
from echannel_connectors.review.expressions import refuse_mistakes
from echannel_connectors.review.settings import Limits, Reviews
from echannel_connectors.specs import first_mistake, sentence_of
from echannel_connectors.specs.places import Places, parsed
from echannel_connectors.texts import say

OWN = "checks"  # a project's folder
IN_SETTINGS = ("reviews", "thresholds")


def catalogue(project: Path | None = None, reviews: Reviews | None = None, places: Places | None = None) -> list[Check]:
    """Every check by area, a project's own in the place of a shipped one of its name.

    `places` is the file that `reviews` came from. Raises CheckError with file, line, column and the nearest right name.
    """
    own = _in_folder(project / OWN) if project else ()
    found = {check.id: check for check in (*_shipped(), *own)}
    changed = _with_thresholds(found, reviews or Reviews(), places)
    return sorted(changed, key=lambda check: AREAS.index(check.area))


def checks_in(file: Path) -> list[Check]:
    """The checks of one YAML file."""
    places, data = parsed(file, CheckError)
    places.check_repeated(CheckError)
    try:
        found = CheckFile.model_validate(data)
    except ValidationError as error:
        first = first_mistake(error)
        raise CheckError(sentence_of(first, CheckFile), place=places.of(first["loc"])) from None
    checks = [check.placed(name, found.area, places) for name, check in found.checks.items()]
    for check in checks:
        refuse_mistakes(check)
    return checks


@cache
def _shipped() -> tuple[Check, ...]:
    """The library's own checks, which stay the same while a program runs."""
    return tuple(_in_folder(SHIPPED))


def _in_folder(folder: Path) -> Iterator[Check]:
    for file in sorted(folder.glob("*.yaml")):
        yield from checks_in(file)


# -- a company's own limits -----------------------------------------------------------------------------------------


def _with_thresholds(checks: Mapping[str, Check], reviews: Reviews, places: Places | None) -> Iterator[Check]:
    named = {name for check in checks.values() for name in check.thresholds}
    numbers: dict[str, Decimal] = {}
    limits: dict[str, Limits] = {}
    for key, value in reviews.thresholds.items():
        place = places.of((*IN_SETTINGS, key)) if places else ""
        if key not in checks and key not in named:
            sentence = say("reviews.thresholds: there is no check and no threshold {name!r}", name=key)
            raise CheckError(sentence, hint=did_you_mean(key, {*checks, *named}), place=place)
        if isinstance(value, Limits) != (key in checks):
            raise CheckError(_wrong_kind(key, is_check=key in checks), place=place)
        if isinstance(value, Limits):
            limits[key] = value
        else:
            numbers[key] = value
    for name, check in checks.items():
        changed = _changed(check, limits.get(name, Limits()), numbers)
        for problem in limit_problems(changed):
            place = places.of((*IN_SETTINGS, name)) if places else ""
            raise CheckError(say("reviews.thresholds.{name}: {problem}", name=name, problem=problem), place=place)
        yield changed


def _wrong_kind(name: str, *, is_check: bool) -> str:
    if is_check:
        return say("reviews.thresholds.{name}: {name} is a check: write {{watch: …, act: …}}", name=name)
    return say("reviews.thresholds.{name}: {name} is a number, such as 21 or 5 %", name=name)


def _changed(check: Check, limits: Limits, numbers: Mapping[str, Decimal]) -> Check:
    update: dict[str, Any] = limits.model_dump(exclude_none=True)
    if own := {name: numbers[name] for name in check.thresholds if name in numbers}:
        update["thresholds"] = {**check.thresholds, **own}
    return check.model_copy(update=update) if update else check
