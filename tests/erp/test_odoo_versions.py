"""Odoo 16, 18 and 19, and an Odoo without some modules: its 17 altered as the facts say, and read with equal rows."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres, altered
from tests.erp.test_odoo_tills import PAID, PROGRAMS, SOLD, TABLES
from tests.erp.test_sync import read_into, warehouse
from tests.erp.truth import core_rows

# A locked order has a state of its own; what a move has done is in quantity_done, which is no column.
SIXTEEN = """
UPDATE sale_order SET state = 'done' WHERE state = 'sale' AND id % 3 = 0;
ALTER TABLE sale_order DROP COLUMN locked;
ALTER TABLE stock_move DROP COLUMN quantity;
ALTER TABLE purchase_order_line DROP COLUMN discount;
"""
# Costs lie beside the product, per company; what is stored is told by a flag.
EIGHTEEN = """
ALTER TABLE product_product ADD COLUMN standard_price jsonb;
UPDATE product_product AS p SET standard_price = c.costs
FROM (
    SELECT CAST(split_part(res_id, ',', 2) AS integer) AS id,
        jsonb_object_agg(coalesce(company_id, 1), CAST(value_float AS numeric)) AS costs
    FROM ir_property WHERE name = 'standard_price' AND res_id LIKE 'product.product,%' GROUP BY res_id
) AS c WHERE c.id = p.id;
DROP TABLE ir_property CASCADE;
ALTER TABLE product_template ADD COLUMN is_storable boolean;
UPDATE product_template SET is_storable = detailed_type = 'product';
UPDATE product_template SET type = 'consu' WHERE type = 'product';
ALTER TABLE product_template DROP COLUMN detailed_type;
"""
# A unit tells how many of the smallest it holds, and no rounding; the unit of a line has another name; a fiscal position
# has taxes, each of which says what it replaces; nothing is locked by its state.
NINETEEN = (
    EIGHTEEN
    + """
ALTER TABLE uom_uom ADD COLUMN relative_factor numeric, ADD COLUMN relative_uom_id integer, DROP COLUMN rounding CASCADE,
    DROP COLUMN category_id CASCADE, DROP COLUMN uom_type CASCADE;
UPDATE uom_uom SET factor = round(1 / factor, 12);
UPDATE uom_uom SET relative_factor = factor;
UPDATE decimal_precision SET name = 'Product Unit' WHERE name = 'Product Unit of Measure';
ALTER TABLE sale_order_line RENAME COLUMN product_uom TO product_uom_id;
ALTER TABLE purchase_order_line RENAME COLUMN product_uom TO product_uom_id;
ALTER TABLE purchase_order_line ADD COLUMN is_downpayment boolean,
    DROP CONSTRAINT purchase_order_line_accountable_required_fields;
UPDATE purchase_order SET state = 'purchase' WHERE state = 'done';
CREATE TABLE account_fiscal_position_account_tax_rel AS
    SELECT DISTINCT position_id AS account_fiscal_position_id, tax_dest_id AS account_tax_id
    FROM account_fiscal_position_tax WHERE tax_dest_id IS NOT NULL;
CREATE TABLE account_tax_alternatives AS
    SELECT DISTINCT tax_dest_id AS dest_tax_id, tax_src_id AS src_tax_id
    FROM account_fiscal_position_tax WHERE tax_dest_id IS NOT NULL;
