"""What a connector feeds is derived from the marts' SQL, and is what DuckDB does with it."""

from __future__ import annotations

import duckdb
import pytest

from echannel_connectors import specs
from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.destinations.commit import BOOKS
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.mart_sql import mart_selects
from echannel_connectors.specs import Spec
from echannel_connectors.specs.feeds import OWN, mart_feed, marts, provided, read_columns, template_feed
from echannel_connectors.specs.rows import is_empty

EVERYTHING = {name: frozenset({*table.types, *OWN}) for name, table in TABLES.items()}


def without(*names: str) -> dict[str, frozenset[str]]:
    """Everything but these tables and columns (table.column)."""
    columns = dict(EVERYTHING)
    for name in names:
        table, _, column = name.partition(".")
        if column:
            columns[table] = columns[table] - {column}
        else:
            del columns[table]
    return columns


def test_with_everything_every_mart_is_fed() -> None:
    assert {mart: mart_feed(mart, EVERYTHING).state for mart in marts()} == dict.fromkeys(marts(), "fed")


@pytest.mark.parametrize(
    ("mart", "missing", "state", "needs"),
    [
        ("inventory", "stock_levels", "not", ("stock_levels",)),
        ("inventory", "products", "not", ("products",)),
        ("inventory", "suppliers", "partly", ()),
        ("inventory", "suppliers.lead_time_days", "partly", ()),
        ("inventory", "orders.payment_method", "fed", ()),
        ("orders", "orders", "not", ("orders",)),
        ("orders", "orders.is_sale", "not", ("orders.is_sale",)),
        ("orders", "products", "fed", ()),  # joined for nothing that is shown
        ("orders", "customers.email_hash", "partly", ()),  # through mart.sales
        ("sales_daily", "products.name", "fed", ()),
        ("sales_daily", "refunds", "partly", ()),
        ("freshness", "order_lines", "fed", ()),
    ],
)
def test_what_a_mart_needs(mart: str, missing: str, state: str, needs: tuple[str, ...]) -> None:
    feed = mart_feed(mart, without(missing))
    assert (feed.state, feed.needs) == (state, needs)
    if state == "partly":
        assert missing in (*feed.missing_tables, *feed.missing_columns)


def test_several_things_at_once() -> None:
    feed = mart_feed("inventory", without("stock_levels", "products.brand", "suppliers"))
    assert feed.needs == ("stock_levels",)
    assert feed.missing_tables == ("stock_levels", "suppliers")
    assert feed.missing_columns == ("products.brand",)


def test_a_template_is_fed_through_its_marts() -> None:
    reads = {"inventory": ["sku", "days_of_cover"], "sales_daily": ["net_base"]}
    assert template_feed("t", reads, EVERYTHING).state == "fed"
    assert template_feed("t", reads, without("products.brand")).state == "fed"  # a column that it does not show
    assert template_feed("t", reads, without("products.sku")).missing_columns == ("products.sku",)
    assert template_feed("t", reads, without("stock_levels")).state == "partly"
    assert template_feed("t", {"inventory": ["sku"]}, without("stock_levels")).needs == ("stock_levels",)
    assert template_feed("t", {"nowhere": ["x"], **reads}, EVERYTHING).missing_tables == ("mart.nowhere",)


@pytest.mark.parametrize("mart", marts())
def test_no_other_column_is_read(mart: str) -> None:
    """The columns that are said to be read suffice: over tables that have no others, every mart below it can be made."""
    made = list(mart_selects(Company()))
    made = made[: made.index(f"mart.{mart}") + 1]
    needed: dict[str, set[str]] = {}
    for below in made:
        for table, columns in read_columns(below.partition(".")[2]).items():
            needed.setdefault(table, set()).update(columns)
    with duckdb.connect() as connection:
        for books in BOOKS:
            connection.execute(books)
        for name, table in TABLES.items():
            types = {**{column: SQL_TYPES[word] for column, word in table.types.items()}, "source": "VARCHAR",
                     "_deleted_at": "TIMESTAMPTZ"}  # fmt: skip
            columns = ", ".join(f'"{column}" {types[column]}' for column in sorted(needed.get(name, {"source"})))
            connection.execute(f"CREATE TABLE core.{name} ({columns})")
        for below in made:
            connection.execute(f"CREATE TABLE {below} AS {mart_selects(Company())[below]}")


