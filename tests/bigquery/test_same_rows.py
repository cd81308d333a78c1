"""Core and marts have the same rows in DuckDB and by Google's reference implementation, on a real shop's data."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from echannel_connectors import Company, DuckDB, sync
from echannel_connectors.models import mapping, mart_sql
from echannel_connectors.models.core import TABLES
from echannel_connectors.testing.shop import FakeShop
from tests.bigquery.analyser import Analyser, warehouse_specs
from tests.bigquery.evaluating import Evaluator, of_duckdb, sorted_rows
from tests.conftest import served
from tests.places import recording

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

COMPANY = Company(language="fr")
CLOCK = {"core.stock_levels": ("as_of",), "mart.freshness": ("lag_hours",)}  # what the moment of the query is in


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDB]:
    file = tmp_path_factory.mktemp("same") / "shop.duckdb"
    into = DuckDB(file)
    with served(FakeShop.from_recording(recording("shop-a"))) as shop:
        sync(shop, into=into, company=COMPANY)
    yield into
    into.close()


def different(made: Evaluator, table: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Rows that are not the same, side by side; a column that tells the time is left out."""
    schema = made.duckdb.query(f"SELECT * FROM {table} LIMIT 0").read_all().schema
    kept = [n for n, name in enumerate(schema.names) if name not in CLOCK.get(table, ())]
    sides = []
    for rows in (made.rows[table.replace(".", "__")], of_duckdb(made.duckdb, table)):
        sides.append(sorted_rows([tuple(row[n] for n in kept) for row in rows]))
    assert len(sides[0]) == len(sides[1]), table
    return [pair for pair in zip(*sides, strict=True) if pair[0] != pair[1]]


def test_core_of_a_shop(google: Analyser, warehouse: DuckDB) -> None:
    """What the spec makes of the shop's raw tables, to the last place, with its views shared as in a build."""
    spec = warehouse_specs()["prestashop"]
    raw = mapping.raw_tables(warehouse)
    made = Evaluator(google, warehouse)
    for name in raw:
        made.take("raw", name)
    selects = {
        name: mapping.in_warehouse(spec, TABLES[name], "shop", raw, COMPANY, "duckdb") for name in spec.tables
    }  # fmt: skip
    made.run(f"CREATE OR REPLACE TABLE core.{name} AS {select}" for name, select in selects.items())
    assert len(made.rows["core__order_lines"]) > 500
    assert {name: found[:2] for name in selects if (found := different(made, f"core.{name}"))} == {}


def test_every_mart(google: Analyser, warehouse: DuckDB) -> None:
    """Each mart file that is there, from the same core."""
    made = Evaluator(google, warehouse)
    for name in TABLES:
        made.take("core", name)
    listed = "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'echannel'"
    for name in warehouse.query(listed).read_all()["name"].to_pylist():
        made.take("echannel", name)
    marts = mart_sql.mart_selects(COMPANY)
    made.run(f"CREATE OR REPLACE TABLE {name} AS {select}" for name, select in marts.items())
    assert len(made.rows["mart__sales"]) > 500
    assert {name: found[:2] for name in marts if (found := different(made, name))} == {}
