"""A source of one's own, written after `streams.py`: what it promises of its rows is held against what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from echannel_connectors import Choice, DuckDB, SyncResult, read, sources, sync
from echannel_connectors.errors import SettingsError, UnexpectedData
from echannel_connectors.streams import Batch, Finding, Position, Progress, Shape, Slice

PLAIN = pa.schema([("id", pa.int64()), ("amount", pa.decimal128(18, 2))])


@dataclass(frozen=True)
class Things:
    shape: Shape
    rows: Sequence[pa.RecordBatch]

    def slices(self, planned: Mapping[str, Progress]) -> Sequence[Slice]:
        return [Slice()]

    def read(self, part: Slice, after: Position | None) -> Iterator[Batch]:
        for number, rows in enumerate(self.rows):
            yield Batch(rows, {"page": number})

    def between(self, since: str | None, until: str | None) -> Sequence[Slice]:
        return ()

    def keys(self) -> Iterator[pa.RecordBatch]:
        return (rows.select(list(self.shape.key)) for rows in self.rows)


@dataclass(frozen=True)
class Own:
    stream: Things
    name: str = "own"
    connector: str = "own"

    def streams(self) -> Mapping[str, Things]:
        return {self.stream.shape.name: self.stream}

    def check(self) -> Iterable[Finding]:
        return ()

    def receipt(self) -> Mapping[str, float]:
        return {}

    def close(self) -> None:
        """Nothing is open."""


def own(columns: pa.Schema, *rows: pa.RecordBatch, name: str = "own", stream: str = "things", **said: Any) -> Own:
    return Own(Things(Shape(**{"name": stream, "columns": columns, "key": ("id",), **said}), rows), name)


def synced(source: Own, folder: Path) -> SyncResult:
    return sync(source, into=DuckDB(folder / "own.duckdb"))


def batch(columns: pa.Schema, *rows: tuple[Any, ...]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([dict(zip(columns.names, row, strict=True)) for row in rows], schema=columns)


def test_rows_arrive_as_they_are(tmp_path: Path) -> None:
    rows = batch(PLAIN, (1, Decimal("1.25")), (2, None))
    assert synced(own(PLAIN, rows, rows.select(["amount", "id"])), tmp_path).total("changed") == 2
    stored = read(DuckDB(tmp_path / "own.duckdb"), "raw.own__things").to_arrow()
    assert stored.select(PLAIN.names).sort_by("id").to_pylist() == rows.to_pylist()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"key": ()}, "own.things has no key"),
        ({"key": ("nr",)}, "has no column 'nr'"),
        ({"group": "ids"}, "has no column 'ids'"),
        ({"columns": pa.schema([*PLAIN, ("Amount", pa.string())])}, "'amount', more than once"),
        ({"columns": pa.schema([*PLAIN, ("_deleted_at", pa.string())])}, "'_deleted_at', which is the library's own"),
        ({"deletes": "swept"}, "by 'swept'"),
        *(
            ({"columns": pa.schema([*PLAIN, ("more", kind)])}, "'more': no warehouse type for the Arrow type")
            for kind in (pa.float64(), pa.decimal256(50, 2), pa.decimal128(5, -2), pa.timestamp("ns"), pa.null())
        ),
    ],
)
def test_a_shape_that_cannot_be_is_told_before_anything_is_read(
    said: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    """Most of them were the warehouse's own errors, for a statement that nobody had written."""
    columns = said.pop("columns", PLAIN)
    with pytest.raises(SettingsError, match=sentence):
        synced(own(columns, **said), tmp_path)


FINER = pa.schema([("id", pa.int64()), ("amount", pa.decimal128(18, 3))])
FLOATS = pa.schema([("id", pa.int64()), ("amount", pa.float64())])


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (batch(FINER, (1, Decimal("1.239"))), r"'amount' is decimal128\(18, 3\) in its rows"),
        (batch(FLOATS, (1, 1.239)), "'amount' is double in its rows"),
        (batch(PLAIN, (None, None)), "'id' is of the key, and NULL in 1 rows"),
        (batch(PLAIN, (1, None)).select(["id"]), "do not have the columns of its shape: amount"),
    ],
)
def test_rows_that_are_not_of_their_shape_stop_the_run(rows: pa.RecordBatch, sentence: str, tmp_path: Path) -> None:
    """A warehouse rounded 1.239 to 1.24, and stored a row without a key anew at every sync."""
    for reads in (lambda one: synced(one, tmp_path), lambda one: read(one, "things").to_arrow()):
        with pytest.raises(UnexpectedData, match=sentence):
            reads(own(PLAIN, rows))


def test_names_that_differ_in_capitals_alone_are_one_name(tmp_path: Path) -> None:
    """A warehouse takes Own and own for one table: the rows of the second source took the first one's place."""
    with pytest.raises(SettingsError, match="two sources are named 'own'"):
        sync(own(PLAIN), own(PLAIN, name="Own"), into=DuckDB(tmp_path / "own.duckdb"))


def test_any_name_can_be_chosen_and_read(tmp_path: Path) -> None:
    name = 'my "shop".eu'
    source, into = own(PLAIN, batch(PLAIN, (1, None)), name=name), DuckDB(tmp_path / "own.duckdb")
    assert sync(source, into=into, choice=Choice(only=(f"{name}.things",))).total("changed") == 1
    assert read(into, f"raw.{name}__things").to_arrow().num_rows == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"key": ("total_net",)}, "its key is total_net and not order_id"),
        ({"columns": pa.schema([("order_id", pa.string()), ("total_net", pa.string())])}, "'total_net' is string"),
    ],
)
def test_a_stream_named_as_a_table_of_core_is_one(said: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    """Its rows were core's as they were: orders without an id, money of another type, and errors in all that reads it."""
    columns = said.pop("columns", pa.schema([("order_id", pa.string()), ("total_net", pa.decimal128(18, 6))]))
    with pytest.raises(SettingsError, match=sentence):
        synced(own(columns, stream="orders", **{"key": ("order_id",), **said}), tmp_path)


def test_a_name_with_an_apostrophe(tmp_path: Path) -> None:
    """All was read, and then no table could be built."""
    columns = pa.schema([("customer_id", pa.string()), ("country", pa.string())])
    source = own(columns, batch(columns, ("1", "FR")), name="l'atelier", stream="customers", key=("customer_id",))
    into = DuckDB(tmp_path / "own.duckdb")
    sync(source, into=into)
    assert read(into, "core.customers").to_arrow()["source"].to_pylist() == ["l'atelier"]


class Club:
    def __init__(self, name: str, url: str = "") -> None:
        self.name = name


@pytest.mark.parametrize(
    ("place", "settings", "sentence"),
    [
        ("tests.test_own_source:Club", {"urk": "x"}, r"sources\.verein: got an unexpected keyword argument 'urk'"),
        ("tests.test_own_source:Clb", {}, "the connector 'club' cannot be loaded: module .* has no attribute 'Clb'"),
        ("no_such_package:Club", {}, "the connector 'club' cannot be loaded: No module named 'no_such_package'"),
    ],
)
def test_a_package_s_source_that_cannot_be_made(
    place: str, settings: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its user was told to report a bug in this library."""
    points = [EntryPoint("club", place, sources.GROUP)]
    monkeypatch.setattr(sources, "entry_points", lambda group: points)
    with pytest.raises(SettingsError, match=sentence):
        sources.open("verein", "club", settings)
    points[:] = [EntryPoint("club", "tests.test_own_source:Club", sources.GROUP)]
    assert sources.open("verein", "club", {"url": "x"}).name == "verein"
