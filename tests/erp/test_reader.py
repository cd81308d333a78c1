"""Reading a database: exact values, true positions, clear refusals, no secrets."""

from __future__ import annotations

import pickle
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import csv
from pydantic import ValidationError

from echannel_connectors import Erp
from echannel_connectors.errors import EChannelError, Refused, SettingsError, SpecError, Unavailable, UnexpectedData
from echannel_connectors.sources.erp import rows
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Batch, Slice
from tests.erp.conftest import MariaDb, Postgres
from tests.erp.truth import core_rows

TABLE = "CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP)"
PAYMENTS: dict[str, Any] = {
    "from": "payments AS p",
    "columns": {"payment_id": "p.id", "amount": {"sql": "p.amount", "scale": 6}, "paid_at": "p.paid"},
}


def acme(file: Path, script: str, table: dict[str, Any], name: str = "payments", **settings: Any) -> Erp:
    """A small ERP in a SQLite or DuckDB file."""
    if file.suffix == ".duckdb":
        with duckdb.connect(str(file)) as connection:
            connection.execute(script)
    else:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.executescript(script)
    kind = "duckdb" if file.suffix == ".duckdb" else "sqlite"
    spec = Spec.model_validate({"connector": "acme", "dialect": kind, "tables": {name: table}})
    return Erp(connector="acme", url=f"{kind}:///{file}", spec=spec, **settings)


def read(source: Erp, name: str = "payments", after: dict[str, Any] | None = None) -> list[Batch]:
    try:
        return list(source.streams()[name].read(Slice(), after))
    finally:
        source.close()


# -- exact ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_a_float_never_becomes_money(tmp_path: Path, kind: str) -> None:
    """A floating-point column without declared decimals stops the run and says what to declare."""
    script = (
        "CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP); INSERT INTO payments VALUES (1, 0.1, NULL)"
    )
    table = {**PAYMENTS, "columns": {"payment_id": "p.id", "amount": "p.amount"}}
    with pytest.raises(SpecError, match=r"payments\.amount arrives as a floating-point number.*\n  hint: declare"):
        read(acme(tmp_path / kind, script, table))


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
@pytest.mark.parametrize("column", ["paid_at", "order_date"])
def test_a_number_never_becomes_a_day(tmp_path: Path, kind: str, column: str) -> None:
    """20260131 in a whole-number column is no day, and no moment 20 seconds into 1970: the spec says how to read it."""
    script = "CREATE TABLE ord (id INTEGER, day INTEGER); INSERT INTO ord VALUES (7, 20260131)"
    table = {"from": "ord AS o", "columns": {"order_id": "o.id", column: "o.day"}}
    with pytest.raises(UnexpectedData, match=rf"orders\.{column} does not fit its type .*: 20260131 \(order_id 7\)"):
        read(acme(tmp_path / kind, script, table, name="orders"), "orders")


def test_a_float_never_becomes_money_in_postgres(postgres: Postgres) -> None:
    spec = {"connector": "acme", "dialect": "postgres", "tables": {"payments": {
        "query": "SELECT 1 AS payment_id, CAST(0.1 AS double precision) AS amount"}}}  # fmt: skip
    with pytest.raises(SpecError, match=r"payments\.amount arrives as a floating-point number"):
        read(Erp(connector="acme", url=postgres.url("postgres"), spec=Spec.model_validate(spec)))


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_a_declared_scale_takes_the_noise_away(tmp_path: Path, kind: str) -> None:
    """149.60000000000002 is 149.6, and NULL stays NULL."""
    script = """CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP);
        INSERT INTO payments VALUES (1, 149.60000000000002, NULL), (2, NULL, NULL), (3, -0.005, NULL), (4, 1e9, NULL)"""
    amounts = [row["amount"] for row in core_rows(acme(tmp_path / kind, script, PAYMENTS), "payments")]
    assert amounts == [Decimal("149.6"), None, Decimal("-0.005"), Decimal(1000000000)]


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_more_decimals_than_core_keeps_are_rounded_once_away_from_zero(tmp_path: Path, kind: str) -> None:
    script = """CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP);
        INSERT INTO payments VALUES (1, 0.12345650, NULL), (2, -0.12345650, NULL), (3, 0.12345649, NULL)"""
    columns = {**PAYMENTS["columns"], "amount": {"sql": "p.amount", "scale": 8}}
    source = acme(tmp_path / kind, script, {**PAYMENTS, "columns": columns})
    amounts = [row["amount"] for row in core_rows(source, "payments")]
    assert amounts == [Decimal("0.123457"), Decimal("-0.123457"), Decimal("0.123456")]


