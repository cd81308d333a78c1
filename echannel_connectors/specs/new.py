"""The beginning of a connector: a spec in which everything that only its author knows is marked FILL_ME."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from echannel_connectors.models.core import TABLES, WORDS, CoreTable
from echannel_connectors.specs.feeds import used_columns
from echannel_connectors.specs.lint import DECIMALS, FILL_ME
from echannel_connectors.specs.meanings import meaning

SCHEMA = "spec.schema.json"
USUAL = ("customers", "products", "orders", "order_lines", "invoices", "payments", "stock_levels")
CHANGED = {"orders", "order_lines", "refunds", "invoices", "invoice_lines", "payments", "stock_moves", "purchase_lines"}
SCALES = {"money": 6, "quantity": 6, "rate": 8}
ALIASES = {"order_lines": "l", "invoice_lines": "l", "purchase_lines": "l", "refunds": "r"}

# What one row of each table is, for whoever fills in its FROM.
GRAINS = {
    "customers": "One row per customer: a company or a person that buys.",
    "products": "One row per thing that can be sold. A product without variants has variant_id ''.",
    "orders": "One row per order, quotes and drafts included: is_sale says which ones count.",
    "order_lines": "One row per line with goods. Per order: lines + shipping_net + rounding_net = total_net.",
    "order_discounts": "One row per voucher or discount of an order.",
    "refunds": "One row per line of a booked credit note to a customer; amounts are positive here.",
    "carts": "One row per cart.",
    "invoices": "One row per invoice or credit note to a customer; a credit note is negative here.",
    "invoice_lines": "One row per line of an invoice; those of a credit note are negative.",
    "payments": "One row per invoice that a payment pays; money that goes back is negative.",
    "stock_levels": "One row per product and warehouse, as it is now. Without warehouses, warehouse_id is ''.",
    "stock_moves": "One row per movement; the quantity is negative where goods leave.",
    "warehouses": "One row per warehouse.",
    "suppliers": "One row per supplier.",
    "purchase_lines": "One row per line of an order to a supplier.",
    "traffic": "One row per day, country, channel, source, campaign and device; visits, and what visitors did.",
    "traffic_users": "One row per period (day, week or month), country and channel: people never add up.",
    "ad_costs": "One row per day, source and campaign.",
    "web_orders": "One row per purchase that the web analytics saw, by the shop's order id or reference.",
    "web_items": "One row per day and article: views, carts and purchases.",
    "fx_rates": "One row per day and currency: units of the company's currency for one of it.",
    "markets": "One row per market that the company enters, with the day.",
    "costs": "One row per market, kind of cost and month: what no document tells.",
    "cost_rules": "One row per rule: what an order costs by payment method, carrier or channel, from a day on.",
    "targets": "One row per market, figure and month: what the company aims at.",
}


def skeleton(name: str, dialect: str, tables: Iterable[str], found: Iterable[str] = ()) -> str:
    """The text of a new spec. `found` are the tables of the ERP's database, if it was asked."""
    title = name.replace("_", " ").capitalize()
    parts = [
        f"# yaml-language-server: $schema={SCHEMA}",
        f"# {title}: replace each {FILL_ME}, then: echannel spec check connector_specs/{name}.yaml",
        "# Say here which version of the ERP was seen, and what surprised you.",
        f"connector: {name}",
        f"title: {{en: {title}, fr: {title}}}",
        f"dialect: {dialect}",
        "# parameters:  # what differs between installations; :company in the SQL",
        "#   company: {default: 1, help: {en: The number of the company, fr: Le numéro de la société}}",
        "",
        *_proposals(found),
        "tables:",
    ]
    used = used_columns()  # by marts: worth filling in first
    return "\n".join([*parts, *(line for table in tables for line in _table(TABLES[table], used.get(table, set())))])


def _table(core: CoreTable, used: set[str]) -> Iterator[str]:
    alias = ALIASES.get(core.name, core.name[0])
    yield f"  # {GRAINS[core.name]}"
    yield f"  {core.name}:"
    yield f"    from: {FILL_ME} AS {alias}"
    yield f"    # where: {alias}.company = :company"
    if core.name in CHANGED:
        yield "    # The moment of a row's last change. Without one the whole table is read at every sync."
        yield f"    cursor: {alias}.{FILL_ME}"
        if core.name.endswith("_lines") and core.name != "purchase_lines":
            yield f"    day: {alias}.{FILL_ME}  # of its header, so that a range of days can be read again"
    yield "    columns:"
    status = [column for column in core.types if (core.name, column) in WORDS and column == "status"]
    for column, word in core.types.items():
        if column not in status and not column.startswith(("duplicate_of_", "same_as_")):
            is_wanted = not used or column in used or column in core.key
            yield from _column(core, column, word, alias, is_wanted=is_wanted)
    for column in status:
        yield "    maps:"
        yield f"      {column}:"
        yield f"        sql: {alias}.{FILL_ME}"
        words = WORDS[core.name, column]
        yield f"        values: {{{FILL_ME}: {words[0]}}}  # the ERP's code: {', '.join(words)}"
        yield "        otherwise: null"
    yield ""


def _column(core: CoreTable, column: str, word: str, alias: str, *, is_wanted: bool) -> Iterator[str]:
    sql = f"{alias}.{FILL_ME}"
    if column == "email_hash":
        column, word = "email", "text; it is hashed before it is stored"
    text = f"{{sql: {sql}, scale: {SCALES[word]}}}" if word in DECIMALS else sql
    if column == "store" or (column in ("variant_id", "warehouse_id") and column in core.key):
        text = "\"''\""
    words = WORDS.get((core.name, column))
    said = f"{word}: {', '.join(words)}" if words else "; ".join(filter(None, (word, meaning(core.name, column))))
    note = "key, " if column in core.key else ""
    yield f"      {'' if is_wanted else '# '}{column}: {text}  # {note}{said}"


# -- what a database has ----------------------------------------------------------------------------------------------

LIKELY = {
    "customers": r"client|customer|partner|party|soci[eé]t|tiers|comptet",
    "products": r"product|article|item|produit",
    "orders": r"order|commande|docentete|sale|ordr",
    "order_lines": r"order.*line|line.*order|commandedet|docligne|sale.*line|rdr1",
    "invoices": r"invoice|facture|oinv|move$",
    "payments": r"pay|paiement|reglement|règlement",
    "stock_levels": r"stock|quant|inventor|artstock",
}


MOST_NAMES = 80  # of tables that are listed as they are


def _proposals(found: Iterable[str]) -> Iterator[str]:
    """Tables whose names look right, as comments: names are a guess, and said to be one."""
    names = sorted(found)
    if not names:
        return
    likely = {table: [name for name in names if re.search(word, name, re.IGNORECASE)] for table, word in LIKELY.items()}
    if any(likely.values()):
        guess = "By their names these may be worth a look (a guess, nothing more)"
        yield f"# The database has {len(names)} tables. {guess}:"
        yield from (f"#   {table}: {', '.join(near[:8])}" for table, near in likely.items() if near)
    else:
        yield f"# The database has {len(names)} tables, whose names tell nothing here:"
        yield from (f"#   {', '.join(names[start : start + 8])}" for start in range(0, min(len(names), MOST_NAMES), 8))
    yield ""
