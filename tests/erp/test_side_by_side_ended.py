"""Several connections, when the server has no room for them, ends one of them, or makes them wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from echannel_connectors import DuckDB, sync
from echannel_connectors.errors import SpecError, Unavailable, UnexpectedData
from echannel_connectors.events import Committed, Event, Warned, ignore
from echannel_connectors.models.company import Company
from echannel_connectors.runs import Choice, Run, SyncResult
from echannel_connectors.sources.erp import ranges
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.streams import Slice
from echannel_connectors.texts import in_language
from tests.erp.conftest import Postgres
from tests.erp.stock import END_ONE, LEVELS, LONG, ROWS, half_read, heard, no_session_is_left, read, source


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a hundred pages are divided, so that tests need no large ones."""
    monkeypatch.setattr(ranges, "LEAST_PAGES", 50)


def test_a_server_that_lets_in_two_is_read_by_two(postgres: Postgres, guest: str) -> None:
    erp = source(postgres, "lab", connections=4, url=postgres.url("lab", guest))
    events = heard(erp)
    assert read(erp) == read(source(postgres, "lab"))
    (warning,) = events
    assert isinstance(warning, Warned)
    assert warning.sentence.startswith("large tables are read by 2 of the 4 connections: ")
    assert warning.sentence.endswith("lets in no further connection")
    french = in_language(warning.sentence, "fr").replace("\xa0", " ")
    assert french.startswith("les grandes tables sont lues par 2 connexions sur 4 : ")
    assert french.endswith("n'accepte plus de connexion")


def test_a_server_that_shares_no_snapshot_is_read_by_one(
    postgres: Postgres, lab: Callable[[str], str], tmp_path: Path
) -> None:
    """Said once, and in what a sync says at its end."""
    lab("REVOKE EXECUTE ON FUNCTION pg_export_snapshot() FROM PUBLIC; CREATE ROLE plain LOGIN")
    lab("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain")
    try:
        erp = source(postgres, "lab", connections=4, url=postgres.url("lab", "plain"))
        into = DuckDB(tmp_path / "stock.duckdb")
        result = SyncResult()
        Run(into, Company(), Choice(), ignore, result).read(erp)
        erp.close()
        (warning,) = [one for one in result.warnings if "connections" in one]
        assert warning.startswith("large tables are read by 1 of the 4 connections: ")
        assert "pg_export_snapshot" in warning
        stored = into.query("SELECT count(*), count(DISTINCT product_id) FROM raw.acme__stock_levels").read_all()
        assert [list(row.values()) for row in stored.to_pylist()] == [[ROWS, ROWS]]
        into.close()
    finally:
        lab("DROP OWNED BY plain; DROP ROLE plain")


