"""By ODBC: the drivers that Debian has for PostgreSQL, MariaDB and SQLite give what our own readers give, exactly."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from pydantic import ValidationError

from echannel_connectors import Erp
from echannel_connectors.errors import EChannelError, SpecError
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.odbc import connection_string
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns
from tests.erp.conftest import Postgres
from tests.erp.truth import core_rows

pytestmark = pytest.mark.apt

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("word", pa.string()),
        ("code", pa.string()),
        ("amount", pa.decimal128(18, 6)),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us", "UTC")),
    ]
)
EXPECTED = [
    {
        "id": 1,
        "word": 'a "quoted", word\nand é € 😀',
        "code": "AB",
        "amount": Decimal("123456789012.123456"),
        "day": date(2026, 3, 1),
        "moment": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    },
    {"id": 2, "word": "", "code": "C", "amount": Decimal("-0.000001"), "day": None, "moment": None},
    {"id": 3, "word": None, "code": None, "amount": None, "day": None, "moment": None},
]
CREATE = (
    "CREATE TABLE odbc_things (id INTEGER, word VARCHAR(90), code CHAR(8), amount NUMERIC(24, 6), day DATE, moment {})"
)
FILL = """INSERT INTO odbc_things VALUES
    (1, 'a "quoted", word\nand é € 😀', 'AB', 123456789012.123456, '2026-03-01', '2026-10-25 02:30:00'),
    (2, '', 'C', -0.000001, '1899-12-30', '1753-01-01 00:00:00'), (3, NULL, NULL, NULL, NULL, NULL)"""


@pytest.fixture
def drivers() -> None:
    if not shutil.which("odbcinst"):
        pytest.skip("ODBC is not installed: apt-get install unixodbc odbc-postgresql odbc-mariadb libsqliteodbc")
    pytest.importorskip("arrow_odbc")


@pytest.fixture
def by_postgres(drivers: None, postgres: Postgres) -> Callable[[str], str]:
    postgres.run("postgres", f"DROP TABLE IF EXISTS odbc_things; {CREATE.format('TIMESTAMP')}; {FILL}")
    parts = urlsplit(postgres.url("postgres"))
    folder = parts.query.partition("host=")[2]
    return lambda _="": f"odbc://postgres@/postgres?driver=PostgreSQL Unicode&dialect=postgres&Servername={folder}"


@pytest.fixture
def by_mariadb(drivers: None, request: pytest.FixtureRequest) -> str:
    from tests.erp.test_packets import Lab

    lab = Lab(request.getfixturevalue("mariadb"))
    lab.run(f"{CREATE.format('DATETIME')}; {FILL}")
    return (
        f"odbc://lab:let-me-read@127.0.0.1:{lab.server.port}/lab?driver=MariaDB Unicode&dialect=mysql&charset=utf8mb4"
    )


def rows(url: str, sql: str, schema: pa.Schema, **zones: str) -> list[dict[str, Any]]:
    database = Database(Address.of(url))
    try:
        columns = Columns("things", schema, zones=zones)
        return [row for batch in database.select(sql, columns) for row in batch.to_pylist()]
    finally:
        database.close()


def test_postgres(by_postgres: Callable[[], str]) -> None:
    assert rows(by_postgres(), "SELECT * FROM odbc_things ORDER BY id", SCHEMA, moment="Europe/Paris") == EXPECTED


def test_mariadb(by_mariadb: str) -> None:
    assert rows(by_mariadb, "SELECT * FROM odbc_things ORDER BY id", SCHEMA, moment="Europe/Paris") == EXPECTED


def test_sqlite(drivers: None, tmp_path: Path) -> None:
    file = tmp_path / "books.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript("CREATE TABLE lines (id INTEGER, name VARCHAR(20), price DECIMAL(10, 2));"
                                 "INSERT INTO lines VALUES (1, 'Thé  ', 10.25), (2, NULL, NULL)")  # fmt: skip
    schema = pa.schema([("id", pa.int64()), ("name", pa.string()), ("price", pa.decimal128(18, 6))])
    sql = "SELECT id, name, printf('%.2f', price) AS price FROM lines WHERE id = 1"
    assert rows(f"odbc:///{file}?driver=SQLite3&dialect=sqlite", sql, schema) == [
        {"id": 1, "name": "Thé", "price": Decimal("10.25")}
    ]


def test_a_whole_table_of_an_erp(drivers: None, postgres: Postgres, odoo: str) -> None:
    """Odoo's orders and lines by ODBC are what COPY brings."""
    folder = urlsplit(odoo).query.partition("host=")[2]
    url = f"odbc://reader:let-me-read@/odoo17?driver=PostgreSQL Unicode&dialect=postgres&Servername={folder}"
    for table in ("orders", "order_lines", "products"):
        expected = core_rows(Erp(connector="odoo", url=odoo), table)
        assert core_rows(Erp(connector="odoo", url=url), table) == expected
        assert expected


def test_one_state_of_the_database(by_postgres: Callable[[], str], postgres: Postgres) -> None:
    database = Database(Address.of(by_postgres()))
    columns = Columns("things", pa.schema([("n", pa.int64())]))
    sql = "SELECT count(*) AS n FROM odbc_things"
    assert next(database.select(sql, columns)).to_pylist() == [{"n": 3}]
    postgres.run("postgres", "DELETE FROM odbc_things WHERE id = 3")
    assert next(database.select(sql, columns)).to_pylist() == [{"n": 3}]
    database.close()
    assert next(database.select(sql, columns)).to_pylist() == [{"n": 2}]
    database.close()


def test_a_text_that_is_too_long_is_told_and_never_cut(by_postgres: Callable[[], str]) -> None:
    sql = "SELECT repeat('x', 100000) AS word"
    with pytest.raises(EChannelError, match=r"(?i)truncat|large|size"):
        rows(by_postgres(), sql, pa.schema([("word", pa.string())]))


def test_a_float_is_told(by_postgres: Callable[[], str]) -> None:
    with pytest.raises(SpecError, match="floating-point"):
        rows(by_postgres(), "SELECT 0.1::float8 AS amount", pa.schema([("amount", pa.decimal128(18, 6))]))


def test_refusals_are_one_sentence_without_the_password(by_postgres: Callable[[], str], postgres: Postgres) -> None:
    with pytest.raises(EChannelError) as caught:
        rows(by_postgres(), "SELECT * FROM nowhere", SCHEMA)
    assert "nowhere" in caught.value.sentence
    with pytest.raises(EChannelError) as caught:
        rows(by_postgres().replace("postgres@/", "reader:s3cret-word@/"), "SELECT 1", SCHEMA)
    assert "s3cret-word" not in str(caught.value)
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize("query", ["", "?driver=X", "?dialect=postgres", "?driver=X&dialect=cobol"])
def test_an_url_without_driver_or_dialect_is_told(query: str) -> None:
    with pytest.raises(ValidationError, match="names its driver and a dialect") as caught:
        Erp(connector="odoo", url=f"odbc://reader:s3cret@host/books{query}")
    assert "s3cret" not in str(caught.value)


def test_the_url_becomes_a_connection_string() -> None:
    found = Address.of(
        "odbc://me:p%3Bw%40d@erp:1433/Books?driver=ODBC Driver 18 for SQL Server&dialect=tsql&Encrypt=yes"
    )
    assert connection_string(found) == (
        "Driver={ODBC Driver 18 for SQL Server};Server=erp,1433;Database=Books;UID=me;PWD={p;w@d};Encrypt=yes;"
    )
    assert (found.host, found.secret, found.kind.dialect) == ("erp", "p;w@d", "tsql")
    assert "p;w@d" not in repr(found)
