"""What the commands say: check, sync --dry-run, sync --watch and status, to people and to programs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from echannel_connectors import DuckDB, errors, read
from echannel_connectors.history import age
from echannel_connectors.testing.shop import FakeShop, Fault
from tests.command import echannel, environment, on_terminal, project
from tests.watching import place_order


@pytest.fixture
def served(shop_a: FakeShop) -> Iterator[str]:
    with shop_a.serve() as url:
        yield url


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# -- check ----------------------------------------------------------------------------------------------------------


def test_check_of_a_destination_that_is_not_there_yet(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """That is fine before the first sync; `check` makes nothing."""
    before = files(project(tmp_path, served))
    done = echannel(tmp_path, "check", key=shop_a.key)
    assert done.returncode == 0
    assert "✓ destination: shop.duckdb is not there yet: the first sync makes it" in done.stdout
    assert files(tmp_path) == before


def test_check_of_a_destination_says_its_size(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    project(tmp_path, served)
    DuckDB(tmp_path / "shop.duckdb").execute("SELECT 1")
    before = files(tmp_path)
    done = echannel(tmp_path, "check", key=shop_a.key)
    assert done.returncode == 0
    assert "✓ destination: shop.duckdb holds 0." in done.stdout
    assert "GiB are free" in done.stdout
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda file: file.write_bytes(b"not a database" * 1000), "is damaged or is not a DuckDB file"),
        (lambda file: newer(file), "newer version of this library (schema 99)"),
    ],
)
def test_check_of_a_destination_that_cannot_be_used(
    spoil: Callable[[Path], None], sentence: str, served: str, shop_a: FakeShop, tmp_path: Path
) -> None:
    spoil(project(tmp_path, served) / "shop.duckdb")
    done = echannel(tmp_path, "check", key=shop_a.key)
    assert done.returncode == errors.DESTINATION
    assert "✗ destination: " in done.stdout
    assert sentence in done.stdout


def newer(file: Path) -> None:
    DuckDB(file).execute("UPDATE echannel.meta SET value = '99' WHERE name = 'schema_version'")


def test_check_of_a_destination_whose_folder_is_missing(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    file = project(tmp_path, served) / "echannel.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("///shop", "///nowhere/shop"), encoding="utf-8")
    done = echannel(tmp_path, "check", key=shop_a.key)
    assert done.returncode == errors.DESTINATION
    assert "does its folder exist?" in done.stdout


def test_check_says_who_holds_the_destination(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """A sync would wait for the other program, so it is no error."""
    project(tmp_path, served)
    with duckdb.connect(str(tmp_path / "shop.duckdb")):
        done = echannel(tmp_path, "check", key=shop_a.key)
    assert done.returncode == 0
    assert f"is in use by {Path(sys.executable).resolve().name}" in done.stdout
    assert f"(process {os.getpid()})" in done.stdout
    assert "a sync waits for it for 20 s" in done.stdout


# -- sync --dry-run -------------------------------------------------------------------------------------------------


def plans(folder: Path, key: str, *words: str) -> dict[str, dict[str, object]]:
    done = echannel(folder, "sync", "--dry-run", *words, key=key)
    assert done.returncode == 0, done.stderr
    return {plan["stream"]: plan for plan in map(json.loads, done.stdout.splitlines())}


def test_dry_run_before_the_first_sync(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """Everything is a first load, and not even the warehouse's file is made."""
    before = files(project(tmp_path, served))
    found = plans(tmp_path, shop_a.key)
    assert found["shop.orders"] == {
        "table": "raw.shop__orders",
        "how": "first load, in 3 slices",
        "rows": 0,
        "stream": "shop.orders",
    }
    assert found["shop.currencies"]["how"] == "whole, as at every sync"
    assert files(tmp_path) == before


