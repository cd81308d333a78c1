"""What a Tryton says of its own documents, asked of its models, as CSV; for tryton_books.py."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import proteus
from proteus import Model

Row = dict[str, Any]


def tell(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    companies = sorted(company.id for company in Model.get("company.company").find([]))
    for name, rows in TABLES.items():
        found = []
        for company in companies:
            _as_of(company)
            found += [{"company": company, **row} for row in rows(company)]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, found[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows({key: _text(value) for key, value in row.items()} for row in found)


def _as_of(company: int) -> None:
    user_model = Model.get("res.user")
    user = user_model(proteus.config.get_config().user)
    user.company = Model.get("company.company")(company)
    user.save()
    proteus.config.get_config()._context = user_model.get_preferences(True, {})


def _text(value: Any) -> Any:
    return repr(value) if isinstance(value, float) else value


def _of(model: str, company: int, *domain: object) -> Iterator[Model]:
    yield from Model.get(model).find([("company", "=", company), *domain], order=[("id", "ASC")])


def _orders(company: int) -> Iterator[Row]:
    for sale in _of("sale.sale", company):
        yield {
            "id": sale.id, "number": sale.number, "state": sale.state, "date": sale.sale_date,
            "currency": sale.currency.code, "untaxed": sale.untaxed_amount, "tax": sale.tax_amount,
            "total": sale.total_amount, "invoice_state": sale.invoice_state, "shipment_state": sale.shipment_state,
        }  # fmt: skip


def _progress(line: Model) -> float | None:
    """The part of a line that has moved; a kit has moved as far as the least of its components."""
    if line.components:
        moved = [_moved(part) / part.quantity for part in line.components]
        return float(min(moved))
    return _moved(line) / line.quantity if line.product and line.quantity else None


def _moved(line: Model) -> float:
    """In the line's unit, by Tryton's own conversion; what came back counts negative."""
    uom = proteus.config.get_config().pool.get("product.uom")
    total = 0.0
    for move in line.moves:
        if move.state == "done":
            unit = move.unit if "unit" in move._fields else move.uom
            outward = {"customer", "supplier"} & {move.to_location.type} - {"supplier"}
            sign = 1 if outward or move.from_location.type == "supplier" else -1
            total += sign * _convert(uom, unit, move.quantity, line.unit)
    return total


def _convert(uom: Any, unit: Model, quantity: float, to: Model) -> float:
    from trytond.transaction import Transaction

    config = proteus.config.get_config()
    with Transaction().start(config.database_name, config.user, readonly=True, context=config.context):
        return float(uom.compute_qty(uom(unit.id), quantity, uom(to.id), round=False))


def _order_lines(company: int) -> Iterator[Row]:
    for sale in _of("sale.sale", company):
        for line in sale.lines:
            if line.type == "line":
                yield {
                    "id": line.id, "order": sale.id, "product": line.product and line.product.id,
                    "code": line.product and line.product.code, "quantity": line.quantity,
                    "unit": line.unit and line.unit.symbol, "unit_price": line.unit_price, "amount": line.amount,
                    "moved": _progress(line), "is_shipping": line.shipment_cost is not None,
                }  # fmt: skip


def _invoices(company: int) -> Iterator[Row]:
    for bill in _of("account.invoice", company, ("type", "=", "out")):
        yield {
            "id": bill.id, "number": bill.number, "state": bill.state, "date": bill.invoice_date,
            "currency": bill.currency.code, "untaxed": bill.untaxed_amount, "tax": bill.tax_amount,
            "total": bill.total_amount, "to_pay": bill.amount_to_pay, "reconciled": bill.reconciled,
        }  # fmt: skip


def _invoice_lines(company: int) -> Iterator[Row]:
    for bill in _of("account.invoice", company, ("type", "=", "out")):
        for line in bill.lines:
            if line.type == "line":
                kind = line.account.type
                marks = ("unearned_revenue", "deposit", "gift_card")
                mark = next((mark for mark in marks if getattr(kind, mark, False)), "")
                origin = line.origin
                yield {
                    "id": line.id, "invoice": bill.id, "product": line.product and line.product.id,
                    "quantity": line.quantity, "amount": line.amount, "account": mark,
                    "origin": origin and f"{origin.__class__.__name__},{origin.id}",
                }  # fmt: skip


def _payments(company: int) -> Iterator[Row]:
    for bill in _of("account.invoice", company, ("type", "=", "out")):
        for line in bill.payment_lines:
            foreign = line.second_currency
            yield {
                "id": line.id, "invoice": bill.id, "date": line.date,
                "currency": foreign.code if foreign else bill.company.currency.code,
                "amount": -line.amount_second_currency if foreign else line.credit - line.debit,
            }  # fmt: skip


def _stock(company: int) -> Iterator[Row]:
    config = proteus.config.get_config()
    days = [move.effective_date for move in Model.get("stock.move").find([("state", "=", "done")])]
    today = max(days, default=None)
    for place in Model.get("stock.location").find([("type", "=", "warehouse")], order=[("id", "ASC")]):
        asked = {"locations": [place.id], "stock_date_end": today}
        with config.set_context(**asked):
            here = {found.id: found.quantity for found in _goods()}
        with config.set_context(**asked, stock_assign=True):
            free = {found.id: found.quantity for found in _goods()}
        for product, quantity in here.items():
            yield {"product": product, "warehouse": place.id, "quantity": quantity, "free": free[product]}


def _goods() -> list[Model]:
    found: list[Model] = Model.get("product.product").find([("type", "=", "goods")], order=[("id", "ASC")])
    return found


def _products(company: int) -> Iterator[Row]:
    for found in Model.get("product.product").find([], order=[("id", "ASC")]):
        yield {
            "id": found.id, "code": found.code, "type": found.type, "price": found.template.list_price,
            "cost": found.cost_price,
        }  # fmt: skip


def _purchase_lines(company: int) -> Iterator[Row]:
    for purchase in _of("purchase.purchase", company):
        for line in purchase.lines:
            if line.type == "line":
                yield {
                    "id": line.id, "purchase": purchase.id, "product": line.product and line.product.id,
                    "quantity": line.quantity, "unit": line.unit and line.unit.symbol, "unit_price": line.unit_price,
                    "moved": _progress(line), "state": purchase.state, "currency": purchase.currency.code,
                    "amount": line.amount if line.amount is not None else Decimal(0),
                }  # fmt: skip


TABLES: dict[str, Callable[[int], Iterator[Row]]] = {
    "orders": _orders, "order_lines": _order_lines, "invoices": _invoices, "invoice_lines": _invoice_lines,
    "payments": _payments, "stock": _stock, "products": _products, "purchase_lines": _purchase_lines,
}  # fmt: skip
