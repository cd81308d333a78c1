"""sync(): the whole path on one page — read, commit, sweep, build, report."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from echannel_connectors import events
from echannel_connectors.destinations import Publisher, Warehouse, commit, warehouse_of
from echannel_connectors.errors import EChannelError, SettingsError, did_you_mean
from echannel_connectors.events import OnEvent
from echannel_connectors.models import entered, extra
from echannel_connectors.models.build import build, rebuild, rebuild_freshness
from echannel_connectors.models.company import Company
from echannel_connectors.models.mapping import EVER_IN
from echannel_connectors.runs import Choice, Run, StreamResult, SyncResult
from echannel_connectors.settings import Connector
from echannel_connectors.streams import Source
from echannel_connectors.texts import say

__all__ = ["Choice", "StreamResult", "SyncResult", "check_names", "sync"]

# What no rate values, by the table where it stands; $base is the reporting currency.
UNVALUED = {
    "mart.sales": """SELECT source, currency, count(*) AS n FROM mart.sales
        WHERE net_base IS NULL AND $base <> '' GROUP BY ALL""",
    **{
        f"core.{table}": f"""SELECT c.source, c.currency, count(*) AS n FROM core.{table} AS c
            LEFT JOIN mart.rates AS r ON r.currency = c.currency
              AND r.date = least(c.{day}, (SELECT max(date) FROM mart.rates))
            WHERE c._deleted_at IS NULL AND c.currency <> $base AND r.rate IS NULL AND {amount} <> 0
            GROUP BY ALL"""
        for table, day, amount in (
            ("costs", "month", "c.amount"),
            ("ad_costs", "date", "c.cost"),
            # Google's export has amounts in the currency they were paid in.
            ("traffic", "date", "(abs(coalesce(c.revenue_gross, 0)) + abs(coalesce(c.revenue_refunded, 0)))"),
        )
    },
    # Of a currency that nobody tells, or with orders from before its first rate.
    "core.cost_rules": """SELECT
          c.source, c.currency, count(DISTINCT c.kind || c.applies_to || CAST(c.valid_from AS VARCHAR)) AS n
        FROM core.cost_rules AS c
        LEFT JOIN (SELECT currency, min(date) AS first_day FROM mart.rates GROUP BY currency) AS r
          ON r.currency = c.currency
        CROSS JOIN (SELECT DISTINCT date FROM mart.orders UNION ALL SELECT CAST(NULL AS DATE)) AS o
        WHERE c._deleted_at IS NULL AND c.fixed_amount <> 0 AND c.currency <> $base
          AND (r.currency IS NULL OR (o.date >= c.valid_from AND o.date < r.first_day)) GROUP BY ALL""",
}
# One question, because a warehouse may ask money for each.
WITHOUT_RATE = " UNION ALL ".join(
    f"SELECT '{table}' AS name, q.source, q.currency, q.n FROM ({sql}) AS q" for table, sql in UNVALUED.items()
)

REVIEWED = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'mart' AND table_name = 'review'"
KNOWN_FITS = "SELECT template, fields, problems, empty_tables, note FROM echannel.templates ORDER BY template"
KEEP_FIT = "INSERT INTO echannel.templates VALUES ($template, $fields, $problems, $empty_tables, $note)"


def sync(
    *sources: Source,
    into: Warehouse | Publisher,
    company: Company | None = None,
    choice: Choice | None = None,
    project: Path | None = None,
    on_event: OnEvent = events.ignore,
) -> SyncResult:
    """Read what is new in each source into the warehouse and rebuild core and marts. Can be repeated at any time.

    Sources are asked in the company's currency and time zone, where they know of such a thing.
    Where `into` is a publisher, such as a Sheet, its own warehouse takes all that, and the marts are published.

    Raises the first error of a source or the warehouse; what was committed before it stays and is not read again.
    """
    _are_meant(sources, into)
    company = _agreed(into, company)
    sources = _of_company(sources, company)
    company, choice = company or Company(), choice or Choice()
    check_names(choice.only, sources)
    files = entered.read(company)
    extra.agree(sources)
    result = SyncResult()
    warehouse = warehouse_of(into)
    run = Run(warehouse, company, choice, on_event, result)
    started, clock = datetime.now(UTC), time.monotonic()
    if listen := getattr(warehouse, "listen", None):
        listen(on_event)
    before = getattr(warehouse, "billed", 0)
    error: BaseException | None = None
    try:
        for source in sources:
            run.read(source)
        with warehouse.hold():
            entered.store(warehouse, files)
            result.tables = build(warehouse, sources, company, project, run.hear)
            _warn_of_rates(run)
            _warn_of_twins(run, sources)
            if project is not None:
                _warn_of_left(run, project, sources)
            for sentence in entered.misspelt_rules(warehouse) if company.cost_rules else ():
                run.warn(entered.SOURCE, sentence)
            _check_templates(run, project)
        if warehouse is not into:
            _publish(run, into)  # type: ignore[arg-type]  # what is no warehouse is a publisher
    except BaseException as caught:
        error = caught
        raise
    finally:
        result.seconds = time.monotonic() - clock
        for source in sources:
            for name, value in source.receipt().items():
                result.receipt[name] = result.receipt.get(name, 0) + value
            source.close()
        _remember(run, started, error)
        if bill := getattr(warehouse, "bill", None):
            result.bill = bill(getattr(warehouse, "billed", 0) - before)
    return result


def _are_meant(sources: Sequence[object], into: object) -> None:
    """What a program without types mistakes: a list for its sources, a path for a warehouse."""
    for one in sources:
        if not hasattr(one, "streams"):
            hint = "each source stands by itself: sync(*sources, into=…)" if isinstance(one, list | tuple) else ""
            raise SettingsError(f"a {type(one).__name__} is no source", hint=hint or "such as PrestaShop(url=…, key=…)")
    if not hasattr(warehouse_of(into), "commit"):  # type: ignore[arg-type]  # that is the question
        hint = 'say into=DuckDB("shop.duckdb"), BigQuery(…) or Sheets(…)'
        raise SettingsError(f"a {type(into).__name__} is no destination", hint=hint)


def _agreed(into: Warehouse | Publisher, company: Company | None) -> Company | None:
    """The company that a sync names, or its publisher did."""
    return into.agree(company) if warehouse_of(into) is not into else company  # type: ignore[union-attr]  # a publisher


def _of_company(sources: tuple[Source, ...], company: Company | None) -> tuple[Source, ...]:
    """The sources with rates to this company's currency, and days of its time zone."""
    if company is None:
        return sources
    found = []
    for source in sources:
        made: Callable[..., Source] | None = getattr(type(source), "for_company", None)
        found.append(made(source, company.currency, company.time_zone) if made else source)
    return tuple(found)


