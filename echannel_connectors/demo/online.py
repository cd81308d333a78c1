"""What happens in the web shop: who comes, what they buy, how they pay, what they send back."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial

from echannel_connectors.demo import people
from echannel_connectors.demo.catalogue import ITEMS
from echannel_connectors.demo.clock import Clock
from echannel_connectors.demo.forwarding import Forwarding
from echannel_connectors.demo.people import Person
from echannel_connectors.demo.stock import Stock
from echannel_connectors.demo.storefront import CHRISTMAS, FREE_SHIPPING, HELLO_UK, WELCOME
from echannel_connectors.demo.story import Story, moment
from echannel_connectors.demo.taste import Taste
from echannel_connectors.demo.webshop import (
    BACKORDER,
    CANCELLED,
    CHEQUE,
    CUSTOMER,
    DELIVERED,
    FAILED,
    GUEST,
    PAID,
    PAYPAL,
    PREPARING,
    REFUNDED,
    SHIPPED,
    WHOLESALE,
    WIRE,
    Basket,
    Bought,
    Buyer,
    Webshop,
)

HOURS = (2, 1, 0, 0, 0, 0, 1, 3, 6, 9, 11, 11, 12, 11, 10, 9, 9, 10, 11, 13, 16, 17, 12, 6)
WAITING = {"bankwire": WIRE, "cheque": CHEQUE, "paypal": PAYPAL}
MODULES = ("stripe", "paypal", "bankwire", "cheque")
COMPANIES = 46


@dataclass(frozen=True, slots=True)
class Placed:
    """An order on its way: its number, its basket, and whether the ERP gets it."""

    order: int
    basket: Basket
    forwarded: bool
    warehouses: dict[int, int]  # by item


class Online:
    """The web shop's trade."""

    def __init__(
        self, shop: Webshop, stock: Stock, forwarding: Forwarding, clock: Clock, story: Story, rng: random.Random
    ) -> None:  # fmt: skip
        """Open the shop; nobody has come yet."""
        self.shop, self.stock, self.forwarding, self.clock = shop, stock, forwarding, clock
        self.story, self.rng = story, rng
        self.taste = Taste(story, rng)
        self.regulars: dict[str, list[Buyer]] = {}
        self.companies: dict[str, list[Buyer]] = {}
        self.delivered: list[Placed] = []
        self.orders = 0
        self.refunds = 0

    def plan(self, day: date, expected: float) -> None:
        """Let people come on that day: buyers, and those who leave their cart behind."""
        noise = self.rng.uniform(0.72, 1.28)
        for _ in range(int(expected * noise + self.rng.random())):
            self.clock.at(self._time(day), self.visit)
        if day > self.story.today - timedelta(days=150):
            for _ in range(int(expected * 0.7 + self.rng.random())):
                self.clock.at(self._time(day), self._abandon)

    def _time(self, day: date) -> datetime:
        hour = self.rng.choices(range(24), HOURS)[0]
        return moment(day, hour, self.rng.randint(0, 59)) + timedelta(seconds=self.rng.randint(0, 59))

    # -- people -------------------------------------------------------------------------------------------------

    def visit(self, at: datetime) -> None:
        """Somebody buys."""
        country = self._country(at.date())
        if self.rng.random() < 0.06 and country != "US":
            self._buy(self._company(country, at), at)
            return
        known = self.regulars.get(country, [])
        share = 0.27 + 0.08 * (at.date() - self.story.start).days / 700
        if known and self.rng.random() < share:
            self._buy(self.rng.choice(known[-260:]), at)
        else:
            self._buy(self._newcomer(country, at), at, is_new=True)

    def _country(self, day: date) -> str:
        chances = self.story.markets(day)
        return self.rng.choices(list(chances), list(chances.values()))[0]

    def _newcomer(self, country: str, at: datetime) -> Buyer:
        number = len(self.shop.tables["customers"]) + 1
        guest = self.rng.random() < 0.13
        who = people.person(self.rng, country, number)
        known = self.regulars.get(country, [])
        if guest and known and self.rng.random() < 0.15:
            who = self.rng.choice(known).who  # somebody who has an account and does not bother to log in
        buyer = self.shop.welcome(who, GUEST if guest else CUSTOMER, at)
        if not guest:
            self.regulars.setdefault(country, []).append(buyer)
        return buyer

    def _company(self, country: str, at: datetime) -> Buyer:
        known = self.companies.setdefault(country, [])
        total = sum(map(len, self.companies.values()))
        if known and (total >= COMPANIES or self.rng.random() < 0.72):
            return self.rng.choice(known)
        who = self._client_of_the_erp(country) or people.company(self.rng, country, 500 + total)
        buyer = self.shop.welcome(who, WHOLESALE, at)
        known.append(buyer)
        return buyer

    def _client_of_the_erp(self, country: str) -> Person | None:
        """Some shops that a representative visits also order on the web, with the same address."""
        taken = {one.who.email for one in self.companies.get(country, [])}
        free = [one.who for one in self.forwarding.clients if one.who.country == country and one.who.email not in taken]
        return self.rng.choice(free) if free and self.rng.random() < 0.35 else None

    def _abandon(self, at: datetime) -> None:
        country = self._country(at.date())
        known = self.regulars.get(country) or self.regulars["FR"]
        buyer = self.rng.choice(known)
        if self.rng.random() < 0.6:
            buyer = replace(buyer, number=0, address=0)
        self.shop.fill_cart(buyer, at, self._bought(buyer, at.date()))

    # -- orders -------------------------------------------------------------------------------------------------

    def _bought(self, buyer: Buyer, day: date) -> tuple[Bought, ...]:
        few, many = ((1, 2, 3, 4, 5), (34, 30, 19, 11, 6)), ((2, 3, 4, 5, 6), (20, 30, 25, 15, 10))
        how_many = self.rng.choices(*(many if buyer.is_company else few))[0]
        found = []
        for number in dict.fromkeys(self.taste.choose(day, how_many)):
            item = ITEMS[number]
            if buyer.is_company:
                quantity = self.rng.choice([6, 6, 12] if item.product.is_food else [2, 3, 4])
            else:
                quantity = self.rng.choice([1, 1, 2, 2, 3, 4] if item.product.is_food else [1, 1, 1, 1, 1, 2])
            price, cut = self.story.price(item, day), self.story.reduction(item, day)
            if buyer.is_company:
                price, cut = self.story.trade_price(item, day), self.story.no_cut
            found.append(Bought(item, quantity, price, cut, self.story.cost(item, day)))
        return tuple(found)

    def _buy(self, buyer: Buyer, at: datetime, *, is_new: bool = False, credit: int = 0) -> None:
        wanted, warehouses, lines = self._bought(buyer, at.date()), dict[int, int](), []
        for one in wanted:
            place = self.stock.take(one.item.number, one.quantity, buyer.market.country)
            if place:
                warehouses[one.item.number] = place
                lines.append(one)
        if not lines:
            return
        module = self._module(buyer)
        cart = self.shop.fill_cart(buyer, at, tuple(lines))
        vouchers = () if buyer.is_company or credit else self._vouchers(buyer, at.date(), is_new=is_new)
        basket = Basket(
            buyer, at, tuple(lines), self._reference(), module, vouchers, credit,
            self.rng.random() < (0.14 if at.month == 12 else 0.04), self._carrier(buyer), cart,
        )  # fmt: skip
        if len(lines) > 1 and self.rng.random() < 0.02:
            baskets = [replace(basket, lines=basket.lines[:1], vouchers=(), credit=0, wrapped=False, carrier=3),
                       replace(basket, lines=basket.lines[1:])]  # fmt: skip
        else:
            baskets = [basket]
        self._settle([self._place(one, warehouses) for one in baskets])

    def _place(self, basket: Basket, warehouses: dict[int, int]) -> Placed:
        self.orders += 1
        order = self.shop.place(basket)
        row = self.shop.tables["orders"][order]
        if row["total_paid"] == "0.000000":
            row |= {"module": "free_order", "payment": "Free order"}
        forwarded = self.rng.random() < (0.75 if basket.buyer.is_company else 0.33)
        return Placed(order, basket, forwarded, warehouses)

    def _settle(self, alike: list[Placed]) -> None:
        """Pay, or do not; orders from one basket share their fate."""
        basket, at = alike[0].basket, alike[0].basket.at
        alike = [replace(one, forwarded=alike[0].forwarded) for one in alike]
        for one in alike:
            if not one.forwarded:
                self._book(one, -1)
        chance, module = self.rng.random(), basket.module
        if chance < (0.028 if module in ("stripe", "paypal") else 0.0):
            self._each(alike, at, self._fail)
            return
        if module not in WAITING:
            self._each(alike, at, self._paid)
            return
        self._each(alike, at, partial(self._reach, state=WAITING[module]))
        if chance > (0.985 if module == "paypal" else 0.86):
            self._each(alike, at + timedelta(days=self.rng.randint(8, 13)), self._cancel)
        else:
            minutes = self.rng.randint(1, 3) if module == "paypal" else self.rng.randint(1300, 7200)
            self._each(alike, at + timedelta(minutes=minutes), self._paid)

    def _each(self, alike: list[Placed], at: datetime, happening: Callable[[Placed, datetime], None]) -> None:
        for one in alike:
            self.clock.at(at, partial(happening, one))

    def _book(self, one: Placed, sign: int) -> None:
        """The shop's own pieces: the ERP sees only their sum."""
        for line in one.basket.lines:
            self.stock.left_unbooked(line.item.number, one.warehouses[line.item.number], sign * line.quantity)

    def _reach(self, one: Placed, at: datetime, *, state: int) -> None:
        self.shop.reach(one.order, state, at)

    def _fail(self, one: Placed, at: datetime) -> None:
        self.shop.reach(one.order, FAILED, at)
        self._restore(one)

    def _cancel(self, one: Placed, at: datetime) -> None:
        self.shop.reach(one.order, CANCELLED, at)
        self._restore(one)

    def _restore(self, one: Placed) -> None:
        for line in one.basket.lines:
            self.stock.give_back(line.item.number, line.quantity, one.warehouses[line.item.number])
        if not one.forwarded:
            self._book(one, 1)

    def _paid(self, one: Placed, at: datetime) -> None:
        self.shop.reach(one.order, PAID, at)
        if one.forwarded:
            self.forwarding.order(one.order, one.basket.buyer, at, one.warehouses)
        if self.rng.random() < 0.006 and not one.forwarded:
            self.clock.at(at + timedelta(hours=9), partial(self._cancel, one))
            return
        slow = 4 if at.date().replace(day=1) == self.story.bad_month else 1
        packed = at + timedelta(minutes=self.rng.randint(90, 1300))
        gone = packed + timedelta(minutes=self.rng.randint(200, 1500) * slow)
        there = gone + timedelta(minutes=self.rng.randint(1440, 5000) * slow)
        self.clock.at(packed, partial(self._reach, one, state=PREPARING))
        if self.rng.random() < 0.006 and not one.forwarded:
            self.clock.at(packed + timedelta(minutes=30), partial(self._edit, one))
        self.clock.at(gone, partial(self._shipped, one))
        self.clock.at(there, partial(self._delivered, one, slow > 1))

    def _edit(self, one: Placed, at: datetime) -> None:
        """A customer calls and wants one more."""
        line = one.basket.lines[0]
        number = line.item.number
        place = self.stock.take(number, 1, one.basket.buyer.market.country)
        if place:
            self.stock.left_unbooked(number, place, -1)
            self.shop.edit(one.order, self.shop.details[one.order][0], line.quantity + 1, at)

    def _shipped(self, one: Placed, at: datetime) -> None:
        self.shop.reach(one.order, SHIPPED, at)
        if one.forwarded:
            self.forwarding.ship(one.order, at)

    def _delivered(self, one: Placed, was_late: bool, at: datetime) -> None:
        self.shop.reach(one.order, DELIVERED, at)
        self.delivered.append(one)
        chance = self.rng.random() / (2 if was_late else 1)
        back = at + timedelta(minutes=self.rng.randint(2000, 22_000))
        if chance < 0.024:
            self.clock.at(back, partial(self.take_back, one, whole=True))
        elif chance < 0.068:
            self.clock.at(back, partial(self.take_back, one, whole=False))
        elif chance < 0.076:
            self.clock.at(back, partial(self._refund_shipping, one))

    # -- refunds ------------------------------------------------------------------------------------------------

    def take_back(self, one: Placed, at: datetime, *, whole: bool) -> None:
        """Goods come back: all of them, and the order is refunded, or one piece; half of it is as good as new."""
        details = self.shop.details[one.order]
        pieces = {}
        for detail, line in zip(details, one.basket.lines, strict=True):
            pieces[detail] = line.quantity
        if not whole:
            chosen = self.rng.choice(details)
            pieces = {chosen: max(pieces[chosen] // 2, 1)}
        self.refunds += 1
        slip = self.shop.refund(one.order, pieces, at, shipping=whole and self.rng.random() < 0.6)
        for detail, line in zip(details, one.basket.lines, strict=True):
            if detail in pieces and not line.item.product.is_food and self.rng.random() < 0.6:
                place, number = one.warehouses[line.item.number], line.item.number
                self.stock.give_back(number, pieces[detail], place)
                self.stock.left_unbooked(number, place, pieces[detail])
                self.shop.tables["order_details"][detail]["product_quantity_reinjected"] = str(pieces[detail])
        if whole:
            self.shop.reach(one.order, REFUNDED, at)
        elif one.basket.buyer.group == CUSTOMER and self.rng.random() < 0.45:
            rule = self.shop.give_credit(slip, at + timedelta(minutes=4))
            if self.rng.random() < 0.85:
                later = at + timedelta(minutes=self.rng.randint(9000, 70_000))
                self.clock.at(later, partial(self._spend, one.basket.buyer, rule))
        if one.forwarded:
            self.forwarding.take_back(one.order, pieces, at)

    def _spend(self, buyer: Buyer, rule: int, at: datetime) -> None:
        self._buy(buyer, at, credit=rule)

    def _refund_shipping(self, one: Placed, at: datetime) -> None:
        if self.shop.tables["orders"][one.order]["total_shipping"] != "0.000000":
            self.refunds += 1
            self.shop.refund(one.order, {}, at, shipping=True)

    def oversell(self, item: int, at: datetime) -> None:
        """The last pieces are sold twice: one order waits for goods that are not there, and the stock is negative."""
        buyer, one = self.regulars["FR"][-1], ITEMS[item]
        short = max(self.stock.levels()[item], 0) + 2
        self.stock.free[item][1] -= short
        line = Bought(one, short, self.story.price(one, at.date()), self.story.no_cut, self.story.cost(one, at.date()))
        basket = Basket(buyer, at, (line,), self._reference(), cart=self.shop.fill_cart(buyer, at, (line,)))
        self.orders += 1
        self.shop.reach(self.shop.place(basket), BACKORDER, at)

    # -- details ------------------------------------------------------------------------------------------------

    def _module(self, buyer: Buyer) -> str:
        weights = (62, 27, 6, 5) if buyer.market.country == "FR" else (66, 30, 4, 0)
        return self.rng.choices(MODULES, (30, 8, 56, 6) if buyer.is_company else weights)[0]

    def _vouchers(self, buyer: Buyer, day: date, *, is_new: bool) -> tuple[int, ...]:
        found = []
        britain_is_new = buyer.market.country == "GB" and (day - self.story.entry).days < 75
        if is_new and self.rng.random() < (0.45 if britain_is_new else 0.2):
            found.append(HELLO_UK if britain_is_new else WELCOME)
        elif day.month == 12 and day.day < 20 and self.rng.random() < 0.12:
            found.append(CHRISTMAS)
        if self.rng.random() < 0.05:
            found.append(FREE_SHIPPING)
        return tuple(found)

    def _carrier(self, buyer: Buyer) -> int:
        country = buyer.market.country
        return 4 if country == "GB" else 3 if country != "FR" else self.rng.choice([1, 1, 2])

    def _reference(self) -> str:
        return "".join(self.rng.choices(string.ascii_uppercase, k=9))
