"""What the HTML pages are put together from: escaped words, cards, tables, chips, and the frame around them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from echannel_connectors.looker.preview.page import asset
from echannel_connectors.review import words
from echannel_connectors.review.check import Status
from echannel_connectors.review.engine import Answer
from echannel_connectors.review.report.sparkline import sparkline
from echannel_connectors.texts import in_language, say

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes in one language and one currency; everything that comes from outside is escaped."""

    language: str
    currency: str

    def text(self, sentence: str) -> str:
        return escape(in_language(sentence, self.language))

    def figure(self, answer: Answer) -> str:
        return self.text(words.figure(answer.check.unit, answer.value, self.currency))

    def against(self, answer: Answer) -> str:
        return self.text(words.against(answer, self.currency))

    def title(self, answer: Answer) -> str:
        return escape(words.title(answer, self.language))

    def chip(self, status: Status) -> str:
        return f'<span class="chip {status}">{words.MARKS[status]} {self.text(words.STATUS[status])}</span>'

    def spark(self, answer: Answer) -> str:
        """The history of an answer; the limit is drawn where the figure itself has one."""
        limit = answer.check.watch if answer.check.compare == "threshold" else None
        label = in_language(say("history of {name}", name=words.title(answer, self.language)), self.language)
        return sparkline([value for _, value in answer.history], label, limit=limit)

    def advice(self, answer: Answer) -> str:
        return escape(answer.check.advice.at(answer.status).of(self.language))

    def table(
        self,
        heads: Sequence[str],
        rows: Rows = (),
        numbers: Sequence[int] = (),
        groups: Sequence[tuple[str, Rows]] = (),
    ) -> str:
        """A table of cells that are HTML already, or one with a title over each group of rows; the columns of `numbers`
        stand to the right."""
        kind = ["n" if n in numbers else "" for n in range(len(heads))]
        head = "".join(f'<th scope="col" class="{kind[n]}">{self.text(name)}</th>' for n, name in enumerate(heads))
        body = "".join(
            f"<tbody>{self._group(name, part, kind)}</tbody>" for name, part in groups or [("", rows)] if part
        )
        return f'<div class="scroll"><table><thead><tr>{head}</tr></thead>{body}</table></div>'

    def _group(self, title: str, rows: Rows, kind: Sequence[str]) -> str:
        over = (
            f'<tr class="group"><th scope="rowgroup" colspan="{len(kind)}">{self.text(title)}</th></tr>'
            if title
            else ""
        )
        return over + "".join(
            "<tr>" + "".join(f'<td class="{kind[n]}">{cell}</td>' for n, cell in enumerate(row)) + "</tr>"
            for row in rows
        )

    def section(self, title: str, body: str, kind: str = "") -> str:
        return f'<section class="{kind}"><h2>{self.text(title)}</h2>{body}</section>' if body else ""

    def counts(self, answers: Iterable[Answer]) -> str:
        """How many answers stand at each status, worst first."""
        found = [answer.status for answer in answers]
        order: tuple[Status, ...] = ("act", "watch", "ok", "no_data")
        chips = [
            f'<span class="count {status}" title="{self.text(words.STATUS[status])}">{words.MARKS[status]} '
            f"{found.count(status)}</span>"
            for status in order if status in found
        ]  # fmt: skip
        return "".join(chips)

    def frame(
        self, title: str, header: str, body: str, *, kind: str = "review", css: str = "", scripts: Sequence[str] = ()
    ) -> str:
        """One file that asks nothing of a network: style and scripts are inside, and nothing else may run or load."""
        css = style() + css
        allowed = f"script-src {' '.join(map(_hash, scripts))}; " if scripts else ""
        policy = (
            f"default-src 'none'; {allowed}style-src {_hash(css)}; img-src data:; base-uri 'none'; form-action 'none'"
        )
        return (
            f'<!doctype html>\n<html lang="{self.language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="robots" content="noindex">\n<meta name="color-scheme" content="light dark">\n'
            f'<title>{escape(title)}</title>\n<link rel="icon" href="data:,">\n<style>{css}</style>\n</head>\n'
            f'<body class="{kind}">\n<header class="top">{header}</header>\n<main>{body}</main>\n'
            f"{''.join(f'<script>{text}</script>' for text in scripts)}</body>\n</html>\n"
        )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def style() -> str:
    """The look of the dashboard, and what a report adds to it."""
    return asset("page.css") + files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def worst(answers: Iterable[Answer]) -> Status:
    """The status that asks for somebody first; no data where there are no answers."""
    order = {"act": 0, "watch": 1, "ok": 2, "no_data": 3}
    return min((answer.status for answer in answers), key=order.__getitem__, default="no_data")
