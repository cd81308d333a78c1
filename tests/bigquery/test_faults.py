"""What goes wrong between a run and BigQuery: nothing is lost, nothing comes twice, and a sentence says what to do."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal

import pytest

from echannel_connectors import BigQuery
from echannel_connectors.destinations import Swept
from echannel_connectors.errors import Conflict, DestinationError, EChannelError, Refused, SettingsError, Unavailable
from echannel_connectors.streams import Slice
from echannel_connectors.testing.shop import FakeShop
from tests.bigquery.emulator import Door, Fault
from tests.test_duckdb import ORDERS, batch, content, keys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SCRIPT = r"^POST .*/jobs\b.*BEGIN TRANSACTION.*MERGE"
LOAD = r"^POST .*/upload/"


@pytest.fixture
def warehouse(bigquery: BigQuery) -> BigQuery:
    bigquery.prepare(ORDERS)
    bigquery.plan(ORDERS, [Slice()])
    return bigquery


def again(warehouse: BigQuery) -> BigQuery:
    """The next run: it remembers nothing."""
    return type(warehouse).model_validate(warehouse.model_dump())


def test_a_reply_to_a_transaction_is_lost(warehouse: BigQuery, door: Door) -> None:
    """The client asks again with the same job id, is told that it exists, and takes its result."""
    door.faults = [Fault(SCRIPT, done=True)]
    assert warehouse.commit(ORDERS, Slice(), batch((1, "10"), (2, None), at=2), 1) == 2
    assert content(warehouse) == [(1, Decimal(10)), (2, None)]
    assert sum("BEGIN TRANSACTION" in words and "MERGE" in words for words in door.seen) == 2


def test_a_load_job_that_was_sent_before_is_recognised(warehouse: BigQuery, door: Door) -> None:
    """A run dies after its load job and before its transaction: the next one finds the job done, and goes on."""
    door.faults = [Fault(SCRIPT, status=403, message="no", reason="accessDenied")]
    with pytest.raises(Refused):
        warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    door.calm()
    assert again(warehouse).commit(ORDERS, Slice(), batch((1, "10"), at=1), 1) == 1
    assert sum("/upload/" in words and "jobReference" in words for words in door.seen) == 1
    assert content(warehouse) == [(1, Decimal(10))]


def test_a_load_job_of_which_only_the_name_is_taken_is_sent_under_another(warehouse: BigQuery, door: Door) -> None:
    """A run dies while it sends rows: the name may count as used, and there is no job."""
    door.faults = [Fault(LOAD, status=409, message="Already Exists: Job atelier-1:EU.x", reason="duplicate")]
    assert warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1) == 1
    assert content(warehouse) == [(1, Decimal(10))]
    names = [re.findall(r'"jobId": *"([^"]+)"', words) for words in door.seen if re.match(LOAD, words)]
    assert [name[-2:] for (name,) in names] == ["_0", "_1"]


def test_other_rows_at_the_same_place_are_another_job(warehouse: BigQuery, door: Door) -> None:
    """What a dead run had staged is not taken for what the next one has read."""
    door.faults = [Fault(SCRIPT, status=403, message="no", reason="accessDenied")]
    with pytest.raises(Refused):
        warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    assert again(warehouse).commit(ORDERS, Slice(), batch((1, "12"), (2, "7"), at=1), 1) == 2
    assert content(warehouse) == [(1, Decimal(12)), (2, Decimal(7))]


def test_a_load_job_that_fails_is_done_again_under_another_id(warehouse: BigQuery, door: Door) -> None:
    door.faults = [Fault(LOAD, status=503, message="backendError")]
    try:
        changed = warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    except Unavailable:
        changed = again(warehouse).commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    assert changed == 1
    assert content(warehouse) == [(1, Decimal(10))]


def test_the_same_rows_again_only_move_the_position(warehouse: BigQuery, door: Door) -> None:
    """A stream that is read whole at every sync costs nothing while nothing happens; after a change it does."""
    rows = [(n, "1") for n in range(1, 21)]
    assert warehouse.commit(ORDERS, Slice(), batch(*rows, at=1), 1) == 20
    door.seen.clear()
    with warehouse.hold():
        assert warehouse.commit(ORDERS, Slice(), batch(*rows, at=2), 2) == 0
        assert warehouse.commit(ORDERS, Slice(), batch(*rows, at=3), 3) == 0
    assert not any("MERGE" in words or "/upload/" in words for words in door.seen)
    later = again(warehouse)
    assert later.prepare(ORDERS)["all"].position == {"id": 3}
    assert later.sweep(ORDERS, keys(*range(2, 21)), accept=False).deleted == 1
    door.seen.clear()
    assert later.sweep(ORDERS, keys(*range(2, 21)), accept=False) == Swept(19, 0, 0)
    assert not any("/upload/" in words for words in door.seen)
    assert later.commit(ORDERS, Slice(), batch(*rows, at=4), 4) == 1  # the row that was gone is back
    assert len(content(later)) == 20
    assert later.sweep(ORDERS, keys(*range(2, 21)), accept=False).deleted == 1


def test_another_transaction_in_the_way_is_waited_for(warehouse: BigQuery, door: Door) -> None:
    """BigQuery aborts the second of two; it is tried again, and its position decides."""
    door.faults = [
        Fault(SCRIPT, status=400, message="Transaction is aborted due to concurrent update against table d.t.", times=2)
    ]
    assert warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1) == 1
    door.faults = [Fault(SCRIPT, status=400, message="Transaction is aborted due to concurrent update.", times=9)]
    with pytest.raises(Conflict, match="another run writes to the same tables"):
        warehouse.commit(ORDERS, Slice(), batch((2, "5"), at=2), 2)


def test_another_run_moves_the_position_while_this_one_loads(warehouse: BigQuery, door: Door) -> None:
    """Between this run's look at the books and its transaction another one commits: the guard inside sees it."""
    other = again(warehouse)
    come: list[int] = []

    def commit_in_between(words: str) -> None:
        if "/upload/" in words and not come:
            come.append(1)
            other.commit(ORDERS, Slice(), batch((9, "9"), at=9), 1)

    door.before = commit_in_between
    with pytest.raises(Conflict, match="another sync wrote to shop__orders"):
        warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    assert content(warehouse) == [(9, Decimal(9))]
    assert again(warehouse).prepare(ORDERS)["all"].position == {"id": 9}


