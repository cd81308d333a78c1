"""Google Analytics 4 by a real googleapiclient: whole days, late figures, quotas, refusals, and core's tables."""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from echannel_connectors import Company, DuckDB, Ga4, sync
from echannel_connectors.errors import EChannelError, Refused, SettingsError, Unavailable
from echannel_connectors.events import Event, Warned
from echannel_connectors.project import load
from echannel_connectors.specs import Report
from echannel_connectors.streams import Slice
from echannel_connectors.testing.ga4 import FakeGa4, Hit, Trouble

PROPERTY = "123456789"
PARIS = ZoneInfo("Europe/Paris")
TODAY = datetime(2026, 11, 25, 12, tzinfo=PARIS)
START = date(2026, 9, 10)
FROM = [
    ("FR", "Organic Search", "google / organic", "(not set)", "mobile"),
    ("GB", "Paid Search", "google / cpc", "Thés d'hiver", "desktop"),
    ("FR", "Direct", "(direct) / (none)", "(not set)", "smart tv"),
]
NAMES = ("countryId", "sessionDefaultChannelGroup", "sessionSourceMedium", "sessionCampaignName", "deviceCategory")


def day_of(day: date, seed: int = 0) -> list[Hit]:
    """What happened on a day; the same for the same seed."""
    luck = random.Random(f"{day} {seed}")
    hits = []
    for number in range(luck.randint(3, 9)):
        where = dict(zip(NAMES, luck.choice(FROM), strict=True))
        user, visit = f"user {luck.randint(1, 12)}", f"{day} {number}"
        hits.append(Hit(day, user, visit, where, {"engagedSessions": luck.randint(0, 1), "itemViewEvents": 2}))
        item = {"itemId": f"SKU-{luck.randint(1, 5)}"}
        hits.append(
            Hit(day, "", "", item, {"itemsViewed": 2, "itemsPurchased": 1, "grossItemRevenue": Decimal("9.99")})
        )
        if luck.random() < 0.4:
            bought = {**where, "transactionId": visit, "eventName": "purchase"}
            amount = Decimal(luck.randint(100, 99_999)) / 100
            hits.append(Hit(day, user, visit, bought, {"ecommercePurchases": 1, "grossPurchaseRevenue": amount}))
    ad = {"sessionSourceMedium": "google / cpc", "sessionCampaignName": "Thés d'hiver"}
    hits.append(Hit(day, "", "", ad, {"advertiserAdCost": Decimal("12.34"), "advertiserAdClicks": 7}))
    return hits


@pytest.fixture
def google() -> FakeGa4:
    days = (TODAY.date() - START).days + 1
    return FakeGa4({PROPERTY: [hit for n in range(days) for hit in day_of(START + timedelta(days=n))]})


@contextmanager
def web(google: FakeGa4, **settings: Any) -> Iterator[Ga4]:
    with google.serving() as endpoint:
        source = Ga4(**{"property": PROPERTY, "endpoint": endpoint, "start": START, **settings})
        source._service.sleep = lambda _: None
        with closing(source):
            yield source


def synced(google: FakeGa4, into: DuckDB, at: datetime = TODAY, **settings: Any) -> list[Event]:
    told: list[Event] = []
    with web(google, **settings) as source, time_machine.travel(at, tick=False):
        sync(source, into=into, company=Company(), on_event=told.append)
    return told


def rows(into: DuckDB, table: str) -> list[dict[str, Any]]:
    columns = f"SELECT * EXCLUDE (source, _deleted_at) FROM core.{table} ORDER BY ALL"
    return into.query(columns).read_all().to_pylist()


def total(google: FakeGa4, metric: str, **where: str) -> Decimal:
    return sum(
        (
            Decimal(hit.metrics.get(metric, 0))
            for hit in google.hits[PROPERTY]
            if all(hit.value(name) == value for name, value in where.items())
        ),
        Decimal(0),
    )


