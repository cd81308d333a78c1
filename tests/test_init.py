"""`echannel init` played to its end on a terminal: what it asks, what it refuses, and the two files that it writes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import yaml

from echannel_connectors import errors
from echannel_connectors.project import load
from echannel_connectors.start.answers import system_zone
from echannel_connectors.testing.shop import FakeShop
from tests.command import STYLING, environment

ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="hidden answers need a terminal, which Windows cannot play")
ENGLISH, FRENCH = "en_GB.UTF-8", "fr_FR.UTF-8"
END = "\x04"  # Ctrl+D


@pytest.fixture
def served(shop_a: FakeShop) -> Iterator[str]:
    with shop_a.serve() as url:
        yield url


def surroundings(lang: str) -> dict[str, str]:
    """The process environment, without the key: it has to come from .env."""
    found = {**environment(lang=lang), "TZ": "Europe/London"}
    return {name: value for name, value in found.items() if name != "SHOP_KEY"}


def play(folder: Path, answers: Sequence[str], lang: str = ENGLISH, *words: str) -> tuple[int, str]:
    """Answer each question once it has been asked; the exit code, and the screen with plain spaces."""
    import pty

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "echannel_connectors", "init", *words]
    with subprocess.Popen(
        command, cwd=folder, env=surroundings(lang), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as child:  # in a session of its own, so that hidden answers are not asked of whoever runs the tests
        os.close(slave)
        screen, left = "", list(answers)
        while part := read(master):
            screen += STYLING.sub("", part.decode().replace("\r\n", "\n"))
            if left and screen.endswith(": "):
                answer = left.pop(0)
                os.write(master, answer.encode() if answer == END else f"{answer}\n".encode())
        code = child.wait()
    os.close(master)
    assert left == [], screen
    return code, screen.replace("\u00a0", " ")


def read(master: int) -> bytes:
    """What came next; whole characters, because a question is short."""
    try:
        return os.read(master, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def check(folder: Path, lang: str = ENGLISH) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "echannel_connectors", "check"]
    return subprocess.run(command, cwd=folder, env=surroundings(lang), capture_output=True, text=True, check=False)


@ON_POSIX
def test_a_shop_and_an_erp_after_every_mistake(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """Each wrong answer is asked for again, with a sentence; secrets are neither shown nor in echannel.yaml."""
    answers = [
        "Exeter Teas",
        *("EURO", "gbp"),
        *("Exeter", "London", ""),
        *("no shop", "http://shop.example", "https://me:pw@shop.example", f"{served}/api/"),
        *("", "short", shop_a.key),
        *("cegid", "odo", "Dolibarr"),
        *("", "books", "access://me:pw@host/books", "sqlite:///erp.sqlite"),
        *("G-ABC123", "123456789", ""),
        *(
            "my figures",
            "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQ/edit#gid=0",
            "nokey.json",
            "key.json",
        ),
    ]
    (tmp_path / "key.json").write_text("{}", encoding="utf-8")
    code, screen = play(tmp_path, answers)
    assert code == 0
    words = " ".join(screen.split())
    for sentence in (
        "'EURO' is not a currency; use its ISO code, such as EUR or GBP",
        "'Exeter' is not a time zone; use a name such as Europe/Paris",
        "hint: did you mean 'Europe/London'?",
        "Time zone of a business day [Europe/London]:",
        "'no shop' is not the address of a shop; it should look like https://shop.example",
        "the key would travel unprotected: use https",
        "the address holds a key or a password",
        "a webservice key has 32 characters and no space; this has 0",
        "this has 5",
        "there is no connector 'cegid' hint: known: dolibarr, dynamics_nav, ebp, erpnext, odoo, sage100, sap_b1, tryton",
        "hint: did you mean 'odoo'?",
        "the url is no database URL",
        "'access' is not a database that can be read",
        "G-ABC123 is the id of a stream",
        "'my figures' is not a spreadsheet hint: copy its address from the browser",
        "there is no file",
    ):
        assert sentence in words
    long = ("The ERP's database", "A Google Sheet", "  there is no file")  # with an address behind, or a path
    assert all(len(line) <= 80 for line in screen.splitlines() if not line.startswith(long))
    text = (tmp_path / "echannel.yaml").read_text(encoding="utf-8")
    for secret in (shop_a.key, "erp.sqlite"):
        assert secret not in screen + text
        assert secret in (tmp_path / ".env").read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    found = yaml.safe_load(text)
    assert found["company"] == {
        "name": "Exeter Teas",
        "currency": "GBP",
        "time_zone": "Europe/London",
        "language": "en",
        "email_salt": "${ECHANNEL_SALT}",
    }
    assert found["sources"]["shop"] == {"connector": "prestashop", "url": served, "key": "${SHOP_KEY}"}
    assert found["sources"]["books"]["parameters"]["server_time_zone"] == "Europe/London"
    assert found["sources"]["web"] == {"connector": "ga4", "property": 123456789}
    assert found["destination"] == "sheets://1AbCdEfGhIjKlMnOpQ?credentials=key.json"
    assert text.startswith("# All of this may be changed by hand;")


@ON_POSIX
def test_a_french_shop_and_check_right_after(served: str, shop_a: FakeShop, tmp_path: Path) -> None:
    """The terminal's language becomes the company's, of the file's comments too; `check` needs nothing more."""
    code, screen = play(tmp_path, ["Atelier d'Été", "", "", "", "", served, shop_a.key, "", "", ""], FRENCH)
    assert code == 0
    assert "Le nom de votre entreprise" in screen
    assert "Sans boutique et sans ERP, il n'y a rien à lire." in screen
    assert "tout est en place ?  echannel check" in screen
    text = (tmp_path / "echannel.yaml").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert text.startswith("# Tout ceci se modifie à la main ; `echannel check` vérifie.\n")
    company = load(tmp_path).company
    assert (company.name, company.language, company.currency) == ("Atelier d'Été", "fr", "EUR")
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Tout est en place" in done.stderr


