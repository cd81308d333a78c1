"""PostgreSQL by COPY: what the server prints arrives exactly, whatever text holds, and half-read connections are left."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from echannel_connectors.errors import EChannelError, SpecError, UnexpectedData
from echannel_connectors.sources.erp import copying
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns
from tests.erp.conftest import Postgres

EVERYTHING = pa.schema(
    [
        ("id", pa.int64()),
        ("word", pa.string()),
        ("amount", pa.decimal128(18, 6)),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us", "UTC")),
        ("local", pa.timestamp("us", "UTC")),
        ("good", pa.bool_()),
        ("number_as_text", pa.string()),
    ]
)
ROWS = r"""
SELECT * FROM (VALUES
  (1, E'a "quoted", word\nand a second line', 12345678901.123456::numeric, DATE '2026-03-01',
   TIMESTAMPTZ '2026-03-29 03:30:00.123456+02', TIMESTAMP '2026-10-25 02:30:00', TRUE, 7),
  (2, '', -0.000001, DATE '1969-12-31', TIMESTAMPTZ '1969-12-31 23:59:59.999999+00', NULL, FALSE, 8),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, E'\\N "" é €', 0, DATE '2026-02-28', NULL, NULL, NULL, NULL)
) AS v (id, word, amount, day, moment, local, good, number_as_text)
"""


SPEC = """
connector: stall
dialect: postgres
tables:
  payments:
    from: stall AS s
    cursor: s.changed
    columns: {payment_id: s.id, amount: {sql: s.amount, scale: 2}, paid_at: s.changed, currency: "'EUR'"}
"""
TWO_SYNCS = """
import sys
from echannel_connectors import DuckDB, Erp, sync
from echannel_connectors.runs import Choice

spec, url, file = sys.argv[1:]
def run():
    books = Erp.from_yaml(spec, url=url)
    return sync(books, into=DuckDB(file), choice=Choice(accept_deletes=True)).total("changed")
assert run() == 3000
import psycopg
with psycopg.connect(url, autocommit=True) as other:
    other.execute("UPDATE stall SET amount = 7, changed = now() WHERE id = 5; DELETE FROM stall WHERE id = 6")
assert run() == 1
print("pandas" in sys.modules)
"""


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    opened = Database(Address.of(postgres.url("postgres")))
    yield opened
    opened.close()


def rows(database: Database, sql: str, schema: pa.Schema, **zones: str) -> list[dict[str, object]]:
    columns = Columns("things", schema, zones=zones)
    return [row for batch in database.select(sql, columns) for row in batch.to_pylist()]


def test_every_type_and_every_text(database: Database) -> None:
    """Quotes, commas, line ends, an empty text beside NULL, micro-seconds, and a moment in the hour that repeats."""
    found = rows(database, ROWS, EVERYTHING, local="Europe/Paris")
    assert found[0] == {
        "id": 1,
        "word": 'a "quoted", word\nand a second line',
        "amount": Decimal("12345678901.123456"),
        "day": date(2026, 3, 1),
        "moment": datetime(2026, 3, 29, 1, 30, 0, 123456, UTC),
        "local": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        "good": True,
        "number_as_text": "7",
    }
    assert found[1]["word"] == ""
    assert (found[1]["amount"], found[1]["day"]) == (Decimal("-0.000001"), date(1969, 12, 31))
    assert found[1]["moment"] == datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)
    assert set(found[2].values()) == {3, None}
    assert found[3]["word"] == '\\N "" é €'


def test_nothing_is_a_result_too(database: Database) -> None:
    assert rows(database, f"SELECT * FROM ({ROWS}) AS r WHERE id > 99", EVERYTHING) == []


def test_more_digits_than_core_keeps_are_told(database: Database) -> None:
    """A number is never rounded on its way without the spec saying so."""
    one = pa.schema([("amount", pa.decimal128(18, 6))])
    with pytest.raises(EChannelError, match="amount"):
        rows(database, "SELECT 0.1234567::numeric AS amount", one)
    # Too long before the point, with decimals to spare behind it, whether the server says how many it keeps or not.
    for value in ("1234567890123.5", "-1234567890123.5", "123456789012345678", "99999999999999999999"):
        for kind in ("numeric", "numeric(30, 1)", "numeric(30, 6)"):
            with pytest.raises(UnexpectedData, match=rf"things\.amount .*decimal128\(18, 6\): '{value}[.0]*'"):
                rows(database, f"SELECT ({value})::{kind} AS amount", one)


def test_a_value_that_does_not_fit_is_told_with_its_row(database: Database) -> None:
    """PostgreSQL's numeric has a NaN; the row that holds it is named by its key, in whichever block it lies."""
    schema = pa.schema([("line_id", pa.string()), ("note", pa.string()), ("amount", pa.decimal128(18, 6))])
    sql = "SELECT g AS line_id, 'no ' || g AS note, CASE g WHEN 200001 THEN 'NaN' ELSE 1.5 END::numeric AS amount "
    columns = Columns("order_lines", schema, key=("line_id",))
    told = r"^order_lines\.amount does not fit its type decimal128\(18, 6\): 'NaN' \(line_id 200001\)"
    with pytest.raises(UnexpectedData, match=told):
        list(database.select(f"{sql} FROM generate_series(1, 300000) AS g", columns))


