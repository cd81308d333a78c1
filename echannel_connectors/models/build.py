"""Build core from raw by the specs, and the marts from core: all tables of a run in one transaction."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from graphlib import TopologicalSorter
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlglot
from sqlglot import exp

from echannel_connectors import specs
from echannel_connectors.arrow import SQL_TYPES
from echannel_connectors.destinations import Warehouse, commit
from echannel_connectors.destinations.commit import quoted
from echannel_connectors.errors import SettingsError, SpecError, did_you_mean
from echannel_connectors.events import Building, Built, OnEvent, Warned
from echannel_connectors.models.company import Company
from echannel_connectors.models.core import TABLES, CoreTable
from echannel_connectors.models.described import comments
from echannel_connectors.models.extra import DECIMALS, extended
from echannel_connectors.models.own import OwnMart, build_own, own_marts
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Source
from echannel_connectors.texts import say

RawTables = Mapping[str, Collection[str]]  # raw table → its columns


def build(
    into: Warehouse,
    sources: Iterable[Source],
    company: Company,
    project: Path | None,
    on_event: OnEvent,
) -> dict[str, int]:
    """Rebuild every core table and mart; the number of rows of each table by its name.

    Nothing is rebuilt when no row has changed since, and neither has the day, the company or a spec.
    """
    clock = time.monotonic()
    marts = mart_selects(company)
    own = own_marts(project, _values(company), marts)
    names = [f"core.{name}" for name in TABLES] + list(marts)
    with into.hold():
        _register(into, sources)
        statements = what_builds(into, sources, company, project)
        # A source that is read for the first time today is one more whose stock is kept.
        words = [*statements, *(one.select for one in own), *_read_today(into, company)]
        made_of = hashlib.sha256("\n".join(words).encode()).hexdigest()
        all_of_them = [*names, *(one.table for one in own)]
        is_new = not _is_built(into, made_of, all_of_them)
        if is_new:
            on_event(Building(len(all_of_them)))
            into.execute(*statements, commit.UNBUILT)
            names += _own_built(into, own, on_event)
            if len(names) == len(all_of_them):  # otherwise the next run tries again
                into.execute((commit.BUILT, {"made_of": made_of}))
        else:
            names = all_of_them
            rebuild_freshness(into, company)
        counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in names)
        rows = {row["name"]: row["n"] for row in into.query(counts).read_all().to_pylist()}
    for name in names if is_new else ():
        if name.startswith("mart."):
            on_event(Built(name, rows[name], round(time.monotonic() - clock, 3)))
    return rows


def _own_built(into: Warehouse, own: Iterable[OwnMart], on_event: OnEvent) -> Iterator[str]:
    for one, problem in build_own(into, own):
        if problem is None:
            yield one.table
        else:
            on_event(Warned(one.table, problem))


def what_builds(into: Warehouse, sources: Iterable[Source], company: Company, project: Path | None) -> list[str]:
    """The statements that make core and marts of the rows that are there."""
    raw = _raw_tables(into)
    sources = list(sources)
    known = _known_sources(into, sources, project)
    own = {source.name: spec for source in sources if (spec := getattr(source, "spec", None)) is not None}
    tables = extended(known, own | {name: spec for name, spec in known.items() if spec is not None}, raw)
    statements = [core_statement(table, _parts(table, known, raw, company, into.dialect)) for table in tables.values()]
    statements += duplicates(company)
    statements += stock_snapshot(company)
    marts = mart_selects(company)
    statements += [f"CREATE OR REPLACE TABLE {name} AS {select}" for name, select in marts.items()]
    return [*statements, *comments(mart_columns(company), company.language)]


def _is_built(into: Warehouse, made_of: str, names: Iterable[str]) -> bool:
    """Whether the tables are there and were made by these very statements from the rows that are there now."""
    if not into.query(commit.IS_BUILT, {"made_of": made_of}).read_all().num_rows:
        return False
    sql = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
    return set(names) <= set(into.query(sql).read_all()["name"].to_pylist())


def rebuild_freshness(into: Warehouse, company: Company) -> None:
    """How old the figures are, told again after a run that failed; nothing where nothing was built yet."""
    rebuild(into, company, "freshness")


def rebuild(into: Warehouse, company: Company, mart: str) -> int:
    """One mart anew, which no other reads, from the tables that are there: its rows; nothing if it was never built."""
    there = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'mart' AND table_name = $mart"
    if not into.query(there, {"mart": mart}).read_all().num_rows:
        return 0
    into.execute(f"CREATE OR REPLACE TABLE mart.{mart} AS {mart_selects(company)[f'mart.{mart}']}")
    return int(into.query(f"SELECT count(*) AS n FROM mart.{mart}").read_all()["n"][0].as_py())


# -- core -----------------------------------------------------------------------------------------------------------


def core_statement(table: CoreTable, parts: list[str]) -> str:
    """CREATE OR REPLACE of one core table from one SELECT per source; an empty table when no source fills it."""
    if parts:
        return f"CREATE OR REPLACE TABLE core.{table.name} AS " + "\nUNION ALL\n".join(parts)
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
    query = _select(needed.query, f"{spec.connector}.{table.name}", fixed, dialect)
    names: dict[str, str] = {}
    _collect(spec, query, source, raw, fixed, names, dialect)
    made = {name: f"q.{quoted(name)}" for name in query.columns}
    for name, one in needed.extra.items():
        made[name] = _expression(one.sql, f"{spec.connector}.{table.name}.{name}", fixed, dialect)
    columns = [
        f"CAST({made.get(name, 'NULL')} AS {SQL_TYPES[word]}) AS {quoted(name)}" for name, word in table.types.items()
    ]
    deleted = "q._deleted_at" if "_deleted_at" in query.columns else "CAST(NULL AS TIMESTAMP WITH TIME ZONE)"
    parts = [f"{quoted(name)} AS ({sql})" for name, sql in names.items()]
    return (
        f"SELECT * FROM (WITH {', '.join([*parts, f'q AS ({query.sql})'])} "
        f"SELECT '{source}' AS source, {', '.join(columns)}, {deleted} AS _deleted_at FROM q)"
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
    query: _Select,
    source: str,
    raw: RawTables,
    values: tuple[tuple[str, str], ...],
    names: dict[str, str],
    dialect: str,
) -> None:
    """The views and raw tables that a query names, each after those it needs itself."""
    for name in query.tables:
        if name in names:
            continue
        if name in spec.views:
            view = _select(spec.views[name], f"{spec.connector}.{name}", values, dialect)
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
    return (
        f"SELECT '{source}' AS source, {', '.join(columns)}, _deleted_at FROM raw.{quoted(f'{source}__{table.name}')}"
    )


def _raw_column(table: CoreTable, name: str, word: str) -> str:
    """A raw column as it is. One of the company's own says its type too: with another one, the table is built anew."""
    is_own = name not in TABLES[table.name].types
    return f"CAST({quoted(name)} AS {SQL_TYPES[word]})" if is_own and word not in DECIMALS else quoted(name)


