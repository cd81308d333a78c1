"""`echannel plan`: the markets there are, and what entering one would bring, as a page and as targets."""

from __future__ import annotations

import re
import sys
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from echannel_connectors.cli import show
from echannel_connectors.cli.language import speak, told
from echannel_connectors.cli.review import REPORTS
from echannel_connectors.errors import SettingsError
from echannel_connectors.plan import MOST_MONTHS, Entered, Plan, Possible, markets_of, plan_market
from echannel_connectors.plan.inputs import INPUTS, values_of
from echannel_connectors.plan.model import CASES, Case, Forecast
from echannel_connectors.plan.page import CASE, MEASURE, SAID, nothing_to_replay, off_text, plan_page, replay_text
from echannel_connectors.plan.targets import Saved, rows_of, save
from echannel_connectors.project import Project
from echannel_connectors.review import words
from echannel_connectors.review.report import write_files
from echannel_connectors.texts import Text, say


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for beside the market."""

    values: tuple[str, ...] = ()
    start: str | None = None
    months: int = 24
    currency: str | None = None
    language: str | None = None
    case: Case = "middle"
    is_saved: bool = False
    is_confirmed: bool = False
    is_opened: bool = False
    report: Path | None = None


def list_markets(found: Project) -> None:
    """A line for each market: those that sell, and those that could."""
    entered, possible = markets_of(found.warehouse(), found.company)
    columns = ("market", "state", "since", "orders", "net_sales", "contribution", "months_to_break_even")
    heads = (say("market"), say("state"), say("since"), say("orders"), say("net sales"), say("contribution"))
    rows = [*map(_entered_row, entered), *map(_possible_row, possible)]
    show.table(say("Markets, and what the last twelve whole months brought"), columns, rows, heads)
    if sys.stdout.isatty():
        show.talk(say("A plan for one of them, or for any other country: {command}", command="echannel plan IT"))


def run(found: Project, market: str, wish: Wish) -> None:
    """Plan the market, write the page, show the three cases, and save the targets where that is asked for."""
    if not re.fullmatch("[A-Z]{2}", market):
        raise SettingsError(say("{code!r} is not a country; use its ISO code, such as FR or GB", code=market))
    if wish.language:
        speak(wish.language)
    plan = plan_market(
        found.warehouse(), found.company, market, said=values_of(wish.values), start=_start(wish.start),
        months=min(wish.months, MOST_MONTHS), currency=wish.currency,
    )  # fmt: skip
    if wish.language:
        plan = plan.speaking(wish.language)
    if wish.is_saved and plan.assumptions and not wish.is_confirmed:
        raise _unconfirmed(plan)
    (page,) = write_files({f"plan-{market.lower()}.html": plan_page(plan)}, wish.report or found.folder / REPORTS)
    cases = plan.cases()
    if sys.stdout.isatty():
        _show(plan, cases)
    else:
        print(show.as_json(_as_json(plan, cases)))
    if wish.is_saved:
        _show_saved(save(found, market, rows_of(cases[wish.case], found.company.currency)), wish.case)
    show.talk(say("The plan: {path}", path=page))
    if wish.is_opened:
        webbrowser.open(page.resolve().as_uri())


# -- how --------------------------------------------------------------------------------------------------------------


def _entered_row(one: Entered) -> tuple[object, ...]:
    left = None if one.contribution is None else _whole(one.contribution)
    figures = _whole(one.orders), _whole(one.net_sales), left
    months = None if one.is_home else one.months_to_break_even
    return one.market, told(_state(one)), told(words.month(one.since)), *figures, months


def _state(one: Entered) -> Text:
    """What a market is, and whether it has earned back what it cost, if it cost anything."""
    months = one.months_to_break_even
    if one.is_home:
        return say("home")
    if not one.is_invested:
        return say("entered")
    if months is None:
        return say("entered, not paid back yet")
    if months < 2:
        return say("entered, paid back after a month") if months else say("entered, paid back at once")
    return say("entered, paid back after {n} months", n=months)


def _possible_row(one: Possible) -> tuple[object, ...]:
    state = (
        say("planned")
        if one.entered_on
        else say("possible: {n:,.0f} visits", n=one.visits)
        if one.visits
        else say("possible")
    )
    since = told(words.month(one.entered_on)) if one.entered_on else None
    return one.market, told(state), since, None, None, None, None


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value())


def _start(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise SettingsError(
            say("{text!r} is not a {name}", text=text, name="month"), hint=say("a month is written 2026-02")
        ) from None


def _unconfirmed(plan: Plan) -> SettingsError:
    names = ", ".join(plan.assumptions)
    sentence = say(
        "{n} values are assumptions that nobody has confirmed: {names}", n=len(plan.assumptions), names=names
    )
    return SettingsError(sentence, hint=say("say each with --set NAME=VALUE, or take all as they are with --confirm"))


def _show(plan: Plan, cases: Mapping[Case, Forecast]) -> None:
    if plan.replay is None:
        show.line(nothing_to_replay())
    else:
        show.line(replay_text(plan.replay))
        for case in CASES:
            off = (told(off_text(plan.replay, case, measure)) for measure in MEASURE)
            show.line(say("{case}: {figures}", case=CASE[case], figures=" · ".join(off)), indent="  ")
    print()
    title = say(
        "A plan for {market}, {n} months from {month}", market=plan.market, n=plan.months, month=words.month(plan.start)
    )
    names = ("monthly_contribution", "break_even", "cash_needed", "return_on_investment")
    rows = [(told(SAID[name]), *(told(_figure(plan, cases[case], name)) for case in CASES)) for name in names]
    show.table(title, ("figure", *CASES), rows, ("", *CASE.values()))
    if plan.assumptions:
        print()
        labels = "; ".join(f"{told(INPUTS[name].label)} ({name})" for name in plan.assumptions)
        show.line(say("Assumptions to confirm: {names}.", names=labels))


def _figure(plan: Plan, found: Forecast, name: str) -> Text:
    if name == "break_even":
        number = found.break_even
        if number is None:
            return say("not within {n} months", n=plan.months)
        return (
            say("month {n}: {month}", n=number, month=words.month(found.months[number].month))
            if number
            else SAID["at_once"]
        )
    value: Decimal | None = getattr(found, name)
    if name == "return_on_investment":
        if value is None:
            return SAID["none"]
        sign = words.MINUS if value < 0 else ""
        return say("{sign}{n:,.1f}%", sign=sign, n=abs(value) * 100)
    amount = words.money(value or Decimal(0), plan.company.currency)
    if plan.currency == plan.company.currency:
        return amount
    other = words.money((value or Decimal(0)) / plan.values["rate"], plan.currency)
    return say("{amount} ({other})", amount=amount, other=other)


def _as_json(plan: Plan, cases: Mapping[Case, Forecast]) -> dict[str, object]:
    replay = plan.replay
    return {
        "market": plan.market, "currency": plan.currency, "start": plan.start, "months": plan.months,
        "inputs": {
            name: {"value": one.value, "kind": one.kind, "origin": told(one.origin)}
            for name, one in plan.starts.items()
        },
        "cases": {
            case: {
                "monthly_contribution": one.monthly_contribution, "break_even": one.break_even,
                "cash_needed": one.cash_needed, "return_on_investment": one.return_on_investment,
            }
            for case, one in cases.items()
        },
        "replay": replay and {
            "market": replay.market, "entered_on": replay.entered_on, "months": len(replay.months),
            "off": {case: {measure: replay.off(case, measure) for measure in MEASURE} for case in CASES},
        },
    }  # fmt: skip


def _show_saved(saved: Saved, case: Case) -> None:
    show.talk(
        say(
            "{n} targets of the case “{case}” are written to {file}.", n=saved.written, case=CASE[case], file=saved.file
        )
    )
    if saved.replaced:
        show.talk(say("They take the place of {n} that an earlier plan wrote.", n=saved.replaced))
    if saved.kept:
        metrics = ", ".join(sorted({metric for _, metric in saved.kept}))
        show.talk(say("{n} targets are yours and stay as they are ({metrics}).", n=len(saved.kept), metrics=metrics))
    if saved.is_registered:
        show.talk(say("echannel.yaml names the file now."))
    show.talk(say("The next echannel sync reads them; then echannel review follows them."))