@pytest.mark.slow
def test_dry_run_after_a_sync(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """It says since when, and how many rows are there; nothing moves, so the sync after it brings the news."""
    project(tmp_path, served)
    assert echannel(tmp_path, "sync", key=shop_a.key).returncode == 0
    place_order(shop_a)
    before = (tmp_path / "shop.duckdb").read_bytes()
    orders = plans(tmp_path, shop_a.key, "--only", "shop.orders")
    assert list(orders) == ["shop.orders"]
    assert str(orders["shop.orders"]["how"]).startswith("changes since 2026-10-31")
    assert orders["shop.orders"]["rows"] == 385
    again = plans(tmp_path, shop_a.key, "--full", "--only", "shop.orders")
    assert again["shop.orders"]["how"] == "first load, in 3 slices"
    days = plans(tmp_path, shop_a.key, "--from", "2026-10-01", "--until", "2026-10-31")
    assert days["shop.orders"]["how"] == "again, from 2026-10-01 to 2026-10-31"
    assert days["shop.currencies"]["how"] == "not at all: it has no dates to choose by"
    assert (tmp_path / "shop.duckdb").read_bytes() == before
    assert echannel(tmp_path, "sync", key=shop_a.key).returncode == 0
    assert plans(tmp_path, shop_a.key)["shop.orders"]["rows"] == 386


# -- sync --watch ---------------------------------------------------------------------------------------------------


def watch(folder: Path, key: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "echannel_connectors", "sync", "--watch", "1"]
    return subprocess.Popen(
        command, cwd=folder, env=environment(key), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_watch_goes_on_after_an_outage(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """A shop that is down in the first round is told, and read in a later one."""
    outage = Fault(status=503, body=b"busy")
    shop_a.faults.append(outage)
    with watch(project(tmp_path, served), shop_a.key) as running:
        assert running.stderr
        assert running.stdout
        for line in running.stderr:
            if "Next sync in 1 s" in line:
                break
            told = line if line.startswith("Unavailable: 127.0.0.1") else ""
        shop_a.faults.remove(outage)
        result = json.loads(running.stdout.readline())
        running.send_signal(signal.SIGINT) if os.name == "posix" else running.terminate()
        _, said = running.communicate(timeout=60)
    assert outage.seen >= 2, told
    assert result["tables"]["mart.sales"] > 0
    assert os.name != "posix" or running.returncode == errors.INTERRUPTED
    assert os.name != "posix" or "interrupted; what was committed stays" in said


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM is a POSIX signal")
def test_who_is_told_to_end_closes_the_run(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """Schedulers and containers end a program by SIGTERM: it died in the middle, and `status` knew of no run."""
    outage = Fault(match="orders", delay_seconds=3)
    shop_a.faults.append(outage)
    command = [sys.executable, "-m", "echannel_connectors", "sync"]
    running = subprocess.Popen(
        command, cwd=project(tmp_path, served), env=environment(shop_a.key), stderr=subprocess.PIPE, text=True
    )
    while not outage.seen:
        time.sleep(0.05)
    running.terminate()
    _, said = running.communicate(timeout=60)
    assert running.returncode == -signal.SIGTERM
    assert "interrupted; what was committed stays" in said
    (run,) = read(DuckDB(tmp_path / "shop.duckdb"), "echannel.runs").to_arrow().to_pylist()
    assert run["status"] == "failed"


def test_watch_ends_with_any_other_error(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    with watch(project(tmp_path, served), "X" * 32) as running:
        _, said = running.communicate(timeout=60)
    assert running.returncode == errors.REFUSED
    assert "does not accept this key" in said


# -- status ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "words"),
    [(-9600, "in the future"), (-0.01, "0 min"), (0.5, "30 min"), (30, "30 h"), (24 * 21, "21 days")],
)
def test_how_old_figures_are(hours: float, words: str) -> None:
    """Also where a clock was wrong when they were read, and after weeks of silence."""
    assert age(datetime.now(UTC) - timedelta(hours=hours, seconds=1 if hours > 0 else 0)) == words


@pytest.mark.slow
def test_status_to_people_and_to_programs(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """The runs, why one failed, how old the figures are and which streams fail: within eighty columns."""
    project(tmp_path, served)
    assert echannel(tmp_path, "sync", key=shop_a.key).returncode == 0
    shop_a.faults.append(Fault(match=r"/api/customers\?(?!schema)", status=503, body=b"busy"))
    assert echannel(tmp_path, "sync", key=shop_a.key).returncode == errors.UNAVAILABLE
    shown = on_terminal(tmp_path, "status")
    assert all(len(line.rstrip()) <= 80 for line in shown), "\n".join(shown)
    text = "\n".join(shown)
    assert "The last runs" in text
    assert "failed" in text
    assert "✗ 20" in text
    assert "could not be reached" in text
    assert "How old the figures are" in text
    assert "customers (1×)" in text
    lines = [json.loads(line) for line in echannel(tmp_path, "status").stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["run", "run", "source"]
    assert lines[0]["status"] == "failed"
    assert lines[1]["rows_read"] > 0
    assert lines[2]["lag_hours"] < 1
    assert lines[2]["failing"] == [{"stream": "customers", "failures": 1}]


def test_ten_runs_at_most(tmp_path: Path) -> None:
    project(tmp_path, "https://shop.example")
    warehouse = DuckDB(tmp_path / "shop.duckdb")
    sql = """INSERT INTO echannel.runs SELECT CAST(n AS VARCHAR), TIMESTAMPTZ '2026-01-01 00:00:00+00' + n * INTERVAL 1 DAY,
        NULL, 'done', 123456789, 123456789, 12345, 123, 12345.678, 1, 1, 1, NULL, '1' FROM range(30) AS t(n)"""
    warehouse.execute(sql)
    shown = on_terminal(tmp_path, "status", key="k")
    assert sum("123,456,789" in line for line in shown) == 10
    assert all(len(line.rstrip()) <= 80 for line in shown), "\n".join(shown)


def test_how_long_ago_is_said_in_a_fitting_unit() -> None:
    from datetime import UTC, datetime, timedelta

    from echannel_connectors.cli.status import age

    ago = [timedelta(minutes=3), timedelta(hours=5), timedelta(days=12)]
    assert [age(datetime.now(UTC) - span) for span in ago] == ["3 min", "5 h", "12 days"]
    assert age(None) == "never"


# -- before the first sync, and what read shows -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("status",), ("read", "warehouse", "mart.sales"), ("preview", "--static", "page.html")]
)
def test_before_the_first_sync(words: tuple[str, ...], tmp_path: Path) -> None:
    """There is something to run first: a matter of the command, not of a broken destination."""
    done = echannel(project(tmp_path, "https://shop.example"), *words, key="k")
    assert done.returncode == errors.SETTINGS
    assert done.stderr.startswith(
        "Settings: there is no warehouse at shop.duckdb yet\n  hint: run `echannel sync` first"
    )
    assert not (tmp_path / "shop.duckdb").exists()


def test_many_columns_are_shown_as_blocks(tmp_path: Path) -> None:
    """What does not fit eighty columns comes one record per block; what fits, as a table, if need be with its heads
    broken. Values are as they are."""
    warehouse = DuckDB(project(tmp_path, "https://shop.example") / "shop.duckdb")
    wide = ", ".join(f"CAST({n} AS DECIMAL(18, 6)) AS a_column_with_a_long_name_{n}" for n in range(30))
    warehouse.execute(
        f"CREATE TABLE mart.wide AS SELECT {wide}, repeat('tea and cake ', 12) AS text, NULL AS nothing",
        "CREATE TABLE mart.narrow AS SELECT 12345 AS id, DATE '2026-03-31' AS day FROM range(30)",
        "CREATE TABLE mart.short AS SELECT " + ", ".join(f"{n} AS id_of_a_thing_{n}" for n in range(10)),
    )
    shown = on_terminal(tmp_path, "read", "warehouse", "mart.short", key="k")
    assert [line.split()[:2] for line in shown] == [[word, word] for word in ("id_", "of_", "a_", "thing_")] + [
        ["0", "1"],
        ["0", "1"],
    ]
    shown = on_terminal(tmp_path, "read", "warehouse", "mart.wide", key="k")
    assert all(len(line) <= 80 for line in shown), "\n".join(shown)
    assert shown[0].startswith("── 1 ──")
    assert "a_column_with_a_long_name_7   7.000000" in shown
    assert "nothing                       –" in shown
    assert sum("tea and cake" in line for line in shown) > 1
    shown = on_terminal(tmp_path, "read", "warehouse", "mart.narrow", "--limit", "2", key="k")
    assert shown == ["   id  day", "12345  2026-03-31", "12345  2026-03-31"]
    shown = on_terminal(tmp_path, "read", "warehouse", "mart.narrow", key="k")
    assert sum("12345" in line for line in shown) == 20
    assert shown[-1] == "These are the first 20 rows: --limit shows up to 200, --format csv all."


def test_a_pipe_gets_every_row(tmp_path: Path) -> None:
    """Only a person's table is cut."""
    warehouse = DuckDB(project(tmp_path, "https://shop.example") / "shop.duckdb")
    warehouse.execute("CREATE TABLE mart.narrow AS SELECT range AS id FROM range(250)")
    done = echannel(tmp_path, "read", "warehouse", "mart.narrow", key="k")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(range(250))


@pytest.mark.parametrize("page", ["cp1252", "ascii"])
def test_words_that_a_code_page_lacks(page: str, tmp_path: Path) -> None:
    """In a file or a pipe all is UTF-8, as on Windows the system's own code page lacks many letters."""
    warehouse = DuckDB(project(tmp_path, "https://shop.example", "fr") / "shop.duckdb")
    warehouse.execute("CREATE TABLE mart.names AS SELECT 'Łódź, Αθήνα' AS city")
    own = environment("k") | {"PYTHONUTF8": "0", "PYTHONIOENCODING": page, "LC_ALL": "C"}

    def read(table: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "echannel_connectors", "read", "warehouse", table]
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, check=False)
        return done.returncode, (done.stdout + done.stderr).decode("utf-8")

    assert read("mart.names") == (0, '{"city": "Łódź, Αθήνα"}\n')
    code, said = read("mart.é")  # the words of the command itself come in the system's code page
    assert (code, "de table" in said) == (errors.SETTINGS, True)


@pytest.mark.slow
def test_what_a_newcomer_sees_fits_the_terminal(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """Sentences are broken at words, in both languages."""
    for language in ("en", "fr"):
        folder = tmp_path / language
        folder.mkdir()
        project(folder, served, language)
        for words in (("check",), ("sync", "--dry-run"), ("sync",), ("status",)):
            shown = on_terminal(folder, *words, key=shop_a.key)
            long = [line for line in shown if len(line.rstrip()) > 80 and not MOVING.match(line)]
            assert long == [], words


MOVING = re.compile("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]")  # the line that moves, all its states one after the other


@pytest.mark.slow
def test_a_pipe_gets_the_events_that_matter(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """Each stream and table once; every commit is in the run's log file."""
    done = echannel(project(tmp_path, served), "sync", key=shop_a.key)
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert set(events) == {"StreamFinished", "Built"}
    log = next((tmp_path / ".echannel" / "runs").glob("*.jsonl")).read_text(encoding="utf-8")
    assert {"StreamStarted", "Committed", "Building"} < {json.loads(line)["event"] for line in log.splitlines()}
