"""What can be set differently in another shop: zones, states, stores, stock, catalogue, people; shown on made-up ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from echannel_connectors.models.company import Company
from tests.sources.made_up import (
    AWAITING,
    DELIVERED,
    PAID,
    REFUNDED,
    SHIPPED,
    STATES,
    Row,
    line,
    made_up,
    order,
    rows_of,
    settings,
    slip,
)

BOUTIQUES = [
    {"id": n, "id_shop_group": group, "name": name} for n, group, name in ((1, 1, "A"), (2, 1, "B"), (3, 2, "C"))
]


# -- moments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "local", "utc", "why"),
    [
        ("Europe/Paris", "2025-10-26 02:30:00", "2025-10-26 01:30", "the hour that comes twice is taken as the second"),
        ("Europe/Paris", "2025-10-26 01:59:59", "2025-10-25 23:59", "before it"),
        ("Europe/Paris", "2025-10-26 03:00:00", "2025-10-26 02:00", "after it"),
        ("Europe/Paris", "2025-03-30 02:30:00", "2025-03-30 01:30", "the hour that never was is taken as winter time"),
        ("America/New_York", "2025-11-02 01:30:00", "2025-11-02 06:30", "the second, west of UTC as well"),
        ("America/New_York", "2026-03-31 20:00:00", "2026-04-01 00:00", "another day in Paris"),
        ("Asia/Kolkata", "2026-03-31 03:00:00", "2026-03-30 21:30", "half an hour"),
    ],
)
def test_local_times(zone: str, local: str, utc: str, why: str, tmp_path: Path) -> None:
    """The shop's zone is applied once; the business day is the company's, wherever the shop's clock stands."""
    tables = {
        "configurations": settings(PS_TIMEZONE=zone),
        "orders": [order(1, date_add=local)],
        "order_details": [line(1, 1)],
        "order_slip": [slip(1, 1, [(1, 100, 120)], total_products_tax_excl=100, date_add=local)],
    }
    file = made_up(tmp_path, tables, Company(time_zone="Europe/Paris"))
    (row,) = rows_of(file, "SELECT ordered_at, order_date FROM core.orders")
    (back,) = rows_of(file, "SELECT refunded_at, refund_date FROM core.refunds")
    assert row["ordered_at"].strftime("%Y-%m-%d %H:%M") == utc, why
    paris = {"2026-04-01 00:00": date(2026, 4, 1), "2025-10-25 23:59": date(2025, 10, 26)}
    assert row["order_date"] == paris.get(utc, date.fromisoformat(utc[:10]))
    assert (back["refunded_at"], back["refund_date"]) == (row["ordered_at"], row["order_date"])


# -- states -----------------------------------------------------------------------------------------------------------


def named(*more: Row, without: int = 0) -> list[Row]:
    states = [state for state in (*STATES, *more) if state["id"] != without]
    return [{**state, "name": [{"language": 1, "text": state["name"]}]} for state in states]


