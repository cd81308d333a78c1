"""A spec holds SELECTs and nothing else; it is written once and said in the dialect of each database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlglot

from echannel_connectors import specs
from echannel_connectors.errors import SettingsError, SpecError
from echannel_connectors.specs import Spec
from echannel_connectors.specs.compile import Select, compile_spec

WAREHOUSES: dict[str, Any] = {
    "from": "depots AS d",
    "columns": {"warehouse_id": "d.id", "name": "d.label"},
}


def compiled(
    table: dict[str, Any], *, name: str = "warehouses", dialect: str = "mysql", to: str = "mysql", **parameters: Any
) -> Select:
    known = {key: {"default": value} for key, value in parameters.items()}
    spec = Spec.model_validate({"connector": "acme", "dialect": dialect, "parameters": known, "tables": {name: table}})
    return compile_spec(spec, {}, to)[name]


@pytest.mark.parametrize(
    "change",
    [
        {"where": "1 = 1; DROP TABLE depots"},
        {"where": "d.id IN (DELETE FROM depots RETURNING id)"},
        {"from": "depots AS d; DELETE FROM depots"},
        {"from": "depots AS d FOR UPDATE"},
        {"from": "depots AS d WHERE 1 = 1 UNION SELECT 1"},
        {"columns": {"warehouse_id": "d.id) AS x, (d.label", "name": "d.label"}},
        {"columns": {"warehouse_id": "d.id, d.label"}},
        {"columns": {"warehouse_id": "d.id FROM secrets --"}},
        {"columns": {"warehouse_id": "d.id /* "}},
        {"columns": {"warehouse_id": ""}},
        {"cursor": "d.tms ORDER BY 1"},
        {"reread": "1 = 1) OR (1 = 1"},
    ],
)
def test_only_expressions_pass(change: dict[str, Any]) -> None:
    """Text that ends its place and begins something else is refused, in one sentence that says where."""
    with pytest.raises(SpecError, match=r"^acme\.warehouses[^\n]*$"):
        compiled({**WAREHOUSES, **change})


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO depots SELECT 1",
        "UPDATE depots SET id = 1",
        "DELETE FROM depots",
        "DROP TABLE depots",
        "TRUNCATE TABLE depots",
        "CREATE TABLE x AS SELECT 1 AS warehouse_id",
        "SELECT 1 AS warehouse_id INTO x",
        "SELECT id AS warehouse_id FROM depots FOR UPDATE",
        "WITH d AS (DELETE FROM depots RETURNING id) SELECT id AS warehouse_id FROM d",
        "SELECT 1 AS warehouse_id; SELECT 2 AS warehouse_id",
        "COPY depots TO '/tmp/x'",
        "SET ROLE postgres",
        "VACUUM",
        "CALL pay()",
        "DO $$ BEGIN END $$",
        "EXPLAIN ANALYZE DELETE FROM depots",
        "",
    ],
)
@pytest.mark.parametrize("dialect", ["postgres", "mysql"])
def test_only_a_single_select_passes(query: str, dialect: str) -> None:
    with pytest.raises((SpecError, ValueError)) as caught:
        compiled({"query": query}, dialect=dialect, to=dialect)
    assert "\n" not in str(caught.value).replace("\n  hint", "")


@pytest.mark.slow
def test_every_shipped_statement_is_a_select() -> None:
    for connector, targets in {
        "odoo": ["postgres"],
        "tryton": ["postgres"],
        "dolibarr": ["mysql", "sqlite", "duckdb", "postgres"],
    }.items():
        for dialect in targets:
            for select in compile_spec(specs.find(connector), {}, dialect).values():
                for sql in (select.rows(), select.rows(since="2026-01-01 10:00:00"), select.keys(), select.nothing()):
                    found = sqlglot.parse(sql, read=dialect)
                    assert len(found) == 1
                    assert isinstance(found[0], sqlglot.exp.Select)


def test_the_prefix_is_part_of_every_table_name() -> None:
    """Joins, subqueries and unaliased tables get it, names of WITH and of other schemas do not."""
    query = """WITH d AS (SELECT id FROM depots WHERE id IN (SELECT fk FROM stock))
        SELECT d.id AS warehouse_id, max(other.log.x) AS name FROM d JOIN regions ON regions.id = d.id
        JOIN other.log ON 1 = 1 GROUP BY d.id"""
    select = compiled({"query": query}, prefix="llx_")
    assert select.reads() == ("llx_depots", "llx_regions", "llx_stock", "other.log")
    assert "`llx_regions` AS `regions`" in select.rows()


def test_a_quoted_name_of_a_table_stays_quoted() -> None:
    """PostgreSQL knows "Customer" by its quotes alone; without them it looks for customer."""
    table = {"from": '"Customer" AS c JOIN depots ON TRUE', "columns": {"warehouse_id": 'c."CustNo"', "name": "c.name"}}
    rows = compiled(table, dialect="postgres", to="postgres", prefix="My").rows()
    assert 'FROM "MyCustomer" AS "c"' in rows
    assert "JOIN Mydepots" in rows


def test_a_name_has_a_part_before_and_one_after() -> None:
    """As in Dynamics: the company, the table, and the id of the application."""
    parts = {"prefix": "Société & fils, S_A_$", "suffix": "$437dbf0e-84ff", "schema": "dbo"}
    select = compiled(WAREHOUSES, dialect="tsql", to="tsql", **parts)
    assert "FROM [dbo].[Société & fils, S_A_$depots$437dbf0e-84ff] AS [d]" in select.rows()


def test_the_schema_stands_before_every_table() -> None:
    sql = compiled(WAREHOUSES, dialect="postgres", to="postgres", schema="odoo").rows()
    assert 'FROM "odoo"."depots" AS "d"' in sql


def test_a_schema_with_capitals_stands_between_quotation_marks() -> None:
    """PostgreSQL takes TRADE without them for trade; what it looks for is said as it has it."""
    quoted = compiled(WAREHOUSES, dialect="postgres", to="postgres", schema='"TRADE"')
    assert 'FROM "TRADE"."depots" AS "d"' in quoted.rows()
    assert quoted.reads() == ("TRADE.depots",)
    assert compiled(WAREHOUSES, dialect="postgres", to="postgres", schema="TRADE").reads() == ("trade.depots",)


@pytest.mark.parametrize("prefix", ["x; DROP TABLE y", "a.b", "a`b", "a]b", 'a"b', "a'b", "a\nb", "a\x00b"])
def test_a_prefix_is_a_name(prefix: str) -> None:
    with pytest.raises(SettingsError, match=r"parameters\.prefix may hold letters"):
        compiled(WAREHOUSES, prefix=prefix)


@pytest.mark.parametrize("dialect", ["mysql", "postgres", "sqlite", "duckdb"])
def test_a_parameter_is_a_value_whatever_it_holds(dialect: str) -> None:
    """Quotes and backslashes in a parameter stay text."""
    nasty = "o'; DROP TABLE d; -- \\' \" `"
    select = compiled({**WAREHOUSES, "where": "d.label = :label"}, to=dialect, label=nasty)
    found = sqlglot.parse(select.rows(), read=dialect)
    assert len(found) == 1
    assert found[0] is not None
    assert [literal.this for literal in found[0].find_all(sqlglot.exp.Literal)] == [nasty]


def test_numbers_and_truth_values_stay_what_they_are() -> None:
    sql = compiled({**WAREHOUSES, "where": "d.a = :a AND d.b = :b AND d.c = :c"}, a=1, b=1.5, c=True).rows()
    assert "`d`.`a` = 1 AND `d`.`b` = 1.5 AND `d`.`c` = TRUE" in sql


def test_an_unknown_parameter_is_told_with_the_nearest_name() -> None:
    with pytest.raises(SpecError, match=r"acme\.warehouses\.where uses :entiti.*\n  hint: did you mean 'entity'"):
        compiled({**WAREHOUSES, "where": "d.e = :entiti"}, entity=1)
    with pytest.raises(SettingsError, match=r"has no parameter 'prefx'\n  hint: did you mean 'prefix'"):
        compile_spec(specs.find("dolibarr"), {"prefx": "x_"}, "mysql")


def test_a_parameter_without_default_is_asked_for() -> None:
    spec = {"connector": "acme", "dialect": "mysql", "parameters": {"firm": {}}, "tables": {"warehouses": WAREHOUSES}}
    with pytest.raises(SettingsError, match=r"acme needs parameters\.firm"):
        compile_spec(Spec.model_validate(spec), {}, "mysql")


def test_codes_become_words() -> None:
    table = {**WAREHOUSES, "maps": {"country": {"sql": "d.c", "values": {1: "FR", "x": "DE"}, "otherwise": "CH"}}}
    assert (
        "CASE WHEN `d`.`c` = 1 THEN 'FR' WHEN `d`.`c` = 'x' THEN 'DE' ELSE 'CH' END AS `country`"
        in compiled(table).rows()
    )


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("mysql", "CAST(`s`.`reel` AS DECIMAL(38, 6))"),
        ("postgres", 'CAST("s"."reel" AS DECIMAL(38, 6))'),
        ("duckdb", 'CAST("s"."reel" AS DECIMAL(38, 6))'),
        ("sqlite", """CASE WHEN "s"."reel" IS NULL THEN NULL ELSE PRINTF('%.6f', "s"."reel") END"""),
    ],
)
def test_a_declared_scale_is_applied_in_the_database(dialect: str, expression: str) -> None:
    columns = {"product_id": "s.p", "variant_id": "''", "warehouse_id": "s.w", "on_hand": {"sql": "s.reel", "scale": 6}}
    select = compiled({"from": "stock AS s", "columns": columns}, name="stock_levels", to=dialect)
    assert expression in select.rows()


def test_a_table_without_its_key_is_refused() -> None:
    with pytest.raises(SpecError, match=r"acme\.warehouses has no key: the column 'warehouse_id' is missing"):
        compiled({"from": "depots AS d", "columns": {"name": "d.label"}})
    with pytest.raises(SpecError, match=r"has no key: the column 'variant_id' is missing"):
        compiled({"query": "SELECT 1 AS product_id, 2 AS warehouse_id"}, name="stock_levels")


def test_a_query_names_core_columns() -> None:
    with pytest.raises(SpecError, match=r"core\.warehouses has no column 'nom'"):
        compiled({"query": "SELECT id AS warehouse_id, label AS nom FROM depots"})


def test_reading_on_from_a_cursor() -> None:
    """What changed, what has no moment, and what is always read again; in the order of (cursor, key)."""
    select = compiled({**WAREHOUSES, "cursor": "d.tms", "reread": "d.open = 1 OR d.x"}, to="postgres")
    assert select.rows(since="2026-03-01 09:50:00").endswith(
        """WHERE "d"."tms" >= CAST('2026-03-01 09:50:00' AS TIMESTAMP(6)) OR "d"."tms" IS NULL """
        """OR ("d"."open" = 1 OR "d"."x") ORDER BY "_cursor", "warehouse_id\""""
    )
    assert "WHERE" not in select.rows()
    assert ">= 42 OR" in select.rows(since="42")


