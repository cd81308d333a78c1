"""What the company itself enters, in CSV files: rates, costs and targets of its markets, what an order costs.

The files are named in echannel.yaml. They are read and checked before anything else runs, and replace what the
warehouse holds of them whenever they say something else; there they are a source named `company`.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.models.company import COUNTRIES, CURRENCIES, Company, decimals
from echannel_connectors.models.core import TABLES, WORDS
from echannel_connectors.models.csv_files import CsvFile, day_in, month_in, number_in, read_csv
from echannel_connectors.streams import Finding, Shape
from echannel_connectors.texts import Text, say

SOURCE = "company"
METRICS = ("net_sales", "contribution", "orders", "new_customers")  # what mart.market_entry sets beside its targets
LIMITS = {"money": (18, 6), "rate": (18, 8)}  # digits, and those behind the point
ROWS_A_STATEMENT = 500

# What cost rules can be for, by their kind, as orders have it; and what they are for.
RULED = " UNION ALL ".join(
    f"SELECT DISTINCT '{kind}' AS kind, {column} AS word FROM core.orders WHERE {column} <> '' AND _deleted_at IS NULL"
    for kind, column in (("payment_fee", "payment_method"), ("shipping", "carrier"), ("packaging", "channel"))
)
RULES = """SELECT DISTINCT kind, applies_to FROM core.cost_rules
    WHERE applies_to <> '' AND _deleted_at IS NULL ORDER BY kind, applies_to"""

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
        found["fx_rates"] = _rows(RATES, company.rates, company)
    if company.cost_rules:
        found["cost_rules"] = _rows(COST_RULES, company.cost_rules, company)
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


def misspelt_rules(into: Warehouse) -> Iterator[Text]:
    """Cost rules that no order is under, where orders have a word that looks the same: a slip costs nothing in the
    figures, and nobody would see it."""
    known: dict[str, list[str]] = {}
    for row in into.query(RULED).read_all().to_pylist():
        known.setdefault(row["kind"], []).append(row["word"])
    for row in into.query(RULES).read_all().to_pylist():
        kind, word = row["kind"], row["applies_to"]
        like = {one.casefold(): one for one in known.get(kind, ())}
        if word not in COUNTRIES and word not in like.values():
            for near in difflib.get_close_matches(word.casefold(), like, n=1, cutoff=0.75):
                yield say(
                    "the cost rule of {kind} for {word!r} is for no order: did you mean {near!r}?",
                    kind=kind, word=word, near=like[near],
                )  # fmt: skip


def findings(company: Company) -> Iterator[Finding]:
    """Whether the files can be read, for `check`."""
    try:
        tables = read(company)
    except SettingsError as error:
        yield Finding("error", error.sentence, error.hint, error.place)
        return
    for table, rows in tables.items():
        if rows and table != "markets":
            yield Finding("ok", say("{n:,} lines of {table}", n=len(rows), table=table))


# -- how ------------------------------------------------------------------------------------------------------------


def _rows(kind: File, file: Path, company: Company) -> list[Row]:
    return [row for _, row in rows_of(kind, file, company)]


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
    return "NULL" if value is None else commit.literal(value)


def rows_of(kind: File, file: Path, company: Company) -> Iterator[tuple[int, Row]]:
    """The checked rows of one file with their lines, and the company's currency where none is said.

    Raises SettingsError with file and line.
    """
    core, sheet = TABLES[kind.table], read_csv(file)
    _check_head(kind, sheet, file)
    seen: dict[tuple[str | None, ...], int] = {}
    for line, cells in sheet.lines():
        row: Row = {}
        currency = cells.get("currency") or company.currency
        for name in kind.columns:
            try:
                row[name] = _value(kind, name, cells.get(name, ""), _Manner(core.types[name], sheet, company, currency))
            except _Wrong as wrong:
                raise SettingsError(wrong.sentence, hint=wrong.hint, place=f"{file}:{line}") from None
        if kind is RATES:
            _check_rate(row, company, f"{file}:{line}")
        if "currency" in row and row["currency"] is None:
            row["currency"] = company.currency
        key = tuple(row[name] for name in core.key if name in row)
        if key in seen:
            what = ", ".join(cells[name] for name in kind.columns if name in core.key and cells.get(name))
            sentence = say("{what} already stands in line {line}", what=what, line=seen[key])
            raise SettingsError(sentence, hint=say("leave one of the two out"), place=f"{file}:{line}")
        seen[key] = line
        yield line, row


def _check_rate(row: Row, company: Company, place: str) -> None:
    rate, currency = Decimal(row["rate"] or 0), company.currency
    if not rate:
        raise SettingsError(
            say("a rate of 0 says that {currency} is worth nothing", currency=row["currency"]),
            hint=say("leave the line out: the rate before holds until the next one"), place=place,
        )  # fmt: skip
    if row["currency"] == currency and rate != 1:
        raise SettingsError(
            say("{currency} is the company's own currency: its rate is 1", currency=currency),
            hint=say("a rate is what one unit of another currency is worth in {currency}", currency=currency),
            place=place,
        )  # fmt: skip


def _check_head(kind: File, sheet: CsvFile, file: Path) -> None:
    place = f"{file}:{sheet.head_line}"
    for name in filter(None, sheet.head):
        if name not in kind.columns + kind.notes:
            sentence = say("{file} has a column {name!r} that nobody knows", file=file.name, name=name)
            raise SettingsError(sentence, hint=did_you_mean(name, kind.columns), place=place)
    for name in kind.columns:
        if name not in sheet.head and name not in kind.optional:
            sentence = say("{file} has no column {name!r}", file=file.name, name=name)
            raise SettingsError(sentence, hint=say("known: {names}", names=", ".join(kind.columns)), place=place)


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a cell is to be understood: the word for its column's type, its file, whose it is, its line's currency."""

    word: str
    sheet: CsvFile
    company: Company
    currency: str

    @property
    def is_day_first(self) -> bool:
        """Whether 03/04/2026 is the third of April, as all of Europe and all who speak French write it."""
        return self.company.language == "fr" or self.company.time_zone.startswith("Europe/")

    @property
    def decimal_marks(self) -> str:
        """A rate has no thousands; where commas part the cells, a dot parts the decimals. Three digits behind the
        language's own mark are what a dinar has."""
        if self.word == "rate":
            return ".,"
        own = "," if self.company.language == "fr" else "."
        return ("." if self.sheet.separator == "," else "") + (own if decimals(self.currency) == 3 else "")


