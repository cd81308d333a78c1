"""`spec check --connect`: what the model means by a column, held against the rows of a small ERP."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from echannel_connectors import Erp
from echannel_connectors.streams import Finding
from tests.erp.conftest import Postgres

SPEC = """\
connector: acme
title: {en: Acme, fr: Acme}
dialect: sqlite
tables:
  customers:
    from: client AS c
    columns: {customer_id: c.id, country: c.country}
  products:
    from: product AS p
    columns: {product_id: p.id, variant_id: "''"}
  orders:
    from: ord AS o
    columns:
      order_id: o.id
      customer_id: o.client
      is_sale: o.state = 1
      order_date: o.day
      currency: o.currency
      fx_rate: {sql: o.rate, scale: 4}
      rounding_net: {sql: "o.net - coalesce((SELECT sum(l.net) FROM line AS l WHERE l.ord = o.id), 0)", scale: 2}
      total_net: {sql: o.net, scale: 2}
  order_lines:
    from: line AS l
    columns:
      order_id: l.ord
      line_id: l.id
      product_id: l.product
      variant_id: "''"
      amount_net: {sql: l.net, scale: 2}
      tax_rate: {sql: l.rate, scale: 2}
  refunds:
    from: credit AS r
    columns:
      refund_id: r.id
      line_id: r.line
      amount_net: {sql: r.net, scale: 2}
      refund_date: r.day
      currency: "'EUR'"
  invoices:
    from: bill AS b
    columns:
      invoice_id: b.id
      kind: CASE b.kind WHEN 1 THEN 'invoice' ELSE 'credit_note' END
      amount_net: {sql: b.net, scale: 2}
      amount_gross: {sql: b.net, scale: 2}
      invoice_date: b.day
      currency: "'EUR'"
"""
DATA = """
CREATE TABLE client (id INTEGER, country TEXT);
INSERT INTO client VALUES (1, 'FR'), (2, NULL);
CREATE TABLE product (id INTEGER);
INSERT INTO product VALUES (1), (2);
CREATE TABLE ord (id INTEGER, client INTEGER, state INTEGER, day DATE, currency TEXT, rate REAL, net REAL);
INSERT INTO ord VALUES (1, 1, 1, '2026-01-02', 'EUR', 1, 20.05), (2, 2, 0, '2026-01-03', 'GBP', 1.17, 10);
CREATE TABLE line (id INTEGER, ord INTEGER, product INTEGER, net REAL, rate REAL);
INSERT INTO line VALUES (1, 1, 1, 10, 0.2), (2, 1, 2, 10, 0.2), (1, 2, 1, 10, 0);
CREATE TABLE credit (id INTEGER, line INTEGER, net REAL, day DATE);
INSERT INTO credit VALUES (1, 1, 5, '2026-01-05'), (1, 2, -1, '2026-01-05');
CREATE TABLE bill (id INTEGER, kind INTEGER, net REAL, day DATE);
INSERT INTO bill VALUES (1, 1, 20, '2026-01-06'), (2, 2, -5, '2026-01-07');
"""


def found(folder: Path, change: str = "", spec: str = SPEC) -> tuple[Finding, ...]:
    (folder / "acme.yaml").write_text(spec, encoding="utf-8")
    with closing(sqlite3.connect(folder / "acme.db")) as connection:
        connection.executescript(DATA + change)
    return Erp.from_yaml(folder / "acme.yaml", url=f"sqlite:///{folder / 'acme.db'}").prove().checks["meaning"]


def test_rows_as_the_model_means_them(tmp_path: Path) -> None:
    """One sentence; a document's single line may be negative, and cents may be rounded."""
    assert [one.level for one in found(tmp_path)] == ["ok"]


