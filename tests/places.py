"""Where the tests find what real shops and ERPs answered.

The smaller part is kept beside the tests; the rest stands next to the checkout. What is missing skips a test with the
reason, except on CI, where nothing may be missing.
"""

import os
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
KEPT = TESTS / "data"
SHARED = TESTS.parent.parent / "shared"


def recording(name: str) -> Path:
    """The exchanges recorded with a shop, such as `shop-a`, `shop-a-later`, `shop-b` or `faults`."""
    return _first_of(f"prestashop/{name}.jsonl.gz", f"prestashop/recordings/{name}.jsonl.gz")


def truth(shop: str) -> Path:
    """The folder of CSV files that say what the database of `shop-a`, `shop-b` … really held."""
    return _first_of(f"prestashop/truth/{shop}")


def erp(name: str) -> Path:
    """A file or folder of the ERP data, such as `dolibarr.sql.gz` or `truth`."""
    return _first_of(f"erp/{name}")


def _first_of(*paths: str) -> Path:
    wanted = [root / path for path in paths for root in (KEPT, SHARED)]
    for path in wanted:
        if path.exists():
            return path
    why = f"{paths[0]} is neither in tests/data nor in ../shared beside the checkout"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
