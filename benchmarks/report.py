"""Tables and verdicts: every claim is said with its figure, met or not; nothing here makes a run fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Measure

console = Console(highlight=False, soft_wrap=False)


def measures(title: str, found: Sequence[Measure]) -> None:
    """One line per reader; "ours" is how many times as fast as it the first one is."""
    table = _table(title, "reader", "records", "s", "records/s", "ours", "CPU s", "requests", "peak MiB")
    for one in found:
        table.add_row(
            one.name, f"{one.records:,}", f"{one.seconds:.1f}", f"{one.rate:,.0f}",
            f"{found[0].rate / one.rate:.1f}x" if one.rate else "", f"{one.cpu:.1f}", f"{one.requests:,}",
            f"{one.peak_mib:.0f}",
        )  # fmt: skip
    console.print(table)
    for one in found:
        if one.note:
            console.print(f"  {one.name}: {one.note}")


def rows(title: str, columns: Sequence[str], found: Iterable[Sequence[object]]) -> None:
    table = _table(title, *columns)
    for row in found:
        table.add_row(*(f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)


def verdict(claim: str, figure: str, *, met: bool) -> None:
    console.print(f"{'[bold green]met' if met else '[bold red]NOT met'}[/]  {claim}:\n         {figure}")


def say(sentence: str) -> None:
    console.print(sentence)


def _table(title: str, *columns: str) -> Table:
    console.print(f"\n[bold]{title}[/]")
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number and column else "left", no_wrap=True)
    return table
