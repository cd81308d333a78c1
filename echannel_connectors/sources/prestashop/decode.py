"""The webservice's documents as rows: one dict per record, the same from XML and JSON.

A row holds text (or what JSON's parser made of a number), language fields as lists of {language, text}, and each
association as a list of dicts. What stands before the document (a BOM, a PHP warning) is skipped, and raw control
characters, which both formats forbid and real shops send, are taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from lxml import etree

Row = dict[str, Any]  # text, numbers, lists of dicts

CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class NotADocument(ValueError):
    """The answer is neither XML nor JSON of a webservice: a page of HTML, a fragment, a cut-off text."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as the webservice tells it."""

    code: int
    message: str


def rows(body: bytes) -> list[Row]:
    """The records of a list, in their order; an empty list may be `[]`, an empty element or nothing at all."""
    document = _document(body)
    if document is None:
        return []
    if isinstance(document, etree._Element):
        container = next(iter(document), None)
        return [] if container is None else [_row(record) for record in container]
    if isinstance(document, list):
        return []
    content: Any = next(iter(document.values()), [])
    records = content if isinstance(content, list) else [content]
    return [_json_row(record) for record in records]


def faults(body: bytes) -> list[Fault]:
    """The errors in the document, whatever the HTTP status says; none when it holds records."""
    try:
        document = _document(body)
    except NotADocument:
        return []
    if isinstance(document, etree._Element):
        return [
            Fault(int(error.findtext("code") or 0), " ".join((error.findtext("message") or "").split()))
            for error in document.iterfind("./errors/error")
        ]
    if isinstance(document, dict) and "errors" in document:
        return [Fault(int(error.get("code") or 0), str(error.get("message"))) for error in document["errors"]]
    return []


def xml(body: bytes) -> etree._Element:
    """The document as an element; no entity is resolved, no DTD is read."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, remove_pis=True)
    try:
        return etree.fromstring(CONTROL.sub(b"", _trimmed(body, (b"<?xml", b"<prestashop"))), parser)
    except etree.XMLSyntaxError as error:
        raise NotADocument(f"malformed XML: {error}") from None


def _document(body: bytes) -> Any:  # an element, a dict, a list, or None where there is nothing
    if not body.strip():
        return None
    starts = {mark: at for mark in (b"<?xml", b"<prestashop", b"{", b"[") if (at := body.find(mark)) >= 0}
    if starts and min(starts, key=starts.__getitem__) in (b"<?xml", b"<prestashop"):
        return xml(body)
    if not starts:
        raise NotADocument("neither XML nor JSON")
    text = body[min(starts.values()) :]
    for attempt in (text, CONTROL.sub(b" ", text), CONTROL.sub(b" ", text).decode("utf-8", "replace").encode()):
        try:
            return orjson.loads(attempt)
        except orjson.JSONDecodeError as error:
            reason = str(error)
    raise NotADocument(f"malformed JSON: {reason}")


def _trimmed(body: bytes, marks: tuple[bytes, ...]) -> bytes:
    starts = [at for mark in marks if (at := body.find(mark)) >= 0]
    if not starts:
        raise NotADocument("no XML document")
    return body[min(starts) :]


def _row(record: etree._Element) -> Row:
    row: Row = {}
    if (identity := record.get("id")) is not None:
        row["id"] = identity
    for field in record:
        if field.tag == "associations":
            for association in field:
                row[association.tag] = [dict(_leaves(item)) for item in association]
        elif len(field) and field[0].tag == "language":
            row[field.tag] = [{"language": int(item.get("id", 0)), "text": item.text or None} for item in field]
        else:
            row[field.tag] = field.text
    return row


def _leaves(item: etree._Element) -> Iterator[tuple[str, str | None]]:
    for leaf in item:
        yield leaf.tag, leaf.text


def _json_row(record: Row) -> Row:
    row = dict(record)
    associations = row.pop("associations", None)
    for name, value in record.items():
        if type(value) is list and name != "associations":
            row[name] = [{"language": int(item["id"]), "text": item["value"] or None} for item in value]
    if isinstance(associations, dict):
        for name, items in associations.items():
            row[name] = [
                {key: None if leaf in ("", None) else str(leaf) for key, leaf in item.items()} for item in items
            ]
    return row
