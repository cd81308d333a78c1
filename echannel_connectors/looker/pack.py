"""All that goes to a company or a partner in one folder: links, building guides, what figures and tables mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Literal

from echannel_connectors.looker.buttons import STYLE, Button
from echannel_connectors.looker.buttons import page as links_page
from echannel_connectors.looker.guide import LAYOUT, guide, table
from echannel_connectors.looker.linking import HOSTS
from echannel_connectors.looker.template import Calculated, Column, Source, Template
from echannel_connectors.models.company import Company
from echannel_connectors.models.described import describe
from echannel_connectors.models.mart_sql import mart_columns
from echannel_connectors.texts import in_language, say

HOW = {
    "sum": partial(say, "sum of {column}"),
    "count": partial(say, "number of rows with {column}"),
    "count_distinct": partial(say, "number of different {column}"),
    "min": partial(say, "smallest {column}"),
    "max": partial(say, "largest {column}"),
}
INDEX, LINKS, GLOSSARY, TABLES = "index.html", "reports.html", "glossary.html", "tables.html"


@dataclass(frozen=True, slots=True)
class Pack:
    """One company's reports; `buttons` are None where Looker Studio cannot read its tables, and `no_links` says why."""

    company: str
    language: Literal["en", "fr"]
    currency: str
    templates: Sequence[Template]
    buttons: Sequence[Button] | None
    no_links: str = ""
    connector: str = "sheets"
    host: str = HOSTS[0]
    others: Mapping[str, Iterable[str]] | None = None  # columns of marts that no SQL makes


def pack(what: Pack) -> dict[str, str]:
    """The folder's pages by their file names; none of them needs anything from elsewhere."""
    files = {f"guide-{one.template}.html": _guide(what, one) for one in what.templates}
    if what.buttons is not None:
        files = {LINKS: links_page(what.company, what.language, what.buttons), **files}
    return {INDEX: _index(what), **files, GLOSSARY: _glossary(what), TABLES: _tables(what)}


def formula(source: Source, name: str, language: str) -> str:
    """A metric in the names that people see: what is added up, and what that is divided by."""
    made = source.calculated.get(name)
    if made is None:
        return ""
    above, below = (_side(source, terms, language) for terms in (made.numerator, made.denominator))
    if not below:
        return above
    return " ÷ ".join(
        f"({side})" if len(terms) > 1 else side for side, terms in ((above, made.numerator), (below, made.denominator))
    )


def _side(source: Source, terms: list[str], language: str) -> str:
    parts = [
        ("− " if term[0] == "-" else "+ ") + getattr(source.fields[term.removeprefix("-")].name, language)
        for term in terms
    ]
    return " ".join(parts).removeprefix("+ ")


# -- pages ------------------------------------------------------------------------------------------------------------


def _guide(what: Pack, template: Template) -> str:
    return guide(template, connector=what.connector, language=what.language, host=what.host, currency=what.currency)


def _index(what: Pack) -> str:
    told = _Told(what.language)
    entries = [(LINKS, told(say("Open the reports")), told(say("A button for each report.")))] if what.buttons else []
    entries += [
        (GLOSSARY, told(say("What the figures mean")), told(say("Every figure with its formula and its table."))),
        (TABLES, told(say("The tables")), told(say("What each table holds, column by column."))),
    ]
    for one in what.templates:
        title = told(say("Building guide: {title}", title=getattr(one.title, what.language)))
        entries.append((f"guide-{one.template}.html", title, getattr(one.description, what.language)))
    note = f'<p class="lead">{escape(told(what.no_links))}</p>' if what.buttons is None and what.no_links else ""
    body = "".join(
        f'<article><div><h2>{escape(title)}</h2><p>{escape(about)}</p></div><a class="open" href="{name}" '
        f'aria-label="{escape(title)}">{escape(told(say("Open")))}</a></article>'
        for name, title, about in entries
    )
    return _page(what, told(say("Reports of {company}", company=what.company)), note + body)


def _glossary(what: Pack) -> str:
    parts = []
    for template in what.templates:
        parts.append(f"<section><h2>{escape(getattr(template.title, what.language))}</h2>")
        for alias, source in template.sources.items():
            rows = list(_figures(source, what.language))
            about = getattr(source.description, what.language)
            parts.append(f"<h3>{escape(about)}</h3><p class='note'>{escape(alias)} · mart.{source.mart}</p>")
            told = _Told(what.language)
            heads = [told(text) for text in (say("figure"), say("meaning"), say("formula"), say("column"))]
            parts.append(table(heads, rows))
        parts.append("</section>")
    return _page(what, _Told(what.language)(say("What the figures mean")), "".join(parts))


def _figures(source: Source, language: str) -> Iterator[list[str]]:
    """Name, meaning, formula and column of every metric: the ratios and totals first, then what they are made of."""
    told = _Told(language)
    metrics: dict[str, Calculated | Column] = dict(source.calculated)
    metrics |= {name: one for name, one in source.fields.items() if one.aggregation != "none"}
    for name, one in metrics.items():
        about = getattr(one.description, language) if one.description else ""
        if isinstance(one, Calculated):
            yield [
                f"<b>{escape(getattr(one.name, language))}</b>",
                escape(about),
                escape(formula(source, name, language)),
                "",
            ]
            continue
        column = one.column or name
        only = ", ".join(f"{other}: {', '.join(values)}" for other, values in one.only.items())
        how = told(HOW[one.aggregation](column=column)) + (f" ({only})" if only else "")
        meaning = about or _meaning(source.mart, column, language)
        yield [
            escape(getattr(one.name, language)),
            escape(meaning),
            escape(how),
            f"<code>{column}</code>",
        ]


def _meaning(mart: str, column: str, language: str) -> str:
    try:
        return describe(mart, [column], language).columns[column]
    except KeyError:  # a company's own mart is not described
        return ""


def _tables(what: Pack) -> str:
    told = _Told(what.language)
    columns: dict[str, Iterable[str]] = {**mart_columns(Company()), **(what.others or {})}
    parts = []
    for name in sorted(columns):
        one = describe(name.removeprefix("mart."), list(columns[name]), what.language)
        rows = [[f"<code>{escape(column)}</code>", escape(meaning)] for column, meaning in one.columns.items()]
        heads = [told(say("column")), told(say("meaning"))]
        parts.append(f"<section><h2>{escape(name)}</h2><p>{escape(one.table)}</p>{table(heads, rows)}</section>")
    return _page(what, told(say("The tables")), "".join(parts))


def _page(what: Pack, title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="{what.language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title><style>{STYLE}{LAYOUT}</style></head>
<body><p class="company">{escape(what.company)}</p><h1>{escape(title)}</h1><main>{body}</main></body></html>
"""


class _Told:
    """Sentences in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str) -> str:
        return in_language(text, self.language)
