"""Who asks Google: a service account's key file, or the application default credentials."""

from __future__ import annotations

from typing import Any

from echannel_connectors.errors import EChannelError, Refused
from echannel_connectors.texts import say

CLOUD = "https://www.googleapis.com/auth/cloud-platform"


def login(credentials: str, scope: str, endpoint: str) -> Any:  # google-auth's credentials
    """The credentials for one scope; nobody's for a stand-in on this machine. Raises Refused."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2.service_account import Credentials

    if endpoint:
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth has no types here
    try:
        if credentials:
            return Credentials.from_service_account_file(credentials, scopes=[scope])  # type: ignore[no-untyped-call]  # as above
        return google.auth.default(scopes=[scope])[0]
    except (GoogleAuthError, OSError, ValueError) as error:
        raise no_login(error) from error


def no_login(error: Exception) -> EChannelError:
    """Google's or the key file's own words, with the way out."""
    return Refused(
        say("Google does not know who is asking: {problem}", problem=str(error).splitlines()[0][:200]),
        hint=say(
            "give `credentials`, the key file of a service account, or run `gcloud auth application-default login`"
        ),
    )


def account(credentials: str) -> str:
    """The e-mail of the service account that asks, by its key file or the application default credentials: who a
    spreadsheet is shared with. Empty for a person's own login, which owns what it owns. Raises Refused.
    """
    import json

    if credentials:
        try:
            with open(credentials, encoding="utf-8") as file:
                return str(json.load(file)["client_email"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Refused(
                say("{path} is not the key file of a service account", path=credentials),
                hint=say("in the Google Cloud console under IAM > Service accounts > Keys, make a key as JSON"),
            ) from error
    return str(getattr(login("", CLOUD, ""), "service_account_email", ""))
