"""Dolibarr in MariaDB, PostgreSQL, SQLite and DuckDB: one spec, and the figures of Dolibarr's own classes in each."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from echannel_connectors import Erp
from echannel_connectors.models.core import TABLES
from tests.erp.test_sync import core, read_into, warehouse
from tests.erp.truth import Row, cents, core_rows, number, total, true_rows

DATABASES = (
    "dolibarr_sqlite",
    pytest.param("dolibarr_duckdb", marks=pytest.mark.slow),
    "dolibarr_postgres",
    pytest.param("dolibarr_mariadb", marks=pytest.mark.apt),
    pytest.param("dolibarr_mariadb_later", marks=pytest.mark.apt),
)


@pytest.fixture(scope="module", params=DATABASES)
def books(request: pytest.FixtureRequest) -> tuple[Erp, str]:
    """The ERP in one kind of database, and the name under which the truth keeps its state."""
    name = "dolibarr_later" if request.param.endswith("later") else "dolibarr"
    return Erp(connector="dolibarr", url=request.getfixturevalue(request.param)), name


def in_euro(amount: Decimal, rate: Decimal) -> Decimal:
    return (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def utc(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def test_orders(books: tuple[Erp, str]) -> None:
    """States, days, moments, countries, currencies and amounts, in the currency of the document."""
    source, name = books
    orders = core_rows(source, "orders")
    ours = {
        row["order_id"]: (
            row["reference"], row["customer_id"], row["source_status"], row["is_sale"], str(row["order_date"]),
            utc(row["ordered_at"]), row["country"], row["currency"],
            cents(row["total_net"]), cents(row["total_tax"]), cents(row["total_gross"]),
        )
        for row in orders
    }  # fmt: skip
    true = {
        row["id"]: (
            row["ref"], row["socid"], row["statut"], row["is_sale"] == "true", row["date"], row["date_creation"],
            row["shipping_contact_country"] or row["customer_country"], row["currency"],
            cents(row["multicurrency_total_ht"]), cents(row["multicurrency_total_tva"]),
            cents(row["multicurrency_total_ttc"]),
        )
        for row in true_rows(f"{name}_orders")
    }  # fmt: skip
    assert ours == true
    euros = {row["id"]: cents(row["total_ht"]) for row in true_rows(f"{name}_orders")}
    for row in orders:
        # Dolibarr rounds each amount in both currencies: the converted one may differ by the rounding of the rate.
        assert abs(in_euro(row["total_net"], row["fx_rate"]) - euros[row["order_id"]]) <= Decimal("0.02")
        assert row["total_net"] == row["goods_net"] - row["discount_net"] + row["shipping_net"] + row["rounding_net"]


def test_order_lines(books: tuple[Erp, str]) -> None:
    source, name = books
    ours = {
        row["line_id"]: (
            row["order_id"], row["variant_id"] or row["product_id"], row["sku"], number(row["quantity"]),
            cents(row["amount_net"]), number(row["delivered_quantity"]),
            number(row["unit_cost"]) if row["cost_kind"] == "of_the_day" else None,
        )
        for row in core_rows(source, "order_lines")
    }  # fmt: skip
    true = {
        row["line_id"]: (
            row["order_id"], row["product_id"], row["product_ref"], number(row["qty"]),
            cents(row["multicurrency_total_ht"]), number(row["shipped_qty"]),
            number(row["pa_ht"]) if Decimal(row["pa_ht"] or 0) else None,
        )
        for row in true_rows(f"{name}_order_lines", lambda row: row["product_type"] != "9")
    }  # fmt: skip
    assert ours == true


def test_lines_add_up_to_their_order(books: tuple[Erp, str]) -> None:
    source, _ = books
    lines: dict[str, Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "order_lines"):
        lines[row["order_id"]] += row["amount_net"]
    for order in core_rows(source, "orders"):
        assert lines[order["order_id"]] + order["shipping_net"] + order["rounding_net"] == order["total_net"]


def test_customers(books: tuple[Erp, str]) -> None:
    source, name = books
    used = {row["socid"] for what in ("orders", "invoices") for row in true_rows(f"{name}_{what}")}
    true = {
        row["id"]: (
            "b2c" if row["typent_code"] == "TE_PRIVATE" else "b2b", row["country"], row["email"],
            row["tva_intra"] is not None, row["status"] == "1", row["date_creation"],
        )
        for row in true_rows(f"{name}_customers")
        if row["client"] in ("1", "3") or row["id"] in used
    }  # fmt: skip
    ours = {
        row["customer_id"]: (
            row["kind"], row["country"], row["email"] or None, row["has_vat_number"], row["active"],
            utc(row["created_at"]),
        )
        for row in core_rows(source, "customers")
    }  # fmt: skip
    assert {key: row[:5] for key, row in ours.items()} == {key: row[:5] for key, row in true.items()}
    dated = {key for key, row in true.items() if row[5]}
    assert {key: ours[key][5] for key in dated} == {key: true[key][5] for key in dated}


def test_products(books: tuple[Erp, str]) -> None:
    """Variants stand under their parent; the cost is the weighted average, or the one entered by hand."""
    source, name = books
    ours = {
        row["variant_id"] or row["product_id"]: (
            row["sku"], row["name"], row["ean"], row["active"], number(row["unit_price_net"]), number(row["unit_cost"]),
            row["category"],
        )
        for row in core_rows(source, "products")
    }  # fmt: skip
    true = {
        row["id"]: (
            row["ref"], row["label"], row["barcode"], row["tosell"] == "1", number(row["price_ht"]),
            cost_of(row), row["categories"],
        )
        for row in true_rows(f"{name}_products")
    }  # fmt: skip
    assert ours == true
    assert {row["product_id"] for row in core_rows(source, "products") if row["variant_id"]} == {"1"}


def cost_of(row: Row) -> Decimal | None:
    """A cost of 0 is an unknown one."""
    return next((number(row[name]) for name in ("pmp", "cost_price") if Decimal(row[name] or 0)), None)


def test_stock_levels_and_moves(books: tuple[Erp, str]) -> None:
    source, name = books
    true = {(row["product_id"], row["warehouse_id"]): number(row["real"]) for row in true_rows(f"{name}_stock")}
    levels = {
        (row["variant_id"] or row["product_id"], row["warehouse_id"]): number(row["on_hand"])
        for row in core_rows(source, "stock_levels")
    }
    assert levels == true
    moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "stock_moves"):
        moved[row["variant_id"] or row["product_id"], row["warehouse_id"]] += row["quantity"]
    assert {key: number(value) for key, value in moved.items() if value} == {k: v for k, v in true.items() if v}


def test_refunds(books: tuple[Erp, str]) -> None:
    """Validated credit notes, positive, on their day; together they are what the totals say."""
    source, name = books
    notes = {r["id"]: r for r in true_rows(f"{name}_invoices") if r["type"] == "2" and r["statut"] in ("1", "2")}
    orders = {r["id"]: r["order_ids"] for r in true_rows(f"{name}_invoices")}
    ours: dict[str, list[Row]] = defaultdict(list)
    for row in core_rows(source, "refunds"):
        ours[row["refund_id"]].append(row)
    assert set(ours) == set(notes)
    for refund, rows in ours.items():
        note = notes[refund]
        assert {(str(row["refund_date"]), row["currency"]) for row in rows} == {(note["date"], note["currency"])}
        assert cents(total(rows, "amount_net")) == -cents(note["multicurrency_total_ht"])
        assert {row["order_id"] for row in rows} == {note["order_ids"] or orders[note["source_invoice_id"]]}
    true = {
        row["line_id"]: number(row["qty"])
        for row in true_rows(f"{name}_invoice_lines", lambda row: row["product_type"] != "9")
        if row["invoice_id"] in notes
    }
    assert {row["line_id"]: number(row["quantity"]) for rows in ours.values() for row in rows} == true


def test_invoices(books: tuple[Erp, str]) -> None:
    """Kinds, amounts with Dolibarr's signs, and what is still open after payments and credit notes."""
    source, name = books
    rows = {row["invoice_id"]: row for row in core_rows(source, "invoices")}
    ours = {
        key: (
            row["number"], row["kind"], row["customer_id"], row["currency"], str(row["invoice_date"]),
            str(row["due_date"]), cents(row["amount_net"]), cents(row["amount_gross"]), row["status"],
        )
        for key, row in rows.items()
    }  # fmt: skip
    states = {"0": "draft", "1": "open", "2": "paid", "3": "cancelled"}
    true = {
        row["id"]: (
            row["ref"], "credit_note" if row["type"] == "2" else "invoice", row["socid"], row["currency"], row["date"],
            row["due_date"], cents(row["multicurrency_total_ht"]), cents(row["multicurrency_total_ttc"]),
            states[row["statut"]],
        )
        for row in true_rows(f"{name}_invoices")
    }  # fmt: skip
    assert ours == true
    for row in true_rows(f"{name}_invoices"):
        mine = rows[row["id"]]
        if row["statut"] != "3":
            limit = Decimal(0) if row["currency"] == "EUR" else Decimal("0.02")
            assert abs(in_euro(mine["amount_open"], mine["fx_rate"]) - cents(row["open_amount"])) <= limit, row


