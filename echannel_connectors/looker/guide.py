"""How a person builds the master report of a template: one page to print, with a picture of each page to build.

Everything in the template occurs in it: no API can make a report, so what is missing here would be missing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from importlib import resources
from typing import Any, Literal

import yaml

from echannel_connectors.looker.buttons import STYLE
from echannel_connectors.looker.linking import HOSTS
from echannel_connectors.looker.template import (
    AnyChart,
    Calculated,
    Column,
    ListControl,
    Page,
    PeriodControl,
    Scorecards,
    Source,
    Table,
    Template,
    Trend,
    looker_formula,
    looker_value,
)

KINDS = {"sheets": "Google Sheets", "bigquery": "BigQuery"}
LAYOUT = """
h3 { font-size: 16px; margin: 22px 0 4px; } section { margin-top: 30px; } li { margin-bottom: 5px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 8px 0 14px; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 600; } td:first-child code { white-space: nowrap; }
code { font-size: 13px; overflow-wrap: anywhere; }
.sheet { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 6px 20px 16px; }
dl { display: grid; grid-template-columns: 190px 1fr; gap: 3px 12px; font-size: 14px; margin: 4px 0; }
dt { color: var(--muted); font-weight: 600; } dd { margin: 0; }
svg { width: 100%; height: auto; margin: 8px 0; } svg text { fill: var(--text); font: 600 13px system-ui, sans-serif; }
svg rect { fill: var(--ground); stroke: var(--muted); } svg .mark { fill: var(--accent); stroke: none; opacity: .55; }
body { max-width: 980px; } @media (max-width: 600px) { dl { grid-template-columns: 1fr; } }
@media print { .sheet { border: 0; padding: 0; } section { break-before: page; } h3, svg { break-inside: avoid; } }
"""
Language = Literal["en", "fr"]


def guide(
    template: Template, *, connector: str, language: Language, host: str = HOSTS[0], currency: str = "EUR"
) -> str:
    """The whole guide as an HTML page that needs nothing from elsewhere."""
    told = _Told(template, KINDS[connector], language, currency)
    theme, periods = template.theme, [one for one in template.controls.values() if isinstance(one, PeriodControl)]
    values: dict[str, str] = {
        "title": told.name(template.title), "kind": KINDS[connector], "host": host, "template": template.template,
        "word": connector, "language": language, **theme.model_dump(exclude={"dark"}),
        "period": told.one("presets")[periods[0].default if periods else "last_28_days"],
    }  # fmt: skip
    heading = told.text("title", **values)
    sources = "".join(told.source(alias, one) for alias, one in template.sources.items())
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{heading}</title><style>{STYLE}{LAYOUT}</style></head>
<body><h1>{heading}</h1><p class="lead">{told.name(template.description)}</p><p>{told.text("lead")}</p>
<section><h2>{told.text("once")}</h2>{told.steps("begin", **values)}</section>
<section><h2>{told.text("sources")}</h2>{sources}</section>
<section><h2>{told.text("pages")}</h2>{"".join(map(told.page, template.pages))}</section>
<section><h2>{told.text("shared")}</h2>{told.steps("finish", **values)}</section></body></html>
"""