@pytest.mark.parametrize("scale", range(8))
@pytest.mark.parametrize("way", ["postgres", "mariadb"])
def test_every_number_of_decimals_that_a_server_has(
    way: str, scale: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A server's decimals are read as many as they are and lengthened afterwards: to the last digit, NULL and signs too.
    What has more than core keeps is told."""
    dice = random.Random(scale)
    numbers = [
        Decimal(dice.randrange(-(10 ** (12 + scale)) + 1, 10 ** (12 + scale))).scaleb(-scale) for _ in range(300)
    ]
    numbers += [Decimal(sign * digit).scaleb(-scale) for sign in (1, -1) for digit in (0, 1, 10 ** (12 + scale) - 1)]
    values = [None if dice.random() < 0.1 else number for number in numbers]
    listed = " UNION ALL ".join(
        f"SELECT {row} AS id, CAST({'NULL' if value is None else f'{value:f}'} AS DECIMAL(20, {scale})) AS amount"
        for row, value in enumerate(values)
    )
    server = request.getfixturevalue(way)
    if way == "postgres":
        listed = f"SELECT id, amount::numeric(20, {scale}) FROM ({listed}) AS t"
        address = Address.of(server.url("postgres"))
    else:
        address = Address.of(f"mysql://root@127.0.0.1:{server.port}/mysql")
    schema = pa.schema([("id", pa.int64()), ("amount", pa.decimal128(18, 6))])
    with closing(Database(address)) as database:
        if scale > 6:
            with pytest.raises(UnexpectedData, match="amount"):
                list(database.select(listed, Columns("things", schema)))
            return
        found = pa.Table.from_batches(database.select(listed, Columns("things", schema)), schema)
    found.validate(full=True)
    assert found.sort_by("id")["amount"].to_pylist() == values


@pytest.mark.parametrize("digits", [13, 14, 16, 18])
def test_a_whole_number_where_decimals_were_announced(digits: int) -> None:
    """What a server prints with fewer decimals than it says is told where it is too long, and not cut."""
    money, short = pa.decimal128(18, 6), pa.decimal128(16, 4)
    options = csv.ConvertOptions(column_types={"amount": short})
    columns = Columns("things", pa.schema([("amount", money)]))

    def parsed(text: str) -> pa.Array:
        read = csv.ReadOptions(column_names=["amount"])
        return csv.read_csv(pa.BufferReader(text.encode()), read, convert_options=options)["amount"].chunk(0)

    for sign in ("", "-"):
        assert columns.typed({"amount": parsed(f"{sign}{'9' * 12}")})["amount"].to_pylist() == [
            Decimal(f"{sign}{'9' * 12}")
        ]
        with pytest.raises((UnexpectedData, pa.ArrowInvalid), match=f"{'9' * digits}"):
            columns.typed({"amount": parsed(sign + "9" * digits)})


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_local_moments_become_utc(tmp_path: Path, kind: str) -> None:
    """Of the hour that autumn repeats, the first one is meant."""
    script = """CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP);
        INSERT INTO payments VALUES (1, 1, '2026-07-01 12:00:00'), (2, 1, '2026-10-25 02:30:00'), (3, 1, NULL)"""
    columns = {**PAYMENTS["columns"], "paid_at": {"sql": "p.paid", "zone": "Europe/Paris"}}
    source = acme(tmp_path / kind, script, {**PAYMENTS, "columns": columns})
    moments = [row["paid_at"] and row["paid_at"].isoformat() for row in core_rows(source, "payments")]
    assert moments == ["2026-07-01T10:00:00+00:00", "2026-10-25T00:30:00+00:00", None]


# -- keys and positions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
@pytest.mark.parametrize("batch_rows", [1, 2, 1000])
def test_a_key_that_is_not_unique_is_told(tmp_path: Path, kind: str, batch_rows: int) -> None:
    """Also when the two rows come in different batches."""
    script = """CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP);
        INSERT INTO payments VALUES (1, 1, NULL), (2, 1, NULL), (2, 2, NULL), (3, 1, NULL)"""
    with pytest.raises(SpecError, match=r"payments: the key \(payment_id\) is not unique in what the SELECT returns"):
        read(acme(tmp_path / kind, script, PAYMENTS, batch_rows=batch_rows))


@pytest.mark.parametrize("values", [2, 9, 1000])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_keys_in_no_order_are_held_against_each_other(values: int, columns: int) -> None:
    """As a set of them says, whichever of the columns tell them apart."""
    chance = random.Random(values * columns)
    seen = set()
    for _ in range(60):
        keys = [tuple(chance.randrange(values) for _ in range(columns)) for _ in range(chance.randrange(1, 9))]
        keys += chance.sample(keys, chance.randrange(2))  # one of them once more, or none
        arrays = [pa.array([str(key[at]) for key in keys]) for at in range(columns)]
        assert rows._are_distinct(arrays) == (len(set(keys)) == len(keys)), keys
        seen.add(len(set(keys)) == len(keys))
    assert seen == {True, False}


@pytest.mark.parametrize("seed", range(30))
def test_what_is_said_about_the_rows_before_is_true(seed: int) -> None:
    """Batches of numbers in an order like a database's, of texts that only look like numbers, of anything at all."""
    chance = random.Random(seed)
    usual = [str(number) for number in range(60)]
    usual = usual[20:] + usual[:20]  # read from somewhere in the middle
    keys = rows.Keys("things", ("id",), in_order=False)
    other = ("7", "007", "-3", "x", "99999999999999999999", str(rows.USUAL), str(rows.USUAL - 1))
    before: list[str] = []
    said = set()
    for _ in range(8):
        batch = [usual.pop(0) for _ in range(chance.randrange(1, 7))]
        if chance.random() < 0.12:
            batch.append(chance.choice(other + tuple(before[-1:])))
        if len(set(batch)) < len(batch):
            continue
        apart = keys.check(pa.record_batch({"id": batch}))
        assert apart in (None, len(before))
        before += batch
        assert apart is None or len(set(before)) == len(before)
        said.add(apart is None)
        if before == [str(number) for number in range(20, 20 + len(before))]:
            assert apart is not None, "what needs no question to the warehouse asks none"
    assert said


