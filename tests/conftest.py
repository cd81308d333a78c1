"""What several tests share: places and a shop to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from echannel_connectors import PrestaShop
from echannel_connectors.testing.shop import FakeShop
from tests.places import recording


@contextmanager
def served(shop: FakeShop, **settings: object) -> Iterator[PrestaShop]:
    """The shop over HTTP on loopback, as a source that does not wait between its attempts."""
    with shop.serve() as url:
        yield PrestaShop(url=url, key=shop.key, pause=0.01, **settings)  # type: ignore[arg-type]  # tests pass what they need


@pytest.fixture
def shop_a() -> FakeShop:
    return FakeShop.from_recording(recording("shop-a"))


@pytest.fixture
def warehouse_file(tmp_path: Path) -> Path:
    """A place with a space and an accent in its name, as on many people's computers."""
    folder = tmp_path / "Données de l'été"
    folder.mkdir()
    return folder / "echannel.duckdb"
