"""A line on this machine that is as slow as one to a far server: each connection carries a window of bytes per round
trip, as TCP does where its window is what limits it; several carry several.

python -m benchmarks.erp.line SOCKET --round-trip-ms 40 --window-kib 256 (prints its port, then serves)
"""

from __future__ import annotations

import argparse
import socket
import threading
import time
from contextlib import suppress


def carry(begin: socket.socket, end: socket.socket, wait: float, bytes_a_second: float) -> None:
    """What comes at one end, so much later and no faster than that, to the other; until one of them closes."""
    free_at = 0.0
    with suppress(OSError):
        while data := begin.recv(64 * 1024):
            if wait:
                time.sleep(wait)
            free_at = max(free_at, time.monotonic()) + len(data) / bytes_a_second
            end.sendall(data)
            time.sleep(max(0.0, free_at - time.monotonic()))
    for one in (begin, end):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket")
    parser.add_argument("--round-trip-ms", type=float, required=True)
    parser.add_argument("--window-kib", type=float, required=True)
    options = parser.parse_args()
    round_trip = options.round_trip_ms / 1000
    rate = options.window_kib * 1024 / round_trip
    with socket.create_server(("127.0.0.1", 0)) as door:
        print(door.getsockname()[1], flush=True)
        while True:
            here, _ = door.accept()
            there = socket.socket(socket.AF_UNIX)
            there.connect(options.socket)
            for begin, end, wait in ((here, there, round_trip), (there, here, 0.0)):
                threading.Thread(target=carry, args=(begin, end, wait, rate), daemon=True).start()


if __name__ == "__main__":
    main()
