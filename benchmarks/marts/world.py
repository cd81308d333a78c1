"""A large company's core tables, made by DuckDB itself: orders of five lines, refunds, invoices, stock, visits."""

from __future__ import annotations

import json
from pathlib import Path

from echannel_connectors import DuckDB
from echannel_connectors.destinations import commit
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.made import tables

LINES = 5  # of an order
DAYS = 1095
SOURCES = ("shop", "web")
CORE = frozenset(f"core.{name}" for name in TABLES)

# {orders}, {customers}, {products}: how many there are; {since}: the first day. Amounts follow from the numbers, so
# that every run builds the same figures.
ROWS = {
    "customers": """SELECT 'shop' AS source, n::VARCHAR AS customer_id,
        CASE WHEN n % 10 = 0 THEN 'b2b' ELSE 'b2c' END AS kind,
        CASE WHEN n % 10 = 0 THEN 'Société ' || n END AS company, ['FR', 'GB', 'DE', 'BE'][1 + n % 4] AS country,
        {since} + INTERVAL (n % 900) DAY AS created_at, md5(n::VARCHAR) AS email_hash
        FROM range({customers}) AS t(n)""",
    "products": """SELECT 'shop' AS source, n::VARCHAR AS product_id, '' AS variant_id, 'SKU-' || n AS sku,
        'Produit ' || n AS name, 'Rayon ' || n % 40 AS category, 'Marque ' || n % 100 AS brand,
        (n % 50)::VARCHAR AS supplier_id, 3 + n % 40 AS unit_cost, 10 + n % 100 AS unit_price_net, 'EUR' AS currency,
        {since} AS created_at FROM range({products}) AS t(n)""",
    "orders": """SELECT 'shop' AS source, n::VARCHAR AS order_id, 'R' || n AS reference, 'R' || n AS basket,
        '' AS store, (hash(n) % {customers})::VARCHAR AS customer_id, ['b2c_web', 'b2b_web',
        'marketplace'][1 + n % 3] AS channel,
        'completed' AS status, n % 50 <> 0 AS is_sale, {since} + INTERVAL (n * {days} // {orders}) DAY AS ordered_at,
        CAST({since} + INTERVAL (n * {days} // {orders}) DAY AS DATE) AS order_date,
        ['FR', 'GB', 'DE', 'BE'][1 + n % 4] AS country, CASE WHEN n % 4 = 1 THEN 'GBP' ELSE 'EUR' END AS currency,
        CASE WHEN n % 4 = 1 THEN 1.17 ELSE 1 END AS fx_rate, {lines} * (10 + n % 90) AS goods_net, 0 AS discount_net,
        4.5 AS shipping_net, 0 AS rounding_net, {lines} * (10 + n % 90) + 4.5 AS total_net,
        ({lines} * (10 + n % 90) + 4.5) * 0.2 AS total_tax, ({lines} * (10 + n % 90) + 4.5) * 1.2 AS total_gross,
        0 AS store_credit_net, 0 AS store_credit_gross, ['card', 'transfer'][1 + n % 2] AS payment_method,
        {since} + INTERVAL (n * {days} // {orders}) DAY AS paid_at,
        {since} + INTERVAL (n * {days} // {orders} + 2) DAY AS shipped_at, 'Poste' AS carrier, TRUE AS is_tracked
        FROM range({orders}) AS t(n)""",
    "order_lines": """SELECT 'shop' AS source, (n // {lines})::VARCHAR AS order_id, (n % {lines})::VARCHAR AS line_id,
        (hash(n) % {products})::VARCHAR AS product_id, '' AS variant_id, 'SKU-' || hash(n) % {products} AS sku,
        'Produit ' || hash(n) % {products} AS name, 1 AS quantity, 10 + (n // {lines}) % 90 AS unit_price_net,
        0 AS discount_net, 10 + (n // {lines}) % 90 AS amount_net, (10 + (n // {lines}) % 90) * 0.2 AS amount_tax,
        0.2 AS tax_rate, 3 + hash(n) % 40 AS unit_cost, 'EUR' AS unit_cost_currency, 1 AS unit_cost_fx_rate,
        'of_the_day' AS cost_kind, 1 AS delivered_quantity FROM range({lines} * {orders}) AS t(n)""",
    "refunds": """SELECT 'shop' AS source, n::VARCHAR AS refund_id, '0' AS line_id, (n * 40 + 1)::VARCHAR AS order_id,
        (hash((n * 40 + 1) * {lines}) % {products})::VARCHAR AS product_id, '' AS variant_id, 1 AS quantity,
        TRUE AS back_to_stock, {since} + INTERVAL ((n * 40 + 1) * {days} // {orders} + 9) DAY AS refunded_at,
        CAST({since} + INTERVAL ((n * 40 + 1) * {days} // {orders} + 9) DAY AS DATE) AS refund_date, 10 AS amount_net,
        2 AS amount_tax, 0 AS shipping_net, 'EUR' AS currency, 1 AS fx_rate FROM range({orders} // 40) AS t(n)""",
    "invoices": """SELECT 'shop' AS source, n::VARCHAR AS invoice_id, 'F' || n AS number, 'invoice' AS kind,
        (hash(n) % {customers})::VARCHAR AS customer_id, n::VARCHAR AS order_id,
        CAST({since} + INTERVAL (n * {days} // {orders}) DAY AS DATE) AS invoice_date,
        CAST({since} + INTERVAL (n * {days} // {orders} + 30) DAY AS DATE) AS due_date, 'EUR' AS currency, 1 AS fx_rate,
        100 AS amount_net, 20 AS amount_tax, 120 AS amount_gross,
        CASE WHEN n % 60 = 0 THEN 120 ELSE 0 END AS amount_open,
        CASE WHEN n % 60 = 0 THEN 'open' ELSE 'paid' END AS status FROM range({orders}) AS t(n)""",
    "stock_levels": """SELECT 'shop' AS source, n::VARCHAR AS product_id, '' AS variant_id, '' AS warehouse_id,
        n % 30 AS on_hand, n % 30 AS available, 0 AS incoming FROM range({products}) AS t(n)""",
    "traffic": """SELECT 'web' AS source, CAST({since} + INTERVAL (n // 40) DAY AS DATE) AS date,
        ['FR', 'GB', 'DE', 'BE'][1 + n % 4] AS country, 'Channel ' || n % 10 AS channel_group,
        'source ' || n % 10 AS source_medium, '' AS campaign, 'desktop' AS device, 50 AS sessions,
        40 AS engaged_sessions, 90 AS item_views,
        9 AS add_to_carts, 5 AS checkouts, 2 AS purchases, 100 AS revenue_gross, 0 AS revenue_refunded,
        'EUR' AS currency
        FROM range({days} * 40) AS t(n)""",
    "web_orders": """SELECT 'web' AS source, 'R' || n AS transaction_id,
        CAST({since} + INTERVAL (n * {days} // {orders}) DAY AS DATE) AS date, 'Channel ' || n % 10 AS channel_group,
        'source ' || n % 10 AS source_medium, '' AS campaign, 'FR' AS country, 'desktop' AS device,
        100 AS revenue_gross, 0 AS revenue_refunded, 'EUR' AS currency FROM range({orders}) AS t(n) WHERE n % 5 <> 0""",
}  # fmt: skip


