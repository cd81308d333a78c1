"""`echannel review`: what is due and what to do about it, on the terminal and as a report."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from echannel_connectors.cli import show
from echannel_connectors.cli.folder import folders_of
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.errors import EChannelError
from echannel_connectors.project import Project, load
from echannel_connectors.review import Review, words
from echannel_connectors.review.coach import Client, coach_page, in_order, next_review
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.history import row_of
from echannel_connectors.review.of_project import kept, reviewed
from echannel_connectors.review.report import write_files, write_report
from echannel_connectors.review.report.page import MOST_POINTS, nothing_new, stage_text
from echannel_connectors.texts import say

REPORTS = "reviews"  # the folder beside echannel.yaml


def run(found: Project, report: Path | None, *, since_last: bool) -> None:
    """Review one company: write mart.review, print what is due, write the report."""
    done = kept(found)
    files = write_report(done, report or found.folder / REPORTS, since_last=since_last)
    if not sys.stdout.isatty():
        for answer in done.due:
            print(show.as_json(row_of(answer, datetime.now(UTC), done.company)))
    else:
        _show(done, since_last=since_last)
    show.talk(say("The report: {path}", path=files[0]))


def run_coach(pattern: str, report: Path | None) -> None:
    """Look at several companies without writing anything of theirs, and write the coach's page."""
    clients = [_client(folder) for folder in folders_of(pattern)]
    today = max((one.review.today for one in clients if one.review), default=date.today())  # noqa: DTZ011 - nobody has a zone
    page = {f"coach-{today.isoformat()}.html": coach_page(clients, today, spoken())}
    (file,) = write_files(page, report or Path(REPORTS))
    heads = (say("company"), say("phase"), say("due"), say("act"), say("watch"), say("changed"))
    rows = [_client_row(client) for client in in_order(clients)]
    show.table("", ("company", "phase", "due", "act", "watch", "changed"), rows, heads)
    for client in clients:
        if client.problem:
            show.line(say("✗ {name}: {problem}", name=client.name, problem=client.problem))
    show.talk(say("The coach's page: {path}", path=file))


# -- one company ------------------------------------------------------------------------------------------------------


def _show(done: Review, *, since_last: bool) -> None:
    currency = done.company.currency
    show.line(say("Review of {day}", day=words.day(done.today)))
    if done.stage:
        show.line(stage_text(done.stage))
    print()
    if since_last:
        _show_changes(done, currency)
    due = {one.key for one in done.due}
    for title, is_due in ((say("Due now"), True), (say("Still open"), False)):
        if found := [one for one in done.open_points if (one.key in due) == is_due]:
            _show_table(title, found, currency)
            print()
    if well := [one for one in done.due if one.status == "ok"]:
        figures = (f"{words.title(one, spoken())} {told(_figure(one, currency))}" for one in well)
        show.line(say("✓ Well ({n}): {figures}.", n=len(well), figures=" · ".join(figures)))
    if silent := sum(one.status == "no_data" for one in done.due):
        show.line(say("Without an answer yet: {n}. The report says why.", n=silent))
    if not done.due:
        show.line(next_review(done))
    _show_advice(done.open_points[:MOST_POINTS])
    print()
    for one in done.coming[:3]:
        show.line(
            say(
                "{day}: {rhythm} ({n})",
                day=words.day(one.on),
                rhythm=words.CADENCE[one.cadence],
                n=sum(one.roles.values()),
            )
        )


def _show_table(title: str, answers: Iterable[Answer], currency: str) -> None:
    heads = ("", say("figure"), say("value"), say("against"))
    show.table(title, ("status", "figure", "value", "against"), [_row(one, currency) for one in answers], heads)


def _row(answer: Answer, currency: str) -> tuple[str, ...]:
    figure = _figure(answer, currency)
    mark = f"{words.MARKS[answer.status]} {told(words.STATUS[answer.status])}"
    return mark, words.title(answer, spoken()), told(figure), told(words.against(answer, currency))


def _figure(answer: Answer, currency: str) -> str:
    return words.figure(answer.check.unit, answer.value, currency)


def _show_advice(answers: Iterable[Answer]) -> None:
    for answer in answers:
        print()
        role = words.ROLE[answer.check.role]
        show.line(
            say(
                "{mark} {figure} ({role})",
                mark=words.MARKS[answer.status],
                figure=words.title(answer, spoken()),
                role=role,
            )
        )
        show.line(answer.check.advice.at(answer.status).of(spoken()), indent="    ")


def _show_changes(done: Review, currency: str) -> None:
    rows = [
        (words.title(one.answer, spoken()), told(words.STATUS[one.before]) if one.before else told(say("new")),
         told(words.STATUS[one.answer.status]), told(words.figure(one.answer.check.unit, one.answer.value, currency)))
        for one in done.changes
    ]  # fmt: skip
    if rows:
        heads = (say("figure"), say("then"), say("now"), say("value"))
        show.table(say("Since the last review"), ("figure", "then", "now", "value"), rows, heads)
    else:
        show.line(nothing_new(done))
    print()


# -- several ----------------------------------------------------------------------------------------------------------


def _client(folder: Path) -> Client:
    try:
        return Client(folder, reviewed(load(folder), keep=False))
    except EChannelError as error:
        return Client(folder, None, error.sentence)


def _client_row(client: Client) -> tuple[object, ...]:
    review = client.review
    if review is None:
        return client.name, "–", None, None, None, None
    phase = told(words.PHASE[review.stage.phase]) if review.stage else "–"
    counts = [sum(one.status == status for one in review.finished) for status in ("act", "watch")]
    return client.name, phase, len(review.due), *counts, len(review.changes)
