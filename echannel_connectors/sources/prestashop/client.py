"""The webservice client: asks for lists, understands refusals, and says each in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from lxml import etree

from echannel_connectors.arrow import to_batch
from echannel_connectors.errors import EChannelError, Refused, SettingsError, Unavailable, UnexpectedData
from echannel_connectors.sources.http import Http, Reply, trusted
from echannel_connectors.sources.prestashop import decode
from echannel_connectors.sources.prestashop.schema import Fields, fields
from echannel_connectors.texts import Text, say

HTACCESS = "SetEnvIf Authorization '(.*)' HTTP_AUTHORIZATION=$1"
NOTES_ARE_GOOD_FOR = timedelta(days=1)
NOT_THIS_STORE = {132}
WRONG_KEY, NOT_ALLOWED, SWITCHED_OFF, UNKNOWN_FIELD = {17, 18, 20, 21}, {26}, {22}, {32, 35, 38}


class Undelivered(UnexpectedData):
    """The shop could not deliver this page: too large for its memory, or damaged in both its forms."""

    def __init__(self, host: str, resource: str, reason: str) -> None:
        super().__init__(
            say("{host} cannot deliver {resource!r}: {reason}", host=host, resource=resource, reason=reason),
            hint=say("open the shop's address in a browser: a firewall, a maintenance page or a broken module answers"),
        )
        self.reason = reason


class OtherStore(Refused):
    """The key belongs to other stores of this multistore."""


class Webservice:
    """One shop's webservice, asked with one key. Safe to use from several threads."""

    def __init__(self, http: Http, key: str) -> None:
        self.http = http
        self.version = ""
        self.key_in_query = False
        self._key = key
        self._rights: dict[str, frozenset[str]] | None = None
        self._fields: dict[str, Fields] = {}
        self._fields_at = datetime.now(UTC)
        self._json_score = 0  # how well this shop speaks JSON, judged by its last answers

    # -- what the shop has ----------------------------------------------------------------------------------------

    def rights(self) -> Mapping[str, frozenset[str]]:
        """What the key may do: resource → get, put, post, delete, head. Asked once, and only in XML."""
        if self._rights is None:
            root = self._described("", {})
            if root.find("api") is None:
                raise _not_a_webservice(self.http.host, say("the answer is not a PrestaShop document"))
            self._rights = {
                str(resource.tag): frozenset(str(right) for right, value in resource.attrib.items() if value == "true")
                for resource in root[0]
            }
        return self._rights

    def fields(self, resource: str) -> Fields:
        """What the shop says of a resource's fields; asked once, and remembered in the notes."""
        if resource not in self._fields:
            self._fields[resource] = fields(self._described(resource, {"schema": "synopsis"}))
        return self._fields[resource]

    def notes(self) -> dict[str, Any]:
        """What was learned of this shop and saves asking again: its version and fields, as JSON."""
        return {
            "version": self.version,
            "at": self._fields_at.isoformat(),
            "fields": {name: asdict(found) for name, found in self._fields.items()},
        }

    def recall(self, notes: Mapping[str, Any]) -> None:
        """Believe notes of at most a day ago (or, by a clock that was wrong, to come), if they are of the version that
        answers now."""
        at = datetime.fromisoformat(str(notes.get("at", "1970-01-01T00:00:00+00:00")))
        self.rights()
        if notes.get("version") == self.version and abs(datetime.now(UTC) - at) < NOTES_ARE_GOOD_FOR:
            self._fields = {name: Fields.from_json(found) for name, found in notes["fields"].items()}
            self._fields_at = at

    def _described(self, resource: str, query: Mapping[str, str]) -> etree._Element:
        """The root and the synopses are read in XML: in JSON they lose the rights and the formats."""
        try:
            found = self._document(resource, query)
        except decode.NotADocument as error:
            raise _not_a_webservice(
                self.http.host, say("it answered with something else ({problem})", problem=error.args[0])
            ) from None
        if not isinstance(found, etree._Element):
            raise _not_a_webservice(self.http.host, say("the answer is not a PrestaShop document"))
        return found

    # -- lists ----------------------------------------------------------------------------------------------------

    def page(self, resource: str, schema: pa.Schema, display: str, limit: int, query: Mapping[str, str]) -> Any:
        """One page of a list as columns (see `decode.columns`). Raises Undelivered; `query` holds filters and sort.

        JSON is the smaller form and is asked for first, unless this shop's JSON proved to be bad; a page that is
        damaged in one form is asked for in the other.
        """
        asked = {"display": display, "limit": str(limit), "date": "1", **query}
        forms = ["JSON", ""] if self._json_score >= 0 else ["", "JSON"]
        reasons = []
        for form in forms:
            try:
                found = self._document(resource, {**asked, "output_format": form} if form else asked, is_list=True)
                made = decode.columns(found, schema)
            except decode.NotADocument as error:
                reasons.append(f"{form or 'XML'}: {error}")
                self._json_score -= 3 if form else 0
                continue
            self._json_score = min(self._json_score + 1, 3) if form else self._json_score
            return made
        raise Undelivered(self.http.host, resource, "; ".join(reasons))

    def records(self, resource: str, names: Iterable[str], limit: int, query: Mapping[str, str]) -> list[decode.Row]:
        """The plain fields of a few records that are looked at one by one."""
        names = list(names)
        schema = pa.schema([(name, pa.string()) for name in names])
        made = self.page(resource, schema, f"[{','.join(names)}]", limit, query)
        return [dict(zip(names, values, strict=True)) for values in zip(*made.values(), strict=True)]

    def moments(self, groups: Iterable[str], keys: Sequence[str]) -> pa.RecordBatch:
        """When these orders were made, of those that any of the groups of stores has."""
        found: dict[str, list[Any]] = {"id": [], "date_add": []}
        for group in groups:
            asked = {"filter[id]": any_of(int(key) for key in keys), **of_group(group)}
            for row in self.records("orders", found, len(keys), asked):
                for name, value in row.items():
                    found[name].append(value)
        kinds = pa.schema([("id", pa.string()), ("date_add", pa.timestamp("us"))])
        return to_batch(found, kinds, ("id",))[0]

    def may_read_store(self, number: str) -> bool:
        """Whether the key is allowed for this store of a multistore; keys are given to stores one by one."""
        try:
            self.records("shops", ("id",), 1, {"id_shop": number})
        except OtherStore:
            return False
        return True

    # -- one request ----------------------------------------------------------------------------------------------

    def _document(self, resource: str, query: Mapping[str, str], *, is_list: bool = False) -> decode.Document:
        """The answer, parsed. Raises what it says instead of data, Undelivered, or decode.NotADocument."""
        path = f"/api/{resource}" if resource else "/api"
        reply = self._ask(path, query)
        if _saw_no_key(reply) and not self.key_in_query:
            self.key_in_query = True  # the host drops the Authorization header: the key goes into the query
            second = self._ask(path, query)
            if _saw_no_key(second):
                self.key_in_query = False
            reply = second
        if is_list and reply.status == 500 and not reply.body.strip():
            reason = say("500 and an empty answer, as for a page beyond the shop's memory limit")
            raise Undelivered(self.http.host, resource, reason)
        try:
            found = decode.document(reply.body)
        except decode.NotADocument:
            if reply.status == 200:
                raise
            found = None
        faults = decode.faults(found)
        if reply.status != 200 or faults:  # PHP warnings turn every status into 200, so the errors count
            raise self._refusal(resource, reply, faults, is_list)
        self.version = reply.headers.get("PSWS-Version", "") or self.version
        return found

    def _ask(self, path: str, query: Mapping[str, str]) -> Reply:
        doubt = _page_for_people if path != "/api" else trusted  # a wrong address is not waited for
        if self.key_in_query:
            return self.http.get(path, {**query, "ws_key": self._key}, doubt=doubt)
        return self.http.get(path, query, auth=(self._key, ""), doubt=doubt)

    def _refusal(self, resource: str, reply: Reply, faults: list[decode.Fault], is_list: bool) -> Exception:
        """What an answer means that is not data."""
        host = self.http.host
        codes = {fault.code for fault in faults}
        if codes & WRONG_KEY:
            hint = say(
                "in the back office under Advanced Parameters > Webservice, copy the key (32 characters) and see that "
                "it is enabled"
            )
            return Refused(say("{host} does not accept this key", host=host), hint=hint)
        if codes & NOT_ALLOWED:
            return not_allowed(resource)
        if codes & NOT_THIS_STORE:
            hint = say("in the back office under Advanced Parameters > Webservice, give the key all stores")
            return OtherStore(say("the key is not for this store of {host}", host=host), hint=hint)
        if codes & SWITCHED_OFF:
            hint = say("in the back office under Advanced Parameters > Webservice, enable the webservice")
            return Refused(say("the webservice of {host} is switched off", host=host), hint=hint)
        if codes & UNKNOWN_FIELD and resource in self._fields:
            del self._fields[resource]
            sentence = say("{host} has changed the fields of {resource!r}", host=host, resource=resource)
            return Unavailable(sentence, hint=say("run again: they are looked up anew"))
        if faults:
            said = "; ".join(f"{fault.message} (code {fault.code})" for fault in faults)[:300]
            if is_list and reply.status == 500:
                return Undelivered(host, resource, said)  # a PHP error in one record spoils the page that it is on
            return UnexpectedData(
                say("{host} answered {status} for {resource!r}: {said}", host=host, status=reply.status,
                    resource=resource, said=said)
            )  # fmt: skip
        return _by_status(host, resource, reply)


