"""MariaDB by its packets: what the server sends arrives exactly, whatever text holds; blocks cut rows anywhere."""

from __future__ import annotations

import random
import subprocess
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pytest

from echannel_connectors.errors import EChannelError, SpecError, Unavailable, UnexpectedData
from echannel_connectors.sources.erp import packets
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns
from tests.erp.conftest import MariaDb

pytestmark = pytest.mark.apt

TABLE = """
CREATE TABLE things (
  id BIGINT UNSIGNED PRIMARY KEY, word TEXT, amount DECIMAL(30, 6), day DATE, moment TIMESTAMP(6) NULL,
  local DATETIME, good TINYINT(1), small TINYINT UNSIGNED, bit1 BIT(1), bit12 BIT(12), number INT,
  binary_word BLOB, real_number DOUBLE, year_ YEAR, choice ENUM('a', 'b"c', ''), spent TIME)
"""
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("word", pa.string()),
        ("amount", pa.decimal128(18, 6)),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us", "UTC")),
        ("local", pa.timestamp("us", "UTC")),
        ("good", pa.bool_()),
        ("small", pa.int64()),
        ("bit1", pa.bool_()),
        ("bit12", pa.int64()),
        ("number", pa.string()),
        ("year_", pa.int64()),
        ("choice", pa.string()),
        ("spent", pa.string()),
    ]
)
WORDS = [
    'a "quoted", word\nand a second line\r\nand a third', "", None, "\\N", "NULL", "\\", "'", "\x1f", "\n", "\x1f\n\x1f",
    "é € 😀 \u2028", "x" * 250, "x" * 251, "y" * 252, "z" * 70_000, "\n" * 300, "0000-00-00", " padded ", "\t\0\x01",
    "\xfb\xfc\xfd\xfe\xff", "ends with a line end\n", "\x1fbegins with one",
]  # fmt: skip


class Lab:
    """A database of its own, written by the client and read by the reader."""

    def __init__(self, server: MariaDb) -> None:
        self.server = server
        self.run("CREATE OR REPLACE DATABASE lab CHARACTER SET utf8mb4; GRANT SELECT ON lab.* TO lab@'127.0.0.1'"
                 " IDENTIFIED BY 'let-me-read'", database="mysql")  # fmt: skip
        self.database = Database(Address.of(f"mysql://lab:let-me-read@127.0.0.1:{server.port}/lab"))

    def run(self, sql: str, database: str = "lab") -> None:
        script = f"SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_BACKSLASH_ESCAPES';\n{sql}".encode()
        subprocess.run([*self.server.client, database], input=script, check=True, capture_output=True)

    def read(self, sql: str, schema: pa.Schema, **zones: str) -> list[dict[str, Any]]:
        columns = Columns("things", schema, zones=zones)
        return [row for batch in self.database.select(sql, columns) for row in batch.to_pylist()]

    def insert(self, words: list[str | None]) -> None:
        rows = ", ".join(f"({n}, {_literal(word)})" for n, word in enumerate(words))
        self.run(
            f"CREATE OR REPLACE TABLE words (id INT, word LONGTEXT CHARACTER SET utf8mb4); INSERT INTO words VALUES {rows}"
        )


def _literal(word: str | None) -> str:
    return "NULL" if word is None else f"CONVERT(X'{word.encode().hex()}' USING utf8mb4)"


@pytest.fixture
def lab(mariadb: MariaDb) -> Iterator[Lab]:
    found = Lab(mariadb)
    yield found
    found.database.close()


