"""Atelier Breton: a company that never existed, with two full years of trade behind it and the current one so far.

Everything follows from the day on which it is looked at: the same day gives the same company, row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from echannel_connectors.demo.catalogue import ITEMS
from echannel_connectors.demo.clock import Clock
from echannel_connectors.demo.forwarding import Forwarding
from echannel_connectors.demo.office import open_books
from echannel_connectors.demo.online import Online
from echannel_connectors.demo.representatives import Representatives
from echannel_connectors.demo.schema import SCHEMA
from echannel_connectors.demo.stock import Delivery, Stock
from echannel_connectors.demo.storefront import storefront
from echannel_connectors.demo.story import EVENING, ONE_DAY, Story, dice, moment
from echannel_connectors.demo.webshop import Webshop
from echannel_connectors.testing.shop import FakeShop
from echannel_connectors.testing.shop.recording import Tables

NAME = "Atelier Breton"
OPENS_AT = (6, 30)  # the company is first looked at in the morning
WEB_ORDERS = 2550, 720  # in two years, and in a whole current year
VISITS = 700, 260


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened between two looks at the company."""

    orders: int
    states: int
    refunds: int
    stock_moves: int
    invoices: int


class Company:
    """The company as it stands at one moment: its shop's tables, its ERP's rows, and what is planned to happen next."""

    def __init__(self, today: date) -> None:
        """Live through two years and the current one, up to the morning of that day."""
        self.story = story = Story(today)
        self.clock = Clock()
        self._webshop = Webshop(storefront(story))
        self.books = open_books(story)
        self.stock = Stock(self.books, story, dice("stock"))
        self._sales = Representatives(self.books, self.stock, self.clock, story, dice("representatives"))
        forwarding = Forwarding(self._webshop, self.books, self._sales.clients)
        self._online = Online(self._webshop, self.stock, forwarding, self.clock, story, dice("online"))
        year = today.timetuple().tm_yday / 365
        self._scales = (
            story.scale(round(WEB_ORDERS[0] + WEB_ORDERS[1] * year)),
            story.trade_scale(round(VISITS[0] + VISITS[1] * year)),
        )
        self._visits = dice("visits")
        self.clock.at(moment(story.start), self._begin_day)
        gift_box = next(item.number for item in ITEMS if item.role == "oversold")
        self.clock.at(moment(today - ONE_DAY, 17, 20), partial(self._online.oversell, gift_box))
        self.now = moment(today, *OPENS_AT)
        self._run(self.now)
        self.shop = FakeShop.like(SCHEMA, {})
        self.shop.tables = self.tables  # the same rows, so that what happens is seen at once

    @property
    def tables(self) -> Tables:
        """The rows of the shop's webservice."""
        return self._webshop.tables

    def advance(self, until: datetime) -> Changes:
        """Live on; at least a handful of orders and one refund happen in between, however short it is."""
        with self.shop.lock:
            before, orders, refunds = self._counted(), self._online.orders, self._online.refunds
            span = max(until - self.now, timedelta(minutes=1))
            for number in range(1, 6):
                self.clock.at(
                    self.now + span * number / 6, partial(self._if_quiet, orders + number, self._online.visit)
                )
            self.clock.at(self.now + span * 3 / 4, self._sales.visit)
            self.clock.at(self.now + span * 7 / 8, partial(self._if_not_refunded, refunds))
            self.now = self.now + span
            self._run(self.now)
            after = self._counted()
        return Changes(*(new - old for new, old in zip(after, before, strict=True)))

    def _counted(self) -> list[int]:
        rows = [len(self.tables[name]) for name in ("orders", "order_histories", "order_slip")]
        return [*rows, *(len(self.books.rows[name]) for name in ("stock_mouvement", "facture"))]

    def _if_quiet(self, orders: int, happening: Callable[[datetime], None], at: datetime) -> None:
        if self._online.orders < orders:
            happening(at)

    def _if_not_refunded(self, refunds: int, at: datetime) -> None:
        if self._online.refunds == refunds:
            whole = [one for one in self._online.delivered[-60:] if len(one.basket.lines) > 1]
            self._online.take_back(whole[-7], at, whole=False)

    def write_erp(self, file: Path) -> None:
        """The ERP as a SQLite file with Dolibarr's tables; what the file held before is replaced."""
        self.books.save(file)

    # -- days -----------------------------------------------------------------------------------------------------

    def _run(self, until: datetime) -> None:
        self.clock.run(until)
        until = until.replace(microsecond=0)
        self.stock.book_shop(until)
        self.books.count(until)
        self._webshop.stock(self.stock.levels())
        self._webshop.set_rates(until.date())

    def _begin_day(self, at: datetime) -> None:
        day = at.date()
        web, trade = self._scales
        self._online.plan(day, web * self.story.pace(day))
        expected = trade * self.story.trade_pace(day)
        for _ in range(int(expected + self._visits.random())):
            self.clock.at(moment(day, self._visits.randint(8, 17), self._visits.randint(0, 59)), self._sales.visit)
        self.clock.at(moment(day, *EVENING), self._end_day)
        self.clock.at(moment(day + ONE_DAY), self._begin_day)

    def _end_day(self, at: datetime) -> None:
        self.stock.book_shop(at)
        for delivery in self.stock.close_day(at.date()):
            self.clock.at(delivery.at, partial(self._arrive, delivery))

    def _arrive(self, delivery: Delivery, _at: datetime) -> None:
        self.stock.arrive(delivery)
