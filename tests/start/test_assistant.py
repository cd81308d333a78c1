"""The assistant without a browser: every answer is tried, saved at once, and no secret is ever told."""

from __future__ import annotations

import http.client
import json
import stat
import threading
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from echannel_connectors.errors import Refused, SettingsError
from echannel_connectors.google_login import SCOPES
from echannel_connectors.project import load
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.start.assistant import Assistant
from echannel_connectors.start.server import serve_start
from echannel_connectors.testing.ga4 import FakeGa4
from echannel_connectors.testing.sheets import Book, FakeSheets, Trouble
from echannel_connectors.testing.shop import FakeShop, Fault, disabled, firewall, html_page
from tests.erp.conftest import postgres, tryton  # noqa: F401 - fixtures
from tests.test_google_login import Accounts, accounts, folder  # noqa: F401 - fixtures

COMPANY = {"name": "Atelier d'Été", "currency": "EUR", "time_zone": "Europe/Paris"}
SHEET = "1AbCdEfGhIjKlMnOpQrStUvWxYz"
KEY_FILE = {"type": "service_account", "client_email": "reader@atelier.example", "private_key": "-----BEGIN"}


@pytest.fixture
def address(shop_a: FakeShop) -> Iterator[str]:
    with shop_a.serve() as url:
        yield url


@pytest.fixture
def begun(tmp_path: Path) -> Assistant:
    """A company that has said its name, and nothing else."""
    found = Assistant(tmp_path, "fr")
    found.act("company", COMPANY)
    return found


def sentences(found: Assistant, step: str) -> list[str]:
    return [
        one["sentence"].replace("\u00a0", " ") for one in found.state()["findings"][step] if one["level"] == "error"
    ]


# -- step by step -------------------------------------------------------------------------------------------------------


def test_each_step_is_saved_at_once_and_gone_on_from(shop_a: FakeShop, address: str, tmp_path: Path) -> None:
    """What `echannel init` would have written, in the same words; another assistant begins where this one was."""

    def step() -> str:
        return str(Assistant(tmp_path).state()["step"])

    assert step() == "company"
    Assistant(tmp_path, "fr").act("company", COMPANY)
    assert step() == "shop"
    assert Assistant(tmp_path).act("shop", {"url": f"{address}/api/", "key": shop_a.key}) == {"is_saved": True}
    assert step() == "erp"
    Assistant(tmp_path).act("none", {"kind": "erp"})
    assert step() == "web"
    Assistant(tmp_path).act("none", {"kind": "web"})
    assert step() == "destination"
    assert Assistant(tmp_path).act("destination", {"kind": "duckdb"}) == {"is_saved": True}
    assert step() == "sync"
    text = (tmp_path / "echannel.yaml").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert text.startswith("# Tout ceci se modifie à la main ; `echannel check` vérifie.\n")
    assert yaml.safe_load(text) == {
        "version": 1,
        "company": {**COMPANY, "language": "fr", "email_salt": "${ECHANNEL_SALT}"},
        "sources": {"shop": {"connector": "prestashop", "url": address, "key": "${SHOP_KEY}"}},
        "destination": "duckdb:///echannel.duckdb",
    }
    assert load(tmp_path).source("shop").key.get_secret_value() == shop_a.key  # type: ignore[attr-defined]  # a shop's
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == ".env\n"