def test_every_type(lab: Lab) -> None:
    """Unsigned numbers, switches, bits, micro-seconds, UTC beside local time, and a moment in the hour that repeats."""
    lab.run(f"""{TABLE}; SET time_zone = '+00:00'; INSERT INTO things VALUES
      (9223372036854775807, 'x', 123456789012.123456, '2026-03-01', '2026-03-29 01:30:00.123456',
       '2026-10-25 02:30:00', 1, 255, 1, 2049, -7, 'x', 0.5, 2026, 'b"c', '838:59:59'),
      (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
      (3, '', -0.000001, '1969-12-31', '1970-01-01 00:00:01', '1000-01-01 00:00:00', 0, 0, 0, 10, 0, '', 0, 1901, '', 0)""")
    found = lab.read("SELECT * FROM things ORDER BY id DESC", SCHEMA, local="Europe/Paris")
    assert found[0] == {
        "id": 9223372036854775807,
        "word": "x",
        "amount": Decimal("123456789012.123456"),
        "day": date(2026, 3, 1),
        "moment": datetime(2026, 3, 29, 1, 30, 0, 123456, UTC),
        "local": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        "good": True,
        "small": 255,
        "bit1": True,
        "bit12": 2049,
        "number": "-7",
        "year_": 2026,
        "choice": 'b"c',
        "spent": "838:59:59",
    }
    assert (found[1]["word"], found[1]["amount"], found[1]["good"], found[1]["bit1"], found[1]["bit12"]) == (
        "", Decimal("-0.000001"), False, False, 10
    )  # fmt: skip
    assert found[1]["choice"] == ""
    assert set(found[2].values()) == {2, None}


