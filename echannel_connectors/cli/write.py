"""Rows to stdout, in the form that was asked for."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa

from echannel_connectors.cli import show
from echannel_connectors.reading import Rows
from echannel_connectors.texts import say

MOST_SHOWN = 200


def write(rows: Rows, form: str, limit: int | None) -> None:
    """All rows, or as many as were asked for; a table on a terminal is cut where nobody would read on, and says so."""
    batches = _limited(rows, limit)
    if form == "table" and sys.stdout.isatty():
        _show(rows, limit)
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(rows.schema.names)
        for batch in batches:
            writer.writerows([_text(value) for value in row.values()] for row in batch.to_pylist())
    elif form in ("jsonl", "table"):
        for batch in batches:
            for row in batch.to_pylist():
                print(show.as_json(row))
    elif form == "arrow":
        with pa.ipc.new_stream(sys.stdout.buffer, rows.schema) as sink:
            for batch in batches:
                sink.write_batch(batch)
    else:
        import pyarrow.parquet as pq

        with pq.ParquetWriter(sys.stdout.buffer, rows.schema, compression="zstd") as sink:
            for batch in batches:
                sink.write_batch(batch)


def _show(rows: Rows, limit: int | None) -> None:
    most = min(limit or 20, MOST_SHOWN)
    found = [list(row.values()) for batch in _limited(rows, most + 1) for row in batch.to_pylist()]
    if not found:
        show.talk(say("There are no rows."))
        return
    show.records(rows.schema.names, found[:most])
    if len(found) > most != limit:
        show.talk(
            say("These are the first {n} rows: --limit shows up to {most}, --format csv all.", n=most, most=MOST_SHOWN)
        )


def _limited(rows: Rows, limit: int | None) -> Iterator[pa.RecordBatch]:
    left = limit
    for batch in rows:
        part = batch if left is None else batch.slice(0, left)
        yield part
        if left is not None:
            left -= part.num_rows
            if left <= 0:
                return


def _text(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"  # never 0E-8
    return show.as_json(value) if isinstance(value, list | dict) else value
