"""The ECB's rates: the file as the bank writes it, crossed to the company's currency, read on day by day."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import responses

from echannel_connectors import Company, DuckDB, sources, sync
from echannel_connectors.errors import SettingsError, Unavailable
from echannel_connectors.sources.ecb import FILE, HOST, Ecb

URL = HOST + FILE
# A comma too many at the end of each line, the newest day first, N/A where a currency had no rate: as the bank writes.
LINES = """Date,USD,GBP,CHF,XBB,
2026-03-03,1.0800,0.85000,0.9400,N/A,
2026-03-02,1.0750,0.84000,0.9500,N/A,
2014-12-31,1.2141,0.77890,1.2024,2.5,
"""


def archive(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("eurofxref-hist.csv", text)
    return made.getvalue()


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        mock.get(URL, body=archive(LINES))
        yield mock


def rates(into: DuckDB) -> dict[tuple[date, str], Decimal]:
    found = into.query("SELECT * FROM core.fx_rates WHERE _deleted_at IS NULL ORDER BY date, currency")
    return {(row["date"], row["currency"]): row["rate"] for row in found.read_all().to_pylist()}


def company(currency: str) -> Company:
    return Company(currency=currency)


def source(currency: str, **settings: object) -> Ecb:
    opened = sources.open("rates", "ecb", settings)
    return opened.for_company(currency, "Europe/Paris")  # type: ignore[attr-defined,no-any-return]


def test_rates_to_the_euro(bank: responses.RequestsMock, tmp_path: Path) -> None:
    """Euros for one unit: 1 / 0.85 for the pound, to eight places; nothing before the start, nothing for N/A."""
    into = DuckDB(tmp_path / "shop.duckdb")
    sync(source("EUR"), into=into, company=company("EUR"))
    found = rates(into)
    assert found[date(2026, 3, 3), "GBP"] == Decimal("1.17647059")
    assert found[date(2026, 3, 2), "USD"] == Decimal("0.93023256")
    assert {code for _, code in found} == {"CHF", "GBP", "USD"}
    assert min(day for day, _ in found) == date(2026, 3, 2)


def test_rates_to_the_pound_and_only_those_that_are_asked_for(bank: responses.RequestsMock, tmp_path: Path) -> None:
    """Pounds for one euro as they are published; dollars by way of the euro."""
    into = DuckDB(tmp_path / "shop.duckdb")
    sync(source("GBP", currencies=["EUR", "USD"], start="2010-01-01"), into=into, company=company("GBP"))
    assert rates(into) == {
        (date(2014, 12, 31), "EUR"): Decimal("0.7789"),
        (date(2014, 12, 31), "USD"): Decimal("0.64154518"),
        (date(2026, 3, 2), "EUR"): Decimal("0.84"),
        (date(2026, 3, 2), "USD"): Decimal("0.78139535"),
        (date(2026, 3, 3), "EUR"): Decimal("0.85"),
        (date(2026, 3, 3), "USD"): Decimal("0.78703704"),
    }


def test_only_what_is_new_and_all_again_for_another_currency(bank: responses.RequestsMock, tmp_path: Path) -> None:
    into = DuckDB(tmp_path / "shop.duckdb")
    sync(source("EUR", start="2010-01-01"), into=into, company=company("EUR"))
    newer = "2026-03-04,1.0900,0.86000,0.9300,N/A,\n2026-03-03,"
    bank.replace("GET", URL, body=archive(LINES.replace("2026-03-03,", newer)))
    again = sync(source("EUR", start="2010-01-01"), into=into, company=company("EUR"))
    assert (again.total("rows"), again.total("changed")) == (9, 3), "a week back is read again, three rates are new"
    assert rates(into)[date(2014, 12, 31), "XBB"] == Decimal("0.4")
    other = sync(source("GBP", start="2010-01-01"), into=into, company=company("GBP"))
    assert other.total("rows") == 13
    assert rates(into)[date(2014, 12, 31), "EUR"] == Decimal("0.7789")


@pytest.mark.slow
def test_what_was_not_asked_for_before_is_read_from_its_start(bank: responses.RequestsMock, tmp_path: Path) -> None:
    """A currency more, or an earlier start: the years before would stay without a rate, and their orders without a value."""
    into = DuckDB(tmp_path / "shop.duckdb")
    sync(source("EUR", currencies=["GBP"]), into=into, company=company("EUR"))
    assert min(day for day, _ in rates(into)) == date(2026, 3, 2)
    sync(source("EUR", currencies=["GBP"], start="2010-01-01"), into=into, company=company("EUR"))
    assert rates(into)[date(2014, 12, 31), "GBP"] == Decimal("1.28386186")
    sync(source("EUR", currencies=["GBP", "USD"], start="2010-01-01"), into=into, company=company("EUR"))
    assert rates(into)[date(2014, 12, 31), "USD"] == Decimal("0.82365538")
    again = sync(source("EUR", currencies=["USD", "GBP"], start="2012-01-01"), into=into, company=company("EUR"))
    assert (again.total("rows"), again.total("changed")) == (4, 0), "nothing that was not there: a week back alone"
    sync(source("EUR", start="2012-01-01"), into=into, company=company("EUR"))
    assert rates(into)[date(2014, 12, 31), "XBB"] == Decimal("0.4")


@pytest.mark.parametrize("body", [b"<html>moved</html>", archive("Date,USD,\n2026-13-40,1,\n"), archive("Date,USD,\n")])
def test_something_else_than_rates(body: bytes, tmp_path: Path) -> None:
    """One sentence, and the rates that are there stay."""
    with responses.RequestsMock() as mock:
        mock.get(URL, body=body)
        with pytest.raises(Unavailable, match=r"www\.ecb\.europa\.eu sent"):
            sync(source("EUR"), into=DuckDB(tmp_path / "shop.duckdb"))


def test_a_currency_that_is_not_published(bank: responses.RequestsMock) -> None:
    with pytest.raises(SettingsError, match="no rate for GPB") as caught:
        list(source("EUR", currencies=["GPB"]).streams()["fx_rates"].read(*_whole()))
    assert "GBP" in caught.value.hint
    assert [one.level for one in source("XOF").check()] == ["error"]
    assert [one.level for one in source("EUR").check()] == ["ok"]


def _whole() -> tuple[object, None]:
    from echannel_connectors.streams import Slice

    return Slice(), None
