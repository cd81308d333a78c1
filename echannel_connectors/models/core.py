"""The canonical tables of a trading company: columns and types, the same whatever the source (MODEL.md's contract).

A table is written as text, one `name: type` per column, because that is how people read and compare it.
`key` is unique within a source; every table starts with `source` and ends with `_deleted_at`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from echannel_connectors.arrow import ARROW_TYPES, SQL_TYPES


@dataclass(frozen=True, slots=True)
class CoreTable:
    """One canonical table. `types` maps each column (without `source`) to a word of `ARROW_TYPES`."""

    name: str
    key: tuple[str, ...]
    types: dict[str, str]

    def schema(self) -> pa.Schema:
        return pa.schema([(name, ARROW_TYPES[word]) for name, word in self.types.items()])

    def sql_type(self, column: str) -> str:
        return SQL_TYPES[self.types[column]]

    def with_extra(self, types: Mapping[str, str]) -> CoreTable:
        """The table with a company's own columns behind the model's."""
        return replace(self, types={**self.types, **types}) if types else self


def _table(name: str, key: str, columns: str) -> CoreTable:
    pairs = (column.split(":") for column in columns.replace("\n", ",").split(",") if column.strip())
    return CoreTable(name, tuple(key.split()), {column.strip(): word.strip() for column, word in pairs})


TABLES: dict[str, CoreTable] = {
    table.name: table
    for table in (
        _table(
            "customers",
            "customer_id",
            """customer_id: text, store: text, kind: text, company: text, customer_group: text, country: text
            region: text, created_at: moment, email_hash: text, has_vat_number: boolean, active: boolean
            payment_days: integer, credit_limit: money
            same_as_source: text, same_as_customer_id: text""",
        ),
        _table(
            "products",
            "product_id variant_id",
            """product_id: text, variant_id: text, sku: text, ean: text, name: text, category: text
            category_path: text, brand: text, supplier_id: text, unit_cost: money, unit_price_net: money
            currency: text, active: boolean, is_pack: boolean, created_at: moment""",
        ),
        _table(
            "orders",
            "order_id",
            """order_id: text, reference: text, basket: text, store: text, customer_id: text, channel: text
            status: text, source_status: text, is_sale: boolean, ordered_at: moment, order_date: date
            country: text, currency: text, fx_rate: rate, goods_net: money, discount_net: money
            shipping_net: money, rounding_net: money, total_net: money, total_tax: money, total_gross: money
            store_credit_net: money, store_credit_gross: money, payment_method: text, paid_at: moment
            shipped_at: moment, delivered_at: moment, promised_at: moment, carrier: text, is_tracked: boolean
            sales_rep: text, updated_at: moment, web_reference: text
            duplicate_of_source: text, duplicate_of_order_id: text""",
        ),
        _table(
            "order_lines",
            "order_id line_id",
            """order_id: text, line_id: text, product_id: text, variant_id: text, sku: text, name: text
            quantity: quantity, unit_price_net: money, discount_net: money, amount_net: money, amount_tax: money
            tax_rate: rate, unit_cost: money, unit_cost_currency: text, unit_cost_fx_rate: rate, cost_kind: text
            delivered_quantity: quantity""",
        ),
        _table(
            "order_discounts",
            "order_id discount_id",
            """order_id: text, discount_id: text, code: text, name: text, amount_net: money, amount_gross: money
            is_store_credit: boolean, is_free_shipping: boolean""",
        ),
        _table(
            "refunds",
            "refund_id line_id",
            """refund_id: text, line_id: text, order_id: text, product_id: text, variant_id: text
            quantity: quantity, back_to_stock: boolean, refunded_at: moment, refund_date: date, amount_net: money
            amount_tax: money, shipping_net: money, currency: text, fx_rate: rate, reason: text""",
        ),
        _table(
            "carts",
            "cart_id",
            """cart_id: text, customer_id: text, created_at: moment, updated_at: moment, order_id: text
            value_net: money, currency: text""",
        ),
        _table(
            "invoices",
            "invoice_id",
            """invoice_id: text, number: text, kind: text, customer_id: text, order_id: text, invoice_date: date
            due_date: date, currency: text, fx_rate: rate, amount_net: money, amount_tax: money
            amount_gross: money, amount_open: money, status: text, paid_at: moment""",
        ),
        _table(
            "invoice_lines",
            "invoice_id line_id",
            """invoice_id: text, line_id: text, product_id: text, variant_id: text, quantity: quantity
            amount_net: money, amount_tax: money, tax_rate: rate, order_id: text, order_line_id: text""",
        ),
        _table(
            "payments",
            "payment_id",
            """payment_id: text, order_id: text, basket: text, invoice_id: text, paid_at: moment, amount: money
            currency: text, method: text""",
        ),
        _table(
            "stock_levels",
            "product_id variant_id warehouse_id",
            """product_id: text, variant_id: text, warehouse_id: text, on_hand: quantity, reserved: quantity
            available: quantity, incoming: quantity, as_of: moment""",
        ),
        _table(
            "stock_moves",
            "move_id",
            """move_id: text, product_id: text, variant_id: text, warehouse_id: text, moved_at: moment
            quantity: quantity, reason: text""",
        ),
        _table("warehouses", "warehouse_id", "warehouse_id: text, name: text, country: text"),
        _table("suppliers", "supplier_id", "supplier_id: text, name: text, country: text, lead_time_days: integer"),
        _table(
            "purchase_lines",
            "purchase_id line_id",
            """purchase_id: text, line_id: text, supplier_id: text, product_id: text, variant_id: text
            warehouse_id: text, ordered_at: moment, expected_at: moment, received_at: moment
            quantity: quantity, received_quantity: quantity, unit_cost: money, currency: text, status: text""",
        ),
        _table(
            "traffic",
            "date country channel_group source_medium campaign device",
            """date: date, country: text, channel_group: text, source_medium: text, campaign: text, device: text
            sessions: integer, engaged_sessions: integer, item_views: integer, add_to_carts: integer, checkouts: integer
            purchases: integer, revenue_gross: money, revenue_refunded: money, currency: text, is_estimated: boolean""",
        ),
        _table(
            "traffic_users",
            "period starts_on country channel_group",
            """period: text, starts_on: date, country: text, channel_group: text, users: integer, new_users: integer""",
        ),
        _table(
            "ad_costs",
            "date source_medium campaign",
            """date: date, source_medium: text, campaign: text, cost: money, clicks: integer, impressions: integer
            currency: text""",
        ),
        _table(
            "web_orders",
            "transaction_id date",
            """transaction_id: text, date: date, channel_group: text, source_medium: text, campaign: text, country: text
            device: text, revenue_gross: money, revenue_refunded: money, currency: text""",
        ),
        _table(
            "web_items",
            "date item_id",
            """date: date, item_id: text, views: integer, add_to_carts: integer, checkouts: integer, purchases: integer
            revenue_gross: money""",
        ),
        _table("fx_rates", "date currency", "date: date, currency: text, rate: rate"),
        # What the company itself enters, in files (models/entered.py).
        _table("markets", "market", "market: text, entered_on: date"),
        _table(
            "costs",
            "market cost_kind month",
            "market: text, cost_kind: text, month: date, amount: money, currency: text",
        ),
        _table(
            "cost_rules",
            "kind applies_to valid_from",
            "kind: text, applies_to: text, valid_from: date, fixed_amount: money, rate: rate, currency: text",
        ),
        _table("targets", "market metric month", "market: text, metric: text, month: date, value: money"),
    )
}


# The words of the columns that hold one of a few (MODEL.md): marts and templates know these and no others.
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("customers", "kind"): ("b2b", "b2c"),
    ("orders", "channel"): ("b2c_web", "b2b_web", "marketplace", "sales_rep", "phone", "shop", "other"),
    ("orders", "status"): ("quote", "draft", "confirmed", "shipped", "completed", "cancelled", "returned"),
    ("order_lines", "cost_kind"): ("of_the_day", "supplier", "today", "unknown"),
    ("invoices", "kind"): ("invoice", "credit_note"),
    ("invoices", "status"): ("draft", "open", "paid", "cancelled"),
    ("cost_rules", "kind"): ("payment_fee", "shipping", "packaging"),
    ("purchase_lines", "status"): ("draft", "ordered", "received", "cancelled"),
}
