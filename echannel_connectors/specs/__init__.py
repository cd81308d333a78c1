"""The spec format: how one source's tables become core tables, as data.

An ERP's spec is compiled to one SELECT per core table that runs inside the ERP. The spec of an API source (`reads:`)
holds SQL that runs in the warehouse, over the source's raw tables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from echannel_connectors.errors import SettingsError, SpecError, did_you_mean
from echannel_connectors.models.core import TABLES
from echannel_connectors.settings import Settings
from echannel_connectors.specs.places import Places, parsed
from echannel_connectors.texts import Text, say

Scalar = str | int | float | bool
FieldWord = Literal[
    "text", "integer", "money", "quantity", "rate", "boolean", "date", "local_moment", "moment", "translations", "email"
]


EXTRA_NAME = re.compile("[a-z][a-z0-9_]{0,62}")
RESERVED = frozenset({"source", "email_hash"})  # every core table has the one, and e-mails become the other
MARKS: dict[str, FieldWord | list[str]] = {
    "property": "text", "day": "date", "currency": "text",
    "is_sampled": "boolean", "is_thresholded": "boolean", "has_other": "boolean", "is_truncated": "boolean",
}  # fmt: skip


class Parameter(Settings):
    """A value that an installation may set (`:name` in the SQL), such as a table prefix or a company number."""

    default: Scalar | None = Field(None, description="Its value where nobody gives one; without it, it has to be given")
    help: dict[str, str] = Field(default_factory=dict, description="What it is, by language: en, fr")


class Column(Settings):
    """A column as a SQL expression; floating-point money declares the `scale` it is cast to inside the database.

    `zone` names the time zone (or the `:parameter` that holds it) of a moment that the source keeps in local time.
    """

    sql: str = Field(description="One SQL expression over the tables of 'from'")
    scale: int | None = Field(
        default=None, ge=0, le=18, description="Decimals that it is cast to in the database: money, quantities, rates"
    )
    zone: str | None = Field(
        None, description="The time zone of a moment kept in local time, such as Europe/Paris, or :parameter"
    )


ExtraWord = Literal["text", "integer", "money", "quantity", "rate", "boolean", "date", "moment"]


class Extra(Column):
    """A column of the company's own in a core table: an expression, and its type where that is not text."""

    type: ExtraWord = Field("text", description="What it holds: text where nothing is said")


class ValueMap(Settings):
    """A code of the source (`sql`) in the words of the model; `otherwise` is for codes that are not listed."""

    sql: str = Field(description="The SQL expression of the code")
    values: dict[Scalar, Scalar | None] = Field(description="Each code of the source with the model's word for it")
    otherwise: Scalar | None = Field(None, description="The word for every other code; null says that it is unknown")


class Reads(Settings):
    """What the warehouse SQL of an API source reads: the columns it uses, with their types.

    A column that a shop's version does not have is NULL; a stream marked `optional` may be missing altogether.
    """

    columns: dict[str, FieldWord | list[str]] = Field(description="Column and type; a list names the leaves of records")
    optional: bool = Field(False, description="Whether the source may lack it altogether")


def _column(written: Any) -> Any:  # whatever the YAML holds
    """`name: expression` is short for `name: {sql: expression}`."""
    return {"sql": str(written)} if isinstance(written, Scalar) else written


def _words(written: Any) -> Any:  # whatever the YAML holds
    return (written,) if isinstance(written, str) else written


Columns = dict[str, Annotated[Column, BeforeValidator(_column, json_schema_input_type=Scalar | Column)]]
Extras = dict[str, Annotated[Extra, BeforeValidator(_column, json_schema_input_type=Scalar | Extra)]]
Words = Annotated[tuple[str, ...], BeforeValidator(_words, json_schema_input_type=str | list[str])]


class Report(Settings):
    """One report of a web analytics service: its dimensions and metrics by the service's names, with their types.

    It becomes a raw table of that name: `property`, `day` (the day, or the first day of its week or month), the
    dimensions, the metrics and the marks of figures that the service estimated.
    """

    dimensions: dict[str, Literal["text"]] = Field(description="Dimensions by the service's names")
    metrics: dict[str, Literal["integer", "money"]] = Field(
        description="Metrics by the service's names, and their types"
    )
    grain: Literal["day", "week", "month"] = Field("day", description="How people are counted: they never add up")
    one_day_a_request: bool = Field(False, description="For many values: a longer report folds them into (other)")
    where: dict[str, str] = Field(default_factory=dict, description="Dimension and the one value that counts")

    def reads(self) -> Reads:
        """The columns of its raw table."""
        return Reads(columns={**MARKS, **self.dimensions, **self.metrics}, optional=True)


