"""The daily sync: what each system would be told, and that after `--remove` all is as it was, byte for byte."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

from echannel_connectors.errors import Refused, SettingsError
from echannel_connectors.start import schedule
from echannel_connectors.start.schedule import Cron, Job, Launchd, Systemd, Windows
from tests.command import environment

AT = time(6, 5)
# A program for PATH that keeps what it is given in files beside itself and says what it was asked.
CRONTAB = """#!/bin/sh
here=$(dirname "$0")
case "$1" in
  -l) [ -f "$here/tab" ] && cat "$here/tab" || { echo "no crontab for somebody" >&2; exit 1; } ;;
  -r) rm "$here/tab" ;;
  -) cat > "$here/tab" ;;
  *) exit 2 ;;
esac
"""
ASKED = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
"""
SCHTASKS = """#!/bin/sh
here=$(dirname "$0")
case "$1" in
  /Create) iconv -f UTF-16 -t UTF-8 "$5" > "$here/task" ;;
  /Query) [ -f "$here/task" ] && cat "$here/task" || exit 1 ;;
  /Delete) rm "$here/task" ;;
esac
"""
ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="the stand-ins of the systems' programs are shell scripts")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that comes first on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    texts = {"crontab": CRONTAB, "systemctl": ASKED, "launchctl": ASKED, "schtasks": SCHTASKS}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A project in a folder with a name that every system has to be told with care."""
    folder = tmp_path / "Ma boutique 100 % d'été $HOME"
    folder.mkdir()
    return Job.of(folder, AT)


# -- cron -------------------------------------------------------------------------------------------------------------


@ON_POSIX
@pytest.mark.parametrize(
    "before", ["", "MAILTO=x\n# mine\n0 1 * * * backup\n", "0 1 * * * no end of line", "a\r\n\r\n", "\n"]
)
def test_a_crontab_is_the_same_after_removing(programs: Path, job: Job, before: str) -> None:
    """Whatever stood in it; installing twice, at two times, leaves one block, and the lines of others as they were."""
    tab = programs / "tab"
    if before:
        tab.write_bytes(before.encode())
    cron = Cron()
    cron.install(job)
    once = tab.read_bytes()
    cron.install(job)
    assert tab.read_bytes() == once
    assert once.startswith(before.encode())
    cron.install(Job.of(job.folder, time(23, 0)))
    assert cron.installed(job) == time(23, 0)
    assert tab.read_text(encoding="utf-8").count(" sync --project ") == 1
    assert cron.remove(job)
    assert (tab.read_bytes() if tab.exists() else b"") == before.encode()
    assert tab.exists() == bool(before)
    assert not cron.remove(job)
    assert cron.installed(job) is None


@ON_POSIX
def test_two_projects_do_not_meet(programs: Path, job: Job, tmp_path: Path) -> None:
    other = Job.of(tmp_path / "other", time(7, 0))
    other.folder.mkdir()
    cron = Cron()
    cron.install(job)
    cron.install(other)
    assert (cron.installed(job), cron.installed(other)) == (AT, time(7, 0))
    cron.remove(job)
    assert (cron.installed(job), cron.installed(other)) == (None, time(7, 0))


@ON_POSIX
def test_cron_runs_the_line_as_it_is_meant(programs: Path, job: Job) -> None:
    """cron ends a command at the first % that no backslash protects, takes those backslashes away, and asks sh."""
    spying = Job(job.folder, AT, (sys.executable, "-c", "import sys; print(sys.argv[1:])"))
    [part] = Cron().parts(spying)
    line = next(line for line in part.text.splitlines() if not line.startswith("#"))
    minute, hour, *_ = line.split(" ", 5)
    assert (minute, hour) == ("5", "6")
    Cron().install(spying)
    command = line.split(" ", 5)[5]
    assert "%" not in command.replace(r"\%", "")
    subprocess.run(["sh", "-c", command.replace(r"\%", "%")], check=True)
    log = (job.folder / schedule.LOG).read_text(encoding="utf-8")
    assert log == f"{['sync', '--project', str(job.folder)]}\n"


# -- systemd ----------------------------------------------------------------------------------------------------------


@ON_POSIX
def test_systemd_has_a_service_and_a_timer(programs: Path, job: Job, tmp_path: Path) -> None:
    units = tmp_path / "units"
    units.mkdir()
    (units / "mine.timer").write_text("[Timer]\n", encoding="utf-8")
    found = Systemd(units)
    for _ in range(2):
        found.install(job)
    assert found.installed(job) == AT
    timer, service = ((units / f"{job.id}.{kind}").read_text(encoding="utf-8") for kind in ("timer", "service"))
    assert "OnCalendar=*-*-* 06:05:00\nPersistent=true\n" in timer
    assert "100 %% d'été $$HOME" in service
    asked = (programs / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[:2] == ["--user daemon-reload", f"--user enable --now {job.id}.timer"]
    assert found.remove(job)
    assert [file.name for file in units.iterdir()] == ["mine.timer"]
    assert (programs / "asked").read_text(encoding="utf-8").splitlines()[4:] == [
        f"--user disable --now {job.id}.timer",
        "--user daemon-reload",
    ]
    assert not found.remove(job)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_itself_accepts_the_units(programs: Path, job: Job, tmp_path: Path) -> None:
    Systemd(tmp_path / "units").install(job)
    files = [str(file) for file in sorted((tmp_path / "units").iterdir())]
    command = ["systemd-analyze", "--user", "verify", *files]
    surroundings = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_LOG_LEVEL": "warning"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert [line for line in done.stderr.splitlines() if job.id in line] == []
    assert done.returncode == 0, done.stderr


# -- launchd ----------------------------------------------------------------------------------------------------------


@ON_POSIX
def test_launchd_has_an_agent(programs: Path, job: Job, tmp_path: Path) -> None:
    agents = tmp_path / "Library" / "LaunchAgents"
    found = Launchd(agents)
    for _ in range(2):
        found.install(job)
    [file] = agents.iterdir()
    said = plistlib.loads(file.read_bytes())
    assert said["Label"] == f"com.{job.id}" == file.stem
    assert said["ProgramArguments"] == [
        sys.executable,
        "-m",
        "echannel_connectors",
        "sync",
        "--project",
        str(job.folder),
    ]
    assert said["StartCalendarInterval"] == {"Hour": 6, "Minute": 5}
    assert said["StandardErrorPath"] == str(job.folder / ".echannel" / "schedule.log")
    assert found.installed(job) == AT
    assert found.remove(job)
    assert list(agents.iterdir()) == []
    assert not found.remove(job)


@ON_POSIX
@pytest.mark.parametrize("found", ["systemd", "launchd"])
def test_a_file_of_somebody_else_stays(programs: Path, job: Job, tmp_path: Path, found: str) -> None:
    folder = tmp_path / "somewhere"
    folder.mkdir()
    system, name = {
        "systemd": (Systemd(folder), f"{job.id}.service"),
        "launchd": (Launchd(folder), f"com.{job.id}.plist"),
    }[found]
    (folder / name).write_text("mine\n", encoding="utf-8")
    with pytest.raises(Refused, match="is not of echannel's making"):
        system.install(job)
    assert not system.remove(job)
    assert (folder / name).read_text(encoding="utf-8") == "mine\n"


# -- Windows ----------------------------------------------------------------------------------------------------------


@ON_POSIX
def test_windows_has_a_task(programs: Path, job: Job) -> None:
    found = Windows()
    for _ in range(2):
        found.install(job)
    assert found.installed(job) == AT
    text = found.parts(job)[0].text
    root = ElementTree.fromstring(text.partition("?>")[2])
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}

    def said(path: str) -> str | None:
        return root.findtext(path, namespaces=space)

    assert said("t:Triggers/t:CalendarTrigger/t:StartBoundary") == "2026-01-01T06:05:00"
    assert said("t:Triggers/t:CalendarTrigger/t:ScheduleByDay/t:DaysInterval") == "1"
    assert said("t:Actions/t:Exec/t:Command") == sys.executable
    assert said("t:Actions/t:Exec/t:Arguments") == f'-m echannel_connectors sync --project "{job.folder}"'
    assert said("t:Settings/t:StartWhenAvailable") == "true"
    assert found.remove(job)
    assert not (programs / "task").exists()
    assert not found.remove(job)


# -- all of them --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(schedule.SYSTEMS))
def test_no_secret_is_installed(name: schedule.Name, job: Job) -> None:
    (job.folder / ".env").write_text("SHOP_KEY=ABCDEFGH\n", encoding="utf-8")
    text = "".join(part.place + part.text for part in schedule.system(name).parts(job))
    assert "ABCDEFGH" not in text
    assert schedule.MARK in text or name == "windows"


@pytest.mark.parametrize(("text", "at"), [("6:00", time(6)), ("23h59", time(23, 59)), (" 06:05 ", AT)])
def test_a_time_of_the_day(text: str, at: time) -> None:
    assert schedule.time_of(text) == at


@pytest.mark.parametrize("text", ["24:00", "6", "6:60", "noon", ""])
def test_what_is_no_time_of_the_day(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a time of the day"):
        schedule.time_of(text)


@ON_POSIX
@pytest.mark.slow
def test_the_command_installs_shows_and_removes(programs: Path, tmp_path: Path) -> None:
    """`--print` installs nothing and can be piped; a project that cannot be read is told at once."""
    folder = tmp_path / "shop"
    folder.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "echannel_connectors", "schedule", "--system", "cron", *words]
        return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)

    assert run().returncode == 2
    (folder / "echannel.yaml").write_text("company: {language: fr}\nsources: {}\n", encoding="utf-8")
    shown = run("--print", "--at", "7:30")
    assert "30 7 * * * " in shown.stdout
    assert not (programs / "tab").exists()
    done = run("--at", "7:30")
    assert "Une synchronisation chaque jour à 07:30" in done.stderr
    assert (programs / "tab").read_text(encoding="utf-8") == shown.stdout
    assert "est retirée" in run("--remove").stderr
    assert not (programs / "tab").exists()
