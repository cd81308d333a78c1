"""The DuckDB warehouse tries to keep promise 1: rows and position together, exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from echannel_connectors import DuckDB, destinations, sync
from echannel_connectors.destinations import commit
from echannel_connectors.errors import Conflict, DestinationError, SettingsError
from echannel_connectors.events import Built, Committed, Event
from echannel_connectors.sources.erp.rows import Keys
from echannel_connectors.streams import Batch, Shape, Slice
from echannel_connectors.testing.shop import FakeShop
from tests.conftest import served

ORDERS = Shape("shop__orders", pa.schema([("id", pa.int64()), ("total", pa.decimal128(18, 6))]), ("id",))


def batch(*rows: tuple[int, str | None], at: int) -> Batch:
    values = [{"id": number, "total": Decimal(total) if total else None} for number, total in rows]
    return Batch(pa.RecordBatch.from_pylist(values, schema=ORDERS.columns), {"id": at})


def content(warehouse: DuckDB) -> list[tuple[int, Decimal | None]]:
    rows = warehouse.query("SELECT id, total FROM raw.shop__orders WHERE _deleted_at IS NULL ORDER BY id").read_all()
    return [(row["id"], row["total"]) for row in rows.to_pylist()]


@pytest.fixture
def warehouse(warehouse_file: Path) -> DuckDB:
    made = DuckDB(warehouse_file, wait_seconds=0.3, memory_mib=256)
    made.prepare(ORDERS)
    made.plan(ORDERS, [Slice()])
    return made


def test_reply_lost_after_commit(warehouse: DuckDB) -> None:
    """A batch whose confirmation got lost is not stored twice when it is sent again."""
    first = batch((1, "10"), (2, None), at=2)
    assert warehouse.commit(ORDERS, Slice(), first, 1) == 2
    assert warehouse.commit(ORDERS, Slice(), first, 1) is None
    assert content(warehouse) == [(1, Decimal(10)), (2, None)]


@pytest.mark.parametrize("distinct", [True, False])
def test_new_rows_and_known_ones_end_the_same(warehouse: DuckDB, distinct: bool) -> None:
    """Rows that are all new are inserted, others merged: alone, mixed, unchanged, and marked as deleted before."""
    rows = [
        ([(1, "10"), (2, None)], 2), ([(2, None), (3, "5")], 1), ([(1, "11"), (2, None), (3, "5")], 1), ([(4, "1")], 1)
    ]  # fmt: skip
    for number, (given, changed) in enumerate(rows, 1):
        one = replace(batch(*given, at=number), distinct=distinct)
        assert warehouse.commit(ORDERS, Slice(), one, number) == changed
    present = pa.RecordBatch.from_pylist([{"id": 1}, {"id": 2}, {"id": 3}])
    warehouse.sweep(ORDERS, pa.RecordBatchReader.from_batches(present.schema, [present]), accept=True)
    assert content(warehouse) == [(1, Decimal(11)), (2, None), (3, Decimal(5))]
    again = replace(batch((4, "1"), (5, None), at=5), distinct=distinct)
    assert warehouse.commit(ORDERS, Slice(), again, 5) == 2
    assert content(warehouse)[3:] == [(4, Decimal(1)), (5, None)]


def test_a_key_that_comes_twice_in_a_batch_of_new_rows(warehouse: DuckDB) -> None:
    """The last occurrence wins, also where no row of the batch was known."""
    assert warehouse.commit(ORDERS, Slice(), batch((1, "10"), (2, "7"), (1, "12"), at=1), 1) == 2
    assert content(warehouse) == [(1, Decimal(12)), (2, Decimal(7))]


@pytest.mark.parametrize("seed", range(5))
def test_readings_that_say_what_came_before(warehouse: DuckDB, seed: int) -> None:
    """Each reading counts its rows; it dies and begins again, finds rows of others, or meets a key a second time: the
    table holds what was read last for every key, once."""
    dice = random.Random(seed)
    warehouse.plan(ORDERS, [Slice("others")])
    with warehouse.hold():
        assert _inserted_unasked(warehouse, dice), "some batches were inserted without a question"


def _inserted_unasked(warehouse: DuckDB, dice: random.Random) -> int:
    true: dict[int, Decimal] = {}
    number = others = skipped = 0
    for reading in range(6):
        keys = Keys("orders", ("id",), in_order=False)
        ids = list(range(30))
        if dice.random() < 0.5:
            dice.shuffle(ids)
        for _ in range(dice.randrange(1, 9)):
            found, ids = ids[:4], ids[4:]
            if not found:
                break
            if true and dice.random() < 0.2:
                found[0] = dice.choice(sorted(set(true) - set(found[1:])) or found[:1])
            given = batch(*((one, str(dice.randrange(100))) for one in found), at=reading)
            if true and dice.random() < 0.15:
                others += 1
                foreign = batch((dice.choice((3, 40)), "500"), at=others)
                warehouse.commit(ORDERS, Slice("others"), foreign, others)
                true[foreign.rows["id"][0].as_py()] = Decimal(500)
            given = replace(given, distinct=True, apart=keys.check(given.rows))
            skipped += given.apart is not None and given.apart == len(true)
            number += 1
            warehouse.commit(ORDERS, Slice(), given, number)
            true.update({row["id"]: row["total"] for row in given.rows.to_pylist()})
            assert content(warehouse) == sorted(true.items())
    return skipped


def test_two_runs_at_once_cannot_write_the_same_slice(warehouse: DuckDB) -> None:
    """The second of two runs that cut the slice differently is told, and loses nothing."""
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    with pytest.raises(Conflict, match="another sync wrote to shop__orders"):
        warehouse.commit(ORDERS, Slice(), batch((1, "10"), (2, "5"), at=2), 1)
    assert warehouse.prepare(ORDERS)["all"].position == {"id": 1}


def test_a_failed_commit_leaves_rows_and_position(warehouse: DuckDB) -> None:
    """Rows that do not fit the table take the position with them."""
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    odd = pa.RecordBatch.from_pylist([{"id": 2, "total": "not a number"}])
    with pytest.raises(Exception, match="not a number"):
        warehouse.commit(ORDERS, Slice(), Batch(odd, {"id": 2}), 2)
    assert content(warehouse) == [(1, Decimal(10))]
    assert warehouse.prepare(ORDERS)["all"].commits == 1


def test_only_rows_that_differ_are_written(warehouse: DuckDB) -> None:
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), (2, None), at=2), 1)
    assert warehouse.commit(ORDERS, Slice(), batch((1, "10"), (2, None), (3, "1"), at=3), 2) == 1


def test_the_last_of_two_rows_with_one_key_wins(warehouse: DuckDB) -> None:
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), (1, "11"), at=1), 1)
    assert content(warehouse) == [(1, Decimal(11))]


def test_a_column_is_added_and_one_that_went_becomes_null(warehouse: DuckDB) -> None:
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    wider = Shape(ORDERS.name, pa.schema([("id", pa.int64()), ("note", pa.string())]), ("id",))
    assert warehouse.prepare(wider) == {}  # what is there lacks the new column: all of it is to be read again
    warehouse.plan(wider, [Slice()])
    rows = pa.RecordBatch.from_pylist([{"id": 2, "note": "new"}], schema=wider.columns)
    warehouse.commit(wider, Slice(), Batch(rows, {"id": 2}), 1)
    assert set(warehouse.prepare(ORDERS)) == {"all"}  # a column that the source has lost is no reason to
    found = warehouse.query("SELECT id, total, note FROM raw.shop__orders ORDER BY id").read_all().to_pylist()
    assert found == [{"id": 1, "total": Decimal(10), "note": None}, {"id": 2, "total": None, "note": "new"}]


TRANSLATIONS = pa.list_(pa.struct([("language", pa.int64()), ("text", pa.string())]))


@pytest.mark.parametrize(
    ("before", "value", "after", "left"),
    [
        (pa.int64(), 7, pa.string(), "7"),
        (pa.string(), "7", pa.int64(), 7),
        (pa.string(), "seven", pa.int64(), None),
        (pa.string(), "Euro", TRANSLATIONS, None),
        (TRANSLATIONS, [{"language": 1, "text": "Euro"}], pa.string(), None),
        (pa.list_(pa.struct([("id", pa.string())])), [{"id": "1"}], TRANSLATIONS, None),
    ],
)
def test_a_column_of_another_type_is_read_again(
    before: pa.DataType, value: object, after: pa.DataType, left: object, warehouse: DuckDB
) -> None:
    """After an upgrade a source may send a column as another type: what fits is kept until the row is read again."""
    old, new = (
        Shape("shop__names", pa.schema([("id", pa.int64()), ("name", kind)]), ("id",)) for kind in (before, after)
    )
    warehouse.prepare(old)
    warehouse.plan(old, [Slice()])
    rows = pa.RecordBatch.from_pylist([{"id": 1, "name": value}], schema=old.columns)
    warehouse.commit(old, Slice(), Batch(rows, {"id": 1}), 1)
    assert set(warehouse.prepare(old)) == {"all"}
    assert warehouse.prepare(new) == {}
    found = warehouse.query("SELECT id, name FROM raw.shop__names").read_all().to_pylist()
    assert [(row["id"], row["name"] or None) for row in found] == [(1, left)]  # BigQuery's lists are empty, not NULL


@pytest.mark.parametrize(
    ("text", "kind", "left"), [("7", pa.int64(), 7), ("seven", pa.int64(), None), ("7", pa.string(), "7")]
)
def test_a_key_that_was_a_text_can_become_something_else(
    text: str, kind: pa.DataType, left: object, warehouse: DuckDB
) -> None:
    """Texts of keys are compressed in a way that is for texts alone; what else the table holds stays as it is."""
    old, new = (
        Shape("shop__names", pa.schema([("id", one), ("n", pa.int64())]), ("id",)) for one in (pa.string(), kind)
    )
    warehouse.prepare(old)
    warehouse.plan(old, [Slice()])
    rows = pa.RecordBatch.from_pylist([{"id": text, "n": 1}, {"id": "9", "n": 2}], schema=old.columns)
    warehouse.commit(old, Slice(), Batch(rows, {"id": 1}), 1)
    warehouse.prepare(new)
    found = warehouse.query("SELECT id, n, _deleted_at FROM raw.shop__names ORDER BY n").read_all().to_pylist()
    assert [tuple(row.values()) for row in found] == [(left, 1, None), (pa.scalar(9).cast(kind).as_py(), 2, None)]
    warehouse.plan(new, [Slice()])
    number = warehouse.prepare(new)["all"].commits + 1
    again = pa.RecordBatch.from_arrays([pa.array([9, 10]).cast(kind), pa.array([2, 3])], schema=new.columns)
    assert warehouse.commit(new, Slice(), Batch(again, {"id": 2}), number) == 1


@pytest.mark.parametrize(("storage", "way"), [("v1.0.0", None), ("v1.2.0", None), ("latest", "ZSTD")])
def test_texts_of_keys_are_compressed_by_zstd_where_the_file_may_hold_it(
    storage: str, way: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "shop.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{file}' AS old (STORAGE_VERSION '{storage}')")
    into = DuckDB(file)
    shape = Shape("shop__words", pa.schema([("id", pa.string()), ("word", pa.string())]), ("id",))
    into.prepare(shape)
    into.plan(shape, [Slice()])
    words = [f"word {n}" for n in range(5000)]
    into.commit(shape, Slice(), Batch(pa.RecordBatch.from_pydict({"id": words, "word": words}), {"id": 1}), 1)
    ways = into.query(
        "SELECT column_name, any_value(compression) AS way FROM pragma_storage_info('raw.shop__words') "
        "WHERE segment_type = 'VARCHAR' GROUP BY ALL"
    ).read_all()
    found = dict(zip(ways["column_name"].to_pylist(), ways["way"].to_pylist(), strict=True))
    assert (found["id"] == "ZSTD") == (way == "ZSTD")
    assert found["word"] != "ZSTD"
    assert into.query("SELECT count(DISTINCT id) AS n FROM raw.shop__words").read_all()["n"].to_pylist() == [5000]


def keys(*numbers: int) -> pa.RecordBatchReader:
    schema = pa.schema([("id", pa.int64())])
    return pa.RecordBatchReader.from_batches(schema, [pa.RecordBatch.from_pydict({"id": list(numbers)}, schema)])


def test_sweep_marks_what_is_gone_and_a_row_can_come_back(warehouse: DuckDB) -> None:
    warehouse.commit(ORDERS, Slice(), batch(*((n, "1") for n in range(1, 21)), at=20), 1)
    assert warehouse.sweep(ORDERS, keys(*range(2, 21)), accept=False).deleted == 1
    assert len(content(warehouse)) == 19
    assert warehouse.commit(ORDERS, Slice(), batch((1, "1"), at=1), 2) == 1
    assert len(content(warehouse)) == 20


def test_sweep_of_more_than_a_tenth_waits(warehouse: DuckDB) -> None:
    warehouse.commit(ORDERS, Slice(), batch(*((n, "1") for n in range(1, 21)), at=20), 1)
    swept = warehouse.sweep(ORDERS, keys(*range(1, 11)), accept=False)
    assert (swept.live, swept.missing, swept.deleted) == (20, 10, 0)
    assert warehouse.sweep(ORDERS, keys(), accept=False).deleted == 0
    assert warehouse.sweep(ORDERS, keys(*range(1, 11)), accept=True).deleted == 10


HOLDER = """
import sys, time, duckdb
with duckdb.connect(sys.argv[1]) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS held (i INT)")
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(file: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(file), str(seconds)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    assert child.stdout.readline().strip() == "held"
    return child


def test_a_file_that_another_program_holds_names_it(warehouse: DuckDB, warehouse_file: Path) -> None:
    """A short wait, then one sentence that says who holds it; then it works again."""
    with holder(warehouse_file, 30) as child:
        with pytest.raises(Conflict, match=rf"in use by python.* \(process {child.pid}\)"):
            content(warehouse)
        child.kill()
    assert content(warehouse) == []


def test_a_short_hold_is_waited_for(warehouse_file: Path) -> None:
    DuckDB(warehouse_file).prepare(ORDERS)
    with holder(warehouse_file, 0.5):
        clock = time.monotonic()
        assert content(DuckDB(warehouse_file, wait_seconds=20)) == []
        assert time.monotonic() - clock < 15


def test_an_older_schema_is_copied_and_brought_forward(warehouse_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DuckDB(warehouse_file).prepare(ORDERS)
    monkeypatch.setattr(commit, "SCHEMA_VERSION", 2)
    monkeypatch.setattr(commit, "MIGRATIONS", {2: ("ALTER TABLE echannel.runs ADD COLUMN host VARCHAR",)})
    newer = DuckDB(warehouse_file)
    newer.prepare(ORDERS)
    assert "host" in newer.query("SELECT * FROM echannel.runs").read_all().column_names
    assert warehouse_file.with_name(warehouse_file.name + ".schema1.bak").exists()
    monkeypatch.undo()
    with pytest.raises(DestinationError, match="newer version of this library"):
        DuckDB(warehouse_file).prepare(ORDERS)


def test_a_failed_migration_changes_nothing(warehouse_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    DuckDB(warehouse_file).prepare(ORDERS)
    with monkeypatch.context() as patched:
        patched.setattr(commit, "SCHEMA_VERSION", 2)
        patched.setattr(
            commit, "MIGRATIONS", {2: ("ALTER TABLE echannel.runs ADD COLUMN host VARCHAR", "SELECT * FROM nothing")}
        )
        with pytest.raises(Exception, match="nothing"):
            DuckDB(warehouse_file).prepare(ORDERS)
    assert "host" not in DuckDB(warehouse_file).query("SELECT * FROM echannel.runs").read_all().column_names


@pytest.mark.slow
def test_tables_are_rebuilt_when_a_row_has_changed_and_not_otherwise(shop_a: FakeShop, warehouse_file: Path) -> None:
    """A round in which nothing happened leaves the tables; rows that a dying run had committed are built by the next."""
    events: list[Event] = []
    into = DuckDB(warehouse_file)

    def built() -> int:
        count = sum(isinstance(event, Built) for event in events)
        events.clear()
        return count

    def die(event: Event) -> None:
        if isinstance(event, Committed) and event.changed:
            raise KeyboardInterrupt

    with served(shop_a) as shop:
        sync(shop, into=into, on_event=events.append)
        assert built() > 4
        quiet = sync(shop, into=into, on_event=events.append)
        assert built() == 0
        assert quiet.tables["mart.sales"] > 500
        shop_a.tables["orders"][9].update(current_state="6", date_upd="2026-11-05 10:00:00")
        with pytest.raises(KeyboardInterrupt):
            sync(shop, into=into, on_event=die)
        sync(shop, into=into, on_event=events.append)
        assert built() > 4
        into.execute("DROP TABLE mart.orders")
        sync(shop, into=into, on_event=events.append)
        assert built() > 4
    sales = into.query("SELECT count(*) AS n FROM mart.sales WHERE order_id = '9'").read_all()
    assert sales["n"].to_pylist() == [0]


# A list of all numbers in one value: it cannot be put aside on the disk.
HOG = "(SELECT len(list(n)) FROM range(100000000) AS t(n))"


def test_what_finds_too_little_memory_is_done_again_by_one_thread(warehouse: DuckDB) -> None:
    """All of the transaction, once, with half the need; what follows has all threads again."""
    if warehouse.query("SELECT current_setting('threads') AS n").read_all()["n"][0].as_py() < 2:
        pytest.skip("this machine has one core")
    needy = f"CASE WHEN current_setting('threads') > 1 THEN {HOG} ELSE 1 END"
    warehouse.execute(
        "CREATE TABLE core.days (n BIGINT)", "INSERT INTO core.days VALUES (7)", f"UPDATE core.days SET n = n + {needy}"
    )
    assert warehouse.query("SELECT n FROM core.days").read_all()["n"].to_pylist() == [8]
    assert warehouse.query("SELECT current_setting('threads') AS n").read_all()["n"][0].as_py() > 1


def test_what_finds_too_little_memory_gets_more_where_nobody_bounds_it(tmp_path: Path) -> None:
    """A default is no reason to fail; a limit that was given is one. The next connection has the default again."""
    hog = f"CREATE OR REPLACE TABLE core.days AS SELECT {HOG.replace('100000000', '30000000')} AS n"
    into = DuckDB(tmp_path / "any.duckdb")
    into.execute(hog)
    assert into.query("SELECT n FROM core.days").read_all()["n"].to_pylist() == [30_000_000]
    assert into.query("SELECT current_setting('memory_limit') AS n").read_all()["n"].to_pylist() == ["96.0 MiB"]
    with pytest.raises(DestinationError, match="ran out of memory"):
        destinations.open("duckdb:///any.duckdb?memory_mib=192", tmp_path).execute(hog)  # type: ignore[union-attr]


@pytest.mark.parametrize("query", ["memory_mib=much", "memory_mib=0", "memory=5", "memory_mib="])
def test_a_limit_that_is_none(tmp_path: Path, query: str) -> None:
    with pytest.raises(SettingsError, match=r"memory_mib|knows no 'memory'"):
        destinations.open(f"duckdb:///any.duckdb?{query}", tmp_path)


def test_too_little_memory_changes_nothing_and_says_so(warehouse: DuckDB) -> None:
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    with pytest.raises(DestinationError, match="DuckDB ran out of memory") as caught:
        warehouse.execute("DELETE FROM raw.shop__orders", f"CREATE TABLE core.days AS SELECT {HOG} AS n")
    assert "memory_mib" in caught.value.hint
    assert content(warehouse) == [(1, Decimal(10))]


def test_a_batch_of_whole_days_takes_the_place_of_what_was_there(warehouse: DuckDB) -> None:
    """What it lacks of its days is gone, other days stay, a row that comes back is live again; an empty batch is not
    believed."""
    columns = pa.schema([("day", pa.date32()), ("country", pa.string()), ("visits", pa.int64())])
    traffic = Shape("web__traffic", columns, ("day", "country"), "day", group="day")
    warehouse.prepare(traffic)
    warehouse.plan(traffic, [Slice()])

    def commit_days(at: int, days: list[int], *rows: tuple[int, str, int]) -> int | None:
        values = [{"day": date(2026, 1, day), "country": country, "visits": n} for day, country, n in rows]
        whole = tuple(date(2026, 1, day) for day in days)
        part = Batch(pa.RecordBatch.from_pylist(values, schema=columns), {"at": at}, whole=whole)
        return warehouse.commit(traffic, Slice(), part, at)

    def live() -> list[tuple[int, str, int]]:
        sql = "SELECT day, country, visits FROM raw.web__traffic WHERE _deleted_at IS NULL ORDER BY ALL"
        return [(row["day"].day, row["country"], row["visits"]) for row in warehouse.query(sql).read_all().to_pylist()]

    assert commit_days(1, [1, 2], (1, "FR", 5), (1, "GB", 2), (2, "FR", 7)) == 3
    assert commit_days(2, [1], (1, "FR", 6)) == 2
    assert live() == [(1, "FR", 6), (2, "FR", 7)]
    assert commit_days(3, [1, 2]) == 0
    assert live() == [(1, "FR", 6), (2, "FR", 7)]
    assert commit_days(4, [1, 2, 3], (1, "GB", 2), (3, "FR", 1)) == 4
    assert live() == [(1, "GB", 2), (3, "FR", 1)]


@pytest.mark.parametrize(("storage", "disabled"), [("v1.0.0", ""), ("v1.2.0", ""), ("latest", "Dictionary,FSST")])
def test_a_file_of_an_older_duckdb_keeps_its_ways_to_compress(storage: str, disabled: str, tmp_path: Path) -> None:
    """Only newer files have DICT_FSST, which does what those do that are left out."""
    file = tmp_path / "shop.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{file}' AS old (STORAGE_VERSION '{storage}')")
    into = DuckDB(file)
    text = "lpad((n % 50000)::VARCHAR, 9, 'x')"
    into.execute(f"CREATE TABLE core.words AS SELECT {text} AS word FROM range(200000) AS t(n)")
    with into.hold():
        asked = "SELECT current_setting('disabled_compression_methods') AS disabled"
        assert into.query(asked).read_all()["disabled"].to_pylist() == [disabled]
        ways = "SELECT DISTINCT compression FROM pragma_storage_info('core.words') WHERE segment_type = 'VARCHAR'"
        assert "Uncompressed" not in into.query(ways).read_all()["compression"].to_pylist()
