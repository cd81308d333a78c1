"""Every shipped check says ok, watch, act and no_data on rows made for it, in the marts that the library builds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from echannel_connectors import DuckDB
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.check import AREAS, ROLES, STATUSES, Check
from echannel_connectors.review.engine import Moment, answers
from echannel_connectors.review.expressions import columns_of
from tests.review.marts import TODAY, insert, rows_of

CHECKS = {check.id: check for check in catalogue()}
CASES: dict[str, dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8")
)
ALL = [pytest.param(name, status, id=f"{name}-{status}") for name in CHECKS for status in STATUSES]


def test_every_check_has_its_cases() -> None:
    assert set(CASES) == set(CHECKS)
    assert len(CHECKS) >= 30
    assert all(set(cases) == set(STATUSES) for cases in CASES.values())


@pytest.mark.parametrize(("name", "status"), ALL)
def test_the_check_says(name: str, status: str, marts: DuckDB) -> None:
    check = CHECKS[name]
    insert(marts, check.mart, list(rows_of(check, CASES[name][status])))
    found = answers(marts, [check], Moment(TODAY, TODAY, ("GB",)))
    market = "GB" if check.breakdown == "markets_only" and CASES[name][status] else ""
    (answer,) = (one for one in found if one.market == market and not one.is_to_date)
    assert answer.status == status, (answer.value, answer.previous, answer.change, answer.note)
    assert (answer.note is not None) or status != "no_data"


@pytest.mark.parametrize(
    ("name", "rows", "status"),
    [
        ("dead_stock", [{"status": "healthy", "on_hand": 5, "stock_value_base": 900}], "ok"),
        ("overstock", [{"status": "dead", "on_hand": 5, "stock_value_base": 900}], "ok"),
        ("returning_share", [{"in": "over", "net_base": 9, "customer_status": "new", "times": 30},
                             {"in": "before", "net_base": 9, "customer_status": "returning", "times": 30}], "act"),
    ],
)  # fmt: skip
def test_a_share_of_nothing_is_nought(name: str, rows: list[dict[str, Any]], status: str, marts: DuckDB) -> None:
    """No dead stock is 0 % of it, and good; no customer who returned is 0 %, and bad; neither is a lack of figures."""
    check = CHECKS[name]
    insert(marts, check.mart, list(rows_of(check, rows)))
    found = answers(marts, [check], Moment(TODAY, TODAY))
    (answer,) = (one for one in found if one.market == "" and not one.is_to_date)
    assert (answer.value, answer.status) == (0, status)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("market_contribution", {"contribution_base": -50, "net_base": 10, "refunds_base": -30}),
        ("marketing_share", {"marketing_cost_base": 50, "net_base": 10, "refunds_base": -30}),
        ("dso", {"open_base": 90, "credit_sales_base": -10}),
        ("overdue_share", {"open_base": -9, "days_overdue": 0, "times": 5}),
        ("overdue_90", {"open_base": -9, "bucket": "over_90", "times": 5}),
    ],
)
def test_no_share_is_told_of_less_than_nothing(name: str, row: dict[str, Any], marts: DuckDB) -> None:
    """More refunded than sold, more owed to customers than by them: a loss over that would look like a gain."""
    check = CHECKS[name]
    insert(marts, check.mart, list(rows_of(check, [{"in": "over", **row}])))
    found = answers(marts, [check], Moment(TODAY, TODAY, ("GB",)))
    (answer,) = (one for one in found if one.market == ("GB" if check.breakdown == "markets_only" else ""))
    assert (answer.value, answer.status) == (None, "no_data")


@pytest.mark.parametrize("name", ["overdue_share", "overdue_90"])
def test_no_more_is_overdue_than_is_owed(name: str, marts: DuckDB) -> None:
    """Five invoices of 100, four of them long overdue, and a credit of 150 for no invoice, not due yet: 350 are owed, and all
    of it is overdue, not 400 ÷ 350 = 114 %."""
    late = {"open_base": 100, "days_overdue": 99, "bucket": "over_90"}
    soon = {"open_base": 100, "days_overdue": -9, "bucket": "not_due"}
    insert(marts, "receivables", [*[late] * 4, soon, {**soon, "open_base": -150}])
    (answer,) = answers(marts, [CHECKS[name]], Moment(TODAY, TODAY))
    assert (answer.value, answer.status) == (1, "act")


@pytest.mark.parametrize("known", [79, 80])
@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("market_contribution", {"contribution_base": 4}),
        ("break_even", {"months_to_break_even": 3, "entered_on": date(2021, 1, 1), "cumulative_investment_base": 1}),
        ("return_on_investment", {"cumulative_contribution_base": 5, "cumulative_investment_base": 9}),
        ("profit_on_ad_spend", {"contribution_base": 150, "ad_cost_base": 100}),
    ],
)
def test_what_is_left_is_not_told_without_costs(name: str, row: dict[str, Any], known: int, marts: DuckDB) -> None:
    """Goods without a purchase price leave nothing in the marts: of a shop that knows the cost of few, what is left would
    look thin, or its market lost. From four fifths on it is told, as the check of the costs says "watch" there."""
    check = CHECKS[name]
    insert(marts, check.mart, list(rows_of(check, [{"in": "over", "net_base": 100, "refunds_base": 0, "cost_known_net_base": known, **row}])))  # fmt: skip
    found = answers(marts, [check], Moment(TODAY, TODAY, ("GB",)))
    (answer,) = (
        one for one in found if one.market == ("GB" if check.breakdown == "markets_only" else "") and not one.is_to_date
    )
    assert (answer.value is None) == (known < 80)


@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_the_mart_has_what_the_check_reads(check: Check, built: DuckDB) -> None:
    """The columns by name, and a DATE where periods are cut: a moment would lose its last day."""
    sql = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart' AND table_name = $mart"
    columns = {
        row["column_name"]: row["data_type"] for row in built.query(sql, {"mart": check.mart}).read_all().to_pylist()
    }
    assert columns_of(check) <= set(columns)
    assert check.date is None or columns[check.date] == "DATE"


def test_the_checks_cover_every_area_and_role() -> None:
    assert {check.area for check in CHECKS.values()} == set(AREAS)
    assert {check.role for check in CHECKS.values()} == set(ROLES)


def test_what_people_read_is_in_two_languages_and_short() -> None:
    """A sentence that was copied instead of translated, or that no card can hold, is a mistake."""
    for check in CHECKS.values():
        told = [check.name, check.question, *(check.advice.at(status) for status in STATUSES)]
        assert all(words.en != words.fr for words in told[1:]), check.id
        assert all(len(text) <= 190 for words in told for text in (words.en, words.fr)), check.id
        assert max(len(check.name.en), len(check.name.fr)) <= 36, check.id
        assert (check.question.en[-1:], check.question.fr[-2:]) == ("?", " ?"), check.id
        assert len(check.source) > 10, check.id
