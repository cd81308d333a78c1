"""The files of a new project: echannel.yaml with a word of explanation on top, and the secrets in .env beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from echannel_connectors.project import FILE
from echannel_connectors.settings import text_of
from echannel_connectors.texts import in_language, say

ENV, KEY_FILE, IGNORED = ".env", "google-key.json", ".gitignore"
HEADER = (
    say("All of this may be changed by hand; `echannel check` looks it over."),
    say("Secrets are in .env beside this file, a line NAME=value each; `${{…}}` puts one in here."),
    say("company: name and language (en, fr) of the dashboards, currency of all totals, time zone of a business day."),
    say("  After a change of currency, time zone or email_salt: echannel sync --full."),
    say("sources: a shop may have `start: 2023-01-01` (leave out older orders) or `polite: true` (for a weak host);"),
    say("  the `parameters` of an ERP say how it is installed, such as the prefix of its tables."),
    say("destination: the file that holds the tables, as seen from this folder, a Google Sheet or a BigQuery dataset."),
)


def write_new(folder: Path, settings: Mapping[str, Any], hidden: Mapping[str, str], language: str) -> Path:
    """A new echannel.yaml with these settings, whose secrets go into .env first; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    write_secrets(folder, hidden)
    header = "".join(f"# {in_language(line, language)}\n" for line in HEADER)
    file = folder / FILE
    file.write_text(header + yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def write_secrets(folder: Path, hidden: Mapping[str, str | None]) -> None:
    """Names with their values, None for one that goes; other lines of the file stay.

    The file is readable by its owner alone, where the system knows such a thing, and git is told to leave it out.
    """
    if not hidden:
        return
    env = folder / ENV
    before = text_of(env).splitlines() if env.exists() else []
    kept = [line for line in before if line.removeprefix("export ").partition("=")[0].strip() not in hidden]
    env.touch(mode=0o600)
    env.chmod(0o600)
    lines = [*kept, *(f"{name}={value}" for name, value in hidden.items() if value is not None)]
    env.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _leave_out_of_git(folder, ENV)


def write_key_file(folder: Path, text: str) -> str:
    """Keep the key of a service account beside echannel.yaml, as secret as .env; its name there."""
    file = folder / KEY_FILE
    folder.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text, encoding="utf-8")
    _leave_out_of_git(folder, KEY_FILE)
    return KEY_FILE


def _leave_out_of_git(folder: Path, name: str) -> None:
    file = folder / IGNORED
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if name not in before.splitlines():
        joint = "\n" if before and not before.endswith("\n") else ""
        file.write_text(f"{before}{joint}{name}\n", encoding="utf-8")
