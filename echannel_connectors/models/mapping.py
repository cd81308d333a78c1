"""Core from raw: one SELECT per source, by its spec or, where its rows have core's shape already, by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlglot

from echannel_connectors import specs
from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.destinations.commit import literal, quoted
from echannel_connectors.errors import SpecError, did_you_mean
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES, CoreTable
from echannel_connectors.models.extra import DECIMALS, extended
from echannel_connectors.models.selects import Select, Values, expression, select
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Source

EVER_IN = "SELECT name, connector FROM echannel.sources ORDER BY name"
RawTables = Mapping[str, Collection[str]]  # raw table → its columns
RAW = re.compile(r'\braw\."((?:[^"]|"")+)"')


@dataclass(frozen=True, slots=True)
class Part:
    """One source's rows of a core table. `raw` is the table that has them in core's shape already, one for one."""

    source: str
    sql: str
    raw: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """The raw tables that it is made of, as `raw.name`."""
        return frozenset("raw." + name.replace('""', '"') for name in RAW.findall(self.sql))


def core_statement(table: CoreTable, parts: Sequence[Part]) -> str:
    """CREATE OR REPLACE of one core table from one SELECT per source; an empty table when no source fills it."""
    if parts:
        return f"CREATE OR REPLACE TABLE core.{table.name} AS " + "\nUNION ALL\n".join(part.sql for part in parts)
    columns = ", ".join(f'CAST(NULL AS {SQL_TYPES[word]}) AS "{name}"' for name, word in table.types.items())
    return (
        f"CREATE OR REPLACE TABLE core.{table.name} AS SELECT CAST(NULL AS VARCHAR) AS source, {columns}, "
        "CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS _deleted_at WHERE FALSE"
    )


def in_warehouse(spec: Spec, table: CoreTable, source: str, raw: RawTables, company: Company, dialect: str) -> str:
    """One core table of an API source: its spec's SELECT over the source's raw tables, in core's columns and types."""
    needed = spec.tables[table.name]
    if needed.query is None:
        raise SpecError(f"{spec.connector}: {table.name} runs in the warehouse and needs a 'query'")
    values = {
        "source": source,
        "currency": company.currency,
        "time_zone": company.time_zone,
        "language": company.language,
    }
    fixed = tuple(values.items())
    query = select(needed.query, f"{spec.connector}.{table.name}", fixed, dialect)
    names: dict[str, str] = {}
    _collect(spec, query, source, raw, fixed, names, dialect)
    made = {name: f"q.{quoted(name)}" for name in query.columns}
    for name, one in needed.extra.items():
        made[name] = expression(one.sql, f"{spec.connector}.{table.name}.{name}", fixed, dialect)
    columns = [
        f"CAST({made.get(name, 'NULL')} AS {SQL_TYPES[word]}) AS {quoted(name)}" for name, word in table.types.items()
    ]
    deleted = "q._deleted_at" if "_deleted_at" in query.columns else "CAST(NULL AS TIMESTAMP WITH TIME ZONE)"
    parts = [f"{quoted(name)} AS ({sql})" for name, sql in names.items()]
    return (
        f"SELECT * FROM (WITH {', '.join([*parts, f'q AS ({query.sql})'])} "
        f"SELECT {literal(source)} AS source, {', '.join(columns)}, {deleted} AS _deleted_at FROM q)"
    )


def warehouse_select(spec: Spec, table: str, dialect: str) -> str:
    """What the warehouse would run for a table of an API source that has every column the spec reads, for people."""
    raw = {
        f"shop__{stream}": frozenset(f"{name}_hash" if word == "email" else name for name, word in one.columns.items())
        for stream, one in spec.reads.items()
    }
    shape = extended(["shop"], {"shop": spec}, {})[table]
    sql = in_warehouse(spec, shape, "shop", raw, Company(), "duckdb")
    return sqlglot.transpile(sql, read="duckdb", write=dialect, pretty=True)[0]


