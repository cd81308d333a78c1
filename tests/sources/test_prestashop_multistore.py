"""Several stores in several groups: each brought once, followed, swept; those that come late are read in full."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from echannel_connectors import DuckDB, sync
from echannel_connectors.testing.shop import FakeShop, Fault
from tests.conftest import served
from tests.places import recording
from tests.shops import whole
from tests.sources.shops import RECORDED_UNTIL, clock_at, live, requests_of

DAY = timedelta(days=1)
ALMOST_FIVE_DAYS = timedelta(days=4, hours=17)  # the compare does not get as far as the newest ids by then
MADE = {"1.6": ("shop-b", ""), "1.7": ("shop-d", ""), "8.2": ("shop-d", "8.2"), "9.0": ("shop-d", "9.0")}
VERSIONS = (
    pytest.param("1.6", marks=pytest.mark.slow),
    pytest.param("1.7", marks=pytest.mark.slow),
    pytest.param("8.2", marks=pytest.mark.slow),
    "9.0",
)
CHILDREN = ("order_details", "order_carriers", "order_histories", "order_cart_rules", "order_discounts")
NEW = 9000


def multistore(version: str) -> FakeShop:
    """Two stores in one group. Shop B was recorded so; of shop D, every third order and customer goes to a second one."""
    name, played = MADE[version]
    shop = whole(name) if name == "shop-b" else FakeShop.from_recording(recording(name))
    if 2 not in shop.tables["shops"]:
        shop.tables["shops"][2] = {**shop.tables["shops"][1], "name": "Pro"}
        for table in ("orders", "customers"):
            for number, row in shop.tables[table].items():
                row["id_shop"] = "2" if number % 3 == 0 else "1"
    return shop.as_version(played) if played else shop


def open_group(shop: FakeShop, day: str = "") -> set[int]:
    """A third store in a group of its own, with five orders and a customer; `day` they trade on, where it is given."""
    with shop.lock:
        tables = shop.tables
        tables["shop_groups"][2] = {**tables["shop_groups"][1], "name": "Abroad"}
        tables["shops"][3] = {**tables["shops"][1], "id_shop_group": "2", "name": "Abroad"}
        patterns = [n for n, row in tables["orders"].items() if row["id_shop"] == "1"][:5]
        theirs: dict[str, Any] = {"id_shop": "3", "id_shop_group": "2"}
        customer = tables["orders"][patterns[0]]["id_customer"]
        tables["customers"][NEW] = {**tables["customers"][int(str(customer))], **theirs, **dated(day, 0)}
        for at, pattern in enumerate(patterns):
            number = NEW + at
            order = {**tables["orders"][pattern], **theirs, **dated(day, at), "reference": f"ABROAD{at:03}"}
            tables["orders"][number] = {**order, "id_customer": str(NEW), "id_cart": "0"}
            for table in CHILDREN:
                of_order = [row for row in tables.get(table, {}).values() if row["id_order"] == str(pattern)]
                for n, row in enumerate(of_order):
                    moved = {**row, "id_order": str(number)} | (dated(day, at) if "date_add" in row else {})
                    tables[table][NEW + 100 * at + n] = moved
    return {NEW + at for at in range(5)}


def dated(day: str, after: int) -> dict[str, str]:
    """The dates of a row made some days after that one."""
    if not day:
        return {}
    moment = f"{day[:8]}{int(day[8:]) + after:02} 10:00:00"
    return {"date_add": moment, "date_upd": moment}


def ids(into: DuckDB, stream: str) -> list[Any]:
    return [row[0] for row in live(into, stream)]


def same_ids(shop: FakeShop, into: DuckDB, streams: Iterable[str]) -> None:
    """Each record of the shop once, whoever's it is."""
    for stream in streams:
        if stream in shop.tables:
            assert ids(into, stream) == sorted(shop.tables[stream]), stream


