"""How tables lie in BigQuery: the type of each column, partitions and clusters, descriptions, labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from echannel_connectors.destinations.bigquery.words import decimal
from echannel_connectors.errors import SettingsError
from echannel_connectors.google_login import bigquery_client
from echannel_connectors.streams import Shape

LABELS = {"made_by": "echannel"}
STEP = 10_000  # numbers of a partition of a raw table whose key is a number
MOST_PARTITIONS = 10_000  # of a table
FEW = 40  # touched partitions are told to BigQuery one by one up to here
FEW_KEYS, FEW_BYTES = 10_000, 400_000  # so are keys; a statement holds a million bytes
MONTH = "MONTH"

# What people choose by, in the order in which it narrows most: a table is clustered by those it has, four at most.
CLUSTERED = ("source", "market", "channel", "customer_id", "product_id", "order_id")
# A table is partitioned by the first of these days that it has, a partition a month: a day's rows would be too few.
DAYS = ("date", "order_date", "refund_date", "invoice_date", "month", "due_date", "_month")

STAMPS = pa.schema([("_changed_at", pa.timestamp("us", "UTC")), ("_deleted_at", pa.timestamp("us", "UTC"))])


def type_of(kind: pa.DataType) -> str:
    """The type that holds this Arrow type exactly, as the API names it (RECORD for what has fields)."""
    if pa.types.is_decimal(kind):
        return decimal(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz else "DATETIME"
    if pa.types.is_struct(kind):
        return "RECORD"
    for test, name in TYPES:
        if test(kind):
            return name
    raise SettingsError(f"no type of BigQuery for the Arrow type {kind}")


TYPES: tuple[tuple[Any, str], ...] = (
    (pa.types.is_string, "STRING"), (pa.types.is_large_string, "STRING"), (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_integer, "INTEGER"), (pa.types.is_date, "DATE"), (pa.types.is_floating, "FLOAT"),
)  # fmt: skip


def fields(schema: Iterable[pa.Field]) -> list[Any]:  # bigquery.SchemaField
    """The columns as the API has them; a list of records is a repeated record."""
    SchemaField = bigquery_client().SchemaField  # noqa: N806 - Google's name
    found = []
    for field in schema:
        kind, mode = field.type, "NULLABLE"
        if pa.types.is_list(kind):
            kind, mode = kind.value_type, "REPEATED"
        name = type_of(kind)
        inner = fields([kind.field(n) for n in range(kind.num_fields)]) if name == "RECORD" else ()
        sizes = {"precision": kind.precision, "scale": kind.scale} if pa.types.is_decimal(kind) else {}
        found.append(SchemaField(field.name, name, mode=mode, fields=inner, **sizes))
    return found


def sql_type(field: Any) -> str:  # bigquery.SchemaField
    """A column's type as SQL writes it."""
    names = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}
    kind = names.get(field.field_type, field.field_type)
    if kind in ("RECORD", "STRUCT"):
        kind = f"STRUCT<{', '.join(f'{one.name} {sql_type(one)}' for one in field.fields)}>"
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind


# As `information_schema` tells who asks in DuckDB's words.
IN_DUCKDB = {
    "INT64": "BIGINT", "STRING": "VARCHAR", "BOOL": "BOOLEAN", "FLOAT64": "DOUBLE", "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE", "DATETIME": "TIMESTAMP", "NUMERIC": "DECIMAL(38,9)",
    "BIGNUMERIC": "DECIMAL(38,9)",
}  # fmt: skip


def told_type(field: Any) -> str:  # bigquery.SchemaField
    """A column's type in DuckDB's words; a list of records as BigQuery has it."""
    kind = sql_type(field)
    return IN_DUCKDB.get(kind, kind)


def recast(field: Any, known: Any) -> str:  # bigquery.SchemaField
    """What is in a column, as another type: NULL where it does not fit, or where one of them is a list of records."""
    if "REPEATED" in (field.mode, known.mode):
        return f"CAST(NULL AS {sql_type(field)})"
    return f"SAFE_CAST(`{known.name}` AS {sql_type(field)})"


