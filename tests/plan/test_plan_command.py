"""`echannel plan` as people and their machines meet it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from echannel_connectors import errors
from echannel_connectors.models import entered
from echannel_connectors.project import load
from tests.command import echannel, on_terminal
from tests.plan.company import LEFT, project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project(tmp_path_factory.mktemp("plan"), yaml="markets: {ES: {entered_on: 2099-02-01}}\n")


def test_in_a_pipe_each_market_is_a_line(folder: Path) -> None:
    done = echannel(folder, "plan")
    assert done.returncode == errors.DONE, done.stderr
    told = {row["market"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(told) == ["FR", "DE", "BE", "NL", "GB", "ES"] or list(told) == ["FR", "DE", "BE", "GB", "NL", "ES"]
    assert (told["FR"]["state"], told["GB"]["since"], told["ES"]["state"]) == ("home", "May 2026", "planned")


@pytest.mark.parametrize(
    ("months", "state"),
    [
        (None, "entered, not paid back yet"),
        (0, "entered, paid back at once"),
        (1, "entered, paid back after a month"),
        (7, "entered, paid back after 7 months"),
    ],
)
def test_a_market_says_whether_it_was_paid_back(tmp_path: Path, months: int | None, state: str) -> None:
    """GB cost 3,000 to enter; BE cost nothing, so there is nothing to be paid back. The costs of 24 % of the sales of NL are
    not known, and what it leaves is not told: of 18 % it would be."""
    project(tmp_path)
    with duckdb.connect(str(tmp_path / "echannel.duckdb")) as connection:
        change = "UPDATE mart.market_entry SET {} WHERE market = ?"
        connection.execute(change.format("months_to_break_even = ?"), [months, "GB"])
        connection.execute(change.format("months_to_break_even = 0"), ["BE"])
        connection.execute(change.format("cost_known_net_base = net_base * 0.76"), ["NL"])
        connection.execute(change.format("cost_known_net_base = net_base * 0.82"), ["DE"])
    told = {row["market"]: row for row in map(json.loads, echannel(tmp_path, "plan").stdout.splitlines())}
    assert (told["GB"]["state"], told["GB"]["months_to_break_even"]) == (state, months)
    assert (told["BE"]["state"], told["BE"]["months_to_break_even"]) == ("entered", None)
    assert (told["NL"]["net_sales"], told["NL"]["contribution"]) == (12 * 10 * 90, None)
    assert told["DE"]["contribution"] == 12 * 30 * LEFT


def test_assumptions_must_be_confirmed_before_they_are_targets(folder: Path) -> None:
    """Nothing is written before; each may be said, or all be taken."""
    refused = echannel(folder, "plan", "IT", "--save")
    assert refused.returncode == errors.SETTINGS
    assert "values are assumptions that nobody has confirmed: ramp, visit_cost, tax, duty" in refused.stderr
    assert not (folder / "it-targets.csv").exists()
    done = echannel(folder, "plan", "IT", "--save", "--confirm", "--case", "low", "--months", "3", "--set", "price=99")
    assert done.returncode == errors.DONE, done.stderr
    found = json.loads(done.stdout)
    assert found["inputs"]["price"] == {"value": "99", "kind": "said", "origin": "said by you"}
    assert found["replay"]["market"] == "GB"
    assert "9 targets of the case “Low” are written to" in done.stderr
    assert "echannel.yaml names the file now." in done.stderr
    assert len(entered.read(load(folder).company)["targets"]) == 9
    assert (folder / "reviews" / "plan-it.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "fr"])
def test_on_a_terminal_it_fits_eighty_columns(folder: Path, language: str) -> None:
    for words in ([], ["GB"], ["IT"]):
        lines = on_terminal(
            folder, "plan", *words, *(["--language", language] if words else []), lang=f"{language}_FR.UTF-8"
        )
        assert max(map(len, lines)) <= 80, lines
    text = " ".join(" ".join(lines).replace("\u00a0", " ").split())
    assert {"en": "GB was entered on 1 May 2026.", "fr": "GB a été ouvert le 1er mai 2026."}[language] in text
    assert {"en": "Assumptions to confirm:", "fr": "Hypothèses à confirmer :"}[language] in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("Italy",), "'ITALY' is not a country; use its ISO code"),
        (("IT", "--start", "spring"), "'spring' is not a month"),
    ],
)
def test_what_cannot_be_planned_is_told(folder: Path, words: tuple[str, ...], sentence: str) -> None:
    done = echannel(folder, "plan", *words)
    assert done.returncode == errors.SETTINGS
    assert sentence in done.stderr
