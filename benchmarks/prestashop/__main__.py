"""python -m benchmarks.prestashop [PART …] [--full]: everything small in under three minutes, or the large runs."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import report
from benchmarks.prestashop import decode, incremental, memory, reading, same, watch
from echannel_connectors import __version__

PARTS = {
    "read": reading.run,
    "decode": decode.run,
    "incremental": incremental.run,
    "memory": memory.run,
    "watch": watch.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prestashop", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them by default")
    parser.add_argument("--full", action="store_true", help="the sizes of the claims: up to a million orders")
    options = parser.parse_args()
    for name in options.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}: choose from {', '.join(PARTS)}")
    system = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    report.say(f"echannel-connectors {__version__} on {system}")
    report.say(same.check())
    for name in options.parts or PARTS:
        PARTS[name](full=options.full)


if __name__ == "__main__":
    main()
