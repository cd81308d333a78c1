"""A report template as pydantic models: what it reads, what it computes, what it shows, in English and French."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.settings import text_of
from echannel_connectors.specs.places import FASTEST

# Names become quoted identifiers in SQL, ids in HTML and aliases in Looker Studio: plain words are safe in all three.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Term = Annotated[str, Field(pattern=r"^-?[a-z][a-z0-9_]{0,62}$", description="A summed field; '-' subtracts it")]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
Type = Literal["text", "country", "date", "moment", "integer", "quantity", "money", "percent"]
Aggregation = Literal["none", "sum", "count", "count_distinct", "min", "max"]
Better = Literal["up", "down", "neither"]
Tone = Literal["good", "attention", "muted"]
Preset = Literal[
    "today", "last_7_days", "last_28_days", "last_90_days", "this_month", "last_month", "this_year", "last_12_months"
]
Limit = Annotated[int, Field(ge=1, le=1000)]


class TemplateError(SettingsError):
    """A template is wrong or not there; `place` is file:line where it is known."""


class Part(BaseModel):
    """The base of everything in a template: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Part):
    """What people read, in each language."""

    en: str
    fr: str


class Colours(Part):
    accent: Colour
    attention: Colour
    text: Colour
    muted: Colour
    background: Colour


# Each keeps 4.5 : 1 on its ground, and the accent's hue.
DARK = Colours(accent="#6CB6E4", attention="#F2A373", text="#E8EAED", muted="#A8ADB3", background="#24272B")


class Theme(Colours):
    """The colours of the day, which Looker Studio takes and print keeps, and those of the night."""

    dark: Colours = DARK


class Column(Part):
    """A field of the mart: a dimension (`aggregation: none`) or something that is summed, counted or compared."""

    name: Words
    type: Type
    column: Name | None = Field(default=None, description="The mart's column, when it is not called like the field")
    aggregation: Aggregation = "none"
    only: dict[Name, list[str]] = Field(default={}, description="Aggregate only the rows with one of these values")
    description: Words | None = None
    values: dict[str, Words] = Field(default={}, description="How the column's codes are called")
    tones: dict[str, Tone] = Field(default={}, description="Which codes are good news and which ask for attention")
    better: Better = "neither"


class Calculated(Part):
    """Sums, or the ratio of two sums: added up first and divided once, and no figure where the divisor is 0."""

    name: Words
    type: Type
    numerator: list[Term] = Field(min_length=1)
    denominator: list[Term] = []
    sample: Name | None = Field(default=None, description="The count behind a ratio; under 30 it is shown with n")
    description: Words | None = None
    better: Better = "neither"

    @property
    def terms(self) -> list[str]:
        return [term.removeprefix("-") for term in (*self.numerator, *self.denominator)]


class Rows(Part):
    """A finer source in which these fields are the same sums of the same rows: a click on a figure shows those."""

    source: Name
    fields: list[Name] = Field(min_length=1)


class Source(Part):
    """One mart under a speaking alias, with the fields that the report uses."""

    mart: Name
    date: Name | None = Field(default=None, description="The field that the period control filters")
    is_monthly: bool = Field(default=False, description="Whether 'date' holds first days of months: none has a part")
    rows: Rows | None = Field(default=None, description="Where the rows behind these figures stand line by line")
    description: Words
    fields: dict[Name, Column]
    calculated: dict[Name, Calculated] = {}

    def metric(self, name: str) -> Column | Calculated:
        return self.calculated[name] if name in self.calculated else self.fields[name]

    def components(self, metric: str) -> list[str]:
        """The aggregated fields that this metric is computed from."""
        found = self.calculated.get(metric)
        if found is None:
            return [metric]
        return list(dict.fromkeys([*found.terms, *([found.sample] if found.sample else [])]))


class Chart(Part):
    id: Name
    title: Words
    source: Name
    filters: dict[Name, list[str]] = {}
    width: Annotated[int, Field(ge=3, le=12)] = 12
    empty: Words

    @property
    def dimension_names(self) -> list[str]:
        return []

    @property
    def metric_names(self) -> list[str]:
        return []

    @property
    def order(self) -> Sort | None:
        return None


class Sort(Part):
    field: Name
    descending: bool = False


class Scorecards(Chart):
    """A row of figures, each with its change against the previous period and the previous year."""

    type: Literal["scorecards"]
    metrics: list[Name] = Field(min_length=1, max_length=6)

    @property
    def metric_names(self) -> list[str]:
        return self.metrics


class Trend(Chart):
    """One metric over time, beside the same metric of the compared period."""

    type: Literal["trend"]
    metric: Name

    @property
    def metric_names(self) -> list[str]:
        return [self.metric]


