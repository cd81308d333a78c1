"""This library's marts over core tables that are there, as a process of its own.

python -m benchmarks.marts.ours FILE MIB
"""

from __future__ import annotations

import sys

from benchmarks.measure import Clock
from echannel_connectors import DuckDB
from echannel_connectors.models.company import Company
from echannel_connectors.models.mart_sql import mart_selects


def main() -> None:
    file, mib = sys.argv[1], int(sys.argv[2])
    clock = Clock("ours")
    into = DuckDB(file, memory_mib=mib)
    into.execute(*(f"CREATE OR REPLACE TABLE {name} AS {select}" for name, select in mart_selects(Company()).items()))
    clock.stop(lambda: int(into.query("SELECT count(*) AS n FROM mart.sales").read_all()["n"][0].as_py()))


if __name__ == "__main__":
    main()
