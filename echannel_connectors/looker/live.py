"""A template held against the tables as they are now: each field there, of its type, with something in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import quoted
from echannel_connectors.looker.contract import check_contract
from echannel_connectors.looker.template import Source, Template
from echannel_connectors.streams import Finding
from echannel_connectors.texts import in_language, say

COLUMNS = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'mart'"
SYNC = say("run `echannel sync`; a newer library may have to build the tables anew")


def check_live(template: Template, warehouse: Warehouse) -> Iterator[Finding]:
    """What a chart of the template would miss, and what to do; one `ok` for each source that is whole."""
    marts: dict[str, dict[str, object]] = {}
    for row in warehouse.query(COLUMNS).read_all().to_pylist():
        marts.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    problems = check_contract(template, marts)
    for problem in problems:
        yield Finding("error", problem.sentence, SYNC)
    whole = {
        alias: source for alias, source in template.sources.items() if alias not in {one.source for one in problems}
    }
    for alias, source in whole.items():
        yield _filled(alias, source, warehouse)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a report fits the marts: its fields, those missing or of another type, its tables without a row, and what."""

    template: str
    fields: int
    problems: int
    empty_tables: int
    note: str | None


def fits(templates: Iterable[Template], warehouse: Warehouse, rows: Mapping[str, int], language: str) -> list[Fit]:
    """Every template held against the catalogue alone, which costs no reading; `rows` are those of each table."""
    marts: dict[str, dict[str, object]] = {}
    for row in warehouse.query(COLUMNS).read_all().to_pylist():
        marts.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return [_fit(template, marts, rows, language) for template in templates]


def _fit(template: Template, marts: Mapping[str, Mapping[str, object]], rows: Mapping[str, int], language: str) -> Fit:
    # A table that is not there is one that nothing filled yet: mart.review before the first review.
    problems = [one for one in check_contract(template, marts) if one.kind != "no mart"]
    tables = sorted({source.mart for source in template.sources.values()})
    empty = [name for name in tables if name not in marts or rows.get(f"mart.{name}", 1) == 0]
    told = [in_language(one.sentence, language) for one in problems]
    if empty:
        told.append(
            in_language(say("nothing in {tables}", tables=", ".join(f"mart.{name}" for name in empty)), language)
        )
    fields = sum(len(source.fields) for source in template.sources.values())
    return Fit(template.template, fields, len(problems), len(empty), "; ".join(told)[:500] or None)


def _filled(alias: str, source: Source, warehouse: Warehouse) -> Finding:
    columns = sorted({field.column or name for name, field in source.fields.items()})
    counted = ", ".join(f"count({quoted(name)}) AS {quoted(name)}" for name in columns)
    [row] = warehouse.query(f'SELECT count(*) AS "#", {counted} FROM mart.{quoted(source.mart)}').read_all().to_pylist()
    if not row["#"]:
        return Finding(
            "warning",
            say("{name} is empty: its charts will be", name=f"mart.{source.mart}"),
            say("a source that fills it is missing, or has nothing yet"),
        )
    words = {field.column or name for name, field in source.fields.items() if field.type == "text"}
    if empty := [name for name in columns if not row[name] and name not in words]:  # a text may be missing: a remark
        return Finding(
            "warning",
            say("{name}: nothing in {columns}", name=f"mart.{source.mart}", columns=", ".join(empty)),
            say("charts of these columns stay empty until a source fills them"),
        )
    return Finding("ok", say("{alias}: {n:,} rows of {name}", alias=alias, n=row["#"], name=f"mart.{source.mart}"))
