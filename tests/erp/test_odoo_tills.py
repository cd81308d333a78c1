"""Point of Sale in Odoo: what tills sell and take back, as pos.order and its neighbours would have written it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres, altered
from tests.erp.test_sync import core, read_into, warehouse
from tests.erp.truth import Row, core_rows

TABLES = """
CREATE TABLE pos_order (id integer PRIMARY KEY, name varchar, date_order timestamp, user_id integer, amount_tax numeric,
    amount_total numeric, amount_paid numeric, company_id integer, pricelist_id integer, partner_id integer,
    session_id integer, currency_rate numeric, state varchar, account_move integer, sale_journal integer,
    fiscal_position_id integer, write_date timestamp);
CREATE TABLE pos_order_line (id integer PRIMARY KEY, order_id integer, product_id integer, full_product_name varchar,
    price_unit numeric, qty numeric, discount numeric, price_subtotal numeric, price_subtotal_incl numeric,
    total_cost numeric, refunded_orderline_id integer, write_date timestamp, sale_order_origin_id integer,
    sale_order_line_id integer, is_reward_line boolean, reward_id integer);
CREATE TABLE account_tax_pos_order_line_rel (pos_order_line_id integer, account_tax_id integer);
CREATE TABLE pos_payment_method (id integer PRIMARY KEY, name jsonb, journal_id integer);
CREATE TABLE pos_payment (id integer PRIMARY KEY, pos_order_id integer, amount numeric, payment_method_id integer,
    payment_date timestamp, is_change boolean, write_date timestamp);
CREATE TABLE loyalty_program (id integer PRIMARY KEY, name jsonb, program_type varchar);
CREATE TABLE loyalty_reward (id integer PRIMARY KEY, program_id integer, reward_type varchar);
CREATE TABLE loyalty_rule (id integer PRIMARY KEY, program_id integer, mode varchar, code varchar);
CREATE TABLE loyalty_rule_product_product_rel (loyalty_rule_id integer, product_product_id integer);
"""
# A gift card, product 8, and ten percent off.
PROGRAMS = """
INSERT INTO loyalty_program VALUES (1, '{"en_US": "Gift cards"}', 'gift_card'), (2, '{"en_US": "Ten percent"}', 'promotion');
INSERT INTO loyalty_reward VALUES (1, 1, 'discount'), (2, 2, 'discount');
INSERT INTO loyalty_rule VALUES (1, 1, 'auto', NULL), (2, 2, 'with_code', 'TEN');
INSERT INTO loyalty_rule_product_product_rel VALUES (1, 8);
"""
# 1: two of product 3 at 12.00 and one of product 4 at 12.00 less 10 %, 20 % tax inside, paid with 40.00 in cash.
# 2: one of product 3 comes back (12.00), one of product 5 (24.00) is taken. 3: product 4 comes back, with a credit note.
# 4: an order of Sales is paid. 5: not paid yet. 6: a till in dollars, of which 1.25 are a euro.
# 7: a gift card pays 15.00 of 24.00. 8: a gift card of 50.00 is sold. 9: ten percent off, by a reward.
# 10: taken away, so that a fiscal position makes 10 % of 20 %. 11: one of product 3 comes back without its ticket.
SOLD = """
UPDATE account_tax SET price_include = TRUE WHERE id IN (36, 37);
CREATE TABLE till AS SELECT * FROM account_journal WHERE id = 1;
UPDATE till SET id = 90, code = 'POS', currency_id = 1;
INSERT INTO account_journal SELECT * FROM till;
UPDATE till SET id = 91, code = 'POSE', currency_id = NULL;
INSERT INTO account_journal SELECT * FROM till;
CREATE TABLE position AS SELECT * FROM account_fiscal_position_tax LIMIT 1;
UPDATE position SET id = 900, position_id = 90, tax_src_id = 36, tax_dest_id = 37;
INSERT INTO account_fiscal_position_tax SELECT * FROM position;
CREATE TABLE credit AS SELECT * FROM account_move WHERE id = 88;
UPDATE credit SET id = 9001, name = 'POSR/1', reversed_entry_id = NULL, amount_untaxed = 9, amount_tax = 1.8,
    amount_total = 10.8, amount_residual = 0, invoice_date = '2025-07-03';
