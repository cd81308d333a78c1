"""PrestaShop by its webservice, versions 1.6 to 9: read-only, incremental, exact."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pyarrow as pa
from pydantic import Field, SecretStr, field_validator, model_validator

from echannel_connectors import specs
from echannel_connectors.errors import EChannelError
from echannel_connectors.events import OnEvent
from echannel_connectors.settings import LOOPBACK, Connector, Secret, unveiled
from echannel_connectors.sources.http import Http
from echannel_connectors.sources.prestashop.check import findings, store_findings
from echannel_connectors.sources.prestashop.client import Webservice, not_allowed
from echannel_connectors.sources.prestashop.listing import Listing
from echannel_connectors.sources.prestashop.rules import OF_A_GROUP, OF_EACH_STORE, RULES, Rule, rule
from echannel_connectors.sources.prestashop.schema import NEVER, wanted
from echannel_connectors.sources.prestashop.streams import Parents, ResourceStream, store
from echannel_connectors.streams import Finding, Landmark, Stream
from echannel_connectors.texts import say


class PrestaShop(Connector):
    """A PrestaShop shop: its address and a webservice key (read-only rights are enough, and better).

    All that the key may read is there as a stream; a sync takes what the tables need, and what `also` names: resources
    ("specific_prices", or "*" for all) and fields that otherwise stay in the shop ("customers.birthday"). `start`
    leaves out orders placed before that day. `look_back_hours` is read again at every sync, because the shop's clock
    repeats an hour in autumn. `polite` asks a weak host one thing at a time, with pauses; otherwise at most `readers`
    at once. Raises ValueError for an address that is not https (loopback excepted).
    """

    maps_in_warehouse: ClassVar[bool] = True  # core is made of raw rows by SQL that runs in the warehouse

    url: str
    key: Secret
    name: str = "shop"
    start: date | None = None
    also: tuple[str, ...] = ()
    polite: bool = False
    page: int = Field(default=500, ge=1, le=1000)
    look_back_hours: float = Field(default=24, ge=2)
    readers: int = Field(default=6, ge=1, le=16)
    stock_minutes: float = Field(default=15, ge=0)  # how often stock is read in --watch
    rest_hours: float = Field(default=24, ge=0)  # … and what else can only be read whole
    time_out: float = Field(default=60, gt=0)
    attempts: int = Field(default=5, ge=1, le=10)
    pause: float = Field(default=0.5, ge=0)
    allow_http: bool = False
    spec: specs.Spec | None = None  # how its resources become core tables, where that is not as the library has it
    user_agent: str = "Mozilla/5.0 (compatible; echannel-connectors; reads a PrestaShop webservice)"

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        """People paste the address with /api behind it; both are meant."""
        return url.strip().rstrip("/").removesuffix("/api").rstrip("/")

    @field_validator("key")
    @classmethod
    def _sendable(cls, key: SecretStr) -> SecretStr:
        """Without the line end of its file. What no header can hold would end a request, the key in its error."""
        if not key.get_secret_value().isascii():
            raise ValueError(say("a webservice key is of letters and digits; this has others, such as …"))
        return SecretStr(key.get_secret_value().strip())

    @model_validator(mode="after")
    def _safe_address(self) -> PrestaShop:
        if "@" in self.url or "ws_key=" in self.url:  # an address is printed, and the key would be with it
            raise ValueError(say("the address holds a key or a password: leave it out, the setting 'key' is its place"))
        scheme, host = _scheme_and_host(self.url)
        if scheme not in ("http", "https") or not host:
            raise ValueError(
                say("{url!r} is not the address of a shop; it should look like https://shop.example", url=self.url)
            )
        if scheme == "http" and host not in LOOPBACK and not self.allow_http:
            raise ValueError(say("the key would travel unprotected: use https (or set allow_http if you must)"))
        return self

    @classmethod
    def for_spec(cls, connector: str, project: Path | None, **settings: Any) -> PrestaShop:  # the fields above
        """The shop of a project: its own spec, for special modules, before the library's."""
        return cls(spec=specs.find(connector, project), **settings)

    @property
    def connector(self) -> str:
        return "prestashop"

    def listen(self, on_event: OnEvent) -> None:
        """Tell retries to this listener."""
        self._webservice.http.on_event = on_event

    def streams(self) -> Mapping[str, Stream]:
        """All resources that this key may read, each described when it is looked at; what core needs comes first.

        Raises Refused when the key may not read something that core needs.
        """
        needed = self._spec.reads
        readable = {resource for resource, rights in self._webservice.rights().items() if "get" in rights}
        for resource, reads in needed.items():
            if resource not in readable and not reads.optional:
                raise not_allowed(resource)
        names = [resource for resource in needed if resource in readable]
        return Resources(self, [*names, *sorted(readable - {*names} - NEVER)])

    def by_default(self, stream: str) -> bool:
        """Whether a sync takes this stream without being told to."""
        return stream in self._spec.reads or stream in self.also or "*" in self.also

    def recall(self, notes: Mapping[str, Any]) -> None:
        """Believe what was noted about this shop not long ago, instead of asking again."""
        self._webservice.recall(notes)

    def notes(self) -> Mapping[str, Any]:
        """What was learned about this shop, as JSON: its version and its fields. No secrets, no rows."""
        return self._webservice.notes()

    @property
    def address(self) -> str:
        """Without what changes when a shop gets a certificate."""
        return self.url.partition("://")[2]

    landmark: ClassVar[Landmark] = Landmark("orders", "id", "date_add")

    def moments(self, keys: Sequence[str]) -> pa.RecordBatch:
        """When these orders were made, of those that the shop has."""
        return self._webservice.moments(self._groups, keys)

    def check(self) -> Iterable[Finding]:
        """What a person should know before the first sync: the key's rights, the order states, the way in."""
        try:
            yield from findings(self._webservice, self._spec)
            yield from store_findings(*self._unread_stores())
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)

    def receipt(self) -> Mapping[str, float]:
        return self._webservice.http.receipt.told()

    def close(self) -> None:
        """Nothing is held open between requests."""

    @cached_property
    def _spec(self) -> specs.Spec:
        return self.spec or specs.find(self.connector)

    @cached_property
    def _webservice(self) -> Webservice:
        http = Http(
            self.url,
            headers={"User-Agent": self.user_agent},
            time_out=self.time_out,
            attempts=self.attempts,
            pause=self.pause,
            at_once=1 if self.polite else self.readers,
            rest=1.0 if self.polite else 0.0,
        )
        return Webservice(http, unveiled(self.key))

    def _places(self, resource: str, its: Rule) -> tuple[str, ...]:
        """In a multistore, which groups or stores are asked one by one; otherwise nothing is said of them."""
        if OF_A_GROUP & {resource, its.parent}:
            return self._groups
        is_home_told = its.home in self._webservice.fields(resource).words
        return self._stores if resource in OF_EACH_STORE or is_home_told else ("",)

    @cached_property
    def _shops(self) -> Sequence[Mapping[str, Any]]:
        """The shops of a multistore; none where there is but one, or where the key may not read them."""
        if "get" not in self._webservice.rights().get("shops", ()):
            return []
        names = ("id", "id_shop_group", "active", "deleted")
        shops = self._webservice.records("shops", names, 1000, {"sort": "[id_ASC]"})
        return shops if len(shops) > 1 else []

    @cached_property
    def _open_shops(self) -> Sequence[Mapping[str, Any]]:
        return [shop for shop in self._shops if str(shop["active"]) == "1" and str(shop["deleted"]) != "1"]

    @cached_property
    def _is_partly_off(self) -> bool:
        return len(self._open_shops) < len(self._shops)

    def _unread_stores(self) -> tuple[list[str], list[str]]:
        """The stores that are switched off, and those that the key is not for."""
        is_open = [str(shop["id"]) for shop in self._open_shops]
        refused = [number for number in is_open if len(is_open) > 1 and not self._webservice.may_read_store(number)]
        return [number for shop in self._shops if (number := str(shop["id"])) not in is_open], refused

    @cached_property
    def _groups(self) -> tuple[str, ...]:
        """Only the default shop answers; asked for its group, all shops of the group do that are not switched off."""
        return tuple(sorted({str(shop["id_shop_group"]) for shop in self._open_shops})) or ("",)

    @cached_property
    def _stores(self) -> tuple[str, ...]:
        """The stores that this key may read, the default one first: its word counts where several have a record."""
        if len(self._open_shops) < 2:
            return ("",)
        settings = self._webservice.records("configurations", ("value",), 1, {"filter[name]": "[PS_SHOP_DEFAULT]"})
        default = str(settings[0]["value"]) if settings else ""
        numbers = sorted(
            (str(shop["id"]) for shop in self._open_shops), key=lambda number: (number != default, int(number))
        )
        found = tuple(store(number) for number in numbers if self._webservice.may_read_store(number))
        return found if len(found) > 1 else ("",)


