"""python -m benchmarks.erp [PART …] [--full]: everything small in a few minutes, or the sizes of the claims."""

from __future__ import annotations

from benchmarks import parts
from benchmarks.erp import connections, incremental, memory, reading, watch

PARTS = {
    "postgres": reading.run_postgres,
    "mariadb": reading.run_mariadb,
    "connections": connections.run,
    "memory": memory.run,
    "incremental": incremental.run,
    "watch": watch.run,
}

if __name__ == "__main__":
    parts.run("erp", __doc__, PARTS, "2 million order lines, 20 for the memory")
