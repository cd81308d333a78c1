"""docs/pipelines.md runs as it stands, in the tools themselves: each in an environment of its own, made with pip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from benchmarks.environments import NotHere, environment, home
from echannel_connectors import DuckDB, PrestaShop, errors, read, sync
from echannel_connectors.testing.shop import FakeShop
from tests.test_docs import ROOT, blocks, marked, named, rows

PAGE = ROOT / "docs" / "pipelines.md"
FILE = re.compile(r"# ((?:dags/)?\w+\.py)\n")
SALES = 951
NET = Decimal("45916.519749")  # of what was sold
RUN_DAG = """
import {name}
for conf in {confs}:
    run = {name}.made.test(run_conf=conf)
    assert str(run.state) == "success", run.state
"""
CHECK_SPARK = """
assert dict(sales.dtypes)["net_base"] == "decimal(18,6)", sales.dtypes
net = dict(sales.groupBy("kind").sum("net_base").collect())["sale"]
orders = spark.createDataFrame(read(DuckDB(os.environ["WAREHOUSE"]), "core.orders").to_arrow())
assert dict(orders.dtypes)["ordered_at"] == "timestamp", orders.dtypes
orders = spark.createDataFrame(read(DuckDB(os.environ["WAREHOUSE"]), "raw.shop__orders").to_arrow())
assert dict(orders.dtypes)["date_add"] == "timestamp_ntz", orders.dtypes
print("net", net)
spark.stop()
"""
RUN_DAGSTER = """
import dagster as dg
import shop_dagster

done = dg.materialize(shop_dagster.defs.assets)
print("net", done.output_for_node("net_by_kind")["sale"])
again = {"ops": {"marts": {"config": {"since": "2026-10-01", "until": "2026-10-07"}}}}
assert dg.materialize([shop_dagster.marts], run_config=again).success
"""


@pytest.fixture
def place(shop_a: FakeShop, tmp_path: Path) -> Iterator[Path]:
    """A folder with the page's programs; the shop answers."""
    for code in blocks(PAGE, "python"):
        if told := FILE.match(code):
            (tmp_path / told[1]).parent.mkdir(exist_ok=True)
            (tmp_path / told[1]).write_text(code, encoding="utf-8")
    with shop_a.serve() as url:
        (tmp_path / "url").write_text(url, encoding="utf-8")
        yield tmp_path


