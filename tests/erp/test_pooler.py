"""A pooler before the server: its connections see one snapshot as well, or fewer of them read, and it is said."""

from __future__ import annotations

import getpass
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from echannel_connectors.events import Event
from echannel_connectors.sources.erp import ranges
from tests.erp.conftest import Postgres
from tests.erp.stock import ROWS, parts, read, source
from tests.erp.test_tls import free_port

Pool = Callable[[str, int], str]  # its mode and size; gives the url of what it leads to

SETTINGS = """[databases]
lab = host={socket} dbname=lab user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
query_wait_timeout = 2
logfile = {folder}/log
pidfile = {folder}/pid
"""


@pytest.fixture
def pooled(postgres: Postgres, lab: Callable[[str], str]) -> Iterator[Pool]:
    """PgBouncer before the test's database."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed: apt-get install pgbouncer")
    assert lab("SELECT 1") == "1\n"
    folder = Path(tempfile.mkdtemp(prefix="pb"))
    running: list[subprocess.Popen[bytes]] = []

    def begin(mode: str, size: int) -> str:
        port, place = free_port(), Path(postgres.server.get_postmaster_info().socket_dir)
        (folder / "users").write_text('"postgres" ""\n')
        (folder / "ini").write_text(
            SETTINGS.format(socket=place, port=port, folder=folder, mode=mode, size=size), encoding="utf-8"
        )
        who = []
        if getpass.getuser() == "root":  # which it refuses to be
            who = ["-u", "nobody"]
            shutil.chown(folder, "nobody")
            for one in (place, place.parent):
                one.chmod(one.stat().st_mode | 0o011)
        running.append(subprocess.Popen([program, *who, folder / "ini"], stderr=subprocess.DEVNULL))
        url = f"postgresql://postgres@127.0.0.1:{port}/lab"
        for _ in range(100):
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        return url

    yield begin
    for one in running:
        one.terminate()
        one.wait(timeout=20)
    shutil.rmtree(folder)


@pytest.mark.apt
@pytest.mark.parametrize(("mode", "size", "many"), [("transaction", 9, 3), ("session", 9, 3), ("transaction", 2, 2)])
def test_a_pool_is_read_by_as_many_as_it_holds(
    postgres: Postgres, pooled: Pool, monkeypatch: pytest.MonkeyPatch, mode: str, size: int, many: int
) -> None:
    monkeypatch.setattr(ranges, "LEAST_PAGES", 50)
    url = pooled(mode, size)
    assert len(parts(source(postgres, "lab", connections=3, url=url))) == many
    erp = source(postgres, "lab", connections=3, url=url)
    events: list[Event] = []
    erp.listen(events.append)
    rows = read(erp)
    assert len(rows) == ROWS
    assert rows == read(source(postgres, "lab"))
    assert [str(one.sentence)[:48] for one in events] == ["large tables are read by 2 of the 3 connections:"] * (
        many < 3
    )  # type: ignore[attr-defined]
