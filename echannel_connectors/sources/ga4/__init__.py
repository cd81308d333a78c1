"""Google Analytics 4 as a source, by its Data API."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PrivateAttr, field_validator

from echannel_connectors import specs
from echannel_connectors.errors import EChannelError
from echannel_connectors.events import OnEvent, Warned
from echannel_connectors.settings import Connector, Endpoint
from echannel_connectors.sources.ga4.export import Export
from echannel_connectors.sources.ga4.service import Service
from echannel_connectors.sources.ga4.streams import ReportStream
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Finding, Stream
from echannel_connectors.texts import say

HISTORY = timedelta(days=400)  # this month and the twelve before
Numbers = Annotated[
    tuple[str, ...],
    BeforeValidator(lambda value: tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)),
]


class Ga4(Connector):
    """One or several GA4 properties: `property` is the number (or a list of them) from Admin › Property details.

    `credentials` is the key file of a service account that is a Viewer of the property (otherwise the application
    default credentials); `start` the first day that is read. `export` is the project that Google exports the property's
    events to (datasets `analytics_<property>`): the days that are there are read from there, the others by the API; its
    queries may be billed `export_max_bytes` in a run.
    `endpoint` and `export_endpoint` are stand-ins on this machine, for tests.
    """

    maps_in_warehouse: ClassVar[bool] = True
    readers: ClassVar[int] = 1  # the quota counts what is asked at once, too

    property: Numbers
    name: str = "web"
    credentials: str = ""
    start: date | None = None
    currency: str = "EUR"
    time_zone: str = "Europe/Paris"
    export: str = ""
    export_max_bytes: int | None = None
    endpoint: Endpoint = ""
    export_endpoint: Endpoint = ""
    spec: Spec | None = None
    _dropped: dict[str, str] = PrivateAttr(default_factory=dict)
    _on_event: OnEvent | None = PrivateAttr(None)

    @field_validator("property")
    @classmethod
    def _numeric(cls, numbers: tuple[str, ...]) -> tuple[str, ...]:
        for number in numbers:
            if number.upper().startswith(("G-", "UA-")):
                raise ValueError(
                    say(
                        "{number} is the id of a stream; a property is a number, under Admin › Property details",
                        number=number,
                    )
                )
            if not number.isdigit():
                raise ValueError(say("{number!r} is not the number of a property", number=number))
        if not numbers:
            raise ValueError(say("there is no property"))
        return numbers

    @classmethod
    def for_spec(cls, connector: str, project: Path | None, **settings: Any) -> Ga4:  # the fields above
        """The properties of a project: its own spec before the library's, files as seen from its folder."""
        if project is not None and settings.get("credentials"):
            settings["credentials"] = str(project / settings["credentials"])
        return cls(spec=specs.find(connector, project), **settings)

    def for_company(self, currency: str, time_zone: str) -> Ga4:
        """The same, with amounts in the company's currency."""
        if (self.currency, self.time_zone) == (currency, time_zone):
            return self
        return self.model_copy(update={"currency": currency, "time_zone": time_zone})

    @builtins.property
    def connector(self) -> str:
        return "ga4"

    def listen(self, on_event: OnEvent) -> None:
        self._service.on_event = on_event
        self._on_event = on_event

    def streams(self) -> Mapping[str, Stream]:
        """Each report of the spec as a stream. Raises Refused for a property that this account may not read."""
        zone = self._properties[self.property[0]].get("timeZone", self.time_zone)
        today = datetime.now(ZoneInfo(zone)).date()
        start = self.start or (today - HISTORY).replace(day=1)
        return {
            name: ReportStream(
                self._service, self.property, name, report, start, today, self.currency, self._dropped, self._export
            )
            for name, report in self._spec.reports.items()
        }

    def check(self) -> Iterable[Finding]:
        """The way in, zone and currency, and whether Google puts each report's fields together."""
        try:
            yield from self._findings()
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)

    def receipt(self) -> Mapping[str, float]:
        return self._service.receipt.told()

    def close(self) -> None:
        """End the connections; what Google refused is told."""
        self._service.close()
        if self._export:
            self._export.close()
        if self._on_event:
            for field, why in self._dropped.items():
                self._on_event(Warned(self.name, say("{field} is left out: {problem}", field=field, problem=why)))
        self._dropped.clear()

    def _findings(self) -> Iterator[Finding]:
        for number, told in self._properties.items():
            yield Finding(
                "ok", say("{name} answers (property {number})", name=told.get("displayName", number), number=number)
            )
            if told.get("timeZone") not in (None, self.time_zone):
                yield Finding(
                    "warning",
                    say(
                        "its days are those of {zone}, the company's of {own}",
                        zone=told["timeZone"],
                        own=self.time_zone,
                    ),
                    say("set the property's reporting time zone under Admin › Property details"),
                )
            if told.get("currencyCode") not in (None, self.currency):
                sentence = say(
                    "its currency is {theirs}: Google converts to {own}", theirs=told["currencyCode"], own=self.currency
                )
                yield Finding("warning", sentence, say("set the property's currency under Admin › Property details"))
            yield from self._export_findings(number)
            for name, report in self._spec.reports.items():
                for field in self._service.incompatible(number, list(report.dimensions), list(report.metrics)):
                    yield Finding(
                        "warning", say("{report}: Google does not put {field} with the rest", report=name, field=field)
                    )

    def _export_findings(self, number: str) -> Iterator[Finding]:
        if self._export is None:
            return
        place = {"dataset": f"{self.export}.analytics_{number}"}
        if first := self._export.first(number):
            last = self._export.last(number)
            yield Finding("ok", say("{dataset} holds the days from {first} to {last}", first=first, last=last, **place))
        else:
            hint = say("link the property to BigQuery under Admin › BigQuery links; a day comes when it is over")
            yield Finding("warning", say("{dataset} holds no day yet: all is read by the API", **place), hint)

    @cached_property
    def _export(self) -> Export | None:
        if not self.export:
            return None
        return Export(self.export, self.credentials, self.currency, self.export_endpoint, self.export_max_bytes)

    @cached_property
    def _properties(self) -> Mapping[str, Mapping[str, Any]]:
        return {number: self._service.property(number) for number in self.property}

    @cached_property
    def _spec(self) -> Spec:
        return self.spec or specs.find(self.connector)

    @cached_property
    def _service(self) -> Service:
        return Service(self.credentials, self.endpoint)
