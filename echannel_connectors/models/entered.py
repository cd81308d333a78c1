"""What the company itself enters, in CSV files: rates, costs and targets of its markets, what an order costs.

The files are named in echannel.yaml. They are read and checked before anything else runs, and replace what the
warehouse holds of them whenever they say something else; there they are a source named `company`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path

from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.models.company import CURRENCIES, Company
from echannel_connectors.models.core import TABLES, WORDS
from echannel_connectors.streams import Finding, Shape
from echannel_connectors.texts import say

SOURCE = "company"
METRICS = ("net_sales", "contribution", "orders", "new_customers")  # what mart.market_entry sets beside its targets
LIMITS = {"money": (18, 6), "rate": (18, 8)}
ROWS_A_STATEMENT = 500

Row = dict[str, str | None]  # as text: a day is YYYY-MM-DD, an amount a plain decimal


@dataclass(frozen=True, slots=True)
class File:
    """A kind of file: the core table that it fills, its columns (those in `optional` may be left out; those in `notes`
    may stand there and fill nothing)."""

    table: str
    columns: tuple[str, ...]
    optional: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


RATES = File("fx_rates", ("date", "currency", "rate"))
COSTS = File("costs", ("month", "cost_kind", "amount", "currency"), ("currency",))
TARGETS = File("targets", ("month", "metric", "value"), notes=("written_by",))  # plan/targets.py knows its own by it
COST_RULES = File(
    "cost_rules",
    ("kind", "applies_to", "valid_from", "fixed_amount", "rate", "currency"),
    ("applies_to", "fixed_amount", "rate", "currency"),
)


def read(company: Company) -> dict[str, list[Row]]:
    """The rows of each core table that the company's files fill.

    Raises SettingsError with file and line for what is missing, unknown or cannot be.
    """
    found: dict[str, list[Row]] = {table: [] for table in ("fx_rates", "markets", "costs", "cost_rules", "targets")}
    if company.rates:
        found["fx_rates"] = list(_rows(RATES, company.rates, company))
    if company.cost_rules:
        found["cost_rules"] = list(_rows(COST_RULES, company.cost_rules, company))
    for name, market in company.markets.items():
        found["markets"].append(
            {"market": name, "entered_on": market.entered_on.isoformat() if market.entered_on else None}
        )
        for kind, file in ((COSTS, market.costs), (TARGETS, market.targets)):
            if file:
                found[kind.table] += [{"market": name, **row} for row in _rows(kind, file, company)]
    return found


def store(into: Warehouse, tables: Mapping[str, list[Row]]) -> None:
    """Put the rows where core is built from; a table that says what it said before is left alone."""
    with into.hold():
        into.execute(commit.KNOWN_SOURCES)
        kept = into.query("SELECT name, value FROM echannel.meta").read_all().to_pylist()
        known = {row["name"]: row["value"] for row in kept}
        for table, rows in tables.items():
            name, content = f"entered {table}", hashlib.sha256(repr(rows).encode()).hexdigest()
            if known.get(name) != content and (rows or name in known):
                _replace(into, table, rows, (name, content))


def findings(company: Company) -> Iterator[Finding]:
    """Whether the files can be read, for `check`."""
    try:
        tables = read(company)
    except SettingsError as error:
        yield Finding("error", error.sentence, "\n".join(filter(None, (error.hint, error.place))))
        return
    for table, rows in tables.items():
        if rows and table != "markets":
            yield Finding("ok", say("{n:,} lines of {table}", n=len(rows), table=table))


# -- how ------------------------------------------------------------------------------------------------------------


def _replace(into: Warehouse, table: str, rows: list[Row], sign: tuple[str, str]) -> None:
    core, place = TABLES[table], commit.raw_table(f"{SOURCE}__{table}")
    into.prepare(Shape(f"{SOURCE}__{table}", core.schema(), core.key))
    into.execute(
        f"DELETE FROM {place}",
        *_inserts(place, table, rows),
        ("DELETE FROM echannel.meta WHERE name = $name", {"name": sign[0]}),
        ("INSERT INTO echannel.meta VALUES ($name, $content)", {"name": sign[0], "content": sign[1]}),
        ("DELETE FROM echannel.sources WHERE name = $name", {"name": SOURCE}),
        ("INSERT INTO echannel.sources VALUES ($name, NULL)", {"name": SOURCE}),
        commit.changed_wholly(f"raw.{SOURCE}__{table}"),
    )


def _inserts(place: str, table: str, rows: list[Row]) -> Iterator[str]:
    core = TABLES[table]
    names = ", ".join(commit.quoted(name) for name in core.types)
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        values = ", ".join(
            "(" + ", ".join(f"CAST({_literal(row.get(name))} AS {core.sql_type(name)})" for name in core.types) + ")"
            for row in rows[start : start + ROWS_A_STATEMENT]
        )
        yield f"INSERT INTO {place} ({names}) VALUES {values}"


def _literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def _rows(kind: File, file: Path, company: Company) -> Iterator[Row]:
    """The checked rows of one file, with the company's currency where none is said."""
    core = TABLES[kind.table]
    seen: dict[tuple[str | None, ...], int] = {}
    for line, cells in _lines(kind, file):
        row: Row = {}
        for name in kind.columns:
            try:
                row[name] = _value(kind, name, cells.get(name, ""), core.types[name])
            except _Wrong as wrong:
                raise SettingsError(wrong.sentence, hint=wrong.hint, place=f"{file}:{line}") from None
        if "currency" in row and row["currency"] is None:
            row["currency"] = company.currency
        key = tuple(row[name] for name in core.key if name in row)
        if key in seen:
            sentence = say("the line says the same as line {line} once more", line=seen[key])
            raise SettingsError(sentence, hint=say("leave one of the two out"), place=f"{file}:{line}")
        seen[key] = line
        yield row


