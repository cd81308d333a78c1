"""What the assistant takes out of echannel.yaml leaves a file that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from echannel_connectors.project import load
from echannel_connectors.start.draft import Draft

BOOKS = "  books: {connector: odoo, url: 'postgresql://r@h/b'}\n  till: {connector: odoo, url: 'postgresql://r@h/c'}\n"
SHOP = "  shop: {connector: prestashop, url: 'https://shop.example', key: abcdefgh}\n"
RULES = "matches:\n  books: {order: {web_reference: shop.reference}}\n  till: {order: {reference: books.reference}}\n"


@pytest.mark.parametrize(
    ("gone", "left"),
    [("shop", {"till"}), ("books", set()), ("till", {"books"})],
)
def test_a_source_goes_with_the_rules_that_name_it(gone: str, left: set[str], tmp_path: Path) -> None:
    """A rule of `matches` that names a source which is not there would stop every command."""
    (tmp_path / "echannel.yaml").write_text(f"sources:\n{SHOP}{BOOKS}{RULES}", encoding="utf-8")
    Draft(tmp_path).remove_source(gone)
    found = load(tmp_path).file
    assert gone not in found.sources
    assert found.matches.keys() == left
