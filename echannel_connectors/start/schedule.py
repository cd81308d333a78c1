"""The daily sync by the system's own scheduler: cron, a systemd user timer, launchd, or the Windows Task Scheduler.

Each system says what it would install, installs it, finds it again and removes it. What is ours carries a mark with the
project's folder in it, so that two projects do not meet and nothing of anybody else's is touched. No secret is part of
it: a sync finds its own in the .env file of the project's folder.
"""

from __future__ import annotations

import hashlib
import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Literal, Protocol
from xml.sax.saxutils import escape

from echannel_connectors.errors import Refused, SettingsError
from echannel_connectors.texts import Text, say

Name = Literal["cron", "systemd", "launchd", "windows"]
USUAL = time(6, 0)
MARK = "Made by `echannel schedule`, whose option `remove` takes it away again."  # no two hyphens: XML
LOG = ".echannel/schedule.log"


@dataclass(frozen=True, slots=True)
class Job:
    """A sync of one project at the same time of every day, on this machine's clock."""

    folder: Path  # absolute
    at: time = USUAL
    program: tuple[str, ...] = (sys.executable, "-m", "echannel_connectors")

    @classmethod
    def of(cls, folder: Path, at: time = USUAL) -> Job:
        return cls(folder.resolve(), at)

    @property
    def id(self) -> str:
        """A name of its own for each folder: letters, digits and hyphens."""
        word = re.sub(r"[^a-z0-9]+", "-", self.folder.name.lower()).strip("-")[:30]
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:8]
        return f"echannel-{word}-{digest}" if word else f"echannel-{digest}"

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.program, "sync", "--project", os.fspath(self.folder))


@dataclass(frozen=True, slots=True)
class Part:
    """What would be installed: a text and where it goes (a file, the crontab), or a command that is run."""

    place: str
    text: str


class System(Protocol):
    """A scheduler. Whatever it does a second time changes nothing."""

    name: Name

    def parts(self, job: Job) -> list[Part]:
        """Exactly what `install` writes and runs."""

    def install(self, job: Job) -> None: ...

    def remove(self, job: Job) -> bool:
        """Take it away; False where there was nothing of ours."""

    def installed(self, job: Job) -> time | None:
        """When the project's sync runs; None where it is not scheduled here."""


TITLES: Mapping[Name, Text] = {
    "cron": say("cron, the scheduler of this system"),
    "systemd": say("a systemd timer of your own account"),
    "launchd": say("launchd, the scheduler of macOS"),
    "windows": say("the Windows Task Scheduler"),
}
WHILE: Mapping[Name, Text] = {
    "cron": say("It runs while this computer is on; a day on which it is off at that time is read with the next one."),
    "systemd": say("It runs while you are logged in, and after a missed time at your next login; on a server, "
                   "`loginctl enable-linger` lets it run without one."),
    "launchd": say("It runs while you are logged in, and after a sleep over that time when the computer wakes up."),
    "windows": say("It runs while you are logged in, and after a missed time as soon as that is possible."),
}  # fmt: skip


def recognised() -> Name:
    """The scheduler of this system. Raises SettingsError where there is none that is known."""
    if sys.platform == "win32":
        return "windows"
    if sys.platform == "darwin":
        return "launchd"
    if shutil.which("systemctl") and _run("systemctl", "--user", "show-environment").returncode == 0:
        return "systemd"
    if shutil.which("crontab"):
        return "cron"
    raise SettingsError(
        say("this system has neither cron nor a systemd of your own account"),
        hint=say("install cron (apt install cron), or let another scheduler run `echannel sync` once a day"),
    )


def system(name: Name | None = None) -> System:
    return SYSTEMS[name or recognised()]()


