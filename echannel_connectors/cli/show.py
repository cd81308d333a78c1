"""How results and progress look: tables and a progress line on a terminal, JSON lines in a pipe."""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self, TextIO

from echannel_connectors import events
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.destinations import Bill
from echannel_connectors.errors import EChannelError
from echannel_connectors.events import Event, OnEvent
from echannel_connectors.pipeline import SyncResult
from echannel_connectors.streams import Finding
from echannel_connectors.texts import Text, say

SHORT = 20  # the characters of a cell in a small table
MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
NUMBER = int | float | Decimal | None


def as_json(value: Any) -> str:  # any event or row
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"  # never 0E-8
    return repr(value)


def talk(sentence: str) -> None:
    """Words for people go to stderr, in their language: stdout is for results."""
    sys.stdout.flush()  # where both go into one file, they keep their order
    print(_wrapped(told(sentence), sys.stderr), file=sys.stderr)


def line(sentence: str, indent: str = "") -> None:
    """A sentence among the results."""
    print(_wrapped(indent + told(sentence), sys.stdout))


def _wrapped(text: str, stream: TextIO) -> str:
    """The text broken at words where a terminal would break it anywhere; what follows is set in."""
    if not stream.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(one for written in text.split("\n") for one in _lines(written, width) or [""])


def _lines(written: str, width: int) -> list[str]:
    indent = written[: len(written) - len(written.lstrip(" "))] + "  "
    return textwrap.wrap(
        written, width, subsequent_indent=indent, drop_whitespace=True, break_long_words=False, break_on_hyphens=False
    )


def findings(name: str, found: Iterable[Finding]) -> bool:
    """Show what a check found, each with its place or under this name; whether none of it is an error."""
    well = True
    for finding in found:
        where = finding.place or name
        line(say("{mark} {name}: {problem}", mark=MARKS[finding.level], name=where, problem=finding.sentence))
        if finding.hint:
            line(finding.hint, indent="    ")
        well = well and finding.level != "error"
    return well


