"""What one page shows for one choice of period and filters, computed in the warehouse, ready for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from echannel_connectors.days import Span
from echannel_connectors.errors import SettingsError
from echannel_connectors.looker.contract import check_contract
from echannel_connectors.looker.preview import query as sql
from echannel_connectors.looker.preview.periods import Periods, chosen_periods, preset_periods
from echannel_connectors.looker.template import (
    AnyChart,
    ListControl,
    Page,
    PeriodControl,
    Source,
    Table,
    Template,
    Trend,
)
from echannel_connectors.texts import in_language, say

Ask = Callable[[str, list[Any]], pa.Table]  # values are what DuckDB binds: text, numbers, dates
Answer = dict[str, Any]  # JSON
QUIET_DAYS = 7
COLUMNS = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1"
# The report is as old as its oldest source: one that stopped days ago must not hide behind the others.
AS_OF = "SELECT min(read_at) FROM (SELECT max(last_success) AS read_at FROM mart.freshness GROUP BY source) AS newest"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose; `first` and `last` count when the preset is "custom"."""

    preset: str = ""
    first: date | None = None
    last: date | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A template on one company's marts."""

    ask: Ask
    template: Template
    company: Mapping[str, str]
    # Around the questions of one page: a warehouse that is a file is opened once for all of them.
    reading: Callable[[], AbstractContextManager[None]] = nullcontext

    def today(self) -> date:
        """The business day of now, in the company's time zone."""
        zone = self.company.get("time_zone")
        try:
            return datetime.now(ZoneInfo(zone) if zone else None).date()
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(
                say("{zone!r} is not a time zone; use a name such as Europe/Paris", zone=zone)
            ) from error


def page_figures(report: Report, page: Page, choice: Choice, today: date) -> Answer:
    """Everything that the page draws; a chart whose tables are missing says so and leaves the others alone."""
    choice = replace(choice, filters=filters_of(report.template, page, choice))
    problems = missing(report)
    days = days_of(report, problems)
    newest = newest_of(days)
    end = last_day(newest, today)
    periods = chosen(report.template, page, choice, end)
    charts = {}
    for chart in page.charts:
        found = problems.get(chart.source)
        charts[chart.id] = {"problems": found} if found else chart_figures(report, chart, periods, choice, days)
    return {
        "page": page.id,
        "period": {name: [str(s.first), str(s.last)] for name, s in periods.spans().items()}
        | {"to_date": periods.to_date, "end": str(end)},
        "newest": str(newest) if newest else None,
        "as_of": as_of(report, problems),
        "controls": control_values(report, page, problems),
        "charts": charts,
    }


def chart_figures(
    report: Report, chart: AnyChart, periods: Periods, choice: Choice, days: Mapping[str, Span]
) -> Answer:
    first = days[chart.source].first if chart.source in days else None
    found = _run(report.ask, sql.chart_query(report.template, chart, periods, choice.filters, first))
    figures: Answer = {"columns": found.column_names, "rows": json_rows(found)}
    if isinstance(chart, Trend):
        figures["since"] = str(first) if first else None
    if isinstance(chart, Table):
        figures["more"] = found.num_rows >= chart.limit
        if chart.total:
            total = _run(report.ask, sql.total_query(report.template, chart, periods, choice.filters, first))
            figures["total"] = {"columns": total.column_names, "rows": json_rows(total)}
    return figures


def chosen(template: Template, page: Page, choice: Choice, end: date) -> Periods:
    """The periods of this choice; without one, the page's own default."""
    if choice.first and choice.last:
        return chosen_periods(choice.first, choice.last, end)
    controls = [template.controls[name] for name in page.controls]
    default = next((control.default for control in controls if isinstance(control, PeriodControl)), "last_28_days")
    return preset_periods(choice.preset or default, end)


def filters_of(template: Template, page: Page, choice: Choice) -> dict[str, tuple[str, ...]]:
    """The chosen filters that this page has a control for: nothing is filtered by what the reader cannot see."""
    controls = [template.controls[name] for name in page.controls]
    shown = {control.field for control in controls if isinstance(control, ListControl)}
    return {name: values for name, values in choice.filters.items() if name in shown}


def missing(report: Report) -> dict[str, list[str]]:
    """What the marts lack, in a sentence each, by the template's source."""
    marts: dict[str, dict[str, object]] = {}
    for row in report.ask(COLUMNS, ["mart"]).to_pylist():
        marts.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    found: dict[str, list[str]] = {}
    language = report.company.get("language", "en")
    for problem in check_contract(report.template, marts):
        found.setdefault(problem.source, []).append(in_language(problem.sentence, language))
    return found


def days_of(report: Report, problems: Mapping[str, list[str]]) -> dict[str, Span]:
    """The first and the last day with rows, of each dated source that is there and has any."""
    found = {}
    for alias, source in report.template.sources.items():
        if source.date and alias not in problems:
            [held] = _run(report.ask, sql.days_query(source)).to_pylist()
            if held["first"]:
                found[alias] = Span(held["first"], held["last"])
    return found


def newest_of(days: Mapping[str, Span]) -> date | None:
    """The last day with rows, over all sources."""
    return max((span.last for span in days.values()), default=None)


def last_day(newest: date | None, today: date) -> date:
    """Where periods end: today, or the newest day of data that stopped long ago (a closed shop, a sample)."""
    return newest if newest and newest < today - timedelta(days=QUIET_DAYS) else today


def as_of(report: Report, problems: Mapping[str, list[str]]) -> str | None:
    fresh = [alias for alias, source in report.template.sources.items() if source.mart == "freshness"]
    if not fresh or fresh[0] in problems:
        return None
    moment = report.ask(AS_OF, []).column(0)[0].as_py()
    return json_value(moment) if moment else None


def control_values(report: Report, page: Page, problems: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What each list of the page offers, from the first of its sources that has the field."""
    offered: dict[str, list[str]] = {}
    for name in page.controls:
        control = report.template.controls[name]
        source = control_source(report.template, page, control) if isinstance(control, ListControl) else None
        if isinstance(control, ListControl) and source and source[0] not in problems:
            offered[name] = _run(report.ask, sql.values_query(source[1], control.field)).column(0).to_pylist()
    return offered


def control_source(template: Template, page: Page, control: ListControl) -> tuple[str, Source] | None:
    for chart in page.charts:
        if control.field in template.sources[chart.source].fields:
            alias = chart.source
            # A source that sums this one up has the same values in fewer rows.
            for other, one in template.sources.items():
                if one.rows and one.rows.source == alias and control.field in one.fields:
                    alias = other
            return alias, template.sources[alias]
    return None


def json_rows(table: pa.Table) -> list[list[Any]]:
    columns = [[json_value(value) for value in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def json_value(value: Any) -> Any:  # what Arrow gives
    """A cell for the page. Here money becomes a float: exactness ends at the mart, the page only shows it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, date) else value


def _run(ask: Ask, query: sql.Query) -> pa.Table:
    return ask(query.sql, list(query.parameters))
