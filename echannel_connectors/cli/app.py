"""The commands. Each is a page: find the project, call the library, show the result."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from echannel_connectors import __version__, events
from echannel_connectors.cli import show
from echannel_connectors.cli.folder import HERE, Folder, opened
from echannel_connectors.cli.language import told
from echannel_connectors.cli.login import login
from echannel_connectors.cli.looker import looker
from echannel_connectors.cli.spec import spec
from echannel_connectors.destinations import warehouse_of
from echannel_connectors.errors import DESTINATION, REFUSED, SETTINGS, SettingsError, Unavailable
from echannel_connectors.pipeline import Choice
from echannel_connectors.project import Project
from echannel_connectors.streams import Finding, Source
from echannel_connectors.texts import say

if TYPE_CHECKING:
    from echannel_connectors.looker.preview.figures import Report

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Shop, ERP and web analytics into tables that ready-made dashboards understand.",
)

app.add_typer(spec, name="spec")
app.add_typer(looker, name="looker")
app.add_typer(login, name="login")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"echannel-connectors {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Shop, ERP and web analytics into tables that ready-made dashboards understand."""


@app.command()
def start(
    folder: Annotated[Path, typer.Option(help="The folder of the company.", show_default="this folder")] = HERE,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
) -> None:
    """An assistant on a page of this machine: from the shop's address to the first figures and the daily sync.

    Example: echannel start --folder my-shop
    """
    from echannel_connectors.cli.start import run

    run(folder, port, browser=browser)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where to write echannel.yaml.")] = HERE) -> None:
    """Ask a few questions and write echannel.yaml; secrets go into a .env file beside it.

    Example: echannel init
    """
    from echannel_connectors.cli.init import ask_and_write

    ask_and_write(folder)


@app.command()
def check(
    project: Folder = HERE,
    deep: Annotated[
        bool, typer.Option("--deep", help="Try the destination out: write to it, and leave it as it was.")
    ] = False,
) -> None:
    """Connect to everything, read-only, and say what is missing or risky.

    Example: echannel check
    """
    from echannel_connectors.models import entered, extra

    found = opened(project)
    extra.agree(found.sources())
    refused = [source.name for source in found.sources() if not show.findings(source.name, _checked(source))]
    into = found.destination()
    writable = show.findings(told(say("destination")), warehouse_of(into).check())
    if deep and writable and (check_deeply := getattr(into, "check_deeply", None)):
        writable = show.findings(told(say("destination")), check_deeply())
    if warehouse_of(into) is not into:
        writable = show.findings(told(say("publisher")), into.check()) and writable
    readable = show.findings(told(say("files")), entered.findings(found.company))
    if refused or not writable or not readable:
        show.talk(say("Mend what is marked ✗ first."))
        raise typer.Exit(REFUSED if refused else SETTINGS if writable else DESTINATION)
    show.talk(say("Everything is in place: run echannel sync."))


@app.command()
def sync(
    project: Folder = HERE,
    only: Annotated[list[str] | None, typer.Option(help="A source, or source.stream; may be given again.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    watch: Annotated[int | None, typer.Option(min=1, help="Sync again after this many seconds, for ever.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Read again from this day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, typer.Option(help="… up to this day.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be read and written.")] = False,
    accept_deletes: Annotated[bool, typer.Option("--accept-deletes", help="Accept a large sweep of deletes.")] = False,
) -> None:
    """Read what is new in every source and rebuild the tables. Can be repeated and interrupted at any time.

    Example: echannel sync --only shop.orders
    """
    found = opened(project)
    choice = Choice(tuple(only or ()), full, since, until, accept_deletes)
    if dry_run:
        _dry_run(found, choice)
    elif watch:
        _sync_for_ever(found, choice, watch)
    else:
        raise typer.Exit(_sync_once(found, choice))


@app.command()
def status(project: Folder = HERE) -> None:
    """The last ten runs, and how old the figures are.

    Example: echannel status
    """
    from echannel_connectors.cli.status import show_status

    show_status(opened(project).warehouse())


@app.command()
def read(
    source: Annotated[str, typer.Argument(help="A source of echannel.yaml, or 'warehouse'.")],
    stream: Annotated[str, typer.Argument(help="One of its streams, such as orders, or a table, such as mart.sales.")],
    project: Folder = HERE,
    form: Annotated[
        Literal["table", "csv", "jsonl", "parquet", "arrow"], typer.Option("--format", help="How to write it.")
    ] = "table",
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many rows.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="From this day (YYYY-MM-DD).")] = None,
    until: Annotated[str | None, typer.Option(help="Up to this day.")] = None,
) -> None:
    """Write a stream or a table to stdout.

    Example: echannel read warehouse mart.sales --format csv --limit 3
    """
    from echannel_connectors.cli.write import write
    from echannel_connectors.reading import read as read_rows

    found = opened(project)
    place = found.warehouse() if source == "warehouse" else found.source(source)
    write(read_rows(place, stream, since=since, until=until), form, limit)


