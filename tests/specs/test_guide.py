"""docs/specs.md is run: its connector, its sample, its contract, the mistakes it shows, and its lists."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import Erp, errors
from echannel_connectors.models.core import TABLES
from echannel_connectors.settings import Settings
from echannel_connectors.specs import Column, Extra, Parameter, Reads, Report, Spec, Table, ValueMap
from echannel_connectors.specs.lint import checked
from echannel_connectors.specs.meanings import MEANINGS
from echannel_connectors.specs.new import skeleton
from echannel_connectors.testing.contract import CLAUSES
from echannel_connectors.testing.samples import database_of
from tests.command import echannel, environment
from tests.erp.truth import core_rows
from tests.test_docs import BLOCK, ROOT, marked, rows

GUIDE = ROOT / "docs" / "specs.md"


def block(name: str) -> str:
    (found,) = BLOCK.findall(marked(GUIDE, name))
    return str(found[1])


def written(folder: Path) -> Path:
    (folder / "connector_specs").mkdir()
    (folder / "tests").mkdir()
    (folder / "connector_specs" / "acme.yaml").write_text(block("spec"), encoding="utf-8")
    (folder / "tests" / "acme.sql").write_text(block("sample"), encoding="utf-8")
    return folder / "connector_specs" / "acme.yaml"


def test_the_connector_of_the_guide_is_right(tmp_path: Path) -> None:
    assert checked(written(tmp_path)).findings == ()


@pytest.mark.slow
def test_the_contract_of_the_guide_is_kept(tmp_path: Path) -> None:
    """The test file as it stands, run by plain pytest."""
    written(tmp_path)
    (code,) = [code for language, code in BLOCK.findall(GUIDE.read_text(encoding="utf-8")) if language == "python"]
    (tmp_path / "tests" / "test_acme.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert f"{len(CLAUSES)} passed" in done.stdout, done.stdout


def test_the_rules_of_the_guide_do_what_they_say(tmp_path: Path) -> None:
    """Signs, sentinel dates, floats, local time and the other company's rows, in the guide's own sample."""
    spec = written(tmp_path)
    source = Erp.from_yaml(spec, url=database_of(tmp_path / "tests" / "acme.sql", "mysql", tmp_path))
    invoices = {row["number"]: row for row in core_rows(source, "invoices")}
    assert (str(invoices["A-1"]["amount_net"]), invoices["A-1"]["kind"]) == ("-50.050000", "credit_note")
    orders = {row["reference"]: row for row in core_rows(source, "orders")}
    assert set(orders) == {"O-1", "O-2", "O-3"}
    assert orders["O-2"]["shipped_at"] is None
    assert str(orders["O-1"]["total_gross"]) == "132.120000"
    assert f"{orders['O-1']['ordered_at']:%Y-%m-%d %H:%M}" == "2026-03-02 08:00"
    assert [row["kind"] for row in core_rows(source, "customers")] == ["b2b", "b2c"]


def test_the_mistakes_of_the_guide_are_told_as_it_shows_them(tmp_path: Path) -> None:
    (_, broken), (_, shown) = BLOCK.findall(marked(GUIDE, "mistakes"))
    (tmp_path / "broken.yaml").write_text(broken, encoding="utf-8")
    done = echannel(tmp_path, "spec", "check", "broken.yaml")
    assert done.returncode == errors.SETTINGS
    assert done.stdout.splitlines() == shown.splitlines()[1:]


def test_the_clauses_are_listed() -> None:
    assert [row[0].strip("`") for row in rows(marked(GUIDE, "clauses"))] == list(CLAUSES)


def test_what_columns_mean_is_listed() -> None:
    """The page, the skeleton and the schema say the same, of columns that core has."""
    listed = {name.strip("`"): said for name, said in rows(marked(GUIDE, "meanings"))}
    assert listed == MEANINGS
    for name in MEANINGS:
        table, _, column = name.rpartition(".")
        assert any(column in one.types for one in ([TABLES[table]] if table else TABLES.values())), name
    assert "fx_rate: {sql: o.FILL_ME, scale: 8}  # rate; the company's currency for one of" in skeleton(
        "acme", "mysql", ["orders"]
    )


def test_every_key_of_the_format_is_listed() -> None:
    listed = [row[0].strip("`") for row in rows(marked(GUIDE, "keys"))]
    assert sorted(listed) == sorted(keys(Spec))


INSIDE: dict[str, type[Settings]] = {"parameters": Parameter, "reads": Reads, "reports": Report, "tables": Table}
BELOW: dict[str, type[Settings]] = {"tables.columns": Column, "tables.extra": Extra, "tables.maps": ValueMap}


def keys(model: Any, above: str = "") -> list[str]:  # a pydantic model
    found = []
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        found.append(path)
        inner = {**INSIDE, **BELOW}.get(path)
        if inner:
            found += keys(inner, f"{path}.")
    return found
