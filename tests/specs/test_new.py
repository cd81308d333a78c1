"""`spec new`, `spec docs` and the schema that editors use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import errors, specs
from echannel_connectors.models.core import TABLES, WORDS
from echannel_connectors.schemas import spec_schema
from echannel_connectors.specs.lint import FILLED_IN, checked
from echannel_connectors.specs.new import GRAINS, USUAL, skeleton
from tests.command import echannel, on_terminal


@pytest.mark.parametrize("dialect", ["mysql", "postgres", "tsql", "oracle", "sqlite", "duckdb"])
@pytest.mark.parametrize(
    "tables", [pytest.param(USUAL, id="usual"), pytest.param(tuple(TABLES), id="all", marks=pytest.mark.slow)]
)
def test_a_skeleton_is_right_but_for_what_is_to_be_filled_in(
    tmp_path: Path, dialect: str, tables: tuple[str, ...]
) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(skeleton("acme", dialect, tables), encoding="utf-8")
    found = checked(file)
    assert found.is_right
    assert found.findings
    assert all(finding.sentence.endswith(FILLED_IN) for finding in found.findings), found.findings


def test_every_core_table_is_explained() -> None:
    assert set(GRAINS) == set(TABLES)


def test_columns_that_are_comments_are_right_as_well(tmp_path: Path) -> None:
    """Whoever takes the # away finds nothing wrong."""
    lines = skeleton("acme", "mysql", TABLES).splitlines()
    text = "\n".join(line.replace("      # ", "      ") if line.startswith("      # ") else line for line in lines)
    assert text.count("FILL_ME") > 100
    file = tmp_path / "acme.yaml"
    file.write_text(text, encoding="utf-8")
    assert [one for one in checked(file).findings if not one.sentence.endswith(FILLED_IN)] == []


def test_new_writes_the_spec_and_its_schema_once(tmp_path: Path) -> None:
    done = echannel(tmp_path, "spec", "new", "acme", "--dialect", "tsql", "--table", "orders")
    assert (done.returncode, done.stdout) == (0, "")
    file = tmp_path / "connector_specs" / "acme.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=spec.schema.json\n")
    assert json.loads(file.with_name("spec.schema.json").read_text(encoding="utf-8")) == json.loads(
        json.dumps(spec_schema())
    )
    file.write_text("mine", encoding="utf-8")
    again = echannel(tmp_path, "spec", "new", "acme")
    assert again.returncode == errors.SETTINGS
    assert "is there already" in again.stderr
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Acme-1"], "is no name for a connector"),
        (["../acme"], "is no name for a connector"),
        (["acme", "--table", "order"], "did you mean 'orders'?"),
        (["acme", "--dialect", "mssql"], "is no dialect of SQL that is known"),
    ],
)
def test_new_refuses_what_it_cannot_write(tmp_path: Path, words: list[str], sentence: str) -> None:
    done = echannel(tmp_path, "spec", "new", *words)
    assert done.returncode == errors.SETTINGS
    assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_new_names_tables_that_look_right(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(tmp_path / "erp.db")) as connection:
        connection.executescript("CREATE TABLE commande (a); CREATE TABLE commandedet (a); CREATE TABLE zzz (a);")
    done = echannel(tmp_path, "spec", "new", "acme", "--connect", "sqlite:///erp.db")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "connector_specs" / "acme.yaml").read_text(encoding="utf-8")
    assert "#   orders: commande, commandedet\n" in text
    assert "zzz" not in text


@pytest.mark.slow
def test_docs_tell_the_whole_connector() -> None:
    done = echannel(Path(), "spec", "docs", "dolibarr", "--language", "en")
    assert done.returncode == 0, done.stderr
    spec = specs.find("dolibarr")
    for name, table in spec.tables.items():
        part = done.stdout.split(f"\n## core.{name}\n")[1].split("\n## ")[0]
        assert all(f"| `{column}` |" in part for column in table.columns), name
        assert all(f"`{word}`" in part for code in table.maps.values() for word in code.values.values()), name
        cursor = " ".join((table.cursor or "").split())
        assert (f"rows whose `{cursor}` moved" if cursor else "the whole table is read") in part
    assert all(f"| `{name}` |" in done.stdout for name in spec.parameters)
    assert "| mart.sales_daily | yes |  |" in done.stdout


@pytest.mark.slow
def test_docs_are_french_as_well() -> None:
    french = echannel(Path(), "spec", "docs", "tryton", "--language", "fr").stdout
    assert "## Paramètres" in french
    assert "Le fuseau des sessions" in french
    assert "| mart.sales_daily | en partie |" in french
    assert french == echannel(Path(), "spec", "docs", "tryton", lang="fr_FR.UTF-8").stdout


@pytest.mark.parametrize("name", ["odoo", "prestashop"])
@pytest.mark.slow
def test_docs_of_every_kind_of_spec(name: str) -> None:
    lines = echannel(Path(), "spec", "docs", name).stdout.splitlines()
    assert f"## core.{list(specs.find(name).tables)[-1]}" in lines


