"""What a Dolibarr writes into its tables when goods are ordered, shipped, invoiced, paid and bought in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from echannel_connectors.demo.story import EVENING, conversion_rate, moment
from echannel_connectors.demo.webshop import HUNDRED, ZERO, cents

PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")
RENNES, BRIGHTON = 1, 2
WEB, PHONE, VISIT = 1, 3, 5  # llx_c_input_reason: where an order comes from
TRANSFER, CARD, CHEQUE = 2, 6, 7  # llx_c_paiement
CANCELLED, DRAFT, VALIDATED, PARTLY_SHIPPED, CLOSED = -1, 0, 1, 2, 3
SENT, PARTLY_RECEIVED, RECEIVED = 3, 4, 5
MADE_BY_HAND_IN, MADE_BY_HAND_OUT, OUT, IN = 0, 1, 2, 3
Values = dict[str, Any]  # what SQLite takes: text, numbers, None


@dataclass(frozen=True, slots=True)
class Sold:
    """One line of a document; the price is in its currency, without tax."""

    product: int | None
    label: str
    quantity: int
    price: Decimal
    tax: Decimal
    cost: Decimal = ZERO
    discount: Decimal = ZERO
    is_service: bool = False
    warehouse: int = RENNES
    known: tuple[Decimal, Decimal] | None = None  # net and tax, where another system has rounded them already

    def amounts(self) -> tuple[Decimal, Decimal]:
        """Net and tax, in the document's currency."""
        if self.known:
            return self.known
        net = cents(self.price * self.quantity * (100 - self.discount) / HUNDRED)
        return net, cents(net * self.tax / HUNDRED)


