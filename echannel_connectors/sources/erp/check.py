"""`echannel check` for an ERP: is it there, may the account write, does every table and column exist?"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from sqlglot import exp

from echannel_connectors.errors import EChannelError
from echannel_connectors.models.core import TABLES
from echannel_connectors.sources.erp.reader import Database, Names
from echannel_connectors.sources.erp.refusals import NAMES
from echannel_connectors.specs import Spec
from echannel_connectors.specs.compile import Select
from echannel_connectors.specs.pieces import Piece, pieces
from echannel_connectors.streams import Finding
from echannel_connectors.texts import say

WRITES = re.compile(r"\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE)\b")


Compiled = tuple[Mapping[str, Select], Mapping[str, Collection[str]]]  # what is read; what is not, with what it lacks


def findings(database: Database, compiled: Callable[[], Compiled], spec: Spec | None = None) -> Iterator[Finding]:
    """What a person should know before the first sync; `compiled` may ask the database what it has. With its `spec`,
    a finding says where that is wrong."""
    try:
        database.values(database.address.kind.nothing)
    except EChannelError as error:
        yield Finding("error", error.sentence, error.hint)
        return
    yield Finding("ok", say("{host} answers ({dialect})", host=database.address.host, dialect=database.dialect))
    selects, left_out = compiled()
    wanted = {name for select in selects.values() for name in select.reads()}
    tables = database.tables()
    present = {name for name in wanted if name in tables}
    yield _rights(database, present)
    if database.manners.connections > 1:
        yield _readers(database)
    for name in sorted(wanted - present):
        users = ", ".join(table for table, select in selects.items() if name in select.reads())
        sentence = say("the database has no table {name}, which {users} needs", name=name, users=users)
        near = Names(tables.listed | set(spec.views if spec else ())).nearest(name)
        hint = say("did you mean {name!r}?", name=near) if near else NAMES
        yield Finding("error", sentence, hint, _place_of_table(spec, name) if spec else "")
    for table, lacking in left_out.items():
        sentence = say(
            "{table} is left out: the database has no table {names}", table=table, names=", ".join(sorted(lacking))
        )
        yield Finding(
            "warning", sentence, say("right where that module is not installed; otherwise grant SELECT on it")
        )
    for table, select in selects.items():
        if present.issuperset(select.reads()):
            yield from _runs(database, table, select, spec)


def _readers(database: Database) -> Finding:
    try:
        if shortage := database.shortage():
            return Finding("warning", shortage, say("ask for that, or give the source fewer connections"))
        return Finding("ok", say("{n} connections see one state of the database", n=database.manners.connections))
    finally:
        database.close()


def _rights(database: Database, tables: Iterable[str]) -> Finding:
    if database.address.kind.in_file:
        return Finding("ok", say("the file is opened read-only"))
    may_write = MAY_WRITE.get(database.dialect)
    if may_write is None:
        sentence = say("whether this account may write is not asked of this kind of database")
        return Finding("warning", sentence, say("give the source an account that may only SELECT"))
    if not may_write(database, tables):
        return Finding("ok", say("this account may only read"))
    hint = say("give the source an account that may only SELECT")
    return Finding("warning", say("this account may write; reading needs no such right"), hint)


def _may_write_postgres(database: Database, tables: Iterable[str]) -> bool:
    names = [".".join(f'"{part}"' for part in table.split(".")) for table in tables]
    asked = [f"has_table_privilege('{name}', 'INSERT, UPDATE, DELETE, TRUNCATE')" for name in names]
    return bool(asked) and bool(database.values(f"SELECT {' OR '.join(asked)}")[0][0])


def _may_write_mysql(database: Database, _tables: Iterable[str]) -> bool:
    """A grant counts when it is on everything or on the database that is read, not on a scratch database beside it."""
    name = str(database.values("SELECT DATABASE()")[0][0])
    for (grant,) in database.values("SHOW GRANTS"):
        match = re.match(r"GRANT (.+) ON (\S+?)\.\S+ TO ", str(grant))
        if match and match[2].replace("`", "").replace("\\", "") in ("*", name) and WRITES.search(match[1]):
            return True
    return False


MAY_WRITE = {"postgres": _may_write_postgres, "mysql": _may_write_mysql}


def _runs(database: Database, table: str, select: Select, spec: Spec | None) -> Iterator[Finding]:
    """Each column that the database cannot give, or the whole SELECT where no column alone is the reason."""
    problem = refusal(database, select.nothing())
    if problem is None:
        return
    asked = {**select.columns, **select.conditions()}
    refused = {}
    if refusal(database, select.nothing_of(exp.Literal.number(1))) is None:
        found = {name: refusal(database, select.nothing_of(value)) for name, value in asked.items()}
        refused = {name: error for name, error in found.items() if error is not None}
    for name, error in refused.items() or [("", problem)]:
        said = f"{table}.{name}" if name else table
        place = spec.place_of(*_path(spec, table, name), at=0) if spec else ""
        yield Finding("error", say("{table}: {problem}", table=said, problem=error.sentence), error.hint, place)


def refusal(database: Database, sql: str) -> EChannelError | None:
    try:
        database.values(sql)
    except EChannelError as error:
        return error
    return None


def _place_of_table(spec: Spec, name: str) -> str:
    """Where a spec first names a table, whose name may have got a prefix, and a schema before it."""
    views = [Piece(spec.connector, ("views", view), text, "query") for view, text in spec.views.items()]
    tables = [piece for table, one in spec.tables.items() for piece in pieces(spec.connector, table, one)]
    bare = name.rpartition(".")[2].casefold()
    for piece in (*views, *tables):
        if (at := piece.text.casefold().find(bare)) >= 0:
            return spec.place_of(*piece.path, at=at)
    return ""


def _path(spec: Spec, table: str, name: str) -> tuple[str, ...]:
    """Where a spec says what a column is; its FROM for the whole table."""
    found = {piece.path for piece in pieces(spec.connector, table, spec.tables[table])}
    own = [path for path in found if name and name in path[2:] and path[2] != "key"]
    core = TABLES[table].key
    keys = [("tables", table, "key", str(core.index(name)))] if name in core else []
    whole = [("tables", table, "from"), ("tables", table, "query")]
    return next(path for path in (*own, *keys, *whole) if path in found)
