"""Bring core and the marts up to date: what has changed, or is made in another way than before, in one transaction."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.events import Building, Built, OnEvent, Warned
from echannel_connectors.models import changes, months
from echannel_connectors.models.company import Company
from echannel_connectors.models.described import comments
from echannel_connectors.models.made import SNAPSHOTS, Made, Signs, outdated, tables
from echannel_connectors.models.mapping import register
from echannel_connectors.models.mart_sql import mart_columns, mart_selects, step_questions, values_of
from echannel_connectors.models.own import OwnMart, build_own, own_marts
from echannel_connectors.streams import Source

BEGUN = "begun"  # among the signs: the build that has put the outdated ones away


def build(
    into: Warehouse,
    sources: Iterable[Source],
    company: Company,
    project: Path | None,
    on_event: OnEvent,
) -> dict[str, int]:
    """Bring every core table and mart up to date; the number of rows of each table by its name.

    A table is left as it is while it would be made by the same statements, for the same day where that matters, and
    nothing that it reads has changed. Where the warehouse can, the large ones are changed row by row.
    """
    clock = time.monotonic()
    own = own_marts(project, values_of(company), mart_selects(company))
    today = company.today().isoformat()
    with into.hold():
        register(into, sources)
        made = tables(into, sources, company, project)
        everything = [*made, *(Made(one.table, (one.select,), one.reads) for one in own)]
        signs, since = _signs(into), changes.changed_in(into)
        there = _there(into)
        old = outdated(everything, signs, there, since, today)
        names = [one.name for one in everything if one.name != SNAPSHOTS]
        if old:
            on_event(Building(len(old & {*names})))
            kept = {name: sign for name, sign in signs.items() if name not in {*old, BEGUN}}
            kept |= {one.name: one.sign(today) for one in made}
            moments = into.query(commit.CHANGES).read_all()["moment"].to_pylist()
            begun = ""
            if getattr(into, "by_months", False):  # in several steps: one that stops half-way is done again as a whole
                mark = {BEGUN: (uuid.uuid4().hex, "")}
                begun = _as_text({name: sign for name, sign in kept.items() if name not in old} | mark)
                into.execute(commit.UNSIGNED, (commit.SIGNED, {"signs": begun}))
            into.execute(*_statements(into, made, old, there, signs, since, company), *_signed(kept, moments, begun))
            failed = set(_failing(into, [one for one in own if one.table in old], on_event))
            names = [name for name in names if name not in failed]
            if own:  # one that failed is tried again by the next run
                signed = {one.name: one.sign(today) for one in everything if one.name not in failed}
                into.execute(*_signed(signed, (), begun and _as_text(kept)))
        else:
            rebuild_freshness(into, company)
        counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in names)
        rows = {row["name"]: row["n"] for row in into.query(counts).read_all().to_pylist()}
    for name in names:
        if name.startswith("mart.") and name in old:
            on_event(Built(name, rows[name], round(time.monotonic() - clock, 3)))
    return {name: n for name, n in rows.items() if name not in step_questions()}


def _statements(
    into: Warehouse,
    made: list[Made],
    old: Collection[str],
    there: Mapping[str, tuple[str, ...]],
    signs: Signs,
    since: changes.Since,
    company: Company,
) -> Iterator[str]:
    """What brings the outdated tables up to date, and tells what the columns of those made anew mean."""
    today = company.today().isoformat()
    other = {
        one.name for one in made if one.name not in there or signs.get(one.name, ("", ""))[0] != one.sign(today)[0]
    }
    known = {name: columns for name, columns in there.items() if name not in other}

    def described(names: Collection[str]) -> Iterator[str]:
        return comments(mart_columns(company, names, known), company.language)

    if getattr(into, "by_months", False):
        passed = months.between(signs.get(months.DAILY, ("", ""))[1] or today, today)
        yield from months.bring_up_to_date(into, made, old, other, since, passed, described)
    else:
        rows = set[str]()
        if getattr(into, "by_rows", False):
            rows = changes.by_rows(into, made, old, other, since)
            yield changes.tidying(into, rows)
        yield from changes.statements(made, old, rows, since, company, known)
        yield from described({*old} - rows)


def _signed(signs: Signs, moments: Iterable[str] = (), begun: str = "") -> Iterator[str | tuple[str, dict[str, Any]]]:
    """Note by what the tables were made, unless another build has `begun` since, and that the changes of these moments
    are in them."""
    if begun:
        yield commit.SIGNED_INSTEAD, {"signs": _as_text(signs), "begun": begun}
    else:
        yield commit.UNSIGNED
        yield commit.SIGNED, {"signs": _as_text(signs)}
    if moments:
        yield commit.SEEN, {"moments": list(moments)}


def _as_text(signs: Signs) -> str:
    return json.dumps(dict(sorted(signs.items())))


def _signs(into: Warehouse) -> Signs:
    """By what each table was made; nothing where an older version of the library noted it in another way."""
    found = into.query(commit.SIGNS).read_all()["value"].to_pylist()
    if not found or not found[0].startswith("{"):
        return {}
    return {name: (of, day) for name, (of, day) in json.loads(found[0]).items()}


def _there(into: Warehouse) -> dict[str, tuple[str, ...]]:
    """The columns of each table that is there, in their order."""
    sql = """SELECT table_schema || '.' || table_name AS name, column_name FROM information_schema.columns
        ORDER BY name, ordinal_position"""
    found: dict[str, tuple[str, ...]] = {SNAPSHOTS: ()}
    for row in into.query(sql).read_all().to_pylist():
        found[row["name"]] = (*found.get(row["name"], ()), row["column_name"])
    return found


def _failing(into: Warehouse, own: Iterable[OwnMart], on_event: OnEvent) -> Iterator[str]:
    """Build the company's own marts; the names of those that could not be built."""
    for one, problem in build_own(into, own):
        if problem is not None:
            on_event(Warned(one.table, problem))
            yield one.table


def what_builds(into: Warehouse, sources: Iterable[Source], company: Company, project: Path | None) -> list[str]:
    """The statements that make core and marts anew of the rows that are there, and what is asked on the way."""
    made = [sql for one in tables(into, sources, company, project) for sql in one.statements]
    sql = """SELECT table_schema || '.' || table_name AS name FROM information_schema.columns
        WHERE column_name = '_digest'"""
    asked = months.questions(into.query(sql).read_all()["name"].to_pylist())
    return [*made, *asked, *asked, *comments(mart_columns(company), company.language)]


def rebuild_freshness(into: Warehouse, company: Company) -> None:
    """How old the figures are, told again after a run that failed; nothing where nothing was built yet."""
    rebuild(into, company, "freshness")


def rebuild(into: Warehouse, company: Company, mart: str) -> int:
    """One mart anew, which no other reads, from the tables that are there: its rows; nothing if it was never built."""
    if f"mart.{mart}" not in _there(into):
        return 0
    into.execute(f"CREATE OR REPLACE TABLE mart.{mart} AS {mart_selects(company)[f'mart.{mart}']}")
    return int(into.query(f"SELECT count(*) AS n FROM mart.{mart}").read_all()["n"][0].as_py())
