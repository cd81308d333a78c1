"""One polite HTTP session: time-outs, bounded retries with jitter, Retry-After obeyed, no secret in any message.

How many requests are under way at once follows the other side: one more while it answers as quickly as before, fewer
when it slows down or says that it is busy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
import tenacity

from echannel_connectors.errors import Unavailable
from echannel_connectors.events import OnEvent, Retrying, ignore
from echannel_connectors.per_process import per_process
from echannel_connectors.streams import Receipt
from echannel_connectors.texts import Text, say

TRANSIENT = frozenset({429, 502, 503, 504, 520, 521, 522, 524})
LONGEST_WAIT = 120.0
LARGEST_BODY = 64 * 1024 * 1024  # 500 orders with their rows are 2 MB of XML
AT_FIRST = 2  # requests at once, until the other side has shown that it bears more
SLOWER, MUCH_SLOWER = 1.5, 3.0  # times the quickest answer to requests of the same kind


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Gate:
    """Lets so many requests through at once as the other side bears, never more than `most`."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = min(AT_FIRST, most)
        self._under_way = 0
        self._calm = self._slow = 0
        self._is_full = False  # whether the limit was reached: only then is there a reason to raise it
        self._quickest: dict[str, float] = {}
        self._changed = threading.Condition()

    @contextmanager
    def passage(self) -> Iterator[None]:
        with self._changed:
            while self._under_way >= self.limit:
                self._changed.wait()
            self._under_way += 1
            self._is_full = self._under_way >= self.limit
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify()

    def answered(self, kind: str, seconds: float) -> None:
        """An answer came after so many seconds; only requests of one kind (path and size) are compared."""
        with self._changed:
            quickest = self._quickest[kind] = min(self._quickest.get(kind, seconds), seconds)
            is_calm = seconds <= SLOWER * quickest + 0.02  # what a busy client itself adds
            self._calm = self._calm + 1 if is_calm else 0
            self._slow = self._slow + 1 if seconds > MUCH_SLOWER * quickest + 0.02 else 0
            if self._calm >= self.limit < self.most and self._is_full:
                self._set(self.limit + 1)
            elif self._slow >= max(2, self.limit):
                self._set(self.limit - 1)

    def overloaded(self) -> None:
        """The other side is busy, or did not answer in time."""
        with self._changed:
            self._set(self.limit // 2)

    def _set(self, limit: int) -> None:
        self.limit = max(1, limit)
        self._calm = self._slow = 0
        self._changed.notify_all()


class TryLater(Exception):
    """This attempt failed in a way that is worth another one."""

    def __init__(self, because: Text, after_seconds: float | None = None) -> None:
        super().__init__(because)
        self.after_seconds = after_seconds


def trusted(reply: Reply) -> Text | None:
    """No doubt about any reply."""


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
        at_once: int = 6,
        rest: float = 0.0,
        on_event: OnEvent = ignore,
    ) -> None:
        self.base = base
        self.host = urlsplit(base).hostname or base
        self.time_out = time_out
        self.attempts = attempts
        self.pause = pause
        self.on_event = on_event
        self.receipt = Receipt()
        self._at_once = at_once
        self.rest = rest  # times the seconds that an answer took, before the next request may go
        self._headers = dict(headers)
        self._lock = threading.Lock()

    def get(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        auth: tuple[str, str] | None = None,
        doubt: Callable[[Reply], Text | None] = trusted,
    ) -> Reply:
        """The reply to a GET; transient failures are tried again, and told, before `Unavailable` is raised.

        `doubt` may say why a reply is no real answer (a page for people, where data was asked for): it is asked again.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(TryLater),
            before_sleep=self._tell,
        )
        try:
            return retrying(self._once, path, query, auth, doubt)
        except tenacity.RetryError as error:
            because = error.last_attempt.exception()
            raise Unavailable(
                say("{host} could not be reached: {because}", host=self.host, because=because and because.args[0]),
                hint=say("check the address and the connection, or run again later; what was read is kept"),
            ) from None

    def _once(
        self,
        path: str,
        query: Mapping[str, str],
        auth: tuple[str, str] | None,
        doubt: Callable[[Reply], Text | None],
    ) -> Reply:
        try:
            with self.gate.passage():
                reply, seconds = self._asked(path, query, auth)
        except (requests.RequestException, OSError, _urllib3_error()) as error:
            if isinstance(error, requests.Timeout):
                self.gate.overloaded()
            raise TryLater(_why(error)) from None  # the library's own text holds the URL, and with it perhaps the key
        if len(reply.body) > LARGEST_BODY:
            raise Unavailable(
                say("{host} sent more than {mib} MiB in one answer", host=self.host, mib=LARGEST_BODY >> 20)
            )
        if reply.status in TRANSIENT and not reply.body.lstrip().startswith((b"<?xml", b"{")):
            self.gate.overloaded()
            raise TryLater(say("it answered {status}", status=reply.status), _retry_after(reply.headers))
        if reason := doubt(reply):
            raise TryLater(reason)
        self.gate.answered(f"{path} {query.get('limit', '')}", seconds)
        return reply

    def _asked(self, path: str, query: Mapping[str, str], auth: tuple[str, str] | None) -> tuple[Reply, float]:
        """One request and its answer, with the seconds until the answer began."""
        started = time.monotonic()
        with self._session().get(
            self.base + path, params=query, auth=auth, timeout=self.time_out, allow_redirects=False, stream=True
        ) as answer:
            seconds = time.monotonic() - started
            body = answer.raw.read(LARGEST_BODY + 1, decode_content=True)
        time.sleep(self.rest * (time.monotonic() - started))
        with self._lock:
            self.receipt.requests += 1
            self.receipt.bytes += len(body)
            self.receipt.seconds += _shop_seconds(answer.headers, seconds)
        return Reply(answer.status_code, answer.headers, body), seconds

    @per_process
    def gate(self) -> Gate:
        return Gate(self._at_once)

    @per_process
    def _sessions(self) -> threading.local:
        return threading.local()

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
        error = state.outcome.exception() if state.outcome else None
        because = error.args[0] if error else ""  # a Text, which str(error) would flatten
        self.on_event(Retrying(self.host, state.attempt_number, round(after, 2), because))


def _urllib3_error() -> type[Exception]:
    import urllib3

    return urllib3.exceptions.HTTPError


def _why(error: BaseException) -> Text:
    if isinstance(error, requests.Timeout):
        return say("it did not answer in time")
    if isinstance(error, requests.exceptions.SSLError):
        return say("its TLS certificate was not accepted")
    if isinstance(error, requests.ConnectionError):
        said = str(error).lower()
        if "name or service" in said or "resolve" in said or "getaddrinfo" in said:
            return say("its name is not known")
        return say("the connection was refused or broke off")
    return say("the answer broke off")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a moment (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _shop_seconds(headers: Mapping[str, str], elapsed: float) -> float:
    """PrestaShop says how long it worked; without that, the time until the answer began."""
    try:
        return float(headers.get("Execution-Time", ""))
    except ValueError:
        return elapsed
