"""The formulas, on small examples that were computed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from itertools import pairwise

from echannel_connectors.plan.model import forecast, per_order
from tests.plan.company import ALL_CASES, NO_SEASON, VALUES

START = date(2027, 1, 1)


def test_what_an_order_leaves() -> None:
    """£120 with a fifth tax at 1.25 is €125: less 50, 5 duty, 0.1 × (125 − half of 50) refunds, 0.8 returns; 6 shipping
    come in, 9 and 1 packaging go out, and 2 % of (150 + 7.2) that were paid."""
    found = per_order(VALUES, "middle")
    assert (found.net, found.goods, found.duty, found.refunds, found.returns) == (125, 50, 5, 10, D("0.8"))
    assert found.fees == D("3.144")
    assert found.contribution == D("52.056")
    assert (found.net_sales, found.goods_bought) == (D("112.5"), D("47.5"))


def test_the_low_case_sells_for_less_and_pays_more() -> None:
    """A tenth off the price, a fifth on what is paid to others; the goods cost the same."""
    found = per_order(VALUES, "low")
    assert (found.net, found.goods, found.shipping_paid, found.returns) == (D("112.5"), 50, D("10.8"), D("0.96"))
    assert found.contribution == D("39.446")


def test_month_by_month() -> None:
    """5 and then 10 orders by themselves, 4 by advertising (100 / 0.5 = 200 visits, 2 %); goods are paid a month ahead."""
    found = forecast(VALUES, "middle", NO_SEASON, START, 3)
    assert [one.orders for one in found.months] == [0, 9, 14, 14]
    assert [one.contribution for one in found.months] == [0, D("168.504"), D("428.784"), D("428.784")]
    assert found.months[1].net_sales == D("1012.5")
    assert [one.cash for one in found.months] == [D("-927.5"), D("-68.996"), D("428.784"), D("428.784")]
    assert found.cash_needed == D("996.496")
    assert found.break_even == 2
    assert found.return_on_investment == D("1.052144")
    assert found.monthly_contribution == D("342.024")
    assert [one.month for one in found.months][:2] == [date(2026, 12, 1), START]


def test_the_cases_sell_more_and_less() -> None:
    counts = {case: forecast(VALUES, case, NO_SEASON, START, 3).months[3].orders for case in ALL_CASES}
    assert counts == {"low": 7, "middle": 14, "high": 21}
    assert forecast(VALUES, "low", NO_SEASON, START, 3).investment == 600


def test_the_season_is_followed_as_far_as_it_is_said() -> None:
    season = (D("1.5"), *NO_SEASON[1:])
    for share, orders in (("0", 9), ("0.5", D("11.25")), ("1", D("13.5"))):
        found = forecast({**VALUES, "season": D(share)}, "middle", season, START, 1)
        assert found.months[1].orders == orders


def test_break_even_is_the_last_crossing() -> None:
    """A season that falls below again has not paid back yet; one that ends below never has."""
    found = forecast(VALUES, "middle", NO_SEASON, START, 3)
    for reached, month in (((600, 400, 700), 3), ((600, 400, 450), None), ((500, 500, 500), 1)):
        months = [
            replace(one, cumulative_contribution=D(value))
            for one, value in zip(found.months, (0, *reached), strict=True)
        ]
        assert replace(found, months=tuple(months)).break_even == month


def test_without_investment_there_is_no_return_on_it() -> None:
    """And what never is below zero breaks even from the start and needs no cash."""
    found = forecast({**VALUES, "investment": D(0), "stock_months": D(0)}, "middle", NO_SEASON, START, 3)
    assert (found.return_on_investment, found.break_even, found.cash_needed) == (None, 0, 0)


def test_advertising_of_unknown_worth_brings_nothing() -> None:
    found = forecast({**VALUES, "visit_cost": D(0)}, "middle", NO_SEASON, START, 1)
    assert found.months[1].orders == 5


def test_money_is_neither_made_nor_lost_between_months() -> None:
    """Cash over all months is contribution less the investment and the goods that lie there in the end."""
    found = forecast({**VALUES, "stock_months": D(3), "ramp": D(7)}, "middle", NO_SEASON, START, 24)
    each = found.per_order.goods_bought
    assert all(after.cumulative_cash - before.cumulative_cash == after.cash for before, after in pairwise(found.months))
    left = found.months[-1].cumulative_contribution - found.months[-1].cumulative_cash - found.investment
    assert left == 3 * found.months[-1].orders * each
