"""What people do to a spreadsheet between two syncs, and what becomes of their cells and of the table's."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import Any

import pytest

from echannel_connectors import DuckDB, Sheets
from echannel_connectors.errors import DestinationError, Unavailable
from echannel_connectors.models.company import Company
from echannel_connectors.testing.sheets import FakeSheets, Grid
from tests.sheets.conftest import ID, orders, tab


def done_by_hand(google: FakeSheets, kind: str, dimension: str, first: int, count: int = 1) -> None:
    """Rows or columns of the tab put in or taken out, as the menu does it."""
    span = {"sheetId": tab(google).id, "dimension": dimension, "startIndex": first, "endIndex": first + count}
    google.books[ID] = google.books[ID].applied([{kind: {"range": span}}])


def published(google: FakeSheets, sheets: Sheets) -> Grid:
    """Three orders, a total of a person's below them and a note at their right."""
    sheets.publish("orders", orders("1", "2", "3"))
    grid = tab(google)
    grid.rows, grid.columns = 8, 4
    grid.put(5, 1, value="=SUM(B2:B4)")
    grid.put(0, 3, value="my note")
    return grid


HEAD = ["order_id", "net"]
ROWS = [["0001", 1], ["0002", 2], ["0003", 3]]


def placed(grid: Grid, top: int, left: int, rows: int) -> list[list[Any]]:
    return [[grid.value(row, left), grid.value(row, left + 1)] for row in range(top, top + rows)]


@pytest.mark.parametrize("again", [["1", "2", "3"], ["1", "2", "3", "4"], ["1"], []])
def test_rows_above_the_table_are_a_persons(google: FakeSheets, sheets: Sheets, again: list[str]) -> None:
    """A title above the header stays, the table goes on below it, and no row of the old one is left behind."""
    published(google, sheets)
    done_by_hand(google, "insertDimension", "ROWS", 0, 2)
    tab(google).put(0, 0, value="Our shop")
    sheets.publish("orders", orders(*again))
    grid = tab(google)
    assert grid.value(0, 0) == "Our shop"
    assert placed(grid, 2, 0, len(again) + 1) == [HEAD, *([f"{n + 1:04}", int(one)] for n, one in enumerate(again))]
    values = [value for row in grid.values() for value in row if value != ""]
    assert len(values) == 3 + 2 * (len(again) + 1)  # the title, the total and the note, and the table once
    span = google.books[ID].ranges[f"echannel_{grid.id}"]["range"]
    assert (span["startRowIndex"], span["endRowIndex"]) == (2, 3 + len(again))


def test_a_column_put_in_before_the_table_is_a_persons(google: FakeSheets, sheets: Sheets) -> None:
    published(google, sheets)
    done_by_hand(google, "insertDimension", "COLUMNS", 0)
    tab(google).put(1, 0, value="seen")
    sheets.publish("orders", orders("7", more=["x"]))
    grid = tab(google)
    assert [grid.value(1, column) for column in range(4)] == ["seen", "0001", 7, "x"]
    assert [grid.value(0, column) for column in range(6)] == ["", *HEAD, "more", "", "my note"]


@pytest.mark.parametrize("dimension", ["ROWS", "COLUMNS"])
@pytest.mark.parametrize("again", [["1", "2", "3"], ["5", "6", "7"]])
def test_what_was_put_into_the_table_is_written_anew(
    google: FakeSheets, sheets: Sheets, dimension: str, again: list[str]
) -> None:
    """Nothing of the old table is left beside or below the new one, where it would be summed a second time."""
    published(google, sheets)
    done_by_hand(google, "insertDimension", dimension, 1)
    sheets.publish("orders", orders(*again))
    grid = tab(google)
    assert placed(grid, 0, 0, 4) == [HEAD, *([f"{n + 1:04}", int(one)] for n, one in enumerate(again))]
    assert sum(value == "0003" for row in grid.values() for value in row) == 1
    assert sum(value == int(again[2]) for row in grid.values() for value in row) == 1
    assert {"=SUM(B2:B4)", "my note"} <= {value for row in grid.values() for value in row}


@pytest.mark.parametrize(("dimension", "first", "count"), [("ROWS", 2, 2), ("COLUMNS", 1, 1), ("ROWS", 0, 1)])
@pytest.mark.parametrize("again", [["1", "2", "3"], ["5", "6", "7"]])
def test_what_was_taken_out_of_the_table_comes_back(
    google: FakeSheets, sheets: Sheets, dimension: str, first: int, count: int, again: list[str]
) -> None:
    """Even where its content is the same; a person's cells, which have moved up meanwhile, are not written over."""
    published(google, sheets)
    done_by_hand(google, "deleteDimension", dimension, first, count)
    sheets.publish("orders", orders(*again))
    grid = tab(google)
    assert placed(grid, 0, 0, 4) == [HEAD, *([f"{n + 1:04}", int(one)] for n, one in enumerate(again))]
    left = {"=SUM(B2:B4)", "my note"}
    if dimension == "COLUMNS":
        left.remove("=SUM(B2:B4)")  # it stood in the column that was taken out
    elif first == 0:
        left.remove("my note")
    assert left <= {value for row in grid.values() for value in row}


