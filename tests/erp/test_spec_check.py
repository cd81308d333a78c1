"""`spec check --connect`: what only a database can tell about a spec, on real ERPs and on small ones that are wrong."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from echannel_connectors import Erp, errors, specs
from echannel_connectors.sources.erp.proof import Proof
from echannel_connectors.specs.compile import compile_spec
from echannel_connectors.specs.lint import checked
from echannel_connectors.streams import Finding
from tests.command import echannel, on_terminal
from tests.erp.conftest import Postgres
from tests.erp.truth import cents, true_rows

SPEC = """\
connector: acme
title: {en: Acme, fr: Acme}
dialect: sqlite
tables:
  orders:
    from: ord AS o
    cursor: o.changed
    columns:
      order_id: o.id
      is_sale: o.state = 1
      order_date: o.day
      currency: "'EUR'"
      shipping_net: {sql: o.shipping, scale: 2}
      rounding_net: "0"
      total_net: {sql: o.net, scale: 2}
      total_tax: {sql: o.tax, scale: 2}
      total_gross: {sql: o.gross, scale: 2}
    maps:
      status: {sql: o.state, values: {0: draft, 1: confirmed}}
  order_lines:
    from: line AS l
    columns:
      order_id: l.ord
      line_id: l.id
      amount_net: {sql: l.net, scale: 2}
