"""Links that copy a report onto a company's tables: every parameter as documented, whatever the names hold."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echannel_connectors import DuckDB, Sheets
from echannel_connectors.destinations import Bound
from echannel_connectors.errors import SettingsError
from echannel_connectors.looker import buttons, linking
from echannel_connectors.looker.doctor import examine
from echannel_connectors.looker.live import check_live
from echannel_connectors.looker.template import Template, find_template, template_names
from echannel_connectors.project import load, remember_master
from echannel_connectors.testing.sheets import Book, FakeSheets
from tests.command import echannel

REPORT = "0a1b2c3d-4e5f-6789-abcd-ef0123456789"
HOST = "lookerstudio.google.com"
TEMPLATE = find_template("b2c-shop")
MARTS = sorted({source.mart for source in TEMPLATE.sources.values()})


def bigquery(project: str = "atelier-breton", dataset: str = "figures") -> Bound:
    common = {"type": "TABLE", "projectId": project, "datasetId": dataset}
    return Bound("bigQuery", common, {mart: {"tableId": mart} for mart in MARTS})


def read_back(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    assert (parts.scheme, parts.path) == ("https", "/reporting/create")
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def made(bound: Bound, report: str | None = REPORT, company: str = "Essai", template: Template = TEMPLATE) -> str:
    return linking.link(template, bound, host=HOST, language="fr", company=company, report=report)


def test_a_copy_of_a_master_on_bigquery() -> None:
    """Shape of Google's own packs: c.reportId, then what all sources share, then each one's table."""
    said = read_back(made(bigquery()))
    assert said.pop("c.reportId") == REPORT
    assert said.pop("r.reportName") == "Boutique en ligne · Essai"
    assert {name: said.pop(f"ds.*.{name}") for name in ("connector", "type", "projectId", "datasetId")} == {
        "connector": "bigQuery", "type": "TABLE", "projectId": "atelier-breton", "datasetId": "figures",
    }  # fmt: skip
    assert (said.pop("ds.*.refreshFields"), said.pop("ds.*.keepDatasourceName")) == ("false", "true")
    assert said == {f"ds.{alias}.tableId": source.mart for alias, source in TEMPLATE.sources.items()}


def test_without_a_master_a_new_report_is_opened() -> None:
    """No report is named that nobody registered; fields are read from the tables, sources called by their aliases."""
    said = read_back(made(bigquery(), report=None))
    assert "c.reportId" not in said
    assert "ds.*.refreshFields" not in said
    assert said["c.mode"] == "edit"
    assert {said[f"ds.{alias}.datasourceName"] for alias in TEMPLATE.sources} == set(TEMPLATE.sources)


@given(company=st.text(max_size=60), project=st.text(min_size=1, max_size=40), dataset=st.text(min_size=1, max_size=40))
def test_names_of_any_kind_come_back(company: str, project: str, dataset: str) -> None:
    url = made(bigquery(project, dataset), company=company)
    said = read_back(url)
    assert said["r.reportName"] == f"Boutique en ligne · {company}"
    assert (said["ds.*.projectId"], said["ds.*.datasetId"]) == (project, dataset)
    query = urlsplit(url).query
    assert "+" not in query, "whether a plus is read as a blank is not known"
    assert re.fullmatch(r"[A-Za-z0-9%&=*._~-]+", query)


@pytest.mark.parametrize("connector", ["bigQuery", "googleSheets"])
@pytest.mark.parametrize("name", template_names())
def test_links_stay_short(name: str, connector: str) -> None:
    """Mail programs break what is longer than 2,000 characters; ours stay under a thousand."""
    template = find_template(name)
    marts = {source.mart for source in template.sources.values()}
    sheets = Bound("googleSheets", {"spreadsheetId": "1" * 44}, {mart: {"worksheetId": "2147483647"} for mart in marts})
    tables = Bound(
        "bigQuery", bigquery("a-project-of-thirty-characters").common, {mart: {"tableId": mart} for mart in marts}
    )
    bound = {"bigQuery": tables, "googleSheets": sheets}[connector]
    assert len(made(bound, company="Société d'à côté & Fils, Brest", template=template)) < 1000


def test_tables_that_are_not_there_are_named() -> None:
    with pytest.raises(SettingsError, match="not there: inventory, sales"):
        made(Bound("bigQuery", {}, {mart: {} for mart in MARTS if mart not in ("sales", "inventory")}))


def test_tabs_of_a_spreadsheet_are_bound_by_their_ids(tmp_path: Path) -> None:
    """By the ids of the tabs that were published, whatever a person calls them now; others are not taken."""
    service, sheet = FakeSheets(), "1AbCdEfGhIjKlMnOpQrStUvWxYz"
    service.add(Book(sheet))
    with service.serving() as endpoint:
        into = Sheets(sheet, warehouse=tmp_path / "shop.duckdb", endpoint=endpoint)
        warehouse = DuckDB(tmp_path / "shop.duckdb")
        warehouse.execute("CREATE TABLE mart.sales (n BIGINT)", "INSERT INTO mart.sales VALUES (7)")
        into.publish("sales", warehouse.query("SELECT n FROM mart.sales"))
        service.books[sheet].tab("sales").title = "Nos ventes"
        bound = linking.bound_to(into, ["sales", "orders", "Sheet1"])
    assert bound.common == {"spreadsheetId": sheet}
    assert bound.tables == {"sales": {"worksheetId": str(service.books[sheet].tab("Nos ventes").id)}}


@pytest.mark.parametrize(
    "address",
    [
        REPORT,
        f" https://lookerstudio.google.com/reporting/{REPORT}/page/p_abc ",
        f"https://datastudio.google.com/u/0/reporting/{REPORT}",
        f"https://lookerstudio.google.com/reporting/{REPORT}/page/1/edit?s=x",
    ],
)
def test_a_report_is_known_by_its_address(address: str) -> None:
    assert linking.report_of(address) == REPORT


@pytest.mark.parametrize(
    "address", ["", "b2c", f"https://evil.example/reporting/{REPORT}", "https://lookerstudio.google.com/reporting",
                "https://lookerstudio.google.com/datasources/" + REPORT]
)  # fmt: skip
def test_what_is_no_report(address: str) -> None:
    with pytest.raises(SettingsError, match="not the address of a report"):
        linking.report_of(address)


PROJECT = """# Our shop in Brest
version: 1
company: {name: Essai, language: fr}   # in French
sources: {}
destination: "bigquery://atelier-breton/figures"
"""


def test_a_master_is_remembered_and_nothing_else_changes(tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text(PROJECT, encoding="utf-8")
    remember_master(load(tmp_path), "b2c-shop", "bigquery", "fr", REPORT)
    text = (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    assert text.startswith(PROJECT)
    masters = load(tmp_path).file.looker.masters
    assert linking.master(masters, "b2c-shop", "bigQuery", "en") == REPORT
    assert linking.master(masters, "b2c-shop", "googleSheets", "fr") is None
    remember_master(load(tmp_path), "b2c-shop", "bigquery", "en", "f" * 36)
    masters = load(tmp_path).file.looker.masters
    assert [linking.master(masters, "b2c-shop", "bigQuery", word) for word in ("fr", "en")] == [REPORT, "f" * 36]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["echannel.yaml"]


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.found.append(dict(attrs)["href"] or "")


def test_a_page_of_buttons_for_a_client() -> None:
    """The links as they are, names as text, no script, nothing from elsewhere; a report without layout says so."""
    url, bare = made(bigquery(), company="<script>alert(1)</script>"), made(bigquery(), report=None)
    button, other = buttons.Button(TEMPLATE, url, True), buttons.Button(TEMPLATE, bare, False)
    text = buttons.page("<script>alert(1)</script> & Cie", "fr", [button, other])
    seen = Links(text)
    assert seen.found == [url, bare]
    assert not seen.tags & {"script", "img", "iframe", "link"}
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Cie" in text
    assert text.count("se construisent avec le guide") == 1


def test_live_tables_are_held_against_the_template(tmp_path: Path) -> None:
    """A table that is missing, a column, another type, an empty table, an empty column: each is told by its name."""
    warehouse = DuckDB(tmp_path / "shop.duckdb")
    template = find_template("b2c-shop")
    kinds = {"text": "VARCHAR", "country": "VARCHAR", "date": "DATE", "moment": "TIMESTAMP WITH TIME ZONE"}
    for source in template.sources.values():
        ways = sorted(source.fields.items(), key=lambda item: item[1].aggregation != "count")  # anything can be counted
        fields = {field.column or name: field.type for name, field in ways}
        columns = ", ".join(f'"{name}" {kinds.get(kind, "DECIMAL(18, 6)")}' for name, kind in fields.items())
        warehouse.execute(f"CREATE OR REPLACE TABLE mart.{source.mart} ({columns})")
    assert [one.level for one in check_live(template, warehouse)] == ["warning"] * len(template.sources)
    warehouse.execute(
        "INSERT INTO mart.inventory (sku, on_hand) VALUES ('A', 1)",
        "ALTER TABLE mart.sales DROP COLUMN category",
        "ALTER TABLE mart.sales_daily ALTER COLUMN date SET DATA TYPE VARCHAR",
        "DROP TABLE mart.freshness",
    )
    found = {str(one.sentence): one.level for one in check_live(template, warehouse)}
    assert [level for said, level in found.items() if "mart.sales.category" in said] == ["error"]
    assert [level for said, level in found.items() if "mart.sales_daily.date" in said] == ["error"]
    assert [level for said, level in found.items() if "mart.freshness" in said] == ["error"]
    [said] = [said for said in found if "mart.inventory" in said]
    assert "stock_value_base" in said
    assert "on_hand" not in said


def test_what_the_person_who_clicks_will_meet(tmp_path: Path) -> None:
    """In a spreadsheet with one tab only: what lacks, what no one registered, whom to share it with, how old it is."""
    service, sheet = FakeSheets(), "1AbCdEfGhIjKlMnOpQrStUvWxYz"
    service.add(Book(sheet))
    masters = {"b2c-shop": {"sheets": {"en": REPORT}}}
    with service.serving() as endpoint:
        into = Sheets(sheet, warehouse=tmp_path / "shop.duckdb", endpoint=endpoint)
        into.warehouse.execute(
            "CREATE TABLE mart.freshness (source VARCHAR, lag_hours DECIMAL(18, 6))",
            "INSERT INTO mart.freshness VALUES ('shop', 50), ('shop', 49), ('books', 1)",
        )
        for mart in MARTS:
            into.publish(mart, into.warehouse.query("SELECT 7 AS n"))
        templates = [TEMPLATE, find_template("b2b-sales")]
        found = [(one.level, str(one.sentence)) for one in examine(into, templates, masters, "en")]
    assert found[0] == ("ok", "b2c-shop: all its tables are there")
    assert found[1][0] == "error"
    assert "customers, orders, receivables" in found[1][1]
    assert (found[2][0], REPORT in found[2][1]) == ("ok", True)
    assert (found[3][0], "no master report" in found[3][1]) == ("warning", True)
    assert "share it with her" in found[4][1]
    assert found[5] == ("warning", "the oldest source was read 49 hours ago")
    assert [one.level for one in examine(DuckDB(tmp_path / "shop.duckdb"), templates, masters, "en")] == ["error"]


def test_from_the_command_line(tmp_path: Path) -> None:
    """A file on this machine has no link; a wrong name has the nearest right one."""
    (tmp_path / "echannel.yaml").write_text("version: 1\ncompany: {language: en}\nsources: {}\n")
    done = echannel(tmp_path, "looker", "link", "b2c-shop")
    assert (done.returncode, "not a file on this machine" in done.stderr) == (2, True), done.stderr
    done = echannel(tmp_path, "looker", "register", "b2c-shp", REPORT)
    assert (done.returncode, "b2c-shop" in done.stderr) == (2, True), done.stderr
    done = echannel(tmp_path, "looker", "register", "b2c-shop", REPORT)
    assert (done.returncode, REPORT in (tmp_path / "echannel.yaml").read_text()) == (0, True), done.stderr
