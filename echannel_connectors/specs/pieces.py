"""The SQL of a spec, piece by piece, and the place inside a piece that an error is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from echannel_connectors.specs import Table

# What makes a whole statement of each kind of piece, so that sqlglot can read it: the words before it and behind it.
WRAPPED = {"expression": ("SELECT (\n", "\n) AS x"), "relation": ("SELECT 1 FROM ", ""), "query": ("", "")}
SILENT = {"tables", "columns", "maps", "extra", "sql", "query"}  # keys that a sentence need not name


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of SQL in a spec: its text, what it has to be, and the keys that lead to it."""

    connector: str
    path: tuple[str, ...]
    text: str
    kind: Literal["expression", "relation", "query"] = "expression"

    @property
    def name(self) -> str:
        """What sentences call it, such as `dolibarr.orders.where`."""
        return ".".join([self.connector, *(step for step in self.path if step not in SILENT)])

    @property
    def statement(self) -> str:
        before, behind = WRAPPED[self.kind]
        return f"{before}{self.text}{behind}"

    def offset(self, start: int) -> int:
        """A place in the statement as one in the text."""
        return min(max(start - len(WRAPPED[self.kind][0]), 0), len(self.text))


def pieces(connector: str, name: str, table: Table) -> Iterator[Piece]:
    """The SQL of one table, piece by piece."""
    at = ("tables", name)
    if table.query is not None:
        yield Piece(connector, (*at, "query"), table.query, "query")
    if table.from_ is not None:
        yield Piece(connector, (*at, "from"), table.from_, "relation")
    for number, text in enumerate(table.key):
        yield Piece(connector, (*at, "key", str(number)), text)
    for word in ("where", "cursor", "reread", "day"):
        if text := getattr(table, word):
            yield Piece(connector, (*at, word), text)
    for column, one in table.columns.items():
        yield Piece(connector, (*at, "columns", column, "sql"), one.sql)
    for column, own in table.extra.items():
        yield Piece(connector, (*at, "extra", column, "sql"), own.sql)
    for column, code in table.maps.items():
        yield Piece(connector, (*at, "maps", column, "sql"), code.sql)


def start_of(node: exp.Expr) -> int:
    """Where a node's last name begins in the statement that it was parsed from; 0 where sqlglot does not say."""
    alias = node.args.get("alias")
    names = [alias] if isinstance(alias, exp.Identifier) else list(node.find_all(exp.Identifier))
    return max((int(name.meta.get("start", 0)) for name in names), default=0)


def why(error: SqlglotError) -> str:
    """sqlglot's reason without its drawing of the place."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        # It speaks of its own classes where something is missing behind a word.
        missing = re.match(r"Required keyword: '(\w+)' missing for", first["description"] or "")
        reason = "something is missing" if missing else str(first["description"]).rstrip(".")
        return f"{reason} near {first['highlight']!r}"
    return "a quote or a comment is not closed"


def where(error: SqlglotError, piece: Piece) -> int:
    """The character of the piece's text at which sqlglot gave up."""
    if isinstance(error, ParseError) and error.errors:
        return piece.offset(len(error.errors[0]["start_context"]))
    opened = ""
    for at, character in enumerate(piece.text):
        if not opened and character in "'\"`":
            opened, begin = character, at
        elif character == opened:
            opened = ""
    return begin if opened else 0