"""
DATA = """
CREATE TABLE ord (id INTEGER, state INTEGER, day DATE, changed DATETIME, shipping REAL, net REAL, tax REAL, gross REAL);
INSERT INTO ord VALUES (1, 1, '2026-01-02', '2026-01-02 10:00:00', 5, 25.1, 5.02, 30.12);
INSERT INTO ord VALUES (2, 0, '2026-01-31', '2026-01-31 10:00:00', 0, 10, 2, 12);
INSERT INTO ord VALUES (3, 1, '2026-02-01', '2026-02-01 10:00:00', 0, 10, 2, 12);
CREATE INDEX ord_changed ON ord (changed);
CREATE TABLE line (id INTEGER, ord INTEGER, net REAL);
INSERT INTO line VALUES (1, 1, 10.1), (2, 1, 10), (1, 2, 10), (1, 3, 10);
"""


def proven(folder: Path, *changes: str, spec: str = SPEC) -> Proof:
    """What is found about a spec in a SQLite file, after some changes to its data."""
    (folder / "acme.yaml").write_text(spec, encoding="utf-8")
    with closing(sqlite3.connect(folder / "acme.db")) as connection:
        connection.executescript(DATA + ";".join(changes))
    found = checked(folder / "acme.yaml")
    return Erp.from_yaml(folder / "acme.yaml", url=f"sqlite:///{folder / 'acme.db'}").prove(found.doubts)


def errors_of(proof: Proof) -> list[Finding]:
    return [finding for finding in proof.findings if finding.level == "error"]


def test_a_right_spec_on_right_data(tmp_path: Path) -> None:
    proof = proven(tmp_path)
    assert [finding for finding in proof.findings if finding.level != "ok"] == []
    assert {name for name, found in proof.checks.items() if found} == {
        "reach",
        "keys",
        "cursors",
        "codes",
        "totals",
        "meaning",
    }


def test_rows_as_core_has_them(tmp_path: Path) -> None:
    rows = proven(tmp_path).samples["orders"].to_pylist()
    assert [row["total_net"] for row in rows] == [Decimal("25.1"), Decimal(10), Decimal(10)]
    assert [row["is_sale"] for row in rows] == [True, False, True]


def test_at_most_ten_rows_are_shown(tmp_path: Path) -> None:
    many = "INSERT INTO line SELECT value + 10, 3, 0 FROM generate_series(1, 50)"
    with closing(sqlite3.connect(":memory:")) as probe:
        try:
            probe.execute("SELECT * FROM generate_series(1, 2)")
        except sqlite3.OperationalError:
            many = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 50) INSERT INTO line SELECT v + 10, 3, 0 FROM n"
    assert proven(tmp_path, many).samples["order_lines"].num_rows == 10


def test_months_hold_what_counts(tmp_path: Path) -> None:
    """Orders that are sales, by their business day."""
    months = [row[:4] for row in proven(tmp_path).months]
    assert months == [("2026-01", "EUR", 1, Decimal("25.1")), ("2026-02", "EUR", 1, Decimal(10))]


@pytest.mark.parametrize(
    ("change", "check", "sentence"),
    [
        ("INSERT INTO line VALUES (2, 1, 0)", "keys", "order_lines: the key (order_id, line_id) is not unique: 1 keys come more than once, such as 1, 2 (2×)"),
        ("UPDATE line SET id = NULL WHERE ord = 3", "keys", "order_lines: the key (order_id, line_id) is NULL in 1 rows"),
        ("UPDATE ord SET state = 7 WHERE id > 1", "codes", "orders.status: codes that are not listed become NULL: 7 (2×)"),
        ("UPDATE ord SET state = NULL WHERE id = 2", "codes", "become NULL: NULL (1×)"),
        ("DELETE FROM line WHERE ord = 3", "totals", "orders: not so in 1 of 3: the lines of an order, its shipping and its rounding are its total_net; such as 3: 10 ≠ 0"),
        ("UPDATE ord SET shipping = 4.99 WHERE id = 1", "totals", "such as 1: 25.1 ≠ 25.09"),
        ("UPDATE ord SET gross = 30.14 WHERE id = 1", "totals", "total_net and total_tax are total_gross; such as 1: 30.14 ≠ 30.12"),
        ("ALTER TABLE ord RENAME TO other", "reach", "the database has no table ord, which orders needs"),
        ("ALTER TABLE ord RENAME COLUMN gross TO brutto", "reach", "orders.total_gross: the database has no column o.gross"),
        ("UPDATE ord SET day = 'soon' WHERE id = 1", "rows", "orders.order_date does not fit its type date32[day]"),
    ],
)  # fmt: skip
def test_what_the_data_breaks(tmp_path: Path, change: str, check: str, sentence: str) -> None:
    """Each check finds what is wrong, with examples, where the spec says it; the others find nothing new."""
    proof = proven(tmp_path, change)
    broken = {name: [one for one in found if one.level == "error"] for name, found in proof.checks.items()}
    assert len(broken[check]) == 1, broken
    assert sentence in broken[check][0].sentence
    assert {name for name, found in broken.items() if found} == {check}


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("o.day", "o.date", "order_date", "orders.order_date: the database has no column o.date"),
        ("l.net,", "l.nett,", "amount_net", "order_lines.amount_net: the database has no column l.nett"),
        ("{sql: o.state, values", "{sql: o.stat, values", "status", "orders.status: the database has no column o.stat"),
        ("cursor: o.changed", "cursor: o.chnged", "cursor", "orders.cursor: the database has no column o.chnged"),
        ("cursor: o.changed", "cursor: o.changed\n    reread: o.open", "reread", "orders.reread: the database has no column o.open"),
        ("ord AS o", "ord AS o JOIN line AS x ON x.id = o.line", "from", "orders: the database has no column o.line"),
    ],
)  # fmt: skip
def test_a_column_that_the_database_lacks_is_told_where_it_stands(
    tmp_path: Path, old: str, new: str, line: str, sentence: str
) -> None:
    """What is asked at every sync is tried, the condition of `reread` too, which no row needs to fulfil."""
    spec = SPEC.replace(old, new)
    (only,) = errors_of(proven(tmp_path, spec=spec))
    assert only.sentence == sentence
    assert spec.splitlines()[int(only.place.rsplit(":", 2)[1]) - 1].strip().startswith(f"{line}:")


def test_a_table_that_the_database_lacks_is_told_where_it_stands(tmp_path: Path) -> None:
    """With the table or the view that was meant."""
    view = "views: {many: SELECT * FROM lines}\ntables:"
    spec = (
        SPEC.replace("tables:", view, 1).replace("from: ord AS o", "from: ordr AS o").replace("from: line", "from: mny")
    )
    found = errors_of(proven(tmp_path, spec=spec))
    assert [(one.hint, one.place.partition(":")[2]) for one in found] == [
        ("did you mean 'many'?", "22:11"),
        ("did you mean 'ord'?", "7:11"),
    ]


def test_a_value_that_the_database_cannot_compute_is_told_with_its_column(postgres: Postgres, tmp_path: Path) -> None:
    spec = """
