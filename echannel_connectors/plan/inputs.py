"""What a plan is made of: each figure that a company can move, with its unit, its limits and its place on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Literal

from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.models.company import decimals
from echannel_connectors.texts import Text, say

# market_money is in the currency of the market, money in that of the company; a percent is held as a share (0.05).
Unit = Literal["market_money", "money", "orders", "percent", "months", "rate"]
Kind = Literal["own", "rule", "assumption", "said"]

Currencies = Mapping[str, str]  # what money and market_money are in
# Of a share, 0.05 being 5 %; a rate as core has it: a rupiah is worth six hundred-thousandths of a euro.
PLACES: dict[str, int] = {"orders": 1, "percent": 4, "months": 0, "rate": 8}
GROUPS: dict[str, Text] = {
    "sales": say("Price and volume"),
    "advertising": say("Advertising"),
    "tax": say("Tax, duty and currency"),
    "order": say("What an order costs"),
    "returns": say("Refunds and returns"),
    "fixed": say("Fixed costs and cash"),
    "cases": say("The three cases"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """A figure that can be moved: between `low` and `high` (a percent as 5), its slider up to `reach` at least."""

    name: str
    label: Text
    unit: Unit
    group: str
    reach: int = 10
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(1_000_000_000)


def _percent(name: str, label: Text, group: str, reach: int, low: int = 0, high: int = 100) -> Input:
    return Input(name, label, "percent", group, reach, Decimal(low), Decimal(high))


INPUTS = {
    one.name: one
    for one in (
        Input("price", say("Price of an order, goods with tax"), "market_money", "sales", 100, Decimal("0.01")),
        Input("orders", say("Orders a month without advertising"), "orders", "sales", 50),
        Input("ramp", say("Months until that many come"), "months", "sales", 24, Decimal(1), Decimal(60)),
        _percent("season", say("How much of your season it follows"), "sales", 100),
        Input("advertising", say("Advertising a month"), "money", "advertising", 1000),
        Input("visit_cost", say("Cost of a visit by advertising"), "money", "advertising", 2),
        _percent("conversion", say("Visits that become an order"), "advertising", 10),
        _percent("tax", say("Tax in the price (VAT)"), "tax", 30),
        _percent("duty", say("Duty on the goods, paid by you"), "tax", 25),
        Input("rate", say("Worth of the market's currency"), "rate", "tax", 2, Decimal("0.00000001")),
        Input("goods", say("What the goods cost you"), "money", "order", 100),
        Input("shipping_charged", say("Shipping the customer pays, without tax"), "money", "order", 20),
        Input("shipping_paid", say("Shipping you pay"), "money", "order", 30),
        Input("packaging", say("Packaging"), "money", "order", 5),
        _percent("fees", say("Payment fees, of what is paid"), "order", 10),
        _percent("refunds", say("Refunds, of net sales"), "returns", 30),
        _percent("resold", say("Refunded goods that can be sold again"), "returns", 100),
        _percent("returns", say("Goods sent back, of those sold"), "returns", 30),
        Input("return_cost", say("What a return costs you"), "money", "returns", 30),
        Input("fixed", say("Fixed costs a month"), "money", "fixed", 2000),
        Input("investment", say("Investment before the start"), "money", "fixed", 20_000),
        Input("stock_months", say("Months that goods are paid ahead"), "months", "fixed", 6, high=Decimal(12)),
        _percent("low_orders", say("Low case: orders"), "cases", 0, -100, 1000),
        _percent("high_orders", say("High case: orders"), "cases", 100, -100, 1000),
        _percent("price_spread", say("Price, lower and higher by"), "cases", 30, 0, 99),
        _percent("cost_spread", say("Costs, higher and lower by"), "cases", 50, 0, 99),
    )
}


@dataclass(frozen=True, slots=True)
class Start:
    """The value that an input starts from, and where it comes from."""

    value: Decimal
    kind: Kind
    origin: Text


def places(name: str, currencies: Currencies) -> int:
    """The decimals that an input's field has: of money, those of its currency."""
    unit = INPUTS[name].unit
    return decimals(currencies[unit]) if unit in currencies else PLACES[unit]


def rounded(name: str, value: Decimal, currencies: Currencies) -> Decimal:
    """A value as it stands in its field, half to even."""
    return value.quantize(Decimal(1).scaleb(-places(name, currencies)), ROUND_HALF_EVEN)


def shown(name: str, value: Decimal) -> str:
    """A value as it is typed: 5 for a share of 0.05, without zeros at its end."""
    number = value * 100 if INPUTS[name].unit == "percent" else value
    return f"{number.normalize():f}" if number else "0"


def values_of(words: Iterable[str]) -> dict[str, Decimal]:
    """The values of `--set name=value`; a percent is written 5 or `5 %`. Raises SettingsError for what cannot be."""
    found = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in INPUTS:
            sentence = say("a plan has no {name!r}", name=name)
            raise SettingsError(sentence, hint=f"{did_you_mean(name, INPUTS)}".strip() or ", ".join(INPUTS))
        found[name] = _value(INPUTS[name], text)
    return found


def with_values(starts: Mapping[str, Start], said: Mapping[str, Decimal]) -> dict[str, Start]:
    """The starts with the values that somebody has said himself."""
    return {
        name: Start(said[name], "said", say("said by you")) if name in said else start for name, start in starts.items()
    }


def _value(one: Input, text: str) -> Decimal:
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    try:
        number = Decimal(plain.removesuffix("%") if one.unit == "percent" else plain)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or (one.unit == "months" and number % 1) or not one.low <= number <= one.high:
        sentence = say(
            "{name}: {text!r} is not a number from {low} to {high}",
            name=one.name, text=text, low=one.low, high=one.high,
        )  # fmt: skip
        raise SettingsError(sentence, hint=say("write it like {example}", example=f"{one.name}={example(one)}"))
    return number / 100 if one.unit == "percent" else number


def example(one: Input) -> str:
    return "5%" if one.unit == "percent" else "3" if one.unit == "months" else "12.50"
