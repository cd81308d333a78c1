"""The company's own figures by market and month, as sums: what plans start from, and replays are held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from echannel_connectors.days import shift_months
from echannel_connectors.destinations import Warehouse
from echannel_connectors.models.company import Company
from echannel_connectors.review.asking import marts_of

ZERO = Decimal(0)
COSTS_KNOWN = Decimal("0.8")  # of sales, under which margins say nothing: where the check costs_known says act
MONTH = "CAST(date_trunc('month', date) AS DATE)"
ENTRY = """SELECT market, month, entered_on, orders, net_base, refunds_base, margin_base, cost_known_net_base,
    refunds_margin_base, shipping_base, shipping_cost_base, fees_base, packaging_base, marketing_cost_base,
    entered_costs_base, contribution_base, investment_base, months_to_break_even
    FROM mart.market_entry WHERE market <> ''"""
PAID = f"""SELECT market, {MONTH} AS month, currency, count(*) AS counted, sum(tax_base) AS tax,
    sum(CAST(round(CAST(total_gross AS DECIMAL(38, 6)) * fx_rate, 6) AS DECIMAL(18, 6))) AS gross
    FROM mart.orders WHERE market <> '' GROUP BY market, {MONTH}, currency"""
UNITS = f"""SELECT market, {MONTH} AS month, sum(CASE WHEN kind = 'sale' THEN quantity ELSE 0 END) AS units,
    sum(CASE WHEN kind = 'refund' THEN -quantity ELSE 0 END) AS returned
    FROM mart.sales WHERE market <> '' GROUP BY market, {MONTH}"""
VISITS = f"""SELECT market, {MONTH} AS month, sum(sessions) AS sessions, sum(purchases) AS purchases,
    sum(CASE WHEN ad_cost_base > 0 THEN sessions ELSE 0 END) AS paid_sessions
    FROM mart.marketing_daily WHERE market <> '' GROUP BY market, {MONTH}"""
RATES = "SELECT date, rate FROM mart.rates WHERE currency = $currency"
RULES = "SELECT DISTINCT kind FROM core.cost_rules WHERE _deleted_at IS NULL"
# The columns of ENTRY and the others, by the names that they have here; all in the company's currency.
NAMES = {
    "net_base": "net", "refunds_base": "refunds", "margin_base": "margin", "cost_known_net_base": "known",
    "refunds_margin_base": "refunds_margin", "shipping_base": "charged", "shipping_cost_base": "shipping",
    "fees_base": "fees", "packaging_base": "packaging", "marketing_cost_base": "advertising",
    "entered_costs_base": "fixed", "contribution_base": "contribution", "investment_base": "investment",
}  # fmt: skip

Key = tuple[str, date]  # market and month


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums by market and month, when each market began, what its orders are paid in, and which cost rules there are."""

    company: Company
    today: date
    sums: Mapping[Key, Mapping[str, Decimal]]
    began: Mapping[str, date]
    currencies: Mapping[str, str]
    paid_back: Mapping[str, int | None]  # months until the investment was earned back
    rules: frozenset[str]

    @property
    def this_month(self) -> date:
        return self.today.replace(day=1)

    @property
    def first_month(self) -> date | None:
        """The first month with an order."""
        return min((month for (_, month), one in self.sums.items() if one.get("orders")), default=None)

    def total(self, name: str, markets: Iterable[str], months: Sequence[date]) -> Decimal:
        return sum((self.at(market, month, name) for market in markets for month in months), ZERO)

    def at(self, market: str, month: date, name: str) -> Decimal:
        return self.sums.get((market, month), {}).get(name, ZERO)

    def markets(self, months: Sequence[date] | None = None) -> list[str]:
        """The markets with an order (in these months), the largest first."""
        wanted = None if months is None else set(months)
        net: dict[str, Decimal] = {}
        for (market, month), one in self.sums.items():
            if one.get("orders") and (wanted is None or month in wanted):
                net[market] = net.get(market, ZERO) + one.get("net", ZERO)
        return sorted(net, key=lambda market: (-net[market], market))

    def home(self, months: Sequence[date] | None = None) -> str | None:
        """The largest market but for those that the company says it entered; None where it says so of all."""
        entered = {name for name, one in self.company.markets.items() if one.entered_on}
        return next((market for market in self.markets(months) if market not in entered), None)

    def knows_costs(self, markets: Iterable[str], months: Sequence[date]) -> bool:
        """Whether enough of the sales have a known cost: a contribution without would be too low by all the others."""
        names = list(markets)
        return self.total("known", names, months) >= self.total("net", names, months) * COSTS_KNOWN

    def visited(self) -> list[str]:
        """Markets from which people come without having bought, the most visits first."""
        sold, visits = set(self.markets()), dict[str, Decimal]()
        for (market, _), one in self.sums.items():
            if market not in sold and one.get("sessions"):
                visits[market] = visits.get(market, ZERO) + one["sessions"]
        return sorted(visits, key=lambda market: (-visits[market], market))


def months_before(at: date, count: int = 12) -> list[date]:
    """The whole months before a month, the earliest first."""
    return [shift_months(at, n) for n in range(-count, 0)]


def figures_of(into: Warehouse, company: Company, today: date) -> Figures:
    """What the marts hold. Raises the warehouse's own error where there are none yet."""
    marts_of(into)  # says what to do where nothing was synced
    sums: dict[Key, dict[str, Decimal]] = {}
    began: dict[str, date] = {}
    back: dict[str, int | None] = {}
    paid: dict[str, dict[str, int]] = {}
    with into.hold():
        for row in _rows(into, ENTRY):
            back[row["market"]] = row["months_to_break_even"]
            if row["entered_on"]:  # of every market that has sold
                began[row["market"]] = row["entered_on"]
            named = {NAMES.get(name, name): value for name, value in row.items() if isinstance(value, Decimal | int)}
            sums[row["market"], row["month"]] = {name: Decimal(value) for name, value in named.items()}
        for sql in (PAID, UNITS, VISITS):
            for row in _rows(into, sql):
                one = sums.setdefault((row["market"], row["month"]), {})
                if currency := row.pop("currency", None):
                    count = paid.setdefault(row["market"], {})
                    count[currency] = count.get(currency, 0) + row.pop("counted")
                for name, value in row.items():
                    if name not in ("market", "month"):
                        one[name] = one.get(name, ZERO) + Decimal(value or 0)
        rules = frozenset(row["kind"] for row in _rows(into, RULES))
    currencies = {market: max(sorted(found), key=lambda code: found[code]) for market, found in paid.items()}
    return Figures(company, today, sums, began, currencies, back, rules)


def rate_on(into: Warehouse, currency: str, company: Company, day: date) -> tuple[Decimal, date] | None:
    """What one unit of a currency was worth on a day, and the day which says so; None where nothing does."""
    if currency == company.currency:
        return Decimal(1), day
    found = into.query(RATES, {"currency": currency}).read_all().to_pylist()
    on = max((row["date"] for row in found if row["date"] <= day), default=None)
    return next(((row["rate"], on) for row in found if row["date"] == on), None) if on else None


def _rows(into: Warehouse, sql: str) -> Iterator[dict[str, Any]]:  # as the columns are
    yield from into.query(sql).read_all().to_pylist()
