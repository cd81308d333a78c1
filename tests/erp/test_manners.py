"""A database that others work with: no lock they would feel, one state for the reader, limits that are kept."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from echannel_connectors import Erp
from echannel_connectors.errors import Unavailable
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database, Manners
from echannel_connectors.sources.erp.rows import Columns
from tests.erp.conftest import MariaDb, Postgres

NUMBERS = Columns("things", pa.schema([("n", pa.int64())]))
Work = tuple[str, Callable[[str], None], str]  # url, what another person runs, a name of a table of numbers


@pytest.fixture(params=["postgres", pytest.param("mariadb", marks=pytest.mark.apt)])
def shared(request: pytest.FixtureRequest) -> Work:
    """A database with a table of 300,000 numbers, and somebody else who works in it."""
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres")
        fill = "INSERT INTO tills SELECT g, 0 FROM generate_series(1, 300000) AS g"
        server.run(
            "postgres", f"DROP TABLE IF EXISTS tills; CREATE TABLE tills (n INTEGER PRIMARY KEY, sum INTEGER); {fill}"
        )
        return (
            server.url("postgres"),
            lambda sql: assert_quick(lambda: server.run("postgres", f"SET lock_timeout = '500ms'; {sql}")),
            "tills",
        )
    maria: MariaDb = request.getfixturevalue("mariadb")
    setup = """CREATE OR REPLACE DATABASE shared; USE shared; CREATE TABLE tills (n INTEGER PRIMARY KEY, sum INTEGER);
        INSERT INTO tills SELECT seq, 0 FROM seq_1_to_300000;
        GRANT SELECT ON shared.* TO till@'127.0.0.1' IDENTIFIED BY 'let-me-read'"""
    run_in(maria, "mysql", setup)
    return (
        f"mysql://till:let-me-read@127.0.0.1:{maria.port}/shared",
        lambda sql: assert_quick(lambda: run_in(maria, "shared", f"SET innodb_lock_wait_timeout = 1; {sql}")),
        "shared.tills",
    )


def run_in(server: MariaDb, database: str, sql: str) -> None:
    subprocess.run([*server.client, database], input=sql.encode(), check=True, capture_output=True)


def assert_quick(work: Callable[[], Any]) -> None:
    """Done without waiting for anybody."""
    started = time.monotonic()
    work()
    assert time.monotonic() - started < 5


def test_a_cash_desk_does_not_feel_that_it_is_read(shared: Work) -> None:
    """While a read is open, others update, insert and delete rows, and the reader goes on seeing its one state."""
    url, somebody, _ = shared
    database = Database(Address.of(url))
    reading = database.select("SELECT n FROM tills", NUMBERS)
    seen = next(reading).num_rows
    assert seen < 300_000
    somebody("UPDATE tills SET sum = 100 WHERE n IN (1, 300000)")
    somebody("INSERT INTO tills VALUES (300001, 5)")
    somebody("DELETE FROM tills WHERE n = 299999")
    seen += sum(batch.num_rows for batch in reading)
    assert seen == 300_000
    total = Columns("things", pa.schema([("n", pa.int64()), ("how_many", pa.int64())]))
    again = next(database.select("SELECT sum(sum) AS n, count(*) AS how_many FROM tills", total))
    assert again.to_pylist() == [{"n": 0, "how_many": 300_000}]
    database.close()
    afterwards = next(database.select("SELECT sum(sum) AS n, count(*) AS how_many FROM tills", total))
    assert afterwards.to_pylist() == [{"n": 205, "how_many": 300_000}]
    database.close()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(shared: Work) -> None:
    url, _, table = shared
    database = Database(Address.of(url), manners=Manners(statement_seconds=1))
    endless = f"SELECT count(*) AS n FROM {table} AS a, {table} AS b, {table} AS c WHERE a.sum + b.sum > c.sum"
    started = time.monotonic()
    with pytest.raises(Unavailable, match="stopped the query"):
        list(database.select(endless, NUMBERS))
    assert time.monotonic() - started < 20
    assert len(list(database.select("SELECT 1 AS n", NUMBERS))) == 1
    database.close()


def test_no_more_rows_a_second_than_allowed(shared: Work) -> None:
    """30,000 rows at 20,000 a second take a second and a half; without the limit they are there at once."""
    url, _, _ = shared
    sql = "SELECT n FROM tills WHERE n <= 30000"
    for allowed, least in ((20_000, 1.5), (0, 0.0)):
        database = Database(Address.of(url), manners=Manners(rows_per_second=allowed))
        started = time.monotonic()
        assert sum(batch.num_rows for batch in database.select(sql, NUMBERS)) == 30_000
        assert time.monotonic() - started >= least
        database.close()


def test_the_limits_are_settings(shared: Work) -> None:
    url, _, _ = shared
    source = Erp(connector="dolibarr", url=url, statement_seconds=900, rows_per_second=5000)
    assert source._database.manners == Manners(900, 5000)
    assert source._database.at_once == 5000
