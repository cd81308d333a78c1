"""What no source can be asked for again survives the loss of the warehouse, exactly, and nothing twice."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.backup import KEPT, backup, restore
from echannel_connectors.destinations.disk import passing
from echannel_connectors.errors import SettingsError
from tests.command import echannel

SNAPSHOT = """INSERT INTO echannel.stock_snapshots VALUES
    (DATE '2026-03-{day:02}', 'shop', '7', '', 'main', {on_hand}, NULL, 1234567890.123456, 'EUR')"""


def days(into: DuckDB) -> list[tuple[int, str]]:
    rows = into.query("SELECT date, on_hand, unit_cost FROM echannel.stock_snapshots ORDER BY date").read_all()
    assert all(str(row["unit_cost"]) == "1234567890.123456" for row in rows.to_pylist())
    return [(row["date"].day, str(row["on_hand"])) for row in rows.to_pylist()]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A backup of two days of stock and an answer of a review."""
    into = DuckDB(tmp_path / "lost.duckdb")
    into.execute(
        SNAPSHOT.format(day=1, on_hand=5),
        SNAPSHOT.format(day=2, on_hand="4.5"),
        "CREATE TABLE mart.review (check_id VARCHAR, market VARCHAR, period_start DATE, is_to_date BOOLEAN, n BIGINT)",
        "INSERT INTO mart.review VALUES ('cover', NULL, DATE '2026-02-01', FALSE, 7)",
    )
    file, rows = backup(into, tmp_path / "kept.zip")
    assert rows == {"echannel.stock_snapshots": 2, "mart.review": 1, "echannel.runs": 0}
    assert not file.with_name("kept.zip.part").exists()
    return file


def test_a_new_warehouse_takes_what_was_kept(kept: Path, tmp_path: Path) -> None:
    """What it has itself stays: a sync has taken a snapshot of the 2nd already. A second time brings nothing."""
    into = DuckDB(tmp_path / "new.duckdb")
    into.execute(SNAPSHOT.format(day=2, on_hand=99))
    assert restore(into, kept) == {"echannel.stock_snapshots": 1, "mart.review": 1, "echannel.runs": 0}
    assert days(into) == [(1, "5.000000"), (2, "99.000000")]
    assert into.query("SELECT n FROM mart.review").read_all()["n"].to_pylist() == [7]
    assert set(restore(into, kept).values()) == {0}
    again, rows = backup(into, tmp_path)
    assert again.name.startswith("echannel-20")
    assert rows["echannel.stock_snapshots"] == 2


def test_a_table_that_has_grown_columns_since(kept: Path, tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "new.duckdb")
    into.execute("ALTER TABLE echannel.stock_snapshots ADD COLUMN reserved DECIMAL(18, 6)")
    restore(into, kept)
    assert days(into) == [(1, "5.000000"), (2, "4.500000")]


def test_a_table_of_an_older_version_gets_the_columns_of_the_file(kept: Path, tmp_path: Path) -> None:
    """The review's table has grown columns since the warehouse made it, and no review has been asked for yet."""
    into = DuckDB(tmp_path / "new.duckdb")
    into.execute(
        "CREATE TABLE mart.review (check_id VARCHAR, market VARCHAR, period_start DATE, is_to_date BOOLEAN)",
        "INSERT INTO mart.review VALUES ('cover', 'GB', DATE '2026-02-01', FALSE)",
    )
    assert restore(into, kept)["mart.review"] == 1
    assert into.query("SELECT n FROM mart.review ORDER BY market NULLS LAST").read_all()["n"].to_pylist() == [None, 7]


def damaged(file: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(file) as archive:
        parts = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for one, data in {**parts, name: content}.items():
            archive.writestr(one, data)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("mart.review.parquet", b"PAR1", "is no backup, or is damaged"),
        ("manifest.json", b"{}", "is no backup, or is damaged"),
        ("manifest.json", b"nothing", "is no backup, or is damaged"),
        ("manifest.json", json.dumps({"format": 1, "tables": [{"name": "../../x"}]}).encode(), "is no backup"),
        ("manifest.json", json.dumps({"format": 2, "tables": []}).encode(), "newer version"),
    ],
)
def test_a_damaged_file_changes_nothing(kept: Path, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    damaged(kept, name, content)
    into = DuckDB(tmp_path / "new.duckdb")
    into.execute(SNAPSHOT.format(day=9, on_hand=1))
    with pytest.raises(SettingsError, match=words):
        restore(into, kept)
    assert days(into) == [(9, "1.000000")]


def test_something_else_is_never_written_over(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear customer")
    into = DuckDB(tmp_path / "new.duckdb")
    into.execute()
    with pytest.raises(SettingsError, match=r"letter\.txt is not a backup"):
        backup(into, letter)
    assert letter.read_text() == "Dear customer"
    with pytest.raises(SettingsError, match="no folder"):
        backup(into, tmp_path / "nowhere" / "kept.zip")


def test_every_kept_table_has_its_key(kept: Path) -> None:
    """The columns that identify a row are columns of the table."""
    into = DuckDB(kept.parent / "lost.duckdb")
    for table, key in KEPT.items():
        names = into.query(f"SELECT * FROM {table} LIMIT 0").read_all().column_names
        assert set(key) <= set(names)


def test_from_the_command_line(tmp_path: Path) -> None:
    """Lost, made anew, put back: in the company's own words."""
    (tmp_path / "echannel.yaml").write_text("version: 1\ncompany: {language: fr}\nsources: {}\n")
    DuckDB(tmp_path / "echannel.duckdb").execute(SNAPSHOT.format(day=1, on_hand=5))
    done = echannel(tmp_path, "backup", "kept.zip")
    assert (done.returncode, "kept.zip" in done.stderr) == (0, True), done.stderr
    (tmp_path / "echannel.duckdb").unlink()
    done = echannel(tmp_path, "restore", "kept.zip")
    assert done.returncode == 0, done.stderr
    assert "echannel sync" in done.stderr
    assert days(DuckDB(tmp_path / "echannel.duckdb")) == [(1, "5.000000")]
    done = echannel(tmp_path, "restore", "nothing.zip")
    assert (done.returncode, "nothing.zip" in done.stderr) == (2, True)


MOUNTS = """overlay / overlay rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/sda1 /home ext4 rw 0 0
/dev/sdb1 /srv/our\\040shop ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("place", "lasts"),
    [("/run/user/echannel.duckdb", False), ("/data/echannel.duckdb", False), ("/home/anne/echannel.duckdb", True),
     ("/srv/our shop/echannel.duckdb", True), ("/homes/echannel.duckdb", False)],
)  # fmt: skip
def test_whether_a_disk_lasts(tmp_path: Path, place: str, *, lasts: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert (passing(Path(place), mounts) is None) == lasts


def test_the_folder_for_temporary_files_does_not_last(tmp_path: Path) -> None:
    assert "temporary" in str(passing(Path("/tmp/any/echannel.duckdb"), tmp_path / "not linux"))
