"""What is sent: statements in BigQuery's words with their values, and tables with their descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import groupby
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

from echannel_connectors.destinations import commit
from echannel_connectors.destinations.bigquery import layout
from echannel_connectors.destinations.bigquery.books import Change
from echannel_connectors.destinations.bigquery.refusals import Absent, clear_errors
from echannel_connectors.destinations.bigquery.service import Service
from echannel_connectors.destinations.bigquery.sharing import shared
from echannel_connectors.destinations.bigquery.words import BOOKS, Names, translated, written, zones_of_columns
from echannel_connectors.google_login import bigquery_client
from echannel_connectors.models.core import TABLES

DATASETS = {
    "raw": "The sources' own rows and the library's books. Holds personal data: for as few people as possible.",
    "core": "The company's customers, products, orders and so on, the same whatever the source.",
    "": "What people look at: one table per question, without personal data. Give viewers this dataset alone.",
}
FIT = re.compile(r"[A-Za-z_]\w*")  # a column's name, as BigQuery takes it
MOST_CHARACTERS = 1024  # of a column's description
DEFINITIONS = (exp.Create, exp.Drop, exp.Alter)


def bound(sql: str, values: Any, names: Names) -> tuple[str, Any, dict[str, str]]:
    """A SELECT with its values by name (`$name`, `$1`) or in their order (`?`), and the names of its columns that
    BigQuery would not take, by those that they have meanwhile."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    found: Any = list(values)
    numbered = any(one.name.isdigit() for one in tree.find_all(exp.Placeholder))
    if isinstance(values, dict) or numbered:
        found = _bind(tree, values if isinstance(values, dict) else dict(_numbered(values)), "")
    renamed = {}
    for n, name in enumerate(name for name in _columns(tree) if not FIT.fullmatch(name) and name != "*"):
        renamed[f"column_{n}"] = name
    meanwhile = {name: other for other, name in renamed.items()}
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", meanwhile.get(identifier.name, identifier.name))
    return written(tree, names), found, renamed


def _columns(tree: exp.Expr) -> list[str]:
    return tree.named_selects if isinstance(tree, exp.Query) else []