# -- the schema -------------------------------------------------------------------------------------------------------


def described(schema: dict[str, Any], path: str = "") -> list[str]:
    """The keys that nothing explains."""
    missing = []
    for name, one in schema.get("properties", {}).items():
        if not one.get("description"):
            missing.append(f"{path}.{name}")
    for name, one in schema.get("$defs", {}).items():
        missing += described(one, name)
    return missing


def test_every_key_is_described() -> None:
    assert described(spec_schema()) == []


def test_the_schema_knows_the_tables_and_columns_of_core() -> None:
    tables = spec_schema()["properties"]["tables"]
    assert set(tables["properties"]) == set(TABLES)
    assert tables["additionalProperties"] is False
    status = tables["properties"]["orders"]["properties"]["maps"]["properties"]["status"]
    assert status["description"] == f"text: {', '.join(WORDS['orders', 'status'])}"
    columns = tables["properties"]["orders"]["properties"]["columns"]
    assert set(columns["propertyNames"]["enum"]) == {*TABLES["orders"].types, "email", "_deleted_at"}


def test_the_schema_lets_short_forms_pass() -> None:
    table = spec_schema()["$defs"]["Table"]["properties"]
    assert {"type": "string"} in table["columns"]["additionalProperties"]["anyOf"]
    assert {"type": "string"} in table["key"]["anyOf"]


def test_words_and_columns_belong_together() -> None:
    for table, column in WORDS:
        assert TABLES[table].types[column] == "text"


def test_help_has_an_example(tmp_path: Path) -> None:
    for command in ("check", "new", "docs"):
        assert f"Example: echannel spec {command}" in " ".join(echannel(tmp_path, "spec", command, "-h").stdout.split())


@pytest.mark.slow
def test_check_at_a_terminal(tmp_path: Path) -> None:
    """SELECTs, what is fed, findings and a last sentence, in eighty columns."""
    lines = on_terminal(tmp_path, "spec", "check", "dolibarr", "--table", "warehouses")
    assert max(map(len, lines)) <= 80
    assert lines[0] == "-- warehouses"
    assert "What this connector feeds" in [line.strip() for line in lines]
    assert lines[-1] == "The spec is right."
    sql = "\n".join(lines[1 : lines.index("", 1)])
    assert sql.startswith("SELECT\n  `w`.`rowid` AS `warehouse_id`,")
    assert sql.endswith(";")


@pytest.mark.slow
def test_check_in_another_dialect(tmp_path: Path) -> None:
    done = echannel(tmp_path, "spec", "check", "dolibarr", "--table", "stock_moves", "--dialect", "postgres")
    assert 'FROM "llx_stock_mouvement" AS "m"' in done.stdout
    assert "`" not in done.stdout
    wrong = echannel(tmp_path, "spec", "check", "dolibarr", "--dialect", "postgre")
    assert wrong.returncode == errors.SETTINGS
    assert "did you mean 'postgres'?" in wrong.stderr


@pytest.mark.slow
def test_check_in_a_pipe_says_what_is_fed_as_json(tmp_path: Path) -> None:
    done = echannel(tmp_path, "spec", "check", "odoo", "--no-sql")
    feeds = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert {feed["kind"] for feed in feeds} == {"feed"}
    assert {feed["what"]: feed["state"] for feed in feeds}["mart.freshness"] == "fed"


@pytest.mark.slow
def test_check_prints_the_selects_of_an_api_source(tmp_path: Path) -> None:
    done = echannel(tmp_path, "spec", "check", "prestashop", "--table", "suppliers")
    assert done.returncode == 0
    assert "raw.shop__suppliers" in done.stdout.replace('"', "")


@pytest.mark.slow
def test_check_takes_parameters(tmp_path: Path) -> None:
    words = ("spec", "check", "dolibarr", "--table", "warehouses", "--parameter")
    assert "`erp_entrepot`" in echannel(tmp_path, *words, "prefix=erp_").stdout
    wrong = echannel(tmp_path, *words, "prefx=erp_")
    assert (wrong.returncode, "did you mean 'prefix'?" in wrong.stderr) == (errors.SETTINGS, True)
    none = echannel(tmp_path, *words, "prefix")
    assert (none.returncode, "write name=value" in none.stderr) == (errors.SETTINGS, True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere",), "there is no connector 'nowhere'"),
        (("nowhere.yaml",), "nowhere.yaml cannot be read: it is not there"),
    ],
)
def test_check_of_what_is_not_there(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    done = echannel(tmp_path, "spec", "check", *words)
    assert done.returncode == errors.SETTINGS
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_tables_whose_names_tell_nothing_are_listed() -> None:
    """Whoever writes the spec has to see what there is."""
    lines = skeleton("acme", "sqlite", ["orders"], ["bon", "pos", "kurse"]).splitlines()
    at = lines.index("# The database has 3 tables, whose names tell nothing here:")
    assert lines[at + 1] == "#   bon, kurse, pos"
    assert "worth a look" in skeleton("acme", "sqlite", ["orders"], ["sale_order", "pos"])
