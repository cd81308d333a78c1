"""The Sheets API through gspread's plain HTTP client: paced, repeated only where that is safe, errors in one sentence.

gspread's BackOffHTTPClient is not used: it ignores Retry-After, waits without jitter and has no deadline.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from echannel_connectors import events
from echannel_connectors.destinations.sheets.cells import Cells, Chunk
from echannel_connectors.errors import DestinationError, EChannelError, Refused, SettingsError, Unavailable
from echannel_connectors.events import OnEvent
from echannel_connectors.google_login import login, no_login
from echannel_connectors.per_process import per_process
from echannel_connectors.streams import Receipt
from echannel_connectors.texts import say

Request = Mapping[str, Any]  # one request of a batchUpdate, as the API has it

GOOGLE = "https://sheets.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
FIELDS = (
    "spreadsheetId,spreadsheetUrl,properties(title,locale,timeZone),"
    "sheets(properties(sheetId,title,hidden,gridProperties(rowCount,columnCount,frozenRowCount)),developerMetadata),namedRanges"
)
WRITES_A_MINUTE = 60  # one person or service account in one project
TIMEOUT = 200.0  # Sheets itself works up to 180 seconds on one request
PATIENCE = 600.0
TEMPORARY = {408, 429, 500, 502, 503, 504}


class Api:
    """One spreadsheet."""

    def __init__(self, spreadsheet: str, credentials: str = "", endpoint: str = "") -> None:
        self.spreadsheet = spreadsheet
        self.credentials = credentials
        self.endpoint = endpoint
        self.receipt = Receipt()
        self.on_event: OnEvent = events.ignore
        self.sleep: Callable[[float], None] = time.sleep
        self._writes: deque[float] = deque(maxlen=WRITES_A_MINUTE)

    def describe(self) -> dict[str, Any]:
        """Title, tabs with their sizes and our notes on them, named ranges; no cell."""
        found: dict[str, Any] = self._repeated("GET", "", params={"fields": FIELDS})
        return found

    def look(self, title: str, rows: range, columns: range) -> list[list[Any]]:
        """What was entered in some cells (counted from 0); rows after the last that holds something are left out."""
        first, last = f"{letters(columns.start + 1)}{rows.start + 1}", f"{letters(columns.stop)}{rows.stop}"
        path = f"/values/{quote(f'{_quoted(title)}!{first}:{last}', safe='')}"
        # As formulas: one that shows nothing just now is a person's cell all the same.
        said = self._repeated("GET", path, params={"valueRenderOption": "FORMULA"})
        found: list[list[Any]] = said.get("values", [])
        return found

    def write(self, title: str, cells: Cells, chunk: Chunk) -> None:
        """Rows of a tab, as they are: nothing in them is ever taken for a formula or a date."""
        place = f"{_quoted(title)}!A{chunk.first + 1}"
        head = b'{"valueInputOption":"RAW","data":[{"range":"%s","majorDimension":"ROWS","values":[' % place.encode()
        self._repeated("POST", "/values:batchUpdate", data=head + cells.values(chunk) + b"]}]}")

    def change(self, requests: Iterable[Request], *, is_done: Callable[[dict[str, Any]], bool]) -> None:
        """All of the requests or none, once: where a reply was lost, the spreadsheet is asked whether it `is_done`."""
        import orjson

        body = orjson.dumps({"requests": list(requests)})
        for attempt in self._attempts("POST"):
            with attempt:
                if attempt.retry_state.attempt_number > 1 and is_done(self.describe()):
                    return
                self._once("POST", ":batchUpdate", data=body)

    # -- one request --------------------------------------------------------------------------------------------

    def _repeated(self, method: str, path: str, **options: Any) -> Any:  # the answer's JSON
        for attempt in self._attempts(method):
            with attempt:
                return self._once(method, path, **options)
        raise AssertionError("an attempt either returns or raises")

    def _attempts(self, method: str) -> Retrying:
        return Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, _Temporary)),
            wait=_wait,
            stop=stop_after_delay(PATIENCE),
            sleep=self.sleep,
            before_sleep=lambda state: self._tell(state, method),
            reraise=True,
        )

    def _once(self, method: str, path: str, **options: Any) -> Any:  # the answer's JSON
        http = self._http  # says what to install where gspread is missing, before anything of it is imported
        import requests
        from google.auth.exceptions import GoogleAuthError
        from gspread.exceptions import APIError

        if method != "GET":
            self._pace()
            options["headers"] = {"Content-Type": "application/json"}
        self.receipt.requests += 1
        self.receipt.bytes += len(options.get("data", b""))
        clock = time.monotonic()
        url = f"{GOOGLE}/v4/spreadsheets/{quote(self.spreadsheet, safe='')}{path}"
        try:
            return http.request(method.lower(), url, **options).json()
        except APIError as error:
            raise _understood(error.response.status_code, _said(error.response), error.response.headers) from error
        except requests.RequestException as error:
            raise _Temporary(say("Google Sheets does not answer: {problem}", problem=type(error).__name__)) from error
        except GoogleAuthError as error:
            raise no_login(error) from error
        finally:
            self.receipt.seconds += time.monotonic() - clock

    def _pace(self) -> None:
        """Google takes sixty writes a minute and refuses the next one."""
        now = time.monotonic()
        if len(self._writes) == WRITES_A_MINUTE and (left := self._writes[0] + 60 - now) > 0:
            self.on_event(events.Retrying(SHEETS, 1, round(left, 1), PACED))
            self.sleep(left)
        self._writes.append(time.monotonic())

    def _tell(self, state: RetryCallState, method: str) -> None:
        error = state.outcome.exception() if state.outcome else None
        because = error.sentence if isinstance(error, EChannelError) else method
        pause = state.next_action.sleep if state.next_action else 0.0
        self.on_event(events.Retrying(SHEETS, state.attempt_number, round(pause, 1), because))

    @per_process
    def _http(self) -> Any:  # gspread's HTTP client
        try:
            import gspread
        except ImportError as error:
            raise SettingsError(
                say("Google Sheets needs its client"), hint="pip install 'echannel-connectors[google]'"
            ) from error
        auth = login(self.credentials, SCOPE, self.endpoint)
        session = _to(self.endpoint, auth) if self.endpoint else None
        client = gspread.Client(auth=auth, session=session).http_client
        client.set_timeout(TIMEOUT)
        return client


def letters(column: int) -> str:
    """A column's name: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"


