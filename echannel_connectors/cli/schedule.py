"""`echannel schedule`: the daily sync by the system's own scheduler."""

from __future__ import annotations

from pathlib import Path

import typer

from echannel_connectors.cli import show
from echannel_connectors.cli.folder import opened
from echannel_connectors.cli.language import told
from echannel_connectors.start import schedule
from echannel_connectors.texts import say


def run(folder: Path, at: str, name: schedule.Name | None, *, remove: bool, only_print: bool) -> None:
    """Install, remove or show it. Nothing else is touched, and a second time changes nothing."""
    opened(folder)  # a project that cannot be read is told now, not every morning
    job = schedule.Job.of(folder, schedule.time_of(at))
    found = schedule.system(name)
    title = told(schedule.TITLES[found.name])
    if only_print:
        for part in found.parts(job):
            if part.place:
                show.talk(f"# {part.place}")
            typer.echo(part.text.rstrip("\n"))
    elif remove:
        is_gone = found.remove(job)
        show.talk(say("The daily sync is gone from {system}.", system=title) if is_gone
                  else say("There was no daily sync of this project in {system}.", system=title))  # fmt: skip
    else:
        found.install(job)
        show.talk(say("A sync every day at {at} by {system}.", at=f"{job.at:%H:%M}", system=title))
        show.talk(schedule.WHILE[found.name])
