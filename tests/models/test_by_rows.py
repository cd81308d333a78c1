"""Tables that are brought up to date by what has changed are those that are made anew, to the last row.

A company of a shop whose raw tables are mapped in the warehouse, an ERP whose rows have core's shape, web analytics and
files; random rows come, change and go. The same commits go into two warehouses: one is built as every sync builds, in
the other nothing is known of earlier builds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import time_machine

from echannel_connectors import Company, DuckDB
from echannel_connectors.destinations import commit
from echannel_connectors.events import ignore
from echannel_connectors.models import changes
from echannel_connectors.models.build import build
from echannel_connectors.models.changed_marts import STEPS
from echannel_connectors.models.core import TABLES
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Batch, Shape, Slice
from tests.models.companies import Row

NAMES = (
    "customers",
    "products",
    "orders",
    "order_lines",
    "refunds",
    "web_orders",
    "fx_rates",
    "cost_rules",
    "invoices",
    "order_discounts",
    "traffic",
    "ad_costs",
)
OF_THE_SHOP = ("customers", "orders", "order_lines", "invoices")
COMPANY = Company(matches={"books": {"order": {"web_reference": "shop.reference"}}})
MAPPED = Spec.model_validate(
    {
        "connector": "mapped",
        "reads": {name: {"columns": dict(TABLES[name].types)} for name in OF_THE_SHOP},
        "tables": {
            name: {"query": f"SELECT {', '.join(TABLES[name].types)}, _deleted_at FROM {name}"} for name in OF_THE_SHOP
        },
    }
)
SOURCES = [
    SimpleNamespace(name="shop", connector="mapped", maps_in_warehouse=True, spec=MAPPED),
    *(SimpleNamespace(name=name, connector="x", maps_in_warehouse=False) for name in ("books", "web", "company")),
]
START, END = date(2026, 1, 1), date(2026, 2, 28)


class Pair:
    """The same raw tables twice."""

    def __init__(self, kind: Callable[[str], Any] = DuckDB) -> None:
        self.kept, self.fresh = kind(":memory:"), kind(":memory:")
        self.commits: dict[str, int] = {}
        self.rows: dict[str, dict[tuple[Any, ...], Row]] = {}

    @property
    def warehouses(self) -> tuple[Any, ...]:
        return (self.kept, self.fresh) if self.fresh is not self.kept else (self.kept,)

    def put(self, source: str, table: str, rows: Iterable[Row]) -> None:
        rows = list(rows)
        core, stream = TABLES[table], f"{source}__{table}"
        shape = Shape(stream, core.schema(), core.key, deletes="sweep")
        number = self.commits[stream] = self.commits.get(stream, 0) + 1
        batch = Batch(pa.RecordBatch.from_pylist(rows, core.schema()), {"n": number})
        for into in self.warehouses:
            if number == 1:
                into.prepare(shape)
                into.plan(shape, [Slice()])
            into.commit(shape, Slice(), batch, number)
        known = self.rows.setdefault(stream, {})
        known.update({tuple(row[name] for name in core.key): row for row in rows})

    def drop(self, source: str, table: str, keys: set[tuple[Any, ...]]) -> None:
        core, stream = TABLES[table], f"{source}__{table}"
        left = [key for key in self.rows.get(stream, {}) if key not in keys]
        self.rows[stream] = {key: self.rows[stream][key] for key in left}
        shape = Shape(stream, core.schema(), core.key, deletes="sweep")
        schema = pa.schema([core.schema().field(name) for name in core.key])
        present = pa.Table.from_pylist([dict(zip(core.key, key, strict=True)) for key in left], schema)
        for into in self.warehouses:
            into.sweep(shape, present.to_reader(), accept=True)

    def build(self) -> None:
        if self.fresh is not self.kept:
            self.fresh.execute(commit.UNSIGNED)
        for into in self.warehouses:
            build(into, SOURCES, COMPANY, None, ignore)  # type: ignore[arg-type]  # what build needs of them

    def differing(self) -> dict[str, Any]:
        """The tables that are not the same, with their first differing rows."""
        sql = "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables"
        names = self.fresh.query(sql).read_all()["name"].to_pylist()
        made = sorted(name for name in names if name.startswith(("core.", "mart.")))
        assert {"core.sold_orders", "mart.sales", "mart.orders", "mart.customers"} <= {*made}
        found = {}
        for name in made:
            one, other = (self._sorted(into, name) for into in (self.kept, self.fresh))
            if one != other:
                found[name] = (
                    [row for row in one if row not in other][:2],
                    [row for row in other if row not in one][:2],
                )
        return found

    def _sorted(self, into: Any, name: str) -> list[str]:
        """Every row as text; of a row that is gone, only that it is: each warehouse has its own clock."""
        rows = into.query(f"SELECT * FROM {name}").read_all().to_pylist()
        for row in rows:
            if row.get("_deleted_at"):
                row["_deleted_at"], row["_digest"] = "gone", None
        return sorted(str(sorted(row.items())) for row in rows)


class Trade:
    """What happens in a company, by chance: the same for the same number."""

    days = 60  # in which it happens

    def __init__(self, number: int) -> None:
        self.chance = random.Random(number)

    def one(self, *of: Any) -> Any:
        return self.chance.choice(of)

    def day(self) -> date:
        return END - timedelta(days=self.chance.randrange(self.days))

    def customer(self, number: int) -> Row:
        links = self.one((None, None), (None, None), ("shop", self.one("1", "2")))
        return {"customer_id": str(number), "kind": self.one("b2b", "b2c"), "company": self.one(None, "Acme"),
                "email_hash": self.one(None, "a", "b", "c"), "payment_days": self.one(None, 60), "created_at": datetime(2025, self.one(1, 2, 3), 1, tzinfo=UTC),
                "same_as_source": links[0], "same_as_customer_id": links[1]}  # fmt: skip

    def product(self, number: int) -> Row:
        return {"product_id": str(number), "variant_id": "", "sku": f"S{number}", "name": self.one("Cup", "Mug", "Bowl"),
                "category": self.one("A", "B"), "unit_cost": D(3), "currency": "EUR"}  # fmt: skip

    def order(self, number: int) -> Row:
        day, net = self.day(), D(self.chance.randrange(1, 500))
        return {"order_id": str(number), "reference": f"R{self.one(number, number, 1)}", "basket": self.one(None, "B1", f"B{number}"),
                "customer_id": self.one(None, "1", "2", "3", "4"), "channel": self.one("b2c_web", "phone"),
                "status": self.one("confirmed", "completed"), "is_sale": self.one(True, True, True, False), "order_date": day,
                "ordered_at": datetime(day.year, day.month, day.day, self.chance.randrange(24), tzinfo=UTC),
                "country": self.one("FR", "GB"), "currency": self.one("EUR", "GBP"), "fx_rate": self.one(None, D("1.1")),
                "shipping_net": self.one(D(0), D(5)), "total_net": net, "total_tax": D(2), "total_gross": net + 2,
                "store_credit_net": D(0), "store_credit_gross": D(0), "payment_method": self.one("card", "cash"),
                "web_reference": self.one(None, "R1", f"R{self.chance.randrange(1, 9)}")}  # fmt: skip

    def order_line(self, number: int) -> Row:
        return {"order_id": str(number % 12), "line_id": str(number), "product_id": self.one("1", "2", "3"), "variant_id": "",
                "quantity": D(self.one(1, 2)), "amount_net": D(self.chance.randrange(1, 200)), "amount_tax": self.one(None, D(1)),
                "tax_rate": self.one(None, D("0.2")), "discount_net": D(0), "unit_cost": self.one(None, D(2)),
                "unit_cost_currency": self.one("EUR", "GBP"), "delivered_quantity": self.one(None, D(0), D(2))}  # fmt: skip

    def refund(self, number: int) -> Row:
        return {"refund_id": str(number), "line_id": "1", "order_id": self.one(None, str(self.chance.randrange(12))), "product_id": "1",
                "variant_id": "", "quantity": D(1), "refund_date": self.day(), "amount_net": D(self.chance.randrange(1, 50)),
                "amount_tax": D(1), "currency": self.one("EUR", "GBP"), "fx_rate": None}  # fmt: skip

    def web_order(self, number: int) -> Row:
        return {"transaction_id": self.one(f"R{number}", str(number)), "date": self.day(), "channel_group": self.one("Direct", "Email"),
                "source_medium": "x", "campaign": "", "country": "FR", "device": "desktop"}  # fmt: skip

    def fx_rate(self, number: int) -> Row:
        return {
            "date": START + timedelta(days=number * 5),
            "currency": "GBP",
            "rate": self.one(D("1.1"), D("1.2"), D("1.3")),
        }

    def cost_rule(self, number: int) -> Row:
        return {"kind": self.one("payment_fee", "shipping"), "applies_to": self.one("", "card", "FR"), "valid_from": START + timedelta(days=number),
                "fixed_amount": D(1), "rate": D("0.01"), "currency": "EUR"}  # fmt: skip

    def invoice(self, number: int) -> Row:
        day = self.day()
        return {"invoice_id": str(number), "kind": self.one("invoice", "invoice", "credit_note"), "customer_id": self.one("1", "2", "3"),
                "order_id": self.one(None, str(self.chance.randrange(1, 12))), "invoice_date": day, "due_date": self.one(None, day),
                "currency": self.one("EUR", "GBP"), "fx_rate": None, "amount_net": D(5), "amount_gross": D(6), "amount_open": self.one(D(0), D(6)),
                "status": self.one("open", "paid", "cancelled"), "paid_at": self.one(None, datetime(2026, 3, 1, tzinfo=UTC))}  # fmt: skip

    def order_discount(self, number: int) -> Row:
        return {"order_id": str(number % 12), "discount_id": str(number), "code": self.one("HELLO", "SPRING"), "name": "Hello",
                "amount_net": D(self.chance.randrange(1, 9)), "is_store_credit": False, "is_free_shipping": False}  # fmt: skip

    def visits(self, number: int) -> Row:
        return {"date": self.day(), "country": self.one("FR", "GB"), "channel_group": "Email", "source_medium": "x", "campaign": "",
                "device": "desktop", "sessions": self.chance.randrange(9), "currency": "GBP", "revenue_gross": D(number)}  # fmt: skip

    def ad_cost(self, number: int) -> Row:
        return {"date": self.day(), "source_medium": "x", "campaign": "", "cost": D(number), "currency": "GBP"}

    def happens(self, pair: Pair, much: int) -> None:
        """Rows of some tables come, change or go."""
        for source, table, make, most in TELLS:
            if self.chance.random() < 0.35 or much > 3:
                rows = {
                    self.chance.randrange(1, most)
                    for _ in range(much if much > 3 else self.chance.randrange(1, much + 1))
                }
                made = [getattr(self, make)(number) for number in sorted(rows)]
                key = TABLES[table].key
                pair.put(source, table, {tuple(row[name] for name in key): row for row in made}.values())
            if (
                much <= 3
                and self.chance.random() < 0.1
                and (known := sorted(pair.rows.get(f"{source}__{table}", {}), key=str))
            ):
                pair.drop(source, table, {self.chance.choice(known)})


TELLS = [
    ("shop", "customers", "customer", 5), ("shop", "orders", "order", 12), ("shop", "order_lines", "order_line", 40),
    ("books", "customers", "customer", 5), ("books", "products", "product", 4), ("books", "orders", "order", 12),
    ("books", "order_lines", "order_line", 40), ("books", "refunds", "refund", 8), ("books", "invoices", "invoice", 12),
    ("shop", "invoices", "invoice", 12),
    ("web", "web_orders", "web_order", 12), ("company", "fx_rates", "fx_rate", 12), ("company", "cost_rules", "cost_rule", 4),
    ("books", "order_discounts", "order_discount", 20), ("web", "traffic", "visits", 20), ("web", "ad_costs", "ad_cost", 9),
]  # fmt: skip


class Scenes:
    """A small company in which one thing after the other happens; each shows in a figure of an order that itself did
    not change."""

    def __init__(self, kind: Callable[[str], Any] = DuckDB) -> None:
        self.pair, self.trade = Pair(kind), Trade(0)

    def order(self, number: int, source: str = "books", **fields: Any) -> None:
        day = date(2026, 2, 10)
        plain = {"order_id": str(number), "reference": f"R{number}", "basket": f"B{number}", "customer_id": None, "channel": "b2c_web",
                 "status": "completed", "is_sale": True, "order_date": day, "ordered_at": datetime(2026, 2, 10, 12, tzinfo=UTC),
                 "country": "FR", "currency": "GBP", "fx_rate": D("1.1"), "shipping_net": D(0), "total_net": D(10), "total_tax": D(2),
                 "total_gross": D(12), "store_credit_net": D(0), "store_credit_gross": D(0)}  # fmt: skip
        self.pair.put(source, "orders", [{**plain, **fields}])

    def line(self, number: int, product: str = "1", **fields: Any) -> None:
        self.pair.put("books", "order_lines", [{"order_id": str(number), "line_id": "1", "product_id": product, "variant_id": "",
            "quantity": D(1), "amount_net": D(10), "amount_tax": D(2), "discount_net": D(0), "unit_cost": D(4), "unit_cost_currency": "GBP",
            **fields}])  # fmt: skip

    def customer(self, number: int, **fields: Any) -> None:
        plain = {"customer_id": str(number), "kind": "b2c", "created_at": datetime(2025, 1, number, tzinfo=UTC)}
        self.pair.put("books", "customers", [{**plain, **fields}])

    def begin(self) -> None:
        for number in (1, 2, 3, 4):
            self.customer(number, email_hash=f"mail{number}")
        self.order(1, basket="B1", customer_id="1", ordered_at=datetime(2026, 2, 10, 10, tzinfo=UTC))
        self.order(2, basket="B1", customer_id="2", ordered_at=datetime(2026, 2, 10, 11, tzinfo=UTC))
        self.order(3, customer_id="2", ordered_at=datetime(2026, 2, 10, 9, 30, tzinfo=UTC))
        self.order(4, customer_id="3")
        self.order(5, customer_id="3", fx_rate=None, order_date=date(2026, 2, 20))
        self.order(6, web_reference="R9")
        for number in (1, 2, 3, 4, 5, 6):
            self.line(number)
        self.order(9, "shop")
        self.pair.put("books", "products", [{"product_id": "1", "variant_id": "", "sku": "S", "name": "Cup"}])
        self.pair.put("books", "refunds", [{"refund_id": "1", "line_id": "1", "order_id": "4", "product_id": "1", "variant_id": "",
            "quantity": D(1), "refund_date": date(2026, 2, 21), "amount_net": D(1), "amount_tax": D(0), "currency": "EUR"}])  # fmt: skip
        self.pair.put("company", "fx_rates", [{"date": date(2026, 1, 1), "currency": "GBP", "rate": D("1.2")}])
        self.visit("R1", date(2026, 2, 10))
        self.invoice(1, "books", order_id="6")
        self.invoice(2, "books", order_id="5")
        self.invoice(3, "books", invoice_date=date(2026, 2, 19))
        self.invoice(8, "shop", order_id="7")
        for number, day in ((11, date(2026, 1, 5)), (12, date(2026, 2, 25))):
            self.order(number, order_date=day, order_id=str(number))
            self.line(number)

    def invoice(self, number: int, source: str, **fields: Any) -> None:
        plain = {"invoice_id": str(number), "kind": "invoice", "customer_id": "3", "invoice_date": date(2026, 2, 20), "status": "open",
                 "currency": "GBP", "amount_net": D(10), "amount_gross": D(12), "amount_open": D(12)}  # fmt: skip
        self.pair.put(source, "invoices", [{**plain, **fields}])

    def visit(self, transaction: str, day: date) -> None:
        self.pair.put("web", "web_orders", [{"transaction_id": transaction, "date": day, "channel_group": "Email", "source_medium": "x",
            "campaign": "", "country": "FR", "device": "desktop"}])  # fmt: skip

    # Each: what happens, and the figure of another order that it changes.

    def an_order_of_the_same_basket_is_earlier(self) -> str:
        self.order(1, basket="B1", customer_id="1", ordered_at=datetime(2026, 2, 10, 9, tzinfo=UTC))
        return "SELECT order_sequence FROM mart.orders WHERE order_id = '3'"

    def an_earlier_order_of_the_same_person_comes(self) -> str:
        self.order(7, customer_id="3", ordered_at=datetime(2026, 1, 1, tzinfo=UTC))
        return "SELECT customer_status FROM mart.orders WHERE order_id = '4'"

    def an_order_goes(self) -> str:
        self.pair.drop("books", "orders", {("7",)})
        return "SELECT customer_status FROM mart.sales WHERE order_id = '4' AND kind = 'sale'"

    def two_customers_become_one(self) -> str:
        self.customer(4, email_hash="mail3", company="Acme")
        self.customer(3, email_hash="mail2")
        return "SELECT max(order_sequence) FROM mart.orders WHERE customer_id = '2'"

    def the_customer_of_an_invoice_pays_later(self) -> str:
        self.customer(3, email_hash="mail2", payment_days=60)
        return "SELECT due_date FROM core.waiting_invoices WHERE invoice_id = '2'"

    def the_order_of_an_invoice_goes_elsewhere(self) -> str:
        self.order(5, customer_id="3", fx_rate=None, order_date=date(2026, 2, 20), country="GB")
        return "SELECT market FROM core.waiting_invoices WHERE invoice_id = '2'"

    def the_other_source_of_an_order_invoices_it_too(self) -> str:
        self.invoice(9, "shop", order_id="9")
        return "SELECT count(*) FROM core.waiting_invoices WHERE invoice_id = '1'"

    def the_other_source_invoices_another_order(self) -> str:
        self.invoice(9, "shop", order_id="8")
        return "SELECT count(*) FROM core.waiting_invoices WHERE invoice_id = '1'"

    def the_order_is_invoiced_there_again(self) -> str:
        self.invoice(10, "shop", order_id="9")
        return "SELECT count(*) FROM core.waiting_invoices WHERE invoice_id = '1'"

    def the_order_that_another_doubles_is_cancelled(self) -> str:
        self.order(9, "shop", status="cancelled", is_sale=False)
        return "SELECT count(*) FROM mart.orders WHERE order_id = '6'"

    def the_order_that_another_doubles_counts_again(self) -> str:
        self.order(9, "shop")
        return "SELECT count(*) FROM mart.orders WHERE order_id = '6'"

    def the_order_that_another_doubles_has_another_reference(self) -> str:
        self.order(9, "shop", reference="R99")
        return "SELECT count(*) FROM mart.orders WHERE order_id = '6'"

    def a_product_has_another_name(self) -> str:
        self.pair.put("books", "products", [{"product_id": "1", "variant_id": "", "sku": "S", "name": "Mug"}])
        return "SELECT min(product_name) FROM mart.sales WHERE order_id = '1'"

    def an_order_moves_to_another_month(self) -> str:
        self.order(3, customer_id="2", order_date=date(2026, 1, 20), ordered_at=datetime(2026, 1, 20, tzinfo=UTC))
        return "SELECT order_sequence FROM mart.orders WHERE order_id = '2'"

    def a_rate_is_told(self) -> str:
        self.pair.put("company", "fx_rates", [{"date": date(2026, 2, 20), "currency": "GBP", "rate": D("1.3")}])
        return "SELECT net_base FROM mart.orders WHERE order_id = '5'"

    def a_rate_of_an_invoice_is_told(self) -> str:
        self.pair.put("company", "fx_rates", [{"date": date(2026, 2, 19), "currency": "GBP", "rate": D("1.4")}])
        return "SELECT fx_rate FROM core.waiting_invoices WHERE invoice_id = '3'"

    def a_purchase_is_seen(self) -> str:
        self.visit("R2", date(2026, 2, 9))
        return "SELECT transaction_id FROM mart.orders WHERE order_id = '2'"

    def ga4_tells_of_another_day(self) -> str:
        self.visit("nobody's", date(2026, 2, 20))
        return "SELECT is_matchable FROM mart.orders WHERE order_id = '5'"

    def a_refund_is_of_another_order(self) -> str:
        self.pair.put("books", "refunds", [{"refund_id": "1", "line_id": "1", "order_id": "3", "product_id": "1", "variant_id": "",
            "quantity": D(1), "refund_date": date(2026, 2, 21), "amount_net": D(1), "amount_tax": D(0), "currency": "EUR"}])  # fmt: skip
        return "SELECT refunds_base FROM mart.orders WHERE order_id = '4'"

    def a_line_goes(self) -> str:
        self.pair.drop("books", "order_lines", {("4", "1")})
        return "SELECT net_base, shipping_base FROM mart.orders WHERE order_id = '4'"

    def the_first_order_of_a_product_goes(self) -> str:
        self.pair.drop("books", "orders", {("11",)})
        return "SELECT min(first_day) FROM core.product_sales"

    def the_last_order_of_a_product_is_of_another_day(self) -> str:
        self.order(12, order_date=date(2026, 2, 23))
        return "SELECT max(last_day) FROM core.product_sales"

    def the_shop_tells_ids_more_often_than_references(self) -> str:
        for number in (3, 4, 6, 12):
            self.visit(str(number), date(2026, 2, 12))
        return "SELECT transaction_id FROM mart.orders WHERE order_id = '1'"


def _watched(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """However small the company, it is brought up to date by rows; which tables are, of each build."""
    told: list[set[str]] = []
    plain = changes.by_rows
    monkeypatch.setattr(changes, "ONE_IN", 1)
    monkeypatch.setattr(changes, "FEW", 0)
    monkeypatch.setattr(changes, "by_rows", lambda *given: told.append(plain(*given)) or told[-1])
    return told


@pytest.mark.slow
def test_what_happens_to_one_order_shows_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    told, scenes = _watched(monkeypatch), Scenes()
    scenes.begin()
    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=True):
        scenes.pair.build()
        happenings = [name for name in vars(Scenes) if name.startswith(("a_", "an_", "two_", "the_", "ga4_"))]
        assert len(happenings) == 23
        for name in happenings:
            looked_at = ("mart.orders", "mart.sales", "core.product_sales", "core.waiting_invoices")
            before = {table: scenes.pair.kept.query(f"FROM {table}").read_all() for table in looked_at}
            told.clear()
            figure = getattr(scenes, name)()
            scenes.pair.build()
            (mart,) = (table for table in looked_at if table in figure.split())
            assert mart in told[0], name
            assert scenes.pair.differing() == {}, name
            assert (
                _asked(figure.replace(mart, "was"), before[mart])
                != scenes.pair.kept.query(figure).read_all().to_pylist()
            ), f"{name} shows nowhere"


@pytest.mark.slow
def test_a_build_that_stops_half_way_has_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _watched(monkeypatch)
    scenes, plain = Scenes(), changes.statements
    scenes.begin()

    def half(*given: Any) -> Iterator[str]:
        told = list(plain(*given))
        yield from told[: len(told) * 2 // 3]
        raise RuntimeError("the machine is switched off")

    with time_machine.travel(datetime(2026, 3, 1, 12, tzinfo=UTC), tick=True):
        scenes.pair.build()
        scenes.an_earlier_order_of_the_same_person_comes()
        scenes.two_customers_become_one()
        before = scenes.pair.kept.query("FROM mart.sales ORDER BY ALL").read_all()
        monkeypatch.setattr(changes, "statements", half)
        with pytest.raises(RuntimeError):
            scenes.pair.build()
        monkeypatch.setattr(changes, "statements", plain)
        assert scenes.pair.kept.query("FROM mart.sales ORDER BY ALL").read_all() == before
        scenes.pair.build()
        assert scenes.pair.differing() == {}


@pytest.mark.parametrize(("gone", "said"), [(0, "SET"), (99, "SET"), (100, "RESET"), (299, "RESET")])
def test_places_are_taken_away_once_a_third_of_them_is_empty(gone: int, said: str, tmp_path: Path) -> None:
    """As DuckDB counts places: until it has taken them away, the last row keeps its number."""
    into = DuckDB(tmp_path / "company.duckdb")
    into.execute("CREATE TABLE mart.sales AS SELECT n FROM range(300) AS t(n)")
    into.execute(f"DELETE FROM mart.sales WHERE n < {gone}")
    with into.hold():
        assert changes.tidying(into, {"mart.sales"}).split()[0] == said
        assert changes.tidying(into, set()).split()[0] == "RESET"


def _asked(sql: str, was: pa.Table) -> list[Row]:
    with duckdb.connect() as connection:
        connection.register("was", was)
        return list(connection.sql(sql).to_arrow_table().to_pylist())


def run(trade: Trade, told: list[set[str]], times: int, kind: Callable[[str], Any] = DuckDB) -> Iterator[set[str]]:
    """After each of so many events, the tables that were brought up to date by rows; all are as if made anew."""
    pair = Pair(kind)
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with time_machine.travel(now, tick=True):
        trade.happens(pair, 20)
        pair.build()
    for time in range(times):
        now += timedelta(hours=trade.one(1, 30))
        with time_machine.travel(now, tick=True):
            trade.happens(pair, 3)
            told.clear()
            pair.build()
            assert pair.differing() == {}, f"after {time + 1} times"
            yield told[0] if told else set()


def test_they_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    by_rows = set[str]().union(*run(Trade(1), _watched(monkeypatch), 2))
    assert {"core.orders", *STEPS} <= by_rows


@pytest.mark.slow
@pytest.mark.parametrize("number", range(2, 8))
def test_they_are_the_same_in_many_companies(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "mart.sales" in set[str]().union(*run(Trade(number), _watched(monkeypatch), 8))
