"""A commit as one script: move the position, merge what was staged, mark what is gone; all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

from echannel_connectors.destinations import commit
from echannel_connectors.destinations.bigquery.layout import Partitions, sql_type
from echannel_connectors.destinations.bigquery.refusals import MOVED
from echannel_connectors.destinations.bigquery.words import Names, as_is, written
from echannel_connectors.streams import Batch, Shape

SET_ASIDE = "INSERT INTO echannel.set_aside VALUES ($stream, $key, $column, $value, $reason, now())"
# Nothing else in the transaction counts when another run has moved the position.
GUARD = f"""SELECT IF(
    (SELECT count(*) FROM echannel.slices WHERE stream = $stream AND slice = $slice AND commits = $number - 1) = 1,
    1, ERROR('{MOVED}'))"""


# What is known of a stream while nothing in it changes: the digest of each slice's last batch, and of the keys that
# were last found to be all there. Who sends the same again has nothing to merge or to look for.
SAME = "SELECT 1 FROM echannel.meta WHERE name = $name AND value = $digest"
FORGET_ONE = "DELETE FROM echannel.meta WHERE name = $name"
NOTE_ONE = "INSERT INTO echannel.meta VALUES ($name, $digest)"
FORGET_KNOWN = "DELETE FROM echannel.meta WHERE (name = $keys OR starts_with(name, $rows))"
# Rows have changed: core and marts do not show them yet. (What was known of the stream is no longer.)
CHANGED = commit.CHANGED.replace("now()", "$now").replace("$name", "$table")
TOUCHED = "<touched>"  # in a translated statement: the condition on the partitions that a batch touches


def known_of(shape: Shape) -> dict[str, str]:
    """The names under which digests of a stream are kept: of its keys, and the beginning of those of its rows."""
    return {"keys": f"keys of {shape.name}", "rows": f"rows of {shape.name} ", "table": f"raw.{shape.name}"}


def forgetting(shape: Shape) -> tuple[str, dict[str, str]]:
    """Forget what is known of a stream."""
    known = known_of(shape)
    return FORGET_KNOWN, {name: known[name] for name in ("keys", "rows")}


def statements(names: Names, shape: Shape, batch: Batch, staged: str | None) -> list[str]:
    """What a commit runs in its transaction, for `@stream`, `@slice`, `@number`, `@position`, `@now` and `@whole`, and
    `@keys`, `@rows`, `@name` and `@digest` of what is known from then on."""
    found = [_written(GUARD, names), _written(commit.MOVE, names)]
    if staged is not None:
        touched = Partitions.of(shape).touched(batch.rows)
        found.append(_merge(names, shape, staged, touched))
        if batch.whole:
            # What is swept as well need not be looked for everywhere: the lines of an order lie near each other.
            near = f" AND {touched}" if shape.deletes == "sweep" else ""
            found.append(_written(commit.gone_of_groups(shape), names, {"incoming": staged}) + near)
        changed = f"EXISTS (SELECT 1 FROM raw.{commit.quoted(shape.name)} AS t WHERE _changed_at = $now)"
        found.append(_written(f"{FORGET_KNOWN} AND {changed}", names))
        noted = CHANGED.replace("VALUES (", "SELECT ").removesuffix(")")
        found.append(_written(f"{noted} FROM (SELECT 1 AS one) AS o WHERE {changed}", names))
        found += [_written(FORGET_ONE, names), _written(NOTE_ONE, names)]
    return found


def changed(names: Names, shape: Shape) -> str:
    """How many rows a commit has changed, by its moment."""
    return _written(f"SELECT count(*) AS changed FROM {commit.raw_table(shape.name)} WHERE _changed_at = $now", names)


def aside(names: Names, batch: Batch, values: dict[str, Any]) -> list[str]:
    """The rows that do not fit, into their book; their values join the script's."""
    found = []
    for n, bad in enumerate(batch.set_aside):
        sql = SET_ASIDE
        for name in ("key", "column", "value", "reason"):
            values[f"{name}_{n}"] = getattr(bad, name)
            sql = sql.replace(f"${name},", f"${name}_{n},")
        found.append(_written(sql, names))
    return found


