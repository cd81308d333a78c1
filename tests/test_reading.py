"""read(): Arrow, batches, pandas, polars and DuckDB take the same exact rows."""

from __future__ import annotations

import json
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pytest

from echannel_connectors import Choice, DuckDB, PrestaShop, SyncResult, changes, events, read, sync
from echannel_connectors.errors import Conflict, SettingsError
from echannel_connectors.planning import foresee
from echannel_connectors.reading import Changes, Rows
from echannel_connectors.testing.shop import FakeShop
from tests.conftest import served
from tests.sources.shops import RECORDED_UNTIL, clock_at


def test_a_stream_as_the_source_has_it(shop_a: FakeShop) -> None:
    with served(shop_a) as shop:
        orders = read(shop, "orders")
        assert orders.to_arrow().num_rows == 385
        assert sum(batch.num_rows for batch in orders) == 385
        some = read(shop, "orders", since="2026-10-01", until="2026-10-31").to_arrow()
        assert 0 < some.num_rows < 385
        with pytest.raises(SettingsError, match="has no stream 'ordrs'"):
            read(shop, "ordrs")


def test_a_table_in_every_library(shop_a: FakeShop, warehouse_file: Path) -> None:
    with served(shop_a) as shop:
        sync(shop, into=DuckDB(warehouse_file))
    sales = read(DuckDB(warehouse_file), "mart.sales")
    table = sales.to_arrow()
    total = sum(value for value in table["net_base"].to_pylist())
    assert isinstance(total, Decimal)
    frame = sales.to_pandas()
    assert frame["net_base"].sum() == total
    assert frame["cost_base"].isna().any()
    assert sales.to_pandas(floats=True)["net_base"].dtype == "double[pyarrow]"
    assert polars.DataFrame(sales)["net_base"].sum() == total
    relation = pa.RecordBatchReader.from_stream(sales)  # noqa: F841 - DuckDB finds it by its name
    assert duckdb.sql("SELECT sum(net_base) FROM relation").to_arrow_table()[0][0].as_py() == total


def test_days_are_days(shop_a: FakeShop, tmp_path: Path) -> None:
    """A source would look for whatever it is given, and find nothing or everything."""
    with served(shop_a) as shop:
        for since, until, sentence in (
            ("01/10/2026", None, "'01/10/2026' is not a day"),
            ("2026-13-01", None, "'2026-13-01' is not a day"),
            ("2026-10-31", "2026-10-01", "2026-10-31 is after 2026-10-01"),
            (datetime(2026, 10, 1), None, "is not a day"),  # of which clock?
            (date(2026, 10, 31), "2026-10-01", "2026-10-31 is after 2026-10-01"),
        ):
            with pytest.raises(SettingsError, match=sentence):
                read(shop, "orders", since=since, until=until)  # type: ignore[arg-type]  # what people pass
            with pytest.raises(SettingsError, match=sentence):
                Choice(since=since, until=until)  # type: ignore[arg-type]  # as above
    with pytest.raises(SettingsError, match="is a table of the warehouse, which is read whole"):
        read(DuckDB(tmp_path / "shop.duckdb"), "mart.sales", since="2026-10-01")


def test_a_date_is_a_day(shop_a: FakeShop) -> None:
    """A scheduler has dates: `Choice(since=run.start.date())` was refused."""
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    assert Choice(since=first, until=last) == Choice(since="2026-10-01", until="2026-10-31")
    assert replace(Choice(since=first), full=True).days == ("2026-10-01", None)
    with served(shop_a) as shop:
        found = read(shop, "orders", since=first, until=last).to_arrow()
        assert found.equals(read(shop, "orders", since="2026-10-01", until="2026-10-31").to_arrow())
        assert found.num_rows


