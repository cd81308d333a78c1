"""Forget a source that a company has no more: its rows, its books and its stock of each day."""

from __future__ import annotations

from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.models.entered import SOURCE
from echannel_connectors.models.made import SNAPSHOTS
from echannel_connectors.texts import say

STREAMS = "SELECT source, stream, rows FROM echannel.streams WHERE source <> $own ORDER BY source, stream"
BY_SOURCE = ("echannel.sources WHERE name", "echannel.streams WHERE source", "echannel.notes WHERE source")
BY_STREAM = ("echannel.slices WHERE stream", "echannel.set_aside WHERE stream")


def forget(warehouse: Warehouse, source: str) -> int:
    """Take all that was read of a source out of the warehouse; how many rows of it counted.

    The next sync makes the tables without it. What reviews answered stays. In DuckDB it is done at once or not at all.
    In BigQuery the tables go first, as no transaction can drop them; what stops half-way is done again. Raises
    SettingsError for a source of which nothing is there.
    """
    found = warehouse.query(STREAMS, {"own": SOURCE}).read_all().to_pylist()
    own = [row for row in found if row["source"] == source]
    if not own:
        sentence = say("the warehouse holds nothing of {name!r}", name=source)
        raise SettingsError(sentence, hint=did_you_mean(source, {row["source"] for row in found}))
    names = [f"{source}__{row['stream']}" for row in own]
    warehouse.execute(
        commit.KNOWN_SOURCES,
        *(f"DROP TABLE IF EXISTS {commit.raw_table(name)}" for name in names),
        *((f"DELETE FROM {place} = $name", {"name": name}) for place in BY_STREAM for name in names),
        *((f"DELETE FROM {place} = $name", {"name": source}) for place in (*BY_SOURCE, f"{SNAPSHOTS} WHERE source")),
        commit.changed_wholly(SNAPSHOTS),
    )
    return sum(row["rows"] or 0 for row in own)
