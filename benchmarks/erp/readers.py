"""The peers, one per process: the whole table of order lines from a URL into a table of a DuckDB file.

python -m benchmarks.erp.readers NAME URL FILE (in the environment of that peer; no import of ours)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from urllib.parse import urlsplit

SELECT = "SELECT * FROM order_lines"


def wire(url: str, _: str) -> None:
    """PostgreSQL's binary COPY by libpq, thrown away row by row."""
    import psycopg

    connection = psycopg.connect(url)
    connection.pgconn.exec_(f"COPY ({SELECT}) TO STDOUT (FORMAT binary)".encode())
    while connection.pgconn.get_copy_data(0)[0] > 0:
        pass


def duckdb_postgres(url: str, file: str) -> None:
    _attached(file, "postgres_scanner", f"ATTACH '{url}' AS erp (TYPE postgres, READ_ONLY)", "erp.public.order_lines")


def duckdb_mysql(url: str, file: str) -> None:
    parts = urlsplit(url)
    words = f"host={parts.hostname} port={parts.port} user={parts.username} password={parts.password} database=books"
    _attached(file, "mysql_scanner", f"ATTACH '{words}' AS erp (TYPE mysql, READ_ONLY)", "erp.order_lines")


def _attached(file: str, extension: str, attach: str, table: str) -> None:
    import duckdb
    from duckdb_extensions import import_extension

    import_extension(extension)
    with duckdb.connect(file) as connection:
        connection.execute(f"LOAD {extension}")
        connection.execute(attach)
        connection.execute(f"CREATE TABLE lines AS SELECT * FROM {table}")


def adbc(url: str, file: str) -> None:
    import adbc_driver_postgresql.dbapi
    import duckdb

    with adbc_driver_postgresql.dbapi.connect(url) as source, source.cursor() as cursor, duckdb.connect(file) as into:
        cursor.execute(SELECT)
        rows = cursor.fetch_record_batch()  # noqa: F841 - DuckDB finds it by its name
        into.execute("CREATE TABLE lines AS SELECT * FROM rows")


def connectorx(url: str, file: str) -> None:
    import connectorx
    import duckdb

    rows = connectorx.read_sql(url, SELECT, return_type="arrow_stream")  # noqa: F841 - DuckDB finds it by its name
    with duckdb.connect(file) as into:
        into.execute("CREATE TABLE lines AS SELECT * FROM rows")


def dlt(url: str, file: str) -> None:
    import dlt
    from dlt.sources.sql_database import sql_table

    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "lines", destination=dlt.destinations.duckdb(file), dataset_name="main", pipelines_dir=folder
        )
        table = sql_table(
            url.replace("postgresql://", "postgresql+psycopg://"), table="order_lines", backend="pyarrow",
            chunk_size=100_000, reflection_level="full_with_precision",
        )  # fmt: skip
        pipeline.run(table, table_name="lines", write_disposition="replace")


READERS: dict[str, Callable[[str, str], None]] = {
    "wire": wire, "duckdb_postgres": duckdb_postgres, "duckdb_mysql": duckdb_mysql, "adbc": adbc,
    "connectorx": connectorx, "dlt": dlt,
}  # fmt: skip

if __name__ == "__main__":
    READERS[sys.argv[1]](*sys.argv[2:4])
