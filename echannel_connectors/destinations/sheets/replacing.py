"""A table in a tab, replaced as a whole: one batch of requests, after which readers see the new one or still the old.

The tab keeps its id for ever (Looker Studio, formulas and charts are bound to it). Rows arrive in a hidden staging tab
and are copied over; what a person has written below or beside the table moves on with it and is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from echannel_connectors.destinations.sheets.api import Request
from echannel_connectors.destinations.sheets.cells import Cells, format_of

KEY = "echannel"  # of the developer metadata that a tab of ours carries
STAGING = "_echannel_"
MOST = 10_000_000  # cells of one spreadsheet, all grids together


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab as the spreadsheet describes it, with what we noted when we wrote it."""

    id: int
    title: str
    rows: int
    columns: int
    made: Mapping[str, Any]  # {} for a tab that is not ours

    @property
    def size(self) -> int:
        return self.rows * self.columns


def tabs(described: Mapping[str, Any]) -> list[Tab]:
    found = []
    for sheet in described.get("sheets", ()):
        said, grid = sheet["properties"], sheet["properties"].get("gridProperties", {})
        notes = [one["metadataValue"] for one in sheet.get("developerMetadata", ()) if one["metadataKey"] == KEY]
        made = json.loads(notes[0]) if notes else {}
        tab = Tab(said.get("sheetId", 0), said["title"], grid.get("rowCount", 0), grid.get("columnCount", 0), made)
        found.append(tab)
    return found


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
    free: int = 0  # empty rows that lie right below the old table

    @classmethod
    def of(cls, cells: Cells, described: Mapping[str, Any], note: str) -> Replacement:
        there = tabs(described)
        name = cells.name
        leftovers = tuple(tab for tab in there if tab.title.startswith(STAGING))
        target = next((tab for tab in there if tab.made.get("table") == name), None)
        taken = {tab.id for tab in there}
        titles = {tab.title for tab in there}
        title = next(one for one in (name, f"{name} (E-Channel)", f"{name} {own_id(name, taken)}") if one not in titles)
        own = target or Tab(own_id(name, taken), title, max(cells.height, 2), cells.columns, {})
        staging_id = own_id(f"staging {name}", taken | {own.id})
        staging = Tab(staging_id, f"{STAGING}{name}", cells.height, cells.columns, {})
        ranges = frozenset(one["namedRangeId"] for one in described.get("namedRanges", ()))
        return cls(cells, target, leftovers, own, staging, ranges, note)

    # -- how the tab grows ------------------------------------------------------------------------------------------

    @property
    def old(self) -> tuple[int, int]:
        """Height and columns of the table that lies there now, its header included."""
        made = self.target.made if self.target else {}
        return int(made.get("height", 0)), int(made.get("columns", 0))

    @property
    def looked_at(self) -> tuple[int, int] | None:
        """Rows (from 0, half open) that the table grows into and that a person may have used; None where none are."""
        height = self.old[0]
        end = min(self.cells.height, self.own.rows)
        return (height, end) if self.target and end > height else None

    @property
    def grown(self) -> tuple[int, int]:
        """Rows and columns that the tab gets more. What a person has below or beside moves on."""
        if self.target is None:
            return 0, 0
        height, columns = self.old
        return max(0, self.cells.height - height - self.free), max(0, self.cells.columns - columns)

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
        yield from self._room()
        yield {
            "copyPaste": {
                "source": self._range(self.staging.id, 0, self.cells.height),
                "destination": self._range(self.own.id, 0, self.cells.height),
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
        return any(tab.id == self.own.id and tab.made.get("hash") == self.cells.hash for tab in tabs(described))

    def _room(self) -> Iterator[Request]:
        if self.target is None:
            grid = {"rowCount": self.own.rows, "columnCount": self.own.columns, "frozenRowCount": 1}
            told = {"sheetId": self.own.id, "title": self.own.title, "gridProperties": grid}
            yield {"addSheet": {"properties": told}}
            return
        (rows, columns), (height, width) = self.grown, self.old
        if rows:
            yield {"appendDimension": {"sheetId": self.own.id, "dimension": "ROWS", "length": rows}}
            if height + self.free < self.own.rows:  # a person's rows below move down, in the table's columns alone
                first = height + self.free
                below = self._range(self.own.id, first, first + rows, columns=width)
                yield {"insertRange": {"range": below, "shiftDimension": "ROWS"}}
        if columns:
            span = {"sheetId": self.own.id, "dimension": "COLUMNS", "startIndex": width, "endIndex": width + columns}
            yield {"insertDimension": {"range": span, "inheritFromBefore": True}}

    def _emptied(self) -> Iterator[Request]:
        height, columns = self.old
        last = max(self.cells.height, 2)  # a tab cannot lose its last row that is not frozen
        if height > last and self.own.columns == columns:  # nothing lies beside: the rows can go
            span = {"sheetId": self.own.id, "dimension": "ROWS", "startIndex": last, "endIndex": height}
            yield {"deleteDimension": {"range": span}}
            height = last
        if height > self.cells.height:
            tail = self._range(self.own.id, self.cells.height, height, columns=max(columns, self.cells.columns))
            yield {"updateCells": {"range": tail, "fields": "userEnteredValue"}}
        if columns > self.cells.columns:
            side = {**self._range(self.own.id, 0, height, columns=columns), "startColumnIndex": self.cells.columns}
            yield {"updateCells": {"range": side, "fields": "userEnteredValue"}}

    def _formats(self) -> Iterator[Request]:
        """A number format per column; the look is the person's own, but for a bold header the first time."""
        for n, one in enumerate(self.cells.schema):
            if shown := format_of(one.type):
                yield {
                    "repeatCell": {
                        "range": {
                            **self._range(self.own.id, 1, max(self.cells.height, 2) if self.target else None),
                            "startColumnIndex": n,
                            "endColumnIndex": n + 1,
                        },
                        "cell": {"userEnteredFormat": {"numberFormat": shown}},
                        "fields": "userEnteredFormat.numberFormat",
                    }
                }
        if self.target is None:
            yield {
                "repeatCell": {
                    "range": self._range(self.own.id, 0, 1),
                    "cell": {"userEnteredFormat": {"textFormat": {"bold": True}}},
                    "fields": "userEnteredFormat.textFormat.bold",
                }
            }

    def _notes(self, made_at: str) -> Iterator[Request]:
        """The named range, the note that a person reads, and what the next run has to know."""
        name = {
            "namedRangeId": f"{KEY}_{self.own.id}",
            "name": f"{KEY}_{self.cells.name}",
            "range": self._range(self.own.id, 0, self.cells.height),
        }
        if name["namedRangeId"] in self.ranges:
            yield {"updateNamedRange": {"namedRange": name, "fields": "range"}}
        else:
            yield {"addNamedRange": {"namedRange": name}}
        first = self._range(self.own.id, 0, 1, columns=1)
        yield {"updateCells": {"range": first, "rows": [{"values": [{"note": self.note}]}], "fields": "note"}}
        made = {
            "table": self.cells.name, "height": self.cells.height, "columns": self.cells.columns,
            "hash": self.cells.hash, "made_at": made_at,
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

    def _range(self, sheet: int, first: int, end: int | None, *, columns: int | None = None) -> dict[str, int]:
        span = {"sheetId": sheet, "startRowIndex": first, "startColumnIndex": 0}
        if end is not None:
            span["endRowIndex"] = end
        return {**span, "endColumnIndex": self.cells.columns if columns is None else columns}