class _Told:
    """The parts of a guide in one language."""

    def __init__(self, template: Template, kind: str, language: Language, currency: str) -> None:
        self.template = template
        self.kind = kind
        self.language = language
        self.currency = currency

    def one(self, key: str) -> Any:  # a text, a list or a mapping of guide_words.yaml
        return _words()[key][self.language]

    def text(self, key: str, **values: str) -> str:
        return str(self.one(key)).format_map({name: escape(value) for name, value in values.items()})

    def name(self, words: Any) -> str:  # Words, or None
        return escape(getattr(words, self.language)) if words else ""

    def steps(self, key: str, **values: str) -> str:
        shown = {name: escape(value) for name, value in values.items()}
        return f"<ol>{''.join(f'<li>{step.format_map(shown)}</li>' for step in self.one(key))}</ol>"

    # -- data sources -----------------------------------------------------------------------------------------------

    def source(self, alias: str, source: Source) -> str:
        fields = [self._field(name, one) for name, one in source.fields.items()]
        formulas = [self._formula(source, name, one) for name, one in source.calculated.items()]
        parts = [
            f"<article class='sheet'><div><h3>{escape(alias)}</h3><p>{self.name(source.description)}</p>",
            self.steps("source_steps", kind=self.kind, mart=source.mart, alias=alias),
            table(self.one("field_head"), fields),
        ]
        if source.date:
            parts.append(f"<p>{self.text('period_dimension', field=source.date)}</p>")
        if formulas:
            parts += [f"<p>{self.text('calculated')}</p>", table(self.one("calculated_head"), formulas)]
        return "".join([*parts, "</div></article>"])

    def _field(self, name: str, field: Column) -> list[str]:
        about = self.name(field.description)
        if field.values:
            codes = ", ".join(f"<code>{escape(code)}</code> {self.name(words)}" for code, words in field.values.items())
            about += f" {self.text('words_of_codes')}: {codes}"
        if field.only:  # a field of its own, that counts some rows only
            about += f" <code>{escape(looker_value(field, name))}</code>"
        column = f"<code>{escape(field.column or name)}</code>"
        return [
            column,
            self.name(field.name),
            self._type(field.type),
            self.one("aggregations")[field.aggregation],
            about,
        ]

    def _formula(self, source: Source, name: str, field: Calculated) -> list[str]:
        formula = f"<code>{escape(looker_formula(source, name))}</code>"
        return [self.name(field.name), formula, self._type(field.type), self.name(field.description)]

    def _type(self, kind: str) -> str:
        return str(self.one("types")[kind]).format(currency=self.currency)

    # -- pages ------------------------------------------------------------------------------------------------------

    def page(self, page: Page) -> str:
        questions = "".join(f"<li>{self.name(question)}</li>" for question in page.questions)
        controls = "".join(f"<li>{self._control(page, name)}</li>" for name in page.controls)
        return (
            f"<article class='sheet'><div><h3>{self.name(page.title)}</h3>"
            f"<p>{self.text('page_steps', title=getattr(page.title, self.language))}</p><ul>{questions}</ul>"
            f"{self._picture(page)}<p><b>{self.text('controls')}</b></p><ul>{controls}</ul>"
            f"{''.join(map(self._chart, page.charts))}</div></article>"
        )

    def _control(self, page: Page, name: str) -> str:
        control = self.template.controls[name]
        title = getattr(control.name, self.language)
        if not isinstance(control, ListControl):
            return self.text("period_control", name=title, period=self.one("presets")[control.default])
        sources = dict.fromkeys(chart.source for chart in page.charts)
        having = [alias for alias in sources if control.field in self.template.sources[alias].fields]
        return self.text("list_control", name=title, field=control.field, sources=", ".join(having))

    def _chart(self, chart: AnyChart) -> str:
        source = self.template.sources[chart.source]

        def called(names: Iterable[str]) -> str:
            return ", ".join(self.name((source.fields.get(one) or source.calculated[one]).name) for one in names)

        said: dict[str, str] = {"source_of": f"<code>{escape(chart.source)}</code>"}
        if chart.dimension_names:
            said["dimensions"] = called(chart.dimension_names)
        said["metrics"] = called(chart.metric_names)
        if chart.order:
            said["sort"] = (
                f"{called([chart.order.field])}, {self.text('descending' if chart.order.descending else 'ascending')}"
            )
        if chart.filters:
            listed = (
                f"<code>{escape(name)}</code> = {', '.join(map(escape, values))}"
                for name, values in chart.filters.items()
            )
            said["filter"] = "; ".join(listed)
        if limit := getattr(chart, "limit", None):
            said["rows"] = str(limit)
        if isinstance(chart, Table) and chart.compare:
            said["compared"] = called([chart.compare])
        said["width"] = self.text("of_twelve", n=str(chart.width))
        said["empty"] = self.name(chart.empty)
        lines = "".join(f"<dt>{self.text(key)}</dt><dd>{value}</dd>" for key, value in said.items())
        more = f"<p class='note'>{self.text('total')}</p>" if isinstance(chart, Table) and chart.total else ""
        if isinstance(chart, Scorecards | Trend) and source.date:
            more += f"<p class='note'>{self.text('compare')}</p>"
        kind = escape(self.one("kinds")[chart.type])
        return f"<h3>{self.name(chart.title)}</h3><p>{kind}</p><dl>{lines}</dl>{more}"

    def _picture(self, page: Page) -> str:
        """Where each chart stands: twelve columns, one row after the other, as the preview lays them out."""
        boxes, x, y, tall = [], 0, 46, 0
        for chart in page.charts:
            wide, high = chart.width * 80, {"scorecards": 70, "trend": 150, "bars": 150, "table": 170}[chart.type]
            if x + wide > 960:
                x, y, tall = 0, y + tall + 12, 0
            boxes.append(_box(x, y, wide, high, getattr(chart.title, self.language), chart))
            x, tall = x + wide, max(tall, high)
        controls = "".join(
            f'<rect x="{n * 170}" y="2" width="156" height="30" rx="6"/>' for n in range(len(page.controls))
        )
        label = f'role="img" aria-label="{self.name(page.title)}"'
        return f'<svg viewBox="-2 0 964 {y + tall + 4}" {label}>{controls}{"".join(boxes)}</svg>'


def _box(x: int, y: int, wide: int, high: int, title: str, chart: AnyChart) -> str:
    """One chart of the picture: its frame, its title, and marks that tell its kind."""
    frame = f'<rect x="{x}" y="{y}" width="{wide - 10}" height="{high}" rx="8"/>'
    return (
        f'{frame}<text x="{x + 14}" y="{y + 24}">{escape(title)}</text>{"".join(_marks(x + 14, y, wide - 40, chart))}'
    )


def _marks(x: int, y: int, wide: int, chart: AnyChart) -> Iterator[str]:
    if isinstance(chart, Scorecards):
        each = wide / len(chart.metrics)
        for n in range(len(chart.metrics)):
            yield _mark(x + n * each, y + 36, each * 0.5, 16)
    elif isinstance(chart, Trend):
        yield _mark(x, y + 90, wide, 4)
    elif isinstance(chart, Table):
        for n in range(5):
            yield _mark(x, y + 38 + n * 26, wide, 6)
    else:
        for n, share in enumerate((0.9, 0.6, 0.4, 0.2)):
            yield _mark(x, y + 38 + n * 24, wide * share, 14)


def _mark(x: float, y: float, wide: float, high: float) -> str:
    return f'<rect class="mark" x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{high:.0f}"/>'


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """An HTML table; the heads are text, the cells HTML."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@cache
def _words() -> Mapping[str, Any]:
    text = (resources.files("echannel_connectors") / "looker" / "guide_words.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found
