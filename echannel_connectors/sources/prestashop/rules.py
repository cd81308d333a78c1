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
    is_dated_by_hand: bool = False  # such as the day of the bank: new ones are known by their ids as well
    is_stock: bool = False
    home: str = ""  # the field that names the one store, of several, whose word on a record counts

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
    "order_invoices": child(),  # their date stays when an order is edited, and when a delivery slip becomes an invoice
    "order_slip": Rule(date="date_upd", swept=True),
    "order_histories": Rule(date="date_add", from_start=True),
    "order_payments": Rule(date="date_add", from_start=True, is_dated_by_hand=True),
    "stock_movements": Rule(date="date_add"),
    "products": Rule(date="date_upd", swept=True, home="id_shop_default"),
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
# In a multistore a request speaks for one store unless told otherwise. These answer for the stores of a group as well:
OF_A_GROUP = frozenset({"orders", "customers"})
# … and these, like products, only ever for one: each store may have some that the others do not (by PrestaShop's code,
# `Shop::init` and `ObjectModel::getWebserviceObjectList`; seen for products). All others answer for all stores.
OF_EACH_STORE = frozenset(
    """combinations carriers categories content_management_system countries currencies groups languages manufacturers
    suppliers product_features product_option_values product_options stores tax_rule_groups warehouses zones""".split()
)


def rule(resource: str, found: Fields) -> Rule:
    """The resource's own rule; one that is not listed goes by its date of change, or is read whole without one."""
    if resource in RULES:
        return RULES[resource]
    if "date_upd" in found.words and resource not in WHOLE:
        return Rule(date="date_upd", swept=True)
    return Rule()
