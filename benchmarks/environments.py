"""Where peers run: each in an environment of its own, made once with pip below the temporary folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


class NotHere(Exception):
    """This peer cannot run here, and why."""


def made() -> Path:
    return Path(os.environ.get("BENCH_PEERS", Path(tempfile.gettempdir()) / "echannel-bench-peers"))


@lru_cache
def home(name: str, *packages: str, pythons: tuple[str, ...] = ()) -> Path:
    """The folder with the peer's executables; raises NotHere where it cannot be installed."""
    folder = made() / name
    binaries = folder / "bin"
    if not (folder / "ready").exists():
        python = sys.executable if not pythons else _working(pythons)
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            [python, "-m", "venv", str(folder)],
            [str(binaries / "python"), "-m", "pip", "-q", "install", *packages],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotHere(f"{name} could not be installed: {(done.stderr.strip().splitlines() or ['?'])[-1][:200]}")
        (folder / "ready").touch()
    return binaries


def _working(pythons: tuple[str, ...]) -> str:
    found = [path for name in pythons if (path := shutil.which(name))]
    versions = Path.home() / ".pyenv" / "versions"
    found += [
        str(path) for name in pythons for path in sorted(versions.glob(f"{name.removeprefix('python')}.*/bin/python"))
    ]
    for path in found:
        if subprocess.run([path, "-c", "import venv, ensurepip"], capture_output=True, check=False).returncode == 0:
            return path
    raise NotHere(f"needs one of {', '.join(pythons)}, and there is none here")


def environment() -> dict[str, str]:
    """For processes that use this very copy of the library."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
