"""answers(): every check asked of the marts and judged, for the period that is over and for the running one so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from echannel_connectors.days import Span
from echannel_connectors.destinations import Warehouse
from echannel_connectors.review import periods
from echannel_connectors.review.asking import (
    NOW,
    PLACES,
    WHOLE,
    Figure,
    Key,
    Marts,
    Place,
    Question,
    asked,
    first_days,
    marts_of,
)
from echannel_connectors.review.check import Check, Status
from echannel_connectors.review.expressions import adds_up, columns_of, refuse_unknown_columns
from echannel_connectors.review.judging import Verdict, judged, judged_day
from echannel_connectors.review.usual import LOOK_BACK, Usual
from echannel_connectors.texts import Text, say

# The keys of the running period, of what it is compared with, and of each market's baseline.
RUNNING, BEFORE, YEAR, BASELINE = "running", "before", "year", "baseline "
ONE_WEEK = timedelta(weeks=1)
SHOWN_DAYS = timedelta(days=periods.KEPT["daily"])
Figures = Mapping[Key, Figure]
Past = Mapping[tuple[str, str], Mapping[date, Decimal | None]]  # check and market → earlier answers by first day


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check says of one period and market. `history` ends with the period itself, oldest first."""

    check: Check
    market: str
    span: Span
    due_on: date
    status: Status
    figure: Figure = field(default_factory=Figure)
    value: Decimal | None = None
    previous: Decimal | None = None
    change: Decimal | None = None
    usual: Usual | None = None
    note: Text | None = None
    history: tuple[tuple[date, Decimal | None], ...] = ()
    is_to_date: bool = False
    baseline: Decimal | None = None  # of the collecting months: a sum by the month, a rate over all three

    @property
    def key(self) -> tuple[str, str, date, bool]:
        return self.check.id, self.market, self.span.first, self.is_to_date


@dataclass(frozen=True, slots=True)
class Moment:
    """When and over what is asked: `today` is the business day, `seen` that of the last sync."""

    today: date
    seen: date
    markets: tuple[str, ...] = ()
    left_out: frozenset[date] = frozenset()
    past: Past = field(default_factory=dict)
    baselines: Mapping[str, Span] = field(default_factory=dict)  # market → the months that later ones are held against


def answers(into: Warehouse, checks: Sequence[Check], moment: Moment) -> list[Answer]:
    """All checks, in their order. Raises CheckError for a column that a mart does not have in a company's own check."""
    marts = marts_of(into)
    for check in checks:
        if check.mart in marts and not check.is_shipped:
            refuse_unknown_columns(check, marts[check.mart])
    first = first_days(into, [check for check in checks if not _absent(check, marts)])
    lacking = {check.id: _lacking(check, marts, first, moment) for check in checks}
    found = asked(into, [_question(check, moment) for check in checks if not lacking[check.id]], moment.today)
    told: list[Answer] = []
    for check in checks:
        if (note := lacking[check.id]) is not None:
            told.append(_answer(check, WHOLE, _reviewed(check, moment), Verdict("no_data", note=note)))
        else:
            told += _answers(check, found[check.id], first[check.mart, check.date], moment)
    return told


def _question(check: Check, moment: Moment) -> Question:
    if check.is_snapshot:
        return Question(check, markets=moment.markets)
    if check.compare == "usual_range":
        return Question(check, days=_window(check, moment), markets=moment.markets)
    return Question(check, _spans(check, moment), markets=moment.markets)


def _answers(check: Check, found: Figures, first: date | None, moment: Moment) -> Iterator[Answer]:
    if check.is_snapshot:
        return _snapshot(check, found, moment)
    if check.compare == "usual_range":
        return _days(check, found, first, moment)
    return _periods(check, found, first, moment)


def _absent(check: Check, marts: Marts) -> Text | None:
    """What a check's mart is missing, where an older version of the library made the tables."""
    table = f"mart.{check.mart}"
    if check.mart not in marts:
        return say("{table} is not there yet: the next sync makes it", table=table)
    missing = sorted(columns_of(check) - set(marts[check.mart]))
    return say("{table} has no {name} yet: the next sync makes it", table=table, name=missing[0]) if missing else None


