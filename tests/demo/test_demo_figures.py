"""The main job on the sample company: what the marts say equals what its own rows say, counted here by hand."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from echannel_connectors import project, sync
from echannel_connectors.demo import Company, serve_demo
from echannel_connectors.testing.shop.schema import Row

pytestmark = pytest.mark.slow  # two whole runs of the demo company

TODAY = date(2026, 11, 24)
CURRENCIES = {"1": "EUR", "2": "GBP", "3": "USD"}
SALE_STATES, REFUNDED = {"2", "3", "4", "5", "12"}, "7"
Figures = dict[tuple[str, ...], Decimal]


@dataclass(frozen=True, slots=True)
class Synced:
    """The company as it was in one run, and the warehouse as that run left it."""

    company: Company
    warehouse: Path
    changed: int

    def ask(self, sql: str) -> Figures:
        """The last column by the others; nothing stands for 0."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            rows = connection.execute(sql).fetchall()
        return {tuple(map(str, row[:-1])): Decimal(row[-1]) for row in rows if row[-1]}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Synced]:
    """Both runs of the demo: everything, and a few hours later."""
    folder, found = tmp_path_factory.mktemp("Démo"), []
    for number in (1, 2):
        with serve_demo(folder, TODAY) as demo:
            (folder / "echannel.yaml").write_text(demo.project("fr"), encoding="utf-8")
            opened = project.load(folder)
            result = sync(*opened.sources(), into=opened.warehouse(), company=opened.company)
        assert result.exit_code == 0
        kept = folder / f"run {number}.duckdb"
        shutil.copy(folder / "echannel.duckdb", kept)
        found.append(Synced(demo.company, kept, result.total("changed")))
    return found


@pytest.fixture(params=[0, 1], ids=["first run", "second run"])
def synced(request: pytest.FixtureRequest, runs: list[Synced]) -> Synced:
    """What is true after the first run has to be true after the second."""
    found: Synced = runs[request.param]
    return found


def amount(row: Row, name: str) -> Decimal:
    return Decimal(str(row[name]))


def sales(company: Company) -> dict[int, Row]:
    """Orders that count: in a state that is a sale, or refunded."""
    orders = company.tables["orders"].items()
    return {number: row for number, row in orders if row["current_state"] in {*SALE_STATES, REFUNDED}}


def vouchers(company: Company, *, credit: bool) -> dict[int, Decimal]:
    """Store credit, or free shipping, of each order."""
    found: dict[int, Decimal] = defaultdict(Decimal)
    for row in company.tables["order_discounts"].values():
        if str(row["name"]).startswith("V") if credit else row["free_shipping"] == "1":
            found[int(str(row["id_order"]))] += amount(row, "value_tax_excl")
    return found


def key(row: Row) -> tuple[str, str]:
    return str(row["date_add"])[:7], CURRENCIES[str(row["id_currency"])]


def by_month(rows: Iterator[tuple[tuple[str, ...], Decimal]]) -> Figures:
    found: Figures = defaultdict(Decimal)
    for where, value in rows:
        found[where] += value
    return {where: value for where, value in found.items() if value}


SHOP = (
    "SELECT strftime(date, '%Y-%m') AS month, currency, {what} FROM mart.sales "
    "WHERE source = 'shop' AND {kind} GROUP BY ALL"
)


def test_web_sales_of_every_month_and_currency(synced: Synced) -> None:
    """Goods less discounts: store credit is no discount, free shipping is less shipping."""
    credit, free = vouchers(synced.company, credit=True), vouchers(synced.company, credit=False)
    expected = by_month(
        (key(row), amount(row, "total_products") - amount(row, "total_discounts_tax_excl") + credit[n] + free[n])
        for n, row in sales(synced.company).items()
    )
    assert synced.ask(SHOP.format(what="sum(net)", kind="kind = 'sale'")) == expected
    assert len(expected) > 60


def test_web_totals_of_every_month_and_currency(synced: Synced) -> None:
    """With shipping and wrapping, before store credit."""
    credit = vouchers(synced.company, credit=True)
    expected = by_month(
        (key(row), amount(row, "total_paid_tax_excl") + credit[n]) for n, row in sales(synced.company).items()
    )
    assert synced.ask(SHOP.format(what="sum(net)", kind="kind <> 'refund'")) == expected


