"""A plan as targets that the reviews follow: rows of the market's targets file, told from others by `written_by`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile

from echannel_connectors.errors import DestinationError
from echannel_connectors.models import entered
from echannel_connectors.models.company import Company, Market
from echannel_connectors.plan.model import Forecast
from echannel_connectors.project import Project, remember_targets
from echannel_connectors.texts import say

METRICS = ("net_sales", "contribution", "orders")
HEAD = ("month", "metric", "value", "written_by")
AUTHOR = "plan"
BOM = "\ufeff".encode().decode("latin-1")

Row = tuple[str, ...]  # as HEAD


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a targets file: the rows written, those of an earlier plan that left, and the targets of others
    that stand in the way and stay; `is_registered` where echannel.yaml had to be told of the file."""

    file: Path
    written: int
    replaced: int
    kept: tuple[tuple[str, str], ...]  # month and metric
    is_registered: bool


def rows_of(found: Forecast) -> list[Row]:
    """A row for each month and metric; money and orders with two places, half to even."""
    return [
        (f"{one.month:%Y-%m}", metric, _cents(getattr(one, metric)), AUTHOR)
        for one in found.months[1:] for metric in METRICS
    ]  # fmt: skip


def as_csv(rows: Iterable[Row]) -> str:
    """A whole file of these rows: what the page offers to download."""
    return "".join(",".join(row) + "\n" for row in (HEAD, *rows))


def save(project: Project, market: str, rows: Sequence[Row]) -> Saved:
    """Put the rows into the market's targets file, in the place of those that an earlier plan wrote. No other line is
    touched, and a market without a file gets one. Raises SettingsError for a file that cannot be understood."""
    known = project.company.markets.get(market)
    file = (known and known.targets) or project.folder / f"{market.lower()}-targets.csv"
    before = ""
    if file.is_file():
        entered.read(
            Company(currency=project.company.currency, markets={market: Market(targets=file)})
        )  # or says what is wrong
        before = file.read_bytes().decode("latin-1")
    lines, separator, head = _taken_apart(before)
    own = [line for line, cells in lines if cells.get("written_by") == AUTHOR]
    theirs = {(cells["month"][:7], cells["metric"]) for _, cells in lines if cells.get("written_by", "") != AUTHOR}
    kept = tuple((row[0], row[1]) for row in rows if (row[0], row[1]) in theirs)
    new = [row for row in rows if (row[0], row[1]) not in theirs]
    end = "\r\n" if "\r\n" in before else "\n"
    order = [HEAD.index(name) if name in HEAD else None for name in head]
    added = [separator.join("" if n is None else row[n] for n in order) + end for row in new]
    stay = [line if line.endswith("\n") else line + end for line, cells in lines if line not in own]
    _write(file, separator.join(_heading(before, head, separator)) + end + "".join(stay + added))
    is_registered = not (known and known.targets)
    if is_registered:
        remember_targets(project, market, file.name)
    return Saved(file, len(new), len(own), kept, is_registered)


def _taken_apart(text: str) -> tuple[list[tuple[str, dict[str, str]]], str, list[str]]:
    """The lines of a file with their cells, what parts the cells, and the columns, `written_by` among them."""
    if not text:
        return [], ",", list(HEAD)
    first, *others = text.removeprefix(BOM).splitlines(keepends=True)
    separator = max(",;\t", key=first.count)
    head = [name.strip().lower() for name in first.strip().split(separator)]
    lines = []
    for line in others:
        [cells] = csv.reader(io.StringIO(line), delimiter=separator) if line.strip() else [[]]
        if cells:
            lines.append((line, dict(zip(head, (cell.strip() for cell in cells), strict=False))))
    return lines, separator, head if "written_by" in head else [*head, "written_by"]


def _heading(before: str, head: Sequence[str], separator: str) -> list[str]:
    """The first line as it was, with `written_by` at its end where it was not there."""
    if not before:
        return list(head)
    first = before.splitlines()[0].split(separator)
    return [*first, *head[len(first) :]]


def _write(file: Path, text: str) -> None:
    try:
        with NamedTemporaryFile("wb", dir=file.parent, suffix=".csv", delete=False) as part:
            part.write(text.encode("latin-1"))
        Path(part.name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        Path(part.name).replace(file)
    except OSError as error:
        raise DestinationError(
            say("{file} cannot be written: {because}", file=file, because=error.strerror or "")
        ) from error


def _cents(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01'), ROUND_HALF_EVEN) + 0:f}"
