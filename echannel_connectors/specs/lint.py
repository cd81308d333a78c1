"""`spec check` without a database: every mistake of a spec's file, each where it stands.

Money is held to a strict rule: a money, quantity or rate column declares its `scale`, unless its SQL is exact whatever
the database's columns are (a literal, a CAST to DECIMAL, a count). What a column really is, only a database can say.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlglot import Dialect, exp

from echannel_connectors.errors import SpecError, did_you_mean
from echannel_connectors.models.core import TABLES, WORDS
from echannel_connectors.specs import Scalar, Spec, Table, placed
from echannel_connectors.specs.columns import Trees, expressions, said
from echannel_connectors.specs.compile import COMPANY, Reader, values_of
from echannel_connectors.specs.exact import exact
from echannel_connectors.specs.parts import Understood, understood
from echannel_connectors.specs.pieces import Piece, pieces, start_of
from echannel_connectors.specs.places import parsed, rank
from echannel_connectors.specs.scopes import is_cte, unknown_names
from echannel_connectors.streams import Finding

FILL_ME = "FILL_ME"  # stands in a new spec for what its author knows
FILLED_IN = "is still to be filled in"
PLAIN = (exp.Column, exp.Identifier, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul)
DECIMALS = ("money", "quantity", "rate")
WHOLE = ("postgres", "tsql", "sqlite", "firebird")  # where 1234 / 100 is 12
NAMING = {"prefix", "suffix", "schema"}  # parameters that become part of the tables' names
IN_WAREHOUSE = {**COMPANY, "source": "shop", "language": "en"}  # what the SQL of an API source may ask for


@dataclass(frozen=True, slots=True)
class Checked:
    """A spec as far as it can be understood, and what was found, in the order of the file.

    `doubts` are the (table, column) pairs that are errors only because their SQL does not say that they are exact: a
    database can tell.
    """

    spec: Spec | None
    findings: tuple[Finding, ...]
    doubts: Mapping[tuple[str, str], Finding] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        return self.spec is not None and not any(finding.level == "error" for finding in self.findings)


def checked(path: Path) -> Checked:
    """All mistakes of a spec's file. Nothing is asked of a database."""
    try:
        places, data = parsed(path, SpecError)
    except SpecError as error:
        return Checked(None, (_of(error),))
    found = understood(data, places)
    repeated = [Finding("error", f"the key {key!r} stands here twice", place=place) for key, place in places.repeated()]
    findings = {*found.findings, *repeated}
    doubts: dict[tuple[str, str], Finding] = {}
    if found.spec is not None:
        findings |= set(_spec_findings(placed(found.spec, places), found, doubts))
        findings |= set(_file_name(found, path))
    in_order = sorted(findings, key=lambda finding: (rank(finding.place), finding.sentence))
    return Checked(found.spec, tuple(in_order), doubts)


def sample_values(spec: Spec, given: Mapping[str, Scalar] | None = None) -> dict[str, Scalar]:
    """The parameters as given or by default, and their own names otherwise: enough to write the SELECTs."""
    if spec.runs_in_warehouse:
        return dict(IN_WAREHOUSE)
    names: dict[str, Scalar] = {name: name for name, one in spec.parameters.items() if one.default is None}
    return values_of(spec, {**names, **(given or {})})


def _file_name(found: Understood, path: Path) -> Iterator[Finding]:
    if found.spec is not None and found.is_whole("connector") and found.spec.connector != path.stem:
        name = found.spec.connector
        sentence = f"the connector {name!r} is looked for in {name}.yaml, not in {path.name}"
        yield Finding("warning", sentence, place=found.spec.place_of("connector", at=0))


def _spec_findings(spec: Spec, found: Understood, doubts: dict[tuple[str, str], Finding]) -> Iterator[Finding]:
    if spec.dialect not in Dialect.classes:
        hint = did_you_mean(spec.dialect, [name for name in Dialect.classes if name])
        sentence = f"{spec.dialect!r} is not a dialect of SQL that is known"
        yield Finding("error", sentence, hint, spec.place_of("dialect", at=0))
        return
    lint = _Lint(spec, Reader(spec, sample_values(spec), spec.dialect, spec.views), doubts)
    yield from lint.views()
    for name, table in spec.tables.items():
        yield from lint.table(name, table, is_whole=found.is_whole("tables", name))
    yield from lint.parameters()
    yield from lint.words_for_people()


