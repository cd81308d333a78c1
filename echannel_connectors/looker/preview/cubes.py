"""Small pre-aggregated tables that an offline page can filter and add up by itself.

A cube has one row per day, control value and dimension of its charts; sums, counts and extremes of parts can be put
together again in the browser, distinct counts cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from echannel_connectors.looker.preview import query as sql
from echannel_connectors.looker.template import AnyChart, ListControl, Page, Source, Table, Template, TemplateError

ADDED_UP_BY = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}


@dataclass(frozen=True, slots=True)
class Cube:
    """What is asked for once and serves all charts with the same rows."""

    name: str
    source: str
    filters: dict[str, list[str]]
    keys: tuple[str, ...]
    parts: tuple[str, ...]
    ranked: AnyChart | None = None  # the chart whose order says which rows are kept when there are many


def cubes_of(template: Template) -> tuple[list[Cube], dict[str, str], dict[str, str]]:
    """The cubes of a template, and which of them serves each chart and each chart's total."""
    cubes: dict[str, Cube] = {}
    charts: dict[str, str] = {}
    totals: dict[str, str] = {}
    for page in template.pages:
        for chart in page.charts:
            source = template.sources[chart.source]
            fields = _control_fields(template, page, source)
            _refuse_distinct(source, chart)
            charts[chart.id] = _join(cubes, source, chart, fields, chart.dimension_names)
            if isinstance(chart, Table) and chart.total:
                totals[chart.id] = _join(cubes, source, chart, fields, [])
    return list(cubes.values()), charts, totals


def cube_query(template: Template, cube: Cube, since: date, keep: int) -> sql.Query:
    """One row per key, and `#`, the number of rows behind it; the largest `keep` groups where there are many."""
    source = template.sources[cube.source]
    query = sql.Query()
    select = [f"{sql.dimension(source, name)} AS {sql.quoted(name)}" for name in cube.keys]
    select += [f"{sql.aggregate(query, source, name)} AS {sql.quoted(name)}" for name in cube.parts]
    where = sql.conditions(query, source, cube.filters)
    if source.date:
        where.append(f"{sql.dimension(source, source.date)} >= {query.bind(since)}")
    table = f"mart.{sql.quoted(source.mart)}"
    kept = f" WHERE {' AND '.join(where)}" if where else ""
    query.sql = f"SELECT {', '.join([*select, 'count(*) AS ' + sql.quoted('#')])} FROM {table}{kept} GROUP BY ALL"
    if cube.ranked and cube.ranked.order:
        query.sql = _largest(source, cube, query, keep)
    return query


def cube_columns(cube: Cube, rows: pa.Table, json_value: Any) -> dict[str, Any]:  # JSON
    """Column by column, texts once in a dictionary: what the page reads fastest and what compresses best."""
    columns: dict[str, Any] = {}
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        values = [json_value(value) for value in column.to_pylist()]
        if name in cube.keys:
            known = list(dict.fromkeys(values))
            places = {value: place for place, value in enumerate(known)}
            columns[name] = {"values": known, "at": [places[value] for value in values]}
        else:
            columns[name] = values
    return columns


def _join(cubes: dict[str, Cube], source: Source, chart: AnyChart, fields: list[str], dimensions: list[str]) -> str:
    """The name of the cube for this chart, made or widened by the chart's components."""
    extra = [name for name in dimensions if name not in fields and name != source.date]
    keys = (*([source.date] if source.date else []), *fields, *extra)
    name = repr((chart.source, sorted(chart.filters.items()), keys))
    ranked = chart if isinstance(chart, Table) and extra else None
    before = cubes.get(name)
    # Two tables that rank the same rows differently must not choose each other's rows.
    if ranked and before and before.ranked:
        name += chart.id
        before = cubes.get(name)
    parts = dict.fromkeys([*(before.parts if before else ()), *sql.chart_components(source, chart)])
    cubes[name] = Cube(name, chart.source, dict(chart.filters), keys, tuple(parts), ranked)
    return name


def _largest(source: Source, cube: Cube, query: sql.Query, keep: int) -> str:
    chart = cube.ranked
    assert chart  # the caller has looked
    assert chart.order
    names = [sql.quoted(name) for name in chart.dimension_names]
    direction = "DESC" if chart.order.descending else "ASC"
    order = f"{_rank(source, chart.order.field)} {direction} NULLS LAST"
    same = " AND ".join(f"parts.{name} IS NOT DISTINCT FROM kept.{name}" for name in names)
    listed = ", ".join(names)
    return (
        f"WITH parts AS ({query.sql}), kept AS (SELECT {listed} FROM parts GROUP BY {listed} "
        f"ORDER BY {order}, {listed} LIMIT {query.bind(keep)}) SELECT parts.* FROM parts JOIN kept ON {same}"
    )


def _rank(source: Source, name: str) -> str:
    found = source.calculated.get(name)
    if found:
        terms = [(("-" if term[0] == "-" else "+"), term.removeprefix("-")) for term in found.numerator]
        return "".join(f" {sign} coalesce(sum({sql.quoted(part)}), 0)" for sign, part in terms)
    how = ADDED_UP_BY.get(source.fields[name].aggregation)
    return f"{how}({sql.quoted(name)})" if how else sql.quoted(name)


def _control_fields(template: Template, page: Page, source: Source) -> list[str]:
    controls = [template.controls[name] for name in page.controls]
    return [c.field for c in controls if isinstance(c, ListControl) and c.field in source.fields]


def _refuse_distinct(source: Source, chart: AnyChart) -> None:
    for name in sql.chart_components(source, chart):
        if source.fields[name].aggregation == "count_distinct":
            raise TemplateError(
                f"chart {chart.id!r} counts distinct {name!r}, which an offline file cannot add up again",
                hint="use the live preview for this template",
            )
