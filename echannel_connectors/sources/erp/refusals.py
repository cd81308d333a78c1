"""What databases say when they refuse, sorted by who can act: one table per database, no branches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from echannel_connectors.errors import EChannelError, Refused, SettingsError, SpecError, Unavailable, UnexpectedData

Reason = tuple[str, Callable[..., EChannelError], str, str]  # pattern, class, sentence, hint

LOGIN = "look at the user and the password in the source's url"
NAMES = "is the module installed, and are parameters such as prefix and schema right?"
VERSION = "is this spec for another version of the ERP?"
GRANT = "ask for the right to SELECT from it"
URL = "look at the source's url"
AGAIN = "run again later"

# The pattern is looked for in "<code> <message>"; {0} is what its group caught, {host} the server.
REASONS: tuple[Reason, ...] = (
    # PostgreSQL
    (r"password authentication failed|no password supplied|28P01|28000", Refused, "{host} refuses this user", LOGIN),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects", Refused, "{host} lets nobody in from here", "see its pg_hba.conf"),
    (r'role "([^"]+)" does not exist', Refused, "{host} does not know the user {0}", LOGIN),
    (r'database "([^"]+)" does not exist', SettingsError, "{host} has no database {0}", URL),
    (r'42P01 .*relation "([^"]+)"', SpecError, "the database has no table {0}", NAMES),
    (r'42703 .*column "?([^" ]+)"?', SpecError, "the database has no column {0}", VERSION),
    (r"42501 (?:.* )?(?:table|relation|view|schema) (\S+)", Refused, "the account may not read {0}", GRANT),
    (r"^(?:57014|40001|08\w{3}|57P0\d) ", Unavailable, "{host} stopped the query", AGAIN),
    (r"^22\w{3} (.*)", UnexpectedData, "the database cannot compute a column: {0}", "look at its expression"),
    # MariaDB and MySQL
    (r"^(?:1045|1698) ", Refused, "{host} refuses this user", LOGIN),
    (r"^1044 ", Refused, "{host} does not open this database to this user", GRANT),
    (r"^1142 .*table [`'\"]?([\w.`]+)", Refused, "the account may not read {0}", GRANT),
    (r"^1049 .*'([^']+)'", SettingsError, "{host} has no database {0}", URL),
    (r"^(?:1146|1109) .*Table '([^']+)'", SpecError, "the database has no table {0}", NAMES),
    (r"^1054 .*column '([^']+)'", SpecError, "the database has no column {0}", VERSION),
    (r"^(?:2002|2003|2006|2013|1205|3024|1969) ", Unavailable, "{host} does not answer", AGAIN),
    # SQLite and DuckDB
    (r"no such table: (\S+)", SpecError, "the database has no table {0}", NAMES),
    (r"no such column: (\S+)", SpecError, "the database has no column {0}", VERSION),
    (r"file is not a database|not a valid DuckDB", SettingsError, "{host} is not a database of this kind", URL),
    (r"database is locked|Conflicting lock", Unavailable, "{host} is being written by somebody else", AGAIN),
    (r"Table with name (\S+) does not exist", SpecError, "the database has no table {0}", NAMES),
    (r'column "?([^" ]+)"? not found', SpecError, "the database has no column {0}", VERSION),
    (r'does not have a column named "([^"]+)"', SpecError, "the database has no column {0}", VERSION),
)
NOT_THERE = (
    r"could not (connect|translate)|connection (failed|refused|timeout)|timeout expired|getaddrinfo|server closed"
)


def understood(error: Exception, host: str, secret: str, *, connecting: bool = False) -> EChannelError:
    """The database's refusal as one of our errors, in one sentence and without the password."""
    original = getattr(error, "orig", None) or error
    message = _without(secret, f"{_code(original)} {_message(original)}".strip())
    for pattern, kind, sentence, hint in REASONS:
        if match := re.search(pattern, message, re.IGNORECASE):
            caught = [str(group).strip("`'\"") for group in match.groups()]
            return kind(sentence.format(*caught, host=host), hint=hint)
    if connecting or re.search(NOT_THERE, message, re.IGNORECASE):
        return Unavailable(f"{host} does not answer: {_first_line(message)}", hint=AGAIN)
    return SpecError(f"{host} refuses the SELECT: {_first_line(message)}")


def _code(error: Any) -> str:  # whatever a driver raises
    """MySQL's own number, which says more than its SQLSTATE, or the SQLSTATE of the others."""
    first = error.args[0] if getattr(error, "args", None) else ""
    return str(first) if isinstance(first, int) else str(getattr(error, "sqlstate", None) or "")


def _message(error: Any) -> str:
    args = [str(part) for part in getattr(error, "args", ()) if isinstance(part, str)]
    return " ".join(" ".join(args).split()) or str(error)


def _first_line(message: str) -> str:
    return message[:200].rstrip(" .")


def _without(secret: str, text: str) -> str:
    """The text without the password; one that is too short to be looked for stands in a URL, if anywhere."""
    if len(secret) > 5:
        return text.replace(secret, "***")
    return text.replace(f":{secret}@", ":***@") if secret else text
