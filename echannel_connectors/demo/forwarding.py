"""The bridge between the shop and the ERP: a third of the web orders is booked there too, by the shop's reference."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial

from echannel_connectors.demo.books import CARD, RENNES, WEB, Books, Sold
from echannel_connectors.demo.catalogue import ITEMS
from echannel_connectors.demo.office import PORT_SERVICE, WRAPPING_SERVICE, Client, add_client, web_account
from echannel_connectors.demo.webshop import ZERO, Buyer, Webshop
from echannel_connectors.testing.shop.schema import Row


class Forwarding:
    """Writes web orders into the books as they are paid, shipped and refunded."""

    def __init__(self, shop: Webshop, books: Books, clients: list[Client]) -> None:
        """Know the ERP's customers: a company that orders on the web is one of them, or becomes one."""
        self.shop, self.books, self.clients = shop, books, clients
        self._accounts = {one.who.email: one.number for one in clients}
        self._items = {item.sku: item for item in ITEMS}
        self.known: dict[int, tuple[int, int, str, int]] = {}  # order: the ERP's order, customer, currency, invoice
        self._pieces: dict[int, Sold] = {}  # by order line

    def order(self, order: int, buyer: Buyer, at: datetime, warehouses: dict[int, int]) -> None:
        """The order, its invoice and its payment, all of the moment in which it was paid."""
        row = self.shop.tables["orders"][order]
        lines = [*self._goods(order, buyer, warehouses), *self._extras(order, row, buyer)]
        customer, currency = self._account(buyer, at), buyer.market.currency
        number = self.books.order(
            customer, at, lines, currency, ref_client=row["reference"], fk_input_reason=WEB, module_source="prestashop",
            fk_mode_reglement=CARD, date_livraison=None, ref_ext=f"PS-{order}",
        )  # fmt: skip
        invoice = self.books.invoice(number, customer, at, currency, 0)
        self.books.pay(invoice, at, CARD)
        self.known[order] = (number, customer, currency, invoice)

    def _account(self, buyer: Buyer, at: datetime) -> int:
        if not buyer.is_company:
            return web_account(buyer.market.country)
        if buyer.who.email not in self._accounts:
            self._accounts[buyer.who.email] = add_client(self.books, buyer.who, at)
        return self._accounts[buyer.who.email]

    def _goods(self, order: int, buyer: Buyer, warehouses: dict[int, int]) -> list[Sold]:
        found = []
        for detail in self.shop.details[order]:
            line = self.shop.tables["order_details"][detail]
            item = self._items[str(line["product_reference"])]
            net, gross = (Decimal(str(line[f"total_price_tax_{way}"])) for way in ("excl", "incl"))
            rate = buyer.market.reduced if item.product.is_food else buyer.market.standard
            sold = Sold(
                item.number + 1, item.product.fr, int(str(line["product_quantity"])),
                Decimal(str(line["unit_price_tax_excl"])), ZERO if buyer.reverse_charge else rate,
                Decimal(str(line["original_wholesale_price"])), warehouse=warehouses[item.number],
                known=(net, gross - net),
            )  # fmt: skip
            self._pieces[detail] = sold
            found.append(sold)
        return found

    def _extras(self, order: int, row: Row, buyer: Buyer) -> list[Sold]:
        """Shipping, wrapping and vouchers as lines; a store credit is money, so it is no line."""
        tax = ZERO if buyer.reverse_charge else buyer.market.standard
        service = partial(Sold, quantity=1, tax=tax, is_service=True, warehouse=RENNES)
        found = []
        for product, label, name in ((PORT_SERVICE, "Frais de port", "shipping"),
                                     (WRAPPING_SERVICE, "Papier cadeau", "wrapping")):  # fmt: skip
            net, gross = (Decimal(str(row[f"total_{name}_tax_{way}"])) for way in ("excl", "incl"))
            if net:
                found.append(service(product=product, label=label, price=net, known=(net, gross - net)))
        for voucher in self._vouchers(order):
            net, gross = Decimal(str(voucher["value_tax_excl"])), Decimal(str(voucher["value"]))
            if not str(voucher["name"]).startswith("V"):
                found.append(
                    service(product=None, label=f"Remise {voucher['name']}", price=-net, known=(-net, net - gross))
                )
        return found

    def _vouchers(self, order: int) -> list[Row]:
        """Those of this order, which are among the last that were written."""
        rows = self.shop.tables["order_discounts"]
        return [rows[number] for number in self.shop.vouchers.get(order, []) if number in rows]

    def ship(self, order: int, at: datetime) -> None:
        """The goods leave the warehouse."""
        number, customer, _, _ = self.known[order]
        self.books.ship(number, customer, at)

    def take_back(self, order: int, pieces: dict[int, int], at: datetime) -> None:
        """A credit note for each line that came back; the shop has paid the money already."""
        _, customer, currency, invoice = self.known[order]
        for detail, quantity in pieces.items():
            sold = self._pieces[detail]
            back = Sold(sold.product, sold.label, quantity, sold.price, sold.tax, sold.cost)
            self.books.credit(invoice, customer, at, back, currency, used=True)
