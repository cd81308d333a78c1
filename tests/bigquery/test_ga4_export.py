"""GA4's export to BigQuery: the same visits told by the API and by the export become the same core tables."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from echannel_connectors import Company, DuckDB, Ga4, specs, sync
from echannel_connectors.errors import Refused
from echannel_connectors.google_login import bigquery_client, login
from echannel_connectors.sources.ga4.export import Export, report_sql, tells
from echannel_connectors.streams import Finding
from echannel_connectors.testing.ga4 import FakeGa4, Hit
from tests.bigquery.analyser import Analyser
from tests.bigquery.emulator import Door, Fault

PARIS = ZoneInfo("Europe/Paris")
TODAY = datetime(2026, 11, 25, 12, tzinfo=PARIS)
START, LINKED = date(2026, 11, 10), date(2026, 11, 14)  # the first table is of LINKED, which was not a whole day
LAST = date(2026, 11, 24)
TABLES = ("traffic", "traffic_users", "ad_costs", "web_orders", "web_items")
REPORTS = specs.find("ga4").reports
FROM = [
    ("France", "FR", "Organic Search", "google", "organic", "(organic)", "mobile"),
    ("United Kingdom", "GB", "Paid Search", "google", "cpc", "Thés d'hiver", "desktop"),
    ("Côte d'Ivoire", "CI", "Direct", "(direct)", "(none)", "(direct)", "smart tv"),
]
VALUE = "STRUCT<string_value STRING, int_value INT64, float_value FLOAT64, double_value FLOAT64>"
CAMPAIGN = "STRUCT<source STRING, medium STRING, campaign_name STRING, default_channel_group STRING>"
NO_VALUE = dict.fromkeys(("string_value", "int_value", "float_value", "double_value"))
SCHEMA = [
    ["event_date", "STRING"], ["event_name", "STRING"], ["user_pseudo_id", "STRING"],
    ["event_params", f"ARRAY<STRUCT<key STRING, value {VALUE}>>"],
    ["geo", "STRUCT<country STRING>"], ["device", "STRUCT<category STRING>"],
    ["session_traffic_source_last_click", f"STRUCT<cross_channel_campaign {CAMPAIGN}>"],
    ["ecommerce", "STRUCT<transaction_id STRING, purchase_revenue FLOAT64, refund_value FLOAT64>"],
    ["items", "ARRAY<STRUCT<item_id STRING, item_name STRING, quantity INT64, item_revenue FLOAT64>>"],
]  # fmt: skip


@dataclass(frozen=True)
class Event:
    """Something that a visitor did: as GA4 exports it, and as the hits that its API counts."""

    day: date
    name: str
    visitor: str | None
    session: int | None
    where: tuple[str, ...]
    engaged: bool = False
    currency: str | None = None
    transaction: str | None = None
    amount: Decimal | None = None
    items: tuple[tuple[str, int | None, Decimal], ...] = field(default=())  # id, quantity, revenue

    def exported(self) -> dict[str, Any]:
        country, _, group, source, medium, campaign, device = self.where
        params = [("ga_session_id", "int_value", self.session), ("session_engaged", "string_value", "1")]
        params += [("currency", "string_value", self.currency)]
        known = [one for one in params if one[2] is not None and (one[0] != "session_engaged" or self.engaged)]
        amount = None if self.amount is None else float(self.amount)
        return {
            "event_date": f"{self.day:%Y%m%d}",
            "event_name": self.name,
            "user_pseudo_id": self.visitor,
            "event_params": [{"key": key, "value": {**NO_VALUE, kind: value}} for key, kind, value in known],
            "geo": {"country": country},
            "device": {"category": device},
            "session_traffic_source_last_click": {
                "cross_channel_campaign": {
                    "source": source, "medium": medium, "campaign_name": campaign, "default_channel_group": group,
                }
            },
            "ecommerce": {
                "transaction_id": self.transaction,
                "purchase_revenue": amount if self.name == "purchase" else None,
                "refund_value": amount if self.name == "refund" else None,
            },
            "items": [
                {"item_id": sku, "item_name": sku, "quantity": quantity, "item_revenue": float(revenue)}
                for sku, quantity, revenue in self.items
            ],
        }  # fmt: skip

    def hits(self) -> Iterator[Hit]:
        country, code, group, source, medium, campaign, device = self.where
        where = {
            "country": country, "countryId": code, "sessionDefaultChannelGroup": group,
            "sessionSourceMedium": f"{source} / {medium}", "sessionCampaignName": campaign, "deviceCategory": device,
            "eventName": self.name, **({"transactionId": self.transaction} if self.transaction else {}),
        }  # fmt: skip
        counts: dict[str, Decimal | int] = {
            "view_item": {"itemViewEvents": 1},
            "add_to_cart": {"addToCarts": 1},
            "begin_checkout": {"checkouts": 1},
            "purchase": {"ecommercePurchases": 1, "grossPurchaseRevenue": self.amount or 0},
            "refund": {"refundAmount": self.amount or 0},
            "first_visit": {"newUsers": 1},
        }.get(self.name, {})
        if self.name == "user_engagement":
            counts = {"engagedSessions": 1}
        session = f"{self.visitor}/{self.session}" if self.visitor and self.session else ""
        yield Hit(self.day, self.visitor or "", session, where, counts)
        units = {"view_item": "itemsViewed", "purchase": "itemsPurchased", "add_to_cart": "itemsAddedToCart"}
        for sku, quantity, revenue in self.items:
            told: dict[str, Decimal | int] = {units[self.name]: 1 if quantity is None else quantity}
            if self.name == "purchase":
                told["grossItemRevenue"] = revenue
            yield Hit(self.day, "", "", {"itemId": sku}, told)


def events_of(day: date) -> list[Event]:
    """What happened on a day."""
    luck = random.Random(str(day))
    found = []
    for number in range(luck.randint(4, 8)):
        where, session = luck.choice(FROM), 1000 + number
        visitor = f"{day} 0" if number == 0 else f"{luck.randint(1, 9)}.{number % 3}"
        begun = [("first_visit", ())] if number == 0 else []
        item = (f"SKU-{luck.randint(1, 4)}", None, Decimal(0))
        begun += [("session_start", ()), ("view_item", (item,)), ("add_to_cart", ((item[0], 2, Decimal(0)),))]
        found += [Event(day, name, visitor, session, where, items=items) for name, items in begun]
        if luck.random() < 0.5:
            found.append(Event(day, "user_engagement", visitor, session, where, engaged=True))
        if luck.random() < 0.5:
            amount = Decimal(luck.randint(100, 99_999)) / 100
            bought = Event(
                day, "purchase", visitor, session, where, currency="EUR", transaction=f"{day:%m%d}{number}",
                amount=amount, items=((item[0], 3, amount),),
            )  # fmt: skip
            found += [bought] * luck.choice([1, 1, 2])  # the page of thanks, loaded again
        if luck.random() < 0.2:
            refund = {"transaction": f"{day:%m%d}{number}", "amount": Decimal("9.99"), "currency": "EUR"}
            found.append(Event(day, "refund", visitor, session, where, **refund))
    # Somebody who did not consent: no visitor, no session.
    found.append(Event(day, "view_item", None, None, ("France", "FR", *[None] * 4, "mobile")))  # type: ignore[arg-type]
    return found


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.fixture
def google_analytics() -> FakeGa4:
    hits = []
    for day in days(START, TODAY.date()):
        for event in events_of(day):
            hits += [_as_not_set(hit) for hit in event.hits()]
        ad = {"sessionSourceMedium": "google / cpc", "sessionCampaignName": "Thés d'hiver"}
        hits.append(Hit(day, "", "", ad, {"advertiserAdCost": Decimal("12.34"), "advertiserAdClicks": 7}))
    return FakeGa4({"1": hits})


def _as_not_set(hit: Hit) -> Hit:
    known = {name: value for name, value in hit.dimensions.items() if value and value != "None / None"}
    return Hit(hit.day, hit.user, hit.session, known, hit.metrics)


def export(door: Door, project: str, exported: Iterable[date]) -> None:
    """Google's day tables in the emulator."""
    client = bigquery_client().Client(
        project=project, credentials=login("", "", door.url), client_options={"api_endpoint": door.url}
    )
    client.create_dataset("analytics_1", exists_ok=True)
    for day in exported:
        name = f"{project}.analytics_1.events_{day:%Y%m%d}"
        columns = ", ".join(f"{column} {kind}" for column, kind in SCHEMA)
        client.query_and_wait(f"CREATE OR REPLACE TABLE `{name}` ({columns})")
        config = bigquery_client().LoadJobConfig(schema=client.get_table(name).schema)
        client.load_table_from_json([one.exported() for one in events_of(day)], name, job_config=config).result()
    client.close()


