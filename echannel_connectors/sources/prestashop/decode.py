"""The webservice's documents as columns of text, the same from XML and JSON.

A record's fields are text (or what JSON's parser made of a number); language fields and associations are `Nested`.
What stands before the document (a BOM, a PHP warning) is skipped; raw control characters, which both formats forbid
and real shops send, are taken out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import orjson
import pyarrow as pa
from lxml import etree

from echannel_connectors.arrow import ARROW_TYPES, Nested
from echannel_connectors.texts import say

Columns = Mapping[str, Sequence[Any] | Nested]
Row = dict[str, Any]  # text, numbers

CONTROL = bytes({*range(0x20)} - {0x09, 0x0A, 0x0D})
# The end of a CDATA section inside its text, which PrestaShop does not escape.
STRAY_END = re.compile(rb"\]\]>(?!</)")
PAGE_FOR_PEOPLE = re.compile(rb"\s*(?:<!doctype\s+html|<html)", re.IGNORECASE)
TRANSLATIONS = ARROW_TYPES["translations"]


class NotADocument(ValueError):
    """The answer is neither XML nor JSON of a webservice: a fragment, a cut-off text."""


class PageForPeople(NotADocument):
    """The answer is a page of HTML: somebody else answers, whatever is asked."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as the webservice tells it."""

    code: int
    message: str


Document = etree._Element | list[Any] | dict[str, Any] | None


def document(body: bytes) -> Document:
    """What was sent, parsed; None for nothing at all."""
    if body.startswith((b"{", b"[")):
        return _json(body)
    if not body or body.isspace():
        return None
    if PAGE_FOR_PEOPLE.match(body):
        raise PageForPeople(say("a page of HTML"))
    starts = [at for mark in (b"<?xml", b"<prestashop") if (at := body.find(mark)) >= 0]
    return _xml(body[min(starts) :]) if starts else _json_after_talk(body)


def faults(found: Document) -> list[Fault]:
    """The errors in the document, whatever the HTTP status says; none when it holds records."""
    if isinstance(found, etree._Element):
        return [
            Fault(int(error.findtext("code") or 0), " ".join((error.findtext("message") or "").split()))
            for error in found.iterfind("./errors/error")
        ]
    if isinstance(found, dict) and "errors" in found:
        return [Fault(int(error.get("code") or 0), str(error.get("message"))) for error in found["errors"]]
    return []


def columns(found: Document, schema: pa.Schema) -> Columns:
    """The records of a list as the schema's columns, in their order; a field that a record lacks is None.

    An empty list may be `[]`, an empty element or nothing at all.
    """
    if isinstance(found, etree._Element):
        container = next(iter(found), None)
        return _of_elements([] if container is None else list(container), schema)
    if not isinstance(found, dict):
        return _of_dicts([], schema)
    content: Any = next(iter(found.values()), [])
    return _of_dicts(content if isinstance(content, list) else [content], schema)


# -- JSON -----------------------------------------------------------------------------------------------------------


Json = list[Any] | dict[str, Any]


def _json(text: bytes) -> Json:
    with suppress(orjson.JSONDecodeError):
        found: Json = orjson.loads(text)
        return found
    try:  # raw control characters and bytes that are no UTF-8
        whole = text.translate(None, CONTROL).decode("utf-8", "replace")
        return json.loads(whole, strict=False, parse_float=str)  # type: ignore[no-any-return]  # a page is no bare value
    except json.JSONDecodeError as error:
        raise NotADocument(f"malformed JSON: {error}") from None


def _json_after_talk(body: bytes) -> Json:
    """JSON behind a BOM or a PHP warning, which may hold brackets itself."""
    reason = "neither XML nor JSON"
    for start in islice(re.finditer(rb"[{\[]", body), 20):
        try:
            return _json(body[start.start() :])
        except NotADocument as error:
            reason = str(error)
    raise NotADocument(reason)


def _of_dicts(records: Sequence[Row], schema: pa.Schema) -> Columns:
    made: dict[str, Sequence[Any] | Nested] = {}
    for field in schema:
        if field.type == TRANSLATIONS:
            made[field.name] = _languages(_values(records, field.name))
        elif pa.types.is_list(field.type):
            lists = [_items(record, field.name) for record in records]
            items = list(chain.from_iterable(lists))
            leaves = {leaf: _without_false(_values(items, leaf)) for leaf in _leaves(field)}
            made[field.name] = Nested([len(one) for one in lists], leaves)
        elif pa.types.is_string(field.type):
            made[field.name] = _without_false(_values(records, field.name))
        else:
            made[field.name] = _values(records, field.name)
    return made


