"""What a resource's fields are, from the shop's own synopsis: never from the values, which lie (VERSIONS.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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

# Never asked for: they must not leave the shop.
SECRETS = frozenset(
    {
        "passwd",
        "secure_key",
        "last_passwd_gen",
        "reset_password_token",
        "reset_password_validity",
        "ip_registration_newsletter",
        "card_number",
        "card_holder",
        "card_expiration",
        "note",
    }
)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that this very shop has for a resource."""

    words: Mapping[str, str]  # field → type word
    associations: Mapping[str, tuple[str, ...]]  # association → its fields


def fields(synopsis: etree._Element) -> Fields:
    """The fields of one resource from its `schema=synopsis` document (XML; the JSON one loses the formats)."""
    words = {"id": "integer"}
    associations: dict[str, tuple[str, ...]] = {}
    for field in synopsis[0]:
        if field.tag == "associations":
            associations = {item.tag: tuple(leaf.tag for leaf in item[0]) for item in field if len(item)}
        elif len(field) and field[0].tag == "language":
            words[field.tag] = "translations"
        else:
            words[field.tag] = WORDS.get(field.get("format", ""), "text")
    return Fields(words, associations)


def wanted(found: Fields, reads: Reads) -> tuple[pa.Schema, str]:
    """The columns to ask for, as a schema and as the value of `display`: what the spec reads and this shop has.

    The spec's word for a column wins over the synopsis, which gives no format for some (`valid`, `invoice_date`).
    """
    columns: list[pa.Field] = []
    display: list[str] = []
    for name, word in reads.columns.items():
        if name in SECRETS:
            continue
        if isinstance(word, list):
            leaves = [leaf for leaf in word if leaf in found.associations.get(name, ())]
            if leaves:
                columns.append(pa.field(name, pa.list_(pa.struct([(leaf, pa.string()) for leaf in leaves]))))
                display.append(f"{name}[{','.join(leaves)}]")
        elif name in found.words:
            columns.append(e_mail(name) if word == "email" else pa.field(name, ARROW_TYPES[word]))
            display.append(name)
    return pa.schema(columns), f"[{','.join(display)}]"
