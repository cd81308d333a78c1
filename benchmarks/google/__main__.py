"""python -m benchmarks.google [PART …] [--full]: small in a few minutes, or the sizes of the claims."""

from __future__ import annotations

from benchmarks import parts
from benchmarks.google import loading, reading

PARTS = {"load": loading.run, "memory": loading.run_memory, "reads": reading.run}

if __name__ == "__main__":
    parts.run("google", __doc__, PARTS, "2 million rows, 20 million for the memory")