def test_core_holds_what_happened(google: FakeGa4, warehouse_file: Path) -> None:
    """Sums by day and origin, people counted per day, week and month, purchases by their number, costs by campaign."""
    into = DuckDB(warehouse_file)
    synced(google, into)
    traffic = rows(into, "traffic")
    hits = google.hits[PROPERTY]
    assert sum(row["sessions"] or 0 for row in traffic) == len({hit.session for hit in hits if hit.session})
    assert sum(row["revenue_gross"] or 0 for row in traffic) == total(google, "grossPurchaseRevenue")
    british = [row for row in traffic if row["country"] == "GB"]
    assert {row["campaign"] for row in british} == {"Thés d'hiver"}
    assert sum(row["item_views"] or 0 for row in british) == total(google, "itemViewEvents", countryId="GB")
    assert not any(row["is_estimated"] for row in traffic)

    true: dict[tuple[str, date], set[str]] = defaultdict(set)
    for hit in hits:
        if hit.user and hit.value("countryId") == "FR":
            week = hit.day - timedelta(days=hit.day.weekday())
            for period in (("day", hit.day), ("week", week), ("month", hit.day.replace(day=1))):
                true[*period].add(f"{hit.value('sessionDefaultChannelGroup')} {hit.user}")
    users: dict[tuple[str, date], int] = defaultdict(int)
    for row in rows(into, "traffic_users"):
        if row["country"] == "FR":
            users[row["period"], row["starts_on"]] += row["users"]
    assert users == {period: len(people) for period, people in true.items()}

    orders = {row["transaction_id"]: row for row in rows(into, "web_orders")}
    bought = [hit for hit in hits if "transactionId" in hit.dimensions]
    assert len(bought) > 50
    assert {key: (row["date"], row["revenue_gross"], row["device"]) for key, row in orders.items()} == {
        hit.value("transactionId"): (hit.day, hit.metrics["grossPurchaseRevenue"], hit.value("deviceCategory"))
        for hit in bought
    }
    costs = rows(into, "ad_costs")
    assert sum(row["cost"] for row in costs) == total(google, "advertiserAdCost")
    assert {row["campaign"] for row in costs} == {"Thés d'hiver"}
    assert sum(row["purchases"] for row in rows(into, "web_items")) == total(google, "itemsPurchased")


def test_a_page_loaded_again_is_one_purchase_and_a_refund_is_told(google: FakeGa4, warehouse_file: Path) -> None:
    where = dict(zip(NAMES, FROM[0], strict=True))
    first = {**where, "transactionId": "T-1", "eventName": "purchase"}
    once = Hit(
        date(2026, 11, 1), "user 1", "visit", first, {"ecommercePurchases": 1, "grossPurchaseRevenue": Decimal(40)}
    )
    back = Hit(
        date(2026, 11, 9), "", "", {"transactionId": "T-1", "eventName": "refund"}, {"refundAmount": Decimal("15.50")}
    )
    google.hits[PROPERTY] += [once, once, back]
    into = DuckDB(warehouse_file)
    synced(google, into)
    (order,) = [row for row in rows(into, "web_orders") if row["transaction_id"] == "T-1"]
    assert (order["date"], order["revenue_gross"], order["revenue_refunded"]) == (
        date(2026, 11, 1),
        40,
        Decimal("15.5"),
    )


def test_two_shops_count_their_orders_from_one(google: FakeGa4) -> None:
    """The same number in another property is another order: it was taken for a page loaded again, and its refund for the
    other's. On one day only one of them can be told."""
    where = dict(zip(NAMES, FROM[0], strict=True))
    said = [
        ("7", 1, "1001", 40),
        ("8", 3, "1001", 60),
        ("7", 5, "1001", 40),
        ("7", 2, "1002", 10),
        ("8", 2, "1002", 20),
    ]
    google.hits = {"7": [], "8": []}
    for number, day, order, amount in said:
        bought = {**where, "transactionId": order, "eventName": "purchase"}
        told = {"ecommercePurchases": 1, "grossPurchaseRevenue": Decimal(amount)}
        google.hits[number].append(Hit(date(2026, 11, day), "user", "visit", bought, told))
    refunded = {"transactionId": "1001", "eventName": "refund"}
    google.hits["8"].append(Hit(date(2026, 11, 9), "", "", refunded, {"refundAmount": Decimal(5)}))
    into = DuckDB(":memory:")
    synced(google, into, property=["7", "8"])
    shown = ("transaction_id", "revenue_gross", "revenue_refunded", "date")
    found = [tuple(row[name] for name in shown) for row in rows(into, "web_orders")]
    assert found == [
        ("1001", 40, 0, date(2026, 11, 1)),
        ("1001", 60, 5, date(2026, 11, 3)),
        ("1002", 10, 0, date(2026, 11, 2)),
    ]


