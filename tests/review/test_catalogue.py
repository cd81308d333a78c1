"""Checks as files: mistakes with their place and the nearest right name, a company's own limits, checks and schema."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from echannel_connectors import DuckDB
from echannel_connectors.errors import SettingsError
from echannel_connectors.project import load
from echannel_connectors.review.asking import WHOLE
from echannel_connectors.review.catalogue import catalogue, checks_in
from echannel_connectors.review.check import SHIPPED, Check, CheckError
from echannel_connectors.review.engine import Moment, answers
from echannel_connectors.review.settings import Reviews
from echannel_connectors.specs.places import Places
from tests.review.marts import TODAY, insert

OWN = """\
area: orders
checks:
  big_orders:
    name: {en: Big orders, fr: Grosses commandes}
    question: {en: "Are there big orders?", fr: "Y a-t-il de grosses commandes ?"}
    mart: orders
    date: date
    numerator: count(*) FILTER (WHERE net_base > :big)
    denominator: count(*)
    thresholds: {big: 100}
    unit: percent
    cadence: weekly
    compare: threshold
    good: up
    watch: 20 %
    act: 0.05
    advice:
      ok: {en: Well., fr: Bien.}
      watch: {en: Look., fr: Regardez.}
      act: {en: Act., fr: Agissez.}
      no_data: {en: Wait., fr: Attendez.}
    role: shop
    source: our own habit
"""


def own(folder: Path, old: str = "", new: str = "") -> Path:
    """The company's own check, with one thing written otherwise."""
    assert old in OWN
    (folder / "checks").mkdir(exist_ok=True)
    file = folder / "checks" / "ours.yaml"
    file.write_text(OWN.replace(old, new) if old else OWN, encoding="utf-8")
    return file


def named(checks: list[Check], name: str) -> Check:
    return next(check for check in checks if check.id == name)


# -- a company's own ----------------------------------------------------------------------------------------------------


def test_a_company_adds_a_check_in_its_project(tmp_path: Path, marts: DuckDB) -> None:
    """Its percent is a share, its number exact; it is asked as the library's are."""
    own(tmp_path)
    check = named(catalogue(tmp_path), "big_orders")
    assert (check.watch, check.act, check.area) == (Decimal("0.20"), Decimal("0.05"), "orders")
    insert(marts, "orders", [{"date": TODAY.replace(day=17), "net_base": Decimal(net)} for net in (99, 100, 101, 500)])
    insert(marts, "orders", [{"date": TODAY.replace(day=1), "net_base": Decimal(1)}])
    (answer, *_) = answers(marts, [check], Moment(TODAY, TODAY))
    assert (answer.value, answer.market, answer.status) == (Decimal("0.5"), WHOLE, "ok")


def test_a_company_s_check_takes_the_place_of_the_library_s(tmp_path: Path) -> None:
    own(tmp_path, "big_orders:", "refund_rate:")
    checks = catalogue(tmp_path)
    assert [check.name.en for check in checks if check.id == "refund_rate"] == ["Big orders"]
    assert len(checks) == len(catalogue())


def test_a_column_that_the_mart_lacks_is_told_with_its_place(tmp_path: Path, marts: DuckDB) -> None:
    file = own(tmp_path, "net_base > :big", "net_bse > :big")
    with pytest.raises(CheckError) as caught:
        answers(marts, [named(catalogue(tmp_path), "big_orders")], Moment(TODAY, TODAY))
    assert caught.value.sentence == "big_orders: numerator: mart.orders has no column 'net_bse'"
    assert caught.value.hint == "did you mean 'net_base'?"
    assert caught.value.place == f"{file}:8:39"


def test_a_float_is_told_with_its_place(tmp_path: Path, marts: DuckDB) -> None:
    """A company's own mart may hold one; a figure may not."""
    file = own(tmp_path, "mart: orders", "mart: ours")
    marts.execute(
        "CREATE TABLE mart.ours AS SELECT CAST('2026-11-17' AS DATE) AS date, CAST(1.5 AS DOUBLE) AS net_base"
    )
    try:
        with pytest.raises(CheckError) as caught:
            answers(marts, [named(catalogue(tmp_path), "big_orders")], Moment(TODAY, TODAY))
    finally:
        marts.execute("DROP TABLE mart.ours")
    assert caught.value.sentence == "big_orders: numerator: net_base is a floating-point number, and a figure is exact"
    assert caught.value.place == f"{file}:8:39"


