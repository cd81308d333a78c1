"""Tables of which only the months that have changed are made are those that are made anew, to the last row.

What is written for BigQuery runs here in DuckDB, which can do it in no time, over the happenings of test_by_rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any, ClassVar

import pytest
import time_machine

from echannel_connectors import DuckDB
from echannel_connectors.events import ignore
from echannel_connectors.models import months
from echannel_connectors.models.build import build
from echannel_connectors.models.made import Made
from tests.models.test_by_rows import COMPANY, SOURCES, Scenes, Trade, run

MADE = {"mart.sales", "mart.orders", *months.MONTHLY}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ByMonths(DuckDB):
    """DuckDB, spoken to as BigQuery is."""

    by_rows = False
    by_months: ClassVar[bool] = True


class OfTwoYears(Trade):
    """A month of it has few rows, so that others are left alone."""

    days = 700


def watched(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """However small the company, and however much has changed; the tables that were made by months, of each build."""
    told: list[set[str]] = []
    plain, of = months.bring_up_to_date, months._of

    def watching(*given: Any) -> list[str]:
        told.append(set())
        return plain(*given)

    def made(one: Made, of_which: Any) -> Iterator[str]:
        told[-1].add(one.name)
        return of(one, of_which)

    monkeypatch.setattr(months, "FEW", 0)
    monkeypatch.setattr(months, "ONE_IN", 0)
    monkeypatch.setattr(months, "bring_up_to_date", watching)
    monkeypatch.setattr(months, "_of", made)
    return told


def rebuilt(scenes: Scenes, told: list[set[str]]) -> set[str]:
    """What was made by months; all tables are as if made anew."""
    told.clear()
    scenes.pair.build()
    assert scenes.pair.differing() == {}
    return told[0]


def test_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    by_months = set[str]().union(*run(OfTwoYears(1), watched(monkeypatch), 2, ByMonths))
    assert by_months == MADE


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 8))
def test_they_are_the_same_in_many_companies(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "mart.sales" in set[str]().union(*run(OfTwoYears(number), watched(monkeypatch), 8, ByMonths))


@pytest.mark.slow
def test_what_happens_to_one_order_shows_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    told, scenes = watched(monkeypatch), Scenes(ByMonths)
    scenes.begin()
    with time_machine.travel(NOON, tick=True):
        scenes.pair.build()
        for name in [name for name in vars(Scenes) if name.startswith(("a_", "an_", "two_", "the_", "ga4_"))]:
            figure = getattr(scenes, name)()
            assert "mart.orders" in rebuilt(scenes, told) or "waiting_invoices" in figure, name


@pytest.mark.slow
def test_a_day_that_comes_shows_the_year_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has happened in that month, this year or last year, nor has a rate."""
    told, scenes = watched(monkeypatch), Scenes(ByMonths)
    scenes.order(1, currency="EUR")
    scenes.order(8, currency="EUR", order_date=date(2025, 3, 5), ordered_at=datetime(2025, 3, 5, tzinfo=UTC))
    with time_machine.travel(NOON, tick=True):
        scenes.pair.build()
    with time_machine.travel(datetime(2026, 3, 6, 12, tzinfo=UTC), tick=True):
        scenes.order(1, currency="EUR", total_net=D(11))
        assert "mart.sales_daily" in rebuilt(scenes, told)
    sql = "SELECT orders_last_year FROM mart.sales_daily WHERE date = DATE '2026-03-05'"
    assert scenes.pair.kept.query(sql).read_all()["orders_last_year"].to_pylist() == [1]


@pytest.mark.slow
def test_a_build_that_stops_half_way_is_done_again_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Core has changed already, and its digests no longer tell what sales lack."""
    told, scenes = watched(monkeypatch), Scenes(ByMonths)
    scenes.begin()
    plain = months._affected

    def stopped(*_: Any) -> None:
        raise RuntimeError("the machine is switched off")

    with time_machine.travel(NOON, tick=True):
        scenes.pair.build()
        scenes.an_earlier_order_of_the_same_person_comes()
        monkeypatch.setattr(months, "_affected", stopped)
        with pytest.raises(RuntimeError):
            scenes.pair.build()
        monkeypatch.setattr(months, "_affected", plain)
        assert set(scenes.pair.differing()) == {"core.orders", "core.sold_orders"}  # these are new already
        assert rebuilt(scenes, told) == set()
        scenes.a_line_goes()
        assert rebuilt(scenes, told) == MADE


@pytest.mark.slow
def test_a_build_that_another_has_overtaken_says_nothing_of_its_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the two wrote last is not known: the next one makes everything anew."""
    told, scenes = watched(monkeypatch), Scenes(ByMonths)
    scenes.begin()
    plain = months._affected

    def overtaken(*given: Any) -> Any:
        monkeypatch.setattr(months, "_affected", plain)
        build(scenes.pair.kept, SOURCES, COMPANY, None, ignore)  # type: ignore[arg-type]  # what build needs of them
        scenes.pair.kept.execute("UPDATE echannel.meta SET value = '{}' WHERE name = 'built'")  # it has begun only
        return plain(*given)

    with time_machine.travel(NOON, tick=True):
        scenes.pair.build()
        scenes.a_line_goes()
        monkeypatch.setattr(months, "_affected", overtaken)
        scenes.pair.build()
        assert rebuilt(scenes, told) == set()


@pytest.mark.slow
def test_a_company_without_many_rows_or_with_much_news_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    told, scenes = watched(monkeypatch), Scenes(ByMonths)
    scenes.begin()
    with time_machine.travel(NOON, tick=True):
        scenes.pair.build()
        for setting, value in (("FEW", 1_000), ("ONE_IN", 3)):  # all of its lines are of one month
            monkeypatch.setattr(months, "FEW", 0)
            monkeypatch.setattr(months, "ONE_IN", 0)
            monkeypatch.setattr(months, setting, value)
            scenes.order(3, total_net=D(len(setting)))
            assert rebuilt(scenes, told) == set()


def test_months_are_named_as_few_spans_of_constants() -> None:
    given = [date(2026, 1, 1), date(2025, 12, 1), date(2026, 3, 1), None]
    assert months.within("d", given) == (
        "(d >= DATE '2025-12-01' AND d < DATE '2026-02-01' OR d >= DATE '2026-03-01' AND d < DATE '2026-04-01' OR d IS NULL)"
    )
