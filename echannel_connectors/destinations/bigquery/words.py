"""DuckDB's SQL in BigQuery's words: where things are, what types are called, and what means something else there.

The library's SQL is written once, for DuckDB. sqlglot translates the grammar; each rewrite below has the name of a
difference in meaning that a grammar does not show, and a test that compares the two. `INSIDE` is done to the tree
before it is written, `Written` while it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery as Dialect
from sqlglot.generators.bigquery import BigQueryGenerator

Rewrite = Callable[[exp.Expr], None]
BOOKS = "echannel_"  # the library's own tables lie beside the raw ones


@dataclass(frozen=True, slots=True)
class Names:
    """Where a company's tables are: the library's four schemas in three datasets of a project."""

    project: str
    dataset: str

    def dataset_of(self, schema: str) -> str:
        return {"mart": self.dataset, "core": f"{self.dataset}_core"}.get(schema, f"{self.dataset}_raw")

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(self.dataset_of(schema) for schema in ("raw", "core", "mart"))

    def table_id(self, schema: str, name: str) -> str:
        """The table as the API names it."""
        return f"{self.project}.{self.dataset_of(schema)}.{BOOKS if schema == 'echannel' else ''}{name}"

    def table(self, schema: str, name: str) -> exp.Table:
        parts = [exp.to_identifier(part, quoted=True) for part in self.table_id(schema, name).split(".")]
        return exp.Table(this=parts[2], db=parts[1], catalog=parts[0])


def translated(sql: str, names: Names) -> str:
    """One statement for BigQuery. `$name` becomes `@name`."""
    return written(sqlglot.parse_one(sql, read="duckdb"), names)


def written(tree: exp.Expr, names: Names) -> str:
    """A parsed statement, which this changes, as BigQuery's text."""
    for rewrite in INSIDE:
        rewrite(tree)
    _place(tree, names)
    return tree.sql(Written)


def _place(tree: exp.Expr, names: Names) -> None:
    """Each table where it is."""
    for table in tree.find_all(exp.Table):
        if table.db and not table.args.get("catalog"):
            found = names.table(table.db, table.name)
            for part in ("this", "db", "catalog"):
                table.set(part, found.args.get(part))


def as_is(text: str) -> exp.Expr:
    """A condition in BigQuery's own words, which nothing translates any more."""
    return exp.Var(this=text)


# -- what means something else --------------------------------------------------------------------------------------


def a_condition_without_a_table(tree: exp.Expr) -> None:
    """`SELECT … WHERE …` needs something to select from."""
    for select in tree.find_all(exp.Select):
        if select.args.get("where") and not select.args.get("from_") and not select.args.get("from"):
            select.from_("UNNEST([1]) AS one", dialect="bigquery", copy=False)


def qualify_beside_a_condition(tree: exp.Expr) -> None:
    """QUALIFY stands only beside WHERE, GROUP BY or HAVING."""
    for select in tree.find_all(exp.Select):
        if select.args.get("qualify") and not any(select.args.get(part) for part in ("where", "group", "having")):
            select.where(exp.true(), copy=False)


def ordered_by_all(tree: exp.Expr) -> None:
    """ORDER BY ALL, column by column."""
    for order in list(tree.find_all(exp.Order)):
        only = order.expressions[0] if len(order.expressions) == 1 else None
        if only is not None and only.this.sql().upper() == "ALL" and isinstance(order.parent, exp.Query):
            columns = [exp.Ordered(this=exp.column(name)) for name in order.parent.named_selects]
            order.set("expressions", columns)


def unnested_beside_the_table(tree: exp.Expr) -> None:
    """`SELECT unnest(list) AS item FROM t`: the list is joined to its row; a row without one is left out by both."""
    for select in list(tree.find_all(exp.Select)):
        for n, projected in enumerate(select.expressions):
            inner = projected.unalias()
            if isinstance(inner, exp.Explode | exp.Unnest):
                name = projected.alias or f"item_{n}"
                source = inner.this if isinstance(inner, exp.Explode) else inner.expressions[0]
                unnest = exp.Unnest(
                    expressions=[source.copy()], alias=exp.TableAlias(columns=[exp.to_identifier(name)])
                )
                select.expressions[n].replace(exp.column(name))
                if (from_ := select.args.get("from_")) is not None:
                    _qualify(select, from_.this, name)
                    select.join(unnest, join_type="cross", copy=False)
                else:
                    select.set("from_", exp.From(this=unnest))


