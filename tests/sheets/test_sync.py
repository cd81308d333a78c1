"""A shop in a spreadsheet: `sync` into Sheets from Python and from the command line, with DuckDB beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import Company, DuckDB, Sheets, sync
from echannel_connectors.events import Event, Published
from echannel_connectors.testing.sheets import FakeSheets, Trouble
from echannel_connectors.testing.shop import FakeShop
from tests.command import echannel, on_terminal
from tests.conftest import served
from tests.sheets.conftest import ID

PROJECT = """
version: 1
company: {name: Essai, language: %s}
sources:
  shop: {connector: prestashop, url: "%s", key: "${SHOP_KEY}", pause: 0, attempts: 2}
destination: "sheets://%s?warehouse=shop.duckdb&months=600&endpoint=%s"
"""


@pytest.fixture
def endpoint(google: FakeSheets) -> Iterator[str]:
    with google.serving() as address:
        yield address


def column(google: FakeSheets, table: str, name: str) -> list[Any]:
    head, *rows = google.books[ID].tab(table).values()
    return [row[head.index(name)] for row in rows]


@pytest.mark.slow
def test_every_mart_is_a_tab_with_its_rows_and_figures(
    google: FakeSheets, endpoint: str, shop_a: FakeShop, warehouse_file: Path
) -> None:
    """Sums of the tabs equal those of the marts; a second sync sends what has changed and nothing else."""
    into = Sheets(ID, warehouse=warehouse_file, endpoint=endpoint, months=600)
    into.api.sleep = lambda _: None
    events: list[Event] = []
    with served(shop_a) as shop:
        result = sync(shop, into=into, company=Company(), on_event=events.append)
        marts = {name.removeprefix("mart."): rows for name, rows in result.tables.items() if name.startswith("mart.")}
        assert {grid.title for grid in google.books[ID].grids.values()} == {"Sheet1", *marts}
        for table, rows in marts.items():
            assert len(google.books[ID].tab(table).values()) == rows + 1
        query = into.warehouse.query("SELECT sum(net) AS net, count(*) AS n FROM mart.sales").read_all().to_pylist()[0]
        assert sum(Decimal(str(value)) for value in column(google, "sales", "net")) == query["net"]
        assert query["n"] > 100
        events.clear()
        sync(shop, into=into, company=Company(), on_event=events.append)
    sent = {event.table for event in events if isinstance(event, Published) and event.sent}
    assert sent == {"freshness"}  # it says when the last sync was


@pytest.mark.parametrize("where", ["sync", "sheet"])
def test_figures_are_shown_as_those_of_the_company_that_was_named_wherever(
    google: FakeSheets, endpoint: str, tmp_path: Path, where: str
) -> None:
    company = Company(name="Kyoto Teas", currency="JPY", time_zone="Asia/Tokyo")
    into = Sheets(ID, warehouse=tmp_path / "a.duckdb", endpoint=endpoint, company=company if where == "sheet" else None)
    into.api.sleep = lambda _: None
    sync(into=into, company=company if where == "sync" else None)
    sales = google.books[ID].tab("sales")
    shown = sales.cells[1][sales.values()[0].index("net_base")]["format"]
    assert shown["pattern"] == "#,##0"  # a yen has no decimals
    assert into.company == company


@pytest.mark.slow
def test_of_sales_the_last_months_are_published(
    google: FakeSheets, endpoint: str, shop_a: FakeShop, tmp_path: Path
) -> None:
    """From the first day of a month on: this one and, by default, twelve before."""
    into = Sheets(ID, warehouse=DuckDB(tmp_path / "shop.duckdb"), endpoint=endpoint, months=2)
    into.api.sleep = lambda _: None
    with served(shop_a) as shop:
        sync(shop, into=into, company=Company())
    days = into.warehouse.query("SELECT DISTINCT date FROM mart.sales").read_all()["date"].to_pylist()
    first = (Company().today().replace(day=1) - timedelta(days=1)).replace(day=1)
    recent = {(day - date(1899, 12, 30)).days for day in days if day >= first}
    shown = google.books[ID].tab("sales").values()[1:]
    assert {row[google.books[ID].tab("sales").values()[0].index("date")] for row in shown} == recent
    assert into.select("sales_daily", "2026-11-25") == "SELECT * FROM mart.sales_daily ORDER BY ALL"
    assert "WHERE date >= date_trunc" in into.select("orders", "2026-11-25")


@pytest.mark.slow
def test_the_command_line(google: FakeSheets, endpoint: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """check, sync and status with a spreadsheet as the destination, in French."""
    with shop_a.serve() as url:
        (tmp_path / "echannel.yaml").write_text(PROJECT % ("fr", url, ID, endpoint), encoding="utf-8")
        checked = echannel(tmp_path, "check", key=shop_a.key)
        assert checked.returncode == 0
        said = checked.stdout.replace("\u202f", " ").replace("\xa0", " ")
        assert "✓ publication : la feuille de calcul « Figures » répond (fr_FR)" in said
        assert "26 000 cellules sur 10 000 000 sont prises" in said
        google.trouble = [Trouble("/values:batchUpdate", 503)]
        done = echannel(tmp_path, "sync", key=shop_a.key)
        assert done.returncode == 0, done.stderr
        assert '"event":"Retrying"' in done.stderr.replace(" ", "")
        seen = "\n".join(on_terminal(tmp_path, "sync", key=shop_a.key))
        assert f"docs.google.com/spreadsheets/d/{ID}" in seen
    assert len(google.books[ID].tab("sales").values()) > 100
    google.trouble = [Trouble("", 403, "The caller does not have permission", times=99)]
    refused = echannel(tmp_path, "check", key=shop_a.key)
    assert refused.returncode != 0
    assert "partagez la feuille avec l'adresse e-mail du compte" in refused.stdout.replace("\xa0", " ")


@pytest.mark.slow
def test_a_spreadsheet_that_is_refused_keeps_what_was_read(
    google: FakeSheets, endpoint: str, shop_a: FakeShop, warehouse_file: Path
) -> None:
    """The warehouse has everything; the next sync publishes it without reading it again."""
    into = Sheets(ID, warehouse=warehouse_file, endpoint=endpoint, months=600)
    into.api.sleep = lambda _: None
    google.trouble = [Trouble("", 403, "The caller does not have permission")]
    with served(shop_a) as shop:
        with pytest.raises(Exception, match="may not write to the spreadsheet"):
            sync(shop, into=into, company=Company())
        again = sync(shop, into=into, company=Company())
    assert again.total("changed") == 0
    assert len(google.books[ID].tab("sales").values()) == again.tables["mart.sales"] + 1
