"""How long `import echannel_connectors` takes beside what it stands on: medians of whole processes, in turn.

python benchmarks/import_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

PAIR = {"echannel_connectors": "import echannel_connectors", "pyarrow, pydantic": "import pyarrow, pydantic"}
ROUNDS = 15


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def main() -> None:
    taken: dict[str, list[float]] = {name: [] for name in PAIR}
    for turn in range(ROUNDS + 1):
        for name, code in PAIR.items():
            spent = seconds(code)
            if turn:  # the first round warms the disk's cache
                taken[name].append(spent)
    ours, theirs = (statistics.median(values) for values in taken.values())
    for name, values in taken.items():
        print(f"import {name:<22} median {statistics.median(values) * 1000:6.0f} ms")
    print(f"ratio {ours / theirs:.2f} (goal: at most 1.50)")


if __name__ == "__main__":
    main()
