"""Google's Data and Admin APIs: one request at a time, within the property's quota, errors in one sentence.

Google counts errors of its own against the caller (ten an hour, then it blocks): few attempts, long pauses. Tokens are
counted per hour and per day; each answer says what is left.
"""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from echannel_connectors import events
from echannel_connectors.errors import EChannelError, Refused, SettingsError, Unavailable, UnexpectedData, because
from echannel_connectors.events import OnEvent
from echannel_connectors.google_login import login, no_login
from echannel_connectors.per_process import per_process
from echannel_connectors.streams import Receipt
from echannel_connectors.texts import Text, say

SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
ATTEMPTS = 3
BATCH = 5  # reports of one request
MANY_COUNTRIES = 1000
TEMPORARY = {429, 500, 502, 503, 504}
GOOGLE = say("Google Analytics")
Json = dict[str, Any]  # as the API has it


class FieldRefused(UnexpectedData):
    """A report names a field that this property does not have, or that does not go with the others."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is left of a property's quota, and what its dearest report has cost so far."""

    hour: int
    day: int
    report: int


class Service:
    """The APIs as one account sees them. Not for several threads at once: its connection is one."""

    def __init__(self, credentials: str, endpoint: str) -> None:
        self.credentials = credentials
        self.endpoint = endpoint
        self.receipt = Receipt()
        self.on_event: OnEvent = events.ignore
        self.sleep: Callable[[float], None] = time.sleep
        self._left: dict[str, Tokens] = {}  # by property
        self._countries: dict[str, dict[str, str]] = {}  # by property

    def reports(self, number: str, asked: Sequence[Json]) -> list[Json]:
        """The answers to some reports of a property, five a request. Raises FieldRefused, Refused, Unavailable."""
        found: list[Json] = []
        data = self._data.properties()
        for first in range(0, len(asked), BATCH):
            part = list(asked[first : first + BATCH])
            self._refuse_when_spent(number, len(part))
            if len(part) == 1:
                answers = [self._asked(data.runReport(property=f"properties/{number}", body=part[0]))]
            else:
                body = {"requests": part}
                answers = self._asked(data.batchRunReports(property=f"properties/{number}", body=body))["reports"]
            for answer in answers:
                self._note(number, answer.get("propertyQuota", {}))
            found += answers
        return found

    def property(self, number: str) -> Json:
        """Name, time zone, currency."""
        return self._asked(self._admin.properties().get(name=f"properties/{number}"))

    def properties(self) -> list[tuple[str, str]]:
        """Number and name of each property that this account may see."""
        listed = self._asked(self._admin.accountSummaries().list(pageSize=200))
        return [
            (one["property"].removeprefix("properties/"), one.get("displayName", ""))
            for account in listed.get("accountSummaries", ())
            for one in account.get("propertySummaries", ())
        ]

    def countries(self, number: str, first: date, last: date) -> dict[str, str]:
        """The code of each country that visitors came from in these days, by its name: the export has names alone."""
        if number not in self._countries:
            names = ("country", "countryId")
            request = {
                "dateRanges": [{"startDate": first.isoformat(), "endDate": last.isoformat()}],
                "metrics": [{"name": "sessions"}],
                "dimensions": [{"name": name} for name in names], "limit": MANY_COUNTRIES, "returnPropertyQuota": True,
            }  # fmt: skip
            (answer,) = self.reports(number, [request])
            found = [[one.get("value", "") for one in row["dimensionValues"]] for row in answer.get("rows", ())]
            self._countries[number] = {name: code for name, code in found if len(code) == 2}
        return self._countries[number]

    def incompatible(self, number: str, dimensions: Sequence[str], metrics: Sequence[str]) -> list[str]:
        """The fields that Google would not put into one report with the others; its word is not the last."""
        body = {
            "dimensions": [{"name": name} for name in dimensions], "metrics": [{"name": name} for name in metrics],
            "compatibilityFilter": "INCOMPATIBLE",
        }  # fmt: skip
        found = self._asked(self._data.properties().checkCompatibility(property=f"properties/{number}", body=body))
        return [
            one[f"{kind}Metadata"]["apiName"]
            for kind in ("dimension", "metric")
            for one in found.get(f"{kind}Compatibilities", ())
            if one.get("compatibility") == "INCOMPATIBLE"
        ]

    # -- one request --------------------------------------------------------------------------------------------

    def _asked(self, request: Any) -> Json:
        retrying = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, _Temporary)),
            wait=wait_random_exponential(multiplier=5, max=60),
            stop=stop_after_attempt(ATTEMPTS),
            sleep=self.sleep,
            before_sleep=self._tell,
            reraise=True,
        )
        found: Json = retrying(self._once, request)
        return found

    def _once(self, request: Any) -> Json:
        import httplib2
        from google.auth.exceptions import GoogleAuthError
        from googleapiclient.errors import HttpError

        self.receipt.requests += 1
        clock = time.monotonic()
        try:
            found: Json = request.execute(num_retries=0)
        except HttpError as error:
            raise _understood(int(error.resp.status), error.content) from error
        except GoogleAuthError as error:
            raise no_login(error) from error
        except (httplib2.HttpLib2Error, OSError) as error:
            problem = because(error) if isinstance(error, OSError) else type(error).__name__
            raise _Temporary(say("Google Analytics does not answer: {problem}", problem=problem)) from error
        else:
            return found
        finally:
            self.receipt.seconds += time.monotonic() - clock

    def _note(self, number: str, quota: Json) -> None:
        if "tokensPerHour" in quota and "tokensPerDay" in quota:
            hour, day = quota["tokensPerHour"], quota["tokensPerDay"]
            known = self._left[number].report if number in self._left else 1
            cost = max(known, int(hour.get("consumed", 0)))
            self._left[number] = Tokens(int(hour.get("remaining", 0)), int(day.get("remaining", 0)), cost)

    def _refuse_when_spent(self, number: str, reports: int) -> None:
        """A request that would only be refused is not sent: refusals are counted, too."""
        left = self._left.get(number)
        if left is None or min(left.hour, left.day) >= left.report * reports:
            return
        is_hour = left.day >= left.report * reports
        hint = say("what was read is kept; run again in an hour") if is_hour else AFTER_MIDNIGHT
        raise Unavailable(say("the tokens of the property {number} are used up", number=number), hint=hint)

    def close(self) -> None:
        """End the connections; the next request opens another one."""
        for api in ("_data", "_admin"):
            if api in self.__dict__:
                self.__dict__.pop(api).close()

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        because = error.sentence if isinstance(error, EChannelError) else ""
        pause = state.next_action.sleep if state.next_action else 0.0
        self.on_event(events.Retrying(GOOGLE, state.attempt_number, round(pause, 1), because))

    # -- the clients --------------------------------------------------------------------------------------------

    @per_process
    def _data(self) -> Any:  # googleapiclient's resource
        return self._built("analyticsdata")

    @per_process
    def _admin(self) -> Any:  # as above
        return self._built("analyticsadmin")

    def _built(self, api: str) -> Any:  # as above
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # which Pythons Google will support is not a user's care
                from googleapiclient.discovery import build
        except ImportError as error:
            raise SettingsError(
                say("Google Analytics needs its client"), hint="pip install 'echannel-connectors[google]'"
            ) from error
        options = {"client_options": {"api_endpoint": self.endpoint}} if self.endpoint else {}
        who = login(self.credentials, SCOPE, self.endpoint)
        return build(api, "v1beta", credentials=who, static_discovery=True, cache_discovery=False, **options)


