"""Is a company ready for a market? A questionnaire as data, its result, and the checklist of the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from echannel_connectors.days import shift_months
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.review.check import Area, Name, Role, Status, Words
from echannel_connectors.review.engine import Answer
from echannel_connectors.settings import Settings
from echannel_connectors.specs import first_mistake, sentence_of
from echannel_connectors.specs.places import LOADER, parsed
from echannel_connectors.texts import say

FILE = "readiness.yaml"  # in a project: the answers that were given
SHIPPED = Path(__file__).with_name(FILE)
BEST = 3
FIRST = 5  # what to do first: as much as fits into a month
LEVELS: dict[Status, int] = {"ok": 3, "watch": 2, "act": 1}  # what a check says of a question


class Question(Settings):
    """A question with its answers from the least to the best; with a `check`, the company's own figures answer it."""

    question: Words
    answers: tuple[Words, Words, Words]
    advice: Words = Field(description="What to do first where the answer is not the best")
    check: Name | None = Field(None, description="The check whose status is the answer")


class Topic(Settings):
    """Questions that belong together."""

    title: Words
    questions: dict[Name, Question]


class Step(Settings):
    """A step of the way into a market: who does it, and how many months after (before) the entry."""

    months: int
    area: Area
    role: Role
    what: Words


class Questionnaire(Settings):
    """The topics in their order, and the steps in theirs."""

    topics: dict[Name, Topic]
    steps: tuple[Step, ...]

    def questions(self) -> dict[str, Question]:
        return {name: one for topic in self.topics.values() for name, one in topic.questions.items()}


class Given(Settings):
    """What a company has answered: a project's readiness.yaml."""

    market: str = ""
    answered_on: date | None = None
    answers: dict[str, Literal[1, 2, 3]] = Field(default_factory=dict)

    @field_validator("answers")
    @classmethod
    def _known(cls, answers: dict[str, int]) -> dict[str, int]:
        known = questionnaire().questions()
        for name in answers:
            if name not in known:
                raise ValueError(
                    say("there is no question {name!r}; {hint}", name=name, hint=did_you_mean(name, known))
                )
        return answers


@cache
def questionnaire() -> Questionnaire:
    """The library's questionnaire."""
    return Questionnaire.model_validate(yaml.load(SHIPPED.read_text(encoding="utf-8"), Loader=LOADER))  # noqa: S506 - a safe loader


def given_in(folder: Path) -> Given:
    """The answers that a project holds; none where nobody has answered yet. Raises SettingsError with the place."""
    file = folder / FILE
    if not file.is_file():
        return Given()
    places, data = parsed(file)
    places.check_repeated()
    try:
        return Given.model_validate(data or {})
    except ValidationError as error:
        first = first_mistake(error)
        raise SettingsError(sentence_of(first, Given), place=places.of(first["loc"])) from None


def keep(folder: Path, given: Given) -> Path:
    """Write the answers into the project, so that they can be gone through again."""
    file = folder / FILE
    text = yaml.safe_dump(given.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True)
    file.write_text(text, encoding="utf-8")
    return file


def from_checks(answers: Sequence[Answer]) -> dict[str, Literal[1, 2, 3]]:
    """The questions that the company's own figures answer: where they tell nothing yet, a person is asked."""
    status = {one.check.id: one.status for one in answers if not one.market and not one.is_to_date}
    found = {name: one.check for name, one in questionnaire().questions().items() if one.check is not None}
    return {name: LEVELS[status[check]] for name, check in found.items() if status.get(check) in LEVELS}  # type: ignore[misc]  # LEVELS holds 1, 2, 3


@dataclass(frozen=True, slots=True)
class Readiness:
    """The result: each question's answer (1 to 3), and what follows from it."""

    market: str
    entry: date
    levels: Mapping[str, int]

    def share(self, topic: Topic) -> int | None:
        """How ready a topic is, in percent; None where nothing of it was answered."""
        known = [self.levels[name] - 1 for name in topic.questions if name in self.levels]
        return round(100 * sum(known) / (len(known) * (BEST - 1))) if known else None

    def first(self) -> list[tuple[Topic, Question]]:
        """What to do first: the weakest answers, in the order of the questionnaire."""
        weak = [
            (self.levels[name], topic, one)
            for topic in questionnaire().topics.values()
            for name, one in topic.questions.items()
            if self.levels.get(name, BEST) < BEST
        ]
        return [(topic, one) for _, topic, one in sorted(weak, key=lambda item: item[0])][:FIRST]

    def checklist(self) -> Iterator[tuple[date, Step]]:
        """Each step with its day."""
        for step in questionnaire().steps:
            yield shift_months(self.entry, step.months), step
