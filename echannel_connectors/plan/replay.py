"""The plan tried out on the past: a market that was entered, planned with what was known before, against what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from echannel_connectors.days import shift_months
from echannel_connectors.destinations import Warehouse
from echannel_connectors.plan.inputs import Start
from echannel_connectors.plan.model import CASES, Case, forecast
from echannel_connectors.plan.own import ZERO, Figures, rate_on
from echannel_connectors.plan.starting import basis_of, season_of, starting

MOST_MONTHS = 24
LEAST_BEFORE = 3  # months that must be known before the entry

Measure = Literal["orders", "contribution"]
MEASURES: tuple[Measure, ...] = ("orders", "contribution")


@dataclass(frozen=True, slots=True)
class Compared:
    """A month that is over: what came, and what each case had said."""

    month: date
    came: Mapping[Measure, Decimal]
    planned: Mapping[Case, Mapping[Measure, Decimal]]


@dataclass(frozen=True, slots=True)
class Replay:
    """All whole months since a market was entered, and what of them the plan is held against."""

    market: str
    entered_on: date
    currency: str  # that the market pays in
    starts: Mapping[str, Start]
    months: tuple[Compared, ...]
    measures: tuple[Measure, ...] = MEASURES

    def came(self, measure: Measure) -> Decimal:
        return sum((one.came[measure] for one in self.months), ZERO)

    def planned(self, case: Case, measure: Measure) -> Decimal:
        return sum((one.planned[case][measure] for one in self.months), ZERO)

    def off(self, case: Case, measure: Measure) -> Decimal | None:
        """How far the plan lay from what came, as a share of what came; None where that is not known or not above 0."""
        came = self.came(measure)
        return self.planned(case, measure) / came - 1 if came > 0 and measure in self.measures else None


def replayed(into: Warehouse, figures: Figures, market: str) -> Replay | None:
    """The replay of this market, else of the one entered last; None where none was entered since there are figures."""
    chosen = _chosen(figures, market)
    if chosen is None:
        return None
    entered_on = figures.began[chosen]
    entry, first = entered_on.replace(day=1), _first_whole(entered_on)
    currency = figures.currencies.get(chosen, figures.company.currency)
    rate = rate_on(into, currency, figures.company, entered_on)
    if rate is None:
        return None
    basis = basis_of(figures, chosen, entry)
    starts = starting(basis, currency, rate, costs_until=entry)
    values = {name: one.value for name, one in starts.items()}
    days = [shift_months(first, n) for n in range(MOST_MONTHS) if shift_months(first, n) < figures.this_month]
    planned = {case: forecast(values, case, season_of(basis), first, len(days)).months[1:] for case in CASES}
    months = tuple(
        Compared(
            day,
            {measure: figures.at(chosen, day, measure) for measure in MEASURES},
            {case: {measure: getattr(planned[case][n], measure) for measure in MEASURES} for case in CASES},
        )
        for n, day in enumerate(days)
    )
    # Without the cost of the goods nobody knows what came of them.
    measures = MEASURES if figures.knows_costs([chosen], days) else ("orders",)
    return Replay(chosen, entered_on, currency, starts, months, measures)


def _chosen(figures: Figures, market: str) -> str | None:
    begin = figures.first_month
    if begin is None:
        return None
    first = {name: min(month for (other, month), one in figures.sums.items() if other == name and one.get("orders"))
             for name in figures.markets()}  # fmt: skip
    fit = [
        name for name, month in first.items()
        if shift_months(begin, LEAST_BEFORE) <= figures.began[name].replace(day=1) <= month
        and _first_whole(figures.began[name]) < figures.this_month
    ]  # fmt: skip
    return market if market in fit else max(fit, key=lambda name: (figures.began[name], name), default=None)


def _first_whole(entered_on: date) -> date:
    """The first whole month of a market: what came in the rest of a month is not held against a whole one."""
    month = entered_on.replace(day=1)
    return month if month == entered_on else shift_months(month, 1)
