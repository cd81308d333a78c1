"""What the model means by a column, held against the rows of an ERP: countries, rates, signs, references.

A rule that no row keeps is a mistake of the spec; one that some rows break may be the ERP's own data, and is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from echannel_connectors.models.company import COUNTRIES, CURRENCIES
from echannel_connectors.models.core import TABLES
from echannel_connectors.streams import Finding
from echannel_connectors.texts import Text, say

Ask = Callable[[str], list[tuple[Any, ...]]]
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of a table break it (`wrong`), of those that it is about (`among`), and what of them is `shown`."""

    table: str
    column: str
    what: Text
    wrong: str
    shown: str
    among: str = "TRUE"
    rows: str = ""  # what is counted, where that is not the table
    needs: tuple[str, ...] = ()  # other columns, of this table or as table.column
    is_of_data: bool = False  # no mistake of the spec even where every row breaks it
    is_of_all: bool = False  # nothing is wrong as long as one row keeps it

    def reads(self) -> Iterator[tuple[str, str]]:
        """The tables and columns without which it says nothing."""
        for name in (self.column, *self.needs):
            table, _, column = name.rpartition(".")
            yield table or self.table, column


def _codes(column: str, known: Collection[str], what: Text) -> Iterator[Rule]:
    listed = ", ".join(f"'{one}'" for one in sorted(known))
    for name, table in TABLES.items():
        if column in table.types:
            shown, among = f"'''' || {column} || ''''", f"{column} IS NOT NULL"
            yield Rule(name, column, what, f"{column} NOT IN ({listed})", shown, among)


def _references(table: str, columns: tuple[str, ...], other: str, key: tuple[str, ...], among: str = "TRUE") -> Rule:
    joined = " AND ".join(f"o.{theirs} = r.{ours}" for ours, theirs in zip(columns, key, strict=True))
    rows = f"(SELECT r.*, o.{key[0]} IS NULL AS is_lost FROM {table} AS r LEFT JOIN {other} AS o ON {joined})"
    there = " AND ".join(f"{one} IS NOT NULL" for one in columns)
    needs = (*columns[1:], *(f"{other}.{one}" for one in key))
    what, shown = say("{table} has no such row", table=other), f"concat_ws(', ', {', '.join(columns)})"
    return Rule(table, columns[0], what, "is_lost", shown, f"({there}) AND ({among})", rows, needs)


# Without these no figure knows what to do with a row.
COUNTED = {
    "orders": ("is_sale", "order_date", "currency", "total_net"),
    "order_lines": ("amount_net",),
    "refunds": ("refund_date", "currency", "amount_net"),
    "invoices": ("kind", "invoice_date", "currency", "amount_gross"),
}
PRODUCT = ("product_id", "variant_id")
BY_REFUND = "(SELECT refund_id, sum(amount_net) AS amount_net FROM refunds GROUP BY refund_id)"
NO_MONTH = say("NULL, which is in no month")
DATED = ("refunds", "refund_date"), ("invoices", "invoice_date")

