"""A partner's sample data as a database in a file: a SQL script, or a folder with a CSV file per table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlglot
from sqlglot.errors import SqlglotError

from echannel_connectors.errors import SettingsError


def database_of(sample: Path, dialect: str, folder: Path) -> str:
    """The URL of a new database in `folder` that holds the sample: SQLite for its own dialect, otherwise DuckDB.

    A script is translated from its dialect. Beside CSV files a `schema.sql` may declare the tables; without it DuckDB
    guesses their types. Raises SettingsError for a sample that is not there or does not load.
    """
    if not sample.exists():
        raise SettingsError(f"there is no sample {str(sample)!r}")
    if sample.is_dir():
        return _from_csv(sample, dialect, folder / "sample.duckdb")
    if dialect == "sqlite":
        return _in_sqlite(sample, folder / "sample.db")
    return _in_duckdb(sample, list(_statements(sample, dialect)), folder / "sample.duckdb")


def _statements(script: Path, dialect: str) -> Iterator[str]:
    text = script.read_text(encoding="utf-8")
    if dialect == "duckdb":
        yield text
        return
    try:
        for statement in sqlglot.parse(text, read=dialect):
            if statement is not None:
                yield statement.sql("duckdb")
    except SqlglotError as error:
        raise SettingsError(f"{script.name} is not valid SQL of {dialect}: {str(error).splitlines()[0]}") from error


def _in_sqlite(script: Path, file: Path) -> str:
    import sqlite3

    with closing(sqlite3.connect(file)) as connection, connection:
        try:
            connection.executescript(script.read_text(encoding="utf-8"))
        except sqlite3.Error as error:
            raise SettingsError(f"{script.name} does not load: {error}") from error
    return f"sqlite:///{file}"


def _in_duckdb(script: Path, statements: list[str], file: Path) -> str:
    import duckdb

    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            try:
                connection.execute(statement)
            except duckdb.Error as error:
                raise SettingsError(f"{script.name} does not load: {str(error).splitlines()[0]}") from error
    return f"duckdb:///{file}"


def _from_csv(sample: Path, dialect: str, file: Path) -> str:
    import duckdb

    schema = sample / "schema.sql"
    _in_duckdb(schema, list(_statements(schema, dialect)) if schema.is_file() else [], file)
    with duckdb.connect(str(file)) as connection:
        declared = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        for table in sorted(sample.glob("*.csv")):
            name, path = table.stem.replace('"', '""'), str(table).replace("'", "''")
            is_declared = table.stem in declared  # then its types are not guessed: a code keeps its zeros
            into = f'INSERT INTO "{name}" BY NAME' if is_declared else f'CREATE TABLE "{name}" AS'
            options = f"header = true, sample_size = -1, allow_quoted_nulls = false, all_varchar = {is_declared}"
            try:
                connection.execute(f"{into} SELECT * FROM read_csv('{path}', {options})")
            except duckdb.Error as error:
                raise SettingsError(f"{table.name} does not load: {str(error).splitlines()[0]}") from error
    return f"duckdb:///{file}"
