"""The report of one company as a page: what is open first, what changed, everything else in short, what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from zoneinfo import ZoneInfo

from echannel_connectors.review import Change, Review, words
from echannel_connectors.review.check import AREAS
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.judging import change_of
from echannel_connectors.review.periods import Stage
from echannel_connectors.review.report.parts import Writer, worst
from echannel_connectors.texts import Text, in_language, say

MOST_POINTS = 12  # what two people get through in twenty minutes
WHAT_FOR = {
    "getting_ready": say("Which data is there, and what is missing before the figures can be trusted."),
    "collecting": say("Whether every stream is complete every day; conclusions come later."),
    "evaluating": say("What has changed since the months of collecting, market by market."),
    "continuing": say("The habit: the right figures at the right time, and one action for each open point."),
}


def page(review: Review, *, since_last: bool = False) -> str:
    """The whole page; with `since_last` it begins with what is not as the review before left it."""
    write = Writer(review.company.language, review.company.currency)
    title = in_language(
        say("{company}: review of {day}", company=review.company.name, day=words.day(review.today)), write.language
    )
    points, phase = review.open_points, review.stage.phase if review.stage else None
    shown = points[:MOST_POINTS]
    body = [
        _stages(review, write),
        _areas(review, write),
        _changes(review, write) if since_last else "",
        _points(review, shown, len(points), write),
        _missing(review, write) if phase == "getting_ready" else "",
        _complete(review, write) if phase == "collecting" else "",
        _baselines(review, write),
        _others(review, shown, write),
        _coming(review, write),
        _foot(write),
    ]
    return write.frame(title, _header(review, write), "".join(body))


def _header(review: Review, write: Writer) -> str:
    end = say("Figures up to {day}", day=words.day(review.seen))
    last = say("First review")
    if review.last_review is not None:
        at = review.last_review.astimezone(ZoneInfo(review.company.time_zone))
        last = say("Last review: {day}", day=words.day(at.date()))
    title = say("Review of {day}", day=words.day(review.today))
    return (
        f'<div class="brand"><p class="company">{escape(review.company.name)}</p><h1>{write.text(title)}</h1></div>'
        f'<div class="meta"><p>{write.text(end)}</p><p>{write.text(last)}</p></div>'
    )


def _stages(review: Review, write: Writer) -> str:
    """The phase of the company and of each market, with what it is for."""
    lines = []
    if (stage := review.stage) is not None:
        lines.append(f"<p><strong>{write.text(stage_text(stage))}</strong> {write.text(WHAT_FOR[stage.phase])}</p>")
    if review.market_stages:
        markets = (
            f"<li><strong>{escape(name)}</strong> {write.text(stage_text(one))}</li>"
            for name, one in review.market_stages.items()
        )
        lines.append(f'<ul class="markets">{"".join(markets)}</ul>')
    return f'<section class="stage">{"".join(lines)}</section>' if lines else ""


def stage_text(stage: Stage) -> Text:
    name = words.PHASE[stage.phase]
    if stage.until is None:
        return say("Phase: {phase}.", phase=name)
    return say("Phase: {phase}, until {day}.", phase=name, day=words.day(stage.until))


def _areas(review: Review, write: Writer) -> str:
    tiles = []
    for area in AREAS:
        answers = [one for one in review.finished if one.check.area == area]
        if answers:
            tiles.append(
                f'<div class="tile {worst(answers)}"><p class="area">{write.text(words.AREA[area])}</p>'
                f'<p class="counts">{write.counts(answers)}</p></div>'
            )
    return f'<section class="areas">{"".join(tiles)}</section>'


# -- open points ------------------------------------------------------------------------------------------------------


def _points(review: Review, shown: Sequence[Answer], count: int, write: Writer) -> str:
    if not shown:
        return write.section(say("Open points"), f'<p class="empty">{write.text(nothing_open(review))}</p>')
    cards = "".join(_card(review, answer, write) for answer in shown)
    title = say("Open points: {n}", n=count)
    more = ""
    if count > len(shown):
        sentence = say("Less urgent, in the table below: {n} more.", n=count - len(shown))
        more = f'<p class="more">{write.text(sentence)}</p>'
    return write.section(title, f'<div class="points">{cards}</div>{more}')


def nothing_open(review: Review) -> Text:
    """What is said where no point is open: praise needs answers."""
    silent = sum(one.status == "no_data" for one in review.finished)
    if 2 * silent > len(review.finished):
        return say("Nothing is open, but most questions have no answer yet.")
    return say("Nothing is open. Well done.")


def _card(review: Review, answer: Answer, write: Writer) -> str:
    check = answer.check
    so_far = review.so_far(answer)
    running = ""
    if so_far is not None and so_far.value is not None and so_far.status != "no_data":
        figure = words.figure(check.unit, so_far.value, write.currency)
        sentence = say("{period}: {figure}", period=words.to_date(so_far.span), figure=figure)
        running = f'<p class="running">{write.text(sentence)} {write.chip(so_far.status)}</p>'
    return (
        f'<article class="point {answer.status}">'
        f"<header><h3>{write.title(answer)}</h3>{write.chip(answer.status)}</header>"
        f'<p class="question">{escape(check.question.of(write.language))}</p>'
        f'<div class="measure"><p class="figure">{write.figure(answer)}</p>{write.spark(answer)}</div>'
        f'<p class="against">{write.text(words.period(answer))} · {write.against(answer)}</p>{running}'
        f'<p class="advice">{write.advice(answer)}</p>'
        f'<p class="role">{write.text(words.ROLE[check.role])} · {write.text(words.CADENCE[check.cadence])}</p>'
        "</article>"
    )


# -- what changed, what is missing, against the beginning -------------------------------------------------------------


def _changes(review: Review, write: Writer) -> str:
    if not review.changes:
        return write.section(say("Since the last review"), f'<p class="empty">{write.text(nothing_new(review))}</p>')
    rows = [_change_row(change, write) for change in review.changes]
    return write.section(
        say("Since the last review"), write.table((say("figure"), say("then"), say("now"), ""), rows, (1, 2))
    )


def nothing_new(review: Review) -> Text:
    """Why there is nothing to tell since the last review."""
    if review.last_review is None:
        return say("There was no review before.")
    return say("Nothing has changed since the last review.")


def _change_row(change: Change, write: Writer) -> tuple[str, ...]:
    before = write.chip(change.before) if change.before else write.text(say("new"))
    then = write.text(words.figure(change.answer.check.unit, change.earlier, write.currency))
    moved = f"{before} → {write.chip(change.answer.status)}"
    return write.title(change.answer), then, write.figure(change.answer), moved


def _missing(review: Review, write: Writer) -> str:
    """What getting ready is about: each question that cannot be answered yet, why, and what to do."""
    rows = [
        (write.title(one), write.against(one), write.advice(one)) for one in review.finished if one.status == "no_data"
    ]
    heads = (say("figure"), say("why there is none"), say("what to do"))
    return write.section(say("What is missing"), write.table(heads, rows) if rows else "")


def _complete(review: Review, write: Writer) -> str:
    """What collecting is about: whether the figures themselves are fresh, complete and matched."""
    rows = [_row(one, write) for one in review.finished if one.check.area == "data"]
    heads = ("", say("figure"), say("value"), say("against"), say("history"))
    return write.section(say("Is everything complete?"), write.table(heads, rows, (2,)), "others")


def _baselines(review: Review, write: Writer) -> str:
    """For each market that is being evaluated: the collecting months against the last one. What has a target of its
    own is held against that one."""
    stages = {"": review.stage, **review.market_stages}
    rows = [
        row
        for answer in sorted(review.finished, key=lambda one: (one.market, AREAS.index(one.check.area)))
        if answer.baseline is not None
        and answer.check.compare != "target"
        and (stage := stages.get(answer.market))
        and stage.phase == "evaluating"
        for row in _baseline_row(answer, write)
    ]
    heads = (say("figure"), say("months of collecting"), say("last month"), say("change"))
    return write.section(say("Since the beginning"), write.table(heads, rows, (1, 2, 3)) if rows else "")


def _baseline_row(answer: Answer, write: Writer) -> Iterator[tuple[str, ...]]:
    if answer.value is None or answer.baseline is None or (answer.value == answer.baseline == 0):
        return
    unit = answer.check.unit
    # A rate is held against a rate in points, whatever the check itself does.
    check = answer.check.model_copy(update={"change": "points"}) if unit == "percent" else answer.check
    change = change_of(check, answer.value, answer.baseline)
    then = write.text(words.mean(unit, answer.baseline, write.currency))
    moved = write.text(words.change(check, change)) if change is not None else "–"
    yield write.title(answer), then, write.figure(answer), moved


# -- the rest ---------------------------------------------------------------------------------------------------------


def _others(review: Review, shown: Iterable[Answer], write: Writer) -> str:
    """All other answers in one line each, by area."""
    on_cards = {one.key for one in shown}
    left = [one for one in review.finished if one.key not in on_cards]
    told = [one for one in left if one.status != "no_data"]
    silent = [one for one in left if one.status == "no_data"]
    heads = ("", say("figure"), say("value"), say("against"), say("history"))
    groups = [(words.AREA[area], [_row(one, write) for one in told if one.check.area == area]) for area in AREAS]
    body = write.table(heads, groups=groups, numbers=(2,)) if told else ""
    text = write.section(say("Everything else"), body, "others")
    if silent:
        lines = "".join(f"<li><strong>{write.title(one)}</strong> {write.against(one)}</li>" for one in silent)
        text += write.section(say("No answer yet"), f'<ul class="silent">{lines}</ul>')
    return text


def _row(one: Answer, write: Writer) -> tuple[str, ...]:
    return write.chip(one.status), write.title(one), write.figure(one), write.against(one), write.spark(one)


def _coming(review: Review, write: Writer) -> str:
    rows = [
        (
            write.text(words.day(one.on)),
            write.text(words.CADENCE[one.cadence]),
            ", ".join(f"{write.text(words.ROLE[role])} ({n})" for role, n in one.roles.items()),
        )
        for one in review.coming
    ]
    return write.section(
        say("The coming reviews"),
        write.table((say("day"), say("rhythm"), say("who looks at how many")), rows),
        "coming",
    )


def _foot(write: Writer) -> str:
    sentence = say(
        "A period that is over is compared with a whole one, a running one with as many days. "
        "All answers are in mart.review."
    )
    return f"<footer>{write.text(sentence)}</footer>"