INSERT INTO account_move SELECT * FROM credit;
CREATE TABLE credited AS SELECT * FROM account_move_line WHERE move_id = 88 AND display_type = 'product' LIMIT 1;
UPDATE credited SET id = 90001, move_id = 9001, product_id = 4, quantity = 1, price_subtotal = 9, price_total = 10.8;
INSERT INTO account_move_line SELECT * FROM credited;
INSERT INTO pos_order VALUES
    (1, 'Shop/0001', '2025-06-30 22:30', 2, 5.80, 34.80, 34.80, 1, 1, 11, 1, 1, 'done', NULL, 91, NULL, '2025-07-01'),
    (2, 'Shop/0002', '2025-07-02 10:00', 2, 2.00, 12.00, 12.00, 1, 1, NULL, 1, 1, 'paid', NULL, 91, NULL, '2025-07-02'),
    (3, 'Shop/0003', '2025-07-03 10:00', 2, -1.80, -10.80, -10.80, 1, 1, 11, 1, 1, 'invoiced', 9001, 91, NULL, '2025-07-03'),
    (4, 'Shop/0004', '2025-07-03 11:00', 2, 139.65, 837.93, 837.93, 1, 1, 9, 1, 1, 'done', NULL, 91, NULL, '2025-07-03'),
    (5, 'Shop/0005', '2025-07-03 12:00', 2, 4.00, 24.00, 0, 1, 1, NULL, 1, 1, 'draft', NULL, 91, NULL, '2025-07-03'),
    (6, 'US/0001', '2025-07-03 13:00', 2, 2.00, 12.00, 12.00, 1, 2, NULL, 2, 1.25, 'done', NULL, 90, NULL, '2025-07-03'),
    (7, 'Shop/0006', '2025-07-04 10:00', 2, 4.00, 9.00, 9.00, 1, 1, NULL, 1, 1, 'done', NULL, 91, NULL, '2025-07-04'),
    (8, 'Shop/0007', '2025-07-04 11:00', 2, 0, 50.00, 50.00, 1, 1, NULL, 1, 1, 'done', NULL, 91, NULL, '2025-07-04'),
    (9, 'Shop/0008', '2025-07-04 12:00', 2, 3.60, 21.60, 21.60, 1, 1, NULL, 1, 1, 'done', NULL, 91, NULL, '2025-07-04'),
    (10, 'Shop/0009', '2025-07-04 13:00', 2, 1.00, 11.00, 11.00, 1, 1, NULL, 1, 1, 'done', NULL, 91, 90, '2025-07-04'),
    (11, 'Shop/0010', '2025-07-04 14:00', 2, -2.00, -12.00, -12.00, 1, 1, NULL, 1, 1, 'done', NULL, 91, NULL, '2025-07-04');
