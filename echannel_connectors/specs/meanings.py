"""What a column of core means, where its name does not tell whoever fills it from an ERP."""

from __future__ import annotations

# By column, and by table and column where that table means it more narrowly.
MEANINGS: dict[str, str] = {
    "country": "ISO 3166, two capital letters: FR, GB",
    "currency": "ISO 4217: EUR, GBP",
    "fx_rate": "the company's currency for one of `currency` on the document's day: 1 where both are the same",
    "tax_rate": "0.2 is 20 %",
    "variant_id": "'' where there are no variants",
    "warehouse_id": "'' where there are no warehouses",
    "customers.company": "the name of a company; NULL for a person",
    "products.unit_cost": "of one piece, without tax, in `currency`; NULL where it is not known, never 0",
    "products.unit_price_net": "of one piece, without tax",
    "orders.reference": "the number that people know",
    "orders.basket": "orders that were split from one share it; else the order's own id",
    "orders.store": "one shop of several; '' otherwise",
    "orders.country": "that of delivery, or of billing where there is none; ISO 3166: FR, GB",
    "orders.is_sale": "whether it counts: confirmed, and not cancelled",
    "orders.order_date": "the business day, where the company is",
    "orders.goods_net": "the lines without tax, before what discount_net takes off",
    "orders.discount_net": "what was taken off, without tax; positive",
    "orders.shipping_net": "what the customer pays for it, without tax",
    "orders.rounding_net": "the cents by which lines and shipping miss total_net",
    "orders.total_net": "all of it without tax: lines + shipping_net + rounding_net",
    "orders.store_credit_net": "paid by vouchers that came from credit notes: no discount",
    "orders.sales_rep": "a code, not a name",
    "orders.web_reference": "by what the shop's order is named here",
    "order_lines.unit_price_net": "of one piece, without tax, before discounts",
    "order_lines.discount_net": "its own and its part of the order's; positive",
    "order_lines.amount_net": "without tax, after all discounts",
    "order_lines.unit_cost": "of one piece on that day; NULL where it is not known, never 0",
    "order_lines.unit_cost_fx_rate": "the company's currency for one of unit_cost_currency",
    "refunds.quantity": "positive",
    "refunds.amount_net": "without tax; positive",
    "refunds.refund_date": "the business day on which it was booked",
    "invoices.amount_net": "without tax; negative for a credit note",
    "invoices.amount_tax": "negative for a credit note",
    "invoices.amount_gross": "with tax; negative for a credit note",
    "invoices.amount_open": "what is still to be paid today",
    "invoice_lines.amount_net": "without tax; negative for a credit note",
    "payments.amount": "with tax; negative where it goes back",
    "stock_levels.reserved": "of it, promised to orders",
    "stock_levels.available": "on_hand less reserved",
    "stock_levels.incoming": "ordered from suppliers",
    "stock_moves.quantity": "negative where goods leave",
}


def meaning(table: str, column: str) -> str:
    """What it means; "" where its name says it."""
    return MEANINGS.get(f"{table}.{column}") or MEANINGS.get(column, "")
