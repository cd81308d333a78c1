"""What the page says is there in both languages, and nothing is left over."""

from __future__ import annotations

import re
from importlib.resources import files

from echannel_connectors.start.home import METRICS
from echannel_connectors.start.page import SCRIPTS, words

ASSETS = {
    name: files("echannel_connectors.start").joinpath("assets", name).read_text(encoding="utf-8") for name in SCRIPTS
}
WHOLE = "\n".join(ASSETS.values())
MADE = re.compile(r"`([a-z_]*)\$\{[^}]+\}([a-z_]*)`")  # told(`to_${word}_hint`)


def test_every_word_is_there_in_both_languages() -> None:
    for name, said in words().items():
        assert set(said) == {"en", "fr"}, name
        assert all(text.strip() for text in said.values()), name
        assert set(re.findall(r"\{\w+\}", said["en"])) == set(re.findall(r"\{\w+\}", said["fr"])), name
        assert "'" not in said["fr"] + said["en"], f"{name}: the page writes ’"


def test_every_word_that_the_page_asks_for_is_known() -> None:
    asked = set(re.findall(r'told\("([a-z_0-9]+)"', WHOLE))
    assert len(asked) > 80
    assert asked - set(words()) == set()


def test_no_word_is_left_over() -> None:
    spoken = set(re.findall(r'"([a-z_0-9]+)"', WHOLE))
    made = [re.compile(f"{before}[a-z_0-9]+{after}") for before, after in MADE.findall(WHOLE) if before or after]
    elsewhere = {"not_shown", *METRICS}  # what a tab says that has nothing to show; the names of figures
    unused = {
        name for name in words() if name not in spoken | elsewhere and not any(one.fullmatch(name) for one in made)
    }
    assert unused == set()
