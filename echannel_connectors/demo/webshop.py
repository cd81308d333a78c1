"""What a PrestaShop writes into its tables when somebody buys, pays, waits, returns or changes their mind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from echannel_connectors.demo.catalogue import ITEMS, Item
from echannel_connectors.demo.people import REGIONS, Person
from echannel_connectors.demo.storefront import FREE_SHIPPING, NO_MOMENT, catalogue_numbers, voucher
from echannel_connectors.demo.story import CENT, MARKETS, MILLIONTH, Market, conversion_rate
from echannel_connectors.testing.shop.recording import Tables
from echannel_connectors.testing.shop.schema import Row

CHEQUE, PAID, PREPARING, SHIPPED, DELIVERED, CANCELLED, REFUNDED, FAILED, BACKORDER, WIRE, PAYPAL = range(1, 12)
LOGABLE = (PAID, PREPARING, SHIPPED, DELIVERED)
METHODS = {
    "stripe": "Carte bancaire", "paypal": "PayPal", "bankwire": "Virement bancaire", "cheque": "Chèque",
    "free_order": "Free order",
}  # fmt: skip
VISITOR, GUEST, CUSTOMER, WHOLESALE = "1", "2", "3", "4"
ZERO, HUNDRED = Decimal(0), Decimal(100)
WRAPPING = Decimal("2.50")


class Money(NamedTuple):
    """An amount without and with tax."""

    net: Decimal
    gross: Decimal

    def plus(self, other: Money, sign: int = 1) -> Money:
        """The sum, or the difference."""
        return Money(self.net + sign * other.net, self.gross + sign * other.gross)


NOTHING = Money(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer of the shop, with the one address they use."""

    number: int
    address: int
    market: Market
    who: Person
    group: str
    reverse_charge: bool  # a company in another country of the Union: it pays the tax at home

    @property
    def is_company(self) -> bool:
        return self.group == WHOLESALE


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of a basket; the price is in EUR without tax, before the cut, which is in percent."""

    item: Item
    quantity: int
    price: Decimal
    cut: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Basket:
    """What somebody is about to order."""

    buyer: Buyer
    at: datetime
    lines: tuple[Bought, ...]
    reference: str
    module: str = "stripe"
    vouchers: tuple[int, ...] = ()
    credit: int = 0
    wrapped: bool = False
    carrier: int = 1
    cart: int = 0


class Webshop:
    """The shop's tables, and the ways in which trade changes them."""

    def __init__(self, tables: Tables) -> None:
        """Write into these tables, after the rows they have."""
        self.tables = tables
        self._next = {name: max(rows, default=0) + 1 for name, rows in tables.items()}
        self._products, self._places = catalogue_numbers()
        self.details: dict[int, list[int]] = {}
        self.vouchers: dict[int, list[int]] = {}
        self._alike: dict[str, list[int]] = {}

    def add(self, table: str, row: Row) -> int:
        """Store the row under the next id."""
        number = self._next.get(table, 1)
        self._next[table] = number + 1
        self.tables[table][number] = row
        return number

    # -- people -------------------------------------------------------------------------------------------------

    def welcome(self, who: Person, group: str, at: datetime) -> Buyer:
        """A new customer with an address."""
        market, moment = MARKETS[who.country], str(at)
        number = self.add("customers", {
            "id_default_group": group, "id_lang": str(market.id_lang), "deleted": "0", "lastname": who.last,
            "firstname": who.first, "email": who.email, "company": who.company or None, "siret": who.siret or None,
            "newsletter": "0", "optin": "0", "active": "1", "is_guest": "1" if group == GUEST else "0",
            "id_shop": str(market.store), "id_shop_group": "1", "date_add": moment, "date_upd": moment,
            "groups": [{"id": group}],
        })  # fmt: skip
        address = self.add("addresses", {
            "id_customer": str(number), "id_country": str(market.id_country), "id_state": str(REGIONS.get(who.town, 0)),
            "alias": "Home", "company": who.company, "lastname": who.last, "firstname": who.first,
            "vat_number": who.vat_number, "address1": who.street, "postcode": who.postcode, "city": who.town,
            "deleted": "0", "date_add": moment, "date_upd": moment,
        })  # fmt: skip
        abroad = bool(who.vat_number) and who.country not in ("FR", "GB")
        return Buyer(number, address, market, who, group, abroad)

    def fill_cart(self, buyer: Buyer, at: datetime, lines: tuple[Bought, ...]) -> int:
        """A cart, which may be left behind."""
        market = buyer.market
        return self.add("carts", {
            "id_address_delivery": str(buyer.address), "id_address_invoice": str(buyer.address),
            "id_currency": str(market.id_currency), "id_customer": str(buyer.number), "id_lang": str(market.id_lang),
            "id_shop_group": "1", "id_shop": str(market.store), "id_carrier": "0", "date_add": str(at),
            "date_upd": str(at),
            "cart_rows": [{**self._ids(one.item), "quantity": str(one.quantity)} for one in lines],
        })  # fmt: skip

    def _ids(self, item: Item) -> dict[str, str]:
        product, combination = self._products[item.product.sku], self._places.get(item.number, 0)
        return {"id_product": str(product), "id_product_attribute": str(combination)}

    # -- orders -------------------------------------------------------------------------------------------------

    def place(self, basket: Basket) -> int:
        """An order with its lines, vouchers and carrier; it has no state yet."""
        buyer, market = basket.buyer, basket.buyer.market
        rate = conversion_rate(market.currency, basket.at.date())
        order = self._next.setdefault("orders", 1)
        rows, products = [], NOTHING
        for one in basket.lines:
            row, amount = self._line(order, basket, one, rate)
            rows.append(row)
            products = products.plus(amount)
        shipping = self._shipping(basket, products, rate)
        wrapping = _taxed(cents(WRAPPING * rate), _standard(buyer)) if basket.wrapped else NOTHING
        due = products.plus(shipping).plus(wrapping)
        discounts = self._discounts(order, basket, products, shipping, due)
        paid = due.plus(discounts, -1)
        self.add("orders", {
            "id_address_delivery": str(buyer.address), "id_address_invoice": str(buyer.address),
            "id_cart": str(basket.cart), "id_currency": str(market.id_currency), "id_lang": str(market.id_lang),
            "id_customer": str(buyer.number), "id_carrier": str(basket.carrier), "current_state": "0",
            "module": basket.module, "invoice_number": "0", "invoice_date": NO_MOMENT, "delivery_number": "0",
            "delivery_date": NO_MOMENT, "valid": "0", "date_add": str(basket.at), "date_upd": str(basket.at),
            "id_shop_group": "1", "id_shop": str(market.store), "payment": METHODS[basket.module],
            "gift": "1" if basket.wrapped else "0", **_totals(products, shipping, wrapping, discounts, paid),
            "total_paid_real": "0.000000", "carrier_tax_rate": f"{_standard(buyer):.3f}", "round_mode": "2",
            "round_type": "2", "conversion_rate": str(rate), "reference": basket.reference, "order_rows": rows,
        })  # fmt: skip
        self._alike.setdefault(basket.reference, []).append(order)
        self.add("order_carriers", {
            "id_order": str(order), "id_carrier": str(basket.carrier), "shipping_cost_tax_excl": six(shipping.net),
            "shipping_cost_tax_incl": six(shipping.gross), "tracking_number": "", "date_add": str(basket.at),
        })  # fmt: skip
        return order

    def _line(self, order: int, basket: Basket, one: Bought, rate: Decimal) -> tuple[Row, Money]:
        buyer, item = basket.buyer, one.item
        tax, id_tax = _tax(buyer, item)
        before = _round(one.price * rate)
        unit = _round(before * (100 - one.cut) / HUNDRED)
        unit_gross = _round(unit * (100 + tax) / HUNDRED)
        amount = Money(cents(unit * one.quantity), cents(unit_gross * one.quantity))
        names = [item.product.en, item.product.fr]
        sizes = [f" - Size : {item.size}", f" - Taille : {item.size}"]
        language = buyer.market.id_lang - 1
        ids = self._ids(item)
        shown = {
            "product_id": ids["id_product"], "product_attribute_id": ids["id_product_attribute"],
            "product_quantity": str(one.quantity),
            "product_name": names[language] + (sizes[language] if item.size else ""),
            "product_reference": item.sku, "product_ean13": item.ean, "product_price": str(before),
            "unit_price_tax_incl": str(unit_gross), "unit_price_tax_excl": str(unit),
        }  # fmt: skip
        detail = self.add("order_details", {
            "id_order": str(order), **shown, "id_shop": str(buyer.market.store), "id_warehouse": "0",
            "product_quantity_refunded": "0", "product_quantity_return": "0", "product_quantity_reinjected": "0",
            "reduction_percent": f"{one.cut:.2f}", "group_reduction": "20.00" if buyer.is_company else "0.00",
            "total_price_tax_incl": six(amount.gross), "total_price_tax_excl": six(amount.net),
            "purchase_supplier_price": "0.000000", "original_product_price": str(before),
            "original_wholesale_price": six(one.cost), "taxes": [{"id": str(id_tax)}] if id_tax else [],
        })  # fmt: skip
        self.details.setdefault(order, []).append(detail)
        return {"id": str(detail), **shown}, amount

    def _shipping(self, basket: Basket, products: Money, rate: Decimal) -> Money:
        market = basket.buyer.market
        if products.net >= market.free_from * rate:
            return NOTHING
        return _taxed(cents(market.shipping * rate), _standard(basket.buyer))

    def _discounts(self, order: int, basket: Basket, products: Money, shipping: Money, due: Money) -> Money:
        total = NOTHING
        for rule in basket.vouchers:
            row = self.tables["cart_rules"][rule]
            if rule == FREE_SHIPPING:
                value = shipping
            elif percent := Decimal(str(row["reduction_percent"])):
                value = Money(cents(products.net * percent / HUNDRED), cents(products.gross * percent / HUNDRED))
            else:
                value = _part(products, min(Decimal(str(row["reduction_amount"])), due.gross - total.gross))
            total = total.plus(self._take_off(order, rule, str(row["code"]), value, rule == FREE_SHIPPING))
        if basket.credit and due.gross > total.gross:
            total = total.plus(self._spend_credit(order, basket, products, due.plus(total, -1)))
        return total

    def _take_off(self, order: int, rule: int, name: str, value: Money, free_shipping: bool = False) -> Money:
        if value.gross == 0:
            return NOTHING
        number = self.add("order_discounts", {
            "id_order": str(order), "id_cart_rule": str(rule), "id_order_invoice": "0", "name": name,
            "value": f"{value.gross:.2f}", "value_tax_excl": f"{value.net:.2f}",
            "free_shipping": "1" if free_shipping else "0",
        })  # fmt: skip
        self.vouchers.setdefault(order, []).append(number)
        return value

    def _spend_credit(self, order: int, basket: Basket, products: Money, due: Money) -> Money:
        """The voucher pays as much as it can; what is left of it becomes a voucher of its own."""
        rule = self.tables["cart_rules"][basket.credit]
        worth = Decimal(str(rule["reduction_amount"]))
        value = due if worth >= due.gross else _part(products, worth)
        rule |= {"quantity": "0", "date_upd": str(basket.at)}
        if worth > value.gross:
            rest = voucher(f"{rule['code']}-2", "0.00", f"{worth - value.gross:.2f}", "0", str(basket.at))
            self.add("cart_rules", {**rest, "id_customer": rule["id_customer"]})
        return self._take_off(order, basket.credit, str(rule["code"]), value)

    # -- what happens to an order ---------------------------------------------------------------------------------

    def reach(self, order: int, state: int, at: datetime) -> None:
        """The order takes a state; the first one that is paid brings invoice and payment."""
        row = self.tables["orders"][order]
        self.add("order_histories", {
            "id_employee": "0" if state in (PAID, FAILED) else "1", "id_order_state": str(state),
            "id_order": str(order), "date_add": str(at),
        })  # fmt: skip
        row |= {"current_state": str(state), "date_upd": str(at), "valid": "1" if state in LOGABLE else "0"}
        if state in (PAID, BACKORDER) and row["invoice_number"] == "0":
            self._invoice(order, row, str(at))
            self._pay(row, str(at))

    def _invoice(self, order: int, row: Row, at: str) -> None:
        number = self.add("order_invoices", {
            "id_order": str(order), "number": "0", "date_add": at,
            **{name: row[name] for name in ("total_paid_tax_excl", "total_paid_tax_incl", "total_products")},
        })  # fmt: skip
        self.tables["order_invoices"][number]["number"] = str(number)
        row |= {"invoice_number": str(number), "invoice_date": at}

    def _pay(self, row: Row, at: str) -> None:
        """One payment for all orders of a basket: it knows their reference only."""
        alike = [self.tables["orders"][number] for number in self._alike[str(row["reference"])]]
        row["total_paid_real"] = row["total_paid"]
        if alike[0] is not row or row["module"] == "free_order":
            return
        amount = sum((Decimal(str(one["total_paid"])) for one in alike), ZERO)
        self.add("order_payments", {
            "order_reference": row["reference"], "id_currency": row["id_currency"], "amount": f"{amount:.2f}",
            "payment_method": row["payment"], "conversion_rate": row["conversion_rate"], "transaction_id": "",
            "date_add": at,
        })  # fmt: skip

    def refund(self, order: int, pieces: dict[int, int], at: datetime, *, shipping: bool = False) -> int:
        """A credit slip for so many pieces of each line; the order's own row and date do not move."""
        row, rate = self.tables["orders"][order], ZERO
        goods, details = NOTHING, []
        for detail, quantity in pieces.items():
            line = self.tables["order_details"][detail]
            line["product_quantity_refunded"] = str(int(str(line["product_quantity_refunded"])) + quantity)
            part = Money(*(Decimal(str(line[f"unit_price_tax_{way}"])) * quantity for way in ("excl", "incl")))
            goods = goods.plus(part)
            details.append({
                "id_order_detail": str(detail), "product_quantity": str(quantity),
                "amount_tax_excl": six(cents(part.net)), "amount_tax_incl": six(cents(part.gross)),
            })  # fmt: skip
        currency = next(one.currency for one in MARKETS.values() if str(one.id_currency) == row["id_currency"])
        rate = conversion_rate(currency, at.date())
        postage = _shipping_of(row) if shipping else NOTHING
        return self.add("order_slip", {
            "id_customer": row["id_customer"], "id_order": str(order), "conversion_rate": str(rate),
            "total_products_tax_excl": six(goods.net), "total_products_tax_incl": six(goods.gross),
            "total_shipping_tax_excl": six(postage.net), "total_shipping_tax_incl": six(postage.gross),
            "amount": f"{cents(goods.net)}", "shipping_cost": "1" if shipping else "0",
            "shipping_cost_amount": f"{postage.net:.2f}", "partial": "0", "date_add": str(at), "date_upd": str(at),
            "order_slip_type": "0", "order_slip_details": details,
        })  # fmt: skip

    def give_credit(self, slip: int, at: datetime) -> int:
        """The slip as a voucher for that customer instead of money back."""
        row = self.tables["order_slip"][slip]
        worth = cents(Decimal(str(row["total_products_tax_incl"])))
        customer, number = int(str(row["id_customer"])), self._next["cart_rules"]
        code = f"V{number}C{customer}O{row['id_order']}"
        currency = self.tables["orders"][int(str(row["id_order"]))]["id_currency"]
        rule = voucher(code, "0.00", f"{worth:.2f}", "0", str(at), customer)
        return self.add("cart_rules", {**rule, "reduction_currency": currency})

    def edit(self, order: int, detail: int, quantity: int, at: datetime) -> None:
        """Another quantity of one line, typed in by an employee; the order's totals follow."""
        row, line = self.tables["orders"][order], self.tables["order_details"][detail]
        old = Money(*(Decimal(str(line[f"total_price_tax_{way}"])) for way in ("excl", "incl")))
        new = Money(*(cents(Decimal(str(line[f"unit_price_tax_{way}"])) * quantity) for way in ("excl", "incl")))
        line |= {"product_quantity": str(quantity), "total_price_tax_excl": six(new.net),
                 "total_price_tax_incl": six(new.gross)}  # fmt: skip
        more = new.plus(old, -1)
        for name in ("total_products", "total_paid_tax_excl"):
            row[name] = six(Decimal(str(row[name])) + more.net)
        for name in ("total_products_wt", "total_paid", "total_paid_tax_incl"):
            row[name] = six(Decimal(str(row[name])) + more.gross)
        shown: Any = row["order_rows"]
        next(one for one in shown if one["id"] == str(detail))["product_quantity"] = str(quantity)
        row["date_upd"] = str(at)

    def stock(self, levels: dict[int, int]) -> None:
        """What can be sold now, by item; a product with sizes shows their sum as well."""
        wanted: dict[tuple[str, str], int] = {}
        for number, quantity in levels.items():
            ids = self._ids(ITEMS[number])
            for place in {ids["id_product_attribute"], "0"}:
                key = (ids["id_product"], place)
                wanted[key] = wanted.get(key, 0) + quantity
        for row in self.tables["stock_availables"].values():
            key = (str(row["id_product"]), str(row["id_product_attribute"]))
            if key in wanted:
                row["quantity"] = str(wanted[key])

    def set_rates(self, day: date) -> None:
        """The shop's currencies as they are worth on that day."""
        for row in self.tables["currencies"].values():
            row["conversion_rate"] = str(conversion_rate(str(row["iso_code"]), day))


