"""read(): Arrow, batches, pandas, polars and DuckDB take the same exact rows."""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pytest

from echannel_connectors import Choice, DuckDB, PrestaShop, read, sync
from echannel_connectors.errors import Conflict, SettingsError
from echannel_connectors.testing.shop import FakeShop
from tests.conftest import served


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
            (date(2026, 10, 1), None, "is not a day"),
        ):
            with pytest.raises(SettingsError, match=sentence):
                read(shop, "orders", since=since, until=until)  # type: ignore[arg-type]  # what people pass
            with pytest.raises(SettingsError, match=sentence):
                Choice(since=since, until=until)  # type: ignore[arg-type]  # as above
    with pytest.raises(SettingsError, match="is a table of the warehouse, which is read whole"):
        read(DuckDB(tmp_path / "shop.duckdb"), "mart.sales", since="2026-10-01")


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
