"""`echannel init`: a few questions, an echannel.yaml, and the secrets in a .env file of their own."""

from __future__ import annotations

import secrets
from pathlib import Path

import typer
import yaml

from echannel_connectors import specs
from echannel_connectors.cli import show
from echannel_connectors.cli.language import spoken, told
from echannel_connectors.project import FILE
from echannel_connectors.texts import Text, say


def ask_and_write(folder: Path) -> None:
    """Ask in the terminal's language, which becomes the company's, and write the two files."""
    file, env = folder / FILE, folder / ".env"
    if file.exists():
        show.talk(say("{file} exists already and was left as it is.", file=file))
        return
    known = ", ".join(name for name in specs.names() if name != "prestashop")
    company = {
        "name": _ask(say("Your company's name"), folder.resolve().name),
        "currency": _ask(say("Reporting currency (ISO code)"), "EUR").upper(),
        "time_zone": "Europe/Paris",
        "language": spoken(),
        "email_salt": "${ECHANNEL_SALT}",
    }
    hidden = {"ECHANNEL_SALT": secrets.token_hex(32)}
    sources: dict[str, dict[str, str]] = {}
    if shop := _ask(say("The shop's address (https://…), empty for none")):
        sources["shop"] = {"connector": "prestashop", "url": shop, "key": "${SHOP_KEY}"}
        hidden["SHOP_KEY"] = _ask_hidden(say("The webservice key (read-only is best)"))
    if erp := _ask(say("Which ERP ({known}), empty for none", known=known)):
        sources["books"] = {"connector": erp, "url": "${ERP_URL}"}
        hidden["ERP_URL"] = _ask_hidden(say("The ERP's database (a SQLAlchemy URL)"))
    settings = {
        "version": 1,
        "company": company,
        "sources": sources,
        "destination": "duckdb:///echannel.duckdb",
    }
    folder.mkdir(parents=True, exist_ok=True)
    _add_secrets(env, hidden)
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    show.talk(say("{file} is written; secrets are in {env}, which no one else should see.", file=file, env=env))


def _ask(question: Text, default: str = "") -> str:
    answer: str = typer.prompt(told(question), default=default, show_default=bool(default), err=True)
    return answer.strip()


def _ask_hidden(question: Text) -> str:
    answer: str = typer.prompt(told(question), hide_input=True, err=True)
    return answer


def _add_secrets(env: Path, hidden: dict[str, str]) -> None:
    """Readable by its owner alone where the system knows such a thing."""
    before = env.read_text(encoding="utf-8") if env.exists() else ""
    env.touch(mode=0o600)
    env.write_text(before + "".join(f"{name}={value}\n" for name, value in hidden.items()), encoding="utf-8")