def _values(records: Sequence[Row], name: str) -> list[Any]:
    try:
        return [record[name] for record in records]
    except KeyError:
        return [record.get(name) for record in records]


def _without_false(texts: list[Any]) -> list[Any]:
    """Where a text is missing, some of PrestaShop's code says false; XML has nothing there."""
    return [None if text is False else text for text in texts] if False in texts else texts


def _items(record: Row, association: str) -> list[Row]:
    """An association's records; an empty one is missing, and PHP may send an object where it means a list."""
    found = record.get("associations")
    items = found.get(association) if isinstance(found, dict) else None
    return list(items.values()) if isinstance(items, dict) else items or []


def _leaves(field: pa.Field) -> list[str]:
    kind = field.type.value_type
    return [kind.field(n).name for n in range(kind.num_fields)]


def _languages(values: Sequence[Any]) -> Nested:
    """A language field: a list of {id, value}, or one plain text where the shop has a single language."""
    lists = [one if isinstance(one, list) else [] if one is None else [{"id": 0, "value": one}] for one in values]
    items = list(chain.from_iterable(lists))
    texts = _without_false(_values(items, "value"))
    return Nested([len(one) for one in lists], {"language": _values(items, "id"), "text": texts})


# -- XML ------------------------------------------------------------------------------------------------------------


def _xml(text: bytes) -> etree._Element:
    """The document as an element; no entity is resolved, no DTD is accepted."""
    try:
        root = etree.fromstring(text, _parser())
    except etree.XMLSyntaxError:
        try:
            root = etree.fromstring(_mended(text), _parser())
        except etree.XMLSyntaxError as error:
            raise NotADocument(f"malformed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotADocument("an XML document with a DTD")
    return root


def _parser() -> etree.XMLParser:
    """One for each document: lxml lets only one thread at a time use a parser."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_blank_text=True,
        remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip


def _mended(text: bytes) -> bytes:
    """Without raw control characters, bytes that are no UTF-8 replaced, a stray end of CDATA cut into two sections."""
    whole = text.translate(None, CONTROL).decode("utf-8", "replace").encode()
    return STRAY_END.sub(b"]]]]><![CDATA[>", whole)


def _of_elements(records: Sequence[etree._Element], schema: pa.Schema) -> Columns:
    texts = _texts(records)
    made: dict[str, Sequence[Any] | Nested] = {}
    for field in schema:
        if field.name == "id":
            made["id"] = texts.get("id") or [record.get("id") for record in records]
        elif field.type == TRANSLATIONS:
            lists = [[one for one in found if one.tag == "language"] for found in _found(records, field.name)]
            items = list(chain.from_iterable(lists))
            leaves = {"language": [one.get("id") for one in items], "text": [one.text for one in items]}
            made[field.name] = Nested([len(one) for one in lists], leaves)
        elif pa.types.is_list(field.type):
            found = _found(records, f"associations/{field.name}")
            rows = _texts(list(chain.from_iterable(found)))
            height = sum(len(one) for one in found)
            leaves = {leaf: rows.get(leaf) or [None] * height for leaf in _leaves(field)}
            made[field.name] = Nested([len(one) for one in found], leaves)
        else:
            made[field.name] = texts.get(field.name) or [None] * len(records)
    return made


def _found(records: Sequence[etree._Element], path: str) -> list[Sequence[etree._Element]]:
    """The element at a path of each record; nothing where a record has none."""
    container = records[0].getparent() if records else None
    found: Any = container.xpath(f"*/{path}") if container is not None else []
    owners = [one.getparent().getparent() for one in found] if "/" in path else [one.getparent() for one in found]
    if owners == list(records):
        return [list(one) for one in found]
    empty: Sequence[etree._Element] = ()
    return [empty if (one := record.find(path)) is None else list(one) for record in records]


def _texts(records: Sequence[etree._Element]) -> dict[str, list[str | None]]:
    """Field → its texts, one per record. Where all records have the same fields in the same order, as the webservice
    writes them, the texts are cut out of one long list: half the time of looking each up by its name."""
    names = [str(field.tag) for field in records[0]] if records else []
    flat = _in_order(records, names)
    if flat is not None:
        return {name: flat[n :: len(names)] for n, name in enumerate(names)}
    rows = [{str(field.tag): field.text for field in record} for record in records]
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(chain.from_iterable(rows))}


def _in_order(records: Sequence[etree._Element], names: list[str]) -> list[str | None] | None:
    """All texts, record by record; None as soon as one does not have exactly these fields in this order."""
    flat: list[str | None] = []
    keep = flat.append
    for record in records:
        if len(record) != len(names):
            return None
        for field, name in zip(record, names, strict=True):
            if field.tag != name:
                return None
            keep(field.text)
    return flat
