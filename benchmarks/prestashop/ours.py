"""This library as a process of its own, so that its CPU and its memory are nobody else's.

python -m benchmarks.prestashop.ours read|stream|sync URL KEY [--page 500]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pyarrow as pa

from benchmarks.prestashop.measure import Clock
from echannel_connectors import DuckDB, PrestaShop, read, sync

LISTS = ("orders", "order_details")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("read", "stream", "sync"))
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--page", type=int, default=500)
    parser.add_argument("--readers", type=int)
    options = parser.parse_args()
    chosen = {"readers": options.readers} if options.readers else {}
    shop = PrestaShop(url=options.url, key=options.key, page=options.page, **chosen)
    with tempfile.TemporaryDirectory() as folder:
        into = DuckDB(Path(folder) / "shop.duckdb")
        clock = Clock(options.way)
        if options.way == "read":
            tables: list[pa.Table] = [read(shop, name).to_arrow() for name in LISTS]
            clock.stop(sum(table.num_rows for table in tables), "as Arrow tables")
        elif options.way == "stream":
            clock.stop(sum(batch.num_rows for name in LISTS for batch in read(shop, name)), "batch by batch")
        else:
            result = sync(shop, into=into)
            rows = {stream.stream: stream.rows for stream in result.streams}
            clock.stop(
                sum(rows[name] for name in LISTS),
                f"into a DuckDB file, {sum(rows.values()):,} rows of all streams, marts built",
            )


if __name__ == "__main__":
    main()
