"""What a load costs the machine that sends it: its own CPU, wall time beside it, and peak memory.

The emulator is the other side of the wire, the same for all; how fast it is says nothing about Google.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import environments, report
from benchmarks.google.rows import write
from benchmarks.measure import Measure
from tests.bigquery.emulator import running

PEERS = {
    "pandas-gbq": ("pandas-gbq", "pandas", "pyarrow", "numpy"),
    "dlt": ("dlt[bigquery]", "pyarrow", "numpy"),
}


def run(*, full: bool) -> None:
    """Each loader takes the same rows into a table of its own."""
    rows = 2_000_000 if full else 100_000
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as door:
        found = [_measured("ours", sys.executable, rows, door.url, "ours", folder)]
        for name, packages in PEERS.items():
            try:
                python = environments.home(f"bq-{name}", *packages) / "python"
            except environments.NotHere as why:
                report.say(f"  {name}: {why}")
                continue
            found.append(_measured(name, str(python), rows, door.url, name.replace("-", "_"), folder))
    report.measures(f"{rows:,} rows from Arrow into BigQuery's emulator", found)
    peers = [one for one in found[1:] if not one.note]
    if peers:
        least = min(one.cpu / found[0].cpu for one in peers)
        report.verdict("at least 3 times less CPU than each", f"{least:.1f} times", met=least >= 3)


def run_memory(*, full: bool) -> None:
    """The peak of our own process, from few rows to a hundred times as many."""
    sizes = (200_000, 2_000_000, 20_000_000) if full else (20_000, 200_000)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as door:
        found = [_measured("ours", sys.executable, rows, door.url, f"memory_{rows}", folder) for rows in sizes]
    report.measures("Peak memory", found)
    ratio = found[-1].peak_mib / found[0].peak_mib
    report.verdict(f"flat from {sizes[0]:,} to {sizes[-1]:,} rows", f"{ratio:.2f} times", met=ratio < 1.5)


def _measured(name: str, python: str, rows: int, endpoint: str, dataset: str, folder: str) -> Measure:
    file = Path(folder) / f"{rows}.arrow"
    if not file.exists():
        write(file, rows)
    command = [python, "-m", "benchmarks.google.peers", name, str(file), endpoint, dataset]
    environment = {**environments.environment(), "PIPES": f"{folder}/{dataset}"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=3600)
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not said:
        why = (done.stderr.strip().splitlines() or ["?"])[-1]
        return Measure(name, rows, note=f"did not run: {why[:200]}")
    return Measure(**json.loads(said[-1]))
