"""A plan kept as targets: its own rows are replaced, nobody else's are touched, and the library reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pytest

from echannel_connectors.errors import SettingsError
from echannel_connectors.models import entered
from echannel_connectors.plan.model import forecast
from echannel_connectors.plan.targets import as_csv, rows_of, save
from echannel_connectors.project import Project, load
from tests.plan.company import NO_SEASON, VALUES

FOUND = forecast(VALUES, "middle", NO_SEASON, date(2027, 1, 1), 2)
ROWS = rows_of(FOUND, "EUR")
YAML = """\
# our company
company: {name: Essai}
sources: {}
markets:
  GB: {targets: gb.csv}  # since spring
"""


def project(folder: Path, targets: bytes | None = None) -> Project:
    (folder / "echannel.yaml").write_text(YAML, encoding="utf-8")
    if targets is not None:
        (folder / "gb.csv").write_bytes(targets)
    return load(folder)


def test_a_row_for_each_month_and_metric() -> None:
    assert ROWS == [
        ("2027-01", "net_sales", "1012.50", "plan"), ("2027-01", "contribution", "168.50", "plan"), ("2027-01", "orders", "9.00", "plan"),
        ("2027-02", "net_sales", "1575.00", "plan"), ("2027-02", "contribution", "428.78", "plan"), ("2027-02", "orders", "14.00", "plan"),
    ]  # fmt: skip


def test_cents_are_half_even_and_never_minus_nothing() -> None:
    month = replace(FOUND.months[1], net_sales=D("0.125"), contribution=D("-0.001"), orders=D("2.375"))
    found = replace(FOUND, months=(FOUND.months[0], month))
    assert [row[2] for row in rows_of(found, "EUR")] == ["0.12", "0.00", "2.38"]
    assert [row[2] for row in rows_of(found, "KWD")] == ["0.125", "-0.001", "2.38"]
    assert [row[2] for row in rows_of(found, "JPY")] == ["0", "0", "2.38"]


def test_a_new_file_is_what_the_page_downloads(tmp_path: Path) -> None:
    saved = save(project(tmp_path), "GB", ROWS)
    assert (saved.written, saved.replaced, saved.kept, saved.is_registered) == (6, 0, (), False)
    assert (tmp_path / "gb.csv").read_text(encoding="utf-8") == as_csv(ROWS, "en")
    assert len(entered.read(load(tmp_path).company)["targets"]) == 6


def test_a_market_without_a_file_gets_one_and_echannel_yaml_is_told(tmp_path: Path) -> None:
    saved = save(project(tmp_path, b"month,metric,value\n"), "IT", ROWS)
    assert saved.is_registered
    assert saved.file == tmp_path / "it-targets.csv"
    text = (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    assert text.startswith("# our company\n")
    assert "# since spring" in text
    assert [row["market"] for row in entered.read(load(tmp_path).company)["targets"]] == ["IT"] * 6


def test_an_earlier_plan_is_replaced_and_others_are_not_touched(tmp_path: Path) -> None:
    """A hand's rows stay byte for byte, whatever they say; a plan leaves what a hand has aimed at."""
    hand = 'month,metric,value\n2026-12,net_sales,500\n2027-01,net_sales,"900"\n2027-02,new_customers, 7 \n'
    first = save(project(tmp_path, hand.encode()), "GB", ROWS)
    assert (first.written, first.kept) == (5, (("2027-01", "net_sales"),))
    again = save(load(tmp_path), "GB", ROWS[3:])
    assert (again.written, again.replaced) == (3, 5)
    text = (tmp_path / "gb.csv").read_text(encoding="utf-8")
    assert text == hand.replace("value\n", "value,written_by\n", 1) + "".join(",".join(row) + "\n" for row in ROWS[3:])
    assert len(entered.read(load(tmp_path).company)["targets"]) == 6


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_a_spreadsheets_file_stays_one(tmp_path: Path, encoding: str) -> None:
    """Semicolons, columns in another order, its line ends, and no line end at its end."""
    hand = "metric;month;value\r\nnet_sales;2026-12;1234,50\r\norders;2026-12;3".encode(encoding)
    save(project(tmp_path, hand), "GB", ROWS[:1])
    kept = (tmp_path / "gb.csv").read_bytes()
    assert kept == hand.replace(b"value\r\n", b"value;written_by\r\n") + b"\r\nnet_sales;2027-01;1012,50;plan\r\n"
    found = {(row["month"], row["metric"]): row["value"] for row in entered.read(load(tmp_path).company)["targets"]}
    assert found["2026-12-01", "net_sales"] == "1234.50"
    assert found["2027-01-01", "net_sales"] == "1012.50"


def test_a_plan_that_a_spreadsheet_saved_again_is_still_its_own(tmp_path: Path) -> None:
    """A French company's file opens as columns there; Excel then writes its months as févr-27, in Windows-1252."""
    (tmp_path / "echannel.yaml").write_text(YAML.replace("Essai", "Essai, language: fr"), encoding="utf-8")
    save(load(tmp_path), "GB", ROWS)
    text = (tmp_path / "gb.csv").read_text(encoding="utf-8")
    assert text.splitlines()[:2] == ["month;metric;value;written_by", "2027-01;net_sales;1012,50;plan"]
    excel = text.replace("2027-01;net_sales;1012,50;plan", "janv-27;net_sales;2 000;").replace("2027-01", "janv-27")
    (tmp_path / "gb.csv").write_bytes(excel.replace("2027-02", "févr-27").encode("cp1252"))
    again = save(load(tmp_path), "GB", ROWS)
    assert (again.written, again.replaced, again.kept) == (5, 5, (("2027-01", "net_sales"),))
    assert len(entered.read(load(tmp_path).company)["targets"]) == 6


def test_a_file_that_is_wrong_is_told_and_left(tmp_path: Path) -> None:
    wrong = b"month,metric,value\n2026-13,net_sales,500\n"
    with pytest.raises(SettingsError) as error:
        save(project(tmp_path, wrong), "GB", ROWS)
    assert error.value.place == f"{tmp_path / 'gb.csv'}:2"
    assert (tmp_path / "gb.csv").read_bytes() == wrong
