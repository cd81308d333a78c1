"""Some dozens of documents in a Tryton of any version from 6.0 on, each written by its own code, and what it says of them.

It runs where that version is installed, on an empty database of PostgreSQL that PGHOST names, never in our tests:
    python -m venv t && t/bin/pip install proteus==7.0.* psycopg2-binary trytond_sale==7.0.* …   (MODULES below)
    t/bin/trytond-admin -c trytond.conf -d books -u <MODULES> --activate-dependencies -p --email me@example.com
    TRYTOND_CONFIG=trytond.conf t/bin/python tests/erp/tryton_books.py books <folder of the truth>
Then tests/erp/tryton_pack.py makes the small dump of it that the tests read.
"""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path

import proteus
from proteus import Model, Wizard
from tryton_truth import tell
from trytond import __version__
from trytond.modules.account.tests.tools import create_chart, create_tax, get_accounts
from trytond.modules.account_invoice.tests.tools import create_payment_term, set_fiscalyear_invoice_sequences

MODULES = """sale purchase stock account_invoice account_invoice_stock sale_discount sale_shipment_cost
sale_advance_payment product_kit sale_promotion sale_gift_card stock_lot account_payment
purchase_invoice_line_standalone sale_supply_drop_shipment sale_secondary_unit web_shop sale_invoice_grouping
sale_complaint account_deposit"""
VERSION = tuple(map(int, __version__.split(".")[:2]))
DO = "do" if VERSION >= (7, 2) else "done"
WHEN_SHIPPED = "fulfillment" if VERSION >= (8, 0) else "shipment"
D = Decimal
TODAY = dt.date.today()


def day(ago: int) -> dt.date:
    return TODAY - dt.timedelta(days=ago)


def new(model: str, **values: object) -> Model:
    record = Model.get(model)()
    for name, value in values.items():
        setattr(record, name, value)
    return record


def saved(model: str, **values: object) -> Model:
    record = new(model, **values)
    record.save()
    return record


def one(model: str, *domain: object) -> Model:
    return Model.get(model).find(list(domain), limit=1)[0]


def filled(line: Model, values: dict[str, object]) -> Model:
    for name, value in values.items():
        if name == "tax":  # one of the screen's own: a record can lie on one screen only
            line.taxes.append(Model.get("account.tax")(value.id))
        else:
            setattr(line, name, value)
    return line


def press(record: Model, *buttons: str) -> Model:
    for button in buttons:
        record.click(button)
    record.reload()
    return record


def process(document: Model) -> Model:
    """A sale or a purchase, as far as its buttons go by themselves: some versions process what is confirmed at once."""
    press(document, "quote", "confirm")
    return press(document, "process") if document.state == "confirmed" else document


# ── the company ──


def currency(code: str, *rates: tuple[dt.date, str]) -> Model:
    found = Model.get("currency.currency").find([("code", "=", code)])
    made = found[0] if found else saved("currency.currency", name=code, symbol=code, code=code, rounding=D("0.01"))
    for since, rate in rates:
        saved("currency.currency.rate", currency=made, date=since, rate=D(rate))
    return made


def company(name: str, money: Model, rounding: str) -> Model:
    made = new("company.company", currency=money)
    made.party = saved("party.party", name=name)
    made.save()
    user_model = Model.get("res.user")
    user = user_model(proteus.config.get_config().user)
    user.companies.append(Model.get("company.company")(made.id))
    user.company = Model.get("company.company")(made.id)
    user.save()
    proteus.config.get_config()._context = user_model.get_preferences(True, {})
    fiscal_years(made)
    create_chart(made)
    setting = Model.get("account.configuration")(1)
    setting.tax_rounding = rounding
    accounts = get_accounts(made)
    for side, account in (("debit", "expense"), ("credit", "revenue")):
        if f"currency_exchange_{side}_account" in setting._fields:
            setattr(setting, f"currency_exchange_{side}_account", accounts[account])
    setting.save()
    return made


