"""`echannel spec`: begin a connector, check it with and without its database, and describe it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from echannel_connectors import specs
from echannel_connectors.cli import show
from echannel_connectors.cli.language import speak, spoken, told
from echannel_connectors.errors import SETTINGS, SettingsError, did_you_mean
from echannel_connectors.texts import Text, say

if TYPE_CHECKING:
    from echannel_connectors.sources.erp.proof import Proof
    from echannel_connectors.sources.erp.reader import Database
    from echannel_connectors.specs import Scalar, Spec
    from echannel_connectors.specs.feeds import Feed
    from echannel_connectors.specs.lint import Checked

spec = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Connect another ERP by one YAML file: begin it, check it, describe it.",
)
File = Annotated[str, typer.Argument(help="The spec's file, or the name of a connector.")]
Given = Annotated[
    list[str] | None, typer.Option("--parameter", help="A parameter of the spec, as name=value; may be given again.")
]
HERE = Path()
SYSTEM = ("information_schema", "pg_catalog", "mysql", "performance_schema", "sys")  # schemas of databases themselves
STATES = {"fed": say("yes"), "partly": say("partly"), "not": say("no")}


@spec.command()
def check(
    file: File,
    table: Annotated[list[str] | None, typer.Option(help="Show this table's SELECT alone; may be given again.")] = None,
    dialect: Annotated[str | None, typer.Option(help="Write the SELECTs in this dialect of SQL.")] = None,
    sql: Annotated[bool, typer.Option("--sql/--no-sql", help="Show the SELECTs.")] = True,
    connect: Annotated[
        str | None, typer.Option(help="Try it on this database, read-only: kind://user:password@host/name.")
    ] = None,
    parameter: Given = None,
) -> None:
    """Find every mistake in a spec; show its SELECTs and which marts and templates it feeds. Nothing is written.

    Example: echannel spec check connector_specs/acme.yaml --connect sqlite:///acme.db
    """
    from echannel_connectors.specs.lint import checked

    _said_if_given(connect)
    path = _file(file)
    found = checked(path)
    is_readable = found.spec is not None and all(
        finding.level != "error" or finding in found.doubts.values() for finding in found.findings
    )
    if found.spec is not None and is_readable:
        values = _values(found.spec, parameter, is_real=connect is not None)
        if connect:
            raise typer.Exit(_show_proof(found, values, connect, table))
        if sql:
            _show_selects(found.spec, values, dialect or found.spec.dialect, table)
        _show_feeds(found.spec)
    show.findings(str(path), found.findings)
    raise typer.Exit(_summed_up(found))


@spec.command()
def new(
    name: Annotated[str, typer.Argument(help="The connector's name: small letters, digits and _.")],
    dialect: Annotated[
        str | None,
        typer.Option(
            help="The dialect of SQL that the ERP's database speaks.", show_default="that of --connect, or postgres"
        ),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(help="A core table to begin with; may be given again.", show_default="the usual seven"),
    ] = None,
    connect: Annotated[
        str | None,
        typer.Option(help="Name the tables of this database that look right: kind://user:password@host/name."),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--project", "-p", help="The folder that holds echannel.yaml.", show_default="this folder")
    ] = HERE,
) -> None:
    """Write connector_specs/NAME.yaml, a spec with everything that you know marked FILL_ME. Nothing is overwritten.

    Example: echannel spec new acme --dialect tsql --table orders --table order_lines
    """
    from echannel_connectors.models.core import TABLES
    from echannel_connectors.specs.new import SCHEMA, USUAL, skeleton

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise SettingsError(say("{name!r} is no name for a connector", name=name), hint=say("write it like sage_100"))
    for one in table or ():
        if one not in TABLES:
            raise SettingsError(say("{name!r} is not a core table", name=one), hint=did_you_mean(one, TABLES))
    _said_if_given(connect)
    database = _database(connect) if connect else None
    dialect = dialect or (database.dialect if database else "postgres")
    _known_dialect(dialect)
    target = folder / "connector_specs" / f"{name}.yaml"
    if target.exists():
        raise SettingsError(
            say("{path} is there already", path=target), hint=say("choose another name, or move it away")
        )
    text = skeleton(name, dialect, table or USUAL, _tables_of(database) if database else ())
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("x", encoding="utf-8") as file:
        file.write(text)
    schema = target.with_name(SCHEMA)
    if not schema.exists():  # editors complete and check the spec by it
        shutil.copyfile(specs.shipped("connector_specs") / SCHEMA, schema)
    show.talk(say("Wrote {path}.", path=target))
    show.steps(say("Next:"), [(say("fill it in, then"), f"echannel spec check {target}")])


@spec.command()
def docs(
    file: File,
    language: Annotated[
        Literal["en", "fr"] | None, typer.Option(help="The language of the page.", show_default="that of the terminal")
    ] = None,
) -> None:
    """Describe a connector as a page of Markdown: its tables, keys, columns, codes, parameters and what it feeds.

    Example: echannel spec docs dolibarr --language fr
    """
    from echannel_connectors.specs.docs import page

    if language:
        speak(language)
    found = specs.load(_file(file))
    print(page(found, spoken(), list(_feeds(found))))


# -- what `check` shows ---------------------------------------------------------------------------------------------


def _show_selects(spec: Spec, values: Mapping[str, Scalar], dialect: str, wanted: list[str] | None) -> None:
    """The SELECT of each core table, as SQL that can be copied."""
    for name in wanted or ():
        if name not in spec.tables:
            raise SettingsError(say("the spec has no table {name!r}", name=name), hint=did_you_mean(name, spec.tables))
    for name, text in _selects(spec, values, dialect):
        if not wanted or name in wanted:
            print(f"-- {name}\n{text};\n")


def _selects(spec: Spec, values: Mapping[str, Scalar], dialect: str) -> Iterator[tuple[str, str]]:
    _known_dialect(dialect)
    if spec.runs_in_warehouse:
        from echannel_connectors.models.mapping import warehouse_select

        yield from ((name, warehouse_select(spec, name, dialect)) for name in spec.tables)
        return
    from echannel_connectors.specs.compile import compile_spec

    for name, select in compile_spec(spec, values, dialect).items():
        yield name, select.rows(pretty=True)


def _show_feeds(spec: Spec) -> None:
    """Which marts and templates the spec can feed, and what is missing."""
    rows = [(told(name), told(STATES[feed.state]), told(_missing(feed)), feed.state) for name, feed in _feeds(spec)]
    heads = (say("what"), say("fed"), say("what is missing"))
    _table("feed", say("What this connector feeds"), ("what", "fed", "missing", "state"), rows, heads)


def _feeds(spec: Spec) -> Iterator[tuple[str, Feed]]:
    from echannel_connectors.specs.feeds import mart_feed, marts, provided

    columns = provided(spec)
    yield from ((f"mart.{mart}", mart_feed(mart, columns)) for mart in marts())
    yield from ((say("template {name}", name=feed.name), feed) for feed in _template_feeds(columns))


def _template_feeds(columns: Mapping[str, frozenset[str]]) -> Iterator[Feed]:
    from echannel_connectors.looker.template import find_template, template_names
    from echannel_connectors.specs.feeds import template_feed

    for name in template_names():
        reads: dict[str, list[str]] = {}
        for source in find_template(name).sources.values():
            reads.setdefault(source.mart, []).extend(one.column or field for field, one in source.fields.items())
        yield template_feed(name, reads, columns)


def _missing(feed: Feed) -> str:
    if feed.needs:
        return say("it needs {names}", names=", ".join(feed.needs))
    return ", ".join([*feed.missing_tables, *feed.missing_columns]) or "–"


def _summed_up(found: Checked) -> int:
    from echannel_connectors.specs.lint import FILLED_IN

    errors = sum(finding.level == "error" for finding in found.findings)
    to_fill_in = sum(finding.sentence.endswith(FILLED_IN) for finding in found.findings)
    warnings = sum(finding.level == "warning" for finding in found.findings) - to_fill_in
    if errors:
        show.talk(
            say(
                "The spec is not right yet (errors: {errors:,}, warnings: {warnings:,}).",
                errors=errors,
                warnings=warnings,
            )
        )
        return SETTINGS
    if to_fill_in:
        show.talk(say("Nothing is wrong so far; {n:,} places are still to be filled in.", n=to_fill_in))
    elif warnings:
        show.talk(say("The spec is right; look at the warnings ({n:,}).", n=warnings))
    else:
        show.talk(say("The spec is right."))
    return 0


# -- with a database ------------------------------------------------------------------------------------------------


def _show_proof(found: Checked, values: Mapping[str, Scalar], url: str, wanted: list[str] | None) -> int:
    """What the database says about the spec: rows, months, findings; the exit code."""
    from pydantic import ValidationError

    from echannel_connectors.sources.erp import Erp
    from echannel_connectors.specs.lint import Checked

    spec = found.spec
    assert spec is not None
    if spec.runs_in_warehouse:
        hint = say("name it as a source in echannel.yaml and run echannel check")
        raise SettingsError(say("{name} is no ERP: its spec runs in the warehouse", name=spec.connector), hint=hint)
    try:
        source = Erp(connector=spec.connector, spec=spec, url=url, parameters=values)
    except ValidationError as error:
        raise SettingsError(specs.sentence_of(specs.first_mistake(error), Erp)) from None
    with show.busy(say("asking {name} …", name=source.connector)) as on_event:
        proof = source.prove(doubts=found.doubts, on_event=on_event)
    _show_samples(proof, wanted)
    _show_months(proof)
    settled = {finding for column, finding in found.doubts.items() if column in proof.exact}
    said = (*(finding for finding in found.findings if finding not in settled), *proof.findings)
    show.findings(spec.connector, said)
    return _summed_up(Checked(spec, said))


def _show_samples(proof: Proof, wanted: list[str] | None) -> None:
    """Ten rows of each table at a glance; of the tables that were asked for, with every column."""
    for name, batch in proof.samples.items():
        if wanted and name not in wanted:
            continue
        rows = [list(row.values()) for row in batch.to_pylist()]
        columns = batch.schema.names
        if not sys.stdout.isatty():
            for row in rows:
                print(show.as_json({"kind": "row", "table": name, **dict(zip(columns, row, strict=True))}))
            continue
        show.line(
            say("{table}: the first {n:,} rows", table=name, n=len(rows))
            if rows
            else say("{table}: no rows", table=name)
        )
        if rows and wanted:
            show.records(columns, rows)
        elif rows:
            left = len(columns) - show.glance(columns, rows)
            if left:
                show.line(say("… columns that are not shown: {n:,} (--table {table} shows all)", n=left, table=name))
        print()


def _show_months(proof: Proof) -> None:
    from echannel_connectors.sources.erp.proof import MONTH_COLUMNS

    if not proof.months:
        return
    heads = (
        *(say("month"), say("currency"), say("orders"), say("sold net")),
        *(say("invoiced net"), say("credited net"), say("paid")),
    )
    _table("month", say("By month, to hold against the ERP's own reports"), MONTH_COLUMNS, proof.months, heads)


# -- what the commands share ----------------------------------------------------------------------------------------


def _table(
    kind: str, title: Text, columns: Sequence[str], rows: Sequence[Sequence[object]], heads: Sequence[Text]
) -> None:
    """A table for people; JSON lines that say what they are, because several kinds go to the same pipe."""
    if sys.stdout.isatty():
        show.table(title, columns, rows, heads)
        print()
        return
    for row in rows:
        print(show.as_json({"kind": kind, **dict(zip(columns, row, strict=True))}))


def _file(name: str) -> Path:
    """A spec's file, or that of a connector."""
    path = Path(name)
    if path.suffix or path.is_file():
        return path
    for folder in specs.folders(Path()):
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    raise SettingsError(say("there is no connector {name!r}", name=name), hint=did_you_mean(name, specs.names(Path())))


