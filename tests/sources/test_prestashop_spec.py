"""A partner changes how a shop becomes core tables without touching Python."""

from __future__ import annotations

from pathlib import Path

from echannel_connectors import DuckDB, PrestaShop, specs, sync
from echannel_connectors.project import load
from echannel_connectors.testing.shop import FakeShop

PROJECT = """
sources: {shop: {connector: prestashop, url: "%s", key: "%s"}}
destination: duckdb:///shop.duckdb
"""


def changed_spec() -> str:
    """The library's own spec, but orders paid in one way are a channel of their own."""
    text = (specs.shipped("connector_specs") / "prestashop.yaml").read_text(encoding="utf-8")
    assert text.count("'b2c_web'") == 1
    return text.replace("'b2c_web'", "CASE WHEN o.payment = 'Bank wire' THEN 'marketplace' ELSE 'b2c_web' END")


def channels(into: DuckDB) -> set[str]:
    return set(into.query("SELECT DISTINCT channel FROM core.orders").read_all()["channel"].to_pylist())


def test_a_projects_own_spec_wins(shop_a: FakeShop, tmp_path: Path) -> None:
    (tmp_path / "connector_specs").mkdir()
    (tmp_path / "connector_specs" / "prestashop.yaml").write_text(changed_spec(), encoding="utf-8")
    with shop_a.serve() as url:
        (tmp_path / "echannel.yaml").write_text(PROJECT % (url, shop_a.key), encoding="utf-8")
        project = load(tmp_path)
        into = DuckDB(tmp_path / "shop.duckdb")
        sync(*project.sources(), into=into, project=tmp_path)
    assert "marketplace" in channels(into)


def test_a_spec_given_in_python(shop_a: FakeShop, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(changed_spec(), encoding="utf-8")
    into = DuckDB(tmp_path / "shop.duckdb")
    with shop_a.serve() as url:
        sync(PrestaShop(url=url, key=shop_a.key, spec=specs.load(file)), into=into)
    assert "marketplace" in channels(into)
