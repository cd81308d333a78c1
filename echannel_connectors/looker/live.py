"""A template held against the tables as they are now: each field there, of its type, with something in it."""

from __future__ import annotations

from collections.abc import Iterator

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.commit import quoted
from echannel_connectors.looker.contract import check_contract
from echannel_connectors.looker.template import Source, Template
from echannel_connectors.streams import Finding
from echannel_connectors.texts import say

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
