"""Claim 2: a page of 500 orders with their rows into typed Arrow, beside the parsers alone on the same bytes.

orjson.loads leaves every value as a Python object; lxml's fromstring leaves none. So lxml alone is the parsing and the
reading of every name and text; what our way takes against the parsing without any value is shown beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import orjson
import pyarrow as pa
from lxml import etree

from benchmarks import report
from benchmarks.prestashop.world import World
from echannel_connectors import specs
from echannel_connectors.arrow import to_batch
from echannel_connectors.sources.prestashop import decode
from echannel_connectors.sources.prestashop.schema import fields, wanted
from echannel_connectors.specs import Reads
from echannel_connectors.testing.shop.schema import Resource

ROUNDS = 15


def to_arrow(body: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """The library's own way from a page to a typed batch: the one place to change when it has a new one."""
    return to_batch(decode.columns(decode.document(body), schema), schema, ("id",))[0]


def by_lxml(body: bytes) -> list[tuple[object, str | None]]:
    """Every name and text of a document, by lxml and nothing else."""
    return [(one.tag, one.text) for one in etree.fromstring(body).iter()]


@dataclass(frozen=True, slots=True)
class Page:
    """500 records as a shop sends them, and the columns that they become."""

    name: str
    resource: str
    display: str
    schema: pa.Schema


@dataclass(frozen=True, slots=True)
class Timed:
    """The best times of the parser alone and of the whole way on the same bytes."""

    page: str
    form: str
    size: int
    alone: float
    ours: float
    parsed: float
    """The parsing alone, without a value read: the same as `alone` for JSON."""

    @property
    def ratio(self) -> float:
        return self.ours / self.alone


def run(*, full: bool) -> None:
    rounds = ROUNDS * 4 if full else ROUNDS
    world, numbers = World(10_000), World(10_000)
    for one in numbers.repeated.values():
        one.resource = with_numbers(one.resource)
    found = []
    for page in pages(world):
        found.append(_timed(world, page, "JSON", orjson.loads, rounds))
        found.append(_timed(numbers, page, "JSON, PHP 8.1", orjson.loads, rounds))
        found.append(_timed(world, page, "XML", by_lxml, rounds))
    report.rows(
        f"A page of 500 into typed Arrow, best of {rounds}",
        ("page", "", "kB", "parse ms", "alone ms", "ours ms", "ratio"),
        [
            (one.page, one.form, one.size // 1000, one.parsed * 1000, one.alone * 1000, one.ours * 1000, one.ratio)
            for one in found
        ],
    )
    for form, alone, goal in (("JSON", "orjson.loads", 4.0), ("XML", "lxml", 2.0)):
        worst = max((one for one in found if one.form.startswith(form)), key=lambda one: one.ratio)
        claim = f"{form} to Arrow in at most {goal:.0f} times {alone} alone"
        figure = f"{worst.ratio:.1f} at worst ({worst.page}, {worst.form})"
        if form == "XML":
            figure += f"; {max(one.ours / one.parsed for one in found if one.form == form):.1f} times the parsing alone"
        report.verdict(claim, figure, met=worst.ratio <= goal)


def _timed(world: World, page: Page, form: str, alone: Callable[[bytes], object], rounds: int) -> Timed:
    asked = {"display": page.display, "limit": "500", "sort": "[id_ASC]"}
    body = world.page(page.resource, asked, json=form != "XML", base="https://shop.example")
    parse = etree.fromstring if form == "XML" else alone
    ways = (lambda: alone(body), lambda: to_arrow(body, page.schema), lambda: parse(body))
    return Timed(page.name, form, len(body), *_best(ways, rounds))


def with_numbers(resource: Resource) -> Resource:
    """As PHP 8.1 and newer write it: whole numbers are JSON numbers, not text."""
    fields = tuple(replace(one, number=one.kind == "number") for one in resource.fields)
    rows = tuple(
        replace(each, fields=tuple(replace(one, number=one.kind == "number") for one in each.fields))
        for each in resource.associations
    )
    return replace(resource, fields=fields, associations=rows)


def pages(world: World) -> list[Page]:
    """All that an order has, what the tables need with the order's rows, and the lines as we ask for them."""
    known = {name: fields(etree.fromstring(world.shop.resources[name].synopsis.encode())) for name in world.repeated}
    reads = specs.find("prestashop").reads
    rows = {"order_rows": ["id", "product_id", "product_quantity", "unit_price_tax_excl"]}
    found = known["orders"]
    whole, _ = wanted(found, reads["orders"], also={*found.words, *found.associations})
    schema, display = wanted(found, Reads(columns={**reads["orders"].columns, **rows}))
    line_schema, line_display = wanted(known["order_details"], reads["order_details"])
    return [
        Page("orders in full", "orders", "full", whole),
        Page("orders, our fields and rows", "orders", display, schema),
        Page("order_details, our fields", "order_details", line_display, line_schema),
    ]


def _best(ways: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The best time of each, taken in turn, so that a busy machine slows down all of them."""
    best = [float("inf")] * len(ways)
    for _ in range(rounds):
        for at, work in enumerate(ways):
            started = time.perf_counter()
            work()
            best[at] = min(best[at], time.perf_counter() - started)
    return best
