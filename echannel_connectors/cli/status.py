"""`echannel status`: the last ten runs, and how old the figures are."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from echannel_connectors.cli import show
from echannel_connectors.cli.language import told
from echannel_connectors.destinations import Warehouse
from echannel_connectors.history import age, freshness, last_runs
from echannel_connectors.texts import say

STATUS = {"done": say("done"), "failed": say("failed")}


def show_status(warehouse: Warehouse) -> None:
    """Tables on a terminal; in a pipe a JSON line per run (`"kind": "run"`), then one per source."""
    runs, sources = last_runs(warehouse), freshness(warehouse)
    if not sys.stdout.isatty():
        for kind, rows in (("run", runs), ("source", [_with_lag(row) for row in sources])):
            for row in rows:
                print(show.as_json({"kind": kind, **row}))
        return
    if not runs:
        show.talk(say("No sync has run yet."))
        return
    _runs(runs)
    _freshness(sources)


def _runs(runs: list[dict[str, Any]]) -> None:
    columns = ("started_at", "status", "rows_read", "rows_changed", "rows_deleted", "set_aside", "seconds")
    heads = (say("when"), say("outcome"), say("read"), say("changed"), say("gone"), say("set aside"), say("seconds"))
    rows = [[_shown(name, row[name]) for name in columns] for row in runs]
    show.table(say("The last runs"), columns, rows, heads)
    for row in runs:
        if row["error"]:
            show.line(say("✗ {at}: {problem}", at=show.moment(row["started_at"]), problem=row["error"]))


def _shown(name: str, value: Any) -> object:
    if name == "status":
        return STATUS.get(value, value)
    return float(value) if name == "seconds" and value is not None else value


def _freshness(sources: list[dict[str, Any]]) -> None:
    heads = (say("source"), say("last read"), say("age"), say("streams that fail"))
    rows = [
        (row["source"], row["last_success"], told(age(row["last_success"])), _failing(row["failing"]))
        for row in sources
    ]
    print()
    show.table(say("How old the figures are"), ("source", "last_success", "age", "failing"), rows, heads)


def _failing(streams: list[dict[str, Any]] | None) -> str:
    found = [say("{stream} ({n:,}×)", stream=row["stream"], n=row["failures"]) for row in streams or ()]
    return ", ".join(map(told, found)) or "–"


def _with_lag(row: dict[str, Any]) -> dict[str, Any]:
    last = row["last_success"]
    hours = None if last is None else round((datetime.now(UTC) - last).total_seconds() / 3600, 2)
    return {"source": row["source"], "last_success": last, "lag_hours": hours, "failing": row["failing"] or []}
