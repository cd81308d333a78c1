"""States of an Odoo database that the dumps do not hold: each is what Odoo's own code would have written."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors import Erp
from echannel_connectors.models.core import TABLES
from tests.erp.conftest import Postgres, altered
from tests.erp.test_sync import core, read_into, warehouse
from tests.erp.truth import core_rows

# Of move A four pieces more were asked for than were there, and no backorder was wanted. Of move B, in dozens, two of
# three were moved: 24 pieces.
MOVED = """
UPDATE stock_move SET product_uom_qty = product_uom_qty + 4, product_qty = product_qty + 4 WHERE id = {a};
UPDATE stock_move SET product_uom = 2, product_uom_qty = 3, product_qty = 36, quantity = 2 WHERE id = {b};
"""


def test_what_was_moved_is_not_what_was_asked_for(postgres: Postgres, odoo: str) -> None:
    before = {row["move_id"]: row["quantity"] for row in core_rows(Erp(connector="odoo", url=odoo), "stock_moves")}
    a, b = sorted(move for move in before if move.endswith("-in"))[:2]
    with altered(postgres, MOVED.format(a=a.removesuffix("-in"), b=b.removesuffix("-in"))) as source:
        after = {row["move_id"]: row["quantity"] for row in core_rows(source, "stock_moves")}
    assert {move for move in before if before[move] != after[move]} == {b}
    assert after[b] == 24


# All companies share the rates of a currency of which one euro is two.
SHARED = """
UPDATE res_currency_rate SET company_id = NULL, rate = rate * 2;
INSERT INTO res_currency_rate (id, currency_id, name, rate) VALUES (9001, 126, '2025-01-01', 2);
"""


@pytest.mark.parametrize("currency", [pytest.param("EUR", marks=pytest.mark.slow), "USD"])
def test_rates_that_companies_share(postgres: Postgres, odoo: str, currency: str) -> None:
    """The company's own currency has a rate there, too, by which the others are divided."""
    with altered(postgres, SHARED) as source:
        shared, own = (e.for_company(currency, "Europe/Paris") for e in (source, Erp(connector="odoo", url=odoo)))
        for table, key in (("orders", "order_id"), ("invoices", "invoice_id")):
            ours, theirs = ({row[key]: row["fx_rate"] for row in core_rows(e, table)} for e in (shared, own))
            assert ours == theirs, table
        lines = [
            {row["line_id"]: row["unit_cost_fx_rate"] for row in core_rows(e, "order_lines")} for e in (shared, own)
        ]
        assert lines[0] == lines[1]
        days = [
            {
                (row["date"], row["currency"]): row["rate"]
                for row in core_rows(e, "fx_rates")
                if row["currency"] != "EUR"
            }
            for e in (shared, own)
        ]
        assert days[0] == days[1]


# Invoice 61 of 183.00 USD stands in the books with 172.51 EUR, whatever the table of rates says by now.
CORRECTED = "UPDATE res_currency_rate SET rate = rate * 1.25"
LATER = "DELETE FROM res_currency_rate WHERE name < '2025-06-01'"
# 18: the rate was entered on the invoice.
ENTERED = (
    "ALTER TABLE account_move ADD invoice_currency_rate numeric; UPDATE account_move SET invoice_currency_rate = 1.25"
)


@pytest.mark.parametrize(
    ("script", "rate"),
    [(CORRECTED, "0.94267760"), (LATER, "0.94267760"), (ENTERED, "0.8")],
    ids=["corrected", "later", "entered"],
)
def test_an_invoice_keeps_the_rate_of_the_books(postgres: Postgres, odoo: str, script: str, rate: str) -> None:
    assert odoo
    with altered(postgres, script) as source:
        rates = {row["invoice_id"]: row["fx_rate"] for row in core_rows(source, "invoices")}
    assert rates["61"] == Decimal(rate)


# Taxes of 5.5 and 2.1 % in a group, on an order's line and on an invoice's.
GROUP = """
CREATE TABLE grouped AS SELECT * FROM account_tax WHERE id = 36;
UPDATE grouped SET id = 900, amount_type = 'group', amount = 0;
INSERT INTO account_tax SELECT * FROM grouped;
INSERT INTO account_tax_filiation_rel (parent_tax, child_tax) VALUES (900, 38), (900, 40);
UPDATE account_tax_sale_order_line_rel SET account_tax_id = 900 WHERE sale_order_line_id = 1;
UPDATE account_move_line_account_tax_rel SET account_tax_id = 900 WHERE account_move_line_id = 61;
"""


