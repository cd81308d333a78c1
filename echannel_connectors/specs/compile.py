"""A spec's tables as SELECTs in the ERP's own dialect.

sqlglot reads every piece of SQL in a spec, in the dialect that the spec was written in, and writes it again in the
dialect of the database at hand. What is not a single SELECT cannot come out at the other end: there is no text that is
passed through. Parameters become literals, a table prefix becomes part of the names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from echannel_connectors.errors import SettingsError, SpecError, did_you_mean
from echannel_connectors.models.core import TABLES, CoreTable
from echannel_connectors.specs import Column, Scalar, Spec, Table, ValueMap
from echannel_connectors.texts import say

CURSOR = "_cursor"
PERSONAL = "email"  # read as it is, and hashed before it is stored
COMPANY = {"currency": "EUR", "time_zone": "Europe/Paris"}  # what every spec may ask for, unless the company says else
NAME = re.compile(r"[\w $&()+,!#@=-]*")  # what a name may hold besides letters: Dynamics puts the company's into it
Node = TypeVar("Node", bound=exp.Expression)
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}

# A SELECT that holds one of these would write, lock, or leave SQL altogether.
FORBIDDEN = (
    exp.DML, exp.DDL, exp.Command, exp.Drop, exp.Alter, exp.Into, exp.Lock, exp.Set, exp.Use, exp.Pragma, exp.Copy,
    exp.Transaction, exp.Commit, exp.Rollback, exp.TruncateTable, exp.Attach, exp.Detach, exp.Merge,
)  # fmt: skip

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

    def rows(self, *, since: str | None = None, days: tuple[str | None, str | None] | None = None) -> str:
        """The SELECT of all columns: what changed `since` a cursor or a range of business days, by (cursor, key); or
        everything, in any order, so that the database need not sort it."""
        shown = dict(self.columns)
        if self.cursor is not None:
            shown[CURSOR] = self.cursor
        query = self._select(shown)
        if since is not None and self.cursor is not None:
            changed: list[exp.Expression] = [
                exp.GTE(this=_inner(self.cursor), expression=_moment(since, self.dialect)),
                exp.Is(this=_inner(self.cursor), expression=exp.null()),
            ]
            if self.reread is not None:
                changed.append(_inner(self.reread))
            query = query.where(exp.or_(*changed), copy=False)
        for bound, compare in zip(days or (), (exp.GTE, exp.LTE), strict=False):
            if bound is not None and self.day is not None:
                query = query.where(compare(this=_inner(self.day), expression=_day(bound, self.dialect)), copy=False)
        if since is None and days is None:
            return self._text(query)
        # The order is written as text: sqlglot would add what makes NULLs sort alike, which no index can serve.
        order = ([CURSOR] if self.cursor is not None else []) + list(self.table.key)
        names = (exp.to_identifier(name, quoted=True).sql(self.dialect) for name in order)
        return f"{self._text(query)} ORDER BY {', '.join(names)}"

    def keys(self) -> str:
        """The SELECT of the key columns alone."""
        return self._text(self._select({name: self.columns[name] for name in self.table.key}))

    def nothing(self) -> str:
        """A SELECT of every column and no row: it fails where the database lacks something."""
        shown = {**self.columns, **({CURSOR: self.cursor} if self.cursor is not None else {})}
        return self._text(self._select(shown).where(exp.EQ(this=_number(1), expression=_number(0)), copy=False))

    def reads(self) -> tuple[str, ...]:
        """The tables that are read, as the database has them: `schema.table`, or `table` where none is named."""
        found = {
            _said(table)
            for node in self._everything()
            for table in node.find_all(exp.Table)
            if isinstance(table.this, exp.Identifier) and not table.meta.get("is_cte")
        }
        return tuple(sorted(found))

    def _everything(self) -> Iterator[exp.Expression]:
        yield self.relation
        yield from self.columns.values()
        yield from (node for node in (self.cursor, self.reread, self.day) if node is not None)

    def _select(self, shown: Mapping[str, exp.Expression]) -> exp.Select:
        query = self.relation.copy()
        query.set(
            "expressions",
            [exp.alias_(value.copy(), exp.to_identifier(name, quoted=True)) for name, value in shown.items()],
        )
        return query

    def _text(self, query: exp.Select) -> str:
        try:
            return query.sql(self.dialect, identify="safe", unsupported_level=sqlglot.ErrorLevel.RAISE)
        except SqlglotError as error:
            sentence = f"{self.table.name} cannot be said in {self.dialect}: {str(error).splitlines()[0]}"
            raise SpecError(sentence, hint="write it in words that both databases know, or in a 'query'") from error


def compile_spec(
    spec: Spec, parameters: Mapping[str, Scalar], dialect: str, present: Collection[str] | None = None
) -> dict[str, Select]:
    """Each table's SELECT in `dialect`. Raises SpecError for what is not a SELECT, SettingsError for parameters.

    `present` are the tables that the database has (`table` and `schema.table`); all that are named, where it is None.
    """
    reader = _Reader(spec, _values(spec, parameters), dialect, spec.views, present)
    selects = {}
    for name, table in spec.tables.items():
        try:
            select = reader.table(TABLES[name], table)
        except SpecError as error:
            error.place = error.place or spec.place_of("tables", name)
            raise
        if not (table.optional and present is not None and any(one not in present for one in select.reads())):
            selects[name] = select
    return selects


def look_back_of(text: str, where: str) -> timedelta | int:
    """`10 minutes`, `2 hours`, `1 day` as a time span; `1000 changes`, for a cursor that counts them, as a number."""
    match = re.fullmatch(r"(\d+) (second|minute|hour|day|change)s?", text.strip())
    if not match:
        raise SpecError(
            f"{where}: {text!r} is not a time span",
            hint="write it as '10 minutes' or '1 day', or as '1000 changes' where the cursor is a number",
        )
    count, unit = int(match[1]), match[2]
    return count if unit == "change" else timedelta(seconds=count * UNITS[unit])


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the SQL of one spec with one set of parameters."""

    spec: Spec
    values: Mapping[str, Scalar]
    dialect: str
    views: Mapping[str, str]
    present: Collection[str] | None

    def table(self, core: CoreTable, table: Table) -> Select:
        where = f"{self.spec.connector}.{core.name}"
        if table.query is not None:
            relation, columns = self._of_query(table.query, core, where)
        else:
            relation = self._relation(table, where)
            columns = {name: self._expression(one.sql, f"{where}.{name}") for name, one in table.columns.items()}
            columns |= {name: self._map(one, f"{where}.{name}") for name, one in table.maps.items()}
        missing = [name for name in core.key if name not in columns]
        if missing:
            sentence = f"{where} has no key: the column {missing[0]!r} is missing"
            raise SpecError(sentence, hint=f"its rows are told apart by {', '.join(core.key)}")
        scales = {name: one.scale for name, one in table.columns.items() if one.scale is not None}
        for name, scale in scales.items():
            columns[name] = _with_scale(columns[name], scale, self.dialect)
        day = table.day or None
        return Select(
            table=core,
            dialect=self.dialect,
            columns=columns,
            scales=scales,
            zones={name: self._zone(one, f"{where}.{name}") for name, one in table.columns.items() if one.zone},
            relation=relation,
            cursor=self._expression(table.cursor, f"{where}.cursor") if table.cursor else None,
            look_back=look_back_of(table.look_back, f"{where}.look_back"),
            reread=self._expression(table.reread, f"{where}.reread") if table.reread else None,
            day=self._expression(day, f"{where}.day") if day else columns.get(DAYS.get(core.name, "")),
            deletes=table.deletes == "sweep",
        )

    def _of_query(self, text: str, core: CoreTable, where: str) -> tuple[exp.Select, dict[str, exp.Expression]]:
        """A whole SELECT stands as a table of its own; its columns are those of core that it names."""
        query = self._whole(text, where)
        known = {*core.types, PERSONAL}
        for name in query.named_selects:
            if name not in known and not name.startswith("_"):
                raise SpecError(f"core.{core.name} has no column {name!r}", hint=did_you_mean(name, known))
        columns = {name: _of_q(name) for name in query.named_selects if name in known}
        return exp.select().from_(query.subquery("q"), copy=False), columns

    def _relation(self, table: Table, where: str) -> exp.Select:
        query = self._parsed(f"SELECT 1 FROM {table.from_}", f"{where}.from")
        if not isinstance(query, exp.Select) or _parts(query) - {"from", "from_", "joins", "laterals"}:
            raise SpecError(f"{where}.from must be tables and joins alone")
        query = self._filled(query, f"{where}.from")
        if table.where:
            query = query.where(exp.paren(self._expression(table.where, f"{where}.where")), copy=False)
        return query

    def _expression(self, text: str, where: str) -> exp.Expression:
        """One SQL expression; text that would end it and begin something else is refused."""
        query = self._parsed(f"SELECT (\n{text}\n) AS x", where)
        only = query.expressions[0].this if isinstance(query, exp.Select) and len(query.expressions) == 1 else None
        if not isinstance(only, exp.Paren | exp.Subquery) or _parts(query):
            raise SpecError(f"{where} must be a single SQL expression, which {text.strip()[:60]!r} is not")
        found = self._filled(only, where)
        inside: exp.Expression = found.this if isinstance(found, exp.Paren) else found
        return inside

    def _map(self, one: ValueMap, where: str) -> exp.Expression:
        code = self._expression(one.sql, where)
        case = exp.Case()
        for value, word in one.values.items():
            is_code = exp.EQ(this=_inner(code), expression=self._literal(value))
            case = case.when(is_code, self._literal(word), copy=False)
        return case.else_(self._literal(one.otherwise), copy=False)

    def _zone(self, one: Column, where: str) -> str:
        zone = one.zone or ""
        return str(self._value(zone[1:], where)) if zone.startswith(":") else zone

    def _parsed(self, text: str, where: str) -> exp.Expression:
        try:
            statements = sqlglot.parse(text, read=self.spec.dialect)
        except SqlglotError as error:
            raise SpecError(f"{where} is not valid SQL: {_why(error)}") from error
        only = statements[0] if len(statements) == 1 else None
        if not isinstance(only, exp.Expression):
            raise SpecError(f"{where} must be one piece of SQL, not {len(statements)} statements")
        forbidden = next(only.find_all(*FORBIDDEN), None)
        if forbidden is not None:
            word = forbidden.key.upper().replace("COMMAND", str(forbidden.this).upper())
            raise SpecError(f"{where} must only read: {word} is not allowed in a spec")
        return only

    def _filled(self, node: Node, where: str) -> Node:
        """The same with literals in place of `:parameters`, and the names of tables as this installation has them."""
        root = exp.Paren(this=node)
        for placeholder in list(root.find_all(exp.Placeholder)):
            placeholder.replace(self._literal(self._value(placeholder.name, where)))
        ctes = {cte.alias for cte in root.find_all(exp.CTE)}
        for table in list(root.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier) or table.args.get("db"):
                continue
            name, alias = table.name, table.alias or table.name
            if name in ctes:
                table.meta["is_cte"] = True
            elif name in self.views:
                table.replace(self._view(name).subquery(alias))
            else:
                self._rename(table)
                if name in self.spec.instead and self.present is not None and _said(table) not in self.present:
                    table.replace(self._stand_in(name).subquery(alias))
        return root.this  # type: ignore[no-any-return]  # the node that was put in

    def _rename(self, table: exp.Table) -> None:
        prefix, suffix, schema = self._name("prefix"), self._name("suffix"), self._name("schema")
        if prefix + suffix and not table.alias:  # columns may be qualified by the table's bare name
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(prefix + table.name + suffix))
        if schema:
            table.set("db", exp.to_identifier(schema))

    def _view(self, name: str) -> exp.Query:
        """A SELECT that several tables share; it may use those that stand before it."""
        earlier = dict(list(self.views.items())[: list(self.views).index(name)])
        return replace(self, views=earlier)._whole(self.views[name], f"{self.spec.connector}.views.{name}")

    def _stand_in(self, name: str) -> exp.Query:
        """What stands for a table that this database does not have."""
        return replace(self, present=None)._whole(self.spec.instead[name], f"{self.spec.connector}.instead.{name}")

    def _whole(self, text: str, where: str) -> exp.Query:
        query = self._parsed(text, where)
        if not isinstance(query, exp.Query):
            raise SpecError(f"{where} must be a single SELECT")
        return self._filled(query, where)

    def _value(self, name: str, where: str) -> Scalar:
        if name not in self.values:
            raise SpecError(f"{where} uses :{name}, which is no parameter", hint=did_you_mean(name, self.values))
        return self.values[name]

    def _name(self, parameter: str) -> str:
        value = str(self.values.get(parameter, ""))
        if not NAME.fullmatch(value):
            raise SettingsError(
                say(
                    "parameters.{name} may hold letters, digits, spaces and $&()+,!#@=-_ only, not {value!r}",
                    name=parameter,
                    value=value,
                )
            )
        return value

    def _literal(self, value: Scalar | None) -> exp.Expression:
        if value is None:
            return exp.null()
        if isinstance(value, bool):  # SQL Server has no truth values, only bits
            return _number(int(value)) if self.dialect == "tsql" else exp.Boolean(this=value)
        return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def _values(spec: Spec, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The parameters as given, over the spec's defaults, over the company's."""
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
    return {**values, **given}


def _with_scale(value: exp.Expression, scale: int, dialect: str) -> exp.Expression:
    """The value as an exact decimal before it leaves the database; SQLite has none, so there it leaves as text."""
    if dialect != "sqlite":
        return exp.cast(value, f"DECIMAL(38, {scale})")
    text = exp.Anonymous(this="PRINTF", expressions=[exp.Literal.string(f"%.{scale}f"), value.copy()])
    return exp.Case().when(exp.Is(this=_inner(value), expression=exp.null()), exp.null()).else_(text)


def _said(table: exp.Table) -> str:
    return ".".join(part for part in (table.db, table.name) if part)


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
    literal = exp.Literal.string(text)
    if dialect == "sqlite":
        return literal
    # SQL Server reads a DATETIME in the language of the login, a DATETIME2 as ISO has it.
    return exp.cast(literal, exp.DataType.build("DATETIME2(6)", dialect="tsql") if dialect == "tsql" else "DATETIME(6)")


def _day(text: str, dialect: str) -> exp.Expression:
    literal = exp.Literal.string(text)
    return literal if dialect == "sqlite" else exp.cast(literal, "DATE")


def _why(error: SqlglotError) -> str:
    """sqlglot's reason without its drawing of the place."""
    if isinstance(error, ParseError) and error.errors:
        first = error.errors[0]
        return f"{first['description']} near {first['highlight']!r}"
    return str(error).splitlines()[0]
