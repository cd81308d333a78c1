"""What no source can be asked for again, in one file: how stock lay on each day, what reviews answered, the runs.

Everything else is read from the sources again by a sync into an empty warehouse. The file is a ZIP of Parquet tables
with a manifest that holds each one's rows and SHA-256; it is written beside its place and moved there when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from echannel_connectors import __version__
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError
from echannel_connectors.texts import say

# Each table that is kept, with the columns that identify a row of it.
KEPT: Mapping[str, tuple[str, ...]] = {
    "echannel.stock_snapshots": ("date", "source", "product_id", "variant_id", "warehouse_id"),
    "mart.review": ("check_id", "market", "period_start", "is_to_date"),
    "echannel.runs": ("run_id",),
}
FORMAT = 1
MANIFEST = "manifest.json"
TABLES = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"


def backup(warehouse: Warehouse, place: Path) -> tuple[Path, dict[str, int]]:
    """Write the file (in a folder under a name with the day); where it is, and the rows of each table.

    Raises SettingsError where there is something else under that name already, or no folder.
    """
    file = place / f"echannel-{datetime.now().astimezone():%Y-%m-%d}.zip" if place.is_dir() else place
    if not file.parent.is_dir():
        raise SettingsError(say("there is no folder {folder}", folder=file.parent))
    if file.exists() and not _is_backup(file):
        raise SettingsError(
            say("{file} is not a backup and is left as it is", file=file.name), hint=say("choose another name")
        )
    there = set(warehouse.query(TABLES).read_all()["name"].to_pylist())
    part = file.with_name(f"{file.name}.part")
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(part, "w") as archive:
            told = [_written(warehouse, table, Path(folder), archive) for table in KEPT if table in there]
            manifest = {
                "format": FORMAT, "library": __version__, "made_at": datetime.now(UTC).isoformat(), "tables": told,
            }  # fmt: skip
            archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file, {one["name"]: one["rows"] for one in told}


def restore(warehouse: Warehouse, file: Path) -> dict[str, int]:
    """Put back the rows that the warehouse does not have, all or none; how many of each table.

    Raises SettingsError for a file that is no backup, is damaged, or comes from a newer version.
    """
    if warehouse.dialect != "duckdb":
        raise SettingsError(
            say("a backup goes into a DuckDB file; other warehouses keep these tables themselves"),
            hint=say("give the destination of that file"),
        )
    with tempfile.TemporaryDirectory() as folder:
        tables = _unpacked(file, Path(folder))
        warehouse.execute()  # makes the books where there are none
        with warehouse.hold():
            before = _counted(warehouse)
            warehouse.execute(
                *(sql for name, parquet in tables.items() for sql in _put_back(warehouse, name, parquet)),
                *(commit.changed_wholly(name) for name in tables),
            )
            return {name: rows - before.get(name, 0) for name, rows in _counted(warehouse).items() if name in tables}


def _written(warehouse: Warehouse, table: str, folder: Path, archive: zipfile.ZipFile) -> dict[str, Any]:
    """One table into the archive; its line of the manifest."""
    file = folder / f"{table}.parquet"
    reader = warehouse.query(f"SELECT * FROM {table}")
    rows = 0
    with pq.ParquetWriter(file, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
    archive.write(file, file.name)
    return {"name": table, "rows": rows, "sha256": _sha256(file)}


def _unpacked(file: Path, folder: Path) -> dict[str, Path]:
    """Each table's Parquet file, once all of them are known to be whole."""
    if not file.is_file():
        raise SettingsError(say("there is no file {file}", file=file))
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["format"] > FORMAT:
                raise SettingsError(
                    say("{file} was made by a newer version of this library", file=file.name),
                    hint="pip install --upgrade echannel-connectors",
                )
            found = {}
            for one in manifest["tables"]:
                if one["name"] not in KEPT:
                    raise KeyError(one["name"])
                found[one["name"]] = Path(archive.extract(f"{one['name']}.parquet", folder))
                if _sha256(found[one["name"]]) != one["sha256"]:
                    raise ValueError(one["name"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise SettingsError(
            say("{file} is no backup, or is damaged: nothing was changed", file=file.name),
            hint=say("take another one"),
        ) from error
    return found


def _put_back(warehouse: Warehouse, table: str, parquet: Path) -> Iterator[str]:
    """The table gets the columns that it has not: it may have been made by an older version than the file."""
    place = str(parquet).replace("'", "''")
    file = f"read_parquet('{place}')"
    yield f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM {file} LIMIT 0"
    described = warehouse.query(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {file})").read_all()
    for one in described.to_pylist():
        yield f'ALTER TABLE {table} ADD COLUMN IF NOT EXISTS "{one["column_name"]}" {one["column_type"]}'
    same = " AND ".join(f"t.{name} IS NOT DISTINCT FROM s.{name}" for name in KEPT[table])
    yield f"""INSERT INTO {table} BY NAME SELECT s.* FROM {file} AS s
        WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {same})"""


def _counted(warehouse: Warehouse) -> dict[str, int]:
    there = set(warehouse.query(TABLES).read_all()["name"].to_pylist())
    counts = [f"SELECT '{table}' AS name, count(*) AS rows FROM {table}" for table in KEPT if table in there]
    return {row["name"]: row["rows"] for row in warehouse.query(" UNION ALL ".join(counts)).read_all().to_pylist()}


def _is_backup(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return MANIFEST in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
