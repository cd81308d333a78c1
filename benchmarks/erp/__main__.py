"""python -m benchmarks.erp [PART …] [--full]: everything small in a few minutes, or the sizes of the claims."""

from __future__ import annotations

import argparse
import os
import platform

from benchmarks import report
from benchmarks.erp import incremental, memory, reading, watch
from echannel_connectors import __version__

PARTS = {
    "postgres": reading.run_postgres,
    "mariadb": reading.run_mariadb,
    "memory": memory.run,
    "incremental": incremental.run,
    "watch": watch.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.erp", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all of them by default")
    parser.add_argument("--full", action="store_true", help="2 million order lines, 20 for the memory")
    options = parser.parse_args()
    for name in options.parts:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}: choose from {', '.join(PARTS)}")
    system = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    report.say(f"echannel-connectors {__version__} on {system}")
    for name in options.parts or PARTS:
        PARTS[name](full=options.full)


if __name__ == "__main__":
    main()
