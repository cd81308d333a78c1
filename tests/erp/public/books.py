"""Small invented companies in the tables that public facts describe, as DuckDB files; and what a spec makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from echannel_connectors import Erp
from echannel_connectors.specs import Scalar
from tests.erp.truth import Row, core_rows

HERE = Path(__file__).parent
SQL_SERVER = ("sage100", "sap_b1", "dynamics_nav", "ebp")
PUBLIC = (*SQL_SERVER, "erpnext")
PARAMETERS: Mapping[str, Mapping[str, Scalar]] = {
    "ebp": {"draft_state": 0},
    "erpnext": {"company": "Démo"},
    "dynamics_nav": {"prefix": "Démo & fils S_A_$", "suffix": "$437dbf0e-84ff-417a-965d-ed2bb9650972"},
}


def books(connector: str, folder: Path, *scripts: str) -> Erp:
    """The ERP after the named scripts; the first time, after its schema and first state."""
    file = folder / f"{connector}.duckdb"
    names = scripts if file.exists() else (connector, *scripts)
    parameters = PARAMETERS.get(connector, {})
    with closing(duckdb.connect(str(file))) as connection:
        for name in names:
            script = (HERE / f"{name}.sql").read_text(encoding="utf-8")
            whole = rf'dbo."{parameters.get("prefix", "")}\1{parameters.get("suffix", "")}"'
            connection.execute(re.sub(r'dbo\."([^"]+)"', whole, script))
    return Erp(connector=connector, url=f"duckdb:///{file}", parameters=parameters)


def table(source: Erp, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a core table as tuples, sorted; decimals without the zeros at their end, days as text."""
    rows = core_rows(source, name)
    return sorted((tuple(plain(row[column]) for column in columns) for row in rows), key=str)


def plain(value: object) -> Any:
    if isinstance(value, Decimal):
        short = value.normalize()
        return int(short) if short == int(short) else float(short)
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value).removesuffix("+00:00")


def total(rows: Iterable[Row], column: str) -> Decimal:
    return sum((row[column] or Decimal(0) for row in rows), Decimal(0))
