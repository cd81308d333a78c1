"""Another database under the name of the first one, whose rows lie in BigQuery."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors import BigQuery, Choice, Company, Erp
from echannel_connectors.errors import SettingsError
from echannel_connectors.events import ignore
from echannel_connectors.runs import Run, SyncResult
from tests.test_moved import till


def test_it_is_told_from_the_first_one_by_its_orders(bigquery: BigQuery, tmp_path: Path) -> None:
    def brought(source: Erp) -> int:
        result = SyncResult()
        Run(bigquery, Company(), Choice(), ignore, result).read(source)
        return result.total("changed")

    assert brought(till(tmp_path / "tests.db", "2026-01-05")) == 39
    with pytest.raises(SettingsError, match=r"real\.db has other orders than .*tests\.db, from which 'books' was read"):
        brought(till(tmp_path / "real.db", "2026-02-05"))
    assert brought(till(tmp_path / "moved.db", "2026-01-05", "UPDATE slip SET net = '15' WHERE id = 39")) == 1
