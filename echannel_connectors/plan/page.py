"""The plan as one interactive page that asks nothing of a network: fields to move, three cases, and the replay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from html import escape
from importlib.resources import files
from typing import Any

from echannel_connectors.looker.preview.page import LANGUAGES
from echannel_connectors.models.company import decimals
from echannel_connectors.plan import Plan
from echannel_connectors.plan.inputs import GROUPS, INPUTS, Currencies, Input, Start, places, shown
from echannel_connectors.plan.model import CASES, Case
from echannel_connectors.plan.replay import Measure, Replay
from echannel_connectors.plan.targets import AUTHOR, HEAD, METRICS, SEPARATORS
from echannel_connectors.review import words
from echannel_connectors.review.report.parts import Writer
from echannel_connectors.texts import Text, in_language, say

SCRIPTS = ("model.js", "chart.js", "plan.js")
CASE: dict[Case, Text] = {"low": say("Low"), "middle": say("Middle"), "high": say("High")}
MEASURE: dict[Measure, Text] = {"orders": say("orders"), "contribution": say("contribution")}
# What the script says; {n} and the like are filled there.
SAID: dict[str, Text] = {
    "monthly_contribution": say("Contribution a month (last 12)"),
    "break_even": say("Break-even"),
    "cash_needed": say("Cash needed"),
    "return_on_investment": say("Return on investment"),
    "month": say("month {n}: {month}", n="{n}", month="{month}"),
    "at_once": say("from the start"),
    "never": say("not within {n} months", n="{n}"),
    "none": say("no investment"),
    "said": say("said by you"),
    "before": say("before the start"),
    "cash": say("Cumulative cash"),
    "came": say("what came"),
    "wrong": say("a number from {low} to {high}", low="{low}", high="{high}"),
    "open": say("Assumptions not confirmed yet: {n}. Tick them, or move them.", n="{n}"),
    "confirmed": say("Every assumption is confirmed."),
    "needs": say("Break-even volume: {n} orders a month", n="{n}"),
    "visits": say(
        "Advertising buys {visits} visits and {orders} orders a month.", visits="{visits}", orders="{orders}"
    ),
    "no_visits": say("Advertising brings no orders until the cost of a visit is known."),
    "share": say("Margin on the goods: {n}", n="{n}"),
    "low": say("Low"), "middle": say("Middle"), "high": say("High"),
}  # fmt: skip
LEFT: dict[str, Text] = {
    "net": say("goods, without tax"), "goods": say("− cost of the goods"), "duty": say("− duty"),
    "refunds": say("− refunds, less goods sold again"), "returns": say("− returns"),
    "shipping_charged": say("+ shipping charged"), "shipping_paid": say("− shipping paid"),
    "packaging": say("− packaging"), "fees": say("− payment fees"), "contribution": say("left of an order"),
}  # fmt: skip
COLUMNS: dict[str, Text] = {
    "month": say("month"), "orders": say("orders"), "net_sales": say("net sales"), "contribution": say("contribution"),
    "cumulative_contribution": say("contribution so far"), "cash": say("cash"), "cumulative_cash": say("cash so far"),
}  # fmt: skip


def plan_page(plan: Plan) -> str:
    """The page in the company's language."""
    write = Writer(plan.company.language, plan.company.currency)
    title = in_language(say("A plan for {market}", market=plan.market), write.language)
    header = (
        f'<div class="brand"><p class="company">{escape(plan.company.name)}</p>'
        f'<h1 data-country="{plan.market}">{escape(title)}</h1></div>'
        f'<div class="meta"><p>{write.text(words.day(plan.today))}</p></div>'
    )
    setup = json.dumps(_setup(plan, write), ensure_ascii=False).replace("<", "\\u003c")
    results = (
        write.section(say("The plan"), _cases(plan, write), "planning")
        + write.section(say("What an order leaves"), _per_order(plan, write))
        + write.section(say("Month by month"), _months(write))
        + write.section(say("Keep it as targets"), _save(write), "save")
    )
    moving = f'<form class="moving" autocomplete="off">{"".join(_groups(plan, write))}</form>'
    body = [
        write.section(say("First, tried out on the past"), _replay(plan.replay, write), "replay"),
        f'<div class="desk"><div class="results">{results}</div>{moving}</div>',
        f"<footer>{write.text(say('Computed on this computer. No figure leaves it.'))}</footer>",
        f'<script type="application/json" id="setup">{setup}</script>',
    ]
    scripts = [_asset(name) for name in SCRIPTS]
    return write.frame(f"{plan.company.name}: {title}", header, "".join(body), kind="review plan",
                       css=_asset("plan.css"), scripts=scripts)  # fmt: skip