INSERT INTO pos_order_line VALUES
    (1, 1, 3, 'Three', 12, 2, 0, 20, 24, 8, NULL, '2025-07-01', NULL, NULL, FALSE, NULL),
    (2, 1, 4, 'Four', 12, 1, 10, 9, 10.8, 5, NULL, '2025-07-01', NULL, NULL, FALSE, NULL),
    (3, 2, 3, 'Three', 12, -1, 0, -10, -12, -4, 1, '2025-07-02', NULL, NULL, FALSE, NULL),
    (4, 2, 5, 'Five', 24, 1, 0, 20, 24, 7, NULL, '2025-07-02', NULL, NULL, FALSE, NULL),
    (5, 3, 4, 'Four', 12, -1, 10, -9, -10.8, -5, 2, '2025-07-03', NULL, NULL, FALSE, NULL),
    (6, 4, 3, 'Three', 837.93, 1, 0, 698.28, 837.93, 4, NULL, '2025-07-03', 1, 1, FALSE, NULL),
    (7, 5, 5, 'Five', 24, 1, 0, 20, 24, 0, NULL, '2025-07-03', NULL, NULL, FALSE, NULL),
    (8, 6, 3, 'Three', 12, 1, 0, 10, 12, 5, NULL, '2025-07-03', NULL, NULL, FALSE, NULL),
    (9, 7, 5, 'Five', 24, 1, 0, 20, 24, 7, NULL, '2025-07-04', NULL, NULL, FALSE, NULL),
    (10, 7, 1, 'Gift card', -15, 1, 0, -15, -15, 0, NULL, '2025-07-04', NULL, NULL, TRUE, 1),
    (11, 8, 8, 'Gift card', 50, 1, 0, 50, 50, 0, NULL, '2025-07-04', NULL, NULL, FALSE, NULL),
    (12, 9, 5, 'Five', 24, 1, 0, 20, 24, 7, NULL, '2025-07-04', NULL, NULL, FALSE, NULL),
    (13, 9, 1, 'Ten percent', -2.40, 1, 0, -2, -2.4, 0, NULL, '2025-07-04', NULL, NULL, TRUE, 2),
    (14, 10, 6, 'Six', 11, 1, 0, 10, 11, 3, NULL, '2025-07-04', NULL, NULL, FALSE, NULL),
    (15, 11, 3, 'Three', 12, -1, 0, -10, -12, -4, NULL, '2025-07-04', NULL, NULL, FALSE, NULL);
INSERT INTO account_tax_pos_order_line_rel SELECT id, 36 FROM pos_order_line WHERE id NOT IN (10, 11);
"""
# Cash, a card, and a customer's account, by which nobody has paid yet. The bank's payment is the sum when a till is closed.
PAID = """
INSERT INTO pos_payment_method VALUES (1, '{"en_US": "Cash"}', 7), (2, '{"en_US": "Card"}', 6), (3, '{"en_US": "Later"}', NULL);
INSERT INTO pos_payment VALUES
    (1, 1, 40, 1, '2025-06-30 22:30', FALSE, '2025-07-01'), (2, 1, -5.2, 1, '2025-06-30 22:30', TRUE, '2025-07-01'),
    (3, 3, -10.8, 2, '2025-07-03 10:00', FALSE, '2025-07-03'), (4, 4, 837.93, 2, '2025-07-03 11:00', FALSE, '2025-07-03'),
    (5, 7, 9, 3, '2025-07-04 10:00', FALSE, '2025-07-04');
