"""BigQuery keeps what DuckDB keeps: the same tests, with the emulator behind the real client."""

from __future__ import annotations

import pytest

from echannel_connectors import BigQuery
from tests.test_duckdb import (  # noqa: F401 - pytest runs here what is imported
    ORDERS,
    test_a_batch_of_whole_days_takes_the_place_of_what_was_there,
    test_a_column_is_added_and_one_that_went_becomes_null,
    test_a_column_of_another_type_is_read_again,
    test_a_failed_commit_leaves_rows_and_position,
    test_a_key_that_comes_twice_in_a_batch_of_new_rows,
    test_new_rows_and_known_ones_end_the_same,
    test_only_rows_that_differ_are_written,
    test_reply_lost_after_commit,
    test_sweep_marks_what_is_gone_and_a_row_can_come_back,
    test_sweep_of_more_than_a_tenth_waits,
    test_the_last_of_two_rows_with_one_key_wins,
    test_two_runs_at_once_cannot_write_the_same_slice,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def warehouse(bigquery: BigQuery) -> BigQuery:
    from echannel_connectors.streams import Slice

    bigquery.prepare(ORDERS)
    bigquery.plan(ORDERS, [Slice()])
    return bigquery
