"""A template is data: it loads, it says where it is wrong, and it fits the mart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from pydantic import BaseModel

from echannel_connectors.looker.contract import check_contract, type_family
from echannel_connectors.looker.template import (
    Template,
    TemplateError,
    Words,
    find_template,
    load_template,
    looker_formula,
    template_names,
    template_schema,
)

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "looker_templates" / "b2c-shop" / "template.yaml"
MONEY = pa.decimal128(18, 6)


@pytest.fixture
def template() -> Template:
    return find_template("b2c-shop")


@pytest.fixture
def marts(template: Template) -> dict[str, dict[str, object]]:
    """Exactly the columns that the template needs, with the types of the mart."""
    types = {"text": pa.string(), "country": pa.string(), "date": pa.date32(), "moment": pa.timestamp("us")}
    found: dict[str, dict[str, object]] = {}
    for source in template.sources.values():
        for name, field in source.fields.items():
            found.setdefault(source.mart, {}).setdefault(field.column or name, types.get(field.type, MONEY))
    found["inventory"]["sku"] = pa.string()  # counted, therefore an integer field over a text column
    return found


def written(tmp_path: Path, change: Any) -> Path:
    data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    change(data)
    file = tmp_path / "template.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return file


def words_in(part: object) -> list[Words]:
    if isinstance(part, Words):
        return [part]
    if isinstance(part, BaseModel):
        return [words for value in vars(part).values() for words in words_in(value)]
    values = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return [words for value in values for words in words_in(value)]


def test_everything_people_read_is_in_both_languages(template: Template) -> None:
    found = words_in(template)
    assert len(found) > 80
    assert [words for words in found if not words.en.strip() or not words.fr.strip()] == []


@pytest.mark.parametrize("name", template_names())
def test_colours_can_be_read_on_their_background(name: str) -> None:
    """WCAG AA asks for 4.5 : 1 between text and ground, by day and by night."""
    theme = find_template(name).theme
    for colours in (theme, theme.dark):
        for colour in (colours.accent, colours.attention, colours.text, colours.muted):
            light, dark = sorted((luminance(colours.background), luminance(colour)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, colour


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_published_schema_is_the_models() -> None:
    published = json.loads((ROOT / "looker_templates" / "template.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(json.dumps(template_schema()))


def test_ratio_formula_sums_first_and_guards_against_zero(template: Template) -> None:
    daily, sales = template.sources["sales_daily"], template.sources["sales"]
    assert looker_formula(daily, "net_sales") == "SUM(net_base) + SUM(refunds_base)"
    assert looker_formula(daily, "average_order") == "(SUM(net_base)) / NULLIF(SUM(baskets), 0)"
    assert looker_formula(sales, "refund_rate") == (
        '(- SUM(CASE WHEN kind IN ("refund") THEN net_base END)) '
        '/ NULLIF(SUM(CASE WHEN kind IN ("sale") THEN net_base END), 0)'
    )


def test_whether_a_market_has_paid_for_itself_does_not_depend_on_the_period() -> None:
    """What was invested before the period was 0 in it, beside months to break-even that count from the entry."""
    template = find_template("market-entry")
    (chart,) = (chart for chart in template.page("plan").charts if chart.id == "paid_back")
    assert chart.metric_names == ["investment_to_date_base", "contribution_to_date_base", "months_to_break_even"]
    fields = template.sources["market_entry"].fields
    assert {fields[name].aggregation for name in chart.metric_names} == {"max"}  # the same on each of a market's rows


def test_a_misspelt_key_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        SHIPPED.read_text(encoding="utf-8").replace("        metric: net_sales", "        metrik: net_sales", 1)
    )
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "metrik" in text)
    with pytest.raises(TemplateError) as caught:
        load_template(file)
    place = int(caught.value.place.rpartition(":")[2])
    assert abs(place - line) <= 4  # the chart it stands in, or the key itself
    assert "metri" in str(caught.value)


def test_text_that_is_not_yaml_is_told_with_its_line_and_a_hint(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("template: b2c-shop\ntitle: {en: Sales: all, fr: Ventes}\n")
    with pytest.raises(TemplateError, match="quotes") as caught:
        load_template(file)
    assert caught.value.place.endswith(":2")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t["pages"][0]["charts"][1].update(metric="net_sale"), "did you mean 'net_sales'"),
        (lambda t: t["pages"][0]["charts"][1].update(source="inventory", metric="items"), "has no date"),
        (lambda t: t["pages"][0]["charts"][2].update(dimension="net_base"), "has no dimension 'net_base'"),
        (lambda t: t["pages"][0].update(controls=["perod"]), "did you mean 'period'"),
        (lambda t: t["pages"][1]["charts"][2].update(sort={"field": "margin_rate"}), "sort by a sum"),
        (lambda t: t["pages"][1]["charts"][2].update(compare="units"), "which it does not show"),
        (lambda t: t["sources"]["sales"]["calculated"]["net_sales"].update(numerator=["sku"]), "needs a summed field"),
        (lambda t: t["sources"]["sales"].update(mart='sales"; DROP TABLE x'), "match pattern"),
        (lambda t: t["pages"][1]["charts"][0].update(id="trend"), "two charts are called 'trend'"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(tmp_path: Path, change: Any, sentence: str) -> None:
    with pytest.raises(TemplateError, match=sentence):
        load_template(written(tmp_path, change))


def test_a_projects_own_template_wins_over_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "looker_templates" / "b2c-shop"
    own.mkdir(parents=True)
    file = written(tmp_path, lambda t: t["title"].update(en="Our shop"))
    file.rename(own / "template.yaml")
    assert find_template("b2c-shop", tmp_path).title.en == "Our shop"
    assert find_template("b2c-shop", tmp_path / "elsewhere").title.en == "Online shop"


@pytest.mark.parametrize("name", ["b2c-shp", "../b2c-shop", "", "."])
def test_a_template_that_is_not_there_is_told_with_the_nearest_name(name: str) -> None:
    with pytest.raises(TemplateError, match="b2c-shop"):
        find_template(name)
    assert "b2c-shop" in template_names()


def test_the_mart_has_all_that_the_template_needs(template: Template, marts: dict[str, dict[str, object]]) -> None:
    assert check_contract(template, marts) == []


def test_what_is_missing_or_changed_is_named(template: Template, marts: dict[str, dict[str, object]]) -> None:
    del marts["freshness"]
    marts["sales_daily"]["basket"] = marts["sales_daily"].pop("baskets")
    marts["inventory"]["last_sold"] = "VARCHAR"
    marts["sales"]["one_more"] = "BLOB"  # columns may be added freely
    problems = check_contract(template, marts)
    assert {(p.kind, p.mart, p.column) for p in problems} == {
        ("no mart", "freshness", ""),
        ("no column", "sales_daily", "baskets"),
        ("other type", "inventory", "last_sold"),
    }
    assert "did you mean 'basket'" in next(p.sentence for p in problems if p.kind == "no column")


@pytest.mark.parametrize(
    ("named", "family"),
    [
        (pa.decimal128(18, 6), "number"), ("DECIMAL(18,6)", "number"), ("NUMERIC", "number"), ("BIGINT", "number"),
        ("INT64", "number"), (pa.date32(), "date"), ("DATE", "date"), ("DATETIME", "moment"), ("VARCHAR", "text"),
        (pa.timestamp("us", "UTC"), "moment"), ("TIMESTAMP WITH TIME ZONE", "moment"), ("STRING", "text"),
        (pa.dictionary(pa.int32(), pa.string()), "text"), ("INTERVAL", ""), ("BLOB", ""), (pa.bool_(), "boolean"),
    ],
)  # fmt: skip
def test_types_of_every_warehouse_are_understood(named: object, family: str) -> None:
    assert type_family(named) == family
