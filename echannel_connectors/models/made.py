"""What a build makes, table by table, and which of it is out of date."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import literal, quoted
from echannel_connectors.models.company import Company
from echannel_connectors.models.extra import extended
from echannel_connectors.models.mapping import Part, core_statement, known_sources, parts_of, raw_tables
from echannel_connectors.models.mart_sql import mart_selects, read_by, step_questions
from echannel_connectors.streams import Source

SNAPSHOTS = "echannel.stock_snapshots"
# Books that tell of the runs themselves: what reads them is told again with whatever else is made.
RUNNING = frozenset({"echannel.set_aside", "echannel.templates", "echannel.streams", "echannel.runs"})
# Where tables are brought up to date by months (months.py), each row of these has its digest, and its order's month.
DIGESTED = "core.sold_orders"
DIGESTED_OF_ORDERS = frozenset({"core.order_lines", "core.order_discounts", "core.refunds"})
Signs = Mapping[str, tuple[str, str]]  # table → what it was made by, and the day it was made for


@dataclass(frozen=True, slots=True)
class Made:
    """A table, the statements that make it whole, and the tables that they read. Core's have a part of each source."""

    name: str
    statements: tuple[str, ...]
    reads: frozenset[str]
    parts: tuple[Part, ...] = ()
    also: str = ""  # what else it depends on

    def sign(self, today: str) -> tuple[str, str]:
        """By what it is known whether it would be made in the same way, and the day where that matters."""
        text = "\n".join((*self.statements, self.also))
        day = f"'{today}'"
        return hashlib.sha256(text.replace(day, ":today").encode()).hexdigest(), today if day in text else ""

    @property
    def select(self) -> str:
        """The SELECT of a mart or a step."""
        return self.statements[0].removeprefix(_create(self.name))


def tables(into: Warehouse, sources: Iterable[Source], company: Company, project: Path | None) -> list[Made]:
    """Everything that the library makes of the rows that are there, in the order in which it is made."""
    raw, sources = raw_tables(into), list(sources)
    known = known_sources(into, sources, project)
    own = {source.name: spec for source in sources if (spec := getattr(source, "spec", None)) is not None}
    found = []
    for table in extended(known, own | {name: spec for name, spec in known.items() if spec is not None}, raw).values():
        parts = tuple(parts_of(table, known, raw, company, into.dialect))
        reads = frozenset[str]().union(*(part.reads for part in parts))
        marked = duplicates(company) if table.name == "orders" else []
        found.append(Made(f"core.{table.name}", (core_statement(table, parts), *marked), reads, parts))
    # A source that is read for the first time today is one more whose stock is kept.
    today = " ".join(sorted(into.query(_fresh(company)).read_all()["source"].to_pylist()))
    found.append(Made(SNAPSHOTS, stock_snapshot(company), frozenset({"core.stock_levels", "core.products"}), (), today))
    found += figures(company)
    return [*map(digested, found)] if getattr(into, "by_months", False) else found


def figures(company: Company) -> Iterator[Made]:
    """Marts and the steps on the way to them, each by its SELECT."""
    told = {name: f"COMMENT ON TABLE {name} IS {literal(text)}" for name, text in step_questions().items()}
    for name, sql in mart_selects(company).items():
        yield Made(name, (_create(name) + sql, *((told[name],) if name in told else ())), read_by(sql) - {name})


def digested(one: Made) -> Made:
    """The table with a digest of each row, and the month of the order that a row belongs to."""
    select, created = one.select, _create(one.name)
    if one.name == DIGESTED:
        sql = f"{created}SELECT t.*, hash(t) AS _digest FROM ({select}) AS t"
        return replace(one, statements=(sql, *one.statements[1:]))
    if one.name in DIGESTED_OF_ORDERS:
        sql = f"""{created}SELECT t.*, hash(t) AS _digest, o.month AS _month FROM ({select}) AS t
            LEFT JOIN (
              SELECT source, order_id, CAST(date_trunc('month', max(order_date)) AS DATE) AS month
              FROM core.orders GROUP BY source, order_id
            ) AS o ON o.source = t.source AND o.order_id = t.order_id"""
        return replace(one, statements=(sql, *one.statements[1:]), reads=one.reads | {"core.orders"})
    return one


def outdated(made: Iterable[Made], signs: Signs, there: Iterable[str], changed: Iterable[str], today: str) -> set[str]:
    """The names of those that are missing, would be made by other statements now, or read what has changed."""
    made, there = list(made), {SNAPSHOTS, *there}
    old = _reading(made, {one.name for one in made if _is_new(one, signs, there, today)}, set(changed))
    return _reading(made, old, {*changed, *RUNNING}) if old else old


def _is_new(one: Made, signs: Signs, there: set[str], today: str) -> bool:
    return one.name not in there or signs.get(one.name) != one.sign(today)


def _reading(made: Iterable[Made], old: set[str], changed: set[str]) -> set[str]:
    """Those, and all that read them or what has changed, each after those that it reads."""
    found = set(old)
    for one in made:
        if one.reads & (found | changed):
            found.add(one.name)
    return found


def _create(name: str) -> str:
    return f"CREATE OR REPLACE TABLE {name} AS "


def stock_snapshot(company: Company) -> tuple[str, ...]:
    """Keep what lies in stock today, of the sources that were read today; a rebuild keeps all other days."""
    today, fresh = f"DATE '{company.today()}'", _fresh(company)
    return (
        f"DELETE FROM {SNAPSHOTS} WHERE date = {today} AND source IN ({fresh})",
        f"""INSERT INTO {SNAPSHOTS}
            SELECT {today}, s.source, s.product_id, s.variant_id, s.warehouse_id, s.on_hand, s.available, p.unit_cost,
              p.currency
            FROM core.stock_levels AS s
            JOIN ({fresh}) AS f ON f.source = s.source
            LEFT JOIN core.products AS p
              ON p.source = s.source AND p.product_id = s.product_id AND p.variant_id = s.variant_id
            WHERE s._deleted_at IS NULL""",
    )


def _fresh(company: Company) -> str:
    return f"""SELECT source FROM echannel.streams
        WHERE CAST(timezone('{company.time_zone}', last_success) AS DATE) >= DATE '{company.today()}'
        GROUP BY source"""


@dataclass(frozen=True, slots=True)
class Match:
    """A declared rule: an order of `source` is the one of `place` whose `known` is its own `column`."""

    source: str
    column: str
    place: str
    known: str

    def marking(self, condition: str = "") -> str:
        """Mark each order that the other source holds as well, and counts as a sale; that one counts."""
        source, place = literal(self.source), literal(self.place)
        first = f"""SELECT {quoted(self.known)} AS word, min(order_id) AS order_id FROM core.orders
            WHERE source = {place} AND is_sale AND _deleted_at IS NULL GROUP BY word"""
        return f"""UPDATE core.orders AS o SET duplicate_of_source = {place}, duplicate_of_order_id = f.order_id
            FROM ({first}) AS f WHERE o.source = {source} AND o.{quoted(self.column)} = f.word{condition}"""


def matches(company: Company) -> Iterator[Match]:
    """The company's rules for orders."""
    for source, rules in company.matches.items():
        for column, other in rules.get("order", {}).items():
            place, _, known = other.partition(".")
            yield Match(source, column, place, known)


def duplicates(company: Company) -> list[str]:
    """Mark each order that another source holds as well, by the company's declared rules."""
    return [one.marking() for one in matches(company)]
