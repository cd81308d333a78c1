"""What databases say when they refuse, sorted by who can act: one table per database, no branches."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from echannel_connectors.errors import EChannelError, Refused, SettingsError, SpecError, Unavailable, UnexpectedData
from echannel_connectors.texts import Text, say

Reason = tuple[str, Callable[..., EChannelError], Callable[..., Text], Text]  # pattern, class, sentence, hint

LOGIN = say("look at the user and the password in the source's url")
NAMES = say("is the module installed, and are parameters such as prefix and schema right?")
VERSION = say("is this spec for another version of the ERP?")
GRANT = say("ask for the right to SELECT from it")
URL = say("look at the source's url")
CERTIFICATE = say("is ca_file the authority that signed it, and is the host in the URL the name that it is made for?")
AGAIN = say("run again later")
HBA = say("see its pg_hba.conf")
DRIVERS = say("`odbcinst -q -d` lists those that there are")
EXPRESSION = say("look at its expression")

NO_ENTRY = partial(say, "{host} refuses this user")
NOBODY = partial(say, "{host} lets nobody in from here")
NO_USER = partial(say, "{host} does not know the user {name}")
NO_DATABASE = partial(say, "{host} has no database {name}")
CLOSED = partial(say, "{host} does not open this database to this user")
NO_TABLE = partial(say, "the database has no table {name}")
NO_COLUMN = partial(say, "the database has no column {name}")
NOT_READ = partial(say, "the account may not read {name}")
STOPPED = partial(say, "{host} stopped the query")
CROWDED = partial(say, "{host} lets in no further connection")
SILENT = partial(say, "{host} does not answer")
WRITTEN = partial(say, "{host} is being written by somebody else")
OTHER_KIND = partial(say, "{host} is not a database of this kind")
STRANGER = partial(say, "{host} shows a certificate that is not accepted")
NO_DRIVER = partial(say, "there is no ODBC driver {name!r} on this machine")
WRONG_URL = partial(say, "{host} cannot be asked as its url says: {name}")
NOT_COMPUTED = partial(say, "the database cannot compute a column: {name}")

# The pattern is looked for in "<code> <message>"; `name` is what its group caught, `host` the server.
REASONS: tuple[Reason, ...] = (
    (r"certificate", Refused, STRANGER, CERTIFICATE),
    (r"too many (?:connections|clients)|connection slots are reserved", Unavailable, CROWDED, AGAIN),
    # PostgreSQL
    (r"(invalid (?:connection option|port number|\w+ value)\b.*|bad value for .*)", SettingsError, WRONG_URL, URL),
    (r"password authentication failed|no password supplied|28P01|28000", Refused, NO_ENTRY, LOGIN),
    (r"no pg_hba\.conf entry|pg_hba\.conf rejects", Refused, NOBODY, HBA),
    (r'role "([^"]+)" does not exist', Refused, NO_USER, LOGIN),
    (r'database "([^"]+)" does not exist', SettingsError, NO_DATABASE, URL),
    (r'42P01 .*relation "([^"]+)"', SpecError, NO_TABLE, NAMES),
    (r'42703 .*?column "?(.+?)"? does not exist', SpecError, NO_COLUMN, VERSION),  # the first: a hint names another one
    (r"42501 (?:.* )?(?:table|relation|view|schema) (\S+)", Refused, NOT_READ, GRANT),
    (r"^(?:57014|55P03|40001|08\w{3}|57P0\d) ", Unavailable, STOPPED, AGAIN),
    (r"^22\w{3} (.*)", UnexpectedData, NOT_COMPUTED, EXPRESSION),
    # MariaDB and MySQL
    (r"^(?:1045|1698) ", Refused, NO_ENTRY, LOGIN),
    (r"^1044 ", Refused, CLOSED, GRANT),
    (r"^1142 .*table [`'\"]?([\w.`]+)", Refused, NOT_READ, GRANT),
    (r"^1049 .*'([^']+)'", SettingsError, NO_DATABASE, URL),
    (r"^(?:1146|1109) .*Table '([^']+)'", SpecError, NO_TABLE, NAMES),
    (r"^1054 .*column '([^']+)'", SpecError, NO_COLUMN, VERSION),
    (r"^(?:1205|1317|1927|1969|3024) ", Unavailable, STOPPED, AGAIN),
    (r"^(?:2002|2003|2006|2013) ", Unavailable, SILENT, AGAIN),
    # ODBC
    (r"Can't open lib '([^']+)'", SettingsError, NO_DRIVER, DRIVERS),
    # SQLite and DuckDB
    (r"no such table: (\S+)", SpecError, NO_TABLE, NAMES),
    (r"no such column: (\S+)", SpecError, NO_COLUMN, VERSION),
    (r"file is not a database|not a valid DuckDB", SettingsError, OTHER_KIND, URL),
    (r"database is locked|Conflicting lock", Unavailable, WRITTEN, AGAIN),
    (r"Table with name (\S+) does not exist", SpecError, NO_TABLE, NAMES),
    (r'column "?([^" ]+)"? not found', SpecError, NO_COLUMN, VERSION),
    (r'does not have a column named "([^"]+)"', SpecError, NO_COLUMN, VERSION),
)
NOT_THERE = (
    r"could not (connect|translate)|connection (failed|refused|timeout)|timeout expired|getaddrinfo|server closed"
)


def understood(error: Exception, host: str, secret: str, *, connecting: bool = False) -> EChannelError:
    """The database's refusal as one of our errors, in one sentence and without the password."""
    original = getattr(error, "orig", None) or error
    message = without(secret, f"{_code(original)} {_message(original)}".strip())
    advice = without(secret, str(getattr(getattr(original, "diag", None), "message_hint", None) or ""))
    for pattern, kind, sentence, hint in REASONS:
        if connecting and sentence is STOPPED:  # there was no query yet
            continue
        if match := re.search(pattern, message, re.IGNORECASE):
            caught = str(match[1]) if match.groups() else ""
            caught = caught if " " in caught else caught.strip("`'\"")  # a name, not a sentence
            return kind(sentence(host=host, name=caught), hint=advice if kind is SpecError and advice else hint)
    if connecting or re.search(NOT_THERE, message, re.IGNORECASE):
        problem = _first_line(message)
        return Unavailable(say("{host} does not answer: {problem}", host=host, problem=problem), hint=AGAIN)
    return SpecError(say("{host} refuses the SELECT: {problem}", host=host, problem=_first_line(message)), hint=advice)


def _code(error: Any) -> str:  # whatever a driver raises
    """MySQL's own number, which says more than its SQLSTATE, or the SQLSTATE of the others."""
    first = error.args[0] if getattr(error, "args", None) else ""
    return str(first) if isinstance(first, int) else str(getattr(error, "sqlstate", None) or "")


def _message(error: Any) -> str:
    said = getattr(getattr(error, "diag", None), "message_primary", None)  # PostgreSQL's, without the SQL around it
    args = [said] if said else [str(part) for part in getattr(error, "args", ()) if isinstance(part, str)]
    return " ".join(" ".join(args).split()) or str(error)


def _first_line(message: str) -> str:
    return message[:200].rstrip(" .")


def without(secret: str, text: str) -> str:
    """The text without the password; one that is too short to be looked for stands in a URL, if anywhere."""
    if len(secret) > 5:
        return text.replace(secret, "***")
    return text.replace(f":{secret}@", ":***@") if secret else text
