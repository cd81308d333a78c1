"""A spec's tables as SELECTs in the ERP's own dialect.

sqlglot reads every piece of SQL in a spec, in the dialect that the spec was written in, and writes it again in the
dialect of the database at hand. What is not a single SELECT cannot come out at the other end: there is no text that is
passed through. Parameters become literals, a table prefix becomes part of the names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

import sqlglot
from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError

from echannel_connectors.errors import SettingsError, SpecError, did_you_mean
from echannel_connectors.models.core import TABLES, CoreTable
from echannel_connectors.specs import Scalar, Spec, Table, ValueMap
from echannel_connectors.specs.pieces import Piece, pieces, start_of, where, why
from echannel_connectors.texts import say

CURSOR = "_cursor"
PERSONAL = "email"  # read as it is, and hashed before it is stored
COMPANY = {"currency": "EUR", "time_zone": "Europe/Paris"}  # what every spec may ask for, unless the company says else
NAME = re.compile(r"[\w $&()+,!#@=-]*")  # what a name may hold besides letters: Dynamics puts the company's into it
Node = TypeVar("Node", bound=exp.Expression)
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

FOLDING = ("postgres", "oracle", "firebird")  # to these, Orders is orders or ORDERS, and "Orders" another name
DIGITS = {"firebird": 18}  # the most that Firebird 3 has; others take 38

# A SELECT that holds one of these would write, lock, or leave SQL altogether.
FORBIDDEN = (
    exp.DML, exp.DDL, exp.Command, exp.Drop, exp.Alter, exp.Into, exp.Lock, exp.Set, exp.Use, exp.Pragma, exp.Copy,
    exp.Transaction, exp.Commit, exp.Rollback, exp.TruncateTable, exp.Attach, exp.Detach, exp.Merge,
)  # fmt: skip

FROM_PARTS = {"from", "from_", "joins", "laterals"}

# A column that says which day a row belongs to, where the spec names none.
DAYS = {
    "orders": "order_date",
    "refunds": "refund_date",
    "invoices": "invoice_date",
    "payments": "paid_at",
    "stock_moves": "moved_at",
    "purchase_lines": "ordered_at",
    "fx_rates": "date",
}


@dataclass(frozen=True, slots=True, eq=False)
class Select:
    """One core table as the ERP is asked for it."""

    table: CoreTable
    dialect: str
    columns: Mapping[str, exp.Expression]
    scales: Mapping[str, int]  # the decimals that a money column declares
    zones: Mapping[str, str]  # the time zone of a moment that is kept in local time
    relation: exp.Select  # FROM, joins and WHERE, without columns
    cursor: exp.Expression | None
    look_back: timedelta | int  # a number of changes where the cursor counts them
    reread: exp.Expression | None
    day: exp.Expression | None
    deletes: bool

    def rows(
        self,
        *,
        since: str | None = None,
        days: tuple[str | None, str | None] | None = None,
        pretty: bool = False,
    ) -> str:
        """The SELECT of all columns: what changed `since` a cursor or a range of business days, by (cursor, key); or
        everything, in any order, so that the database need not sort it."""
        shown = dict(self.columns)
        if self.cursor is not None:
            shown[CURSOR] = self.cursor
        query = self._select(shown)
        if since is not None and self.cursor is not None:
            query = self._changed(query, since)
        for bound, compare in zip(days or (), (exp.GTE, exp.LTE), strict=False):
            if bound is not None and self.day is not None:
                query = query.where(compare(this=_inner(self.day), expression=_day(bound, self.dialect)), copy=False)
        if since is None and days is None:
            return self._text(query, pretty=pretty)
        # The order is written as text: sqlglot would add what makes NULLs sort alike, which no index can serve.
        order = ([CURSOR] if self.cursor is not None else []) + list(self.table.key)
        names = (exp.to_identifier(name, quoted=True).sql(self.dialect) for name in order)
        return f"{self._text(query)} ORDER BY {', '.join(names)}"

    def some(self, names: Iterable[str], limit: int | None = None) -> str:
        """The SELECT of some of its columns, or of as many rows as a person wants to see, in no order."""
        query = self._select({name: self.columns[name] for name in names})
        return self._text(query if limit is None else query.limit(limit, copy=False))

    def of_keys(self, names: Iterable[str], key: str, keys: Iterable[str]) -> str:
        """The SELECT of some of its columns, of the rows with these values of a column."""
        values = [exp.Literal.string(value) for value in keys]
        query = self._select({name: self.columns[name] for name in names})
        return self._text(query.where(exp.In(this=_inner(self.columns[key]), expressions=values), copy=False))

    def keys(self) -> str:
        """The SELECT of the key columns alone."""
        return self._text(self._select({name: self.columns[name] for name in self.table.key}))

    def sign(self) -> str:
        """By what it is known whether rows that were read before would be read in the same way now."""
        read = repr((self.rows(), sorted(self.scales.items()), sorted(self.zones.items())))
        return hashlib.sha256(read.encode()).hexdigest()[:16]

    def nothing(self, since: str | None = None) -> str:
        """A SELECT of everything and no row: it fails where the database lacks something, or with `since` where it
        cannot read on from that cursor."""
        shown = {**self.columns, **{f"_{name}": one for name, one in self.conditions().items()}}
        query = self._select(shown)
        if since is not None:
            query = self._changed(query, since)
        return self._text(query.where(exp.EQ(this=_number(1), expression=_number(0)), copy=False))

    def nothing_of(self, value: exp.Expression) -> str:
        """The same of one value alone, to find the one for which it fails."""
        return self._text(self._select({"x": value}).where(exp.EQ(this=_number(1), expression=_number(0)), copy=False))

    def all_of(self, value: exp.Expression) -> str:
        """A SELECT that computes one value for every row, and counts them."""
        return self._text(self._select({"x": exp.Count(this=value.copy())}))

    def newest(self) -> str:
        """The SELECT of the largest cursor."""
        assert self.cursor is not None
        return self._text(self._select({CURSOR: exp.Max(this=self.cursor)}))

    def conditions(self) -> dict[str, exp.Expression]:
        """What is asked besides its columns, each as a value."""
        case = None if self.reread is None else exp.Case().when(self.reread.copy(), _number(1))
        is_own = not any(self.day is one for one in self.columns.values())
        found = {"cursor": self.cursor, "reread": case, "day": self.day if is_own else None}
        return {name: value for name, value in found.items() if value is not None}

    def reads(self) -> tuple[str, ...]:
        """The tables that are read, as the database has them: `schema.table`, or `table` where none is named."""
        found = {
            _said(table, self.dialect)
            for node in self._everything()
            for table in node.find_all(exp.Table)
            if isinstance(table.this, exp.Identifier) and not table.meta.get("is_cte")
        }
        return tuple(sorted(found))

    def _everything(self) -> Iterator[exp.Expression]:
        yield self.relation
        yield from self.columns.values()
        yield from (node for node in (self.cursor, self.reread, self.day) if node is not None)

    def _changed(self, query: exp.Select, since: str) -> exp.Select:
        """Only what the cursor shows to have changed since then, what has none, and what is always read again."""
        assert self.cursor is not None
        changed: list[exp.Expression] = [
            exp.GTE(this=_inner(self.cursor), expression=_moment(since, self.dialect)),
            exp.Is(this=_inner(self.cursor), expression=exp.null()),
        ]
        if self.reread is not None:
            changed.append(_inner(self.reread))
        return query.where(exp.or_(*changed), copy=False)

    def _select(self, shown: Mapping[str, exp.Expression]) -> exp.Select:
        query = self.relation.copy()
        query.set(
            "expressions",
            [exp.alias_(value.copy(), exp.to_identifier(name, quoted=True)) for name, value in shown.items()],
        )
        return query

    def _text(self, query: exp.Select, *, pretty: bool = False) -> str:
        level = sqlglot.ErrorLevel.RAISE
        try:
            return query.sql(self.dialect, identify="safe", unsupported_level=level, pretty=pretty)
        except SqlglotError as error:
            sentence = f"{self.table.name} cannot be said in {self.dialect}: {str(error).splitlines()[0]}"
            raise SpecError(sentence, hint="write it in words that both databases know, or in a 'query'") from error


def compile_spec(
    spec: Spec, parameters: Mapping[str, Scalar], dialect: str, present: Collection[str] | None = None
) -> dict[str, Select]:
    """Each table's SELECT in `dialect`. Raises SpecError for what is not a SELECT, SettingsError for parameters.

    `present` are the tables that the database has (`table` and `schema.table`); all that are named, where it is None.
    """
    if "firebird" in (spec.dialect, dialect):
        import echannel_connectors.specs.dialects  # noqa: F401 - makes it known to sqlglot

    reader = Reader(spec, values_of(spec, parameters), dialect, spec.views, present)
    selects = {}
    for name, table in spec.tables.items():
        select = reader.table(name, table)
        if not (table.optional and present is not None and any(one not in present for one in select.reads())):
            selects[name] = select
    return selects


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the SQL of one spec with one set of parameters."""

    spec: Spec
    values: Mapping[str, Scalar]
    dialect: str
    views: Mapping[str, str]
    present: Collection[str] | None = None
    filled_views: dict[str, exp.Query] = field(default_factory=dict)  # a view is read once, however many tables use it

    def table(self, name: str, table: Table) -> Select:
        """One core table. Raises SpecError with the place of what is wrong."""
        core = TABLES[name].with_extra({column: one.type for column, one in table.extra.items()})
        found = {piece.path[2:]: piece for piece in pieces(self.spec.connector, name, table)}
        read = {path: self.read(piece) for path, piece in found.items() if piece.kind == "expression"}
        if table.query is not None:
            relation, columns = self._of_query(found["query",], core)
        else:
            relation, columns = self._relation(found["from",], read.get(("where",))), {}
        columns |= self._key(core, table, read)
        columns |= {column: read["columns", column, "sql"] for column in table.columns}
        columns |= {column: self._case(read["maps", column, "sql"], one) for column, one in table.maps.items()}
        columns |= {column: read["extra", column, "sql"] for column in table.extra}
        written = {**table.columns, **table.extra}
        scales = {column: one.scale for column, one in written.items() if one.scale is not None}
        for column, scale in scales.items():
            columns[column] = _with_scale(columns[column], scale, self.dialect)
        self._whole(core, columns)
        return Select(
            table=core,
            dialect=self.dialect,
            columns=columns,
            scales=scales,
            zones={column: self._zone(name, column, one.zone) for column, one in written.items() if one.zone},
            relation=relation,
            cursor=read.get(("cursor",)),
            look_back=self._look_back(name, table.look_back),
            reread=read.get(("reread",)),
            day=read.get(("day",)) or columns.get(DAYS.get(name, "")),
            deletes=table.deletes == "sweep",
        )

    def read(self, piece: Piece) -> exp.Expression:
        """A piece with its parameters, tables and views filled in. Raises SpecError with the place of a mistake."""
        tree = self.filled(self.parsed(piece), piece)
        if piece.kind != "expression":
            return tree
        only = tree.expressions[0].this
        inside: exp.Expression = only.this if isinstance(only, exp.Paren) else only
        return inside

    def parsed(self, piece: Piece) -> exp.Expression:
        """A piece as it is written; text that would end its place and begin something else is refused."""
        try:
            text = piece.statement
            statements = sqlglot.parse(text, read=self.spec.dialect, error_message_context=len(text))
        except SqlglotError as error:
            raise self.wrong(piece, f"{piece.name} is not valid SQL: {why(error)}", at=where(error, piece)) from error
        only = statements[0] if len(statements) == 1 else None
        if not isinstance(only, exp.Expression):
            raise self.wrong(piece, f"{piece.name} must be one piece of SQL, not {len(statements)} statements")
        forbidden = next(only.find_all(*FORBIDDEN), None)
        if forbidden is not None:
            word = forbidden.key.upper().replace("COMMAND", str(forbidden.this).upper())
            raise self.wrong(piece, f"{piece.name} must only read: {word} is not allowed in a spec")
        if piece.kind == "query" and not isinstance(only, exp.Query):
            raise self.wrong(piece, f"{piece.name} must be a single SELECT")
        if piece.kind == "relation" and (not isinstance(only, exp.Select) or _parts(only) - FROM_PARTS):
            raise self.wrong(piece, f"{piece.name} must be tables and joins alone")
        if piece.kind == "expression" and not _is_expression(only):
            said = piece.text.strip()[:60]
            raise self.wrong(piece, f"{piece.name} must be a single SQL expression, which {said!r} is not")
        return only

    def filled(self, node: Node, piece: Piece) -> Node:
        """The same with literals in place of `:parameters`, and the names of tables as this installation has them."""
        root = exp.Paren(this=node)
        for placeholder in list(root.find_all(exp.Placeholder)):
            placeholder.replace(self._literal(self._value(placeholder.name, piece)))
        ctes = {cte.alias for cte in root.find_all(exp.CTE)}
        for table in list(root.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier) or table.args.get("db"):
                continue
            name, alias = table.name, table.alias or table.name
            if name in ctes:
                table.meta["is_cte"] = True
            elif name in self.views:
                table.replace(self._view(name).subquery(alias, copy=False))
            else:
                self._rename(table)
                if name in self.spec.instead and self._lacks(table):
                    table.replace(self._stand_in(name).subquery(alias, copy=False))
        return root.this  # type: ignore[no-any-return]  # the node that was put in

    def view(self, name: str) -> Piece:
        return Piece(self.spec.connector, ("views", name), self.spec.views[name], "query")

    def stand_in(self, name: str) -> Piece:
        return Piece(self.spec.connector, ("instead", name), self.spec.instead[name], "query")

    def before(self, view: str) -> Reader:
        """The reader of a view: it may use those that stand before it."""
        return replace(self, views=dict(list(self.views.items())[: list(self.views).index(view)]))

    def wrong(self, piece: Piece, sentence: str, hint: str = "", at: int | None = 0) -> SpecError:
        """The mistake in a piece; `at` is the character of its text, None the key before it."""
        return SpecError(sentence, hint=hint, place=self.spec.place_of(*piece.path, at=at))

    def _of_query(self, piece: Piece, core: CoreTable) -> tuple[exp.Select, dict[str, exp.Expression]]:
        """A whole SELECT stands as a table of its own; its columns are those of core that it names."""
        query = self._query(self, piece)
        known = {*core.types, PERSONAL}
        for one in query.selects:
            name = one.output_name
            if name and name not in known and not name.startswith("_"):
                sentence = f"core.{core.name} has no column {name!r}"
                raise self.wrong(piece, sentence, did_you_mean(name, known), piece.offset(start_of(one)))
        columns = {name: _of_q(name) for name in query.named_selects if name in known}
        return exp.select().from_(query.subquery("q", copy=False), copy=False), columns

    def _relation(self, piece: Piece, where: exp.Expression | None) -> exp.Select:
        query = self.read(piece)
        assert isinstance(query, exp.Select)  # `parsed` lets nothing else through
        return query if where is None else query.where(exp.paren(where), copy=False)

    def _key(
        self, core: CoreTable, table: Table, read: Mapping[tuple[str, ...], exp.Expression]
    ) -> dict[str, exp.Expression]:
        """`key` is short for the columns of core's key, in their order."""
        at = ("tables", core.name, "key")
        if table.key and len(table.key) != len(core.key):
            sentence = f"{self.spec.connector}.{core.name}.key gives {len(table.key)} of {len(core.key)} columns"
            raise SpecError(
                sentence, hint=f"its rows are told apart by {', '.join(core.key)}", place=self.spec.place_of(*at)
            )
        return {name: read["key", str(number)] for number, name in enumerate(core.key[: len(table.key)])}

    def _whole(self, core: CoreTable, columns: Mapping[str, exp.Expression]) -> None:
        missing = [name for name in core.key if name not in columns]
        if missing:
            sentence = f"{self.spec.connector}.{core.name} has no key: the column {missing[0]!r} is missing"
            hint = f"its rows are told apart by {', '.join(core.key)}"
            raise SpecError(sentence, hint=hint, place=self.spec.place_of("tables", core.name))

    def _zone(self, table: str, column: str, zone: str) -> str:
        piece = Piece(self.spec.connector, ("tables", table, "columns", column, "zone"), zone)
        return str(self._value(zone[1:], piece)) if zone.startswith(":") else zone

    def _look_back(self, table: str, text: str) -> timedelta | int:
        """`10 minutes`, `2 hours`, `1 day` as a span of time; `1000 changes`, for a cursor that counts, as a number."""
        match = re.fullmatch(r"(\d+) (second|minute|hour|day|change)s?", text.strip())
        if not match:
            piece = Piece(self.spec.connector, ("tables", table, "look_back"), text)
            hint = "write it as '10 minutes' or '1 day', or as '1000 changes' where the cursor is a number"
            raise self.wrong(piece, f"{piece.name}: {text!r} is not a time span", hint)
        count, unit = int(match[1]), match[2]
        return count if unit == "change" else timedelta(seconds=count * UNITS[unit])

    def _rename(self, table: exp.Table) -> None:
        prefix, suffix, schema = self._name("prefix"), self._name("suffix"), self._name("schema")
        if prefix + suffix and not table.alias:  # columns may be qualified by the table's bare name
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        quoted = table.this.quoted or None  # "Customer" is another table than customer
        table.set("this", exp.to_identifier(prefix + table.name + suffix, quoted=quoted))
        if schema:
            table.set("db", exp.to_identifier(schema.strip('"'), quoted='"' in schema or None))

    def _lacks(self, table: exp.Table) -> bool:
        return self.present is not None and _said(table, self.dialect) not in self.present

    def _view(self, name: str) -> exp.Query:
        """A SELECT that several tables share."""
        if name not in self.filled_views:
            self.filled_views[name] = self._query(self.before(name), self.view(name))
        return self.filled_views[name].copy()

    def _stand_in(self, name: str) -> exp.Query:
        """What stands for a table that this database does not have."""
        return self._query(replace(self, present=None, filled_views={}), self.stand_in(name))

    def _query(self, reader: Reader, piece: Piece) -> exp.Query:
        query = reader.read(piece)
        assert isinstance(query, exp.Query)  # `parsed` lets nothing else through
        return query

    def _value(self, name: str, piece: Piece) -> Scalar:
        if name not in self.values:
            found = re.search(rf"(?<![:\w]):{re.escape(name)}\b", piece.text)
            at = found.start() if found else 0
            hint = did_you_mean(name, self.values)
            raise self.wrong(piece, f"{piece.name} uses :{name}, which is no parameter", hint, at)
        return self.values[name]

    def _name(self, parameter: str) -> str:
        value = str(self.values.get(parameter, ""))
        bare = value[1:-1] if parameter == "schema" and re.fullmatch('".*"', value) else value
        if not NAME.fullmatch(bare):
            raise SettingsError(
                say(
                    "parameters.{name} may hold letters, digits, spaces and $&()+,!#@=-_ only, not {value!r}",
                    name=parameter,
                    value=value,
                )
            )
        return value

    def _case(self, code: exp.Expression, one: ValueMap) -> exp.Expression:
        """A code in the words of the model."""
        case = exp.Case()
        for value, word in one.values.items():
            is_code = exp.EQ(this=_inner(code), expression=self._literal(value))
            case = case.when(is_code, self._literal(word), copy=False)
        return case.else_(self._literal(one.otherwise), copy=False)

    def _literal(self, value: Scalar | None) -> exp.Expression:
        if value is None:
            return exp.null()
        if isinstance(value, bool):  # SQL Server has no truth values, only bits
            return _number(int(value)) if self.dialect == "tsql" else exp.Boolean(this=value)
        return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def values_of(spec: Spec, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The parameters as given, over the spec's defaults (of which `:currency` is the company's), over the company's."""
    known = {*spec.parameters, *COMPANY}
    for name in given:
        if name not in known:
            raise SettingsError(
                say("{connector} has no parameter {name!r}", connector=spec.connector, name=name),
                hint=did_you_mean(name, known),
            )
    values: dict[str, Scalar] = dict(COMPANY)
    for name, parameter in spec.parameters.items():
        if parameter.default is not None:
            values[name] = parameter.default
        elif name not in given:
            raise SettingsError(
                say("{connector} needs parameters.{name}", connector=spec.connector, name=name),
                hint=parameter.help.get("en", ""),
            )
    values |= given
    own = {f":{name}": values[name] for name in COMPANY}
    return {name: own.get(value, value) if isinstance(value, str) else value for name, value in values.items()}