ALTER TABLE account_payment ADD pos_session_id integer;
UPDATE account_payment SET pos_session_id = 1 WHERE id = 6;
"""


@pytest.fixture(scope="module")
def shop(postgres: Postgres, odoo: str) -> Iterator[Erp]:
    assert odoo
    with altered(postgres, TABLES + PROGRAMS + SOLD + PAID, database="odoo_tills") as source:
        yield source


def of_tills(source: Erp, table: str, key: str) -> dict[str, Row]:
    return {row[key]: row for row in core_rows(source, table) if row[key].startswith("pos-")}


def numbers(row: Row, *names: str) -> list[Any]:
    return [None if row[name] is None else float(row[name]) for name in names]


def test_what_tills_sell_is_a_sale(shop: Erp) -> None:
    """Without what comes back in the same order, and without an order of Sales that is paid there."""
    orders = of_tills(shop, "orders", "order_id")
    totals = {name: numbers(row, "total_net", "total_tax", "total_gross") for name, row in orders.items()}
    assert totals == {
        "pos-1": [29, 5.8, 34.8], "pos-2": [20, 4, 24], "pos-5": [20, 4, 24], "pos-6": [10, 2, 12], "pos-7": [20, 4, 24],
        "pos-8": [0, 0, 0], "pos-9": [18, 3.6, 21.6], "pos-10": [10, 1, 11],
    }  # fmt: skip
    assert {name for name, row in orders.items() if not row["is_sale"]} == {"pos-5", "pos-8"}
    first, dollars = orders["pos-1"], orders["pos-6"]
    assert (first["order_date"], first["channel"], first["customer_id"], first["country"], first["status"]) == (
        date(2025, 7, 1), "shop", "11", "FR", "completed",
    )  # fmt: skip
    assert (dollars["currency"], dollars["fx_rate"]) == ("USD", Decimal("0.8"))
    for row in orders.values():
        assert row["rounding_net"] == 0
        assert row["total_net"] == row["goods_net"] - row["discount_net"]
    assert numbers(orders["pos-7"], "store_credit_net", "store_credit_gross") == [15, 15]
    assert numbers(orders["pos-9"], "goods_net", "discount_net") == [20, 2]


def test_lines_of_tills(shop: Erp) -> None:
    lines = of_tills(shop, "order_lines", "line_id")
    names = ("quantity", "unit_price_net", "discount_net", "amount_net", "amount_tax", "tax_rate", "unit_cost")
    assert {name: numbers(row, *names) for name, row in lines.items()} == {
        "pos-1": [2, 10, 0, 20, 4, 0.2, 4],
        "pos-2": [1, 10, 1, 9, 1.8, 0.2, 5],
        "pos-4": [1, 20, 0, 20, 4, 0.2, 7],
        "pos-7": [1, 20, 0, 20, 4, 0.2, numbers(lines["pos-7"], "unit_cost")[0]],
        "pos-8": [1, 10, 0, 10, 2, 0.2, 5],
        "pos-9": [1, 20, 0, 20, 4, 0.2, 7],
        "pos-12": [1, 20, 0, 20, 4, 0.2, 7],
        "pos-13": [0, 0, 2, -2, -0.4, 0.2, None],
        "pos-14": [1, 10, 0, 10, 1, 0.1, 3],
    }
    costs = {
        name: (row["unit_cost_currency"], row["unit_cost_fx_rate"], row["cost_kind"]) for name, row in lines.items()
    }
    assert costs["pos-1"] == ("EUR", 1, "of_the_day")
    assert costs["pos-8"] == ("USD", Decimal("0.8"), "of_the_day")
    discounts = of_tills(shop, "order_discounts", "discount_id")
    assert {(row["order_id"], row["code"], row["name"], row["is_store_credit"]) for row in discounts.values()} == {
        ("pos-7", None, "Gift cards", True), ("pos-9", "TEN", "Ten percent", False),
    }  # fmt: skip
    assert numbers(discounts["pos-13"], "amount_net", "amount_gross") == [2, 2.4]


def test_what_comes_back_to_tills_is_a_refund_once(shop: Erp) -> None:
    """Of the order that it was sold by; the credit note that a till writes for it is no second one."""
    refunds = core_rows(shop, "refunds")
    assert "9001" not in {row["refund_id"] for row in refunds}
    found = {
        row["line_id"]: (
            row["order_id"],
            str(row["refund_date"]),
            *numbers(row, "quantity", "amount_net", "amount_tax"),
        )
        for row in refunds
        if row["refund_id"].startswith("pos-")
    }
    assert found == {
        "pos-3": ("pos-1", "2025-07-02", 1, 10, 2), "pos-5": ("pos-1", "2025-07-03", 1, 9, 1.8),
        "pos-15": (None, "2025-07-04", 1, 10, 2),
    }  # fmt: skip
    invoice = next(row for row in core_rows(shop, "invoices") if row["invoice_id"] == "9001")
    assert (invoice["order_id"], invoice["kind"]) == ("pos-1", "credit_note")


def test_what_is_paid_at_tills(shop: Erp) -> None:
    payments = core_rows(shop, "payments")
    assert "6" not in {row["payment_id"] for row in payments}
    found = {
        row["payment_id"]: (row["order_id"], row["invoice_id"], float(row["amount"]), row["method"])
        for row in payments
        if row["payment_id"].startswith("pos-")
    }
    assert found == {
        "pos-1": ("pos-1", None, 40, "cash"), "pos-2": ("pos-1", None, -5.2, "cash"),
        "pos-3": ("pos-1", "9001", -10.8, "bank"), "pos-4": ("1", None, 837.93, "bank"),
    }  # fmt: skip


def test_tills_in_the_marts(shop: Erp, tmp_path: Path) -> None:
    """Net sales of the three days, in euros: 29 + 20 + 8 + 20 + 18 + 10 sold, 10 + 9 + 10 come back."""
    with warehouse(tmp_path / "books.duckdb") as into:
        read_into(into, "odoo", shop.url.get_secret_value())
        sql = """SELECT kind, sum(net_base) AS net, sum(quantity) AS units, count(DISTINCT order_id) AS orders
            FROM mart.sales WHERE order_id LIKE 'pos-%' OR line_id LIKE 'pos-11/%' GROUP BY kind ORDER BY kind"""
        found = [
            [row["kind"], *numbers(row, "net", "units", "orders")] for row in into.query(sql).read_all().to_pylist()
        ]
        assert found == [["refund", -29, -3, 1], ["sale", 105, 8, 6]]
        assert read_into(into, "odoo", shop.url.get_secret_value()).total("changed") == 0
        assert {row["order_id"] for row in core(into, "orders")} >= {"pos-1", "1"}


# The company has sold nothing but by its tills; then a customer moves, and one more piece is sold.
TILLS_ALONE = """
DELETE FROM sale_order; DELETE FROM sale_order_line;
UPDATE res_partner SET write_date = '2026-12-31' WHERE id = 11;
"""
ONE_MORE = """
INSERT INTO pos_order SELECT (jsonb_populate_record(o, '{"id": 12, "name": "Shop/0011", "write_date": "2025-08-01"}')).*
FROM pos_order AS o WHERE id = 9;
INSERT INTO pos_order_line SELECT (jsonb_populate_record(l, '{"id": 16, "order_id": 12, "write_date": "2025-08-01"}')).*
FROM pos_order_line AS l WHERE id = 12;
"""


def test_the_next_ticket_is_read_by_the_next_sync(postgres: Postgres, odoo: str, tmp_path: Path) -> None:
    assert odoo
    with altered(postgres, TABLES + PROGRAMS + SOLD + TILLS_ALONE) as source, warehouse(tmp_path / "b.duckdb") as into:
        read_into(into, "odoo", source.url.get_secret_value())
        postgres.run("odoo_lab", ONE_MORE)
        read_into(into, "odoo", source.url.get_secret_value())
        assert {"pos-9", "pos-12"} <= {row["order_id"] for row in core(into, "orders")}
        assert {"pos-16"} <= {row["line_id"] for row in core(into, "order_lines")}


# Neither Sales nor its teams are installed.
WITHOUT_SALES = """
DROP TABLE sale_order, sale_order_line, account_tax_sale_order_line_rel, sale_order_line_invoice_rel, crm_team CASCADE;
ALTER TABLE pos_order_line DROP COLUMN sale_order_origin_id, DROP COLUMN sale_order_line_id;
"""


def test_a_company_with_tills_alone(postgres: Postgres, shop: Erp) -> None:
    """Its tills tell what they do where Sales is there, too; the order that was paid at one is its own then."""
    with altered(postgres, TABLES + PROGRAMS + SOLD + PAID + WITHOUT_SALES) as source:
        assert not [finding for finding in source.check() if finding.level == "error"]
        for table, key in (("orders", "order_id"), ("order_lines", "line_id"), ("refunds", "line_id")):
            ours, theirs = (of_tills(one, table, key) for one in (source, shop))
            assert {name: row for name, row in ours.items() if name in theirs} == theirs, table
            assert {row["order_id"] for name, row in ours.items() if name not in theirs} <= {"pos-4"}
        assert {row["invoice_id"] for row in core_rows(source, "invoices")} == {
            row["invoice_id"] for row in core_rows(shop, "invoices")
        }
        assert len(core_rows(source, "payments")) == len(core_rows(shop, "payments"))
        assert core_rows(source, "customers")
