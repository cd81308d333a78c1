"""What an answer leads to, tried at once: the same that `echannel check` says, in as few sentences as it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from echannel_connectors import destinations, sources
from echannel_connectors.errors import EChannelError
from echannel_connectors.models.company import Company
from echannel_connectors.sources.prestashop.client import not_allowed
from echannel_connectors.streams import Finding
from echannel_connectors.texts import Text, say

# Somebody waits: a shop that is not there is not asked five times.
IMPATIENT = {"prestashop": {"attempts": 2, "pause": 0.3, "time_out": 20}}
REFUSED = not_allowed("orders").sentence


def source_findings(name: str, settings: Mapping[str, Any], folder: Path, company: Company) -> list[Finding]:
    """What a source answers to these settings. A setting that cannot be is a finding, too."""
    words = dict(settings)
    connector = str(words.pop("connector"))
    found: list[Finding] = []
    try:
        source = sources.open(name, connector, {**words, **IMPATIENT.get(connector, {})}, folder)
        if for_company := getattr(source, "for_company", None):
            source = for_company(company.currency, company.time_zone)
        try:
            found += source.check()
        finally:
            source.close()
    except EChannelError as error:
        found.append(_problem(error))
    return in_short(found)


def destination_findings(url: str, folder: Path, company: Company) -> list[Finding]:
    """Whether the place is there and may be written."""
    try:
        into = destinations.open(url, folder, company)
        found = list(into.check())
        warehouse = destinations.warehouse_of(into)
        if warehouse is not into:
            found += warehouse.check()
            if is_well(found) and (check_deeply := getattr(into, "check_deeply", None)):
                found += check_deeply()
        warehouse.close()
    except EChannelError as error:
        return [_problem(error)]
    return found


def is_well(found: Iterable[Finding]) -> bool:
    return all(one.level != "error" for one in found)


def in_short(found: list[Finding]) -> list[Finding]:
    """Many rights that a key lacks are one sentence; what is wrong stands first."""
    refused = [one for one in found if getattr(one.sentence, "template", "") == getattr(REFUSED, "template", None)]
    if len(refused) > 1:
        names = ", ".join(str(one.sentence.values["resource"]) for one in refused if isinstance(one.sentence, Text))
        together = Finding(
            "error",
            say("the key may not read these rows, which the tables need: {names}", names=names),
            say("in the back office under Advanced Parameters > Webservice, open the key, tick View (GET) in these rows"
                " and save; then test again"),
        )  # fmt: skip
        found = [together, *(one for one in found if one not in refused)]
    return sorted(found, key=lambda one: ("error", "warning", "ok").index(one.level))


def _problem(error: EChannelError) -> Finding:
    return Finding("error", error.sentence, error.hint)
