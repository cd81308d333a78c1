"""Each rewrite of DuckDB's words means the same in BigQuery: both sides are asked, on values chosen to tell."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import sqlglot

from echannel_connectors.destinations.bigquery.words import translated, written
from tests.bigquery.analyser import NAMES, Analyser
from tests.bigquery.evaluating import FLAT, sorted_rows

VALUES = """(SELECT * FROM (
    SELECT 1 AS id, 'b' AS word, 2 AS n, CAST('2026-10-25 02:30:00' AS TIMESTAMP) AS local, CAST(1.5 AS DECIMAL(18, 6)) AS money
    UNION ALL SELECT 2, NULL, NULL, CAST('2026-03-29 02:30:00' AS TIMESTAMP), CAST(-2.000001 AS DECIMAL(18, 6))
    UNION ALL SELECT 3, 'a', 5, CAST('2026-07-01 12:00:00' AS TIMESTAMP), NULL
    UNION ALL SELECT 4, 'a', -7, NULL, CAST(0.123457 AS DECIMAL(18, 6))) AS t) AS v"""

# What differs, and an expression over the values that would show it.
DIFFERENCES = {
    "an hour that comes twice": "SELECT id, timezone('Europe/Paris', local) AS x FROM {v}",
    "a moment's local time": "SELECT id, timezone('Europe/Paris', timezone('Europe/London', local)) AS x FROM {v}",
    "NULL comes last": "SELECT id, row_number() OVER (ORDER BY word, n, id) AS x, row_number() OVER (ORDER BY n DESC, id) AS y FROM {v}",
    "NULL comes last in the result": "SELECT word, n FROM {v} ORDER BY word, n LIMIT 3",
    "NULL first where it is asked for": "SELECT id, row_number() OVER (ORDER BY n DESC NULLS FIRST, id) AS x FROM {v}",
    "greatest passes over NULL": "SELECT id, greatest(n, 3) AS x, least(n, id) AS y, greatest(n, id, 3) AS z FROM {v}",
    "the best that is not NULL": "SELECT arg_max(word, id) AS x, arg_min(word, n) AS y, arg_max(n, (word, id)) AS z FROM {v}",
    "an aggregate of some rows": "SELECT count(*) FILTER (WHERE n > 1) AS a, sum(n) FILTER (WHERE id > 2) AS b, count(DISTINCT word) FILTER (WHERE n > 0) AS c, arg_max(word, id) FILTER (WHERE n > 0) AS d FROM {v}",
    "no row, no sum": "SELECT sum(n) FILTER (WHERE id > 9) AS b, count(*) FILTER (WHERE id > 9) AS c FROM {v}",
    "a product keeps its places": "SELECT id, CAST(round(money * CAST(0.33333333 AS DECIMAL(18, 8)), 6) AS DECIMAL(18, 6)) AS x FROM {v}",
    "a decimal is rounded once": "SELECT id, CAST(money * CAST(0.0000004999999999 AS DECIMAL(18, 16)) AS DECIMAL(18, 6)) AS x FROM {v}",
    "half a millionth goes up": "SELECT id, CAST(CAST(money AS DECIMAL(38, 10)) * CAST(0.5 AS DECIMAL(2, 1)) AS DECIMAL(18, 6)) AS x FROM {v}",
    "whole numbers of 128 bits": "SELECT id, CAST(CAST(money * 1000000 AS HUGEINT) * 1000000000000000000 // 7 AS DECIMAL(38, 0)) AS x FROM {v}",
    "a whole quotient": "SELECT id, n // 3 AS x, n % 3 AS y FROM {v}",
    "a quotient of floats": "SELECT id, CAST(n AS DOUBLE) / 4 AS x, CAST(n AS DOUBLE) / 0 > 9 AS y FROM {v}",
    "days between": "SELECT id, date_diff('day', timezone('UTC', local), CAST('2026-12-31 00:30:00+00' AS TIMESTAMP WITH TIME ZONE)) AS x FROM {v}",
    "months between": "SELECT id, date_diff('month', CAST(local AS DATE), CAST('2026-12-01' AS DATE)) AS x FROM {v}",
    "minutes between": "SELECT id, date_diff('minute', timezone('UTC', local), CAST('2026-12-31 00:00:59+00' AS TIMESTAMP WITH TIME ZONE)) AS x FROM {v}",
    "a day and whole days": "SELECT id, CAST(local AS DATE) + 3 AS x, CAST(CAST(local AS DATE) + INTERVAL 1 YEAR AS DATE) AS y, CAST(CAST(local AS DATE) - to_months(CAST(id AS INTEGER)) AS DATE) AS z FROM {v}",
    "the month of a day": "SELECT id, CAST(date_trunc('month', CAST(local AS DATE)) AS DATE) AS x, CAST(date_trunc('week', CAST(local AS DATE)) AS DATE) AS y FROM {v}",
    "the whole text": "SELECT id, regexp_full_match(word, 'a|b') AS x, regexp_full_match('ab', 'a') AS y FROM {v}",
    "a piece of a text": "SELECT id, split_part('shop__orders', '__', id) AS x, split_part(word, '-', 1) AS y FROM {v}",
    "texts that are there": "SELECT id, concat_ws(' / ', word, CAST(n AS VARCHAR), 'z') AS x FROM {v}",
    "an element of a list": "SELECT id, list_filter([{{'a': 1, 't': 'x'}}, {{'a': id, 't': 'y'}}], e -> e.a = id)[1].t AS x FROM {v}",
    "a row for each of a list": "SELECT id, unnest([n, 7]) AS x FROM {v}",
    "any of them": "SELECT bool_or(n > 4) AS x, bool_and(n > 4) AS y, any_value(word) FILTER (WHERE id = 3) AS z FROM {v}",
    "the last so far": "SELECT id, last_value(word IGNORE NULLS) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS x FROM {v}",
    "chosen by a window": "SELECT id FROM {v} QUALIFY row_number() OVER (PARTITION BY word ORDER BY id DESC) = 1",
    "a condition without a table": "SELECT 1 AS x WHERE FALSE",
    "what is no number": "SELECT id, TRY_CAST(word AS BIGINT) AS x, TRY_CAST('12.345678' AS DECIMAL(18, 6)) AS y FROM {v}",
    "everything but": "SELECT * EXCLUDE (local) FROM {v}",
    "grouped by all": "SELECT word, sum(n) AS x FROM {v} GROUP BY ALL ORDER BY ALL",
    "distinct or not": "SELECT id, n IS DISTINCT FROM 2 AS x, n IS NOT DISTINCT FROM NULL AS y FROM {v}",
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERENCES)
def test_it_means_the_same(google: Analyser, what: str) -> None:
    tree = sqlglot.parse_one(DIFFERENCES[what].format(v=VALUES), read="duckdb")
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        here: list[tuple[Any, ...]] = connection.sql(tree.sql("duckdb")).fetchall()
    there = google.evaluate(written(tree, FLAT), {})
    assert sorted_rows(there) == sorted_rows([tuple(row) for row in here])


def test_tables_are_where_they_lie() -> None:
    """raw with the books, core and marts in three datasets; a parameter keeps its name."""
    sql = 'UPDATE echannel.slices SET commits = $n WHERE stream IN (SELECT "id" FROM raw."shop__orders" JOIN core.orders ON TRUE JOIN mart.sales ON TRUE)'
    found = translated(sql, NAMES)
    for table in (
        "breton_raw`.`echannel_slices",
        "breton_raw`.`shop__orders",
        "breton_core`.`orders",
        "breton`.`sales",
    ):
        assert f"`atelier-1`.`{table}`" in found
    assert "commits = @n" in found
