"""What changes in a shop arrives, with or without a trace: 48 real changes, silent edits, two clock changes a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from echannel_connectors import DuckDB, PrestaShop, sync
from echannel_connectors.pipeline import Choice
from echannel_connectors.testing.shop import FakeShop
from tests import figures
from tests.conftest import served
from tests.places import recording, truth
from tests.sources.shops import RECORDED_UNTIL, clock_at, live, requests_of, streams

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@pytest.mark.slow
def test_every_change_of_a_week_arrives_by_one_incremental_sync(shop_a: FakeShop, tmp_path: Path) -> None:
    """48 changes, silent ones and deletions among them: the incremental result equals a full read, and the truth."""
    both, fresh = DuckDB(tmp_path / "both.duckdb"), DuckDB(tmp_path / "fresh.duckdb")
    with served(shop_a) as shop:
        with clock_at(RECORDED_UNTIL):
            sync(shop, into=both)
        shop_a.become(FakeShop.from_recording(recording("shop-a-later")))
        with clock_at(RECORDED_UNTIL + WEEK):
            incremental = sync(shop, into=both)
            sync(shop, into=fresh)
    assert incremental.warnings == []
    assert len(streams(fresh)) > 20
    for stream in streams(fresh):
        assert live(both, stream) == live(fresh, stream), stream
    for figure in figures.PAIRS:
        assert figures.ours(tmp_path / "both.duckdb", figure) == figures.true(truth("shop-a-later"), figure), figure


# A field of each resource that nothing else depends on, and that an edit behind the shop's back could change.
EDITS = {
    "order_details": "product_name",
    "order_carriers": "tracking_number",
    "order_discounts": "name",
    "order_histories": "id_employee",
    "order_payments": "transaction_id",
    "order_slip": "order_slip_type",
    "orders": "payment",
    "customers": "company",
    "addresses": "vat_number",
    "products": "ean13",
    "cart_rules": "priority",
    "combinations": "ean13",
    "stock_availables": "quantity",
    "currencies": "conversion_rate",
    "categories": "position",
}


def edit_silently(shop: FakeShop, part: int) -> set[str]:
    """Change an old row of every resource without touching a date; `part` of ten says how far up its ids."""
    edited = set()
    with shop.lock:
        for resource, field in EDITS.items():
            rows = shop.tables.get(resource)
            if not rows:
                continue
            number = sorted(rows)[len(rows) * part // 10]
            if field in rows[number]:
                shop.tables[resource][number] = {**rows[number], field: str(part + 7)}
                edited.add(resource)
    return edited


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 4, 9])
def test_edits_without_a_trace_arrive_within_seven_daily_syncs(part: int, shop_a: FakeShop, tmp_path: Path) -> None:
    """The full compare runs along, a share a day, wherever it stood when the edit happened."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a, page=50) as shop:
        for day in range(3):  # the compare has come some way
            with clock_at(RECORDED_UNTIL + day * DAY):
                sync(shop, into=into)
        edited = edit_silently(shop_a, part)
        assert edited >= {"order_details", "order_carriers", "orders", "customers", "order_histories"}
        for day in range(3, 10):
            before = len(shop_a.requests)
            with clock_at(RECORDED_UNTIL + day * DAY):
                sync(shop, into=into)
            assert len(requests_of(shop_a, before, "order_details")) < 12  # a share of its 16 pages, not all
        with clock_at(RECORDED_UNTIL + 9 * DAY):
            fresh = DuckDB(tmp_path / "fresh.duckdb")
            sync(shop, into=fresh)
    for stream in streams(fresh):
        assert live(into, stream) == live(fresh, stream), stream


@pytest.mark.slow
def test_a_night_with_a_wrong_clock_does_not_stop_the_compare(shop_a: FakeShop, tmp_path: Path) -> None:
    """A run that took itself for one of next year made the share of the next one less than nothing."""
    into, fresh = DuckDB(tmp_path / "shop.duckdb"), DuckDB(tmp_path / "fresh.duckdb")
    with served(shop_a, page=50) as shop:
        for day in (0, 400):
            with clock_at(RECORDED_UNTIL + day * DAY):
                sync(shop, into=into)
        edit_silently(shop_a, 0)
        with clock_at(RECORDED_UNTIL + 2 * DAY):
            sync(shop, into=into)
            sync(shop, into=fresh)
    for stream in streams(fresh):
        assert live(into, stream) == live(fresh, stream), stream


