"""What a plan for a market starts from: the company's own figures, its cost rules, or an assumption to be confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from echannel_connectors.days import Span
from echannel_connectors.errors import SettingsError
from echannel_connectors.plan.inputs import INPUTS, Currencies, Kind, Start, rounded
from echannel_connectors.plan.model import Season
from echannel_connectors.plan.own import ZERO, Figures, months_before
from echannel_connectors.review import words
from echannel_connectors.texts import Text, say

ONE = Decimal(1)
FEW = 30  # orders under which a figure says nothing (FACTS, 0)
LATELY = 3  # months whose orders say how many come now
RAMP, PRICE_SPREAD, COST_SPREAD, ORDERS_SPREAD = 6, Decimal("0.05"), Decimal("0.1"), Decimal("0.3")
CONFIRM = say("assumption: please confirm")


@dataclass(frozen=True, slots=True)
class Basis:
    """The markets and months whose figures a plan starts from; `is_own` where they are of the market itself."""

    figures: Figures
    market: str
    at: date
    markets: tuple[str, ...]
    months: tuple[date, ...]
    abroad: tuple[str, ...]  # the other markets abroad with enough orders
    is_own: bool

    def sum(self, name: str) -> Decimal:
        return self.figures.total(name, self.markets, self.months)

    def ratio(self, above: Decimal, below: Decimal) -> Decimal | None:
        return above / below if below else None

    @property
    def said(self) -> Text:
        return _said(self.markets, self.months)


def basis_of(figures: Figures, market: str, at: date) -> Basis:
    """The figures of the market itself where it has enough orders in the twelve whole months before `at`; else those of
    the other markets abroad; else of all. Raises SettingsError where nobody has ordered yet."""
    first = figures.first_month
    months = [month for month in months_before(at) if first and first <= month]
    known = figures.markets(months)
    if not known:
        raise SettingsError(say("there are no orders to plan with yet"), hint=say("run `echannel sync` first"))
    home = figures.home(months)
    abroad = tuple(name for name in known if name not in (home, market) and _orders(figures, [name], months) >= FEW)
    is_own = _orders(figures, [market], months) >= FEW
    chosen = (market,) if is_own else abroad or tuple(known)
    # A month without an order counts once there was one: left out, it would make the others look like every month.
    begun = next(n for n, month in enumerate(months) if figures.total("orders", chosen, [month]))
    return Basis(figures, market, at, chosen, tuple(months[begun:]), abroad, is_own)


def starting(
    basis: Basis, currency: str, rate: tuple[Decimal, date], costs_until: date | None = None
) -> dict[str, Start]:
    """The value of every input, for a market that pays in `currency`. `costs_until`: costs that the company entered for
    that month or later are not known."""
    currencies = {"money": basis.figures.company.currency, "market_money": currency}
    advertising = _advertising(basis)
    cost, rate_of = (rounded(name, advertising[name][0], currencies) for name in ("visit_cost", "conversion"))
    buys = rate_of / cost if cost else ZERO
    found = {
        **_sales(basis, currencies, rate), **_volume(basis, buys), **advertising, **_order(basis),
        **_fixed(basis, costs_until), "season": _season_start(basis),
        "price_spread": (PRICE_SPREAD, "assumption", CONFIRM), "cost_spread": (COST_SPREAD, "assumption", CONFIRM),
    }  # fmt: skip
    return {name: _start(name, currencies, *found[name]) for name in INPUTS}


def season_of(basis: Basis) -> Season:
    """Orders of each calendar month for each of a mean one; ones where no season is known."""
    return _known_season(basis) or (ONE,) * 12


def _known_season(basis: Basis) -> Season | None:
    """From the twelve whole months before; None where fewer are known. A market that began within them is left out: it
    grows, whatever the season."""
    months = months_before(basis.at)
    others = [name for name in basis.figures.markets(months) if basis.figures.began[name] <= months[0]]
    counts = {month.month: basis.figures.total("orders", others, [month]) for month in months}
    total = sum(counts.values(), ZERO)
    if not all(counts.values()) or total < 12 * FEW:
        return None
    return tuple((counts[month] * 12 / total).quantize(Decimal("0.0001")) for month in range(1, 13))


# -- group by group ---------------------------------------------------------------------------------------------------

Found = tuple[Decimal, Kind, Text]


def _start(name: str, currencies: Currencies, value: Decimal, kind: Kind, origin: Text) -> Start:
    one, scale = INPUTS[name], 100 if INPUTS[name].unit == "percent" else 1
    return Start(rounded(name, min(max(value, one.low / scale), one.high / scale), currencies), kind, origin)


def _own(basis: Basis, value: Decimal | None, otherwise: Decimal = ZERO) -> Found:
    if value is None:
        return otherwise, "assumption", CONFIRM
    if (count := basis.sum("orders")) < FEW:
        return value, "assumption", say("of few orders ({n:,.0f}): please confirm", n=count)
    return value, "own", basis.said


def _sales(basis: Basis, currencies: Currencies, rate: tuple[Decimal, date]) -> dict[str, Found]:
    worth, day = rate
    tax = basis.ratio(basis.sum("tax"), basis.sum("net")) or ZERO
    net = basis.ratio(basis.sum("net"), basis.sum("orders")) or ZERO
    tax_start: Found = (tax, "own", basis.said)
    if not basis.is_own:
        tax_start = (
            tax,
            "assumption",
            say("assumption, as in {markets}: please confirm", markets=_listed(basis.markets)),
        )
    known = say("rate of {day}", day=words.day(day))
    return {
        "price": _own(basis, net * (ONE + rounded("tax", tax, currencies)) / worth),
        "tax": tax_start,
        "duty": (ZERO, "assumption", CONFIRM),
        "rate": (worth, "own", known),
        "ramp": (ONE, "own", basis.said) if basis.is_own else (Decimal(RAMP), "assumption", CONFIRM),
    }


def _volume(basis: Basis, buys: Decimal) -> dict[str, Found]:
    """Orders a month that come by themselves: the market's own lately, else the median of the other markets; and how
    far the cases lie from it: those of the weakest and of the strongest other market. `buys`: the orders that a unit of
    advertising brings."""
    spreads: dict[str, Found] = {
        "low_orders": (-ORDERS_SPREAD, "assumption", CONFIRM), "high_orders": (ORDERS_SPREAD, "assumption", CONFIRM)
    }  # fmt: skip
    if basis.is_own:
        months = basis.months[-LATELY:]
        return {"orders": (_pace(basis, basis.market, months, buys), "own", _said(basis.markets, months)), **spreads}
    if len(basis.abroad) < 2:
        return {"orders": (_pace(basis, basis.markets[0], basis.months, buys), "assumption", CONFIRM), **spreads}
    begun = {name: basis.figures.began[name].replace(day=1) for name in basis.abroad}
    paces = {
        name: _pace(basis, name, [one for one in basis.months if one >= begun[name]], buys) for name in basis.abroad
    }
    middle = median(paces.values())
    if middle:
        ends = {"low_orders": min(paces, key=paces.__getitem__), "high_orders": max(paces, key=paces.__getitem__)}
        for name, market in ends.items():
            origin = say("as in {market}, {period}", market=market, period=_period(basis.months))
            spreads[name] = paces[market] / middle - 1, "own", origin
    origin = say("median of {markets}, {period}", markets=_listed(basis.abroad), period=_period(basis.months))
    return {"orders": (middle, "own", origin), **spreads}


def _pace(basis: Basis, market: str, months: Sequence[date], buys: Decimal) -> Decimal:
    """Orders of a market in a month without season, less those that advertising brought by the plan's own formula."""
    season = season_of(basis)
    usual = sum((season[month.month - 1] for month in months), ZERO)
    bought = basis.figures.total("advertising", [market], months) * buys
    return max(ZERO, basis.figures.total("orders", [market], months) - bought) / usual if usual else ZERO


