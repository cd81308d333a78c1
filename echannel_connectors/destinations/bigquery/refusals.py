"""What BigQuery refuses, in one sentence with the way out; told by its words, as public logs show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from echannel_connectors.errors import Conflict, DestinationError, EChannelError, Refused, SettingsError, Unavailable
from echannel_connectors.google_login import no_login
from echannel_connectors.texts import Text, say

MOVED = "echannel: the position has moved"  # what our own guard says when another run was here


class Absent(DestinationError):
    """A table or dataset that is not there."""


class Elsewhere(SettingsError):
    """A dataset that is not there, or in another location."""


class Raced(Conflict):
    """Two transactions at once: worth another attempt."""


class Moved(Conflict):
    """The position of a slice is not what this run thinks."""


@contextmanager
def clear_errors() -> Iterator[None]:
    """Google's errors and the network's, as this library's."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        yield
    except GoogleAPICallError as error:
        raise understood(error.code or 0, str(error.message or error), _reasons(error)) from error
    except TransportError as error:
        raise _silent(error) from error
    except GoogleAuthError as error:
        raise no_login(error) from error
    except RetryError as error:
        cause = error.cause
        if isinstance(cause, GoogleAPICallError):
            raise understood(cause.code or 0, str(cause.message or cause), _reasons(cause)) from error
        raise _silent(error) from error
    except (requests.RequestException, ConnectionError, TimeoutError) as error:
        raise _silent(error) from error


def understood(status: int, message: str, reasons: str = "") -> EChannelError:
    """Google's refusal in one sentence."""
    heard = f"{reasons} {message}"
    for words, kind, sentence, hint in MEANINGS:
        if any(word in heard for word in words.split("|")):
            told = (
                say("{meaning}: {problem}", meaning=sentence, problem=_short(message))
                if sentence in WITH_ITS_WORDS
                else sentence
            )
            return kind(told, hint=hint)
    if status in (429, 500, 502, 503, 504):
        return Unavailable(_answered(status, message), hint=LATER)
    if status == 404:
        return Absent(_answered(status, message))
    return (Refused if status in (401, 403) else DestinationError)(_answered(status, message))


def _answered(status: int, message: str) -> Text:
    return say("BigQuery answered {status}: {problem}", status=status, problem=_short(message))


def _short(message: str) -> str:
    """Google's own words, without the address of the request and the job's number."""
    first = message.strip().split("\n")[0]
    for sign in ("prettyPrint=false: ", "?uploadType=multipart: ", "?uploadType=resumable: "):
        first = first.rpartition(sign)[2]
    return first[:300]


def _reasons(error: object) -> str:
    found = getattr(error, "errors", None) or ()
    return " ".join(str(one.get("reason", "")) for one in found if isinstance(one, dict))


def _silent(error: Exception) -> EChannelError:
    return Unavailable(say("BigQuery does not answer: {problem}", problem=type(error).__name__), hint=LATER)


LATER = say("run again later; what was loaded is safe")
Meaning = tuple[str, type[EChannelError], Text, Text | str]

# The first line of whose words (with | between them) one is heard counts.
MEANINGS: tuple[Meaning, ...] = (
    (MOVED, Moved, say("the position has moved"), ""),
    (
        "due to concurrent update", Raced, say("another run writes to the same tables"),
        say("nothing is lost; run again when the other one has ended"),
    ),
    (
        "exceeded limit for bytes billed", Refused,
        say("the run would cost more than its budget (max_bytes)"),
        say("raise max_bytes in the destination, or sync less at once (--only)"),
    ),
    (
        "not allowed in the free tier|Billing has not been enabled", Refused,
        say("this project has no billing account: BigQuery's sandbox only reads and loads"),
        say("link a billing account to the project; the first TiB of each month stays free of charge"),
    ),
    (
        "has not been used in project", Refused, say("the BigQuery API is not enabled in this project"),
        say("enable it in the Google Cloud console under APIs & Services"),
    ),
    (
        "bigquery.jobs.create", Refused, say("this account may not run jobs in the project"),
        say("give it the role BigQuery Job User on the project"),
    ),
    (
        "bigquery.datasets.create", Refused,
        say("this account may not create datasets in the project"),
        say("give it the role BigQuery User on the project, or create the three datasets yourself (docs/bigquery.md)"),
    ),
    (
        "quotaExceeded|Quota exceeded", Unavailable, say("a quota of the project is used up"),
        say("what was loaded is safe; run again when the quota is renewed, at the latest tomorrow"),
    ),
    ("rateLimitExceeded", Unavailable, say("BigQuery is asked too often"), LATER),
    (
        "accessDenied|Access Denied", Refused, say("this account may not do that"),
        say("give it the role BigQuery Data Editor on the three datasets"),
    ),
    ("Not found: Table", Absent, say("BigQuery has no such table"), ""),
    (
        "was not found in location", Elsewhere, say("the dataset is not there, or in another location"),
        say("write the dataset's own location into the destination: bigquery://project/dataset?location=…"),
    ),
    (
        "Not found: Project", SettingsError, say("there is no such project, or this account may not see it"),
        say("a project is named by its id, which the Google Cloud console shows beside its name"),
    ),
    (
        "Resources exceeded", DestinationError, say("BigQuery found a query too large"),
        say("run again; if it stays, tell us, with the number of rows in your largest table"),
    ),
)  # fmt: skip
# Where Google's own words name what it is about.
WITH_ITS_WORDS = {
    str(sentence)
    for words, _, sentence, _ in MEANINGS
    if words not in (MOVED, "due to concurrent update", "has not been used in project", "Not found: Project")
    and "billing" not in sentence
}
