"""Core's rows as they should be, computed in plain Python from the CSV files of a shop's own database.

Nothing here shares code or SQL with the product: Decimal for money, zoneinfo for moments, loops for joins.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

Record = dict[str, object]
Rows = list[dict[str, str]]

ZONE = ZoneInfo("Europe/Paris")  # of all recorded shops and of the company
ONE = Decimal(1)
CENT = Decimal("0.01")
MILLIONTH = Decimal("0.000001")
TAX_RATES = {"1": Decimal("0.20"), "3": Decimal("0.055")}  # by the id of the tax in the recorded shops
DELIVERED, CANCELLED, REFUNDED, FAILED = "5", "6", "7", "8"  # PS_OS_... of the recorded shops


def moment(text: str) -> datetime | None:
    """A local time of the shop in UTC. The hour that repeats in autumn is taken as the second one (winter time)."""
    if text.startswith("0000") or not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=1).astimezone(UTC)


def day(text: str) -> object:
    found = moment(text)
    return found.astimezone(ZONE).date() if found else None


def rate(conversion: str) -> Decimal:
    """Euros for one unit of the document's currency."""
    return (ONE / Decimal(conversion)).quantize(Decimal("1E-8"), ROUND_HALF_UP)


def shares(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """The total in as many parts as weights, by largest remainder; in cents, or in millionths where it is not in cents."""
    step = CENT if total == total.quantize(CENT) else MILLIONTH
    units = int(abs(total) / step)
    whole = [int(max(weight, Decimal(0)) / MILLIONTH) for weight in weights]
    if not sum(whole):
        whole = [1] * len(whole)
    parts = [units * weight // sum(whole) for weight in whole]
    rests = sorted(range(len(whole)), key=lambda n: (-(units * whole[n] % sum(whole)), n))
    for n in rests[: units - sum(parts)]:
        parts[n] += 1
    return [part * step * (-1 if total < 0 else 1) for part in parts]


@dataclass(frozen=True)
class Truth:
    """One shop's database. `names` are names the CSV files do not hold; `vouchers_are_told` is false for 1.7."""

    folder: Path
    salt: str
    names: dict[str, dict[str, str]]
    vouchers_are_told: bool = True
    is_multistore: bool = False
    cache: dict[str, Rows] = field(default_factory=dict)

    def rows(self, name: str) -> Rows:
        if name not in self.cache:
            with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                self.cache[name] = list(csv.DictReader(file))
        return self.cache[name]

    # -- joins -----------------------------------------------------------------------------------------------------

    @cached_property
    def orders_by_id(self) -> dict[str, dict[str, str]]:
        return {row["id_order"]: row for row in self.rows("orders")}

    @cached_property
    def lines_of(self) -> dict[str, Rows]:
        found: dict[str, Rows] = defaultdict(list)
        for row in self.rows("order_details"):
            found[row["id_order"]].append(row)
        return {order: sorted(lines, key=lambda row: int(row["id_order_detail"])) for order, lines in found.items()}

    @cached_property
    def vouchers_of(self) -> dict[str, Rows]:
        found: dict[str, Rows] = defaultdict(list)
        for row in self.rows("order_cart_rules") if self.vouchers_are_told else []:
            found[row["id_order"]].append(row)
        return found

    @cached_property
    def states(self) -> dict[str, dict[str, str]]:
        return {row["id_order_state"]: row for row in self.rows("order_states")}

    @cached_property
    def basket_of(self) -> dict[str, Rows]:
        found: dict[str, Rows] = defaultdict(list)
        for row in self.orders_by_id.values():
            found[row["reference"]].append(row)
        return found

    def first_in(self, order: str, flag: str) -> str:
        """When the order first was in a state with this flag, as the shop wrote it; "" if never."""
        dates = [
            row["date_add"]
            for row in self.history_of.get(order, [])
            if (
                self.states[row["id_order_state"]][flag] == "1" if flag != "delivered" else row["id_order_state"] == "5"
            )
        ]
        return min(dates, default="")

    @cached_property
    def history_of(self) -> dict[str, Rows]:
        found: dict[str, Rows] = defaultdict(list)
        for row in self.rows("order_histories"):
            found[row["id_order"]].append(row)
        return found

    def is_credit(self, voucher: dict[str, str]) -> bool:
        """A voucher from a credit slip: V<rule>C<customer>O<order>."""
        code = voucher.get("code") or voucher["name"]
        return code.startswith("V") and "C" in code and "O" in code and code[1:2].isdigit()

    # -- money of an order -----------------------------------------------------------------------------------------

    def money(self, order: dict[str, str]) -> dict[str, Decimal]:
        vouchers = self.vouchers_of.get(order["id_order"], [])
        found: dict[str, Decimal] = {}
        for tax, value in (("excl", "value_tax_excl"), ("incl", "value")):
            credit = sum((Decimal(row[value]) for row in vouchers if self.is_credit(row)), Decimal(0))
            free = sum(
                (Decimal(row[value]) for row in vouchers if row["free_shipping"] == "1" and not self.is_credit(row)),
                Decimal(0),
            )
            shipping = Decimal(order[f"total_shipping_tax_{tax}"])
            free = min(free, shipping)
            found |= {
                f"credit_{tax}": credit,
                f"discount_{tax}": Decimal(order[f"total_discounts_tax_{tax}"]) - credit - free,
                f"shipping_{tax}": shipping + Decimal(order[f"total_wrapping_tax_{tax}"]) - free,
                f"total_{tax}": Decimal(order[f"total_paid_tax_{tax}"]) + credit,
            }
        return found

    def is_sale(self, order: dict[str, str]) -> bool:
        once = any(self.states[row["id_order_state"]]["logable"] == "1" for row in self.history_of[order["id_order"]])
        return order["state_is_sale"] == "1" or (order["current_state"] == REFUNDED and once)

    def status(self, order: dict[str, str]) -> str:
        state = self.states[order["current_state"]]
        if order["current_state"] == REFUNDED:
            return "returned"
        if order["current_state"] in (CANCELLED, FAILED):
            return "cancelled"
        if order["current_state"] == DELIVERED:
            return "completed"
        if state["shipped"] == "1":
            return "shipped"
        return "confirmed" if "1" in (state["logable"], state["paid"]) else "draft"

    def paid_at(self, order: dict[str, str]) -> str:
        """The payment that completes an order which is a basket by itself; of a split basket, the order's own state."""
        if len(self.basket_of[order["reference"]]) == 1:
            so_far = Decimal(0)
            for payment in sorted(self.rows("order_payments"), key=lambda row: row["date_add"]):
                if payment["order_reference"] == order["reference"]:
                    so_far += Decimal(payment["amount"])
                    if so_far >= Decimal(order["total_paid_tax_incl"]):
                        return payment["date_add"]
        return self.first_in(order["id_order"], "paid")

    # -- tables ----------------------------------------------------------------------------------------------------

    def addresses(self) -> dict[str, dict[str, str]]:
        return {row["id_address"]: row for row in self.rows("addresses")}

    def customers(self) -> Iterable[Record]:
        of_customer: dict[str, Rows] = defaultdict(list)
        for row in self.rows("addresses"):
            of_customer[row["id_customer"]].append(row)
        for row in self.rows("customers"):
            places = sorted(
                of_customer[row["id_customer"]],
                key=lambda a: (a["deleted"] != "1", a["date_upd"], int(a["id_address"])),
            )
            vat = max((a["vat_number"] for a in places), default="")
            company = row["company"] or max((a["company"] for a in places), default="")
            is_b2b = bool(row["siret"] or row["company"] or vat)
            email = hmac.new(self.salt.encode(), row["email"].strip().lower().encode(), hashlib.sha256).hexdigest()
            yield {
                "customer_id": row["id_customer"],
                "store": row["id_shop"] if self.is_multistore else "",
                "kind": "b2b" if is_b2b else "b2c",
                "company": company or None if is_b2b else None,
                "customer_group": self.names["groups"][row["id_default_group"]],
                "country": places[-1]["country"] if places else None,
                "region": (places[-1]["state"] or None) if places else None,
                "created_at": moment(row["date_add"]),
                "email_hash": email,
                "has_vat_number": bool(vat),
                "active": row["active"] == "1" and row["deleted"] != "1",
            }

    def products(self) -> Iterable[Record]:
        combinations: dict[str, Rows] = defaultdict(list)
        for row in self.rows("combinations"):
            combinations[row["id_product"]].append(row)
        for row in self.rows("products"):
            for variant in combinations[row["id_product"]] or [{}]:
                cost = Decimal(variant.get("wholesale_price") or 0) or Decimal(row["wholesale_price"]) or None
                yield {
                    "product_id": row["id_product"],
                    "variant_id": variant.get("id_product_attribute", ""),
                    "sku": variant.get("reference") or row["reference"] or None,
                    "ean": variant.get("ean13") or row["ean13"] or None,
                    "name": row["name_fr"],
                    "category": self.names["categories"].get(row["id_category_default"]),
                    "category_path": self.names["paths"].get(row["id_category_default"]),
                    "brand": self.names["manufacturers"].get(row["id_manufacturer"]),
                    "supplier_id": row["id_supplier"],
                    "unit_cost": cost,
                    "unit_price_net": Decimal(row["price"]) + Decimal(variant.get("price_impact") or 0),
                    "currency": "EUR",
                    "active": row["active"] == "1",
                    "is_pack": False,
                    "created_at": moment(row["date_add"]),
                }

    def orders(self) -> Iterable[Record]:
        addresses = self.addresses()
        kinds = {row["customer_id"]: row["kind"] for row in self.customers()}
        carriers = {row["id_order"]: row for row in self.rows("order_carriers")}
        for order, row in self.orders_by_id.items():
            money = self.money(row)
            goods = sum((Decimal(line["total_price_tax_excl"]) for line in self.lines_of[order]), Decimal(0))
            carrier = carriers[order]
            yield {
                "order_id": order,
                "reference": row["reference"],
                "basket": row["reference"],
                "store": row["id_shop"] if self.is_multistore else "",
                "customer_id": row["id_customer"],
                "channel": "b2b_web" if kinds.get(row["id_customer"]) == "b2b" else "b2c_web",
                "status": self.status(row),
                "source_status": self.states[row["current_state"]]["name_fr"],
                "is_sale": self.is_sale(row),
                "ordered_at": moment(row["date_add"]),
                "order_date": day(row["date_add"]),
                "country": addresses[row["id_address_delivery"]]["country"],
                "currency": row["currency"],
                "fx_rate": rate(row["conversion_rate"]),
                "goods_net": goods,
                "discount_net": money["discount_excl"],
                "shipping_net": money["shipping_excl"],
                "rounding_net": money["total_excl"] - goods + money["discount_excl"] - money["shipping_excl"],
                "total_net": money["total_excl"],
                "total_tax": money["total_incl"] - money["total_excl"],
                "total_gross": money["total_incl"],
                "store_credit_net": money["credit_excl"],
                "store_credit_gross": money["credit_incl"],
                "payment_method": row["payment"],
                "paid_at": moment(self.paid_at(row)),
                "shipped_at": moment(self.first_in(order, "shipped")),
                "delivered_at": moment(self.first_in(order, "delivered")),
                "promised_at": None,
                "carrier": self.names["carriers"][carrier["id_carrier"]],
                "is_tracked": bool(carrier["tracking_number"]),
                "updated_at": moment(row["date_upd"]),
            }

    def order_lines(self) -> Iterable[Record]:
        for order, row in self.orders_by_id.items():
            lines, money = self.lines_of.get(order, []), self.money(row)
            was_shipped = row["current_state"] == REFUNDED and self.first_in(order, "shipped")
            nets = [Decimal(line["total_price_tax_excl"]) for line in lines]
            taxes = [Decimal(line["total_price_tax_incl"]) - net for line, net in zip(lines, nets, strict=True)]
            discounts = shares(money["discount_excl"], nets)
            discount_taxes = shares(money["discount_incl"] - money["discount_excl"], taxes)
            for n, line in enumerate(lines):
                quantity, unit = Decimal(line["product_quantity"]), Decimal(line["unit_price_tax_excl"])
                own = max(Decimal(line["product_price"]) - unit, Decimal(0)) * quantity
                today, supplier = Decimal(line["original_wholesale_price"]), Decimal(line["purchase_supplier_price"])
                assert today or supplier  # so that this file need not know what a product costs today
                yield {
                    "order_id": order,
                    "line_id": line["id_order_detail"],
                    "product_id": line["product_id"],
                    "variant_id": line["product_attribute_id"].replace("0", "", line["product_attribute_id"] == "0"),
                    "sku": line["product_reference"] or None,
                    "name": line["product_name"],
                    "quantity": quantity,
                    "unit_price_net": unit,
                    "discount_net": own + discounts[n],
                    "amount_net": nets[n] - discounts[n],
                    "amount_tax": taxes[n] - discount_taxes[n],
                    "tax_rate": sum((TAX_RATES[tax] for tax in line["taxes"].split()), Decimal(0)),
                    "unit_cost": today or supplier,
                    "unit_cost_currency": "EUR",
                    "unit_cost_fx_rate": ONE,
                    "cost_kind": "of_the_day" if today else "supplier",
                    "delivered_quantity": quantity if row["state_is_shipped"] == "1" or was_shipped else Decimal(0),
                }

    def order_discounts(self) -> Iterable[Record]:
        for order in self.orders_by_id:
            for row in self.vouchers_of.get(order, []):
                yield {
                    "order_id": order,
                    "discount_id": row["id_order_cart_rule"],
                    "code": self.names["cart_rules"].get(row["id_cart_rule"]),
                    "name": row["name"],
                    "amount_net": Decimal(row["value_tax_excl"]),
                    "amount_gross": Decimal(row["value"]),
                    "is_store_credit": self.is_credit(row),
                    "is_free_shipping": row["free_shipping"] == "1",
                }

    def refunds(self) -> Iterable[Record]:
        lines = {row["id_order_detail"]: row for rows in self.lines_of.values() for row in rows}
        parts: dict[str, Rows] = defaultdict(list)
        for row in self.rows("order_slip_details"):
            parts[row["id_order_slip"]].append(row)
        for slip in self.rows("order_slips"):
            order = self.orders_by_id.get(slip["id_order"])
            if order is None:
                continue
            common = {
                "refund_id": slip["id_order_slip"],
                "order_id": slip["id_order"],
                "back_to_stock": None,
                "refunded_at": moment(slip["date_add"]),
                "refund_date": day(slip["date_add"]),
                "currency": order["currency"],
                "fx_rate": rate(slip["conversion_rate"]),
            }
            found = sorted(parts[slip["id_order_slip"]], key=lambda row: int(row["id_order_detail"]))
            nets = [Decimal(row["amount_tax_excl"]) for row in found]
            grosses = [Decimal(row["amount_tax_incl"]) for row in found]
            header = Decimal(slip["total_products_tax_excl"]), Decimal(slip["total_products_tax_incl"])
            more = shares(header[0] - sum(nets), nets), shares(header[1] - sum(grosses), grosses)
            for n, row in enumerate(found):
                line = lines[row["id_order_detail"]]
                net, gross = nets[n] + more[0][n], grosses[n] + more[1][n]
                yield common | {
                    "line_id": row["id_order_detail"],
                    "product_id": line["product_id"],
                    "variant_id": "" if line["product_attribute_id"] == "0" else line["product_attribute_id"],
                    "quantity": Decimal(row["product_quantity"]),
                    "amount_net": net,
                    "amount_tax": gross - net,
                    "shipping_net": Decimal(0),
                }
            shipping = Decimal(slip["total_shipping_tax_excl"])
            if shipping:
                yield common | {
                    "line_id": "shipping",
                    "product_id": None,
                    "variant_id": None,
                    "quantity": Decimal(0),
                    "amount_net": Decimal(0),
                    "amount_tax": Decimal(slip["total_shipping_tax_incl"]) - shipping,
                    "shipping_net": shipping,
                }

    def payments(self) -> Iterable[Record]:
        currencies = {"1": "EUR", "2": "GBP", "3": "USD"}
        invoices: dict[str, list[str]] = defaultdict(list)
        for row in self.rows("order_invoices"):
            invoices[row["id_order"]].append(row["id_order_invoice"])
        for row in self.rows("order_payments"):
            orders = self.basket_of.get(row["order_reference"], [])
            order = orders[0]["id_order"] if len(orders) == 1 else None
            yield {
                "payment_id": row["id_order_payment"],
                "order_id": order,
                "basket": row["order_reference"],
                "invoice_id": invoices[order][0] if order and len(invoices[order]) == 1 else None,
                "paid_at": moment(row["date_add"]),
                "amount": Decimal(row["amount"]),
                "currency": currencies[row["id_currency"]],
                "method": row["payment_method"],
            }

    def invoices(self) -> Iterable[Record]:
        for row in self.rows("order_invoices"):
            order = self.orders_by_id.get(row["id_order"])
            if order is None:
                continue
            net, gross = Decimal(row["total_paid_tax_excl"]), Decimal(row["total_paid_tax_incl"])
            is_cancelled = self.status(order) == "cancelled"
            left = max(gross - Decimal(order["total_paid_real"]), Decimal(0))  # one invoice an order in these shops
            yield {
                "invoice_id": row["id_order_invoice"],
                "number": row["number"],
                "kind": "invoice",
                "customer_id": order["id_customer"],
                "order_id": row["id_order"],
                "invoice_date": day(row["date_add"]),
                "currency": order["currency"],
                "fx_rate": rate(order["conversion_rate"]),
                "amount_net": net,
                "amount_tax": gross - net,
                "amount_gross": gross,
                "amount_open": Decimal(0) if is_cancelled else left,
                "status": "cancelled" if is_cancelled else "open" if left else "paid",
                "paid_at": None if is_cancelled or left else moment(self.paid_at(order)),
            }

    def invoice_lines(self) -> Iterable[Record]:
        invoice_of = {
            row["id_order_detail"]: row["id_order_invoice"] for rows in self.lines_of.values() for row in rows
        }
        known = {row["id_order_invoice"] for row in self.rows("order_invoices")}
        for line in self.order_lines():
            invoice = invoice_of[str(line["line_id"])]
            if invoice in known:
                same = (
                    "line_id",
                    "product_id",
                    "variant_id",
                    "quantity",
                    "amount_net",
                    "amount_tax",
                    "tax_rate",
                    "order_id",
                )
                yield {"invoice_id": invoice, "order_line_id": line["line_id"], **{name: line[name] for name in same}}

    def carts(self) -> Iterable[Record]:
        currencies = {"1": "EUR", "2": "GBP", "3": "USD"}
        for row in self.rows("carts"):
            orders = [order for order in self.orders_by_id.values() if order["id_cart"] == row["id_cart"]]
            yield {
                "cart_id": row["id_cart"],
                "customer_id": row["id_customer"] if row["id_customer"] != "0" else None,
                "created_at": moment(row["date_add"]),
                "updated_at": moment(row["date_upd"]),
                "order_id": str(min(int(order["id_order"]) for order in orders)) if orders else None,
                "value_net": sum((Decimal(order["total_products"]) for order in orders), Decimal(0))
                if orders
                else None,
                "currency": currencies[row["id_currency"]],
            }

    def stock_levels(self) -> Iterable[Record]:
        rows = self.rows("stock_availables")
        with_variants = {row["id_product"] for row in rows if row["id_product_attribute"] != "0"}
        for row in rows:
            if row["id_product_attribute"] != "0" or row["id_product"] not in with_variants:
                yield {
                    "product_id": row["id_product"],
                    "variant_id": "" if row["id_product_attribute"] == "0" else row["id_product_attribute"],
                    "warehouse_id": row["id_shop"] if self.is_multistore else "",
                    "on_hand": Decimal(row["quantity"]),
                    "available": Decimal(row["quantity"]),
                }

    def fx_rates(self) -> Iterable[Record]:
        """The last rate that a day's orders show."""
        found: dict[tuple[object, str], Decimal] = {}
        for row in sorted(self.orders_by_id.values(), key=lambda row: (row["date_add"], int(row["id_order"]))):
            found[day(row["date_add"]), row["currency"]] = rate(row["conversion_rate"])
        for (date, currency), value in found.items():
            yield {"date": date, "currency": currency, "rate": value}
