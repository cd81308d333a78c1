"""The kinds of databases: how each is reached, and the statements that open a read-only view of one state of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote

from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.texts import say

Way = Literal["copy", "packets", "duckdb", "odbc", "sqlalchemy"]
SCHEMA_TABLES = "SELECT table_schema, table_name, 1, 1 FROM information_schema.tables"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of database is reached: its driver, how rows come, and the statements that open a snapshot."""

    dialect: str  # sqlglot's name
    driver: str = ""  # SQLAlchemy's name, where it opens the connection
    module: str = ""
    extra: str = ""  # the pip extra that brings the module
    way: Way = "sqlalchemy"
    isolation: str = ""
    opening: tuple[str, ...] = ()  # with {seconds} or {milliseconds} for the time-out of a statement, 0 for none
    sharing: str = ""  # asks for the name of the snapshot, first of all, where other connections can see the same one
    joining: tuple[str, ...] = ()  # what they say after BEGIN, with {snapshot} for that name
    in_file: bool = False
    is_padded: bool = False  # text of a fixed width comes with blanks at its end
    tables: str = SCHEMA_TABLES  # schema, name, whether the name is enough, whether any case of it is the same name
    nothing: str = "SELECT 1"  # what any account may ask
    query: tuple[tuple[str, str], ...] = ()  # what the URL asks of the driver, unless it says else
    tls: tuple[tuple[str, str], ...] = ()  # the same where the server has to show a certificate of a {ca}


# MariaDB alone runs what stands in /*M! */, MySQL alone what stands in /*!50708 */. Both wait for a slow reader.
MYSQL = (
    "SET SESSION net_write_timeout = 3600, /*M!100101 SESSION max_statement_time = {seconds}, */"
    " /*!50708 SESSION max_execution_time = {milliseconds}, */ SESSION time_zone = '+00:00'"
)
REPEATABLE = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
POSTGRES = (
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL statement_timeout = {milliseconds}",
)
# A connection may have nothing to do while the others read: that is no reason to end it. The first one holds its weak
# locks to the end; who waits for a strong one makes the others wait behind it, and so for ever: better an error.
SHARING = "SELECT pg_export_snapshot(), set_config('idle_in_transaction_session_timeout', '0', TRUE)"
JOINING = (
    "SET TRANSACTION SNAPSHOT '{snapshot}'",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL lock_timeout = '10s'",
)
FORMATS = "NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6' NLS_DATE_FORMAT = 'YYYY-MM-DD'"
ORACLE = (f"ALTER SESSION SET {FORMATS} TIME_ZONE = 'UTC'", "SET TRANSACTION READ ONLY")
# With those that the account may not read: a table without the right to it is told, and not taken for one that lacks.
POSTGRES_TABLES = (
    "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid), FALSE"
    " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
    " ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')"
)
MYSQL_TABLES = (
    "SELECT table_schema, table_name, table_schema = DATABASE(), @@lower_case_table_names"
    " FROM information_schema.tables"
)
DUCKDB_TABLES = "SELECT table_schema, table_name, table_schema = current_schema(), TRUE FROM information_schema.tables"
SQLITE_TABLES = "SELECT NULL, name, 1, 1 FROM sqlite_master WHERE type IN ('table', 'view')"
FIREBIRD_TABLES = "SELECT NULL, TRIM(RDB$RELATION_NAME), 1, 0 FROM RDB$RELATIONS"
ORACLE_TABLES = "SELECT owner, table_name, 1, 0 FROM all_tables UNION ALL SELECT owner, view_name, 1, 0 FROM all_views"

