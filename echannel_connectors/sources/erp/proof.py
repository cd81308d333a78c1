"""`spec check --connect`: what only a database can tell about a spec, from all of its rows in one snapshot.

The columns that the checks need are read as a sync would read them, exact and typed, into a DuckDB file that is gone
afterwards; so every check is one SQL for every kind of database, and takes no more memory for more rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

import pyarrow as pa
from sqlglot import exp

from echannel_connectors.arrow import ARROW_TYPES
from echannel_connectors.errors import EChannelError
from echannel_connectors.events import Committed, OnEvent, StreamFinished, StreamStarted, ignore
from echannel_connectors.sources.erp.check import findings, refusal
from echannel_connectors.sources.erp.indexes import served
from echannel_connectors.sources.erp.meaning import columns_of, held
from echannel_connectors.sources.erp.reader import Database
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.sources.erp.streams import earlier
from echannel_connectors.specs import Spec
from echannel_connectors.specs.compile import PERSONAL, Select
from echannel_connectors.streams import Finding
from echannel_connectors.texts import Text, say

Check = Literal["reach", "rows", "keys", "cursors", "codes", "totals", "meaning"]
Read = TypeVar("Read", bound=Columns)
SHOWN = 5  # examples of what is wrong
SAMPLE = 10
SMALL = {"memory_limit": "512MB", "threads": "2"}

# What the checks and the reconciliation read, besides keys.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "orders": (
        *("reference", "is_sale", "order_date", "currency", "total_net", "total_tax", "total_gross"),
        *("goods_net", "discount_net", "shipping_net", "rounding_net"),
    ),
    "order_lines": ("amount_net",),
    "invoices": ("kind", "status", "invoice_date", "currency", "amount_net"),
    "payments": ("paid_at", "currency", "amount"),
}

# Each rule about the amounts of an order: what it needs, which orders break it, and what is said of them.
# A cent per line is rounding where the spec does not say how much of it there is.
TOTALS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("orders.total_net", "order_lines.amount_net"),
        """SELECT o.order_id, o.total_net AS stated, coalesce(l.net, 0) + {shipping} + {rounding} AS added
        FROM orders AS o LEFT JOIN (
          SELECT order_id, sum(amount_net) AS net, count(*) AS lines FROM order_lines GROUP BY order_id
        ) AS l ON l.order_id = o.order_id
        WHERE abs(o.total_net - coalesce(l.net, 0) - {shipping} - {rounding}) > {cents} * coalesce(l.lines, 1)""",
    ),
    (
        ("orders.total_net", "orders.goods_net"),
        """SELECT o.order_id, o.total_net AS stated, o.goods_net - {discount} + {shipping} + {rounding} AS added
        FROM orders AS o
        WHERE abs(o.total_net - o.goods_net + {discount} - {shipping} - {rounding}) > {cents}""",
    ),
    (
        ("orders.total_net", "orders.total_tax", "orders.total_gross"),
        """SELECT o.order_id, o.total_gross AS stated, o.total_net + o.total_tax AS added
        FROM orders AS o WHERE abs(o.total_gross - o.total_net - o.total_tax) > 0.01""",
    ),
)
RULES = (
    say("the lines of an order, its shipping and its rounding are its total_net"),
    say("goods_net less discount_net, with shipping_net and rounding_net, is total_net"),
    say("total_net and total_tax are total_gross"),
)

MONTHS = """
SELECT month, currency, count(*) FILTER (WHERE what = 'order') AS orders,
  sum(amount) FILTER (WHERE what = 'order') AS ordered_net, sum(amount) FILTER (WHERE what = 'invoice') AS invoiced_net,
  sum(amount) FILTER (WHERE what = 'credit_note') AS credited_net, sum(amount) FILTER (WHERE what = 'payment') AS paid
