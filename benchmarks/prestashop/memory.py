"""Claim 4: a hundred times the orders, the same memory. Each run is a process of its own.

`read` hands the rows to whoever asks, `load` commits them into a DuckDB file. A whole sync is shown beside them:
building marts takes what their joins take, for which there is a claim of its own (benchmarks/marts).
"""

from __future__ import annotations

from benchmarks import report
from benchmarks.measure import Measure
from benchmarks.prestashop import peers
from benchmarks.prestashop.server import serving


def run(*, full: bool) -> None:
    few, many = (10_000, 1_000_000) if full else (2_000, 20_000)
    for way, name in (("stream", "read"), ("load", "load"), ("sync", "sync")):
        found: list[Measure] = []
        for orders in (few, many):
            with serving(orders, 0) as shop:
                one = peers.ours(way, shop)
            one.name = f"{orders:,} orders"
            found.append(one)
        report.measures(f"Peak memory: {name}", found)
        more = found[1].peak_mib / found[0].peak_mib - 1
        figure = f"{found[0].peak_mib:.0f} and {found[1].peak_mib:.0f} MiB: {more:+.0%}"
        if name == "sync":
            report.say(f"A whole sync, marts and all: {figure}")
            continue
        report.verdict(f"{name}: {few:,} and {many:,} orders differ by less than 30 %", figure, met=abs(more) < 0.3)
