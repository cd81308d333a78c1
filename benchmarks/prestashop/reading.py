"""Claim 1: a full read of orders and their lines, ours beside the peers, against the same stand-in."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import report
from benchmarks.environments import NotHere
from benchmarks.measure import Measure
from benchmarks.prestashop import peers
from benchmarks.prestashop.server import serving

FEW, MANY = 1_000, 5_000  # orders for the slow peers


def run(*, full: bool) -> None:
    if full:
        _at(10_000, 0, FEW)
        _at(10_000, 200, FEW)
    _at(100_000 if full else 10_000, 50, MANY if full else FEW)


def _at(orders: int, latency: int, part: int) -> None:
    with serving(orders, latency) as shop:
        read, whole, floor = peers.ours("read", shop), peers.ours("sync", shop), peers.loop("requests", shop)
    read.name, whole.name, floor.name = "ours, read", "ours, sync", "requests, orjson"
    floor.note = "one page of 500 after the other, nothing done with them"
    found = [read, whole, floor]
    with serving(part, latency) as shop:
        prestapyt = _peer(found, "prestapyt", lambda: peers.loop("prestapyt", shop))
        airbyte = _peer(found, "airbyte", lambda: peers.airbyte(shop))
    for peer in (prestapyt, airbyte):
        if peer:
            peer.note += f"a shop of {part:,} orders"
    report.measures(f"{orders:,} orders with two lines each, {latency} ms a request", found)
    for peer, goal in ((prestapyt, 10), (airbyte, 20)):
        if peer:
            times = read.rate / peer.rate
            claim = f"at {latency} ms, at least {goal} times the records/s of {peer.name}"
            figure = f"{times:.1f} times ({whole.rate / peer.rate:.1f} for the whole sync)"
            report.verdict(claim, figure, met=times >= goal)


def _peer(found: list[Measure], name: str, run: Callable[[], Measure]) -> Measure | None:
    try:
        measure = run()
    except NotHere as why:
        report.say(f"{name} cannot be run: {why}")
        return None
    measure.name = name
    found.append(measure)
    return measure
