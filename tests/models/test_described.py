"""Every table and column of the marts is explained in English and French, in one place."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import yaml

from echannel_connectors.models.company import Company
from echannel_connectors.models.described import LAST_YEAR, comments, describe
from echannel_connectors.models.mart_sql import mart_columns
from echannel_connectors.review import history
from tests.models.companies import Marts

NAMES = [name.removeprefix("mart.") for name in mart_columns(Company())]


@pytest.fixture(scope="module")
def columns() -> dict[str, list[str]]:
    with Marts() as marts:
        for name in NAMES:
            marts.ask(f"SELECT * FROM mart.{name}")
        found = marts.ask(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'mart' ORDER BY ordinal_position"
        )
    named: dict[str, list[str]] = {}
    for row in found:
        named.setdefault(row["table_name"], []).append(row["column_name"])
    return named | {"review": list(history.COLUMNS)}  # made by `echannel review`, not by SQL


def test_the_columns_are_known_without_a_warehouse(columns: dict[str, list[str]]) -> None:
    built = {mart: columns[mart] for mart in NAMES}
    assert {name.removeprefix("mart."): list(found) for name, found in mart_columns(Company()).items()} == built


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_column_is_explained(language: str, columns: dict[str, list[str]]) -> None:
    assert set(columns) == {*NAMES, "review"}
    for mart, names in columns.items():
        one = describe(mart, names, language)
        assert one.table
        assert all(one.columns[name] for name in names), mart


def test_nothing_is_explained_that_is_not_there(columns: dict[str, list[str]]) -> None:
    file: dict[str, Any] = yaml.safe_load(
        (resources.files("echannel_connectors") / "models" / "marts.yaml").read_text(encoding="utf-8")
    )
    assert set(file["marts"]) == set(columns)
    for mart, said in file["marts"].items():
        assert set(said["columns"]) <= set(columns[mart]), mart
    everywhere = {name for names in columns.values() for name in names if not name.endswith(LAST_YEAR)}
    used = {name for mart, names in columns.items() for name in names if name not in file["marts"][mart]["columns"]}
    assert set(file["columns"]) <= used & everywhere
    for said in [
        file["last_year"],
        *file["columns"].values(),
        *(c for m in file["marts"].values() for c in [m["table"], *m["columns"].values()]),
    ]:
        assert set(said) == {"en", "fr"}


def test_the_words_stand_in_the_warehouse(columns: dict[str, list[str]]) -> None:
    with Marts() as marts:
        marts.ask("SELECT * FROM mart.rates")
        for statement in comments({"mart.rates": columns["rates"]}, "fr"):
            marts.connection.execute(statement)
        found = marts.one(
            "SELECT comment FROM duckdb_columns() WHERE table_name = 'rates' AND column_name = 'known_on'"
        )
    assert found == ("Jour où le taux a été donné",)