def test_a_pooler_that_leads_to_another_server(postgres: Postgres, stock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which does not know the snapshot: played by a name that is nobody's."""
    erp = source(postgres, stock, connections=3)
    events = heard(erp)
    stranger = replace(erp._address.kind, sharing="SELECT '0FFFFFFF-0000000A-1'")
    monkeypatch.setattr(erp._database, "address", replace(erp._address, kind=stranger))
    assert len(read(erp)) == ROWS
    (warning,) = events
    assert isinstance(warning, Warned)
    assert warning.sentence.startswith("large tables are read by 1 of the 3 connections: ")


def test_one_connection_that_is_ended_ends_them_all(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """One error, no session left behind; what is read next is another state."""
    erp = source(postgres, "lab", LONG, connections=3, batch_rows=300)
    blocks = half_read(erp)
    assert postgres.run("postgres", END_ONE) == "1\n"
    with pytest.raises(Unavailable, match=r"stopped the query|does not answer"):
        for _ in blocks:
            pass
    assert no_session_is_left(postgres)
    lab("DELETE FROM stock WHERE id <= 1000")
    assert len(read(erp)) == ROWS - 1000


def test_reading_that_is_given_up_leaves_no_session(postgres: Postgres, lab: Callable[[str], str]) -> None:
    erp = source(postgres, "lab", LONG, connections=3, batch_rows=300)
    half_read(erp).close()
    assert no_session_is_left(postgres)
    assert not [one for one in threading.enumerate() if one.name.startswith("ThreadPoolExecutor")]


def test_an_error_does_not_wait_for_the_others(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """One of them is refused while the server thinks long about what another one asked."""
    erp = source(postgres, "lab", connections=2)
    assert erp._database.readers() == 2
    columns = Columns("stock", pa.schema([("n", pa.int64())]))
    began = time.monotonic()
    with pytest.raises(UnexpectedData, match="division by zero"):
        list(erp._database.selects(["SELECT 1 AS n FROM pg_sleep(20)", "SELECT 1 / (id - 5) AS n FROM stock"], columns))
    assert time.monotonic() - began < 10
    lab(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep%' AND pid <> pg_backend_pid()"
    )


def test_a_table_that_is_not_there_is_told_as_ever(postgres: Postgres, stock: str) -> None:
    """And what is read next is read."""
    erp = source(postgres, stock, {**LEVELS, "from": "stocks AS s"}, connections=3)
    stream = erp.streams()["stock_levels"]
    with pytest.raises(SpecError, match="the database has no table stocks"):
        next(iter(stream.read(Slice(), None)))
    assert erp._database.readers() == 3
    erp.close()


@pytest.mark.slow
def test_a_first_load_that_was_ended_midway_is_whole_after_the_next_run(
    postgres: Postgres, lab: Callable[[str], str], tmp_path: Path
) -> None:
    """After the first commit one of the sessions is ended; rows change; the next run leaves each row once, as it is."""
    lab("INSERT INTO stock SELECT g, 1, g, repeat('m', 40), now() FROM generate_series(10001, 710000) AS g")
    table = {**LEVELS, "columns": {**LEVELS["columns"], "product_id": "s.id || '-' || s.note"}}
    ended = []

    def listen(event: Event) -> None:
        if isinstance(event, Committed) and not ended:
            ended.append(postgres.run("postgres", END_ONE))

    into = DuckDB(tmp_path / "stock.duckdb")
    with pytest.raises(Unavailable):
        sync(source(postgres, "lab", table, connections=3), into=into, company=Company(), on_event=listen)
    assert ended == ["1\n"]
    assert no_session_is_left(postgres)
    half = into.query("SELECT count(*) AS n FROM raw.acme__stock_levels").read_all().to_pylist()[0]["n"]
    assert 0 < half < ROWS + 700_000
    lab("UPDATE stock SET on_hand = 1 WHERE id % 50 = 0; DELETE FROM stock WHERE id % 1000 = 1")
    sync(source(postgres, "lab", table, connections=3), into=into, company=Company())
    sql = """SELECT count(*) AS n, count(DISTINCT product_id) AS k, CAST(sum(on_hand) AS VARCHAR) AS s
        FROM raw.acme__stock_levels WHERE _deleted_at IS NULL"""
    (found,) = into.query(sql).read_all().to_pylist()
    into.close()
    count, total = lab("SELECT count(*), sum(on_hand)::numeric(18, 6) FROM stock").strip().split("|")
    assert (found["n"], found["k"], found["s"]) == (int(count), int(count), total)


@pytest.mark.slow
def test_who_waits_for_a_strong_lock_does_not_hang_the_reader(postgres: Postgres, lab: Callable[[str], str]) -> None:
    """The first connection holds its weak lock, ALTER TABLE waits for it, and the others behind that: an error after ten
    seconds, and then ALTER TABLE is through."""
    erp = source(postgres, "lab", connections=3)
    stream = erp.streams()["stock_levels"]
    erp._database.values_of_state("SELECT count(*) FROM stock")
    other = threading.Thread(target=lambda: lab("ALTER TABLE stock ADD COLUMN more integer"))
    other.start()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER%'"
    while postgres.run("postgres", waiting) != "1\n":
        pass
    with pytest.raises(Unavailable, match="stopped the query"):
        for _ in stream.read(Slice(), None):
            pass
    other.join(timeout=20)
    assert not other.is_alive()
    erp.close()
