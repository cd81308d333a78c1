"""The usual range of a figure from its own past: median and median absolute deviation, which anybody can check.

Source: robust z-scores (Iglewicz and Hoaglin, itl.nist.gov/div898/handbook/eda/section3/eda35h.htm). A day is held
against the same weekday of eight weeks; the end of a month against the ends of earlier months.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from echannel_connectors.days import is_month_end

WEEKS = 8
FEWEST = 5  # earlier days below which nothing is called unusual
WIDTH = Decimal(3) * Decimal("1.4826")  # three times what would be a standard deviation if all were normal
FLOOR = Decimal("0.05")  # of the median, or one unit: the width where the past days are all alike
SMALL = 10  # a day: fewer are looked at by weeks
FRIDAY, ONE_DAY = 4, timedelta(days=1)
LOOK_BACK = timedelta(days=280)  # eight ends of months

Days = Mapping[date, Decimal]


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual: the middle, and how far from it a figure may lie."""

    middle: Decimal
    width: Decimal
    of: int  # how many earlier figures

    @property
    def low(self) -> Decimal:
        return self.middle - self.width

    @property
    def high(self) -> Decimal:
        return self.middle + self.width

    def times(self, value: Decimal) -> Decimal:
        """How many widths a figure lies above (or, negative, below) the middle."""
        return (value - self.middle) / self.width


def usual(values: Sequence[Decimal]) -> Usual | None:
    """The usual range of these figures; None where they are too few."""
    if len(values) < FEWEST:
        return None
    middle = median(values)
    spread = median([abs(value - middle) for value in values]) * WIDTH
    return Usual(middle, spread or max(abs(middle) * FLOOR, Decimal(1)), len(values))


def median(values: Sequence[Decimal]) -> Decimal:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def usual_on(day: date, days: Days, left_out: Collection[date]) -> Usual | None:
    """What is usual on this day, from the days before it."""
    return usual([days[earlier] for earlier in _like(day, days, left_out)])


def _like(day: date, days: Days, left_out: Collection[date]) -> list[date]:
    """The earlier days that this one is held against: ends of months, or the same weekday of the last eight weeks."""
    known = [earlier for earlier in days if earlier < day and earlier not in left_out]
    if _ends_month(day):
        ends = sorted((earlier for earlier in known if _ends_month(earlier)), reverse=True)[:WEEKS]
        if len(ends) >= FEWEST:
            return ends
    since = day - timedelta(weeks=WEEKS)
    same = [earlier for earlier in known if earlier >= since and earlier.weekday() == day.weekday()]
    plain = [earlier for earlier in same if not _ends_month(earlier)]
    return plain if len(plain) >= FEWEST else same


def _ends_month(day: date) -> bool:
    """Whether it is the last day of its month, or the last one that offices work on."""
    return is_month_end(day) or (day.weekday() == FRIDAY and any(is_month_end(day + ONE_DAY * n) for n in (1, 2)))


def by_weeks(days: Days, last: date) -> dict[date, Decimal]:
    """Sums of seven days, by the last day of each, from the newest backwards, while there are whole ones."""
    sums: dict[date, Decimal] = {}
    end = last
    while all(end - timedelta(days=n) in days for n in range(7)):
        sums[end] = sum((days[end - timedelta(days=n)] for n in range(7)), Decimal(0))
        end -= timedelta(weeks=1)
    return sums


def are_small(counts: Days, last: date) -> bool:
    """Whether so few things happen a day that only weeks can be compared."""
    recent = [count for day, count in counts.items() if last - timedelta(weeks=WEEKS) < day <= last]
    return bool(recent) and median(recent) < SMALL
