"""The kinds of databases: how each is reached, and the statements that open a read-only view of one state of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.texts import say


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of database is reached: its driver, and the statements that open a snapshot."""

    dialect: str  # sqlglot's name
    driver: str = ""  # SQLAlchemy's name
    module: str = ""
    extra: str = ""  # the pip extra that brings the module
    isolation: str = ""
    opening: tuple[str, ...] = ()  # with {seconds} or {milliseconds} for the time-out of a statement, 0 for none
    in_file: bool = False
    tables: str = "SELECT table_schema, table_name FROM information_schema.tables"


# MariaDB alone runs what stands in /*M! */, MySQL alone what stands in /*!50708 */. Both wait for a slow reader.
MYSQL = (
    "SET SESSION net_write_timeout = 3600, /*M!100101 SESSION max_statement_time = {seconds}, */"
    " /*!50708 SESSION max_execution_time = {milliseconds}, */ SESSION time_zone = '+00:00'"
)
KINDS: Mapping[str, Kind] = {
    "postgresql": Kind(
        "postgres", "postgresql+psycopg", "psycopg", "postgres", "REPEATABLE READ",
        ("SET TRANSACTION READ ONLY", "SET LOCAL TIME ZONE 'UTC'", "SET LOCAL statement_timeout = {milliseconds}"),
    ),
    "mysql": Kind(
        "mysql", "mysql+pymysql", "pymysql", "mysql", "REPEATABLE READ",
        (MYSQL, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"),
    ),
    "sqlite": Kind("sqlite", "sqlite", "sqlite3", "", "", ("BEGIN",), in_file=True,
                   tables="SELECT NULL, name FROM sqlite_master WHERE type IN ('table', 'view')"),
    "duckdb": Kind("duckdb", "", "duckdb", "", "", ("BEGIN TRANSACTION",), in_file=True),
}  # fmt: skip
ALIASES = {"postgres": "postgresql", "mariadb": "mysql"}


@dataclass(frozen=True, slots=True)
class Address:
    """A database URL taken apart; what is printed of it is `host`, which holds no secret."""

    kind: Kind
    url: str = field(repr=False)
    host: str
    secret: str = field(repr=False)
    path: str = ""

    @classmethod
    def of(cls, url: str) -> Address:
        scheme, separator, rest = url.partition("://")
        name = scheme.partition("+")[0].lower()
        name = ALIASES.get(name, name)
        if not separator:
            raise _no_url()
        if name not in KINDS:
            sentence = say("{kind!r} is not a database that can be read", kind=scheme)
            raise SettingsError(sentence, hint=did_you_mean(name, KINDS))
        kind = KINDS[name]
        if kind.in_file:
            path = rest.removeprefix("/").partition("?")[0]
            return cls(kind, url, Path(path).name or path, "", path)
        return cls._of_server(kind, rest)

    @classmethod
    def _of_server(cls, kind: Kind, rest: str) -> Address:
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            parts = make_url(f"{kind.driver}://{rest}")
        except (ArgumentError, ValueError):
            # Raised without its cause, which may repeat the url with its password.
            raise _no_url() from None
        host = parts.host or parts.query.get("host") or say("the database")
        return cls(
            kind, f"{kind.driver}://{rest}", host if isinstance(host, str) else host[0], str(parts.password or "")
        )


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