def _lacking(check: Check, marts: Marts, first: Mapping[Place, date | None], moment: Moment) -> Text | None:
    """Why a check cannot be asked at all."""
    if (absent := _absent(check, marts)) is not None:
        return absent
    if check.breakdown == "markets_only" and not moment.markets:
        return say("echannel.yaml names no market that the company has entered (markets)")
    if (check.mart, check.date) not in first:
        return say("{table} is empty: no source fills it yet", table=f"mart.{check.mart}")
    return None


def _reviewed(check: Check, moment: Moment) -> Span:
    """The period that a check is about: the last one that is over, or the running one for what is only true now."""
    if check.is_snapshot:
        return periods.period_of(check.cadence, moment.seen)
    return periods.finished(check.cadence, moment.seen, check.settles)


def _answer(check: Check, market: str, span: Span, verdict: Verdict, figure: Figure | None = None) -> Answer:
    figure = figure or Figure()
    return Answer(
        check, market, span, periods.due_on(span, check.settles, is_snapshot=check.is_snapshot), verdict.status, figure,
        figure.value, change=verdict.change, usual=verdict.usual, note=verdict.note,
    )  # fmt: skip


def _markets(check: Check, moment: Moment) -> Iterator[str]:
    if check.breakdown != "markets_only":
        yield WHOLE
    if check.breakdown != "none":
        yield from moment.markets


# -- things as they are now -----------------------------------------------------------------------------------------


def _snapshot(check: Check, found: Figures, moment: Moment) -> Iterator[Answer]:
    span = _reviewed(check, moment)
    for market in _markets(check, moment):
        figure = found.get((NOW, market), Figure())
        past = {day: value for day, value in moment.past.get((check.id, market), {}).items() if day < span.first}
        before = past.get(periods.previous(check.cadence, span).first)
        reference = figure.target if check.compare == "target" else before
        answer = _answer(check, market, span, judged(check, figure, reference), figure)
        history = (*sorted(past.items()), (span.first, answer.value))[-periods.KEPT[check.cadence] :]
        yield replace(answer, previous=before, history=history)


# -- days against their usual range ---------------------------------------------------------------------------------


def _window(check: Check, moment: Moment) -> Span:
    last = _reviewed(check, moment).last
    return Span(last - LOOK_BACK, last)


def _days(check: Check, found: Figures, first: date | None, moment: Moment) -> Iterator[Answer]:
    span, window = _reviewed(check, moment), _window(check, moment)
    for market in _markets(check, moment):
        figures = {day: _at(check, found, (str(day), market), Span(day, day), first) for day in window}
        verdict = judged_day(check, figures, span.last, moment.left_out)
        yield _of_days(check, market, span, verdict, figures)


def _of_days(check: Check, market: str, span: Span, verdict: Verdict, figures: Mapping[date, Figure]) -> Answer:
    """The answer with what was compared: days, or sums of seven days where a day holds too little."""
    day, figure = span.last, figures[span.last]
    series: dict[date, Decimal | None] = {**verdict.compared} or {one: figures[one].value for one in figures}
    shown = sorted(one for one in series if one > day - SHOWN_DAYS)
    if day - ONE_WEEK in series and day - timedelta(days=1) not in series:
        figure = Figure(series[day])
        shown = sorted(series)[-periods.KEPT["weekly"] :]
    answer = _answer(check, market, span, verdict, figure)
    return replace(answer, previous=series.get(day - ONE_WEEK), history=tuple((one, series[one]) for one in shown))


# -- whole periods, and the running one so far ----------------------------------------------------------------------


def _running(check: Check, moment: Moment) -> Span | None:
    """The running period so far; what is told by the month alone has no part."""
    return None if check.is_monthly else periods.to_date(check.cadence, moment.seen, check.settles)