def test_a_float_is_told(database: Database) -> None:
    one = pa.schema([("amount", pa.decimal128(18, 6))])
    with pytest.raises(SpecError, match="floating-point"):
        rows(database, "SELECT 0.1::float8 AS amount", one)


def test_a_select_that_fails_in_the_middle(database: Database) -> None:
    """The server's word in one sentence, and the next SELECT works."""
    one = pa.schema([("n", pa.int64())])
    with pytest.raises(EChannelError, match="division by zero"):
        rows(database, "SELECT 1 / (g - 200000) AS n FROM generate_series(1, 300000) AS g", one)
    assert rows(database, "SELECT 5 AS n", one) == [{"n": 5}]


def test_reading_can_be_left_and_begun_again(database: Database) -> None:
    one = pa.schema([("n", pa.int64())])
    many = database.select("SELECT g AS n FROM generate_series(1, 3000000) AS g", Columns("things", one))
    assert next(many).num_rows > 1000
    many.close()  # type: ignore[attr-defined]  # a generator
    assert rows(database, "SELECT 5 AS n", one) == [{"n": 5}]


def test_a_single_column_that_is_null(database: Database) -> None:
    """An empty line is a row, not the end of a page."""
    one = pa.schema([("word", pa.string())])
    sql = "SELECT * FROM (VALUES ('a'), (NULL), (''), ('b')) AS v (word)"
    assert [row["word"] for row in rows(database, sql, one)] == ["a", None, "", "b"]


def test_padding_and_days_that_are_none(database: Database) -> None:
    """character(n) without its blanks; the first days of SQL Server, .NET and OLE are NULL, the days after are not."""
    schema = pa.schema([("code", pa.string()), ("day", pa.date32()), ("moment", pa.timestamp("us", "UTC"))])
    sql = """SELECT * FROM (VALUES
        ('AB '::char(8), DATE '1753-01-01', TIMESTAMP '1899-12-30 00:00:00'), ('  C', '1899-12-30', '0001-01-01'),
        (NULL, '0001-01-01', '1753-01-01'), ('', '1899-12-31', '1899-12-30 00:00:01')) AS v (code, day, moment)"""
    found = rows(database, sql, schema, moment="Europe/Paris")
    assert [row["code"] for row in found] == ["AB", "  C", None, ""]
    assert [row["day"] for row in found] == [None, None, None, date(1899, 12, 31)]
    assert [row["moment"] is None for row in found] == [True, True, True, False]


def test_a_database_with_an_old_code_page(postgres: Postgres) -> None:
    """What is kept in Latin 1 arrives as Unicode."""
    postgres.run(
        "postgres", "CREATE DATABASE old_page ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    opened = Database(Address.of(postgres.url("old_page")))
    found = rows(opened, "SELECT chr(233) || 't' || chr(233) AS word", pa.schema([("word", pa.string())]))
    assert found == [{"word": "été"}]
    opened.close()


def test_two_time_zones_in_one_row(database: Database) -> None:
    """A moment that the database keeps in UTC beside one in local time, on both sides of the hour that repeats."""
    schema = pa.schema([(name, pa.timestamp("us", "UTC")) for name in ("aware", "local", "abroad")])
    sql = """SELECT TIMESTAMPTZ '2026-10-25 02:30:00+01' AS aware, TIMESTAMP '2026-10-25 02:30:00' AS local,
        TIMESTAMP '2026-10-25 02:30:00' AS abroad"""
    found = rows(database, sql, schema, local="Europe/Paris", abroad="America/New_York")
    assert found == [
        {
            "aware": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            "local": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            "abroad": datetime(2026, 10, 25, 6, 30, tzinfo=UTC),
        }
    ]


@pytest.mark.parametrize("block", [20 * 1024, 64 * 1024, copying.BLOCK])
def test_rows_at_the_end_of_a_block(database: Database, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts of every size up to half a block, in order, none cut."""
    monkeypatch.setattr(copying, "BLOCK", block)
    schema = pa.schema([("n", pa.int64()), ("word", pa.string())])
    sql = (
        f"SELECT g AS n, repeat(chr(97 + g % 26), (g * 7919) % {block // 2}) AS word FROM generate_series(1, 300) AS g"
    )
    found = rows(database, sql, schema)
    assert [row["n"] for row in found] == list(range(1, 301))
    assert all(row["word"] == chr(97 + row["n"] % 26) * (row["n"] * 7919 % (block // 2)) for row in found)


def test_a_text_of_several_blocks(database: Database) -> None:
    """Nine million characters in one value."""
    found = rows(database, "SELECT repeat('é', 9000000) AS word", pa.schema([("word", pa.string())]))
    assert found == [{"word": "é" * 9_000_000}]


def test_two_syncs_do_not_wait_for_pandas(postgres: Postgres, tmp_path: Path) -> None:
    """A quarter of a second in each, where Arrow is asked in a way that loads it."""
    postgres.run(
        "postgres",
        "DROP TABLE IF EXISTS stall; CREATE TABLE stall AS SELECT g AS id, 1.50 AS amount, "
        "now() AS changed FROM generate_series(1, 3000) AS g",
    )
    (tmp_path / "stall.yaml").write_text(SPEC)
    command = [
        sys.executable,
        "-c",
        TWO_SYNCS,
        tmp_path / "stall.yaml",
        postgres.url("postgres"),
        tmp_path / "w.duckdb",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("False\n", "", 0)
