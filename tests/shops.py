"""Recorded shops, whole: what a recording did not show of a shop is filled in from the shop's own database."""

from __future__ import annotations

import csv

from echannel_connectors.testing.shop import FakeShop
from tests.places import recording, truth

ALIASES = {"orders": ("id_order", "orders"), "customers": ("id_customer", "customers")}


def whole(name: str) -> FakeShop:
    """The recorded shop. Of shop B the recording shows 133 of 151 orders and 68 of 74 customers (all others are of its
    second store): these come from the truth's files, so that both stores can be read through the webservice."""
    shop = FakeShop.from_recording(recording(name))
    for table, (key, file) in ALIASES.items():
        with (truth(name) / f"{file}.csv").open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                shop.tables[table].setdefault(int(row[key]), dict(row))
    return shop
