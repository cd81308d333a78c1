"""Bring tables up to date by the months that have changed: for a warehouse that bills the partitions that are read.

Core is made anew from raw; each row of what sales are made of has its digest then (made.py). The digests of each month,
added up before and after, tell the months in which anything is different, whatever it comes from: an order that is new
or has moved to another day, a person's orders that are counted in another way, a line, a refund, a visit. Those months'
rows go and come again, by the very SELECT that makes the whole table, over these months alone. They are named as
constants, so that nothing else is read (or billed). That a month with other rows keeps its digest of 64 bits has a
chance of one in 10^19.

What an order's rows show lies in its own month, but for its refunds, which lie in the months in which they were made:
where an order's month has changed, those of its refunds are read and written as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from echannel_connectors.destinations import Warehouse
from echannel_connectors.models.changes import ORDERS, SALES, SHOWN_OF_PRODUCTS, SOLD, Since
from echannel_connectors.models.made import Made, plain

Month = date | None  # its first day; None: of what has no day
Months = frozenset[Month]

FEW = 1_000_000  # rows of sales: the least that BigQuery bills for each table costs more than it saves
ONE_IN = 3  # more of all order lines than this share lie in the months that have changed: all is made anew
MOST = 1_000  # products or days that are looked for one by one

# The month of each row that is compared: of its order, and the one in which sales show it.
COMPARED = {
    "core.orders": ("order_date", "order_date"),
    "core.order_lines": ("_month", "_month"),
    "core.order_discounts": ("_month", "_month"),
    "core.refunds": ("_month", "refund_date"),
    SOLD: ("order_date", "order_date"),
    "core.traffic": ("date", "date"),
    "core.ad_costs": ("date", "date"),
}
OF_SALES = frozenset({"core.orders", "core.order_lines", "core.refunds", SOLD})
# What else sales and orders may read of what has changed: it is small, and compared row by row.
BESIDE = frozenset({"core.products", "mart.rates"})


@dataclass(frozen=True, slots=True)
class Monthly:
    """A mart of which a month is made of the same month of what it reads: its own day, and theirs."""

    day: str
    over: Mapping[str, str]


# The others are made anew as a whole. mart.products, customers, cohorts, market_entry, data_quality and inventory add up
# or follow all months; receivables_monthly and inventory_daily tell what is left of earlier ones; sales_daily shows the
# year before, and its baskets may be split over a month's end.
MONTHLY = {
    "mart.vat": Monthly("month", {SALES: "date", ORDERS: "date"}),
    "mart.promotions": Monthly("month", {ORDERS: "date", "core.order_discounts": "_month"}),
    "mart.marketing_daily": Monthly("date", {ORDERS: "date", "core.traffic": "date", "core.ad_costs": "date"}),
}

Digests = Mapping[tuple[Any, ...], tuple[Any, ...]]  # of a group of rows: their digest and number


def bring_up_to_date(
    into: Warehouse, made: Iterable[Made], old: Collection[str], new: Collection[str], since: Since
) -> tuple[list[str], set[str]]:
    """Make what sales are made of, and tell the statements that make the rest, and which of it they make by months.

    `new` are those of the outdated tables that are missing or made in another way than before.
    """
    made = list(made)
    at = next(n for n, one in enumerate(made) if one.name == SALES)
    first, rest = made[:at], made[at:]
    fitting = _fitting(made, old, new, since) if _is_large(into, new) else set()
    if SALES not in fitting:
        return [sql for one in made if one.name in old for sql in one.statements], set()
    before = {name: _digests(into, name) for name in _looked_at(old)}
    into.execute(*(sql for one in first if one.name in old for sql in one.statements))
    after = {name: _digests(into, name) for name in before}
    months = _affected(into, before, after)
    if _is_much(after.get("core.order_lines") or _digests(into, "core.order_lines"), months):
        fitting = set()
    found = []
    for one in rest:
        if one.name in fitting:
            found += _of(one, months)
        elif one.name in old:
            found += one.statements
    return found, fitting


def _is_large(into: Warehouse, new: Collection[str]) -> bool:
    if SALES in new:
        return False
    return int(into.query(f"SELECT count(*) AS n FROM {SALES}").read_all()["n"][0].as_py()) >= FEW


def _fitting(made: Iterable[Made], old: Collection[str], new: Collection[str], since: Since) -> set[str]:
    """Those of the outdated tables of which single months can be made."""
    if {*COMPARED, *BESIDE} & {*new}:
        return set()
    may_have_changed = {SALES: OF_SALES | BESIDE, ORDERS: OF_SALES | BESIDE | {SALES}}
    may_have_changed |= {name: BESIDE | {*one.over} for name, one in MONTHLY.items()}
    found: set[str] = set()
    for one in made:
        allowed = may_have_changed.get(one.name)
        if allowed is None or one.name not in old or one.name in new:
            continue
        changed = one.reads & {*old, *since}
        if changed <= allowed and changed & {SALES, ORDERS} <= found:
            found.add(one.name)
    return found


# -- which months ---------------------------------------------------------------------------------------------------


def _looked_at(old: Collection[str]) -> list[str]:
    return [name for name in (*COMPARED, *sorted(BESIDE)) if name in old]


def _digests(into: Warehouse, name: str) -> Digests:
    """The digests of a table's rows, added up by month; of rates by day, of products by what sales show of each."""
    if name == "core.products":
        shown = ", ".join(SHOWN_OF_PRODUCTS)
        columns, rows, digest = ["source", "product_id"], f"(SELECT {shown} FROM {name}) AS t", "hash(t)"
    elif name == "mart.rates":
        columns, rows, digest = ["date"], f"{name} AS t", "hash(t)"
    else:
        columns = [f"CAST(date_trunc('month', {day}) AS DATE)" for day in COMPARED[name]]
        rows, digest = name, "_digest"
    parts = ", ".join(f"{column} AS part_{n}" for n, column in enumerate(columns))
    groups = ", ".join(f"part_{n}" for n in range(len(columns)))
    sql = f"SELECT {parts}, bit_xor({digest}) AS digest, count(*) AS n FROM {rows} GROUP BY {groups}"
    found = [tuple(row.values()) for row in into.query(sql).read_all().to_pylist()]
    return {row[:-2]: row[-2:] for row in found}


