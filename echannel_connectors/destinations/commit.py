"""What a commit is, as SQL: create, add columns, merge by key, mark deletes, move the position.

Written once in DuckDB's dialect; `{name}`s are quoted identifiers made here, values are always parameters.
The batch itself is offered by the warehouse as a relation named `incoming`, and to a merge, with its row numbers, as
`numbered`; the keys of a sweep as `present`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from echannel_connectors.arrow import sql_type
from echannel_connectors.streams import Shape

SCHEMA_VERSION = 1

# Each entry brings a warehouse from the version before to the one named; they run in one transaction.
MIGRATIONS: dict[int, tuple[str, ...]] = {}

BOOKS = (
    "CREATE SCHEMA IF NOT EXISTS raw",
    "CREATE SCHEMA IF NOT EXISTS core",
    "CREATE SCHEMA IF NOT EXISTS mart",
    "CREATE SCHEMA IF NOT EXISTS echannel",
    "CREATE TABLE IF NOT EXISTS echannel.meta (name VARCHAR, value VARCHAR)",
    """CREATE TABLE IF NOT EXISTS echannel.slices (
        stream VARCHAR, slice VARCHAR, bounds VARCHAR, once BOOLEAN,
        position VARCHAR, commits BIGINT, committed_at TIMESTAMP WITH TIME ZONE)""",
    """CREATE TABLE IF NOT EXISTS echannel.streams (
        source VARCHAR, stream VARCHAR, last_success TIMESTAMP WITH TIME ZONE, swept_at TIMESTAMP WITH TIME ZONE,
        rows BIGINT, failures BIGINT, note VARCHAR)""",
    """CREATE TABLE IF NOT EXISTS echannel.runs (
        run_id VARCHAR, started_at TIMESTAMP WITH TIME ZONE, finished_at TIMESTAMP WITH TIME ZONE, status VARCHAR,
        rows_read BIGINT, rows_changed BIGINT, rows_deleted BIGINT, set_aside BIGINT, seconds DECIMAL(18, 3),
        requests BIGINT, source_seconds DECIMAL(18, 3), bytes BIGINT, error VARCHAR, library_version VARCHAR)""",
    "CREATE TABLE IF NOT EXISTS echannel.notes (source VARCHAR, notes VARCHAR)",
    """CREATE TABLE IF NOT EXISTS echannel.set_aside (
        stream VARCHAR, key VARCHAR, column_name VARCHAR, value VARCHAR, reason VARCHAR,
        found_at TIMESTAMP WITH TIME ZONE)""",
    # What core and marts do not show yet.
    """CREATE TABLE IF NOT EXISTS echannel.changes (
        name VARCHAR, changed_at TIMESTAMP WITH TIME ZONE, whole BOOLEAN)""",
    # What reports miss in the marts, found after the last build.
    """CREATE TABLE IF NOT EXISTS echannel.templates (
        template VARCHAR, fields BIGINT, problems BIGINT, empty_tables BIGINT, note VARCHAR)""",
    # What lay in stock on each day: no source can be asked for it again.
    """CREATE TABLE IF NOT EXISTS echannel.stock_snapshots (
        date DATE, source VARCHAR, product_id VARCHAR, variant_id VARCHAR, warehouse_id VARCHAR,
        on_hand DECIMAL(18, 6), available DECIMAL(18, 6), unit_cost DECIMAL(18, 6), unit_cost_currency VARCHAR)""",
)

COLUMNS = """SELECT column_name, data_type FROM information_schema.columns
             WHERE table_schema = 'raw' AND table_name = $table ORDER BY ordinal_position"""
PLANNED = "INSERT INTO echannel.slices VALUES ($stream, $slice, $bounds, $once, NULL, 0, NULL)"
PROGRESS = "SELECT slice, bounds, once, position, commits FROM echannel.slices WHERE stream = $stream ORDER BY slice"
FORGET = "DELETE FROM echannel.slices WHERE stream = $stream"
MOVE = """UPDATE echannel.slices SET position = $position, commits = $number, committed_at = now()
          WHERE stream = $stream AND slice = $slice AND commits = $number - 1"""
KNOWN_SOURCES = "CREATE TABLE IF NOT EXISTS echannel.sources (name VARCHAR, connector VARCHAR)"
# What has changed since core and marts were built, noted in the transaction that changes it: the rows of a raw table by
# their moment (or something as a whole).
CHANGED = "INSERT INTO echannel.changes VALUES ($name, now(), FALSE)"
# Moments as text: Arrow would load pandas to make them Python's.
CHANGES = "SELECT DISTINCT CAST(changed_at AS VARCHAR) AS moment FROM echannel.changes"
SEEN = "DELETE FROM echannel.changes WHERE CAST(changed_at AS VARCHAR) IN (SELECT unnest($moments))"
# What each table was made by.
SIGNS = "SELECT value FROM echannel.meta WHERE name = 'built'"
UNSIGNED = "DELETE FROM echannel.meta WHERE name = 'built'"
SIGNED = "INSERT INTO echannel.meta VALUES ('built', $signs)"
SIGNED_INSTEAD = "UPDATE echannel.meta SET value = $signs WHERE name = 'built' AND value = $begun"
FINISHED_RUN = """INSERT INTO echannel.runs VALUES ($run_id, $started_at, $finished_at, $status, $rows_read,
    $rows_changed, $rows_deleted, $set_aside, $seconds, $requests, $source_seconds, $bytes, $error, $library_version)"""


def changed_wholly(name: str) -> tuple[str, Mapping[str, Any]]:
    """Note that a table has changed in a way that no moment of its rows tells."""
    return "INSERT INTO echannel.changes VALUES ($name, $now, TRUE)", {"name": name, "now": datetime.now(UTC)}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def raw_table(stream: str) -> str:
    return f"raw.{quoted(stream)}"


def create(shape: Shape, *, with_zstd: bool = False) -> str:
    """The raw table. Texts of a key hardly repeat: zstd writes them in half the time of DuckDB's own choice."""
    zstd = _texts_of_key(shape) if with_zstd else ()
    columns = ", ".join(
        f"{quoted(field.name)} {sql_type(field.type)}{' USING COMPRESSION zstd' if field.name in zstd else ''}"
        for field in shape.columns
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {raw_table(shape.name)} ({columns}, "
        "_changed_at TIMESTAMP WITH TIME ZONE, _deleted_at TIMESTAMP WITH TIME ZONE)"
    )


def add_columns(shape: Shape, existing: Iterable[str]) -> list[str]:
    """Columns are only ever added: one that a source lost stays and becomes NULL in new rows."""
    known = {name.lower() for name in existing}
    return [
        f"ALTER TABLE {raw_table(shape.name)} ADD COLUMN {quoted(field.name)} {sql_type(field.type)}"
        for field in shape.columns
        if field.name.lower() not in known
    ]


def retype_columns(shape: Shape, existing: Mapping[str, str]) -> list[str]:
    """Columns that a source now gives another type (a shop's upgrade does): what was in them fits or becomes NULL."""
    known = {name.lower(): _plain(kind) for name, kind in existing.items()}
    statements = []
    for field in shape.columns:
        now, name = sql_type(field.type), quoted(field.name)
        before = known.get(field.name.lower(), _plain(now))
        if before != _plain(now):
            # A list of records has no sensible text form, and the other way round.
            value = "NULL" if "STRUCT" in before + now else f"TRY_CAST({name} AS {now})"
            table, other = raw_table(shape.name), quoted(f"{field.name} as {now}")
            if before == "VARCHAR":  # it may be compressed in a way that is for texts alone, as those of keys are
                statements += [
                    f"ALTER TABLE {table} ADD COLUMN {other} {now}",
                    f"UPDATE {table} SET {other} = {value}",
                    f"ALTER TABLE {table} DROP COLUMN {name}",
                    f"ALTER TABLE {table} RENAME COLUMN {other} TO {name}",
                ]
            else:
                using = f"CAST({value} AS {now})"
                statements.append(f"ALTER TABLE {table} ALTER COLUMN {name} SET DATA TYPE {now} USING {using}")
    return statements


def _texts_of_key(shape: Shape) -> list[str]:
    return [name for name in shape.key if pa.types.is_string(shape.columns.field(name).type)]


def _plain(kind: str) -> str:
    return kind.replace('"', "").replace(" ", "").upper()


def row_count(shape: Shape) -> str:
    """How many rows are there, whether marked as deleted or not. (DuckDB need not read any to tell.)"""
    return f"SELECT count(*) FROM {raw_table(shape.name)}"


def is_new(shape: Shape, *, distinct: bool) -> str:
    """Whether no key of the batch is in the table, and none comes twice (already known where the batch is `distinct`):
    then it can be inserted as it is, which takes a fraction of the time of a merge. DuckDB looks only where such keys
    could be, by the smallest and largest of each row group."""
    key = ", ".join(quoted(name) for name in shape.key)
    once = f"(SELECT count(*) FROM incoming) = (SELECT count(*) FROM (SELECT DISTINCT {key} FROM incoming))"
    absent = f"(SELECT count(*) FROM {raw_table(shape.name)} AS t WHERE {_is_in('incoming', shape)}) = 0"
    return f"SELECT {absent}" if distinct else f"SELECT {once} AND {absent}"


def insert(shape: Shape) -> str:
    """All rows of a batch whose keys are new."""
    names = ", ".join(quoted(name) for name in shape.columns.names)
    return f"INSERT INTO {raw_table(shape.name)} ({names}, _changed_at) SELECT {names}, now() FROM incoming"


def merge(shape: Shape) -> str:
    """Insert new keys, rewrite rows that really differ, revive rows that were marked as deleted."""
    names = [quoted(name) for name in shape.columns.names]
    key = [quoted(name) for name in shape.key]
    others = [name for name in names if name not in key]
    differs = " OR ".join(["t._deleted_at IS NOT NULL", *(f"t.{name} IS DISTINCT FROM s.{name}" for name in others)])
    sets = ", ".join([*(f"{name} = s.{name}" for name in others), "_changed_at = now()", "_deleted_at = NULL"])
    # The last occurrence wins: a row that changed while it was read comes twice in one batch.
    newest = f"SELECT * FROM numbered QUALIFY row_number() OVER (PARTITION BY {', '.join(key)} ORDER BY _row DESC) = 1"
    return f"""MERGE INTO {raw_table(shape.name)} AS t USING ({newest}) AS s ON {_same(key)}
        WHEN MATCHED AND ({differs}) THEN UPDATE SET {sets}
        WHEN NOT MATCHED THEN INSERT ({", ".join(names)}, _changed_at)
            VALUES ({", ".join(f"s.{name}" for name in names)}, now())"""


def gone(shape: Shape) -> str:
    """The keys of the live rows that the source no longer has, looked for once, as a relation named `gone`."""
    key = ", ".join(quoted(name) for name in shape.key)
    return f"""CREATE OR REPLACE TEMP TABLE gone AS SELECT {key} FROM {raw_table(shape.name)} AS t
        WHERE t._deleted_at IS NULL AND NOT {_is_in("present", shape)}"""


def live(shape: Shape) -> str:
    """How many rows are there, those marked as deleted left out."""
    return f"SELECT count(*) FROM {raw_table(shape.name)} WHERE _deleted_at IS NULL"


def mark_deleted(shape: Shape) -> str:
    return f"""UPDATE {raw_table(shape.name)} AS t SET _deleted_at = now(), _changed_at = now()
        WHERE t._deleted_at IS NULL AND {_is_in("gone", shape)}"""


def gone_of_groups(shape: Shape) -> str:
    """Mark what the batch lacks of the groups that it holds whole; the number of rows."""
    group = quoted(shape.group or "")
    return f"""UPDATE {raw_table(shape.name)} AS t SET _deleted_at = now(), _changed_at = now()
        WHERE t._deleted_at IS NULL AND t.{group} IN (SELECT unnest($whole)) AND NOT {_is_in("incoming", shape)}"""


def _is_in(relation: str, shape: Shape) -> str:
    return f"EXISTS (SELECT 1 FROM {relation} AS s WHERE {_same([quoted(name) for name in shape.key])})"


def _same(key: list[str]) -> str:
    return " AND ".join(f"t.{name} = s.{name}" for name in key)


def numbered(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with its row numbers, so that the last of several rows with one key can be told."""
    places = pa.py_buffer(np.arange(batch.num_rows, dtype=np.int64))  # pa.array() would load pandas for them
    return batch.append_column("_row", pa.Array.from_buffers(pa.int64(), batch.num_rows, [None, places]))
