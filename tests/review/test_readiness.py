"""`echannel readiness`: the questions, what the figures answer, the profile, the checklist, and the coach's file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
import yaml

from echannel_connectors import Company, DuckDB, errors
from echannel_connectors.project import load
from echannel_connectors.review import review
from echannel_connectors.review.catalogue import catalogue
from echannel_connectors.review.check import AREAS
from echannel_connectors.review.of_project import reviewed
from echannel_connectors.review.readiness import Given, Readiness, from_checks, given_in, keep, questionnaire
from echannel_connectors.review.report.readiness import bar, readiness_markdown, readiness_page
from tests.command import STYLING, echannel, environment
from tests.review.marts import TODAY, insert, rows_of
from tests.review.test_checks import CASES, CHECKS
from tests.review.test_report import EVIL, Reader
from tests.review.test_review_command import company

NAMES = list(questionnaire().questions())
ENTRY = date(2027, 3, 31)


def result(levels: Mapping[str, int]) -> Readiness:
    return Readiness("GB", ENTRY, levels)


def test_the_questionnaire_is_whole() -> None:
    """Both languages, no name twice, and only checks that there are."""
    topics = questionnaire().topics.values()
    assert len(NAMES) == sum(len(topic.questions) for topic in topics)
    assert {one.check for one in questionnaire().questions().values()} - {None} <= {check.id for check in catalogue()}
    for one in questionnaire().questions().values():
        assert all(words.en and words.fr for words in (one.question, one.advice, *one.answers))
        assert (one.question.en[-1:], one.question.fr[-2:]) == ("?", " ?")
    assert {step.area for step in questionnaire().steps} <= set(AREAS)
    assert [step.months for step in questionnaire().steps] == sorted(step.months for step in questionnaire().steps)


def test_the_profile_counts_what_was_answered() -> None:
    """Least, middle and best of three are 0, 50 and 100 percent; what nobody answered does not count."""
    strategy = questionnaire().topics["strategy"]
    assert result({"market": 1, "target": 2, "owner": 3}).share(strategy) == 50
    assert result({"market": 3}).share(strategy) == 100
    assert result({}).share(strategy) is None


def test_the_weakest_come_first_and_are_at_most_five() -> None:
    levels = {**dict.fromkeys(NAMES, 2), "price": 1, "law": 3}
    first = [one for _, one in result(levels).first()]
    assert first[0] == questionnaire().questions()["price"]
    assert len(first) == 5
    assert questionnaire().questions()["law"] not in first
    assert result(dict.fromkeys(NAMES, 3)).first() == []


def test_each_step_has_its_day() -> None:
    """Counted from the entry; the end of a month stays one."""
    days = [on for on, _ in result({}).checklist()]
    assert days[0] == date(2026, 9, 30)
    assert ENTRY in days
    assert days == sorted(days)


def test_figures_answer_for_themselves(marts: DuckDB) -> None:
    """Where they tell nothing yet, a person is asked: that too few costs are known is said where some are not."""
    for name, status in (("freshness", "ok"), ("stock_out_rate", "watch"), ("costs_known", "act")):
        insert(marts, CHECKS[name].mart, list(rows_of(CHECKS[name], CASES[name][status])))
    found = from_checks(review(marts, today=TODAY, keep=False).answers)
    told = {"fresh": 3, "stock": 2, "costs": 1}
    assert found == told
    assert {*told, "measured", "complete", "totals"} == {
        name for name, one in questionnaire().questions().items() if one.check
    }


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_coach_s_file(language: str) -> None:
    """Profile, first things, checklist and answers; a name with HTML stays text."""
    of = Company(name=EVIL, language=language)  # type: ignore[arg-type]
    found = result({**dict.fromkeys(NAMES, 2), "price": 1})
    read = Reader(readiness_page(found, of, TODAY))
    text = readiness_markdown(found, of, TODAY)
    assert EVIL in read.words
    assert text.startswith("# Léa \\<script\\>")
    wanted = [questionnaire().questions()["price"].advice, *(step.what for step in questionnaire().steps)]
    for words in wanted:
        assert words.of(language) in read.words
        assert words.of(language) in text
    assert text.count("- [ ] ") == len(questionnaire().steps)


def test_a_bar_is_ten_characters() -> None:
    assert [bar(share) for share in (None, 0, 50, 100)] == ["░" * 10, "░" * 10, "█" * 5 + "░" * 5, "█" * 10]


# -- the file of the answers ----------------------------------------------------------------------------------------------


def test_answers_are_kept_and_read_again(tmp_path: Path) -> None:
    given = Given(market="GB", answered_on=TODAY, answers={"market": 3, "owner": 1})
    keep(tmp_path, given)
    assert given_in(tmp_path) == given
    assert given_in(tmp_path / "elsewhere") == Given()


@pytest.mark.parametrize(
    ("text", "sentence", "place"),
    [
        ("answers: {markt: 1}", "there is no question 'markt'; did you mean 'market'?", ":1:1"),
        ("answers:\n  market: 4", "it should be", ":2:3"),
        ("anwers: {}", "unknown key 'anwers': did you mean 'answers'?", ":1:1"),
        ("answers: [", "readiness.yaml is not valid YAML", ":2:1"),
    ],
)
def test_a_mistake_in_the_answers(text: str, sentence: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "readiness.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(errors.SettingsError) as caught:
        given_in(tmp_path)
    assert sentence in str(caught.value.sentence)
    assert caught.value.place == f"{tmp_path / 'readiness.yaml'}{place}"


# -- the command ----------------------------------------------------------------------------------------------------------


def play(folder: Path, answers: Sequence[str]) -> tuple[int, str]:
    """Answer each question once it has been asked; the exit code and the screen."""
    if os.name != "posix":
        pytest.skip("a terminal can only be played on a POSIX system")
    import pty

    master, slave = pty.openpty()
    command = [sys.executable, "-m", "echannel_connectors", "readiness"]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdin=slave, stdout=slave, stderr=slave) as child:
        os.close(slave)
        screen, left = "", list(answers)
        while part := _read(master):
            screen += STYLING.sub("", part.decode(errors="replace").replace("\r\n", "\n"))
            if left and screen.endswith(": "):
                os.write(master, f"{left.pop(0)}\n".encode())
        code = child.wait()
    os.close(master)
    assert left == [], screen
    return code, screen


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:
        return b""


@pytest.mark.slow
def test_the_questions_are_asked_and_the_result_shown(tmp_path: Path) -> None:
    """Figures answer their own, where they tell anything; a wrong answer is asked again; Enter keeps the last time's."""
    company(tmp_path)
    told = from_checks(reviewed(load(tmp_path), keep=False).answers)
    asked = [name for name in NAMES if name not in told]
    assert told.keys() <= {name for name, one in questionnaire().questions().items() if one.check}
    code, screen = play(tmp_path, ["gb", "7", "3", "2", *["1"] * (len(asked) - 2)])
    assert code == errors.DONE, screen
    assert "1, 2 or 3; empty leaves it out" in screen
    assert "(from your figures)" in screen
    assert "Ready for GB?" in screen
    kept = yaml.safe_load((tmp_path / "readiness.yaml").read_text(encoding="utf-8"))
    assert kept["market"] == "GB"
    assert (kept["answers"]["market"], kept["answers"]["target"], kept["answers"]["owner"]) == (3, 2, 1)
    assert len(kept["answers"]) == len(asked)
    _, again = play(tmp_path, [""] * (len(asked) + 1))
    assert "Ready for GB?" in again
    after = yaml.safe_load((tmp_path / "readiness.yaml").read_text(encoding="utf-8"))
    assert after["answers"] == kept["answers"]
    assert max(map(len, again.splitlines())) <= 80


@pytest.mark.slow
def test_without_a_terminal_the_answers_that_are_there_count(tmp_path: Path) -> None:
    company(tmp_path)
    refused = echannel(tmp_path, "readiness")
    assert refused.returncode == errors.SETTINGS
    assert "nobody has answered the questionnaire yet" in refused.stderr
    keep(tmp_path, Given(market="DE", answers={"market": 3, "target": 3, "owner": 3}))
    done = echannel(tmp_path, "readiness")
    assert done.returncode == errors.DONE, done.stderr
    told = json.loads(done.stdout)
    assert (told["market"], told["shares"]["strategy"], told["levels"]["fresh"]) == ("DE", 100, 3)
    assert sorted(file.suffix for file in (tmp_path / "reviews").iterdir()) == [".html", ".md"]
