"""How results and progress look: tables and a progress line on a terminal, JSON lines in a pipe."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TextIO

from echannel_connectors import events
from echannel_connectors.cli.words import say
from echannel_connectors.events import Event, OnEvent
from echannel_connectors.pipeline import SyncResult


def as_json(value: Any) -> str:  # any event or row
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return repr(value)


def talk(sentence: str) -> None:
    """Words for people go to stderr: stdout is for results."""
    print(sentence, file=sys.stderr)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table that fits the terminal, numbers to the right; JSON lines when nobody watches."""
    rows = list(rows)
    if not sys.stdout.isatty():
        for row in rows:
            print(as_json(dict(zip(columns, row, strict=True))))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        numbers = bool(rows) and all(isinstance(row[n], int | float | Decimal | None) for row in rows)
        shown.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(value) for value in row))
    Console().print(shown)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


@contextmanager
def progress(log: Path | None) -> Iterator[OnEvent]:
    """A listener that shows a line per stream (or JSON lines in a pipe) and keeps all events in a log file."""
    file: TextIO | None = None
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("a", encoding="utf-8")
    try:
        if sys.stderr.isatty():
            with _Bar() as bar:
                yield _to_both(bar.show, file)
        else:
            yield _to_both(lambda event: print(as_json(event.as_json()), file=sys.stderr), file)
    finally:
        if file:
            file.close()


def _to_both(show: OnEvent, file: TextIO | None) -> OnEvent:
    def listen(event: Event) -> None:
        show(event)
        if file:
            at = datetime.now().astimezone().isoformat(timespec="milliseconds")
            file.write(as_json({"at": at, **event.as_json()}) + "\n")
            file.flush()

    return listen


class _Bar:
    """One line that says which stream is read and how many rows have come."""

    def __enter__(self) -> Self:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._status = self._console.status("…")
        self._status.start()
        self._rows = 0
        return self

    def __exit__(self, *exc: object) -> None:
        self._status.stop()

    def show(self, event: Event) -> None:
        match event:
            case events.StreamStarted():
                self._status.update(f"{event.source}.{event.stream}  {self._rows:,}")
            case events.Committed():
                self._rows += event.rows
                self._status.update(f"{event.source}.{event.stream}  {self._rows:,}")
            case events.Retrying():
                self._console.print(
                    f"  {event.what}: {event.because}; again in {event.after_seconds} s", style="yellow"
                )
            case events.Warned():
                self._console.print(f"  {event.sentence}", style="yellow")


def sync_result(result: SyncResult, place: str, language: str) -> None:
    """What a sync brought: a table per stream that had news, the marts, and the receipt."""
    if not sys.stdout.isatty():
        streams = [
            {
                "source": stream.source,
                "stream": stream.stream,
                "rows": stream.rows,
                "changed": stream.changed,
                "deleted": stream.deleted,
                "set_aside": stream.set_aside,
                "seconds": stream.seconds,
            }
            for stream in result.streams
        ]
        print(
            as_json(
                {
                    "streams": streams,
                    "tables": result.tables,
                    "warnings": result.warnings,
                    "seconds": round(result.seconds, 3),
                    "receipt": result.receipt,
                    "first": result.first,
                }
            )
        )
        return
    heads = [say(key, language) for key in ("stream", "rows", "changed", "deleted", "seconds")]
    rows = [
        (f"{stream.source}.{stream.stream}", stream.rows, stream.changed, stream.deleted, stream.seconds)
        for stream in result.streams
        if stream.changed or stream.deleted or stream.set_aside
    ]
    if rows:
        table("", heads, rows)
    marts = [(name, count) for name, count in result.tables.items() if name.startswith("mart.")]
    table("", [say("table", language), say("rows", language)], marts)
    for warning in result.warnings:
        talk(f"! {warning}")
    if result.total("set_aside"):
        talk(say("set_aside", language, n=result.total("set_aside")))
    talk(say("first", language) if result.first else say("incremental", language, changed=result.total("changed")))
    talk(say("took", language, rows=result.total("rows"), seconds=result.seconds, place=place))
    talk(receipt(result.receipt, language))


def receipt(cost: Mapping[str, float], language: str) -> str:
    return say(
        "receipt",
        language,
        requests=cost.get("requests", 0),
        seconds=cost.get("seconds", 0.0),
        mib=cost.get("bytes", 0) / 1024 / 1024,
    )
