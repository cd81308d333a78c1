"""python -m benchmarks.prestashop [PART …] [--full]: everything small in under three minutes, or the large runs."""

from __future__ import annotations

from benchmarks import parts
from benchmarks.prestashop import decode, incremental, memory, reading, same, watch

PARTS = {
    "read": reading.run,
    "decode": decode.run,
    "incremental": incremental.run,
    "memory": memory.run,
    "watch": watch.run,
}

if __name__ == "__main__":
    parts.run("prestashop", __doc__, PARTS, "the sizes of the claims: up to a million orders", same.check)
