"""A database server that says no, through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors import errors
from echannel_connectors.sources.erp.kinds import Address
from echannel_connectors.sources.erp.refusals import understood
from echannel_connectors.sources.erp.state import opened
from tests.command import echannel
from tests.erp.conftest import Postgres
from tests.erp.stock import LEVELS
from tests.erp.stock import source as stock_source

PROJECT = """
company: {language: %s}
sources: {books: {connector: odoo, url: "%s"}}
"""


def test_a_wrong_password(postgres: Postgres, odoo: str, tmp_path: Path) -> None:
    """One sentence, in the company's language, and neither password is shown."""
    wrong = odoo.replace("let-me-read", "not-this-one")
    (tmp_path / "echannel.yaml").write_text(PROJECT % ("fr", wrong), encoding="utf-8")
    done = echannel(tmp_path, "sync")
    assert done.returncode == errors.REFUSED
    assert "Traceback" not in done.stderr
    assert "refuse cet utilisateur" in done.stderr
    assert "conseil\u00a0: vérifiez l'utilisateur et le mot de passe" in done.stderr
    checked = echannel(tmp_path, "check")
    assert checked.returncode == errors.REFUSED
    assert "✗ books\u00a0:" in checked.stdout
    assert "not-this-one" not in done.stdout + done.stderr + checked.stdout + checked.stderr


def test_a_database_that_is_not_there(postgres: Postgres, odoo: str, tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text(PROJECT % ("en", odoo.replace("/odoo17?", "/nowhere?")), encoding="utf-8")
    done = echannel(tmp_path, "sync")
    assert done.returncode == errors.SETTINGS
    assert "has no database nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_column_is_told_by_its_own_name(postgres: Postgres, stock: str) -> None:
    """And not by that of the column which PostgreSQL proposes in its place."""
    columns = {**LEVELS["columns"], "warehouse_id": "d.depot"}
    source = stock_source(
        postgres, stock, {"from": "stock AS s JOIN depots AS d ON d.id = s.depot", "columns": columns}
    )
    found = [finding.sentence for finding in source.check() if finding.level == "error"]
    assert found == ["stock_levels.warehouse_id: the database has no column d.depot"]


class Said(Exception):
    """A driver's error."""

    def __init__(self, message: str, sqlstate: str) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


def test_an_odbc_driver_that_is_not_there_is_a_setting() -> None:
    """It was "does not answer: run again later"."""
    said = Said("Message: [unixODBC][Driver Manager]Can't open lib 'ODBC Driver 17' : file not found", "01000")
    error = understood(said, "erp", "", connecting=True)
    assert isinstance(error, errors.SettingsError)
    assert error.sentence == "there is no ODBC driver 'ODBC Driver 17' on this machine"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://a:s3cret@127.0.0.1:9/x?sslmode=s3cret-ly", 'invalid sslmode value: "***-ly"'),
        ("postgresql://a:b@127.0.0.1:9/x?foo=bar", 'invalid connection option "foo"'),
        ("postgresql://a:b@127.0.0.1:9/x?connect_timeout=soon", "bad value for connect_timeout: 'soon'"),
        ("postgresql://a:b@127.0.0.1:99999/x", 'invalid port number: "99999"'),
        ("mysql://a:b@127.0.0.1:9/x?foo=1", "unexpected keyword argument 'foo'"),
        ("mysql://a:b@127.0.0.1:9/x?charset=klingon", "?charset=…: 'NoneType' object has no attribute 'encoding'"),
        ("mysql://a:b@127.0.0.1:9/x?read_timeout=soon", "invalid literal for int"),
    ],
)
def test_a_url_that_the_driver_does_not_understand(url: str, said: str) -> None:
    """PostgreSQL's was "does not answer: run again later", MySQL's a traceback."""
    address = Address.of(url)
    with pytest.raises(errors.SettingsError) as told:
        opened(address)
    assert "127.0.0.1 cannot be asked as its url says" in told.value.sentence
    assert said in told.value.sentence
    assert told.value.hint == "look at the source's url"


def test_who_does_not_answer_has_stopped_no_query() -> None:
    said = Said("Unable to complete network request to host erp", "08006")
    assert "erp does not answer: 08006 Unable to complete" in understood(said, "erp", "", connecting=True).sentence
    assert understood(said, "erp", "").sentence == "erp stopped the query"
