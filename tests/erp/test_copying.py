"""PostgreSQL by COPY: what the server prints arrives exactly, whatever text holds, and half-read connections are left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from echannel_connectors.errors import EChannelError, SpecError
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
