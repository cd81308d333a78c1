"""A source at another address: a shop that has moved goes on, another one under its name is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from echannel_connectors import Choice, Company, DuckDB, Erp, sync
from echannel_connectors.errors import SettingsError
from echannel_connectors.specs import Spec
from echannel_connectors.testing.shop import FakeShop
from tests.conftest import served
from tests.places import recording
from tests.shops import whole

FIGURES = "SELECT count(*) AS n, sum(net_base) AS net FROM mart.sales"
RAW = "SELECT count(*) AS n, max(_changed_at) AS at FROM raw.shop__orders"


def load(into: DuckDB, shop: FakeShop, name: str = "shop", *, sweeps: bool = False) -> Mapping[str, Any]:
    with served(shop, name=name) as source:
        sync(source, into=into, company=Company(), choice=Choice(accept_deletes=sweeps))
    return asked(into, FIGURES)


def asked(into: DuckDB, sql: str) -> Mapping[str, Any]:
    row: Mapping[str, Any] = into.query(sql).read_all().to_pylist()[0]
    return row


@pytest.mark.parametrize(("first", "second"), [("shop-b", "shop-a"), ("shop-a", "shop-f"), ("shop-d", "shop-a")])
def test_another_shop_under_the_same_name_is_refused(tmp_path: Path, first: str, second: str) -> None:
    """A trial shop, and then the real one: its rows were taken for newer ones of the first, from its last day on."""
    into = DuckDB(tmp_path / "shop.duckdb")
    trial = load(into, whole(first) if first == "shop-b" else FakeShop.from_recording(recording(first)))
    rows = asked(into, RAW)
    real = FakeShop.from_recording(recording(second))
    for _ in range(2):  # it does not pass by asking again
        with pytest.raises(SettingsError, match=r"has other orders than 127\.0\.0\.1:") as refused:
            load(into, real)
    assert "echannel forget shop" in str(refused.value.hint)
    assert (asked(into, FIGURES), asked(into, RAW)) == (trial, rows)
    alone = load(DuckDB(tmp_path / "alone.duckdb"), real)
    assert load(into, real, "real") == {"n": trial["n"] + alone["n"], "net": trial["net"] + alone["net"]}


def test_a_shop_that_has_moved_goes_on(shop_a: FakeShop, tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "shop.duckdb")
    load(into, shop_a)
    later = FakeShop.from_recording(recording("shop-a-later"))
    assert load(into, later, sweeps=True) == load(DuckDB(tmp_path / "alone.duckdb"), later)


def test_a_multistore_is_known_by_the_orders_of_all_its_stores(tmp_path: Path) -> None:
    into, shop = DuckDB(tmp_path / "shop.duckdb"), whole("shop-b")
    assert load(into, shop) == load(into, whole("shop-b"))


def test_a_copy_that_went_its_own_way_is_another_shop(shop_a: FakeShop, tmp_path: Path) -> None:
    """A copy for trials has the shop's first orders, and others than the shop has had since."""
    into = DuckDB(tmp_path / "shop.duckdb")
    load(into, shop_a)
    for number in sorted(shop_a.tables["orders"])[-12:]:
        shop_a.tables["orders"][number]["date_add"] = "2026-11-20 09:00:00"
    with pytest.raises(SettingsError, match="has other orders than"):
        load(into, shop_a)


def test_a_shop_that_was_brought_back_from_an_old_copy_elsewhere_goes_on(shop_a: FakeShop, tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "shop.duckdb")
    load(into, shop_a)
    for number in sorted(shop_a.tables["orders"])[-25:]:
        del shop_a.tables["orders"][number]
    assert load(into, shop_a)["n"]


def test_a_shop_whose_new_address_has_none_of_the_orders_is_another_one(shop_a: FakeShop, tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "shop.duckdb")
    load(into, shop_a)
    shop_a.tables["orders"] = {
        number + 90_000: {**row, "id": str(number + 90_000)} for number, row in shop_a.tables["orders"].items()
    }
    with pytest.raises(SettingsError, match="has other orders than"):
        load(into, shop_a)


def test_of_one_source_under_two_names_a_sync_says_that_it_counts_twice(tmp_path: Path) -> None:
    """Two databases are two sources, and so are two keys of a multistore, each for a store of its own."""
    into = DuckDB(tmp_path / "books.duckdb")
    one, other = till(tmp_path / "one.db", "2026-01-05"), till(tmp_path / "other.db", "2026-02-05")
    twin, other = one.model_copy(update={"name": "twin"}), other.model_copy(update={"name": "other"})
    assert sync(one, other, into=into).warnings == []
    assert sync(one, other, twin, into=into).warnings == [
        "'books' and 'twin' are one source, and its figures count twice"
    ]


SPEC = """
connector: till
title: {en: Till, fr: Caisse}
dialect: sqlite
tables:
  orders:
    from: slip AS s
    cursor: s.changed_at
    columns:
      order_id: s.id
      reference: s.reference
      is_sale: s.id > 0
      ordered_at: s.made_at
      order_date: date(s.made_at)
      currency: s.currency
      total_net: {sql: s.net, scale: 2}
"""


def till(file: Path, day: str, *more: str) -> Erp:
    """An ERP whose slips are numbered from one on, as every ERP's are."""
    with closing(sqlite3.connect(file)) as made, made:
        made.execute(
            "CREATE TABLE slip (id INT, reference TEXT, currency TEXT, made_at TEXT, changed_at TEXT, net TEXT)"
        )
        rows = [(n, f"S{n}", "EUR", f"{day} 10:{n:02}:00", f"{day} 10:{n:02}:00", "10") for n in range(1, 40)]
        made.executemany("INSERT INTO slip VALUES (?, ?, ?, ?, ?, ?)", rows)
        for statement in more:
            made.execute(statement)
    return Erp(connector="till", url=f"sqlite:///{file}", spec=Spec.model_validate(yaml.safe_load(SPEC)))


def test_another_database_of_the_same_erp_is_refused_and_one_that_has_moved_is_not(tmp_path: Path) -> None:
    """A test database, and then the real one. An order that was confirmed since has another moment; most have not."""
    into, net = DuckDB(tmp_path / "books.duckdb"), "SELECT sum(total_net) AS net FROM core.orders"
    sync(till(tmp_path / "tests.db", "2026-01-05"), into=into)
    with pytest.raises(SettingsError, match=r"real\.db has other orders than .*tests\.db, from which 'books' was read"):
        sync(till(tmp_path / "real.db", "2026-02-05"), into=into)
    assert asked(into, net)["net"] == 390
    moved = till(
        tmp_path / "moved.db",
        "2026-01-05",
        "UPDATE slip SET made_at = '2026-01-09 08:00:00', changed_at = '2026-01-09 08:00:00', net = '15' WHERE id = 39",
        "DELETE FROM slip WHERE id = 1",
    )
    sync(moved, into=into)
    assert asked(into, net)["net"] == 395  # the slip that is gone is looked for once a day


@pytest.mark.parametrize("dialect", ["postgres", "mysql", "tsql", "oracle", "duckdb"])
def test_the_question_can_be_asked_in_every_dialect(dialect: str) -> None:
    from echannel_connectors.specs.compile import compile_spec

    spec = Spec.model_validate(yaml.safe_load(SPEC))
    asked_for = compile_spec(spec, {}, dialect)["orders"].of_keys(["order_id", "ordered_at"], "order_id", ["7", "8'"])
    assert asked_for.endswith("IN ('7', '8''')")