def test_rows_at_the_end_of_the_grid_taken_out(google: FakeSheets, sheets: Sheets) -> None:
    """Where the named range is gone, too: the tab has fewer rows than the table had."""
    sheets.publish("orders", orders("1", "2", "3"))
    done_by_hand(google, "deleteDimension", "ROWS", 2, 2)
    google.books[ID].ranges.clear()
    sheets.publish("orders", orders("1", "2", "3"))
    assert tab(google).values() == [HEAD, *ROWS]


def test_more_frozen_rows_than_the_table_has(google: FakeSheets, sheets: Sheets) -> None:
    """A tab keeps one row that is not frozen, or Google refuses the whole step."""
    sheets.publish("orders", orders("1", "2", "3", "4"))
    tab(google).frozen = 3
    sheets.publish("orders", orders("5"))
    assert tab(google).values() == [HEAD, ["0001", 5]]


def test_a_formula_that_shows_nothing_is_a_persons_cell(google: FakeSheets, sheets: Sheets) -> None:
    published(google, sheets)
    formula = '=IF(B2>100;"look here";"")'
    tab(google).cells[4] = {0: {"value": formula, "shown": ""}}
    sheets.publish("orders", orders("1", "2", "3", "4"))
    assert [row[0] for row in tab(google).values()] == ["order_id", "0001", "0002", "0003", "0004", formula, ""]


def test_a_copy_of_the_tab_is_a_persons(google: FakeSheets, sheets: Sheets) -> None:
    """Whatever it took over of our notes, and wherever it stands."""
    sheets.publish("orders", orders("1", "2"))
    book, own = google.books[ID], tab(google)
    note = next(iter(own.metadata.values()))
    copy = Grid(7, "orders of March", own.rows, own.columns, cells={1: {1: {"value": 2}}})
    copy.metadata = {99: {**note, "metadataId": 99}}
    book.grids = {7: copy, **book.grids}
    sheets.publish("orders", orders("3"))
    assert tab(google).values() == [HEAD, ["0001", 3]]
    assert google.books[ID].tab("orders of March").values() == [["", ""], ["", 2]]


def test_a_file_copied_for_another_company_does_not_write_over_the_first_one_s_figures(
    google: FakeSheets, sheets: Sheets
) -> None:
    """Whose figures lie there is kept with the tabs; a new name of the same company is said once, as `formerly`."""
    sheets.agree(Company(name="Exeter Teas"))
    sheets.publish("orders", orders("1"))
    other = partial(Sheets, ID, warehouse=DuckDB(":memory:"), endpoint=sheets.api.endpoint)
    before = json.dumps(google.books[ID].described())
    for table in ("orders", "sales"):  # one that is there, and one that is not
        with pytest.raises(
            DestinationError, match="has the figures of Exeter Teas, and this project is Breizh's"
        ) as told:
            other(company=Company(name="Breizh")).publish(table, orders("20", "30"))
        assert "formerly=Exeter Teas" in str(told.value.hint)
    assert json.dumps(google.books[ID].described()) == before
    assert [finding.level for finding in other(company=Company(name="Breizh")).check()] == ["error"]
    other(company=Company(name="Exeter Tea & Co"), formerly="Exeter Teas").publish("orders", orders("2"))
    sheets.agree(Company(name="Exeter Tea & Co"))
    sheets.publish("orders", orders("3"))
    assert tab(google).values() == [HEAD, ["0001", 3]]


def test_two_syncs_at_once_never_mix_their_rows(google: FakeSheets, sheets: Sheets) -> None:
    """One of them ends with its table, whole; the other says that it was disturbed, and changes nothing."""
    sheets.publish("orders", orders("0"))
    second = Sheets(ID, warehouse=DuckDB(":memory:"), endpoint=sheets.api.endpoint, company=Company())
    second.api.sleep = lambda _: None
    turn = {"first": threading.Event(), "second": threading.Event()}
    asked = sheets.api.write

    def write_late(*arguments: Any) -> None:
        """After the other one has made its staging tab."""
        turn["first"].set()
        turn["second"].wait(10)
        asked(*arguments)

    sheets.api.write = write_late  # type: ignore[method-assign]  # when it writes, not what
    prepared = second.api.write

    def write_second(*arguments: Any) -> None:
        prepared(*arguments)
        turn["second"].set()
        finished.wait(10)

    finished = threading.Event()
    second.api.write = write_second  # type: ignore[method-assign]  # as above
    told: list[BaseException] = []

    def other() -> None:
        turn["first"].wait(10)
        try:
            second.publish("orders", orders("20", "30"))
        except BaseException as error:
            told.append(error)

    thread = threading.Thread(target=other)
    thread.start()
    with pytest.raises(Unavailable, match="changed meanwhile"):
        sheets.publish("orders", orders("1"))
    finished.set()
    thread.join()
    assert not told
    assert tab(google).values() == [HEAD, ["0001", 20], ["0002", 30]]
    sheets.api.write = asked  # type: ignore[method-assign]  # as before
    assert sheets.publish("orders", orders("1")).is_new
    assert tab(google).values() == [HEAD, ["0001", 1]]
