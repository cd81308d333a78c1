"""What lies in the two warehouses, what is on its way, and who was asked for more."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from echannel_connectors.demo.books import (
    BRIGHTON,
    MADE_BY_HAND_IN,
    MADE_BY_HAND_OUT,
    PARTLY_RECEIVED,
    RECEIVED,
    RENNES,
    Books,
    Sold,
)
from echannel_connectors.demo.catalogue import ITEMS, SUPPLIERS, Item
from echannel_connectors.demo.story import EVENING, MARKETS, MONTHS, SEASONS, Story, moment

MEMORY = 0.035  # how fast the expected demand follows what is asked for
COVER_DAYS = 26
MISSING = ("MAR-CLA-M", "MAR-CLA-L")  # the best seller whose maker was late


@dataclass(frozen=True, slots=True)
class Delivery:
    """Goods on their way: a part of a purchase line, and what the purchase becomes when they arrive."""

    at: datetime
    item: int
    quantity: int
    line: int
    status: int


class Stock:
    """The pieces that can still be promised, by item and warehouse; the books hold those that lie there."""

    def __init__(self, books: Books, story: Story, rng: random.Random) -> None:
        """Fill the shelves for the first day."""
        self.books, self.story, self.rng = books, story, rng
        self.free = [[0, 0, 0] for _ in ITEMS]  # by warehouse number; place 0 is unused
        self.incoming = [0] * len(ITEMS)
        self.asked_today = [0] * len(ITEMS)
        weights = [item.product.weight * float(item.share) for item in ITEMS]
        self.demand = [24 * weight / sum(weights) for weight in weights]
        self._aside: dict[tuple[int, int], int] = {}
        first = moment(story.start, 0, 5)
        for item in ITEMS:
            if item.role != "new":
                self._correct(item.number, RENNES, 2 + int(self.demand[item.number] * 45), first, "Inventaire initial")

    def take(self, item: int, quantity: int, country: str) -> int:
        """Promise so many pieces; gives the warehouse they will come from, 0 where there are not enough."""
        self.asked_today[item] += quantity
        for warehouse in (BRIGHTON, RENNES) if country == "GB" else (RENNES,):
            if self.free[item][warehouse] >= quantity:
                self.free[item][warehouse] -= quantity
                return warehouse
        return 0

    def give_back(self, item: int, quantity: int, warehouse: int) -> None:
        """Pieces that can be promised again."""
        self.free[item][warehouse] += quantity

    def left_unbooked(self, item: int, warehouse: int, quantity: int) -> None:
        """Pieces that the shop moved by itself; the ERP hears of them once a day."""
        key = (item, warehouse)
        self._aside[key] = self._aside.get(key, 0) + quantity

    def book_shop(self, at: datetime) -> None:
        """The shop's pieces since the last time, as one correction for each product."""
        for (item, warehouse), quantity in self._aside.items():
            if quantity:
                kind = MADE_BY_HAND_OUT if quantity < 0 else MADE_BY_HAND_IN
                self.books.move(item + 1, warehouse, quantity, at, kind, "Boutique en ligne")
        self._aside = {}

    def levels(self) -> dict[int, int]:
        """What the shop shows, by item."""
        return {number: sum(places) for number, places in enumerate(self.free)}

    def _correct(self, item: int, warehouse: int, quantity: int, at: datetime, label: str) -> None:
        kind = MADE_BY_HAND_OUT if quantity < 0 else MADE_BY_HAND_IN
        self.books.move(item + 1, warehouse, quantity, at, kind, label)
        self.free[item][warehouse] += quantity

    # -- buying in ------------------------------------------------------------------------------------------------

    def close_day(self, day: date) -> list[Delivery]:
        """Learn from what was asked for, even in vain, and order on Mondays. Gives what will be delivered when."""
        for number, asked in enumerate(self.asked_today):
            self.demand[number] += MEMORY * (asked - self.demand[number])
            self.asked_today[number] = 0
        if day.day == 2 and day > self.story.entry:
            self._supply_brighton(moment(day, *EVENING))
        if day.day == 28 and day.month % 6 == 0:
            self._count_shelves(moment(day, *EVENING))
        return self._order_in(day) if day.weekday() == 0 else []

    def arrive(self, delivery: Delivery) -> None:
        """Goods are put on the shelf."""
        self.books.receive(delivery.line, delivery.quantity, delivery.at, delivery.status)
        self.incoming[delivery.item] -= delivery.quantity
        self.free[delivery.item][RENNES] += delivery.quantity

    def _order_in(self, day: date) -> list[Delivery]:
        found: list[Delivery] = []
        at = moment(day, 10)
        for supplier, about in enumerate(SUPPLIERS, 1):
            wanted = [
                (item, quantity)
                for item in ITEMS
                if item.product.supplier == supplier and (quantity := self._wanted(item, day, about.lead_time_days))
            ]
            if wanted:
                found += self._send(supplier, wanted, at, about.lead_time_days)
        return found

    def _wanted(self, item: Item, day: date, lead: int) -> int:
        """How many pieces to order: for the supplier's lead time and some weeks more, by the pack."""
        days_left = (self.story.today - day).days
        if item.role == "dead":
            return 48 if 400 <= days_left < 407 and item.size in ("", "M") else 0
        if item.role == "new" and day < date(self.story.today.year - 1, 2, 1):
            return 0
        expected = self.demand[item.number] * self._coming(item, day)
        if item.role == "new" and day < date(self.story.today.year - 1, 3, 10):
            expected = max(expected, 0.15)
        have = sum(self.free[item.number]) + self.incoming[item.number]
        if item.role == "overbought" and 233 <= days_left < 240:
            return 6 * math.ceil((30 + expected * 300) / 6)
        if have >= expected * (lead + 14):
            return 0
        pack = 6 if item.product.is_food else 2
        return pack * math.ceil(max(expected * (lead + COVER_DAYS) - have, 1) / pack)

    def _coming(self, item: Item, day: date) -> float:
        """How much busier the coming weeks are than the last ones, for this product."""
        season = SEASONS[item.product.season]
        ahead, behind = (day.month + 0) % 12, (day.month - 2) % 12
        return min((season[ahead] * MONTHS[ahead]) / (season[behind] * MONTHS[behind]), 2.2)

    def _send(self, supplier: int, wanted: list[tuple[Item, int]], at: datetime, lead: int) -> list[Delivery]:
        tax = MARKETS["FR"].standard
        lines = [
            Sold(item.number + 1, item.product.fr, quantity, self.story.cost(item, at.date()), tax)
            for item, quantity in wanted
        ]
        expected = at + timedelta(days=lead)
        numbers = self.books.purchase(supplier, at, lines, expected)
        late = self.rng.choices([-2, 0, 1, 3, 6, 12], [10, 40, 20, 15, 10, 5])[0]
        found = []
        for (item, quantity), line in zip(wanted, numbers, strict=True):
            self.incoming[item.number] += quantity
            arrival = max(expected + timedelta(days=late, hours=self.rng.randint(-1, 6)), self._held_back(item, at))
            first = quantity * 2 // 3 if self.rng.random() < 0.05 else 0
            if first:
                found.append(Delivery(arrival, item.number, first, line, PARTLY_RECEIVED))
                arrival += timedelta(days=8)
            found.append(Delivery(arrival, item.number, quantity - first, line, RECEIVED))
        found.sort(key=lambda one: one.at)
        last = found[-1].at
        return [
            Delivery(one.at, one.item, one.quantity, one.line, RECEIVED if one.at == last else PARTLY_RECEIVED)
            for one in found
        ]

    def _held_back(self, item: Item, at: datetime) -> datetime:
        """Before this moment nothing arrives: a supplier is late with the best seller, others keep us waiting now."""
        start, end = self.story.stock_out
        if item.sku in MISSING and start - timedelta(days=80) <= at.date() < end:
            return moment(end, 14)
        days = {"sold_out": 80, "oversold": 45}.get(item.role, 0)
        if days and at.date() >= self.story.today - timedelta(days=days):
            until = self.story.today + timedelta(days=9)
            return moment(until, 14)
        return at

    def _supply_brighton(self, at: datetime) -> None:
        """Once a month the British warehouse gets what Britain will buy of the main products."""
        for item in (item for item in ITEMS if item.product.weight >= 42):
            wanted = math.ceil(self.demand[item.number] * 0.2 * 35) - self.free[item.number][BRIGHTON]
            quantity = min(wanted, self.free[item.number][RENNES] // 4)
            if quantity > 0:
                self._correct(item.number, RENNES, -quantity, at, "Transfert vers Brighton")
                self._correct(item.number, BRIGHTON, quantity, at, "Transfert de Rennes")

    def _count_shelves(self, at: datetime) -> None:
        """Twice a year somebody counts: a few pieces are broken or gone."""
        for item in self.rng.sample(ITEMS, 9):
            missing = min(self.rng.randint(1, 3), self.free[item.number][RENNES])
            if missing:
                self._correct(item.number, RENNES, -missing, at, "Inventaire")
