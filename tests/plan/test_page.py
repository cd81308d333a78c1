"""The page as text: what it may run, and what it says of names from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from echannel_connectors.plan import Plan, plan_market
from echannel_connectors.plan.page import plan_page
from tests.plan.company import TODAY, company, marts

EVIL = '</script><img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def plan() -> Iterator[Plan]:
    warehouse = marts()
    yield plan_market(warehouse, company(), "GB", today=TODAY)
    warehouse.close()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_may_run_its_own_scripts_and_nothing_else(plan: Plan, language: str) -> None:
    """Each script and the style by their hash; no request, no form, no handler in the markup."""
    text = plan_page(plan.speaking(language))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    rules = {word: rest for word, _, rest in (rule.strip().partition(" ") for rule in policy.split(";"))}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for kind, found in (("script-src", r"<script>(.*?)</script>"), ("style-src", r"<style>(.*?)</style>")):
        own = {
            base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()
            for one in re.findall(found, text, re.DOTALL)
        }
        assert set(rules[kind].split()) == {f"'sha256-{digest}'" for digest in own}
    outside = re.sub(r"<script>.*?</script>|<style>.*?</style>", "", text, flags=re.DOTALL)
    assert "http" not in outside.replace("http-equiv", "")
    assert not re.search(r"<[^>]*\s(on\w+|style)=", outside)
    assert f'<html lang="{language}">' in text


def test_a_name_cannot_become_markup(plan: Plan) -> None:
    named = replace(plan, company=plan.company.model_copy(update={"name": EVIL}))
    text = plan_page(named)
    assert EVIL not in text
    assert "<img" not in text