ALL = ("orders", "customers", "products", "combinations", *CHILDREN)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.slow
def test_orders_of_all_groups_are_there_once(version: str, tmp_path: Path) -> None:
    """Whichever of the two spellings the version heeds; the next sync finds nothing new."""
    shop, into = multistore(version), DuckDB(tmp_path / "shop.duckdb")
    theirs = open_group(shop)
    with served(shop) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
        same_ids(shop, into, ALL)
        again = sync(source, into=into)
    assert (again.exit_code, again.total("changed"), again.total("deleted")) == (0, 0, 0)
    for target in requests_of(shop, 0, "orders"):
        asked = parse_qs(target.partition("?")[2])
        assert asked.get("id_group_shop") == asked.get("id_shop_group")
    stores = into.query(
        "SELECT store, count(*) AS n, sum(total_net) AS net FROM core.orders GROUP BY store ORDER BY ALL"
    )
    counted = {row["store"]: row["n"] for row in stores.read_all().to_pylist()}
    assert counted == {
        store: sum(row["id_shop"] == store for row in shop.tables["orders"].values()) for store in ("1", "2", "3")
    }
    assert counted["3"] == len(theirs)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_changes_and_deletions_of_every_group_arrive(version: str, tmp_path: Path) -> None:
    """An old order of each store changes its state, one of each is deleted, one is placed in the second group."""
    shop, into = multistore(version), DuckDB(tmp_path / "shop.duckdb")
    open_group(shop)
    tables = shop.tables
    of_store = {
        store: [n for n, row in tables["orders"].items() if row["id_shop"] == store] for store in ("1", "2", "3")
    }
    with served(shop) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
    for numbers in of_store.values():
        tables["orders"][numbers[1]] |= {"current_state": "6", "date_upd": "2026-11-03 10:00:00"}
        line = next(n for n, row in tables["order_details"].items() if row["id_order"] == str(numbers[1]))
        tables["order_details"][line]["product_quantity"] = "77"
        del tables["orders"][numbers[2]]
    placed = {**tables["orders"][NEW], "date_add": "2026-11-03 11:00:00", "date_upd": "2026-11-03 11:00:00"}
    tables["orders"][NEW + 50] = placed
    with served(shop) as source, clock_at(RECORDED_UNTIL + 3 * DAY):
        result = sync(source, into=into)
    assert result.exit_code == 0
    assert next(stream for stream in result.streams if stream.stream == "orders").deleted == 3
    same_ids(shop, into, ALL)
    changed = into.query(
        "SELECT id FROM raw.shop__orders WHERE current_state = 6 AND date_upd > '2026-11-03'"
    ).read_all()
    assert sorted(changed.column(0).to_pylist()) == sorted(numbers[1] for numbers in of_store.values())
    lines = into.query("SELECT count(*) AS n FROM raw.shop__order_details WHERE product_quantity = 77").read_all()
    assert lines.column(0).to_pylist() == [3]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.slow
def test_a_group_that_comes_late_is_read_in_full(version: str, tmp_path: Path) -> None:
    """It traded for some days before the next sync: its orders, their lines and its customers are all there."""
    shop, into = multistore(version), DuckDB(tmp_path / "shop.duckdb")
    with served(shop) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
    open_group(shop, "2026-11-02")
    with served(shop) as source, clock_at(RECORDED_UNTIL + ALMOST_FIVE_DAYS):
        assert sync(source, into=into).exit_code == 0
        same_ids(shop, into, ALL)
        again = sync(source, into=into)
    assert (again.total("changed"), again.total("deleted")) == (0, 0)


@pytest.mark.slow
def test_a_shop_becomes_a_multistore(tmp_path: Path) -> None:
    """Nothing is lost or marked as deleted when one store becomes three in two groups."""
    shop, into = FakeShop.from_recording(recording("shop-d")), DuckDB(tmp_path / "shop.duckdb")
    with served(shop) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
    shop.tables["shops"][2] = {**shop.tables["shops"][1], "name": "Pro"}
    open_group(shop, "2026-11-03")
    with served(shop) as source, clock_at(RECORDED_UNTIL + 20 * DAY):
        result = sync(source, into=into)
    assert (result.exit_code, result.total("deleted")) == (0, 0)
    same_ids(shop, into, ALL)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["deleted", "switched off"])
def test_a_group_that_goes_stops_nothing(how: str, tmp_path: Path) -> None:
    """The shop answers 500 for a group without stores: it is no longer asked for, and comes back as it went.

    What a store sold before it was switched off is kept, although the shop does not show it any more.
    """
    shop, into = multistore("1.6"), DuckDB(tmp_path / "shop.duckdb")
    open_group(shop)
    with served(shop) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
    gone = shop.tables["shops"][3]
    if how == "deleted":
        del shop.tables["shops"][3]
    else:
        shop.tables["shops"][3] = {**gone, "active": "0"}
    with served(shop) as source, clock_at(RECORDED_UNTIL + DAY / 2):
        before = len(shop.requests)
        assert sync(source, into=into).exit_code == 0
        assert not [target for target in requests_of(shop, before) if "group_shop=2" in target]
    if how == "switched off":
        with served(shop) as source, clock_at(RECORDED_UNTIL + 2 * DAY):
            assert sync(source, into=into).total("deleted") == 0
        same_ids(shop, into, ALL)
    shop.tables["shops"][3] = gone
    shop.tables["orders"][NEW] |= {"current_state": "6", "date_upd": "2026-11-02 20:00:00"}
    with served(shop) as source, clock_at(RECORDED_UNTIL + 4 * DAY):
        assert sync(source, into=into).exit_code == 0
    same_ids(shop, into, ALL)


