"""The European Central Bank's reference rates as a source of `fx_rates`: one small file a day, from 1999 on.

The file gives, for each working day, units of a currency for one euro ("Euro foreign exchange reference rates", the
whole history as CSV in a ZIP). A rate here is what core wants: the company's currency for one unit of another. The bank
publishes them for information only; documents that have a rate of their own keep it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cached_property
from typing import ClassVar

import pyarrow as pa

from echannel_connectors.arrow import ARROW_TYPES
from echannel_connectors.errors import EChannelError, SettingsError, Unavailable, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.settings import Connector, Endpoint
from echannel_connectors.sources.http import LARGEST_BODY, Http, Reply
from echannel_connectors.streams import Batch, Finding, JsonValue, Position, Progress, Shape, Slice, Stream
from echannel_connectors.texts import Text, say

HOST = "https://www.ecb.europa.eu"
FILE = "/stats/eurofxref/eurofxref-hist.zip"
EURO = "EUR"
LOOK_BACK = timedelta(days=7)  # a rate is published once; a correction would come within days
PLACES = Decimal("0.00000001")
COLUMNS = pa.schema(
    [(name, ARROW_TYPES[word]) for name, word in (("date", "date"), ("currency", "text"), ("rate", "rate"))]
)

Rates = dict[date, dict[str, Decimal]]  # day → currency → units for one euro


class Ecb(Connector):
    """The reference rates of some currencies (all that the bank publishes where none are named) since `start`.

    `endpoint` is a stand-in on this machine, for tests.
    """

    readers: ClassVar[int] = 1

    name: str = "rates"
    currencies: tuple[str, ...] = ()
    start: date = date(2015, 1, 1)
    currency: str = EURO
    endpoint: Endpoint = ""

    def for_company(self, currency: str, _time_zone: str) -> Ecb:
        """The same, for a company that reports in this currency."""
        return self if self.currency == currency else self.model_copy(update={"currency": currency})

    @property
    def connector(self) -> str:
        return "ecb"

    def listen(self, on_event: OnEvent) -> None:
        self._http.on_event = on_event

    def streams(self) -> Mapping[str, Stream]:
        return {"fx_rates": RatesStream(self)}

    def check(self) -> Iterable[Finding]:
        try:
            published = self.published()
            count = len(self.wanted(published))
        except EChannelError as error:
            yield Finding("error", error.sentence, error.hint)
            return
        said = {"host": self._http.host, "n": count, "day": max(published)}
        yield Finding("ok", say("{host} gives rates for {n} currencies up to {day}", **said))

    def receipt(self) -> Mapping[str, float]:
        return self._http.receipt.told()

    def close(self) -> None:
        """Nothing stays open."""

    def published(self) -> Rates:
        """Everything that the bank has published. Raises Unavailable where that is not what is there."""
        reply = self._http.get(FILE, {}, doubt=_no_archive)
        try:
            with zipfile.ZipFile(io.BytesIO(reply.body)) as archive, archive.open(archive.namelist()[0]) as file:
                found = _rates(file.read(LARGEST_BODY).decode("ascii"))
        except (zipfile.BadZipFile, UnicodeDecodeError, InvalidOperation, ValueError, IndexError) as error:
            raise Unavailable(
                say("{host} sent something else than its rates: {problem}", host=self._http.host, problem=error),
                hint=say("run again later; what was read is kept"),
            ) from error
        if not found:
            raise Unavailable(say("{host} sent no rates", host=self._http.host), hint=say("run again later"))
        return found

    def wanted(self, published: Rates) -> list[str]:
        """The currencies that are asked for, also those that no longer are. Raises SettingsError for one that the bank
        never published."""
        known = [EURO, *sorted({code for day in published.values() for code in day})]
        for code in (self.currency, *self.currencies):
            if code not in known:
                raise SettingsError(
                    say("the ECB publishes no rate for {code}", code=code), hint=did_you_mean(code, known)
                )
        return [code for code in self.currencies or known if code != self.currency]

    @cached_property
    def _http(self) -> Http:
        return Http(self.endpoint or HOST, headers={"User-Agent": "echannel-connectors"})


@dataclass(frozen=True, slots=True)
class RatesStream:
    """A row for each day and currency, in core's own columns."""

    source: Ecb
    every: ClassVar[timedelta] = timedelta(hours=6)  # of a watch: the bank writes once a day, about 16:00 in Frankfurt

    @property
    def shape(self) -> Shape:
        return Shape("fx_rates", COLUMNS, ("date", "currency"), "date")

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:  # noqa: ARG002 - the protocol's argument
        return [Slice()]

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        return [Slice(f"{since or 'start'} to {until or 'now'}", {"since": since, "until": until})]

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        """The days since the position, a week before it included; all of them where more is asked for than was then:
        another company's currency, a currency more, or an earlier day."""
        source, bounds = self.source, part.bounds
        first, last = str(bounds.get("since") or source.start), str(bounds.get("until") or date.max)
        asked: dict[str, JsonValue] = {
            "currency": source.currency, "currencies": [*source.currencies], "start": source.start.isoformat()
        }  # fmt: skip
        if after and _includes(after, source):
            asked["start"] = after["start"]
            first = max(first, (date.fromisoformat(str(after["date"])) - LOOK_BACK).isoformat())
        published = source.published()
        wanted = source.wanted(published)
        days = sorted(day for day in published if first <= day.isoformat() <= last)
        rows = [
            {"date": day, "currency": code, "rate": rate}
            for day in days
            for code in wanted
            if (rate := _crossed(published[day], code, source.currency)) is not None
        ]
        if rows:
            batch = pa.RecordBatch.from_pylist(rows, schema=COLUMNS)
            yield Batch(batch, {"date": days[-1].isoformat(), **asked}, distinct=True)

    def keys(self) -> Iterator[pa.RecordBatch]:
        yield from ()


def _includes(after: Position, source: Ecb) -> bool:
    """Whether all that the source is asked for now was read up to this position (no currency named: all of them)."""
    known = after.get("currencies")
    if not isinstance(known, list) or after.get("currency") != source.currency:
        return False  # an older version did not note what it was asked for
    missing = {*source.currencies} - {*known} if source.currencies else {"all"}
    return not (known and missing) and str(after.get("start")) <= source.start.isoformat()


def _no_archive(reply: Reply) -> Text | None:
    return None if reply.status == 200 else say("it answered {status}", status=reply.status)


def _rates(text: str) -> Rates:
    """The CSV: a day and its currencies, one per column; N/A where there is none, a comma too many at the end."""
    lines = csv.reader(io.StringIO(text), skipinitialspace=True)
    codes = [code.strip() for code in next(lines)][1:]
    return {
        date.fromisoformat(line[0].strip()): {
            code: Decimal(said)
            for code, said in zip(codes, line[1:], strict=False)
            if code and said.strip() and said != "N/A"
        }
        for line in lines
        if line
    }


def _crossed(day: Mapping[str, Decimal], code: str, reporting: str) -> Decimal | None:
    """The reporting currency for one unit of `code`, by way of the euro; to eight places."""
    one, other = (Decimal(1) if each == EURO else day.get(each) for each in (code, reporting))
    return None if not one or not other else (other / one).quantize(PLACES, ROUND_HALF_EVEN)