def test_the_rate_of_taxes_in_a_group(postgres: Postgres, odoo: str) -> None:
    assert odoo
    with altered(postgres, GROUP) as source:
        for table, line in (("order_lines", "1"), ("invoice_lines", "61")):
            rates = {row["line_id"]: row["tax_rate"] for row in core_rows(source, table)}
            assert rates.pop(line) == Decimal("0.076")
            assert Decimal("0.2") in rates.values()


# 18: the company's prices have tax in them, which no tax says again; three pieces at 12.00 were given away.
INSIDE = """
ALTER TABLE res_company ADD account_price_include text DEFAULT 'tax_included';
ALTER TABLE account_tax DROP COLUMN price_include, ADD price_include_override text;
UPDATE sale_order_line SET product_uom_qty = 3, price_unit = 12, discount = 100, price_subtotal = 0, price_total = 0
WHERE id = 3;
"""


def test_a_company_whose_prices_have_tax_inside(postgres: Postgres, odoo: str) -> None:
    assert odoo
    with altered(postgres, INSIDE) as source:
        line = next(row for row in core_rows(source, "order_lines") if row["line_id"] == "3")
    assert [int(line[name]) for name in ("unit_price_net", "discount_net", "amount_net")] == [10, 30, 0]


# 18: payment 6 was made by a method without an account of its own, payment 7 is a draft of such a one.
WITHOUT_ENTRY = """
CREATE TABLE account_move__account_payment (payment_id integer, invoice_id integer);
INSERT INTO account_move__account_payment VALUES (6, 61);
ALTER TABLE account_payment ALTER move_id DROP NOT NULL, ADD state text, ADD date date, ADD company_id integer,
    ADD journal_id integer;
UPDATE account_payment AS p SET state = 'paid', date = m.date, company_id = m.company_id, journal_id = m.journal_id
FROM account_move AS m WHERE m.id = p.move_id;
UPDATE account_payment SET move_id = NULL, state = CASE id WHEN 6 THEN 'in_process' ELSE 'draft' END WHERE id IN (6, 7);
"""


def test_a_payment_without_an_entry(postgres: Postgres, odoo: str) -> None:
    before = {row["payment_id"]: row for row in core_rows(Erp(connector="odoo", url=odoo), "payments")}
    with altered(postgres, WITHOUT_ENTRY) as source:
        after = {row["payment_id"]: row for row in core_rows(source, "payments")}
    assert before.pop("7")
    assert after == {**before, "6": {**before["6"], "invoice_id": "61"}}


# Ten pieces at 12.00 with 20 % tax inside; the other line keeps its price without tax.
BOUGHT = """
UPDATE purchase_order_line SET product_qty = 10, price_unit = 12, discount = 0, price_subtotal = 100, price_total = 120
WHERE id = 1;
"""


def test_the_cost_is_a_price_without_tax(postgres: Postgres, odoo: str) -> None:
    before = {row["line_id"]: row["unit_cost"] for row in core_rows(Erp(connector="odoo", url=odoo), "purchase_lines")}
    with altered(postgres, BOUGHT) as source:
        after = {row["line_id"]: row["unit_cost"] for row in core_rows(source, "purchase_lines")}
    assert after == {**before, "1": Decimal(10)}


# Odoo's wizard changes what points at a partner by SQL alone, and deletes the partner.
MERGED = """
UPDATE sale_order SET partner_id = 11, partner_invoice_id = 11, partner_shipping_id = 11 WHERE partner_id = 9;
UPDATE account_move SET partner_id = 11, commercial_partner_id = 11 WHERE commercial_partner_id = 9;
UPDATE account_move_line SET partner_id = 11 WHERE partner_id = 9;
DELETE FROM res_partner WHERE id = 9;
UPDATE res_partner SET write_date = '2026-10-29 08:00' WHERE id = 11;
"""


@pytest.mark.slow
def test_customers_that_were_merged(postgres: Postgres, odoo: str, tmp_path: Path) -> None:
    """What one of two bought is the other's at the next sync, though nobody has touched it."""
    with warehouse(tmp_path / "both.duckdb") as both, warehouse(tmp_path / "fresh.duckdb") as fresh:
        read_into(both, "odoo", odoo)
        with altered(postgres, MERGED) as source:
            for into in (both, fresh):
                read_into(into, "odoo", source.url.get_secret_value(), accept_deletes=True)
        for table in TABLES:
            assert core(both, table) == core(fresh, table), table
        assert all(row["customer_id"] != "9" for row in core(both, "orders"))


