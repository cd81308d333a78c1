"""A template as an Excel workbook: a sheet per page with native charts, a sheet per mart with its rows, and the words.

The figures of a page stand beside their chart, which is bound to them; they are the preview's own, computed in the
warehouse. Every cell that is text is written as text, whatever it begins with.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from echannel_connectors.errors import SettingsError, because
from echannel_connectors.looker.blocks import Block, Cell, blocks_of
from echannel_connectors.looker.preview.figures import Choice, Report, as_of, missing, page_figures
from echannel_connectors.looker.preview.query import quoted
from echannel_connectors.looker.template import Page
from echannel_connectors.models.company import DECIMALS, decimals
from echannel_connectors.models.described import describe
from echannel_connectors.texts import in_language, say

MOST_ROWS = 1_048_576 - 1  # Excel's, less the header
MOST_LETTERS = 32_767  # of a cell
RESERVED = "history"  # a sheet's name that Excel keeps for itself: it calls such a file damaged
CHART_COLUMN = 4  # a chart stands right of its own figures: a label and at most two values
CHART_ROWS = 17
WIDTHS = {"text": 22, "date": 12, "moment": 17, "money": 16, "amount": 14, "integer": 11, "number": 12}


@dataclass(slots=True)
class Written:
    """What went into the file, and what did not."""

    path: Path
    rows: dict[str, int] = field(default_factory=dict)  # by mart
    left_out: dict[str, int] = field(default_factory=dict)  # rows beyond what a sheet holds, by mart
    cut: dict[str, int] = field(default_factory=dict)  # texts longer than a cell holds, by mart


def write_workbook(report: Report, path: Path, most_rows: int = MOST_ROWS) -> Written:
    """Write the template's pages and marts as they are now. Raises SettingsError where the file cannot be written."""
    import xlsxwriter

    done = Written(path)
    handle, name = _temporary(path)
    os.close(handle)
    try:
        # Rows go to the disk one after the other: memory does not depend on their number.
        with xlsxwriter.Workbook(name, {"constant_memory": True, "strings_to_urls": False}) as book:
            _Book(book, report, done, most_rows).write()
        Path(name).chmod(0o600)  # figures of a company: the owner decides who reads them
        Path(name).replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)
    return done


