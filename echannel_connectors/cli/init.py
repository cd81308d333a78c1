"""`echannel init`: a few questions, an echannel.yaml, and the secrets in a .env file of their own."""

from __future__ import annotations

import os
import re
import secrets
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import available_timezones

import yaml
from pydantic import SecretStr, ValidationError

from echannel_connectors import specs
from echannel_connectors.cli import show
from echannel_connectors.cli.asking import ask
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.errors import SettingsError, did_you_mean
from echannel_connectors.models.company import Company
from echannel_connectors.project import FILE
from echannel_connectors.settings import written_in
from echannel_connectors.sources.erp import Erp
from echannel_connectors.sources.ga4 import Ga4
from echannel_connectors.sources.prestashop import PrestaShop
from echannel_connectors.texts import say

KEY = re.compile(r"[!-~]{32}")  # the shop makes letters and digits; by hand a few signs are allowed
DATASET = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9][.]\w+")  # project.dataset
HEADER = (
    say("All of this may be changed by hand; `echannel check` looks it over."),
    say("Secrets are in .env beside this file, a line NAME=value each; `${{…}}` puts one in here."),
    say("company: name and language (en, fr) of the dashboards, currency of all totals, time zone of a business day."),
    say("  After a change of currency, time zone or email_salt: echannel sync --full."),
    say("sources: a shop may have `start: 2023-01-01` (leave out older orders) or `polite: true` (for a weak host);"),
    say("  the `parameters` of an ERP say how it is installed, such as the prefix of its tables."),
    say("destination: the file that holds the tables, as seen from this folder, a Google Sheet or a BigQuery dataset."),
)


