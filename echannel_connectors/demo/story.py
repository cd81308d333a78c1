"""What happens to the company: when it grows, which markets it enters, which month goes wrong, what money is worth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar

from echannel_connectors.demo.catalogue import KNITWEAR, Item, Season

SEED = 2026
CENT, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
ONE_DAY = timedelta(days=1)
# The office writes down, and dates so, what it did that day: whoever has looked since would miss a row dated earlier.
EVENING = (23, 55)


@dataclass(frozen=True, slots=True)
class Market:
    """A country that the shop delivers to: its ids in the shop, its tax rates in percent, its share of the orders."""

    country: str
    id_country: int
    id_lang: int
    id_currency: int
    currency: str
    store: int
    weight: int
    standard: Decimal
    reduced: Decimal
    taxes: tuple[int, int]  # ids of the two rates; 0 where no tax is due
    shipping: Decimal  # in EUR, without tax
    free_from: Decimal  # goods in EUR, without tax


def _market(
    country: str, ids: tuple[int, int, int], currency: str, store: int, weight: int,
    rates: tuple[str, str], taxes: tuple[int, int], shipping: str, free_from: int,
) -> Market:  # fmt: skip
    standard, reduced = map(Decimal, rates)
    return Market(
        country, *ids, currency, store, weight, standard, reduced, taxes, Decimal(shipping), Decimal(free_from)
    )


MARKETS = {
    one.country: one
    for one in (
        _market("FR", (8, 2, 1), "EUR", 1, 610, ("20", "5.5"), (1, 3), "5.75", 75),
        _market("GB", (17, 1, 2), "GBP", 2, 0, ("20", "0"), (15, 36), "7.90", 90),
        _market("BE", (3, 2, 1), "EUR", 1, 110, ("21", "6"), (6, 32), "8.25", 100),
        _market("DE", (1, 1, 1), "EUR", 1, 100, ("19", "7"), (10, 33), "8.90", 100),
        _market("ES", (6, 1, 1), "EUR", 1, 48, ("21", "10"), (13, 34), "9.90", 120),
        _market("NL", (13, 1, 1), "EUR", 1, 52, ("21", "9"), (25, 35), "8.90", 100),
        _market("IE", (26, 1, 1), "EUR", 1, 44, ("23", "23"), (19, 19), "11.50", 120),
        _market("US", (21, 1, 3), "USD", 1, 18, ("0", "0"), (0, 0), "24.00", 400),
    )
}
"""The seven European markets, and a few parcels that Americans order in dollars."""

FOOD_TAXES = {32: ("TVA BE 6%", "6.000"), 33: ("MwSt. DE 7%", "7.000"), 34: ("IVA ES 10%", "10.000"),
              35: ("BTW NL 9%", "9.000"), 36: ("VAT UK 0%", "0.000")}  # fmt: skip
"""Reduced rates that a shop just installed does not know."""

MONTHS = (1.12, 0.78, 0.84, 0.92, 0.98, 1.04, 1.2, 0.82, 0.9, 1.0, 1.25, 1.75)
WEEKDAYS = (1.1, 1.0, 1.0, 1.02, 0.95, 0.78, 1.15)
SEASONS: dict[Season, tuple[float, ...]] = {
    "all": (1.0,) * 12,
    "winter": (1.5, 1.3, 1.0, 0.6, 0.4, 0.3, 0.3, 0.4, 0.9, 1.4, 1.8, 2.0),
    "summer": (0.5, 0.6, 0.8, 1.1, 1.5, 1.8, 1.9, 1.5, 0.8, 0.5, 0.4, 0.4),
    "gift": (0.8, 0.9, 0.8, 0.9, 1.0, 0.9, 0.9, 0.9, 0.8, 0.9, 1.4, 2.1),
}


@dataclass(frozen=True, slots=True)
class Story:
    """The company's calendar as seen from one day: two full years, the current one, and the days that matter in it."""

    today: date
    no_cut: ClassVar[Decimal] = Decimal(0)

    @property
    def start(self) -> date:
        return date(self.today.year - 2, 1, 1)

    @property
    def entry(self) -> date:
        """The day on which the United Kingdom is entered: nine months ago."""
        return month_before(self.today, 9)

    @property
    def bad_month(self) -> date:
        """The month in which the carriers were on strike: half a year ago."""
        return month_before(self.today, 6)

    @property
    def stock_out(self) -> tuple[date, date]:
        """While the best seller is missing, because its maker is late."""
        return self.today - timedelta(days=72), self.today - timedelta(days=41)

    @property
    def retired_on(self) -> date:
        """From here on nobody wants the dead stock any more."""
        return self.today - timedelta(days=290)

    def days(self) -> Iterator[date]:
        """Every day, with today's."""
        for number in range((self.today - self.start).days + 1):
            yield self.start + timedelta(days=number)

    def scale(self, total: int) -> float:
        """What `pace` has to be multiplied by, so that about so many orders come until today."""
        return total / sum(self.pace(day) for day in self.days())

    def pace(self, day: date) -> float:
        """How busy the shop is on that day, compared to others."""
        grown = 1.0 + 0.24 * (day - self.start).days / 365
        pace = grown * MONTHS[day.month - 1] * WEEKDAYS[day.weekday()]
        if day.replace(day=1) == self.bad_month:
            pace *= 0.52
        if _is_black_friday(day):
            pace *= 3.0
        return pace * (1 + self.share_of_britain(day))

    def trade_pace(self, day: date) -> float:
        """The same for the sales representatives: shops stock up a month before their customers come."""
        grown = 1.0 + 0.1 * (day - self.start).days / 365
        return 0.0 if day.weekday() > 4 else grown * MONTHS[day.month % 12]

    def trade_scale(self, total: int) -> float:
        """The same as `scale`, for the sales representatives."""
        return total / sum(self.trade_pace(day) for day in self.days())

    def share_of_britain(self, day: date) -> float:
        """British orders for each of the others: nothing before the entry, then more every month."""
        since = (day - self.entry).days
        return 0.0 if since < 0 else min(0.06 + 0.22 * since / 270, 0.34)

    def markets(self, day: date) -> dict[str, float]:
        """How likely each market is."""
        others = {name: float(one.weight) for name, one in MARKETS.items() if one.weight}
        return {**others, "GB": sum(others.values()) * self.share_of_britain(day)}

    def reduction(self, item: Item, day: date) -> Decimal:
        """The shop's own price cut of that day, in percent: the winter and summer sales."""
        winter, summer = day.month == 1 and day.day >= 8, day.month == 7 and day.day <= 24
        cut = (winter or summer) and not item.product.is_food and item.product.weight % 3 != 0
        return Decimal(30 if item.product.season in ("winter", "summer") else 20) if cut else Decimal(0)

    def price(self, item: Item, day: date) -> Decimal:
        """What the item costs the customer, in EUR without tax; it rises every February."""
        return (item.product.price * _raised(day, self.start.year, "0.025")).quantize(CENT)

    def trade_price(self, item: Item, day: date) -> Decimal:
        """What a company pays on the web: a fifth less."""
        return (self.price(item, day) * Decimal("0.8")).quantize(CENT)

    def cost(self, item: Item, day: date) -> Decimal:
        """What the item costs the company, in EUR; wool has become dear."""
        cost = item.product.cost * _raised(day, self.start.year, "0.03")
        if item.product.category == KNITWEAR and day >= month_before(self.today, 8):
            cost *= Decimal("1.12")
        return cost.quantize(CENT)


