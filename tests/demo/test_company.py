"""Atelier Breton holds together: the same every time, with every case a real company brings, to the cent."""

from __future__ import annotations

import gzip
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors.demo import Company, serve_demo
from echannel_connectors.demo.books import utc
from echannel_connectors.demo.schema import SCHEMA, extract
from echannel_connectors.demo.story import moment
from echannel_connectors.testing.shop.recording import Tables
from tests.places import recording

TODAY = date(2026, 11, 24)
CENT = Decimal("0.01")


@pytest.fixture(scope="module")
def company() -> Company:
    return Company(TODAY)


def test_nothing_is_written_down_before_the_last_look() -> None:
    """A row that is dated before somebody looked was there: who reads what has changed since would never see it."""
    living = Company(date(2026, 11, 1))
    living.advance(
        moment(date(2026, 11, 2), 12)
    )  # a Monday, on which is ordered, and the day on which Brighton is supplied
    books, look = living.books.rows, utc(living.now)
    before = {table: {n: dict(row) for n, row in books[table].items()} for table in books}
    living.advance(moment(date(2026, 11, 3), 12))
    for table in ("stock_mouvement", "commande_fournisseur", "commande", "facture", "paiement"):
        new = [row for n, row in books[table].items() if row != before[table].get(n)]
        assert [row for row in new if row["tms"] < look] == [], table
        assert new, table


@pytest.fixture(scope="module")
def shop(company: Company) -> Tables:
    return company.tables


