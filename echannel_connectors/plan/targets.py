"""A plan as targets that the reviews follow: rows of the market's targets file, told from others by `written_by`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile

from echannel_connectors.errors import DestinationError, because
from echannel_connectors.models import entered
from echannel_connectors.models.company import Company, decimals
from echannel_connectors.models.csv_files import CsvFile, read_csv
from echannel_connectors.plan.model import Forecast
from echannel_connectors.project import Project, remember_targets
from echannel_connectors.texts import say

METRICS = ("net_sales", "contribution", "orders")
AUTHORS = "written_by"
HEAD = ("month", "metric", "value", AUTHORS)
AUTHOR = "plan"
SEPARATORS = {"en": ",", "fr": ";"}  # by which a spreadsheet of that language opens a file as columns

Row = tuple[str, str, str, str]  # as HEAD


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a targets file: the rows written, those of an earlier plan that left, and the targets of others
    that stand in the way and stay; `is_registered` where echannel.yaml had to be told of the file."""

    file: Path
    written: int
    replaced: int
    kept: tuple[tuple[str, str], ...]  # month and metric
    is_registered: bool


def rows_of(found: Forecast, currency: str) -> list[Row]:
    """A row for each month and metric, half to even: money with the currency's decimals, orders with two."""
    places = {"orders": 2}
    return [
        (f"{one.month:%Y-%m}", metric, _told(getattr(one, metric), places.get(metric, decimals(currency))), AUTHOR)
        for one in found.months[1:] for metric in METRICS
    ]  # fmt: skip


def as_csv(rows: Iterable[Row], language: str) -> str:
    """A whole file of these rows: what the page offers to download."""
    return "".join(_line(row, SEPARATORS[language]) + "\n" for row in (HEAD, *rows))


def save(project: Project, market: str, rows: Sequence[Row]) -> Saved:
    """Put the rows into the market's targets file, in the place of those that an earlier plan wrote. No other line is
    touched, and a market without a file gets one. Raises SettingsError for a file that cannot be understood."""
    known = project.company.markets.get(market)
    file = (known and known.targets) or project.folder / f"{market.lower()}-targets.csv"
    own, new = 0, [*rows]
    kept: tuple[tuple[str, str], ...] = ()
    if file.is_file():
        before = _taken_apart(file, project.company)
        own, kept = before.own, tuple(row[:2] for row in rows if row[:2] in before.theirs)
        new = [row for row in rows if row[:2] not in before.theirs]
        _write(file, before.with_rows(new))
    else:
        _write(file, as_csv(rows, project.company.language).encode())
    is_registered = not (known and known.targets)
    if is_registered:
        remember_targets(project, market, file.name)
    return Saved(file, len(new), own, kept, is_registered)


@dataclass(frozen=True, slots=True)
class _Before:
    """A targets file as it was: its lines but those of an earlier plan, how many those are, and what others aim at."""

    sheet: CsvFile
    stay: tuple[str, ...]
    own: int
    theirs: frozenset[tuple[str, str]]  # month and metric

    def with_rows(self, rows: Sequence[Row]) -> bytes:
        """The file with these rows at its end; nobody else's line is touched."""
        sheet, end = self.sheet, "\r\n" if "\r\n" in self.sheet.text else "\n"
        head = [*sheet.head] if AUTHORS in sheet.head else [*sheet.head, AUTHORS]
        lines = [line if line.endswith(("\n", "\r")) else line + end for line in self.stay]
        if len(head) > len(sheet.head):
            lines[sheet.head_line - 1] = lines[sheet.head_line - 1].rstrip("\r\n") + sheet.separator + AUTHORS + end
        cells = [[row[HEAD.index(name)] if name in HEAD else "" for name in head] for row in rows]
        added = [_line(row, sheet.separator) + end for row in cells]
        return "".join(lines + added).encode(sheet.encoding)


def _taken_apart(file: Path, company: Company) -> _Before:
    """Raises SettingsError with the line that cannot be understood."""
    sheet = read_csv(file)
    numbered = [(line, row["month"], row["metric"]) for line, row in entered.rows_of(entered.TARGETS, file, company)]
    own = {line for line, cells in sheet.lines() if cells.get(AUTHORS) == AUTHOR}
    stay = [text for line, text in enumerate(io.StringIO(sheet.text, newline=""), 1) if line not in own]
    theirs = frozenset((f"{month}"[:7], f"{metric}") for line, month, metric in numbered if line not in own)
    return _Before(sheet, tuple(stay), len(own), theirs)


def _line(cells: Sequence[str], separator: str) -> str:
    """A line of cells; where semicolons part them, a comma parts the decimals."""
    written = [cell.replace(".", ",") for cell in cells] if separator == ";" else cells
    return separator.join(written)


def _write(file: Path, data: bytes) -> None:
    try:
        with NamedTemporaryFile("wb", dir=file.parent, suffix=".csv", delete=False) as part:
            part.write(data)
        Path(part.name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        Path(part.name).replace(file)
    except OSError as error:
        raise DestinationError(say("{file} cannot be written: {because}", file=file, because=because(error))) from error


def _told(value: Decimal, places: int) -> str:
    return f"{value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) + 0:f}"