def _advertising(basis: Basis) -> dict[str, Found]:
    """What is spent a month, and what a visit costs and brings: of the market itself, or of all where that is few."""
    figures = basis.figures
    months = [month for month in basis.months if figures.total("sessions", basis.markets, [month])]
    months = months[1:] or months  # measuring may have begun within the first
    if not months:
        nothing: Found = (ZERO, "assumption", CONFIRM)
        return dict.fromkeys(("advertising", "visit_cost", "conversion"), nothing)
    is_enough = figures.total("purchases", basis.markets, months) >= FEW
    markets = list(basis.markets) if is_enough else figures.markets(months)

    def share(above: str, below: str) -> Found:
        found = basis.ratio(figures.total(above, markets, months), figures.total(below, markets, months))
        return (found, "own", _said(markets, months)) if found else (ZERO, "assumption", CONFIRM)

    spent = figures.total("advertising", basis.markets, months) / (len(months) * len(basis.markets))
    return {
        "advertising": (spent, "own", _said(basis.markets, months)),
        "visit_cost": share("advertising", "paid_sessions"),
        "conversion": share("purchases", "sessions"),
    }


def _order(basis: Basis) -> dict[str, Found]:
    orders, net, refunds = basis.sum("orders"), basis.sum("net"), -basis.sum("refunds")
    cost_share = basis.ratio(basis.sum("known") - basis.sum("margin"), basis.sum("known"))
    given_back = refunds + basis.sum("refunds_margin")  # what the goods that came back had cost
    each = (net / orders) if orders else ZERO
    shipping = basis.ratio(basis.sum("shipping"), orders) or ZERO
    goods: Found = (ZERO, "assumption", say("no purchase price is known: please say it"))
    return {
        "goods": goods if cost_share is None else _own(basis, cost_share * each),
        "shipping_charged": _own(basis, basis.ratio(basis.sum("charged"), orders)),
        "shipping_paid": _by_rule(basis, "shipping", shipping),
        "packaging": _by_rule(basis, "packaging", basis.ratio(basis.sum("packaging"), orders)),
        "fees": _by_rule(basis, "payment_fee", basis.ratio(basis.sum("fees"), basis.sum("gross"))),
        "refunds": _own(basis, basis.ratio(refunds, net)),
        "resold": _own(basis, basis.ratio(given_back, refunds * (cost_share or ZERO)), ONE),
        "returns": _own(basis, basis.ratio(basis.sum("returned"), basis.sum("units"))),
        "return_cost": (shipping, "assumption", say("assumption, as much as the way there: please confirm")),
    }