class Exported:
    """An export that holds every day but some, and tells one view of each."""

    def __init__(self, *gaps: date) -> None:
        self.gaps = gaps

    def first(self, _number: str) -> date:
        return START

    def holds(self, _number: str, first: date, _last: date) -> bool:
        return first not in self.gaps

    def rows(self, _number: str, report: Report, first: date, last: date) -> Iterator[dict[str, Any]]:
        for n in range((last - first).days + 1):
            told = {**dict.fromkeys(report.dimensions, "export"), **dict.fromkeys(report.metrics, "1")}
            yield {"day": f"{first + timedelta(days=n)}", "currency": "GBP", **told}


def test_a_day_comes_from_the_export_or_from_the_api_and_never_from_both(google: FakeGa4) -> None:
    """Two days that the export lacks are asked for; those between them are not."""
    gaps = (date(2026, 11, 3), date(2026, 11, 8))
    span = Slice("days", {"from": "2026-11-01", "to": "2026-11-10"})
    with web(google) as source, time_machine.travel(TODAY, tick=False):
        stream: Any = replace(source.streams()["shopping"], export=Exported(*gaps))  # type: ignore[type-var]
        (batch,) = stream.read(span, None)
    told: dict[date, set[bool]] = defaultdict(set)
    for row in batch.rows.to_pylist():
        told[row["day"]].add(row["sessionSourceMedium"] == "export")
    assert told == {date(2026, 11, n): {date(2026, 11, n) not in gaps} for n in range(1, 11)}


class Looked(Exported):
    """An export of one day, on which an article was sold in one currency and looked at in another."""

    def holds(self, _number: str, first: date, last: date) -> bool:
        return first == last == date(2026, 11, 5)

    def rows(self, _number: str, report: Report, first: date, _last: date) -> Iterator[dict[str, Any]]:
        if "itemId" in report.dimensions:
            for item, currency, views, revenue in (
                ("A", "EUR", "1", "30"), ("A", "GBP", "5", "0"), ("B", "EUR", "1", "20"), ("B", "GBP", "1", "7"),
            ):  # fmt: skip
                told = {"itemId": item, "itemsViewed": views, "itemsPurchased": "1", "grossItemRevenue": revenue}
                yield {"day": f"{first}", "currency": currency, **told}

    def close(self) -> None:
        """Nothing stays open."""


def test_an_article_that_is_looked_at_in_another_currency_keeps_its_revenue(google: FakeGa4) -> None:
    """Only what sold in another one, which Google's export does not convert, leaves it empty."""
    into = DuckDB(":memory:")
    with web(google) as source, time_machine.travel(TODAY, tick=False):
        source.__dict__["_export"] = Looked()
        sync(source, into=into, company=Company())
    found = [row for row in rows(into, "web_items") if row["date"] == date(2026, 11, 5)]
    assert [(row["item_id"], row["views"], row["revenue_gross"]) for row in found] == [("A", 6, 30), ("B", 2, None)]


def test_a_night_with_a_wrong_clock_puts_nothing_off(google: FakeGa4) -> None:
    """A run that took itself for one of next year must not be the last for a year that looks at the last month."""
    into = DuckDB(":memory:")
    synced(google, into)
    synced(google, into, TODAY + timedelta(days=400))
    changed = [TODAY.date() - timedelta(days=days) for days in (3, 20)]
    google.hits[PROPERTY] = [hit for hit in google.hits[PROPERTY] if hit.day not in changed]
    for day in changed:
        google.hits[PROPERTY] += day_of(day, seed=1)
    synced(google, into, TODAY + timedelta(days=1))
    for day in changed:
        found = [row["revenue_gross"] or Decimal(0) for row in rows(into, "traffic") if row["date"] == day]
        assert sum(found, Decimal(0)) == total(google, "grossPurchaseRevenue", date=f"{day:%Y%m%d}"), day