@contextmanager
def source(analytics: FakeGa4, door: Door | None, project: str = "", **more: Any) -> Iterator[Ga4]:
    with analytics.serving() as endpoint:
        settings = {"export": project, "export_endpoint": door.url} if door else {}
        web = Ga4(property="1", endpoint=endpoint, start=START, **settings, **more)
        web._service.sleep = lambda _: None
        yield web
        web.close()


def synced(analytics: FakeGa4, into: DuckDB, door: Door | None = None, project: str = "", **more: Any) -> None:
    with source(analytics, door, project, **more) as web, time_machine.travel(TODAY, tick=False):
        sync(web, into=into, company=Company())


def core(into: DuckDB) -> dict[str, list[dict[str, Any]]]:
    columns = "SELECT * EXCLUDE (source, _deleted_at) FROM core.{} WHERE _deleted_at IS NULL ORDER BY ALL"
    return {name: into.query(columns.format(name)).read_all().to_pylist() for name in TABLES}


def asked_days(analytics: FakeGa4, metric: str) -> set[date]:
    """The days that the API was asked for a metric."""
    found: set[date] = set()
    for verb, said in analytics.asked:
        for report in said.get("requests", [said]) if verb in ("runReport", "batchRunReports") else ():
            if metric in [one["name"] for one in report["metrics"]] and len(report["dimensions"]) > 2:
                for span in report["dateRanges"]:
                    found |= set(days(date.fromisoformat(span["startDate"]), date.fromisoformat(span["endDate"])))
    return found


