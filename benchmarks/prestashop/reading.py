"""Claim 1: a full read of orders and their lines, ours beside the peers, against the same stand-in."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.prestashop import peers, report
from benchmarks.prestashop.measure import Measure
from benchmarks.prestashop.server import serving

PART = 1_000  # orders for the slow peers: their records per second do not depend on how many there are


def run(*, full: bool) -> None:
    orders = 100_000 if full else 10_000
    for latency in (0, 50, 200) if full else (50,):
        _at(orders, latency)


def _at(orders: int, latency: int) -> None:
    with serving(orders, latency) as shop:
        read = peers.ours("read", shop)
        read.name = "ours, read"
        found = [read]
        whole = peers.ours("sync", shop)
        whole.name = "ours, sync"
        found.append(whole)
        floor = peers.loop("requests", shop)
        floor.name = "requests, orjson"
        floor.note = "pages of 500, nothing done with them"
        found.append(floor)
    with serving(PART, latency) as shop:
        prestapyt = _peer(found, "prestapyt", lambda: peers.loop("prestapyt", shop))
        airbyte = _peer(found, "airbyte", lambda: peers.airbyte(shop))
    for peer in (prestapyt, airbyte):
        if peer:
            peer.note += f"a shop of {PART:,} orders; its records/s do not depend on how many there are"
    report.measures(f"{orders:,} orders with two lines each, {latency} ms a request", found)
    for peer, goal in ((prestapyt, 10), (airbyte, 20)):
        if peer:
            times = read.rate / peer.rate
            claim = f"at {latency} ms, at least {goal} times the records/s of {peer.name}"
            report.verdict(
                claim, f"{times:.1f} times ({whole.rate / peer.rate:.1f} for the whole sync)", met=times >= goal
            )


def _peer(found: list[Measure], name: str, run: Callable[[], Measure]) -> Measure | None:
    try:
        measure = run()
    except peers.NotHere as why:
        report.say(f"{name} cannot be run: {why}")
        return None
    measure.name = name
    found.append(measure)
    return measure