def _affected(into: Warehouse, before: Mapping[str, Digests], after: Mapping[str, Digests]) -> dict[str, Months]:
    """The months of each table in which something is different; of sales and orders, those that have to be made."""
    differing = {
        name: {part for part in {*old, *after[name]} if old.get(part) != after[name].get(part)}
        for name, old in before.items()
    }
    found = {name: frozenset(part[0] for part in differing.get(name, ())) for name in COMPARED}
    days = {part[0] for part in differing.get("mart.rates", ())}
    found["mart.rates"] = frozenset(day.replace(day=1) for day in days)
    orders = found["mart.rates"].union(*(found[name] for name in OF_SALES))
    orders |= _showing(into, differing.get("core.products", set()), days)
    refunds = {*before.get("core.refunds", ()), *(after.get("core.refunds") or _digests(into, "core.refunds"))}
    found[ORDERS] = frozenset(orders)
    found[SALES] = orders | {shown for month, shown in refunds if month in orders}
    return found


def _showing(into: Warehouse, products: Collection[tuple[Any, ...]], days: Collection[date]) -> Months:
    """The months of the orders that show these products, or are refunded on these days."""
    if len(products) > MOST or len(days) > MOST:
        return frozenset({*_months(into, "SELECT DISTINCT _month AS month FROM core.order_lines"), None})
    found: set[Month] = set()
    if products:
        keys = ", ".join(f"({_text(source)}, {_text(product)})" for source, product in sorted(products))
        for name in ("core.order_lines", "core.refunds"):
            found |= _months(into, f"SELECT DISTINCT _month AS month FROM {name} WHERE (source, product_id) IN ({keys})")
    if days:
        listed = ", ".join(f"DATE '{day}'" for day in sorted(days))
        found |= _months(into, f"SELECT DISTINCT _month AS month FROM core.refunds WHERE refund_date IN ({listed})")
    return frozenset(found)


def _months(into: Warehouse, sql: str) -> set[Month]:
    return {*into.query(sql).read_all()["month"].to_pylist()}


def _is_much(lines: Digests, months: Mapping[str, Months]) -> bool:
    """Whether the months to be made hold a large share of all order lines."""
    touched = sum(n for part, (_, n) in lines.items() if part[0] in months[SALES])
    return bool(touched * ONE_IN > sum(n for _, n in lines.values()))


# -- what makes them ------------------------------------------------------------------------------------------------


def _of(one: Made, months: Mapping[str, Months]) -> Iterator[str]:
    """What replaces a table's rows of the months that have changed; nothing where none has."""
    if one.name == SALES:
        # Orders are still as they were: what is to go are these months' sales and the refunds of their orders.
        belongs = f"""EXISTS (SELECT 1 FROM {ORDERS} AS o
            WHERE {within("o.date", months[ORDERS])} AND o.source = t.source AND o.order_id = t.order_id)"""
        if None in months[ORDERS]:
            belongs = f"({belongs} OR t.order_id IS NULL)"
        which, own = f"{within('t.date', months[SALES])} AND {belongs}", months[ORDERS]
        over = {
            SOLD: within("order_date", own),
            "core.order_lines": within("_month", own),
            "core.refunds": f"{within('_month', own)} AND {within('refund_date', months[SALES])}",
        }
    elif one.name == ORDERS:
        own = months[ORDERS]
        which = within("t.date", own)
        over = {
            SOLD: within("order_date", own),
            "core.orders": within("order_date", own),
            SALES: within("date", months[SALES]),
        }
    else:
        mart = MONTHLY[one.name]
        own = months["mart.rates"].union(*(months[table] for table in mart.over))
        which = within(f"t.{mart.day}", own)
        over = {table: within(day, own) for table, day in mart.over.items()}
    if own:
        yield f"DELETE FROM {one.name} AS t WHERE {which}"
        yield f"INSERT INTO {one.name} {_over(one.select, over)}"


def _over(select: str, conditions: Mapping[str, str]) -> str:
    """The SELECT over some rows of these tables; it is one of ours, so a table's name stands nowhere else."""
    names = "|".join(map(re.escape, conditions))
    some: Callable[[re.Match[str]], str] = lambda found: f"(SELECT * FROM {found[0]} WHERE {conditions[found[0]]})"
    return re.sub(rf"\b(?:{names})\b", some, select)


def within(column: str, months: Collection[Month]) -> str:
    """Whether a day lies in one of these months, which are named as constants, those that follow each other at once."""
    spans: list[tuple[date, date]] = []
    for month in sorted(month for month in months if month):
        after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        spans[-1:] = [(spans[-1][0], after)] if spans and spans[-1][1] == month else [*spans[-1:], (month, after)]
    tests = [f"{column} >= DATE '{first}' AND {column} < DATE '{after}'" for first, after in spans]
    return f"({' OR '.join([*tests, *([f'{column} IS NULL'] if None in months else [])])})"


def _text(word: str) -> str:
    return f"'{plain(word)}'"
