"""Bring tables up to date by the rows that have changed: the same tables as if they were made anew, in less time.

A core table takes again the keys whose raw rows have changed. From them follows which orders the marts have to look at:
those that changed themselves, in a line or in a refund, those of persons, visits, rates and products that have changed,
and all orders of the same persons and baskets, as the order that was a customer's first may now be his second. These
orders' rows go and come again, by the very SELECT that makes the whole table, over these orders alone.

Everything runs in the transaction of the build, and what is noted on the way lies in temporary tables. Core's keys are
unique and not NULL (a source's contract); a refund's order may be NULL, so orders are compared by IS NOT DISTINCT FROM.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import quoted, raw_table
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.made import Made, Match, matches, plain
from echannel_connectors.models.mapping import Part
from echannel_connectors.models.mart_sql import columns_of

Since = Mapping[str, datetime | None]  # what has changed, with the first moment; None: as a whole

ORDER = ("source", "order_id")
SOLD, SALES, ORDERS = "core.sold_orders", "mart.sales", "mart.orders"
# Made anew, and then compared: the key by which their rows are told from each other.
COMPARED = {
    "core.people": ("source", "customer_id"),
    "core.visits": ("source", "basket"),
    "mart.rates": ("date", "currency"),
}
# What must itself be brought up to date in this way, or be as it was, for those that follow it.
BY_ORDER = {
    SOLD: frozenset({"core.orders", *COMPARED}),
    SALES: frozenset({SOLD, "core.order_lines", "core.refunds", "core.products", "mart.rates"}),
    ORDERS: frozenset({SOLD, SALES, "core.orders", "mart.rates"}),
}
# Looked at whole, however it was made: only its first and last day count.
COUNTED = frozenset({"core.web_orders"})
SHOWN_OF_PRODUCTS = ("source", "product_id", "variant_id", "sku", "name", "category", "brand")
ONE_IN = 5  # more of a table's rows than this share: it is made anew
FEW = 50_000  # rows of sales: all is made anew sooner than it is found out what has to be


def changed_in(into: Warehouse) -> dict[str, datetime | None]:
    """What has changed since the last build, with the first moment; None where moments do not tell its rows."""
    sql = """SELECT name, min(changed_at) AS since, max(CAST(whole AS INTEGER)) AS whole
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
            fits = one.name in COMPARED or (
                one.name in BY_ORDER and one.reads & {*old, *since} <= (found & BY_ORDER[one.name]) | COUNTED
            )
        if fits:
            found.add(one.name)
    return found


def _much_changed(into: Warehouse, since: Since) -> set[str]:
    """The raw tables of whose rows a large share has changed."""
    raw = {name: first for name, first in since.items() if first and name.startswith("raw.")}
    counts = [
        f"""SELECT {_text(name)} AS name, count(*) AS n, count(*) FILTER (WHERE {_recent(name, first)}) AS changed
            FROM {raw_table(name.removeprefix("raw."))}"""
        for name, first in raw.items()
    ]
    rows = into.query(" UNION ALL ".join(counts)).read_all().to_pylist() if counts else []
    return {row["name"] for row in rows if row["changed"] * ONE_IN > row["n"]}


def statements(
    made: Iterable[Made], old: Collection[str], rows: set[str], since: Since, company: Company
) -> Iterator[str]:
    """What brings the outdated tables up to date, in the order of the tables."""
    for one in made:
        if one.name in rows:
            yield from _of(one, old, rows, since, company)
        elif one.name in old:
            yield from one.statements


def _of(one: Made, old: Collection[str], rows: set[str], since: Since, company: Company) -> Iterator[str]:
    if one.parts:
        yield from _core(one, since, list(matches(company)) if one.name == "core.orders" else [])
    elif one.name in COMPARED:
        yield from _compared(one, company)
    elif one.name == SOLD:
        yield from _touched(old, rows)
        yield from _sold(one)
    elif one.name == SALES:
        if SOLD not in rows:
            yield from _touched(old, rows)
        over = {SOLD: "some_sold", "core.order_lines": "some_lines", "core.refunds": "some_refunds"}
        yield from _replaced(one, "sales", over)
    else:
        yield from _replaced(one, "orders", {SOLD: "some_sold", SALES: "rows_sales", "core.orders": "some_orders"})


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
    yield _temp(keys, " UNION ".join(found))
    yield _temp(rows, " UNION ALL ".join(_rows_of(_now(part), keys, key) for part in changed))
    if rules:
        yield from (_matching(rule, keys, rows) for rule in rules)
        parts = [_now(part) if part in changed and not part.raw else f"({part.sql})" for part in one.parts]
        yield _temp(rows, " UNION ALL ".join(_rows_of(part, keys, key) for part in parts))
    if table == "refunds":
        yield _temp("before_refunds", f"SELECT t.source, t.order_id FROM {one.name} AS t WHERE {_in(keys, key)}")
    if table == "products":
        yield from _changed_products(keys, rows, key)
    yield f"DELETE FROM {one.name} AS t WHERE {_in(keys, key)}"
    yield f"INSERT INTO {one.name} SELECT * FROM {rows}"
    yield from (rule.marking(f" AND {_in(keys, key, 'o')}") for rule in rules)