def _qualify(select: exp.Select, table: exp.Expr, but: str) -> None:
    """The columns of a SELECT from one table with its name before them: a list's records have names as well."""
    if isinstance(table, exp.Table) and not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
    for column in select.find_all(exp.Column):
        if not column.table and column.name != but and column.find_ancestor(exp.Select) is select:
            column.set("table", exp.to_identifier(table.alias_or_name))


def laterals_of_one_row(tree: exp.Expr) -> None:
    """`CROSS JOIN LATERAL (SELECT t.item) AS d` only gives a column another name: it is used by its own."""
    for join in list(tree.find_all(exp.Join)):
        lateral = join.this
        if not isinstance(lateral, exp.Lateral) or not isinstance(lateral.this, exp.Subquery):
            continue
        inner, alias, select = lateral.this.this, lateral.alias, join.parent
        if inner.args.get("from_") or not isinstance(select, exp.Select):
            continue
        columns = {one.alias_or_name: one.unalias() for one in inner.expressions}
        for name in list(select.find_all(exp.Dot, exp.Column)):
            parts = name.parts if isinstance(name, exp.Dot | exp.Column) else []
            if parts[0].name == alias and len(parts) > 1 and parts[1].name in columns:
                found = columns[parts[1].name].copy()
                rest = [part.copy() for part in parts[2:]]
                name.replace(exp.Dot.build([found, *rest]) if rest else found)
        join.pop()


def grouped_by_a_name_selected_twice(tree: exp.Expr) -> None:
    """GROUP BY of such a name is ambiguous to BigQuery: the table's own column is meant."""
    for select in tree.find_all(exp.Select):
        group, from_ = select.args.get("group"), select.args.get("from_")
        if group is None or from_ is None or not from_.this.alias_or_name:
            continue
        names = [one.alias_or_name for one in select.expressions]
        for column in group.expressions:
            if isinstance(column, exp.Column) and not column.table and names.count(column.name) > 1:
                column.set("table", exp.to_identifier(from_.this.alias_or_name))


def zones_of_columns(tree: exp.Expr) -> None:
    """Only raw tables hold local times: where others are read, a column that timezone() is given is a moment."""
    target = tree.this if isinstance(tree, exp.Create) else None
    read = {table.db for table in tree.find_all(exp.Table) if table is not target}
    if "raw" in read or not read & {"core", "mart", "echannel"}:
        return
    for call in tree.find_all(exp.Anonymous):
        if call.name.lower() == "timezone":
            for column in call.expressions[1].find_all(exp.Column):
                column.meta["moment"] = True


INSIDE: tuple[Rewrite, ...] = (
    zones_of_columns,
    grouped_by_a_name_selected_twice,
    a_condition_without_a_table,
    qualify_beside_a_condition,
    ordered_by_all,
    unnested_beside_the_table,
    laterals_of_one_row,
)


# -- what is written in other words ---------------------------------------------------------------------------------


def is_moment(at: exp.Expr) -> bool:
    """Whether this is a moment, not a local time: what timezone() makes of a local time, or the clock says."""
    if isinstance(at, exp.Anonymous) and at.name.lower() == "timezone":
        return not is_moment(at.expressions[1])
    if isinstance(at, exp.CurrentTimestamp) or (isinstance(at, exp.Anonymous) and at.name.lower() == "now"):
        return True
    if isinstance(at, exp.Column):
        return bool(at.meta.get("moment"))
    if isinstance(at, exp.Cast):
        return bool(at.to.this == exp.DataType.Type.TIMESTAMPTZ)
    if isinstance(at, exp.Case):
        return any(is_moment(one.args["true"]) for one in at.args["ifs"])
    if isinstance(at, exp.Coalesce):
        return any(is_moment(one) for one in (at.this, *at.expressions))
    return isinstance(at, exp.Max | exp.Min | exp.Paren) and is_moment(at.this)