def test_a_misspelt_stream_is_told(shop_a: FakeShop, tmp_path: Path) -> None:
    """A sync of nothing at all went well, every day."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a) as shop:
        for run in (sync, lambda *sources, **words: list(foresee(*sources, **words))):
            with pytest.raises(SettingsError, match="shop has no stream 'ordrs'") as told:
                run(shop, into=into, choice=Choice(only=("shop.orders", "shop.ordrs")))
            assert told.value.hint == "did you mean 'orders'?"


def test_what_a_sync_did_travels_as_json(shop_a: FakeShop) -> None:
    """Schedulers keep what a task returns; of a class of ours Airflow takes nothing back."""
    with served(shop_a) as shop:
        result = sync(shop, into=DuckDB(":memory:"))
    said = result.as_json()
    assert json.loads(json.dumps(said)) == said
    assert said["tables"]["mart.sales"] == 951
    assert {one["stream"]: one["rows"] for one in said["streams"]}["orders"] == result_of(result, "orders")


def result_of(result: SyncResult, name: str) -> int:
    return next(stream.rows for stream in result.streams if stream.stream == name)


def counted(rows: Rows) -> int:
    return rows.to_arrow().num_rows


def test_rows_travel_to_another_process(shop_a: FakeShop, tmp_path: Path) -> None:
    """They travel as the place where they are: Dagster pickles what an asset returns."""
    with served(shop_a) as shop, ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        sync(shop, into=DuckDB(tmp_path / "shop.duckdb"))
        some = read(shop, "orders", since="2026-10-01", until="2026-10-31")
        for rows in (some, read(DuckDB(tmp_path / "shop.duckdb"), "mart.sales")):
            assert pool.submit(counted, rows).result() == counted(rows) > 0


def test_who_keeps_rows_himself_reads_on_from_a_position(shop_a: FakeShop) -> None:
    """Merged by their key, rows of one reading after another are those of the shop, and few come again."""
    kept: dict[int, dict[str, object]] = {}

    def take(rows: Changes) -> int:
        found = rows.to_arrow().to_pylist()
        kept.update({row["id"]: row for row in found})
        return len({row["id"] for row in found})

    with served(shop_a) as shop, clock_at(RECORDED_UNTIL):
        orders = changes(shop, "orders")
        assert orders.key == ("id",)
        assert [field.name for field in orders.schema if not field.nullable] == ["id"]
        assert take(orders) == 385
        position = json.loads(json.dumps(orders.position))
        shop_a.tables["orders"][1]["total_paid"] = "12.340000"
        shop_a.tables["orders"][1]["date_upd"] = f"{RECORDED_UNTIL:%Y-%m-%d %H:%M:%S}"
        with clock_at(RECORDED_UNTIL + timedelta(hours=1)):
            assert 1 <= take(changes(shop, "orders", after=position)) < 20
            assert kept[1]["total_paid"] == Decimal("12.34")
            assert 1 <= take(orders) < 20  # the same object reads on as well
        assert kept == {row["id"]: row for row in read(shop, "orders").to_arrow().to_pylist()}


def test_a_reading_that_breaks_off_goes_on_where_it_was(shop_a: FakeShop) -> None:
    """The position is that of the batches that were given, the last one included."""
    with served(shop_a, page=50, readers=1) as shop, clock_at(RECORDED_UNTIL):
        orders = changes(shop, "orders")
        given = [row for _, batch in zip(range(4), orders, strict=False) for row in batch["id"].to_pylist()]
        left = changes(shop, "orders", after=orders.position).to_arrow()["id"].to_pylist()
    assert len({*given, *left}) == 385
    assert len(given) + len(left) < 410  # some are recent, and come twice


def test_new_columns_begin_anew(shop_a: FakeShop) -> None:
    """Rows that lie there do not have their values yet."""
    with served(shop_a) as shop, clock_at(RECORDED_UNTIL):
        orders = changes(shop, "orders")
        assert orders.to_arrow().num_rows >= 385
        position = orders.position
        older = {**position, "columns": {name: kind for name, kind in position["columns"].items() if name != "payment"}}
        assert changes(shop, "orders", after=older).to_arrow().num_rows >= 385
        wider = {**position, "columns": {**position["columns"], "went": "string"}}
        assert changes(shop, "orders", after=wider).to_arrow().num_rows < 20


def test_what_is_no_position_is_told(shop_a: FakeShop) -> None:
    with served(shop_a) as shop:
        for wrong in ("2026-10-01", {"date": "2026-10-01"}, {"columns": {}, "slices": {"all": 1}}):
            with pytest.raises(SettingsError, match="is no position"):
                changes(shop, "orders", after=wrong)  # type: ignore[arg-type]  # what people pass


def test_what_does_not_fit_is_told_without_a_warehouse(shop_a: FakeShop) -> None:
    """`read` left such rows out, and nobody could know."""
    shop_a.tables["orders"][7]["total_paid"] = "n/a"
    with served(shop_a) as shop:
        for orders in (read(shop, "orders"), changes(shop, "orders")):
            assert orders.set_aside == ()
            orders.to_arrow()
            assert {(one.key, one.column, one.value) for one in orders.set_aside} == {("id=7", "total_paid", "n/a")}


def test_read_says_what_is_no_place(tmp_path: Path) -> None:
    """A program without types gave an AttributeError."""
    with pytest.raises(SettingsError, match="a str is neither a source nor a warehouse"):
        read("shop.duckdb", "mart.sales")  # type: ignore[arg-type]  # what people pass


def test_a_listener_that_raises_ends_the_sync(shop_a: FakeShop, tmp_path: Path) -> None:
    """The way to stop a sync that runs in another thread; the next one goes on from there."""

    def stop(event: events.Event) -> None:
        if isinstance(event, events.StreamFinished):
            raise StopIteration

    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a) as shop:
        with pytest.raises(StopIteration):
            sync(shop, into=into, on_event=stop)
        assert sync(shop, into=into).tables["mart.sales"] == 951
    statuses = [run["status"] for run in read(into, "echannel.runs").to_arrow().to_pylist()]
    assert sorted(statuses) == ["done", "failed"]


def test_two_sources_of_one_name_are_told(tmp_path: Path) -> None:
    """Two shops are both `shop` where nobody names them; their rows would be taken for one shop's."""
    one, two = (PrestaShop(url=f"https://{name}.example", key="k") for name in ("brest", "exeter"))
    with pytest.raises(SettingsError, match="two sources are named 'shop'"):
        sync(one, two, into=DuckDB(tmp_path / "shop.duckdb"))


