"""The reader on a shop played as PrestaShop 8.2 and 9.0 (from their code, not seen), and on fields that come and go."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest

from echannel_connectors import DuckDB, sync
from echannel_connectors.errors import Unavailable
from echannel_connectors.pipeline import Choice
from echannel_connectors.sources.prestashop.schema import NEVER
from echannel_connectors.testing.shop import Added, Change, FakeShop, Fault
from tests import figures
from tests.conftest import served
from tests.places import recording, truth
from tests.sources.shops import RECORDED_UNTIL, clock_at, live, streams
from tests.sources.test_prestashop_core import COMPANY, COMPARED, Read, same, truth_of

PLAYED = ("8.2", "9.0")
NEWEST_FIRST = ("9.0", pytest.param("8.2", marks=pytest.mark.slow))
DAY = timedelta(days=1)
ORDERS = Choice(only=("shop.orders",))
VERSIONS = (
    pytest.param("1.6", marks=pytest.mark.slow),
    pytest.param("1.7", marks=pytest.mark.slow),
    pytest.param("8.2", marks=pytest.mark.slow),
    "9.0",
)


@pytest.fixture
def shop_d() -> FakeShop:
    return FakeShop.from_recording(recording("shop-d"))


def of_version(version: str) -> FakeShop:
    """A recorded shop for what was seen, a played one for what was not."""
    recorded = FakeShop.from_recording(recording("shop-a" if version == "1.6" else "shop-d"))
    return recorded.as_version(version) if version in PLAYED else recorded


@pytest.fixture(scope="module", params=NEWEST_FIRST)
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Read:
    shop, file = of_version(request.param), tmp_path_factory.mktemp(request.param) / "echannel.duckdb"
    with served(shop) as source:
        assert sync(source, into=DuckDB(file), company=COMPANY).exit_code == 0
    return Read(file, shop, replace(truth_of("shop-d", shop), vouchers_are_told=True))


# -- the same shop, and what 8 and later tell besides -----------------------------------------------------------------


@pytest.mark.parametrize("figure", figures.PAIRS)
def test_months_equal_the_shops_database(figure: str, read: Read) -> None:
    """To the cent; free shipping, which 1.7.6 does not tell, is told by the order's vouchers and is no discount."""
    ours = figures.ours(read.warehouse, figure)
    assert ours == figures.true(truth("shop-d"), figure)
    if figure == "sales":
        assert ours != figures.true(truth("shop-d"), figure, free_shipping_is_told=False)


@pytest.mark.parametrize("table", COMPARED)
def test_core_equals_the_database(table: str, read: Read) -> None:
    """Record by record; the vouchers of the orders as well."""
    rows = read.rows(table)
    same(table, rows, getattr(read.truth, table)())
    if table == "order_discounts":
        assert [row["is_free_shipping"] for row in rows].count(True) == 8
        assert len(rows) == 17


