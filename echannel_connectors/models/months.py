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

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import literal
from echannel_connectors.models.changed_marts import ORDERS, REPEATED, SALES, SOLD
from echannel_connectors.models.changes import SHOWN_OF_PRODUCTS, Since
from echannel_connectors.models.made import Made
from echannel_connectors.models.row_sql import over

Month = date | None  # its first day; None: of what has no day
Months = frozenset[Month]

FEW = 2_000_000  # rows of sales: the least that BigQuery bills for each table costs more than it saves
ONE_IN = 3  # more of all order lines than this share lie in the months that have changed: all is made anew
MOST = 1_000  # products or days that are looked for one by one

# The month of each row that is compared: of its order, and the one in which sales show it.
COMPARED = {
    "core.order_lines": ("_month", "_month"),
    "core.order_discounts": ("_month", "_month"),
    "core.refunds": ("_month", "refund_date"),
    SOLD: ("order_date", "order_date"),
}
OF_SALES = frozenset({"core.order_lines", "core.refunds", SOLD})
# What else sales and orders may read of what has changed: it is small, and compared row by row.
BESIDE = frozenset({"core.products", "mart.rates"})


@dataclass(frozen=True, slots=True)
class Monthly:
    """A table of which a month is made of the same month of what it reads: its own day, and theirs.

    `beside` is small, and read whole; it changes in months that are known. `a_year_later`: each month shows in that of
    the next year as well.
    """

    day: str
    over: Mapping[str, str]
    beside: frozenset[str] = frozenset()
    a_year_later: bool = False


# The others are made anew as a whole: what adds up or follows all months (core.product_sales, buyers and cohort_sums,
# and products, customers, cohorts, market_entry and inventory after them), tells what is left of earlier ones
# (receivables, inventory_daily) or looks at many (data_quality, carts), and what reads nothing large (marketing_daily).
SPLIT, DAILY = "core.split_orders", "mart.sales_daily"
MONTHLY = {
    REPEATED: Monthly("date", {SALES: "date"}),
    SPLIT: Monthly("date", {ORDERS: "date"}, frozenset({SOLD})),
    "core.order_sums": Monthly("date", {ORDERS: "date"}),
    "core.visit_sums": Monthly("date", {ORDERS: "date"}),
    "core.tax_sums": Monthly("month", {SALES: "date"}),
    DAILY: Monthly("date", {SALES: "date", "core.order_sums": "date"}, frozenset({SPLIT}), a_year_later=True),
    "mart.vat": Monthly("month", {"core.tax_sums": "month", ORDERS: "date"}),
    "mart.promotions": Monthly("month", {ORDERS: "date", "core.order_discounts": "_month"}),
}

Digests = Mapping[tuple[Any, ...], tuple[Any, ...]]  # of a group of rows: their digest and number


def bring_up_to_date(
    into: Warehouse,
    made: Iterable[Made],
    old: Collection[str],
    new: Collection[str],
    since: Since,
    passed: Months,
    described: Callable[[Collection[str]], Iterable[str]],
) -> list[str]:
    """Make anew what sales are made of, and tell the statements that make the rest, some of it by months.

    `new` are those of the outdated tables that are missing or made in another way than before; `passed` the months of
    the days since sales_daily was last made; `described` gives the statements that tell what the columns of tables mean
    that are made anew.
    """
    made = [one for one in made if one.name in old]
    names = [one.name for one in made]
    fitting = _fitting(made, old, new, since) if _is_large(into, new) else set()
    if SALES not in fitting:
        return [*(sql for one in made for sql in one.statements), *described(names)]
    at = names.index(SALES)
    before = _digests(into, old)
    into.execute(*(sql for one in made[:at] for sql in one.statements), *described(names[:at]))
    months = _affected(into, before, _digests(into, {*old, "core.order_lines", "core.refunds"}))
    if months is None:
        return [*(sql for one in made[at:] for sql in one.statements), *described(names[at:])]
    months = {**months, DAILY: passed, SPLIT: _sharing(into, months[ORDERS]) if SPLIT in fitting else months[ORDERS]}
    by_months = [one for one in made[at:] if one.name in fitting]  # first, as one transaction: they read no others
    anew = [one for one in made[at:] if one.name not in fitting]
    statements: list[str] = []
    for one in by_months:
        months = {**months, one.name: _own(one.name, months)}
        statements += _of(one, months)
    return [
        *statements,
        *(sql for one in anew for sql in one.statements),
        *described([one.name for one in anew]),
    ]