class Books:
    """The ERP's rows, to be written into a SQLite file: all of them, or what came on top of it."""

    def __init__(self) -> None:
        """Begin new books."""
        self.rows: dict[str, dict[int, Values]] = {}
        self._next: dict[str, int] = {}
        self.levels: dict[tuple[int, int], int] = {}
        self.sales: dict[int, list[tuple[int, Sold]]] = {}
        self._numbers: dict[str, int] = {}
        self._shelves: dict[tuple[int, int], int] = {}
        self._credited: dict[int, tuple[Decimal, Decimal]] = {}

    def add(self, table: str, **values: object) -> int:
        """A new row; gives its id."""
        number = self._next.get(table, 1)
        self._next[table] = number + 1
        self.rows.setdefault(table, {})[number] = {"rowid": number, **values}
        return number

    def change(self, table: str, number: int, **values: object) -> None:
        """Other values for some columns of a row."""
        self.rows[table][number].update(values)

    def save(self, file: Path) -> None:
        """Write everything into the file, in one transaction; what it held before is replaced."""
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")
            if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                connection.executescript(Path(__file__).with_name("erp_schema.sql").read_text(encoding="utf-8"))
            for table, rows in self.rows.items():
                connection.execute(f"DELETE FROM llx_{table}")
                _insert(connection, f"llx_{table}", list(rows.values()))

    def reference(self, prefix: str, day: date) -> str:
        """The next human number of a kind of document, such as FA2603-0042."""
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return f"{prefix}{day:%y%m}-{self._numbers[prefix]:04}"

    # -- sales --------------------------------------------------------------------------------------------------

    def order(self, customer: int, at: datetime, lines: list[Sold], currency: str, **more: object) -> int:
        """A validated sales order; `more` are other columns, such as fk_statut or ref_client."""
        number = self.add(
            "commande", ref=self.reference("CO", at.date()), entity=1, fk_soc=customer, tms=utc(at),
            date_creation=str(at), date_valid=str(at), date_commande=str(at.date()), facture=0,
            **{"fk_statut": VALIDATED, "fk_user_author": 1, "fk_cond_reglement": 2, "fk_mode_reglement": TRANSFER,
               "source": None, **more},
            **_header(lines, currency, at.date()),
        )  # fmt: skip
        self.sales[number] = [
            (self.add("commandedet", fk_commande=number, **_line(one, rank, currency, at.date())), one)
            for rank, one in enumerate(lines, 1)
        ]
        return number

    def ship(
        self, order: int, customer: int, at: datetime, chosen: list[int] | None = None, *, last: bool = False
    ) -> None:  # fmt: skip
        """Goods leave: those of the chosen lines, or all; the last shipment closes the order."""
        goods = [(number, one) for number, one in self.sales[order] if one.product and not one.is_service]
        shipment = self.add(
            "expedition", ref=self.reference("SH", at.date()), entity=1, fk_soc=customer, tms=utc(at),
            date_creation=str(at), date_valid=str(at), date_expedition=str(at), fk_statut=2, billed=0,
            date_delivery=str(at + timedelta(days=2)),
        )  # fmt: skip
        self.add("element_element", fk_source=order, sourcetype="commande", fk_target=shipment, targettype="shipping")
        some = [pair for pair in goods if chosen is None or pair[0] in chosen]
        for rank, (number, one) in enumerate(some, 1):
            self.add("expeditiondet", fk_expedition=shipment, fk_origin_line=number, fk_entrepot=one.warehouse,
                     qty=one.quantity, rang=rank)  # fmt: skip
            self.move(one.product or 0, one.warehouse, -one.quantity, at, OUT, "Expédition", (shipment, "shipping"))
        if chosen is None or last:
            self.change("commande", order, fk_statut=CLOSED, date_cloture=str(at), tms=utc(at))
        else:
            self.change("commande", order, fk_statut=PARTLY_SHIPPED, tms=utc(at))

    def quote(self, customer: int, at: datetime, lines: list[Sold], currency: str, **more: object) -> None:
        """An offer to a customer, which is no sale."""
        number = self.add(
            "propal", ref=self.reference("PR", at.date()), entity=1, fk_soc=customer, tms=utc(at), datec=str(at),
            datep=str(at.date()), date_valid=str(at), fin_validite=str(at + timedelta(days=30)), **more,
            **_header(lines, currency, at.date()),
        )  # fmt: skip
        for rank, one in enumerate(lines, 1):
            values = _line(one, rank, currency, at.date())
            self.add("propaldet", fk_propal=number, **{k: v for k, v in values.items() if k != "multicurrency_code"})

    def invoice(self, order: int, customer: int, at: datetime, currency: str, days: int) -> int:
        """An invoice over the whole order, due after so many days."""
        lines = [one for _, one in self.sales[order]]
        number = self._bill(customer, at, lines, currency, "FA", type=0, fk_statut=1, fk_cond_reglement=2,
                            date_lim_reglement=str(at.date() + timedelta(days=days)))  # fmt: skip
        self.add("element_element", fk_source=order, sourcetype="commande", fk_target=number, targettype="facture")
        self.change("commande", order, facture=1, tms=utc(at))
        return number

    def credit(self, invoice: int, customer: int, at: datetime, line: Sold, currency: str, *, used: bool) -> int:
        """A credit note for one line (quantity positive, the rest negative), set against its invoice or still open."""
        net, tax = line.amounts()
        back = Sold(line.product, line.label, line.quantity, -line.price, line.tax, line.cost, line.discount,
                    line.is_service, line.warehouse, (-net, -tax))  # fmt: skip
        number = self._bill(customer, at, [back], currency, "AV", type=2, fk_facture_source=invoice, fk_statut=1,
                            fk_cond_reglement=1, date_lim_reglement=str(at.date()))  # fmt: skip
        rate = conversion_rate(currency, at.date())
        self.add(
            "societe_remise_except", entity=1, fk_soc=customer, discount_type=0, datec=str(at),
            amount_ht=cents(net / rate), amount_tva=cents(tax / rate), tva_tx=line.tax,
            amount_ttc=cents(net / rate) + cents(tax / rate),
            fk_facture=invoice if used else None, fk_facture_source=number, description="(CREDIT_NOTE)",
            multicurrency_amount_ht=net, multicurrency_amount_tva=tax, multicurrency_amount_ttc=net + tax,
        )  # fmt: skip
        if used:
            self._credited[invoice] = (cents(net / rate) + cents(tax / rate), net + tax)
            self.change("facture", number, paye=1, fk_statut=2, date_closing=str(at), tms=utc(at))
        return number

    def _bill(
        self, customer: int, at: datetime, lines: list[Sold], currency: str, prefix: str, **more: object
    ) -> int:  # fmt: skip
        number = self.add(
            "facture", ref=self.reference(prefix, at.date()), entity=1, fk_soc=customer, datec=str(at), paye=0,
            datef=str(at.date()), date_valid=str(at.date()), tms=utc(at), fk_user_author=1, fk_mode_reglement=TRANSFER,
            **more, **_header(lines, currency, at.date()),
        )  # fmt: skip
        for rank, one in enumerate(lines, 1):
            self.add("facturedet", fk_facture=number, **_line(one, rank, currency, at.date()))
        return number

    def pay(self, invoice: int, at: datetime, method: int, part: Decimal = Decimal(1)) -> None:
        """Money arrives: a part of the invoice, or all that is open. Only what closes the invoice touches its row."""
        bill = self.rows["facture"][invoice]
        home, foreign = self._credited.get(invoice, (ZERO, ZERO))
        amount, abroad = bill["total_ttc"] - home, bill["multicurrency_total_ttc"] - foreign
        if part < 1:
            amount, abroad = cents(amount * part), cents(abroad * part)
        number = self.add(
            "paiement", ref=self.reference("PAY", at.date()), entity=1, datec=str(at), tms=utc(at), datep=str(at),
            amount=amount, multicurrency_amount=abroad, fk_paiement=method, statut=0,
        )  # fmt: skip
        self.add(
            "paiement_facture", fk_paiement=number, fk_facture=invoice, amount=amount, multicurrency_amount=abroad,
            multicurrency_code=bill["multicurrency_code"], multicurrency_tx=bill["multicurrency_tx"],
        )  # fmt: skip
        self._credited[invoice] = (home + amount, foreign + abroad)
        if part == 1:
            self.change("facture", invoice, paye=1, fk_statut=2, date_closing=str(at), tms=utc(at))

    # -- goods --------------------------------------------------------------------------------------------------

    def move(
        self, product: int, warehouse: int, quantity: int, at: datetime, kind: int, label: str,
        origin: tuple[int, str] | None = None,
    ) -> None:  # fmt: skip
        """Goods come in or go out of a warehouse."""
        self.add(
            "stock_mouvement", tms=utc(at), datem=str(at), fk_product=product, fk_entrepot=warehouse, value=quantity,
            type_mouvement=kind, label=label, fk_user_author=1, inventorycode=f"{at:%Y%m%d%H%M%S}",
            fk_origin=origin[0] if origin else None, origintype=origin[1] if origin else "",
        )  # fmt: skip
        self.levels[product, warehouse] = self.levels.get((product, warehouse), 0) + quantity

    def purchase(self, supplier: int, at: datetime, lines: list[Sold], expected: datetime) -> list[int]:
        """An order sent to a supplier, and written down in the evening; gives the ids of its lines."""
        written = moment(at.date(), *EVENING)
        number = self.add(
            "commande_fournisseur", ref=self.reference("PO", at.date()), entity=1, fk_soc=supplier, tms=utc(written),
            date_creation=str(at), date_valid=str(at), date_approve=str(at), date_commande=str(at.date()), source=0,
            fk_statut=SENT, billed=0, date_livraison=str(expected), **_header(lines, "EUR", at.date()),
        )  # fmt: skip
        return [
            self.add("commande_fournisseurdet", fk_commande=number, **_bought(one, rank, at.date()))
            for rank, one in enumerate(lines, 1)
        ]

    def receive(self, line: int, quantity: int, at: datetime, status: int) -> None:
        """Goods of a purchase line arrive in Rennes, and the purchase takes that status."""
        row = self.rows["commande_fournisseurdet"][line]
        self.add(
            "commande_fournisseur_dispatch", fk_commande=row["fk_commande"], fk_product=row["fk_product"],
            fk_commandefourndet=line, qty=quantity, fk_entrepot=RENNES, fk_user=1, status=1, datec=str(at), tms=utc(at),
        )  # fmt: skip
        self.move(row["fk_product"], RENNES, quantity, at, IN, "Réception", (row["fk_commande"], "order_supplier"))
        self.change("commande_fournisseur", row["fk_commande"], fk_statut=status, tms=utc(at))

    def count(self, at: datetime) -> None:
        """Write the levels that the moves have led to."""
        for key, quantity in self.levels.items():
            product, warehouse = key
            if key not in self._shelves:
                self._shelves[key] = self.add("product_stock", fk_product=product, fk_entrepot=warehouse, reel=None)
            shelf = self.rows["product_stock"][self._shelves[key]]
            if shelf["reel"] != quantity:
                shelf |= {"reel": quantity, "tms": utc(at)}
        for number, row in self.rows["product"].items():
            row["stock"] = sum(self.levels.get((number, warehouse), 0) for warehouse in (RENNES, BRIGHTON))