@pytest.mark.slow
@pytest.mark.parametrize("wrong_clock", [False, True])
def test_lines_of_a_recent_order_are_read_again(shop_a: FakeShop, tmp_path: Path, *, wrong_clock: bool) -> None:
    """A line edited two days after the order was placed leaves no trace, and does not wait for the compare; nor until
    the year in which a run took itself to be."""
    into = DuckDB(tmp_path / "shop.duckdb")
    newest = max(str(row["date_add"]) for row in shop_a.tables["orders"].values())
    placed = datetime.fromisoformat(newest).replace(tzinfo=ZoneInfo("Europe/Paris"))
    # Another order has changed since, so that the look-back of a day does not reach the one before the newest.
    shop_a.tables["orders"][379]["date_upd"] = "2026-10-31 23:30:00"
    with served(shop_a) as shop:
        with clock_at(placed + DAY):
            sync(shop, into=into)
        if wrong_clock:
            with clock_at(placed + 400 * DAY):
                sync(shop, into=into)
        order = max(shop_a.tables["orders"]) - 1
        line = next(n for n, row in shop_a.tables["order_details"].items() if row["id_order"] == str(order))
        with shop_a.lock:
            shop_a.tables["order_details"][line]["product_quantity"] = "9"
        with clock_at(placed + DAY + timedelta(hours=2)):
            result = sync(shop, into=into)
    changed = {stream.stream: stream.changed for stream in result.streams if stream.changed}
    assert changed == {"order_details": 1}


