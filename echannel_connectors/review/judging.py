"""From a figure and what it is held against to a status: ok, watch, act, or no data with the reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from echannel_connectors.review.asking import PLACES, Figure
from echannel_connectors.review.check import Check, Status
from echannel_connectors.review.usual import SMALL, Days, Usual, are_small, by_weeks, usual_on
from echannel_connectors.texts import Text, say


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status, the change where the limits are on one, and why there is no status."""

    status: Status
    change: Decimal | None = None
    note: Text | None = None
    usual: Usual | None = None
    compared: Days = field(default_factory=dict)  # what was held against the usual range: days, or sums of seven


def judged(check: Check, figure: Figure, reference: Decimal | None, before: Figure | None = None) -> Verdict:
    """A figure against its threshold, an earlier figure or its target; `before` is the earlier figure, if it is one."""
    if (problem := _nothing(figure) or _too_few(check, figure, before)) is not None:
        return Verdict("no_data", note=problem)
    value = figure.value
    assert value is not None
    if not check.is_change:
        return Verdict(_passed(check, value if check.good == "down" else -value))
    if reference is None:
        return Verdict("no_data", note=_NO_REFERENCE[check.compare])
    change = change_of(check, value, reference)
    if change is None:
        return Verdict(
            "no_data", note=say("it was {value} then: no share can be told", value=f"{reference.normalize():f}")
        )
    return Verdict(_passed(check, change if check.good == "down" else -change), change)


_NO_REFERENCE = {
    "previous": say("there is no whole period before to compare with"),
    "year_before": say("there are no figures of a year before to compare with"),
    "target": say("there is no target"),
}


def change_of(check: Check, value: Decimal, reference: Decimal) -> Decimal | None:
    """How much more (or, negative, less) it is; None where it was zero or less and a share would say nothing."""
    if check.change == "points":
        return value - reference
    return (value / reference - 1).quantize(PLACES) if reference > 0 else None


def _nothing(figure: Figure) -> Text | None:
    """Why there is no figure."""
    if figure.numerator is None or (figure.is_ratio and figure.denominator is None):
        return say("there are no figures for this period")
    if figure.value is None:
        return say("there was nothing to measure in this period")
    return None


def _too_few(check: Check, figure: Figure, before: Figure | None) -> Text | None:
    """Why a figure may raise no alarm: it is of too few things, or the rate that it is held against is."""
    if check.sample is None:
        return None
    now, then = figure.sample or Decimal(0), (before and before.sample) or Decimal(0)
    if now < check.least:
        return say("only {n:,.0f}: too few to judge ({least:,} are needed)", n=now, least=check.least)
    if figure.is_ratio and before is not None and before.value is not None and then < check.least:
        return say("only {n:,.0f} then: too few to compare with ({least:,} are needed)", n=then, least=check.least)
    return None


def _passed(check: Check, badness: Decimal) -> Status:
    """Which limit is passed; `badness` grows with bad news. A threshold itself is still good."""
    sign = -1 if check.compare == "threshold" and check.good == "up" else 1
    if badness > check.act * sign:
        return "act"
    return "watch" if badness > check.watch * sign else "ok"


# -- days against their usual range ---------------------------------------------------------------------------------


def judged_day(check: Check, figures: Mapping[date, Figure], day: date, left_out: Collection[date]) -> Verdict:
    """A day against what is usual: only a second day in a row, or twice the width, is worth a word.

    Where few things happen a day, seven days are held against the seven days before them. A day with nothing at all
    where ten or more are usual is told at once: days that vary much would have a range that reaches below nothing.
    """
    if day in left_out:
        return Verdict("no_data", note=say("this day is left out (reviews.leave_out)"))
    days = {one: value for one, figure in figures.items() if (value := figure.value) is not None}
    if day not in days:
        return Verdict("no_data", note=say("there are no figures for this period"))
    values, step = _comparable(check, figures, days, day)
    left_out = _left_out(values, step, left_out)
    if day in left_out:
        return Verdict("no_data", note=say("one of these seven days is left out (reviews.leave_out)"))
    now = usual_on(day, values, left_out)
    if now is None:
        return Verdict("no_data", note=say("too few earlier days to say what is usual"))
    badness = _badness(check, values[day], now)
    earlier = day - step
    before = usual_on(earlier, values, left_out) if earlier in values and earlier not in left_out else None
    is_second = before is not None and _badness(check, values[earlier], before) > check.watch
    is_silent = check.good == "up" and step.days == 1 and values[day] == 0 and now.middle >= SMALL
    status: Status = "watch" if badness > check.watch and is_second else "ok"
    if badness > check.act or is_silent:
        status = "act"
    note = say("so little happens a day that seven days are taken together") if step.days > 1 else None
    return Verdict(status, note=note, usual=now, compared=values)


def _comparable(check: Check, figures: Mapping[date, Figure], days: Days, day: date) -> tuple[Days, timedelta]:
    """The days as they are, or sums of seven where a day holds too little; and how far back the one before lies."""
    counts = {one: figure.sample for one, figure in figures.items() if figure.sample is not None}
    is_sum = check.denominator is None
    if is_sum and are_small(counts or days, day):
        return by_weeks(days, day), timedelta(weeks=1)
    return days, timedelta(days=1)


def _left_out(values: Days, step: timedelta, days: Collection[date]) -> Collection[date]:
    """The left-out days themselves, or each sum of seven days that holds one."""
    if step.days == 1:
        return days
    return {end for end in values if any(end - timedelta(days=n) in days for n in range(step.days))}


def _badness(check: Check, value: Decimal, usual: Usual) -> Decimal:
    times = usual.times(value)
    return times if check.good == "down" else -times
