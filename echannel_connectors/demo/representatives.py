"""What the sales representatives sell: the ERP's own orders, how they are shipped, invoiced and paid."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

from echannel_connectors.demo.books import CANCELLED, CARD, CHEQUE, DRAFT, PHONE, TRANSFER, VISIT, Books, Sold
from echannel_connectors.demo.catalogue import ITEMS
from echannel_connectors.demo.clock import Clock
from echannel_connectors.demo.office import Client, clients
from echannel_connectors.demo.stock import Stock
from echannel_connectors.demo.story import ONE_DAY, Story, conversion_rate, moment
from echannel_connectors.demo.taste import Taste
from echannel_connectors.demo.webshop import cents

WHOLESALE_PRICE = Decimal("0.76")


class Representatives:
    """Three people with a car and a telephone."""

    def __init__(self, books: Books, stock: Stock, clock: Clock, story: Story, rng: random.Random) -> None:
        """Meet the clients and plan nothing yet."""
        self.books, self.stock, self.clock, self.story, self.rng = books, stock, clock, story, rng
        self.taste = Taste(story, rng)
        self.clients = clients(books, story, rng)
        self.orders = 0

    def visit(self, at: datetime) -> None:
        """One order by one of the clients, with all that will follow from it."""
        known = [one for one in self.clients if one.since <= at.date()]
        client = self.rng.choices(known, [one.weight for one in known])[0]
        if self.rng.random() < 0.04:
            self._quote(client, at)
            return
        chance = self.rng.random()
        lines = self._lines(client, at.date(), is_real=chance > 0.035)
        if not lines:
            return
        self.orders += 1
        by_phone = self.rng.random() < 0.35
        more = {"fk_user_author": client.rep, "fk_input_reason": PHONE if by_phone else VISIT,
                "date_livraison": str(at + timedelta(days=7)), "ref_client": self._their_number(client)}  # fmt: skip
        if chance < 0.02:
            self.books.order(client.number, at, lines, client.currency, **{**more, "fk_statut": CANCELLED})
        elif chance < 0.035:
            draft = self.books.order(client.number, at, lines, client.currency, **{**more, "fk_statut": DRAFT})
            self.books.change("commande", draft, ref=f"(PROV{draft})", date_valid=None)
        else:
            order = self.books.order(client.number, at, lines, client.currency, **more)
            self.clock.at(self._workday(at, self.rng.choice([1, 2, 2, 3, 4])), partial(self._ship, order, client))

    def _their_number(self, client: Client) -> str | None:
        return f"PO-{self.rng.randint(1000, 9999)}" if client.number % 3 else None

    def _lines(self, client: Client, day: date, *, is_real: bool) -> list[Sold]:
        rate = conversion_rate(client.currency, day)
        lines = []
        for number in dict.fromkeys(self.taste.choose(day, self.rng.choice([3, 3, 4, 5, 6, 7]))):
            item = ITEMS[number]
            quantity = self.rng.choice([6, 6, 12, 12, 18] if item.product.is_food else [1, 2, 2, 3, 4, 6])
            warehouse = self.stock.take(number, quantity, client.who.country) if is_real else 1
            if warehouse:
                price = cents(self.story.price(item, day) * WHOLESALE_PRICE * rate)
                discount = Decimal(self.rng.choice([0, 0, 0, 5, 10]))
                lines.append(Sold(number + 1, item.product.fr, quantity, price, client.tax(food=item.product.is_food),
                                  self.story.cost(item, day), discount, warehouse=warehouse))  # fmt: skip
        return lines

    def _ship(self, order: int, client: Client, at: datetime) -> None:
        lines = [number for number, _ in self.books.sales[order]]
        if len(lines) > 2 and self.rng.random() < 0.06:
            self.books.ship(order, client.number, at, lines[:-1])
            self.clock.at(self._workday(at, 8), partial(self._ship_rest, order, client, lines[-1]))
        else:
            self.books.ship(order, client.number, at)
        self.clock.at(self._workday(at, self.rng.choice([0, 1, 2])), partial(self._invoice, order, client))

    def _ship_rest(self, order: int, client: Client, line: int, at: datetime) -> None:
        self.books.ship(order, client.number, at, [line], last=True)

    def _invoice(self, order: int, client: Client, at: datetime) -> None:
        invoice = self.books.invoice(order, client.number, at, client.currency, client.terms)
        due = at + timedelta(days=client.terms + client.lateness + self.rng.randint(-2, 6))
        method = self.rng.choices([TRANSFER, CHEQUE, CARD], [80, 14, 6])[0]
        if self.rng.random() < 0.05:
            part = partial(self._pay, invoice, method, Decimal("0.4"))
            self.clock.at(at + timedelta(days=client.terms), part)
        self.clock.at(due, partial(self._pay, invoice, method, Decimal(1)))
        if self.rng.random() < 0.1:
            line = self.rng.choice([one for _, one in self.books.sales[order]])
            used = client.lateness > -3 and self.rng.random() < 0.75
            back = partial(self._credit, invoice, client, line, used)
            self.clock.at(at + timedelta(days=self.rng.randint(4, 12)), back)

    def _pay(self, invoice: int, method: int, part: Decimal, at: datetime) -> None:
        self.books.pay(invoice, at, method, part)

    def _credit(self, invoice: int, client: Client, line: Sold, used: bool, at: datetime) -> None:
        self.books.credit(invoice, client.number, at, line, client.currency, used=used)

    def _quote(self, client: Client, at: datetime) -> None:
        """An offer: most of them are signed sooner or later."""
        lines = self._lines(client, at.date(), is_real=False)
        if not lines:
            return
        old = at.date() < self.story.today - timedelta(days=30)
        status = self.rng.choice([2, 2, 3]) if old else 1
        self.books.quote(client.number, at, lines, client.currency, fk_statut=status, fk_user_author=client.rep)

    def _workday(self, at: datetime, days: int) -> datetime:
        day = at.date() + timedelta(days=days)
        while day.weekday() > 4:
            day += ONE_DAY
        return max(moment(day, 9) + timedelta(minutes=self.rng.randint(0, 480)), at + timedelta(minutes=5))
