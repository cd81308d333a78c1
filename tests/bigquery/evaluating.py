"""The same SQL on the same rows in DuckDB and in Google's reference implementation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlglot
from sqlglot import exp

from echannel_connectors.destinations import Warehouse
from echannel_connectors.destinations.bigquery.sharing import shared
from echannel_connectors.destinations.bigquery.words import Names, written, zones_of_columns
from tests.bigquery.analyser import Analyser, columns_of

Rows = list[tuple[Any, ...]]


class Flat(Names):
    """Tables by one word each, as the evaluator knows them."""

    def table(self, schema: str, name: str) -> exp.Table:
        return exp.Table(this=exp.to_identifier(f"{schema}__{name}", quoted=True))


FLAT = Flat("p", "d")


class Evaluator:
    """Tables with their rows, some taken from a DuckDB warehouse, others made by Google's evaluator."""

    def __init__(self, google: Analyser, duckdb: Warehouse) -> None:
        self.google = google
        self.duckdb = duckdb
        self.rows: dict[str, Sequence[Sequence[Any]]] = {}

    def take(self, schema: str, name: str) -> None:
        """A table of the DuckDB warehouse, with its rows."""
        table = self.duckdb.query(f'SELECT * FROM {schema}."{name}"').read_all()
        flat = f"{schema}__{name}"
        self.google.know({flat: columns_of(table.schema)})
        self.rows[flat] = [list(row.values()) for row in table.to_pylist()]

    def run(self, statements: Iterable[str]) -> dict[str, Rows]:
        """The rows of each table that these CREATE … AS statements make, made as BigQuery is asked to make them."""
        trees = [sqlglot.parse_one(sql, read="duckdb") for sql in statements]
        for tree in trees:
            zones_of_columns(tree)
        made = {}
        for tree in shared(trees):
            name = tree.this.name if tree.find(exp.TemporaryProperty) else f"{tree.this.db}__{tree.this.name}"
            for table in tree.expression.find_all(exp.Table):
                if table.db and not table.alias:  # its own name goes with its place
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            made[name] = self._made(name, written(tree.expression, FLAT))
        return made

    def _made(self, name: str, sql: str) -> Rows:
        names = {table.name for table in sqlglot.parse_one(sql, read="bigquery").find_all(exp.Table)}
        found = self.google.ask(op="analyse", sql=sql)
        assert "error" not in found, f"{found['error']}\n{sql[:3000]}"
        rows = self.google.evaluate(sql, {one: self.rows[one] for one in names & set(self.rows)})
        self.google.know({name: found["columns"]})
        self.rows[name] = rows
        return rows


def of_duckdb(warehouse: Warehouse, table: str) -> Rows:
    return [tuple(row.values()) for row in warehouse.query(f"SELECT * FROM {table}").read_all().to_pylist()]


def sorted_rows(rows: Rows) -> list[tuple[str, ...]]:
    """Rows in an order of their own: decimals by value, moments in UTC."""
    return sorted(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: Any) -> str:
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return f"{Decimal(value).normalize():f}" if value else "0"
    if isinstance(value, float):
        return f"{Decimal(repr(value)).normalize():f}"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    return str(value)
