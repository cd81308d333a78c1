"""A company's own marts: built after the library's, seen by every reader; a mistake in one costs nobody else anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors import Company, DuckDB, sync
from echannel_connectors.errors import SettingsError
from echannel_connectors.events import Built, Event
from echannel_connectors.models.own import own_marts

KNOWN = ("mart.sales", "mart.orders")
VALUES = {"currency": "EUR", "today": "2026-03-01"}
LARGE = "-- Which orders are large?\nSELECT order_id, net_base FROM mart.orders WHERE net_base > 1000"


def written(project: Path, **files: str) -> Path:
    (project / "marts").mkdir(exist_ok=True)
    for name, sql in files.items():
        (project / "marts" / f"{name}.sql").write_text(sql)
    return project


def test_they_are_built_after_those_they_read(tmp_path: Path) -> None:
    into, events = DuckDB(tmp_path / "shop.duckdb"), list[Event]()
    project = written(
        tmp_path, large_orders=LARGE, a_count="SELECT count(*) AS n, :currency AS currency FROM mart.large_orders"
    )
    result = sync(into=into, project=project, company=Company(currency="GBP"), on_event=events.append)
    assert (result.tables["mart.a_count"], result.tables["mart.large_orders"]) == (1, 0)
    assert into.query("SELECT * FROM mart.a_count").read_all().to_pylist() == [{"n": 0, "currency": "GBP"}]
    assert [one.table for one in events if isinstance(one, Built)][-2:] == ["mart.large_orders", "mart.a_count"]
    again = list[Event]()
    sync(into=into, project=project, company=Company(currency="GBP"), on_event=again.append)
    assert not [one for one in again if isinstance(one, Built)], "nothing has changed"
    written(tmp_path, a_count="SELECT 7 AS n FROM mart.large_orders")
    sync(into=into, project=project, company=Company(currency="GBP"))
    assert into.query("SELECT * FROM mart.a_count").read_all().column_names == ["n"]


def test_one_that_cannot_be_built_is_told_and_tried_again(tmp_path: Path) -> None:
    """A column that is not there shows only in the warehouse: all other marts are built, the next run tries again."""
    into = DuckDB(tmp_path / "shop.duckdb")
    project = written(tmp_path, large_orders=LARGE.replace("net_base >", "nett_base >"), fine="SELECT 1 AS n")
    result = sync(into=into, project=project)
    assert len(result.warnings) == 1
    assert "marts/large_orders.sql could not be built" in result.warnings[0]
    assert "nett_base" in result.warnings[0]
    assert {"mart.fine", "mart.sales"} <= set(result.tables)
    assert "mart.large_orders" not in result.tables
    written(tmp_path, large_orders=LARGE)
    assert "mart.large_orders" in sync(into=into, project=project).tables


@pytest.mark.parametrize(
    ("name", "sql", "words"),
    [
        ("sales", "SELECT 1 AS n", "has a mart sales already"),
        ("Large Orders", "SELECT 1 AS n", "no name for a table"),
        ("large", "DROP TABLE mart.sales", "one SELECT"),
        ("large", "SELECT 1 AS n; SELECT 2 AS n", "one SELECT"),
        ("large", "SELECT 1 AS FROM WHERE", "not valid SQL"),
        ("large", "SELECT * FROM raw.shop__customers", "not raw.shop__customers"),
        ("large", "SELECT * FROM mart.orderz", "not mart.orderz"),
        ("large", "SELECT * FROM core.customer", "not core.customer"),
        ("large", "SELECT * FROM read_csv('/etc/passwd')", "a mart reads tables"),
        ("large", "SELECT * FROM '/etc/passwd'", "a mart reads tables"),
        ("large", "SELECT :currrency AS c FROM mart.orders", ":currrency"),
        ("large", "SELECT * FROM mart.large", "marts that read each other"),
    ],
)
def test_mistakes_are_told_with_their_file(tmp_path: Path, name: str, sql: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        own_marts(written(tmp_path, **{name: sql}), VALUES, KNOWN)
    assert str(tmp_path / "marts" / f"{name}.sql") in caught.value.place


def test_the_nearest_right_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        own_marts(written(tmp_path, large="SELECT * FROM mart.orderz"), VALUES, KNOWN)
    assert "mart.orders" in caught.value.hint


def test_parameters_stand_outside_of_strings_and_comments(tmp_path: Path) -> None:
    sql = "-- the :day\nSELECT ':today' AS a, :today::DATE AS b, 'it''s :x' AS c /* :y */ FROM mart.orders"
    [one] = own_marts(written(tmp_path, large=sql), VALUES, KNOWN)
    assert "':today' AS a, CAST('2026-03-01' AS DATE) AS b, 'it''s :x' AS c" in one.select


def test_a_file_in_the_path_of_a_word_that_is_no_table(tmp_path: Path) -> None:
    """CTEs, subqueries and a column named like a mart."""
    sql = "WITH x AS (SELECT order_id AS orders FROM mart.orders) SELECT orders FROM (SELECT * FROM x) AS y"
    assert [one.table for one in own_marts(written(tmp_path, large=sql), VALUES, KNOWN)] == ["mart.large"]
