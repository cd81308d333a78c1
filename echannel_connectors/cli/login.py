"""`echannel login google`: a person allows in the browser what the project needs; no key of a service account."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from echannel_connectors.cli import show
from echannel_connectors.cli.folder import HERE, Folder, opened
from echannel_connectors.cli.language import told
from echannel_connectors.errors import REFUSED, SettingsError, did_you_mean
from echannel_connectors.google_login import SCOPES, known_client, log_in, own_login
from echannel_connectors.project import FILE, Project
from echannel_connectors.texts import say

login = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Log in as yourself, once for all of your projects on this machine.",
)
For = Annotated[
    list[str] | None,
    typer.Option(
        "--for", help="What to allow: sheets, ga4 or bigquery.", show_default="what the project in this folder needs"
    ),
]


@login.command()
def google(
    wanted: For = None,
    client: Annotated[
        Path | None,
        typer.Option(help="The JSON file of your OAuth client (desktop app).", show_default="that of the login before"),
    ] = None,
    project: Folder = HERE,
    browser: Annotated[bool, typer.Option(help="Open the browser; otherwise the address is printed.")] = True,
) -> None:
    """Allow E-Channel to read and write in your name: only what is needed, and each right by itself.

    Example: echannel login google --client client_secret.json
    """
    names = wanted or _needed(project)
    for name in names:
        if name not in SCOPES:
            raise SettingsError(say("{name} is nothing of Google's", name=name), hint=did_you_mean(name, SCOPES))
    place = own_login()
    prompt = say("Allow it in the browser; if none opens, open this address: {url}", url="{url}")
    done = say("That is all: you can close this page.")
    with redirect_stdout(sys.stderr):  # where Google's client prints the address
        allowed = log_in(_client(client), names, place, browser=browser, prompt=told(prompt), done=told(done))
    for name in dict.fromkeys([*names, *allowed]):
        scope = SCOPES[name]
        show.talk(say("allowed: {scope}", scope=scope) if name in allowed else say("not allowed: {scope}", scope=scope))
    show.talk(say("The login is kept in {path}, which only you can read.", path=place))
    if not set(names) <= set(allowed):
        raise typer.Exit(REFUSED)


def _needed(folder: Path) -> list[str]:
    """What the project has of Google's."""
    if not (folder / FILE).is_file():
        raise SettingsError(
            say("there is no project in this folder that says what to allow"),
            hint=say("name it: `echannel login google --for sheets`"),
        )
    found = list(dict.fromkeys(_used(opened(folder))))
    if not found:
        raise SettingsError(
            say("this project has nothing of Google's: no spreadsheet, no Google Analytics, no BigQuery"),
            hint=say("name it: `echannel login google --for sheets`"),
        )
    return found


def _used(project: Project) -> Iterator[str]:
    kind = project.file.destination.partition(":")[0]
    if kind in ("sheets", "https"):
        yield "sheets"
    for source in project.sources():
        if source.connector == "ga4":
            yield "ga4"
            if getattr(source, "export", ""):
                yield "bigquery"
    if kind == "bigquery":
        yield "bigquery"


def _client(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        known = known_client(own_login())
        if known is None:
            raise SettingsError(
                say("a first login needs the file of an OAuth client"),
                hint=say("docs/google-login.md says how to make one; then `--client FILE`"),
            )
        return known
    try:
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(say("there is no file {path}", path=path)) from error
    except ValueError as error:
        raise SettingsError(say("{path} is not JSON", path=path)) from error
    return found
