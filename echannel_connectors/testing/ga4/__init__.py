"""A Google Analytics stand-in: made-up visits behind the Data and Admin APIs' own paths.

It counts reports from single hits, refuses what Google's description of the API refuses, and answers as others have
seen the service answer: values as text, no `rows` when there are none, ties in no order, at most 250,000 rows.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

from echannel_connectors.testing.google import Answer, refusal, serving
from echannel_connectors.testing.google.discovery import mistakes

__all__ = ["FakeGa4", "Hit", "Trouble"]

PATH = re.compile(r"/v1beta/(?P<what>properties/(?P<number>[^/:]+)|accountSummaries)(?::(?P<verb>\w+))?")
MOST_ROWS = 250_000
DIMENSIONS = 9
METRICS = 10
RANGES = 4
BATCH = 5
ITEM = {"itemId", "itemName"}
COSTS = {"advertiserAdCost", "advertiserAdClicks", "advertiserAdImpressions"}


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a visitor did, or that an advertisement cost; what is not named is "(not set)" or nothing."""

    day: date
    user: str = ""
    session: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Decimal | int] = field(default_factory=dict)

    def value(self, name: str) -> str:
        return f"{self.day:%Y%m%d}" if name == "date" else self.dimensions.get(name, "(not set)")


@dataclass(slots=True)
class Trouble:
    """What goes wrong with coming requests of a verb."""

    verb: str
    status: int
    message: str
    times: int = 1


Count = Callable[[Sequence[Hit]], Decimal | int]


def _sum(name: str) -> Count:
    return lambda hits: sum((Decimal(hit.metrics.get(name, 0)) for hit in hits), Decimal(0))


# What Google counts anew in each row; everything else is a sum.
COUNTED: dict[str, Count] = {
    "sessions": lambda hits: len({hit.session for hit in hits if hit.session}),
    "totalUsers": lambda hits: len({hit.user for hit in hits if hit.user}),
}
SUMS = (
    "engagedSessions", "newUsers", "itemViewEvents", "addToCarts", "checkouts", "ecommercePurchases",
    "grossPurchaseRevenue", "refundAmount", "itemsViewed", "itemsAddedToCart", "itemsCheckedOut", "itemsPurchased",
    "grossItemRevenue", *sorted(COSTS),
)  # fmt: skip
KNOWN_METRICS: dict[str, Count] = {**COUNTED, **{name: _sum(name) for name in SUMS}}
KNOWN_DIMENSIONS = {
    "date", "country", "countryId", "sessionDefaultChannelGroup", "sessionSourceMedium", "sessionCampaignName",
    "deviceCategory", "transactionId", "eventName", "hostName", *ITEM,
}  # fmt: skip


