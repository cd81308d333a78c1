"""TakePOS in Dolibarr: a ticket is an invoice without an order, as takepos/invoice.php leaves it."""

from __future__ import annotations

from datetime import date

import pytest

from echannel_connectors import Erp
from tests.erp.test_dolibarr import altered
from tests.erp.truth import Row, core_rows

# 9001: two at 10.00 and one at 10.00 less 10 %, paid. 9002: still open at the till. 9003: the last one comes back.
# 9004: made of order 1. 9005: given up. 9006: 30.00, of which credit note 6 had paid 5.00 (6.00 with tax).
TICKETS = """
CREATE TABLE ticket AS SELECT * FROM llx_facture WHERE rowid = 8;
UPDATE ticket SET module_source = 'takepos', pos_source = '1', type = 0, fk_facture_source = NULL, datef = '2026-03-31',
    datec = '2026-03-31 23:30:00', multicurrency_code = 'EUR', multicurrency_tx = 1, fk_soc = 26;
UPDATE ticket SET rowid = 9001, ref = 'TC1-0001', fk_statut = 2, total_ht = 29, total_tva = 5.8, total_ttc = 34.8;
INSERT INTO llx_facture SELECT * FROM ticket;
UPDATE ticket SET rowid = 9002, ref = '(PROV-POS1-0)', fk_statut = 0, total_ht = 10, total_tva = 2, total_ttc = 12;
INSERT INTO llx_facture SELECT * FROM ticket;
UPDATE ticket SET rowid = 9004, ref = 'TC1-0002', fk_statut = 2;
INSERT INTO llx_facture SELECT * FROM ticket;
UPDATE ticket SET rowid = 9005, ref = 'TC1-0003', fk_statut = 3;
INSERT INTO llx_facture SELECT * FROM ticket;
UPDATE ticket SET rowid = 9006, ref = 'TC1-0004', fk_statut = 2, total_ht = 25, total_tva = 5, total_ttc = 30;
INSERT INTO llx_facture SELECT * FROM ticket;
UPDATE ticket SET rowid = 9003, ref = 'AV-0001', type = 2, fk_facture_source = 9001, fk_statut = 2, total_ht = -9,
    total_tva = -1.8, total_ttc = -10.8, datef = '2026-04-01';
INSERT INTO llx_facture SELECT * FROM ticket;
INSERT INTO llx_element_element (rowid, fk_source, sourcetype, fk_target, targettype)
VALUES (90001, 1, 'commande', 9004, 'facture');
INSERT INTO llx_societe_remise_except (rowid, entity, fk_soc, amount_ht, fk_facture_source, description)
VALUES (901, 1, 26, 5, 6, '(CREDIT_NOTE)');
INSERT INTO llx_facturedet (rowid, fk_facture, fk_product, qty, subprice, remise_percent, total_ht, total_tva, total_ttc,
    tva_tx, product_type, buy_price_ht, fk_remise_except)
VALUES (90001, 9001, 16, 2, 10, 0, 20, 4, 24, 20, 0, 4, NULL), (90002, 9001, 17, 1, 10, 10, 9, 1.8, 10.8, 20, 0, 5, NULL),
    (90003, 9002, 16, 1, 10, 0, 10, 2, 12, 20, 0, 4, NULL), (90004, 9003, 17, 1, -10, 10, -9, -1.8, -10.8, 20, 0, 5, NULL),
    (90005, 9004, 16, 1, 10, 0, 10, 2, 12, 20, 0, 4, NULL), (90006, 9005, 16, 1, 10, 0, 10, 2, 12, 20, 0, 4, NULL),
    (90007, 9006, 16, 3, 10, 0, 30, 6, 36, 20, 0, 4, NULL), (90008, 9006, NULL, 1, -5, 0, -5, -1, -6, 20, 0, 0, 901);
INSERT INTO llx_paiement (rowid, entity, datep, amount, multicurrency_amount, fk_paiement, tms)
VALUES (9001, 1, '2026-03-31 23:31:00', 34.8, 34.8, 4, '2026-03-31 21:31:00');
INSERT INTO llx_paiement_facture (rowid, fk_paiement, fk_facture, amount, multicurrency_amount)
VALUES (9001, 9001, 9001, 34.8, 34.8);
"""


@pytest.fixture(scope="module")
def shop(dolibarr_sqlite: str, tmp_path_factory: pytest.TempPathFactory) -> Erp:
    return altered(dolibarr_sqlite, tmp_path_factory.mktemp("tickets"), TICKETS)


def tickets(source: Erp, table: str) -> list[Row]:
    return [row for row in core_rows(source, table) if str(row["order_id"]).startswith("pos-")]


def test_a_ticket_is_an_order(shop: Erp, dolibarr_sqlite: str) -> None:
    """But one that was made of an order is that order, which is there once."""
    orders = {row["order_id"]: row for row in tickets(shop, "orders")}
    amounts = (
        "goods_net", "discount_net", "total_net", "total_tax", "total_gross", "store_credit_net", "store_credit_gross",
    )  # fmt: skip
    assert {name: (row["status"], row["is_sale"], *(float(row[a]) for a in amounts)) for name, row in orders.items()} == {
        "pos-9001": ("completed", True, 30, 1, 29, 5.8, 34.8, 0, 0), "pos-9002": ("draft", False, 10, 0, 10, 2, 12, 0, 0),
        "pos-9005": ("cancelled", False, 10, 0, 10, 2, 12, 0, 0), "pos-9006": ("completed", True, 30, 0, 30, 6, 36, 5, 6),
    }  # fmt: skip
    first = orders["pos-9001"]
    assert (first["order_date"], first["channel"], first["country"], first["customer_id"], first["reference"]) == (
        date(2026, 3, 31), "shop", "FR", "26", "TC1-0001",
    )  # fmt: skip
    others = [row for row in core_rows(shop, "orders") if row["order_id"] not in orders]
    assert others == core_rows(Erp(connector="dolibarr", url=dolibarr_sqlite), "orders")


def test_lines_of_a_ticket(shop: Erp) -> None:
    names = (
        "quantity", "unit_price_net", "discount_net", "amount_net", "amount_tax", "unit_cost", "delivered_quantity",
    )  # fmt: skip
    lines = {row["line_id"]: [float(row[name]) for name in names] for row in tickets(shop, "order_lines")}
    assert lines == {
        "pos-90001": [2, 10, 0, 20, 4, 4, 2], "pos-90002": [1, 10, 1, 9, 1.8, 5, 1], "pos-90003": [1, 10, 0, 10, 2, 4, 1],
        "pos-90006": [1, 10, 0, 10, 2, 4, 1], "pos-90007": [3, 10, 0, 30, 6, 4, 3],
    }  # fmt: skip


def test_what_is_told_of_a_ticket_elsewhere(shop: Erp) -> None:
    """Its invoice, its payment and what comes back name it as their order."""
    refunds = {row["line_id"]: (row["order_id"], float(row["amount_net"])) for row in tickets(shop, "refunds")}
    assert refunds == {"90004": ("pos-9001", 9)}
    orders = {row["invoice_id"]: row["order_id"] for row in core_rows(shop, "invoices")}
    assert (orders["9001"], orders["9004"]) == ("pos-9001", "1")
    assert [(row["order_id"], float(row["amount"])) for row in tickets(shop, "payments")] == [("pos-9001", 34.8)]
    assert {row["invoice_id"] for row in tickets(shop, "invoice_lines")} == {"9001", "9002", "9005", "9006"}
