"""A shop of any number of orders in little memory: the recorded orders again and again, under new ids and dates.

Order `k` is the recorded order `k % TEMPLATES` with its two lines, two steps of its history and its payment. Each of
these is rendered once per display and format by the honest stand-in with marks where ids, references and dates stand;
a page is then a join of those bytes with the marks filled in. What is edited later (`extras`) is rendered honestly.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from benchmarks.environments import ROOT
from echannel_connectors.testing.shop import FakeShop
from echannel_connectors.testing.shop.query import RefusedError, _test, comparable, display, select
from echannel_connectors.testing.shop.recording import Shop, read_recording
from echannel_connectors.testing.shop.render import XML_CLOSE, XML_OPEN, Writer
from echannel_connectors.testing.shop.schema import Kind, Resource, Row

RECORDING = ROOT / "tests" / "data" / "prestashop" / "shop-a.jsonl.gz"
FIRST = datetime(2024, 11, 1)  # noqa: DTZ001 - the shop's own local time, as its database has it
DAYS = 730  # over which the orders are spread evenly: the newest is of 2026-10-31
PER_ORDER = {"orders": 1, "order_details": 2, "order_histories": 2, "order_payments": 1}
HOUR = 3600

DAY_TEXTS = [f"{FIRST + timedelta(days=day):%Y-%m-%d} ".encode() for day in range(DAYS + 2)]
TIME_TEXTS = [b"%02d:%02d:%02d" % (n // 3600, n // 60 % 60, n % 60) for n in range(86_400)]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# What stands for a value while a record is rendered once for all: nothing of the recording looks like it.
ID, ORDER, LINE_1, LINE_2 = (f"90000000000000{n}" for n in range(1, 5))
REFERENCE = "QZSLOTXQZ"
ADDED, UPDATED = "1801-02-03 04:05:06", "1801-02-03 04:05:07"
MARKS = re.compile("|".join((ID, ORDER, LINE_1, LINE_2, REFERENCE, ADDED, UPDATED)).encode())


def reference(order: int) -> str:
    """Nine letters, as the shop has them; another for every order."""
    letters = []
    for _ in range(9):
        order, digit = divmod(order, 26)
        letters.append(LETTERS[digit])
    return "".join(reversed(letters))


def order_of(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 26 + (ord(letter) - 65 if "A" <= letter <= "Z" else 0)
    return number if reference(number) == text else 0


@dataclass(slots=True)
class Repeated:
    """One resource that every order has `per` records of."""

    resource: Resource
    per: int
    orders: int
    marked: list[Row]
    """The recorded rows with marks, `per` for each recorded order that is repeated."""
    shifts: Mapping[str, Callable[[int], int]]
    """Date field → seconds after the order, by the record's place (0 … per - 1)."""
    extras: dict[int, Row] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        return self.orders * self.per

    # -- the values of a record --------------------------------------------------------------------------------

    def order(self, number: int) -> int:
        return (number - 1) // self.per + 1

    def moment(self, number: int, name: str) -> bytes:
        order, place = divmod(number - 1, self.per)
        seconds = order * (DAYS * 86_400) // self.orders + self.shifts[name](place)
        day, second = divmod(seconds, 86_400)
        return DAY_TEXTS[day] + TIME_TEXTS[second]

    def value(self, mark: str) -> Callable[[int], bytes]:
        return {
            ID: lambda number: b"%d" % number,
            ORDER: lambda number: b"%d" % self.order(number),
            LINE_1: lambda number: b"%d" % (2 * number - 1),
            LINE_2: lambda number: b"%d" % (2 * number),
            REFERENCE: lambda number: reference(self.order(number)).encode(),
            ADDED: lambda number: self.moment(number, "date_add"),
            UPDATED: lambda number: self.moment(number, "date_upd"),
        }[mark]

    def marked_row(self, number: int) -> Row:
        return self.marked[(number - 1) % len(self.marked)]

    def row(self, number: int) -> Row | None:
        """The record as a row of the database: what the honest stand-in would hold."""
        if number in self.extras:
            return self.extras[number]
        if number in self.gone or not 1 <= number <= self.last:
            return None

        def filled(value: object) -> object:
            if isinstance(value, str) and MARKS.fullmatch(value.encode()):
                return self.value(value)(number).decode()
            if isinstance(value, list):
                return [{name: filled(leaf) for name, leaf in one.items()} for one in value]
            return value

        return {name: filled(value) for name, value in self.marked_row(number).items()}

    # -- which records ------------------------------------------------------------------------------------------

    def find(self, asked: Mapping[str, str], languages: list[str]) -> list[range]:
        """The ids that a request asks for, in its order, as ranges. Refuses what the honest stand-in refuses."""
        select(self.resource, [], asked, languages)
        plain = {name: value for name, value in asked.items() if name != "limit"}
        found = [range(1, self.last + 1)]
        for name, wanted in asked.items():
            if match := re.fullmatch(r"filter\[(\w+)\]", name):
                found = self._filtered(found, match[1], wanted)
        found = _without(found, sorted({*self.gone, *self.extras}))
        sort = asked.get("sort", "[id_ASC]").strip("[]").split(",")[0]
        by, _, way = sort.rpartition("_")
        ascending = {**plain, "sort": f"[{by}_ASC,id_ASC]" if by != "id" else "[id_ASC]"}
        extras = [number for number, _ in select(self.resource, self.extras.items(), ascending, languages)]
        found = _with(found, [(self._place(number, by), number) for number in extras])
        if way == "DESC":
            found = [one[::-1] for one in reversed(found)]
        return _limited(found, asked.get("limit"))

    def _filtered(self, found: list[range], name: str, wanted: str) -> list[range]:
        before, inside, after = re.fullmatch(r"(.*?)\[(.*)\](.*)", wanted).groups()  # type: ignore[union-attr]
        if self._mark(name) is None:
            kind = self.resource.field(name).kind  # type: ignore[union-attr]
            test = _test(wanted, kind, bare_as_text=True)
            passing = [test(None if row[name] is None else str(row[name])) for row in self.marked]
            if all(passing):
                return found
            kept = [n for one in found for n in one if passing[(n - 1) % len(passing)]] if any(passing) else []
            return [range(n, n + 1) for n in kept]
        if after or before not in ("", ">", "<"):
            raise RefusedError(400, (1, f"the benchmark's shop does not understand filter[{name}]={wanted}"))
        if before == ">":
            return _within(found, self._edge(name, inside, after=True), self.last + 1)
        if before == "<":
            return _within(found, 1, self._edge(name, inside, after=False))
        if "," in inside:
            low, high = sorted(inside.split(","), key=lambda text: comparable(self._kind(name), text))
            return _within(found, self._edge(name, low, after=False), self._edge(name, high, after=True))
        spans = [
            (self._edge(name, one, after=False), self._edge(name, one, after=True)) for one in set(inside.split("|"))
        ]
        return [part for low, high in sorted(spans) for part in _within(found, low, high)]

    def _mark(self, name: str) -> str | None:
        value = ID if name == "id" else self.marked[0][name]
        return value if isinstance(value, str) and MARKS.fullmatch(value.encode()) else None

    def _kind(self, name: str) -> Kind:
        return self.resource.field(name).kind  # type: ignore[union-attr]

    def _edge(self, name: str, text: str, *, after: bool) -> int:
        """The first id whose value is not before `text` (or is after it); values grow with the id."""
        mark = self._mark(name)
        if mark in (ADDED, UPDATED):
            wanted = (text if len(text) > 10 else f"{text} 00:00:00").encode()
            cut = bisect_right if after else bisect_left
            return cut(range(1, self.last + 1), wanted, key=lambda number: self.moment(number, name)) + 1
        if mark == ID:
            return int(text) + after
        order = order_of(text) if mark == REFERENCE else int(text)
        return (order - (not after)) * self.per + 1

    def _place(self, number: int, by: str) -> int:
        """The id before which an edited record comes in the order asked for."""
        if by == "id":
            return number
        moment = str(self.extras[number][by]).encode()
        whole = range(1, self.last + 1)
        return bisect_left(whole, (moment, number), key=lambda n: (self.moment(n, by), n)) + 1