def _publish(run: Run, into: Publisher) -> None:
    """Every mart as a table of the publisher; each is replaced as a whole, so that one that fails leaves the others."""
    into.listen(run.on_event)
    today = run.company.today().isoformat()
    tables = [name.removeprefix("mart.") for name in run.result.tables if name.startswith("mart.")]
    # What reviews answered is no table of a build; a review that could not publish it leaves that to the next sync.
    for table in [*tables, *run.into.query(REVIEWED).read_all()["table_name"].to_pylist()]:
        run.on_event(events.Publishing(table))
        done = into.publish(table, run.into.query(into.select(table, today)))
        run.on_event(events.Published(table, done.rows, done.is_new, done.requests))
        if done.cut:
            sentence = say("{n:,} texts of {table} were longer than a cell and were cut", n=done.cut, table=table)
            run.warn(table, sentence)


def _warn_of_rates(run: Run) -> None:
    base = run.company.currency
    found = run.into.query(f"{WITHOUT_RATE} ORDER BY name DESC, source, currency", {"base": base})
    for row in found.read_all().to_pylist():
        sentence = say(
            "{n:,} rows of {table} are in {currency} and have no rate to {base}: their *_base figures are empty "
            "and in no total",
            n=row["n"],
            table=row["name"],
            currency=row["currency"] or say("an unknown currency"),
            base=base,
        )
        run.warn(row["source"], sentence)