def gone(names: Names, shape: Shape, present: str) -> tuple[str, str]:
    """What counts the live rows and those that the source no longer has, and what marks these."""
    create = sqlglot.parse_one(commit.gone(shape), read="duckdb")
    missing = create.expression.sql("duckdb")
    count = f"SELECT ({commit.live(shape)}) AS live, (SELECT count(*) FROM ({missing}) AS gone) AS missing"
    marked = commit.mark_deleted(shape).replace("FROM gone AS s", f"FROM ({missing}) AS s")
    tables = {"present": present}
    return _written(count, names, tables), _written(marked, names, tables)


def widened(names: Names, shape: Shape, new: Iterable[Any]) -> str:  # of bigquery's SchemaFields
    """A raw table with more columns."""
    table = names.table("raw", shape.name).sql("bigquery")
    added = [f"ADD COLUMN IF NOT EXISTS `{field.name}` {sql_type(field)}" for field in new]
    return f"ALTER TABLE {table} {', '.join(added)}"


def retyped(names: Names, shape: Shape, changes: Mapping[str, str]) -> str:
    """A raw table made anew, in which some columns have another type: what was in them fits or becomes NULL."""
    table = names.table("raw", shape.name).sql("bigquery")
    columns = [f"{value} AS `{name}`" for name, value in changes.items()]
    keys = ", ".join(f"`{name}`" for name in shape.key[:4])
    return (
        f"CREATE OR REPLACE TABLE {table} {Partitions.of(shape).sql()} CLUSTER BY {keys} "
        f"AS SELECT * REPLACE ({', '.join(columns)}) FROM {table}"
    )


def _merge(names: Names, shape: Shape, staged: str, touched: str) -> str:
    """MERGE of the staged rows into the touched partitions; lists are compared by their JSON."""
    lists = frozenset(field.name for field in shape.columns if pa.types.is_list(field.type))
    text = _merge_of(commit.merge(shape), names, lists, is_everywhere=touched == "TRUE")
    return _with_tables(text, {"numbered": staged}).replace(TOUCHED, touched)


@lru_cache(maxsize=256)
def _merge_of(sql: str, names: Names, lists: frozenset[str], *, is_everywhere: bool) -> str:
    tree = sqlglot.parse_one(sql, read="duckdb")
    for differs in list(tree.find_all(exp.NullSafeNEQ)):
        if differs.this.name in lists:
            for side in (differs.this, differs.expression):
                side.replace(exp.func("TO_JSON_STRING", side.copy()))
    if not is_everywhere:
        tree.set("on", exp.and_(tree.args["on"], as_is(TOUCHED)))
    return _of(tree, names, frozenset({"numbered"}))


def _written(sql: str, names: Names, tables: Mapping[str, str] | None = None) -> str:
    return _with_tables(_translated(sql, names, frozenset(tables or ())), tables or {})


@lru_cache(maxsize=256)
def _translated(sql: str, names: Names, relations: frozenset[str]) -> str:
    """A commit says the same as the one before, but for where its rows are staged: translated once."""
    return _of(sqlglot.parse_one(sql, read="duckdb"), names, relations)


def _of(tree: exp.Expr, names: Names, relations: frozenset[str]) -> str:
    """The statement with the transaction's own moment, and a mark for each of the batch's relations."""
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "now":
            call.replace(exp.Placeholder(this="now"))
    for table in list(tree.find_all(exp.Table)):
        if not table.db and table.name in relations:
            table.set("this", exp.to_identifier(_mark(table.name), quoted=True))
    return written(tree, names)


def _mark(relation: str) -> str:
    return f"<{relation}>"


def _with_tables(text: str, tables: Mapping[str, str]) -> str:
    """The statement with the tables in which the batch's relations were staged."""
    for relation, table_id in tables.items():
        text = text.replace(f"`{_mark(relation)}`", ".".join(f"`{part}`" for part in table_id.split(".")))
    return text
