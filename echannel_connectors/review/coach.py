"""The coach's view over several companies: phase, what is due, status by area, what changed; no figure of anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from echannel_connectors.review import Review, words
from echannel_connectors.review.check import AREAS, CADENCES, Area, Status
from echannel_connectors.review.report.page import stage_text
from echannel_connectors.review.report.parts import Writer, worst
from echannel_connectors.texts import Text, in_language, say

SHOWN_CHANGES = 6


@dataclass(frozen=True, slots=True)
class Client:
    """One company as its coach sees it: its review, or why there is none."""

    folder: Path
    review: Review | None
    problem: str = ""

    @property
    def name(self) -> str:
        return self.review.company.name if self.review else self.folder.name

    def status(self, area: Area) -> Status:
        return worst(one for one in self.review.finished if one.check.area == area) if self.review else "no_data"

    @property
    def open_points(self) -> int:
        return len(self.review.open_points) if self.review else 0


def in_order(clients: Sequence[Client]) -> list[Client]:
    """Those that cannot be read first, then by what asks for somebody."""

    def rank(client: Client) -> tuple[int, int, int, str]:
        if client.review is None:
            return -1, 0, 0, client.name
        acts = sum(one.status == "act" for one in client.review.finished)
        return 0, -acts, -client.open_points, client.name

    return sorted(clients, key=rank)


def coach_page(clients: Sequence[Client], today: date, language: str) -> str:
    """One page over all companies, each by itself: status without figures, so that none is told of another's."""
    write = Writer(language, "")
    title = in_language(say("Reviews of {day}", day=words.day(today)), language)
    heading = say("Companies: {n}", n=len(clients))
    header = f'<div class="brand"><p class="company">{write.text(heading)}</p><h1>{escape(title)}</h1></div>'
    cards = "".join(_card(client, write) for client in in_order(clients))
    return write.frame(title, header, f'<div class="clients">{cards}</div>')


def _card(client: Client, write: Writer) -> str:
    review = client.review
    if review is None:
        return (
            f'<article class="client"><header><h2>{escape(client.name)}</h2></header>'
            f'<p class="notice">{write.text(client.problem)}</p></article>'
        )
    phase = write.text(stage_text(review.stage)) if review.stage else write.text(say("reviews.started_on is not set"))
    markets = "".join(
        f"<li><strong>{escape(name)}</strong> {write.text(words.PHASE[stage.phase])}</li>"
        for name, stage in review.market_stages.items()
    )
    areas = "".join(
        f"<li><span>{write.text(words.AREA[area])}</span>{write.chip(client.status(area))}</li>" for area in AREAS
    )
    return (
        f'<article class="client {worst(review.finished)}"><header><h2>{escape(client.name)}</h2>'
        f'<p class="counts">{write.counts(review.finished)}</p></header>'
        f'<p class="phase">{phase}</p>{f"<ul class=markets>{markets}</ul>" if markets else ""}'
        f'<ul class="by-area">{areas}</ul>{_due(review, write)}{_changed(review, write)}</article>'
    )


def _due(review: Review, write: Writer) -> str:
    rhythms = [answer.check.cadence for answer in review.due]
    counted = [(words.CADENCE[one], rhythms.count(one)) for one in CADENCES if one in rhythms]
    due = ", ".join(f"{in_language(name, write.language)} ({n})" for name, n in counted)
    sentence = say("Due now: {checks}", checks=due) if due else next_review(review)
    return f'<p class="due">{write.text(sentence)}</p>'


def next_review(review: Review) -> Text:
    if not review.coming:
        return say("Nothing is due.")
    return say("Nothing is due; next on {day}.", day=words.day(review.coming[0].on))


def _changed(review: Review, write: Writer) -> str:
    if not review.changes:
        return ""
    lines = "".join(
        f"<li>{write.title(one.answer)}: {write.text(words.STATUS[one.before] if one.before else say('new'))} → "
        f"{write.text(words.STATUS[one.answer.status])}</li>"
        for one in review.changes[:SHOWN_CHANGES]
    )
    return f'<h3>{write.text(say("Since the last review"))}</h3><ul class="changes">{lines}</ul>'
