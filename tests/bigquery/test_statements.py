"""Every statement is one that Google's own analyser accepts, against a catalogue made from the model."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from echannel_connectors.arrow import ARROW_TYPES
from echannel_connectors.destinations import commit
from echannel_connectors.destinations.bigquery import layout, statements
from echannel_connectors.models import mapping, mart_sql
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.models.described import comments
from echannel_connectors.models.made import Made, digested, duplicates, figures, stock_snapshot
from tests.bigquery.analyser import NAMES, Analyser, Columns, catalogue, warehouse_specs

COMPANY = Company(matches={"books": {"order": {"web_reference": "shop.reference"}}})


def core_statements() -> dict[str, str]:
    """What makes each core table of each source whose SQL runs in the warehouse, and each empty one."""
    raw = {
        name.rpartition(".")[2]: frozenset(column for column, _ in columns)
        for name, columns in catalogue().items() if "_raw." in name
    }  # fmt: skip
    found = {}
    for source, spec in warehouse_specs().items():
        for table in spec.tables:
            select = mapping.in_warehouse(spec, TABLES[table], source, raw, COMPANY, "duckdb")
            found[f"{source}.{table}"] = as_made(f"core.{table}", select)
    for name, table in TABLES.items():
        empty = mapping.core_statement(table, [])
        found[f"empty.{name}"] = as_made(f"core.{name}", empty.partition(" AS ")[2])
    return found


def as_made(name: str, select: str) -> str:
    """What makes a table, with the digests of its rows where it has them."""
    return digested(Made(name, (f"CREATE OR REPLACE TABLE {name} AS {select}",), frozenset())).statements[0]


def mart_statements() -> dict[str, str]:
    return {name: as_made(name, select) for name, select in mart_sql.mart_selects(COMPANY).items()}


def described() -> list[str]:
    columns = mart_sql.mart_columns(COMPANY)
    steps = [sql for one in figures(COMPANY) for sql in one.statements[1:]]
    return [*comments(columns, "en"), *steps]


def analysed(google: Analyser, script: list[str]) -> dict[str, Columns]:
    """The tables that a script makes; each statement is analysed with those that were made before it."""
    made = {}
    for sql in script:
        found = google.analyse(sql)
        if target := re.match(r"CREATE OR REPLACE (?:TEMPORARY )?TABLE (\S+)", sql):
            made[target[1].replace("`", "")] = found["columns"]
            google.know({target[1].replace("`", ""): found["columns"]})
    return made


@pytest.fixture(scope="module")
def known(google: Analyser) -> Analyser:
    """The analyser with every table that is there before core is built."""
    google.know(catalogue())
    for sql in commit.BOOKS:
        if not sql.startswith("CREATE SCHEMA"):
            text = statements.alone([sql], NAMES)[0]
            google.analyse(text)
            tree = sqlglot.parse_one(text, read="bigquery")
            columns = [[one.name, one.args["kind"].sql("bigquery")] for one in tree.find_all(exp.ColumnDef)]
            google.know({tree.this.this.sql("bigquery").replace("`", ""): columns})
    return google


@pytest.mark.slow
def test_a_build_is_accepted(known: Analyser) -> None:
    """Core of every source and every mart, as one script with its shared views, layouts and descriptions."""
    given = [*core_statements().values(), *duplicates(COMPANY), *stock_snapshot(COMPANY)]
    given += [*mart_statements().values(), *described()]
    script = statements.script([sqlglot.parse_one(sql, read="duckdb") for sql in given], NAMES)
    made = analysed(known, script)
    assert len(script) > len(given) - len(described())  # some views are shared
    # Looker Studio and Sheets read NUMERIC; floats are for the ratios that may be one.
    kinds = {(table, name): kind for table, columns in made.items() for name, kind in columns if ".breton." in table}
    assert {
        place
        for place, kind in kinds.items()
        if kind not in {"STRING", "INT64", "NUMERIC", "BOOL", "DATE", "TIMESTAMP"}
    } == set()


@pytest.fixture(scope="module")
def learned() -> set[str]:
    """The marts whose columns the analyser has been told."""
    return set()


@pytest.mark.slow
@pytest.mark.parametrize("name", [*core_statements(), *mart_statements()])
def test_each_statement_is_accepted_by_itself(known: Analyser, learned: set[str], name: str) -> None:
    """As a dry run asks for it: nothing is shared."""
    for mart, sql in mart_statements().items():  # a mart may read others
        if name == mart:
            break
        if mart not in learned:
            found = known.analyse(statements.alone([sql], NAMES)[0])
            known.know({NAMES.table_id(*mart.split(".")): found["columns"]})
            learned.add(mart)
    known.analyse(statements.alone([{**core_statements(), **mart_statements()}[name]], NAMES)[0])


def test_marts_lie_by_month_and_tell_what_they_are(known: Analyser) -> None:
    """Each has a description and labels, is clustered, and the large ones are partitioned by month."""
    script = statements.alone([*mart_statements().values(), *described()], NAMES)
    names = "rates people web_matches web_counts web_ways visits sold_orders sales orders".split()
    small = [sql for sql in script if re.match(rf"CREATE OR REPLACE TABLE \S+`({'|'.join(names)})` ", sql)]
    assert len(analysed(known, small)) == len(names)  # all of them where there is more time: test_a_build_is_accepted
    sales = next(sql for sql in script if ".`sales` " in sql[:60])
    assert "PARTITION BY DATE_TRUNC(date, MONTH) CLUSTER BY source, market, channel" in sales
    assert all("OPTIONS(description='" in sql and "OPTIONS(description=''" not in sql for sql in script)
    assert "labels=[('made_by', 'echannel')]" in sales


def test_every_type_of_the_model_has_one_of_bigquery() -> None:
    """NUMERIC where it is exact, BIGNUMERIC beyond, moments as TIMESTAMP, local times as DATETIME, lists of records."""
    found = {
        field.name: layout.sql_type(field) for field in layout.fields([pa.field(*item) for item in ARROW_TYPES.items()])
    }
    assert found == {
        "text": "STRING", "integer": "INT64", "money": "NUMERIC", "quantity": "NUMERIC", "rate": "NUMERIC",
        "boolean": "BOOL", "date": "DATE", "moment": "TIMESTAMP", "local_moment": "DATETIME",
        "translations": "ARRAY<STRUCT<language INT64, text STRING>>",
    }  # fmt: skip
    assert layout.type_of(pa.decimal128(38, 6)) == "BIGNUMERIC"
    assert layout.type_of(pa.decimal128(27, 10)) == "BIGNUMERIC"