class Table(Settings):
    """How one core table is made. Either from/where/columns/maps, or one whole SELECT in `query`."""

    from_: str | None = Field(
        default=None,
        alias="from",
        description="The tables that it is read from, with their joins; views are named alike",
    )
    where: str | None = Field(None, description="Which rows count, as one SQL condition")
    query: str | None = Field(
        None, description="One SELECT in the place of from, where, columns and maps; its columns are named as core's"
    )
    key: Words = Field(
        (), description="The expressions of core's key, in its order: short for giving these columns in 'columns'"
    )
    cursor: str | None = Field(
        None, description="A moment, or a number that only grows, that moves with every change; without it all is read"
    )
    look_back: str = Field(
        "10 minutes", description="How far behind the last cursor a read begins, for rows that were committed late"
    )
    reread: str | None = Field(
        None, description="Rows that are read again at every sync: documents whose changes the cursor does not show"
    )
    day: str | None = Field(
        None, description="The business day by which a range is read again; the table's own date where not given"
    )
    columns: Columns = Field(default_factory=dict, description="Core's columns, each as one SQL expression")
    maps: dict[str, ValueMap] = Field(
        default_factory=dict, description="Core's columns that translate a code of the source, such as status"
    )
    extra: Extras = Field(
        default_factory=dict,
        description="Columns of your own that core's table gets too, for marts of your own; no personal data",
    )
    deletes: Literal["sweep", "none"] = Field(
        "sweep", description="sweep: keys are compared to find deleted rows; none: this table never loses a row"
    )
    optional: bool = Field(
        False, description="Left out where the database lacks one of its tables: a module that is not installed"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Table:
        if (self.query is None) == (self.from_ is None):
            raise ValueError("give either 'from' with 'columns', or one SELECT in 'query'")
        if self.query is not None and (self.columns or self.maps or self.where):
            raise ValueError("a table with a 'query' has no 'columns', 'maps' or 'where': put them into the SELECT")
        return self


class Spec(Settings):
    """One connector: its dialect, parameters and the core tables it fills."""

    connector: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="The connector's name: that of the file, in small letters"
    )
    title: dict[str, str] = Field(default_factory=dict, description="What people call it, by language: en, fr")
    notes: str = Field("", description="What a user should know, for the page that spec docs writes")
    dialect: str = Field("duckdb", description="The SQL that this spec is written in, such as tsql, mysql or postgres")
    parameters: dict[str, Parameter] = Field(
        default_factory=dict,
        description="What differs between installations; prefix, suffix and schema go around table names",
    )
    reads: dict[str, Reads] = Field(
        default_factory=dict,
        description="For an API source: the streams and columns that its SQL reads in the warehouse",
    )
    views: dict[str, str] = Field(
        default_factory=dict, description="SELECTs that several tables share; a later one may use an earlier one"
    )
    instead: dict[str, str] = Field(
        default_factory=dict, description="A table that a version of the ERP lacks, with the SELECT that stands for it"
    )
    reports: dict[str, Report] = Field(
        default_factory=dict, description="For web analytics: the reports that are asked for, each a table of its own"
    )
    tables: dict[str, Table] = Field(description="The core tables that the connector fills")
    _places: Places | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _known_names(self) -> Spec:
        if wrong := list(_unknown_names(self.tables)):
            raise ValidationError.from_exception_data("Spec", wrong)
        return self

    @model_validator(mode="after")
    def _reports_are_read(self) -> Spec:
        self.reads.update({name: report.reads() for name, report in self.reports.items()})
        return self

    def place_of(self, *path: str | int, at: int | None = None) -> str:
        """file:line:column of a key of this spec, or of a character of its value; "" where it came from no file."""
        return self._places.of(path, at) if self._places else ""

    @cached_property
    def runs_in_warehouse(self) -> bool:
        return bool(self.reads)


def _unknown_names(tables: dict[str, Table]) -> Iterator[InitErrorDetails]:
    """Tables and columns that the model does not have, each where it stands."""
    for name, table in tables.items():
        if name not in TABLES:
            yield _named(("tables", name), f"{name!r} is not a core table: {did_you_mean(name, TABLES)}")
            continue
        known = {*TABLES[name].types, "email", "_deleted_at"}
        for part, columns in (("columns", table.columns), ("maps", table.maps)):
            for column in columns:
                if column not in known:
                    sentence = f"core.{name} has no column {column!r}: {did_you_mean(column, known)}"
                    yield _named(("tables", name, part, column), sentence)
        for column in table.extra:
            if problem := _wrong_extra(name, column, known):
                yield _named(("tables", name, "extra", column), problem)


def _wrong_extra(table: str, column: str, known: Collection[str]) -> str:
    """What is wrong with the name of a company's own column; "" where nothing is."""
    if not EXTRA_NAME.fullmatch(column):
        return f"{column!r} is no name for a column: small letters, digits and _, a letter first"
    if column in known or column in RESERVED:
        return f"core.{table} has a column {column!r} of its own: choose another name, or fill that one in 'columns'"
    return ""


