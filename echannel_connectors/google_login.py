"""Who asks Google: a service account's key file, a person who has logged in, or the application default credentials;
and BigQuery's client."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from echannel_connectors.errors import EChannelError, Refused, SettingsError
from echannel_connectors.texts import say

# What is asked for, one by one, and for what: the least that does it.
SCOPES: Mapping[str, str] = {
    "sheets": "https://www.googleapis.com/auth/spreadsheets",
    "ga4": "https://www.googleapis.com/auth/analytics.readonly",
    "bigquery": "https://www.googleapis.com/auth/bigquery",
}
PERSON, SERVICE = "authorized_user", "service_account"


def login(credentials: str, scope: str, endpoint: str) -> Any:  # google-auth's credentials
    """The credentials for one scope: of the file, else of the person who has logged in, else the application default
    credentials; nobody's for a stand-in on this machine. Raises Refused, SettingsError."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import GoogleAuthError

    if endpoint:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth has no types here
    try:
        if credentials or own_login().is_file():
            return _of_file(Path(credentials or own_login()), scope)
        return google.auth.default(scopes=[scope])[0]
    except (GoogleAuthError, OSError, ValueError) as error:
        raise no_login(error) from error


def own_login() -> Path:
    """Where the login of the person at this machine is kept, for all of this person's projects."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or str(Path.home() / ".config")
    return Path(base) / "echannel" / "google.json"


def _of_file(path: Path, scope: str) -> Any:  # as above
    from google.oauth2.credentials import Credentials
    from google.oauth2.service_account import Credentials as Service

    told = json.loads(path.read_text(encoding="utf-8"))
    kind = told.get("type") if isinstance(told, dict) else None
    if kind == SERVICE:
        return Service.from_service_account_info(told, scopes=[scope])  # type: ignore[no-untyped-call]  # as above
    if kind == PERSON:
        if scope not in told.get("scopes", [scope]):
            name = next((name for name, one in SCOPES.items() if one == scope), scope)
            raise Refused(
                say("the login in {path} is not for {name}", path=path, name=name),
                hint=say("run `echannel login google --for {name}`", name=name),
            )
        return Credentials(  # type: ignore[no-untyped-call]  # as above
            None, refresh_token=told["refresh_token"], token_uri=told["token_uri"], client_id=told["client_id"],
            client_secret=told["client_secret"], scopes=[scope],
        )  # fmt: skip
    raise SettingsError(
        say("{path} is neither the key of a service account nor a login", path=path),
        hint=say("of an OAuth client's file `echannel login google --client FILE` makes a login"),
    )


def no_login(error: Exception) -> EChannelError:
    """Google's or the key file's own words, with the way out."""
    return Refused(
        say("Google does not know who is asking: {problem}", problem=str(error).splitlines()[0][:200]),
        hint=say("give `credentials`, the key file of a service account, or run `echannel login google`"),
    )


def account(credentials: str, scope: str) -> str:
    """The e-mail of the service account that asks: who a spreadsheet is shared with. Empty for a person, who may what
    she may. Raises Refused.
    """
    if not credentials:
        return "" if own_login().is_file() else str(getattr(login("", scope, ""), "service_account_email", ""))
    try:
        told = json.loads(Path(credentials).read_text(encoding="utf-8"))
        return "" if told.get("type") == PERSON else str(told["client_email"])
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Refused(
            say("{path} is not the key file of a service account", path=credentials),
            hint=say("in the Google Cloud console under IAM > Service accounts > Keys, make a key as JSON"),
        ) from error


# -- a person ---------------------------------------------------------------------------------------------------------


def log_in(
    client: Mapping[str, Any],
    wanted: Sequence[str],
    into: Path,
    *,
    browser: bool,
    prompt: str,
    done: str,
    seconds: float | None = None,
) -> list[str]:
    """Let a person allow what is `wanted` (names of SCOPES) in the browser; what was allowed, with what this person had
    allowed before. The login is kept in a file that nobody else can read.

    `client` is what Google calls an OAuth client of the type "desktop app": {"installed": {"client_id": …}}. `prompt`
    is printed, with the address in the place of {url}; `done` is what the browser shows in the end. Raises Refused
    where nobody allows anything, for as long as `seconds`.
    """
    flow = _flow(client, [SCOPES[name] for name in wanted])
    with _partial_consent(), _no_consent():
        found = flow.run_local_server(
            port=0, open_browser=browser, authorization_prompt_message=prompt, success_message=done, prompt="consent",
            include_granted_scopes="true", timeout_seconds=seconds,
        )  # fmt: skip
    granted = set(flow.oauth2session.token.get("scope") or found.scopes or ())
    kept = {name: flow.client_config[name] for name in CLIENT}
    _kept(into, {"type": PERSON, **kept, "refresh_token": found.refresh_token, "scopes": sorted(granted)})
    return [name for name in SCOPES if SCOPES[name] in granted]


def known_client(path: Path) -> Mapping[str, Any] | None:
    """The client that an earlier login was made with."""
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return {"installed": {name: told[name] for name in CLIENT}}


CLIENT = ("client_id", "client_secret", "auth_uri", "token_uri")


def _flow(client: Mapping[str, Any], scopes: list[str]) -> Any:  # google_auth_oauthlib's InstalledAppFlow
    try:
        from google_auth_oauthlib.flow import InstalledAppFlow  # type: ignore[import-untyped]  # it has no types
    except ImportError as error:
        raise SettingsError(
            say("a login needs Google's client"), hint="pip install 'echannel-connectors[google]'"
        ) from error
    try:
        return InstalledAppFlow.from_client_config(client, scopes)
    except (ValueError, KeyError) as error:
        raise SettingsError(
            say("this is not the file of an OAuth client of the type desktop app"),
            hint=say("Google Cloud console › APIs & Services › Credentials › Create › OAuth client ID › Desktop app"),
        ) from error


@contextmanager
def _partial_consent() -> Iterator[None]:
    """A person may untick a scope: oauthlib would take that for a mistake."""
    switch = "OAUTHLIB_RELAX_TOKEN_SCOPE"
    before = os.environ.get(switch)
    os.environ[switch] = "1"
    try:
        yield
    finally:
        os.environ.pop(switch)
        if before is not None:
            os.environ[switch] = before


@contextmanager
def _no_consent() -> Iterator[None]:
    """Who presses Cancel, or closes the page, has refused."""
    from google_auth_oauthlib.flow import WSGITimeoutError
    from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]  # it has no types

    try:
        yield
    except (WSGITimeoutError, OAuth2Error) as error:
        raise Refused(say("nothing was allowed"), hint=say("log in again, and allow what Google asks for")) from error


def _kept(path: Path, told: Mapping[str, Any]) -> None:
    """In place of what was there, at once, for its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(told, file, indent=2)
    part.replace(path)


# -- BigQuery's client ------------------------------------------------------------------------------------------------


@cache
def bigquery_client() -> Any:  # google.cloud's module bigquery
    """Google's client, imported once, here: which Pythons Google will support is not a user's care."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            from google.cloud import bigquery
    except ImportError as error:
        raise SettingsError(
            say("BigQuery needs its client"), hint="pip install 'echannel-connectors[google]'"
        ) from error
    return bigquery
