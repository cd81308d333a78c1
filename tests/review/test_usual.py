"""The usual range: robust, aware of weekdays and ends of months, and slow to cry wolf."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel_connectors.review.asking import Figure
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.judging import Verdict, judged_day
from echannel_connectors.review.usual import by_weeks, median, usual, usual_on

TUESDAY = date(2026, 11, 24)
ORDERS = next(check for check in catalogue() if check.id == "orders_day")


def series(value: Callable[[date], int], days: int = 280, last: date = TUESDAY) -> dict[date, Decimal]:
    return {day: Decimal(value(day)) for n in range(days) for day in [last - timedelta(days=n)]}


def verdict(values: Mapping[date, Decimal], day: date = TUESDAY, left_out: frozenset[date] = frozenset()) -> Verdict:
    return judged_day(ORDERS, {one: Figure(value, sample=value) for one, value in values.items()}, day, left_out)


def test_the_range_by_hand() -> None:
    """Median 12, deviations 2 1 0 1 2 → MAD 1: 12 ± 3 × 1.4826 × 1."""
    found = usual([Decimal(value) for value in (10, 11, 12, 13, 14)])
    assert found is not None
    assert (found.low, found.high) == (Decimal("7.5522"), Decimal("16.4478"))


def test_days_that_are_all_alike_leave_room() -> None:
    """MAD 0: five percent of the median, or one unit where that is more."""
    many, few = usual([Decimal(1000)] * 8), usual([Decimal(4)] * 8)
    assert many is not None
    assert many.width == 50
    assert few is not None
    assert few.width == 1


def test_too_few_days_have_no_usual() -> None:
    assert usual([Decimal(1)] * 4) is None


@given(st.lists(st.decimals(0, 10**6, places=2), min_size=5, max_size=40), st.decimals(10**7, 10**9, places=2))
def test_one_day_gone_mad_does_not_move_the_range_far(values: list[Decimal], wild: Decimal) -> None:
    """The middle stays among the ordinary days, however wild one is."""
    found = usual([*values, wild])
    assert found is not None
    assert min(values) <= found.middle <= max(values)
    assert median(values) <= found.middle


def test_a_quiet_monday_is_held_against_mondays() -> None:
    """Twenty orders on Mondays, ninety on other days: neither is an alarm on its own day."""
    values = series(lambda day: 20 if day.weekday() == 0 else 90)
    monday = TUESDAY - timedelta(days=1)
    assert verdict(values, monday).status == "ok"
    assert verdict(values).status == "ok"
    assert verdict(values | {TUESDAY: Decimal(20)}).status == "act"


def test_the_end_of_a_month_is_held_against_ends_of_months() -> None:
    """Ninety on each last day, forty otherwise; sixty on an ordinary day is bad news for nobody, on the last day it is."""
    last_day = date(2026, 10, 31)
    values = series(lambda day: 90 if (day + timedelta(days=1)).day == 1 else 40, last=last_day)
    assert verdict(values, last_day).status == "ok"
    assert verdict(values | {last_day: Decimal(60)}, last_day).status == "act"
    found = usual_on(date(2026, 10, 28), values, frozenset())
    assert found is not None
    assert found.middle == 40


def test_one_day_outside_is_not_worth_a_word() -> None:
    """Between one width and two: only the second day in a row is told; beyond two widths at once."""
    values = series(lambda _: 40)  # width 2
    yesterday = TUESDAY - timedelta(days=1)
    assert verdict(values | {TUESDAY: Decimal(37)}).status == "ok"
    assert verdict(values | {TUESDAY: Decimal(37), yesterday: Decimal(37)}).status == "watch"
    assert verdict(values | {TUESDAY: Decimal(35)}).status == "act"


def test_nothing_at_all_is_told_at_once() -> None:
    """Days between 2 and 30 have a range that reaches below nothing; a day without an order is one all the same."""
    values = series(lambda day: 2 + day.toordinal() * 7919 % 29)
    found = verdict(values | {TUESDAY: Decimal(0)})
    assert found.usual is not None
    assert (found.usual.low < 0, found.status) == (True, "act")
    assert verdict(series(lambda day: 0 if day.weekday() == 1 else 60)).status == "ok"  # closed on Tuesdays


def test_good_news_is_no_alarm() -> None:
    assert verdict(series(lambda _: 40) | {TUESDAY: Decimal(400)}).status == "ok"


def test_days_left_out_do_not_count() -> None:
    """A campaign of three Tuesdays would make an ordinary one look bad; left out, it does not. Nor is it judged itself."""
    campaign = frozenset(TUESDAY - timedelta(weeks=n) for n in (1, 2, 3, 4, 5))
    values = series(lambda day: 200 if day in campaign else 40)
    assert verdict(values).status == "act"
    few = frozenset(sorted(campaign)[:3])
    values = series(lambda day: 200 if day in few else 40)
    assert verdict(values, left_out=few).usual == usual([Decimal(40)] * 5)
    assert verdict(values, left_out=frozenset({TUESDAY})).status == "no_data"


def test_a_day_left_out_is_not_the_first_of_two_in_a_row() -> None:
    """Forty a day, width 2: 37 today is one day outside. The holiday before it, without an order, does not make it two."""
    holiday = TUESDAY - timedelta(days=1)
    values = series(lambda _: 40) | {TUESDAY: Decimal(37), holiday: Decimal(0)}
    assert verdict(values).status == "watch"
    assert verdict(values, left_out=frozenset({holiday})).status == "ok"


def test_weeks_that_hold_a_day_left_out_do_not_count() -> None:
    """Two a day, 14 a week: three campaigns, each on the Wednesday before, would make 54 of the usual week; and a shop
    that was closed last Friday and Saturday has no week that could be judged."""
    days = frozenset(TUESDAY - timedelta(days=6, weeks=n) for n in (1, 2, 3))
    values = series(lambda day: 42 if day in days else 2)
    found = verdict(values, left_out=days)
    assert found.usual == usual([Decimal(14)] * 5)
    closed = {TUESDAY - timedelta(days=n): Decimal(0) for n in (3, 4)}
    assert verdict(series(lambda _: 2) | closed).status == "act"
    told = verdict(series(lambda _: 2) | closed, left_out=frozenset(closed))
    assert (told.status, told.note) == ("no_data", "one of these seven days is left out (reviews.leave_out)")


def test_few_orders_a_day_are_looked_at_by_weeks() -> None:
    """Two a day: a day without any is nothing; a week with one instead of fourteen is."""
    values = series(lambda _: 2)
    assert verdict(values | {TUESDAY: Decimal(0)}).status == "ok"
    empty = {TUESDAY - timedelta(days=n): Decimal(0) for n in range(6)}
    found = verdict(values | empty)
    assert (found.status, found.compared[TUESDAY]) == ("act", Decimal(2))
    assert found.note == "so little happens a day that seven days are taken together"


@pytest.mark.parametrize("a_day", [15, 120])
def test_it_seldom_cries_wolf_and_hears_one(a_day: int) -> None:
    """Random days with quiet Sundays, busy Mondays and a season: of 250 hardly one in thirty is told. A third of what is
    usual, two days running, nearly always is, and no order at all always."""
    chance = random.Random(7)
    week = (1.3, 1, 1, 1, 1, 1, 0.4)

    def ordinary(day: date) -> int:
        usual_day = a_day * week[day.weekday()] * (1 + 0.2 * math.sin(day.timetuple().tm_yday / 58))
        return max(0, round(chance.gauss(usual_day, math.sqrt(usual_day))))

    values = series(ordinary, days=530)
    days = [TUESDAY - timedelta(days=n) for n in range(250)]
    told = [day for day in days if verdict(_until(day, values), day).status != "ok"]
    assert len(told) <= len(days) / 30
    broken = [day for day in days[::10] if day.weekday() not in (0, 6)]

    def heard(left: int) -> int:
        """Of how many of these days it is told that only so many percent of the orders came, as on the day before."""
        lost = [{one: values[one] * left // 100 for one in (day, day - timedelta(days=1))} for day in broken]
        found = (verdict(_until(day, values) | few, day).status for day, few in zip(broken, lost, strict=True))
        return sum(status != "ok" for status in found)

    assert heard(0) == len(broken)
    assert heard(33) >= len(broken) * (0.9 if a_day > 50 else 0.3)  # few orders vary as much by themselves


def _until(day: date, values: Mapping[date, Decimal]) -> dict[date, Decimal]:
    return {one: value for one, value in values.items() if day - timedelta(days=280) <= one <= day}


def test_weeks_are_counted_backwards_while_they_are_whole() -> None:
    sums = by_weeks(series(lambda _: 3, days=20), TUESDAY)
    assert sums == {TUESDAY: Decimal(21), TUESDAY - timedelta(weeks=1): Decimal(21)}
