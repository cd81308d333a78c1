"""What a check asks the warehouse: one SELECT of sums per period and market; nothing is divided there.

DuckDB's dialect, of the plain kind that sqlglot translates: the periods are written into it as dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlglot import exp

from echannel_connectors.days import Span
from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import quoted
from echannel_connectors.review.check import Check, CheckError
from echannel_connectors.review.expressions import TODAY, filled
from echannel_connectors.texts import say

NOW = "now"  # the key of what has no date
PLACES = Decimal("0.00000001")  # of a quotient: `rate` in MODEL.md
WHOLE = ""  # the market of a figure over all markets
TABLES = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'mart'"

Marts = Mapping[str, frozenset[str]]  # mart → its columns
Key = tuple[str, str]  # period and market
Place = tuple[str, str | None]  # mart and its date column


@dataclass(frozen=True, slots=True)
class Figure:
    """The sums of one period and market; `value` is their quotient, None where there is nothing to divide (by)."""

    numerator: Decimal | None = None
    denominator: Decimal | None = None
    sample: Decimal | None = None
    target: Decimal | None = None
    is_ratio: bool = False

    @property
    def value(self) -> Decimal | None:
        if self.numerator is None or not self.is_ratio:
            return self.numerator
        return (self.numerator / self.denominator).quantize(PLACES) if self.denominator else None


NOTHING = Figure()


@dataclass(frozen=True, slots=True)
class Question:
    """A check with the periods that it is asked for, by the names that the engine gives them."""

    check: Check
    spans: Mapping[str, Span] = field(default_factory=dict)
    days: Span | None = None  # a daily check: each of these days by itself
    markets: tuple[str, ...] = ()

    def select(self, today: date) -> str:
        """The SELECT: _period, _market, _numerator, _denominator, _sample, _target."""
        parts = []
        wanted: list[str | None] = [] if self.check.breakdown == "markets_only" else [None]
        if self.check.breakdown != "none":
            wanted += self.markets
        for market in wanted:
            if self.check.date is None:
                parts.append(self._part(_text(NOW), "TRUE", market, today))
            elif self.days is not None:
                parts.append(
                    self._part(f"CAST({self._date} AS VARCHAR)", _within(self._date, self.days), market, today)
                )
            else:
                parts += [self._part(self._case(spans), _within_any(self._date, spans), market, today)
                          for spans in _without_overlap(self.spans)]  # fmt: skip
        return "\nUNION ALL\n".join(parts)

    @property
    def _date(self) -> str:
        return quoted(self.check.date or "")

    def _part(self, period: str, within: str, market: str | None, today: date) -> str:
        check = self.check
        values = {name: f"{number:f}" for name, number in check.thresholds.items()} | {TODAY: _day(today)}
        sql = {key: filled(text, values) for key, text in check.sql.items()}
        columns = [
            f"{period} AS _period",
            f"{_text(market or WHOLE)} AS _market",
            *(f"{sql.get(key, 'NULL')} AS _{key}" for key in ("numerator", "denominator", "sample", "target")),
        ]
        conditions = [within, *([f"({sql['where']})"] if "where" in sql else [])]
        if market is not None:
            conditions.append(f"market = {_text(market)}")
        # What is true now is one row, if there is anything at all.
        grouped = "HAVING count(*) > 0" if check.is_snapshot else f"GROUP BY {period}"
        return f"SELECT {', '.join(columns)} FROM mart.{check.mart} WHERE {' AND '.join(conditions)} {grouped}"

    def _case(self, spans: Mapping[str, Span]) -> str:
        whens = " ".join(f"WHEN {_within(self._date, span)} THEN {_text(key)}" for key, span in spans.items())
        return f"CASE {whens} END"


def marts_of(into: Warehouse) -> Marts:
    """Which marts there are, each with its columns."""
    found: dict[str, set[str]] = {}
    for row in into.query(TABLES).read_all().to_pylist():
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return {name: frozenset(columns) for name, columns in found.items()}


def first_days(into: Warehouse, checks: Iterable[Check]) -> dict[Place, date | None]:
    """The marts and date columns of checks that hold a row, with the first day; None for those without a date."""
    places: set[Place] = {(check.mart, check.date) for check in checks}
    selects = [
        f"SELECT {_text(mart)} AS mart, {_text(column or '')} AS column_name, count(*) AS n, "
        f"{f'min({quoted(column)})' if column else 'CAST(NULL AS DATE)'} AS first FROM mart.{mart}"
        for mart, column in sorted(places, key=str)
    ]
    rows = into.query("\nUNION ALL\n".join(selects)).read_all().to_pylist() if selects else []
    return {(row["mart"], row["column_name"] or None): row["first"] for row in rows if row["n"]}


def asked(into: Warehouse, question: Question, today: date) -> dict[Key, Figure]:
    """The figures by period and market. Raises CheckError where an expression makes a float or cannot be run."""
    check = question.check
    try:
        rows = into.query(question.select(today)).read_all().to_pylist()
    except Exception as error:
        error.add_note(say("while the check {name} was asked", name=check.id))
        raise
    return {(row["_period"], row["_market"]): _figure(check, row) for row in rows if row["_period"] is not None}


def _figure(check: Check, row: Mapping[str, Any]) -> Figure:  # what the warehouse gives
    values = {key: _exact(check, key, row[f"_{key}"]) for key in ("numerator", "denominator", "sample", "target")}
    return Figure(**values, is_ratio=check.denominator is not None)


def _exact(check: Check, key: str, value: Any) -> Decimal | None:  # what the warehouse gives
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, int):
        return Decimal(value)
    sentence = say(
        "{check}: {key}: it is a {kind}, and a figure is exact", check=check.id, key=key, kind=type(value).__name__
    )
    raise CheckError(sentence, hint=say("add up DECIMAL and whole numbers only"), place=check.place_of(key, at=0))


def _without_overlap(spans: Mapping[str, Span]) -> Sequence[dict[str, Span]]:
    """The spans in groups in which no day belongs to two: a CASE gives each row to one period."""
    groups: list[dict[str, Span]] = []
    for key, span in spans.items():
        for group in groups:
            if all(span.last < other.first or other.last < span.first for other in group.values()):
                group[key] = span
                break
        else:
            groups.append({key: span})
    return groups


def _within_any(column: str, spans: Mapping[str, Span]) -> str:
    return _within(column, Span(min(one.first for one in spans.values()), max(one.last for one in spans.values())))


def _within(column: str, span: Span) -> str:
    return f"{column} BETWEEN {_day(span.first)} AND {_day(span.last)}"


def _day(day: date) -> str:
    return f"CAST('{day.isoformat()}' AS DATE)"


def _text(text: str) -> str:
    return exp.Literal.string(text).sql("duckdb")
