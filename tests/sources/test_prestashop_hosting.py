"""Real hosting: documents that are not well-formed, pages that are too large, busy servers, and a key to protect."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pyarrow as pa
import pytest

from echannel_connectors import DuckDB, PrestaShop, read, sync
from echannel_connectors.arrow import to_batch
from echannel_connectors.errors import Refused, SettingsError, Unavailable, UnexpectedData
from echannel_connectors.events import Event, Retrying
from echannel_connectors.sources import http
from echannel_connectors.sources.http import Gate
from echannel_connectors.sources.prestashop import decode
from echannel_connectors.streams import Slice
from echannel_connectors.testing.shop import PHP_WARNING, FakeShop, Fault, html_page
from echannel_connectors.testing.shop.faults import Answer
from echannel_connectors.testing.shop.recording import exchanges
from tests.conftest import served
from tests.places import recording

NAMES = pa.schema([("id", pa.int64()), ("name", pa.string()), ("address1", pa.string()), ("other", pa.string())])
LANGUAGES = pa.list_(pa.struct([("language", pa.int64()), ("text", pa.string())]))


def orders(shop: PrestaShop) -> list[int]:
    numbers: list[int] = read(shop, "orders").to_arrow()["id"].to_pylist()
    return sorted(numbers)


def recorded(note: str) -> list[bytes]:
    """The bodies of a fault's exchanges, as they came."""
    found = [
        one.body.encode() if isinstance(one.body, str) else one.body
        for one in exchanges(recording("faults"))
        if one.note.startswith(note)
    ]
    assert len(found) >= 2
    return found


# -- documents ------------------------------------------------------------------------------------------------------


def test_an_unescaped_end_of_cdata() -> None:
    """Text that holds ]]> makes the XML malformed; what is read is what the JSON says."""
    schema = pa.schema([("id", pa.int64()), ("name", LANGUAGES), ("description", LANGUAGES)])
    rows = [
        to_batch(decode.columns(decode.document(body), schema), schema, ("id",))
        for body in recorded("text holds the end of CDATA")[:2]
    ]
    assert rows[0] == rows[1]
    assert any("]]>" in str(row) for row in rows[0][0].to_pylist())


def test_raw_control_characters() -> None:
    """0x07 and 0x0B, which neither format allows, are left out of both."""
    bodies = recorded("text holds control characters")[:2]
    assert all(b"\x07" in body or b"\x0b" in body for body in bodies)
    rows = [to_batch(decode.columns(decode.document(body), NAMES), NAMES, ("id",)) for body in bodies]
    assert rows[0] == rows[1]
    assert not any(ord(letter) < 32 for row in rows[0][0].to_pylist() for letter in str(row))


def test_escaped_control_characters_and_line_ends_are_those_of_xml() -> None:
    body = b'{"a":[{"id":1,"name":"x\\u0007y\\u000b\\r\\nz\\rw","address1":"\\\\r stays","other":""}]}'
    rows, _ = to_batch(decode.columns(decode.document(body), NAMES), NAMES, ("id",))
    assert rows.to_pylist() == [{"id": 1, "name": "xy\nz\nw", "address1": "\\r stays", "other": None}]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_bytes_that_are_no_utf_8(form: str) -> None:
    """A Latin-1 letter becomes the replacement character; the page is not lost."""
    if form == "json":
        body = b'{"a":[{"id":1,"name":"Caf\xe9"},{"id":2,"name":"b"}]}'
    else:
        body = (
            b"<?xml version='1.0'?><prestashop><a><b><id>1</id><name><![CDATA[Caf\xe9]]></name></b>"
            b"<b><id>2</id><name>b</name></b></a></prestashop>"
        )
    rows, _ = to_batch(decode.columns(decode.document(body), NAMES), NAMES, ("id",))
    assert rows.column("name").to_pylist() == ["Caf\ufffd", "b"]


def test_an_error_behind_a_php_warning_is_an_error(shop_a: FakeShop) -> None:
    """With a warning before the document every status is 200: the error counts."""
    shop_a.faults.append(Fault(prefix=PHP_WARNING))
    with shop_a.serve() as url, pytest.raises(Refused, match="does not accept this key"):
        PrestaShop(url=url, key="X" * 32, pause=0).streams()


def test_a_warning_with_brackets_before_json(shop_a: FakeShop) -> None:
    shop_a.faults.append(Fault(match="JSON", prefix=b"<br />[PHP Notice #8] Undefined {index} in /x.php [12]<br />\n"))
    with served(shop_a) as shop:
        assert len(orders(shop)) == 385


def test_a_shop_whose_json_is_broken_is_read_in_xml(shop_a: FakeShop) -> None:
    """After the first bad answers the reader stops asking for JSON."""
    shop_a.faults.append(Fault(match="output_format=JSON", keep_bytes=150))
    with served(shop_a, page=50) as shop:
        assert len(orders(shop)) == 385
    forms = ["JSON" in target for _, target in shop_a.requests if "/api/orders?" in target and "synopsis" not in target]
    assert forms[0]
    assert not any(forms[-6:])