def test_invoice_lines(books: tuple[Erp, str]) -> None:
    source, name = books
    rates = {row["id"]: row["currency"] for row in true_rows(f"{name}_invoices")}
    rows = {row["line_id"]: row for row in core_rows(source, "invoice_lines")}
    true = true_rows(f"{name}_invoice_lines", lambda row: row["product_type"] != "9")
    assert set(rows) == {row["line_id"] for row in true}
    for row in true:
        mine = rows[row["line_id"]]
        assert (mine["variant_id"] or mine["product_id"]) == row["product_id"]
        assert abs(mine["quantity"]) == Decimal(row["qty"])
        if rates[row["invoice_id"]] == "EUR":
            amounts = (cents(mine["amount_net"]), cents(mine["amount_tax"]))
            assert amounts == (cents(row["total_ht"]), cents(row["total_tva"]))


def test_payments(books: tuple[Erp, str]) -> None:
    """One row for each invoice that a payment pays."""
    source, name = books
    currencies = {row["id"]: row["currency"] for row in true_rows(f"{name}_invoices")}
    true = sorted(
        (row["invoice_id"], row["date"], row["method"], cents(row["amount"]) if currencies[row["invoice_id"]] == "EUR"
         else cents(row["multicurrency_total"]))
        for row in true_rows(f"{name}_payments")
    )  # fmt: skip
    paris = ZoneInfo("Europe/Paris")
    ours = sorted(
        (row["invoice_id"], row["paid_at"].astimezone(paris).date().isoformat(), row["method"], cents(row["amount"]))
        for row in core_rows(source, "payments")
    )
    assert ours == true


