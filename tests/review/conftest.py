"""The marts that tests of the review fill: built once a module, empty before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from echannel_connectors import DuckDB
from tests.review.marts import emptied, empty_marts


@pytest.fixture(scope="module")
def built() -> Iterator[DuckDB]:
    warehouse = empty_marts()
    yield warehouse
    warehouse.close()


@pytest.fixture
def marts(built: DuckDB) -> DuckDB:
    emptied(built)
    return built