def _scheme_and_host(url: str) -> tuple[str, str]:
    """Both empty where they cannot be told."""
    try:
        parts = urlsplit(url)
        return ("", "") if parts.port == 0 or re.search(r"\s", url) else (parts.scheme, parts.hostname or "")
    except ValueError:  # a port or a bracket that is none
        return "", ""


class Resources(Mapping[str, Stream]):
    """The streams of one sync, each made when it is looked at; children share what was asked about their parents."""

    def __init__(self, shop: PrestaShop, names: Sequence[str]) -> None:
        self._shop = shop
        self._names = names
        self._made: dict[str, ResourceStream] = {}
        self._parents: dict[str, Parents] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, resource: object) -> bool:
        return resource in self._names  # without describing it

    def __getitem__(self, resource: str) -> ResourceStream:
        if resource not in self._names:
            raise KeyError(resource)
        if resource not in self._made:
            self._made[resource] = self._stream(resource)
        return self._made[resource]

    def _stream(self, resource: str) -> ResourceStream:
        shop = self._shop
        its = rule(resource, shop._webservice.fields(resource))
        if its.swept and shop._is_partly_off and (its.home or resource in OF_A_GROUP):
            # What a store sold before it was switched off is not shown any more: that is no deletion.
            its = replace(its, swept=False)
        return ResourceStream(
            listing=self._listing(resource, its),
            rule=its,
            parents=self._parents_of(its.parent) if its.parent else None,
            groups=shop._places(resource, its),
            look_back=timedelta(hours=shop.look_back_hours),
            start=shop.start.isoformat() if shop.start else "",
            every=timedelta(minutes=shop.stock_minutes)
            if its.is_stock
            else timedelta(hours=shop.rest_hours)
            if its.is_whole
            else None,
        )

    def _listing(self, resource: str, its: Rule) -> Listing:
        shop = self._shop
        also = {name.partition(".")[2] for name in shop.also if name.startswith(f"{resource}.")}
        columns, display = wanted(shop._webservice.fields(resource), shop._spec.reads.get(resource), also)
        page = min(shop.page, 100) if shop.polite else shop.page
        return Listing(shop._webservice, resource, columns, display, page, its.filters)

    def _parents_of(self, resource: str) -> Parents:
        with self._lock:
            if resource not in self._parents:
                its = RULES[resource]
                self._parents[resource] = Parents(self._listing(resource, its), its.date)
            return self._parents[resource]