def _temporary(path: Path) -> tuple[int, str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(
        say("cannot write {file}: {problem}", file=path, problem=because(error)), hint=say("choose another place")
    )


class _Book:
    """The workbook while it is written."""

    def __init__(self, book: Any, report: Report, done: Written, most_rows: int) -> None:  # xlsxwriter has no types
        self.book = book
        self.report = report
        self.done = done
        self.most_rows = most_rows
        self.language = "fr" if report.company.get("language") == "fr" else "en"
        self.zone = ZoneInfo(report.company.get("time_zone") or "UTC")
        self.today = report.today()
        self.currency = report.company.get("currency", "EUR")
        self.formats = {
            name: book.add_format(look)
            for name, look in {
                "money": {"num_format": f"{_amount(self.currency)} [${self.currency}]"},
                "amount": {"num_format": _amount(self.currency)},
                # Amounts in a document's own currency, of which a table may have many.
                **{f"amount {code}": {"num_format": _amount(code)} for code in ("EUR", *DECIMALS)},
                "integer": {"num_format": "#,##0"},
                "quantity": {"num_format": "#,##0.0"},
                "percent": {"num_format": "0.0%"},
                "date": {"num_format": 14, "align": "left"},  # a day as the reader's own Excel writes it
                "moment": {"num_format": 22, "align": "left"},
                "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
                "title": {"bold": True, "font_size": 16},
                "heading": {"bold": True, "font_size": 12},
                "muted": {"font_color": report.template.theme.muted},
            }.items()
        }

    def told(self, text: str) -> str:
        return in_language(text, self.language)

    def write(self) -> None:
        problems = missing(self.report)
        marts = {one.mart for alias, one in self.report.template.sources.items() if alias not in problems}
        taken = set(marts)
        for page in self.report.template.pages:
            self._page(page, _sheet_name(getattr(page.title, self.language), taken), as_of(self.report, problems))
        for mart in sorted(marts):
            self._mart(mart)
        self._meanings(sorted(marts))

    # -- a page ---------------------------------------------------------------------------------------------------

    def _page(self, page: Page, name: str, age: str | None) -> None:
        figures = page_figures(self.report, page, Choice(), self.today)
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        grid: dict[tuple[int, int], Cell] = {}
        title = " – ".join(filter(None, (self.report.company.get("name"), getattr(page.title, self.language))))
        grid[0, 0] = Cell(title, "title")
        grid[1, 0] = Cell(self._subtitle(page, figures["period"]["current"], age), "muted")
        row = 3
        for block in blocks_of(self.report.template, page, figures, self.language):
            row = self._block(sheet, name, grid, block, row)
        for place in sorted(grid):  # from top to bottom: what is written is out of memory
            self._cell(sheet, *place, grid[place])
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 12, 17)
        sheet.freeze_panes(3, 0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _subtitle(self, page: Page, period: list[str], age: str | None) -> str:
        dated = any(self.report.template.controls[name].type == "period" for name in page.controls)
        read = (
            self.told(say("Data as of {moment}", moment=f"{self._local(datetime.fromisoformat(age)):%Y-%m-%d %H:%M}"))
            if age
            else self.told(say("Age of the data unknown"))
        )
        return " · ".join([*([" – ".join(period)] if dated else []), read])

    def _block(self, sheet: Any, name: str, grid: dict[tuple[int, int], Cell], block: Block, row: int) -> int:
        """Heading, figures, the chart at their right; the row below all that."""
        grid[row, 0] = Cell(block.title, "heading")
        for n, head in enumerate(block.heads):
            grid[row + 1, n] = Cell(head, "head")
        for line, cells in enumerate(block.rows, row + 2):
            grid |= {(line, n): cell for n, cell in enumerate(cells)}
        if not block.rows:
            grid[row + 1, 0] = Cell(block.empty, "muted")
        if block.chart and block.rows:
            sheet.insert_chart(row + 1, CHART_COLUMN, self._chart(name, block, row + 1), {"y_offset": 4})
        deep = CHART_ROWS if block.chart and block.rows else 0
        return row + 3 + max(len(block.rows), deep, 1)

    def _chart(self, name: str, block: Block, head: int) -> Any:
        theme = self.report.template.theme
        chart = self.book.add_chart({"type": block.chart})
        last = head + len(block.rows)
        for n, colour in zip(range(1, len(block.heads)), (theme.accent, theme.muted), strict=False):
            look = {"color": colour, **({"dash_type": "dash"} if n > 1 else {})} if block.chart == "line" else None
            chart.add_series(
                {
                    "name": [name, head, n],
                    "categories": [name, head + 1, 0, last, 0],
                    "values": [name, head + 1, n, last, n],
                    **({"line": {"width": 2, **look}} if look else {"fill": {"color": colour}, "gap": 40}),
                }
            )
        chart.set_title({"none": True})
        chart.set_legend({"position": "bottom"})
        if block.chart == "bar":
            chart.set_y_axis({"reverse": True})  # the largest on top, as in the table
            chart.set_x_axis(
                {"major_gridlines": {"visible": True, "line": {"color": "#E3E6EA"}}, "label_position": "low"}
            )
        else:
            chart.set_x_axis({"date_axis": True, "num_format": "d mmm yy"})
            chart.set_y_axis({"major_gridlines": {"visible": True, "line": {"color": "#E3E6EA"}}})
        chart.set_size({"width": 560, "height": 20 * (CHART_ROWS - 1)})
        return chart

    # -- the tables ---------------------------------------------------------------------------------------------------

    def _mart(self, mart: str) -> None:
        sheet = self.book.add_worksheet(mart)
        days = [one.fields[one.date].column or one.date for one in self._sources(mart) if one.date]
        order = f" ORDER BY {quoted(days[0])} DESC" if days else ""
        table = f"mart.{quoted(mart)}"
        there = int(self.report.ask(f"SELECT count(*) AS n FROM {table}", []).column(0)[0].as_py())
        rows = self.report.ask(f"SELECT * FROM {table}{order} LIMIT {self.most_rows}", [])
        for n, column in enumerate(rows.schema):
            sheet.write_string(0, n, column.name, self.formats["head"])
            sheet.set_column(n, n, WIDTHS[_type_of(column)], self.formats.get(_type_of(column)))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(rows.num_rows, 1), max(rows.num_columns - 1, 0))
        types = [_type_of(column) for column in rows.schema]
        paid_with = rows.schema.get_field_index("currency")
        line = 0
        for batch in rows.to_batches():
            for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                line += 1
                own = f"amount {values[paid_with]}" if paid_with >= 0 else "amount"
                looks = {"amount": own if own in self.formats else "amount EUR"}
                for n, value in enumerate(values):
                    self._cell(sheet, line, n, Cell(value, looks.get(types[n], types[n])), mart)
        self.done.rows[mart] = rows.num_rows
        if there > rows.num_rows:
            self.done.left_out[mart] = there - rows.num_rows

    def _sources(self, mart: str) -> list[Any]:
        return [one for one in self.report.template.sources.values() if one.mart == mart]

    def _meanings(self, marts: Iterable[str]) -> None:
        """What each column means, and what the file does not hold."""
        sheet = self.book.add_worksheet(_sheet_name(self.told(say("Columns")), set(marts)))
        line = 0
        for mart, count in self.done.left_out.items():
            sentence = say(
                "{n:,} older rows of {table} are left out: a sheet holds {most:,}.",
                n=count, table=f"mart.{mart}", most=self.most_rows,
            )  # fmt: skip
            sheet.write_string(line, 0, self.told(sentence), self.formats["heading"])
            line += 1
        heads = [self.told(text) for text in (say("table"), say("column"), say("meaning"))]
        for n, text in enumerate(heads):
            sheet.write_string(line, n, text, self.formats["head"])
        sheet.freeze_panes(line + 1, 0)
        for row in self._described(marts):
            line += 1
            for n, text in enumerate(row):
                sheet.write_string(line, n, text)
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, 1, 28)
        sheet.set_column(2, 2, 110)

    def _described(self, marts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        for mart in marts:
            columns = self.report.ask(f"SELECT * FROM mart.{quoted(mart)} LIMIT 0", []).column_names
            for column in columns:
                with suppress(KeyError):  # a company's own mart is not described
                    yield mart, column, describe(mart, [column], self.language).columns[column]

    # -- a cell -------------------------------------------------------------------------------------------------------

    def _cell(self, sheet: Any, row: int, column: int, cell: Cell, mart: str = "") -> None:
        value, look = cell.value, self.formats.get(cell.type)
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float | Decimal) and is_exact(value):
            sheet.write_number(row, column, float(value), look)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, self._local(value), self.formats["moment"])
        elif isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self.formats["date"])  # noqa: DTZ001 - a day has no zone
        else:
            text = str(value)
            if len(text) > MOST_LETTERS:
                text = f"{text[: MOST_LETTERS - 1]}…"
                self.done.cut[mart] = self.done.cut.get(mart, 0) + 1
            sheet.write_string(row, column, text, look)

    def _local(self, moment: datetime) -> datetime:
        """The company's own clock; Excel knows no zones."""
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(self.zone).replace(tzinfo=None)