AFTER_MIDNIGHT = say("what was read is kept; run again after midnight in California, when Google counts anew")


class _Temporary(Unavailable):
    """Worth another attempt."""


FIELD = re.compile(r"Field (\w+) is not a valid|[Pp]lease remove (\w+) to make the request compatible")


def _understood(status: int, content: bytes) -> EChannelError:
    """Google's refusals with the way out, told by their words."""
    try:
        message = str(json.loads(content)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = content.decode(errors="replace").strip()[:200] or str(status)
    if field := FIELD.search(message):
        name = field[1] or field[2]
        sentence = say(
            "Google Analytics does not know {field} in this report: {problem}", field=name, problem=message[:200]
        )
        return FieldRefused(sentence, name)
    if status == 429 and "tokens" in message:
        return Unavailable(
            say("Google Analytics answered {status}: {problem}", status=status, problem=message[:200]),
            hint=AFTER_MIDNIGHT if "per day" in message else say("what was read is kept; run again in an hour"),
        )
    for words, kind, sentence, hint in MEANINGS:
        if words in message:
            return kind(sentence, hint=hint)
    kind = _Temporary if status in TEMPORARY else Refused if status in (401, 403) else UnexpectedData
    return kind(say("Google Analytics answered {status}: {problem}", status=status, problem=message[:300]))


MEANINGS: tuple[tuple[str, type[EChannelError], Text, Text], ...] = (
    (
        "numeric Property ID", SettingsError, say("a property is a number, and G-… is the measurement id of a stream"),
        say("its number is under Admin › Property details, at the top right"),
    ),
    (
        "sufficient permissions for this property", Refused, say("this account may not read the property"),
        say("add its e-mail address as a Viewer under Admin › Property access management"),
    ),
    (
        "has not been used in project", Refused,
        say("the Google Analytics Data API is not enabled in this account's project"),
        say("enable it in the Google Cloud console under APIs & Services"),
    ),
)  # fmt: skip
