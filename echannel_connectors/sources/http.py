"""One polite HTTP session: time-outs, bounded retries with jitter, Retry-After obeyed, no secret in any message."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import tenacity

from echannel_connectors.errors import Unavailable
from echannel_connectors.events import OnEvent, Retrying, ignore

TRANSIENT = frozenset({429, 502, 503, 504, 520, 521, 522, 524})
LONGEST_WAIT = 120.0
LARGEST_BODY = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Receipt:
    """What the requests have cost the other side."""

    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0


class TryLater(Exception):
    """This attempt failed in a way that is worth another one."""

    def __init__(self, because: str, after_seconds: float | None = None) -> None:
        super().__init__(because)
        self.after_seconds = after_seconds


class Http:
    """GET requests to one host. Redirects are not followed: a key must not travel to another host."""

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str],
        time_out: float = 60.0,
        attempts: int = 5,
        pause: float = 0.5,
        on_event: OnEvent = ignore,
    ) -> None:
        self.base = base
        self.host = urlsplit(base).hostname or base
        self.time_out = time_out
        self.attempts = attempts
        self.pause = pause
        self.on_event = on_event
        self.receipt = Receipt()
        self._headers = dict(headers)
        self._sessions = threading.local()
        self._lock = threading.Lock()

    def get(self, path: str, query: Mapping[str, str], *, auth: tuple[str, str] | None = None) -> Reply:
        """The reply to a GET; transient failures are tried again, and told, before `Unavailable` is raised."""
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(TryLater),
            before_sleep=self._tell,
        )
        try:
            return retrying(self._once, path, query, auth)
        except tenacity.RetryError as error:
            because = error.last_attempt.exception()
            raise Unavailable(
                f"{self.host} could not be reached: {because}",
                hint="check the address and the connection, or run again later; what was read is kept",
            ) from None

    def _once(self, path: str, query: Mapping[str, str], auth: tuple[str, str] | None) -> Reply:
        started = time.monotonic()
        try:
            answer = self._session().get(
                self.base + path, params=query, auth=auth, timeout=self.time_out, allow_redirects=False, stream=True
            )
            body = answer.raw.read(LARGEST_BODY + 1, decode_content=True)
            answer.close()
        except (requests.RequestException, OSError, _urllib3_error()) as error:
            raise TryLater(_why(error)) from None  # the library's own text holds the URL, and with it perhaps the key
        if len(body) > LARGEST_BODY:
            raise Unavailable(f"{self.host} sent more than {LARGEST_BODY >> 20} MiB in one answer")
        with self._lock:
            self.receipt.requests += 1
            self.receipt.bytes += len(body)
            self.receipt.seconds += _shop_seconds(answer.headers, time.monotonic() - started)
        if answer.status_code in TRANSIENT and not body.lstrip().startswith((b"<?xml", b"{")):
            raise TryLater(f"it answered {answer.status_code}", _retry_after(answer.headers))
        return Reply(answer.status_code, answer.headers, body)

    def _session(self) -> requests.Session:
        session = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.headers.update(self._headers)
            session.trust_env = True
        return session

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "after_seconds", None)
        if asked is not None:
            return min(float(asked), LONGEST_WAIT)
        growing = tenacity.wait_exponential(multiplier=self.pause, max=30) + tenacity.wait_random(0, self.pause)
        return float(growing(state))

    def _tell(self, state: tenacity.RetryCallState) -> None:
        after = state.next_action.sleep if state.next_action else 0.0
        because = str(state.outcome.exception()) if state.outcome else ""
        self.on_event(Retrying(self.host, state.attempt_number, round(after, 2), because))


def _urllib3_error() -> type[Exception]:
    import urllib3

    return urllib3.exceptions.HTTPError


def _why(error: BaseException) -> str:
    if isinstance(error, requests.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its TLS certificate was not accepted"
    if isinstance(error, requests.ConnectionError):
        said = str(error).lower()
        if "name or service" in said or "resolve" in said or "getaddrinfo" in said:
            return "its name is not known"
        return "the connection was refused or broke off"
    return "the answer broke off"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def _shop_seconds(headers: Mapping[str, str], elapsed: float) -> float:
    """PrestaShop says how long it worked; without that, the time until the answer was there."""
    try:
        return float(headers.get("Execution-Time", ""))
    except ValueError:
        return elapsed
