"""What a review sends to BigQuery, read by Google's own analyser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from echannel_connectors import BigQuery, Company, DuckDB
from echannel_connectors.destinations.bigquery.words import translated
from echannel_connectors.pipeline import WITHOUT_RATE
from echannel_connectors.plan import plan_market
from echannel_connectors.review import Reviews, review
from echannel_connectors.start import home
from tests.bigquery.analyser import NAMES, Analyser, columns_of, core_schema
from tests.plan.company import fill
from tests.review.marts import TODAY, emptied, empty_marts, insert, rows_of
from tests.review.test_checks import CASES, CHECKS

pytestmark = pytest.mark.slow
KINDS = {"VARCHAR": "STRING", "BIGINT": "INT64", "INTEGER": "INT64", "BOOLEAN": "BOOL", "DATE": "DATE"}


class Spy:
    """A warehouse that remembers what it was asked, in DuckDB's words."""

    dialect = "bigquery"

    def __init__(self, warehouse: DuckDB) -> None:
        self.warehouse = warehouse
        self.said: list[str] = []

    def hold(self) -> Any:
        return self.warehouse.hold()

    def query(self, sql: str, parameters: Any = ()) -> Any:
        self.said.append(sql)
        return self.warehouse.query(sql, parameters)

    def execute(self, *statements: Any) -> None:
        self.said += statements
        self.warehouse.execute(*statements)


@pytest.fixture
def marts(google: Analyser) -> Iterator[DuckDB]:
    """Every mart, filled so that each check says act, and known to the analyser."""
    with closing(empty_marts()) as warehouse:
        sql = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart'"
        tables: dict[str, list[list[str]]] = {}
        for row in warehouse.query(sql).read_all().to_pylist():
            kind = "NUMERIC" if row["data_type"].startswith("DECIMAL") else KINDS.get(row["data_type"], "TIMESTAMP")
            tables.setdefault(NAMES.table_id("mart", row["table_name"]), []).append([row["column_name"], kind])
        google.know(tables)
        for check in CHECKS.values():
            insert(warehouse, check.mart, list(rows_of(check, CASES[check.id]["act"])))
        yield warehouse


def test_google_accepts_every_statement_of_a_review(google: Analyser, marts: DuckDB) -> None:
    """All checks with markets and baselines; answers that are new, changed, earlier and gone; figures are NUMERIC."""
    spy: Any = Spy(marts)
    settings, entered = Reviews(started_on=date(2026, 3, 1)), {"GB": date(2026, 4, 1)}
    for day in (TODAY, TODAY + timedelta(days=40)):
        review(spy, settings=settings, entered=entered, today=day)
    marts.execute("UPDATE mart.review SET value = 5")
    review(spy, settings=settings, entered=entered, today=TODAY + timedelta(days=40))
    review(spy, checks=[CHECKS["net_sales"]], today=TODAY + timedelta(days=40))  # the other answers are not the newest
    kinds = set()
    for sql in spy.said:
        if "information_schema." in sql or sql.startswith("COMMENT ON"):
            continue  # answered from memory there, and told by the API
        found = google.analyse(translated(sql, NAMES))
        if sql.startswith("CREATE TABLE IF NOT EXISTS mart.review"):
            google.know({NAMES.table_id("mart", "review"): _columns(translated(sql, NAMES))})
        kinds |= {kind for name, kind in found.get("columns") or () if name in ("_numerator", "_denominator")}
    assert kinds == {"NUMERIC"}
    assert {word for sql in spy.said for word in ("DELETE", "INSERT", "CREATE", "UPDATE") if sql.startswith(word)} == {
        "DELETE", "INSERT", "CREATE", "UPDATE",
    }  # fmt: skip


def test_google_accepts_every_statement_of_a_plan(google: Analyser, marts: DuckDB) -> None:
    """Its sums are NUMERIC, counts whole numbers, and none is a float."""
    emptied(marts)
    fill(marts)
    google.know({NAMES.table_id("core", "cost_rules"): columns_of(core_schema("cost_rules"))})
    spy: Any = Spy(marts)
    plan_market(spy, Company(), "GB", today=TODAY)
    kinds: set[str] = set()
    for sql in spy.said:
        if "information_schema." not in sql:
            kinds |= {kind for _, kind in google.analyse(translated(sql, NAMES)).get("columns") or ()}
    assert kinds == {"STRING", "DATE", "INT64", "NUMERIC"}


@pytest.mark.parametrize("sql", [home.NEWEST, home.FIGURES, home.MONTHS, home.QUALITY, home.DOUBLES])
def test_google_accepts_what_the_assistant_shows(google: Analyser, marts: DuckDB, sql: str) -> None:
    """The first figures of `echannel start`: sums are NUMERIC, counts whole numbers."""
    google.know({NAMES.table_id("core", "orders"): columns_of(core_schema("orders"))})
    kinds = {kind for _, kind in google.analyse(translated(sql, NAMES))["columns"]}
    assert kinds <= {"STRING", "DATE", "INT64", "NUMERIC"}


def test_google_accepts_what_a_sync_asks_about_rates(google: Analyser, marts: DuckDB) -> None:
    for table in ("costs", "ad_costs", "traffic", "cost_rules"):
        google.know({NAMES.table_id("core", table): columns_of(core_schema(table))})
    sql = translated(f"{WITHOUT_RATE} ORDER BY name DESC, source, currency".replace("$base", "'EUR'"), NAMES)
    assert google.analyse(sql)["columns"] == [
        ["name", "STRING"],
        ["source", "STRING"],
        ["currency", "STRING"],
        ["n", "INT64"],
    ]


def _columns(create: str) -> list[list[str]]:
    return [[name, kind] for name, kind in re.findall(r"(\w+) (STRING|DATE|BOOL|NUMERIC|TIMESTAMP)\b", create)]


def test_answers_are_kept_in_bigquery(bigquery: BigQuery) -> None:
    """In the emulator: written once, left alone, replaced when they change, and read again as history."""
    made = "CREATE OR REPLACE TABLE mart.inventory AS SELECT CAST({n} AS DECIMAL(18, 6)) AS on_hand"
    check = [CHECKS["negative_stock"]]
    bigquery.execute(made.format(n=-1))
    first = review(bigquery, checks=check, today=TODAY)
    assert [(answer.value, answer.status) for answer in first.due] == [(1, "watch")]
    assert review(bigquery, checks=check, today=TODAY).written == 0
    bigquery.execute(made.format(n=1))
    (change,) = review(bigquery, checks=check, today=TODAY + timedelta(days=7)).changes
    assert (change.before, change.answer.status, change.answer.previous) == ("watch", "ok", 1)
    rows = bigquery.query("SELECT value, status FROM mart.review ORDER BY period_start").read_all().to_pylist()
    assert rows == [{"value": 1, "status": "watch"}, {"value": 0, "status": "ok"}]