@pytest.mark.slow
def test_both_ways_give_the_same_core(door: Door, google_analytics: FakeGa4) -> None:
    export(door, "same", days(LINKED, LAST))
    by_api, by_export = DuckDB(":memory:"), DuckDB(":memory:")
    synced(google_analytics, by_api)
    google_analytics.asked.clear()
    synced(google_analytics, by_export, door, "same")
    assert core(by_export) == core(by_api)
    assert len(core(by_api)["web_orders"]) > 10
    # From the first whole day on the export, before it and today the API; advertising is not in the export.
    assert asked_days(google_analytics, "itemViewEvents") == {*days(START, LINKED), TODAY.date()}
    notes = by_export.query("SELECT stream, note FROM mart.freshness").read_all().to_pylist()
    told = {row["stream"]: row["note"] for row in notes}
    assert "2026-11-15" in told["visits"]
    assert told["ads"] is None


@pytest.mark.slow
def test_an_export_asked_for_later_takes_the_place_of_the_api(door: Door, google_analytics: FakeGa4) -> None:
    into = DuckDB(":memory:")
    synced(google_analytics, into)
    before = core(into)
    export(door, "later", days(LINKED, LAST))
    for _ in range(2):
        google_analytics.asked.clear()
        synced(google_analytics, into, door, "later")
        assert core(into) == before
        assert asked_days(google_analytics, "itemViewEvents") == {TODAY.date()}
    slices = "SELECT slice FROM echannel.slices WHERE stream = 'web__visits' AND slice LIKE 'export %'"
    assert into.query(slices).read_all()["slice"].to_pylist() == ["export 2026-11-15 to 2026-11-20"]


@pytest.mark.slow
def test_a_day_that_is_missing_comes_from_the_api(door: Door, google_analytics: FakeGa4) -> None:
    gap = date(2026, 11, 18)
    export(door, "gap", [day for day in days(LINKED, LAST) if day != gap])
    into, by_api = DuckDB(":memory:"), DuckDB(":memory:")
    synced(google_analytics, into, door, "gap")
    assert gap in asked_days(google_analytics, "itemViewEvents")
    synced(google_analytics, by_api)
    assert core(into) == core(by_api)


@pytest.mark.slow
def test_a_property_that_is_not_linked_yet(door: Door, google_analytics: FakeGa4) -> None:
    into, by_api = DuckDB(":memory:"), DuckDB(":memory:")
    synced(google_analytics, into, door, "nothing")
    synced(google_analytics, by_api)
    assert core(into) == core(by_api)
    with source(google_analytics, door, "nothing") as web:
        told = list(web.check())
    assert [one.level for one in told if "analytics_1" in one.sentence] == ["warning"]


@pytest.mark.slow
def test_check_tells_the_days_that_are_there(door: Door, google_analytics: FakeGa4) -> None:
    export(door, "told", days(LINKED, LAST))
    with source(google_analytics, door, "told") as web:
        told: list[Finding] = list(web.check())
    found = [one.sentence for one in told if "analytics_1" in one.sentence]
    assert found == ["told.analytics_1 holds the days from 2026-11-15 to 2026-11-24"]


@pytest.mark.slow
def test_an_account_that_may_not_read_it(door: Door, google_analytics: FakeGa4) -> None:
    door.faults.append(Fault(r"GET /bigquery\S*/tables", 403, "Access Denied: Dataset", "accessDenied"))
    with pytest.raises(Refused, match="may not read the export") as caught:
        synced(google_analytics, DuckDB(":memory:"), door, "closed")
    assert "BigQuery Data Viewer" in caught.value.hint


