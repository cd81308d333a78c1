"""Who came to Atelier Breton's website in the last weeks, as GA4 saw them: it was connected two months ago.

What is bought there is what the shop's own orders say; one buyer in ten refuses to be counted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from echannel_connectors.demo.company import Company
from echannel_connectors.demo.story import CENT, MARKETS, ONE_DAY, Story, dice
from echannel_connectors.testing.ga4 import Hit
from echannel_connectors.testing.shop.schema import Row

PROPERTY = "412345678"
CONNECTED = timedelta(days=60)
VISITS_A_DAY = 70  # at an average pace
REFUSED = 0.1
# Channel group, source and medium, campaign; how many visitors and how many buyers in a thousand.
CHANNELS = (
    (("Organic Search", "google / organic", "(organic)"), 380, 330),
    (("Direct", "(direct) / (none)", "(direct)"), 240, 270),
    (("Paid Search", "google / cpc", "marinieres"), 170, 180),
    (("Paid Search", "google / cpc", "breton-gb"), 60, 60),
    (("Email", "newsletter / email", "automne"), 60, 110),
    (("Organic Social", "instagram / social", "(not set)"), 90, 50),
)
ADS = {"marinieres": Decimal("11.80"), "breton-gb": Decimal("9.40")}  # EUR a day
DEVICES = ("mobile", "mobile", "mobile", "desktop", "tablet")


def connected_on(story: Story) -> date:
    return story.today - CONNECTED


def visits(company: Company) -> Iterator[Hit]:
    """Everything that GA4 counted until now, the same for each day and order whenever it is asked."""
    begin, end = connected_on(company.story), company.now.date()
    for number in range((end - begin).days + 1):
        yield from _day(company.story, begin + number * ONE_DAY)
    seen: set[str] = set()
    for order in company.tables["orders"].values():
        day = date.fromisoformat(str(order["date_add"])[:10])
        reference = str(order["reference"])
        if day >= begin and reference not in seen:  # orders split from one basket are one purchase
            seen.add(reference)
            yield from _purchase(company, order, day, reference)


def _day(story: Story, day: date) -> Iterator[Hit]:
    """The visits that bought nothing, what they looked at, and what the advertisements cost."""
    draw = dice("visits", day)
    countries = story.markets(day)
    for number in range(int(VISITS_A_DAY * story.pace(day) * draw.uniform(0.85, 1.15))):
        country = draw.choices(list(countries), list(countries.values()))[0]
        dimensions = _from_where(draw, country, buyer=False)
        views = draw.choice((0, 1, 1, 2, 3, 5))
        put = 1 if views > 1 and draw.random() < 0.16 else 0
        metrics = {
            "engagedSessions": int(views > 0), "newUsers": int(draw.random() < 0.6), "itemViewEvents": views,
            "addToCarts": put, "checkouts": int(bool(put) and draw.random() < 0.4),
        }  # fmt: skip
        yield Hit(day, f"v{day}-{number % 61}", f"s{day}-{number}", dimensions, metrics)
        for _ in range(views):
            yield Hit(day, dimensions={"itemId": str(draw.randint(1, 50))}, metrics={"itemsViewed": 1})
    for campaign, cost in ADS.items():
        spent = (cost * Decimal(draw.randint(80, 120)) / 100).quantize(CENT)
        dimensions = {"sessionSourceMedium": "google / cpc", "sessionCampaignName": campaign}
        clicks = int(spent * 2)
        yield Hit(
            day, dimensions=dimensions,
            metrics={"advertiserAdCost": spent, "advertiserAdClicks": clicks, "advertiserAdImpressions": clicks * 31},
        )  # fmt: skip


def _purchase(company: Company, order: Row, day: date, reference: str) -> Iterator[Hit]:
    draw = dice("purchase", reference)
    if draw.random() < REFUSED:
        return
    address = company.tables["addresses"][int(str(order["id_address_delivery"]))]
    country = next((one.country for one in MARKETS.values() if str(one.id_country) == str(address["id_country"])), "FR")
    revenue = Decimal(str(order["total_paid_tax_incl"])) / Decimal(str(order["conversion_rate"]))
    dimensions = {**_from_where(draw, country, buyer=True), "transactionId": reference, "eventName": "purchase"}
    metrics: dict[str, Decimal | int] = {
        "engagedSessions": 1, "itemViewEvents": draw.randint(2, 6), "addToCarts": 1, "checkouts": 1,
        "ecommercePurchases": 1, "grossPurchaseRevenue": revenue.quantize(CENT),
    }  # fmt: skip
    yield Hit(day, f"c{order['id_customer']}", f"b{reference}", dimensions, metrics)


def _from_where(draw: random.Random, country: str, *, buyer: bool) -> dict[str, str]:
    known = [one for one in CHANNELS if one[0][2] != "breton-gb" or country == "GB"]
    group, medium, campaign = draw.choices(
        [one[0] for one in known],
        [one[2] if buyer else one[1] * (6 if one[0][2] == "breton-gb" else 1) for one in known],
    )[0]
    return {
        "countryId": country, "sessionDefaultChannelGroup": group, "sessionSourceMedium": medium,
        "sessionCampaignName": campaign, "deviceCategory": draw.choice(DEVICES),
    }  # fmt: skip
