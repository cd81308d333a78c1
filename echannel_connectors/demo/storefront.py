"""The tables of the shop that do not trade: catalogue, carriers, currencies, vouchers, two stores in one group."""

from __future__ import annotations

from datetime import date

from echannel_connectors.demo.catalogue import BRANDS, CATEGORIES, ITEMS, PRODUCTS, SUPPLIERS, Product
from echannel_connectors.demo.schema import SCHEMA
from echannel_connectors.demo.story import FOOD_TAXES, Story, conversion_rate
from echannel_connectors.testing.shop.recording import Tables, read_recording
from echannel_connectors.testing.shop.schema import Row

CARRIERS = ("Colissimo domicile", "Point relais", "Chronopost Europe", "Parcelforce UK")
WELCOME, FREE_SHIPPING, CHRISTMAS, HELLO_UK = 1, 2, 3, 4
VOUCHERS = {
    WELCOME: ("WELCOME10", "10.00", "0.00", "0"),
    FREE_SHIPPING: ("FREESHIP", "0.00", "0.00", "1"),
    CHRISTMAS: ("NOEL5", "0.00", "5.00", "0"),
    HELLO_UK: ("HELLOUK15", "15.00", "0.00", "0"),
}
NO_MOMENT = "0000-00-00 00:00:00"


def catalogue_numbers() -> tuple[dict[str, int], dict[int, int]]:
    """The shop's ids: of each product by its SKU, of the combination of each item by the item's number."""
    products = {one.sku: number for number, one in enumerate(PRODUCTS, 1)}
    sized = [item.number for item in ITEMS if item.size]
    return products, {number: place for place, number in enumerate(sized, 1)}


def storefront(story: Story) -> Tables:
    """All tables of a shop that has not sold anything yet."""
    tables = read_recording(SCHEMA).tables
    opened = f"{story.start.year - 1}-09-01 09:00:00"
    tables["shop_groups"][1] |= {"name": "Atelier Breton", "share_stock": "1", "share_customer": "0"}
    tables["shops"] = {
        number: {**tables["shops"][1], "name": name}
        for number, name in ((1, "Atelier Breton"), (2, "Atelier Breton UK"))
    }
    for row in tables["currencies"].values():
        row["conversion_rate"] = str(conversion_rate(str(row["iso_code"]), story.today))
    for number, (name, rate) in FOOD_TAXES.items():
        tables["taxes"][number] = {"rate": rate, "active": "1", "deleted": "0", "name": both(name)}
    tables["carriers"] = {
        number: {"id_reference": str(number), "name": name, "active": "1", "deleted": "0", "delay": both("48 h")}
        for number, name in enumerate(CARRIERS, 1)
    }
    tables["cart_rules"] = {number: voucher(*about, opened) for number, about in VOUCHERS.items()}
    tables["manufacturers"] = _named(BRANDS, opened)
    tables["suppliers"] = _named([one.name for one in SUPPLIERS], opened)
    tables["categories"] = _categories(opened)
    tables |= _products(story, opened)
    return tables


def both(english: str, french: str = "") -> dict[str, str]:
    """A text in the shop's two languages."""
    return {"1": english, "2": french or english}


def voucher(code: str, percent: str, amount: str, free_shipping: str, at: str, customer: int = 0) -> Row:
    """A cart rule: a part or an amount of the price, or the shipping, is given."""
    return {
        "id_customer": str(customer), "date_from": at, "date_to": "2099-12-31 00:00:00", "quantity": "10000",
        "quantity_per_user": "10000", "priority": "1", "partial_use": "1", "code": code, "free_shipping": free_shipping,
        "reduction_percent": percent, "reduction_amount": amount, "reduction_tax": "1", "reduction_currency": "1",
        "active": "1", "date_add": at, "date_upd": at, "name": both(code),
    }  # fmt: skip


def _named(names: tuple[str, ...] | list[str], at: str) -> dict[int, Row]:
    return {
        number: {"name": name, "active": "1", "date_add": at, "date_upd": at} for number, name in enumerate(names, 1)
    }


def _categories(at: str) -> dict[int, Row]:
    names = {1: ("Root", "Racine"), 2: ("Home", "Accueil")}
    names |= {number: (english, french) for number, (_, english, french) in CATEGORIES.items()}
    return {
        number: {
            "id_parent": str(min(number - 1, 2)), "level_depth": str(min(number - 1, 2)), "active": "1",
            "id_shop_default": "1", "date_add": at, "date_upd": at, "name": both(english, french),
        }
        for number, (english, french) in names.items()
    }  # fmt: skip


def _products(story: Story, opened: str) -> Tables:
    products: dict[int, Row] = {}
    combinations: dict[int, Row] = {}
    stock: dict[int, Row] = {}
    sizes = {size: number for number, size in enumerate(dict.fromkeys(item.size for item in ITEMS if item.size), 1)}
    _, places = catalogue_numbers()
    for number, one in enumerate(PRODUCTS, 1):
        items = [item for item in ITEMS if item.product is one]
        products[number] = _product(one, number, story, opened)
        stock[len(stock) + 1] = stock_row(number, 0)
        for item in items if one.sizes else ():
            place = places[item.number]
            combinations[place] = {
                "id_product": str(number), "reference": item.sku, "ean13": item.ean, "quantity": "0",
                "price": "0.000000", "wholesale_price": "0.000000", "images": [],
                "product_option_values": [{"id": str(sizes[item.size])}],
            }  # fmt: skip
            stock[len(stock) + 1] = stock_row(number, place)
    return {
        "products": products,
        "combinations": combinations,
        "stock_availables": stock,
        "product_options": {1: {"group_type": "select", "position": "0", "name": both("Size", "Taille")}},
        "product_option_values": {
            number: {"id_attribute_group": "1", "position": str(number), "name": both(size)}
            for size, number in sizes.items()
        },
    }


def _product(one: Product, number: int, story: Story, opened: str) -> Row:
    item = next(item for item in ITEMS if item.product is one)
    launched = f"{first_sold(one, story)} 09:00:00" if one.role == "new" else opened
    priced = f"{date(story.today.year, 2, 1)} 08:00:00" if story.today >= date(story.today.year, 2, 1) else opened
    return {
        "id_manufacturer": str(one.brand), "id_supplier": str(one.supplier), "id_category_default": str(one.category),
        "id_tax_rules_group": "3" if one.is_food else "1", "manufacturer_name": BRANDS[one.brand - 1], "quantity": "0",
        "type": "simple", "id_shop_default": "1", "reference": one.sku, "ean13": "" if one.sizes else item.ean,
        "price": f"{story.price(item, story.today)}0000", "wholesale_price": f"{story.cost(item, story.today)}0000",
        "active": "1", "available_for_order": "1", "date_add": launched, "date_upd": max(launched, priced),
        "name": both(one.en, one.fr), "link_rewrite": both(f"p-{number}"),
        "categories": [{"id": "2"}, {"id": str(one.category)}],
    }  # fmt: skip


def first_sold(one: Product, story: Story) -> date:
    """The day from which the product is on offer."""
    return date(story.today.year - 1, 3, 1) if one.role == "new" else story.start


def stock_row(product: int, combination: int) -> Row:
    """A stock that both stores share: it belongs to their group."""
    return {
        "id_product": str(product), "id_product_attribute": str(combination), "id_shop": "0", "id_shop_group": "1",
        "quantity": "0", "depends_on_stock": "0", "out_of_stock": "2",
    }  # fmt: skip