@pytest.mark.slow
def test_late_figures_take_the_place_of_early_ones(google: FakeGa4, warehouse_file: Path) -> None:
    """Four days back at every run, thirty once a week; what is gone from a day is gone, older days stay as they were."""
    into = DuckDB(warehouse_file)
    synced(google, into)
    changed = TODAY.date() - timedelta(days=3)
    old = TODAY.date() - timedelta(days=20)
    google.hits[PROPERTY] = [hit for hit in google.hits[PROPERTY] if hit.day not in (changed, old)]
    google.hits[PROPERTY] += day_of(changed, seed=1) + day_of(old, seed=1)
    before = {row["date"]: row for row in rows(into, "traffic")}
    synced(google, into, TODAY + timedelta(hours=6))

    def revenue(day: date) -> Decimal:
        return sum(
            (row["revenue_gross"] or Decimal(0) for row in rows(into, "traffic") if row["date"] == day), Decimal(0)
        )

    def truth(day: date) -> Decimal:
        return total(google, "grossPurchaseRevenue", date=f"{day:%Y%m%d}")

    assert revenue(changed) == truth(changed)
    assert before[old] in rows(into, "traffic")
    assert revenue(old) != truth(old)
    synced(google, into, TODAY + timedelta(days=7))
    fresh = DuckDB(":memory:")
    synced(google, fresh, TODAY + timedelta(days=7))
    for table in ("traffic", "traffic_users", "ad_costs", "web_orders", "web_items"):
        live = f"SELECT * EXCLUDE (source, _deleted_at) FROM core.{table} ORDER BY ALL"
        assert into.query(live).read_all() == fresh.query(live).read_all(), table


@pytest.mark.slow
def test_an_earlier_start_is_read_from(google: FakeGa4, warehouse_file: Path) -> None:
    """`start` is the first day that is read, also once a later one was."""
    into = DuckDB(warehouse_file)
    later, both = START + timedelta(days=40), []
    for start in (later, START, START):
        google.asked.clear()
        synced(google, into, start=start)
        both.append((min(row["date"] for row in rows(into, "traffic")), len(google.asked)))
    assert [day for day, _ in both] == [later, START, START]
    assert both[2][1] < both[1][1] < 64, "what was read is not read again"
    assert sum(row["revenue_gross"] or 0 for row in rows(into, "traffic")) == total(google, "grossPurchaseRevenue")


@pytest.mark.slow
def test_a_property_that_is_added_is_read_from_the_start(google: FakeGa4, warehouse_file: Path) -> None:
    """Once; one that is left out later keeps what was read of it."""
    google.hits["987"] = day_of(date(2026, 9, 20), seed=5) + day_of(date(2026, 11, 24), seed=6)
    into = DuckDB(warehouse_file)
    asked = []
    for number in (PROPERTY, [PROPERTY, 987], [PROPERTY, 987], PROPERTY):
        google.asked.clear()
        synced(google, into, property=number)
        asked.append(len(google.asked))
    assert asked[1] > 64 > asked[2] > asked[3]
    found = [row for row in rows(into, "traffic") if row["date"] == date(2026, 9, 20)]
    both = [hit for hits in google.hits.values() for hit in hits if hit.day == date(2026, 9, 20)]
    revenue = sum(Decimal(hit.metrics.get("grossPurchaseRevenue", 0)) for hit in both)
    assert (
        sum(row["revenue_gross"] or 0 for row in found)
        == revenue
        > total(google, "grossPurchaseRevenue", date="20260920")
    )


