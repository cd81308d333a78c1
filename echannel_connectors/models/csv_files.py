"""CSV files as people's spreadsheets write them: what parts the cells, what they hold, and what cannot be known.

A French Excel saves semicolons, decimal commas, days such as 28/02/2026, months such as févr-26 and
perhaps Windows-1252. All that is understood; what could mean two things is refused.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path

from echannel_connectors.errors import SettingsError, because
from echannel_connectors.texts import say

SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)  # Excel's own word for what parts the cells
SPACES = re.compile(r"[\s\u00a0\u202f\u2019']")  # between thousands, the Swiss apostrophe among them
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
GROUPED = re.compile(r"([+-]?\d{1,3})((?:([.,])\d{3})(?:\3\d{3})*)(?:(?!\3)[.,](\d+))?", re.ASCII)  # 1.234,56 or 1,234
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
SLASHED_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
MONTH_FIRST = re.compile(r"(\d{1,2})[/.-](\d{4})", re.ASCII)
YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})", re.ASCII)
NAMED_MONTH = re.compile(r"([a-z]{3,9})\.?[ -](?:20)?(\d\d)", re.ASCII)
MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "fev feb", "mar", "avr apr", "mai may", "juin jun", "juil jul", "aou aug", "sep", "oct", "nov", "dec"),
        1,
    )
    for name in names.split()
}


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file as text, its columns by their names in small letters, the line that names them, and the cells of every
    other line that says something, with its number."""

    file: Path
    text: str
    encoding: str
    separator: str
    head: tuple[str, ...]
    head_line: int
    rows: tuple[tuple[int, list[str]], ...]

    def lines(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each line with its cells by column. Raises SettingsError for a cell that stands in no column."""
        for line, cells in self.rows:
            for cell in (cell for cell, name in zip_longest(cells, self.head) if cell and not name):
                is_cut = self.separator == ","
                hint = say("with commas between the cells, an amount is written 1234.56") if is_cut else ""
                sentence = say("{text!r} stands in no column", text=cell)
                raise SettingsError(sentence, hint=hint, place=f"{self.file}:{line}")
            yield line, {name: cell for name, cell in zip(self.head, cells, strict=False) if name}


def read_csv(file: Path) -> CsvFile:
    """Raises SettingsError, with file and line, for what is no such file."""
    text, encoding = _text_of(file)
    separator, skipped = _separator_of(text)
    reader = csv.reader(io.StringIO(text, newline=None), delimiter=separator)
    try:
        found = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise _no_csv(file, f"{file}:{reader.line_num}") from error
    rows = [(line, cells) for line, cells in found if line > skipped and any(cells)]
    head_line, head = rows[0] if rows else (1, [])
    names = tuple(name.lower() for name in head)
    for name in names:
        if name and names.count(name) > 1:
            sentence = say("{file} has the column {name!r} twice", file=file.name, name=name)
            raise SettingsError(sentence, place=f"{file}:{head_line}")
    return CsvFile(file, text, encoding, separator, names, head_line, tuple(rows[1:]))


def number_in(text: str, *, decimal_marks: str = "") -> Decimal | None:
    """1234.56, 1234,56, 1 234,56, 1.234,56 and 1,234.56; None for what is no number.

    Raises ValueError for 1.234 and 1,234, which could be two numbers, unless `decimal_marks` has the mark.
    """
    plain = SPACES.sub("", text).replace("\u2212", "-")
    if grouped := GROUPED.fullmatch(plain):
        whole, groups, mark, decimals = grouped.groups()
        if decimals is not None or groups.count(mark) > 1:
            plain = whole + groups.replace(mark, "") + (f".{decimals}" if decimals else "")
        elif mark not in decimal_marks and whole.strip("+-") != "0":
            raise ValueError(text)
    plain = plain.replace(",", ".")
    return Decimal(plain) if NUMBER.fullmatch(plain) else None


def day_in(text: str, *, is_day_first: bool) -> date | None:
    """2026-02-28, and 28/02/2026 where a day is written so; None for all else."""
    try:
        if ISO_DAY.fullmatch(text):
            return date.fromisoformat(text)
        if is_day_first and (found := SLASHED_DAY.fullmatch(text)):
            day, month, year = map(int, found.groups())
            return date(year, month, day)
    except ValueError:  # the 30th of February
        pass
    return None


def month_in(text: str, *, is_day_first: bool) -> date | None:
    """The first day of 2026-02, 02/2026, févr-26, Feb-26, and of the month of any day; None for all else."""
    if found := day_in(text, is_day_first=is_day_first):
        return found.replace(day=1)
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    year = month = 0
    if numbers := YEAR_FIRST.fullmatch(plain):
        year, month = map(int, numbers.groups())
    elif numbers := MONTH_FIRST.fullmatch(plain):
        month, year = map(int, numbers.groups())
    elif named := NAMED_MONTH.fullmatch(plain):
        year = 2000 + int(named[2])
        month = MONTHS.get(named[1][:3]) or MONTHS.get(named[1][:4], 0)
    return date(year, month, 1) if year and 1 <= month <= 12 else None


# -- how ------------------------------------------------------------------------------------------------------------


def _text_of(file: Path) -> tuple[str, str]:
    try:
        data = file.read_bytes()
    except OSError as error:
        sentence = say("{file} cannot be read: {because}", file=file.name, because=because(error))
        raise SettingsError(sentence, place=str(file)) from error
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's "Unicode text"
    known = ("utf-16",) if is_wide else ("utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8", "cp1252")
    for encoding in known:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:  # as a workbook's file has
            return text, encoding
    raise _no_csv(file, f"{file}")


def _separator_of(text: str) -> tuple[str, int]:
    """What parts the cells, and how many lines at the top only say so."""
    first, _, _ = text.lstrip("\ufeff").partition("\n")
    if said := SEPARATOR_LINE.match(first):
        return said[1], 1
    lines = io.StringIO(text, newline=None)
    head = next((line for line in lines if line.strip(' \t\n,;"')), "")
    return max(",;\t", key=head.count), 0


def _no_csv(file: Path, place: str) -> SettingsError:
    hint = say("save it in the spreadsheet as CSV UTF-8")
    return SettingsError(say("{file} is not a CSV file", file=file.name), hint=hint, place=place)
