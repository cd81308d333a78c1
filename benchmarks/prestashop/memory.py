"""Claim 4: a hundred times the orders, the same memory. Each run is a process of its own."""

from __future__ import annotations

from benchmarks import report
from benchmarks.measure import Measure
from benchmarks.prestashop import peers
from benchmarks.prestashop.server import serving


def run(*, full: bool) -> None:
    few, many = (10_000, 1_000_000) if full else (2_000, 20_000)
    for way, name in (("stream", "read"), ("sync", "sync")):
        found: list[Measure] = []
        for orders in (few, many):
            with serving(orders, 0) as shop:
                one = peers.ours(way, shop)
            one.name = f"{orders:,} orders"
            found.append(one)
        report.measures(f"Peak memory: {name}", found)
        more = found[1].peak_mib / found[0].peak_mib - 1
        figure = f"{found[0].peak_mib:.0f} and {found[1].peak_mib:.0f} MiB: {more:+.0%}"
        report.verdict(f"{name}: {few:,} and {many:,} orders differ by less than 30 %", figure, met=abs(more) < 0.3)