def _named(path: tuple[str, ...], sentence: str) -> InitErrorDetails:
    return InitErrorDetails(
        type=PydanticCustomError("unknown_name", "{sentence}", {"sentence": sentence}), loc=path, input=None
    )


def load(path: Path) -> Spec:
    """The spec in a YAML file; a mistake is a SpecError with file, line, column and the nearest right name."""
    places, data = parsed(path, SpecError)
    try:
        spec = Spec.model_validate(data)
    except ValidationError as error:
        first = first_mistake(error)
        raise SpecError(sentence_of(first, Spec), place=places.of(first["loc"])) from error
    return placed(spec, places)


def placed(spec: Spec, places: Places) -> Spec:
    """The spec with the places of its file, for what is found wrong later on."""
    spec._places = places
    return spec


def find(connector: str, project: Path | None = None) -> Spec:
    """The spec of a connector: the project's own `connector_specs/` first, then the library's."""
    for folder in folders(project):
        file = folder / f"{connector}.yaml"
        if file.is_file():
            return load(file)
    raise SettingsError(
        say("there is no connector {name!r}", name=connector), hint=did_you_mean(connector, names(project))
    )


def names(project: Path | None = None) -> list[str]:
    return sorted({file.stem for folder in folders(project) for file in folder.glob("*.yaml")})


def folders(project: Path | None = None) -> Iterator[Path]:
    if project is not None:
        yield project / "connector_specs"
    yield shipped("connector_specs")


def shipped(folder: str) -> Path:
    """A data folder of the library: inside the wheel, or beside the package in a checkout."""
    package = Path(os.fspath(resources.files("echannel_connectors")))  # type: ignore[call-overload]  # a real folder: the wheel is never zipped
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def first_mistake(error: ValidationError) -> Any:  # pydantic's error dict
    """The mistake to tell first: a misspelt key explains the one that is missing."""
    mistakes = error.errors(include_url=False, include_input=False)
    return min(mistakes, key=lambda mistake: mistake["type"] != "extra_forbidden")


def sentence_of(error: Any, model: type[Settings]) -> str:  # pydantic's error dict
    """One pydantic error as a sentence, with the nearest right name for a misspelt key."""
    where = ".".join(str(step) for step in error["loc"] if not re.match(r"^(function-|model-|tagged-)", str(step)))
    if error["type"] == "extra_forbidden":
        word = str(error["loc"][-1])
        if not re.fullmatch(r"[\w ]+", word):  # a comma in {sql: round(o.net, 2)} ends the text there
            return say("{where!r} is no key: put a text that holds a comma between quotes", where=where)
        return say(
            "unknown key {where!r}: {hint}", where=where, hint=did_you_mean(word, _keys_at(model, error["loc"][:-1]))
        )
    if error["type"] == "missing":
        return say("{where!r} is missing", where=where)
    message = message_of(error)
    if error["type"] == "unknown_name":  # its sentence names the place itself
        return message
    return say("{where}: {problem}", where=where, problem=message) if where else message


PROBLEMS = {  # by pydantic's words for them; the others are told as pydantic does
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        say("a day is written 2026-02-28"),
    ),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), say("it should be a whole number")),
    **dict.fromkeys(("bool_type", "bool_parsing"), say("it should be true or false")),
    "string_type": say("it should be a text, between quotes where it looks like a number"),
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type"),
        say("it should be keys with their values, each on a line of its own below it"),
    ),
}


def message_of(error: Any) -> str:  # pydantic's error dict
    """What is wrong with a value: our own words where a validator of ours spoke, pydantic's otherwise."""
    known = error.get("ctx", {})
    if error["type"] == "value_error":
        said: object = known["error"].args[0]
        return said if isinstance(said, Text) else str(said)
    if error["type"] == "literal_error":
        return say("it should be {expected}", expected=str(known["expected"]).replace(" or ", " / "))
    if error["type"] == "string_pattern_mismatch":
        return say("it does not have the form {pattern}", pattern=known["pattern"])
    return PROBLEMS.get(error["type"]) or str(error["msg"])


def _keys_at(model: Any, path: Iterable[str | int]) -> list[str]:  # walks type annotations
    for step in path:
        field = getattr(model, "model_fields", {}).get(str(step))
        if field is not None:
            model = field.annotation
        model = next((kind for kind in _within(model) if isinstance(kind, type) and issubclass(kind, Settings)), model)
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def _within(annotation: Any) -> Iterator[Any]:  # a type annotation
    """An annotation and those inside it, such as the values of a dict."""
    from typing import get_args

    yield annotation
    for inner in get_args(annotation):
        yield from _within(inner)
