"""Edges of the engine: parts of periods, zones, nothing to divide by, markets, what is kept in mart.review."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
import time_machine

from echannel_connectors import Company, DuckDB
from echannel_connectors.days import Span
from echannel_connectors.review import Review, Reviews, review
from echannel_connectors.review.asking import Question, marts_of
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.check import Check
from echannel_connectors.review.engine import Answer, Moment, answers, figures_end
from tests.review.marts import TODAY, empty_marts, insert

CHECKS = {check.id: check for check in catalogue()}
FIRST = date(2024, 1, 1)


def sold(day: date, net: float, *, refunds: float = 0, orders: int = 1, market: str = "FR") -> dict[str, Any]:
    values = {"net_base": Decimal(str(net)), "refunds_base": Decimal(str(refunds)), "orders": orders, "baskets": orders}
    return {"date": day, "market": market, **values}


def every_day(net: float, *, since: date = FIRST, until: date = TODAY, market: str = "FR") -> list[dict[str, Any]]:
    return [sold(day, net, orders=2, market=market) for day in Span(since, until)]


def ask(marts: DuckDB, name: str, today: date = TODAY, **more: Any) -> list[Answer]:
    return answers(marts, [CHECKS[name]], Moment(today, more.pop("seen", today), **more))


def one(found: list[Answer], market: str = "", *, is_to_date: bool = False) -> Answer:
    (answer,) = (a for a in found if a.market == market and a.is_to_date == is_to_date)
    return answer


# -- periods --------------------------------------------------------------------------------------------------------------


def test_the_running_month_is_held_against_as_many_days(marts: DuckDB) -> None:
    """Ten a day last year, nine a day this year: −10 % for the whole October, and for 1 to 23 November, to date."""
    insert(marts, "sales_daily", every_day(10, until=date(2025, 12, 31)) + every_day(9, since=date(2026, 1, 1)))
    found = ask(marts, "net_sales")
    whole, so_far = one(found), one(found, is_to_date=True)
    assert (whole.value, whole.previous, whole.change) == (279, 310, Decimal("-0.1"))
    assert (so_far.span.first, so_far.span.last) == (date(2026, 11, 1), date(2026, 11, 23))
    assert (so_far.value, so_far.previous, so_far.change) == (207, 230, Decimal("-0.1"))
    assert so_far.due_on == date(2026, 12, 1)


def test_29_february_counts_once(marts: DuckDB) -> None:
    """A whole February of 29 days against one of 28, and the year after against it."""
    insert(marts, "sales_daily", every_day(10, since=date(2022, 1, 1), until=date(2025, 3, 9)))
    assert one(ask(marts, "net_sales", date(2024, 3, 10))).value == 290
    assert one(ask(marts, "net_sales", date(2024, 3, 10))).previous == 280
    assert one(ask(marts, "net_sales", date(2025, 3, 10))).previous == 290


def test_a_part_of_a_period_is_never_compared_with_a_whole(marts: DuckDB) -> None:
    """Sales that begin on 15 October last year: October of last year is no figure, November is."""
    insert(marts, "sales_daily", every_day(10, since=date(2025, 10, 15)))
    october = one(ask(marts, "net_sales"))
    assert (october.value, october.previous, october.status) == (310, None, "no_data")
    assert "a year before" in str(october.note)
    assert one(ask(marts, "net_sales", date(2026, 12, 10))).previous == 300


def test_a_rate_of_few_things_is_nothing_to_compare_with(marts: DuckDB) -> None:
    """62 baskets of 5 in October; a year before one of 100: "thirty baskets are needed in both months"."""
    insert(
        marts, "sales_daily", [sold(FIRST, 0), sold(date(2025, 10, 9), 100), *every_day(10, since=date(2026, 10, 1))]
    )
    october = one(ask(marts, "average_order"))
    assert (october.value, october.previous, october.status) == (5, 100, "no_data")
    assert october.note == "only 1 then: too few to compare with (30 are needed)"


def test_too_few_orders_are_not_called_missing_costs(marts: DuckDB) -> None:
    """Ten orders, all of known cost: what is needed is more orders."""
    row = {"margin_base": Decimal(4), "cost_known_net_base": Decimal(10)}
    insert(marts, "sales_daily", [sold(FIRST, 0), *({**sold(date(2026, 10, n), 10), **row} for n in range(1, 11))])
    margin = one(ask(marts, "gross_margin"))
    assert (margin.status, margin.note) == ("no_data", "only 10: too few to judge (30 are needed)")
    assert margin.check.advice.no_data.en.startswith("Thirty orders with known unit costs are needed in both months.")


def test_a_month_without_rows_is_a_month_without_sales(marts: DuckDB) -> None:
    insert(marts, "sales_daily", every_day(10, until=date(2026, 9, 30)))
    october = one(ask(marts, "net_sales"))
    assert (october.value, october.previous) == (0, 310)
    assert [value for _, value in october.history][-2:] == [300, 0]


def test_months_have_no_running_part(marts: DuckDB) -> None:
    """What is told by the month alone cannot be told by the day."""
    insert(marts, "promotions", [{"month": date(2026, n, 1), "orders": 40, "new_customers": 20} for n in (9, 10, 11)])
    (answer,) = ask(marts, "promotion_newcomers")
    assert answer.span == Span(date(2026, 10, 1), date(2026, 10, 31))


@pytest.mark.parametrize(
    ("now", "zone", "day"),
    [
        (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), "Europe/Paris", date(2026, 3, 29)),  # winter: one hour ahead
        (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), "Europe/Paris", date(2026, 3, 30)),  # summer: two hours
        (datetime(2026, 10, 25, 22, 30, tzinfo=UTC), "Europe/Paris", date(2026, 10, 25)),  # winter again
        (datetime(2026, 11, 1, 3, 30, tzinfo=UTC), "America/New_York", date(2026, 10, 31)),
    ],
)
def test_the_day_is_the_company_s(now: datetime, zone: str, day: date, marts: DuckDB) -> None:
    """Around midnight, on the days when clocks change too."""
    with time_machine.travel(now, tick=False):
        assert review(marts, Company(time_zone=zone), checks=[], keep=False).today == day


def test_figures_end_with_the_last_sync(marts: DuckDB) -> None:
    """The oldest source counts, unless it is a week behind: its days are not whole."""

    def read(source: str, at: datetime) -> dict[str, Any]:
        return {"source": source, "stream": "orders", "last_success": at}

    insert(
        marts,
        "freshness",
        [
            read("shop", datetime(2026, 11, 24, 5, tzinfo=UTC)),
            read("books", datetime(2026, 11, 22, 23, 30, tzinfo=UTC)),
        ],
    )
    found = marts_of(marts)
    assert figures_end(marts, found, (), "Europe/Paris", TODAY) == date(2026, 11, 23)
    assert figures_end(marts, found, ["shop"], "Europe/Paris", TODAY) == TODAY
    insert(marts, "freshness", [read("old", datetime(2026, 10, 1, tzinfo=UTC))])
    assert figures_end(marts, found, (), "Europe/Paris", TODAY) == date(2026, 11, 23)


def test_days_that_were_not_read_raise_no_alarm(marts: DuckDB) -> None:
    """No sync since the 20th: the day that is looked at is the 19th, not yesterday's nothing."""
    insert(marts, "sales_daily", every_day(500, until=date(2026, 11, 19)))
    answer = one(ask(marts, "sales_day", seen=date(2026, 11, 20)))
    assert (answer.span.first, answer.status) == (date(2026, 11, 19), "ok")