# Prices have the 20 % of the products' tax in them; one attribute of variant {a} costs 6.00 more.
# Another company's tax says nothing here.
LISTED = """
UPDATE account_tax SET price_include = TRUE WHERE id = {tax};
DELETE FROM product_taxes_rel WHERE prod_id = {template};
CREATE TABLE others AS SELECT * FROM account_tax WHERE id = {tax};
UPDATE others SET id = 900, company_id = 2, amount = 8.1;
INSERT INTO account_tax SELECT * FROM others;
INSERT INTO product_taxes_rel (prod_id, tax_id) VALUES ({template}, {tax}), ({template}, 900);
UPDATE product_template SET list_price = 114 WHERE id = {template};
UPDATE product_template_attribute_value SET price_extra = 6 WHERE id = (
    SELECT min(product_template_attribute_value_id) FROM product_variant_combination WHERE product_product_id = {a}
);
"""


def test_the_price_of_a_variant_is_without_tax(postgres: Postgres, odoo: str) -> None:
    """The list price is the template's; what an attribute costs more, and tax that it has in it, are the variant's."""
    sql = """SELECT p.product_tmpl_id, min(p.id), max(p.id), (SELECT min(id) FROM account_tax WHERE amount = 20)
        FROM product_product AS p JOIN product_variant_combination AS c ON c.product_product_id = p.id
        GROUP BY 1 HAVING count(DISTINCT p.id) > 1 ORDER BY 1 LIMIT 1"""
    template, a, b, tax = postgres.run("odoo17", sql).strip().split("|")
    assert odoo
    with altered(postgres, LISTED.format(template=template, a=a, tax=tax)) as source:
        prices = {row["variant_id"]: row["unit_price_net"] for row in core_rows(source, "products")}
    assert (prices[a], prices[b]) == (100, 95)


# Line {given} of a credit note gives a down payment back. Another line of it, of two pieces at 10.00, is what was delivered
# in the end: Odoo turns the signs of an invoice that would be negative.
DOWN_PAYMENT = """
CREATE TABLE paid AS SELECT * FROM sale_order_line WHERE id = {ordered};
UPDATE paid SET id = 9001, is_downpayment = TRUE, product_uom_qty = 0, price_subtotal = 0, price_total = 0;
INSERT INTO sale_order_line SELECT * FROM paid;
UPDATE sale_order_line_invoice_rel SET order_line_id = 9001 WHERE invoice_line_id = {given};
CREATE TABLE delivered AS SELECT * FROM account_move_line WHERE id = {given};
UPDATE delivered SET id = 90001, quantity = -2, price_unit = 10, price_subtotal = -20, price_total = -24;
INSERT INTO account_move_line SELECT * FROM delivered;
INSERT INTO sale_order_line_invoice_rel (invoice_line_id, order_line_id) VALUES (90001, {ordered});
"""


def test_a_down_payment_that_is_given_back_is_no_refund(postgres: Postgres, odoo: str) -> None:
    """Nor is what its credit note invoices: an order's line is a sale, its down payment is none."""
    sql = """SELECT l.id, x.order_line_id FROM account_move_line AS l
        JOIN account_move AS m ON m.id = l.move_id AND m.move_type = 'out_refund' AND m.state = 'posted'
        JOIN sale_order_line_invoice_rel AS x ON x.invoice_line_id = l.id ORDER BY 1 LIMIT 1"""
    before = {row["line_id"]: row for row in core_rows(Erp(connector="odoo", url=odoo), "refunds")}
    given, ordered = postgres.run("odoo17", sql).strip().split("|")
    with altered(postgres, DOWN_PAYMENT.format(given=given, ordered=ordered)) as source:
        after = {row["line_id"]: row for row in core_rows(source, "refunds")}
    assert before.pop(given)["amount_net"] > 0
    assert after == before


# The orders and prices of supplier {supplier} name a person who works there.
CONTACT = """
CREATE TABLE person AS SELECT * FROM res_partner WHERE id = {supplier};
UPDATE person SET id = 9001, parent_id = {supplier}, is_company = FALSE, supplier_rank = 0;
INSERT INTO res_partner SELECT * FROM person;
UPDATE purchase_order SET partner_id = 9001 WHERE partner_id = {supplier};
UPDATE product_supplierinfo SET partner_id = 9001 WHERE partner_id = {supplier};
"""


def test_a_contact_of_a_supplier_is_no_other_supplier(postgres: Postgres, odoo: str) -> None:
    supplier = postgres.run("odoo17", "SELECT min(partner_id) FROM purchase_order").strip()
    whole = Erp(connector="odoo", url=odoo)
    with altered(postgres, CONTACT.format(supplier=supplier)) as source:
        for table in ("suppliers", "purchase_lines", "products"):
            assert {tuple(row.values()) for row in core_rows(source, table)} == {
                tuple(row.values()) for row in core_rows(whole, table)
            }, table


