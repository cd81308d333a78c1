"""python -m benchmarks.marts [PART …] [--full]: small in a minute, or ten million order lines."""

from __future__ import annotations

from benchmarks import parts
from benchmarks.marts import building

if __name__ == "__main__":
    parts.run("marts", __doc__, {"build": building.run}, "two million orders, ten million lines")