@dataclass
class FakeGa4:
    """The service: hits by property, what it says of each property, the requests that came, and trouble to come."""

    hits: dict[str, list[Hit]] = field(default_factory=dict)
    time_zone: str = "Europe/Paris"
    currency: str = "EUR"
    metadata: dict[str, Any] = field(default_factory=dict)  # marks such as subjectToThresholding
    tokens: int = 200_000
    cost: int = 10  # tokens of a report
    unknown: set[str] = field(default_factory=set)  # fields that this property does not have
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    trouble: list[Trouble] = field(default_factory=list)

    def serving(self) -> AbstractContextManager[str]:
        """Its address on this machine, for as long as it serves."""
        return serving(self.answer)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        match = PATH.fullmatch(unquote(urlsplit(path).path))
        if not match:
            return 404, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", {}
        verb = match["verb"] or "get"
        said = json.loads(body) if body else {}
        self.asked.append((verb, said))
        for trouble in self.trouble:
            if trouble.verb == verb:
                trouble.times -= 1
                if not trouble.times:
                    self.trouble.remove(trouble)
                return refusal(trouble.status, trouble.message)
        try:
            return 200, self._worked(method, match, verb, said), {}
        except _Wrong as error:
            return refusal(error.status, str(error))

    def _worked(self, method: str, match: re.Match[str], verb: str, said: dict[str, Any]) -> dict[str, Any]:
        number = match["number"]
        if match["what"] == "accountSummaries":
            summaries = [{"property": f"properties/{one}", "displayName": f"Shop {one}"} for one in self.hits]
            return {"accountSummaries": [{"name": "accountSummaries/1", "propertySummaries": summaries}]}
        if number not in self.hits:
            words = (
                f"Invalid property ID: {number}. A numeric Property ID is required."
                if not number.isdigit()
                else ("User does not have sufficient permissions for this property.")
            )
            raise _Wrong(words, 403)
        if (method, verb) == ("GET", "get"):
            told = {"displayName": f"Shop {number}", "timeZone": self.time_zone, "currencyCode": self.currency}
            return {"name": f"properties/{number}", **told}
        if verb == "runReport":
            return self._report(number, said)
        if verb == "batchRunReports":
            _refuse(said, "BatchRunReportsRequest")
            if len(said["requests"]) > BATCH:
                raise _Wrong(f"Requests are limited to {BATCH} reports.")
            return {"reports": [self._report(number, one) for one in said["requests"]]}
        if verb == "checkCompatibility":
            return self._compatible(said)
        raise _Wrong("no such verb", 404)

    # -- a report ---------------------------------------------------------------------------------------------------

    def _report(self, number: str, said: dict[str, Any]) -> dict[str, Any]:
        _refuse(said, "RunReportRequest")
        dimensions = [one["name"] for one in said.get("dimensions", ())]
        metrics = [one["name"] for one in said.get("metrics", ())]
        self._check(said, dimensions, metrics)
        ranges = said["dateRanges"]
        rows: list[tuple[list[str], list[str]]] = []
        for n, span in enumerate(ranges):
            first, last = (date.fromisoformat(span[name]) for name in ("startDate", "endDate"))
            named = [span.get("name", f"date_range_{n}")] if len(ranges) > 1 or "name" in span else []
            groups: dict[tuple[str, ...], list[Hit]] = defaultdict(list)
            for hit in self.hits[number]:
                if first <= hit.day <= last and _counts(hit, said.get("dimensionFilter")):
                    groups[tuple(hit.value(name) for name in dimensions)].append(hit)
            for key, hits in groups.items():
                values = [KNOWN_METRICS[name](hits) for name in metrics]
                if any(values):
                    rows.append(([*key, *named], [_said(value) for value in values]))
        random.Random(len(self.asked)).shuffle(rows)  # noqa: S311 - ties come in no order
        names = [*dimensions, *(["dateRange"] if rows and len(rows[0][0]) > len(dimensions) else [])]
        for order in reversed(said.get("orderBys", ())):
            at = names.index(order["dimension"]["dimensionName"])
            rows.sort(key=lambda row, at=at: row[0][at])  # type: ignore[misc]  # a default binds the loop's value
        offset = int(said.get("offset", 0))
        shown = rows[offset : offset + min(int(said.get("limit", 0)) or 10_000, MOST_ROWS)]
        self.tokens -= self.cost
        found: dict[str, Any] = {
            "dimensionHeaders": [{"name": name} for name in names],
            "metricHeaders": [{"name": name, "type": "TYPE_FLOAT"} for name in metrics],
            "metadata": {
                "currencyCode": said.get("currencyCode", self.currency),
                "timeZone": self.time_zone,
                **self.metadata,
            },
            "kind": "analyticsData#runReport",
        }
        if shown:
            found["rows"] = [
                {"dimensionValues": [{"value": one} for one in key], "metricValues": [{"value": one} for one in values]}
                for key, values in shown
            ]
        if rows:
            found["rowCount"] = len(rows)
        if said.get("returnPropertyQuota"):
            left = {"consumed": self.cost, "remaining": max(0, self.tokens)}
            found["propertyQuota"] = {"tokensPerDay": left, "tokensPerHour": left}
        return found

    def _check(self, said: dict[str, Any], dimensions: list[str], metrics: list[str]) -> None:
        for kind, names, known in (("dimension", dimensions, KNOWN_DIMENSIONS), ("metric", metrics, KNOWN_METRICS)):
            for name in names:
                if name not in known or name in self.unknown:
                    raise _Wrong(f"Field {name} is not a valid {kind}. For a list of valid {kind}s and metrics, see …")
        if len(dimensions) > DIMENSIONS or len(metrics) > METRICS or len(said.get("dateRanges", ())) > RANGES:
            raise _Wrong("Requests are limited to 9 dimensions, 10 metrics and 4 date ranges.")
        if not said.get("dateRanges") or (not dimensions and not metrics):
            raise _Wrong("A dateRange and a dimension or a metric are required.")
        if misfits := _misfits(dimensions, metrics):
            words = (
                "Please remove {} to make the request compatible. The request's dimensions & metrics are incompatible."
            )
            raise _Wrong(words.format(misfits[0]))

    def _compatible(self, said: dict[str, Any]) -> dict[str, Any]:
        _refuse(said, "CheckCompatibilityRequest")
        dimensions = [one["name"] for one in said.get("dimensions", ())]
        metrics = [one["name"] for one in said.get("metrics", ())]
        misfits = _misfits(dimensions, metrics)
        return {
            f"{kind}Compatibilities": [
                {f"{kind}Metadata": {"apiName": name}, "compatibility": "INCOMPATIBLE"}
                for name in names
                if name in misfits
            ]
            for kind, names in (("dimension", dimensions), ("metric", metrics))
        }


class _Wrong(Exception):
    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def _refuse(said: dict[str, Any], schema: str) -> None:
    if wrong := mistakes(said, "analyticsdata.v1beta", schema):
        raise _Wrong(f"Invalid JSON payload received. {wrong[0]}")


def _misfits(dimensions: Iterable[str], metrics: Iterable[str]) -> list[str]:
    """What Google would not put together: items with visits, ad costs with what is finer or coarser than campaigns."""
    item_metrics = {name for name in metrics if name.startswith("item") and name != "itemViewEvents"}
    item_metrics |= {"grossItemRevenue"} & set(metrics)
    if ITEM & set(dimensions):
        return [name for name in metrics if name not in item_metrics]
    if COSTS & set(metrics):
        fine = {"countryId", "deviceCategory", "transactionId"} & set(dimensions)
        return sorted(fine) or ([] if "sessionCampaignName" in dimensions else sorted(COSTS & set(metrics)))
    return []


def _counts(hit: Hit, where: dict[str, Any] | None) -> bool:
    if not where:
        return True
    if "andGroup" in where:
        return all(_counts(hit, one) for one in where["andGroup"]["expressions"])
    found = where["filter"]
    return hit.value(found["fieldName"]) == str(found["stringFilter"]["value"])


def _said(value: Decimal | int) -> str:
    """Numbers as text; a whole one without a fraction, others with the noise of a double."""
    return str(int(value)) if value == int(value) else repr(float(value))
