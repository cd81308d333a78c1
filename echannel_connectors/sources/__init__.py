"""Sources by name: built in, described by a spec (any SQL database), or brought by another package."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from echannel_connectors import specs
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.streams import Source
from echannel_connectors.texts import say

GROUP = "echannel_connectors.sources"


def names(project: Path | None = None) -> list[str]:
    return sorted({*specs.names(project), "ecb", *(point.name for point in entry_points(group=GROUP))})


def open(name: str, connector: str, settings: Mapping[str, Any], project: Path | None = None) -> Source:  # noqa: A001 - the word that DESIGN gives it
    """The source called `name` of a connector, with its settings; a wrong one is a SettingsError that names the key."""
    if "name" in settings:
        raise SettingsError(say("sources.{name}: this word is the source's name; leave out 'name'", name=name))
    kind = _class(connector, project)
    try:
        if hasattr(kind, "for_spec"):
            return kind.for_spec(connector, project, name=name, **settings)  # type: ignore[no-any-return]  # a plug-in's class
        if not issubclass(kind, BaseModel):  # which says it in a better way
            _agree(name, kind, settings)
        return kind(name=name, **settings)  # type: ignore[no-any-return]
    except ValidationError as error:
        first = specs.first_mistake(error)
        mistake = specs.sentence_of(first, kind)
        raise SettingsError(say("sources.{name}: {mistake}", name=name, mistake=mistake)) from None


def _agree(name: str, kind: type, settings: Mapping[str, Any]) -> None:
    """Raises SettingsError where a plug-in's class does not take these settings."""
    try:
        inspect.signature(kind).bind(name=name, **settings)
    except TypeError as error:
        raise SettingsError(say("sources.{name}: {mistake}", name=name, mistake=error)) from None


def _loaded(point: EntryPoint) -> Any:  # a class that makes a Source
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        sentence = say("the connector {name!r} cannot be loaded: {problem}", name=point.name, problem=error)
        raise SettingsError(sentence, hint=say("it comes with another package: is that installed whole?")) from error


def _class(connector: str, project: Path | None) -> Any:  # a class that makes a Source
    if connector == "prestashop":
        from echannel_connectors.sources.prestashop import PrestaShop

        return PrestaShop
    if connector == "ga4":
        from echannel_connectors.sources.ga4 import Ga4

        return Ga4
    if connector == "ecb":
        from echannel_connectors.sources.ecb import Ecb

        return Ecb
    for point in entry_points(group=GROUP):
        if point.name == connector:
            return _loaded(point)
    if connector in specs.names(project):
        from echannel_connectors.sources.erp import Erp

        return Erp
    raise SettingsError(
        say("there is no connector {name!r}", name=connector), hint=did_you_mean(connector, names(project))
    )