def _is_large(into: Warehouse, new: Collection[str]) -> bool:
    if SALES in new:
        return False
    return int(into.query(f"SELECT count(*) AS n FROM {SALES}").read_all()["n"][0].as_py()) >= FEW


def _fitting(made: Iterable[Made], old: Collection[str], new: Collection[str], since: Since) -> set[str]:
    """Those of the outdated tables of which single months can be made."""
    if {*COMPARED, *BESIDE} & {*new}:
        return set()
    may_have_changed = {SALES: OF_SALES | BESIDE, ORDERS: OF_SALES | BESIDE | {SALES}}
    may_have_changed |= {name: BESIDE | {*one.over} | one.beside for name, one in MONTHLY.items()}
    found: set[str] = set()
    for one in made:
        allowed = may_have_changed.get(one.name)
        if allowed is None or one.name not in old or one.name in new:
            continue
        changed = one.reads & {*old, *since}
        if changed <= allowed and changed & {SALES, ORDERS, *MONTHLY} <= found:
            found.add(one.name)
    return found


# -- which months ---------------------------------------------------------------------------------------------------


def questions(names: Collection[str]) -> list[str]:
    """What asks for the digests of these tables' rows, added up: by month, of rates by day, of products one by one."""
    asked = [
        f"""SELECT '{name}' AS name, CAST(date_trunc('month', {of}) AS DATE) AS one,
            CAST(date_trunc('month', {at}) AS DATE) AS other, bit_xor(_digest) AS digest, count(*) AS n
            FROM {name} GROUP BY one, other"""
        for name, (of, at) in COMPARED.items()
        if name in names
    ]
    if "mart.rates" in names:
        asked.append("SELECT 'mart.rates', date, date, bit_xor(hash(t)), count(*) FROM mart.rates AS t GROUP BY date")
    found = [" UNION ALL ".join(asked)] if asked else []
    if "core.products" in names:
        shown = f"SELECT {', '.join(SHOWN_OF_PRODUCTS)} FROM core.products"
        found.append(f"""SELECT 'core.products' AS name, source, product_id, bit_xor(hash(t)) AS digest, count(*) AS n
            FROM ({shown}) AS t GROUP BY source, product_id""")
    return found


def _digests(into: Warehouse, names: Collection[str]) -> dict[str, Digests]:
    found: dict[str, dict[Any, Any]] = {name: {} for name in (*COMPARED, *BESIDE) if name in names}
    for sql in questions(names):
        for row in into.query(sql).read_all().to_pylist():
            name, *part, digest, n = row.values()
            found[name][tuple(part)] = (digest, n)
    return dict(found)


def _affected(into: Warehouse, before: Mapping[str, Digests], after: Mapping[str, Digests]) -> dict[str, Months] | None:
    """The months of each table in which something is different; of sales and orders, those that have to be made. None
    where that would be a large share of all."""
    differing = {
        name: {part for part in {*old, *after[name]} if old.get(part) != after[name].get(part)}
        for name, old in before.items()
    }
    products, days = differing.get("core.products", set()), {day for day, _ in differing.get("mart.rates", ())}
    if len(products) > MOST or len(days) > MOST:
        return None
    found = {name: frozenset(part[0] for part in differing.get(name, ())) for name in COMPARED}
    found["mart.rates"] = frozenset(day.replace(day=1) for day in days)
    orders = found["mart.rates"].union(*(found[name] for name in OF_SALES), _showing(into, products, days))
    refunds = {*before.get("core.refunds", ()), *after["core.refunds"]}
    sales = orders | {shown for month, shown in refunds if month in orders}
    lines = after["core.order_lines"]
    much = sum(n for (month, _), (_, n) in lines.items() if month in sales) * ONE_IN > sum(n for _, n in lines.values())
    return None if much else {**found, ORDERS: orders, SALES: sales}


def _showing(into: Warehouse, products: Iterable[tuple[Any, ...]], days: Iterable[date]) -> Months:
    """The months of the orders that show these products, or are refunded on these days."""
    asked = []
    if keys := ", ".join(f"({literal(source)}, {literal(product)})" for source, product in sorted(products)):
        asked = [f"{name} WHERE (source, product_id) IN ({keys})" for name in ("core.order_lines", "core.refunds")]
    if listed := ", ".join(f"DATE '{day}'" for day in sorted(days)):
        asked.append(f"core.refunds WHERE refund_date IN ({listed})")
    if not asked:
        return frozenset()
    sql = " UNION ".join(f"SELECT _month AS month FROM {one}" for one in asked)
    return frozenset(into.query(sql).read_all()["month"].to_pylist())


