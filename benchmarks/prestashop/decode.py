"""Claim 2: a page of 500 orders with their rows into typed Arrow, beside the parsers alone on the same bytes."""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson
import pyarrow as pa
from lxml import etree

from benchmarks.prestashop import report
from benchmarks.prestashop.world import World
from echannel_connectors import specs
from echannel_connectors.arrow import ARROW_TYPES, to_batch
from echannel_connectors.sources.prestashop import decode
from echannel_connectors.sources.prestashop.schema import fields, wanted
from echannel_connectors.specs import Reads

ROUNDS = 15


def to_arrow(body: bytes, schema: pa.Schema) -> pa.RecordBatch:
    """The library's own way from a page to a typed batch: the one place to change when it has a new one."""
    rows = decode.rows(body)
    return to_batch({name: [row.get(name) for row in rows] for name in schema.names}, schema, ("id",))[0]


def run(*, full: bool) -> None:
    rounds = ROUNDS * 4 if full else ROUNDS
    world = World(10_000)
    found = []
    for name, display, schema in pages(world):
        for form, alone, goal in (("JSON", orjson.loads, 4.0), ("XML", etree.fromstring, 2.0)):
            resource = "order_details" if name.startswith("order_details") else "orders"
            asked = {"display": display, "limit": "500", "sort": "[id_ASC]"}
            body = world.page(resource, asked, json=form == "JSON", base="https://shop.example")
            parsing, ours = _both(
                lambda body=body, alone=alone: alone(body),
                lambda body=body, schema=schema: to_arrow(body, schema),
                rounds,
            )
            found.append((name, form, goal, len(body), parsing, ours))
    report.rows(
        f"A page of 500 into typed Arrow, best of {rounds}",
        ("page", "", "kB", "alone ms", "ours ms", "ratio"),
        [
            (name, form, size // 1000, parsing * 1000, ours * 1000, ours / parsing)
            for name, form, _, size, parsing, ours in found
        ],
    )
    for form, alone in (("JSON", "orjson.loads"), ("XML", "etree.fromstring")):
        worst = max((ours / parsing, name) for name, kind, _, _, parsing, ours in found if kind == form)
        goal = next(goal for _, kind, goal, *_ in found if kind == form)
        report.verdict(
            f"{form} at most {goal:.0f} times {alone} alone",
            f"{worst[0]:.1f} at worst ({worst[1]})",
            met=worst[0] <= goal,
        )


def pages(world: World) -> list[tuple[str, str, pa.Schema]]:
    """(name, display, schema): all that an order has, what the tables need with rows, and the lines as we ask them."""
    known = {name: fields(etree.fromstring(world.shop.resources[name].synopsis.encode())) for name in world.repeated}
    reads = specs.find("prestashop").reads
    orders, lines = reads["orders"], reads["order_details"]
    rows = {"order_rows": ["id", "product_id", "product_quantity", "unit_price_tax_excl"]}
    with_rows = Reads(columns={**orders.columns, **rows})
    found = known["orders"]
    whole = [pa.field(name, ARROW_TYPES[word]) for name, word in found.words.items()]
    whole += [
        pa.field(name, pa.list_(pa.struct([(leaf, pa.string()) for leaf in leaves])))
        for name, leaves in found.associations.items()
    ]
    our_schema, our_display = wanted(found, with_rows)
    line_schema, line_display = wanted(known["order_details"], lines)
    return [
        ("orders, every field, with rows", "full", pa.schema(whole)),
        ("orders, our fields, with rows", our_display, our_schema),
        ("order_details, our fields", line_display, line_schema),
    ]


def _both(one: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The best time of each, taken in turn, so that a busy machine slows down both."""
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for at, work in enumerate((one, other)):
            started = time.perf_counter()
            work()
            best[at] = min(best[at], time.perf_counter() - started)
    return best[0], best[1]