# -- figures --------------------------------------------------------------------------------------------------------------


def test_ratios_are_summed_first_and_divided_once(marts: DuckDB) -> None:
    """1 of 1 and 0 of 99 is 1 %, not 50 %."""
    rows = [sold(date(2026, 10, 5), 1, refunds=-1, orders=30), sold(date(2026, 10, 6), 99, orders=30), sold(FIRST, 0)]
    insert(marts, "sales_daily", rows)
    assert one(ask(marts, "refund_rate")).value == Decimal("0.01")


@pytest.mark.parametrize("net", [0, None])
def test_nothing_to_divide_by_is_no_data(net: float | None, marts: DuckDB) -> None:
    row = {**sold(date(2026, 10, 5), 0, refunds=-5, orders=50), "net_base": net}
    insert(marts, "sales_daily", [row, sold(FIRST, 0)])
    answer = one(ask(marts, "refund_rate"))
    assert (answer.value, answer.status) == (None, "no_data")
    assert answer.note is not None


def test_growth_from_nothing_cannot_be_told(marts: DuckDB) -> None:
    insert(marts, "sales_daily", [sold(FIRST, 0), *every_day(10, since=date(2026, 10, 1))])
    answer = one(ask(marts, "net_sales"))
    assert (answer.status, answer.previous, answer.change) == ("no_data", 0, None)
    assert answer.note == "it was 0 then: no share can be told"


