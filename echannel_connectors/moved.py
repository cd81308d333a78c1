"""A source that has another address than before: the same shop, which has moved, or another one under its name?

Numbers begin at one in each shop, so rows of two under one name would be taken for each other's, in silence: where the
first one was a trial, a copy or another company's. The moment of an order never changes, and tells.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError
from echannel_connectors.streams import Landmark, Source
from echannel_connectors.texts import say

SAMPLE = 20  # of the first orders, which a copy shares with what it was copied from, and as many of the last ones
ROWS = """SELECT CAST({key} AS VARCHAR) AS key, {moment} AS moment FROM {table}
    WHERE _deleted_at IS NULL AND {moment} IS NOT NULL ORDER BY {moment}{way}, {key}{way} LIMIT {sample}"""


def refuse_another(into: Warehouse, source: Source, before: str | None) -> None:
    """Raises SettingsError where a source's new address has other orders than those that were read at the old one."""
    mark: Landmark | None = getattr(source, "landmark", None) if _has_moved(source, before) else None
    if mark is None:
        return
    stream, streams = f"{source.name}__{mark.stream}", source.streams()
    if mark.stream not in streams or not into.stored(streams[mark.stream].shape.named(stream)).rows:
        return
    found: list[list[bool]] = []
    for way in ("", " DESC"):
        words = {"key": commit.quoted(mark.key), "moment": commit.quoted(mark.moment), "way": way, "sample": SAMPLE}
        known = _moments(into.query(ROWS.format(table=commit.raw_table(stream), **words)).read_all())
        if not known:
            return
        there = _moments(pa.Table.from_batches([source.moments(list(known))]))  # type: ignore[attr-defined]  # of a mark
        found.append([there[key] == moment for key, moment in known.items() if key in there])
    # None of the last ones: a shop that was brought back from a copy of some days ago. None at all: another one.
    if not any(found) or any(are_same and sum(are_same) * 2 <= len(are_same) for are_same in found):
        raise _another(source, before or "")


def _has_moved(source: Source, before: str | None) -> bool:
    return before not in (None, getattr(source, "address", None))


def _moments(rows: pa.Table) -> Mapping[str, int | None]:
    """The rows' moments in microseconds, by their keys."""
    keys, moments = rows.columns
    return dict(zip(keys.to_pylist(), moments.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist(), strict=True))


def _another(source: Source, before: str) -> SettingsError:
    return SettingsError(
        say(
            "{address} has other orders than {before}, from which {source!r} was read until now: nothing was read",
            address=getattr(source, "address", ""),
            before=before,
            source=source.name,
        ),
        hint=say(
            "give it a name of its own in echannel.yaml; `echannel forget {source}` takes the first one's figures out",
            source=source.name,
        ),
    )
