"""A spreadsheet in memory: its grids, what its requests do to them, and what Sheets refuses.

A batch is applied to a copy that takes the place of the whole only when every request has worked.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST = 10_000_000
WIDEST = 18_278
FULL = "This action would increase the number of cells in the workbook above the limit of 10000000 cells."
Cell = dict[str, Any]  # "value", "shown" (of a formula), "format", "bold", "note"


class Wrong(Exception):
    """What Sheets answers with 400."""


@dataclass
class Grid:
    """One tab. Cells by row; a row is a dict from its column."""

    id: int
    title: str
    rows: int = 1000
    columns: int = 26
    hidden: bool = False
    frozen: int = 0
    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)
    metadata: dict[int, dict[str, Any]] = field(default_factory=dict)

    def values(self) -> list[list[Any]]:
        """What stands in the cells, up to the last row and column that hold something."""
        filled = [(r, c) for r, row in self.cells.items() for c, cell in row.items() if cell.get("value", "") != ""]
        height, width = (max(one) + 1 for one in zip(*filled, strict=True)) if filled else (0, 0)
        return [[self.value(r, c) for c in range(width)] for r in range(height)]

    def value(self, row: int, column: int, *, shown: bool = False) -> Any:
        cell = self.cells.get(row, {}).get(column, {})
        return cell["shown"] if shown and "shown" in cell else cell.get("value", "")

    def put(self, row: int, column: int, **said: Any) -> None:
        cell = self.cells.setdefault(row, {}).setdefault(column, {})
        if "value" in said:
            cell.pop("shown", None)
        for name, value in said.items():
            if value in ("", None):
                cell.pop(name, None)
            else:
                cell[name] = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Grid:
        cells = {r: {c: dict(cell) for c, cell in row.items()} for r, row in self.cells.items()}
        metadata = {key: dict(one) for key, one in self.metadata.items()}
        return Grid(self.id, self.title, self.rows, self.columns, self.hidden, self.frozen, cells, metadata)


@dataclass
class Book:
    """One spreadsheet."""

    id: str
    title: str = "Figures"
    locale: str = "fr_FR"
    time_zone: str = "Europe/Paris"
    grids: dict[int, Grid] = field(default_factory=lambda: {0: Grid(0, "Sheet1")})
    ranges: dict[str, dict[str, Any]] = field(default_factory=dict)

    def tab(self, title: str) -> Grid:
        return next(grid for grid in self.grids.values() if grid.title == title)

    @property
    def size(self) -> int:
        return sum(grid.rows * grid.columns for grid in self.grids.values())

    def applied(self, requests: list[dict[str, Any]]) -> Book:
        """The book after all of the requests. Raises Wrong, and nothing has happened."""
        after = copy.deepcopy(self)
        for n, request in enumerate(requests):
            ((kind, said),) = request.items()
            try:
                if kind not in REQUESTS:
                    raise Wrong(f"the stand-in does not play {kind}")
                REQUESTS[kind](after, said)
                if after.size > MOST:
                    raise Wrong(FULL)
            except Wrong as error:
                raise Wrong(f"Invalid requests[{n}].{kind}: {error}") from None
        return after

    def described(self) -> dict[str, Any]:
        sheets = [
            {
                "properties": {
                    "sheetId": grid.id, "title": grid.title, **({"hidden": True} if grid.hidden else {}),
                    "gridProperties": {
                        "rowCount": grid.rows, "columnCount": grid.columns,
                        **({"frozenRowCount": grid.frozen} if grid.frozen else {}),
                    },
                },
                **({"developerMetadata": list(grid.metadata.values())} if grid.metadata else {}),
            }
            for grid in self.grids.values()
        ]  # fmt: skip
        properties = {"title": self.title, "locale": self.locale, "timeZone": self.time_zone}
        ranges = {"namedRanges": list(self.ranges.values())} if self.ranges else {}
        return {"spreadsheetId": self.id, "properties": properties, "sheets": sheets, **ranges}

    def grid(self, said: dict[str, Any]) -> Grid:
        """The tab that a range or dimension names. The API takes a missing id for 0."""
        number = said.get("sheetId", 0)
        if number not in self.grids:
            raise Wrong(f"No grid with id: {number}")
        return self.grids[number]

    def span(self, said: dict[str, Any]) -> tuple[Grid, range, range]:
        """A GridRange: half open, unbounded where it says nothing, inside the grid."""
        grid = self.grid(said)
        rows = range(said.get("startRowIndex", 0), said.get("endRowIndex", grid.rows))
        columns = range(said.get("startColumnIndex", 0), said.get("endColumnIndex", grid.columns))
        if (
            rows.stop > grid.rows
            or columns.stop > grid.columns
            or rows.start >= rows.stop
            or columns.start >= columns.stop
        ):
            raise Wrong(
                f"Range ({grid.title}!{rows} × {columns}) exceeds grid limits. "
                f"Max rows: {grid.rows}, max columns: {grid.columns}"
            )
        return grid, rows, columns


# -- the requests ---------------------------------------------------------------------------------------------------


def _add_sheet(book: Book, said: dict[str, Any]) -> None:
    told = said["properties"]
    size = told.get("gridProperties", {})
    number = told.get("sheetId", max(book.grids) + 1)
    if number in book.grids:
        raise Wrong(f"A sheet with the id {number} already exists.")
    if any(grid.title == told["title"] for grid in book.grids.values()):
        raise Wrong(f'A sheet with the name "{told["title"]}" already exists. Please enter another name.')
    grid = Grid(
        number, told["title"], size.get("rowCount", 1000), size.get("columnCount", 26), told.get("hidden", False),
        size.get("frozenRowCount", 0),
    )  # fmt: skip
    if grid.frozen >= grid.rows or grid.columns > WIDEST:
        raise Wrong("You can't freeze all visible rows on the sheet.")
    book.grids[number] = grid


def _delete_sheet(book: Book, said: dict[str, Any]) -> None:
    grid = book.grid(said)
    if len(book.grids) == 1:
        raise Wrong("You can't remove all the sheets in a document.")
    del book.grids[grid.id]
    book.ranges = {key: one for key, one in book.ranges.items() if one["range"].get("sheetId", 0) != grid.id}


def _append_dimension(book: Book, said: dict[str, Any]) -> None:
    grid = book.grid(said)
    if said["dimension"] == "ROWS":
        grid.rows += said["length"]
    else:
        grid.columns += said["length"]


def _insert_dimension(book: Book, said: dict[str, Any]) -> None:
    span = said["range"]
    grid, first, count = book.grid(span), span["startIndex"], span["endIndex"] - span["startIndex"]
    by_rows = span["dimension"] == "ROWS"
    _refuse(first > (grid.rows if by_rows else grid.columns), "they begin beyond the grid")
    _move(book, grid, lambda n: n + count if n >= first else n, by_rows=by_rows)
    if by_rows:
        grid.rows += count
    else:
        grid.columns += count


def _delete_dimension(book: Book, said: dict[str, Any]) -> None:
    span = said["range"]
    grid, first, end = book.grid(span), span["startIndex"], span["endIndex"]
    by_rows = span["dimension"] == "ROWS"
    there = grid.rows if by_rows else grid.columns
    _refuse(end > there or first >= end, "they lie beyond the grid")
    least = grid.frozen if by_rows else 0
    _refuse(there - (end - first) <= least, "You can't delete all the rows that are not frozen.")
    gone = range(first, end)
    _move(book, grid, lambda n: None if n in gone else n - len(gone) if n >= end else n, by_rows=by_rows)
    if by_rows:
        grid.rows -= len(gone)
    else:
        grid.columns -= len(gone)


def _move(book: Book, grid: Grid, moved: Callable[[int], int | None], *, by_rows: bool) -> None:
    """Each row or column to where it is now, None where it is gone; the named ranges of the tab with them."""
    if by_rows:
        grid.cells = {to: cells for row, cells in grid.cells.items() if (to := moved(row)) is not None}
    else:
        for row, cells in grid.cells.items():
            grid.cells[row] = {to: cell for column, cell in cells.items() if (to := moved(column)) is not None}
    start, end = ("startRowIndex", "endRowIndex") if by_rows else ("startColumnIndex", "endColumnIndex")
    for number, one in list(book.ranges.items()):
        span = one["range"]
        if span.get("sheetId", 0) == grid.id and start in span and end in span:
            kept = [to for n in range(span[start], span[end]) if (to := moved(n)) is not None]
            if kept:
                book.ranges[number] = {**one, "range": {**span, start: kept[0], end: kept[-1] + 1}}
            else:
                del book.ranges[number]


def _insert_range(book: Book, said: dict[str, Any]) -> None:
    grid, rows, columns = book.span(said["range"])
    _refuse(said["shiftDimension"] != "ROWS", "the stand-in shifts rows alone")
    moved: dict[int, dict[int, Cell]] = {}
    for row, cells in grid.cells.items():
        for column, cell in cells.items():
            there = row + len(rows) if column in columns and row >= rows.start else row
            _refuse(there >= grid.rows and "value" in cell, "cells would be pushed off the grid")
            moved.setdefault(there, {})[column] = cell
    grid.cells = moved


def _copy_paste(book: Book, said: dict[str, Any]) -> None:
    _refuse(said.get("pasteType") != "PASTE_VALUES", "the stand-in pastes values alone")
    source, rows, columns = book.span(said["source"])
    target, to_rows, to_columns = book.span(said["destination"])
    _refuse(
        (len(rows), len(columns)) != (len(to_rows), len(to_columns)), "the stand-in pastes ranges of one size alone"
    )
    for row, to_row in zip(rows, to_rows, strict=True):
        found = source.cells.get(row, {})
        for column, to_column in zip(columns, to_columns, strict=True):
            target.put(to_row, to_column, value=found.get(column, {}).get("value"))


def _update_cells(book: Book, said: dict[str, Any]) -> None:
    """Fields that the rows do not give are emptied in the whole range."""
    fields = _fields(said)
    unknown = fields - {"userEnteredValue", "note"}
    _refuse(bool(unknown), f"the stand-in does not update {unknown}")
    grid, rows, columns = book.span(said["range"])
    names = {"userEnteredValue": "value", "note": "note"}
    given = said.get("rows", [])
    for n, row in enumerate(rows):
        cells = given[n].get("values", []) if n < len(given) else []
        for m, column in enumerate(columns):
            cell = cells[m] if m < len(cells) else {}
            for one in fields:
                value = cell.get(one)
                _refuse(isinstance(value, dict) and "formulaValue" in value, "a formula")
                grid.put(row, column, **{names[one]: next(iter(value.values())) if isinstance(value, dict) else value})


def _repeat_cell(book: Book, said: dict[str, Any]) -> None:
    _fields(said)
    grid, rows, columns = book.span(said["range"])
    shown = said["cell"].get("userEnteredFormat", {})
    for row in rows:
        for column in columns:
            if "numberFormat" in shown:
                grid.put(row, column, format=shown["numberFormat"])
            if "textFormat" in shown:
                grid.put(row, column, bold=shown["textFormat"].get("bold"))


def _add_named_range(book: Book, said: dict[str, Any]) -> None:
    one = said["namedRange"]
    book.span(one["range"])
    _refuse(one["namedRangeId"] in book.ranges, "the named range is there already")
    _refuse(any(known["name"] == one["name"] for known in book.ranges.values()), "the name is taken")
    book.ranges[one["namedRangeId"]] = dict(one)


def _update_named_range(book: Book, said: dict[str, Any]) -> None:
    one = said["namedRange"]
    book.span(one["range"])
    _refuse(one["namedRangeId"] not in book.ranges, "No named range with this id")
    book.ranges[one["namedRangeId"]] |= {name: one[name] for name in _fields(said)}


def _create_metadata(book: Book, said: dict[str, Any]) -> None:
    one = said["developerMetadata"]
    grid = book.grid(one["location"])
    _refuse("visibility" not in one, "Developer metadata must have a visibility")
    _refuse(any(one["metadataId"] in each.metadata for each in book.grids.values()), "the metadata id is taken")
    grid.metadata[one["metadataId"]] = dict(one)


def _update_metadata(book: Book, said: dict[str, Any]) -> None:
    fields = _fields(said)
    for looked in said["dataFilters"]:
        number = looked["developerMetadataLookup"]["metadataId"]
        found = [grid.metadata[number] for grid in book.grids.values() if number in grid.metadata]
        _refuse(not found, "No developer metadata matches the filter")
        for one in found:
            one |= {name: said["developerMetadata"][name] for name in fields}


def _update_properties(book: Book, said: dict[str, Any]) -> None:
    _refuse(_fields(said) != {"title"}, "the stand-in changes the title alone")
    book.title = said["properties"]["title"]


def _fields(said: dict[str, Any]) -> set[str]:
    _refuse(not said.get("fields"), "At least one field must be listed in 'fields'.")
    return set(said["fields"].split(","))


def _refuse(is_wrong: bool, words: str) -> None:
    if is_wrong:
        raise Wrong(words)


REQUESTS: dict[str, Callable[[Book, dict[str, Any]], None]] = {
    "addSheet": _add_sheet,
    "deleteSheet": _delete_sheet,
    "appendDimension": _append_dimension,
    "insertDimension": _insert_dimension,
    "deleteDimension": _delete_dimension,
    "insertRange": _insert_range,
    "copyPaste": _copy_paste,
    "updateCells": _update_cells,
    "repeatCell": _repeat_cell,
    "addNamedRange": _add_named_range,
    "updateNamedRange": _update_named_range,
    "createDeveloperMetadata": _create_metadata,
    "updateDeveloperMetadata": _update_metadata,
    "updateSpreadsheetProperties": _update_properties,
}