@pytest.mark.parametrize("version", NEWEST_FIRST)
def test_store_credit_and_deleted_vouchers_by_hand(version: str, shop_d: FakeShop, tmp_path: Path) -> None:
    """The voucher of a credit slip pays; one that was taken off the order again does not count at all."""
    order = shop_d.tables["orders"][1]  # goods 99.42, shipping 14.50: 113.92 net, 136.70 gross
    order |= {
        "total_discounts": "12.000000", "total_discounts_tax_incl": "12.000000", "total_discounts_tax_excl": "10.000000",
        "total_paid": "124.700000", "total_paid_tax_incl": "124.700000", "total_paid_tax_excl": "103.920000",
    }  # fmt: skip
    shop = shop_d.as_version(version)
    vouchers = shop.tables["order_cart_rules"]
    assert vouchers[1]["id_order"] == "1"
    vouchers[1] |= {"name": "V7C11O9", "id_cart_rule": "7"}
    vouchers[99] = {**vouchers[1], "name": "MINUS5", "id_cart_rule": "2", "value": "5", "deleted": "1"}
    with served(shop) as source:
        sync(source, into=DuckDB(tmp_path / "shop.duckdb"))
    found = DuckDB(tmp_path / "shop.duckdb").query(
        "SELECT discount_net, store_credit_net, store_credit_gross, total_net, total_gross, "
        "(SELECT count(*) FROM core.order_discounts AS d WHERE d.order_id = o.order_id) AS vouchers "
        "FROM core.orders AS o WHERE order_id = '1'"
    )
    assert [str(value) for value in found.read_all().to_pylist()[0].values()] == [
        "0.000000", "10.000000", "12.000000", "113.920000", "136.700000", "1",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("version", NEWEST_FIRST)
def test_xml_and_json_give_equal_rows(version: str, tmp_path: Path) -> None:
    """A shop whose JSON is cut off is read in XML: every raw table is the same, empty values and numbers too."""
    shop = of_version(version)
    places = {form: DuckDB(tmp_path / f"{form}.duckdb") for form in ("json", "xml")}
    for form, into in places.items():
        shop.faults = [Fault("output_format=JSON", keep_bytes=20)] if form == "xml" else []
        with served(shop) as source:
            assert sync(source, into=into).exit_code == 0
    assert len(streams(places["json"])) > 25
    for stream in streams(places["json"]):
        assert live(places["xml"], stream) == live(places["json"], stream), stream


@pytest.mark.parametrize("version", NEWEST_FIRST)
def test_check_tells_the_version(version: str) -> None:
    """It comes with the first accepted request, not with a refusal, which says 0."""
    shop = of_version(version)
    with served(shop) as source:
        first = next(iter(source.check()))
    assert first.sentence.endswith(f"answers (PrestaShop {shop.version})")
    shop.keys.clear()
    with served(shop) as source:
        (refused,) = source.check()
    assert (refused.level, "PrestaShop" in refused.sentence) == ("error", False)


# -- what is asked ----------------------------------------------------------------------------------------------------


def displays(shop: FakeShop) -> Iterator[tuple[str, set[str]]]:
    """Each list that was asked for: the resource and the names in its `display`."""
    for _, target in shop.requests:
        path, _, query = target.partition("?")
        for wanted in parse_qs(unquote(query)).get("display", []):
            yield path.removeprefix("/api/"), set(re.findall(r"\w+", wanted))


def test_nothing_is_asked_that_the_version_lacks(read: Read) -> None:
    """Every request is answered with 200: no unknown field, filter, resource or form; and only lists are asked for."""
    user = base64.b64encode(f"{read.shop.key}:".encode()).decode()
    for method, target in list(read.shop.requests):
        assert method == "GET"
        assert read.shop.answer(method, target, {"Authorization": f"Basic {user}"}).status == 200, target
        path, _, query = target.partition("?")
        assert re.fullmatch(r"/api(/\w+)?", path), target  # no single record
        assert path != "/api" or query == "", target  # the root in XML
        bare = [value for name, values in parse_qs(query).items() if name.startswith("filter") for value in values]
        assert all("[" in value for value in bare), target
    assert "order_cart_rules" in dict(displays(read.shop))


SECRETS = (
    "passwd", "secure_key", "reset_password_token", "stripe_secret", "access_token", "API_KEY", "apikey", "user_pwd",
    "private_key", "license_key", "password_salt", "login_hash", "ws_credentials", "card_cvv",
)  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_secrets_are_never_asked_for(version: str, tmp_path: Path) -> None:
    """Neither the shop's own nor what modules have added, not even when everything and the field itself are asked for."""
    shop = of_version(version)
    for resource in ("customers", "orders", "products", "specific_prices"):
        shop.change(resource, Change(tuple(Added(name, "isGenericName", "hidden-treasure") for name in SECRETS)))
    named = tuple(f"{resource}.{name}" for resource in ("customers", "orders") for name in SECRETS)
    file = tmp_path / "shop.duckdb"
    with served(shop, also=("*", *named)) as source:
        sync(source, into=DuckDB(file))
    secret = {*SECRETS, "last_passwd_gen", "reset_password_validity", "card_number", "card_holder", "card_expiration",
              "download_hash", "token"}  # fmt: skip
    asked = list(displays(shop))
    assert {resource for resource, _ in asked} >= {"customers", "orders", "products", "specific_prices", "carts"}
    for resource, names in asked:
        assert not names & {*secret, "full", "associations"}, resource
    assert b"hidden-treasure" not in file.read_bytes()


def columns(into: DuckDB, stream: str) -> set[str]:
    sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'raw' AND table_name = 'shop__{}'"
    return set(into.query(sql.format(stream)).read_all().column(0).to_pylist())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.slow
def test_also_brings_what_it_names_and_nothing_else(version: str, tmp_path: Path) -> None:
    """A resource and a personal field more: all other tables and columns are those of a sync without them."""
    shop = of_version(version)
    plain, more = DuckDB(tmp_path / "plain.duckdb"), DuckDB(tmp_path / "more.duckdb")
    with served(shop) as source:
        sync(source, into=plain)
    with served(shop, also=("specific_prices", "customers.birthday")) as source:
        sync(source, into=more)
    assert set(streams(more)) - set(streams(plain)) == {"specific_prices"}
    assert columns(more, "customers") - columns(plain, "customers") == {"birthday"}
    assert not columns(more, "customers") & {"firstname", "lastname", "email", "note", "website"}
    for stream in streams(plain):
        if stream != "customers":
            assert columns(more, stream) == columns(plain, stream), stream
    born = more.query("SELECT count(*) FROM raw.shop__customers WHERE birthday IS NOT NULL").read_all()
    assert born.column(0).to_pylist()[0] > 50


PERSONAL = {
    "firstname", "lastname", "birthday", "address1", "address2", "phone", "phone_mobile", "dni", "note", "message",
    "question", "gift_message", "ip_registration_newsletter",
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.slow
def test_everything_is_not_people_and_their_letters(version: str, tmp_path: Path) -> None:
    """ "*" brings each resource that may be read, but never employees, messages, visitors; nor what customers write."""
    shop = of_version(version)
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop, also=("*",)) as source:
        assert sync(source, into=into).exit_code == 0
    assert set(streams(into)) == set(shop.keys[shop.key]) - NEVER
    never = {"employees", "messages", "customer_messages", "customer_threads", "guests", "contacts", "customizations"}
    assert never <= NEVER
    for resource, names in displays(shop):
        assert resource not in never
        assert not names & PERSONAL, resource
    assert not {target for _, target in shop.requests if "schema=synopsis" in target and resource_of(target) in never}


def resource_of(target: str) -> str:
    return target.removeprefix("/api/").partition("?")[0]


# -- what changes while it is watched ---------------------------------------------------------------------------------


def values(into: DuckDB, stream: str, *names: str) -> list[tuple[Any, ...]]:
    rows = into.query(f"SELECT {', '.join(names)} FROM raw.shop__{stream} ORDER BY id").read_all().to_pylist()
    return [tuple(row.values()) for row in rows]


def touch(shop: FakeShop, orders: Iterable[int]) -> None:
    for number in orders:
        shop.tables["orders"][number]["date_upd"] = "2026-11-05 12:00:00"


@pytest.mark.parametrize("version", VERSIONS)
def test_fields_of_modules_are_columns(version: str, tmp_path: Path) -> None:
    """A module's field is a column of its own type, filled for old orders too; when it goes, the column stays.

    What orders held in it is kept; new ones have nothing there.
    """
    shop, into = of_version(version), DuckDB(tmp_path / "shop.duckdb")
    slot = Change((Added("delivery_slot", "isGenericName", "morning"), Added("slot_fee", "isPrice", "1.500000")))
    with served(shop) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into, choice=ORDERS)
    assert "delivery_slot" not in columns(into, "orders")
    shop.change("orders", slot)
    with served(shop) as source, clock_at(RECORDED_UNTIL + 2 * DAY):
        assert sync(source, into=into, choice=ORDERS).exit_code == 0
    assert set(values(into, "orders", "delivery_slot", "slot_fee")) == {("morning", Decimal("1.500000"))}
    shop.change("orders", Change(removed=("delivery_slot", "slot_fee")))
    touch(shop, (5,))
    newest = max(shop.tables["orders"])
    shop.tables["orders"][newest + 1] = {**shop.tables["orders"][newest], "date_upd": "2026-11-05 12:00:00"}
    with served(shop) as source, clock_at(RECORDED_UNTIL + 4 * DAY):
        assert sync(source, into=into, choice=ORDERS).exit_code == 0
    found = {row[0]: row[1:] for row in values(into, "orders", "id", "delivery_slot", "slot_fee")}
    assert (found[newest + 1], found[5]) == ((None, None), ("morning", Decimal("1.500000")))