FROM ({parts}) AS all_of_them GROUP BY month, currency ORDER BY month, currency"""
PARTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "orders": (
        ("is_sale", "order_date", "currency", "total_net"),
        """SELECT 'order' AS what, strftime(order_date, '%Y-%m') AS month, currency, total_net AS amount
        FROM orders WHERE is_sale""",
    ),
    "invoices": (
        ("kind", "invoice_date", "currency", "amount_net"),
        """SELECT kind AS what, strftime(invoice_date, '%Y-%m') AS month, currency, amount_net AS amount
        FROM invoices WHERE {is_booked}""",
    ),
    "payments": (
        ("paid_at", "currency", "amount"),
        """SELECT 'payment' AS what, strftime(timezone('{time_zone}', paid_at), '%Y-%m') AS month, currency, amount
        FROM payments""",
    ),
}
MONTH_COLUMNS = ("month", "currency", "orders", "ordered_net", "invoiced_net", "credited_net", "paid")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found by each kind of check, ten rows of each table, and what a month comes to."""

    checks: Mapping[Check, tuple[Finding, ...]]
    samples: Mapping[str, pa.RecordBatch]
    months: Sequence[Sequence[Any]]  # MONTH_COLUMNS; decimals, None where there is nothing
    exact: frozenset[tuple[str, str]]  # (table, column): numbers that came, every one of them exact

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for found in self.checks.values() for finding in found)


def prove(
    database: Database,
    spec: Spec,
    selects: Mapping[str, Select],
    left_out: Mapping[str, Collection[str]],
    *,
    time_zone: str = "Europe/Paris",
    doubts: Iterable[tuple[str, str]] = (),
    on_event: OnEvent = ignore,
) -> Proof:
    """Read what the checks need and check it. `doubts` are the columns whose exactness the spec does not tell.

    Raises Unavailable, Refused or SettingsError where the database does not let us in.
    """
    import duckdb

    database.values("SELECT 1")
    with TemporaryDirectory(prefix="echannel") as folder, duckdb.connect(f"{folder}/scratch", config=SMALL) as scratch:
        proving = _Proving(database, spec, selects, left_out, scratch, time_zone, tuple(doubts), on_event)
        return proving.done()


