"""The peers, each run as a process of its own and measured from outside or by itself."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.environments import ROOT, NotHere, environment, home
from benchmarks.measure import Measure, peak_mib
from benchmarks.prestashop.server import Served

PRESTAPYT = "prestapyt==0.11.1"
AIRBYTE = "airbyte-source-prestashop==1.0.4"
# Its wheel says 3.9 to 3.11, but the airbyte-cdk 0.80 that it pins cannot be imported on 3.11 (a mutable default).
AIRBYTE_PYTHONS = ("python3.10", "python3.9")
# The wheel of 1.0.4 lacks the schema files that its components.py opens, so that not even `check` runs as it comes.
# The same schemas stand in its manifest: they are written to where they are looked for; nothing else is touched.
PUT_BACK = "1.0.4, its missing schema files put back; "
AIRBYTE_REPAIR = """
import json, pathlib, source_prestashop, yaml
home = pathlib.Path(source_prestashop.__file__).parent
(home / "schemas").mkdir(exist_ok=True)
for stream in yaml.safe_load((home / "manifest.yaml").read_text())["definitions"].values():
    if isinstance(stream, dict) and "schema_loader" in stream:
        name = stream["$parameters"]["name"]
        (home / "schemas" / f"{name}.json").write_text(json.dumps(stream["schema_loader"]["schema"]))
"""


def loop(name: str, shop: Served) -> Measure:
    """One of loops.py, measured by itself. (What the floor needs, this library needs as well.)"""
    python = home("prestapyt", PRESTAPYT) / "python" if name == "prestapyt" else sys.executable
    measure = told([str(python), "-m", "benchmarks.prestashop.loops", name, shop.url, shop.key], shop)
    measure.note = "0.11.1 by pages of 100, XML into dicts; " if name == "prestapyt" else ""
    return measure


def ours(way: str, shop: Served, *more: str) -> Measure:
    return told([sys.executable, "-m", "benchmarks.prestashop.ours", way, shop.url, shop.key, *more], shop)


def told(command: list[str], shop: Served) -> Measure:
    """Run a reader that prints its own measure."""
    shop.ask("log")
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])} failed:\n{done.stderr[-2000:]}")
    measure = Measure(**json.loads(done.stdout.splitlines()[-1]))
    measure.requests = shop.ask("log")["requests"]
    return measure


def airbyte(shop: Served) -> Measure:
    """`source-prestashop read` with a catalog of orders and order_details, its messages counted as they come.

    The clock starts at its first request, so that starting up is not held against it. Plain http is allowed by the
    connector's own hidden setting.
    """
    binaries = home("airbyte", AIRBYTE, pythons=AIRBYTE_PYTHONS)
    subprocess.run([binaries / "python", "-c", AIRBYTE_REPAIR], check=True)
    program = binaries / "source-prestashop"
    with tempfile.TemporaryDirectory() as folder:
        config, catalog = Path(folder) / "config.json", Path(folder) / "catalog.json"
        settings = {"url": shop.url, "access_key": shop.key, "start_date": "2024-01-01", "_allow_http": True}
        config.write_text(json.dumps(settings))
        command = [str(program), "discover", "--config", str(config)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode:
            raise NotHere(f"its discover ended with {found.returncode}: {found.stdout.strip()[-300:]}")
        streams = next(
            message["catalog"]["streams"]
            for line in found.stdout.splitlines()
            if (message := json.loads(line)).get("catalog")
        )
        chosen = [
            {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
            for stream in streams
            if stream["name"] in ("orders", "order_details")
        ]
        catalog.write_text(json.dumps({"streams": chosen}))
        return _messages([str(program), "read", "--config", str(config), "--catalog", str(catalog)], shop)


def _messages(command: list[str], shop: Served) -> Measure:
    shop.ask("log")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    records, peak, tail = 0, 0.0, ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for number, line in enumerate(process.stdout):
            records += '"type": "RECORD"' in line[:40] or '"type":"RECORD"' in line[:40]
            tail = line
            if number % 200 == 0:
                peak = max(peak, peak_mib(str(process.pid)))
    ended = time.monotonic()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode or not records:
        raise NotHere(f"airbyte-source-prestashop ended with {process.returncode}: {tail.strip()[:200]}")
    log = shop.ask("log")
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return Measure("airbyte", records, round(ended - log["first"], 3), round(cpu, 3), peak, log["requests"], PUT_BACK)