def test_a_field_that_goes_while_it_is_remembered(shop_d: FakeShop, tmp_path: Path) -> None:
    """What was noted of the shop's fields is a day old at most: a sync that trips over it says so, the next is fine."""
    into = DuckDB(tmp_path / "shop.duckdb")
    shop_d.change("orders", Change((Added("delivery_slot", "isGenericName", "morning"),)))
    with served(shop_d) as source:
        sync(source, into=into, choice=ORDERS)
    shop_d.change("orders", Change(removed=("delivery_slot",)))
    with served(shop_d) as source, pytest.raises(Unavailable, match="has changed the fields of 'orders'"):
        sync(source, into=into, choice=ORDERS)
    with served(shop_d) as source:
        assert sync(source, into=into, choice=ORDERS).exit_code == 0


@pytest.mark.slow
def test_a_shop_is_upgraded_in_place(shop_d: FakeShop, tmp_path: Path) -> None:
    """1.7.6, then 8.2, then 9.0, at the same address: after each sync the tables hold what a first load would."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_d) as source, clock_at(RECORDED_UNTIL):
        sync(source, into=into)
    for days, version in enumerate(PLAYED, 1):
        shop_d.become(of_version(version))
        fresh = DuckDB(tmp_path / f"{version}.duckdb")
        with served(shop_d) as source, clock_at(RECORDED_UNTIL + days * DAY):
            assert sync(source, into=into).exit_code == 0
            sync(source, into=fresh)
        assert set(streams(fresh)) <= set(streams(into))
        for stream in streams(fresh):
            names = sorted(columns(fresh, stream) - {"_changed_at", "_deleted_at"})
            assert values(into, stream, *names) == values(fresh, stream, *names), stream
    assert columns(into, "combinations") >= {"location", "mpn"}
    assert figures.ours(tmp_path / "shop.duckdb", "sales") == figures.true(truth("shop-d"), "sales")
