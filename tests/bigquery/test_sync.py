"""A whole shop in BigQuery: what `sync` brings, what it sends, and what the command line says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors import BigQuery, DuckDB, sync
from echannel_connectors.destinations.bigquery import layout
from echannel_connectors.destinations.bigquery.deep import PROOFS
from echannel_connectors.forget import forget
from echannel_connectors.project import load
from echannel_connectors.testing.shop import FakeShop
from tests.bigquery.analyser import Analyser, Columns
from tests.bigquery.emulator import Door
from tests.command import echannel
from tests.conftest import served
from tests.test_docs import ROOT, blocks
from tests.test_forget import make_till, name_sources

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

PROJECT = """
version: 1
company: {name: Essai, language: %s}
sources:
  shop: {connector: prestashop, url: "%s", key: "${SHOP_KEY}", pause: 0, attempts: 2}
destination: "bigquery://atelier-1/%s?endpoint=%s&max_bytes=%s"
"""


def queries(door: Door) -> Iterator[str]:
    """The SQL of each job that was asked for, its values as NULLs of their types."""
    for words in door.seen:
        body = words.partition("{")
        if words.startswith("POST") and '"query":' in words and "/upload/" not in words:
            asked = json.loads("{" + body[2])
            job = asked.get("configuration", {}).get("query") or asked
            sql = job["query"]
            for one in sorted(job.get("queryParameters", ()), key=lambda one: -len(one.get("name", ""))):
                kind = one["parameterType"]
                name = f"ARRAY<{kind['arrayType']['type']}>" if kind["type"] == "ARRAY" else kind["type"]
                sql = re.sub(rf"@{one['name']}\b", f"CAST(NULL AS {name})", sql) if one.get("name") else sql
            yield sql


def tables_of(warehouse: BigQuery) -> dict[str, Columns]:
    found = {}
    for dataset in warehouse._names.datasets:
        for listed in warehouse._service.call("list_tables", f"{warehouse.project}.{dataset}"):
            schema = warehouse._service.call("get_table", listed.reference).schema
            found[f"{warehouse.project}.{dataset}.{listed.table_id}"] = [
                [one.name, layout.sql_type(one)] for one in schema
            ]
    return found


def test_a_shop_synced_three_times(
    shop_a: FakeShop, bigquery: BigQuery, door: Door, google: Analyser, tmp_path: Path
) -> None:
    """At first, quietly and with news: raw and core as in DuckDB, few jobs when quiet, and every statement that was sent
    is one that Google's analyser accepts."""
    into = DuckDB(tmp_path / "same.duckdb")
    with served(shop_a) as shop:
        first, here = sync(shop, into=bigquery), sync(shop, into=into)
        same = [name for name in here.tables if name.startswith("core.")]  # in marts the emulator computes with floats
        assert {name: first.tables[name] for name in same} == {name: here.tables[name] for name in same}
        sent = list(queries(door))
        staged = dict.fromkeys(re.findall(r"`(_staging_\w+)`", " ".join(sent)), layout.sql_type)
        door.seen.clear()
        quiet = sync(shop, into=bigquery)
        assert quiet.total("changed") == 0
        assert quiet.tables == first.tables
        sent += queries(door)
        door.seen.clear()
        assert sync(shop, into=bigquery).total("changed") == 0
        assert len(list(queries(door))) < 10  # from here on it knows what it is sent
        sent += queries(door)
        shop_a.tables["orders"][9].update(current_state="6", date_upd="2026-11-05 10:00:00")
        lines: dict[str, list[int]] = {}
        for n, row in shop_a.tables["order_details"].items():
            lines.setdefault(str(row["id_order"]), []).append(n)
        edited, taken_out = next((int(order), found[0]) for order, found in lines.items() if len(found) > 1)
        shop_a.tables["orders"][edited]["date_upd"] = "2026-11-05 10:00:00"
        del shop_a.tables["order_details"][taken_out]
        news = sync(shop, into=bigquery)
        sent += queries(door)
    assert news.total("changed") >= 1
    gone = bigquery.query("SELECT count(*) AS n FROM mart.sales WHERE order_id = '9'").read_all()
    assert gone["n"].to_pylist() == [0]
    gone = bigquery.query("SELECT id FROM raw.shop__order_details WHERE _deleted_at IS NOT NULL").read_all()
    assert gone["id"].to_pylist() == [taken_out]
    google.know(tables_of(bigquery))
    assert staged
    refused = [words for sql in sent if (words := _refused(google, bigquery, sql))]
    assert refused == []


def _refused(google: Analyser, warehouse: BigQuery, sql: str) -> str:
    """Google's words about the first statement of a script that it does not accept."""
    for statement in filter(None, (part.strip().rstrip(";") for part in sql.split(";\n"))):
        for staging in re.findall(r"`(_staging_\w+)`", statement):
            table = re.search(
                r"(?:MERGE INTO|UPDATE) `[^`]+`\.`[^`]+`\.`([^`]+)`|FROM `[^`]+`\.`[^`]+`\.`([^_`][^`]+)`", statement
            )
            assert table, statement[:300]
            rows = google.ask(op="columns", name=f"{warehouse.project}.{warehouse.dataset}_raw.{table[1] or table[2]}")[
                "columns"
            ]
            google.know({f"{warehouse.project}.{warehouse.dataset}_raw.{staging}": [*rows, ["_row", "INT64"]]})
        found = google.ask(op="analyse", sql=statement)
        if "error" in found:
            return f"{found['error'][:300]} in {statement[:600]}"
        if made := re.match(r"CREATE OR REPLACE TEMPORARY TABLE (\S+)", statement):
            google.know({made[1]: found["columns"]})
    return ""


