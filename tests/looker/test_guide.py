"""The building guide holds all that is in the template: what it left out, nobody would build."""

from __future__ import annotations

import re
from html import unescape
from typing import Literal

import pytest

from echannel_connectors.looker.guide import guide
from echannel_connectors.looker.template import Table, find_template, looker_formula, template_names
from tests.looker.test_linking import Links

TAG = re.compile(r"<style>.*?</style>|<[^>]+>", re.DOTALL)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", template_names())
def test_everything_of_the_template_is_in_it(name: str, language: Literal["en", "fr"]) -> None:
    template = find_template(name)
    html = guide(template, connector="bigquery", language=language, host="datastudio.google.com", currency="GBP")
    text = " ".join(unescape(TAG.sub(" ", html)).split())
    wanted = {
        getattr(template.title, language),
        *template.theme.model_dump(exclude={"dark"}).values(),
        "datastudio.google.com",
        "GBP",
    }
    for alias, source in template.sources.items():
        wanted |= {alias, source.mart, getattr(source.description, language)}
        for field_name, field in source.fields.items():
            wanted |= {field.column or field_name, getattr(field.name, language), *field.values}
            wanted |= {getattr(words, language) for words in field.values.values()}
            wanted |= {getattr(field.description, language)} if field.description else set()
        for metric, made in source.calculated.items():
            wanted |= {getattr(made.name, language), looker_formula(source, metric)}
    for control in template.controls.values():
        wanted.add(getattr(control.name, language))
    for page in template.pages:
        wanted |= {getattr(page.title, language), *(getattr(question, language) for question in page.questions)}
        for chart in page.charts:
            wanted |= {getattr(chart.title, language), getattr(chart.empty, language), *chart.filters}
            wanted |= {value for values in chart.filters.values() for value in values}
            if isinstance(chart, Table):
                wanted.add(str(chart.limit))
    assert sorted(one for one in wanted if " ".join(one.split()) not in text) == []
    assert not re.search(r"\{\w+\}", text), "a word that nobody filled in"
    assert not Links(html).tags & {"script", "img", "iframe", "link"}
    assert html.count("<svg") == len(template.pages)
