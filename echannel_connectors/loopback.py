"""Pages that this machine alone sees: a server on the loopback address, and what its answers say to browsers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import TypeVar

from echannel_connectors.errors import SettingsError, because
from echannel_connectors.texts import say

PLAIN, JSON, HTML = "text/plain; charset=utf-8", "application/json", "text/html; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Server(ThreadingHTTPServer):
    """On a port of 127.0.0.1 (0: a free one); SettingsError for one that is taken."""

    daemon_threads = True

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        try:
            super().__init__(("127.0.0.1", port), handler)
        except OSError as error:
            raise SettingsError(
                say("port {port} cannot be used: {problem}", port=port, problem=because(error)),
                hint=say("leave the port out"),
            ) from error


S = TypeVar("S", bound=Server)


@contextmanager
def running(server: S) -> Iterator[str]:
    """Serve until the block ends; gives the address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    server_version = "echannel"
    sys_version = ""
    timeout = 30  # an idle or stuck connection does not hold its thread for ever

    def _send(self, status: HTTPStatus, kind: str, body: bytes, more: Mapping[str, str] = MappingProxyType({})) -> None:
        headers = {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body)), **more}
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the reader closed the page meanwhile

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """The library is silent; addresses with the token would be in this log."""


def own_hosts(port: int) -> set[str]:
    """The names by which this machine alone is asked: a foreign page that points its own name here has another."""
    names = {"127.0.0.1", "localhost"}
    # Browsers leave the port out when it is HTTP's own.
    return {f"{name}:{port}" for name in names} | (names if port == 80 else set())
