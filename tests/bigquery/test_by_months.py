"""BigQuery makes the months that have changed, by statements that name them as constants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
import time_machine
from sqlglot import exp

from echannel_connectors import BigQuery
from echannel_connectors.destinations import commit
from echannel_connectors.events import ignore
from echannel_connectors.models import months
from echannel_connectors.models.build import build
from tests.bigquery.analyser import Analyser
from tests.bigquery.emulator import Door
from tests.bigquery.test_sync import queries, refused, tables_of
from tests.models.test_by_months import MADE, watched
from tests.models.test_by_rows import COMPANY, SOURCES, Pair, Scenes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# Where large tables are read or changed by month, the column that they are partitioned by.
PARTITIONED = {
    "sales": "date", "orders": "date", "core.orders": "order_date", "core.sold_orders": "order_date",
    "core.order_lines": "_month", "core.order_discounts": "_month", "core.refunds": "refund_date",
    "core.traffic": "date", "core.ad_costs": "date", "vat": "month", "promotions": "month", "marketing_daily": "date",
}  # fmt: skip


class Alone(Pair):
    """One warehouse."""

    def __init__(self, into: BigQuery) -> None:
        super().__init__(lambda _: into)

    def tables(self) -> dict[str, list[Any]]:
        sql = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
        names = self.kept.query(sql).read_all()["name"].to_pylist()
        return {name: self.rows_of(name) for name in sorted(names) if name.startswith(("core.", "mart."))}

    def rows_of(self, name: str) -> list[Any]:
        """Its rows as text. The emulator adds up decimals as floats: they are looked at to the millionth."""
        rows = self.kept.query(f"SELECT * FROM {name}").read_all().to_pylist()
        return sorted(str([_plain(value) for column, value in row.items() if column not in CLOCKS]) for row in rows)


# Not the day: it is the same.
STEPS = (
    ("an_order_of_the_same_basket_is_earlier", "a_refund_is_of_another_order", "a_product_has_another_name"),
    ("two_customers_become_one", "a_line_goes"),
    ("an_order_moves_to_another_month", "a_rate_is_told", "an_order_goes"),
)
CLOCKS = ("lag_hours",)


def _plain(value: Any) -> Any:
    return round(value, 6).normalize() if isinstance(value, Decimal) else value


def test_what_months_hold_is_what_a_build_as_a_whole_makes(
    bigquery: BigQuery, door: Door, google: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over several builds; each statement of them is accepted by Google's analyser, and names its months."""
    told, scenes = watched(monkeypatch), Scenes()
    scenes.pair = Alone(bigquery)
    scenes.begin()
    scenes.order(8, customer_id="4", order_date=date(2025, 5, 3), ordered_at=datetime(2025, 5, 3, tzinfo=UTC))
    scenes.line(8)
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=True):
        scenes.pair.build()
        for happenings in STEPS:
            told.clear()
            door.seen.clear()
            for name in happenings:
                getattr(scenes, name)()
            scenes.pair.build()
            assert told == [MADE], happenings
        sent = [sql for sql in queries(door) if "_digest" in sql or "mart" in sql]
        by_months = scenes.pair.tables()
        bigquery.execute(commit.UNSIGNED)
        scenes.pair.build()
        assert told[-1] == set()
        whole = scenes.pair.tables()
    assert {name: (rows, whole[name]) for name, rows in by_months.items() if rows != whole[name]} == {}
    open("/tmp/bq/sent.sql", "w").write("\n-----\n".join(sent))
