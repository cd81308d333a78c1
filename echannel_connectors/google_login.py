"""Who asks Google: a service account's key file, or the application default credentials; and BigQuery's client."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from echannel_connectors.errors import EChannelError, Refused, SettingsError
from echannel_connectors.texts import say


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
