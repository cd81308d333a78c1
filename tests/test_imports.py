"""Imports point one way: words at the bottom, the path above them, the command line on top (DESIGN.md)."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import echannel_connectors

PACKAGE = Path(echannel_connectors.__file__).parent
# The lower a layer stands here, the more may import it. `models.company` and `models.core` are words as well.
LAYERS = (
    (
        "errors",
        "events",
        "settings",
        "per_process",
        "texts",
        "french",
        "french_plan",
        "french_review",
        "french_start",
        "days",
    ),
    ("streams", "arrow", "google_login", "loopback"),
    ("sources", "specs", "destinations", "models"),
    (
        "backup",
        "forget",
        "batches",
        "history",
        "moved",
        "runs",
        "shapes",
        "project",
        "pipeline",
        "planning",
        "reading",
        "review",
        "looker",
        "plan",
    ),
    ("start",),
    ("cli", "interop", "demo", "testing", "schemas"),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
HEAVY = ("pandas", "sqlalchemy", "google", "gspread", "rich", "typer", "sqlglot", "duckdb", "requests", "vl_convert")


def modules() -> Iterator[tuple[str, Path]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        part = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if part not in ("__init__", "__main__"):  # the public names and the program's entry see everything
            yield part, file


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module == "echannel_connectors":
            names = [f"echannel_connectors.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("echannel_connectors."):
                yield name.split(".")[1]


@pytest.mark.parametrize(("part", "file"), list(modules()), ids=lambda value: str(value).removeprefix(str(PACKAGE)))
def test_no_import_points_up(part: str, file: Path) -> None:
    assert part in RANK, "give the module its place in LAYERS"
    too_high = {name for name in imported(file) if name in RANK and RANK[name] > RANK[part]}
    assert not too_high


def test_sources_and_destinations_never_see_each_other() -> None:
    for part, file in modules():
        if part == "sources":
            assert "destinations" not in set(imported(file)), file
        if part == "destinations":
            assert "sources" not in set(imported(file)), file


def test_the_package_itself_is_light() -> None:
    """`import echannel_connectors` loads none of the heavy libraries; the public names do when they are used."""
    code = f"import sys, echannel_connectors; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PROMISED = {
    "BigQuery",
    "Choice",
    "Company",
    "DuckDB",
    "Erp",
    "Ga4",
    "PrestaShop",
    "Sheets",
    "SyncResult",
    "changes",
    "read",
    "sync",
    "to_logging",
}


def test_public_names() -> None:
    """What is listed is there, and nothing else is promised."""
    assert set(echannel_connectors.__all__) == PROMISED
    for name in echannel_connectors.__all__:
        assert getattr(echannel_connectors, name).__doc__