def time_of(text: str) -> time:
    """06:00 as a time of the day. Raises SettingsError."""
    match = re.fullmatch(r"(\d{1,2})[:h](\d{2})", text.strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise SettingsError(say("{text!r} is not a time of the day", text=text), hint=say("write it as 06:00"))
    return time(int(match[1]), int(match[2]))


# -- cron -------------------------------------------------------------------------------------------------------------


class Cron:
    """A block of lines in the user's crontab, between two lines that carry the project's id."""

    name: Name = "cron"

    def parts(self, job: Job) -> list[Part]:
        return [Part("crontab", self._block(job, ""))]

    def install(self, job: Job) -> None:
        _make_room_for_log(job)
        before = _without(self._read(), job)
        joint = "" if not before or before.endswith("\n") else "\n"
        self._write(before + joint + self._block(job, " (a new line was added before this one)" if joint else ""))

    def remove(self, job: Job) -> bool:
        before = self._read()
        after = _without(before, job)
        if after == before:
            return False
        if after:
            self._write(after)
        else:
            _must("crontab", "-r")
        return True

    def installed(self, job: Job) -> time | None:
        block = _block_of(job).search(self._read()) if shutil.which("crontab") else None
        match = re.search(r"^(\d+) (\d+) \* \* \* ", block[0], re.MULTILINE) if block else None
        return time(int(match[2]), int(match[1])) if match else None

    @staticmethod
    def _block(job: Job, joint: str) -> str:
        # cron takes a % for the end of the line, quoted or not.
        command = f"{shlex.join(job.command)} >> {shlex.quote(os.fspath(job.folder / LOG))} 2>&1".replace("%", r"\%")
        return f"# {job.id} begins{joint}. {MARK}\n{job.at.minute} {job.at.hour} * * * {command}\n# {job.id} ends.\n"

    @staticmethod
    def _read() -> str:
        done = _run("crontab", "-l")  # 1, and words on stderr, where there is no crontab yet
        return done.stdout if done.returncode == 0 else ""

    @staticmethod
    def _write(text: str) -> None:
        _must("crontab", "-", text=text)


def _block_of(job: Job) -> re.Pattern[str]:
    name = re.escape(job.id)
    return re.compile(
        rf"^# {name} begins(?P<joint> \(a new line [^)]*\))?\. .*\n(?:.*\n)*?# {name} ends\.\n", re.MULTILINE
    )


def _without(text: str, job: Job) -> str:
    """The crontab as it was before us, byte for byte."""
    match = _block_of(job).search(text)
    if not match:
        return text
    before = text[: match.start()]
    return (before.removesuffix("\n") if match["joint"] else before) + text[match.end() :]


# -- systemd ----------------------------------------------------------------------------------------------------------


class Systemd:
    """A service and a timer in the user's own folder of units."""

    name: Name = "systemd"

    def __init__(self, units: Path | None = None) -> None:
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self._units = units or config / "systemd" / "user"

    def parts(self, job: Job) -> list[Part]:
        files = [Part(os.fspath(self._units / name), text) for name, text in self._texts(job).items()]
        return [*files, *(Part("", shlex.join(command)) for command in self._commands(job))]

    def install(self, job: Job) -> None:
        for name, text in self._texts(job).items():
            _write_own(self._units / name, text)
        for command in self._commands(job):
            _must(*command)

    def remove(self, job: Job) -> bool:
        files = [file for name in self._texts(job) if (file := self._units / name).is_file() and _is_own(file)]
        if not files:
            return False
        _must("systemctl", "--user", "disable", "--now", f"{job.id}.timer")
        for file in files:
            file.unlink()
        _must("systemctl", "--user", "daemon-reload")
        return True

    def installed(self, job: Job) -> time | None:
        file = self._units / f"{job.id}.timer"
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        match = re.search(r"^OnCalendar=\*-\*-\* (\d\d):(\d\d):00$", text, re.MULTILINE)
        return time(int(match[1]), int(match[2])) if match else None

    @staticmethod
    def _commands(job: Job) -> list[tuple[str, ...]]:
        return [
            ("systemctl", "--user", "daemon-reload"),
            ("systemctl", "--user", "enable", "--now", f"{job.id}.timer"),
        ]

    @staticmethod
    def _texts(job: Job) -> dict[str, str]:
        about = _one_line(os.fspath(job.folder)).replace("%", "%%")
        command = " ".join(map(_of_systemd, job.command))
        service = (
            f"# {MARK}\n[Unit]\nDescription=Sync of the figures in {about}\n\n"
            f"[Service]\nType=oneshot\nExecStart={command}\n"
        )
        timer = (
            f"# {MARK}\n[Unit]\nDescription=Daily sync of the figures in {about}\n\n"
            f"[Timer]\nOnCalendar=*-*-* {job.at:%H:%M}:00\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n"
        )
        return {f"{job.id}.service": service, f"{job.id}.timer": timer}


def _of_systemd(word: str) -> str:
    """A word of ExecStart: quoted, with % and $ that mean themselves."""
    quoted = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{quoted}"'


# -- launchd ----------------------------------------------------------------------------------------------------------


class Launchd:
    """An agent in the user's LaunchAgents."""

    name: Name = "launchd"

    def __init__(self, agents: Path | None = None) -> None:
        self._agents = agents or Path.home() / "Library" / "LaunchAgents"

    def parts(self, job: Job) -> list[Part]:
        return [
            Part(os.fspath(self._file(job)), self._text(job)),
            Part("", shlex.join(("launchctl", "bootstrap", self._domain(), os.fspath(self._file(job))))),
        ]

    def install(self, job: Job) -> None:
        _make_room_for_log(job)
        _write_own(self._file(job), self._text(job))
        _run("launchctl", "bootout", f"{self._domain()}/{self._label(job)}")  # one of before, if there is any
        _must("launchctl", "bootstrap", self._domain(), os.fspath(self._file(job)))

    def remove(self, job: Job) -> bool:
        file = self._file(job)
        if not file.is_file() or not _is_own(file):
            return False
        _run("launchctl", "bootout", f"{self._domain()}/{self._label(job)}")
        file.unlink()
        return True

    def installed(self, job: Job) -> time | None:
        file = self._file(job)
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            at = plistlib.load(opened).get("StartCalendarInterval", {})
        return time(at["Hour"], at["Minute"]) if at else None

    @staticmethod
    def _domain() -> str:
        return f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"

    @staticmethod
    def _label(job: Job) -> str:
        return f"com.{job.id}"

    def _file(self, job: Job) -> Path:
        return self._agents / f"{self._label(job)}.plist"

    def _text(self, job: Job) -> str:
        log = os.fspath(job.folder / LOG)
        said = {
            "Label": self._label(job),
            "ProgramArguments": list(job.command),
            "WorkingDirectory": os.fspath(job.folder),
            "StartCalendarInterval": {"Hour": job.at.hour, "Minute": job.at.minute},
            "StandardOutPath": log,
            "StandardErrorPath": log,
        }
        return plistlib.dumps(said, sort_keys=False).decode().replace("<plist ", f"<!-- {MARK} -->\n<plist ", 1)


# -- Windows ----------------------------------------------------------------------------------------------------------


class Windows:
    """A task in a folder of its own of the Task Scheduler."""

    name: Name = "windows"

    def parts(self, job: Job) -> list[Part]:
        create = subprocess.list2cmdline(["schtasks", "/Create", "/TN", self._path(job), "/XML", "task.xml", "/F"])
        return [Part("task.xml", self._text(job)), Part("", create)]

    def install(self, job: Job) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "task.xml")
            file.write_text(self._text(job), encoding="utf-16")
            _must("schtasks", "/Create", "/TN", self._path(job), "/XML", os.fspath(file), "/F")

    def remove(self, job: Job) -> bool:
        if self.installed(job) is None:
            return False
        _must("schtasks", "/Delete", "/TN", self._path(job), "/F")
        return True

    def installed(self, job: Job) -> time | None:
        done = _run("schtasks", "/Query", "/TN", self._path(job), "/XML")
        match = (
            re.search(r"<StartBoundary>\d{4}-\d\d-\d\dT(\d\d):(\d\d)", done.stdout) if done.returncode == 0 else None
        )
        return time(int(match[1]), int(match[2])) if match else None

    @staticmethod
    def _path(job: Job) -> str:
        return f"\\E-Channel\\{job.id}"

    @staticmethod
    def _text(job: Job) -> str:
        program, *rest = job.command
        # Any day of the past begins it. StartWhenAvailable: a missed time is made up for.
        return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{escape(MARK)}</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2026-01-01T{job.at:%H:%M}:00</StartBoundary>
      <Enabled>true</Enabled>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT12H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(subprocess.list2cmdline(rest))}</Arguments>
      <WorkingDirectory>{escape(os.fspath(job.folder))}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


