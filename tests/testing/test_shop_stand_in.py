"""The PrestaShop stand-in answers what the recorded shops answered, and misbehaves when asked to."""

import base64
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from lxml import etree

from echannel_connectors.testing.shop import BOM, PHP_WARNING, FakeShop, Fault, disabled, firewall, html_page, nothing
from echannel_connectors.testing.shop.faults import Answer
from echannel_connectors.testing.shop.recording import Exchange, exchanges, key_for
from tests.places import recording

RECORDINGS = ("shop-a", "shop-a-later", "shop-b", "shop-d", "shop-f")
ALL = frozenset(RECORDINGS)

# What the stand-in does not play: (recordings, part of the target, how many exchanges in each, why).
NOT_PLAYED = (
    (ALL, "/api/images", 5, "pictures are files, not records"),
    (ALL, "/api/search?query=", 1, "the shop's search index is not in the recording"),
    (ALL, "price[my_price]", 2, "prices computed for a request need the shop's pricing rules"),
    ({"shop-b"}, "/api/orders?id_shop=2&limit=3", 2, "of shop 2 the recording shows two orders in full, not the third"),
    (
        {"shop-b"},
        "/api/products?display=full&limit=2&id_shop=2",
        2,
        "a product's stock rows are kept for one shop only",
    ),
)
HEADERS = {
    "Access-Time", "Content-Sha1", "Content-Type", "Execution-Time", "Location", "PSWS-Version", "Set-Cookie",
    "WWW-Authenticate",
}  # fmt: skip


@pytest.fixture(scope="module", params=RECORDINGS)
def recorded(request: pytest.FixtureRequest) -> tuple[str, FakeShop, list[Exchange]]:
    path = recording(request.param)
    return request.param, FakeShop.from_recording(path), list(exchanges(path))


@pytest.fixture
def shop() -> FakeShop:
    return FakeShop.from_recording(recording("shop-a"))


@pytest.fixture
def http(shop: FakeShop) -> Iterator[requests.Session]:
    """A session with the shop's key; its `get` takes a path, as in `http.get("/api/orders")`."""
    with shop.serve() as url, Client(url) as session:
        session.auth = (shop.key, "")
        yield session


class Client(requests.Session):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method, url, *args, **kwargs):
        return super().request(method, self.url + url, *args, timeout=10, **kwargs)


def test_every_recorded_exchange_is_answered_alike(recorded):
    """Status, headers and body of every exchange are the recorded ones, but for the table above."""
    name, shop, found = recorded
    known = [(part, count, why) for names, part, count, why in NOT_PLAYED if name in names]
    different = {one.number: why for one in found if (why := difference(one, ask(shop, one)))}
    played = {one.number for one in found if not any(part in one.target for part, _, _ in known)}
    for part, count, why in known:
        numbers = [one.number for one in found if part in one.target]
        assert len(numbers) == count, f"{part} ({why}): {len(numbers)} exchanges, not {count}"
        assert not set(numbers) - set(different), f"{part} ({why}) is answered alike after all: strike it off the table"
    assert {one.target: different[one.number] for one in found if one.number in different.keys() & played} == {}
    assert len(played) / len(found) > 0.98


def test_a_shop_that_misbehaves_is_answered_alike():
    """Broken texts, a disabled webservice, output before the document and a memory limit look as they did."""
    shop = FakeShop.from_recording(recording("shop-a"))
    found = list(exchanges(recording("faults")))
    for one in found:
        if one.note.startswith("text holds") and one.is_json and "/api/" in one.target and "?output" in one.target:
            (record,) = json.loads(one.body, strict=False).values()
            shop.tables[one.resource][record["id"]].update(edits(record))
    causes = {
        "webservice disabled": disabled(),
        "a PHP file saved with a BOM": Fault(prefix=BOM),
        "PHP prints a warning first": Fault(prefix=PHP_WARNING),
        "memory limit too low": Fault(memory_limit_records=300),
    }
    for one in found:
        shop.faults = [fault for note, fault in causes.items() if one.note.startswith(note)]
        assert difference(one, ask(shop, one)) is None, one.target


def ask(shop: FakeShop, one: Exchange) -> Answer:
    """The stand-in's answer to a recorded request, with the links of the shop that was recorded."""
    headers = {"Host": "localhost:8017" if shop.version.startswith("1.7") else "localhost:8016", **one.request_headers}
    if one.auth == "basic" or one.key == "":
        user = key_for(one.key or "")
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:".encode()).decode()
    return shop.answer(one.method, one.target, headers)


def difference(one: Exchange, answer: Answer) -> str | None:
    """What is not as recorded, if anything."""
    if answer.status != one.status:
        return f"status {answer.status}, not {one.status}"
    ours, theirs = HEADERS & set(answer.headers), HEADERS & set(one.headers)
    if ours != theirs:
        return f"headers {sorted(ours ^ theirs)}"
    if any(answer.headers.get(name) != one.headers.get(name) for name in ("Content-Type", "PSWS-Version", "Location")):
        return f"headers {answer.headers}"
    body = answer.body.decode()
    if body == one.body:
        return None
    if not one.body or "html" in one.headers["Content-Type"] or one.note.startswith("text holds"):
        return "body"
    read = read_json if one.is_json else read_xml
    return None if read(body, one) == read(one.body, one) else "content"


