"""The report: open points first, at most twelve, in the company's language, and nothing in it but words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from echannel_connectors import Company, DuckDB
from echannel_connectors.days import Span
from echannel_connectors.errors import DestinationError
from echannel_connectors.review import Change, Review, Reviews, history, review, words
from echannel_connectors.review.asking import Figure
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.coach import Client, coach_page, in_order
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.report import as_csv, as_markdown, page, write_report
from echannel_connectors.review.report.sparkline import sparkline
from echannel_connectors.texts import in_language
from tests.review.marts import TODAY, empty_marts, insert, rows_of
from tests.review.test_checks import CASES, CHECKS

EVIL = "Léa <script>alert(1)</script> & fils"


@pytest.fixture(scope="module")
def reviewed() -> Iterator[Review]:
    """A company for which every check that can say act says it."""
    with closing(empty_marts()) as marts:
        for name in ("refund_rate", "overdue_share", "backlog_age", "negative_stock", "repeat_rate", "dso", "roas"):
            insert(marts, CHECKS[name].mart, list(rows_of(CHECKS[name], CASES[name]["act"])))
        settings = Reviews(started_on=date(2026, 3, 1))
        company = Company(name=EVIL, language="en")
        yield review(marts, company, settings, entered={"GB": date(2026, 10, 30)}, today=TODAY)


def in_french(found: Review) -> Review:
    return replace(found, company=found.company.model_copy(update={"language": "fr"}))


class Reader(HTMLParser):
    """What a page holds: its elements, their attributes and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def count(self, tag: str, kind: str = "") -> int:
        return sum(name == tag and kind in (attrs.get("class") or "").split() for name, attrs in self.elements)


def test_names_with_html_stay_text(reviewed: Review) -> None:
    read = Reader(page(reviewed))
    assert EVIL in read.words
    assert not {"script", "iframe", "img", "object"} & {tag for tag, _ in read.elements}


def test_the_page_asks_nothing_of_a_network(reviewed: Review) -> None:
    """No address, no script, no style but its own, which its policy names; no style attribute, which that would block."""
    html = page(reviewed)
    read = Reader(html)
    assert "default-src 'none'; style-src 'sha256-" in html
    assert not re.search(
        r"(https?:)?//(?!www\.w3\.org)|@import|url\(", re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL)
    )
    assert not [attrs for _, attrs in read.elements if {"style", "onclick", "src"} & set(attrs)]


def test_open_points_come_first_and_are_at_most_twelve(reviewed: Review) -> None:
    answer = reviewed.open_points[0]
    many = replace(reviewed, answers=tuple(replace(answer, market=f"M{n}") for n in range(30)))
    html = page(many)
    assert Reader(html).count("article", "point") == 12
    assert "Less urgent, in the table below: 18 more." in html
    assert [one.status for one in reviewed.open_points] == sorted(
        (one.status for one in reviewed.open_points), key=("act", "watch").index
    )


def test_each_point_has_its_figure_its_reason_and_its_advice(reviewed: Review) -> None:
    for language, found in (("en", reviewed), ("fr", in_french(reviewed))):
        html = page(found)
        read = Reader(html)
        for answer in found.open_points:
            check = answer.check
            said = (check.question, check.advice.at(answer.status), check.name)
            for text in (one.of(language) for one in said):
                assert text in read.words, text
            assert in_language(words.figure(check.unit, answer.value, "EUR"), language) in read.words


def test_a_company_that_speaks_french_reads_french(reviewed: Review) -> None:
    words_of_page = Reader(page(in_french(reviewed), since_last=True)).words.replace("\u00a0", " ")
    for text in ("Revue du 24 novembre 2026", "Points ouverts", "Les prochaines revues", "agir", "octobre 2026"):
        assert text in words_of_page
    for text in ("Open points", "November", "every", "Everything"):
        assert text not in words_of_page
    markdown = as_markdown(in_french(reviewed))
    assert "& fils\u00a0: Revue du 24 novembre 2026\n" in markdown
    assert "**stock**\u00a0: " in markdown


def test_the_last_review_s_day_is_the_company_s(reviewed: Review) -> None:
    """Half past eleven in the evening, in London, is tomorrow in Paris."""
    before = replace(reviewed, last_review=datetime(2026, 11, 17, 23, 30, tzinfo=UTC), stage=None)
    told = Reader(page(before)).words
    assert "Last review: 18 November 2026" in told
    assert "Phase: getting ready" in told  # of the market, where the company's own beginning is not told


def test_nothing_open_is_said(reviewed: Review) -> None:
    html = page(replace(reviewed, answers=()))
    assert "Nothing is open. Well done." in html


def test_what_is_missing_stands_there_while_a_company_gets_ready(reviewed: Review) -> None:
    assert "What is missing" not in page(reviewed)
    ready = replace(reviewed, stage=reviewed.market_stages["GB"])
    assert ready.stage is not None
    assert ready.stage.phase == "getting_ready"
    html = Reader(page(ready)).words
    assert "What is missing" in html
    assert CHECKS["sessions"].advice.no_data.en in html