def test_purchase_lines(books: tuple[Erp, str]) -> None:
    source, name = books
    true = {
        row["line_id"]: (
            row["purchase_id"], row["socid"], row["product_id"], number(row["qty"]), number(row["received_qty"]),
        )
        for row in true_rows(f"{name}_purchase_lines")
    }  # fmt: skip
    ours = {
        row["line_id"]: (
            row["purchase_id"], row["supplier_id"], row["variant_id"] or row["product_id"], number(row["quantity"]),
            number(row["received_quantity"]),
        )
        for row in core_rows(source, "purchase_lines")
    }  # fmt: skip
    assert ours == true


@pytest.mark.parametrize("other", DATABASES[1:4])
def test_every_database_gives_equal_rows(request: pytest.FixtureRequest, dolibarr_sqlite: str, other: str) -> None:
    """The spec written for MySQL gives the same rows, types and digits in every database."""
    here = Erp(connector="dolibarr", url=dolibarr_sqlite)
    there = Erp(connector="dolibarr", url=request.getfixturevalue(other))
    for table, stream in here.streams().items():
        assert stream.shape == there.streams()[table].shape
        key = stream.shape.key
        mine, theirs = (
            sorted(core_rows(source, table), key=lambda row: tuple(str(row[name]) for name in key))
            for source in (here, there)
        )
        assert mine == theirs, table