SYSTEMS: Mapping[Name, Callable[[], System]] = {
    "cron": Cron,
    "systemd": Systemd,
    "launchd": Launchd,
    "windows": Windows,
}


# -- what they share -------------------------------------------------------------------------------------------------


def _run(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """A system's program; one that is not there answers 127. Its text comes and goes byte for byte."""
    given = None if text is None else text.encode(errors="surrogateescape")
    try:
        done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603 - fixed programs, words without a shell
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
    out, err = (one.decode(errors="surrogateescape") for one in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(command, done.returncode, out, err)


def _must(*command: str, text: str | None = None) -> None:
    done = _run(*command, text=text)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        sentence = say("{program} refused: {problem}", program=command[0], problem=said[0] if said else done.returncode)
        raise Refused(sentence, hint=say("`echannel schedule --print` shows what to install by hand"))


def _make_room_for_log(job: Job) -> None:
    """A shell that cannot write its output does not run the command either."""
    (job.folder / LOG).parent.mkdir(exist_ok=True)


def _is_own(file: Path) -> bool:
    return MARK in file.read_text(encoding="utf-8", errors="replace")


def _write_own(file: Path, text: str) -> None:
    """Write a file of ours; one of that name that somebody else made stays. Raises Refused."""
    if file.exists() and not _is_own(file):
        raise Refused(
            say("{path} is there already and is not of echannel's making", path=file),
            hint=say("move it away, then try again"),
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", " ", text)
