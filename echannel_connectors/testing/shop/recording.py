"""Recorded exchanges with a real shop, read into what a stand-in needs: its schema, rows, rights and headers."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from lxml import etree

from echannel_connectors.testing.shop.manners import AS_SEEN, Manners
from echannel_connectors.testing.shop.query import parameters
from echannel_connectors.testing.shop.schema import (
    Association,
    Field,
    Resource,
    Row,
    Seen,
    learn,
    read_json,
    read_synopsis,
    row_of,
)

KEY = "ABCDEFGHJKLMNPQRSTUVWXYZ12345678"
Tables = dict[str, dict[int, Row]]
Rights = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a real shop and its answer."""

    number: int
    method: str
    target: str
    auth: str
    key: str | None
    request_headers: dict[str, str]
    status: int
    headers: dict[str, str]
    body: str
    note: str

    @property
    def resource(self) -> str:
        """The first part of the path below `/api`."""
        return (self.target.partition("?")[0].split("/") + [""] * 3)[2]

    @property
    def asked(self) -> dict[str, str]:
        """The parameters of the request."""
        return parameters(self.target.partition("?")[2])

    @property
    def is_json(self) -> bool:
        """The answer is a JSON document."""
        return "json" in self.headers.get("Content-Type", "")


@dataclass(slots=True)
class Shop:
    """All that a recording tells about a shop."""

    version: str
    base: str
    native: bool
    name: str
    resources: dict[str, Resource]
    descriptions: dict[str, str]
    keys: dict[str, Rights]
    tables: Tables = field(default_factory=dict)
    manners: Manners = AS_SEEN


def exchanges(path: Path | str) -> Iterator[Exchange]:
    """The recorded exchanges, in order."""
    with gzip.open(path, "rb") as lines:
        for line in lines:
            one = orjson.loads(line)
            yield Exchange(
                one["n"], one["method"], one["target"], one["auth"], one["key"], one["request_headers"],
                one["status"], one["headers"], one.get("body") or "", one["note"],
            )  # fmt: skip


def key_for(label: str) -> str:
    """The key that a recording names: `reader` stands for the real one, which its key-in-the-query requests show."""
    if label == "reader":
        return KEY
    return label.upper().replace(" ", "0").ljust(32, "0") if label in ("orders only", "disabled") else label


def read_recording(path: Path | str) -> Shop:
    """The shop behind a recording, or what `keep` left of one, with rows and keys of the caller's own."""
    file = Path(path)
    known = _read(file, file.stat().st_mtime_ns)
    keys = {key: {name: set(methods) for name, methods in rights.items()} for key, rights in known.keys.items()}
    return replace(known, keys=keys, tables=copied(known.tables))


def keep(shop: Shop, path: Path | str) -> None:
    """Write the shop as one small file, which `read_recording` reads like the recording itself."""
    document = {**asdict(shop), "keys": {key: _sorted(rights) for key, rights in shop.keys.items()}}
    text = orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_INDENT_2)
    Path(path).write_bytes(gzip.compress(text, mtime=0))


def _sorted(rights: Rights) -> dict[str, list[str]]:
    return {name: sorted(methods) for name, methods in rights.items()}


def _read_kept(document: dict[str, Any]) -> Shop:
    document["keys"] = {
        key: {name: set(methods) for name, methods in rights.items()} for key, rights in document["keys"].items()
    }
    document["resources"] = {name: _kept_resource(one) for name, one in document["resources"].items()}
    document["tables"] = {
        name: {int(number): row for number, row in rows.items()} for name, rows in document["tables"].items()
    }
    manners: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in document.get("manners", {}).items()
    }
    return Shop(**{**document, "manners": Manners(**manners)})


def _kept_resource(one: dict[str, Any]) -> Resource:
    associations = [
        Association(**{**each, "fields": tuple(Field(**leaf) for leaf in each["fields"])})
        for each in one["associations"]
    ]
    fields = tuple(Field(**each) for each in one["fields"])
    return Resource(**{**one, "fields": fields, "associations": tuple(associations)})