def test_a_source_is_forgotten(tmp_path: Path, bigquery: BigQuery, door: Door, google: Analyser) -> None:
    """Its tables and books are gone, in words that Google's analyser accepts, and the next sync counts the other alone."""
    make_till(tmp_path)
    name_sources(tmp_path, "old", "new")
    for source in load(tmp_path).sources():
        sync(source, into=bigquery, project=tmp_path)
    sales = "SELECT source, sum(net) AS net FROM mart.sales GROUP BY source ORDER BY source"
    found = bigquery.query(sales).read_all().to_pylist()
    assert found == [{"source": "new", "net": Decimal("42.5")}, {"source": "old", "net": Decimal("42.5")}]
    google.know(tables_of(bigquery))
    door.seen.clear()
    assert forget(bigquery, "old") == 4
    sent = list(queries(door))
    assert [words for sql in sent if (words := _refused(google, bigquery, sql))] == []
    assert sum(sql.count("DROP TABLE") for sql in sent) == 2
    name_sources(tmp_path, "new")
    [new] = load(tmp_path).sources()
    assert sync(new, into=bigquery, project=tmp_path).warnings == []
    assert bigquery.query(sales).read_all().to_pylist() == [{"source": "new", "net": Decimal("42.5")}]
    stock = "SELECT source, count(*) AS n FROM echannel.stock_snapshots GROUP BY source"
    assert bigquery.query(stock).read_all().to_pylist() == [{"source": "new", "n": 2}]
    assert not [name for name in tables_of(bigquery) if "old__" in name]


def test_the_command_line_tells_what_it_costs(shop_a: FakeShop, bigquery: BigQuery, door: Door, tmp_path: Path) -> None:
    """check, sync and --dry-run with a bill: what a run was billed, what a month would be; too small a budget stops a
    build before it spends."""
    mib = 2**20
    door.bill = lambda sql: 10 * mib
    door.foresee = lambda sql: 50 * mib
    with shop_a.serve() as url:
        file = tmp_path / "echannel.yaml"
        file.write_text(PROJECT % ("en", url, bigquery.dataset, door.url, 900 * mib), encoding="utf-8")
        checked = echannel(tmp_path, "check", key=shop_a.key)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert "the first sync makes them" in checked.stdout
        refused = echannel(tmp_path, "sync", key=shop_a.key)
        assert refused.returncode == 4, refused.stdout + refused.stderr
        assert "the budget of 900 MiB (max_bytes) does not last" in refused.stderr
        assert not any(
            "CREATE OR REPLACE TABLE" in sql for sql in queries(door) if "dryRun" not in sql and "settings_" in sql
        )
        file.write_text(PROJECT % ("fr", url, bigquery.dataset, door.url, 90_000 * mib), encoding="utf-8")
        done = echannel(tmp_path, "sync", key=shop_a.key)
        assert done.returncode == 0, done.stderr
        bill = json.loads(done.stdout)["bill"]
        assert bill["bytes"] >= 10 * mib
        assert bill["runs"] >= 30
        dry = echannel(tmp_path, "sync", "--dry-run", key=shop_a.key)
        assert dry.returncode == 0, dry.stderr
        assert "serait facturé au plus" in dry.stderr


def test_the_example_of_the_page_runs(shop_a: FakeShop, door: Door) -> None:
    """docs/bigquery.md from Python, as it stands, with the stand-ins' addresses and key."""
    (code,) = blocks(ROOT / "docs" / "bigquery.md", "python")
    with shop_a.serve() as url:
        filled = code.replace("https://shop.example", url).replace("…", shop_a.key)
        exec(compile(filled.replace('credentials="key.json"', f'endpoint="{door.url}"'), "bigquery.md", "exec"), {})
    assert any("CREATE OR REPLACE TABLE `atelier-breton-1`.`breton`.`sales`" in sql for sql in queries(door))


def test_check_deep_tries_a_project_out_and_cleans_up(bigquery: BigQuery, door: Door) -> None:
    """Each proof tells its outcome; the two that the emulator cannot give (it foresees and bills nothing) fail, and
    nothing stays behind."""
    before = {dataset.dataset_id for dataset in bigquery._service.call("list_datasets")}
    found = list(bigquery.check_deeply())
    assert len(found) == len(PROOFS) + 1
    failed = [finding.sentence.partition(":")[0] for finding in found if finding.level == "error"]
    assert failed == [
        "a small change reads at most a twentieth of a table", "a budget stops a query before it costs anything",
    ]  # fmt: skip
    assert {dataset.dataset_id for dataset in bigquery._service.call("list_datasets")} == before