@pytest.fixture(scope="module")
def erp(company: Company, tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    file = tmp_path_factory.mktemp("erp") / "erp.sqlite"
    company.write_erp(file)
    with closing(sqlite3.connect(file)) as connection:
        yield connection  # type: ignore[misc]  # a fixture that closes what it opened


def money(row: dict[str, object], name: str) -> Decimal:
    return Decimal(str(row[name]))


# -- the same company every time --------------------------------------------------------------------------------------


def test_the_same_day_gives_the_same_company(company: Company) -> None:
    """Row by row, in the shop and in the ERP."""
    again = Company(TODAY)
    assert again.tables == company.tables
    assert again.books.rows == company.books.rows


@pytest.mark.parametrize("today", [date(2027, 1, 1), date(2028, 2, 29), date(2026, 7, 14)])
def test_two_full_years_and_the_current_one(today: date) -> None:
    """Whatever the day, trade begins on a first of January two years before and ends on that morning."""
    orders = Company(today).tables["orders"].values()
    moments = [str(row["date_add"]) for row in orders]
    assert min(moments)[:7] == f"{today.year - 2}-01"
    assert str(today - timedelta(days=3)) < max(moments) < f"{today} 06:30:01"
    assert 2_400 < len(moments) < 3_600


def references(company: Company) -> dict[int, object]:
    return {number: row["reference"] for number, row in company.tables["orders"].items()}


@pytest.mark.slow
def test_a_second_run_is_the_same_company_a_little_later(company: Company, tmp_path: Path) -> None:
    """What was there is still there; a handful of orders, a refund and stock moves come on top."""
    with serve_demo(tmp_path, TODAY) as first:
        known = references(first.company)
        assert (first.run, first.changes, known) == (1, None, references(company))
    with serve_demo(tmp_path, TODAY) as second:
        later = references(second.company)
        assert {number: later[number] for number in known} == known
        assert second.run == 2
        assert second.changes is not None
        assert 5 <= second.changes.orders == len(later) - len(known) < 15
        assert min(second.changes.states, second.changes.refunds, second.changes.stock_moves) > 0
        assert second.company.shop.tables["orders"] is second.company.tables["orders"]
    with serve_demo(tmp_path, TODAY - timedelta(days=9)) as third:  # a clock set back does not set the company back
        assert third.company.now > second.company.now
        assert {number: references(third.company)[number] for number in later} == later


def test_after_some_days_the_company_has_lived_through_all_of_them() -> None:
    """A demo looked at again after a week shows the days in between."""
    company = Company(TODAY)
    company.advance(moment(TODAY + timedelta(days=7), 12))
    days = {str(row["date_add"])[:10] for row in company.tables["orders"].values()}
    assert {str(TODAY + timedelta(days=number)) for number in range(7)} <= days


def test_the_shipped_schema_is_what_the_recording_gives(tmp_path: Path) -> None:
    """A small file, made by a script from a recording of a real shop."""
    size = extract(recording("shop-a"), tmp_path / "schema.json.gz")
    assert gzip.decompress((tmp_path / "schema.json.gz").read_bytes()) == gzip.decompress(SCHEMA.read_bytes())
    assert size < 60_000


# -- every case is there -----------------------------------------------------------------------------------------------


def states(shop: Tables, number: int) -> list[str]:
    return [str(row["current_state"]) for row in shop["orders"].values() if row["current_state"] == str(number)]


def orders_by(shop: Tables, name: str) -> Counter[object]:
    return Counter(row[name] for row in shop["orders"].values())


def split_baskets(shop: Tables) -> list[object]:
    return [reference for reference, orders in orders_by(shop, "reference").items() if orders > 1]


def slips(shop: Tables, *, goods: bool, shipping: bool) -> list[object]:
    return [
        row for row in shop["order_slip"].values()
        if (money(row, "total_products_tax_excl") > 0, money(row, "total_shipping_tax_excl") > 0) == (goods, shipping)
    ]  # fmt: skip


def credits_spent(shop: Tables) -> list[object]:
    return [row for row in shop["order_discounts"].values() if str(row["name"]).startswith("V")]


def vouchers(shop: Tables, code: str) -> list[object]:
    return [row for row in shop["order_discounts"].values() if row["name"] == code]


def edited(shop: Tables) -> list[object]:
    """Carts of which more was sold than was in them: somebody called and wanted one more."""
    bought: Counter[int] = Counter()
    for row in shop["order_details"].values():
        order = shop["orders"][int(str(row["id_order"]))]
        bought[int(str(order["id_cart"]))] += int(str(row["product_quantity"]))
    rows = {number: row["cart_rows"] for number, row in shop["carts"].items()}
    carts = {number: sum(int(one["quantity"]) for one in found) for number, found in rows.items()}  # type: ignore[attr-defined]
    return [cart for cart, pieces in bought.items() if pieces > carts[cart]]


def b2b(shop: Tables, field: str) -> list[object]:
    table = "addresses" if field == "vat_number" else "customers"
    return [row for row in shop[table].values() if row[field]]


FEATURES: dict[str, Callable[[Tables], object]] = {
    "cancelled orders": lambda shop: states(shop, 6),
    "refunded orders": lambda shop: states(shop, 7),
    "payment errors": lambda shop: states(shop, 8),
    "on backorder": lambda shop: states(shop, 9),
    "awaiting a bank wire or a cheque": lambda shop: states(shop, 10) + states(shop, 1),
    "on their way": lambda shop: states(shop, 4),
    "pounds": lambda shop: orders_by(shop, "id_currency")["2"],
    "dollars": lambda shop: orders_by(shop, "id_currency")["3"],
    "the British store": lambda shop: orders_by(shop, "id_shop")["2"],
    "split baskets": split_baskets,
    "goods refunded": lambda shop: slips(shop, goods=True, shipping=False),
    "goods and shipping refunded": lambda shop: slips(shop, goods=True, shipping=True),
    "shipping refunded": lambda shop: slips(shop, goods=False, shipping=True),
    "store credit spent": credits_spent,
    "store credit left over": lambda shop: [1 for row in shop["cart_rules"].values() if str(row["code"])[-2:] == "-2"],
    "WELCOME10": lambda shop: vouchers(shop, "WELCOME10"),
    "free shipping": lambda shop: vouchers(shop, "FREESHIP"),
    "a voucher of an amount": lambda shop: vouchers(shop, "NOEL5"),
    "a voucher of one market": lambda shop: vouchers(shop, "HELLOUK15"),
    "gift wrapping": lambda shop: [1 for row in shop["orders"].values() if money(row, "total_wrapping") > 0],
    "edited orders": edited,
    "abandoned carts": lambda shop: {*shop["carts"]} - {int(str(row["id_cart"])) for row in shop["orders"].values()},
    "companies": lambda shop: b2b(shop, "company"),
    "SIRET numbers": lambda shop: b2b(shop, "siret"),
    "VAT numbers": lambda shop: b2b(shop, "vat_number"),
    "guests": lambda shop: [1 for row in shop["customers"].values() if row["is_guest"] == "1"],
    "no tax": lambda shop: [1 for row in shop["order_details"].values() if not row["taxes"]],
    "a reduced tax": lambda shop: [1 for row in shop["order_details"].values() if row["taxes"] == [{"id": "3"}]],
    "price cuts": lambda shop: [1 for row in shop["order_details"].values() if row["reduction_percent"] != "0.00"],
    "stock-outs": lambda shop: [1 for row in shop["stock_availables"].values() if row["quantity"] == "0"],
    "a negative stock": lambda shop: [1 for row in shop["stock_availables"].values() if str(row["quantity"])[0] == "-"],
    "american states": lambda shop: [1 for row in shop["addresses"].values() if row["id_state"] != "0"],
}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_shop_has(feature: str, shop: Tables) -> None:
    """A demo without refunds, split baskets or a stock-out would show a company that does not exist."""
    assert FEATURES[feature](shop)


ERP_FEATURES = {
    "orders of representatives": "SELECT count(*) FROM llx_commande WHERE fk_input_reason = 5",
    "orders by telephone": "SELECT count(*) FROM llx_commande WHERE fk_input_reason = 3",
    "drafts": "SELECT count(*) FROM llx_commande WHERE fk_statut = 0 AND ref LIKE '(PROV%'",
    "cancelled orders": "SELECT count(*) FROM llx_commande WHERE fk_statut = -1",
    "orders not shipped yet": "SELECT count(*) FROM llx_commande WHERE fk_statut = 1",
    "quotes": "SELECT count(*) FROM llx_propal",
    "credit notes": "SELECT count(*) FROM llx_facture WHERE type = 2 AND total_ht < 0",
    "credit notes not used yet": "SELECT count(*) FROM llx_facture WHERE type = 2 AND fk_statut = 1",
    "open invoices": "SELECT count(*) FROM llx_facture WHERE type = 0 AND fk_statut = 1",
    "overdue invoices": f"SELECT count(*) FROM llx_facture WHERE fk_statut = 1 AND date_lim_reglement < '{TODAY}'",
    "part payments": "SELECT count(*) - count(DISTINCT fk_facture) FROM llx_paiement_facture",
    "line discounts": "SELECT count(*) FROM llx_commandedet WHERE remise_percent > 0",
    "two warehouses": "SELECT count(DISTINCT fk_entrepot) = 2 FROM llx_product_stock WHERE reel > 0",
    "transfers": "SELECT count(*) FROM llx_stock_mouvement WHERE label LIKE 'Transfert%'",
    "purchases on their way": "SELECT count(*) FROM llx_commande_fournisseur WHERE fk_statut = 3",
    "purchases that are late":
        f"SELECT count(*) FROM llx_commande_fournisseur WHERE fk_statut = 3 AND date_livraison < '{TODAY}'",
    "pounds": "SELECT count(*) FROM llx_commande WHERE multicurrency_code = 'GBP' AND fk_input_reason <> 1",
    "customers": "SELECT count(*) BETWEEN 60 AND 100 FROM llx_societe WHERE client = 1",
    "several shipments": "SELECT count(*) FROM (SELECT 1 FROM llx_element_element WHERE targettype = 'shipping' "
                         "GROUP BY fk_source HAVING count(*) > 1)",
}  # fmt: skip


@pytest.mark.parametrize("feature", ERP_FEATURES)
def test_the_erp_has(feature: str, erp: sqlite3.Connection) -> None:
    """The same for the ERP: open receivables, late suppliers, quotes."""
    assert erp.execute(ERP_FEATURES[feature]).fetchone()[0] > 0


def test_about_sixty_products_in_six_categories(shop: Tables) -> None:
    """With sizes, costs, suppliers and brands, named in English and in French."""
    products = shop["products"].values()
    assert len(products) == 60
    assert len({row["id_category_default"] for row in products}) == 6
    assert all(set(row["name"]) == {"1", "2"} for row in products)  # type: ignore[call-overload]  # texts by language
    assert all(money(row, "price") > money(row, "wholesale_price") > 0 for row in products)
    assert len(shop["combinations"]) > 30


# -- the story ---------------------------------------------------------------------------------------------------------


def monthly(shop: Tables) -> Counter[str]:
    return Counter(str(row["date_add"])[:7] for row in shop["orders"].values())


def test_the_company_grows_and_december_is_its_best_month(shop: Tables) -> None:
    """A year has more orders than the one before; half a year ago one month went wrong."""
    months = monthly(shop)
    years = [sum(orders for month, orders in months.items() if month[:4] == year) for year in ("2024", "2025")]
    assert years[1] > years[0] * 1.1
    assert max(months, key=lambda month: months[month]) == "2025-12"
    assert months["2026-05"] < 0.75 * min(months["2026-04"], months["2026-06"])


def test_britain_is_entered_nine_months_ago(company: Company, shop: Tables) -> None:
    """Nothing before, more and more since, all in pounds and in a store of its own."""
    british = [row for row in shop["orders"].values() if row["id_shop"] == "2"]
    months = Counter(str(row["date_add"])[:7] for row in british)
    assert company.story.entry == date(2026, 2, 1)
    assert min(months) == "2026-02"
    assert sum(months[f"2026-{month:02}"] for month in (8, 9, 10)) > 1.5 * sum(
        months[f"2026-{month:02}"] for month in (2, 3, 4)
    )
    assert {row["id_currency"] for row in british} == {"2"}


def test_the_best_seller_was_missing(company: Company, shop: Tables) -> None:
    """While its maker was late, hardly any were sold."""
    start, end = company.story.stock_out
    sold: Counter[bool] = Counter()
    for row in shop["order_details"].values():
        day = str(shop["orders"][int(str(row["id_order"]))]["date_add"])[:10]
        if row["product_reference"] == "MAR-CLA-M" and "2026-06-01" <= day <= str(TODAY):
            sold[str(start) <= day < str(end)] += 1
    days_missing, days = (end - start).days, (TODAY - date(2026, 6, 1)).days
    assert sold[True] / days_missing < 0.5 * sold[False] / (days - days_missing)


# -- money ------------------------------------------------------------------------------------------------------------


def test_every_order_adds_up(shop: Tables) -> None:
    """Paid = products − discounts + shipping + wrapping, with and without tax; lines and vouchers add up to it."""
    lines: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in shop["order_details"].values():
        lines[int(str(row["id_order"]))][0] += money(row, "total_price_tax_excl")
        lines[int(str(row["id_order"]))][1] += money(row, "total_price_tax_incl")
    given: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in shop["order_discounts"].values():
        given[int(str(row["id_order"]))][0] += money(row, "value_tax_excl")
        given[int(str(row["id_order"]))][1] += money(row, "value")
    for number, row in shop["orders"].items():
        for place, (way, goods) in enumerate((("tax_excl", "total_products"), ("tax_incl", "total_products_wt"))):
            paid, discounts, shipping, wrapping = (
                money(row, f"total_{name}_{way}") for name in ("paid", "discounts", "shipping", "wrapping")
            )
            assert money(row, goods) == lines[number][place], number
            assert discounts == given[number][place], number
            assert paid == money(row, goods) - discounts + shipping + wrapping >= 0, number
        assert money(row, "total_paid") == money(row, "total_paid_tax_incl")


def test_every_line_and_slip_adds_up(shop: Tables) -> None:
    """A line is its price times its pieces, rounded; a slip is what came back, and never more than was sold."""
    back: Counter[str] = Counter()
    for row in shop["order_slip"].values():
        expected = Decimal(0)
        for one in row["order_slip_details"]:  # type: ignore[attr-defined]  # the rows of an association
            line = shop["order_details"][int(one["id_order_detail"])]
            back[one["id_order_detail"]] += int(one["product_quantity"])
            expected += money(line, "unit_price_tax_excl") * int(one["product_quantity"])
        assert expected == money(row, "total_products_tax_excl")
    for number, row in shop["order_details"].items():
        pieces = int(str(row["product_quantity"]))
        assert abs(money(row, "unit_price_tax_excl") * pieces - money(row, "total_price_tax_excl")) <= CENT / 2
        assert back[str(number)] == int(str(row["product_quantity_refunded"])) <= pieces
        assert 0 < money(row, "original_wholesale_price") < money(row, "unit_price_tax_excl") * 2


def test_what_was_paid_was_due(shop: Tables) -> None:
    """One payment for each basket that was paid: the sum of its orders."""
    due: dict[object, Decimal] = defaultdict(Decimal)
    for row in shop["orders"].values():
        if money(row, "total_paid_real") > 0:
            due[row["reference"]] += money(row, "total_paid")
    paid = {row["order_reference"]: money(row, "amount") for row in shop["order_payments"].values()}
    assert len(paid) == len(shop["order_payments"])
    odd = {reference for reference in {*paid, *due} if paid.get(reference) != due.get(reference)}
    assert len(odd) < 0.01 * len(paid)  # an edited order: the customer still owes a piece


def test_documents_of_the_erp_add_up(erp: sqlite3.Connection) -> None:
    """Header = Σ lines, in the company's currency and in the document's."""
    for header, lines, link in (("commande", "commandedet", "fk_commande"), ("facture", "facturedet", "fk_facture"),
                                ("commande_fournisseur", "commande_fournisseurdet", "fk_commande")):  # fmt: skip
        off = erp.execute(
            f"SELECT h.rowid FROM llx_{header} AS h JOIN llx_{lines} AS l ON l.{link} = h.rowid GROUP BY h.rowid "
            "HAVING abs(h.total_ht - sum(l.total_ht)) > 0.001 OR abs(h.total_ttc - h.total_ht - h.total_tva) > 0.001 "
            "OR abs(h.multicurrency_total_ttc - sum(l.multicurrency_total_ttc)) > 0.001"
        ).fetchall()
        assert off == [], header


def test_no_invoice_is_paid_too_much(erp: sqlite3.Connection) -> None:
    """Payments and credit notes of an invoice of a representative never exceed it; a closed one is settled exactly."""
    rows = erp.execute(
        "SELECT f.fk_statut, f.total_ttc - coalesce(p.paid, 0) - coalesce(r.used, 0) FROM llx_facture AS f "
        "LEFT JOIN (SELECT fk_facture, sum(amount) AS paid FROM llx_paiement_facture GROUP BY 1) AS p "
        "ON p.fk_facture = f.rowid "
        "LEFT JOIN (SELECT fk_facture, sum(amount_ttc) AS used FROM llx_societe_remise_except GROUP BY 1) AS r "
        "ON r.fk_facture = f.rowid WHERE f.type = 0 AND f.fk_soc NOT IN "
        "(SELECT fk_soc FROM llx_commande WHERE fk_input_reason = 1)"
    ).fetchall()
    assert len(rows) > 400
    assert all(open_amount > -0.001 for _, open_amount in rows)
    assert all(abs(open_amount) < 0.001 for status, open_amount in rows if status == 2)


# -- shop and ERP are one company --------------------------------------------------------------------------------------


def test_a_third_of_the_web_orders_is_in_the_erp_too(shop: Tables, erp: sqlite3.Connection) -> None:
    """Under the shop's reference, with the same net total."""
    shared = erp.execute(
        "SELECT ref_client, sum(round(multicurrency_total_ht * 100)) FROM llx_commande WHERE fk_input_reason = 1 "
        "GROUP BY 1"
    ).fetchall()
    credit: dict[int, Decimal] = defaultdict(Decimal)
    for row in shop["order_discounts"].values():
        if str(row["name"]).startswith("V"):
            credit[int(str(row["id_order"]))] += money(row, "value_tax_excl")
    totals: dict[object, Decimal] = defaultdict(Decimal)
    for number, row in shop["orders"].items():
        totals[row["reference"]] += money(row, "total_paid_tax_excl") + credit[number]
    assert 0.30 < len(shared) / len(totals) < 0.37
    assert all(Decimal(int(cents)) / 100 == totals[reference] for reference, cents in shared)


def test_products_have_the_same_sku_everywhere(shop: Tables, erp: sqlite3.Connection) -> None:
    """An item of the shop is a product of the ERP."""
    sized = {row["id_product"] for row in shop["combinations"].values()}
    skus = {row["reference"] for row in shop["combinations"].values()}
    skus |= {row["reference"] for number, row in shop["products"].items() if str(number) not in sized}
    assert skus == {ref for (ref,) in erp.execute("SELECT ref FROM llx_product WHERE fk_product_type = 0")}


def test_stock_is_the_sum_of_its_moves(shop: Tables, erp: sqlite3.Connection) -> None:
    """Per warehouse and per product; the shop promises what lies there less what the ERP still has to ship."""
    moved = erp.execute("SELECT fk_product, fk_entrepot, sum(value) FROM llx_stock_mouvement GROUP BY 1, 2").fetchall()
    held = erp.execute("SELECT fk_product, fk_entrepot, reel FROM llx_product_stock").fetchall()
    assert sorted(moved) == sorted(held)
    total = dict(erp.execute("SELECT ref, stock FROM llx_product WHERE fk_product_type = 0"))
    whole: Counter[object] = Counter()
    for row in shop["stock_availables"].values():
        product, size, pieces = row["id_product"], int(str(row["id_product_attribute"])), int(str(row["quantity"]))
        whole[product] += pieces if size else -pieces
        sku = (shop["combinations"][size] if size else shop["products"][int(str(product))])["reference"]
        if sku in total:
            assert pieces <= total[sku], sku
    sized = {row["id_product"] for row in shop["combinations"].values()}
    assert all(whole[product] == 0 for product in sized)
