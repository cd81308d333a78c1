"""A database server that says no, through the command line."""

from __future__ import annotations

from pathlib import Path

from echannel_connectors import errors
from tests.command import echannel
from tests.erp.conftest import Postgres

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