def read_json(body: str, one: Exchange) -> object:
    """The document; the records of a list that was not sorted in an order of ours."""
    document = json.loads(body)
    if isinstance(document, dict) and "sort" not in one.asked:
        return {name: sorted(rows, key=repr) if isinstance(rows, list) else rows for name, rows in document.items()}
    return document


def read_xml(body: str, one: Exchange) -> object:
    document = canonical(etree.fromstring(body.encode()))
    if "sort" not in one.asked and one.status == 200 and "schema" not in one.asked:
        for part in document[3]:
            part[3].sort(key=repr)
    return document


def canonical(node: etree._Element) -> tuple[str, list[tuple[str, str]], str, list]:
    attributes = sorted((str(name), str(value)) for name, value in node.attrib.items())
    return str(node.tag), attributes, (node.text or "").strip(), [canonical(one) for one in node]


def edits(record: dict[str, object]) -> dict[str, object]:
    """The texts of a record as JSON gave it, as a test would edit them."""
    texts: dict[str, object] = {name: value for name, value in record.items() if isinstance(value, str)}
    for name, value in record.items():
        if isinstance(value, list):
            texts[name] = {one["id"]: one["value"] for one in value}
    return texts


# ---- edited while it is served


def test_an_edit_shows_in_the_next_answer(shop, http):
    """A changed field is what lists, filters and single records give from then on."""
    shop.tables["orders"][7]["current_state"] = "6"
    assert http.get("/api/orders/7?output_format=JSON").json()["order"]["current_state"] == "6"
    cancelled = http.get("/api/orders?filter[current_state]=[6]&output_format=JSON").json()["orders"]
    assert {"id": 7} in cancelled


def test_rows_come_and_go_while_it_is_served(shop, http):
    """A new row is listed, a deleted one is missing: 404."""
    orders = shop.tables["orders"]
    orders[9001] = {**orders[7], "date_upd": "2027-01-01 08:00:00", "order_rows": []}
    del orders[8]
    late = http.get("/api/orders?display=full&date=1&filter[date_upd]=>[2026-12-31]&output_format=JSON").json()
    assert [one["id"] for one in late["orders"]] == [9001]
    assert "associations" not in late["orders"][0]
    assert http.get("/api/orders/8").status_code == 404


def test_a_shop_becomes_another_one(shop, http):
    """The state after some days of trade replaces the first without a new address; the other shop stays as it is."""
    later = FakeShop.from_recording(recording("shop-a-later"))
    before = http.get("/api/orders?output_format=JSON").json()["orders"]
    shop.become(later)
    after = http.get("/api/orders?output_format=JSON").json()["orders"]
    assert len(before) == 385
    assert len(after) == len(later.tables["orders"]) != len(before)
    shop.tables["orders"].clear()
    assert later.tables["orders"]


def test_a_made_up_company_keeps_the_shop_around_it():
    """Only its own rows trade; fields that they leave out are empty; states and settings are the recorded ones."""
    path = recording("shop-b")
    shop = FakeShop.like(path, {"orders": {1: {"reference": "AAA", "current_state": "2", "order_rows": [{"id": "1"}]}}})
    assert shop.tables["customers"] == {}
    assert shop.tables["order_states"]
    answer = shop.answer(
        "GET", f"/api/orders?display=[id,reference,current_state,valid]&ws_key={shop.key}&io_format=JSON"
    )
    assert json.loads(answer.body) == {"orders": [{"id": 1, "current_state": 2, "valid": "", "reference": "AAA"}]}


def test_it_can_be_edited_while_many_read(shop, http):
    """Readers never see an error while rows are added and deleted under them."""
    stop = threading.Event()

    def trade() -> None:
        number = 10_000
        while not stop.wait(0.001):
            number += 1
            shop.tables["orders"][number] = shop.tables["orders"][1]
            shop.tables["orders"].pop(number - 5, None)

    with ThreadPoolExecutor(5) as pool:
        trading = pool.submit(trade)
        asked = [pool.submit(requests.get, f"{http.url}/api/orders?display=full&ws_key={shop.key}") for _ in range(12)]
        statuses = {one.result().status_code for one in asked}
        stop.set()
        trading.result()
    assert statuses == {200}


def test_requests_are_counted(shop, http):
    """The log has what was asked, in order, also what was refused."""
    http.get("/api/orders?limit=1")
    http.head("/api/nope")
    assert shop.requests == [("GET", "/api/orders?limit=1"), ("HEAD", "/api/nope")]


