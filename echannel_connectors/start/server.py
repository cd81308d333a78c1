"""The assistant's page on the loopback address: a random token in the address, no foreign page may ask for anything."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from echannel_connectors import loopback
from echannel_connectors.errors import EChannelError
from echannel_connectors.looker import buttons
from echannel_connectors.loopback import HTML, JSON, PLAIN
from echannel_connectors.review.of_project import kept
from echannel_connectors.review.report.page import page as review_page
from echannel_connectors.start import home, page
from echannel_connectors.start.assistant import Assistant
from echannel_connectors.texts import in_language, say

MOST_BYTES = 1 << 20
# Pages that are made to be kept as files bring their own style inside, and no script.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
KEPT_PAGE = {"Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'"}


class Server(loopback.Server):
    assistant: Assistant
    token: str


class Handler(loopback.Handler):
    server: Server

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server gives it
        if (path := self._allowed()) is None:
            return
        if path.startswith("preview/"):
            self._answer(lambda: self._redirect(self.server.assistant.preview(path.removeprefix("preview/"))))
        elif path in PAGES:
            self._answer(lambda: self._send_page(PAGES[path](self.server.assistant)))
        elif path in READ:
            self._answer(lambda: self._send_json(READ[path](self.server.assistant)))
        elif found := page.file(path, self.server.assistant):
            self._send(HTTPStatus.OK, *found)
        else:
            self._send(HTTPStatus.NOT_FOUND, PLAIN, b"Nothing here.\n")

    do_HEAD = do_GET  # noqa: N815 - the base class looks for this name

    def do_POST(self) -> None:  # noqa: N802 - as above
        if (path := self._allowed()) is None:
            return
        # A form of a foreign page cannot send this type, and a script of one would have to ask first.
        if self.headers.get("Origin") is None or self.headers.get("Content-Type", "").partition(";")[0] != JSON:
            self._refuse()
            return
        try:
            length = int(self.headers.get("Content-Length", ""))
            said = json.loads(self.rfile.read(length)) if 0 <= length <= MOST_BYTES else None
        except ValueError:
            said = None
        if not isinstance(said, dict):
            self._send(HTTPStatus.BAD_REQUEST, PLAIN, b"Not a request of this page.\n")
            return

        def act() -> None:
            answer = self.server.assistant.act(path, said)
            self._send_json({"answer": answer, "state": self.server.assistant.state()})

        self._answer(act)

    def _allowed(self) -> str | None:
        """The path behind the token; None, and a refusal, for a foreign name, a foreign page or a wrong token."""
        hosts = loopback.own_hosts(self.server.server_port)
        origin = self.headers.get("Origin")
        token, _, path = urlsplit(self.path).path.removeprefix("/").partition("/")
        is_own = self.headers.get("Host", "") in hosts and (
            origin is None or origin in {f"http://{one}" for one in hosts}
        )
        if is_own and secrets.compare_digest(token.encode(), self.server.token.encode()):
            return path
        self._refuse()
        return None

    def _refuse(self) -> None:
        self.close_connection = True  # what else was sent is not read
        text = self._in_language(say("Open the whole address that the command printed."))
        self._send(HTTPStatus.FORBIDDEN, PLAIN, f"{text}\n".encode())

    def _answer(self, work: Callable[[], None]) -> None:
        """Do it; an error is told as the page shows it."""
        try:
            work()
        except EChannelError as error:
            self._send_error(HTTPStatus.OK, error)  # an answer like any other: the page shows what it says
        except Exception as error:  # noqa: BLE001 - whoever looks at the page must see why nothing happens; it lives on
            sentence = say(
                "something went wrong that should not: {problem}", problem=f"{type(error).__name__}: {error}"
            )
            self._send_error(HTTPStatus.INTERNAL_SERVER_ERROR, EChannelError(sentence))

    def _send_error(self, status: HTTPStatus, error: EChannelError) -> None:
        told = home.outcome(error, self.server.assistant.language)
        if self.headers.get("Sec-Fetch-Mode") == "navigate":  # a person opened it in a tab: a page, not JSON
            html = page.problem_page(told["sentence"], told["hint"], self.server.assistant.language)
            self._send_page(html, status if status != HTTPStatus.OK else HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._send(status, JSON, json.dumps({"problem": told}).encode())

    def _send_json(self, found: Any) -> None:  # JSON
        self._send(HTTPStatus.OK, JSON, json.dumps(found, allow_nan=False).encode())

    def _send_page(self, html: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, HTML, html.encode(), KEPT_PAGE)

    def _redirect(self, url: str) -> None:
        self._send(HTTPStatus.SEE_OTHER, PLAIN, b"", {"Location": url})

    def _in_language(self, sentence: str) -> str:
        return in_language(sentence, self.server.assistant.language)


def _review(assistant: Assistant) -> str:
    return review_page(kept(assistant.project()))


def _links(assistant: Assistant) -> str:
    found = assistant.project()
    return buttons.page(found.company.name, assistant.language, buttons.buttons(found))


PAGES: Mapping[str, Callable[[Assistant], str]] = {"review": _review, "links": _links}
READ: Mapping[str, Callable[[Assistant], Any]] = {
    "state": Assistant.state,
    "home": Assistant.home,
    "progress": Assistant.progress,
}


@contextmanager
def serve_start(folder: Path, *, language: str = "en", port: int = 0, google: str = "") -> Iterator[str]:
    """Serve the assistant for a project's folder until the block ends; gives the address to open.

    `google` is a stand-in of Google's services on this machine, for tests. Raises SettingsError for a port that is
    taken.
    """
    server = Server(port, Handler)
    server.assistant, server.token = Assistant(folder, language, google), secrets.token_urlsafe(16)
    try:
        with loopback.running(server) as address:
            yield f"{address}{server.token}/"
    finally:
        server.assistant.close()