def test_a_dtd_is_refused() -> None:
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>'
        b"<prestashop><a><b><id>1</id><name>&c;</name></b></a></prestashop>"
    )
    with pytest.raises(decode.NotADocument, match="DTD"):
        decode.document(bomb)


def test_an_oversized_answer_is_refused(shop_a: FakeShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_BODY", 100_000)
    with served(shop_a) as shop, pytest.raises(Unavailable, match="sent more than"):
        orders(shop)


# -- pages that cannot be had ---------------------------------------------------------------------------------------


def test_a_body_cut_off_is_asked_for_in_smaller_pieces(shop_a: FakeShop) -> None:
    """A host that cuts every answer after 60 kB: pages are halved until they fit."""
    shop_a.faults.append(Fault(match="/api/orders", keep_bytes=60_000))
    with served(shop_a) as shop:
        assert orders(shop) == sorted(shop_a.tables["orders"])


def test_a_page_too_large_is_halved_in_date_order_too(shop_a: FakeShop) -> None:
    shop_a.faults.append(Fault(match="/api/orders", memory_limit_records=30))
    with served(shop_a) as shop:
        part = Slice("changes", {"since": "2025-01-01 00:00:00"})
        found = [n for batch in shop.streams()["orders"].read(part, None) for n in batch.rows["id"].to_pylist()]
    assert sorted(found) == sorted(shop_a.tables["orders"])


class Poisoned(FakeShop):
    """A shop that dies of one record: 500 and nothing for every full page that holds it."""

    bad = "POISON"

    def answer(self, method: str, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        answer = super().answer(method, target, headers)
        return Answer(500) if self.bad.encode() in answer.body else answer


@pytest.mark.slow
def test_a_single_bad_record_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Reported with its id, exit code 5; the next sync says so again until it is mended, and then it arrives."""
    fake = Poisoned.from_recording(recording("shop-a"))
    fake.tables["orders"][100]["payment"] = Poisoned.bad
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(fake) as shop:
        result = sync(shop, into=into)
        assert result.exit_code == 5
        ids = into.query("SELECT id FROM raw.shop__orders WHERE _deleted_at IS NULL").read_all().column(0).to_pylist()
        assert sorted(ids) == sorted(set(fake.tables["orders"]) - {100})
        aside = into.query("SELECT stream, key FROM echannel.set_aside").read_all().to_pylist()
        assert aside == [{"stream": "shop__orders", "key": "id=100"}]
        fake.tables["orders"][100].update(payment="Cheque", date_upd="2026-11-05 10:00:00")
        assert sync(shop, into=into).exit_code == 0
    assert into.query("SELECT count(*) AS n FROM raw.shop__orders").read_all()["n"].to_pylist() == [385]


def test_a_shop_in_which_every_record_is_bad_is_an_error(shop_a: FakeShop) -> None:
    """Setting everything aside would look like success."""
    shop_a.faults.append(Fault(match=r"/api/orders\?display=%5Bid%2C", keep_bytes=5))
    with served(shop_a) as shop, pytest.raises(UnexpectedData, match="cannot deliver 'orders'"):
        orders(shop)


# -- empty answers --------------------------------------------------------------------------------------------------

EMPTY = {"status": 200, "body": b"[]", "content_type": "application/json"}


def test_nothing_in_the_middle_of_a_first_load_is_asked_again(shop_a: FakeShop) -> None:
    """A database error inside the shop is 200 and an empty list: not the end of the orders."""
    shop_a.faults.append(Fault(match=r"/api/orders\?display=%5Bid%2C.*filter", after=2, times=1, **EMPTY))  # type: ignore[arg-type]
    with served(shop_a, page=50) as shop:
        assert orders(shop) == sorted(shop_a.tables["orders"])


def test_a_shop_that_keeps_saying_nothing_is_down(shop_a: FakeShop) -> None:
    shop_a.faults.append(Fault(match=r"/api/orders\?display=%5Bid%2C.*filter", after=2, **EMPTY))  # type: ignore[arg-type]
    with served(shop_a, page=50) as shop, pytest.raises(Unavailable, match="answers nothing for 'orders'"):
        orders(shop)


@pytest.mark.slow
def test_a_whole_stream_that_comes_empty_deletes_nothing(shop_a: FakeShop, tmp_path: Path) -> None:
    """Even one row: what came empty is asked for its ids before anything is marked as deleted."""
    into = DuckDB(tmp_path / "shop.duckdb")
    with served(shop_a) as shop:
        sync(shop, into=into)
        shop_a.faults.append(Fault(match=r"/api/stock_availables\?display=%5Bid%2C", times=1, **EMPTY))  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match="sent nothing for 'stock_availables'"):
            sync(shop, into=into)
        assert into.query("SELECT count(*) AS n FROM raw.shop__stock_availables WHERE _deleted_at IS NULL").read_all()[
            "n"
        ].to_pylist() == [len(shop_a.tables["stock_availables"])]
        assert sync(shop, into=into).total("deleted") == 0


# -- busy and slow --------------------------------------------------------------------------------------------------


def test_a_page_for_people_passes_by_itself(shop_a: FakeShop) -> None:
    """A maintenance page with status 200 is waited for, and told."""
    told: list[Event] = []
    shop_a.faults.append(html_page("/api/orders", 2))
    with served(shop_a) as shop:
        shop.listen(told.append)
        assert len(orders(shop)) == 385
    assert sum("page for people" in event.because for event in told if isinstance(event, Retrying)) == 2


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_busy_shop_is_asked_again(status: int, shop_a: FakeShop) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    shop_a.faults.append(Fault(match="/api/orders", times=1, status=status, body=b"busy", retry_after=soon))
    with served(shop_a) as shop:
        assert len(orders(shop)) == 385


def test_a_shop_that_does_not_answer_in_time_is_asked_again(shop_a: FakeShop) -> None:
    told: list[Event] = []
    shop_a.faults.append(Fault(match="/api/orders", times=1, delay_seconds=1.5))
    with served(shop_a, time_out=0.5) as shop:
        shop.listen(told.append)
        assert len(orders(shop)) == 385
    assert [event.because for event in told if isinstance(event, Retrying)] == ["it did not answer in time"]


def test_more_at_once_while_answers_stay_quick_and_fewer_when_they_slow_down() -> None:
    gate = Gate(most=6)
    seen = [gate.limit]

    def answers(seconds: float, times: int) -> None:
        for _ in range(times):
            with passages(gate, gate.limit):
                gate.answered("/api/orders 500", seconds)
            seen.append(gate.limit)

    answers(0.1, 60)
    assert (seen[0], gate.limit, max(seen)) == (2, 6, 6)
    answers(0.5, 30)
    assert gate.limit == 1
    answers(0.1, 60)
    assert gate.limit == 6
    gate.overloaded()
    assert gate.limit == 3


class passages:
    """So many requests under way at the same time."""

    def __init__(self, gate: Gate, number: int) -> None:
        self.open = [gate.passage() for _ in range(number)]

    def __enter__(self) -> None:
        for one in self.open:
            one.__enter__()

    def __exit__(self, *error: object) -> None:
        for one in self.open:
            one.__exit__(None, None, None)


class Counting(FakeShop):
    """A shop that knows how many requests it is answering, and keeps their headers."""

    def answer(self, method: str, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        counted = self.__dict__.setdefault("counted", {"now": 0, "most": 0, "headers": headers})
        with self.lock:
            counted["now"] += 1
            counted["most"] = max(counted["most"], counted["now"])
        time.sleep(0.01)
        try:
            return super().answer(method, target, headers)
        finally:
            with self.lock:
                counted["now"] -= 1


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "most"), [({"polite": True}, 1), ({"readers": 3}, 3), ({}, 6)])
def test_never_more_requests_at_once_than_allowed(settings: dict[str, object], most: int, tmp_path: Path) -> None:
    fake = Counting.from_recording(recording("shop-a"))
    with served(fake, page=50, **settings) as shop:
        sync(shop, into=DuckDB(tmp_path / "shop.duckdb"))
    assert 1 <= fake.__dict__["counted"]["most"] <= most
    assert "Mozilla/5.0" in fake.__dict__["counted"]["headers"]["User-Agent"]
    assert threading.active_count() < 40


# -- the key --------------------------------------------------------------------------------------------------------


def test_the_key_is_in_no_error_even_when_it_travels_in_the_address(shop_a: FakeShop) -> None:
    """The host drops the header, so the key is in the query; then the shop goes down."""
    shop_a.faults.append(Fault(strips_authorization=True))
    with served(shop_a, attempts=2) as shop:
        shop.streams()
        shop_a.faults.append(Fault(match="/api/orders", hangs_up_after=0))
        with pytest.raises(Unavailable) as caught:
            orders(shop)
    told = "".join(traceback.format_exception(caught.value))
    assert any(shop_a.key in target for _, target in shop_a.requests)
    assert "could not be reached" in told
    assert shop_a.key not in told


class Elsewhere(FakeShop):
    """A shop that sends everybody to another address."""

    target = ""

    def answer(self, method: str, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        return Answer(302, {"Location": f"{self.target}{target}"})


def test_a_redirect_does_not_carry_the_key(shop_a: FakeShop) -> None:
    """The other host is not even asked; the message names it, without the query."""
    moved = Elsewhere.from_recording(recording("shop-a"))
    moved.key = shop_a.key
    with shop_a.serve() as there, moved.serve() as here:
        moved.target = there
        with pytest.raises(SettingsError, match=f"redirects /api to {there}/api") as caught:
            PrestaShop(url=here, key=shop_a.key).streams()
    assert not shop_a.requests
    assert shop_a.key not in str(caught.value)