def test_keys_have_the_rights_they_are_given(shop, http):
    """A key made for a test sees what it may and is refused the rest; HEAD has no body."""
    shop.keys["K" * 32] = {"orders": {"GET", "HEAD"}}
    http.auth = ("K" * 32, "")
    assert http.get("/api?output_format=JSON").json() == ["orders"]
    assert http.get("/api/customers").status_code == 401
    assert http.post("/api/orders", data="<x/>").status_code == 405
    head = http.head("/api/orders")
    assert (head.status_code, head.content, head.headers["PSWS-Version"]) == (200, b"", "1.6.1.25")


# The filters of PrestaShop's own code that no recording shows.
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("filter[id]=[9,3]&sort=[id_ASC]&limit=1", [3]),  # an interval may be given from its end
        ("filter[id]=![1|2]&sort=[id_ASC]&limit=1", [3]),
        ("filter[reference]=%[JZTGJZ]", [1]),
        ("filter[reference]=[hjujztgjz]", [1]),  # MySQL does not tell small letters from capitals
        ("filter[gift_message]=![x]&filter[id]=[1,2]", [2]),  # a NULL is not unequal to anything
        ("filter[total_paid]=[161.58]", [1]),  # numbers are compared as numbers
        ("sort=[shipping_number_ASC]", []),  # the database has no such column; the shop hides its error
        ("filter[id]=", 33),
        ("sort=id", 37),
        ("limit=1,2,3", 39),
    ],
)
def test_what_the_database_would_say(shop, query, answer):
    """Comparison, order and refusals follow MySQL and the webservice's code."""
    shop.tables["orders"][1]["gift_message"] = None
    sent = shop.answer("GET", f"/api/orders?{query}&ws_key={shop.key}&output_format=JSON")
    found = json.loads(sent.body)
    if isinstance(answer, int):
        assert (sent.status, found["errors"][0]["code"]) == (400, answer)
    else:
        assert [one["id"] for one in (found or {"orders": []})["orders"]] == answer


# ---- faults


def test_a_fault_strikes_as_often_as_it_says(shop, http):
    """It leaves other requests alone, waits for its turn and ends."""
    shop.faults.append(Fault("orders", times=2, after=1, status=503, retry_after=1))
    assert http.get("/api/customers?limit=1").status_code == 200
    replies = [http.get("/api/orders?limit=1") for _ in range(4)]
    assert [one.status_code for one in replies] == [200, 503, 503, 200]
    assert replies[1].headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("fault", "status", "starts"),
    [
        (disabled(), 503, b'{"errors":[{"code":22,'),
        (firewall(), 403, b"<!DOCTYPE html>"),
        (html_page(), 200, b"<!DOCTYPE html>"),
        (Fault(prefix=BOM), 200, BOM + b'{"orders":'),
        (Fault(prefix=PHP_WARNING), 200, PHP_WARNING + b'{"orders":'),
        (Fault(status=500, error=(999, "[PHP Notice #8] Undefined index")), 500, b'{"errors":[{"code":999,'),
    ],
)
def test_other_documents_than_asked_for(shop, http, fault, status, starts):
    """What stands between a reader and its document looks as it does on the web."""
    shop.faults.append(fault)
    reply = http.get("/api/orders?limit=1&output_format=JSON")
    assert (reply.status_code, reply.content[: len(starts)]) == (status, starts)
    assert ("PSWS-Version" in reply.headers) == (fault.error is not None)


def test_less_than_the_whole_document(shop, http):
    """Nothing at all, a document that ends early, a connection that breaks."""
    shop.faults.append(nothing(times=1))
    shop.faults.append(Fault(after=1, times=1, keep_bytes=100))
    shop.faults.append(Fault(after=2, times=1, hangs_up_after=100))
    assert http.get("/api/orders").content == b""
    assert len(http.get("/api/orders").content) == 100
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        http.get("/api/orders")
    assert len(http.get("/api/orders").content) > 100


def test_a_large_page_is_too_much_for_the_memory(shop, http):
    """Half the page works."""
    shop.faults.append(Fault(memory_limit_records=100))
    large = http.get("/api/orders?display=full&limit=101")
    assert (large.status_code, large.content) == (500, b"")
    assert http.get("/api/orders?display=full&limit=50").status_code == 200


def test_a_host_that_drops_the_authorization_header(shop, http):
    """Basic authentication never arrives; the key in the query does."""
    shop.faults.append(Fault(strips_authorization=True))
    assert http.get("/api/orders?limit=1").text == "401 Unauthorized"
    assert http.get(f"/api/orders?limit=1&ws_key={shop.key}").status_code == 200


def test_a_slow_shop(shop, http):
    """One request may take its time while others are answered."""
    shop.faults.append(Fault("customers", delay_seconds=0.4))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(requests.get, f"{http.url}/api/customers?limit=1&ws_key={shop.key}")
        assert http.get("/api/orders?limit=1").status_code == 200
        assert not slow.done()
        assert slow.result().elapsed.total_seconds() >= 0.4