SHEETS = say("Google Sheets")
PACED = say("Google takes {n} writes a minute", n=WRITES_A_MINUTE)


class _Temporary(Unavailable):
    """Worth another attempt."""

    after: float = 0.0  # what the server asked for, seconds


def _wait(state: RetryCallState) -> float:
    """A little more each time with jitter; what the server asks for where it does."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, _Temporary) else 0.0
    return max(asked, wait_random_exponential(multiplier=1, max=60)(state))


def _to(endpoint: str, auth: Any) -> Any:  # a requests session
    """A session that speaks to a stand-in on this machine in Google's place."""
    from google.auth.transport.requests import AuthorizedSession

    class Session(AuthorizedSession):
        def request(self, method, url, *args, **options):  # type: ignore[no-untyped-def]  # google-auth has no types
            return super().request(method, url.replace(GOOGLE, endpoint), *args, **options)  # type: ignore[no-untyped-call]  # as above

    return Session(auth)  # type: ignore[no-untyped-call]  # as above


def _said(response: Any) -> str:
    """Google's own words; a proxy in between may answer with a page."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return str(response.reason)


def _understood(status: int, message: str, headers: Mapping[str, str]) -> EChannelError:
    """Google's refusals, as public logs show them, in one sentence with the way out."""
    if status in TEMPORARY:
        found = _Temporary(say("Google Sheets answered {status}: {problem}", status=status, problem=message[:200]))
        found.after = float(headers.get("Retry-After", 0) or 0) if headers.get("Retry-After", "").isdigit() else 0.0
        return found
    for words, kind, sentence, hint in MEANINGS:
        if words in message:
            return kind(sentence, hint=hint)
    kind = Refused if status in (401, 403) else DestinationError
    return kind(say("Google Sheets answered {status}: {problem}", status=status, problem=message[:300]))


MEANINGS: tuple[tuple[str, type[EChannelError], Any, Any], ...] = (
    (
        "above the limit of 10000000 cells", DestinationError,
        say("the spreadsheet is full: it may hold 10,000,000 cells"),
        say("delete tabs that nobody needs, or publish fewer `months` of sales"),
    ),
    (
        "must not be an Office file", SettingsError,
        say("the address is that of an Excel file in Drive, not of a Google Sheet"),
        say("open it and choose File › Save as Google Sheets, then use the new address"),
    ),
    (
        "does not have permission", Refused,
        say("this account may not write to the spreadsheet"),
        say("share the spreadsheet with the account's e-mail address as an editor"),
    ),
    (
        "protected cell or object", Refused,
        say("cells of the table are protected against this account: the table is as it was"),
        say("in the spreadsheet under Data › Protect sheets and ranges, let the account's e-mail address edit them"),
    ),
    (
        "has not been used in project", Refused,
        say("the Google Sheets API is not enabled in this account's project"),
        say("enable it in the Google Cloud console under APIs & Services"),
    ),
    *(
        (
            words, Unavailable,
            say("the spreadsheet was changed meanwhile, perhaps by another sync: the table is as it was"),
            say("run again, one sync at a time"),
        )
        for words in ("Unable to parse range", "No grid with id")
    ),
    (
        "Requested entity was not found", SettingsError,
        say("there is no such spreadsheet, or this account may not see it"),
        say("copy the address from the browser, and share the spreadsheet with the account as an editor"),
    ),
)  # fmt: skip
