"""A person logs in: Google's own client, a browser that is a script, and an OAuth server on this machine."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request

from echannel_connectors.errors import REFUSED, SETTINGS, Refused, SettingsError
from echannel_connectors.google_login import SCOPES, login, own_login
from echannel_connectors.testing.google import Answer, serving
from tests.command import echannel

ALL = " ".join(SCOPES.values())
BROWSER = """import sys, urllib.request
urllib.request.urlopen(sys.argv[1]).read()
"""


@dataclass
class Accounts:
    """accounts.google.com: whoever comes allows what is asked, but for what is `unticked`; who is `revoked` is refused."""

    unticked: set[str] = field(default_factory=set)
    revoked: bool = False
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if method == "GET":
            asked = parse_qs(urlsplit(path).query)
            self.asked.append(asked)
            wanted = set(asked["scope"][0].split())
            before = self.allowed if asked.get("include_granted_scopes") == ["true"] else set()
            self.allowed = (wanted - self.unticked) | before
            back = {"code": "4/code", "state": asked["state"][0], "scope": " ".join(sorted(self.allowed))}
            return 302, b"", {"Location": f"{asked['redirect_uri'][0]}?{urlencode(back)}"}
        said = parse_qs(body.decode())
        if self.revoked:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, {}
        token: dict[str, Any] = {"access_token": "ya29.token", "expires_in": 3599, "token_type": "Bearer"}
        if said["grant_type"] == ["authorization_code"]:
            token |= {"refresh_token": "1//refresh", "scope": " ".join(sorted(self.allowed))}
        return 200, token, {}


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def folder(tmp_path: Path, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a client's file, for somebody whose browser is a script."""
    (tmp_path / "browser.py").write_text(BROWSER, encoding="utf-8")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {tmp_path / 'browser.py'} %s &")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the server here speaks no TLS
    with serving(accounts.answer) as url:
        client = {"client_id": "7.apps", "client_secret": "shh", "auth_uri": f"{url}/auth", "token_uri": f"{url}/token"}
        (tmp_path / "client.json").write_text(json.dumps({"installed": client}), encoding="utf-8")
        yield tmp_path


def project(folder: Path, destination: str, sources: str = "") -> None:
    text = (
        "version: 1\ncompany: {name: Essai, currency: EUR, time_zone: Europe/Paris, language: en}\n"
        f'sources:\n  shop: {{connector: prestashop, url: "http://127.0.0.1:9", key: K}}\n{sources}'
        f'destination: "{destination}"\n'
    )
    (folder / "echannel.yaml").write_text(text, encoding="utf-8")


def test_a_person_allows_what_the_project_needs(folder: Path, accounts: Accounts) -> None:
    project(folder, "sheets://1AbCdEfGhIjKlMnOpQrStUvWxYz", "  web: {connector: ga4, property: 1}\n")
    done = echannel(folder, "login", "google", "--client", "client.json")
    assert done.returncode == 0, done.stderr
    (asked,) = accounts.asked
    assert set(asked["scope"][0].split()) == {SCOPES["sheets"], SCOPES["ga4"]}
    assert asked["code_challenge_method"] == ["S256"]
    assert not done.stdout
    for scope in (SCOPES["sheets"], SCOPES["ga4"]):
        assert f"allowed: {scope}" in " ".join(done.stderr.split())
    for secret in ("shh", "1//refresh", "ya29"):
        assert secret not in done.stderr
    kept = own_login()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    # It is who asks from now on, without any setting, for what was allowed and nothing else.
    who = login("", SCOPES["ga4"], "")
    who.refresh(Request())
    assert who.token == "ya29.token"
    with pytest.raises(Refused, match="not for bigquery") as caught:
        login("", SCOPES["bigquery"], "")
    assert "--for bigquery" in caught.value.hint


def test_a_second_login_needs_no_client_and_keeps_what_was_allowed(folder: Path, accounts: Accounts) -> None:
    echannel(folder, "login", "google", "--client", "client.json", "--for", "sheets")
    done = echannel(folder, "login", "google", "--for", "bigquery")
    assert done.returncode == 0, done.stderr
    assert accounts.asked[-1]["scope"] == [SCOPES["bigquery"]]
    for name in ("sheets", "bigquery"):
        login("", SCOPES[name], "")


def test_what_a_person_does_not_tick_is_told(folder: Path, accounts: Accounts) -> None:
    accounts.unticked = {SCOPES["ga4"]}
    done = echannel(folder, "login", "google", "--client", "client.json", "--for", "sheets", "--for", "ga4")
    assert done.returncode == REFUSED
    assert f"not allowed: {SCOPES['ga4']}" in " ".join(done.stderr.split())
    login("", SCOPES["sheets"], "")


def test_a_login_that_was_revoked(folder: Path, accounts: Accounts) -> None:
    echannel(folder, "login", "google", "--client", "client.json", "--for", "sheets")
    accounts.revoked = True
    with pytest.raises(RefreshError, match="expired or revoked"):
        login("", SCOPES["sheets"], "").refresh(Request())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--for", "sheets"], "a first login needs the file of an OAuth client"),
        (["--for", "sheets", "--client", "none.json"], "there is no file none.json"),
        (["--for", "sheets", "--client", "browser.py"], "browser.py is not JSON"),
        (["--for", "sheets", "--client", "web.json"], "not the file of an OAuth client of the type desktop app"),
        (["--for", "sheet"], "did you mean 'sheets'?"),
        ([], "there is no project in this folder"),
    ],
)
def test_what_is_missing_is_said(folder: Path, words: list[str], said: str) -> None:
    (folder / "web.json").write_text('{"type": "service_account"}', encoding="utf-8")
    done = echannel(folder, "login", "google", *words)
    assert done.returncode == SETTINGS
    assert said in " ".join(done.stderr.split())


def test_a_project_without_google(folder: Path) -> None:
    project(folder, "duckdb:///x.duckdb")
    done = echannel(folder, "login", "google", "--client", "client.json")
    assert done.returncode == SETTINGS
    assert "nothing of Google's" in " ".join(done.stderr.split())


def test_the_file_of_a_client_is_no_login(folder: Path) -> None:
    with pytest.raises(SettingsError, match="neither the key"):
        login(str(folder / "client.json"), SCOPES["sheets"], "")