@dataclass(frozen=True, slots=True)
class Partitions:
    """How a raw table is cut: by a column of its key, so that a row never leaves its partition; where its key is text,
    not at all: it is only sorted by it (`sorted_by`)."""

    column: str = ""
    by_month: bool = False
    sorted_by: str = ""

    @classmethod
    def of(cls, shape: Shape) -> Partitions:
        for name in shape.key:
            if pa.types.is_date(shape.columns.field(name).type):
                return cls(name, by_month=True)
        for name in shape.key:
            if pa.types.is_integer(shape.columns.field(name).type):
                return cls(name)
        # Some ERPs know customers by their names: Google keeps statements, and shows them to more people than tables.
        return cls() if shape.name.endswith("__customers") else cls(sorted_by=shape.key[0])

    def sql(self) -> str:
        """PARTITION BY …, or nothing."""
        if not self.column:
            return ""
        if self.by_month:
            return f"PARTITION BY DATE_TRUNC(`{self.column}`, MONTH)"
        return f"PARTITION BY RANGE_BUCKET(`{self.column}`, GENERATE_ARRAY(0, {STEP * MOST_PARTITIONS}, {STEP}))"

    def touched(self, rows: pa.RecordBatch, alias: str = "t") -> str:
        """A condition of constants that leaves out every partition without a row of the batch; TRUE for many. Without
        partitions it leaves out what of the sorted table BigQuery sees to be without a key of the batch."""
        if not rows.num_rows or not (self.column or self.sorted_by):
            return "TRUE"
        if self.sorted_by:
            return _among(f"{alias}.`{self.sorted_by}`", pc.unique(rows.column(self.sorted_by)).to_pylist())
        values = rows.column(rows.schema.get_field_index(self.column))
        name = f"{alias}.`{self.column}`"
        if self.by_month:
            months = sorted({(day.year, day.month) for day in pc.unique(values).to_pylist()})
            spans = [f"{name} >= '{date(*month, 1)}' AND {name} < '{_next(*month)}'" for month in months]
        else:
            buckets = sorted(pc.unique(pc.divide(values.cast(pa.int64()), STEP)).to_pylist())
            spans = [f"{name} BETWEEN {first * STEP} AND {last * STEP + STEP - 1}" for first, last in _runs(buckets)]
            if buckets[0] < 0:
                return "TRUE"
        return f"({' OR '.join(f'({span})' for span in spans)})" if len(spans) <= FEW else "TRUE"


def _among(name: str, keys: list[Any]) -> str:
    """Whether a text is one of these, or lies between the first and the last of them where they are many."""
    if not all(isinstance(key, str) for key in keys):
        return "TRUE"
    literals = [exp.Literal.string(key).sql("bigquery") for key in sorted(keys)]
    listed = ", ".join(literals)
    if len(literals) <= FEW_KEYS and len(listed.encode()) <= FEW_BYTES:
        return f"{name} IN ({listed})"
    return f"{name} BETWEEN {literals[0]} AND {literals[-1]}"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Numbers that follow each other, as first and last."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _next(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def raw_table(table_id: str, shape: Shape) -> Any:  # bigquery.Table
    """A raw table as it is created: partitioned and clustered by its key."""
    bigquery = bigquery_client()

    table = bigquery.Table(table_id, schema=fields([*shape.columns, *STAMPS]))
    cut = Partitions.of(shape)
    if cut.by_month:
        table.time_partitioning = bigquery.TimePartitioning(type_=MONTH, field=cut.column)
    elif cut.column:
        whole = bigquery.PartitionRange(start=0, end=STEP * MOST_PARTITIONS, interval=STEP)
        table.range_partitioning = bigquery.RangePartitioning(field=cut.column, range_=whole)
    table.clustering_fields = list(shape.key[:4])
    table.labels = LABELS
    source, _, stream = shape.name.partition("__")
    table.description = f"{stream} as {source} has them: one row per {', '.join(shape.key)}. Holds personal data."
    return table


def options(description: str, columns: Iterable[str]) -> str:
    """PARTITION BY, CLUSTER BY and OPTIONS of a table that is made from a query with these columns."""
    names = set(columns)
    day = next((name for name in DAYS if name in names), "")
    clusters = [name for name in CLUSTERED if name in names][:4]
    labels = ", ".join(f"('{name}', '{value}')" for name, value in LABELS.items())
    text = description.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    parts = [
        f"PARTITION BY DATE_TRUNC({day}, {MONTH})" if day else "",
        f"CLUSTER BY {', '.join(clusters)}" if clusters else "",
        f"OPTIONS(description='{text}', labels=[{labels}])",
    ]
    return " ".join(part for part in parts if part)
