"""What PrestaShop 8.2.4 and 9.0.3 serve otherwise than 1.7.6.2.

Nothing here was seen in answers of such a shop: it was read in their source code, and where it says *inferred* it
follows from the code and a rule of PHP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from echannel_connectors.testing.shop.manners import Manners


@dataclass(frozen=True, slots=True)
class Added:
    """A field that a version adds, with the format of its synopsis; `value` is what old records hold in it."""

    name: str
    format: str = ""
    value: str | None = ""
    language: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource's fields. An added field takes the place of one with its name."""

    added: tuple[Added, ...] = ()
    removed: tuple[str, ...] = ()
    associations: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name → the node of its rows and the resource that these name by their id."""


@dataclass(frozen=True, slots=True)
class New:
    """A resource that a version adds."""

    node: str
    description: str
    holds: Change
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One version, as what it does otherwise than the one it follows."""

    number: str
    manners: Manners
    numbers: bool
    """JSON gives integer columns as numbers (inferred for 9.0, which needs PHP 8.1; seen for 1.6 on PHP 8.2). 8.2 runs
    on older PHP as well and is played so."""
    resources: Mapping[str, New]
    gone: tuple[str, ...]
    fields: Mapping[str, Change]


OF_8_2 = Manners(
    methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
    rights=("get", "put", "post", "patch", "delete", "head"),
    lists_root_in_json=False,  # inferred: the TypeError was seen in the class alone, its status is PHP's
    drops_empty_fields=True,
    tells_strangers_its_version=False,
    group_parameters=("id_shop_group", "id_group_shop"),
    unknown_group="This shop group doesn't have shops",
    empty_text="<![CDATA[]]>",
    compares_bare_numbers_as_text=False,
)

VERSIONS: Mapping[str, Version] = {
    "8.2": Version(
        "8.2.4",
        OF_8_2,
        numbers=False,
        resources={
            "attachments": New(
                "attachment", "The product attachments",
                Change(
                    (
                        Added("file", "isGenericName"), Added("file_name", "isGenericName"),
                        Added("file_size", "isUnsignedId"), Added("mime", "isCleanHtml"),
                        Added("name", "isGenericName", language=True),
                        Added("description", "isCleanHtml", language=True),
                    ),
                    associations={"products": ("product", "products")},
                ),
            ),
            "order_cart_rules": New(
                "order_cart_rule", "The order cart rules",
                Change((
                    Added("id_order", "isUnsignedId"), Added("id_cart_rule", "isUnsignedId"),
                    Added("id_order_invoice", "isUnsignedId"), Added("name", "isCleanHtml"), Added("value", "isFloat"),
                    Added("value_tax_excl", "isFloat"), Added("free_shipping", "isBool"), Added("deleted", "isBool"),
                )),
                links={"id_order": "orders"},
            ),
        },
        gone=(),
        fields={
            "orders": Change((Added("note"),)),
            "order_details": Change((
                Added("product_mpn", "isMpn"), Added("total_refunded_tax_excl", "isPrice", "0.000000"),
                Added("total_refunded_tax_incl", "isPrice", "0.000000"),
            )),
            "order_payments": Change((Added("id_employee", "isNullOrUnsignedId", "0"),)),
            "products": Change(
                (
                    Added("mpn", "isMpn"), Added("product_type", "isGenericName"),
                    Added("unit_price", "isPrice", "0.000000"),
                ),
                associations={"attachments": ("attachment", "attachments")},
            ),
            "combinations": Change(
                (
                    Added("mpn", "isMpn"), Added("available_now", "isGenericName", language=True),
                    Added("available_later", "isGenericName", language=True),
                ),
                removed=("quantity", "location"),
            ),
            "currencies": Change((
                Added("name", "isGenericName"), Added("symbol", language=True),
                Added("unofficial", "isBool", "0"), Added("modified", "isBool", "0"), Added("pattern", language=True),
                Added("names", language=True),
            )),
            "categories": Change((Added("additional_description", "isCleanHtml", language=True),)),
            "shops": Change((Added("color", "isColor"),)),
        },
    ),
    "9.0": Version(
        "9.0.3",
        replace(OF_8_2, answers_preflight=True),
        numbers=True,
        resources={
            "order_returns": New(
                "order_return", "The order returns",
                Change((
                    Added("id_customer", "isUnsignedId"), Added("id_order", "isUnsignedId"),
                    Added("question", "isCleanHtml"), Added("state", "isUnsignedId"), Added("date_add", "isDate"),
                    Added("date_upd", "isDate"),
                )),
                links={"id_customer": "customers", "id_order": "orders"},
            ),
        },
        gone=(
            "supply_orders", "supply_order_details", "supply_order_states", "supply_order_histories",
            "supply_order_receipt_histories", "warehouse_product_locations",
        ),
        fields={
            "products": Change(removed=("meta_keywords",)),
            "categories": Change(
                (Added("redirect_type", "isString"), Added("id_type_redirected", "isUnsignedId", "0")),
                removed=("meta_keywords",),
            ),
            "manufacturers": Change(removed=("meta_keywords",)),
            "suppliers": Change(removed=("meta_keywords",)),
        },
    ),
}  # fmt: skip
"""In the order of their coming: a version holds what those before it changed."""
