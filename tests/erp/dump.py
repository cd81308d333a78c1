"""A MariaDB dump without MariaDB: its tables as rows, to be put into other databases."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TYPES = {
    "tinyint": "INTEGER", "smallint": "INTEGER", "int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE PRECISION",
    "float": "DOUBLE PRECISION", "date": "DATE", "datetime": "TIMESTAMP", "timestamp": "TIMESTAMP",
}  # fmt: skip
COLUMN = re.compile(r"^\s+`(\w+)` (\w+)")
VALUE = re.compile(r"'((?:[^'\\]|\\.)*)'|([^,'()]+)")
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


@dataclass(slots=True)
class Table:
    name: str
    columns: dict[str, str] = field(default_factory=dict)  # name → a type that every database knows
    rows: list[list[str | None]] = field(default_factory=list)

    @property
    def ddl(self) -> str:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())
        return f'CREATE TABLE "{self.name}" ({columns})'


def tables(file: Path, wanted: Iterable[str]) -> list[Table]:
    """The wanted tables of a dump, with their rows as text."""
    names, found = set(wanted), {}
    table: Table | None = None
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        if match := re.match(r"(?:CREATE TABLE|INSERT INTO) `(\w+)`", line):
            table = found.setdefault(match[1], Table(match[1])) if match[1] in names else None
        elif table is not None and (column := COLUMN.match(line)):
            table.columns[column[1]] = TYPES.get(column[2], "VARCHAR")
        elif table is not None and line.startswith("("):
            table.rows.append(list(_values(line[1 : line.rindex(")")])))
        elif line.startswith((")", "/*")):
            table = None
    return list(found.values())


def _values(text: str) -> Iterator[str | None]:
    for match in VALUE.finditer(text):
        if match[2] is not None:
            yield None if match[2] == "NULL" else match[2]
        else:
            yield re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), match[1])


def into_sqlite(found: Iterable[Table], file: Path) -> str:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(file)) as connection, connection:
        for table in found:
            connection.execute(table.ddl)
            marks = ", ".join("?" * len(table.columns))
            connection.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', table.rows)
    return f"sqlite:///{file}"


def into_duckdb(found: Iterable[Table], file: Path) -> str:
    import duckdb
    import pyarrow as pa

    with duckdb.connect(str(file)) as connection:
        for table in found:
            connection.execute(table.ddl)
            columns = [pa.array(column, pa.string()) for column in zip(*table.rows, strict=True)]
            if columns:
                connection.register("incoming", pa.Table.from_arrays(columns, names=list(table.columns)))
                connection.execute(f'INSERT INTO "{table.name}" SELECT * FROM incoming')
    return f"duckdb:///{file}"


def into_postgres(found: Iterable[Table], url: str) -> str:
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in found:
            cursor.execute(table.ddl.encode())
            marks = ", ".join(["%s"] * len(table.columns))
            cursor.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})'.encode(), table.rows)
    return url
