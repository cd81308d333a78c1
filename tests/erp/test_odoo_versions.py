"""Odoo 16 and 18, and an Odoo without some modules: its 17 altered as the facts say, and read with equal rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres, altered
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
# Neither goods nor their delivery: a company that sells its time.
WITHOUT_GOODS = """
DROP TABLE stock_quant, stock_move, stock_location, stock_picking_type, stock_warehouse CASCADE;
ALTER TABLE sale_order DROP COLUMN delivery_status CASCADE, DROP COLUMN effective_date, DROP COLUMN warehouse_id;
ALTER TABLE sale_order_line DROP COLUMN is_delivery;
"""
WITHOUT_PURCHASES = "DROP TABLE purchase_order_line, purchase_order CASCADE"


@pytest.mark.parametrize("script", [SIXTEEN, EIGHTEEN], ids=["16", "18"])
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
