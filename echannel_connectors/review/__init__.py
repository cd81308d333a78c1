"""The PCGD: the habit of checking the right figures at the right time. review() asks every check that a company has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from echannel_connectors.destinations import Warehouse
from echannel_connectors.models.company import Company
from echannel_connectors.review import history, periods
from echannel_connectors.review.asking import marts_of
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.check import Cadence, Check, CheckError, Role, Status
from echannel_connectors.review.engine import Answer, Moment, answers, figures_end
from echannel_connectors.review.periods import Stage, stage
from echannel_connectors.review.settings import Reviews

__all__ = ["Change", "CheckError", "Coming", "Review", "Reviews", "catalogue", "review"]

ORDER: dict[Status, int] = {"act": 0, "watch": 1, "no_data": 2, "ok": 3}  # what asks for somebody comes first


@dataclass(frozen=True, slots=True)
class Change:
    """An answer that is not what the review before said; `before` and `earlier` are None for a check that is new."""

    answer: Answer
    before: Status | None
    earlier: Decimal | None


@dataclass(frozen=True, slots=True)
class Coming:
    """A review that is to come: its day, its rhythm, and who looks at how many checks."""

    on: date
    cadence: Cadence
    roles: Mapping[Role, int]


@dataclass(frozen=True, slots=True)
class Review:
    """All answers of one company on one day. `due` are those that no review has looked at yet, or that changed."""

    company: Company
    today: date
    seen: date
    answers: tuple[Answer, ...]
    due: tuple[Answer, ...]
    changes: tuple[Change, ...]
    last_review: datetime | None
    stage: Stage | None
    market_stages: Mapping[str, Stage]
    coming: tuple[Coming, ...]
    written: int = 0

    @property
    def finished(self) -> list[Answer]:
        """The answers of periods that are over, and of what is true now; what asks for somebody first."""
        return sorted((one for one in self.answers if not one.is_to_date), key=_order)

    @property
    def open_points(self) -> list[Answer]:
        return [one for one in self.finished if one.status in ("act", "watch")]

    def so_far(self, answer: Answer) -> Answer | None:
        """The same question about the running period, as far as it has come."""
        same = (one for one in self.answers if one.is_to_date and one.check is answer.check)
        return next((one for one in same if one.market == answer.market), None)


def review(
    into: Warehouse,
    company: Company | None = None,
    settings: Reviews | None = None,
    *,
    entered: Mapping[str, date | None] | None = None,
    sources: Iterable[str] = (),
    checks: Sequence[Check] | None = None,
    project: Path | None = None,
    today: date | None = None,
    keep: bool = True,
) -> Review:
    """Ask every check, judge the answers and keep them in mart.review (unless `keep` is false).

    `entered` are the company's markets with the day of entry; `sources` are those whose reading counts for how far the
    figures go. Raises CheckError for a check that is wrong, and the warehouse's own errors.
    """
    company, settings, entered = company or Company(), settings or Reviews(), entered or {}
    today = today or company.today()
    checks = catalogue(project, settings) if checks is None else checks
    marts = marts_of(into)  # asked before anything could make an empty file: says what to do where there is none
    with into.hold() if keep else nullcontext():
        before = history.stored(into)
        seen = figures_end(into, marts, sources, company.time_zone, today)
        left_out = frozenset(settings.leave_out)
        begun = {"": settings.started_on, **entered}
        baselines = {market: periods.baseline(day) for market, day in begun.items() if day is not None}
        moment = Moment(today, seen, tuple(entered), left_out, history.past_of(before), baselines)
        found = answers(into, checks, moment)
        written = history.write(into, found, before, company) if keep else 0
    changes = _changes(found, before)
    return Review(
        company=company, today=today, seen=seen, answers=tuple(found),
        due=tuple(sorted((one for one in found if _is_due(one, before)), key=_order)),
        changes=changes,
        last_review=max((row["reviewed_at"] for row in before.values()), default=None),
        stage=stage(settings.started_on, today) if settings.started_on else None,
        market_stages={name: stage(day, today) for name, day in entered.items() if day is not None},
        coming=tuple(_coming(checks, today)), written=written,
    )  # fmt: skip


def _is_due(answer: Answer, before: history.Rows) -> bool:
    """Whether its period is over (or has begun, for what is true now) and no review has looked at it, or it has changed
    since. What is true now moves all the time: within its period only another status is news."""
    known = before.get(answer.key)
    if answer.is_to_date or known is None:
        return not answer.is_to_date
    return known["status"] != answer.status or (not answer.check.is_snapshot and known["value"] != answer.value)


def _changes(found: Sequence[Answer], before: history.Rows) -> tuple[Change, ...]:
    """What is not as the review before left it: another status, by the newest period that it knew of."""
    newest: dict[tuple[str, str], history.Row] = {}
    for row in sorted(before.values(), key=lambda row: row["period_start"]):
        if not row["is_to_date"]:
            newest[row["check_id"], row["market"]] = row
    changes = []
    for answer in found:
        known = newest.get((answer.check.id, answer.market))
        if not answer.is_to_date and before and (known is None or known["status"] != answer.status):
            then = (known["status"], known["value"]) if known else (None, None)
            changes.append(Change(answer, *then))
    return tuple(sorted(changes, key=lambda change: _order(change.answer)))


def _coming(checks: Sequence[Check], today: date) -> Iterable[Coming]:
    """The next review of each rhythm, soonest first."""
    days: dict[tuple[date, Cadence], dict[Role, int]] = {}
    for check in checks:
        on = periods.next_due(check.cadence, today, check.settles, is_snapshot=check.is_snapshot)
        roles = days.setdefault((on, check.cadence), {})
        roles[check.role] = roles.get(check.role, 0) + 1
    return [Coming(on, cadence, roles) for (on, cadence), roles in sorted(days.items(), key=lambda item: item[0][0])]


def _order(answer: Answer) -> tuple[int, int]:
    return _rank(answer.status), 0 if answer.market == "" else 1


def _rank(status: Status) -> int:
    return ORDER[status]
