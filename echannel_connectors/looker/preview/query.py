"""A chart and the reader's filters → one SELECT over the mart, every value bound.

Only sums, counts and extremes are computed in SQL. A ratio is divided by the page, once, from the two sums; so the
figure is right for every selection, and money is never divided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from echannel_connectors.days import Span
from echannel_connectors.looker.preview.periods import Periods
from echannel_connectors.looker.template import AnyChart, Source, Template, Trend

Value = str | int | date
Filters = Mapping[str, tuple[str, ...]]  # field → the values that stay; nothing chosen means no filter

AGGREGATES = {
    "sum": "sum({column})",
    "count": "count({column})",
    "count_distinct": "count(DISTINCT {column})",
    "min": "min({column})",
    "max": "max({column})",
}


@dataclass(slots=True)
class Query:
    """SQL with $1, $2, … and their values."""

    sql: str = ""
    parameters: list[Value] = field(default_factory=list)

    def bind(self, value: Value) -> str:
        if value not in self.parameters:
            self.parameters.append(value)
        return f"${self.parameters.index(value) + 1}"


def chart_query(
    template: Template, chart: AnyChart, periods: Periods, filters: Filters, first: date | None = date.min
) -> Query:
    """The chart's rows: its dimensions, then each component per period, then the number of rows per period.

    Of periods before `first`, the first day that its source holds, nothing is told, nor of earlier ones where a part of
    a month would be held against a whole one; a trend shows what there is.

    Columns are called `net_base`, `net_base@previous`, `net_base@last_year`; the counts `#`, `#@previous`, …
    """
    source = template.sources[chart.source]
    if isinstance(chart, Trend):
        return _trend_query(source, chart, periods, filters)
    query = Query()
    spans = periods.known_since(first, is_monthly=source.is_monthly) if source.date else {}
    names = chart_components(source, chart)
    # Two steps: rows are added up once, by all that a figure depends on, and the few groups then make every period.
    keys, parts = _inner(query, source, chart, spans)
    select = [quoted(name) for name in chart.dimension_names]
    for period in periods.spans() if spans else ("current",):
        suffix = "" if period == "current" else f"@{period}"
        if spans and period not in spans:
            select += [f"NULL AS {quoted(name + suffix)}" for name in names] + [f"0 AS {quoted('#' + suffix)}"]
            continue
        inside = [quoted(f"in {period}")] if spans else []
        select += [f"{_outer(query, source, name, inside)} AS {quoted(name + suffix)}" for name in names]
        select.append(f"CAST(coalesce(sum({quoted('#')}){_filter(inside)}, 0) AS BIGINT) AS {quoted('#' + suffix)}")
    where = [*conditions(query, source, chart.filters), *conditions(query, source, filters)]
    where += _days(query, source, spans)
    inner = ", ".join([*(f"{sql} AS {quoted(name)}" for name, sql in keys.items()), *parts])
    groups = f" GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
    query.sql = (
        f"WITH sums AS (SELECT {inner} FROM mart.{quoted(source.mart)}{_where(where)}{groups}) "
        f"SELECT {', '.join(select)} FROM sums"
    )
    if chart.dimension_names:
        query.sql = _grouped(source, chart, query)
    return query


def total_query(
    template: Template, chart: AnyChart, periods: Periods, filters: Filters, first: date | None = date.min
) -> Query:
    """The same chart over all its rows: a total is computed again, never added up from ratios or counts."""
    whole = chart.model_copy(update={"dimensions": []})
    return chart_query(template, whole, periods, filters, first)


def values_query(source: Source, name: str) -> Query:
    """What a list control offers: every value that occurs, whatever the period."""
    text = dimension(source, name)
    return Query(f"SELECT DISTINCT {text} AS value FROM mart.{quoted(source.mart)} ORDER BY 1 LIMIT 500")


def days_query(source: Source) -> Query:
    day = _column(source, source.date or "")
    return Query(f"SELECT min({day}) AS first, max({day}) AS last FROM mart.{quoted(source.mart)}")


def chart_components(source: Source, chart: AnyChart) -> list[str]:
    """The aggregated fields behind the chart's metrics, each once."""
    return list(dict.fromkeys(part for name in chart.metric_names for part in source.components(name)))


def dimension(source: Source, name: str) -> str:
    """A dimension as SQL; text that is not known is '', so that a filter can choose it."""
    column = _column(source, name)
    return f"coalesce({column}, '')" if source.fields[name].type in ("text", "country") else column


def aggregate(query: Query, source: Source, name: str, inside: str = "") -> str:
    """A component as SQL, over the rows of one period."""
    found = source.fields[name]
    only = conditions(query, source, {other: tuple(values) for other, values in found.only.items()})
    return AGGREGATES[found.aggregation].format(column=_column(source, name)) + _filter([*only, inside])


