"""What a reader took: records, seconds, its own CPU and peak memory. Standard library only: peers run it too."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass
class Measure:
    """One reader's run; `requests` is what the stand-in counted."""

    name: str
    records: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    peak_mib: float = 0.0
    requests: int = 0
    note: str = ""

    @property
    def rate(self) -> float:
        return self.records / self.seconds if self.seconds else 0.0


class Clock:
    """Starts when made; `stop` prints the measure as one line of JSON, for the process that asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.started = time.monotonic()
        self.cpu = cpu_seconds()

    def stop(self, records: Callable[[], int], note: str = "") -> None:
        """Counting the records comes after the clock and the memory have been read."""
        seconds, cpu, peak = time.monotonic() - self.started, cpu_seconds() - self.cpu, peak_mib("self")
        measure = Measure(self.name, records(), round(seconds, 3), round(cpu, 3), peak, note=note)
        print(json.dumps(asdict(measure)), flush=True)


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mib(pid: str) -> float:
    """The largest resident size that the process has had. (ru_maxrss would count the parent's size before exec.)"""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1) if pid == "self" else 0.0
    return next(
        (round(int(line.split()[1]) / 1024, 1) for line in status.splitlines() if line.startswith("VmHWM")), 0.0
    )