DROP TABLE account_fiscal_position_tax CASCADE;
"""
)
# Neither goods nor their delivery: a company that sells its time.
WITHOUT_GOODS = """
DROP TABLE stock_quant, stock_move, stock_location, stock_picking_type, stock_warehouse CASCADE;
ALTER TABLE sale_order DROP COLUMN delivery_status CASCADE, DROP COLUMN effective_date, DROP COLUMN warehouse_id;
ALTER TABLE sale_order_line DROP COLUMN is_delivery;
"""
WITHOUT_PURCHASES = "DROP TABLE purchase_order_line, purchase_order CASCADE"


@pytest.mark.parametrize("script", [SIXTEEN, EIGHTEEN, NINETEEN], ids=["16", "18", "19"])
@pytest.mark.slow
def test_another_version_gives_equal_rows(postgres: Postgres, odoo: str, script: str) -> None:
    seventeen = Erp(connector="odoo", url=odoo)
    with altered(postgres, script) as other:
        assert other.streams().keys() == seventeen.streams().keys()
        for table, stream in other.streams().items():
            assert stream.shape == seventeen.streams()[table].shape
            ours, theirs = (
                {tuple(row[name] for name in stream.shape.key): row for row in core_rows(source, table)}
                for source in (other, seventeen)
            )
            if table == "orders" and script is SIXTEEN:
                assert {row.pop("source_status") for row in ours.values()} >= {"sale", "done"}
                assert "done" not in {row.pop("source_status") for row in theirs.values()}
            assert ours == theirs, table
        costs = [row["unit_cost"] for row in core_rows(other, "products")]
        assert sum(cost is not None and cost > 0 for cost in costs) > 20


# Two dozen pieces are moved, three dozen are sold at 30.00 and four dozen are bought at 24.00. Of a company that counts in
# whole pieces, half a dozen and a bit are moved; of goods that are counted by the gram, a kilogram is 1,000.
DOZENS = """
UPDATE sale_order_line SET product_uom_id = 2, product_uom_qty = 3, qty_delivered = 1, price_unit = 30, discount = 0,
    price_subtotal = 90, price_total = 108 WHERE id = 1;
UPDATE purchase_order_line SET product_uom_id = 2, product_qty = 4, qty_received = 2, price_unit = 24, discount = 0,
    price_subtotal = 96, price_total = 115.2 WHERE id = 1;
UPDATE account_move_line SET product_uom_id = 2, quantity = 3 WHERE id = 61;
UPDATE stock_move SET product_uom = 2, product_uom_qty = 2, product_qty = 24, quantity = 2 WHERE id = {a};
UPDATE stock_move SET product_uom = 2, product_uom_qty = 0.52, product_qty = 6, quantity = 0.52 WHERE id = {b};
UPDATE decimal_precision SET digits = 0 WHERE name = 'Product Unit';
INSERT INTO purchase_order_line (id, order_id, name, product_qty, price_unit, price_subtotal, price_total, is_downpayment)
SELECT 90001, order_id, 'Down payment', 0, 50, 0, 0, TRUE FROM purchase_order_line WHERE id = 1;
"""


def test_nineteen_counts_a_dozen_as_twelve(postgres: Postgres, odoo: str) -> None:
    """Until 18 a unit's factor is how many of it make the reference, from 19 on how many of the reference it holds."""
    moves = {row["move_id"] for row in core_rows(Erp(connector="odoo", url=odoo), "stock_moves")}
    a, b = sorted(move.removesuffix("-in") for move in moves if move.endswith("-in"))[:2]
    with altered(postgres, NINETEEN + DOZENS.format(a=a, b=b)) as source:
        sold, bought, billed, moved = (
            {row[key]: row for row in core_rows(source, table)}
            for table, key in (
                ("order_lines", "line_id"),
                ("purchase_lines", "line_id"),
                ("invoice_lines", "line_id"),
                ("stock_moves", "move_id"),
            )
        )
    assert [sold["1"][name] for name in ("quantity", "unit_price_net", "delivered_quantity")] == [
        36,
        Decimal("2.5"),
        12,
    ]
    assert [bought["1"][name] for name in ("quantity", "unit_cost", "received_quantity")] == [48, 2, 24]
    assert "90001" not in bought
    assert billed["61"]["quantity"] == 36
    assert [moved[f"{move}-in"]["quantity"] for move in (a, b)] == [24, 6]


def test_the_taxes_of_a_till_in_nineteen(postgres: Postgres, odoo: str) -> None:
    """What is taken away has 10 % in the place of 20 %, by a fiscal position; what is paid in the shop has not."""
    assert odoo
    with altered(postgres, TABLES + PROGRAMS + SOLD + PAID + NINETEEN) as source:
        rates = {row["line_id"]: row["tax_rate"] for row in core_rows(source, "order_lines")}
        assert {row["order_id"] for row in core_rows(source, "orders")} >= {"pos-1", "pos-10"}
    assert (rates["pos-14"], rates["pos-12"]) == (Decimal("0.1"), Decimal("0.2"))


