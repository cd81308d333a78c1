"""The contract that a partner's test calls: kept by our own specs, and broken by a spec for every clause."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from echannel_connectors import specs
from echannel_connectors.errors import SettingsError
from echannel_connectors.testing import ContractBroken, verify_spec
from echannel_connectors.testing.contract import CLAUSES
from tests.command import environment
from tests.erp.public.books import PARAMETERS, PUBLIC, books

OURS = [
    ("odoo", "odoo"),
    ("tryton", "tryton"),
    ("dolibarr", "dolibarr_sqlite"),
    pytest.param("dolibarr", "dolibarr_mariadb", marks=pytest.mark.apt),
]

RIGHT = """\
connector: acme
title: {en: Acme, fr: Acme}
dialect: mysql
tables:
  orders:
    from: ord AS o
    cursor: o.changed
    columns:
      order_id: o.id
      reference: o.number
      total_net: {sql: o.net, scale: 2}
      total_tax: {sql: o.tax, scale: 2}
      total_gross: {sql: o.gross, scale: 2}
    maps:
      status: {sql: o.state, values: {0: draft, 1: confirmed}}
  order_lines:
    from: line AS l JOIN ord AS o ON o.id = l.ord
    cursor: o.changed
    day: o.changed
    columns:
      order_id: l.ord
      line_id: l.id
      amount_net: {sql: l.net, scale: 2}
  warehouses:
    from: depot AS d
    columns: {warehouse_id: d.id, name: d.name}
"""
SAMPLE = """\
CREATE TABLE ord (id INT, number VARCHAR(9), state INT, changed DATETIME, said VARCHAR(10), net DOUBLE, tax DOUBLE, gross DOUBLE);
INSERT INTO ord VALUES
  (1, 'A', 1, '2026-01-02 10:00:00', '02/01/2026', 20.1, 4.02, 24.12),
  (2, 'B', 0, '2026-02-01 10:00:00', '01/02/2026', 10, 2, 12),
  (3, 'C', 1, '2026-03-15 10:00:00', '15/03/2026', 10, 2, 12),
  (4, 'D', 1, '2026-04-09 10:00:00', '09/04/2026', 10, 2, 12);
CREATE TABLE line (id INT, ord INT, net DOUBLE);
INSERT INTO line VALUES (1, 1, 10.1), (2, 1, 10), (1, 2, 10), (1, 3, 10), (1, 4, 10);
CREATE TABLE depot (id INT, name VARCHAR(20));
INSERT INTO depot VALUES (1, 'Nord'), (2, 'Sud');
"""

# A clause, and what breaks it: in the spec, or in the sample; what is then said.
BROKEN = [
    ("the spec is right", "total_net: {sql: o.net", "total: {sql: o.net", "core.orders has no column 'total'"),
    ("the spec is right", "o.number", "o.FILL_ME", "acme.orders.reference is still to be filled in"),
    ("every SELECT runs", "o.number", "o.nummer", "the database has no column nummer"),
    ("every SELECT runs", "from: depot", "from: depots", "the database has no table depots, which warehouses needs"),
    ("every SELECT runs", "(1, 'Nord'), (2, 'Sud')", "(NULL, NULL); DELETE FROM depot", "warehouses: the sample has no row"),
    ("keys are unique and never NULL", "line_id: l.id", "line_id: o.id", "order_lines: the key (order_id, line_id) is not unique"),
    ("keys are unique and never NULL", "(1, 'Nord')", "(NULL, 'Nord')", "warehouses: the key (warehouse_id) is NULL in 1 rows"),
    ("numbers are exact and values fit", "{sql: l.net, scale: 2}", "l.net", "order_lines.amount_net arrives as a floating-point number"),
    ("numbers are exact and values fit", "reference: o.number", "order_date: o.number", "orders.order_date does not fit its type"),
    ("every code has its word", ", 1: confirmed", "", "orders.status: codes that are not listed become NULL: 1 (3×)"),
    ("orders are the sum of their lines", "from: line AS l", "from: (SELECT * FROM line WHERE id = 1) AS l", "1: 20.1 ≠ 10.1"),
    ("orders are the sum of their lines", "2, 12),\n  (3", "2, 13),\n  (3", "total_net and total_tax are total_gross; such as 2: 13 ≠ 12"),
    ("values are what the model means", "reference: o.number", "is_sale: o.state = 7", "orders.is_sale: no sale: no order counts then (4 of 4 rows"),
    ("reading on finds every row", "cursor: o.changed\n    columns", "cursor: o.said\n    columns", "orders: the cursor is neither a number nor a moment"),
    ("reading on finds every row", "cursor: o.changed\n    columns", "cursor: o.id * 0 + random() * 1000000\n    columns", "orders: "),
    ("reading on finds every row", "cursor: o.changed\n    columns", "cursor: nullif(o.changed, o.changed)\n    columns", "orders: its cursor is NULL in all of 4 rows"),
    ("a second sync changes nothing", "reference: o.number", "reference: random()", "orders: nothing happened in the ERP, and"),
    ("a row that is gone is noticed", "    cursor: o.changed\n    columns", "    cursor: o.changed\n    deletes: none\n    columns", "orders: the row 1, gone from the ERP, stays"),
]  # fmt: skip


def written(folder: Path, spec: str = RIGHT, sample: str = SAMPLE) -> tuple[Path, Path]:
    (folder / "acme.yaml").write_text(spec, encoding="utf-8")
    (folder / "acme.sql").write_text(sample, encoding="utf-8")
    return folder / "acme.yaml", folder / "acme.sql"


@pytest.mark.slow
@pytest.mark.parametrize(("connector", "database"), OURS)
def test_our_own_specs_keep_the_contract(request: pytest.FixtureRequest, connector: str, database: str) -> None:
    """Every clause, on the real ERP's own database."""
    url = request.getfixturevalue(database)
    verify_spec(specs.shipped("connector_specs") / f"{connector}.yaml", url=url)


