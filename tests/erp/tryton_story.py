"""What happens in the two companies of tryton_books.py, event by event: what a trading company does in a year."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import tryton_books as books
from proteus import Model, Wizard
from tryton_books import Shop, day, new, one, press, process, saved


def live() -> None:
    euro = books.currency("EUR", (day(700), "1"))
    pound = books.currency("GBP", (day(700), "0.85"), (day(40), "0.8"))
    second = books.company("Harbour Trading", pound, "line")
    shop = Shop(second)
    _harbour(shop)
    shop = Shop(books.company("Atelier", euro, "document"))
    people = _people()
    goods = _goods(shop, people)
    _first_stock(goods)
    _buying(shop, goods, people, pound)
    _selling(shop, goods, people, pound)
    _returning(shop, goods, people)
    _paying(shop, goods, people, pound)
    _advances(shop, goods, people)
    _by_hand(shop, goods, people, pound)
    _extras(shop, goods, people)
    _moving(goods)


def _people() -> dict[str, Model]:
    country = one("country.country", ("code", "=", "FR")) if Model.get("country.country").find([]) else None
    if country is None:
        country = saved("country.country", name="France", code="FR")
    people = {}
    for name in ("Alice", "Bruno", "Maison Durand", "Potter", "Importer"):
        party = new("party.party", name=name)
        party.addresses[0].country = country
        if name == "Maison Durand":
            code = party.identifiers.new()
            code.type, code.code = "eu_vat", "FR40303265045"
        party.save()
        people[name] = party
    return people


def _goods(shop: Shop, people: dict[str, Model]) -> dict[str, Model]:
    goods = {
        "cup": shop.product("cup", "10", "4"),
        "book": shop.product("book", "19.99", "8", "0.055"),
        "tea": shop.product(
            "tea",
            "30",
            "12",
            "0.055",
            default_uom=shop.kilogram,
            sale_uom=shop.kilogram,
            sale_secondary_uom=shop.unit,
            sale_secondary_uom_rate=5,
        ),  # five packets
        "advice": shop.product("advice", "80", None, type="service"),
        "fromage": shop.product("fromage", "7.5", "3"),
        "stool": shop.product("stool", "60", "25", supply_on_sale="always" if books.VERSION >= (6, 4) else True),
        "porter": shop.product("porter", "6", "5", type="service"),
    }
    kit = shop.product("breakfast", "32", None, type="kit")
    for code, quantity, fixed in (("cup", 2, False), ("tea", 0.25, False), ("book", 1, True)):
        part = kit.template.components.new()
        part.product, part.quantity, part.fixed = goods[code], quantity, fixed
    kit.template.save()
    goods["breakfast"] = kit
    supply = new("purchase.product_supplier", party=people["Importer"], drop_shipment=True)
    supply.template = goods["stool"].template
    supply.lead_time = dt.timedelta(0)
    supply.save()
    carrier = saved("carrier", party=people["Bruno"], carrier_product=goods["porter"])
    goods["carrier"] = carrier
    return goods


def _count(place: Model, quantities: list[tuple[Model, float, Model | None]], ago: int) -> None:
    made = new("stock.inventory", location=place, date=day(ago))
    made.save()
    for product, quantity, lot in quantities:
        line = made.lines.new()
        line.product, line.quantity, line.lot = product, quantity, lot
    made.save()
    press(made, "confirm")


def _first_stock(goods: dict[str, Model]) -> None:
    storage = one("stock.location", ("type", "=", "warehouse")).storage_location
    _count(storage, [(goods["cup"], 100, None), (goods["book"], 40, None), (goods["tea"], 12.5, None)], 300)
    lots = [saved("stock.lot", number=number, product=goods["fromage"]) for number in ("L1", "L2")]
    _count(storage, [(goods["fromage"], 12, lots[0]), (goods["fromage"], 8, lots[1])], 299)


def _buying(shop: Shop, goods: dict[str, Model], people: dict[str, Model], pound: Model) -> None:
    cups = {"product": goods["cup"], "quantity": 50, "unit_price": D("3.6")}
    tea = {"product": goods["tea"], "unit": shop.gram, "quantity": 2500, "unit_price": D("0.0115")}
    first = shop.purchase(people["Potter"], 200, cups, tea)
    shop.receive(first, 195, cup=30)
    shop.receive(first, 190)
    waiting = shop.purchase(people["Importer"], 20, {**cups, "unit_price": D("3.1")}, money=pound)
    shop.receive(waiting, 15, cup=12)
    shop.purchase(people["Potter"], 10, {"product": goods["book"], "quantity": 10, "unit_price": D("7.5")})


def _selling(shop: Shop, goods: dict[str, Model], people: dict[str, Model], pound: Model) -> None:
    cup, book = {"product": goods["cup"], "quantity": 3}, {"product": goods["book"], "quantity": 2}
    whole = shop.sale(people["Alice"], 150, cup, book)
    shop.ship(whole)
    shop.pay(shop.post(whole.invoices[0], 150), 140)
    part = shop.sale(people["Maison Durand"], 120, {**cup, "quantity": 10}, {**book, "quantity": 4})
    shop.ship(part, cup=6, book=4)
    shop.post(part.invoices[0], 119)
    grams = {"product": goods["tea"], "unit": shop.gram, "quantity": 845, "unit_price": D("0.0325")}
    shop.ship(
        shop.sale(people["Bruno"], 100, grams, {"product": goods["advice"], "quantity": 2}, bill=books.WHEN_SHIPPED)
    )
    foreign = shop.sale(people["Bruno"], 60, {**cup, "unit_price": D("8.3333")}, currency=pound)
    shop.ship(foreign)
    shop.pay(shop.post(foreign.invoices[0], 58), 30, "12", "partial")
    cheap = {"product": goods["book"], "quantity": 3, "unit_price": D("13.3333")}
    eco = {**cup, "tax": shop.eco}
    gift = {"description": "Goodwill", "quantity": 1, "unit_price": D("-2.5"), "account": None}
    gift.pop("account")
    shop.ship(shop.sale(people["Alice"], 50, cheap, eco, gift))
    shop.sale(people["Alice"], 8, cup, state="draft")
    shop.sale(people["Bruno"], 7, cheap, eco, state="quotation")
    press(shop.sale(people["Bruno"], 6, book, state="quotation"), "cancel")
    shop.sale(people["Maison Durand"], 5, {**cup, "quantity": 7})
    assigned = shop.sale(people["Alice"], 4, {**cup, "quantity": 5})
    for shipment in assigned.shipments:
        press(shipment, "wait") if shipment.state == "draft" else None
        shipment.click("assign_try")


def _returning(shop: Shop, goods: dict[str, Model], people: dict[str, Model]) -> None:
    sold = shop.sale(people["Bruno"], 90, {"product": goods["cup"], "quantity": 4})
    shop.ship(sold)
    invoice = shop.pay(shop.post(sold.invoices[0], 90), 85)
    wizard = Wizard("sale.return_sale", [sold])
    wizard.execute("return_")
    back = max(Model.get("sale.sale").find([("origin", "=", f"sale.sale,{sold.id}")]), key=lambda sale: sale.id)
    back.sale_date = day(80)
    back.lines[0].quantity = -1
    back.save()
    process(back)
    shop.take_back(back)
    shop.pay(shop.post(back.invoices[0], 79), 78)
    note = shop.credit(invoice, at_once=False, ago=77)
    note.lines[0].quantity = -1
    note.lines[0].unit_price = D(3)
    note.save()
    shop.post(note, 77)
    mistake = shop.sale(people["Alice"], 70, {"product": goods["book"], "quantity": 1})
    shop.ship(mistake)
    shop.credit(shop.post(mistake.invoices[0], 70), at_once=True, ago=69)


def _paying(shop: Shop, goods: dict[str, Model], people: dict[str, Model], pound: Model) -> None:
    lines = ({"product": goods["cup"], "quantity": 3, "unit_price": D("9.99")},)
    twice = shop.post(shop.sale(people["Alice"], 45, *lines).invoices[0], 45)
    shop.pay(twice, 44, "10", "partial")
    shop.pay(twice, 43)
    more = shop.post(shop.sale(people["Alice"], 42, *lines).invoices[0], 42)
    shop.pay(more, 41, str(more.total_amount + 5), "overpayment")
    under_way = shop.post(shop.sale(people["Maison Durand"], 38, *lines).invoices[0], 38)
    journal = saved(
        "account.payment.journal", name="Debit", process_method="manual", currency=shop.company.currency,
        company=shop.company,
    )  # fmt: skip
    for amount, fails in (("7", False), ("9", True)):
        payment = new("account.payment", journal=journal, kind="receivable", party=people["Maison Durand"])
        payment.line = Model.get("account.move.line")(under_way.lines_to_pay[0].id)
        payment.amount, payment.date = D(amount), day(30)
        payment.save()
        payment.click("submit" if books.VERSION >= (6, 2) else "approve")
        if fails:
            if books.VERSION >= (6, 2):
                payment.click("process_wizard")
            else:
                Wizard("account.payment.process", [payment]).execute("process")
            payment.reload()
            payment.click("fail")


def _advances(shop: Shop, goods: dict[str, Model], people: dict[str, Model]) -> None:
    account = books.special_account(shop.accounts, "payable", "Advances", unearned_revenue=True)
    term = new("sale.advance_payment_term", name="A third")
    line = term.lines.new()
    line.description, line.account, line.formula = "Advance", account, "total_amount * 0.3"
    line.invoice_delay = dt.timedelta(0)
    term.save()
    for ago, ending in ((35, "delivered"), (33, "waiting"), (32, "credited")):
        sale = shop.sale(
            people["Maison Durand"], ago, {"product": goods["cup"], "quantity": 5}, advance_payment_term=term
        )
        invoice = sale.advance_payment_invoices[0]
        if ending == "waiting":
            shop.post(invoice, ago)
            continue
        shop.pay(shop.post(invoice, ago), ago - 1)
        sale.reload()
        if ending == "delivered":
            shop.ship(sale)
            shop.post(sale.invoices[0], ago - 3)
        else:
            shop.post(shop.credit(invoice, at_once=False, ago=ago - 2), ago - 2)


def _by_hand(shop: Shop, goods: dict[str, Model], people: dict[str, Model], pound: Model) -> None:
    rent = {"description": "Rent", "quantity": 1, "unit_price": D("120.55"), "tax": shop.taxes["0.20"]}
    shop.post(shop.invoice(people["Bruno"], rent), 28)
    shop.post(shop.invoice(people["Bruno"], rent, money=pound), 27)
    shop.invoice(people["Bruno"], rent, rent)
    shop.post(shop.invoice(people["Alice"], {**rent, "quantity": -1, "unit_price": D("15.01")}), 26)
    deposit = books.special_account(shop.accounts, "payable", "Deposits", deposit=True)
    paid = {"description": "Deposit", "quantity": 1, "unit_price": D(50), "account": deposit}
    shop.pay(shop.post(shop.invoice(people["Alice"], paid), 25), 24)
    recall = {"description": "Deposit", "quantity": -1, "unit_price": D(30), "account": deposit}
    shop.post(shop.invoice(people["Alice"], rent, recall), 23)
    back = {"description": "Deposit", "quantity": -1, "unit_price": D(20), "account": deposit}
    shop.post(shop.invoice(people["Alice"], back), 22)


def _extras(shop: Shop, goods: dict[str, Model], people: dict[str, Model]) -> None:
    kit = {"product": goods["breakfast"], "quantity": 2}
    whole = shop.sale(people["Alice"], 21, kit)
    shop.ship(whole)
    shop.pay(shop.post(whole.invoices[0], 21), 20)
    shop.ship(shop.sale(people["Bruno"], 20, {**kit, "quantity": 4}), cup=4, tea=0.5, book=1)
    shop.sale(people["Bruno"], 19, kit)
    for method in ("order", "shipment"):
        sent = shop.sale(
            people["Alice"], 18, {"product": goods["cup"], "quantity": 1}, carrier=goods["carrier"],
            shipment_cost_method=method, bill=books.WHEN_SHIPPED,
        )  # fmt: skip
        shop.ship(sent)
        for invoice in sent.invoices:
            shop.post(invoice, 17)
    reduced = new("sale.promotion", name="Ten books", formula="0.9 * unit_price", quantity=5, unit=shop.unit)
    reduced.products.append(Model.get("product.product")(goods["book"].id))
    reduced.company = shop.company
    reduced.save()
    shop.ship(shop.sale(people["Bruno"], 16, {"product": goods["book"], "quantity": 6}))
    cheese = shop.sale(people["Alice"], 16, {"product": goods["fromage"], "quantity": 3})
    move = cheese.shipments[0].inventory_moves[0]
    move.lot = one("stock.lot", ("number", "=", "L2"))
    move.save()
    shop.ship(cheese)
    _gift_cards(shop, goods, people)
    _dropped(shop, goods, people)
    gramme = new("sale.sale", party=people["Bruno"], payment_term=shop.term, sale_date=day(12))
    line = gramme.lines.new()
    line.product = goods["tea"]
    line.quantity, line.secondary_unit = 1.2, shop.unit
    gramme.save()
    press(gramme, "quote", "confirm")


def _gift_cards(shop: Shop, goods: dict[str, Model], people: dict[str, Model]) -> None:
    account = books.special_account(shop.accounts, "payable", "Gift cards", gift_card=True)
    setting = Model.get("account.configuration")(1)
    setting.gift_card_account_revenue = account
    setting.save()
    sequence = saved(
        "ir.sequence", name="Gift Card", sequence_type=one("ir.sequence.type", ("name", "=", "Gift Card"))
    )  # fmt: skip
    setting = Model.get("sale.configuration")(1)
    setting.gift_card_sequence = sequence
    setting.save()
    card = shop.product("card", "50", None, type="service", gift_card=True)
    sold = shop.sale(people["Alice"], 15, {"product": card, "quantity": 1})
    shop.pay(shop.post(sold.invoices[0], 15), 15)
    spent = shop.sale(people["Alice"], 14, {"product": goods["cup"], "quantity": 6}, state="draft")
    spent.gift_cards.append(Model.get("sale.gift_card").find([])[0])
    spent.save()
    process(spent)
    shop.ship(spent)
    shop.post(spent.invoices[0], 13)


def _dropped(shop: Shop, goods: dict[str, Model], people: dict[str, Model]) -> None:
    sale = shop.sale(people["Maison Durand"], 11, {"product": goods["stool"], "quantity": 5})
    requests = Model.get("purchase.request").find([("purchase_line", "=", None)])
    Wizard("purchase.request.create_purchase", requests)
    purchase = max(Model.get("purchase.purchase").find([]), key=lambda made: made.id)
    purchase.payment_term, purchase.purchase_date = shop.term, day(11)
    purchase.lines[0].unit_price = D(24)
    purchase.save()
    process(purchase)
    sale.reload()
    shipment = sale.drop_shipments[0]
    shipment.supplier_moves[0].quantity = 3
    shipment.save()
    press(shipment, "ship", books.DO)


def _moving(goods: dict[str, Model]) -> None:
    main = one("stock.location", ("type", "=", "warehouse"))
    places: dict[str, Any] = {}
    for kind in ("input", "output", "storage"):
        places[kind] = saved(
            "stock.location", name=f"Second {kind}", type="storage" if kind != "view" else "view"
        )  # fmt: skip
    other = new("stock.location", name="Second", type="warehouse", code="SEC")
    other.input_location, other.output_location = places["input"], places["output"]
    other.storage_location = places["storage"]
    other.save()
    moved = new("stock.shipment.internal", from_location=main.storage_location)
    moved.to_location = other.storage_location
    moved.planned_date = moved.effective_date = day(9)
    if "planned_start_date" in moved._fields:
        moved.planned_start_date = moved.effective_start_date = day(9)
    line = moved.moves.new()
    line.product, line.quantity = goods["cup"], 7
    line.from_location, line.to_location = moved.from_location, moved.to_location
    moved.save()
    press(moved, "wait", "assign_force")
    if books.VERSION >= (7, 2):
        press(moved, "pack")
    if moved.transit_location:
        press(moved, "ship")
    press(moved, books.DO)
    _count(main.storage_location, [(goods["book"], 21, None), (goods["tea"], 9.25, None)], 3)


def _harbour(shop: Shop) -> None:
    """The second company: its own currency, and taxes rounded line by line."""
    party = saved("party.party", name="Quay")
    rope = shop.product("rope", "3.33", None)
    lines = [{"product": rope, "quantity": quantity, "unit_price": D("3.3350")} for quantity in (1, 3, 7)]
    sale = shop.sale(party, 55, *lines)
    shop.pay(shop.post(sale.invoices[0], 54), 53, "5", "partial")
    shop.sale(party, 2, *lines, state="quotation")
