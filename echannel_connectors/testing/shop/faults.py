"""What goes wrong with real shops, as data: put some in `shop.faults`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

PHP_WARNING = (
    b"<br />\n<b>Deprecated</b>:  Function foo() is deprecated in <b>/var/www/shop/modules/x/x.php</b> "
    b"on line <b>12</b><br />\n"
)
BOM = b"\xef\xbb\xbf"
BARE = {"Content-Type": "text/html; charset=UTF-8", "X-Powered-By": "PHP/8.2.36"}
"""What is left of the headers where PHP has sent them before the webservice could."""
PLAIN = {**BARE, "Content-Type": "text/html; charset=utf-8"}
FIREWALL_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Access denied</title></head>"
    b"<body><h1>403 Forbidden</h1><p>Your request was blocked by the firewall.</p></body></html>\n"
)
HOME_PAGE = (
    b"<!DOCTYPE html>\n<html lang=en><head><title>DemoShop</title></head><body><h1>DemoShop</h1></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shop sends back."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    records: int = 0
    """Records that the shop had to hold in memory for it."""
    hangs_up_after: int | None = None
    """The connection is closed when so many bytes of the body are out."""


@dataclass(slots=True, eq=False)
class Fault:
    """One thing that goes wrong with the requests it matches; of several at work, the first listed acts first."""

    match: str = ""
    """A regular expression looked for in `GET /api/orders?…`."""
    times: int | None = None
    """How many requests it spoils; None: all of them."""
    after: int = 0
    """How many matching requests pass unharmed before."""

    delay_seconds: float = 0.0
    strips_authorization: bool = False
    """The web server drops the Authorization header, as some CGI hosts do."""
    error: tuple[int, str] | None = None
    """An error document of the webservice (code, message), sent with `status`."""
    status: int | None = None
    """Sent instead of the shop's answer, with `body`."""
    body: bytes = b""
    content_type: str = "text/html; charset=UTF-8"
    retry_after: int | str | None = None
    memory_limit_records: int | None = None
    """More records than this in one XML page are 500 and nothing; JSON counts a third (seen: it takes less memory)."""
    prefix: bytes = b""
    """Printed before the document: PHP has then sent its headers, and every status is 200."""
    keep_bytes: int | None = None
    """The body ends here although the answer is in order."""
    hangs_up_after: int | None = None
    """The connection breaks after so many bytes of the body."""
    seen: int = field(default=0, init=False)

    def strikes(self, line: str) -> bool:
        """Whether it acts on this request; asking counts as a request."""
        if not re.search(self.match, line):
            return False
        self.seen += 1
        return self.seen > self.after and (self.times is None or self.seen <= self.after + self.times)

    def spoil(self, answer: Answer) -> Answer:
        """The answer as it arrives."""
        if self.status is not None and self.error is None:
            answer = Answer(self.status, {"Content-Type": self.content_type}, self.body)
        if self.retry_after is not None:
            answer = replace(answer, headers={**answer.headers, "Retry-After": str(self.retry_after)})
        if self.memory_limit_records is not None:
            held = answer.records if "xml" in answer.headers.get("Content-Type", "") else answer.records // 3
            if held > self.memory_limit_records:
                answer = Answer(500, PLAIN)
        if self.prefix:
            answer = Answer(200, BARE, self.prefix + answer.body)
        if self.keep_bytes is not None:
            answer = replace(answer, body=answer.body[: self.keep_bytes])
        if self.hangs_up_after is not None:
            answer = replace(answer, hangs_up_after=self.hangs_up_after)
        return answer


def disabled(match: str = "", times: int | None = None) -> Fault:
    """The webservice is switched off in the back office."""
    message = "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office"
    return Fault(match, times, status=503, error=(22, message))


def firewall(match: str = "", times: int | None = None) -> Fault:
    """A firewall in front of the shop refuses the request with a page of its own."""
    return Fault(match, times, status=403, body=FIREWALL_PAGE)


def html_page(match: str = "", times: int | None = None) -> Fault:
    """A page for people where a document should be: maintenance, a parked domain, a login."""
    return Fault(match, times, status=200, body=HOME_PAGE)


def nothing(match: str = "", times: int | None = None) -> Fault:
    """200 and not a byte."""
    return Fault(match, times, status=200)
