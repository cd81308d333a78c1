"""E-Channel Connectors: shop, ERP and web analytics into tables that ready-made dashboards understand."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "BigQuery",
    "Choice",
    "Company",
    "DuckDB",
    "Erp",
    "Ga4",
    "PrestaShop",
    "Sheets",
    "SyncResult",
    "changes",
    "read",
    "sync",
    "to_logging",
]

if TYPE_CHECKING:
    from echannel_connectors.destinations.bigquery import BigQuery
    from echannel_connectors.destinations.duckdb import DuckDB
    from echannel_connectors.destinations.sheets import Sheets
    from echannel_connectors.events import to_logging
    from echannel_connectors.models.company import Company
    from echannel_connectors.pipeline import Choice, SyncResult, sync
    from echannel_connectors.reading import changes, read
    from echannel_connectors.sources.erp import Erp
    from echannel_connectors.sources.ga4 import Ga4
    from echannel_connectors.sources.prestashop import PrestaShop

# Looked up on first use, so that importing the package stays quick.
_HOMES = {
    "BigQuery": "echannel_connectors.destinations.bigquery",
    "Choice": "echannel_connectors.pipeline",
    "Company": "echannel_connectors.models.company",
    "DuckDB": "echannel_connectors.destinations.duckdb",
    "Erp": "echannel_connectors.sources.erp",
    "Ga4": "echannel_connectors.sources.ga4",
    "PrestaShop": "echannel_connectors.sources.prestashop",
    "Sheets": "echannel_connectors.destinations.sheets",
    "SyncResult": "echannel_connectors.pipeline",
    "changes": "echannel_connectors.reading",
    "read": "echannel_connectors.reading",
    "sync": "echannel_connectors.pipeline",
    "to_logging": "echannel_connectors.events",
}


if not TYPE_CHECKING:  # for a type checker every name would be right

    def __getattr__(name: str) -> Any:  # whatever the name stands for
        if name in _HOMES:
            return getattr(importlib.import_module(_HOMES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
