"""The stand-in as a process of its own: pre-rendered bytes, a fixed latency, many connections at once.

python -m benchmarks.prestashop.server --orders 100000 --latency-ms 50 (prints its address, then serves)

Beside the webservice it answers under /bench: `log` (requests since the last time, then forgotten), `latency?ms=50`,
`changes` (ten changes of a day) and `place?at=…` (one order).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from benchmarks.environments import ROOT, environment
from benchmarks.prestashop.world import World
from echannel_connectors.testing.shop.query import RefusedError, parameters
from echannel_connectors.testing.shop.recording import KEY
from echannel_connectors.testing.shop.render import error_document

REASONS = {200: b"OK", 302: b"Found", 400: b"Bad Request", 401: b"Unauthorized", 404: b"Not Found"}
LONGEST_LOG = 20_000


@dataclass(slots=True)
class Desk:
    """What all connections share."""

    world: World
    latency: float
    log: list[str] = field(default_factory=list)
    requests: int = 0
    first: float = 0.0
    busy: float = 0.0
    """Seconds spent on making answers."""
    basic: str = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()

    def answer(self, target: str, headers: dict[str, str]) -> bytes:
        if target.startswith("/bench/"):
            return _reply(200, {"Content-Type": "application/json"}, json.dumps(self.control(target)).encode())
        self.requests += 1
        self.first = self.first or time.monotonic() - self.latency
        if len(self.log) < LONGEST_LOG:
            self.log.append(target)
        started = time.perf_counter()
        reply = self._fast(target, headers) or self._honest(target, headers)
        self.busy += time.perf_counter() - started
        return reply

    def _fast(self, target: str, headers: dict[str, str]) -> bytes | None:
        """A list or a record of a repeated resource; None leaves it to the honest stand-in."""
        path, _, query = target.partition("?")
        parts = path.strip("/").split("/")
        asked = parameters(query)
        if headers.get("authorization") != self.basic and asked.get("ws_key") != KEY:
            return None
        if len(parts) < 2 or parts[0] != "api" or parts[1] not in self.world.repeated or "schema" in asked:
            return None
        as_json = "JSON" in (
            asked.get("output_format"), asked.get("io_format"), headers.get("output-format"), headers.get("io-format"),
        )  # fmt: skip
        base = f"http://{headers.get('host', 'localhost')}"
        status = 200
        try:
            if len(parts) > 2:
                number = int(unquote(parts[2])) if parts[2].isdigit() else 0
                body = self.world.single(parts[1], number, json=as_json, base=base)
                status = 404 if body is None else 200
            else:
                body = self.world.page(parts[1], asked, json=as_json, base=base)
        except RefusedError as refused:
            status, body = refused.status, error_document(refused.errors, as_json=as_json).encode()
        body = body or b""
        told = {
            "Content-Type": "application/json" if as_json else "text/xml;charset=utf-8",
            "X-Powered-By": "PrestaShop Webservice",
            "PSWS-Version": self.world.small.version,
            "Execution-Time": f"{self.latency:.3f}",
            "Content-Sha1": hashlib.sha1(body, usedforsecurity=False).hexdigest(),
        }
        return _reply(status, told, body)

    def _honest(self, target: str, headers: dict[str, str]) -> bytes:
        answer = self.world.small.answer("GET", target, headers)
        self.world.small.requests.clear()
        return _reply(answer.status, {**answer.headers, "Execution-Time": f"{self.latency:.3f}"}, answer.body)

    # -- what the benchmark itself asks --------------------------------------------------------------------------

    def control(self, target: str) -> Any:  # whatever JSON can say
        name, _, query = target.removeprefix("/bench/").partition("?")
        asked = parameters(query)
        if name == "latency":
            self.latency = int(asked["ms"]) / 1000
        elif name == "changes":
            return ten_changes(self.world)
        elif name == "place":
            return place(self.world, asked["at"], int(asked.get("lines", "1")))
        told = {"requests": self.requests, "targets": self.log, "first": self.first, "busy": round(self.busy, 3)}
        self.log, self.requests, self.first, self.busy = [], 0, 0.0, 0.0
        return told


def place(world: World, at: str, quantity: int = 1) -> int:
    """A new order, like the recorded ones, placed at this moment; gives its id."""
    orders, lines = world.repeated["orders"], world.repeated["order_details"]
    number = max([orders.last, *orders.extras]) + 1
    like = number % orders.orders + 1
    row = dict(orders.row(like) or {}, reference=f"NEW{number:06d}"[-9:], id_cart=str(number), date_add=at, date_upd=at)
    first = max([lines.last, *lines.extras]) + 1
    rows = [dict(one, id=str(first + n)) for n, one in enumerate(row["order_rows"])]  # type: ignore[arg-type,var-annotated]  # a list of dicts
    orders.extras[number] = dict(row, order_rows=rows)
    for n in range(2):
        line = dict(lines.row(2 * like - 1 + n) or {}, id_order=str(number), product_quantity=str(quantity))
        lines.extras[first + n] = line
    step(world, number, str(row["current_state"]), at)
    return number


def step(world: World, order: int, state: str, at: str) -> None:
    steps = world.repeated["order_histories"]
    last = max([steps.last, *steps.extras]) + 1
    steps.extras[last] = dict(steps.row(1) or {}, id_order=str(order), id_order_state=state, date_add=at)


def ten_changes(world: World) -> list[str]:
    """A day of trade: four new orders, three new states, a refund, a product and a customer edited."""
    day = "2026-11-02 10:00:"
    orders, tables = world.repeated["orders"], world.small.tables
    told = [f"order {place(world, f'{day}{second:02d}')} placed" for second in range(4)]
    for n, number in enumerate((7, world.orders // 2, world.orders - 3)):
        at = f"{day}{10 + n}"
        orders.extras[number] = dict(orders.row(number) or {}, current_state="4", date_upd=at)
        step(world, number, "4", at)
        told.append(f"order {number} shipped")
    slips = tables["order_slip"]
    slips[max(slips) + 1] = dict(slips[max(slips)], id_order="9", date_add=f"{day}20", date_upd=f"{day}20")
    told.append("order 9 refunded")
    for name in ("products", "customers"):
        number = max(tables[name])
        tables[name][number] = dict(tables[name][number], date_upd=f"{day}30")
        told.append(f"{name} {number} edited")
    return told


def _reply(status: int, headers: Any, body: bytes) -> bytes:
    lines = [b"HTTP/1.1 %d %b" % (status, REASONS.get(status, b"Other"))]
    lines += [f"{name}: {value}".encode() for name, value in headers.items()]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


class Connection(asyncio.Protocol):
    """One client: requests are answered in turn, each after the latency, without holding up other clients."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            request, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            target = request.split(" ")[1]
            if target.startswith("/bench/"):
                self.send(target, headers)
            else:
                asyncio.get_running_loop().call_later(self.desk.latency, self.send, target, headers)

    def send(self, target: str, headers: dict[str, str]) -> None:
        if not self.transport.is_closing():
            self.transport.write(self.desk.answer(target, headers))


async def serve(orders: int, latency: float) -> None:
    desk = Desk(World(orders), latency)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(desk), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Served:
    """The stand-in in its own process, as the benchmark sees it."""

    url: str
    pid: int
    key: str = KEY

    def ask(self, what: str) -> Any:  # whatever JSON can say
        with urllib.request.urlopen(f"{self.url}/bench/{what}", timeout=60) as reply:
            return json.load(reply)


@contextmanager
def serving(orders: int, latency_ms: int) -> Iterator[Served]:
    """The stand-in with this many orders, until the block ends."""
    command = [
        sys.executable, "-m", "benchmarks.prestashop.server", "--orders", str(orders), "--latency-ms", str(latency_ms)
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(process.stdout.readline().strip(), process.pid)
        finally:
            process.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=int, default=50)
    options = parser.parse_args()
    asyncio.run(serve(options.orders, options.latency_ms / 1000))
