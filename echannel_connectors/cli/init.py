"""`echannel init`: a few questions, an echannel.yaml, and the secrets in a .env file of their own."""

from __future__ import annotations

import secrets
import shlex
from functools import partial
from pathlib import Path
from typing import Any

from echannel_connectors.cli import show
from echannel_connectors.cli.asking import ask
from echannel_connectors.cli.language import spoken
from echannel_connectors.project import FILE
from echannel_connectors.settings import written_in
from echannel_connectors.start import answers
from echannel_connectors.start.writing import ENV, write_new
from echannel_connectors.texts import say


def ask_and_write(folder: Path) -> None:
    """Ask in the terminal's language, which becomes the company's, and write the two files at the end."""
    file, env = folder / FILE, folder / ENV
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
        _ask_for_erp(sources, hidden, folder, company)
        if not sources:
            show.talk(say("Without a shop and without an ERP there is nothing to read."))
    _ask_for_web(sources, folder)
    settings = {"version": 1, "company": company, "sources": sources, "destination": _ask_for_destination(folder)}
    write_new(folder, settings, hidden, spoken())
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
        "currency": ask(say("Reporting currency (ISO code)"), "EUR", answers.currency),
        "time_zone": ask(say("Time zone of a business day"), answers.usual_zone(spoken()), answers.time_zone),
        "language": spoken(),
        "email_salt": "${ECHANNEL_SALT}",
    }


def _ask_for_shop(sources: dict[str, dict[str, Any]], hidden: dict[str, str]) -> None:
    if shop := ask(say("The shop's address (https://…), empty for none"), check=answers.shop_address):
        sources["shop"] = {"connector": "prestashop", "url": shop, "key": "${SHOP_KEY}"}
        question = say("The webservice key (it is not shown)")
        hidden["SHOP_KEY"] = ask(question, check=answers.webservice_key, is_hidden=True)


def _ask_for_erp(
    sources: dict[str, dict[str, Any]], hidden: dict[str, str], folder: Path, company: dict[str, str]
) -> None:
    show.talk(say("ERPs that it knows: {known}", known=", ".join(answers.known_erps(folder))))
    if name := ask(say("Which ERP, empty for none"), check=partial(answers.erp, folder=folder)):
        parameters = answers.usual_parameters(name, folder, company["currency"], company["time_zone"])
        sources["books"] = {"connector": name, "url": "${ERP_URL}", "parameters": parameters}
        question = say("The ERP's database, such as mysql://reader:password@host/books (it is not shown)")
        database = partial(answers.erp_url, name=name, folder=folder)
        hidden["ERP_URL"] = ask(question, check=database, is_hidden=True)


def _ask_for_web(sources: dict[str, dict[str, Any]], folder: Path) -> None:
    question = say("The number of a Google Analytics property, empty for none")
    if found := ask(question, check=answers.property_number):
        credentials = _key_file(folder)
        told_of = {"credentials": credentials} if credentials else {}
        sources["web"] = {"connector": "ga4", "property": int(found), **told_of}


def _key_file(folder: Path) -> str:
    """The key file of a service account, as seen from the folder."""
    question = say("The key file of its service account, empty for Google's own login")
    return ask(question, check=partial(answers.key_file, folder=folder))


def _ask_for_destination(folder: Path) -> str:
    """Where the tables go: a DuckDB file, and from there into a spreadsheet where one is given; or BigQuery."""
    question = say(
        "A Google Sheet (its address) or a BigQuery dataset (project.dataset) for the figures, empty for none"
    )
    place = ask(question, check=answers.google_place)
    if not place:
        return answers.ON_THIS_MACHINE
    words = {}
    if place.startswith("bigquery://"):
        words["location"] = ask(say("Where Google keeps the dataset (EU, US or a region)"), "EU")
    return answers.with_words(place, {**words, "credentials": _key_file(folder)})
