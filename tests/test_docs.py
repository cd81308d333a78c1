"""What the documentation says is checked against the program: examples run, commands and settings exist, lists agree."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from echannel_connectors import BigQuery, DuckDB, Erp, Ga4, PrestaShop, Sheets, destinations, specs, sync
from echannel_connectors.cli.app import app
from echannel_connectors.destinations.bigquery.deep import PROOFS
from echannel_connectors.destinations.sheets import SETTINGS
from echannel_connectors.french import FRENCH
from echannel_connectors.models.company import Market, Said
from echannel_connectors.pipeline import Choice
from echannel_connectors.project import Looker, ProjectFile, load
from echannel_connectors.review.settings import Reviews
from echannel_connectors.sources.prestashop.schema import LEFT_OUT, NEVER
from echannel_connectors.testing.ga4 import FakeGa4
from echannel_connectors.testing.sheets import Book, FakeSheets
from echannel_connectors.testing.shop import FakeShop
from tests.sources.shops import RECORDED_UNTIL, clock_at

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
READING = ROOT / "docs" / "prestashop-reading.md"
QUICKSTARTS = [ROOT / "docs" / "quickstart.md", ROOT / "docs" / "quickstart.fr.md"]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return [code for kind, code in BLOCK.findall(text(page)) if kind == language]


def marked(page: Path, name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- end -->`."""
    return text(page).split(f"<!-- {name} -->")[1].split("<!-- end -->")[0]


