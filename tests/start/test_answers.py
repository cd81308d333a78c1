"""An ERP's database in fields, and back: what is asked of people is what the URL says, without the password."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel_connectors.errors import SettingsError
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.start.answers import database_parts, database_url, usual_parameters

SERVER = {"kind": "postgresql", "host": "erp.example.com", "port": "5433", "database": "books", "user": "reader"}
PRINTED = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cc", "Zs"]), min_size=1)


@given(user=PRINTED, password=PRINTED, database=PRINTED)
def test_any_name_and_password_comes_through(user: str, password: str, database: str) -> None:
    url = database_url({**SERVER, "user": user, "password": password, "database": database})
    found = Address.of(url)
    assert (found.user, found.secret, found.database, found.server, found.port) == (
        user.strip(), password, database.strip(), "erp.example.com", 5433,
    )  # fmt: skip
    assert database_parts(url) == {**SERVER, "user": user.strip(), "database": database.strip()}


def test_a_password_is_kept_for_the_same_server_and_user_alone() -> None:
    before = database_url({**SERVER, "password": "pass/word"})
    assert database_url({**SERVER, "database": "other"}, before).startswith("postgresql://reader:pass%2Fword@")
    for other in ({"host": "elsewhere.example.com"}, {"user": "somebody"}):
        assert "pass" not in database_url({**SERVER, **other}, before)


@pytest.mark.parametrize("host", ["10.0.0.7", "[::1]", "erp-1.example.com", "/var/run/postgresql"])
def test_a_server_by_its_name_its_number_or_its_socket(host: str) -> None:
    url = database_url({**SERVER, "host": host})
    assert Address.of(url).server == host
    assert database_parts(url)["host"] == host


@pytest.mark.parametrize("file", ["erp.sqlite", "/var/lib/Ma base.sqlite"])
def test_a_database_in_a_file(file: str) -> None:
    url = database_url({"kind": "sqlite", "file": file})
    assert Address.of(url).path == file
    assert database_parts(url) == {"kind": "sqlite", "file": file}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"kind": "access"}, "'access' is not a database"),
        ({"host": "https://erp.example.com"}, "is not the name of a server"),
        ({"host": "erp.example.com/books"}, "is not the name of a server"),
        ({"host": "me@erp.example.com"}, "is not the name of a server"),
        ({"host": ""}, "is not the name of a server"),
        ({"port": "x"}, "is not the name of a server"),
        ({"kind": "sqlite", "file": ""}, "the file of the database is missing"),
    ],
)
def test_what_is_no_database_is_said_in_a_sentence(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        database_url({**SERVER, **wrong})


def test_what_is_no_url_has_no_fields() -> None:
    assert database_parts("nonsense") == {}


def test_what_an_erp_assumes_is_the_company_s_own(tmp_path: Path) -> None:
    """Neither the assistant nor `init` writes down that a company in pounds keeps its books in euros."""
    usual = usual_parameters("sap_b1", tmp_path, "GBP", "Europe/London")
    assert (usual["company_currency"], usual["server_time_zone"]) == ("GBP", "Europe/London")
