"""The tables of checks in docs/reviews.md and docs/reviews.fr.md, made from the checks themselves (`make schemas`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from echannel_connectors.review import words
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.check import CADENCES, ROLES, Check, Role
from echannel_connectors.texts import in_language, say

PAGES = {"reviews.md": "en", "reviews.fr.md": "fr"}
TABLES = re.compile(r"(?<=<!-- checks -->\n).*?(?=<!-- end -->)", re.DOTALL)


def tables(language: str) -> str:
    """What each role looks at and how often: a table per role, daily checks first."""
    checks = catalogue()
    return "".join(_role(role, checks, language) for role in ROLES)


def with_tables(page: str, language: str) -> str:
    """The page with its tables as the checks are now."""
    return TABLES.sub(lambda _: tables(language), page)


def _role(role: Role, checks: Sequence[Check], language: str) -> str:
    own = [check for cadence in CADENCES for check in checks if (check.role, check.cadence) == (role, cadence)]
    title = in_language(words.ROLE[role], language)
    heads = [in_language(text, language) for text in (say("rhythm"), say("check"), say("question"), say("against"))]
    lines = [f"### {title.capitalize()}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(_cells(check, language))} |" for check in own]
    return "\n" + "\n".join(lines) + "\n"


def _cells(check: Check, language: str) -> Iterator[str]:
    yield in_language(words.CADENCE[check.cadence], language)
    yield f"`{check.id}`"
    yield check.question.of(language)
    yield in_language(words.limits(check), language)