@pytest.mark.slow
@pytest.mark.parametrize("connector", PUBLIC)
def test_specs_from_public_facts_keep_it(connector: str, tmp_path: Path) -> None:
    """On the small companies that are built from the public facts."""
    parameters = PARAMETERS.get(connector, {})
    books(connector, tmp_path)
    url = f"duckdb:///{tmp_path / connector}.duckdb"
    verify_spec(specs.shipped("connector_specs") / f"{connector}.yaml", url=url, parameters=parameters)


def test_a_right_spec_keeps_it(tmp_path: Path) -> None:
    spec, sample = written(tmp_path)
    verify_spec(spec, sample=sample)


@pytest.mark.parametrize(
    ("clause", "old", "new", "sentence"), BROKEN, ids=[f"{one[0]}: {one[2][:30]}" for one in BROKEN]
)
def test_a_broken_spec_fails_with_the_name_of_the_clause(
    tmp_path: Path, clause: str, old: str, new: str, sentence: str
) -> None:
    assert (RIGHT + SAMPLE).count(old) == 1
    spec, sample = written(tmp_path, RIGHT.replace(old, new), SAMPLE.replace(old, new))
    with pytest.raises(ContractBroken) as caught:
        verify_spec(spec, sample=sample, clauses=[clause])
    assert str(caught.value).startswith(f"acme: the clause '{clause}' is not kept: ")
    assert sentence in str(caught.value)


def test_every_clause_can_fail() -> None:
    assert {clause for clause, *_ in BROKEN} == set(CLAUSES)


def test_a_table_that_never_loses_a_row_is_named(tmp_path: Path) -> None:
    spec, sample = written(
        tmp_path, RIGHT.replace("cursor: o.changed\n    columns", "cursor: o.changed\n    deletes: none\n    columns")
    )
    verify_spec(spec, sample=sample, never_deleted=["orders"], clauses=["a row that is gone is noticed"])


def test_a_scale_may_be_missing_where_the_database_is_exact(tmp_path: Path) -> None:
    spec, sample = written(
        tmp_path,
        RIGHT.replace("{sql: l.net, scale: 2}", "l.net"),
        SAMPLE.replace("ord INT, net DOUBLE", "ord INT, net DECIMAL(9, 2)"),
    )
    verify_spec(spec, sample=sample)


@pytest.mark.slow
def test_a_folder_of_csv_files(tmp_path: Path) -> None:
    """Types are guessed, or declared in schema.sql: there a code keeps its zeros, and an empty field is NULL."""
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "ord.csv").write_text(
        "id,number,state,changed,net,tax,gross\n1,A,1,2026-01-02 10:00:00,10.1,2.02,12.12\n"
    )
    (folder / "line.csv").write_text("id,ord,net\n1,1,10.1\n")
    (folder / "depot.csv").write_text("id,name\n007,\n008,Sud\n")
    (folder / "schema.sql").write_text("CREATE TABLE depot (id VARCHAR(5), name VARCHAR(20) NULL)")
    spec, _ = written(
        tmp_path, RIGHT.replace("d.id, name: d.name", "\"concat(d.id, '/')\", name: \"coalesce(d.name, 'none')\"")
    )
    verify_spec(spec, sample=folder)
    from echannel_connectors import Erp
    from echannel_connectors.testing.samples import database_of
    from tests.erp.truth import core_rows

    (tmp_path / "again").mkdir()
    source = Erp.from_yaml(spec, url=database_of(folder, "mysql", tmp_path / "again"))
    assert core_rows(source, "warehouses") == [
        {"warehouse_id": "007/", "name": "none"}, {"warehouse_id": "008/", "name": "Sud"},
    ]  # fmt: skip


@pytest.mark.slow
def test_a_spec_of_sqlite_is_tried_in_sqlite(tmp_path: Path) -> None:
    spec, sample = written(tmp_path, RIGHT.replace("dialect: mysql", "dialect: sqlite"))
    verify_spec(spec, sample=sample)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("CREATE TABLE ord (id", "acme.sql is not valid SQL of mysql"),
        ("INSERT INTO nowhere VALUES (1)", "acme.sql does not load"),
    ],
)
def test_a_sample_that_does_not_load(tmp_path: Path, script: str, sentence: str) -> None:
    spec, sample = written(tmp_path, sample=script)
    with pytest.raises(SettingsError, match=sentence):
        verify_spec(spec, sample=sample)


def test_a_sample_or_a_database() -> None:
    with pytest.raises(ValueError, match="give either a sample or the url"):
        verify_spec("acme.yaml")


@pytest.mark.slow
def test_one_line_in_a_partner_s_test_file(tmp_path: Path) -> None:
    """Plain pytest shows a test per clause, and the one that is broken by its name."""
    written(tmp_path, RIGHT.replace(", 1: confirmed", ""))
    (tmp_path / "test_acme.py").write_text(
        "from echannel_connectors.testing import spec_contract\n"
        "test_acme = spec_contract('acme.yaml', sample='acme.sql')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", "test_acme.py"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"1 failed, {len(CLAUSES) - 1} passed" in done.stdout, done.stdout
    assert "the clause 'every code has its word' is not kept" in done.stdout
