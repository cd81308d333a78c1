"""Google's analyser and evaluator (analysing.py) as an object, and a catalogue made from the model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmarks import environments
from echannel_connectors import specs
from echannel_connectors.arrow import ARROW_TYPES, without_secrets
from echannel_connectors.destinations.bigquery import layout
from echannel_connectors.destinations.bigquery.words import Names
from echannel_connectors.models.core import TABLES
from echannel_connectors.specs import Spec

NAMES = Names("atelier-1", "breton")
Columns = list[list[str]]  # name and type of each


class Analyser:
    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def ask(self, **question: Any) -> dict[str, Any]:
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps(question) + "\n")
        self._child.stdin.flush()
        return json.loads(self._child.stdout.readline())

    def know(self, tables: Mapping[str, Columns]) -> None:
        self.ask(op="tables", tables=dict(tables))

    def analyse(self, sql: str) -> dict[str, Any]:
        """What Google makes of a statement; fails with its words where it refuses."""
        answer = self.ask(op="analyse", sql=sql)
        assert "error" not in answer, f"{answer['error']}\n{sql[:2000]}"
        return answer

    def evaluate(self, sql: str, rows: Mapping[str, Sequence[Sequence[Any]]]) -> list[tuple[Any, ...]]:
        """The rows that Google's reference implementation finds, in Python's types."""
        answer = self.ask(
            op="evaluate",
            sql=sql,
            rows={name: [list(map(_sent, row)) for row in given] for name, given in rows.items()},
        )
        assert "error" not in answer, f"{answer['error']}\n{sql[:2000]}"
        kinds = [kind for _, kind in answer["columns"]]
        return [tuple(_read(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in answer["rows"]]


@contextmanager
def analyser() -> Iterator[Analyser]:
    """Google's analyser; skips where it cannot be installed."""
    try:
        binaries = environments.home("zetasql", "zetasql==0.1.5")
    except environments.NotHere as why:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(why))
    command = [str(binaries / "python"), str(Path(__file__).with_name("analysing.py")), str(binaries.parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert json.loads(child.stdout.readline())["ready"]
        try:
            yield Analyser(child)
        finally:
            assert child.stdin
            child.stdin.close()
            child.wait(10)


def _sent(value: Any) -> Any:
    if isinstance(value, list):
        return [_sent(one) for one in value]
    if isinstance(value, dict):
        return {name: _sent(one) for name, one in value.items()}
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind in ("NUMERIC", "BIGNUMERIC"):
        return Decimal(value)
    if kind == "DATE":
        return date.fromisoformat(value)
    if kind in ("TIMESTAMP", "DATETIME"):
        return datetime.fromisoformat(value)
    return value


# -- the catalogue --------------------------------------------------------------------------------------------------


def columns_of(schema: Sequence[pa.Field] | pa.Schema) -> Columns:
    return [[field.name, layout.sql_type(field)] for field in layout.fields(schema)]


def raw_schema(spec: Spec, stream: str) -> pa.Schema:
    """A raw table with every column that a spec reads, as the warehouse holds it."""
    kinds = []
    for name, word in spec.reads[stream].columns.items():
        if isinstance(word, list):
            kinds.append(pa.field(name, pa.list_(pa.struct([(leaf, pa.string()) for leaf in word]))))
        else:
            kinds.append(
                pa.field(
                    f"{name}_hash" if word == "email" else name, pa.string() if word == "email" else ARROW_TYPES[word]
                )
            )
    return without_secrets(pa.schema([*kinds, *layout.STAMPS]))


def core_schema(table: str) -> pa.Schema:
    return pa.schema([("source", pa.string()), *TABLES[table].schema(), ("_deleted_at", pa.timestamp("us", "UTC"))])


def warehouse_specs() -> dict[str, Spec]:
    """The specs whose SQL runs in the warehouse, by a source's name."""
    found = {name: specs.find(name) for name in specs.names()}
    return {name: spec for name, spec in found.items() if spec.runs_in_warehouse}


def catalogue() -> dict[str, Columns]:
    """Every table that the library's SQL may read, before any mart is built."""
    found = {NAMES.table_id("core", name): columns_of(core_schema(name)) for name in TABLES}
    for source, spec in warehouse_specs().items():
        for stream in spec.reads:
            found[NAMES.table_id("raw", f"{source}__{stream}")] = columns_of(raw_schema(spec, stream))
    return found
