"""echannel.yaml: one company's sources, destination and choices, checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from echannel_connectors import destinations, sources
from echannel_connectors.destinations import Publisher, Warehouse
from echannel_connectors.errors import EChannelError, SettingsError, did_you_mean
from echannel_connectors.models import entered
from echannel_connectors.models.company import Company, Markets, Matches, Said
from echannel_connectors.review.settings import Reviews
from echannel_connectors.settings import REFERENCE, Settings, environment, resolve, text_of
from echannel_connectors.specs import first_mistake, sentence_of
from echannel_connectors.specs.places import Places, parsed
from echannel_connectors.streams import Source
from echannel_connectors.texts import say

FILE = "echannel.yaml"
INIT = say("run `echannel init` to make one")


class Looker(Settings):
    """Where the dashboards live (Google renames the product; both hosts answer)."""

    host: Literal["lookerstudio.google.com", "datastudio.google.com"] = "lookerstudio.google.com"
    masters: dict[str, dict[str, dict[str, str]]] = Field(default_factory=dict)


class ProjectFile(Settings):
    """What echannel.yaml holds. `sources` are checked by their own connectors."""

    version: Literal[1] = 1
    company: Said = Said()
    sources: dict[str, dict[str, Any]]
    destination: str = "duckdb:///echannel.duckdb"
    matches: Matches = Field(default_factory=dict)
    markets: Markets = Field(default_factory=dict)
    rates: Path | None = None
    cost_rules: Path | None = None
    reviews: Reviews = Reviews()
    looker: Looker = Looker()

    @field_validator("sources")
    @classmethod
    def _free_names(cls, sources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        if entered.SOURCE in sources:
            raise ValueError(say("a source cannot be named {name!r}: the company's own files are", name=entered.SOURCE))
        return sources

    @field_validator("matches")
    @classmethod
    def _known_sources(cls, matches: Matches, others: ValidationInfo) -> Matches:
        sources = others.data.get("sources")
        found = [rule.partition(".")[0] for rules in matches.values() for rule in rules.get("order", {}).values()]
        for name in (*matches, *found):
            if sources is not None and name not in sources:
                raise ValueError(
                    say("there is no source {name!r}: {hint}", name=name, hint=did_you_mean(name, sources))
                )
        return matches


@dataclass(frozen=True, slots=True)
class Project:
    """A project on disk: its folder, its file and what it opens."""

    folder: Path
    file: ProjectFile
    text: str
    secrets: tuple[str, ...] = ()

    @property
    def company(self) -> Company:
        file = self.file
        markets = {
            name: one.model_copy(update={"costs": self._beside(one.costs), "targets": self._beside(one.targets)})
            for name, one in file.markets.items()
        }
        entered = {"markets": markets, "rates": self._beside(file.rates), "cost_rules": self._beside(file.cost_rules)}
        return Company.model_validate({**dict(file.company), "matches": file.matches, **entered})

    def _beside(self, file: Path | None) -> Path | None:
        """A file that echannel.yaml names, as seen from there."""
        return file and self.folder / file

    def sources(self) -> list[Source]:
        return [self._source(name) for name in self.file.sources]

    def source(self, name: str) -> Source:
        if name not in self.file.sources:
            raise SettingsError(
                say("there is no source {name!r}", name=name), hint=did_you_mean(name, self.file.sources)
            )
        return self._source(name)

    def destination(self) -> Warehouse | Publisher:
        return destinations.open(self.file.destination, self.folder, self.company)

    def warehouse(self) -> Warehouse:
        return destinations.warehouse_of(self.destination())

    def _source(self, name: str) -> Source:
        settings = dict(self.file.sources[name])
        connector = settings.pop("connector", None)
        place = Places(self.folder / FILE, self.text).of(("sources", name))
        if not connector:
            raise SettingsError(say("sources.{name} does not say its 'connector'", name=name), place=place)
        try:
            source = sources.open(name, connector, settings, self.folder)
        except EChannelError as error:
            if not error.place:
                error.place = place
            raise
        for_company = getattr(source, "for_company", None)
        return for_company(self.company.currency, self.company.time_zone) if for_company else source


def load(path: Path) -> Project:
    """The project of an echannel.yaml (or of the folder that holds it).

    Raises SettingsError with file, line, column and the nearest right name.
    """
    file = path / FILE if path.is_dir() else path
    if not file.is_file():
        raise SettingsError(
            say("there is no {file} in {folder}", file=file.name, folder=file.parent.resolve()), hint=INIT
        )
    places, data = parsed(file)
    places.check_repeated()
    if not isinstance(data, dict):
        raise SettingsError(say("{file} is empty", file=file.name), hint=INIT, place=str(file))
    version = data.get("version", 1)
    if isinstance(version, int) and version > 1:
        raise SettingsError(
            say(
                "{file} is of version {version}, which this library does not know yet", file=file.name, version=version
            ),
            hint="pip install --upgrade echannel-connectors",
        )
    names = environment(file.parent)
    try:
        filled = resolve({key: value for key, value in data.items() if value is not None}, names)
        found = ProjectFile.model_validate(filled)
    except ValidationError as error:
        first = first_mistake(error)
        raise SettingsError(sentence_of(first, ProjectFile), place=places.of(first["loc"])) from None
    except SettingsError as error:
        error.place = error.place or str(file)
        raise
    used = set(REFERENCE.findall(places.text))
    return Project(file.parent, found, places.text, tuple(names[name] for name in used if len(names.get(name, "")) > 3))


def remember_master(project: Project, template: str, connector: str, language: str, report: str) -> None:
    """Write a master report's id into echannel.yaml."""
    _remember(project, ("looker", "masters", template, connector, language), report)


def remember_targets(project: Project, market: str, targets: str) -> None:
    """Write the name of a market's targets file into echannel.yaml."""
    _remember(project, ("markets", market, "targets"), targets)


def _remember(project: Project, path: tuple[str, ...], value: str) -> None:
    def remember(data: Any) -> None:  # ruamel's mapping
        place = data
        for step in path[:-1]:
            if place.get(step) is None:
                place[step] = {}
            place = place[step]
        place[path[-1]] = value

    edit(project.folder, remember)


def edit(folder: Path, change: Callable[[Any], None]) -> None:  # ruamel's mapping
    """Change echannel.yaml, whose comments and order stay as they are; whoever reads it meanwhile sees the one before
    or the one after."""
    from ruamel.yaml import YAML

    file, words = folder / FILE, YAML()
    words.preserve_quotes = True
    words.width = 4096  # lines are not broken anew
    data = words.load(text_of(file))
    change(data)
    with NamedTemporaryFile("w", dir=folder, suffix=".yaml", delete=False, encoding="utf-8") as part:
        words.dump(data, part)
    Path(part.name).chmod(file.stat().st_mode & 0o777)
    Path(part.name).replace(file)


def json_schema() -> dict[str, Any]:
    """The JSON schema of echannel.yaml, for editors."""
    return ProjectFile.model_json_schema()
