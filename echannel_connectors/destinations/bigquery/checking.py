"""`echannel check` of a BigQuery destination: who asks, where, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator

from echannel_connectors.destinations.bigquery.refusals import Absent
from echannel_connectors.destinations.bigquery.service import SCOPE, Service
from echannel_connectors.destinations.bigquery.words import Names
from echannel_connectors.streams import Finding
from echannel_connectors.texts import say


def findings(service: Service, names: Names, location: str) -> Iterator[Finding]:
    """Raises what the service raises; makes and changes nothing."""
    service.foreseen("SELECT 1")
    who = getattr(service.client._credentials, "service_account_email", "") or say("your own login")
    yield Finding(
        "ok", say("{who} may run jobs in {project} (scope {scope})", who=who, project=names.project, scope=SCOPE)
    )
    missing = []
    for name in names.datasets:
        try:
            there = service.call("get_dataset", f"{names.project}.{name}")
        except Absent:
            missing.append(name)
            continue
        if there.location.upper() != location.upper():
            yield Finding(
                "error",
                say("the dataset {name} is in {there}, the destination says {here}",
                    name=name, there=there.location, here=location),
                say("write the dataset's own location into the destination: bigquery://project/dataset?location=…"),
            )  # fmt: skip
        else:
            yield Finding("ok", say("the dataset {name} is there ({location})", name=name, location=there.location))
    if missing:
        listed = ", ".join(missing)
        yield Finding("ok", say("{listed}: not there yet, the first sync makes them", listed=listed))
    if service.max_bytes is None:
        yield Finding(
            "warning", say("a run has no budget"), say("write max_bytes=… into the destination: docs/bigquery.md")
        )