connector: acme
dialect: postgres
tables:
  products:
    from: (VALUES (1, '3.10'), (2, 'n/a')) AS p (id, price)
    columns:
      product_id: p.id
      variant_id: "''"
      unit_cost: {sql: p.price, scale: 2}
"""
    (tmp_path / "acme.yaml").write_text(spec, encoding="utf-8")
    (only,) = errors_of(Erp.from_yaml(tmp_path / "acme.yaml", url=postgres.url("postgres")).prove())
    assert only.sentence.startswith("products.unit_cost: the database cannot compute a column: invalid input")
    assert only.place.endswith(":10:7")


def test_a_time_zone_that_is_none_is_told(tmp_path: Path) -> None:
    """A parameter of echannel.yaml holds it, most often, which no check of the spec sees."""
    spec = SPEC.replace("order_date: o.day", "ordered_at: {sql: o.day, zone: Europe/Londn}")
    with pytest.raises(
        errors.SettingsError, match=r"'Europe/Londn' is no time zone\n  hint: did you mean 'Europe/London'"
    ):
        proven(tmp_path, spec=spec)


def test_every_column_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    found = errors_of(proven(tmp_path, spec=SPEC.replace("o.net", "o.netto").replace("o.tax", "o.vat")))
    assert [one.sentence.partition(":")[0] for one in found] == ["orders.total_net", "orders.total_tax"]


@pytest.mark.parametrize(
    ("cursor", "problem"),
    [
        ("(o.state || 'S')", "the cursor is neither a number nor a moment: '1S'"),
        ("o.changed\n    look_back: 1000 changes", "a look-back of changes needs a cursor that counts them"),
    ],
)
def test_a_cursor_that_cannot_be_read_on_from(tmp_path: Path, cursor: str, problem: str) -> None:
    """It is told before the second sync, which would end there."""
    (only,) = errors_of(proven(tmp_path, spec=SPEC.replace("cursor: o.changed", f"cursor: {cursor}")))
    assert only.sentence.startswith("orders: it cannot be read on by its cursor: ")
    assert problem in only.sentence


def test_a_finding_says_where_the_spec_is_wrong(tmp_path: Path) -> None:
    places = {
        one.place.rsplit(":", 2)[1]
        for one in errors_of(proven(tmp_path, "UPDATE ord SET state = 7 WHERE id = 2", "UPDATE ord SET gross = 0"))
    }
    lines = SPEC.splitlines()
    assert {lines[int(line) - 1].strip().partition(":")[0] for line in places} == {"status", "total_gross"}


def test_five_orders_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    many = "".join(f"INSERT INTO ord VALUES ({n}, 1, '2026-03-01', NULL, 0, 9, 0, 9);" for n in range(10, 30))
    (only,) = errors_of(proven(tmp_path, many))
    assert "not so in 20 of 23" in only.sentence
    assert only.sentence.count("≠") == 5


def test_without_rounding_a_cent_per_line_passes_for_it(tmp_path: Path) -> None:
    spec = SPEC.replace('      rounding_net: "0"\n', "")
    assert errors_of(proven(tmp_path, "UPDATE line SET net = net - 0.01 WHERE ord = 1", spec=spec)) == []


def test_more_than_a_cent_per_line_does_not(tmp_path: Path) -> None:
    spec = SPEC.replace('      rounding_net: "0"\n', "")
    assert len(errors_of(proven(tmp_path, "UPDATE line SET net = 10.07 WHERE ord = 1 AND id = 2", spec=spec))) == 1


@pytest.mark.parametrize(
    ("otherwise", "level"), [("", "error"), (", otherwise: null", "warning"), (", otherwise: returned", "ok")]
)
def test_codes_that_are_not_listed(tmp_path: Path, otherwise: str, level: str) -> None:
    """An error by oversight, a warning where null is meant, fine where a word stands for them."""
    spec = SPEC.replace("1: confirmed}}", f"1: confirmed}}{otherwise}}}")
    (only,) = proven(tmp_path, "UPDATE ord SET state = 7 WHERE id = 2", spec=spec).checks["codes"]
    assert only.level == level
    assert "7 (1×)" in only.sentence


# -- exactness --------------------------------------------------------------------------------------------------------


def test_a_column_without_a_scale_passes_where_its_numbers_are_exact(tmp_path: Path) -> None:
    """Offline it is an error; a database in which it is a decimal settles it, and one in which it is a float does not."""
    spec = SPEC.replace("dialect: sqlite", "dialect: duckdb").replace("{sql: l.net, scale: 2}", "l.net")
    (tmp_path / "acme.yaml").write_text(spec, encoding="utf-8")
    found = checked(tmp_path / "acme.yaml")
    assert list(found.doubts) == [("order_lines", "amount_net")]
    assert not found.is_right
    for kind, is_exact in (("DECIMAL(9, 2)", True), ("DOUBLE", False)):
        file = tmp_path / f"{is_exact}.duckdb"
        with duckdb.connect(str(file)) as connection:
            connection.execute(DATA.replace("net REAL)", f"net {kind})").replace("REAL", "DOUBLE"))
        done = echannel(tmp_path, "spec", "check", "acme.yaml", "--connect", f"duckdb:///{file}")
        assert (done.returncode == 0) is is_exact, done.stdout
        assert ("every number came exact" in done.stdout) is is_exact
        assert ("is not known to be exact" in done.stdout) is not is_exact


def test_an_empty_table_settles_nothing(tmp_path: Path) -> None:
    spec = SPEC.replace("{sql: l.net, scale: 2}", "l.net")
    assert proven(tmp_path, "DELETE FROM line", spec=spec).exact == frozenset()


# -- indexes ----------------------------------------------------------------------------------------------------------


def cursor_of(proof: Proof, table: str) -> Finding:
    return next(one for one in proof.checks["cursors"] if one.sentence.startswith(f"{table}:"))


def test_an_index_in_sqlite(tmp_path: Path) -> None:
    assert cursor_of(proven(tmp_path), "orders").level == "ok"


def test_no_index_in_sqlite(tmp_path: Path) -> None:
    """An index in which the cursor only comes second does not count."""
    found = cursor_of(proven(tmp_path, "DROP INDEX ord_changed", "CREATE INDEX x ON ord (state, changed)"), "orders")
    assert (found.level, found.sentence) == ("warning", "orders: the cursor ord.changed has no index")
    assert "all 3 rows" in found.hint


def test_a_table_without_cursor_is_told(tmp_path: Path) -> None:
    assert "all 4 rows are read at every sync" in cursor_of(proven(tmp_path), "order_lines").sentence


@pytest.mark.parametrize(
    ("cursor", "index", "level", "sentence"),
    [
        ("o.changed", "CREATE INDEX ON ord (changed)", "ok", "the cursor is served"),
        ("o.changed", "CREATE INDEX ON ord (state, changed)", "warning", "the cursor ord.changed has no index"),
        ("v.moved", "CREATE INDEX ON ord (changed)", "ok", "the cursor is served"),  # through a view and a star
        ("coalesce(o.changed, o.made)", "CREATE INDEX ON ord (changed)", "warning", "computed from ord.changed, ord.made"),
        ("coalesce(o.changed, o.made)", "CREATE INDEX ON ord (coalesce(changed, made))", "ok", "the cursor is served"),
        ("greatest(o.changed, l.changed)", "CREATE INDEX ON ord (changed)", "warning", "computed from ord.changed, line.changed"),
        ("q.changed", 'CREATE INDEX ON "Big Ones"."Some Rows" (changed)', "ok", "the cursor is served"),
        ("q.changed", "", "warning", "the cursor Big Ones.Some Rows.changed has no index"),
        ("s.changed", "CREATE INDEX ON ord (changed)", "warning", "whether an index serves the cursor cannot be told here"),
        ("w.n", "", "warning", "whether an index serves the cursor cannot be told here"),
    ],
)  # fmt: skip
def test_indexes_in_postgres(
    postgres: Postgres, tmp_path: Path, cursor: str, index: str, level: str, sentence: str
) -> None:
    """A column is served by an index that begins with it, an expression by an index of itself alone."""
    spec = f"""