def _within(found: list[range], low: int, high: int) -> list[range]:
    cut = (range(max(one.start, low), min(one.stop, high)) for one in found)
    return [one for one in cut if len(one)]


def _without(found: list[range], holes: Sequence[int]) -> list[range]:
    kept: list[range] = []
    for one in found:
        start = one.start
        for hole in holes[bisect_left(holes, one.start) : bisect_left(holes, one.stop)]:
            kept.append(range(start, hole))
            start = hole + 1
        kept.append(range(start, one.stop))
    return [one for one in kept if len(one)]


def _with(found: list[range], places: list[tuple[int, int]]) -> list[range]:
    """The ranges with each number put in before its place."""
    merged: list[range] = []
    waiting = list(places)
    for one in found:
        rest = one
        while waiting and waiting[0][0] < rest.stop:
            place, number = waiting.pop(0)
            place = max(place, rest.start)
            merged += [range(rest.start, place), range(number, number + 1)]
            rest = range(place, rest.stop)
        merged.append(rest)
    merged += [range(number, number + 1) for _, number in waiting]
    return [one for one in merged if len(one)]


def _limited(found: list[range], limit: str | None) -> list[range]:
    if limit is None:
        return found
    numbers = [int(part) for part in limit.split(",")]
    offset, count = numbers if len(numbers) == 2 else (0, numbers[0])
    kept: list[range] = []
    for one in found:
        part = one[offset : offset + count]
        offset = max(0, offset - len(one))
        count -= len(part)
        kept.append(part)
        if count <= 0:
            break
    return [one for one in kept if len(one)]


@dataclass(slots=True)
class Look:
    """The records of one resource, rendered for one display and format."""

    head: bytes
    between: bytes
    tail: bytes
    templates: list[bytes]
    marks: list[str]