def test_a_key_that_is_null_is_told(tmp_path: Path) -> None:
    script = (
        "CREATE TABLE payments (id INTEGER, amount DOUBLE, paid TIMESTAMP); INSERT INTO payments VALUES (NULL, 1, NULL)"
    )
    with pytest.raises(SpecError, match=r"payments: the key \(payment_id\) is not always there"):
        read(acme(tmp_path / "acme.db", script, PAYMENTS))


CHANGES = """CREATE TABLE payments (id INTEGER, amount INTEGER, paid TIMESTAMP, open INTEGER);
    INSERT INTO payments VALUES
    (1, 1, '2026-01-01 10:00:00', 1), (2, 1, '2026-01-01 11:00:00', 0), (3, 1, '2026-01-01 11:00:00', 0),
    (4, 1, '2026-01-01 11:55:00', 0), (5, 1, '2026-01-01 12:00:00', 0), (6, 1, NULL, 0)"""
DATED = {**PAYMENTS, "cursor": "p.paid", "look_back": "10 minutes", "reread": "p.open = 1"}


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_positions_are_true_after_each_batch(tmp_path: Path, kind: str) -> None:
    """Whoever reads on from the position of any batch gets all the rest, however the batches fall on ties."""
    source = acme(tmp_path / kind, CHANGES, DATED, batch_rows=2)
    batches = read(source)
    assert sum(batch.rows.num_rows for batch in batches) == 6
    seen: set[str] = set()
    for batch in batches:
        seen |= set(batch.rows.column("payment_id").to_pylist())
        rest = read(source, after=dict(batch.position))
        assert seen | {key for one in rest for key in one.rows.column("payment_id").to_pylist()} == set("123456")


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_reading_on_takes_the_look_back_and_what_is_open(tmp_path: Path, kind: str) -> None:
    """Rows of the last ten minutes, rows that are always read again and rows without a moment; the position stays."""
    source = acme(tmp_path / kind, CHANGES, DATED)
    position = dict(read(source)[-1].position)
    assert position["cursor"].startswith("2026-01-01 12:00:00")
    again = read(source, after=position)
    assert sorted(key for batch in again for key in batch.rows.column("payment_id").to_pylist()) == ["1", "4", "5", "6"]
    assert again[-1].position == position