def _spans(check: Check, moment: Moment) -> dict[str, Span]:
    """Every period that a check needs, by its first day or by what it is for."""
    over = _reviewed(check, moment)
    kept = periods.history(check.cadence, over)
    spans = {str(span.first): span for span in [periods.year_before(check.cadence, over), *kept]}
    if (running := _running(check, moment)) is not None:
        spans |= {RUNNING: running, BEFORE: periods.previous(check.cadence, running)}
        spans[YEAR] = periods.year_before(check.cadence, running)
    if check.cadence == "monthly":
        spans |= {BASELINE + market: span for market, span in moment.baselines.items() if span.last < moment.seen}
    return spans


def _periods(check: Check, found: Figures, first: date | None, moment: Moment) -> Iterator[Answer]:
    over, running, spans = _reviewed(check, moment), _running(check, moment), _spans(check, moment)
    kept = periods.history(check.cadence, over)
    for market in _markets(check, moment):
        figures = {key: _at(check, found, (key, market), span, first) for key, span in spans.items()}
        history = tuple((span.first, figures[str(span.first)].value) for span in kept)
        before = str(periods.previous(check.cadence, over).first)
        year = str(periods.year_before(check.cadence, over).first)
        answer = _compared(check, market, over, figures[str(over.first)], figures[before], figures[year])
        yield replace(answer, history=history, baseline=_monthly(check, figures.get(BASELINE + market)))
        if running is not None:
            so_far = _compared(check, market, running, figures[RUNNING], figures[BEFORE], figures[YEAR])
            whole = periods.period_of(check.cadence, running.first)
            due = periods.due_on(whole, check.settles)
            yield replace(so_far, due_on=due, is_to_date=True, history=(*history, (running.first, so_far.value)))


def _compared(check: Check, market: str, span: Span, figure: Figure, before: Figure, year: Figure) -> Answer:
    earlier = year if check.compare == "year_before" else before
    is_earlier = check.compare in ("previous", "year_before")
    verdict = judged(
        check, figure, earlier.value if is_earlier else figure.target, before=earlier if is_earlier else None
    )
    return replace(_answer(check, market, span, verdict, figure), previous=earlier.value)


def _monthly(check: Check, figure: Figure | None) -> Decimal | None:
    """The three months of a baseline as one figure: a sum by the month, a rate as it is. The largest of three months
    says nothing beside that of one."""
    if figure is None or figure.value is None or figure.is_ratio:
        return figure.value if figure else None
    if not adds_up(check.numerator):
        return None
    return (figure.value / periods.BASELINE_MONTHS).quantize(PLACES)


def _at(check: Check, found: Figures, key: Key, span: Span, first: date | None) -> Figure:
    """The figure of a period. One without rows is a zero for what is added up, if the table goes back that far; one
    that the table does not cover whole is no figure: a part is never compared with a whole."""
    if first is None or span.first < first:
        return Figure(is_ratio=check.denominator is not None)
    if key in found:
        return found[key]
    if check.denominator is not None or not adds_up(check.numerator):
        return Figure(is_ratio=check.denominator is not None)
    return Figure(Decimal(0), sample=Decimal(0))


def figures_end(into: Warehouse, marts: Marts, sources: Iterable[str], time_zone: str, today: date) -> date:
    """The business day of the last sync, which is the last day that figures can be of.

    The oldest of the company's sources counts: a day that one of them has not told is not whole. One that is a week
    behind the others holds nobody back any more: that it is, a check of its own says.
    """
    if "freshness" not in marts:
        return today
    sql = "SELECT source, max(last_success) AS read_at FROM mart.freshness GROUP BY source"
    zone, wanted = ZoneInfo(time_zone), set(sources)
    days: list[date] = [
        row["read_at"].astimezone(zone).date()
        for row in into.query(sql).read_all().to_pylist()
        if row["read_at"] is not None and (not wanted or row["source"] in wanted)
    ]
    newest = max(days, default=today)
    return min(today, *(day for day in [newest, *days] if newest - day < timedelta(days=7)))
