"""A source and its copies: in the same program with other settings, in a process that was forked off."""

from __future__ import annotations

import copy
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TypeVar

import duckdb
import pytest
from pydantic import ValidationError

from echannel_connectors import Erp, PrestaShop, read
from echannel_connectors.per_process import per_process
from echannel_connectors.testing.shop import FakeShop
from tests.conftest import served
from tests.places import recording

T = TypeVar("T")
FORK = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing forks here")
SPEC = """
connector: acme
dialect: duckdb
tables:
  customers:
    from: clients AS c
    key: c.id
    columns: {customer_id: c.id, kind: "'b2b'"}
"""


def test_a_copy_with_another_address_asks_there(shop_a: FakeShop) -> None:
    """It went on asking the shop that it was copied from."""
    other = FakeShop.from_recording(recording("shop-d"))
    with served(shop_a) as shop, other.serve() as url:
        assert read(shop, "orders").to_arrow().num_rows == 385
        elsewhere = shop.model_copy(update={"url": url, "key": other.key})
        assert read(elsewhere, "orders").to_arrow().num_rows == 142
        assert read(shop, "orders").to_arrow().num_rows == 385


def test_a_copy_is_checked_and_hides_its_key() -> None:
    shop = PrestaShop(url="https://shop.example", key="k")
    assert "ANOTHER" not in repr(shop.model_copy(update={"key": "ANOTHER"}))
    with pytest.raises(ValidationError, match="use https"):
        shop.model_copy(update={"url": "http://shop.example"})


def test_a_source_is_copied_after_it_was_used(shop_a: FakeShop) -> None:
    """As workflow managers do with the arguments of a task."""
    with served(shop_a) as shop:
        read(shop, "orders").to_arrow()
        for twin in (copy.deepcopy(shop), copy.copy(shop)):
            assert twin == shop
            assert read(twin, "orders").to_arrow().num_rows == 385


@FORK
def test_a_process_that_was_forked_off_asks_for_itself(shop_a: FakeShop) -> None:
    """On the connections of one process two took each other's answers, and found a handful of orders."""
    with served(shop_a) as shop:
        orders = read(shop, "orders")
        assert orders.to_arrow().num_rows == 385
        session = shop._webservice.http._session()
        assert in_a_fork(lambda: shop._webservice.http._session() is session) is False
        assert in_a_fork(lambda: orders.to_arrow().num_rows) == 385
        assert shop._webservice.http._session() is session


@FORK
def test_a_process_that_was_forked_off_leaves_the_erp_s_connection_alone(tmp_path: Path) -> None:
    """It ended the snapshot that the other process was reading."""
    with duckdb.connect(str(tmp_path / "acme.duckdb")) as database:
        database.execute("CREATE TABLE clients AS SELECT range AS id FROM range(9)")
    (tmp_path / "acme.yaml").write_text(SPEC, encoding="utf-8")
    books = Erp.from_yaml(tmp_path / "acme.yaml", url=f"duckdb:///{tmp_path / 'acme.duckdb'}")
    customers = read(books, "customers")
    assert customers.to_arrow().num_rows == 9
    state = books._database._state
    assert state is not None

    def elsewhere() -> tuple[bool, bool]:
        is_over = state.is_over
        books.close()
        return is_over, state.first.closed

    assert in_a_fork(elsewhere) == (True, False)
    assert not state.is_over
    assert customers.to_arrow().num_rows == 9
    books.close()


def in_a_fork(call: Callable[[], T]) -> T:
    """What it gives in a process that is forked off now."""
    context = multiprocessing.get_context("fork")
    answers: SimpleQueue[T] = context.SimpleQueue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 dislikes it, and people do it
        process = context.Process(target=lambda: answers.put(call()))
        process.start()
    process.join(30)
    assert process.exitcode == 0
    return answers.get()


def test_what_is_opened_is_opened_once_for_all_threads() -> None:
    """Python's own cached_property has no lock since 3.12: each thread may make one, and count its passages at its own."""
    made = []

    class Opening:
        @per_process
        def gate(self) -> object:
            time.sleep(0.05)
            made.append(object())
            return made[-1]

    one = Opening()
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: one.gate, range(8)))
    assert len(found) == len(made) == 1


@FORK
def test_what_a_base_class_opens_is_opened_again_after_a_fork() -> None:
    class Base:
        @per_process
        def opened_by(self) -> int:
            return os.getpid()

    class Derived(Base):
        pass

    one = Derived()
    assert one.opened_by == os.getpid()
    assert in_a_fork(lambda: one.opened_by == os.getpid())
