"""Which days a review is about, what they are compared with, when it is due, and in which phase a company is."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel_connectors.days import Span
from echannel_connectors.review import periods
from echannel_connectors.review.check import CADENCES, Cadence

DAYS = st.dates(date(2019, 1, 1), date(2031, 12, 31))


def days(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("cadence", "over", "before", "a_year_before"),
    [
        ("daily", days("2026-11-23", "2026-11-23"), days("2026-11-22", "2026-11-22"), days("2025-11-23", "2025-11-23")),
        ("weekly", days("2026-11-16", "2026-11-22"), days("2026-11-09", "2026-11-15"), days("2025-11-16", "2025-11-22")),
        ("monthly", days("2026-10-01", "2026-10-31"), days("2026-09-01", "2026-09-30"), days("2025-10-01", "2025-10-31")),
        ("quarterly", days("2026-07-01", "2026-09-30"), days("2026-04-01", "2026-06-30"), days("2025-07-01", "2025-09-30")),
    ],
)  # fmt: skip
def test_whole_periods_go_with_whole_ones(cadence: Cadence, over: Span, before: Span, a_year_before: Span) -> None:
    """As seen on Tuesday 24 November 2026."""
    found = periods.finished(cadence, date(2026, 11, 24))
    assert found == over
    assert periods.previous(cadence, found) == before
    assert periods.year_before(cadence, found) == a_year_before


def test_a_running_month_goes_with_as_many_days() -> None:
    """On the morning of the 25th, 1 to 24 November goes with 1 to 24 October and 1 to 24 November of last year."""
    running = periods.to_date("monthly", date(2026, 11, 25))
    assert running == days("2026-11-01", "2026-11-24")
    assert periods.previous("monthly", running) == days("2026-10-01", "2026-10-24")
    assert periods.year_before("monthly", running) == days("2025-11-01", "2025-11-24")


def test_a_longer_part_ends_with_the_shorter_month() -> None:
    running = periods.to_date("monthly", date(2026, 3, 31))
    assert running == days("2026-03-01", "2026-03-30")
    assert periods.previous("monthly", running) == days("2026-02-01", "2026-02-28")


def test_on_its_first_day_a_period_has_no_part() -> None:
    assert periods.to_date("monthly", date(2026, 12, 1)) is None
    assert periods.to_date("weekly", date(2026, 11, 23)) is None
    assert periods.to_date("daily", date(2026, 11, 23)) is None


def test_the_leap_day() -> None:
    """29 February goes with 28, a whole February with a whole one, a week with seven days."""
    leap = days("2024-02-29", "2024-02-29")
    assert periods.year_before("daily", leap) == days("2023-02-28", "2023-02-28")
    assert periods.year_before("monthly", days("2024-02-01", "2024-02-29")) == days("2023-02-01", "2023-02-28")
    assert periods.year_before("monthly", days("2025-02-01", "2025-02-28")) == days("2024-02-01", "2024-02-29")
    assert periods.year_before("weekly", days("2024-02-26", "2024-03-03")).days == 7


def test_figures_that_settle_are_looked_at_later() -> None:
    """With two days to settle, October is over on 3 November and not before."""
    assert periods.finished("monthly", date(2026, 11, 2), settles=2) == days("2026-09-01", "2026-09-30")
    assert periods.finished("monthly", date(2026, 11, 3), settles=2) == days("2026-10-01", "2026-10-31")
    assert periods.due_on(days("2026-10-01", "2026-10-31"), settles=2) == date(2026, 11, 3)


def test_what_is_true_now_is_due_when_its_period_begins() -> None:
    week = days("2026-11-23", "2026-11-29")
    assert periods.due_on(week, is_snapshot=True) == date(2026, 11, 23)
    assert periods.next_due("weekly", date(2026, 11, 23), is_snapshot=True) == date(2026, 11, 30)


@given(st.sampled_from(CADENCES), DAYS, st.integers(0, 5))
def test_a_period_is_over_on_the_very_day_it_is_due(cadence: Cadence, today: date, settles: int) -> None:
    over = periods.finished(cadence, today, settles)
    due = periods.due_on(over, settles)
    assert due <= today < periods.next_due(cadence, today, settles)
    assert periods.finished(cadence, due, settles) == over
    assert periods.finished(cadence, due - timedelta(days=1), settles) != over


@given(st.sampled_from(CADENCES), DAYS)
def test_histories_have_no_gap_and_no_overlap(cadence: Cadence, today: date) -> None:
    spans = periods.history(cadence, periods.finished(cadence, today))
    assert len(spans) == periods.KEPT[cadence]
    assert all(one.last + timedelta(days=1) == two.first for one, two in itertools.pairwise(spans))


@given(st.sampled_from(CADENCES), DAYS)
def test_a_part_is_never_compared_with_more_days(cadence: Cadence, today: date) -> None:
    running = periods.to_date(cadence, today)
    if running is not None:
        assert periods.previous(cadence, running).days <= running.days
        assert periods.previous(cadence, running).last < running.first


@pytest.mark.parametrize(
    ("today", "phase", "until"),
    [
        ("2025-12-01", "getting_ready", "2026-02-15"),  # it has not begun yet
        ("2026-02-14", "getting_ready", "2026-02-15"),
        ("2026-02-15", "collecting", "2026-05-15"),
        ("2026-05-15", "evaluating", "2026-11-15"),
        ("2026-11-15", "continuing", None),
    ],
)
def test_the_phases_of_the_consultation(today: str, phase: str, until: str | None) -> None:
    """One month of getting ready, three of collecting, six of evaluating, from the day it began."""
    found = periods.stage(date(2026, 1, 15), date.fromisoformat(today))
    assert found.phase == phase
    assert found.until == (date.fromisoformat(until) if until else None)


def test_the_baseline_is_of_three_whole_months() -> None:
    assert periods.baseline(date(2026, 1, 15)) == days("2026-03-01", "2026-05-31")
    assert periods.baseline(date(2026, 1, 1)) == days("2026-02-01", "2026-04-30")
