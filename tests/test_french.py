"""A French company is spoken to in French: its echannel.yaml says so, and before there is one its terminal does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from echannel_connectors import errors
from echannel_connectors.testing.shop import FakeShop
from echannel_connectors.texts import in_language, say
from tests.command import PROJECT, echannel, on_terminal, project

FRENCH_TERMINAL = "fr_FR.UTF-8"


@pytest.fixture
def served(shop_a: FakeShop) -> Iterator[str]:
    with shop_a.serve() as url:
        yield url


def plain(text: str) -> str:
    """The text with ordinary spaces, so that a test can be read."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_french_writes_numbers_and_punctuation_its_own_way() -> None:
    """Spaces that must not break, a comma for the decimals, and sentences within a sentence."""
    because = say("did you mean {name!r}?", name="orders")
    sentence = say("{name} is not there; {hint}", name="mart.order", hint=because)
    assert str(sentence) == "mart.order is not there; did you mean 'orders'?"
    assert in_language(sentence, "fr") == "mart.order n'existe pas\u00a0; vouliez-vous dire «\u00a0orders\u00a0»\u00a0?"
    rows = say("{n:,} rows in {seconds:.1f} s → {place}", n=12480, seconds=1.94, place="a.duckdb")
    assert in_language(rows, "fr") == "12\u202f480 lignes en 1,9 s → a.duckdb"
    assert in_language("mart.sales: 1.5", "fr") == "mart.sales: 1.5"


def test_an_error_in_both_languages() -> None:
    """The sentence, the hint, the place and the notes; `str()` stays English."""
    error = errors.SettingsError(say("{file} is empty", file="echannel.yaml"), hint=errors.did_you_mean("a", ["b"]))
    error.place = "echannel.yaml:3"
    error.add_note(say("run again later"))
    assert str(error) == "echannel.yaml is empty\n  hint: known: b\n  at echannel.yaml:3\n  run again later"
    assert plain(error.in_language("fr")) == (
        "echannel.yaml est vide\n  conseil : possibles : b\n  dans echannel.yaml:3\n  relancez plus tard"
    )


def test_errors_before_there_is_a_project_are_in_the_terminal_s_language(tmp_path: Path) -> None:
    done = echannel(tmp_path, "sync", lang=FRENCH_TERMINAL)
    assert done.returncode == errors.SETTINGS
    assert plain(done.stderr).startswith("Réglages : il n'y a pas de fichier echannel.yaml dans ")
    assert "conseil : lancez `echannel init`" in plain(done.stderr)
    assert "Settings: there is no echannel.yaml" in echannel(tmp_path, "sync").stderr


def test_a_mistake_in_a_source_s_settings(tmp_path: Path) -> None:
    """Told in the language of the file, on a terminal that speaks English."""
    done = echannel(project(tmp_path, "https://shop.example", "fr", PROJECT.replace("url:", "ulr:")), "sync", key="k")
    assert "Réglages : sources.shop : clé inconnue « ulr » : vouliez-vous dire « url » ?" in plain(done.stderr)


def test_check_in_french(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    done = echannel(project(tmp_path, served, "fr"), "check", key=shop_a.key)
    assert done.returncode == 0
    assert "✓ destination : shop.duckdb n'existe pas encore : la première synchronisation le créera" in plain(
        done.stdout
    )
    assert "Tout est en place : lancez echannel sync." in plain(done.stderr)


@pytest.mark.slow
def test_the_result_of_a_sync_in_french(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """On a terminal everything; in a pipe the warnings, which are for people, while the names of the fields stay."""
    project(tmp_path, served, "fr")
    shown = plain(" ".join(" ".join(on_terminal(tmp_path, "sync", key=shop_a.key)).split()))
    assert "nouvelles ou modifiées" in shown
    assert "Tout a été lu." in shown
    assert re.search(r"\d \d{3} lignes en", shown)
    assert "Mio ; lecture seule." in shown
    shop_a.tables["stock_availables"] = {}
    result = json.loads(echannel(tmp_path, "sync", key=shop_a.key).stdout)
    assert "ne sont plus dans la source" in result["warnings"][0]
    assert result["first"] is False


def test_a_failed_run_is_remembered_in_the_company_s_language(tmp_path: Path) -> None:
    """`status` shows it long after. A misspelt `--only` was no run, and is not remembered."""
    text = "company: {language: fr}\nsources: {books: {connector: dolibarr, url: sqlite:///nowhere.db}}"
    (tmp_path / "echannel.yaml").write_text(text, encoding="utf-8")
    assert echannel(tmp_path, "sync").returncode == errors.SETTINGS
    assert "il n'y a pas de source « boks »" in plain(echannel(tmp_path, "sync", "--only", "boks").stderr)
    shown = plain("\n".join(on_terminal(tmp_path, "status")))
    assert "Les dernières synchronisations" in shown
    assert shown.count("échouée") == 1
    assert "il n'y a pas de fichier de base de données" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param((), "init Poser quelques questions et écrire echannel.yaml", marks=pytest.mark.slow),
        (("sync",), "Lire les nouveautés de chaque source et reconstruire les tables."),
        pytest.param(
            ("read",), "Exemple : echannel read warehouse mart.sales --format csv --limit 3", marks=pytest.mark.slow
        ),
        (("preview",), "--static <path> Écrire plutôt une page hors ligne dans ce fichier."),
    ],
)
def test_help_in_french(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    done = echannel(tmp_path, *words, "--help", lang=FRENCH_TERMINAL)
    assert done.returncode == 0
    text = " ".join(plain(done.stdout).split())
    assert text.startswith("Usage : ")
    assert sentence in text
    assert "-h, --help Afficher cette aide." in text
    assert "Options:" in echannel(tmp_path, *words, "--help").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("snc",), "Réglages : il n'y a pas de commande « snc »\n  conseil : vouliez-vous dire « sync » ?"),
        (("sync", "--ful"), "Réglages : il n'y a pas d'option --ful\n  conseil : vouliez-vous dire « --full » ?"),
        (("read", "shop"), "Réglages : stream manque"),
        pytest.param(("sync", "--only"), "Réglages : --only a besoin d'une valeur", marks=pytest.mark.slow),
        pytest.param(("sync", "shop"), "Réglages : en trop : shop", marks=pytest.mark.slow),
        (("read", "shop", "orders", "--limit", "0"), "Réglages : --limit : "),
    ],
)
def test_a_wrong_command_in_french(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    done = echannel(tmp_path, *words, lang=FRENCH_TERMINAL)
    assert done.returncode == errors.SETTINGS
    assert plain(done.stderr).startswith(sentence)