def test_small_numbers_show_the_figure_and_raise_no_alarm(marts: DuckDB) -> None:
    insert(marts, "sales_daily", [sold(date(2026, 10, 5), 100, refunds=-90, orders=29), sold(FIRST, 0)])
    answer = one(ask(marts, "refund_rate"))
    assert (answer.value, answer.status) == (Decimal("0.9"), "no_data")
    assert answer.note == "only 29: too few to judge (30 are needed)"


def test_markets_are_told_beside_the_whole(marts: DuckDB) -> None:
    """Those that the company entered; others are in the whole alone."""
    rows = [sold(date(2026, 10, 5), 100, refunds=-n, orders=30, market=name) for name, n in (("GB", 20), ("DE", 4))]
    insert(marts, "sales_daily", [*rows, sold(FIRST, 0)])
    found = [answer for answer in ask(marts, "refund_rate", markets=("GB",)) if not answer.is_to_date]
    assert [(a.market, a.value, a.status) for a in found] == [
        ("", Decimal("0.12"), "watch"), ("GB", Decimal("0.2"), "act"),
    ]  # fmt: skip


def test_a_mart_that_is_not_there_or_empty() -> None:
    marts = empty_marts()
    (empty,) = ask(marts, "abandoned_carts")
    assert (empty.status, empty.note) == ("no_data", "mart.carts is empty: no source fills it yet")
    marts.execute("DROP TABLE mart.carts")
    (gone,) = ask(marts, "abandoned_carts")
    assert gone.note == "mart.carts is not there yet: the next sync makes it"
    marts.execute("CREATE TABLE mart.carts AS SELECT CAST('2026-11-01' AS DATE) AS date")
    (old,) = ask(marts, "abandoned_carts")
    assert old.note == "mart.carts has no status yet: the next sync makes it"


def test_the_baseline_of_a_market_is_its_months_of_collecting(marts: DuckDB) -> None:
    """Entered on 1 January: February to April, a sum by the month; a rate over all three."""
    rows = every_day(30, since=date(2026, 1, 1), until=date(2026, 4, 30), market="GB")
    insert(marts, "sales_daily", [sold(FIRST, 0), *rows, *every_day(60, since=date(2026, 5, 1), market="GB")])
    settings, entered = Reviews(), {"GB": date(2026, 1, 1)}
    found = review(
        marts, settings=settings, entered=entered, checks=[CHECKS["net_sales"], CHECKS["average_order"]], today=TODAY
    )
    told = {answer.check.id: answer for answer in found.finished if answer.market == "GB"}
    assert told["net_sales"].baseline == (28 + 31 + 30) * 10
    assert told["average_order"].baseline == 15
    assert found.market_stages["GB"].phase == "continuing"


