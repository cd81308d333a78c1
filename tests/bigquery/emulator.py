"""bqemulator in an environment of its own, behind a door that does what it does not: repeats of a job, faults, bills.

The real google-cloud-bigquery talks to the door. The door passes everything on, but for this:
- parameters of a script are written into it (the emulator takes them for single statements only),
- a job id that comes twice is refused with 409, as Google does,
- `faults` are answered in its place, or cut the line after the emulator has done what was asked,
- `bill` says what a job is billed, and `foresee` what a dry run answers (the emulator says 0).
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlglot
from sqlglot import exp

from benchmarks import environments

# A statement of a mart is long: three quarters of the emulator's time go into parsing, which compiled code does four times
# faster.
PACKAGES = (
    "bqemulator==1.4.0", "sqlglot==30.11.0", "sqlglotc==30.11.0", "duckdb==1.5.5", "duckdb-extension-spatial==1.5.5",
    "numpy", "pandas",
)  # fmt: skip


@dataclass
class Fault:
    """What happens to a request whose method, path and body match: an answer of the door's own, or a cut line.

    `status` 0 cuts the line: after the emulator has done it (`done`), or before.
    """

    words: str  # a pattern, looked for in "METHOD path body"
    status: int = 0
    message: str = ""
    reason: str = ""
    done: bool = False
    times: int = 1


@dataclass
class Door:
    """The way to the emulator, and what is seen there."""

    port: int
    url: str = ""
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)  # "METHOD path body" of each request
    jobs: dict[str, bytes] = field(default_factory=dict)  # the last answer about each, which the emulator forgets
    uploads: dict[str, str] = field(default_factory=dict)  # where a job's rows are sent, and its id
    one_at_a_time: Any = field(default_factory=threading.Lock)  # its DuckDB has one connection for all
    bill: Callable[[str], int] = lambda sql: 0
    foresee: Callable[[str], int] = lambda sql: 0
    before: Callable[[str], None] = lambda words: None  # such as another run that comes in between

    def fault(self, words: str) -> Fault | None:
        """What is to go wrong with this request, and is used up by it."""
        found = next((one for one in self.faults if one.times and re.search(one.words, words, re.DOTALL)), None)
        if found:
            found.times -= 1
        return found

    def remembered(
        self, method: str, path: str, job_id: str, status: int, data: bytes, headers: dict[str, str]
    ) -> tuple[int, bytes, dict[str, str]]:
        """The answer, kept where it is about a job that was inserted; a job that the emulator has forgotten, as it was."""
        place = next((value for name, value in headers.items() if name.lower() == "location"), "")
        if job_id and place:
            self.uploads[place] = job_id
        elif status < 400 and (known := job_id or self.uploads.get(f"{self.url}{path}")):
            self.jobs[known] = data  # from its last byte on there is a job
        asked = re.search(r"/jobs/([^/?]+)\?", path)
        if status == 404 and method == "GET" and asked and asked[1] in self.jobs:
            return 200, self.jobs[asked[1]], headers
        return status, data, headers

    def calm(self) -> None:
        self.faults.clear()
        self.seen.clear()
        self.bill = self.foresee = lambda sql: 0
        self.before = lambda words: None


@contextmanager
def running(folder: Path) -> Iterator[Door]:
    """The emulator, in memory, for as long as this lasts."""
    ports = _free(), _free()
    log = (folder / "emulator.log").open("w")
    command = [str(_home() / "bqemulator"), "start", "--rest-port", str(ports[0]), "--grpc-port", str(ports[1]),
               "--log-level", "error"]  # fmt: skip
    child = subprocess.Popen(
        command, stdout=log, stderr=log, env={**os.environ, "HOME": str(_home().parent)}, cwd=folder
    )
    door = Door(ports[0])
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"door": door}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    door.url = f"http://127.0.0.1:{server.server_port}"
    try:
        _wait(ports[0], child)
        yield door
    finally:
        server.shutdown()
        server.server_close()
        child.terminate()
        child.wait(30)
        log.close()


@cache
def _home() -> Path:
    """Its executables. The extension that it needs is put where its DuckDB looks for it: below its own HOME."""
    try:
        binaries = environments.home("bqemulator", *PACKAGES)
    except environments.NotHere as why:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(why))
    found = next(
        binaries.parent.glob("lib/python*/site-packages/duckdb_extension_spatial/extensions/v*/*.duckdb_extension")
    )
    place = binaries.parent / ".duckdb" / "extensions" / found.parent.name / "linux_amd64"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / found.name).exists():
        shutil.copy2(found, place / found.name)
    return binaries


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(port: int, child: subprocess.Popen[bytes]) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience and child.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the emulator did not start")


class _Handler(BaseHTTPRequestHandler):
    door: ClassVar[Door]
    protocol_version = "HTTP/1.1"

    def do(self) -> None:
        body = self._body()
        if body is None:
            return
        text = body.decode("latin-1") if len(body) < 500_000 else ""
        words = f"{self.command} {self.path} {text}"
        self.door.seen.append(words)
        self.door.before(words)
        fault = self.door.fault(words)
        if fault and (fault.status or not fault.done):
            self._fail(fault)
            return
        job_id = _job_id(self.command, self.path, text)
        if job_id in self.door.jobs:
            self._answer(409, _refusal(409, f"Already Exists: Job {job_id}", "duplicate"), {})
            return
        with self.door.one_at_a_time:
            answer = _passed_on(self.door, self.command, self.path, _written_in(body), self.headers)
        status, data, headers = self.door.remembered(self.command, self.path, job_id, *answer)
        if fault:
            self.close_connection = True
        else:
            self._answer(status, _billed(self.door, text, data), headers)

    def _body(self) -> bytes | None:
        """All of it; nothing of a client that was killed while it sent."""
        size = int(self.headers.get("Content-Length", 0) or 0)
        body = self.rfile.read(size)
        self.close_connection |= len(body) < size
        return body if len(body) == size else None

    def _fail(self, fault: Fault) -> None:
        if fault.status:
            self._answer(fault.status, _refusal(fault.status, fault.message, fault.reason), {})
        else:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do

    def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        with suppress(ConnectionError):  # a client that was killed, or has waited long enough
            self.send_response(status)
            own = {"Content-Type": "application/json", **headers, "Content-Length": str(len(data))}
            for name, value in own.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        pass


def _passed_on(door: Door, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes, dict[str, str]]:
    wanted = {
        name: value
        for name, value in headers.items()
        if name.lower() not in ("host", "content-length", "accept-encoding")
    }
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=120)
    try:
        connection.request(method, path, body, {**wanted, "Content-Length": str(len(body))})
        answer = connection.getresponse()
        data = answer.read()
        kept = {
            name: value
            for name, value in answer.getheaders()
            if name.lower() in ("location", "content-type", "range", "x-goog-upload-status")
        }
        for name in list(kept):
            if name.lower() == "location":
                kept[name] = re.sub(r"^https?://[^/]+", door.url, kept[name])
        return answer.status, data, kept
    finally:
        connection.close()


def _refusal(status: int, message: str, reason: str) -> bytes:
    error = {"code": status, "message": message, "errors": [{"message": message, "domain": "global", "reason": reason}]}
    return json.dumps({"error": error}).encode()


def _job_id(method: str, path: str, text: str) -> str:
    """The job that a request inserts, by its id."""
    if method != "POST" or "/jobs" not in path:
        return ""
    found = re.search(r'"jobId":\s*"([^"]+)"', text)
    return found[1] if found else ""


def _written_in(body: bytes) -> bytes:
    """A script with its parameters written into it, and in words that the emulator can read."""
    if body.startswith(b"--"):  # rows and their job in one request: the emulator wants to be told what rows are
        return re.sub(rb"(?i)content-type: \*/\*", b"content-type: application/octet-stream", body, count=1)
    if not body.startswith(b"{") or b'"query"' not in body:
        return body
    asked = json.loads(body)
    query = asked.get("configuration", {}).get("query") or asked
    if ";" in query.get("query", ""):
        for one in sorted(query.pop("queryParameters", ()), key=lambda one: -len(one["name"])):
            literal = _literal(one["parameterType"], one["parameterValue"])
            query["query"] = re.sub(rf"@{one['name']}\b", lambda _, literal=literal: literal, query["query"])
    if re.search(r"TIMESTAMP\(|DATETIME\(|[+-] CAST\(", query.get("query", "")):
        query["query"] = ";\n".join(
            _readable(one).sql("bigquery") for one in sqlglot.parse(query["query"], read="bigquery") if one
        )
    return json.dumps(asked).encode()


def _readable(tree: exp.Expression) -> exp.Expression:
    """TIMESTAMP(local, zone) and DATETIME(moment, zone) are beyond the emulator: its DuckDB knows timezone(). Nor does
    it add a number of 64 bits to a day."""
    for call in reversed(list(tree.find_all(exp.Timestamp, exp.Datetime))):
        if zone := call.args.get("zone") or call.args.get("expression"):
            call.replace(exp.Anonymous(this="timezone", expressions=[zone.copy(), call.this.copy()]))
    for total in tree.find_all(exp.Add, exp.Sub):
        if isinstance(total.expression, exp.Cast) and total.expression.to.this in exp.DataType.INTEGER_TYPES:
            total.set("expression", exp.Var(this=f"CAST({total.expression.this.sql('bigquery')} AS INT32)"))
    return tree


def _literal(kind: dict[str, Any], value: dict[str, Any]) -> str:
    if kind["type"] == "ARRAY":
        return f"[{', '.join(_literal(kind['arrayType'], one) for one in value.get('arrayValues', ()))}]"
    text = value["value"]
    quoted = "'" + str(text).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return text if kind["type"] in ("INT64", "BOOL", "NUMERIC") else f"CAST({quoted} AS {kind['type']})"


def _billed(door: Door, text: str, data: bytes) -> bytes:
    if '"query":' not in text or not data.startswith(b"{"):
        return data
    answer = json.loads(data)
    statistics = answer.get("statistics", {})
    if not isinstance(statistics, dict) or "query" not in statistics:
        return data
    is_dry = '"dryRun": true' in text or '"dryRun":true' in text
    amount = str((door.foresee if is_dry else door.bill)(text))
    statistics["query"]["totalBytesBilled"] = amount
    statistics["query"]["totalBytesProcessed"] = statistics["totalBytesProcessed"] = amount
    return json.dumps(answer).encode()
