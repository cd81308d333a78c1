"""`echannel demo` as a newcomer meets it: from an empty folder to a dashboard, and incrementally the second time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parent.parent


NEXT = ["the dashboard", "the same, live", "what is due now", "a table", "only what is new", "your own shop"]


def run(program: list[str], folder: Path) -> dict[str, object]:
    environment = {**os.environ, "LANG": "en_GB.UTF-8", "PYTHONUTF8": "1"}
    environment.pop("LC_ALL", None)
    done = subprocess.run(
        [*program, "demo", "Ma démo"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # as `echannel demo 2>&1 | tee log` has it
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    lines = done.stdout.splitlines()
    assert [line.split("  ")[1] for line in lines[-6:]] == NEXT
    assert lines[-7] == "Atelier Breton is ready:"
    assert lines[-11].startswith(("Everything was read.", "Incremental sync: "))
    assert f"  the dashboard     {Path('Ma démo', 'dashboard.html')}" in lines
    assert "echannel preview --project 'Ma démo'" in lines[-5]
    assert "echannel review --project 'Ma démo'" in lines[-4]
    result: dict[str, object] = next(json.loads(line) for line in lines if line.startswith('{"streams"'))
    return result


def figures(file: Path) -> dict[str, int]:
    asked = {
        "years": "SELECT count(DISTINCT year(date)) FROM mart.sales",
        "currencies": "SELECT count(DISTINCT currency) FROM mart.sales",
        "stores": "SELECT count(DISTINCT store) FROM core.orders WHERE source = 'shop'",
        "refunds": "SELECT count(*) FROM mart.sales WHERE kind = 'refund'",
        "store credit": "SELECT count(*) FROM core.orders WHERE store_credit_net > 0",
        "cancelled": "SELECT count(*) FROM core.orders WHERE status = 'cancelled'",
        "stock-outs": "SELECT count(*) FROM mart.inventory WHERE status = 'out_of_stock'",
        "shop orders": "SELECT count(*) FROM core.orders WHERE source = 'shop'",
        "shared": "SELECT count(*) FROM core.orders WHERE source = 'books' AND duplicate_of_source = 'shop'",
        "counted twice": "SELECT count(*) FROM mart.sales AS s JOIN core.orders AS o ON o.source = s.source AND "
        "o.order_id = s.order_id WHERE o.duplicate_of_order_id IS NOT NULL",
    }
    with duckdb.connect(str(file), read_only=True) as connection:
        return {name: connection.execute(sql).fetchall()[0][0] for name, sql in asked.items()}


@pytest.mark.slow
def test_demo_from_nothing_and_again(tmp_path: Path) -> None:
    """The sample company holds what a demo has to show; the second run reads only what is new."""
    program = [sys.executable, "-m", "echannel_connectors"]
    first = run(program, tmp_path)
    assert first["first"] is True
    found = figures(tmp_path / "Ma démo" / "echannel.duckdb")
    assert found["years"] >= 2
    assert found["currencies"] == 3
    assert found["stores"] == 2
    assert found["counted twice"] == 0
    assert 0.3 < found["shared"] / found["shop orders"] < 0.4
    assert all(found[name] > 0 for name in ("refunds", "store credit", "cancelled", "stock-outs"))
    page = (tmp_path / "Ma démo" / "dashboard.html").read_text(encoding="utf-8")
    assert "Atelier Breton" in page
    again = run(program, tmp_path)
    assert again["first"] is False
    changed = [sum(stream["changed"] for stream in result["streams"]) for result in (first, again)]  # type: ignore[attr-defined]  # JSON
    assert 0 < changed[1] < changed[0] / 20


@pytest.mark.slow
def test_the_wheel_installed_elsewhere_runs_the_demo(tmp_path: Path) -> None:
    """A wheel holds the specs and templates: installed in an empty environment, it runs the demo from any folder."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path / "dist"), str(ROOT)],
        check=True,
        capture_output=True,
    )
    wheel = next((tmp_path / "dist").glob("*.whl"))
    home = tmp_path / "environment"
    venv.create(home, with_pip=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    result = run([str(python), "-m", "echannel_connectors"], tmp_path)
    assert result["first"] is True
    assert (tmp_path / "Ma démo" / "dashboard.html").stat().st_size > 100_000


def lowest() -> list[str]:
    """The lower bound of each base dependency, as an exact version."""
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    return [line.replace(">=", "==") for line in listed if ";" not in line]


@pytest.mark.slow
def test_the_lowest_versions_run_the_demo(tmp_path: Path) -> None:
    """The lower bounds in pyproject.toml are not wishes: an environment with exactly those runs the demo."""
    home = tmp_path / "lowest"
    venv.create(home, with_pip=True)
    python = str(home / ("Scripts" if os.name == "nt" else "bin") / "python")
    install = [python, "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*install, *lowest()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    subprocess.run([*install, "--no-deps", str(ROOT)], check=True, capture_output=True)
    assert run([python, "-m", "echannel_connectors"], tmp_path)["first"] is True
