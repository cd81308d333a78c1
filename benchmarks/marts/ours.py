"""This library's marts over core tables that are there, and again after a day's changes, as a process of its own.

python -m benchmarks.marts.ours FILE MIB [ORDERS]: with ORDERS, what a day brings to so many orders comes first.
python -m benchmarks.marts.ours FILE MIB reviews: every check over the marts that are there, its answers kept.
"""

from __future__ import annotations

import sys

from benchmarks.marts.world import a_day
from benchmarks.measure import Clock
from echannel_connectors import DuckDB
from echannel_connectors.events import ignore
from echannel_connectors.models.build import build
from echannel_connectors.models.company import Company
from echannel_connectors.review import review


def main() -> None:
    file, mib, *orders = sys.argv[1:]
    into = DuckDB(file, memory_mib=int(mib))
    if orders == ["reviews"]:
        clock = Clock("reviews")
        done = review(into)
        clock.stop(lambda: len(done.answers))
        return
    if orders:
        a_day(into, int(orders[0]))
    clock = Clock("ours, a day later" if orders else "ours")
    rows = build(into, [], Company(), None, ignore)
    clock.stop(lambda: rows["mart.sales"])


if __name__ == "__main__":
    main()