def test_a_refunded_state_of_the_shops_own(tmp_path: Path) -> None:
    """The settings say which state means refunded; an order in it was a sale if it once was, otherwise never."""
    tables = {
        "configurations": settings(PS_OS_REFUND="21"),
        "order_states": named({"id": 21, "name": "Given back"}),
        "orders": [order(1, current_state=21), order(2, current_state=21), order(3, current_state=REFUNDED)],
        "order_details": [line(n, n) for n in (1, 2, 3)],
        "order_histories": [
            {"id": n, "id_order": of, "id_order_state": state, "date_add": "2026-03-10 12:00:00"}
            for n, (of, state) in enumerate(((1, PAID), (1, 21), (2, AWAITING), (2, 21), (3, PAID), (3, REFUNDED)), 1)
        ],
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT status, is_sale FROM core.orders ORDER BY order_id")
    assert [tuple(row.values()) for row in found] == [("returned", True), ("returned", False), ("draft", False)]


def test_a_state_that_is_no_longer_in_the_shop(tmp_path: Path) -> None:
    """A state deleted before it was ever read: the order itself still says whether it counts."""
    tables = {
        "order_states": named(without=SHIPPED),
        "orders": [order(1, current_state=SHIPPED, valid=True), order(2, current_state=SHIPPED, valid=False)],
        "order_details": [line(1, 1), line(2, 2)],
    }
    found = rows_of(
        made_up(tmp_path, tables), "SELECT status, source_status, is_sale FROM core.orders ORDER BY order_id"
    )
    assert [tuple(row.values()) for row in found] == [("confirmed", None, True), ("draft", None, False)]


def test_shipped_without_a_history(tmp_path: Path) -> None:
    """An order that was brought in from elsewhere has no history: its delivery note dates it, if it was shipped."""
    on = "2026-03-12 09:00:00"
    states = {1: SHIPPED, 2: DELIVERED, 3: PAID}
    tables = {"orders": [order(n, current_state=state, delivery_date=on) for n, state in states.items()]}
    found = rows_of(made_up(tmp_path, tables), "SELECT shipped_at, delivered_at FROM core.orders ORDER BY order_id")
    utc = datetime(2026, 3, 12, 8, tzinfo=UTC)
    assert [tuple(row.values()) for row in found] == [(utc, None), (utc, utc), (None, None)]


def test_shipped_and_refunded_later(tmp_path: Path) -> None:
    """The refunded state is none of the shipped ones, but what left was delivered in full; what never left was not."""
    history = [(1, PAID), (1, SHIPPED), (1, REFUNDED), (2, PAID), (2, REFUNDED), (3, SHIPPED), (3, PAID)]
    tables = {
        "orders": [order(1, current_state=REFUNDED), order(2, current_state=REFUNDED), order(3)],
        "order_details": [line(1, 1), line(2, 2), line(3, 3)],
        "order_histories": [
            {"id": n, "id_order": of, "id_order_state": state, "date_add": f"2026-03-1{n} 09:00:00"}
            for n, (of, state) in enumerate(history)
        ],
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT status, in_full FROM mart.orders ORDER BY order_id")
    assert [tuple(row.values()) for row in found] == [("returned", True), ("returned", False), ("confirmed", False)]


def test_what_nothing_delivers(tmp_path: Path) -> None:
    """An order of files and services alone is never shipped: nothing of it is waited for, as of the goods beside them."""
    tables = {
        "products": [{"id": 1, "price": 100}, {"id": 2, "price": 100, "is_virtual": True}],
        "orders": [order(1), order(2, current_state=SHIPPED), order(3)],
        "order_details": [
            line(1, 1),
            line(2, 1, product_id=2),
            line(3, 2),
            line(4, 2, product_id=2),
            line(5, 3, product_id=2),
        ],
    }
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT in_full, open_value_base FROM mart.orders ORDER BY order_id")
    assert [tuple(row.values()) for row in found] == [(False, 100), (True, 0), (None, 0)]


def test_a_delivery_slip_is_no_invoice(tmp_path: Path) -> None:
    """A state that delivers and invoices nothing, or a shop that writes no invoices: the shop's row has the number 0."""
    slips = {1: 0, 2: 7, 3: 0}  # the second order's was invoiced later; the first has an invoice of another row, too
    tables = {
        "orders": [order(n, total_paid_real=100, reference=f"R{n}") for n in slips],
        "order_details": [line(n, n, id_order_invoice=n) for n in slips],
        "order_invoices": [
            {"id": n, "id_order": of, "number": number, "total_paid_tax_excl": 100, "total_paid_tax_incl": 120,
             "date_add": "2026-03-11 10:00:00"}
            for n, of, number in [*((n, n, number) for n, number in slips.items()), (4, 1, 8)]
        ],
        "order_payments": [
            {"id": n, "order_reference": f"R{n}", "id_currency": 1, "amount": 100, "date_add": "2026-03-12 10:00:00"}
            for n in slips
        ],
    }  # fmt: skip
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT invoice_id, number, amount_open FROM core.invoices ORDER BY invoice_id")
    assert [tuple(row.values()) for row in found] == [("2", "7", 20), ("4", "8", 20)]
    assert rows_of(file, "SELECT invoice_id FROM core.invoice_lines") == [{"invoice_id": "2"}]
    paid = rows_of(file, "SELECT invoice_id FROM core.payments ORDER BY payment_id")
    assert [row["invoice_id"] for row in paid] == ["4", "2", None]


def test_carriers(tmp_path: Path) -> None:
    """The carrier that an order was last given, by its name of then, and whether a parcel can be followed."""
    tables = {
        "orders": [order(1), order(2), order(3)],
        "carriers": [{"id": 1, "name": "Slow"}, {"id": 2, "name": "Fast"}],
        "order_carriers": [
            {"id": 1, "id_order": 1, "id_carrier": 1}, {"id": 2, "id_order": 1, "id_carrier": 2, "tracking_number": "T1"},
            {"id": 3, "id_order": 2, "id_carrier": 1},
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT carrier, is_tracked FROM core.orders ORDER BY order_id")
    assert [tuple(row.values()) for row in found] == [("Fast", True), ("Slow", False), (None, None)]


# -- several stores ---------------------------------------------------------------------------------------------------


def test_each_store_with_its_own_zone_and_currency(tmp_path: Path) -> None:
    """A store's setting goes before its group's, and that before the installation's."""
    own = [
        {"id": 90, "name": "PS_TIMEZONE", "value": "America/New_York", "id_shop": 2, "id_shop_group": 1},
        {"id": 91, "name": "PS_TIMEZONE", "value": "Asia/Tokyo", "id_shop_group": 2},
        {"id": 92, "name": "PS_CURRENCY_DEFAULT", "value": "2", "id_shop_group": 2},
    ]
    tables = {
        "configurations": [*settings(), *own],
        "shops": BOUTIQUES,
        "orders": [order(n, id_shop=n, id_currency=2 if n == 3 else 1) for n in (1, 2, 3)],
        "order_details": [line(n, n) for n in (1, 2, 3)],
        "customers": [{"id": n, "id_shop": n, "date_add": "2026-03-10 12:00:00"} for n in (1, 2, 3)],
    }
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT store, ordered_at, fx_rate FROM core.orders ORDER BY order_id")
    assert [(row["store"], row["ordered_at"].hour, row["fx_rate"]) for row in found] == [
        ("1", 11, 1), ("2", 16, 1), ("3", 3, None),  # pounds of a store in pounds: nobody told their rate to the euro
    ]  # fmt: skip
    assert [row["unit_cost_currency"] for row in rows_of(file, "SELECT * FROM core.order_lines ORDER BY line_id")] == [
        "EUR", "EUR", "GBP",
    ]  # fmt: skip
    people = rows_of(file, "SELECT store, created_at FROM core.customers ORDER BY customer_id")
    assert [(row["store"], row["created_at"].hour) for row in people] == [("1", 11), ("2", 16), ("3", 3)]


def test_stock_of_stores_and_of_groups(tmp_path: Path) -> None:
    """Each store has its stock, a group that shares has one; what is left from before it shared does not count."""
    stock = [(1, 0, 0, 1, -4), (2, 1, 0, 0, 7), (3, 2, 0, 0, 8), (4, 3, 0, 0, 5), (5, 0, 0, 2, 6)]
    tables = {
        "shops": BOUTIQUES,
        "shop_groups": [
            {"id": 1, "name": "Shared", "share_stock": True}, {"id": 2, "name": "Apart", "share_stock": False},
        ],
        "products": [{"id": 1, "price": 1}],
        "stock_availables": [
            {"id": n, "id_product": 1, "id_product_attribute": variant, "id_shop": shop, "id_shop_group": group, "quantity": quantity}
            for n, shop, variant, group, quantity in stock
        ],
    }  # fmt: skip
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT warehouse_id, on_hand FROM core.stock_levels ORDER BY warehouse_id")
    assert [tuple(row.values()) for row in found] == [("3", 5), ("group 1", -4)]
    places = rows_of(file, "SELECT warehouse_id, name FROM core.warehouses ORDER BY warehouse_id")
    assert [tuple(row.values()) for row in places] == [("3", "C"), ("group 1", "Shared")]


@pytest.mark.parametrize(("is_shared", "expected"), [(True, [("", 6)]), (False, [("1", 7), ("2", 8)])])
def test_stock_of_one_group_of_stores(is_shared: bool, expected: list[tuple[str, int]], tmp_path: Path) -> None:
    """The only stock there is needs no name; a group that no longer shares has stock per store, and its old row is over."""
    tables = {
        "shops": BOUTIQUES[:2],
        "shop_groups": [{"id": 1, "name": "Both", "share_stock": is_shared}],
        "products": [{"id": 1, "price": 1}],
        "stock_availables": [
            {
                "id": n,
                "id_product": 1,
                "id_product_attribute": 0,
                "id_shop": n,
                "id_shop_group": 0 if n else 1,
                "quantity": 6 + n,
            }
            for n in (0, 1, 2)
        ],
    }
    file = made_up(tmp_path, tables)
    found = rows_of(file, "SELECT warehouse_id, on_hand FROM core.stock_levels ORDER BY warehouse_id")
    assert [tuple(row.values()) for row in found] == expected
    places = rows_of(file, "SELECT warehouse_id FROM core.warehouses ORDER BY warehouse_id")
    assert [row["warehouse_id"] for row in places] == [name for name, _ in expected if name]


def test_stock_of_stores_that_the_key_may_not_read(tmp_path: Path) -> None:
    """Without the right on the shops each store's stock still stands for itself; without that on their groups, a store's
    own row counts before its group's."""
    stock = [
        {
            "id": n,
            "id_product": 1,
            "id_product_attribute": 0,
            "id_shop": shop,
            "id_shop_group": group,
            "quantity": 4 + n,
        }
        for n, (shop, group) in enumerate([(1, 0), (2, 0), (0, 2), (0, 1)])
    ]
    tables: dict[str, list[Row]] = {"products": [{"id": 1, "price": 1}], "stock_availables": stock}
    sql = "SELECT warehouse_id, on_hand FROM core.stock_levels ORDER BY warehouse_id"
    for name, shops, rows, expected in (
        ("no shops", [], 2, [("1", 4), ("2", 5)]),
        ("no groups", BOUTIQUES, 4, [("1", 4), ("2", 5), ("group 2", 6)]),  # that of group 1 is left from before
    ):
        (folder := tmp_path / name).mkdir()
        file = made_up(folder, {**tables, "shops": shops, "stock_availables": stock[:rows]})
        assert [tuple(row.values()) for row in rows_of(file, sql)] == expected


@pytest.mark.parametrize(
    ("groups", "shops", "expected"), [([True], (0, 1), 6), ([False], (0, 1), 7), ([], (0, 1), 7), ([], (0,), 6)]
)
def test_stock_of_a_single_store(groups: list[bool], shops: tuple[int, ...], expected: int, tmp_path: Path) -> None:
    """One row counts, by the way in which the store keeps its stock; where that is not told, its own before its group's."""
    tables = {
        "shop_groups": [{"id": 1, "name": "Default", "share_stock": shared} for shared in groups],
        "products": [{"id": 1, "price": 1}],
        "stock_availables": [
            {"id": 9 - n, "id_product": 1, "id_product_attribute": 0, "id_shop": n, "id_shop_group": 1 - n, "quantity": 6 + n}
            for n in shops
        ],
    }  # fmt: skip
    found = rows_of(made_up(tmp_path, tables), "SELECT warehouse_id, on_hand FROM mart.inventory")
    assert [tuple(row.values()) for row in found] == [("", expected)]


def test_a_product_without_a_supplier(tmp_path: Path) -> None:
    """PrestaShop says 0 where there is none."""
    file = made_up(
        tmp_path, {"products": [{"id": 1, "price": 1, "id_supplier": 0}, {"id": 2, "price": 1, "id_supplier": 3}]}
    )
    found = rows_of(file, "SELECT supplier_id FROM core.products ORDER BY product_id")
    assert [row["supplier_id"] for row in found] == [None, "3"]


def test_stock_moves_in_each_way_of_telling_them(tmp_path: Path) -> None:
    """1.7 names a stock row, 1.6 with advanced stock the product and a warehouse; a product that is gone keeps its moves."""
    tables = {
        "configurations": settings(PS_STOCK_MVT_TRANSFER_TO="7", PS_STOCK_MVT_TRANSFER_FROM="6"),
        "stock_availables": [{"id": 9, "id_product": 1, "id_product_attribute": 4, "id_shop": 1, "quantity": 3}],
        "stock_movements": [
            {"id": n, "physical_quantity": 2, "date_add": "2026-03-10 12:00:00", "sign": 1, **fields}
            for n, fields in enumerate(
                (
                    {"id_stock": 9, "id_order": 1, "sign": -1}, {"id_stock": 9, "id_order": 1}, {"id_stock": 9},
                    {"id_stock": 10}, {"id_stock": 1, "id_product": 5, "id_product_attribute": 0, "id_warehouse": 3},
                    {"id_stock": 1, "id_product": 5, "id_warehouse": 3, "id_supply_order": 8},
                    {"id_stock": 1, "id_product": 5, "id_warehouse": 3, "id_stock_mvt_reason": 7, "sign": -1},
                ), 1,
            )
        ],
    }  # fmt: skip
    sql = "SELECT product_id, variant_id, warehouse_id, quantity, reason FROM core.stock_moves ORDER BY move_id"
    assert [tuple(row.values()) for row in rows_of(made_up(tmp_path, tables), sql)] == [
        ("1", "4", "", -2, "sale"), ("1", "4", "", 2, "customer_return"), ("1", "4", "", 2, "correction"),
        (None, None, "", 2, "correction"), ("5", "", "3", 2, "correction"), ("5", "", "3", 2, "purchase"),
        ("5", "", "3", -2, "transfer"),
    ]  # fmt: skip


# -- catalogue and people ---------------------------------------------------------------------------------------------


def test_a_product_whose_combinations_are_gone(tmp_path: Path) -> None:
    """It can be sold as such again; what was sold as a combination keeps its row, marked as deleted."""
    gone = datetime(2026, 3, 1, tzinfo=UTC)
    tables = {
        "products": [{"id": 1, "price": 9}, {"id": 2, "price": 9}, {"id": 3, "price": 9, "_deleted_at": gone}],
        "combinations": [
            {"id": 5, "id_product": 1, "price": 0, "_deleted_at": gone}, {"id": 6, "id_product": 2, "price": 0},
            {"id": 7, "id_product": 2, "price": "-1.5", "_deleted_at": gone}, {"id": 8, "id_product": 3, "price": 0},
        ],
    }  # fmt: skip
    sql = (
        "SELECT product_id, variant_id, unit_price_net, _deleted_at IS NULL AS is_live FROM core.products ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in rows_of(made_up(tmp_path, tables), sql)] == [
        ("1", "", 9, True), ("1", "5", 9, False), ("2", "6", 9, True), ("2", "7", Decimal("7.5"), False),
        ("3", "8", 9, False),
    ]  # fmt: skip


def test_the_path_of_a_category(tmp_path: Path) -> None:
    """From below the home page down to the category; a name that the company's language lacks is taken as it is."""
    names = {1: (0, "Root", False), 2: (1, "Home", True), 3: (2, "Clothes", False), 4: (3, "Shirts", False)}
    tables: dict[str, list[Row]] = {
        "categories": [
            {"id": n, "id_parent": parent, "is_root_category": is_root, "name": [{"language": 7, "text": name}]}
            for n, (parent, name, is_root) in names.items()
        ],
        "products": [{"id": n, "price": 1, "id_category_default": n} for n in (2, 3, 4, 5)],
    }
    found = rows_of(made_up(tmp_path, tables), "SELECT category, category_path FROM core.products ORDER BY product_id")
    assert [tuple(row.values()) for row in found] == [
        ("Home", "Home"), ("Clothes", "Clothes"), ("Shirts", "Clothes / Shirts"), (None, None),
    ]  # fmt: skip


def test_a_guest_who_comes_back(tmp_path: Path) -> None:
    """Each guest order makes a new customer; the e-mail's hash knows them again: one new customer, two orders."""
    tables = {
        "customers": [{"id": n, "email_hash": "same person", "is_guest": True} for n in (1, 2)],
        "orders": [order(1, id_customer=1), order(2, id_customer=2, date_add="2026-03-20 12:00:00")],
        "order_details": [line(1, 1), line(2, 2)],
    }
    sql = "SELECT order_sequence, customer_status FROM mart.sales ORDER BY order_id"
    assert [tuple(row.values()) for row in rows_of(made_up(tmp_path, tables), sql)] == [(1, "new"), (2, "returning")]


def test_companies(tmp_path: Path) -> None:
    """A company by its own fields or by an address; what it may owe and for how long; erased, its orders stay."""
    gone = datetime(2026, 3, 1, tzinfo=UTC)
    tables = {
        "countries": [{"id": 1, "iso_code": "FR"}, {"id": 2, "iso_code": "US"}],
        "states": [{"id": 9, "iso_code": "CA"}],
        "customers": [
            {"id": 1, "company": "Dupont SA", "max_payment_days": 30, "outstanding_allow_amount": 500},
            {"id": 2, "outstanding_allow_amount": 0}, {"id": 3, "siret": "123", "_deleted_at": gone}, {"id": 4},
        ],
        "addresses": [
            {"id": 1, "id_customer": 2, "id_country": 2, "id_state": 9, "vat_number": "FR1", "company": "Martin",
             "date_upd": "2026-01-01 00:00:00"},
            {"id": 2, "id_customer": 2, "id_country": 1, "date_upd": "2026-02-01 00:00:00"},
            {"id": 3, "id_customer": 2, "id_country": 2, "deleted": True, "date_upd": "2026-03-01 00:00:00"},
        ],
        "orders": [order(n, id_customer=n) for n in (1, 2, 3, 4, 5)],
    }  # fmt: skip
    file = made_up(tmp_path, tables)
    sql = """SELECT kind, company, country, region, has_vat_number, payment_days, credit_limit FROM core.customers
             ORDER BY customer_id"""
    assert [tuple(row.values()) for row in rows_of(file, sql)] == [
        ("b2b", "Dupont SA", None, None, False, 30, 500), ("b2b", "Martin", "FR", None, True, None, None),
        ("b2b", None, None, None, False, None, None), ("b2c", None, None, None, False, None, None),
    ]  # fmt: skip
    orders = rows_of(file, "SELECT customer_id, channel FROM core.orders ORDER BY order_id")
    assert [tuple(row.values()) for row in orders] == [
        ("1", "b2b_web"), ("2", "b2b_web"), ("3", "b2b_web"), ("4", "b2c_web"), ("5", "b2c_web"),
    ]  # fmt: skip


def test_carts(tmp_path: Path) -> None:
    """A cart that was ordered is worth the goods of its orders; what another would have cost is not told."""
    tables = {
        "carts": [{"id": n, "id_customer": n - 1, "id_currency": 2, "date_add": "2026-03-10 12:00:00"} for n in (1, 2, 3)],
        "orders": [order(1, id_cart=1, id_currency=2), order(2, id_cart=1, id_currency=2, total_products="50.5"), order(3, id_cart=9)],
    }  # fmt: skip
    sql = "SELECT customer_id, order_id, value_net, currency FROM core.carts ORDER BY cart_id"
    assert [tuple(row.values()) for row in rows_of(made_up(tmp_path, tables), sql)] == [
        (None, "1", Decimal("150.5"), "GBP"), ("1", None, None, "GBP"), ("2", None, None, "GBP"),
    ]  # fmt: skip


def test_a_version_that_lacks_fields(tmp_path: Path) -> None:
    """What a version or a key does not serve is empty, and nothing breaks: 1.7 has no vouchers, others no packs."""
    without = [
        "orders.valid", "orders.delivery_date", "orders.invoice_date", "products.product_bundle", "order_details.taxes",
        "order_details.product_quantity_reinjected", "customers.max_payment_days", "order_slip.order_slip_details",
    ]  # fmt: skip
    tables: dict[str, list[Row]] = {
        "orders": [order(1)], "order_details": [line(1, 1)], "products": [{"id": 1, "price": 9}],
        "customers": [{"id": 1}],
        "order_slip": [{key: value for key, value in slip(1, 1, total_products_tax_excl=5).items() if key != "order_slip_details"}],
    }  # fmt: skip
    file = made_up(tmp_path, tables, without=without)
    assert [tuple(row.values()) for row in rows_of(file, "SELECT kind, net FROM mart.sales ORDER BY kind")] == [
        ("refund", -5), ("sale", 100),
    ]  # fmt: skip
