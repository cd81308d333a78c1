"""docs/reviews.md and its French sister say what the checks are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from echannel_connectors.project import load
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.docs import PAGES, with_tables
from echannel_connectors.review.readiness import questionnaire
from echannel_connectors.specs.places import Places

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_the_tables_are_those_of_the_checks(name: str) -> None:
    """`make schemas` was run."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert with_tables(text, PAGES[name]) == text
    assert set(re.findall(r"^\|[^|]+\| `(\w+)` \|", text, re.MULTILINE)) == {check.id for check in catalogue()}


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_are_a_project(name: str, tmp_path: Path) -> None:
    """The settings load, the limits fit, and the check of one's own is one."""
    settings, *own = BLOCK.findall((ROOT / "docs" / name).read_text(encoding="utf-8"))
    file = tmp_path / "echannel.yaml"
    file.write_text(f"sources: {{}}\n{settings}", encoding="utf-8")
    (tmp_path / "checks").mkdir()
    for text in own:
        (tmp_path / "checks" / "ours.yaml").write_text(text, encoding="utf-8")
    found = load(tmp_path)
    checks = {check.id: check for check in catalogue(tmp_path, found.file.reviews, Places(file, found.text))}
    assert checks["short_cover"].thresholds == {"days_of_cover": 21}
    assert ("big_orders" in checks) == (name == "reviews.md")


@pytest.mark.parametrize("name", PAGES)
def test_the_questions_are_counted(name: str) -> None:
    """Those that a person answers, and (in words) those that figures do."""
    asked = [one for one in questionnaire().questions().values() if one.check is None]
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert f"{len(asked)} questions" in text
    assert len(questionnaire().questions()) - len(asked) == 6
    assert re.search(r"\bsix (more|autres)|à six autres", text)


def test_the_changelog_counts_them() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"`echannel review`: {len(catalogue())} checks" in text
