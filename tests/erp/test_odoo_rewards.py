"""Gift cards, rewards and discounts of a whole order in Odoo's Sales: what sale_loyalty and its wizard of discounts write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres, altered
from tests.erp.test_odoo_tills import PROGRAMS, TABLES, numbers
from tests.erp.truth import core_rows

# Order 4 (524.01 and 104.80 of tax, 9.90 of it for its delivery) is delivered for nothing, has 50.00 off as a whole and
# 20.00 off by a reward; a gift card pays 100.00 of it, and another one of 30.00 is bought. All of that is credited.
REWARDED = """
INSERT INTO loyalty_program VALUES (3, '{"en_US": "Free delivery"}', 'promotion');
INSERT INTO loyalty_reward VALUES (3, 3, 'shipping');
ALTER TABLE sale_order_line ADD reward_id integer, ADD coupon_id integer, ADD purchase_price numeric DEFAULT 0;
UPDATE sale_order_line SET purchase_price = 10 WHERE id = 12;
UPDATE res_company SET sale_discount_product_id = 7;
CREATE TABLE more AS SELECT * FROM sale_order_line WHERE id = 12;
CREATE TABLE given (id integer, product integer, reward integer, net numeric, gross numeric);
INSERT INTO given VALUES (9001, 1, 3, -9.90, -11.88), (9002, 7, NULL, -50, -60), (9003, 1, 2, -20, -24),
    (9004, 1, 1, -100, -100), (9005, 8, NULL, 30, 30);
UPDATE more SET product_uom_qty = 1, qty_delivered = 0, discount = 0, purchase_price = 0;
INSERT INTO sale_order_line SELECT (jsonb_populate_record(m, jsonb_build_object('id', g.id, 'product_id', g.product,
    'reward_id', g.reward, 'price_unit', g.net, 'price_subtotal', g.net, 'price_total', g.gross))).* FROM more AS m, given AS g;
UPDATE sale_order SET amount_untaxed = 374.11, amount_tax = 88.82, amount_total = 462.93 WHERE id = 4;
CREATE TABLE note AS SELECT * FROM account_move WHERE id = 88;
UPDATE note SET id = 9001, name = 'R/1', reversed_entry_id = 18;
INSERT INTO account_move SELECT * FROM note;
CREATE TABLE back AS SELECT * FROM account_move_line WHERE move_id = 88 AND display_type = 'product' LIMIT 1;
INSERT INTO account_move_line SELECT (jsonb_populate_record(b, jsonb_build_object('id', 90000 + g.id, 'move_id', 9001,
    'product_id', g.product, 'quantity', 1, 'price_subtotal', g.net, 'price_total', g.gross))).* FROM back AS b, given AS g;
INSERT INTO sale_order_line_invoice_rel (invoice_line_id, order_line_id) SELECT 90000 + id, id FROM given;
"""


@pytest.fixture(scope="module")
def shop(postgres: Postgres, odoo: str) -> Iterator[Erp]:
    assert odoo
    with altered(postgres, TABLES + PROGRAMS + REWARDED, database="odoo_rewards") as source:
        yield source


def test_a_gift_card_pays_and_a_reward_takes_off(shop: Erp) -> None:
    """Free delivery is taken off the delivery; what the card pays was sold all the same, and to sell one is no sale."""
    order = next(row for row in core_rows(shop, "orders") if row["order_id"] == "4")
    assert numbers(order, "goods_net", "discount_net", "shipping_net", "rounding_net") == [632.55, 188.44, 0, 0]
    assert numbers(order, "total_net", "total_tax", "total_gross") == [444.11, 88.82, 532.93]
    assert numbers(order, "store_credit_net", "store_credit_gross") == [100, 100]
    lines = {row["line_id"]: row for row in core_rows(shop, "order_lines") if row["order_id"] == "4"}
    assert set(lines) == {"11", "12", "13", "14", "9002", "9003"}
    names = ("quantity", "unit_price_net", "discount_net", "amount_net")
    assert [numbers(lines[line], *names) for line in ("9002", "9003")] == [[0, 0, 50, -50], [0, 0, 20, -20]]


def test_discounts_of_an_order_are_told(shop: Erp) -> None:
    found = {
        row["discount_id"]: (
            row["code"], row["name"], float(row["amount_net"]), float(row["amount_gross"]), row["is_store_credit"],
            row["is_free_shipping"],
        )
        for row in core_rows(shop, "order_discounts")
    }  # fmt: skip
    name = found["9002"][1]
    assert found == {
        "9001": (None, "Free delivery", 9.9, 11.88, False, True), "9002": (None, name, 50, 60, False, False),
        "9003": ("TEN", "Ten percent", 20, 24, False, False), "9004": (None, "Gift cards", 100, 100, True, False),
    }  # fmt: skip


def test_a_credit_note_of_it(shop: Erp) -> None:
    """What had been taken off is not given back; a gift card that comes back had sold nothing."""
    back = {row["line_id"]: row for row in core_rows(shop, "refunds") if row["refund_id"] == "9001"}
    assert {line: numbers(row, "quantity", "amount_net", "shipping_net") for line, row in back.items()} == {
        "99001": [0, 0, -9.9], "99002": [0, -50, 0], "99003": [0, -20, 0],
    }  # fmt: skip
    assert {row["order_id"] for row in back.values()} == {"4"}


def test_the_cost_that_a_module_keeps(shop: Erp) -> None:
    """Margins in Sales keeps what a line cost on its day; elsewhere the cost is today's."""
    lines = {row["line_id"]: row for row in core_rows(shop, "order_lines")}
    kept = lines["12"]
    assert (kept["unit_cost"], kept["cost_kind"], kept["unit_cost_currency"]) == (10, "of_the_day", "EUR")
    assert lines["13"]["cost_kind"] == "today"
