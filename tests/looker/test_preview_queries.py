"""The figures of the page are those of plain SQL over the mart, for every period and filter."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel_connectors.days import Span
from echannel_connectors.looker.preview.cubes import cube_query, cubes_of
from echannel_connectors.looker.preview.figures import Choice, Report, last_day, page_figures
from echannel_connectors.looker.preview.periods import PRESETS, chosen_periods, preset_periods
from echannel_connectors.looker.preview.query import chart_query
from echannel_connectors.looker.template import find_template
from tests.looker.marts import COMPANY, add_order, make_marts, query_of

TODAY = date(2026, 11, 24)
TEMPLATE = find_template("b2c-shop")


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_marts(tmp_path_factory.mktemp("marts") / "shop.duckdb", today=TODAY, days=430, orders_per_day=5)


@pytest.fixture(scope="module")
def report(shop_file: Path) -> Report:
    return Report(query_of(shop_file), TEMPLATE, COMPANY)


def figures(report: Report, page: str, choice: Choice) -> dict[str, Any]:
    return page_figures(report, report.template.page(page), choice, TODAY)


def plain(file: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql, list(values)).fetchall()


def rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


SUMS = """SELECT sum(net_base), sum(refunds_base), sum(orders), sum(baskets), sum(margin_base), sum(cost_known_net_base),
    sum(new_customers), count(*) FROM mart.sales_daily WHERE date BETWEEN ? AND ?"""
CHOICES = {
    "28 days": (Choice("last_28_days"), date(2026, 10, 28)),
    "month to date": (Choice("this_month"), date(2026, 11, 1)),
    "one market": (Choice("last_28_days", filters={"market": ("DE",)}), date(2026, 10, 28)),
    "two markets, one channel": (
        Choice("this_month", filters={"market": ("DE", "FR"), "channel": ("b2c_web",)}), date(2026, 11, 1),
    ),
    "no market known": (Choice("this_year", filters={"market": ("",)}), date(2026, 1, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_scorecards_equal_plain_sql(report: Report, shop_file: Path, name: str) -> None:
    choice, first = CHOICES[name]
    sql = SUMS
    for field, values in choice.filters.items():
        listed = ", ".join(f"'{value}'" for value in values)
        sql += f" AND coalesce({field}, '') IN ({listed})"
    expected = plain(shop_file, sql, first, TODAY)[0]
    row = rows(figures(report, "overview", choice)["charts"]["headline"])[0]
    names = [
        "net_base",
        "refunds_base",
        "orders",
        "baskets",
        "margin_base",
        "cost_known_net_base",
        "new_customers",
        "#",
    ]
    assert [row[name] for name in names] == [None if value is None else float(value) for value in expected]


def test_compared_periods_equal_plain_sql(report: Report, shop_file: Path) -> None:
    row = rows(figures(report, "overview", Choice("this_month"))["charts"]["headline"])[0]
    for period, first, last in [
        ("previous", date(2026, 10, 1), date(2026, 10, 24)), ("last_year", date(2025, 11, 1), date(2025, 11, 24)),
    ]:  # fmt: skip
        expected = plain(shop_file, SUMS, first, last)[0]
        assert row[f"net_base@{period}"] == float(expected[0])
        assert row[f"baskets@{period}"] == expected[3]


def test_a_part_of_an_earlier_period_is_not_compared_with(shop_file: Path) -> None:
    """Of 8 to 31 October a tenth may be missing, of 7 to 31 the first three days are too many; a trend shows what is there."""
    table, whole = "(SELECT * FROM mart.sales_daily WHERE date >= '2025-10-10')", query_of(shop_file)
    young = Report(lambda sql, values: whole(sql.replace('mart."sales_daily"', table), values), TEMPLATE, COMPANY)
    for last, is_held in [(24, True), (25, False)]:
        charts = figures(young, "overview", Choice("custom", date(2025, 11, 1), date(2025, 11, last)))["charts"]
        for row in (*rows(charts["headline"]), rows(charts["markets"])[0]):
            assert row["net_base"] is not None
            assert (row["net_base@previous"] is not None, row["#@previous"] > 0) == (is_held, is_held)
            assert (row["net_base@last_year"], row["#@last_year"]) == (None, 0)
        assert rows(charts["trend"])[0]["day"] == "2025-10-10"


def test_breakdowns_add_up_to_the_headline(report: Report) -> None:
    charts = figures(report, "overview", Choice("last_28_days"))["charts"]
    headline = rows(charts["headline"])[0]
    for name in ("markets", "channels"):
        for part in ("net_base", "refunds_base"):
            assert sum(row[part] for row in rows(charts[name])) == pytest.approx(headline[part], abs=1e-6)
    days = [row for row in rows(charts["trend"]) if "2026-10-28" <= row["day"] <= "2026-11-24"]
    assert sum(row["net_base"] for row in days) == pytest.approx(headline["net_base"], abs=1e-6)


def test_product_table_equals_plain_sql_and_its_total_counts_every_row(report: Report, shop_file: Path) -> None:
    found = figures(report, "products", Choice("last_28_days"))["charts"]["product_table"]
    expected = plain(
        shop_file,
        """SELECT product_name, sku, sum(net_base) FILTER (WHERE kind = 'sale'), sum(net_base) FILTER (WHERE kind = 'refund'),
           sum(quantity) FILTER (WHERE kind = 'sale') FROM mart.sales WHERE date BETWEEN '2026-10-28' AND '2026-11-24'
           AND kind IN ('sale', 'refund') GROUP BY 1, 2 ORDER BY sum(net_base) DESC, 1, 2""",
    )
    shown = [(r["product_name"], r["sku"], r["net_base"], r["refunds_base"], r["units"]) for r in rows(found)]
    assert shown == [(*r[:2], *(None if value is None else float(value) for value in r[2:])) for r in expected]
    total = rows(found["total"])[0]
    assert total["net_base"] == pytest.approx(float(sum(r[2] for r in expected)), abs=1e-6)


def test_a_ratio_is_asked_for_as_two_sums(report: Report) -> None:
    """The average of the markets' averages is another figure; SQL never divides, the page divides once."""
    for page in TEMPLATE.pages:
        for chart in page.charts:
            sql = chart_query(TEMPLATE, chart, preset_periods("this_month", TODAY), {}).sql
            assert "/" not in sql
            assert "avg" not in sql.lower()
    row = rows(figures(report, "overview", Choice("this_month"))["charts"]["headline"])[0]
    assert {"net_base", "baskets", "margin_base", "cost_known_net_base"} <= row.keys()


