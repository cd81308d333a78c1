"""A large table of PostgreSQL read by several connections: each row once, and all of them of one state."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from echannel_connectors import Erp
from echannel_connectors.sources.erp import ranges
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.reader import Database, Manners
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.streams import Slice
from tests.erp.conftest import Postgres
from tests.erp.stock import LEVELS, ROWS, heard, no_session_is_left, parts, read, sessions, source


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a hundred pages are divided, so that tests need no large ones."""
    monkeypatch.setattr(ranges, "LEAST_PAGES", 50)


SHAPES: dict[str, tuple[dict[str, Any], int, str]] = {
    "a table": ({}, 4, "ctid"),
    "joined": ({"from": "stock AS s LEFT JOIN depots AS d ON d.id = s.depot"}, 4, "ctid"),
    "filtered": ({"where": "s.depot = 3 OR s.id % 2 = 0"}, 4, "ctid"),
    "in a subquery": (
        {"from": "(SELECT n.* FROM (SELECT t.* FROM stock AS t WHERE t.depot > 1) AS n) AS s"},
        4,
        "_place0",
    ),
    "partitions": ({"from": "days AS s", "cursor": None}, 4, "ctid"),
    # What follows may give rows that come from none, or from several, of the table that FROM begins with.
    "right join": ({"from": "depots AS d RIGHT JOIN stock AS s ON d.id = s.depot"}, 4, '"s"."id"'),
    "window": (
        {"from": "(SELECT t.*, sum(t.on_hand) OVER (PARTITION BY t.id) AS n FROM stock AS t) AS s"},
        4,
        '"s"."id"',
    ),
    "groups": (
        {"from": "(SELECT t.id, sum(t.on_hand) AS on_hand, max(t.changed_at) AS changed_at FROM stock AS t GROUP BY t.id) AS s"},
        4,
        '"s"."id"',
    ),
    "distinct, no index": (
        {"from": "(SELECT DISTINCT t.id, t.on_hand FROM days AS t) AS s", "cursor": None},
        1,
        "",
    ),
    "union of all": (
        {"from": "(SELECT id, on_hand FROM days UNION ALL SELECT -id, on_hand FROM stock) AS s", "cursor": None},
        4,
        "_place",
    ),
    "union with a table that is not there": (
        {"from": "(SELECT id, on_hand FROM stock UNION ALL SELECT 1, 1.0 WHERE FALSE) AS s", "cursor": None},
        4,
        "_place",
    ),
    "union": (
        {"from": "(SELECT id, on_hand FROM days UNION SELECT -id, on_hand FROM stock) AS s", "cursor": None},
        1,
        "",
    ),
    "union of all in part": (
        {
            "from": """(SELECT id, on_hand FROM stock
                UNION ALL SELECT min(-id), sum(on_hand) FROM days GROUP BY id) AS s""",
            "cursor": None,
        },
        1,
        "",
    ),
    "the day of today": ({"where": "s.changed_at < now() + INTERVAL '1 day'"}, 1, ""),
    "the day of today, in a subquery": (
        {"from": "stock AS s CROSS JOIN (SELECT clock_timestamp() AS today) AS c"},
        1,
        "",
    ),
    "window in a column": (
        {"columns": {**LEVELS["columns"], "available": {"sql": "sum(s.on_hand) OVER ()", "scale": 2}}},
        1,
        "",
    ),
    "a function": ({"from": "generate_series(1, 5) AS s(id)", "cursor": None, "columns": {**LEVELS["columns"], "on_hand": {"sql": "1", "scale": 2}}}, 1, ""),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_rows_as_by_one_connection(postgres: Postgres, stock: str, shape: str) -> None:
    """Each row once, however the SELECT is made; it is only divided where that is sure."""
    change, many, by = SHAPES[shape]
    table = {key: value for key, value in {**LEVELS, **change}.items() if value is not None}
    found = parts(source(postgres, stock, table, connections=4))
    assert len(found) == many
    assert all(by in sql for sql in found)
    one = read(source(postgres, stock, table))
    assert len(one) >= 5
    assert read(source(postgres, stock, table, connections=4)) == one


def test_more_ranges_than_connections(postgres: Postgres, stock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is free reads the next one, so that what comes together lies together; where a range of a join costs as
    much as the whole, there are only as many as connections, or none."""
    monkeypatch.setattr(ranges, "AT_ONCE", 5)
    many = len(parts(source(postgres, stock, connections=3)))
    assert many > 20
    one = read(source(postgres, stock))
    assert read(source(postgres, stock, connections=3)) == one
    monkeypatch.setattr(ranges, "MOST", 10)
    assert len(parts(source(postgres, stock, connections=3))) == 10
    monkeypatch.setattr(ranges, "_cost", lambda select, _: 1.0 if "ctid" not in select.rows() else 0.6)
    assert len(parts(source(postgres, stock, connections=3))) == 3
    monkeypatch.setattr(ranges, "_cost", lambda *_: 1.0)
    assert len(parts(source(postgres, stock, connections=3))) == 1


def test_ranges_without_a_row_and_rows_beyond_the_pages_that_were_counted(
    postgres: Postgres, stock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the server says of its pages, each row is in one range."""
    one = read(source(postgres, stock))
    monkeypatch.setattr(ranges, "MOST", 8)
    for pages in ([3], [1_000_000], [1, 1, 70]):
        monkeypatch.setattr(ranges, "_pages", lambda *_, pages=pages, **__: pages)
        assert read(source(postgres, stock, connections=4)) == one


def test_a_server_that_reads_no_range_of_pages_is_read_by_ranges_of_the_key(
    postgres: Postgres, stock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PostgreSQL was before 14, played by the version that can."""
    monkeypatch.setattr(ranges, "TID_RANGES", 10**7)
    found = parts(source(postgres, stock, connections=3))
    assert len(found) == 3
    assert not any("ctid" in sql for sql in found)
    assert read(source(postgres, stock, connections=3)) == read(source(postgres, stock))


def test_keys_that_are_text(postgres: Postgres, lab: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty, beyond what the statistics know, in an order that is no number's; and the statistics in no order at all."""
    monkeypatch.setattr(ranges, "TID_RANGES", 10**7)
    monkeypatch.setattr(ranges, "MOST_WORK", 100.0)
    lab("ALTER TABLE stock ALTER id TYPE text; ANALYZE stock; INSERT INTO stock VALUES (''), ('zzz'), ('ÿ'), ('0')")
    table = {key: value for key, value in LEVELS.items() if key != "cursor"}
    one = read(source(postgres, "lab", table))
    assert len(one) == ROWS + 4
    for spread in (ranges._spread, lambda values, _: ["5", "", "2", *values[:1], "9"]):
        monkeypatch.setattr(ranges, "_spread", spread)
        assert len(parts(source(postgres, "lab", table, connections=6))) == 6
        assert read(source(postgres, "lab", table, connections=6)) == one


def test_a_key_that_is_null_is_in_the_last_range(
    postgres: Postgres, lab: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """(The reader then says that a key must not be NULL; it would not if nobody had read it.)"""
    monkeypatch.setattr(ranges, "MOST_WORK", 100.0)
    lab("CREATE TABLE loose AS SELECT id, on_hand, note FROM stock; CREATE INDEX ON loose (id); ANALYZE loose")
    lab("INSERT INTO loose VALUES (NULL, 7)")
    inner = "(SELECT l.* FROM loose AS l OFFSET 0) AS s"
    erp = source(postgres, "lab", {"from": inner, "columns": LEVELS["columns"]}, connections=3)
    selects = [part.rows() for part in ranges.divided(erp.selects["stock_levels"], erp._database)]
    assert len(selects) == 3
    columns = Columns("stock_levels", pa.schema([("product_id", pa.string())]))
    rows = [key for batch in erp._database.selects(selects, columns) for key in batch["product_id"].to_pylist()]
    erp.close()
    assert len(rows) == len(set(rows)) == ROWS + 1
    assert None in rows


def test_dead_pages_and_rows_that_moved(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """Half of the pages are empty after VACUUM, rows were written into the holes, others moved to the end."""
    lab(f"DELETE FROM stock WHERE id < {ROWS // 2} OR id % 11 = 0")
    lab("VACUUM stock")
    lab("INSERT INTO stock SELECT -g, 0, g, 'new' FROM generate_series(1, 500) AS g")
    lab("UPDATE stock SET note = repeat('x', 400) WHERE id % 3 = 0")
    table = {key: value for key, value in LEVELS.items() if key != "cursor"}
    assert len(parts(source(postgres, "lab", table, connections=4))) == 4
    assert read(source(postgres, "lab", table, connections=4)) == read(source(postgres, "lab", table))


def test_nobody_rewrites_a_table_whose_pages_were_counted(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """VACUUM FULL would put its rows in other places between two ranges: it waits until they are read."""
    erp = source(postgres, "lab", connections=2)
    assert len(ranges.divided(erp.selects["stock_levels"], erp._database)) == 2
    lab("UPDATE stock SET on_hand = 1 WHERE id = 7; DELETE FROM stock WHERE id = 8")
    with pytest.raises(AssertionError, match="lock timeout"):
        lab("SET lock_timeout = '100ms'; VACUUM FULL stock")
    erp.close()
    lab("SET lock_timeout = '5s'; VACUUM FULL stock")


def test_what_is_written_while_it_is_read_is_all_out(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """Money that is moved between the first and the last row, new rows and deleted ones, after the first connection
    looked and before the others do: they see what it saw."""
    erp = source(postgres, "lab", connections=4)
    stream = erp.streams()["stock_levels"]
    before = read(source(postgres, "lab"))
    assert erp._database.values_of_state("SELECT count(*) FROM depots") == [(6,)]
    lab(f"""BEGIN; UPDATE stock SET on_hand = on_hand - 60 WHERE id = 1;
        UPDATE stock SET on_hand = on_hand + 60 WHERE id = {ROWS}; DELETE FROM stock WHERE id % 100 = 0;
        INSERT INTO stock SELECT {ROWS} + g, 1, 5, 'late' FROM generate_series(1, 3000) AS g; COMMIT""")
    rows = [row for batch in stream.read(Slice(), None) for row in batch.rows.to_pylist()]
    assert sessions(postgres) == 4
    assert sorted(rows, key=lambda row: str(row["product_id"])) == before
    erp.close()
    assert no_session_is_left(postgres)
    afterwards = read(source(postgres, "lab", {key: LEVELS[key] for key in ("from", "columns")}, connections=4))
    assert len(afterwards) == ROWS - ROWS // 100 + 3000


def test_check_says_how_many_connections_there_are(postgres: Postgres, stock: str, guest: str) -> None:
    found = [one for one in source(postgres, stock, connections=3).check() if "connections" in one.sentence]
    assert [(one.level, str(one.sentence)) for one in found] == [("ok", "3 connections see one state of the database")]
    erp = source(postgres, "lab", connections=3, url=postgres.url("lab", guest))
    events = heard(erp)
    (found,) = [one for one in erp.check() if "connections" in one.sentence]
    assert found.level == "warning"
    assert not events, "once is enough"
    assert found.sentence.startswith("large tables are read by 2 of the 3 connections: ")
    assert not [one for one in source(postgres, stock).check() if "connections" in one.sentence]
    assert no_session_is_left(postgres)


def test_each_connection_is_treated_alike(postgres: Postgres, stock: str) -> None:
    """Read-only, one snapshot, the longest time of a statement: all of them, and the rate is one for all."""
    database = Database(Address.of(postgres.url(stock)), manners=Manners(7, 0, 3))
    assert database.readers() == 3
    assert database._state is not None
    sql = """SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only'),
        current_setting('idle_in_transaction_session_timeout'),
        current_setting('statement_timeout'), current_setting('timezone'), CAST(pg_current_snapshot() AS text)"""
    seen = [one.values(sql)[0] for one in database._state.readers(3)]
    database.close()
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert seen[0][:5] == ("repeatable read", "on", "0", "7s", "UTC")


def test_no_more_rows_a_second_by_several(postgres: Postgres, stock: str) -> None:
    began = time.monotonic()
    assert len(read(source(postgres, stock, connections=4, rows_per_second=10_000))) == ROWS
    assert time.monotonic() - began >= 0.5


def test_small_tables_are_read_by_one(
    postgres: Postgres, lab: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would be there before another connection is: none is opened."""
    monkeypatch.undo()
    erp = source(postgres, "lab", connections=4)
    rows = sum(batch.rows.num_rows for batch in erp.streams()["stock_levels"].read(Slice(), None))
    assert rows == ROWS
    assert sessions(postgres) == 1
    erp.close()
    lab(f"INSERT INTO stock SELECT {ROWS} + g, 1, 5, repeat('m', 900) FROM generate_series(1, 12000) AS g")
    assert len(parts(source(postgres, "lab", connections=4))) == 4


def test_ranges_that_would_be_much_more_work_are_not_made(postgres: Postgres, stock: str) -> None:
    """A subquery that has to be computed anew for each range."""
    inner = "(SELECT t.id, sum(t.on_hand) OVER (ORDER BY t.note, t.depot) AS on_hand FROM stock AS t) AS s"
    assert len(parts(source(postgres, stock, {"from": inner, "columns": LEVELS["columns"]}, connections=4))) == 1


def test_what_changed_is_read_by_one(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """Only whole tables are divided; the position after one is that after any."""
    erp = source(postgres, "lab", connections=4)
    stream = erp.streams()["stock_levels"]
    *_, last = stream.read(Slice(), None)
    erp.close()
    lab("UPDATE stock SET on_hand = 1, changed_at = '2030-01-01' WHERE id = 5")
    erp = source(postgres, "lab", connections=4)
    stream = erp.streams()["stock_levels"]
    found = [row for batch in stream.read(Slice(), last.position) for row in batch.rows.to_pylist()]
    assert sessions(postgres) == 1
    erp.close()
    assert [row["product_id"] for row in found][-1] == "5"
    assert len(found) < ROWS / 10


@pytest.mark.parametrize("connections", [0, 17])
def test_one_to_sixteen(connections: int) -> None:
    with pytest.raises(ValidationError):
        Erp(connector="dolibarr", url="postgresql://reader@erp/books", connections=connections)


def test_other_databases_are_read_by_one() -> None:
    with pytest.raises(ValidationError, match="connections is known for PostgreSQL alone"):
        Erp(connector="dolibarr", url="mysql://reader@erp/books", connections=2)
    assert Erp(connector="dolibarr", url="mysql://reader@erp/books", connections=1).connections == 1


@pytest.mark.parametrize(
    ("sizes", "many", "found"),
    [
        ([100], 4, [25, 50, 75]),
        ([1], 4, [0, 0, 0]),
        ([10, 100], 2, [45]),  # 10 + 45 of 110
        ([0, 7, 7, 7], 3, [3, 5]),
    ],
)
def test_ranges_hold_about_as_many_pages(sizes: list[int], many: int, found: list[int]) -> None:
    assert ranges.ends(sizes, many) == found


# -- at length --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("connector", "least"), [("odoo", 12), ("tryton", 6)])
def test_every_table_of_an_erp_is_the_same_in_ranges(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, connector: str, least: int
) -> None:
    """Whatever joins, views and laterals its spec has: all tables are divided that can be, however small and costly."""
    for name, value in (("LEAST_PAGES", 1), ("AT_ONCE", 1), ("MOST", 7), ("MOST_WORK", float("inf"))):
        monkeypatch.setattr(ranges, name, value)
    url = request.getfixturevalue(connector)
    one, several = (Erp(connector=connector, url=url, connections=many) for many in (1, 3))
    tables, parallel = one.streams(), several.streams()
    divided = [name for name, select in several.selects.items() if len(ranges.divided(select, several._database)) > 1]
    assert len(divided) >= least, divided
    for name in tables:
        found = [
            sorted(repr(row) for batch in streams[name].read(Slice(), None) for row in batch.rows.to_pylist())
            for streams in (tables, parallel)
        ]
        assert found[0] == found[1], name
    one.close()
    several.close()


@pytest.mark.slow
def test_money_that_moves_all_the_time_is_always_all_there(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """Somebody moves money between far rows without a pause, VACUUM runs; twenty reads each find the same sum."""
    lab("INSERT INTO stock SELECT g, 1, 100, repeat('m', 200) FROM generate_series(10001, 60000) AS g")
    stop = threading.Event()

    def move() -> None:
        while not stop.is_set():
            lab("""DO $$ BEGIN FOR i IN 1..200 LOOP
                UPDATE stock SET on_hand = on_hand - i WHERE id = 1 + i; UPDATE stock SET on_hand = on_hand + i
                WHERE id = 60000 - i; COMMIT; END LOOP; END $$""")
            lab("VACUUM stock")

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(20):
            rows = read(source(postgres, "lab", connections=4))
            assert max(Counter(row["product_id"] for row in rows).values()) == 1
            assert len(rows) == ROWS + 50_000
            assert sum((row["on_hand"] for row in rows), Decimal(0)) == 100 * len(rows)
    finally:
        stop.set()
        mover.join()
