"""A PrestaShop webservice held in memory: it answers as the recorded shops did."""

import base64
import binascii
import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlencode

from echannel_connectors.testing.shop.faults import BARE, HOME_PAGE, PLAIN, Answer, Fault
from echannel_connectors.testing.shop.playing import changed_resource, changed_rows, played
from echannel_connectors.testing.shop.query import RefusedError, did_you_mean, display, parameters, select
from echannel_connectors.testing.shop.recording import KEY, Shop, Tables, copied, read_recording
from echannel_connectors.testing.shop.render import Writer, error_document, php_json, root_document, schema_document
from echannel_connectors.testing.shop.schema import Resource, Row
from echannel_connectors.testing.shop.server import serving
from echannel_connectors.testing.shop.versions import Change

REALM = (
    'Basic realm="Welcome to PrestaShop Webservice, please enter the authentication key as the login. '
    'No password required."'
)
UNKNOWN_SCHEMA = (
    "Please select a schema of type 'synopsis' to get the whole schema informations (which fields are required, which "
    "kind of content...) or 'blank' to get an empty schema to fill before using POST request"
)
COOKIE = {"Set-Cookie": "PrestaShop-stand-in=1; path=/; HttpOnly"}
BUSINESS = (
    "addresses", "cart_rules", "carts", "categories", "combinations", "customer_messages", "customer_threads",
    "customers", "customizations", "guests", "manufacturers", "messages", "order_carriers", "order_cart_rules",
    "order_details", "order_discounts", "order_histories", "order_invoices", "order_payments", "order_slip", "orders",
    "product_feature_values", "product_features", "product_option_values", "product_options", "product_suppliers",
    "products", "specific_price_rules", "specific_prices", "stock_availables", "stock_movements", "stocks",
    "suppliers", "tags",
)  # fmt: skip
"""What a company makes while it trades; the other tables are those of a shop just installed."""

OF_ONE_SHOP = ("orders", "customers")
"""These obey the shop, or the group, that a request speaks for; lines, slips, carts and stock never do."""
STORES = "_stores"
"""A row's stores, as text: such a row is shown to a request for one of them only, and a request for a group speaks for
the default shop there (products were seen to; for carriers, currencies and others it is in PrestaShop's code). A
recording shows rows of the default shop only, so that a test that wants others has to name them."""


class FakeShop:
    """A shop that answers like the recorded one, from tables that may be edited while it is served."""

    def __init__(self, shop: Shop) -> None:
        """Open a shop read from a recording; `from_recording` and `like` say it shorter."""
        self._shop = shop
        self.tables: Tables = shop.tables
        self.keys = shop.keys
        self.key = KEY
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.RLock()
        """Held while an answer is made; take it for several edits that must be seen together."""

    @property
    def version(self) -> str:
        """The PrestaShop that it plays, such as 1.6.1.25."""
        return self._shop.version

    @classmethod
    def from_recording(cls, path: Path | str) -> Self:
        """The shop of a recording, with the records it showed."""
        return cls(read_recording(path))

    @classmethod
    def like(cls, path: Path | str, tables: Mapping[str, Mapping[int, Row]]) -> Self:
        """A shop of the same make (fields, states, countries, settings …) that trades with these rows only."""
        shop = cls.from_recording(path)
        for name in BUSINESS:
            if name in shop.tables:
                shop.tables[name] = {}
        for name, rows in tables.items():
            shop.tables[name] = dict(rows)
        return shop

    def as_version(self, version: str) -> Self:
        """This 1.7 shop as a new one that plays PrestaShop "8.2" or "9.0".

        What differs comes from the code of those versions, or is inferred; no such shop was recorded (`versions.py`).
        """
        with self.lock:
            return type(self)(played(replace(self._shop, keys=self.keys), self.tables, version))

    def change(self, resource: str, change: Change) -> None:
        """Give a resource other fields, as a module or an upgrade does; what was there keeps its values."""
        with self.lock:
            languages = [str(number) for number in sorted(self.tables["languages"])]
            changed = {
                **self._shop.resources,
                resource: changed_resource(self._shop.resources[resource], change, languages),
            }
            self._shop = replace(self._shop, resources=changed)
            changed_rows(self.tables, resource, change, languages)

    def become(self, other: "FakeShop") -> None:
        """Hold the other shop's rows from now on, as after a day of trade."""
        with self.lock:
            self._shop = other._shop
            self.tables = copied(other.tables)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Answer on 127.0.0.1 while the block runs; gives the address of the shop."""
        with serving(self) as url:
            yield url

    def answer(self, method: str, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """What the shop sends back to a request, with whatever is going wrong today."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        with self.lock:
            self.requests.append((method, target))
            striking = [one for one in self.faults if one.strikes(f"{method} {target}")]
        time.sleep(sum(one.delay_seconds for one in striking))
        if any(one.strips_authorization for one in striking):
            sent.pop("authorization", None)
        error = next(((one.status or 500, one.error) for one in striking if one.error), None)
        with self.lock:
            answer = _Request(self._shop, self.tables, method, target, sent).answer(error)
        for one in striking:
            answer = one.spoil(answer)
        return answer


