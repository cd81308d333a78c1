"""A check as data: the question, the figure that answers it, when it is asked, and what to do about the answer."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from echannel_connectors.errors import SettingsError
from echannel_connectors.settings import Settings
from echannel_connectors.specs.places import Places
from echannel_connectors.texts import UNBREAKABLE, say

Area = Literal["inventory", "marketing", "growth", "costs", "orders", "cash", "data"]
Cadence = Literal["daily", "weekly", "monthly", "quarterly"]
Compare = Literal["threshold", "previous", "year_before", "target", "usual_range"]
Role = Literal["shop", "stock", "marketing", "management"]
Status = Literal["ok", "watch", "act", "no_data"]
Unit = Literal["money", "percent", "count", "days", "hours", "times"]

AREAS: tuple[Area, ...] = get_args(Area)
CADENCES: tuple[Cadence, ...] = get_args(Cadence)
ROLES: tuple[Role, ...] = get_args(Role)
STATUSES: tuple[Status, ...] = get_args(Status)
SHIPPED = Path(__file__).parent / "checks"
CHANGES = ("previous", "year_before", "target")  # limits of these are on a change, not on the figure itself
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class CheckError(SettingsError):
    """A check of the review, or what a company changed of it, is wrong; `place` is file:line:column."""

    title = say("Check")


def number_of(written: Any) -> Any:  # whatever the YAML holds
    """`5 %` is 0.05; a number of YAML is taken by its digits, never as a float."""
    if isinstance(written, bool):
        raise ValueError(say("it should be a number, such as 21 or 5 %"))
    text = str(written).replace(",", ".").strip()
    try:
        share = text.endswith("%")
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        raise ValueError(say("it should be a number, such as 21 or 5 %")) from None
    return number.scaleb(-2) if share else number


Number = Annotated[Decimal, BeforeValidator(number_of, json_schema_input_type=int | float | str)]


class Words(Settings):
    """What people read, in each language."""

    en: str
    fr: str

    def of(self, language: str) -> str:
        return UNBREAKABLE.sub("\u00a0", self.fr) if language == "fr" else self.en


class Advice(Settings):
    """What to do at each answer: one or two sentences to a person who can act."""

    ok: Words
    watch: Words
    act: Words
    no_data: Words

    def at(self, status: Status) -> Words:
        found: Words = getattr(self, status)
        return found


class Check(Settings):
    """One check: a figure of one mart at a rhythm, judged by a comparison."""

    name: Words = Field(description="What the figure is called in a table: a few words")
    question: Words = Field(description="The question that the figure answers")
    mart: Name = Field(description="The mart that is read, without its schema")
    date: Name | None = Field(None, description="The mart's day or month; without it, things are taken as they are now")
    is_monthly: bool = Field(
        False, description="Whether 'date' holds first days of months: then no part of one is told"
    )
    where: str | None = Field(None, description="Which rows count, as one SQL condition")
    numerator: str = Field(description="One SQL expression of sums and counts over the mart's columns")
    denominator: str | None = Field(None, description="What the numerator is divided by, once, after both are summed")
    sample: str | None = Field(None, description="How many things the figure is of, as a SQL count")
    least: int = Field(0, ge=0, description="With a smaller sample the figure is shown and raises no alarm")
    unit: Unit = Field(description="How the figure is written")
    breakdown: Literal["none", "markets_too", "markets_only"] = Field(
        "none", description="Whether it is also, or only, told for each market that the company has entered"
    )
    cadence: Cadence = Field(description="How often it is looked at")
    settles: int = Field(0, ge=0, le=60, description="Days after a period until its figures are complete")
    compare: Compare = Field(description="What the figure is held against")
    target: str | None = Field(None, description="The SQL expression of the target, for compare: target")
    change: Literal["relative", "points"] = Field(
        "relative", description="A change as a share of what it was, or as the difference of two rates"
    )
    good: Literal["up", "down"] = Field(description="Which direction is good news")
    watch: Number = Field(
        description="From here on somebody should watch: a figure, a worsening, or a width of its range"
    )
    act: Number = Field(description="From here on somebody has to act")
    thresholds: dict[Name, Number] = Field(
        default_factory=dict, description="Numbers that the SQL names as :name; a company may change them"
    )
    advice: Advice
    role: Role = Field(description="Who looks at it")
    source: str = Field(description="Where the definition comes from")
    _id: str = PrivateAttr("")
    _area: Area = PrivateAttr("data")
    _places: Places | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _fits_together(self) -> Check:
        if (self.target is None) == (self.compare == "target"):
            raise ValueError(say("'target' and 'compare: target' belong together"))
        if self.compare == "usual_range" and (self.cadence != "daily" or self.date is None):
            raise ValueError(say("a usual range is of days: 'cadence: daily', with a 'date'"))
        if self.date is None and self.compare == "year_before":
            raise ValueError(say("without a 'date' there is no year before"))
        if self.is_monthly and self.cadence not in ("monthly", "quarterly"):
            raise ValueError(say("figures of months are looked at monthly or quarterly"))
        for problem in limit_problems(self):
            raise ValueError(problem)
        return self

    @property
    def id(self) -> str:
        return self._id

    @property
    def area(self) -> Area:
        return self._area

    @property
    def is_shipped(self) -> bool:
        """Whether it is the library's, not a company's own."""
        return self._places is not None and self._places.file.parent == SHIPPED

    @property
    def is_snapshot(self) -> bool:
        """Whether it tells how things are now, so that only its own answers of the past are its history."""
        return self.date is None

    @property
    def is_change(self) -> bool:
        return self.compare in CHANGES

    @property
    def sql(self) -> dict[str, str]:
        """Its SQL by the keys that hold it."""
        keys = ("where", "numerator", "denominator", "sample", "target")
        return {key: text for key in keys if (text := getattr(self, key)) is not None}

    def place_of(self, key: str, at: int | None = None) -> str:
        """file:line:column of one of its keys, or of a character of that key's value."""
        return self._places.of(("checks", self._id, key), at) if self._places else ""

    def placed(self, name: str, area: Area, places: Places) -> Check:
        """The check under its name, with the file that it came from."""
        self._id, self._area, self._places = name, area, places
        return self


class CheckFile(Settings):
    """The checks of one area."""

    area: Area = Field(description="What the checks are about")
    checks: dict[Name, Check] = Field(description="Each check by its name, which stays the same for ever")


def limit_problems(check: Check) -> Iterator[str]:
    """A figure meets 'watch' before 'act'; changes and widths count how much worse it is, so they grow."""
    grows = check.is_change or check.compare == "usual_range" or check.good == "down"
    if (check.act < check.watch) if grows else (check.act > check.watch):
        yield say("'act' ({act}) comes before 'watch' ({watch})", act=check.act, watch=check.watch)
    if (check.is_change or check.compare == "usual_range") and check.watch < 0:
        yield say("'watch' says how much worse a figure has become: it is not negative")