def zoned(self: _Generator, zone: exp.Expr, at: exp.Expr) -> str:
    """timezone(zone, x) makes a moment of a local time, and a local time of a moment.

    Of an hour that comes twice in autumn DuckDB takes the second, BigQuery the first: the later one is asked for.
    """
    where, local = self.sql(zone), self.sql(at)
    if is_moment(at):
        return f"DATETIME({local}, {where})"
    first = f"TIMESTAMP({local}, {where})"
    later = f"TIMESTAMP_ADD({first}, INTERVAL 1 HOUR)"
    return f"IF(DATETIME({later}, {where}) = {local}, {later}, {first})"


def ordered(self: _Generator, one: exp.Ordered) -> str:
    """NULL comes last here and first in BigQuery, which refuses to be told so inside windows and aggregates."""
    key, is_desc, nulls_first = self.sql(one, "this"), bool(one.args.get("desc")), bool(one.args.get("nulls_first"))
    direction = " DESC" if is_desc else ""
    if nulls_first != is_desc:  # as BigQuery does by itself
        return f"{key}{direction}"
    if isinstance(one.find_ancestor(exp.Window, exp.AggFunc, exp.Query), exp.Window | exp.AggFunc):
        return f"{key} IS NULL{' DESC' if nulls_first else ''}, {key}{direction}"
    return f"{key}{direction} NULLS {'FIRST' if nulls_first else 'LAST'}"


def best(self: _Generator, one: exp.ArgMax | exp.ArgMin, condition: str = "") -> str:
    """arg_max(x, key): the x that is not NULL, of the largest key; a key of several parts takes NULL as the largest."""
    keys = one.expression.expressions if isinstance(one.expression, exp.Tuple) else [one.expression]
    tests = [condition] if condition else []
    if len(keys) == 1:
        tests.append(f"{self.sql(keys[0])} IS NOT NULL")
    value = f"IF({' AND '.join(tests)}, {self.sql(one, 'this')}, NULL)" if tests else self.sql(one, "this")
    direction = " DESC" if isinstance(one, exp.ArgMax) else ""
    texts = [self.sql(exp.paren(key) if isinstance(key, exp.Not) else key) for key in keys]
    order = ", ".join(f"{text} IS NULL{direction}, {text}{direction}" for text in texts)
    return f"ARRAY_AGG({value} ORDER BY {value} IS NULL, {order} LIMIT 1)[SAFE_OFFSET(0)]"


def filtered(self: _Generator, one: exp.Filter) -> str:
    """An aggregate of some rows alone."""
    condition = self.sql(one.expression, "this")
    inner = one.this
    if isinstance(inner, exp.IgnoreNulls) and isinstance(inner.this, exp.AnyValue):
        inner = exp.Max(this=inner.this.this.copy())
    if isinstance(inner, exp.ArgMax | exp.ArgMin):
        return best(self, inner, f"({condition})")
    if isinstance(inner, exp.Count) and isinstance(inner.this, exp.Star):
        return f"COUNTIF({condition})"
    changed = inner.copy()
    holder = changed.this if isinstance(changed.this, exp.Distinct | exp.Order) else changed
    if isinstance(holder, exp.Distinct):
        holder.expressions[0].replace(exp.If(this=one.expression.this.copy(), true=holder.expressions[0].copy()))
    else:
        holder.set("this", exp.If(this=one.expression.this.copy(), true=holder.this.copy()))
    return self.sql(changed)


def cast(self: _Generator, one: exp.Cast) -> str:
    """A decimal is rounded to its places from all that it has; whole numbers beyond 64 bits are BIGNUMERIC."""
    how = "SAFE_CAST" if isinstance(one, exp.TryCast) else "CAST"
    kind, value = one.to, self.sql(one, "this")
    if kind.this in (exp.DataType.Type.INT128, exp.DataType.Type.UINT128):
        return f"ROUND({how}({value} AS BIGNUMERIC))"
    if kind.this != exp.DataType.Type.DECIMAL or not kind.expressions:
        return f"{how}({value} AS {self.sql(kind)})"
    precision, scale = [int(part.name) for part in [*kind.expressions, exp.Literal.number(0)][:2]]
    name = decimal(precision, scale)
    if isinstance(one.this, exp.Null) or (isinstance(one.this, exp.Literal) and not one.this.is_string):
        return f"{how}({value} AS {name})"
    rounded = f"ROUND({how}({value} AS BIGNUMERIC), {scale})"
    return rounded if name == "BIGNUMERIC" else f"{how}({rounded} AS NUMERIC)"


