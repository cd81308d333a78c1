"""A company's own columns: from a spec's `extra` through raw into core, for all its sources together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal as D
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from echannel_connectors import Company, DuckDB, Erp, sync
from echannel_connectors.errors import SettingsError
from echannel_connectors.events import Built, ignore
from echannel_connectors.models.build import build
from echannel_connectors.specs import Spec, load

SPEC = """\
connector: acme
title: {en: Acme, fr: Acme}
dialect: sqlite
tables:
  orders:
    from: sale AS s
    columns: {order_id: s.id, reference: s.number, is_sale: "1"}
    extra: %s
"""
EXTRA = """
      origin: s.origin
      weight: {sql: s.weight, type: quantity, scale: 3}
      parcels: {sql: s.parcels, type: integer}
      gift: {sql: s.gift, type: boolean}
      packed_on: {sql: s.packed, type: date}
      packed_at: {sql: "s.packed || ' 08:00:00'", type: moment, zone: Europe/Paris}
"""
ROWS = [("1", "S1", "WEB", 1.2345, "3", 1, "2026-07-01"), ("2", "S2", None, None, None, None, None)]


def erp(folder: Path, name: str = "books", extra: str = EXTRA) -> Erp:
    """A small ERP of two orders with a spec of its own."""
    file, spec = folder / f"{name}.db", folder / f"{name}.yaml"
    if not file.exists():
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(
                "CREATE TABLE sale (id TEXT, number TEXT, origin TEXT, weight REAL, parcels TEXT, gift INT, packed TEXT)"
            )
            connection.executemany("INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS)
            connection.commit()
    spec.write_text(SPEC % extra, encoding="utf-8")
    return Erp.from_yaml(spec, url=f"sqlite:///{file}", name=name)


def core(warehouse: Any, columns: str = "*") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (
        warehouse.query(f"SELECT {columns} FROM core.orders ORDER BY source, order_id").read_all().to_pylist()
    )
    return rows


def test_they_arrive_typed_and_exact(tmp_path: Path) -> None:
    """NULL stays NULL; a decimal has the places that it declares; a moment is UTC."""
    into = DuckDB(tmp_path / "w.duckdb")
    sync(erp(tmp_path), into=into)
    first, second = core(into, "origin, weight, parcels, gift, packed_on, packed_at")
    assert first == {
        "origin": "WEB", "weight": D("1.235"), "parcels": 3, "gift": True, "packed_on": datetime(2026, 7, 1).date(),
        "packed_at": datetime(2026, 7, 1, 6, tzinfo=UTC),
    }  # fmt: skip
    assert set(second.values()) == {None}


@pytest.mark.slow
def test_marts_of_ones_own_read_them(tmp_path: Path) -> None:
    (tmp_path / "marts").mkdir()
    (tmp_path / "marts" / "origins.sql").write_text(
        "SELECT origin, count(*) AS orders FROM core.orders GROUP BY origin"
    )
    into = DuckDB(tmp_path / "w.duckdb")
    assert sync(erp(tmp_path), into=into, project=tmp_path).tables["mart.origins"] == 2
    again: list[Any] = []
    sync(erp(tmp_path), into=into, project=tmp_path, on_event=again.append)
    assert not [one for one in again if isinstance(one, Built)], "nothing has changed"


@pytest.mark.slow
def test_a_source_without_them_has_null(tmp_path: Path) -> None:
    """Whichever comes first; the model's own columns are as they were."""
    into = DuckDB(tmp_path / "w.duckdb")
    sync(erp(tmp_path, "books"), erp(tmp_path, "alone", "{}"), into=into)
    found = core(into, "source, reference, origin")
    assert found[0] == {"source": "alone", "reference": "S1", "origin": None}
    assert found[2] == {"source": "books", "reference": "S1", "origin": "WEB"}


@pytest.mark.slow
def test_one_that_is_added_later_is_read_for_all_rows(tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "w.duckdb")
    sync(erp(tmp_path, extra="{}"), into=into)
    assert "origin" not in core(into)[0]
    sync(erp(tmp_path, extra="{origin: s.origin}"), into=into)
    assert [row["origin"] for row in core(into)] == ["WEB", None]


@pytest.mark.slow
def test_one_that_leaves_the_spec_leaves_core(tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "w.duckdb")
    sync(erp(tmp_path), into=into)
    sync(erp(tmp_path, extra="{origin: s.origin}"), into=into)
    assert {"origin", "weight"} & set(core(into)[0]) == {"origin"}


@pytest.mark.slow
def test_another_type_is_read_as_that(tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "w.duckdb")
    sync(erp(tmp_path, extra="{parcels: s.parcels}"), into=into)
    assert core(into)[0]["parcels"] == "3"
    sync(erp(tmp_path, extra="{parcels: {sql: s.parcels, type: integer}}"), into=into)
    assert core(into)[0]["parcels"] == 3