def _amount(currency: str) -> str:
    places = decimals(currency)
    return f"#,##0.{'0' * places}" if places else "#,##0"


def is_exact(value: float | Decimal) -> bool:
    """Whether a double of Excel's fifteen digits shows this number to the thousandth, the smallest coin that there is;
    what it does not stays a text."""
    if isinstance(value, Decimal):
        return bool(round(Decimal(f"{float(value):.15g}"), 3) == round(value, 3))
    return abs(value) < 10**15


def _type_of(column: pa.Field) -> str:
    """How a mart's column is shown. Amounts named `*_base` are in the reporting currency, others in the document's."""
    if pa.types.is_decimal(column.type):
        if re.search(r"_base(_|$)", column.name):
            return "money"
        return "amount" if re.search(r"(^|_)(net|tax|gross|cost|amount)(_|$)", column.name) else "number"
    if pa.types.is_integer(column.type):
        return "integer"
    if pa.types.is_date(column.type):
        return "date"
    return "moment" if pa.types.is_timestamp(column.type) else "text"


def _sheet_name(title: str, taken: set[str]) -> str:
    """Excel takes 31 letters, without some signs and no apostrophe at an end, each name once whatever its case."""
    plain = "".join("-" if letter in "[]:*?/\\" else letter for letter in title)[:28].strip("'") or "-"
    name, n = plain, 2
    while name.casefold() in {RESERVED, *(one.casefold() for one in taken)}:
        name, n = f"{plain} {n}", n + 1
    taken.add(name)
    return name
