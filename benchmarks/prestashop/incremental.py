"""Claim 3: how many requests a sync needs after ten changes in a large shop."""

from __future__ import annotations

import tempfile
from collections import Counter
from math import ceil
from pathlib import Path

from pydantic import SecretStr

from benchmarks import report
from benchmarks.prestashop.server import Served, serving
from echannel_connectors import DuckDB, PrestaShop, sync
from echannel_connectors.testing.shop.query import parameters

RECORDS_A_REQUEST = 500
MORE = 10  # the root, the synopses that are asked again, and whatever else


def run(*, full: bool) -> None:
    orders = 100_000 if full else 10_000
    with serving(orders, 0) as served, tempfile.TemporaryDirectory() as folder:
        into = DuckDB(Path(folder) / "shop.duckdb")
        first = sync(_shop(served), into=into)
        loaded = len(served.ask("log")["targets"])
        quiet = sync(_shop(served), into=into)
        nothing = len(served.ask("log")["targets"])
        changes = served.ask("changes")
        served.ask("log")
        result = sync(_shop(served), into=into)
        targets = served.ask("log")["targets"]
        rows = {stream.stream: stream.rows for stream in result.streams}
        resources = _shop(served).streams()
        streams = {name: resources[name] for name in rows}
        served.ask("log")
        whole = {name for name, stream in streams.items() if stream.shape.deletes == "unseen"}
        budget = {name: max(1, ceil(rows[name] / RECORDS_A_REQUEST)) if name in whole else 1 for name in streams}
        compares = [target for target in targets if is_compare(target)]
        spent = Counter(resource(target) for target in targets if not is_compare(target))
        new = into.query(
            "SELECT count(DISTINCT order_id) AS n FROM mart.sales WHERE CAST(order_id AS BIGINT) > ?", [orders]
        )
        arrived = new.read_all()["n"][0].as_py()
    report.rows(
        f"A sync after {len(changes)} changes in a shop of {orders:,} orders",
        ("stream", "requests", "allowed", "rows read"),
        [(name, spent[name], budget.get(name, "of the 10"), rows.get(name, "")) for name in sorted({*spent, *budget})],
    )
    report.say(
        f"  first load {loaded:,} requests ({first.seconds:.1f} s); nothing new {nothing} ({quiet.seconds:.1f} s); "
        f"after the changes {len(targets)} ({result.seconds:.1f} s), {len(compares)} of them the full compare's"
    )
    allowed = sum(budget.values()) + MORE
    total = sum(spent.values())
    figure = f"{total} requests, {allowed} allowed; {arrived} of 4 new orders in mart.sales"
    report.verdict(
        f"a sync after ten changes in a shop of {orders:,} orders", figure, met=total <= allowed and arrived == 4
    )


def is_compare(target: str) -> bool:
    """Whether a request belongs to the day's share of the full compare: an interval of ids, no date asked for."""
    asked = parameters(target.partition("?")[2])
    return asked.get("filter[id]", "").startswith("[") and not any(name.startswith("filter[date") for name in asked)


def resource(target: str) -> str:
    path = target.partition("?")[0].strip("/").split("/")
    return path[1] if len(path) > 1 else "the root"


def _shop(served: Served) -> PrestaShop:
    return PrestaShop(url=served.url, key=SecretStr(served.key), page=RECORDS_A_REQUEST)
