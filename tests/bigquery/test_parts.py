"""The parts of BigQuery's destination that need no BigQuery: places, layouts, budgets, books."""

from __future__ import annotations

import pickle
import random
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
import sqlglot

from echannel_connectors import BigQuery
from echannel_connectors.destinations import commit, open
from echannel_connectors.destinations.bigquery import layout, statements
from echannel_connectors.destinations.bigquery.books import Books
from echannel_connectors.destinations.bigquery.cost import TIB, bill_of
from echannel_connectors.destinations.bigquery.refusals import understood
from echannel_connectors.destinations.bigquery.service import LEAST, Service
from echannel_connectors.destinations.bigquery.sharing import shared
from echannel_connectors.destinations.bigquery.words import Names
from echannel_connectors.errors import Refused, SettingsError, Unavailable
from echannel_connectors.streams import Shape

LINES = Shape("shop__order_details", pa.schema([("id", pa.int64()), ("name", pa.string())]), ("id",))
TRAFFIC = Shape(
    "web__visits", pa.schema([("day", pa.date32()), ("country", pa.string())]), ("day", "country"), "day", group="day"
)


def test_a_place_is_written_as_an_address(tmp_path: Path) -> None:
    """Project and dataset, and the settings behind them; files are seen from the project's folder."""
    found = open(
        "bigquery://atelier-1/breton?location=us-central1&credentials=key.json&max_bytes=7&expire_raw_days=90", tmp_path
    )
    assert isinstance(found, BigQuery)
    assert found.model_dump() == {
        "project": "atelier-1", "dataset": "breton", "location": "us-central1", "endpoint": "", "max_bytes": 7,
        "credentials": str(tmp_path / "key.json"), "expire_raw_days": 90,
    }  # fmt: skip
    assert pickle.loads(pickle.dumps(found)).model_dump() == found.model_dump()
    assert found._names.datasets == ("breton_raw", "breton_core", "breton")
    assert open("bigquery://atelier-1/breton").location == "EU"  # type: ignore[union-attr]  # a BigQuery


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("bigquery://atelier-1", "does not name a project and a dataset"),
        ("bigquery:///breton", "does not name a project and a dataset"),
        ("bigquery://atelier-1/breton?lcoation=EU", "no setting 'lcoation'"),
        ("bigquery://atelier-1/breton?max_bytes=10GB", "max_bytes is a number"),
        ("bigquery://atelier-1/breton?endpoint=https://elsewhere.example", "only be on this machine"),
    ],
)
def test_a_wrong_address_is_told(address: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        open(address)


def test_a_day_of_three_years_touches_a_twentieth() -> None:
    """New lines and some old ones that changed: the condition leaves out all other partitions, and no row."""
    days, a_day = 3 * 365, 1000
    chance = random.Random(5)
    ids = [
        *range((days - 1) * a_day, days * a_day),
        *(chance.randrange((days - 14) * a_day, days * a_day) for _ in range(50)),
    ]
    rows = pa.RecordBatch.from_pydict({"id": ids, "name": ["x"] * len(ids)}, schema=LINES.columns)
    condition = layout.Partitions.of(LINES).touched(rows)
    spans = [tuple(map(int, span)) for span in re.findall(r"BETWEEN (\d+) AND (\d+)", condition)]
    assert all(any(first <= one <= last for first, last in spans) for one in ids)
    assert sum(last - first + 1 for first, last in spans) * 20 <= days * a_day


def test_days_touch_their_months_and_texts_what_lies_between_them() -> None:
    rows = pa.RecordBatch.from_pydict(
        {"day": [date(2026, 1, 31), date(2026, 12, 1)], "country": ["FR", "GB"]}, schema=TRAFFIC.columns
    )
    assert layout.Partitions.of(TRAFFIC).touched(rows) == (
        "((t.`day` >= '2026-01-01' AND t.`day` < '2026-02-01') OR (t.`day` >= '2026-12-01' AND t.`day` < '2027-01-01'))"
    )
    by_text = Shape("books__orders", pa.schema([("order_id", pa.string())]), ("order_id",))
    cut = layout.Partitions.of(by_text)
    few = pa.RecordBatch.from_pydict({"order_id": ["b", "it's", "b", "é\\\n"]})
    assert cut.touched(few) == "t.`order_id` IN ('b', 'it\\'s', 'é\\\\\\n')"
    many = pa.RecordBatch.from_pydict({"order_id": [f"SO{n:05}" for n in range(5_000, 20_000)]})
    assert cut.touched(many) == "t.`order_id` BETWEEN 'SO05000' AND 'SO19999'"
    assert cut.sql() == ""
    people = Shape("books__customers", pa.schema([("customer_id", pa.string())]), ("customer_id",))
    assert layout.Partitions.of(people).touched(pa.RecordBatch.from_pydict({"customer_id": ["Ann Lee"]})) == "TRUE"


def test_a_bill_tells_what_a_month_would_be() -> None:
    """As often as it ran lately; a daily run while that is unknown; beyond the free TiB at the list price."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    assert bill_of(10 * 2**30, [], now).runs == 30
    hourly = [now - timedelta(hours=n) for n in range(50)]
    found = bill_of(4 * 2**30, hourly, now)
    assert (found.runs, found.dollars) == (720, pytest.approx((4 * 720 / 1024 - 1) * 6.25))
    assert bill_of(2**30, hourly, now).dollars == 0
    assert bill_of(TIB, [], now).dollars == pytest.approx(29 * 6.25)


class Jobs:
    """What Google's client would answer: a job that is billed as much as it was foreseen to be."""

    def __init__(self, each: int) -> None:
        self.each, self.ran, self.limits = each, [], []

    def query(self, sql: str, *, job_config: Any, **_: Any) -> Any:
        if not job_config.dry_run:
            self.ran.append(sql)
            self.limits.append(job_config.maximum_bytes_billed)
        return SimpleNamespace(
            total_bytes_processed=self.each,
            total_bytes_billed=self.each,
            referenced_tables=["t"],
            result=lambda **_: [],
        )


def service(max_bytes: int | None, each: int) -> tuple[Service, Jobs]:
    made, jobs = Service("p", "EU", "", "http://127.0.0.1:9", max_bytes), Jobs(each)
    made.__dict__["client"] = jobs
    return made, jobs


def test_a_budget_stops_before_it_is_spent() -> None:
    """What is left is Google's limit for the next job; what would pass it is not even asked for."""
    made, jobs = service(5 * LEAST, 2 * LEAST)
    made.run("SELECT 1")
    made.run("SELECT 2")
    assert jobs.limits == [5 * LEAST, 3 * LEAST]
    made.run("SELECT 3")
    with pytest.raises(Refused, match="does not last"):
        made.run("SELECT 4")
    assert len(jobs.ran) == 3


def test_a_build_that_would_pass_the_budget_is_not_begun() -> None:
    made, jobs = service(5 * LEAST, 2 * LEAST)
    made.afford(["CREATE a", "CREATE b"])
    with pytest.raises(Refused, match="60 MiB more would be"):
        made.afford(["CREATE a", "CREATE b", "CREATE c"])
    assert jobs.ran == []
    free, jobs = service(None, 2 * LEAST)
    free.afford(["CREATE a"] * 100)
    free.run("SELECT 1")
    assert jobs.limits == [None]


def test_a_network_that_is_down_is_worth_another_run() -> None:
    assert isinstance(understood(503, "Service Unavailable"), Unavailable)
    told = understood(
        403, "GET https://b/v2/x?prettyPrint=false: Access Denied: Table p:d.t: no bigquery.tables.get\n\nJob ID: 7"
    )
    assert str(told).startswith(
        "this account may not do that: Access Denied: Table p:d.t: no bigquery.tables.get\n  hint:"
    )


# -- books ----------------------------------------------------------------------------------------------------------

SUCCEEDED = """UPDATE echannel.streams SET rows = (SELECT count(*) FROM raw.shop__orders) WHERE stream = $stream"""
KNOWN = """INSERT INTO echannel.streams SELECT $source, $stream, NULL, NULL, 0, 0, NULL
    WHERE NOT EXISTS (SELECT 1 FROM echannel.streams WHERE source = $source AND stream = $stream)"""


@pytest.fixture
def books() -> Books:
    rows = pa.Table.from_pylist([{"source": "shop", "stream": "orders", "rows": 3, "failures": 0}])
    return Books({"echannel.streams": rows}.get)


def test_what_changes_nothing_is_not_sent(books: Books) -> None:
    """A stream that is known already, a row that is taken out and put back."""
    books.write(KNOWN, {"source": "shop", "stream": "orders"})
    assert books.taken() == []
    books.write("DELETE FROM echannel.notes WHERE source = 'x'", {})
    books.write("INSERT INTO echannel.notes VALUES ('x', '{}')", {})
    assert len(books.taken()) == 2
    books.write("DELETE FROM echannel.notes WHERE source = 'x'", {})
    books.write("INSERT INTO echannel.notes VALUES ('x', '{}')", {})
    assert books.taken() == []


def test_what_needs_other_tables_is_only_known_when_it_was_sent(books: Books) -> None:
    books.write(KNOWN, {"source": "shop", "stream": "carts"})
    assert books.query("SELECT count(*) AS n FROM echannel.streams", {})["n"].to_pylist() == [2]
    books.write(SUCCEEDED, {"stream": "carts"})
    assert books.is_behind("SELECT * FROM echannel.streams")
    books.write(KNOWN, {"source": "shop", "stream": "orders"})  # nobody knows whether it makes a difference
    assert [change.sql for change in books.taken()] == [KNOWN, SUCCEEDED, KNOWN]
    assert not books.is_behind("SELECT * FROM echannel.streams")


def test_the_books_answer_for_themselves_only(books: Books) -> None:
    assert books.answers(commit.PROGRESS)
    assert books.answers("SELECT table_name FROM information_schema.tables")
    assert not books.answers("SELECT * FROM echannel.streams JOIN core.orders ON TRUE")
    assert not books.answers("SELECT 1")


def test_a_question_may_number_its_values_and_name_columns_as_it_likes() -> None:
    """As the preview does: `$1`, and a column called `#`; NULL is written into the statement."""
    sql = 'SELECT count(*) AS "#", max(day) AS day FROM mart.sales WHERE day >= $1 AND market = $2 AND day <> $1 ORDER BY "#"'
    text, values, renamed = statements.bound(sql, [date(2026, 1, 1), None], Names("atelier-1", "breton"))
    assert values == {"value_1": date(2026, 1, 1)}
    assert renamed == {"column_0": "#"}
    assert text == (
        "SELECT COUNT(*) AS `column_0`, MAX(day) AS day FROM `atelier-1`.`breton`.`sales` WHERE day >= @value_1 AND "
        "NULL AND day <> @value_1 ORDER BY `column_0` NULLS LAST"
    )


# -- shared views ---------------------------------------------------------------------------------------------------


def test_a_view_that_two_tables_need_is_made_once_and_before_them() -> None:
    """One that is used once stays where it is; views of one name and another content are two."""
    statements = [
        "CREATE OR REPLACE TABLE core.a AS WITH r AS (SELECT id FROM raw.x), v AS (SELECT id, count(*) AS n FROM r GROUP BY id) SELECT * FROM v",
        "CREATE OR REPLACE TABLE core.b AS WITH r AS (SELECT id FROM raw.x), v AS (SELECT id, count(*) AS n FROM r GROUP BY id) SELECT * FROM v AS w",
        "CREATE OR REPLACE TABLE core.c AS WITH v AS (SELECT max(id) AS id FROM core.b GROUP BY n) SELECT * FROM v",
    ]  # fmt: skip
    found = [one.sql("duckdb") for one in shared([sqlglot.parse_one(sql, read="duckdb") for sql in statements])]
    assert len(found) == 4
    made = re.match(
        r"CREATE OR REPLACE TEMPORARY TABLE (v_\w+) AS SELECT id, COUNT\(\*\) AS n FROM \(SELECT id FROM raw.x\) AS r",
        found[0],
    )
    assert made
    assert f"FROM {made[1]} AS v" in found[1]
    assert f"FROM {made[1]} AS w" in found[2]
    assert (
        found[3] == "CREATE OR REPLACE TABLE core.c AS SELECT * FROM (SELECT MAX(id) AS id FROM core.b GROUP BY n) AS v"
    )
