"""What every spec that was made from public facts keeps: it says so, it compiles, and it reads on from where it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot

from echannel_connectors import Erp, specs, sync
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES
from echannel_connectors.pipeline import Choice, SyncResult
from echannel_connectors.specs.compile import compile_spec, values_of
from tests.erp.public.books import HERE, PARAMETERS, PUBLIC, SQL_SERVER, books
from tests.erp.public.microsoft import SERVICE, Parser
from tests.erp.public.tsql import complaints
from tests.erp.test_sync import core, warehouse
from tests.erp.truth import core_rows

# What other databases say: a grammar of T-SQL cannot read it.
GRAMMAR = (
    "SELECT a FROM b LIMIT 3",
    "SELECT (a = 1) AS x FROM b",
    "SELECT CASE WHEN a = 1 THEN (1 = 1) ELSE (1 = 0) END AS x FROM b",
    "SELECT NOT a AS x FROM b",
    "SELECT a FROM b WHERE TRUE",
    "SELECT a FROM b WHERE b.flag",
    "SELECT a || 'x' AS y FROM b",
    "SELECT `a` FROM b",
    "SELECT SUM(a) FILTER (WHERE b = 1) AS x FROM c",
    "SELECT 1 AS x FROM a CROSS JOIN LATERAL (SELECT 1 AS y) AS b",
    "SELECT 1 AS x FROM a JOIN b USING (id)",
    "SELECT x FROM (WITH q AS (SELECT 1 AS x) SELECT x FROM q) AS t",
    "SELECT a + INTERVAL '1' DAY AS x FROM b",
    "SELECT a FROM b ORDER BY a NULLS FIRST",
)
# What a grammar reads, and SQL Server refuses all the same.
MEANING = (
    "SELECT CAST('2026-01-01' AS DATETIME(6)) AS x",
    "SELECT CAST(a AS BOOLEAN) AS x FROM b",
    "SELECT GREATEST(a, b) AS x FROM c",
    "SELECT date_trunc('day', a) AS x FROM b",
    "SELECT t.x FROM (SELECT a AS x, b AS x FROM c) AS t",
    "SELECT t.x FROM (SELECT n.*, 1 AS x FROM (SELECT a AS x FROM c) AS n) AS t",
    "SELECT t.x FROM (SELECT a + 1 FROM c) AS t",
    "SELECT t.x FROM (SELECT c.* FROM c) AS t",
    "SELECT NULL AS x UNION ALL SELECT a FROM b",
)
ERPS = [name for name in specs.names() if not specs.find(name).runs_in_warehouse]


def header(connector: str) -> str:
    """The comment at the top of a spec, as one line."""
    text = (specs.shipped("connector_specs") / f"{connector}.yaml").read_text(encoding="utf-8")
    lines = (line.removeprefix("#").strip() for line in text.split("\nconnector:")[0].splitlines())
    return " ".join(lines)


@pytest.mark.parametrize("connector", ERPS)
def test_a_spec_says_what_it_was_seen_on(connector: str) -> None:
    """Either the version of a real database, or that there was none, what to confirm, and where the facts are from."""
    if connector in PUBLIC:
        assert "Made from public facts; never run on a real database. To be confirmed by the partner first:" in header(
            connector
        )
        assert "Sources:" in header(connector)
    else:
        assert re.search(r"\(seen:|\bseen\b", header(connector))
        assert "never run" not in header(connector)


@pytest.mark.parametrize("connector", ERPS)
def test_a_spec_compiles_in_its_own_words_and_for_files(connector: str) -> None:
    spec = specs.find(connector)
    parameters = PARAMETERS.get(connector, {})
    own = compile_spec(spec, parameters, spec.dialect)
    assert own.keys() == spec.tables.keys()
    if connector in PUBLIC:
        assert compile_spec(spec, parameters, "duckdb").keys() == own.keys()


def statements(connector: str) -> Iterator[tuple[str, str]]:
    """What SQL Server is asked for a spec: rows since a cursor and between days; of one table also all of them, and keys."""
    for name, select in compile_spec(specs.find(connector), PARAMETERS.get(connector, {}), "tsql").items():
        yield name, select.rows(since="2026-03-01 09:50:00", days=("2026-01-01", "2026-01-31"))
        if name == "warehouses":
            yield name, select.rows()
            yield name, select.keys()


@pytest.mark.slow
@pytest.mark.parametrize("connector", SQL_SERVER)
def test_what_sql_server_is_asked_is_t_sql(connector: str) -> None:
    """Another T-SQL grammar than ours reads every statement, and each is a single SELECT with bracketed names."""
    for name, sql in statements(connector):
        assert complaints(sql) == [], f"{connector}.{name}: {sql}"
        assert [type(found) for found in sqlglot.parse(sql, read="tsql")] == [sqlglot.exp.Select]
        bare = re.sub(r"\[[^]]*\]|'[^']*'", "", sql)
        assert not re.search(r"[\"`]|::|\|\|", bare), f"{connector}.{name}"


@pytest.mark.parametrize("sql", [*GRAMMAR, *MEANING])
def test_the_check_of_t_sql_can_fail(sql: str) -> None:
    assert complaints(sql)


@pytest.fixture(scope="module")
def microsoft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parser]:
    if not SERVICE.is_file():
        pytest.skip("Microsoft's parser is not here: make tsql-parser")
    parser = Parser(tmp_path_factory.mktemp("microsoft"))
    yield parser
    parser.close()


@pytest.mark.slow
@pytest.mark.parametrize("connector", SQL_SERVER)
def test_microsoft_s_parser_agrees(microsoft: Parser, connector: str) -> None:
    for name, sql in statements(connector):
        assert microsoft.complaints(sql) == [], f"{connector}.{name}: {sql}"


@pytest.mark.slow
def test_microsoft_s_parser_can_fail(microsoft: Parser) -> None:
    assert [sql for sql in GRAMMAR if not microsoft.complaints(sql)] == []


@pytest.mark.parametrize("connector", PUBLIC)
def test_an_order_adds_up(connector: str, tmp_path: Path) -> None:
    """goods - discount + shipping + rounding is the total; so are the lines with shipping and rounding, and the mart."""
    with warehouse(tmp_path / "books.duckdb") as into:
        source = books(connector, tmp_path)
        sync(source, into=into, company=Company(email_salt="salt"))
        source.close()
        orders = core(into, "orders")
        lines = core(into, "order_lines")
        assert {line["order_id"] for line in lines} == {order["order_id"] for order in orders}
        for order in orders:
            beside = order["shipping_net"] + order["rounding_net"]
            own = [line["amount_net"] for line in lines if line["order_id"] == order["order_id"]]
            assert order["goods_net"] - order["discount_net"] + beside == order["total_net"]
            assert sum(own) + beside == order["total_net"]
            assert order["total_net"] + order["total_tax"] == order["total_gross"]
        sold = into.query("SELECT order_id, sum(net) AS net FROM mart.sales WHERE kind <> 'refund' GROUP BY ALL")
        assert {row["order_id"]: row["net"] for row in sold.read_all().to_pylist()} == {
            order["order_id"]: order["total_net"] for order in orders if order["is_sale"]
        }
        given_back = into.query("SELECT coalesce(sum(net), 0) AS net FROM mart.sales WHERE kind = 'refund'")
        refunds = core(into, "refunds")
        assert (
            given_back.read_all().to_pylist()[0]["net"]
            == -sum(r["amount_net"] + r["shipping_net"] for r in refunds)
            < 0
        )


@pytest.mark.parametrize("connector", PUBLIC)
def test_a_person_s_name_stays_in_the_erp(connector: str, tmp_path: Path) -> None:
    """Neither as a company's name nor as an id."""
    source = books(connector, tmp_path)
    assert "Client 017" in (HERE / f"{connector}.sql").read_text(encoding="utf-8")
    for name in source.selects:
        assert "Client 017" not in str(core_rows(source, name)), name


