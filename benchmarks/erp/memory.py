"""Ten times the rows, the same memory."""

from __future__ import annotations

from benchmarks import report
from benchmarks.environments import NotHere
from benchmarks.erp.running import Ran, once
from benchmarks.erp.world import SERVERS


def run(*, full: bool) -> None:
    few, many = (2_000_000, 20_000_000) if full else (500_000, 1_500_000)
    for kind, serving in SERVERS.items():
        found: list[Ran] = []
        try:
            for lines in (few, many):
                with serving(lines) as books:
                    ran = Ran(f"{lines:,} rows", [], [])
                    once("ours", books, ran)
                    found.append(ran)
        except NotHere as why:
            report.say(f"{kind}: {why}")
            continue
        less, more = found
        growth = more.peak / less.peak - 1
        figure = f"{less.peak:.0f} MiB ({less.time:.1f} s) and {more.peak:.0f} MiB ({more.time:.1f} s): {growth:+.0%}"
        claim = f"{kind}: peak memory of {few:,} and {many:,} rows within 30 %"
        report.verdict(claim, figure, met=growth <= 0.3 and less.is_exact and more.is_exact)
