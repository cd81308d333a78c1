"""`echannel review` as people and their machines meet it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from echannel_connectors import Company, DuckDB, errors, events, sync
from echannel_connectors.demo import serve_demo
from echannel_connectors.models.build import build
from echannel_connectors.project import load
from echannel_connectors.testing.sheets import Book, FakeSheets, Trouble
from tests.command import echannel, on_terminal

PROJECT = """\
version: 1
company: {{name: {name}, language: {language}}}
sources: {{shop: {{connector: prestashop, url: "https://shop.example", key: k}}}}
destination: duckdb:///echannel.duckdb
reviews: {{started_on: 2020-01-01{more}}}
"""
SHEET = "1AbCdEfGhIjKlMnOpQrStUvWxYz"
STOCK = """INSERT INTO mart.inventory BY NAME SELECT 'shop' AS source, n::VARCHAR AS product_id, -1 AS on_hand,
    'out_of_stock' AS status, 1 AS daily_demand_28, 0 AS days_of_cover, 0 AS stock_value_base FROM range({}) AS r(n)"""


def company(folder: Path, *, language: str = "en", name: str = "Essai", negative: int = 3, more: str = "") -> Path:
    """A project whose warehouse was synced this morning and holds products below zero."""
    folder.mkdir(exist_ok=True)
    (folder / "echannel.yaml").write_text(PROJECT.format(language=language, name=name, more=more), encoding="utf-8")
    build(DuckDB(folder / "echannel.duckdb"), [], Company(), None, events.ignore)
    with duckdb.connect(str(folder / "echannel.duckdb")) as connection:
        connection.execute(STOCK.format(negative))
        row = {"source": "shop", "stream": "orders", "last_success": datetime.now(UTC), "failures": 0}
        connection.execute(
            "INSERT INTO mart.freshness (source, stream, last_success, failures) VALUES (?, ?, ?, ?)",
            list(row.values()),
        )
    return folder


def plain(lines: list[str]) -> str:
    return " ".join(" ".join(lines).replace("\u00a0", " ").split())


def test_in_a_pipe_each_due_answer_is_a_line(tmp_path: Path) -> None:
    """Once; afterwards nothing is due, and the table in the warehouse has it all."""
    company(tmp_path)
    done = echannel(tmp_path, "review")
    assert done.returncode == errors.DONE, done.stderr
    told = {row["check_id"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert (told["negative_stock"]["value"], told["negative_stock"]["status"]) == ("3", "watch")
    assert told["sessions"]["status"] == "no_data"
    assert echannel(tmp_path, "review").stdout == ""
    with duckdb.connect(str(tmp_path / "echannel.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM mart.review").fetchall() == [(len(told),)]


@pytest.mark.slow
def test_an_older_version_s_answers_are_kept(tmp_path: Path) -> None:
    """The table lacked the columns that a person reads: they are added, and no answer of before is lost."""
    file = company(tmp_path) / "echannel.duckdb"
    echannel(tmp_path, "review")
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE mart.review SET period_start = period_start - 7 WHERE check_id = 'negative_stock'")
        before = connection.execute("SELECT check_id, market, period_start, value FROM mart.review").fetchall()
        for column in ("standing", "name", "figure"):
            connection.execute(f"ALTER TABLE mart.review DROP COLUMN {column}")
    done = echannel(tmp_path, "review")
    assert done.returncode == errors.DONE, done.stderr
    with duckdb.connect(str(file), read_only=True) as connection:
        kept = connection.execute("SELECT check_id, market, period_start, value FROM mart.review").fetchall()
        standing = (
            "SELECT standing, name IS NULL FROM mart.review WHERE check_id = 'negative_stock' ORDER BY period_start"
        )
        assert connection.execute(standing).fetchall() == [("earlier", False), ("now", False)]
    assert {*kept} > {*before}


def test_on_a_terminal_it_fits_eighty_columns(tmp_path: Path) -> None:
    company(tmp_path)
    lines = on_terminal(tmp_path, "review")
    assert max(map(len, lines)) <= 80
    text = plain(lines)
    assert "Phase: continuing." in text
    assert "! watch Negative stock 3 up to 0, act over 10" in text
    assert "The report says why." in text
    assert "The report: reviews/" in text
    assert len(list((tmp_path / "reviews").iterdir())) == 3
    again = plain(on_terminal(tmp_path, "review", "--since-last"))
    assert "Nothing has changed since the last review." in again
    assert "Nothing is due; next on" in again
    assert "Still open" in again


@pytest.mark.slow
def test_a_french_company_is_told_in_french(tmp_path: Path) -> None:
    company(tmp_path, language="fr")
    text = plain(on_terminal(tmp_path, "review"))
    assert "Phase : continuité." in text
    assert "! à suivre Stock négatif 3 jusqu'à 0, agir au-delà de 10" in text
    assert "Comptez ces produits" in text
    (page,) = (tmp_path / "reviews").glob("*.html")
    assert '<html lang="fr">' in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (", thresholds: {negative_stok: {act: 5}}", "hint: did you mean 'negative_stock'?"),
        (", thresholds: {negative_stock: 5}", "negative_stock is a check: write {watch: …, act: …}"),
        (", started: 2020-01-01", "unknown key 'reviews.started': did you mean 'started_on'?"),
    ],
)
def test_a_mistake_in_the_settings(more: str, sentence: str, tmp_path: Path) -> None:
    done = echannel(company(tmp_path, more=more), "review")
    assert done.returncode == errors.SETTINGS
    assert sentence in done.stderr
    assert "echannel.yaml:5:" in done.stderr
    assert not (tmp_path / "reviews").exists()


@pytest.mark.slow
def test_before_the_first_sync(tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text(PROJECT.format(language="en", name="x", more=""), encoding="utf-8")
    done = echannel(tmp_path, "review")
    assert done.returncode == errors.SETTINGS
    assert "there is no warehouse at" in done.stderr
    assert "run `echannel sync` first" in done.stderr


@pytest.mark.slow
def test_the_coach_s_page(tmp_path: Path) -> None:
    """Over all projects, the one that cannot be read too; nothing of theirs is written."""
    for name, negative in (("Alpha", 3), ("Beta", 30)):
        company(tmp_path / name, name=name, negative=negative)
    (tmp_path / "Gamma").mkdir()
    (tmp_path / "Gamma" / "echannel.yaml").write_text("sources: {}\nreviews: {started: 1}\n", encoding="utf-8")
    done = echannel(tmp_path, "review", "--projects", "*")
    assert done.returncode == errors.DONE, done.stderr
    told = {row["company"]: row for row in map(json.loads, done.stdout.splitlines()[:3])}
    assert list(told) == ["Gamma", "Beta", "Alpha"]
    assert (told["Beta"]["act"], told["Alpha"]["act"]) == (3, 0)
    assert "✗ Gamma: unknown key 'reviews.started'" in done.stdout
    (page,) = (tmp_path / "reviews").iterdir()
    assert page.name.startswith("coach-")
    assert "Alpha" in page.read_text(encoding="utf-8")
    assert not (tmp_path / "Alpha" / "reviews").exists()
    assert len(echannel(tmp_path / "Alpha", "review").stdout.splitlines()) > 3


@pytest.mark.slow
def test_a_pattern_that_finds_no_project(tmp_path: Path) -> None:
    done = echannel(tmp_path, "review", "--projects", "clients/*")
    assert done.returncode == errors.SETTINGS
    assert "no folder of clients/* holds an echannel.yaml" in done.stderr


@pytest.mark.slow
def test_the_demo_company_is_reviewed(tmp_path: Path) -> None:
    """Something is open, most questions are answered, and a figure is that of the rows themselves."""
    today = datetime.now(ZoneInfo("Europe/Paris")).date()
    with serve_demo(tmp_path, today) as demo:
        (tmp_path / "echannel.yaml").write_text(demo.project("en"), encoding="utf-8")
        opened = load(tmp_path)
        sync(*opened.sources(), into=opened.warehouse(), company=opened.company, project=tmp_path)
    assert echannel(tmp_path, "review").returncode == errors.DONE
    with duckdb.connect(str(tmp_path / "echannel.duckdb"), read_only=True) as connection:
        said = connection.execute(
            "SELECT status, count(*) FROM mart.review WHERE NOT is_to_date GROUP BY ALL"
        ).fetchall()
        figure = "SELECT value, period_start, period_end FROM mart.review WHERE NOT is_to_date AND market = '' AND check_id = ?"
        value, first, last = connection.execute(figure, ["net_sales"]).fetchall()[0]
        rows = "SELECT sum(net_base) FROM mart.sales WHERE kind IN ('sale', 'refund') AND date BETWEEN ? AND ?"
        assert connection.execute(rows, [first, last]).fetchall() == [(value,)]
        value, first, last = connection.execute(figure, ["returning_share"]).fetchall()[0]
        parts = """SELECT sum(net_base) FILTER (WHERE order_sequence > 1), sum(net_base) FILTER (WHERE order_sequence >= 1)
            FROM mart.sales WHERE kind = 'sale' AND date BETWEEN ? AND ?"""
        above, below = connection.execute(parts, [first, last]).fetchall()[0]
        assert value == round(above / below, 8)
    counts = dict(said)
    assert counts["act"] + counts["watch"] >= 3
    assert counts["ok"] > counts["no_data"]


@contextmanager
def in_a_spreadsheet(folder: Path) -> Iterator[FakeSheets]:
    """The company, whose tables are published."""
    google = FakeSheets()
    google.add(Book(SHEET))
    with google.serving() as address:
        company(folder)
        file = folder / "echannel.yaml"
        place = f'"sheets://{SHEET}?warehouse=echannel.duckdb&endpoint={address}"'
        file.write_text(file.read_text(encoding="utf-8").replace("duckdb:///echannel.duckdb", place), encoding="utf-8")
        yield google


@pytest.mark.slow
def test_a_spreadsheet_gets_the_answers_as_well(tmp_path: Path) -> None:
    with in_a_spreadsheet(tmp_path) as google:
        assert echannel(tmp_path, "review").returncode == errors.DONE
        head, *rows = google.books[SHEET].tab("review").values()
        writes = len(google.calls)
        assert echannel(tmp_path, "review").returncode == errors.DONE
        assert len(google.calls) == writes
    told = {row[head.index("check_id")]: row[head.index("status")] for row in rows}
    assert (told["negative_stock"], told["freshness"]) == ("watch", "ok")


@pytest.mark.slow
def test_a_spreadsheet_that_was_away_gets_the_answers_by_the_next_sync(tmp_path: Path) -> None:
    """The review was kept in the warehouse; whoever opens the spreadsheet sees it from the next sync on."""
    with in_a_spreadsheet(tmp_path) as google:
        google.trouble = [Trouble("", 403, "The caller does not have permission")]
        assert echannel(tmp_path, "review").returncode == errors.REFUSED
        into = load(tmp_path).destination()
        sync(into=into, company=Company())
        head, *rows = google.books[SHEET].tab("review").values()
        assert "freshness" in {row[head.index("check_id")] for row in rows}
