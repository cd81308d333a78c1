"""Which rate holds on a day: the company's own file before all sources, until the next one, however long ago it was told."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal as D

from tests.models.companies import TODAY, Marts, Row, order


def told(day: str, rate: str, source: str = "company", currency: str = "GBP") -> Row:
    return {"source": source, "date": day, "currency": currency, "rate": D(rate)}


def test_a_rate_holds_however_long_ago_it_was_told() -> None:
    """The West African franc has been worth the same since 1999, in a file of one line; mart.rates has 10,000 days."""
    rates = [told("1998-12-01", "0.0015", currency="XOF"), told("1999-01-01", "0.00152449", currency="XOF")]
    with Marts({"fx_rates": rates, "orders": [order(1, 1000, currency="XOF", fx_rate=None)]}) as marts:
        days = (
            "SELECT count(*), min(date), max(date), min(rate), max(rate), min(known_on), max(known_on) FROM mart.rates"
        )
        rate, since = D("0.00152449"), date(1999, 1, 1)
        assert marts.one(days) == (10_000, TODAY - timedelta(days=9_999), TODAY, rate, rate, since, since)
        assert marts.one("SELECT sum(net_base) FROM mart.sales") == (D("1.52449"),)


def test_the_company_s_file_holds_until_its_next_line() -> None:
    """A bank's rate of the day after is none of it: it counts before the file's first day alone."""
    rates = [
        told("2026-10-30", "1.10", "bank"),
        told("2026-11-01", "1.20"),
        told("2026-11-02", "1.30", "bank"),
        told("2026-11-04", "1.40"),
        told("2026-11-04", "1.35", "bank"),
    ]
    with Marts({"fx_rates": rates}) as marts:
        found = marts.ask("SELECT rate, source, count(*) AS days FROM mart.rates GROUP BY rate, source ORDER BY rate")
    assert [tuple(row.values()) for row in found] == [
        (D("1.1"), "bank", 2), (D("1.2"), "company", 3), (D("1.4"), "company", 21),
    ]  # fmt: skip
