"""The tax rate of each line, from the taxes that the shop wrote on it."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

from tests.sources.made_up import line, made_up, order, rows_of


def test_tax_rates_of_lines(tmp_path: Path) -> None:
    """Several taxes of a line add up; a line that no tax was put on has rate 0; an unknown tax leaves it unknown."""
    tables = {
        "taxes": [{"id": 1, "rate": 20}, {"id": 2, "rate": "5.5"}],
        "orders": [order(1)],
        "order_details": [
            line(1, 1, 100, 120, taxes=[{"id": "1"}]), line(2, 1, 100, "125.5", taxes=[{"id": "1"}, {"id": "2"}]),
            line(3, 1, 100, 100), line(4, 1, 100, 110), line(5, 1, 100, 130, taxes=[{"id": "1"}, {"id": "9"}]),
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT tax_rate FROM core.order_lines ORDER BY line_id")
    assert [row["tax_rate"] for row in found] == [D("0.2"), D("0.255"), 0, None, None]


def test_tax_rates_of_lines_as_shops_write_them(tmp_path: Path) -> None:
    """Method 2: each tax is on what the ones before made of it. A tax of no number is none, one told twice is one."""
    taxes = {
        1: (2, [1, 2]),
        2: (2, [1]),
        3: (2, [1, 2, 3]),
        4: (1, [1, 2]),
        5: (1, [1, 1]),
        6: (1, [0, 1]),
        7: (0, [0]),
    }
    tables = {
        "taxes": [{"id": 1, "rate": 5}, {"id": 2, "rate": "9.5"}, {"id": 3, "rate": 1}],
        "orders": [order(1)],
        "order_details": [
            line(
                n,
                1,
                100,
                100 if n == 7 else "114.975",
                tax_computation_method=method,
                taxes=[{"id": str(i)} for i in ids],
            )
            for n, (method, ids) in taxes.items()
        ],
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT tax_rate FROM core.order_lines ORDER BY line_id")
    assert [row["tax_rate"] for row in found] == [  # 1.05 x 1.095 = 1.14975
        D("0.14975"), D("0.05"), None, D("0.145"), D("0.05"), D("0.05"), 0,
    ]  # fmt: skip
