"""What several tests of reports look at: the demo company, synced once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import echannel


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the demo company."""
    folder = tmp_path_factory.mktemp("demo")
    done = echannel(folder, "demo", "company")
    assert done.returncode == 0, done.stderr
    return folder / "company" / "echannel.duckdb"
