"""What a build in BigQuery reads, by its rule: the columns that statements name, of the partitions that they name.

Nothing is sent: the demo's company is built in DuckDB, its columns are counted in the sizes that BigQuery has for their
types, and enlarged to two million orders (--full: twenty). A column counts once for each statement that names it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from benchmarks import report
from echannel_connectors import DuckDB, specs
from echannel_connectors.models import months
from echannel_connectors.models.changed_marts import ORDERS, SALES, SOLD
from echannel_connectors.models.company import Company
from echannel_connectors.models.made import Made, tables

MONTHS = 36
GIB = 2**30
SIZES = {"BIGINT": 8, "BOOLEAN": 1, "DATE": 8, "TIMESTAMP": 8, "TIMESTAMP WITH TIME ZONE": 8, "DECIMAL": 16}
# Of these a company of any size has about as many rows: markets, days, channels.
SAME = ("mart.rates", "mart.vat", "mart.cohorts", "mart.sales_daily", "core.fx_rates", "core.tax_sums",
        "core.cohort_sums", "core.order_sums", "core.visit_sums", "core.traffic", "core.traffic_users",
        "core.web_items")  # fmt: skip
GROWING = 2_500  # rows of the demo from which on a table is taken to grow with orders
READ_BY_MONTH = {SALES, ORDERS, SOLD, "core.order_lines", "core.refunds", "core.order_discounts", "core.order_sums",
                 "core.tax_sums"}  # fmt: skip


@dataclass(frozen=True)
class Sizes:
    """The bytes of each column of each table, and the rows of the table."""

    columns: Mapping[str, Mapping[str, int]]
    rows: Mapping[str, int]
    types: dict[str, dict[str, dict[str, str]]]  # schema → table → column → type

    def of(self, table: str) -> int:
        return sum(self.columns[table].values())

    def read(self, select: str, share: Mapping[str, float]) -> float:
        """What a SELECT reads, where of some tables only a share of the months is named."""
        tree = pushdown_projections(
            qualify(sqlglot.parse_one(select, read="duckdb"), schema=self.types, dialect="duckdb")
        )
        named: dict[str, set[str]] = {}
        for scope in traverse_scope(tree):
            for name, source in scope.sources.items():
                if isinstance(source, exp.Table):
                    columns = {column.name for column in scope.columns if column.table == name}
                    named.setdefault(f"{source.db}.{source.name}", set()).update(columns)
        return sum(
            share.get(table, 1) * sum(self.columns[table].get(column, 0) for column in columns)
            for table, columns in named.items()
        )


def run(*, full: bool) -> None:
    """A whole build, and one in which two or four of 36 months have changed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "echannel_connectors", "demo"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        into = DuckDB(Path(folder) / "demo" / "echannel.duckdb")
        shop = SimpleNamespace(name="shop", connector="prestashop", maps_in_warehouse=True)
        shop.spec = specs.find("prestashop", None)
        made = {one.name: one for one in tables(into, [shop], Company(), None)}  # type: ignore[list-item]  # enough of one
        sizes = _sizes(into, 20_000_000 if full else 2_000_000)
        into.close()
    whole = {name: sizes.read(one.select, {}) for name, one in made.items() if one.statements[0].startswith("CREATE")}
    changed = {n: _by_months(sizes, made, n) for n in (2, 4)}
    digests = 2 * 16 * sum(sizes.rows[name] for name in months.COMPARED)
    names = [SALES, ORDERS, *months.MONTHLY]
    found = [[name, whole[name] / GIB, *(one[name] / GIB for one in changed.values())] for name in names]
    rest = (sum(whole.values()) - sum(whole[name] for name in names)) / GIB
    found += [["digests, before and after", "", *[digests / GIB] * 2], ["all else", rest, rest, rest]]
    sums = [sum(float(row[n] or 0) for row in found) for n in (1, 2, 3)]
    report.rows("GiB that a build reads", ("", "as a whole", "2 months", "4 months"), [*found, ["together", *sums]])


def _sizes(into: DuckDB, wanted: int) -> Sizes:
    sql = """SELECT table_schema AS schema, table_name AS name, column_name AS column, data_type AS type
        FROM information_schema.columns WHERE table_schema <> 'main'"""
    types: dict[str, dict[str, dict[str, str]]] = {}
    for row in into.query(sql).read_all().to_pylist():
        types.setdefault(row["schema"], {}).setdefault(row["name"], {})[row["column"]] = row["type"]
    columns, rows = {}, {}
    orders = into.query("SELECT count(*) AS n FROM core.orders").read_all()["n"][0].as_py()
    for schema, tables_ in types.items():
        for name, kinds in tables_.items():
            sums = ", ".join(f'coalesce({_size(column, kind)}, 0) AS "{column}"' for column, kind in kinds.items())
            found = into.query(f'SELECT count(*) AS n_rows, {sums} FROM {schema}."{name}"').read_all().to_pylist()[0]
            table, n = f"{schema}.{name}", found.pop("n_rows")
            times = wanted / orders if n >= GROWING and table not in SAME else 10
            rows[table] = int(n * times)
            columns[table] = {column: int(int(size) * times) for column, size in found.items()}
    return Sizes(columns, rows, types)


def _size(column: str, kind: str) -> str:
    """What a column takes: a text two bytes and its own, anything else a size of its type; NULL nothing."""
    plain = kind.partition("(")[0]
    if plain in SIZES:
        return f'{SIZES[plain]} * count("{column}")'
    return f'sum(2 + strlen(CAST("{column}" AS VARCHAR)))'


def _by_months(sizes: Sizes, made: Mapping[str, Made], n: int) -> dict[str, float]:
    """What the tables read that are made by months; refunds lie in one more, sales_daily reads three times as many.

    A DELETE reads all columns of its partitions, and those that it looks for.
    """
    own, wider = n / MONTHS, (n + 1) / MONTHS
    share = dict.fromkeys(READ_BY_MONTH, own) | dict.fromkeys((SALES, "core.refunds", "core.tax_sums"), wider)
    found = {}
    for name in (SALES, ORDERS, *months.MONTHLY):
        times = 3 if name == months.DAILY else 1
        some = {table: min(1.0, part * times) for table, part in share.items()}
        some |= {SOLD: 1.0} if name == months.SPLIT else {}
        found[name] = sizes.read(made[name].select, some) + sizes.of(name) * some.get(name, wider * times)
    keys = ("date", "source", "order_id")
    found[SALES] += sum(sizes.columns[SALES][key] * wider + sizes.columns[ORDERS][key] * own for key in keys)
    return found