@pytest.mark.slow
def test_a_source_that_is_not_read_today_keeps_its_columns(tmp_path: Path) -> None:
    """Its spec is not at hand then: its raw table tells."""
    into = DuckDB(tmp_path / "w.duckdb")
    sync(erp(tmp_path), into=into)
    sync(erp(tmp_path, "other", "{origin: s.origin}"), into=into)
    found = core(into, "source, origin, weight, gift")
    assert found[0] == {"source": "books", "origin": "WEB", "weight": D("1.235"), "gift": True}
    assert found[2] == {"source": "other", "origin": "WEB", "weight": None, "gift": None}
    with pytest.raises(SettingsError, match="'gift' that is boolean in books and text in other"):
        sync(erp(tmp_path, "other", "{gift: s.gift}"), into=into)


def test_two_sources_have_to_agree_before_anything_is_read(tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "w.duckdb")
    two = (
        erp(tmp_path, "books", "{mass: {sql: s.weight, type: money, scale: 2}}"),
        erp(tmp_path, "other", "{mass: s.weight}"),
    )
    with pytest.raises(SettingsError) as error:
        sync(*two, into=into)
    assert error.value.sentence == "core.orders has a column 'mass' that is money in books and text in other"
    assert "give both the same 'type'" in error.value.hint
    assert not (tmp_path / "w.duckdb").exists()


@pytest.mark.slow
def test_money_and_a_quantity_are_the_same_type(tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "w.duckdb")
    money = erp(tmp_path, "books", "{mass: {sql: s.weight, type: money, scale: 2}}")
    same = erp(tmp_path, "other", "{mass: {sql: s.weight, type: quantity, scale: 3}}")
    sync(money, same, into=into)
    assert [row["mass"] for row in core(into, "mass")] == [D("1.23"), None, D("1.235"), None]


API = Spec.model_validate({
    "connector": "web", "reads": {"sales": {"columns": {"id": "text", "gift_for": "text"}}},
    "tables": {"orders": {"query": "SELECT id AS order_id, gift_for AS _gift, _deleted_at FROM sales",
                          "extra": {"is_gift": {"sql": "_gift IS NOT NULL", "type": "boolean"}, "home": "order_id || :currency"}}},
})  # fmt: skip


def test_an_api_sources_are_made_in_the_warehouse(tmp_path: Path) -> None:
    """Over the columns of its query, beside those of an ERP; the company's parameters are known there."""
    into = DuckDB(tmp_path / "w.duckdb")
    shop: Any = SimpleNamespace(name="shop", connector="web", maps_in_warehouse=True, spec=API)
    for stream in erp(tmp_path, extra="{origin: s.origin}").streams().values():
        into.prepare(stream.shape.named("books__orders"))
    into.execute("INSERT INTO raw.books__orders (order_id, origin) VALUES ('1', 'WEB'), ('2', NULL)")
    into.execute(
        "CREATE TABLE raw.shop__sales AS SELECT '7' AS id, 'Léa' AS gift_for, CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS _deleted_at"
    )
    build(into, [erp(tmp_path, extra="{origin: s.origin}"), shop], Company(currency="GBP"), None, ignore)
    found = core(into, "source, origin, is_gift, home")
    assert found[0] == {"source": "books", "origin": "WEB", "is_gift": None, "home": None}
    assert found[2] == {"source": "shop", "origin": None, "is_gift": True, "home": "7GBP"}


@pytest.mark.slow
def test_a_query_of_an_erp_may_select_more_for_them(tmp_path: Path) -> None:
    """A column that only `extra` has a word for; any other unknown one is still a mistake."""
    file = tmp_path / "q.yaml"
    query = "SELECT id AS order_id, origin, weight AS _weight FROM sale"
    text = f"connector: q\ndialect: sqlite\ntables:\n  orders:\n    query: {query}\n    extra: {{origin: upper(origin), heavy: {{sql: _weight > 1, type: boolean}}}}\n"
    file.write_text(text, encoding="utf-8")
    erp(tmp_path)
    into = DuckDB(tmp_path / "w.duckdb")
    sync(Erp.from_yaml(file, url=f"sqlite:///{tmp_path / 'books.db'}", name="q"), into=into)
    assert core(into, "origin, heavy") == [{"origin": "WEB", "heavy": True}, {"origin": None, "heavy": None}]
    file.write_text(text.replace("origin: upper(origin), ", ""), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"core\.orders has no column 'origin'"):
        Erp.from_yaml(file, url=f"sqlite:///{tmp_path / 'books.db'}", name="q").streams()
    assert load(file).tables["orders"].extra["heavy"].type == "boolean"