@app.command()
def preview(
    template: Annotated[str, typer.Argument(help="Which template.")] = "b2c-shop",
    project: Folder = HERE,
    static: Annotated[Path | None, typer.Option(help="Write one offline page to this file instead.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Write a workbook with native charts to this file instead.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 chooses a free one.")] = 8765,
) -> None:
    """Show a template with the company's own figures, on this machine only.

    Example: echannel preview --static dashboard.html
    """
    from echannel_connectors.looker.preview.of_project import shown

    page = shown(opened(project), template)
    if static:
        with show.busy(say("drawing the dashboard …")):
            page.write(static)
        show.talk(say("The dashboard: {path}", path=static))
    if xlsx:
        _write_workbook(page.report(), xlsx)
    if static or xlsx:
        return
    with page.serve(port) as url, suppress(KeyboardInterrupt):
        show.talk(say("The preview is at {url} (Ctrl+C ends it).", url=url))
        while True:
            time.sleep(3600)


@app.command()
def schedule(
    project: Folder = HERE,
    at: Annotated[str, typer.Option(help="The time of the day, on this machine's clock.")] = "06:00",
    remove: Annotated[bool, typer.Option("--remove", help="Take the daily sync away again.")] = False,
    only_print: Annotated[bool, typer.Option("--print", help="Show what would be installed; install nothing.")] = False,
    system: Annotated[
        Literal["cron", "systemd", "launchd", "windows"] | None,
        typer.Option(help="Which scheduler.", show_default="the one of this system"),
    ] = None,
) -> None:
    """Sync every day by this system's own scheduler: cron, systemd, launchd or the Windows Task Scheduler.

    Example: echannel schedule --at 06:00
    """
    from echannel_connectors.cli.schedule import run

    run(project, at, system, remove=remove, only_print=only_print)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A .zip file, or a folder to put one in that has the day in its name.")],
    project: Folder = HERE,
) -> None:
    """Keep what no source can be asked for again: stock day by day, the answers of reviews, the runs.

    Example: echannel backup backups/
    """
    from echannel_connectors.backup import backup as keep

    place, rows = keep(opened(project).warehouse(), file)
    show.talk(say("{n:,} rows are kept in {file}.", n=sum(rows.values()), file=place))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `echannel backup` wrote.")], project: Folder = HERE
) -> None:
    """Put back what a backup holds and the warehouse does not have.

    Example: echannel restore backups/echannel-2026-03-31.zip
    """
    from echannel_connectors.backup import restore as put_back

    rows = put_back(opened(project).warehouse(), file)
    show.talk(say("{n:,} rows were put back; the next echannel sync builds with them.", n=sum(rows.values())))


@app.command()
def forget(
    source: Annotated[str, typer.Argument(help="Its name, which echannel.yaml holds no more.")], project: Folder = HERE
) -> None:
    """Take a source that echannel.yaml names no more out of the tables, with all that was read of it.

    Example: echannel forget old-shop
    """
    from echannel_connectors.forget import forget as take_out

    found = opened(project)
    if source in found.file.sources:
        sentence = say("{name} is a source of echannel.yaml", name=source)
        raise SettingsError(sentence, hint=say("take it out there first; `echannel sync --full` reads it anew"))
    n = take_out(found.warehouse(), source)
    show.talk(say("{n:,} rows of {name} are gone; the next echannel sync builds without them.", n=n, name=source))


