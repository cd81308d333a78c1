"""What entering a market would bring: plan_market() from the company's own figures, tried out on its past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from echannel_connectors.days import shift_months
from echannel_connectors.destinations import Warehouse
from echannel_connectors.errors import SettingsError
from echannel_connectors.models.company import CURRENCIES, Company
from echannel_connectors.plan.currencies import CURRENCY
from echannel_connectors.plan.inputs import Start, with_values
from echannel_connectors.plan.model import CASES, Case, Forecast, Season, forecast
from echannel_connectors.plan.own import ZERO, Figures, figures_of, months_before, rate_on
from echannel_connectors.plan.replay import Replay, replayed
from echannel_connectors.plan.starting import basis_of, season_of, starting
from echannel_connectors.texts import say

__all__ = ["Entered", "Plan", "Possible", "markets_of", "plan_market"]

MONTHS = 24
MOST_MONTHS = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """A market's plan: each input with its origin, the season, and what was found when it was tried out on the past."""

    company: Company
    market: str
    currency: str
    today: date
    start: date
    months: int
    starts: Mapping[str, Start]
    season: Season
    replay: Replay | None

    @property
    def values(self) -> dict[str, Decimal]:
        return {name: one.value for name, one in self.starts.items()}

    @property
    def currencies(self) -> dict[str, str]:
        """Of the company's money and of the market's."""
        return {"money": self.company.currency, "market_money": self.currency}

    @property
    def assumptions(self) -> list[str]:
        """The inputs that nobody has confirmed."""
        return [name for name, one in self.starts.items() if one.kind == "assumption"]

    def forecast(self, case: Case) -> Forecast:
        return forecast(self.values, case, self.season, self.start, self.months)

    def cases(self) -> dict[Case, Forecast]:
        return {case: self.forecast(case) for case in CASES}

    def speaking(self, language: str) -> Plan:
        return replace(self, company=self.company.model_copy(update={"language": language}))


@dataclass(frozen=True, slots=True)
class Entered:
    """A market that sells: since when, and its last twelve whole months (no contribution where too few of the sales
    have a known cost). Where something was invested, the months until it was back; None while it is not."""

    market: str
    since: date
    orders: Decimal
    net_sales: Decimal
    contribution: Decimal | None
    is_invested: bool
    months_to_break_even: int | None
    is_home: bool


@dataclass(frozen=True, slots=True)
class Possible:
    """A market without a sale: visits of the last twelve months, and the day of entry where echannel.yaml tells it."""

    market: str
    visits: Decimal
    entered_on: date | None


def plan_market(
    into: Warehouse,
    company: Company,
    market: str,
    *,
    said: Mapping[str, Decimal] | None = None,
    start: date | None = None,
    months: int = MONTHS,
    currency: str | None = None,
    today: date | None = None,
) -> Plan:
    """The plan of a market (ISO code). `said` are values that take the place of what the figures say.

    Raises SettingsError for what is no country, for a currency of unknown worth, and where there are no orders yet.
    """
    said, figures = said or {}, figures_of(into, company, today or company.today())
    currency = currency or figures.currencies.get(market) or CURRENCY.get(market)
    if currency is None:
        hint = say("say its currency with --currency, such as --currency EUR")
        raise SettingsError(say("{market!r} is no country that we know a currency of", market=market), hint=hint)
    if currency not in CURRENCIES:
        raise SettingsError(say("{code!r} is not a currency; use its ISO code, such as EUR or GBP", code=currency))
    if currency == company.currency and said.get("rate", 1) != 1:
        raise SettingsError(
            say("{currency} is the company's own currency: its rate is 1", currency=currency),
            hint=say("a rate is what one unit of another currency is worth in {currency}", currency=currency),
        )
    rate = rate_on(into, currency, company, figures.today)
    if rate is None and "rate" not in said:
        sentence = say("nothing tells what one {currency} is worth in {base}", currency=currency, base=company.currency)
        raise SettingsError(
            sentence, hint=say("say it with --set rate=…, or read the central bank's rates (connector: ecb)")
        )
    basis = basis_of(figures, market, figures.this_month)
    starts = starting(basis, currency, rate or (said["rate"], figures.today))
    return Plan(
        company=company, market=market, currency=currency, today=figures.today,
        start=start or _start(figures, market), months=months, starts=with_values(starts, said),
        season=season_of(basis), replay=replayed(into, figures, market),
    )  # fmt: skip


def markets_of(into: Warehouse, company: Company, today: date | None = None) -> tuple[list[Entered], list[Possible]]:
    """The markets there are: those that sell, the largest first, and those that could."""
    figures = figures_of(into, company, today or company.today())
    year, sold = months_before(figures.this_month), figures.markets()
    home = figures.home(year) or figures.home()
    invested = {market for (market, _), one in figures.sums.items() if one.get("investment")}

    def total(name: str, market: str) -> Decimal:
        return figures.total(name, [market], year)

    entered = [
        Entered(
            market, figures.began[market], total("orders", market), total("net", market) + total("refunds", market),
            total("contribution", market) if figures.knows_costs([market], year) else None, market in invested,
            figures.paid_back.get(market) if market in invested else None, is_home=market == home,
        )
        for market in sold
    ]  # fmt: skip
    named = [name for name in company.markets if name not in sold]
    others = [name for name in figures.visited() if name not in named]
    possible = []
    for market in named + others:
        day = company.markets[market].entered_on if market in company.markets else None
        possible.append(
            Possible(market, total("sessions", market) + figures.at(market, figures.this_month, "sessions"), day)
        )
    return entered, possible


def _start(figures: Figures, market: str) -> date:
    """The next month, or the month of an entry that is still to come."""
    known = figures.company.markets.get(market)
    coming = known.entered_on if known else None
    following = shift_months(figures.this_month, 1)
    return (
        max(following, coming.replace(day=1))
        if coming and figures.at(market, following, "orders") == ZERO
        else following
    )
