"""The library's own marts, and the steps on the way to them: SQL files, each after those that it reads."""

from __future__ import annotations

import re
from datetime import date, datetime
from graphlib import TopologicalSorter
from importlib import resources
from zoneinfo import ZoneInfo

from echannel_connectors.models.company import Company
from echannel_connectors.models.selects import Select, select

TABLE = re.compile(r"\b(?:core|mart|echannel)\.\w+")
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
FOLDERS = {"core": "steps", "mart": "marts"}  # schema → where the files of its tables lie


def mart_selects(company: Company, today: date | None = None) -> dict[str, str]:
    """The SELECT of each mart and of the steps on the way to them (core.people and the like) by the table's name, in
    an order in which each comes after those it reads."""
    return {name: one.sql for name, one in _selects(company, today).items()}


def _selects(company: Company, today: date | None) -> dict[str, Select]:
    values = tuple(values_of(company, today).items())
    texts = {**_texts("core"), **mart_texts()}
    # Sorted, so that the order is the same in every process: what was built is known by its statements.
    below = {name: sorted((read_by(texts[name]) & texts.keys()) - {name}) for name in sorted(texts)}
    order = TopologicalSorter(below).static_order()
    return {name: select(texts[name], name, values, None) for name in order}


def read_by(sql: str) -> frozenset[str]:
    """The tables of core, marts and books that a SELECT of ours names, as `schema.name`."""
    return frozenset(TABLE.findall(COMMENT.sub("", sql)))


def values_of(company: Company, today: date | None = None) -> dict[str, str]:
    """What the parameters in a mart's SQL stand for."""
    return {
        "currency": company.currency,
        "time_zone": company.time_zone,
        "today": today.isoformat() if today else today_of(company),
        "matching": f",{','.join(company.matches)},",
    }


def mart_texts() -> dict[str, str]:
    """Each mart's file by its name: SQL with a header that says its question, grain and units."""
    return _texts("mart")


def step_questions() -> dict[str, str]:
    """What each step on the way to the marts answers, by the table's name."""
    return {name: text.partition("\n")[0].removeprefix("-- ") for name, text in sorted(_texts("core").items())}


def mart_columns(company: Company) -> dict[str, tuple[str, ...]]:
    """Each mart's columns by its name, in its order."""
    return {name: one.columns for name, one in _selects(company, None).items() if name.startswith("mart.")}


def columns_of(name: str, company: Company) -> tuple[str, ...]:
    """The columns of a mart or a step."""
    return _selects(company, None)[name].columns


def _texts(schema: str) -> dict[str, str]:
    folder = resources.files("echannel_connectors") / "models" / FOLDERS[schema]
    return {
        f"{schema}.{file.name.removesuffix('.sql')}": file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def today_of(company: Company) -> str:
    return datetime.now(ZoneInfo(company.time_zone)).date().isoformat()