def make(file: Path, orders: int) -> None:
    """Raw tables of so many orders, the last of them today, in core's shape, as an ERP's are; core, and no mart."""
    into = DuckDB(file, memory_mib=2048)
    values = values_of(orders)
    with into.hold():
        into.execute(
            commit.KNOWN_SOURCES, *(f"INSERT INTO echannel.sources VALUES ('{name}', NULL)" for name in SOURCES)
        )
        for name, select in ROWS.items():
            table = TABLES[name]
            source = "web" if "'web' AS source" in select else "shop"
            columns = ", ".join(f'"{column}" {table.sql_type(column)}' for column in table.types)
            into.execute(
                f"CREATE TABLE raw.{source}__{name} ({columns}, _changed_at TIMESTAMPTZ, _deleted_at TIMESTAMPTZ)",
                f"INSERT INTO raw.{source}__{name} BY NAME "
                f"SELECT * EXCLUDE (source), now() AS _changed_at FROM ({select.format(**values)})",
            )
        core = [one for one in tables(into, [], Company(), None) if one.name in CORE]
        today = Company().today().isoformat()
        signs = json.dumps({one.name: one.sign(today) for one in core})
        into.execute(*(sql for one in core for sql in one.statements), (commit.SIGNED, {"signs": signs}))


def values_of(orders: int) -> dict[str, object]:
    """What the names in ROWS stand for."""
    return {
        "orders": orders, "customers": max(orders // 5, 1), "products": max(min(orders // 40, 20_000), 1), "days": DAYS,
        "lines": LINES, "since": f"(CAST(now() AS TIMESTAMP) - INTERVAL {DAYS - 1} DAY)",
    }  # fmt: skip


def a_day(into: DuckDB, orders: int) -> None:
    """What a sync brings in a day: as many new orders as an average day has, with their visits, as many that are
    shipped or edited, some refunds, and another stock of every product."""
    more = max(orders // DAYS, 1)
    everything = values_of(orders + more)
    new = {name: ROWS[name].format(**everything) for name in ("orders", "order_lines", "web_orders")}
    key = {"orders": "order_id", "order_lines": "order_id", "web_orders": "ltrim(transaction_id, 'R')"}
    into.execute(
        *(
            f"INSERT INTO raw.{source}__{name} BY NAME SELECT * EXCLUDE (source), now() AS _changed_at "
            f"FROM ({new[name]}) WHERE CAST({key[name]} AS BIGINT) >= {orders}"
            for name, source in (("orders", "shop"), ("order_lines", "shop"), ("web_orders", "web"))
        ),
        f"UPDATE raw.shop__orders SET status = 'shipped', total_net = total_net + 1, _changed_at = now() "
        f"WHERE CAST(order_id AS BIGINT) BETWEEN {orders - more} AND {orders - 1}",
        f"INSERT INTO raw.shop__refunds BY NAME SELECT refund_id || '-2' AS refund_id, '1' AS line_id, "
        f"* EXCLUDE (refund_id, line_id, _changed_at), now() AS _changed_at FROM raw.shop__refunds "
        f"LIMIT {more // 10 + 1}",
        "UPDATE raw.shop__stock_levels SET on_hand = on_hand + 1, _changed_at = now()",
        *(
            (commit.CHANGED, {"name": f"raw.{name}"})
            for name in ("shop__orders", "shop__order_lines", "web__web_orders", "shop__refunds", "shop__stock_levels")
        ),
    )
