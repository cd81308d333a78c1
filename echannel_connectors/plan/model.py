"""The formulas of a plan, once: what an order leaves, month by month, in three cases. assets/model.js is their mirror.

Everything is decimal. A product or a quotient is rounded to 12 places, half to even; sums are exact. The page computes
the same in whole numbers, so that both agree to the last digit. Definitions: ../shared/kpi/FACTS.md, 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Literal

from echannel_connectors.days import shift_months

Case = Literal["low", "middle", "high"]
CASES: tuple[Case, ...] = ("low", "middle", "high")
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
PLACES = Decimal("1e-12")
YEAR = 12
ZERO, ONE = Decimal(0), Decimal(1)
Season = Sequence[Decimal]  # January to December: the orders of that month for each of a mean one

Values = Mapping[str, Decimal]  # by the names of inputs.INPUTS; percents as shares


@dataclass(frozen=True, slots=True)
class PerOrder:
    """One order, in the company's currency. `net`: the goods without tax. `refunds`: what refunds take, less the goods
    that can be sold again. `contribution`: level 2, before advertising and fixed costs."""

    net: Decimal
    goods: Decimal
    duty: Decimal
    refunds: Decimal
    returns: Decimal
    shipping_charged: Decimal
    shipping_paid: Decimal
    packaging: Decimal
    fees: Decimal
    net_sales: Decimal  # after refunds
    goods_bought: Decimal  # what has to be bought for it, less what comes back
    contribution: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a case; its number 0 is the time before the start, when the investment is paid."""

    month: date
    orders: Decimal
    net_sales: Decimal
    contribution: Decimal
    cash: Decimal
    cumulative_contribution: Decimal
    cumulative_cash: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """A case over all months, and what follows from it."""

    case: Case
    per_order: PerOrder
    investment: Decimal
    months: tuple[Month, ...]

    @property
    def monthly_contribution(self) -> Decimal:
        """The mean of the last twelve months: what a month leaves once the market has found its pace."""
        last = self.months[1:][-YEAR:]
        with localcontext(EXACT):
            return _divided(sum((one.contribution for one in last), ZERO), Decimal(len(last)))

    @property
    def break_even(self) -> int | None:
        """The number of the first month since which cumulative contribution has not been below the investment (of
        several crossings the last one); None while it is not reached."""
        below = [n for n, one in enumerate(self.months) if one.cumulative_contribution < self.investment]
        last = below[-1] if below else -1
        return last + 1 if last + 1 < len(self.months) else None

    @property
    def cash_needed(self) -> Decimal:
        """The deepest point of cumulative cash, as a positive amount; 0 where it never is below 0."""
        return max(ZERO, -min(one.cumulative_cash for one in self.months))

    @property
    def return_on_investment(self) -> Decimal | None:
        """(cumulative contribution - investment) / investment at the end; None without an investment."""
        with localcontext(EXACT):
            earned = self.months[-1].cumulative_contribution - self.investment
            return _divided(earned, self.investment) if self.investment else None


def per_order(values: Values, case: Case) -> PerOrder:
    """What an order leaves: net - goods - duty - refunds - returns + shipping charged - shipping, packaging, fees."""
    with localcontext(EXACT):
        price = _times(values["price"], ONE + _sign(case) * values["price_spread"])
        dearer = ONE - _sign(case) * values["cost_spread"]
        net = _times(_divided(price, ONE + values["tax"]), values["rate"])
        goods, charged = values["goods"], values["shipping_charged"]
        back = _times(values["resold"], goods)
        refunds = _times(values["refunds"], net - back)
        duty, returns = _times(net, values["duty"]), _times(values["returns"], _times(values["return_cost"], dearer))
        shipping, packaging = _times(values["shipping_paid"], dearer), _times(values["packaging"], dearer)
        paid = _times(price, values["rate"]) + _times(charged, ONE + values["tax"])
        fees = _times(values["fees"], paid)
        left = net - goods - duty - refunds - returns + charged - shipping - packaging - fees
        return PerOrder(
            net, goods, duty, refunds, returns, charged, shipping, packaging, fees,
            net_sales=net - _times(values["refunds"], net), goods_bought=goods - _times(values["refunds"], back),
            contribution=left,
        )  # fmt: skip


def orders_of(values: Values, case: Case, number: int, index: Decimal) -> Decimal:
    """The orders of a month (1 is the first): those that come by themselves, growing evenly until `ramp`, and those
    that advertising buys (advertising / cost of a visit x conversion), both as the case and the season have it."""
    with localcontext(EXACT):
        bought = ZERO
        if values["visit_cost"]:
            bought = _times(_divided(values["advertising"], values["visit_cost"]), values["conversion"])
        share = min(ONE, _divided(Decimal(number), values["ramp"]))
        by_case = {"low": values["low_orders"], "middle": ZERO, "high": values["high_orders"]}[case]
        season = ONE + _times(values["season"], index - ONE)
        return _times(_times(_times(values["orders"], share) + bought, ONE + by_case), season)


def forecast(values: Values, case: Case, season: Season, start: date, months: int) -> Forecast:
    """A case from its start (the first of a month) on, over so many months.

    Month's contribution = orders x contribution per order - advertising - fixed costs (level 3, less fixed costs). Cash
    differs from it by the goods, which are paid `stock_months` ahead.
    """
    with localcontext(EXACT):
        each, ahead = per_order(values, case), int(values["stock_months"])
        dearer = ONE - _sign(case) * values["cost_spread"]
        investment, fixed = _times(values["investment"], dearer), _times(values["fixed"], dearer)
        days = [shift_months(start, n) for n in range(months + ahead)]
        orders = [orders_of(values, case, n, season[day.month - 1]) for n, day in enumerate(days, 1)]
        goods = [_times(count, each.goods_bought) for count in orders]
        cash = -investment - sum(goods[:ahead], ZERO)
        found = [Month(shift_months(start, -1), ZERO, ZERO, ZERO, cash, ZERO, cash)]
        for n in range(months):
            left = _times(orders[n], each.contribution) - values["advertising"] - fixed
            paid = left + goods[n] - goods[n + ahead]
            before, sales = found[-1], _times(orders[n], each.net_sales)
            found.append(
                Month(
                    days[n], orders[n], sales, left, paid,
                    before.cumulative_contribution + left, before.cumulative_cash + paid,
                )
            )  # fmt: skip
        return Forecast(case, each, investment, tuple(found))


def _sign(case: Case) -> int:
    return {"low": -1, "middle": 0, "high": 1}[case]


def _times(one: Decimal, other: Decimal) -> Decimal:
    return EXACT.quantize(EXACT.multiply(one, other), PLACES)


def _divided(one: Decimal, other: Decimal) -> Decimal:
    return EXACT.quantize(EXACT.divide(one, other), PLACES)
