"""The fast stand-in answers as the honest one does with the same tables: the same bytes, request by request."""

from __future__ import annotations

from benchmarks.prestashop.server import Desk, ten_changes
from benchmarks.prestashop.world import World
from echannel_connectors.testing.shop import FakeShop

ORDERS = 700
ROWS = "order_rows[id,product_id,product_quantity]"
DATED = "date=1&sort=[date_upd_ASC,id_ASC]"
ADDED = "date=1&sort=[date_add_ASC,id_ASC]"
FAR = "9999-12-31%2023:59:59"

# What our reader, prestapyt and the Airbyte connector ask, and some refusals.
ASKED = (
    "orders?display=full&limit=100&sort=[id_ASC]&filter[id]=>[0]",
    "orders?display=full&limit=300,100&sort=id_ASC",
    f"orders?display=full&limit=0,50&{DATED}&filter[date_upd]=[2024-01-01,2026-12-31%2000:00:00]",
    f"orders?display=[id,reference,date_add,date_upd,{ROWS}]&filter[id]=[101,400]&date=1",
    "orders?display=[id,date_upd]&limit=1&date=1&sort=[date_upd_DESC,id_DESC]",
    f"orders?display=[id,date_upd]&limit=60&{DATED}&filter[date_upd]=>[2026-10-01%2000:00:00]",
    f"orders?display=[id]&limit=9&{DATED}&filter[date_upd]=[2026-10-20%2000:00:00,{FAR}]",
    "orders?display=[id]&limit=20&date=1&sort=[date_add_DESC]&filter[date_add]=<[2025-01-10]",
    "orders?display=[id]&sort=[id_DESC]&limit=3",
    "orders?limit=5000&sort=[id_ASC]",
    "orders?display=[id,current_state]&filter[current_state]=[4|5]&sort=[id_ASC]",
    "orders?display=[id,reference]&filter[reference]=[AAAAAAAAB|AAAAAAABC|NEW000701]&sort=[id_ASC]",
    "orders?display=[id]&filter[id]=[3|8|250|99999]&sort=[id_ASC]",
    "orders?display=[id]&limit=10&filter[id]=>[99999]",
    "orders?display=[nothing]&limit=10",
    "orders?display=[id]&filter[date_upd]=>[2026-10-01%2000:00:00]",
    "orders?schema=synopsis",
    "orders/5",
    "orders/702",
    "orders/99999",
    "order_details?display=full&limit=500&sort=[id_ASC]&filter[id]=[1,500]",
    "order_details?display=full&limit=1350,50",
    "order_details?display=[id,id_order,taxes[id]]&filter[id_order]=[7|9|350|701|702]&sort=[id_ASC]",
    "order_details?display=[id,id_order]&filter[id_order]=[690,703]&filter[id]=>[1385]&sort=[id_ASC]",
    f"order_histories?display=full&{ADDED}&filter[date_add]=[2026-10-28%2000:00:00,{FAR}]",
    f"order_payments?display=full&limit=40&{ADDED}&filter[date_add]=>[2026-09-01%2000:00:00]",
    "order_payments?display=[id,order_reference]&filter[order_reference]=[AAAAAAAAB|AAAAAAABC]",
    "products?display=[id,name,price]&limit=10&sort=[id_ASC]",
    "order_slip?display=full&limit=10&sort=[id_ASC]",
    "?",
)


def differences(*, edited: bool) -> list[str]:
    """The requests that the two answer differently (none, or the figures are worth nothing)."""
    world = World(ORDERS)
    if edited:
        ten_changes(world)
        world.repeated["orders"].gone.add(12)
    honest = FakeShop(world.shop)
    honest.tables = dict(world.small.tables)
    for name, one in world.repeated.items():
        numbers = sorted({*range(1, one.last + 1), *one.extras} - one.gone)
        honest.tables[name] = {number: row for number in numbers if (row := one.row(number))}
    desk = Desk(world, 0.0)
    found: list[str] = []
    for asked in ASKED:
        for target in (f"/api/{asked}", f"/api/{asked}{'&' if '?' in asked else '?'}output_format=JSON"):
            headers = {"authorization": desk.basic, "host": "127.0.0.1"}
            ours = desk.answer(target, headers)
            theirs = honest.answer("GET", target, headers)
            head, _, body = ours.partition(b"\r\n\r\n")
            if body != theirs.body or int(head.split(b" ")[1]) != theirs.status:
                found.append(target)
    return found


def check() -> str:
    found = differences(edited=False) + differences(edited=True)
    if found:
        raise SystemExit("the stand-in does not answer as the honest one:\n" + "\n".join(found))
    return f"{4 * len(ASKED)} answers of the stand-in equal the honest one's, byte by byte"


if __name__ == "__main__":
    print(check())
