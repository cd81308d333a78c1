"""What a project that is complete shows: the first figures, how old they are, what is wrong, and what to open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from echannel_connectors.days import Span, shift_months
from echannel_connectors.destinations import Warehouse, warehouse_of
from echannel_connectors.errors import EChannelError
from echannel_connectors.history import age, freshness, last_runs
from echannel_connectors.looker.buttons import templates_of
from echannel_connectors.looker.preview.figures import json_value, last_day
from echannel_connectors.project import Project
from echannel_connectors.texts import Text, in_language, say

Json = dict[str, Any]
NEWEST = "SELECT min(date) AS oldest, max(date) AS newest FROM mart.sales_daily"
# Twelve months that end with the newest day, and the twelve before; headline net sales, as on the pages.
FIGURES = """SELECT
    sum(net_base + refunds_base) FILTER (WHERE date > $year) AS net_sales,
    sum(net_base + refunds_base) FILTER (WHERE date <= $year) AS net_sales_before,
    sum(orders) FILTER (WHERE date > $year) AS orders, sum(orders) FILTER (WHERE date <= $year) AS orders_before,
    sum(new_customers) FILTER (WHERE date > $year) AS new_customers,
    sum(new_customers) FILTER (WHERE date <= $year) AS new_customers_before
    FROM mart.sales_daily WHERE date > $before AND date <= $end"""
MONTHS = """SELECT CAST(date_trunc('month', date) AS DATE) AS month, sum(net_base + refunds_base) AS net_sales
    FROM mart.sales_daily WHERE date >= $first AND date <= $end GROUP BY 1 ORDER BY 1"""
QUALITY = "SELECT sum(rows_without_rate) AS without_rate, sum(rows_set_aside) AS set_aside FROM mart.data_quality"
# Orders that carry the reference of a shop's order which counts as well: the same sale, entered twice.
SOLD = "SELECT DISTINCT source, reference FROM core.orders WHERE _deleted_at IS NULL AND is_sale"
DOUBLES = f"""SELECT o.source, s.source AS shop, count(*) AS n
    FROM core.orders AS o JOIN ({SOLD}) AS s ON s.reference = o.web_reference AND s.source <> o.source
    WHERE o._deleted_at IS NULL AND o.is_sale AND o.duplicate_of_order_id IS NULL
    GROUP BY o.source, s.source ORDER BY n DESC, o.source, s.source"""
METRICS = ("net_sales", "orders", "new_customers")


def home(found: Project, language: str) -> Json:
    """Everything of it as JSON. Raises what the warehouse raises."""
    into = found.destination()
    warehouse = warehouse_of(into)
    runs, sources = last_runs(warehouse), freshness(warehouse)
    [quality] = warehouse.query(QUALITY).read_all().to_pylist()
    return {
        "run": _run(runs, language),
        "sources": [{"name": row["source"], "age": in_language(age(row["last_success"]), language)} for row in sources],
        "problems": [in_language(one, language) for one in _problems(runs, sources, quality)],
        "lacks_rates": bool(quality["without_rate"]) and not _has_rates(found),
        "doubles": list(_doubles(warehouse, found, language)),
        "figures": _figures(warehouse, found),
        "templates": [
            {"id": one.template, "title": getattr(one.title, language), "about": getattr(one.description, language)}
            for one in sorted(templates_of(found), key=lambda one: one.template != _first(found))
        ],
        "place": {"address": getattr(into, "address", ""), "has_links": hasattr(into, "bound")},
    }


def _first(found: Project) -> str:
    """The template that says most of what the company has."""
    has_shop = any(one.get("connector") == "prestashop" for one in found.file.sources.values())
    return "b2c-shop" if has_shop else "b2b-sales"


def has_run(found: Project) -> bool:
    """Whether a sync has come to its end once. Makes nothing where there is no warehouse yet."""
    try:
        return any(run["status"] == "done" for run in last_runs(found.warehouse()))
    except EChannelError:
        return False


def _run(runs: list[Json], language: str) -> Json | None:
    if not runs:
        return None
    last = runs[0]
    return {
        "age": in_language(age(last["started_at"]), language),
        "is_done": last["status"] == "done",
        "rows": last["rows_read"],
        "seconds": json_value(last["seconds"]),
    }


def _has_rates(found: Project) -> bool:
    return any(one.get("connector") == "ecb" for one in found.file.sources.values())


def _problems(runs: list[Json], sources: list[Json], quality: Json) -> Iterator[str]:
    """What somebody should look at, a sentence each."""
    if runs and runs[0]["status"] != "done":
        problem = runs[0]["error"]
        yield say("The last sync failed: {problem}", problem=problem) if problem else say("The last sync was stopped.")
    for row in sources:
        names = ", ".join(one["stream"] for one in row["failing"] or ())
        if names:
            yield say("{source}: {names} could not be read last time.", source=row["source"], names=names)
    if n := quality["without_rate"]:
        yield say("{n:,} rows have no exchange rate: they are in no total.", n=int(n))
    if n := quality["set_aside"]:
        yield say("{n:,} rows did not fit and were set aside: they are in no total.", n=int(n))


def _doubles(warehouse: Warehouse, found: Project, language: str) -> Iterator[Json]:
    """Where sales count twice, and no rule of echannel.yaml says which one counts."""
    shops = {name for name, one in found.file.sources.items() if one.get("connector") == "prestashop"}
    told: set[str] = set()
    for row in warehouse.query(DOUBLES).read_all().to_pylist():
        source, shop = row["source"], row["shop"]
        if shop in shops and source not in {*shops, *found.file.matches, *told}:
            told.add(source)
            sentence = say("{n:,} orders of {source} are orders of {shop}, too: they count twice.", **row)
            yield {"source": source, "shop": shop, "sentence": in_language(sentence, language)}


def _figures(warehouse: Warehouse, found: Project) -> Json | None:
    """Twelve months and their months; None before there is any sale."""
    today = found.company.today()
    [days] = warehouse.query(NEWEST).read_all().to_pylist()
    if days["newest"] is None:
        return None
    end = last_day(days["newest"], today)
    year, before = shift_months(end, -12), shift_months(end, -24)
    [row] = warehouse.query(FIGURES, {"before": before, "year": year, "end": end}).read_all().to_pylist()
    # Of a year that the tables do not hold whole there is no figure: the rest of it would look like growth.
    is_whole = Span(before + timedelta(days=1), year).is_held_since(days["oldest"])
    found_months = warehouse.query(MONTHS, {"first": year.replace(day=1), "end": end}).read_all().to_pylist()
    sold = {one["month"]: one["net_sales"] for one in found_months}
    return {
        "until": str(end),
        "values": {
            name: [json_value(row[name]), json_value(row[f"{name}_before"]) if is_whole else None] for name in METRICS
        },
        "months": [
            {"month": str(month), "net_sales": json_value(sold.get(month, 0))}
            for month in _months(max(year, days["oldest"]), end)
        ],
    }


def _months(first: date, last: date) -> Iterator[date]:
    """Every month from one day to another: one without a sale is one of nothing."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = shift_months(month, 1)


def outcome(problem: EChannelError, language: str) -> Json:
    """An error as the page shows it: the sentence and the way out."""
    sentence: Text | str = problem.sentence
    return {"sentence": in_language(sentence, language), "hint": in_language(problem.hint, language)}