class _Request:
    """One request on its way through the shop's checks, in the shop's order."""

    def __init__(self, shop: Shop, tables: Tables, method: str, target: str, headers: Mapping[str, str]) -> None:
        self.shop = shop
        self.tables = tables
        self.method = method
        path, _, query = target.partition("?")
        self.path = [unquote(part) for part in path.split("/") if part]
        self.asked = parameters(query)
        self.headers = headers
        self.base = f"http://{headers.get('host', 'localhost')}"
        formats = [
            self.asked.get(name) or headers.get(name.replace("_", "-")) for name in ("output_format", "io_format")
        ]
        self.json = "JSON" in formats
        self.manners = shop.manners
        self.knows_key = False

    def answer(self, error: tuple[int, tuple[int, str]] | None = None) -> Answer:
        """The answer, or the error document that a fault asks for."""
        if self.path[:1] != ["api"]:
            return Answer(200, BARE, HOME_PAGE)
        if self._unknown_shop():
            return self._redirect()
        key = self._key()
        if key is None:
            if self.method == "OPTIONS" and self.manners.answers_preflight:
                return Answer(200, PLAIN, b"200 OK")
            return Answer(401, {**PLAIN, **COOKIE, "WWW-Authenticate": REALM}, b"401 Unauthorized")
        try:
            if error is not None:
                raise RefusedError(error[0], error[1])
            rights = self._rights(key)
            self.knows_key = True
            answer = self._document(rights)
        except RefusedError as refused:
            text = error_document(refused.errors, as_json=self.json)
            extra = {"WWW-Authenticate": REALM} if refused.errors[0][0] in (17, 18, 20) else {}
            answer = Answer(refused.status, {**self._headers(), **extra}, text.encode())
        return Answer(answer.status, answer.headers, b"", answer.records) if self.method == "HEAD" else answer

    def _unknown_shop(self) -> bool:
        wanted = self.asked.get("id_shop")
        return wanted is not None and not (wanted.isdigit() and int(wanted) in self.tables["shops"])

    def _redirect(self) -> Answer:
        rest = {
            "url": "/".join(self.path[1:]),
            **{k: v for k, v in self.asked.items() if k not in ("id_shop", "ws_key")},
        }
        where = f"{self.base}/index.php?{urlencode(rest)}"
        return Answer(302, {**PLAIN, "Location": where})

    def _key(self) -> str | None:
        """The key of the request: the user of Basic authentication, else `ws_key`."""
        scheme, _, coded = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                return base64.b64decode(coded).decode().partition(":")[0]
            except (binascii.Error, UnicodeDecodeError):
                return None
        return self.asked.get("ws_key")

    def _rights(self, key: str) -> Mapping[str, set[str]]:
        if key == "":
            raise RefusedError(401, (17, "Authentication key is empty"))
        if len(key) != len(KEY):
            raise RefusedError(401, (18, "Invalid authentication key format"))
        if key not in self.shop.keys:
            raise RefusedError(
                401, (20, "Authentification key is not active"), (21, "No permission for this authentication key")
            )
        return self.shop.keys[key]

    def _document(self, rights: Mapping[str, set[str]]) -> Answer:
        name = self.path[1] if len(self.path) > 1 else ""
        if self.method not in self.manners.methods:
            raise RefusedError(405, (23, f"Method {self.method} is not valid"))
        if name == "":
            return self._root(rights)
        self._check(name, rights)
        if name == "search" and not {"query", "language"} <= set(self.asked):
            # The one error that comes with a checksum.
            why = (100, "You have to set both the 'language' and 'query' parameters to get a result")
            return replace(self._good(error_document([why], as_json=self.json)), status=400)
        resource = self.shop.resources.get(name)
        if resource is None:
            return Answer(501, {"Content-Type": "text/plain"}, b"this stand-in does not play this part of a shop")
        if "schema" in self.asked:
            return self._schema(resource)
        return self._list(resource) if len(self.path) == 2 else self._single(resource)

    def _check(self, name: str, rights: Mapping[str, set[str]]) -> None:
        if name not in self.shop.descriptions:
            names = list(self.shop.descriptions)
            raise RefusedError(400, (27, did_you_mean(f'Resource of type "{name}" does not exists.', name, names)))
        if name not in rights:
            raise RefusedError(401, (26, f'Resource of type "{name}" is not allowed with this authentication key'))
        if self.method not in rights[name]:
            why = f"Method {self.method} is not allowed for the resource {name} with this authentication key"
            raise RefusedError(405, (25, why))

    def _root(self, rights: Mapping[str, set[str]]) -> Answer:
        if self.json and not self.manners.lists_root_in_json:
            return Answer(500, PLAIN)
        if self.json:
            return self._good(php_json([name for name in self.shop.descriptions if name in rights]))
        return self._good(root_document(self.shop.name, self.shop.descriptions, rights, self.base, self.manners.rights))

    def _schema(self, resource: Resource) -> Answer:
        kind = self.asked["schema"]
        if kind not in ("synopsis", "blank"):
            raise RefusedError(400, (28, UNKNOWN_SCHEMA))
        return self._good(schema_document(resource, kind, self.base, as_json=self.json))

    def _single(self, resource: Resource) -> Answer:
        number = self.path[2]
        row = self._rows(resource).get(int(number)) if number.isdigit() else None
        if row is None:
            headers = {key: value for key, value in self._headers().items() if key != "Content-Type"}
            return Answer(404, {**headers, **COOKIE})
        writer = self._writer(resource)
        shown = display(resource, None if "display" in self.asked else "full")
        write = writer.json if self.json else writer.xml
        return self._good(write([(int(number), row)], shown, single=True), 1)

    def _list(self, resource: Resource) -> Answer:
        writer = self._writer(resource)
        shown = display(resource, self.asked.get("display"))
        bare_as_text = self.manners.compares_bare_numbers_as_text
        rows = self._rows(resource).items()
        found = select(resource, rows, self.asked, list(writer.languages), bare_as_text=bare_as_text)
        write = writer.json if self.json else writer.xml
        return self._good(write(found, shown), 0 if shown.ids_only else len(found))

    def _writer(self, resource: Resource) -> Writer:
        known = [str(number) for number in sorted(self.tables["languages"])]
        wanted = self.asked.get("language")
        languages = known if wanted is None else wanted.strip("[]").split("|")
        if not set(languages) <= set(known):
            raise RefusedError(400, (81, "language is not available"))
        return Writer(resource, self.base, languages, self.shop.native and wanted is None, self.manners)

    def _rows(self, resource: Resource) -> dict[int, Row]:
        rows = dict(self.tables[resource.name])
        shops = self._shops()
        if any(STORES in row for row in rows.values()):
            store = self.asked.get("id_shop") or next(iter(self._default_shop()))
            rows = {number: row for number, row in rows.items() if store in (row.get(STORES) or store)}  # type: ignore[operator]  # a set of texts
        if resource.name in OF_ONE_SHOP:
            return {number: row for number, row in rows.items() if row.get("id_shop", "1") in shops}
        return rows

    def _shops(self) -> set[str]:
        """The shops that the request speaks for: one, a group, or the default one."""
        group = next((self.asked[name] for name in self.manners.group_parameters if name in self.asked), None)
        if "id_shop" in self.asked:
            return {self.asked["id_shop"]}
        if group is not None:
            shops = self.tables["shops"].items()
            # Those that are switched off do not count (code).
            found = {
                str(number) for number, row in shops if row.get("id_shop_group") == group and row.get("active") != "0"
            }
            if not found:
                raise RefusedError(500, (999, self.manners.unknown_group))
            return found
        return self._default_shop()

    def _default_shop(self) -> set[str]:
        settings = self.tables["configurations"].values()
        return {str(row.get("value")) for row in settings if row.get("name") == "PS_SHOP_DEFAULT"} or {"1"}

    def _good(self, text: str, records: int = 0) -> Answer:
        body = text.encode()
        checksum = hashlib.sha1(body, usedforsecurity=False).hexdigest()
        return Answer(200, {**self._headers(), "Content-Sha1": checksum}, body, records)

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json" if self.json else "text/xml;charset=utf-8",
            "Access-Time": str(int(time.time())),
            "X-Powered-By": "PrestaShop Webservice",
            "PSWS-Version": self.shop.version if self.knows_key or self.manners.tells_strangers_its_version else "0",
            "Execution-Time": "0.003",
        }