@given(st.text(min_size=1, max_size=40))
def test_a_chosen_value_is_bound_and_never_part_of_the_sql(value: str) -> None:
    chart = TEMPLATE.pages[0].charts[2]
    periods = preset_periods("this_month", TODAY)
    query = chart_query(TEMPLATE, chart, periods, {"market": (value,)})
    assert query.sql == chart_query(TEMPLATE, chart, periods, {"market": ("\x00",)}).sql
    assert value in query.parameters


def test_an_injected_value_finds_nothing_and_harms_nothing(report: Report, shop_file: Path) -> None:
    choice = Choice("this_year", filters={"market": ("FR') OR 1=1; DROP TABLE mart.sales; --",)})
    assert rows(figures(report, "overview", choice)["charts"]["headline"])[0]["#"] == 0
    assert plain(shop_file, "SELECT count(*) > 0 FROM mart.sales") == [(True,)]


def test_a_page_is_not_filtered_by_a_control_it_does_not_show(report: Report) -> None:
    chosen = figures(report, "products", Choice("last_28_days", filters={"category": ("Textile",)}))
    assert chosen["charts"] == figures(report, "products", Choice("last_28_days"))["charts"]


def test_stock_is_counted_by_status(report: Report, shop_file: Path) -> None:
    charts = figures(report, "stock", Choice())["charts"]
    expected = dict(plain(shop_file, "SELECT status, count(*) FROM mart.inventory GROUP BY 1"))
    assert {row["status"]: row["items"] for row in rows(charts["stock_status"])} == expected
    assert rows(charts["stock_figures"])[0]["items_out"] == expected["out_of_stock"]
    assert {row["status"] for row in rows(charts["reorder"])} <= {"out_of_stock", "below_reorder_point"}