KINDS: Mapping[str, Kind] = {
    "postgresql": Kind("postgres", "", "psycopg", "postgres", "copy",
                       opening=("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", *POSTGRES),
                       sharing=SHARING, joining=JOINING,
                       tls=(("sslmode", "verify-full"), ("sslrootcert", "{ca}")), tables=POSTGRES_TABLES),
    "mysql": Kind("mysql", "", "pymysql", "mysql", "packets",
                  opening=(MYSQL, REPEATABLE, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"),
                  tls=(("ssl_ca", "{ca}"), ("ssl_verify_cert", "true"), ("ssl_verify_identity", "true")),
                  tables=MYSQL_TABLES),
    "sqlite": Kind("sqlite", "sqlite", "sqlite3", opening=("BEGIN",), in_file=True, tables=SQLITE_TABLES),
    "duckdb": Kind("duckdb", "", "duckdb", way="duckdb", opening=("BEGIN TRANSACTION",), in_file=True,
                   tables=DUCKDB_TABLES),
    "mssql": Kind("tsql", "mssql+pymssql", "pymssql", "mssql", isolation="SNAPSHOT",
                  opening=("SET LOCK_TIMEOUT 10000",), is_padded=True),
    "oracle": Kind("oracle", "oracle+oracledb", "oracledb", "oracle", opening=ORACLE,
                   is_padded=True, tables=ORACLE_TABLES, nothing="SELECT 1 FROM DUAL"),
    "firebird": Kind("firebird", "firebird+firebird", "firebird.driver", "firebird", query=(("charset", "UTF8"),),
                     is_padded=True, tables=FIREBIRD_TABLES, nothing="SELECT 1 FROM RDB$DATABASE"),
    "odbc": Kind("", "", "arrow_odbc", "odbc", "odbc", is_padded=True),
}  # fmt: skip
ALIASES = {"postgres": "postgresql", "mariadb": "mysql"}

# A database that is reached by ODBC speaks the dialect that its URL names.
ODBC: Mapping[str, Kind] = {
    "postgres": replace(
        KINDS["odbc"],
        dialect="postgres",
        tables=POSTGRES_TABLES,
        opening=("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", *POSTGRES),
    ),
    "mysql": replace(KINDS["odbc"], dialect="mysql", opening=(MYSQL,), tables=MYSQL_TABLES),
    "sqlite": replace(KINDS["odbc"], dialect="sqlite", tables=SQLITE_TABLES),
    "tsql": replace(KINDS["odbc"], dialect="tsql", opening=("SET TRANSACTION ISOLATION LEVEL SNAPSHOT",)),
    "oracle": replace(KINDS["oracle"], driver="", module="arrow_odbc", extra="odbc", way="odbc"),
    "firebird": replace(KINDS["firebird"], driver="", module="arrow_odbc", extra="odbc", way="odbc"),
}


# user:password@host:port/name?query; a password may hold anything but an @, and all of it may be percent-encoded.
URL = re.compile(
    r"(?:(?P<user>[^:/?@]*)(?::(?P<secret>[^@]*))?@)?(?P<server>\[[^\]]*\]|[^/:?@]*)(?::(?P<port>\d+))?"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?"
)


@dataclass(frozen=True, slots=True)
class Address:
    """A database URL taken apart; what is printed of it is `host`, which holds no secret."""

    kind: Kind
    host: str
    path: str = ""  # of a database in a file
    server: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, url: str, ca: Path | None = None) -> Address:
        """The address that a URL says; with a CA file, only a server with a certificate of it is spoken to."""
        scheme, separator, rest = url.partition("://")
        name = scheme.partition("+")[0].lower()
        name = ALIASES.get(name, name)
        if not separator:
            raise _no_url()
        if name not in KINDS:
            sentence = say("{kind!r} is not a database that can be read", kind=scheme)
            raise SettingsError(sentence, hint=did_you_mean(name, KINDS))
        kind = KINDS[name]
        if ca is not None and not kind.tls:
            raise SettingsError(
                say("{setting} is known for {names} alone", setting="ca_file", names="PostgreSQL, MariaDB, MySQL")
            )
        if kind.in_file:
            path = rest.removeprefix("/").partition("?")[0]
            return cls(kind, Path(path).name or path, path)
        return cls._of_server(kind, rest, {name: value.format(ca=ca) for name, value in kind.tls} if ca else {})

    @classmethod
    def _of_server(cls, kind: Kind, rest: str, tls: Mapping[str, str]) -> Address:
        match = URL.fullmatch(rest)
        if match is None:
            raise _no_url()
        said = {name: unquote(value or "") for name, value in match.groupdict().items() if name != "query"}
        query = {**dict(kind.query), **dict(parse_qsl(match["query"] or "")), **tls}
        if kind.way == "odbc":
            kind = _odbc(query)
        port = int(said.pop("port") or 0) or None
        host = said["server"] or query.get("host") or query.get("driver") or say("the database")
        return cls(kind, host, port=port, query=query, **said)


def _odbc(query: Mapping[str, str]) -> Kind:
    """odbc://user:password@host:port/database?driver=…&dialect=…; what else is asked for is passed on."""
    if not query.get("driver") or query.get("dialect") not in ODBC:
        example = "odbc://user:password@host/name?driver=PostgreSQL Unicode&dialect=postgres"
        sentence = say("an odbc url names its driver and a dialect: {names}", names=", ".join(ODBC))
        raise SettingsError(sentence, hint=say("write {url}", url=example))
    return ODBC[query["dialect"]]


def _no_url() -> SettingsError:
    return SettingsError(
        say("the url is no database URL"), hint=say("write {url}", url="kind://user:password@host/name")
    )


def beside(url: str, folder: Path) -> str:
    """The URL of a database file with its path as seen from `folder`; other URLs as they are."""
    scheme, separator, rest = url.partition("://")
    kind = KINDS.get(scheme.partition("+")[0].lower())
    if not separator or kind is None or not kind.in_file:
        return url
    return f"{scheme}:///{folder.absolute() / rest.removeprefix('/')}"
