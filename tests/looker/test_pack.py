"""The folder that is handed over: one page leads to all others, and nothing that a template shows stays unexplained."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Literal

import pytest

from echannel_connectors.looker.buttons import Button
from echannel_connectors.looker.pack import GLOSSARY, INDEX, LINKS, TABLES, Pack, formula, pack
from echannel_connectors.looker.template import find_template, template_names
from echannel_connectors.models.company import Company
from echannel_connectors.models.mart_sql import mart_columns
from tests.command import echannel

TEMPLATES = [find_template(name) for name in template_names()]


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)).split())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_figure_and_every_table_is_explained(language: Literal["en", "fr"]) -> None:
    files = pack(Pack("Essai & Cie", language, "EUR", TEMPLATES, None, "no links"))
    glossary = text_of(files[GLOSSARY])
    for template in TEMPLATES:
        for source in template.sources.values():
            for name, made in source.calculated.items():
                assert getattr(made.name, language) in glossary
                assert formula(source, name, language) in glossary
            for one in source.fields.values():
                if one.aggregation != "none" and one.description:
                    assert " ".join(getattr(one.description, language).split()) in glossary
    tables = text_of(files[TABLES])
    for mart, columns in mart_columns(Company()).items():
        assert mart in tables
        assert [column for column in columns if column not in tables] == []


def test_one_page_leads_to_all_others() -> None:
    buttons = [Button(one, f"https://lookerstudio.google.com/{one.template}", has_layout=True) for one in TEMPLATES]
    files = pack(Pack("Essai", "en", "EUR", TEMPLATES, buttons))
    assert set(re.findall(r'href="([^"]+)"', files[INDEX])) == set(files) - {INDEX}
    assert LINKS in files
    without = pack(Pack("Essai", "en", "EUR", TEMPLATES[:1], None, "the reason"))
    assert set(re.findall(r'href="([^"]+)"', without[INDEX])) == set(without) - {INDEX}
    assert LINKS not in without
    assert "the reason" in without[INDEX]


def test_a_formula_is_told_in_words() -> None:
    source = find_template("b2c-shop").sources["sales_daily"]
    assert formula(source, "average_order", "en") == "Net sales before refunds ÷ Baskets"
    assert formula(source, "refund_rate", "fr") == "− Remboursements ÷ Ventes nettes avant remboursements"


def test_a_name_is_text() -> None:
    files = pack(Pack("<script>alert(1)</script>", "en", "EUR", TEMPLATES[:1], None))
    assert "<script" not in "".join(files.values())


def test_a_folder_for_each_company(tmp_path: Path) -> None:
    """Companies on DuckDB: all but the links, which say why; a project that is broken does not hold up the others."""
    for name, language in (("atelier", "fr"), ("bakery", "en")):
        folder = tmp_path / "clients" / name
        folder.mkdir(parents=True)
        (folder / "echannel.yaml").write_text(
            f"version: 1\ncompany: {{name: {name.title()}, currency: EUR, language: {language}}}\n"
            'sources: {books: {connector: dolibarr, url: "sqlite:///x"}}\ndestination: duckdb:///shop.duckdb\n'
        )
    broken = tmp_path / "clients" / "cellar"
    broken.mkdir()
    (broken / "echannel.yaml").write_text("version: 1\ncompny: {}\n")
    done = echannel(tmp_path, "looker", "pack", "b2c-shop", "--projects", "clients/*", "--folder", "out")
    assert done.returncode == 2
    assert "cellar" in done.stdout
    assert sorted(file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*.html")) == [
        f"{company}/{page}"
        for company in ("atelier", "bakery")
        for page in ("glossary.html", "guide-b2c-shop.html", "index.html", "tables.html")
    ]
    assert "Ce que veulent dire les chiffres" in (tmp_path / "out" / "atelier" / "index.html").read_text()
    assert "What the figures mean" in (tmp_path / "out" / "bakery" / "index.html").read_text()