def dice(*about: object) -> random.Random:
    """Chance that falls the same way each time it is asked about the same thing."""
    words = ":".join(str(one) for one in (SEED, *about))
    return random.Random(words)  # noqa: S311 - an invented company has no secrets


def moment(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """A time of that day on the company's clock."""
    return datetime.combine(day, time(hour, minute))


def month_before(day: date, months: int) -> date:
    """The first day of the month that many months ago."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@lru_cache(maxsize=64)
def _raised(day: date, since: int, yearly: str) -> Decimal:
    return (1 + Decimal(yearly)) ** (day.year - since - (1 if day.month < 2 else 0) + 1)


def _is_black_friday(day: date) -> bool:
    """The Friday after the fourth Thursday of November, and the three days after it."""
    first = date(day.year, 11, 1)
    friday = first + timedelta(days=(3 - first.weekday()) % 7 + 22)
    return friday <= day <= friday + 3 * ONE_DAY


FIRST_RATES = {"EUR": Decimal(1), "GBP": Decimal("0.8570"), "USD": Decimal("1.0850")}


def conversion_rate(currency: str, day: date) -> Decimal:
    """Units of the currency for one EUR on that day, as the shop's owner sets it every month."""
    return _monthly_rate(currency, (day.year - 2020) * 12 + day.month)


@lru_cache(maxsize=1024)
def _monthly_rate(currency: str, month: int) -> Decimal:
    first = FIRST_RATES[currency]
    if currency == "EUR" or month < 1:
        return first.quantize(MILLIONTH)
    before = _monthly_rate(currency, month - 1)
    step = Decimal(dice(currency, month).randint(-90, 90)) / 10_000
    return (before + step + (first - before) * Decimal("0.06")).quantize(MILLIONTH)