@pytest.fixture
def mixed() -> FakeShop:
    """A currency, a carrier, a product and its combination that only some of the stores have."""
    shop = multistore("1.6")
    open_group(shop)
    tables = shop.tables
    tables["currencies"][9] = {
        **tables["currencies"][2],
        "iso_code": "CHF",
        "conversion_rate": "0.950000",
        "_stores": {"2"},
    }
    tables["carriers"][90] = {**next(iter(tables["carriers"].values())), "name": "Pigeon", "_stores": {"3"}}
    product, variant = next(iter(tables["products"].values())), next(iter(tables["combinations"].values()))
    tables["products"][900] = {**product, "reference": "ABROAD", "id_shop_default": "3", "_stores": {"3"}}
    tables["products"][901] = {**product, "reference": "BOTH", "id_shop_default": "2", "_stores": {"1", "2"}}
    tables["products"][902] = {**product, "reference": "HOMELESS", "id_shop_default": "7", "_stores": {"1", "3"}}
    tables["combinations"][900] = {**variant, "id_product": "900", "_stores": {"3"}}
    order = next(row for row in tables["orders"].values() if row["id_shop"] == "2")
    order |= {"id_currency": "9", "conversion_rate": "0.950000"}
    return shop


@pytest.mark.slow
def test_what_only_one_store_has(mixed: FakeShop, tmp_path: Path) -> None:
    """Without it an order would have no currency, a product no name; nothing flips between two stores' words."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(mixed) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
        again = sync(source, into=into)
    assert (again.exit_code, again.total("changed"), again.total("deleted")) == (0, 0, 0)
    same_ids(mixed, into, ("currencies", "carriers", "products", "combinations", "countries", "categories"))
    swiss = into.query("SELECT currency, fx_rate FROM core.orders WHERE currency = 'CHF'").read_all().to_pylist()
    assert [str(row["fx_rate"]) for row in swiss] == ["1.05263158"]
    # A product that store 2 alone has is gone with its row, not when another store does not know it.
    del mixed.tables["products"][900]
    with served(mixed) as source, clock_at(RECORDED_UNTIL + 2 * DAY):
        assert sync(source, into=into).total("deleted") == 1
    same_ids(mixed, into, ("products",))


def test_a_key_for_one_store(mixed: FakeShop, tmp_path: Path) -> None:
    """A key that is not for the other stores (403, code 132 by the code) reads what it may, without a complaint."""
    no_right = (132, "No permission for this key on this shop")
    mixed.faults.append(Fault("[?&]id_shop=[23]", status=403, error=no_right))
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(mixed) as source, clock_at(RECORDED_UNTIL):
        assert sync(source, into=into).exit_code == 0
        told = [finding.sentence for finding in source.check() if finding.level == "warning"]
    assert [sentence for sentence in told if "store" in sentence] == [
        "the key is not for the stores 2, 3: products and the like that only they have are not read",
    ]
    assert 900 not in ids(into, "products")
    assert 902 in ids(into, "products")


def test_a_store_that_is_switched_off_is_told(mixed: FakeShop) -> None:
    """What it sold cannot be read any more."""
    mixed.tables["shops"][3]["active"] = "0"
    with served(mixed) as source:
        told = [finding.sentence for finding in source.check() if finding.level == "warning"]
    assert [sentence for sentence in told if "store" in sentence] == [
        "the stores 3 are switched off: the shop does not show their orders"
    ]


def test_a_single_store_is_asked_for_nothing_of_the_kind(tmp_path: Path) -> None:
    """No parameter of a multistore where there is none."""
    shop = FakeShop.from_recording(recording("shop-d"))
    with served(shop) as source:
        sync(source, into=DuckDB(tmp_path / "shop.duckdb"))
    for target in requests_of(shop, 0):
        assert not {"id_shop", "id_group_shop", "id_shop_group"} & set(parse_qs(target.partition("?")[2])), target
