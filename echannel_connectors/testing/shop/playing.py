"""A recorded 1.7.6 shop dressed as a version that was only read in its code (`versions` says what differs)."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import reduce

from echannel_connectors.testing.shop.recording import Rights, Shop, Tables, copied
from echannel_connectors.testing.shop.render import XML_CLOSE, XML_OPEN
from echannel_connectors.testing.shop.schema import Association, Field, Resource, Row, read_synopsis
from echannel_connectors.testing.shop.versions import VERSIONS, Added, Change, New, Version

INTEGERS = {
    "isbool", "isimagesize", "isint", "isnullorunsignedid", "ispricedisplaymethod", "isunsignedid", "isunsignedint",
}  # fmt: skip
"""Formats of columns that hold integers: with these, JSON of shop B (PHP 8.2) is guessed right in every field."""


def played(shop: Shop, tables: Tables, version: str) -> Shop:
    """The shop with these rows as that version would serve it; raises ValueError for one that is no 1.7."""
    if version not in VERSIONS:
        raise ValueError(f"{version!r} is not played; these are: {', '.join(VERSIONS)}")
    if not shop.version.startswith("1.7"):
        raise ValueError(f"what differs is known against 1.7, and this shop is a {shop.version}")
    names = list(VERSIONS)
    steps = [VERSIONS[name] for name in names[: names.index(version) + 1]]
    new = replace(shop, resources=dict(shop.resources), tables=copied(tables))
    return reduce(_step, steps, new)


def _step(shop: Shop, version: Version) -> Shop:
    descriptions = {**shop.descriptions, **{name: one.description for name, one in version.resources.items()}}
    keys = {key: _rights(rights, shop, version) for key, rights in shop.keys.items()}
    shop = replace(
        shop,
        version=version.number,
        manners=version.manners,
        native=shop.native or version.numbers,
        resources={name: one for name, one in shop.resources.items() if name not in version.gone},
        tables={name: rows for name, rows in shop.tables.items() if name not in version.gone},
        descriptions={name: descriptions[name] for name in sorted(descriptions) if name not in version.gone},
        keys=keys,
    )
    languages = [str(number) for number in sorted(shop.tables["languages"])]
    for name, new in version.resources.items():
        shop.resources[name] = _new_resource(name, new, languages)
        shop.tables[name] = TABLES[name](shop.tables) if name in TABLES else {}
    for name, change in version.fields.items():
        if name in shop.resources:
            shop.resources[name] = changed_resource(shop.resources[name], change, languages)
            changed_rows(shop.tables, name, change, languages)
    if version.numbers:
        shop.resources.update({name: _in_numbers(one, shop.tables[name]) for name, one in shop.resources.items()})
    return shop


def _rights(rights: Rights, shop: Shop, version: Version) -> Rights:
    """A key that may read all there was may read what is new."""
    kept = {name: methods for name, methods in rights.items() if name not in version.gone}
    if set(rights) >= set(shop.resources):
        kept |= {name: {"GET", "HEAD"} for name in version.resources}
    return dict(sorted(kept.items()))


# -- what the synopsis says -------------------------------------------------------------------------------------------


def _new_resource(name: str, new: New, languages: Iterable[str]) -> Resource:
    empty = f"{XML_OPEN}<{new.node}>\n</{new.node}>\n{XML_CLOSE}"
    made = changed_resource(read_synopsis(name, name, empty), new.holds, languages)
    return replace(made, fields=tuple(replace(one, link=new.links.get(one.name)) for one in made.fields))


def changed_resource(resource: Resource, change: Change, languages: Iterable[str]) -> Resource:
    """The resource with other fields; of those that stay, what their records had shown stays known."""
    gone = {*change.removed, *(one.name for one in change.added)}
    lines = [line for line in resource.synopsis.split("\n") if _name_of(line) not in gone]
    ends = [f"</{resource.node}>", "<associations>"]
    at = min(lines.index(end) for end in ends if end in lines)
    lines[at:at] = [_line(one, languages) for one in change.added]
    if change.associations:
        rows = [line for name, about in change.associations.items() for line in _rows(name, *about)]
        if "<associations>" not in lines:
            rows = ["<associations>", *rows, "</associations>"]
            lines[lines.index(ends[0]) : lines.index(ends[0])] = rows
        else:
            lines[lines.index("</associations>") : lines.index("</associations>")] = rows
    read = read_synopsis(resource.name, resource.list_node, "\n".join(lines))
    known: Mapping[str, Field] = {one.name: one for one in resource.fields if one.name not in gone}
    with_rows: Mapping[str, Association] = {one.name: one for one in resource.associations}
    return replace(
        read,
        fields=tuple(known.get(one.name, one) for one in read.fields),
        associations=tuple(with_rows.get(one.name, one) for one in read.associations),
    )


def _name_of(line: str) -> str:
    """The field that a line of a synopsis describes; associations have lines without a tab before their names."""
    found = re.match(r"\t<(\w+)[ >].*</\1>$", line)
    return found[1] if found else ""


def _line(one: Added, languages: Iterable[str]) -> str:
    form = f' format="{one.format}"' if one.format else ""
    link = 'xlink:href="{base}/api/languages/%s" format="isUnsignedId"'
    inside = "".join(f'<language id="{number}" {link % number} ></language>' for number in languages)
    return f"\t<{one.name}{form}>{inside if one.language else ''}</{one.name}>"


def _rows(name: str, node: str, linked: str) -> list[str]:
    opening = f'<{name} nodeType="{node}" api="{linked}">'
    return [opening, f"\t<{node}>", "\t<id></id>", f"\t</{node}>", f"</{name}>"]


def _in_numbers(resource: Resource, rows: Mapping[int, Row]) -> Resource:
    """The resource on a PHP that gives integer columns as JSON numbers."""
    forms = dict(re.findall(r'^\t<(\w+)[^>]*?format="(\w+)"', resource.synopsis, re.MULTILINE))

    def in_numbers(one: Field, values: Iterable[object]) -> Field:
        form = forms.get(one.name)
        is_integer = form.lower() in INTEGERS if form else one.kind == "number"
        good = is_integer and all(re.fullmatch(r"-?\d+", str(value)) for value in values if value not in (None, ""))
        return replace(one, number=True, as_json={}) if good else one

    fields = tuple(in_numbers(one, (row.get(one.name) for row in rows.values())) for one in resource.fields)
    associations = tuple(
        replace(one, fields=tuple(replace(leaf, number=_is_integer(leaf.name)) for leaf in one.fields))
        for one in resource.associations
    )
    return replace(resource, fields=fields, associations=associations)


def _is_integer(leaf: str) -> bool:
    return leaf.startswith("id") or leaf in ("product_id", "product_attribute_id", "quantity", "product_quantity")


# -- what the records hold --------------------------------------------------------------------------------------------


def changed_rows(tables: Tables, name: str, change: Change, languages: Iterable[str]) -> None:
    """Give the records of a resource the fields that were added, and take those that were removed."""
    values = {one.name: VALUES[name, one.name](tables) for one in change.added if (name, one.name) in VALUES}
    languages = list(languages)
    for number, row in tables[name].items():
        for one in change.added:
            if one.name in values:
                row[one.name] = values[one.name](number, row)
            else:
                row[one.name] = dict.fromkeys(languages, one.value) if one.language else one.value
        for gone in change.removed:
            row.pop(gone, None)
        for association in change.associations:
            row[association] = []


Fill = Callable[[int, Row], object]


def _refunded(amount: str) -> Callable[[Tables], Fill]:
    """What came back of a line, by its credit slips."""

    def of(tables: Tables) -> Fill:
        sums: dict[str, Decimal] = {}
        for slip in tables["order_slip"].values():
            for row in _dicts(slip["order_slip_details"]):
                line = str(row["id_order_detail"])
                sums[line] = sums.get(line, Decimal(0)) + Decimal(str(row[amount]))
        return lambda number, _: f"{sums.get(str(number), Decimal(0)):.6f}"

    return of


def _product_type(_: Tables) -> Fill:
    def of(__: int, row: Row) -> str:
        if row["product_bundle"]:
            return "pack"
        if row["is_virtual"] == "1":
            return "virtual"
        return "combinations" if row["combinations"] else "standard"

    return of


def _by_language(field: str) -> Callable[[Tables], Fill]:
    """The same text in every language: a 1.7.6 shop tells one."""
    return lambda tables: (
        lambda _, row: (
            dict.fromkeys(map(str, sorted(tables["languages"])), row[field])
            if isinstance(row[field], str)
            else row[field]
        )
    )


def _dicts(rows: object) -> list[dict[str, object]]:
    return rows if isinstance(rows, list) else []


VALUES: Mapping[tuple[str, str], Callable[[Tables], Fill]] = {
    ("order_details", "total_refunded_tax_excl"): _refunded("amount_tax_excl"),
    ("order_details", "total_refunded_tax_incl"): _refunded("amount_tax_incl"),
    ("products", "product_type"): _product_type,
    ("currencies", "name"): lambda _: lambda __, row: row["name"],
    ("currencies", "symbol"): _by_language("symbol"),
    ("currencies", "names"): _by_language("name"),
}


# -- vouchers ---------------------------------------------------------------------------------------------------------


def vouchers(tables: Tables) -> dict[int, Row]:
    """One voucher for each order with a discount: 1.7.6 tells the sum, and the rules tell which of them makes it."""
    invoices = {row["id_order"]: number for number, row in sorted(tables["order_invoices"].items(), reverse=True)}
    found: dict[int, Row] = {}
    for number, order in sorted(tables["orders"].items()):
        if _money(order, "total_discounts_tax_incl") == 0:
            continue
        rule = next((n for n, row in tables["cart_rules"].items() if _makes(row, order)), 0)
        known = tables["cart_rules"].get(rule, {})
        name = known.get("name")
        found[len(found) + 1] = {
            "id_order": str(number),
            "id_cart_rule": str(rule),
            "id_order_invoice": str(invoices.get(str(number), 0)),
            "name": next(iter(name.values())) if isinstance(name, dict) else "Discount",
            "value": f"{_money(order, 'total_discounts_tax_incl'):.6f}",
            "value_tax_excl": f"{_money(order, 'total_discounts_tax_excl'):.6f}",
            "free_shipping": str(known.get("free_shipping", "0")),
            "deleted": "0",
        }
    return found


def _makes(rule: Row, order: Row) -> bool:
    """Whether the order's whole discount is what this rule gives."""
    discount, goods = _money(order, "total_discounts_tax_incl"), _money(order, "total_products_wt")
    if rule["free_shipping"] == "1":
        return discount == _money(order, "total_shipping_tax_incl")
    percent = _money(rule, "reduction_percent")
    amount = _money(rule, "reduction_amount") * _money(order, "conversion_rate")
    # The shop rounds the discount of each line, so that a percentage may be off by some cents.
    return abs(discount - (goods * percent / 100 if percent else amount)) < Decimal("0.03")


def _money(row: Row, name: str) -> Decimal:
    return Decimal(str(row[name]))


TABLES: Mapping[str, Callable[[Tables], dict[int, Row]]] = {"order_cart_rules": vouchers}
