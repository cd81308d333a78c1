"""What every connector's spec must keep, tried on sample data: one line in a partner's test file.

    from echannel_connectors.testing import spec_contract

    test_acme = spec_contract("connector_specs/acme.yaml", sample="tests/acme.sql")

The sample is a SQL script (CREATE TABLE and INSERT) in the spec's dialect or in `sample_dialect`, a folder with one CSV
file per table of the ERP, or, as `url`, a database that may be read. pytest shows one test per clause; without pytest,
`verify_spec` raises an AssertionError that names the clause.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from echannel_connectors import specs
from echannel_connectors.destinations.duckdb import DuckDB
from echannel_connectors.errors import EChannelError, SpecError
from echannel_connectors.models.company import Company
from echannel_connectors.pipeline import Choice, SyncResult, sync
from echannel_connectors.sources.erp import Erp
from echannel_connectors.sources.erp.proof import Check, Proof
from echannel_connectors.sources.erp.streams import READ_BY, ErpStream
from echannel_connectors.specs import Scalar, Spec
from echannel_connectors.specs.compile import CURSOR
from echannel_connectors.specs.lint import FILLED_IN, Checked, checked
from echannel_connectors.streams import Batch, Finding, Position, Slice, Stream
from echannel_connectors.testing.samples import database_of

Key = tuple[str, ...]


class ContractBroken(AssertionError):
    """A clause that a spec does not keep, and how."""


def spec_contract(
    spec: str | os.PathLike[str],
    *,
    sample: str | os.PathLike[str] | None = None,
    sample_dialect: str | None = None,
    url: str | None = None,
    parameters: Mapping[str, Scalar] | None = None,
    never_deleted: Sequence[str] = (),
) -> Callable[..., None]:
    """A test for pytest, one per clause. Files are looked for from the working folder.

    `never_deleted` names core tables whose rows the ERP never deletes; their spec says `deletes: none`.
    """
    import pytest

    def test(clause: str, tmp_path: Path) -> None:
        with _Trial.of(spec, sample, sample_dialect, url, parameters, never_deleted, tmp_path) as trial:
            trial.verify(clause)

    return pytest.mark.parametrize("clause", list(CLAUSES))(test)


def verify_spec(
    spec: str | os.PathLike[str],
    *,
    sample: str | os.PathLike[str] | None = None,
    sample_dialect: str | None = None,
    url: str | None = None,
    parameters: Mapping[str, Scalar] | None = None,
    never_deleted: Sequence[str] = (),
    clauses: Sequence[str] = (),
) -> None:
    """Try all clauses, or those named. Raises ContractBroken, an AssertionError, for the first that is not kept."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        _Trial.of(spec, sample, sample_dialect, url, parameters, never_deleted, Path(folder)) as trial,
    ):
        for clause in clauses or CLAUSES:
            trial.verify(clause)