def test_completeness_stands_there_while_a_company_collects(reviewed: Review) -> None:
    assert reviewed.stage is not None
    collecting = replace(reviewed, stage=replace(reviewed.stage, phase="collecting"))
    assert "Is everything complete?" in Reader(page(collecting)).words
    assert "Is everything complete?" not in Reader(page(reviewed)).words


def test_what_changed(reviewed: Review) -> None:
    answer = reviewed.open_points[0]
    changed = replace(reviewed, changes=(Change(answer, "ok", Decimal(1)),))
    assert "Since the last review" in page(changed, since_last=True)
    assert "Since the last review" not in page(changed)
    assert "| ok | act |" in as_markdown(changed, since_last=True)


def test_since_the_beginning_means_are_told_as_such(marts: DuckDB) -> None:
    """GB, entered in April, collected from May to July: 7, 7 and 8 new customers, 7.3 a month, and 6 in October (6 ÷ 7.33 is
    18.2 % less). Its sales have a target to be held against, and the months since its entry are no change."""
    months = {5: 7, 6: 7, 7: 8, 8: 5, 9: 5, 10: 6}
    first = {"market": "GB", "net_base": 10, "refunds_base": 0}
    insert(marts, "sales_daily", [{**first, "date": date(2026, 1, 1), "new_customers": 0}] + [
        {**first, "date": date(2026, month, 9), "new_customers": count} for month, count in months.items()
    ])  # fmt: skip
    entry = {**first, "entered_on": date(2026, 4, 1), "cumulative_investment_base": 9, "target_net_base": 100}
    insert(marts, "market_entry", [{**entry, "month": date(2026, month, 1)} for month in range(1, 11)])
    checks = [CHECKS[name] for name in ("new_customers", "market_target", "break_even")]
    done = review(marts, entered={"GB": date(2026, 4, 1)}, checks=checks, today=TODAY)
    assert done.market_stages["GB"].phase == "evaluating"
    told = Reader(page(done)).words.split("Since the beginning")[1].split("Everything else")[0]
    assert "New customers · GB7.36−18.2%" in told
    assert CHECKS["market_target"].name.en not in told
    assert CHECKS["break_even"].name.en not in told


def test_where_little_is_known_nobody_is_praised(reviewed: Review) -> None:
    silent, well = (next(one for one in reviewed.finished if one.status == status) for status in ("no_data", "ok"))
    told = {n: Reader(page(replace(reviewed, answers=(well, *[silent] * n)))).words for n in (1, 2)}
    assert "Nothing is open. Well done." in told[1]
    assert "Nothing is open, but most questions have no answer yet." in told[2]


def test_the_coming_reviews_stand_at_the_end(reviewed: Review) -> None:
    told = Reader(page(reviewed)).words
    assert told.index("The coming reviews") > told.index("Everything else")
    for one in reviewed.coming:
        assert str(words.day(one.on)) in told.split("The coming reviews")[1]


# -- the other forms ------------------------------------------------------------------------------------------------------


def test_the_csv_holds_every_answer(reviewed: Review) -> None:
    found = list(csv.DictReader(io.StringIO(as_csv(reviewed))))
    assert len(found) == len(reviewed.answers)
    assert set(found[0]) == set(history.COLUMNS) - {"reviewed_at"}
    by_id = {(row["check_id"], row["market"], row["is_to_date"]): row for row in found}
    assert Decimal(by_id["refund_rate", "", "false"]["value"]) == Decimal("0.13")


