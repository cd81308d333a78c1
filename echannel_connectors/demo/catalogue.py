"""What Atelier Breton sells: six categories, sixty products, their makers and their suppliers."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

Season = Literal["all", "winter", "summer", "gift"]
Role = Literal["", "best_seller", "dead", "overbought", "sold_out", "oversold", "new"]


@dataclass(frozen=True, slots=True)
class Product:
    """One product as the company thinks of it; `weight` is how often it is bought compared to the others."""

    sku: str
    en: str
    fr: str
    category: int
    price: Decimal  # without tax, in EUR, at the beginning
    cost: Decimal  # in EUR, at the beginning
    supplier: int
    brand: int
    weight: int
    sizes: tuple[str, ...] = ()
    season: Season = "all"
    role: Role = ""

    @property
    def is_food(self) -> bool:
        return self.category == BISCUITS


@dataclass(frozen=True, slots=True)
class Item:
    """What is sold: a product without sizes, or one size of a product."""

    number: int  # its place in ITEMS
    product: Product
    size: str
    sku: str
    share: Decimal  # its part of the product's sales
    ean: str

    @property
    def role(self) -> Role:
        """The product's, except that only two sizes of a product run out or are bought too much of."""
        narrow = self.product.role in ("sold_out", "oversold", "overbought") and self.size not in ("", "M", "L")
        return "" if narrow else self.product.role


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who makes the goods, and how many days after an order they arrive."""

    name: str
    country: str
    lead_time_days: int


TOPS, KNITWEAR, CERAMICS, BISCUITS, LINEN, ACCESSORIES = 3, 4, 5, 6, 7, 8
CATEGORIES = {
    TOPS: ("tops", "Breton tops", "Marinières"),
    KNITWEAR: ("knitwear", "Knitwear", "Maille"),
    CERAMICS: ("ceramics", "Ceramics", "Céramique"),
    BISCUITS: ("biscuits", "Biscuits & pantry", "Biscuits & épicerie"),
    LINEN: ("linen", "Home linen", "Linge de maison"),
    ACCESSORIES: ("accessories", "Accessories", "Accessoires"),
}
BRANDS = ("Atelier Breton", "Maison Kerguélen", "Faïencerie de l'Odet", "Biscuiterie du Trieux", "Toiles d'Armor")
SUPPLIERS = (
    Supplier("Tricotage du Léon", "FR", 21),
    Supplier("Filature Oliveira", "PT", 35),
    Supplier("Faïencerie de l'Odet", "FR", 28),
    Supplier("Biscuiterie du Trieux", "FR", 7),
    Supplier("Toiles d'Armor", "FR", 18),
    Supplier("Maroquinerie Vasseur", "FR", 25),
)
SIZE_SHARES = {"XS": 10, "S": 24, "M": 32, "L": 24, "XL": 10}


def _product(row: dict[str, str]) -> Product:
    return Product(
        sku=row["sku"],
        en=row["name_en"],
        fr=row["name_fr"],
        category=next(number for number, (word, _, _) in CATEGORIES.items() if word == row["category"]),
        price=Decimal(row["price"]),
        cost=Decimal(row["cost"]),
        supplier=int(row["supplier"]),
        brand=int(row["brand"]),
        weight=int(row["weight"]),
        sizes=tuple(row["sizes"].split()),
        season=row["season"],  # type: ignore[arg-type]  # the file's words are the literals' words
        role=row["role"],  # type: ignore[arg-type]
    )


def _products() -> tuple[Product, ...]:
    with Path(__file__).with_name("products.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_product(row) for row in csv.DictReader(file))


PRODUCTS = _products()


def _items() -> tuple[Item, ...]:
    found: list[Item] = []
    for one in PRODUCTS:
        shares = [SIZE_SHARES.get(size, 25) for size in one.sizes] or [1]
        for size, share in zip(one.sizes or ("",), shares, strict=True):
            sku = f"{one.sku}-{size}" if size else one.sku
            found.append(Item(len(found), one, size, sku, Decimal(share) / sum(shares), f"376001{len(found) + 1:07}"))
    return tuple(found)


ITEMS = _items()
"""Everything that can be put in a basket, in the order of its ids."""