def test_a_new_order_is_in_the_next_answer(tmp_path: Path) -> None:
    file = make_marts(tmp_path / "shop.duckdb", today=TODAY, days=40, orders_per_day=2)
    report = Report(query_of(file), TEMPLATE, COMPANY)
    before = rows(figures(report, "overview", Choice("today"))["charts"]["headline"])[0]
    add_order(file, TODAY, "1000000.01")
    after = rows(figures(report, "overview", Choice("today"))["charts"]["headline"])[0]
    assert after["orders"] == before["orders"] + 1
    assert after["net_base"] == pytest.approx(before["net_base"] + 1000000.01, abs=1e-6)


def test_a_table_that_is_missing_leaves_the_other_charts_alone(tmp_path: Path) -> None:
    file = make_marts(tmp_path / "shop.duckdb", today=TODAY, days=20, orders_per_day=2)
    with duckdb.connect(str(file)) as connection:
        connection.execute("DROP TABLE mart.freshness; ALTER TABLE mart.sales_daily DROP COLUMN baskets")
    report = Report(query_of(file), TEMPLATE, COMPANY)
    overview = figures(report, "overview", Choice())
    assert overview["as_of"] is None
    assert "mart.sales_daily.baskets n'existe pas" in overview["charts"]["headline"]["problems"][0]
    assert figures(report, "products", Choice())["charts"]["product_table"]["rows"]


def test_the_report_is_as_old_as_its_oldest_source(tmp_path: Path) -> None:
    file = make_marts(tmp_path / "shop.duckdb", today=TODAY, days=3, orders_per_day=2)
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "INSERT INTO mart.freshness VALUES ('books', 'invoices', '2026-11-20 08:00:00', 5, 92, NULL, 3, 'down')"
        )
    assert figures(Report(query_of(file), TEMPLATE, COMPANY), "overview", Choice())["as_of"] == "2026-11-20T08:00:00Z"


def test_cubes_hold_what_the_page_sums(report: Report, shop_file: Path) -> None:
    """Without a limit, the parts of every cube add up to the mart."""
    for cube in cubes_of(TEMPLATE)[0]:
        asked = cube_query(TEMPLATE, cube, date(2020, 1, 1), 10_000)
        found = report.ask(asked.sql, list(asked.parameters))
        mart = TEMPLATE.sources[cube.source].mart
        where = " AND ".join(f"{name} IN ({str(values)[1:-1]})" for name, values in cube.filters.items()) or "true"
        assert (
            sum(found.column("#").to_pylist())
            == plain(shop_file, f"SELECT count(*) FROM mart.{mart} WHERE {where}")[0][0]
        )


# ---- periods: kpi/FACTS, section 0 ----


def test_a_period_that_is_not_over_compares_with_as_many_days() -> None:
    month = preset_periods("this_month", TODAY)
    assert month.previous == Span(date(2026, 10, 1), date(2026, 10, 24))
    assert month.last_year == Span(date(2025, 11, 1), date(2025, 11, 24))
    assert month.to_date
    year = preset_periods("this_year", TODAY)
    assert year.previous == year.last_year == Span(date(2025, 1, 1), date(2025, 11, 24))
    assert year.to_date
    # Somebody picks the whole of November on the 24th: the days to come are nobody's.
    assert chosen_periods(date(2026, 11, 1), date(2026, 11, 30), TODAY) == month


