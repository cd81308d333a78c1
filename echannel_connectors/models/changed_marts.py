"""The marts and the steps on the way to them by the rows that have changed: visits, orders, customers, products.

Each follows from those before it by temporary tables: keys_*, rows_* and before_* of core, changed_* of what was
compared, touched (orders to look at again), rows_sales and so on. Whatever reads a row that may have changed is made
again by the very SELECT that makes the whole table, over the rows that belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from echannel_connectors.models.made import Made
from echannel_connectors.models.row_sql import differing, is_in, over, replaced, rows_in, temp, view

MATCHES, WAYS, VISITS = "core.web_matches", "core.web_ways", "core.visits"
SOLD, SALES, ORDERS = "core.sold_orders", "mart.sales", "mart.orders"
REPEATED, PRODUCTS, BUYERS = "core.repeated_lines", "core.product_sales", "core.buyers"

ORDER = ("source", "order_id")
BASKET = ("source", "basket")
CUSTOMER = ("source", "customer_id")
BUYER = ("customer_source", "customer_id")
PURCHASE = ("web_source", "transaction_id", "date")
PRODUCT = ("source", "product_id", "variant_id", "market", "sku", "kind")
SUMS = ("lines", "quantity", "net_base", "discount_base", "margin_base", "cost_known_net_base")


@dataclass(frozen=True, slots=True)
class Work:
    """What a build makes, which of it is outdated, and which of that is brought up to date by rows."""

    made: Mapping[str, Made]
    old: Collection[str]
    rows: Collection[str]

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
    yield temp("some_web_orders", rows_in("core.web_orders", "transactions", key))
    yield temp("before_matches", rows_in(MATCHES, "transactions", key))
    yield temp("rows_matches", over(work.select(MATCHES), {"core.web_orders": "some_web_orders"}))
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
    yield temp("some_matches", rows_in(MATCHES, "purchases", PURCHASE))
    select = over(work.select(VISITS), {MATCHES: "some_matches"})
    yield temp("rows_visits", f"SELECT t.* FROM ({select}) AS t WHERE {is_in('baskets', BASKET)}")
    before = rows_in(VISITS, "baskets", BASKET)
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
    """The orders that share a basket or a person with those, before or now, over all orders of these baskets; what is
    different then is touched as well."""
    yield from _touched(work)
    baskets = "SELECT source, coalesce(basket, order_id) AS basket, order_id FROM core.orders"
    orders = f"({baskets}) AS t"
    yield temp(
        "baskets",
        f"""SELECT t.source, t.basket FROM {SOLD} AS t WHERE {is_in("touched", ORDER)}
        UNION SELECT t.source, t.basket FROM {orders} WHERE {is_in("touched", ORDER)}""",
    )
    yield temp(
        "related",
        f"""SELECT source, order_id FROM touched
        UNION SELECT t.source, t.order_id FROM {orders} WHERE {is_in("baskets", BASKET)}""",
    )
    # Who bought an order that has not changed is the same person as before.
    yield temp(
        "persons",
        f"""SELECT t.person FROM {SOLD} AS t WHERE {is_in("related", ORDER)} AND t.person IS NOT NULL
        UNION SELECT coalesce(p.person, t.source || '/' || t.customer_id) FROM core.orders AS t
          LEFT JOIN core.people AS p ON p.source = t.source AND p.customer_id = t.customer_id
          WHERE {is_in("related", ORDER)}""",
    )
    yield temp(
        "shown",
        f"""SELECT source, order_id FROM related
        UNION SELECT source, order_id FROM {SOLD} WHERE person IN (SELECT person FROM persons)""",
    )
    yield temp("baskets", f"SELECT DISTINCT t.source, t.basket FROM {orders} WHERE {is_in('shown', ORDER)}")
    mates = f"SELECT t.source, t.order_id FROM {orders} WHERE {is_in('baskets', BASKET)}"
    yield temp("needed", f"SELECT source, order_id FROM shown UNION {mates}")
    yield temp("some_orders", rows_in("core.orders", "needed", ORDER))
    select = over(work.select(SOLD), {"core.orders": "some_orders"})
    yield temp("rows_sold", f"SELECT t.* FROM ({select}) AS t WHERE {is_in('shown', ORDER)}")
    before = rows_in(SOLD, "shown", ORDER)
    yield temp(
        "changed_sold", f"SELECT DISTINCT source, order_id FROM ({differing('SELECT * FROM rows_sold', before)})"
    )
    yield from replaced(SOLD, "rows_sold", "changed_sold", ORDER)
    yield f"INSERT INTO touched SELECT t.source, t.order_id FROM changed_sold AS t WHERE NOT {is_in('touched', ORDER)}"


def _sales(work: Work) -> Iterator[str]:
    if SOLD not in work.rows:
        yield from _touched(work)
    if PRODUCTS in work.rows:
        yield view("sales_before", rows_in(SALES, "touched", ORDER))
        yield temp("before_product_sales", over(work.select(PRODUCTS), {SALES: "sales_before"}))
    some = {SOLD: "some_sold", "core.order_lines": "some_lines", "core.refunds": "some_refunds"}
    for table, name in some.items():
        yield temp(name, rows_in(table, "touched", ORDER))
    yield temp("rows_sales", over(work.select(SALES), some))
    yield from replaced(SALES, "rows_sales", "touched", ORDER)


def _orders(work: Work) -> Iterator[str]:
    """From the same sold orders as their sales: those change with whatever changes an order."""
    if SOLD not in work.rows:
        yield temp("some_orders", rows_in("core.orders", "touched", ORDER))
    some = {SOLD: "some_sold", SALES: "rows_sales", "core.orders": "some_orders"}
    yield temp("rows_orders", over(work.select(ORDERS), some))
    if BUYERS in work.rows:
        rows = f"{rows_in(ORDERS, 'touched', ORDER)} UNION ALL SELECT * FROM rows_orders"
        yield temp("touched_buyers", f"SELECT DISTINCT {', '.join(BUYER)} FROM ({rows}) WHERE customer_id IS NOT NULL")
    yield from replaced(ORDERS, "rows_orders", "touched", ORDER)


def _repeated(work: Work) -> Iterator[str]:
    yield temp("rows_repeated", over(work.select(REPEATED), {SALES: "rows_sales"}))
    yield from replaced(REPEATED, "rows_repeated", "touched", ORDER)


# -- customers and products -----------------------------------------------------------------------------------------


def _buyers(work: Work) -> Iterator[str]:
    """The customers who are or were those of a touched order, from all their orders."""
    yield view("orders_of_buyers", rows_in(ORDERS, "touched_buyers", BUYER))
    yield temp("rows_buyers", over(work.select(BUYERS), {ORDERS: "orders_of_buyers"}))
    yield from replaced(BUYERS, "rows_buyers", "touched_buyers", BUYER)


def _product_sales(work: Work) -> Iterator[str]:
    """Sums: what they were, less the touched orders' rows as they were, with these rows as they are. The first and last
    day are found again among all rows where they were on a day that has lost its row."""
    yield temp("rows_product_sales", over(work.select(PRODUCTS), {SALES: "rows_sales"}))
    keys = ", ".join(PRODUCT)
    yield temp(
        "touched_products", f"SELECT {keys} FROM before_product_sales UNION SELECT {keys} FROM rows_product_sales"
    )
    parts = (
        ("was", "", f"({rows_in(PRODUCTS, 'touched_products', PRODUCT)}) AS t"),
        ("gone", "-", "before_product_sales AS t"),
        ("come", "", "rows_product_sales AS t"),
    )
    added = " UNION ALL ".join(
        f"""SELECT '{part}' AS part, {keys}, {", ".join(f"{sign}t.{name} AS {name}" for name in SUMS)},
            first_day, last_day FROM {rows}"""
        for part, sign, rows in parts
    )
    days = ", ".join(
        f"min(first_day) FILTER (WHERE part = '{part}') AS {part}_first, "
        f"max(last_day) FILTER (WHERE part = '{part}') AS {part}_last"
        for part, _, _ in parts
    )
    sums = ", ".join(f"sum({name}) AS {name}" for name in SUMS)
    unsure = """(gone_first <= was_first AND coalesce(come_first > gone_first, TRUE))
        OR (gone_last >= was_last AND coalesce(come_last < gone_last, TRUE))"""
    summed = f"SELECT {keys}, {sums}, {days} FROM ({added}) GROUP BY {keys}"
    yield temp("moved", f"SELECT *, coalesce({unsure}, FALSE) AS is_unsure FROM ({summed})")
    yield temp("unsure", f"SELECT {keys} FROM moved WHERE is_unsure AND lines > 0")
    yield view("sales_of_unsure", rows_in(SALES, "unsure", PRODUCT))
    yield temp(
        "rows_product_sales",
        f"""SELECT {keys}, {", ".join(SUMS)}, least(was_first, come_first) AS first_day,
            greatest(was_last, come_last) AS last_day
        FROM moved WHERE lines > 0 AND NOT is_unsure
        UNION ALL {over(work.select(PRODUCTS), {SALES: "sales_of_unsure"})}""",
    )
    yield from replaced(PRODUCTS, "rows_product_sales", "touched_products", PRODUCT)


# How each is brought up to date, in the order in which they follow from each other.
STEPS: Mapping[str, Callable[[Work], Iterator[str]]] = {
    MATCHES: _matches, VISITS: _visits, SOLD: _sold, SALES: _sales, ORDERS: _orders, REPEATED: _repeated,
    BUYERS: _buyers, PRODUCTS: _product_sales,
}  # fmt: skip