def decimal(precision: int, scale: int) -> str:
    """The type that holds a decimal exactly: NUMERIC has 29 digits before and 9 after the point."""
    return "NUMERIC" if scale <= 9 and precision - scale <= 29 else "BIGNUMERIC"


def data_type(self: _Generator, kind: exp.DataType) -> str:
    if kind.this == exp.DataType.Type.DECIMAL and kind.expressions:
        precision, scale = [int(part.name) for part in [*kind.expressions, exp.Literal.number(0)][:2]]
        return decimal(precision, scale)
    if kind.this in (exp.DataType.Type.INT128, exp.DataType.Type.UINT128):
        return "BIGNUMERIC"
    return BigQueryGenerator.datatype_sql(self, kind)


def extreme(self: _Generator, one: exp.Greatest | exp.Least) -> str:
    """NULL is passed over here; BigQuery answers NULL if any is."""
    values = [self.sql(value) for value in (one.this, *one.expressions)]
    name = "GREATEST" if isinstance(one, exp.Greatest) else "LEAST"
    if len(values) == 2:
        return f"COALESCE({name}({', '.join(values)}), {', '.join(values)})"
    which = "MAX" if name == "GREATEST" else "MIN"
    return f"(SELECT {which}(one) FROM UNNEST([{', '.join(values)}]) AS one)"


def between(self: _Generator, one: exp.DateDiff) -> str:
    """date_diff(part, from, to) counts the borders between them, not whole parts."""
    part = (one.text("unit") or "DAY").upper().removesuffix("S")
    until, since = self.sql(one, "this"), self.sql(one, "expression")
    if part in ("SECOND", "MINUTE", "HOUR"):
        ends = [f"TIMESTAMP_TRUNC({at}, {part})" for at in (until, since)]
        return f"TIMESTAMP_DIFF({', '.join(ends)}, {part})"
    ends = [f"CAST({at} AS DATE)" for at in (until, since)]
    return f"DATE_DIFF({', '.join(ends)}, {'ISOWEEK' if part == 'WEEK' else part})"


def whole_quotient(self: _Generator, one: exp.IntDiv | exp.Mod) -> str:
    name = "DIV" if isinstance(one, exp.IntDiv) else "MOD"
    return f"{name}({self.sql(one.this.unnest())}, {self.sql(one.expression.unnest())})"


def quotient(self: _Generator, one: exp.Div) -> str:
    """Floats, which are infinite or nothing by zero; BigQuery's own sign of division is an error there."""
    return f"IEEE_DIVIDE({self.sql(one, 'this')}, {self.sql(one, 'expression')})"


def product(self: _Generator, one: exp.Mul) -> str:
    """Two decimals keep all their places here; BigQuery rounds a product of NUMERICs at nine."""
    left, right = self.sql(one, "this"), self.sql(one, "expression")
    if any(isinstance(side.unnest(), exp.Literal) and "." not in side.name for side in (one.this, one.expression)):
        return f"{left} * {right}"
    return f"CAST({left} AS BIGNUMERIC) * {right}"


def literal(self: _Generator, one: exp.Literal) -> str:
    """A number with a point is a decimal here, and a float in BigQuery."""
    if one.is_string or "." not in one.name or "e" in one.name.lower():
        return BigQueryGenerator.literal_sql(self, one)
    places = len(one.name.partition(".")[2])
    return f"{decimal(len(one.name), places)} '{one.name}'"


def chosen(self: _Generator, one: exp.ArrayFilter) -> str:
    """list_filter(list, x -> …), in the order of the list."""
    name = one.expression.expressions[0].name
    condition = self.sql(one.expression, "this")
    return (
        f"ARRAY(SELECT {name} FROM UNNEST({self.sql(one, 'this')}) AS {name} WITH OFFSET AS at_{name} "
        f"WHERE {condition} ORDER BY at_{name})"
    )


