"""What marks a change in each resource (FACTS.md has the table of what was seen), as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from echannel_connectors.sources.prestashop.schema import Fields


@dataclass(frozen=True, slots=True)
class Rule:
    """How one resource is read; without `date` and `parent` it is read whole."""

    date: str = ""
    parent: str = ""  # the resource whose change means that these rows are read again
    link: str = ""  # the field that holds the parent's id
    filters: Mapping[str, str] = field(default_factory=dict)
    swept: bool = False
    from_start: bool = False  # `start` leaves out older ones
    is_stock: bool = False

    @property
    def is_whole(self) -> bool:
        return not (self.date or self.parent)


def child(**more: str) -> Rule:
    """Lines and the like: no date of their own that can be trusted, so they are read again with their order."""
    return Rule(parent="orders", link="id_order", swept=True, **more)  # type: ignore[arg-type]  # only texts are given


RULES: dict[str, Rule] = {
    "orders": Rule(date="date_upd", swept=True, from_start=True),
    "order_details": child(),
    "order_carriers": child(),
    "order_discounts": child(),
    "order_cart_rules": child(),
    "order_slip": Rule(date="date_upd", swept=True),
    "order_histories": Rule(date="date_add", from_start=True),
    "order_payments": Rule(date="date_add", from_start=True),
    "order_invoices": Rule(date="date_add", from_start=True),
    "stock_movements": Rule(date="date_add"),
    "stock_availables": Rule(is_stock=True),
    "configurations": Rule(
        # The shop's settings hold passwords as well: only these are ever asked for.
        filters={
            "filter[name]": "[PS_TIMEZONE|PS_LANG_DEFAULT|PS_CURRENCY_DEFAULT|PS_OS_CANCELED|PS_OS_REFUND"
            "|PS_OS_ERROR|PS_OS_DELIVERED|PS_ROUND_TYPE|PS_COUNTRY_DEFAULT"
            "|PS_STOCK_MVT_TRANSFER_TO|PS_STOCK_MVT_TRANSFER_FROM]"
        }
    ),
}
# Small, and read whole although they have a date: not all that changes in them moves it.
WHOLE = frozenset("groups categories manufacturers suppliers stores stock_movement_reasons tax_rule_groups".split())
OF_ONE_STORE = frozenset({"orders", "customers", "products"})  # answer for one store of several, unless told otherwise


def rule(resource: str, found: Fields) -> Rule:
    """The resource's own rule; one that is not listed goes by its date of change, or is read whole without one."""
    if resource in RULES:
        return RULES[resource]
    if "date_upd" in found.words and resource not in WHOLE:
        return Rule(date="date_upd", swept=True)
    return Rule()