def _warn_of_twins(run: Run, sources: Iterable[Source]) -> None:
    """One shop under two names. (Two keys of a multistore, each for a store of its own, are two sources.)"""
    for one, other in combinations([source for source in sources if isinstance(source, Connector)], 2):
        if one.model_dump(exclude={"name"}) == other.model_dump(exclude={"name"}):
            names = {"one": one.name, "other": other.name}
            run.warn(other.name, say("{one!r} and {other!r} are one source, and its figures count twice", **names))


def _warn_of_left(run: Run, project: Path, sources: Iterable[Source]) -> None:
    """A source that was taken out of a project's file, or renamed, still counts; renamed, it counts twice."""
    from echannel_connectors.project import FILE

    named = None
    with suppress(OSError, yaml.YAMLError):  # whoever syncs without a file may bring source by source
        named = (yaml.safe_load((project / FILE).read_text(encoding="utf-8")) or {}).get("sources")
    if named is None:
        return
    own = {entered.SOURCE, *named, *(source.name for source in sources)}
    for row in run.into.query(EVER_IN).read_all().to_pylist():
        if row["name"] not in own:
            sentence = say(
                "{name} is no source of this project any more, and its figures still count: `echannel forget {name}`",
                name=row["name"],
            )
            run.warn(row["name"], sentence)


def _check_templates(run: Run, project: Path | None) -> None:
    """What reports miss in the tables: a warning, and kept for mart.data_quality, which is told again if it changed."""
    from echannel_connectors.looker.live import fits
    from echannel_connectors.looker.template import find_template, template_names

    templates = []
    for name in template_names(project):
        try:
            templates.append(find_template(name, project))
        except SettingsError as error:  # a company's own one, half written: no reason to lose the sync
            run.warn(name, error.sentence)
    found = fits(templates, run.into, run.result.tables, run.company.language)
    for one in found:
        if one.problems:
            run.warn(one.template, say("the report {template} misses: {note}", template=one.template, note=one.note))
    rows = [asdict(one) for one in found]
    if rows != run.into.query(KNOWN_FITS).read_all().to_pylist():
        run.into.execute("DELETE FROM echannel.templates WHERE TRUE", *((KEEP_FIT, row) for row in rows))
        run.result.tables["mart.data_quality"] = rebuild(run.into, run.company, "data_quality")


def _remember(run: Run, started: datetime, error: BaseException | None) -> None:
    """A row in echannel.runs, for failures too; a warehouse that cannot take it keeps its own error."""
    from echannel_connectors import __version__

    result, cost = run.result, run.result.receipt
    row: dict[str, Any] = {
        "run_id": uuid.uuid4().hex,
        "started_at": started,
        "finished_at": datetime.now(UTC),
        "status": "failed" if error else "done",
        "rows_read": result.total("rows"),
        "rows_changed": result.total("changed"),
        "rows_deleted": result.total("deleted"),
        "set_aside": result.total("set_aside"),
        "seconds": round(result.seconds, 3),
        "requests": int(cost.get("requests", 0)),
        "source_seconds": round(cost.get("seconds", 0.0), 3),
        "bytes": int(cost.get("bytes", 0)),
        "error": _told(error, run.company.language) if error else None,
        "library_version": __version__,
    }
    try:
        run.into.execute((commit.FINISHED_RUN, row))
        if isinstance(error, Exception):
            rebuild_freshness(run.into, run.company)
    except Exception:
        if error is None:
            raise


def _told(error: BaseException, language: str) -> str | None:
    """The error's first line as the company reads it."""
    lines = (error.in_language(language) if isinstance(error, EChannelError) else str(error)).splitlines()
    return lines[0][:500] if lines else None


def check_names(only: Sequence[str], sources: Iterable[Source]) -> None:
    """A source has a name of its own; `--only` names sources or source.stream. Told before anything is read."""
    names = [source.name for source in sources]
    folded = [name.casefold() for name in names]
    for name in names:
        if folded.count(name.casefold()) > 1:  # their rows would be taken for one source's: tables have no capitals
            sentence = say("two sources are named {name!r}", name=name)
            raise SettingsError(sentence, hint=say("give one of them another name"))
    for word in only:
        if not any(word == name or word.startswith(f"{name}.") for name in names):
            source = word.partition(".")[0]
            raise SettingsError(say("there is no source {name!r}", name=source), hint=did_you_mean(source, names))