def _values(spec: Spec, given: list[str] | None, *, is_real: bool) -> dict[str, Scalar]:
    """The parameters that were given, over the defaults; offline, one without either stands for itself."""
    from echannel_connectors.specs.compile import values_of
    from echannel_connectors.specs.lint import sample_values

    parsed: dict[str, Scalar] = {}
    for pair in given or ():
        name, equals, value = pair.partition("=")
        if not equals:
            raise SettingsError(say("{pair!r} is no parameter", pair=pair), hint=say("write name=value"))
        default = spec.parameters[name].default if name in spec.parameters else None
        parsed[name] = _like(default, value)
    return values_of(spec, parsed) if is_real and not spec.runs_in_warehouse else sample_values(spec, parsed)


def _known_dialect(name: str) -> None:
    from sqlglot import Dialect

    if name not in Dialect.classes:
        sentence = say("{name!r} is no dialect of SQL that is known", name=name)
        raise SettingsError(sentence, hint=did_you_mean(name, [one for one in Dialect.classes if one]))


def _said_if_given(url: str | None) -> None:
    """`--connect "$ACME_URL"` where the variable is not set asks no database, and must not look as if it had."""
    if url == "":
        raise SettingsError(say("--connect got nothing"), hint=say("is the variable that holds the url set?"))


