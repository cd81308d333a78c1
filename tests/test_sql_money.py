"""SQL never divides or averages money: DuckDB would make a float of it (MODEL.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

import echannel_connectors
from echannel_connectors import specs
from echannel_connectors.models.company import DECIMALS

ROOT = Path(__file__).parent.parent
MARTS = Path(echannel_connectors.__file__).parent / "models" / "marts"
FLOATS = (exp.Div, exp.Avg, exp.Stddev, exp.Median)
FLOAT_TYPES = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}

# What runs in the warehouse divides nothing, but for these quantities.
DIVIDED = {
    "inventory.sql": [  # days, shown with one place; units of safety stock, rounded up
        "CAST(available AS DOUBLE) / CAST(daily_demand AS DOUBLE)",
        "CAST(daily_demand_28 AS DOUBLE) * CAST(daily_demand_28 AS DOUBLE) * CAST(lead_time_variance AS DOUBLE) / (COALESCE(receipts, 1) * COALESCE(receipts, 1))",
        "CAST(lead_time_days AS DOUBLE) * CAST(demand_variance AS DOUBLE) / (10000.0 * days_in_stock_90 * days_in_stock_90)",
    ],
}
# What runs inside an ERP may divide by a rate or convert a unit; a name with one of these words is an amount.
AMOUNT = re.compile(
    r"price|amount|total|subtotal|cost|credit|paid|_ht\b|_ttc\b|_tva\b|_net\b|_gross\b|residual|balance"
)


def sql_in_the_warehouse() -> Iterator[tuple[str, str]]:
    for file in MARTS.glob("*.sql"):
        yield file.name, file.read_text(encoding="utf-8")
    for name in specs.names():
        spec = specs.find(name)
        if spec.runs_in_warehouse:
            yield from ((f"{name}.{view}", sql) for view, sql in spec.views.items())
            yield from ((f"{name}.{table}", found.query) for table, found in spec.tables.items() if found.query)


def sql_in_an_erp() -> Iterator[tuple[str, str, str]]:
    for name in specs.names():
        spec = specs.find(name)
        if spec.runs_in_warehouse:
            continue
        for view, sql in spec.views.items():
            yield f"{name}.{view}", sql, spec.dialect
        for table, found in spec.tables.items():
            texts = [found.query, found.where] + [one.sql for one in (*found.columns.values(), *found.maps.values())]
            texts += [f"SELECT * FROM {found.from_}"] if found.from_ else []
            yield from ((f"{name}.{table}", sql, spec.dialect) for sql in texts if sql)


@pytest.mark.parametrize(("where", "sql"), [pytest.param(*found, id=found[0]) for found in sql_in_the_warehouse()])
def test_no_float_where_the_warehouse_computes(where: str, sql: str) -> None:
    """No division, no average, no cast to a float; a quotient is made of whole numbers (`//` on HUGEINT)."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    found = [node.sql("duckdb") for node in tree.find_all(*FLOATS)]
    assert sorted(found) == sorted(DIVIDED.get(where, []))
    allowed = " ".join(DIVIDED.get(where, []))
    casts = [node for node in tree.find_all(exp.Cast) if node.to.this in FLOAT_TYPES]
    assert [node.sql("duckdb") for node in casts if node.sql("duckdb") not in allowed] == []


@pytest.mark.parametrize(("where", "sql", "dialect"), [pytest.param(*found, id=found[0]) for found in sql_in_an_erp()])
def test_no_amount_is_divided_inside_an_erp(where: str, sql: str, dialect: str) -> None:
    """Amounts are not divided by anything, nor averaged; rates and unit factors may be."""
    tree = sqlglot.parse_one(re.sub(r"^\s*(?!SELECT|WITH)", "SELECT ", sql, count=1), read=dialect)
    divided = {column.name for node in tree.find_all(*FLOATS) for column in node.find_all(exp.Column)}
    assert {name for name in divided if AMOUNT.search(name)} == set(), where


def test_the_rule_would_notice() -> None:
    """A reader that finds nothing proves nothing: the forbidden ones are seen as what they are."""
    tree = sqlglot.parse_one("SELECT net / 3, avg(net), net // 3, median(net)", read="duckdb")
    assert len(list(tree.find_all(*FLOATS))) == 3


def test_the_currencies_without_two_decimals_are_the_same_everywhere() -> None:
    """SQL names them where a total has to be spread or rounded in its currency; Python where it is shown."""
    by_places = {places: {code for code, n in DECIMALS.items() if n == places} for places in (0, 3)}
    lists = [
        set(re.findall("[A-Z]{3}", found))
        for file in [*ROOT.glob("connector_specs/*.yaml"), *ROOT.glob("echannel_connectors/models/**/*.sql")]
        for found in re.findall(r"IN \(('[A-Z]{3}'(?:, '[A-Z]{3}'){5,})\)", file.read_text(encoding="utf-8"))
    ]
    assert len(lists) > 10
    assert [one for one in lists if one not in by_places.values()] == []
