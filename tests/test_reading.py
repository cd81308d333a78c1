"""read(): Arrow, batches, pandas, polars and DuckDB take the same exact rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import polars
import pyarrow as pa
import pytest

from echannel_connectors import DuckDB, read, sync
from echannel_connectors.errors import SettingsError
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


def test_an_unknown_table_offers_the_nearest(shop_a: FakeShop, warehouse_file: Path) -> None:
    with served(shop_a) as shop:
        sync(shop, into=DuckDB(warehouse_file))
    with pytest.raises(SettingsError, match=r"did you mean 'mart.sales'"):
        read(DuckDB(warehouse_file), "mart.sale")
