"""Bring tables up to date by the rows that have changed: the same tables as if they were made anew, in less time.

A core table takes again the keys whose raw rows have changed. From them follows which orders the marts have to look at:
those that changed themselves, in a line or in a refund, those of persons, visits, rates and products that have changed,
and all orders of the same persons and baskets, as the order that was a customer's first may now be his second. These
orders' rows go and come again, by the very SELECT that makes the whole table, over these orders alone.

Everything runs in the transaction of the build, and what is noted on the way lies in temporary tables. Core's keys are
unique and not NULL (a source's contract); a refund's order may be NULL, so orders are compared by IS NOT DISTINCT FROM.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import literal, quoted, raw_table
from echannel_connectors.models.changed_marts import (
    BUYERS,
    CUSTOMER,
    MATCHES,
    ORDER,
    ORDERS,
    REPEATED,
    SALES,
    SOLD,
    STEPS,
    SUMS,
    VISITS,
    WAITING,
    WAYS,
    Work,
)
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.made import Made, Match, matches
from echannel_connectors.models.mapping import Part
from echannel_connectors.models.row_sql import differing, is_in, recent, temp

Since = Mapping[str, str | None]  # what has changed, with the first moment; None: as a whole

# Made anew, and then compared: the key by which their rows are told from each other.
COMPARED = {"core.people": CUSTOMER, WAYS: ("web_source", "source"), "mart.rates": ("date", "currency")}
# What must itself be brought up to date in this way, or be as it was, for those that follow it.
FOLLOWS = {
    MATCHES: frozenset({"core.orders", "core.web_orders"}),
    VISITS: frozenset({MATCHES, WAYS, "core.web_orders"}),
    # Of web orders only the first and last day count, however they were made.
    SOLD: frozenset({"core.orders", "core.people", VISITS, "mart.rates", "core.web_orders"}),
    SALES: frozenset({SOLD, "core.order_lines", "core.refunds", "core.products", "mart.rates"}),
    ORDERS: frozenset({SOLD, SALES, "mart.rates"}),
    REPEATED: frozenset({SALES}),
    BUYERS: frozenset({ORDERS}),
    WAITING: frozenset({"core.invoices", "core.orders", "core.customers", "mart.rates"}),
    **{name: frozenset({one.of, BUYERS}) for name, one in SUMS.items()},
}
# What others have to know of rows as they were.
BEFORE = {"orders": ("source", "order_id", "reference", "basket"), "refunds": ORDER, "invoices": ORDER}
SHOWN_OF_PRODUCTS = ("source", "product_id", "variant_id", "sku", "name", "category", "brand")
ONE_IN = 5  # more of a table's rows than this share: it is made anew
EMPTY = 3  # one place in so many is of a row that is gone: it is time to take them away
FEW = 50_000  # rows of sales: all is made anew sooner than it is found out what has to be


def changed_in(into: Warehouse) -> dict[str, str | None]:
    """What has changed since the last build, with the first moment; None where moments do not tell its rows."""
    sql = """SELECT name, CAST(min(changed_at) AS VARCHAR) AS since, max(CAST(whole AS INTEGER)) AS whole
        FROM echannel.changes GROUP BY name"""
    return {row["name"]: None if row["whole"] else row["since"] for row in into.query(sql).read_all().to_pylist()}


def by_rows(
    into: Warehouse, made: Iterable[Made], old: Collection[str], new: Collection[str], since: Since
) -> set[str]:
    """Those of the outdated tables that can be brought up to date by rows; `new` are missing or made in another way."""
    if SALES in new or into.query(f"SELECT count(*) AS n FROM {SALES}").read_all()["n"][0].as_py() < FEW:
        return set()
    wholly = {name for name, first in since.items() if first is None} | _much_changed(into, since)
    found: set[str] = set()
    for one in made:
        if one.name not in old or one.name in new:
            continue
        if one.parts:
            fits = not one.reads & wholly
        else:
            changed = one.reads & {*old, *since} - ({"core.web_orders"} if one.name == SOLD else set())
            fits = one.name in COMPARED or (one.name in FOLLOWS and changed <= found & FOLLOWS[one.name])
        if fits:
            found.add(one.name)
    return found


def tidying(into: Warehouse, rows: Collection[str]) -> str:
    """Whether a commit may take away the places of rows that are gone. DuckDB does as soon as that leaves one row group
    less, and writes three of them anew: of a wide table this takes longer than a day's changes."""
    sql = f"SELECT count(*) AS n, coalesce(max(rowid), 0) + 1 AS places FROM {SALES}"
    found = into.query(sql).read_all().to_pylist()[0] if rows else {"n": 0, "places": 1}
    is_time = (found["places"] - found["n"]) * EMPTY >= found["places"]
    return "RESET max_vacuum_tasks" if is_time else "SET max_vacuum_tasks = 0"


def _much_changed(into: Warehouse, since: Since) -> set[str]:
    """The raw tables of whose rows a large share has changed."""
    raw = {name: first for name, first in since.items() if first and name.startswith("raw.")}
    counts = [
        f"""SELECT {literal(name)} AS name, count(*) AS n, count(*) FILTER (WHERE {recent(name, first)}) AS changed
            FROM {raw_table(name.removeprefix("raw."))}"""
        for name, first in raw.items()
    ]
    rows = into.query(" UNION ALL ".join(counts)).read_all().to_pylist() if counts else []
    return {row["name"] for row in rows if row["changed"] * ONE_IN > row["n"]}