def test_no_secret_is_told(begun: Assistant, shop_a: FakeShop, address: str, tmp_path: Path) -> None:
    begun.act("shop", {"url": address, "key": shop_a.key})
    parts = {"kind": "mysql", "host": "127.0.0.1", "port": "1", "database": "books", "user": "me"}
    parts["password"] = "se%cr$et"
    begun.act("erp", {"connector": "dolibarr", **parts, "anyway": True})
    begun.act("keyfile", {"name": "key.json", "text": json.dumps(KEY_FILE)})
    told = json.dumps(begun.state()) + json.dumps(begun.known())
    salt = next(line for line in (tmp_path / ".env").read_text().splitlines() if line.startswith("ECHANNEL_SALT="))
    for secret in (shop_a.key, "se%cr$et", "se%25cr%24et", "-----BEGIN", salt.partition("=")[2]):
        assert secret not in told + (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    assert load(tmp_path).source("books").url.get_secret_value() == "mysql://me:se%25cr%24et@127.0.0.1:1/books"  # type: ignore[attr-defined]  # an ERP's
    assert stat.S_IMODE((tmp_path / "google-key.json").stat().st_mode) == 0o600
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8").split() == [".env", "google-key.json"]


def test_several_shops_each_with_its_key(begun: Assistant, shop_a: FakeShop, address: str, tmp_path: Path) -> None:
    """A key is for one shop: with another address it is asked for again, and one that goes takes its key along."""
    begun.act("shop", {"url": address, "key": shop_a.key})
    begun.act("shop", {"url": address.replace("127.0.0.1", "localhost"), "key": shop_a.key})
    assert [one["name"] for one in begun.state()["shops"]] == ["shop", "shop2"]
    assert begun.act("shop", {"name": "shop", "url": address, "key": ""}) == {"is_saved": True}
    with pytest.raises(SettingsError, match="32 characters"):
        begun.act("shop", {"name": "shop", "url": "https://elsewhere.example", "key": ""})
    begun.act("remove", {"kind": "shop", "name": "shop"})
    names = [line.partition("=")[0] for line in (tmp_path / ".env").read_text(encoding="utf-8").splitlines()]
    assert names == ["ECHANNEL_SALT", "SHOP2_KEY"]
    assert load(tmp_path).source("shop2").name == "shop2"


def test_what_is_said_on_two_pages_is_one_source(begun: Assistant, shop_a: FakeShop, address: str) -> None:
    """The same shop, database or property a second time would count every sale twice."""
    parts = {"kind": "mysql", "host": "127.0.0.1", "port": "1", "database": "books", "user": "me", "password": "p"}
    for _ in range(2):
        begun.act("shop", {"url": f"{address}/api", "key": shop_a.key})
        begun.act("erp", {"connector": "dolibarr", **parts, "anyway": True})
        begun.act("web", {"property": "123456", "anyway": True})
    state = begun.state()
    assert [[one["name"] for one in state[kind]] for kind in ("shops", "erps", "webs")] == [
        ["shop"],
        ["books"],
        ["web"],
    ]
    assert state["erps"][0]["has_url"]
    # One database holds the books of two companies.
    begun.act("erp", {"connector": "dolibarr", **parts, "parameters": {"entity": "2"}, "anyway": True})
    assert [one["name"] for one in begun.state()["erps"]] == ["books", "books2"]


NO_WEBSERVICE = "il n'y a pas de webservice PrestaShop à 127.0.0.1"
FAULTS = {
    "wrong key": (Fault(times=0), "127.0.0.1 n'accepte pas cette clé"),
    "a page for people": (html_page(), NO_WEBSERVICE),
    "a firewall": (firewall(), "un pare-feu devant 127.0.0.1 a refusé la requête (403)"),
    "switched off": (disabled(), "le webservice de 127.0.0.1 est désactivé"),
    "down": (Fault(status=503), "127.0.0.1 n'a pas pu être joint"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_shop_that_refuses_is_told_and_not_saved(
    name: str, begun: Assistant, shop_a: FakeShop, address: str, tmp_path: Path
) -> None:
    """One sentence with the way out; nothing is written unless somebody wants it all the same."""
    fault, sentence = FAULTS[name]
    shop_a.faults = [fault]
    before = (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    assert begun.act("shop", {"url": address, "key": "A" * 32}) == {"is_saved": False}
    [told] = [one for one in begun.state()["findings"]["shop"] if one["level"] == "error"]
    assert told["sentence"].replace("\u00a0", " ").startswith(sentence)
    assert told["hint"]
    assert (tmp_path / "echannel.yaml").read_text(encoding="utf-8") == before
    assert begun.act("shop", {"url": address, "key": "A" * 32, "anyway": True}) == {"is_saved": True}
    assert begun.state()["shops"] == [{"name": "shop", "url": address, "has_key": True}]


def test_rights_that_a_key_lacks_are_one_sentence(begun: Assistant, shop_a: FakeShop, address: str) -> None:
    for resource in ("order_slip", "stock_availables", "orders"):
        shop_a.keys[shop_a.key].pop(resource)
    begun.act("shop", {"url": address, "key": shop_a.key})
    [told] = sentences(begun, "shop")
    assert told.endswith("order_slip, orders, stock_availables")


def test_an_address_that_nobody_knows(begun: Assistant) -> None:
    begun.act("shop", {"url": "no-such-shop.invalid", "key": "A" * 32})
    assert sentences(begun, "shop") == ["no-such-shop.invalid n'a pas pu être joint : son nom est inconnu"]


@pytest.mark.parametrize(
    ("what", "said", "sentence"),
    [
        ("company", {**COMPANY, "name": " "}, "has no name"),
        ("company", {**COMPANY, "currency": "EURO"}, "is not a currency"),
        ("company", {**COMPANY, "name": "${HOME}"}, "may not hold"),
        ("shop", {"url": "", "key": "A" * 32}, "address is missing"),
        ("shop", {"url": "http://shop.example", "key": "A" * 32}, "unprotected"),
        ("erp", {"connector": ""}, "was not chosen"),
        ("erp", {"connector": "cegid"}, "no connector 'cegid'"),
        ("web", {"property": "G-ABC"}, "is the id of a stream"),
        ("web", {"property": "1", "credentials": "none.json"}, "there is no file"),
        ("none", {"kind": "erp"}, "nothing to read"),
        ("none", {"kind": "company"}, "no step"),
        ("destination", {"kind": "sheets", "spreadsheet": "my figures"}, "is not a spreadsheet"),
        ("keyfile", {"name": "x.json", "text": "{}"}, "x.json is not the key file"),
        ("schedule", {"at": "noon"}, "not a time of the day|neither cron"),
        ("nonsense", {}, "no step"),
    ],
)
def test_an_answer_that_cannot_be_is_said_in_a_sentence(
    begun: Assistant, what: str, said: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    before = (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence):
        begun.act(what, said)
    assert (tmp_path / "echannel.yaml").read_text(encoding="utf-8") == before


def test_what_was_written_by_hand_stays(shop_a: FakeShop, address: str, tmp_path: Path) -> None:
    """Comments, order and other settings; a project of `echannel init` is complete, and its steps can be changed."""
    (tmp_path / "echannel.yaml").write_text(
        f"""# mine
company: {{name: Essai, currency: EUR, time_zone: Europe/Paris, language: en}}  # ours
sources:
  boutique: {{connector: prestashop, url: "{address}", key: "${{MY_KEY}}", page: 7}}  # the shop
destination: duckdb:///other.duckdb
reviews: {{started_on: 2026-01-01}}
""",
        encoding="utf-8",
    )
    (tmp_path / ".env").write_text(f"MY_KEY={shop_a.key}\n", encoding="utf-8")
    found = Assistant(tmp_path)
    assert (found.state()["step"], found.state()["is_complete"], found.state()["has_run"]) == ("sync", True, False)
    assert found.act("shop", {"name": "boutique", "url": address, "key": ""}) == {"is_saved": True}
    found.act("language", {"language": "fr"})
    found.act("destination", {"kind": "duckdb"})
    text = (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    for kept in (
        "# mine",
        "# ours",
        "# the shop",
        "page: 7",
        "${MY_KEY}",
        "other.duckdb",
        "started_on",
        "language: fr",
    ):
        assert kept in text
    assert len(text.splitlines()) == 6


def test_another_currency_has_everything_read_again(begun: Assistant) -> None:
    begun.act("company", {**COMPANY, "name": "Other"})
    assert not (begun.draft.notes() or {}).get("full")
    begun.act("company", {**COMPANY, "currency": "GBP"})
    assert (begun.draft.notes() or {})["full"]


# -- Google -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def google() -> FakeSheets:
    service = FakeSheets()
    service.add(Book(SHEET))
    return service


def test_a_spreadsheet_by_its_address(google: FakeSheets, tmp_path: Path) -> None:
    """It says with which e-mail it has to be shared, and finds out whether it may be written, by changing nothing."""
    with google.serving() as endpoint:
        found = Assistant(tmp_path, google=endpoint)
        found.act("company", COMPANY)
        kept = found.act("keyfile", {"name": "key.json", "text": json.dumps(KEY_FILE)})
        assert kept == {"file": "google-key.json", "email": "reader@atelier.example"}
        assert found.act("who", {"credentials": "google-key.json"}) == {"email": "reader@atelier.example"}
        said = {
            "kind": "sheets",
            "spreadsheet": f"https://docs.google.com/spreadsheets/d/{SHEET}/edit?gid=0#gid=0",
            "credentials": "google-key.json",
        }
        before = google.books[SHEET].described()
        google.trouble.append(Trouble(":batchUpdate", 403, "The caller does not have permission"))
        assert found.act("destination", said) == {"is_saved": False}
        assert sentences(found, "destination") == ["this account may not write to the spreadsheet"]
        assert not found.state()["answered"]["destination"]
        assert found.act("destination", said) == {"is_saved": True}
        assert google.books[SHEET].described() == before
        assert found.state()["destination"]["spreadsheet"] == SHEET
        assert "this account may write to the spreadsheet" in [
            one["sentence"] for one in found.state()["findings"]["destination"]
        ]
        said["spreadsheet"] = "https://docs.google.com/spreadsheets/d/1AnotherOneThatIsNotThere/edit"
        assert found.act("destination", said) == {"is_saved": False}
    assert load(tmp_path).file.destination.startswith(f"sheets://{SHEET}?credentials=google-key.json")


@pytest.mark.slow
def test_an_erp_on_a_real_server(begun: Assistant, tryton: str, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    """PostgreSQL by its fields: a wrong password is told as such; one that was given need not be given again."""
    real = Address.of(tryton)
    said = {
        "connector": "tryton", "kind": "postgresql", "host": real.query["host"], "database": real.database,
        "user": real.user, "password": "wrong-password",
    }  # fmt: skip
    assert begun.act("erp", said) == {"is_saved": False}
    assert "refuse cet utilisateur" in sentences(begun, "erp")[0]
    assert begun.act("erp", {**said, "password": real.secret}) == {"is_saved": True}
    [told] = begun.state()["erps"]
    assert {told[name] for name in ("kind", "host", "database", "user")} <= set(said.values())
    assert begun.act("erp", {**said, "name": "books", "password": ""}) == {"is_saved": True}
    assert real.secret not in json.dumps(begun.state())
    assert load(tmp_path).source("books").connector == "tryton"


def test_web_analytics_by_the_number_of_a_property(tmp_path: Path) -> None:
    """Tried at once; one that this account may not read is told, and not saved."""
    with FakeGa4({"123456789": []}).serving() as endpoint:
        found = Assistant(tmp_path, google=endpoint)
        found.act("company", COMPANY)
        assert found.act("web", {"property": "987654321"}) == {"is_saved": False}
        assert len(sentences(found, "web")) == 1
        assert found.act("web", {"property": "123456789"}) == {"is_saved": True}
        assert found.state()["webs"] == [{"name": "web", "property": "123456789", "credentials": ""}]
    assert (
        yaml.safe_load((tmp_path / "echannel.yaml").read_text(encoding="utf-8"))["sources"]["web"]["property"]
        == 123456789
    )


class Browser:
    """A person's browser that is a thread: one in a process of its own would outlive the test."""

    def open(self, url: str, **_: Any) -> None:
        threading.Thread(target=urllib.request.urlopen, args=(url,)).start()


def test_a_person_logs_in_from_the_page(
    accounts: Accounts,  # noqa: F811 - the fixture
    folder: Path,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For what is asked about alone, once with the client's file, then without; who refuses is told."""
    monkeypatch.setattr(webbrowser, "get", lambda _: Browser())
    found = Assistant(folder)
    with pytest.raises(SettingsError, match="needs the file of an OAuth client"):
        found.act("login", {"for": "sheets"})
    with pytest.raises(SettingsError, match="not the file of an OAuth client"):
        found.act("login", {"for": "sheets", "text": "nonsense"})
    text = (folder / "client.json").read_text(encoding="utf-8")
    assert found.act("login", {"for": "sheets", "text": text}) == {}
    assert found.state()["is_logged_in"]
    assert "1//refresh" not in json.dumps(found.state())
    assert [asked["scope"] for asked in accounts.asked] == [[SCOPES["sheets"]]]
    assert found.act("who", {"credentials": "", "for": "sheets"}) == {"email": ""}
    accounts.unticked = {SCOPES["ga4"]}
    with pytest.raises(Refused, match="not allowed"):
        found.act("login", {"for": "ga4"})


# -- the sync -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(begun: Assistant, shop_a: FakeShop, address: str) -> Assistant:
    begun.act("shop", {"url": address, "key": shop_a.key})
    for kind in ("erp", "web"):
        begun.act("none", {"kind": kind})
    begun.act("destination", {"kind": "duckdb"})
    return begun


def ended(found: Assistant, seconds: float = 60) -> dict[str, Any]:
    """The sync's progress once it has ended."""
    found.syncing.wait(seconds)
    told: dict[str, Any] = found.state()["sync"]
    assert told["state"] not in ("running", "stopping")
    return told


@pytest.mark.slow
def test_a_sync_fails_stops_and_is_gone_on_with(ready: Assistant, shop_a: FakeShop, tmp_path: Path) -> None:
    """A failure is told with its way out; one that is stopped, too, loses nothing; both leave a log."""
    shop_a.keys[shop_a.key].pop("order_slip")
    ready.act("sync", {})
    told = ended(ready)
    assert told["state"] == "failed"
    assert "« order_slip »" in told["because"]["sentence"].replace("\u00a0", " ")
    assert "Paramètres avancés" in told["because"]["hint"]
    ready.act("language", {"language": "en"})
    assert "'order_slip'" in ready.state()["sync"]["because"]["sentence"]
    shop_a.keys[shop_a.key]["order_slip"] = {"GET"}
    shop_a.faults = [Fault(delay_seconds=0.05)]
    ready.act("sync", {})
    ready.act("sync", {})  # a second click
    while not any(rows for rows, *_ in ready.state()["sync"]["sources"].values()):
        time.sleep(0.01)
    ready.act("stop", {})
    assert ended(ready)["state"] == "stopped"
    assert ready.state()["step"] == "sync"
    shop_a.faults = []
    ready.act("sync", {})
    told = ended(ready)
    assert (told["state"], told["because"], ready.state()["step"]) == ("done", None, "figures")
    home = ready.home()
    orders = (
        load(tmp_path).warehouse().query("SELECT sum(orders) AS n FROM mart.sales_daily").read_all()["n"][0].as_py()
    )
    assert orders > 100
    assert home["run"]["is_done"]
    assert home["templates"][0]["id"] == "b2c-shop"
    assert not home["place"]["has_links"]
    assert len(list((tmp_path / ".echannel" / "runs").iterdir())) >= 1
    assert shop_a.key not in "".join(file.read_text() for file in (tmp_path / ".echannel" / "runs").iterdir())
    ready.close()


# -- the server ---------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    with serve_start(tmp_path) as url:
        yield url


def asked(url: str, method: str = "GET", path: str = "", body: bytes = b"", **headers: str) -> Answer:
    """A request as it is sent; headers by their names with _ for -."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path or parts.path, body or None, names)
    reply = connection.getresponse()
    found = Answer(reply.status, dict(reply.getheaders()), reply.read())
    connection.close()
    return found


JSON = {"Content_Type": "application/json"}


def test_only_this_page_is_answered(page: str) -> None:
    """No token, a wrong one, another name for this machine, another origin, a form: all get 403 and do nothing."""
    parts = urlsplit(page)
    own = f"http://{parts.netloc}"
    company = json.dumps(COMPANY).encode()
    for path in ("/", "/state", "/wrong/state", "/wrong/"):
        assert asked(page, path=path).status == 403, path
        assert asked(page, "POST", path, company, Origin=own, **JSON).status == 403, path
    state, answer = f"{parts.path}state", f"{parts.path}company"
    assert asked(page, path=state, Host="evil.example").status == 403
    assert asked(page, path=state, Origin="https://evil.example").status == 403
    assert asked(page, "POST", answer, company, Origin="https://evil.example", **JSON).status == 403
    assert asked(page, "POST", answer, company, Origin="null", **JSON).status == 403
    assert asked(page, "POST", answer, company, **JSON).status == 403
    assert asked(page, "POST", answer, company, Origin=own, Content_Type="text/plain").status == 403
    assert json.loads(asked(page, path=state).body)["step"] == "company"
    assert asked(page, "POST", answer, company, Origin=own, **JSON).status == 200
    assert json.loads(asked(page, path=state).body)["step"] == "shop"


def test_what_is_no_request_of_the_page_is_refused(page: str) -> None:
    parts = urlsplit(page)
    own, answer = f"http://{parts.netloc}", f"{parts.path}company"
    for body in (b"", b"[]", b"nonsense"):
        assert asked(page, "POST", answer, body, Origin=own, **JSON).status == 400
    refused = asked(page, "POST", answer, b"{}", Origin=own, **JSON)
    assert refused.status == 200
    assert json.loads(refused.body)["problem"]["sentence"] == "the company has no name yet"
    assert asked(page, path=f"{parts.path}../cli/app.py").status == 404
    assert asked(page, "PUT", answer).status == 501


def test_a_page_may_load_and_ask_nothing_foreign(page: str) -> None:
    found = asked(page)
    policy = found.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert found.headers["Referrer-Policy"] == "no-referrer"
    assert found.headers["Cache-Control"] == "no-store"
    assert b"http" not in found.body.split(b'id="known"')[0]


def test_a_file_that_was_spoilt_by_hand_is_told(page: str, tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text("sources: [", encoding="utf-8")
    found = asked(page, path=f"{urlsplit(page).path}state")
    assert json.loads(found.body)["problem"]["sentence"].startswith("echannel.yaml is not valid YAML")


def test_a_key_that_was_lost_is_asked_for_again(ready: Assistant, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ECHANNEL_SALT=salt\n", encoding="utf-8")
    assert ready.state()["shops"][0]["has_key"] is False
    with pytest.raises(SettingsError, match="SHOP_KEY}, which is not set"):
        ready.act("sync", {})


def test_what_a_tab_cannot_show_is_a_page_that_says_so(page: str) -> None:
    found = asked(page, path=f"{urlsplit(page).path}links", Sec_Fetch_Mode="navigate")
    assert found.status == 503
    assert b"there is no echannel.yaml" in found.body
