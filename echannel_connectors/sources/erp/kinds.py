"""The kinds of databases: how each is reached, and the statements that open a read-only view of one state of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.texts import say

Way = Literal["copy", "packets", "duckdb", "odbc", "sqlalchemy"]
SCHEMA_TABLES = "SELECT table_schema, table_name FROM information_schema.tables"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of database is reached: its driver, how rows come, and the statements that open a snapshot."""

    dialect: str  # sqlglot's name
    driver: str = ""  # SQLAlchemy's name
    module: str = ""
    extra: str = ""  # the pip extra that brings the module
    way: Way = "sqlalchemy"
    isolation: str = ""
    opening: tuple[str, ...] = ()  # with {seconds} or {milliseconds} for the time-out of a statement, 0 for none
    in_file: bool = False
    is_padded: bool = False  # text of a fixed width comes with blanks at its end
    tables: str = SCHEMA_TABLES
    nothing: str = "SELECT 1"  # what any account may ask
    query: tuple[tuple[str, str], ...] = ()  # what the URL asks of the driver, unless it says else
    tls: tuple[tuple[str, str], ...] = ()  # the same where the server has to show a certificate of a {ca}


# MariaDB alone runs what stands in /*M! */, MySQL alone what stands in /*!50708 */. Both wait for a slow reader.
MYSQL = (
    "SET SESSION net_write_timeout = 3600, /*M!100101 SESSION max_statement_time = {seconds}, */"
    " /*!50708 SESSION max_execution_time = {milliseconds}, */ SESSION time_zone = '+00:00'"
)
POSTGRES = (
    "SET LOCAL TIME ZONE 'UTC'",
    "SET LOCAL client_encoding = 'UTF8'",
    "SET LOCAL statement_timeout = {milliseconds}",
)
FORMATS = "NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF6' NLS_DATE_FORMAT = 'YYYY-MM-DD'"
ORACLE = (f"ALTER SESSION SET {FORMATS} TIME_ZONE = 'UTC'", "SET TRANSACTION READ ONLY")
SQLITE_TABLES = "SELECT NULL, name FROM sqlite_master WHERE type IN ('table', 'view')"
FIREBIRD_TABLES = "SELECT NULL, TRIM(RDB$RELATION_NAME) FROM RDB$RELATIONS"
ORACLE_TABLES = "SELECT owner, table_name FROM all_tables UNION ALL SELECT owner, view_name FROM all_views"

KINDS: Mapping[str, Kind] = {
    "postgresql": Kind("postgres", "postgresql+psycopg", "psycopg", "postgres", "copy", "REPEATABLE READ",
                       ("SET TRANSACTION READ ONLY", *POSTGRES),
                       tls=(("sslmode", "verify-full"), ("sslrootcert", "{ca}"))),
    "mysql": Kind("mysql", "mysql+pymysql", "pymysql", "mysql", "packets", "REPEATABLE READ",
                  (MYSQL, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"), tls=(("ssl_ca", "{ca}"),)),
    "sqlite": Kind("sqlite", "sqlite", "sqlite3", opening=("BEGIN",), in_file=True, tables=SQLITE_TABLES),
    "duckdb": Kind("duckdb", "", "duckdb", way="duckdb", opening=("BEGIN TRANSACTION",), in_file=True),
    "mssql": Kind("tsql", "mssql+pymssql", "pymssql", "mssql", isolation="SNAPSHOT", is_padded=True),
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
        opening=("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", *POSTGRES),
    ),
    "mysql": replace(KINDS["odbc"], dialect="mysql", opening=(MYSQL,)),
    "sqlite": replace(KINDS["odbc"], dialect="sqlite", tables=SQLITE_TABLES),
    "tsql": replace(KINDS["odbc"], dialect="tsql", opening=("SET TRANSACTION ISOLATION LEVEL SNAPSHOT",)),
    "oracle": replace(KINDS["oracle"], driver="", module="arrow_odbc", extra="odbc", way="odbc"),
    "firebird": replace(KINDS["firebird"], driver="", module="arrow_odbc", extra="odbc", way="odbc"),
}


@dataclass(frozen=True, slots=True)
class Address:
    """A database URL taken apart; what is printed of it is `host`, which holds no secret."""

    kind: Kind
    url: str = field(repr=False)
    host: str
    secret: str = field(repr=False)
    path: str = ""

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
            raise SettingsError(say("ca_file is known for {names} alone", names="PostgreSQL, MariaDB, MySQL"))
        if kind.way == "odbc":
            return cls._of_odbc(rest)
        if kind.in_file:
            path = rest.removeprefix("/").partition("?")[0]
            return cls(kind, url, Path(path).name or path, "", path)
        return cls._of_server(kind, rest, ca)

    @classmethod
    def _of_odbc(cls, rest: str) -> Address:
        """odbc://user:password@host:port/database?driver=…&dialect=…; what else is asked for is passed on."""
        try:
            parts = urlsplit(f"odbc://{rest}")
            port = parts.port
        except ValueError:
            raise _no_url() from None
        words = dict(parse_qsl(parts.query))
        driver, dialect = words.pop("driver", ""), words.pop("dialect", "")
        if not driver or dialect not in ODBC:
            example = "odbc://user:password@host/name?driver=PostgreSQL Unicode&dialect=postgres"
            sentence = say("an odbc url names its driver and a dialect: {names}", names=", ".join(ODBC))
            raise SettingsError(sentence, hint=say("write {url}", url=example))
        server = parts.hostname or ""
        secret = unquote(parts.password or "")
        found = {"Driver": driver, "Server": f"{server},{port}" if port and dialect == "tsql" else server}
        if dialect != "tsql":
            found["Port"] = str(port or "")
        found |= {"Database": unquote(parts.path[1:]), "UID": unquote(parts.username or ""), "PWD": secret, **words}
        text = "".join(f"{name}={_braced(value)};" for name, value in found.items() if value)
        return cls(ODBC[dialect], text, server or driver, secret)

    @classmethod
    def _of_server(cls, kind: Kind, rest: str, ca: Path | None) -> Address:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            parts = make_url(f"{kind.driver}://{rest}")
        except (ArgumentError, ValueError):
            # Raised without its cause, which may repeat the url with its password.
            raise _no_url() from None
        host = parts.host or parts.query.get("host") or say("the database")
        asked = {name: value.format(ca=ca) for name, value in kind.tls} if ca is not None else {}
        parts = parts.set(query={**dict(kind.query), **parts.query, **asked})
        text = parts.render_as_string(hide_password=False)
        return cls(kind, text, host if isinstance(host, str) else host[0], str(parts.password or ""))


def _braced(value: str) -> str:
    """A value of an ODBC connection string, in braces where it holds what would end it."""
    return "{" + value.replace("}", "}}") + "}" if re.search(r"[;{}\[\]=\s]", value) else value


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