def named(part: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", part)


def rows(part: str) -> list[list[str]]:
    """The cells of a table, without its head."""
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


# -- Python -----------------------------------------------------------------------------------------------------------


ELSEWHERE = {"bigquery", "pipelines"}  # their examples run in tests/bigquery, on the emulator, and in test_pipelines.py
LONG = {"python", "sheets"}
RUN = [
    pytest.param(page, marks=[pytest.mark.slow] if page.stem in LONG else [])
    for page in PAGES
    if blocks(page, "python") and page.stem not in ELSEWHERE
]


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_python_examples_run(
    page: Path, shop_a: FakeShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One after the other, as they stand, with the stand-ins' addresses and key."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": page.stem}
    google = FakeSheets()
    google.add(Book("1AbCdEfGhIjKlMnOpQrStUvWxYz"))
    visits = FakeGa4({"123456789": []})
    with shop_a.serve() as url, google.serving() as sheets, visits.serving() as analytics:
        stand_in = analytics if page.stem == "google-analytics" else sheets
        for number, code in enumerate(blocks(page, "python"), 1):
            filled = code.replace("https://shop.example", url).replace("…", shop_a.key)
            filled = filled.replace('credentials="key.json"', f'endpoint="{stand_in}"')
            exec(compile(filled, f"{page.name}, example {number}", "exec"), names)
    assert shop_a.key not in capsys.readouterr().out
    assert bool(google.calls) == (page.stem == "sheets")
    assert bool(visits.asked) == (page.stem == "google-analytics")


# -- commands ---------------------------------------------------------------------------------------------------------


def options_of(command: Any) -> set[str]:  # typer's command, or a group of them
    """The options of a command, and of those below it."""
    own = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    return own.union(*(options_of(inner) for inner in getattr(command, "commands", {}).values()))


COMMANDS: dict[str, set[str]] = {
    name: options_of(command)
    for name, command in typer.main.get_command(app).commands.items()  # type: ignore[attr-defined]  # a group
}


def spoken_of(page: Path) -> list[list[str]]:
    """The words behind `echannel` wherever it is called in code."""
    whole = text(page)
    code = [line.partition(" #")[0] for _, block in BLOCK.findall(whole) for line in block.splitlines()]
    code += named(BLOCK.sub("", whole))
    found = [re.search(r"(?:^|[\s/\\])echannel(?P<words>(?: +\S+)+)", line) for line in code]
    return [one["words"].partition(">>")[0].replace('"', "").split() for one in found if one]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_exists(page: Path) -> None:
    for command, *words in spoken_of(page):
        assert command in COMMANDS, (page.name, command)
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert options <= COMMANDS[command], (page.name, command, options)
    alone = {span.split()[0] for span in named(BLOCK.sub("", text(page))) if span.startswith("--")}
    assert alone <= set().union(*COMMANDS.values()), page.name


def test_every_command_is_in_the_readme() -> None:
    assert set(COMMANDS) == {command for command, *_ in spoken_of(ROOT / "README.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", BLOCK.sub("", text(page))):
        assert (page.parent / target).exists(), (page.name, target)


@pytest.mark.parametrize("name", ["sheets.md", "sheets.fr.md"])
def test_the_settings_of_a_spreadsheet_are_listed(name: str) -> None:
    page = ROOT / "docs" / name
    listed = [named(row[0])[0] for row in rows(marked(page, "settings"))]
    assert sorted(listed) == sorted(set(SETTINGS) - {"endpoint"})
    (example,) = blocks(page, "yaml")
    into = destinations.open(yaml.safe_load(example)["destination"])
    assert isinstance(into, Sheets)
    assert into.api.credentials == "key.json"


@pytest.mark.parametrize("name", ["bigquery.md", "bigquery.fr.md"])
def test_the_settings_of_bigquery_are_listed(name: str) -> None:
    page = ROOT / "docs" / name
    listed = [named(row[0])[0] for row in rows(marked(page, "settings"))]
    assert sorted(listed) == sorted(set(BigQuery.model_fields) - {"project", "dataset", "endpoint"})
    (example,) = blocks(page, "yaml")
    into = destinations.open(yaml.safe_load(example)["destination"])
    assert isinstance(into, BigQuery)
    assert (into.project, into.dataset, into.credentials) == ("atelier-breton-1", "breton", "key.json")


def test_what_bigquery_is_asked_to_show_is_listed() -> None:
    said = re.findall(r"^- (.+)$", marked(ROOT / "docs" / "bigquery.md", "proofs"), re.MULTILINE)
    assert said == [str(sentence) for sentence, _ in PROOFS]


@pytest.mark.parametrize("name", ["google-analytics.md", "google-analytics.fr.md"])
def test_the_settings_and_tables_of_google_analytics_are_listed(name: str, tmp_path: Path) -> None:
    page = ROOT / "docs" / name
    listed = {named(row[0])[0] for row in rows(marked(page, "settings"))}
    from_company = {"name", "currency", "time_zone", "endpoint", "export_endpoint", "spec"}
    assert listed == set(Ga4.model_fields) - from_company
    for example in blocks(page, "yaml"):
        (tmp_path / "echannel.yaml").write_text(f"version: 1\n{example}", encoding="utf-8")
        assert [type(source) for source in load(tmp_path).sources()] == [Ga4]
    tables = {named(row[0])[0] for row in rows(text(page).split("<!-- end -->")[1])}
    assert tables == set(specs.find("ga4").tables)


@pytest.mark.parametrize("name", ["project.md", "project.fr.md"])
def test_every_key_of_the_project_is_listed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what holds where it is left out; and the example is a project."""
    page = ROOT / "docs" / name
    listed = {key: cells[2] for cells in rows(marked(page, "keys")) for key in named(cells[0])}
    inner = {"company": Said, "markets": Market, "reviews": Reviews, "looker": Looker}
    real = {
        f"{key}.{word}" if key in inner else key: field
        for key, outer in ProjectFile.model_fields.items()
        for word, field in (inner[key].model_fields if key in inner else {"": outer}).items()
    }
    assert listed.keys() == real.keys()
    told = {key: str(field.default) for key, field in real.items() if isinstance(field.default, str | int)}
    assert {key: listed[key].strip("`") for key in told} == told
    monkeypatch.setenv("SHOP_KEY", "k")
    monkeypatch.setenv("ECHANNEL_SALT", "s")
    (example,) = blocks(page, "yaml")
    (tmp_path / "echannel.yaml").write_text(example, encoding="utf-8")
    assert [source.name for source in load(tmp_path).sources()] == ["shop", "rates"]


def test_the_settings_of_a_database_are_listed() -> None:
    listed = {named(row[0])[0]: row[1].strip("`") for row in rows(marked(ROOT / "docs" / "databases.md", "settings"))}
    fields = {name: one for name, one in Erp.model_fields.items() if name not in ("connector", "name", "spec")}
    assert listed.keys() == fields.keys()
    assert {name: listed[name] for name, one in fields.items() if isinstance(one.default, int)} == {
        name: str(one.default) for name, one in fields.items() if isinstance(one.default, int)
    }


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", QUICKSTARTS, ids=lambda page: page.name)
def test_the_rights_of_the_key_are_those_of_the_spec(page: Path) -> None:
    reads = specs.find("prestashop").reads
    assert named(marked(page, "resources: needed")) == sorted(name for name, one in reads.items() if not one.optional)
    assert named(marked(page, "resources: optional")) == sorted(name for name, one in reads.items() if one.optional)


@pytest.mark.parametrize("page", QUICKSTARTS, ids=lambda page: page.name)
def test_what_check_complains_of_is_quoted_as_it_is_said(page: Path) -> None:
    said = [row[0] for row in rows(marked(page, "check says"))]
    catalogue = " ".join(text for pair in FRENCH.items() for text in pair)
    catalogue = re.sub(r"\{[^}]*\}", "…", catalogue).replace("'…'", "…")
    for sentence in said:
        for part in re.split(r"…|'\w+'|« \w+ »", sentence):
            assert part.strip(" (),") in catalogue, (page.name, part)
    assert len(said) == 11


def test_what_never_leaves_the_shop_is_listed() -> None:
    assert named(marked(READING, "never")) == sorted(NEVER)
    assert named(marked(READING, "left out")) == sorted(LEFT_OUT)


def test_every_setting_is_listed_with_its_default() -> None:
    def default(field: Any) -> str:
        if field.is_required():
            return "needed"
        return f"`{json.dumps(field.default)}`" if field.default not in (None, ()) else "none"

    listed = {row[0].strip("`"): row[1] for row in rows(marked(READING, "settings"))}
    real = {name: default(field).replace(".0`", "`") for name, field in PrestaShop.model_fields.items()}
    assert listed == real


def test_the_yaml_example_is_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "k")
    (example,) = blocks(READING, "yaml")
    assert yaml.safe_load(example)
    (tmp_path / "echannel.yaml").write_text(example, encoding="utf-8")
    assert load(tmp_path).sources()[0].name == "shop"


# -- costs ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_a_sync_costs(shop_a: FakeShop, tmp_path: Path) -> None:
    """The requests of each kind of run are those that the page tells, within a tenth."""
    warehouse = DuckDB(tmp_path / "shop.duckdb")
    runs = [
        (timedelta(0), False),
        (timedelta(minutes=5), False),
        (timedelta(hours=2), False),
        (timedelta(hours=24), False),
        (timedelta(hours=24, minutes=1), True),
        (timedelta(hours=24, minutes=17), True),
    ]
    told = {row[0]: int(row[1]) for row in rows(marked(READING, "costs"))}
    counted = []
    with shop_a.serve() as url:
        for later, is_watch in runs:
            before = len(shop_a.requests)
            with clock_at(RECORDED_UNTIL + later):
                sync(PrestaShop(url=url, key=shop_a.key, pause=0), into=warehouse, choice=Choice(is_watch=is_watch))
            counted.append(len(shop_a.requests) - before)
    assert counted == [pytest.approx(number, rel=0.1) for number in told.values()], counted
