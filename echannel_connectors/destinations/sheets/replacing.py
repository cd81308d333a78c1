"""A table in a tab, replaced as a whole: one batch of requests, after which readers see the new one or still the old.

The tab keeps its id for ever (Looker Studio, formulas and charts are bound to it). Rows arrive in a hidden staging tab
and are copied over; what a person has written below or beside the table moves on with it and is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from echannel_connectors.destinations.sheets.api import Request
from echannel_connectors.destinations.sheets.cells import Cells

KEY = "echannel"  # of the developer metadata that a tab of ours carries
STAGING = "_echannel_"
MOST = 10_000_000  # cells of one spreadsheet, all grids together


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies in its tab, its header included: a person may have put rows above it or taken some out."""

    top: int = 0
    left: int = 0
    rows: int = 0
    columns: int = 0


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab as the spreadsheet describes it, with what we noted when we wrote it."""

    id: int
    title: str
    rows: int
    columns: int
    frozen: int  # rows
    made: Mapping[str, Any]  # {} for a tab that is not ours
    place: Place

    @property
    def size(self) -> int:
        return self.rows * self.columns

    @property
    def is_as_made(self) -> bool:
        """Whether nobody has put rows or columns into the table, taken some out, or moved it, since it was written."""
        return (self.place.rows, self.place.columns) == (self.made.get("height"), self.made.get("columns"))


def tabs(described: Mapping[str, Any]) -> list[Tab]:
    ranges = {one["namedRangeId"]: one["range"] for one in described.get("namedRanges", ()) if "range" in one}
    found = []
    for sheet in described.get("sheets", ()):
        said, grid = sheet["properties"], sheet["properties"].get("gridProperties", {})
        number, rows, columns = said.get("sheetId", 0), grid.get("rowCount", 0), grid.get("columnCount", 0)
        # Our note bears the tab's own id: a copy that a person made of the tab is theirs.
        notes = [
            one["metadataValue"]
            for one in sheet.get("developerMetadata", ())
            if one["metadataKey"] == KEY and one.get("metadataId") == number
        ]
        made = json.loads(notes[0]) if notes else {}
        place = Place(0, 0, min(int(made.get("height", 0)), rows), min(int(made.get("columns", 0)), columns))
        if made and (span := ranges.get(f"{KEY}_{number}")) and span.get("sheetId", 0) == number:
            place = _place(span, rows, columns)
        frozen = grid.get("frozenRowCount", 0)
        found.append(Tab(number, said["title"], rows, columns, frozen, made, place))
    return found


def _place(span: Mapping[str, int], rows: int, columns: int) -> Place:
    """Where our named range says that the table lies: Google moves it with what a person inserts and deletes."""
    top, left = span.get("startRowIndex", 0), span.get("startColumnIndex", 0)
    return Place(top, left, span.get("endRowIndex", rows) - top, span.get("endColumnIndex", columns) - left)


def own_id(name: str, taken: set[int]) -> int:
    """A tab's id from its table's name, the same in every spreadsheet; another one where it is taken."""
    for n in range(1_000):
        made = int.from_bytes(hashlib.sha256(f"{KEY}:{name}:{n}".encode()).digest()[:4], "big") >> 1
        if made not in taken:
            return made
    raise AssertionError("a thousand ids are taken")


@dataclass(frozen=True, slots=True)
class Replacement:
    """One table on its way into its tab."""

    cells: Cells
    target: Tab | None  # None the first time
    leftovers: tuple[Tab, ...]  # staging tabs of a run that died
    own: Tab  # the tab as it will be: new, or with room for the table
    staging: Tab
    ranges: frozenset[str]  # ids of the named ranges that are there
    note: str  # what a person reads on A1
    owner: str  # the company whose figures they are
    free: int = 0  # empty rows that lie right below the old table

    @classmethod
    def of(cls, cells: Cells, described: Mapping[str, Any], note: str, owner: str) -> Replacement:
        there = tabs(described)
        name = cells.name
        leftovers = tuple(tab for tab in there if tab.title.startswith(STAGING))
        target = next((tab for tab in there if tab.made.get("table") == name), None)
        taken = {tab.id for tab in there}
        titles = {tab.title for tab in there}
        title = next(one for one in (name, f"{name} (E-Channel)", f"{name} {own_id(name, taken)}") if one not in titles)
        own = target or Tab(own_id(name, taken), title, max(cells.height, 2), cells.columns, 1, {}, Place())
        # Of this run alone: two runs at once must not write into one staging tab, and one of them copy the mixture.
        run = f"{name} {secrets.token_hex(4)}"
        staging_id = own_id(f"staging {run}", taken | {own.id})
        staging = Tab(staging_id, f"{STAGING}{run}", cells.height, cells.columns, 0, {}, Place())
        ranges = frozenset(one["namedRangeId"] for one in described.get("namedRanges", ()))
        return cls(cells, target, leftovers, own, staging, ranges, note, owner)

    # -- how the tab grows ------------------------------------------------------------------------------------------

    @property
    def old(self) -> Place:
        """Where the table lies now."""
        return self.own.place

    @property
    def looked_at(self) -> tuple[range, range] | None:
        """Rows and columns that the table grows into and that a person may have used; None where none are."""
        first = self.old.top + self.old.rows
        end = min(self.old.top + self.cells.height, self.own.rows)
        columns = range(self.old.left, self.old.left + self.old.columns)
        return (range(first, end), columns) if self.target and end > first else None

    @property
    def grown(self) -> tuple[int, int]:
        """Rows and columns that the tab gets more. What a person has below or beside moves on."""
        if self.target is None:
            return 0, 0
        return max(0, self.cells.height - self.old.rows - self.free), max(0, self.cells.columns - self.old.columns)

    @property
    def cells_needed(self) -> int:
        """By how many cells the spreadsheet is larger at the most, staging included."""
        rows, columns = self.grown
        after = (self.own.rows + rows) * (self.own.columns + columns)
        before = self.target.size if self.target else 0
        return after - before + self.staging.size - sum(tab.size for tab in self.leftovers)

    # -- the requests -----------------------------------------------------------------------------------------------

    def preparation(self) -> Iterator[Request]:
        """An empty hidden tab for the rows; what a run that died left of its own goes."""
        for tab in self.leftovers:
            yield {"deleteSheet": {"sheetId": tab.id}}
        grid = {"rowCount": self.staging.rows, "columnCount": self.staging.columns}
        told = {"sheetId": self.staging.id, "title": self.staging.title, "hidden": True, "gridProperties": grid}
        yield {"addSheet": {"properties": told}}

    def batch(self, made_at: str) -> Iterator[Request]:
        """Everything at once: room, the values, what is left of the old table emptied, formats, notes, no staging."""
        whole = {"endRowIndex": self.cells.height, "endColumnIndex": self.cells.columns}
        yield from self._room()
        yield {
            "copyPaste": {
                "source": {"sheetId": self.staging.id, "startRowIndex": 0, "startColumnIndex": 0, **whole},
                "destination": self._own(0, self.cells.height),
                "pasteType": "PASTE_VALUES",
            }
        }
        yield from self._emptied()
        yield from self._formats()
        yield from self._notes(made_at)
        yield {"deleteSheet": {"sheetId": self.staging.id}}

    def is_prepared(self, described: Mapping[str, Any]) -> bool:
        return any(tab.id == self.staging.id for tab in tabs(described))

    def is_done(self, described: Mapping[str, Any]) -> bool:
        return any(
            tab.id == self.own.id and tab.made.get("hash") == self.cells.hash and tab.is_as_made
            for tab in tabs(described)
        )

    def _room(self) -> Iterator[Request]:
        if self.target is None:
            grid = {"rowCount": self.own.rows, "columnCount": self.own.columns, "frozenRowCount": 1}
            told = {"sheetId": self.own.id, "title": self.own.title, "gridProperties": grid}
            yield {"addSheet": {"properties": told}}
            return
        rows, columns = self.grown
        if rows:
            yield {"appendDimension": {"sheetId": self.own.id, "dimension": "ROWS", "length": rows}}
            first = self.old.rows + self.free
            if self.old.top + first < self.own.rows:  # a person's rows below move down, in the table's columns alone
                below = self._own(first, first + rows, columns=self.old.columns)
                yield {"insertRange": {"range": below, "shiftDimension": "ROWS"}}
        if columns:
            start = self.old.left + self.old.columns
            span = {"sheetId": self.own.id, "dimension": "COLUMNS", "startIndex": start, "endIndex": start + columns}
            yield {"insertDimension": {"range": span, "inheritFromBefore": True}}

    def _emptied(self) -> Iterator[Request]:
        top, height, columns = self.old.top, self.old.rows, self.old.columns
        last = max(self.cells.height, max(self.own.frozen, 1) + 1 - top)  # a tab keeps a row that is not frozen
        if height > last and self.own.columns == columns:  # nothing lies beside: the rows can go
            span = {"sheetId": self.own.id, "dimension": "ROWS", "startIndex": top + last, "endIndex": top + height}
            yield {"deleteDimension": {"range": span}}
            height = last
        if height > self.cells.height:
            tail = self._own(self.cells.height, height, columns=max(columns, self.cells.columns))
            yield {"updateCells": {"range": tail, "fields": "userEnteredValue"}}
        if columns > self.cells.columns:
            side = self._own(0, height, first=self.cells.columns, columns=columns)
            yield {"updateCells": {"range": side, "fields": "userEnteredValue"}}

    def _formats(self) -> Iterator[Request]:
        """A number format per column; the look is the person's own, but for a bold header the first time."""
        end = self.cells.height if self.target else None
        for n, shown in enumerate(self.cells.formats):
            if shown and end != 1:
                yield {
                    "repeatCell": {
                        "range": self._own(1, end, first=n, columns=n + 1),
                        "cell": {"userEnteredFormat": {"numberFormat": shown}},
                        "fields": "userEnteredFormat.numberFormat",
                    }
                }
        if self.target is None:
            yield {
                "repeatCell": {
                    "range": self._own(0, 1),
                    "cell": {"userEnteredFormat": {"textFormat": {"bold": True}}},
                    "fields": "userEnteredFormat.textFormat.bold",
                }
            }

    def _notes(self, made_at: str) -> Iterator[Request]:
        """The named range, the note that a person reads, and what the next run has to know."""
        name = {
            "namedRangeId": f"{KEY}_{self.own.id}",
            "name": f"{KEY}_{self.cells.name}",
            "range": self._own(0, self.cells.height),
        }
        if name["namedRangeId"] in self.ranges:
            yield {"updateNamedRange": {"namedRange": name, "fields": "range"}}
        else:
            yield {"addNamedRange": {"namedRange": name}}
        first = self._own(0, 1, columns=1)
        yield {"updateCells": {"range": first, "rows": [{"values": [{"note": self.note}]}], "fields": "note"}}
        made = {
            "table": self.cells.name, "height": self.cells.height, "columns": self.cells.columns,
            "hash": self.cells.hash, "made_at": made_at, "company": self.owner,
        }  # fmt: skip
        told = {"metadataId": self.own.id, "metadataKey": KEY, "metadataValue": json.dumps(made)}
        if self.target is None:
            place = {"location": {"sheetId": self.own.id}, "visibility": "DOCUMENT"}
            yield {"createDeveloperMetadata": {"developerMetadata": {**told, **place}}}
        else:
            filters = [{"developerMetadataLookup": {"metadataId": self.own.id}}]
            yield {
                "updateDeveloperMetadata": {
                    "dataFilters": filters,
                    "developerMetadata": told,
                    "fields": "metadataValue",
                }
            }

    def _own(self, start: int, end: int | None, *, first: int = 0, columns: int | None = None) -> dict[str, int]:
        """Rows and columns of the table, counted from its own first cell, as a range of its tab."""
        top, left = self.old.top, self.old.left
        span = {"sheetId": self.own.id, "startRowIndex": top + start, "startColumnIndex": left + first}
        if end is not None:
            span["endRowIndex"] = top + end
        return {**span, "endColumnIndex": left + (self.cells.columns if columns is None else columns)}
