"""The library's own marts, and the steps on the way to them: SQL files, each after those that it reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from importlib import resources

from echannel_connectors.models.company import Company
from echannel_connectors.models.selects import columns, filled

TABLE = re.compile(r"\b(?:core|mart|echannel)\.\w+")
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
FOLDERS = {"core": "steps", "mart": "marts"}  # schema → where the files of its tables lie


def mart_selects(company: Company, today: date | None = None) -> dict[str, str]:
    """The SELECT of each mart and of the steps on the way to them (core.people and the like) by the table's name, in
    an order in which each comes after those it reads."""
    values = values_of(company, today)
    # As they were written: only who asks for their columns has them parsed, which takes longer than a small build.
    return {name: filled(text.strip(), values) for name, text in _ordered().items()}


@cache
def _ordered() -> dict[str, str]:
    texts = {**_texts("core"), **mart_texts()}
    # Sorted, so that the order is the same in every process: what was built is known by its statements.
    below = {name: sorted((read_by(texts[name]) & texts.keys()) - {name}) for name in sorted(texts)}
    return {name: texts[name] for name in TopologicalSorter(below).static_order()}


def read_by(sql: str) -> frozenset[str]:
    """The tables of core, marts and books that a SELECT of ours names, as `schema.name`."""
    return frozenset(TABLE.findall(COMMENT.sub("", sql)))


def values_of(company: Company, today: date | None = None) -> dict[str, str]:
    """What the parameters in a mart's SQL stand for."""
    return {
        "currency": company.currency,
        "time_zone": company.time_zone,
        "today": (today or company.today()).isoformat(),
        "matching": f",{','.join(company.matches)},",
    }


def mart_texts() -> dict[str, str]:
    """Each mart's file by its name: SQL with a header that says its question, grain and units."""
    return _texts("mart")


def step_questions() -> dict[str, str]:
    """What each step on the way to the marts answers, by the table's name."""
    return {name: text.partition("\n")[0].removeprefix("-- ") for name, text in sorted(_texts("core").items())}


def mart_columns(
    company: Company, names: Collection[str] | None = None, known: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    """The columns of each mart (or of those) by its name, in its order: as they are `known`, or by its SELECT."""
    values = tuple(values_of(company).items())
    marts = [name for name in _ordered() if name.startswith("mart.") and (names is None or name in names)]
    return {name: (known or {}).get(name) or columns(_ordered()[name], name, values) for name in marts}


@cache
def _texts(schema: str) -> dict[str, str]:
    folder = resources.files("echannel_connectors") / "models" / FOLDERS[schema]
    return {
        f"{schema}.{file.name.removesuffix('.sql')}": file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }
