"""The stand-in as PrestaShop 8.2 and 9.0: what their source code says, not what was seen of such a shop."""

import base64
import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from echannel_connectors.testing.shop import FakeShop
from echannel_connectors.testing.shop.faults import Answer
from echannel_connectors.testing.shop.playing import _in_numbers
from echannel_connectors.testing.shop.recording import keep
from tests.places import recording, truth

PLAYED = ("8.2", "9.0")


@pytest.fixture
def shop_d() -> FakeShop:
    return FakeShop.from_recording(recording("shop-d"))


@pytest.fixture(params=PLAYED)
def shop(request: pytest.FixtureRequest, shop_d: FakeShop) -> FakeShop:
    return shop_d.as_version(request.param)


def ask(shop: FakeShop, target: str, method: str = "GET", key: str | None = "") -> Answer:
    """The answer to the shop's key, to another one, or without any (None)."""
    user = base64.b64encode(f"{key or shop.key}:".encode()).decode()
    return shop.answer(method, target, {} if key is None else {"Authorization": f"Basic {user}"})


def names(shop: FakeShop, resource: str) -> set[str]:
    """The fields and associations that the synopsis tells."""
    record = etree.fromstring(ask(shop, f"/api/{resource}?schema=synopsis").body)[0]
    found = {str(node.tag) for node in record if node.tag != "associations"}
    return found | {f"{node.tag}[]" for node in record.iterfind("associations/*")}


# ---- what it has

# Resource → what is new and what is gone in 8.2 against 1.7.6, and in 9.0 against 8.2.
FIELDS = {
    "orders": ({"note"}, set(), set(), set()),
    "order_details": ({"product_mpn", "total_refunded_tax_excl", "total_refunded_tax_incl"}, set(), set(), set()),
    "order_payments": ({"id_employee"}, set(), set(), set()),
    "products": ({"mpn", "product_type", "unit_price", "attachments[]"}, set(), set(), {"meta_keywords"}),
    "combinations": ({"mpn", "available_now", "available_later"}, {"quantity", "location"}, set(), set()),
    "currencies": ({"unofficial", "modified", "pattern", "names"}, set(), set(), set()),
    "categories": ({"additional_description"}, set(), {"redirect_type", "id_type_redirected"}, {"meta_keywords"}),
    "manufacturers": (set(), set(), set(), {"meta_keywords"}),
    "suppliers": (set(), set(), set(), {"meta_keywords"}),
    "shops": ({"color"}, set(), set(), set()),
}


def test_fields_that_come_and_go(shop_d: FakeShop) -> None:
    """Each version has the fields of the one before but for what its code adds and drops; all else stays."""
    second, third = (shop_d.as_version(version) for version in PLAYED)
    for resource in set(shop_d._shop.resources) & set(third._shop.resources):
        new, gone, newer, later_gone = FIELDS.get(resource, (set(), set(), set(), set()))
        before = names(shop_d, resource)
        assert names(second, resource) == before - gone | new, resource
        assert names(third, resource) == before - gone - later_gone | new | newer, resource


def test_resources_that_come_and_go(shop_d: FakeShop) -> None:
    """67, 69 and 64 resources; what the key may do is told for each, with PATCH as a right of its own."""
    told = [names_of_root(shop) for shop in (shop_d, *(shop_d.as_version(version) for version in PLAYED))]
    assert [len(one) for one in told] == [67, 69, 64]
    assert set(told[1]) - set(told[0]) == {"attachments", "order_cart_rules"}
    assert set(told[2]) - set(told[1]) == {"order_returns"}
    assert set(told[1]) - set(told[2]) == {
        "supply_orders", "supply_order_details", "supply_order_states", "supply_order_histories",
        "supply_order_receipt_histories", "warehouse_product_locations",
    }  # fmt: skip
    assert [one["orders"].get("patch") for one in told] == [None, "false", "false"]


def names_of_root(shop: FakeShop) -> dict[str, dict[str, str]]:
    root = etree.fromstring(ask(shop, "/api").body)
    return {str(node.tag): {str(key): str(value) for key, value in node.attrib.items()} for node in root[0]}


def test_every_page_is_a_page_of_its_synopsis(shop: FakeShop) -> None:
    """In XML and in JSON a full record has exactly the fields of the synopsis, and each may be asked for by name."""
    for resource in shop._shop.resources:
        if not shop.tables[resource]:
            continue
        fields = {name for name in names(shop, resource) if not name.endswith("[]")}
        page = etree.fromstring(ask(shop, f"/api/{resource}?display=full&limit=1").body)[0][0]
        assert {str(node.tag) for node in page} - {"associations", "id"} == fields, resource
        chosen = ask(shop, f"/api/{resource}?display=[{','.join(fields)}]&limit=1&output_format=JSON")
        assert chosen.status == 200
        (record,) = next(iter(json.loads(chosen.body).values()))
        assert set(record) - {"associations", "id"} == fields, resource