def _inner(
    query: Query, source: Source, chart: AnyChart, spans: Mapping[str, Span]
) -> tuple[dict[str, str], list[str]]:
    """What rows are added up by (dimensions, what a part depends on, in which period they are), and their sums."""
    components = [source.fields[name] for name in chart_components(source, chart)]
    names = [*chart.dimension_names, *(name for one in components for name in one.only)]
    keys = {name: dimension(source, name) for name in names}
    keys |= {f"in {period}": _within(query, source, span) for period, span in spans.items()}
    parts = {}
    for name in chart_components(source, chart):
        one, column = source.fields[name], _column(source, name)
        if one.aggregation == "count_distinct":
            keys[f"of {name}"] = column
        else:
            parts[_part(source, name)] = f"{AGGREGATES[one.aggregation].format(column=column)}"
    return keys, [*(f"{sql} AS {quoted(name)}" for name, sql in parts.items()), f"count(*) AS {quoted('#')}"]


def _part(source: Source, name: str) -> str:
    """Parts of the same column share one sum: they differ in the rows that they take of it."""
    return f"{source.fields[name].aggregation} {source.fields[name].column or name}"


def _outer(query: Query, source: Source, name: str, inside: list[str]) -> str:
    """A component of one period, from the sums of the groups."""
    one = source.fields[name]
    taken = [f"{quoted(other)} IN ({', '.join(map(query.bind, values))})" for other, values in one.only.items()]
    kept = _filter([*taken, *inside])
    if one.aggregation == "count_distinct":
        return f"count(DISTINCT {quoted(f'of {name}')}){kept}"
    if one.aggregation == "count":
        return f"CAST(coalesce(sum({quoted(_part(source, name))}){kept}, 0) AS BIGINT)"
    return f"{one.aggregation}({quoted(_part(source, name))}){kept}"


def _days(query: Query, source: Source, spans: Mapping[str, Span]) -> list[str]:
    """The days of any period; before them one range that the table's own statistics can be held against."""
    if not spans:
        return []
    whole = Span(min(span.first for span in spans.values()), max(span.last for span in spans.values()))
    return [_within(query, source, whole), " OR ".join(_within(query, source, span) for span in spans.values())]


def conditions(query: Query, source: Source, filters: Mapping[str, list[str]] | Filters) -> list[str]:
    """One condition for each filter that this source has a field for."""
    return [
        # Only the reader who chose what is not known needs the coalesce, which no statistics of a table see through.
        f"{dimension(source, name) if '' in values else _column(source, name)} IN "
        f"({', '.join(query.bind(value) for value in values)})"
        for name, values in filters.items()
        if values and name in source.fields and source.fields[name].aggregation == "none"
    ]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _trend_query(source: Source, chart: Trend, periods: Periods, filters: Filters) -> Query:
    """One row per day that has rows, over all three periods; overlapping periods share their days."""
    query = Query()
    day = _column(source, source.date or "")
    parts = [f"{aggregate(query, source, name)} AS {quoted(name)}" for name in chart_components(source, chart)]
    where = [*conditions(query, source, chart.filters), *conditions(query, source, filters)]
    where += _days(query, source, periods.spans())
    table = f"mart.{quoted(source.mart)}"
    query.sql = f"SELECT {day} AS day, {', '.join(parts)} FROM {table}{_where(where)} GROUP BY 1 ORDER BY 1"
    return query


def _grouped(source: Source, chart: AnyChart, query: Query) -> str:
    """Group by the dimensions, keep groups with rows in the period, largest first, ties in the dimensions' order."""
    count = len(chart.dimension_names)
    order = [str(n + 1) for n in range(count)]
    if sort := chart.order:
        direction = "DESC" if sort.descending else "ASC"
        if found := source.calculated.get(sort.field):
            terms = [("-" if term[0] == "-" else "+", term.removeprefix("-")) for term in found.numerator]
            # A group with sales and no refunds has no refund sum; its total is not unknown for that.
            first = "".join(f" {sign} coalesce({quoted(name)}, 0)" for sign, name in terms)
        else:
            first = quoted(sort.field)
        order.insert(0, f"{first} {direction} NULLS LAST")
    groups = ", ".join(str(n + 1) for n in range(count))
    limit = query.bind(getattr(chart, "limit", 1000))
    made = f"{query.sql} GROUP BY {groups}"
    return f"SELECT * FROM ({made}) AS found WHERE {quoted('#')} > 0 ORDER BY {', '.join(order)} LIMIT {limit}"


def _within(query: Query, source: Source, span: Span | None) -> str:
    if span is None or not source.date:
        return ""
    return f"{_column(source, source.date)} BETWEEN {query.bind(span.first)} AND {query.bind(span.last)}"


def _filter(parts: list[str]) -> str:
    kept = [part for part in parts if part]
    return f" FILTER (WHERE {' AND '.join(kept)})" if kept else ""


def _where(parts: list[str]) -> str:
    kept = [f"({part})" for part in parts if part]
    return f" WHERE {' AND '.join(kept)}" if kept else ""


def _column(source: Source, name: str) -> str:
    return quoted(source.fields[name].column or name)