@pytest.mark.parametrize("days", [pytest.param(1, marks=pytest.mark.slow), 40])
def test_a_line_taken_out_of_an_order_is_gone_with_its_change(days: int, shop_a: FakeShop, tmp_path: Path) -> None:
    """Not with the daily look for what is gone, whether the order is young or old. Where an answer has none of an
    order's lines, or one that cannot be read, its lines stay until that look."""
    into = DuckDB(tmp_path / "shop.duckdb")
    newest = max(str(row["date_add"]) for row in shop_a.tables["orders"].values())
    then = datetime.fromisoformat(newest).replace(tzinfo=ZoneInfo("Europe/Paris")) + days * DAY
    lines: dict[int, list[int]] = {}
    for n, row in shop_a.tables["order_details"].items():
        lines.setdefault(int(str(row["id_order"])), []).append(n)
    edited, emptied, unreadable = [order for order in sorted(lines) if len(lines[order]) > 1][-3:]
    with served(shop_a) as shop:
        with clock_at(then):
            sync(shop, into=into)
        with shop_a.lock:
            for order in (edited, emptied, unreadable):
                moment = (then + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
                shop_a.tables["orders"][order] = {**shop_a.tables["orders"][order], "date_upd": moment}
            taken_out = lines[edited][0]
            for n in (taken_out, *lines[emptied]):
                del shop_a.tables["order_details"][n]
        with clock_at(then + timedelta(hours=2)):
            result = sync(shop, into=into)
        assert {one.stream: one.changed for one in result.streams if one.changed} == {"orders": 3, "order_details": 1}
        assert result.total("deleted") == 0
        gone = "SELECT id FROM raw.shop__order_details WHERE _deleted_at IS NOT NULL"
        assert into.query(gone).read_all()["id"].to_pylist() == [taken_out]
        told = f"SELECT DISTINCT line_id FROM mart.sales WHERE kind = 'sale' AND order_id = '{edited}'"
        assert sorted(into.query(told).read_all()["line_id"].to_pylist()) == sorted(map(str, lines[edited][1:]))

        with shop_a.lock:
            shop_a.tables["order_details"][lines[unreadable][0]]["product_quantity"] = "many"
        with clock_at(then + timedelta(hours=4)):
            assert sync(shop, into=into).exit_code == 5
        assert into.query(gone).read_all()["id"].to_pylist() == [taken_out]


@pytest.mark.slow
def test_children_that_are_too_many_to_wait_for_each_other(
    shop_a: FakeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come page by page: all of them, and none is taken for gone because it stands on another page."""
    monkeypatch.setattr("echannel_connectors.sources.prestashop.streams.MOST_HELD", 0)
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a, page=20) as shop:
        with clock_at(RECORDED_UNTIL):
            sync(shop, into=into)
        before = live(into, "order_details")
        with shop_a.lock:
            for order in sorted(shop_a.tables["orders"])[-60:]:
                shop_a.tables["orders"][order] = {**shop_a.tables["orders"][order], "date_upd": "2026-11-01 20:00:00"}
        with clock_at(RECORDED_UNTIL + timedelta(hours=2)):
            again = sync(shop, into=into)
    read = {one.stream: one.rows for one in again.streams}
    assert read["order_details"] > 60
    assert live(into, "order_details") == before


@pytest.mark.slow
def test_the_back_office_writes_into_the_past(tmp_path: Path) -> None:
    """A payment is entered with the bank's day, and editing an old order changes its invoice, which keeps its date: both
    are there after the next sync, which does not wait for the compare."""
    some = ("orders", "order_details", "order_histories", "order_invoices", "order_payments")
    recorded = FakeShop.from_recording(recording("shop-a")).tables
    fake = FakeShop.like(recording("shop-a"), {name: dict(list(recorded[name].items())[:20]) for name in some})
    into, only = DuckDB(tmp_path / "shop.duckdb"), Choice(only=tuple(f"shop.{name}" for name in some))
    with served(fake) as shop:
        with clock_at(RECORDED_UNTIL):
            sync(shop, into=into, choice=only)
        with fake.lock:
            first, last = min(fake.tables["order_invoices"]), max(fake.tables["order_payments"])
            invoice = fake.tables["order_invoices"][first]
            invoice["total_paid_tax_incl"] = "99.000000"
            fake.tables["orders"][int(str(invoice["id_order"]))]["date_upd"] = "2026-11-01 19:30:00"
            long_ago = {"amount": "12.50", "date_add": "2025-01-01 00:00:00"}
            fake.tables["order_payments"][last + 1] = {**fake.tables["order_payments"][last], **long_ago}
        with clock_at(RECORDED_UNTIL + timedelta(hours=1)):
            result = sync(shop, into=into, choice=only)
    changed = {stream.stream: stream.changed for stream in result.streams if stream.changed}
    assert changed == {"orders": 1, "order_invoices": 1, "order_payments": 1}


def nights() -> Iterator[tuple[str, datetime]]:
    """The middle of both clock changes of 2026 in two zones, as UTC."""
    for zone in ("Europe/Paris", "Europe/London"):
        for day in ("2026-03-29", "2026-10-25"):
            yield zone, datetime.fromisoformat(f"{day}T01:00:00+00:00")


def trading(zone: str, midnight: datetime) -> FakeShop:
    """A shop of that zone with one order long ago; its clock says what its customers' clocks say."""
    shop = FakeShop.from_recording(recording("shop-a"))
    order = dict(shop.tables["orders"][1])
    made = FakeShop.like(recording("shop-a"), {"orders": {}})
    for row in made.tables["configurations"].values():
        if row["name"] == "PS_TIMEZONE":
            row["value"] = zone
    made.tables["orders"][1] = {**order, "date_add": "2026-01-05 10:00:00", "date_upd": "2026-01-05 10:00:00"}
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "change"), list(nights()), ids=lambda value: str(value)[:10])
def test_no_order_is_lost_when_the_clocks_change(zone: str, change: datetime, tmp_path: Path) -> None:
    """Synced every ten minutes through the night, with the shortest look-back: the hour that repeats hides nothing."""
    fake = trading(zone, change)
    into = DuckDB(tmp_path / "shop.duckdb")
    only = Choice(only=("shop.orders",))
    pattern = fake.tables["orders"][1]
    with served(fake, look_back_hours=2) as shop:
        for minute in range(-120, 130, 10):
            now = change + timedelta(minutes=minute)
            with fake.lock:
                for late in (1, 6):  # orders come between two syncs
                    number = max(fake.tables["orders"]) + 1
                    local = (now - timedelta(minutes=late)).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
                    fake.tables["orders"][number] = {**pattern, "date_add": local, "date_upd": local}
            with clock_at(now):
                sync(shop, into=into, choice=only)
    ids = [row[0] for row in live(into, "orders")]
    assert ids == sorted(fake.tables["orders"])
    assert len(ids) == 51