def run(place: Path, name: str, packages: tuple[str, ...], *words: str, **more: str) -> str:
    """What a program of this environment says; the library beside it is this very copy."""
    try:
        binaries = home(f"pipelines-{name}", *packages, str(ROOT))
    except NotHere as why:
        pytest.skip(str(why))
    own = {
        "SHOP_URL": (place / "url").read_text(encoding="utf-8"),
        "SHOP_KEY": KEY,
        "WAREHOUSE": str(place / "shop.duckdb"),
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, place, place / "dags"))),
        "HOME": str(place),  # where tools keep what they like to keep
        "DLT_DATA_DIR": str(place / "dlt"),
        "DO_NOT_TRACK": "1",
        **more,
    }
    done = subprocess.run(
        [str(binaries / "python"), *words],
        cwd=place, env={**environment(), **own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert KEY not in done.stdout + done.stderr
    return done.stdout + done.stderr


KEY = "ABCDEFGHJKLMNPQRSTUVWXYZ12345678"
AIRFLOW = ("airflow", ("apache-airflow>=3.2,<4",))
TOOLS = ("tools", ("dlt[duckdb]>=1.10,<2", "dagster>=1.10,<2", "prefect>=3,<4", "pyspark>=4,<5"))


def statuses(place: Path) -> list[str]:
    return read(DuckDB(place / "shop.duckdb"), "echannel.runs").to_arrow()["status"].to_pylist()


# -- the tools --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_airflow(place: Path) -> None:
    """A sync, a backfill that is triggered with its days, and the library in an environment of its own."""
    own = {
        "AIRFLOW_HOME": str(place / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(place / "dags"),
    }
    run(place, *AIRFLOW, "-m", "airflow", "db", "migrate", **own)
    week = {"since": "2026-10-01", "until": "2026-10-07"}
    said = run(place, *AIRFLOW, "-c", RUN_DAG.format(name="shop", confs=[{}, week]), **own)
    assert "StreamFinished source=shop stream=orders rows=392" in said  # to_logging reaches the task's log
    assert statuses(place) == ["done", "done"]
    own |= {"ECHANNEL_PYTHON": sys.executable, "WAREHOUSE": str(place / "apart.duckdb")}
    run(place, *AIRFLOW, "-c", RUN_DAG.format(name="shop_apart", confs=[{}]), **own)
    for file in ("shop.duckdb", "apart.duckdb"):
        assert read(DuckDB(place / file), "mart.sales").to_arrow().num_rows == SALES


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_dlt(place: Path, shop_a: FakeShop) -> None:
    """The second run brings what is new, as well as little that is recent."""
    run(place, *TOOLS, "shop_dlt.py")
    order = shop_a.tables["orders"][1]
    order |= {"total_paid": "12.340000", "date_upd": max(one["date_upd"] for one in shop_a.tables["orders"].values())}
    before = len(shop_a.requests)
    said = run(place, *TOOLS, "shop_dlt.py")
    assert len(shop_a.requests) - before < 40
    assert "several column hints were different" not in said
    with duckdb.connect(str(place / "dlt.duckdb")) as loaded:
        assert loaded.sql("SELECT count(*) FROM shop.orders").fetchall() == [(385,)]
        assert loaded.sql("SELECT total_paid FROM shop.orders WHERE id = 1").fetchall() == [(Decimal("12.34"),)]
        assert loaded.sql("SELECT typeof(date_add) FROM shop.orders LIMIT 1").fetchall() == [("TIMESTAMP",)]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_dagster(place: Path) -> None:
    said = run(place, *TOOLS, "-c", RUN_DAGSTER, DAGSTER_HOME=str(place))
    assert f"net {NET}" in said
    assert "StreamFinished source=shop stream=orders" in said
    assert statuses(place) == ["done", "done"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_prefect(place: Path) -> None:
    said = run(place, *TOOLS, "shop_prefect.py", PREFECT_HOME=str(place / "prefect"))
    assert f"{SALES}\n" in said
    assert "StreamFinished source=shop stream=orders" in said


@pytest.mark.apt
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_spark(place: Path) -> None:
    """Decimals stay decimals, moments moments."""
    sync(PrestaShop(url=(place / "url").read_text(encoding="utf-8"), key=KEY), into=DuckDB(place / "shop.duckdb"))
    program = place / "shop_spark.py"
    program.write_text(program.read_text(encoding="utf-8") + CHECK_SPARK, encoding="utf-8")
    assert f"net {NET}" in run(place, *TOOLS, "shop_spark.py", SPARK_LOCAL_IP="127.0.0.1")


# -- what needs no tool -----------------------------------------------------------------------------------------------


def test_a_program_of_one_s_own(
    place: Path, shop_a: FakeShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    (code,) = (code for code in blocks(PAGE, "python") if not FILE.match(code))
    filled = code.replace("https://shop.example", (place / "url").read_text(encoding="utf-8")).replace("…", shop_a.key)
    exec(compile(filled, PAGE.name, "exec"), {"__name__": "own"})
    assert capsys.readouterr().out == f"{SALES}\n"


def test_the_codes_of_errors_are_listed() -> None:
    told = {name: cells[1] for cells in rows(marked(PAGE, "errors")) for name in named(cells[0]) if name[0].isupper()}
    for name, codes in told.items():
        assert str(getattr(errors, name).exit_code) in codes.split(", "), name
    direct = {one.__name__ for one in errors.EChannelError.__subclasses__()}
    assert direct <= told.keys()