@pytest.mark.slow
def test_twenty_runs_without_news_change_nothing(google: FakeGa4, warehouse_file: Path) -> None:
    into = DuckDB(warehouse_file)
    synced(google, into)
    before = {table: rows(into, table) for table in ("traffic", "traffic_users", "ad_costs", "web_orders", "web_items")}
    for n in range(1, 21):
        synced(google, into, TODAY + timedelta(minutes=n))
    assert before == {table: rows(into, table) for table in before}
    moved = "SELECT sum(rows_changed) AS n FROM (SELECT rows_changed FROM echannel.runs ORDER BY started_at OFFSET 1)"
    assert into.query(moved).read_all()["n"].to_pylist() == [0]


@pytest.mark.slow
def test_an_answer_without_a_row_empties_nothing(google: FakeGa4, warehouse_file: Path) -> None:
    into = DuckDB(warehouse_file)
    synced(google, into)
    before = rows(into, "traffic")
    google.hits[PROPERTY] = []
    synced(google, into, TODAY + timedelta(hours=1))
    assert rows(into, "traffic") == before


@pytest.mark.slow
def test_pages_neither_lose_nor_repeat_a_row(
    google: FakeGa4, warehouse_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Google's ties have no order: each page asks for one."""
    into, paged = DuckDB(warehouse_file), DuckDB(":memory:")
    synced(google, into)
    monkeypatch.setattr("echannel_connectors.sources.ga4.streams.PAGE", 7)
    synced(google, paged)
    for table in ("traffic", "web_orders", "web_items", "traffic_users"):
        assert rows(paged, table) == rows(into, table)
    assert any(said.get("offset") for _, said in google.asked)


@pytest.mark.slow
def test_requests_stay_within_what_google_takes(google: FakeGa4, warehouse_file: Path) -> None:
    """What is asked in all: a first load of 77 days, and a run of every day."""
    into = DuckDB(warehouse_file)
    synced(google, into)
    first = len(google.asked)
    google.asked.clear()
    synced(google, into, TODAY + timedelta(days=1))
    # Reports by the day: five days are one batch of five; what is asked day by day is two reports.
    assert (first, len(google.asked)) == (64, 12)


def test_a_field_that_is_refused_is_left_out_and_told(google: FakeGa4, warehouse_file: Path) -> None:
    google.unknown = {"advertiserAdClicks", "deviceCategory"}
    into = DuckDB(warehouse_file)
    told = synced(google, into)
    warned = {event.sentence for event in told if isinstance(event, Warned)}
    assert {sentence.split(" is left out")[0] for sentence in warned} == google.unknown
    assert sum(row["cost"] for row in rows(into, "ad_costs")) == total(google, "advertiserAdCost")
    assert {row["device"] for row in rows(into, "traffic")} == {"(not set)"}
    assert sum(row["revenue_gross"] or 0 for row in rows(into, "traffic")) == total(google, "grossPurchaseRevenue")


@pytest.mark.slow
def test_estimated_figures_are_marked(google: FakeGa4, warehouse_file: Path) -> None:
    google.metadata = {"subjectToThresholding": True}
    into = DuckDB(warehouse_file)
    synced(google, into)
    assert all(row["is_estimated"] for row in rows(into, "traffic"))


def test_revenue_that_no_rate_values_is_told(google: FakeGa4, warehouse_file: Path) -> None:
    """As costs are; visits that bought nothing have no amount to miss."""
    google.metadata = {"currencyCode": "GBP"}
    into = DuckDB(warehouse_file)
    told = [event.sentence for event in synced(google, into) if isinstance(event, Warned)]
    paid = [row for row in rows(into, "traffic") if row["revenue_gross"]]
    assert 0 < len(paid) < len(rows(into, "traffic"))
    assert f"{len(paid):,} rows of core.traffic are in GBP" in "\n".join(told)


@pytest.mark.slow
def test_a_spent_quota_stops_before_a_refusal_and_is_resumed(google: FakeGa4, warehouse_file: Path) -> None:
    """What was read is kept, nothing is asked that would be refused, and the next run goes on."""
    google.tokens = 300
    into = DuckDB(warehouse_file)
    with pytest.raises(Unavailable, match="the tokens of the property 123456789 are used up"):
        synced(google, into)
    assert google.tokens >= 0
    google.tokens = 100_000
    synced(google, into, TODAY + timedelta(days=1))
    assert sum(row["revenue_gross"] or 0 for row in rows(into, "traffic")) == total(google, "grossPurchaseRevenue")


def test_errors_of_google_are_few_and_told(google: FakeGa4, warehouse_file: Path) -> None:
    google.trouble = [Trouble("runReport", 503, "The service is currently unavailable.", times=2)]
    into = DuckDB(warehouse_file)
    told = synced(google, into)
    assert sum(type(event).__name__ == "Retrying" for event in told) == 2
    google.trouble = [Trouble("runReport", 500, "Internal error encountered.", times=99)]
    with pytest.raises(Unavailable, match="Google Analytics answered 500"):
        synced(google, into, TODAY + timedelta(days=1))
    assert google.trouble[0].times == 99 - 3


@pytest.mark.parametrize(
    ("verb", "status", "message", "kind", "says"),
    [
        ("get", 403, "User does not have sufficient permissions for this property.", Refused, "as a Viewer"),
        ("get", 403, "Google Analytics Admin API has not been used in project 1 before", Refused, "enable it"),
        ("get", 400, "Invalid property ID: G-1. A numeric Property ID is required.", SettingsError, "Property details"),
        ("runReport", 429, "Exhausted property tokens for a property per day.", Unavailable, "midnight in California"),
        ("runReport", 429, "Exhausted property tokens for a property per hour.", Unavailable, "in an hour"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(
    google: FakeGa4, warehouse_file: Path, verb: str, status: int, message: str, kind: type[EChannelError], says: str
) -> None:
    google.trouble = [Trouble(verb, status, message, times=99)]
    with pytest.raises(kind, match=says):
        synced(google, DuckDB(warehouse_file))


@pytest.mark.parametrize(
    ("number", "says"),
    [("G-ABC123", "G-ABC123 is the id of a stream"), ("UA-1-2", "is the id of a stream"), ("shop", "not the number")],
)
def test_what_is_no_property_is_told_with_its_place(number: str, says: str, tmp_path: Path) -> None:
    text = f"version: 1\nsources:\n  web: {{connector: ga4, property: {number}}}\n"
    (tmp_path / "echannel.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=says) as caught:
        load(tmp_path).sources()
    assert "echannel.yaml:3:" in caught.value.place


@pytest.mark.slow
def test_several_properties_add_up_and_check_tells_of_zone_and_currency(google: FakeGa4, warehouse_file: Path) -> None:
    google.hits["987"] = day_of(date(2026, 11, 20), seed=5)
    google.time_zone, google.currency = "Europe/London", "GBP"
    into = DuckDB(warehouse_file)
    synced(google, into, property=[PROPERTY, 987])
    both = [hit for hits in google.hits.values() for hit in hits]
    revenue = sum(Decimal(hit.metrics.get("grossPurchaseRevenue", 0)) for hit in both)
    assert sum(row["revenue_gross"] or 0 for row in rows(into, "traffic")) == revenue
    with web(google) as source:
        found = list(source.check())
    assert [finding.level for finding in found] == ["ok", "warning", "warning"]
    assert "Europe/London" in found[1].sentence
    assert "GBP" in found[2].sentence


def test_the_reports_are_what_google_takes_together(google: FakeGa4) -> None:
    """Nine dimensions, ten metrics, and nothing that checkCompatibility would refuse."""
    with web(google) as source:
        for name, report in source._spec.reports.items():
            assert len(report.dimensions) + (report.grain == "day") <= 9, name
            assert len(report.metrics) <= 10
            assert source._service.incompatible(PROPERTY, list(report.dimensions), list(report.metrics)) == []
        assert source._service.incompatible(PROPERTY, ["itemId"], ["sessions"]) == ["sessions"]
        assert source._service.properties() == [(PROPERTY, f"Shop {PROPERTY}")]


def test_without_its_client_it_says_what_to_install(google: FakeGa4, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "googleapiclient.discovery", None)
    with web(google) as source:
        (finding,) = source.check()
    assert (finding.level, finding.hint) == ("error", "pip install 'echannel-connectors[google]'")
