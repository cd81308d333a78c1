"""What a company says about its reviews in echannel.yaml: since when, which limits, which days do not count."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from echannel_connectors.review.check import Number
from echannel_connectors.settings import Settings


class Limits(Settings):
    """A check's limits, where the company sets them otherwise."""

    watch: Number | None = None
    act: Number | None = None
    least: int | None = Field(default=None, ge=0, description="With a smaller sample the figure raises no alarm")


def _kind(written: Any) -> str:  # whatever the YAML holds
    return "tagged-limits" if isinstance(written, dict | Limits) else "tagged-number"


Threshold = Annotated[
    Annotated[Limits, Tag("tagged-limits")] | Annotated[Number, Tag("tagged-number")], Discriminator(_kind)
]


class Reviews(Settings):
    """The company's reviews: the phases count from `started_on`."""

    started_on: date | None = Field(default=None, description="When the consultation began")
    thresholds: dict[str, Threshold] = Field(
        default_factory=dict, description="A check's limits, {watch: …, act: …}, or the number of a named threshold"
    )
    leave_out: tuple[date, ...] = Field(default=(), description="Holidays and campaigns: days that are not usual ones")