def _known_sources(into: Warehouse, sources: Iterable[Source], project: Path | None) -> dict[str, Spec | None]:
    """Every source that ever came in, with its spec where that runs in the warehouse: its own, or found by name."""
    own = {source.name: getattr(source, "spec", None) for source in sources}
    found = into.query("SELECT name, connector FROM echannel.sources ORDER BY name").read_all().to_pylist()
    return {
        row["name"]: own.get(row["name"]) or specs.find(row["connector"], project) if row["connector"] else None
        for row in found
    }


def _parts(
    table: CoreTable, known: Mapping[str, Spec | None], raw: RawTables, company: Company, dialect: str
) -> list[str]:
    parts = []
    for source, spec in known.items():
        if spec is None:
            if present := raw.get(f"{source}__{table.name}"):
                parts.append(_from_erp(table, source, present))
        elif table.name in spec.tables:
            parts.append(in_warehouse(spec, table, source, raw, company, dialect))
    return parts


def _register(into: Warehouse, sources: Iterable[Source]) -> None:
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


def _raw_tables(into: Warehouse) -> dict[str, dict[str, str]]:
    """Each raw table's columns with their types."""
    sql = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'raw'"
    found: dict[str, dict[str, str]] = {}
    for row in into.query(sql).read_all().to_pylist():
        found.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
    return found


@dataclass(frozen=True, slots=True)
class _Select:
    """One SELECT, checked and in its final words: its text, the tables it names without a schema, its columns."""

    sql: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]


def _expression(sql: str, where: str, values: tuple[tuple[str, str], ...], dialect: str) -> str:
    """One expression over the columns of a table's query."""
    return _query(f"SELECT (\n{sql}\n) AS x", where, values).selects[0].unalias().sql(dialect)


@lru_cache(maxsize=512)
def _select(sql: str, where: str, values: tuple[tuple[str, str], ...], dialect: str) -> _Select:
    """One SELECT with its parameters filled in, and what is known of it."""
    query = _query(sql, where, values)
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    tables = [found.name for found in query.find_all(exp.Table) if not found.db and found.name not in own]
    return _Select(query.sql(dialect), tuple(dict.fromkeys(tables)), tuple(query.named_selects))


