"""The webservice client: asks for lists, understands refusals, and says each in one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lxml import etree

from echannel_connectors.errors import Refused, SettingsError, Unavailable, UnexpectedData
from echannel_connectors.sources.http import Http, Reply
from echannel_connectors.sources.prestashop import decode
from echannel_connectors.sources.prestashop.schema import Fields, fields

RIGHTS = "in the back office under Advanced Parameters > Webservice, "
HTACCESS = "SetEnvIf Authorization '(.*)' HTTP_AUTHORIZATION=$1"


class Webservice:
    """One shop's webservice, asked with one key. Safe to use from several threads."""

    def __init__(self, http: Http, key: str) -> None:
        self.http = http
        self.version = ""
        self.key_in_query = False
        self._key = key
        self._rights: dict[str, frozenset[str]] | None = None
        self._fields: dict[str, Fields] = {}

    def rights(self) -> Mapping[str, frozenset[str]]:
        """What the key may do: resource → get, put, post, delete, head. Asked once, and only in XML."""
        if self._rights is None:
            root = self._xml("", {})
            if root.find("api") is None:
                raise _not_a_webservice(self.http.host, "the answer is not a PrestaShop document")
            self._rights = {
                str(resource.tag): frozenset(str(right) for right, value in resource.attrib.items() if value == "true")
                for resource in root[0]
            }
        return self._rights

    def fields(self, resource: str) -> Fields:
        if resource not in self._fields:
            self._fields[resource] = fields(self._xml(resource, {"schema": "synopsis"}))
        return self._fields[resource]

    def _xml(self, resource: str, query: Mapping[str, str]) -> etree._Element:
        """The root and the synopses are read in XML: in JSON they lose the rights and the formats."""
        reply = self._document(resource, query)
        try:
            return decode.xml(reply.body)
        except decode.NotADocument as error:
            raise _not_a_webservice(self.http.host, f"it answered with something else ({error})") from None

    def records(self, resource: str, display: str, limit: int, **query: str) -> list[decode.Row]:
        """One page of a list. `query` holds filters and sort in the webservice's own spelling.

        A page that is too large for the shop's memory limit (500 without a document) is halved and asked again.
        """
        asked = {"display": display, "limit": str(limit), "date": "1", "output_format": "JSON", **query}
        reply = self._document(resource, asked, may_be_large=limit > 1)
        if reply is not None and reply.status == 500 and not reply.body.strip():
            return self._halved(resource, display, limit, query)
        try:
            return decode.rows(reply.body)
        except decode.NotADocument as error:
            xml_query = {name: value for name, value in asked.items() if name != "output_format"}
            return self._from_xml(resource, xml_query, str(error))

    def _halved(self, resource: str, display: str, limit: int, query: Mapping[str, str]) -> list[decode.Row]:
        first = self.records(resource, display, limit // 2, **query)
        if len(first) < limit // 2 or "sort" not in query or not query["sort"].startswith("[id_ASC"):
            return first
        low = int(first[-1]["id"])
        span = re.fullmatch(r"\[(\d+),(\d+)\]", query.get("filter[id]", ""))
        rest = f"[{low + 1},{span[2]}]" if span else f">[{low}]"
        return first + self.records(resource, display, limit - limit // 2, **{**query, "filter[id]": rest})

    def _from_xml(self, resource: str, query: Mapping[str, str], json_error: str) -> list[decode.Row]:
        reply = self._document(resource, query)
        try:
            return decode.rows(reply.body)
        except decode.NotADocument as error:
            raise UnexpectedData(
                f"{self.http.host} sent something that is neither JSON ({json_error}) nor XML ({error}) for {resource}",
                hint="open the shop's address in a browser: a firewall, a maintenance page or a broken module answers",
            ) from None

    def _document(self, resource: str, query: Mapping[str, str], *, may_be_large: bool = False) -> Reply:
        path = f"/api/{resource}" if resource else "/api"
        reply = self._ask(path, query)
        if reply.status == 401 and b"<" not in reply.body and not self.key_in_query:
            self.key_in_query = True  # the host drops the Authorization header: the key goes into the query
            second = self._ask(path, query)
            if second.status == 401 and b"<" not in second.body:
                self.key_in_query = False
            reply = second
        if reply.status == 500 and may_be_large and not reply.body.strip():
            return reply
        self._refuse(resource, reply)
        self.version = reply.headers.get("PSWS-Version", "") or self.version
        return reply

    def _ask(self, path: str, query: Mapping[str, str]) -> Reply:
        if self.key_in_query:
            return self.http.get(path, {**query, "ws_key": self._key})
        return self.http.get(path, query, auth=(self._key, ""))

    def _refuse(self, resource: str, reply: Reply) -> None:
        """Raise for an answer that is not a list; PHP warnings turn every status into 200, so the errors count."""
        faults = decode.faults(reply.body)
        if reply.status == 200 and not faults:
            return
        host = self.http.host
        where = f" for {resource!r}" if resource else ""
        codes = {fault.code for fault in faults}
        if codes & {17, 18, 20, 21}:
            raise Refused(
                f"{host} does not accept this key", hint=f"{RIGHTS}copy the key (32 characters) and see it is enabled"
            )
        if codes & {26}:
            raise Refused(
                f"{host} refused this key{where}", hint=f"{RIGHTS}give the key the GET permission on {resource!r}"
            )
        if 22 in codes:
            raise Refused(f"the webservice of {host} is switched off", hint=f"{RIGHTS}enable the webservice")
        if faults:
            said = "; ".join(f"{fault.message} (code {fault.code})" for fault in faults)[:300]
            raise UnexpectedData(f"{host} answered {reply.status}{where}: {said}")
        if reply.status == 401:
            hint = f"the host may drop the Authorization header; add this line to the shop's .htaccess: {HTACCESS}"
            raise Refused(f"{host} did not see the key (401)", hint=hint)
        if reply.status == 403:
            hint = "ask the host to let this machine reach /api, or to allow its User-Agent (setting user_agent)"
            raise Refused(f"a firewall in front of {host} refused the request (403)", hint=hint)
        if 300 <= reply.status < 400:
            target = reply.headers.get("Location", "elsewhere")
            raise SettingsError(
                f"{host} redirects /api to {_without_query(target)}", hint="write that address as the shop's url"
            )
        if reply.status >= 500:
            raise Unavailable(f"{host} answered {reply.status}{where}", hint="run again later; what was read is kept")
        raise _not_a_webservice(host, f"it answered {reply.status}")


def any_of(numbers: Iterable[int]) -> str:
    return "[" + "|".join(str(number) for number in numbers) + "]"


def _without_query(address: str) -> str:
    return address.partition("?")[0]


def _not_a_webservice(host: str, why: str) -> SettingsError:
    return SettingsError(
        f"there is no PrestaShop webservice at {host}: {why}",
        hint="give the shop's own address, such as https://shop.example, and enable the webservice in the back office",
    )