def _now(part: Part) -> str:
    return quoted(f"part_{part.source}")


def _part(part: Part, since: Since) -> Iterator[str]:
    """part_*: what a source gives now; of raw rows in core's shape those that have changed."""
    first = since.get(part.raw)
    yield _temp(f"part_{part.source}", f"{part.sql} WHERE {_recent(part.raw, first)}" if first else part.sql)


def _keys_of(part: Part, table: str, key: tuple[str, ...], is_matched: bool) -> str:
    """The keys of the rows that are new, gone or different."""
    columns, name = ", ".join(map(quoted, key)), _now(part)
    if part.raw:
        return f"SELECT {columns} FROM {name}"
    # What the company's rules mark is no change of the source.
    all_columns = "* EXCLUDE (duplicate_of_source, duplicate_of_order_id)" if is_matched else "*"
    now = f"SELECT {all_columns} FROM {name}"
    before = f"SELECT {all_columns} FROM {table} WHERE source = {_text(part.source)}"
    return f"SELECT {columns} FROM ({_differing(now, before)})"


def _rows_of(relation: str, keys: str, key: tuple[str, ...]) -> str:
    return f"SELECT t.* FROM {relation} AS t WHERE {_in(keys, key)}"


def _matching(rule: Match, keys: str, rows: str) -> str:
    """An order is looked at again, too, where the order of the other source that it may be a double of has changed."""
    known, place = quoted(rule.known), _text(rule.place)
    return f"""INSERT INTO {keys} SELECT t.source, t.order_id FROM core.orders AS t
        WHERE t.source = {_text(rule.source)} AND NOT {_in(keys, ORDER)} AND t.{quoted(rule.column)} IN (
          SELECT {known} FROM {rows} WHERE source = {place}
          UNION SELECT t.{known} FROM core.orders AS t WHERE t.source = {place} AND {_in(keys, ORDER)})"""


def _changed_products(keys: str, rows: str, key: tuple[str, ...]) -> Iterator[str]:
    """Those of which sales show something that is different now."""
    shown = ", ".join(SHOWN_OF_PRODUCTS)
    before = f"SELECT {shown} FROM core.products AS t WHERE {_in(keys, key)}"
    differing = _differing(f"SELECT {shown} FROM {rows}", before)
    yield _temp("changed_products", f"SELECT DISTINCT source, product_id, variant_id FROM ({differing})")


# -- what is made anew, and compared --------------------------------------------------------------------------------


def _compared(one: Made, company: Company) -> Iterator[str]:
    """changed_*: the keys of the rows that are new, gone or different."""
    name = one.name.partition(".")[2]
    key = COMPARED[one.name]
    others = [column for column in columns_of(one.name, company) if column not in key]
    differs = " OR ".join(f"n.{column} IS DISTINCT FROM b.{column}" for column in others)
    joined = " AND ".join(f"b.{column} = n.{column}" for column in key)
    keys = ", ".join(f"coalesce(n.{column}, b.{column}) AS {column}" for column in key)
    yield _temp(f"before_{name}", f"SELECT * FROM {one.name}")
    yield from one.statements
    yield _temp(
        f"changed_{name}",
        f"SELECT {keys} FROM {one.name} AS n FULL JOIN before_{name} AS b ON {joined} WHERE {differs}",
    )


# -- what is brought up to date order by order ----------------------------------------------------------------------


def _touched(old: Collection[str], rows: set[str]) -> Iterator[str]:
    """touched: the orders whose rows may be others now, by themselves or by what they read."""
    shown = {
        "core.products": (SALES, ("source", "product_id", "variant_id")),
        "core.people": ("core.orders", COMPARED["core.people"]),
        "core.visits": (SOLD, COMPARED["core.visits"]),
    }
    of = {
        "core.orders": "SELECT source, order_id FROM keys_orders",
        "core.order_lines": "SELECT source, order_id FROM keys_order_lines",
        "core.refunds": "SELECT source, order_id FROM before_refunds UNION SELECT source, order_id FROM rows_refunds",
        "mart.rates": f"""SELECT source, order_id FROM {SOLD} WHERE order_date IN (SELECT date FROM changed_rates)
            UNION SELECT source, order_id FROM core.refunds WHERE refund_date IN (SELECT date FROM changed_rates)""",
    } | {
        name: f"SELECT t.source, t.order_id FROM {table} AS t WHERE {_in(name.replace('core.', 'changed_'), key)}"
        for name, (table, key) in shown.items()
    }
    found = [sql for name, sql in of.items() if name in rows]
    if "core.web_orders" in old:
        days = "SELECT min(date) AS first_day, max(date) AS last_day FROM core.web_orders WHERE _deleted_at IS NULL"
        is_web = "t.channel IN ('b2c_web', 'b2b_web') AND t.order_date BETWEEN w.first_day AND w.last_day"
        found.append(f"""SELECT t.source, t.order_id FROM {SOLD} AS t CROSS JOIN ({days}) AS w
            WHERE t.is_on_the_web IS DISTINCT FROM coalesce({is_web}, FALSE)""")
    yield _temp("touched", " UNION ".join(found))


