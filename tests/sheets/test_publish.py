"""A table in a tab of a real gspread's spreadsheet: all of it or nothing, and nothing of a person's is touched."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from echannel_connectors import DuckDB, Sheets
from echannel_connectors.destinations.sheets.replacing import STAGING
from echannel_connectors.errors import DestinationError, EChannelError, Refused, SettingsError, Unavailable
from echannel_connectors.events import Event, Retrying
from echannel_connectors.models.company import Company
from echannel_connectors.testing.sheets import FakeSheets, Trouble
from echannel_connectors.testing.sheets.book import Wrong
from tests.sheets.conftest import ID, orders, tab


def test_values_arrive_as_what_they_are(google: FakeSheets, sheets: Sheets) -> None:
    """Texts stay texts, whatever they look like; days and moments are serials in the company's zone; NULL is empty."""
    odd = ['=HYPERLINK("http://evil")', "01/02/2026", "0012", "", "+33 2 98", "l'été « é » 😀\n2"]
    reader = orders(
        *["0.1", "-12.345678", "123456789.12", "0", "1", "19.99"],
        name=odd,
        day=[date(2026, 11, 24), None, date(1970, 1, 1), None, None, None],
        at=pa.array([datetime(2026, 11, 24, 23, 30, tzinfo=UTC)] + [None] * 5, pa.timestamp("us", "UTC")),
        paid=[True, False, None, None, None, None],
        pieces=pa.array([3, None, 2**53 - 1, 0, -1, 1], pa.int64()),
    )
    done = sheets.publish("orders", reader)
    assert (done.rows, done.is_new, done.cut) == (6, True, 0)
    found = tab(google).values()
    assert found[0] == ["order_id", "net", "name", "day", "at", "paid", "pieces"]
    assert found[1] == ["0001", 0.1, odd[0], 46350, pytest.approx(46351 + 1 / 48, abs=1e-9), True, 3]
    assert found[3] == ["0003", 123456789.12, "0012", 25569, "", "", 2**53 - 1]
    assert [row[2] for row in found[1:]] == odd
    formats = {name: tab(google).cells[1][n].get("format", {}).get("type") for n, name in enumerate(found[0])}
    assert formats == {
        "order_id": "TEXT", "net": "NUMBER", "name": "TEXT", "day": "DATE", "at": "DATE_TIME", "paid": None,
        "pieces": "NUMBER",
    }  # fmt: skip
    assert "6 lignes" in tab(google).cells[0][0]["note"]
    assert tab(google).frozen == 1
    assert [grid.title for grid in google.books[ID].grids.values()] == ["Sheet1", "orders"]


@pytest.mark.parametrize(("currency", "pattern"), [("EUR", "#,##0.00####"), ("KWD", "#,##0.000###"), ("JPY", "#,##0")])
def test_what_is_in_the_reporting_currency_has_its_decimals(
    google: FakeSheets, sheets: Sheets, currency: str, pattern: str
) -> None:
    sheets.agree(Company(currency=currency))
    sheets.publish("orders", orders("2.5", net_base=pa.array([Decimal("12.345")], pa.decimal128(18, 6))))
    cells = tab(google).cells[1]
    assert [cells[n]["format"]["pattern"] for n in (1, 2)] == ["#,##0.00####", pattern]


def test_the_tab_keeps_its_id_and_a_shorter_table_leaves_nothing_behind(google: FakeSheets, sheets: Sheets) -> None:
    sheets.publish("orders", orders("1", "2", "3", "4"))
    first = tab(google).id
    for amounts in (("5",), (), ("6", "7", "8", "9", "10"), ("11", "12")):
        sheets.publish("orders", orders(*amounts))
        grid = tab(google)
        assert grid.id == first
        assert [row[1] for row in grid.values()[1:]] == [float(one) for one in amounts]
        span = google.books[ID].ranges[f"echannel_{first}"]["range"]
        assert (span["endRowIndex"], span["endColumnIndex"]) == (len(amounts) + 1, 2)
        assert grid.rows <= 6