# Tables and columns of before, which an upgrade by OpenUpgrade leaves where they were. Since then the cost of variant 3 has
# become 7.25, tax 36 (20 %) is no longer inside prices, and position 90 makes 5.5 % of it, and not 10 % any more.
LEFT_BEHIND = """
CREATE TABLE old_costs AS SELECT * FROM ir_property;
CREATE TABLE old_taxes AS SELECT * FROM account_fiscal_position_tax;
{nineteen}
ALTER TABLE old_costs RENAME TO ir_property;
ALTER TABLE old_taxes RENAME TO account_fiscal_position_tax;
ALTER TABLE uom_uom ADD COLUMN rounding numeric DEFAULT 1;
ALTER TABLE res_company ADD account_price_include text DEFAULT 'tax_excluded';
ALTER TABLE account_tax ADD price_include_override text;
UPDATE account_tax SET price_include_override = 'tax_excluded' WHERE id = 36;
UPDATE product_product SET standard_price = '{{"1": 7.25}}' WHERE id = 3;
UPDATE account_fiscal_position_account_tax_rel SET account_tax_id = 38 WHERE account_fiscal_position_id = 90;
INSERT INTO account_tax_alternatives VALUES (38, 36);
DELETE FROM product_taxes_rel WHERE prod_id = (SELECT product_tmpl_id FROM product_product WHERE id = 3);
INSERT INTO product_taxes_rel (prod_id, tax_id) SELECT product_tmpl_id, 36 FROM product_product WHERE id = 3;
UPDATE product_template SET list_price = 12 WHERE id = (SELECT product_tmpl_id FROM product_product WHERE id = 3);
UPDATE stock_move SET quantity = 2.25, product_uom_qty = 2.25, product_qty = 2.25 WHERE id = {a};
"""


def test_what_an_upgrade_left_behind_is_not_read(postgres: Postgres, odoo: str) -> None:
    moves = {row["move_id"] for row in core_rows(Erp(connector="odoo", url=odoo), "stock_moves")}
    a = min(move for move in moves if move.endswith("-in"))
    left = LEFT_BEHIND.format(nineteen=NINETEEN, a=a.removesuffix("-in"))
    with altered(postgres, TABLES + PROGRAMS + SOLD + PAID + left) as source:
        products, rates, moved = (
            {row[key]: row[name] if name else row for row in core_rows(source, table)}
            for table, key, name in (
                ("products", "variant_id", ""),
                ("order_lines", "line_id", "tax_rate"),
                ("stock_moves", "move_id", "quantity"),
            )
        )
    assert (products["3"]["unit_cost"], products["3"]["unit_price_net"]) == (Decimal("7.25"), 12)
    assert rates["pos-14"] == Decimal("0.055")
    assert moved[a] == Decimal("2.25")


def test_a_module_that_is_not_installed_is_left_out_and_said(postgres: Postgres, odoo: str) -> None:
    whole = Erp(connector="odoo", url=odoo)
    with altered(postgres, WITHOUT_PURCHASES) as shop:
        assert set(whole.streams()) - set(shop.streams()) == {"purchase_lines"}
        found = [finding for finding in shop.check() if finding.level == "warning" and "left out" in finding.sentence]
        assert [finding.sentence for finding in found] == [
            "purchase_lines is left out: the database has no table public.purchase_order, public.purchase_order_line"
        ]
    assert not whole.left_out


@pytest.mark.slow
def test_a_company_without_goods(postgres: Postgres, odoo: str, tmp_path: Path) -> None:
    """Columns that belong to modules for delivery are not asked for where these are not installed: invoices are the same,
    and so are orders but for their shipping."""
    whole = Erp(connector="odoo", url=odoo)
    with altered(postgres, WITHOUT_GOODS) as office, warehouse(tmp_path / "books.duckdb") as into:
        assert not [finding for finding in office.check() if finding.level == "error"]
        for table in ("invoices", "invoice_lines"):
            ours, theirs = (sorted(map(str, core_rows(source, table))) for source in (office, whole))
            assert ours == theirs, table
        totals = [{row["order_id"]: row["total_net"] for row in core_rows(e, "orders")} for e in (office, whole)]
        assert totals[0] == totals[1]
        read_into(into, "odoo", office.url.get_secret_value())
        assert read_into(into, "odoo", office.url.get_secret_value()).total("changed") == 0