def test_a_check_that_the_warehouse_cannot_run_is_named(tmp_path: Path, marts: DuckDB) -> None:
    """Among others that it can: its name stands below the warehouse's own words."""
    own(tmp_path, "net_base > :big", "market > :big")
    insert(marts, "orders", [{"date": TODAY, "market": "FR", "net_base": 1}])
    checks = catalogue(tmp_path)
    with pytest.raises(Exception, match="VARCHAR") as caught:
        answers(marts, checks, Moment(TODAY, TODAY))
    assert caught.value.__notes__ == ["while the check big_orders was asked"]


@pytest.mark.parametrize(
    ("old", "new", "sentence", "hint", "place"),
    [
        ("cadence:", "cadense:", "unknown key 'checks.big_orders.cadense': did you mean 'cadence'?", "", "12:5"),
        ("cadence: weekly", "cadence: hourly", "checks.big_orders.cadence: it should be 'daily'", "", "12:5"),
        ("role: shop", "", "'checks.big_orders.role' is missing", "", "3:3"),
        ("area: orders", "area: order", "area: it should be", "", "1:1"),
        ("count(*)\n", "count(\n", "big_orders: denominator: it is not valid SQL", "", "9:"),
        ("count(*)\n", "count(*) / 2\n", "big_orders: denominator: COUNT(*) / 2 makes a float of money", "", "9:18"),
        ("count(*)\n", "avg(net_base)\n", "AVG(net_base) makes a float of money", "", "9:18"),
        ("count(*)\n", "sum(CAST(net_base AS DOUBLE))\n", "is a float: money stays DECIMAL", "", "9:27"),
        ("count(*)\n", "net_base\n", "net_base is not added up: write sum(net_base)", "", "9:18"),
        ("count(*)\n", "1 + 1\n", "it must add rows up", "", "9:18"),
        ("count(*)\n", "sum(net_base), 2\n", "it must be a single expression", "", "9:18"),
        ("count(*)\n", "sum(net_base) FROM core.orders\n", "it must be a single expression", "", "9:18"),
        ("count(*)\n", "(SELECT sum(total_net) FROM core.orders)\n", "no other query", "", "9:18"),
        ("count(*)\n", "approx_magic(net_base)\n", "the function approx_magic is not one", "use sum, count", "9:18"),
        ("> :big", "> :bug", "the check has no threshold 'bug'", "did you mean 'big'?", "8:50"),
        ("act: 0.05", "act: 0.5", "'act' (0.5) comes before 'watch' (0.20)", "", "3:3"),
        ("act: 0.05", "act: soon", "it should be a number, such as 21 or 5 %", "", "16:5"),
        ("compare: threshold", "compare: target", "'target' and 'compare: target' belong together", "", "3:3"),
        ("compare: threshold", "compare: usual_range", "a usual range is of days", "", "3:3"),
        ("    date: date\n", "    date: date\n    is_monthly: true\n", "figures of months are looked at monthly", "", "3:3"),
        ("    unit: percent\n", "    unit: percent\n    unit: count\n", "the key 'unit' stands here twice", "", "12:5"),
        ("    mart: orders", "    mart: [orders", "ours.yaml is not valid YAML", "", "7:"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_stands(
    old: str, new: str, sentence: str, hint: str, place: str, tmp_path: Path
) -> None:
    file = own(tmp_path, old, new)
    with pytest.raises(CheckError) as caught:
        checks_in(file)
    assert sentence in caught.value.sentence
    assert hint in caught.value.hint
    assert caught.value.place.startswith(f"{file}:{place}")


# -- its limits ---------------------------------------------------------------------------------------------------------

PROJECT = """\
company: {name: Essai, language: fr}
sources: {shop: {connector: prestashop, url: "https://shop.example", key: k}}
reviews:
  started_on: 2026-01-01
  leave_out: [2026-05-01]
  thresholds:
    refund_rate: {watch: 2 %, act: '4,5 %'}
    days_of_cover: 21
"""


def changed(folder: Path, old: str = "", new: str = "") -> list[Check]:
    (folder / "echannel.yaml").write_text(PROJECT.replace(old, new) if old else PROJECT, encoding="utf-8")
    found = load(folder)
    return catalogue(folder, found.file.reviews, Places(folder / "echannel.yaml", found.text))


def test_limits_of_one_company(tmp_path: Path) -> None:
    """A check's limits by its name, a threshold of its SQL by the threshold's."""
    checks = changed(tmp_path)
    refunds = named(checks, "refund_rate")
    assert (refunds.watch, refunds.act) == (Decimal("0.02"), Decimal("0.045"))
    assert named(checks, "short_cover").thresholds == {"days_of_cover": Decimal(21)}
    assert named(catalogue(), "short_cover").thresholds == {"days_of_cover": Decimal(14)}


def test_a_company_s_limit_changes_the_answer(marts: DuckDB) -> None:
    rows: list[dict[str, Any]] = [{"daily_demand_28": 1, "days_of_cover": 18}] * 10
    insert(marts, "inventory", rows)
    for settings, status in ((Reviews(), "ok"), (Reviews(thresholds={"days_of_cover": 21}), "act")):
        (answer,) = answers(marts, [named(catalogue(reviews=settings), "short_cover")], Moment(TODAY, TODAY))
        assert answer.status == status


@pytest.mark.parametrize(
    ("old", "new", "sentence", "hint", "place"),
    [
        ("refund_rate:", "refund_rat:", "no check and no threshold 'refund_rat'", "did you mean 'refund_rate'?", "7:5"),
        ("days_of_cover: 21", "days_of_cover: {watch: 21}", "days_of_cover is a number", "", "8:5"),
        ("{watch: 2 %, act: '4,5 %'}", "5", "refund_rate is a check: write {watch: …, act: …}", "", "7:5"),
        ("act: '4,5 %'", "act: 1 %", "'act' (0.01) comes before 'watch' (0.02)", "", "7:5"),
    ],
)
def test_a_wrong_limit_is_told_where_it_stands(
    old: str, new: str, sentence: str, hint: str, place: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckError) as caught:
        changed(tmp_path, old, new)
    assert sentence in caught.value.sentence
    assert caught.value.hint == hint
    assert caught.value.place == f"{tmp_path / 'echannel.yaml'}:{place}"


@pytest.mark.parametrize(
    ("old", "new", "sentence", "place"),
    [
        (
            "{watch: 2 %",
            "{wach: 2 %",
            "unknown key 'reviews.thresholds.refund_rate.wach': did you mean 'watch'?",
            "7:19",
        ),
        ("{watch: 2 %", "{watch: soon", "reviews.thresholds.refund_rate.watch: it should be a number, such as", "7:19"),
        ("21\n", "many\n", "reviews.thresholds.days_of_cover: it should be a number, such as 21 or 5 %", "8:5"),
        ("2026-05-01", "May", "reviews.leave_out.0: ", "5:15"),
        ("started_on", "started", "unknown key 'reviews.started': did you mean 'started_on'?", "4:3"),
    ],
)
def test_settings_that_are_none(old: str, new: str, sentence: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        changed(tmp_path, old, new)
    assert caught.value.sentence.startswith(sentence)
    assert caught.value.place == f"{tmp_path / 'echannel.yaml'}:{place}"


# -- the whole ----------------------------------------------------------------------------------------------------------


def test_no_threshold_is_named_like_a_check() -> None:
    checks = catalogue()
    assert not {check.id for check in checks} & {name for check in checks for name in check.thresholds}


def test_editors_find_the_schema() -> None:
    for file in SHIPPED.glob("*.yaml"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=checks.schema.json"
        assert (file.parent / "checks.schema.json").is_file()


def test_the_shipped_checks_fit_their_schema() -> None:
    """Percentages and all short forms: an editor finds nothing to complain of."""
    jsonschema = pytest.importorskip("jsonschema_rs")
    import yaml

    validator = jsonschema.validator_for(json.loads((SHIPPED / "checks.schema.json").read_text(encoding="utf-8")))
    for file in SHIPPED.glob("*.yaml"):
        assert [
            error.message for error in validator.iter_errors(yaml.safe_load(file.read_text(encoding="utf-8")))
        ] == []