def test_web_orders_baskets_and_units(synced: Synced) -> None:
    """Baskets that were split in two count once as baskets."""
    counted = sales(synced.company)
    baskets = {(*key(row), str(row["reference"])) for row in counted.values()}
    lines = synced.company.tables["order_details"].values()
    units = by_month(
        (key(counted[order]), amount(row, "product_quantity"))
        for row in lines
        if (order := int(str(row["id_order"]))) in counted
    )
    sale = "kind = 'sale'"
    assert synced.ask(SHOP.format(what="sum(quantity)", kind=sale)) == units
    orders = by_month((key(row), Decimal(1)) for row in counted.values())
    assert synced.ask(SHOP.format(what="count(DISTINCT order_id)", kind=sale)) == orders
    once = by_month(((month, currency), Decimal(1)) for month, currency, _ in baskets)
    assert synced.ask(SHOP.format(what="count(DISTINCT basket)", kind=sale)) == once


@pytest.mark.parametrize(("column", "kind"), [("products", "IS NOT NULL"), ("shipping", "IS NULL")])
def test_web_refunds_of_every_month_and_currency(column: str, kind: str, synced: Synced) -> None:
    """On the day of the credit slip; goods and shipping apart."""
    orders = synced.company.tables["orders"]
    expected = by_month(
        (
            (str(row["date_add"])[:7], key(orders[int(str(row["id_order"]))])[1]),
            amount(row, f"total_{column}_tax_excl"),
        )
        for row in synced.company.tables["order_slip"].values()
    )
    assert synced.ask(SHOP.format(what="-sum(net)", kind=f"kind = 'refund' AND product_id {kind}")) == expected
    assert len(expected) > 10


def test_costs_are_those_of_the_day_in_euros(synced: Synced) -> None:
    """Whatever the order's currency; nothing is divided."""
    counted = sales(synced.company)
    lines = synced.company.tables["order_details"].values()
    expected = by_month(
        (key(counted[order]), amount(row, "original_wholesale_price") * amount(row, "product_quantity"))
        for row in lines
        if (order := int(str(row["id_order"]))) in counted
    )
    assert synced.ask(SHOP.format(what="sum(cost_base)", kind="kind = 'sale'")) == expected


def test_stock_of_shop_and_warehouses(synced: Synced) -> None:
    """To the piece, after the second run too."""
    tables = synced.company.tables
    sized = {row["id_product"] for row in tables["combinations"].values()}
    expected: Figures = {}
    for row in tables["stock_availables"].values():
        product, size = str(row["id_product"]), str(row["id_product_attribute"])
        if row["quantity"] != "0" and (size != "0" or product not in sized):
            expected["shop", product, size if size != "0" else "", ""] = amount(row, "quantity")
    for one in synced.company.books.rows["product_stock"].values():
        if one["reel"]:
            expected["books", str(one["fk_product"]), "", str(one["fk_entrepot"])] = Decimal(one["reel"])
    columns = "source, product_id, variant_id, warehouse_id, on_hand"
    assert synced.ask(f"SELECT {columns} FROM core.stock_levels WHERE _deleted_at IS NULL") == expected


def own_orders(company: Company) -> dict[int, dict[str, object]]:
    """The ERP's orders that did not come from the shop."""
    rows = company.books.rows["commande"]
    return {number: row for number, row in rows.items() if row["fk_statut"] > 0 and row["fk_input_reason"] != 1}


def test_sales_of_the_representatives(synced: Synced) -> None:
    """The ERP's own orders by month and currency; what the shop has sent on counts once, in the shop."""
    expected = by_month(
        ((str(row["date_commande"])[:7], str(row["multicurrency_code"])), Decimal(str(row["multicurrency_total_ht"])))
        for row in own_orders(synced.company).values()
    )
    assert synced.ask(SHOP.replace("'shop'", "'books'").format(what="sum(net)", kind="kind <> 'refund'")) == expected