def _by_rule(basis: Basis, kind: str, value: Decimal | None) -> Found:
    if kind not in basis.figures.rules or value is None:
        return ZERO, "assumption", say("no cost rule says it: please confirm")
    origin = say("your cost rules: {markets}, {period}", markets=_listed(basis.markets), period=_period(basis.months))
    return value, "rule", origin


def _fixed(basis: Basis, until: date | None) -> dict[str, Found]:
    figures, months = basis.figures, list(basis.months[-LATELY:])
    ahead: Found = (ZERO, "assumption", CONFIRM)
    if basis.is_own:
        known = [one for market, one in figures.sums if market == basis.market and one < basis.at]
        open_yet = figures.total("investment", [basis.market], known) - figures.total(
            "contribution", [basis.market], known
        )
        left = say("still to be earned back of {market}", market=basis.market)
        fixed = figures.total("fixed", [basis.market], months) / len(months)
        return {
            "fixed": (fixed, "own", _said([basis.market], months)),
            "investment": (max(ZERO, open_yet), "own", left),
            "stock_months": ahead,
        }
    return {
        "fixed": _entered(basis, "fixed", until),
        "investment": _entered(basis, "investment", until),
        "stock_months": ahead,
    }


def _entered(basis: Basis, name: str, until: date | None) -> Found:
    """What the company entered for the market itself, else for the market that it entered last."""
    figures = basis.figures
    order = sorted(basis.abroad, key=lambda market: figures.began[market], reverse=True)
    for market in (basis.market, *order):
        limit = until if market == basis.market else basis.at
        months = sorted(
            month for (other, month), one in figures.sums.items()
            if other == market and one.get(name) and (limit is None or month < limit)
        )  # fmt: skip
        if months:
            total = figures.total(name, [market], months)
            origin = say("your costs of {market}, {period}", market=market, period=_period(months))
            return total / len(months) if name == "fixed" else total, "own", origin
    return ZERO, "assumption", say("no costs are entered: please confirm")


def _season_start(basis: Basis) -> Found:
    if _known_season(basis) is None:
        return ZERO, "assumption", say("a season shows after twelve months: please confirm")
    months = months_before(basis.at)
    return ONE, "own", say("orders of all older markets, {period}", period=_period(months))


# -- words ------------------------------------------------------------------------------------------------------------


def _orders(figures: Figures, markets: Iterable[str], months: Sequence[date]) -> Decimal:
    return figures.total("orders", markets, months)


def _said(markets: Sequence[str], months: Sequence[date]) -> Text:
    return say("your figures: {markets}, {period}", markets=_listed(markets), period=_period(months))


def _listed(markets: Sequence[str]) -> str:
    return ", ".join(markets)


def _period(months: Sequence[date]) -> Text:
    return month_span(Span(months[0], months[-1]))


def month_span(span: Span) -> Text:
    """Months from one to another, such as February 2026 to October 2026."""
    first = words.whole("monthly", span)
    if span.first == span.last:
        return first
    return say("{first} to {last}", first=first, last=words.whole("monthly", Span(span.last, span.last)))
