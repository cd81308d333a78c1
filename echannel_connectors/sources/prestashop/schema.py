"""What a resource's fields are, from the shop's own synopsis: never from the values, which lie (VERSIONS.md)."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from lxml import etree

from echannel_connectors.arrow import ARROW_TYPES, e_mail
from echannel_connectors.specs import Reads

# Formats of a PrestaShop synopsis (ObjectModel validators) and the type that holds their values exactly.
WORDS: dict[str, str] = {
    "isUnsignedId": "integer",
    "isNullOrUnsignedId": "integer",
    "isInt": "integer",
    "isUnsignedInt": "integer",
    "isPrice": "money",
    "isNegativePrice": "money",
    "isFloat": "money",
    "isUnsignedFloat": "money",
    "isPercentage": "money",
    "isBool": "boolean",
    "isDate": "local_moment",
    "isDateFormat": "local_moment",
    "isBirthDate": "date",
    "isEmail": "email",
}

COMPUTED = "computed"  # worked out by the shop for each answer: only asked for where a spec wants it

# Never asked for, whatever resource or module holds them: they must not leave the shop.
SECRET = re.compile(
    r"passw|pwd|token|secret|credential|hash|api_?key|(^|_)key($|_)|(^|_)salt($|_)|reset_password"
    r"|card_(number|holder|expiration)|cvv|iban",
    re.IGNORECASE,
)
# What no figure needs stays in the shop, unless a company names it in `also`: persons, free text, long descriptions.
LEFT_OUT = frozenset(
    """firstname lastname birthday id_gender id_risk address1 address2 postcode city other phone phone_mobile fax dni
    alias note notes message question gift_message ip_registration_newsletter website invoice_address delivery_address
    shop_address
    description description_short short_description additional_description meta_description meta_keywords meta_title
    content""".split()
)
# Resources of people, their messages and the shop's secrets, and what is no record.
NEVER = frozenset(
    """employees messages customer_messages customer_threads customizations guests contacts translated_configurations
    search images image_types""".split()
)
# Associations that only repeat a resource of their own.
REPEATED: dict[str, str] = {
    "order_rows": "order_details",
    "stock_availables": "stock_availables",
    "combinations": "combinations",
    "images": "images",
    "customer_messages": "customer_messages",
}


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that this very shop has for a resource."""

    words: Mapping[str, str]  # field → type word
    associations: Mapping[str, tuple[str, ...]]  # association → its fields

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Fields:
        associations = {name: tuple(leaves) for name, leaves in noted["associations"].items()}
        return cls(dict(noted["words"]), associations)


def fields(synopsis: etree._Element) -> Fields:
    """The fields of one resource from its `schema=synopsis` document (XML; the JSON one loses the formats)."""
    words = {"id": "integer"}
    associations: dict[str, tuple[str, ...]] = {}
    for field in synopsis[0]:
        if field.tag == "associations":
            associations = {item.tag: tuple(leaf.tag for leaf in item[0]) for item in field if len(item)}
        elif len(field) and field[0].tag == "language":
            words[field.tag] = "translations"
        elif field.get("notFilterable") == "true":
            words[field.tag] = COMPUTED
        else:
            words[field.tag] = WORDS.get(field.get("format", ""), "text")
    return Fields(words, associations)


def wanted(found: Fields, reads: Reads | None, also: Container[str] = ()) -> tuple[pa.Schema, str]:
    """The columns to ask for, as a schema and as the value of `display`: what this shop has, less what stays there.

    The spec's word for a column wins over the synopsis, which gives no format for some (`valid`, `invoice_date`);
    a field that a module has added comes as well. `also` names fields that are otherwise left out.
    """
    words: dict[str, str | list[str]] = dict(reads.columns) if reads else {}
    for name, kind in found.words.items():
        if name not in words and kind != COMPUTED and (name not in LEFT_OUT or name in also):
            words[name] = kind
    for name, leaves in found.associations.items():
        if name not in words and (name not in REPEATED or name in also):
            words[name] = list(leaves)
    columns: list[pa.Field] = []
    display: list[str] = []
    for name, word in words.items():
        if SECRET.search(name):
            continue
        if isinstance(word, list):
            known = [leaf for leaf in word if leaf in found.associations.get(name, ()) and not SECRET.search(leaf)]
            if known:
                columns.append(pa.field(name, pa.list_(pa.struct([(leaf, pa.string()) for leaf in known]))))
                display.append(f"{name}[{','.join(known)}]")
        elif name in found.words:
            columns.append(e_mail(name) if word == "email" else pa.field(name, ARROW_TYPES[word]))
            display.append(name)
    return pa.schema(columns), f"[{','.join(display)}]"
