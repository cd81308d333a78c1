"""What a warehouse's books say: the last runs, and how old the figures of each source are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from echannel_connectors.destinations import Warehouse
from echannel_connectors.texts import Text, say

RUNS = """SELECT started_at, status, rows_read, rows_changed, rows_deleted, set_aside, seconds, error
    FROM echannel.runs ORDER BY started_at DESC LIMIT 10"""
# From the books, of which mart.freshness is a copy made at the end of a run: true while one runs, or was killed, too.
FRESHNESS = """SELECT source, max(last_success) AS last_success,
    list({'stream': stream, 'failures': failures} ORDER BY stream) FILTER (WHERE failures > 0) AS failing
    FROM echannel.streams GROUP BY source ORDER BY source"""


def last_runs(warehouse: Warehouse) -> list[dict[str, Any]]:
    """The last ten runs, the newest first: rows of echannel.runs."""
    found: list[dict[str, Any]] = warehouse.query(RUNS).read_all().to_pylist()
    return found


def freshness(warehouse: Warehouse) -> list[dict[str, Any]]:
    """A row per source: `source`, `last_success`, and `failing`, its streams whose last read failed."""
    found: list[dict[str, Any]] = warehouse.query(FRESHNESS).read_all().to_pylist()
    return found


def age(last: datetime | None) -> Text:
    """How long ago, in the unit that people would use."""
    if last is None:
        return say("never")
    minutes = int((datetime.now(UTC) - last).total_seconds() // 60)
    if minutes < -60:  # this machine's clock was wrong then, or is now
        return say("in the future")
    if minutes < 60:
        return say("{n} min", n=max(minutes, 0))
    if minutes < 48 * 60:
        return say("{n} h", n=minutes // 60)
    return say("{n} days", n=minutes // 1440)