@pytest.mark.parametrize("block", [1, 7, 100, 4096, packets.BLOCK])
def test_every_text(lab: Lab, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Separators, line ends and very long texts, NULL beside "", wherever a block happens to end."""
    monkeypatch.setattr(packets, "BLOCK", block)
    words = WORDS * 3 if block > 1 else WORDS[:14]
    lab.insert(words)
    schema = pa.schema([("id", pa.int64()), ("word", pa.string())])
    assert [row["word"] for row in lab.read("SELECT id, word FROM words ORDER BY id", schema)] == words
    one = pa.schema([("word", pa.string())])
    assert [row["word"] for row in lab.read("SELECT word FROM words ORDER BY id", one)] == words
    twice = pa.schema([("b", pa.string()), ("a", pa.string())])
    sql = "SELECT word AS a, id, reverse(reverse(word)) AS b FROM words ORDER BY id"
    assert [tuple(row.values()) for row in lab.read(sql, twice)] == [(word, word) for word in words]


@pytest.mark.parametrize("seed", range(3))
def test_texts_of_any_characters(lab: Lab, seed: int) -> None:
    """A thousand random texts, full of what means something to a parser."""
    chance = random.Random(seed)
    alphabet = "ab,;\"\\\n\r\x1f\0\t'é😀" + "\u00fb\u00fe"
    words: list[str | None] = [
        "".join(chance.choices(alphabet, k=chance.choice([0, 1, 3, 40, 300]))) if chance.random() > 0.1 else None
        for _ in range(1000)
    ]
    lab.insert(words)
    schema = pa.schema([("id", pa.int64()), ("word", pa.string())])
    assert [row["word"] for row in lab.read("SELECT word, id FROM words ORDER BY id", schema)] == words


def test_other_character_sets_arrive_as_unicode(lab: Lab) -> None:
    """A column in Latin 1, one in UTF-16, and one whose bytes are no text at all."""
    lab.run("CREATE TABLE old (a VARCHAR(9) CHARACTER SET latin1, b VARCHAR(9) CHARACTER SET utf16, c VARBINARY(9));"
            "INSERT INTO old VALUES ('é€', 'é€', X'E9')")  # fmt: skip
    assert lab.read("SELECT a, b FROM old", pa.schema([("a", pa.string()), ("b", pa.string())])) == [
        {"a": "é€", "b": "é€"}
    ]
    with pytest.raises(UnexpectedData, match=r"things\.c does not fit its type string"):
        lab.read("SELECT c FROM old", pa.schema([("c", pa.string())]))


def test_dates_that_are_none(lab: Lab) -> None:
    """Zero dates, and the first days of SQL Server, .NET and OLE, are NULL; as text they stay what they are."""
    lab.run("SET sql_mode = ''; CREATE TABLE days (n INT, d DATE, t DATETIME(3)); INSERT INTO days VALUES"
            " (1, '0000-00-00', '0000-00-00 00:00:00'), (2, '1753-01-01', '1753-01-01'), (3, '1899-12-30', '1899-12-30'),"
            " (4, '0001-01-01', '0001-01-01'), (5, '1899-12-31', '1899-12-30 00:00:01'), (6, '2026-01-31', '2026-01-31')")  # fmt: skip
    schema = pa.schema(
        [("d", pa.date32()), ("t", pa.timestamp("us", "UTC")), ("t_day", pa.date32()), ("word", pa.string())]
    )
    found = lab.read("SELECT d, t, t AS t_day, d AS word FROM days ORDER BY n", schema, t="Europe/Paris")
    assert [row["d"] for row in found] == [None] * 4 + [date(1899, 12, 31), date(2026, 1, 31)]
    assert [row["t"] is None for row in found] == [True] * 4 + [False] * 2
    assert found[5]["t"] == datetime(2026, 1, 30, 23, tzinfo=UTC)
    assert [row["t_day"] for row in found][3:] == [None, None, date(2026, 1, 31)]
    assert [row["word"] for row in found][:2] == ["0000-00-00", "1753-01-01"]


@pytest.mark.parametrize("day", ["2026-00-15", "2026-02-31"])
def test_a_day_that_no_calendar_has_is_told(lab: Lab, day: str) -> None:
    lab.run(f"SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE odd (d DATE); INSERT INTO odd VALUES ('{day}')")
    with pytest.raises(UnexpectedData, match=rf"things\.d does not fit its type date32.*'{day}'"):
        lab.read("SELECT d FROM odd", pa.schema([("d", pa.date32())]))


def test_a_value_that_does_not_fit_is_told_with_its_row(lab: Lab) -> None:
    lab.run("SET sql_mode = 'ALLOW_INVALID_DATES'; CREATE TABLE two (id INT, note TEXT, d DATE);"
            "INSERT INTO two VALUES (7, 'a\nb', '2026-02-28'), (8, NULL, '2026-02-30')")  # fmt: skip
    schema = pa.schema([("id", pa.string()), ("note", pa.string()), ("d", pa.date32())])
    with pytest.raises(UnexpectedData, match=r"things\.d does not fit its type date32.*: '2026-02-30' \(id 8\)"):
        list(lab.database.select("SELECT id, note, d FROM two", Columns("things", schema, key=("id",))))


def packet(payload: bytes, number: int) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number % 256]) + payload


@pytest.mark.parametrize("seed", range(40))
def test_rows_are_found_whatever_their_lengths(seed: int) -> None:
    """Short ones, which are looked for all at once, and others between them; cut anywhere; up to the result's end."""
    dice = random.Random(seed)
    few, many = dice.choice(((0.0, 3000), (0.002, 3000), (0.3, 400), (1.0, 50)))
    sizes = [
        dice.choice((255, 256, 257, 70_000)) if dice.random() < few else dice.randrange(1, 60) for _ in range(many)
    ]
    # A row does not begin as the end of a result does, and is of any bytes otherwise, zeros above all.
    rows = [bytes([dice.randrange(packets.END)]) + bytes(dice.choices((0, 1, 7, 254), k=size - 1)) for size in sizes]
    pieces = [packet(row, number) for number, row in enumerate(rows)]
    begins = [0, *accumulate(map(len, pieces))]
    whole = b"".join(pieces)
    for cut in (len(whole), *(dice.randrange(len(whole)) for _ in range(20))):
        there = bisect(begins, cut) - 1
        starts, end = packets._rows(whole[:cut])
        assert (starts.tolist(), end) == (begins[:there], begins[there])
    for last in (b"\xfe\0\0\x02\0", b"\xff\x15\x04#28000no"):
        data = whole + packet(last, many) + b"\x05\0\0\0more!"
        starts, end = packets._rows(data)
        assert (starts.tolist(), end) == (begins, len(whole) + packets.HEADER + len(last))


def test_nothing_is_a_result_too(lab: Lab) -> None:
    lab.run(TABLE)
    assert lab.read("SELECT * FROM things", SCHEMA) == []


def test_numbers_that_do_not_fit_are_told(lab: Lab) -> None:
    """Nothing is rounded, wrapped or cut: digits beyond core's, an unsigned number beyond int64, a text for a number."""
    money = pa.schema([("amount", pa.decimal128(18, 6))])
    for value in ("0.1234567", "1234567890123.5"):
        with pytest.raises(UnexpectedData, match=r"things\.amount"):
            lab.read(f"SELECT CAST({value} AS DECIMAL(30, 7)) AS amount", money)
    for value in ("1234567890123.5", "-1234567890123.5"):  # too long before the point, with decimals to spare behind it
        with pytest.raises(UnexpectedData, match=rf"things\.amount .*decimal128\(18, 6\): '{value}0'"):
            lab.read(f"SELECT CAST({value} AS DECIMAL(30, 2)) AS amount", money)
    whole = pa.schema([("n", pa.int64())])
    with pytest.raises(UnexpectedData, match=r"things\.n"):
        lab.read("SELECT CAST(18446744073709551615 AS UNSIGNED) AS n", whole)
    with pytest.raises(UnexpectedData, match=r"things\.n"):
        lab.read("SELECT 'twelve\n' AS n", whole)
    with pytest.raises(UnexpectedData, match=r"things\.n"):
        lab.read("SELECT 1.5 AS n", whole)
    assert lab.read("SELECT sum(id) AS n FROM (SELECT 1 AS id UNION SELECT 2) AS t", whole) == [{"n": 3}]


def test_a_float_is_told(lab: Lab) -> None:
    with pytest.raises(SpecError, match="floating-point"):
        lab.read("SELECT CAST(0.1 AS DOUBLE) AS amount", pa.schema([("amount", pa.decimal128(18, 6))]))


def test_a_select_that_fails_in_the_middle(lab: Lab) -> None:
    """The server's word in one sentence, and the next SELECT works."""
    one = pa.schema([("n", pa.int64())])
    sql = "SELECT (SELECT 1 UNION SELECT seq DIV 299999) AS n FROM seq_1_to_300000"
    with pytest.raises(EChannelError, match="more than 1 row"):
        lab.read(sql, one)
    assert lab.read("SELECT 5 AS n", one) == [{"n": 5}]


def test_reading_can_be_left_and_begun_again(lab: Lab) -> None:
    one = pa.schema([("n", pa.int64())])
    many = lab.database.select("SELECT seq AS n FROM seq_1_to_3000000", Columns("things", one))
    assert next(many).num_rows > 1000
    many.close()  # type: ignore[attr-defined]  # a generator
    assert lab.read("SELECT 5 AS n", one) == [{"n": 5}]


def test_many_rows_in_little_memory(lab: Lab) -> None:
    """A million rows come in order, in blocks, and their sum is the server's."""
    one = pa.schema([("n", pa.int64()), ("word", pa.string())])
    columns, last, total, blocks = Columns("things", one), 0, 0, 0
    for batch in lab.database.select("SELECT seq AS n, concat('row ', seq) AS word FROM seq_1_to_1000000", columns):
        numbers = batch["n"].to_pylist()
        assert numbers[0] == last + 1
        assert batch["word"][-1].as_py() == f"row {numbers[-1]}"
        last, total, blocks = numbers[-1], total + sum(numbers), blocks + 1
        assert batch.nbytes < 4 * packets.BLOCK
    assert (last, total) == (1_000_000, 500_000_500_000)
    assert blocks > 10, "29 MB come in pieces of two MiB at most"


def test_a_server_that_goes_away_while_it_sends(lab: Lab) -> None:
    one = pa.schema([("n", pa.int64())])
    many = lab.database.select("SELECT seq AS n FROM seq_1_to_30000000", Columns("things", one))
    next(many)
    lab.run("SELECT concat('KILL ', id) INTO @kill FROM information_schema.processlist WHERE user = 'lab';"
            "EXECUTE IMMEDIATE @kill")  # fmt: skip
    with pytest.raises(Unavailable):
        list(many)