def _with_scale(value: exp.Expression, scale: int, dialect: str) -> exp.Expression:
    """The value as an exact decimal before it leaves the database; SQLite has none, so there it leaves as text."""
    if dialect != "sqlite":
        return exp.cast(value, f"DECIMAL({DIGITS.get(dialect, 38)}, {scale})")
    text = exp.Anonymous(this="PRINTF", expressions=[exp.Literal.string(f"%.{scale}f"), value.copy()])
    return exp.Case().when(exp.Is(this=_inner(value), expression=exp.null()), exp.null()).else_(text)


def _is_expression(query: exp.Expression) -> bool:
    only = query.expressions[0].this if isinstance(query, exp.Select) and len(query.expressions) == 1 else None
    return isinstance(only, exp.Paren | exp.Subquery) and not only.this.is_star and not _parts(query)


def _said(table: exp.Table, dialect: str) -> str:
    """A table's name as the database keeps it, where the dialect folds names that stand without quotation marks."""
    parts = [part for part in (table.args.get("db"), table.this) if isinstance(part, exp.Identifier)]
    if dialect in FOLDING:
        parts = [Dialect.get_or_raise(dialect).normalize_identifier(part.copy()) for part in parts]
    return ".".join(part.name for part in parts)


def _parts(query: exp.Expression) -> set[str]:
    """The clauses that a parsed SELECT has besides its columns."""
    return {name for name, value in query.args.items() if value and name not in ("expressions", "kind")}


def _inner(node: exp.Expression) -> exp.Expression:
    return node.copy() if isinstance(node, exp.Column | exp.Literal) else exp.paren(node.copy())


def _of_q(name: str) -> exp.Expression:
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier("q"))


def _number(value: int) -> exp.Expression:
    return exp.Literal.number(value)


def _moment(text: str, dialect: str) -> exp.Expression:
    """A cursor's value as it came: a number, or a moment; SQLite compares moments as text."""
    if re.fullmatch(r"-?\d+", text):
        return exp.Literal.number(text)
    # Firebird takes no more than four digits of a second; to begin a little earlier is no harm.
    literal = exp.Literal.string(text[:24] if dialect == "firebird" else text)
    if dialect == "sqlite":
        return literal
    # SQL Server reads a DATETIME in the language of the login, a DATETIME2 as ISO has it.
    return exp.cast(literal, exp.DataType.build("DATETIME2(6)", dialect="tsql") if dialect == "tsql" else "DATETIME(6)")


def _day(text: str, dialect: str) -> exp.Expression:
    literal = exp.Literal.string(text)
    return literal if dialect == "sqlite" else exp.cast(literal, "DATE")
