"""`echannel readiness`: the questionnaire at the terminal, and its result as a file for a coach."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from echannel_connectors.cli import show
from echannel_connectors.cli.asking import ask
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.cli.review import REPORTS
from echannel_connectors.days import shift_months
from echannel_connectors.errors import SettingsError
from echannel_connectors.project import Project
from echannel_connectors.review import review, words
from echannel_connectors.review.of_project import entered
from echannel_connectors.review.readiness import Given, Question, Readiness, from_checks, given_in, keep, questionnaire
from echannel_connectors.review.report import write_files
from echannel_connectors.review.report.readiness import bar, heading, readiness_markdown, readiness_page, share_text
from echannel_connectors.texts import say

MONTHS_AHEAD = 6  # of an entry whose day is not known yet: the first step is today


def run(found: Project, market: str, report: Path | None) -> None:
    """Ask what a person has to answer, take the rest from the figures, show the result and write it down."""
    today = found.company.today()
    given = given_in(found.folder)
    known = _from_figures(found)
    if sys.stdin.isatty():
        given = _asked(given, market or given.market, known, today)
        keep(found.folder, given)
    elif not given.answers:
        raise SettingsError(
            say("nobody has answered the questionnaire yet"), hint=say("run `echannel readiness` at a terminal")
        )
    result = Readiness(market or given.market, _entry(found, market or given.market, today), {**given.answers, **known})
    files = write_files(
        {
            f"readiness-{today.isoformat()}.html": readiness_page(result, found.company, today),
            f"readiness-{today.isoformat()}.md": readiness_markdown(result, found.company, today),
        },
        report or found.folder / REPORTS,
    )
    _show(result)
    show.talk(say("For a coach: {path}", path=files[0]))


def _from_figures(found: Project) -> Mapping[str, Literal[1, 2, 3]]:
    """What the company's own tables answer; nothing before the first sync."""
    settings, sources = found.file.reviews, found.file.sources
    try:
        done = review(found.warehouse(), found.company, settings, sources=sources, keep=False)
    except SettingsError:
        return {}
    return from_checks(done.answers)


def _entry(found: Project, market: str, today: date) -> date:
    return entered(found).get(market) or shift_months(today, MONTHS_AHEAD)


def _asked(given: Given, market: str, known: Mapping[str, int], today: date) -> Given:
    """The answers of a person, those of the last time offered again; figures answer for themselves."""
    market = ask(say("Which market (country code, such as GB), empty for not yet"), market).upper()
    answers: dict[str, Literal[1, 2, 3]] = {}
    for topic in questionnaire().topics.values():
        show.talk(f"\n{topic.title.of(spoken())}")
        for name, one in topic.questions.items():
            show.talk(f"  {one.question.of(spoken())}")
            if name in known:
                show.talk(say("  → {answer} (from your figures)", answer=one.answers[known[name] - 1].of(spoken())))
            elif level := _answer(one, given.answers.get(name)):
                answers[name] = level
    return Given(market=market, answered_on=today, answers=answers)


def _answer(one: Question, before: int | None) -> Literal[1, 2, 3] | None:
    for number, words_of_answer in enumerate(one.answers, 1):
        show.talk(f"    {number}  {words_of_answer.of(spoken())}")

    def checked(answer: str) -> str:
        if answer not in ("", "1", "2", "3"):
            raise SettingsError(say("1, 2 or 3; empty leaves it out"))
        return answer

    answer = ask(say("    your answer"), str(before or ""), checked)
    levels: dict[str, Literal[1, 2, 3]] = {"1": 1, "2": 2, "3": 3}
    return levels.get(answer)


def _show(result: Readiness) -> None:
    topics = questionnaire().topics
    if not sys.stdout.isatty():
        print(show.as_json({"market": result.market, "levels": dict(result.levels),
                            "shares": {name: result.share(topic) for name, topic in topics.items()}}))  # fmt: skip
        return
    print()
    show.line(heading(result))
    print()
    widest = max(len(topic.title.of(spoken())) for topic in topics.values())
    for topic in topics.values():
        share = result.share(topic)
        print(f"  {topic.title.of(spoken()):<{widest}}  {bar(share)}  {told(share_text(share))}")
    print()
    if first := result.first():
        show.line(say("What to do first"))
    for number, (_, one) in enumerate(first, 1):
        show.line(f"{number}. {one.advice.of(spoken())}", indent="  ")
    print()
    show.line(say("The way into the market"))
    for on, step in result.checklist():
        show.line(f"☐ {told(words.day(on))}: {step.what.of(spoken())} ({told(words.ROLE[step.role])})", indent="  ")
