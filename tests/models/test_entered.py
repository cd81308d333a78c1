"""What the company enters itself: files that are checked line by line, loaded once, and replaced when they change."""

from __future__ import annotations

import re
from decimal import Decimal as D
from pathlib import Path

import pytest

from echannel_connectors import Company, DuckDB, sync
from echannel_connectors.errors import SettingsError
from echannel_connectors.models import entered
from echannel_connectors.models.company import Market
from echannel_connectors.project import load
from tests.command import echannel

PROJECT = """
company: {name: Essai, currency: EUR}
sources: {}
rates: rates.csv
cost_rules: rules.csv
markets: {GB: {entered_on: 2026-02-01, costs: costs.csv, targets: targets.csv}}
"""
FILES = {
    "rates.csv": "date,currency,rate\n2026-01-01,GBP,1.17\n",
    "rules.csv": "kind,applies_to,valid_from,fixed_amount,rate\npayment_fee,card,2026-01-01,0.25,1.4 %\n",
    "costs.csv": "month;cost_kind;amount;currency\n2026-02;agency;1 200,50;GBP\n2026-03;agency;300;\n",  # as Excel writes
    "targets.csv": "month,metric,value\n2026-02,net_sales,5000\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "echannel.yaml").write_text(PROJECT, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_files_become_core_and_are_replaced_when_they_change(folder: Path) -> None:
    """Amounts exact, the company's currency where none is said; what left a file leaves core; nothing else is rebuilt."""
    project = load(folder)
    into = DuckDB(folder / "echannel.duckdb")
    sync(into=into, company=project.company)
    costs = "SELECT market, month::VARCHAR, amount, currency FROM core.costs ORDER BY month"
    assert [tuple(row.values()) for row in into.query(costs).read_all().to_pylist()] == [
        ("GB", "2026-02-01", D("1200.5"), "GBP"), ("GB", "2026-03-01", 300, "EUR"),
    ]  # fmt: skip
    rule = "SELECT source, fixed_amount, rate, currency, valid_from::VARCHAR FROM core.cost_rules"
    assert [tuple(row.values()) for row in into.query(rule).read_all().to_pylist()] == [
        ("company", D("0.25"), D("0.014"), "EUR", "2026-01-01")
    ]
    month = (
        "SELECT entered_on::VARCHAR, investment_base, target_net_base FROM mart.market_entry WHERE month = '2026-02-01'"
    )
    assert [tuple(row.values()) for row in into.query(month).read_all().to_pylist()] == [
        ("2026-02-01", D("1404.585"), 5000)
    ]  # 1,200.5 × 1.17
    events: list[object] = []
    sync(into=into, company=project.company, on_event=events.append)
    assert [type(event).__name__ for event in events] == []
    (folder / "costs.csv").write_text("month,cost_kind,amount\n2026-03,agency,7\n", encoding="utf-8")
    sync(into=into, company=project.company)
    assert [tuple(row.values()) for row in into.query(costs).read_all().to_pylist()] == [("GB", "2026-03-01", 7, "EUR")]
    sync(into=into, company=Company(markets={"FR": Market()}))
    assert into.query(costs).read_all().to_pylist() == []


def test_a_cost_without_a_rate_is_told(folder: Path) -> None:
    """So is a rule whose fixed amount has none; one that is a share alone needs none."""
    (folder / "rates.csv").write_text("date,currency,rate\n2026-02-02,GBP,1.17\n", encoding="utf-8")
    rules = "payment_fee,card,0.25,1.4 %,USD,2026-01-01\npayment_fee,,,3 %,CHF,2026-01-01\n"
    header = "kind,applies_to,fixed_amount,rate,currency,valid_from\n"
    (folder / "rules.csv").write_text(header + rules, encoding="utf-8")
    result = sync(into=DuckDB(folder / "echannel.duckdb"), company=load(folder).company)
    told = [warning.split(":")[0] for warning in result.warnings]
    assert told[:2] == [
        "1 rows of core.costs are in GBP and have no rate to EUR",
        "1 rows of core.cost_rules are in USD and have no rate to EUR",
    ]
    assert not any("CHF" in warning for warning in told)


@pytest.mark.parametrize(
    ("name", "text", "place", "sentence"),
    [
        ("rates.csv", "date,currency,rate\n\n2026-01-01,GPB,1\n", "rates.csv:3", "'GPB' is not a currency"),
        ("rates.csv", "day,currency,rate\n", "rates.csv:1", "has a column 'day' that nobody knows"),
        ("rates.csv", "date,currency\n", "rates.csv:1", "has no column 'rate'"),
        ("rates.csv", "date,currency,rate\n30/02/2026,GBP,1\n", "rates.csv:2", "'30/02/2026' is not a date"),
        ("rates.csv", "date,currency,rate,rate\n", "rates.csv:1", "has the column 'rate' twice"),
        ("rates.csv", "date,currency,rate\n2026-01-01,GBP,1,17\n", "rates.csv:2", "'17' stands in no column"),
        ("rates.csv", "PK\x03\x04\0", "rates.csv", "rates.csv is not a CSV file"),
        ("costs.csv", "month;cost_kind;amount\n2026-02;agency;1.200\n", "costs.csv:2", "could be a thousand or"),
        ("costs.csv", "month;cost_kind;amount\n2026-02;agency;1,2E+05\n", "costs.csv:2", "'1,2E+05' is not a amount"),
        ("rules.csv", "kind,valid_from,rate\nshipping,2026-12-01,2.9\n", "rules.csv:2", "2.9 as a rate is 290.0 %"),
        (
            "rules.csv",
            "kind,valid_from,fixed_amount\nshipping,2026-12-01,4 %\n",
            "rules.csv:2",
            "'4 %' is not a fixed_amount",
        ),
        ("costs.csv", "month,cost_kind,amount\n2026-12,agency,15%\n", "costs.csv:2", "'15%' is not a amount"),
        ("rates.csv", "date,currency,rate\n2026-01-01,GBP,\n", "rates.csv:2", "rate is empty"),
        ("rates.csv", "date,currency,rate\n2026-01-01,GBP,0\n", "rates.csv:2", "a rate of 0 says that GBP"),
        ("rates.csv", "date,currency,rate\n2026-01-01,EUR,0.86\n", "rates.csv:2", "EUR is the company's own currency"),
        ("rates.csv", "date,currency,rate\n2026-01-01,GBP,1.163400001\n", "rates.csv:2", "has more than 8 decimals"),
        ("costs.csv", "month;cost_kind;amount\n2026-02;agency;1,2345678\n", "costs.csv:2", "has more than 6 decimals"),
        ("rates.csv", "date,currency,rate\n2026-01-01,GBP,-1\n", "rates.csv:2", "'-1' is not a rate"),
        (
            "rates.csv",
            "date,currency,rate\n2026-01-01,GBP,1\n2026-01-01,GBP,2\n",
            "rates.csv:3",
            "2026-01-01, GBP already stands in line 2",
        ),
        ("costs.csv", "month,cost_kind,amount\n2026-13,agency,1\n", "costs.csv:2", "'2026-13' is not a month"),
        ("costs.csv", "month,cost_kind,amount\n2026-12,agency,1e99\n", "costs.csv:2", "'1e99' is not a amount"),
        ("targets.csv", "month,metric,value\n2026-12,net_sale,1\n", "targets.csv:2", "did you mean 'net_sales'"),
        ("rules.csv", "kind,valid_from,rate\nfee,2026-12-01,1\n", "rules.csv:2", "'fee' is not a kind"),
        ("rules.csv", None, "rules.csv", "rules.csv cannot be read"),
    ],
)
def test_a_mistake_is_told_with_its_line(name: str, text: str | None, place: str, sentence: str, folder: Path) -> None:
    """Before anything else runs: no warehouse is made."""
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        sync(into=DuckDB(folder / "echannel.duckdb"), company=load(folder).company)
    assert sentence in str(caught.value)
    assert caught.value.place == str(folder / place)
    assert not (folder / "echannel.duckdb").exists()


@pytest.mark.parametrize(
    "data",
    [
        "month;cost_kind;amount;\r\nfévr-26;Création, 2,5 jours;1 234,50;\r\n;;;\r\n".encode("cp1252"),  # Excel
        "month\tcost_kind\tamount\n02/2026\tCréation, 2,5 jours\t1234,50\n".encode("utf-16"),  # its "Unicode text"
        "sep=;\n\nmonth;cost_kind;amount\n15/02/2026;Création, 2,5 jours;1.234,50\n".encode("utf-8-sig"),
        'month,cost_kind,amount\rFeb-26,"Création, 2,5 jours","1,234.50"\r'.encode(),
        'month,cost_kind,amount\n2026-02-01,"Création, 2,5 jours","1234,50"\n'.encode(),
    ],
)
def test_what_a_spreadsheet_made_of_a_file_says_the_same(data: bytes, folder: Path) -> None:
    """Months by name, thousands, empty lines and columns; a text keeps its commas."""
    (folder / "costs.csv").write_bytes(data)
    assert entered.read(load(folder).company)["costs"] == [
        {
            "market": "GB",
            "month": "2026-02-01",
            "cost_kind": "Création, 2,5 jours",
            "amount": "1234.50",
            "currency": "EUR",
        }
    ]


def test_a_day_with_slashes_is_read_where_it_can_mean_one_thing_only(folder: Path) -> None:
    """All of Europe writes the day first; from elsewhere it is refused."""
    (folder / "rates.csv").write_text("date;currency;rate\n03/04/2026;GBP;1,175\n", encoding="utf-8")
    company = load(folder).company
    assert entered.read(company)["fx_rates"] == [{"date": "2026-04-03", "currency": "GBP", "rate": "1.175"}]
    with pytest.raises(SettingsError, match="'03/04/2026' is not a date"):
        entered.read(company.model_copy(update={"time_zone": "America/New_York"}))


def test_a_rule_with_a_slip_is_told(folder: Path) -> None:
    """Its orders would cost nothing, and nobody would see it; what no order has yet is no slip."""
    text = "kind,applies_to,valid_from,fixed_amount\n" + "".join(
        f"payment_fee,{word},2026-01-01,0.25\n" for word in ("Paypall", "bank card", "Cheque", "GB", "")
    )
    (folder / "rules.csv").write_text(text, encoding="utf-8")
    into, company = DuckDB(folder / "echannel.duckdb"), load(folder).company
    sync(into=into, company=company)
    for number, word in enumerate(("PayPal", "Bank card")):
        names = "INSERT INTO core.orders (source, order_id, payment_method)"
        into.execute(f"{names} VALUES ('shop', '{number}', '{word}')")
    assert [sentence.split(" is for no order: ")[1] for sentence in entered.misspelt_rules(into)] == [
        "did you mean 'PayPal'?", "did you mean 'Bank card'?",
    ]  # fmt: skip


def test_check_reads_the_files(folder: Path) -> None:
    done = echannel(folder, "check", key="k")
    assert done.returncode == 0, done.stderr
    assert "✓ files: 2 lines of costs" in done.stdout
    (folder / "costs.csv").write_text("month,cost_kind,amount\n2026-13,agency,1\n", encoding="utf-8")
    text = (folder / "echannel.yaml").read_text(encoding="utf-8").replace("Essai", "Essai, language: fr")
    (folder / "echannel.yaml").write_text(text, encoding="utf-8")
    done = echannel(folder, "check", key="k")
    assert done.returncode == 2
    assert "costs.csv:2" in done.stdout
    assert "ne convient pas pour month\n    un mois s'écrit 2026-02\n" in done.stdout


def test_the_name_of_the_files_is_theirs(tmp_path: Path) -> None:
    (tmp_path / "echannel.yaml").write_text("sources: {company: {connector: prestashop}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be named 'company'"):
        load(tmp_path)
    (tmp_path / "echannel.yaml").write_text("sources: {}\nmarkets: {UKK: {}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="'UKK' is not a country"):
        load(tmp_path)


def test_every_kind_of_file_fills_its_core_table() -> None:
    """All of a table's columns but the market, which echannel.yaml says."""
    for kind in (entered.RATES, entered.COSTS, entered.TARGETS, entered.COST_RULES):
        assert {*kind.columns} | {"market"} >= {*entered.TABLES[kind.table].types}
        assert {*kind.columns} <= {*entered.TABLES[kind.table].types}


@pytest.mark.parametrize("page", ["company-files.md", "company-files.fr.md"])
def test_the_page_lists_every_column(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    for kind in (entered.RATES, entered.COSTS, entered.TARGETS, entered.COST_RULES):
        part = text.split(f"<!-- columns: {kind.table} -->")[1].split("<!-- end -->")[0]
        assert re.findall(r"^\| `(\w+)`", part, re.MULTILINE) == list(kind.columns)
    assert all(f"`{metric}`" in text for metric in entered.METRICS)


@pytest.mark.parametrize(
    ("language", "text", "read"),
    [
        ("fr", "month;cost_kind;amount\n2026-02;agency;7,125\n", "7.125"),
        ("en", "month;cost_kind;amount\n2026-02;agency;1.250\n", "1.250"),
        ("fr", "month;cost_kind;amount;currency\n2026-02;agency;7,125;EUR\n", None),
        ("fr", "month;cost_kind;amount\n2026-02;agency;1.250\n", None),  # no French decimals: a thousand, elsewhere
        ("en", "month;cost_kind;amount\n2026-02;agency;7,125\n", None),
    ],
)
def test_three_decimals_are_what_a_dinar_has(tmp_path: Path, language: str, text: str, read: str | None) -> None:
    """Where the line's currency has them, behind the mark of the company's language; all else could be a thousand."""
    file = tmp_path / "costs.csv"
    file.write_text(text, encoding="utf-8")
    company = Company(currency="TND", language=language)  # type: ignore[arg-type]  # one of the two
    if read is None:
        with pytest.raises(SettingsError, match="could be a thousand or have three decimals"):
            list(entered.rows_of(entered.COSTS, file, company))
    else:
        assert [row["amount"] for _, row in entered.rows_of(entered.COSTS, file, company)] == [read]