class _Wrong(Exception):
    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.hint = sentence, hint


def _value(kind: File, name: str, text: str, manner: _Manner) -> str | None:
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
    if manner.word == "date":
        return _day(name, text, is_day_first=manner.is_day_first)
    if manner.word not in LIMITS:
        return text
    number = _number(name, text, manner)
    if kind is COST_RULES and name == "rate" and number >= 1:
        raise _Wrong(
            say("{text} as a rate is {n} %", text=text, n=f"{number * 100:f}"),
            say("write 1.4 % or 0.014 for what is 1.4 in a hundred"),
        )
    return f"{number:f}"


def _day(name: str, text: str, *, is_day_first: bool) -> str:
    found = (month_in if name == "month" else day_in)(text, is_day_first=is_day_first)
    if found is None:
        form = say("a month is written 2026-02") if name == "month" else say("a day is written 2026-02-28")
        raise _Wrong(say("{text!r} is not a {name}", text=text, name=name), form)
    return found.isoformat()


def _number(name: str, text: str, manner: _Manner) -> Decimal:
    digits, places = LIMITS[manner.word]
    # 4 % of an order is its rate; as an amount it would be four hundredths of a euro.
    plain = text.removesuffix("%") if name == "rate" else text
    try:
        number = number_in(plain, decimal_marks=manner.decimal_marks)
    except ValueError:
        raise _Wrong(
            say("{text!r} could be a thousand or have three decimals", text=text),
            say("write it without a mark between thousands, or with two or four decimals"),
        ) from None
    if number is not None and plain != text:
        number /= 100
    if number is not None and round(number, places) != number:
        raise _Wrong(
            say("{text!r} has more than {n} decimals", text=text, n=places),
            say("write {number}", number=f"{round(number, places).normalize():f}"),
        )
    if number is None or abs(number) >= 10 ** (digits - places) or (name == "rate" and number < 0):
        form = say("an amount is written 1234.56 or 1234,56, without a sign of its currency")
        raise _Wrong(say("{text!r} is not a {name}", text=text, name=name), form)
    return number