def element(self: _Generator, one: exp.Bracket) -> str:
    """An element of a list, counted from one; NULL where there is none."""
    index = one.expressions[0]
    number = int(index.name) if isinstance(index, exp.Literal) and not index.is_string else None
    if number is None:
        return BigQueryGenerator.bracket_sql(self, one)
    offset = one.args.get("offset") or 0
    return f"{self.sql(one, 'this')}[SAFE_OFFSET({number - offset})]"


def joined(self: _Generator, one: exp.ConcatWs) -> str:
    """concat_ws passes over NULL."""
    separator, *texts = one.expressions
    return f"ARRAY_TO_STRING([{', '.join(self.sql(text) for text in texts)}], {self.sql(separator)})"


def piece(self: _Generator, one: exp.SplitPart) -> str:
    """A piece that a text does not have is an empty one."""
    text, sign, number = (self.sql(one, part) for part in ("this", "delimiter", "part_index"))
    return f"IF({text} IS NULL, NULL, COALESCE(SPLIT({text}, {sign})[SAFE_OFFSET({number} - 1)], ''))"


def whole_match(self: _Generator, one: exp.RegexpFullMatch) -> str:
    """The whole text, not a part of it."""
    return f"REGEXP_CONTAINS({self.sql(one, 'this')}, CONCAT('^(?:', {self.sql(one, 'expression')}, ')$'))"


def truncated(self: _Generator, one: exp.TimestampTrunc | exp.DateTrunc) -> str:
    """date_trunc of a day is a day; a week begins on Monday."""
    part = one.text("unit").upper()
    return f"DATE_TRUNC({self.sql(one, 'this')}, {'ISOWEEK' if part == 'WEEK' else part})"


def any_value(self: _Generator, one: exp.IgnoreNulls) -> str:
    """Any value that is not NULL is the largest one here: BigQuery's own choice may be NULL."""
    if isinstance(one.this, exp.AnyValue):
        return f"MAX({self.sql(one.this, 'this')})"
    return BigQueryGenerator.ignorenulls_sql(self, one)


SPANS = {"to_days": "DAY", "to_weeks": "WEEK", "to_months": "MONTH", "to_years": "YEAR"}


def of_duckdb_alone(self: _Generator, one: exp.Anonymous) -> str:
    """Functions that sqlglot knows by no name."""
    name = one.name.lower()
    if name == "timezone":
        return zoned(self, *one.expressions)
    if name == "now":
        return "CURRENT_TIMESTAMP()"
    if name == "hash":
        return f"FARM_FINGERPRINT(TO_JSON_STRING({self.sql(one.expressions[0])}))"
    if name in SPANS:
        return f"INTERVAL {self.sql(one.expressions[0])} {SPANS[name]}"
    return BigQueryGenerator.anonymous_sql(self, one)


class _Generator(BigQueryGenerator):
    TRANSFORMS: ClassVar[dict[type[exp.Expr], Callable[..., str]]] = {
        **BigQueryGenerator.TRANSFORMS,
        exp.Anonymous: of_duckdb_alone,
        exp.ArgMax: best,
        exp.ArgMin: best,
        exp.ArrayFilter: chosen,
        exp.AtTimeZone: lambda self, one: zoned(self, one.args["zone"], one.this),
        exp.Bracket: element,
        exp.Cast: cast,
        exp.ConcatWs: joined,
        exp.DataType: data_type,
        exp.DateDiff: between,
        exp.DateTrunc: truncated,
        exp.Div: quotient,
        exp.Filter: filtered,
        exp.Greatest: extreme,
        exp.IgnoreNulls: any_value,
        exp.IntDiv: whole_quotient,
        exp.Least: extreme,
        exp.Literal: literal,
        exp.Mod: whole_quotient,
        exp.Mul: product,
        exp.Ordered: ordered,
        exp.RegexpFullMatch: whole_match,
        exp.SplitPart: piece,
        exp.TimestampTrunc: truncated,
        exp.ToDays: lambda self, one: f"INTERVAL {self.sql(one, 'this')} DAY",
        exp.TryCast: cast,
    }


class Written(Dialect):
    """BigQuery as this library writes it."""

    Generator = _Generator
