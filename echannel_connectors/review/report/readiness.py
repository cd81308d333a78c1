"""The result of the questionnaire as a file that a coach can read: a page and the same as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape

from echannel_connectors.models.company import Company
from echannel_connectors.review import words
from echannel_connectors.review.readiness import Question, Readiness, Topic, questionnaire
from echannel_connectors.review.report.parts import Writer
from echannel_connectors.review.report.plain import SPECIAL
from echannel_connectors.texts import Text, in_language, say

BAR = 10  # characters of a bar in text
NOTHING = say("not answered")


def heading(found: Readiness) -> Text:
    if found.market:
        return say("Ready for {market}?", market=found.market)
    return say("Ready for a new market?")


def bar(share: int | None) -> str:
    """A share of a hundred as ten characters."""
    full = round((share or 0) / 100 * BAR)
    return "█" * full + "░" * (BAR - full)


def share_text(share: int | None) -> Text:
    return NOTHING if share is None else say("{n}%", n=share)


def readiness_page(found: Readiness, company: Company, today: date) -> str:
    """The profile, what to do first, the checklist, and every answer."""
    write = Writer(company.language, company.currency)
    title = in_language(heading(found), write.language)
    header = (
        f'<div class="brand"><p class="company">{escape(company.name)}</p><h1>{escape(title)}</h1></div>'
        f'<div class="meta"><p>{write.text(words.day(today))}</p></div>'
    )
    body = [
        write.section(say("Profile"), _profile(found, write)),
        write.section(say("What to do first"), _first(found, write)),
        write.section(say("The way into the market"), _checklist(found, write)),
        write.section(say("All answers"), _answers(found, write)),
    ]
    return write.frame(f"{company.name}: {title}", header, "".join(body))


def _profile(found: Readiness, write: Writer) -> str:
    tiles = []
    for topic in questionnaire().topics.values():
        share = found.share(topic)
        kind = "no_data" if share is None else "ok" if share >= 75 else "watch" if share >= 40 else "act"
        meter = f'<meter min="0" max="100" value="{share or 0}">{share or 0}</meter>'
        tiles.append(
            f'<div class="tile {kind}"><p class="area">{escape(topic.title.of(write.language))}</p>'
            f'<p class="counts">{write.text(share_text(share))}</p>{meter}</div>'
        )
    return f'<div class="areas">{"".join(tiles)}</div>'


def _first(found: Readiness, write: Writer) -> str:
    items = "".join(
        f"<li><strong>{escape(topic.title.of(write.language))}</strong> {escape(one.advice.of(write.language))}</li>"
        for topic, one in found.first()
    )
    return f'<ol class="first">{items}</ol>' if items else ""


def _checklist(found: Readiness, write: Writer) -> str:
    rows = [
        ("☐", write.text(words.day(on)), escape(step.what.of(write.language)), write.text(words.ROLE[step.role]),
         write.text(words.AREA[step.area]))
        for on, step in found.checklist()
    ]  # fmt: skip
    return write.table(("", say("day"), say("step"), say("who"), say("area")), rows)


def _answers(found: Readiness, write: Writer) -> str:
    rows = [
        (escape(topic.title.of(write.language)), escape(one.question.of(write.language)), escape(answer))
        for topic, one, answer in answered(found, write.language)
    ]
    return write.table((say("topic"), say("question"), say("answer")), rows)


def answered(found: Readiness, language: str) -> Iterator[tuple[Topic, Question, str]]:
    """Every question with the answer that was given, or that the figures gave."""
    for topic in questionnaire().topics.values():
        for name, one in topic.questions.items():
            level = found.levels.get(name)
            yield topic, one, one.answers[level - 1].of(language) if level else in_language(NOTHING, language)


def readiness_markdown(found: Readiness, company: Company, today: date) -> str:
    """The same in the same order."""
    language = company.language

    def told(text: str) -> str:
        return in_language(text, language)

    lines = [f"# {company.name.translate(SPECIAL)}: {told(heading(found))}", "", told(words.day(today)), ""]
    lines += [f"## {told(say('Profile'))}", ""]
    for topic in questionnaire().topics.values():
        share = found.share(topic)
        lines.append(f"- {bar(share)} {told(share_text(share))} {topic.title.of(language)}")
    lines += ["", f"## {told(say('What to do first'))}", ""]
    lines += [
        f"{n}. **{topic.title.of(language)}**: {one.advice.of(language)}"
        for n, (topic, one) in enumerate(found.first(), 1)
    ]
    lines += ["", f"## {told(say('The way into the market'))}", ""]
    for on, step in found.checklist():
        lines.append(f"- [ ] {told(words.day(on))}: {step.what.of(language)} ({told(words.ROLE[step.role])})")
    lines += ["", f"## {told(say('All answers'))}", ""]
    lines += [f"- {one.question.of(language)} **{answer}**" for _, one, answer in answered(found, language)]
    return "\n".join(lines) + "\n"
