"""Random shops, page sizes, faults and deaths: whatever happened, one calm sync later the tables are the shop's."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echannel_connectors import DuckDB, PrestaShop, sync
from echannel_connectors.errors import EChannelError
from echannel_connectors.events import Committed, Event
from echannel_connectors.pipeline import Choice
from echannel_connectors.testing.shop import PHP_WARNING, FakeShop, Fault, html_page, nothing
from tests.places import recording
from tests.sources.shops import clock_at

START = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
STREAMS = ("orders", "order_details", "order_histories", "currencies")
ONLY = Choice(only=tuple(f"shop.{stream}" for stream in STREAMS))


class Killed(BaseException):
    """The process dies here."""


def company(orders: int, tied: bool) -> FakeShop:
    """A shop with so many orders of one or two lines; `tied`: many of them changed in the same second."""
    shop = FakeShop.like(recording("shop-a"), {})
    pattern = FakeShop.from_recording(recording("shop-a"))
    for number in range(1, orders + 1):
        moment = START - timedelta(days=40) + timedelta(seconds=0 if tied else 977 * number)
        place(shop, pattern, number, moment)
    return shop


def place(shop: FakeShop, pattern: FakeShop, number: int, moment: datetime) -> None:
    at = local(moment)
    order = pattern.tables["orders"][1 + number % 300]
    shop.tables["orders"][number] = {**order, "date_add": at, "date_upd": at, "payment": "cheque"}
    for line in range(1 + number % 2):
        detail = pattern.tables["order_details"][1 + (number + line) % 600]
        shop.tables["order_details"][number * 10 + line] = {**detail, "id_order": str(number)}
    history = {**pattern.tables["order_histories"][1], "id_order": str(number), "date_add": at}
    shop.tables["order_histories"][number] = history


def local(moment: datetime) -> str:
    return (moment + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S")


def trade(shop: FakeShop, what: str, number: int, moment: datetime) -> None:
    """One thing that happens in a shop, with the trace that it leaves (FACTS.md)."""
    pattern = FakeShop.from_recording(recording("shop-a"))
    orders = sorted(shop.tables["orders"])
    with shop.lock:
        if what == "order" or not orders:
            place(shop, pattern, (orders or [0])[-1] + 1, moment)
            return
        order = orders[number % len(orders)]
        if what == "state":
            shop.tables["orders"][order].update(current_state="6", date_upd=local(moment))
        elif what == "edit":
            shop.tables["orders"][order].update(payment=f"card {number}", date_upd=local(moment))
            for line in shop.tables["order_details"].values():
                if line["id_order"] == str(order):
                    line["product_quantity"] = str(number % 9 + 1)
        elif what == "delete" and len(orders) > 20:
            del shop.tables["orders"][order]


FAULTS: dict[str, Mapping[str, Any]] = {
    "truncated": {"keep_bytes": 700, "times": 2},
    "hung up": {"hangs_up_after": 90, "times": 3},
    "busy": {"status": 503, "body": b"busy", "times": 2},
    "warned": {"prefix": PHP_WARNING},
    "memory": {"memory_limit_records": 4},
}


def fault(name: str, match: str) -> Fault:
    if name == "page":
        return html_page(match, 1)
    if name == "nothing":
        return nothing(match, 1)
    return Fault(match=match, after=1, **FAULTS[name])


rounds = st.lists(
    st.fixed_dictionaries(
        {
            "trades": st.lists(
                st.tuples(st.sampled_from(["order", "state", "edit", "delete"]), st.integers(0, 99)), max_size=6
            ),
            "fault": st.sampled_from([None, *FAULTS, "page", "nothing"]),
            "match": st.sampled_from(["/api/orders", "/api/order_details", "/api/order_histories"]),
            "dies_at": st.one_of(st.none(), st.integers(0, 4)),
            "minutes": st.sampled_from([5, 90, 1440, 3000]),
        }
    ),
    max_size=4,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(orders=st.integers(0, 60), page=st.integers(1, 23), tied=st.booleans(), rounds=rounds)
def test_a_calm_sync_ends_with_the_truth(orders: int, page: int, tied: bool, rounds: list[dict[str, Any]]) -> None:
    fake = company(orders, tied)
    into = DuckDB(":memory:")
    now = START
    with fake.serve() as url:
        shop = PrestaShop(url=url, key=fake.key, pause=0, attempts=2, page=page)
        for turn in rounds:
            now += timedelta(minutes=turn["minutes"])
            for what, number in turn["trades"]:
                trade(fake, what, number, now)
            fake.faults[:] = [fault(turn["fault"], turn["match"])] if turn["fault"] else []
            run(shop, into, now, turn["dies_at"])
        fake.faults.clear()
        with clock_at(now + timedelta(days=1, minutes=1)):  # the sweep is due
            result = sync(shop, into=into, choice=ONLY)
    assert result.total("set_aside") == 0
    for stream in STREAMS:
        assert stored(into, stream) == expected(fake, stream), stream


def run(shop: PrestaShop, into: DuckDB, now: datetime, dies_at: int | None) -> None:
    """One sync that may fail, or die after so many commits."""
    seen: list[Event] = []

    def listen(event: Event) -> None:
        seen.append(event)
        if dies_at is not None and sum(isinstance(one, Committed) for one in seen) > dies_at:
            raise Killed

    with clock_at(now), suppress(Killed, EChannelError):
        sync(shop, into=into, choice=ONLY, on_event=listen)


FIELDS = {
    "orders": ("payment", "current_state"),
    "order_details": ("id_order", "product_quantity"),
    "order_histories": ("id_order", "id_order_state"),
    "currencies": ("iso_code", "conversion_rate"),
}


def stored(into: DuckDB, stream: str) -> list[tuple[str, ...]]:
    fields = ", ".join(f"CAST({field} AS VARCHAR)" for field in FIELDS[stream])
    sql = f"SELECT CAST(id AS VARCHAR), {fields} FROM raw.shop__{stream} WHERE _deleted_at IS NULL ORDER BY id"
    return [tuple(row.values()) for row in into.query(sql).read_all().to_pylist()]


def expected(fake: FakeShop, stream: str) -> list[tuple[str, ...]]:
    return [
        (str(number), *(str(row[field]) for field in FIELDS[stream]))
        for number, row in sorted(fake.tables[stream].items())
    ]
