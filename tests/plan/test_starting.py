"""What a plan starts from, and how it fares on the past: a company whose figures are known beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.errors import SettingsError
from echannel_connectors.models.company import Market
from echannel_connectors.plan import Plan, markets_of, plan_market
from echannel_connectors.plan.inputs import INPUTS, rounded, values_of
from echannel_connectors.plan.model import CASES
from echannel_connectors.plan.page import _typed, plan_page
from echannel_connectors.texts import in_language
from tests.plan.company import FIXED, INVESTMENT, LEFT, TODAY, company, fill, marts
from tests.review.marts import emptied, insert


@pytest.fixture(scope="module")
def warehouse() -> Iterator[DuckDB]:
    found = marts()
    yield found
    found.close()


@contextmanager
def holding(warehouse: DuckDB, markets: Mapping[str, int]) -> Iterator[DuckDB]:
    """The same warehouse with these markets for a while."""
    emptied(warehouse)
    fill(warehouse, markets=markets)
    try:
        yield warehouse
    finally:
        emptied(warehouse)
        fill(warehouse)


def planned(warehouse: DuckDB, market: str, **more: object) -> Plan:
    return plan_market(warehouse, company(), market, today=TODAY, **more)  # type: ignore[arg-type]


def test_a_new_market_starts_from_the_others_abroad(warehouse: DuckDB) -> None:
    """Ratios of BE, NL, DE and GB, which are all the same; orders of their median, and of the ends for the cases."""
    found = planned(warehouse, "IT")
    value = {name: one.value for name, one in found.starts.items()}
    assert (found.currency, found.start) == ("EUR", date(2026, 12, 1))
    assert (value["price"], value["tax"], value["goods"]) == (120, D("0.2"), 60)
    assert (value["refunds"], value["resold"], value["returns"]) == (D("0.1"), D("0.5"), D("0.1"))
    assert (value["shipping_charged"], value["shipping_paid"], value["packaging"]) == (6, 0, 0)  # without a cost rule
    assert value["conversion"] == D("0.025")
    assert value["orders"] == D("17.5")  # between 15 (GB) and 20 (BE)
    assert value["low_orders"] == D("-0.4286")  # as NL: 10
    assert value["high_orders"] == D("0.7143")  # as DE: 30
    assert (value["fixed"], value["investment"]) == (FIXED, INVESTMENT)  # as GB, which was entered last
    assert set(found.starts) == set(INPUTS)


def test_each_value_says_where_it_comes_from(warehouse: DuckDB) -> None:
    starts = planned(warehouse, "IT").starts
    assert starts["price"].origin == "your figures: DE, BE, NL, GB, November 2025 to October 2026"
    assert starts["low_orders"].origin == "as in NL, November 2025 to October 2026"
    assert starts["investment"].origin == "your costs of GB, May 2026"
    assert starts["rate"].origin == "rate of 26 November 2026"
    assert (starts["duty"].kind, starts["tax"].kind, starts["shipping_paid"].kind) == ("assumption",) * 3
    assert starts["season"].kind == "own"


def test_a_cost_rule_is_named_where_there_is_one(warehouse: DuckDB) -> None:
    connection = warehouse._memory
    assert connection is not None
    connection.execute("INSERT INTO core.cost_rules BY NAME SELECT 'company' AS source, 'shipping' AS kind, '' AS applies_to, DATE '2025-01-01' AS valid_from, 8 AS fixed_amount, 0 AS rate, 'EUR' AS currency")  # fmt: skip
    try:
        start = planned(warehouse, "IT").starts["shipping_paid"]
    finally:
        connection.execute("DELETE FROM core.cost_rules")
    assert (start.value, start.kind) == (8, "rule")
    assert start.origin.startswith("your cost rules: DE, BE, NL, GB, ")


def test_a_market_that_sells_starts_from_itself(warehouse: DuckDB) -> None:
    """In its own currency; the investment is what it has not yet earned back."""
    found = planned(warehouse, "GB")
    value = {name: one.value for name, one in found.starts.items()}
    assert (found.currency, value["rate"]) == ("GBP", D("1.25"))
    assert value["price"] == 96  # €120 with tax
    assert (value["orders"], value["ramp"]) == (15, 1)
    assert value["fixed"] == FIXED
    assert value["investment"] == INVESTMENT - 6 * 15 * LEFT + 5 * FIXED


def test_a_month_without_an_order_counts(warehouse: DuckDB) -> None:
    """GB with 40 orders in May 2026, 20 in July and none in any other month: of its six months August to October are the
    last three, and nothing comes lately; with 30 in September it is 10 a month, and 200 of fixed costs, as entered."""
    connection = warehouse._memory
    assert connection is not None
    sold = {5: 40, 7: 20}
    try:
        for month in range(5, 12):
            connection.execute(
                "UPDATE mart.market_entry SET orders = ? WHERE market = 'GB' AND month = ?",
                [sold.get(month, 0), date(2026, month, 1)],
            )
        quiet = planned(warehouse, "GB").starts
        connection.execute(
            "UPDATE mart.market_entry SET orders = 30 WHERE market = 'GB' AND month = ?", [date(2026, 9, 1)]
        )
        start = planned(warehouse, "GB").starts
    finally:
        emptied(warehouse)
        fill(warehouse)
    assert quiet["orders"].value == 0
    assert start["orders"].value == 10
    assert start["orders"].origin == "your figures: GB, August 2026 to October 2026"
    assert start["fixed"].value == FIXED


def test_what_one_says_oneself_is_taken(warehouse: DuckDB) -> None:
    found = planned(warehouse, "IT", said=values_of(["price=99,90", "duty=12 %", "ramp=3"]))
    assert [(found.values[name], found.starts[name].kind) for name in ("price", "duty", "ramp")] == [
        (D("99.90"), "said"), (D("0.12"), "said"), (3, "said")
    ]  # fmt: skip
    assert "duty" not in found.assumptions


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("prise=3", "a plan has no 'prise'"),
        ("price", "price: '' is not a number from 0.01 to 1000000000"),
        ("price=-3", "price: '-3' is not a number from 0.01 to 1000000000"),
        ("price=NaN", "price: 'NaN' is not a number from 0.01 to 1000000000"),
        ("tax=300%", "tax: '300%' is not a number from 0 to 100"),
        ("ramp=2.5", "ramp: '2.5' is not a number from 1 to 60"),
        ("price=12 €", "price: '12 €' is not a number from 0.01 to 1000000000"),
    ],
)
def test_a_value_that_cannot_be_is_told(word: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        values_of([word])
    assert error.value.sentence == sentence
    assert error.value.hint


def test_a_currency_without_a_rate_is_told(warehouse: DuckDB) -> None:
    with pytest.raises(SettingsError, match="nothing tells what one PLN is worth in EUR"):
        planned(warehouse, "PL")
    assert planned(warehouse, "PL", said={"rate": D("0.23")}).values["rate"] == D("0.23")
    with pytest.raises(SettingsError, match="'ZZ' is no country"):
        planned(warehouse, "ZZ")


def test_the_replay_is_fed_with_what_was_known_before(warehouse: DuckDB) -> None:
    """GB came with 15 orders a month from May. Before it BE, NL and DE had 20, 10 and 30: a plan of then reaches 20 after
    six months, so 3.33 × (1 + … + 6) = 70 of 90 orders; no fixed costs were known."""
    replay = planned(warehouse, "IT").replay
    assert replay is not None
    assert (replay.market, replay.entered_on, len(replay.months)) == ("GB", date(2026, 5, 1), 6)
    assert replay.starts["orders"].origin == "median of DE, BE, NL, May 2025 to April 2026"
    assert replay.starts["fixed"].value == 0
    assert replay.came("orders") == 90
    assert round(replay.planned("middle", "orders"), 6) == 70
    assert round(replay.off("middle", "orders") or 0, 6) == D("-0.222222")
    assert replay.came("contribution") == 90 * LEFT - 5 * FIXED
    assert replay.planned("low", "orders") < replay.planned("middle", "orders") < replay.planned("high", "orders")


def test_without_costs_no_contribution_is_held_against_the_plan(warehouse: DuckDB) -> None:
    """No purchase price is known: the plan asks for it, and the replay compares orders alone. The goods of the others
    still cost 60 where it is GB alone that does not know."""
    connection = warehouse._memory
    assert connection is not None
    unknown = "UPDATE mart.market_entry SET margin_base = 0, cost_known_net_base = 0, refunds_margin_base = 0"
    try:
        connection.execute(f"{unknown} WHERE market = 'GB'")
        one = planned(warehouse, "IT")
        connection.execute(unknown)
        every = planned(warehouse, "IT")
    finally:
        emptied(warehouse)
        fill(warehouse)
    assert (every.starts["goods"].value, every.starts["goods"].kind) == (0, "assumption")
    assert every.starts["goods"].origin == "no purchase price is known: please say it"
    for found in (one, every):
        assert found.replay is not None
        assert found.replay.measures == ("orders",)
        assert [found.replay.off(case, "contribution") for case in CASES] == [None] * 3
        assert found.replay.off("middle", "orders") is not None
        page = plan_page(found)
        assert "contribution: no figure" in page
        assert "replay-chart" not in page.split("<script")[0]
    assert one.starts["goods"].value == 60


def test_a_replay_begins_with_the_first_whole_month(warehouse: DuckDB) -> None:
    """GB entered on 21 May: what came in its last ten days is no month; June to October are, from the first step of the
    ramp on: 3.33 × (1 + … + 5) = 50 of 75 orders. Entered in October, it has no whole month yet, and no replay."""
    connection = warehouse._memory
    assert connection is not None
    entered = "UPDATE mart.market_entry SET entered_on = ? WHERE market = 'GB'"
    try:
        connection.execute(entered, [date(2026, 5, 21)])
        replay = planned(warehouse, "GB").replay
        connection.execute(entered, [date(2026, 10, 21)])
        connection.execute("DELETE FROM mart.market_entry WHERE market = 'GB' AND month < DATE '2026-10-01'")
        assert planned(warehouse, "GB").replay is None
    finally:
        emptied(warehouse)
        fill(warehouse)
    assert replay is not None
    assert [one.month.month for one in replay.months] == [6, 7, 8, 9, 10]
    assert replay.starts["orders"].origin == "median of DE, BE, NL, May 2025 to April 2026"
    assert replay.came("orders") == 75
    assert round(replay.planned("middle", "orders"), 6) == 50


def test_nothing_after_the_entry_changes_the_replays_plan(warehouse: DuckDB) -> None:
    """Another summer leaves what would have been planned in May as it is."""
    before = planned(warehouse, "IT").replay
    connection = warehouse._memory
    assert connection is not None
    for table, column in (
        ("market_entry", "month"),
        ("orders", "date"),
        ("sales", "date"),
        ("marketing_daily", "date"),
    ):
        connection.execute(
            f"DELETE FROM mart.{table} WHERE {column} >= DATE '2026-05-01' AND market IN ('DE', 'BE', 'NL')"
        )
    try:
        after = planned(warehouse, "GB").replay
    finally:
        emptied(warehouse)
        fill(warehouse)
    assert before is not None
    assert after is not None
    assert [one.planned for one in after.months] == [one.planned for one in before.months]


def test_where_no_market_was_entered_it_says_so(warehouse: DuckDB) -> None:
    with holding(warehouse, {"FR": 50, "BE": 5}):
        assert planned(warehouse, "IT").replay is None


def test_without_an_order_there_is_no_plan(warehouse: DuckDB) -> None:
    with holding(warehouse, {}), pytest.raises(SettingsError, match="there are no orders to plan with yet"):
        planned(warehouse, "IT")


def test_few_orders_say_nothing(warehouse: DuckDB) -> None:
    """Two orders a month abroad are under thirty a year: all markets together speak."""
    with holding(warehouse, {"FR": 50, "BE": 2}):
        start = planned(warehouse, "IT").starts
    assert start["price"].origin == "your figures: FR, BE, November 2025 to October 2026"
    assert start["orders"].kind == start["low_orders"].kind == "assumption"


def test_of_a_handful_of_orders_everything_is_an_assumption(warehouse: DuckDB) -> None:
    """Two orders a month are 24 in the last year, less than 30: what they say is taken, and to be confirmed; three are 36."""
    with holding(warehouse, {"FR": 2}):
        few = planned(warehouse, "IT").starts
    with holding(warehouse, {"FR": 3}):
        enough = planned(warehouse, "IT").starts
    names = ("price", "goods", "shipping_charged", "refunds", "resold", "returns")
    assert {few[name].kind for name in names} == {"assumption"}
    assert few["price"].origin == "of few orders (24): please confirm"
    assert {enough[name].kind for name in names} == {"own"}
    assert [few[name].value for name in names] == [enough[name].value for name in names]


def test_the_markets_there_are(warehouse: DuckDB) -> None:
    insert(
        warehouse,
        "marketing_daily",
        [{"market": "PT", "date": date(2026, 10, 3), "sessions": 70, "purchases": 0, "ad_cost_base": 0}],
    )
    coming = company(markets={"ES": Market(entered_on=date(2027, 2, 1))})
    entered, possible = markets_of(warehouse, coming, TODAY)
    assert [(one.market, one.is_home) for one in entered] == [
        ("FR", True),
        ("DE", False),
        ("BE", False),
        ("NL", False),
        ("GB", False),
    ]
    assert entered[0].orders == 1200
    assert entered[0].net_sales == 1200 * 90
    assert [(one.market, one.visits, one.entered_on) for one in possible] == [
        ("ES", 0, date(2027, 2, 1)), ("PT", 70, None)
    ]  # fmt: skip
    assert plan_market(warehouse, coming, "ES", today=TODAY).start == date(2027, 2, 1)


def test_a_market_that_was_entered_is_not_home(warehouse: DuckDB) -> None:
    """FR sells most, and the company says that it entered it: home is the next one. Of entered ones alone none is."""
    left = company(markets={"FR": Market(entered_on=date(2025, 1, 1))})
    entered, _ = markets_of(warehouse, left, TODAY)
    assert [one.market for one in entered if one.is_home] == ["DE"]
    starts = plan_market(warehouse, left, "IT", today=TODAY).starts
    assert starts["price"].origin == "your figures: FR, BE, NL, GB, November 2025 to October 2026"
    with holding(warehouse, {"FR": 100}):
        assert not markets_of(warehouse, left, TODAY)[0][0].is_home
        starts = plan_market(warehouse, left, "IT", today=TODAY).starts
    assert starts["price"].origin == "your figures: FR, November 2025 to October 2026"


@pytest.mark.parametrize("page", ["plan.md", "plan.fr.md"])
def test_the_docs_list_every_value(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    listed = text.split("<!-- inputs -->")[1].split("<!-- end -->")[0]
    assert re.findall(r"^\| `(\w+)` \|", listed, re.MULTILINE) == list(INPUTS)


def test_a_plan_in_dinars_has_their_thousandths() -> None:
    """Of the company's money and of the market's; a rate as core has it, so that a rupiah is worth more than nothing."""
    dinars_and_yen = {"money": "KWD", "market_money": "JPY"}
    assert rounded("visit_cost", D("0.0451"), dinars_and_yen) == D("0.045")
    assert rounded("price", D("1234.5"), dinars_and_yen) == 1234
    found = marts()
    found.execute(
        "INSERT INTO mart.rates (date, currency, rate) SELECT DATE '2026-11-01', 'IDR', CAST(0.00001885 AS DECIMAL(18, 8))"
    )
    plan = plan_market(found, company(currency="KWD"), "ID", today=TODAY)
    assert plan.values["rate"] == D("0.00001885")
    assert in_language(_typed("rate", D("0.00001885"), plan.currencies), "fr") == "0,00001885"
    assert [_typed(name, D("12.345"), plan.currencies) for name in ("goods", "orders", "fees")] == [
        "12.345",
        "12.3",
        "1,234.5%",
    ]
    assert '"decimals": {"money": 3, "market_money": 2}' in plan_page(plan)
    with pytest.raises(SettingsError, match="KWD is the company's own currency: its rate is 1"):
        plan_market(found, company(currency="KWD"), "ID", currency="KWD", said={"rate": D("0.002")}, today=TODAY)
    found.close()