@dataclass
class _Trial:
    """One spec on one database; what is expensive is done once."""

    file: Path
    url: str
    is_sample: bool
    parameters: Mapping[str, Scalar]
    never_deleted: Sequence[str]
    folder: Path

    @classmethod
    def of(
        cls,
        spec: str | os.PathLike[str],
        sample: str | os.PathLike[str] | None,
        sample_dialect: str | None,
        url: str | None,
        parameters: Mapping[str, Scalar] | None,
        never_deleted: Sequence[str],
        folder: Path,
    ) -> _Trial:
        if (sample is None) == (url is None):
            raise ValueError("give either a sample or the url of a database")
        file = Path(spec)
        if sample is not None:
            found = checked(file).spec if sample_dialect is None else None
            dialect = sample_dialect or (found.dialect if found else "duckdb")
            url = database_of(Path(sample), dialect, folder)
        return cls(file, str(url), sample is not None, dict(parameters or {}), never_deleted, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if "source" in self.__dict__:
            self.source.close()

    def verify(self, clause: str) -> None:
        """Raise ContractBroken where the clause is not kept."""
        try:
            broken = next(CLAUSES[clause](self), None)
        except EChannelError as error:
            broken = str(error)
        if broken is not None:
            raise ContractBroken(f"{self.file.stem}: the clause '{clause}' is not kept: {broken}")

    @cached_property
    def checked(self) -> Checked:
        return checked(self.file)

    @cached_property
    def spec(self) -> Spec:
        return specs.load(self.file)

    @cached_property
    def source(self) -> Erp:
        """The ERP. Each `streams()` sees its state anew; what it is asked is compiled once."""
        return Erp(connector=self.spec.connector, spec=self.spec, url=self.url, parameters=self.parameters)

    @cached_property
    def proof(self) -> Proof:
        return self.source.prove(doubts=self.checked.doubts)

    def sync(self, source: Any, warehouse: str) -> SyncResult:  # an Erp, or one that hides rows
        into = DuckDB(self.folder / f"{warehouse}.duckdb")
        try:
            choice = Choice(accept_deletes=True)
            return sync(source, into=into, company=Company(email_salt="contract"), choice=choice)
        finally:
            into.close()


# -- the clauses: each gives a sentence per breach -------------------------------------------------------------------


def _is_right(trial: _Trial) -> Iterator[str]:
    for finding in trial.checked.findings:
        settled = any(finding == doubt and at in trial.proof.exact for at, doubt in trial.checked.doubts.items())
        if (finding.level == "error" and not settled) or finding.sentence.endswith(FILLED_IN):
            yield f"{finding.sentence}\n  hint: {finding.hint}\n  at {finding.place}"


def _errors(check: Check) -> Callable[[_Trial], Iterator[str]]:
    def breaches(trial: _Trial) -> Iterator[str]:
        yield from (_said(finding) for finding in trial.proof.checks[check] if finding.level == "error")

    return breaches


def _runs(trial: _Trial) -> Iterator[str]:
    yield from _errors("reach")(trial)
    for name, rows in trial.proof.samples.items():
        if trial.is_sample and not rows.num_rows:
            yield f"{name}: the sample has no row for it, so that nothing is proven"


def _fits(trial: _Trial) -> Iterator[str]:
    """Every row with every column in its type."""
    for name, stream in trial.source.streams().items():
        try:
            _rows(stream)
        except EChannelError as error:
            if "the key (" not in error.sentence:  # which is another clause
                yield f"{name}: {error}"


def _reads_on(trial: _Trial) -> Iterator[str]:
    """From a position in the middle, every row behind it comes, as a whole read gives it."""
    for name, stream in trial.source.streams().items():
        assert isinstance(stream, ErpStream)
        if stream.select.cursor is None:
            continue
        whole = _rows(stream)
        cursors = _cursors(stream)
        dated = [(key, cursor) for key, cursor in cursors if cursor is not None]
        if not dated:
            if cursors:
                yield f"{name}: its cursor is NULL in all of {len(cursors):,} rows"
            continue
        middle, position = (len(dated) - 1) // 2, dated[(len(dated) - 1) // 2][1]
        try:
            later = _rows(stream, {"cursor": position, "key": list(dated[middle][0]), READ_BY: stream.sign})
        except SpecError as error:
            yield f"{name}: {error.sentence}"
            continue
        behind = {key for key, _ in cursors} - {key for key, _ in dated[: middle + 1]}
        missed = sorted(key for key in behind if later.get(key) != whole.get(key))
        if missed:
            yield f"{name}: read on from {position}, {len(missed):,} rows are missing, such as {', '.join(missed[0])}"


def _stays(trial: _Trial) -> Iterator[str]:
    trial.sync(trial.source, "twice")
    again = trial.sync(trial.source, "twice")
    for stream in again.streams:
        for count, what in ((stream.changed, "changed"), (stream.deleted, "deleted"), (stream.set_aside, "set aside")):
            if count:
                yield f"{stream.stream}: nothing happened in the ERP, and {count:,} rows were {what}"


def _notices(trial: _Trial) -> Iterator[str]:
    """A row of each table is hidden from the second sync, as if the ERP had deleted it."""
    trial.sync(trial.source, "gone")
    hidden = {name: next(iter(_rows(stream)), None) for name, stream in trial.source.streams().items()}
    found = trial.sync(_Hiding(trial.source, {name: key for name, key in hidden.items() if key}), "gone")
    deleted = {stream.stream: stream.deleted for stream in found.streams}
    for name, key in hidden.items():
        if key is None or name in trial.never_deleted:
            continue
        if deleted.get(name, 0) != 1:
            told = "stays" if not deleted.get(name) else f"takes {deleted[name]:,} rows with it"
            yield f"{name}: the row {', '.join(key)}, gone from the ERP, {told}"


CLAUSES: Mapping[str, Callable[[_Trial], Iterator[str]]] = {
    "the spec is right": _is_right,
    "every SELECT runs": _runs,
    "keys are unique and never NULL": _errors("keys"),
    "numbers are exact and values fit": _fits,
    "every code has its word": _errors("codes"),
    "orders are the sum of their lines": _errors("totals"),
    "values are what the model means": _errors("meaning"),
    "reading on finds every row": _reads_on,
    "a second sync changes nothing": _stays,
    "a row that is gone is noticed": _notices,
}


# -- reading ---------------------------------------------------------------------------------------------------------


def _rows(stream: Stream, after: Position | None = None) -> dict[Key, dict[str, Any]]:
    """The rows of a stream by their key, which is text here."""
    found = {}
    for part in stream.slices({}):
        for batch in stream.read(part, after):
            for row in batch.rows.to_pylist():
                found[tuple(str(row[name]) for name in stream.shape.key)] = row
    return found


def _cursors(stream: ErpStream) -> list[tuple[Key, str | None]]:
    """Each row's key and cursor, in the order of the cursors."""
    select = stream.select
    names = [*select.columns, CURSOR]
    at = [names.index(name) for name in select.table.key]
    rows = sorted(stream.database.values(select.rows()), key=lambda row: _rank(row[-1]))
    return [(tuple(str(row[n]) for n in at), None if row[-1] is None else str(row[-1])) for row in rows]


def _rank(cursor: Any) -> tuple[float, str]:  # a number, a moment or text
    """Numbers by their value, moments and texts by their characters."""
    return (float(cursor), "") if isinstance(cursor, int | float | Decimal) else (0, str(cursor))


class _Hiding:
    """An ERP in which one row of each table is gone."""

    def __init__(self, source: Erp, hidden: Mapping[str, Key]) -> None:
        self._source, self._hidden = source, hidden

    def __getattr__(self, name: str) -> Any:  # whatever else a source has
        return getattr(self._source, name)

    def streams(self) -> Mapping[str, Any]:
        found = self._source.streams()
        return {name: _Hidden(one, self._hidden[name]) if name in self._hidden else one for name, one in found.items()}


class _Hidden:
    def __init__(self, stream: Stream, key: Key) -> None:
        self._stream, self._key = stream, key

    def __getattr__(self, name: str) -> Any:  # whatever else a stream has
        return getattr(self._stream, name)

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        for batch in self._stream.read(part, after):
            yield Batch(self._without(batch.rows), batch.position, batch.set_aside)

    def keys(self) -> Iterator[pa.RecordBatch]:
        for rows in self._stream.keys():  # noqa: SIM118 - a stream is no mapping
            yield self._without(rows)

    def _without(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        columns = [rows.column(name).to_pylist() for name in self._stream.shape.key]
        return rows.filter(pa.array([tuple(map(str, key)) != self._key for key in zip(*columns, strict=True)]))


def _said(finding: Finding) -> str:
    return f"{finding.sentence}{f' ({finding.hint})' if finding.hint else ''}"
