"""The spec format: how one source's tables become core tables, as data.

An ERP's spec is compiled to one SELECT per core table that runs inside the ERP. The spec of an API source (`reads:`)
holds SQL that runs in the warehouse, over the source's raw tables.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, model_validator

from echannel_connectors.errors import SettingsError, SpecError, did_you_mean
from echannel_connectors.models.core import TABLES
from echannel_connectors.settings import Settings
from echannel_connectors.texts import Text, say

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times faster, where it was built in
Scalar = str | int | float | bool
Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
FieldWord = Literal[
    "text", "integer", "money", "quantity", "rate", "boolean", "date", "local_moment", "moment", "translations", "email"
]


class Parameter(Settings):
    """A value that an installation may set (`:name` in the SQL), such as a table prefix or a company number."""

    default: Scalar | None = None
    help: dict[str, str] = Field(default_factory=dict)


class Column(Settings):
    """A column as a SQL expression; floating-point money declares the `scale` it is cast to inside the database.

    `zone` names the time zone (or the `:parameter` that holds it) of a moment that the source keeps in local time.
    """

    sql: str
    scale: int | None = Field(default=None, ge=0, le=18)
    zone: str | None = None


class ValueMap(Settings):
    """A code of the source (`sql`) in the words of the model; `otherwise` is for codes that are not listed."""

    sql: str
    values: dict[Scalar, Scalar | None]
    otherwise: Scalar | None = None


class Reads(Settings):
    """What the warehouse SQL of an API source reads: the columns it uses, with their types.

    A column that a shop's version does not have is NULL; a stream marked `optional` may be missing altogether.
    """

    columns: dict[str, FieldWord | list[str]]
    optional: bool = False


class Table(Settings):
    """How one core table is made. Either from/where/columns/maps, or one whole SELECT in `query`."""

    from_: str | None = Field(default=None, alias="from")
    where: str | None = None
    query: str | None = None
    key: Words = ()
    cursor: str | None = None
    look_back: str = "10 minutes"
    reread: str | None = None  # a condition for rows that are read again at every sync, such as open documents
    day: str | None = None  # the business day by which a range is read again; the table's own date where not given
    columns: dict[str, Column] = Field(default_factory=dict)
    maps: dict[str, ValueMap] = Field(default_factory=dict)
    deletes: Literal["sweep", "none"] = "sweep"
    optional: bool = False  # left out where the database lacks one of its tables: a module that is not installed

    @model_validator(mode="before")
    @classmethod
    def _short_columns(cls, data: Any) -> Any:
        """`name: expression` is short for `name: {sql: expression}`."""
        if isinstance(data, dict) and isinstance(data.get("columns"), dict):
            columns = {k: v if isinstance(v, dict) else {"sql": str(v)} for k, v in data["columns"].items()}
            return {**data, "columns": columns}
        return data

    @model_validator(mode="after")
    def _one_way(self) -> Table:
        if (self.query is None) == (self.from_ is None):
            raise ValueError("give either 'from' with 'columns', or one SELECT in 'query'")
        if self.query is not None and (self.columns or self.maps or self.where):
            raise ValueError("a table with a 'query' has no 'columns', 'maps' or 'where': put them into the SELECT")
        return self


class Spec(Settings):
    """One connector: its dialect, parameters and the core tables it fills."""

    connector: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: dict[str, str] = Field(default_factory=dict)
    notes: str = ""
    dialect: str = "duckdb"
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    reads: dict[str, Reads] = Field(default_factory=dict)
    views: dict[str, str] = Field(default_factory=dict)  # SELECTs that several tables share
    instead: dict[str, str] = Field(
        default_factory=dict
    )  # a table that a version lacks → the SELECT that stands for it
    tables: dict[str, Table]
    _file: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _known_tables(self) -> Spec:
        for name, table in self.tables.items():
            if name not in TABLES:
                raise ValueError(f"{name!r} is not a core table: {did_you_mean(name, TABLES)}")
            known = {*TABLES[name].types, "email", "_deleted_at"}
            for column in (*table.columns, *table.maps):
                if column not in known:
                    raise ValueError(f"core.{name} has no column {column!r}: {did_you_mean(column, known)}")
        return self

    def place_of(self, *path: str) -> str:
        """file:line of a key of this spec; "" for a spec that was not read from a file."""
        return f"{self._file}:{line_of(self._file.read_text(encoding='utf-8'), path)}" if self._file else ""

    @cached_property
    def runs_in_warehouse(self) -> bool:
        return bool(self.reads)


def load(path: Path) -> Spec:
    """The spec in a YAML file; a mistake is a SpecError with file, line and the nearest right name."""
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=LOADER)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SpecError(f"{path.name} is not valid YAML: {getattr(error, 'problem', error)}", place=place) from error
    try:
        spec = Spec.model_validate(data)
    except ValidationError as error:
        first = first_mistake(error)
        raise SpecError(sentence_of(first, Spec), place=f"{path}:{line_of(text, first['loc'])}") from error
    spec._file = path
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


def line_of(text: str, path: Iterable[str | int]) -> int:
    """The line (from 1) of the YAML node at a path of keys, or of its nearest parent."""
    node = yaml.compose(text, Loader=LOADER)
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                continue  # pydantic adds steps of its own, such as the name of a union's member
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line


def first_mistake(error: ValidationError) -> Any:  # pydantic's error dict
    """The mistake to tell first: a misspelt key explains the one that is missing."""
    mistakes = error.errors(include_url=False, include_input=False)
    return min(mistakes, key=lambda mistake: mistake["type"] != "extra_forbidden")


def sentence_of(error: Any, model: type[Settings]) -> str:  # pydantic's error dict
    """One pydantic error as a sentence, with the nearest right name for a misspelt key."""
    where = ".".join(str(step) for step in error["loc"] if not re.match(r"^(function-|model-|tagged-)", str(step)))
    if error["type"] == "extra_forbidden":
        word = str(error["loc"][-1])
        return say(
            "unknown key {where!r}: {hint}", where=where, hint=did_you_mean(word, _keys_at(model, error["loc"][:-1]))
        )
    if error["type"] == "missing":
        return say("{where!r} is missing", where=where)
    message = message_of(error)
    return say("{where}: {problem}", where=where, problem=message) if where else message


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
    return str(error["msg"])


def _keys_at(model: Any, path: Iterable[str | int]) -> list[str]:  # walks type annotations
    from typing import get_args

    for step in path:
        field = getattr(model, "model_fields", {}).get(str(step))
        if field is not None:
            model = field.annotation
        found = [model, *get_args(model)]
        model = next((kind for kind in found if isinstance(kind, type) and issubclass(kind, Settings)), model)
    fields = getattr(model, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]
