"""A disk that fills up while a sync runs: one sentence, exit code 6, nothing lost, and the truth once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from echannel_connectors import DuckDB, PrestaShop, errors, sync
from echannel_connectors.testing.shop import FakeShop
from tests.command import environment, project
from tests.test_kills import TABLES, rows
from tests.watching import place_order

KIB = 1024


def run(folder: Path, key: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    """A sync; `before` is called in the child, before it becomes the command."""
    command = [sys.executable, "-m", "echannel_connectors", "sync"]
    return subprocess.run(
        command, cwd=folder, env=environment(key), capture_output=True, text=True, check=False, preexec_fn=before
    )


def files_end_at(size: int) -> Callable[[], None]:
    """No file may grow beyond this: what a full disk does to one file, without asking for any right."""
    resource = pytest.importorskip("resource", reason="the size of files can only be limited on a POSIX system")
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def assert_full(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == errors.DESTINATION, done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    assert "the disk that holds shop.duckdb is full" in done.stderr
    assert "free some space and run again" in done.stderr


def assert_truth(file: Path, shop: FakeShop, url: str) -> None:
    """The same tables as a sync that never met a full disk."""
    calm = file.with_name("calm.duckdb")
    sync(PrestaShop(url=url, key=shop.key, pause=0), into=DuckDB(calm))
    for table in TABLES:
        assert rows(file, table) == rows(calm, table), table


@pytest.mark.slow
@pytest.mark.parametrize("size", [64 * KIB, 256 * KIB, 1024 * KIB])
def test_the_first_load_finds_no_room(size: int, shop_a: FakeShop, tmp_path: Path) -> None:
    with shop_a.serve() as url:
        project(tmp_path, url)
        assert_full(run(tmp_path, shop_a.key, files_end_at(size)))
        assert run(tmp_path, shop_a.key).returncode == 0
        assert_truth(tmp_path / "shop.duckdb", shop_a, url)


@pytest.mark.slow
def test_a_later_sync_finds_no_room(shop_a: FakeShop, tmp_path: Path) -> None:
    """What was loaded before is still there, and what is new comes with the next run."""
    with shop_a.serve() as url:
        project(tmp_path, url)
        assert run(tmp_path, shop_a.key).returncode == 0
        before = rows(tmp_path / "shop.duckdb", "mart.sales")
        place_order(shop_a)
        assert_full(run(tmp_path, shop_a.key, files_end_at(64 * KIB)))
        assert rows(tmp_path / "shop.duckdb", "mart.sales") == before
        assert run(tmp_path, shop_a.key).returncode == 0
        assert len(rows(tmp_path / "shop.duckdb", "mart.sales")) > len(before)
        assert_truth(tmp_path / "shop.duckdb", shop_a, url)


@pytest.mark.slow
@pytest.mark.parametrize("kib", [16, 512, 3000])
def test_a_real_disk_that_is_full(kib: int, small_disk: Callable[[int], Path], shop_a: FakeShop) -> None:
    """The log of the run is on that disk as well: it is given up, and the sentence is the same."""
    with shop_a.serve() as url:
        folder = project(small_disk(kib), url)
        assert_full(run(folder, shop_a.key))
        subprocess.run(["mount", "-o", "remount,size=200m", str(folder)], check=True)
        assert run(folder, shop_a.key).returncode == 0
        assert_truth(folder / "shop.duckdb", shop_a, url)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of so many KiB, in memory; whoever runs the tests must be allowed to mount one."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting a small disk needs root on Linux; the tests with a limit on files run everywhere")
    place = tmp_path / "disk"
    place.mkdir()

    def mount(kib: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this root may not mount a disk ({done.stderr.strip()})")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True, check=False)