def test_a_whole_month_compares_with_a_whole_month() -> None:
    october = chosen_periods(date(2026, 10, 1), date(2026, 10, 31), TODAY)
    assert october.previous == Span(date(2026, 9, 1), date(2026, 9, 30))
    assert not october.to_date
    assert preset_periods("last_month", TODAY) == october
    assert chosen_periods(date(2026, 2, 1), date(2026, 2, 28), TODAY).previous == Span(
        date(2026, 1, 1), date(2026, 1, 31)
    )
    quarter = chosen_periods(date(2026, 7, 1), date(2026, 9, 30), TODAY)
    assert quarter.previous == Span(date(2026, 4, 1), date(2026, 6, 30))


def test_figures_by_the_month_compare_whole_months_alone() -> None:
    """On the 24th the November of a year before is there as a whole: what has come of this one is held against nothing."""
    long_ago, alone = date(2020, 1, 1), {"current"}
    for preset in ("this_month", "last_12_months", "this_year", "last_28_days"):
        assert set(preset_periods(preset, TODAY).known_since(long_ago, is_monthly=True)) == alone, preset
        assert len(preset_periods(preset, TODAY).known_since(long_ago)) == 3
    assert len(preset_periods("last_month", TODAY).known_since(long_ago, is_monthly=True)) == 3
    assert len(preset_periods("last_12_months", date(2026, 11, 30)).known_since(long_ago, is_monthly=True)) == 3
    assert (
        set(chosen_periods(date(2026, 10, 2), date(2026, 10, 31), TODAY).known_since(long_ago, is_monthly=True))
        == alone
    )


def test_29_february_compares_with_28() -> None:
    assert chosen_periods(date(2024, 2, 29), date(2024, 2, 29), TODAY).last_year == Span(
        date(2023, 2, 28), date(2023, 2, 28)
    )
    assert preset_periods("last_7_days", date(2024, 2, 29)).last_year == Span(date(2023, 2, 23), date(2023, 2, 28))


def test_a_whole_february_compares_with_all_of_a_years_before() -> None:
    """February 2025 has 28 days and that of 2024 has 29: none of them is left out, by whatever name the year is asked."""
    month = chosen_periods(date(2025, 2, 1), date(2025, 2, 28), TODAY)
    assert month.last_year == Span(date(2024, 2, 1), date(2024, 2, 29))
    assert preset_periods("last_month", date(2025, 3, 10)) == month
    year = preset_periods("last_12_months", date(2025, 2, 28))
    assert year.last_year == year.previous == Span(date(2023, 3, 1), date(2024, 2, 29))
    # 29 days with the 28 that there were; and what is not a whole month, with the same calendar dates.
    assert chosen_periods(date(2024, 2, 1), date(2024, 2, 29), TODAY).last_year.last == date(2023, 2, 28)
    assert preset_periods("last_7_days", date(2025, 2, 28)).last_year == Span(date(2024, 2, 22), date(2024, 2, 28))


@given(st.dates(date(2018, 1, 1), date(2030, 12, 31)), st.integers(0, 900), st.sampled_from(PRESETS))
def test_compared_periods_never_reach_into_the_period(today: date, days: int, preset: str) -> None:
    for periods in (preset_periods(preset, today), chosen_periods(today - timedelta(days=days), today, today)):
        assert periods.current.first <= periods.current.last <= today
        assert periods.previous.first <= periods.previous.last < periods.current.first
        if periods.to_date:
            length = (periods.current.last - periods.current.first).days
            # Months differ by up to three days, and a leap year by one more; never by more than that.
            assert abs((periods.previous.last - periods.previous.first).days - length) <= 4


def test_periods_of_a_shop_that_stopped_end_at_its_newest_day() -> None:
    assert last_day(date(2026, 3, 31), TODAY) == date(2026, 3, 31)
    assert last_day(date(2026, 11, 22), TODAY) == TODAY  # a quiet weekend is no reason
    assert last_day(None, TODAY) == TODAY
