"""What is a good answer to a question about a company and its sources: each is kept as it is returned.

Every function raises SettingsError with one sentence and the way out. `echannel init` asks at the terminal, `echannel
start` on a page; both take their answers from here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import available_timezones

from pydantic import ValidationError

from echannel_connectors import specs
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.models.company import Company
from echannel_connectors.sources.erp import Erp
from echannel_connectors.sources.erp.kinds import ALIASES, Address
from echannel_connectors.sources.ga4 import Ga4
from echannel_connectors.sources.prestashop import PrestaShop
from echannel_connectors.texts import say

KEY = re.compile(r"[!-~]{32}")  # the shop makes letters and digits; by hand a few signs are allowed
DATASET = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9][.]\w+")  # project.dataset
ON_THIS_MACHINE = "duckdb:///echannel.duckdb"


def currency(answer: str) -> str:
    valid(lambda: Company(currency=answer.upper()))
    return answer.upper()


def time_zone(answer: str) -> str:
    """A time zone; of one whose city was given the full name is asked back."""
    city = answer.lower().replace(" ", "_")
    near = sorted(zone for zone in available_timezones() if zone.lower().rpartition("/")[2] == city)
    try:
        valid(lambda: Company(time_zone=answer))
    except SettingsError as error:
        error.hint = say("did you mean {name!r}?", name=near[0]) if near else ""
        raise
    return answer


def shop_address(answer: str) -> str:
    """An address as people write it: without https:// it is meant with it."""
    if not answer:
        return ""
    url = answer if "://" in answer or "." not in answer else f"https://{answer}"
    found: list[str] = []
    valid(lambda: found.append(PrestaShop(url=url, key="later").url))
    return found[0]


def webservice_key(answer: str) -> str:
    if not KEY.fullmatch(answer):
        raise SettingsError(
            say("a webservice key has 32 characters and no space; this has {n}", n=len(answer)),
            hint=say("in the back office under Advanced Parameters > Webservice, copy the whole key"),
        )
    return answer


def known_erps(folder: Path) -> list[str]:
    """The connectors of ERPs: the project's own and the library's."""
    return [name for name in specs.names(folder) if not specs.find(name, folder).runs_in_warehouse]


def erp(answer: str, folder: Path) -> str:
    known = known_erps(folder)
    if answer and answer.lower() not in known:
        raise SettingsError(say("there is no connector {name!r}", name=answer), hint=did_you_mean(answer, known))
    return answer.lower()


def erp_url(answer: str, name: str, folder: Path) -> str:
    valid(lambda: Erp.for_spec(name, folder, url=answer))
    return answer


def usual_parameters(name: str, folder: Path, currency: str, zone: str) -> dict[str, Any]:  # what YAML holds
    """An ERP's parameters before anybody looked at it: the currency and zone that it assumes are the company's."""
    usual = {word: parameter.default for word, parameter in specs.find(name, folder).parameters.items()}
    own = {":currency": currency, **dict.fromkeys((":time_zone", *available_timezones()), zone)}
    return {word: own.get(value, value) if isinstance(value, str) else value for word, value in usual.items()}


def property_number(answer: str) -> str:
    if answer:
        valid(lambda: Ga4(property=(answer,)))
    return answer


def key_file(answer: str, folder: Path) -> str:
    """The key file of a service account, as seen from the folder; empty for Google's own login."""
    if answer and not (folder / answer).is_file():
        raise SettingsError(say("there is no file {path}", path=folder / answer))
    return answer


def google_place(answer: str) -> str:
    """The address of a spreadsheet, or a project's dataset, as a destination."""
    from echannel_connectors.destinations.bigquery import BigQuery
    from echannel_connectors.destinations.sheets import id_of

    if not answer:
        return ""
    if answer.startswith("bigquery://") or DATASET.fullmatch(answer):
        found = BigQuery.of(answer if "://" in answer else f"bigquery://{answer.replace('.', '/')}")
        return f"bigquery://{found.project}/{found.dataset}"
    return f"sheets://{id_of(answer)}"


def with_words(place: str, words: Mapping[str, str]) -> str:
    """A destination with the settings that have a value."""
    said = "&".join(f"{name}={quote(word)}" for name, word in words.items() if word)
    return f"{place}?{said}" if said else place


def valid(make: Callable[[], Any]) -> None:  # whatever is made: only whether it can be counts
    """Raise what the settings themselves say of a value."""
    try:
        make()
    except ValidationError as error:
        raise SettingsError(specs.message_of(specs.first_mistake(error))) from None


# -- what is usual --------------------------------------------------------------------------------------------------


def system_zone() -> str:
    """The time zone that this system is set to, as far as it says so by name; servers say UTC, which is nobody's."""
    zone = os.environ.get("TZ", "").removeprefix(":")
    local = Path("/etc/localtime")
    if not zone and local.is_symlink():
        zone = os.fspath(local.readlink()).rpartition("zoneinfo/")[2]
    return zone if "/" in zone and not zone.startswith("Etc/") and zone in available_timezones() else ""


def usual_zone(language: str) -> str:
    return system_zone() or ("Europe/Paris" if language == "fr" else "Europe/London")


# -- an ERP's database, in fields -------------------------------------------------------------------------------------

# What a person chooses from, with the port where it usually listens; files have none.
DATABASES: Mapping[str, int | None] = {
    "mysql": 3306, "postgresql": 5432, "mssql": 1433, "oracle": 1521, "firebird": 3050, "sqlite": None, "duckdb": None,
}  # fmt: skip
OF_DIALECT = {"mysql": "mysql", "postgres": "postgresql", "tsql": "mssql", "oracle": "oracle", "firebird": "firebird"}


def database_url(parts: Mapping[str, str], before: str = "") -> str:
    """The URL of a database from its fields: kind, file, or host, port, database, user, password.

    A host may be the folder of a socket on this machine. Without a password, that of the URL `before` is kept, as long
    as it is for the same server.
    """
    kind = parts.get("kind", "")
    if kind not in DATABASES:
        raise SettingsError(
            say("{kind!r} is not a database that can be read", kind=kind), hint=did_you_mean(kind, DATABASES)
        )
    if DATABASES[kind] is None:
        if not parts.get("file"):
            raise SettingsError(say("the file of the database is missing"), hint=say("write its whole path"))
        return f"{kind}:///{parts['file'].replace(os.sep, '/')}"
    host, user, port = (parts.get(name, "").strip() for name in ("host", "user", "port"))
    if not re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:]+\]|/[^\s?#]*", host) or (port and not port.isdigit()):
        sentence = say("{host!r} is not the name of a server", host=host)
        raise SettingsError(sentence, hint=say("write it without https:// and without a path, such as erp.example.com"))
    secret = parts.get("password", "")
    if not secret and before:
        old = Address.of(before)
        secret = old.secret if (old.server, old.user) == (host, user) else ""
    who = quote(user, safe="") + (f":{quote(secret, safe='')}" if secret else "")
    server = quote(host, safe="[:]") + (f":{port}" if port else "")
    return f"{kind}://{who}@{server}/{quote(parts.get('database', '').strip(), safe='')}"


def database_parts(url: str) -> dict[str, str]:
    """The fields of a database's URL, without its password; none for one that is no such URL."""
    try:
        found = Address.of(url)
    except SettingsError:
        return {}
    kind = ALIASES.get(url.partition("://")[0].partition("+")[0].lower(), url.partition("://")[0].partition("+")[0])
    if found.kind.in_file:
        return {"kind": kind, "file": found.path}
    port = str(found.port or "")
    return {"kind": kind, "host": found.server, "port": port, "database": found.database, "user": found.user}
