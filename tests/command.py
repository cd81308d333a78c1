"""The command line as people and their machines meet it: in a pipe, or on a terminal of eighty columns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = """
version: 1
company: {name: Essai, currency: EUR, time_zone: Europe/Paris, language: %s}
sources:
  shop: {connector: prestashop, url: "%s", key: "${SHOP_KEY}", pause: 0, attempts: 2}
destination: duckdb:///shop.duckdb
"""
STYLING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def project(folder: Path, url: str, language: str = "en", text: str = PROJECT) -> Path:
    (folder / "echannel.yaml").write_text(text % (language, url), encoding="utf-8")
    return folder


def environment(key: str = "", lang: str = "C.UTF-8") -> dict[str, str]:
    """This process's environment, with a terminal language that is chosen here."""
    own = {name: value for name, value in os.environ.items() if name not in ("LC_ALL", "LC_MESSAGES", "LANGUAGE")}
    return {**own, "SHOP_KEY": key, "PYTHONUTF8": "1", "LANG": lang, "COLUMNS": "80", "TERM": "xterm"}


def echannel(folder: Path, *words: str, key: str = "", lang: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "echannel_connectors", *words]
    return subprocess.run(command, cwd=folder, env=environment(key, lang), capture_output=True, text=True, check=False)


def on_terminal(folder: Path, *words: str, key: str = "", lang: str = "C.UTF-8") -> list[str]:
    """The lines that somebody at a terminal of eighty columns would see in the end."""
    if os.name != "posix":
        pytest.skip("a terminal can only be played on a POSIX system")
    import pty

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "echannel_connectors", *words]
    with subprocess.Popen(
        command, cwd=folder, env=environment(key, lang), stdin=slave, stdout=slave, stderr=slave
    ) as child:
        os.close(slave)
        seen = b""
        while part := _read(master):
            seen += part
        child.wait()
    os.close(master)
    return STYLING.sub("", seen.decode()).replace("\r\n", "\n").replace("\r", "").splitlines()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""