def test_keys_alone(tmp_path: Path) -> None:
    source = acme(tmp_path / "acme.db", CHANGES, DATED)
    stream = source.streams()["payments"]
    assert stream.shape.deletes == "sweep"
    assert pa.Table.from_batches(stream.keys()).to_pydict() == {"payment_id": list("123456")}
    source.close()


def test_what_is_read_whole_shows_by_itself_what_is_gone(tmp_path: Path) -> None:
    source = acme(tmp_path / "acme.db", CHANGES, PAYMENTS)
    assert source.streams()["payments"].shape.deletes == "unseen"


def test_one_state_of_the_database_while_it_is_written(postgres: Postgres) -> None:
    """Rows that are committed between two streams are not seen by the second one; the next run sees them."""
    postgres.run("postgres", "CREATE DATABASE busy")
    postgres.run("busy", "CREATE TABLE depots (id integer); INSERT INTO depots VALUES (1)")
    table = {"from": "depots AS d", "columns": {"warehouse_id": "d.id"}}
    spec = {"connector": "acme", "dialect": "postgres", "tables": {"warehouses": table}}
    source = Erp(connector="acme", url=postgres.url("busy"), spec=Spec.model_validate(spec))
    stream = source.streams()["warehouses"]
    assert len(list(stream.read(Slice(), None))) == 1
    postgres.run("busy", "INSERT INTO depots VALUES (2)")
    assert pa.Table.from_batches(stream.keys()).num_rows == 1
    assert pa.Table.from_batches(source.streams()["warehouses"].keys()).num_rows == 2
    source.close()
    assert postgres.run("busy", "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'").strip() == "0"


def test_reading_writes_nothing(postgres: Postgres, odoo: str) -> None:
    """Even an account that may write reads in a read-only transaction."""
    source = Erp(connector="odoo", url=postgres.url("odoo17"))
    writing = "SELECT nextval('stock_warehouse_id_seq') AS warehouse_id"
    columns = Columns("warehouses", pa.schema([("warehouse_id", pa.int64())]))
    with pytest.raises(EChannelError, match="read-only transaction"):
        list(source._database.select(writing, columns))
    source.close()


# -- refusals and secrets -------------------------------------------------------------------------------------------


def broken(url: str, connector: str = "odoo") -> EChannelError:
    source = Erp(connector=connector, url=url)
    with pytest.raises(EChannelError) as caught:
        core_rows(source, "warehouses")
    said = str(caught.value)
    assert "let-me-read" not in said
    assert "s3cret" not in said
    assert "\n" not in caught.value.sentence
    findings = list(source.check())
    assert findings[0].level == "error" or findings[-1].level == "error"
    return caught.value


def test_a_wrong_password_is_refused(odoo: str) -> None:
    error = broken(odoo.replace("let-me-read", "s3cret"))
    assert isinstance(error, Refused)


def test_nobody_there_is_unavailable() -> None:
    assert isinstance(broken("postgresql://reader:s3cret@127.0.0.1:9/books"), Unavailable)


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_nobody_there_is_unavailable_for_mysql_too(kind: str) -> None:
    pytest.importorskip("pymysql")
    assert isinstance(broken(f"{kind}://reader:s3cret@127.0.0.1:9/books", "dolibarr"), Unavailable)


def test_a_missing_database_is_told(odoo: str) -> None:
    error = broken(odoo.replace("/odoo17", "/odoo71"))
    assert isinstance(error, SettingsError)
    assert "odoo71" in error.sentence


