"""What a PrestaShop says about its resources: fields, associations and how each is written in XML and JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from lxml import etree

Kind = Literal["number", "date", "text"]
Row = dict[str, object]
"""A record: text or None per field, `{language: text}` per language field, a list of dicts per association."""

NUMBER_FORMATS = {
    "isbool", "isfloat", "isint", "isnegativeprice", "isnullorunsignedid", "ispercentage", "isprice", "isunsignedfloat",
    "isunsignedid", "isunsignedint",
}  # fmt: skip
DATE_FORMATS = {"isdate", "isdateformat", "isdateornull", "isbirthdate"}
Path = tuple[str, ...]
XLINK = "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource or of an association's rows."""

    name: str
    kind: Kind = "text"
    declared: bool = False
    """The synopsis gives a format, so that `kind` need not be guessed from the values."""
    computed: bool = False
    language: bool = False
    link: str | None = None
    """The resource whose record the value names, as in `addresses`."""
    links_zero: bool = False
    """The link is written even where the value is 0 and names nothing."""
    number: bool = False
    """JSON gives every value of this column as a number."""
    as_json: Mapping[str, object] = field(default_factory=dict)
    """Texts that JSON gives as something else: PHP code computes some zeros and falses."""

    def json_value(self, text: str | None) -> object:
        """The value as this shop's JSON has it."""
        if text is None:
            return None
        if self.number and re.fullmatch(r"-?\d+", text):
            return int(text)
        return self.as_json.get(text, text) if self.as_json else text


@dataclass(frozen=True, slots=True)
class Association:
    """Rows that come along with a record, such as the lines of an order."""

    name: str
    node: str
    attributes: str
    fields: tuple[Field, ...]
    link: str | None = None
    """The resource that each row names by its id."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: `orders`, `order_slip`, … with the names its documents use for a list and for a record."""

    name: str
    list_node: str
    node: str
    fields: tuple[Field, ...]
    associations: tuple[Association, ...]
    synopsis: str

    def field(self, name: str) -> Field | None:
        """The field of that name; `id` is one although the synopsis does not list it."""
        return next((one for one in (ID, *self.fields) if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as a shop showed it, in JSON and (mostly) in XML."""

    json: Mapping[str, object]
    xml: etree._Element | None


ID = Field("id", kind="number", number=True)


def read_synopsis(name: str, list_node: str, synopsis: str) -> Resource:
    """The resource as its synopsis describes it; records tell the rest."""
    record = etree.fromstring(synopsis.encode())[0]
    fields = tuple(_read_field(node) for node in record if node.tag != "associations")
    associations = tuple(_read_association(node) for node in record.iterfind("associations/*"))
    return Resource(name, list_node, str(record.tag), fields, associations, synopsis)


def _read_field(node: etree._Element) -> Field:
    form = (node.get("format") or "").lower()
    kind: Kind = "number" if form in NUMBER_FORMATS else "date" if form in DATE_FORMATS else "text"
    computed = node.get("notFilterable") == "true"
    return Field(str(node.tag), kind=kind, declared=bool(form), computed=computed, language=len(node) > 0)


def _read_association(node: etree._Element) -> Association:
    attributes = "".join(f' {key}="{node.get(key)}"' for key in map(str, node.attrib))
    row = node[0]
    linked = node.get("api")
    return Association(
        str(node.tag),
        str(row.tag),
        attributes,
        tuple(Field(str(one.tag)) for one in row),
        str(linked) if linked else None,
    )


def learn(resource: Resource, seen: list[Seen], rows: list[Row]) -> Resource:
    """The resource with what only its records show: links, numbers in JSON, kinds that the synopsis leaves open."""
    links: dict[Path, set[str]] = {}
    for node in (node for one in seen if one.xml is not None for node in one.xml.iter()):
        if target := node.get(XLINK):
            path = tuple(str(each.tag) for each in (*list(node.iterancestors())[::-1], node))
            links.setdefault(path[path.index(resource.node) + 1 :], set()).add(str(target).split("/api/")[1])
    fields = tuple(
        _learn_field(
            one,
            [(row[one.name], each.json.get(one.name)) for row, each in zip(rows, seen, strict=True)],
            links.get((one.name,)),
        )
        for one in resource.fields
    )
    associations = tuple(_learn_association(one, seen, links) for one in resource.associations)
    return replace(resource, fields=fields, associations=associations)


def _learn_association(known: Association, seen: list[Seen], links: Mapping[Path, set[str]]) -> Association:
    rows = [row for one in seen for row in associated(one.json, known.name)]
    path = ("associations", known.name, known.node)
    values = {one.name: [row[one.name] for row in rows if one.name in row] for one in known.fields}
    fields = tuple(
        _learn_field(one, [(text_of(value), value) for value in values[one.name]], links.get((*path, one.name)))
        for one in known.fields
    )
    return replace(known, fields=fields)


def associated(record: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """The rows of an association in a record as JSON gives it; an empty association is missing there."""
    found = record.get("associations")
    return list(found.get(name) or []) if isinstance(found, dict) else []


def _learn_field(known: Field, pairs: list[tuple[object, object]], links: set[str] | None) -> Field:
    """The field, from pairs of a text in the database and the value in JSON, and from the links in XML."""
    flat: list[tuple[str | None, object]] = []
    for text, value in pairs:
        if isinstance(text, dict) and isinstance(value, list):
            flat += [(text[str(one["id"])], one["value"]) for one in value]
        elif not isinstance(text, dict):
            flat.append((text if text is None else str(text), value))
    flat = [(text, value) for text, value in flat if value is not None]
    texts = {text for text, _ in flat if text}
    kind = known.kind if known.declared or known.language else _kind_of(texts)
    number = bool(flat) and all(type(value) is int and text == str(value) for text, value in flat)
    as_json = {} if number else {str(text): value for text, value in flat if not isinstance(value, str)}
    targets = [target.rpartition("/") for target in links or ()]
    return replace(
        known,
        kind=kind,
        number=number,
        as_json=as_json,
        link=targets[0][0] if targets else None,
        links_zero=any(number == "0" for _, _, number in targets),
    )


def _kind_of(texts: set[str]) -> Kind:
    shapes: dict[Kind, str] = {"number": r"-?\d+(\.\d+)?", "date": r"\d{4}-\d\d-\d\d( [\d:]{8})?"}
    for kind, shape in shapes.items():
        if texts and all(re.fullmatch(shape, text) for text in texts):
            return kind
    return "text"


def text_of(value: object) -> str | None:
    """The text in the database behind a value of a JSON document."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else ""
    return str(value)


def _text_behind(seen: Seen, name: str) -> object:
    """The text of a field, or its texts by language. XML has the say where JSON shows what PHP computed, such as 0."""
    value = seen.json.get(name)
    if isinstance(value, list):
        return {str(one["id"]): text_of(one["value"]) for one in value}
    if isinstance(value, int) and seen.xml is not None:
        node = seen.xml.find(name)
        if node is not None and len(node) == 0:
            return node.text or ""
    return text_of(value)


def row_of(resource: Resource, seen: Seen) -> Row:
    """A record as a row of the database."""
    row: Row = {one.name: _text_behind(seen, one.name) for one in resource.fields}
    for association in resource.associations:
        rows = associated(seen.json, association.name)
        row[association.name] = [{key: text_of(value) for key, value in one.items()} for one in rows]
    return row


def read_json(body: str) -> object:
    """A JSON document of a shop, which sends control characters as they are."""
    return json.loads(body, strict=False)