def _query(sql: str, where: str, values: tuple[tuple[str, str], ...]) -> exp.Query:
    """One SELECT with its `:name` parameters filled in as literals; anything else is refused."""
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except sqlglot.ParseError as error:
        raise SpecError(f"{where} is not valid SQL: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SpecError(f"{where} must be a single SELECT")
    query = statements[0]
    known = dict(values)
    for placeholder in list(query.find_all(exp.Placeholder)):
        if placeholder.name not in known:
            raise SpecError(f"{where} uses :{placeholder.name}", hint=did_you_mean(placeholder.name, known))
        placeholder.replace(exp.Literal.string(known[placeholder.name]))
    return query


def stock_snapshot(company: Company) -> list[str]:
    """Keep what lies in stock today, of the sources that were read today; a rebuild keeps all other days."""
    today, fresh = f"DATE '{_today(company)}'", _fresh(company)
    return [
        f"DELETE FROM echannel.stock_snapshots WHERE date = {today} AND source IN ({fresh})",
        f"""INSERT INTO echannel.stock_snapshots
            SELECT {today}, s.source, s.product_id, s.variant_id, s.warehouse_id, s.on_hand, s.available, p.unit_cost,
              p.currency
            FROM core.stock_levels AS s
            JOIN ({fresh}) AS f ON f.source = s.source
            LEFT JOIN core.products AS p
              ON p.source = s.source AND p.product_id = s.product_id AND p.variant_id = s.variant_id
            WHERE s._deleted_at IS NULL""",
    ]


def _fresh(company: Company) -> str:
    return f"""SELECT source FROM echannel.streams
        WHERE CAST(timezone('{company.time_zone}', last_success) AS DATE) >= DATE '{_today(company)}' GROUP BY source"""


def _read_today(into: Warehouse, company: Company) -> list[str]:
    return sorted(into.query(_fresh(company)).read_all()["source"].to_pylist())


def duplicates(company: Company) -> list[str]:
    """Mark each order that another source holds as well, by the company's declared rules; that one counts."""
    statements = []
    columns = TABLES["orders"].types
    for source, rules in company.matches.items():
        for column, other in rules.get("order", {}).items():
            place, _, known = other.partition(".")
            for name in (column, known):
                if name not in columns:
                    raise SettingsError(
                        say("matches.{source}: orders have no column {name!r}", source=source, name=name),
                        hint=did_you_mean(name, columns),
                    )
            first = f"""SELECT {quoted(known)} AS word, min(order_id) AS order_id FROM core.orders
                WHERE source = '{_plain(place)}' AND _deleted_at IS NULL GROUP BY word"""
            statements.append(f"""UPDATE core.orders AS o
                SET duplicate_of_source = '{_plain(place)}', duplicate_of_order_id = f.order_id
                FROM ({first}) AS f WHERE o.source = '{_plain(source)}' AND o.{quoted(column)} = f.word""")
    return statements


def _plain(name: str) -> str:
    return name.replace("'", "''")


# -- marts ----------------------------------------------------------------------------------------------------------


def mart_selects(company: Company, today: date | None = None) -> dict[str, str]:
    """Each mart's SELECT by its name, in an order in which every mart comes after those it reads."""
    return {name: one.sql for name, one in _mart_selects(company, today).items()}


def _mart_selects(company: Company, today: date | None) -> dict[str, _Select]:
    values = tuple(_values(company, today).items())
    texts = mart_texts()
    # Sorted, so that the order is the same in every process: what was built is known by its statements.
    reads = {
        name: sorted(set(re.findall(r"\bmart\.\w+", _without_comments(texts[name]))) - {name}) for name in sorted(texts)
    }
    order = TopologicalSorter(reads).static_order()
    return {name: _select(texts[name], name, values, "duckdb") for name in order}


def _values(company: Company, today: date | None = None) -> dict[str, str]:
    """What the parameters in a mart's SQL stand for."""
    return {
        "currency": company.currency,
        "time_zone": company.time_zone,
        "today": today.isoformat() if today else _today(company),
        "matching": f",{','.join(company.matches)},",
    }


def mart_texts() -> dict[str, str]:
    """Each mart's file by its name: SQL with a header that says its question, grain and units."""
    folder = resources.files("echannel_connectors") / "models" / "marts"
    return {
        f"mart.{file.name.removesuffix('.sql')}": file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    }


def mart_columns(company: Company) -> dict[str, tuple[str, ...]]:
    """Each mart's columns by its name, in its order."""
    return {name: one.columns for name, one in _mart_selects(company, None).items()}


def _today(company: Company) -> str:
    return datetime.now(ZoneInfo(company.time_zone)).date().isoformat()


def _without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", sql)
