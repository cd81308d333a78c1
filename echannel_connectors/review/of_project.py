"""The review of a project: what its echannel.yaml says of checks and markets, over its own tables."""

from __future__ import annotations

from datetime import date

from echannel_connectors.destinations import Publisher, warehouse_of
from echannel_connectors.project import FILE, Project
from echannel_connectors.review import Review, review
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.specs.places import Places


def reviewed(found: Project, *, keep: bool, then: date | None = None) -> Review:
    """The company's review of today; of a day before, only what the marts still know of it: not what is true now."""
    settings = found.file.reviews
    checks = catalogue(found.folder, settings, Places(found.folder / FILE, found.text))
    if then is not None:
        checks = [check for check in checks if not check.is_snapshot]
    return review(
        found.warehouse(), found.company, settings, entered=entered(found),
        sources=found.file.sources, checks=checks, today=then, keep=keep,
    )  # fmt: skip


def kept(found: Project) -> Review:
    """The review of today, written into mart.review and from there to where the tables go."""
    done = reviewed(found, keep=True)
    into = found.destination()
    if done.written and warehouse_of(into) is not into:
        _publish(into, done.today)  # type: ignore[arg-type]  # what is no warehouse is a publisher
    return done


def _publish(into: Publisher, today: date) -> None:
    into.publish("review", warehouse_of(into).query(into.select("review", today.isoformat())))


def entered(found: Project) -> dict[str, date | None]:
    """The company's markets with the day of entry, where echannel.yaml tells it."""
    return {name: market.entered_on for name, market in found.file.markets.items()}
