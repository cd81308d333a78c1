"""Bad input gets one clear sentence, what to do, and the right exit code; nothing loaded is lost."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from echannel_connectors import DuckDB, PrestaShop, errors, sync
from echannel_connectors.testing.shop import FakeShop, Fault, disabled, firewall, html_page
from tests.command import PROJECT, echannel, project


@pytest.fixture
def served(shop_a: FakeShop) -> Iterator[str]:
    with shop_a.serve() as url:
        yield url


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stderr
    return done.stderr


def test_wrong_address(tmp_path: Path) -> None:
    done = echannel(project(tmp_path, "http://127.0.0.1:9"), "sync", key="K" * 32)
    assert done.returncode == errors.UNAVAILABLE
    assert "127.0.0.1 could not be reached" in said(done)


def test_address_that_ends_in_api(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    done = echannel(project(tmp_path, f"{served}/api/"), "check", key=shop_a.key)
    assert done.returncode == 0, said(done)


def test_address_that_is_no_shop(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    shop_a.faults.append(html_page("/api", 99))
    done = echannel(project(tmp_path, served), "sync", key=shop_a.key)
    assert done.returncode in (errors.SETTINGS, errors.SET_ASIDE)
    assert "127.0.0.1" in said(done)


def test_wrong_key(served: str, tmp_path: Path) -> None:
    done = echannel(project(tmp_path, served), "sync", key="X" * 32)
    assert done.returncode == errors.REFUSED
    assert "does not accept this key" in said(done)
    assert "X" * 32 not in done.stderr


def test_missing_permission_names_the_resource(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    for rights in shop_a.keys.values():
        rights.pop("order_slip", None)
    done = echannel(project(tmp_path, served), "sync", key=shop_a.key)
    assert done.returncode == errors.REFUSED
    assert "'order_slip'" in said(done)
    checked = echannel(tmp_path, "check", key=shop_a.key)
    assert checked.returncode == errors.REFUSED
    assert "order_slip" in checked.stdout


def test_firewall(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    shop_a.faults.append(firewall("/api", 99))
    done = echannel(project(tmp_path, served), "sync", key=shop_a.key)
    assert done.returncode == errors.REFUSED
    assert "firewall" in said(done)


def test_host_that_strips_the_authorization_header(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    """The key then travels in the query, and `check` says how to mend it."""
    shop_a.faults.append(Fault(strips_authorization=True))
    done = echannel(project(tmp_path, served), "check", key=shop_a.key)
    assert done.returncode == 0, said(done)
    assert ".htaccess" in done.stdout
    assert shop_a.key not in done.stdout + done.stderr


def test_a_place_that_the_system_refuses(tmp_path: Path) -> None:
    """One sentence, also where nobody thought of it."""
    (tmp_path / "connector_specs").write_text("a file where a folder should be", encoding="utf-8")
    done = echannel(tmp_path, "spec", "new", "acme")
    assert done.returncode == errors.SETTINGS
    assert "the system refuses" in said(done)
    known = errors.refused_by_system(PermissionError(13, "Permission denied", "/root/x"))
    assert known
    assert known.in_language("fr").startswith("le système refuse /root/x")
    assert errors.refused_by_system(ValueError("a bug")) is None


def test_webservice_switched_off(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    shop_a.faults.append(disabled("/api", 99))
    done = echannel(project(tmp_path, served), "sync", key=shop_a.key)
    assert done.returncode == errors.REFUSED
    assert "switched off" in said(done)


def test_shop_that_is_down_keeps_what_is_loaded(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    source = PrestaShop(url=served, key=shop_a.key, pause=0, attempts=2)
    warehouse = DuckDB(tmp_path / "shop.duckdb")
    sync(source, into=warehouse)
    before = warehouse.query("SELECT count(*) FROM mart.sales").read_all().to_pylist()
    shop_a.faults.append(Fault(status=503, body=b"busy"))
    with pytest.raises(errors.Unavailable):
        sync(source, into=warehouse)
    assert warehouse.query("SELECT count(*) FROM mart.sales").read_all().to_pylist() == before
    failed = warehouse.query("SELECT error FROM echannel.runs WHERE status = 'failed'").read_all()
    assert failed.num_rows == 1


def test_damaged_warehouse_is_left_as_it_is(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    (tmp_path / "shop.duckdb").write_bytes(b"not a database" * 1000)
    done = echannel(project(tmp_path, served), "sync", key=shop_a.key)
    assert done.returncode == errors.DESTINATION
    assert "is damaged or is not a DuckDB file" in said(done)
    assert (tmp_path / "shop.duckdb").read_bytes().startswith(b"not a database")


def test_warehouse_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    warehouse = DuckDB(tmp_path / "new.duckdb")
    warehouse.execute("UPDATE echannel.meta SET value = '99' WHERE name = 'schema_version'")
    with pytest.raises(errors.DestinationError, match="newer version of this library"):
        DuckDB(tmp_path / "new.duckdb").execute("SELECT 1")


def test_misspelt_key_gets_line_and_nearest_name(tmp_path: Path) -> None:
    done = echannel(
        project(tmp_path, "https://shop.example", text=PROJECT.replace("destination", "destinatoin")), "sync"
    )
    assert done.returncode == errors.SETTINGS
    assert "did you mean 'destination'?" in said(done)
    assert "echannel.yaml:6" in done.stderr


def test_misspelt_setting_of_a_source(tmp_path: Path) -> None:
    done = echannel(project(tmp_path, "https://shop.example", text=PROJECT.replace("url:", "ulr:")), "sync", key="k")
    assert done.returncode == errors.SETTINGS
    assert "did you mean 'url'?" in said(done)


def test_unset_secret_is_named(tmp_path: Path) -> None:
    text = PROJECT.replace("SHOP_KEY", "NO_SUCH_NAME")
    done = echannel(project(tmp_path, "https://shop.example", text=text), "sync")
    assert done.returncode == errors.SETTINGS
    assert "${NO_SUCH_NAME}, which is not set" in said(done)


def test_key_over_plain_http_is_refused(tmp_path: Path) -> None:
    done = echannel(project(tmp_path, "http://shop.example"), "sync", key="k")
    assert done.returncode == errors.SETTINGS
    assert "use https" in said(done)


def test_a_large_sweep_waits_for_a_person(shop_a: FakeShop, served: str, tmp_path: Path) -> None:
    """A shop that suddenly shows nothing (200 and an empty answer) does not empty the tables."""
    source = PrestaShop(url=served, key=shop_a.key, pause=0)
    warehouse = DuckDB(tmp_path / "shop.duckdb")
    sync(source, into=warehouse)
    shop_a.tables["stock_availables"] = {}
    result = sync(source, into=warehouse)
    assert any("stock_availables" in warning and "--accept-deletes" in warning for warning in result.warnings)
    assert result.tables["mart.inventory"] == 63


KEYLESS = """
connector: acme
dialect: sqlite
tables:
  products:
    from: article
    columns: {product_id: article.id, variant_id: article.variant, name: article.label}
  orders:
    from: invoice
    columns: {reference: invoice.number}
