"""Books in dinars, which have thousandths: what a spec computes is not rounded to cents."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal as D
from pathlib import Path

import duckdb
import pytest

from echannel_connectors import Erp
from tests.erp.public.books import PARAMETERS, books
from tests.erp.truth import core_rows

# Of each ERP: the statements that leave one order line with a discount, 1 piece of 12.345 sold for 11.111.
LINES = {
    "sage100": """UPDATE dbo."F_DOCLIGNE" SET DL_Qte = 1, DL_QteBC = 1, DL_PrixUnitaire = 12.345, DL_MontantHT = 11.111
        WHERE DL_Remise01REM_Valeur <> 0""",
    "ebp": """UPDATE dbo."SaleDocumentLine" SET Quantity = 1, SalePriceVatExcluded = 12.345,
        RealNetAmountVatExcludedWithDiscount = 11.111 WHERE TotalDiscountRate <> 0""",
    "sap_b1": """UPDATE dbo."RDR1" SET Quantity = 1, PriceBefDi = 12.345, LineTotal = 11.111, DiscPrcnt = 10, Currency = 'TND'
        WHERE DiscPrcnt <> 0; UPDATE dbo."ORDR" SET DocCur = 'TND', DiscPrcnt = 0""",
    "erpnext": """UPDATE "tabSales Order Item" SET net_amount = 11.111, discount_percentage = 10
        WHERE discount_percentage > 0; UPDATE "tabSales Order" SET currency = 'TND'""",
}


@pytest.mark.parametrize("connector", LINES)
def test_a_discount_in_dinars(connector: str, tmp_path: Path) -> None:
    source = books(connector, tmp_path)
    with closing(duckdb.connect(str(tmp_path / f"{connector}.duckdb"))) as connection:
        connection.execute(LINES[connector])
    own = {} if connector == "erpnext" else {"company_currency": "TND"}
    dinars = Erp(connector=connector, url=source.url, parameters={**PARAMETERS.get(connector, {}), **own})
    rows = core_rows(dinars.for_company("TND", "Africa/Tunis"), "order_lines")
    assert {row["discount_net"] for row in rows if row["amount_net"] == D("11.111")} == {
        D("1.235") if connector == "erpnext" else D("1.234")
    }


def test_the_tax_of_an_order_that_is_not_released_in_dinars(tmp_path: Path) -> None:
    source = books("dynamics_nav", tmp_path)
    named = PARAMETERS["dynamics_nav"]
    with closing(duckdb.connect(str(tmp_path / "dynamics_nav.duckdb"))) as connection:
        connection.execute(
            f"""UPDATE dbo."{named["prefix"]}Sales Line{named["suffix"]}"
            SET "Amount" = 0, "Amount Including VAT" = 0, "Line Amount" = 12.345, "VAT _" = 19"""
        )
    parameters = {**named, "company_currency": "TND"}
    dinars = Erp(connector="dynamics_nav", url=source.url, parameters=parameters).for_company("TND", "Africa/Tunis")
    assert D("2.346") in {row["amount_tax"] for row in core_rows(dinars, "order_lines")}  # 2.34555