def _collect(
    spec: Spec,
    query: Select,
    source: str,
    raw: RawTables,
    values: Values,
    names: dict[str, str],
    dialect: str,
) -> None:
    """The views and raw tables that a query names, each after those it needs itself."""
    for name in query.tables:
        if name in names:
            continue
        if name in spec.views:
            view = select(spec.views[name], f"{spec.connector}.{name}", values, dialect)
            _collect(spec, view, source, raw, values, names, dialect)
            names[name] = view.sql
        elif name in spec.reads:
            names[name] = _raw_select(spec, name, raw.get(f"{source}__{name}", frozenset()), source)
        else:
            known = {*spec.views, *spec.reads}
            raise SpecError(f"{spec.connector}: nothing is named {name!r}", hint=did_you_mean(name, known))


def _raw_select(spec: Spec, stream: str, present: Collection[str], source: str) -> str:
    """A raw table with every column that the spec counts on; what the shop does not have is NULL."""
    columns = []
    for name, word in spec.reads[stream].columns.items():
        column = f"{name}_hash" if word == "email" else name
        if column in present:
            columns.append(quoted(column))
        else:
            columns.append(f"CAST(NULL AS {_read_type(word)}) AS {quoted(column)}")
    if present:
        return f"SELECT {', '.join(columns)}, _deleted_at FROM raw.{quoted(f'{source}__{stream}')}"
    return f"SELECT {', '.join(columns)}, CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS _deleted_at WHERE FALSE"


def _read_type(word: str | list[str]) -> str:
    if isinstance(word, list):
        return f"STRUCT({', '.join(f'{quoted(leaf)} VARCHAR' for leaf in word)})[]"
    return SQL_TYPES["text" if word == "email" else word]


def _from_erp(table: CoreTable, source: str, present: Collection[str]) -> str:
    """One core table of a source whose raw rows have core's shape already."""
    columns = [
        f"{_raw_column(table, name, word) if name in present else f'CAST(NULL AS {SQL_TYPES[word]})'} AS {quoted(name)}"
        for name, word in table.types.items()
    ]
    raw = quoted(f"{source}__{table.name}")
    return f"SELECT {literal(source)} AS source, {', '.join(columns)}, _deleted_at FROM raw.{raw}"


def _raw_column(table: CoreTable, name: str, word: str) -> str:
    """A raw column as it is. One of the company's own says its type too: with another one, the table is built anew."""
    is_own = name not in TABLES[table.name].types
    return f"CAST({quoted(name)} AS {SQL_TYPES[word]})" if is_own and word not in DECIMALS else quoted(name)


def known_sources(into: Warehouse, sources: Iterable[Source], project: Path | None) -> dict[str, Spec | None]:
    """Every source that ever came in, with its spec where that runs in the warehouse: its own, or found by name."""
    own = {source.name: getattr(source, "spec", None) for source in sources}
    found = into.query(EVER_IN).read_all().to_pylist()
    return {
        row["name"]: own.get(row["name"]) or specs.find(row["connector"], project) if row["connector"] else None
        for row in found
    }


def parts_of(
    table: CoreTable, known: Mapping[str, Spec | None], raw: RawTables, company: Company, dialect: str
) -> list[Part]:
    """What each source gives to a core table."""
    parts = []
    for source, spec in known.items():
        stream = f"{source}__{table.name}"
        if spec is None:
            if present := raw.get(stream):
                parts.append(Part(source, _from_erp(table, source, present), f"raw.{stream}"))
        elif table.name in spec.tables:
            parts.append(Part(source, in_warehouse(spec, table, source, raw, company, dialect)))
    return parts


def register(into: Warehouse, sources: Iterable[Source]) -> None:
    """Remember every source that ever came in: one synced alone must not empty the tables of the others.

    `connector` is only kept for sources whose spec runs here; an ERP's rows are in core's shape already.
    """
    statements: list[str | tuple[str, Mapping[str, str | None]]] = [commit.KNOWN_SOURCES]
    for source in sources:
        here = getattr(source, "maps_in_warehouse", False)
        values = {"name": source.name, "connector": source.connector if here else None}
        statements.append(("DELETE FROM echannel.sources WHERE name = $name", {"name": source.name}))
        statements.append(("INSERT INTO echannel.sources VALUES ($name, $connector)", values))
    into.execute(*statements)


def raw_tables(into: Warehouse) -> dict[str, dict[str, str]]:
    """Each raw table's columns with their types."""
    sql = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'raw'"
    found: dict[str, dict[str, str]] = {}
    for row in into.query(sql).read_all().to_pylist():
        found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return found
