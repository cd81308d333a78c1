"""Figures, periods and comparisons as people read them, in both languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from echannel_connectors.days import Span
from echannel_connectors.models.company import decimals
from echannel_connectors.review.check import Area, Cadence, Check, Role, Status, Unit
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.periods import Phase
from echannel_connectors.texts import Text, say

STATUS: dict[Status, Text] = {
    "ok": say("ok"), "watch": say("watch"), "act": say("act"), "no_data": say("no data"),
}  # fmt: skip
MARKS: dict[Status, str] = {"ok": "✓", "watch": "!", "act": "✗", "no_data": "–"}
AREA: dict[Area, Text] = {
    "inventory": say("Inventory"), "marketing": say("Marketing"), "growth": say("Growth"),
    "costs": say("Costs and margin"), "orders": say("Orders"), "cash": say("Cash"), "data": say("Data"),
}  # fmt: skip
CADENCE: dict[Cadence, Text] = {
    "daily": say("every day"), "weekly": say("every week"), "monthly": say("every month"),
    "quarterly": say("every quarter"),
}  # fmt: skip
ROLE: dict[Role, Text] = {
    "shop": say("shop"), "stock": say("stock"), "marketing": say("marketing"), "management": say("management"),
}  # fmt: skip
PHASE: dict[Phase, Text] = {
    "getting_ready": say("getting ready"), "collecting": say("collecting"), "evaluating": say("evaluating"),
    "continuing": say("continuing"),
}  # fmt: skip
MONTHS = (
    say("January"), say("February"), say("March"), say("April"), say("May"), say("June"),
    say("July"), say("August"), say("September"), say("October"), say("November"), say("December"),
)  # fmt: skip
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
MINUS = "−"
FIRST = say("1")  # of a month: French says it as an ordinal


def figure(unit: Unit, value: Decimal | None, currency: str) -> Text | str:
    """A value with its unit; a dash where there is none."""
    if value is None:
        return "–"
    if unit == "money":
        return money(value, currency)
    n = _rounded(value * 100, 1) if unit == "percent" else _rounded(value, 2 if unit == "times" else 0)
    if n < 0:
        return say("{sign}{figure}", sign=MINUS, figure=figure(unit, -value, currency))
    if unit == "percent":
        return say("{n:,.1f}%", n=n)
    if unit == "times":
        return say("{n:,.2f} ×", n=n)
    if unit == "days":
        return say("1 day") if n == 1 else say("{n:,.0f} days", n=n)
    return say("{n:,.0f} h", n=n) if unit == "hours" else say("{n:,.0f}", n=n)


def mean(unit: Unit, value: Decimal, currency: str) -> Text | str:
    """A mean of several periods: of what is counted with a decimal, where it has one."""
    if unit == "count" and value != value.to_integral_value():
        return say("{n:,.1f}", n=_rounded(value, 1))
    return figure(unit, value, currency)


def _rounded(value: Decimal, places: int = 0) -> Decimal:
    """As many places as are shown, so that what shows as nothing has no sign."""
    return round(value, places) + 0


def money(value: Decimal, currency: str) -> Text:
    """Cents where they matter: below a thousand, and as many decimals as the currency has."""
    value = _rounded(value, decimals(currency) if abs(value) < 1000 else 0)
    sign, n = MINUS if value < 0 else "", abs(value)
    places = decimals(currency) if n < 1000 else 0
    if symbol := SYMBOLS.get(currency):
        return say("{sign}{symbol}{n:,.{places}f}", sign=sign, symbol=symbol, n=n, places=places)
    return say("{sign}{n:,.{places}f} {currency}", sign=sign, n=n, places=places, currency=currency)


def change(check: Check, value: Decimal) -> Text:
    """A change with its sign: in percent, or in points where two rates are compared."""
    sign = "+" if value >= 0 else MINUS
    if check.change == "points":
        return say("{sign}{n:.1f} points", sign=sign, n=abs(value) * 100)
    return say("{sign}{n:,.1f}%", sign=sign, n=abs(value) * 100)


def against(answer: Answer, currency: str) -> Text | str:
    """What the figure was held against, in a few words."""
    check, note = answer.check, answer.note
    if answer.status == "no_data":
        return note or "–"
    if answer.usual is not None:
        low = figure(check.unit, max(answer.usual.low, Decimal(0)), currency)
        high = figure(check.unit, answer.usual.high, currency)
        if note is not None:  # seven days are taken together
            return say("in 7 days; usual: {low} to {high}", low=low, high=high)
        return say("usual: {low} to {high}", low=low, high=high)
    if answer.change is not None:
        reference = answer.figure.target if check.compare == "target" else answer.previous
        values = {"change": change(check, answer.change), "reference": figure(check.unit, reference, currency)}
        if check.compare == "target":
            return say("{change} on the target of {reference}", **values)
        if check.compare == "year_before":
            return say("{change} on {reference} a year before", **values)
        return say("{change} on {reference} before", **values)
    return limits(check, currency)


def limits(check: Check, currency: str = "EUR") -> Text:
    """From where on a check says watch and act: of the figure itself, of its change, or of its usual range."""
    if check.compare == "usual_range":
        return say("usual range; two days in a row outside it, act at {act:.0f} times its width", act=check.act)
    if not check.is_change:
        watch, act = (figure(check.unit, limit, currency) for limit in (check.watch, check.act))
        if check.good == "down":
            return say("up to {watch}, act over {act}", watch=watch, act=act)
        return say("from {watch}, act under {act}", watch=watch, act=act)
    sign = 1 if check.good == "down" else -1
    values = {"watch": change(check, check.watch * sign), "act": change(check, check.act * sign)}
    if check.compare == "target":
        return say("{watch} on the target, act at {act}", **values)
    if check.compare == "year_before":
        return say("{watch} on the year before, act at {act}", **values)
    return say("{watch} on the period before, act at {act}", **values)


# -- days ------------------------------------------------------------------------------------------------------------


def month(at: date) -> Text:
    return say("{month} {year}", month=MONTHS[at.month - 1], year=at.year)


def day(at: date) -> Text:
    return say("{day} {month} {year}", day=_of_month(at), month=MONTHS[at.month - 1], year=at.year)


def _of_month(at: date) -> Text | int:
    return FIRST if at.day == 1 else at.day


def period(answer: Answer) -> Text:
    """The period of an answer, such as October 2026 or the week of 16 November 2026."""
    if answer.check.is_snapshot:
        return say("now")
    if answer.is_to_date:
        return to_date(answer.span)
    return whole(answer.check.cadence, answer.span)


def whole(cadence: Cadence, span: Span) -> Text:
    first = span.first
    if cadence == "daily":
        return day(first)
    if cadence == "weekly":
        return say("week of {day}", day=day(first))
    if cadence == "monthly":
        return month(first)
    return say("Q{n} {year}", n=(first.month + 2) // 3, year=first.year)


def to_date(span: Span) -> Text:
    """The days of a running period, such as 1 to 24 November, to date."""
    last = MONTHS[span.last.month - 1]
    if span.first.month == span.last.month:
        return say(
            "{first} to {last} {month}, to date", first=_of_month(span.first), last=_of_month(span.last), month=last
        )
    first = MONTHS[span.first.month - 1]
    return say(
        "{first} {first_month} to {last} {last_month}, to date",
        first=_of_month(span.first), first_month=first, last=_of_month(span.last), last_month=last,
    )  # fmt: skip


def title(answer: Answer, language: str) -> str:
    """What the answer is about: the figure, and its market where it is of one."""
    name = answer.check.name.of(language)
    return f"{name} · {answer.market}" if answer.market else name
