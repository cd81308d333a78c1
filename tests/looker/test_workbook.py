"""The workbook holds the same figures as the marts, as numbers and days, and nothing in it comes alive."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from echannel_connectors.errors import SettingsError
from echannel_connectors.looker.blocks import blocks_of
from echannel_connectors.looker.preview.figures import Report
from echannel_connectors.looker.template import find_template, template_names
from echannel_connectors.looker.workbook import MOST_ROWS, _sheet_name, is_exact, write_workbook
from tests.looker.marts import COMPANY, add_order, make_marts, query_of

TODAY = date.today()
EVIL = '=HYPERLINK("http://evil.example","Bol")'
ENGLISH = {**COMPANY, "language": "en", "time_zone": "UTC"}


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = make_marts(tmp_path_factory.mktemp("marts") / "shop.duckdb", today=TODAY, days=60, orders_per_day=4)
    with duckdb.connect(str(file)) as connection:
        connection.execute("UPDATE mart.sales SET product_name = ? WHERE product_name = 'Bol à prénom'", [EVIL])
        connection.execute("UPDATE mart.sales SET category = repeat('x', 40000) WHERE category = 'Enfant'")
    add_order(file, TODAY, "999.99")
    return file


@pytest.fixture(scope="module")
def written(shop_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "boutique été.xlsx"
    write_workbook(Report(query_of(shop_file), find_template("b2c-shop"), ENGLISH), path)
    return path


@pytest.fixture(scope="module")
def book(written: Path) -> Any:
    return openpyxl.load_workbook(written)


def column(sheet: Any, name: str) -> list[Any]:
    place = [cell.value for cell in sheet[1]].index(name)
    return [row[place].value for row in sheet.iter_rows(min_row=2)]


def plain(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def beside(sheet: Any, word: str) -> Any:
    """The value right of the first cell with this text."""
    found = next(cell for row in sheet.iter_rows() for cell in row if cell.value == word)
    return sheet.cell(found.row, found.column + 1)


def test_a_sheet_for_each_page_each_mart_and_the_words(book: Any) -> None:
    assert book.sheetnames == [
        "Overview", "Products & markets", "Stock", "freshness", "inventory", "sales", "sales_daily", "Columns",
    ]  # fmt: skip
    assert [len(book[name]._charts) for name in book.sheetnames] == [3, 2, 2, 0, 0, 0, 0, 0]
    assert {type(chart).__name__ for chart in book["Overview"]._charts} == {"LineChart", "BarChart"}


def test_totals_equal_sql(book: Any, shop_file: Path) -> None:
    for mart, names in {
        "sales": ["net_base", "quantity"],
        "sales_daily": ["net_base", "refunds_base", "orders"],
    }.items():
        for name in names:
            ((total, count),) = plain(shop_file, f"SELECT sum({name}), count(*) FROM mart.{mart}")
            found = column(book[mart], name)
            assert len(found) == count
            assert sum(Decimal(repr(value)) for value in found if value is not None) == total
    ((net,),) = plain(
        shop_file,
        "SELECT (sum(net_base) + sum(refunds_base))::DOUBLE FROM mart.sales_daily "
        f"WHERE date BETWEEN DATE '{TODAY}' - 27 AND DATE '{TODAY}'",
    )
    assert beside(book["Overview"], "Net sales").value == pytest.approx(net, abs=1e-6)


def test_a_charts_ranges_hold_what_sql_says(book: Any, shop_file: Path) -> None:
    """Follow the references of the markets' chart to their cells."""
    sheet = book["Overview"]
    charts = [chart for chart in sheet._charts if type(chart).__name__ == "BarChart"]
    series = charts[0].series[0]
    assert "Overview" in series.val.numRef.f
    values = [row[0].value for row in sheet[series.val.numRef.f.rpartition("!")[2].replace("$", "")]]
    expected = plain(
        shop_file,
        "SELECT (sum(net_base) + sum(refunds_base))::DOUBLE AS n FROM mart.sales_daily "
        f"WHERE date BETWEEN DATE '{TODAY}' - 27 AND DATE '{TODAY}' GROUP BY market ORDER BY n DESC LIMIT 8",
    )
    assert values == pytest.approx([n for (n,) in expected], abs=1e-6)


def test_a_trend_ends_with_its_own_last_day() -> None:
    """2 to 29 February 2024 are 28 days, a year before there were 27: the 29th is told, with nothing beside it."""
    template = find_template("b2c-shop")
    page = template.page("overview")
    page = page.model_copy(update={"charts": [chart for chart in page.charts if chart.id == "trend"]})
    rows = [["2023-02-28", 40.0, 0.0], ["2024-02-28", 10.0, 0.0], ["2024-02-29", 70.0, -20.0]]
    trend = {"columns": ["day", "net_base", "refunds_base"], "rows": rows}
    period = {"current": ["2024-02-02", "2024-02-29"], "last_year": ["2023-02-02", "2023-02-28"]}
    (block,) = blocks_of(template, page, {"charts": {"trend": trend}, "period": period}, "en")
    told = [[cell.value for cell in row] for row in block.rows]
    assert len(told) == 28
    assert told[-2:] == [[date(2024, 2, 28), 10.0, 40.0], [date(2024, 2, 29), 50.0, None]]