def test_a_renamed_tab_is_found_and_its_new_columns_too(google: FakeSheets, sheets: Sheets) -> None:
    sheets.publish("orders", orders("1"))
    tab(google).title = "Commandes d'été"
    sheets.publish("orders", orders("1", "2", margin=["a", "b"]))
    assert tab(google, "Commandes d'été").values() == [
        ["order_id", "net", "margin"],
        ["0001", 1, "a"],
        ["0002", 2, "b"],
    ]
    sheets.publish("orders", orders("7"))
    assert tab(google, "Commandes d'été").values() == [["order_id", "net"], ["0001", 7]]


def test_nothing_is_sent_when_nothing_has_changed(google: FakeSheets, sheets: Sheets) -> None:
    for _ in range(20):
        done = sheets.publish("orders", orders("1", "2"))
    assert (done.is_new, done.requests) == (False, 1)
    assert sum(method == "POST" for method, _, _ in google.calls) == 3
    assert len(tab(google).values()) == 3


def test_what_a_person_wrote_moves_on_and_is_never_lost(google: FakeSheets, sheets: Sheets) -> None:
    """A total below moves down as the table grows, notes beside stay, other tabs are as they were."""
    sheets.publish("orders", orders("1", "2"))
    grid = tab(google)
    grid.rows, grid.columns = 10, 5
    grid.put(4, 1, value="my total")
    for row in range(10):
        grid.put(row, 4, value=f"note {row}")
    google.books[ID].tab("Sheet1").put(0, 0, value="mine")
    for count in (3, 8, 2, 12, 1, 5):
        sheets.publish("orders", orders(*map(str, range(count))))
        values = tab(google).values()
        assert [row[1] for row in values[1 : count + 1]] == list(range(count))
        assert [row[1] for row in values[count + 1 :] if row[1] != ""] == ["my total"]
        assert [row[4] for row in values if row[4] != ""] == [f"note {row}" for row in range(10)]
    sheets.publish("orders", orders("1", more=["x"], again=["y"], third=["z"]))
    assert "note 9" in {value for row in tab(google).values() for value in row}
    assert google.books[ID].tab("Sheet1").values() == [["mine"]]


def test_a_tab_of_that_name_which_is_not_ours_is_left_alone(google: FakeSheets, sheets: Sheets) -> None:
    mine = google.books[ID].tab("Sheet1")
    mine.title = "orders"
    mine.put(0, 0, value="mine")
    sheets.publish("orders", orders("1"))
    assert mine.values() == [["mine"]]
    assert tab(google, "orders (E-Channel)").values()[1] == ["0001", 1]


@pytest.mark.parametrize("ends", [":batchUpdate", "/values:batchUpdate", ""])
@pytest.mark.parametrize("after_work", [False, True])
@pytest.mark.parametrize("status", [429, 503])
def test_a_lost_reply_or_a_refusal_is_asked_again(
    google: FakeSheets, sheets: Sheets, ends: str, after_work: bool, status: int
) -> None:
    """Done once, whether Google did the work and lost the reply, or did nothing."""
    sheets.publish("orders", orders("1", "2", "3"))
    told: list[Event] = []
    sheets.listen(told.append)
    for n in range(1, 4):
        google.trouble = [Trouble(ends, status, times=n, after_work=after_work)]
        sheets.publish("orders", orders(*map(str, range(n))))
        assert [row[1] for row in tab(google).values()[1:]] == list(range(n))
        assert not any(grid.title.startswith(STAGING) for grid in google.books[ID].grids.values())
        assert not google.trouble
    assert sum(isinstance(event, Retrying) for event in told) == 6