def _of(error: SpecError) -> Finding:
    return Finding(
        "error", error.sentence, error.hint, error.place if error.place.count(":") > 1 else f"{error.place}:1:1"
    )


@dataclass(frozen=True, slots=True)
class _Lint:
    spec: Spec
    reader: Reader
    doubts: dict[tuple[str, str], Finding]
    known: dict[Piece, exp.Expr | None] = field(default_factory=dict)  # pieces that were parsed already

    # -- SQL ----------------------------------------------------------------------------------------------------

    def views(self) -> Iterator[Finding]:
        trees = {}
        for name in self.spec.views:
            piece = self.reader.view(name)
            yield from self._read(piece)
            if (tree := self._tree(piece)) is not None:
                trees[name] = tree
                yield from self._names(piece, tree)
                yield from self._tables(piece, tree)
                yield from self._divisions(piece, tree)
                yield from self._order(name, piece, tree)
        for name in self.spec.instead:
            piece = self.reader.stand_in(name)
            yield from self._read(piece)
            if (tree := self._tree(piece)) is not None:
                yield from self._names(piece, tree)
        used = {found.name for tree in [*trees.values(), *self._trees()] for found in tree.find_all(exp.Table)}
        for kind, names, what in (
            ("views", self.spec.views, "no table uses the view"),
            ("instead", self.spec.instead, "nothing reads the table"),
        ):
            for name in names:
                if name not in used:
                    yield self._found("warning", f"{what} {name!r}", (kind, name))

    def table(self, name: str, table: Table, *, is_whole: bool) -> Iterator[Finding]:
        """What is wrong with one core table: its SQL first, then what it leaves out."""
        all_pieces = list(pieces(self.spec.connector, name, table))
        broken = [finding for piece in all_pieces for finding in self._read(piece)]
        yield from broken
        trees = {piece.path[2:]: (piece, tree) for piece in all_pieces if (tree := self._tree(piece)) is not None}
        sources = trees["from",][1] if ("from",) in trees else None
        for piece, tree in trees.values():
            yield from self._names(piece, tree, sources if piece.kind == "expression" else None)
            yield from self._tables(piece, tree)
            yield from self._to_fill_in(piece, tree)
            yield from self._divisions(piece, tree)
        yield from self._columns(name, table, trees)
        if not broken and is_whole:
            yield from self._compiled(name, table)
        yield from self._reading(name, table)

    def _compiled(self, name: str, table: Table) -> Iterator[Finding]:
        try:
            if not self.spec.runs_in_warehouse:
                self.reader.table(name, table)
        except SpecError as error:
            yield _of(error)

    def _read(self, piece: Piece) -> Iterator[Finding]:
        """What is wrong with a piece by itself; the views that it names are looked at once, as pieces of their own."""
        try:
            replace(self.reader, views={}).read(piece)
        except SpecError as error:
            yield _of(error)

    def _tree(self, piece: Piece) -> exp.Expr | None:
        """A piece as it is written, without its parameters and views filled in; None where it cannot be read."""
        if piece not in self.known:
            try:
                self.known[piece] = self.reader.parsed(piece)
            except SpecError:
                self.known[piece] = None
        return self.known[piece]

    def _trees(self) -> Iterator[exp.Expr]:
        for name, table in self.spec.tables.items():
            for piece in pieces(self.spec.connector, name, table):
                if (tree := self._tree(piece)) is not None:
                    yield tree

    def _names(self, piece: Piece, tree: exp.Expr, sources: exp.Expr | None = None) -> Iterator[Finding]:
        """Qualified columns whose table is not read there, or whose view has no such column."""
        if piece.kind == "expression" and sources is None:
            return  # the relation itself cannot be read
        views = {name: found for name in self.spec.views if (found := self._tree(self.reader.view(name))) is not None}
        for start, sentence, hint in unknown_names(tree, sources, views):
            yield Finding("error", f"{piece.name}: {sentence}", hint, self._place(piece, piece.offset(start)))

    def _tables(self, piece: Piece, tree: exp.Expr) -> Iterator[Finding]:
        """In the warehouse, SQL can only read what the spec asks of its source."""
        if not self.spec.runs_in_warehouse:
            return
        known = {*self.spec.views, *self.spec.reads}
        ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if isinstance(table.this, exp.Identifier) and table.name not in known | ctes:
                at = piece.offset(int(table.this.meta.get("start", 0)))
                hint = did_you_mean(table.name, known)
                yield Finding("error", f"{piece.name}: nothing is named {table.name!r}", hint, self._place(piece, at))

    def _order(self, view: str, piece: Piece, tree: exp.Expr) -> Iterator[Finding]:
        """A view that names one that stands after it would read a table of the ERP by that name."""
        order = list(self.spec.views)
        for table in tree.find_all(exp.Table):
            is_later = table.name in order and order.index(table.name) >= order.index(view)
            if is_later and not self.spec.runs_in_warehouse and not is_cte(table) and not table.args.get("db"):
                at = piece.offset(int(table.this.meta.get("start", 0)))
                sentence = f"{piece.name} may only use views that stand before it, not {table.name!r}"
                yield Finding("error", sentence, place=self._place(piece, at))

    def _divisions(self, piece: Piece, tree: exp.Expr) -> Iterator[Finding]:
        """What is divided by a whole number loses its decimals where it is a whole number itself."""
        for node in tree.find_all(exp.Div) if self.spec.dialect in WHOLE else ():
            by, value = node.expression, node.this
            is_whole = isinstance(by, exp.Literal) and by.is_int and int(by.name) > 1
            if is_whole and all(
                isinstance(one, PLAIN) or (isinstance(one, exp.Literal) and one.is_int) for one in value.walk()
            ):
                sentence = (
                    f"{piece.name}: {node.sql(self.spec.dialect)} drops the decimals if that column holds whole numbers"
                )
                hint = f"divide by {by.name}.0, or multiply"
                yield Finding("warning", sentence, hint, self._place(piece, piece.offset(start_of(node))))

    def _to_fill_in(self, piece: Piece, tree: exp.Expr) -> Iterator[Finding]:
        if any(found.name == FILL_ME for found in tree.find_all(exp.Identifier)):
            at = piece.text.index(FILL_ME)
            yield Finding("warning", f"{piece.name} {FILLED_IN}", place=self._place(piece, at))

    # -- columns ------------------------------------------------------------------------------------------------

    def _columns(self, name: str, table: Table, trees: Trees) -> Iterator[Finding]:
        core = TABLES[name].with_extra({column: own.type for column, own in table.extra.items()})
        written = {**table.columns, **table.extra}
        for column, (piece, nodes) in expressions(table, trees).items():
            word = core.types.get(column)
            declared = written.get(column)
            if word in DECIMALS and not self.spec.runs_in_warehouse and (declared is None or declared.scale is None):
                yield from self._exactness(piece, (name, column), nodes, is_query=piece.kind == "query")
            if column not in table.maps:
                yield from self._words(name, column, piece, nodes)
        for column, one in written.items():
            path = ("tables", name, "extra" if column in table.extra else "columns", column)
            if one.scale is not None and core.types.get(column) not in DECIMALS:
                sentence = f"{name}.{column} is no number with decimals: its 'scale' says nothing"
                yield self._found("error", sentence, (*path, "scale"))
            if one.zone is not None:
                yield from self._zone(f"{name}.{column}", core.types.get(column), one.zone, (*path, "zone"))
        for column, code in table.maps.items():
            yield from self._map(name, column, code.values, code.otherwise)
            if "otherwise" not in code.model_fields_set:
                sentence = f"{name}.{column}: a code that is not listed becomes NULL"
                hint = "say what it is by 'otherwise', even if that is null"
                yield self._found("warning", sentence, ("tables", name, "maps", column), hint)

    def _exactness(
        self, piece: Piece, at: tuple[str, str], nodes: Iterable[exp.Expr], *, is_query: bool
    ) -> Iterator[Finding]:
        known = [exact(node) for node in nodes]
        if all(known):
            return
        column = at[1]
        why = "is a floating-point number" if False in known else "is not known to be exact"
        remedy = f"CAST(… AS DECIMAL(38, 6)) AS {column}" if is_query else f"{column}: {{sql: …, scale: 6}}"
        place = self._place(piece, max(piece.text.find(column), 0) if is_query else 0)
        name = f"{piece.name}.{column}" if is_query else piece.name
        finding = Finding("error", f"{name} {why}", f"declare its decimals: {remedy}", place)
        if False not in known:
            self.doubts[at] = finding
        yield finding

    def _words(self, table: str, column: str, piece: Piece, nodes: Iterable[exp.Expr]) -> Iterator[Finding]:
        known = WORDS.get((table, column), ())
        for word in {word for node in nodes for word in said(node)} if known else ():
            if word not in known:
                sentence = f"{table}.{column} has no word {word!r}"
                at = max(piece.text.find(f"'{word}'"), 0)
                yield Finding("error", sentence, did_you_mean(word, known), self._place(piece, at))

    def _map(
        self, table: str, column: str, values: Mapping[Scalar, Scalar | None], otherwise: Scalar | None
    ) -> Iterator[Finding]:
        known = WORDS.get((table, column))
        at = ("tables", table, "maps", column)
        for word, path in [
            *((word, ("values", str(code))) for code, word in values.items()),
            (otherwise, ("otherwise",)),
        ]:
            place = self.spec.place_of(*at, *path, at=0)
            if isinstance(word, bool) and TABLES[table].types.get(column) == "text":
                hint = "put it between quotes: without them YAML reads yes, no, on and off as true and false"
                yield Finding("error", f"{table}.{column} is text, and {word} is a truth value", hint, place)
            elif known and word is not None and word not in known:
                yield Finding("error", f"{table}.{column} has no word {word!r}", did_you_mean(str(word), known), place)

    def _zone(self, column: str, word: str | None, zone: str, path: tuple[str, ...]) -> Iterator[Finding]:
        place = self.spec.place_of(*path, at=0)
        if word != "moment":
            yield Finding("error", f"{column} is no moment: its 'zone' says nothing", place=place)
        if zone.startswith(":"):
            if zone[1:] not in self.reader.values:
                hint = did_you_mean(zone[1:], self.reader.values)
                yield Finding("error", f"{column} uses {zone}, which is no parameter", hint, place)
                return
            parameter = self.spec.parameters.get(zone[1:])
            zone = str(self.reader.values[zone[1:]]) if parameter is None or parameter.default is not None else "UTC"
        if zone not in zoneinfo.available_timezones():
            yield Finding(
                "error", f"{zone!r} is no time zone", did_you_mean(zone, zoneinfo.available_timezones()), place
            )

    # -- what is left out ---------------------------------------------------------------------------------------

    def _reading(self, name: str, table: Table) -> Iterator[Finding]:
        if self.spec.runs_in_warehouse:
            return
        for word in ("reread", "look_back"):
            if word in table.model_fields_set and not table.cursor:
                hint = "it is read whole at every sync"
                yield self._found(
                    "warning", f"{name} has no cursor: its {word!r} says nothing", ("tables", name, word), hint
                )
        if name in ("order_lines", "invoice_lines") and table.cursor and not table.day:
            sentence = f"{name} has no 'day': a range of days that is read again leaves it out"
            yield self._found("warning", sentence, ("tables", name), "give the day of its header")

    def parameters(self) -> Iterator[Finding]:
        """Parameters that nothing uses."""
        texts = [piece.text for name, table in self.spec.tables.items() for piece in pieces("", name, table)]
        tables = self.spec.tables.values()
        zones = [one.zone or "" for table in tables for one in (*table.columns.values(), *table.extra.values())]
        said = "\n".join([*texts, *zones, *self.spec.views.values(), *self.spec.instead.values()])
        for name in self.spec.parameters:
            if name not in NAMING and f":{name}" not in said:
                yield self._found("warning", f"nothing uses the parameter {name!r}", ("parameters", name))

    def words_for_people(self) -> Iterator[Finding]:
        """Titles and help are read by small companies, in both languages."""
        texts: dict[tuple[str, ...], dict[str, str]] = {("title",): self.spec.title}
        texts |= {("parameters", name): one.help for name, one in self.spec.parameters.items()}
        for path, words in texts.items():
            missing = [language for language in ("en", "fr") if not words.get(language)]
            if missing:
                what = "title" if path == ("title",) else f"parameters.{path[-1]}.help"
                yield self._found("warning", f"{what} is not said in {' and '.join(missing)}", path)

    # -- places -------------------------------------------------------------------------------------------------

    def _place(self, piece: Piece, at: int) -> str:
        return self.spec.place_of(*piece.path, at=at)

    def _found(self, level: str, sentence: str, path: Iterable[str], hint: str = "") -> Finding:
        return Finding(level, sentence, hint, self.spec.place_of(*path))  # type: ignore[arg-type]  # a level