@pytest.mark.parametrize(
    ("change", "level", "sentence"),
    [
        ("UPDATE client SET country = 'FRA' WHERE id = 1", "error", "customers.country: no country of ISO 3166, such as FR or GB (1 of 1 rows, such as 'FRA')"),
        ("UPDATE client SET country = 'UK' WHERE id = 2", "warning", "customers.country: no country of ISO 3166, such as FR or GB (1 of 2 rows, such as 'UK')"),
        ("UPDATE ord SET currency = '€'", "error", "orders.currency: no currency of ISO 4217, such as EUR or GBP (2 of 2 rows, such as '€')"),
        ("UPDATE ord SET state = 7", "error", "orders.is_sale: no sale: no order counts then (2 of 2 rows, such as 1; 2)"),
        ("UPDATE ord SET day = NULL", "error", "orders.order_date: NULL, which is in no month (1 of 1 rows, such as 1)"),
        ("UPDATE ord SET rate = 0 WHERE id = 2", "warning", "orders.fx_rate: a rate is more than 0 (1 of 2 rows, such as 2)"),
        ("UPDATE ord SET net = -20 WHERE id = 1; UPDATE line SET net = -10 WHERE ord = 1", "error", "orders.total_net: a sale is not negative: should it be a row of refunds? (1 of 1 rows, such as 1)"),
        ("UPDATE ord SET net = 19 WHERE id = 1", "warning", "orders.rounding_net: more than a hundredth of total_net: is a discount or a charge left out? (1 of 2 rows, such as 1: -1.000000)"),
        ("UPDATE line SET rate = rate * 100", "error", "order_lines.tax_rate: a rate of 0.2 is 20 % (2 of 2 rows, such as 20.00000000)"),
        ("UPDATE credit SET net = -net", "error", "refunds.amount_net: a refund is positive here (1 of 1 rows, such as 1)"),
        ("UPDATE bill SET net = abs(net)", "error", "invoices.amount_net: a credit note is negative here (1 of 1 rows, such as 2)"),
        ("UPDATE bill SET net = -abs(net)", "error", "invoices.amount_net: an invoice is positive here (1 of 1 rows, such as 1)"),
        ("DELETE FROM product WHERE id = 2", "warning", "order_lines.product_id: products has no such row (1 of 3 rows, such as 2, )"),
        ("UPDATE client SET id = id + 100", "error", "orders.customer_id: customers has no such row (2 of 2 rows, such as 1; 2)"),
        ("INSERT INTO line VALUES (1, 9, 1, 5, 0)", "warning", "order_lines.order_id: orders has no such row (1 of 4 rows, such as 9)"),
    ],
)  # fmt: skip
def test_what_the_model_does_not_mean(tmp_path: Path, change: str, level: str, sentence: str) -> None:
    """An error of the spec where every row is so, a warning where some are: the ERP may hold such."""
    (only,) = found(tmp_path, change)
    assert (only.level, only.sentence) == (level, sentence)
    line = SPEC.splitlines()[int(only.place.rsplit(":", 2)[1]) - 1]
    assert sentence.partition(":")[0].partition(".")[2] in line


def test_without_a_column_that_every_figure_needs(tmp_path: Path) -> None:
    (only,) = found(tmp_path, spec=SPEC.replace("      is_sale: o.state = 1\n", ""))
    assert (only.level, only.sentence) == (
        "warning", "orders has no is_sale: figures leave its rows out, or count them wrong"
    )  # fmt: skip


def test_a_zone_that_is_not_used_is_told(postgres: Postgres, tmp_path: Path) -> None:
    """to_timestamp() gives a moment in the session's zone: 10 o'clock in London would count as 10 o'clock UTC."""
    spec = """
connector: acme
dialect: postgres
tables:
  orders:
    from: (SELECT 1 AS id, '20260701100000' AS at) AS o
    columns:
      order_id: o.id
      ordered_at: {sql: "to_timestamp(o.at, 'YYYYMMDDHH24MISS')", zone: Europe/London}
      shipped_at: {sql: "CAST(to_timestamp(o.at, 'YYYYMMDDHH24MISS') AS TIMESTAMP)", zone: Europe/London}
"""
    (tmp_path / "acme.yaml").write_text(spec, encoding="utf-8")
    proof = Erp.from_yaml(tmp_path / "acme.yaml", url=postgres.url("postgres")).prove()
    (row,) = proof.samples["orders"].to_pylist()
    assert (row["ordered_at"].hour, row["shipped_at"].hour) == (10, 9)
    (told,) = [one for one in proof.checks["rows"] if one.level != "ok"]
    assert (told.level, told.sentence) == (
        "warning",
        "orders.ordered_at comes with its zone: what 'zone' says is not used",
    )