def _saw_no_key(reply: Reply) -> bool:
    """401 as plain text; a key that is seen and refused gets a document."""
    return reply.status == 401 and b"<" not in reply.body and b"{" not in reply.body


def of_group(group: str) -> dict[str, str]:
    """What asks one group of stores, in both spellings, of which each counts in some versions; nothing for all."""
    return {"id_group_shop": group, "id_shop_group": group} if group else {}


def any_of(numbers: Iterable[int]) -> str:
    return "[" + "|".join(str(number) for number in numbers) + "]"


def not_allowed(resource: str) -> Refused:
    """The key lacks a right; where it is given."""
    hint = say(
        "in the back office under Advanced Parameters > Webservice, give the key the GET permission on {resource!r}",
        resource=resource,
    )
    return Refused(say("the key may not read {resource!r}, which the tables need", resource=resource), hint=hint)


def _by_status(host: str, resource: str, reply: Reply) -> EChannelError:
    """What an HTTP status alone says."""
    if reply.status == 401:
        line = say(
            "the host may drop the Authorization header; add this line to the shop's .htaccess: {line}", line=HTACCESS
        )
        return Refused(say("{host} did not see the key (401)", host=host), hint=line)
    if reply.status == 403:
        hint = say("ask the host to let this machine reach /api, or to allow its User-Agent (setting user_agent)")
        return Refused(say("a firewall in front of {host} refused the request (403)", host=host), hint=hint)
    if 300 <= reply.status < 400:
        target = reply.headers.get("Location", "elsewhere").partition("?")[0]
        return SettingsError(
            say("{host} redirects /api to {target}", host=host, target=target),
            hint=say("write that address as the shop's url"),
        )
    if reply.status >= 500:
        sentence = say("{host} answered {status} for {resource!r}", host=host, status=reply.status, resource=resource)
        return Unavailable(sentence, hint=say("run again later; what was read is kept"))
    return _not_a_webservice(host, say("it answered {status}", status=reply.status))


def _page_for_people(reply: Reply) -> Text | None:
    """A maintenance page or a firewall's riddle comes with status 200 and passes by itself, often."""
    if reply.status == 200 and decode.PAGE_FOR_PEOPLE.match(reply.body):
        return say("a page for people came instead of data: a firewall, a maintenance page or a broken module")
    return None


def _not_a_webservice(host: str, why: Text) -> SettingsError:
    return SettingsError(
        say("there is no PrestaShop webservice at {host}: {why}", host=host, why=why),
        hint=say("give the shop's own address, such as https://shop.example, and enable the webservice in the back "
                 "office"),
    )  # fmt: skip
