"""This library as a process of its own: `raw` reads into the DuckDB file and commits, `sync` builds the marts as well.

python -m benchmarks.erp.ours raw|sync URL FILE [--only order_lines] [--connections 4]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.measure import Clock
from echannel_connectors.cli import nothing_to_tidy

with nothing_to_tidy():  # as the command loads it
    from echannel_connectors import DuckDB, Erp, sync
    from echannel_connectors.events import ignore
    from echannel_connectors.models.company import Company
    from echannel_connectors.runs import Choice, Run, SyncResult

SPEC = Path(__file__).with_name("shop.yaml")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("raw", "sync"))
    parser.add_argument("url")
    parser.add_argument("file")
    parser.add_argument("--only")
    parser.add_argument("--sweep", action="store_true", help="look for rows that are gone, whenever that was done last")
    parser.add_argument("--connections", type=int, default=1, help="that read a large table side by side")
    options = parser.parse_args()
    clock = Clock("ours")
    books = Erp.from_yaml(SPEC, url=options.url, connections=options.connections)
    into = DuckDB(options.file)
    only = (f"books.{options.only}",) if options.only else ()
    choice = Choice(only=only, accept_deletes=options.sweep)
    if options.way == "sync":
        result = sync(books, into=into, choice=choice)
    else:
        result = SyncResult()
        try:
            Run(into, Company(), choice, ignore, result).read(books)
        finally:
            books.close()
    deleted = f"{result.total('changed'):,} changed, {result.total('deleted'):,} deleted"
    clock.stop(lambda: result.total("rows"), deleted)


if __name__ == "__main__":
    main()
