"""The link that copies a report onto a company's own tables: Google's Linking API, one address and its parameters.

Source: developers.google.com/looker-studio/integrate/linking-api. Parameters are percent-encoded (a blank is %20), the
`*` of `ds.*` stays as it is. `ds.*` says what all data sources share, so that twelve of them stay under 1,000
characters; what is said for one alias goes before it. With `connector` given, a data source is replaced: nothing of the
master's own tables is needed or seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode, urlsplit

from echannel_connectors.destinations import Bound
from echannel_connectors.errors import SettingsError
from echannel_connectors.looker.template import Template
from echannel_connectors.texts import say

HOSTS = ("lookerstudio.google.com", "datastudio.google.com")  # Google renames the product; both answer
KINDS = {"bigQuery": "bigquery", "googleSheets": "sheets"}  # a connector, and the word for its masters in echannel.yaml
REPORT = re.compile(r"[A-Za-z0-9_-]{20,}")

Masters = Mapping[str, Mapping[str, Mapping[str, str]]]  # template → bigquery or sheets → language → report


def link(template: Template, bound: Bound, *, host: str, language: str, company: str, report: str | None = None) -> str:
    """The address that makes a copy of `report` (a new report where there is none) with the company's tables in it.

    Raises SettingsError for tables of the template that are not there yet.
    """
    marts = {alias: source.mart for alias, source in template.sources.items()}
    if missing := sorted({mart for mart in marts.values() if mart not in bound.tables}):
        raise SettingsError(
            say(
                "{template} needs tables that are not there: {names}",
                template=template.template,
                names=", ".join(missing),
            ),
            hint=say("run `echannel sync` first"),
        )
    title = getattr(template.title, language)
    pairs = [("c.reportId", report)] if report else [("c.mode", "edit")]
    pairs.append(("r.reportName", f"{title} · {company}"))
    pairs += [("ds.*.connector", bound.connector), *((f"ds.*.{name}", value) for name, value in bound.common.items())]
    if report:  # what the master says of its fields holds: types, names and formulas
        pairs += [("ds.*.refreshFields", "false"), ("ds.*.keepDatasourceName", "true")]
    for alias, mart in marts.items():
        pairs += [(f"ds.{alias}.{name}", value) for name, value in bound.tables[mart].items()]
        if not report:
            pairs.append((f"ds.{alias}.datasourceName", alias))
    return f"https://{host}/reporting/create?{urlencode(pairs, quote_via=quote, safe='*')}"


def master(masters: Masters, template: str, connector: str, language: str) -> str | None:
    """The registered report of a template, in this language or else in any other; None where there is none."""
    found = masters.get(template, {}).get(KINDS[connector], {})
    return found.get(language) or next(iter(found.values()), None)


def report_of(address: str) -> str:
    """A report's id, out of its address where that is what was given. Raises SettingsError."""
    parts = urlsplit(address.strip())
    word = parts.path if parts.scheme else address.strip()
    if parts.scheme:
        steps = parts.path.strip("/").split("/")
        at = steps.index("reporting") + 1 if "reporting" in steps else len(steps)
        word = steps[at] if parts.hostname in HOSTS and at < len(steps) else ""
    if not REPORT.fullmatch(word):
        raise SettingsError(
            say("{address!r} is not the address of a report", address=address),
            hint=say("copy it from the browser (…/reporting/…/page/…)"),
        )
    return word


def bound_to(destination: object, marts: Iterable[str]) -> Bound:
    """How Looker Studio names these tables of a destination. Raises SettingsError for one that it cannot read."""
    bound = getattr(destination, "bound", None)
    if bound is None:
        raise SettingsError(
            say("Looker Studio reads Google Sheets and BigQuery, not a file on this machine"),
            hint=say(
                "set destination: sheets://… or bigquery://…; `echannel preview` shows the same report on this machine"
            ),
        )
    found: Bound = bound(frozenset(marts))
    return found
