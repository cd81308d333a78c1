"""A page's figures as plain tables, one for each chart: for files that a person opens without the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, repeat
from typing import Any, Literal

from echannel_connectors.days import Span, is_month_end
from echannel_connectors.looker.template import (
    AnyChart,
    Bars,
    Column,
    Page,
    Scorecards,
    Source,
    Table,
    Template,
    Trend,
    Words,
)
from echannel_connectors.texts import in_language, say

LONG_DAYS = 92  # a longer trend is told by months
Row = Mapping[str, Any]  # a chart's row by its columns, as the preview answers it


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and what it is: one of the template's types, or the name of a look."""

    value: Any
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Block:
    """One chart: its figures under their heads, and how they are drawn."""

    title: str
    heads: list[str]
    rows: list[list[Cell]]
    empty: str
    chart: Literal["line", "bar"] | None = None


def blocks_of(template: Template, page: Page, figures: Mapping[str, Any], language: str) -> Iterator[Block]:
    """The page's charts in their order; one whose tables are missing has no rows and says why."""
    for chart in page.charts:
        found = figures["charts"][chart.id]
        title = getattr(chart.title, language)
        if problems := found.get("problems"):
            yield Block(title, [], [], problems[0])
        else:
            told = _Told(template.sources[chart.source], language)
            rows: list[Row] = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
            heads, cells, drawn = told.table(chart, rows, found, figures["period"])
            yield Block(title, heads, cells, getattr(chart.empty, language), drawn)


def metric(source: Source, name: str, row: Row, suffix: str = "") -> float | None:
    """A metric of one row and period: sums first, one division last; None where nothing is known or divided by 0."""
    if f"#{suffix}" in row and not row[f"#{suffix}"]:
        return None
    made = source.calculated.get(name)
    if made is None:
        return row.get(name + suffix)
    above = _added(made.numerator, row, suffix)
    if not made.denominator or above is None:
        return above
    below = _added(made.denominator, row, suffix)
    return above / below if below else None


def _added(terms: list[str], row: Row, suffix: str) -> float | None:
    parts = [(-1 if term[0] == "-" else 1, row.get(term.removeprefix("-") + suffix)) for term in terms]
    known = [sign * value for sign, value in parts if value is not None]
    return sum(known) if known else None


class _Told:
    """The charts of one source in one language."""

    def __init__(self, source: Source, language: str) -> None:
        self.source = source
        self.language = language

    def word(self, words: Words) -> str:
        return str(getattr(words, self.language))

    def said(self, text: str) -> str:
        return in_language(text, self.language)

    def table(
        self, chart: AnyChart, rows: list[Row], found: Mapping[str, Any], period: Mapping[str, Any]
    ) -> tuple[list[str], list[list[Cell]], Literal["line", "bar"] | None]:
        if isinstance(chart, Scorecards):
            return *self._scores(chart, rows), None
        if isinstance(chart, Trend):
            return *self._trend(chart, rows, period), "line"
        heads, cells = self._lines(chart, rows, found)
        return heads, cells, "bar" if isinstance(chart, Bars) else None

    def _scores(self, chart: Scorecards, rows: list[Row]) -> tuple[list[str], list[list[Cell]]]:
        (row,) = rows
        suffixes = ["", *(["@previous", "@last_year"] if "#@previous" in row else [])]
        heads = [say("figure"), say("value"), say("period before"), say("a year before")][: 1 + len(suffixes)]
        lines = [
            [
                Cell(self.word(self.source.metric(name).name)),
                *(self._figure(name, row, suffix) for suffix in suffixes),
            ]
            for name in chart.metrics
        ]
        return [self.said(text) for text in heads], lines if row["#"] else []

    def _trend(self, chart: Trend, rows: list[Row], period: Mapping[str, Any]) -> tuple[list[str], list[list[Cell]]]:
        now, before = (Span(*map(date.fromisoformat, period[name])) for name in ("current", "last_year"))
        by_months = self.source.is_monthly or (now.last - now.first).days >= LONG_DAYS
        found = {date.fromisoformat(row["day"]): row for row in rows}
        lines = []
        # The year before may be a day shorter (29 February): this period is told to its end all the same.
        earlier = chain(_buckets(before, by_months), repeat([]))
        for bucket, whole in zip(_buckets(now, by_months), earlier, strict=False):
            # A month that is told as a whole does not stand beside what has come of this one.
            then = whole if not self.source.is_monthly or is_month_end(bucket[-1]) else []
            values = [self._over(chart.metric, found, days) for days in (bucket, then)]
            lines.append([Cell(bucket[0], "date"), *values])
        heads = [say("month") if by_months else say("day"), say("this period"), say("a year before")]
        return [self.said(text) for text in heads], lines

    def _over(self, name: str, rows: Mapping[date, Row], days: list[date]) -> Cell:
        """The metric over these days: each part added up, a smallest or largest one kept."""
        parts: dict[str, Any] = {}
        for part in self.source.components(name):
            values = [rows[day][part] for day in days if day in rows and rows[day][part] is not None]
            how = {"min": min, "max": max}.get(self.source.fields[part].aggregation, sum)
            parts[part] = how(values) if values else None
        return self._figure(name, parts)

    def _lines(
        self, chart: Bars | Table, rows: list[Row], found: Mapping[str, Any]
    ) -> tuple[list[str], list[list[Cell]]]:
        names, metrics = chart.dimension_names, chart.metric_names
        heads = [self.word(self.source.fields[name].name) for name in names]
        heads += [self.word(self.source.metric(name).name) for name in metrics]
        compares = isinstance(chart, Bars) and "#@previous" in found["columns"]
        if compares:
            heads.append(self.said(say("period before")))
        lines = [
            [
                *(self._label(self.source.fields[name], row[name]) for name in names),
                *(self._figure(name, row) for name in metrics),
                *([self._figure(metrics[0], row, "@previous")] if compares else []),
            ]
            for row in rows
        ]
        if total := found.get("total"):
            whole = dict(zip(total["columns"], total["rows"][0], strict=True))
            blank = [Cell("")] * (len(names) - 1)
            lines.append([Cell(self.said(say("total"))), *blank, *(self._figure(name, whole) for name in metrics)])
        return heads, lines

    def _figure(self, name: str, row: Row, suffix: str = "") -> Cell:
        kind = self.source.metric(name).type
        value: Any = metric(self.source, name, row, suffix)
        return Cell(_moment_or_day(value, kind), kind)

    def _label(self, field: Column, value: Any) -> Cell:
        if field.type == "date":
            return Cell(_moment_or_day(value, "date"), "date")
        if named := field.values.get(value or ""):
            return Cell(self.word(named))
        return Cell(value if value not in (None, "") else self.said(say("not known")))


def _buckets(span: Span, by_months: bool) -> Iterator[list[date]]:
    """The days of each bucket: one by one, or by calendar months of which the first and the last may be parts."""
    days = [span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)]
    if not by_months:
        yield from ([day] for day in days)
        return
    months: dict[tuple[int, int], list[date]] = {}
    for day in days:
        months.setdefault((day.year, day.month), []).append(day)
    yield from months.values()


def _moment_or_day(value: Any, kind: str) -> Any:
    """Days and moments come as texts from the preview's answer."""
    if isinstance(value, str) and kind == "date":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if isinstance(value, str) and kind == "moment" else value