@pytest.mark.parametrize("call", [0, 1, 2, 3])
def test_a_run_that_dies_leaves_the_old_table_and_the_next_one_cleans_up(
    google: FakeSheets, sheets: Sheets, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever request is the last one: readers see the old table, and nothing stays of the half-way work."""
    sheets.publish("orders", orders("1", "2", "3"))
    before = tab(google).values()
    asked = sheets.api._once
    left = [call]

    def dying(*arguments: Any, **options: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return asked(*arguments, **options)

    monkeypatch.setattr(sheets.api, "_once", dying)
    with pytest.raises(KeyboardInterrupt):
        sheets.publish("orders", orders("7"))
    assert tab(google).values() == before
    monkeypatch.undo()
    sheets.api.sleep = lambda _: None
    sheets.publish("orders", orders("8"))
    assert tab(google).values() == [["order_id", "net"], ["0001", 8]]
    assert [grid.title for grid in google.books[ID].grids.values()] == ["Sheet1", "orders"]


@pytest.mark.slow
def test_fifty_thousand_rows_in_at_most_eight_requests(google: FakeSheets, sheets: Sheets) -> None:
    """50,000 × 12 cells, in bodies under 2 MB."""
    count = 50_000
    texts = {f"text_{n}": [f"product {row * n % 97}" for row in range(count)] for n in range(10)}
    done = sheets.publish("orders", orders(*["12.34"] * count, **texts))
    assert done.requests <= 8
    assert max(size for _, _, size in google.calls) < 2_000_000
    found = tab(google).values()
    assert (len(found), len(found[0])) == (count + 1, 12)
    assert found[count][0] == "50000"


def test_what_does_not_fit_is_refused_before_anything_is_written(google: FakeSheets, sheets: Sheets) -> None:
    google.books[ID].tab("Sheet1").rows = 384_000
    with pytest.raises(DestinationError, match="orders does not fit: with its 9,000 rows"):
        sheets.publish("orders", orders(*["1"] * 9_000))
    assert not any(method == "POST" for method, _, _ in google.calls)


def test_a_number_that_a_double_does_not_hold_is_refused(google: FakeSheets, sheets: Sheets) -> None:
    with pytest.raises(DestinationError, match=r"orders\.net holds 123456789012\.123456"):
        sheets.publish("orders", orders("1", "123456789012.123456"))
    with pytest.raises(DestinationError, match=r"orders\.big holds 9007199254740993"):
        sheets.publish("orders", orders("1", big=[2**53 + 1]))
    assert not google.calls


def test_a_text_longer_than_a_cell_is_cut_and_counted(google: FakeSheets, sheets: Sheets) -> None:
    done = sheets.publish("orders", orders("1", "2", name=["é" * 60_000, "b" * 50_000]))
    assert done.cut == 1
    cut, whole = (row[2] for row in tab(google).values()[1:])
    assert len(cut) == 50_000
    assert cut.endswith("é […]")
    assert whole == "b" * 50_000


@pytest.mark.parametrize(
    ("status", "message", "kind", "says"),
    [
        (403, "The caller does not have permission", Refused, "share the spreadsheet"),
        (403, "Google Sheets API has not been used in project 12 before or it is disabled.", Refused, "enable it"),
        (404, "Requested entity was not found.", SettingsError, "no such spreadsheet"),
        (400, "This operation is not supported for this document. The document must not be an Office file.",
         SettingsError, "Excel file"),
        (400, "Invalid requests[0].copyPaste: You are trying to edit a protected cell or object. Please contact the",
         Refused, "protected against this account"),
        (400, "Something new", DestinationError, "Google Sheets answered 400: Something new"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(
    google: FakeSheets, sheets: Sheets, status: int, message: str, kind: type[EChannelError], says: str
) -> None:
    google.trouble = [Trouble("", status, message)]
    with pytest.raises(kind, match=says):
        sheets.publish("orders", orders("1"))
    google.trouble = [Trouble("", status, message)]
    assert [finding.level for finding in sheets.check()] == ["error"]


def test_patience_ends(google: FakeSheets, sheets: Sheets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echannel_connectors.destinations.sheets.api.PATIENCE", 0.0)
    google.trouble = [Trouble("", 503, times=100)]
    with pytest.raises(Unavailable, match="Google Sheets answered 503"):
        sheets.publish("orders", orders("1"))


def test_sixty_writes_a_minute(google: FakeSheets, sheets: Sheets) -> None:
    """The sixty-first waits, and says so."""
    waits: list[float] = []
    told: list[Event] = []
    sheets.api.sleep = waits.append
    sheets.listen(told.append)
    for n in range(21):
        sheets.publish("orders", orders(str(n)))
    assert len(waits) == 3
    assert all(50 < wait <= 60 for wait in waits)
    assert "60 writes a minute" in str(told[0].as_json())


@pytest.mark.parametrize(
    "address",
    [
        ID, f"sheets://{ID}", f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=12#gid=12",
        f"https://docs.google.com/spreadsheets/u/1/d/{ID}/edit", f"sheets://docs.google.com/spreadsheets/d/{ID}/edit",
    ],
)  # fmt: skip
def test_addresses_that_people_paste(address: str) -> None:
    assert Sheets(address, warehouse=DuckDB(":memory:")).api.spreadsheet == ID


@pytest.mark.parametrize("address", ["sheets://", "figures", "https://docs.google.com/document/d/abc/edit"])
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(SettingsError, match="is not a spreadsheet"):
        Sheets(address, warehouse=DuckDB(":memory:"))


def test_check_says_how_full_it_is(google: FakeSheets, sheets: Sheets) -> None:
    google.books[ID].time_zone = "America/New_York"
    sheets.publish("sales", orders(*["1"] * 99))
    zone, space = list(sheets.check())[1:]
    assert (zone.level, space.level) == ("warning", "ok")
    assert "America/New_York" in zone.sentence
    # 26,000 cells of Sheet1 and 200 of sales; a month is 100 × 2 cells of thirteen, twice.
    assert (
        space.sentence
        == f"26,200 of 10,000,000 cells are taken: {9_973_800 * 13 // 400:,} more months of sales like these would fit"
    )


def test_the_stand_in_refuses_what_google_refuses(google: FakeSheets) -> None:
    """So that a request which is wrong fails here and not first at a customer's."""
    book = google.books[ID]
    wrong: list[dict[str, Any]] = [
        {"addSheet": {"properties": {"sheetId": 0, "title": "x"}}},
        {"addSheet": {"properties": {"title": "Sheet1"}}},
        {"deleteSheet": {"sheetId": 0}},
        {"deleteSheet": {"sheetId": 5}},
        {"updateCells": {"range": {"sheetId": 0}, "fields": ""}},
        {"updateCells": {"range": {"sheetId": 0, "endRowIndex": 2_000}, "fields": "note"}},
        {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 400_000}},
    ]
    for request in wrong:
        with pytest.raises(Wrong):
            book.applied([{"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}, request])
    assert book.tab("Sheet1").rows == 1000
    for body in (b'{"requestz": []}', b'{"requests": [{"deleteSheet": {"sheetid": 1}}]}',
                 b'{"requests": [{"deleteSheet": {"sheetId": 1}, "addSheet": {}}]}'):  # fmt: skip
        assert google.answer("POST", f"/v4/spreadsheets/{ID}:batchUpdate", body)[0] == 400


def test_without_its_client_it_says_what_to_install(sheets: Sheets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gspread", None)
    (finding,) = sheets.check()
    assert (finding.level, finding.hint) == ("error", "pip install 'echannel-connectors[google]'")


@pytest.mark.parametrize("value", ["123456.123456789012", "0.1234567890123456789", "-123456789.123456789012"])
def test_an_amount_with_more_digits_than_a_double_is_refused_whatever_its_size(sheets: Sheets, value: str) -> None:
    """A company's own mart may multiply an amount by a rate: eighteen digits after the point are no millionths."""
    exact = pa.array([Decimal("1.5"), Decimal("1000.000000000001"), Decimal(value)], pa.decimal128(38, 19))
    with pytest.raises(DestinationError, match="holds " + value.replace(".", r"\.")):
        sheets.publish("orders", orders("1", "2", "3", rate=exact))


def test_fifteen_digits_are_taken_at_any_scale(google: FakeSheets, sheets: Sheets) -> None:
    amounts = [Decimal("999999.123456789"), Decimal("-0.000000000000000001"), Decimal("12345678.12345678")]
    sheets.publish("orders", orders("1", "2", "3", rate=pa.array(amounts, pa.decimal128(38, 18))))
    assert [Decimal(repr(row[2])) for row in tab(google).values()[1:]] == amounts


@pytest.mark.parametrize("sql", ["INTERVAL 1 DAY", "[1, 2]", "{'a': 1}", "'x'::BLOB"])
def test_a_kind_that_no_cell_holds_is_refused_by_name(google: FakeSheets, sheets: Sheets, sql: str) -> None:
    """A company's own mart may hold what the library's never do."""
    with pytest.raises(DestinationError, match=r"waiting\.since is of a kind that a Sheet cannot hold"):
        sheets.publish("waiting", sheets.warehouse.query(f"SELECT {sql} AS since"))
    assert not google.calls


@pytest.mark.parametrize("months", ["0", "²", "-1", "x"])
def test_months_are_at_least_one(tmp_path: Path, months: str) -> None:
    with pytest.raises(SettingsError, match="months"):
        Sheets.of(f"sheets://{ID}?months={months}", tmp_path)