def _totals(products: Money, shipping: Money, wrapping: Money, discounts: Money, paid: Money) -> Row:
    row: Row = {"total_products": six(products.net), "total_products_wt": six(products.gross)}
    for name, money in (("discounts", discounts), ("paid", paid), ("shipping", shipping), ("wrapping", wrapping)):
        row |= {f"total_{name}": six(money.gross), f"total_{name}_tax_incl": six(money.gross),
                f"total_{name}_tax_excl": six(money.net)}  # fmt: skip
    return row


def _shipping_of(order: Row) -> Money:
    return Money(*(Decimal(str(order[f"total_shipping_tax_{way}"])) for way in ("excl", "incl")))


def _tax(buyer: Buyer, item: Item) -> tuple[Decimal, int]:
    market = buyer.market
    if buyer.reverse_charge:
        return ZERO, 0
    return (market.reduced, market.taxes[1]) if item.product.is_food else (market.standard, market.taxes[0])


def _standard(buyer: Buyer) -> Decimal:
    return ZERO if buyer.reverse_charge else buyer.market.standard


def _taxed(net: Decimal, rate: Decimal) -> Money:
    return Money(net, cents(net * (100 + rate) / HUNDRED))


def _part(whole: Money, gross: Decimal) -> Money:
    """A voucher's gross amount with its share of the goods' tax."""
    return Money(cents(gross * whole.net / whole.gross), gross)


def cents(amount: Decimal) -> Decimal:
    """Rounded as a shop rounds."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(MILLIONTH, ROUND_HALF_UP)


def six(amount: Decimal) -> str:
    """The amount as the shop's database prints it."""
    return f"{amount:.6f}"