@app.command()
def review(
    project: Folder = HERE,
    since_last: Annotated[
        bool, typer.Option("--since-last", help="Begin with what changed since the last one.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="The folder for the report.", show_default="reviews, beside echannel.yaml")
    ] = None,
    projects: Annotated[
        str | None, typer.Option(help="The coach's page over several projects, such as 'clients/*'.")
    ] = None,
) -> None:
    """Ask the checks that are due, say what to do, and write the report.

    Example: echannel review --since-last
    """
    from echannel_connectors.cli import review as reviews

    if projects is not None:
        reviews.run_coach(projects, report)
    else:
        reviews.run(opened(project), report, since_last=since_last)


@app.command()
def readiness(
    market: Annotated[str, typer.Argument(help="The country to enter, such as GB.", show_default="asked")] = "",
    project: Folder = HERE,
    report: Annotated[
        Path | None, typer.Option(help="The folder for the report.", show_default="reviews, beside echannel.yaml")
    ] = None,
) -> None:
    """Is the company ready for a market? Questions, a profile, what to do first, and the steps with their days.

    Example: echannel readiness GB
    """
    from echannel_connectors.cli.readiness import run

    run(opened(project), market.upper(), report)


@app.command()
def plan(
    market: Annotated[
        str, typer.Argument(help="The country to plan for, such as IT.", show_default="lists the markets")
    ] = "",
    project: Folder = HERE,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="A value of your own, such as price=59.90; may be given again.")
    ] = None,
    case: Annotated[Literal["low", "middle", "high"], typer.Option(help="The case that is saved.")] = "middle",
    save: Annotated[bool, typer.Option("--save", help="Write the case into the market's targets file.")] = False,
    confirm: Annotated[bool, typer.Option("--confirm", help="Take the assumptions as they are.")] = False,
    start: Annotated[
        str | None, typer.Option(help="The first month (YYYY-MM).", show_default="the next one, or that of the entry")
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many months.")] = 24,
    currency: Annotated[str | None, typer.Option(help="The market's currency.", show_default="as it pays")] = None,
    language: Annotated[
        Literal["en", "fr"] | None, typer.Option(help="The language of the page.", show_default="the project's")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="The folder for the page.", show_default="reviews, beside echannel.yaml")
    ] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """What entering a market would bring, from your own figures: a page to move price, volume and costs, and targets.

    Example: echannel plan IT --set orders=40
    """
    from echannel_connectors.cli import plan as plans

    found = opened(project)
    if not market:
        plans.list_markets(found)
        return
    wish = plans.Wish(tuple(values or ()), start, months, currency, language, case, save, confirm, browser, report)
    plans.run(found, market.upper(), wish)


@app.command()
def demo(folder: Annotated[Path, typer.Argument(help="Where to put the sample company.")] = Path("demo")) -> None:
    """The main job on a made-up company: shop and ERP into tables, and a dashboard drawn. Ends by itself.

    Example: echannel demo
    """
    from echannel_connectors.cli.demo import run

    raise typer.Exit(run(folder))


# -- what the commands share ----------------------------------------------------------------------------------------


def _checked(source: Source) -> list[Finding]:
    with show.busy(say("asking {name} …", name=source.name)) as on_event:
        if listen := getattr(source, "listen", None):
            listen(on_event)
        return list(source.check())


def _sync_for_ever(found: Project, choice: Choice, seconds: int) -> None:
    """Sync again and again; a source that is down is told, and asked again in the next round."""
    while True:
        started = time.monotonic()
        try:
            _sync_once(found, choice)
        except Unavailable as error:
            show.problem(error)
        choice = replace(choice, full=False, is_watch=True)
        left = max(1.0, seconds - (time.monotonic() - started))
        show.talk(say("Next sync in {seconds:.0f} s (Ctrl+C ends).", seconds=left))
        time.sleep(left)


def _sync_once(found: Project, choice: Choice) -> int:
    from echannel_connectors.pipeline import sync as run

    into = found.destination()
    with show.progress(events.Log.of_run(found.folder)) as on_event:
        result = run(
            *found.sources(),
            into=into,
            company=found.company,
            choice=choice,
            project=found.folder,
            on_event=on_event,
        )
    show.sync_result(result, getattr(into, "address", found.file.destination.removeprefix("duckdb:///")))
    if result.first and sys.stdout.isatty():
        show.talk(say("Look at it: {command}", command="echannel preview"))
    return result.exit_code


def _dry_run(found: Project, choice: Choice) -> None:
    from echannel_connectors.planning import foresee, foresee_cost

    with show.busy(say("looking for what is new …")):
        rows = [
            (plan.table, told(plan.how), plan.rows, f"{plan.source}.{plan.stream}")
            for plan in foresee(*found.sources(), into=found.warehouse(), choice=choice)
        ]
        cost = foresee_cost(*found.sources(), into=found.warehouse(), company=found.company, project=found.folder)
    show.talk(say("Nothing was read or written. A sync would do this:"))
    heads = (say("into"), say("how it would be read"), say("rows now"))
    show.table("", ("table", "how", "rows", "stream"), rows, heads)
    if cost is not None:
        show.talk(
            say("Building the tables from what is there now would be billed at most {mib:,.0f} MiB.", mib=cost / 2**20)
        )


def _write_workbook(report: Report, path: Path) -> None:
    from echannel_connectors.looker.workbook import write_workbook

    with show.busy(say("writing the workbook …")):
        done = write_workbook(report, path)
    show.talk(
        say(
            "The workbook: {path} ({n:,} rows of {tables} tables)",
            path=path,
            n=sum(done.rows.values()),
            tables=len(done.rows),
        )
    )
    for mart, count in done.left_out.items():
        show.talk(
            say(
                "{n:,} older rows of {table} are left out: a sheet holds {most:,}.",
                n=count,
                table=f"mart.{mart}",
                most=done.rows[mart],
            )
        )
    for mart, count in done.cut.items():
        show.talk(say("{n:,} texts of {table} were longer than a cell and were cut", n=count, table=f"mart.{mart}"))


if __name__ == "__main__":
    sys.exit(app())