def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _setup(plan: Plan, write: Writer) -> dict[str, Any]:  # JSON
    def told(sentences: dict[str, Text]) -> dict[str, str]:
        return {name: in_language(text, write.language) for name, text in sentences.items()}

    replay = plan.replay
    return {
        "locale": LANGUAGES[plan.company.language], "market": plan.market,
        "currencies": plan.currencies,
        "decimals": {unit: decimals(currency) for unit, currency in plan.currencies.items()},
        "inputs": {
            name: {"unit": INPUTS[name].unit, "value": shown(name, one.value), "kind": one.kind,
                   "low": f"{INPUTS[name].low}", "high": f"{INPUTS[name].high}"}
            for name, one in plan.starts.items()
        },
        "season": [f"{one}" for one in plan.season], "start": f"{plan.start:%Y-%m}", "months": plan.months,
        "words": told(SAID), "columns": list(COLUMNS), "left": list(LEFT),
        "targets": {
            "head": HEAD, "metrics": METRICS, "author": AUTHOR, "separator": SEPARATORS[plan.company.language],
            "file": f"{plan.market.lower()}-targets.csv",
        },
        "replay": replay and "contribution" in replay.measures and {
            "start": f"{replay.months[0].month:%Y-%m}",
            "lines": {
                "came": [float(one.came["contribution"]) for one in replay.months],
                **{case: [float(one.planned[case]["contribution"]) for one in replay.months] for case in CASES},
            },
        },
    }  # fmt: skip


# -- the past ---------------------------------------------------------------------------------------------------------


def _replay(replay: Replay | None, write: Writer) -> str:
    if replay is None:
        return f'<p class="empty">{write.text(nothing_to_replay())}</p>'
    tiles = "".join(
        f'<div class="tile"><p class="area">{write.text(CASE[case])}</p><p class="counts">'
        + "".join(f"<span>{write.text(off_text(replay, case, measure))}</span>" for measure in MEASURE)
        + "</p></div>"
        for case in CASES
    )
    what = write.text(replay_text(replay))
    label = write.text(say("contribution by month: planned and come"))
    chart = ""
    if "contribution" in replay.measures:
        chart = f'<figure class="chart" id="replay-chart" aria-label="{label}"></figure>'
    more = f"<details><summary>{write.text(say('Month by month'))}</summary>{_replay_table(replay, write)}</details>"
    known = (
        f"<details><summary>{write.text(say('What was known then'))}</summary>{_known_then(replay, write)}</details>"
    )
    return f'<div class="card"><p>{what}</p><div class="areas">{tiles}</div>{chart}{more}{known}</div>'


def nothing_to_replay() -> Text:
    return say(
        "No market was entered since your figures began (at least three months of them must come before), so this plan "
        "could not be tried out on the past. Take its figures with more care."
    )


def replay_text(replay: Replay) -> Text:
    return say(
        "{market} was entered on {day}. The same model, fed only with what was known before, against the whole "
        "months since ({n}): this is how far each case lay from what came.",
        market=replay.market, day=words.day(replay.entered_on), n=len(replay.months),
    )  # fmt: skip


def off_text(replay: Replay, case: Case, measure: Measure) -> Text:
    """How far a case was off, such as contribution −12.3 %."""
    off = replay.off(case, measure)
    if off is None:
        return say("{what}: no figure", what=MEASURE[measure])
    sign = "+" if off >= 0 else words.MINUS
    return say("{what} {change}", what=MEASURE[measure], change=say("{sign}{n:,.1f}%", sign=sign, n=abs(off) * 100))


def _replay_table(replay: Replay, write: Writer) -> str:
    def told(measure: Measure, value: Decimal) -> str:
        if measure == "orders":
            return write.text(say("{n:,.1f}", n=value))
        return write.text(words.money(value, write.currency))

    groups = [
        (
            title,
            [
                [
                    write.text(words.month(one.month)),
                    *(told(measure, value) for value in (one.came[measure], *(one.planned[c][measure] for c in CASES))),
                ]
                for one in replay.months
            ],
        )
        for measure, title in MEASURE.items()
        if measure in replay.measures
    ]
    heads = (say("month"), SAID["came"], *CASE.values())
    return write.table(heads, groups=groups, numbers=range(1, len(heads)))


def _known_then(replay: Replay, write: Writer) -> str:
    rows = [
        (
            write.text(INPUTS[name].label),
            write.text(_typed(name, one.value, {"money": write.currency, "market_money": replay.currency})),
            write.text(say("assumption") if one.kind == "assumption" else one.origin),
        )
        for name, one in replay.starts.items()
    ]
    return write.table((say("figure"), say("value"), say("where it comes from")), rows, (1,))


def _typed(name: str, value: Decimal, currencies: Currencies) -> Text:
    """A value with the places that its field has."""
    unit, most = INPUTS[name].unit, places(name, currencies)
    if unit == "percent":
        return say("{n:,.1f}%", n=value * 100)
    if unit == "rate":
        most = max(2, len(shown(name, value).partition(".")[2]))
    return say("{n:,.{places}f}", n=value, places=most)


# -- the plan ---------------------------------------------------------------------------------------------------------


