"""Destinations: `open(url)`, and the two protocols. A warehouse commits and runs SQL; a publisher receives tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl

import pyarrow as pa

from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.streams import Batch, Finding, Progress, Shape, Slice
from echannel_connectors.texts import say

if TYPE_CHECKING:
    from echannel_connectors.models.company import Company

USE = say("use {url}", url="duckdb:///echannel.duckdb")


@dataclass(frozen=True, slots=True)
class Swept:
    """What a key sweep found: rows that were live, rows the source no longer has, rows marked as deleted."""

    live: int
    missing: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What a warehouse holds of a stream: how far each slice has come, and the rows that are not marked as deleted."""

    progress: Mapping[str, Progress]
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """How the Linking API of Looker Studio names a destination's tables: what all of them share, and each one's own.

    `tables` holds those that are there.
    """

    connector: str  # bigQuery or googleSheets
    common: Mapping[str, str]
    tables: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run was billed in bytes read, and what a month of so many runs like it would come to, in US dollars."""

    bytes: int
    runs: int
    dollars: float


class Warehouse(Protocol):
    """Stages, commits and runs SQL. Sees one caller at a time."""

    @property
    def dialect(self) -> str:
        """The dialect that it is spoken to in."""

    def hold(self) -> AbstractContextManager[None]:
        """Keep the warehouse open over several calls that follow each other at once, without reading a source."""

    def check(self) -> Iterable[Finding]:
        """Whether it is there, who holds it, whether it can be written; makes and changes nothing."""

    def stored(self, shape: Shape) -> Stored:
        """What is there of a stream now; makes and changes nothing."""

    def prepare(self, shape: Shape) -> Mapping[str, Progress]:
        """Make room for the stream and say how far each slice has come; with new columns, all is to be read again."""

    def plan(self, shape: Shape, slices: Sequence[Slice]) -> None:
        """Remember slices before they are read, so that a run that dies is resumed with the same plan."""

    def commit(self, shape: Shape, part: Slice, batch: Batch, number: int) -> int | None:
        """Store rows and position together; the number of rows that changed, or None if this number is in already."""

    def sweep(self, shape: Shape, keys: pa.RecordBatchReader, *, accept: bool) -> Swept:
        """Mark rows whose key is not among the keys; a sweep of more than a tenth only when accepted."""

    def forget(self, shape: Shape) -> None:
        """Drop the stream's plan, so that the next run reads everything again. Rows stay."""

    def execute(self, *statements: str | tuple[str, Mapping[str, Any]]) -> None:
        """Run the statements in one transaction."""

    def query(self, sql: str, parameters: Iterable[Any] | Mapping[str, Any] = ()) -> pa.RecordBatchReader:
        """The rows of a SELECT; holds the warehouse until it is read or closed."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Published:
    """What a publisher did with a table: its rows, whether anything had to be sent, texts that had to be cut."""

    table: str
    rows: int
    is_new: bool
    cut: int = 0
    requests: int = 0


class Publisher(Protocol):
    """Receives finished tables from the warehouse that belongs to it."""

    warehouse: Warehouse

    def listen(self, on_event: OnEvent) -> None:
        """Where waiting and asking again are told."""

    def agree(self, company: Company | None) -> Company | None:
        """Publish for the company that a sync names from now on; where it names none, the one that was named here."""

    def select(self, table: str, today: str) -> str:
        """The SELECT of what is published of a mart, in a fixed order."""

    def publish(self, name: str, rows: pa.RecordBatchReader) -> Published:
        """Replace the whole table or nothing."""

    def check(self) -> Iterable[Finding]:
        """Whether it is there and has room; makes and changes nothing."""


def warehouse_of(into: Warehouse | Publisher) -> Warehouse:
    """The destination where commits go and SQL runs: a publisher's own, or the warehouse itself."""
    return getattr(into, "warehouse", into)  # type: ignore[arg-type]  # what has no warehouse is one


def open(url: str, folder: Path = Path(), company: Company | None = None) -> Warehouse | Publisher:  # noqa: A001 - the word that DESIGN gives it
    """The destination of a URL: `duckdb:///echannel.duckdb` (relative to `folder`; four slashes for an absolute path;
    `?memory_mib=` bounds its memory), `bigquery://project/dataset`, `sheets://SPREADSHEET_ID`, or a spreadsheet's
    address from the browser.

    Raises SettingsError for an unknown kind of destination.
    """
    kind, _, rest = url.partition("://")
    if kind == "duckdb":
        from echannel_connectors.destinations.duckdb import DuckDB

        path, _, said = rest.removeprefix("/").partition("?")
        return DuckDB(path if path == ":memory:" else folder / path, memory_mib=_memory_mib(said))
    if kind == "sheets" or url.startswith("https://docs.google.com/spreadsheets/"):
        from echannel_connectors.destinations.sheets import Sheets

        return Sheets.of(url, folder, company)
    if kind == "bigquery":
        from echannel_connectors.destinations.bigquery import BigQuery

        return BigQuery.of(url, folder)
    raise SettingsError(say("{url!r} is not a destination", url=url), hint=USE)


def _memory_mib(query: str) -> int | None:
    said = dict(parse_qsl(query, keep_blank_values=True))
    value = said.pop("memory_mib", None)
    for name in said:
        raise SettingsError(say("duckdb:// knows no {name!r}", name=name), hint=did_you_mean(name, ("memory_mib",)))
    if value is not None and not (value.isdigit() and int(value)):
        raise SettingsError(say("memory_mib is a number of MiB, such as 1024, not {value!r}", value=value))
    return int(value) if value else None