def statements(
    made: Iterable[Made],
    old: Collection[str],
    rows: set[str],
    since: Since,
    company: Company,
    columns: Mapping[str, tuple[str, ...]],
) -> Iterator[str]:
    """What brings the outdated tables up to date, in the order of the tables; `columns` of each that is there."""
    work = Work({one.name: one for one in made}, old, rows, columns)
    for name, one in work.made.items():
        if name not in rows:
            yield from one.statements if name in old else ()
        elif one.parts:
            yield from _core(one, since, list(matches(company)) if name == "core.orders" else [])
        elif name in COMPARED:
            yield from _compared(one, columns[name])
        else:
            yield from STEPS[name](work)


# -- core -----------------------------------------------------------------------------------------------------------


def _core(one: Made, since: Since, rules: list[Match]) -> Iterator[str]:
    """The rows of the keys that have changed. For what follows: keys_*, and what some were before."""
    table = one.name.removeprefix("core.")
    key = ("source", *TABLES[table].key)
    keys, rows = f"keys_{table}", f"rows_{table}"
    changed = [part for part in one.parts if part.reads & since.keys()]
    for part in changed:
        yield from _part(part, since)
    found = [_keys_of(part, one.name, key, any(part.source == rule.source for rule in rules)) for part in changed]
    yield temp(keys, " UNION ".join(found))
    yield temp(rows, " UNION ALL ".join(_rows_of(_now(part), keys, key) for part in changed))
    if rules:
        yield from (_matching(rule, keys, rows) for rule in rules)
        parts = [_now(part) if part in changed and not part.raw else f"({part.sql})" for part in one.parts]
        yield temp(rows, " UNION ALL ".join(_rows_of(part, keys, key) for part in parts))
    if shown := BEFORE.get(table):
        yield temp(f"before_{table}", f"SELECT {', '.join(shown)} FROM {one.name} AS t WHERE {is_in(keys, key)}")
    if table == "products":
        yield from _changed_products(keys, rows, key)
    yield f"DELETE FROM {one.name} AS t WHERE {is_in(keys, key)}"
    yield f"INSERT INTO {one.name} SELECT * FROM {rows}"
    yield from (rule.marking(f" AND {is_in(keys, key, 'o')}") for rule in rules)


def _now(part: Part) -> str:
    return quoted(f"part_{part.source}")


def _part(part: Part, since: Since) -> Iterator[str]:
    """part_*: what a source gives now; of raw rows in core's shape those that have changed."""
    first = since.get(part.raw)
    yield temp(f"part_{part.source}", f"{part.sql} WHERE {recent(part.raw, first)}" if first else part.sql)


def _keys_of(part: Part, table: str, key: tuple[str, ...], is_matched: bool) -> str:
    """The keys of the rows that are new, gone or different."""
    columns, name = ", ".join(map(quoted, key)), _now(part)
    if part.raw:
        return f"SELECT {columns} FROM {name}"
    # What the company's rules mark is no change of the source.
    all_columns = "* EXCLUDE (duplicate_of_source, duplicate_of_order_id)" if is_matched else "*"
    now = f"SELECT {all_columns} FROM {name}"
    before = f"SELECT {all_columns} FROM {table} WHERE source = {literal(part.source)}"
    return f"SELECT {columns} FROM ({differing(now, before)})"


def _rows_of(relation: str, keys: str, key: tuple[str, ...]) -> str:
    return f"SELECT t.* FROM {relation} AS t WHERE {is_in(keys, key)}"


def _matching(rule: Match, keys: str, rows: str) -> str:
    """An order is looked at again, too, where the order of the other source that it may be a double of has changed."""
    known, place = quoted(rule.known), literal(rule.place)
    return f"""INSERT INTO {keys} SELECT t.source, t.order_id FROM core.orders AS t
        WHERE t.source = {literal(rule.source)} AND NOT {is_in(keys, ORDER)} AND t.{quoted(rule.column)} IN (
          SELECT {known} FROM {rows} WHERE source = {place}
          UNION SELECT t.{known} FROM core.orders AS t WHERE t.source = {place} AND {is_in(keys, ORDER)})"""


def _changed_products(keys: str, rows: str, key: tuple[str, ...]) -> Iterator[str]:
    """Those of which sales show something that is different now."""
    shown = ", ".join(SHOWN_OF_PRODUCTS)
    before = f"SELECT {shown} FROM core.products AS t WHERE {is_in(keys, key)}"
    changed = differing(f"SELECT {shown} FROM {rows}", before)
    yield temp("changed_products", f"SELECT DISTINCT source, product_id, variant_id FROM ({changed})")


# -- what is made anew, and compared --------------------------------------------------------------------------------


def _compared(one: Made, columns: Iterable[str]) -> Iterator[str]:
    """changed_*: the keys of the rows that are new, gone or different."""
    name = one.name.partition(".")[2]
    key = COMPARED[one.name]
    others = [column for column in columns if column not in key]
    differs = " OR ".join(f"n.{column} IS DISTINCT FROM b.{column}" for column in others)
    joined = " AND ".join(f"b.{column} = n.{column}" for column in key)
    keys = ", ".join(f"coalesce(n.{column}, b.{column}) AS {column}" for column in key)
    yield temp(f"before_{name}", f"SELECT * FROM {one.name}")
    yield from one.statements
    yield temp(
        f"changed_{name}",
        f"SELECT {keys} FROM {one.name} AS n FULL JOIN before_{name} AS b ON {joined} WHERE {differs}",
    )
