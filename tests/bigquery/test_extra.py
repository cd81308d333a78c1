"""A company's own columns in BigQuery: the same rows as in DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors import BigQuery, DuckDB, sync
from tests.models.test_extra import core, erp

pytestmark = pytest.mark.slow


def test_columns_of_ones_own_arrive_in_bigquery(tmp_path: Path, bigquery: BigQuery) -> None:
    """Of two sources; and again when one of them is not read: its raw table tells, and of a decimal no places."""
    here = DuckDB(tmp_path / "w.duckdb")
    two = erp(tmp_path), erp(tmp_path, "other", "{origin: s.origin, rating: {sql: s.weight, type: rate, scale: 4}}")
    wanted = "source, order_id, origin, weight, parcels, gift, packed_on, packed_at, rating"
    for into in (here, bigquery):
        sync(*two, into=into)
    assert core(bigquery, wanted) == core(here, wanted)
    sync(two[0], into=bigquery)
    assert core(bigquery, wanted) == core(here, wanted)
