"""mart.review: every answer ever given, by check, market and period. What is over is rewritten only when it changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from echannel_connectors.destinations import Warehouse
from echannel_connectors.models.company import Company
from echannel_connectors.models.described import comments
from echannel_connectors.review import words
from echannel_connectors.review.engine import Answer
from echannel_connectors.texts import in_language

NUMBER = "DECIMAL(28, 8)"  # money of six places as well as rates of eight
COLUMNS: dict[str, str] = {
    "check_id": "VARCHAR", "area": "VARCHAR", "market": "VARCHAR", "period_start": "DATE", "period_end": "DATE",
    "is_to_date": "BOOLEAN", "name_en": "VARCHAR", "name_fr": "VARCHAR", "question_en": "VARCHAR",
    "question_fr": "VARCHAR", "unit": "VARCHAR", "numerator": NUMBER, "denominator": NUMBER, "sample": NUMBER,
    "value": NUMBER, "previous": NUMBER, "change_rate": NUMBER, "target": NUMBER, "comparison": "VARCHAR",
    "threshold": NUMBER, "threshold_act": NUMBER, "usual_low": NUMBER, "usual_high": NUMBER, "status": "VARCHAR",
    "note_en": "VARCHAR", "note_fr": "VARCHAR", "advice_en": "VARCHAR", "advice_fr": "VARCHAR", "cadence": "VARCHAR",
    "due_on": "DATE", "owner": "VARCHAR", "reviewed_at": "TIMESTAMP WITH TIME ZONE",
    # As a person reads it, in the company's language: a report's field is one column, whatever the language and unit.
    "standing": "VARCHAR", "name": "VARCHAR", "question": "VARCHAR", "period": "VARCHAR", "figure": "VARCHAR",
    "held_against": "VARCHAR", "advice": "VARCHAR",
}  # fmt: skip
KEY = ("check_id", "market", "period_start", "is_to_date")
# What makes an answer another one: its words may be improved without its figures being new.
FIGURES = (
    "numerator",
    "denominator",
    "value",
    "previous",
    "target",
    "threshold",
    "threshold_act",
    "status",
    "standing",
    "period_end",
)
TABLE = f"CREATE TABLE IF NOT EXISTS mart.review ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"
THERE = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'mart' AND table_name = 'review'"
MAKE_EARLIER = "UPDATE mart.review SET standing = 'earlier'"
AT_ONCE = 200  # rows in one INSERT

Row = dict[str, Any]  # one row of mart.review
Rows = Mapping[tuple[Any, ...], Row]  # by KEY


def stored(into: Warehouse) -> Rows:
    """What earlier reviews wrote; nothing where there was none. What an older version did not write yet is None."""
    there = _columns(into)
    if not there:
        return {}
    known = [name for name in (*KEY, *FIGURES, "due_on", "reviewed_at") if name in there]
    unknown = dict.fromkeys({*FIGURES} - there)
    rows = into.query(f"SELECT {', '.join(known)} FROM mart.review").read_all().to_pylist()
    return {key_of(row): row | unknown for row in rows}


def _columns(into: Warehouse) -> set[str]:
    return {*into.query(THERE).read_all()["column_name"].to_pylist()}


def key_of(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def past_of(rows: Rows) -> dict[tuple[str, str], dict[date, Decimal | None]]:
    """Earlier values by check and market and first day: the only history of what is true now alone."""
    past: dict[tuple[str, str], dict[date, Decimal | None]] = {}
    for row in rows.values():
        if not row["is_to_date"]:
            past.setdefault((row["check_id"], row["market"]), {})[row["period_start"]] = row["value"]
    return past


def write(into: Warehouse, found: Sequence[Answer], before: Rows, company: Company) -> int:
    """Add what is new and replace what changed; the number of rows that are not as they were. The table is described
    and its answers are told in the company's language.

    The running periods' answers go when their period is over: it has an answer of its own by then. What was a check's
    newest answer stands as an earlier one from then on.
    """
    at = datetime.now(UTC)
    rows = [row_of(answer, at, company) for answer in found]
    changed = [row for row in rows if (known := before.get(key_of(row))) is None or _differs(known, row)]
    kept = {key_of(row) for row in rows}
    over = [key for key, row in before.items() if row["is_to_date"] and key not in kept]
    gone = [*over, *(key_of(row) for row in changed if key_of(row) in before)]
    past = [key for key, row in before.items() if row["standing"] in ("now", None) and key not in {*kept, *over}]
    if not changed and not gone and not past:
        return 0
    statements = _shaped(into, company)
    statements += [f"DELETE FROM mart.review WHERE {' OR '.join(map(_is, part))}" for part in _parts(gone)]
    statements += [f"{MAKE_EARLIER} WHERE {' OR '.join(map(_is, part))}" for part in _parts(past)]
    statements += [_insert(part) for part in _parts(changed)]
    into.execute(*statements)
    return len({*map(key_of, changed), *gone, *past})


def _shaped(into: Warehouse, company: Company) -> list[str]:
    """What gives the table its columns: of an older version's table no answer is lost."""
    there = _columns(into)
    missing = {name: kind for name, kind in COLUMNS.items() if name not in there}
    if not missing:
        return []
    added = [TABLE]
    if there:
        added = [f"ALTER TABLE mart.review ADD COLUMN {name} {kind}" for name, kind in missing.items()]
        words = {"name", "question", "advice"} & {*missing}
        added += [f"UPDATE mart.review SET {name} = {name}_{company.language} WHERE TRUE" for name in sorted(words)]
    return [*added, *comments({"mart.review": list(COLUMNS)}, company.language)]


