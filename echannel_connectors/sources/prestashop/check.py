"""What `echannel check` says of a shop: the key's rights, the order states that count as a sale, the way in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from echannel_connectors.arrow import ARROW_TYPES, to_batch
from echannel_connectors.sources.prestashop.client import HTACCESS, Webservice, not_allowed
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Finding
from echannel_connectors.texts import say

VOUCHERS = {"order_discounts", "order_cart_rules"}
WRITES = frozenset({"put", "post", "delete", "patch"})
STATES = pa.schema([("id", pa.int64()), ("name", ARROW_TYPES["translations"]), ("logable", pa.bool_())])


def findings(shop: Webservice, spec: Spec) -> Iterator[Finding]:
    """What a person should know before the first sync. Raises what the shop refuses altogether."""
    rights = shop.rights()
    version = shop.version or "?"
    yield Finding("ok", say("{host} answers (PrestaShop {version})", host=shop.http.host, version=version))
    if shop.key_in_query:
        yield Finding(
            "warning",
            say("the host drops the Authorization header; the key travels in the address"),
            say("add this line to the shop's .htaccess: {line}", line=HTACCESS),
        )
    missing = {name for name, reads in spec.reads.items() if "get" not in rights.get(name, ())}
    for name in sorted(missing):
        if not spec.reads[name].optional:
            refusal = not_allowed(name)
            yield Finding("error", refusal.sentence, refusal.hint)
    if not VOUCHERS & rights.keys():
        yield Finding(
            "warning",
            say("this PrestaShop does not tell which vouchers an order used, or the key may not read them"),
            say("store credit and free shipping count as discounts; 1.6, 8 and 9 tell them, 1.7 does not"),
        )
    elif "cart_rules" in missing:
        yield Finding(
            "warning",
            say("the key may not read 'cart_rules': store credit may count as a discount"),
            not_allowed("cart_rules").hint,
        )
    if "shops" in missing and "configurations" not in missing and _is_multistore(shop):
        yield Finding(
            "warning",
            say("the key may not read 'shops': of several stores only the default one's orders are read"),
            not_allowed("shops").hint,
        )
    yield from _too_many_rights(rights)
    if not missing & {"order_states", "configurations"}:
        yield from _states(shop)


def store_findings(switched_off: list[str], refused: list[str]) -> Iterator[Finding]:
    """What is not read of a multistore, by the numbers of its stores."""
    if switched_off:
        names = ", ".join(switched_off)
        yield Finding(
            "warning", say("the stores {names} are switched off: the shop does not show their orders", names=names)
        )
    if refused:
        names = ", ".join(refused)
        yield Finding(
            "warning",
            say(
                "the key is not for the stores {names}: products and the like that only they have are not read",
                names=names,
            ),
            say("in the back office under Advanced Parameters > Webservice, give the key all stores"),
        )


def _too_many_rights(rights: Mapping[str, frozenset[str]]) -> Iterable[Finding]:
    writable = sorted(resource for resource, found in rights.items() if found & WRITES)
    if writable:
        names = ", ".join(writable[:5]) + (" …" if len(writable) > 5 else "")
        yield Finding(
            "warning",
            say("the key may write ({names}); reading needs no such right", names=names),
            say("in the back office under Advanced Parameters > Webservice, leave only GET on this key"),
        )
    if "get" in rights.get("employees", ()):
        yield Finding(
            "warning",
            say("the key may read the employees with their password hashes; they are never read"),
            say("in the back office under Advanced Parameters > Webservice, take 'employees' off this key"),
        )


def _is_multistore(shop: Webservice) -> bool:
    """What the shop's own settings say."""
    settings = shop.records("configurations", ("id", "value"), 1, {"filter[name]": "[PS_MULTISHOP_FEATURE_ACTIVE]"})
    return any(str(setting["value"]) == "1" for setting in settings)


def _states(shop: Webservice) -> Iterable[Finding]:
    """Each order state with whether its orders count as a sale, and why."""
    settings = shop.records("configurations", ("id", "value"), 10, {"filter[name]": "[PS_OS_REFUND]"})
    refunded = {str(setting["value"]) for setting in settings}
    query = {"sort": "[id_ASC]"}
    rows, _ = to_batch(shop.page("order_states", STATES, "[id,name,logable]", 500, query), STATES, ("id",))
    for state in rows.to_pylist():
        name = next((one["text"] for one in state["name"] if one["text"]), "")
        said = {"id": state["id"], "name": name}
        if state["logable"]:
            yield Finding("ok", say("order state {id}, {name}: counts as a sale (the shop calls it logable)", **said))
        elif str(state["id"]) in refunded:
            yield Finding(
                "ok",
                say("order state {id}, {name}: counts if it once was a sale; the refund counts on its own day", **said),
            )
        else:
            yield Finding("ok", say("order state {id}, {name}: is no sale (the shop does not call it logable)", **said))