def test_a_shop_that_is_played_leaves_the_recorded_one_as_it_is(shop_d: FakeShop, shop: FakeShop) -> None:
    """An edit shows in the shop that was edited only."""
    shop.tables["orders"][1]["note"] = "x"
    shop.keys[shop.key].clear()
    assert shop_d.version == "1.7.6.2"
    assert "note" not in shop_d.tables["orders"][1]
    assert shop_d.keys[shop_d.key]


def test_what_is_not_played(shop_d: FakeShop) -> None:
    """Another version, or one made from a 1.6 shop, is refused rather than guessed."""
    with pytest.raises(ValueError, match=r"'10.0' is not played; these are: 8.2, 9.0"):
        shop_d.as_version("10.0")
    with pytest.raises(ValueError, match=r"this shop is a 1.6.1.25"):
        FakeShop.from_recording(recording("shop-a")).as_version("9.0")


def test_a_kept_shop_keeps_its_manners(shop: FakeShop, tmp_path: Path) -> None:
    """Written to a file and read again it answers alike."""
    keep(shop._shop, tmp_path / "kept.json.gz")
    again = FakeShop.from_recording(tmp_path / "kept.json.gz")
    for target in ("/api", "/api/orders/1?output_format=JSON", "/api/currencies?display=full&id_shop_group=9"):
        assert ask(again, target).body == ask(shop, target).body


# ---- what its records hold


def test_vouchers_are_those_of_the_database(shop: FakeShop) -> None:
    """What the orders' totals and the rules make of them is what shop D's database holds and 1.7.6 does not serve."""
    with (truth("shop-d") / "order_cart_rules.csv").open(encoding="utf-8", newline="") as file:
        true = [
            (int(row["id_order_cart_rule"]), row["id_order"], row["id_cart_rule"], row["name"], row["free_shipping"],
             Decimal(row["value"]), Decimal(row["value_tax_excl"]))
            for row in csv.DictReader(file)
        ]  # fmt: skip
    ours = [
        (number, row["id_order"], row["id_cart_rule"], row["name"], row["free_shipping"],
         Decimal(str(row["value"])), Decimal(str(row["value_tax_excl"])))
        for number, row in shop.tables["order_cart_rules"].items()
    ]  # fmt: skip
    assert ours == true
    assert {row["deleted"] for row in shop.tables["order_cart_rules"].values()} == {"0"}


def test_a_discount_that_no_rule_explains(shop_d: FakeShop) -> None:
    """It is a voucher all the same, of a rule that is no longer there."""
    shop_d.tables["orders"][1] |= {"total_discounts_tax_incl": "12.340000", "total_discounts_tax_excl": "10.280000"}
    voucher = shop_d.as_version("8.2").tables["order_cart_rules"][1]
    assert (voucher["id_order"], voucher["id_cart_rule"], voucher["value"]) == ("1", "0", "12.340000")


def test_refunds_of_a_line(shop: FakeShop) -> None:
    """Each line tells what its slips gave back."""
    with (truth("shop-d") / "order_slip_details.csv").open(encoding="utf-8", newline="") as file:
        true = {int(row["id_order_detail"]): row for row in csv.DictReader(file)}
    for number, row in shop.tables["order_details"].items():
        for tax in ("excl", "incl"):
            given = true.get(number, {}).get(f"amount_tax_{tax}", "0")
            assert Decimal(str(row[f"total_refunded_tax_{tax}"])) == Decimal(given)


def test_currencies_have_their_names_again(shop: FakeShop) -> None:
    """`name` is plain text, `symbol` and `names` are by language; 1.7.6 sends none of them in XML."""
    euro = etree.fromstring(ask(shop, "/api/currencies?display=full&filter[id]=[1]").body)[0][0]
    assert euro.findtext("name") == "Euro"
    assert [node.text for node in euro.iterfind("symbol/language")] == ["€", "€"]
    assert [node.text for node in euro.iterfind("names/language")] == ["Euro", "Euro"]


def test_kinds_of_products(shop: FakeShop) -> None:
    """Those with combinations say so."""
    kinds = {number: row["product_type"] for number, row in shop.tables["products"].items()}
    with_combinations = {int(str(row["id_product"])) for row in shop.tables["combinations"].values()}
    assert {number for number, kind in kinds.items() if kind == "combinations"} == with_combinations
    assert set(kinds.values()) == {"combinations", "standard"}


# ---- how it answers


def test_the_root_in_json_is_broken(shop: FakeShop) -> None:
    """500 and nothing; in XML it is in order."""
    assert (ask(shop, "/api?output_format=JSON").status, ask(shop, "/api?output_format=JSON").body) == (500, b"")
    assert ask(shop, "/api").status == 200


def test_a_single_record_in_json_loses_its_empty_fields(shop: FakeShop) -> None:
    """ "0", "" and null are not there; "0.000000" is; a list and XML have all."""
    shop.tables["orders"][1] |= {"valid": "0", "note": "", "gift_message": None}
    single = json.loads(ask(shop, "/api/orders/1?output_format=JSON").body)["order"]
    (listed,) = json.loads(ask(shop, "/api/orders?filter[id]=[1]&display=full&output_format=JSON").body)["orders"]
    assert {"valid", "note", "gift_message", "recyclable"} <= set(listed) - set(single)
    assert single["total_discounts"] == "0.000000"
    assert single["associations"] == listed["associations"]
    assert etree.fromstring(ask(shop, "/api/orders/1").body)[0].findtext("valid") == "0"