def into_file(source: Erp, file: Path) -> tuple[SyncResult, dict[str, list[dict[str, object]]]]:
    with warehouse(file) as into:
        try:
            done = sync(source, into=into, company=Company(email_salt="salt"), choice=Choice(accept_deletes=True))
        finally:
            source.close()
        return done, {name: core(into, name) for name in TABLES}


@pytest.mark.slow
@pytest.mark.parametrize("connector", PUBLIC)
def test_some_days_later(connector: str, tmp_path: Path) -> None:
    """An incremental sync of the later state gives what a first sync of it gives, and reads less."""
    into_file(books(connector, tmp_path), tmp_path / "both.duckdb")
    later = books(connector, tmp_path, f"{connector}_later")
    done, both = into_file(later, tmp_path / "both.duckdb")
    whole, fresh = into_file(later, tmp_path / "fresh.duckdb")
    for name in TABLES:
        assert both[name] == fresh[name], name
    read = {stream.stream: stream.rows for stream in done.streams}
    assert all(read[stream.stream] <= stream.rows for stream in whole.streams)
    assert sum(read.values()) < sum(stream.rows for stream in whole.streams)
    assert done.total("deleted") > 0
    _, again = into_file(later, tmp_path / "both.duckdb")
    assert again == both


@pytest.mark.parametrize("connector", SQL_SERVER)
def test_books_are_in_the_company_s_currency_unless_it_is_said(connector: str, tmp_path: Path) -> None:
    """They were in euros where nobody said it: a company's pounds counted as euros."""
    spec, own = specs.find(connector), {"prefix": ""} if connector == "dynamics_nav" else {}
    assert values_of(spec, {**own, "currency": "GBP"})["company_currency"] == "GBP"
    assert values_of(spec, {**own, "currency": "GBP", "company_currency": "NOK"})["company_currency"] == "NOK"
    if connector != "sap_b1":  # there, a document names its currency
        found = core_rows(books(connector, tmp_path).for_company("GBP", "Europe/London"), "orders")
        assert {row["fx_rate"] for row in found if row["currency"] == "GBP"} == {1}
