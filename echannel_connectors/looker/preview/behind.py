"""The rows behind a mark: what a bar, a point or a line of a table was added up from.

The rows are those of the chart's own mart, or of a finer one where the template names it (`rows:`) and it holds all
that the figure is made of; so they always add up to the figure that was clicked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from echannel_connectors.days import Span
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.looker.preview import query as sql
from echannel_connectors.looker.preview.figures import (
    COLUMNS,
    Answer,
    Choice,
    Report,
    chosen,
    days_of,
    filters_of,
    json_rows,
    last_day,
    missing,
    newest_of,
)
from echannel_connectors.looker.template import AnyChart, Source, Words
from echannel_connectors.texts import say

MOST_ROWS = 200
MOST_SAVED = 100_000  # of a file: what a spreadsheet still opens at once
NUMBERS = ("integer", "quantity", "money", "percent")
# What tells a row from its neighbours, where the mart has it and the template does not name it.
IDENTITY = {
    "order_reference": Words(en="Order", fr="Commande"),
    "number": Words(en="Document", fr="Pièce"),
    "purchase_id": Words(en="Purchase order", fr="Commande fournisseur"),
    "company": Words(en="Company", fr="Société"),
    "product_name": Words(en="Product", fr="Produit"),
    "sku": Words(en="SKU", fr="Réf."),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What was clicked: the chart, the metric, the mark's own value of each dimension, the days of a point."""

    chart: str
    metric: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    days: Span | None = None
    is_whole: bool = False  # all rows for a file, not those alone that a person looks at


def rows_behind(report: Report, page_id: str, choice: Choice, mark: Mark, today: date) -> Answer:
    """The largest rows first, how many there are in all, and the figure that all of them make."""
    page = report.template.page(page_id)
    chart = _chart(report, page_id, mark)
    metric = _metric(chart, mark)
    choice = replace(choice, filters=filters_of(report.template, page, choice))
    problems = missing(report)
    source, alias = _source(report, chart, metric, choice)
    if alias in problems:
        raise SettingsError(problems[alias][0])
    periods = chosen(report.template, page, choice, last_day(newest_of(days_of(report, problems)), today))
    days = _inside(mark.days, periods.current) if source.date else None
    shown = [name for name in _shown(report, source) if name not in mark.values]
    query = sql.Query()
    values = _values(query, source, metric)
    where = _where(query, source, chart, mark, choice, days, values)
    table = f"FROM mart.{sql.quoted(source.mart)} WHERE {where}"
    total = ", ".join(
        f"{sql.aggregate(query, source, name)} AS {sql.quoted(name)}" for name in source.components(metric)
    )
    counted = report.ask(f'SELECT count(*) AS "#", {total} {table}', list(query.parameters))
    columns = [f"{_cell(source, name)} AS {sql.quoted(name)}" for name in shown]
    columns += [f"{value} AS {sql.quoted(name)}" for name, value in values.items()]
    order = ", ".join([f"{_weight(source, metric, values)} DESC NULLS LAST", *map(sql.quoted, shown)])
    limit = MOST_SAVED if mark.is_whole else MOST_ROWS
    rows = report.ask(f"SELECT {', '.join(columns)} {table} ORDER BY {order} LIMIT {limit}", list(query.parameters))
    return {
        "source": alias,
        "metric": metric,
        "days": [str(days.first), str(days.last)] if days else None,
        "count": counted["#"][0].as_py(),
        "total": {"columns": counted.column_names, "rows": json_rows(counted)},
        "titles": {name: IDENTITY[name].model_dump() for name in shown if name not in source.fields},
        "columns": rows.column_names,
        "rows": json_rows(rows),
    }


def _chart(report: Report, page_id: str, mark: Mark) -> AnyChart:
    charts = {chart.id: chart for chart in report.template.page(page_id).charts}
    if mark.chart not in charts:
        raise SettingsError(say("there is no chart {name!r}", name=mark.chart), hint=did_you_mean(mark.chart, charts))
    chart = charts[mark.chart]
    if unknown := sorted(set(mark.values) - set(chart.dimension_names)):
        raise SettingsError(
            say("chart {chart!r} has no dimension {name!r}", chart=chart.id, name=unknown[0]),
            hint=did_you_mean(unknown[0], chart.dimension_names),
        )
    return chart


