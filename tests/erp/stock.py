"""A stock of a few thousand rows in PostgreSQL, and an ERP that reads it: what tests of several connections share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from echannel_connectors import Erp
from echannel_connectors.events import Event
from echannel_connectors.sources.erp import ranges
from echannel_connectors.sources.erp.rows import Columns
from echannel_connectors.specs import Spec
from echannel_connectors.streams import Slice

if TYPE_CHECKING:
    from tests.erp.conftest import Postgres

ROWS = 6_000
STOCK = f"""
CREATE TABLE stock (id integer PRIMARY KEY, depot integer, on_hand numeric(12, 2), note text, changed_at timestamptz);
INSERT INTO stock SELECT g, g % 7, 100, repeat('n', 100), TIMESTAMPTZ '2026-01-01 00:00:00+00' + g * INTERVAL '1 minute'
FROM generate_series(1, {ROWS}) AS g;
CREATE TABLE depots (id integer PRIMARY KEY, label text);
INSERT INTO depots SELECT g, 'depot ' || g FROM generate_series(0, 5) AS g;
CREATE TABLE days (id integer, month integer, on_hand numeric(12, 2), note text) PARTITION BY LIST (month);
CREATE TABLE days_1 PARTITION OF days FOR VALUES IN (1);
CREATE TABLE days_2 PARTITION OF days FOR VALUES IN (2);
INSERT INTO days SELECT g, CASE WHEN g % 5 = 0 THEN 1 ELSE 2 END, g, repeat('n', 100)
FROM generate_series(1, {ROWS}) AS g;
ANALYZE;
"""
LEVELS: dict[str, Any] = {
    "from": "stock AS s",
    "cursor": "s.changed_at",
    "columns": {
        "product_id": "s.id",
        "variant_id": "''",
        "warehouse_id": "'W'",
        "on_hand": {"sql": "s.on_hand", "scale": 2},
    },
}


END_ONE = """SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
WHERE datname = 'lab' AND query LIKE 'COPY%' AND state = 'active' ORDER BY backend_start DESC LIMIT 1) AS last"""
LONG = {**LEVELS, "columns": {**LEVELS["columns"], "product_id": "s.id || repeat(s.note, 40)"}}


def source(postgres: Postgres, database: str, table: dict[str, Any] | None = None, **settings: Any) -> Erp:
    spec = {"connector": "acme", "dialect": "postgres", "tables": {"stock_levels": table or LEVELS}}
    url = settings.pop("url", postgres.url(database))
    return Erp(connector="acme", name="acme", url=url, spec=Spec.model_validate(spec), **settings)


def read(erp: Erp) -> list[dict[str, Any]]:
    """All rows of the one table, sorted."""
    rows: list[dict[str, Any]] = []
    try:
        for batch in erp.streams()["stock_levels"].read(Slice(), None):
            rows += batch.rows.to_pylist()
    finally:
        erp.close()
    return sorted(rows, key=lambda row: (str(row["product_id"]), str(row["variant_id"])))


def parts(erp: Erp) -> list[str]:
    """The SELECTs that would be read side by side."""
    select, database = erp.selects["stock_levels"], erp._database
    try:
        return [part.rows() for part in ranges.divided(select, database)]
    finally:
        erp.close()


def sessions(postgres: Postgres, database: str = "lab") -> int:
    """How many there are of it, apart from those that are ending."""
    sql = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND backend_type = 'client backend'"
    return int(postgres.run("postgres", sql))


def no_session_is_left(postgres: Postgres) -> bool:
    return any(sessions(postgres) == 0 for _ in range(50))


def heard(erp: Erp) -> list[Event]:
    events: list[Event] = []
    erp.listen(events.append)
    return events


def half_read(erp: Erp) -> Any:
    """24 MB of which one block has come."""
    selects = [part.rows() for part in ranges.divided(erp.selects["stock_levels"], erp._database)]
    assert len(selects) == 3
    blocks = erp._database.selects(selects, Columns("stock", pa.schema([("product_id", pa.string())])))
    next(blocks)
    return blocks
