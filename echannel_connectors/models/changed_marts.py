"""The marts and the steps on the way to them by the rows that have changed: visits, orders, customers, products.

Each follows from those before it by temporary tables: keys_*, rows_* and before_* of core, changed_* of what was
compared, touched (orders to look at again), rows_sales and so on. Whatever reads a row that may have changed is made
again by the very SELECT that makes the whole table, over the rows that belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from echannel_connectors.models.made import Made
from echannel_connectors.models.row_sql import differing, is_in, over, replaced, rows_in, temp

MATCHES, WAYS, VISITS = "core.web_matches", "core.web_ways", "core.visits"
SOLD, SALES, ORDERS = "core.sold_orders", "mart.sales", "mart.orders"
REPEATED, BUYERS, WAITING = "core.repeated_lines", "core.buyers", "core.waiting_invoices"

ORDER = ("source", "order_id")
BASKET = ("source", "basket")
CUSTOMER = ("source", "customer_id")
INVOICE = ("source", "invoice_id")
BUYER = ("customer_source", "customer_id")
PURCHASE = ("web_source", "transaction_id", "date")
PLACE = ("order_sequence", "is_first_of_basket")  # what an order has from others


@dataclass(frozen=True, slots=True)
class Sums:
    """A table of sums over the rows of another one: its key, the column that counts the rows of a group, and the first
    and last day of them."""

    of: str
    key: tuple[str, ...]
    count: str
    days: tuple[str, ...] = ()


# The rows that are looked at, as they are now.
NOW = {MATCHES: "rows_matches", SALES: "rows_sales", ORDERS: "rows_orders", BUYERS: "orders_now"}
SUMS = {
    "core.web_counts": Sums(MATCHES, ("web_source", "source", "told"), "matches"),
    "core.product_sales": Sums(
        SALES, ("source", "product_id", "variant_id", "market", "sku", "kind"), "lines", ("first_day", "last_day")
    ),
    "core.tax_sums": Sums(SALES, ("month", "market", "tax_rate", "source", "currency", "is_refund"), "lines"),
    "core.order_sums": Sums(
        ORDERS, ("date", "source", "store", "channel", "market", "currency", "customer_kind"), "orders"
    ),
    "core.visit_sums": Sums(
        ORDERS, ("date", "market", "channel_group", "source_medium", "campaign"), "matchable_orders"
    ),
    "core.cohort_sums": Sums(ORDERS, ("cohort_month", "market", "months_since"), "orders"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """What a build makes, which of it is outdated, which of that is brought up to date by rows, and the columns of the
    tables that are there."""

    made: Mapping[str, Made]
    old: Collection[str]
    rows: Collection[str]
    columns: Mapping[str, tuple[str, ...]]

    def select(self, name: str) -> str:
        return self.made[name].select


# -- visits ---------------------------------------------------------------------------------------------------------


def _matches(work: Work) -> Iterator[str]:
    """All that may match the transaction ids of the purchases and orders that have changed."""
    ids = {
        "core.web_orders": "SELECT transaction_id FROM keys_web_orders",
        "core.orders": """SELECT order_id AS transaction_id FROM keys_orders
            UNION SELECT reference FROM before_orders WHERE reference IS NOT NULL
            UNION SELECT reference FROM rows_orders WHERE reference IS NOT NULL""",
    }
    yield temp("transactions", " UNION ".join(sql for name, sql in ids.items() if name in work.rows))
    key = ("transaction_id",)
    yield temp("some_web_orders", rows_in("core.web_orders", ("transactions", key)))
    yield temp("before_matches", rows_in(MATCHES, ("transactions", key)))
    yield temp("rows_matches", over(work.select(MATCHES), {"core.web_orders": "some_web_orders"}))
    yield from _before(work, MATCHES, "before_matches")
    yield from replaced(MATCHES, "rows_matches", "transactions", key)


def _visits(work: Work) -> Iterator[str]:
    """The visits of the baskets that these transactions match or matched; of all of a GA4 that has another way now."""
    yield temp(
        "baskets",
        f"""SELECT source, basket FROM before_matches UNION SELECT source, basket FROM rows_matches
        UNION SELECT t.source, t.basket FROM {MATCHES} AS t WHERE {is_in("changed_web_ways", ("web_source",))}""",
    )
    yield temp(
        "purchases", f"SELECT DISTINCT {', '.join(PURCHASE)} FROM {MATCHES} AS t WHERE {is_in('baskets', BASKET)}"
    )
    yield temp("some_matches", rows_in(MATCHES, ("purchases", PURCHASE)))
    select = over(work.select(VISITS), {MATCHES: "some_matches"})
    yield temp("rows_visits", f"SELECT t.* FROM ({select}) AS t WHERE {is_in('baskets', BASKET)}")
    before = rows_in(VISITS, ("baskets", BASKET))
    yield temp(
        "changed_visits", f"SELECT DISTINCT source, basket FROM ({differing('SELECT * FROM rows_visits', before)})"
    )
    yield from replaced(VISITS, "rows_visits", "changed_visits", BASKET)


# -- orders ---------------------------------------------------------------------------------------------------------


def _touched(work: Work) -> Iterator[str]:
    """touched: the orders whose rows may be others now, by themselves or by what they read."""
    shown = {
        "core.products": (SALES, ("source", "product_id", "variant_id")),
        "core.people": ("core.orders", CUSTOMER),
        VISITS: (SOLD, BASKET),
    }
    of = {
        "core.orders": "SELECT source, order_id FROM keys_orders",
        "core.order_lines": "SELECT source, order_id FROM keys_order_lines",
        "core.refunds": "SELECT source, order_id FROM before_refunds UNION SELECT source, order_id FROM rows_refunds",
        "mart.rates": f"""SELECT source, order_id FROM {SOLD} WHERE order_date IN (SELECT date FROM changed_rates)
            UNION SELECT source, order_id FROM core.refunds WHERE refund_date IN (SELECT date FROM changed_rates)""",
    } | {
        name: f"SELECT t.source, t.order_id FROM {table} AS t WHERE {is_in(name.replace('core.', 'changed_'), key)}"
        for name, (table, key) in shown.items()
    }
    found = [sql for name, sql in of.items() if name in work.rows]
    if "core.web_orders" in work.old:
        days = "SELECT min(date) AS first_day, max(date) AS last_day FROM core.web_orders WHERE _deleted_at IS NULL"
        is_web = "t.channel IN ('b2c_web', 'b2b_web') AND t.order_date BETWEEN w.first_day AND w.last_day"
        found.append(f"""SELECT t.source, t.order_id FROM {SOLD} AS t CROSS JOIN ({days}) AS w
            WHERE t.is_on_the_web IS DISTINCT FROM coalesce({is_web}, FALSE)""")
    yield temp("touched", " UNION ".join(found))


def _sold(work: Work) -> Iterator[str]:
    """The orders that share a basket or a person with those, before or now, over all orders of these baskets; those of
    them that come in another place now are touched as well."""
    yield from _touched(work)
    basket = "coalesce(t.basket, t.order_id) AS basket"
    yield temp(
        "touched_orders",
        rows_in("core.orders", ("touched", ORDER), columns=("source", "order_id", "customer_id", "basket")),
    )
    was = f"SELECT t.source, {basket} FROM before_orders AS t UNION" if "core.orders" in work.rows else ""
    yield temp("baskets", f"{was} SELECT t.source, {basket} FROM touched_orders AS t")
    related = ("touched", ORDER), ("baskets", BASKET)
    yield temp("related", rows_in(SOLD, *related, columns=("rowid AS row_id", "person")))
    # Who bought an order that has not changed is the same person as before.
    yield temp(
        "persons",
        """SELECT person FROM related WHERE person IS NOT NULL
        UNION SELECT coalesce(p.person, t.source || '/' || t.customer_id) FROM touched_orders AS t
          LEFT JOIN core.people AS p ON p.source = t.source AND p.customer_id = t.customer_id
          WHERE t.customer_id IS NOT NULL""",
    )
    place = ("rowid AS row_id", "source", "order_id", "basket", *PLACE)
    yield temp("shown", rows_in(SOLD, ("persons", ("person",)), columns=place, known="related"))
    yield f"INSERT INTO baskets SELECT t.source, t.basket FROM shown AS t WHERE NOT {is_in('baskets', BASKET)}"
    orders = f"(SELECT rowid, source, {basket} FROM core.orders AS t)"
    needed = f"SELECT t.rowid FROM {orders} AS t WHERE {is_in('baskets', BASKET)}"
    columns = ", ".join(_named(work, "core.orders", (SOLD,)))
    yield temp("some_orders", f"SELECT {columns} FROM core.orders WHERE rowid IN ({needed})")
    yield temp("some_visits", rows_in(VISITS, ("baskets", BASKET)))
    select = over(work.select(SOLD), {"core.orders": "some_orders", VISITS: "some_visits"})
    shown = f"{is_in('shown', ORDER)} OR {is_in('touched', ORDER)}"
    yield temp("rows_sold", f"SELECT t.* FROM ({select}) AS t WHERE {shown}")
    told = ", ".join((*ORDER, *PLACE))
    moved = differing(f"SELECT {told} FROM rows_sold", f"SELECT {told} FROM shown")
    moved = f"SELECT DISTINCT source, order_id FROM ({moved})"
    yield f"INSERT INTO touched SELECT t.* FROM ({moved}) AS t WHERE NOT {is_in('touched', ORDER)}"
    yield f"DELETE FROM {SOLD} WHERE rowid IN (SELECT t.row_id FROM shown AS t WHERE {is_in('touched', ORDER)})"
    yield f"INSERT INTO {SOLD} SELECT t.* FROM rows_sold AS t WHERE {is_in('touched', ORDER)}"


def _sales(work: Work) -> Iterator[str]:
    if SOLD in work.rows:
        yield temp("some_sold", f"SELECT t.* FROM rows_sold AS t WHERE {is_in('touched', ORDER)}")
    else:
        yield from _touched(work)
        yield temp("some_sold", rows_in(SOLD, ("touched", ORDER)))
    for table, name in (("core.order_lines", "some_lines"), ("core.refunds", "some_refunds")):
        yield temp(name, rows_in(table, ("touched", ORDER), columns=_named(work, table, (SALES,))))
    some = {SOLD: "some_sold", "core.order_lines": "some_lines", "core.refunds": "some_refunds"}
    yield temp("rows_sales", over(work.select(SALES), some))
    yield temp(
        "sales_before", rows_in(SALES, ("touched", ORDER), columns=("rowid AS row_id", *_named(work, SALES, SUMS)))
    )
    yield from _before(work, SALES, "sales_before")
    yield f"DELETE FROM {SALES} WHERE rowid IN (SELECT row_id FROM sales_before)"
    yield f"INSERT INTO {SALES} SELECT * FROM rows_sales"


def _orders(work: Work) -> Iterator[str]:
    """From the same sold orders as their sales: those change with whatever changes an order. What follows of an order's
    customer is looked at with all orders of his, before and now."""
    yield temp("rows_orders", over(work.select(ORDERS), {SOLD: "some_sold", SALES: "rows_sales"}))
    named = {*BUYER, *_named(work, ORDERS, (BUYERS, *SUMS))}
    yield temp("orders_touched", rows_in(ORDERS, ("touched", ORDER), columns=("rowid AS row_id", *sorted(named))))
    yield from _before(work, ORDERS, "orders_touched")
    buyer = ", ".join(BUYER)
    rows = f"SELECT {buyer} FROM orders_touched UNION SELECT {buyer} FROM rows_orders"
    yield temp("touched_buyers", f"SELECT * FROM ({rows}) WHERE customer_id IS NOT NULL")
    columns = sorted({*ORDER, *BUYER, *_named(work, ORDERS, (BUYERS, *_of_buyers(work)))})
    yield temp("orders_before", rows_in(ORDERS, ("touched_buyers", BUYER), columns=columns))
    yield from _before(work, BUYERS, "orders_before")
    yield f"DELETE FROM {ORDERS} WHERE rowid IN (SELECT row_id FROM orders_touched)"
    yield f"INSERT INTO {ORDERS} SELECT * FROM rows_orders"
    told = ", ".join(columns)
    others = f"SELECT {told} FROM orders_before AS t WHERE NOT {is_in('touched', ORDER)}"
    yield temp("orders_now", f"{others} UNION ALL SELECT {told} FROM rows_orders WHERE customer_id IS NOT NULL")


def _repeated(work: Work) -> Iterator[str]:
    yield temp("rows_repeated", over(work.select(REPEATED), {SALES: "rows_sales"}))
    yield from replaced(REPEATED, "rows_repeated", "touched", ORDER)


def _buyers(work: Work) -> Iterator[str]:
    """The customers who are or were those of a touched order, from all their orders."""
    yield temp("rows_buyers", over(work.select(BUYERS), {ORDERS: "orders_now"}))
    yield from replaced(BUYERS, "rows_buyers", "touched_buyers", BUYER)


# -- invoices -------------------------------------------------------------------------------------------------------


def _waiting(work: Work) -> Iterator[str]:
    """The invoices that changed themselves, or whose order, customer or rate did; and those that are left out, or were,
    because another source has invoices of the same order."""
    yield temp(
        "doubles",
        """SELECT source, order_id, duplicate_of_source AS other_source, duplicate_of_order_id AS other_id
        FROM core.orders WHERE duplicate_of_order_id IS NOT NULL""",
    )
    orders = {
        "core.orders": "SELECT source, order_id FROM keys_orders",
        "core.invoices": """SELECT d.source, d.order_id FROM doubles AS d JOIN (
              SELECT source, order_id FROM before_invoices UNION SELECT source, order_id FROM rows_invoices
            ) AS i ON i.source = d.other_source AND i.order_id = d.other_id""",
    }
    found = [sql for name, sql in orders.items() if name in work.rows]
    yield temp("invoiced", " UNION ".join([*found, "SELECT source, order_id FROM doubles WHERE FALSE"]))
    ids = f"SELECT t.source, t.invoice_id FROM core.invoices AS t WHERE {is_in('invoiced', ORDER)}"
    of = {
        "core.invoices": "SELECT source, invoice_id FROM keys_invoices",
        "core.customers": f"""SELECT t.source, t.invoice_id FROM core.invoices AS t
            WHERE {is_in("keys_customers", CUSTOMER)}""",
        "mart.rates": """SELECT source, invoice_id FROM core.invoices
            WHERE invoice_date IN (SELECT date FROM changed_rates)""",
    }
    yield temp("touched_invoices", " UNION ".join([ids, *(sql for name, sql in of.items() if name in work.rows)]))
    yield temp("some_invoices", rows_in("core.invoices", ("touched_invoices", INVOICE)))
    # Those of the other source tell that there are some.
    yield temp(
        "others",
        """SELECT d.other_source AS source, d.other_id AS order_id FROM doubles AS d
        JOIN some_invoices AS i ON i.source = d.source AND i.order_id = d.order_id""",
    )
    yield f"""INSERT INTO some_invoices {rows_in("core.invoices", ("others", ORDER))}
        AND NOT {is_in("touched_invoices", INVOICE)}"""
    yield temp("rows_waiting", over(work.select(WAITING), {"core.invoices": "some_invoices"}))
    yield from replaced(WAITING, "rows_waiting", "touched_invoices", INVOICE)


# -- sums -----------------------------------------------------------------------------------------------------------


def _named(work: Work, table: str, by: Iterable[str]) -> tuple[str, ...]:
    """The columns of a table that those ask for which are brought up to date by its rows; one at least."""
    columns = work.columns[table]
    text = " ".join(work.select(name) for name in by if name in work.rows)
    return tuple(name for name in columns if re.search(rf"\b{name}\b", text)) or columns[:1]


def _of_buyers(work: Work) -> list[str]:
    """The sums over orders that look at their customers, too."""
    return [name for name in SUMS if name in work.rows and BUYERS in work.made[name].reads]


def _before(work: Work, table: str, rows: str) -> Iterator[str]:
    """before_*: what the rows that are looked at added to the sums until now: those over a table, or of buyers."""
    of_buyers = _of_buyers(work)
    names = [name for name, one in SUMS.items() if one.of == table and name in work.rows and name not in of_buyers]
    for name in of_buyers if table == BUYERS else names:
        yield temp(f"before_{_short(name)}", over(work.select(name), {SUMS[name].of: rows}))


def _summed(name: str, work: Work) -> Iterator[str]:
    """Sums are what they were, less what the rows added that are looked at, with what they add now. A first and a last
    day are found again among all rows where a row that was on that day is gone."""
    one, short = SUMS[name], _short(name)
    key = ", ".join(one.key)
    sums = [column for column in work.columns[name] if column not in {*one.key, *one.days}]
    now = NOW[BUYERS if name in _of_buyers(work) else one.of]
    yield temp(f"now_{short}", over(work.select(name), {one.of: now}))
    yield temp("keys", f"SELECT {key} FROM before_{short} UNION SELECT {key} FROM now_{short}")
    parts = (
        ("was", "", f"({rows_in(name, ('keys', one.key))}) AS t"),
        ("gone", "-", f"before_{short} AS t"),
        ("come", "", f"now_{short} AS t"),
    )
    days = "".join(f", {day}" for day in one.days)
    added = " UNION ALL ".join(
        f"""SELECT '{part}' AS part, {key}{days}, {", ".join(f"{sign}t.{column} AS {column}" for column in sums)}
        FROM {rows}"""
        for part, sign, rows in parts
    )
    made = ", ".join([key, *(f"sum({column}) AS {column}" for column in sums)])
    if not one.days:
        yield temp("rows_sums", f"SELECT {made} FROM ({added}) GROUP BY {key} HAVING sum({one.count}) > 0")
        yield from replaced(name, "rows_sums", "keys", one.key, columns=(*one.key, *sums))
        return
    first, last = one.days
    each = "".join(
        f", min({first}) FILTER (WHERE part = '{part}') AS {part}_first"
        f", max({last}) FILTER (WHERE part = '{part}') AS {part}_last"
        for part, _, _ in parts
    )
    yield temp("moved", f"SELECT {made}{each} FROM ({added}) GROUP BY {key} HAVING sum({one.count}) > 0")
    unsure = """coalesce((gone_first <= was_first AND coalesce(come_first > gone_first, TRUE))
        OR (gone_last >= was_last AND coalesce(come_last < gone_last, TRUE)), FALSE)"""
    yield temp("unsure", f"SELECT {key} FROM moved WHERE {unsure}")
    yield temp("rows_unsure", rows_in(one.of, ("unsure", one.key)))
    again = over(work.select(name), {one.of: "rows_unsure"})
    told = ", ".join([key, *sums])
    yield temp(
        "rows_sums",
        f"""SELECT {told}, least(was_first, come_first) AS {first}, greatest(was_last, come_last) AS {last}
        FROM moved WHERE NOT {unsure} UNION ALL SELECT {told}, {first}, {last} FROM ({again})""",
    )
    yield from replaced(name, "rows_sums", "keys", one.key, columns=(*one.key, *sums, first, last))


def _short(name: str) -> str:
    return name.partition(".")[2]


# How each is brought up to date.
STEPS: Mapping[str, Callable[[Work], Iterator[str]]] = {
    MATCHES: _matches, VISITS: _visits, SOLD: _sold, SALES: _sales, ORDERS: _orders, REPEATED: _repeated,
    BUYERS: _buyers, WAITING: _waiting, **{name: partial(_summed, name) for name in SUMS},
}  # fmt: skip
