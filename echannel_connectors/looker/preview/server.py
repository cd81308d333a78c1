"""The live preview: a small server on the loopback address that computes each page's figures when asked."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from echannel_connectors import loopback
from echannel_connectors.days import Span
from echannel_connectors.errors import EChannelError, SettingsError, did_you_mean
from echannel_connectors.looker.preview import page
from echannel_connectors.looker.preview.behind import Mark, rows_behind
from echannel_connectors.looker.preview.figures import Ask, Choice, Report, page_figures
from echannel_connectors.looker.preview.periods import PRESETS
from echannel_connectors.looker.template import ListControl, Template, find_template
from echannel_connectors.texts import in_language, say


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request is answered from."""

    report: Report
    token: str
    # One page is computed at a time: a reader who clicks fast must not keep a sync out of the warehouse.
    turn: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, asked: Mapping[str, list[str]]) -> tuple[str, bytes] | None:
        """Content type and body, or None when there is nothing under this path."""
        if path == "data":
            name, choice = read_choice(self.report.template, asked)
            with self.turn, self.report.reading():
                figures = page_figures(self.report, self.report.template.page(name), choice, self.report.today())
            return loopback.JSON, json.dumps(figures, allow_nan=False).encode()
        if path == "rows":
            name, choice = read_choice(self.report.template, asked)
            with self.turn, self.report.reading():
                found = rows_behind(self.report, name, choice, read_mark(asked), self.report.today())
            return loopback.JSON, json.dumps(found, allow_nan=False).encode()
        if path == "":
            return loopback.HTML, page.live_page(self.report).encode()
        if path == "vega.js":
            return "text/javascript; charset=utf-8", page.vega_bundle().encode()
        if path in page.ASSETS:
            return page.ASSETS[path], page.asset(path).encode()
        return None


class Server(loopback.Server):
    preview: Preview


class Handler(loopback.Handler):
    server: Server

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server gives it
        if self.headers.get("Host", "") not in loopback.own_hosts(self.server.server_port):
            # A foreign page that points its name at 127.0.0.1 (DNS rebinding) arrives with its own name here.
            self._send(HTTPStatus.FORBIDDEN, loopback.PLAIN, b"This address is not served here.\n")
            return
        address = urlsplit(self.path)
        token, _, path = address.path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.server.preview.token.encode()):
            text = self._in_language(say("Open the whole address that the command printed."))
            self._send(HTTPStatus.NOT_FOUND, loopback.PLAIN, f"{text}\n".encode())
            return
        try:
            # A blank value is a choice: the orders whose market is not known.
            asked = parse_qs(address.query, keep_blank_values=True, max_num_fields=2000)
            found = self.server.preview.answer(path, asked)
        except SettingsError as error:
            self._send_problem(HTTPStatus.BAD_REQUEST, error.sentence)
        except EChannelError as error:
            self._send_problem(HTTPStatus.SERVICE_UNAVAILABLE, error.sentence)
        except Exception as error:  # noqa: BLE001 - the reader must see why the figures stand still; the server lives on
            self._send_problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"{type(error).__name__}: {error}")
        else:
            kind, body = found or (loopback.PLAIN, b"Nothing here.\n")
            self._send(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, kind, body)

    do_HEAD = do_GET  # noqa: N815 - the base class looks for this name

    def _send_problem(self, status: HTTPStatus, sentence: str) -> None:
        self._send(status, loopback.JSON, json.dumps({"problem": self._in_language(sentence)}).encode())

    def _in_language(self, sentence: str) -> str:
        return in_language(sentence, self.server.preview.report.company.get("language", "en"))


def read_choice(template: Template, asked: Mapping[str, list[str]]) -> tuple[str, Choice]:
    """The page and the reader's choice from the address; unknown words are refused, not ignored."""
    name = asked.get("page", [template.pages[0].id])[0]
    preset = asked.get("period", [""])[0]
    fields = {control.field for control in template.controls.values() if isinstance(control, ListControl)}
    filters = {key.removeprefix("only."): tuple(found) for key, found in asked.items() if key.startswith("only.")}
    for unknown in set(filters) - fields:
        raise SettingsError(say("there is no filter {name!r}", name=unknown), hint=did_you_mean(unknown, fields))
    first = last = None
    if preset == "custom":
        first, last = read_days(asked, "first", "last")
    elif preset and preset not in PRESETS:
        raise SettingsError(say("there is no period {name!r}", name=preset), hint=did_you_mean(preset, PRESETS))
    return name, Choice("" if first else preset, first, last, filters)


def read_days(asked: Mapping[str, list[str]], *words: str) -> tuple[date, date]:
    try:
        first, last = (date.fromisoformat(asked[word][0]) for word in words)
    except (KeyError, ValueError) as error:
        raise SettingsError(say("a chosen period needs a first and a last day, as 2026-03-31")) from error
    if not all(2000 <= day.year < 2200 for day in (first, last)):
        raise SettingsError(say("the first and the last day must lie between 2000 and 2199"))
    return first, last


def read_mark(asked: Mapping[str, list[str]]) -> Mark:
    """What was clicked: `mark.market=FR`, `from` and `to` of a point, `metric` of a cell."""
    values = {key.removeprefix("mark."): found[0] for key, found in asked.items() if key.startswith("mark.")}
    days = Span(*read_days(asked, "from", "to")) if "from" in asked else None
    chart, metric = (asked.get(word, [""])[0] for word in ("chart", "metric"))
    return Mark(chart, metric, values, days, is_whole="whole" in asked)


@contextmanager
def serve_preview(
    query: Ask,
    *,
    template: str = "b2c-shop",
    company: Mapping[str, str] | None = None,
    port: int = 0,
    project: Path | None = None,
    reading: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Iterator[str]:
    """Serve the report on this machine until the block ends; gives the address to open.

    The address holds a random token, so that other users of the machine cannot read the figures. `reading` is entered
    around the questions of one page, such as `DuckDB(…).reading`.
    """
    report = Report(query, find_template(template, project), dict(company or {}), reading)
    report.today()  # a wrong time zone is told before a page is opened
    server = Server(port, Handler)
    server.preview = Preview(report, secrets.token_urlsafe(16))
    with loopback.running(server) as address:
        yield f"{address}{server.preview.token}/"