def test_what_does_not_add_up_has_no_baseline(marts: DuckDB) -> None:
    """Entered in January and not paid back: after 1, 2 and 3 months, of which the largest is 3; after October it is 9. That
    months have passed is no change of anything."""
    costs = {"cumulative_investment_base": Decimal(900), "entered_on": date(2026, 1, 1), "market": "GB"}
    insert(marts, "market_entry", [{**costs, "month": date(2026, n, 1)} for n in range(1, 12)])
    found = review(marts, entered={"GB": date(2026, 1, 1)}, checks=[CHECKS["break_even"]], today=TODAY)
    assert [(answer.value, answer.baseline) for answer in found.finished] == [(9, None)]


# -- SQL ------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))
def test_the_sql_speaks_bigquery_too(check: Check) -> None:
    """What sqlglot cannot translate it says; what it made is read again by it."""
    spans = {"a": Span(date(2026, 10, 1), date(2026, 10, 31)), "b": Span(date(2026, 10, 1), date(2026, 10, 9))}
    select = "\nUNION ALL\n".join(Question(check, spans if check.date else {}, None, ("GB",)).selects(TODAY))
    (translated,) = sqlglot.transpile(
        select, read="duckdb", write="bigquery", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    assert sqlglot.parse_one(translated, read="bigquery").find(sqlglot.exp.Table)
    assert " FILTER" not in translated


# -- mart.review ------------------------------------------------------------------------------------------------------------


def reviewed(marts: DuckDB, today: date, *names: str, **more: Any) -> Review:
    checks = [CHECKS[name] for name in names or ("net_sales", "negative_stock")]
    return review(marts, checks=checks, today=today, **more)


def rows(marts: DuckDB, where: str = "TRUE") -> list[dict[str, Any]]:
    sql = f"SELECT * FROM mart.review WHERE {where} ORDER BY check_id, period_start, is_to_date"
    return marts.query(sql).read_all().to_pylist()


def test_a_review_is_kept_with_its_figures(marts: DuckDB) -> None:
    insert(marts, "sales_daily", every_day(10, until=date(2025, 12, 31)) + every_day(8, since=date(2026, 1, 1)))
    reviewed(marts, TODAY)
    (row,) = rows(marts, "check_id = 'net_sales' AND NOT is_to_date")
    said = marts.query("SELECT comment FROM duckdb_columns() WHERE table_name = 'review' AND column_name = 'owner'")
    assert said.read_all()["comment"].to_pylist() == ["Who looks at it: shop, stock, marketing or management"]
    wanted = {"period_start": date(2026, 10, 1), "value": 248, "previous": 310, "status": "act", "owner": "management"}
    wanted |= {
        "change_rate": Decimal("-0.2"),
        "cadence": "monthly",
        "due_on": date(2026, 11, 1),
        "market": "",
        "sample": 62,
    }
    assert {name: row[name] for name in wanted} == wanted
    assert row["advice_en"] == CHECKS["net_sales"].advice.act.en
    assert row["advice_fr"] == CHECKS["net_sales"].advice.act.fr


@pytest.mark.parametrize(
    ("language", "currency", "told"),
    [
        ("en", "GBP", ("Net sales", "October 2026", "£310.00", "+0.0% on £310.00 a year before")),
        ("fr", "EUR", ("Ventes nettes", "octobre 2026", "310,00 €", "+0,0 % face à 310,00 € il y a un an")),
    ],
)
def test_an_answer_is_kept_as_a_person_reads_it(language: str, currency: str, told: Any, marts: DuckDB) -> None:
    """A report shows one column, whatever the language and the unit."""
    insert(marts, "sales_daily", every_day(10))
    company = Company(language=language, currency=currency)  # type: ignore[arg-type]  # a parameter of the test
    review(marts, company, checks=[CHECKS["net_sales"]], today=TODAY)
    (row,) = rows(marts, "NOT is_to_date")
    shown = [row[name].replace("\u00a0", " ") for name in ("name", "period", "figure", "held_against")]
    assert shown == list(told)
    assert row["question"] == CHECKS["net_sales"].question.of(language)
    assert row["advice"] == CHECKS["net_sales"].advice.ok.of(language)


def test_the_newest_answer_stands_and_the_others_are_earlier(marts: DuckDB) -> None:
    insert(marts, "sales_daily", every_day(10))
    for day in (date(2026, 9, 20), date(2026, 10, 20), TODAY):
        reviewed(marts, day, "net_sales")
    found = [(row["period_start"].month, row["standing"]) for row in rows(marts)]
    assert found == [(8, "earlier"), (9, "earlier"), (10, "now"), (11, "so_far")]
    reviewed(marts, TODAY, "stock_value")  # a check that is asked no more has no newest answer
    assert {row["standing"] for row in rows(marts, "check_id = 'net_sales' AND NOT is_to_date")} == {"earlier"}


def test_an_answer_that_only_stands_as_an_earlier_one_now_is_a_change_of_the_table(marts: DuckDB) -> None:
    """By what is written a spreadsheet is sent the table: a check that is asked no more stood there as of now."""
    insert(marts, "sales_daily", every_day(10))
    reviewed(marts, TODAY, "net_sales", "stock_value")
    assert reviewed(marts, TODAY, "stock_value").written == 2  # October's answer, and November's so far is gone
    assert reviewed(marts, TODAY, "stock_value").written == 0


def test_a_second_review_writes_nothing(marts: DuckDB) -> None:
    insert(marts, "sales_daily", every_day(10))
    first = reviewed(marts, TODAY)
    before = rows(marts)
    second = reviewed(marts, TODAY)
    assert (first.written > 0, second.written) == (True, 0)
    assert rows(marts) == before
    assert second.due == ()
    assert second.changes == ()


def test_a_finished_period_is_rewritten_only_when_its_figures_change(marts: DuckDB) -> None:
    """A late order changes October, and says so; September stays as it was told in October."""
    insert(marts, "sales_daily", every_day(10))
    reviewed(marts, date(2026, 10, 20))
    reviewed(marts, TODAY)
    september = rows(marts, "period_start = '2026-09-01'")
    assert [row["value"] for row in september] == [300]
    insert(marts, "sales_daily", [sold(date(2026, 10, 9), 1), sold(date(2026, 9, 9), 1)])
    again = reviewed(marts, TODAY)
    assert rows(marts, "period_start = '2026-09-01'") == september
    assert [row["value"] for row in rows(marts, "period_start = '2026-10-01' AND NOT is_to_date")] == [311]
    assert [answer.check.id for answer in again.due] == ["net_sales"]


def test_the_running_period_s_answer_goes_when_it_is_over(marts: DuckDB) -> None:
    insert(marts, "sales_daily", every_day(10, until=date(2026, 12, 5)))
    reviewed(marts, TODAY)
    reviewed(marts, date(2026, 12, 5))
    november = rows(marts, "period_start = '2026-11-01'")
    assert [(row["is_to_date"], row["value"]) for row in november] == [(False, 300)]


def test_what_is_true_now_is_due_once_a_period(marts: DuckDB) -> None:
    """One product more below zero on Wednesday is no news; that it needs somebody now is; so is the next week."""
    insert(marts, "inventory", [{"on_hand": -1}, {"on_hand": 5}])
    due = []
    for day, more in ((TODAY, 0), (TODAY, 1), (TODAY + timedelta(days=1), 20), (TODAY + timedelta(days=6), 0)):
        insert(marts, "inventory", [{"on_hand": -1}] * more)
        due.append([answer.status for answer in reviewed(marts, day, "negative_stock").due])
    assert due == [["watch"], [], ["act"], ["act"]]


def test_without_a_market_its_checks_say_what_to_do(marts: DuckDB) -> None:
    insert(marts, "market_entry", [{"month": FIRST, "market": "FR"}])
    (answer,) = ask(marts, "market_contribution")
    assert answer.note == "echannel.yaml names no market that the company has entered (markets)"


def test_few_orders_a_day_are_shown_by_weeks(marts: DuckDB) -> None:
    """Two a day: fourteen in seven days, against the fourteen before, thirteen such weeks in a row."""
    insert(marts, "sales_daily", every_day(10))
    answer = one(ask(marts, "orders_day"))
    assert (answer.value, answer.previous, answer.figure.numerator) == (14, 14, 14)
    assert [value for _, value in answer.history] == [14] * 13
    (many,) = ask(marts, "sales_day", date(2026, 1, 20))
    assert (many.value, len(many.history)) == (70, 13)


def test_days_are_shown_by_days(marts: DuckDB) -> None:
    insert(marts, "sales_daily", [sold(day, day.day, orders=20 + day.weekday()) for day in Span(FIRST, TODAY)])
    answer = one(ask(marts, "orders_day"))  # Monday 23 November
    assert (answer.value, answer.previous) == (20, 20)
    assert len(answer.history) == 28
    assert answer.history[-1] == (date(2026, 11, 23), 20)


def test_what_is_true_now_has_its_own_answers_as_history(marts: DuckDB) -> None:
    """Three weeks, three counts; within a week the last one stands."""
    for day, negative in ((date(2026, 11, 10), 4), (date(2026, 11, 17), 3), (date(2026, 11, 18), 2), (TODAY, 0)):
        marts.execute("DELETE FROM mart.inventory")
        insert(marts, "inventory", [{"on_hand": -1}] * negative + [{"on_hand": 5}])
        found = reviewed(marts, day)
    (answer,) = (answer for answer in found.answers if answer.check.id == "negative_stock")
    assert answer.history == ((date(2026, 11, 9), 4), (date(2026, 11, 16), 2), (date(2026, 11, 23), 0))
    assert answer.previous == 2


def test_since_the_last_review(marts: DuckDB) -> None:
    """What is worse, what is better, and what is new; the same status is no news."""
    insert(marts, "inventory", [{"on_hand": -1}, {"on_hand": 5}])
    reviewed(marts, TODAY - timedelta(days=7))
    insert(marts, "inventory", [{"on_hand": -1}] * 20)
    (change,) = reviewed(marts, TODAY).changes
    assert (change.before, change.answer.status, change.earlier) == ("watch", "act", 1)
    marts.execute("DELETE FROM mart.inventory WHERE on_hand < 0")
    (change,) = reviewed(marts, TODAY).changes
    assert (change.before, change.answer.status) == ("act", "ok")
    changes = reviewed(marts, TODAY, "negative_stock", "net_sales", "overstock").changes
    assert [(change.before, change.answer.check.id) for change in changes] == [(None, "overstock")]


def test_a_review_that_keeps_nothing_leaves_the_warehouse_as_it_was(marts: DuckDB) -> None:
    insert(marts, "inventory", [{"on_hand": -1}])
    found = reviewed(marts, TODAY, keep=False)
    assert found.written == 0
    assert "review" not in marts_of(marts)


def test_the_coming_reviews(marts: DuckDB) -> None:
    found = reviewed(marts, TODAY, "orders_day", "sales_week", "net_sales", "returning_share")
    assert [(str(one.on), one.cadence, dict(one.roles)) for one in found.coming] == [
        ("2026-11-25", "daily", {"shop": 1}),
        ("2026-11-30", "weekly", {"shop": 1}),
        ("2026-12-01", "monthly", {"management": 1}),
        ("2027-01-01", "quarterly", {"marketing": 1}),
    ]
