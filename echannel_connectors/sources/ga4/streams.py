"""Reports as streams: whole days at a time, those of late again and again, because Google goes on counting.

A figure changes for a day or two, and a little for weeks (refunds, late attribution): the last days are read again at
every run and the last month once a week. What is read of a day takes the place of all that was there of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import pyarrow as pa

from echannel_connectors.arrow import ARROW_TYPES, to_batch
from echannel_connectors.sources.ga4.export import Export, runs_of, tells
from echannel_connectors.sources.ga4.service import FieldRefused, Service
from echannel_connectors.specs import MARKS, Report
from echannel_connectors.streams import Batch, Position, Progress, Shape, Slice
from echannel_connectors.texts import Text, say

CHANGES = "changes"
EXPORTED = "export "  # what slices begin with whose days are taken from the export
PAGE = 100_000
LATE_DAYS = 4
LATE_MONTH, WEEKLY = 30, timedelta(days=7)
FIRST_LOAD_DAYS = 31  # of one slice
MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Span:
    """A day, week or month, or days that follow each other: its first day and its last one that has begun."""

    first: date
    last: date


@dataclass(frozen=True)
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
    export: Export | None = None  # where its days come from once they are there

    @property
    def shape(self) -> Shape:
        types: dict[str, Any] = {**MARKS, **self.report.dimensions, **self.report.metrics}
        columns = pa.schema([(name, ARROW_TYPES[word]) for name, word in types.items()])
        # The export has amounts in the currency they were paid in.
        currency = ("currency",) if "money" in self.report.metrics.values() else ()
        return Shape(self.name, columns, ("property", "day", *currency, *self.report.dimensions), "day", group="day")

    @property
    def note(self) -> Text | None:
        """Where its figures come from, if not from one place."""
        if first := self._exported_from:
            return say("from Google's export to BigQuery since {day}, before that from its API", day=first)
        return None

    @cached_property
    def _exported_from(self) -> date | None:
        """The first day of any property that is taken from the export; None while there is none."""
        if self.export is None or not tells(self.report):
            return None
        firsts = [first for number in self.properties if (first := self.export.first(number))]
        return max(self.start, min(firsts)) if firsts else None

    # -- what to read -------------------------------------------------------------------------------------------

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        """The history in months, once; and what is still counted. Days that the API told before the export was asked
        for are read again from there, once; so is all where a property was added, and days before all that was read,
        where `start` is an earlier one now."""
        kept = [progress.part for progress in planned.values() if "until" not in progress.part.bounds]
        late = self.today - timedelta(days=LATE_DAYS)
        before, first = late - timedelta(days=1), self._exported_from
        if first is None or first > before:
            exported = []
        else:
            exported = self._between(first, before, once=True, name=EXPORTED)
            before = first - timedelta(days=1)
        if kept:
            begun = min(date.fromisoformat(str(part.bounds["from"])) for part in kept)
            earlier = self._between(self.start, begun - timedelta(days=1), once=True)
            is_exported = any(part.name.startswith(EXPORTED) for part in kept)
            return [*earlier, *self._added(planned), *kept, *([] if is_exported else exported)]
        return [
            *self._between(self.start, before, once=True), *exported, Slice(CHANGES, {"from": late.isoformat()}),
        ]  # fmt: skip

    def _added(self, planned: Mapping[str, Progress]) -> list[Slice]:
        """All days again with the properties that were not there before. Where one went as well, what was read of it
        would go with it: then nothing is read again."""
        position = planned[CHANGES].position if CHANGES in planned else None
        known = position.get("properties") if position else None
        if not isinstance(known, list) or not {*known} < {*self.properties}:
            return []
        name = f"with {' '.join(number for number in self.properties if number not in known)}, "
        if any(part.startswith(name) for part in planned):
            return []
        return self._between(self.start, self.today - timedelta(days=LATE_DAYS + 1), once=True, name=name)

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        first = max(self.start, date.fromisoformat(since) if since else self.start)
        last = min(self.today, date.fromisoformat(until) if until else self.today)
        return [Slice(part.name, {**part.bounds, "until": part.bounds["to"]}) for part in self._between(first, last)]

    def keys(self) -> Iterator[pa.RecordBatch]:
        """Rows that are gone show by their day."""
        return iter(())

    def _between(self, first: date, last: date, *, once: bool = False, name: str = "") -> list[Slice]:
        parts = []
        while first <= last:
            end = min(last, first + timedelta(days=FIRST_LOAD_DAYS - 1))
            bounds = {"from": first.isoformat(), "to": end.isoformat()}
            parts.append(Slice(f"{name}{first} to {end}", bounds, once=once))
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
            position["properties"] = [*self.properties]
            if after:
                first, position["month"] = self._late(after)
        spans = list(self._spans(first, last))
        rows, set_aside = self._rows(spans)
        yield Batch(rows, {**position, "done": part.once}, set_aside, tuple(span.first for span in spans))

    def _late(self, after: Position) -> tuple[date, str]:
        """From which day on is read again: since the last run and some days before, once a week the last month. A run
        of a day to come had a wrong clock: it puts nothing off until then."""
        month = date.fromisoformat(str(after["month"]))
        is_due = abs(self.today - month) >= WEEKLY
        since = min(self.today, date.fromisoformat(str(after["until"]))) - timedelta(days=LATE_DAYS)
        if is_due:
            since = min(since, self.today - timedelta(days=LATE_MONTH))
        return max(self.start, since), self.today.isoformat() if is_due else month.isoformat()

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
        """Each day from one place: the export where it is there, the API otherwise."""
        export = self.export if self.export is not None and tells(self.report) else None
        there = [span for span in spans if export and export.holds(number, span.first, span.last)]
        if export and there:
            yield from self._of_export(number, export, there)
        if missing := [span for span in spans if span not in there]:
            yield from self._of_api(number, missing)

    def _of_export(self, number: str, export: Export, spans: Sequence[Span]) -> Iterator[dict[str, Any]]:
        days = [(span.first, span.last) for span in spans]
        codes = self.service.countries(number, self.start, self.today) if "countryId" in self.report.dimensions else {}
        for first, last in runs_of(days) if self.report.grain == "day" else days:
            for row in export.rows(number, self.report, first, last):
                row["countryId"] = codes.get(row.get("countryId", ""), row.get("countryId"))
                yield {**_marks(number, {}, self.currency), **row}

    def _of_api(self, number: str, spans: Sequence[Span]) -> Iterator[dict[str, Any]]:
        # A week's or month's people are counted in a report of their own: Google has no order for the rows of several.
        # A request holds all days from its first to its last: those that the export tells are not among them.
        is_whole = self.report.grain == "day" and not self.report.one_day_a_request
        days = [(span.first, span.last) for span in spans]
        parts = [Span(*one) for one in (runs_of(days) if is_whole else days)]
        asked = [self._request(part) for part in parts]
        for part, request, answer in zip(parts, asked, self.service.reports(number, asked), strict=True):
            rows = list(answer.get("rows", ()))
            while len(rows) < int(answer.get("rowCount", 0)):
                (page,) = self.service.reports(number, [{**request, "offset": len(rows)}])
                if not page.get("rows"):
                    break
                rows += page["rows"]
            yield from self._decoded(number, part, {**answer, "rows": rows})

    def _request(self, span: Span) -> dict[str, Any]:
        by_day = ["date"] if self.report.grain == "day" else []
        dimensions = [*by_day, *(name for name in self.report.dimensions if name not in self.dropped)]
        request: dict[str, Any] = {
            "dateRanges": [{"startDate": span.first.isoformat(), "endDate": span.last.isoformat()}],
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
