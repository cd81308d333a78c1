"""What the person who clicks a link will meet: tables, the master report, her account, the age of the figures.

What Google shows to nobody but that person (whether a master report is shared, what its own cache holds) cannot be seen
from here: it is said with the way to find out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from echannel_connectors.destinations import Bound, Publisher, Warehouse, warehouse_of
from echannel_connectors.errors import EChannelError
from echannel_connectors.looker import linking
from echannel_connectors.looker.template import Template
from echannel_connectors.streams import Finding
from echannel_connectors.texts import Text, say

OLD_HOURS = 26  # a daily sync that came two hours late
OLDEST = """SELECT max(lag_hours) AS hours
    FROM (SELECT source, min(lag_hours) AS lag_hours FROM mart.freshness GROUP BY source) AS of_each"""
# How long each connector keeps what it has read, as it comes (Google's page on data freshness; Sheets: third parties).
CACHE = {"bigQuery": say("12 hours"), "googleSheets": say("about 15 minutes")}


def examine(
    destination: Warehouse | Publisher, templates: Sequence[Template], masters: linking.Masters, language: str
) -> Iterator[Finding]:
    """One finding for each thing between a click and a report that is right."""
    marts = {source.mart for template in templates for source in template.sources.values()}
    try:
        bound = linking.bound_to(destination, marts)
    except EChannelError as error:
        yield Finding("error", error.sentence, error.hint)
        return
    yield from _tables(templates, bound)
    for template in templates:
        yield _master(template, masters, bound.connector, language)
    yield _account(destination, bound)
    yield _age(warehouse_of(destination), bound)


def _tables(templates: Sequence[Template], bound: Bound) -> Iterator[Finding]:
    for template in templates:
        missing = sorted({source.mart for source in template.sources.values()} - set(bound.tables))
        if missing:
            yield Finding(
                "error",
                say(
                    "{template}: {names} cannot be read: its charts show an error",
                    template=template.template,
                    names=", ".join(missing),
                ),
                say("run `echannel sync`"),
            )
        else:
            yield Finding("ok", say("{template}: all its tables are there", template=template.template))


def _master(template: Template, masters: linking.Masters, connector: str, language: str) -> Finding:
    report = linking.master(masters, template.template, connector, language)
    if report is None:
        return Finding(
            "warning",
            say("{template}: no master report: the link opens a report without pages", template=template.template),
            say(
                "build it by `echannel looker guide {template}`, then `echannel looker register`",
                template=template.template,
            ),
        )
    return Finding(
        "ok",
        say("{template}: links copy the report {report}", template=template.template, report=report),
        say("whether it is shared cannot be seen from here: open the link with another Google account"),
    )


def _account(destination: Warehouse | Publisher, bound: Bound) -> Finding:
    """Who may read the tables: the copy reads them as whoever made it."""
    readers = getattr(destination, "readers", None)
    hint: Text = say("the copy reads the tables as whoever makes it; others who look at it then need no right to them")
    if bound.connector == "googleSheets":
        return Finding("ok", say("whoever clicks must be able to open the spreadsheet: share it with her"), hint)
    names = readers() if readers else []
    if not names:
        return Finding("warning", say("who may read the dataset cannot be seen by this account"), hint)
    return Finding("ok", say("the dataset can be read by {names}", names=", ".join(names)), hint)


def _age(warehouse: Warehouse, bound: Bound) -> Finding:
    [row] = warehouse.query(OLDEST).read_all().to_pylist()
    hours, cache = row["hours"], CACHE[bound.connector]
    if hours is None:
        return Finding("warning", say("no source was read yet"), say("run `echannel sync`"))
    hint = say(
        "Looker Studio keeps what it has read for {cache} on top of that; the master report can say less", cache=cache
    )
    sentence = say("the oldest source was read {hours:.0f} hours ago", hours=float(hours))
    return Finding("warning" if hours > OLD_HOURS else "ok", sentence, hint)