def test_a_table_that_somebody_altered(warehouse: BigQuery) -> None:
    """A column dropped by hand comes back and is read again, one added by hand stays, one retyped is mended."""
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    table = f"`atelier-1`.`{warehouse.dataset}_raw`.`shop__orders`"
    warehouse._service.run(f"CREATE OR REPLACE TABLE {table} AS SELECT * EXCEPT (total), 'x' AS mine FROM {table}")
    later = again(warehouse)
    assert later.prepare(ORDERS) == {}
    later.plan(ORDERS, [Slice()])
    assert later.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1) == 1
    assert content(later) == [(1, Decimal(10))]
    assert "mine" in later.query("SELECT * FROM raw.shop__orders").read_all().column_names


def test_a_raw_table_that_is_gone_is_read_again(warehouse: BigQuery) -> None:
    """Somebody dropped it, or it has expired: its position went with it."""
    warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    warehouse._service.call("delete_table", f"atelier-1.{warehouse.dataset}_raw.shop__orders")
    assert again(warehouse).prepare(ORDERS) == {}


def test_a_dataset_in_another_location(warehouse: BigQuery) -> None:
    elsewhere = warehouse.model_copy(update={"location": "us-central1"})
    with pytest.raises(SettingsError, match="is in EU, the destination says us-central1") as caught:
        BigQuery(**elsewhere.model_dump()).prepare(ORDERS)
    assert "?location=" in caught.value.hint
    found = list(BigQuery(**elsewhere.model_dump()).check())
    assert [finding.level for finding in found].count("error") == 3


REFUSED = [
    (403, "BigQuery API has not been used in project 7 before or it is disabled.", "accessNotConfigured", Refused, "API is not enabled"),
    (403, "Access Denied: Project p: User does not have bigquery.jobs.create permission in project p.", "accessDenied", Refused, "may not run jobs"),
    (403, "Access Denied: Table p:d.t: Permission bigquery.tables.updateData denied on table", "accessDenied", Refused, "may not do that"),
    (403, "Quota exceeded: Your project exceeded quota for free query bytes scanned.", "quotaExceeded", Unavailable, "quota of the project is used up"),
    (403, "Billing has not been enabled for this project. DML queries are not allowed in the free tier.", "billingNotEnabled", Refused, "no billing account"),
    (400, "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required.", "bytesBilledLimitExceeded", Refused, "more than its budget"),
    (400, "Resources exceeded during query execution: Not enough resources for query planning.", "resourcesExceeded", DestinationError, "a query too large"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "message", "reason", "kind", "said"), REFUSED)
def test_what_google_refuses(
    warehouse: BigQuery, door: Door, status: int, message: str, reason: str, kind: type[EChannelError], said: str
) -> None:
    """One sentence with the way out, in both languages; the position stays, and the next run goes on."""
    door.faults = [Fault(SCRIPT, status=status, message=message, reason=reason)]
    with pytest.raises(kind, match=said) as caught:
        warehouse.commit(ORDERS, Slice(), batch((1, "10"), at=1), 1)
    assert caught.value.hint
    assert caught.value.in_language("fr") != caught.value.in_language("en")
    assert "\n\n" not in str(caught.value)
    assert again(warehouse).prepare(ORDERS)["all"].commits == 0
    assert again(warehouse).commit(ORDERS, Slice(), batch((1, "10"), at=1), 1) == 1


CHILD = """
import sys
from echannel_connectors import BigQuery, PrestaShop, sync
url, key, dataset, endpoint = sys.argv[1:]
only = ("shop.orders", "shop.order_details", "shop.order_histories")
from echannel_connectors import Choice
import echannel_connectors.pipeline as pipeline
pipeline.build = lambda *given: {}
pipeline._warn_of_rates = lambda run: None
into = BigQuery(project="atelier-1", dataset=dataset, endpoint=endpoint)
sync(PrestaShop(url=url, key=key, pause=0.01, page=50), into=into, choice=Choice(only))
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
def test_killed_at_random_moments(shop_a: FakeShop, bigquery: BigQuery, door: Door) -> None:
    """SIGKILL eight times; the run after them ends with the shop's rows, each once."""
    moments = random.Random(3)

    def run(url: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", CHILD, url, shop_a.key, bigquery.dataset, door.url])

    killed = 0
    with shop_a.serve() as url:
        clock = time.monotonic()
        for _ in range(8):
            child = run(url)
            time.sleep(moments.uniform(2.0, 9.0))
            killed += child.poll() is None
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert run(url).wait() == 0, time.monotonic() - clock
    assert killed >= 4
    for table in ("orders", "order_details", "order_histories"):
        sql = f"SELECT count(*) AS n, count(DISTINCT id) AS ids FROM raw.shop__{table} WHERE _deleted_at IS NULL"
        assert bigquery.query(sql).read_all().to_pylist() == [
            {"n": len(shop_a.tables[table]), "ids": len(shop_a.tables[table])}
        ]
