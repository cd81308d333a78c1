"""Reports as streams: whole days at a time, those of late again and again, because Google goes on counting.

A figure changes for a day or two, and a little for weeks (refunds, late attribution): the last days are read again at
every run and the last month once a week. What is read of a day takes the place of all that was there of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from echannel_connectors.arrow import ARROW_TYPES, to_batch
from echannel_connectors.sources.ga4.service import FieldRefused, Service
from echannel_connectors.specs import MARKS, Report
from echannel_connectors.streams import Batch, Position, Progress, Shape, Slice

CHANGES = "changes"
PAGE = 100_000
LATE_DAYS = 4
LATE_MONTH, WEEKLY = 30, timedelta(days=7)
FIRST_LOAD_DAYS = 31  # of one slice
MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Span:
    """A day, week or month: its first day and its last one that has begun."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class ReportStream:
    """One report of one or several properties."""

    service: Service
    properties: tuple[str, ...]
    name: str
    report: Report
    start: date
    today: date  # in the properties' zone
    currency: str
    dropped: dict[str, str]  # field → why Google refused it; shared by the streams of a run

    @property
    def shape(self) -> Shape:
        types: dict[str, Any] = {**MARKS, **self.report.dimensions, **self.report.metrics}
        columns = pa.schema([(name, ARROW_TYPES[word]) for name, word in types.items()])
        return Shape(self.name, columns, ("property", "day", *self.report.dimensions), "day", "days")

    # -- what to read -------------------------------------------------------------------------------------------

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        """The history in months, once; and what is still counted."""
        kept = [progress.part for progress in planned.values() if "until" not in progress.part.bounds]
        if kept:
            return kept
        late = self.today - timedelta(days=LATE_DAYS)
        return [
            *self._between(self.start, late - timedelta(days=1), once=True),
            Slice(CHANGES, {"from": late.isoformat()}),
        ]

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        first = max(self.start, date.fromisoformat(since) if since else self.start)
        last = min(self.today, date.fromisoformat(until) if until else self.today)
        return [Slice(part.name, {**part.bounds, "until": part.bounds["to"]}) for part in self._between(first, last)]

    def keys(self) -> Iterator[pa.RecordBatch]:
        """Rows that are gone show by their day."""
        return iter(())

    def _between(self, first: date, last: date, *, once: bool = False) -> list[Slice]:
        parts = []
        while first <= last:
            end = min(last, first + timedelta(days=FIRST_LOAD_DAYS - 1))
            parts.append(Slice(f"{first} to {end}", {"from": first.isoformat(), "to": end.isoformat()}, once=once))
            first = end + timedelta(days=1)
        return parts

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        """One batch: all rows of all days of the slice."""
        first = date.fromisoformat(str(part.bounds["from"]))
        last = date.fromisoformat(str(part.bounds.get("to", self.today.isoformat())))
        position: dict[str, Any] = {"until": last.isoformat()}
        if part.name == CHANGES:
            position |= {"month": str((after or {}).get("month", self.today.isoformat()))}
            if after:
                first, position["month"] = self._late(after)
        spans = list(self._spans(first, last))
        rows, set_aside = self._rows(spans)
        yield Batch(rows, {**position, "done": part.once}, set_aside, tuple(span.first for span in spans))

    def _late(self, after: Position) -> tuple[date, str]:
        """From which day on is read again: since the last run and some days before, once a week the last month."""
        month = date.fromisoformat(str(after["month"]))
        is_due = self.today - month >= WEEKLY
        since = date.fromisoformat(str(after["until"])) - timedelta(days=LATE_DAYS)
        if is_due:
            since = min(since, self.today - timedelta(days=LATE_MONTH))
        return max(self.start, min(since, self.today)), self.today.isoformat() if is_due else month.isoformat()

    def _spans(self, first: date, last: date) -> Iterator[Span]:
        """The days, or whole weeks (from Monday) and months that these days belong to."""
        day = _begin(first, self.report.grain)
        while day <= last:
            end = _next(day, self.report.grain)
            yield Span(day, min(end - timedelta(days=1), self.today))
            day = end

    def _rows(self, spans: Sequence[Span]) -> tuple[pa.RecordBatch, Any]:
        """The report of every property and span; a field that Google refuses is left out and remembered."""
        while True:
            try:
                found = [row for number in self.properties for row in self._of_property(number, spans)]
            except FieldRefused as error:
                known = {*self.report.dimensions, *self.report.metrics} - set(self.dropped)
                if error.field not in known or len(known & set(self.report.metrics) - {error.field}) == 0:
                    raise
                self.dropped[error.field] = error.sentence
            else:
                break
        shape = self.shape
        columns = {name: [row.get(name) for row in found] for name in shape.columns.names}
        return to_batch({**columns, **_without_gaps(columns, self.report)}, shape.columns, ("property", "day"))

    def _of_property(self, number: str, spans: Sequence[Span]) -> Iterator[dict[str, Any]]:
        # A week's or month's people are counted in a report of their own: Google has no order for the rows of several.
        parts = (
            [spans] if self.report.grain == "day" and not self.report.one_day_a_request else [[one] for one in spans]
        )
        asked = [self._request(part) for part in parts]
        for part, request, answer in zip(parts, asked, self.service.reports(number, asked), strict=True):
            rows = list(answer.get("rows", ()))
            while len(rows) < int(answer.get("rowCount", 0)):
                (page,) = self.service.reports(number, [{**request, "offset": len(rows)}])
                if not page.get("rows"):
                    break
                rows += page["rows"]
            yield from self._decoded(number, part[0], {**answer, "rows": rows})

    def _request(self, spans: Sequence[Span]) -> dict[str, Any]:
        by_day = ["date"] if self.report.grain == "day" else []
        dimensions = [*by_day, *(name for name in self.report.dimensions if name not in self.dropped)]
        request: dict[str, Any] = {
            "dateRanges": [{"startDate": spans[0].first.isoformat(), "endDate": spans[-1].last.isoformat()}],
            "dimensions": [{"name": name} for name in dimensions],
            "metrics": [{"name": name} for name in self.report.metrics if name not in self.dropped],
            # Ties have no order of their own: pages would overlap.
            "orderBys": [{"dimension": {"dimensionName": name}} for name in dimensions],
            "limit": PAGE,
            "currencyCode": self.currency,
            "returnPropertyQuota": True,
        }
        if self.report.where:
            request["dimensionFilter"] = _filter(self.report.where)
        return request

    def _decoded(self, number: str, span: Span, answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        names = [one["name"] for one in answer.get("dimensionHeaders", ())]
        metrics = [one["name"] for one in answer.get("metricHeaders", ())]
        marks = _marks(number, answer.get("metadata", {}), self.currency)
        for row in answer["rows"]:
            said = dict(zip(names, (one.get("value", "") for one in row.get("dimensionValues", ())), strict=True))
            values = dict(zip(metrics, (one.get("value") for one in row.get("metricValues", ())), strict=True))
            day = said.pop("date", None)
            yield {**marks, "day": f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else f"{span.first}", **said, **values}


def _without_gaps(columns: Mapping[str, list[Any]], report: Report) -> dict[str, list[Any]]:
    """Dimensions that Google leaves empty or refuses are "(not set)", its own word: they are part of the key. Amounts
    are rounded to the millionth: Google counts in binary and prints its noise."""
    made: dict[str, list[Any]] = {name: [value or "(not set)" for value in columns[name]] for name in report.dimensions}
    for name, word in report.metrics.items():
        made[name] = [_money(value) if word == "money" else _whole(value) for value in columns[name]]
    return made


def _money(value: str | None) -> str | None:
    try:
        return None if value is None else str(Decimal(value).quantize(MILLIONTH, ROUND_HALF_UP))
    except InvalidOperation:
        return value  # it is set aside with its reason


def _whole(value: str | None) -> str | None:
    """A count; GA4 may write it as 12.0."""
    return value.removesuffix(".0") if value else value


def _marks(number: str, metadata: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Whose figures, in which currency, and what Google says against taking them at their word."""
    return {
        "property": number,
        "currency": metadata.get("currencyCode", currency),
        "is_sampled": bool(metadata.get("samplingMetadatas")),
        "is_thresholded": bool(metadata.get("subjectToThresholding")),
        "has_other": bool(metadata.get("dataLossFromOtherRow")),
        "is_truncated": bool(metadata.get("dataTruncationReasons")),
    }


def _filter(where: Mapping[str, str]) -> dict[str, Any]:
    exact = [
        {"filter": {"fieldName": name, "stringFilter": {"matchType": "EXACT", "value": value}}}
        for name, value in where.items()
    ]
    return exact[0] if len(exact) == 1 else {"andGroup": {"expressions": exact}}


def _begin(day: date, grain: str) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if grain == "month" else day


def _next(day: date, grain: str) -> date:
    if grain == "month":
        return (day + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if grain == "week" else 1)
