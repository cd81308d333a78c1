"""`echannel looker`: links that copy a report onto the company's tables, and whether the tables are fit for it."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from echannel_connectors.cli import show
from echannel_connectors.cli.folder import HERE, Folder, folders_of, opened
from echannel_connectors.errors import SETTINGS, EChannelError, SettingsError
from echannel_connectors.project import Project, remember_master
from echannel_connectors.texts import say

if TYPE_CHECKING:
    from echannel_connectors.looker.buttons import Button
    from echannel_connectors.looker.template import Template

looker = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Reports in Looker Studio (Data Studio): one click copies one onto the company's tables.",
)
Name = Annotated[str, typer.Argument(help="A template, such as b2c-shop.")]
NameOrAll = Annotated[str, typer.Argument(help="A template, such as b2c-shop.", show_default="all of them")]
Connector = Annotated[Literal["sheets", "bigquery"], typer.Option(help="What the master report's data sources are.")]
Language = Annotated[Literal["en", "fr"] | None, typer.Option(help="The language of the master report.")]


@looker.command()
def link(
    template: Name,
    project: Folder = HERE,
    browser: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """The link that copies a report onto the company's own tables. The tables are looked at first.

    Example: echannel looker link b2c-shop --open
    """
    found = opened(project)
    [one] = _buttons(found, [template])
    if not one.has_layout:
        show.talk(
            say(
                "No master report of {template} is registered: the link opens a new one with all its data sources, and "
                "its pages are built by hand.",
                template=template,
            )
        )
    print(one.url)
    if browser:
        webbrowser.open(one.url)


@looker.command()
def links(
    html: Annotated[Path, typer.Option(help="The page to write.")] = Path("reports.html"),
    template: Annotated[list[str] | None, typer.Option(help="Only this template; may be given again.")] = None,
    project: Folder = HERE,
) -> None:
    """A page with a button per report, to keep or to send to a client.

    Example: echannel looker links --html reports.html
    """
    from echannel_connectors.looker.buttons import page

    found = opened(project)
    made = _buttons(found, template or [])
    linked = {one.template.template for one in made}
    if left := [one.template for one in _templates(found, template or []) if one.template not in linked]:
        show.talk(say("Without {names}: not all of their tables are there yet.", names=", ".join(left)))
    html.write_text(page(found.company.name, found.company.language, made), encoding="utf-8")
    show.talk(say("{n} reports: {path}", n=len(made), path=html))


@looker.command()
def check(
    template: NameOrAll = "",
    project: Folder = HERE,
) -> None:
    """Whether every field of a template is in the tables, has its type, and is filled.

    Example: echannel looker check b2c-shop
    """
    from echannel_connectors.looker.live import check_live

    found = opened(project)
    templates = _templates(found, [template] if template else [])
    whole = [show.findings(one.template, check_live(one, found.warehouse())) for one in templates]
    if not all(whole):
        raise typer.Exit(SETTINGS)


@looker.command()
def doctor(
    template: NameOrAll = "",
    project: Folder = HERE,
) -> None:
    """What the person who clicks will meet: missing tables, no master report, no right to read, old figures.

    Example: echannel looker doctor b2c-shop
    """
    from echannel_connectors.looker.doctor import examine

    found = opened(project)
    templates = _templates(found, [template] if template else [])
    with show.busy(say("looking for the tables …")):
        seen = list(examine(found.destination(), templates, found.file.looker.masters, found.company.language))
    if not show.findings("looker", seen):
        raise typer.Exit(SETTINGS)


@looker.command()
def guide(
    template: Name,
    html: Annotated[Path | None, typer.Option(help="The page to write.", show_default="guide-TEMPLATE.html")] = None,
    connector: Connector = "sheets",
    language: Language = None,
    project: Folder = HERE,
) -> None:
    """How a person builds the master report of a template, page by page.

    Example: echannel looker guide b2c-shop --connector bigquery
    """
    from echannel_connectors.looker.guide import guide as written

    found = opened(project)
    word, settings = language or found.company.language, found.file.looker
    [one] = _templates(found, [template])
    text = written(one, connector=connector, language=word, host=settings.host, currency=found.company.currency)
    place = html or Path(f"guide-{template}.html")
    place.write_text(text, encoding="utf-8")
    show.talk(say("The guide: {path}", path=place))


@looker.command()
def register(
    template: Name,
    report: Annotated[str, typer.Argument(help="The master report: its address in the browser, or its id.")],
    connector: Connector = "sheets",
    language: Language = None,
    project: Folder = HERE,
) -> None:
    """Remember a master report in echannel.yaml: links copy it from then on.

    Example: echannel looker register b2c-shop 0a1b2c3d-4e5f-6789-abcd-ef0123456789 --language fr
    """
    from echannel_connectors.looker.linking import report_of

    found = opened(project)
    _templates(found, [template])  # a wrong name is told
    word = language or found.company.language
    remember_master(found, template, connector, word, report_of(report))
    show.talk(
        say(
            "{template}: links copy this report now ({connector}, {language}).",
            template=template,
            connector=connector,
            language=word,
        )
    )


@looker.command(name="pack")
def packed(
    template: Annotated[
        list[str] | None, typer.Argument(help="Templates, such as b2c-shop.", show_default="all of them")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = Path("pack"),
    projects: Annotated[
        str | None, typer.Option(help="A folder for each of several projects, such as 'clients/*'.")
    ] = None,
    project: Folder = HERE,
) -> None:
    """A folder to hand over: links, building guides, what every figure and table means, and a page over it all.

    Example: echannel looker pack b2c-shop --folder handover
    """
    if projects is None:
        _write_pack(opened(project), template or [], folder)
        return
    failed = False
    for one in folders_of(projects):
        try:
            _write_pack(opened(one), template or [], folder / one.name)
        except EChannelError as error:
            failed = True
            show.line(say("✗ {name}: {problem}", name=one.name, problem=error.sentence))
    if failed:
        raise typer.Exit(SETTINGS)


def _write_pack(found: Project, names: list[str], folder: Path) -> None:
    from echannel_connectors.looker.linking import KINDS, bound_to
    from echannel_connectors.looker.pack import INDEX, Pack, pack
    from echannel_connectors.review.history import COLUMNS
    from echannel_connectors.review.report import write_files

    templates = _templates(found, names)
    buttons: list[Button] | None = None
    connector, why = "sheets", ""
    try:
        buttons = _buttons(found, names)
        connector = KINDS[bound_to(found.destination(), ()).connector]
    except SettingsError as error:  # everything else of the folder is useful without a link
        why = say("There are no links yet: {problem}.", problem=error.sentence)
        show.talk(why)
    company = found.company
    what = Pack(
        company.name, company.language, company.currency, templates, buttons, why,
        connector, found.file.looker.host, {"mart.review": COLUMNS},
    )  # fmt: skip
    files = write_files(pack(what), folder)
    show.talk(say("{n} pages: {path}", n=len(files), path=folder / INDEX))


def _templates(found: Project, names: list[str]) -> list[Template]:
    from echannel_connectors.looker.buttons import templates_of

    return templates_of(found, names)


def _buttons(found: Project, names: list[str]) -> list[Button]:
    from echannel_connectors.looker.buttons import buttons

    with show.busy(say("looking for the tables …")):
        return buttons(found, names)