@pytest.mark.slow
def test_a_date_in_the_future_hides_nothing(shop_a: FakeShop, tmp_path: Path) -> None:
    """A row that a wrong clock dated 2031 must not keep the changes of today away until then."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a) as shop:
        with clock_at(RECORDED_UNTIL):
            sync(shop, into=into)
        shop_a.tables["orders"][5]["date_upd"] = "2031-01-01 00:00:00"
        with clock_at(RECORDED_UNTIL + DAY):
            sync(shop, into=into)
        shop_a.tables["orders"][9]["date_upd"] = "2026-11-03 12:00:00"
        shop_a.tables["orders"][9]["current_state"] = "6"
        with clock_at(RECORDED_UNTIL + 2 * DAY):
            sync(shop, into=into)
    rows = into.query("SELECT id, current_state FROM raw.shop__orders WHERE id IN (5, 9) ORDER BY id").read_all()
    assert rows.to_pylist()[1] == {"id": 9, "current_state": 6}


@pytest.mark.slow
def test_a_day_is_read_again_without_touching_the_rest(shop_a: FakeShop, tmp_path: Path) -> None:
    """--from and --until bring the orders placed on those days with their lines; the next sync reads no more for it."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a) as shop:
        sync(shop, into=into)
        day = str(shop_a.tables["orders"][200]["date_add"])[:10]
        placed = [n for n, row in shop_a.tables["orders"].items() if str(row["date_add"]).startswith(day)]
        again = sync(shop, into=into, choice=Choice(since=day, until=day))
        read = {stream.stream: stream.rows for stream in again.streams}
        before = len(shop_a.requests)
        sync(shop, into=into)
        after = len(shop_a.requests) - before
        before = len(shop_a.requests)
        sync(shop, into=into)
        assert len(shop_a.requests) - before == after
    assert read["orders"] == len(placed)
    lines = [row for row in shop_a.tables["order_details"].values() if int(str(row["id_order"])) in placed]
    assert read["order_details"] == len(lines) > 0
    assert again.total("changed") == again.total("deleted") == 0


def test_nothing_is_asked_twice_that_was_noted(shop_a: FakeShop, tmp_path: Path) -> None:
    """A second sync on the same day asks for no description; one request per dated stream, one per whole one, few more."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with shop_a.serve() as url:
        for _ in range(2):  # two programs: nothing is kept in memory
            before = len(shop_a.requests)
            sync(PrestaShop(url=url, key=shop_a.key, pause=0.01), into=into)
        asked = requests_of(shop_a, before)
    assert not [target for target in asked if "schema=synopsis" in target]
    assert len(asked) <= len(streams(into)) + 10


@pytest.mark.slow
def test_a_watch_reads_what_is_whole_at_its_own_pace(shop_a: FakeShop, tmp_path: Path) -> None:
    """In a watch every round asks for changes; the rest only when its time has come."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a) as shop:
        sync(shop, into=into)
        before = len(shop_a.requests)
        sync(shop, into=into, choice=Choice(is_watch=True))
        assert requests_of(shop_a, before, "orders?")
        assert not requests_of(shop_a, before, "stock_availables") + requests_of(shop_a, before, "currencies")
    with served(shop_a, stock_minutes=0) as shop:
        before = len(shop_a.requests)
        sync(shop, into=into, choice=Choice(is_watch=True))
        assert requests_of(shop_a, before, "stock_availables")


@pytest.mark.slow
def test_orders_before_the_start_are_not_read(shop_a: FakeShop, tmp_path: Path) -> None:
    """Neither they nor their lines, at first or later; what is told of the others is complete."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a, start="2026-06-01") as shop:
        sync(shop, into=into)
        sync(shop, into=into)
    placed = {n for n, row in shop_a.tables["orders"].items() if str(row["date_add"]) >= "2026-06-01"}
    lines = [n for n, row in sorted(shop_a.tables["order_details"].items()) if int(str(row["id_order"])) in placed]
    assert [row[0] for row in live(into, "orders")] == sorted(placed)
    assert set(lines) <= {row[0] for row in live(into, "order_details")}
    read = {row[1] for row in live(into, "order_details")}
    assert len(read - placed) < 5  # lines share their order of ids with the orders but for late edits
    sold = into.query("SELECT count(DISTINCT order_id) AS n FROM mart.sales WHERE kind = 'sale'").read_all()
    assert sold["n"].to_pylist()[0] > 50