def test_reading_on_in_sql_server() -> None:
    """A moment is written so that no login's language changes it, a truth value as a bit."""
    table = {**WAREHOUSES, "cursor": "d.tms", "maps": {"country": {"sql": "d.c", "values": {True: "FR"}}}}
    sql = compiled(table, dialect="tsql", to="tsql").rows(since="2026-03-01 09:50:00")
    assert "[d].[tms] >= CAST('2026-03-01 09:50:00' AS DATETIME2(6))" in sql
    assert "CASE WHEN [d].[c] = 1 THEN 'FR' ELSE NULL END AS [country]" in sql


def test_a_condition_keeps_its_limits() -> None:
    """An OR in the spec's own condition cannot let rows in beside the cursor's."""
    select = compiled({**WAREHOUSES, "where": "d.a = 1 OR d.b = 2", "cursor": "d.tms"})
    assert "WHERE (`d`.`a` = 1 OR `d`.`b` = 2) AND (" in select.rows(since="2026-03-01")


def test_a_look_back_is_a_time_span() -> None:
    with pytest.raises(SpecError, match=r"acme\.warehouses\.look_back: 'a while' is not a time span"):
        compiled({**WAREHOUSES, "look_back": "a while"})
    assert compiled({**WAREHOUSES, "look_back": "2 hours"}).look_back == timedelta(hours=2)
    assert compiled({**WAREHOUSES, "look_back": "1000 changes"}).look_back == 1000


def test_broken_sql_is_one_sentence() -> None:
    with pytest.raises(SpecError) as caught:
        compiled({**WAREHOUSES, "where": "d.a = = 1"})
    assert str(caught.value).startswith("acme.warehouses.where is not valid SQL: ")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
