"""SELECTs in their final words, as DuckDB reads them."""

from __future__ import annotations

import duckdb

from echannel_connectors.models.selects import select


def test_the_arrow_of_an_older_duckdb_still_works() -> None:
    """A spec that a company copied before DuckDB 2 has it."""
    made = select("SELECT list_filter([1, 2, 3], n -> n > 1) AS x WHERE :a = 'b'", "here", (("a", "b"),), "duckdb")
    assert duckdb.sql(made.sql).fetchall() == [([2, 3],)]
