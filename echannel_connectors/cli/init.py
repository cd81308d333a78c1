"""`echannel init`: a few questions, an echannel.yaml, and the secrets in a .env file of their own."""

from __future__ import annotations

import secrets
from pathlib import Path

import typer
import yaml

from echannel_connectors import specs
from echannel_connectors.cli import show
from echannel_connectors.cli.words import say
from echannel_connectors.project import FILE


def ask_and_write(folder: Path, language: str) -> None:
    file, env = folder / FILE, folder / ".env"
    if file.exists():
        show.talk(say("exists", language, file=file))
        return
    known = ", ".join(name for name in specs.names() if name != "prestashop")
    company = {
        "name": _ask("company_name", language, folder.resolve().name),
        "currency": _ask("currency", language, "EUR").upper(),
        "time_zone": "Europe/Paris",
        "language": language,
        "email_salt": "${ECHANNEL_SALT}",
    }
    hidden = {"ECHANNEL_SALT": secrets.token_hex(32)}
    sources: dict[str, dict[str, str]] = {}
    if shop := _ask("shop_url", language):
        sources["shop"] = {"connector": "prestashop", "url": shop, "key": "${SHOP_KEY}"}
        hidden["SHOP_KEY"] = typer.prompt(say("shop_key", language), hide_input=True, err=True)
    if erp := _ask("erp", language, known=known):
        sources["books"] = {"connector": erp, "url": "${ERP_URL}"}
        hidden["ERP_URL"] = typer.prompt(say("erp_url", language), hide_input=True, err=True)
    settings = {
        "version": 1,
        "company": company,
        "sources": sources,
        "destination": "duckdb:///echannel.duckdb",
    }
    folder.mkdir(parents=True, exist_ok=True)
    _add_secrets(env, hidden)
    file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    show.talk(say("written", language, file=file, env=env))


def _ask(key: str, language: str, default: str = "", **values: str) -> str:
    answer: str = typer.prompt(say(key, language, **values), default=default, show_default=bool(default), err=True)
    return answer.strip()


def _add_secrets(env: Path, hidden: dict[str, str]) -> None:
    """Readable by its owner alone where the system knows such a thing."""
    before = env.read_text(encoding="utf-8") if env.exists() else ""
    env.touch(mode=0o600)
    env.write_text(before + "".join(f"{name}={value}\n" for name, value in hidden.items()), encoding="utf-8")