def row_of(answer: Answer, at: datetime, company: Company) -> Row:
    check, figure, usual = answer.check, answer.figure, answer.usual
    advice, language, currency = check.advice.at(answer.status), company.language, company.currency
    return {
        "check_id": check.id, "area": check.area, "market": answer.market, "period_start": answer.span.first,
        "period_end": answer.span.last, "is_to_date": answer.is_to_date, "name_en": check.name.en,
        "name_fr": check.name.fr, "question_en": check.question.en, "question_fr": check.question.fr,
        "unit": check.unit, "numerator": figure.numerator, "denominator": figure.denominator, "sample": figure.sample,
        "value": answer.value, "previous": answer.previous, "change_rate": answer.change, "target": figure.target,
        "comparison": check.compare, "threshold": check.watch, "threshold_act": check.act,
        "usual_low": usual.low if usual else None, "usual_high": usual.high if usual else None,
        "status": answer.status, "note_en": str(answer.note) if answer.note else None,
        "note_fr": in_language(answer.note, "fr") if answer.note else None, "advice_en": advice.en,
        "advice_fr": advice.fr, "cadence": check.cadence, "due_on": answer.due_on, "owner": check.role,
        "reviewed_at": at, "standing": "so_far" if answer.is_to_date else "now", "name": check.name.of(language),
        "question": check.question.of(language), "period": in_language(words.period(answer), language),
        "figure": in_language(words.figure(check.unit, answer.value, currency), language),
        "held_against": in_language(words.against(answer, currency), language), "advice": advice.of(language),
    }  # fmt: skip


def _differs(known: Row, row: Row) -> bool:
    return any(known[name] != row[name] for name in FIGURES)


def _parts(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:  # rows or keys
    return (rows[n : n + AT_ONCE] for n in range(0, len(rows), AT_ONCE))


def _is(key: tuple[Any, ...]) -> str:
    return "(" + " AND ".join(f"{name} = {_literal(name, value)}" for name, value in zip(KEY, key, strict=True)) + ")"


def _insert(rows: Sequence[Row]) -> str:
    """Literals with their types rather than parameters: a NULL of a parameter has no type in every warehouse."""
    selects = [f"SELECT {', '.join(_literal(name, row[name]) for name in COLUMNS)}" for row in rows]
    return f"INSERT INTO mart.review ({', '.join(COLUMNS)})\n" + "\nUNION ALL\n".join(selects)


def _literal(name: str, value: object) -> str:
    if value is None:
        return f"CAST(NULL AS {COLUMNS[name]})"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, Decimal):
        text = f"{value:f}"
    else:
        text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    literal = exp.Literal.string(text).sql("duckdb")
    return literal if COLUMNS[name] == "VARCHAR" else f"CAST({literal} AS {COLUMNS[name]})"