def steps(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """What to do next: a title, and a line per thing with the command or the place to copy."""
    talk(title)
    widest = max(len(told(label)) for label, _ in rows)
    bold, plain = ("\x1b[1m", "\x1b[0m") if sys.stderr.isatty() else ("", "")
    for label, copied in rows:
        print(f"  {told(label):<{widest}}  {bold}{copied}{plain}", file=sys.stderr)


def problem(error: EChannelError) -> None:
    """An error as people read it."""
    talk(say("{title}: {problem}", title=error.title, problem=error.in_language(spoken())))


def records(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows of data on a terminal, as they are: a table where that fits, else each record as a block of lines."""
    cells = [[_plain_cell(value) for value in row] for row in rows]
    terminal = shutil.get_terminal_size().columns
    for heads in ([[name] for name in columns], [_broken(name) for name in columns]):
        widths = [max(map(len, [*head, *(row[n] for row in cells)])) for n, head in enumerate(heads)]
        if sum(widths) + 2 * (len(widths) - 1) <= terminal:
            right = [all(isinstance(row[n], NUMBER) for row in rows) for n in range(len(columns))]
            _print_table(heads, cells, widths, right)
            return
    widest = max(map(len, columns))
    for number, row in enumerate(cells, 1):
        print(f"── {number} ".ljust(min(terminal, widest + 30), "─"))
        for name, cell in zip(columns, row, strict=True):
            print(_hanging(f"{name:<{widest}}  ", cell, terminal))


def glance(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """A small table of as many columns as there is room for, without those that are empty; how many it shows."""
    room = shutil.get_terminal_size().columns
    chosen: list[int] = []
    widths: list[int] = []
    cells = [[_short(value) for value in row] for row in rows]
    for n, name in enumerate(columns):
        width = max(map(len, [name, *(row[n] for row in cells)]))
        if any(row[n] is not None for row in rows) and sum(widths) + width + 2 * len(widths) <= room:
            chosen.append(n)
            widths.append(width)
    right = [all(isinstance(row[n], NUMBER) for row in rows) for n in chosen]
    _print_table([[columns[n]] for n in chosen], [[row[n] for n in chosen] for row in cells], widths, right)
    return len(chosen)


def _short(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    cell = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else _plain_cell(value)
    return cell if len(cell) <= SHORT else f"{cell[: SHORT - 1]}…"


def _broken(name: str) -> list[str]:
    """A column's name on several lines, one word each: id_, product_, attribute."""
    return re.findall(r"_*[^_]+_*", name) or [name]


def _print_table(heads: list[list[str]], rows: list[list[str]], widths: list[int], right: list[bool]) -> None:
    height = max(map(len, heads))
    lines = [[""] * (height - len(head)) + head for head in heads]
    for row in [*([line[n] for line in lines] for n in range(height)), *rows]:
        fields = zip(row, widths, right, strict=True)
        print("  ".join(f"{cell:{'>' if is_right else '<'}{width}}" for cell, width, is_right in fields).rstrip())


def _hanging(label: str, cell: str, width: int) -> str:
    """A value behind its label; what does not fit the line goes on below the value."""
    room = max(width - len(label), 20)
    parts = textwrap.wrap(cell, room, break_on_hyphens=False) or [""]
    return label + ("\n" + " " * len(label)).join(parts)


def _plain_cell(value: object) -> str:
    if value is None:
        return "–"
    text = as_json(value) if isinstance(value, list | dict) else str(value)
    return " ".join(text.split()) if "\n" in text else text


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], heads: Sequence[str] = ()) -> None:
    """A table that fits the terminal, numbers to the right; JSON lines, by the names of the columns, when nobody
    watches. `heads` are the names for people; a column without one is for programs alone."""
    rows = list(rows)
    if not sys.stdout.isatty():
        for row in rows:
            print(as_json(dict(zip(columns, row, strict=True))))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=told(title) or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    names = [told(name) for name in heads or columns]
    for n, name in enumerate(names):
        numbers = bool(rows) and all(isinstance(row[n], NUMBER) for row in rows)
        shown.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(value) for value in row[: len(names)]))
    Console().print(shown)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int) and not isinstance(value, bool):
        return told(say("{n:,}", n=value))
    if isinstance(value, float):
        return told(say("{n:,.1f}", n=value))
    if isinstance(value, Decimal):
        # All that it has: a dinar's thousandths, and a rate of 0.00612, are not cents.
        exponent = value.normalize().as_tuple().exponent
        return told(say("{n:,.{places}f}", n=value, places=max(2, -exponent) if isinstance(exponent, int) else 2))
    if isinstance(value, datetime):
        return told(moment(value))
    return told(value if isinstance(value, str) else str(value))


def moment(at: datetime) -> Text:
    """A moment as people write it, on this machine's clock."""
    return say("{at:%Y-%m-%d %H:%M}", at=at.astimezone())


@contextmanager
def busy(sentence: str) -> Iterator[OnEvent]:
    """A listener that shows what is going on: a line that moves on a terminal, JSON lines in a pipe.

    What happens all the time (DEBUG) is for the moving line and the log file only.
    """
    if sys.stderr.isatty():
        with _Bar(sentence) as bar:
            yield bar.show
    else:
        yield _write_event


@contextmanager
def progress(log: events.Log) -> Iterator[OnEvent]:
    """A listener that shows what is going on and keeps all events in a log file."""
    with log, busy(say("looking for what is new …")) as show:
        yield _to_both(show, log)


def _write_event(event: Event) -> None:
    if events.level(event) > logging.DEBUG:
        print(as_json(event.as_json()), file=sys.stderr)


def _to_both(one: OnEvent, other: OnEvent) -> OnEvent:
    def listen(event: Event) -> None:
        one(event)
        other(event)

    return listen