def test_a_warehouse_travels_to_another_process(tmp_path: Path) -> None:
    twin = pickle.loads(pickle.dumps(DuckDB(tmp_path / "shop.duckdb", memory_mib=64, wait_seconds=1)))
    assert (twin.path, twin.memory_mib, twin.wait_seconds) == (str(tmp_path / "shop.duckdb"), 64, 1)
    with pytest.raises(TypeError, match="in memory"):
        pickle.dumps(DuckDB(":memory:"))


def test_an_unknown_table_offers_the_nearest(shop_a: FakeShop, warehouse_file: Path) -> None:
    with served(shop_a) as shop:
        sync(shop, into=DuckDB(warehouse_file))
    with pytest.raises(SettingsError, match=r"did you mean 'mart.sales'"):
        read(DuckDB(warehouse_file), "mart.sale")


@pytest.mark.parametrize("batches", [0, 1])
def test_a_query_that_is_closed_lets_go_of_the_file(batches: int, tmp_path: Path) -> None:
    """It kept the file, so that no sync of the same program could write it."""
    into = DuckDB(tmp_path / "shop.duckdb", wait_seconds=0)
    into.execute()
    rows = into.query("SELECT * FROM range(500000)")
    for _ in range(batches):
        rows.read_next_batch()
    with pytest.raises(Conflict, match="in use by this program itself"):
        into.execute()
    rows.close()
    into.execute()


def test_a_query_that_writes_is_told_what_it_is(tmp_path: Path) -> None:
    """It was told to look who owns the file."""
    into = DuckDB(tmp_path / "shop.duckdb")
    into.execute()
    with pytest.raises(SettingsError, match="a query only reads the warehouse"):
        into.query("DROP TABLE echannel.runs")


def test_what_is_only_read_is_no_single_text() -> None:
    with pytest.raises(SettingsError, match=r"hint: only=\('shop.orders',\)"):
        Choice(only="shop.orders")  # type: ignore[arg-type]  # what people pass


def test_sync_says_what_is_no_source_and_no_destination(shop_a: FakeShop, tmp_path: Path) -> None:
    """A program without types gave an AttributeError."""
    with served(shop_a) as shop:
        with pytest.raises(SettingsError, match="a list is no source") as told:
            sync([shop], into=DuckDB(tmp_path / "shop.duckdb"))  # type: ignore[arg-type]
        assert told.value.hint == "each source stands by itself: sync(*sources, into=…)"
        with pytest.raises(SettingsError, match="a str is no destination"):
            sync(shop, into="shop.duckdb")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