connector: acme
dialect: postgres
views: {{seen: "SELECT p.*, p.changed AS moved FROM ord AS p"}}
tables:
  warehouses:
    from: ord AS o JOIN line AS l ON l.ord = o.id JOIN seen AS v ON v.id = o.id
      JOIN "Big Ones"."Some Rows" AS q ON q.ord = o.id JOIN shown AS s ON s.id = o.id
      CROSS JOIN (SELECT max(id) AS n FROM ord UNION SELECT 1) AS w
    cursor: {cursor}
    columns: {{warehouse_id: o.id}}
"""
    (tmp_path / "acme.yaml").write_text(spec, encoding="utf-8")
    postgres.run("postgres", "CREATE DATABASE lab")
    try:
        postgres.run(
            "lab",
            f"""CREATE TABLE ord (id integer, state integer, changed timestamp, made timestamp);
            CREATE TABLE line (ord integer, changed timestamp); CREATE VIEW shown AS SELECT * FROM ord;
            CREATE SCHEMA "Big Ones"; CREATE TABLE "Big Ones"."Some Rows" (ord integer, changed timestamp); {index}""",
        )
        proof = Erp.from_yaml(tmp_path / "acme.yaml", url=postgres.url("lab")).prove()
        (found,) = proof.checks["cursors"]
        assert (found.level, sentence in found.sentence) == (level, True), found
    finally:
        postgres.run("postgres", "DROP DATABASE lab WITH (FORCE)")


@pytest.mark.apt
def test_indexes_in_mariadb(dolibarr_mariadb: str) -> None:
    """Dolibarr has no index on tms, and the account that may only read is allowed to know it."""
    proof = Erp(connector="dolibarr", url=dolibarr_mariadb).prove()
    assert errors_of(proof) == []
    found = cursor_of(proof, "invoice_lines")
    assert (found.level, found.sentence) == ("warning", "invoice_lines: the cursor llx_facture.tms has no index")


def test_a_column_store_needs_no_index(dolibarr_duckdb: str) -> None:
    proof = Erp(connector="dolibarr", url=dolibarr_duckdb).prove()
    assert {one.level for one in proof.checks["cursors"]} == {"ok"}


# -- real ERPs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("connector", "database"), [("odoo", "odoo"), ("tryton", "tryton"), ("dolibarr", "dolibarr_sqlite")]
)
@pytest.mark.slow
def test_our_own_specs_hold(request: pytest.FixtureRequest, connector: str, database: str) -> None:
    """No error in any check; every table is looked at."""
    proof = Erp(connector=connector, url=request.getfixturevalue(database)).prove()
    assert errors_of(proof) == []
    assert set(proof.samples) == set(specs.find(connector).tables)
    assert len(proof.checks["totals"]) == 3


@pytest.mark.slow
def test_the_months_are_those_of_odoo(odoo: str) -> None:
    """What is sold, invoiced and credited per month and currency is what Odoo itself says."""
    true: dict[tuple[str, str, str], Decimal] = {
        (row["document"], row["month"], row["currency"]): cents(row["untaxed"]) for row in true_rows("odoo_totals")
    }
    proof = Erp(connector="odoo", url=odoo).prove()
    for place, document, sign in ((3, "sale", 1), (4, "out_invoice", 1), (5, "out_refund", -1)):
        ours = {(row[0], row[1]): sign * cents(row[place]) for row in proof.months if row[place] is not None}
        theirs = {(month, currency): net for (kind, month, currency), net in true.items() if kind == document}
        assert ours == theirs, document


# -- the command --------------------------------------------------------------------------------------------------------


def test_at_a_terminal(tmp_path: Path) -> None:
    """Rows at a glance, months, findings: all in eighty columns."""
    proven(tmp_path, "UPDATE ord SET state = 7 WHERE id = 2")
    lines = on_terminal(tmp_path, "spec", "check", "acme.yaml", "--connect", "sqlite:///acme.db")
    assert max(len(line) for line in lines if "asking" not in line and "⠋" not in line) <= 80
    text = "\n".join(lines)
    assert "orders: the first 3 rows" in text
    assert "By month, to hold against the ERP's own reports" in text
    assert "✗ acme.yaml:19:7: orders.status: codes that are not listed become NULL: 7 (1×)" in " ".join(text.split())
    assert lines[-1] == "The spec is not right yet (errors: 1, warnings: 1)."


def test_in_a_pipe(tmp_path: Path) -> None:
    """Rows and months are JSON lines that say what they are; the exit code says that the spec is wrong."""
    proven(tmp_path, "UPDATE ord SET state = 7 WHERE id = 2")
    done = echannel(tmp_path, "spec", "check", "acme.yaml", "--connect", "sqlite:///acme.db", "--table", "orders")
    assert done.returncode == errors.SETTINGS
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [row["kind"] for row in rows] == ["row"] * 3 + ["month"] * 2
    assert rows[0]["total_net"] == "25.100000"


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    """Nobody answers there: exit 3, and the url stays private."""
    for language in ("C.UTF-8", "fr_FR.UTF-8"):
        url = "postgresql://reader:geheim-1234@127.0.0.1:9/books"
        done = echannel(tmp_path, "spec", "check", "odoo", "--connect", url, lang=language)
        assert done.returncode == errors.UNAVAILABLE
        assert "geheim" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("odoo", "--connect", ""), "--connect got nothing"),
        (("odoo", "--connect", "nowhere"), "the url is no database URL"),
        (("odoo", "--connect", "sqlite:///nowhere.db"), "there is no database file 'nowhere.db'"),
        (("prestashop", "--connect", "sqlite:///x.db"), "its spec runs in the warehouse"),
        (("odoo", "--connect", "sqlite:///x.db", "--parameter", "a=1"), "odoo has no parameter 'a'"),
    ],
)
def test_what_cannot_be_connected_to(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    done = echannel(tmp_path, "spec", "check", *words)
    assert done.returncode == errors.SETTINGS
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_new_names_the_tables_of_a_server(odoo: str, tmp_path: Path) -> None:
    """The ERP's own, not those by which PostgreSQL describes itself."""
    done = echannel(tmp_path, "spec", "new", "acme", "--dialect", "postgres", "--connect", odoo)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "connector_specs" / "acme.yaml").read_text(encoding="utf-8")
    (orders,) = [line for line in text.splitlines() if line.startswith("#   orders: ")]
    assert "sale_order" in orders
    assert "pg_" not in text
    assert "let-me-read" not in text


