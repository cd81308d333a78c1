"""The tables of the ERP that do not trade: the company's settings, people, warehouses, products and their suppliers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from echannel_connectors.demo import people
from echannel_connectors.demo.books import RENNES, Books, utc
from echannel_connectors.demo.catalogue import CATEGORIES, ITEMS, SUPPLIERS
from echannel_connectors.demo.people import Person
from echannel_connectors.demo.story import MARKETS, Story, conversion_rate, moment, month_before

COUNTRIES = {"FR": 1, "BE": 2, "ES": 4, "DE": 5, "GB": 7, "IE": 8, "US": 11, "NL": 17, "PT": 25}
REPS = (("mlebras", "Le Bras", "Maëlle"), ("tcosquer", "Cosquer", "Tudal"), ("sharvey", "Harvey", "Sue"))
SMALL, RETAIL, PRIVATE = 4, 2, 8
WHOLESALE_CUSTOMERS = {"FR": 27, "BE": 6, "DE": 5, "GB": 8, "IE": 3, "NL": 2, "ES": 2}
WRAPPING_SERVICE, PORT_SERVICE = len(ITEMS) + 1, len(ITEMS) + 2


@dataclass(slots=True)
class Client:
    """A customer of the ERP: how often they buy, who looks after them, and how they pay."""

    number: int
    who: Person
    rep: int
    weight: int
    since: date
    terms: int
    lateness: int  # days after the due date; a very bad payer never pays

    @property
    def currency(self) -> str:
        return MARKETS[self.who.country].currency

    def tax(self, *, food: bool) -> Decimal:
        """The rate in percent; a company elsewhere pays it at home."""
        if self.who.country != "FR":
            return Decimal(0)
        return MARKETS["FR"].reduced if food else MARKETS["FR"].standard


def open_books(story: Story) -> Books:
    """New books with everything but trade."""
    books, opened = Books(), moment(date(story.start.year - 1, 9, 1), 9)
    _dictionaries(books, opened)
    _rates(books, story)
    for login, last, first in (("admin", "Admin", ""), *REPS):
        books.add("user", entity=1, login=login, lastname=last, firstname=first, statut=1, tms=utc(opened))
    for ref, place, country in (("RENNES", "Rennes", "FR"), ("BRIGHTON", "Brighton", "GB")):
        books.add("entrepot", ref=ref, datec=str(opened), tms=utc(opened), entity=1, lieu=place, town=place,
                  fk_pays=COUNTRIES[country], statut=1)  # fmt: skip
    for supplier in SUPPLIERS:
        code = f"SU{len(books.rows.get('societe', {})) + 1:04}"
        books.add("societe", nom=supplier.name, entity=1, status=1, code_fournisseur=code, client=0, fournisseur=1,
                  fk_pays=COUNTRIES[supplier.country], tms=utc(opened), datec=str(opened))  # fmt: skip
    for market in MARKETS:
        books.add("societe", nom=f"Clients web {market}", entity=1, status=1, code_client=f"WEB-{market}", client=1,
                  fournisseur=0, fk_typent=PRIVATE, fk_pays=COUNTRIES[market], tms=utc(opened), datec=str(opened),
                  multicurrency_code=MARKETS[market].currency)  # fmt: skip
    _products(books, story, opened)
    return books


def web_account(country: str) -> int:
    """The one customer under which the web orders of private people in that country are booked."""
    return len(SUPPLIERS) + 1 + list(MARKETS).index(country)


def clients(books: Books, story: Story, rng: random.Random) -> list[Client]:
    """The companies that the sales representatives look after."""
    found = []
    for country, how_many in WHOLESALE_CUSTOMERS.items():
        for _ in range(how_many):
            number = len(books.rows["societe"]) + 1
            who = people.company(rng, country, 100 + number)
            new = rng.random() < 0.3
            since = month_before(story.today, rng.randint(2, 24)) if new else story.start
            since = story.entry if country == "GB" else since
            rep = {"FR": 2, "BE": 2, "GB": 4, "IE": 4}.get(country, 3)
            lateness = rng.choices([-3, 1, 6, 18, 45, 400], [20, 38, 20, 12, 7, 3])[0]
            weight, terms = rng.choice([1, 2, 2, 3, 5]), rng.choice([30, 30, 45, 60])
            client = Client(number, who, rep, weight, since, terms, lateness)
            add_client(books, who, moment(since, 10))
            books.add("societe_commerciaux", fk_soc=number, fk_user=rep)
            found.append(client)
    return found


def add_client(books: Books, who: Person, at: datetime) -> int:
    """A company that buys."""
    number = books.add(
        "societe", nom=who.company, entity=1, status=1, address=who.street, zip=who.postcode, town=who.town,
        fk_pays=COUNTRIES[who.country], email=who.email, fk_typent=SMALL, siret=who.siret, siren=who.siret[:9],
        tva_intra=who.vat_number, client=1, fournisseur=0, cond_reglement=2, mode_reglement=2, tms=utc(at),
        datec=str(at), multicurrency_code=MARKETS[who.country].currency,
    )  # fmt: skip
    books.change("societe", number, code_client=f"CU{number:05}")
    return number


def _dictionaries(books: Books, opened: datetime) -> None:
    for name, value in (("MAIN_MONNAIE", "EUR"), ("MAIN_INFO_SOCIETE_NOM", "Atelier Breton"),
                        ("MAIN_SERVER_TZ", "Europe/Paris"), ("MAIN_INFO_SOCIETE_COUNTRY", "1:FR:France"),
                        ("MAIN_MODULE_MULTICURRENCY", "1")):  # fmt: skip
        books.add("const", name=name, entity=1, value=value, tms=utc(opened))
    books.rows["c_country"] = {
        number: {"rowid": number, "code": code, "code_iso": "", "label": code, "active": 1}
        for code, number in COUNTRIES.items()
    }
    kinds = {2: ("TE_GROUP", "Grand groupe"), 4: ("TE_SMALL", "TPE"), 8: ("TE_PRIVATE", "Particulier")}
    books.rows["c_typent"] = {
        number: {"id": number, "code": code, "libelle": text, "active": 1} for number, (code, text) in kinds.items()
    }
    methods = {2: ("VIR", "Transfer"), 6: ("CB", "Credit card"), 7: ("CHQ", "Cheque"), 105: ("PPL", "PayPal")}
    books.rows["c_paiement"] = {
        number: {"id": number, "entity": 1, "code": code, "libelle": text, "type": 2, "active": 1}
        for number, (code, text) in methods.items()
    }
    books.add("c_payment_term", entity=1, code="RECEP", libelle="Due upon receipt", nbjour=1, active=1)
    books.add("c_payment_term", entity=1, code="30D", libelle="30 days", nbjour=30, active=1)
    reasons = {1: ("SRC_INTE", "Web site"), 3: ("SRC_CAMP_PHO", "Phone"), 5: ("SRC_COMM", "Commercial contact")}
    books.rows["c_input_reason"] = {
        number: {"rowid": number, "code": code, "label": text, "active": 1} for number, (code, text) in reasons.items()
    }
    books.rows["c_type_contact"] = {
        25: {"rowid": 25, "element": "commande", "source": "external", "code": "SHIPPING", "active": 1}
    }


def _rates(books: Books, story: Story) -> None:
    for number, currency in enumerate(("EUR", "GBP", "USD"), 1):
        books.add("multicurrency", date_create=f"{story.start} 08:00:00", code=currency, name=currency, entity=1)
        months = (story.today.year - story.start.year) * 12 + story.today.month
        for back in range(months - 1, -1, -1):
            day = month_before(story.today, back)
            books.add("multicurrency_rate", date_sync=f"{day} 08:00:00", rate=conversion_rate(currency, day),
                      fk_multicurrency=number, entity=1)  # fmt: skip


def _products(books: Books, story: Story, opened: datetime) -> None:
    for _, _, french in CATEGORIES.values():
        books.add("categorie", entity=1, fk_parent=0, label=french, type=0, tms=utc(opened))
    links: dict[int, dict[str, object]] = {}
    for item in ITEMS:
        one, today = item.product, story.today
        price, cost = story.price(item, today), story.cost(item, today)
        tax = MARKETS["FR"].reduced if one.is_food else MARKETS["FR"].standard
        number = books.add(
            "product", ref=item.sku, entity=1, datec=str(opened), tms=utc(opened), fk_parent=0, tosell=1, tobuy=1,
            label=f"{one.fr} {item.size}".strip(), price=price, price_ttc=(price * (100 + tax) / 100).quantize(price),
            price_base_type="HT", cost_price=cost, tva_tx=tax, fk_product_type=0, barcode=item.ean, pmp=cost,
            fk_default_warehouse=RENNES, stock=0,
        )  # fmt: skip
        links[number] = {"fk_categorie": one.category - min(CATEGORIES) + 1, "fk_product": number}
        supplier = SUPPLIERS[one.supplier - 1]
        books.add("product_fournisseur_price", entity=1, datec=str(opened), tms=utc(opened), fk_product=number,
                  fk_soc=one.supplier, ref_fourn=f"F-{item.sku}", price=cost, quantity=1, remise_percent=0,
                  unitprice=cost, tva_tx=tax, delivery_time_days=supplier.lead_time_days)  # fmt: skip
    books.rows["categorie_product"] = links
    for ref, label in (("EMBALLAGE", "Papier cadeau"), ("PORT", "Frais de port")):
        books.add("product", ref=ref, entity=1, datec=str(opened), tms=utc(opened), label=label, price=0, price_ttc=0,
                  tva_tx=Decimal(20), fk_product_type=1, tosell=1, tobuy=0, stock=0, pmp=0)  # fmt: skip
