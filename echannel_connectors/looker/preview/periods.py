"""Which days a figure is of, and which earlier days it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from echannel_connectors.days import Span, is_month_end, month_end, shift_months
from echannel_connectors.looker.template import Preset

PRESETS: tuple[str, ...] = get_args(Preset)
ROLLING = {"today": 1, "last_7_days": 7, "last_28_days": 28, "last_90_days": 90}


@dataclass(frozen=True, slots=True)
class Periods:
    """A period, the one before it and the same days a year earlier; `to_date` when it is not over yet."""

    current: Span
    previous: Span
    last_year: Span
    to_date: bool = False

    def spans(self) -> dict[str, Span]:
        return {"current": self.current, "previous": self.previous, "last_year": self.last_year}

    def known_since(self, first: date | None, *, is_monthly: bool = False) -> dict[str, Span]:
        """Without the earlier ones of which figures that begin on that day hold a part: it would look like growth.
        Figures by the month have no parts: there a period is compared that is of whole months."""
        can_compare = not is_monthly or (self.current.first.day == 1 and is_month_end(self.current.last))
        return {
            name: span
            for name, span in self.spans().items()
            if name == "current" or (first and can_compare and span.is_held_since(first))
        }


def preset_periods(preset: str, today: date) -> Periods:
    """The periods of a named choice, as seen on this day."""
    month = today.replace(day=1)
    if preset in ROLLING:
        return _compared(Span(today - timedelta(days=ROLLING[preset] - 1), today), months=0, to_date=False)
    if preset == "last_month":
        last = month - timedelta(days=1)
        return _compared(Span(last.replace(day=1), last), months=1, to_date=False)
    if preset == "last_12_months":
        return _compared(Span(shift_months(month, -11), today), months=12, to_date=not is_month_end(today))
    if preset == "this_year":
        over = today.month == 12 and is_month_end(today)
        return _compared(Span(today.replace(month=1, day=1), today), months=12, to_date=not over)
    return _compared(Span(month, today), months=1, to_date=not is_month_end(today))


def chosen_periods(first: date, last: date, today: date) -> Periods:
    """The periods of two days that somebody picked; what lies in the future is cut off."""
    first, last = min(first, last), max(first, last)
    ends_later = last > today >= first
    span = Span(first, today if ends_later else last)
    # Whole months compare with whole months, and the begun month with the same days of the one before.
    by_months = first.day == 1 and (is_month_end(last) or span.last == today)
    months = (span.last.year - first.year) * 12 + span.last.month - first.month + 1 if by_months else 0
    return _compared(span, months=months, to_date=ends_later or (by_months and not is_month_end(span.last)))


def _compared(span: Span, *, months: int, to_date: bool) -> Periods:
    """The period before lies so many months earlier; 0 means the same number of days just before."""
    if months:
        return Periods(span, _months_earlier(span, months), _months_earlier(span, 12), to_date)
    before = Span(span.first - timedelta(days=span.days), span.first - timedelta(days=1))
    return Periods(span, before, Span(shift_months(span.first, -12), shift_months(span.last, -12)), to_date)


def _months_earlier(span: Span, months: int) -> Span:
    """The same days so many months earlier; a whole month goes with a whole month, of 28 days or 29."""
    last = shift_months(span.last, -months)
    return Span(shift_months(span.first, -months), month_end(last) if is_month_end(span.last) else last)
