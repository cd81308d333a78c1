"""This library as a process of its own, so that its CPU and its memory are nobody else's.

python -m benchmarks.prestashop.ours read|stream|load|sync URL KEY [--page 500]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import SecretStr

from benchmarks.measure import Clock
from echannel_connectors import DuckDB, PrestaShop, read, sync
from echannel_connectors.events import ignore
from echannel_connectors.models.company import Company
from echannel_connectors.runs import Choice, Run, SyncResult

LISTS = ("orders", "order_details")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("read", "stream", "load", "sync"))
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--page", type=int, default=500)
    parser.add_argument("--readers", type=int)
    options = parser.parse_args()
    chosen = {"readers": options.readers} if options.readers else {}
    shop = PrestaShop(url=options.url, key=SecretStr(options.key), page=options.page, **chosen)
    with tempfile.TemporaryDirectory() as folder:
        into = DuckDB(Path(folder) / "shop.duckdb")
        clock = Clock(options.way)
        if options.way == "read":
            tables: list[pa.Table] = [read(shop, name).to_arrow() for name in LISTS]
            clock.stop(lambda: sum(pc.count_distinct(table["id"]).as_py() for table in tables), "as Arrow tables")
        elif options.way == "stream":
            rows = sum(batch.num_rows for name in LISTS for batch in read(shop, name))
            clock.stop(lambda: rows, "batch by batch")
        elif options.way == "load":
            result = SyncResult()
            Run(into, Company(), Choice(), ignore, result).read(shop)
            whole = f"into a DuckDB file, {result.total('rows'):,} rows of all streams"
            clock.stop(lambda: sum(stored(into, name) for name in LISTS), whole)
        else:
            result = sync(shop, into=into)
            whole = f"into a DuckDB file, {result.total('rows'):,} rows of all streams, marts built"
            clock.stop(lambda: sum(stored(into, name) for name in LISTS), whole)


def stored(into: DuckDB, name: str) -> int:
    return int(into.query(f'SELECT count(*) AS n FROM raw."shop__{name}"').read_all()["n"][0].as_py())


if __name__ == "__main__":
    main()