def test_only_what_holds_something_is_provided() -> None:
    spec = Spec.model_validate(
        {
            "connector": "acme",
            "tables": {
                "customers": {"from": "c", "key": "c.id", "columns": {"email": "c.mail", "country": "NULL"}},
                "products": {
                    "query": "SELECT 1 AS product_id, '' AS variant_id, CAST(NULL AS VARCHAR) AS sku, 'x' AS name"
                },
            },
        }
    )
    assert provided(spec)["customers"] - OWN == {"customer_id", "email", "email_hash"}
    assert provided(spec)["products"] - OWN == {"product_id", "variant_id", "name"}


# The table without which a mart has no rows; the others live on orders.
ROWS_FROM = {
    "rates": "fx_rates", "carts": "carts", "promotions": "order_discounts", "purchases": "purchase_lines",
    "receivables": "invoices", "receivables_monthly": "invoices", "inventory": "stock_levels",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted({*specs.names()} - {"ga4"}))
def test_our_own_connectors_feed_every_mart_whose_rows_they_have(name: str) -> None:
    columns = provided(specs.find(name))
    for mart in marts():
        assert (mart_feed(mart, columns).state == "not") == (ROWS_FROM.get(mart, "orders") not in columns), mart


def test_web_analytics_are_not_a_shops_to_give() -> None:
    """A connector with orders is not said to lack visits or what the company enters itself; a mart about visits says so."""
    gone = without("traffic", "web_orders", "web_items", "ad_costs", "traffic_users", "costs", "cost_rules", "targets")
    assert (mart_feed("sales", gone).state, mart_feed("products", gone).state) == ("fed", "fed")


@pytest.mark.parametrize(
    ("sql", "is_none"),
    [
        ("SELECT o.x FROM core.gone AS o", True),
        ("SELECT o.x FROM core.here AS o LEFT JOIN core.gone AS g ON g.x = o.x", False),
        ("SELECT o.x FROM core.here AS o JOIN core.gone AS g ON g.x = o.x", True),
        ("SELECT o.x FROM core.here AS o UNION ALL SELECT g.x FROM core.gone AS g", False),
        ("SELECT count(*) AS n FROM core.gone AS g", False),
        ("SELECT g.x, count(*) AS n FROM core.gone AS g GROUP BY g.x", True),
        ("SELECT g.x, row_number() OVER (ORDER BY g.x) AS n FROM core.gone AS g", True),
        ("WITH a AS (SELECT g.x FROM core.gone AS g) SELECT a.x FROM a AS a", True),
        ("SELECT o.x FROM core.here AS o WHERE o.unknown", True),
        ("SELECT o.x FROM core.here AS o WHERE o.x = 1 AND o.unknown > 2", True),
        ("SELECT o.x FROM core.here AS o WHERE o.x = 1 OR o.unknown > 2", False),
        ("SELECT o.x FROM core.here AS o WHERE o.unknown IS NULL", False),
        ("SELECT s.y FROM (SELECT o.unknown AS y FROM core.here AS o) AS s WHERE s.y = 1", True),
    ],
)
def test_whether_any_row_can_come_out(sql: str, is_none: bool) -> None:
    """The same as DuckDB finds with one row in a table that is there, and none in the one that is gone."""
    import sqlglot

    assert is_empty(sqlglot.parse_one(sql, read="duckdb"), {"here": frozenset({"x"})}) is is_none
    with duckdb.connect() as connection:
        connection.execute("""CREATE SCHEMA core; CREATE TABLE core.gone (x INTEGER);
            CREATE TABLE core.here AS SELECT 1 AS x, NULL::INTEGER AS unknown""")
        assert (connection.execute(sql).fetchall() == []) is is_none
