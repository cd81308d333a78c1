"""SQL dialects that sqlglot does not have. Importing this makes them known to it by their names."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.dialects.dialect import NormalizationStrategy
from sqlglot.dialects.postgres import Postgres
from sqlglot.generators.postgres import PostgresGenerator


class Firebird(Postgres):
    """Firebird 3 and later, as far as specs go: PostgreSQL's words, upper-case names, no length left open."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE

    class Generator(PostgresGenerator):
        def datatype_sql(self, expression: exp.DataType, **_: Any) -> str:
            said = super().datatype_sql(expression)
            if said.startswith("TIMESTAMP("):
                return "TIMESTAMP"  # its own precision: 0.1 ms
            return "VARCHAR(255)" if said in ("TEXT", "VARCHAR") else said
