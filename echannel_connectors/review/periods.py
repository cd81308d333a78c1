"""The periods of a review, which earlier ones they are compared with, when each is due, and the company's phase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from echannel_connectors.days import Span, month_end, shift_months
from echannel_connectors.review.check import Cadence

Phase = Literal["getting_ready", "collecting", "evaluating", "continuing"]
# The consultation model: in which month after its beginning each phase ends.
PHASES: dict[Phase, int] = {"getting_ready": 1, "collecting": 4, "evaluating": 10}
BASELINE_MONTHS = 3  # those of collecting
ONE_DAY = timedelta(days=1)
KEPT: dict[Cadence, int] = {"daily": 28, "weekly": 13, "monthly": 13, "quarterly": 8}  # periods of a history


def period_of(cadence: Cadence, day: date) -> Span:
    """The day, week (from Monday), month or quarter that holds this day."""
    if cadence == "daily":
        return Span(day, day)
    if cadence == "weekly":
        monday = day - timedelta(days=day.weekday())
        return Span(monday, monday + timedelta(days=6))
    if cadence == "monthly":
        return Span(day.replace(day=1), month_end(day))
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return Span(first, month_end(shift_months(first, 2)))


def finished(cadence: Cadence, today: date, settles: int = 0) -> Span:
    """The last period that is over on this day, its figures settled since."""
    running = period_of(cadence, today - timedelta(days=settles))
    return period_of(cadence, running.first - ONE_DAY)


def to_date(cadence: Cadence, today: date, settles: int = 0) -> Span | None:
    """The whole days of the running period so far; None on its first day, and for days, which have no parts."""
    last = today - ONE_DAY - timedelta(days=settles)
    running = period_of(cadence, last)
    if cadence == "daily" or last == running.last:
        return None
    return Span(running.first, last)


def previous(cadence: Cadence, span: Span) -> Span:
    """The period before, or as many days of it: 1 to 24 November goes with 1 to 24 October."""
    before = period_of(cadence, span.first - ONE_DAY)
    if span == period_of(cadence, span.first):
        return before
    return Span(before.first, min(before.first + timedelta(days=span.days - 1), before.last))


def year_before(cadence: Cadence, span: Span) -> Span:
    """The same days of the year before, 28 February for the 29th; a whole month goes with a whole month."""
    first = shift_months(span.first, -12)
    if cadence in ("monthly", "quarterly"):
        last = shift_months(span.last, -12)
        return Span(first, month_end(last) if span.last == month_end(span.last) else last)
    return Span(first, first + timedelta(days=span.days - 1))


def history(cadence: Cadence, last: Span) -> list[Span]:
    """The periods of a history, oldest first, ending with this one."""
    spans = [last]
    while len(spans) < KEPT[cadence]:
        spans.append(period_of(cadence, spans[-1].first - ONE_DAY))
    return spans[::-1]


def due_on(span: Span, settles: int = 0, *, is_snapshot: bool = False) -> date:
    """The day from which a period can be looked at: after its end, or at its beginning for what is only true now."""
    return span.first if is_snapshot else span.last + ONE_DAY + timedelta(days=settles)


def next_due(cadence: Cadence, today: date, settles: int = 0, *, is_snapshot: bool = False) -> date:
    """The next day, after this one, on which a check of this rhythm is due."""
    span = period_of(cadence, today - timedelta(days=settles + 1))
    while (due := due_on(span, settles, is_snapshot=is_snapshot)) <= today:
        span = period_of(cadence, span.last + ONE_DAY)
    return due


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a company or a market stands in the consultation: its phase, since when and until when."""

    phase: Phase
    since: date | None
    until: date | None


def stage(started_on: date, today: date) -> Stage:
    """The phase on this day; what has not begun yet is getting ready."""
    since = started_on
    for phase, months in PHASES.items():
        until = shift_months(started_on, months)
        if today < until:
            return Stage(phase, since, until)
        since = until
    return Stage("continuing", since, None)


def baseline(started_on: date) -> Span:
    """The three whole months that later ones are held against: collecting, from the first of a month on."""
    first = shift_months(started_on, PHASES["getting_ready"])
    first = first if first.day == 1 else shift_months(first.replace(day=1), 1)
    return Span(first, shift_months(first, BASELINE_MONTHS) - ONE_DAY)