def test_new_writes_names_as_sql_has_them(postgres: Postgres, tmp_path: Path) -> None:
    """With its schema and quotation marks, and in the dialect of the database that was asked."""
    postgres.run("postgres", "CREATE DATABASE capitals")
    postgres.run(
        "capitals", 'CREATE SCHEMA "TRADE"; CREATE TABLE "TRADE"."SALES ORDER" (id INT); CREATE TABLE client (id INT)'
    )
    done = echannel(tmp_path, "spec", "new", "acme", "--connect", postgres.url("capitals"))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "connector_specs" / "acme.yaml").read_text(encoding="utf-8")
    assert '#   orders: "TRADE"."SALES ORDER"\n' in text
    assert "#   customers: client\n" in text
    proven(tmp_path)
    assert echannel(tmp_path, "spec", "new", "other", "--connect", "sqlite:///acme.db").returncode == 0
    assert "dialect: sqlite" in (tmp_path / "connector_specs" / "other.yaml").read_text(encoding="utf-8")


def test_e_mails_are_not_shown(dolibarr_sqlite: str, tmp_path: Path) -> None:
    done = echannel(tmp_path, "spec", "check", "dolibarr", "--connect", dolibarr_sqlite, "--table", "customers")
    assert done.returncode == 0
    assert '"table": "customers"' in done.stdout
    assert "@" not in done.stdout


def test_only_the_columns_that_are_needed_are_read() -> None:
    """A narrow SELECT of some columns, and one that stops after ten rows, in every dialect."""
    for dialect, stop in (("mysql", "LIMIT 10"), ("tsql", "TOP 10"), ("oracle", "FETCH FIRST 10 ROWS ONLY")):
        select = compile_spec(specs.find("dolibarr"), {}, dialect)["warehouses"]
        assert stop in select.some(["warehouse_id"], 10)
        assert "country" not in select.some(["warehouse_id", "name"]).split(" FROM ")[0]