@pytest.mark.slow
def test_its_queries_have_a_budget(door: Door, google_analytics: FakeGa4) -> None:
    export(door, "dear", days(LINKED, LAST))
    said = "Query exceeded limit for bytes billed: 1048576. 10485760 or higher required."
    door.faults.append(Fault(r"POST /bigquery\S*/(jobs|queries)", 400, said, "bytesBilledLimitExceeded"))
    with pytest.raises(Refused, match=r"more than 1 MiB \(export_max_bytes\)"):
        synced(google_analytics, DuckDB(":memory:"), door, "dear", export_max_bytes=2**20)


def test_what_is_left_of_the_budget_is_what_the_next_query_may_cost() -> None:
    asked = []

    class Client:
        def query(self, _sql: str, job_config: Any) -> Any:
            asked.append(job_config.maximum_bytes_billed)
            return SimpleNamespace(result=lambda timeout: [], total_bytes_billed=30)

    told = Export("project", "", "EUR", max_bytes=100)
    told.__dict__["_client"] = Client()
    for _ in range(5):
        assert list(told.rows("1", REPORTS["visits"], LAST, LAST)) == []
    assert asked == [100, 70, 40, 10, 0]


# -- Google's own analyser and evaluator ------------------------------------------------------------------------------

DAY = date(2026, 11, 20)
FR, GB = FROM[0], FROM[1]
BY_HAND = [
    Event(DAY, "session_start", "a", 1, FR),
    Event(DAY, "first_visit", "a", 1, FR),
    Event(DAY, "view_item", "a", 1, FR, engaged=True, items=(("T", None, Decimal(0)), ("S", 2, Decimal(0)))),
    Event(DAY, "session_start", "b", 1, GB),
    Event(DAY, "purchase", "b", 1, GB, currency="GBP", transaction="X", amount=Decimal("0.1"),
          items=(("T", 2, Decimal("0.1")),)),
    Event(DAY, "purchase", "b", 1, GB, currency="GBP", transaction="X", amount=Decimal("0.2"),
          items=(("T", 2, Decimal("0.2")),)),
    Event(DAY, "refund", "b", 1, GB, transaction="X", amount=Decimal("0.05")),
    Event(DAY, "view_item", None, None, FR),
]  # fmt: skip
FROM_FR = ("France", "Organic Search", "google / organic", "(organic)", "mobile")
FROM_GB = ("United Kingdom", "Paid Search", "google / cpc", "Thés d'hiver", "desktop")
EXPECTED: dict[str, set[tuple[Any, ...]]] = {
    "visits": {("EUR", *FROM_FR, 1, 1), ("EUR", *FROM_GB, 1, 0)},
    "shopping": {
        ("EUR", *FROM_FR, 2, 0, 0, 0, Decimal(0), Decimal(0)),
        ("GBP", *FROM_GB, 0, 0, 0, 2, Decimal("0.3"), Decimal(0)),
        ("EUR", *FROM_GB, 0, 0, 0, 0, Decimal(0), Decimal("0.05")),
    },
    "users_day": {("EUR", "France", "Organic Search", 1, 1), ("EUR", "United Kingdom", "Paid Search", 1, 0)},
    "users_month": {("EUR", "France", "Organic Search", 1, 1), ("EUR", "United Kingdom", "Paid Search", 1, 0)},
    "purchases": {("GBP", "X", *FROM_GB[1:4], "United Kingdom", "desktop", 2, Decimal("0.3"))},
    "refunds": {("EUR", "X", Decimal("0.05"))},
    "items": {("EUR", "T", 1, 0, 0, 0, Decimal(0)), ("EUR", "S", 2, 0, 0, 0, Decimal(0)),
              ("GBP", "T", 0, 0, 0, 4, Decimal("0.3"))},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_google_counts_what_a_person_counts(google: Analyser, name: str) -> None:
    columns = [*SCHEMA, ["_TABLE_SUFFIX", "STRING"]]
    google.know({"events": columns})
    first = DAY.replace(day=1) if REPORTS[name].grain == "month" else DAY
    sql = report_sql(REPORTS[name], "events", first, DAY).replace("@currency", "'EUR'")
    rows = [[*(one.exported()[column] for column, _ in SCHEMA), f"{one.day:%Y%m%d}"] for one in BY_HAND]
    found = google.evaluate(sql, {"events": rows})
    assert {row[0] for row in found} == {first}
    assert {tuple(row[1:]) for row in found} == EXPECTED[name]


def test_only_advertising_is_not_in_the_export() -> None:
    assert {name for name, report in REPORTS.items() if not tells(report)} == {"ads"}
    assert {report.grain for name, report in REPORTS.items() if name not in EXPECTED} == {
        "day",
        "week",
    }  # ads, users_week