def _header(lines: list[Sold], currency: str, day: date) -> Values:
    rate = conversion_rate(currency, day)
    net = sum((one.amounts()[0] for one in lines), ZERO)
    tax = sum((one.amounts()[1] for one in lines), ZERO)
    home = [(cents(one.amounts()[0] / rate), cents(one.amounts()[1] / rate)) for one in lines]
    home_net, home_tax = sum((pair[0] for pair in home), ZERO), sum((pair[1] for pair in home), ZERO)
    return {
        "total_ht": home_net, "total_tva": home_tax, "total_ttc": home_net + home_tax, "multicurrency_code": currency,
        "multicurrency_tx": rate, "multicurrency_total_ht": net, "multicurrency_total_tva": tax,
        "multicurrency_total_ttc": net + tax,
    }  # fmt: skip


def _line(one: Sold, rank: int, currency: str, day: date) -> Values:
    rate = conversion_rate(currency, day)
    net, tax = one.amounts()
    home_net, home_tax = cents(net / rate), cents(tax / rate)
    return {
        "fk_product": one.product, "label": None, "description": one.label, "tva_tx": one.tax, "qty": one.quantity,
        "remise_percent": one.discount, "subprice": (one.price / rate).quantize(Decimal("0.00000001")),
        "total_ht": home_net, "total_tva": home_tax, "total_ttc": home_net + home_tax,
        "product_type": 1 if one.is_service else 0, "buy_price_ht": one.cost, "special_code": 0, "rang": rank,
        "multicurrency_code": currency, "multicurrency_subprice": one.price, "multicurrency_total_ht": net,
        "multicurrency_total_tva": tax, "multicurrency_total_ttc": net + tax,
    }  # fmt: skip


def _bought(one: Sold, rank: int, day: date) -> Values:
    """A purchase line is a line without a cost of its own."""
    return {name: value for name, value in _line(one, rank, "EUR", day).items() if name != "buy_price_ht"}


def _insert(connection: sqlite3.Connection, table: str, rows: list[Values]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    places = ", ".join("?" * len(columns))
    values = ([_plain(row.get(name)) for name in columns] for row in rows)
    connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", values)


def _plain(value: object) -> object:
    """Decimals travel as text; SQLite keeps them as its column says."""
    return str(value) if isinstance(value, Decimal) else value


def utc(at: datetime) -> str:
    """The moment as the database writes `tms`: PHP writes local time, the database its own."""
    return str(at - _offset(at.date(), at.hour))


@lru_cache(maxsize=4096)
def _offset(day: date, hour: int) -> timedelta:
    return moment(day, hour).replace(tzinfo=PARIS).utcoffset() or timedelta(0)
