"""Any ERP with a SQL database, described by a spec: read-only, incremental, exact."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pyarrow as pa
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from echannel_connectors import specs
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.events import OnEvent, Warned, ignore
from echannel_connectors.settings import Connector, Secret, unveiled
from echannel_connectors.sources.erp.kinds import Address, beside
from echannel_connectors.sources.erp.reader import Database, Manners
from echannel_connectors.sources.erp.streams import ErpStream
from echannel_connectors.specs import Scalar, Spec
from echannel_connectors.specs.compile import COMPANY, Select, compile_spec
from echannel_connectors.streams import Finding, Landmark, Stream
from echannel_connectors.texts import say

if TYPE_CHECKING:
    from echannel_connectors.sources.erp.proof import Proof


MARK = Landmark("orders", "order_id", "ordered_at")


class Erp(Connector):
    """An ERP's database: the connector whose spec describes it, and a URL such as postgresql://reader:…@host/books.

    `parameters` are the spec's own (a table prefix, a company number). An account with the right to SELECT is enough,
    and better. Raises ValueError for a URL of an unknown kind.
    """

    readers: ClassVar[int] = 1  # one table after the other; a large one by as many `connections`
    commit_bytes: ClassVar[int] = 1  # its batches have the size that suits a commit

    connector: str
    url: Secret
    name: str = "books"
    parameters: Mapping[str, Scalar] = Field(default_factory=dict)
    spec: Spec | None = None
    ca_file: Path | None = None  # the server has to show a certificate of it; as seen from the project's folder
    batch_rows: int | None = Field(default=None, ge=1)  # read at once: as many as suit the database
    statement_seconds: int = Field(default=0, ge=0)  # the server ends a statement that takes longer; 0: never
    rows_per_second: int = Field(default=0, ge=0)  # the most that are read of a database that others work with; 0: all
    connections: int = Field(default=1, ge=1, le=16)  # that read a large table side by side, in one state of it

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: SecretStr) -> SecretStr:
        try:
            Address.of(url.get_secret_value())
        except SettingsError as error:
            raise ValueError(say("{problem} ({hint})", problem=error.sentence, hint=error.hint)) from None
        return url

    @field_validator("connections")
    @classmethod
    def _can_share(cls, connections: int, known: ValidationInfo) -> int:
        url = known.data.get("url")
        if connections > 1 and url is not None and not Address.of(url.get_secret_value()).kind.sharing:
            raise ValueError(say("{setting} is known for {names} alone", setting="connections", names="PostgreSQL"))
        return connections

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str], **settings: Any) -> Erp:  # the fields above
        """The ERP that a partner's own spec file describes."""
        spec = specs.load(Path(path))
        return cls(connector=spec.connector, spec=spec, **settings)

    @classmethod
    def for_spec(cls, connector: str, project: Path | None, **settings: Any) -> Erp:  # the fields above
        """The ERP of a project: its own spec before the library's, and files as seen from its folder."""
        url = settings.get("url")
        if project is not None and isinstance(url, str):
            settings["url"] = beside(url, project)
        if project is not None and settings.get("ca_file"):
            settings["ca_file"] = project / settings["ca_file"]
        return cls(connector=connector, spec=specs.find(connector, project), **settings)

    def for_company(self, currency: str, time_zone: str) -> Erp:
        """The same ERP with the company's reporting currency and time zone as the parameters of those names."""
        own = {"currency": currency, "time_zone": time_zone}
        if {**COMPANY, **self.parameters, **own} == {**COMPANY, **self.parameters}:
            return self
        return self.model_copy(update={"parameters": {**self.parameters, **own}})

    def listen(self, on_event: OnEvent) -> None:
        name = self.name  # and not self: nothing but its own use keeps a connection alive
        self._database.warn = lambda sentence: on_event(Warned(name, sentence))

    def streams(self) -> Mapping[str, Stream]:
        """The core tables that the spec fills. What is read from them is one state of the database, until `close()`."""
        self.close()
        return {name: ErpStream(self._database, select) for name, select in self.selects.items()}

    @property
    def address(self) -> str:
        there = self._address
        server = str(there.query.get("host", there.host)) + (f":{there.port}" if there.port else "")
        return there.path or f"{server}/{there.database}"

    @property
    def landmark(self) -> Landmark | None:
        orders = self.selects.get(MARK.stream)
        return MARK if orders is not None and MARK.moment in orders.columns else None

    def moments(self, keys: Sequence[str]) -> pa.RecordBatch:
        """When these orders were made, of those that the ERP has."""
        return ErpStream(self._database, self.selects[MARK.stream]).of_keys((MARK.key, MARK.moment), keys)

    def check(self) -> Iterable[Finding]:
        """What a person should know before the first sync: the way in, the account's rights, what is missing."""
        from echannel_connectors.sources.erp.check import findings  # a sync needs none of it

        everything = self._everything  # a spec that is wrong is told before the database is asked anything
        return findings(self._database, lambda: (self.selects, self._left_out_of(everything)))

    def prove(self, doubts: Iterable[tuple[str, str]] = (), on_event: OnEvent = ignore) -> Proof:
        """What all of its rows say about the spec; `doubts` are columns whose exactness only they can tell."""
        from echannel_connectors.sources.erp.proof import prove  # as above

        zone = str(self.parameters.get("time_zone", COMPANY["time_zone"]))
        return prove(
            self._database, self._spec, self.selects, self.left_out, time_zone=zone, doubts=doubts, on_event=on_event
        )

    def receipt(self) -> Mapping[str, float]:
        return self._database.receipt.told()

    def close(self) -> None:
        """End the snapshot and its connection."""
        self._database.close()

    @cached_property
    def _database(self) -> Database:
        manners = Manners(self.statement_seconds, self.rows_per_second, self.connections)
        return Database(self._address, rows=self.batch_rows, manners=manners)

    @cached_property
    def _address(self) -> Address:
        if self.ca_file is not None and not self.ca_file.is_file():
            raise SettingsError(say("there is no CA file {path!r}", path=str(self.ca_file)))
        return Address.of(unveiled(self.url), self.ca_file)

    @cached_property
    def selects(self) -> Mapping[str, Select]:
        """What the ERP is asked, per core table, in its own dialect."""
        found = compile_spec(self._spec, self.parameters, self._database.dialect, self._present)
        for zone in {zone for select in found.values() for zone in select.zones.values()}:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError):
                hint = did_you_mean(zone, available_timezones())
                raise SettingsError(say("{zone!r} is no time zone", zone=zone), hint=hint) from None
        return found

    @property
    def left_out(self) -> Mapping[str, Collection[str]]:
        """Core tables that are not read because the database lacks tables (modules), with these tables."""
        return self._left_out_of(self._everything)

    def _left_out_of(self, everything: Mapping[str, Select]) -> Mapping[str, Collection[str]]:
        present = self._present or ()
        left_out = (one for name, one in everything.items() if name not in self.selects)
        return {one.table.name: {name for name in one.reads() if name not in present} for one in left_out}

    @cached_property
    def _everything(self) -> Mapping[str, Select]:
        """What the ERP would be asked if it had every table."""
        return compile_spec(self._spec, self.parameters, self._database.dialect)

    @cached_property
    def _present(self) -> Collection[str] | None:
        """The tables that the database has, where the spec says what to do without some."""
        has_choice = self._spec.instead or any(table.optional for table in self._spec.tables.values())
        return self._database.tables() if has_choice else None

    @cached_property
    def _spec(self) -> Spec:
        spec = self.spec or specs.find(self.connector)
        if spec.runs_in_warehouse:
            raise SettingsError(say("{name} is no ERP: its spec runs in the warehouse", name=self.connector))
        return spec