def _sharing(into: Warehouse, orders: Months) -> Months:
    """These months, and those that share a basket with them, as it was split before or is now."""
    if not orders:
        return orders
    sql = f"""WITH placed AS (
          SELECT source, basket, order_date AS day FROM {SOLD} UNION ALL SELECT source, basket, date FROM {SPLIT}
        ), baskets AS (
          SELECT source, basket FROM placed WHERE {within("day", orders)} GROUP BY source, basket
        )
        SELECT DISTINCT CAST(date_trunc('month', p.day) AS DATE) AS month
        FROM placed AS p JOIN baskets AS b ON b.source = p.source AND b.basket = p.basket"""
    return orders | frozenset(into.query(sql).read_all()["month"].to_pylist())


# -- what makes them ------------------------------------------------------------------------------------------------


def _own(name: str, months: Mapping[str, Months]) -> Months:
    """The months of a table that have to be made: those of what it reads."""
    if name not in MONTHLY:
        return months[name]
    mart = MONTHLY[name]
    looked_at = {name, "mart.rates", *mart.over, *mart.beside}
    own = frozenset[Month]().union(*(months.get(table, ()) for table in looked_at))
    return own | {_years_later(month, 1) for month in own} if mart.a_year_later else own


def _of(one: Made, months: Mapping[str, Months]) -> Iterator[str]:
    """What replaces a table's rows of the months that have changed; nothing where none has."""
    own, sales, orders, beside = months[one.name], months[SALES], months[ORDERS], frozenset[str]()
    if one.name == SALES:
        # Orders are still as they were: what is to go are these months' sales and the refunds of their orders.
        rows = [
            f"""{within("t.date", sales)} AND EXISTS (SELECT 1 FROM {ORDERS} AS o
            WHERE {within("o.date", orders)} AND o.source = t.source AND o.order_id = t.order_id)"""
        ]
        rows += [f"{within('t.date', sales)} AND t.order_id IS NULL"] if None in orders else []
        some = {
            SOLD: within("order_date", orders),
            "core.order_lines": within("_month", orders),
            "core.refunds": f"{within('_month', orders)} AND {within('refund_date', sales)}",
        }
    elif one.name == ORDERS:
        rows = [within("t.date", own)]
        some = {SOLD: within("order_date", own), SALES: within("date", sales)}
    else:
        mart = MONTHLY[one.name]
        beside = mart.beside
        read = own | {_years_later(month, -1) for month in own} if mart.a_year_later else own
        rows = [within(f"t.{mart.day}", own)]
        some = {table: within(day, read) for table, day in mart.over.items()}
    if own:
        yield from (f"DELETE FROM {one.name} AS t WHERE {which}" for which in rows)
        made = over(one.select, {table: f"(SELECT * FROM {table} WHERE {which})" for table, which in some.items()})
        yield f"INSERT INTO {one.name} " + (f"SELECT t.* FROM ({made}) AS t WHERE {rows[0]}" if beside else made)


def _years_later(month: Month, n: int) -> Month:
    return month.replace(year=month.year + n) if month else None


def between(first: str, last: str) -> Months:
    """The months from one day to another, both as ISO writes them."""
    ends = sorted(date.fromisoformat(day).replace(day=1) for day in (first, last))
    count = (ends[1].year - ends[0].year) * 12 + ends[1].month - ends[0].month
    numbers = (ends[0].month - 1 + n for n in range(count + 1))
    return frozenset(date(ends[0].year + n // 12, n % 12 + 1, 1) for n in numbers)


def within(column: str, months: Collection[Month]) -> str:
    """Whether a day lies in one of these months, which are named as constants, those that follow each other at once."""
    spans: list[tuple[date, date]] = []
    for month in sorted(month for month in months if month):
        after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        spans[-1:] = [(spans[-1][0], after)] if spans and spans[-1][1] == month else [*spans[-1:], (month, after)]
    tests = [f"{column} >= DATE '{first}' AND {column} < DATE '{after}'" for first, after in spans]
    return f"({' OR '.join([*tests, *([f'{column} IS NULL'] if None in months else [])])})"