def test_a_running_month_stands_beside_no_whole_one() -> None:
    """October 2026 left 90 and that of 2025 left 80; November has come to 40, and that of 2025 is told as a whole."""
    template = find_template("market-entry")
    page = template.page("markets")
    page = page.model_copy(update={"charts": [chart for chart in page.charts if chart.id == "contribution_trend"]})
    rows = [["2025-10-01", 80.0], ["2025-11-01", 100.0], ["2026-10-01", 90.0], ["2026-11-01", 40.0]]
    trend = {"columns": ["day", "contribution_base"], "rows": rows}
    period = {"current": ["2026-10-01", "2026-11-10"], "last_year": ["2025-10-01", "2025-11-10"]}
    (block,) = blocks_of(template, page, {"charts": {"contribution_trend": trend}, "period": period}, "en")
    told = [[cell.value for cell in row] for row in block.rows]
    assert told == [[date(2026, 10, 1), 90.0, 80.0], [date(2026, 11, 1), 40.0, None]]


def test_money_is_a_number_a_day_is_a_day_and_a_formula_is_a_text(book: Any) -> None:
    sheet = book["sales"]
    place = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, place["net_base"]).number_format == "#,##0.00 [$EUR]"
    assert sheet.cell(2, place["net_base"]).data_type == "n"
    assert isinstance(sheet.cell(2, place["date"]).value, datetime)
    assert EVIL in column(sheet, "product_name")
    kinds = {cell.data_type for one in book.worksheets for row in one.iter_rows() for cell in row}
    assert "f" not in kinds
    assert not any(one._hyperlinks for one in book.worksheets)


def test_heads_stay_in_sight_and_filter(book: Any) -> None:
    for name in ("sales", "sales_daily", "inventory", "freshness"):
        assert book[name].freeze_panes == "A2"
        assert book[name].auto_filter.ref.startswith("A1:")
    assert "Data as of" in book["Overview"]["A2"].value
    assert "Business day" in next(row[2].value for row in book["Columns"].iter_rows() if row[1].value == "date")


def test_what_a_sheet_cannot_hold_is_told(shop_file: Path, tmp_path: Path) -> None:
    done = write_workbook(Report(query_of(shop_file), find_template("b2c-shop"), ENGLISH), tmp_path / "few.xlsx", 50)
    ((there,),) = plain(shop_file, "SELECT count(*) FROM mart.sales")
    assert done.rows["sales"] == 50
    assert done.left_out["sales"] == there - 50
    book = openpyxl.load_workbook(tmp_path / "few.xlsx")
    assert f"{there - 50:,} older rows of mart.sales are left out" in str(
        [row[0].value for row in book["Columns"].iter_rows()]
    )
    assert column(book["sales"], "date")[0].date() == TODAY  # the newest are kept
    assert MOST_ROWS + 1 == 2**20


@pytest.mark.parametrize(("currency", "shown"), [("KWD", "#,##0.000"), ("JPY", "#,##0"), ("CHF", "#,##0.00")])
def test_amounts_have_the_decimals_of_their_currency(
    shop_file: Path, tmp_path: Path, currency: str, shown: str
) -> None:
    """Those in the reporting currency have its, those of a document its own: nothing is rounded to cents."""
    company = {**ENGLISH, "currency": currency}
    write_workbook(Report(query_of(shop_file), find_template("b2c-shop"), company), tmp_path / "book.xlsx")
    sales = openpyxl.load_workbook(tmp_path / "book.xlsx")["sales"]
    heads = [cell.value for cell in sales[1]]
    formats = {name: sales.cell(2, heads.index(name) + 1).number_format for name in ("net", "net_base")}
    assert formats == {"net": "#,##0.00", "net_base": f"{shown} [${currency}]"}


def test_a_text_longer_than_a_cell_is_cut_and_told(shop_file: Path, tmp_path: Path) -> None:
    done = write_workbook(Report(query_of(shop_file), find_template("b2c-shop"), ENGLISH), tmp_path / "book.xlsx")
    ((long,),) = plain(shop_file, "SELECT count(*) FROM mart.sales WHERE len(category) > 32767")
    assert done.cut["sales"] == long > 0


@pytest.mark.parametrize(
    ("value", "exact"),
    [("999999999999.999999", True), ("-0.005", True), ("9999999999999.99", True), ("99999999999999.99", False)],
)
def test_what_fifteen_digits_cannot_show_stays_a_text(value: str, exact: bool) -> None:
    assert is_exact(Decimal(value)) is exact


def test_a_file_that_cannot_be_written_is_told(shop_file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SettingsError, match="cannot write"):
        write_workbook(
            Report(query_of(shop_file), find_template("b2c-shop"), ENGLISH), tmp_path / "taken" / "book.xlsx"
        )
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_template_is_a_workbook(company: Path, tmp_path: Path, language: str) -> None:
    for name in template_names():
        template = find_template(name)
        write_workbook(
            Report(query_of(company), template, {**ENGLISH, "language": language}), tmp_path / f"{name}.xlsx"
        )
        book = openpyxl.load_workbook(tmp_path / f"{name}.xlsx")
        assert len(book.sheetnames) == len(template.pages) + len({one.mart for one in template.sources.values()}) + 1
        for page, sheet in zip(template.pages, book.worksheets, strict=False):
            assert len(sheet._charts) >= sum(chart.type in ("bars", "trend") for chart in page.charts) - 1, page.id


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Les ventes du mois, la nuit'été", "Les ventes du mois, la nuit"), ("'Stock'", "Stock"), ("''", "-"),
        ("History", "History 2"), ("Sales", "Sales 2"), ("Quoi ? [1/2]", "Quoi - -1-2-"),
    ],
)  # fmt: skip
def test_a_pages_name_is_one_that_excel_takes(title: str, name: str) -> None:
    assert _sheet_name(title, {"sales"}) == name
