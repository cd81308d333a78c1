"""Google's analyser and the emulator, each started once a session."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from echannel_connectors import BigQuery
from tests.bigquery.analyser import Analyser, analyser
from tests.bigquery.emulator import Door, running

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def google() -> Iterator[Analyser]:
    with analyser() as found:
        yield found


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with running(tmp_path_factory.mktemp("bqemulator")) as door:
        yield door


@pytest.fixture
def door(emulator: Door) -> Iterator[Door]:
    """The way to the emulator, without faults."""
    emulator.calm()
    yield emulator
    emulator.calm()


@pytest.fixture
def bigquery(door: Door) -> Iterator[BigQuery]:
    """Datasets that nobody has used before."""
    made = BigQuery(project="atelier-1", dataset=f"breton_{next(NUMBERS)}", endpoint=door.url)
    made._service.sleep = lambda _: None
    yield made
    made.close()
