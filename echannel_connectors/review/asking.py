"""What a check asks the warehouse: one SELECT of sums per period and market; nothing is divided there.

DuckDB's dialect, of the plain kind that sqlglot translates: the periods are written into it as dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlglot import exp

from echannel_connectors.days import Span
from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import quoted
from echannel_connectors.review.check import Check
from echannel_connectors.review.expressions import TODAY, filled
from echannel_connectors.texts import say

NOW = "now"  # the key of what has no date
PLACES = Decimal("0.00000001")  # of a quotient: `rate` in MODEL.md
WHOLE = ""  # the market of a figure over all markets
EXACT = "DECIMAL(37, 8)"  # of every figure, whatever it is summed from
FIGURES = ("numerator", "denominator", "sample", "target")
AT_ONCE = 150_000  # characters of SQL
TABLES = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart'"

Marts = Mapping[str, Mapping[str, str]]  # mart → its columns, with their types
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


@dataclass(frozen=True, slots=True)
class Question:
    """A check with the periods that it is asked for, by the names that the engine gives them."""

    check: Check
    spans: Mapping[str, Span] = field(default_factory=dict)
    days: Span | None = None  # a daily check: each of these days by itself
    markets: tuple[str, ...] = ()

    def selects(self, today: date) -> Iterator[str]:
        """SELECTs of _check, _period, _market, _numerator, _denominator, _sample, _target."""
        check = self.check
        whole, by_market = check.breakdown != "markets_only", check.breakdown != "none" and bool(self.markets)
        for is_by_market in [False] * whole + [True] * by_market:
            if check.date is None:
                yield self._select(_text(NOW), "TRUE", today, is_by_market=is_by_market)
            elif self.days is not None:
                period, within = f"CAST({self._date} AS VARCHAR)", _within(self._date, self.days)
                yield self._select(period, within, today, is_by_market=is_by_market)
            else:
                for spans in _without_overlap(self.spans):
                    period, within = self._case(spans), _within_any(self._date, spans)
                    yield self._select(period, within, today, is_by_market=is_by_market)

    @property
    def _date(self) -> str:
        return quoted(self.check.date or "")

    def _select(self, period: str, within: str, today: date, *, is_by_market: bool) -> str:
        check = self.check
        values = {name: f"{number:f}" for name, number in check.thresholds.items()} | {TODAY: _day(today)}
        sql = {key: filled(text, values) for key, text in check.sql.items()}
        columns = [
            f"{_text(check.id)} AS _check",
            f"{period} AS _period",
            f"{'market' if is_by_market else _text(WHOLE)} AS _market",
            *(f"CAST({sql.get(key, 'NULL')} AS {EXACT}) AS _{key}" for key in FIGURES),
        ]
        conditions = [within, *([f"({sql['where']})"] if "where" in sql else [])]
        if is_by_market:
            conditions.append(f"market IN ({', '.join(map(_text, self.markets))})")
        # A row for each period (the second column) and market (the third); what is true now has no period, and is one
        # row, if there is anything at all.
        by = [*([] if check.is_snapshot else ["2"]), *(["3"] if is_by_market else [])]
        grouped = f"GROUP BY {', '.join(by)}" if by else "HAVING count(*) > 0"
        return f"SELECT {', '.join(columns)} FROM mart.{check.mart} WHERE {' AND '.join(conditions)} {grouped}"

    def _case(self, spans: Mapping[str, Span]) -> str:
        whens = " ".join(f"WHEN {_within(self._date, span)} THEN {_text(key)}" for key, span in spans.items())
        return f"CASE {whens} END"


def marts_of(into: Warehouse) -> Marts:
    """Which marts there are, each with the types of its columns."""
    found: dict[str, dict[str, str]] = {}
    for row in into.query(TABLES).read_all().to_pylist():
        found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return found


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


def asked(into: Warehouse, questions: Sequence[Question], today: date) -> dict[str, dict[Key, Figure]]:
    """The figures of each check by period and market, many checks in one question: a warehouse far away takes a second
    for each. Raises the warehouse's own error, which then says in which check it lies."""
    found: dict[str, dict[Key, Figure]] = {question.check.id: {} for question in questions}
    ratios = {question.check.id: question.check.denominator is not None for question in questions}
    for part in _batches(questions, today):
        try:
            rows = into.query("\nUNION ALL\n".join(sql for selects in part.values() for sql in selects)).read_all()
        except Exception:
            _blame(into, part)
            raise
        for row in rows.to_pylist():
            if row["_period"] is not None:
                values = {key: _plain(row[f"_{key}"]) for key in FIGURES}
                found[row["_check"]][row["_period"], row["_market"]] = Figure(**values, is_ratio=ratios[row["_check"]])
    return found


def _batches(questions: Sequence[Question], today: date) -> Iterator[dict[str, list[str]]]:
    """The SELECTs by check, in parts of a length that every warehouse reads."""
    part: dict[str, list[str]] = {}
    length = 0
    for question in questions:
        selects = list(question.selects(today))
        if part and length + sum(map(len, selects)) > AT_ONCE:
            yield part
            part, length = {}, 0
        if selects:
            part[question.check.id] = selects
            length += sum(map(len, selects))
    if part:
        yield part


def _blame(into: Warehouse, part: Mapping[str, Sequence[str]]) -> None:
    """Ask the checks one by one, and raise the error of the one that cannot be asked, with its name."""
    for name, selects in part.items():
        try:
            into.query("\nUNION ALL\n".join(selects)).read_all()
        except Exception as error:
            error.add_note(say("while the check {name} was asked", name=name))
            raise


def _plain(value: Decimal | None) -> Decimal | None:
    """The same number without the zeros that its column's type adds."""
    if value is None:
        return None
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


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
