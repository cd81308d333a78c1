"""A Google Sheets stand-in: spreadsheets in memory behind the API's own paths, to which a real gspread talks.

Every request is checked against the API's discovery document and against what that does not say: one kind per request,
ids, grid bounds, 10 MiB, 10,000,000 cells, all or nothing.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from echannel_connectors.testing.google import Answer, refusal, serving
from echannel_connectors.testing.google.discovery import mistakes
from echannel_connectors.testing.sheets.book import Book, Grid, Wrong

__all__ = ["Book", "FakeSheets", "Grid", "Trouble"]

LARGEST = 10 * 2**20
PATH = re.compile(r"/v4/spreadsheets/(?P<id>[\w-]+)(?P<rest>.*)")
PLACE = re.compile(r"'(?P<title>(?:[^']|'')*)'!(?P<from>[A-Z]+)(?P<row>\d+)(?::(?P<to>[A-Z]+)(?P<end>\d+))?")


@dataclass(slots=True)
class Trouble:
    """What goes wrong with coming requests whose path ends so: an answer, perhaps after the work was done."""

    ends: str
    status: int = 503
    message: str = "The service is currently unavailable."
    times: int = 1
    after_work: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeSheets:
    """The service: spreadsheets by id, the calls that came, and trouble to come."""

    books: dict[str, Book] = field(default_factory=dict)
    calls: list[tuple[str, str, int]] = field(default_factory=list)  # method, what follows the id, bytes
    trouble: list[Trouble] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add(self, book: Book) -> Book:
        self.books[book.id] = book
        return book

    def serving(self) -> AbstractContextManager[str]:
        """Its address on this machine, for as long as it serves."""
        return serving(self.answer)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """Status, JSON and headers."""
        parts = urlsplit(path)
        match = PATH.fullmatch(parts.path)
        if not match:
            return refusal(404, "Not found")
        rest = unquote(match["rest"])
        with self.lock:
            self.calls.append((method, rest, len(body)))
            trouble = next((one for one in self.trouble if rest.endswith(one.ends)), None)
            if trouble:
                trouble.times -= 1
                if not trouble.times:
                    self.trouble.remove(trouble)
                if not trouble.after_work:
                    return refusal(trouble.status, trouble.message, trouble.headers)
            if match["id"] not in self.books:
                return refusal(404, "Requested entity was not found.")
            if len(body) > LARGEST:
                return refusal(400, f"Request payload size exceeds the limit: {LARGEST} bytes.")
            try:
                found = self._worked(method, match["id"], rest, parse_qs(parts.query), body)
            except Wrong as error:
                return refusal(400, str(error))
            if trouble:
                return refusal(trouble.status, trouble.message, trouble.headers)
            return 200, found, {}

    def _worked(self, method: str, number: str, rest: str, query: dict[str, list[str]], body: bytes) -> dict[str, Any]:
        book = self.books[number]
        if (method, rest) == ("GET", ""):
            if "fields" not in query:
                raise Wrong("the stand-in describes by a mask of fields alone")
            return book.described()
        if method == "GET" and rest.startswith("/values/"):
            place, shown = rest.removeprefix("/values/"), query.get("valueRenderOption") != ["FORMULA"]
            return {"range": place, "values": _looked(book, place, shown=shown)}
        if (method, rest) == ("POST", ":batchUpdate"):
            said = _checked(body, "BatchUpdateSpreadsheetRequest")
            self.books[number] = book.applied(said["requests"])
            return {"spreadsheetId": number, "replies": [{} for _ in said["requests"]]}
        if (method, rest) == ("POST", "/values:batchUpdate"):
            said = _checked(body, "BatchUpdateValuesRequest")
            if said.get("valueInputOption") != "RAW":
                raise Wrong("anything but RAW takes texts for formulas and dates")
            for data in said["data"]:
                _write(book, data["range"], data["values"])
            return {"spreadsheetId": number}
        raise Wrong(f"the stand-in does not play {method} {rest}")


def _checked(body: bytes, schema: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(body)
    if wrong := mistakes(said, "sheets.v4", schema):
        raise Wrong(f"Invalid JSON payload received. {wrong[0]}")
    return said


def _write(book: Book, place: str, values: list[list[Any]]) -> None:
    grid, row, column = _place(book, place)[:3]
    if row + len(values) > grid.rows or column + max(map(len, values)) > grid.columns:
        raise Wrong(f"Range ({place}) exceeds grid limits. Max rows: {grid.rows}, max columns: {grid.columns}")
    for n, cells in enumerate(values):
        for m, value in enumerate(cells):
            if isinstance(value, str) and len(value) > 50_000:
                raise Wrong("Your input contains more than the maximum of 50000 characters in a single cell.")
            if value is not None:
                grid.put(row + n, column + m, value=value)


def _looked(book: Book, place: str, *, shown: bool) -> list[list[Any]]:
    """Without the empty cells and rows at the end, as the API answers."""
    grid, row, column, end, last = _place(book, place)
    rows = [[grid.value(r, c, shown=shown) for c in range(column, last)] for r in range(row, end)]
    for cells in rows:
        while cells and cells[-1] == "":
            cells.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _place(book: Book, place: str) -> tuple[Grid, int, int, int, int]:
    """A1 notation as (tab, first row, first column, end row, end column), from 0 and half open."""
    match = PLACE.fullmatch(place)
    if not match:
        raise Wrong(f"Unable to parse range: {place}")
    title = match["title"].replace("''", "'")
    grid = next((one for one in book.grids.values() if one.title == title), None)
    if grid is None:
        raise Wrong(f"Unable to parse range: {place}")
    row, column = int(match["row"]) - 1, _column(match["from"]) - 1
    return grid, row, column, int(match["end"] or row + 1), _column(match["to"] or match["from"])


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
