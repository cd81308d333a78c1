"""PrestaShop by its webservice, versions 1.6 to 9: read-only, incremental, exact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from echannel_connectors import specs
from echannel_connectors.errors import EChannelError, Refused
from echannel_connectors.events import OnEvent
from echannel_connectors.settings import Settings
from echannel_connectors.sources.http import Http
from echannel_connectors.sources.prestashop.client import HTACCESS, RIGHTS, Webservice
from echannel_connectors.sources.prestashop.schema import wanted
from echannel_connectors.sources.prestashop.streams import RULES, ResourceStream, Rule
from echannel_connectors.streams import Finding, Stream

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
WRITES = frozenset({"put", "post", "delete", "patch"})


class PrestaShop(Settings):
    """A PrestaShop shop: its address and a webservice key (read-only rights are enough, and better).

    `start` leaves out orders placed before that day. `look_back_hours` is read again at every sync, because the shop's
    clock repeats an hour in autumn. Raises SettingsError for an address that is not https (loopback excepted).
    """

    connector: ClassVar[str] = "prestashop"
    maps_in_warehouse: ClassVar[bool] = True  # core is made of raw rows by SQL that runs in the warehouse

    url: str
    key: SecretStr
    name: str = "shop"
    start: date | None = None
    page: int = Field(default=250, ge=1, le=1000)
    look_back_hours: float = Field(default=24, ge=2)
    readers: int = Field(default=2, ge=1, le=6)
    time_out: float = Field(default=60, gt=0)
    attempts: int = Field(default=5, ge=1, le=10)
    pause: float = Field(default=0.5, ge=0)
    allow_http: bool = False
    user_agent: str = "echannel-connectors (reads a PrestaShop webservice)"

    @field_validator("url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        """People paste the address with /api behind it; both are meant."""
        return url.strip().rstrip("/").removesuffix("/api").rstrip("/")

    @model_validator(mode="after")
    def _safe_address(self) -> PrestaShop:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{self.url!r} is not the address of a shop; it should look like https://shop.example")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK and not self.allow_http:
            raise ValueError("the key would travel unprotected: use https (or set allow_http if you must)")
        return self

    def listen(self, on_event: OnEvent) -> None:
        """Tell retries to this listener."""
        self._webservice.http.on_event = on_event

    def streams(self) -> Mapping[str, Stream]:
        """The resources that core needs and this key may read, in the order in which they are best read."""
        shop = self._webservice
        readable = {resource for resource, rights in shop.rights().items() if "get" in rights}
        found: dict[str, Stream] = {}
        for resource, reads in self._spec.reads.items():
            if resource not in readable:
                if not reads.optional:
                    hint = f"{RIGHTS}give the key the GET permission on {resource!r}"
                    raise Refused(f"the key may not read {resource!r}, which the tables need", hint=hint)
                continue
            columns, display = wanted(shop.fields(resource), reads)
            found[resource] = ResourceStream(
                shop=shop,
                resource=resource,
                columns=columns,
                display=display,
                rule=RULES.get(resource, Rule()),
                stores=self._stores,
                page=self.page,
                look_back=timedelta(hours=self.look_back_hours),
                start=self.start.isoformat() if self.start else "",
            )
        return found

    def check(self) -> Iterable[Finding]:
        """What a person should know before the first sync: the key's rights, the order states, the way in."""
        try:
            rights = self._webservice.rights()
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)
            return
        yield Finding("ok", f"{self._webservice.http.host} answers (PrestaShop {self._webservice.version or '?'})")
        if self._webservice.key_in_query:
            hint = f"add this line to the shop's .htaccess: {HTACCESS}"
            yield Finding("warning", "the host drops the Authorization header; the key travels in the address", hint)
        missing = [
            resource
            for resource, reads in self._spec.reads.items()
            if "get" not in rights.get(resource, ()) and not reads.optional
        ]
        for resource in missing:
            hint = f"{RIGHTS}give the key the GET permission on {resource!r}"
            yield Finding("error", f"the key may not read {resource!r}, which the tables need", hint)
        writable = sorted(resource for resource, found in rights.items() if found & WRITES)
        if writable:
            hint = f"{RIGHTS}leave only GET on this key"
            yield Finding(
                "warning", f"the key may write ({', '.join(writable[:5])} …); reading needs no such right", hint
            )
        if "order_states" not in missing:
            yield from self._states()

    def receipt(self) -> Mapping[str, float]:
        cost = self._webservice.http.receipt
        return {"requests": cost.requests, "seconds": cost.seconds, "bytes": cost.bytes}

    def close(self) -> None:
        """Nothing is held open between requests."""

    def _states(self) -> Iterable[Finding]:
        for state in self._webservice.records("order_states", "[id,name,logable]", 200, sort="[id_ASC]"):
            name = next((item["text"] for item in state["name"] if item["text"]), state["id"])
            counts = "counts as a sale" if str(state["logable"]) == "1" else "is no sale"
            yield Finding("ok", f"order state {state['id']}, {name}: {counts}")

    @cached_property
    def _spec(self) -> specs.Spec:
        return specs.find(self.connector)

    @cached_property
    def _webservice(self) -> Webservice:
        http = Http(
            self.url,
            headers={"User-Agent": self.user_agent},
            time_out=self.time_out,
            attempts=self.attempts,
            pause=self.pause,
        )
        return Webservice(http, self.key.get_secret_value())

    @cached_property
    def _stores(self) -> Mapping[str, str]:
        """In a multistore only the default shop answers; asked for its group, all of it does (both spellings count)."""
        if "get" not in self._webservice.rights().get("shops", ()):
            return {}
        shops = self._webservice.records("shops", "[id,id_shop_group]", 1000, sort="[id_ASC]")
        groups = sorted({str(shop["id_shop_group"]) for shop in shops})
        if len(shops) < 2:
            return {}
        return {"id_group_shop": groups[0], "id_shop_group": groups[0]}