def test_a_spreadsheet_takes_no_cell_for_a_formula(reviewed: Review) -> None:
    answer = replace(reviewed.answers[0], market="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in as_csv(replace(reviewed, answers=(answer,)))


def test_the_markdown_is_safe_and_in_order(reviewed: Review) -> None:
    text = as_markdown(reviewed)
    assert text.startswith("# Léa \\<script\\>alert(1)\\</script\\> & fils: Review of 24 November 2026\n")
    assert text.index("## Open points") < text.index("## Everything else") < text.index("## The coming reviews")
    assert CHECKS["refund_rate"].advice.act.en in text


def test_three_files_and_a_folder_that_cannot_be_made(reviewed: Review, tmp_path: Path) -> None:
    names = [file.name for file in write_report(reviewed, tmp_path / "new" / "reviews")]
    assert names == ["2026-11-24.html", "2026-11-24.md", "2026-11-24.csv"]
    (tmp_path / "file").write_text("")
    with pytest.raises(DestinationError, match="cannot be written"):
        write_report(reviewed, tmp_path / "file")


# -- the coach ------------------------------------------------------------------------------------------------------------


def test_the_coach_sees_no_figure(reviewed: Review) -> None:
    """Status, phase, due checks and changes of each company, without one value of any."""
    answer = reviewed.open_points[0]
    changed = replace(reviewed, changes=(Change(answer, "ok", Decimal(1)),))
    other = replace(reviewed, company=Company(name="Atelier"), answers=(), due=(), changes=())
    told = Reader(coach_page([Client(Path("a"), changed), Client(Path("b"), other)], TODAY, "en")).words
    assert EVIL in told
    assert "Phase: evaluating, until 1 January 2027." in told
    for one in reviewed.answers:
        figure = str(words.figure(one.check.unit, one.value, "EUR"))
        assert one.check.unit == "count" or one.value is None or figure not in told, figure


def test_a_company_that_cannot_be_read_comes_first(reviewed: Review) -> None:
    broken, quiet = Client(Path("x/broken"), None, "no key"), Client(Path("q"), replace(reviewed, answers=()))
    clients = in_order([quiet, Client(Path("a"), reviewed), broken])
    assert [client.folder.name for client in clients] == ["broken", "a", "q"]
    assert "no key" in Reader(coach_page(clients, TODAY, "en")).words


# -- words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "value", "english", "french"),
    [
        ("money", "1234.56", "€1,235", "1\u202f235\u00a0€"),
        ("money", "-12.5", "−€12.50", "−12,50\u00a0€"),
        ("percent", "0.1234", "12.3%", "12,3\u00a0%"),
        ("count", "1234", "1,234", "1\u202f234"),
        ("times", "2.5", "2.50 ×", "2,50\u00a0×"),
        ("days", "45.4", "45 days", "45\u00a0jours"),
        ("days", "1.4", "1 day", "1\u00a0jour"),
        ("money", "-0.001", "€0.00", "0,00\u00a0€"),
        ("money", "999.996", "€1,000", "1\u202f000\u00a0€"),
        ("percent", "-0.0004", "0.0%", "0,0\u00a0%"),
        ("count", "-0.4", "0", "0"),
        ("percent", "-2.405", "−240.5%", "−240,5\u00a0%"),
        ("times", "-1.5", "−1.50 ×", "−1,50\u00a0×"),
        ("count", "-1234", "−1,234", "−1\u202f234"),
        ("days", "-1", "−1 day", "−1\u00a0jour"),
    ],
)
def test_figures_in_both_languages(unit: str, value: str, english: str, french: str) -> None:
    """What is shown as nothing has no sign."""
    told = words.figure(unit, Decimal(value), "EUR")  # type: ignore[arg-type]
    assert (in_language(told, "en"), in_language(told, "fr")) == (english, french)


@pytest.mark.parametrize(
    ("value", "currency", "english", "french"),
    [
        ("12.345", "KWD", "12.345 KWD", "12,345\u00a0KWD"),
        ("-0.0625", "TND", "−0.062 TND", "−0,062\u00a0TND"),
        ("1234.567", "KWD", "1,235 KWD", "1\u202f235\u00a0KWD"),
        ("57.35", "CHF", "57.35 CHF", "57,35\u00a0CHF"),
        ("57.35", "NZD", "57.35 NZD", "57,35\u00a0NZD"),
        ("123.45", "JPY", "¥123", "123\u00a0¥"),
        ("123.45", "XOF", "123 XOF", "123\u00a0XOF"),
        ("-57.35", "GBP", "−£57.35", "−57,35\u00a0£"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(value: str, currency: str, english: str, french: str) -> None:
    told = words.money(Decimal(value), currency)
    assert (in_language(told, "en"), in_language(told, "fr")) == (english, french)


def test_periods_in_both_languages() -> None:
    def told(span: Span, cadence: str) -> str:
        return in_language(words.whole(cadence, span), "fr")  # type: ignore[arg-type]

    first = date(2026, 7, 1)
    assert told(Span(first, first), "daily") == "1er juillet 2026"
    assert told(Span(first, date(2026, 9, 30)), "quarterly") == "T3 2026"
    assert words.to_date(Span(first, date(2026, 7, 9))) == "1 to 9 July, to date"
    assert words.to_date(Span(first, date(2026, 8, 9))) == "1 July to 9 August, to date"
    assert in_language(words.to_date(Span(first, date(2026, 8, 1))), "fr") == "1er juillet au 1er août, à ce jour"


def test_a_line_is_broken_where_there_is_no_figure() -> None:
    drawn = sparkline([Decimal(1), Decimal(2), None, Decimal(4)], "x")
    assert drawn.count("M") == 2
    assert sparkline([None, Decimal(1)], "x") == ""
    assert 'class="limit"' in sparkline([Decimal(1), Decimal(3)], "x", limit=Decimal(2))
    assert 'class="limit"' not in sparkline([Decimal(1), Decimal(3)], "x", limit=Decimal(900))


def test_a_flat_line_lies_in_the_middle() -> None:
    assert set(re.findall(r"[ML][\d.]+ ([\d.]+)", sparkline([Decimal(7)] * 5, "x"))) == {"22.0"}


def test_every_unit_and_status_has_its_words() -> None:
    for check in catalogue():
        answer = Answer(check, "", Span(TODAY, TODAY + timedelta(days=1)), TODAY, "ok", Figure(Decimal(1)), Decimal(1))
        assert "None" not in str(words.against(answer, "EUR"))
