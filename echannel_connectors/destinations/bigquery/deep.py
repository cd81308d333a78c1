"""`echannel check --deep`: what neither emulator nor analyser proves, tried on the real project, and cleaned up.

Each proof has a name, and raises what it saw instead. All of it happens in datasets of its own, which are removed at
the end, whatever happens.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from echannel_connectors import events
from echannel_connectors.destinations.bigquery import committing, layout
from echannel_connectors.destinations.bigquery.refusals import Absent, Moved
from echannel_connectors.errors import EChannelError, Refused
from echannel_connectors.models.company import Company
from echannel_connectors.streams import Batch, Finding, Shape, Slice
from echannel_connectors.texts import Text, say

if TYPE_CHECKING:
    from echannel_connectors.destinations.bigquery import BigQuery

NAMES = pa.list_(pa.struct([("language", pa.int64()), ("text", pa.string())]))
SHAPE = Shape(
    "check__rows",
    pa.schema([
        ("id", pa.int64()), ("word", pa.string()), ("money", pa.decimal128(18, 6)), ("rate", pa.decimal128(18, 8)),
        ("is_so", pa.bool_()), ("day", pa.date32()), ("at", pa.timestamp("us", "UTC")), ("local", pa.timestamp("us")),
        ("names", NAMES),
    ]),
    ("id",),
)  # fmt: skip
ROW: dict[str, Any] = {
    "id": 1, "word": "l'été \"2026\"\n", "money": Decimal("-0.000001"), "rate": Decimal("1.23456789"), "is_so": True,
    "day": datetime(2026, 2, 28, tzinfo=UTC).date(), "at": datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    "local": datetime(2026, 10, 25, 2, 30), "names": [{"language": 1, "text": "Été"}],  # noqa: DTZ001 - a local time
}  # fmt: skip


class Failed(Exception):
    """What BigQuery did was not what the library counts on."""


def findings(own: BigQuery) -> Iterator[Finding]:
    """One finding per proof; the temporary datasets are gone afterwards."""
    into = type(own).model_validate({**own.model_dump(), "dataset": f"echannel_check_{secrets.token_hex(4)}"})
    try:
        for sentence, proof in PROOFS:
            try:
                proof(into)
            except Failed as failed:
                yield Finding("error", say("{what}: {problem}", what=sentence, problem=failed), TELL)
            except EChannelError as error:
                yield Finding("error", say("{what}: {problem}", what=sentence, problem=error.sentence), error.hint)
                if isinstance(error, Refused):
                    return
            else:
                yield Finding("ok", sentence)
    finally:
        for name in into._names.datasets:
            with suppress(Absent, EChannelError):
                into._service.call("delete_dataset", f"{into.project}.{name}", delete_contents=True, not_found_ok=True)
        used = into.billed / 2**20
        into.close()
    yield Finding("ok", say("the temporary datasets are removed; it was billed {mib:,.0f} MiB", mib=used))


TELL = say("please tell us, with this line: the library counts on it")


def _rows(*changes: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{**ROW, **change} for change in changes], schema=SHAPE.columns)


def _expect(found: object, wanted: object) -> None:
    if found != wanted:
        raise Failed(f"{found!r}, not {wanted!r}")


def _loads(into: BigQuery) -> None:
    """Parquet's types: local times as DATETIME, lists as repeated records, decimals to the last place."""
    into.prepare(SHAPE)
    into.plan(SHAPE, [Slice()])
    _expect(into.commit(SHAPE, Slice(), Batch(_rows({}), {"at": 1}), 1), 1)
    _expect(
        into.query("SELECT * EXCLUDE (_changed_at, _deleted_at) FROM raw.check__rows").read_all().to_pylist(), [ROW]
    )


def _knows_a_job(into: BigQuery) -> None:
    """A job id that comes twice is refused, and recognised."""
    again = type(into).model_validate(into.model_dump())
    _expect(again.commit(SHAPE, Slice(), Batch(_rows({}), {"at": 1}), 1), None)
    first, second = (into._loader.load(("check", "twice"), _rows({})) for _ in range(2))
    _expect(second.rows, first.rows)


