"""What `echannel check` says of a shop before the first sync."""

from __future__ import annotations

import pytest

from echannel_connectors.streams import Finding
from echannel_connectors.testing.shop import FakeShop, Fault
from echannel_connectors.texts import in_language
from tests.conftest import served
from tests.places import recording


def findings(fake: FakeShop) -> list[Finding]:
    with served(fake) as shop:
        return list(shop.check())


def test_every_order_state_with_whether_it_counts_and_why(shop_a: FakeShop) -> None:
    said = [finding.sentence for finding in findings(shop_a) if "order state" in finding.sentence]
    assert len(said) == len(shop_a.tables["order_states"])
    counts = {int(one.split()[2].rstrip(",")) for one in said if "counts as a sale" in one}
    logable = {number for number, state in shop_a.tables["order_states"].items() if state["logable"] == "1"}
    assert counts == logable
    refunded = [one for one in said if "counts if it once was a sale" in one]
    assert [one.split()[2] for one in refunded] == ["7,"]


def test_missing_rights_and_how_to_give_them(shop_a: FakeShop) -> None:
    for resource in ("order_slip", "stock_availables"):
        shop_a.keys[shop_a.key].pop(resource)
    errors = [finding for finding in findings(shop_a) if finding.level == "error"]
    assert [finding.sentence for finding in errors] == [
        "the key may not read 'order_slip', which the tables need",
        "the key may not read 'stock_availables', which the tables need",
    ]
    assert "Webservice" in errors[0].hint
    assert "paramètres avancés" in in_language(errors[0].hint, "fr").lower()


def test_rights_that_a_reader_should_not_have(shop_a: FakeShop) -> None:
    """A key that may write, or read the employees, works; the owner is told."""
    for verbs in shop_a.keys[shop_a.key].values():
        verbs.update({"PUT", "DELETE"})
    warnings = [finding.sentence for finding in findings(shop_a) if finding.level == "warning"]
    assert any("may write" in sentence for sentence in warnings)
    assert any("employees" in sentence for sentence in warnings)


@pytest.mark.parametrize("strips", [True, False])
def test_a_host_that_drops_the_header_is_told_with_its_remedy(strips: bool, shop_a: FakeShop) -> None:
    shop_a.faults += [Fault(strips_authorization=True)] if strips else []
    hints = [finding.hint for finding in findings(shop_a) if "Authorization" in finding.sentence]
    assert bool(hints) is strips
    assert all("SetEnvIf Authorization" in hint for hint in hints)


def test_check_reads_no_order(shop_a: FakeShop) -> None:
    findings(shop_a)
    assert not [target for _, target in shop_a.requests if "/api/orders" in target]


@pytest.mark.parametrize(("name", "told"), [("shop-a", True), ("shop-d", False)])
def test_a_version_that_does_not_tell_vouchers(name: str, told: bool) -> None:
    """In 1.7 store credit cannot be told from a discount: the owner hears it before the first figure."""
    said = [one.hint for one in findings(FakeShop.from_recording(recording(name))) if "vouchers" in one.sentence]
    assert bool(said) is not told


@pytest.mark.parametrize(("name", "told"), [("shop-a", False), ("shop-b", True)])
def test_several_stores_that_the_key_may_not_read(name: str, told: bool) -> None:
    """Only the default store's orders come then, and nothing else would say so."""
    shop = FakeShop.from_recording(recording(name))
    shop.keys[shop.key].pop("shops")
    said = [one.hint for one in findings(shop) if "of several stores" in one.sentence]
    assert bool(said) is told


def test_vouchers_whose_code_the_key_may_not_read(shop_a: FakeShop) -> None:
    """A slip's voucher is known by its code; without it, what was paid with it lowers the sale as a discount does."""
    assert not [one for one in findings(shop_a) if "cart_rules" in one.sentence]
    shop_a.keys[shop_a.key].pop("cart_rules")
    (told,) = [one for one in findings(shop_a) if "cart_rules" in one.sentence]
    assert told.level == "warning"
    assert "GET" in told.hint
