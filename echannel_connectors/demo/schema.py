"""What the demo's shop is made of: fields, states, countries and settings of a real PrestaShop, without its business.

`shop_schema.json.gz` was written once from a recording, because the wheel holds no recordings:

    python -m echannel_connectors.demo.schema tests/data/prestashop/shop-a.jsonl.gz
"""

from __future__ import annotations

import sys
from pathlib import Path

from echannel_connectors.testing.shop.recording import Tables, keep, read_recording

SCHEMA = Path(__file__).with_name("shop_schema.json.gz")

EMPTY = (
    "addresses", "cart_rules", "carts", "combinations", "customers", "order_carriers", "order_details",
    "order_discounts", "order_histories", "order_invoices", "order_payments", "order_slip", "orders", "products",
    "stock_availables", "suppliers", "manufacturers", "categories", "carriers", "product_options",
    "product_option_values",
)  # fmt: skip
"""Resources that are served with the demo's own rows."""

AS_RECORDED = (
    "configurations", "countries", "currencies", "groups", "languages", "order_states", "shop_groups", "shops",
    "states", "taxes", "zones",
)  # fmt: skip
"""Resources whose rows a new shop starts with."""

SETTINGS = ("PS_OS_", "PS_TIMEZONE", "PS_LANG_DEFAULT", "PS_CURRENCY_DEFAULT", "PS_COUNTRY_DEFAULT", "PS_ROUND_TYPE",
            "PS_SHOP_DEFAULT", "PS_SHOP_NAME", "PS_MULTISHOP", "PS_STOCK_MANAGEMENT")  # fmt: skip
COUNTRIES = ("FR", "GB", "DE", "BE", "ES", "NL", "IE", "US", "IT", "PT", "LU", "CH")
STATES = ("NY", "CA", "MA", "IL", "WA")


def extract(recording: Path, into: Path = SCHEMA) -> int:
    """Write the reduced file; gives its size in bytes."""
    shop = read_recording(recording)
    wanted = {*EMPTY, *AS_RECORDED}
    shop.resources = {name: one for name, one in shop.resources.items() if name in wanted}
    shop.descriptions = {name: text for name, text in shop.descriptions.items() if name in wanted}
    main = max(shop.keys, key=lambda key: len(shop.keys[key]))
    shop.keys = {main: {name: rights for name, rights in shop.keys[main].items() if name in wanted}}
    shop.tables = _reduced(shop.tables)
    shop.name = "Atelier Breton"
    keep(shop, into)
    return into.stat().st_size


def _reduced(tables: Tables) -> Tables:
    kept: Tables = {name: {} for name in EMPTY}
    kept |= {name: tables[name] for name in AS_RECORDED}
    kept["configurations"] = {
        number: row for number, row in tables["configurations"].items() if str(row["name"]).startswith(SETTINGS)
    }
    kept["countries"] = {
        number: {**row, "active": "1"} for number, row in tables["countries"].items() if row["iso_code"] in COUNTRIES
    }
    american = {str(number) for number, row in kept["countries"].items() if row["iso_code"] == "US"}
    kept["states"] = {
        number: row
        for number, row in tables["states"].items()
        if row["iso_code"] in STATES and row["id_country"] in american
    }
    return kept


if __name__ == "__main__":
    sys.stdout.write(f"{extract(Path(sys.argv[1]))} bytes\n")