# Where accounting is done by the bank's statement, 18 makes no entry of a payment; its invoice is open in the books until
# the statement has it. 901: all of invoice 24. 902: 1,000.00 for the invoices 130 (710.89) and 140 (799.42). 903: 500.00 of
# invoice 163 (1,329.63), which the statement has by now; 904: 300.00 of it, which it has not. 905: all of invoice 165, which the
# statement has, too. 906: a draft for invoice 190.
UNBOOKED = """
CREATE TABLE account_move__account_payment (payment_id integer, invoice_id integer);
ALTER TABLE account_payment ALTER move_id DROP NOT NULL, ADD state text, ADD date date, ADD company_id integer,
    ADD journal_id integer;
UPDATE account_payment AS p SET state = 'paid', date = m.date, company_id = m.company_id, journal_id = m.journal_id
FROM account_move AS m WHERE m.id = p.move_id;
CREATE TABLE made (id integer, amount numeric, state text, date date);
INSERT INTO made VALUES (901, 1092.40, 'in_process', '2026-01-10'), (902, 1000, 'in_process', '2026-01-11'),
    (903, 500, 'in_process', '2026-01-12'), (904, 300, 'in_process', '2026-01-13'), (905, 811.13, 'paid', '2026-01-14'),
    (906, 345.30, 'draft', '2026-01-15');
INSERT INTO account_payment SELECT (jsonb_populate_record(p, to_jsonb(m) || '{{"move_id": null}}')).*
FROM account_payment AS p, made AS m WHERE p.id = 6;
INSERT INTO account_move__account_payment VALUES (901, 24), (902, 130), (902, 140), (903, 163), (904, 163), (905, 165),
    (906, 190);
CREATE TABLE banked (id integer, invoice integer, amount numeric);
INSERT INTO banked VALUES (9003, 163, 500), (9005, 165, 811.13);
INSERT INTO account_move SELECT (jsonb_populate_record(m, jsonb_build_object('id', b.id, 'name', 'BNK1/' || b.id,
    'payment_id', NULL, 'date', '2026-01-20', 'statement_line_id', b.id))).*
FROM account_move AS m, banked AS b WHERE m.id = (SELECT move_id FROM account_payment WHERE id = 6);
INSERT INTO account_bank_statement_line (id, move_id, amount) SELECT id, id, amount FROM banked;
INSERT INTO account_move_line SELECT (jsonb_populate_record(l, jsonb_build_object('id', b.id, 'move_id', b.id, 'account_id',
    {receivable}, 'amount_currency', -b.amount, 'display_type', 'product'))).*
FROM account_move_line AS l, banked AS b WHERE l.id = 89;
INSERT INTO account_partial_reconcile (id, debit_move_id, credit_move_id, max_date, amount, debit_amount_currency,
    credit_amount_currency, company_id)
SELECT b.id, a.id, b.id, '2026-01-20', b.amount, b.amount, b.amount, 1
FROM banked AS b JOIN account_move_line AS a ON a.move_id = b.invoice AND a.display_type = 'payment_term';
UPDATE account_move AS m SET amount_residual = m.amount_residual - b.amount FROM banked AS b WHERE b.invoice = m.id;
"""


def test_what_was_paid_without_an_entry(postgres: Postgres, odoo: str) -> None:
    """Is not owed any more; what the bank's statement tells of it later is no second payment."""
    before = {row["payment_id"] for row in core_rows(Erp(connector="odoo", url=odoo), "payments")}
    receivable = postgres.run(
        "odoo17", "SELECT account_id FROM account_move_line WHERE display_type = 'payment_term' LIMIT 1"
    )
    with altered(postgres, UNBOOKED.format(receivable=receivable.strip())) as source:
        invoices = {row["invoice_id"]: row for row in core_rows(source, "invoices")}
        payments = {row["payment_id"]: row for row in core_rows(source, "payments")}
    assert {name: (row["amount"], row["invoice_id"]) for name, row in payments.items() if name not in before} == {
        "901": (Decimal("1092.4"), "24"), "902": (1000, None), "904": (300, "163"), "bank-9003": (500, "163"),
        "bank-9005": (Decimal("811.13"), "165"),
    }  # fmt: skip
    open_ = {"24": "0", "130": "0", "140": "510.31", "163": "529.63", "165": "0", "190": "345.3"}
    found = {name: (invoices[name]["amount_open"], invoices[name]["status"]) for name in open_}
    assert found == {name: (Decimal(left), "paid" if left == "0" else "open") for name, left in open_.items()}
    days = {name: str(invoices[name]["paid_at"])[:10] for name in open_}
    assert days == {
        "24": "2026-01-09", "130": "2026-01-10", "140": "None", "163": "None", "165": "2026-01-19", "190": "None",
    }  # fmt: skip