def fiscal_years(owner: Model) -> None:
    for year in (TODAY.year - 1, TODAY.year, TODAY.year + 1):
        made = new("account.fiscalyear", name=str(year), company=owner)
        made.start_date, made.end_date = dt.date(year, 1, 1), dt.date(year, 12, 31)
        kind = one("ir.sequence.type", ("name", "=", "Account Move"))
        if VERSION >= (7, 4):
            made.move_sequence = saved("ir.sequence.strict", name=str(year), sequence_type=kind, company=owner)
        else:
            made.post_move_sequence = saved("ir.sequence", name=str(year), sequence_type=kind, company=owner)
        made = set_fiscalyear_invoice_sequences(made)
        made.save()
        made.click("create_period")


def special_account(accounts: dict[str, Model], like: str, name: str, **marks: object) -> Model:
    """An account whose type bears the marks of a module, beside one of the chart."""
    kind = accounts[like].type.duplicate({"name": name, **marks})[0]
    return saved("account.account", name=name, type=kind, deferral=True, company=accounts[like].company)


class Shop:
    """What the documents of one company need: accounts, taxes, products, people and places."""

    def __init__(self, owner: Model) -> None:
        self.company, self.latest = owner, 1000
        self.accounts = get_accounts(owner)
        self.taxes = {rate: self.tax(rate) for rate in ("0.20", "0.055")}
        self.term = create_payment_term()
        self.term.save()
        self.unit, self.gram, self.kilogram = (
            one("product.uom", ("name", "=", name)) for name in ("Unit", "Gram", "Kilogram")
        )
        self.categories = {rate: self.category(rate) for rate in self.taxes}
        journal = one("account.journal", ("type", "=", "cash"))
        self.method = new("account.invoice.payment.method", name="Cash", company=owner, journal=journal)
        self.method.credit_account = self.method.debit_account = self.accounts["cash"]
        self.method.save()
        self.eco = self.fixed_tax("0.15")

    def tax(self, rate: str) -> Model:
        made = create_tax(D(rate), company=self.company)
        made.save()
        return made

    def fixed_tax(self, amount: str) -> Model:
        made = create_tax(D(0), company=self.company)
        made.name = made.description = "Eco"
        made.type, made.rate, made.amount = "fixed", None, D(amount)
        made.save()
        return made

    def category(self, rate: str) -> Model:
        made = new("product.category", name=f"Goods {rate}", accounting=True)
        made.account_expense, made.account_revenue = self.accounts["expense"], self.accounts["revenue"]
        made.customer_taxes.append(Model.get("account.tax")(self.taxes[rate].id))
        made.save()
        return made

    def product(self, code: str, price: str, cost: str | None, rate: str = "0.20", **more: object) -> Model:
        template = new("product.template", name=code.title(), default_uom=self.unit, type="goods", salable=True)
        template.list_price, template.account_category = D(price), self.categories[rate]
        if "kit" not in more.values() and cost is not None and not more.get("gift_card"):
            template.purchasable = True
        for name, value in more.items():
            setattr(template, name, value)
        if more.get("gift_card"):
            template.account_category = None
        template.save()
        found = template.products[0]
        found.code = None
        found.suffix_code = code
        if cost is not None:
            found.cost_price = D(cost)
        found.save()
        return found

    # ── documents ──

    def sale(
        self, party: Model, ago: int, *lines: dict[str, object], state: str = "processing", **more: object
    ) -> Model:
        made = new("sale.sale", party=party, payment_term=self.term, sale_date=day(ago))
        made.invoice_method, made.shipment_method = more.pop("bill", "order"), "order"
        made.shipment_cost_method = None
        for name, value in more.items():
            setattr(made, name, value)
        for values in lines:
            filled(made.lines.new(), values)
        made.save()
        for button, reached in (("quote", "quotation"), ("confirm", "confirmed"), ("process", "processing")):
            if state == "draft":
                break
            made.click(button) if made.state not in ("processing", "done") else None
            if state == reached:
                break
        made.reload()
        return made

    def ship(self, sale: Model, **part: float) -> None:
        """What waits of a sale leaves the house, or as much of each product's code as is said."""
        for shipment in sale.shipments:
            if shipment.state in ("done", "cancelled"):
                continue
            for move in shipment.inventory_moves:
                if move.product.code in part:
                    move.quantity = part[move.product.code]
            shipment.effective_date = sale.sale_date
            shipment.save()
            press(shipment, "wait") if shipment.state == "draft" else None
            shipment.click("assign_force")
            press(shipment, "pick", "pack", DO)
        sale.reload()

    def take_back(self, sale: Model) -> None:
        for shipment in sale.shipment_returns:
            shipment.effective_date = sale.sale_date
            shipment.save()
            press(shipment, "receive", DO)
        sale.reload()

    def post(self, invoice: Model, ago: int) -> Model:
        self.latest = min(self.latest, ago)  # numbers are given in the order of days
        invoice.invoice_date = day(self.latest)
        invoice.save()
        return press(invoice, "post")

    def pay(self, invoice: Model, ago: int, amount: str | None = None, rest: str | None = None) -> Model:
        """In full, or an amount; `rest` says what happens to the rest: partial or overpayment."""
        wizard = Wizard("account.invoice.pay", [invoice])
        wizard.form.payment_method = self.method
        wizard.form.date = day(min(self.latest, ago))
        if amount is not None:
            wizard.form.amount = D(amount)
        wizard.execute("choice")
        if wizard.form_state == "ask":
            wizard.form.type = rest
            wizard.execute("pay")
        invoice.reload()
        return invoice

    def invoice(self, party: Model, *lines: dict[str, object], money: Model | None = None, kind: str = "out") -> Model:
        """One that was written by hand."""
        made = new("account.invoice", type=kind, party=party, payment_term=self.term)
        if money:
            made.currency = money
        for values in lines:
            filled(made.lines.new(), {"account": self.accounts["revenue"], **values})
        made.save()
        return made

    def credit(self, invoice: Model, at_once: bool, ago: int) -> Model:
        wizard = Wizard("account.invoice.credit", [invoice])
        if at_once:
            wizard.form.with_refund = True
            if hasattr(wizard.form, "invoice_date"):
                self.latest = min(self.latest, ago)
                wizard.form.invoice_date = day(self.latest)
        wizard.execute("credit")
        invoice.reload()
        return max(Model.get("account.invoice").find([("type", "=", "out")]), key=lambda found: found.id)

    def purchase(self, party: Model, ago: int, *lines: dict[str, object], money: Model | None = None) -> Model:
        made = new("purchase.purchase", party=party, payment_term=self.term, purchase_date=day(ago))
        if money:
            made.currency = money
        made.invoice_method = WHEN_SHIPPED
        for values in lines:
            filled(made.lines.new(), values)
        made.save()
        return process(made)

    def receive(self, purchase: Model, ago: int, **part: float) -> None:
        move_model = Model.get("stock.move")
        waiting = [move for move in purchase.moves if move.state == "draft"]
        made = new("stock.shipment.in", supplier=purchase.party, effective_date=day(ago))
        for move in waiting:
            made.incoming_moves.append(move_model(move.id))
        made.save()
        for move in made.incoming_moves:
            if move.product.code in part:
                move.quantity = part[move.product.code]
        made.save()
        press(made, "receive", DO)
        purchase.reload()


if __name__ == "__main__":
    database, folder = sys.argv[1:]
    config = proteus.config.set_trytond(f"postgresql:///{database}")
    config.pool.get("res.user.warning").check = classmethod(lambda cls, name: False)  # nobody is there to be asked
    config.pool.get("sale.gift_card").send = classmethod(lambda cls, cards: None)  # nor to get a letter
    from tryton_story import live

    live()
    tell(Path(folder))