@ON_POSIX
def test_an_address_without_https_is_meant_with_it(tmp_path: Path) -> None:
    code, screen = play(tmp_path, ["", "", "", "www.shop.example/api", "A" * 32, "", "", ""], ENGLISH, "my shop")
    assert code == 0
    assert "echannel check --project 'my shop'" in screen
    found = yaml.safe_load((tmp_path / "my shop" / "echannel.yaml").read_text(encoding="utf-8"))
    assert found["sources"]["shop"]["url"] == "https://www.shop.example"
    assert found["company"]["name"] == "my shop"


@ON_POSIX
def test_an_end_in_the_middle_writes_nothing(tmp_path: Path) -> None:
    code, screen = play(tmp_path, ["Exeter Teas", "GBP", END])
    assert code == errors.INTERRUPTED
    assert "interrupted; nothing was written" in screen
    assert list(tmp_path.iterdir()) == []


@ON_POSIX
def test_an_old_env_file_keeps_its_salt_and_its_other_lines(tmp_path: Path) -> None:
    """The hashes of e-mails in the tables depend on the salt; the key is the new one; nobody else reads the file."""
    env = tmp_path / ".env"
    env.write_text("OTHER=1\nECHANNEL_SALT=old\nSHOP_KEY=old\n", encoding="utf-8")
    env.chmod(0o644)
    assert play(tmp_path, ["", "", "", "shop.example", "B" * 32, "", "", ""])[0] == 0
    assert env.read_text(encoding="utf-8").splitlines() == ["OTHER=1", "ECHANNEL_SALT=old", f"SHOP_KEY={'B' * 32}"]
    assert stat.S_IMODE(env.stat().st_mode) == 0o600


def test_an_existing_project_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "echannel.yaml"
    file.write_text("sources: {}\n", encoding="utf-8")
    command = [sys.executable, "-m", "echannel_connectors", "init"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=surroundings(ENGLISH),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0
    assert done.stderr == "echannel.yaml exists already and was left as it is.\n"
    assert [one.name for one in tmp_path.iterdir()] == ["echannel.yaml"]
    assert file.read_text(encoding="utf-8") == "sources: {}\n"


@pytest.mark.parametrize(
    ("set_to", "zone"),
    [("Europe/London", "Europe/London"), (":America/Halifax", "America/Halifax"), ("Etc/UTC", ""), ("GMT0BST", "")],
)
def test_the_zone_of_the_system(set_to: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken where it has a name; a server's UTC is nobody's business day."""
    monkeypatch.setenv("TZ", set_to)
    assert system_zone() == zone