"""


@pytest.mark.parametrize("command", ["check", "sync"])
def test_a_table_of_the_project_s_own_spec_without_a_key(command: str, tmp_path: Path) -> None:
    """The line of the table in the spec, and which column is missing; before the ERP is asked anything."""
    (tmp_path / "connector_specs").mkdir()
    (tmp_path / "connector_specs" / "acme.yaml").write_text(KEYLESS, encoding="utf-8")
    text = "sources: {books: {connector: acme, url: sqlite:///books.db}}"
    (tmp_path / "echannel.yaml").write_text(text, encoding="utf-8")
    done = echannel(tmp_path, command)
    assert done.returncode == errors.SETTINGS
    assert "acme.orders has no key: the column 'order_id' is missing" in said(done)
    assert "acme.yaml:8" in done.stderr


@pytest.mark.parametrize(
    "url", ["postgresql://reader:geheim-1234@127.0.0.1:9/books", "mysql://reader:geheim-1234@127.0.0.1:9/books"]
)
def test_an_erp_where_nobody_answers(url: str, tmp_path: Path) -> None:
    connector = "odoo" if url.startswith("postgresql") else "dolibarr"
    text = f"sources: {{books: {{connector: {connector}, url: '{url}'}}}}"
    (tmp_path / "echannel.yaml").write_text(text, encoding="utf-8")
    done = echannel(tmp_path, "sync")
    assert done.returncode == errors.UNAVAILABLE
    assert "127.0.0.1 does not answer" in said(done)
    assert "geheim-1234" not in done.stdout + done.stderr
    checked = echannel(tmp_path, "check")
    assert checked.returncode == errors.REFUSED
    assert "✗ books: 127.0.0.1 does not answer" in checked.stdout
    assert "geheim-1234" not in checked.stdout + checked.stderr
