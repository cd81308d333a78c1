"""A review as Markdown, to be sent or kept beside minutes, and as CSV with every answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from echannel_connectors.review import Review, history, words
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.report.page import MOST_POINTS, nothing_new, nothing_open, stage_text
from echannel_connectors.texts import in_language, say

SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\|*_`<>[]"})


def as_csv(review: Review) -> str:
    """Every answer, with the columns of mart.review but the moment of writing."""
    columns = [name for name in history.COLUMNS if name != "reviewed_at"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for answer in review.answers:
        row = history.row_of(answer, datetime.now(UTC), review.company)
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t"):
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else value


def as_markdown(review: Review, *, since_last: bool = False) -> str:
    """The same order as the page: open points first, then everything else and what comes."""
    plain = _Plain(review)
    points = review.open_points[:MOST_POINTS]
    shown = {answer.key for answer in points}
    others = [answer for answer in review.finished if answer.key not in shown]
    parts = [
        plain.head(),
        plain.changes() if since_last else [],
        [f"## {plain.told(say('Open points: {n}', n=len(review.open_points)))}"],
        [] if points else [plain.told(nothing_open(review))],
        *(plain.point(answer) for answer in points),
        plain.others(others),
        plain.coming(),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Plain:
    """The parts of the Markdown, each as lines."""

    review: Review

    @property
    def language(self) -> str:
        return self.review.company.language

    def told(self, sentence: str) -> str:
        return in_language(sentence, self.language)

    def safe(self, text: str) -> str:
        """Words from outside, whose characters mean nothing to Markdown."""
        return self.told(text).translate(SPECIAL)

    def figure(self, answer: Answer) -> str:
        return self.told(words.figure(answer.check.unit, answer.value, self.review.company.currency))

    def against(self, answer: Answer) -> str:
        return self.safe(words.against(answer, self.review.company.currency))

    def head(self) -> list[str]:
        review = self.review
        day = say("Review of {day}", day=words.day(review.today))
        title = self.told(say("{what}: {said}", what=self.safe(review.company.name), said=day))
        lines = [f"# {title}", "", self.told(say("Figures up to {day}", day=words.day(review.seen)))]
        return lines + (["", self.told(stage_text(review.stage))] if review.stage else [])

    def changes(self) -> list[str]:
        title = f"## {self.told(say('Since the last review'))}"
        if not self.review.changes:
            return [title, "", self.told(nothing_new(self.review))]
        rows = [
            (
                self.safe(words.title(one.answer, self.language)),
                self.told(words.STATUS[one.before] if one.before else say("new")),
                self.told(words.STATUS[one.answer.status]),
            )
            for one in self.review.changes
        ]
        return [title, "", *self.table((say("figure"), say("then"), say("now")), rows)]

    def point(self, answer: Answer) -> list[str]:
        check = answer.check
        name = self.safe(words.title(answer, self.language))
        title = (
            f"### {words.MARKS[answer.status]} {self.told(say('{what}: {said}', what=name, said=self.figure(answer)))}"
        )
        advice = self.safe(check.advice.at(answer.status).of(self.language))
        when = f"{self.told(words.period(answer))} · {self.against(answer)}"
        role = f"**{self.told(words.ROLE[check.role])}**"
        return [title, "", when, "", self.told(say("{what}: {said}", what=role, said=advice))]

    def others(self, answers: Iterable[Answer]) -> list[str]:
        rows = [
            (
                words.MARKS[one.status],
                self.safe(words.title(one, self.language)),
                self.figure(one),
                self.against(one),
            )
            for one in answers
        ]
        heads = ("", say("figure"), say("value"), say("against"))
        return [f"## {self.told(say('Everything else'))}", "", *self.table(heads, rows)]

    def coming(self) -> list[str]:
        rows = [
            (
                self.told(words.day(one.on)),
                self.told(words.CADENCE[one.cadence]),
                ", ".join(f"{self.told(words.ROLE[role])} ({n})" for role, n in one.roles.items()),
            )
            for one in self.review.coming
        ]
        heads = (say("day"), say("rhythm"), say("who looks at how many"))
        return [f"## {self.told(say('The coming reviews'))}", "", *self.table(heads, rows)]

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
        head = [f"| {' | '.join(map(self.told, heads))} |", "|" + "---|" * len(heads)]
        return head + [f"| {' | '.join(row)} |" for row in rows]