class Bars(Chart):
    """One metric by one dimension, largest first."""

    type: Literal["bars"]
    dimension: Name
    metric: Name
    limit: Limit = 12

    @property
    def dimension_names(self) -> list[str]:
        return [self.dimension]

    @property
    def metric_names(self) -> list[str]:
        return [self.metric]

    @property
    def order(self) -> Sort:
        return Sort(field=self.metric, descending=True)


class Table(Chart):
    """Rows by one or more dimensions; the total is computed from all rows, not from the rows shown."""

    type: Literal["table"]
    dimensions: list[Name] = Field(min_length=1)
    metrics: list[Name] = Field(min_length=1)
    sort: Sort
    compare: Name | None = Field(default=None, description="The metric whose change is shown in a column of its own")
    total: bool = False
    limit: Limit = 100

    @property
    def dimension_names(self) -> list[str]:
        return self.dimensions

    @property
    def metric_names(self) -> list[str]:
        return self.metrics

    @property
    def order(self) -> Sort:
        return self.sort


AnyChart = Annotated[Scorecards | Trend | Bars | Table, Field(discriminator="type")]


class PeriodControl(Part):
    type: Literal["period"]
    name: Words
    default: Preset = "last_28_days"


class ListControl(Part):
    """Filters every chart of the page whose source has this field."""

    type: Literal["list"]
    name: Words
    field: Name
    all: Words


Control = Annotated[PeriodControl | ListControl, Field(discriminator="type")]


class Page(Part):
    id: Name
    title: Words
    questions: list[Words] = []
    controls: list[Name] = []
    charts: list[AnyChart] = Field(min_length=1)


class Template(Part):
    """One report: everything a drawing of it needs, and nothing of one company."""

    template: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    version: Literal[1]
    title: Words
    description: Words
    theme: Theme
    sources: dict[Name, Source]
    pages: list[Page] = Field(min_length=1)
    controls: dict[Name, Control]

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for problem in _unknown_names(self):
            raise ValueError(problem)
        return self

    def page(self, name: str) -> Page:
        for page in self.pages:
            if page.id == name:
                return page
        raise TemplateError(
            f"template {self.template!r} has no page {name!r}", hint=did_you_mean(name, [p.id for p in self.pages])
        )


def looker_formula(source: Source, metric: str) -> str:
    """The metric in Looker Studio's language: aggregated, so that it cannot be aggregated again."""
    found = source.calculated.get(metric)
    if found is None:
        return _looker_aggregate(source, metric)
    above = _looker_sum(source, found.numerator)
    if not found.denominator:
        return above
    return f"({above}) / NULLIF({_looker_sum(source, found.denominator)}, 0)"


def _looker_sum(source: Source, terms: list[str]) -> str:
    parts = [("- " if term[0] == "-" else "+ ") + _looker_aggregate(source, term.lstrip("-")) for term in terms]
    return " ".join(parts).removeprefix("+ ")


def _looker_aggregate(source: Source, name: str) -> str:
    field = source.fields[name]
    return f"{field.aggregation.upper()}({looker_value(field, name)})"


def looker_value(field: Column, name: str) -> str:
    """What is aggregated, in Looker Studio's language: the column, of some rows only where the field says so."""
    column = field.column or name
    for other, values in field.only.items():
        listed = ", ".join(json.dumps(value) for value in values)
        column = f"CASE WHEN {other} IN ({listed}) THEN {column} END"
    return column


def _unknown_names(template: Template) -> Iterator[str]:
    for alias, source in template.sources.items():
        yield from _source_problems(alias, source)
        yield from _rows_problems(template, alias, source)
    pages = [page.id for page in template.pages]
    charts = [chart.id for page in template.pages for chart in page.charts]
    for name in sorted({name for name in [*pages, *charts] if [*pages, *charts].count(name) > 1 and name not in pages}):
        yield f"two charts are called {name!r}"
    for page in template.pages:
        for control in page.controls:
            if control not in template.controls:
                yield f"page {page.id!r} has no control {control!r} ({did_you_mean(control, template.controls)})"
        for chart in page.charts:
            yield from _chart_problems(template, chart)


def _source_problems(alias: str, source: Source) -> Iterator[str]:
    def dimension(name: str) -> bool:
        return name in source.fields and source.fields[name].aggregation == "none"

    if source.date and not dimension(source.date):
        yield f"source {alias!r}: its date {source.date!r} is not one of its dimensions"
    for name, field in source.fields.items():
        for other in field.only:
            if not dimension(other):
                yield f"source {alias!r}: {name!r} depends on {other!r}, which is not one of its dimensions"
    for name, found in source.calculated.items():
        for term in [*found.terms, *([found.sample] if found.sample else [])]:
            if term not in source.fields or source.fields[term].aggregation not in ("sum", "count"):
                yield f"source {alias!r}: {name!r} needs a summed field {term!r} ({did_you_mean(term, source.fields)})"


