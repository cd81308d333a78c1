"""Google Sheets as a publisher: the marts as tabs of a spreadsheet; the warehouse beside it is an embedded DuckDB."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import pyarrow as pa

from echannel_connectors.destinations import Bound, Published, Warehouse
from echannel_connectors.destinations.duckdb import DuckDB
from echannel_connectors.destinations.sheets.api import Api
from echannel_connectors.destinations.sheets.cells import Cells, encoded
from echannel_connectors.destinations.sheets.replacing import MOST, Replacement, Tab, tabs
from echannel_connectors.errors import DestinationError, EChannelError, SettingsError, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.models.company import Company
from echannel_connectors.settings import on_this_machine
from echannel_connectors.streams import Finding
from echannel_connectors.texts import in_language, say

MONTHS = 13  # of what grows by the day: this month and the same one a year before
# Marts of which the last months are published, by their date; the others are published whole.
BY_MONTHS = ("carts", "inventory_daily", "marketing_daily", "orders", "rates", "sales")
SETTINGS = ("warehouse", "months", "credentials", "formerly", "endpoint")
NAMELESS = Company().name


class Sheets:
    """A spreadsheet that receives the marts, each in a tab that keeps its id for ever.

    `spreadsheet` is its id or the address from the browser; `warehouse` the DuckDB file where everything else lives;
    `credentials` the key file of a service account (otherwise the application default credentials); `months` how much
    of `sales` and the like is published; `company` tells the zone of moments and whose figures these are, and
    `formerly` the name under which it published here before. `endpoint` is a stand-in on this machine, for tests.
    """

    def __init__(
        self,
        spreadsheet: str,
        *,
        warehouse: Warehouse | str | os.PathLike[str] = "echannel.duckdb",
        credentials: str = "",
        months: int = MONTHS,
        formerly: str = "",
        endpoint: str = "",
        company: Company | None = None,
    ) -> None:
        try:
            on_this_machine(endpoint)
        except ValueError as error:
            raise SettingsError(error.args[0]) from None
        self.warehouse = DuckDB(warehouse) if isinstance(warehouse, str | os.PathLike) else warehouse
        if months < 1:
            raise SettingsError(say("months counts this month, too: at least 1"))
        self.months = months
        self.formerly = formerly
        self._named = company
        self.api = Api(id_of(spreadsheet), credentials, endpoint)

    @classmethod
    def of(cls, url: str, folder: Path, company: Company | None = None) -> Sheets:
        """`sheets://ID?warehouse=echannel.duckdb&months=24` (files as seen from `folder`), or the browser's address."""
        words = dict(parse_qsl(urlsplit(url).query))
        place = url.partition("?")[0] if url.startswith("sheets://") else url
        settings: dict[str, Any] = {name: words[name] for name in SETTINGS if name in words}
        if unknown := [name for name in words if url.startswith("sheets://") and name not in SETTINGS]:
            raise SettingsError(
                say("a Sheets destination has no setting {name!r}", name=unknown[0]),
                hint=did_you_mean(unknown[0], SETTINGS),
            )
        if "months" in settings:
            if not settings["months"].isdecimal():
                raise SettingsError(say("months is a number, not {value!r}", value=settings["months"]))
            settings["months"] = int(settings["months"])
        settings["warehouse"] = folder / settings.get("warehouse", "echannel.duckdb")
        if "credentials" in settings:
            settings["credentials"] = str(folder / settings["credentials"])
        return cls(place, company=company, **settings)

    def __repr__(self) -> str:
        return f"Sheets({self.api.spreadsheet!r})"

    @property
    def address(self) -> str:
        """Where a person looks at it."""
        return f"https://docs.google.com/spreadsheets/d/{self.api.spreadsheet}"

    def listen(self, on_event: OnEvent) -> None:
        self.api.on_event = on_event

    def agree(self, company: Company | None) -> Company | None:
        self._named = company or self._named
        return self._named

    @property
    def company(self) -> Company:
        return self._named or Company()

    def select(self, table: str, today: str) -> str:
        """What of a mart is published: of those that grow by the day the last months, in a fixed order."""
        recent = f" WHERE date >= date_trunc('month', DATE '{today}') - INTERVAL {self.months - 1} MONTH"
        return f"SELECT * FROM mart.{table}{recent if table in BY_MONTHS else ''} ORDER BY ALL"

    def publish(self, name: str, rows: pa.RecordBatchReader) -> Published:
        """Replace the table in its tab, all of it or nothing; nothing is sent where nothing has changed.

        Raises DestinationError before anything is written for what a Sheet cannot hold.
        """
        before = self.api.receipt.requests
        with encoded(name, rows, self.company.time_zone, self.company.currency) as cells:
            is_new = self._replace(cells)
        return Published(name, cells.rows, is_new, cells.cut, self.api.receipt.requests - before)

    def check(self) -> Iterator[Finding]:
        """Whether it is there, how full it is, in which zone and language; makes and changes nothing."""
        try:
            described = self.api.describe()
            self._refuse_anothers(tabs(described))
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)
            return
        said = described["properties"]
        yield Finding(
            "ok",
            say("the spreadsheet {title!r} answers ({locale})", title=said["title"], locale=said.get("locale", "")),
        )
        if said.get("timeZone") not in (None, self.company.time_zone):
            yield Finding(
                "warning",
                say(
                    "the spreadsheet's time zone is {zone}, the company's {own}",
                    zone=said["timeZone"],
                    own=self.company.time_zone,
                ),
                say("moments are written in the company's; formulas such as NOW() use the spreadsheet's"),
            )
        yield self._space(tabs(described))

    def check_deeply(self) -> Iterator[Finding]:
        """Whether this account may write: the title is set to what it is."""
        try:
            title = self.api.describe()["properties"]["title"]
            same = {"updateSpreadsheetProperties": {"properties": {"title": title}, "fields": "title"}}
            self.api.change([same], is_done=lambda _: True)
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)
        else:
            yield Finding("ok", say("this account may write to the spreadsheet"))

    def bound(self, tables: frozenset[str]) -> Bound:
        """The tabs of these tables, by their ids, which never change."""
        there = {tab.made.get("table"): tab for tab in tabs(self.api.describe())}
        own = {table: {"worksheetId": str(there[table].id)} for table in sorted(tables & set(there))}
        return Bound("googleSheets", {"spreadsheetId": self.api.spreadsheet}, own)

    def close(self) -> None:
        self.warehouse.close()

    # -- how --------------------------------------------------------------------------------------------------------

    def _replace(self, cells: Cells) -> bool:
        described = self.api.describe()
        self._refuse_anothers(tabs(described))
        now = datetime.now(ZoneInfo(self.company.time_zone))
        note = say(
            "E-Channel wrote these {rows:,} rows on {day} at {time}. They are written anew at each sync: "
            "put cells of your own to the right of them, or into another tab.",
            rows=cells.rows, day=f"{now:%Y-%m-%d}", time=f"{now:%H:%M}",
        )  # fmt: skip
        work = Replacement.of(cells, described, in_language(note, self.company.language), self._owner)
        if work.is_done(described):
            return False
        if (below := work.looked_at) is not None:
            seen = self.api.look(work.own.title, *below)
            free = next((n for n, row in enumerate(seen) if any(value != "" for value in row)), len(below[0]))
            work = replace(work, free=free)
        self._refuse_too_large(work, tabs(described))
        self.api.change(work.preparation(), is_done=work.is_prepared)
        for chunk in cells.chunks:
            self.api.write(work.staging.title, cells, chunk)
        self.api.change(work.batch(now.isoformat(timespec="seconds")), is_done=work.is_done)
        return True

    @property
    def _owner(self) -> str:
        """Whose figures these are; nothing where nobody has given the company a name."""
        return "" if self.company.name == NAMELESS else self.company.name

    def _refuse_anothers(self, there: Iterable[Tab]) -> None:
        """A project's file that was copied for another company still names the first one's spreadsheet."""
        known = {"", self._owner, self.formerly}
        other = next((owner for tab in there if (owner := tab.made.get("company", "")) not in known), None)
        if other is None or not self._owner:
            return
        raise DestinationError(
            say(
                "this spreadsheet has the figures of {other}, and this project is {own}'s: nothing was written",
                other=other,
                own=self._owner,
            ),
            hint=say(
                "give each company a spreadsheet of its own; if {other} is an old name of this one, say so: "
                "sheets://…?formerly={other}",
                other=other,
            ),
        )

    def _refuse_too_large(self, work: Replacement, there: Iterable[Any]) -> None:
        used = sum(tab.size for tab in there)
        if (whole := used + work.cells_needed) <= MOST:
            return
        sentence = say(
            "{table} does not fit: with its {rows:,} rows, which lie there twice for a moment, the spreadsheet would "
            "hold {cells:,} cells of 10,000,000",
            table=work.cells.name, rows=work.cells.rows, cells=whole,
        )  # fmt: skip
        raise DestinationError(sentence, hint=say("delete tabs that nobody needs, or publish fewer `months` of sales"))

    def _space(self, there: list[Any]) -> Finding:
        """How full it is, and how many more months of sales would fit."""
        used = sum(tab.size for tab in there)
        sales = next((tab for tab in there if tab.made.get("table") == "sales"), None)
        sentence = say("{used:,} of 10,000,000 cells are taken", used=used)
        if sales is not None and sales.made["height"] > 1:
            a_month = 2 * sales.made["height"] * sales.made["columns"] / self.months  # twice: the staging tab
            sentence = say(
                "{used:,} of 10,000,000 cells are taken: {months:,} more months of sales like these would fit",
                used=used, months=int((MOST - used) / a_month),
            )  # fmt: skip
        level: Any = "ok" if used < MOST * 0.8 else "warning"
        return Finding(
            level,
            sentence,
            "" if level == "ok" else say("delete tabs that nobody needs, or publish fewer `months` of sales"),
        )


def id_of(spreadsheet: str) -> str:
    """A spreadsheet's id, out of its address where that is what was given. Raises SettingsError."""
    address = re.search(r"/spreadsheets/(?:u/\d+/)?d/([\w-]+)", spreadsheet)
    word = address[1] if address else unquote(spreadsheet.removeprefix("sheets://")).strip("/")
    if not re.fullmatch(r"[\w-]{10,}", word):
        raise SettingsError(
            say("{address!r} is not a spreadsheet", address=spreadsheet),
            hint=say("copy its address from the browser (…/spreadsheets/d/…)"),
        )
    return word