RULES: tuple[Rule, ...] = (
    *_codes("country", COUNTRIES, say("no country of ISO 3166, such as FR or GB")),
    *_codes("currency", CURRENCIES, say("no currency of ISO 4217, such as EUR or GBP")),
    Rule("orders", "is_sale", say("no sale: no order counts then"), "is_sale IS NOT TRUE", "order_id", is_of_all=True),
    *(
        Rule(table, column, NO_MONTH, f"{column} IS NULL", TABLES[table].key[0])
        for table, column in DATED
    ),
    Rule("orders", "order_date", NO_MONTH, "order_date IS NULL", "order_id", "is_sale", needs=("is_sale",)),
    *(
        Rule(table, "fx_rate", say("a rate is more than 0"), "fx_rate <= 0", TABLES[table].key[0])
        for table in ("orders", "refunds", "invoices")
    ),
    Rule(
        "orders", "total_net", say("a sale is not negative: should it be a row of refunds?"), "total_net < 0",
        "order_id", "is_sale AND total_net <> 0", needs=("is_sale",),
    ),
    Rule(
        "orders", "rounding_net", say("more than a hundredth of total_net: is a discount or a charge left out?"),
        "abs(rounding_net) > 0.05 AND abs(rounding_net) * 100 > abs(total_net)", "order_id || ': ' || rounding_net",
        needs=("total_net",), is_of_data=True,
    ),
    Rule(
        "order_lines", "tax_rate", say("a rate of 0.2 is 20 %"), "abs(tax_rate) >= 1", "tax_rate", "tax_rate <> 0"
    ),
    Rule(
        "refunds", "amount_net", say("a refund is positive here"), "amount_net < 0", "refund_id",
        "amount_net <> 0", BY_REFUND,
    ),
    Rule(
        "invoices", "amount_net", say("a credit note is negative here"), "amount_net > 0", "invoice_id",
        "kind = 'credit_note' AND amount_net <> 0", needs=("kind",),
    ),
    Rule(
        "invoices", "amount_net", say("an invoice is positive here"), "amount_net < 0", "invoice_id",
        "kind = 'invoice' AND amount_net <> 0", needs=("kind",),
    ),
    _references("order_lines", ("order_id",), "orders", ("order_id",)),
    _references("order_lines", PRODUCT, "products", PRODUCT),
    _references("refunds", PRODUCT, "products", PRODUCT),
    _references("invoice_lines", PRODUCT, "products", PRODUCT),
    _references("stock_levels", PRODUCT, "products", PRODUCT),
    _references("orders", ("customer_id",), "customers", ("customer_id",), "customer_id NOT IN ('', '0')"),
    _references("invoices", ("customer_id",), "customers", ("customer_id",), "customer_id NOT IN ('', '0')"),
    _references("invoice_lines", ("invoice_id",), "invoices", ("invoice_id",)),
)  # fmt: skip


def columns_of(table: str) -> tuple[str, ...]:
    """What the rules read of a table."""
    ruled = (column for rule in RULES for name, column in rule.reads() if name == table)
    return tuple(dict.fromkeys((*COUNTED.get(table, ()), *ruled)))


def held(read: Mapping[str, Collection[str]], ask: Ask, place: Callable[[str, str], str]) -> Iterator[Finding]:
    """What breaks a rule, of the tables and columns that were read; one sentence where nothing does."""
    is_kept = True
    for table, columns in COUNTED.items():
        if missing := [column for column in columns if table in read and column not in read[table]]:
            is_kept = False
            sentence = say(
                "{table} has no {columns}: figures leave its rows out, or count them wrong",
                table=table, columns=", ".join(missing),
            )  # fmt: skip
            yield Finding("warning", sentence, place=place(table, ""))
    for rule in RULES:
        if all(column in read.get(table, ()) for table, column in rule.reads()):
            found = _broken(rule, ask, place)
            is_kept &= found is None
            if found is not None:
                yield found
    if is_kept:
        yield Finding("ok", say("countries, currencies, rates, signs and references are as the model means them"))


def _broken(rule: Rule, ask: Ask, place: Callable[[str, str], str]) -> Finding | None:
    rows = f"SELECT * FROM {rule.rows or rule.table} AS t WHERE {rule.among}"
    broken, every = ask(f"SELECT count(*) FILTER (WHERE {rule.wrong}), count(*) FROM ({rows})")[0]
    if not broken or (rule.is_of_all and broken < every):
        return None
    examples = ask(f"SELECT DISTINCT ({rule.shown})::text FROM ({rows}) WHERE {rule.wrong} ORDER BY ALL LIMIT {SHOWN}")
    sentence = say(
        "{column}: {what} ({n:,} of {all:,} rows, such as {examples})",
        column=f"{rule.table}.{rule.column}", what=rule.what, n=broken, all=every,
        examples="; ".join(str(one) for (one,) in examples),
    )  # fmt: skip
    is_mistake = broken == every and not rule.is_of_data
    return Finding("error" if is_mistake else "warning", sentence, place=place(rule.table, rule.column))