def _sold(one: Made) -> Iterator[str]:
    """The orders that share a basket or a person with those, before or now, over all orders of these baskets; what is
    different then is touched as well."""
    basket = ("source", "basket")
    baskets = "SELECT source, coalesce(basket, order_id) AS basket, order_id FROM core.orders"
    orders = f"({baskets}) AS t"
    yield _temp(
        "baskets",
        f"""SELECT t.source, t.basket FROM {SOLD} AS t WHERE {_in("touched", ORDER)}
        UNION SELECT t.source, t.basket FROM {orders} WHERE {_in("touched", ORDER)}""",
    )
    yield _temp(
        "related",
        f"""SELECT source, order_id FROM touched
        UNION SELECT t.source, t.order_id FROM {orders} WHERE {_in("baskets", basket)}""",
    )
    # Who bought an order that has not changed is the same person as before.
    yield _temp(
        "persons",
        f"""SELECT t.person FROM {SOLD} AS t WHERE {_in("related", ORDER)} AND t.person IS NOT NULL
        UNION SELECT coalesce(p.person, t.source || '/' || t.customer_id) FROM core.orders AS t
          LEFT JOIN core.people AS p ON p.source = t.source AND p.customer_id = t.customer_id
          WHERE {_in("related", ORDER)}""",
    )
    yield _temp(
        "shown",
        f"""SELECT source, order_id FROM related
        UNION SELECT source, order_id FROM {SOLD} WHERE person IN (SELECT person FROM persons)""",
    )
    yield _temp("baskets", f"SELECT DISTINCT t.source, t.basket FROM {orders} WHERE {_in('shown', ORDER)}")
    mates = f"SELECT t.source, t.order_id FROM {orders} WHERE {_in('baskets', basket)}"
    yield _temp("needed", f"SELECT source, order_id FROM shown UNION {mates}")
    yield _temp("some_orders", f"SELECT t.* FROM core.orders AS t WHERE {_in('needed', ORDER)}")
    select = _over(one.select, {"core.orders": "some_orders"})
    yield _temp("rows_sold", f"SELECT t.* FROM ({select}) AS t WHERE {_in('shown', ORDER)}")
    before = f"SELECT t.* FROM {SOLD} AS t WHERE {_in('shown', ORDER)}"
    yield _temp(
        "changed_sold", f"SELECT DISTINCT source, order_id FROM ({_differing('SELECT * FROM rows_sold', before)})"
    )
    yield f"DELETE FROM {SOLD} AS t WHERE {_in('changed_sold', ORDER)}"
    yield f"INSERT INTO {SOLD} SELECT t.* FROM rows_sold AS t WHERE {_in('changed_sold', ORDER)}"
    yield f"INSERT INTO touched SELECT t.source, t.order_id FROM changed_sold AS t WHERE NOT {_in('touched', ORDER)}"


def _replaced(one: Made, name: str, over: Mapping[str, str]) -> Iterator[str]:
    """rows_*: the rows of the touched orders, by the table's own SELECT over what belongs to these."""
    for table, some in over.items():
        if some.startswith("some_"):
            yield _temp(some, f"SELECT t.* FROM {table} AS t WHERE {_in('touched', ORDER)}")
    yield _temp(f"rows_{name}", _over(one.select, over))
    yield f"DELETE FROM {one.name} AS t WHERE {_in('touched', ORDER)}"
    yield f"INSERT INTO {one.name} SELECT * FROM rows_{name}"


def _over(select: str, tables: Mapping[str, str]) -> str:
    """The SELECT over other tables; it is one of ours, so a table's name stands nowhere else."""
    for table, name in tables.items():
        select = re.sub(rf"\b{re.escape(table)}\b", name, select)
    return select


# -- words ----------------------------------------------------------------------------------------------------------


def _temp(name: str, select: str) -> str:
    return f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {select}"


def _in(relation: str, key: Iterable[str], table: str = "t") -> str:
    """Whether a row of `table` has its key in the relation."""
    same = " AND ".join(f"{table}.{quoted(name)} IS NOT DISTINCT FROM k.{quoted(name)}" for name in key)
    return f"EXISTS (SELECT 1 FROM {quoted(relation)} AS k WHERE {same})"


def _differing(now: str, before: str) -> str:
    return f"(({now}) EXCEPT ALL ({before})) UNION ALL (({before}) EXCEPT ALL ({now}))"


def _recent(name: str, first: datetime) -> str:
    """Whether a raw row has changed since the last build; the first moment is what whole row groups are left out by."""
    moments = f"SELECT changed_at FROM echannel.changes WHERE name = {_text(name)}"
    return f"_changed_at >= TIMESTAMP WITH TIME ZONE '{first.isoformat()}' AND _changed_at IN ({moments})"


def _text(word: str) -> str:
    return f"'{plain(word)}'"