def _rolls_back(into: BigQuery) -> None:
    """A script that fails in its transaction leaves nothing."""
    values = {"stream": SHAPE.name, "slice": "all", "number": 7, "position": "{}", "now": datetime.now(UTC)}
    script = committing.statements(into._names, SHAPE, Batch(_rows({}), {}), None)
    with suppress(Moved):
        into._service.transaction([script[1], script[0]], values)
        raise Failed("the guard let it through")
    _expect(into.prepare(SHAPE)["all"].commits, 1)


def _reads_few_partitions(into: BigQuery) -> None:
    """A change of a few rows reads the touched partitions alone."""
    far = [{"id": n * layout.STEP, "word": "x" * 50_000} for n in range(1, 200)]
    into.commit(SHAPE, Slice(), Batch(_rows(*far), {"at": 2}), 2)
    some = Batch(_rows({"id": 5 * layout.STEP, "word": "new"}), {"at": 3})
    staged = into._loader.load(("check", "part"), _typed(some))
    now = committing.statements(into._names, SHAPE, some, staged.table_id)[2].replace("@now", "CURRENT_TIMESTAMP()")
    whole = now.replace(layout.Partitions.of(SHAPE).touched(some.rows), "TRUE")
    few, all_of_it = into._service.reads(now), into._service.reads(whole)
    if few * 20 > all_of_it or not all_of_it:
        raise Failed(f"{few:,} bytes of {all_of_it:,}")


def _typed(batch: Batch) -> pa.RecordBatch:
    from echannel_connectors.destinations import commit

    return commit.numbered(batch.rows)


def _sweeps(into: BigQuery) -> None:
    keys = pa.RecordBatch.from_pydict({"id": [1]}, pa.schema([("id", pa.int64())]))
    swept = into.sweep(SHAPE, pa.RecordBatchReader.from_batches(keys.schema, [keys]), accept=True)
    _expect(swept.missing, swept.live - 1)


def _retypes(into: BigQuery) -> None:
    """A column of another type is made anew, with its partitions."""
    fields = [pa.field("word", pa.int64()) if field.name == "word" else field for field in SHAPE.columns]
    _expect(into.prepare(Shape(SHAPE.name, pa.schema(fields), SHAPE.key)), {})


def _builds(into: BigQuery) -> None:
    """Core and every mart, with partitions, clusters, descriptions and shared views."""
    from echannel_connectors.models.build import build

    tables = build(into, [], Company(), None, events.ignore)
    _expect({name: rows for name, rows in tables.items() if rows and name != "mart.freshness"}, {})


def _keeps_a_budget(into: BigQuery) -> None:
    """A query beyond its limit is refused before it costs anything."""
    poor = type(into).model_validate({**into.model_dump(), "max_bytes": 11 * 2**20})
    with suppress(Refused):
        poor._service.run(
            f"SELECT COUNT(word) FROM {into._names.table('raw', SHAPE.name).sql('bigquery')} CROSS JOIN UNNEST([1])"
        )
        poor._service.run(f"SELECT COUNT(names) FROM {into._names.table('raw', SHAPE.name).sql('bigquery')}")
        raise Failed("two queries of ten MiB were run on a budget of eleven")


PROOFS: tuple[tuple[Text, Callable[[BigQuery], None]], ...] = (
    (say("rows of every type are loaded and read back as they were"), _loads),
    (say("a job that comes twice is recognised"), _knows_a_job),
    (say("a transaction that fails leaves nothing"), _rolls_back),
    (say("a small change reads at most a twentieth of a table"), _reads_few_partitions),
    (say("what is gone is found and marked"), _sweeps),
    (say("a column of another type is made anew"), _retypes),
    (say("core and all marts are built"), _builds),
    (say("a budget stops a query before it costs anything"), _keeps_a_budget),
)