@dataclass(slots=True)
class _Proving:
    database: Database
    spec: Spec
    selects: Mapping[str, Select]
    left_out: Mapping[str, Collection[str]]
    scratch: Any  # DuckDB's connection
    time_zone: str
    doubts: tuple[tuple[str, str], ...]
    on_event: OnEvent
    read: dict[str, tuple[str, ...]] = field(default_factory=dict)  # tables whose rows are in the scratch → columns
    counts: dict[str, int] = field(default_factory=dict)
    zoned: list[tuple[str, str]] = field(default_factory=list)  # moments whose 'zone' says nothing

    def done(self) -> Proof:
        reach = tuple(findings(self.database, lambda: (self.selects, self.left_out), self.spec))
        samples, rows = self._all_read()
        exact = list(self._exact())
        checks: dict[Check, tuple[Finding, ...]] = {
            "reach": reach,
            "rows": (*rows, *self._zones(), *(_came_exact(table, column) for table, column in exact)),
            "keys": tuple(finding for name in self.read for finding in self._keys(name)),
            "cursors": tuple(finding for name in self.read for finding in self._cursor(name)),
            "codes": tuple(finding for name in self.read for finding in self._maps(name)),
            "totals": tuple(self._totals()),
            "meaning": tuple(held(self.read, self._asked, self._place)),
        }
        return Proof(checks, samples, self._months(), frozenset(exact))

    # -- reading ------------------------------------------------------------------------------------------------

    def _all_read(self) -> tuple[dict[str, pa.RecordBatch], list[Finding]]:
        """Ten rows of each table; what the checks need is in the scratch. A table that does not read is told."""
        samples: dict[str, pa.RecordBatch] = {}
        told: list[Finding] = []
        try:
            for name, select in self.selects.items():
                if not self._runs(select):  # which was told already
                    continue
                try:
                    samples[name] = self._sample(select)
                    self._load(name, select)
                except EChannelError as error:
                    told += self._unread(name, select, error)
        finally:
            self.database.close()
        return samples, told

    def _runs(self, select: Select) -> bool:
        try:
            self.database.values(select.nothing())
        except EChannelError:
            return False
        return True

    def _unread(self, name: str, select: Select, error: EChannelError) -> Iterator[Finding]:
        """Why a table does not read: the column that the error names, or those that the database cannot compute."""
        named = next((one for one in select.columns if error.sentence.startswith(f"{name}.{one} ")), None)
        if named is not None:
            yield Finding("error", error.sentence, error.hint, self._place(name, named))
            return
        refused = {one: refusal(self.database, select.all_of(value)) for one, value in select.columns.items()}
        for one, found in [(one, found) for one, found in refused.items() if found] or [("", error)]:
            said = f"{name}.{one}" if one else name
            sentence = say("{table}: {problem}", table=said, problem=found.sentence)
            yield Finding("error", sentence, found.hint, self._place(name, one))

    def _sample(self, select: Select) -> pa.RecordBatch:
        names = [name for name in select.table.types if name in select.columns]
        columns = _columns(select, names, _Watched)
        rows = list(self.database.select(select.some(names, SAMPLE), columns))
        self.zoned += [(select.table.name, name) for name in sorted(columns.zoned & set(select.zones))]
        return rows[0] if rows else pa.RecordBatch.from_pylist([], columns.schema)

    def _load(self, name: str, select: Select) -> None:
        wanted = [
            *select.table.key,
            *NEEDED.get(name, ()),
            *columns_of(name),
            *(column for table, column in self.doubts if table == name),
        ]
        names = [column for column in dict.fromkeys(wanted) if column in select.columns and column != PERSONAL]
        columns = _columns(select, names, Columns)
        self.on_event(StreamStarted(self.spec.connector, name, 1))
        self.scratch.register("incoming", pa.Table.from_batches([], columns.schema))
        self.scratch.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        rows = 0
        for batch in self.database.select(select.some(names), columns):
            self.scratch.register("incoming", pa.Table.from_batches([batch]))
            self.scratch.execute(f"INSERT INTO {name} SELECT * FROM incoming")
            rows += batch.num_rows
            self.on_event(Committed(self.spec.connector, name, "all", batch.num_rows, 0))
        self.on_event(StreamFinished(self.spec.connector, name, rows, 0, 0, 0.0))
        self.read[name], self.counts[name] = tuple(names), rows

    def _zones(self) -> Iterator[Finding]:
        for table, column in self.zoned:
            sentence = say("{column} comes with its zone: what 'zone' says is not used", column=f"{table}.{column}")
            hint = say(
                "where it is a local time that the SQL took for UTC, as to_timestamp() does: CAST(… AS TIMESTAMP)"
            )
            yield Finding("warning", sentence, hint, self._place(table, column))

    # -- checks -------------------------------------------------------------------------------------------------

    def _keys(self, name: str) -> Iterator[Finding]:
        key = self.selects[name].table.key
        said, place = ", ".join(key), self.spec.place_of("tables", name)
        missing = " OR ".join(f"{column} IS NULL" for column in key)
        nulls = self._asked(f"SELECT count(*) FROM {name} WHERE {missing}")[0][0]
        if nulls:
            sentence = say("{table}: the key ({key}) is NULL in {n:,} rows", table=name, key=said, n=nulls)
            yield Finding("error", sentence, say("leave these rows out by 'where', or take another key"), place)
        twice = self._asked(
            f"""SELECT {said}, count(*) AS n, count(*) OVER () AS keys FROM {name} WHERE NOT ({missing})
            GROUP BY {said} HAVING count(*) > 1 ORDER BY n DESC, {said} LIMIT {SHOWN}"""
        )
        if twice:
            shown = "; ".join(f"{', '.join(map(str, row[:-2]))} ({row[-2]}×)" for row in twice)
            sentence = say(
                "{table}: the key ({key}) is not unique: {n:,} keys come more than once, such as {examples}",
                table=name, key=said, n=twice[0][-1], examples=shown,
            )  # fmt: skip
            yield Finding("error", sentence, say("a join that finds several rows is the usual reason"), place)
        if not nulls and not twice:
            sentence = say("{table}: the key ({key}) is unique and never NULL", table=name, key=said)
            yield Finding("ok", say("{sentence}, in {n:,} rows", sentence=sentence, n=self.counts[name]))

    def _cursor(self, name: str) -> Iterator[Finding]:
        select = self.selects[name]
        if select.cursor is None:
            sentence = say(
                "{table}: there is no cursor: all {n:,} rows are read at every sync", table=name, n=self.counts[name]
            )
            yield Finding("ok", sentence)
            return
        place = self.spec.place_of("tables", name, "cursor", at=0)
        try:
            newest = self.database.values(select.newest())[0][0]
            if newest is not None:
                self.database.values(select.nothing(since=earlier(str(newest), select.look_back)))
        except EChannelError as error:
            sentence = say("{table}: it cannot be read on by its cursor: {problem}", table=name, problem=error.sentence)
            yield Finding("error", sentence, error.hint, place)
            return
        try:
            found = served(self.database, select)
        except EChannelError as error:
            yield Finding("warning", say("{table}: {problem}", table=name, problem=error.sentence), error.hint)
            return
        columns = ", ".join(found.columns)
        if found.is_indexed is None:
            sentence = say("{table}: whether an index serves the cursor cannot be told here", table=name)
            yield Finding("warning", sentence, say("ask whoever looks after the database"), place)
        elif found.is_indexed:
            yield Finding("ok", say("{table}: the cursor is served by the database", table=name))
        elif found.is_expression:
            sentence = say(
                "{table}: the cursor is computed from {columns}, which no index of these columns serves",
                table=name, columns=columns,
            )  # fmt: skip
            yield Finding("warning", sentence, self._looks_at_all(name), place)
        else:
            sentence = say("{table}: the cursor {column} has no index", table=name, column=columns)
            yield Finding("warning", sentence, self._looks_at_all(name), place)

    def _looks_at_all(self, name: str) -> Text:
        return say("every sync looks at all {n:,} rows there; some hundred thousand do no harm", n=self.counts[name])

    def _maps(self, name: str) -> Iterator[Finding]:
        for column, one in self.spec.tables[name].maps.items():
            place = self.spec.place_of("tables", name, "maps", column)
            try:
                rows = self.database.values(_uncovered(self.selects[name], column))
            except EChannelError as error:
                yield Finding("error", say("{table}: {problem}", table=name, problem=error.sentence), error.hint, place)
                continue
            where = f"{name}.{column}"
            if not rows:
                yield Finding("ok", say("{column}: every code found is listed", column=where))
                continue
            codes = ", ".join(f"{_code(code)} ({count}×)" for code, count in rows)
            if one.otherwise is not None:
                sentence = say(
                    "{column}: {word!r} stands for the codes {codes}", column=where, word=one.otherwise, codes=codes
                )
                yield Finding("ok", sentence)
            else:
                is_meant = "otherwise" in one.model_fields_set
                sentence = say("{column}: codes that are not listed become NULL: {codes}", column=where, codes=codes)
                yield Finding("warning" if is_meant else "error", sentence, say("list them under 'values'"), place)

    def _totals(self) -> Iterator[Finding]:
        for rule, (needed, sql) in zip(RULES, TOTALS, strict=True):
            if not all(self._has(*one.split(".")) for one in needed):
                continue
            names = {name: self._amount(f"{name}_net") for name in ("shipping", "rounding", "discount")}
            cents = "0" if self._has("orders", "rounding_net") else "0.01"
            filled = sql.format(cents=cents, **names)
            rows = self._asked(f"SELECT *, count(*) OVER () FROM ({filled}) ORDER BY order_id LIMIT {SHOWN}")
            if not rows:
                yield Finding("ok", say("orders: {rule}", rule=rule))
                continue
            shown = "; ".join(f"{key}: {_plain(stated)} ≠ {_plain(added)}" for key, stated, added, _ in rows)
            sentence = say(
                "orders: not so in {n:,} of {all:,}: {rule}; such as {examples}",
                n=rows[0][-1], all=self.counts["orders"], rule=rule, examples=shown,
            )  # fmt: skip
            hint = say("is a kind of line left out, or counted twice?")
            yield Finding(
                "error", sentence, hint, self.spec.place_of("tables", "orders", "columns", needed[-1].partition(".")[2])
            )

    def _place(self, table: str, column: str) -> str:
        part = "maps" if column in self.spec.tables[table].maps else "columns"
        return self.spec.place_of("tables", table, part, column)

    def _months(self) -> Sequence[Sequence[Any]]:
        parts = []
        for name, (needed, sql) in PARTS.items():
            if all(self._has(name, column) for column in needed):
                is_booked = "status NOT IN ('draft', 'cancelled')" if self._has(name, "status") else "TRUE"
                parts.append(sql.format(time_zone=self.time_zone.replace("'", ""), is_booked=is_booked))
        return self._asked(MONTHS.format(parts="\nUNION ALL\n".join(parts))) if parts else []

    def _exact(self) -> Iterator[tuple[str, str]]:
        for table, column in self.doubts:
            if self._has(table, column) and self._asked(f"SELECT count({column}) FROM {table}")[0][0]:
                yield table, column

    def _has(self, table: str, column: str) -> bool:
        return column in self.read.get(table, ())

    def _amount(self, column: str) -> str:
        return f"coalesce(o.{column}, 0)" if self._has("orders", column) else "0"

    def _asked(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.scratch.execute(sql).fetchall()
        return rows


@dataclass(frozen=True, slots=True)
class _Watched(Columns):
    """The same, which notes what moments come with their zone."""

    zoned: set[str] = field(default_factory=set)

    def _moment(self, one: pa.Field, array: pa.Array) -> pa.Array:
        if pa.types.is_timestamp(array.type) and array.type.tz:
            self.zoned.add(one.name)
        return Columns._moment(self, one, array)


def _columns(select: Select, names: Sequence[str], kind: type[Read]) -> Read:
    schema = pa.schema([(name, ARROW_TYPES[select.table.types[name]]) for name in names])
    return kind(select.table.name, schema, select.scales, select.zones, select.table.key)


def _uncovered(select: Select, column: str) -> str:
    """The codes that a map does not list, with the number of their rows, most frequent first."""
    case = select.columns[column]
    conditions = [branch.this for branch in case.args["ifs"]]
    code = conditions[0].this
    listed = exp.or_(*(condition.copy() for condition in conditions))
    query = select.relation.copy()
    query.set("expressions", [exp.alias_(code.copy(), "code"), exp.alias_(exp.Count(this=exp.Star()), "n")])
    query = query.where(
        exp.or_(exp.Is(this=code.copy(), expression=exp.null()), exp.not_(exp.paren(listed))), copy=False
    )
    query = query.group_by(code.copy(), copy=False).order_by(exp.Ordered(this=exp.column("n"), desc=True), copy=False)
    return query.sql(select.dialect, identify="safe")


def _came_exact(table: str, column: str) -> Finding:
    return Finding("ok", say("{column}: every number came exact from this database", column=f"{table}.{column}"))


def _plain(amount: Any) -> str:  # a decimal
    return "NULL" if amount is None else f"{amount.normalize():f}"


def _code(code: object) -> str:
    return "NULL" if code is None else repr(code) if isinstance(code, str) else str(code)
