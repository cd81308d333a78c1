"""Firebird by SQLAlchemy: a small ERP in its server becomes core tables, exactly, in one state, read-only by account."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from echannel_connectors import DuckDB, Erp, sync
from echannel_connectors.errors import Refused, SpecError
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Slice

pytestmark = pytest.mark.apt
SCRIPT = """
CREATE TABLE SALES (ID INTEGER NOT NULL PRIMARY KEY, NUMBER CHAR(10), SOLD TIMESTAMP, CHANGED TIMESTAMP, PAID BOOLEAN);
CREATE TABLE LINES (ID INTEGER NOT NULL PRIMARY KEY, SALE INTEGER, NAME VARCHAR(40), QTY NUMERIC(12, 3),
  NET NUMERIC(18, 4), PRICE DOUBLE PRECISION);
INSERT INTO SALES VALUES (1, 'SO-1', '2026-10-25 02:30:00', '2026-10-25 03:00:00', TRUE);
INSERT INTO SALES VALUES (2, 'SO-2', '1899-12-30 00:00:00', '2026-10-26 03:00:00.1234', FALSE);
INSERT INTO LINES VALUES (1, 1, 'Thé "vert", 100 g €', 2.5, 12345678901.2345, 0.1);
INSERT INTO LINES VALUES (2, 1, '', 1, -0.0001, 19.99);
INSERT INTO LINES VALUES (3, 2, NULL, NULL, NULL, NULL);
GRANT SELECT ON SALES TO reader;
GRANT SELECT ON LINES TO reader
"""
SPEC: dict[str, Any] = {
    "connector": "acme",
    "dialect": "firebird",
    "tables": {
        "orders": {
            "from": "sales AS s",
            "cursor": "s.changed",
            "columns": {
                "order_id": "s.id",
                "reference": "s.number",
                "ordered_at": {"sql": "s.sold", "zone": "Europe/Paris"},
                "is_sale": "s.paid",
                "currency": "'EUR'",
            },
        },
        "order_lines": {
            "from": "lines AS l",
            "columns": {
                "order_id": "l.sale", "line_id": "l.id", "name": "l.name", "quantity": "l.qty", "amount_net": "l.net",
                "unit_price_net": {"sql": "l.price", "scale": 6},
            },
        },
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def books(firebird: str) -> str:
    driver = pytest.importorskip("firebird.driver")
    pytest.importorskip("sqlalchemy_firebird")
    server, _, file = firebird.partition("/")
    host, _, port = server.partition(":")
    with driver.create_database(f"{host}/{port}:{file}", user="sysdba", password="let-me-in", charset="UTF8") as made:
        for statement in SCRIPT.split(";\n"):
            made.execute_immediate(statement)
            made.commit()
    return firebird


def source(books: str, user: str = "reader:let-me-read", spec: dict[str, Any] = SPEC) -> Erp:
    return Erp(connector="acme", url=f"firebird://{user}@{books}", spec=Spec.model_validate(spec))


def read(erp: Erp, table: str) -> list[dict[str, Any]]:
    try:
        return [row for batch in erp.streams()[table].read(Slice(), None) for row in batch.rows.to_pylist()]
    finally:
        erp.close()


def test_exact(books: str) -> None:
    """Padding gone, decimals exact, a float cast to its declared decimals in the database, local time as UTC."""
    orders = sorted(read(source(books), "orders"), key=lambda row: row["order_id"])
    assert orders[0] == {
        "order_id": "1",
        "reference": "SO-1",
        "ordered_at": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        "is_sale": True,
        "currency": "EUR",
    }
    assert (orders[1]["ordered_at"], orders[1]["is_sale"]) == (None, False)
    lines = sorted(read(source(books), "order_lines"), key=lambda row: row["line_id"])
    assert lines[0] == {
        "order_id": "1",
        "line_id": "1",
        "name": 'Thé "vert", 100 g €',
        "quantity": Decimal("2.500000"),
        "amount_net": Decimal("12345678901.234500"),
        "unit_price_net": Decimal("0.100000"),
    }
    assert (lines[1]["name"], lines[1]["amount_net"]) == ("", Decimal("-0.000100"))
    assert [lines[2][name] for name in ("name", "quantity", "amount_net", "unit_price_net")] == [None] * 4


def test_sync_and_sync_again(books: str) -> None:
    into = DuckDB(":memory:")
    first = sync(source(books), into=into)
    again = sync(source(books), into=into)
    assert (first.total("changed"), again.total("changed")) == (5, 0)


def test_check(books: str) -> None:
    found = list(source(books).check())
    assert [finding.level for finding in found] == ["ok", "warning"]
    wrong = {**SPEC, "tables": {"orders": {**SPEC["tables"]["orders"], "from": "invoices AS s"}}}
    assert "the database has no table INVOICES" in "\n".join(one.sentence for one in source(books, spec=wrong).check())


def test_refusals(books: str) -> None:
    with pytest.raises(Refused):
        read(source(books, "reader:s3cret-word"), "orders")
    odd = {
        **SPEC,
        "tables": {"orders": {"from": "sales AS s", "columns": {"order_id": "s.id", "reference": "s.nobody"}}},
    }
    with pytest.raises(SpecError, match=r"(?i)nobody"):
        read(source(books, spec=odd), "orders")