def ask_and_write(folder: Path) -> None:
    """Ask in the terminal's language, which becomes the company's, and write the two files at the end."""
    file, env = folder / FILE, folder / ".env"
    if file.exists():
        show.talk(say("{file} exists already and was left as it is.", file=file))
        return
    company = _company(folder)
    known = written_in(env)
    # The hashes of e-mails that are stored already depend on the salt: an old one is kept.
    hidden = {"ECHANNEL_SALT": known.get("ECHANNEL_SALT") or secrets.token_hex(32)}
    sources: dict[str, dict[str, Any]] = {}  # YAML
    while not sources:
        _ask_for_shop(sources, hidden)
        _ask_for_erp(sources, hidden, folder, company["time_zone"])
        if not sources:
            show.talk(say("Without a shop and without an ERP there is nothing to read."))
    _ask_for_web(sources, folder)
    settings = {"version": 1, "company": company, "sources": sources, "destination": _ask_for_destination(folder)}
    folder.mkdir(parents=True, exist_ok=True)
    _write_secrets(env, hidden)
    header = "".join(f"# {told(line)}\n" for line in HEADER)
    file.write_text(header + yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    show.talk(say("{file} is written; secrets are in {env}, which no one else should see.", file=file, env=env))
    place = "" if folder == Path() else f" --project {shlex.quote(str(folder))}"
    show.steps(
        say("What comes next:"),
        [
            (say("is all in place?"), f"echannel check{place}"),
            (say("read it all"), f"echannel sync{place}"),
            (say("look at it"), f"echannel preview{place}"),
        ],
    )


def _company(folder: Path) -> dict[str, str]:
    return {
        "name": ask(say("Your company's name"), folder.resolve().name),
        "currency": ask(say("Reporting currency (ISO code)"), "EUR", _currency),
        "time_zone": ask(say("Time zone of a business day"), system_zone() or _usual_zone(), _time_zone),
        "language": spoken(),
        "email_salt": "${ECHANNEL_SALT}",
    }


def _ask_for_shop(sources: dict[str, dict[str, Any]], hidden: dict[str, str]) -> None:
    if shop := ask(say("The shop's address (https://…), empty for none"), check=_shop_address):
        sources["shop"] = {"connector": "prestashop", "url": shop, "key": "${SHOP_KEY}"}
        hidden["SHOP_KEY"] = ask(say("The webservice key (it is not shown)"), check=_key, is_hidden=True)


def _ask_for_erp(sources: dict[str, dict[str, Any]], hidden: dict[str, str], folder: Path, time_zone: str) -> None:
    known = [name for name in specs.names(folder) if not specs.find(name, folder).runs_in_warehouse]

    def erp(answer: str) -> str:
        if answer and answer.lower() not in known:
            raise SettingsError(say("there is no connector {name!r}", name=answer), hint=did_you_mean(answer, known))
        return answer.lower()

    def database(answer: str) -> str:
        _valid(lambda: Erp.for_spec(name, folder, url=answer))
        return answer

    show.talk(say("ERPs that it knows: {known}", known=", ".join(known)))
    if name := ask(say("Which ERP, empty for none"), check=erp):
        usual = {word: parameter.default for word, parameter in specs.find(name, folder).parameters.items()}
        # A zone that the spec assumes is more likely to be the company's own.
        parameters = {word: time_zone if value in available_timezones() else value for word, value in usual.items()}
        sources["books"] = {"connector": name, "url": "${ERP_URL}", "parameters": parameters}
        question = say("The ERP's database, such as mysql://reader:password@host/books (it is not shown)")
        hidden["ERP_URL"] = ask(question, check=database, is_hidden=True)


def _ask_for_web(sources: dict[str, dict[str, Any]], folder: Path) -> None:
    def number(answer: str) -> str:
        if answer:
            _valid(lambda: Ga4(property=(answer,)))
        return answer

    if found := ask(say("The number of a Google Analytics property, empty for none"), check=number):
        credentials = _key_file(folder)
        told_of = {"credentials": credentials} if credentials else {}
        sources["web"] = {"connector": "ga4", "property": int(found), **told_of}


def _key_file(folder: Path) -> str:
    """The key file of a service account, as seen from the folder."""

    def there(answer: str) -> str:
        if answer and not (folder / answer).is_file():
            raise SettingsError(say("there is no file {path}", path=folder / answer))
        return answer

    return ask(say("The key file of its service account, empty for Google's own login"), check=there)


def _ask_for_destination(folder: Path) -> str:
    """Where the tables go: a DuckDB file, and from there into a spreadsheet where one is given; or BigQuery."""
    question = say(
        "A Google Sheet (its address) or a BigQuery dataset (project.dataset) for the figures, empty for none"
    )
    place = ask(question, check=_google_place)
    if not place:
        return "duckdb:///echannel.duckdb"
    words = {}
    if place.startswith("bigquery://"):
        words["location"] = ask(say("Where Google keeps the dataset (EU, US or a region)"), "EU")
    if credentials := _key_file(folder):
        words["credentials"] = credentials
    return place + ("?" + "&".join(f"{name}={quote(word)}" for name, word in words.items()) if words else "")


# -- what is a good answer ------------------------------------------------------------------------------------------


def _google_place(answer: str) -> str:
    """The address of a spreadsheet, or a project's dataset, as a destination."""
    from echannel_connectors.destinations.bigquery import BigQuery
    from echannel_connectors.destinations.sheets import id_of

    if not answer:
        return ""
    if answer.startswith("bigquery://") or DATASET.fullmatch(answer):
        found = BigQuery.of(answer if "://" in answer else f"bigquery://{answer.replace('.', '/')}")
        return f"bigquery://{found.project}/{found.dataset}"
    return f"sheets://{id_of(answer)}"


def _currency(answer: str) -> str:
    _valid(lambda: Company(currency=answer.upper()))
    return answer.upper()


def _time_zone(answer: str) -> str:
    """A time zone; of one whose city was given the full name is asked back."""
    city = answer.lower().replace(" ", "_")
    near = sorted(zone for zone in available_timezones() if zone.lower().rpartition("/")[2] == city)
    try:
        _valid(lambda: Company(time_zone=answer))
    except SettingsError as error:
        error.hint = say("did you mean {name!r}?", name=near[0]) if near else ""
        raise
    return answer


def _shop_address(answer: str) -> str:
    """An address as people write it: without https:// it is meant with it."""
    if not answer:
        return ""
    url = answer if "://" in answer or "." not in answer else f"https://{answer}"
    found: list[str] = []
    _valid(lambda: found.append(PrestaShop(url=url, key=SecretStr("later")).url))
    return found[0]


def _key(answer: str) -> str:
    if not KEY.fullmatch(answer):
        raise SettingsError(
            say("a webservice key has 32 characters and no space; this has {n}", n=len(answer)),
            hint=say("in the back office under Advanced Parameters > Webservice, copy the whole key"),
        )
    return answer


def _valid(make: Callable[[], Any]) -> None:  # whatever is made: only whether it can be counts
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


def _usual_zone() -> str:
    return "Europe/Paris" if spoken() == "fr" else "Europe/London"


def _write_secrets(env: Path, hidden: Mapping[str, str]) -> None:
    """Readable by its owner alone where the system knows such a thing; other lines of the file stay."""
    before = env.read_text(encoding="utf-8").splitlines() if env.exists() else []
    kept = [line for line in before if line.removeprefix("export ").partition("=")[0].strip() not in hidden]
    env.touch(mode=0o600)
    env.chmod(0o600)
    lines = [*kept, *(f"{name}={value}" for name, value in hidden.items())]
    env.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
