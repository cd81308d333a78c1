"""Days and spans of days: what periods, comparisons and due dates are made of."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Span:
    """Both days belong to it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def is_held_since(self, first: date) -> bool:
        """Whether figures that begin on that day tell of the whole of it. A tenth of it, a week at the most, may be
        missing: not every day has a sale."""
        return first <= self.first + timedelta(days=min(self.days // 10, 7))

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range(self.days))


def shift_months(day: date, months: int) -> date:
    """The same day of another month, or its last day where there is no such day (29 February becomes 28)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def is_month_end(day: date) -> bool:
    return day == month_end(day)