def _cases(plan: Plan, write: Writer) -> str:
    cards = "".join(
        f'<article class="case {case}" data-case="{case}"><h3>{write.text(CASE[case])}</h3><dl></dl></article>'
        for case in CASES
    )
    chart = f'<figure class="chart" id="cash-chart" aria-label="{write.text(SAID["cash"])}"></figure>'
    title = f"<header><h3>{write.text(SAID['cash'])}</h3>{_currency_choice(plan, write)}</header>"
    return f'<div class="cases">{cards}</div><div class="card">{title}{chart}</div>'


def _currency_choice(plan: Plan, write: Writer) -> str:
    if plan.currency == plan.company.currency:
        return ""
    return _choice("currency", write.text(say("Currency")), plan.currencies, "money")


def _choice(name: str, label: str, values: Mapping[str, str], chosen: str) -> str:
    """One of a few to choose; label and values are HTML."""
    radios = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" * (value == chosen)}> {text}</label>'
        for value, text in values.items()
    )
    return f'<div class="choice" role="radiogroup" aria-label="{label}">{radios}</div>'


def _groups(plan: Plan, write: Writer) -> Iterator[str]:
    for group, title in GROUPS.items():
        rows = "".join(
            _field(plan, INPUTS[name], one, write) for name, one in plan.starts.items() if INPUTS[name].group == group
        )
        note = f'<p class="note" id="note-{group}"></p>' if group in ("advertising", "order") else ""
        yield f'<fieldset class="fields"><legend>{write.text(title)}</legend>{rows}{note}</fieldset>'
    yield f'<button type="reset" class="reset">{write.text(say("Back to the first values"))}</button>'


def _field(plan: Plan, one: Input, start: Start, write: Writer) -> str:
    """A figure to move: the number itself, a slider for the hand, and where its first value comes from."""
    value, label = shown(one.name, start.value), write.text(one.label)
    step = Decimal(1).scaleb(-places(one.name, plan.currencies)) * (100 if one.unit == "percent" else 1)
    low, high = _reach(one, Decimal(value))
    confirm = ""
    if start.kind == "assumption":
        tick = f'<input type="checkbox" name="confirm-{one.name}">'
        confirm = f'<label class="confirm">{tick} {write.text(say("I confirm"))}</label>'
    number = f'type="number" id="{one.name}" value="{value}" min="{one.low}" max="{one.high}" step="any"'
    slider = f'type="range" value="{value}" min="{low}" max="{high}" step="{step.normalize():f}"'
    # Where both pay with the same money, its worth is 1 and no question.
    hidden = " hidden" if one.name == "rate" and plan.currency == plan.company.currency else ""
    return (
        f'<div class="input {start.kind}" data-name="{one.name}"{hidden}><label for="{one.name}">{label}</label>'
        f'<span class="field"><input {number} inputmode="decimal"><span class="unit">{_unit(plan, one, write)}</span>'
        f'</span><input {slider} tabindex="-1" aria-label="{label}">'
        f'<p class="origin"><span>{write.text(start.origin)}</span>{confirm}</p></div>'
    )


def _reach(one: Input, value: Decimal) -> tuple[Decimal, Decimal]:
    """The ends of the slider: what is usual for the input, and more where the company's own value is large."""
    most = max(Decimal(one.reach), value * 3)
    digit = Decimal(1).scaleb(max(most.adjusted(), 0)) if most else Decimal(1)
    return one.low, min((most / digit).to_integral_value(ROUND_CEILING) * digit, one.high)


def _unit(plan: Plan, one: Input, write: Writer) -> str:
    units: dict[str, str] = {
        "market_money": plan.currency, "money": plan.company.currency, "percent": "%",
        "orders": say("orders"), "months": say("months"), "rate": plan.company.currency,
    }  # fmt: skip
    return write.text(units[one.unit])


def _per_order(plan: Plan, write: Writer) -> str:
    rows = [
        (write.text(text).replace("− ", "−&nbsp;"), *(f'<span data-left="{case}.{name}"></span>' for case in CASES))
        for name, text in LEFT.items()
    ]
    table = write.table((say("in {currency}", currency=plan.company.currency), *CASE.values()), rows, (1, 2, 3))
    return f'<div class="leaves">{table}<p class="note" id="note-volume"></p></div>'


def _months(write: Writer) -> str:
    heads = "".join(
        f'<th scope="col" class="{"n" if name != "month" else ""} {name}">{write.text(text)}</th>'
        for name, text in COLUMNS.items()
    )
    choice = _choice("case", write.text(say("Case")), {case: write.text(CASE[case]) for case in CASES}, "middle")
    table = f'<table id="months"><thead><tr>{heads}</tr></thead><tbody></tbody></table>'
    return f'{choice}<div class="scroll">{table}</div>'


def _save(write: Writer) -> str:
    what = say(
        "The case chosen above as targets for net sales, contribution and orders of each month. Reviews follow them "
        "once they are in the market's targets file: run the command, which also leaves your own rows as they are, or "
        "put the CSV there yourself."
    )
    button = f'<button type="button" id="download">{write.text(say("Download the targets (CSV)"))}</button>'
    return (
        f'<div class="card"><p>{write.text(what)}</p><p class="open" role="status"></p>'
        f'<div class="under">{button}</div><pre><code id="command"></code></pre></div>'
    )
