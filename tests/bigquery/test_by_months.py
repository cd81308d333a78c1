"""BigQuery makes the months that have changed, by statements that name them as constants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
import time_machine
from sqlglot import exp

from echannel_connectors import BigQuery, DuckDB
from echannel_connectors.destinations import commit
from echannel_connectors.destinations.bigquery import statements
from tests.bigquery.analyser import NAMES, Analyser, columns_of
from tests.bigquery.test_statements import analysed
from tests.models.test_by_months import MADE, NOON, ByMonths, watched
from tests.models.test_by_rows import Pair, Scenes

# What is large, and the column that it is partitioned by.
PARTITIONED = {
    "sales": "date", "orders": "date", "core.orders": "order_date", "core.sold_orders": "order_date",
    "core.order_lines": "_month", "core.order_discounts": "_month", "core.refunds": "refund_date",
    "core.repeated_lines": "date", "core.order_sums": "date", "core.visit_sums": "date", "core.tax_sums": "month",
    "sales_daily": "date", "vat": "month", "promotions": "month",
}  # fmt: skip
STEPS = (
    ("an_order_of_the_same_basket_is_earlier", "a_refund_is_of_another_order", "a_product_has_another_name"),
    ("two_customers_become_one", "a_line_goes", "an_order_goes"),
    ("an_order_moves_to_another_month", "a_rate_is_told", "a_purchase_is_seen"),
)
CLOCKS = frozenset({"lag_hours"})


class Alone(Pair):
    """One warehouse."""

    def __init__(self, into: Any) -> None:
        super().__init__(lambda _: into)

    def tables(self) -> dict[str, list[str]]:
        """The rows of core and marts as text. The emulator adds decimals up as floats: to the millionth."""
        sql = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
        names = self.kept.query(sql).read_all()["name"].to_pylist()
        found = {}
        for name in sorted(name for name in names if name.startswith(("core.", "mart."))):
            rows = self.kept.query(f"SELECT * FROM {name}").read_all().to_pylist()
            found[name] = sorted(str([_plain(row[key]) for key in row.keys() - CLOCKS]) for row in rows)
        return found


def _plain(value: Any) -> Any:
    return round(value, 6).normalize() if isinstance(value, Decimal) else value


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_is_made_by_months_is_what_is_made_anew(bigquery: BigQuery, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over three builds, with Google's client and the emulator."""
    told, scenes = watched(monkeypatch), Scenes()
    scenes.pair = Alone(bigquery)
    scenes.begin()
    with time_machine.travel(NOON, tick=True):
        scenes.pair.build()
        for happenings in STEPS:
            told.clear()
            for name in happenings:
                getattr(scenes, name)()
            scenes.pair.build()
            assert told == [MADE], happenings
        by_months = scenes.pair.tables()
        bigquery.execute(commit.UNSIGNED)
        scenes.pair.build()
        assert told[-1] == set()
        anew = scenes.pair.tables()
    assert {name: (rows, anew[name]) for name, rows in by_months.items() if rows != anew[name]} == {}


@dataclass
class Spoken:
    """What a warehouse was told and asked, in DuckDB's words, by a build of some months."""

    into: DuckDB
    told: list[list[str]]
    asked: list[str]


@pytest.fixture(scope="module")
def spoken() -> Iterator[Spoken]:
    """A second build in DuckDB, in which January and February 2026 have changed, and May 2025 has not."""
    with pytest.MonkeyPatch.context() as patch:
        watched(patch)
        scenes, found = Scenes(), Spoken(ByMonths(":memory:"), [], [])
        scenes.pair = Alone(found.into)
        scenes.begin()
        scenes.order(8, order_date=date(2025, 5, 3), ordered_at=datetime(2025, 5, 3, tzinfo=UTC))
        scenes.line(8, "2")
        with time_machine.travel(NOON, tick=True):
            scenes.pair.build()
            for name in STEPS[0]:
                getattr(scenes, name)()
            execute, query = ByMonths.execute, ByMonths.query
            patch.setattr(
                ByMonths, "execute", lambda into, *given: found.told.append([*given]) or execute(into, *given)
            )
            patch.setattr(
                ByMonths, "query", lambda into, sql, *given: found.asked.append(sql) or query(into, sql, *given)
            )
            scenes.pair.build()
    yield found
    found.into.close()


def scripts(spoken: Spoken) -> Iterator[list[str]]:
    for given in spoken.told:
        trees = [sqlglot.parse_one(one, read="duckdb") for one in given if isinstance(one, str)]
        yield statements.script(trees, NAMES)


