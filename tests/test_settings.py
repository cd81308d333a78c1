"""Settings: secrets stay hidden, sources travel, names come from the environment or a .env file."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from echannel_connectors import BigQuery, Company, Erp, Ga4, PrestaShop, schemas
from echannel_connectors.destinations import Warehouse
from echannel_connectors.errors import SettingsError
from echannel_connectors.project import FILE, load
from echannel_connectors.settings import Settings, environment, resolve
from echannel_connectors.sources.ecb import Ecb
from echannel_connectors.streams import Source

KEY = "ABCDEFGHJKLMNPQRSTUVWXYZ12345678"


def test_a_key_is_never_shown() -> None:
    shop = PrestaShop(url="https://shop.example", key=KEY)
    assert KEY not in repr(shop) + str(shop) + shop.model_dump_json()


def test_a_source_pickles_after_it_was_used() -> None:
    """A source goes to another process as its settings; what it opened stays behind."""
    shop = PrestaShop(url="https://shop.example/api/", key=KEY, page=100)
    assert shop.receipt()["requests"] == 0
    twin = pickle.loads(pickle.dumps(shop))
    assert (twin.url, twin.page, twin.key.get_secret_value()) == ("https://shop.example", 100, KEY)


def test_a_key_is_taken_as_it_is_found() -> None:
    """With the line end of its file; the … of an example ended in an error of the HTTP library, with the key in it."""
    shop = PrestaShop(url="https://shop.example", key=f"{KEY}\n")
    assert shop.key == SecretStr(KEY)
    with pytest.raises(ValidationError, match="a webservice key is of letters and digits") as refused:
        PrestaShop(url="https://shop.example", key=f"{KEY}…")
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("kind", [PrestaShop, Erp, Ga4, Ecb, BigQuery])
def test_type_checkers_take_them_for_what_sync_takes(kind: type[Settings]) -> None:
    """Pyright, which editors run, takes no ClassVar for a protocol's property: it refused each `sync(shop, into=…)`."""
    promised = {name for one in (Source, Warehouse) for name, its in vars(one).items() if isinstance(its, property)}
    assert promised >= {"name", "connector", "dialect"}
    assert not promised & kind.__class_vars__


def test_names_come_from_dot_env_under_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# secrets\nexport A='x y'\nB=2\n", encoding="utf-8")
    monkeypatch.setenv("B", "from outside")
    names = environment(tmp_path)
    assert resolve({"u": ["${A}-${B}", 3]}, names) == {"u": ["x y-from outside", 3]}


def test_an_unset_name_says_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"sources\.shop\.key refers to \$\{NOPE\}"):
        resolve({"sources": {"shop": {"key": "${NOPE}"}}}, {})


def test_files_may_carry_the_mark_of_windows(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("NAME=Épicerie\r\n".encode("utf-8-sig"))
    (tmp_path / FILE).write_bytes("company: {name: '${NAME}'}\r\nsources: {}\r\n".encode("utf-8-sig"))
    assert load(tmp_path).company.name == "Épicerie"
    (tmp_path / ".env").write_bytes("NAME=Épicerie".encode("cp1252"))
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8 text"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("company: {name: A}\nsources: {}\ncompany: {name: B}\n", "3:1", "the key 'company' stands here twice"),
        ("sources: {}\nmatches: {books: {order: {reference: shop.reference}}}\n", "2:1", "no source 'books'"),
        (
            "sources: {books: {}}\nmatches: {books: {order: {reference: shp.reference}}}\n",
            "2:1",
            "no source 'shp': known: books",
        ),
        (
            "sources: {a: {}, b: {}}\nmatches: {a: {order: {reference: b.ref}}}\n",
            "2:1",
            "a: orders have no column 'ref'",
        ),
        ("sources: {}\nmarkets: {UK: {}}\n", "2:1", "'UK' is not a country"),
        ("sources: [a]\n", "1:1", "it should be keys with their values"),
        ("sources: {}\ncompany: {name: 12}\n", "2:11", "it should be a text"),
        ("sources: {}\nmarkets: {GB: {entered_on: 01.02.2026}}\n", "2:16", "a day is written 2026-02-28"),
    ],
)
def test_a_mistake_in_the_file_is_told_before_anything_is_read(
    text: str, place: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=sentence) as caught:
        load(tmp_path)
    assert caught.value.place == f"{tmp_path / FILE}:{place}"


def test_what_is_left_empty_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    """And NO is Norway, not a truth value."""
    text = "sources: {}\ncompany:\nreviews:\nmarkets:\n  NO:\n  IT:\n"
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    assert list(load(tmp_path).company.markets) == ["NO", "IT"]


def test_a_newer_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text("version: 2\nsources: {}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="is of version 2, which this library does not know yet"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "sources: [", "- a\n", "version: 1\n"])
def test_a_broken_file_is_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        load(tmp_path)


def test_an_unknown_connector_offers_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text("sources: {shop: {connector: prestashopp}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="did you mean 'prestashop'"):
        load(tmp_path).sources()


def test_published_schemas_are_those_of_the_models() -> None:
    """An editor checks what the library checks: run `make schemas` after a change."""
    for file, schema in schemas.schemas().items():
        assert file.read_text(encoding="utf-8") == schemas.text(schema), f"{file.name} is out of date: make schemas"
    for file, page in schemas.pages().items():
        assert file.read_text(encoding="utf-8") == page, f"{file.name} is out of date: make schemas"


def test_a_source_s_name_is_the_word_before_the_colon(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        "sources: {shop: {connector: prestashop, name: other, url: 'https://shop.example', key: k}}", encoding="utf-8"
    )
    with pytest.raises(SettingsError, match="this word is the source's name"):
        load(tmp_path).sources()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://shop.example", "is not the address of a shop"),
        ("https://shop.example:port", "is not the address of a shop"),
        ("https://my shop", "is not the address of a shop"),
        ("http://shop.example", "the key would travel unprotected"),
        ("https://SECRET@shop.example/api", "the address holds a key or a password"),
        ("https://shop.example/api?ws_key=SECRET", "the address holds a key or a password"),
    ],
)
def test_a_wrong_address_never_shows_the_key(url: str, sentence: str) -> None:
    """Also to those who use the library from Python, where pydantic would repeat all that was given."""
    with pytest.raises(ValueError, match=sentence) as caught:
        PrestaShop(url=url, key="SECRET")  # type: ignore[arg-type]  # pydantic makes a secret of it
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("code", ["EURO", "eur", "XXX", "ABC"])
def test_a_currency_is_one_of_iso_4217(code: str) -> None:
    """A misspelt one would leave all totals empty."""
    with pytest.raises(ValueError, match="is not a currency; use its ISO code"):
        Company(currency=code)


@pytest.mark.parametrize("key", ["matches: {}", "markets: {}", "rates: rates.csv", "cost_rules: rules.csv"])
def test_what_stands_beside_company_does_not_stand_under_it(key: str, tmp_path: Path) -> None:
    """It would be read by nobody."""
    (tmp_path / "echannel.yaml").write_text(f"company: {{{key}}}\nsources: {{}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"unknown key 'company.{key.partition(':')[0]}'"):
        load(tmp_path)
