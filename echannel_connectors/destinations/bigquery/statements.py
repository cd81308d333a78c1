"""What is sent: statements in BigQuery's words with their values, and tables with their descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
from echannel_connectors.models.core import TABLES

DATASETS = {
    "raw": "The sources' own rows and the library's books. Holds personal data: for as few people as possible.",
    "core": "The company's customers, products, orders and so on, the same whatever the source.",
    "": "What people look at: one table per question, without personal data. Give viewers this dataset alone.",
}
COMMENTS = re.compile(r"\A\s*CREATE OR REPLACE TABLE \S+ AS\s*((?:/\*.*?\*/\s*)+)", re.DOTALL)
DEFINITIONS = (exp.Create, exp.Drop, exp.Alter)


def bound(sql: str, values: Any, names: Names) -> tuple[str, Any]:
    """A statement with its values by name, or in their order: `@name` and `?`."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    found = _bind(tree, values, "") if isinstance(values, dict) else list(values)
    return written(tree, names), found


def _bind(tree: exp.Expr, values: Any, mark: str) -> dict[str, Any]:
    """The statement's values under names of its own; NULL is written into it, as a value without a type."""
    found = {}
    for placeholder in list(tree.find_all(exp.Placeholder)):
        name = placeholder.name
        if values.get(name) is None:
            placeholder.replace(exp.Null())
        else:
            found[f"{name}{mark}"] = values[name]
            placeholder.set("this", f"{name}{mark}")
    return found


def send(service: Service, names: Names, changes: Sequence[Change]) -> None:
    """Books' changes in one transaction. Where tables are made, which a transaction cannot, one script in order: the
    last thing it notes is that they are made, so that a script that stops half-way is done again by the next run."""
    trees, values = [], {}
    for n, change in enumerate(changes):
        tree = sqlglot.parse_one(change.sql, read="duckdb")
        values.update(_bind(tree, change.values, f"_{n}"))
        trees.append((tree, change))
    for tree, change in trees:
        if isinstance(tree, DEFINITIONS) and change.books:
            service.run(written(tree, names))
    rest = [(tree, change) for tree, change in trees if not (isinstance(tree, DEFINITIONS) and change.books)]
    if any(isinstance(tree, DEFINITIONS) for tree, _ in rest):
        service.afford(alone([change.sql for _, change in rest if not change.books], names))
        service.run(";\n".join(script(rest, names)) + ";", values)
    elif len(rest) == 1:
        service.run(written(rest[0][0], names), values)
    elif rest:
        service.transaction([written(tree, names) for tree, _ in rest], values)


def script(changes: Iterable[tuple[exp.Expr, Change]], names: Names) -> list[str]:
    """Statements that make tables: after the views that they share, each table with its layout and description."""
    texts: dict[str, str] = {}
    trees = []
    for tree, change in changes:
        zones_of_columns(tree)  # while it still tells what it reads
        trees.append(tree)
        if _makes_a_table(tree):
            texts[_target(tree)] = change.sql
    return [_laid_out(tree, texts, names) for tree in shared(trees)]


def alone(given: Iterable[str], names: Names) -> list[str]:
    """Statements as each would run by itself, to ask what they cost."""
    found = []
    for sql in given:
        tree = sqlglot.parse_one(sql, read="duckdb")
        found.append(_laid_out(tree, {_target(tree): sql}, names) if _makes_a_table(tree) else written(tree, names))
    return found


def _makes_a_table(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Create) and bool(tree.args.get("replace")) and not tree.args.get("properties")


def _target(tree: exp.Expr) -> str:
    return f"{tree.this.db}.{tree.this.name}" if isinstance(tree, exp.Create) else ""


def _laid_out(tree: exp.Expr, texts: dict[str, str], names: Names) -> str:
    if not _makes_a_table(tree):
        return written(tree, names)
    schema, _, name = _target(tree).partition(".")
    if schema == "core" and name in TABLES:
        columns = ["source", *TABLES[name].types]
        description = f"One row per source and {', '.join(TABLES[name].key)}. Rows with _deleted_at are gone."
    else:
        columns = tree.expression.named_selects
        description = _comment(texts[f"{schema}.{name}"])
    target = names.table(schema, name).sql("bigquery")
    select = written(tree.expression, names)
    return f"CREATE OR REPLACE TABLE {target} {layout.options(description, columns)} AS {select}"


def _comment(sql: str) -> str:
    """The words above a mart's SELECT, which say what its rows are."""
    found = COMMENTS.match(sql)
    return "\n".join(part.strip() for part in re.findall(r"/\*(.*?)\*/", found[1], re.DOTALL)) if found else ""


# -- the books ------------------------------------------------------------------------------------------------------


def make_books(service: Service, names: Names) -> None:
    """The library's own tables, as `commit.BOOKS` has them; the datasets are there already."""
    made = [translated(sql, names) for sql in commit.BOOKS if not sql.startswith("CREATE SCHEMA")]
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
        {**row, "column_name": field.name, "ordinal_position": n, "data_type": layout.sql_type(field)}
        for row, table in zip(rows, tables, strict=True)
        for n, field in enumerate(table.schema if table else (), 1)
    ]
    kinds = {name: pa.string() for name in ("table_schema", "table_name", "column_name", "data_type")}
    return pa.Table.from_pylist(cells, pa.schema({**kinds, "ordinal_position": pa.int64()}))


# -- answers --------------------------------------------------------------------------------------------------------


def reader(job: Any) -> pa.RecordBatchReader:  # of a bigquery.QueryJob that is done
    """The rows of a result, page by page."""
    with clear_errors():
        rows = job.result()
        if not rows.total_rows:
            return rows.to_arrow(create_bqstorage_client=False).to_reader()
        pages = iter(rows.to_arrow_iterable())
        first = next(pages)

    def batches() -> Iterator[pa.RecordBatch]:
        yield first
        with clear_errors():
            yield from pages

    return pa.RecordBatchReader.from_batches(first.schema, batches())
