"""file:line:column of a key, a value, and a place inside the SQL of a value, however YAML writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors.specs.places import LOADER, Places

STYLES = {
    "plain": "  sql: d.total + :wrong\n",
    "single quoted": "  sql: 'd.it''s + :wrong'\n",
    "double quoted": '  sql: "d.\\"a\\" + :wrong"\n',
    "flow": "  {sql: d.total + :wrong, scale: 2}\n",
    "literal": "  sql: |\n    CASE WHEN é = 1\n      THEN :wrong END\n",
    "literal, indented and stripped": "  sql: |2-\n      1 +\n     :wrong\n",
    "folded": "  sql: >\n    d.total +\n\n    :wrong\n    + 1\n",
    "plain over two lines": "  sql: d.total\n    + :wrong\n",
    "literal with a comment": "  sql: |  # :wr\n    1 + :wrong\n",
    "windows line ends": "  sql: |\r\n    1 +\r\n    :wrong\r\n",
}


@pytest.mark.parametrize("style", STYLES)
def test_a_place_inside_a_value(style: str) -> None:
    """The character that the SQL is wrong at is found again in the file."""
    import yaml

    text = f"tables:\n{STYLES[style]}"
    value = yaml.load(text, Loader=LOADER)["tables"]["sql"]
    place = Places(Path("a.yaml"), text).of(("tables", "sql"), value.index(":wrong"))
    _, line, column = place.split(":")
    assert text.split("\n")[int(line) - 1][int(column) - 1 :].startswith(":wrong")


def test_the_place_of_a_key_or_of_its_nearest_parent() -> None:
    places = Places(Path("a.yaml"), "tables:\n  orders:\n    key: [a, b.x]\n    maps: {status: {values: {-1: x}}}\n")
    assert places.of(("tables", "orders")) == "a.yaml:2:3"
    assert places.of(("tables", "orders", "columns", "total")) == "a.yaml:2:3"
    assert places.of(("tables", "orders", "maps", "status", "values", "-1"), 0) == "a.yaml:4:34"
    assert places.of(("tables", "orders", "key", "1"), 2) == "a.yaml:3:16"
    assert places.of(()) == "a.yaml:1:1"


def test_an_alias_leads_to_what_it_repeats() -> None:
    text = "one: &x {sql: a + b}\ntwo: *x\n"
    assert Places(Path("a.yaml"), text).of(("two", "sql"), 4) == "a.yaml:1:19"


def test_keys_that_stand_twice() -> None:
    found = list(Places(Path("a.yaml"), "a: 1\nb: {c: 1, c: 2}\na: 2\n").repeated())
    assert sorted(found) == [("a", "a.yaml:3:1"), ("c", "a.yaml:2:11")]
