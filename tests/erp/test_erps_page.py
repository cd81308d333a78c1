"""docs/erps.md says what the specs say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from echannel_connectors import specs
from echannel_connectors.models.company import Company
from echannel_connectors.specs.compile import compile_spec
from tests.test_docs import blocks, marked, named, rows

PAGE = Path(__file__).parents[2] / "docs" / "erps.md"
ERPS = {name: specs.find(name) for name in specs.names() if not specs.find(name).runs_in_warehouse}


def test_every_erp_has_its_row() -> None:
    """With the database that its spec is written for, and with parameters that it has."""
    found = {
        named(connector)[0]: (database, seen, parameters)
        for _, connector, database, seen, parameters in rows(marked(PAGE, "erps"))
    }
    assert found.keys() == ERPS.keys()
    databases = {"tsql": "SQL Server", "mysql": "MariaDB", "postgres": "PostgreSQL"}
    for name, (database, seen, parameters) in found.items():
        spec = ERPS[name]
        assert database.startswith(databases[spec.dialect])
        assert set(named(parameters)) <= spec.parameters.keys()
        required = {key for key, one in spec.parameters.items() if one.default is None}
        assert all(f"`{key}` (required)" in parameters for key in required)
        text = (specs.shipped("connector_specs") / f"{name}.yaml").read_text(encoding="utf-8")
        assert ("never run on a real database" in text.partition("\nconnector:")[0]) == (seen == "public facts")


def test_what_is_filled() -> None:
    head, *_ = (line for line in marked(PAGE, "filled").splitlines() if line.startswith("|"))
    order = named(head)
    assert set(order) == ERPS.keys()
    told: dict[str, set[str]] = {name: set() for name in order}
    for tables, *marks in rows(marked(PAGE, "filled")):
        for name, mark in zip(order, marks, strict=True):
            told[name] |= set(named(tables)) if mark else set()
    assert told == {name: set(spec.tables) for name, spec in ERPS.items()}


@pytest.mark.parametrize("example", blocks(PAGE, "yaml"))
def test_its_examples_compile(example: str) -> None:
    said = yaml.safe_load(example)
    erps = {name: source for name, source in said["sources"].items() if source["connector"] in ERPS}
    for source in erps.values():
        spec = ERPS[source["connector"]]
        assert compile_spec(spec, source["parameters"], spec.dialect)
    assert erps
    assert Company(matches=said.get("matches", {})).matches.keys() <= erps.keys()