def _metric(chart: AnyChart, mark: Mark) -> str:
    """The metric that was clicked; of a whole line, the one by which the chart is sorted."""
    if mark.metric and mark.metric not in chart.metric_names:
        raise SettingsError(
            say("chart {chart!r} has no metric {name!r}", chart=chart.id, name=mark.metric),
            hint=did_you_mean(mark.metric, chart.metric_names),
        )
    sorted_by = chart.order.field if chart.order and chart.order.field in chart.metric_names else ""
    return mark.metric or sorted_by or chart.metric_names[0]


def _source(report: Report, chart: AnyChart, metric: str, choice: Choice) -> tuple[Source, str]:
    """The finer source where it has every part of the figure and all that it is filtered by, else the chart's own."""
    sources = report.template.sources
    own = sources[chart.source]
    if own.rows is None:
        return own, chart.source
    finer = sources[own.rows.source]
    filters = [name for name in (*chart.filters, *choice.filters) if name in own.fields]
    parts, words = set(own.components(metric)), {*chart.dimension_names, *filters}
    if metric in (*finer.fields, *finer.calculated) and parts <= set(own.rows.fields) and words <= finer.fields.keys():
        return finer, own.rows.source
    return own, chart.source


def _shown(report: Report, source: Source) -> list[str]:
    """The day, what the row is called, and the template's dimensions: what stands before the parts of the figure."""
    found = report.ask(COLUMNS, ["mart"]).to_pylist()
    there = {row["column_name"] for row in found if row["table_name"] == source.mart}
    dimensions = [name for name, one in source.fields.items() if one.aggregation == "none"]
    names = [name for name in IDENTITY if name in source.fields or name in there]
    return list(dict.fromkeys([*([source.date] if source.date else []), *names, *dimensions]))


def _cell(source: Source, name: str) -> str:
    return sql.dimension(source, name) if name in source.fields else sql.quoted(name)


def _values(query: sql.Query, source: Source, metric: str) -> dict[str, str]:
    """What this row brings into each part of the metric; NULL where it brings nothing."""
    values = {}
    for name in source.components(metric):
        one = source.fields[name]
        column = sql.quoted(one.column or name)
        only = sql.conditions(query, source, {other: tuple(kept) for other, kept in one.only.items()})
        if one.aggregation == "count":
            only, column = [*only, f"{column} IS NOT NULL"], "1"
        values[name] = f"CASE WHEN {' AND '.join(only)} THEN {column} END" if only else column
    return values


def _where(
    query: sql.Query,
    source: Source,
    chart: AnyChart,
    mark: Mark,
    choice: Choice,
    days: Span | None,
    values: Mapping[str, str],
) -> str:
    parts = [*sql.conditions(query, source, chart.filters), *sql.conditions(query, source, choice.filters)]
    for name, value in mark.values.items():
        column = sql.dimension(source, name)
        if source.fields[name].type in ("text", "country"):
            parts.append(f"{column} = {query.bind(value)}")
        elif value:
            parts.append(f"CAST({column} AS VARCHAR) = {query.bind(value)}")
        else:
            parts.append(f"{column} IS NULL")
    if days and source.date:
        day = sql.dimension(source, source.date)
        parts.append(f"{day} BETWEEN {query.bind(days.first)} AND {query.bind(days.last)}")
    # A row that adds nothing to any part of the figure is not behind it.
    nothing = {name: "<> 0" if source.fields[name].aggregation == "sum" else "IS NOT NULL" for name in values}
    parts.append(" OR ".join(f"({value}) {nothing[name]}" for name, value in values.items()))
    return " AND ".join(f"({part})" for part in parts)


def _weight(source: Source, metric: str, values: Mapping[str, str]) -> str:
    """What the row adds to the figure above the line; a large refund is as heavy as a large sale."""
    if made := source.calculated.get(metric):
        terms = [("-" if term[0] == "-" else "+", values[term.removeprefix("-")]) for term in made.numerator]
        return f"abs({' '.join(f'{sign} coalesce({value}, 0)' for sign, value in terms)})"
    (name,) = source.components(metric)
    return f"abs({values[name]})" if source.fields[name].type in NUMBERS else values[name]


def _inside(days: Span | None, current: Span) -> Span:
    if days is None:
        return current
    first, last = max(days.first, current.first), min(days.last, current.last)
    return Span(first, last) if first <= last else current