class World:
    """The shop: the repeated tables here, everything else in the honest stand-in `small`."""

    def __init__(self, orders: int) -> None:
        shop = read_recording(RECORDING)
        self.orders = orders
        self.shop = shop
        self.repeated = _repeated(shop, orders)
        for name in self.repeated:
            shop.tables[name] = {}
        # What else speaks of orders keeps to those that are here.
        self.small = FakeShop(shop)
        self.key = self.small.key
        self.look = lru_cache(maxsize=64)(self._look)

    def page(self, name: str, asked: Mapping[str, str], *, json: bool, base: str) -> bytes:
        """The body of a list of a repeated resource."""
        repeated = self.repeated[name]
        languages = [str(number) for number in sorted(self.small.tables["languages"])]
        found = repeated.find(asked, languages)
        look = self.look(name, asked.get("display"), json, base)
        if not found and json:
            return b"[]"
        parts: list[bytes] = []
        for ids in found:
            if ids[0] in repeated.extras:
                parts.append(self._honest(name, ids[0], asked.get("display"), json, base))
                continue
            columns = [list(map(repeated.value(mark), ids)) for mark in look.marks]
            size = len(look.templates)
            parts += [
                look.templates[(number - 1) % size] % values
                for number, values in zip(ids, zip(*columns, strict=True), strict=True)
            ]
        return look.head + look.between.join(parts) + look.tail

    def single(self, name: str, number: int, *, json: bool, base: str) -> bytes | None:
        row = self.repeated[name].row(number)
        if row is None:
            return None
        writer = self._writer(name, base)
        write = writer.json if json else writer.xml
        return write([(number, row)], display(writer.resource, "full"), single=True).encode()

    def _writer(self, name: str, base: str) -> Writer:
        languages = [str(number) for number in sorted(self.small.tables["languages"])]
        return Writer(self.repeated[name].resource, base, languages, self.shop.native)

    def _honest(self, name: str, number: int, shown: str | None, json: bool, base: str) -> bytes:
        writer = self._writer(name, base)
        row = self.repeated[name].row(number)
        return _inside(writer, number, row, shown, json=json)[1]  # type: ignore[arg-type]

    def _look(self, name: str, shown: str | None, json: bool, base: str) -> Look:
        repeated, writer = self.repeated[name], self._writer(name, base)
        rendered = [_inside(writer, int(ID), row, shown, json=json) for row in repeated.marked]
        head, first, tail = rendered[0]
        marks = [found.decode() for found in MARKS.findall(first)]
        templates = [MARKS.sub(b"%b", record.replace(b"%", b"%%")) for _, record, _ in rendered]
        return Look(head, b"," if json else b"", tail, templates, marks)


def _inside(writer: Writer, number: int, row: Row, shown: str | None, *, json: bool) -> tuple[bytes, bytes, bytes]:
    """A page of one record, taken apart: what stands before it, the record, what stands behind."""
    node = writer.resource.list_node
    if json:
        head, tail = f'{{"{node}":['.encode(), b"]}"
    else:
        head, tail = f"{XML_OPEN}<{node}>\n".encode(), f"</{node}>\n{XML_CLOSE}".encode()
    write = writer.json if json else writer.xml
    page = write([(number, row)], display(writer.resource, shown)).encode()
    return head, page.removeprefix(head).removesuffix(tail), tail


def _repeated(shop: Shop, orders: int) -> dict[str, Repeated]:
    """The recorded orders fit to be repeated: two lines, a history, one payment, no voucher or slip."""
    tables = shop.tables
    of = {
        name: _grouped(tables[name].values(), "id_order")
        for name in ("order_details", "order_histories", "order_discounts", "order_slip")
    }
    paid = _grouped(tables["order_payments"].values(), "order_reference")
    marked: dict[str, list[Row]] = {name: [] for name in PER_ORDER}
    for number, order in tables["orders"].items():
        key = str(number)
        lines, steps = of["order_details"].get(key, []), of["order_histories"].get(key, [])
        payments = paid.get(str(order["reference"]), [])
        if (
            len(lines) != 2
            or len(steps) < 2
            or len(payments) != 1
            or key in of["order_discounts"]
            or key in of["order_slip"]
        ):
            continue
        rows = [dict(row, id=mark) for row, mark in zip(order["order_rows"], (LINE_1, LINE_2), strict=True)]  # type: ignore[call-overload]
        marked["orders"].append(
            dict(order, id_cart=ID, reference=REFERENCE, date_add=ADDED, date_upd=UPDATED, order_rows=rows)
        )
        marked["order_details"] += [dict(line, id_order=ORDER) for line in lines]
        marked["order_histories"] += [dict(step, id_order=ORDER, date_add=ADDED) for step in (steps[0], steps[-1])]
        marked["order_payments"].append(dict(payments[0], order_reference=REFERENCE, date_add=ADDED))
    shifts: dict[str, dict[str, Callable[[int], int]]] = {
        "orders": {"date_add": lambda _: 0, "date_upd": lambda _: HOUR},
        "order_details": {},
        "order_histories": {"date_add": lambda place: place},
        "order_payments": {"date_add": lambda _: 1},
    }
    return {
        name: Repeated(shop.resources[name], per, orders, marked[name], shifts[name]) for name, per in PER_ORDER.items()
    }


def _grouped(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[by]), []).append(row)
    return groups
