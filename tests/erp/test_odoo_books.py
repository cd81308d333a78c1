"""What accounting and the website of Odoo write beside what the dumps hold: each state as Odoo's own code leaves it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from echannel_connectors import Erp
from tests.erp.conftest import Postgres, altered
from tests.erp.truth import core_rows, total

# Cash rounding by a line: 0.02 more on invoice 18, 0.01 more on credit note 88, which the documents' own totals hold.
ROUNDED = """
CREATE TABLE rounded AS SELECT * FROM account_move_line WHERE id = 89;
UPDATE rounded SET id = 90001, display_type = 'rounding', product_id = NULL, product_uom_id = NULL, quantity = 1,
    price_unit = -0.02, price_subtotal = 0, price_total = 0, amount_currency = -0.02, balance = -0.02;
INSERT INTO account_move_line SELECT * FROM rounded;
UPDATE rounded SET id = 90002, move_id = 88, amount_currency = 0.01, balance = 0.01, price_unit = 0.01;
INSERT INTO account_move_line SELECT * FROM rounded;
UPDATE account_move SET amount_untaxed = amount_untaxed + CASE id WHEN 18 THEN 0.02 ELSE 0.01 END WHERE id IN (18, 88);
"""


def test_cash_rounding_is_a_line(postgres: Postgres, odoo: str) -> None:
    """So that lines add up to their invoice, and refunds to their credit note."""
    assert odoo
    with altered(postgres, ROUNDED) as source:
        invoices = {row["invoice_id"]: row["amount_net"] for row in core_rows(source, "invoices")}
        lines, refunds = (core_rows(source, table) for table in ("invoice_lines", "refunds"))
    for invoice in ("18", "88"):
        assert total((row for row in lines if row["invoice_id"] == invoice), "amount_net") == invoices[invoice]
    back = [row for row in refunds if row["refund_id"] == "88"]
    assert total(back, "amount_net") + total(back, "shipping_net") == -invoices["88"]
    rounding = next(row for row in back if row["line_id"] == "90002")
    assert (rounding["quantity"], rounding["amount_net"], rounding["amount_tax"]) == (0, Decimal("0.01"), 0)


# 120.00 that the bank's statement says came in for invoice 18, without a payment of Odoo's, and 15.00 of a till.
BANKED = """
CREATE TABLE moved AS SELECT * FROM account_move WHERE id = (SELECT move_id FROM account_payment WHERE id = 6);
CREATE TABLE line AS SELECT * FROM account_move_line WHERE id = 89;
UPDATE moved SET payment_id = NULL;
ALTER TABLE account_bank_statement_line ADD pos_session_id integer;
UPDATE moved SET id = 9001, name = 'BNK1/1', date = '2026-01-05', statement_line_id = 901;
INSERT INTO account_move SELECT * FROM moved;
UPDATE moved SET id = 9002, name = 'BNK1/2', statement_line_id = 902;
INSERT INTO account_move SELECT * FROM moved;
INSERT INTO account_bank_statement_line (id, move_id, amount, pos_session_id) VALUES (901, 9001, 120, NULL), (902, 9002, 15, 1);
UPDATE line SET id = 90001, move_id = 9001, account_id = {receivable}, amount_currency = -120, display_type = 'product';
INSERT INTO account_move_line SELECT * FROM line;
UPDATE line SET id = 90002, move_id = 9002, amount_currency = -15;
INSERT INTO account_move_line SELECT * FROM line;
INSERT INTO account_partial_reconcile (id, debit_move_id, credit_move_id, max_date, amount, company_id)
SELECT 9001, min(id), 90001, '2026-01-05', 120, 1 FROM account_move_line WHERE move_id = 18 AND display_type = 'payment_term';
"""


def test_what_the_bank_says_is_a_payment(postgres: Postgres, odoo: str) -> None:
    before = {row["payment_id"] for row in core_rows(Erp(connector="odoo", url=odoo), "payments")}
    receivable = postgres.run(
        "odoo17", "SELECT account_id FROM account_move_line WHERE display_type = 'payment_term' LIMIT 1"
    )
    with altered(postgres, BANKED.format(receivable=receivable.strip())) as source:
        new = [row for row in core_rows(source, "payments") if row["payment_id"] not in before]
    found = [(row["payment_id"], row["invoice_id"], row["amount"], row["currency"], row["method"]) for row in new]
    assert found == [("bank-90001", "18", 120, "EUR", "bank")]


def test_a_receipt_is_an_invoice(postgres: Postgres, odoo: str) -> None:
    """A sales receipt is an invoice that is paid at once."""
    whole = Erp(connector="odoo", url=odoo)
    with altered(postgres, "UPDATE account_move SET move_type = 'out_receipt' WHERE id = 18") as source:
        for table in ("invoices", "invoice_lines", "payments"):
            assert sorted(map(str, core_rows(source, table))) == sorted(map(str, core_rows(whole, table))), table


# The team of the website has another name by now. A tax of 20 % by division is a quarter of what is without it.
WEBSITE = """
ALTER TABLE sale_order ADD website_id integer;
UPDATE sale_order SET website_id = 1 WHERE id = 4;
CREATE TABLE divided AS SELECT * FROM account_tax WHERE id = 36;
UPDATE divided SET id = 900, amount_type = 'division';
INSERT INTO account_tax SELECT * FROM divided;
UPDATE account_tax_sale_order_line_rel SET account_tax_id = 900 WHERE sale_order_line_id = 11;
DELETE FROM account_tax_sale_order_line_rel WHERE sale_order_line_id = 12;
UPDATE sale_order_line SET price_total = price_subtotal WHERE id = 12;
"""


def test_an_order_of_the_website(postgres: Postgres, odoo: str) -> None:
    assert odoo
    with altered(postgres, WEBSITE) as source:
        order = next(row for row in core_rows(source, "orders") if row["order_id"] == "4")
        rates = {row["line_id"]: row["tax_rate"] for row in core_rows(source, "order_lines")}
    assert order["channel"] in ("b2b_web", "b2c_web")
    assert (rates["11"], rates["12"]) == (Decimal("0.25"), 0)


# Company 2 is a branch of company 1, which keeps the costs, and has another one of its own for variant 3.
BRANCH = """
CREATE TABLE branch AS SELECT * FROM res_company WHERE id = 1;
UPDATE branch SET id = 2, name = 'Branch', parent_id = 1, parent_path = '1/2/';
INSERT INTO res_company SELECT * FROM branch;
CREATE TABLE own AS SELECT * FROM ir_property WHERE name = 'standard_price' AND res_id = 'product.product,3';
UPDATE own SET id = 90001, company_id = 2, value_float = 12.5;
INSERT INTO ir_property SELECT * FROM own;
"""


@pytest.mark.parametrize("company", [1, 2])
def test_a_branch_has_the_costs_of_its_company(postgres: Postgres, odoo: str, company: int) -> None:
    before = {row["variant_id"]: row["unit_cost"] for row in core_rows(Erp(connector="odoo", url=odoo), "products")}
    with altered(postgres, BRANCH, company=company) as source:
        after = {row["variant_id"]: row["unit_cost"] for row in core_rows(source, "products")}
    assert after == ({**before, "3": Decimal("12.5")} if company == 2 else before)


# Who goes from Invoicing to Accounting names a day; what lies before it is left out of the books by being cancelled, which Odoo's
# own orders take for posted. Credit note 88 lies before it, and so do invoice 24, of which 1,092.40 were open, and payment 6.
BEFORE_ACCOUNTING = """
UPDATE account_move SET state = 'cancel', payment_state = 'invoicing_legacy'
WHERE id IN (24, 88) OR id = (SELECT move_id FROM account_payment WHERE id = 6);
"""


def test_what_lies_before_accounting_was_made_all_the_same(postgres: Postgres, odoo: str) -> None:
    whole = Erp(connector="odoo", url=odoo)
    with altered(postgres, BEFORE_ACCOUNTING) as source:
        for table in ("refunds", "payments", "invoice_lines"):
            assert sorted(map(str, core_rows(source, table))) == sorted(map(str, core_rows(whole, table))), table
        ours, theirs = ({row["invoice_id"]: row for row in core_rows(one, "invoices")} for one in (source, whole))
    old = ours.pop("24")
    assert theirs.pop("24")["amount_open"] == Decimal("1092.4")
    assert (old["status"], old["amount_open"], old["amount_gross"]) == ("paid", 0, Decimal("1092.4"))
    assert ours == theirs


def test_a_slash_is_no_vat_number(postgres: Postgres, odoo: str) -> None:
    """By it Odoo's users say that a partner is not subject to tax."""
    assert odoo
    with altered(postgres, "UPDATE res_partner SET vat = CASE id WHEN 9 THEN '/' ELSE 'FR23334175221' END") as source:
        told = {row["customer_id"]: row["has_vat_number"] for row in core_rows(source, "customers")}
    assert not told.pop("9")
    assert all(told.values())