def test_the_months_of_all_that_is_large_are_named(spoken: Spoken) -> None:
    """In what is changed, and in all that is read for it; those that have not changed are left out."""
    found = [table for script in scripts(spoken) for table in _changing(script)]
    named = [months for table in found if (months := _months_named(table))]
    assert len(named) > 20
    # All that is read whole of them: which baskets are split.
    whole = [table.find_ancestor(exp.Select).sql() for table in found if not _months_named(table)]
    assert len(whole) == 1
    assert whole[0].startswith("SELECT source, basket FROM")
    until = {"2026-01-01", "2026-03-01"}
    years = {f"{year}-{month}-01" for year in (2025, 2026, 2027) for month in ("01", "04")}  # today is in March
    assert sum(months == until for months in named) > 20
    assert set[str]().union(*named) == until | years  # sales_daily shows the year before


def test_core_lies_by_the_months_that_are_named(spoken: Spoken) -> None:
    """Lines and discounts by their order's."""
    made = "\n".join(sql for script in scripts(spoken) for sql in script)
    pattern = r"CREATE OR REPLACE TABLE `[^`]+`\.`\w+_core`\.`(\w+)` PARTITION BY DATE_TRUNC\((\w+), MONTH\)"
    found = {f"core.{name}": column for name, column in re.findall(pattern, made)}
    lain = {name: column for name, column in found.items() if name in PARTITIONED}
    assert lain.keys() >= {
        "core.orders",
        "core.order_lines",
        "core.refunds",
        "core.order_discounts",
        "core.sold_orders",
    }
    assert lain == {name: PARTITIONED[name] for name in lain}


def test_readers_see_sales_and_orders_as_they_were_or_as_they_are(spoken: Spoken) -> None:
    """What is deleted comes again in the same transaction, which holds nothing that it cannot hold."""
    blocks = [block for script in scripts(spoken) for block in _transactions(script)]
    changed = [
        " ".join(re.findall(r"^(?:DELETE FROM|INSERT INTO) `[^`]+`\.`[^`]+`\.`(\w+)`", "\n".join(block), re.MULTILINE))
        for block in blocks
    ]
    names = {name.partition(".")[2] for name in MADE}
    assert any(sorted(block.split()) == sorted([*names, *names]) for block in changed)
    allowed = ("DELETE FROM ", "INSERT INTO ", "CREATE OR REPLACE TEMPORARY TABLE ")
    assert all(sql.startswith(allowed) for block in blocks for sql in block)


@pytest.mark.slow
def test_googles_analyser_accepts_each_statement(spoken: Spoken, google: Analyser) -> None:
    listed = "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables"
    for row in spoken.into.query(listed).read_all().to_pylist():
        schema = spoken.into.query(f'SELECT * FROM {row["schema"]}."{row["name"]}" LIMIT 0').read_all().schema
        google.know({NAMES.table_id(row["schema"], row["name"]): columns_of(schema)})
    for script in scripts(spoken):
        analysed(google, script)
    digests = [sql for sql in spoken.asked if "_digest" in sql or "_month AS" in sql or "hash(t)" in sql]
    assert len(digests) == 5
    for sql in digests:
        google.analyse(statements.bound(sql, {}, NAMES)[0])


def _transactions(script: list[str]) -> Iterator[list[str]]:
    block: list[str] | None = None
    for sql in script:
        if sql == "BEGIN TRANSACTION":
            block = []
        elif sql == "COMMIT TRANSACTION":
            yield block or []
            block = None
        elif block is not None:
            block.append(sql)


def _changing(script: list[str]) -> Iterator[exp.Table]:
    """The large tables that are named in a script's transactions."""
    for block in _transactions(script):
        for tree in (sqlglot.parse_one(sql, read="bigquery") for sql in block):
            inserted = tree.this if isinstance(tree, exp.Insert) else None
            found = (table for table in tree.find_all(exp.Table) if table is not inserted)
            yield from (table for table in found if _place(table) in PARTITIONED)


def _place(table: exp.Table) -> str:
    return f"{'core.' if table.db.endswith('_core') else ''}{table.name}"


def _months_named(table: exp.Table) -> set[str]:
    """The constants that the partitions of a table are compared with where it is named."""
    around = table.find_ancestor(exp.Select, exp.Delete)
    where = around.args.get("where") if around else None
    return {
        one.expression.this.name
        for one in (where.find_all(exp.GTE, exp.LT) if where else ())
        if one.this.name == PARTITIONED[_place(table)] and isinstance(one.expression.this, exp.Literal)
    }