def _numbered(values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    return ((str(n), value) for n, value in enumerate(values, 1))


def _bind(tree: exp.Expr, values: Any, mark: str) -> dict[str, Any]:
    """The statement's values under names of its own; NULL is written into it, as a value without a type."""
    found = {}
    for placeholder in list(tree.find_all(exp.Placeholder)):
        name = placeholder.name
        if values.get(name) is None:
            placeholder.replace(exp.Null())
        else:
            own = f"{'value_' if name.isdigit() else ''}{name}{mark}"
            found[own] = values[name]
            placeholder.set("this", own)
    return found


def send(service: Service, names: Names, changes: Sequence[Change]) -> None:
    """Books' changes in one transaction. Where tables are made, which a transaction cannot, one script in order: the
    last thing it notes is that they are made, so that a script that stops half-way is done again by the next run."""
    trees: list[exp.Expr] = []
    values: dict[str, Any] = {}
    for n, change in enumerate(changes):
        tree = sqlglot.parse_one(change.sql, read="duckdb")
        values.update(_bind(tree, change.values, f"_{n}"))
        if isinstance(tree, DEFINITIONS) and change.books:
            service.run(written(tree, names))
        else:
            trees.append(tree)
    described = _comments(trees)
    asked = [tree for tree in trees if not isinstance(tree, exp.Comment)]
    if large := [_laid_out(tree.copy(), described, names) for tree in asked if _reads_much(tree)]:
        service.afford(large)
    if any(isinstance(tree, DEFINITIONS) for tree in asked):
        service.run(";\n".join(script(trees, names)) + ";", values)
    elif len(asked) == 1:
        service.run(written(asked[0], names), values)
    elif asked:
        service.transaction([written(tree, names) for tree in asked], values)
    _describe(service, names, described)


def script(given: Iterable[exp.Expr], names: Names) -> list[str]:
    """Statements that make tables: each after the views that it shares, with its layout and description; rows that are
    changed in between in one transaction."""
    trees = list(given)
    described = _comments(trees)
    trees = [tree for tree in trees if not isinstance(tree, exp.Comment)]
    for tree in trees:
        zones_of_columns(tree)  # while it still tells what it reads
    texts = []
    for _, group in groupby(shared(trees), _is_for_good):
        part = list(group)
        changes = [n for n, tree in enumerate(part) if not isinstance(tree, DEFINITIONS)]
        written_out = [_laid_out(tree, described, names) for tree in part]
        if len(changes) > 1:  # with the temporary tables between them
            written_out[changes[0] : changes[0]] = ["BEGIN TRANSACTION"]
            written_out[changes[-1] + 2 : changes[-1] + 2] = ["COMMIT TRANSACTION"]
        texts += written_out
    return texts


def _is_for_good(tree: exp.Expr) -> bool:
    """Whether a statement is one that a transaction cannot hold: it makes what is no temporary table."""
    return isinstance(tree, DEFINITIONS) and not tree.find(exp.TemporaryProperty)


def alone(given: Iterable[str], names: Names) -> list[str]:
    """Statements as each would run by itself, to ask what they cost."""
    trees = [sqlglot.parse_one(sql, read="duckdb") for sql in given]
    described = _comments(trees)
    return [_laid_out(tree, described, names) for tree in trees if not isinstance(tree, exp.Comment)]


Described = dict[str, dict[str, str]]  # table → column → its description; the table's own under ""


def _comments(trees: Iterable[exp.Expr]) -> Described:
    """What COMMENT ON says of the marts: BigQuery is told in another way."""
    found: Described = {}
    for tree in trees:
        if isinstance(tree, exp.Comment):
            parts = [part.name for part in tree.this.parts]
            table, column = (parts, "") if tree.args["kind"] == "TABLE" else (parts[:-1], parts[-1])
            found.setdefault(".".join(table), {})[column] = tree.expression.name
    return found


def _describe(service: Service, names: Names, described: Described) -> None:
    """The columns' descriptions, by the API: it costs nothing, and needs no types."""

    def describe(table: str) -> None:
        there = service.table(names.table_id(*table.split(".")))
        if there is not None:
            told = [field.to_api_repr() for field in there.schema]
            for field in told:
                field["description"] = described[table].get(field["name"], "")[:MOST_CHARACTERS]
            there.schema = [bigquery_client().SchemaField.from_api_repr(field) for field in told]
            service.call("update_table", there, ["schema"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(describe, described))


def _makes_a_table(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Create) and bool(tree.args.get("replace")) and not tree.args.get("properties")


def _reads_much(tree: exp.Expr) -> bool:
    """Whether a statement makes a table or some months of a mart, from others that are there."""
    is_change = isinstance(tree, exp.Insert | exp.Delete) and isinstance(tree.this, exp.Table)  # no rows into columns
    return _makes_a_table(tree) or (is_change and tree.this.db == "mart")


def _columns_made(select: exp.Expr) -> list[str]:
    """The columns of a query, those of a subquery that it takes whole among them."""
    from_ = select.args.get("from_")
    inner = _columns_made(from_.this.this) if from_ is not None and isinstance(from_.this, exp.Subquery) else []
    return [column for name in _columns(select) for column in (inner if name == "*" else [name])]


def _target(tree: exp.Expr) -> str:
    return f"{tree.this.db}.{tree.this.name}" if isinstance(tree, exp.Create) else ""


def _laid_out(tree: exp.Expr, described: Described, names: Names) -> str:
    if not _makes_a_table(tree):
        return written(tree, names)
    schema, _, name = _target(tree).partition(".")
    if schema == "core" and name in TABLES:
        columns = ["source", *TABLES[name].types, *_columns_made(tree.expression)]
        description = f"One row per source and {', '.join(TABLES[name].key)}. Rows with _deleted_at are gone."
    else:
        columns = _columns_made(tree.expression)
        description = described.get(f"{schema}.{name}", {}).get("", "")
    target = names.table(schema, name).sql("bigquery")
    select = written(tree.expression, names)
    return f"CREATE OR REPLACE TABLE {target} {layout.options(description, columns)} AS {select}"


# -- the books ------------------------------------------------------------------------------------------------------


def make_books(service: Service, names: Names, there: frozenset[str]) -> None:
    """Those of the library's own tables that are not there yet; the datasets are."""
    trees = [sqlglot.parse_one(sql, read="duckdb") for sql in commit.BOOKS if not sql.startswith("CREATE SCHEMA")]
    made = [written(tree, names) for tree in trees if f"{BOOKS}{tree.this.this.name}" not in there]
    if made:
        service.run(";\n".join(made) + ";")


def migrate(service: Service, names: Names, steps: Iterable[str]) -> None:
    service.run(";\n".join(translated(sql, names) for sql in steps) + ";")


def note_version(service: Service, names: Names) -> None:
    forget = "DELETE FROM echannel.meta WHERE name = 'schema_version'"
    note = f"INSERT INTO echannel.meta VALUES ('schema_version', '{commit.SCHEMA_VERSION}')"
    service.transaction([translated(forget, names), translated(note, names)])


def catalogue(service: Service, names: Names, *, columns: bool) -> pa.Table:
    """The library's tables as `information_schema.tables` has them, or their columns as `.columns` has."""
    found: list[tuple[str, str, str]] = []
    for schema in ("raw", "core", "mart"):
        with suppress(Absent):
            for table in service.call("list_tables", f"{names.project}.{names.dataset_of(schema)}"):
                name = table.table_id
                is_book = schema == "raw" and name.startswith(BOOKS)
                if not name.startswith("_"):
                    found.append((schema, name, "echannel" if is_book else schema))
    rows = [{"table_schema": shown, "table_name": name.removeprefix(BOOKS)} for _, name, shown in found]
    if not columns:
        return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("table_schema", "table_name")]))
    with ThreadPoolExecutor(8) as pool:
        tables = list(
            pool.map(service.table, [f"{names.project}.{names.dataset_of(one[0])}.{one[1]}" for one in found])
        )
    cells = [
        {**row, "column_name": field.name, "ordinal_position": n, "data_type": layout.told_type(field)}
        for row, table in zip(rows, tables, strict=True)
        for n, field in enumerate(table.schema if table else (), 1)
    ]
    kinds = {name: pa.string() for name in ("table_schema", "table_name", "column_name", "data_type")}
    return pa.Table.from_pylist(cells, pa.schema({**kinds, "ordinal_position": pa.int64()}))


# -- answers --------------------------------------------------------------------------------------------------------


def reader(job: Any, renamed: dict[str, str]) -> pa.RecordBatchReader:  # of a bigquery.QueryJob that is done
    """The rows of a result, page by page, under the names that were asked for."""
    with clear_errors():
        rows = job.result()
        if not rows.total_rows:
            nothing = rows.to_arrow(create_bqstorage_client=False)
            names = [renamed.get(name, name) for name in nothing.schema.names]
            return nothing.rename_columns(names).to_reader()
        pages = iter(rows.to_arrow_iterable())
        first = next(pages)
    names = [renamed.get(name, name) for name in first.schema.names]

    def batches() -> Iterator[pa.RecordBatch]:
        yield first.rename_columns(names)
        with clear_errors():
            yield from (page.rename_columns(names) for page in pages)

    return pa.RecordBatchReader.from_batches(first.rename_columns(names).schema, batches())