@pytest.mark.parametrize(("key", "status"), [("K" * 32, 401), ("short", 401)])
def test_strangers_are_not_told_the_version(shop: FakeShop, key: str, status: int) -> None:
    """A refused key sees version 0; an accepted one sees the version, also on errors."""
    refused = ask(shop, "/api/orders", key=key)
    assert (refused.status, refused.headers["PSWS-Version"]) == (status, "0")
    assert ask(shop, "/api/orders").headers["PSWS-Version"] == shop.version
    assert ask(shop, "/api/nope").headers["PSWS-Version"] == shop.version


def test_both_names_of_a_group_count(shop: FakeShop) -> None:
    """The documented one first; an unknown group is an error in words of its own."""
    for wanted in ("id_shop_group=1", "id_group_shop=1", "id_shop_group=1&id_group_shop=7"):
        assert ask(shop, f"/api/orders?{wanted}").status == 200, wanted
    for wanted in ("id_shop_group=7", "id_group_shop=7", "id_shop_group=7&id_group_shop=1"):
        refused = ask(shop, f"/api/orders?{wanted}&output_format=JSON")
        assert refused.status == 500, wanted
        assert json.loads(refused.body)["errors"] == [{"code": 999, "message": "This shop group doesn't have shops"}]


def test_1_7_6_ignores_the_documented_name_of_a_group(shop_d: FakeShop) -> None:
    """As it was seen to do."""
    assert ask(shop_d, "/api/orders?id_shop_group=7").status == 200
    assert ask(shop_d, "/api/orders?id_shop_group=1&id_group_shop=7").status == 500


def test_patch_is_a_method_and_a_right(shop_d: FakeShop, shop: FakeShop) -> None:
    """Refused for want of the right, where 1.7.6 does not know the method."""
    assert b"<![CDATA[23]]>" in ask(shop_d, "/api/orders", "PATCH").body
    refused = ask(shop, "/api/orders", "PATCH")
    assert (refused.status, b"<![CDATA[25]]>" in refused.body) == (405, True)
    shop.keys["P" * 32] = {"orders": {"GET", "PATCH"}}
    assert b'patch="true"' in ask(shop, "/api", key="P" * 32).body


def test_a_browser_asks_9_0_what_it_may(shop: FakeShop) -> None:
    """OPTIONS without a key is answered by 9.0 only."""
    answer = ask(shop, "/api/orders", "OPTIONS", key=None)
    expected = (200, b"200 OK") if shop.version.startswith("9.") else (401, b"401 Unauthorized")
    assert (answer.status, answer.body) == expected


def test_empty_values_in_xml(shop: FakeShop) -> None:
    """An empty CDATA section stands where 1.7.6 has nothing."""
    page = ask(shop, "/api/orders?display=full&limit=1").body.decode()
    assert "<note><![CDATA[]]></note>" in page
    assert not re.search(r"<(\w+)></\1>", page)


def test_a_filter_without_brackets(shop: FakeShop) -> None:
    """Compared as numbers, where 1.6 and 1.7.6 compare the texts."""
    asked = "/api/products?filter[price]=23.35"
    assert len(etree.fromstring(ask(shop, asked).body)[0]) == 1
    assert len(etree.fromstring(ask(FakeShop.from_recording(recording("shop-d")), asked).body)[0]) == 0


def test_numbers_in_json(shop_d: FakeShop) -> None:
    """Text in 8.2, as on an older PHP; numbers in 9.0, which needs a newer one; prices are text in both."""
    asked = "/api/orders?display=[id,current_state,total_paid,valid]&filter[id]=[1]&output_format=JSON"
    second, third = (json.loads(ask(shop_d.as_version(one), asked).body)["orders"][0] for one in PLAYED)
    assert second == {"id": 1, "current_state": "5", "valid": "1", "total_paid": "136.700000"}
    assert third == {"id": 1, "current_state": 5, "valid": 1, "total_paid": "136.700000"}


def test_which_columns_are_numbers_is_told_as_it_was_seen() -> None:
    """By their formats, the fields of shop B that hold something are guessed as its PHP 8.2 really sent them."""
    shop = FakeShop.from_recording(recording("shop-b"))
    different, compared = [], 0
    for name, resource in shop._shop.resources.items():
        unknown = replace(resource, fields=tuple(replace(one, number=False) for one in resource.fields))
        guessed = {one.name: one.number for one in _in_numbers(unknown, shop.tables[name]).fields}
        for field in resource.fields:
            if any(row.get(field.name) for row in shop.tables[name].values()):
                compared += 1
                different += [(name, field.name)] if guessed[field.name] != field.number else []
    assert different == []
    assert compared > 400
