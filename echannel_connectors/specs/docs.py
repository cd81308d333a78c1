"""`spec docs`: what a connector does, as a page of Markdown in English or French."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlglot

from echannel_connectors.models.core import TABLES
from echannel_connectors.specs import Column, Spec, Table, ValueMap
from echannel_connectors.specs.feeds import Feed
from echannel_connectors.texts import Text, in_language, say

FED = {"fed": say("yes"), "partly": say("partly"), "not": say("no")}


def page(spec: Spec, language: str, feeds: Iterable[tuple[str, Feed]]) -> str:
    """The page. `feeds` are the marts and templates by name, with how far the connector fills them."""
    return "\n".join(_Page(spec, language).lines(feeds))


class _Page:
    def __init__(self, spec: Spec, language: str) -> None:
        self.spec, self.language = spec, language

    def lines(self, feeds: Iterable[tuple[str, Feed]]) -> Iterator[str]:
        title = self.spec.title.get(self.language) or self.spec.title.get("en") or self.spec.connector
        yield f"# {title}"
        yield ""
        facts = say(
            "Connector `{name}`, written in the SQL of {dialect}.", name=self.spec.connector, dialect=self.spec.dialect
        )
        yield self._said(facts)
        yield ""
        if self.spec.notes:
            yield self.spec.notes
            yield ""
        yield from self._parameters()
        yield from self._feeds(feeds)
        for name, table in self.spec.tables.items():
            yield from self._table(name, table)
        heads = {name: say("The SELECT {name}, which tables share", name=f"`{name}`") for name in self.spec.views}
        heads |= {name: say("Instead of {name}, where it is missing", name=f"`{name}`") for name in self.spec.instead}
        for name, text in {**self.spec.views, **self.spec.instead}.items():
            yield f"## {self._said(heads[name])}"
            yield ""
            yield from self._sql(text.strip())

    def _parameters(self) -> Iterator[str]:
        if not self.spec.parameters:
            return
        yield f"## {self._said(say('Parameters'))}"
        yield ""
        rows = [
            (
                f"`{name}`",
                "" if one.default is None else f"`{one.default}`",
                one.help.get(self.language) or one.help.get("en", ""),
            )
            for name, one in self.spec.parameters.items()
        ]
        yield from self._grid((say("name"), say("default"), say("meaning")), rows)

    def _feeds(self, feeds: Iterable[tuple[str, Feed]]) -> Iterator[str]:
        yield f"## {self._said(say('What it feeds'))}"
        yield ""
        rows = []
        for name, feed in feeds:
            missing = ", ".join(f"`{one}`" for one in (feed.needs or (*feed.missing_tables, *feed.missing_columns)))
            rows.append((self._said(name), self._said(FED[feed.state]), missing))
        yield from self._grid((say("what"), say("fed"), say("what is missing")), rows)

    def _table(self, name: str, table: Table) -> Iterator[str]:
        yield f"## core.{name}"
        yield ""
        yield "- " + self._said(say("Key: {columns}.", columns=", ".join(f"`{column}`" for column in TABLES[name].key)))
        yield "- " + self._said(self._changes(table))
        if table.reread and table.cursor:
            yield "- " + self._said(
                say("Read again at every sync: the rows where `{condition}`.", condition=_one_line(table.reread))
            )
        if not self.spec.runs_in_warehouse:
            yield "- " + self._said(self._deletes(table))
        if table.optional:
            yield "- " + self._said(say("Left out where the database lacks one of its tables."))
        yield ""
        if table.from_ is not None:
            where = f"\nWHERE {table.where.strip()}" if table.where else ""
            yield from self._sql(f"FROM {table.from_.strip()}{where}")
            rows = [(f"`{column}`", self._kind(name, column), _cell(one)) for column, one in table.columns.items()]
            yield from self._grid((say("column"), say("type"), say("from")), rows)
        else:
            yield from self._sql(
                sqlglot.transpile(table.query or "", read=self.spec.dialect, write=self.spec.dialect, pretty=True)[0]
            )
        if table.extra:
            yield self._said(say("Columns of its own:"))
            yield ""
            own = [(f"`{column}`", one.type, _cell(one)) for column, one in table.extra.items()]
            yield from self._grid((say("column"), say("type"), say("from")), own)
        for column, code in table.maps.items():
            yield from self._map(column, code)

    def _changes(self, table: Table) -> Text:
        if self.spec.runs_in_warehouse:
            return say("Made in the warehouse from what the source sent.")
        if not table.cursor:
            return say("Changes: the whole table is read at every sync.")
        cursor, look_back = _one_line(table.cursor), table.look_back
        return say("Changes: rows whose `{cursor}` moved, looking back {span}.", cursor=cursor, span=look_back)

    def _deletes(self, table: Table) -> Text:
        if table.deletes == "none":
            return say("Rows are never deleted.")
        return say("Deleted rows are found by comparing the keys.")

    def _kind(self, table: str, column: str) -> str:
        return TABLES[table].types.get(column, "text")

    def _map(self, column: str, code: ValueMap) -> Iterator[str]:
        yield self._said(say("`{column}` by the code `{sql}`:", column=column, sql=_one_line(code.sql)))
        yield ""
        rows = [(f"`{value}`", "NULL" if word is None else f"`{word}`") for value, word in code.values.items()]
        rows.append((self._said(say("any other")), "NULL" if code.otherwise is None else f"`{code.otherwise}`"))
        yield from self._grid((say("code"), say("word")), rows)

    def _sql(self, text: str) -> Iterator[str]:
        yield from ("```sql", text, "```", "")

    def _grid(self, heads: Sequence[Text], rows: Iterable[Sequence[str]]) -> Iterator[str]:
        yield f"| {' | '.join(map(self._said, heads))} |"
        yield f"|{'|'.join('---' for _ in heads)}|"
        for row in rows:
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
        yield ""

    def _said(self, text: str) -> str:
        return in_language(text, self.language)


def _cell(one: Column) -> str:
    notes = [f"scale {one.scale}"] if one.scale is not None else []
    notes += [f"zone {one.zone}"] if one.zone else []
    noted = f" ({', '.join(notes)})" if notes else ""
    return f"`{_one_line(one.sql)}`{noted}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