def test_a_missing_table_is_told(postgres: Postgres, odoo: str) -> None:
    """Also by check, which names every table that is missing and who needs it."""
    source = Erp(connector="odoo", url=odoo, parameters={"schema": "pg_catalog"})
    with pytest.raises(SpecError, match="the database has no table pg_catalog"):
        core_rows(source, "suppliers")
    missing = [finding.sentence for finding in source.check() if finding.level == "error"]
    assert any(
        "the database has no table pg_catalog.res_partner, which" in one and "suppliers" in one for one in missing
    )


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_a_table_in_other_letters_is_there(tmp_path: Path, kind: str) -> None:
    """To SQLite and DuckDB PAYMENTS is payments: an optional table is not left out, and none is said to be missing."""
    source = acme(tmp_path / kind, TABLE, {**PAYMENTS, "from": "PAYMENTS AS p", "optional": True})
    assert [finding.level for finding in source.check()] == ["ok", "ok"]
    assert list(source.streams()) == ["payments"]


def test_a_table_of_another_schema_is_not_there(postgres: Postgres) -> None:
    """Its name alone does not reach it; capitals without quotation marks are small letters."""
    script = (
        'CREATE SCHEMA "TRADE"; CREATE TABLE "TRADE".gifts (id INT); CREATE TABLE payments (id INT);'
        "GRANT SELECT ON payments TO reader"
    )
    postgres.run("postgres", "CREATE DATABASE schemas")
    postgres.run("schemas", script)
    payments = {"from": "Payments AS p", "columns": {"payment_id": "p.id"}, "optional": True}
    gifts = {"from": "gifts AS g", "columns": {"invoice_id": "g.id"}}
    spec = {"connector": "acme", "dialect": "postgres", "tables": {"payments": payments, "invoices": gifts}}
    url = postgres.url("schemas", "reader", "let-me-read")
    found = list(Erp(connector="acme", url=url, spec=Spec.model_validate(spec)).check())
    assert [(one.level, one.sentence, one.hint) for one in found[2:]] == [
        ("error", "the database has no table gifts, which invoices needs", "did you mean 'TRADE.gifts'?")
    ]


@pytest.mark.apt
def test_a_table_of_another_database_is_not_there(mariadb: MariaDb) -> None:
    """A module's table in another company's database on the same server is not this one's."""
    script = b"CREATE DATABASE one; CREATE TABLE one.gifts (id INT); CREATE DATABASE two"
    subprocess.run(mariadb.client, input=script, check=True, capture_output=True)
    grant = b"GRANT SELECT ON one.* TO reader@'127.0.0.1' IDENTIFIED BY 'let-me-read'; GRANT SELECT ON two.* TO reader@'127.0.0.1'"
    subprocess.run(mariadb.client, input=grant, check=True, capture_output=True)
    table = {"from": "gifts AS g", "columns": {"payment_id": "g.id"}, "optional": True}
    spec = Spec.model_validate({"connector": "acme", "dialect": "mysql", "tables": {"payments": table}})
    urls = [f"mysql://reader:let-me-read@127.0.0.1:{mariadb.port}/{name}" for name in ("one", "two")]
    assert [list(Erp(connector="acme", url=url, spec=spec).streams()) for url in urls] == [["payments"], []]


@pytest.mark.parametrize("kind", ["acme.db", "acme.duckdb"])
def test_a_missing_column_is_told(tmp_path: Path, kind: str) -> None:
    source = acme(tmp_path / kind, "CREATE TABLE payments (id INTEGER)", PAYMENTS)
    with pytest.raises(SpecError, match=r"the database has no column \S*(amount|paid)"):
        read(source)
    assert [finding.level for finding in source.check()][-1] == "error"


def test_an_account_without_the_right_to_a_table_is_told(postgres: Postgres, odoo: str) -> None:
    postgres.run("odoo17", "REVOKE SELECT ON stock_warehouse FROM reader")
    try:
        with pytest.raises(Refused, match="the account may not read stock_warehouse"):
            core_rows(Erp(connector="odoo", url=odoo), "warehouses")
    finally:
        postgres.run("odoo17", "GRANT SELECT ON stock_warehouse TO reader")