def _lines(kind: File, file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line with its number, as cells by column. A spreadsheet's semicolons and decimal commas are understood."""
    try:
        data = file.read_bytes()
    except OSError as error:
        sentence = say("{file} cannot be read: {because}", file=file.name, because=error.strerror or "")
        raise SettingsError(sentence, place=str(file)) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    head = [name.strip().lower() for name in next(reader, [])]
    for name in head:
        if name not in kind.columns + kind.notes:
            sentence = say("{file} has a column {name!r} that nobody knows", file=file.name, name=name)
            raise SettingsError(sentence, hint=did_you_mean(name, kind.columns), place=f"{file}:1")
    for name in kind.columns:
        if name not in head and name not in kind.optional:
            sentence = say("{file} has no column {name!r}", file=file.name, name=name)
            raise SettingsError(sentence, hint=say("known: {names}", names=", ".join(kind.columns)), place=f"{file}:1")
    for cells in reader:
        if any(cell.strip() for cell in cells):
            plain = [cell.strip() for cell in cells]
            if separator != ",":
                plain = [re.sub(r"^(-?[\d\s\u00a0\u202f]+),(\d+)", r"\1.\2", cell) for cell in plain]
            yield reader.line_num, dict(zip(head, plain, strict=False))


class _Wrong(Exception):
    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.hint = sentence, hint


def _value(kind: File, name: str, text: str, word: str) -> str | None:
    """A cell as what its column holds; None where an optional one is empty."""
    if not text:
        if name not in kind.optional:
            raise _Wrong(say("{name} is empty", name=name))
        return "" if name == "applies_to" else "0" if name in ("fixed_amount", "rate") else None
    if name == "currency" and text not in CURRENCIES:
        raise _Wrong(say("{code!r} is not a currency; use its ISO code, such as EUR or GBP", code=text))
    words = METRICS if name == "metric" else WORDS.get((kind.table, name))
    if words and text not in words:
        raise _Wrong(say("{text!r} is not a {name}", text=text, name=name), did_you_mean(text, words))
    return READERS[word](name, text) if word in READERS else text


def _day(name: str, text: str) -> str:
    try:
        return date.fromisoformat(f"{text}-01" if name == "month" and len(text) == 7 else text).isoformat()
    except ValueError:
        form = say("a month is written 2026-02") if name == "month" else say("a day is written 2026-02-28")
        raise _Wrong(say("{text!r} is not a {name}", text=text, name=name), form) from None


def _number(name: str, text: str, *, word: str) -> str:
    digits, places = LIMITS[word]
    plain = re.sub(r"[\s\u00a0\u202f]", "", text)
    try:
        number = Decimal(plain.removesuffix("%")) / (100 if plain.endswith("%") else 1)
        is_wrong = not number.is_finite() or round(number, places) != number or abs(number) >= 10 ** (digits - places)
    except InvalidOperation:
        is_wrong = True
    if is_wrong or (name == "rate" and number < 0):
        raise _Wrong(say("{text!r} is not a {name}", text=text, name=name), say("an amount is written 1234.56"))
    return f"{number:f}"


READERS: dict[str, Callable[[str, str], str]] = {
    "date": _day,
    "money": partial(_number, word="money"),
    "rate": partial(_number, word="rate"),
}
