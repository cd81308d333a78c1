"""What BigQuery bills, and what a month of it would come to.

On demand BigQuery bills the bytes that queries read: 6.25 US dollars a TiB (Google's list price for the EU and US
multi-regions; other regions differ by up to a half), the first TiB of each month free. Loading is free.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from echannel_connectors.destinations import Bill

TIB = 2**40
DOLLARS_A_TIB = 6.25
FREE_BYTES = TIB  # a month and billing account
MONTH = timedelta(days=30)
WATCHED = timedelta(days=7)  # how far back runs are counted


@dataclass(slots=True)
class Cost:
    """The jobs that were run and the bytes billed for them."""

    jobs: int = 0
    bytes: int = 0

    def add(self, billed: int | None) -> None:
        self.jobs += 1
        self.bytes += billed or 0


def bill_of(billed: int, runs: list[datetime], now: datetime) -> Bill:
    """A month of runs like this one, at the pause that lay between them in the last week; one a day while unknown."""
    recent = sorted(at for at in runs if now - at < WATCHED)
    pause = timedelta(days=1)
    if len(recent) > 1:
        pause = max((recent[-1] - recent[0]) / (len(recent) - 1), timedelta(minutes=1))
    times = MONTH // pause
    return Bill(billed, times, max(0, billed * times - FREE_BYTES) / TIB * DOLLARS_A_TIB)