def test_check_tells_who_may_write(postgres: Postgres, odoo: str) -> None:
    reader = list(Erp(connector="odoo", url=odoo).check())
    assert [finding.level for finding in reader] == ["ok", "ok"]
    owner = list(Erp(connector="odoo", url=postgres.url("odoo17")).check())
    assert [finding.level for finding in owner] == ["ok", "warning"]


@pytest.mark.apt
@pytest.mark.parametrize(
    ("there", "here", "kind", "sentence"),
    [
        ("let-me-read", "s3cret", Refused, "127.0.0.1 refuses this user"),
        ("/dolibarr", "/tolibarr", Refused, "127.0.0.1 does not open this database to this user"),
        ("/dolibarr", "/information_schema", SpecError, "the database has no table llx_entrepot"),
    ],
)
def test_mariadb_refuses_in_one_sentence(
    dolibarr_mariadb: str, there: str, here: str, kind: type[EChannelError], sentence: str
) -> None:
    error = broken(dolibarr_mariadb.replace(there, here), "dolibarr")
    assert isinstance(error, kind)
    assert error.sentence == sentence


@pytest.mark.apt
def test_check_tells_who_may_write_in_mariadb(dolibarr_mariadb: str) -> None:
    assert [finding.level for finding in Erp(connector="dolibarr", url=dolibarr_mariadb).check()] == ["ok", "ok"]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_that_is_not_there_is_told_and_not_made(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "books.db"
    with pytest.raises(SettingsError, match="there is no database file"):
        core_rows(Erp(connector="dolibarr", url=f"{kind}:///{file}"), "warehouses")
    assert not file.exists()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_of_another_kind_is_told(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "books.db"
    file.write_text("no database at all, but long enough to have a header of some sort, so to say" * 100)
    with pytest.raises(SettingsError, match=r"books\.db is not a database of this kind"):
        core_rows(Erp(connector="dolibarr", url=f"{kind}:///{file}"), "warehouses")


def test_a_missing_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"psycopg\n  hint: pip install 'echannel-connectors\[postgres\]'"):
        core_rows(Erp(connector="odoo", url="postgresql://reader:s3cret@127.0.0.1:9/books"), "warehouses")


def test_the_password_is_never_printed() -> None:
    source = Erp(connector="odoo", url="postgresql://reader:s3cret@127.0.0.1:9/books")
    for said in (repr(source), str(source), repr(source._database.address), str(source.model_dump())):
        assert "s3cret" not in said


@pytest.mark.parametrize("url", ["oracle8://x:s3cret@y/z", "s3cret", "postgresql://x:s3cret@y:port/z"])
def test_a_wrong_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Erp(connector="odoo", url=url)
    assert "s3cret" not in str(caught.value)


def test_it_pickles_and_reads_elsewhere(odoo: str) -> None:
    source = Erp(connector="odoo", url=odoo, parameters={"language": "fr_FR"})
    before = core_rows(source, "warehouses")
    copy = pickle.loads(pickle.dumps(source))
    assert copy == source
    assert core_rows(copy, "warehouses") == before
    stream = pickle.loads(pickle.dumps(source.streams()["warehouses"]))
    assert [row for batch in stream.read(Slice(), None) for row in batch.rows.to_pylist()] == before
    stream.database.close()
    source.close()


def test_the_company_sets_currency_and_time_zone(odoo: str) -> None:
    """Seen from New York in dollars, days and rates are others; amounts are not."""
    books = Erp(connector="odoo", url=odoo)
    abroad = {row["order_id"]: row for row in core_rows(books.for_company("USD", "America/New_York"), "orders")}
    home = {row["order_id"]: row for row in core_rows(books.for_company("EUR", "Europe/Paris"), "orders")}
    assert any(abroad[key]["order_date"] != row["order_date"] for key, row in home.items())
    for key, row in home.items():
        assert abroad[key]["total_net"] == row["total_net"]
        if row["currency"] == "USD":
            assert abroad[key]["fx_rate"] == 1
        if row["currency"] == "EUR":
            assert abroad[key]["fx_rate"] > 1


def test_the_receipt_counts(odoo: str) -> None:
    source = Erp(connector="odoo", url=odoo)
    core_rows(source, "orders")
    assert source.receipt()["requests"] == 2  # the list of its tables, and the orders
    assert source.receipt()["bytes"] > 10_000
