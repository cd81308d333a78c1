"""After each sync mart.data_quality says whether the tables hold what the reports read."""

from __future__ import annotations

from pathlib import Path

from echannel_connectors import DuckDB, sync
from echannel_connectors.looker.template import template_names
from echannel_connectors.models.company import Company

QUALITY = """SELECT source, template_fields, template_problems, template_empty_tables, note FROM mart.data_quality
    WHERE check_id = 'templates' ORDER BY source"""
OWN = """
template: own-report
version: 1
title: {en: Own, fr: Propre}
description: {en: Own, fr: Propre}
theme: {accent: "#0072B2", attention: "#B34700", text: "#202124", muted: "#5F6368", background: "#FFFFFF"}
sources:
  sales:
    mart: sales
    description: {en: Sales, fr: Ventes}
    fields:
      market: {type: country, name: {en: Market, fr: Marché}}
      net_bas: {type: money, aggregation: sum, name: {en: Net, fr: Net}}
      sku: {type: money, aggregation: sum, name: {en: Text, fr: Texte}}
pages:
  - id: one
    title: {en: One, fr: Une}
    charts:
      - {id: bars, type: bars, title: {en: Bars, fr: Barres}, source: sales, dimension: market, metric: net_bas,
         empty: {en: Nothing, fr: Rien}}
controls: {}
"""


def test_each_sync_holds_the_reports_against_the_tables(tmp_path: Path) -> None:
    """A shipped report fits; a company's own that asks for what is not there is warned of, until it is mended."""
    warehouse = DuckDB(tmp_path / "shop.duckdb")
    company = Company(name="Essai", language="fr")
    result = sync(into=warehouse, company=company, project=tmp_path)
    rows = warehouse.query(QUALITY).read_all().to_pylist()
    assert [row["source"] for row in rows] == template_names(tmp_path)
    assert all(row["template_fields"] > 0 and row["template_problems"] == 0 for row in rows)
    assert all(row["note"].startswith("rien dans mart.") for row in rows)  # nothing was read: every table is empty
    assert not [warning for warning in result.warnings if "report" in warning]

    own = tmp_path / "looker_templates" / "own-report"
    own.mkdir(parents=True)
    (own / "template.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "looker_templates" / "half").mkdir()
    (tmp_path / "looker_templates" / "half" / "template.yaml").write_text("template: [", encoding="utf-8")
    result = sync(into=warehouse, company=company, project=tmp_path)
    found = {row["source"]: row for row in warehouse.query(QUALITY).read_all().to_pylist()}
    assert (found["own-report"]["template_fields"], found["own-report"]["template_problems"]) == (3, 2)
    assert "mart.sales.net_bas" in found["own-report"]["note"]
    assert "mart.sales.sku" in found["own-report"]["note"]
    assert any("own-report" in warning for warning in result.warnings)
    assert any("not valid YAML" in warning for warning in result.warnings)  # told, and the sync is done all the same

    right = OWN.replace("net_bas", "net_base").replace("sku: {type: money, aggregation: sum", "sku: {type: text")
    (own / "template.yaml").write_text(right, encoding="utf-8")
    sync(into=warehouse, company=company, project=tmp_path)
    found = {row["source"]: row for row in warehouse.query(QUALITY).read_all().to_pylist()}
    assert found["own-report"]["template_problems"] == 0
