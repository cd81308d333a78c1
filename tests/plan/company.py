"""A company whose figures can be worked out in the head: every order is alike, every month of a market too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from echannel_connectors import Company, DuckDB
from echannel_connectors.days import shift_months
from echannel_connectors.plan.model import CASES
from tests.review.marts import empty_marts, insert

TODAY = date(2026, 11, 26)
PER_MONTH = {"FR": 100, "BE": 20, "NL": 10, "DE": 30, "GB": 15}  # orders
FIRST = date(2025, 1, 1)
ENTRY = {"GB": date(2026, 5, 1)}  # the others sell since the first month
# One order: goods 100 without tax and 20 tax, cost 60, of which a tenth is refunded and half of that sold again.
ORDER = {
    "net_base": 100, "refunds_base": -10, "margin_base": 40, "cost_known_net_base": 100, "refunds_margin_base": -7,
    "shipping_base": 6, "shipping_cost_base": 8, "fees_base": 3, "packaging_base": 1,
}  # fmt: skip
LEFT = 40 - 7 + 6 - 8 - 3 - 1  # contribution of an order
FIXED, INVESTMENT = 200, 3000  # what the company entered for GB: each month after the entry, and in the month of it
GB_RATE = Decimal("1.25")

# Values whose plan can be worked out by hand (tests/plan/test_model.py does).
VALUES: Mapping[str, Decimal] = {
    name: Decimal(text)
    for name, text in {
        "price": "120", "orders": "10", "ramp": "2", "season": "0", "advertising": "100", "visit_cost": "0.5",
        "conversion": "0.02", "tax": "0.2", "duty": "0.04", "rate": "1.25", "goods": "50", "shipping_charged": "6",
        "shipping_paid": "9", "packaging": "1", "fees": "0.02", "refunds": "0.1", "resold": "0.5", "returns": "0.08",
        "return_cost": "10", "fixed": "200", "investment": "500", "stock_months": "1", "low_orders": "-0.5",
        "high_orders": "0.5", "price_spread": "0.1", "cost_spread": "0.2",
    }.items()
}  # fmt: skip
NO_SEASON = (Decimal(1),) * 12
ALL_CASES = CASES


def company(**more: Any) -> Company:
    return Company(name="Maison Léa", **more)


def months(market: str, today: date = TODAY) -> Iterator[date]:
    month = ENTRY.get(market, FIRST)
    while month <= today:
        yield month
        month = shift_months(month, 1)


def marts(today: date = TODAY, markets: Mapping[str, int] = PER_MONTH) -> DuckDB:
    """The company's marts, as a sync would leave them."""
    warehouse = empty_marts()
    fill(warehouse, today, markets)
    return warehouse


def project(folder: Path, *, language: str = "en", today: date | None = None, yaml: str = "") -> Path:
    """A project on disk that was synced today."""
    named = f"company: {{name: Maison Léa, language: {language}}}\nsources: {{}}\n{yaml}"
    (folder / "echannel.yaml").write_text(named, encoding="utf-8")
    warehouse = marts(today or datetime.now(ZoneInfo("Europe/Paris")).date())
    connection = warehouse._memory
    assert connection is not None
    connection.execute(f"ATTACH '{folder / 'echannel.duckdb'}' AS kept")
    connection.execute("COPY FROM DATABASE memory TO kept; DETACH kept")
    warehouse.close()
    return folder


def fill(warehouse: DuckDB, today: date = TODAY, markets: Mapping[str, int] = PER_MONTH) -> None:
    entry, orders, sales, visits = [], [], [], []
    for market, count in markets.items():
        for since, month in enumerate(months(market, today)):
            is_entered = market in ENTRY
            own = {"entered_costs_base": FIXED if is_entered and since else 0,
                   "investment_base": INVESTMENT if is_entered and not since else 0}  # fmt: skip
            sums = {name: value * count for name, value in ORDER.items()}
            entry.append({
                "market": market, "month": month, "entered_on": ENTRY.get(market, FIRST), "orders": count, "baskets": count,
                **sums, "marketing_cost_base": 0, **own, "contribution_base": LEFT * count - own["entered_costs_base"],
                "months_to_break_even": None,
            })  # fmt: skip
            currency, rate = ("GBP", GB_RATE) if market == "GB" else ("EUR", Decimal(1))
            orders += [
                {"market": market, "date": month, "currency": currency, "fx_rate": rate, "order_id": f"{market}{month}{n}",
                 "total_gross": Decimal(126) / rate, "tax_base": 20} for n in range(count)
            ]  # fmt: skip
            sales.append({"market": market, "date": month, "kind": "sale", "quantity": 10 * count})
            sales.append({"market": market, "date": month, "kind": "refund", "quantity": -count})
            if month >= date(2026, 8, 1):
                visits.append(
                    {"market": market, "date": month, "sessions": 40 * count, "purchases": count, "ad_cost_base": 0}
                )
    insert(warehouse, "market_entry", entry)
    insert(warehouse, "orders", orders)
    insert(warehouse, "sales", sales)
    insert(warehouse, "marketing_daily", visits)
    days = [FIRST + timedelta(days=n) for n in range((today - FIRST).days + 1)]
    insert(warehouse, "rates", [{"date": day, "currency": "GBP", "rate": GB_RATE, "known_on": day} for day in days])
