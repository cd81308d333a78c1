"""The command line that the benchmarks share: python -m benchmarks.NAME [PART …] [--full]."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Mapping
from typing import Protocol

from benchmarks import report
from echannel_connectors import __version__


class Part(Protocol):
    def __call__(self, *, full: bool) -> None: ...


def run(
    name: str, what: str | None, parts: Mapping[str, Part], full: str, before: Callable[[], str] | None = None
) -> None:
    """Run the parts that are asked for, all of them by default; `full` says what --full means."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=what)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}; all of them by default")
    parser.add_argument("--full", action="store_true", help=full)
    options = parser.parse_args()
    for part in options.parts:
        if part not in parts:
            parser.error(f"there is no part {part!r}: choose from {', '.join(parts)}")
    system = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    report.say(f"echannel-connectors {__version__} on {system}")
    if before is not None:
        report.say(before())
    for part in options.parts or parts:
        parts[part](full=options.full)