def altered(database: str, folder: Path, script: str) -> Erp:
    """A copy of Dolibarr's database in SQLite that a script has changed."""
    file = folder / "lab.db"
    shutil.copy(database.removeprefix("sqlite:///"), file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(script)
    return Erp(connector="dolibarr", url=f"sqlite:///{file}")


# Half of invoice 8 is a progress billing, the rest a second one: its lines hold the work since the beginning, its
# totals the half that is new, as CommonObject::update_price() leaves them. In the newer way lines hold what is new.
PROGRESS = """
UPDATE llx_facture SET type = 5, situation_cycle_ref = 1, situation_counter = 1 WHERE rowid = 8;
CREATE TABLE bill AS SELECT * FROM llx_facture WHERE rowid = 8;
UPDATE bill SET rowid = 9001, ref = 'FA-9001', situation_counter = 2;
INSERT INTO llx_facture SELECT * FROM bill;
CREATE TABLE line AS SELECT * FROM llx_facturedet WHERE fk_facture = 8;
UPDATE line SET fk_prev_id = rowid, rowid = rowid + 90000, fk_facture = 9001, total_ht = 2 * total_ht,
    total_tva = 2 * total_tva, total_ttc = 2 * total_ttc;
INSERT INTO llx_facturedet SELECT * FROM line;
"""
NEWER = """
INSERT INTO llx_const (name, entity, value) VALUES ('INVOICE_USE_SITUATION', 1, '2');
UPDATE llx_facturedet SET total_ht = total_ht / 2, total_tva = total_tva / 2, total_ttc = total_ttc / 2
WHERE fk_facture = 9001;
"""


@pytest.mark.parametrize("script", [PROGRESS, PROGRESS + NEWER], ids=["older", "newer"])
def test_lines_of_a_progress_billing_add_up_to_it(dolibarr_sqlite: str, tmp_path: Path, script: str) -> None:
    source = altered(dolibarr_sqlite, tmp_path, script)
    lines = core_rows(source, "invoice_lines")
    bills = {row["invoice_id"]: row for row in core_rows(source, "invoices")}
    for bill in ("8", "9001"):
        for amount in ("amount_net", "amount_tax"):
            assert total((row for row in lines if row["invoice_id"] == bill), amount) == bills[bill][amount]


# Dispatch 1 lies in the draft of a reception, dispatch 2 was refused.
NOT_RECEIVED = """
INSERT INTO llx_reception (rowid, fk_statut) VALUES (1, 0);
UPDATE llx_commande_fournisseur_dispatch SET fk_reception = 1, status = 0 WHERE rowid = 1;
UPDATE llx_commande_fournisseur_dispatch SET status = 2 WHERE rowid = 2;
"""


def test_what_is_in_a_draft_or_was_refused_is_not_received(dolibarr_sqlite: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(dolibarr_sqlite.removeprefix("sqlite:///"))) as connection:
        sql = "SELECT sum(qty) FROM llx_commande_fournisseur_dispatch WHERE rowid > 2"
        true = connection.execute(sql).fetchone()[0]
    source = altered(dolibarr_sqlite, tmp_path, NOT_RECEIVED)
    assert total(core_rows(source, "purchase_lines"), "received_quantity") == Decimal(true)


def test_stock_that_leaves_by_an_invoice_was_sold(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """With STOCK_CALCULATE_ON_BILL; what a credit note brings back is a customer's return."""
    source = altered(dolibarr_sqlite, tmp_path, "UPDATE llx_facture SET type = 0")
    assert "customer_return" not in {row["reason"] for row in core_rows(source, "stock_moves")}
    returned = Erp(connector="dolibarr", url=dolibarr_sqlite)
    assert "customer_return" in {row["reason"] for row in core_rows(returned, "stock_moves")}


# All lines and totals in euro bear a second tax of 10 %, as in Quebec or for Spain's recargo; no VAT is charged on
# the lines of invoice 8, as in Guadeloupe (NPR): Dolibarr keeps it in total_tva all the same.
TAXES = """
UPDATE llx_facturedet SET total_localtax1 = total_ht / 10, total_ttc = total_ttc + total_ht / 10;
UPDATE llx_facture SET localtax1 = total_ht / 10, total_ttc = total_ttc + total_ht / 10;
UPDATE llx_commandedet SET total_localtax1 = total_ht / 10, total_ttc = total_ttc + total_ht / 10;
UPDATE llx_commande SET localtax1 = total_ht / 10, total_ttc = total_ttc + total_ht / 10;
UPDATE llx_facturedet SET total_ttc = total_ht, total_localtax1 = 0, info_bits = 1 WHERE fk_facture = 8;
UPDATE llx_facture SET total_ttc = total_ht, localtax1 = 0 WHERE rowid = 8;
"""


def test_tax_is_all_that_is_paid_on_top(dolibarr_sqlite: str, tmp_path: Path) -> None:
    source = altered(dolibarr_sqlite, tmp_path, TAXES)
    taxes: dict[str, Decimal] = defaultdict(Decimal)
    for row in core_rows(source, "invoice_lines"):
        taxes[row["invoice_id"]] += row["amount_tax"]
    for row in core_rows(source, "invoices"):
        assert row["amount_net"] + row["amount_tax"] == row["amount_gross"]
        assert taxes[row["invoice_id"]] == row["amount_tax"]
    assert taxes["8"] == 0
    lines = core_rows(source, "order_lines")
    for order in core_rows(source, "orders"):
        assert order["total_net"] + order["total_tax"] == order["total_gross"]
        assert total((row for row in lines if row["order_id"] == order["order_id"]), "amount_tax") == order["total_tax"]


def test_a_customer_whom_two_companies_share(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """Who is in another company's list is a customer here by a document of this one."""
    source = altered(dolibarr_sqlite, tmp_path, "UPDATE llx_societe SET entity = 2")
    bought = {row["customer_id"] for what in ("orders", "invoices") for row in core_rows(source, what)}
    assert {row["customer_id"] for row in core_rows(source, "customers")} == bought


def test_a_company_has_a_currency_of_its_own(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """What is set for all companies counts only where the company has not set it."""
    source = altered(
        dolibarr_sqlite, tmp_path, "INSERT INTO llx_const (name, entity, value) VALUES ('MAIN_MONNAIE', 0, 'USD')"
    )
    assert {row["currency"] for row in core_rows(source, "products")} == {"EUR"}


# Of order 1 50.00 (60.00 with tax) were paid by a credit note before, 30.00 (36.00) by a deposit; 5.00 (6.00) are a
# discount of its own. An insert_discount() of Dolibarr's leaves each as a negative line.
CREDITS = """
INSERT INTO llx_societe_remise_except (rowid, entity, fk_soc, amount_ht, fk_facture_source, description)
VALUES (901, 1, 1, 50, 6, '(CREDIT_NOTE)'), (902, 1, 1, 30, 1, '(DEPOSIT)'), (903, 1, 1, 5, NULL, 'Sorry');
INSERT INTO llx_commandedet (rowid, fk_commande, qty, subprice, total_ht, total_tva, total_ttc, tva_tx, product_type,
    fk_remise_except, remise_percent, description)
VALUES (90001, 1, 1, -50, -50, -10, -60, 20, 0, 901, 0, '(CREDIT_NOTE)'),
    (90002, 1, 1, -30, -30, -6, -36, 20, 0, 902, 0, '(DEPOSIT)'), (90003, 1, 1, -5, -5, -1, -6, 20, 0, 903, 0, 'Sorry');
UPDATE llx_commande SET total_ht = total_ht - 85, total_tva = total_tva - 17, total_ttc = total_ttc - 102
WHERE rowid = 1;
"""


def test_a_credit_that_pays_an_order_is_no_discount(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """What a credit note or a deposit pays was sold all the same; without an invoice it is a discount, and no piece."""
    before = {row["order_id"]: row for row in core_rows(Erp(connector="dolibarr", url=dolibarr_sqlite), "orders")}
    source = altered(dolibarr_sqlite, tmp_path, CREDITS)
    after = {row["order_id"]: row for row in core_rows(source, "orders")}
    changed = {"goods_net": 0, "discount_net": 5, "total_net": -5, "total_tax": -1, "total_gross": -6}
    for name, amount in changed.items():
        assert after["1"][name] == before["1"][name] + amount, name
    assert (after["1"]["store_credit_net"], after["1"]["store_credit_gross"]) == (80, 96)
    lines = [row for row in core_rows(source, "order_lines") if row["order_id"] == "1"]
    (discount,) = (row for row in lines if row["amount_net"] < 0)
    assert (discount["line_id"], discount["quantity"], discount["discount_net"]) == ("90003", 0, 5)
    assert total(lines, "amount_net") == after["1"]["total_net"]
    assert after["1"]["rounding_net"] == 0


# Credit note 6 (129.35) credits deposit 1 now. Credit note 16 (84.80) credits an invoice that had taken 100.00 of a
# deposit off: it gives 184.80 of goods back, and the deposit to its customer.
DEPOSITS = """
UPDATE llx_facture SET fk_facture_source = 1 WHERE rowid = 6;
INSERT INTO llx_facturedet (rowid, fk_facture, qty, subprice, total_ht, total_tva, total_ttc, tva_tx, product_type,
    fk_remise_except) VALUES (90001, 16, 1, 100, 100, 0, 100, 0, 0, 1);
UPDATE llx_facturedet SET total_ht = total_ht - 100, total_ttc = total_ttc - 100
WHERE rowid = (SELECT min(rowid) FROM llx_facturedet WHERE fk_facture = 16);
"""


def test_what_credits_a_deposit_is_no_refund(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """A deposit is no sale: sales are orders."""
    before = total(core_rows(Erp(connector="dolibarr", url=dolibarr_sqlite), "refunds"), "amount_net")
    refunds = core_rows(altered(dolibarr_sqlite, tmp_path, DEPOSITS), "refunds")
    assert total(refunds, "amount_net") == before - Decimal("129.35") + 100
    assert total((row for row in refunds if row["refund_id"] == "16"), "amount_net") == Decimal("184.80")


# Another company keeps the products and suppliers of this one (Dolibarr's multi-company shares them).
SHARED = "UPDATE llx_product SET entity = 2; UPDATE llx_societe SET entity = 2, fournisseur = 0"


def test_products_and_suppliers_that_two_companies_share(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """What was sold, bought or lies here is a product of this company; whom it was ordered from is a supplier."""
    source = altered(dolibarr_sqlite, tmp_path, SHARED)
    traded = {
        (row["product_id"], row["variant_id"])
        for what in ("order_lines", "invoice_lines", "purchase_lines", "stock_levels")
        for row in core_rows(source, what)
        if row["product_id"]
    }
    assert {(row["product_id"], row["variant_id"]) for row in core_rows(source, "products")} == traded
    bought = {row["supplier_id"] for row in core_rows(source, "purchase_lines")}
    assert {row["supplier_id"] for row in core_rows(source, "suppliers")} == bought


# Customer 26 and the recipient of an order have moved; the payment of a paid invoice was made on another day.
MOVED = """
UPDATE llx_societe SET fk_pays = 5, tms = '2026-11-03 08:00:00' WHERE rowid = 26;
UPDATE llx_socpeople SET fk_pays = 5, tms = '2026-11-03 08:00:00'
WHERE rowid = (SELECT min(fk_socpeople) FROM llx_element_contact);
UPDATE llx_paiement SET datep = '2026-07-14 12:00:00', tms = '2026-11-03 08:00:00'
WHERE rowid = (SELECT min(x.fk_paiement) FROM llx_paiement_facture AS x
    JOIN llx_facture AS f ON f.rowid = x.fk_facture AND f.fk_statut = 2);
"""


def test_what_changes_beside_a_document(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """A new address, and another day of payment, arrive at the next sync."""
    with warehouse(tmp_path / "both.duckdb") as both, warehouse(tmp_path / "fresh.duckdb") as fresh:
        read_into(both, "dolibarr", dolibarr_sqlite)
        lab = altered(dolibarr_sqlite, tmp_path, MOVED).url.get_secret_value()
        orders = {row["order_id"]: row["country"] for row in core(both, "orders")}
        for into in (both, fresh):
            read_into(into, "dolibarr", lab)
        for table in TABLES:
            assert core(both, table) == core(fresh, table), table
        assert {row["order_id"] for row in core(both, "orders") if row["country"] != orders[row["order_id"]]}


# Invoice 8 was paid by a credit note alone, and closed at noon in Paris.
CREDITED = """
DELETE FROM llx_paiement_facture WHERE fk_facture = 8;
UPDATE llx_facture SET fk_statut = 2, paye = 1, date_closing = '2026-07-01 12:00:00' WHERE rowid = 8;
"""


def test_an_invoice_that_a_credit_note_pays(dolibarr_sqlite: str, tmp_path: Path) -> None:
    """It is paid on the day on which Dolibarr closed it."""
    invoices = core_rows(altered(dolibarr_sqlite, tmp_path, CREDITED), "invoices")
    assert utc(next(row for row in invoices if row["invoice_id"] == "8")["paid_at"]) == "2026-07-01T10:00:00Z"
