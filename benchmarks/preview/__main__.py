"""python -m benchmarks.preview [PART …] [--full]: small in a minute, or ten million order lines."""

from __future__ import annotations

from benchmarks import parts
from benchmarks.preview import filtering

if __name__ == "__main__":
    parts.run("preview", __doc__, {"filter": filtering.run}, "two million orders, ten million lines")