def test_credit_notes_of_the_representatives(synced: Synced) -> None:
    """Credit notes of the ERP's own orders, on their own day; those of web orders are the shop's refunds."""
    books, own = synced.company.books.rows, own_orders(synced.company)
    invoiced = {
        one["fk_target"] for one in books["element_element"].values()
        if one["targettype"] == "facture" and one["fk_source"] in own
    }  # fmt: skip
    expected = by_month(
        ((str(row["datef"])[:7], str(row["multicurrency_code"])), -row["multicurrency_total_ht"])
        for row in books["facture"].values()
        if row["type"] == 2 and row["fk_facture_source"] in invoiced
    )
    assert synced.ask(SHOP.replace("'shop'", "'books'").format(what="-sum(net)", kind="kind = 'refund'")) == expected


def test_what_customers_owe(synced: Synced) -> None:
    """Invoices less payments and credit notes used, by currency."""
    books = synced.company.books.rows
    settled: dict[int, Decimal] = defaultdict(Decimal)
    for row in books["paiement_facture"].values():
        settled[row["fk_facture"]] += row["multicurrency_amount"]
    for row in books["societe_remise_except"].values():
        settled[row["fk_facture"]] += row["multicurrency_amount_ttc"]
    expected = by_month(
        ((str(row["multicurrency_code"]),), row["multicurrency_total_ttc"] - settled[number])
        for number, row in books["facture"].items()
        if row["fk_statut"] == 1
    )
    assert synced.ask("SELECT currency, sum(amount_open) FROM core.invoices GROUP BY 1") == expected


def test_a_web_order_in_the_erp_points_at_the_shops(synced: Synced) -> None:
    """Every order that was sent on is recognised, and no other one is."""
    books = synced.company.books.rows["commande"]
    sent = sum(1 for row in books.values() if row["fk_input_reason"] == 1)
    found = synced.ask("SELECT duplicate_of_source, count(*) FROM core.orders WHERE source = 'books' GROUP BY 1")
    assert found == {("shop",): sent, ("None",): len(books) - sent}


def test_the_second_run_reads_what_is_new(runs: list[Synced]) -> None:
    """A few hours are a small part of three years."""
    assert 0 < runs[1].changed < runs[0].changed / 100


def test_it_looks_like_a_real_small_company(synced: Synced) -> None:
    """Margin, refunds and stock are where a shop owner expects them."""
    sums = synced.ask(
        "SELECT * FROM (UNPIVOT (SELECT sum(margin_base) FILTER (WHERE kind = 'sale') AS margin, "
        "sum(cost_known_net_base) FILTER (WHERE kind = 'sale') AS known, "
        "sum(net_base) FILTER (WHERE kind = 'sale') AS net, "
        "-sum(net_base) FILTER (WHERE kind = 'refund') AS refunds FROM mart.sales) ON COLUMNS(*))"
    )
    assert Decimal("0.45") < sums["margin",] / sums["known",] < Decimal("0.60")
    assert Decimal("0.03") < sums["refunds",] / sums["net",] < Decimal("0.06")
    stock = synced.ask("SELECT status, count(*) FROM mart.inventory WHERE source = 'shop' GROUP BY 1")
    assert {status for (status,) in stock} == {"out_of_stock", "below_reorder_point", "healthy", "overstock", "dead"}
    assert stock["healthy",] == max(stock.values())


def test_every_mart_has_rows_to_look_at(synced: Synced) -> None:
    """Also what the company enters itself: Britain's costs and targets, and what an order costs."""
    with duckdb.connect(str(synced.warehouse), read_only=True) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart'"
        ).fetchall()
        empty = [name for (name,) in names if not connection.execute(f"SELECT 1 FROM mart.{name} LIMIT 1").fetchall()]
        assert empty == []
        share, known = (
            connection.execute("""SELECT sum(matched_orders) / sum(matchable_orders), count(DISTINCT channel_group)
            FROM mart.marketing_daily""").fetchall()[0]
        )
        assert 0.8 < share < 1  # one buyer in ten refuses to be counted
        assert known == 5
        britain = connection.execute("""SELECT min(months_to_break_even), max(cumulative_investment_base) > 3000,
            sum(target_net_base) > 0, min(fees_base) FILTER (WHERE orders > 0) > 0, sum(shipping_cost_base) > 0
            FROM mart.market_entry WHERE market = 'GB'""").fetchall()
        # Prepared for two months, paid back within the year.
        assert britain[0][0] in range(2, 9)
        assert britain[0][1:] == (True, True, True, True)