def copied(tables: Tables) -> Tables:
    """The same rows, which may be edited without a trace in the first ones."""
    return {name: {number: _copied_row(row) for number, row in rows.items()} for name, rows in tables.items()}


def _copied_row(row: Row) -> Row:
    copy = dict(row)
    for name, value in row.items():
        if isinstance(value, dict):
            copy[name] = dict(value)
        elif isinstance(value, list):
            copy[name] = [dict(one) for one in value]
    return copy


# A suite opens the same shop for every other test; reading takes ten times as long as copying.
@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Shop:
    if not path.name.endswith(".jsonl.gz"):
        return _read_kept(orjson.loads(gzip.decompress(path.read_bytes())))
    good = [one for one in exchanges(path) if one.method == "GET" and one.status == 200]
    roots = {key_for(one.key or ""): one.body for one in good if one.resource == "" and not one.is_json}
    base = re.findall(r'xlink:href="(.*?)/api', roots[KEY])[0]
    native = any('"name":[{"id":1,' in one.body for one in good if one.is_json)
    shop = Shop(
        version=next(one.headers["PSWS-Version"] for one in good if "PSWS-Version" in one.headers),
        base=base,
        native=native,
        name=re.findall(r'<api shopName="(.*?)">', roots[KEY])[0],
        resources={},
        descriptions=dict(re.findall(r"<(\w+) [^>]*>\n<description [^>]*>\n(.*?)</description>", roots[KEY])),
        keys={key: _rights(root) for key, root in roots.items()},
    )
    about: dict[str, list[Exchange]] = {name: [] for name in shop.descriptions}
    for one in good:
        about.get(one.resource, []).append(one)
    for name, found in about.items():
        _read_resource(shop, name, found)
    return shop


def _rights(root: str) -> Rights:
    rights: Rights = {}
    for name, flags in re.findall(r"^<(\w+) xlink:href=\S+ (.*?)>\n<description", root, re.MULTILINE):
        rights[name] = {method.upper() for method, allowed in re.findall(r'(\w+)="(\w+)"', flags) if allowed == "true"}
    return rights


def _read_resource(shop: Shop, name: str, about: list[Exchange]) -> None:
    synopsis = next((one.body for one in about if one.asked == {"schema": "synopsis"} and not one.is_json), None)
    if synopsis is None or "<image_types>" in synopsis:
        return
    seen = _seen(about)
    ids = next(one.body for one in about if one.asked == {} and not one.is_json)
    known = read_synopsis(name, _list_node(ids), synopsis)
    rows = {number: row_of(known, one) for number, one in seen.items()}
    resource = learn(known, list(seen.values()), list(rows.values()))
    # A list without a sort comes in the order that the database likes best; keep it.
    order = [int(number) for number in re.findall(r'<\w+ id="(\d+)"', ids)]
    shop.tables[name] = {number: rows[number] for number in [*order, *rows] if number in rows}
    shop.resources[name] = replace(resource, synopsis=synopsis.replace(shop.base, "{base}"))


def _is_page(one: Exchange) -> bool:
    """A page of whole records in the language and shop that a request gets by default."""
    return one.asked.get("display") == "full" and not {"language", "id_shop", "id_group_shop"} & set(one.asked)


def _is_extra(one: Exchange) -> bool:
    """Orders of another shop of the same installation: their rows are theirs whoever asks."""
    return one.resource == "orders" and one.asked.get("display") == "full" and "id_shop" in one.asked


def _seen(about: list[Exchange]) -> dict[int, Seen]:
    """The whole records that a recording shows of one resource, by id."""
    pages = [one for one in about if _is_page(one) or _is_extra(one)]
    xml = {
        str(record.findtext("id")): record
        for one in pages
        if not one.is_json
        for record in etree.fromstring(one.body.encode())[0]
    }
    documents = [read_json(one.body) for one in pages if one.is_json]
    records = [one for document in documents if isinstance(document, dict) for one in next(iter(document.values()))]
    return {one["id"]: Seen(one, xml.get(str(one["id"]))) for one in reversed(records)}


def _list_node(ids: str) -> str:
    return str(re.findall(r"<prestashop[^>]*>\s*<(\w+)", ids)[0])