def _rows_problems(template: Template, alias: str, source: Source) -> Iterator[str]:
    if source.rows is None:
        return
    finer = template.sources.get(source.rows.source)
    if finer is None:
        near = did_you_mean(source.rows.source, template.sources)
        yield f"source {alias!r}: there is no source {source.rows.source!r} for its rows ({near})"
        return
    for name in source.rows.fields:
        for place, one in ((alias, source), (source.rows.source, finer)):
            if name not in one.fields or one.fields[name].aggregation != "sum":
                yield f"source {alias!r}: its rows need a summed field {name!r} in {place!r}"


def _chart_problems(template: Template, chart: AnyChart) -> Iterator[str]:  # noqa: C901 - a list of rules, one after the other
    source = template.sources.get(chart.source)
    if source is None:
        yield f"chart {chart.id!r} has no source {chart.source!r} ({did_you_mean(chart.source, template.sources)})"
        return
    dimensions = [name for name, field in source.fields.items() if field.aggregation == "none"]
    metrics = [name for name, field in source.fields.items() if field.aggregation != "none"] + list(source.calculated)
    for name in [*chart.dimension_names, *chart.filters]:
        if name not in dimensions:
            yield f"chart {chart.id!r} has no dimension {name!r} ({did_you_mean(name, dimensions)})"
    for name in chart.metric_names:
        if name not in metrics:
            yield f"chart {chart.id!r} has no metric {name!r} ({did_you_mean(name, metrics)})"
    if isinstance(chart, Trend) and source.date is None:
        yield f"chart {chart.id!r} is a trend, but source {chart.source!r} has no date"
    if isinstance(chart, Table):
        shown = [*chart.dimensions, *chart.metrics]
        for name in [chart.sort.field, *([chart.compare] if chart.compare else [])]:
            if name not in shown:
                yield f"chart {chart.id!r} sorts or compares by {name!r}, which it does not show"
    if chart.order and (ratio := source.calculated.get(chart.order.field)) and ratio.denominator:
        # The rows that fit under the limit are chosen in SQL, which never divides money.
        yield f"chart {chart.id!r} sorts by the ratio {chart.order.field!r}: sort by a sum"


def load_template(file: Path) -> Template:
    """The template in this file; what is wrong is told with its line."""
    try:
        loader = FASTEST(text_of(file))
        tree = loader.get_single_node()
        data = loader.construct_document(tree) if tree else None
    except SettingsError as error:
        raise TemplateError(error.sentence, hint=error.hint, place=error.place) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise TemplateError(
            f"the template is not valid YAML: {problem}",
            hint="put a text that holds a colon or a comma between quotes",
            place=f"{file}:{mark.line + 1}" if mark else str(file),
        ) from error
    try:
        return Template.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        path = [step for step in first["loc"] if step not in ("scorecards", "trend", "bars", "table", "period", "list")]
        where = ".".join(map(str, path)) or "the template"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        sentence = f"{where}: {first['msg'].removeprefix('Value error, ')}{more}"
        raise TemplateError(sentence, place=f"{file}:{_line(tree, path)}") from error


def _line(node: Any, path: list[int | str]) -> int:  # a node of PyYAML, which publishes no common type
    """The line of the deepest node on this path that is there."""
    line: int = node.start_mark.line + 1 if node else 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = [value for key, value in node.value if key.value == step]
            node = found[0] if found else None
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            node = None
        if node is None:
            return line
        line = node.start_mark.line + 1
    return line


def template_folders(project: Path | None = None) -> list[Path]:
    """Where templates are looked for: the project's own folder, the wheel, a source checkout."""
    package = Path(__file__).resolve().parent.parent
    places = [folder / "looker_templates" for folder in (project or Path(), package, package.parent)]
    return [place for place in places if place.is_dir()]


def template_names(project: Path | None = None) -> list[str]:
    return sorted({file.parent.name for folder in template_folders(project) for file in folder.glob("*/template.yaml")})


def find_template(name: str, project: Path | None = None) -> Template:
    """The template of this name; a project's own one wins over the shipped one."""
    for folder in template_folders(project):
        file = folder / name / "template.yaml"
        # A name with a separator would leave the folder; such a template does not exist.
        if Path(name).name == name and file.is_file():
            return load_template(file)
    known = template_names(project)
    raise TemplateError(f"there is no template {name!r}", hint=did_you_mean(name, known) if known else "")


def template_schema() -> dict[str, Any]:
    """The JSON schema of template.yaml, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Template.model_json_schema()}
