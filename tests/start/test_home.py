"""The first figures of a project, against sums done by hand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import Company, DuckDB, events
from echannel_connectors.days import shift_months
from echannel_connectors.models.build import build
from echannel_connectors.project import load
from echannel_connectors.start.home import home


def first_figures(folder: Path, sales: dict[date, str]) -> Any:
    """The first figures of a company that sold for so much on these days, each with a refund of 1."""
    (folder / "echannel.yaml").write_text("version: 1\nsources: {}\n", encoding="utf-8")
    into = DuckDB(folder / "echannel.duckdb")
    build(into, [], Company(), None, events.ignore)
    into.execute(
        *(
            "INSERT INTO mart.sales_daily BY NAME "
            f"SELECT DATE '{day}' AS date, {net} AS net_base, -1 AS refunds_base, 1 AS orders, 1 AS new_customers"
            for day, net in sales.items()
        )
    )
    return home(load(folder), "en")["figures"]


@pytest.mark.parametrize("late", [0, 7, 8])
def test_a_year_that_is_not_there_whole_is_compared_with_nothing(tmp_path: Path, late: int) -> None:
    """A shop that is read from a day in the middle of the year before has not grown by what was not read. A week without
    a sale at its beginning is no such thing, as on the pages."""
    today = Company().today()
    first = shift_months(today, -24) + timedelta(days=1 + late)
    values = first_figures(tmp_path, {first: "50", shift_months(today, -12): "30", today: "101"})["values"]
    assert values["net_sales"] == [100.0, None if late > 7 else 78.0]  # 101 − 1, and 50 − 1 + 30 − 1
    assert values["orders"] == [1, None if late > 7 else 2]


def test_a_month_without_a_sale_is_one_of_nothing(tmp_path: Path) -> None:
    """A sale of 20 four months ago, a refund two months ago, a sale of 3 today: five months, none left out."""
    today = Company().today()
    months = [shift_months(today.replace(day=1), n) for n in range(-4, 1)]
    found = first_figures(tmp_path, {months[0]: "20", months[2]: "0", today: "3"})
    told = [(one["month"], one["net_sales"]) for one in found["months"]]
    assert told == list(zip(map(str, months), [19, 0, -1, 0, 2], strict=True))


def test_an_order_counts_twice_only_where_the_shop_counts_it(tmp_path: Path) -> None:
    """Of three orders that the shop sent on, one is not paid there: the ERP's own counts alone."""
    (tmp_path / "echannel.yaml").write_text(
        "version: 1\nsources:\n  shop: {connector: prestashop, url: 'http://127.0.0.1:9', key: K}\n"
        "  erp: {connector: tryton, url: 'postgresql://127.0.0.1:9/erp'}\n",
        encoding="utf-8",
    )
    into = DuckDB(tmp_path / "echannel.duckdb")
    build(into, [], Company(), None, events.ignore)
    orders = [("shop", n, n < 3) for n in (1, 2, 3)] + [("erp", n, True) for n in (1, 2, 3, 4)]
    into.execute(
        *(
            f"""INSERT INTO core.orders BY NAME SELECT '{source}' AS source, '{n}' AS order_id, {is_sale} AS is_sale,
            'R{n}' AS {"reference" if source == "shop" else "web_reference"}"""
            for source, n, is_sale in orders
        )
    )
    [double] = home(load(tmp_path), "en")["doubles"]
    assert double["sentence"] == "2 orders of erp are orders of shop, too: they count twice."
