"""What Atelier Breton enters itself: the costs and targets of its British market, and what an order costs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from echannel_connectors.demo.story import Story, month_before

COSTS, TARGETS, COST_RULES = "gb-costs.csv", "gb-targets.csv", "cost-rules.csv"
BEFORE, AFTER = 2, 12  # months with costs before the entry, and with targets from it on

# By the months since the entry: what getting ready costs at once, and what runs on every month.
ONCE = {
    -2: (("translation", 900), ("agency", 750)),
    -1: (("agency", 750), ("customs", 480)),
    0: (("translation", 350),),
}
MONTHLY = (("customer_service", 140), ("customs", 60))


def files(story: Story) -> Mapping[str, str]:
    """The files by name, as their owner would have typed them."""
    return {COSTS: _costs(story), TARGETS: _targets(story), COST_RULES: _cost_rules(story.start)}


def _costs(story: Story) -> str:
    lines = ["month,cost_kind,amount,currency"]
    for since in range(-BEFORE, _months(story.entry, story.today) + 1):
        month = f"{month_before(story.entry, -since):%Y-%m}"
        for kind, amount in (*ONCE.get(since, ()), *(MONTHLY if since > 0 else ())):
            lines.append(f"{month},{kind},{amount},{'GBP' if kind == 'customs' else 'EUR'}")
    return "\n".join(lines) + "\n"


def _targets(story: Story) -> str:
    """A year of growing sales and customers, planned before the entry: what came is compared with it."""
    lines = ["month,metric,value"]
    for since in range(AFTER):
        month = f"{month_before(story.entry, -since):%Y-%m}"
        lines += [f"{month},net_sales,{1800 + 350 * since}", f"{month},new_customers,{6 + since}"]
    return "\n".join(lines) + "\n"


def _cost_rules(day: date) -> str:
    rules = (
        ("payment_fee", "Carte bancaire", "0.25", "1.4 %", "EUR"),
        ("payment_fee", "PayPal", "0.35", "2.9 %", "EUR"),
        ("shipping", "Colissimo domicile", "5.40", "", "EUR"),
        ("shipping", "Point relais", "3.60", "", "EUR"),
        ("shipping", "Parcelforce UK", "9.20", "", "GBP"),
        ("shipping", "Chronopost Europe", "8.10", "", "EUR"),
        ("packaging", "", "0.65", "", "EUR"),
    )
    lines = ["kind,applies_to,valid_from,fixed_amount,rate,currency"]
    return (
        "\n".join(lines + [f"{kind},{to},{day},{fixed},{rate},{code}" for kind, to, fixed, rate, code in rules]) + "\n"
    )


def _months(begin: date, end: date) -> int:
    return (end.year - begin.year) * 12 + end.month - begin.month