class _Bar:
    """One line that says what is going on, and how many rows have come."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence
        self._begun = self._ended = self._rows = 0

    def __enter__(self) -> Self:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._status = self._console.status(told(self._sentence))
        self._status.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._status.stop()

    def show(self, event: Event) -> None:
        match event:
            case events.StreamStarted():
                self._begun += 1
                self._reading(event.source)
            case events.Committed():
                self._rows += event.rows
                self._reading(event.source)
            case events.StreamFinished():
                self._ended += 1
                self._reading(event.source)
            case events.Building():
                self._status.update(told(say("{n} tables are built …", n=event.tables)))
            case events.Publishing():
                self._status.update(told(say("{table} is sent to Google Sheets …", table=event.table)))
            case events.Retrying():
                sentence = say(
                    "{what}: {because}; again in {seconds:.1f} s",
                    what=event.what,
                    because=event.because,
                    seconds=event.after_seconds,
                )
                self._warn(sentence)
            case events.Warned():
                self._warn(event.sentence)

    def _reading(self, source: str) -> None:
        counts = {"n": self._rows, "ended": self._ended, "begun": self._begun}
        self._status.update(told(say("{source}: {n:,} rows, {ended} of {begun} streams", source=source, **counts)))

    def _warn(self, sentence: str) -> None:
        self._console.print(f"! {told(sentence)}", style="yellow", markup=False, highlight=False)


def sync_result(result: SyncResult, place: str) -> None:
    """What a sync brought: a table per stream that had news, the marts, and the receipt."""
    if not sys.stdout.isatty():
        print(as_json({**result.as_json(), "warnings": [told(warning) for warning in result.warnings]}))
        return
    heads = (say("what"), say("read"), say("new or changed"), say("gone"), say("seconds"))
    rows = [
        (f"{stream.source}.{stream.stream}", stream.rows, stream.changed, stream.deleted, stream.seconds)
        for stream in result.streams
        if stream.changed or stream.deleted or stream.set_aside
    ]
    if rows:
        table("", ("stream", "rows", "changed", "deleted", "seconds"), rows, heads)
        print()
    marts = [(name, count) for name, count in result.tables.items() if name.startswith("mart.")]
    table("", ("table", "rows"), marts, (say("table"), say("rows")))
    summary(result, place)


def summary(result: SyncResult, place: str) -> None:
    """A sync in three sentences, for people."""
    if aside := result.total("set_aside"):
        talk(say("{n:,} rows did not fit and were set aside: see {table}.", n=aside, table="echannel.set_aside"))
    if result.first:
        talk(say("Everything was read."))
    else:
        changed = result.total("changed")
        talk(say("Incremental sync: only what is new since the last one ({n:,} rows changed).", n=changed))
    read = result.total("rows")
    talk(say("{n:,} rows in {seconds:.1f} s → {place}", n=read, seconds=result.seconds, place=place))
    talk(receipt(result.receipt))
    if result.bill:
        talk(bill(result.bill))


def bill(cost: Bill) -> Text:
    """What was billed, and what a month of it would be."""
    size, month = cost.bytes / 2**20, cost.bytes * cost.runs / 2**30
    if not cost.dollars:
        return say(
            "BigQuery bills {mib:,.0f} MiB; a month of it ({runs:,} runs, {gib:,.0f} GiB) is within the free TiB.",
            mib=size, runs=cost.runs, gib=month,
        )  # fmt: skip
    return say(
        "BigQuery bills {mib:,.0f} MiB; a month of it ({runs:,} runs, {gib:,.0f} GiB) would cost ${dollars:,.2f}.",
        mib=size, runs=cost.runs, gib=month, dollars=cost.dollars,
    )  # fmt: skip


def receipt(cost: Mapping[str, float]) -> Text:
    return say(
        "{requests:,.0f} requests, {seconds:.1f} s of the sources' own time, {mib:.1f} MiB; they were only read.",
        requests=cost.get("requests", 0),
        seconds=cost.get("seconds", 0.0),
        mib=cost.get("bytes", 0) / 1024 / 1024,
    )