def _database(url: str) -> Database:
    from echannel_connectors.sources.erp.kinds import Address
    from echannel_connectors.sources.erp.reader import Database

    return Database(Address.of(url))


def _tables_of(database: Database) -> list[str]:
    """The ERP's tables as its SQL has to write them."""
    return [
        ".".join(_written(str(part), database.dialect) for part in ((name,) if is_enough else (schema, name)))
        for schema, name, is_enough, _ in database.values(database.address.kind.tables)
        if str(schema).lower() not in SYSTEM
    ]


def _written(name: str, dialect: str) -> str:
    """A name between quotation marks where the database would take it for another one without them."""
    from sqlglot import Dialect, exp

    from echannel_connectors.specs.compile import FOLDING

    is_folded = dialect in FOLDING and Dialect.get_or_raise(dialect).case_sensitive(name)
    is_plain = re.fullmatch(r"[^\W\d]\w*", name) and not is_folded
    return exp.to_identifier(name, quoted=not is_plain).sql(dialect)


def _like(default: Scalar | None, text: str) -> Scalar:
    """What was typed, as the kind of value that the parameter has by default."""
    if isinstance(default, bool):
        return text.lower() in ("true", "yes", "1")
    is_number = isinstance(default, int) or default is None
    return int(text) if is_number and text.isdecimal() and str(int(text)) == text else text
